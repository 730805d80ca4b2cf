#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_help.sh - help names every command and every key of each, in whatever way it is asked for.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh

# shows WORD... - the output of the last command has each of them as a word of its own.
shows() {
  local word
  for word; do grep -qE -- "(^|[ \`])$word([ \`]|$)" "$stdout" || fail "line ${BASH_LINENO[-2]}: no $word in the help"; done
}

# ---- the commands ------------------------------------------------------------------------------------------------

for words in help --help -h; do
  expect 0 '' "$rarebit" $words
  shows train infer eval synth weights help
  [[ -e help.txt ]] || cp "$stdout" help.txt
  cmp help.txt "$stdout" || fail "$words is not help"
done
expect 0 '' "$rarebit" --version
grep -qxE 'rarebit [0-9]+\.[0-9]+\.[0-9]+' "$stdout" || fail "--version says $(cat "$stdout")"

loader=$(ldd "$rarebit" 2>/dev/null | sed -nE 's|^\s*(/[^ ]*ld-[^ ]*) .*|\1|p')
[[ ! $loader ]] || expect 0 '' env -u GOMP_SPINCOUNT "$loader" "$rarebit" --version
grep -q '^rarebit ' "$stdout" || fail "started by hand through $loader, --version says $(cat "$stdout")"

expect 2 "^there is no command 'trian'; did you mean 'train'" "$rarebit" help trian
expect 2 "^there is no command 'evla'; did you mean 'eval'" "$rarebit" evla --help
expect 2 '^help takes one command, not 2' "$rarebit" help train infer

# ---- the keys ----------------------------------------------------------------------------------------------------

# What the original's files say and the commands must know, and keys of our own; the page has these and more.
declare -A known=(
  [train]='device_index root_dir checkpoint_dir checkpoint_path num_epochs batch_size lr weight_decay scheduler pos_weight
    model_type num_classes channels freeze pretrained dim_base classification_head_depth classification_head_dropout
    one_cycle_max_lr one_cycle_pct_start'
  [infer]='device_index output_file checkpoint_path batch_size val_threshold model_type input_dir get_proba'
  [eval]='labels proba groups species against against_threshold bootstrap pick_threshold threshold_rule json part
    val_threshold root_dir'
  [synth]='output_dir count unlabelled image_size minority label_noise seed'
  [weights]='output dtype tolerance'
  [help]=markdown
)

expect 0 '' "$rarebit" help --markdown
cmp "$stdout" "$source_dir/docs/config.md" || fail 'docs/config.md is not what help says: make docs'
cp "$stdout" page.md
for command in "${!known[@]}"; do
  # shellcheck disable=SC2016
  keys=$(sed -n "/^# rarebit $command\$/,/^# /p" page.md | sed -nE 's/^\| `([a-z0-9_]+)` \|.*/\1/p')
  for key in ${known[$command]}; do grep -qx "$key" <<<"$keys" || fail "the page has no $key for $command"; done
  expect 0 '' "$rarebit" help "$command"
  for key in $keys; do shows "--$key"; done
  [[ $(grep -cE '^  --' "$stdout") == $(wc -w <<<"$keys") ]] || fail "help $command has other keys than the page"
  cp "$stdout" help.txt
  for flag in --help -h; do
    expect 0 '' "$rarebit" "$command" --no_such_flag "$flag"
    cmp help.txt "$stdout" || fail "$command $flag is not help $command"
  done
done

# What a key needs to be used: type, unit, range, default.
expect 0 '' "$rarebit" help train
tr -s ' \n' ' ' <"$stdout" >line.txt
for text in '--val_split REAL share set aside for validation (of the rest; 0..0.9; default 0.2)' \
  '--sampler balanced|shuffle ' '--batch_size INT ' '--freeze train the head alone' 'unset by default'; do
  grep -qF -- "$text" line.txt || fail "help train does not say: $text"
done
awk 'length > 100' "$stdout" | grep . && fail "help is wider than 100 columns"
exit 0
