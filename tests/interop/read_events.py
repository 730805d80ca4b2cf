# SPDX-License-Identifier: Apache-2.0
# read_events.py RUN - takes RUN/tb apart with nothing but Python's library and protoc: records, check sums by a table of
# its own, messages by `protoc --decode`; compares every number with RUN/log.jsonl.
import glob
import json
import os
import re
import struct
import subprocess
import sys

run = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))

table = []
for i in range(256):
    for _ in range(8):
        i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
    table.append(i)


def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def decoded(body):
    done = subprocess.run(["protoc", f"--proto_path={here}", "--decode=Event", "event.proto"], input=body,
                          capture_output=True, check=True)
    text = done.stdout.decode("latin-1")
    # A field that event.proto does not know is shown by its number.
    assert not re.search(r"^\s*\d+[:{ ]", text, re.M), text[:2000]
    return text


want = []
prefix = {"step": "step/", "epoch": "", "eval": "best/"}
for record in map(json.loads, open(run + "/log.jsonl")):
    for key, value in record.items() if record["type"] in prefix else ():
        if key in ("step", "epoch", "t_s") or isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        want.append((prefix[record["type"]] + key, record["step"], struct.pack("<f", value)))

got, records = [], 0
(path,) = glob.glob(run + "/tb/events.out.tfevents.*")
data, at = open(path, "rb").read(), 0
while at < len(data):
    head = data[at:at + 8]
    (length,) = struct.unpack("<Q", head)
    body = data[at + 12:at + 12 + length]
    assert len(body) == length
    assert struct.unpack("<I", data[at + 8:at + 12])[0] == masked(head), at
    assert struct.unpack("<I", data[at + 12 + length:at + 16 + length])[0] == masked(body), at
    at += 16 + length
    records += 1
    text = decoded(body)
    step = re.search(r"^step: (\d+)", text, re.M)
    for tag, value in re.findall(r'tag: "([^"]*)"\s+simple_value: (\S+)', text):
        got.append((tag, int(step.group(1)), struct.pack("<f", float(value))))
    # Of a value that is zero, proto3 shows the member of a oneof all the same.
assert sorted(got) == sorted(want), set(got) ^ set(want)
print(f"{records} records whose sums are right, {len(got)} numbers as log.jsonl has them")
