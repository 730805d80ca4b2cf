#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_awkward_places.sh - a run that is to go on where it cannot write: files or a folder of somebody else, a disk without
# room. It says so, changes nothing, and goes on to the same bytes once it can. Skipped, after the first half, where no
# small file system can be mounted.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# begin - an empty folder, and in it a run of the task that nothing stops.
begin() {
  fresh
  small_task
  task=(--config small.yaml --num_epochs 4 --early_stop_patience 0)
  train_once whole "${task[@]}"
  whole=$run
}

# stopped FOLDER - begins the same run there, which ends after its first step; $before says what is in it.
stopped() {
  expect --any 75 'stopped by max_time after step 1;' "$rarebit" train "${task[@]}" --max_time 0.001 --checkpoint_dir "$1"
  run=$(echo "$1"/*)
  before=$(sums)
}

sums() { (cd "$run" && ls -A && cat -- *) | cksum; }

# refused REGEX COMMAND... - fails to go on, and leaves everything as it was.
refused() {
  expect --any 5 "^rarebit: $run/[a-z.]+: $1" "${@:2}" "$rarebit" train --checkpoint_path "$run"
  [[ $(sums) == "$before" ]] || fail "line ${BASH_LINENO[0]}: what failed changed the run"
}

# goes_on - to the end, with the bytes of the run that nothing stopped.
goes_on() {
  local name
  expect --any 0 'goes on after step 1,' "$rarebit" train --checkpoint_path "$run" --max_time 0
  for name in last.safetensors best.safetensors val.proba metrics.json; do
    cmp "$run/$name" "$whole/$name" || fail "$name is not that of the run that nothing stopped"
  done
  diff <(without_clock "$run/log.jsonl") <(without_clock "$whole/log.jsonl") >&2 || fail 'the log is not that of the run that nothing stopped'
}

no_right_to_write() {
  begin
  chmod a+rx "$own_folder" . && chmod -R a+rX data
  stopped owned
  chmod -R a+rX,a-w owned
  refused 'Permission denied' as_nobody
  chmod -R u+w owned
  goes_on

  # Files may be written, but nothing new can take their place.
  stopped locked
  chmod -R a+rwX locked && chmod a-w "$run"
  refused '.*Permission denied' as_nobody
  chmod u+w "$run"
  goes_on
}

no_room() {
  begin
  local disk=$PWD/disk
  mkdir "$disk"
  trap 'cd /; umount '"$disk"' 2>/dev/null; rm -rf "$own_folder"' EXIT
  mount -t tmpfs -o size=2m none "$disk" || fail 'no disk of 2 MiB'
  stopped "$disk/runs"
  dd if=/dev/zero of="$disk/filler" bs=4k status=none 2>/dev/null && fail 'the disk does not fill up'
  refused '.*No space left on device'
  rm "$disk/filler"
  goes_on
}

# The second half runs in a mount namespace of its own, so that no mount outlives it.
if [[ ${own_mounts:-} ]]; then
  no_room
  exit
fi
no_right_to_write
for enter in '-m' '-rm'; do
  unshare $enter mount -t tmpfs none "$own_folder" 2>/dev/null || continue
  cd / && rm -rf "$own_folder"
  # shellcheck disable=SC2093
  own_mounts=1 exec unshare $enter "$(realpath "$source_dir/tests/cli/$(basename "$0")")" "$rarebit"
done
skip 'this user cannot mount a small file system'
