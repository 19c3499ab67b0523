"""Sampler settings and presets on the bundled model."""
import collections
import unittest

from harness import Client, Daemon, RpcError

OPENING = "The door at the end of the corridor had been locked for as long as"
CONFIG = '[presets.noir]\ntemperature = 0\n'


class Samplers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(config=CONFIG)
        cls.client = Client(cls.daemon.socket)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.daemon.end()

    def complete(self, prefix=OPENING, **params):
        return self.client.call("complete", prefix=prefix, **{"max_tokens": 24, "seed": 3, **params})

    def text(self, **params):
        return self.complete(**params)["branches"][0]["text"]

    def test_presets_are_listed_and_a_wrong_one_is_refused_with_the_list(self):
        self.assertEqual(self.client.call("hello")["presets"], ["base", "focused", "noir", "wild"])
        with self.assertRaises(RpcError) as caught:
            self.complete(preset="nior")
        self.assertEqual(caught.exception.message,
                         "there is no preset 'nior'; there are base, focused, noir, wild")

    def test_presets_set_what_their_keys_would(self):
        self.assertEqual(self.text(preset="base"), self.text())
        self.assertEqual(self.text(preset="noir"), self.text(temperature=0))
        self.assertEqual(self.text(preset="noir", temperature=1), self.text())
        self.assertEqual(self.text(preset="wild"),
                         self.text(temperature=1.4, xtc_probability=0.5, dry_multiplier=0.8))

    def test_every_setting_is_reproducible_branch_by_branch(self):
        for setting in ({"typical_p": 0.5}, {"top_n_sigma": 1}, {"xtc_probability": 0.5},
                        {"repeat_penalty": 1.3}, {"frequency_penalty": 0.5, "presence_penalty": 0.5},
                        {"dry_multiplier": 1, "dry_allowed_length": 1, "dry_breakers": ["\n"]},
                        {"mirostat_tau": 3}, {"mirostat_tau": 5, "temperature": 1.5}):
            with self.subTest(setting=setting):
                branches = self.complete(n=3, **setting)["branches"]
                for branch in branches:
                    self.assertEqual(self.text(**{**setting, "seed": branch["seed"]}),
                                     branch["text"])

    def test_penalties_end_greedy_loops(self):
        def repetitions(**setting):
            words = self.text(temperature=0, prefix="He said no. " * 5, max_tokens=40,
                              **setting).split()
            return max(collections.Counter(zip(words, words[1:], words[2:])).values())
        self.assertGreaterEqual(repetitions(), 3)
        for setting in ({"dry_multiplier": 2}, {"repeat_penalty": 2}, {"presence_penalty": 5}):
            with self.subTest(setting=setting):
                self.assertEqual(repetitions(**setting), 1)

    def test_a_biased_token_comes_always_or_never(self):
        first = self.complete(temperature=0, max_tokens=1)["branches"][0]["tokens"][0]
        other = self.complete(temperature=0, max_tokens=1,
                              logit_bias=[{"id": first["id"], "bias": -100}])
        self.assertNotEqual(other["branches"][0]["tokens"][0]["id"], first["id"])
        always = self.complete(max_tokens=4, logit_bias=[{"text": " the", "bias": 100}])
        self.assertEqual({t["text"] for t in always["branches"][0]["tokens"]}, {" the"})
        with self.assertRaises(RpcError) as caught:
            self.complete(logit_bias=[{"text": "qwertyuiop", "bias": 1}])
        self.assertIn("no single token spells 'qwertyuiop'; its tokens are '",
                      caught.exception.message)

    def test_banned_phrases_never_show_in_chunks_or_result(self):
        bans = ["the", "Had been", " and ", "he w", "”", "was a", "ing"]
        plain = self.complete(n=4, max_tokens=40)["branches"]
        self.assertTrue(any(ban.lower() in b["text"].lower() for b in plain for ban in bans))
        for settings in ({}, {"temperature": 0}, {"xtc_probability": 0.5}, {"n": 4},
                         {"prefix": OPENING + " th"}, {"until": "sentence"}):
            with self.subTest(settings=settings):
                self.client.notifications.clear()
                result = self.complete(**{"n": 2, "max_tokens": 40, "bans": bans, **settings})
                prefix = settings.get("prefix", OPENING)
                streamed = [""] * len(result["branches"])
                for _, (chunk,) in self.client.notifications:
                    streamed[chunk["branch"]] += chunk["text"]
                self.assertEqual(streamed, [b["text"] for b in result["branches"]])
                for text in streamed:
                    for ban in bans:
                        seam = (prefix[len(prefix) - len(ban) + 1:] + text).lower()
                        self.assertNotIn(ban.lower(), seam)

    def test_a_branch_with_bans_is_reproduced_by_its_seed(self):
        setting = {"bans": ["the", "and", "was"], "max_tokens": 40}
        for branch in self.complete(n=3, **setting)["branches"]:
            self.assertEqual(self.text(**{**setting, "seed": branch["seed"]}), branch["text"])

    def test_case_counts_where_it_is_asked_for(self):
        word = self.text(temperature=0).split()[0]
        self.assertNotIn(word, self.text(temperature=0, bans=[word.upper()]))
        self.assertIn(word, self.text(temperature=0, bans=[word.upper()], ban_ignore_case=False))


if __name__ == "__main__":
    unittest.main()
