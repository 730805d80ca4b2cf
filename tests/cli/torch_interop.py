#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# torch_interop.py - a checkpoint of Rarebit in PyTorch: strict loading into torchvision's network, equal logits.
#
# torch_interop.py CHECKPOINT PROBA PICTURE... - PROBA holds what `rarebit infer` said of the pictures, which have the
#                                                checkpoint's size already. Ends with 1 where they differ.
# torch_interop.py --heat CHECKPOINT PAGE ROOT - ends with 1 unless the heat maps of the page, of pictures under ROOT that
#                                                have the checkpoint's size, are those of PyTorch's autograd.
# torch_interop.py --make FILE                 - writes the state_dict of torchvision's resnet18 with fresh weights.
# torch_interop.py --same CHECKPOINT FILE      - ends with 1 unless the checkpoint's backbone is that state_dict's.
import base64
import io
import json
import math
import re
import struct
import sys

import numpy
import torch
import torchvision
from PIL import Image

TOLERANCE = 1e-4  # of a logit
LEVELS = 3  # of 255, on average over a picture that may have been a JPEG
DTYPES = {"F32": torch.float32, "I64": torch.int64}


def parsed(path):
    """Tensors and metadata, read as the format's description says."""
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        header = json.loads(f.read(size))
        data = bytearray(f.read())
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, t in header.items():
        begin, end = t["data_offsets"]
        tensors[name] = torch.frombuffer(data[begin:end], dtype=DTYPES[t["dtype"]]).reshape(t["shape"])
    return tensors, metadata


def opened(path):
    """The same, and equal to what the safetensors library says where it is there."""
    tensors, metadata = parsed(path)
    try:
        from safetensors import safe_open
    except ImportError:
        print("no safetensors library here: read by the test itself")
        return tensors, metadata
    with safe_open(path, framework="pt") as f:
        assert f.metadata() == metadata
        assert set(f.keys()) == set(tensors)
        for name in tensors:
            assert torch.equal(f.get_tensor(name), tensors[name]), name
    print("read by the safetensors library")
    return tensors, metadata


def head(tensors):
    """The layers that the names under fc tell of."""
    sizes = {name: t.shape for name, t in tensors.items() if name.startswith("fc.") and name.endswith("weight")}
    if "fc.weight" in sizes:
        return torch.nn.Linear(sizes["fc.weight"][1], sizes["fc.weight"][0])
    layers = []
    for name in sorted(sizes):
        units, inputs = sizes[name]
        layers += [torch.nn.Linear(inputs, units), torch.nn.ReLU(), torch.nn.Dropout()]
    return torch.nn.Sequential(*layers[:-2])


def network(checkpoint):
    """The network, and from a picture's path to what it wants, [1 3 h w]."""
    tensors, metadata = opened(checkpoint)
    said = json.loads(metadata["rarebit"])
    told = said["preprocessing"]
    net = torchvision.models.resnet18()
    net.fc = head(tensors)
    net.load_state_dict(tensors, strict=True)
    mean, std = (torch.tensor(told[key]).reshape(3, 1, 1) for key in ("mean", "std"))

    def prepared(path):
        picture = Image.open(path).convert("RGB")
        assert picture.size == (told["image_size"],) * 2
        return ((torch.from_numpy(numpy.array(picture)).permute(2, 0, 1) / 255 - mean) / std)[None]

    return net.eval(), prepared, said["threshold"]


def compare(checkpoint, proba, pictures):
    net, prepared, _ = network(checkpoint)
    ours = [math.log(p / (1 - p)) for p in map(float, open(proba, encoding="ascii"))]
    assert len(ours) == len(pictures)
    worst = 0
    for logit, path in zip(ours, pictures):
        with torch.no_grad():
            theirs = net(prepared(path)).item()
        worst = max(worst, abs(theirs - logit))
    print(f"{len(pictures)} pictures, logits {min(ours):.4f}..{max(ours):.4f}, largest difference {worst:.2e}")
    return worst <= TOLERANCE


def heat_of(net, picture, threshold):
    """Shares of the most, [h w], for what is decided at the threshold."""
    seen = {}
    hook = net.avgpool.register_forward_pre_hook(lambda _, given: seen.update(map=given[0]))
    logit = net(picture)
    hook.remove()
    accepted = torch.sigmoid(logit).item() >= threshold
    slopes, = torch.autograd.grad(logit if accepted else -logit, seen["map"])
    cells = torch.relu((slopes.mean((2, 3), keepdim=True) * seen["map"]).sum(1, keepdim=True))
    heat = torch.nn.functional.interpolate(cells, picture.shape[2:], mode="bilinear", align_corners=False)[0, 0]
    return (heat / cells.max().clamp(min=1e-30)).detach().numpy()


def painted(pixels, heat, colours):
    """As src/report/overlay.c has it."""
    at = heat * (len(colours) - 1)
    colour = numpy.stack([numpy.interp(at, range(len(colours)), [c[k] for c in colours]) for k in range(3)], 2)
    cover = (0.85 * heat / (heat + 0.3))[..., None]
    return (pixels @ [0.299, 0.587, 0.114])[..., None] * (1 - cover) + colour * cover


def heat(checkpoint, page, root):
    net, prepared, threshold = network(checkpoint)
    text = open(page, encoding="utf-8").read()
    colours = [tuple(bytes.fromhex(c)) for c in re.findall("#([0-9a-f]{6})", re.search("gradient\\(90deg,(.*?)\\)", text)[1])]
    shown = re.findall('alt="heat map: ([^"]+)" title="[^"]*" src="data:[^,]*,([^"]+)"', text)
    worst, turned = 0, []
    for name, file in shown:
        ours = numpy.array(Image.open(io.BytesIO(base64.b64decode(file))).convert("RGB")).astype(float)
        pixels = numpy.array(Image.open(f"{root}/{name}").convert("RGB")).astype(float)
        found = heat_of(net, prepared(f"{root}/{name}"), threshold)
        worst = max(worst, abs(ours - painted(pixels, found, colours)).mean())
        turned.append(abs(ours - painted(pixels, found[:, ::-1], colours)).mean())
    print(f"{len(shown)} heat maps, colours {worst:.2f} levels apart at most, {max(turned):.2f} where they are turned round")
    return len(shown) > 8 and worst < LEVELS and max(turned) > 3 * LEVELS


def same(checkpoint, path):
    tensors, _ = opened(checkpoint)
    theirs = {k: v for k, v in torch.load(path).items() if not k.startswith("fc.") and "num_batches" not in k}
    return all(torch.equal(tensors[name], t) for name, t in theirs.items())


if sys.argv[1] == "--make":
    torch.manual_seed(1)
    torch.save(torchvision.models.resnet18().state_dict(), sys.argv[2])
elif sys.argv[1] == "--heat":
    sys.exit(not heat(*sys.argv[2:]))
elif sys.argv[1] == "--same":
    sys.exit(not same(*sys.argv[2:]))
else:
    sys.exit(not compare(sys.argv[1], sys.argv[2], sys.argv[3:]))
