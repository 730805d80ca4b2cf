#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_infer_bad_pictures.sh - 1,600 pictures, 80 of them bad in ten ways: 1,600 rows in order, each bad one with its own
# reason, the good ones as if nothing were beside them; or no row at all, as on_bad_image says. And lists: what is no
# path, and who waits for rows before naming more.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
fresh
small_task
train_once runs --config small.yaml
infer=("$rarebit" infer --checkpoint_path "$run" --device_index -1 --threads 2)

# ---- ten kinds -----------------------------------------------------------------------------------------------------

expect 0 '' "$rarebit" augment --quiet --input_dir data/val_img --output_dir png --augment none
good=data/val_img/000001.jpg picture=$(echo png/*1.png)
mkdir kinds
: >kinds/empty
head -c 500 $good >kinds/half_jpeg
head -c 1000 "$picture" >kinds/half_png
echo 'no picture' >kinds/text
mkdir kinds/folder
ln -s nowhere kinds/dangling
mkfifo kinds/pipe
printf 'GIF89a\1\0\1\0\0\0\0;' >kinds/gif
cp "$picture" kinds/checksum # the last four bytes before the final chunk of twelve
printf '\0\0\0\0' | dd of=kinds/checksum bs=1 seek=$(($(wc -c <"$picture") - 16)) conv=notrunc status=none
cp $good kinds/bomb # height and width stand 5 bytes behind the marker of the frame
frame=$(LC_ALL=C grep -obUaP '\xff\xc0' $good | head -n 1 | cut -d: -f1)
printf '\x4e\x20\x4e\x20' | dd of=kinds/bomb bs=1 seek=$((frame + 5)) conv=notrunc status=none

# Kind, exit code where it ends the call, what its row says.
kinds='empty 3 empty, not a picture
half_jpeg 3 JPEG truncated or damaged: .*
half_png 3 PNG truncated or damaged: .*
text 3 neither JPEG nor PNG.*
folder 5 is a folder, not a file
dangling 5 No such file or directory
pipe 5 is not a regular file
gif 3 neither JPEG nor PNG.*
checksum 3 PNG truncated or damaged: .*CRC.*
bomb 3 20000x20000 pixels, over the limit of 50000000.*'

while read -r kind code reason; do
  expect "$code" "^kinds/$kind: $reason" timeout 20 "${infer[@]}" "kinds/$kind"
  [[ ! -s $stdout ]] || fail "$kind: a call that fails has printed a label"
done <<<"$kinds"

# ---- among 1,600 ---------------------------------------------------------------------------------------------------

mapfile -t names < <(cut -d' ' -f1 <<<"$kinds")
mkdir clean mixed
for ((i = 0; i < 1600; i++)); do
  name=$(printf %06d.jpg $i) from=data/train_img/$(printf %06d.jpg $((i % 64 + 1)))
  ln "$from" "clean/$name"
  ((i % 20 == 7)) && from=kinds/${names[i / 20 % 10]}
  ln -P "$from" "mixed/$name" 2>/dev/null || mkdir "mixed/$name" # a folder has one name
done
expect --any 0 '^rarebit: 1600 pictures: .* of class 1; threshold ' timeout 60 "${infer[@]}" --input_dir clean --output_file clean.txt --get_proba
expect --any 0 '^rarebit: 1600 pictures: .* of class 1, 80 unreadable; threshold ' \
  timeout 60 "${infer[@]}" --input_dir mixed --output_file mixed.txt --get_proba --on_bad_image skip
[[ $(grep -c 'warning: mixed/.*: its line is -1$' "$stderr") == 80 ]] || fail 'not every bad picture is named'
for form in txt:-1 proba:nan; do
  awk -v bad="${form#*:}" '{ print (NR - 1) % 20 == 7 ? bad : $0 }' "clean.${form%:*}" |
    cmp - "mixed.${form%:*}" || fail "mixed.${form%:*}: a line has moved"
done

expect --any 0 '' timeout 60 "${infer[@]}" --input_dir mixed --output_file mixed.csv --on_bad_image skip --quiet
[[ $(wc -l <mixed.csv) == 1601 ]] || fail 'CSV has not 1,600 rows'
cut -d, -f1 mixed.csv | tail -n +2 | cmp - <(ls mixed) || fail 'CSV has another order'
while read -r kind _ reason; do
  for ((n = 0; n < 10; n++)); do [[ ${names[n]} == "$kind" ]] && break; done
  for ((i = 20 * n + 7; i < 1600; i += 200)); do
    sed -n $((i + 2))p mixed.csv | grep -qE "^$(printf %06d.jpg $i),,,,\"?$reason\"?$" || fail "row $i is not of kind $kind: $(sed -n $((i + 2))p mixed.csv)"
  done
done <<<"$kinds"
[[ $(grep -c ',,,,' mixed.csv) == 80 ]] || fail 'other rows have a reason, too'

expect 3 '^mixed/000007.jpg: empty, not a picture' timeout 60 "${infer[@]}" --input_dir mixed --output_file none.csv --get_proba
compgen -G 'none.*' >&2 && fail 'a call that failed has written something'
mapfile -t bad < <(seq -f mixed/%06g.jpg 7 20 1599)
expect --any 0 '^rarebit: 80 pictures: 0 of class 0, 0 of class 1, 80 unreadable' timeout 60 "${infer[@]}" --on_bad_image skip "${bad[@]}"
[[ $(sort -u "$stdout") == -1 && $(wc -l <"$stdout") == 80 ]] || fail 'bad pictures alone have not a -1 each'
expect 2 "^--on_bad_image: 'ignore' is none of error.skip" "${infer[@]}" --input_dir mixed --on_bad_image ignore

# ---- lists ---------------------------------------------------------------------------------------------------------

# listed CODE REGEX FORMAT - wants that of the list that printf makes.
listed() {
  # shellcheck disable=SC2059
  printf "$3" >list
  expect "$1" "$2" timeout 20 "${infer[@]}" --quiet - <list
}
listed 0 '' "$good\r\n$good"
[[ $(wc -l <"$stdout") == 2 ]] || fail 'a list without a last newline has not 2 rows'
listed 3 '^standard input:2: no path; remove the line$' "$good\n\n$good\n"
listed 3 '^standard input:2: no path; remove the line$' "$good\n\r\n"
listed 3 '^standard input:3: a zero byte, which no path has; write a path a line$' "$good\n$good\n$good\0$good\0"
listed 3 '^standard input:2: over 65536 bytes, no path; write a path a line$' "$good\n$(printf %070000d 0)"
listed 2 '^no pictures were named$' ''
long=$(printf './%.0s' {1..1900})
for ((i = 0; i < 100; i++)); do echo "$long$good"; done >list # over the room that lines have
expect --any 0 '' timeout 20 "${infer[@]}" --quiet - <list
[[ $(wc -l <"$stdout") == 100 ]] || fail 'long paths have not a row each'

# Rows of what was named come before more is named, and are those of a list that is whole.
mkfifo names rows
timeout 60 "${infer[@]}" --quiet --output_format csv - <names >rows &
exec 7>names 8<rows
for name in data/train_img/000001.jpg data/train_img/000002.jpg; do
  printf '%s' "${name:0:9}" >&7
  sleep 0.1
  printf '%s\n' "${name:9}" >&7
  while read -rt 20 -u 8 row && [[ $row == path,* ]]; do :; done
  [[ ${row-} == "$name",0.* ]] || fail "no row of $name comes while the list is open: ${row-}"
  echo "$row" >>apart
done
exec 7>&-
wait $! || fail 'a list bit by bit is not judged'
exec 8<&-
expect 0 '' timeout 20 "${infer[@]}" --quiet --output_format csv - < <(printf 'data/train_img/00000%d.jpg\n' 1 2)
tail -n +2 "$stdout" | cmp - apart || fail 'bit by bit, pictures are judged otherwise'

# A call that fails while loaders are at work on what the list named: a sanitizer sees whether they outlive it.
if command -v python3 >/dev/null; then
  python3 - >large.png <<'END' || fail 'no large picture'
import struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
head = struct.pack(">IIBBBBB", 7000, 7000, 8, 0, 0, 0, 0)
rows = zlib.compress(bytes(7001 * 7000), 1)
sys.stdout.buffer.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows)[:-2000])
END
  { echo kinds/empty; for ((i = 0; i < 100; i++)); do echo large.png; done; } >list
  expect 3 '^kinds/empty: empty, not a picture' timeout 60 "${infer[@]}" --workers 4 --batch_size 1 - <list
fi
