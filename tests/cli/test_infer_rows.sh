#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_infer_rows.sh - what infer writes: lines, CSV and JSON lines say the same of the same pictures, whatever their
# names; a band of probabilities is left to people; several views and several networks are averaged.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
if ! command -v python3 jq >/dev/null; then skip 'no python3 and jq to read CSV and JSON with'; fi
fresh
small_task
train_once one --config small.yaml
a=$run
train_once two --config small.yaml --seed 1 --image_size 48
b=$run
infer=("$rarebit" infer --device_index -1 --threads 2 --checkpoint_path)

# equal WHAT FILE FILE
equal() { cmp "$2" "$3" >&2 || fail "line ${BASH_LINENO[0]}: $1"; }

# ---- forms ---------------------------------------------------------------------------------------------------------

cp -r data/val_img new
cp new/000002.jpg 'new/b, "c".jpg'
cp new/000003.jpg $'new/two\nlines.jpg'
cp new/000004.jpg $'new/caf\xe9.jpg' # Latin 1
: >new/000005.jpg
all=(--input_dir new --on_bad_image skip)
for to in o.txt o.csv o.jsonl; do
  expect --any 0 '^rarebit: 11 pictures: .*, 1 unreadable; threshold ' "${infer[@]}" "$a" "${all[@]}" --output_file $to --get_proba
  cp o.proba $to.proba
done
grep -q '^rarebit: warning: paths that are not UTF-8: 1;' "$stderr" || fail 'nothing says that a path is no text'
equal 'probabilities depend on the form' o.txt.proba o.csv.proba
equal 'probabilities depend on the form' o.txt.proba o.jsonl.proba

cat >read.py <<'END'
import csv, json
lines = [int(x) for x in open("o.txt")]
proba = [x.strip() for x in open("o.txt.proba")]
table = list(csv.DictReader(open("o.csv", newline="", encoding="utf-8")))
objects = [json.loads(x) for x in open("o.jsonl", encoding="utf-8")]
assert list(table[0]) == list(objects[0]) == ["path", "probability", "decision", "class", "error"], list(table[0])
assert len(lines) == len(proba) == len(table) == len(objects) == 11
names = [r["path"] for r in table]
assert names == [o["path"] for o in objects]
assert names == [f"00000{i}.jpg" for i in range(1, 9)] + ['b, "c".jpg', "caf\ufffd.jpg", "two\nlines.jpg"], names
for label, p, row, o in zip(lines, proba, table, objects):
    if label == -1:
        assert (p, row["probability"], row["decision"], row["class"]) == ("nan", "", "", "")
        assert (o["probability"], o["decision"], o["class"]) == (None, None, None)
        assert row["error"] == o["error"] and row["error"].startswith("empty, not a picture"), row
        assert row["path"] == "000005.jpg"
    else:
        assert (row["probability"], row["decision"], row["class"], row["error"]) == (p, str(label), str(label), ""), row
        assert (o["decision"], o["class"], o["error"]) == (label, str(label), None), o
        assert o["probability"] == float(p)
END
python3 read.py || fail 'lines, CSV and JSON lines do not say the same'

expect --any 0 '' "${infer[@]}" "$a" "${all[@]}" --output_format csv
equal 'standard output has another CSV' "$stdout" o.csv
expect --any 0 '' "${infer[@]}" "$a" "${all[@]}" --output_format text --output_file text.csv
equal 'output_format does not overrule the suffix' text.csv o.txt
expect --any 0 '' "${infer[@]}" "$a" "${all[@]}" --output_file O.JSONL
equal 'a suffix in capitals is another' O.JSONL o.jsonl
expect --any 0 '' "${infer[@]}" "$a" new/000001.jpg ./new/000002.jpg --output_format csv
[[ $(cut -d, -f1 "$stdout" | tr '\n' ' ') == 'path new/000001.jpg ./new/000002.jpg ' ]] || fail "paths are not as given: $(<"$stdout")"
expect 2 "^--output_format: 'xml' is none of auto.text.csv.jsonl" "${infer[@]}" "$a" --input_dir new --output_format xml
expect 2 '^output_file: o.proba is where get_proba writes' "${infer[@]}" "$a" --input_dir new --output_format csv --output_file o.proba --get_proba

# ---- a band left to people -------------------------------------------------------------------------------------------

