#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The shortest way from nothing to one picture's probability in PyTorch: what `rarebit infer` is timed against.

    torch_start.py WEIGHTS.pth PICTURE SIZE THREADS
    torch_start.py --make WEIGHTS.pth                fresh weights of a ResNet-18 with one logit
"""
import sys

import numpy
import torch
import torchvision
from PIL import Image

MEAN = numpy.array([0.485, 0.456, 0.406], dtype=numpy.float32)
STD = numpy.array([0.229, 0.224, 0.225], dtype=numpy.float32)


def network():
    return torchvision.models.resnet18(num_classes=1)


def main():
    if sys.argv[1] == "--make":
        torch.save(network().state_dict(), sys.argv[2])
        return
    weights, path, size, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    net = network()
    net.load_state_dict(torch.load(weights))
    net.eval()
    picture = Image.open(path).convert("RGB").resize((int(size), int(size)), Image.BILINEAR)
    x = (numpy.asarray(picture, dtype=numpy.float32) / 255 - MEAN) / STD
    with torch.no_grad():
        print(torch.sigmoid(net(torch.from_numpy(x).permute(2, 0, 1)[None])).item())


main()
