#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_track_comet.sh - Comet's requests in the documented forms, to a server that refuses others; wrong keys; archives;
# senders that are killed.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
# shellcheck source=tests/cli/track.sh
. "$source_dir/tests/cli/track.sh"
small_task
echo normal >mode
start_server mode notes
talk_to "http://127.0.0.1:$port"

comet_has() { sed -n 's/^metric //p' notes | sort; }
no_violation() { ! grep VIOLATION notes || fail "line ${BASH_LINENO[0]}: the server refuses something"; }
count_is() { # TEXT NUMBER - of lines of the notes that begin so
  local found
  found=$(grep -c "^$1" notes)
  [[ $found == "$2" ]] || fail "line ${BASH_LINENO[0]}: $found times '$1', not $2"
}

# ---- all of a run ------------------------------------------------------------------------------------------------

train_once runs --config small.yaml --track comet --comet_project faces --comet_step_every 1
grep -q 'warning' "$stderr" && fail "it warns: $(<"$stderr")"
no_violation
diff <(logged "$run/log.jsonl" step epoch eval) <(comet_has) || fail 'Comet has other numbers'
count_is 'create faces' 1
count_is 'parameter ' "$(grep -c '^[a-z]' "$run/config.yaml")"
count_is 'parameter batch_size 16' 1
count_is system-details 1
count_is started 1
count_is ended 1
count_is 'other Status finished' 1
count_is 'asset confusion-matrix ' 3
count_is 'asset curve ' 6
for name in config.yaml metrics.json split.csv val.proba best.safetensors; do
  grep -qE "^asset (asset|model-element) $name $(stat -c %s "$run/$name")\$" notes || fail "Comet has no $name"
done
grep -rq test-key "$run" && fail 'the key is kept'
[[ ! $(find "$run" -name '*.zip') ]] || fail 'an archive of what was sent'
lines=$(grep -vc beat notes)
expect 0 '' "$rarebit" track send "$run"
[[ $(grep -vc beat notes) == "$lines" ]] || fail 'what was sent is sent again'

# Four classes: a matrix of each part, and of each class its curves.
expect 0 '160 labelled' "$rarebit" synth --output_dir four --classes 4 --count 160 --unlabelled 0 --image_size 32
: >notes
train_once four.runs --config small.yaml --root_dir four --num_classes 4 --track comet --comet_step_every 1
grep -q 'warning: comet' "$stderr" && fail "it warns: $(<"$stderr")"
no_violation
diff <(logged "$run/log.jsonl" step epoch eval) <(comet_has) || fail 'Comet has other numbers'
count_is 'asset confusion-matrix ' 3
count_is 'asset curve ' 24
count_is 'asset curve roc-test-3 ' 1
count_is 'asset curve precision-recall-val-0 ' 1

# Steps at a stride, epochs and results always.
: >notes
train_once strided --config small.yaml --track comet --comet_step_every 4
diff <({ logged "$run/log.jsonl" step | grep ' 4 '; logged "$run/log.jsonl" epoch eval; } | sort) <(comet_has) ||
  fail 'the stride is not kept'

# The key from a file; environment over files.
printf '[comet]\napi_key = test-key\nproject_name=filed\n' >.comet.config
: >notes
COMET_API_KEY='' train_once filed --config small.yaml --track comet
count_is 'create filed' 1
COMET_PROJECT_NAME=named train_once named --config small.yaml --track comet
count_is 'create named' 1
rm .comet.config

# ---- a wrong key, no key -------------------------------------------------------------------------------------------

