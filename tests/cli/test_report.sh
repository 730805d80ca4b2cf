#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_report.sh - the page of a run: it says the numbers of the run, what is missing, and what went wrong.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task
train_once runs --config small.yaml
first=$run
train_once others --config small.yaml --seed 1
second=$run
page=$first/report.html

# has WHAT TEXT - the page says the text; lacks WHAT TEXT - it does not.
has() { grep -qF -- "$2" "$1" || fail "line ${BASH_LINENO[0]}: $1 does not say '$2'"; }
lacks() { ! grep -qF -- "$2" "$1" || fail "line ${BASH_LINENO[0]}: $1 says '$2'"; }

# ---- training ends with the page -------------------------------------------------------------------------------------

[[ -s $page ]] || fail 'training left no report.html'
cp "$page" by_training.html
expect 0 '' "$rarebit" report "$first"
cmp by_training.html "$page" || fail 'training made another page than report'
grep -q 'of it waiting for pictures' "$page" || fail 'the page does not say how long training waited'

# ---- one run: the numbers are those of metrics.json ------------------------------------------------------------------

rm -f "$page"
expect 0 '' "$rarebit" report "$first"
[[ $(<"$stdout") == "$page" ]] || fail "stdout says $(<"$stdout"), not $page"
hter=$(jq '.test.hter * 100' "$first/metrics.json" | awk '{printf (0 < $1 && $1 < 0.995) ? "%.2f" : "%.1f", $1}')
has "$page" "$(printf 'class="lede">HTER %s\u00A0%%\u00A0[' "$hter")"
has "$page" "on $(jq .test.n "$first/metrics.json") test pictures"
has "$page" "$(jq -r '.test | "\(.fp) of \(.negatives) of class 0 accepted"' "$first/metrics.json")"
has "$page" "$(head -1 "$first/log.jsonl" | jq -r .data_fingerprint)"
(($(grep -o '<svg' "$page" | wc -l) == 15)) || fail "$page has $(grep -o '<svg' "$page" | wc -l) figures"
lacks "$page" 'https://'
lacks "$page" ' src="http'
has "$page" 'src="data:image/'
grep -E '(^|[^A-Za-z0-9_+/])(nan|inf)([^A-Za-z0-9_+/]|$)' "$page" >"$stdout" && fail "$page says $(cut -c1-300 "$stdout")"
cp "$page" once.html
expect 0 '' "$rarebit" report "$first"
cmp once.html "$page" || fail 'the same run made another page'

expect 0 '' "$rarebit" report "$first" --output here.html --pictures 0 --notebook
[[ -s here.ipynb ]] || fail 'no notebook'
lacks here.html 'src="data:image/'
lacks here.html 'Show heat maps'
jq -e '.nbformat == 4 and .nbformat_minor == 5 and ([.cells[] | select(.outputs[0].data["image/svg+xml"])] | length == 15)' \
  here.ipynb >"$stdout" || fail 'the notebook has not the figures of the page'

# ---- heat maps -------------------------------------------------------------------------------------------------------

# count TEXT FILE - how often a text is there.
count() { grep -oF -- "$1" "$2" | wc -l; }

shots=$(count '<figure class="shot' "$page")
((shots > 0 && $(count 'class="over"' "$page") == shots)) || fail "$shots pictures, and $(count 'class="over"' "$page") heat maps"
has "$page" 'A map has 4 × 4 cells'
expect 0 '' "$rarebit" report "$first" --output plain.html --heatmap false
(($(count '<figure class="shot' plain.html) == shots)) || fail 'without heat maps there are other pictures'
lacks plain.html 'class="over"'
lacks plain.html 'Heat maps show'
train_once without --config small.yaml --heatmap false
lacks "$run/report.html" 'class="over"'
diff -q <(without_clock "$run/log.jsonl") <(without_clock "$first/log.jsonl") >/dev/null ||
  fail 'heat maps change training'
