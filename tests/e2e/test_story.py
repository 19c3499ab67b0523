"""Story trees through the socket: several clients, other editors, generation, and kill -9."""
import json
import os
import pathlib
import random
import signal
import unittest

from harness import Client, Daemon, DaemonTest, RpcError


class Stories(DaemonTest):
    def setUp(self):
        super().setUp()
        self.document = self.daemon.folder / f"{self.id().rsplit('.', 1)[-1]}.md"

    def open(self, text=None, client=None, **params):
        if text is not None:
            self.document.write_bytes(text.encode() if isinstance(text, str) else text)
        opened = (client or self.client).call("story.open", document=str(self.document), **params)
        self.story = opened["story"]
        return opened

    def call(self, method, **params):
        return self.client.call(f"story.{method}", story=self.story, **params)

    def text(self):
        return self.call("text")["text"]

    def refused(self, method, **params):
        with self.assertRaises(RpcError) as caught:
            self.client.call(method, **params)
        return caught.exception

    def test_a_document_becomes_a_story_and_stays_plain_text(self):
        opened = self.open("# One\n\nRain.\n\n# Two\n\nSun.\n")
        self.assertTrue(opened["created"] and opened["merged"] and opened["beside_document"])
        self.assertEqual(opened["sidecar"], str(self.document) + ".story")
        path = self.call("path")["nodes"]
        self.assertEqual([n["offset"] for n in path], [0, 0, 14])
        self.assertEqual(self.document.read_text(), "# One\n\nRain.\n\n# Two\n\nSun.\n")
        again = self.open()
        self.assertFalse(again["created"] or again["merged"])

    def test_what_another_editor_wrote_is_merged_on_opening(self):
        self.open("She waited. It rained.")
        branch = self.call("branch", offset=11, text=" It snowed.")
        self.client.call("story.close", story=self.story)
        opened = self.open("She had waited. It snowed.")
        self.assertTrue(opened["merged"])
        self.assertEqual(self.text(), "She had waited. It snowed.")
        self.assertEqual(self.call("choose", to="previous")["splice"]["text"], "rain")
        self.assertEqual(self.text(), "She had waited. It rained.")
        self.assertIn(branch["nodes"][0], [n["id"] for n in self.call("nodes")["nodes"]])

    def test_bytes_are_exact(self):
        odd = b"caf\xc3\xa9 \xff\x00\r\n"
        self.open(odd)
        self.assertEqual(self.text(), odd)
        self.call("sync", text=odd + b"\xc3")
        self.assertEqual(self.text(), odd + b"\xc3")
        self.assertEqual(self.call("export", format="text")["text"], odd + b"\xc3")

    def test_other_clients_hear_what_changed(self):
        self.open("One.")
        with Client(self.daemon.socket) as other:
            opened = other.call("story.open", document=str(self.document), create=False)
            self.assertEqual(opened["story"], self.story)
            done = self.call("edit", edits=[{"offset": 4, "text": " Two."}])
            heard = other.notification("story.changed")
            self.assertEqual(heard["story"], self.story)
            self.assertEqual(heard["splice"], {"offset": 4, "length": 0, "text": " Two."})
            self.assertEqual(heard["revision"], done["revision"])
            # The other one is behind, is told so, and catches up.
            behind = other.call("story.sync", story=self.story, text="One!",
                                revision=opened["revision"])
            self.assertFalse(behind["applied"])
            self.assertEqual(self.text(), "One. Two.")
        self.assertEqual(self.client.notifications, [])

    def test_operations_and_their_undo(self):
        self.open("It was late. She left.")
        self.call("branch", offset=12, text=" He stayed.")
        leaf = self.call("path")["nodes"][-1]["id"]
        self.call("mark", node=leaf, name="he", bookmarked=True)
        self.call("prune", node=leaf)
        self.assertEqual(self.text(), "It was late.")
        self.assertEqual([n["name"] for n in self.call("trash")["nodes"]], ["he"])
        self.call("restore", node=leaf)
        paths = self.call("paths")["nodes"]
        self.assertEqual([n["offset"] for n in paths], [22, 23])
        ids = [n["id"] for n in paths]
        compared = self.call("compare", nodes=ids)
        self.assertEqual(compared["texts"], [" She left.", " He stayed."])
        hunks = self.call("diff", a=ids[0], b=ids[1])["hunks"]
        self.assertTrue(any(h["b_text"] == "He stayed" for h in hunks), hunks)
        found = self.call("search", query="HE")["matches"]
        self.assertEqual([m["match"] for m in found], ["he", "He"])
        kinds = [s["kind"] for s in self.call("history")["steps"]]
        self.assertEqual(kinds, ["restore", "prune", "mark", "branch", "sync"])
        for kind in kinds:
            self.assertEqual(self.call("undo")["kind"], kind)
        self.assertEqual(self.call("undo")["kind"], "")
        self.assertEqual(self.text(), "")
        for kind in reversed(kinds):
            self.assertEqual(self.call("redo")["kind"], kind)
        self.call("choose", node=leaf)
        self.assertEqual(self.text(), "It was late. He stayed.")

    def test_generated_children_can_be_made_again(self):
        self.open("The door at the end of the corridor had been locked")
        request = self.client.send("story.generate", story=self.story,
                                   complete={"n": 3, "max_tokens": 6, "temperature": 0.9}, choose=1)
        made = self.client.answer(request)
        chunks = [m for method, (m,) in self.client.notifications if method == "chunk"]
        self.assertEqual({c["request"] for c in chunks}, {request})
        texts = [b["text"] for b in made["branches"]]
        nodes = [self.call("node", node=n)["node"] for n in made["nodes"]]
        self.assertEqual([n["text"] for n in nodes], texts)
        self.assertTrue(self.text().endswith(texts[1]))
        for node, branch in zip(nodes, made["branches"]):
            self.assertEqual(node["origin"], "model")
            (how,) = node["generations"]
            self.assertEqual(how["seed"], branch["seed"])
            self.assertAlmostEqual(how["mean_logprob"], branch["mean_logprob"], places=5)
            self.assertAlmostEqual(json.loads(how["params"])["temperature"], 0.9, places=5)
            again = self.call("generate", again=node["id"])
            self.assertEqual(again["nodes"], [node["id"]])
            self.assertEqual(again["kind"], "")
        self.assertEqual(len(self.call("nodes", depth=9)["nodes"]), 5)
        self.call("undo")
        self.assertEqual(len(self.call("nodes", depth=9)["nodes"]), 2)

    def test_generation_is_cancelled(self):
        self.open("Once")
        request = self.client.send("story.generate", story=self.story,
                                   complete={"max_tokens": 200, "stream": True})
        self.client.notification("chunk")
        self.assertTrue(self.client.call("cancel", request=request)["cancelled"])
        made = self.client.answer(request)
        self.assertEqual(made["branches"][0]["finish_reason"], "cancelled")

    def test_trees_of_other_programs_come_in_and_go_out(self):
        self.open("")
        tree = {"root": {"text": "", "mutable": False, "children": [
            {"text": "A", "id": "a", "children": [{"text": "B"}, {"text": "C", "id": "c"}]}]},
            "selected_node_id": "c"}
        self.call("import", text=json.dumps(tree), choose=True)
        self.assertEqual(self.text(), "AC")
        out = json.loads(self.call("export", format="pyloom")["text"])
        self.assertEqual([c["text"] for c in out["root"]["children"][0]["children"]], ["B", "C"])
        file = self.daemon.folder / "tree.json"
        file.write_text(self.call("export", format="json")["text"])
        self.call("import", path=str(file), parent=self.call("path")["nodes"][1]["id"])
        self.assertEqual(len(self.call("paths")["nodes"]), 4)

    def test_settings_are_kept_with_the_story(self):
        self.open("x")
        self.call("set", key="note", value="a sad story")
        self.assertEqual(self.call("get", key="note")["values"],
                         [{"key": "note", "value": "a sad story"}])
        self.call("set", key="note")
        self.assertEqual(self.call("get")["values"], [])

    def test_what_cannot_be_opened_says_why(self):
        self.assertEqual(self.refused("story.open", document="relative.md").code,
                         "invalid_argument")
        self.assertEqual(self.refused("story.open", document="/no/such/folder/x.md").code,
                         "not_found")
        self.assertEqual(self.refused("story.open", document=str(self.document),
                                      create=False).code, "not_found")
        self.assertEqual(self.refused("story.text", story=4000).code, "not_found")
        foreign = pathlib.Path(str(self.document) + ".story")
        foreign.write_text("notes of mine")
        error = self.refused("story.open", document=str(self.document))
        self.assertEqual(error.code, "io")
        self.assertIn(str(foreign), error.message)
        self.assertEqual(foreign.read_text(), "notes of mine")
        self.open_damaged()

    def open_damaged(self):
        self.document = self.daemon.folder / "damaged.md"
        self.open("some text " * 1000)
        self.client.call("story.close", story=self.story)
        sidecar = pathlib.Path(str(self.document) + ".story")
        data = bytearray(sidecar.read_bytes())
        data[4096:] = os.urandom(len(data) - 4096)
        sidecar.write_bytes(data)
        error = self.refused("story.open", document=str(self.document))
        self.assertEqual(error.code, "io")
        self.assertIn("damaged", error.message)
        self.assertEqual(sidecar.read_bytes(), bytes(data))

    def test_a_busy_story_does_not_hold_up_other_clients(self):
        self.open("")
        tree = {"root": {"text": "", "children": [
            {"text": "word " * 8, "children": []} for _ in range(20000)]}}
        slow = self.client.send("story.import", story=self.story, text=json.dumps(tree))
        with Client(self.daemon.socket) as other:
            other.call("status")
            self.assertNotIn(slow, self.client.answers)
            other.call("hello")
        self.client.answer(slow)


