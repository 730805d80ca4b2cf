#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_train_infer_eval.sh - the whole way, from pictures to a judged model to labels of new pictures; what each step
# writes must agree with what the others do.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task
# The original's name for ResNet-18; pictures that must be resized, and not as they are where nobody says how.
sed -i 's/^model_type: .*/model_type: resnet/; s/^image_size: .*/image_size: 24\ninterpolation: area/' small.yaml

# equal WHAT FILE FILE
equal() { cmp "$2" "$3" >&2 || fail "line ${BASH_LINENO[-2]}: $1"; }
# files FOLDER - the names in it, in a line.
files() { (cd "$1" && LC_ALL=C && echo *); }

# ---- train: the run folder -----------------------------------------------------------------------------------------

train_once runs --config small.yaml
best=$run/best.safetensors
[[ $run =~ ^runs/resnet18_[0-9]{8}-[0-9]{6}$ ]] || fail "$run is no name for a run"
[[ $(tail -n 1 "$stdout") == "$run" ]] || fail "the last line of the results is not the run folder"
want='best.safetensors config.yaml last.prev.safetensors last.safetensors log.jsonl metrics.json report.html split.csv'
[[ $(files "$run") == "$want test.proba train.proba val.proba" ]] || fail "the run folder holds $(files "$run")"

