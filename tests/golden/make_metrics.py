#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes metrics/: scores, and what scikit-learn 1.2.1, statsmodels 0.13.5 and scipy 1.10.1 say. See README.md."""
import csv
import json
import os
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics as M
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

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


def grid_hter(y, s):
    """linspace(0, 1, 100), the first that is strictly better than all before it."""
    best = (0.5, 1.0)
    for t in np.linspace(0, 1, 100):
        hter = decision(y, s, t)["hter"]
        if hter < best[1]:
            best = (float(t), hter)
    return {"threshold": best[0], "hter": best[1]}


def ece(right, said):
    """15 bins of equal width, (lo, hi]; 0 is in the first."""
    at = np.searchsorted(np.arange(1, 16) / 15, said, side="left")
    gaps = [abs(right[at == b].mean() - said[at == b].mean()) * (at == b).mean() for b in range(15) if (at == b).any()]
    return float(np.sum(gaps))


def frr_at_far(fpr, tpr, limit):
    return float(1 - tpr[fpr <= limit].max())


def case(name, y, s):
    y, s = np.asarray(y, int), np.asarray(s, np.float64)
    write(name + ".csv", ["label", "score"], [[a, repr(float(b))] for a, b in zip(y, s)])
    fpr, tpr, threshold = M.roc_curve(y, s, drop_intermediate=False)
    write(name + ".roc.csv", ["threshold", "fpr", "tpr"],
          [["%.17g" % v for v in row] for row in zip(threshold, fpr, tpr)])
    corners = M.roc_curve(y, s, drop_intermediate=True)
    precision, recall, at = M.precision_recall_curve(y, s)
    write(name + ".pr.csv", ["threshold", "precision", "recall"],
          [["%.17g" % v for v in row] for row in zip(np.append(at, np.inf), precision, recall)])
    of_class = M.precision_recall_fscore_support(y, s >= 0.5, labels=[0, 1], zero_division=0)
    out = {"n": int(y.size), "positives": int(y.sum()), "roc_auc": M.roc_auc_score(y, s),
           "average_precision": M.average_precision_score(y, s), "log_loss": M.log_loss(y, s),
           "pr_auc_trapezoid": M.auc(recall, precision), "brier": M.brier_score_loss(y, s), "ece": ece(y, s),
           "frr_at_far": [frr_at_far(fpr, tpr, x) for x in (0.1, 0.01, 0.001)],
           "roc_drop_intermediate": dict(zip(["fpr", "tpr"], [c.tolist() for c in corners])) if y.size <= 40 else
           {"points": int(corners[2].size)},
           "by_class_at_half": dict(zip(["precision", "recall", "f1", "support"], [v.tolist() for v in of_class])),
           "best_hter_grid100": grid_hter(y, s), "best_hter_over_scores": best_hter(y, s),
           "eer_interpolated": eer(fpr, tpr),
           "at_threshold": {str(t): decision(y, s, t) for t in (0.0, 0.25, 0.5, 0.7, 1.0)}}
    save(name, out)


def classes(name, y, p):
    k = p.shape[1]
    taken = p.argmax(1)  # ties: the lowest index
    share = p / p.sum(1, keepdims=True)
    of_class = M.precision_recall_fscore_support(y, taken, zero_division=0)
    write(name + ".csv", ["label"] + ["p%d" % i for i in range(k)], [[a] + ["%.3f" % v for v in b] for a, b in zip(y, p)])
    out = {"argmax_ties": "lowest index", "confusion_rows_true": M.confusion_matrix(y, taken).tolist(),
           "accuracy": M.accuracy_score(y, taken), "balanced_accuracy": M.balanced_accuracy_score(y, taken),
           "macro_precision": M.precision_score(y, taken, average="macro"),
           "macro_f1": M.f1_score(y, taken, average="macro"), "micro_f1": M.f1_score(y, taken, average="micro"),
           "weighted_f1": M.f1_score(y, taken, average="weighted"), "mcc": M.matthews_corrcoef(y, taken),
           "roc_auc_ovr": [M.roc_auc_score(y == c, p[:, c]) for c in range(k)],
           "average_precision": [M.average_precision_score(y == c, p[:, c]) for c in range(k)],
           "log_loss": M.log_loss(y, share), "brier": float(((share - np.eye(k)[y]) ** 2).sum(1).mean()),
           "ece": ece(taken == y, share.max(1)),
           "by_class": dict(zip(["precision", "recall", "f1", "support"], [v.tolist() for v in of_class]))}
    out["roc_auc_ovr_macro"] = float(np.mean(out["roc_auc_ovr"]))
    out["average_precision_macro"] = float(np.mean(out["average_precision"]))
    save(name, out)


def placements(y, s):
    """For every positive its share of negatives below it, for every negative its share of positives above it."""
    wins = np.sign(s[y == 1][:, None] - s[y == 0][None, :]) / 2 + 0.5
    return wins.mean(1), wins.mean(0)


