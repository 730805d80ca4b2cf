#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_infer_shift.sh - what infer says of scores beside those of validation: nothing much of the same pictures, another
# share of label 1 where there is one, more than that where the pictures are others; and what adapt_prior makes of it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || skip 'no python3 to estimate the share with once more'
fresh
expect 0 '900 labelled' "$rarebit" synth --output_dir data --count 900 --unlabelled 400 --image_size 32
expect 0 '400 without' "$rarebit" synth --output_dir fewer --count 20 --unlabelled 400 --image_size 32 --minority 0.45 --seed 5
cat >task.yaml <<'END'
root_dir: data
model_type: cnn_encoder
dim_base: 8
image_size: 32
batch_size: 32
num_epochs: 15
early_stop_patience: 0
lr: 0.004
scheduler: one_cycle
threads: 2
device_index: -1
END
train_once runs --config task.yaml
infer=("$rarebit" infer --checkpoint_path "$run" --device_index -1 --threads 2)

# says REGEX - a line of stderr, without its "rarebit: ".
says() { sed -n 's/^rarebit: //p' "$stderr" | grep -qE -- "$1" || fail "line ${BASH_LINENO[0]}: nothing says /$1/: $(<"$stderr")"; }
log_loss() { "$rarebit" eval --labels "$1" --proba "$2" --bootstrap 0 --json - | python3 -c 'import json, sys; print(json.load(sys.stdin)["log_loss"])'; }

# ---- the same -------------------------------------------------------------------------------------------------------

mapfile -t val < <(awk -F, '$3 == "val" { print "data/" $1 }' "$run/split.csv")
expect --any 0 '' "${infer[@]}" "${val[@]}"
says "^scores: KS 0.000 from validation's \(p = 1\); share of class 1 about .* in validation$"
expect --any 0 '' "${infer[@]}" "${val[@]:0:49}"
grep -q 'scores:' "$stderr" && fail '49 pictures are compared'
expect --any 0 '' "${infer[@]}" --input_dir data/val_img --output_file same.txt --get_proba
grep -q 'warning' "$stderr" && fail "pictures of the same kind are others: $(<"$stderr")"
says "^scores: KS 0\.[01].. from validation's \(p = 0"
expect --any 0 '' "${infer[@]}" --input_dir data/val_img --output_file left.txt --get_proba --adapt_prior
says 'that is within chance \(p = 0.*\), and probabilities are left as they are$'
cmp same.proba left.proba || fail 'chance moves probabilities'
cmp same.txt left.txt || fail 'chance moves labels'

# ---- another share --------------------------------------------------------------------------------------------------

expect --any 0 '' "${infer[@]}" --input_dir fewer/val_img --output_file before.txt --get_proba
says "^warning: scores: KS 0.* from validation's \(p < 0.001\), 0.* at the share found; share of class 1 about .* FAR and FRR at the threshold hold, the probabilities do not; --adapt_prior"
truth=$(awk '{ n += $1 } END { print 100 * n / NR }' fewer/val_truth.txt)
sed -n 's/.*share of class 1 about \([0-9.]*\) % here \[\([0-9.]*\) \([0-9.]*\)\].*/\1 \2 \3/p' "$stderr" >said
# The interval is about these pictures alone; what the network learned of 648, and what validation's 162 say, adds to it.
awk -v t="$truth" '{ exit !($1 - t < 12 && t - $1 < 12 && $2 < $1 && $1 < $3 && $3 < 75) }' said || fail "$truth % is far from $(<said)"

# Once more, by the steps of Saerens et al., from what the checkpoint and .proba hold.
cat >em.py <<'END'
import json, math, sys
with open(sys.argv[1], "rb") as f:
    head = json.loads(f.read(int.from_bytes(f.read(8), "little")))
was = json.loads(head["__metadata__"]["rarebit"])["scores"]
here = [float(x) for x in open("before.proba")]
prior, then = was["prior"], was["quantiles"]
low, high = -7.0, 7.0
for _ in range(200):
    middle = (low + high) / 2
    mean = sum(p * math.exp(middle) / (p * math.exp(middle) + 1 - p) for p in then) / len(then)
    low, high = (middle, high) if mean < prior else (low, middle)
