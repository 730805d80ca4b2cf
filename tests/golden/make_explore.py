#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes explore/: drawn pictures and points, and what others say of them. See README.md."""
import csv
import os

import cv2
import imagehash
import numpy as np
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "explore")


def write(name, head, rows):
    with open(os.path.join(HERE, name), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(head)
        w.writerows(rows)


def field(rng, h, w, channels, detail):
    """Noise with most of its strength in long waves, as photographs have it, in 0..255."""
    fy, fx = np.fft.fftfreq(h)[:, None], np.fft.fftfreq(w)[None, :]
    envelope = 1 / (1 / detail + np.hypot(fy * h, fx * w)) ** 1.5
    planes = [np.fft.ifft2(np.fft.fft2(rng.normal(size=(h, w))) * envelope).real for _ in range(channels)]
    x = np.stack(planes, axis=2)
    x = (x - x.min()) / (x.max() - x.min()) * 230 + 12
    return np.rint(x).astype(np.uint8)


def number_pair(image):
    """The hash as two numbers of 32 bits: bit 8 u + v, counted from the lowest, is row u, column v."""
    bits = imagehash.phash(image).hash.ravel()
    value = sum(int(b) << i for i, b in enumerate(bits))
    return [value >> 32, value & 0xFFFFFFFF]


def pictures():
    rng = np.random.default_rng(7)
    hashes, looks = [], []
    for i in range(6):
        thumb = field(rng, 32, 32, 1, 4 + 3 * i)[:, :, 0]
        cv2.imwrite(os.path.join(HERE, f"thumb{i}.png"), thumb)
        hashes.append(number_pair(Image.fromarray(thumb)))
    for i, (h, w) in enumerate([(64, 64), (80, 120), (97, 45), (33, 150), (20, 24), (1, 9)]):
        rgb = field(rng, h, w, 3, 6)
        cv2.imwrite(os.path.join(HERE, f"picture{i}.png"), rgb[:, :, ::-1])
        hashes.append(number_pair(Image.fromarray(rgb)))
        r, g, b = (rgb[:, :, c].astype(int) for c in range(3))
        grey = ((299 * r + 587 * g + 114 * b + 500) // 1000).astype(np.uint8)
        looks.append([grey.mean() / 255, grey.std() / 255, cv2.Laplacian(grey, cv2.CV_64F).var(),
                      (rgb.max(axis=2).astype(int) - rgb.min(axis=2)).mean() / 255,
                      *(rgb / 255.0).mean(axis=(0, 1)), *(rgb / 255.0).std(axis=(0, 1))])
    write("phash.csv", ["high", "low"], hashes)
    write("look.csv", ["brightness", "contrast", "sharpness", "chroma", "mean_r", "mean_g", "mean_b", "std_r", "std_g",
                       "std_b"], looks)


def components(name, x, count):
    pca = PCA(n_components=count, svd_solver="full").fit(x)
    rows = []
    for variance, direction in zip(pca.explained_variance_, pca.components_):
        direction = direction * np.sign(direction[np.abs(direction).argmax()])
        rows.append([repr(float(variance))] + [repr(float(v)) for v in direction])
    write(name, ["variance"] + [f"d{i}" for i in range(x.shape[1])], rows)


def points():
    rng = np.random.default_rng(11)
    centres = rng.normal(scale=2.5, size=(6, 10))
    x = np.concatenate([c + rng.normal(size=(50, 10)) @ rng.normal(size=(10, 10)) * 0.45 for c in centres])
    x = np.rint(x * 1000) / 1000
    write("points.csv", [f"x{i}" for i in range(10)], [[f"{v:.3f}" for v in row] for row in x])
    components("pca.csv", x, 10)
    wide = np.rint(rng.normal(size=(80, 40)) * np.linspace(3, 1, 40) * 1000) / 1000
    write("wide.csv", [f"x{i}" for i in range(40)], [[f"{v:.3f}" for v in row] for row in wide])
    components("pca_wide.csv", wide, 3)
    laid_out = TSNE(init="pca", learning_rate="auto", perplexity=30, method="exact", random_state=0).fit_transform(x)
    write("tsne.csv", ["x", "y"], [[f"{v:.5f}" for v in row] for row in laid_out])
    write("trust.csv", ["trustworthiness"], [[repr(float(trustworthiness(x, np.round(laid_out, 5), n_neighbors=10)))]])


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    pictures()
    points()
