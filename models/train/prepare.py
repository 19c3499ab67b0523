"""Turns the books into token ids: data/gpt2-4096/{train,val}.bin (uint16) and meta.json.

END_OF_TEXT stands before each book and before each story of a collection; the chapters of a novel
run on, so that the model learns that a chapter's end is not the end.
"""
import argparse
import json
import os

os.environ["RAYON_NUM_THREADS"] = "1"

import numpy as np
from tokenizers import Tokenizer

import corpus

PIECE_CHARS = 50_000  # the encoder is quadratic in places: feed it pieces, not novels


def pieces(text):
    """The text in pieces that end where a paragraph does."""
    start = 0
    while start < len(text):
        end = len(text)
        if end - start > PIECE_CHARS:
            end = text.rfind("\n\n", start, start + PIECE_CHARS)
            end = end if end > start else start + PIECE_CHARS
            while end < len(text) and text[end] == "\n":
                end += 1  # a paragraph's newlines stay with it
        yield text[start:end]
        start = end


def encode_split(tokenizer, folder, split):
    ids, n_chars, n_bytes = [], 0, 0
    for slug in corpus.slugs(folder, split):
        for story in corpus.stories(folder, slug):
            ids.append(np.full(1, corpus.END_OF_TEXT_ID, np.uint16))
            ids += [np.array(tokenizer.encode(piece).ids, np.uint16) for piece in pieces(story)]
            n_chars += len(story)
            n_bytes += len(story.encode())
    ids = np.concatenate(ids)
    return ids, {"tokens": len(ids), "chars": n_chars, "bytes": n_bytes,
                 "docs": int((ids == corpus.END_OF_TEXT_ID).sum())}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", default=corpus.default_dir(), help="default: %(default)s")
    args = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(corpus.tokenizer_path(args.dir)))
    folder = corpus.data_dir(args.dir)
    folder.mkdir(parents=True, exist_ok=True)
    meta = {"vocab": tokenizer.get_vocab_size(), "held": corpus.VALIDATION}
    for split in ("val", "train"):
        ids, meta[split] = encode_split(tokenizer, args.dir, split)
        ids.tofile(folder / f"{split}.bin")
        print(split, meta[split], flush=True)
    (folder / "meta.json").write_text(json.dumps(meta, indent=1))


if __name__ == "__main__":
    main()
