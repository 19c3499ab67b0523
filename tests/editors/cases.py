"""What every editor must do. Each kind of editor runs all of it (test_*.py)."""
import json
import os
import random
import re
import shutil
import unittest

import editor as editors
from editor import Editor, squeezed
from fake_daemon import FakeDaemon
from harness import Client, Daemon, RpcError
from terminal import wait_for

OPENING = "He had never been so tired, and"
WIDTH = 40  # tokens, as the plugin asks


def squeezed_preview(text):
    """The first words of a node as the tree has them."""
    return " ".join(text.encode()[:60].decode(errors="ignore").split())[:20]


def fnv1a(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return f"{value:016x}"


class EditorTest(unittest.TestCase):
    COMMAND = None   # how to run the editor
    ENV = None
    editor = None

    def is_neovim(self):
        return "nvim" in self.COMMAND[0]

    def open(self, socket, *, check=True, **options):
        options.setdefault("env", self.ENV)
        folder = editors.home()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        editor = Editor(self.COMMAND, folder, socket, **options)
        self.addCleanup(editor.close)
        if check:
            self.addCleanup(lambda: self.assertEqual(editor.complaints(), []))
        return editor


class RealModel(EditorTest):
    """One daemon for the tests of a class; what it says at temperature 0 is asked over a
    connection of our own."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.end)
        cls.client = cls.daemon.connect()
        cls.addClassCleanup(cls.client.close)

    def start(self, **options):
        return self.open(self.daemon.socket, **options)

    def says(self, prefix, until="paragraph", **params):
        params = {"temperature": 0, "max_tokens": WIDTH, "until": until, **params}
        return self.client.call("complete", prefix=prefix, **params)["branches"][0]["text"]

    def completed(self):
        """How many requests the daemon has carried out, once it rests."""
        engine = wait_for(lambda: (e := self.client.call("status")["engine"])["active"] == 0
                          and e["queued"] == 0 and e, "rest")
        return engine["completed"]

    def test_a_suggestion_appears_streams_in_and_is_taken_whole_with_tab(self):
        editor = self.start()
        editor.type("i" + OPENING)
        text = self.says(OPENING)
        self.assertGreater(len(text), 40)
        editor.wait_ghost(text)
        editor.keys("Tab")
        editor.wait("getline('.')", OPENING + text)
        self.assertEqual(editor.saved(), OPENING + text + "\n")

    def test_typing_what_it_says_keeps_it_and_asks_nothing(self):
        editor = self.start()
        editor.type("i" + OPENING)
        text = self.says(OPENING)
        editor.wait_ghost(text)
        completed = self.completed()
        for i, character in enumerate(text[:12]):
            editor.type(character)
            editor.wait_ghost(text[i + 1:])
        editor.keys("BSpace", "BSpace")
        editor.wait_ghost(text[10:])
        editor.idle()
        self.assertEqual(self.completed(), completed)
        editor.keys("Tab")
        self.assertEqual(editor.saved(), OPENING + text + "\n")

    def test_typing_something_else_asks_again(self):
        editor = self.start()
        editor.type("i" + OPENING)
        editor.wait_ghost(self.says(OPENING))
        editor.type(" the Q")
        editor.wait_ghost(self.says(OPENING + " the Q"))

    def test_words_sentences_and_lines_are_taken_one_by_one_and_undone_one_by_one(self):
        editor = self.start()
        editor.type("i" + OPENING)
        text = self.says(OPENING)
        editor.wait_ghost(text)
        words = text.split(" ")
        taken = OPENING
        for word in words[1:3]:
            editor.keys("C-Right")
            taken += " " + word
            editor.wait("getline('.')", taken)
            editor.wait_ghost((OPENING + text)[len(taken):])
        editor.keys("Escape")
        editor.type("u")
        editor.wait("getline('.')", OPENING + " " + words[1])
        editor.type("u")
        editor.wait("getline('.')", OPENING)

    def test_alternatives_are_asked_for_counted_and_gone_through(self):
        editor = self.start(settings="let g:understory_params = #{seed: 7}\n"
                            "imap <F8> <Plug>(understory-previous)")
        editor.type("i" + OPENING)
        first = squeezed(self.says(OPENING, temperature=1.0, seed=7))
        editor.wait_ghost(first)
        editor.keys("C-Up")
        wait_for(lambda: editor.info() in ("2/5", "2/4", "2/3"), lambda: editor.info())
        second = editor.ghost()
        self.assertNotEqual(first, second)
        count = int(editor.info()[2:])
        for i in range(3, count + 1):
            editor.keys("C-Up")
            wait_for(lambda: editor.info() == f"{i}/{count}", f"alternative {i}")
        editor.keys("C-Up")
        editor.wait_ghost(first)
        editor.keys("F8")
        wait_for(lambda: editor.info() == f"{count}/{count}", "the last alternative")
        editor.keys("C-Up")
        editor.wait_ghost(first)
        editor.keys("C-Up")
        editor.wait_ghost(second)
        editor.keys("F8")
        editor.wait_ghost(first)
        editor.keys("C-Up")
        editor.wait_ghost(second)
        editor.keys("Tab")
        self.assertEqual(squeezed(editor.saved()), squeezed(OPENING) + second)

    def test_a_suggestion_of_several_lines_is_shown_below_and_taken_as_it_is(self):
        options = {"seed": 0, "temperature": 1.0, "max_tokens": 60}
        for seed in range(200):
            options["seed"] = seed
            text = self.says(OPENING, until="none", **options)
            if "\n" in text.strip() and len(text) < 400:
                break
        editor = self.start(settings=f"let g:understory_until = 'none' | set autoindent\n"
                            f"let g:understory_max_tokens = 60\n"
                            f"let g:understory_params = #{{seed: {seed}, temperature: 1.0}}")
        editor.type("i  " + OPENING)
        text = self.says("  " + OPENING, until="none", **options)
        editor.wait_ghost(text)
        editor.keys("Tab")
        self.assertEqual(editor.saved(), "  " + OPENING + text + "\n")

    def test_in_the_middle_of_a_line_the_rest_stays_visible(self):
        editor = self.start(text="It was raining when , and nobody came.\n")
        editor.command("call cursor(1, 21)")
        editor.type("i")
        text = self.says("It was raining when ", until="line", suffix=", and nobody came.")
        editor.wait_ghost(text)
        self.assertIn(squeezed("It was raining when " + text + ", and nobody came."),
                      squeezed("".join(editor.terminal.lines())))
        editor.keys("Tab")
        self.assertEqual(editor.saved(), "It was raining when " + text + ", and nobody came.\n")

    def test_dot_repeats_what_was_typed_and_taken_and_registers_stay(self):
        editor = self.start(text=OPENING + "\nanother line\n")
        editor.command("call setreg('\"', 'kept') | call setreg('a', 'letter')")
        editor.type("A and")
        text = self.says(OPENING + " and", suffix="\nanother line")
        editor.wait_ghost(text)
        editor.keys("Tab")
        editor.wait("getline(1)", OPENING + " and" + text)
        editor.type(" so")
        editor.keys("Escape")
        editor.wait("mode()", "n")
        editor.type("j.")
        editor.wait("getline(2)", "another line and" + text + " so")
        self.assertEqual(editor.probe("getreg('\"')"), "kept")
        self.assertEqual(editor.probe("[getreg('0'), getreg('a'), getreg('-')]"),
                         ["kept", "letter", ""])
        self.assertEqual(editor.probe("getreg('.')"), " and" + text + " so")

    def test_undo_and_redo_take_back_and_give_again_what_was_taken(self):
        editor = self.start()
        editor.type("i" + OPENING)
        text = self.says(OPENING)
        editor.wait_ghost(text)
        editor.keys("Tab")
        editor.type("!")
        editor.keys("Escape")
        editor.wait("getline(1)", OPENING + text + "!")
        for expected in (OPENING + text, OPENING, ""):
            editor.type("u")
            editor.wait("getline(1)", expected)
        for expected in (OPENING, OPENING + text, OPENING + text + "!"):
            editor.keys("C-r")
            editor.wait("getline(1)", expected)
        self.assertEqual(editor.ghost(), "")

    def test_a_popup_menu_hides_it_and_keeps_its_keys(self):
        editor = self.start(text="corridor corridors\n")
        editor.type("o" + OPENING)
        wait_for(lambda: editor.ghost(), "a suggestion")
        editor.type(" corr")
        editor.keys("C-n")
        editor.wait("pumvisible()", 1)
        wait_for(lambda: not editor.ghost(), "hidden")
        editor.keys("C-e")
        editor.wait("pumvisible()", 0)
        editor.wait("getline('.')", OPENING + " corr")
        wait_for(lambda: editor.ghost(), "a suggestion again")

    def test_a_menu_that_a_plugin_draws_hides_it_too(self):
        settings = ("lua package.loaded.cmp = {visible = function() return vim.g.menu == 1 end}"
                    if self.is_neovim() else
                    "call mkdir($HOME .. '/coc/autoload/coc', 'p') | set runtimepath+=$HOME/coc\n"
                    "call writefile(['function coc#pum#visible()', 'return g:menu', 'endfunction'],"
                    " $HOME .. '/coc/autoload/coc/pum.vim') | runtime autoload/coc/pum.vim")
        editor = self.start(settings="let g:menu = 0\n" + settings)
        editor.type("i" + OPENING)
        editor.wait_ghost(self.says(OPENING))
        editor.probe("extend(g:, #{menu: 1})->empty()")
        editor.keys("Tab")
        editor.wait("getline('.')", OPENING + "\t")
        editor.idle()
        self.assertEqual(editor.ghost(), "")

    def test_leaving_insert_mode_and_moving_away_hide_it(self):
        editor = self.start(text="\n\n\n")
        editor.type("i" + OPENING)
        editor.wait_ghost(self.says(OPENING))
        editor.keys("Escape")
        wait_for(lambda: not editor.ghost(), "hidden")
        editor.type("A")
        editor.wait_ghost(self.says(OPENING))
        editor.keys("Down")
        editor.wait("line('.')", 2)
        wait_for(lambda: OPENING.split()[1] in "".join(editor.terminal.lines()), "the text")
        editor.keys("C-o")
        editor.type("k")
        editor.keys("End")
        editor.wait_ghost(self.says(OPENING))

    def test_dismissed_it_stays_away_until_something_is_typed(self):
        editor = self.start()
        editor.type("i" + OPENING)
        editor.wait_ghost(self.says(OPENING))
        editor.keys("C-e")
        wait_for(lambda: not editor.ghost(), "hidden")
        editor.idle()
        self.assertEqual(editor.ghost(), "")
        editor.type(" he")
        editor.wait_ghost(self.says(OPENING + " he"))

    def test_what_the_model_knows_of_unicode(self):
        opening = "\t« Café » 漢字 👩‍👩‍👧 e\u0301 she said"
        editor = self.start(text=opening + "\n")
        editor.type("A")
        text = self.says(opening)
        editor.wait_ghost(text)
        editor.keys("C-Right")
        editor.wait("getline('.') !=# getline('.')[:0] && len(getline('.')) > %d"
                    % len(opening.encode()))
        editor.keys("Tab")
        self.assertEqual(editor.saved(), opening + text + "\n")

    def test_read_only_files_are_left_alone(self):
        editor = self.start(text=OPENING + "\n", args=["-R"], check=False)
        editor.type("A")
        editor.keys("Tab")
        editor.wait("getline(1)", OPENING + "\t")
        editor.idle()
        self.assertEqual(editor.ghost(), "")
        # The editor's own warning that the file is read-only, and nothing else.
        self.assertEqual([c for c in editor.complaints() if not c.startswith("W10:")], [])

    def test_what_an_editor_complains_of_is_seen(self):
        editor = self.start(name="program.c", check=False)
        self.assertEqual(editor.complaints(), [])
        editor.command("silent! call understory#no_such_function()")
        editor.wait("v:errmsg =~# 'E117'")
        self.assertEqual(len(editor.complaints()), 1)
        editor.command("let v:errmsg = ''")
        editor.command("echomsg 'left behind'")
        wait_for(lambda: editor.complaints() == ["left behind"], lambda: editor.complaints())

    def test_a_huge_file_costs_what_a_small_one_costs(self):
        line = "He walked on through the rain and thought of nothing at all that evening.\n"
        editor = self.start(text="")
        editor.path.write_text(line * (50 * 1024 * 1024 // len(line)))
        editor.command("silent edit!")
        editor.wait("line('$') > 600000")
        editor.command("call cursor(300000, 1)")
        editor.type("A")
        editor.type(" It was")
        wait_for(lambda: editor.ghost(), "a suggestion")
        editor.wait("strlen(understory#context#gather().prefix) < 10000")
        took = editor.probe("[reltime(), map(range(20), 'understory#context#gather()'), "
                            "reltime()]->{v -> reltimefloat(reltime(v[0], v[2])) / 20}()")
        self.assertLess(took, 0.005)
        editor.keys("Escape")
        editor.command("UnderstoryTree")
        editor.terminal.wait_text("too large for a story tree")
        self.assertEqual(editor.probe("winnr('$')"), 1)

    def test_a_daemon_that_dies_while_one_types_is_started_again(self):
        with Daemon() as daemon:
            editor = self.open(daemon.socket, settings=f"let g:understory_model = '{editors.MODEL}'")
            editor.type("i" + OPENING)
            editor.wait_ghost(self.says(OPENING))
            daemon.process.kill()
            daemon.process.wait()
            editor.type(" the Q")
            editor.wait_ghost(self.says(OPENING + " the Q"))
            editor.keys("Tab")
            self.assertEqual(editor.saved(),
                             OPENING + " the Q" + self.says(OPENING + " the Q") + "\n")
            with Client(daemon.socket) as client:
                client.call("shutdown")

    def test_two_editors_share_one_daemon(self):
        one, two = self.start(), self.start()
        other = "It was raining when"
        one.type("i" + OPENING)
        two.type("i" + other)
        one.wait_ghost(self.says(OPENING))
        two.wait_ghost(self.says(other))
        two.keys("Tab")
        one.keys("Tab")
        self.assertEqual(one.saved(), OPENING + self.says(OPENING) + "\n")
        self.assertEqual(two.saved(), other + self.says(other) + "\n")

    def test_status_names_model_device_and_latency(self):
        editor = self.start(settings="set statusline=%{understory#statusline()}")
        editor.type("i" + OPENING)
        editor.wait_ghost(self.says(OPENING))
        editor.idle()
        self.assertRegex(editor.probe("understory#statusline()"), r"^\S+ \d+ ms$")
        editor.keys("Escape")
        report = editor.probe("understory#status#report()")
        text = "\n".join(" ".join(line) for line in report)
        self.assertEqual({kind for kind, _, _ in report}, {"ok"}, text)
        self.check_health(editor)
        for part in ("daemon", "protocol 1", "model", "device", "first words after"):
            self.assertIn(part, text)
        self.assertEqual([line for _, line, _ in report if "\n" in line], [])

    def test_branches_stream_in_side_by_side_and_one_is_taken(self):
        editor = self.start(text=OPENING + "\n\nThe end.\n", settings="let g:understory_params = {}", columns=120)
        editor.type("$")
        editor.command("UnderstoryBranches 3")
        editor.wait("winnr('$')", 4)
        texts = self.fan_out(editor, 3)
        for i in range(3):
            self.assertIn(f"{i + 1}/3", self.titles(editor))
        editor.keys("Tab")
        editor.type("r")
        wait_for(lambda: self.branches(editor, 3)[1] != texts[1], "written again")
        wait_for(lambda: "writing" not in self.titles(editor), "ready")
        self.assertEqual(self.branches(editor, 3)[0::2], texts[0::2])
        editor.type("eggO")
        editor.type("Edited.")
        editor.keys("Escape")
        editor.wait("mode()", "n")
        edited = self.branches(editor, 3)[1]
        self.assertTrue(edited.startswith("Edited.\n"))
        editor.keys("Enter")
        editor.wait("winnr('$')", 1)
        self.assertEqual(editor.saved(), OPENING + edited + "\n\nThe end.\n")
        editor.command("UnderstoryTree")
        editor.wait("&filetype", "understory-tree")
        self.assertEqual(self.origins(editor), [("typed", OPENING + "Edited.\n"),
                                                ("model", edited[len("Edited.\n"):]),
                                                ("typed", "\n\nThe end.\n")])
        editor.type("q")
        editor.wait("winnr('$')", 1)
        editor.type("u")
        editor.wait("getline(1, '$')", [OPENING, "", "The end."])

    def open_story(self, editor):
        text = editor.probe(f"understory#story#text(bufnr({json.dumps(str(editor.path))}))")
        return self.client.call("story.open", document=str(editor.path), text=text)

    def story_of(self, editor):
        """The nodes below the root, as another client of the daemon sees them."""
        opened = self.open_story(editor)
        nodes = self.client.call("story.nodes", story=opened["story"], texts=True)["nodes"]
        self.client.call("story.close", story=opened["story"])
        return {node["id"]: node for node in nodes if "parent" in node}

    def origins(self, editor):
        """The manuscript in the story tree, by where it is from."""
        opened = self.client.call("story.open", document=str(editor.path), create=False)
        whole = self.client.call("story.text", story=opened["story"], spans=True)
        text, at, parts = whole["text"].encode(), 0, []
        for span in whole["spans"]:
            parts.append((span["origin"], text[at:at + span["bytes"]].decode()))
            at += span["bytes"]
        self.client.call("story.close", story=opened["story"])
        return parts

    def generations(self, editor):
        return [g for node in self.story_of(editor).values() for g in node.get("generations", [])]

    def test_what_was_taken_is_the_models_in_the_story_tree(self):
        self.need_stories()
        editor = self.start(columns=120, rows=30)
        editor.type("i" + OPENING)
        text = self.says(OPENING)
        editor.wait_ghost(text)
        word = re.match(r"\s*\S+", text)[0]
        editor.keys("C-Right")
        editor.wait("getline('.')", OPENING + word)
        editor.wait_ghost(text[len(word):])
        editor.keys("Tab")
        editor.wait("getline('.')", OPENING + text)
        editor.type(" Yes, é.")
        self.assertEqual(editor.saved(), OPENING + text + " Yes, é.\n")
        self.assertEqual(list(editor.folder.glob("*.story")), [], "nobody asked for a tree")
        editor.command("UnderstoryTree")
        editor.wait("&filetype", "understory-tree")
        self.assertEqual(self.origins(editor), [("typed", OPENING), ("model", text),
                                                ("typed", " Yes, é.\n")])
        how, = self.generations(editor)
        self.assertEqual(how["model"], self.client.call("status")["model"]["name"])
        self.assertEqual(how["prompt_hash"], fnv1a(OPENING.encode()))
        self.assertGreater(how["created_ms"], 1700000000000)
        branch = self.client.call("complete", prefix=OPENING, temperature=0, max_tokens=WIDTH,
                                  until="paragraph", seed=how["seed"])["branches"][0]
        self.assertEqual(how["finish_reason"], branch["finish_reason"])
        self.assertAlmostEqual(how["mean_logprob"], branch["mean_logprob"], 4)
        params = json.loads(how["params"])
        self.assertEqual((params["temperature"], params["until"], params["max_tokens"]),
                         (0, "paragraph", WIDTH))
        self.assertTrue({"prefix", "seed", "n", "document"}.isdisjoint(params))

        # From then on it goes into the tree as it is saved, however it was changed in between.
        editor.keys("C-w", "l")
        editor.command("call setline(1, '«' .. getline(1))")
        editor.type("o" + OPENING)
        before = f"«{OPENING}{text} Yes, é.\n{OPENING}"
        more = self.says(before)
        editor.wait_ghost(more)
        editor.keys("Tab")
        editor.wait("getline('.')", OPENING + more)
        editor.keys("Escape", "0", "2", "f", "a")
        editor.saved()
        wait_for(lambda: ("model", more) in self.origins(editor), lambda: self.origins(editor))
        self.assertEqual({g["prompt_hash"] for g in self.generations(editor)},
                         {fnv1a(OPENING.encode()), fnv1a(before.encode())})

    def tree_line(self, editor, text):
        """Puts the cursor of the tree on the line with this text, waited for."""
        literal = json.dumps("\\V" + text.replace("\\", "\\\\"))
        editor.wait(f"search({literal}, 'w') > 0")

    def need_stories(self):
        try:
            self.client.call("story.open", document="/", create=False)
        except RpcError as error:
            if "method" in error.message:
                self.skipTest("this daemon keeps no story trees")

    def test_the_tree_is_moved_merged_hoisted_searched_undone_and_shared(self):
        self.need_stories()
        editor = self.start(text="One.\n", columns=120, rows=30)
        story = self.client.call("story.open", document=str(editor.path), text="One.\n")
        made = self.client.call("story.add", story=story["story"], parent=story["current"],
                                children=[{"text": " Two é."}, {"text": " Three."}])
        two, three = made["nodes"]
        self.client.call("story.add", story=story["story"], parent=two,
                         children=[{"text": " Four."}])
        editor.command("UnderstoryTree")
        editor.wait("&filetype", "understory-tree")
        editor.wait("map(getline(1, '$'), 'trim(v:val, \" *|+\")')",
                    ["the beginning", "One.", "Two é.", "Four.", "Three."])

        editor.type("/four")
        editor.keys("Enter")
        editor.wait("trim(getline('.'))", "Four.")
        editor.type("x")
        self.tree_line(editor, "Three.")
        editor.type("P")
        wait_for(lambda: [n["parent"] for n in self.story_of(editor).values()
                          if n["text"] == " Four."] == [three], "moved")
        editor.wait("trim(getline('.'))", "Four.")
        editor.type("m")
        wait_for(lambda: " Three. Four." in [n["text"] for n in self.story_of(editor).values()],
                 "merged")
        editor.wait("line('$')", 4)
        editor.type("u")
        editor.wait("line('$')", 5)
        editor.keys("C-r")
        editor.wait("line('$')", 4)
        self.tree_line(editor, "Three. Four.")
        editor.type("h")
        editor.wait("line('$')", 1)
        editor.type("H")
        editor.wait("line('$')", 4)
        # What is written meanwhile comes along, and what others do shows by itself.
        editor.keys("C-w", "l")
        editor.type("Gonew line")
        editor.keys("Escape", "C-w", "h")
        self.tree_line(editor, "Two é.")
        editor.keys("Enter")
        source = f"getbufline(bufnr({json.dumps(str(editor.path))}), 1, '$')"
        editor.wait(source, ["One.", " Two é."])
        self.assertIn("new line\n", "".join(n["text"] for n in self.story_of(editor).values()))
        story = self.open_story(editor)
        self.client.call("story.mark", story=story["story"], node=two, name="Elsewhere")
        self.tree_line(editor, "[Elsewhere]")

    def test_branches_are_kept_in_the_story_and_the_tree_does_what_trees_do(self):
        self.need_stories()
        editor = self.start(text=OPENING + "\n\nThe end.\n", columns=120, rows=30,
                            settings="let g:understory_params = {}")
        editor.type("$")
        editor.command("UnderstoryBranches 2")
        editor.wait("winnr('$')", 3)
        kept = self.fan_out(editor, 2)
        editor.type("a")
        editor.wait("understory#branches#title()[0]", "*")
        editor.keys("Tab")
        editor.type("a")
        editor.wait("understory#branches#title()[0]", "*")
        editor.type("q")
        editor.wait("winnr('$')", 1)
        self.assertEqual(editor.probe("getline(1, '$')"), [OPENING, "", "The end."])
        texts = [node["text"] for node in self.story_of(editor).values()]
        self.assertEqual(sorted(texts), sorted([OPENING, "\n\nThe end.\n", *kept]))
        for node in self.story_of(editor).values():
            if node["text"] in kept:
                made = node["generations"][0]
                self.assertEqual(node["origin"], "model")
                self.assertEqual(json.loads(made["params"])["until"], "paragraph")
                self.assertLess(made["mean_logprob"], 0)
                self.assertEqual(made["prompt_hash"], fnv1a(OPENING.encode()))

        editor.command("UnderstoryTree")
        editor.wait("&filetype", "understory-tree")
        editor.wait("line('$')", 5)
        first = squeezed_preview(kept[0])
        self.tree_line(editor, first)
        editor.keys("Enter")
        source = f"bufnr({json.dumps(str(editor.path))})"
        editor.wait(f"getbufline({source}, 1, '$')", (OPENING + kept[0]).split("\n"))
        editor.type("u")
        editor.wait(f"getbufline({source}, 1, '$')", [OPENING, "", "The end."])

        self.tree_line(editor, first)
        editor.type("cGood")
        editor.keys("Enter")
        self.tree_line(editor, "[Good]")
        editor.type("b")
        self.tree_line(editor, "+")
        editor.type("p")
        editor.wait("bufwinnr('understory://node') > 0")
        editor.wait("join(getbufline('understory://node', 1, '$'), ' ')",
                    kept[0].replace("\n", " "))
        self.tree_line(editor, squeezed_preview(kept[1]))
        editor.type("d")
        editor.wait("line('$')", 4)
        editor.type("t")
        editor.wait("line('$')", 1)
        self.tree_line(editor, squeezed_preview(kept[1]))
        editor.type("u")
        editor.wait("getline(1)", "  the trash is empty")
        editor.type("t")
        editor.wait("line('$')", 5)
        self.tree_line(editor, "[Good]")
        editor.type("g")
        # Four are asked for; one that came to nothing is no node.
        editor.wait("line('$') > 5")
        n_written = int(editor.probe("line('$')")) - 5
        self.assertEqual(sum("mean_logprob" in n for n in self.story_of(editor).values()),
                         2 + n_written)
        editor.type("q")
        editor.wait("&filetype", "text")
        self.assertEqual(editor.saved(), OPENING + "\n\nThe end.\n")

    def fan_out(self, editor, n):
        """Texts that can be told apart, written again until they can: they are drawn."""
        for _ in range(20):
            wait_for(lambda: not {"writing", "waiting"} & set(self.titles(editor).split()), "branches")
            texts = self.branches(editor, n)
            if len({squeezed_preview(t) for t in texts if len(t.split()) > 2}) == n:
                return texts
            editor.type("R")
            wait_for(lambda: self.branches(editor, n) != texts, "others")
        self.fail(f"always the same: {texts}")

    def branches(self, editor, n):
        return editor.probe("map(filter(getbufinfo(), 'has_key(v:val.variables, \"understory_branch\")'),"
                            " 'join(getbufline(v:val.bufnr, 1, \"$\"), \"\\n\")')")

    def titles(self, editor):
        return "\n".join(editor.terminal.lines())


    def test_health_is_asked_before_anything_is_written(self):
        editor = self.start(name="program.c")
        self.assertEqual(editor.probe("understory#daemon#state()"), "off")
        self.check_health(editor, "no suggestion asked for yet")

    def check_health(self, editor, text="first words after"):
        if editor.probe("has('nvim')"):
            editor.command("checkhealth understory")
            editor.wait(f"search('{text}', 'n') > 0")
            text = editor.probe("join(getline(1, '$'), \"\\n\")")
            self.assertNotIn("ERROR", text)
        else:
            editor.command("UnderstoryStatus")
            editor.terminal.wait_text(text)
            editor.keys("Enter")


class Anything(EditorTest):
    """A fake daemon says it, or none does."""

    def fake(self, **options):
        folder = editors.home()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        socket = str(folder / "run" / "u.sock")
        fake = FakeDaemon(socket)
        self.addCleanup(fake.close)
        return fake, self.open(socket, **options)

    def test_every_character_is_taken_as_it_is(self):
        text = ("é — “漢字” 👩‍👩‍👧 e\u0301\tx\u0001y <Esc> <CR> | \\ % \x7f"
                "\n\t  - indented\n\n  * list, “…”")
        fake, editor = self.fake(settings="set autoindent smartindent expandtab shiftwidth=2\n"
                                 "set formatoptions+=ro comments=b:*,fb:- textwidth=0\n"
                                 "inoremap “ X\niabbrev é wrong")
        fake.branches = [text]
        editor.type("i    so")
        wait_for(lambda: "indented" in editor.ghost(), lambda: "\n".join(editor.terminal.lines()))
        self.assertIn("“漢字”", editor.ghost())
        editor.keys("Tab")
        self.assertEqual(editor.saved(), "    so" + text + "\n")
        self.assertEqual(editor.probe("[&autoindent, &smartindent, &formatoptions =~# 'r']"),
                         [1, 1, 1])

    def test_pieces_end_where_words_sentences_and_lines_end(self):
        cases = {
            "word": [(" said he", " said"), ("\n\nThe end", "\n\nThe"), ("漢字です", "漢"),
                     ("ing, he", "ing,"), ("é漢", "é"), ("  ", "  ")],
            "sentence": [(" Mr. Hyde ran. He fell.", " Mr. Hyde ran."),
                         (" “Go!” he said. Then", " “Go!”"), (" no end", " no end"),
                         (" one\ntwo. Three", " one\ntwo."), ("これは本。あれ", "これは本。"),
                         (" 3.14 is pi. So", " 3.14 is pi."), (" Well… then", " Well…")],
            "line": [("one\ntwo", "one"), ("\n\ntwo\nthree", "\n\ntwo"), ("one", "one")],
            "all": [("one\ntwo", "one\ntwo")],
        }
        _, editor = self.fake()
        for unit, pairs in cases.items():
            for text, piece in pairs:
                quoted = "\"" + text.replace("\n", "\\n") + "\""
                self.assertEqual(editor.probe(f"understory#cut#piece({quoted}, '{unit}')"), piece)

    def test_long_suggestions_are_shown_whole_and_words_whole_with_linebreak(self):
        words = " ".join(f"word{i}" for i in range(30))
        for after in ("", " after"):
            for linebreak in ("linebreak", "nolinebreak"):
                with self.subTest(after=after, linebreak=linebreak):
                    fake, editor = self.fake(text="Start" + after + "\n", columns=50,
                                             settings=f"set {linebreak} number")
                    fake.branches = [" " + words + "\nbelow " + words]
                    editor.command("call cursor(1, 6)")
                    editor.type("i" if after else "A")
                    editor.wait_ghost(words + "below" + words)
                    shown = editor.terminal.lines()
                    self.assertIn("Start" + squeezed(words) + after.strip() + "below",
                                  squeezed("".join(line[4:] for line in shown)))
                    if linebreak == "linebreak" and not after:
                        for line in shown[:9]:
                            for word in line.split():
                                self.assertIn(word, ["1", "Start", "below", *words.split()])

    def test_the_count_of_alternatives_is_shown_however_full_the_line_is(self):
        for width in range(36, 42):
            with self.subTest(width=width):
                fake, editor = self.fake(columns=40)
                fake.branches = ["a" * (width - 1), "b" * (width - 1)]
                editor.type("i:")
                editor.wait_ghost("a" * (width - 1))
                editor.keys("C-Up")
                wait_for(lambda: editor.info() == "2/2", lambda: editor.info())
                editor.wait_ghost("b" * (width - 1))

    def test_the_wait_follows_the_machine_and_the_writer(self):
        _, editor = self.fake()
        self.assertEqual(editor.probe("understory#pace#delay_ms()"), 60)
        delays = [editor.probe("[understory#pace#rejected(), understory#pace#delay_ms()][1]")
                  for _ in range(20)]
        self.assertEqual(delays[3::5], [60, 120, 240, 480])
        self.assertEqual(delays[4::5], [120, 240, 480, 480])
        self.assertEqual(editor.probe("[understory#pace#accepted(), understory#pace#delay_ms()][1]"), 60)
        self.assertEqual(editor.probe("[understory#pace#measured(1000), understory#pace#delay_ms()][1]"), 600)
        editor.probe("map(range(50), 'understory#pace#measured(9000)')")
        self.assertEqual(editor.probe("understory#pace#delay_ms()"), 1500)

    def test_typing_ahead_of_a_slow_stream_keeps_what_is_right(self):
        fake, editor = self.fake()
        fake.branches = [[" one", " two", " three", " four"]]
        editor.type("iNumbers:")
        editor.wait_ghost("one")
        editor.type(" one tw")
        editor.wait("getline('.')", "Numbers: one tw")
        wait_for(lambda: not editor.ghost(), "nothing known yet")
        fake.go()
        editor.wait_ghost("o")
        fake.go()
        editor.wait_ghost("o three")
        editor.keys("Tab")
        editor.wait("getline('.')", "Numbers: one two three")
        fake.go()
        editor.wait_ghost("four")
        self.assertEqual(len(fake.requests), 1)
        editor.keys("Tab")
        self.assertEqual(editor.saved(), "Numbers: one two three four\n")

    def test_how_text_was_made_is_known_of_what_was_taken_before_the_answer(self):
        fake, editor = self.fake()
        fake.branches = [[" one", " two"]]
        editor.type("iSo")
        editor.wait_ghost("one")
        editor.keys("Tab")
        editor.wait("getline('.')", "So one")
        editor.type("!")
        editor.wait("getline('.')", "So one!")
        fake.go()
        editor.wait("map(values(b:understory_taken), 'v:val.text .. get(v:val.made, \"seed\", 0)')", [" one1"])

    def test_what_was_taken_is_found_again_however_the_text_was_changed(self):
        fake, editor = self.fake(settings="set textwidth=30")
        fake.branches = ["é two three\n\nfour five"]
        editor.type("iOne ")
        editor.wait_ghost("é two three four five")
        editor.keys("Tab")
        listed = ("map(understory#taken#list(bufnr()), "
                  "'strpart(understory#story#text(bufnr()), v:val.offset, v:val.length)')")
        editor.wait(listed, ["é two three\n\nfour five"])
        editor.keys("Escape")
        for change, parts in (("normal! ggOabove", ["é two three\n\nfour five"]),
                              ("2substitute/two/2/", ["é ", " three\n\nfour five"]),
                              ("2substitute/2/zwei/", ["é ", " three\n\nfour five"]),
                              ("undo 2", ["é two three\n\nfour five"]),
                              ("undo 1", [])):
            with self.subTest(change=change):
                editor.command("silent " + change)
                editor.wait(listed, parts)
        editor.command("call setline(1, '') | set filetype=text")
        editor.type("cc")
        fake.branches = [" words that are longer than a line holds"]
        editor.type("First of all:")
        editor.wait_ghost("words that are longer than a line holds")
        editor.keys("Tab")
        editor.wait(listed, [" words that are\nlonger than a line holds"])

    def test_a_branch_that_says_nothing_is_not_taken_or_kept(self):
        fake, editor = self.fake(text="So\n")
        fake.branches, fake.suppressed = [" ", " two"], {0: "punctuation"}
        editor.type("$")
        editor.command("UnderstoryBranches 2")
        editor.terminal.wait_text("r new: nothing worth showing (punct")
        editor.terminal.wait_text("CR take a keep e edit r new")
        for key, said in (("Enter", "nothing to take"), ("a", "nothing to keep")):
            editor.keys(key)
            editor.terminal.wait_text(said)
        editor.keys("Tab", "Enter")
        editor.wait("winnr('$')", 1)
        self.assertEqual(editor.saved(), "So two\n")

    def test_sentences_and_lines_are_taken_by_key_and_a_line_break_is_typed_through(self):
        fake, editor = self.fake()
        fake.branches = [" One. Two, three.\nNext line. Last."]
        editor.type("iZero.")
        editor.wait_ghost("One. Two, three. Next line. Last.")
        editor.keys("C-Down")
        editor.wait("getline(1)", "Zero. One.")
        editor.wait_ghost("Two, three. Next line. Last.")
        editor.keys("BTab")
        editor.wait("getline(1)", "Zero. One. Two, three.")
        editor.wait_ghost("Next line. Last.")
        editor.keys("Enter")
        editor.wait("line('.')", 2)
        editor.wait_ghost("Next line. Last.")
        editor.keys("C-Right")
        editor.wait("getline(2)", "Next")
        editor.wait_ghost("line. Last.")
        self.assertEqual(len(fake.requests), 1)
        editor.keys("Escape")
        for expected in (["Zero. One. Two, three.", ""], ["Zero. One. Two, three."],
                         ["Zero. One."], ["Zero."]):
            editor.type("u")
            editor.wait("getline(1, '$')", expected)

    def test_whatever_keys_come_there_is_no_error_and_undo_goes_back_to_the_file(self):
        text = "One line.\n\nAnother — line, with é and 漢字.\n"
        fake, editor = self.fake(text=text, settings="set linebreak")
        fake.branches = [" one two.", "\n\nThree — “four”. Five", ["x", "y z", "\n  w"], "", " . "]
        editor.command("call setreg('\"', 'put')")
        draw = random.Random(int(os.environ.get("UNDERSTORY_TEST_SEED", 7)))
        keys = ["a", "b", "Space", ".", "é", "Tab", "Tab", "C-Right", "C-Right", "C-Down", "BTab",
                "C-Up", "C-Up", "C-e", "BSpace", "Enter", "Left", "Up", "Down", "End", "C-n", "C-w"]
        for _ in range(40):
            editor.keys("Escape")
            editor.keys(*draw.choice([["i"], ["A"], ["o"], ["u", "A"], ["g", "J", "a"], [".", "A"],
                                      ["d", "w", "i"], ["R"], ["j", "I"], ["p", "a"], ["v", "c"]]))
            for _ in range(draw.randrange(4)):
                editor.keys(*draw.choices(keys, k=draw.randrange(1, 6)))
                fake.go()
                draw.choice([editor.ghost, lambda: editor.probe("1"), editor.idle])()
        for _ in range(100):
            fake.go()
        editor.keys("Escape")
        editor.wait("mode()", "n")
        editor.wait_ghost("")
        editor.command("silent! undo 0")
        editor.wait("getline(1, '$')", text.split("\n")[:-1])

    def test_junk_is_not_shown(self):
        fake, editor = self.fake()
        fake.branches, fake.suppressed = ["......"], {0: "punctuation"}
        editor.type("iSo")
        wait_for(lambda: fake.requests, "a request")
        editor.idle()
        wait_for(lambda: not editor.ghost(), "hidden")
        self.assertEqual(len(fake.requests), 1, "and not asked for again")
        fake.branches, fake.suppressed = [" \n  "], {}
        editor.type("x")
        wait_for(lambda: len(fake.requests) == 2, "a request")
        editor.idle()
        self.assertEqual(editor.ghost(), "")

    def test_tab_and_the_other_keys_fall_back_to_what_they_did(self):
        lua = ("lua vim.keymap.set('i', '<C-Down>', function() return 'FUNC' end, {expr = true})"
               if self.is_neovim() else "inoremap <expr> <C-Down> 'FUNC'")
        fake, editor = self.fake(
            settings="inoremap <expr> <Tab> 'EXPR' .. len(getline('.'))\n"
            "imap <S-Tab> <C-V>u00e9\n" + lua + "\n"
            "autocmd FileType text inoremap <buffer> <C-E> LOCAL")
        fake.branches = [" ghost"]
        editor.keys("i", "Tab")
        editor.wait("getline(1)", "EXPR0")
        wait_for(lambda: editor.ghost(), "a suggestion")
        editor.keys("Tab")
        editor.wait("getline(1)", "EXPR0 ghost")
        editor.idle()
        editor.wait_ghost("ghost")
        editor.keys("C-e")  # dismisses
        wait_for(lambda: not editor.ghost(), "dismissed")
        fake.error = {"code": "internal", "message": "no"}
        editor.keys("C-e", "BTab", "C-Down")
        editor.wait("getline(1)", "EXPR0 ghostLOCALéFUNC")
        editor.keys("Escape")
        editor.command("inoremap <Tab> LATE")
        editor.type("o")
        editor.keys("Tab")
        editor.wait("getline(2)", "LATE")
        editor.keys("Escape")
        editor.command("UnderstoryToggle")
        editor.wait("maparg('<C-E>', 'i')", "LOCAL")
        self.assertEqual(editor.probe("maparg('<Tab>', 'i')"), "LATE")

    def test_keys_are_the_writers_to_choose(self):
        fake, editor = self.fake(settings="imap <C-L> <Plug>(understory-accept)\n"
                                 "let g:understory_keys = #{accept_word: '<C-J>', dismiss: ''}")
        fake.branches = [" one two"]
        editor.type("iSo")
        editor.wait_ghost("one two")
        editor.keys("Tab")
        editor.wait("getline(1)", "So\t")
        editor.wait_ghost("one two")
        editor.keys("C-j")
        editor.wait("getline(1)", "So\t one")
        editor.keys("C-l")
        editor.wait("getline(1)", "So\t one two")
        self.assertEqual(editor.probe("maparg('<C-E>', 'i')"), "")

    def test_it_is_off_in_code_and_on_by_wish(self):
        fake, editor = self.fake(name="program.c")
        fake.branches = [" ghost"]
        editor.type("iint")
        editor.idle()
        self.assertEqual(len(fake.requests), 0)
        self.assertEqual(editor.probe("maparg('<Tab>', 'i')"), "")
        self.assertEqual(editor.probe("exists('#understory_buffer#TextChangedI#<buffer>')"), 0)
        editor.keys("Escape")
        editor.command("UnderstoryToggle buffer")
        editor.type("A main")
        editor.wait_ghost("ghost")
        editor.keys("Escape")
        editor.command("UnderstoryDisable")
        editor.wait("get(b:, 'understory_attached')", 0)
        editor.command("UnderstoryEnable")
        editor.command("set filetype=markdown")
        editor.wait("get(b:, 'understory_attached')", 1)

    def test_the_text_around_the_cursor_and_the_notes_are_sent(self):
        fake, editor = self.fake(text="one\ntwo three\nfour\n", settings=
                                 "let g:understory_notes_file = 'notes.md'\n"
                                 "let g:understory_lorebook = [#{keys: ['Anna'], text: 'A thief.'}]\n"
                                 "let g:understory_params = #{temperature: 0.5, preset: 'focused'}")
        (editor.folder / "notes.md").write_text("Anna is a thief.\n")
        editor.command("let b:understory_notes = ['A dark tale.'] | call cursor(2, 4)")
        editor.type("i!")
        wait_for(lambda: fake.requests, "a request")
        request = fake.requests[-1]
        self.assertEqual(request["prefix"], "one\ntwo!")
        self.assertEqual(request["suffix"], " three\nfour")
        self.assertEqual(request["prefix_offset"], 0)
        self.assertEqual(request["lorebook"], [{"keys": ["Anna"], "text": "A thief."}])
        self.assertEqual(request["notes"], "A dark tale.\nAnna is a thief.")
        self.assertEqual(request["until"], "line")
        self.assertEqual((request["temperature"], request["preset"]), (0.5, "focused"))

    def test_of_a_long_text_the_end_is_sent_and_its_start_stays_from_key_to_key(self):
        fake, editor = self.fake(text="".join(f"line {i} of a long story\n" for i in range(5000)))
        editor.type("Go")
        prefixes = []
        for i in range(3):
            editor.type("x ")
            wait_for(lambda: len(fake.requests) > i, "a request")
            wait_for(lambda: editor.ghost(), "ghost")
            prefixes.append(fake.requests[-1]["prefix"])
        limit = 512 * 8
        for request in fake.requests:
            whole = editor.path.read_text()
            at = request["prefix_offset"]
            self.assertEqual(whole[at:at + 100], request["prefix"][:100])
        for prefix in prefixes:
            self.assertGreater(len(prefix), limit // 2)
            self.assertLessEqual(len(prefix), limit)
            self.assertEqual(prefix[:100], prefixes[0][:100])
        self.assertTrue(prefixes[0].startswith("line "))

    def test_an_error_of_the_daemon_costs_nothing_but_the_suggestion(self):
        fake, editor = self.fake()
        fake.error = {"code": "internal", "message": "no"}
        editor.type("iSo")
        wait_for(lambda: fake.requests, "a request")
        editor.idle()
        fake.error = {"code": "busy", "message": "later"}
        editor.type(" it")
        wait_for(lambda: len(fake.requests) > 3, "tried again")
        fake.error = None
        editor.wait_ghost("text")

    def test_without_a_daemon_one_quiet_message_and_keys_that_work(self):
        folder = editors.home()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        editor = self.open(str(folder / "u.sock"), check=False, program="/nonexistent/understory")
        editor.type("i" + OPENING)
        editor.keys("Tab")
        editor.wait("getline(1)", OPENING + "\t")
        editor.wait("understory#daemon#state()", "failed")
        editor.type("more and more")
        editor.idle()
        complaints = editor.complaints()
        self.assertEqual(len(complaints), 1, complaints)
        self.assertIn("'understory' is not installed", complaints[0])
        self.assertEqual(editor.probe("v:errmsg"), "")
        report = editor.probe("understory#status#report()")
        self.assertEqual([kind for kind, _, _ in report], ["ok", "error", "error", "ok"])
        self.assertEqual(editor.saved(), OPENING + "\tmore and more\n")

    def test_a_model_that_is_not_there_is_named(self):
        folder = editors.home()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        editor = self.open(str(folder / "u.sock"), check=False,
                           settings="let g:understory_model = '/nonexistent.gguf'")
        editor.type("i" + OPENING)
        editor.wait("understory#daemon#state()", "failed")
        complaints = editor.complaints()
        self.assertEqual(len(complaints), 1, complaints)
        self.assertIn("/nonexistent.gguf", complaints[0])
        self.assertEqual(editor.probe("v:errmsg"), "")


def load(loader, command, env=None):
    """All cases for one editor."""
    suite = unittest.TestSuite()
    for case in (RealModel, Anything):
        named = type(case.__name__, (case,), {"COMMAND": command, "ENV": env})
        suite.addTests(loader.loadTestsFromTestCase(named))
    return suite
