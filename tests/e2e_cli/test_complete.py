"""`understory complete` against one daemon."""

import base64
import json
import os
import pty
import signal
import subprocess
import unittest

from harness import OPENING, TIMEOUT_S, SharedDaemonTest

FIXED = ("--seed", "7", "--max-tokens", "24")


def text_bytes(holder):
    if "text_base64" in holder:
        return base64.b64decode(holder["text_base64"])
    return holder["text"].encode()


class Complete(SharedDaemonTest):

    def test_json_has_the_documented_shape(self):
        result = self.json_of("complete", "--json", "--n", "2", "--top", "3", *FIXED, OPENING)
        self.assertEqual({"branches", "timings", "model", "device", "context", "typed_through"},
                         set(result))
        self.assertLessEqual({"prompt_tokens", "cached_tokens", "ttft_ms", "prefill_ms",
                              "decode_ms", "decode_tok_s"}, set(result["timings"]))
        self.assertGreater(result["timings"]["prompt_tokens"], 0)
        self.assertEqual(len(result["branches"]), 2)
        for branch in result["branches"]:
            self.assertEqual({"text", "tokens", "finish_reason", "mean_logprob", "seed"},
                             set(branch) - {"text_base64"})
            self.assertIn(branch["finish_reason"], ("length", "end_of_text"))
            self.assertLessEqual(len(branch["tokens"]), 24)
            mean = sum(t["logprob"] for t in branch["tokens"]) / len(branch["tokens"])
            self.assertAlmostEqual(mean, branch["mean_logprob"], delta=1e-3)
            for token in branch["tokens"]:
                self.assertLessEqual(token["logprob"], 0)
                tops = [t["logprob"] for t in token["top"]]
                self.assertEqual(len(tops), 3)
                self.assertEqual(tops, sorted(tops, reverse=True))
                self.assertGreaterEqual(tops[0] + 1e-4, token["logprob"])

    def test_tokens_join_to_the_text(self):
        result = self.json_of("complete", "--json", "--no-healing", *FIXED, OPENING)
        branch = result["branches"][0]
        self.assertEqual(b"".join(text_bytes(t) for t in branch["tokens"]), text_bytes(branch))

    def test_plain_output_is_the_text_of_the_json(self):
        branch = self.json_of("complete", "--json", *FIXED, OPENING)["branches"][0]
        plain = self.assert_ok(self.home.run("complete", *FIXED, OPENING))
        self.assertEqual(plain.stdout, text_bytes(branch))

    def test_argument_file_and_stdin_are_the_same_text(self):
        expected = self.assert_ok(self.home.run("complete", *FIXED, OPENING)).stdout
        self.assertGreater(len(expected), 0)
        path = self.home.path("opening.txt", OPENING.encode())
        for args, stdin in ((("--file", path), b""), (("-",), OPENING.encode()),
                            ((), OPENING.encode())):
            result = self.assert_ok(self.home.run("complete", *FIXED, *args, stdin=stdin))
            self.assertEqual(result.stdout, expected, args)

    def test_a_branch_is_reproduced_by_its_seed_alone(self):
        three = self.json_of("complete", "--json", "--n", "3", *FIXED, OPENING)["branches"]
        self.assertEqual(len({b["text"] for b in three}), 3, "branches differ")
        again = self.json_of("complete", "--json", "--max-tokens", "24", "--seed",
                             str(three[2]["seed"]), OPENING)["branches"][0]
        self.assertEqual(again["text"], three[2]["text"])

    def test_several_branches_are_listed_in_a_pipe(self):
        three = self.json_of("complete", "--json", "--n", "3", *FIXED, OPENING)["branches"]
        listed = self.assert_ok(self.home.run("complete", "--n", "3", *FIXED, OPENING)).stdout
        expected = b"".join(b"[%d]\n%s\n" % (i + 1, text_bytes(b)) for i, b in enumerate(three))
        self.assertEqual(listed, expected)

    def test_until_word_ends_after_a_word(self):
        branch = self.json_of("complete", "--json", "--until", "word", "--seed", "3",
                              OPENING)["branches"][0]
        self.assertEqual(branch["finish_reason"], "stop")
        self.assertEqual(len(branch["text"].split()), 1)

    def test_an_empty_prefix_begins_a_text(self):
        branch = self.json_of("complete", "--json", *FIXED, "")["branches"][0]
        self.assertGreater(len(branch["tokens"]), 0)

    def test_invalid_utf8_in_the_prefix_is_kept_byte_for_byte(self):
        prefix = b"He said \xff\xfe and \xe2\x80 then"
        result = self.assert_ok(self.home.run("complete", "--echo", *FIXED, "-", stdin=prefix))
        self.assertTrue(result.stdout.startswith(prefix))
        self.assertGreater(len(result.stdout), len(prefix))
        json_result = self.home.run("complete", "--json", *FIXED, "-", stdin=prefix)
        json.loads(self.assert_ok(json_result).stdout.decode("utf-8", errors="strict"))

    def test_a_prompt_longer_than_the_context_loses_its_oldest_text_and_says_so(self):
        text = "\n\n".join(f"On day {i} nothing came." for i in range(400))
        result = self.assert_ok(self.home.run("complete", "--json", *FIXED, "-",
                                              stdin=text.encode()))
        timings = json.loads(result.stdout)["timings"]
        self.assertGreater(timings["dropped_tokens"], 0)
        self.assertIn("oldest", result.stderr)
        context = self.home.status()["model"]["context"]
        self.assertLessEqual(timings["prompt_tokens"], context)

    def test_absurd_sampler_values_name_the_field_and_its_range(self):
        for args, words in ((("--temperature", "-1"), ("temperature", "0", "100")),
                            (("--temperature", "nan"), ("temperature", "0", "100")),
                            (("--top-p", "0"), ("top_p", "1")),
                            (("--top-p", "1.5"), ("top_p", "1")),
                            (("--min-p", "2"), ("min_p", "0", "1")),
                            (("--n", "0"), ("n", "1", "16")),
                            (("--n", "17"), ("n", "1", "16")),
                            (("--max-tokens", "0"), ("max_tokens", "1")),
                            (("--top", "65"), ("top", "64")),
                            (("--until", "chapter"), ("until", "sentence")),
                            (("--top-k", "many"), ("top-k", "many"))):
            with self.subTest(args=args):
                result = self.home.run("complete", *args, OPENING)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertEqual(result.stdout, b"")
                for word in words:
                    self.assertIn(word, result.stderr)

    def test_ctrl_c_leaves_the_beginning_of_the_same_text(self):
        long = ("--seed", "7", "--max-tokens", "300", "--temperature", "0")
        whole = self.assert_ok(self.home.run("complete", *long, OPENING)).stdout
        process = self.home.popen("complete", *long, OPENING, stdout=subprocess.PIPE)
        first = os.read(process.stdout.fileno(), 4096)
        self.assertGreater(len(first), 0)
        process.send_signal(signal.SIGINT)
        got = first + process.communicate(timeout=TIMEOUT_S)[0]
        self.assertEqual(process.returncode, 130)
        self.assertTrue(whole.startswith(got), (got, whole))
        self.assertLess(len(got), len(whole), "it was cut short")
        self.assertEqual(self.home.status()["engine"]["active"], 0)

    def test_ctrl_c_with_json_prints_what_was_made(self):
        process = self.home.popen("complete", "--json", "--timings", "--temperature", "0",
                                  "--max-tokens", "400", OPENING, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        while self.home.status()["engine"]["active"] == 0:
            self.assertIsNone(process.poll(), "it ended before it could be interrupted")
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=TIMEOUT_S)[0]
        self.assertEqual(process.returncode, 130)
        if out:  # nothing is printed where the request was cancelled before its first token
            self.assertEqual(json.loads(out)["branches"][0]["finish_reason"], "cancelled")

    def test_a_closed_pipe_ends_it(self):
        process = self.home.popen("complete", "--temperature", "0", "--max-tokens", "400",
                                  OPENING, stdout=subprocess.PIPE)
        os.read(process.stdout.fileno(), 1)
        process.stdout.close()
        process.wait(timeout=TIMEOUT_S)
        self.assertEqual(self.home.status()["engine"]["active"], 0)


