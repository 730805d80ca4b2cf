#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_kill.sh - a run that is killed again and again, at random moments, ends with the bytes of one that is not: weights,
# optimiser, log. 20 runs; with RAREBIT_LONG=1, 200.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
expect 0 '96 labelled' "$rarebit" synth --output_dir data --count 96 --unlabelled 0 --image_size 32
cat >tiny.yaml <<'END'
root_dir: data
model_type: cnn_encoder
dim_base: 4
image_size: 32
num_epochs: 6
batch_size: 8
lr: 1e-3
scheduler: one_cycle
pos_weight: 1
early_stop_patience: 0
checkpoint_every: 5
END

# same_run WHOLE OTHER - fails unless both ended with the same bytes.
same_run() {
  local name
  diff <(ls "$1") <(ls "$2") >&2 || fail 'the files are not those of the run nobody killed'
  for name in last.safetensors best.safetensors val.proba test.proba metrics.json split.csv $(cd "$1" && compgen -G 'epoch-*'); do
    cmp "$1/$name" "$2/$name" || fail "$name is not that of the run nobody killed"
  done
  diff <(without_clock "$1/log.jsonl") <(without_clock "$2/log.jsonl") >&2 || fail "the log is not that of the run nobody killed"
}

# killed_run FOLDER FLAG... - trains into FOLDER until a process gets to its end; all others are killed.
killed_run() {
  local pid flags code ms kills=0
  while ((kills < 40)); do
    flags=(--config tiny.yaml --checkpoint_dir "$@")
    [[ -e $(echo "$1"/*/last.safetensors) ]] && flags=(--checkpoint_path "$1"/*)
    # A run killed before its first save has nothing to go on from.
    [[ -e $1 && ! -e $(echo "$1"/*/last.safetensors) ]] && rm -r "$1"
    "$rarebit" train "${flags[@]}" >out 2>err &
    pid=$!
    ms=$((RANDOM % most_ms))
    sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    code=$?
    ((code == 0)) && return
    ((code == 137)) || fail "ended with $code: $(tail -n 1 err)"
    kills=$((kills + 1))
    ((kills % 8)) || most_ms=$((most_ms * 2)) # a slow machine needs longer for a step
    total=$((total + 1))
  done
  fail "killed 40 times without an end"
}

# What else a run may carry along: a backbone that thaws half-way and rates by layer; batches in
# parts, mixed, averages, and the two best epochs kept.
kinds=4
settings() {
  case $(($1 % kinds)) in
  1) echo "--batch_size 16 --shards 2 --ema_decay 0.8 --ema_warmup --mixup_alpha 0.4 --cutmix_alpha 1 --monitor val/roc_auc --save_top_k 2 --sampler_power 0.5" ;;
  2) echo "--freeze --unfreeze_epoch 3 --unfreeze_every 1 --layer_decay 0.7" ;;
  *) echo "" ;;
  esac
}

RANDOM=7 total=0 rounds=10
[[ ${RAREBIT_LONG:-} ]] && rounds=100
for threads in 1 2; do
  for ((i = 0; i < rounds; i++)); do
    read -ra flags <<<"--threads $threads $(settings $i)"
    whole=whole$threads.$((i % kinds))
    [[ -e $whole ]] || expect --any 0 '' "$rarebit" train --config tiny.yaml --checkpoint_dir "$whole" "${flags[@]}"
    most_ms=600
    killed_run "killed$threads.$i" "${flags[@]}"
    same_run "$whole"/* "killed$threads.$i"/*
    compgen -G "killed$threads.$i/*/*.tmp" >&2 && fail "a file that was being written is left"
    rm -r "killed$threads.$i"
  done
done
echo "$((2 * rounds)) runs, killed $total times"
((total >= rounds)) || fail "killed $total times only: this has shown too little"
