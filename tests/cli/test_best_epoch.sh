#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_best_epoch.sh - the best epoch by another figure than HTER, more than one checkpoint kept, early stop by it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

# column LOG KEY - of each epoch its number from 1 and a figure.
column() { sed -nE "/\"type\":\"epoch\"/s|.*\"$2\":([-0-9.e]+).*|\1|p" "$1/log.jsonl" | awk '{ print NR, $1 }'; }

# best_of RUN KEY [-r] - the epoch that a figure calls the best; of equals the first.
best_of() { column "$1" "$2" | sort -s -g ${3:+"$3"} -k2 | head -n 1 | cut -d ' ' -f 1; }

# the_best_is RUN EPOCH - by what was printed and logged.
the_best_is() {
  grep -q "^epoch $2 of at most" "$stdout" || fail "line ${BASH_LINENO[0]}: epoch $2 is best, but $(head -n 1 "$stdout")"
  grep -q "\"type\":\"end\".*\"best_epoch\":$(($2 - 1))," "$1/log.jsonl" || fail "line ${BASH_LINENO[0]}: the log has another best epoch"
}

long=(--config small.yaml --num_epochs 12 --lr 3e-3 --early_stop_patience 0 --seed 3)
train_once loss "${long[@]}" --monitor val/loss
the_best_is "$run" "$(best_of "$run" val/loss)"
train_once auc "${long[@]}" --monitor val/roc_auc --save_top_k 3
the_best_is "$run" "$(best_of "$run" val/roc_auc -r)"
kept=$run
train_once worst "${long[@]}" --monitor val/roc_auc --monitor_mode min
the_best_is "$run" "$(best_of "$run" val/roc_auc)"
[[ $(best_of "$run" val/roc_auc) != $(best_of "$run" val/roc_auc -r) ]] || fail 'every epoch has the same AUC: nothing was shown'
compgen -G "$run/epoch-*" >&2 && fail 'one checkpoint was asked for'

# The three best ones are there, the best of them with the weights of best.safetensors, and no other.
column "$kept" val/roc_auc | sort -s -g -r -k2 | head -n 3 |
  awk '{ printf "epoch-%04d-val_roc_auc-%.4f.safetensors\n", $1, $2 }' | sort >want
(cd "$kept" && ls epoch-*) | sort >got
diff want got >&2 || fail 'other checkpoints are kept than the best three'
best=$(printf 'epoch-%04d-' "$(best_of "$kept" val/roc_auc -r)")
cmp "$kept/best.safetensors" "$kept/$best"* || fail 'the best of three is not best.safetensors'
only_whole_files "$kept"

# One that was made after the last state of a killed run goes when the run is taken up.
touch "$kept/epoch-0099-val_roc_auc-0.9999.safetensors"
expect --any 0 'is trained; it is judged again' "$rarebit" train --checkpoint_path "$kept"
diff want <(cd "$kept" && ls epoch-*) >&2 || fail 'what no state has is still there'

# Nothing improves by so much: it stops after the first epoch and the patience, and says by which figure.
expect --any 0 'stopped early: val/roc_auc has not improved' "$rarebit" train --config small.yaml --num_epochs 12 \
  --checkpoint_dir early --monitor val/roc_auc --early_stop_patience 2 --early_stop_min_delta 1
[[ $(grep -c '"type":"epoch"' early/*/log.jsonl) == 3 ]] || fail 'it did not stop after three epochs'

expect 2 "^monitor: there is no 'val/auc' with so many classes; did you mean 'val/" "$rarebit" train --config small.yaml --monitor val/auc
expect 2 '^monitor: the run was begun with val/roc_auc and cannot go on with val/loss' \
  "$rarebit" train --checkpoint_path early/* --monitor val/loss
