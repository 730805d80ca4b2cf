#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes metrics/: scores, and what scikit-learn 1.2.1 says of them. See README.md."""
import csv
import json
import os
import warnings

import numpy as np
from sklearn import metrics as M

warnings.simplefilter("ignore")
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics")


def write(name, head, rows):
    with open(os.path.join(HERE, name), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(head)
        w.writerows(rows)


def counts_at(y, s, t):
    p = s >= t
    tp, fp = int((p & (y == 1)).sum()), int((p & (y == 0)).sum())
    fn, tn = int((~p & (y == 1)).sum()), int((~p & (y == 0)).sum())
    return tp, fp, tn, fn


def decision(y, s, t):
    tp, fp, tn, fn = counts_at(y, s, t)
    p = (s >= t).astype(int)
    assert list(M.confusion_matrix(y, p, labels=[0, 1]).ravel()) == [tn, fp, fn, tp]
    far, frr = fp / (fp + tn), fn / (fn + tp)
    return {"tp": tp, "fp": fp, "tn": tn, "fn": fn, "far": far, "frr": frr, "hter": 0.5 * (far + frr),
            "accuracy": M.accuracy_score(y, p), "balanced_accuracy": M.balanced_accuracy_score(y, p),
            "precision": M.precision_score(y, p, zero_division=0), "recall": M.recall_score(y, p, zero_division=0),
            "f1": M.f1_score(y, p, zero_division=0), "mcc": M.matthews_corrcoef(y, p)}


def best_hter(y, s):
    """Every distinct score, highest first; the first with the least integer fp * P + fn * N."""
    thresholds = np.unique(s)[::-1]
    positives, negatives = int(y.sum()), int((1 - y).sum())
    costs = []
    for t in thresholds:
        _, fp, _, fn = counts_at(y, s, t)
        costs.append(fp * positives + fn * negatives)
    t = thresholds[int(np.argmin(costs))]
    return {"threshold": float(t), "hter": float(decision(y, s, t)["hter"])}


def eer(fpr, tpr):
    """Linear between the two points of the curve where FNR - FPR changes sign."""
    d = (1 - tpr) - fpr
    k = int(np.argmax(d <= 0))
    if d[k] == 0 or k == 0:
        return float(fpr[k])
    along = d[k - 1] / (d[k - 1] - d[k])
    return float(fpr[k - 1] + along * (fpr[k] - fpr[k - 1]))


def case(name, y, s):
    y, s = np.asarray(y, int), np.asarray(s, np.float64)
    write(name + ".csv", ["label", "score"], [[a, repr(float(b))] for a, b in zip(y, s)])
    fpr, tpr, threshold = M.roc_curve(y, s, drop_intermediate=False)
    write(name + ".roc.csv", ["threshold", "fpr", "tpr"],
          [["%.17g" % v for v in row] for row in zip(threshold, fpr, tpr)])
    out = {"n": int(y.size), "positives": int(y.sum()), "roc_auc": M.roc_auc_score(y, s),
           "average_precision": M.average_precision_score(y, s), "log_loss": M.log_loss(y, s),
           "brier": M.brier_score_loss(y, s), "best_hter_over_scores": best_hter(y, s),
           "eer_interpolated": eer(fpr, tpr),
           "at_threshold": {str(t): decision(y, s, t) for t in (0.0, 0.25, 0.5, 0.7, 1.0)}}
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


os.makedirs(HERE, exist_ok=True)
r = np.random.RandomState(12345)
case("tiny_ties", [0, 0, 1, 1, 0, 1, 1, 0, 1, 0], [0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.9, 0.1, 0.8, 0.8])
case("perfect", [0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.7, 0.9])
case("inverted", [1, 1, 0, 0, 0], [0.1, 0.2, 0.3, 0.7, 0.9])
case("all_tied", [0, 1, 0, 1, 1, 0, 0], [0.5] * 7)
y = (r.rand(500) < 0.2).astype(int)
case("random_500_ties", y, np.round(np.clip(0.35 + 0.25 * y + 0.2 * r.randn(500), 0, 1), 2))
y = (r.rand(1000) < 0.88).astype(int)
case("random_1000_imbalanced", y, 1 / (1 + np.exp(-(2.0 * y - 0.5 + 1.5 * r.randn(1000)))))
y = r.randint(0, 2, 300)
case("chance_300_coarse_ties", y, r.randint(0, 5, 300) / 4.0)
