"""A real understoryd on a private socket, and a MessagePack-RPC client that is not ours.

Everything ends with the test that started it, and nothing else does.
"""
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import msgpack

DAEMON = os.environ["UNDERSTORYD"]
MODEL = os.environ["UNDERSTORY_MODEL"]
LIMIT_S = float(os.environ.get("UNDERSTORY_TEST_LIMIT_S", 240))  # for anything that must happen; generous, the machine may be busy


def wait_for(condition, what, limit_s=LIMIT_S):
    """The first true value of condition(), looked for until the limit."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            what = what() if callable(what) else what
            raise AssertionError(f"{what}: not within {limit_s} s")
        select.select([], [], [], 0.02)


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.message = error["message"]


class Client:
    """One connection. `notifications` collects what came without being an answer."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT_S)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self.unpacker = msgpack.Unpacker(max_buffer_size=1 << 28, strict_map_key=False)
        self.notifications = []
        self.answers = {}
        self.last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, method, **params):
        self.last_id += 1
        self.send_raw(msgpack.packb([0, self.last_id, method, [params]]))
        return self.last_id

    def notify(self, method, **params):
        self.send_raw(msgpack.packb([2, method, [params]]))

    def receive(self):
        """Takes one message; False at the end of the stream."""
        while True:
            for message in self.unpacker:
                if message[0] == 1:
                    self.answers[message[1]] = (message[2], message[3])
                else:
                    self.notifications.append((message[1], message[2]))
                return True
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                return False
            if not data:
                return False
            self.unpacker.feed(data)

    def answer(self, request):
        while request not in self.answers:
            if not self.receive():
                raise ConnectionError("the daemon closed the connection")
        error, result = self.answers.pop(request)
        if error is not None:
            raise RpcError(error)
        return result

    def call(self, method, **params):
        return self.answer(self.send(method, **params))

    def notification(self, method, matches=lambda params: True):
        """The first such notification's map, waited for."""
        seen = 0
        while True:
            for name, params in self.notifications[seen:]:
                if name == method and matches(params[0]):
                    return params[0]
            seen = len(self.notifications)
            if not self.receive():
                raise ConnectionError("the daemon closed the connection")

    def read_to_end(self):
        while self.receive():
            pass


class Daemon:
    """understoryd with folders of its own. `ready=False` does not wait for the model."""

    def __init__(self, *args, folder=None, model=MODEL, ready=True, config=None):
        self.own_folder = folder is None
        # Short: a socket's path may have 107 bytes.
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="us-"))
        self.socket = self.folder / "u.sock"
        self.log_path = self.folder / f"log-{time.monotonic_ns()}"
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith("XDG_") and k != "JOURNAL_STREAM"}
        self.env.update(HOME=str(self.folder), XDG_CONFIG_HOME=str(self.folder / "config"))
        if config:
            file = self.folder / "config/understory/config.toml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(config)
        command = [DAEMON, "--socket", str(self.socket), "--log-level", "debug"]
        if model:
            command += ["--model", str(model)]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*command, *args], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.env)
        if ready:
            self.wait_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def connect(self):
        """Connects as soon as the daemon listens."""
        def attempt():
            if self.process.poll() is not None:
                raise AssertionError(f"understoryd ended ({self.process.returncode}):\n{self.log()}")
            try:
                return Client(self.socket)
            except (FileNotFoundError, ConnectionRefusedError):
                return None
        return wait_for(attempt, "listening")

    def wait_ready(self):
        with self.connect() as client:
            state = wait_for(
                lambda: (s := client.call("status")["state"]) != "loading" and s, "loading")
            if state != "ready":
                raise AssertionError(f"the daemon is {state}:\n{self.log()}")

    def wait_end(self):
        return self.process.wait(timeout=LIMIT_S)

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)


class DaemonTest(unittest.TestCase):
    """Tests that share a daemon, each with a connection of its own."""
    DAEMON_ARGS = ()

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*cls.DAEMON_ARGS)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.end()

    def setUp(self):
        self.client = Client(self.daemon.socket)
        self.addCleanup(self.client.close)
