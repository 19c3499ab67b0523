"""The writing app without a daemon: it writes, saves, keeps what was typed, and recovers."""

import os
import signal
import unittest

from harness import AppTest, Home, Screen


class Editing(AppTest):
    def test_a_first_page(self):
        screen = self.app()
        screen.wait("story.md")
        self.assertIn("no suggestions: no daemon listens", screen.text())
        screen.type("It was raining. 日本語, café.")
        screen.keys("Enter", "Enter")
        screen.type("She left.")
        screen.wait("She left.")
        screen.wait("story.md •")
        screen.keys("C-s")
        screen.wait("Saved")
        self.assertEqual(self.home.read("story.md").decode(),
                         "It was raining. 日本語, café.\n\nShe left.")
        screen.keys("C-q")
        self.assertEqual(screen.wait_end(), 0)

    def test_undo_reaches_into_the_last_session(self):
        screen = self.app(content="old")
        screen.wait("old")
        screen.keys("C-End")
        screen.type(" new")
        screen.wait("old new")
        screen.keys("C-s")
        screen.wait("Saved")
        screen.keys("C-q")
        screen.wait_end()
        screen = self.app()
        screen.wait("old new")
        screen.keys("C-z")
        screen.wait(lambda text: "old" in text and "old new" not in text)
        screen.keys("C-y")
        screen.wait("old new")

    def test_help_lists_the_keys_that_work(self):
        self.home.settings('[suggest]\nstart_daemon = false\n[keys]\nsave = "F12"\n')
        screen = self.app(rows=40)
        screen.wait("story.md")
        screen.keys("F1")
        screen.wait("Take the whole suggestion")
        screen.wait("F12")
        screen.keys("Escape")
        screen.wait("story.md")
        screen.type("x")
        screen.keys("F12")
        screen.wait("Saved")

    def test_find_and_replace(self):
        screen = self.app(content="one cat, two cats, Cat.")
        screen.wait("one cat")
        screen.keys("C-r")
        screen.wait("Replace by")
        screen.type("cat")
        screen.wait("3 places")
        screen.keys("Tab")
        screen.type("dog")
        screen.keys("M-a")
        screen.wait("one dog, two dogs, dog.")
        screen.keys("Escape")
        screen.wait("story.md")
        screen.keys("C-z")
        screen.wait("one cat, two cats, Cat.")

    def test_a_megabyte_is_pasted(self):
        screen = self.app()
        screen.wait("story.md")
        text = "".join(f"line {i} with some words in it\n" for i in range(30_000)) + "the end"
        paste = self.home.path("paste", text)
        self.home.tmux("load-buffer", paste)
        self.home.tmux("paste-buffer", "-p", "-t", screen.name)
        screen.wait("the end")
        screen.keys("C-s")
        screen.wait("Saved")
        self.assertEqual(self.home.read("story.md").decode(), text)
        screen.keys("C-z")
        screen.wait("0 words")

    def test_sizes_from_20_by_5_and_a_storm_of_resizes(self):
        screen = self.app(content="The quick brown fox jumps over the lazy dog.\n" * 30,
                          columns=20, rows=5)
        screen.wait("The quick brown")
        screen.type("Now ")
        screen.wait("Now The quick")
        for i in range(40):
            screen.resize(20 + i * 7 % 120, 5 + i * 5 % 50)
        screen.resize(60, 12)
        screen.wait(lambda text: "Now The quick brown fox jumps over the lazy dog." in text)
        for key in ("F1", "F5", "F6"):
            screen.keys(key)
            screen.wait(lambda text: "Now The" not in text)
            screen.keys("Escape")
            screen.wait("Now The quick")
        screen.resize(20, 5)
        screen.wait("Now The quick")
        screen.keys("F1")
        screen.wait("Keys")

    def test_without_colours_and_with_few(self):
        for env in ({"NO_COLOR": "1"}, {"TERM": "xterm"}, {"TERM": "linux"}, {"TERM": "vt100"},
                    {"TERM": "screen-256color"}, {"TERM": "known-to-nobody"}):
            screen = self.app("c.md", "# Head\n\nplain words mispeled", env=env)
            screen.wait("plain words")
            colours = screen.text(colours=True)
            if "NO_COLOR" in env:
                self.assertNotIn("38;5", colours)
                self.assertIn("\x1b[1m", colours)
            screen.keys("C-q")
            screen.wait_end()

    def test_spelling(self):
        screen = self.app(content="The hoouse was empty.")
        screen.wait("hoouse")
        screen.wait(lambda _: "\x1b[4m" in screen.text(colours=True))
        screen.keys("F7")
        screen.wait("Spelling: hoouse")
        screen.type("house")
        screen.keys("Enter")
        screen.wait("The house was empty.")

    def test_outline_statistics_and_focus(self):
        screen = self.app(content="# One\n\nfirst words\n\n# Two\n\nother words\n")
        screen.wait("first words")
        screen.keys("F6")
        screen.wait("Chapters")
        screen.keys("Down", "Enter")
        screen.wait("story.md")
        screen.type("x")
        screen.wait("x# Two")
        screen.keys("F5")
        screen.wait("Words by day")
        screen.keys("Escape")
        screen.keys("F8")
        screen.wait("Focus: this paragraph")
        self.assertIn("\x1b[38;5;242m", screen.text(colours=True))

    def test_mouse(self):
        screen = self.app(content="alpha beta gamma\n" * 60, columns=60)
        screen.wait("alpha")
        screen.raw(b"\x1b[<0;8;3M\x1b[<0;8;3m")
        screen.type("X")
        screen.wait(lambda text: "X" in text.splitlines()[2])
        screen.raw(b"\x1b[<65;8;3M" * 4)
        screen.wait(lambda text: "X" not in text)
        screen.keys("Left")
        screen.wait(lambda text: "X" in text)

    def test_copy_reaches_the_clipboard(self):
        screen = self.app(content="copied words")
        screen.wait("copied")
        screen.keys("C-a", "C-c")
        screen.wait("Copied")
        screen.wait(lambda _: self.home.tmux("show-buffer", check=False).stdout == b"copied words")
        screen.keys("C-End", "C-v")
        screen.wait("copied wordscopied words")

    def test_a_file_that_is_not_ours(self):
        self.assertEqual(self.home.understory(self.home.folder + "/").returncode, 2)
        missing = self.home.understory(os.path.join(self.home.folder, "no/such.md"))
        self.assertIn(b"there is no folder", missing.stderr)
        word = self.home.understory("nonsense")
        self.assertIn(b"there is no subcommand", word.stderr)


