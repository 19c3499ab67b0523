"""What a writer's editor does: notes beside the text, typing through what is suggested."""
import unittest

from harness import Daemon, DaemonTest, RpcError, wait_for

OPENING = "The door at the end of the corridor had been locked for as long as"
PARAGRAPH = "She went down to the kitchen and found her father at the table, reading. "


def story(n):
    return "".join(f"Chapter {i}. {PARAGRAPH * 2}\n\n" for i in range(n))


class Writing(DaemonTest):
    DAEMON_ARGS = ("--prefetch-tokens", "24")

    def engine(self):
        return self.client.call("status")["engine"]

    def wait_prefetched(self, n):
        wait_for(lambda: self.engine()["prefetched_tokens"] >= n, "thinking ahead")

    def test_notes_stay_when_old_text_is_dropped(self):
        text = story(400)
        notes = "A quiet story about a father and his daughter."
        plain = self.client.call("complete", prefix=text, max_tokens=1, seed=1)
        noted = self.client.call("complete", prefix=text, notes=notes, max_tokens=1, seed=1)
        for answer in (plain, noted):
            self.assertGreater(answer["context"]["dropped_bytes"], 0)
            self.assertGreater(answer["timings"]["dropped_tokens"], 0)
            self.assertLess(answer["timings"]["prompt_tokens"], answer["context"]["size"])
        self.assertEqual(plain["context"]["notes_tokens"], 0)
        self.assertGreater(noted["context"]["notes_tokens"], 5)
        # Pinned: the same notes once more cost nothing, though the text moved on.
        again = self.client.call("complete", prefix=text + " Then", notes=notes, max_tokens=1)
        timings = again["timings"]
        self.assertLessEqual(timings["prompt_tokens"] - timings["cached_tokens"], 4)
        with self.assertRaises(RpcError) as caught:
            self.client.call("complete", prefix=text, notes=text)
        self.assertEqual(caught.exception.code, "invalid_argument")

    def test_notes_change_what_the_model_writes(self):
        ask = dict(prefix=OPENING, max_tokens=1, temperature=0, top=8)
        plain = self.client.call("complete", **ask)["branches"][0]["tokens"][0]["top"]
        noted = self.client.call("complete", notes="Ghosts.", **ask)["branches"][0]["tokens"][0]
        self.assertNotEqual([t["logprob"] for t in plain], [t["logprob"] for t in noted["top"]])

    def test_lorebook_entries_in_play_are_named(self):
        lorebook = [{"keys": ["Ann"], "text": "Ann is the maid."},
                    {"keys": ["Bob"], "text": "Bob is the cook."},
                    {"keys": ["Ann"], "text": "x" * 5000}]
        answer = self.client.call("complete", prefix="So Ann, the one who", max_tokens=1,
                                  lorebook=lorebook)
        self.assertEqual(answer["context"]["lorebook"], [0])
        self.assertEqual(answer["context"]["lorebook_left_out"], [2])
        self.assertGreater(answer["context"]["lorebook_tokens"], 3)

    def test_the_last_part_of_a_long_text_costs_as_little_as_all_of_it(self):
        text = story(400)
        computed = []
        for i in range(12):
            typed = text + "He said that it was late"[:i + 1]
            offset = len(typed) - 20_000
            timings = self.client.call("complete", prefix=typed[offset:], prefix_offset=offset,
                                       max_tokens=1)["timings"]
            computed.append(timings["prompt_tokens"] - timings["cached_tokens"])
        self.assertLessEqual(sorted(computed[1:])[5], 3)

    def suggest(self, max_tokens):
        """How to ask for a document's suggestion, and one that the model could make longer."""
        for i in range(50):
            ask = dict(document=f"chapter {i}", max_tokens=max_tokens)
            branch = self.client.call("complete", prefix=OPENING, **ask)["branches"][0]
            if branch["finish_reason"] == "length" and len(branch["text"]) > 3:
                return ask, branch
        raise AssertionError("the model always ends the text")

    def test_typing_through_computes_nothing(self):
        before = self.engine()["prefetched_tokens"]
        ask, shown = self.suggest(8)
        wait_for(lambda: self.engine()["prefetched_tokens"] > before, "thinking ahead")
        decoded = self.engine()["decoded_tokens"]
        rest = self.client.call("complete", prefix=OPENING + shown["text"][:3], **ask)
        timings = rest["timings"]
        self.assertEqual(rest["typed_through"], 3)
        self.assertTrue(rest["branches"][0]["text"].startswith(shown["text"][3:]))
        self.assertEqual(timings["cached_tokens"], timings["prompt_tokens"])
        self.assertGreater(timings["prefetched"], 0)
        ready = len(rest["branches"][0]["tokens"]) - timings["prefetched"]
        self.assertEqual(self.engine()["decoded_tokens"] - decoded, ready)

    def test_what_is_accepted_goes_on_and_a_seed_does_not_care(self):
        ask, shown = self.suggest(6)
        further = self.client.call("complete", prefix=OPENING + shown["text"], **ask)
        self.assertEqual(further["typed_through"], len(shown["text"].encode()))
        accepted = dict(prefix=OPENING + shown["text"], max_tokens=6, seed=11)
        here = self.client.call("complete", document=ask["document"], **accepted)
        self.assertEqual(here["typed_through"], 0)
        there = self.client.call("complete", prefetch=False, **accepted)
        self.assertEqual(here["branches"][0]["text"], there["branches"][0]["text"])


class ThinkingAhead(unittest.TestCase):
    def test_it_yields_to_work(self):
        with Daemon("--prefetch-tokens", "300") as daemon, daemon.connect() as client:
            def prefetched():
                return client.call("status")["engine"]["prefetched_tokens"]
            client.call("complete", prefix=OPENING, document="d", max_tokens=4)
            wait_for(lambda: prefetched() > 2, "thinking ahead")
            other = client.call("complete", prefix="It was late", max_tokens=2, seed=3)
            self.assertEqual(len(other["branches"]), 1)
            self.assertLess(prefetched(), 300)  # it did not wait for the end


if __name__ == "__main__":
    unittest.main()
