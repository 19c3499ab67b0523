"""`understory story`: the tree beside a document, from a script."""

import json
import unittest

from harness import SharedDaemonTest

TREE = {"root": {"text": "", "children": [
    {"text": "Night fell.", "id": "a", "children": [
        {"text": " Zebras slept.", "tags": ["bookmark"]}, {"text": " Ants\nworked.", "id": "c"}]}]},
    "selected_node_id": "c"}


class Story(SharedDaemonTest):
    def setUp(self):
        super().setUp()
        self.document = str(self.home.path(f"{self.id().rsplit('.', 1)[-1]}.md", b"Mine."))
        self.tree = str(self.home.path("tree.json", json.dumps(TREE).encode()))

    def out(self, *args):
        result = self.home.run("story", *args)
        self.assert_ok(result)
        return result.stdout.decode()

    def test_a_tree_is_imported_shown_searched_and_exported(self):
        self.out("import", self.document, self.tree)
        lines = self.out("show", self.document).splitlines()
        self.assertEqual([line.lstrip()[0] for line in lines], ["*", "-", "-", "-"])
        self.assertTrue(lines[0].endswith("Mine."), lines)
        self.assertIn("(bookmark)  Zebras slept.", lines[2])
        self.assertIn(" Ants worked.", lines[3])
        self.assertEqual(self.out("export", self.document), "Mine.")
        found = self.out("search", self.document, "ANTS").splitlines()
        self.assertEqual(len(found), 1)
        node = found[0].split(":")[0]
        self.assertEqual(self.out("export", self.document, "--node", node),
                         "Night fell. Ants\nworked.")
        self.assertEqual(self.out("search", self.document, "ANTS", "--case"), "")
        loom = json.loads(self.out("export", self.document, "--format", "loomsidian"))
        self.assertEqual(len(loom["nodes"]), 4)

    def test_what_is_wrong_is_said(self):
        result = self.home.run("story", "show", self.document)
        self.assertEqual(result.returncode, 1)
        self.assertIn("no story beside", result.stderr)
        self.assertEqual(self.home.run("story").returncode, 2)
        self.assertEqual(self.home.run("story", "export", self.document, "--format",
                                       "pdf").returncode, 2)


if __name__ == "__main__":
    unittest.main()
