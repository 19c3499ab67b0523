"""Passages and words of the validation books, which the bundled model was not trained on."""
import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "models/train"))

import corpus
from rpc import as_bytes

WORD = re.compile(r"\w+(?:[’'-]\w+)*")
MAX_WORD_TOKENS = 12
SEED = 20261123


def validation_books(folder):
    return [corpus.read_book(folder, slug) for slug in corpus.slugs(folder, "val")]


def training_words(folder):
    """Every word of the training books, a book at a time."""
    for slug in corpus.slugs(folder, "train"):
        yield WORD.findall(corpus.read_book(folder, slug))


def cut_passages(folder, n, n_chars, n_before, rng):
    """[(text before, text to type)]: whole words, from any place of the validation books."""
    books = validation_books(folder)
    passages = []
    for i in range(n):
        book = books[i % len(books)]
        start = book.index(" ", rng.randrange(n_before, len(book) - n_chars - 200)) + 1
        end = book.index(" ", start + n_chars)
        before = book[max(0, start - n_before):start]
        passages.append((before[before.index(" ") + 1:], book[start:end]))
    return passages


def rest_of_word(typed, suggestion):
    """How a suggestion ends the word of which `typed` is there already. Before a word's first
    letter, typed is empty."""
    match = WORD.match(typed + suggestion)
    return match.group()[len(typed):] if match else ""


def text_of(answer, branch=0):
    """A branch's text. Bytes that are no character read as U+FFFD."""
    return as_bytes(answer["branches"][branch]["text"]).decode(errors="replace")


def default_dir():
    return corpus.default_dir()
