#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes models/models.csv: for every pretrained family the number of weights and tensors, and a hash of their names.

    tests/golden/make_models.py > tests/golden/models/models.csv

Needs Debian's python3-torchvision, whose networks are the source; names of EfficientNet are turned into timm's. The
hash is FNV-1a, 64 bits, of a line "NAME DIMS\\n" for each tensor in the order of the state_dict, num_batches_tracked
left out; DIMS joined by x.
"""
import re

import torchvision

RESNETS = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
EFFICIENTNETS = [f"efficientnet_b{i}" for i in range(5)]
OUTSIDE = {"features.0.0": "conv_stem", "features.0.1": "bn1", "features.8.0": "conv_head", "features.8.1": "bn2",
           "classifier.1": "classifier"}
LAYERS = [["conv_dw", "bn1"], ["se.conv_reduce", "se.conv_expand"], ["conv_pw", "bn2"]]  # stage 0: does not expand
WIDE_LAYERS = [["conv_pw", "bn1"], ["conv_dw", "bn2"], ["se.conv_reduce", "se.conv_expand"], ["conv_pwl", "bn3"]]


def timm_name(name):
    layer, member = name.rsplit(".", 1)
    if layer in OUTSIDE:
        return f"{OUTSIDE[layer]}.{member}"
    stage, block, part, inner = re.fullmatch(r"features\.(\d)\.(\d+)\.block\.(\d)\.(?:fc)?(\d)", layer).groups()
    table = LAYERS if stage == "1" else WIDE_LAYERS
    squeeze = table[int(part)][0].startswith("se.")
    return f"blocks.{int(stage) - 1}.{block}.{table[int(part)][int(inner) - squeeze]}.{member}"


def fnv1a(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return h


def main():
    print("model,weights,backbone_weights,tensors,names_hash")
    for model in RESNETS + EFFICIENTNETS:
        net = getattr(torchvision.models, model)()
        weights = {n: p.numel() for n, p in net.named_parameters()}
        backbone = sum(n for name, n in weights.items() if not name.startswith(("fc.", "classifier.")))
        state = net.state_dict()
        lines = "".join(f"{timm_name(n) if model in EFFICIENTNETS else n} {'x'.join(map(str, t.shape))}\n"
                        for n, t in state.items() if not n.endswith("num_batches_tracked"))
        print(f"{model},{sum(weights.values())},{backbone},{len(state)},{fnv1a(lines):016x}")


if __name__ == "__main__":
    main()
