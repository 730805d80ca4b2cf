#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/golden/augment: what OpenCV makes of two small pictures, and its lines for MotionBlur.

cases.txt: input, output, largest and mean difference allowed, transform, its settings.
map.bin: places x [29 37], then y, float32, at which noise.png is sampled to noise_map.png, some far outside.
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


def affine(image, matrix):
    return cv2.warpAffine(image, matrix[:2], image.shape[1::-1], flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REFLECT_101)


def remap(image, x, y):
    return cv2.remap(image, np.float32(x), np.float32(y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def centre(image):
    return (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2


def grid(image):
    return np.meshgrid(np.arange(image.shape[1]), np.arange(image.shape[0]))


def turned(image, angle, scale=1, shift=(0, 0)):
    matrix = cv2.getRotationMatrix2D(centre(image), angle, scale)
    matrix[:, 2] += np.multiply(shift, image.shape[1::-1])
    return affine(image, matrix)


def moved(shift):
    return np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]], float)


def sheared(image, angle, scale, shear, shift):
    c, s, t = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle)), np.tan(np.deg2rad(shear))
    middle = np.array(centre(image))
    return affine(image, moved(middle + np.multiply(shift, image.shape[1::-1])) @ [[1, t, 0], [t, 1, 0], [0, 0, 1]]
                  @ [[c, s, 0], [-s, c, 0], [0, 0, 1]] @ np.diag([scale, scale, 1]) @ moved(-middle))


def lens(image, k):
    """Normalised by the sides, as Albumentations does; the picture's middle is the middle of its pixels."""
    h, w = image.shape[:2]
    camera = np.array([[w, 0, (w - 1) / 2], [0, h, (h - 1) / 2], [0, 0, 1]])
    x, y = cv2.initUndistortRectifyMap(camera, np.array([k, k, 0, 0, 0], float), None, camera, (w, h), cv2.CV_32FC1)
    return remap(image, x, y)


def stretched(image, step):
    x, y = grid(image)
    return remap(image, x * step, y * step)


def middle_part(image):
    """RandomResizedCrop where no part fits: as high as its aspect of 2 allows."""
    h, w = image.shape[:2]
    high = round(w / 2)
    top = (h - high) // 2
    return cv2.resize(image[top:top + high], (w, h), interpolation=cv2.INTER_LINEAR)


def through_jpeg(image, quality):
    stored = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(stored, cv2.IMREAD_UNCHANGED)


def geometric_cases():
    """OpenCV rounds places to 1/32 pixel, which noise turns into some levels."""
    yield "rotate", 8, 1, "Rotate limit=33,33", lambda i: turned(i, 33)
    yield "rotate_far", 8, 1, "Rotate limit=-140,-140", lambda i: turned(i, -140)
    yield ("shift", 8, 1, "ShiftScaleRotate shift_limit=0.1,0.1 scale_limit=-0.3,-0.3 rotate_limit=20,20",
           lambda i: turned(i, 20, 0.7, (0.1, 0.1)))
    yield ("affine", 8, 1, "Affine scale=1.3 translate_percent=-0.05 rotate=12 shear=15",
           lambda i: sheared(i, 12, 1.3, 15, (-0.05, -0.05)))
    yield "lens", 8, 1, "OpticalDistortion distort_limit=0.9,0.9 shift_limit=0", lambda i: lens(i, 0.9)
    yield "grid", 8, 1, "GridDistortion distort_limit=0.2,0.2", lambda i: stretched(i, 1.2)
    yield "hflip", 0, 0, "HorizontalFlip", lambda i: cv2.flip(i, 1)
    yield "vflip", 0, 0, "VerticalFlip", lambda i: cv2.flip(i, 0)
    yield "crop", 0, 0, "RandomResizedCrop scale=1 ratio=2", middle_part
    yield "jpeg", 0, 0, "ImageCompression quality_range=40", lambda i: through_jpeg(i, 40)


def write_map(image):
    """Random places under a Gaussian, as ElasticTransform has them, and four that are far outside."""
    rng = np.random.default_rng(3)
    x, y = (g + 60 * cv2.GaussianBlur(rng.uniform(-1, 1, g.shape), (0, 0), 3) for g in grid(image))
    x[3, 4], x[5, 6], y[7, 8], y[9, 10] = -100, 200, -150, 90
    np.float32([x, y]).tofile(os.path.join(HERE, "map.bin"))
    noise = rng.integers(0, 256, image.shape, np.uint8)
    cv2.imwrite(os.path.join(HERE, "noise.png"), noise)
    cv2.imwrite(os.path.join(HERE, "noise_map.png"), remap(noise, x, y))


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
        for name, largest, mean, settings, run in (*cases(), *geometric_cases()):
            if largest is None:
                largest, mean = (0, 0) if kind == "grey" else (255, 3.5)
            cv2.imwrite(os.path.join(HERE, f"{kind}_{name}.png"), run(image))
            rows.append(f"{kind}.png {kind}_{name}.png {largest} {mean} {settings}\n")
    write_map(inputs["grey"])
    with open(os.path.join(HERE, "cases.txt"), "w") as f:
        f.writelines(rows)
    with open(os.path.join(HERE, "lines.txt"), "w") as f:
        for k in (3, 5, 7):
            f.write(f"{k} {' '.join(line_masks(k))}\n")


if __name__ == "__main__":
    main()
