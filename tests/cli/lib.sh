# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# lib.sh - for tests of the program. One begins so:
#
#   #!/usr/bin/env bash
#   . "$(dirname "$0")/lib.sh"
#   fresh
#   expect 2 "scheduler: .*did you mean 'one_cycle'" "$rarebit" train --scheduler one_cycel
set -u

# shellcheck disable=SC2034 # for the tests
source_dir=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
# shellcheck disable=SC2034
rarebit=$(realpath "${1:?name the program}")

own_folder=$(mktemp -d) || exit 1
trap 'rm -rf "$own_folder"' EXIT
stdout=$own_folder/stdout stderr=$own_folder/stderr # of the command that `expect` ran last

# fail TEXT - ends the test.
fail() {
  echo "$0: $*" >&2
  exit 1
}

# fresh - goes to a new empty folder, which is removed when the test ends.
fresh() {
  cd "$(mktemp -d "$own_folder/fresh.XXXXXX")" || fail "no folder to work in"
}

# expect [--any] CODE REGEX COMMAND... - fails unless the command ends with CODE and exactly one line of its stderr
# begins with "rarebit: ", the rest of which matches the extended REGEX; '' wants no such line. With --any, some line
# of stderr must match REGEX, whatever else is there; '' then looks at CODE alone.
expect() {
  local any='' want regex code lines problem=''
  if [[ $1 == --any ]]; then
    any=1
    shift
  fi
  want=$1 regex=$2
  shift 2

  "$@" >"$stdout" 2>"$stderr"
  code=$?
  lines=$(grep -c '^rarebit: ' "$stderr")
  if ((code != want)); then
    problem="ended with $code, not $want"
  elif [[ $any ]]; then
    [[ ! $regex ]] || grep -qE -- "$regex" "$stderr" || problem="stderr has no line like /$regex/"
  elif [[ ! $regex ]]; then
    ((lines == 0)) || problem="stderr has $lines lines \"rarebit: ...\", not 0"
  elif ((lines != 1)); then
    problem="stderr has $lines lines \"rarebit: ...\", not 1"
  else
    sed -n 's/^rarebit: //p' "$stderr" | grep -qE -- "$regex" || problem="stderr does not say /$regex/"
  fi
  [[ $problem ]] || return 0
  sed 's/^/  /' "$stderr" >&2
  fail "line ${BASH_LINENO[-2]}: $* - $problem"
}

# as_nobody COMMAND... - runs it as a user whom file permissions bind: root walks past them.
as_nobody() {
  if ((EUID)); then
    "$@"
  else
    setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
  fi
}

# small_task - writes data/, 64 labelled pictures of 32 px and 8 without a label, and small.yaml, with which any command
# works on them at the cost of a blink. Runs go to runs/.
small_task() {
  expect 0 '64 labelled' "$rarebit" synth --output_dir data --count 64 --unlabelled 8 --image_size 32
  cat >small.yaml <<'END'
root_dir: data
checkpoint_dir: runs
model_type: cnn_encoder
dim_base: 4
image_size: 32
batch_size: 16
num_epochs: 2
threads: 2
device_index: -1
END
}

# train_once RUNS FLAG... - trains into a folder of runs/ that does not exist yet; $run is then the folder of the run.
train_once() {
  expect --any 0 '' "$rarebit" train --checkpoint_dir "$1" "${@:2}"
  # shellcheck disable=SC2034
  run=$(echo "$1"/*)
  [[ -d $run ]] || fail "line ${BASH_LINENO[-2]}: $1 has not one run folder but $run"
}

# only_whole_files RUN - what a run left that ended badly: nothing half-written, and every checkpoint can be used.
only_whole_files() {
  local file
  [[ -z $(find "$1" -name '*.tmp') ]] || fail "line ${BASH_LINENO[-2]}: left behind: $(find "$1" -name '*.tmp')"
  for file in "$1"/*.safetensors; do
    [[ ! -e $file ]] || expect 0 '8 pictures' "$rarebit" infer --config small.yaml --checkpoint_path "$file" --input_dir data/val_img
  done
}

# without_clock LOG - its lines without the fields that hold clock values: two runs are the same where these are equal.
without_clock() { sed -E 's/"t_[a-z_]+":[^,}]*[,}]//g' "$1"; }

# skip WHY - ends the test as one that showed nothing.
skip() {
  echo "$0: skipped: $1" >&2
  exit 77
}