class OnATerminal(SharedDaemonTest):

    def on_terminal(self, *args, env=None):
        master, slave = pty.openpty()
        process = self.home.popen(*args, stdin=subprocess.DEVNULL, stdout=slave,
                                  stderr=subprocess.DEVNULL,
                                  env={"TERM": "xterm-256color", **(env or {})})
        os.close(slave)
        shown = b""
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # Linux's end of file on a terminal
                break
            if not data:
                break
            shown += data
        os.close(master)
        self.assertEqual(process.wait(timeout=TIMEOUT_S), 0)
        return shown.replace(b"\r\n", b"\n")

    def test_ghost_text_is_dim_after_the_plain_prefix(self):
        shown = self.on_terminal("complete", *FIXED, OPENING)
        self.assertTrue(shown.startswith(OPENING.encode() + b"\x1b[2"), shown)
        self.assertTrue(shown.endswith(b"\n"))

    def test_no_color_leaves_plain_text(self):
        shown = self.on_terminal("complete", *FIXED, OPENING, env={"NO_COLOR": "1"})
        self.assertNotIn(b"\x1b", shown)
        self.assertTrue(shown.startswith(OPENING.encode()))

    def test_branches_grow_together_and_stay_numbered(self):
        three = self.json_of("complete", "--json", "--n", "3", *FIXED, OPENING)["branches"]
        shown = self.on_terminal("complete", "--n", "3", *FIXED, OPENING, env={"NO_COLOR": "1"})
        last = shown.rsplit(b"\x1b[J", 1)[1].decode()
        for i, branch in enumerate(three):
            first_word = branch["text"].split()[0]
            line = next(l for l in last.split("\n") if l.startswith(f"  {i + 1} "))
            self.assertIn(first_word, line)

    def test_control_characters_do_not_reach_the_terminal(self):
        shown = self.on_terminal("complete", *FIXED, "A bell \x1b]0;title\x07 rang",
                                 env={"NO_COLOR": "1"})
        self.assertNotIn(b"\x1b", shown)
        self.assertNotIn(b"\x07", shown)


if __name__ == "__main__":
    unittest.main()