class Safety(AppTest):
    def test_kill_9_costs_at_most_a_second(self):
        screen = self.app(content="saved")
        screen.wait("saved")
        screen.keys("C-End")
        screen.type(" and typed")
        screen.wait("saved and typed")
        screen.keys("C-l")
        os.kill(screen.pid(), signal.SIGKILL)
        screen.wait_end()
        self.assertEqual(self.home.read("story.md"), b"saved")
        screen = self.app()
        screen.wait("was not saved: 2 words more than the file")
        screen.keys("r")
        screen.wait("saved and typed")
        screen.keys("C-s")
        screen.wait("Saved")
        self.assertEqual(self.home.read("story.md"), b"saved and typed")

    def test_a_closed_terminal_keeps_everything(self):
        screen = self.app(content="saved")
        screen.wait("saved")
        screen.keys("C-End")
        screen.type(" unsaved")
        screen.wait("saved unsaved")
        self.home.tmux("kill-session", "-t", screen.name)
        pid = screen.pid()
        while os.path.exists(f"/proc/{pid}"):
            pass
        screen = self.app()
        screen.wait("was not saved")
        screen.keys("f")
        screen.wait(lambda text: "saved" in text and "unsaved" not in text)
        screen.keys("M-y", "M-y")
        screen.wait("saved unsaved")

    def test_leaving_asks(self):
        screen = self.app(content="text")
        screen.wait("text")
        screen.type("more ")
        screen.wait("more text")
        screen.keys("C-q")
        screen.wait("There are changes")
        screen.keys("Escape")
        screen.wait("story.md")
        screen.keys("C-q")
        screen.wait("There are changes")
        screen.keys("s")
        self.assertEqual(screen.wait_end(), 0)
        self.assertEqual(self.home.read("story.md"), b"more text")
        self.assertEqual(self.home.read("story.md~"), b"text")

    def test_a_change_by_another_program_is_merged(self):
        screen = self.app(content="one\ntwo\nthree\n")
        screen.wait("three")
        screen.type("my ")
        screen.wait("my one")
        self.home.path("story.md", "one\ntwo\nthree changed\n")
        screen.wait("Another program has changed the file")
        screen.keys("m")
        screen.wait("three changed")
        screen.wait("my one")
        screen.keys("C-s")
        screen.wait("Saved")
        self.assertEqual(self.home.read("story.md"), b"my one\ntwo\nthree changed\n")

    def test_two_apps_notice_each_other(self):
        first = self.app(content="text")
        first.wait("text")
        second = self.app()
        second.wait("open in another window")
        second.type("x")
        second.wait("Read-only")
        first.wait("opened in another window")

    def test_first_start_welcomes(self):
        home = Home()
        self.addCleanup(home.close)
        home.settings("[suggest]\nstart_daemon = false\n")
        screen = Screen(home, home.path("a.md"))
        screen.wait("Enter begins.")
        screen.keys("Enter")
        screen.wait("a.md")
        screen.keys("C-q")
        screen.wait_end()
        Screen(home, home.path("a.md")).wait("0 words")


if __name__ == "__main__":
    unittest.main()
