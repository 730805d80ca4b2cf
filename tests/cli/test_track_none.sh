#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_track_none.sh - without a tracker there is no network call, no network library and no thread of theirs; and what is
# learned does not depend on trackers.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || { echo 'skipped: no strace'; exit 77; }
strace -o /dev/null true 2>/dev/null || { echo 'skipped: strace is not allowed to trace here'; exit 77; }
fresh
. "$source_dir/tests/cli/track.sh"
small_task

traced() { # FILE FLAG... - trains under strace
  local file=$1
  shift
  ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$file" -e trace=network,clone,clone3,openat "$rarebit" train --config small.yaml "$@" >/dev/null 2>err ||
    fail "line ${BASH_LINENO[0]}: $(tail -3 err)"
}
threads() { grep -cE 'clone3?\(.*CLONE_THREAD' "$1"; }

traced none --checkpoint_dir none.d
traced empty --checkpoint_dir empty.d --track '[]'
traced tensorboard --checkpoint_dir tensorboard.d --track tensorboard
traced comet --checkpoint_dir comet.d --track comet --track_exit_s 0.5
for file in none empty tensorboard; do
  ! grep -E 'socket|connect|libcurl' $file || fail "$file: a network call"
done
grep -q libcurl comet && grep -q socket comet || fail 'the trace would not show a network call'
[[ $(threads none) == "$(threads empty)" && $(threads tensorboard) == $(($(threads none) + 1)) ]] ||
  fail "threads: $(threads none) $(threads empty) $(threads tensorboard)"
for other in empty tensorboard comet; do
  cmp none.d/*/best.safetensors $other.d/*/best.safetensors || fail "$other: another checkpoint"
done
[[ ! -e $(echo none.d/*)/track && ! -e $(echo none.d/*)/tb ]] || fail 'a folder of trackers'

# What is wrong with the choice is said before anything is done.
expect 2 "^track: there is no 'tensorbord'; did you mean 'tensorboard'" "$rarebit" train --config small.yaml --track tensorbord
expect 2 '^track: comet is named twice' "$rarebit" train --config small.yaml --track comet,comet
expect 2 '^mlflow_uri: take the login out of it' "$rarebit" train --config small.yaml --track mlflow --mlflow_uri http://me:secret@host
grep -q secret "$stderr" && fail 'it tells the password'

# track send.
expect 2 '^say .rarebit track send RUN' "$rarebit" track
expect 5 'is no run folder' "$rarebit" track send data
expect 2 'was trained without trackers' "$rarebit" track send none.d/*
expect 0 '' "$rarebit" track send none.d/* --track tensorboard
[[ -e $(echo none.d/*/tb/*) ]] || fail 'no events afterwards'
exit 0
