#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_augment_command.sh - contact sheets and changed folders; steps from files, in a run and in its record.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task

cat >steps.yaml <<'END'
minority:
- Rotate: {limit: 30, p: 1}
- OneOf:
    p: 1
    transforms: [HorizontalFlip, Blur: {blur_limit: 3}]
classes:
  '1':
  - RandomBrightnessContrast
END

# ---- the contact sheet ---------------------------------------------------------------------------------------------

expect 0 '' "$rarebit" augment --config small.yaml --augment steps.yaml --output sheet.png --samples 2
[[ $(head -c 4 sheet.png | tail -c 3) == PNG ]] || fail 'sheet.png is no PNG file'
for line in '^class 0, [0-9]+ of 64 pictures, the minority, ' '^  Rotate +[0-9]+\.[0-9]$' '^  whole pipeline +[0-9]'; do
  grep -qE "$line" "$stdout" || fail "nothing on stdout is like /$line/"
done
cp sheet.png first.png
expect 0 '' "$rarebit" augment --config small.yaml --augment steps.yaml --output sheet.png --samples 2
cmp first.png sheet.png || fail 'the same sheet has other pixels'
expect 0 '' "$rarebit" augment --config small.yaml --augment original --channels 1 --output sheet.png

# ---- a folder ------------------------------------------------------------------------------------------------------

expect 0 '^out: 8 pictures' "$rarebit" augment --augment steps.yaml --input_dir data/val_img --output_dir out
for picture in data/val_img/*.jpg; do
  name=${picture##*/}
  [[ -s out/${name%.jpg}.png ]] || fail "out has no ${name%.jpg}.png"
done
expect 2 '^out/.*\.png: is there already' "$rarebit" augment --augment steps.yaml --input_dir data/val_img --output_dir out
expect --any 0 '' "$rarebit" augment --augment steps.yaml --input_dir data/val_img --output_dir again
diff -r out again || fail 'the same steps made other pictures'
expect --any 0 '' "$rarebit" augment --augment steps.yaml --seed 1 --input_dir data/val_img --output_dir other
if diff -rq out other >/dev/null; then fail 'another seed made the same pictures'; fi
expect --any 0 '' "$rarebit" augment --augment steps.yaml --class 1 --input_dir data/val_img --output_dir class_1
expect --any 0 '' "$rarebit" augment --augment none --input_dir out --output_dir same
diff -r out same || fail 'no step changed pictures'
expect 2 "^class: 'cat' is neither" "$rarebit" augment --class cat --input_dir data/val_img --output_dir cats

# ---- what is wrong -------------------------------------------------------------------------------------------------

for flags in '' '--input_dir data/val_img' '--output_dir x' '--output a.png --output_dir x --input_dir data/val_img'; do
  # shellcheck disable=SC2086
  expect 2 '^name either --output SHEET.png, or both' "$rarebit" augment $flags
done
expect 5 '^nowhere.yaml: No such file' "$rarebit" augment --augment nowhere.yaml --output a.png
sed -i s/Blur:/Blurr:/ steps.yaml
expect 2 "^steps.yaml:5: no transform 'Blurr'; did you mean 'Blur'" "$rarebit" train --config small.yaml --augment steps.yaml
sed -i s/Blurr:/Blur:/ steps.yaml
sed -i "s/'1'/one/" steps.yaml
expect --any 2 "steps.yaml:8: augment: classes: the data has no class 'one'" "$rarebit" train --config small.yaml --augment steps.yaml
sed -i "s/one/'1'/" steps.yaml

# ---- a run records its steps, and needs the file no more -------------------------------------------------------------

expect --any 0 '' "$rarebit" train --config small.yaml --augment steps.yaml --checkpoint_dir one
rm steps.yaml
grep -q '^augment: {minority: \[{Rotate: {p: 1, limit: \[-30, 30\]' one/*/config.yaml || fail 'steps are not recorded'
expect --any 0 '' "$rarebit" train --config one/*/config.yaml --checkpoint_dir two
cmp one/*/val.proba two/*/val.proba || fail 'the recorded steps made another run'
