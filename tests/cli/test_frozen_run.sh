#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_frozen_run.sh - what a run changes of the weights it began from while the backbone is frozen, and after. Prints what the
# backward pass of the backbone costs.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

train_once first --config small.yaml --num_epochs 1
mv "$run/best.safetensors" start.safetensors
train=(--config small.yaml --checkpoint_path start.safetensors --early_stop_patience 0)

# changed FILE - the modules whose tensors are not as at the start, in a line: "backbone head statistics".
changed() {
  expect --any 0 '' "$rarebit" weights diff start.safetensors "$1"
  awk '$2 != 0 && $1 ~ /\./ && $1 !~ /num_batches|^optim/ {
         print $1 ~ /^fc/ ? "head" : $1 ~ /running_/ ? "statistics" : "backbone" }' "$stdout" | LC_ALL=C sort -u | paste -sd ' '
}
# is_changed WHAT FILE WHY
is_changed() {
  local got
  got=$(changed "$2")
  [[ $got == "$1" ]] || fail "line ${BASH_LINENO[-2]}: $3: changed are '$got', not '$1'"
}

train_once frozen "${train[@]}" --freeze
is_changed head "$run/last.safetensors" "the head trains alone"
train_once moving "${train[@]}" --freeze --no-freeze_bn
is_changed 'head statistics' "$run/last.safetensors" "statistics move if asked to"
train_once thawed "${train[@]}" --freeze --unfreeze_epoch 2
grep -q '^rarebit: epoch 2: the backbone trains from here on' "$stderr" || fail "nothing says when the backbone was thawed"
is_changed head "$run/last.prev.safetensors" "the first epoch is the head's"
is_changed 'backbone head statistics' "$run/last.safetensors" "the second is everybody's"
train_once slowly "${train[@]}" --freeze --unfreeze_epoch 2 --unfreeze_every 1 --num_epochs 3
grep -q '^rarebit: epoch 2: of the backbone.s [0-9]* blocks the last 1 train' "$stderr" || fail "nothing says that one block was thawed"
grep -q '^rarebit: epoch 3: of the backbone.s [0-9]* blocks the last 2 train' "$stderr" || fail "nothing says that a second one was"
train_once late "${train[@]}" --freeze --unfreeze_epoch 9
is_changed head "$run/last.safetensors" "that epoch never comes"

# Shares of the rate change what is learnt, and a share of 1 nothing.
train_once whole "${train[@]}"
train_once one "${train[@]}" --layer_decay 1
cmp whole/*/last.safetensors "$run/last.safetensors" || fail "layer_decay 1 is not the same as none"
train_once half "${train[@]}" --layer_decay 0.5
cmp -s whole/*/last.safetensors "$run/last.safetensors" && fail "layer_decay changes nothing"
expect 2 'layer_decay: 2 is outside' "$rarebit" train "${train[@]}" --layer_decay 2

# A picture a second more or less proves nothing on a machine that others use: printed, not judged.
speed() { "$rarebit" bench --config small.yaml --dim_base 16 --image_size 64 --seconds 1 "$@" 2>/dev/null | grep -m 1 -i train; }
echo "all:  $(speed)"
echo "head: $(speed --freeze)"
exit 0
