#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_eval.sh - eval on files: two classes and more, groups, species, another judge; what wrong files are told; how fast.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh

golden=$source_dir/tests/golden/metrics
# columns NAME - labels.txt and scores.proba of a golden file.
columns() {
  tail -n +2 "$golden/$1.csv" | cut -d, -f1 >labels.txt
  tail -n +2 "$golden/$1.csv" | cut -d, -f2- >scores.proba
}
# value KEY FILE - the first number that bears this name.
value() { grep -oE "\"$1\": ?-?[0-9.e-]+" "$2" | head -n 1 | sed 's/.*: *//'; }
# near WHAT TOLERANCE ONE OTHER
near() {
  awk -v a="$3" -v b="$4" -v t="$2" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d * d <= t * t) }' ||
    fail "line ${BASH_LINENO[-2]}: $1: $3, not $4"
}
judge=("$rarebit" eval --labels labels.txt --proba scores.proba)

# ---- two classes ---------------------------------------------------------------------------------------------------

for name in tiny_ties random_500_ties random_1000_imbalanced chance_300_coarse_ties; do
  columns $name
  expect 0 '' "${judge[@]}" --val_threshold 0.7 --bootstrap 50 --json judged.json
  # Scores are compared as floats: what they were rounded by, a logarithm near its pole may multiply.
  for key in roc_auc average_precision log_loss brier ece; do
    near "$name $key" 1e-6 "$(value $key judged.json)" "$(value $key "$golden/$name.json")"
  done
  near "$name eer" 1e-6 "$(value eer judged.json)" "$(value eer_interpolated "$golden/$name.json")"
  near "$name pr_auc" 1e-6 "$(value pr_auc judged.json)" "$(value pr_auc_trapezoid "$golden/$name.json")"
  sed -n '/"0.7": {/,/}/p' "$golden/$name.json" >at.json
  for key in tp fp tn fn far frr hter accuracy balanced_accuracy precision recall f1 mcc; do
    near "$name $key" 1e-12 "$(value $key judged.json)" "$(value $key at.json)"
  done
done

columns random_500_ties
expect 0 '' "${judge[@]}" --val_threshold 0.7 --json judged.json
cp "$stdout" table.txt
for text in '^all +500 ' '^threshold 0.7, given' '^label 0 ' '^label 1 ' '^macro ' '^HTER .*bootstrap$' '^FAR .*wilson$' \
  '^ROC AUC .*delong$' '^average precision ' '^MCC ' '^ECE, 15 equal bins ' '^FRR at FAR <= 1 % '; do
  grep -qE "$text" table.txt || fail "the table has no line like /$text/"
done
awk 'length > 110' table.txt | grep . && fail "the table is wider than 110 columns"
grep -q '"hter":{"value":[0-9.]*,"low":[0-9.]*,"high":[0-9.]*,"method":"bootstrap"}' judged.json || fail "no interval of HTER"
[[ $(value resamples judged.json) == 2000 ]] || fail "there are not 2000 resamples"

expect 0 '' "${judge[@]}" --val_threshold 0.7 --json -
cmp "$stdout" judged.json || fail "standard output differs from the file"
expect 0 '' "${judge[@]}" --val_threshold 0.7 --json again.json --threads 1
cmp again.json judged.json || fail "intervals depend on the number of threads"
expect 0 '' "${judge[@]}" --bootstrap 0 --json none.json
grep -q '"method":"bootstrap' none.json && fail "there are resamples where none are asked for"
grep -q '"method":"delong"' none.json || fail "DeLong's interval needs no resamples"
grep -q '"threshold_from":"as none was given"' none.json || fail "nothing says where the threshold is from"

# The threshold comes from these labels only where that is asked for.
[[ $(value threshold none.json) == 0.5 ]] || fail "without a threshold it is not .5"
expect 0 '' "${judge[@]}" --pick_threshold --json picked.json
near "picked" 1e-6 "$(value threshold picked.json)" \
  "$(sed -n '/best_hter_over_scores/,/}/p' "$golden/random_500_ties.json" | grep -oE '"threshold": [0-9.]+' | cut -d' ' -f2)"
grep -q 'chosen by hter on these labels: figures at it flatter' "$stdout" || fail "nothing says that the threshold flatters"
expect 0 '' "${judge[@]}" --pick_threshold --threshold_rule 'far<=0.02' --json picked.json
awk -v far="$(value far picked.json)" 'BEGIN { exit !(far <= 0.02) }' || fail "far<=0.02 gives a higher FAR"
expect 2 '^val_threshold and pick_threshold: use one' "${judge[@]}" --pick_threshold --val_threshold 0.5
expect 2 "^threshold_rule: there is no 'gmean'; it is hter, eer, far<=X, cost or f1" \
  "${judge[@]}" --pick_threshold --threshold_rule gmean

