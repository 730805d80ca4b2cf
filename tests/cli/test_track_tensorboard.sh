#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_track_tensorboard.sh - events files as TensorBoard's own reader and protoc see them, value by value.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/interop.sh
. "$(dirname "$0")/interop.sh"
needs_python tensorboard
fresh
small_task

train_once runs --config small.yaml --track tensorboard
"$python" "$source_dir/tests/interop/read_tensorboard.py" "$run" || fail 'TensorBoard reads something else'

# Four classes: curves of each, what is taken for what, the pictures it is most wrong about.
expect 0 '160 labelled' "$rarebit" synth --output_dir four --classes 4 --count 160 --unlabelled 0 --image_size 32
mkdir -p named && i=0
while read -r label; do
  i=$((i + 1))
  mkdir -p "named/a|b $label" && cp "$(printf 'four/train_img/%06d.jpg' $i)" "named/a|b $label"
done <four/label_train.txt
train_once four.runs --config small.yaml --root_dir named --num_classes 4 --track tensorboard
"$python" "$source_dir/tests/interop/read_tensorboard.py" "$run" || fail 'TensorBoard reads something else of four classes'

# Histograms of weights and gradients, on request.
train_once histograms --config small.yaml --track tensorboard --track_histograms 2
"$python" "$source_dir/tests/interop/read_tensorboard.py" "$run" histograms || fail 'no histograms'
run=$(echo runs/*)

# A run that was taken up again: its log has lost the last epoch, and TensorBoard must not show it.
sed -i '/"step":[456],/d; /"type":"end"/d' "$run/log.jsonl"
rm "$run"/*.proba
cp "$run"/tb/* before.tfevents
expect 0 '' "$rarebit" track send "$run"
cat >resumed.py <<'END2'
import glob, shutil, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
shutil.copy("before.tfevents", glob.glob(sys.argv[1] + "/tb/*")[0].replace(".rarebit.", ".0.").replace("out.tfevents.", "out.tfevents.0"))
e = EventAccumulator(sys.argv[1] + "/tb"); e.Reload()
steps = [x.step for x in e.Scalars("step/train/loss")]
assert steps == [1, 2, 3], steps
END2
"$python" resumed.py "$run" || fail 'TensorBoard shows steps of the life before'
