#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_bad_input.sh - whatever is wrong with what the program is given, one line says what, where and what to do.
# shellcheck disable=SC2016,SC2034 # scripts that are handed over in single quotes, and what they use
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task
run_as=() # in front of the program

# ---- data --------------------------------------------------------------------------------------------------------

# with_data CODE REGEX SCRIPT - trains on a copy of the data in which SCRIPT was run. No run folder may come of it.
with_data() {
  rm -rf bad
  cp -r data bad
  (cd bad && p=train_img/000005.jpg && eval "$3") || fail "line ${BASH_LINENO[-2]}: the data could not be spoilt"
  expect "$1" "$2" "${run_as[@]}" timeout 20 "$rarebit" train --config small.yaml --root_dir bad
  [[ -z $(ls runs 2>/dev/null) ]] || fail "line ${BASH_LINENO[-2]}: bad data left a run folder"
}

huge_png='\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x4e\x20\0\0\x4e\x20\x08\x02\0\0\0\x6c\x12\xd1\x6e\0\0\0\x0cIDAT'
# Makes a JPEG claim to be 20000 x 20000: height and width stand 5 bytes behind its frame's marker.
grow() {
  local frame
  frame=$(LC_ALL=C grep -obUaP '\xff\xc0' "$1" | head -n 1 | cut -d: -f1)
  printf '\x4e\x20\x4e\x20' | dd of="$1" bs=1 seek=$((frame + 5)) conv=notrunc status=none
}

# A file or folder that is not there is a matter of I/O (5); one that is there and wrong is a matter of data (3).
expect 5 '^nowhere: no such folder \(root_dir\)' "$rarebit" train --config small.yaml --root_dir nowhere
with_data 5 '^bad/label_train.txt: No such file' 'rm label_train.txt'
with_data 5 '^bad/train_img: No such file' 'rm -r train_img'
with_data 3 '^bad/train_img: no pictures \(\*\.jpg, \*\.jpeg, \*\.png\)' 'rm train_img/*'
with_data 3 '^bad: neither train_img/ with label_train.txt nor folders of pictures' 'rm -r *'
with_data 3 'label_train.txt: 60 labels for 64 pictures; the first without a label is 000061.jpg' 'sed -i 61,64d label_train.txt'
with_data 3 'label_train.txt: 65 labels for 64 pictures; the first without a picture is on line 65' 'echo 1 >>label_train.txt'
with_data 3 'label_train.txt:7: "2" is neither 0 nor 1' 'sed -i 7s/.*/2/ label_train.txt'
with_data 3 'label_train.txt:7: "" is neither 0 nor 1' 'sed -i 7s/.*// label_train.txt'
with_data 3 'label_train.txt:1: "path,label" is neither 0 nor 1' 'sed -i 1s/.*/path,label/ label_train.txt'
with_data 3 'label_train.txt: every label is 1; two classes are needed' 'sed -i s/0/1/ label_train.txt'
with_data 3 "^bad: one class only, 'a'; at least two are needed" 'rm label_train.txt; mv train_img a; rm -r val_img'
with_data 2 'num_classes: 1 is for two classes, and the data has 3 \(a, b, c\); merge them' \
  'rm -r label_train.txt val_img; mv train_img a; cp -r a b; cp -r a c'
with_data 3 "class '0' is too small: of its 2 pictures none would be in " 'sed -i "s/0/1/; 1,2s/1/0/" label_train.txt'

