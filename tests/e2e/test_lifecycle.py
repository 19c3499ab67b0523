"""Start, stop, crash and restart."""
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from harness import DAEMON, LIMIT_S, MODEL, Client, Daemon, RpcError, wait_for


class Lifecycle(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="us-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def client(self, daemon):
        client = Client(daemon.socket)
        self.addCleanup(client.close)
        return client

    def daemon(self, *args, **options):
        daemon = Daemon(*args, folder=self.folder, **options)
        self.addCleanup(daemon.end)
        return daemon

    def test_sigterm_answers_removes_the_socket_and_ends_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = self.daemon()
            client = self.client(daemon)
            request = client.send("complete", prefix="It was", max_tokens=480)
            client.notification("chunk")
            daemon.signal(number)
            reason = client.answer(request)["branches"][0]["finish_reason"]
            self.assertEqual(reason, "cancelled")
            client.read_to_end()
            self.assertEqual(daemon.wait_end(), 0)
            self.assertFalse(daemon.socket.exists())

    def test_shutdown_is_answered_and_ends_with_0(self):
        daemon = self.daemon()
        other = self.client(daemon)
        with Client(daemon.socket) as client:
            self.assertEqual(client.call("shutdown")["pid"], daemon.process.pid)
            client.read_to_end()
        other.read_to_end()
        self.assertEqual(daemon.wait_end(), 0)
        self.assertFalse(daemon.socket.exists())

    def test_a_client_that_never_reads_does_not_hold_up_the_end(self):
        daemon = self.daemon()
        client = self.client(daemon)
        for _ in range(6):
            client.send("tokenize", text="a stalled reader " * 20_000, pieces=True)
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_end(), 0)

    def test_a_second_daemon_is_refused_and_names_the_first(self):
        first = self.daemon()
        second = self.daemon(ready=False)
        self.assertEqual(second.wait_end(), 1)
        self.assertIn(f"(pid {first.process.pid})", second.log())
        self.assertIn("understory stop", second.log())
        first.wait_ready()

    def test_of_daemons_started_together_one_serves(self):
        daemons = [self.daemon(ready=False) for _ in range(4)]
        wait_for(lambda: sum(d.process.poll() is not None for d in daemons) == 3, "three refusals")
        alive = [d for d in daemons if d.process.poll() is None]
        self.assertEqual({d.process.returncode for d in daemons if d not in alive}, {1})
        alive[0].wait_ready()

    def test_killed_it_leaves_a_socket_that_the_next_one_replaces(self):
        first = self.daemon()
        client = self.client(first)
        first.signal(signal.SIGKILL)
        client.read_to_end()
        first.wait_end()
        self.assertTrue(first.socket.exists())
        second = self.daemon()
        with Client(second.socket) as client:
            self.assertEqual(client.call("status")["pid"], second.process.pid)

    def test_a_file_that_is_no_socket_is_left_alone(self):
        precious = self.folder / "u.sock"
        precious.write_text("chapter one")
        daemon = self.daemon(ready=False)
        self.assertEqual(daemon.wait_end(), 1)
        self.assertIn("no socket", daemon.log())
        self.assertEqual(precious.read_text(), "chapter one")

    def test_a_listener_without_a_lock_is_respected(self):
        stranger = socket.socket(socket.AF_UNIX)
        stranger.bind(str(self.folder / "u.sock"))
        stranger.listen()
        daemon = self.daemon(ready=False)
        self.assertEqual(daemon.wait_end(), 1)
        self.assertIn(f"(pid {os.getpid()})", daemon.log())
        stranger.close()

    def test_only_its_owner_reaches_the_socket(self):
        runtime = self.folder / "run"
        runtime.mkdir()
        env = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(self.folder)}
        process = subprocess.Popen([DAEMON, "--model", MODEL], env=env, stderr=subprocess.DEVNULL)
        try:
            path = runtime / "understory/understoryd.sock"
            wait_for(path.exists, "the default socket")
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)
        finally:
            process.terminate()
            self.assertEqual(process.wait(timeout=LIMIT_S), 0)

    def test_a_model_that_cannot_load_is_told_to_clients_and_ends_with_1(self):
        (self.folder / "story.gguf").write_text("It was a dark and stormy night. " * 99)
        for model, code in ((self.folder / "story.gguf", "bad_model"),
                            (self.folder / "absent.gguf", "not_found")):
            daemon = self.daemon(model=model, ready=False)
            with daemon.connect() as client:
                client.call("hello", progress=True)
                status = wait_for(
                    lambda: (s := client.call("status"))["state"] != "loading" and s, "failing")
                self.assertEqual(status["state"], "failed")
                self.assertEqual(status["error"]["code"], code)
                self.assertIn(str(model), status["error"]["message"])
                with self.assertRaises(RpcError) as caught:
                    client.call("complete", prefix="It")
                self.assertEqual(caught.exception.code, code)
            self.assertEqual(daemon.wait_end(), 1)
            self.assertIn(status["error"]["message"], daemon.log())
            self.assertFalse(daemon.socket.exists())

    def test_progress_is_reported_until_ready(self):
        daemon = self.daemon(ready=False)
        with daemon.connect() as client:
            hello = client.call("hello", progress=True)
            if hello["state"] == "loading":
                last = client.notification("progress", lambda m: m["state"] != "loading")
                self.assertEqual((last["state"], last["progress"]), ("ready", 1.0))
            self.assertEqual(client.call("status")["state"], "ready")
            fractions = [p[0]["progress"] for _, p in client.notifications]
            self.assertEqual(fractions, sorted(fractions))

    def test_sigterm_while_loading_ends_with_0(self):
        daemon = self.daemon(ready=False)
        daemon.connect().close()
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait_end(), 0)
        self.assertFalse(daemon.socket.exists())

    def test_idle_exit_ends_a_daemon_that_nobody_needs(self):
        daemon = self.daemon("--idle-exit", "1", ready=False)
        with daemon.connect() as client:
            client.call("status")
        self.assertEqual(daemon.wait_end(), 0)


