#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_track_mlflow.sh - a real MLflow server with SQLite on the loopback: all of a run, a run taken up again, a sender
# that is killed in the middle.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/interop.sh
. "$(dirname "$0")/interop.sh"
needs_python mlflow
fresh
small_task

export MLFLOW_EXPERIMENT_NAME=tests
unset MLFLOW_RUN_ID MLFLOW_TRACKING_TOKEN MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD
export HOME=$PWD

# ---- the server --------------------------------------------------------------------------------------------------

port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export MLFLOW_TRACKING_URI=http://127.0.0.1:$port
setsid "$python" -m mlflow server --backend-store-uri sqlite:///store.db --artifacts-destination "$PWD/artifacts" \
  --host 127.0.0.1 --port "$port" --workers 1 >server.log 2>&1 &
server=$!
trap 'kill -- -$server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$own_folder"' EXIT
for ((i = 0; i < 240; i++)); do
  curl --silent --fail "$MLFLOW_TRACKING_URI/health" >/dev/null && break
  kill -0 $server 2>/dev/null || fail "no server: $(tail -3 server.log)"
  sleep 0.5
done

agrees() { "$python" "$source_dir/tests/interop/read_mlflow.py" "$MLFLOW_TRACKING_URI" "$run" "$@" || fail "MLflow has something else"; }

# ---- a run -------------------------------------------------------------------------------------------------------

train_once runs --config small.yaml --track mlflow --track_exit_s 60
agrees FINISHED
grep -rqE "127.0.0.1:$port" "$run/log.jsonl" "$run/track" && fail 'the address is kept'

# Four classes: numbers, parameters and files, as of two.
expect 0 '160 labelled' "$rarebit" synth --output_dir four --classes 4 --count 160 --unlabelled 0 --image_size 32
two=$run
train_once four.runs --config small.yaml --root_dir four --num_classes 4 --track mlflow --track_exit_s 60
agrees FINISHED
run=$two

# Nothing is left to send, and sending again changes nothing.
expect 0 '' "$rarebit" track send "$run"
agrees FINISHED

# ---- taken up again ----------------------------------------------------------------------------------------------

# Stopped by a signal in the middle, and gone on with: the run is the same one, and no step is there twice.
"$rarebit" train --config small.yaml --num_epochs 100000 --early_stop_patience 0 --checkpoint_dir again --track mlflow 2>err &
pid=$!
until [[ -e $(echo again/*/last.prev.safetensors) ]]; do sleep 0.05; done
kill -TERM $pid
wait $pid
run=$(echo again/*)
epochs=$(grep -c '"type":"epoch"' "$run/log.jsonl")
expect --any 0 'goes on after step' "$rarebit" train --checkpoint_path "$run" --num_epochs $((epochs + 2)) --track_exit_s 60
agrees FINISHED

# ---- killed in the middle ----------------------------------------------------------------------------------------

# No server while it trained: nothing is lost. Then senders that are killed, each a little later.
MLFLOW_TRACKING_URI=http://127.0.0.1:1 train_once offline --config small.yaml --num_epochs 40 --early_stop_patience 0 --track mlflow --track_exit_s 0.1
grep -q 'warning: mlflow: http://127.0.0.1:1: ' "$stderr" || fail 'no warning'
[[ $(grep -c warning: "$stderr") == 1 ]] || fail 'more than one warning'
killed=0
for ((ms = 5; ms < 200; ms += 15)); do
  "$rarebit" track send "$run" 2>/dev/null &
  sender=$!
  sleep "$(printf '0.%03d' "$ms")"
  kill -9 $sender 2>/dev/null && ((++killed))
  wait $sender 2>/dev/null
done
((killed > 3)) || fail "only $killed senders could be killed"
expect 0 '' "$rarebit" track send "$run"
agrees FINISHED
