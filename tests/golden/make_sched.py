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


def epochs(name, count, make, lr=1e-3):
    """A schedule that is stepped once an epoch."""
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=lr)
    s = make(o)
    rows = []
    for t in range(count):
        rows.append([t, digits(o.param_groups[0]["lr"])])
        o.step()
        s.step()
    write(name, ["step", "lr"], rows)


def plateau(name, metrics, lr=1e-3, **settings):
    """ReduceLROnPlateau after each value of a metric, with all that it remembers."""
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=lr)
    s = torch.optim.lr_scheduler.ReduceLROnPlateau(o, **settings)
    rows = []
    for t, metric in enumerate(metrics):
        before = o.param_groups[0]["lr"]
        s.step(metric)
        after = o.param_groups[0]["lr"]
        rows.append([t, digits(metric), digits(before), digits(after), digits(s.best), s.num_bad_epochs,
                     s.cooldown_counter])
    write(name, ["epoch", "metric", "lr_before", "lr_after", "best", "num_bad_epochs", "cooldown_counter"], rows)


def optimiser(name, make, steps=12, **settings):
    """Five weights; their gradients follow a formula and span five decades."""
    p = torch.nn.Parameter(torch.tensor([0.5, -1.0, 2.0, -0.25, 0.0], dtype=torch.float64))
    o = make([p], **settings)
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
optimiser("adamw_lr1e-3_wd1e-2.csv", torch.optim.AdamW, lr=1e-3, weight_decay=1e-2)
optimiser("adamw_lr1e-2_wd1e-1_b09_099_eps1e-6.csv", torch.optim.AdamW, lr=1e-2, weight_decay=0.1, betas=(0.9, 0.99),
          eps=1e-6)
optimiser("adam_l2_lr1e-3_wd1e-2.csv", torch.optim.Adam, lr=1e-3, weight_decay=1e-2)
optimiser("sgd_m09_wd1e-2.csv", torch.optim.SGD, lr=0.1, momentum=0.9, weight_decay=1e-2)
optimiser("sgd_nesterov_m09.csv", torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True)
COSINE = torch.optim.lr_scheduler.CosineAnnealingLR
epochs("cosine_T1.csv", 5, lambda o: COSINE(o, T_max=1))
epochs("cosine_T10_min0.csv", 31, lambda o: COSINE(o, T_max=10))
epochs("cosine_T10_min1e-6.csv", 31, lambda o: COSINE(o, T_max=10, eta_min=1e-6))
epochs("cosine_T100_min1e-7.csv", 100, lambda o: COSINE(o, T_max=100, eta_min=1e-7), lr=4e-4)
epochs("step_size3_gamma05.csv", 12, lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=3, gamma=0.5))
epochs("step_size1_gamma09.csv", 40, lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=1, gamma=0.9))
FALLING = [1.0, 0.9, 0.8, 0.8, 0.79999, 0.79995, 0.7999, 0.79, 0.79, 0.79, 0.79, 0.8, 0.81, 0.79, 0.79, 0.7, 0.71, 0.72,
           0.73, 0.74, 0.75, 0.76, 0.77, 0.78] + [0.6] * 16
RISING = [1 - v for v in FALLING]
NAN = float("nan")
plateau("plateau_default.csv", FALLING)
plateau("plateau_patience2.csv", FALLING, patience=2)
plateau("plateau_patience2_f05_cool3_min.csv", FALLING, patience=2, factor=0.5, cooldown=3, min_lr=5e-5)
plateau("plateau_patience0_abs.csv", FALLING, patience=0, factor=0.5, threshold=0.01, threshold_mode="abs")
plateau("plateau_max_patience2.csv", RISING, mode="max", patience=2, factor=0.2)
plateau("plateau_max_abs.csv", RISING, mode="max", patience=1, factor=0.2, threshold=0.005, threshold_mode="abs")
plateau("plateau_min_negative_rel.csv", [-0.1 * i if i < 5 else -0.4 - 1e-5 * i for i in range(20)], patience=2)
plateau("plateau_eps.csv", [1.0] * 30, lr=1e-6, patience=1)
plateau("plateau_nan.csv", [1.0, NAN, NAN, NAN, NAN, 0.5, NAN, 0.4, 0.41, 0.42, 0.43], patience=2)
bce("bce_with_logits.csv")
