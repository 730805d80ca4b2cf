#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_families.sh - each loss, optimiser and schedule trains as chosen; whether draws and loss balance twice is said
# once, with the net shift.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

# What a line says: how often a warning of balancing twice is wanted, and flags.
number=0
while read -r warnings flags; do
  # shellcheck disable=SC2086
  train_once "runs$((++number))" --config small.yaml $flags
  got=$(grep -cE 'warning: sampler balanced and .* both balance: they shift the logit by [+-][0-9.]+ and [+-][0-9.]+, together' "$stderr")
  [[ $got == "$warnings" ]] || fail "$flags: $got warnings, not $warnings"
  grep -q '"type":"end".*"status":"done"' "$run/log.jsonl" || fail "$flags: the log has no end"
done <<'END'
0
1 --pos_weight 0.2
1 --pos_weight auto
0 --pos_weight auto --sampler shuffle
1 --pos_weight auto --sampler_power 0.5
0 --pos_weight auto --sampler_power 0
0 --label_smoothing 0.1
0 --loss focal
1 --loss focal --focal_alpha 0.25
1 --loss class_balanced
0 --loss class_balanced --sampler shuffle --class_balanced_gamma 2
0 --loss cross_entropy
1 --loss cross_entropy --cross_entropy_class_weight 1,3
0 --loss cross_entropy --cross_entropy_class_weight balanced --sampler shuffle
1 --loss logit_adjustment
0 --loss logit_adjustment --logit_adjustment_tau 1.5 --sampler shuffle --label_smoothing 0.1
0 --optimizer adam
0 --optimizer sgd --sgd_nesterov --weight_decay_all false --clip_grad_norm 1
END

# Class 1 has 39 of 45 training pictures: log(6/39) = -1.87, log(.2) = -1.61.
train_once shift --config small.yaml --pos_weight 0.2
grep -qF 'by -1.87 and -1.61, together -3.48' "$stderr" || fail "the shift is not that of 6 and 39 pictures"
grep -qE '"loss":"bce","logit_shift":-3\.48' "$run/log.jsonl" || fail "the log does not have the shift"

# Draws by the root of the balance are half of the way.
train_once root --config small.yaml --pos_weight 0.2 --sampler_power 0.5
grep -qF 'by -0.94 and -1.61, together -2.55' "$stderr" || fail "a power of .5 does not shift by half"
grep -qE '"loss":"bce","logit_shift":-2\.545' "$run/log.jsonl" || fail "the log does not have half the shift"

# A weight is a weight, however it is said: 6/39, as a number, by cross-entropy of one logit, and in the checkpoint's words.
tensors() { tail -c +$(($(od -An -tu8 -N8 "$1/best.safetensors") + 9)) "$1/best.safetensors" | cksum; }
train_once auto --config small.yaml --pos_weight auto --sampler shuffle
auto=$run
train_once number --config small.yaml --pos_weight 0.15384615384615385 --sampler shuffle
[[ $(tensors "$auto") == "$(tensors "$run")" ]] || fail "auto is not 6/39"
expect 0 '' "$rarebit" eval --config small.yaml --checkpoint_path "$auto" --part test
expect --any 0 '' "$rarebit" train --config "$auto/config.yaml" --checkpoint_dir again
[[ $(tensors "$auto") == "$(tensors again/*)" ]] || fail "the run's own config.yaml trains something else"

# Momentum of SGD follows the schedule, and plateau lowers the rate after epochs that are not better.
train_once cycled --config small.yaml --optimizer sgd --scheduler one_cycle
cycled=$run
train_once still --config small.yaml --optimizer sgd --scheduler one_cycle --one_cycle_cycle_momentum false
[[ $(tensors "$cycled") != "$(tensors "$run")" ]] || fail "cycle_momentum changes nothing"
train_once plateau --config small.yaml --scheduler reduce_on_plateau --plateau_patience 0 --plateau_threshold 1 --num_epochs 3
rates=$(grep '"type":"epoch"' "$run/log.jsonl" | grep -o '"lr":[^,]*' | tr '\n' ' ')
[[ $rates == '"lr":0.0004 "lr":0.0004 "lr":4e-05 '* || $rates == '"lr":0.0004 "lr":0.0004 "lr":0.00004'* ]] || fail "plateau: $rates"

# The course of the rate, before the first epoch: rates in a plain line, and blocks on a terminal.
grep -qxF 'rarebit: schedule reduce_on_plateau: lr 4.00e-04 first, 4.00e-04 highest, 4.00e-04 last, lower when val/hter stands still' "$stderr" ||
  fail "no line tells of the schedule: $(grep schedule "$stderr")"
if command -v script >/dev/null; then
  script -qec "$rarebit train --config small.yaml --checkpoint_dir drawn --scheduler one_cycle --num_epochs 20 --early_stop_patience 1" /dev/null >drawn.txt 2>&1
  grep -qE 'schedule one_cycle: [▁▂▃▄▅▆▇█]{40} lr 1\.60e-05 first, 4\.00e-04 highest, 1\.60e-09 last' drawn.txt ||
    grep -q 'schedule one_cycle: .*█.* lr 1.60e-05 first' drawn.txt || fail "no curve on a terminal: $(grep schedule drawn.txt)"
fi

# Weights without decay on norms and biases differ; a clip that no gradient reaches does not.
train_once all --config small.yaml --weight_decay 0.5
all=$run
train_once some --config small.yaml --weight_decay 0.5 --weight_decay_all false
[[ $(tensors "$all") != "$(tensors "$run")" ]] || fail "weight_decay_all changes nothing"
train_once wide --config small.yaml --weight_decay 0.5 --clip_grad_norm 1e6
[[ $(tensors "$all") == "$(tensors "$run")" ]] || fail "a clip far away changes weights"
grep -q '"train/grad_norm":[0-9]' "$run/log.jsonl" || fail "the log has no norm"

# What cannot be meant.
expect 2 "^loss: there is no 'focl'; did you mean 'focal'" "$rarebit" train --config small.yaml --loss focl
expect 2 "^optimizer: there is no 'sdg'; did you mean 'sgd'" "$rarebit" train --config small.yaml --optimizer sdg
expect 2 "^pos_weight: 'most' is neither auto nor a number" "$rarebit" train --config small.yaml --pos_weight most
expect 2 '^cross_entropy_class_weight: has 3 numbers for 2' "$rarebit" train --config small.yaml --loss cross_entropy --cross_entropy_class_weight 1,2,3

# ---- numbers that are none -----------------------------------------------------------------------------------------

wild=(--config small.yaml --optimizer sgd --lr 1000 --scheduler constant --weight_decay 1 --num_epochs 4)
expect --any 6 'step [0-9]+ of epoch [0-9]+, in the batch that begins with data/train_img/.*; lower lr, or look' \
  "$rarebit" train "${wild[@]}" --checkpoint_dir stopped_by_nan
"$rarebit" train "${wild[@]}" --on_nan skip --checkpoint_dir skipped >/dev/null 2>err
grep -q 'the step is left out' err || fail 'no step was left out'
grep -q '"event":"nan"' skipped/*/log.jsonl || fail 'the log has no event of it'
for file in stopped_by_nan/*/*.safetensors skipped/*/*.safetensors; do
  [[ -e $file ]] || continue
  expect 0 '' "$rarebit" weights check "$file"
done
