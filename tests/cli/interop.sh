# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# interop.sh - for tests against other people's Python packages; sourced after lib.sh. `scripts/setup --interop` fetches them.

# needs_python MODULE... - $python has them; otherwise the test is skipped, and says what is missing.
needs_python() {
  local modules
  modules=$(IFS=, && echo "$*")
  for python in "$source_dir"/build/interop/*/bin/python; do
    "$python" -c "import $modules" 2>/dev/null && return
  done
  skip "no Python with $modules under build/interop; scripts/interop fetches it"
}