def delong(y, scores):
    v10, v01 = zip(*[placements(y, s) for s in scores])
    return [float(v.mean()) for v in v10], np.cov(v10) / len(v10[0]) + np.cov(v01) / len(v01[0])


def pair(name, y, a, b):
    y, a, b = np.asarray(y), np.asarray(a), np.asarray(b)
    write(name + ".csv", ["label", "a", "b"], [[k, repr(float(u)), repr(float(v))] for k, u, v in zip(y, a, b)])
    auc, cov = delong(y, [a, b])
    z = (auc[0] - auc[1]) / np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    right = [(s >= 0.5) == y for s in (a, b)]
    table = [[int((right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum())],
             [int((~right[0] & right[1]).sum()), int((~right[0] & ~right[1]).sum())]]
    exact, corrected = mcnemar(table, exact=True), mcnemar(table, exact=False, correction=True)
    save(name, {"auc": auc, "covariance": cov.tolist(), "p": float(2 * stats.norm.sf(abs(z))),
                "discordant": [table[0][1], table[1][0]], "mcnemar_exact": float(exact.pvalue),
                "mcnemar_corrected": float(corrected.pvalue), "mcnemar_statistic": float(corrected.statistic)})


def shares(r, y, clear, k):
    """Rows of k probabilities in three digits, the more of it at the label the clearer."""
    z = r.randn(y.size, k)
    z[np.arange(y.size), y] += clear
    p = np.exp(z)
    p = np.round(p / p.sum(1, keepdims=True), 3)
    p[:, -1] = np.round(1 - p[:, :-1].sum(1), 3)
    return p


def discordant(right, which):
    return [int((right[0] & ~right[1])[which].sum()), int((~right[0] & right[1])[which].sum())]


def exact_p(b, c):
    return float(mcnemar([[0, b], [c, 0]], exact=True).pvalue)


def class_pair(name, y, a, b, group):
    """Judges change places in whole groups: of their differences d the sign is chance, and the variance is sum d^2."""
    k = a.shape[1]
    head = ["label", "group"] + ["a%d" % c for c in range(k)] + ["b%d" % c for c in range(k)]
    write(name + ".csv", head, [[u, g] + ["%.3f" % v for v in np.append(s, t)] for u, g, s, t in zip(y, group, a, b)])
    right = [p.argmax(1) == y for p in (a, b)]
    apart = np.bincount(group, right[0].astype(int) - right[1].astype(int))
    of_label = [discordant(right, y == c) for c in range(k)]
    save(name, {"hter": [1 - M.balanced_accuracy_score(y, p.argmax(1)) for p in (a, b)],
                "auc": [float(np.mean([M.roc_auc_score(y == c, p[:, c]) for c in range(k)])) for p in (a, b)],
                "discordant": discordant(right, y >= 0), "mcnemar_exact": exact_p(*discordant(right, y >= 0)),
                "discordant_of_label": of_label, "mcnemar_exact_of_label": [exact_p(*d) for d in of_label],
                "mcnemar_by_group": float(stats.chi2.sf(apart.sum() ** 2 / (apart ** 2).sum(), 1))})


def save(name, out):
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
y = r.randint(0, 4, 240)
z = r.randn(240, 4)
z[np.arange(240), y] += 1.2
p = np.exp(z)
p = np.round(p / p.sum(1, keepdims=True), 3)
p[:, -1] = np.round(1 - p[:, :-1].sum(1), 3)
classes("multiclass_240x4", y, p)

y = (r.rand(400) < 0.15).astype(int)
common = 1.5 * y + r.randn(400)
near, far = (1 / (1 + np.exp(1 - common - w * r.randn(400))) for w in (0.3, 1.2))
pair("pair_400", y, near, far)
pair("pair_60_ties", y[:60], np.round(near[:60], 1), np.round(far[:60], 1))

rows = [(e, n, *proportion_confint(e, n, method="wilson")) for n in (1, 7, 36, 264, 100000) for e in {0, 1, n // 3, n}]
write("wilson.csv", ["errors", "n", "low", "high"], [["%d" % e, "%d" % n, "%.17g" % a, "%.17g" % b] for e, n, a, b in sorted(rows)])
rows = [(b, c, mcnemar([[0, b], [c, 0]], exact=True).pvalue, mcnemar([[0, b], [c, 0]], exact=False).pvalue)
        for b, c in [(0, 1), (1, 1), (0, 6), (3, 9), (10, 14), (12, 13), (40, 60), (300, 380), (700, 900), (1000, 900)]]
write("mcnemar.csv", ["b", "c", "exact", "corrected"], [["%d" % b, "%d" % c, "%.17g" % p, "%.17g" % q] for b, c, p, q in rows])

y = r.choice(4, 300, p=[0.5, 0.25, 0.15, 0.1])
group = np.sort(r.randint(0, 90, 300))
class_pair("pair_300x4", y, shares(r, y, 1.6, 4), shares(r, y, 1.1, 4), np.unique(group, return_inverse=True)[1])
