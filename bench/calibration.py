#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a calibration is worth: fits maps to the validation of runs that were trained with `calibration: none`, and
judges the probabilities of their test pictures. Needs NumPy; knows nothing of Rarebit's own fits.

    rarebit train ... --calibration none --seed N     # some of them
    bench/calibration.py RUN...
"""
import csv
import sys

import numpy as np

TINY = 1e-7


def logit(p):
    p = np.clip(p, TINY, 1 - TINY)
    return np.log(p / (1 - p))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def log_loss(p, y):
    p = np.clip(p, TINY, 1 - TINY)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def calibration_error(p, y, bins=15):
    of = np.clip(np.ceil(p * bins).astype(int) - 1, 0, bins - 1)
    return sum(abs((p[of == b] - y[of == b]).sum()) for b in range(bins)) / len(p)


def least(f, x):
    """Where f is least, by steps along each axis that grow while they help and halve when they do not."""
    x, step = np.array(x, float), np.ones(len(x))
    for _ in range(400):
        for k in range(len(x)):
            moved = [x + d * step[k] * np.eye(len(x))[k] for d in (1, -1)]
            better = min(moved, key=f)
            if f(better) < f(x):
                x, step[k] = better, 1.5 * step[k]
            else:
                step[k] /= 2
    return x


def parts(run):
    with open(f"{run}/split.csv") as file:
        rows = list(csv.DictReader(file))
    labels = {p: np.array([int(r["label"]) for r in rows if r["split"] == p]) for p in ("train", "val", "test")}
    return labels, {p: logit(np.loadtxt(f"{run}/{p}.proba")) for p in ("val", "test")}


def calibrated(run):
    """Logits of the test part by each method, and its labels. The sampler is balanced, the loss has no weights."""
    y, z = parts(run)
    shift = np.log((y["train"] == 0).sum() / (y["train"] == 1).sum())
    val, test, ones = z["val"] - shift, z["test"] - shift, (y["val"] == 1).sum()
    t = least(lambda x: log_loss(sigmoid(val * np.exp(x[0])), y["val"]), [0])
    soft = np.where(y["val"] == 1, (ones + 1) / (ones + 2), 1 / (len(val) - ones + 2))
    a, b = least(lambda x: log_loss(sigmoid(x[0] * val + x[1]), soft), [1, 0])
    return {"none": z["test"], "prior": test, "temperature": test * np.exp(t[0]), "platt": a * test + b}, y["test"]


print("| run | method | log loss, test | ECE, test |\n|---|---|---|---|")
for number, run in enumerate(sys.argv[1:], 1):
    by, y = calibrated(run)
    for method, z in by.items():
        print(f"| {number} | {method} | {log_loss(sigmoid(z), y):.4f} | {calibration_error(sigmoid(z), y):.4f} |")