with_data 3 '^bad/train_img/000005.jpg: empty, not a picture' ': >$p'
with_data 3 '^bad/train_img/000005.jpg: JPEG truncated or damaged: ' 'truncate -s 500 $p'
with_data 3 '^bad/train_img/000005.jpg: neither JPEG nor PNG, .*convert it' 'echo "a text" >$p'
with_data 3 '^bad/train_img/000005.jpg: 20000x20000 pixels, over the limit of 50000000' 'grow $p'
with_data 3 '^bad/train_img/000005.jpg: 20000x20000 pixels, over the limit of 50000000' 'printf "$huge_png" >$p'
with_data 3 '^bad/train_img/000005.jpg: PNG truncated or damaged: ' 'printf "${huge_png:0:40}" >$p'
with_data 5 '^bad/train_img/000005.jpg: is a folder' 'rm $p; mkdir $p'
with_data 5 '^bad/train_img/000005.jpg: is not a regular file' 'rm $p; mkfifo $p'
with_data 5 '^bad/train_img/000005.jpg: No such file' 'rm $p; ln -s nowhere $p'

# Workers that are at pictures when the run ends must not touch what is gone by then: an empty picture in the first batch,
# broken ones that take their time in the next.
expect 0 '20 labelled' "$rarebit" synth --output_dir large --count 20 --unlabelled 0 --image_size 512
for _ in 1 2 3 4 5; do
  with_data 3 '^bad/train_img/000001.jpg: empty' \
    'for i in {17..40}; do head -c 20000 ../large/train_img/000001.jpg >train_img/0000$i.jpg; done; : >train_img/000001.jpg'
done
chmod 711 "$own_folder" . # for nobody
cp "$rarebit" program
run_as=(as_nobody) rarebit=$PWD/program
mkdir -p runs
chmod 777 runs
with_data 5 '^bad/train_img/000005.jpg: Permission denied' 'chmod 0 $p'
with_data 5 '^bad/label_train.txt: Permission denied' 'chmod 0 label_train.txt'
with_data 5 '^bad/train_img: Permission denied' 'chmod 0 train_img'
chmod 755 bad/train_img
run_as=()

# ---- keys --------------------------------------------------------------------------------------------------------

# with_flags REGEX WORD...; with_config REGEX TEXT
with_flags() { expect 2 "$1" "$rarebit" "${@:2}"; }
with_config() {
  printf '%b' "$2" >bad.yaml
  expect 2 "^bad.yaml:$1" "$rarebit" train --config bad.yaml
}

with_flags '^name a command; `rarebit help` lists them'
with_flags "^there is no command 'tarin'; did you mean 'train'" tarin
with_flags "^there is no command 'dance'; .rarebit help. lists them" dance
with_flags "^'data' is no flag; flags look like --key value" train data
with_flags '^-x: flags begin with two dashes' train -x
with_flags '^unknown flag --learning-rate .*did you mean --lr\?' train --learning-rate 1
with_flags '^unknown flag --epochs .*did you mean --num_epochs\?' train --epochs 3
with_flags '^unknown flag --input_dir for this command' train --input_dir data
with_flags '^--lr: -1 is outside 0\.\.1000' train --lr -1
with_flags "^--lr: expected a number, found 'fast'" train --lr=fast
with_flags "^--num_epochs: expected a whole number, found '1\.5'" train --num_epochs 1.5
with_flags '^--num_epochs: needs a value' train --num_epochs
with_flags '^--num-epochs: given twice' train --num_epochs 3 --num-epochs 4
with_flags "^--sampler: 'balance' is none of balanced\|shuffle; did you mean 'balanced'" train --sampler balance
with_flags "^scheduler: .*did you mean 'one_cycle'" train --config small.yaml --scheduler one_cycel
with_flags "^model_type: .*did you mean 'resnet18'" train --model_type resnet81 --root_dir data
with_flags "^backend: .*did you mean 'onednn'" train --config small.yaml --backend onednnn
with_flags "^--augment: .*did you mean 'light'" train --config small.yaml --augment ligth
with_flags '^--num_classes: 3 is outside' train --num_classes 3
with_flags '^channels: 2 is neither 1 \(grey\) nor 3' train --config small.yaml --channels 2
with_flags '^val_split: 0 leaves nothing to choose the threshold on' train --config small.yaml --val_split 0
with_flags "^positive_class: 'cat' cannot be chosen" train --config small.yaml --positive_class cat
with_flags '^output_dir: data has label_train.txt and more in it' synth --output_dir data
with_flags '^output_dir is missing' synth

