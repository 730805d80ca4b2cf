#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rarebit beside tuned PyTorch: the same shapes, the same precision, in turn A B A B in one run; medians and ratios.

    bench/peers/compare.py [--rounds N] [--seconds S] [--only TEXT] [--json FILE]

Needs Debian's python3-torch, python3-torchvision and python3-pil, and build/rarebit. Prints a Markdown table of rates
and peak memory, and a second one of the time from nothing to one picture's prediction. Machines are noisy: only the
ratios mean anything.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RAREBIT = os.path.join(HERE, "..", "..", "build", "rarebit")

# mode, model, size, batch, precision, and PyTorch's where it is another
CASES = [
    ("training", "resnet18", 64, 64, "fp32"),
    ("training", "resnet18", 64, 64, "bf16"),
    ("training", "resnet18", 64, 256, "fp32"),
    ("training", "resnet18", 64, 256, "bf16"),
    ("training", "resnet18", 224, 16, "fp32"),
    ("training", "resnet18", 224, 16, "bf16"),
    ("inference", "resnet18", 64, 1, "fp32"),
    ("inference", "resnet18", 64, 1, "bf16", "fp32"),
    ("inference", "resnet18", 64, 1, "int8", "fp32"),
    ("inference", "resnet18", 64, 64, "fp32"),
    ("inference", "resnet18", 64, 64, "bf16"),
    ("inference", "resnet18", 64, 64, "int8"),
    ("training", "resnet50", 64, 64, "fp32"),
    ("training", "resnet50", 64, 64, "bf16"),
    ("inference", "resnet50", 64, 64, "fp32"),
    ("inference", "resnet50", 64, 64, "bf16"),
    ("inference", "resnet50", 64, 64, "int8"),
    ("training", "efficientnet_b0", 64, 64, "fp32"),
    ("training", "efficientnet_b0", 64, 64, "bf16"),
    ("inference", "efficientnet_b0", 64, 1, "fp32"),
    ("inference", "efficientnet_b0", 64, 1, "bf16"),
    ("inference", "efficientnet_b0", 64, 64, "fp32"),
    ("inference", "efficientnet_b0", 64, 64, "bf16"),
    ("inference", "efficientnet_b0", 64, 64, "int8"),
]

# Memory that is freed stays with the process: without this glibc gives PyTorch's tensors back and asks again each step.
TUNED = {
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "MALLOC_TOP_PAD_": "268435456",
}


def run_json(command, environment):
    out = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment})
    return json.loads(out.stdout)


def ours(case, seconds, threads):
    mode, model, size, batch, precision = case[:5]
    seen = run_json([RAREBIT, "bench", "--mode", mode, "--model_type", model, "--image_size", str(size),
                     "--batch_size", str(batch), "--precision", precision, "--threads", str(threads),
                     "--classification_head_depth", "1", "--device_index", "-1", "--seconds", str(seconds),
                     "--json", "-"], {})
    rate = seen.get(mode) or seen["inference batch 1"]
    return rate["images_per_s"], seen["peak_memory_mb"]


def theirs(case, seconds, threads, layout):
    mode, model, size, batch = case[:4]
    precision = case[-1]
    seen = run_json(["/usr/bin/python3", os.path.join(HERE, "torch_speed.py"), mode, model, str(size), str(batch),
                     precision, str(threads), str(seconds)], {**TUNED, "LAYOUT": layout})
    return seen["images_per_s"], seen["peak_memory_mb"]


def name_of(case):
    beside = f" beside {case[5]}" if len(case) > 5 else ""
    return f"{case[0]} {case[1]} {case[2]} px, batch {case[3]}, {case[4]}{beside}"


def best_layout(case, threads):
    return max(("contiguous", "channels_last"), key=lambda layout: theirs(case, 1, threads, layout)[0])


