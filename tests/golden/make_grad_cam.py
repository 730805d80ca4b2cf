#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes grad_cam/<model>.csv: maps of Grad-CAM by PyTorch's autograd, in float64, of the networks and pictures of
networks/ (see its README.md for the rule of the weights).

    tests/golden/make_grad_cam.py

Needs Debian's python3-torchvision. A row is classes,picture,class and the map's values; classes is the number of logits, 1
or 1000. The class of a single logit is 1 for it, 0 for its negative.
"""
import json
import pathlib
import struct
import sys

import torch
import torchvision

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from make_models import timm_name  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ENDS_OF_BRANCHES = {"resnet18": ".bn2.weight", "resnet50": ".bn3.weight"}


def hashed(name, count):
    """The rule's x / 2^32 - 0.5, for i = 0..count."""
    start = 2166136261
    for byte in name.encode():
        start = (start ^ byte) * 16777619 & 0xFFFFFFFF
    x = torch.arange(count, dtype=torch.int64) + start & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        x = (x ^ x >> shift) * factor & 0xFFFFFFFF if factor > 1 else x ^ x >> shift
    return x.double() / 2**32 - 0.5


def weights(model, name, shape, norm):
    base, scale = 0, 0.25
    if len(shape) > 1:
        scale = (24 / (torch.Size(shape[1:]).numel())) ** 0.5
    elif norm and name.endswith(".weight"):
        base = 0.25 if name.endswith(ENDS_OF_BRANCHES.get(model, "none")) else 1
    elif name.endswith(".running_var"):
        base, scale = (0.75, 0.25) if model == "efficientnet_b0" else (1, 0.5)
    return (base + hashed(name, torch.Size(shape).numel()) * scale).float().reshape(shape)


class CnnEncoder(torch.nn.Module):
    """The network of src/model/cnn_encoder.c with dim_base 32."""

    def __init__(self, classes):
        super().__init__()
        self.stages = torch.nn.ModuleList()
        width = 3
        for wider in (32, 64, 96, 128):
            self.stages.append(torch.nn.ModuleDict({
                "conv1": torch.nn.Conv2d(width, wider, 3, padding=1), "bn1": torch.nn.BatchNorm2d(wider),
                "conv2": torch.nn.Conv2d(wider, wider, 3, padding=1), "bn2": torch.nn.BatchNorm2d(wider)}))
            width = wider
        self.avgpool = torch.nn.AdaptiveAvgPool2d(1)
        self.fc = torch.nn.Sequential(torch.nn.Linear(width, 256), torch.nn.ReLU(), torch.nn.Dropout(),
                                      torch.nn.Linear(256, classes))

    def forward(self, x):
        for i, s in enumerate(self.stages):
            x = torch.nn.functional.max_pool2d(x, 2) if i else x
            for k in "12":
                x = torch.relu(s["bn" + k](s["conv" + k](x)))
        return self.fc(self.avgpool(x).flatten(1))


def network(model, classes):
    net = CnnEncoder(classes) if model == "cnn_encoder" else getattr(torchvision.models, model)(num_classes=classes)
    state, norms = {}, {name for name, m in net.named_modules() if isinstance(m, torch.nn.BatchNorm2d)}
    for name, tensor in net.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            ours = timm_name(name) if model.startswith("efficientnet") else name
            state[name] = weights(model, ours, tensor.shape, name.rsplit(".", 1)[0] in norms)
    net.load_state_dict(state, strict=False)
    return net.double().eval()


def pictures():
    data = (HERE / "networks/input.safetensors").read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    told = json.loads(data[8:8 + size])["input"]
    begin, end = told["data_offsets"]
    return torch.frombuffer(bytearray(data[8 + size:][begin:end]), dtype=torch.float32).reshape(told["shape"]).double()


def maps(net, batch, choose):
    """Hooks on what the mean over the picture is taken of; `choose` makes a number of each picture's logits."""
    seen = {}
    hook = net.avgpool.register_forward_pre_hook(lambda _, given: seen.update(map=given[0]))
    logits = net(batch)
    hook.remove()
    slopes, = torch.autograd.grad(choose(logits).sum(), seen["map"])
    alpha = slopes.mean((2, 3), keepdim=True)
    return torch.relu((alpha * seen["map"]).sum(1)).detach()


def main():
    batch = pictures()
    (HERE / "grad_cam").mkdir(exist_ok=True)
    for model in ("cnn_encoder", "resnet18", "resnet50", "efficientnet_b0"):
        rows = []
        for classes, chosen in ((1, (0, 1)), (1000, (0, 7, 999))):
            net = network(model, classes)
            for k in chosen:
                found = maps(net, batch, lambda z, k=k: z[:, k] if z.shape[1] > 1 else z[:, 0] * (1 if k else -1))
                rows += [[classes, i, k, *m.flatten().tolist()] for i, m in enumerate(found)]
        head = ",".join(["classes", "picture", "class", *(f"m{i}" for i in range(len(rows[0]) - 3))])
        lines = [",".join(f"{v:.17g}" if isinstance(v, float) else str(v) for v in row) for row in rows]
        (HERE / f"grad_cam/{model}.csv").write_text("\n".join([head, *lines]) + "\n")


main()
