"""Where suggestions end and what is not shown, with the real daemon and the bundled model."""
import unittest

from harness import DaemonTest

OPENING = "The door at the end of the corridor had been locked for as long as"
WORDS = "abcdefghijklmnopqrstuvwxyz0123456789'"


def first_words(text, n=3):
    cleaned = "".join(c if c in WORDS else " " for c in text.lower().replace("\u2019", "'"))
    return cleaned.split()[:n]


class Stopping(DaemonTest):
    def complete(self, **params):
        """The branches; what was streamed must be what they say."""
        request = self.client.send("complete", **params)
        branches = self.client.answer(request)["branches"]
        streamed = [""] * len(branches)
        for method, (chunk,) in self.client.notifications:
            if method == "chunk" and chunk["request"] == request:
                streamed[chunk["branch"]] += chunk["text"]
        self.assertEqual(streamed, [b["text"] for b in branches])
        for branch in branches:
            self.assertEqual("".join(t["text"] for t in branch["tokens"]), branch["text"])
        return branches

    def test_a_suggestion_ends_where_it_meets_the_suffix(self):
        free = self.complete(prefix=OPENING, max_tokens=24, temperature=0)[0]["text"]
        words = free.split(" ")
        self.assertGreater(len(words), 8, free)
        # What the model itself goes on with, from its fifth word: it meets that.
        before, suffix = " ".join(words[:5]), " " + " ".join(words[5:])
        met = self.complete(prefix=OPENING, suffix=suffix, max_tokens=24, temperature=0)[0]
        self.assertEqual(met["text"], before)
        self.assertEqual(met["finish_reason"], "stop")
        # Too few tokens to meet it: the overlap goes all the same.
        n_tokens = len(met["tokens"]) + 1
        cut = self.complete(prefix=OPENING, suffix=suffix, max_tokens=n_tokens, temperature=0)[0]
        self.assertEqual(cut["text"], before)
        self.assertEqual(cut["finish_reason"], "length")

    def test_a_suggestion_that_the_suffix_says_is_suppressed(self):
        free = self.complete(prefix=OPENING, max_tokens=24, temperature=0)[0]["text"]
        asked = dict(prefix=OPENING, suffix=free, max_tokens=12, temperature=0)
        hidden = self.complete(**asked)[0]
        self.assertEqual(hidden["suppressed"], "empty")
        self.assertEqual((hidden["text"], hidden["tokens"]), ("", []))
        self.assertNotIn("suppressed", self.complete(suppress=False, **asked)[0])

    def test_a_loop_ends_the_suggestion_after_its_first_round(self):
        # Greedy text of so small a model goes in circles before long.
        asked = dict(prefix=OPENING, max_tokens=200, temperature=0)
        looping = self.complete(suppress=False, **asked)[0]
        self.assertEqual(len(looping["tokens"]), 200)
        tail = looping["text"][-20:]
        self.assertGreater(looping["text"].count(tail), 2, looping["text"])
        cut = self.complete(**asked)[0]
        self.assertEqual(cut["finish_reason"], "repetition")
        self.assertLess(len(cut["tokens"]), 150)
        self.assertTrue(looping["text"].startswith(cut["text"]))
        self.assertLessEqual(cut["text"].count(tail), 2)

    def test_branches_begin_with_different_words(self):
        for seed in range(6):
            branches = self.complete(prefix=OPENING, n=8, max_tokens=10, seed=seed)
            shown = [first_words(b["text"]) for b in branches if "suppressed" not in b]
            self.assertGreater(len(shown), 4)
            for i, words in enumerate(shown):
                self.assertNotIn(words, shown[:i])

    def test_confidence_and_time_end_a_suggestion(self):
        sure = self.complete(prefix=OPENING, max_tokens=24, temperature=0, min_probability=0.2)[0]
        free = self.complete(prefix=OPENING, max_tokens=24, temperature=0)[0]
        self.assertEqual(sure["finish_reason"], "confidence")
        self.assertTrue(free["text"].startswith(sure["text"]))
        self.assertLess(len(sure["tokens"]), 24)
        timed = self.client.call("complete", prefix=OPENING, max_tokens=400, n=8, time_budget_ms=1,
                                 suppress=False)
        self.assertIn("time", [b["finish_reason"] for b in timed["branches"]])


if __name__ == "__main__":
    unittest.main()