rm new/000005.jpg
expect --any 0 '' "${infer[@]}" "$a" --input_dir new --output_file o.txt --get_proba
low=$(sort -gu o.proba | sed -n 2p) high=$(sort -gu o.proba | sed -n 5p)
awk -v l="$low" -v h="$high" '{ print ($1 >= h ? 1 : $1 < l ? 0 : -2) }' o.proba >want.txt
zeros=$(grep -c '^0' want.txt) ones=$(grep -c '^1' want.txt) left=$(grep -c '^-2' want.txt)
((zeros && ones && left)) || fail 'the band parts nothing'
few=(--input_dir new --val_threshold "$low" --reject_band "$low,$high")
expect --any 0 "^rarebit: 10 pictures: $zeros of class 0, $ones of class 1, $left rejected \(${left}0.0 %\); reject_band 0.* to 0" \
  "${infer[@]}" "$a" "${few[@]}" --output_file r.txt --get_proba
equal 'labels are not what the band says' r.txt want.txt
equal 'the band moves probabilities' r.proba o.proba
expect --any 0 '' "${infer[@]}" "$a" "${few[@]}" --output_file r.csv
python3 -c 'import csv; [print(r["decision"] + r["class"]) for r in csv.DictReader(open("r.csv", encoding="utf-8"))]' >got.txt
equal 'CSV decides otherwise' got.txt <(sed 's/-2/reject/; s/0/00/; s/1/11/' want.txt)
expect --any 2 '^rarebit: reject_band: the threshold 0.9, given, is not between 0.2 and 0.4' \
  "${infer[@]}" "$a" --input_dir new --val_threshold 0.9 --reject_band 0.2,0.4
expect 2 '^reject_band: 0.1,0.1 holds no probability; name LOW,HIGH, as in 0.4,0.6' "${infer[@]}" "$a" --input_dir new --reject_band 0.1
expect 2 '^--reject_band: .*0.6.*0.4' "${infer[@]}" "$a" --input_dir new --reject_band 0.6,0.4
expect 2 '^--reject_band: .*1.5' "${infer[@]}" "$a" --input_dir new --reject_band 0.4,1.5

# ---- views ------------------------------------------------------------------------------------------------------------

# flipped TO STEPS - pictures that augment turned; it writes PNG, so that no pixel is lost.
flipped() { expect --any 0 '' "$rarebit" augment --input_dir data/val_img --output_dir "$1" --augment "{minority: [$2], majority: []}"; }
flipped plain ''
flipped h 'HorizontalFlip: {p: 1}'
flipped v 'VerticalFlip: {p: 1}'
flipped hv 'HorizontalFlip: {p: 1}, VerticalFlip: {p: 1}'
for view in plain h v hv; do
  expect --any 0 '' "${infer[@]}" "$a" --input_dir $view --output_file $view.txt --get_proba
done
# mean_is WHAT PROBA... - the last file is the mean of those before, but for the rounding of a float to nine digits.
mean_is() {
  paste "${@:2}" | awk '{ s = 0; for (i = 1; i < NF; i++) s += $i; d = s / (NF - 1) - $NF; if (d < 0) d = -d; if (d > 1e-7) bad++; n++ }
    END { exit bad || n != 8 }' || fail "line ${BASH_LINENO[0]}: $1 is not the mean: $(paste "${@:2}")"
}
expect --any 0 '' "${infer[@]}" "$a" --input_dir plain --tta hflip --output_file t2.txt --get_proba
mean_is 'tta hflip' plain.proba h.proba t2.proba
expect --any 0 '' "${infer[@]}" "$a" --input_dir plain --tta flips --output_file t4.txt --get_proba --batch_size 3
mean_is 'tta flips' plain.proba h.proba v.proba hv.proba t4.proba
cmp -s plain.proba t4.proba && fail 'flips change nothing, and so the test shows nothing'
expect 2 "^--tta: 'rotate' is none of none.hflip.flips" "${infer[@]}" "$a" --input_dir new --tta rotate

# ---- several networks --------------------------------------------------------------------------------------------------

expect --any 0 '' "${infer[@]}" "$b" --input_dir plain --output_file b.txt --get_proba
expect --any 0 "^rarebit: 8 pictures: .*; threshold [0-9.]+, mean of the 2 checkpoints'" \
  "${infer[@]}" "$a,$b" --input_dir plain --output_file ab.txt --get_proba
