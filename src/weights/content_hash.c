// SPDX-License-Identifier: Apache-2.0
// content_hash.c - a checkpoint knows whether it is still what was written.
//
// XXH3-128 over the whole file, in which the hash's own digits count as zeros. It finds damage, not malice.
// Source: xxHash 0.8, the canonical (big-endian) form of XXH3_128bits
#include "weights/header.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char zeros[RB_HASH_DIGITS + 1] = "00000000000000000000000000000000";

// ---- where the digits are ----------------------------------------------------------------------------------------

static bool find(rb_piece object, const char *quoted_key, rb_piece *value)
{
    rb_error ignored;
    for (rb_members m = rb_members_of(object, &ignored); rb_members_next(&m);) {
        *value = m.value;
        size_t size = (size_t)(m.key.end - m.key.at);
        if (size == strlen(quoted_key) && !memcmp(m.key.at, quoted_key, size)) return true;
    }
    return false;
}

static bool are_digits(rb_piece p)
{
    if (p.end - p.at != RB_HASH_DIGITS + 2 || *p.at != '"') return false;
    for (int i = 1; i <= RB_HASH_DIGITS; i++)
        if (!isxdigit((unsigned char)p.at[i])) return false;
    return true;
}

// How many bytes of UTF-8 the four digits of \uXXXX stand for; half of a surrogate pair for half of its four.
static int bytes_of_unit(const char *digits)
{
    char text[5] = {digits[0], digits[1], digits[2], digits[3], '\0'};
    long unit = strtol(text, NULL, 16);
    return unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xD800 && unit < 0xE000) ? 2 : 3;
}

// Where byte `offset` of a JSON string's text stands in the string as it is written. The string is known to be valid.
static const char *written(rb_piece string, ptrdiff_t offset)
{
    const char *at = string.at + 1;
    while (offset > 0) {
        bool unit = at[0] == '\\' && at[1] == 'u';
        offset -= unit ? bytes_of_unit(at + 2) : 1;
        at += unit ? 6 : at[0] == '\\' ? 2 : 1;
    }
    return at;
}

ptrdiff_t rb_content_hash_place(rb_piece header, const char *rarebit)
{
    rb_piece hash, metadata, string;
    if (!find((rb_piece){rarebit, rarebit + strlen(rarebit)}, "\"content_hash\"", &hash) || !are_digits(hash) ||
        !find(header, "\"__metadata__\"", &metadata) || !find(metadata, "\"rarebit\"", &string))
        return -1;
    const char *digits = hash.at + 1, *at = written(string, digits - rarebit);
    if (memcmp(at, digits, RB_HASH_DIGITS) != 0) return -1; // digits written as \u0030
    return at - header.at;
}

// ---- what they are -----------------------------------------------------------------------------------------------

void rb_content_hash(const rb_bytes *part, ptrdiff_t count, char digits[RB_HASH_DIGITS])
{
    XXH3_state_t *state = XXH3_createState();
    XXH3_128bits_reset(state);
    for (ptrdiff_t i = 0; i < count; i++)
        if (part[i].size) XXH3_128bits_update(state, part[i].data, (size_t)part[i].size);
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(state));
    XXH3_freeState(state);
    for (int i = 0; i < RB_HASH_DIGITS; i++) digits[i] = "0123456789abcdef"[hash.digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
}

static bool check(rb_arena *scratch, rb_bytes file, rb_error *err)
{
    rb_tensors t;
    rb_piece header;
    if (!rb_safetensors_parse(scratch, file, &t, err) || !rb_header_find(file, &header, err)) return false;
    const char *rarebit = rb_tensors_metadata(&t, "rarebit");
    ptrdiff_t place = rarebit ? rb_content_hash_place(header, rarebit) : -1;
    if (place < 0) return rb_fail(err, RB_ERR_WEIGHTS, "has no content hash: Rarebit did not write it");

    const uint8_t *at = (const uint8_t *)header.at + place, *behind = at + RB_HASH_DIGITS;
    const rb_bytes part[] = {{file.data, at - file.data},
                             {(const uint8_t *)zeros, RB_HASH_DIGITS},
                             {behind, file.data + file.size - behind}};
    char digits[RB_HASH_DIGITS];
    rb_content_hash(part, 3, digits);
    if (!memcmp(at, digits, sizeof digits)) return true;
    return rb_fail(err, RB_ERR_WEIGHTS,
                   "its content hash is %.32s, but its bytes make %.32s: the file was damaged or edited",
                   (const char *)at, digits);
}

bool rb_content_hash_check(rb_bytes file, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool right = check(scratch, file, err);
    rb_arena_close(scratch);
    return right;
}
