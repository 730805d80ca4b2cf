#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_messages.sh - what is said on stderr, and how: --quiet and --log_format json; results stay what they are.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

# without_run FILE - results but for the folder of the run, which has a time in it.
without_run() { sed -E 's#[a-z]+/cnn_encoder_[-0-9]+#RUN#' "$1"; }

train_once loud --config small.yaml
[[ -s $stderr ]] || fail 'nothing is said'
without_run "$stdout" >results
cp -r "$run" trained

# ---- quiet ---------------------------------------------------------------------------------------------------------

train_once quiet --config small.yaml --quiet
[[ ! -s $stderr ]] || fail "said all the same: $(head -n 1 "$stderr")"
diff results <(without_run "$stdout") >&2 || fail 'quiet changes results'
expect 0 '' "$rarebit" infer --config small.yaml --quiet --checkpoint_path trained/best.safetensors --input_dir data/val_img
[[ $(wc -l <"$stdout") == 8 && ! -s $stderr ]] || fail 'infer does not print labels alone'
expect 0 '' "$rarebit" eval --config small.yaml --quiet --checkpoint_path trained/best.safetensors --part test
expect 0 'warning: sampler balanced and pos_weight' "$rarebit" train --config small.yaml --quiet --checkpoint_dir warned --pos_weight 0.2
expect 5 '^nowhere' "$rarebit" train --config small.yaml --quiet --root_dir nowhere
echo 'quiet: true' | cat small.yaml - >quiet.yaml
train_once file --config quiet.yaml
[[ ! -s $stderr ]] || fail 'a file cannot ask for quiet'

# ---- JSON ----------------------------------------------------------------------------------------------------------

# all_json - every line of stderr is an object with a type.
all_json() {
  grep -vE '^\{"type":"(note|warning|error|progress|epoch)",.*\}$' "$stderr" && fail "line ${BASH_LINENO[0]}: not a record"
  [[ -s $stderr ]] || fail "line ${BASH_LINENO[0]}: no record"
}

train_once json --config small.yaml --log_format json --pos_weight 0.2
all_json
grep -q '^{"type":"note","text":"class 0: 6 of 45 training pictures' "$stderr" || fail 'no note of classes'
grep -q '^{"type":"warning","text":"sampler balanced and pos_weight' "$stderr" || fail 'no warning'
diff <(grep '"type":"epoch"' "$stderr") <(grep '"type":"epoch"' "$run/log.jsonl") >&2 || fail 'epochs are not as in the log'
grep -q '"type":"progress","title":"epoch 1/2","done":1,"total":3,"figures":"loss ' "$stderr" || fail 'no progress of an epoch'
grep -qE '^test +' "$stdout" || fail 'results are not as before'

expect --any 5 '^\{"type":"error","exit":5,"text":"nowhere' "$rarebit" train --config small.yaml --log_format json --root_dir nowhere
all_json
expect --any 75 '^\{"type":"error","exit":75,"text":"stopped by max_time' "$rarebit" train --config small.yaml \
  --log_format json --checkpoint_dir long --num_epochs 100000 --early_stop_patience 0 --max_time 0.2
all_json
expect --any 5 '"type":"error"' "$rarebit" train --config small.yaml --log_format json --quiet --root_dir nowhere
[[ $(wc -l <"$stderr") == 1 ]] || fail 'more than the error is said'
