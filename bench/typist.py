"""A writer at the keyboard: turns prose into a log of keys with the pauses between them.

Deterministic for a seed. The text comes out exactly; on the way there the writer

  types        about 240 ms between keys, the mean of 136 million keystrokes (Dhakal et al. 2018,
               "Observations on Typing from 136 Million Keystrokes"); log-normal, as intervals are
               everywhere reported to be, with a longer one before a word
  pauses       before one word in twenty, longer after a sentence, longest after a paragraph
  mistypes     one letter in fifty: notices after up to two more keys, goes back, types on
  edits        every hundred keys or so: goes back some words in the line, deletes one, writes it
               again, and returns to the end

Waits are medians and sigmas of log-normal distributions (below), cut at MAX_WAIT_MS.
"""
import dataclasses
import math

from prose import WORD

IN_WORD = (195, 0.45)  # median in ms, sigma; mean 216
WORD_START = (300, 0.5)  # mean 340
WORD_PAUSE = (1500, 0.7)
SENTENCE_PAUSE = (1800, 0.7)
PARAGRAPH_PAUSE = (4000, 0.7)
BACKSPACE = (130, 0.3)
NOTICE = (450, 0.4)  # before the first backspace
MOVE = (900, 0.5)  # to another place in the text
MAX_WAIT_MS = 20000

WORD_PAUSE_SHARE = 0.05
TYPO_SHARE = 0.02
KEYS_BETWEEN_EDITS = 100
EDIT_WORDS_BACK = (2, 6)
LETTERS = "etaoinshrdlu"


@dataclasses.dataclass
class Key:
    """One key: what it does after waiting for wait_ms since the key before."""

    wait_ms: float
    kind: str  # "type", "backspace" or "move"
    text: str = ""  # typed
    to: int = 0  # where the cursor moves
    word: str = ""  # being written, where all before this key is in place
    rest: str = ""  # of the word, this key included
    n_rest: int = 0  # keys of the log, from this one, that taking `rest` stands for


class Writer:
    def __init__(self, before, rng):
        self.rng_ = rng
        self.keys = []
        self.text = before
        self.since_edit_ = 0

    def write(self, text):
        position = 0
        for match in WORD.finditer(text):
            self.type_between_(text[position:match.start()])
            self.type_word_(match.group(), typos=True)
            position = match.end()
            self.since_edit_ += len(match.group())
            if self.since_edit_ >= KEYS_BETWEEN_EDITS and position < len(text):
                self.edit_()
        self.type_between_(text[position:])

    def wait_(self, distribution):
        median, sigma = distribution
        return min(MAX_WAIT_MS, self.rng_.lognormvariate(math.log(median), sigma))

    def press_(self, wait_ms, kind, **what):
        self.keys.append(Key(wait_ms, kind, **what))

    def type_between_(self, text):
        for character in text:
            self.press_(self.wait_before_(character), "type", text=character)
            self.text += character
            self.since_edit_ += 1

    def wait_before_(self, character):
        before = self.text.rstrip("”’\"')")
        if before.endswith("\n"):
            return self.wait_(PARAGRAPH_PAUSE if character != "\n" else IN_WORD)
        if before.endswith((".", "?", "!")):
            return self.wait_(SENTENCE_PAUSE)
        return self.wait_(IN_WORD)

    def type_word_(self, word, typos):
        start = len(self.keys)
        pause = self.rng_.random() < WORD_PAUSE_SHARE
        for i, letter in enumerate(word):
            wait = self.wait_(IN_WORD if i else WORD_PAUSE if pause else WORD_START)
            if i == 0 and self.text.endswith("\n"):
                wait = max(wait, self.wait_(PARAGRAPH_PAUSE))
            if typos and i and self.rng_.random() < TYPO_SHARE:
                self.mistype_(word, i, wait)
                wait = self.wait_(IN_WORD)
            self.press_(wait, "type", text=letter, word=word, rest=word[i:])
        for n, key in enumerate(reversed(self.keys[start:])):
            key.n_rest = n + 1
        self.text += word

    def mistype_(self, word, i, wait):
        wrong = self.rng_.choice([c for c in LETTERS if c != word[i]])
        more = word[i + 1:i + 1 + self.rng_.randrange(3)]
        for character in wrong + more:
            self.press_(wait, "type", text=character)
            wait = self.wait_(IN_WORD)
        self.backspace_(1 + len(more))

    def backspace_(self, n):
        for i in range(n):
            self.press_(self.wait_(BACKSPACE if i else NOTICE), "backspace")

    def edit_(self):
        """Writes a word of the line anew; the cursor stands at the text's end before and after."""
        self.since_edit_ = 0
        line = self.text.rindex("\n") + 1 if "\n" in self.text else 0
        words = list(WORD.finditer(self.text, line))
        back = self.rng_.randint(*EDIT_WORDS_BACK)
        if len(words) <= back:
            return
        match = words[-1 - back]
        end = len(self.text)
        self.press_(self.wait_(MOVE), "move", to=match.end())
        self.backspace_(len(match.group()))
        text = self.text
        self.type_word_(match.group(), typos=False)
        self.text = text
        self.press_(self.wait_(MOVE), "move", to=end)


def type_passage(before, text, rng):
    """The keys that write `text` after `before`."""
    writer = Writer(before, rng)
    writer.write(text)
    return writer.keys
