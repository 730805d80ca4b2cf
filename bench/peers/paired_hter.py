#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""HTER of groups of runs over the same test pictures, and its differences in pairs, with 95 % bootstrap intervals.

    bench/peers/paired_hter.py NAME=RUN[,RUN...] NAME=RUN[,RUN...] ...

A group is one way to train, its runs differ in their seeds. Pictures are resampled within their class, 5000 times, the
same ones for all groups; HTER is that at each run's own threshold, and its mean over the runs of a group. The intervals
are about pictures, not about seeds. Needs python3-numpy.
"""
import csv
import itertools
import json
import os
import sys

import numpy as np

RESAMPLES = 5000


def read(run):
    """Names, labels, and wrong decisions of the test pictures of a run."""
    with open(os.path.join(run, "split.csv")) as f:
        rows = [r for r in csv.DictReader(f) if r["split"] == "test"]
    scores = np.loadtxt(os.path.join(run, "test.proba"), dtype=np.float32)
    with open(os.path.join(run, "metrics.json")) as f:
        threshold = np.float32(json.load(f)["threshold"])
    labels = np.array([int(r["label"]) for r in rows])
    return [r["path"] for r in rows], labels, (scores >= threshold) != (labels == 1)


def main():
    groups, pictures, labels = {}, None, None
    for argument in sys.argv[1:]:
        name, runs = argument.split("=", 1)
        wrong = []
        for run in runs.split(","):
            names, labels, decisions = read(run)
            if pictures not in (None, names):
                sys.exit(f"{run}: has other test pictures")
            pictures = names
            wrong.append(decisions)
        groups[name] = np.array(wrong, dtype=float)
    of_class = [np.flatnonzero(labels == k) for k in (0, 1)]
    rng = np.random.default_rng(0)
    drawn = [rng.multinomial(len(i), np.full(len(i), 1 / len(i)), RESAMPLES) / len(i) for i in of_class]

    def hter(wrong):
        rates = [wrong[:, i].mean(1) for i in of_class]
        return (rates[0] + rates[1]) / 2, sum(d @ wrong[:, i].mean(0) for d, i in zip(drawn, of_class)) / 2

    print(f"{len(labels)} test pictures, {len(of_class[0])} of class 0\n")
    print("| training | HTER of each run | mean [95 %] |\n|---|---|---|")
    boot = {}
    for name, wrong in groups.items():
        each, boot[name] = hter(wrong)
        low, high = np.percentile(boot[name], [2.5, 97.5])
        print(f"| {name} | {', '.join(f'{v:.4f}' for v in each)} | {each.mean():.4f} [{low:.4f} {high:.4f}] |")
    print("\n| pair | difference of means [95 %] |\n|---|---|")
    for one, two in itertools.combinations(groups, 2):
        low, high = np.percentile(boot[two] - boot[one], [2.5, 97.5])
        print(f"| {two} - {one} | {hter(groups[two])[0].mean() - hter(groups[one])[0].mean():+.4f} [{low:+.4f} {high:+.4f}] |")


if __name__ == "__main__":
    main()
