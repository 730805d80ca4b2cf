#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes pth/more_*: files as training programs save them, and expected_more.json, what a reader must make of them.

Debian 12: python3-torch 1.13.1. Legacy files name their storages by address, so those differ each time. The other files
of pth/ came with the golden vectors; their values are in expected.json.
"""
import argparse
import collections
import io
import json
import os
import pathlib
import pickle
import sys
import zipfile

import numpy as np
import torch

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pth")
expected = {}
torch.manual_seed(0)


def values(seed, *shape, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def network(prefix, seed=1):
    names = {"conv1.weight": (2, 3, 1, 1), "bn1.running_var": (2,), "fc.weight": (1, 2), "fc.bias": (1,)}
    return collections.OrderedDict((prefix + n, values(seed + i, *s)) for i, (n, s) in enumerate(names.items()))


def save(name, obj, tensors=None, wrapper="", prefix="", left_out=None, **how):
    """tensors: what must be read; None: the file must be refused."""
    torch.save(obj, os.path.join(HERE, name), **how)
    if tensors is not None:
        expected[name] = {
            "wrapper": wrapper, "prefix": prefix, "left_out": left_out,
            "tensors": {n: {"shape": list(t.shape), "dtype": str(t.dtype).replace("torch.", ""),
                            "values": [float(x) for x in t.to(torch.float64).contiguous().flatten()]}
                        for n, t in tensors.items()}}


class Callback:
    """Stands for a class that the reader cannot know."""


class Scale(torch.nn.Module):
    """A program for TorchScript."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
        return x * self.weight


plain = network("")
optimizer = torch.optim.AdamW([torch.nn.Parameter(t.clone()) for t in plain.values()])
sum(p.sum() for p in optimizer.param_groups[0]["params"]).backward()
optimizer.step()

# A checkpoint of Lightning: the network beside its loss, objects all around, a class as a key.
lightning = {
    "epoch": 3, "global_step": 1 << 40, "pytorch-lightning_version": "1.9.4",
    "state_dict": collections.OrderedDict(list(network("model.").items()) + [("criterion.pos_weight", values(9, 1))]),
    "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
    "callbacks": {Callback: {"best": np.float64(0.25), "monitor": "val_HTER", "dirpath": pathlib.PurePosixPath("/runs")}},
    "optimizer_states": [optimizer.state_dict()], "lr_schedulers": [{"_step_count": 7, "milestones": collections.Counter([3])}],
    "hparams_name": "kwargs",
    "hyper_parameters": argparse.Namespace(lr=4e-4, layers=(1, 2), name="caf\u00e9", seen={1, 2}, raw=b"\0\1",
                                           big=1 << 80, few=-3, many=[0.5] * 3, nested=collections.defaultdict(list)),
}
want = dict(plain, **{"criterion.pos_weight": values(9, 1)})
for protocol in (2, 3, 4, 5):
    save("more_lightning_%d.ckpt" % protocol, lightning, want, "state_dict", "model.",
         "__main__.Callback", pickle_protocol=protocol)
save("more_lightning_legacy.ckpt", lightning, want, "state_dict", "model.", "__main__.Callback",
     _use_new_zipfile_serialization=False)
save("more_legacy_4.pth", plain, plain, pickle_protocol=4, _use_new_zipfile_serialization=False)

# Wrappers and prefixes, one in another; with two, timm takes the average.
save("more_compiled.pt", {"model": {"state_dict": network("module._orig_mod.")}}, plain, "model.state_dict",
     "module._orig_mod.")
save("more_ema.pth", {"state_dict": network("", 20), "state_dict_ema": network("module."), "args": None}, plain,
     "state_dict_ema", "module.")
save("more_both_names.pth", dict(network("model."), **network("", 30)), dict(network("model."), **network("", 30)))

# Every dtype, strides of every kind, a storage that tensors share.
base = values(40, 4, 6)
kinds = {"f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16, "i64": torch.int64, "i32": torch.int32,
         "i16": torch.int16, "i8": torch.int8, "u8": torch.uint8, "bool": torch.bool}
