"""`understory score`, `tokenize`, `detokenize` and `status` against one daemon."""

import base64
import json
import math
import unittest

from harness import OPENING, SharedDaemonTest

MIXED = "“Wait,” she said—and laughed. 你好 👩‍👩‍👧 e\u0301\tend\r\n\n".encode() + b"\xff\x00\xc3"


def text_bytes(holder):
    if "text_base64" in holder:
        return base64.b64decode(holder["text_base64"])
    return holder["text"].encode()


class Score(SharedDaemonTest):

    def test_json_adds_up(self):
        text = "“It was late,” she said, and closed the door.\n".encode()
        path = self.home.path("text.txt", text)
        result = self.json_of("score", "--json", "--top", "2", path)
        self.assertEqual({"tokens", "bytes", "nats", "bits_per_byte"}, set(result))
        self.assertEqual(result["bytes"], len(text))
        self.assertAlmostEqual(result["nats"], -sum(t["logprob"] for t in result["tokens"]),
                               delta=1e-2)
        self.assertAlmostEqual(result["bits_per_byte"],
                               result["nats"] / math.log(2) / len(text), delta=1e-4)
        offset = 0
        for token in result["tokens"]:
            self.assertEqual(token["byte_offset"], offset)
            piece = text_bytes(token)
            self.assertEqual(text[offset:offset + len(piece)], piece)
            offset += len(piece)
            self.assertEqual(len(token["top"]), 2)
        self.assertEqual(offset, len(text))

    def test_prose_is_likelier_than_the_same_words_shuffled(self):
        words = "She opened the door and looked into the dark room.".split()
        prose = self.json_of("score", "--json", "-", stdin=" ".join(words).encode())
        mixed = self.json_of("score", "--json", "-", stdin=" ".join(sorted(words)).encode())
        self.assertLess(prose["nats"], mixed["nats"])

    def test_a_greedy_continuation_scores_as_complete_said(self):
        branch = self.json_of("complete", "--json", "--temperature", "0", "--max-tokens", "8",
                              "--no-healing", OPENING)["branches"][0]
        scored = self.json_of("score", "--json", "-",
                              stdin=(OPENING + branch["text"]).encode())["tokens"]
        made = branch["tokens"]
        tail = scored[-len(made):]
        self.assertEqual([t["id"] for t in tail], [t["id"] for t in made])
        for ours, theirs in zip(tail, made):
            self.assertAlmostEqual(ours["logprob"], theirs["logprob"], delta=0.02)

    def test_the_summary_is_one_line(self):
        result = self.assert_ok(self.home.run("score", "--summary", "-", stdin=OPENING.encode()))
        self.assertEqual(result.stdout.count(b"\n"), 1)
        self.assertIn(b"perplexity", result.stdout)

    def test_a_file_that_is_not_there_is_named(self):
        result = self.home.run("score", "/nowhere/chapter.md")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("/nowhere/chapter.md", result.stderr)


class Tokenize(SharedDaemonTest):

    def test_pieces_join_to_the_bytes(self):
        result = self.json_of("tokenize", "--json", "-", stdin=MIXED)
        self.assertEqual({"tokens"}, set(result))
        self.assertEqual(b"".join(text_bytes(t) for t in result["tokens"]), MIXED)

    def test_detokenize_undoes_tokenize(self):
        ids = self.assert_ok(self.home.run("tokenize", "-", stdin=MIXED)).stdout
        ids = b"\n".join(line.split(b"\t")[0] for line in ids.splitlines())
        again = self.assert_ok(self.home.run("detokenize", stdin=ids))
        self.assertEqual(again.stdout, MIXED)

    def test_an_id_outside_the_vocabulary_is_refused(self):
        result = self.home.run("detokenize", "4000000000")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(result.stdout, b"")

    def test_words_are_no_ids(self):
        result = self.home.run("detokenize", stdin=b"12 cats")
        self.assertEqual(result.returncode, 2)
        self.assertIn("cats", result.stderr)


class Status(SharedDaemonTest):

    def test_json_and_table_tell_the_same(self):
        status = self.json_of("status", "--json")
        self.assertEqual(status["state"], "ready")
        table = self.assert_ok(self.home.run("status")).stdout.decode()
        for value in (status["model"]["name"], status["device"]["name"], str(status["pid"]),
                      str(status["model"]["context"])):
            self.assertIn(value, table)

    def test_no_subcommand_shows_help_with_examples(self):
        result = self.assert_ok(self.home.run())
        self.assertIn(b"Examples:", result.stdout)

    def test_an_unknown_subcommand_is_named_with_those_that_exist(self):
        result = self.home.run("compleat")
        self.assertEqual(result.returncode, 2)
        for word in ("compleat", "complete", "--help"):
            self.assertIn(word, result.stderr)

    def test_a_file_to_write_asks_for_a_terminal(self):
        result = self.home.run("story.md")
        self.assertEqual(result.returncode, 2)
        self.assertIn("terminal", result.stderr)


if __name__ == "__main__":
    unittest.main()
