"""Our parameters and GGUF's tensors of the llama architecture: one list for both directions."""

PLAIN = {"embedding.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}

# A parameter may hold several of GGUF's matrices, one under another.
BLOCK = {
    "attention_norm.weight": ["attn_norm.weight"],
    "ffn_norm.weight": ["ffn_norm.weight"],
    "qkv.weight": ["attn_q.weight", "attn_k.weight", "attn_v.weight"],
    "attention_out.weight": ["attn_output.weight"],
    "gate_up.weight": ["ffn_gate.weight", "ffn_up.weight"],
    "down.weight": ["ffn_down.weight"],
}


def rows_of(config, parameter):
    """Rows of each matrix that a block's parameter holds; None: it is one."""
    kv = config.n_kv_heads * config.head_dim
    return {"qkv.weight": [config.dim, kv, kv],
            "gate_up.weight": [config.ffn_dim, config.ffn_dim]}.get(parameter)


def tensors_of(config):
    """(parameter, [GGUF tensor, ...], [rows, ...] or None) of the whole model."""
    for parameter, tensor in PLAIN.items():
        yield parameter, [tensor], None
    for i in range(config.n_layers):
        for parameter, tensors in BLOCK.items():
            yield (f"blocks.{i}.{parameter}", [f"blk.{i}.{tensor}" for tensor in tensors],
                   rows_of(config, parameter))
