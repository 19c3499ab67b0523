"""Reads a model that export.py wrote back into a checkpoint: to measure the file as it is, or to go
on from it where the checkpoint was lost (the optimizers start afresh; the tokenizer comes along).

  from_gguf.py MODEL.gguf [--dir DIR] [--tokens N]

writes DIR/run/checkpoint.pt and the file's tokenizer; prepare.py must follow, for its tokens.
"""
import argparse

import gguf
import torch

import checkpoint as checkpoints
import corpus
import names
from model import Config


def read_config(fields):
    get = lambda key: fields[f"llama.{key}"].contents()
    return Config(get("embedding_length"), get("block_count"), get("feed_forward_length"),
                  get("attention.head_count"), get("attention.head_count_kv"), get("vocab_size"),
                  get("context_length"), round(get("attention.layer_norm_rms_epsilon"), 12),
                  get("rope.freq_base"))


def read(path, n_tokens=0):
    reader = gguf.GGUFReader(path)
    config = read_config(reader.fields)
    found = {tensor.name: tensor for tensor in reader.tensors}
    weights = {}
    for parameter, tensors, _ in names.tensors_of(config):
        parts = [torch.from_numpy(gguf.quants.dequantize(found[t].data, found[t].tensor_type).copy())
                 for t in tensors]
        weights[parameter] = torch.cat(parts).float()
    return checkpoints.Checkpoint(config, weights, None, None,
                                  checkpoints.Progress(tokens=n_tokens), {})


def read_tokenizer(path):
    """The file's own vocabulary and merges, as tokenizer.py makes them."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.add_special_tokens([corpus.END_OF_TEXT])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL.gguf")
    parser.add_argument("--tokens", type=float, default=0, help="that it has seen already")
    parser.add_argument("--dir", default=corpus.default_dir(), help="default: %(default)s")
    args = parser.parse_args()
    output = corpus.run_dir(args.dir) / "checkpoint.pt"
    if output.exists():
        raise SystemExit(f"error: {output} exists; move it away first")
    output.parent.mkdir(parents=True, exist_ok=True)
    checkpoints.save(output, read(args.model, int(args.tokens)))
    # Tokenizers of other runs have other tokens: the weights know their own alone.
    tokenizer = corpus.tokenizer_path(args.dir)
    tokenizer.parent.mkdir(parents=True, exist_ok=True)
    read_tokenizer(args.model).save(str(tokenizer))
    print(f"wrote {output} and {tokenizer}")


if __name__ == "__main__":
    main()
