#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes sched/ema_*.csv: timm's ModelEmaV3 on a weight that wanders, in float64. See README.md.

Takes the path of timm's model_ema.py: `pip download --no-deps timm` and unzip; timm itself need not be installed."""
import csv
import importlib.util
import math
import os
import sys

import torch

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sched")


def load(path):
    spec = importlib.util.spec_from_file_location("model_ema", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Point(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
        self.register_buffer("seen", torch.tensor([-1.0], dtype=torch.float64))


def trace(ema, name, **settings):
    model = Point()
    average = ema.ModelEmaV3(model, foreach=False, **settings)
    rows = []
    for step in range(1, 41):
        with torch.no_grad():
            model.weight.fill_(math.cos(0.7 * step) + 3 / step)
            model.seen.fill_(step * 0.25)
        average.update(model, step=step)
        values = [average.get_decay(step), model.weight.item(), average.module.weight.item(), model.seen.item(),
                  average.module.seen.item()]
        rows.append([step] + ["%.17g" % v for v in values])
    with open(os.path.join(HERE, name), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["step", "decay", "weight", "average", "buffer", "average_of_buffer"])
        w.writerows(rows)


if __name__ == "__main__":
    ema = load(sys.argv[1])
    trace(ema, "ema_d0.9.csv", decay=0.9)
    trace(ema, "ema_d0.3.csv", decay=0.3)
    trace(ema, "ema_d0.85_warmup.csv", decay=0.85, use_warmup=True)
