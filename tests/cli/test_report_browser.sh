#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_report_browser.sh - pages in a real browser: tests/browser/check_page.py says what is looked at.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
command -v python3 >"$stdout" || skip 'no python3'
command -v chromium chromium-browser google-chrome >"$stdout" || skip 'no Chromium; scripts/setup --interop installs it'
fresh
small_task
train_once runs --config small.yaml --num_epochs 4
first=$run
train_once others --config small.yaml --seed 1

# check PAGE - fails with all that is wrong with it.
check() { timeout 250 python3 "$source_dir/tests/browser/check_page.py" "$1" || fail "$1 is not as it must be"; }

expect 0 '' "$rarebit" report "$first"
check "$first/report.html"
expect 0 '' "$rarebit" report "$first" "$run"
check report.html

# Four classes with names of all lengths.
expect 0 '160 labelled' "$rarebit" synth --output_dir four --classes 4 --count 160 --unlabelled 0 --image_size 32
names=(ant 'a class of pictures whose name is much longer than there is room' cat 'bee & wasp <b>')
i=0
while read -r label; do
  i=$((i + 1))
  mkdir -p "named/${names[$label]}" && cp "$(printf 'four/train_img/%06d.jpg' $i)" "named/${names[$label]}"
done <four/label_train.txt
train_once four.runs --config small.yaml --root_dir named --num_classes 4
check "$run/report.html"
four=$run
train_once four.others --config small.yaml --root_dir named --num_classes 4 --seed 1
expect 0 '' "$rarebit" report "$four" "$run"
check report.html

# ---- the check itself sees what is wrong ---------------------------------------------------------------------------

# wrong REGEX SED - a page changed by a command of sed is found wrong in this way.
wrong() {
  sed -E "$2" "$first/report.html" >wrong.html
  cmp -s wrong.html "$first/report.html" && fail "sed $2 changed nothing"
  timeout 250 python3 "$source_dir/tests/browser/check_page.py" wrong.html >"$stdout" 2>&1 && fail "$2: nothing was found"
  grep -qE "$1" "$stdout" || fail "$2: found $(head -3 "$stdout")"
}
wrong 'message on the console' 's/"use strict";/"use strict"; console.error("x");/'
wrong 'asks for http|message on the console' 's/default-src .none.; //; s/img-src data:;//; s/<\/main>/<img src="http:\/\/127.0.0.1:1\/x.png"><\/main>/'
wrong 'wide on a screen of 390' 's/<\/main>/<p style="width:800px">x<\/p><\/main>/'
wrong 'has a contrast of' 's/--rb-muted: #58616e/--rb-muted: #b8c0cc/'
wrong 'under the pointer is shown' 's/addEventListener\("pointermove", look\)/addEventListener("pointermoved", look)/'
wrong 'cut off|on top of each other' 's/font: 12px system-ui/font: 22px system-ui/'
wrong 'switched on, 0 of' 's/[.]heat:checked ~ [.]gallery [.]over/.nothing/'
wrong 'switched off, [1-9]' 's/[.]shot [.]over [{] position: absolute; inset: 0; opacity: 0;/.shot .over { position: absolute; inset: 0;/'
wrong 'right on them' 's/[.]shot [.]over [{] position: absolute; inset: 0;/.shot .over { position: absolute; inset: 9px;/'
wrong 'in print 0 of' 's/[.]heated [.]frame [.]over [{] position: static;/.heated .frame .over {/'
