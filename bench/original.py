#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The results table of the original project, ResNet and EfficientNet judged on the test split, made anew.

    bench/original.py DATA [DATA...] [--seeds N] [--runs FOLDER] [FLAG VALUE...]

Trains configs/resnet_config.yaml and configs/efficientnet_config.yaml with the `original` augmentation on each data set
and prints Markdown. What is left over goes to `rarebit train`: --image_size 64 --num_epochs 15 --pretrained false. A run
whose folder is there is taken as it is.
"""
import argparse
import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODELS = {"ResNet-18": "resnet_config.yaml", "EfficientNet-B0": "efficientnet_config.yaml"}


def trained(folder, config, data, seed, flags):
    """The folder of the run, trained if it is not there yet."""
    done = [f for f in glob.glob(os.path.join(folder, "*")) if os.path.exists(os.path.join(f, "metrics.json"))]
    if not done:
        command = [os.path.join(HERE, "build", "rarebit"), "train", "--config", os.path.join(HERE, "configs", config),
                   "--root_dir", data, "--checkpoint_dir", folder, "--augment", "original", "--seed", str(seed), *flags]
        print(" ".join(command), file=sys.stderr)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        done = glob.glob(os.path.join(folder, "*"))
    return done[0]


def row(name, seed, run):
    with open(os.path.join(run, "metrics.json")) as f:
        t = json.load(f)["test"]
    with open(os.path.join(run, "log.jsonl")) as f:
        begun = json.loads(f.readline())
    start = begun.get("weights_from") or "scratch"
    rates = " | ".join(f"{t[r]:.4f} [{t[r + '_interval_95'][0]:.4f} {t[r + '_interval_95'][1]:.4f}]" for r in ("far", "frr"))
    return f"| {name} | {start} | {seed} | **{t['hter']:.4f}** | {rates} | {t['roc_auc']:.4f} |"


def main():
    parser = argparse.ArgumentParser(usage=__doc__, allow_abbrev=False)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--runs", default="runs/original")
    arguments, flags = parser.parse_known_args()
    while arguments.data and not os.path.isdir(arguments.data[-1]):
        sys.exit(f"{arguments.data[-1]}: is no folder; flags of rarebit come behind all data sets, as --flag=value")
    for data in arguments.data:
        name = os.path.basename(os.path.normpath(data))
        print(f"\n**{name}**\n\n| model | from | seed | test HTER | FAR [95 %] | FRR [95 %] | test AUC |")
        print("|---|---|---|---|---|---|---|")
        for model, config in MODELS.items():
            for seed in range(arguments.seeds):
                folder = os.path.join(arguments.runs, name, config.split("_")[0], str(seed))
                print(row(model, seed, trained(folder, config, data, seed, flags)), flush=True)


if __name__ == "__main__":
    main()