here = [p * math.exp(low) / (p * math.exp(low) + 1 - p) for p in here]
q = prior
for _ in range(5000):
    one = [p * q / prior / (p * q / prior + (1 - p) * (1 - q) / (1 - prior)) for p in here]
    q = sum(one) / len(one)
print(f"{100 * q:.1f}" if len(sys.argv) < 3 else math.exp(low)) # the share, or what odds are corrected by
END
[[ $(python3 em.py "$run/best.safetensors") == "$(cut -d' ' -f1 said)" ]] || fail "the share is not $(python3 em.py "$run/best.safetensors")"

expect --any 0 "threshold 0.*, the checkpoint's 0.* at the share found" "${infer[@]}" --input_dir fewer/val_img --output_file after.txt --get_proba --adapt_prior
says '^scores: .*; probabilities are taken to that share$'
cmp before.txt after.txt || fail 'a threshold by rates does not go along'
cmp -s before.proba after.proba && fail 'probabilities are what they were'
before=$(log_loss fewer/val_truth.txt before.proba) after=$(log_loss fewer/val_truth.txt after.proba)
awk "BEGIN { exit !($after < $before) }" || fail "the log loss is $after at the share found, $before without it"
expect --any 0 'threshold 0.5, given' "${infer[@]}" --input_dir fewer/val_img --output_file given.txt --get_proba --adapt_prior --val_threshold 0.5
cmp given.proba after.proba || fail 'the threshold moves probabilities'
awk '{ print ($1 >= 0.5 ? 1 : 0) }' given.proba | cmp - given.txt || fail 'a threshold that is given is not that of .proba'
expect --any 0 '' "${infer[@]}" - --output_file stdin.csv --adapt_prior < <(printf '%s\n' fewer/val_img/*)
tail -n +2 stdin.csv | cut -d, -f2 | cmp - after.proba || fail 'a list in two passes is judged otherwise'
: >empty.jpg
mapfile -t names < <(printf '%s\n' fewer/val_img/*)
expect --any 0 '^rarebit: 401 pictures: .*, 1 unreadable; ' "${infer[@]}" "${names[@]:0:2}" empty.jpg "${names[@]:2}" \
  --output_file bad.txt --get_proba --adapt_prior --on_bad_image skip
[[ $(sed -n 3p bad.txt) == -1 && $(sed -n 3p bad.proba) == nan ]] || fail 'in two passes a bad picture has no row of its own'
sed 3d bad.txt | cmp - after.txt || fail 'in two passes a bad picture moves rows'

# The rule is the one that chose the threshold, not one that the call names.
echo 'threshold_rule: f1' >f1.yaml
expect --any 0 'at the share found' "${infer[@]}" --config f1.yaml --input_dir fewer/val_img --output_file f1.txt --adapt_prior
cmp f1.txt after.txt || fail 'a rule that the call names carries the threshold of another'

# The advice is what the call would take; of several checkpoints it is said whose scores were compared.
expect --any 0 '' "${infer[@]}" --input_dir fewer/val_img --raw
says 'the share alone explains it: .* the probabilities do not$'
expect --any 0 '' "$rarebit" infer --device_index -1 --checkpoint_path "$run,$run/last.safetensors" --input_dir fewer/val_img
says "^warning: scores of $run/best.safetensors, the first checkpoint: KS .* the probabilities do not$"
expect --any 0 '' "${infer[@]}" --input_dir fewer/val_img --val_threshold 0.5
says 'the share alone explains it, and the threshold may no longer hold; --adapt_prior takes that share$'

# The band is about probabilities at the share found, and so is the threshold within it.
own=$("${infer[@]}" --input_dir fewer/val_img 2>&1 >/dev/null | sed -n 's/.*threshold \([0-9.]*\), from the checkpoint$/\1/p')
there=$("${infer[@]}" --input_dir fewer/val_img --adapt_prior 2>&1 >/dev/null | sed -n "s/.*threshold \([0-9.]*\), the checkpoint's.*/\1/p")
# around THRESHOLD OTHER - a band that has the one and not the other.
around() { awk -v t="$1" -v o="$2" 'BEGIN { d = (t - o) / 2; if (d < 0) d = -d; print (t < d ? 0 : t - d) "," (t + d > 1 ? 1 : t + d) }'; }
expect --any 2 "^rarebit: reject_band: the threshold $there, the checkpoint's $own at the share found, is not between" \
  "${infer[@]}" --input_dir fewer/val_img --output_file band.txt --adapt_prior --reject_band "$(around "$own" "$there")"
[[ ! -e band.txt ]] || fail 'a band without the threshold has written labels'
band=$(around "$there" "$own")
expect --any 0 '' "${infer[@]}" --input_dir fewer/val_img --output_file band.txt --get_proba --adapt_prior --reject_band "$band"
awk -v l="${band%,*}" -v h="${band#*,}" '{ print ($1 < l ? 0 : $1 >= h ? 1 : -2) }' band.proba | cmp - band.txt || fail 'the band is not that of .proba'
: >empty.jpg
expect --any 2 '^rarebit: reject_band: the threshold 0.9, given, is not between 0.2 and 0.4' \
  "${infer[@]}" --val_threshold 0.9 --reject_band 0.2,0.4 --adapt_prior empty.jpg # before any picture is read

# The rows that wait are in a folder of the caller's.
expect 5 '^gone: cannot write the rows that adapt_prior keeps: No such file or directory; set TMPDIR to another folder$' \
  env TMPDIR=gone "${infer[@]}" --input_dir fewer/val_img --adapt_prior
# shellcheck disable=SC2016
expect 5 '^/tmp: cannot write the rows that adapt_prior keeps: File too large; set TMPDIR to another folder$' \
  bash -c 'ulimit -f 4; exec "$@"' - env -u TMPDIR "${infer[@]}" --input_dir fewer/val_img --adapt_prior

# ---- costs, of scores as they are ------------------------------------------------------------------------------------

# Such a threshold is a bound on the probability: it stays where it is, on the scale of probabilities.
train_once costs --config task.yaml --calibration none --threshold_rule cost --threshold_cost_fa 2
costs=("$rarebit" infer --checkpoint_path "$run" --device_index -1 --threads 2 --input_dir fewer/val_img --get_proba)
expect --any 0 '' "${costs[@]}" --output_file before.txt
own=$(sed -n 's/.*threshold \([0-9.]*\), from the checkpoint$/\1/p' "$stderr")
there=$(awk -v t="$own" -v k="$(python3 em.py "$run/best.safetensors" times)" 'BEGIN { printf "%.4f", t * k / (t * k + 1 - t) }')
awk -v t="$own" -v s="$there" 'BEGIN { d = t - s; exit !(d > 0.02 || d < -0.02) }' || fail "nothing is corrected: $own, $there"
expect --any 0 "threshold [0-9.]*, the checkpoint's $own corrected as the probabilities are" "${costs[@]}" --output_file after.txt --adapt_prior
said=$(sed -n 's/.*threshold \([0-9.]*\), the.*/\1/p' "$stderr")
[[ $(printf %.4f "$said") == "$there" ]] || fail "the threshold $said is not $there"
awk -v t="$said" '{ print ($1 >= t ? 1 : 0) }' after.proba | cmp - after.txt || fail 'a threshold by costs is not that of .proba'
cmp -s before.txt after.txt && fail 'costs decide as if the share were the old one'

# ---- other pictures -------------------------------------------------------------------------------------------------

expect --any 0 '' "$rarebit" augment --input_dir fewer/val_img --output_dir blurred --augment '{minority: [Blur: {blur_limit: [7, 7], p: 1}], majority: []}'
expect --any 0 '' "${infer[@]}" --input_dir blurred
says '^warning: scores: KS 0.*: more has changed than the share of the classes, and the threshold may no longer hold'

# ---- what cannot be ---------------------------------------------------------------------------------------------------

expect 2 '^adapt_prior: is for one checkpoint, and 2 are named' "$rarebit" infer --device_index -1 --checkpoint_path "$run,$run" --input_dir blurred --adapt_prior
expect 2 '^raw and adapt_prior: use one' "${infer[@]}" --input_dir blurred --adapt_prior --raw
