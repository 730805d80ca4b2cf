#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_pretrained.sh - beginning from weights of others: files, and what a hub and a plain server say, right or wrong.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || exit 77 # the server is written in it
fresh
small_task
sed -i 's/^num_epochs: .*/num_epochs: 1/' small.yaml

# The weights that are given out.
train_once first --config small.yaml
cp "$run/best.safetensors" ours.safetensors
python3 - <<'EOF' || fail "no weights to give out"
import json
file = open("ours.safetensors", "rb").read()
end = 8 + int.from_bytes(file[:8], "little")
header = json.loads(file[8:end])
del header["__metadata__"]  # what says that they are ours
text = json.dumps(header).encode()
open("weights.safetensors", "wb").write(len(text).to_bytes(8, "little") + text + file[end:])
EOF
size=$(stat -c %s weights.safetensors)
sha=$(sha256sum weights.safetensors | cut -d' ' -f1)

# repo NAME - a repository t/NAME with the weights and a config.json whose mean and std are .5, as timm writes it.
repo() {
  mkdir -p "served/t/$1"
  cp weights.safetensors "served/t/$1/model.safetensors"
  cat >"served/t/$1/config.json" <<'EOF'
{"architecture": "cnn_encoder", "num_classes": 1000,
 "pretrained_cfg": {"tag": "x", "mean": [0.5, 0.5, 0.25], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic"}}
EOF
}
for name in plain other cut whole wrong gated down slow stands strange climb bin noconfig noweights foreign; do repo "$name"; done
mv served/t/bin/model.safetensors served/t/bin/pytorch_model.bin
rm served/t/noconfig/config.json served/t/noweights/model.safetensors
sed -i s/cnn_encoder/resnet34/ served/t/foreign/config.json
mkdir served/models
cp weights.safetensors "served/models/net-${sha:0:8}.pth"
cp weights.safetensors served/models/net-0000000a.pth
cp weights.safetensors served/models/net.safetensors

: >log
python3 "$source_dir/tests/cli/hub_server.py" served log >port 2>server.err &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$own_folder"' EXIT
for _ in {1..100}; do [[ -s port ]] || sleep 0.1; done
[[ -s port ]] || fail "the server does not begin"
here=http://127.0.0.1:$(cat port)

unset HF_HOME HUGGINGFACE_HUB_CACHE HF_HUB_OFFLINE TRANSFORMERS_OFFLINE HF_TOKEN HF_TOKEN_PATH XDG_CACHE_HOME TORCH_HOME
export HOME=$PWD/home HF_ENDPOINT=$here/ HF_HUB_CACHE=$PWD/cache no_proxy='*'
train=("$rarebit" train --config small.yaml --checkpoint_dir runs)
fetched="48 of 48 backbone tensors from"
commit=0123456789abcdef0123456789abcdef01234567

# begins REGEX PRETRAINED FLAG... - training begins from it, and says REGEX. The log is of this call.
begins() {
  : >log
  expect --any 0 "$1" "${train[@]}" --pretrained "${@:2}"
}
# refuses CODE REGEX PRETRAINED FLAG... - it does not, and no run folder is made.
refuses() {
  : >log
  rm -rf runs
  expect "$1" "$2" "${train[@]}" --pretrained "${@:3}"
  [[ ! -d runs ]] || fail "line ${BASH_LINENO[-2]}: there is a run all the same"
}
# asked N REGEX - the server was asked N times for what matches.
asked() {
  local n
  n=$(grep -cE -- "$2" log)
  ((n == $1)) || fail "line ${BASH_LINENO[-2]}: asked $n times for $2, not $1: $(cat log)"
}
# nothing_of NAME - no weights of t/NAME lie in the cache under a final name.
nothing_of() {
  local found
  found=$(find cache -path "*t--$1/*" \( -size +20k -o -name model.safetensors \) 2>/dev/null)
  [[ ! $found ]] || fail "line ${BASH_LINENO[-2]}: left behind: $found"
}

# ---- a hub: fetched once, under Python's names --------------------------------------------------------------------------

begins "$fetched t/plain" t/plain
asked 1 '^HEAD /t/plain/resolve/main/config.json - -$'
asked 1 '^GET /cdn/t/plain/model.safetensors'
entry=cache/models--t--plain
[[ $(cat $entry/refs/main) == "$commit" ]] || fail "refs/main is not the commit"
[[ $(readlink $entry/snapshots/$commit/model.safetensors) == "../../blobs/$sha" ]] || fail "the snapshot is no link to the blob"
cmp weights.safetensors "$entry/blobs/$sha" || fail "the blob is not the file"
[[ $(wc -c <$entry/refs/main) == 40 && ! $(find cache -name '*.incomplete') ]] || fail "the cache is not as Python keeps it"

# Mean and std are those of config.json, and stay with the checkpoint.
best=$(echo runs/*/best.safetensors)
grep -aq 'mean\\":\[0.5,0.5,0.25\],\\"std\\":\[0.5,0.5,0.5\]' "$best" || fail "mean and std are not those of config.json"
grep -aq "pretrained" "$best" && fail "the checkpoint says where its weights came from, which may be a path"

grep -q '"weights_from":"t/plain","weights_commit":"'$commit'","weights_backbone":48,"weights_head":true' runs/*/log.jsonl ||
  fail "the log does not say where the weights are from"

# What is there needs no network.
begins "$fetched t/plain" t/plain
asked 0 .
begins "$fetched t/plain" hf_hub:t/plain@$commit
asked 0 .
HF_HUB_OFFLINE=1 HF_ENDPOINT=http://127.0.0.1:1 begins "$fetched t/plain" t/plain
HF_HUB_CACHE='' HF_HOME=$PWD/elsewhere begins "$fetched t/plain" t/plain
[[ -e elsewhere/hub/models--t--plain/refs/main ]] || fail "HF_HOME is not where the cache is"
begins "$fetched t/bin" t/bin
asked 1 'HEAD .*/model.safetensors'
[[ -e cache/models--t--bin/snapshots/$commit/pytorch_model.bin ]] || fail "pytorch_model.bin is not taken instead"

# ---- a hub: the way to it ----------------------------------------------------------------------------------------------

refuses 4 '^pretrained: http://127.*/t/none/resolve/main/config.json: there is no such file \(404, RepoNotFound\).*pretrained: FILE' t/none
refuses 4 '^pretrained: http://127.*/t/gated/resolve/main/config.json: not allowed \(401\).*HF_TOKEN' t/gated
HF_TOKEN=wrong refuses 4 'not allowed \(401\).*HF_TOKEN' t/gated
HF_TOKEN=secret begins "$fetched t/gated" t/gated
refuses 5 'the server answers 503; try again later' t/down
refuses 5 'does not answer as a Hugging Face hub does' t/strange
refuses 5 'does not answer as a Hugging Face hub does' t/climb
[[ ! $(find . -name 'climbed*') ]] || fail "an ETag has left the cache"
refuses 4 'has no config.json, which says with what mean and std' t/noconfig
refuses 4 'has neither model.safetensors nor pytorch_model.bin' t/noweights
refuses 4 'config.json: is of resnet34, and model_type is cnn_encoder' t/foreign
asked 0 'model.safetensors' # not fetched to be refused
HF_HUB_OFFLINE=1 refuses 4 "^pretrained: $here/t/other/resolve/main/config.json is not in the cache .*/cache, and HF_HUB_OFFLINE is set; .*pretrained: FILE" t/other
asked 0 .
HF_ENDPOINT=http://127.0.0.1:1 refuses 5 '^pretrained: http://127.0.0.1:1/t/other/resolve/main/config.json: .*onnect.*pretrained: FILE' t/other

# A token is for the hub, not for where it redirects to.
HF_TOKEN=secret begins "$fetched t/other" t/other
asked 1 '^HEAD /t/other/resolve/[0-9a-f]{40}/model.safetensors - Bearer secret$'
asked 1 '^GET /t/other/resolve/[0-9a-f]{40}/model.safetensors - Bearer secret$'
asked 1 '^GET /cdn/t/other/model.safetensors\?signature=x - -$'
rm -r cache/models--t--other
mkdir -p home/.cache/huggingface
printf 'of-the-file\n' >home/.cache/huggingface/token
begins "$fetched t/other" t/other
asked 2 '/t/other/resolve/[0-9a-f]{40}/model.safetensors - Bearer of-the-file$'
rm home/.cache/huggingface/token

# A repository that was renamed, on the same host: the token goes along.
HF_TOKEN=secret begins "$fetched t/moved" t/moved
asked 1 '^GET /t/plain/resolve/[0-9a-f]{40}/model.safetensors - Bearer secret$'
[[ -e cache/models--t--moved/blobs/$sha ]] || fail "what was fetched does not lie under the name that was asked for"

# `true` is the model's default.
refuses 4 '/timm/resnet18.a1_in1k/resolve/main/config.json: there is no such file' true --model_type resnet
refuses 4 '/timm/resnet18.tv_in1k/resolve/main/config.json: there is no such file' resnet18.tv_in1k --model_type resnet
refuses 2 '^pretrained: true: nobody publishes weights of cnn_encoder' true
refuses 2 "^pretrained: 'yes' is no file, and not true, false," yes
refuses 2 '^pretrained: torchvision/resnet34 is of resnet34, and model_type is cnn_encoder' torchvision/resnet34
refuses 5 '^pretrained: nowhere/w.pth: No such file' nowhere/w.pth

# ---- a hub: what is damaged on the way -----------------------------------------------------------------------------------

begins "t/cut model.safetensors: cut after 0.0 MB, going on" t/cut
asked 1 "^GET /cdn/t/cut/.* bytes=$((size / 2))- -$"
cmp weights.safetensors "cache/models--t--cut/blobs/$sha" || fail "what was put together is not the file"
begins "t/whole model.safetensors: cut after" t/whole
cmp weights.safetensors "cache/models--t--whole/blobs/$sha" || fail "what came twice is not the file"

# A half from an earlier call; and one that is no half of it.
begin() { mkdir -p "cache/models--t--$1/blobs" && head -c 1000 "$2" >"cache/models--t--$1/blobs/$sha.incomplete"; }
rm -r cache/models--t--plain
begin plain weights.safetensors
begins "$fetched t/plain" t/plain
asked 1 '^GET /cdn/t/plain/.* bytes=1000- -$'
rm -r cache/models--t--plain
begin plain /dev/zero
refuses 4 "what was fetched is damaged and was removed: its SHA-256 is [0-9a-f]{64}, not $sha" t/plain
nothing_of plain
begins "$fetched t/plain" t/plain
refuses 4 'what was fetched is damaged and was removed: its SHA-256 is' t/wrong
nothing_of wrong
[[ ! $(find cache -name '*.incomplete') ]] || fail "left behind: $(find cache -name '*.incomplete')"

# Killed in the middle, a file has no final name, and the next call goes on.
"${train[@]}" --pretrained t/slow >/dev/null 2>&1 &
part=cache/models--t--slow/blobs/$sha.incomplete
for _ in {1..100}; do [[ -s $part ]] || sleep 0.1; done
kill -9 $! && wait $! 2>/dev/null
[[ -s $part ]] || fail "a killed call leaves nothing to go on with"
mv "$part" part && nothing_of slow && mv part "$part"
begins "$fetched t/slow" t/slow
asked 1 "^GET /cdn/t/slow/.* bytes=$((size / 2))- -$"
[[ ! -e $part ]] || fail "left behind: $part"

# A signal is heard while nothing comes.
"${train[@]}" --pretrained t/stands >/dev/null 2>err &
pid=$!
part=cache/models--t--stands/blobs/$sha.incomplete
for _ in {1..100}; do [[ -s $part ]] || sleep 0.1; done
kill -TERM $pid
wait $pid
code=$?
((code == 75)) || fail "a signal while fetching ended with $code: $(cat err)"
grep -q 'stopped by SIGTERM while fetching http' err || fail "a signal while fetching: $(cat err)"
[[ ! -e ${part%.incomplete} ]] || fail "half a file has its final name"
rm "$part"

# Two at once wait for each other.
rm -r cache/models--t--plain
: >log
for i in 1 2; do "${train[@]}" --pretrained t/plain >/dev/null 2>"two.$i" & pids[i]=$!; done
for i in 1 2; do wait "${pids[i]}" || fail "two at once: $(cat two.1 two.2)"; done
asked 1 '^GET /cdn/t/plain/model.safetensors'

# A disk that is full keeps a beginning, under no final name; a file that is no library is named.
rm -r cache/models--t--plain
# shellcheck disable=SC2317 # expect runs it
limited() (ulimit -f 16 && "$@")
expect 5 "^pretrained: .*/blobs/$sha.incomplete: cannot write: File too large" limited "${train[@]}" --pretrained t/plain
nothing_of plain
begins "$fetched t/plain" t/plain
rm -r cache/models--t--plain
mkdir libraries && : >libraries/libcurl.so.4
LD_LIBRARY_PATH=$PWD/libraries refuses 5 '^pretrained: libcurl.so.4 is needed and cannot be opened: install libcurl4; .*pretrained: FILE' t/plain
begins "$fetched t/plain" t/plain
LD_LIBRARY_PATH=$PWD/libraries begins "$fetched t/plain" t/plain # no network, no library

# ---- a cache that cannot be written -----------------------------------------------------------------------------------------

HF_HUB_CACHE=/proc/none refuses 5 '^pretrained: /proc/none: cannot make this folder' t/plain
chmod 711 "$own_folder" .
cp "$rarebit" program
mkdir -p open && chmod 777 open
chmod -R a+rX data small.yaml cache weights.safetensors && chmod -R a-w cache
expect --any 0 "$fetched t/plain" as_nobody ./program train --config small.yaml --checkpoint_dir open/runs --pretrained t/plain
rm -rf cache/models--t--cut
expect 5 '^pretrained: .*/cache/models--t--cut: cannot make this folder: Permission denied' \
  as_nobody ./program train --config small.yaml --checkpoint_dir open/runs --pretrained t/cut
chmod -R u+w cache

# ---- URLs -----------------------------------------------------------------------------------------------------------------

begins "$fetched $here/models/net-" "$here/models/net-${sha:0:8}.pth"
cmp weights.safetensors "home/.cache/torch/hub/checkpoints/net-${sha:0:8}.pth" || fail "the file is not in torch's cache"
begins "$fetched" "$here/models/net-${sha:0:8}.pth"
asked 0 .
TORCH_HOME=$PWD/torch begins "no config.json is beside .*/torch/hub/checkpoints/[0-9a-f]{16}-net.safetensors: .*ImageNet" "$here/models/net.safetensors?download=true"
# The same name elsewhere is another file; what may be secret in a URL is in no record; a number is no digest.
mkdir served/models/elsewhere
cp weights.safetensors served/models/elsewhere/net.safetensors
cp weights.safetensors served/models/net-20240115.safetensors
TORCH_HOME=$PWD/torch begins "$fetched" "${here/:\/\//://me:word@}/models/elsewhere/net.safetensors?signature=xyz"
asked 1 '^GET /models/elsewhere/net.safetensors'
grep -qE 'me:word|signature' runs/*/log.jsonl "$stderr" && fail 'the record has a login or a signature'
TORCH_HOME=$PWD/torch begins "$fetched" "$here/models/net-20240115.safetensors"
refuses 4 'net-0000000a.pth: what was fetched is damaged and was removed: its SHA-256 is [0-9a-f]*, not 0000000a\.\.\.' "$here/models/net-0000000a.pth"
[[ ! $(find home -name 'net-0000000a*' ! -name '*.lock') ]] || fail "left behind: $(find home -name 'net-0*')"
refuses 4 'gone.pth: there is no such file \(404\)' "$here/models/gone.pth"
: >"home/.cache/torch/hub/checkpoints/net-0000000a.pth"
refuses 4 'net-0000000a.pth: remove it, so that it is fetched anew: its SHA-256 is' "$here/models/net-0000000a.pth"

# ---- files ----------------------------------------------------------------------------------------------------------------

# The head fits, or is a fresh one; tensors beside the network are left out; the backbone is whole or an error.
begins "$fetched weights.safetensors" weights.safetensors --lr 0 --scheduler constant --num_epochs 1 --freeze
grep -q 'the head is a fresh one' "$stderr" && fail "a head that fits is not taken"
begins 'the head is a fresh one: the file.s has a fc.0.bias' weights.safetensors --classification_head_depth 1
refuses 4 '^pretrained: weights.safetensors: stages.0.conv1.weight is \[4 3 3 3\] in the file and \[8 3 3 3\] in the network' \
  weights.safetensors --dim_base 8
refuses 4 '^pretrained: weights.safetensors: there is no tensor conv1.weight, which is \[64 3 7 7\] in the network' \
  weights.safetensors --model_type resnet18
begins "no config.json is beside weights.safetensors: .*ImageNet" weights.safetensors
rm -rf runs
begins "$fetched .*/served/t/plain/model.safetensors" "$PWD/served/t/plain/model.safetensors"
grep -q 'no config.json' "$stderr" && fail "the config.json beside a file is not looked at"
mv runs/*/best.safetensors coloured.safetensors
rm -rf runs
begins 'summed over the three colours' coloured.safetensors --channels 1
grep -aq 'mean\\":\[0.41666' runs/*/best.safetensors || fail "a grey network does not get the mean of a checkpoint's three"
begins "$fetched ours.safetensors" ours.safetensors
grep -q 'no config.json' "$stderr" && fail "a checkpoint of ours does not say how its pictures were normalised"
for file in weights.safetensors served/t/plain/model.safetensors; do
  expect --any 0 "$fetched $file" "${train[@]}" --checkpoint_path "$file"
done
begins 'stages.0.conv1.weight: summed over the three colours of the file' weights.safetensors --channels 1
exit 0
