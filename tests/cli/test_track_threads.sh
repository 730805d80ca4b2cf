#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_track_threads.sh - all trackers at once, with one thread that computes: for `make tsan`, which cannot see into more.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
# shellcheck source=tests/cli/track.sh
. "$source_dir/tests/cli/track.sh"
small_task
echo normal >mode
start_server mode notes
talk_to "http://127.0.0.1:$port"
for mode in normal 500; do
  echo $mode >mode
  train_once "runs-$mode" --config small.yaml --track tensorboard,comet,mlflow --track_histograms 1 --track_exit_s 2 \
    --backend ref --workers 1 --threads 1
done
exit 0