[[ $(head -n 1 "$run/split.csv") == path,label,split,group ]] || fail "split.csv has no head"
equal "split.csv has not the labels of label_train.txt" <(tail -n +2 "$run/split.csv" | cut -d, -f2) data/label_train.txt
equal "split.csv has not the pictures in order" <(tail -n +2 "$run/split.csv" | cut -d, -f1) <(cd data && printf "%s\n" train_img/*)
for part in train val test; do
  [[ $(grep -c ",$part,$" "$run/split.csv") == $(wc -l <"$run/$part.proba") ]] || fail "$part.proba and split.csv differ"
  grep -vqE '^(0\.[0-9]+|[0-9.]+e-[0-9]+|0|1)$' "$run/$part.proba" && fail "$part.proba has a line that is no probability"
done

# ---- train: log.jsonl ----------------------------------------------------------------------------------------------

log=$run/log.jsonl
field() { sed -nE "s/.*\"$1\":\"?([^,\"}]*).*/\1/p"; }
if command -v jq >/dev/null; then
  jq -es 'all(type == "object" and (.type | type) == "string")' "$log" >"$stdout" || fail "log.jsonl is not lines of JSON"
elif command -v python3 >/dev/null; then
  python3 -c 'import json, sys; [json.loads(line)["type"] for line in sys.stdin]' <"$log" || fail "log.jsonl is not lines of JSON"
fi
grep -vE '^\{"type":"(run|step|epoch|eval|event|end)",.*\}$' "$log" && fail "log.jsonl has a line of another kind"
equal "the lines of the log are of other types" <(field type <"$log" | grep -v event | uniq -c | tr -s ' ' | paste -sd ';') \
  <(echo ' 1 run; 3 step; 1 epoch; 3 step; 1 epoch; 3 eval; 1 end')
equal "steps are not numbered once and in order" <(grep '"type":"step"' "$log" | field step) <(seq 6)
equal "epochs are not numbered once and in order" <(grep '"type":"epoch"' "$log" | field epoch) <(seq 0 1)

# ---- eval ------------------------------------------------------------------------------------------------------------

# summary FILE - what eval says of the pictures, without intervals and all after them; judged FILE - with intervals, as
# training says it.
summary() { sed 's/,"intervals":.*/}/' "$1"; }
judged() { sed 's/,"resamples":.*/}/' "$1"; }

threshold=$(grep -oE '"threshold":[0-9.e-]+' "$run/metrics.json" | head -n 1 | cut -d: -f2)
for part in train val test; do
  # The object of this part, as metrics.json has it.
  grep -oE "\"$part\":\{[^{}]*\{(\"[a-z0-9_]+\":\{[^{}]*\},?)*\}\}" "$run/metrics.json" | cut -d: -f2- >of_metrics.json
  grep ",$part,$" "$run/split.csv" | cut -d, -f2 >labels.txt
  expect 0 '' "$rarebit" eval --labels labels.txt --proba "$run/$part.proba" --val_threshold "$threshold" --json -
  equal "eval of files judges $part otherwise than training" <(judged "$stdout") of_metrics.json
  expect --any 0 '' "$rarebit" eval --config small.yaml --checkpoint_path "$best" --part "$part" --json judged.json
  equal "eval of the checkpoint judges $part otherwise than training" <(judged judged.json) of_metrics.json
done
expect 0 'warning: .*best.safetensors was trained on pictures of this set; --part test' \
  "$rarebit" eval --config small.yaml --checkpoint_path "$run"
grep -qE '^all +64 ' "$stdout" || fail "eval of all has no row of 64 pictures"

# ---- infer: what trained is what predicts ----------------------------------------------------------------------------

# No key says what the model is or how large its pictures are: the checkpoint does.
infer=("$rarebit" infer --checkpoint_path "$best" --threads 2 --device_index -1)
expect --any 0 "^rarebit: 64 pictures: .*; threshold ${threshold:0:8}[0-9]*, from the checkpoint" \
  "${infer[@]}" --input_dir data/train_img --output_file all.txt --get_proba
for part in train val test; do
  paste -d, <(tail -n +2 "$run/split.csv") all.proba | grep ",$part,," | cut -d, -f5 >part.proba
  equal "what predicts is not what trained on $part" part.proba "$run/$part.proba"
done
expect --any 0 '' "${infer[@]}" --input_dir data/train_img --val_threshold "$(printf %.9g "$threshold")"
equal "the threshold as it is printed is another one" "$stdout" all.txt
# .proba holds 9 digits, which may round a probability to just below a threshold that is the same number.
equal "the labels are not the probabilities at the threshold" all.txt \
  <(awk -v t="$threshold" '{ print (($1 >= t - 1e-8) ? 1 : 0) }' all.proba)

# The same labels whichever way pictures are named and labels taken.
new=(--input_dir data/val_img)
expect 0 '^8 pictures: ' "${infer[@]}" "${new[@]}" --output_file labels.txt --get_proba
[[ $(wc -l <labels.txt) == 8 && $(wc -l <labels.proba) == 8 ]] || fail "8 pictures have not 8 lines"
expect 0 '^8 pictures: ' "${infer[@]}" "${new[@]}"
equal "standard output differs from the output file" "$stdout" labels.txt
expect 0 '^8 pictures: ' "${infer[@]}" data/val_img/*.jpg
equal "pictures by name differ from the folder" "$stdout" labels.txt
expect 0 '^8 pictures: ' "${infer[@]}" - < <(printf "%s\n" data/val_img/*)
equal "a list on standard input differs from the folder" "$stdout" labels.txt
expect 0 '^8 pictures: ' "${infer[@]}" - < <(printf "%s\n" data/val_img/* | tac | sed 's/$/\r/') # as an editor on Windows writes it
equal "the order is not that of the list" "$stdout" <(tac labels.txt)
expect 0 '^8 pictures: ' "${infer[@]}" "${new[@]}" --batch_size 3 --workers 1 --cache_mb 0
equal "small batches differ" "$stdout" labels.txt
expect 0 '^8 pictures: ' "$rarebit" infer --checkpoint_path "$run" --device_index -1 "${new[@]}"
equal "a run folder is not its best checkpoint" "$stdout" labels.txt

# A threshold that is given; the original's file, the checkpoint and the output apart.
expect --any 0 "val_threshold 0 is used instead of the checkpoint's ${threshold:0:8}" \
  "${infer[@]}" "${new[@]}" --val_threshold 0
equal "not every picture is 1 at threshold 0" "$stdout" <(sed 's/.*/1/' labels.txt)
expect --any 0 '^rarebit: 8 pictures: 8 of class 0, 0 of class 1; threshold 1, given' \
  "${infer[@]}" "${new[@]}" --val_threshold 1
expect --any 0 "val_threshold 0.959 is used instead of the checkpoint's ${threshold:0:8}" \
  "$rarebit" infer --config "$source_dir/configs/config_infer.yaml" --checkpoint_path "$best" --output_file original.txt
equal "config_infer.yaml gives other labels" original.txt <(awk '{ print (($1 >= 0.959) ? 1 : 0) }' labels.proba)

# ---- a picture that cannot be read -----------------------------------------------------------------------------------

cp -r data dirty
: >dirty/val_img/000003.jpg
: >dirty/train_img/000005.jpg
bad=(--input_dir dirty/val_img --output_file dirty.txt --get_proba)
expect 3 '^dirty/val_img/000003.jpg: empty, not a picture' "${infer[@]}" "${bad[@]}"
compgen -G 'dirty.*' >&2 && fail "a call that failed has written something"
expect --any 0 '^rarebit: 8 pictures: [0-9] of class 0, [0-9] of class 1, 1 unreadable; ' \
  "${infer[@]}" "${bad[@]}" --on_bad_image skip
grep -q '^rarebit: warning: dirty/val_img/000003.jpg: empty, not a picture: its line is -1' "$stderr" ||
  fail "nothing says which picture could not be read"
equal "the labels beside a bad picture" dirty.txt <(sed '3s/.*/-1/' labels.txt)
equal "the probabilities beside a bad picture" dirty.proba <(sed '3s/.*/nan/' labels.proba)

train_once dirty_runs --config small.yaml --model_type cnn_encoder --root_dir dirty --on_bad_image skip
grep -q '^rarebit: warning: dirty/train_img/000005.jpg: empty, not a picture: left out' "$stderr" ||
  fail "nothing says which picture was left out"
[[ $(grep -c '"event":"bad_image","path":"train_img/000005.jpg","reason":"empty' "$run/log.jsonl") == 1 ]] ||
  fail "the log does not name the picture that was left out"
[[ $(cat "$run"/*.proba | wc -l) == 63 ]] || fail "63 of 64 pictures have not 63 probabilities"
grep -q '^train_img/000005.jpg,[01],,$' "$run/split.csv" || fail "the picture that was left out has a part"

# ---- another rule for the threshold -----------------------------------------------------------------------------------

# The first epoch is the same run whatever the rule: its threshold is what eval picks on its validation part.
for rule in eer 'far<=0.2' f1 cost; do
  train_once "rule_${rule%%<*}" --config small.yaml --num_epochs 1 --threshold_rule "$rule" --threshold_cost_fa 3
  grep ,val, "$run/split.csv" | cut -d, -f2 >labels.txt
  expect --any 0 '' "$rarebit" eval --labels labels.txt --proba "$run/val.proba" --pick_threshold --threshold_rule "$rule" \
    --threshold_cost_fa 3 --bootstrap 0 --json picked.json
  [[ $(summary picked.json | field threshold) == "$(grep -oE '"threshold":[0-9.e-]+' "$run/metrics.json" | head -n 1 | cut -d: -f2)" ]] ||
    fail "training does not choose its threshold by $rule"
done
expect 2 "^threshold_rule: there is no 'best'" "$rarebit" train --config small.yaml --threshold_rule best

# ---- another judge of the same pictures -------------------------------------------------------------------------------

# Another network on pictures of another size; its own threshold; pictures that neither can read are left out of both.
sed 's/^model_type: .*/model_type: cnn_encoder/; s/^image_size: .*/image_size: 32/' small.yaml >other.yaml
train_once other_runs --config other.yaml
expect --any 0 '' "$rarebit" eval --config other.yaml --checkpoint_path "$run" --json other.json --root_dir dirty --on_bad_image skip
expect --any 0 '' "$rarebit" eval --config small.yaml --checkpoint_path "$best" --against "$run" --json both.json \
  --root_dir dirty --on_bad_image skip
for key in hter roc_auc; do
  [[ $(sed 's/.*"against"//' both.json | field $key) == "$(summary other.json | field $key)" ]] ||
    fail "the other judge's $key is not what it is alone"
done
[[ $(summary both.json | field n) == 63 ]] || fail "63 readable pictures are not compared"
grep -qE "^against $run" "$stdout" || fail "the table has no comparison"
expect --any 0 'against_threshold 0.25 is used instead' "$rarebit" eval --config small.yaml --checkpoint_path "$best" \
  --against "$run" --against_threshold 0.25 --part test
expect 5 '^nowhere: No such file' "$rarebit" eval --config small.yaml --checkpoint_path "$best" --against nowhere --part test

# The manifest's columns say what belongs together and what an attack is.
{ echo path,label,group,species
  paste -d, <(cd data && printf '%s\n' train_img/*) data/label_train.txt |
    awk -F, '{ print $0 ",g" int(NR / 3) "," ($2 ? "" : NR % 2 ? "print" : "mask") }'; } >data/manifest.csv
expect --any 0 '' "$rarebit" eval --checkpoint_path "$best" --manifest data/manifest.csv --json groups.json --device_index -1
grep -q '"groups":22,' groups.json || fail "the manifest's groups are not there"
grep -q '"pad":{"apcer":' groups.json || fail "the manifest's species are not there"

# ---- again, and further ----------------------------------------------------------------------------------------------

run=${best%/*}
rm "$run"/last.prev.safetensors
first=$run

train_once again --config "$first/config.yaml"
for file in best.safetensors last.safetensors split.csv metrics.json; do
  equal "config.yaml of a run does not give the same run: $file" "$first/$file" "$run/$file"
done
equal "config.yaml changes" <(grep -v ^checkpoint_dir: "$first/config.yaml") <(grep -v ^checkpoint_dir: "$run/config.yaml")
rm -r again

# A start from weights, with every one of them held still, ends where it began.
train_once still --config small.yaml --checkpoint_path "$best" --num_epochs 1 --freeze --lr 0 --scheduler constant
for part in train val test; do equal "training did not begin at checkpoint_path" "$first/$part.proba" "$run/$part.proba"; done

# The state of a run, away from its folder, is not mistaken for a start.
cp "$first/last.safetensors" alone.safetensors
expect 2 'holds the state of a training run.*best.safetensors' "$rarebit" train --config small.yaml \
  --checkpoint_path alone.safetensors

# ---- the configurations that are shipped -------------------------------------------------------------------------------

# All that is wrong is the data: every key was understood.
for config in "$source_dir"/configs/*.yaml; do
  expect 5 '^nowhere: no such folder \(root_dir\)' "$rarebit" train --config "$config" --root_dir nowhere
done
