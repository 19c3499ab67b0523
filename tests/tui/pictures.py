#!/usr/bin/env python3
"""Takes the pictures of the READMEs from the running app. Needs what scripts/capture-to-png needs.

    UNDERSTORY_BIN=build/release/bin UNDERSTORY_MODEL=models/understory-3m.gguf \\
        tests/tui/pictures.py tui/images
"""
import os
import subprocess
import sys

from harness import Home, Screen

HERE = os.path.dirname(os.path.abspath(__file__))
STORY = """# The Lantern Keeper

The lamp had gone out twice before midnight, and twice she had climbed the stairs to light it again. There was no wind. There was nothing on the water but the moon.

“You might have left it,” said the old man. “Nobody is coming.”

She did not answer him. She"""


def shoot(home, screen, path, columns):
    capture = home.tmux("capture-pane", "-p", "-e", "-N", "-t", screen.name).stdout
    subprocess.run([os.path.join(HERE, "../../scripts/capture-to-png"), "--columns", str(columns),
                    path], input=capture, check=True)


def main(out):
    os.makedirs(out, exist_ok=True)
    home = Home()
    try:
        home.welcomed()
        home.settings("[suggest]\nstart_daemon = false\nmax_tokens = 28\ntemperature = 0.8\n")
        home.start_daemon()
        screen = Screen(home, home.path("story.md", STORY), columns=100, rows=22)
        screen.wait("llvmpipe")
        screen.keys("C-End", "M-\\")
        screen.wait_ghost()
        screen.wait("tok/s")
        shoot(home, screen, os.path.join(out, "page.png"), 100)
        screen.keys("Escape")
        screen.resize(120, 24)
        screen.keys("M-Enter")
        screen.wait(lambda text: "Continuations" in text and "Continuations …" not in text)
        screen.keys("Space", "Right", "Space", "Right", "Right")
        screen.wait("2 kept")
        shoot(home, screen, os.path.join(out, "continuations.png"), 120)
        screen.keys("Enter")
        screen.wait("branches kept")
        screen.resize(90, 22)
        screen.keys("F2")
        screen.wait(lambda text: text.count("◇") >= 3)
        screen.keys("Up", "b")
        screen.wait("★")
        screen.keys("Down")
        screen.wait("Enter follow")
        shoot(home, screen, os.path.join(out, "tree.png"), 90)
        screen.keys("Escape", "F3")
        screen.wait(lambda text: text.count("%") >= 8)
        screen.keys("Left", "Left")
        screen.wait("Left/Right token")
        shoot(home, screen, os.path.join(out, "tokens.png"), 90)
    finally:
        home.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
