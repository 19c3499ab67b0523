"""Measures a model on the five validation books, in nats and bits a byte of text.

Bits a byte do not depend on the tokenizer, so models and compressors stand side by side. Each
story is read on its own, from END_OF_TEXT; windows overlap by half, and only the half with at least
half a window before it counts (save at a story's beginning). END_OF_TEXT itself is not text and is
not predicted.

  evaluate.py MODEL        a checkpoint or a GGUF file (which is then measured as it is quantized)
  evaluate.py --baselines  gzip, xz, and a character n-gram trained on the same books
"""
import argparse
import json
import math

import numpy as np
import torch

import checkpoint as checkpoints
import corpus

QUICK_WINDOWS = 64
ROWS = 8  # windows at a time


class Validation:
    """The validation books as token ids, of the working folder's tokenizer or of another."""

    def __init__(self, folder, tokenizer=None):
        data = corpus.data_dir(folder)
        if tokenizer is None:
            self.ids = np.fromfile(data / "val.bin", np.uint16).astype(np.int64)
            self.n_bytes = json.loads((data / "meta.json").read_text())["val"]["bytes"]
        else:
            import prepare
            ids, counts = prepare.encode_split(tokenizer, folder, "val")
            self.ids, self.n_bytes = ids.astype(np.int64), counts["bytes"]

    @property
    def bytes_per_token(self):
        return self.n_bytes / len(self.ids)

    def stories(self):
        starts = np.flatnonzero(self.ids == corpus.END_OF_TEXT_ID)
        return np.split(self.ids, starts[1:])


def quick(net, validation):
    """Bits a byte over 64 plain windows spread over the books: for the training log."""
    context = net.config.context
    starts = np.linspace(0, len(validation.ids) - 1 - context, QUICK_WINDOWS).astype(int)
    windows = torch.from_numpy(np.stack([validation.ids[s:s + context + 1] for s in starts]))
    nats = torch.cat([net.token_nats(rows[:, :-1], rows[:, 1:]) for rows in windows.split(ROWS)])
    return float(nats.mean()) / math.log(2) / validation.bytes_per_token


def windows_of(story, context):
    """(window of at most context + 1 ids, how many of its targets count: the last so many)."""
    half = context // 2
    scored = 0
    n_targets = len(story) - 1
    start = 0
    while scored < n_targets:
        end = min(start + context, n_targets)
        yield story[start:end + 1], end - scored
        scored = end
        start += half


def full(net, validation):
    """(total nats, tokens) over all the text."""
    by_length = {}
    for story in validation.stories():
        for window, n_counted in windows_of(story, net.config.context):
            by_length.setdefault(len(window), []).append((window, n_counted))
    total, n_tokens = 0.0, 0
    for group in by_length.values():
        for start in range(0, len(group), ROWS):
            part = group[start:start + ROWS]
            ids = torch.from_numpy(np.stack([window for window, _ in part]))
            nats = net.token_nats(ids[:, :-1], ids[:, 1:])
            for row, (_, n_counted) in zip(nats, part):
                total += float(row[-n_counted:].double().sum())
                n_tokens += n_counted
    return total, n_tokens


def load(path, folder, averaged):
    """(network, the validation books in its own tokens)."""
    if str(path).endswith(".gguf"):
        import from_gguf
        net = checkpoints.network(from_gguf.read(path))
        return net, Validation(folder, from_gguf.read_tokenizer(path))
    return checkpoints.network(checkpoints.load(path), averaged), Validation(folder)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", metavar="MODEL")
    parser.add_argument("--average", action="store_true", help="a checkpoint's averaged weights")
    parser.add_argument("--baselines", action="store_true")
    parser.add_argument("--dir", default=corpus.default_dir(), help="default: %(default)s")
    args = parser.parse_args()
    if args.baselines:
        import baselines
        baselines.report(args.dir)
    if args.model:
        net, validation = load(args.model, args.dir, args.average)
        total, n_tokens = full(net, validation)
        nats_per_byte = total / validation.n_bytes
        print(f"{args.model}: {nats_per_byte:.4f} nats/byte, "
              f"{nats_per_byte / math.log(2):.4f} bits/byte, {total / n_tokens:.4f} nats/token "
              f"({n_tokens} tokens, {validation.n_bytes} bytes)")


if __name__ == "__main__":
    main()