class Kill(unittest.TestCase):
    """kill -9 in the middle of 1,000 random operations: what was answered is there."""

    def operate(self, client, story, rng, text):
        """One operation; the manuscript after it."""
        def call(method, **params):
            return client.call(f"story.{method}", story=story, **params)
        kind = rng.randrange(8)
        if kind == 0:
            return self.spliced(text, call("branch", offset=rng.randrange(len(text) + 1)))
        if kind == 1:
            children = [{"text": f"child {rng.random()} "} for _ in range(3)]
            return self.spliced(text, call("add", children=children, choose=rng.randrange(3)))
        if kind == 2:
            return self.spliced(text, call("choose", to=rng.choice(["next", "previous", "leaf"])))
        if kind == 3:
            return self.spliced(text, call("undo"))
        if kind == 4:
            call("set", key=f"k{rng.randrange(5)}", value=str(rng.random()))
            return text
        at = rng.randrange(len(text) + 1)
        edited = text[:at] + rng.choice(["rain ", "sun. ", "\n\n"]) + text[at + rng.randrange(4):]
        call("sync", text=edited)
        return edited

    @staticmethod
    def spliced(text, done):
        splice = done.get("splice")
        if not splice:
            return text
        at = splice["offset"]
        return text[:at] + splice["text"] + text[at + splice["length"]:]

    def test_no_answered_operation_is_lost(self):
        rng = random.Random(11)
        first = Daemon(ready=False)
        document = first.folder / "novel.md"
        text = ""
        revision = 0
        done = 0
        kills = 0
        daemon = first
        try:
            while done < 1000:
                client = daemon.connect()
                # The document on disk is not there: the tree alone says what was written.
                opened = client.call("story.open", document=str(document))
                self.assertGreaterEqual(opened["revision"], revision)
                story = opened["story"]
                now = client.call("story.text", story=story)["text"]
                # The operation under way may have come through; the last answered one has.
                self.assertTrue(opened["revision"] > revision or now == text,
                                f"after {done} operations and {kills} kills")
                text = now
                for _ in range(rng.randrange(60, 140)):
                    text = self.operate(client, story, rng, text)
                    done += 1
                got = client.call("story.text", story=story)
                self.assertEqual(got["text"], text)
                revision = got["revision"]
                # One more on its way while the daemon is killed.
                client.send("story.sync", story=story, text=text + " cut off")
                daemon.process.send_signal(signal.SIGKILL)
                daemon.process.wait()
                client.close()
                daemon.socket.unlink(missing_ok=True)
                kills += 1
                daemon = Daemon(folder=first.folder, ready=False)
            with daemon.connect() as client:
                story = client.call("story.open", document=str(document))["story"]
                self.assertIn(client.call("story.text", story=story)["text"],
                              (text, text + " cut off"))
        finally:
            daemon.end()
            first.end()
        self.assertGreaterEqual(kills, 7)


if __name__ == "__main__":
    unittest.main()
