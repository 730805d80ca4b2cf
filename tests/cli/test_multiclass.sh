#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_multiclass.sh - four classes of very different sizes from data to prediction; two classes with two logits.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
expect 0 '240 labelled' "$rarebit" synth --output_dir data --classes 4 --count 240 --unlabelled 30 --image_size 32
sort data/label_train.txt | uniq -c | awk '{ if ($1 <= last) exit 1; last = $1 }' || fail 'no class is more frequent than the one before'
cat >small.yaml <<'END'
root_dir: data
model_type: cnn_encoder
dim_base: 4
image_size: 32
num_epochs: 4
batch_size: 32
lr: 4e-3
num_classes: 4
device_index: -1
END

# ---- training ------------------------------------------------------------------------------------------------------

expect 2 '^num_classes: 1, but the data has 4 classes \(0, 1, 2, ...\); say num_classes: 4' \
  "$rarebit" train --config small.yaml --num_classes 1
expect 2 '^num_classes: 3, but the data has 4 classes' "$rarebit" train --config small.yaml --num_classes 3
train_once runs --config small.yaml
whole=$run
grep -q 'recall of each class' "$stdout" || fail 'the table has no recall of each class'
grep -q 'The most frequent mistake' "$run/report.html" || fail 'the report does not say what is taken for what'
grep -q '"threshold":null' "$run/metrics.json" || fail 'there is a threshold'
! grep -q 'val/threshold' "$run/log.jsonl" || fail 'the log has a threshold'

# Rows of four probabilities with the sum 1; the class taken against the label gives the confusion matrix and the HTER.
awk -F, 'NR > 1 && $3 == "test" { print $2 }' "$run/split.csv" >labels
awk 'NF != 4 || $1 + $2 + $3 + $4 < 0.999999 || $1 + $2 + $3 + $4 > 1.000001 { exit 1 }' "$run/test.proba" || fail 'rows are no probabilities'
taken='{ best = 1; for (i = 2; i <= NF; i++) if ($i > $best) best = i; print best - 1 }'
paste labels <(awk "$taken" "$run/test.proba") >pairs
hter=$(awk '{ n[$1]++; hit[$1] += $1 == $2 } END { for (k in n) { sum += hit[k] / n[k]; classes++ }; printf "%.9f", 1 - sum / classes }' pairs)
[[ $(jq '.test.hter' "$run/metrics.json" | xargs printf '%.9f') == "$hter" ]] || fail "the HTER is not 1 - macro recall, $hter"
[[ $(jq '.test.confusion_rows_true | flatten | add' "$run/metrics.json") == $(wc -l <labels) ]] || fail 'the confusion matrix misses pictures'

# Stopped and taken up again it is the same run, and every loss for classes learns.
train_once part --config small.yaml --num_epochs 2 --scheduler constant
expect --any 0 'goes on after' "$rarebit" train --checkpoint_path "$run" --num_epochs 4
train_once all --config small.yaml --scheduler constant
cmp part/*/last.safetensors all/*/last.safetensors || fail 'a resumed run of four classes is another one'
for loss in bce focal class_balanced logit_adjustment cross_entropy; do
  train_once "of-$loss" --config small.yaml --loss $loss --label_smoothing 0.1 --num_epochs 1
done
expect --any 0 'they shift the logit of class [0-3] by' \
  "$rarebit" train --config small.yaml --cross_entropy_class_weight 1,2,3,4 --num_epochs 1 --checkpoint_dir weighted
run=$whole

# ---- prediction ----------------------------------------------------------------------------------------------------

echo no picture >data/val_img/000002.jpg
expect --any 0 '30 pictures: .* of class 0, .* of class 1, .* of class 2, .* of class 3, 1 unreadable' \
  "$rarebit" infer --checkpoint_path "$run" --input_dir data/val_img --output_file out.txt --get_proba --on_bad_image skip --device_index -1
[[ $(sed -n 2p out.txt) == -1 && $(sed -n 2p out.proba) == 'nan nan nan nan' ]] || fail 'the bad picture has no line of its own'
diff <(sed 2d out.txt) <(sed 2d out.proba | awk "$taken") || fail 'a label is not the most probable class'
expect 2 '^val_threshold: is for two classes, and .* was trained for 4' \
  "$rarebit" infer --checkpoint_path "$run" --input_dir data/val_img --val_threshold 0.5

