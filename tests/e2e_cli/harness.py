"""Runs the real `understory` with folders of its own; ends only the daemon it started."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

BIN = os.environ["UNDERSTORY_BIN"]
MODEL = os.environ["UNDERSTORY_MODEL"]
TIMEOUT_S = 240

OPENING = "The door at the end of the corridor had been locked for as long as"


class Home:
    """XDG folders for one test or one class of tests."""

    def __init__(self):
        # Short: a socket's path may have 107 bytes.
        self.folder = tempfile.mkdtemp(prefix="us-")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
        for key in ("NO_COLOR", "UNDERSTORYD"):
            self.env.pop(key, None)
        self.env["LC_ALL"] = "C.UTF-8"
        self.env["HOME"] = self.folder
        for key, name in (("XDG_RUNTIME_DIR", "run"), ("XDG_STATE_HOME", "state"),
                          ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")):
            path = os.path.join(self.folder, name)
            os.mkdir(path, 0o700)
            self.env[key] = path

    def socket(self):
        return os.path.join(self.env["XDG_RUNTIME_DIR"], "understory", "understoryd.sock")

    def path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as out:
                out.write(content)
        return path

    def popen(self, *args, program=None, env=None, **options):
        return subprocess.Popen([program or os.path.join(BIN, "understory"), *args],
                                env={**self.env, **(env or {})}, **options)

    def run(self, *args, stdin=b"", program=None, env=None):
        process = self.popen(*args, program=program, env=env, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(stdin, timeout=TIMEOUT_S)
        return subprocess.CompletedProcess(args, process.returncode, out, err.decode())

    def status(self):
        """The daemon's status, or None where none runs."""
        result = self.run("status", "--json")
        status = json.loads(result.stdout)
        return None if status["state"] == "absent" else status

    def close(self):
        try:
            status = self.status()
            if status is not None and self.run("stop").returncode != 0:
                os.kill(status["pid"], signal.SIGKILL)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


class CliTest(unittest.TestCase):
    """Each test has a home of its own."""

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)

    def assert_ok(self, result):
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def json_of(self, *args, stdin=b"", env=None):
        return json.loads(self.assert_ok(self.home.run(*args, stdin=stdin, env=env)).stdout)


class SharedDaemonTest(CliTest):
    """The tests of a class share a home, and so a daemon."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Home()
        cls.addClassCleanup(cls.shared.close)
        started = cls.shared.run("complete", "--model", MODEL, "--max-tokens", "1", "Once")
        if started.returncode != 0:
            raise AssertionError("the daemon did not start: " + started.stderr)

    def setUp(self):
        self.home = self.shared
