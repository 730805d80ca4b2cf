#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes loss/: losses and their gradients from torch 1.13.1 and torchvision 0.14.1, in float64. See README.md."""
import csv
import os

import torch
from torch.nn.functional import cross_entropy
from torchvision.ops import sigmoid_focal_loss

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "loss")
K = 4
WEIGHTS = ([1.0] * K, [0.5, 2.0, 1.25, 0.1])


def write(name, head, rows):
    with open(os.path.join(HERE, name), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(head)
        w.writerows([["%.17g" % v for v in row] for row in rows])


def columns(letter):
    return [letter + str(i) for i in range(K)]


def focal(name):
    rows = []
    for z in (-60.0, -8.0, -1.5, -0.1, 0.0, 0.7, 3.0, 9.0, 60.0):
        for y in (0.0, 1.0, 0.3, 0.95):
            for alpha in (-1.0, 0.25, 0.9):
                for gamma in (0.0, 0.5, 1.0, 2.0, 5.0):
                    x = torch.tensor([z], dtype=torch.float64, requires_grad=True)
                    loss = sigmoid_focal_loss(x, torch.tensor([y], dtype=torch.float64), alpha, gamma, "sum")
                    loss.backward()
                    rows.append([z, y, alpha, gamma, float(loss), float(x.grad)])
    write(name, ["logit", "target", "alpha", "gamma", "loss", "dloss_dlogit"], rows)


def logits():
    return [[5 * float(v) for v in row] for row in torch.randn(8, K, generator=torch.Generator().manual_seed(7))]


def classes(name):
    """A label, with weights and label smoothing."""
    rows = []
    for z in logits():
        for label in range(K):
            for w in WEIGHTS:
                for smoothing in (0.0, 0.1, 0.4):
                    x = torch.tensor([z], dtype=torch.float64, requires_grad=True)
                    loss = cross_entropy(x, torch.tensor([label]), torch.tensor(w, dtype=torch.float64),
                                         label_smoothing=smoothing, reduction="sum")
                    loss.backward()
                    rows.append(z + [label] + w + [smoothing, float(loss)] + x.grad[0].tolist())
    write(name, columns("z") + ["label"] + columns("w") + ["smoothing", "loss"] + columns("g"), rows)


def shares(name):
    """Targets that are shares of the classes, as mixup makes them."""
    rows = []
    for z in logits():
        for t in ([0.7, 0.3, 0.0, 0.0], [0.25] * K, [0.0, 0.1, 0.0, 0.9]):
            for w in WEIGHTS:
                x = torch.tensor([z], dtype=torch.float64, requires_grad=True)
                loss = cross_entropy(x, torch.tensor([t], dtype=torch.float64), torch.tensor(w, dtype=torch.float64),
                                     reduction="sum")
                loss.backward()
                rows.append(z + t + w + [float(loss)] + x.grad[0].tolist())
    write(name, columns("z") + columns("t") + columns("w") + ["loss"] + columns("g"), rows)


def mean(name):
    """Eight labels at once: the mean is over their weights."""
    rows = []
    for w in WEIGHTS:
        x = torch.tensor(logits(), dtype=torch.float64, requires_grad=True)
        label = [i * i % K for i in range(8)]
        loss = cross_entropy(x, torch.tensor(label), torch.tensor(w, dtype=torch.float64))
        loss.backward()
        for i in range(8):
            rows.append(x[i].tolist() + [label[i]] + w + [float(loss)] + x.grad[i].tolist())
    write(name, columns("z") + ["label"] + columns("w") + ["loss"] + columns("g"), rows)


os.makedirs(HERE, exist_ok=True)
focal("focal.csv")
classes("cross_entropy_labels.csv")
shares("cross_entropy_shares.csv")
mean("cross_entropy_mean.csv")
