#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes sched/: schedules, optimiser steps and losses of torch 1.13.1, all in float64. See README.md."""
import csv
import math
import os
import warnings

import torch

warnings.simplefilter("ignore")
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sched")


def digits(v):
    return "%.17g" % v


def write(name, head, rows):
    with open(os.path.join(HERE, name), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(head)
        w.writerows(rows)


def one_cycle(name, total, kind="adamw", **settings):
    p = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    p.grad = torch.zeros_like(p)
    if kind == "adamw":
        o = torch.optim.AdamW([p], lr=1e-3, weight_decay=1e-2)
    else:
        o = torch.optim.SGD([p], lr=1e-3, momentum=0.9)
    s = torch.optim.lr_scheduler.OneCycleLR(o, total_steps=total, **settings)
    rows = []
    for t in range(total):  # the values in force while step t runs
        g = o.param_groups[0]
        rows.append([t, digits(g["lr"]), digits(g["betas"][0] if kind == "adamw" else g["momentum"])])
        o.step()
        if t < total - 1:
            s.step()
    write(name, ["step", "lr", "momentum_or_beta1"], rows)


def adamw(name, steps=12, **settings):
    """Five weights; their gradients follow a formula and span five decades."""
    p = torch.nn.Parameter(torch.tensor([0.5, -1.0, 2.0, -0.25, 0.0], dtype=torch.float64))
    o = torch.optim.AdamW([p], **settings)
    rows = [[0] + [digits(v) for v in p.tolist()] + [""] * 5]
    for t in range(1, steps + 1):
        g = [math.sin(1.0 + i + 0.7 * t) * 10.0 ** (i - 3) for i in range(5)]
        p.grad = torch.tensor(g, dtype=torch.float64)
        o.step()
        rows.append([t] + [digits(v) for v in p.tolist()] + [digits(v) for v in g])
    write(name, ["step"] + ["p%d" % i for i in range(5)] + ["g%d" % i for i in range(5)], rows)


def bce(name):
    rows = []
    for x in (-100.0, -30.0, -5.0, -1.0, -0.1, 0.0, 0.1, 1.0, 5.0, 30.0, 100.0):
        for y in (0.0, 1.0, 0.1, 0.95):
            for w in (1.0, 2.0, 0.2):
                z = torch.tensor([x], dtype=torch.float64, requires_grad=True)
                loss = torch.nn.functional.binary_cross_entropy_with_logits(
                    z, torch.tensor([y], dtype=torch.float64), pos_weight=torch.tensor(w, dtype=torch.float64))
                loss.backward()
                rows.append([digits(v) for v in (x, y, w, float(loss), float(z.grad))])
    write(name, ["logit", "target", "pos_weight", "loss", "dloss_dlogit"], rows)


os.makedirs(HERE, exist_ok=True)
one_cycle("onecycle_default_adamw_4.csv", 4, max_lr=1e-2)
one_cycle("onecycle_default_adamw_10.csv", 10, max_lr=1e-2)
one_cycle("onecycle_default_adamw_37.csv", 37, max_lr=2e-3)
one_cycle("onecycle_default_adamw_100.csv", 100, max_lr=1e-2)
one_cycle("onecycle_pct015_adamw_50.csv", 50, max_lr=2e-3, pct_start=0.15)
one_cycle("onecycle_nomomentum_adamw_37.csv", 37, max_lr=2e-3, cycle_momentum=False)
one_cycle("onecycle_linear_adamw_37.csv", 37, max_lr=2e-3, anneal_strategy="linear")
one_cycle("onecycle_threephase_adamw_37.csv", 37, max_lr=2e-3, three_phase=True)
one_cycle("onecycle_sgd_20.csv", 20, kind="sgd", max_lr=0.1, div_factor=10.0, final_div_factor=100.0,
          base_momentum=0.8, max_momentum=0.9)
adamw("adamw_lr1e-3_wd1e-2.csv", lr=1e-3, weight_decay=1e-2)
adamw("adamw_lr1e-2_wd1e-1_b09_099_eps1e-6.csv", lr=1e-2, weight_decay=0.1, betas=(0.9, 0.99), eps=1e-6)
bce("bce_with_logits.csv")
