"""Many clients at once: newest wins, nobody is disturbed, nobody starves."""
import pathlib
import re
import subprocess
import sys
import threading
import unittest

from harness import Client, DaemonTest, LIMIT_S, RpcError, wait_for

BENCH_LOAD = pathlib.Path(__file__).resolve().parents[2] / "bench/load"
OPENING = "The rain had not stopped since"
# More than a prefill of one step, and different for every salt from its beginning on.
LONG = "{} walked along the river, and the river went on without an end. "


def long_text(salt):
    return LONG.format(salt) * 25


class Load(DaemonTest):
    def engine(self):
        return self.client.call("status")["engine"]

    def test_a_newer_completion_ends_the_older_in_the_middle_of_its_prefill(self):
        old = self.client.send("complete", prefix=long_text("Anna"), max_tokens=400, document="a")
        new = self.client.send("complete", prefix=OPENING, max_tokens=3, document="a")
        branch = self.client.answer(old)["branches"][0]
        self.assertEqual((branch["finish_reason"], branch["text"]), ("cancelled", ""))
        self.assertIn(self.client.answer(new)["branches"][0]["finish_reason"],
                      ("length", "end_of_text"))
        self.assertEqual([p for _, p in self.client.notifications if p[0]["request"] == old], [])

    def test_a_connection_closed_during_its_prefill_cancels_it(self):
        before = self.engine()["cancelled"]
        with Client(self.daemon.socket) as gone:
            gone.send("complete", prefix=long_text("Berta"), max_tokens=400)
        wait_for(lambda: self.engine()["cancelled"] > before, "cancelled")
        wait_for(lambda: self.engine()["active"] == 0, "an idle engine")

    def test_others_who_cancel_and_hang_up_do_not_disturb_a_stream(self):
        request = dict(prefix=OPENING, n=2, max_tokens=60, seed=11)
        alone = [b["text"] for b in self.client.call("complete", **request)["branches"]]
        done = threading.Event()
        failures = []

        def disturb(number):
            try:
                turn = 0
                while not done.is_set():
                    turn += 1
                    with Client(self.daemon.socket) as client:
                        # Half of them share the stream's blocks.
                        prefix = OPENING if turn % 2 else long_text(f"{number}-{turn}")
                        first = client.send("complete", prefix=prefix, max_tokens=300, document="d")
                        client.call("cancel", request=first)
                        client.send("complete", prefix=prefix + " he", max_tokens=300, document="d")
                        client.answer(first)
            except (ConnectionError, RpcError, OSError) as error:
                failures.append(repr(error))

        threads = [threading.Thread(target=disturb, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(4):
                self.client.notifications.clear()
                branches = self.client.call("complete", **request)["branches"]
                self.assertEqual([b["text"] for b in branches], alone)
                for i, text in enumerate(alone):
                    streamed = [p[0]["text"] for name, p in self.client.notifications
                                if name == "chunk" and p[0]["branch"] == i]
                    self.assertEqual("".join(streamed), text)
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])

    def test_a_roomful_of_writers_all_get_their_turn(self):
        ran = subprocess.run(
            [sys.executable, "-B", str(BENCH_LOAD), "--socket", str(self.daemon.socket),
             "--clients", "10", "--seconds", "5", "--max-growth-mib", "64"],
            capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        counts = re.search(r"(\d+) requests, (\d+) answered, (\d+) cancelled.*, (\d+) busy, 0 lost",
                           ran.stdout)
        self.assertIsNotNone(counts, ran.stdout)
        sent, answered, cancelled, busy = (int(n) for n in counts.groups())
        self.assertEqual(sent, answered + cancelled + busy)
        self.assertGreater(answered, 0)
        self.assertEqual(busy, 0)
        wait_for(lambda: self.engine()["active"] == self.engine()["queued"] == 0, "an idle engine")


if __name__ == "__main__":
    unittest.main()
