#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Transforms beside OpenCV and NumPy as Albumentations calls them: microseconds a picture, one thread, in turn.

    bench/peers/augment.py [--rounds N] [--seconds S] [--only TEXT]

Needs Debian's python3-opencv, and build/bench_augment. Prints a Markdown table. Both draw parameters anew each time;
each number is the least of all rounds.
"""
import argparse
import os
import subprocess
import time

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = os.path.join(HERE, "..", "..", "build", "bench_augment")
SIZES = (64, 224)
RUNS = 256  # so many that a pipeline takes each of its ways

rng = np.random.default_rng(0)
cv2.setNumThreads(1)
LINEAR = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT_101}


def remap(image, x, y):
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def rotate90(image):
    return np.ascontiguousarray(np.rot90(image, rng.integers(4)))


def rotate(image):
    h, w = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), rng.uniform(-90, 90), 1)
    return cv2.warpAffine(image, matrix, (w, h), **LINEAR)


def elastic(image, kernel):
    h, w = image.shape[:2]
    middle, side = np.float32([w // 2, h // 2]), min(h, w) // 3
    points = np.float32([middle + side, [middle[0] + side, middle[1] - side], middle - side])
    matrix = cv2.getAffineTransform(points, points + rng.uniform(-4.5, 4.5, (3, 2)).astype(np.float32))
    image = cv2.warpAffine(image, matrix, (w, h), **LINEAR)
    dx, dy = (cv2.GaussianBlur(rng.random((h, w), np.float32) * 2 - 1, kernel, 7.5) * 150 for _ in range(2))
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    return remap(image, x + dx, y + dy)


def line(n):
    knots = np.concatenate(([0], np.cumsum(1 + rng.uniform(-0.3, 0.3, 5)))) * ((n - 1) / 5)
    return np.interp(np.arange(n), np.linspace(0, n - 1, 6), knots).astype(np.float32)


def grid(image):
    x, y = np.meshgrid(line(image.shape[1]), line(image.shape[0]))
    return remap(image, x, y)


def lens(image):
    h, w = image.shape[:2]
    k = rng.uniform(-1.5, 1.5)
    camera = np.array([[w, 0, w / 2], [0, h, h / 2], [0, 0, 1]])
    x, y = cv2.initUndistortRectifyMap(camera, np.array([k, k, 0, 0, 0]), None, camera, (w, h), cv2.CV_32FC1)
    return remap(image, x, y)


def noise(image):
    sigma = np.float32(np.sqrt(rng.uniform(10, 50)))
    noisy = image + sigma * rng.standard_normal(image.shape, np.float32)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def table(image, values):
    return cv2.LUT(image, np.clip(values, 0, 255).astype(np.uint8))


def brightness(image):
    return table(image, np.arange(256, dtype=np.float32) * rng.uniform(0.8, 1.2) + 255 * rng.uniform(-0.2, 0.2))


def gamma(image):
    return table(image, np.power(np.arange(256) / 255, rng.uniform(0.8, 1.2)) * 255)


def motion(image, k):
    kernel = np.zeros((k, k), np.uint8)
    x0, x1, y0, y1 = (int(v) for v in rng.integers(0, k, 4))
    cv2.line(kernel, (x0, y0), (x1, y1), 1, thickness=1)
    return cv2.filter2D(image, -1, (kernel / kernel.sum()).astype(np.float32))


def clahe(image):
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    lab[:, :, 0] = cv2.createCLAHE(clipLimit=rng.uniform(1, 4), tileGridSize=(8, 8)).apply(lab[:, :, 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def blend(image, effect):
    a = rng.uniform(0.2, 0.5)
    same = np.zeros((3, 3), np.float32)
    same[1, 1] = 1 - a
    return cv2.filter2D(image, -1, same + np.float32(a * effect))


def sharpen(image):
    return blend(image, np.array([[-1, -1, -1], [-1, 8 + rng.uniform(0.5, 1), -1], [-1, -1, -1]]))


def emboss(image):
    s = rng.uniform(0.2, 0.7)
    return blend(image, np.array([[-1 - s, -s, 0], [-s, 1, s], [0, s, 1 + s]]))


def hue(image):
    h, s, v = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV))
    steps = np.arange(256, dtype=np.int16)
    h = cv2.LUT(h, np.mod(steps + rng.integers(-20, 21), 180).astype(np.uint8))
    s, v = (table(x, steps + rng.uniform(-20, 20)) for x in (s, v))
    return cv2.cvtColor(cv2.merge((h, s, v)), cv2.COLOR_HSV2RGB)


def grey(image):
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def crop(image):
    h, w = image.shape[:2]
    while True:
        area, aspect = rng.uniform(0.08, 1) * h * w, np.exp(rng.uniform(np.log(0.75), np.log(4 / 3)))
        high, wide = round(np.sqrt(area / aspect)), round(np.sqrt(area * aspect))
        if high <= h and wide <= w:
            break
    top, left = rng.integers(0, h - high + 1), rng.integers(0, w - wide + 1)
    return cv2.resize(image[top:top + high, left:left + wide], (w, h))


def jpeg(image):
    stored = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 96))])[1]
    return cv2.imdecode(stored, cv2.IMREAD_COLOR)


def maybe(p, run, image):
    return run(image) if rng.random() < p else image


def one_of(p, runs, image):
    return runs[rng.integers(len(runs))](image) if rng.random() < p else image


def strong(image):
    """RandomBrightnessContrast with limits of 0.3."""
    return table(image, np.arange(256, dtype=np.float32) * rng.uniform(0.7, 1.3) + 255 * rng.uniform(-0.3, 0.3))


def clahe2(image):
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    lab[:, :, 0] = cv2.createCLAHE(clipLimit=rng.uniform(1, 2), tileGridSize=(8, 8)).apply(lab[:, :, 0])
    return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def minority(image):
    image = maybe(0.7, rotate, maybe(0.7, rotate90, image))
    image = one_of(0.5, (lambda i: elastic(i, (0, 0)), grid, lens), image)
    image = one_of(0.5, (noise, strong), image)
    image = one_of(0.3, (lambda i: cv2.blur(i, (3, 3)), lambda i: motion(i, 3), lambda i: cv2.medianBlur(i, 3)), image)
    return one_of(0.3, (clahe2, sharpen, emboss), image)


def majority(image):
    return maybe(0.3, brightness, maybe(0.3, rotate, maybe(0.3, rotate90, image)))


BEND = "alpha=150 sigma=7.5 alpha_affine=4.5"

CASES = [  # what it is called, our settings, theirs
    ("HorizontalFlip", "", lambda i: cv2.flip(i, 1)),
    ("RandomRotate90", "", rotate90),
    ("Rotate", "", rotate),
    ("ElasticTransform", BEND, lambda i: elastic(i, (0, 0))),
    ("ElasticTransform 17x17", BEND, lambda i: elastic(i, (17, 17))),
    ("GridDistortion", "", grid),
    ("OpticalDistortion", "distort_limit=1.5", lens),
    ("RandomResizedCrop", "", crop),
    ("GaussNoise", "", noise),
    ("RandomBrightnessContrast", "", brightness),
    ("RandomGamma", "", gamma),
    ("HueSaturationValue", "", hue),
    ("ToGray", "", grey),
    *((f"Blur {k}", f"blur_limit={k},{k}", lambda i, k=k: cv2.blur(i, (k, k))) for k in (3, 7)),
    *((f"GaussianBlur {k}", f"blur_limit={k},{k}", lambda i, k=k: cv2.GaussianBlur(i, (k, k), 0)) for k in (3, 5, 7)),
    *((f"MotionBlur {k}", f"blur_limit={k},{k}", lambda i, k=k: motion(i, k)) for k in (3, 5, 7)),
    *((f"MedianBlur {k}", f"blur_limit={k},{k}", lambda i, k=k: cv2.medianBlur(i, k)) for k in (3, 5, 7)),
    ("CLAHE", "", clahe),
    ("Sharpen", "", sharpen),
    ("Emboss", "", emboss),
    ("ImageCompression", "quality_range=50,95", jpeg),
    ("original minority", "minority", minority),
    ("original majority", "majority", majority),
]


def ours(name, settings, size, seconds):
    out = subprocess.run([OURS, name.split()[0], settings, str(size), str(seconds)], check=True, capture_output=True)
    return float(out.stdout)


def theirs(run, size, seconds):
    image = (np.arange(size * 3) * 160 // (size * 3) + rng.integers(0, 96, (size, size * 3))).astype(np.uint8)
    image = image.reshape(size, size, 3)
    least, end = float("inf"), time.process_time() + seconds
    while time.process_time() < end:
        begun = time.process_time()
        for _ in range(RUNS):
            run(image)
        least = min(least, (time.process_time() - begun) / RUNS)
    return least * 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    print("| transform, µs | " + " | ".join(f"{s}² here | OpenCV | ratio" for s in SIZES) + " |")
    print("|---|" + "---|---|---|" * len(SIZES))
    for name, settings, run in CASES:
        if args.only not in name:
            continue
        cells = []
        for size in SIZES:
            a, b = float("inf"), float("inf")
            for _ in range(args.rounds):
                a = min(a, ours(name, settings, size, args.seconds))
                b = min(b, theirs(run, size, args.seconds))
            cells += [f"{a:.1f}", f"{b:.1f}", f"{b / a:.2f}"]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
