#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_track_events.sh - events files taken apart by a reader of our own in Python and by protoc.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
for tool in python3 protoc; do
  command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
fresh
small_task
train_once runs --config small.yaml --track tensorboard
python3 "$source_dir/tests/interop/read_events.py" "$run" || fail 'protoc reads something else'
