"""A real editor in a terminal, with the plugin, folders of its own and a real daemon."""
import json
import os
import pathlib
import re
import shutil
import tempfile
import time

from terminal import Terminal, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = os.environ["UNDERSTORY_BIN"]
MODEL = os.environ["UNDERSTORY_MODEL"]
GHOST = "5;244"  # UnderstoryGhost, UnderstoryInfo
INFO = "5;67"
# What editors say of files and of undo.
CHATTER = r'^Messages maintainer|^"/.*\d+L|^\d+ (change|more line|line less)|^understory: o(n|ff)|^Running healthchecks|^Already at'

# Every kind has the same configuration. <F9> evaluates what the test asks and disturbs nothing.
VIMRC = r"""
set nocompatible nomore noswapfile laststatus=2 backspace=indent,eol,start encoding=utf-8
set shortmess+=I noshowcmd nomodeline ttimeout ttimeoutlen=20
if has('nvim')
  set shadafile=NONE noautoindent mouse= notermguicolors background=dark
else
  set viminfo=
endif
let g:understory_params = #{temperature: 0}
function! Probe() abort
  let l:file = $HOME .. '/probe'
  let l:question = json_decode(readfile(l:file .. '.question')[0])
  call writefile([json_encode([l:question[0], eval(l:question[1])])], l:file .. '.new')
  call rename(l:file .. '.new', l:file .. '.answer')
endfunction
noremap <F9> <Cmd>call Probe()<CR>
noremap! <F9> <Cmd>call Probe()<CR>
set runtimepath^=PLUGIN
%s
filetype plugin on
"""


def home(parent=None):
    """Folders for one editor, or for several that share them."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="us-", dir=parent))
    for name in ("run", "state", "config", "data"):
        (folder / name).mkdir(mode=0o700)
    return folder


def environment(folder):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("XDG_", "TMUX", "VIM", "NVIM")) and k not in ("UNDERSTORYD",)}
    env.update(HOME=str(folder), XDG_RUNTIME_DIR=str(folder / "run"), LC_ALL="C.UTF-8",
               XDG_STATE_HOME=str(folder / "state"), XDG_CONFIG_HOME=str(folder / "config"),
               XDG_DATA_HOME=str(folder / "data"))
    return env


class Editor:
    """`command` runs it; `settings` is Vimscript before the file is opened."""

    def __init__(self, command, folder, socket, settings="", name="story.txt", text=None, args=(),
                 columns=90, rows=20, program=None, env=None):
        self.home = home()
        self.folder = folder
        self.path = folder / name
        if text is not None:
            self.path.write_bytes(text.encode())
        vimrc = self.home / "vimrc"
        lines = [f"let g:understory_command = '{program or BIN + '/understory'}'",
                 f"let g:understory_socket = '{socket}'", settings]
        vimrc.write_text(VIMRC.replace("PLUGIN", str(ROOT / "plugins" / "vim"))
                         % "\n".join(lines))
        self.terminal = Terminal([*command, "-u", str(vimrc), *args, str(self.path)],
                                 {**environment(self.home), **(env or {})}, columns, rows)
        self.questions = 0
        self.probe("v:version")

    def close(self):
        self.terminal.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def keys(self, *names):
        self.terminal.keys(*names)

    def type(self, text):
        self.terminal.type(text)

    def probe(self, expression):
        """The value of a Vimscript expression, asked in whatever mode the editor is in."""
        self.questions += 1
        question = self.home / "probe.question"
        question.with_suffix(".new").write_text(json.dumps([self.questions, expression]))
        question.with_suffix(".new").rename(question)
        answer = self.home / "probe.answer"
        sent = [0.0]

        def attempt():
            if time.monotonic() - sent[0] > 2:  # the editor may not have started to read
                self.keys("F9")
                sent[0] = time.monotonic()
            try:
                number, value = json.loads(answer.read_text())
            except FileNotFoundError:
                return None
            return [value] if number == self.questions else None
        return wait_for(attempt, lambda: f"{expression}:\n" + "\n".join(self.terminal.lines()))[0]

    def wait(self, expression, value=1):
        wait_for(lambda: self.probe(expression) == value, lambda: f"{expression} is {self.probe(expression)!r}, not {value!r}")

    def idle(self):
        """Waits until nothing is scheduled or being thought of."""
        self.wait("empty(timer_info()) && understory#daemon#state() !=# 'connecting'")

    def ghost(self):
        """The ghost text on the screen, without blanks."""
        return squeezed(self.terminal.coloured(GHOST))

    def info(self):
        return self.terminal.coloured(INFO).strip()

    def wait_ghost(self, text):
        """Waits until exactly this is the ghost text, blanks apart."""
        wanted = squeezed(text)
        wait_for(lambda: self.ghost() == wanted,
                 lambda: f"ghost {wanted!r}, not {self.ghost()!r}:\n"
                 + "\n".join(self.terminal.lines()))

    def command(self, text):
        """In normal mode."""
        self.type(":" + text)
        self.keys("Enter")

    def saved(self):
        """Ends insert mode, saves, and gives the file's text."""
        self.keys("Escape")
        self.wait("mode()", "n")
        self.command("silent write")
        self.wait("&modified", 0)
        return self.path.read_bytes().decode()

    def complaints(self):
        """v:errmsg and :messages, which every test wants empty."""
        messages = self.probe("execute('messages')").strip().splitlines()
        return [line for line in [self.probe("v:errmsg"), *messages]
                if line and not re.search(CHATTER, line)]


def squeezed(text):
    """Without line breaks and the blanks that fill lines."""
    return "".join(text.split())
