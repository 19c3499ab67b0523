"""What the benchmark scripts share: a client of understoryd, and a daemon started for one run.

Needs python3-msgpack (Debian). protocol/PROTOCOL.md describes the wire.
"""
import os
import pathlib
import select
import shutil
import socket
import subprocess
import tempfile
import time

import msgpack

REPO = pathlib.Path(__file__).resolve().parent.parent
READ_BYTES = 1 << 16
MAX_ANSWER_BYTES = 1 << 28


class RpcError(RuntimeError):
    """An error answer: `code` is one of PROTOCOL.md's strings."""

    def __init__(self, error):
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")


def as_bytes(text):
    """Texts arrive as str, or as bytes where they are not valid UTF-8."""
    return text.encode() if isinstance(text, str) else bytes(text)


class Client:
    """One connection; one request at a time. Notifications are handed to `on_notification`."""

    def __init__(self, path, on_notification=None, timeout_s=600):
        self.socket_ = socket.socket(socket.AF_UNIX)
        self.socket_.settimeout(timeout_s)
        self.socket_.connect(str(path))
        self.unpacker_ = msgpack.Unpacker(raw=False, max_buffer_size=MAX_ANSWER_BYTES)
        self.on_notification_ = on_notification
        self.next_id_ = 1

    def request(self, method, **params):
        return self.answer(self.send(method, **params))

    def send(self, method, **params):
        """Sends without waiting: answer() takes the number that comes back."""
        request = self.next_id_
        self.next_id_ += 1
        self.socket_.sendall(msgpack.packb([0, request, method, [params]], use_bin_type=True))
        return request

    def answer(self, request):
        while True:
            message = self.receive_()
            if message[0] == 2:
                if self.on_notification_:
                    self.on_notification_(message[1], message[2][0])
            elif message[1] == request:
                if message[2] is not None:
                    raise RpcError(message[2])
                return message[3]

    def arrived(self, timeout_s=0.0):
        """What comes within the time, as soon as something does: a list of messages, for those who
        send() and look after the answers themselves."""
        while select.select([self.socket_], [], [], max(0.0, timeout_s))[0]:
            block = self.socket_.recv(READ_BYTES)
            if not block:
                raise ConnectionError("the daemon closed the connection")
            self.unpacker_.feed(block)
            messages = list(self.unpacker_)
            if messages:
                return messages
        return []

    def receive_(self):
        while True:
            for message in self.unpacker_:
                return message
            block = self.socket_.recv(READ_BYTES)
            if not block:
                raise ConnectionError("the daemon closed the connection")
            self.unpacker_.feed(block)

    def close(self):
        self.socket_.close()


class Daemon:
    """understoryd on a private socket for the length of a `with` block; yields a Client."""

    def __init__(self, model, program=None, device=None, context=None, launcher=(), log=None,
                 ready_timeout_s=300):
        self.model_ = model
        self.program_ = program or find_program()
        self.device_ = device
        self.context_ = context
        self.launcher_ = list(launcher)  # e.g. [peer.sh, run]
        self.log_ = log
        self.ready_timeout_s_ = ready_timeout_s

    def __enter__(self):
        self.folder_ = tempfile.mkdtemp(prefix="understory-bench-")
        self.path = os.path.join(self.folder_, "d.sock")
        command = self.launcher_ + [str(self.program_), "--model", str(self.model_),
                                    "--socket", self.path]
        if self.device_:
            command += ["--device", str(self.device_)]
        if self.context_:
            command += ["--context", str(self.context_)]
        self.output_ = open(self.log_ or os.path.join(self.folder_, "log"), "w+")
        self.process_ = subprocess.Popen(command, stdout=self.output_, stderr=self.output_,
                                         stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            self.client = self.wait_until_ready_()
        except BaseException:
            self.__exit__()
            raise
        return self.client

    def wait_until_ready_(self):
        deadline = time.monotonic() + self.ready_timeout_s_
        client = None
        while time.monotonic() < deadline:
            if self.process_.poll() is not None:
                break
            try:
                client = client or Client(self.path)
                status = client.request("status")
                if status["state"] == "ready":
                    return client
                if status["state"] == "failed":
                    raise RuntimeError(f"understoryd: {status.get('error')}")
            except (FileNotFoundError, ConnectionError):
                client = None
            time.sleep(0.05)  # between polls of a condition
        self.output_.seek(0)
        raise RuntimeError("understoryd did not become ready; its log says:\n"
                           + self.output_.read()[-4000:])

    def __exit__(self, *_):
        if self.process_.poll() is None:
            self.process_.terminate()
            try:
                self.process_.wait(20)
            except subprocess.TimeoutExpired:
                self.process_.kill()
                self.process_.wait()
        self.output_.close()
        shutil.rmtree(self.folder_, ignore_errors=True)


def find_program(name="understoryd"):
    path = REPO / "build" / "release" / "bin" / name
    found = str(path) if path.exists() else shutil.which(name)
    if not found:
        raise SystemExit(f"error: no {name} in build/release/bin or PATH; build it, or name it")
    return found


def commit():
    """Short hash of the checkout, with a plus where tracked files differ from it."""
    git = ["git", "-C", str(REPO)]
    hash_ = subprocess.run(git + ["rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    dirty = subprocess.run(git + ["diff", "--quiet", "HEAD", "--", "kernels", "daemon"])
    return hash_.stdout.strip() + ("+" if dirty.returncode else "")
