"""A newer Neovim, of Debian trixie, in a debootstrap folder that is kept in the cache. A copy of
it finds its own loader and libraries there, so that it runs without chroot and sees the same
files and sockets as everything else."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

import cases

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
FOLDER = CACHE / "understory-editors" / "trixie"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
NVIM = FOLDER / "usr/bin/nvim-here"


def make():
    """Why there is none, or None."""
    if NVIM.exists():
        return None
    if os.geteuid() != 0:
        return "debootstrap needs root"
    if not shutil.which("debootstrap"):
        return "debootstrap is not installed"
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["debootstrap", "--variant=minbase",
                           "--include=ca-certificates,neovim,patchelf", "trixie", str(FOLDER)],
                          capture_output=True, text=True)
    if made.returncode != 0:
        shutil.rmtree(FOLDER, ignore_errors=True)
        return "debootstrap failed: " + made.stdout.strip().split("\n")[-1]
    new = NVIM.with_suffix(".new")
    shutil.copy(FOLDER / "usr/bin/nvim", new)
    patched = subprocess.run(["chroot", str(FOLDER), "patchelf", "--force-rpath",
                              "--set-interpreter", str(FOLDER / "lib64/ld-linux-x86-64.so.2"),
                              "--set-rpath", str(FOLDER / LIBRARIES),
                              "/" + str(new.relative_to(FOLDER))], capture_output=True, text=True)
    if patched.returncode != 0:
        return "its copy cannot be made: " + patched.stderr.strip()
    new.rename(NVIM)
    return None


def load_tests(loader, tests, pattern):
    problem = make()
    if problem:
        print("skipped:", problem, file=sys.stderr)
        raise unittest.SkipTest(problem)
    return cases.load(loader, [str(NVIM)], {
        "VIMRUNTIME": str(FOLDER / "usr/share/nvim/runtime"),
        "LUA_CPATH": str(FOLDER / LIBRARIES / "lua/5.1/?.so")})


if __name__ == "__main__":
    unittest.main()