with_config "2: unknown key 'bath_size'; did you mean 'batch_size'\?" 'lr: 1e-3\nbath_size: 3\n'
with_config '2: lr: given twice, first on line 1' 'lr: 1e-3\nlr: 2e-3\n'
with_config '1: lr: 1e9 is outside 0\.\.1000' 'lr: 1e9\n'
with_config "1: num_epochs: expected a whole number, found 'many'" 'num_epochs: many\n'
with_config '1: lr: expected a number, found the quoted text "1"' 'lr: "1"\n'
with_config '1: lr: expected a number, found a list' 'lr: [1]\n'
with_config '1: lr: is empty; expected a number' 'lr:\n'
with_config '2: invalid multiline plain key' 'lr: 1\nseed: 2\n  batch_size: 3\n'
expect 5 '^nowhere.yaml: No such file' "$rarebit" train --config nowhere.yaml

with_flags '^pretrained: true: nobody publishes weights of cnn_encoder; say false' train --config small.yaml --pretrained true

# ---- checkpoints -------------------------------------------------------------------------------------------------

rm -rf runs
train_once runs --config small.yaml
best=$run/best.safetensors

# with_checkpoint CODE REGEX SCRIPT - infers with a copy of the checkpoint, $c, on which SCRIPT was run.
with_checkpoint() {
  rm -rf c.safetensors
  cp "$best" c.safetensors
  (c=c.safetensors && eval "$3") || fail "line ${BASH_LINENO[-2]}: the checkpoint could not be spoilt"
  expect "$1" "$2" "$rarebit" infer --checkpoint_path c.safetensors --input_dir data/val_img --device_index -1
}
# Changes one bit of the byte in the middle.
flip() {
  local at=$(($(stat -c %s "$1") / 2))
  # shellcheck disable=SC2059
  printf "\\x$(printf %02x $(($(od -An -tu1 -j $at -N1 "$1") ^ 1)))" | dd of="$1" bs=1 seek=$at conv=notrunc status=none
}

with_checkpoint 0 '8 pictures: ' :
with_checkpoint 4 '^c.safetensors: .*: the file was damaged or edited' 'flip $c'
with_checkpoint 4 '^c.safetensors: .* was the file cut short\?' 'truncate -s -1 $c'
with_checkpoint 4 '^c.safetensors: .* was the file cut short\?' 'truncate -s 1000 $c'
with_checkpoint 4 '^c.safetensors: not a safetensors file: 0 bytes are too short' ': >$c'
with_checkpoint 4 '^c.safetensors: not a safetensors file' 'echo "a text, and not a short one" >$c'
with_checkpoint 4 '^c.safetensors: not a safetensors file' 'cp data/train_img/000001.jpg $c'
with_checkpoint 4 '^c.safetensors: is a safetensors file but no checkpoint of Rarebit' \
  'cp "$source_dir/tests/golden/safetensors/all_dtypes.safetensors" $c'
with_checkpoint 5 '^c.safetensors: No such file' 'rm $c'
with_checkpoint 5 '^c.safetensors/best.safetensors: No such file' 'rm $c; mkdir $c'
with_checkpoint 5 '^c.safetensors: is not a regular file' 'rm $c; mkfifo $c'

# As if it were of another model: what was asked for, what it has, and what to do.
while read -r key asked trained; do
  expect 4 "^$key: $asked was asked for, the checkpoint was trained with $trained; leave the key out" \
    "$rarebit" infer --checkpoint_path "$best" --input_dir data/val_img "--$key" "$asked"
done <<'END'
model_type resnet34 cnn_encoder
image_size 64 32
channels 1 3
interpolation area bilinear
dim_base 8 4
classification_head_depth 1 2
END
expect 4 "^$best: there is no tensor conv1.weight: the file is of another model" \
  "$rarebit" train --config small.yaml --checkpoint_path "$best" --model_type resnet18
