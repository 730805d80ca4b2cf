#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_ref_trainer.sh - a whole run on plain loops: what ThreadSanitizer looks at, since oneDNN's library is not built
# for it. One compute thread, for it cannot see into the OpenMP runtime; the loader has three.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task
expect --any 0 '' "$rarebit" train --config small.yaml --backend ref --threads 1 --workers 3 --num_epochs 1 --checkpoint_dir runs
grep -q '"backend":"ref"' runs/*/log.jsonl || fail "it was not ref that trained"
