#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_report_classes.sh - pages of runs of more than two classes, alone and side by side, and beside an exploration; runs
# whose classes differ are refused.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task
expect 0 '320 labelled' "$rarebit" synth --output_dir four --classes 4 --count 320 --unlabelled 0 --image_size 32
i=0
(
  echo path,label,group
  while read -r label; do printf 'four/train_img/%06d.jpg,%s,place%d\n' $((++i)) "$label" $((i / 3)); done <four/label_train.txt
) >groups.csv
flags=(--config small.yaml --manifest groups.csv --num_classes 4 --lr 4e-3)
train_once runs "${flags[@]}" --num_epochs 4
first=$run
train_once others "${flags[@]}" --num_epochs 2 --seed 1
second=$run
page=$first/report.html

# has WHAT TEXT - the page says the text; lacks WHAT TEXT - it does not.
has() { grep -qF -- "$2" "$1" || fail "line ${BASH_LINENO[0]}: $1 does not say '$2'"; }
lacks() { ! grep -qF -- "$2" "$1" || fail "line ${BASH_LINENO[0]}: $1 says '$2'"; }
figures() { grep -o '<svg' "$1" | wc -l; }
no_numbers_missing() {
  ! grep -E '(^|[^A-Za-z0-9_+/])(nan|inf)([^A-Za-z0-9_+/]|$)' "$1" >"$stdout" || fail "$1 says $(cut -c1-300 "$stdout")"
}
# percent SHARE - as the page has it.
percent() { awk -v v="$1" 'BEGIN { v *= 100; printf (0 < v && v < 0.995) ? "%.2f" : "%.1f", v }'; }

# ---- one run: the numbers are those of metrics.json and of eval -------------------------------------------------------

has "$page" "$(printf 'class="lede">HTER %s\u00A0%%\u00A0[' "$(percent "$(jq .test.hter "$first/metrics.json")")")"
has "$page" "on $(jq .test.n "$first/metrics.json") test pictures"
has "$page" 'intervals, by whole groups and not by single pictures'
expect --any 0 '' "$rarebit" eval --checkpoint_path "$first" --manifest groups.csv --part test --json test.json --device_index -1
for class in 0 1 2 3; do
  recall=$(jq -r ".intervals.recall_$class | \"\(.value) \(.low * 100) \(.high * 100)\"" test.json)
  read -r value low high <<<"$recall"
  has "$page" "$(printf '>%s\u00A0[%.1f,\u00A0%.1f]</td>' "$(percent "$value")" "$low" "$high")"
done
grep -q 'truth 3, decision 3: '"$(jq '.test.confusion_rows_true[3][3]' "$first/metrics.json")," "$page" || fail 'another confusion'
for title in 'How sure the model is' 'ROC, each class against the rest' 'Finding each class' 'With a second look' \
  'Scores as probabilities' 'Most wrong: the least probability of the true class' 'Least sure: the least lead of the class taken'; do
  has "$page" "$title</h3>"
done
(($(figures "$page") == 13)) || fail "$page has $(figures "$page") figures"
no_numbers_missing "$page"
cp "$page" by_training.html
expect 0 '' "$rarebit" report "$first" --notebook
cmp by_training.html "$page" || fail 'training made another page than report'
jq -e '[.cells[] | select(.outputs[0].data["image/svg+xml"])] | length == 13' "${page%.html}.ipynb" >"$stdout" || fail 'the notebook lacks figures'

# The picture that is most wrong is the first of its gallery.
awk -F, 'NR > 1 && $3 == "test" { print $2, $1 }' "$first/split.csv" | paste -d' ' - "$first/test.proba" | awk '
  { best = 3; for (i = 4; i <= NF; i++) if ($i > $best) best = i; if (best - 3 != $1) print $($1 + 3), $2 }' |
  LC_ALL=C sort -g | head -1 >worst
worst=$(cut -d' ' -f2 worst)
first_shot=$(grep -oE 'Most wrong.*' "$page" | grep -oE '[0-9]{6}\.jpg' | head -1)
[[ $first_shot == "${worst##*/}" ]] || fail "the gallery begins with $first_shot, not $worst"

