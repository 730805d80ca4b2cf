#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_weights.sh - files of weights are listed, checked, converted and compared, whoever wrote them.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
golden=$source_dir/tests/golden/pth

# says TEXT... - the output of the last command has each of them; blanks count as one.
says() {
  local text
  for text; do tr -s ' ' <"$stdout" | grep -qF -- "$text" || fail "line ${BASH_LINENO[-2]}: does not say: $text"; done
}

# ---- list --------------------------------------------------------------------------------------------------------

expect 0 '' "$rarebit" weights list "$golden/zip_checkpoint_module_prefix.pth"
says 'torch zip, under state_dict, without "module."' 'tensor dtype shape min max mean std not finite' \
  'bn1.num_batches_tracked I64 [] 7 7 7 0 0' 'conv1.weight F32 [4 3 3 3] -0.49941 0.49653 -0.050639 0.29015 0' \
  '8 tensors, 150 values'
expect 0 '' "$rarebit" weights list "$golden/more_lightning_5.ckpt"
says 'objects such as __main__.Callback left out' '5 tensors, 12 values'
expect 0 '' "$rarebit" weights list "$golden/legacy_plain.pth"
says 'legacy_plain.pth: torch legacy'
cp "$golden/zip_plain.pth" photo.jpg # a name says nothing
expect 0 '' "$rarebit" weights list photo.jpg

# ---- check -------------------------------------------------------------------------------------------------------

expect 0 '' "$rarebit" weights check "$golden/legacy_odd.pth"
says 'torch legacy, 13 tensors' 'no content hash, as Rarebit did not write it'
expect 4 'bad_evil_legacy.pth: holds objects of posix.system and no state_dict; .* nothing was run: in Python, save' \
  "$rarebit" weights check "$golden/bad_evil_legacy.pth"
expect 4 'bad_truncated_zip.pth: a zip archive without its end: was the file cut short\? fetch it again' \
  "$rarebit" weights check "$golden/bad_truncated_zip.pth"
expect 5 '^nowhere.pth: No such file' "$rarebit" weights check nowhere.pth
printf '\x38\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  \0\0\xc0\x7f\0\0\0\0' >nan.safetensors
expect 4 '^nan.safetensors: tensor a holds NaN or infinity in 1 of its 2 values: take another file' "$rarebit" weights check nan.safetensors

small_task
train_once runs --config small.yaml
expect 0 '' "$rarebit" weights check "$run/best.safetensors"
says 'safetensors, ' ' finite values, a checkpoint of cnn_encoder whose content hash is right'
cp "$run/best.safetensors" flipped.safetensors
printf x | dd of=flipped.safetensors bs=1 seek=$(($(stat -c %s flipped.safetensors) - 9)) conv=notrunc status=none
expect 4 '^flipped.safetensors: .*: the file was damaged or edited' "$rarebit" weights check flipped.safetensors

# ---- convert and diff --------------------------------------------------------------------------------------------

for file in zip_odd.pth legacy_odd.pth more_dtypes.pth more_lightning_2.ckpt; do
  expect --any 0 "^rarebit: out.safetensors: .* tensors of .*$file" \
    "$rarebit" weights convert "$golden/$file" --output out.safetensors
  expect 0 '' "$rarebit" weights check out.safetensors
  expect 0 '' "$rarebit" weights diff "$golden/$file" out.safetensors --tolerance 0
  says 'at most 0; 0 tensors in one file only, 0 of unequal shape'
  cp out.safetensors first.safetensors
  expect --any 0 '' "$rarebit" weights convert out.safetensors --output out.safetensors
  cmp first.safetensors out.safetensors || fail "$file: a second conversion changes the file"
done
expect --any 0 '' "$rarebit" weights convert "$golden/zip_odd.pth" --output f32.safetensors --dtype f32
expect 0 '' "$rarebit" weights list f32.safetensors
says 'half F32' 'double F32' 'bfloat16 F32' 'uint8 U8'
expect 0 '' "$rarebit" weights diff "$golden/zip_odd.pth" f32.safetensors --tolerance 1e-7

# A checkpoint stays one, with its hash.
expect --any 0 '' "$rarebit" weights convert "$run/best.safetensors" --output best.safetensors
cmp "$run/best.safetensors" best.safetensors || fail 'a checkpoint is another after its conversion'

expect 0 '' "$rarebit" weights diff "$run/best.safetensors" "$run/last.safetensors"
says 'tensor largest difference' "only in $run/last.safetensors"
expect 4 'differ by up to 0, 1 is allowed; 5 tensors in one only, 4 of unequal shape' \
  "$rarebit" weights diff "$golden/zip_plain.pth" "$golden/more_lightning_2.ckpt" --tolerance 1
says 'conv1.weight shapes [4 3 3 3] and [2 3 1 1]'
sed 's/\xc0\x7f/\x00\x00/' nan.safetensors >zero.safetensors
expect 4 '^nan.safetensors and zero.safetensors differ by up to inf in a, 0 is allowed' \
  "$rarebit" weights diff nan.safetensors zero.safetensors --tolerance 0

# ---- how it is asked ---------------------------------------------------------------------------------------------

expect 2 '^weights: say what to do: list, check, convert, diff or quantize' "$rarebit" weights
expect 2 "^weights: 'lits' is none of list, check, convert, diff and quantize; did you mean 'list'" "$rarebit" weights lits a.pth
expect 2 '^weights list takes one file, not 0' "$rarebit" weights list
expect 2 '^weights check takes one file, not 2' "$rarebit" weights check a b
expect 2 '^weights diff takes two files, not 1' "$rarebit" weights diff a
expect 2 '^output is missing; name the safetensors file to write' "$rarebit" weights convert "$golden/zip_plain.pth"
expect 2 '^--dtype: ' "$rarebit" weights convert "$golden/zip_plain.pth" --dtype f64
expect 5 '^nowhere/x.safetensors: cannot write here: No such file' \
  "$rarebit" weights convert "$golden/zip_plain.pth" --output nowhere/x.safetensors
# shellcheck disable=SC2317 # expect runs it
full() { "$@" >/dev/full; }
expect 5 '^standard output: cannot write' full "$rarebit" weights list "$golden/zip_plain.pth"

# A file of PyTorch is told from a broken checkpoint where a checkpoint is wanted.
expect 4 'zip_plain.pth: is a file of PyTorch, not a checkpoint of Rarebit' \
  "$rarebit" infer --checkpoint_path "$golden/zip_plain.pth" --input_dir data/val_img
exit 0
