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
  fail "line ${BASH_LINENO[0]}: $* - $problem"
}
