"""Suggestions in the writing app, from a real daemon with the bundled model."""

import unittest

from harness import Home, Screen

OPENING = "The door at the end of the corridor had been locked for as long as"


class Suggestions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.addClassCleanup(cls.home.close)
        cls.home.welcomed()
        cls.home.settings('[editor]\nspelling = "off"\nmeasure = 110\n[suggest]\nstart_daemon = false\n'
                          "temperature = 0.0\n")
        cls.home.start_daemon()

    def app(self, name, content="", **options):
        screen = Screen(self.home, self.home.path(name, content), **{"columns": 120, **options})
        self.addCleanup(screen.end)
        screen.wait("words" if "columns" in options else "llvmpipe")
        return screen

    def test_it_appears_and_is_taken_by_word_and_whole(self):
        screen = self.app("take.md")
        screen.type(OPENING)
        ghost = screen.wait_ghost()
        self.assertNotIn(ghost.split()[0], OPENING)
        screen.wait("tok/s")
        first_word = screen.ghost().split()[0]
        n_words = len(OPENING.split())
        screen.keys("C-Right")
        screen.wait(f" {n_words + 1} words")
        rest = screen.wait_ghost()
        screen.keys("Tab")
        screen.wait(lambda _: screen.ghost() != rest)
        screen.keys("Escape", "C-s")
        screen.wait("Saved")
        saved = self.home.read("take.md").decode()
        self.assertTrue(saved.startswith(OPENING + " " + first_word), saved)
        self.assertIn(rest.split()[0], saved[len(OPENING) + 1 + len(first_word):])

    def test_typing_what_it_says_keeps_it(self):
        screen = self.app("through.md")
        screen.type(OPENING)
        screen.wait_ghost()
        screen.wait("tok/s")
        ghost = screen.ghost()
        self.assertTrue(ghost.startswith(" ") and len(ghost) > 4, repr(ghost))
        screen.type(ghost[:3])
        screen.wait(lambda _: screen.ghost().startswith(ghost[3:6]))
        screen.type("§")
        screen.wait(lambda _: ghost[3:6] not in screen.text())

    def test_alternatives_have_a_count(self):
        screen = self.app("cycle.md", OPENING)
        screen.keys("C-End", "M-\\")
        screen.wait_ghost()
        screen.wait("tok/s")
        first = screen.ghost()
        screen.raw(b"\x1b]")
        screen.wait(lambda text: "/" in text.splitlines()[-1].split("words")[0])
        screen.wait(lambda _: screen.ghost() != first and screen.ghost())
        screen.raw(b"\x1b[")
        screen.wait(lambda _: screen.ghost() == first)
        screen.keys("Escape")
        screen.wait(lambda _: not screen.ghost())

    def test_in_the_middle_of_a_line(self):
        screen = self.app("middle.md", "She opened the. Then she left.")
        screen.keys("C-Home")
        for _ in range(14):
            screen.keys("Right")
        screen.keys("M-\\")
        ghost = screen.wait_ghost()
        text = screen.text()
        self.assertLess(text.index(ghost.split()[0]), text.index("Then she left."))

    def test_the_daemon_may_go_and_come_back(self):
        screen = self.app("gone.md", OPENING)
        self.home.stop_daemon()
        screen.wait("no suggestions:")
        screen.keys("C-End")
        screen.type(" he")
        screen.wait("he")
        self.home.start_daemon()
        screen.wait("llvmpipe")
        screen.type(" could")
        screen.wait_ghost()

    def test_a_small_terminal(self):
        screen = self.app("small.md", "She", columns=24, rows=6)
        screen.keys("C-End", "M-\\")
        screen.wait_ghost()


class StartsTheDaemon(unittest.TestCase):
    def test_it_starts_one_where_none_runs(self):
        home = Home()
        self.addCleanup(home.close)
        home.welcomed()
        from harness import MODEL
        screen = Screen(home, "write", "--model", MODEL, home.path("a.md"), columns=100)
        screen.wait("llvmpipe")
        screen.type("It was raining when")
        screen.wait_ghost()


if __name__ == "__main__":
    unittest.main()
