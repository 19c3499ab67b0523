#!/usr/bin/env python3
"""Reads every golden file with python3-msgpack and compares it with the JSON beside it."""
import json
import pathlib
import sys

import msgpack


def plain(value):
    """JSON has no bytes: {"bin": hex}."""
    if isinstance(value, bytes):
        return {"bin": value.hex()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def main():
    folder = pathlib.Path(sys.argv[1])
    files = sorted(folder.glob("*.hex"))
    expected = json.loads((folder / "expected.json").read_text())
    if "--write" in sys.argv:
        expected = {f.stem: plain(msgpack.unpackb(bytes.fromhex(f.read_text()))) for f in files}
        lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in expected.items()]
        (folder / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    names = [f.stem for f in files]
    if not names or names != sorted(expected):
        sys.exit(f"golden files and expected.json differ: {set(names) ^ set(expected)}")
    bad = [f.stem for f in files
           if plain(msgpack.unpackb(bytes.fromhex(f.read_text()))) != expected[f.stem]]
    if bad:
        sys.exit(f"not as expected: {bad}")
    print(f"{len(names)} golden messages read")


main()
