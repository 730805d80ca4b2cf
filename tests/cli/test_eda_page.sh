#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_eda_page.sh - the page of an exploration in a browser, with findings of every kind on it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || skip 'no python3'
command -v chromium >/dev/null || skip 'no Chromium: apt-get install chromium'
fresh
small_task

mkdir -p set/a set/b
cp data/train_img/*.jpg set/b
mv set/b/0000?[15].jpg set/a
cp set/a/000001.jpg set/b/copy.jpg
head -c 300 set/b/000002.jpg >set/b/half.jpg
printf '%s\n' 'minority: [{HorizontalFlip: {p: 1}}]' 'majority: []' >mirror.yaml
expect --any 0 'mirrored: [0-9]+ pictures' "$rarebit" augment --augment mirror.yaml --input_dir set/a --output_dir mirrored
for picture in mirrored/*.png; do cp "$picture" "set/b/mirrored_${picture##*/}"; done

expect --any 0 'are written' "$rarebit" eda --root_dir set --device_index -1
for title in 'Exact duplicates' 'Near duplicates' 'Pictures that cannot be read' 'Neighbourhoods (t-SNE)'; do
  grep -qF "$title</h3>" eda.html || fail "the page has no '$title'"
done
python3 "$source_dir/tests/browser/check_page.py" eda.html || fail 'the page is not as it should be'
