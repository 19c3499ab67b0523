"""What `cmake --install` leaves is a package that Vim and Neovim find, with help and the program."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ["UNDERSTORY_BIN"])


class Installed(unittest.TestCase):
    def setUp(self):
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix="us-"))
        self.addCleanup(shutil.rmtree, self.prefix)
        self.plugin = self.prefix / "share/understory/vim"
        shutil.copytree(ROOT / "plugins/vim", self.plugin, ignore=shutil.ignore_patterns("tags"))
        (self.prefix / "bin").mkdir()
        (self.prefix / "bin/understory").symlink_to(BIN / "understory")
        subprocess.run(["cmake", "-Dunderstory_data=share", f"-DCMAKE_INSTALL_PREFIX={self.prefix}",
                        "-P", ROOT / "cmake/install_vim.cmake"], check=True, capture_output=True)

    def found(self, editor, site):
        if not shutil.which(editor):
            self.skipTest(f"{editor} is not installed")
        out = self.prefix / "out"
        asked = "[understory#config#program(), exists('g:loaded_understory'), expand('%:t')]"
        subprocess.run([editor, "-u", "NONE", "-i", "NONE", "-es", "--cmd",
                        f"set nocompatible packpath^={self.prefix}/share/{site}",
                        "-c", "packloadall", "-c", "help understory-keys",
                        "-c", f"call writefile([json_encode({asked})], '{out}')", "-c", "qall!"],
                       env={**os.environ, "HOME": str(self.prefix), "TERM": "dumb", "PATH": "/usr/bin:/bin"},
                       stdin=subprocess.DEVNULL, timeout=60, check=False)
        return json.loads(out.read_text())

    def test_vim_finds_it(self):
        self.assertEqual(self.found("vim", "vim/vimfiles"),
                         [[str(self.prefix / "bin/understory")], 1, "understory.txt"])

    def test_neovim_finds_it(self):
        self.assertEqual(self.found("nvim", "nvim/site"),
                         [[str(self.prefix / "bin/understory")], 1, "understory.txt"])

    @unittest.skipUnless(shutil.which("vim"), "vim is not installed")
    def test_help_tags_are_those_that_vim_makes(self):
        tags = self.plugin / "doc/tags"
        ours = tags.read_text()
        tags.unlink()
        subprocess.run(["vim", "-u", "NONE", "-i", "NONE", "-es", "-c",
                        f"helptags {self.plugin}/doc", "-c", "qall!"],
                       stdin=subprocess.DEVNULL, timeout=60, check=False)
        self.assertEqual(ours, tags.read_text())


if __name__ == "__main__":
    unittest.main()
