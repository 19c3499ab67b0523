"""Trains the model, for as long as it is let; goes on from its checkpoint where there is one.

Warmup, then a constant learning rate: the stable run has no end, and every checkpoint of it is as
good a start as any. A model to publish is made beside it, in two ways:

  * the average: a running average of the weights over about the last tenth of the steps, kept in
    the checkpoint at no cost;
  * a decay branch (--decay-steps N --output FILE): from the checkpoint, N more steps while the
    learning rate falls to nothing, into a file of its own. The stable run goes on from where it was.

SIGTERM or SIGINT: save and leave. The checkpoint is also saved every few minutes.
"""
import argparse
import dataclasses
import math
import os
import pathlib
import signal
import time

import numpy as np
import torch
import torch.nn as nn

import checkpoint as checkpoints
import corpus
import evaluate
from checkpoint import Checkpoint, Progress
from feed import Feed
from model import SIZES, Llama
from muon import optimizers

WARMUP_STEPS = 60
CLIP_NORM = 1.0
FULL_WINDOW_EVERY = 4  # of four batches three are cut into half windows: cheaper attention
AVERAGE_SHARE = 0.1  # of the steps so far


@dataclasses.dataclass
class Options:
    """What a run is begun with; a checkpoint carries it on."""
    lr: float = 5e-3
    weight_decay: float = 0.1
    batch: int = 8  # windows a step
    seed: int = 1


class Log:
    """Lines `kind<TAB>key value<TAB>...` to the terminal and the run's log.tsv."""

    def __init__(self, path):
        self.file = open(path, "a", buffering=1)

    def line(self, kind, **values):
        text = "\t".join([kind, *(f"{key} {value}" for key, value in values.items())])
        print(text, flush=True)
        self.file.write(text + "\n")


class Trainer:
    def __init__(self, folder, start, options, decay_steps=0):
        self.options = options
        self.decay_steps = decay_steps
        self.config = start.config
        self.progress = start.progress
        self.net = Llama(start.config)
        self.net.load_state_dict(start.weights)
        self.optimizers = optimizers(self.net, options.lr, options.weight_decay)
        if start.optimizers:
            for optimizer, state in zip(self.optimizers, start.optimizers):
                optimizer.load_state_dict(state)
        self.average = start.average or clone(self.net.state_dict())
        self.feed = Feed(corpus.data_dir(folder) / "train.bin", self.config.context, options.seed,
                         self.progress.place)

    @property
    def done(self):
        return bool(self.decay_steps) and self.progress.branch_step >= self.decay_steps

    def lr_factor(self):
        warmup = min(1.0, (self.progress.step + 1) / WARMUP_STEPS)
        if not self.decay_steps:
            return warmup
        return warmup * (1 - self.progress.branch_step / self.decay_steps)

    def step(self):
        """One update; its mean loss in nats a token."""
        lr = self.options.lr * self.lr_factor()
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr
        ids, targets = self.feed.next(self.options.batch)
        n_tokens = ids.numel()
        if not self.decay_steps and self.progress.step % FULL_WINDOW_EVERY:
            half = self.config.context // 2
            ids, targets = ids.reshape(-1, half), targets.reshape(-1, half)
        loss = self.net.loss(ids, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), CLIP_NORM)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.tokens += n_tokens
        self.progress.place = self.feed.place
        if self.decay_steps:
            self.progress.branch_step += 1
        else:
            self.update_average()
        return float(loss.detach())

    @torch.no_grad()
    def update_average(self):
        share = 1 / (1 + AVERAGE_SHARE * self.progress.step)
        for name, value in self.net.state_dict().items():
            self.average[name].lerp_(value, share)

    def checkpoint(self):
        average = None if self.decay_steps else self.average
        return Checkpoint(self.config, self.net.state_dict(), average,
                          [o.state_dict() for o in self.optimizers], self.progress,
                          dataclasses.asdict(self.options))


def clone(weights):
    return {name: value.clone() for name, value in weights.items()}


class Clock:
    """True once every so many minutes."""

    def __init__(self, minutes):
        self.period_s = minutes * 60
        self.next = time.monotonic() + self.period_s

    def rings(self):
        if time.monotonic() < self.next:
            return False
        self.next = time.monotonic() + self.period_s
        return True


