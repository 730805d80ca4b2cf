#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the pictures of this folder and what OpenCV 4.6 and Pillow 9.4 (Debian 12) make of them.

Run in this folder. resize.txt: "picture NAME h w c HEX" gives the pixels that the lines after it,
"METHOD NAME h w HEX", are made of. decode.txt: "FILE channels h w HEX", upright 8-bit pixels.
"""
import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image, ImageOps

RANDOM = np.random.default_rng(1)


# ---- resizing ---------------------------------------------------------------------------------------------------

METHODS = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST, "area": cv2.INTER_AREA}
SIZES = [  # h w c -> h w
    ((5, 7, 3), [(11, 13), (3, 4), (5, 9)]),
    ((48, 64, 3), [(32, 32), (24, 32), (17, 61), (12, 16)]),
    ((9, 9, 1), [(6, 4), (27, 40), (3, 3)]),
    ((40, 31, 1), [(56, 56), (23, 29)]),
    ((1, 1, 3), [(2, 3)]),
    ((2, 1, 1), [(5, 4)]),
]


def resize_lines():
    for number, ((h, w, c), targets) in enumerate(SIZES):
        name = "p%d" % number
        picture = RANDOM.integers(0, 256, (h, w, c), dtype=np.uint8)
        yield "picture %s %d %d %d %s" % (name, h, w, c, picture.tobytes().hex())
        for th, tw in targets:
            for method, code in METHODS.items():
                if method == "area" and (th > h or tw > w):
                    continue  # there OpenCV uses another bilinear, which Rarebit does not have
                got = cv2.resize(picture, (tw, th), interpolation=code)
                yield "%s %s %d %d %s" % (method, name, th, tw, got.tobytes().hex())


# ---- decoding ---------------------------------------------------------------------------------------------------

def scene(h, w):
    """Smooth colour with an edge: what a JPEG is made for, and no two corners alike."""
    y, x = np.mgrid[0:h, 0:w]
    r = 40 + 200 * x / w
    g = 220 - 180 * y / h
    b = 128 + 90 * np.sin(x / 3.0) * np.cos(y / 4.0)
    rgb = np.stack([r, g, b], 2)
    rgb[h // 3 : h // 2, w // 4 : w // 2] = (250, 30, 60)
    return rgb.astype(np.uint8)


def jpeg_bytes(picture, **settings):
    memory = io.BytesIO()
    picture.save(memory, "JPEG", **settings)
    return memory.getvalue()


def png_bytes(picture, **settings):
    memory = io.BytesIO()
    picture.save(memory, "PNG", **settings)
    return memory.getvalue()


def exif(orientation, order):
    return b"Exif\0\0" + (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(
        order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def interlaced_png(rgb):
    """Adam7 by hand, since neither library writes it."""
    h, w, _ = rgb.shape
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b"".join(b"\0" + row.tobytes() for y, x, dy, dx in passes for row in rgb[y::dy, x::dx] if row.size)
    head = struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def png_with_exif(rgb, orientation):
    data = png_bytes(Image.fromarray(rgb))
    return data[:33] + chunk(b"eXIf", exif(orientation, "<")[6:]) + data[33:]


def files():
    small = scene(12, 19)
    rgb = Image.fromarray(scene(20, 29))
    yield "420.jpg", jpeg_bytes(rgb, quality=85, subsampling=2)
    yield "422.jpg", jpeg_bytes(rgb, quality=85, subsampling=1)
    yield "444.jpg", jpeg_bytes(rgb, quality=92, subsampling=0)
    yield "progressive.jpg", jpeg_bytes(rgb, quality=80, progressive=True)
    yield "restart.jpg", cv2.imencode(".jpg", scene(20, 29), [cv2.IMWRITE_JPEG_RST_INTERVAL, 1])[1].tobytes()
    yield "grey.jpg", jpeg_bytes(rgb.convert("L"), quality=85)
    yield "cmyk.jpg", jpeg_bytes(Image.fromarray(small).convert("CMYK"), quality=90)
    for o in range(1, 9):
        data = exif(o, ">" if o % 2 else "<")
        yield "exif%d.jpg" % o, jpeg_bytes(Image.fromarray(small), quality=75, exif=data)
    yield "rgb.png", png_bytes(rgb)
    yield "grey.png", png_bytes(rgb.convert("L"))
    yield "bits1.png", png_bytes(rgb.convert("1"))
    yield "palette.png", png_bytes(rgb.quantize(16))
    yield "palette_clear.png", png_bytes(rgb.quantize(8), transparency=3)
    alpha = np.dstack([small, RANDOM.integers(0, 256, small.shape[:2], dtype=np.uint8)])
    yield "rgba.png", png_bytes(Image.fromarray(alpha))
    yield "grey_alpha.png", png_bytes(Image.fromarray(alpha).convert("LA"))
    yield "interlaced.png", interlaced_png(scene(20, 29))
    yield "exif6.png", png_with_exif(small, 6)
    for name, shape in (("rgb16.png", (9, 11, 3)), ("grey16.png", (9, 11))):
        yield name, cv2.imencode(".png", RANDOM.integers(0, 65536, shape, dtype=np.uint16))[1].tobytes()


def luma(rgb):
    return np.floor(rgb.astype(np.float64) @ [0.299, 0.587, 0.114] + 0.5 + 1e-9).astype(np.uint8)


def eight_bits(data):
    """16-bit PNG: OpenCV alone reads it whole, Rarebit rounds to the nearest 255th."""
    deep = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    shallow = np.floor(deep / 257.0 + 0.5).astype(np.uint8)
    return cv2.cvtColor(shallow, cv2.COLOR_BGR2RGB) if deep.ndim == 3 else np.dstack([shallow] * 3)


def colours(name, data):
    if "16" in name:
        return eight_bits(data)
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if picture.mode in ("RGBA", "LA"):  # alpha is dropped
        picture = Image.merge("RGB", [picture.getchannel(c) for c in ("RGB" if picture.mode == "RGBA" else "LLL")])
    rgb = np.asarray(picture.convert("RGB"))
    if name.endswith(".jpg") and name != "cmyk.jpg":  # OpenCV rounds CMYK more coarsely
        other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert np.array_equal(cv2.cvtColor(other, cv2.COLOR_BGR2RGB), rgb), name
    return rgb


def greys(name, data, rgb):
    if name.endswith(".jpg") and name != "cmyk.jpg":
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)  # the Y of the file
    return luma(rgb)


def decode_lines():
    for name, data in files():
        with open(name, "wb") as f:
            f.write(data)
        rgb = colours(name, data)
        for channels, pixels in ((3, rgb), (1, greys(name, data, rgb))):
            yield "%s %d %d %d %s" % (name, channels, rgb.shape[0], rgb.shape[1], pixels.tobytes().hex())


for file, lines in (("resize.txt", resize_lines()), ("decode.txt", decode_lines())):
    with open(file, "w") as f:
        f.writelines(line + "\n" for line in lines)
