"""Debian's own Neovim."""
import shutil
import unittest

import cases


def load_tests(loader, tests, pattern):
    if not shutil.which("nvim"):
        raise unittest.SkipTest("nvim is not installed")
    return cases.load(loader, ["nvim"])


if __name__ == "__main__":
    unittest.main()
