#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes mix/*.csv: what timm's data/mixup.py makes of given shares and places. See README.md.

Takes the path of that file: `pip download --no-deps timm` and unzip; timm itself need not be installed."""
import csv
import importlib.util
import os
import sys

import numpy as np
import torch

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mix")
RANDOM = np.random.RandomState(5)


def load(path):
    spec = importlib.util.spec_from_file_location("mixup", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(name, head, rows):
    with open(os.path.join(HERE, name), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(head)
        w.writerows(rows)


def digits(v):
    return "%.17g" % v


def rectangles(mixup):
    """timm draws the middle of a rectangle with numpy: here it is told."""
    rows = []
    for _ in range(60):
        h, w, own = RANDOM.randint(1, 60), RANDOM.randint(1, 60), RANDOM.rand()
        places = [RANDOM.randint(0, h), RANDOM.randint(0, w)]
        told = list(places)
        drawn, np.random.randint = np.random.randint, lambda low, high, size=None: told.pop(0)
        (top, bottom, left, right), left_over = mixup.cutmix_bbox_and_lam((3, h, w), own)
        np.random.randint = drawn
        rows.append([h, w, digits(own)] + places + [top, bottom, left, right, digits(left_over)])
    write("rectangle.csv", ["h", "w", "own", "y", "x", "top", "bottom", "left", "right", "own_after"], rows)


def targets(mixup):
    """Four classes, six pictures in a batch: labels and what becomes of them, rows of a batch one after another."""
    rows = []
    for smoothing in (0.0, 0.1):
        for _ in range(5):
            own = RANDOM.rand()
            labels = torch.tensor(RANDOM.randint(0, 4, 6))
            mixed = mixup.mixup_target(labels, 4, own, smoothing).double()
            for label, row in zip(labels, mixed):
                rows.append([smoothing, digits(own), int(label)] + [digits(v) for v in row])
    write("target.csv", ["smoothing", "own", "label", "t0", "t1", "t2", "t3"], rows)


def blends(mixup):
    """A line of grey levels and another one, and what FastCollateMixup, told the share, makes of both."""
    rows = []
    for own in list(RANDOM.rand(12)) + [0.5, 0.25]:
        x, y = RANDOM.randint(0, 256, 16).astype(np.uint8), RANDOM.randint(0, 256, 16).astype(np.uint8)
        collate = mixup.FastCollateMixup(num_classes=2)
        collate._params_per_batch = lambda: (own, False)
        out = collate([(x.reshape(1, 1, 16), 0), (y.reshape(1, 1, 16), 1)])[0][0].flatten()
        rows += [[digits(own), a, b, int(c)] for a, b, c in zip(x, y, out)]
    write("blend.csv", ["own", "x", "y", "blend"], rows)


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    timm = load(sys.argv[1])
    rectangles(timm)
    targets(timm)
    blends(timm)