: >notes
COMET_API_KEY=secret-wrong train_once wrong --config small.yaml --track comet
[[ $(grep -c 'warning: ' "$stderr") == 1 ]] || fail "not one warning: $(<"$stderr")"
grep -q 'comet: http://127.0.0.1:[0-9]* answers 401 (API key is not registered)' "$stderr" || fail "$(<"$stderr")"
grep -rq secret-wrong "$run" "$stderr" && fail 'a key is told'
[[ -s $(echo "$run"/track/*.zip) ]] || fail 'no archive'
COMET_API_KEY='' train_once keyless --config small.yaml --track comet
grep -q 'comet: no key in COMET_API_KEY or .comet.config' "$stderr" || fail "$(<"$stderr")"
archive=$(echo "$run"/track/*.zip)
[[ ! -s notes ]] || fail 'it talks without a key'
COMET_API_KEY='' expect 5 'comet: no key in COMET_API_KEY' "$rarebit" track send "$run"
[[ $(echo "$run"/track/*.zip) == "$archive" ]] || fail 'a second archive'

# The archive as `comet upload` wants it; unzip and jq look at it where they are.
if command -v unzip >/dev/null && command -v jq >/dev/null; then
  unzip -tq "$archive" >/dev/null || fail 'the archive is broken'
  unzip -qd archive "$archive"
  jq -e '(.offline_id | test("^[0-9a-f]{32}$")) and .project_name == "rarebit" and (.stop_time >= .start_time)
    and .start_time > 1e12 and .tags == []' archive/experiment.json >/dev/null || fail "$(<archive/experiment.json)"
  jq -r 'select(.payload.metric).payload.metric | "\(.metricName) \(.step)"' archive/messages.json | sort >names
  diff <(logged "$run/log.jsonl" step epoch eval | sed 's/ [^ ]*$//' | sort) names || fail 'the archive has other numbers'
  jq -r 'select(.type == "file_upload").payload.file_path' archive/messages.json | while read -r name; do
    [[ -e archive/$name ]] || fail "the archive lacks $name"
  done
  cmp archive/best.safetensors "$run/best.safetensors" || fail 'another checkpoint in the archive'
else
  echo 'not looked at, for want of unzip and jq: the archive'
fi

# With a key it goes up after all, and the archive, which would make it double, goes away.
expect 0 '' "$rarebit" track send "$run" --comet_step_every 1
no_violation
diff <(logged "$run/log.jsonl" step epoch eval) <(comet_has) || fail 'something was lost'
[[ ! -e $archive ]] || fail 'the archive is still there'

# ---- at least once, and read back --------------------------------------------------------------------------------

# A server that obeys and then says it has not, every tenth time.
: >notes
echo lost >mode
train_once lost --config small.yaml --track comet --comet_step_every 1 --track_exit_s 60
no_violation
diff <(logged "$run/log.jsonl" step epoch eval) <(comet_has) || fail 'a number is lost or double'
[[ $(grep '^asset' notes) == "$(grep '^asset' notes | sort -u)" || ! $(grep '^asset' notes | sort | uniq -d) ]] || fail 'a file is there twice'

# Senders that are killed at any moment.
echo 500 >mode
train_once killed --config small.yaml --track comet --comet_step_every 1 --track_exit_s 0
: >notes
echo late >mode
killed=0
for ((i = 1; i < 25; i++)); do
  "$rarebit" track send "$run" --comet_step_every 1 2>/dev/null &
  sender=$!
  sleep 0.$((10 + i * 7 % 20))
  kill -9 $sender 2>/dev/null && ((++killed))
  wait $sender 2>/dev/null
done
expect 0 '' "$rarebit" track send "$run" --comet_step_every 1
no_violation
diff <(logged "$run/log.jsonl" step epoch eval) <(comet_has) || fail 'a number is lost or double'
((killed > 10)) || fail "only $killed senders could be killed"

# ---- a run that fails --------------------------------------------------------------------------------------------

# No room for its checkpoint: both services hear that it failed.
: >notes
echo normal >mode
(
  ulimit -f 20
  expect --any 5 'File too large' "$rarebit" train --config small.yaml --checkpoint_dir failed --track comet,mlflow
) || exit 1
count_is 'other Status failed' 1
count_is ended 1
count_is 'mlflow-status FAILED' 1

# ---- a run that is killed ----------------------------------------------------------------------------------------

# All that its log has is sent afterwards, and how it ended.
echo 500 >mode
"$rarebit" train --config small.yaml --num_epochs 100000 --early_stop_patience 0 --checkpoint_dir dead --track comet \
  --comet_step_every 1000000 >/dev/null 2>&1 &
training=$!
for ((i = 0; i < 100; i++)); do
  run=$(echo dead/*)
  [[ $(grep -c '"type":"epoch"' "$run/log.jsonl" 2>/dev/null) -lt 5 ]] || break
  sleep 0.05
done
kill -9 $training
wait $training 2>/dev/null
: >notes
echo normal >mode
head -c -7 "$run/log.jsonl" >torn.jsonl # and its last line is torn
mv torn.jsonl "$run/log.jsonl"
sed -i '/"epoch":[1-9][0-9]/d' "$run/log.jsonl" # of many epochs the first ten will do
expect 0 '' "$rarebit" track send "$run"
no_violation
diff <(sed '/}$/!d' "$run/log.jsonl" >whole.jsonl; logged whole.jsonl epoch) <(comet_has) || fail 'a number is lost or double'
count_is 'other Status killed' 1
count_is ended 1

# Two at once: the second leaves it to the first.
echo late >mode
train_once both --config small.yaml --track comet --track_exit_s 0
"$rarebit" track send "$run" 2>/dev/null &
sender=$!
sleep 0.3
expect 5 'another process is sending this run' "$rarebit" track send "$run"
kill -9 $sender
wait $sender 2>/dev/null
exit 0