cmp "$run/best.safetensors" "$first/best.safetensors" || fail 'heat maps change the checkpoint'

cp -r "$first" unweighted
rm unweighted/best.safetensors
expect 0 '' "$rarebit" report unweighted
has unweighted/report.html 'There are no heat maps: unweighted/best.safetensors: '
(($(count '<figure class="shot' unweighted/report.html) == shots)) || fail 'without a checkpoint there are no pictures'
head -c 3000 "$first/best.safetensors" >unweighted/best.safetensors
expect 0 '' "$rarebit" report unweighted
has unweighted/report.html 'There are no heat maps: unweighted/best.safetensors: '

train_once single --config small.yaml --model_type resnet18 --num_epochs 1 # its maps are the 32nd part of 32 pixels
has "$run/report.html" 'There are no heat maps: the last map of resnet18 at image_size 32 is a single cell'

# ---- several runs --------------------------------------------------------------------------------------------------

expect 0 '' "$rarebit" report "$first" "$second"
[[ $(<"$stdout") == report.html ]] || fail "stdout says $(<"$stdout")"
has report.html 'has the least HTER'
has report.html 'on the same pictures'
grep -qE '<td>seed</td><td>0</td><td>1</td>' report.html || fail 'the keys that differ are not shown'
lacks report.html '<td>num_epochs</td>'
train_once apart --config small.yaml --split_seed 5
expect 0 '' "$rarebit" report "$first" "$run"
has report.html '2 runs, not all judged on the same pictures'
lacks report.html 'has the least HTER'

# ---- what is missing is said ---------------------------------------------------------------------------------------

mv data elsewhere
expect 0 '' "$rarebit" report "$first"
has "$page" 'cannot be read any more where the run found them (data/'
lacks "$page" 'src="data:image/'
mv elsewhere data

cp -r "$first" stopped
rm stopped/*.proba stopped/metrics.json
sed -i '/"type":"eval"\|"type":"end"/d' stopped/log.jsonl
printf '{"type":"step","step":' >>stopped/log.jsonl # it was being written when the program was killed
expect 0 '' "$rarebit" report stopped
has stopped/report.html 'HTER on val of the best epoch so far'
has stopped/report.html 'The run has not been judged'

# ---- what is wrong -------------------------------------------------------------------------------------------------

expect 2 '^name 1 to 12 run folders' "$rarebit" report
expect 5 '^nowhere: no such folder; name the folder of a run' "$rarebit" report nowhere
expect 5 '^data: has no log.jsonl; name the folder of a run' "$rarebit" report data
expect 2 '--outputs .*did you mean --output[?]' "$rarebit" report "$first" --outputs x
expect 5 'nowhere' "$rarebit" report "$first" --output nowhere/page.html
[[ ! -e nowhere ]] || fail 'made a folder'
cp -r "$first" broken
sed -i '3s/.*/{"type":/' broken/log.jsonl
rm broken/report.html
expect 3 '^broken/log.jsonl:3: is no JSON object: .*damaged' "$rarebit" report broken
[[ ! -e broken/report.html ]] || fail 'a broken run has a page'
cp "$first/log.jsonl" broken/log.jsonl
sed -i '$d' broken/test.proba
expect 3 '^broken/test.proba: has [0-9]+ values for the [0-9]+ rows' "$rarebit" report broken
cp "$first/test.proba" broken/test.proba
sed -i '2s/.*/-3/' broken/test.proba
expect 3 '^broken/test.proba:2: -3 is no probability' "$rarebit" report broken
expect 3 '^broken/test.proba:2: -3 is no probability' "$rarebit" eda --root_dir data --runs broken

# ---- names that are code -------------------------------------------------------------------------------------------

cp -r "$second" '<b>bold'
expect 0 '' "$rarebit" report "$first" '<b>bold' --output evil.html
lacks evil.html '<b>bold'
has evil.html '&lt;b&gt;bold'
