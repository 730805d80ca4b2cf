#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_save_faults.sh - death at, and failure of, each system call with which a run writes: what stands is whole, the
# exit code is honest, and a resume ends with the bytes of a run that nothing happened to. With RAREBIT_LONG=1 every call,
# otherwise every write in seven and every third of the rest.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || skip 'strace is not installed'
fresh
strace -qq -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" # LeakSanitizer traces, too
expect 0 '40 labelled' "$rarebit" synth --output_dir data --count 40 --unlabelled 0 --image_size 32
cat >tiny.yaml <<'END'
root_dir: data
model_type: cnn_encoder
dim_base: 4
image_size: 32
num_epochs: 2
batch_size: 16
pos_weight: 1
early_stop_patience: 0
checkpoint_every: 1
threads: 1
END
expect --any 0 '' "$rarebit" train --config tiny.yaml --num_epochs 1 --checkpoint_dir base
expect --any 0 '' "$rarebit" train --config tiny.yaml --num_epochs 1 --checkpoint_dir whole
whole=$(echo whole/*)
expect --any 0 '' "$rarebit" train --checkpoint_path "$whole" --num_epochs 2

# rest_is_right CASE - takes `work` up again, without faults, and compares its end.
rest_is_right() {
  local name
  "$rarebit" train --checkpoint_path work --num_epochs 2 >again.out 2>&1 || fail "$1: cannot go on: $(tail -n 1 again.out)"
  for name in last.safetensors best.safetensors test.proba metrics.json; do
    cmp -s "$whole/$name" "work/$name" || fail "$1: $name is another"
  done
  cmp -s <(without_clock "$whole/log.jsonl") <(without_clock work/log.jsonl) || fail "$1: the log is another"
}

# calls_of CALL - how often the rest of the run makes it, in its own thread.
calls_of() {
  rm -rf work && cp -r base/* work
  strace -qq -o counted -e trace="$1" "$rarebit" train --checkpoint_path work --num_epochs 2 >/dev/null 2>&1
  grep -c "^$1(" counted
}

faults='ENOSPC EIO'
[[ ${RAREBIT_LONG:-} ]] && faults='ENOSPC EIO EDQUOT EINTR'
cases=0
# with_fault CALL FAULT WHEN - the rest of the run with the fault injected; its exit code is $code.
with_fault() {
  rm -rf work && cp -r base/* work
  # The shell says "Killed" on a stderr of its own.
  { strace -qq -o /dev/null -e trace="$1" -e inject="$1:$2:when=$3" "$rarebit" train --checkpoint_path work \
    --num_epochs 2 >out 2>err; } 2>/dev/null
  code=$?
  cases=$((cases + 1))
}

for call in write fsync rename unlink link ftruncate close; do
  stride=3
  [[ $call == write || $call == close ]] && stride=7
  [[ ${RAREBIT_LONG:-} ]] && stride=1
  count=$(calls_of $call)
  ((count > 0)) || continue
  for ((when = 1; when <= count; when += stride)); do
    with_fault $call signal=KILL $when
    ((code == 137)) || fail "$call $when, killed: ended with $code"
    rest_is_right "$call $when, killed"
    [[ $call == close ]] && continue
    for fault in $faults; do
      for from in '' +; do
        [[ $fault$from == EINTR+ ]] && continue # who is always interrupted always tries again
        with_fault "$call" error="$fault" "$when$from"
        # Some calls may fail and harm nothing; then all must be there.
        if ((code == 0)); then
          cmp -s "$whole/last.safetensors" work/last.safetensors || fail "$call $when$from, $fault: ended with 0 and is not whole"
        else
          ((code == 5)) || fail "$call $when$from, $fault: ended with $code: $(tail -n 1 err)"
        fi
        rest_is_right "$call $when$from, $fault"
      done
    done
  done
done
echo "$cases faults"
((cases > 50)) || fail "$cases faults only: this has shown too little"
