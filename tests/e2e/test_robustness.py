"""Clients that misbehave, and many at once: the others go on."""
import struct
import threading
import unittest

import msgpack

from harness import Client, Daemon, RpcError, wait_for

OPENING = "The rain had not stopped since"


class Robustness(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.end()

    def setUp(self):
        self.witness = Client(self.daemon.socket)

    def tearDown(self):
        # Whatever happened, an innocent connection works on.
        self.assertEqual(self.witness.call("status")["state"], "ready")
        self.assertEqual(len(self.witness.call("complete", prefix=OPENING,
                                               max_tokens=2)["branches"]), 1)
        self.witness.close()

    def client(self):
        client = Client(self.daemon.socket)
        self.addCleanup(client.close)
        return client

    def test_malformed_bytes_close_that_connection_only(self):
        for data in (b"\xc1", b"GET / HTTP/1.1\r\n\r\n", b"\x93\x02\x01\x02", b"\x80", b"\x91\x05",
                     b"\x91" * 40, b"\xdb\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff",
                     b"\xc6" + struct.pack(">I", (4 << 20) + 1), b"\xdf\x7f\xff\xff\xff"):
            with self.subTest(data=data[:8]):
                client = self.client()
                client.send_raw(data)
                client.read_to_end()
                self.assertEqual(client.answers, {})

    def test_a_malformed_request_is_answered_before_the_close(self):
        for data in (b"\x94\x00\x07\xc1", b"\x94\x00\x07\x05\x90", b"\x94\x00\x07\xa1x" + b"\x91" * 40,
                     b"\x94\x00\x07\xa8complete\x91\x81\xa6prefix\xc6\x00\xff\xff\xff"):
            with self.subTest(data=data[:8]):
                client = self.client()
                client.send_raw(data)
                client.read_to_end()
                self.assertEqual(client.answers[7][0]["code"], "protocol")

    def test_bad_params_leave_the_connection_open(self):
        client = self.client()
        client.send_raw(msgpack.packb([0, 5, "complete", [1, 2]]))
        with self.assertRaises(RpcError) as caught:
            client.answer(5)
        self.assertEqual(caught.exception.code, "invalid_argument")
        self.assertEqual(client.call("status")["state"], "ready")

    def test_a_request_arriving_byte_by_byte_is_understood(self):
        client = self.client()
        for byte in msgpack.packb([0, 900, "status", [{}]]):
            client.send_raw(bytes([byte]))
        self.assertEqual(client.answer(900)["state"], "ready")

    def test_a_truncated_request_and_a_hang_up_do_no_harm(self):
        client = self.client()
        client.send_raw(msgpack.packb([0, 1, "complete", [{"prefix": OPENING}]])[:20])
        client.close()

    def test_a_request_of_four_megabytes_passes(self):
        text = "word " * ((4 << 20) // 5 - 100)
        self.assertGreater(len(self.client().call("tokenize", text=text)["ids"]), 100_000)

    def test_a_client_that_does_not_read_is_dropped(self):
        stalled = self.client()
        text = "a stalled reader " * 20_000
        for _ in range(24):
            stalled.send("tokenize", text=text, pieces=True)  # an answer of about 1 MB each
        wait_for(lambda: self.witness.call("status")["clients"] == 1, "the stalled client's end")
        self.assertIn("does not read", self.daemon.log())

    def test_too_many_open_requests_are_busy(self):
        client = self.client()
        requests = [client.send("complete", prefix=OPENING, max_tokens=400) for _ in range(80)]
        refused = 0
        for request in requests:
            client.call("cancel", request=request)
        for request in requests:
            try:
                client.answer(request)
            except RpcError as error:
                self.assertIn(error.code, ("busy", "cancelled"))
                refused += error.code == "busy"
        self.assertGreaterEqual(refused, 16)

    def test_a_closed_connection_cancels_its_work(self):
        before = self.witness.call("status")["engine"]["cancelled"]
        client = self.client()
        client.send("complete", prefix=OPENING, max_tokens=480)
        client.notification("chunk")
        client.close()
        wait_for(lambda: self.witness.call("status")["engine"]["cancelled"] > before, "cancelled")
        wait_for(lambda: self.witness.call("status")["engine"]["active"] == 0, "an idle engine")

    def test_many_clients_get_their_own_words(self):
        alone = {}
        for i in range(8):
            alone[i] = self.witness.call("complete", prefix=f"Chapter {i}.", max_tokens=6,
                                         temperature=0)["branches"][0]["text"]
        failures = []

        def work(i):
            try:
                with Client(self.daemon.socket) as client:
                    for _ in range(3):
                        text = client.call("complete", prefix=f"Chapter {i}.", max_tokens=6,
                                           temperature=0)["branches"][0]["text"]
                        streamed = "".join(p[0]["text"] for _, p in client.notifications)
                        client.notifications.clear()
                        if text != alone[i] or streamed != text:
                            failures.append((i, alone[i], text, streamed))
            except Exception as error:  # reported by the main thread
                failures.append((i, repr(error)))

        threads = [threading.Thread(target=work, args=(i,)) for i in alone]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    unittest.main()
