"""The books: where things lie in the working folder, and what is held out of training.

The working folder (--dir; ~/.cache/understory-train) holds

  books/SLUG.txt, sections/SLUG.json   the corpus: text, and where its chapters or stories begin
  tok/gpt2-4096/tokenizer.json         tokenizer.py
  data/gpt2-4096/{train,val}.bin       prepare.py: token ids, uint16
  run/checkpoint.pt, run/log.tsv       train.py
"""
import json
import pathlib
import re

END_OF_TEXT = "<|endoftext|>"  # id 0: before each book, and before each story of a collection
END_OF_TEXT_ID = 0
VOCAB_SIZE = 4096
TOKENIZER_NAME = f"gpt2-{VOCAB_SIZE}"

VALIDATION = (
    "arthur-conan-doyle_the-hound-of-the-baskervilles",
    "e-nesbit_the-railway-children",
    "h-g-wells_the-time-machine",
    "clark-ashton-smith_short-fiction",
    "john-buchan_the-thirty-nine-steps",
)

# Books whose sections are stories of their own and not chapters of one.
COLLECTION = re.compile(
    "short-fiction|household-tales|just-so|fairy-tales|dubliners|winesburg|conan-stories|"
    "jeeves-stories|adventures-of-sherlock|memoirs-of-sherlock|return-of-sherlock|his-last-bow|"
    "casebook|father-brown|poirot-investigates|jungle-book|sketch-book|king-in-yellow|"
    "amateur-cracksman|gentleman-burglar|irish-fairy")


def default_dir():
    return pathlib.Path.home() / ".cache/understory-train"


def tokenizer_path(folder):
    return pathlib.Path(folder) / "tok" / TOKENIZER_NAME / "tokenizer.json"


def data_dir(folder):
    return pathlib.Path(folder) / "data" / TOKENIZER_NAME


def run_dir(folder):
    return pathlib.Path(folder) / "run"


def slugs(folder, split):
    """Names of the books of "train" or "val", sorted."""
    every = sorted(path.stem for path in (pathlib.Path(folder) / "books").glob("*.txt"))
    missing = set(VALIDATION) - set(every)
    if missing:
        raise SystemExit(f"error: {folder}/books lacks {', '.join(sorted(missing))}")
    return [slug for slug in every if (slug in VALIDATION) == (split == "val")]


def read_book(folder, slug):
    return (pathlib.Path(folder) / "books" / f"{slug}.txt").read_text(encoding="utf-8")


def stories(folder, slug):
    """The book's text, cut into its stories where it is a collection; each ends in one newline."""
    text = read_book(folder, slug)
    cuts = {0}
    if COLLECTION.search(slug):
        sections = json.loads((pathlib.Path(folder) / "sections" / f"{slug}.json").read_text())
        cuts |= {section["start"] for section in sections}
    cuts = sorted(cuts) + [len(text)]
    pieces = (text[a:b].strip("\n") for a, b in zip(cuts, cuts[1:]))
    return [piece + "\n" for piece in pieces if piece.strip()]