# ---- groups, species -------------------------------------------------------------------------------------------------

awk '{ print "person " int(NR / 4) }' labels.txt >groups.txt
expect 0 '' "${judge[@]}" --groups groups.txt --json grouped.json
[[ $(value groups grouped.json) == 126 ]] || fail "there are not 126 groups"
grep -qE '"method":"(wilson|delong|bootstrap)"' grouped.json && fail "an interval takes pictures for independent"
grep -q '"method":"bootstrap by group"' grouped.json || fail "groups have no intervals"
grep -q '^126 groups were drawn whole' "$stdout" || fail "the table does not name the groups"

awk '{ print $1 ? "" : NR % 3 ? "print" : "mask" }' labels.txt >species.txt
echo . >>species.txt # blank lines at the end of a file are no lines
echo 1 >>labels.txt
echo 0.99 >>scores.proba
expect 0 '' "${judge[@]}" --species species.txt --json species.json
grep -q '"pad":{"apcer":[0-9.]*,"worst_species":"\(mask\|print\)"' species.json || fail "there is no APCER"
near acer 1e-12 "$(value acer species.json)" \
  "$(awk -v a="$(value apcer species.json)" -v b="$(value bpcer species.json)" 'BEGIN { printf "%.17g", (a + b) / 2 }')"
grep -qE '^APCER 0\.[0-9]+ \((mask|print)\), BPCER 0\.[0-9]+, ACER 0\.[0-9]+' "$stdout" || fail "the table has no ACER"

# ---- another judge ---------------------------------------------------------------------------------------------------

tail -n +2 "$golden/pair_400.csv" | cut -d, -f1 >labels.txt
tail -n +2 "$golden/pair_400.csv" | cut -d, -f2 >scores.proba
tail -n +2 "$golden/pair_400.csv" | cut -d, -f3 >other.proba
expect 0 '' "${judge[@]}" --against other.proba --json against.json
sed 's/.*"against"//' against.json >part.json
near "exact p" 1e-12 "$(value p part.json)" "$(value mcnemar_exact "$golden/pair_400.json")"
near "DeLong's p" 1e-9 "$(sed 's/.*roc_auc_difference_delong//' part.json >delong.json; value p delong.json)" \
  "$(value p "$golden/pair_400.json")"
near "alone right" 0 "$(value only_this_right part.json)" 60
for text in '^against other.proba' '^HTER .*bootstrap in pairs' "^ROC AUC .*DeLong's test: p = 1.24e-05" \
  "^alone right +60 +21 .*McNemar's test, exact: p = 1.69e-05"; do
  grep -qE "$text" "$stdout" || fail "the comparison has no line like /$text/"
done
expect 0 '' "${judge[@]}" --against scores.proba --against_threshold 0.9 --json self.json
grep -q '"roc_auc_difference_delong":{"value":0,"low":0,"high":0,"p":1}' self.json || fail "a judge differs from itself"
[[ $(sed 's/.*"against":{//' self.json | grep -oE '^"hter":[0-9.]+') != "\"hter\":$(value hter self.json)" ]] ||
  fail "against_threshold changes nothing"

# One picture of a label is too few for DeLong's test: resamples speak, and each figure has its line.
printf '0\n0\n0\n1\n' >l.txt
printf '.1\n.2\n.7\n.6\n' >p.proba
printf '.1\n.3\n.4\n.6\n' >o.proba
expect 0 '' "$rarebit" eval --labels l.txt --proba p.proba --against o.proba
for text in '^ROC AUC .*bootstrap in pairs$' '^alone right +0 +1 '; do
  grep -qE "$text" "$stdout" || fail "with one picture of a label there is no line like /$text/"
done

# ---- more than two classes -------------------------------------------------------------------------------------------

columns multiclass_240x4
expect 0 '' "${judge[@]}" --json many.json
for key in accuracy balanced_accuracy macro_precision macro_f1 weighted_f1 mcc roc_auc_ovr_macro average_precision_macro \
  log_loss brier ece; do
  near $key 1e-12 "$(value $key many.json)" "$(value $key "$golden/multiclass_240x4.json")"
done
near hter 1e-12 "$(value hter many.json)" "$(awk -v b="$(value balanced_accuracy many.json)" 'BEGIN { printf "%.17g", 1 - b }')"
grep -q '"confusion_rows_true":\[\[32,6,4,13\],\[12,35,9,7\],\[8,12,39,7\],\[13,5,6,32\]\]' many.json || fail "another confusion"
grep -qE '^label 3 +13 +5 +6 +32' "$stdout" || fail "the table has no confusion"
tr ',' ' ' <scores.proba >blanks.proba
expect 0 '' "$rarebit" eval --labels labels.txt --proba blanks.proba --json blanks.json
cmp many.json blanks.json || fail "blanks part columns otherwise than commas"

