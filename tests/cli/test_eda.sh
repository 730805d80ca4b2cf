#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_eda.sh - the exploration of a data set: page, notebook, JSON and table; what is wrong with the data, and what is
# wrong with the call.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

# says REGEX FILE - fails unless some line of the file is like it.
says() { grep -qE -- "$1" "$2" || fail "line ${BASH_LINENO[0]}: nothing in $2 is like /$1/"; }

# ---- a sound set ---------------------------------------------------------------------------------------------------

expect 0 '^eda.html and eda.ipynb are written' "$rarebit" eda --config small.yaml --json found.json
says '^0 +8 +6 +1 +1 +12.5 %' "$stdout"
says '^unreadable +0 of 64' "$stdout"
says '^duplicates +0 pictures in 0 clusters' "$stdout"
says '64 pictures of 2 classes, 12.5 % of them of class 0. All can be read, and no picture is there twice' eda.html
for title in Classes Pictures Map Duplicates Outliers 'Light, sharpness, shape' 'Files and pixels'; do
  says ">$title</h2>" eda.html
done
if grep -qE '(src|href)="?(https?:)?//' eda.html; then fail 'eda.html asks for something of others'; fi
says '"nbformat": ?4' eda.ipynb
says '"pictures":64,"readable":64' found.json
says '"too_flat_to_compare":0' found.json
says '"features":"simple features of colour and gradient, no network"' found.json
[[ $(grep -o '"tsne"' found.json | wc -l) == 64 ]] || fail 'the map has not 64 points'

# Nothing depends on threads or on the place; JSON alone goes to standard output.
mkdir elsewhere
expect 0 'are written' "$rarebit" eda --config small.yaml --threads 1 --output elsewhere/eda.html --json -
cmp "$stdout" found.json || fail 'another number of threads, another result'
expect 0 'page.htm and page.ipynb' "$rarebit" eda --config small.yaml --output page.htm --map_pictures 20 --samples 2
says '20 of 64 are shown, drawn by chance' page.htm

# ---- a set with faults ---------------------------------------------------------------------------------------------

mkdir -p faults/a faults/b
cp data/train_img/*.jpg faults/b
mv faults/b/0000?[15].jpg faults/a
cp faults/a/000001.jpg faults/a/copy.jpg
cp faults/a/000005.jpg faults/b/conflict.jpg
head -c 300 faults/b/000002.jpg >faults/b/half.jpg
: >faults/b/empty.jpg
echo 'no picture' >faults/a/text.png
expect 0 'are written' "$rarebit" eda --root_dir faults --json faults.json
says '^unreadable +3 of 69' "$stdout"
says '^duplicates +4 pictures in 2 clusters: 2 exact groups' "$stdout"
says '^  labels differ +1 clusters' "$stdout"
for fault in '"a/text.png","class":"a","part":"[a-z]*","reason":"neither JPEG nor PNG' \
  '"b/empty.jpg","class":"b","part":"[a-z]*","reason":"empty, not a picture"' '"b/half.jpg".{,60}"reason":"JPEG truncated'; do
  says "$fault" faults.json
done
says '"same_bytes":true,"pictures":\[\{"path":"a/000001.jpg"[^]]*"path":"a/copy.jpg"' faults.json
says 'neither JPEG nor PNG' eda.html
says 'In 1 cluster of duplicates labels differ' eda.html

# A leak: one copy in the training part, one in the test part.
{
  echo path,label,split
  for n in 01 02 03 04 05 06 07 08; do echo "data/train_img/0000$n.jpg,$((10#$n % 2)),train"; done
  for n in 09 10 11 12; do echo "data/train_img/0000$n.jpg,$((10#$n % 2)),val"; done
  echo data/train_img/000013.jpg,1,test
  echo data/train_img/000014.jpg,0,test
  echo leak.jpg,1,test
} >leaky.csv
cp data/train_img/000003.jpg leak.jpg
expect 0 'are written' "$rarebit" eda --manifest leaky.csv
says '^  parts differ +1 clusters' "$stdout"
says 'Duplicates on both sides of a split' eda.html

# Too few for a split are looked at all the same.
mkdir -p few/a few/b
cp data/train_img/000001.jpg few/a
cp data/train_img/000002.jpg few/b
expect --any 0 '^rarebit: no split into train, val and test: ' "$rarebit" eda --root_dir few
says '^a +1 +50.0 %' "$stdout"

# ---- a network's features ------------------------------------------------------------------------------------------

train_once runs --config small.yaml --num_epochs 1
expect --any 0 'are written' "$rarebit" eda --root_dir data --checkpoint_path "$run" --json net.json --device_index -1
says '"features":"the [0-9]+ pooled features of cnn_encoder, best.safetensors"' net.json
if cmp -s <(grep -o '"map".*' net.json) <(grep -o '"map".*' found.json); then fail 'a network changed no map'; fi
says '(alike|like) in the [0-9]+ pooled features' eda.html
# The same weights as a backbone make the same map.
expect --any 0 'are written' "$rarebit" eda --config small.yaml --backbone "$run/best.safetensors" --json backbone.json
cmp <(grep -o '"points".*' net.json) <(grep -o '"points".*' backbone.json) || fail 'the backbone makes another map'
expect 2 '^backbone .* and checkpoint_path .*: one of them' "$rarebit" eda --root_dir data --backbone x --checkpoint_path y
expect --any 2 'backbone: false names no weights' "$rarebit" eda --config small.yaml --backbone false
expect --any 5 'pretrained: .*nowhere.safetensors' "$rarebit" eda --config small.yaml --backbone ./nowhere.safetensors

# ---- results of runs -----------------------------------------------------------------------------------------------

first=$run
train_once more --config small.yaml --num_epochs 1 --seed 1
expect 0 'are written' "$rarebit" eda --root_dir data --runs "$first" "$run"
for title in Results Training; do says ">$title</h2>" eda.html; done
for one in "$first" "$run"; do says "${one##*/}" eda.html; done
if "$rarebit" eda --root_dir data 2>/dev/null >/dev/null && grep -q '>Results</h2>' eda.html; then fail 'results of no run'; fi
expect 5 '^runs: nowhere is no folder' "$rarebit" eda --root_dir data --runs "$run" nowhere
expect 5 'log.jsonl' "$rarebit" eda --root_dir data --runs data

# ---- what is wrong -------------------------------------------------------------------------------------------------

expect 2 'there is no key .*outptu|did you mean' "$rarebit" eda --outptu x.html
expect 2 "^output: x.ipynb is where the notebook goes" "$rarebit" eda --root_dir data --output x.ipynb
expect 2 "'data' is no flag" "$rarebit" eda data
expect 5 '^nowhere: no such folder' "$rarebit" eda --root_dir nowhere
expect 5 'no/such/eda.html' "$rarebit" eda --root_dir data --output no/such/eda.html
expect 4 'small.yaml' "$rarebit" eda --root_dir data --checkpoint_path small.yaml
mkdir -p broken/a broken/b
echo x | tee broken/a/1.jpg >broken/b/1.jpg
expect --any 3 'none of 2 pictures can be read; the first, broken/a/1.jpg: neither JPEG nor PNG' "$rarebit" eda --root_dir broken
