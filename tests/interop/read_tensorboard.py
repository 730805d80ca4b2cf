# SPDX-License-Identifier: Apache-2.0
# read_tensorboard.py RUN - reads RUN/tb with the real tensorboard package and compares it with RUN/log.jsonl, value by
# value; checks every check sum on the way, with tensorboard's own function.
import glob
import json
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
for tag in tags["tensors"]:
    if tag.endswith("/pr_curve"):
        tensor = events.Tensors(tag)[0].tensor_proto
        assert [d.size for d in tensor.tensor_shape.dim] == [6, 127], tag
assert [t for t in tags["images"] if t.startswith("worst_val/")], tags["images"]
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
