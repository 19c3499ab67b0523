"""Debian's own Vim."""
import shutil
import unittest

import cases


def load_tests(loader, tests, pattern):
    if not shutil.which("vim"):
        raise unittest.SkipTest("vim is not installed")
    return cases.load(loader, ["vim"])


if __name__ == "__main__":
    unittest.main()
