"""What simpler means make of the validation books: compressors, and a character n-gram."""
import gzip
import lzma
import math

import numpy as np

import corpus

ORDER = 5  # characters of context
OTHER = 255  # characters that the training books hardly know
OTHER_BITS = 21  # to name one: any Unicode code point
CODE_BITS = 8


def validation_text(folder):
    return "".join(story for slug in corpus.slugs(folder, "val")
                   for story in corpus.stories(folder, slug))


def compressors(text):
    """Bits a byte."""
    data = text.encode()
    return {"gzip -9": 8 * len(gzip.compress(data, 9)) / len(data),
            "xz -9e": 8 * len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)) / len(data)}


class Alphabet:
    """Code points to 0..255, the 255 most frequent of the training books and OTHER."""

    def __init__(self, folder):
        counts = {}
        for slug in corpus.slugs(folder, "train"):
            points, n = np.unique(code_points(corpus.read_book(folder, slug)), return_counts=True)
            for point, count in zip(points.tolist(), n.tolist()):
                counts[point] = counts.get(point, 0) + count
        frequent = sorted(counts, key=counts.get, reverse=True)[:OTHER]
        self.table = np.full(0x110000, OTHER, np.uint8)
        self.table[frequent] = np.arange(len(frequent), dtype=np.uint8)
        self.size = len(frequent) + 1

    def encode(self, text):
        return self.table[code_points(text)]


def code_points(text):
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def grams(codes, n):
    """Each run of n codes as one integer, uint64."""
    packed = np.zeros(len(codes) - n + 1, np.uint64)
    for i in range(n):
        packed = (packed << np.uint64(CODE_BITS)) | codes[i:len(codes) - n + 1 + i]
    return packed


class Counts:
    """How often each run of n characters occurs in the training books."""

    def __init__(self, training, n):
        every = np.concatenate([grams(codes, n) for codes in training if len(codes) >= n])
        self.keys, counts = np.unique(every, return_counts=True)
        self.before = np.concatenate([[0], np.cumsum(counts)])  # occurrences of smaller keys

    def between(self, low, high):
        """(occurrences, distinct runs) of keys in [low, high)."""
        a, b = np.searchsorted(self.keys, low), np.searchsorted(self.keys, high)
        return self.before[b] - self.before[a], b - a


def ngram_bits(training, codes, alphabet_size):
    """Bits of each character after the first ORDER, by Witten-Bell interpolation of orders 0 to
    ORDER: each order trusts its own counts by how seldom its context was followed by something
    new, and the next shorter one for the rest."""
    probability = np.full(len(codes) - ORDER, 1.0 / alphabet_size)
    for order in range(ORDER + 1):
        counts = Counts(training, order + 1)
        key = grams(codes, order + 1)[ORDER - order:]
        context = key >> np.uint64(CODE_BITS)
        first = context << np.uint64(CODE_BITS)
        seen, _ = counts.between(key, key + np.uint64(1))
        total, distinct = counts.between(first, first + np.uint64(1 << CODE_BITS))
        known = total > 0
        mixed = (seen + distinct * probability) / np.maximum(1, total + distinct)
        probability = np.where(known, mixed, probability)
    bits = -np.log2(probability)
    return bits + OTHER_BITS * (codes[ORDER:] == OTHER)


def ngram(folder):
    alphabet = Alphabet(folder)
    training = [alphabet.encode(corpus.read_book(folder, slug))
                for slug in corpus.slugs(folder, "train")]
    text = validation_text(folder)
    bits = ngram_bits(training, alphabet.encode(text), alphabet.size)
    return float(bits.sum()) / len(text[ORDER:].encode())


def report(folder):
    measured = compressors(validation_text(folder))
    measured[f"character n-gram, {ORDER} characters of context"] = ngram(folder)
    for name, bits in measured.items():
        print(f"{name}: {bits:.4f} bits/byte, {bits * math.log(2):.4f} nats/byte", flush=True)
