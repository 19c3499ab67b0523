"""`understory bridge` and `understory start`, driven as an editor's job would be."""

import json
import os
import select
import signal
import subprocess
import time
import unittest

from harness import MODEL, OPENING, TIMEOUT_S, CliTest, SharedDaemonTest


class Job:
    """A bridge with pipes; reads line by line."""

    def __init__(self, home, *args):
        self.process = home.popen("bridge", *args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        self.buffer = b""

    def send(self, *message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def line(self):
        deadline = time.monotonic() + TIMEOUT_S
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
            assert ready, "no line in time"
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            assert data, "the bridge ended: " + self.process.stderr.read().decode()
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def until(self, matches):
        while True:
            message = self.line()
            if matches(message):
                return message

    def close(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass


def lines_of(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


class Bridge(SharedDaemonTest):

    def job(self, *args):
        job = Job(self.home, *args)
        self.addCleanup(job.close)
        return job

    def run_bridge(self, *lines):
        text = "".join(line + "\n" for line in lines).encode()
        return self.assert_ok(self.home.run("bridge", stdin=text))

    def test_chunks_come_before_the_answer_and_join_to_it(self):
        request = [0, 4, "complete", [{"prefix": OPENING, "max_tokens": 12, "n": 2}]]
        messages = lines_of(self.run_bridge(json.dumps(request)))
        self.assertEqual(messages[-1][:3], [1, 4, None])
        for i, branch in enumerate(messages[-1][3]["branches"]):
            chunks = [m[2][0]["text"] for m in messages[:-1] if m[2][0]["branch"] == i]
            self.assertEqual("".join(chunks), branch["text"])
            self.assertGreater(len(chunks), 1)

    def test_an_input_that_ends_at_once_is_still_answered(self):
        result = self.home.run("bridge", stdin=b'[0, 1, "status", []]')
        self.assertEqual(lines_of(self.assert_ok(result))[0][3]["state"], "ready")

    def test_errors_are_answers_and_the_next_line_works(self):
        messages = lines_of(self.run_bridge(
            '[0, 1, "nonsense", [{}]]', '[0, 2, "complete", [{"n": 99}]]', "no json",
            '[0, 3, "status", {}]', "", '[0, 5, "status", [{}]]'))
        by_id = {m[1]: m for m in messages}
        self.assertEqual(by_id[1][2]["code"], "not_found")
        self.assertEqual(by_id[2][2]["code"], "invalid_argument")
        self.assertEqual(by_id[3][2]["code"], "protocol")
        self.assertEqual(by_id["error"][2][0]["code"], "protocol")
        self.assertEqual(by_id[5][3]["state"], "ready")

    def test_texts_survive_both_ways(self):
        text = "café 漢字 👩‍👩‍👧 \u0301 \u0000 \t \\ \" \r\n end"
        messages = lines_of(self.run_bridge(
            json.dumps([0, 1, "tokenize", [{"text": text}]])))
        ids = messages[0][3]["ids"]
        messages = lines_of(self.run_bridge(json.dumps([0, 1, "detokenize", [{"ids": ids}]])))
        self.assertEqual(messages[0][3]["text"], text)

    def test_half_a_character_comes_with_its_bytes(self):
        ids = lines_of(self.run_bridge(json.dumps([0, 1, "tokenize", [{"text": "漢"}]])))[0][3]["ids"]
        self.assertGreater(len(ids), 1, "the tokenizer splits the character")
        half = lines_of(self.run_bridge(json.dumps([0, 1, "detokenize", [{"ids": ids[:1]}]])))[0][3]
        self.assertEqual(set(half), {"text", "text_base64"})
        self.assertIn("\ufffd", half["text"])

    def test_cancel_stops_a_request(self):
        job = self.job()
        job.send(0, 1, "complete", [{"prefix": OPENING, "max_tokens": 400}])
        job.until(lambda m: m[0] == 2)
        job.send(2, "cancel", [{"request": 1}])
        answer = job.until(lambda m: m[0] == 1)
        self.assertEqual(answer[3]["branches"][0]["finish_reason"], "cancelled")

    def test_a_large_message_is_refused_and_the_connection_goes_on(self):
        messages = lines_of(self.run_bridge(
            json.dumps([0, 1, "score", [{"text": "a" * (5 << 20)}]]), '[0, 2, "status", []]'))
        self.assertEqual(messages[0][1:2] + [messages[0][2]["code"]], [1, "invalid_argument"])
        self.assertEqual(messages[1][3]["state"], "ready")

    def test_it_ends_when_nobody_reads(self):
        job = self.job()
        job.process.stdout.close()
        job.send(0, 1, "status", [])
        self.assertEqual(job.process.wait(timeout=TIMEOUT_S), 0)


class Start(CliTest):

    def test_the_bridge_starts_a_daemon_and_says_when_it_is_gone(self):
        job = Job(self.home, "--model", MODEL)
        self.addCleanup(job.close)
        job.send(0, 1, "status", [])
        os.kill(job.line()[3]["pid"], signal.SIGKILL)
        self.assertEqual(job.process.wait(timeout=TIMEOUT_S), 3)
        self.assertIn(b"the daemon closed the connection", job.process.stderr.read())

    def test_start_waits_until_the_model_is_ready(self):
        started = self.assert_ok(self.home.run("start", "--model", MODEL))
        self.assertIn("the daemon is ready", started.stderr)
        self.assertEqual(started.stdout, b"")
        status = self.home.status()
        self.assertEqual(status["state"], "ready")
        self.assert_ok(self.home.run("start"))
        self.assertEqual(self.home.status()["pid"], status["pid"], "one daemon")

    def test_a_daemon_that_cannot_start_is_explained(self):
        for command in ("start", "bridge"):
            result = self.home.run(command, "--model", "/nonexistent.gguf")
            self.assertEqual(result.returncode, 3)
            self.assertIn("/nonexistent.gguf", result.stderr)


if __name__ == "__main__":
    unittest.main()
