#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_memory_flat.sh - 200 epochs take no more memory, and no more open files, than 40: prints how memory grows by epoch.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

"$rarebit" train --config small.yaml --num_epochs 200 --early_stop_patience 0 --ema_decay 0.9 --mixup_alpha 0.4 \
  --cutmix_alpha 1 --save_top_k 3 --monitor val/roc_auc --quiet >out 2>err &
pid=$!
# A line for each look: epochs done, KiB of memory, open files.
while kill -0 $pid 2>/dev/null; do
  rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$pid/status 2>/dev/null)
  files=$(ls /proc/$pid/fd 2>/dev/null | wc -l)
  epochs=$(grep -cs '"type":"epoch"' runs/*/log.jsonl)
  [[ $rss && $files -gt 0 ]] && echo "${epochs:-0} $rss $files"
  sleep 0.05
done >looks
wait $pid || fail "training failed: $(tail -n 1 err)"

# A line through the looks after epoch 40, by least squares; the fewest files before and after the middle of them,
# for a save has one open at times.
awk '$1 >= 40 && $1 < 200 {
  n++; x += $1; y += $2; xx += $1 * $1; xy += $1 * $2
  if ($1 < 120 && (!before || $3 < before)) before = $3
  if ($1 >= 120 && (!after || $3 < after)) after = $3
} END {
  slope = n < 10 ? 1e9 : (n * xy - x * y) / (n * xx - x * x)
  printf "%d looks from epoch 40 on: memory grows by %.2f KiB an epoch, from %.0f KiB; open files %d, then %d\n", n, slope, y / n, before, after
  exit n < 10 || slope > 2 || after > before
}' looks || fail "$(tail -n 1 looks) is the last of $(wc -l <looks) looks"
