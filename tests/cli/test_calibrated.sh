#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_calibrated.sh - probabilities are those that a run fitted on its validation, everywhere alike; --raw gives the
# others; labels are the same.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task
mkdir -p labelled
cp data/train_img/* labelled

# number FILE KEY - the first number that stands behind a key.
number() { sed -nE "s/.*\"$2\":\[?(-?[0-9.e+-]+).*/\1/p" "$1" | head -1; }

# predict RUN NAME FLAG... - NAME.txt and NAME.proba of all labelled pictures.
predict() {
  expect --any 0 '^rarebit: 64 pictures' "$rarebit" infer --config small.yaml --checkpoint_path "$1" --input_dir labelled \
    --output_file "$2.txt" --get_proba "${@:3}"
}

# log_loss RUN FLAG... - on validation.
log_loss() {
  expect --any 0 '' "$rarebit" eval --config small.yaml --checkpoint_path "$1" --part val --bootstrap 0 --json figures.json
  number figures.json log_loss
}

for method in none prior temperature platt isotonic; do
  train_once "$method" --config small.yaml --calibration "$method" --num_epochs 4
  grep -q "\"calibration\":\"$method\"" "$run/log.jsonl" || fail "$method: the log does not have it"
  predict "$run" plain --raw
  predict "$run" fitted
  cmp -s plain.txt fitted.txt || fail "$method: --raw changes labels"
  awk -v t="$(number "$run/metrics.json" threshold)" '{ print ($1 >= t - 1e-9) }' fitted.proba >wanted.txt
  cmp -s wanted.txt fitted.txt || fail "$method: labels are not the calibrated probabilities at the threshold"
  declare "loss_$method=$(log_loss "$run")"
  # Each method's map, worked out again from the numbers that the run tells. Logits lose digits near 0 and 1.
  paste plain.proba fitted.proba | awk -v m="$method" -v shift_="$(number "$run/metrics.json" shift)" \
    -v t="$(number "$run/metrics.json" temperature)" -v a="$(number "$run/metrics.json" slope)" \
    -v b="$(number "$run/metrics.json" offset)" '
    function logit(p) { return log(p / (1 - p)) }
    { z = logit($1)
      if (m == "prior") z -= shift_
      if (m == "temperature") z = (z - shift_) / t
      if (m == "platt") z = a * (z - shift_) + b
      off = m == "isotonic" ? 0 : logit($2) - z
      if (off > 1e-4 || off < -1e-4) { print "line " NR ": " $1 " became " $2; exit 1 } }
    END { if (NR != 64) exit 1 }' >&2 || fail "$method: not the map that metrics.json tells"
done
# 6 pictures of class 0 among 45 are drawn as often as the others: log(6/39).
[[ "$(number prior/*/metrics.json shift)" == -1.87* ]] || fail "the shift is not that of 6 and 39 pictures"
# shellcheck disable=SC2154
awk "BEGIN { exit !($loss_temperature <= $loss_prior && $loss_isotonic < $loss_temperature) }" ||
  fail "on validation, where it was fitted, a map does not fit: prior $loss_prior, temperature $loss_temperature, isotonic $loss_isotonic"

# What a run keeps does not depend on where it was cut: the state carries the calibration.
expect --any 75 '' "$rarebit" train --config small.yaml --checkpoint_dir cut --calibration platt --num_epochs 4 --max_time 1e-9
expect --any 0 '' "$rarebit" train --checkpoint_path cut/* --max_time 0
cmp -s cut/*/best.safetensors platt/*/best.safetensors || fail "a run that was cut keeps another calibration"

# What does not fit is said before anything is read.
expect 2 "calibration: .*did you mean 'platt'" "$rarebit" train --config small.yaml --calibration plat
expect 2 'calibration: isotonic is for two classes; temperature is for more' \
  "$rarebit" train --config small.yaml --num_classes 3 --calibration isotonic