mean=$(sed -n 's/.*threshold \([0-9.]*\), mean.*/\1/p' "$stderr")
jq .threshold {one,two}/*/metrics.json | awk -v m="$mean" '{ s += $1 } END { d = s / 2 - m; exit !(d < 1e-8 && d > -1e-8) }' ||
  fail "the threshold $mean is not the mean of both"
mean_is 'the two networks together' plain.proba b.proba ab.proba
expect --any 0 '' "${infer[@]}" "$b" --input_dir plain --tta hflip --output_file b2.txt --get_proba
expect --any 0 '' "${infer[@]}" "$a,$b" --input_dir plain --tta hflip --output_file ab2.txt --get_proba
mean_is 'two networks and two views' t2.proba b2.proba ab2.proba
expect --any 0 '' "${infer[@]}" "$a,$a,$a/best.safetensors" --input_dir plain --output_file aaa.txt --get_proba
equal 'the mean of three equals is another' aaa.proba plain.proba
expect --any 0 'threshold 0.25, given' "${infer[@]}" "$a,$b" --input_dir plain --val_threshold 0.25
[[ $(grep 'is used instead' "$stderr") == "rarebit: val_threshold 0.25 is used instead of the checkpoints' mean $mean" ]] ||
  fail "what a threshold is used instead of is not said, once: $(<"$stderr")"
cp -r "$a" 'x,y'
expect --any 0 '' "${infer[@]}" x,y --input_dir plain --output_file xy.txt --get_proba
equal 'a path with a comma in it is not one' xy.proba plain.proba

expect 2 '^checkpoint_path: .*, names a checkpoint without a name' "${infer[@]}" "$a," --input_dir plain
expect 5 '^nowhere: No such file' "${infer[@]}" "$a,nowhere" --input_dir plain
expect 4 "^$b/best.safetensors: image_size: 32 was asked for, the checkpoint was trained with 48" "${infer[@]}" "$a,$b" --input_dir plain --image_size 32
mkdir -p named/no named/yes
paste data/label_train.txt <(ls data/train_img) | while read -r label name; do
  cp "data/train_img/$name" "named/$([[ $label == 1 ]] && echo yes || echo no)/"
done
train_once three --config small.yaml --root_dir named
expect 4 "^label 0 is class '0' in .* and 'no' in .*: no mean can be taken" "${infer[@]}" "$a,$run" --input_dir plain

# ---- more than two classes ---------------------------------------------------------------------------------------------

expect 0 '120 labelled' "$rarebit" synth --output_dir many --count 120 --unlabelled 60 --image_size 32 --classes 3
train_once four --config small.yaml --root_dir many --num_classes 3
expect --any 0 '^rarebit: 60 pictures: .* of class 2$' "${infer[@]}" "$run" --input_dir many/val_img --tta hflip --output_file m.csv --get_proba
grep -qE '^rarebit: (warning: )?scores: KS 0\.' "$stderr" || fail 'of three classes scores are not compared'
grep -q 'share' "$stderr" && fail 'of three classes a share is said'
expect --any 0 '' "${infer[@]}" "$run" --input_dir many/val_img --tta hflip --output_file m.jsonl
[[ $(head -n 1 m.csv) == path,probability_0,probability_1,probability_2,decision,class,error ]] || fail "the head is $(head -n 1 m.csv)"
tail -n +2 m.csv | cut -d, -f2-4 | tr , ' ' | cmp - m.proba || fail 'CSV and .proba differ'
awk -F, 'NR > 1 { k = 0; for (i = 1; i < 3; i++) if ($(i + 2) > $(k + 2)) k = i; if ($5 != k || $6 != k) bad = 1 } END { exit bad }' m.csv ||
  fail 'a decision is not the most probable class'
python3 -c '
import csv, json
for row, line in zip(csv.DictReader(open("m.csv")), open("m.jsonl"), strict=True):
    o = json.loads(line)
    assert list(o) == list(row) and all(float(row[k]) == o[k] for k in row if k.startswith("prob")), line
    assert row["class"] == o["class"] and int(row["decision"]) == o["decision"], line' || fail 'JSON lines say otherwise'
expect 2 '^reject_band: is for two classes, and .* was trained for 3' "${infer[@]}" "$run" --input_dir many/val_img --reject_band 0.4,0.6
expect 2 '^adapt_prior: is for two classes, and .* was trained for 3' "${infer[@]}" "$run" --input_dir many/val_img --adapt_prior
expect 4 '.* has 2 classes, .* has 3: no mean can be taken' "${infer[@]}" "$a,$run" --input_dir plain
