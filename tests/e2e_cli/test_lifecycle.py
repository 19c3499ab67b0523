"""The daemon that the command line starts: one, reused, ended; and what it says when it fails."""

import os
import pathlib
import signal
import subprocess
import unittest

from harness import BIN, MODEL, OPENING, TIMEOUT_S, CliTest

SHORT = ("--max-tokens", "2", "--model", MODEL, OPENING)
NO_DRIVER = {"VK_ICD_FILENAMES": "/nowhere/icd.json", "VK_DRIVER_FILES": "/nowhere/icd.json"}


def is_running(pid):
    """False also for a process that has ended but that its (foreign) parent has not noticed yet."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def has_ended(pid):
    """True where the process is gone, or waits for its parent to notice."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Lifecycle(CliTest):

    def test_the_first_call_starts_a_daemon_the_second_uses_it_and_stop_ends_it(self):
        first = self.assert_ok(self.home.run("complete", *SHORT))
        self.assertIn("starting understoryd", first.stderr)
        pid = self.home.status()["pid"]
        second = self.assert_ok(self.home.run("complete", *SHORT))
        self.assertNotIn("starting", second.stderr)
        self.assertEqual(self.home.status()["pid"], pid)
        self.assert_ok(self.home.run("stop"))
        self.assertIsNone(self.home.status())
        self.assertFalse(os.path.exists(self.home.socket()))
        self.assertFalse(is_running(pid))

    def test_two_that_start_at_once_start_one_daemon(self):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        both = [self.home.popen("complete", *SHORT, **pipes) for _ in range(2)]
        outputs = [p.communicate(timeout=TIMEOUT_S) for p in both]
        self.assertEqual([p.returncode for p in both], [0, 0], outputs)
        starts = [err for _, err in outputs if b"starting understoryd" in err]
        self.assertEqual(len(starts), 1, outputs)

    def test_a_killed_daemon_is_replaced(self):
        self.assert_ok(self.home.run("complete", *SHORT))
        pid = self.home.status()["pid"]
        os.kill(pid, signal.SIGKILL)
        again = self.assert_ok(self.home.run("complete", *SHORT))
        self.assertIn("starting understoryd", again.stderr)
        self.assertNotEqual(self.home.status()["pid"], pid)

    def test_another_model_than_the_running_one_is_refused_with_the_cure(self):
        self.assert_ok(self.home.run("complete", *SHORT))
        other = self.home.path("other.gguf", b"")
        result = self.home.run("complete", "--model", other, OPENING)
        self.assertEqual(result.returncode, 2, result.stderr)
        for word in ("already", os.path.basename(MODEL), "understory stop"):
            self.assertIn(word, result.stderr)

    def test_status_and_stop_start_nothing(self):
        status = self.home.run("status")
        self.assertEqual(status.returncode, 3)
        self.assertIn("no daemon runs", status.stderr)
        self.assert_ok(self.home.run("stop"))
        self.assertIsNone(self.home.status())

    def test_a_daemon_program_that_is_missing_is_named(self):
        result = self.home.run("complete", *SHORT, env={"UNDERSTORYD": "/nowhere/understoryd"})
        self.assertEqual(result.returncode, 3)
        self.assertIn("/nowhere/understoryd", result.stderr)