many = {n: (10 * values(41, 2, 3).abs()).to(d).t() for n, d in kinds.items()}
many.update(expanded=base[:, :1].expand(4, 3), tied=base, same=base, last=base[-1, -1], none=base[:0, ::2],
            seven=torch.arange(128).float().reshape(2, 2, 2, 2, 2, 2, 2).permute(6, 1, 4, 3, 2, 5, 0))
save("more_dtypes.pth", many, many)
save("more_dtypes_legacy.pth", many, many, _use_new_zipfile_serialization=False)
save("bad_complex.pth", {"a": torch.zeros(2, dtype=torch.complex64)})
save("bad_sparse.pth", {"a": torch.eye(2).to_sparse()})

# What must be refused.
module = torch.nn.Sequential(torch.nn.Linear(1, 1))
save("bad_module.pth", module)
save("bad_model_is_module.pth", {"epoch": 1, "model": module})
save("bad_no_tensors.pth", {"epoch": 1, "history": [1.0, 2.0], "name": "x"})
save("bad_list.pth", [torch.zeros(2)])
save("bad_object_among.pth", {"state_dict": {"a": torch.zeros(2), "b": argparse.Namespace()}})
save("bad_object_beside.pth", {"a": torch.zeros(2), "b": [argparse.Namespace()]})
save("bad_key.pth", {1: torch.zeros(2)})
torch.jit.save(torch.jit.script(Scale()), os.path.join(HERE, "bad_torchscript.pt"))

# The archive packed by somebody else: compressed; with zip64 sizes; with the highest byte first.
buffer = io.BytesIO()
torch.save(plain, buffer)
source = zipfile.ZipFile(buffer)


def repack(name, compression=zipfile.ZIP_STORED, zip64=False, more=None):
    with zipfile.ZipFile(os.path.join(HERE, name), "w", compression) as out:
        for member in source.namelist():
            info = zipfile.ZipInfo(member)
            info.compress_type = compression
            with out.open(info, "w", force_zip64=zip64) as f:
                f.write(source.read(member))
        for member, text in (more or {}).items():
            out.writestr(zipfile.ZipInfo(member), text)


repack("bad_compressed.pth", zipfile.ZIP_DEFLATED)
repack("bad_big_endian.pth", more={"archive/byteorder": "big"})
repack("more_zip64.pth", zip64=True, more={"archive/byteorder": "little", "archive/.data/serialization_id": "1"})
expected["more_zip64.pth"] = {"wrapper": "", "prefix": "", "left_out": None, "tensors": None}
save("more_zip64_same.pth", plain, plain)
expected["more_zip64.pth"]["tensors"] = expected.pop("more_zip64_same.pth")["tensors"]
os.remove(os.path.join(HERE, "more_zip64_same.pth"))
with zipfile.ZipFile(os.path.join(HERE, "bad_other_zip.zip"), "w") as z:
    z.writestr(zipfile.ZipInfo("model/readme.txt"), "not of torch.save")
with open(os.path.join(HERE, "bad_pickle.pth"), "wb") as f:
    pickle.dump({"a": [1.0]}, f, 2)

json.dump(expected, open(os.path.join(HERE, "expected_more.json"), "w"))

# torchvision's names beside timm's, which stand in the same order: `make_pth.py efficientnet_b0.params.csv`, the list of
# timm's parameters and shapes that came with the golden vectors.
if len(sys.argv) > 1:
    import torchvision

    state = torchvision.models.efficientnet_b0(num_classes=1).state_dict()
    theirs = [(n, "x".join(map(str, t.shape))) for n, t in state.items() if not n.endswith("num_batches_tracked")]
    ours = [line.split(",")[:2] for line in open(sys.argv[1]).read().splitlines()[1:]]
    assert len(theirs) == len(ours) and all(t[1] == o[1] for t, o in zip(theirs, ours))
    with open(os.path.join(HERE, "efficientnet_b0_names.csv"), "w") as f:
        f.writelines("%s,%s\n" % (t[0], o[0]) for t, o in zip(theirs, ours))
