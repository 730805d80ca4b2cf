#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the files of this folder, byte by byte from the format's description; Python's own library is not used."""
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def values(name, count):
    """What golden/networks/README.md calls r: pseudo-random numbers in [-0.5, 0.5) that belong to a name."""
    h = 2166136261
    for byte in name.encode():
        h = (h ^ byte) * 16777619 & 0xFFFFFFFF
    for x in range(h, h + count):
        x &= 0xFFFFFFFF
        x = (x ^ x >> 16) * 0x85EBCA6B & 0xFFFFFFFF
        x = (x ^ x >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
        yield (x ^ x >> 16) / 4294967296 - 0.5


def floats(name, count):
    return struct.unpack("<%df" % count, struct.pack("<%df" % count, *values(name, count)))


def bfloat16(x):  # cut off, not rounded
    return struct.pack("<f", x)[2:]


def file(entries, pad=b"", metadata=None, order=None):
    header, body = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, dtype, shape, raw in entries:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps({k: header[k] for k in order or header}).encode() + pad
    return struct.pack("<Q", len(text)) + text + body


def write(name, content):
    with open(os.path.join(HERE, name + ".safetensors"), "wb") as f:
        f.write(content)


every = [
    ("a", "F32", [2, 3], struct.pack("<6f", *floats("a", 6))),
    ("h", "F16", [3], struct.pack("<3e", *floats("h", 3))),
    ("b", "BF16", [4], b"".join(bfloat16(x) for x in floats("b", 4))),
    ("d", "F64", [2], struct.pack("<2d", *floats("d", 2))),
    ("n", "I64", [], struct.pack("<q", 7)),
    ("u", "U8", [3], bytes([1, 2, 3])),
    ("e", "F32", [0, 4], b""),
    ("bool", "BOOL", [2], bytes([1, 0])),
    ("s", "F32", [], struct.pack("<f", 2.5)),
]
good = file(every, metadata={"format": "pt"})
write("all_dtypes", good)
write("padded_header_reordered", file(every, b" " * 13, order=["s", "u", "a", "h", "b", "d", "n", "e", "bool"]))
write("escaped_names", file([('caf\u00e9/"q"\\x', "F32", [1], struct.pack("<f", 1))]))
write("bad_truncated", good[:-3])
write("bad_header_len", struct.pack("<Q", 1 << 60) + good[8:])
write("bad_overlap", file(every[:1]).replace(b"[0, 24]", b"[4, 28]"))
write("bad_shape", file([("a", "F32", [3, 3], every[0][3])]))