expect 4 "^$best: stages.0.conv1.weight is \[4 3 3 3\] in the file and \[8 3 3 3\] in the network" \
  "$rarebit" train --config small.yaml --checkpoint_path "$best" --dim_base 8

# ---- what infer and eval are asked for -----------------------------------------------------------------------------

infer=("$rarebit" infer --config small.yaml --checkpoint_path "$best")
with_flags '^checkpoint_path is missing; name a checkpoint or a run folder' infer --input_dir data/val_img
expect 2 '^input_dir is missing; name a folder, pictures, or - for a list' "${infer[@]}"
expect 2 '^input_dir data/val_img and pictures by name \(a.jpg\): use one' "${infer[@]}" --input_dir data/val_img a.jpg
expect 2 '^get_proba needs an output_file' "${infer[@]}" --get_proba --input_dir data/val_img
expect 2 '^output_file: o.proba is where get_proba writes' \
  "${infer[@]}" --get_proba --input_dir data/val_img --output_file o.proba
expect 2 '^no pictures were named' "${infer[@]}" - </dev/null
expect 5 '^standard input: cannot read: Is a directory' "${infer[@]}" - <data
expect 5 '^nowhere: No such file' "${infer[@]}" --input_dir nowhere
expect 5 '^nowhere.jpg: No such file' "${infer[@]}" nowhere.jpg
expect 3 '^data: no pictures' "${infer[@]}" --input_dir data
expect 2 '^labels and proba belong together: proba is missing' "$rarebit" eval --labels data/label_train.txt
expect 3 '^data/label_train.txt has 64 lines, .*/test.proba has 7; line N of both must be the same picture' \
  "$rarebit" eval --labels data/label_train.txt --proba "$run/test.proba"
expect 3 'config.yaml:1: "# checkpoint" is not a number' \
  "$rarebit" eval --labels data/label_train.txt --proba "$run/config.yaml"
mkdir three
for class in a b c; do cp -r data/val_img three/$class; done
expect 3 "^the data has 3 classes, $best was trained for 2" \
  "$rarebit" eval --config small.yaml --checkpoint_path "$best" --root_dir three

# ---- where results cannot go -----------------------------------------------------------------------------------------

expect 5 '^nowhere/o.txt: cannot write here: No such file' \
  "${infer[@]}" --input_dir data/val_img --output_file nowhere/o.txt
mkdir -p closed
chmod 555 closed
expect 5 '^closed/o.txt: cannot write here: Permission denied' \
  as_nobody "${infer[@]}" --input_dir data/val_img --output_file closed/o.txt
expect 5 '^closed/runs: cannot make this folder: Permission denied' \
  as_nobody "$rarebit" train --config small.yaml --checkpoint_dir closed/runs
expect 5 '^small.yaml: cannot make this folder: File exists' \
  "$rarebit" train --config small.yaml --checkpoint_dir small.yaml

# to STREAM COMMAND... - with its standard output there.
to() { if [[ $1 == closed ]]; then "${@:2}" >&-; else "${@:2}" >"$1"; fi; }
full='^(rarebit: )?standard output: cannot write'
for stream in /dev/full closed; do
  expect 5 "$full" to $stream "$rarebit" help
  expect 5 "$full" to $stream "$rarebit" help --markdown # more than one buffer of it
  expect 5 "$full" to $stream "$rarebit" --version
  expect --any 5 "$full" to $stream "${infer[@]}" --input_dir data/val_img
  expect 5 "$full" to $stream "$rarebit" eval --labels data/val_truth.txt --proba data/val_truth.txt --json -
  rm -rf mute
  expect --any 5 "$full" to $stream "$rarebit" train --config small.yaml --checkpoint_dir mute
  tail -n 1 mute/*/log.jsonl | grep -q '"type":"end"' || fail "$stream: the log does not end with its end"
done