# ---- evaluation ----------------------------------------------------------------------------------------------------

expect --any 0 '' "$rarebit" eval --checkpoint_path "$run" --root_dir data --part test --json test.json --device_index -1
[[ $(jq .hter test.json) == $(jq .test.hter "$run/metrics.json") ]] || fail 'eval and train differ'
expect --any 0 '' "$rarebit" eval --labels labels --proba "$run/test.proba" --json files.json
[[ $(jq .confusion_rows_true files.json) == "$(jq .test.confusion_rows_true "$run/metrics.json")" ]] || fail 'eval of files and train differ'
train_once other.runs --config small.yaml --seed 1
other=$run run=$whole
expect --any 0 '' "$rarebit" eval --checkpoint_path "$run" --root_dir data --part test --json against.json --against "$other" --device_index -1
[[ $(jq .against.hter against.json) == $(jq .test.hter "$other/metrics.json") ]] || fail 'against is another run'
grep -qE "^HTER .*bootstrap in pairs" "$stdout" || fail 'the table has no difference'
expect 2 '^against_threshold is for two classes, and here are 4' \
  "$rarebit" eval --checkpoint_path "$run" --root_dir data --part test --against "$other" --against_threshold 0.5 --device_index -1
expect 2 '^pick_threshold is for two classes, and here are 4' \
  "$rarebit" eval --checkpoint_path "$run" --root_dir data --part test --pick_threshold --device_index -1

# ---- other layouts -------------------------------------------------------------------------------------------------

i=0
while read -r label; do
  i=$((i + 1))
  mkdir -p "folders/class$label" && cp "$(printf 'data/train_img/%06d.jpg' $i)" "folders/class$label"
done <data/label_train.txt
train_once folders.runs --config small.yaml --root_dir folders --num_epochs 1
(echo path,label && i=0 && while read -r label; do printf 'data/train_img/%06d.jpg,%s\n' $((++i)) "$label"; done <data/label_train.txt) >list.csv
train_once list.runs --config small.yaml --manifest list.csv --num_epochs 1
# Pictures of a group are not independent: intervals of the table and of metrics.json heed it, as eval does.
(echo path,label,group && i=0 && while read -r label; do printf 'data/train_img/%06d.jpg,%s,place%d\n' $((++i)) "$label" $((i / 3)); done <data/label_train.txt) >groups.csv
train_once grouped --config small.yaml --manifest groups.csv --num_epochs 2
grep -q 'intervals by whole groups' "$stdout" || fail 'the table does not say that groups were drawn'
interval=$(jq -r '.test.by_class[3].recall_interval_95 | map(. * 10000 | round / 10000) | @csv' "$run/metrics.json")
grep -qE "^label 3 .*\[$(awk -F, '{ printf "%.4f %.4f", $1, $2 }' <<<"$interval")\]" "$stdout" || fail "the table lacks $interval"
expect --any 0 '' "$rarebit" eval --checkpoint_path "$run" --manifest groups.csv --part test --json by_group.json --device_index -1
[[ $(jq '[.intervals.recall_3.low, .intervals.recall_3.high]' by_group.json) == "$(jq '.test.by_class[3].recall_interval_95' "$run/metrics.json")" ]] ||
  fail 'eval and train have other intervals'
sed -i 's/^2$/5/' data/label_train.txt
expect 3 '^data/label_train.txt: labels go up to 5, and none is 2' "$rarebit" train --config small.yaml

# ---- two classes with two logits ------------------------------------------------------------------------------------

expect 0 '120 labelled' "$rarebit" synth --output_dir two --count 120 --unlabelled 0 --image_size 32
train_once two.runs --config small.yaml --root_dir two --num_classes 2 --num_epochs 1
awk 'NF != 1' "$run/test.proba" | grep -q . && fail 'two classes have more than one column'
jq -e '.threshold != null and .test.far != null' "$run/metrics.json" >/dev/null || fail 'two logits are not judged as two classes'
exit 0
