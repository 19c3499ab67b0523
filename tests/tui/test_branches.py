"""Branches in the writing app: side by side, the tree, tokens, notes; and they are there tomorrow."""

import unittest

from harness import Home, Screen

OPENING = "The door at the end of the corridor had been locked for as long as"


class Branches(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.addClassCleanup(cls.home.close)
        cls.home.welcomed()
        cls.home.settings('[editor]\nspelling = "off"\n[suggest]\nstart_daemon = false\non = false\n'
                          "alternatives = 5\nmax_tokens = 12\n")
        cls.home.start_daemon()

    def app(self, name, content=None, **options):
        screen = Screen(self.home, self.home.path(name, content), **{"columns": 140, **options})
        self.addCleanup(screen.end)
        screen.wait("llvmpipe")
        return screen

    def wait_settled(self, screen):
        screen.wait(lambda text: "Continuations" in text and "Continuations …" not in text)

    def test_five_continuations_keep_two_come_back_tomorrow(self):
        screen = self.app("fan.md", OPENING)
        screen.keys("C-End", "M-Enter")
        self.wait_settled(screen)
        screen.keys("Space", "Right", "Space", "Right", "Enter")
        screen.wait("2 branches kept")
        screen.keys("C-s")
        screen.wait("Saved")
        saved = self.home.read("fan.md").decode()
        self.assertGreater(len(saved), len(OPENING))
        screen.keys("C-q")
        screen.wait_end()
        screen = self.app("fan.md")
        screen.keys("F2")
        tree = screen.wait(lambda text: text.count("◇") >= 3)
        self.assertIn("The door at the end", tree)
        # Over to a kept branch: the text follows, and undo brings the first back.
        screen.keys("Home", "Right", "Right", "Enter")
        screen.wait("The manuscript follows this branch")
        screen.keys("C-z")
        screen.wait("fan.md")
        screen.keys("C-s")
        screen.wait("Saved")

    def test_tree_operations(self):
        screen = self.app("tree.md", OPENING)
        screen.keys("F2")
        screen.wait("Story tree")
        screen.wait("The door at the end")
        screen.keys("End", "g")
        screen.wait(lambda text: text.count("◇") >= 3)
        screen.keys("Down", "n")
        screen.wait("Name:")
        screen.type("the good one")
        screen.keys("Enter")
        screen.wait("[the good one]")
        screen.keys("b")
        screen.wait("★")
        screen.keys("B")
        screen.wait(lambda text: text.count("◇") == 1)
        screen.keys("B")
        screen.wait(lambda text: text.count("◇") >= 3)
        screen.keys("x")
        screen.wait(lambda text: "[the good one]" not in text)
        screen.keys("u")
        screen.wait("[the good one]")
        screen.keys("/")
        screen.type("corridor")
        screen.keys("Enter")
        screen.wait("found 1")
        screen.keys("Escape")
        screen.wait(lambda text: text.count("◇") >= 3)

    def test_tokens(self):
        screen = self.app("tokens.md", OPENING + " he could remember.")
        screen.keys("C-End", "F3")
        screen.wait("Token by token")
        screen.wait(lambda text: text.count("%") >= 8)
        screen.keys("Left", "Left", "Enter")
        screen.wait(lambda text: "A branch begins here" in text or "what stands there" in text)
        if "what stands there" in screen.text():
            screen.keys("Down", "Enter")  # the likeliest choice is the text's own
        screen.wait("A branch begins here")
        screen.keys("F2")
        screen.wait("Story tree")
        screen.wait("remember")

    def test_notes_stay_and_are_in_play(self):
        screen = self.app("notes.md", "Ann came in. It was raining, and the door of the house")
        screen.keys("F4")
        screen.wait("Author's note")
        screen.type("A quiet book about the sea.")
        screen.keys("Tab")
        screen.type("Ann: a sailor with red hair.")
        screen.wait("1 entry")
        screen.keys("Escape")
        screen.wait("Notes kept")
        screen.keys("C-End", "M-\\")
        screen.wait("notes, lore 1")
        screen.keys("Escape", "C-q")
        screen.wait_end()
        screen = self.app("notes.md")
        screen.keys("F4")
        screen.wait("A quiet book about the sea.")
        screen.wait("red hair")

    def test_narrow(self):
        screen = Screen(self.home, self.home.path("narrow.md", OPENING), columns=40, rows=12)
        self.addCleanup(screen.end)
        screen.wait("words")
        screen.keys("C-End", "M-Enter")
        self.wait_settled(screen)
        screen.keys("Down", "Enter")
        screen.wait("narrow.md •")


if __name__ == "__main__":
    unittest.main()
