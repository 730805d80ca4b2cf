#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_file_limit.sh - a limit on the size of files (ulimit -f) ends a run as a full disk does, not by the signal SIGXFSZ
# that comes with it. Needs no rights, unlike test_disk_full.sh.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

# Trains on and on; once the first epochs are saved, files may not grow past 100 KiB, and the next last.safetensors does.
limited() {
  "$rarebit" train --config small.yaml --num_epochs 100000 --early_stop_patience 0 &
  local pid=$! patience=500
  until [[ -e $(echo runs/*/last.prev.safetensors) ]] || ((--patience == 0)); do sleep 0.02; done
  prlimit --pid $pid --fsize=102400
  wait $pid
}
expect --any 5 '^rarebit: runs/cnn_encoder_[-0-9]*/last.safetensors: cannot write: File too large$' limited
only_whole_files runs/*
[[ -e $(echo runs/*/last.safetensors) ]] || fail "the run has lost its last.safetensors"

# Labels fit, probabilities do not: neither is written, or they would be of two calls.
for name in $(seq 200); do echo "data/val_img/00000$((name % 8 + 1)).jpg"; done >list.txt
# shellcheck disable=SC2016
expect 5 '^both.proba: cannot write: File too large$' bash -c 'ulimit -f 1; exec "$@"' - "$rarebit" infer \
  --config small.yaml --checkpoint_path runs/*/best.safetensors --output_file both.txt --get_proba - <list.txt
compgen -G 'both*' >&2 && fail "labels without their probabilities"

# The same for pictures, which are not written like the rest.
# shellcheck disable=SC2016
expect 5 '^set/train_img/000001.jpg: File too large$' \
  bash -c 'ulimit -f 4; exec "$@"' - "$rarebit" synth --output_dir set --image_size 512
[[ ! -e set/label_train.txt ]] || fail "a set that is not whole has labels"
