"""Muon (Keller Jordan, 2024): momentum, then each matrix's update is made orthogonal by a few
Newton-Schulz steps. Embedding and norms go to AdamW. At this size it needs far fewer tokens than
AdamW alone."""
import math

import torch

MOMENTUM = 0.95
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5
UPDATE_RMS = 0.2  # matches AdamW's usual update size, so that both share one learning rate


def orthogonalize(updates):
    """[n, rows, columns] or [rows, columns]: towards the nearest (semi-)orthogonal matrix."""
    a, b, c = NEWTON_SCHULZ
    x = updates / (updates.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Matrices that are fused in one parameter (attribute matrix_rows) are treated each alone."""

    def __init__(self, parameters, lr, weight_decay):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                momentum = state.setdefault("momentum", torch.zeros_like(p))
                momentum.lerp_(p.grad, 1 - MOMENTUM)
                update = p.grad.lerp(momentum, MOMENTUM)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                rows = getattr(p, "matrix_rows", [p.shape[0]])
                for matrix, part in zip(p.split(rows), update.split(rows)):
                    scale = UPDATE_RMS * math.sqrt(max(matrix.shape))
                    matrix.add_(orthogonalize(part), alpha=-group["lr"] * scale)


def optimizers(net, lr, weight_decay):
    """[Muon of the blocks' matrices, AdamW of the rest]."""
    matrices = [p for p in net.blocks.parameters() if p.ndim == 2]
    norms = [p for p in net.parameters() if p.ndim < 2]
    adam = torch.optim.AdamW([{"params": [net.embedding.weight]}, {"params": norms}], lr=lr,
                             betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    return [Muon(matrices, lr, weight_decay), adam]
