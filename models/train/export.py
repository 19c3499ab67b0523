"""Writes a checkpoint as GGUF: Q8_0 (norms F32) or F16, with all the metadata that a reader needs.

No BOS is put before a prompt (add_bos_token false): nearly all training windows begin in the middle
of a text. END_OF_TEXT is BOS and EOS: it begins a text where there is nothing before the cursor.
"""
import argparse
import json
import pathlib

import gguf
import numpy as np

import checkpoint as checkpoints
import corpus
import names

TYPES = {
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "f32": (gguf.GGMLQuantizationType.F32, gguf.LlamaFileType.ALL_F32),
}


def size_label(net):
    return f"{net.n_parameters() / 1e6:.0f}M"


def add_general(writer, net, args, progress):
    label = size_label(net)
    writer.add_type("model")
    writer.add_name(args.name or f"Understory {label}")
    writer.add_basename("understory")
    writer.add_size_label(label)
    writer.add_author("The Understory authors")
    writer.add_description(
        "A small base language model of English prose fiction: it continues text and does nothing "
        f"else. Trained from scratch on {progress.tokens / 1e6:.1f} million tokens of public-domain "
        "books (Standard Ebooks).")
    writer.add_license("cc0-1.0")
    writer.add_license_name("Creative Commons Zero v1.0 Universal")
    writer.add_tags(["text-generation", "fiction", "base"])
    writer.add_languages(["en"])
    writer.add_file_type(TYPES[args.type][1])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def add_llama(writer, c):
    writer.add_context_length(c.context)
    writer.add_embedding_length(c.dim)
    writer.add_block_count(c.n_layers)
    writer.add_feed_forward_length(c.ffn_dim)
    writer.add_head_count(c.n_heads)
    writer.add_head_count_kv(c.n_kv_heads)
    writer.add_rope_dimension_count(c.head_dim)
    writer.add_rope_freq_base(c.rope_theta)
    writer.add_layer_norm_rms_eps(c.rms_eps)
    writer.add_vocab_size(c.vocab_size)


def add_tokenizer(writer, path, vocab_size):
    bpe = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["model"]
    tokens = [None] * vocab_size
    for token, index in bpe["vocab"].items():
        tokens[index] = token
    types = [gguf.TokenType.NORMAL] * vocab_size
    types[corpus.END_OF_TEXT_ID] = gguf.TokenType.CONTROL
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in bpe["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(corpus.END_OF_TEXT_ID)
    writer.add_eos_token_id(corpus.END_OF_TEXT_ID)
    writer.add_add_bos_token(False)


def add_tensor(writer, name, values, kind):
    values = np.ascontiguousarray(values, dtype=np.float32)
    if values.ndim == 1:  # norms: a few kilobytes in all
        writer.add_tensor(name, values)
    else:
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)


def write(path, net, progress, args):
    writer = gguf.GGUFWriter(path, "llama")
    add_general(writer, net, args, progress)
    add_llama(writer, net.config)
    add_tokenizer(writer, corpus.tokenizer_path(args.dir), net.config.vocab_size)
    weights = net.state_dict()
    for parameter, tensors, rows in names.tensors_of(net.config):
        values = weights[parameter]
        for tensor, part in zip(tensors, values.split(rows) if rows else [values]):
            add_tensor(writer, tensor, part.numpy(), TYPES[args.type][0])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("output", metavar="OUT.gguf")
    parser.add_argument("--average", action="store_true", help="the averaged weights")
    parser.add_argument("--type", default="q8_0", choices=TYPES)
    parser.add_argument("--name", help="default: Understory and the size")
    parser.add_argument("--dir", default=corpus.default_dir(), help="default: %(default)s")
    args = parser.parse_args()
    start = checkpoints.load(args.checkpoint)
    net = checkpoints.network(start, args.average)
    write(args.output, net, start.progress, args)
    print(f"{args.output}: {pathlib.Path(args.output).stat().st_size / 1e6:.2f} MB, step "
          f"{start.progress.step}, {start.progress.tokens / 1e6:.2f}M tokens")


if __name__ == "__main__":
    main()
