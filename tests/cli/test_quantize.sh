#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_quantize.sh - weights quantize: int8 says almost what fp32 says, from a file that serves both; without ranges, or
# in training, there is no int8. Where the CPU has no instructions for it that is said, and fp32 predicts.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task
train_once run --config small.yaml --model_type resnet18 --num_epochs 3
mkdir -p labelled
cp data/train_img/* labelled

# A CPU without int8: oneDNN believes this.
expect --any 7 'int8: backend onednn has no instructions for it on this CPU' \
  env ONEDNN_MAX_CPU_ISA=AVX2 "$rarebit" weights quantize "$run"
[[ ! -e $run/best.int8.safetensors ]] || fail "a file is there all the same"

expect --any 2 'precision int8 is for eval, infer and bench' "$rarebit" train --config small.yaml --precision int8
expect 2 'weights quantize takes one file, not 0' "$rarebit" weights quantize
expect 5 'labelled/best.safetensors: No such file' "$rarebit" weights quantize labelled

"$rarebit" weights quantize "$run" >out.txt 2>err.txt
code=$?
((code != 7)) || skip "this CPU has no instructions for int8"
((code == 0)) || fail "weights quantize ended with $code: $(cat err.txt)"
expect --any 4 'has no ranges for precision int8; run `rarebit weights quantize`' \
  "$rarebit" infer --checkpoint_path "$run" --precision int8 --input_dir labelled
expect --any 4 'holds the state of a training run' "$rarebit" weights quantize "$run/last.safetensors" --root_dir data

for figure in HTER 'ROC AUC' threshold; do
  grep -qE "^$figure +[0-9.]+ +[0-9.]+$" out.txt || fail "$figure is not told: $(cat out.txt)"
done
grep -qE '^int8 alone is right on [0-9]+, fp32 alone on [0-9]+; McNemar p = ' out.txt || fail "no comparison"

# The same file again, with another name, and from the checkpoint alone.
expect --any 0 '' "$rarebit" weights quantize "$run" --output again.safetensors
cmp -s again.safetensors "$run/best.int8.safetensors" || fail "quantised twice is not quantised alike"
expect --any 0 '' "$rarebit" weights quantize "$run/best.safetensors" --root_dir data --output alone.safetensors
cmp -s alone.safetensors again.safetensors || fail "from a checkpoint alone it is another file"
expect --any 0 '' "$rarebit" weights check again.safetensors

# proba NAME CHECKPOINT FLAG...
proba() {
  expect --any 0 '' "$rarebit" infer --checkpoint_path "$2" --input_dir labelled --output_file "$1.txt" --get_proba "${@:3}"
}
proba plain "$run/best.safetensors"
proba bytes again.safetensors
proba named again.safetensors --precision int8
proba floats again.safetensors --precision fp32
cmp -s bytes.proba named.proba || fail "int8 is not what a quantised checkpoint predicts in"
cmp -s floats.proba plain.proba || fail "its weights are not those of the checkpoint any more"
cmp -s bytes.proba plain.proba && fail "int8 is bit for bit fp32: it was not used"
paste bytes.proba plain.proba | awk '{ d = $1 - $2; if (d > 0.05 || d < -0.05) { print $1, $2; exit 1 } }' ||
  fail "int8 is far from fp32"
told=$(sed -nE 's/^threshold +[0-9.]+ +([0-9.]+)$/\1/p' out.txt)
expect --any 0 "threshold ${told%??}" "$rarebit" infer --checkpoint_path again.safetensors --input_dir labelled
expect --any 0 'precision int8: not on this CPU with backend onednn, fp32 is used' \
  env ONEDNN_MAX_CPU_ISA=AVX2 "$rarebit" infer --checkpoint_path again.safetensors --input_dir labelled
expect --any 0 'precision int8: not on this CPU with backend ref, fp32 is used' \
  "$rarebit" eval --checkpoint_path again.safetensors --root_dir data --backend ref --part val
