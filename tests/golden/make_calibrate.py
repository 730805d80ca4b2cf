#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes calibrate/: logits, and the maps that scikit-learn 1.2.1 and scipy 1.10.1 fit to them. See README.md."""
import json
import os

import numpy as np
from scipy import optimize, special
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "calibrate")
os.makedirs(HERE, exist_ok=True)


def write(name, head, rows):
    with open(os.path.join(HERE, name), "w") as f:
        f.write(",".join(head) + "\n")
        f.writelines(",".join(repr(v) for v in row) + "\n" for row in rows)


def root(slope, low, high):
    return optimize.brentq(slope, low, high, xtol=1e-15, rtol=1e-14)


def temperature_one(z, y):
    """Where the derivative of the loss by b = 1/T is 0."""
    return 1 / root(lambda b: np.sum((special.expit(b * z) - y) * z), 1e-3, 1e3)


def temperature_many(z, y):
    own = z[np.arange(len(y)), y]
    return 1 / root(lambda b: np.sum((special.softmax(b * z, axis=1) * z).sum(1) - own), 1e-3, 1e3)


def platt(z, y):
    """The root of the gradient of Platt's loss; scikit-learn's own search stops a little before it."""
    t = np.where(y == 1, (y.sum() + 1) / (y.sum() + 2), 1 / ((1 - y).sum() + 2))

    def gradient(ab):
        miss = special.expit(ab[0] * z + ab[1]) - t
        return [np.sum(miss * z), np.sum(miss)]

    def hessian(ab):
        p = special.expit(ab[0] * z + ab[1])
        w = p * (1 - p)
        return [[np.sum(w * z * z), np.sum(w * z)], [np.sum(w * z), np.sum(w)]]

    a, b = _sigmoid_calibration(z, y)
    found = optimize.root(gradient, [-a, -b], jac=hessian, tol=1e-14)
    assert np.abs(found.x - [-a, -b]).max() < 1e-3 and np.abs(gradient(found.x)).max() < 1e-9
    return found.x.tolist()


def isotonic(z, y):
    m = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(z, y)
    at = np.linspace(z.min() - 1, z.max() + 1, 201)
    return m, at, m.predict(at)


def case(name, z, y):
    write(name + ".csv", ["label", "z"], zip(y.tolist(), z.tolist()))
    m, at, p = isotonic(z, y)
    write(name + ".isotonic.csv", ["z", "p"], zip(at.tolist(), p.tolist()))
    slope, offset = platt(z, y)
    with open(os.path.join(HERE, name + ".json"), "w") as f:
        json.dump({"temperature": temperature_one(z, y), "slope": slope, "offset": offset,
                   "isotonic_knots": len(m.X_thresholds_)}, f, indent=1)
        f.write("\n")


r = np.random.RandomState(7)
y = (r.rand(500) < 0.15).astype(int)
case("sure_500", 3 * (1.2 * y - 0.8 + 0.7 * r.randn(500)), y)  # overconfident, and shifted
y = (r.rand(300) < 0.4).astype(int)
case("ties_300", np.round(0.4 * (1.5 * y - 0.7 + r.randn(300)), 1), y)  # underconfident, coarse
y = r.randint(0, 4, 400)
z = r.randn(400, 4)
z[np.arange(400), y] += 1
z *= 2.5
write("four_400.csv", ["label", "z0", "z1", "z2", "z3"], [[int(a)] + b.tolist() for a, b in zip(y, z)])
with open(os.path.join(HERE, "four_400.json"), "w") as f:
    json.dump({"temperature": temperature_many(z, y)}, f, indent=1)
    f.write("\n")
