#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_resume.sh - stopping at any time and going on: signals, limits of time, changed settings, damaged files, locks.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

# begun FOLDER FLAGS... - begins a run that would take long, in the background, as $pid; waits for its first checkpoint.
begun() {
  local patience=500
  "$rarebit" train --config small.yaml --num_epochs 100000 --early_stop_patience 0 --checkpoint_dir "$@" >out 2>err &
  pid=$!
  until [[ -e $(echo "$1"/*/last.safetensors) ]] || ((--patience == 0)); do sleep 0.02; done
}

# ended CODE REGEX - waits for $pid, which should end with CODE and a last line like REGEX.
ended() {
  local code
  wait $pid
  code=$?
  ((code == $1)) || fail "line ${BASH_LINENO[-2]}: ended with $code, not $1: $(tail -n 1 err)"
  tail -n 1 err | grep -qE -- "$2" || fail "line ${BASH_LINENO[-2]}: $(tail -n 1 err) is not like /$2/"
}

# ---- signals -------------------------------------------------------------------------------------------------------

for signal in TERM INT USR1; do
  rm -rf stopped
  # Bash has background processes ignore SIGINT; env gives it its meaning back.
  env --default-signal=INT true 2>/dev/null || fail 'env has no --default-signal'
  "$(command -v env)" --default-signal=INT "$rarebit" train --config small.yaml --num_epochs 100000 --early_stop_patience 0 \
    --checkpoint_dir stopped >out 2>err &
  pid=$!
  until [[ -e $(echo stopped/*/last.safetensors) ]]; do sleep 0.02; done
  kill -$signal $pid
  ended 75 "^rarebit: stopped by SIG$signal after step [0-9]+; to go on: rarebit train --checkpoint_path stopped/"
  only_whole_files stopped/*
done
# Before the program watches, a signal ends it; before there is a run folder, nothing is written.
"$rarebit" train --config small.yaml --num_epochs 100000 --checkpoint_dir never >out 2>err &
pid=$!
until [[ $(readlink /proc/$pid/exe) == "$rarebit" ]]; do :; done
kill -TERM $pid
wait $pid
code=$?
((code == 75 || code == 143)) || fail "a signal at the very start gave $code"

# ---- going on ------------------------------------------------------------------------------------------------------

run=$(echo stopped/*)
steps=$(grep -c '"type":"step"' "$run/log.jsonl")
expect --any 75 "stopped by max_time after step" "$rarebit" train --checkpoint_path "$run" --max_time 0.3
grep -qE "goes on after step $steps, in epoch" "$stderr" || fail 'it does not say where it goes on'
(($(grep -c '"type":"step"' "$run/log.jsonl") > steps)) || fail 'nothing was done'
[[ $(grep '"type":"step"' "$run/log.jsonl" | grep -oE '"step":[0-9]+' | sort | uniq -d) ]] && fail 'a step is logged twice'
[[ $(grep -c '"type":"run"' "$run/log.jsonl") == 1 ]] || fail 'the run has begun twice'
expect --any 0 'is trained; it is judged again' "$rarebit" train --checkpoint_path "$run/last.safetensors" --num_epochs 1

rm -rf runs
expect --any 0 '' "$rarebit" train --config small.yaml --checkpoint_dir runs
run=$(echo runs/*)
cp -r "$run" kept
expect --any 0 'is trained; it is judged again' "$rarebit" train --checkpoint_path "$run"
for name in last.safetensors best.safetensors metrics.json test.proba; do cmp "kept/$name" "$run/$name" || fail "$name changed"; done
[[ $(grep -c '"type":"end"' "$run/log.jsonl") == 1 ]] || fail 'the run has ended twice'

# What may change is told, what may not is refused by name.
expect 2 '^seed: the run was begun with 0 and cannot go on with 1; leave the key out' \
  "$rarebit" train --checkpoint_path "$run" --seed 1
expect 2 '^batch_size: the run was begun with' "$rarebit" train --checkpoint_path "$run" --batch_size 7
expect --any 0 'workers: 3 instead of 2' "$rarebit" train --checkpoint_path "$run" --workers 3
expect --any 0 'threads: 1 instead of [0-9]+: from here on' "$rarebit" train --checkpoint_path "$run" --threads 1

# The record of a run that went on begins it again, from its beginning.
grep -qx 'checkpoint_path: null' "$run/config.yaml" || fail 'the record names the run itself'
expect --any 0 '' "$rarebit" train --config kept/config.yaml --checkpoint_dir twice
cp "$run/config.yaml" again.yaml
expect --any 0 '' "$rarebit" train --config again.yaml --threads "$(sed -n 's/^threads: //p' kept/config.yaml)" --checkpoint_dir anew
cmp twice/*/val.proba anew/*/val.proba || fail 'the record of a run that went on makes another run'

# What changed stays changed, also how many epochs there are and how long patience lasts; a file of the user's stays.
rm -rf more
expect --any 0 '' "$rarebit" train --config small.yaml --checkpoint_dir more
run=$(echo more/*)
touch "$run/notes.tmp"
expect --any 75 'num_epochs: 100000 instead of' "$rarebit" train --checkpoint_path "$run" --num_epochs 100000 --early_stop_patience 0 --max_time 0.3
expect --any 75 'goes on after step' "$rarebit" train --checkpoint_path "$run" --max_time 0.3
[[ -e $run/notes.tmp ]] || fail 'a file of the user was removed'
expect --any 0 'is trained|stopped early' "$rarebit" train --checkpoint_path "$run" --num_epochs 1000 --early_stop_patience 1
epochs=$(grep -c '"type":"epoch"' "$run/log.jsonl")
expect --any 0 'goes on after step' "$rarebit" train --checkpoint_path "$run" --early_stop_patience 0 --num_epochs $((epochs + 1))
(($(grep -c '"type":"epoch"' "$run/log.jsonl") > epochs)) || fail 'a run that stopped early did not go on'
(($(grep -c 'val HTER  val AUC' "$stderr") <= 1)) || fail 'the head of the table is there more than once'
run=$(echo runs/*)

# ---- other data ----------------------------------------------------------------------------------------------------

cp -r data data.kept
sed -i '1s/.*/0/; 2s/.*/0/; 3s/.*/0/; 4s/.*/1/' data/label_train.txt
cmp -s data/label_train.txt data.kept/label_train.txt && fail 'the labels are the same'
expect 3 "^the pictures, their labels or their split are not those that $run was begun with" \
  "$rarebit" train --checkpoint_path "$run"
rm -r data && mv data.kept data

# ---- damaged files -------------------------------------------------------------------------------------------------

printf 'x' | dd of="$run/last.safetensors" bs=1 seek=5000 conv=notrunc status=none
expect --any 0 "last.safetensors: .*; going on from $run/last.prev.safetensors" "$rarebit" train --checkpoint_path "$run"
printf 'x' | dd of="$run/last.safetensors" bs=1 seek=5000 conv=notrunc status=none
printf 'x' | dd of="$run/last.prev.safetensors" bs=1 seek=5000 conv=notrunc status=none
expect 4 "^$run/last.safetensors: " "$rarebit" train --checkpoint_path "$run"
rm -r "$run" && cp -r kept "$run"
printf 'x' | dd of="$run/last.safetensors" bs=1 seek=5000 conv=notrunc status=none
# The good one takes the damaged one's place before anything is written: a failing disk cannot cost both.
(ulimit -f 1 && "$rarebit" train --checkpoint_path "$run" --num_epochs 9 --early_stop_patience 0 >/dev/null 2>&1)
expect --any 0 '' "$rarebit" train --checkpoint_path "$run"
rm -r "$run" && cp -r kept "$run"
sed -i '$d; 2d; 3d; 4d; 5d' "$run/log.jsonl"
expect --any 5 'log.jsonl: has [0-9]+ lines, and had [0-9]+ when the checkpoint was written' \
  "$rarebit" train --checkpoint_path "$run"
mkdir empty
expect 2 '^empty: is a folder, but none of a run' "$rarebit" train --config small.yaml --checkpoint_path empty

# ---- two at once ---------------------------------------------------------------------------------------------------

rm -rf busy
begun busy
expect --any 2 '^rarebit: busy/.*: another process trains in this folder' "$rarebit" train --checkpoint_path busy/*
kill -TERM $pid
ended 75 'stopped by SIGTERM'
