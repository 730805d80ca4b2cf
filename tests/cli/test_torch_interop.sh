#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_torch_interop.sh - a checkpoint of ours in PyTorch and torchvision, and a file of theirs here. Skipped where Debian's
# python3-torch and python3-torchvision and the registry's safetensors are not installed.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/interop.sh
. "$(dirname "$0")/interop.sh"
needs_python numpy PIL torch torchvision safetensors
interop=$source_dir/tests/cli/torch_interop.py
fresh
small_task
sed -i 's/^model_type: .*/model_type: resnet18/; s/^num_epochs: .*/num_epochs: 1/' small.yaml

# From torchvision's own file, with heads of one and of two layers. The pictures have the network's size: none is resized.
"$python" "$interop" --make resnet18.pth || fail "PyTorch does not write resnet18.pth"
for depth in 1 2; do
  train_once "runs$depth" --config small.yaml --pretrained resnet18.pth --classification_head_depth "$depth"
  grep -q '^rarebit: 100 of 100 backbone tensors from resnet18.pth' "$stderr" || fail "nothing says what was taken"
  expect --any 0 '' "$rarebit" infer --checkpoint_path "$run" --device_index -1 --input_dir data/val_img \
    --output_file labels.txt --get_proba --raw
  "$python" "$interop" "$run/best.safetensors" labels.proba data/val_img/* || fail "PyTorch's logits are others, depth $depth"
done

# What stands still is theirs to the last bit.
train_once still --config small.yaml --pretrained resnet18.pth --freeze
"$python" "$interop" --same "$run/best.safetensors" resnet18.pth || fail "the frozen backbone is not the one of the file"

# Heat maps of a report; only larger pictures leave the network's last map more cells than one.
expect 0 '64 labelled' "$rarebit" synth --output_dir large --count 64 --unlabelled 0 --image_size 128
for depth in 1 2; do
  train_once "heat$depth" --config small.yaml --root_dir large --image_size 128 --pretrained resnet18.pth --calibration none \
    --classification_head_depth "$depth"
  "$python" "$interop" --heat "$run/best.safetensors" "$run/report.html" large || fail "PyTorch's heat maps are others, depth $depth"
done
exit 0