class BadModels(CliTest):

    def refused(self, path):
        """What complete says about a model file; no daemon may be left."""
        result = self.home.run("complete", "--model", path, OPENING)
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertEqual(result.stdout, b"")
        notes = ("understory: no daemon was running", "understory: Loading")
        lines = [l for l in result.stderr.splitlines() if not l.startswith(notes)]
        self.assertEqual(len(lines), 2, "a line says what, a line what to do:\n" + result.stderr)
        return "\n".join(lines)

    def model_bytes(self):
        with open(MODEL, "rb") as model:
            return model.read()

    def test_a_path_without_a_file(self):
        self.assertIn("/nowhere/model.gguf", self.refused("/nowhere/model.gguf"))

    def test_a_text_file(self):
        path = self.home.path("notes.gguf", b"It was a dark and stormy night.\n" * 100)
        said = self.refused(path)
        self.assertIn("notes.gguf", said)
        self.assertIn("GGUF", said)

    def test_an_unsupported_architecture_is_named(self):
        changed = self.model_bytes().replace(b"llama", b"mamba", 1)
        said = self.refused(self.home.path("mamba.gguf", changed))
        self.assertIn("mamba", said)
        self.assertIn("llama", said)  # what is supported

    def test_a_truncated_model(self):
        whole = self.model_bytes()
        said = self.refused(self.home.path("half.gguf", whole[:len(whole) // 2]))
        self.assertIn("half.gguf", said)

    def test_after_a_bad_model_a_good_one_starts_at_once(self):
        self.refused("/nowhere/model.gguf")
        self.assert_ok(self.home.run("complete", *SHORT))

    def test_no_vulkan_driver_names_the_package(self):
        result = self.home.run("complete", *SHORT, env=NO_DRIVER)
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("mesa-vulkan-drivers", result.stderr)


class Doctor(CliTest):

    def test_a_healthy_machine(self):
        report = self.json_of("doctor", "--json", "--model", MODEL)
        self.assertTrue(report["healthy"])
        self.assertGreater(len(report["devices"]), 0)
        for device in report["devices"]:
            self.assertGreater(device["decode_tok_s"], 0)
            self.assertGreater(device["memory_bytes"], 0)
            self.assertEqual([k for k, v in device["limits"].items() if v <= 0], [])
        subjects = {check["subject"] for check in report["checks"]}
        self.assertEqual(subjects, {"program", "vulkan", "model", "socket", "daemon", "log",
                                    "terminal"})
        self.assertIsNone(self.home.status(), "it left no daemon")

    def test_without_a_driver_it_names_the_package(self):
        result = self.home.run("doctor", env=NO_DRIVER)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"apt-get install mesa-vulkan-drivers", result.stdout)

    def test_a_locale_that_is_not_utf8_and_an_open_socket_folder_are_found(self):
        os.mkdir(os.path.dirname(self.home.socket()))
        os.chmod(os.path.dirname(self.home.socket()), 0o755)
        result = self.home.run("doctor", "--no-measure", env={"LC_ALL": "C"})
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"LANG=C.UTF-8", result.stdout)
        self.assertIn(b"chmod 700", result.stdout)

    def test_a_missing_model_is_found(self):
        result = self.home.run("doctor", "--model", "/nowhere/model.gguf")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"/nowhere/model.gguf", result.stdout)


class Bench(CliTest):

    def test_json_has_the_documented_shape(self):
        report = self.json_of("bench", "--json", "--model", MODEL, "--runs", "1",
                              "--prompt-tokens", "32", "--decode-tokens", "8")
        figures = ("prefill_tok_s", "decode_tok_s", "decode_gb_s", "memory_gb_s", "ttft_cold_ms",
                   "ttft_warm_ms", "load_ms", "resident_mib")
        self.assertEqual({"model", "device", *figures}, set(report))
        for figure in figures:
            self.assertGreater(report[figure], 0, figure)
        self.assertIsNone(self.home.status(), "it left no daemon")


class Installed(CliTest):

    def test_an_installed_copy_finds_its_own_daemon_and_model(self):
        prefix = self.home.path("prefix")
        subprocess.run(["cmake", "--install", os.path.dirname(BIN), "--prefix", prefix],
                       check=True, stdout=subprocess.DEVNULL)
        program = os.path.join(prefix, "bin", "understory")
        self.assert_ok(self.home.run("complete", "--max-tokens", "2", OPENING, program=program))
        status = self.home.status()
        self.assertTrue(status["model"]["path"].startswith(prefix), status["model"]["path"])
        daemon = os.readlink(f"/proc/{status['pid']}/exe")
        self.assertEqual(daemon, os.path.realpath(os.path.join(prefix, "bin", "understoryd")))


if __name__ == "__main__":
    unittest.main()
