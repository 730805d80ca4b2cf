#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes shift/: scores of validation and of later pictures, and what scipy says of the two. See README.md."""
import json
import os

import numpy as np
from scipy import optimize, special, stats

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shift")
os.makedirs(HERE, exist_ok=True)


def draw(rng, n, share, move=0.0, grid=0.05):
    """Labels and logits of two overlapping classes; logits lie on a grid, so that a bin holds equal scores alone."""
    label = (rng.random(n) < share).astype(int)
    z = rng.normal(np.where(label == 1, 1.5, -1.5) + move, 1.2)
    return label, np.round(z / grid) * grid + grid / 2


def em(p, prior):
    """Saerens et al., equations 2.8 and 2.9, until nothing moves."""
    q = prior
    for _ in range(1_000_000):
        one, zero = p * q / prior, (1 - p) * (1 - q) / (1 - prior)
        new = np.mean(one / (one + zero))
        if abs(new - q) < 1e-16:
            break
        q = new
    return q


def case(name, seed, n, m, was, now, move=0.0, balanced=False):
    rng = np.random.default_rng(seed)
    label, z = draw(rng, n, was)
    _, w = draw(rng, m, now, move)
    prior = label.mean()
    # The odds of the two normals at the share of validation, or as a balanced training would see them.
    scale, shift = 3 / 1.2**2, 0 if balanced else special.logit(prior)
    # Rounded to floats, as files have them.
    then, here = (np.float32(special.expit(scale * x + shift)).astype(float) for x in (z, w))

    ks = stats.ks_2samp(then, here)
    times = np.exp(optimize.brentq(
        lambda x: np.mean(special.expit(special.logit(then) + x)) - prior, -6, 6, xtol=1e-15, rtol=1e-14))
    p, p_then = (special.expit(special.logit(x) + np.log(times)) for x in (here, then))
    share = em(p, prior)

    def gain(q):
        return np.sum(np.log(q * p / prior + (1 - q) * (1 - p) / (1 - prior)))

    level = gain(share) - stats.chi2.ppf(0.95, 1) / 2
    low = optimize.brentq(lambda q: gain(q) - level, 1e-12, share, xtol=1e-15)
    high = optimize.brentq(lambda q: gain(q) - level, share, 1 - 1e-12, xtol=1e-15)
    weight = share * p_then / prior + (1 - share) * (1 - p_then) / (1 - prior)
    at = np.sort(np.concatenate([then, here]))
    rest = max(abs(weight[then <= x].sum() / weight.sum() - np.mean(here <= x)) for x in at)

    with open(os.path.join(HERE, name + ".csv"), "w") as f:
        f.write("side,score\n")
        f.writelines(f"0,{s!r}\n" for s in then.tolist())
        f.writelines(f"1,{s!r}\n" for s in here.tolist())
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        json.dump({"prior": prior, "distance": ks.statistic, "exact_p": ks.pvalue, "share": share, "low": low,
                   "high": high, "share_p": stats.chi2.sf(2 * gain(share), 1), "rest": rest,
                   "odds": times * (share / (1 - share)) / (prior / (1 - prior))}, f, indent=1)
        f.write("\n")


case("same", 1, 300, 400, 0.2, 0.2)
case("rarer", 2, 500, 800, 0.3, 0.05)
case("moved", 3, 513, 600, 0.4, 0.4, move=1.0)
case("balanced", 4, 400, 900, 0.12, 0.45, balanced=True)

with open(os.path.join(HERE, "kolmogorov.csv"), "w") as f:
    f.write("x,tail\n")
    f.writelines(f"{x!r},{float(stats.kstwobign.sf(x))!r}\n" for x in np.arange(0.05, 4.0, 0.05).round(2).tolist())
