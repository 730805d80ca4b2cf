# SPDX-License-Identifier: Apache-2.0
# read_mlflow.py URI RUN STATUS - reads what a real MLflow server knows of RUN with MLflow's own client and compares it
# with the run folder: every metric of log.jsonl once, every key of config.yaml, every file, the status.
import json
import os
import sys

from mlflow.tracking import MlflowClient

uri, folder, status = sys.argv[1:4]
client = MlflowClient(uri)
kept = json.load(open(folder + "/track/mlflow.json"))
assert [e.name for e in client.search_experiments()].count("tests") == 1
experiment = client.get_experiment_by_name("tests").experiment_id
runs = client.search_runs([experiment], f"tags.`rarebit.run` LIKE '{os.path.basename(folder)}-%'")
assert len(runs) == 1, runs
run = client.get_run(kept["run_id"])
assert run.info.run_id == runs[0].info.run_id
assert run.info.status == status, run.info.status
assert run.info.run_name == os.path.basename(folder)

prefix = {"step": "step/", "epoch": "", "eval": "best/"}
want = {}
for record in map(json.loads, open(folder + "/log.jsonl")):
    for key, value in record.items() if record["type"] in prefix else ():
        if key in ("step", "epoch", "t_s") or isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        want.setdefault(prefix[record["type"]] + key, []).append((record["step"], value))
assert set(run.data.metrics) == set(want), set(run.data.metrics) ^ set(want)
for name, points in want.items():
    got = sorted((m.step, m.value) for m in client.get_metric_history(run.info.run_id, name))
    assert got == sorted(points), (name, got, points)

keys = {line.split(":")[0] for line in open(folder + "/config.yaml") if line[0].isalpha()}
assert set(run.data.params) == keys, set(run.data.params) ^ keys
assert run.data.params["batch_size"] == "16" and run.data.params["model_type"] == "cnn_encoder"
assert run.data.tags["mlflow.source.type"] == "LOCAL"

if status == "FINISHED":
    names = {f.path: f.file_size for f in client.list_artifacts(run.info.run_id)}
    for name in ("config.yaml", "metrics.json", "log.jsonl", "split.csv", "val.proba", "report.html", "best.safetensors"):
        assert names[name] == os.path.getsize(f"{folder}/{name}"), (name, names)
    where = client.download_artifacts(run.info.run_id, "best.safetensors", folder + "/track")
    assert open(where, "rb").read() == open(folder + "/best.safetensors", "rb").read()
print(f"{sum(map(len, want.values()))} values of {len(want)} metrics, {len(keys)} parameters: as the run folder has them")
