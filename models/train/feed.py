"""Training windows in a seeded random order that can be taken up anywhere."""
import numpy as np
import torch


class Feed:
    """Windows of `context` tokens. Each epoch cuts the tokens at another offset and shuffles the
    windows; `place` = (epoch, index) is all there is to save."""

    def __init__(self, path, context, seed, place=(0, 0)):
        self.tokens = np.memmap(path, np.uint16, "r")
        self.context = context
        self.seed = seed
        self.start_epoch(place[0])
        self.index = place[1]

    def start_epoch(self, epoch):
        rng = np.random.default_rng([self.seed, epoch])
        self.epoch = epoch
        self.index = 0
        self.offset = int(rng.integers(self.context))
        n_windows = (len(self.tokens) - 1 - self.offset) // self.context
        self.order = rng.permutation(n_windows)

    @property
    def place(self):
        return self.epoch, self.index

    def next(self, rows):
        """(ids, targets), int64 [rows, context] each."""
        windows = []
        for _ in range(rows):
            if self.index >= len(self.order):
                self.start_epoch(self.epoch + 1)
            start = self.offset + int(self.order[self.index]) * self.context
            self.index += 1
            windows.append(self.tokens[start:start + self.context + 1])
        both = torch.from_numpy(np.stack(windows).astype(np.int64))
        return both[:, :-1].contiguous(), both[:, 1:].contiguous()
