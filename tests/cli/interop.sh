# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# interop.sh - for tests against other people's Python packages; sourced after lib.sh. `scripts/interop` fetches them.

# needs_python MODULE... - $python has them; otherwise the test is skipped, and says what is missing.
needs_python() {
  local module
  python=${RAREBIT_INTEROP_PYTHON:-$source_dir/build/interop/bin/python}
  for module; do
    "$python" -c "import $module" 2>/dev/null && continue
    echo "skipped: no Python with $module at $python; scripts/interop fetches it"
    exit 77
  done
}
