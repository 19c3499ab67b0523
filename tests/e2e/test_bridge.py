"""The bundled model tells the words that stood in a gap of real prose from words that did not."""
import pathlib
import re
import unittest

from harness import DaemonTest

PROSE = pathlib.Path(__file__).parent.parent / "unit/engine/fixtures/prose.txt"
N_CANDIDATES = 5
MIDDLE_WORDS = 8
SUFFIX_WORDS = 12


def passages():
    """(prefix, true middle, suffix), cut between words, about every 150 bytes."""
    words = re.findall(r"\s*\S+", PROSE.read_text())
    for at in range(60, len(words) - MIDDLE_WORDS - SUFFIX_WORDS, 25):
        end = at + MIDDLE_WORDS
        yield "".join(words[at - 60:at]), "".join(words[at:end]), "".join(
            words[end:end + SUFFIX_WORDS])


class Bridge(DaemonTest):
    def test_the_true_bridge_is_ranked_first_well_above_chance(self):
        all_passages = list(passages())
        n = len(all_passages)
        self.assertGreater(n, 30)
        n_first = 0
        for i, (prefix, middle, suffix) in enumerate(all_passages):
            others = [all_passages[(i + k * 7) % n][1] for k in range(1, N_CANDIDATES)]
            place = i % N_CANDIDATES  # the truth's, so that ties favour nobody
            candidates = others[:place] + [middle] + others[place:]
            ranked = self.client.call("rank", prefix=prefix, suffix=suffix, candidates=candidates)
            self.assertEqual(sorted(ranked["order"]), list(range(N_CANDIDATES)))
            n_first += ranked["order"][0] == place
        print(f"the true bridge of {N_CANDIDATES} came first in {n_first} of {n} passages")
        # Chance is a fifth; that twice as many happen by chance has a probability below 0.003.
        self.assertGreater(n_first / n, 2 / N_CANDIDATES)

    def test_branches_are_ranked_and_stay_the_same(self):
        prefix, _, suffix = next(passages())
        asked = dict(prefix=prefix, suffix=suffix, n=4, max_tokens=8, seed=5)
        plain = self.client.call("complete", **asked)
        self.assertNotIn("order", plain)
        self.assertNotIn("bridge_logprob", plain["branches"][0])
        ranked = self.client.call("complete", rank="bridge", **asked)
        self.assertEqual([b["text"] for b in ranked["branches"]],
                         [b["text"] for b in plain["branches"]])
        scores = [b.get("bridge_logprob", -1e9) for b in ranked["branches"]]
        self.assertEqual(ranked["order"], sorted(range(4), key=lambda i: -scores[i]))
        self.assertLess(max(scores), 0)
        # The same judgement as of the texts alone.
        again = self.client.call("rank", prefix=prefix, suffix=suffix,
                                 candidates=[b["text"] for b in ranked["branches"]])
        for branch, candidate in zip(ranked["branches"], again["candidates"]):
            if "suppressed" not in branch:
                self.assertAlmostEqual(branch["bridge_logprob"], candidate["bridge_logprob"], 4)
        # Without a suffix there is nothing to rank by.
        self.assertNotIn("order", self.client.call("complete", prefix=prefix, rank="bridge",
                                                   max_tokens=2))


if __name__ == "__main__":
    unittest.main()
