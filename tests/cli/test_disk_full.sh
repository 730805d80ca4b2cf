#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_disk_full.sh - a disk that fills up, anywhere in a run: the exit code says so, the line names file and cause, and
# what was saved before is whole. Skipped where no small file system can be mounted; test_file_limit.sh is for anybody.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Once more in a mount namespace of its own, so that no mount outlives the test.
if [[ ! ${own_mounts:-} ]]; then
  for enter in '-m' '-rm'; do
    unshare $enter mount -t tmpfs none "$own_folder" 2>/dev/null || continue
    rmdir "$own_folder"
    # shellcheck disable=SC2093
    own_mounts=1 exec unshare $enter "$0" "$@"
  done
  skip 'this user cannot mount a small file system'
fi
fresh
small_task
disk=$PWD/disk
mkdir "$disk"
trap 'cd /; umount "$disk" 2>/dev/null; rm -rf "$own_folder"' EXIT

nothing() { [[ ! -e $1/best.safetensors ]]; }
only_best() { [[ -e $1/best.safetensors && ! -e $1/last.safetensors ]]; }
an_epoch() { [[ -e $1/last.safetensors ]]; }

# The first epoch needs 57 KiB for best and 157 for last; the second 157 more for last, which the first's stands beside.
# All around these are a few for the log and the pages of small files.
while read -r kib saved; do
  mount -t tmpfs -o "size=${kib}k" none "$disk" || fail "no disk of $kib KiB"
  expect --any 5 '^rarebit: disk/runs/cnn_encoder_[-0-9]*/[a-z.]*: .*No space left on device$' \
    "$rarebit" train --config small.yaml --checkpoint_dir disk/runs
  only_whole_files disk/runs/*
  $saved disk/runs/* || fail "a disk of $kib KiB: $(ls -s disk/runs/*), not $saved"
  umount "$disk"
done <<'END'
4 nothing
8 nothing
16 nothing
60 nothing
80 only_best
200 only_best
240 an_epoch
300 an_epoch
360 an_epoch
END
