"""Drives the writing app in a tmux of its own, as a writer would: keys in, screen out."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

BIN = os.environ["UNDERSTORY_BIN"]
MODEL = os.environ["UNDERSTORY_MODEL"]
TIMEOUT_S = 120


class Home:
    """XDG folders and a tmux server for one test or one class of tests."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="us-")
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("XDG_", "TMUX", "COLORTERM", "COLORFGBG"))}
        for key in ("NO_COLOR", "UNDERSTORYD"):
            self.env.pop(key, None)
        self.env.update(LC_ALL="C.UTF-8", HOME=self.folder, TERM="xterm-256color")
        for key, name in (("XDG_RUNTIME_DIR", "run"), ("XDG_STATE_HOME", "state"),
                          ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")):
            path = os.path.join(self.folder, name)
            os.mkdir(path, 0o700)
            self.env[key] = path
        self.tmux_socket = os.path.join(self.folder, "tmux")
        self.screens = []

    def path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as out:
                out.write(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def settings(self, text):
        folder = os.path.join(self.env["XDG_CONFIG_HOME"], "understory")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "tui.toml"), "w") as out:
            out.write(text)

    def welcomed(self):
        folder = os.path.join(self.env["XDG_STATE_HOME"], "understory")
        os.makedirs(folder, exist_ok=True)
        open(os.path.join(folder, "welcomed"), "w").close()

    def understory(self, *args):
        return subprocess.run([os.path.join(BIN, "understory"), *args], env=self.env,
                              capture_output=True, timeout=TIMEOUT_S)

    def start_daemon(self):
        started = self.understory("start", "--model", MODEL)
        if started.returncode != 0:
            raise AssertionError(started.stderr.decode())

    def stop_daemon(self):
        status = json.loads(self.understory("status", "--json").stdout)
        if status["state"] != "absent" and self.understory("stop").returncode != 0:
            os.kill(status["pid"], signal.SIGKILL)

    def tmux(self, *args, check=True):
        return subprocess.run(["tmux", "-S", self.tmux_socket, "-f", "/dev/null", *args],
                              env=self.env, capture_output=True, check=check, timeout=60)

    def close(self):
        try:
            for screen in self.screens:
                screen.end()
            self.tmux("kill-server", check=False)
            self.stop_daemon()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


class Screen:
    """One app in one tmux session."""

    number = 0

    def __init__(self, home, *args, columns=80, rows=24, env=None):
        Screen.number += 1
        self.home = home
        self.name = f"s{Screen.number}"
        words = " ".join(f"{k}='{v}'" for k, v in (env or {}).items())
        command = " ".join(["'" + a + "'" for a in (os.path.join(BIN, "understory"), *args)])
        report = os.path.join(home.folder, self.name)
        self.report = report
        script = (f"echo $$ > {report}.pid; exec env {words} {command} 2> {report}.err")
        # sh keeps the pane until the app has ended, so that its exit status can be read.
        shell = f"sh -c '{script.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'; echo $? > {report}.rc"
        home.tmux("new-session", "-d", "-s", self.name, "-x", str(columns), "-y", str(rows), shell)
        home.tmux("set", "-s", "exit-empty", "off")  # the next screen finds the server there
        home.tmux("set", "-g", "status", "off")
        home.tmux("set", "-s", "escape-time", "0")
        home.tmux("set", "-s", "set-clipboard", "on")
        home.tmux("resize-window", "-t", self.name, "-x", str(columns), "-y", str(rows))
        home.screens.append(self)

    def keys(self, *keys):
        self.home.tmux("send-keys", "-t", self.name, *keys)

    def type(self, text):
        self.home.tmux("send-keys", "-t", self.name, "-l", text)

    def raw(self, text):
        """Bytes as the terminal would send them."""
        self.home.tmux("send-keys", "-t", self.name, "-H", *[f"{b:02x}" for b in text])

    def text(self, colours=False):
        args = ["capture-pane", "-p", "-t", self.name] + (["-e"] if colours else [])
        return self.home.tmux(*args, check=False).stdout.decode(errors="replace")

    def pid(self):
        with open(self.report + ".pid") as file:
            return int(file.read())

    def wait(self, what, timeout_s=TIMEOUT_S):
        """Waits for a text, or until a function of the screen is true; gives the screen."""
        test = what if callable(what) else lambda screen: what in screen
        end = time.monotonic() + timeout_s
        while True:
            screen = self.text()
            if test(screen):
                return screen
            if time.monotonic() > end or os.path.exists(self.report + ".rc"):
                errors = ""
                if os.path.exists(self.report + ".err"):
                    with open(self.report + ".err") as file:
                        errors = file.read()
                raise AssertionError(f"did not see {what!r} in:\n{screen}\n{errors}")
            time.sleep(0.02)

    def wait_gone(self, text):
        return self.wait(lambda screen: text not in screen)

    def wait_ghost(self):
        """Waits for dim italic text; gives it."""
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end:
            ghost = self.ghost()
            if ghost.strip():
                return ghost
            time.sleep(0.02)
        raise AssertionError("no suggestion came:\n" + self.text())

    def ghost(self):
        """What is drawn in italics: the suggestion."""
        out, italic, i = [], False, 0
        raw = self.text(colours=True)
        while i < len(raw):
            if raw[i] == "\x1b" and raw[i + 1:i + 2] == "[":
                end = raw.index("m", i)
                codes = raw[i + 2:end].split(";")
                if codes[0] in ("", "0"):
                    italic = False
                if "3" in codes and codes[0] != "38":
                    italic = True
                i = end + 1
                continue
            if italic:
                out.append(raw[i])
            i += 1
        return "".join(out).strip("\n")

    def resize(self, columns, rows):
        self.home.tmux("resize-window", "-t", self.name, "-x", str(columns), "-y", str(rows))

    def wait_end(self):
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end:
            try:
                with open(self.report + ".rc") as file:
                    text = file.read()
                if text:
                    return int(text)
            except FileNotFoundError:
                pass
            time.sleep(0.02)
        raise AssertionError("the app did not end:\n" + self.text())

    def end(self):
        try:
            os.kill(self.pid(), signal.SIGKILL)
        except (OSError, ValueError):
            pass


class AppTest(unittest.TestCase):
    """Each test has a home of its own, past the welcome, without a daemon."""

    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.close)
        self.home.welcomed()
        self.home.settings("[suggest]\nstart_daemon = false\n")

    def app(self, name="story.md", content=None, **options):
        path = self.home.path(name, content)
        return Screen(self.home, path, **options)
