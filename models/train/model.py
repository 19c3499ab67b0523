"""A small llama: RMSNorm, rotary positions (interleaved pairs, as GGUF's llama architecture keeps
them: no permutation on export), SwiGLU, grouped keys and values, tied head, no biases."""
import dataclasses
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclasses.dataclass
class Config:
    dim: int
    n_layers: int
    ffn_dim: int
    n_heads: int
    n_kv_heads: int
    vocab_size: int = 4096
    context: int = 512
    rms_eps: float = 1e-5
    rope_theta: float = 10000.0

    @property
    def head_dim(self):
        return self.dim // self.n_heads


SIZES = {  # parameters with a vocabulary of 4096
    "3m": Config(192, 5, 512, 3, 3),
    "6m": Config(256, 6, 704, 4, 4),
    "10m": Config(320, 7, 864, 5, 5),
    "15m": Config(384, 8, 1024, 6, 6),
    "20m": Config(448, 8, 1216, 7, 7),
}

INIT_STD = 0.02
INIT_REFERENCE_DIM = 512  # weights of narrower models start wider, by the square root


class RmsNorm(nn.Module):
    def __init__(self, dim, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def rotate(x, cos, sin):
    """x [rows, tokens, heads, head_dim]; pairs are neighbours."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.attention_norm = RmsNorm(c.dim, c.rms_eps)
        self.ffn_norm = RmsNorm(c.dim, c.rms_eps)
        self.qkv_rows = [c.dim, c.n_kv_heads * c.head_dim, c.n_kv_heads * c.head_dim]
        self.qkv = nn.Linear(c.dim, sum(self.qkv_rows), bias=False)
        self.attention_out = nn.Linear(c.dim, c.dim, bias=False)
        self.gate_up = nn.Linear(c.dim, 2 * c.ffn_dim, bias=False)
        self.down = nn.Linear(c.ffn_dim, c.dim, bias=False)
        # Fused for speed, but matrices of their own to the optimizer.
        self.qkv.weight.matrix_rows = self.qkv_rows
        self.gate_up.weight.matrix_rows = [c.ffn_dim, c.ffn_dim]
        self.initialize()

    def initialize(self):
        c = self.config
        std = INIT_STD * math.sqrt(INIT_REFERENCE_DIM / c.dim)
        into_residual = std / math.sqrt(2 * c.n_layers)
        for layer, layer_std in ((self.qkv, std), (self.gate_up, std),
                                 (self.attention_out, into_residual), (self.down, into_residual)):
            nn.init.normal_(layer.weight, 0, layer_std)

    def forward(self, x, cos, sin):
        c = self.config
        rows, tokens, _ = x.shape
        q, k, v = self.qkv(self.attention_norm(x)).split(self.qkv_rows, -1)
        q = rotate(q.view(rows, tokens, c.n_heads, c.head_dim), cos, sin).transpose(1, 2)
        k = rotate(k.view(rows, tokens, c.n_kv_heads, c.head_dim), cos, sin).transpose(1, 2)
        v = v.view(rows, tokens, c.n_kv_heads, c.head_dim).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True,
                                           enable_gqa=c.n_kv_heads != c.n_heads)
        x = x + self.attention_out(y.transpose(1, 2).reshape(rows, tokens, c.dim))
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        c = self.config = config
        self.embedding = nn.Embedding(c.vocab_size, c.dim)
        nn.init.normal_(self.embedding.weight, 0, INIT_STD)
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.n_layers))
        self.norm = RmsNorm(c.dim, c.rms_eps)
        frequencies = c.rope_theta ** (-torch.arange(0, c.head_dim, 2).float() / c.head_dim)
        angles = torch.outer(torch.arange(c.context).float(), frequencies)[:, None, :]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def hidden(self, ids):
        """ids [rows, tokens] -> [rows, tokens, dim], normed: times the embedding gives logits."""
        x = self.embedding(ids)
        cos, sin = self.cos[:ids.shape[1]], self.sin[:ids.shape[1]]
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.norm(x)

    def loss(self, ids, targets):
        """Mean nats a token, differentiable."""
        h = self.hidden(ids).reshape(-1, self.config.dim)
        return TiedHeadLoss.apply(h, self.embedding.weight, targets.reshape(-1))

    @torch.no_grad()
    def token_nats(self, ids, targets):
        """Nats of each target, [rows, tokens]."""
        logits = self.hidden(ids) @ self.embedding.weight.t()
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(),
                               reduction="none").view(targets.shape)

    def n_parameters(self):
        return sum(p.numel() for p in self.parameters())


class TiedHeadLoss(torch.autograd.Function):
    """Head and cross entropy in slices of rows. The gradients are made on the way forward, so that
    the logits are never held whole: this halves the memory and is faster on a CPU's cache."""

    SLICE_ROWS = 1024

    @staticmethod
    def forward(ctx, h, weight, targets):
        n = h.shape[0]
        total = 0.0
        h_grad, weight_grad = torch.empty_like(h), torch.zeros_like(weight)
        for start in range(0, n, TiedHeadLoss.SLICE_ROWS):
            rows = slice(start, start + TiedHeadLoss.SLICE_ROWS)
            target = targets[rows, None]
            logits = h[rows] @ weight.t()
            largest = logits.max(-1, keepdim=True).values
            target_logit = logits.gather(1, target)
            weights = logits.sub_(largest).exp_()
            norm = weights.sum(-1, keepdim=True)
            total += float((norm.log() + largest - target_logit).sum())
            grad = weights.div_(norm * n)
            grad.scatter_add_(1, target, torch.full_like(target_logit, -1.0 / n))
            torch.mm(grad, weight, out=h_grad[rows])
            weight_grad.addmm_(grad.t(), h[rows])
        ctx.save_for_backward(h_grad, weight_grad)
        return torch.tensor(total / n)

    @staticmethod
    def backward(ctx, scale):
        h_grad, weight_grad = ctx.saved_tensors
        return h_grad * scale, weight_grad * scale, None