class Configuration(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="us-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.config = self.folder / "config/understory/config.toml"
        self.config.parent.mkdir(parents=True)

    def test_the_file_configures_and_options_win(self):
        self.config.write_text(f'model = "{MODEL}"\ncontext = 128\n')
        with Daemon("--context", "64", folder=self.folder, model=None) as daemon:
            with Client(daemon.socket) as client:
                self.assertEqual(client.call("status")["model"]["context"], 64)
        with Daemon(folder=self.folder, model=None) as daemon:
            with Client(daemon.socket) as client:
                self.assertEqual(client.call("status")["model"]["context"], 128)

    def test_without_any_model_named_the_bundled_one_is_found(self):
        with Daemon(folder=self.folder, model=None) as daemon:
            with Client(daemon.socket) as client:
                self.assertIn("understory-", client.call("status")["model"]["path"])

    def run_daemon(self, *args):
        env = {**os.environ, "XDG_CONFIG_HOME": str(self.folder / "config")}
        return subprocess.run([DAEMON, "--socket", str(self.folder / "u.sock"), *args], env=env,
                              capture_output=True, text=True, timeout=LIMIT_S)

    def test_mistakes_in_the_file_are_told_with_file_and_line(self):
        for text, words in (("\nmodle = 1", ":2: there is no setting 'modle'"),
                            ("context = 'long'", ":1: 'context' must be a whole number"),
                            ("context = -1", ":1: 'context' must be a whole number"),
                            ("model = 3", ":1: 'model' must be a string"),
                            ("model = ", ":1: ")):
            with self.subTest(text=text):
                self.config.write_text(text)
                result = self.run_daemon()
                self.assertEqual(result.returncode, 2)
                self.assertIn(str(self.config) + words, result.stderr)

    def test_usage_errors_end_with_2_and_help_with_0(self):
        self.assertEqual(self.run_daemon("--contxt", "1").returncode, 2)
        self.assertEqual(self.run_daemon("--context", "long").returncode, 2)
        self.assertEqual(self.run_daemon("--config", "/nowhere.toml").returncode, 2)
        help_text = self.run_daemon("--help")
        self.assertEqual(help_text.returncode, 0)
        self.assertIn("Examples:", help_text.stdout)
        version = self.run_daemon("--version")
        self.assertEqual((version.returncode, version.stdout.strip()), (0, "0.1.0"))


if __name__ == "__main__":
    unittest.main()
