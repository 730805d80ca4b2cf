#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_infer_memory.sh - 16,000 pictures take no more memory than 4,000: from a list on standard input nothing that
# grows, from a folder its paths. Prints the peaks.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
grep -qE 'asan|tsan' <<<"$rarebit" && skip "a sanitizer's own memory would be what is measured"
command -v python3 >/dev/null || skip 'no python3 to ask for the peak'
fresh
small_task
train_once runs --config small.yaml
infer=("$rarebit" infer --checkpoint_path "$run" --device_index -1 --threads 1 --quiet)

cat >peak.py <<'END' # COMMAND... - runs it on the names in `list` three times, and prints the least of their peaks in KiB
import os, subprocess, sys
peaks = []
for _ in range(3):
    child = subprocess.Popen(sys.argv[1:], stdin=open("list"))
    _, status, usage = os.wait4(child.pid, 0)
    if status: sys.exit(f"ended with {status}")
    peaks.append(usage.ru_maxrss)
print(min(peaks))
END
cat >names.py <<'END' # the same 64 pictures over and over: as a list, and as links in a folder
import os
for n in 4000, 16000:
    os.mkdir(f"folder{n}")
    with open(f"list{n}", "w") as f:
        for i in range(n):
            picture = f"data/train_img/{i % 64 + 1:06}.jpg"
            print("./" * 1000 + picture, file=f) # paths that are kept would show: 24 MB more of four times as many
            os.link(picture, f"folder{n}/{i:06}.jpg")
END
python3 names.py || fail 'no links'

# same WHAT KIB ARGUMENT... - fails where four times the pictures take over KIB more; COUNT in an argument is how many.
same() {
  local what=$1 room=$2 few many
  shift 2
  cp list4000 list
  few=$(timeout 100 python3 peak.py "${infer[@]}" "${@/COUNT/4000}" 2>err) || fail "$what: $(tail -n 1 err)"
  cp list16000 list
  many=$(timeout 100 python3 peak.py "${infer[@]}" "${@/COUNT/16000}" 2>err) || fail "$what: $(tail -n 1 err)"
  echo "$what: $few KiB for 4,000 pictures, $many KiB for 16,000"
  ((many - few <= room)) || fail "$what takes $((many - few)) KiB more for four times the pictures"
}

# At 4,000 several windows have passed, and what malloc keeps of them no longer grows. One run of the same length differs
# from another by up to 1.6 MiB, by which thread asks for memory when.
same 'a list' 2048 - --output_file COUNT.csv
same 'a list in two passes' 2048 - --output_file COUNT.jsonl --adapt_prior
same 'a folder' 4096 --input_dir folderCOUNT --output_file COUNT.txt # of each picture a name, a path, and what points to them
[[ $(wc -l <16000.csv) == 16001 && $(wc -l <16000.jsonl) == 16000 && $(wc -l <16000.txt) == 16000 ]] || fail 'not every picture has a row'
head -n 4001 16000.csv | cmp - 4000.csv || fail 'the first pictures of a long list are judged otherwise'