def run(trainer, output, log, validation, args):
    stop = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.append(1))
    save_clock, eval_clock = Clock(args.save_every), Clock(args.eval_every)
    progress = trainer.progress
    losses, timed_tokens, timed_s = [], 0, 0.0
    while not (stop or trainer.done or progress.tokens >= args.until_tokens):
        started, tokens = time.monotonic(), progress.tokens
        losses.append(trainer.step())
        step_s = time.monotonic() - started
        progress.seconds += step_s
        timed_s += step_s
        timed_tokens += progress.tokens - tokens
        if not math.isfinite(losses[-1]):
            raise SystemExit("error: the loss is not finite; the checkpoint was left as it is")
        if progress.step % args.log_every == 0:
            log.line("step", step=progress.step, mtok=f"{progress.tokens / 1e6:.2f}",
                     hours=f"{progress.seconds / 3600:.2f}", loss=f"{np.mean(losses):.4f}",
                     lr=f"{trainer.options.lr * trainer.lr_factor():.1e}",
                     tok_s=f"{timed_tokens / timed_s:.0f}")
            losses, timed_tokens, timed_s = [], 0, 0.0
        if save_clock.rings():
            checkpoints.save(output, trainer.checkpoint())
        if eval_clock.rings():
            log_validation(trainer, log, validation)
    checkpoints.save(output, trainer.checkpoint())
    log_validation(trainer, log, validation)


def log_validation(trainer, log, validation):
    values = {}
    nets = {"": trainer.net.state_dict()}
    if not trainer.decay_steps:
        nets["average_"] = trainer.average
    net = Llama(trainer.config)
    for name, weights in nets.items():
        net.load_state_dict(weights)
        values[f"{name}bits_per_byte"] = f"{evaluate.quick(net, validation):.4f}"
    log.line("val", step=trainer.progress.step, mtok=f"{trainer.progress.tokens / 1e6:.2f}",
             **values)


def begin(args):
    """(checkpoint to start from, its options)."""
    source = args.source or args.output
    if not os.path.exists(source):
        torch.manual_seed(args.seed)
        options = Options(args.lr, args.weight_decay, args.batch, args.seed)
        config = SIZES[args.size]
        return Checkpoint(config, Llama(config).state_dict(), None, None, Progress(), {}), options
    start = checkpoints.load(source)
    start.progress.branch_step = 0
    if args.decay_steps and os.path.exists(args.output):
        branch = checkpoints.load(args.output)
        if branch.progress.step - branch.progress.branch_step == start.progress.step:
            start = branch  # was interrupted: goes on
    return start, Options(**start.options)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", default=corpus.default_dir(), help="default: %(default)s")
    parser.add_argument("--source", help="a checkpoint to start from (default: --output's)")
    parser.add_argument("--output", help="checkpoint to write (default: DIR/run/checkpoint.pt)")
    parser.add_argument("--decay-steps", type=int, default=0, help="make a decay branch")
    parser.add_argument("--until-tokens", type=float, default=math.inf, help="leave at this many")
    parser.add_argument("--save-every", type=float, default=5, metavar="MINUTES")
    parser.add_argument("--eval-every", type=float, default=30, metavar="MINUTES")
    parser.add_argument("--log-every", type=int, default=100, metavar="STEPS")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    new = parser.add_argument_group("a new run (a checkpoint carries these on)")
    new.add_argument("--size", default="10m", choices=SIZES)
    new.add_argument("--lr", type=float, default=Options.lr)
    new.add_argument("--weight-decay", type=float, default=Options.weight_decay)
    new.add_argument("--batch", type=int, default=Options.batch)
    new.add_argument("--seed", type=int, default=Options.seed)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    folder = corpus.run_dir(args.dir)
    folder.mkdir(parents=True, exist_ok=True)
    args.output = args.output or str(folder / "checkpoint.pt")
    start, options = begin(args)
    trainer = Trainer(args.dir, start, options, args.decay_steps)
    log = Log(pathlib.Path(args.output).with_suffix(".log"))
    log.line("start", mparams=f"{trainer.net.n_parameters() / 1e6:.2f}",
             step=trainer.progress.step, mtok=f"{trainer.progress.tokens / 1e6:.2f}",
             **dataclasses.asdict(options), decay_steps=args.decay_steps)
    run(trainer, args.output, log, evaluate.Validation(args.dir), args)


if __name__ == "__main__":
    main()
