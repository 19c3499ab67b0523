"""A terminal of a fixed size: tmux with a private socket. Types, and reads cells with colours."""
import os
import pathlib
import re
import subprocess
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))

from harness import wait_for  # noqa: E402

SGR = re.compile(r"\x1b\[([0-9;:]*)m|\x1b\[[0-9;?]*[A-Za-z]|\x1b\([A-Z0-9]|\x0e|\x0f")


def cells(captured):
    """Per line [(text, foreground)]; foreground as in '5;244', '' for the default. A colour goes
    on over the end of a line."""
    lines, colour = [], ""
    for line in captured.split("\n"):
        out, at = [], 0
        for match in SGR.finditer(line):
            out.append((line[at:match.start()], colour))
            at = match.end()
            if match.group(1) is not None:
                colour = foreground(match.group(1), colour)
        out.append((line[at:], colour))
        lines.append(out)
    return lines


def foreground(parameters, colour):
    numbers = re.split("[;:]", parameters) if parameters else ["0"]
    while numbers:
        number = numbers.pop(0) or "0"
        if number in ("38", "48") and numbers:
            n = 2 if numbers[0] == "5" else 4
            if number == "38":
                colour = ";".join(numbers[:n])
            del numbers[:n]
        elif number in ("0", "39"):
            colour = ""
        elif number.isdigit() and (30 <= int(number) <= 37 or 90 <= int(number) <= 97):
            colour = number
    return colour


class Terminal:
    """One program in one window. `keys` are tmux's names ("Escape", "C-Right")."""

    def __init__(self, command, env, columns=90, rows=20):
        self.name = "us-" + uuid.uuid4().hex[:12]
        self.env = {k: v for k, v in env.items() if k not in ("TMUX", "TMUX_PANE")}
        # The program's environment goes through env(1): a tmux server cleans its own.
        assignments = [f"{k}={v}" for k, v in self.env.items() if k not in ("TERM", "_")]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  "env", "-i", *assignments, "TERM=tmux-256color", *command)
        self.tmux("set", "-s", "escape-time", "10")

    def tmux(self, *args, check=True):
        return subprocess.run(["tmux", "-u", "-L", self.name, *args], env=self.env, check=check,
                              capture_output=True, text=True).stdout

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def type(self, text):
        self.tmux("send-keys", "-l", "--", text)

    def paste(self, text):
        self.tmux("set-buffer", "--", text)
        self.tmux("paste-buffer", "-d", "-p")

    def cells(self):
        return cells(self.tmux("capture-pane", "-p", "-e", "-N"))

    def lines(self):
        return ["".join(text for text, _ in line).rstrip() for line in self.cells()]

    def coloured(self, colour):
        """What stands in this colour, row by row, joined."""
        return "".join(text for line in self.cells() for text, c in line if c == colour)

    def wait_text(self, text):
        return wait_for(lambda: any(text in line for line in self.lines()),
                        lambda: f"{text!r} on the screen:\n" + "\n".join(self.lines()))

    def close(self):
        self.tmux("kill-server", check=False)
        # It leaves its socket behind.
        folder = pathlib.Path(self.env.get("TMUX_TMPDIR") or "/tmp") / f"tmux-{os.getuid()}"
        (folder / self.name).unlink(missing_ok=True)
