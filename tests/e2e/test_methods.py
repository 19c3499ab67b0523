"""Every method, called by a client that knows nothing but PROTOCOL.md."""
import math
import unittest

from harness import Client, DaemonTest, RpcError

OPENING = "The door at the end of the corridor had been locked for as long as"


class Methods(DaemonTest):
    def refused(self, method, **params):
        with self.assertRaises(RpcError) as caught:
            self.client.call(method, **params)
        return caught.exception

    def test_hello_tells_who_answers_and_the_limits(self):
        hello = self.client.call("hello", client="test", client_version="1", unknown_key=[1, {}])
        self.assertEqual(hello["server"], "understoryd")
        self.assertEqual(hello["protocol"], 1)
        self.assertEqual(hello["pid"], self.daemon.process.pid)
        self.assertEqual(hello["state"], "ready")
        self.assertEqual(hello["limits"]["max_request_bytes"], 4 << 20)
        self.assertEqual(hello["model"]["architecture"], "llama")
        self.assertTrue(hello["device"]["name"])

    def test_a_client_from_the_future_is_refused(self):
        self.assertEqual(self.refused("hello", protocol=2).code, "unsupported")

    def test_chunks_joined_are_the_branches(self):
        request = self.client.send("complete", prefix=OPENING, n=3, max_tokens=8, seed=7)
        result = self.client.answer(request)
        streamed = ["", "", ""]
        for method, (chunk,) in self.client.notifications:
            self.assertEqual(method, "chunk")
            self.assertEqual(chunk["request"], request)
            streamed[chunk["branch"]] += chunk["text"]
        self.assertEqual(streamed, [b["text"] for b in result["branches"]])
        self.assertEqual(len(set(streamed)), 3)
        for branch in result["branches"]:
            self.assertIn(branch["finish_reason"], ("length", "end_of_text"))
            self.assertEqual("".join(t["text"] for t in branch["tokens"]), branch["text"])
            mean = sum(t["logprob"] for t in branch["tokens"]) / len(branch["tokens"])
            self.assertAlmostEqual(branch["mean_logprob"], mean, places=4)
        timings = result["timings"]
        self.assertGreater(timings["prompt_tokens"], 5)
        self.assertGreater(timings["ttft_ms"], 0)
        self.assertTrue(result["model"] and result["device"])

    def test_a_branch_is_reproduced_by_its_seed(self):
        first = self.client.call("complete", prefix=OPENING, max_tokens=8)["branches"][0]
        again = self.client.call("complete", prefix=OPENING, max_tokens=8,
                                 seed=first["seed"])["branches"][0]
        self.assertEqual(again["text"], first["text"])

    def test_without_stream_there_are_no_chunks(self):
        self.client.call("complete", prefix=OPENING, max_tokens=4, stream=False)
        self.assertEqual(self.client.notifications, [])

    def test_top_lists_the_likeliest_tokens(self):
        result = self.client.call("complete", prefix=OPENING, max_tokens=2, top=5, temperature=0)
        token = result["branches"][0]["tokens"][0]
        self.assertEqual(len(token["top"]), 5)
        logprobs = [t["logprob"] for t in token["top"]]
        self.assertEqual(logprobs, sorted(logprobs, reverse=True))
        self.assertEqual(token["top"][0]["id"], token["id"])

    def test_an_empty_prefix_begins_a_text(self):
        branch = self.client.call("complete", max_tokens=4, suppress=False)["branches"][0]
        self.assertTrue(branch["text"] or branch["finish_reason"] == "end_of_text")

    def test_a_prefix_that_is_not_utf8_is_continued(self):
        result = self.client.call("complete", prefix=OPENING.encode() + b"\xff\xc3", max_tokens=4)
        self.assertEqual(len(result["branches"]), 1)

    def test_absurd_values_are_refused_by_name(self):
        for key, value in (("n", 0), ("n", 17), ("max_tokens", 0), ("max_tokens", 10**6),
                           ("temperature", -1), ("temperature", math.nan), ("temperature", 1e6),
                           ("top_p", 0), ("top_p", 1.5), ("min_p", -0.5), ("min_p", math.inf),
                           ("top", 65), ("top_k", -1), ("n", "three"), ("prefix", 5),
                           ("until", "chapter"), ("min_probability", 2), ("min_margin", math.nan),
                           ("time_budget_ms", -1), ("healing", 1), ("rank", "best"), ("suppress", 1), ("suffix", 5), ("seed", "x")):
            with self.subTest(key=key, value=value):
                error = self.refused("complete", **{key: value})
                self.assertEqual(error.code, "invalid_argument")
                self.assertIn(key, error.message)

    def test_score_is_consistent(self):
        text = "It was the best of times, it was the worst of times."
        score = self.client.call("score", text=text, top=3)
        self.assertEqual("".join(t["text"] for t in score["tokens"]), text)
        offset = 0
        for token in score["tokens"]:
            self.assertEqual(token["byte_offset"], offset)
            offset += len(token["text"].encode())
        self.assertEqual(score["bytes"], len(text))
        nats = -sum(t["logprob"] for t in score["tokens"])
        self.assertAlmostEqual(score["nats"], nats, places=3)
        self.assertAlmostEqual(score["bits_per_byte"], nats / math.log(2) / len(text), places=4)
        self.assertEqual(len(score["tokens"][-1]["top"]), 3)
        self.assertEqual(self.refused("score").code, "invalid_argument")

    def test_tokens_survive_the_round_trip_byte_for_byte(self):
        text = "Caf\u00e9, \u201cyes\u201d \u2014 \u6f22\u5b57\n\n".encode() + b"\xff\xc3("
        tokens = self.client.call("tokenize", text=text, pieces=True)
        pieces = [p.encode() if isinstance(p, str) else p for p in tokens["pieces"]]
        self.assertEqual(b"".join(pieces), text)
        back = self.client.call("detokenize", ids=tokens["ids"])["text"]
        self.assertEqual(back, text)
        self.assertNotIn("pieces", self.client.call("tokenize", text="a"))
        self.assertIn("4294967295", self.refused("detokenize", ids=[1, 2**32 - 1]).message)

    def test_status_counts_what_was_done(self):
        before = self.client.call("status")
        self.client.call("complete", prefix="Once upon", max_tokens=3)
        after = self.client.call("status")
        self.assertEqual(after["state"], "ready")
        self.assertEqual(after["engine"]["completed"], before["engine"]["completed"] + 1)
        self.assertGreater(after["engine"]["prompt_tokens"], before["engine"]["prompt_tokens"])
        self.assertEqual(after["model"]["context"], 512)
        self.assertEqual(after["clients"], 1)
        self.assertGreater(after["memory"]["resident_bytes"], after["model"]["weight_bytes"])
        self.assertGreater(after["memory"]["device_bytes"], after["memory"]["kv_cache_bytes"])
        self.assertGreater(after["engine"]["ttft"]["p50_ms"], 0)
        engine = after["engine"]
        self.assertGreater(engine["kv_blocks_cached"], 0)
        self.assertLessEqual(engine["kv_blocks_cached"], engine["kv_blocks_used"])
        self.assertLessEqual(engine["kv_blocks_used"], engine["kv_blocks_total"])
        self.assertGreaterEqual(engine["kv_evictions"], 0)

    def test_unknown_methods_are_errors_and_unknown_notifications_are_not(self):
        self.client.notify("nvim_error_event", what=1)
        self.client.send_raw(b"\x93\x02\xa1x\x92\x01\x02")  # [2, "x", [1, 2]]
        error = self.refused("story.fly")
        self.assertEqual(error.code, "not_found")
        self.assertIn("story.fly", error.message)

    def test_cancel_stops_a_completion_and_leaves_others(self):
        other = Client(self.daemon.socket)
        long = self.client.send("complete", prefix=OPENING, max_tokens=400, n=4)
        kept = other.send("complete", prefix="She said", max_tokens=12)
        self.client.notification("chunk")
        self.assertTrue(self.client.call("cancel", request=long)["cancelled"])
        result = self.client.answer(long)
        self.assertEqual({b["finish_reason"] for b in result["branches"]} - {"end_of_text"},
                         {"cancelled"})
        self.assertIn(other.answer(kept)["branches"][0]["finish_reason"], ("length", "end_of_text"))
        other.close()
        self.assertFalse(self.client.call("cancel", request=long)["cancelled"])
        self.assertFalse(self.client.call("cancel", request=12345)["cancelled"])
        self.assertEqual(self.refused("cancel").code, "invalid_argument")

    def test_a_newer_completion_of_the_document_cancels_the_older(self):
        old = self.client.send("complete", prefix=OPENING, max_tokens=400, document="a.md")
        self.client.notification("chunk")
        new = self.client.send("complete", prefix=OPENING + " she", max_tokens=4, document="a.md")
        self.assertEqual(self.client.answer(old)["branches"][0]["finish_reason"], "cancelled")
        self.assertIn(self.client.answer(new)["branches"][0]["finish_reason"],
                      ("length", "end_of_text"))

    def test_requests_may_be_notifications(self):
        self.client.notify("complete", request=7, prefix=OPENING, max_tokens=4)
        done = self.client.notification("done", lambda m: m["request"] == 7)
        chunks = [p[0] for name, p in self.client.notifications if name == "chunk"]
        self.assertEqual("".join(c["text"] for c in chunks if c["request"] == 7),
                         done["result"]["branches"][0]["text"])
        self.client.notify("complete", request=8, n=99)
        done = self.client.notification("done", lambda m: m["request"] == 8)
        self.assertEqual(done["error"]["code"], "invalid_argument")

    def test_a_notification_can_be_cancelled_by_one(self):
        self.client.notify("complete", request=9, prefix=OPENING, max_tokens=400)
        self.client.notification("chunk", lambda m: m["request"] == 9)
        self.client.notify("cancel", request=9)
        done = self.client.notification("done", lambda m: m["request"] == 9)
        self.assertEqual(done["result"]["branches"][0]["finish_reason"], "cancelled")

    def test_a_number_in_use_is_refused(self):
        self.client.notify("complete", request=7, prefix=OPENING, max_tokens=400)
        self.client.notify("complete", request=7, prefix=OPENING, max_tokens=1)
        done = self.client.notification("done", lambda m: "error" in m)
        self.assertEqual(done["error"]["code"], "invalid_argument")
        self.client.notify("cancel", request=7)
        done = self.client.notification("done", lambda m: "result" in m)
        self.assertEqual(done["result"]["branches"][0]["finish_reason"], "cancelled")


if __name__ == "__main__":
    unittest.main()
