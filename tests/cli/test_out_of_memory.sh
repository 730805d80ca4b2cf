#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_out_of_memory.sh - every allocation of the program's own fails in turn, once and from then on: one clean line and
# exit code 70, and a run folder that holds whole files only. With RAREBIT_LONG=1 all of them, otherwise every fourth.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
failing=$(dirname "$rarebit")/tests/failing_malloc.so
if [[ ! -e $failing ]] || grep -qE 'asan|tsan' <<<"$rarebit"; then
  skip 'no failing_malloc.so, or a build whose allocator is not to be replaced'
fi
fresh
expect 0 '64 labelled' "$rarebit" synth --output_dir data --count 64 --unlabelled 8 --image_size 32
cat >small.yaml <<'END'
root_dir: data
model_type: cnn_encoder
dim_base: 4
image_size: 32
num_epochs: 1
batch_size: 24
pos_weight: 1
backend: ref
threads: 1
device_index: -1
augment: original
END
expect --any 0 '' "$rarebit" train --config small.yaml --checkpoint_dir base
checkpoint=$(echo base/*/best.safetensors)

# run AT FROM COMMAND... - the command with its AT-th allocation failing; its exit code is $code.
run() {
  local at=$1 from=$2
  shift 2
  timeout 30 env LD_PRELOAD="$failing" FAIL_AT="$at" ${from:+FAIL_FROM=1} FAIL_COUNT=count "$@" >out 2>err
  code=$?
}

stride=4
[[ ${RAREBIT_LONG:-} ]] && stride=1
faults=0
# each COMMAND... - all of its allocations in turn.
each() {
  local count at from
  run 0 '' "$@"
  ((code == 0)) || fail "$*: ended with $code without a fault: $(tail -n 1 err)"
  count=$(<count)
  ((count > 5)) || fail "$*: $count allocations only; nothing is counted"
  for ((at = 1; at <= count; at += stride)); do
    for from in '' yes; do
      rm -rf runs
      run $at "$from" "$@"
      ((code == 70)) || fail "$*: allocation $at of $count${from:+ and on}: ended with $code: $(tail -n 1 err)"
      [[ $(grep -c '^rarebit: out of memory' err) == 1 ]] || fail "$*: allocation $at: no line, or more than one"
      compgen -G 'runs/*/*.tmp' >/dev/null && rm -f runs/*/*.tmp # what was being written; the next start removes it
      [[ ! -e runs ]] || only_whole_files runs/*
      faults=$((faults + 1))
    done
  done
}

each "$rarebit" train --config small.yaml --checkpoint_dir runs
each "$rarebit" infer --checkpoint_path "$checkpoint" --input_dir data/val_img --threads 1
each "$rarebit" eval --root_dir data --checkpoint_path "$checkpoint" --threads 1
each "$rarebit" weights list "$checkpoint"
echo "$faults faults"
