#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/augment: what OpenCV makes of two small pictures, and its lines for MotionBlur.

cases.txt: input, output, largest and mean difference allowed, transform, its settings.
lines.txt: per row the side k of a kernel, then for all pairs of points (y0 x0 y1 x1, x1 fastest) the set pixels in hex.

Needs python3-opencv (made with 4.6.0). Run: /usr/bin/python3 make_augment_golden.py
"""
import os

import cv2
import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "augment")


def picture(h, w, c, seed):
    """Slopes, an edge and noise; dark in one corner, so that equalising has something to do."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:h, 0:w]
    planes = [(90 + 70 * np.sin(x / (5.0 + k) + k) + 40 * np.cos(y / (4.0 + k)) + 60 * (x + y > (h + w) / 2))
              * (0.3 + 0.7 * x / w) for k in range(c)]
    noisy = np.stack(planes, -1) + rng.normal(0, 12, (h, w, c))
    out = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return out[:, :, 0] if c == 1 else out


def clahe(image, clip, tiles):
    tool = cv2.createCLAHE(clipLimit=clip, tileGridSize=tiles)
    if image.ndim == 2:
        return tool.apply(image)
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)
    lab[:, :, 0] = tool.apply(lab[:, :, 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2BGR)


def sharpen(a, l):
    effect = np.full((3, 3), -1.0)
    effect[1, 1] = 8 + l
    return blend(a, effect)


def emboss(a, s):
    return blend(a, np.array([[-1 - s, -s, 0], [-s, 1, s], [0, s, 1 + s]]))


def blend(a, effect):
    same = np.zeros((3, 3))
    same[1, 1] = 1
    return ((1 - a) * same + a * effect).astype(np.float32)


def grey(image):
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR) if image.ndim == 3 else image


def cases():
    """Name of the output, differences allowed, transform and settings, what OpenCV does."""
    for k in (3, 5, 7, 9):
        yield f"median{k}", 0, 0, f"MedianBlur blur_limit={k},{k}", lambda i, k=k: cv2.medianBlur(i, k)
    for k in (3, 7):
        yield f"box{k}", 0, 0, f"Blur blur_limit={k},{k}", lambda i, k=k: cv2.blur(i, (k, k))
    for k in (3, 5, 7):
        yield (f"gauss{k}", 1, 0.1, f"GaussianBlur blur_limit={k},{k}", lambda i, k=k: cv2.GaussianBlur(i, (k, k), 0))
    yield ("gauss_sigma", 1, 0.1, "GaussianBlur blur_limit=0 sigma_limit=1.5,1.5",
           lambda i: cv2.GaussianBlur(i, (0, 0), 1.5))
    yield ("sharpen", 1, 0.01, "Sharpen alpha=0.35 lightness=0.8", lambda i: cv2.filter2D(i, -1, sharpen(0.35, 0.8)))
    yield ("emboss", 1, 0.01, "Emboss alpha=0.4 strength=0.6", lambda i: cv2.filter2D(i, -1, emboss(0.4, 0.6)))
    yield "gray", 0, 0, "ToGray", grey
    for clip, across, down in ((2, 8, 8), (4, 3, 5), (1, 4, 4)):
        yield (f"clahe{clip}", None, None, f"CLAHE clip_limit={clip},{clip} tile_grid_size={across},{down}",
               lambda i, a=clip, t=(across, down): clahe(i, a, t))


def line_masks(k):
    points = [(y, x) for y in range(k) for x in range(k)]
    for y0, x0 in points:
        for y1, x1 in points:
            kernel = np.zeros((k, k), np.uint8)
            cv2.line(kernel, (x0, y0), (x1, y1), 1, thickness=1)
            yield f"{sum(1 << i for i, v in enumerate(kernel.ravel()) if v):x}"


def main():
    os.makedirs(HERE, exist_ok=True)
    inputs = {"grey": picture(29, 37, 1, 1), "colour": picture(23, 31, 3, 2)}
    rows = []
    for kind, image in inputs.items():
        cv2.imwrite(os.path.join(HERE, f"{kind}.png"), image)
        for name, largest, mean, settings, run in cases():
            if largest is None:
                largest, mean = (0, 0) if kind == "grey" else (255, 3.5)
            cv2.imwrite(os.path.join(HERE, f"{kind}_{name}.png"), run(image))
            rows.append(f"{kind}.png {kind}_{name}.png {largest} {mean} {settings}\n")
    with open(os.path.join(HERE, "cases.txt"), "w") as f:
        f.writelines(rows)
    with open(os.path.join(HERE, "lines.txt"), "w") as f:
        for k in (3, 5, 7):
            f.write(f"{k} {' '.join(line_masks(k))}\n")


if __name__ == "__main__":
    main()
