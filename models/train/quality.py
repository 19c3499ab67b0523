#!/usr/bin/python3
"""Looks at what a model writes: through understoryd, with the neutral sampler (temperature 1,
min_p 0.05), from the 20 openings of prompts.txt, at fixed seeds.

  distinct-3   different trigrams of tokens among all
  repetition   tokens that end a 4-gram which stood within the 128 tokens before
  loops        texts of which one 8-gram occurs three times or more
  garbage      texts with bytes that are no UTF-8, or control characters

beside the same figures of the validation books, cut into as many texts of the same length.

  quality.py MODEL.gguf [--samples 20]     --samples prints one text of each opening

Needs python3-msgpack and a built understoryd.
"""
import argparse
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "bench")]

import corpus
from rpc import Daemon, as_bytes, commit

REPEAT_WINDOW = 128
FIRST_SEED = 1


def ngrams(ids, n):
    return [tuple(ids[i:i + n]) for i in range(len(ids) - n + 1)]


def repetition(ids):
    last_seen, repeated = {}, 0
    every = ngrams(ids, 4)
    for i, gram in enumerate(every):
        repeated += i - last_seen.get(gram, -REPEAT_WINDOW - 1) <= REPEAT_WINDOW
        last_seen[gram] = i
    return repeated, len(every)


def is_loop(ids):
    every = ngrams(ids, 8)
    return any(every.count(gram) >= 3 for gram in set(every))


def is_garbage(text):
    try:
        text = as_bytes(text).decode()
    except UnicodeDecodeError as error:
        if error.end < len(as_bytes(text)):
            return True  # not merely cut inside its last character
        text = as_bytes(text)[:error.start].decode()
    return any(ord(c) < 32 and c != "\n" for c in text)


def describe(name, texts):
    """texts: [(ids, text)]."""
    grams = [gram for ids, _ in texts for gram in ngrams(ids, 3)]
    repeats = [repetition(ids) for ids, _ in texts]
    n_tokens = sum(len(ids) for ids, _ in texts)
    print(f"{name}: {n_tokens} tokens in {len(texts)} texts, "
          f"distinct-3 {len(set(grams)) / len(grams):.4f}, "
          f"repetition {sum(a for a, _ in repeats) / sum(b for _, b in repeats):.4f}, "
          f"loops {sum(is_loop(ids) for ids, _ in texts)}, "
          f"garbage {sum(is_garbage(text) for _, text in texts)}", flush=True)


def write_texts(client, prompts, n_tokens, length):
    """Rounds through the prompts until there are n_tokens. [(prompt, ids, text)]"""
    texts, total, seed = [], 0, FIRST_SEED
    while total < n_tokens:
        for prompt in prompts:
            branch = client.request("complete", prefix=prompt, max_tokens=length, seed=seed,
                                    stream=False)["branches"][0]
            texts.append((prompt, [t["id"] for t in branch["tokens"]], branch["text"]))
            total += len(branch["tokens"])
            if total >= n_tokens:
                break
        seed += 1
    return texts


def validation_texts(client, folder, lengths):
    """Pieces of the validation books of the given numbers of tokens, from random paragraphs."""
    rng = random.Random(FIRST_SEED)
    books = [corpus.read_book(folder, slug) for slug in corpus.slugs(folder, "val")]
    texts = []
    for length in lengths:
        book = rng.choice(books)
        start = book.find("\n\n", rng.randrange(len(book) - 8 * length)) + 2
        text = book[start:start + 8 * length]
        ids = client.request("tokenize", text=text)["ids"][:length]
        texts.append((ids, text))
    return texts


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--length", type=int, default=256, help="tokens of one text")
    parser.add_argument("--samples", action="store_true", help="print the first text of each opening")
    parser.add_argument("--daemon")
    parser.add_argument("--device")
    parser.add_argument("--dir", default=corpus.default_dir(), help="default: %(default)s")
    args = parser.parse_args()
    prompts = (HERE / "prompts.txt").read_text().splitlines()
    with Daemon(args.model, args.daemon, args.device) as client:
        written = write_texts(client, prompts, args.tokens, args.length)
        compared = validation_texts(client, args.dir, [len(ids) for _, ids, _ in written])
    print(f"{args.model}, commit {commit()}")
    describe("model", [(ids, text) for _, ids, text in written])
    describe("validation books", compared)
    if args.samples:
        for prompt, _, text in written[:len(prompts)]:
            print(f"\n**{prompt}**{as_bytes(text).decode(errors='replace')}")


if __name__ == "__main__":
    main()
