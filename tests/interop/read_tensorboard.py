# SPDX-License-Identifier: Apache-2.0
# read_tensorboard.py RUN - reads RUN/tb with the real tensorboard package and compares it with RUN/log.jsonl, value by
# value; checks every check sum on the way, with tensorboard's own function.
import csv
import glob
import json
import re
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.hparams import plugin_data_pb2

run = sys.argv[1]
files = glob.glob(run + "/tb/events.out.tfevents.*")
assert len(files) == 1, files


def checked_records(path):
    data, at, count = open(path, "rb").read(), 0, 0
    while at < len(data):
        head = data[at:at + 8]
        (length,), (crc,) = struct.unpack("<Q", head), struct.unpack("<I", data[at + 8:at + 12])
        body = data[at + 12:at + 12 + length]
        assert masked_crc32c(head) == crc, (path, at)
        assert masked_crc32c(body) == struct.unpack("<I", data[at + 12 + length:at + 16 + length])[0], (path, at)
        at += 16 + length
        count += 1
    return count


want = {}
prefix = {"step": "step/", "epoch": "", "eval": "best/"}
end = None
with open(run + "/log.jsonl") as log:
    for record in map(json.loads, log):
        end = record if record["type"] == "end" else end
        if record["type"] not in prefix:
            continue
        for key, value in record.items():
            if key in ("step", "epoch", "t_s") or isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            value = struct.unpack("<f", struct.pack("<f", value))[0]
            want.setdefault(prefix[record["type"]] + key, []).append((record["step"], value))

everything = {kind: 0 for kind in ("scalars", "tensors", "images", "histograms")}
events = EventAccumulator(run + "/tb", size_guidance=everything)
events.Reload()
tags = events.Tags()
assert sorted(tags["scalars"]) == sorted(want), set(tags["scalars"]) ^ set(want)
for tag, points in want.items():
    got = [(e.step, e.value) for e in events.Scalars(tag)]
    assert got == points, (tag, got, points)

for tag in ("config/text_summary", "run/text_summary"):
    assert tag in tags["tensors"], tags

def rows(part):
    """Labels and probabilities of a part, a list for each picture."""
    with open(run + "/split.csv", newline="") as split:
        labels = [int(r["label"]) for r in csv.DictReader(split) if r["split"] == part]
    with open(f"{run}/{part}.proba") as proba:
        return list(zip(labels, [[float(v) for v in line.split()] for line in proba]))


def taken(p):
    return p.index(max(p)) if len(p) > 1 else int(p[0] >= threshold)


def check_curve(tag, scores):
    """TP, FP, TN, FN, precision and recall at thresholds i / 126; `scores` are pairs (hit, score)."""
    tensor = events.Tensors(tag)[0].tensor_proto
    assert [d.size for d in tensor.tensor_shape.dim] == [6, 127], tag
    got = struct.unpack(f"<{6 * 127}f", tensor.tensor_content) if tensor.tensor_content else list(tensor.float_val)
    for i in range(127):
        above = [hit for hit, score in scores if score >= i / 126]
        tp, positives = sum(above), sum(hit for hit, _ in scores)
        want = (tp, len(above) - tp, len(scores) - positives - len(above) + tp, positives - tp)
        assert tuple(got[r * 127 + i] for r in range(4)) == want, (tag, i, want)
        assert abs(got[5 * 127 + i] - tp / positives) < 1e-6, (tag, i)


first = json.loads(open(run + "/log.jsonl").readline())
threshold = json.load(open(run + "/metrics.json"))["threshold"]
names = first["classes"]
for part in ("train", "val", "test"):
    pictures, tag = rows(part), f"best/{part}/pr_curve"
    if len(names) == 2:
        check_curve(tag, [(label, p[0]) for label, p in pictures])
    else:
        for k, name in enumerate(names):
            check_curve(f"{tag}/{name}", [(label == k, p[k]) for label, p in pictures])
    text = events.Tensors(f"best/{part}/confusion/text_summary")[0].tensor_proto.string_val[0].decode()
    table = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.strip().split("\n")]
    assert [re.sub(r"\\(.)", r"\1", cell) for cell in table[0][1:]] == names, (table, names)
    count = [[sum(label == y and taken(p) == c for label, p in pictures) for c in range(len(names))]
             for y in range(len(names))]
    assert [[int(cell) for cell in row[1:]] for row in table[2:]] == count, (table, count)
curves = [t for t in tags["tensors"] if "/pr_curve" in t]
assert len(curves) == 3 * (1 if len(names) == 2 else len(names)), curves
assert [t for t in tags["images"] if t.startswith("worst_val/")], tags["images"]
assert [t for t in tags["images"] if t.startswith("samples/")], tags["images"]
if len(names) > 2:  # the worst picture is the one whose class has the least probability
    worst = min(p[label] for label, p in rows("val"))
    assert [t for t in tags["images"] if t.startswith("worst_val/01") and t.endswith(f"probability of it {worst:.3f}")]
for tag in tags["images"]:
    assert events.Images(tag)[0].encoded_image_string[:4] == b"\x89PNG", tag

hparams = events._plugin_to_tag_to_content["hparams"]
info = plugin_data_pb2.HParamsPluginData.FromString(hparams["_hparams_/session_start_info"]).session_start_info
with open(run + "/config.yaml") as config:
    keys = {line.split(":")[0] for line in config if line[0].isalpha()}
assert keys == set(info.hparams), keys ^ set(info.hparams)
assert info.hparams["batch_size"].number_value == 16
status = plugin_data_pb2.HParamsPluginData.FromString(hparams["_hparams_/session_end_info"]).session_end_info.status
assert status == (1 if end else 2), status

if len(sys.argv) > 2:
    assert any(t.startswith("weights/") for t in tags["histograms"]), tags["histograms"]
    assert any(t.startswith("gradients/") for t in tags["histograms"]), tags["histograms"]
    logged = {(r["name"], r["step"]): r for r in map(json.loads, open(run + "/log.jsonl")) if "counts" in r}
    told = {(t, e.step): e.histogram_value for t in tags["histograms"] for e in events.Histograms(t)}
    assert set(logged) == set(told)
    for key, r in logged.items():
        h = told[key]
        assert (h.num, sum(h.bucket)) == (r["n"], r["n"]), key
        assert abs(h.min - r["min"]) < 1e-12 and abs(h.sum - r["sum"]) < 1e-9, key
    assert any(r["squares"] > 0 for k, r in logged.items() if k[0].startswith("gradients/"))
print(f"{checked_records(files[0])} records, {sum(map(len, want.values()))} scalars of {len(want)} tags, "
      f"{len(tags['images'])} pictures, {len(tags['histograms'])} histograms: as log.jsonl has them")