# Another judge of them, and groups.
tail -n +2 "$golden/pair_300x4.csv" | cut -d, -f1 >labels.txt
tail -n +2 "$golden/pair_300x4.csv" | cut -d, -f2 >groups.txt
tail -n +2 "$golden/pair_300x4.csv" | cut -d, -f3-6 >scores.proba
tail -n +2 "$golden/pair_300x4.csv" | cut -d, -f7-10 >other.proba
expect 0 '' "${judge[@]}" --against other.proba --json against.json
sed 's/.*"against"//' against.json >part.json
near "exact p" 1e-12 "$(value p part.json)" "$(value mcnemar_exact "$golden/pair_300x4.json")"
near "alone right" 0 "$(value only_this_right part.json)" 88
[[ $(grep -o '"mcnemar_label_[0-9]"' part.json | wc -l) == 4 ]] || fail 'not each label is tested'
grep -q delong part.json && fail "DeLong's test of more than two classes"
for text in '^HTER +0.3023 +0.4097 +-0.1074 +\[.*bootstrap in pairs' '^ROC AUC +0.9155 +0.8387 .*bootstrap in pairs' \
  '^alone right +88 +58 .*exact: p = 0.0161' '^  on label 3 +7 +5 '; do
  grep -qE -- "$text" "$stdout" || fail "the comparison has no line like /$text/"
done
grep -q '"recall_0":{[^}]*"method":"wilson"}' against.json || fail "recalls have no interval of Wilson's"
expect 0 '' "${judge[@]}" --against other.proba --groups groups.txt --json grouped.json
grep -qE '"method":"(wilson|bootstrap|exact binomial)"' grouped.json && fail "an interval takes pictures for independent"
grep -q '"recall_3":{[^}]*"method":"bootstrap by group"}' grouped.json || fail 'recalls have no interval by group'
near "p by group" 1e-12 "$(sed 's/.*"against"//' grouped.json >part.json; value p part.json)" \
  "$(value mcnemar_by_group "$golden/pair_300x4.json")"
recall=$(sed 's/.*"recall_3"//' grouped.json >part.json; value low part.json)
grep -qE "^label 3 .*\[$(printf %.4f "$recall") " "$stdout" || fail "the table has another interval than $recall"

# ---- wrong files -----------------------------------------------------------------------------------------------------

# wrong REGEX LABELS PROBA FLAG... - the lines of both files, as printf has them.
wrong() {
  printf '%b' "$2" >l.txt
  printf '%b' "$3" >p.proba
  expect "${code:-3}" "$1" "$rarebit" eval --labels l.txt --proba p.proba "${@:4}"
}
wrong '^l.txt has 3 lines, p.proba has 2; line N of both must be the same picture' '0\n1\n1\n' '.1\n.2\n'
wrong '^l.txt:2: "2" is neither 0 nor 1' '0\n2\n' '.1\n.2\n'
wrong '^l.txt:1: "nan" is neither 0 nor 1' 'nan\n1\n' '.1\n.2\n'
wrong '^l.txt:3: "-1" is neither 0 nor 1' '0\n1\n-1\n' '.1\n.2\n.3\n'
wrong '^p.proba:2: "x" is not a number' '0\n1\n' '.1\nx\n'
wrong '^p.proba:2: "inf" is not a number' '0\n1\n' '.1\ninf\n'
wrong '^p.proba:2: 2 numbers, on lines above 1' '0\n1\n' '.1\n.2 .8\n'
wrong '^p.proba: no line has a number: there is nothing to judge' '0\n1\n' 'nan\nnan\n'
wrong '^p.proba: no line has a number' '' ''
wrong '^p.proba has 2 columns; of two classes it holds the probability of label 1 alone' '0\n1\n' '.9 .1\n.2 .8\n'
wrong '^p.proba has 3 columns, but l.txt has no label above 1; of two classes give the probability of label 1 alone' \
  '0\n1\n' '.5 .3 .2\n.1 .8 .1\n'
