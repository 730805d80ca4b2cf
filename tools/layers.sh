#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# layers.sh - checks each #include between folders of src, and each name of a library, against src/LAYERS.
cd "$(dirname "$0")/.." || exit 1
# shellcheck disable=SC2046 # no file of ours has a space in its name
awk '
    function bad(text) { print FILENAME ":" FNR ": " text; failed = 1 }
    FILENAME == "src/LAYERS" {
        sub(/#.*/, "")
        if ($2 == "names") for (i = 3; i <= NF; i++) owner[$i] = "src/" $1
        else if (sub(/:/, " ")) may[$1] = " " $0 " gen "
        next
    }
    { sub(/\/\/.*/, ""); split(FILENAME, path, "/"); here = path[2] }
    FNR == 1 && !(here in may) { bad("src/LAYERS has no row for " here) }
    /^ *# *include *"[^"]*\// {
        split($0, quoted, "\""); there = quoted[2]; sub(/\/.*/, "", there)
        if (here in may && may[here] !~ " ([*]|" there ") ") bad(here " may not include " quoted[2])
    }
    /[_.]/ {
        for (word in owner)
            if ($0 ~ "(^|[^A-Za-z0-9_/])" word && index(FILENAME, owner[word]) != 1)
                bad("only " owner[word] " may name " word)
    }
    END { exit failed }' src/LAYERS $(find src -name '*.[ch]' | sort)
