"""Trains the tokenizer: byte-level BPE with GPT-2's split rule, on a sample of the books.

GPT-2's rule on purpose: newer ones can glue a closing quote and the paragraph break after it into
one token, and a writer's cursor stands between those all day.
"""
import argparse
import os
import random

os.environ["RAYON_NUM_THREADS"] = "1"  # the trainer's result must not depend on its threads

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import corpus

SAMPLE_CHARS = 8000


def sample(folder, share, seed):
    """Slices of the training books, that share of them."""
    rng = random.Random(seed)
    for slug in corpus.slugs(folder, "train"):
        text = corpus.read_book(folder, slug)
        for start in range(0, len(text), SAMPLE_CHARS):
            if rng.random() < share:
                yield text[start:start + SAMPLE_CHARS]


def train(folder, share, seed):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=corpus.VOCAB_SIZE, special_tokens=[corpus.END_OF_TEXT], min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(sample(folder, share, seed), trainer)
    return tokenizer


def report(tokenizer, folder):
    """Checks that decoding gives the text back, and says how dense the tokens are."""
    n_bytes = n_tokens = 0
    for slug in corpus.slugs(folder, "val"):
        text = corpus.read_book(folder, slug)[:200_000]
        ids = tokenizer.encode(text).ids
        if tokenizer.decode(ids) != text:
            raise SystemExit(f"error: {slug} does not survive the tokenizer")
        n_bytes += len(text.encode())
        n_tokens += len(ids)
    print(f"vocabulary {tokenizer.get_vocab_size()}, {n_bytes / n_tokens:.3f} bytes a token "
          "on the validation books")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", default=corpus.default_dir(), help="default: %(default)s")
    parser.add_argument("--share", type=float, default=0.25, help="of the books that is read")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    tokenizer = train(args.dir, args.share, args.seed)
    path = corpus.tokenizer_path(args.dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    report(tokenizer, args.dir)


if __name__ == "__main__":
    main()
