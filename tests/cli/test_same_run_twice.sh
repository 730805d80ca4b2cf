#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_same_run_twice.sh - the same run twice is the same run, to the bit, whatever loader threads and cache do; another
# seed is another one.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

# What a run says and keeps: its log without the clock, checkpoints, probabilities, metrics.
digest() {
  sed -E 's/"t_[a-z_]+":[^,}]+,?//g' "$1/log.jsonl" | cksum
  (cd "$1" && cksum best.safetensors last.safetensors ./*.proba metrics.json)
}
# The weights alone: what stands behind the header, whose length the first 8 bytes say.
weights() { tail -c +$(($(od -An -tu8 -N8 "$1/best.safetensors") + 9)) "$1/best.safetensors" | cksum; }

same() { [[ $(digest "$1") == "$(digest "$2")" ]] || fail "$2 is not $1: $(diff <(digest "$1") <(digest "$2"))"; }
same_weights() {
  [[ $(weights "$1") == "$(weights "$2")" ]] || fail "the weights of $2 are not those of $1"
  cmp "$1/val.proba" "$2/val.proba" || fail "the probabilities of $2 are not those of $1"
}
other() { [[ $(weights "$1") != "$(weights "$2")" ]] || fail "the weights of $2 should not be those of $1"; }

runs=0
# Of 45 training pictures, batches of 16 leave 13 for the last. What a line says holds against the last line with "first".
while read -r relation flags; do
  # shellcheck disable=SC2086
  train_once "runs$((++runs))" --config small.yaml $flags
  if [[ $relation == first ]]; then
    first=$run
  else
    $relation "$first" "$run"
  fi
done <<'END'
first
same
same         --workers 1
same         --workers 4
same         --cache_mb 0
same         --workers 3 --cache_mb 0
other        --seed 1
other        --split_seed 1
other        --augment none
first        --checkpoint_path runs1/*/best.safetensors --augment none --classification_head_dropout 0
other        --checkpoint_path runs1/*/best.safetensors --augment none --classification_head_dropout 0 --seed 1
first        --sampler shuffle --scheduler one_cycle
same         --sampler shuffle --scheduler one_cycle --workers 4
other
first        --optimizer sgd --sgd_nesterov --scheduler one_cycle --clip_grad_norm 0.01 --weight_decay_all false
same         --optimizer sgd --sgd_nesterov --scheduler one_cycle --clip_grad_norm 0.01 --weight_decay_all false --workers 4
other        --optimizer sgd --sgd_nesterov --scheduler one_cycle --clip_grad_norm 0.02 --weight_decay_all false
other        --optimizer sgd --sgd_nesterov --scheduler one_cycle --clip_grad_norm 0.01
other        --optimizer adam --scheduler one_cycle --clip_grad_norm 0.01 --weight_decay_all false
first        --backend ref
same         --backend ref
same_weights --backend ref --threads 1
first        --model_type resnet18
same         --model_type resnet18 --workers 4 --cache_mb 0
END
