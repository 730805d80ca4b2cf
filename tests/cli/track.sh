# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# track.sh - for tests of trackers against tests/server; sourced after lib.sh, in the folder of the test.

unset COMET_API_KEY COMET_WORKSPACE COMET_PROJECT_NAME COMET_URL_OVERRIDE COMET_CONFIG COMET_OFFLINE_DIRECTORY
unset MLFLOW_TRACKING_URI MLFLOW_RUN_ID MLFLOW_TRACKING_TOKEN MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy SSL_CERT_FILE
export COMET_API_KEY=test-key HOME=$PWD

servers=()
stop_servers() {
  ((!${#servers[@]})) || kill -9 "${servers[@]}" 2>/dev/null
  ((!${#servers[@]})) || wait "${servers[@]}" 2>/dev/null
  servers=()
}
trap 'stop_servers; rm -rf "$own_folder"' EXIT

# start_server ARGUMENT... - a stand-in for both services; $port is where.
start_server() {
  local out=port.$RANDOM i
  "$(dirname "$rarebit")/tests/track_server" "$@" >"$out" 2>server.err &
  servers+=($!)
  for ((i = 0; i < 100; i++)); do
    [[ ! -s $out ]] || break
    sleep 0.05
  done
  port=$(<"$out")
  [[ $port ]] || fail "line ${BASH_LINENO[0]}: the server does not start: $(<server.err)"
}

# talk_to URL - from here on both trackers do.
talk_to() { export COMET_URL_OVERRIDE=$1/clientlib/ MLFLOW_TRACKING_URI=$1; }

# logged LOG KIND... - "NAME STEP VALUE" of every number in records of these kinds, sorted: what a tracker must have.
logged() {
  local log=$1 kinds
  shift
  kinds=$(IFS='|' && echo "$*")
  sed -nE "s/^\{\"type\":\"($kinds)\",/\1,/p" "$log" | awk -F, '
    BEGIN { prefix["step"] = "step/"; prefix["eval"] = "best/" }
    {
      sub(/}$/, ""); step = ""
      for (i = 2; i <= NF; i++) {
        key = $i; sub(/":.*/, "", key); sub(/^"/, "", key); value = $i; sub(/^"[^"]*":/, "", value)
        if (key == "step") step = value
        if (key == "step" || key == "epoch" || key == "t_s" || value !~ /^[-0-9]/) continue
        print prefix[$1] key, step, value
      }
    }' | sort
}
