#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_track_faults.sh - services that fail in every way there is: the run ends well, in time and to the bit as without
# them, warns once of each, and what they missed is sent when they are back.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
. "$source_dir/tests/cli/track.sh"
small_task

now_ms() { date +%s%3N; }
weights() { tail -c +$(($(od -An -tu8 -N8 "$1/best.safetensors") + 9)) "$1/best.safetensors" | cksum; }
plain_log() { sed -E 's/"t_[a-z_]+":[^,}]+,?//g' "$1/log.jsonl" | cksum; }

train_once plain --config small.yaml
plain=$run
from=$(now_ms)
train_once timed --config small.yaml
plain_ms=$(($(now_ms) - from))

# A certificate that nobody has signed.
secure=''
if command -v openssl >/dev/null; then
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null && secure=certificate
fi
[[ $secure ]] || echo 'not tried, for want of openssl: a bad certificate'

for mode in refuse blackhole hang slow 500 429 429-after garbage reset endless redirect $secure; do
  rm -f notes
  echo "$mode" >mode
  case $mode in
    refuse) talk_to http://127.0.0.1:1 ;;
    blackhole)
      start_server blackhole
      talk_to "http://127.0.0.1:$port"
      ;;
    certificate)
      echo normal >mode
      start_server mode notes cert.pem key.pem
      talk_to "https://127.0.0.1:$port"
      ;;
    *)
      start_server mode notes
      talk_to "http://127.0.0.1:$port"
      ;;
  esac

  # ---- while it trains ---------------------------------------------------------------------------------------------
  exit_s=2
  [[ $mode != hang ]] || exit_s=5 # the default
  from=$(now_ms)
  train_once "runs-$mode" --config small.yaml --track comet,mlflow --comet_step_every 1 \
    $([[ $mode == hang ]] || echo "--track_exit_s $exit_s")
  took_ms=$(($(now_ms) - from))
  ((took_ms < plain_ms + 1000 * exit_s + 1500)) || fail "$mode: $took_ms ms, and $plain_ms ms without trackers"
  [[ $(grep -c 'warning: ' "$stderr") == 2 ]] || fail "$mode: not two warnings: $(<"$stderr")"
  for tracker in comet mlflow; do
    grep -q "warning: $tracker: http" "$stderr" || fail "$mode: no warning of $tracker: $(<"$stderr")"
  done
  [[ $(weights "$run") == "$(weights "$plain")" ]] || fail "$mode: other weights"
  cmp "$run/best.safetensors" "$plain/best.safetensors" || fail "$mode: another checkpoint"
  [[ $(plain_log "$run") == "$(plain_log "$plain")" ]] || fail "$mode: another log"
  [[ ! -s notes ]] || fail "$mode: it got through"
  [[ -s $(echo "$run"/track/*.zip) ]] || fail "$mode: no archive"
  echo "$mode: $((took_ms - plain_ms)) ms more; $(grep -o 'warning: comet: [^;]*' "$stderr")"

  # ---- and when the service is back --------------------------------------------------------------------------------
  if [[ $mode == refuse || $mode == blackhole ]]; then
    echo normal >mode
    start_server mode notes
    talk_to "http://127.0.0.1:$port"
  fi
  echo normal >mode
  if [[ $mode == certificate ]]; then # the same one, once it is trusted: so it was that, and nothing else
    SSL_CERT_FILE=cert.pem expect 0 '' "$rarebit" track send "$run"
  else
    expect 0 '' "$rarebit" track send "$run"
  fi
  ! grep VIOLATION notes || fail "$mode: the server refuses something"
  logged "$run/log.jsonl" step epoch eval >log.txt
  diff log.txt <(sed -n 's/^metric //p' notes | sort) || fail "$mode: Comet has something else"
  diff log.txt <(sed -n 's/^mlflow-metric //p' notes | sed 's/ [0-9]*$//' | sort) || fail "$mode: MLflow has something else"
  [[ $(grep -c mlflow-create notes) == 1 ]] || fail "$mode: MLflow has not one run"
  grep -q 'mlflow-status FINISHED' notes || fail "$mode: MLflow knows no end"
  [[ ! $(find "$run" -name '*.zip') ]] || fail "$mode: the archive is still there"
  stop_servers
done
exit 0