# ---- several runs: what eval says of two judges -------------------------------------------------------------------------

expect 0 '' "$rarebit" report "$first" "$second"
has report.html 'has the least HTER'
has report.html 'on the same pictures'
has report.html 'ROC, mean of the classes</h3>'
has report.html 'Decisions, B cnn_encoder</h3>'
lacks report.html 'DeLong'
no_numbers_missing report.html
expect --any 0 '' "$rarebit" eval --checkpoint_path "$first" --against "$second" --manifest groups.csv --part test --json pair.json --device_index -1
apart=$(jq -r '.against.hter_difference_bootstrap | if .value > 0 then [.value, .low, .high] else [-.value, -.high, -.low] end | map(. * 100) | join(" ")' pair.json)
read -r value low high <<<"$apart"
has report.html "$(printf '%+.1f\u00A0[%+.1f,\u00A0%+.1f]' "$value" "$low" "$high")"
p=$(jq .against.mcnemar.p pair.json | awk '{ print ($1 < 0.001) ? "&lt; 0.001" : sprintf("%.3f", $1) }')
has report.html ">$p</td>"
jq -e '.against.mcnemar.method == "chi-square by group"' pair.json >"$stdout" || fail 'the test does not heed groups'

# ---- beside an exploration ----------------------------------------------------------------------------------------------

expect --any 0 'are written' "$rarebit" eda --manifest groups.csv --device_index -1 --output one.html --runs "$first"
has one.html 'Results</h2>'
has one.html 'Each class</h3>'
has one.html 'Where the time went</h3>'
expect --any 0 'are written' "$rarebit" eda --manifest groups.csv --device_index -1 --output both.html --runs "$first" "$second"
has both.html 'ROC, mean of the classes</h3>'
jq -e '[.cells[] | select(.outputs[0].data["image/svg+xml"])] | length > 10' both.ipynb >"$stdout" || fail 'the notebook lacks figures'

# ---- a run that was stopped ---------------------------------------------------------------------------------------------

cp -r "$first" stopped
rm stopped/*.proba stopped/metrics.json
sed -i '/"type":"eval"\|"type":"end"/d' stopped/log.jsonl
expect 0 '' "$rarebit" report stopped
has stopped/report.html 'The run has not been judged'
expect 0 '' "$rarebit" report "$second" stopped
has report.html '1 run has not been judged'

# ---- classes that differ ------------------------------------------------------------------------------------------------

train_once two.runs --config small.yaml
two=$run
expect 2 "^$first has 4 classes, $two has 2; runs side by side have the same ones$" "$rarebit" report "$first" "$two"
rm -f mixed.html
expect 2 "^$two has 2 classes, $first has 4; " "$rarebit" eda --manifest groups.csv --device_index -1 --output mixed.html --runs "$two" "$first"
[[ ! -e mixed.html ]] || fail 'a page of runs that do not go together'

mkdir -p named/ant named/bee
i=0
while read -r label; do
  i=$((i + 1))
  cp "$(printf 'data/train_img/%06d.jpg' $i)" "named/$([[ ${label%.*} == 1 ]] && echo bee || echo ant)"
done <data/label_train.txt
train_once bee.runs --config small.yaml --root_dir named
bee=$run
train_once ant.runs --config small.yaml --root_dir named --positive_class ant
expect 2 "^label 0 is class 'bee' in $run and 'ant' in other runs; runs side by side have the same classes in the same order$" \
  "$rarebit" report "$bee" "$run"
cp -r "$run" unnamed
sed -i '1s/"classes":\[[^]]*\],\?//' unnamed/log.jsonl # as logs of old have it
expect 0 '' "$rarebit" report unnamed "$bee"
has report.html 'truth bee, decision ant'
lacks report.html 'truth 1, decision 0'

cp -r "$first" broken
awk '{ print $1, $2, $3 + $4, 0, 0 }' "$first/test.proba" >broken/test.proba
expect 3 '^broken/train.proba: is of 4 classes, and the run has 5' "$rarebit" report broken
exit 0