def compare(case, options, threads):
    layout = best_layout(case, threads)
    pairs = [(ours(case, options.seconds, threads), theirs(case, options.seconds, threads, layout))
             for _ in range(options.rounds)]
    ratios = [a[0] / b[0] for a, b in pairs]
    return {
        "case": name_of(case),
        "rarebit": statistics.median(a[0] for a, _ in pairs),
        "torch": statistics.median(b[0] for _, b in pairs),
        "ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios),
        "rarebit_mb": max(a[1] for a, _ in pairs), "torch_mb": max(b[1] for _, b in pairs),
        "torch_layout": layout,
    }


# ---- start to first prediction -----------------------------------------------------------------------------------

STARTS = [64, 224]  # pictures of this size, ResNet-18 in fp32


def start_name(size):
    return f"start resnet18 {size} px, one picture"


def seconds_of(command):
    before = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - before


def trained(folder, data, size):
    """A checkpoint of one epoch: how good it is does not matter here."""
    subprocess.run([RAREBIT, "train", "--root_dir", data, "--checkpoint_dir", folder, "--model_type", "resnet18",
                    "--pretrained", "false", "--image_size", str(size), "--batch_size", "16", "--num_epochs", "1",
                    "--classification_head_depth", "1", "--augment", "none", "--device_index", "-1", "--quiet"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return glob.glob(os.path.join(folder, "*", "best.safetensors"))[0]


def compare_start(size, options, threads, place):
    data, weights = os.path.join(place, str(size)), os.path.join(place, "torch.pth")
    subprocess.run([RAREBIT, "synth", "--output_dir", data, "--count", "60", "--unlabelled", "1", "--image_size",
                    str(size)], check=True, stderr=subprocess.DEVNULL)
    picture = glob.glob(os.path.join(data, "val_img", "*"))[0]
    torch = ["/usr/bin/python3", os.path.join(HERE, "torch_start.py")]
    subprocess.run([*torch, "--make", weights], check=True)
    mine = [RAREBIT, "infer", "--checkpoint_path", trained(os.path.join(place, f"runs{size}"), data, size),
            "--device_index", "-1", "--threads", str(threads), picture]
    theirs_too = [*torch, weights, picture, str(size), str(threads)]
    seconds_of(mine), seconds_of(theirs_too)  # files into the cache
    pairs = [(seconds_of(mine), seconds_of(theirs_too)) for _ in range(max(5, options.rounds))]
    ratios = [b / a for a, b in pairs]
    return {"case": start_name(size),
            "rarebit_ms": 1e3 * statistics.median(a for a, _ in pairs),
            "torch_ms": 1e3 * statistics.median(b for _, b in pairs),
            "ratio": statistics.median(ratios), "low": min(ratios), "high": max(ratios)}


def compare_starts(options, threads):
    rows = []
    print("\n| case | rarebit, ms | PyTorch, ms | theirs / ours [lowest highest] |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        for size in STARTS:
            if options.only not in start_name(size):
                continue
            row = compare_start(size, options, threads, place)
            rows.append(row)
            print(f"| {row['case']} | {row['rarebit_ms']:.0f} | {row['torch_ms']:.0f} | {row['ratio']:.1f} "
                  f"[{row['low']:.1f} {row['high']:.1f}] |", flush=True)
    return rows


# ---- the whole ---------------------------------------------------------------------------------------------------

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", default="", help="cases with this text in their name")
    parser.add_argument("--json")
    options = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    print("| case | rarebit, images/s | PyTorch, images/s | ratio [lowest highest] | peak MB, ours / theirs | ratio |")
    print("|---|---|---|---|---|---|")
    rows = []
    for case in CASES:
        if options.only not in name_of(case):
            continue
        row = compare(case, options, threads)
        rows.append(row)
        print(f"| {row['case']} | {row['rarebit']:.0f} | {row['torch']:.0f} | {row['ratio']:.2f} "
              f"[{row['low']:.2f} {row['high']:.2f}] | {row['rarebit_mb']:.0f} / {row['torch_mb']:.0f} | "
              f"{row['torch_mb'] / row['rarebit_mb']:.2f} |", flush=True)
    rows += compare_starts(options, threads)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump(rows, f, indent=1)
    return 0


sys.exit(main())
