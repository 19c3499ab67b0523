"""Checkpoints: all that training needs to go on as if it had never stopped."""
import dataclasses
import os
import re

import torch

from model import Config, Llama

FORMAT = 1


@dataclasses.dataclass
class Progress:
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0  # of training, all sessions together
    place: tuple = (0, 0)  # Feed.place
    branch_step: int = 0  # of a decay branch: steps done


@dataclasses.dataclass
class Checkpoint:
    config: Config
    weights: dict
    average: dict | None  # the weights' running average (train.py), for exports without decay
    optimizers: list | None  # None: weights alone, the optimizers start afresh
    progress: Progress
    options: dict  # learning rate, batch and so on: train.py's Options


def save(path, checkpoint):
    """Atomic: a reader, or a crash, sees the old file or the new one."""
    fields = {f.name: getattr(checkpoint, f.name) for f in dataclasses.fields(checkpoint)}
    fields["config"] = dataclasses.asdict(checkpoint.config)
    fields["progress"] = dataclasses.asdict(checkpoint.progress)
    partial = f"{path}.partial"
    with open(partial, "wb") as file:
        torch.save({"format": FORMAT, **fields}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def load(path):
    raw = torch.load(path, map_location="cpu", weights_only=False)
    if "cfg" in raw:
        return from_first_trainer(raw)
    if raw.get("format") != FORMAT:
        raise SystemExit(f"error: {path} is not a checkpoint of format {FORMAT}")
    return Checkpoint(Config(**raw["config"]), raw["weights"], raw["average"], raw["optimizers"],
                      Progress(**raw["progress"]), raw["options"])


def network(checkpoint, averaged=False):
    """The model with the checkpoint's weights, or their average."""
    net = Llama(checkpoint.config)
    if averaged and not checkpoint.average:
        raise SystemExit("error: this checkpoint keeps no average")
    net.load_state_dict(checkpoint.average if averaged else checkpoint.weights)
    return net


# The trainer that this one follows wrote shorter names; the order of parameters, and with it the
# optimizers' state, is the same.
FIRST_TRAINER_NAMES = [
    (r"^emb\.", "embedding."),
    (r"\.n1\.", ".attention_norm."),
    (r"\.n2\.", ".ffn_norm."),
    (r"\.wqkv\.", ".qkv."),
    (r"\.wo\.", ".attention_out."),
    (r"\.w13\.", ".gate_up."),
    (r"\.w2\.", ".down."),
]


def from_first_trainer(raw):
    c = raw["cfg"]
    config = Config(c["dim"], c["layers"], c["ffn"], c["heads"], c["kv"], c["vocab"], c["ctx"],
                    c["eps"], c["theta"])
    weights = {}
    for name, value in raw["net"].items():
        for pattern, replacement in FIRST_TRAINER_NAMES:
            name = re.sub(pattern, replacement, name)
        weights[name] = value
    muon, adam = raw["opts"]
    for state in muon["state"].values():
        state["momentum"] = state.pop("m")
    for group in muon["param_groups"]:
        group["weight_decay"] = group.pop("wd")
        group.pop("mom")
    progress = Progress(raw["step"], raw["tok"], raw["used"], tuple(raw["feed"]))
    options = {"seed": raw["args"]["seed"], "lr": raw["args"]["lr"]}
    return Checkpoint(config, weights, None, [muon, adam], progress, options)