wrong '^l.txt:2: "3" is no label: they are whole numbers from 0 to 2 here' '0\n3\n2\n' '.5 .3 .2\n.1 .8 .1\n0 0 1\n'
wrong '^p.proba:2: the probabilities of 3 classes sum to 1.8, not to 1' '0\n2\n' '.5 .3 .2\n.9 .8 .1\n'
wrong '^p.proba:1: -2.5 is no probability; give those of the classes, not logits' '0\n2\n' '-2.5 3 .5\n.9 .1 0\n'
code=2 wrong '^against_threshold is for two classes, and p.proba has 3 columns' '0\n2\n' '.5 .3 .2\n.1 .8 .1\n' --against_threshold 0.5
printf '.5 .3 .1 .1\n.1 .8 .1 0\n' >four.proba
wrong '^p.proba has 3 columns, four.proba has 4; both must be of the same classes' '0\n2\n' '.5 .3 .2\n.1 .8 .1\n' --against four.proba
printf '.5 .3 .2\n.9 .8 .1\n' >logits.proba
wrong '^logits.proba:2: the probabilities of 3 classes sum to 1.8, not to 1' '0\n2\n' '.5 .3 .2\n.1 .8 .1\n' --against logits.proba
code=2 wrong '^species is for two classes' '0\n2\n' '.5 .3 .2\n.1 .8 .1\n' --species l.txt
code=2 wrong '^pick_threshold is for two classes' '0\n2\n' '.5 .3 .2\n.1 .8 .1\n' --pick_threshold
wrong '^pick_threshold: all labels are 1; a threshold parts two classes' '1\n1\n' '.1\n.2\n' --pick_threshold
printf 'a\nb\nc\n' >three.txt
wrong '^l.txt has 2 lines, three.txt has 3' '0\n1\n' '.1\n.2\n' --groups three.txt
wrong '^l.txt has 2 lines, three.txt has 3' '0\n1\n' '.1\n.2\n' --species three.txt
printf '.1\n.2\n.3\n' >three.proba
wrong '^l.txt has 2 lines, three.proba has 3' '0\n1\n' '.1\n.2\n' --against three.proba
code=5 wrong '^nowhere.txt: No such file' '0\n1\n' '.1\n.2\n' --groups nowhere.txt
expect 2 '^groups is a file of lines beside labels and proba' "$rarebit" eval --groups three.txt --checkpoint_path none
expect 2 '^labels and proba belong together: labels is missing' "$rarebit" eval --proba three.proba

# What cannot be read is left out of all files alike, and said; what is no probability is ranked.
printf '0\n1\n1\n0\n' >l.txt
printf '.1\nnan\n.9\n.2\n' >p.proba
printf 'a\nb\na\nc\n' >g.txt
expect 0 '^p.proba: 1 lines are nan and left out' "$rarebit" eval --labels l.txt --proba p.proba --groups g.txt --json j.json
[[ $(value n j.json) == 3 && $(value groups j.json) == 2 ]] || fail "a line that is nan is judged"
printf -- '-3\n.5\n4\n-1\n' >p.proba
expect 0 'p.proba:1: outside 0..1, no probability: log loss' "$rarebit" eval --labels l.txt --proba p.proba --json j.json
[[ $(value roc_auc j.json) == 1 ]] || fail "logits are not ranked"
grep -q '"log_loss":null,"brier":null,"ece":null' j.json || fail "logits have a log loss"

# Many classes over many pictures would take minutes: fewer resamples, and it is said; a number given is heeded.
awk 'BEGIN { for (i = 0; i < 40000; i++) { y = i % 40; print y >"l.txt"; row = ""
  for (c = 0; c < 40; c++) row = row (c == (i % 7 ? y : 3) ? .61 : .01) " "; print row >"p.proba" } }'
expect 0 '^bootstrap: 1250 resamples, as 40 classes over 40000 pictures take long; --bootstrap 2000' \
  "$rarebit" eval --labels l.txt --proba p.proba --json j.json
[[ $(value resamples j.json) == 1250 ]] || fail "there are not 1250 resamples"
expect 0 '' "$rarebit" eval --labels l.txt --proba p.proba --bootstrap 3 --json j.json
[[ $(value resamples j.json) == 3 ]] || fail "there are not 3 resamples"

# ---- a hundred thousand pictures -------------------------------------------------------------------------------------

awk 'BEGIN { srand(1); for (i = 0; i < 100000; i++) { y = rand() < 0.88; print y >"l.txt"
  printf "%.9g\n", 1 / (1 + exp(-y - 2 * (rand() + rand() + rand() - 1.5))) >"p.proba" } }'
# seconds COMMAND... - of compute: others may be at work on this machine.
seconds() {
  local TIMEFORMAT=%U
  { time "$@" >"$stdout"; } 2>&1
}
bare=$(seconds "$rarebit" eval --labels l.txt --proba p.proba --bootstrap 0)
full=$(seconds "$rarebit" eval --labels l.txt --proba p.proba)
echo "100,000 pictures: $bare s, with intervals $full s"
if [[ ${RAREBIT_LONG:-} ]]; then # under a sanitizer it would be too slow
  awk -v a="$bare" -v b="$full" 'BEGIN { exit !(a > 0 && a < 0.3 && b < 3) }' || fail "eval takes too long"
fi
exit 0
