// SPDX-License-Identifier: Apache-2.0
// replay.c - a target without a fuzzer: runs it on every file of a folder, or on mutants of them.
//
//     replay_TARGET FOLDER              each file once
//     replay_TARGET FOLDER MUTANTS      so many mutants, the same ones each time, each within 2 s and 256 MB
//
// Mutations: a bit, a byte, 0 or 0xFF or INT_MAX in a word, truncation, a block deleted or doubled, a splice
// with another file, trailing bytes.
#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT_S    2.0
#define LIMIT_KB   (256 * 1024)
#define FILE_LIMIT ((ptrdiff_t)4 << 20)

typedef struct corpus {
    const char **name;
    rb_bytes *file;
    int count;
} corpus;

static corpus read_corpus(rb_arena *a, const char *folder)
{
    rb_error err;
    rb_names names;
    if (!rb_folder_list(a, folder, &names, &err)) fprintf(stderr, "%s\n", err.text), exit(1);
    corpus c = {names.name, RB_NEW(a, rb_bytes, names.count), names.count};
    for (int i = 0; i < c.count; i++)
        if (!rb_file_read(a, rb_path_join(a, folder, names.name[i]), FILE_LIMIT, &c.file[i], &err))
            fprintf(stderr, "%s\n", err.text), exit(1);
    if (!c.count) fprintf(stderr, "%s: no files\n", folder), exit(1);
    return c;
}

typedef struct mutant {
    uint8_t *data;
    ptrdiff_t size, room;
} mutant;

static ptrdiff_t below(rb_rng *r, ptrdiff_t limit)
{
    return limit > 0 ? rb_rng_below(r, (int)limit) : 0;
}

static void flip_bit(rb_rng *r, mutant *m, rb_bytes other)
{
    (void)other;
    if (m->size) m->data[below(r, m->size)] ^= (uint8_t)(1 << rb_rng_below(r, 8));
}

static void set_byte(rb_rng *r, mutant *m, rb_bytes other)
{
    (void)other;
    if (m->size) m->data[below(r, m->size)] = (uint8_t)rb_rng_below(r, 256);
}

static void set_word(rb_rng *r, mutant *m, rb_bytes other)
{
    (void)other;
    static const uint8_t words[][4] = {{0, 0, 0, 0}, {255, 255, 255, 255}, {255, 255, 255, 127}, {127, 255, 255, 255}};
    if (m->size >= 4) memcpy(m->data + below(r, m->size - 3), words[rb_rng_below(r, 4)], 4);
}

static void truncate_it(rb_rng *r, mutant *m, rb_bytes other)
{
    (void)other;
    m->size = below(r, m->size + 1);
}

static void delete_block(rb_rng *r, mutant *m, rb_bytes other)
{
    (void)other;
    ptrdiff_t at = below(r, m->size), n = below(r, (m->size - at < 64 ? m->size - at : 64) + 1);
    memmove(m->data + at, m->data + at + n, (size_t)(m->size - at - n));
    m->size -= n;
}

static void double_block(rb_rng *r, mutant *m, rb_bytes other)
{
    (void)other;
    ptrdiff_t at = below(r, m->size), n = below(r, (m->size - at < 64 ? m->size - at : 64) + 1);
    if (m->size + n > m->room) return;
    memmove(m->data + at + n, m->data + at, (size_t)(m->size - at));
    m->size += n;
}

static void splice(rb_rng *r, mutant *m, rb_bytes other)
{
    ptrdiff_t at = below(r, m->size + 1), from = below(r, other.size + 1), n = other.size - from;
    if (at + n > m->room) n = m->room - at;
    memcpy(m->data + at, other.data + from, (size_t)n);
    m->size = at + n;
}

static void add_tail(rb_rng *r, mutant *m, rb_bytes other)
{
    (void)other;
    for (ptrdiff_t n = below(r, 64); n > 0 && m->size < m->room; n--)
        m->data[m->size++] = (uint8_t)rb_rng_below(r, 256);
}

static void (*const mutations[])(rb_rng *, mutant *, rb_bytes) = {flip_bit,     set_byte,     set_word, truncate_it,
                                                                  delete_block, double_block, splice,   add_tail};
#define MUTATIONS ((int)(sizeof mutations / sizeof *mutations))

static void make_mutant(const corpus *c, uint32_t number, mutant *m)
{
    rb_rng r = rb_rng_at(number, RB_STREAM_SYNTH, 0, 0, 0);
    rb_bytes from = c->file[rb_rng_below(&r, c->count)];
    m->size = from.size;
    memcpy(m->data, from.data, (size_t)from.size);
    for (int i = 1 + rb_rng_below(&r, 4); i > 0; i--)
        mutations[rb_rng_below(&r, MUTATIONS)](&r, m, c->file[rb_rng_below(&r, c->count)]);
}

static void check_limits(uint32_t number, double seconds)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (seconds < LIMIT_S && usage.ru_maxrss < LIMIT_KB) return;
    fprintf(stderr, "mutant %u: %.1f s, %ld MB at the most so far\n", number, seconds, usage.ru_maxrss / 1024);
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc < 2) return fprintf(stderr, "usage: %s FOLDER [MUTANTS]\n", argv[0]), 2;
    rb_arena *a = rb_arena_open();
    corpus c = read_corpus(a, argv[1]);
    int mutants = argc > 2 ? atoi(argv[2]) : 0;
    for (int i = 0; i < c.count; i++) LLVMFuzzerTestOneInput(c.file[i].data, (size_t)c.file[i].size);
    mutant m = {RB_NEW(a, uint8_t, 2 * FILE_LIMIT), 0, 2 * FILE_LIMIT};
    for (int i = 0; i < mutants; i++) {
        double start_s = rb_clock_now_s();
        make_mutant(&c, (uint32_t)i, &m);
        LLVMFuzzerTestOneInput(m.data, (size_t)m.size);
        check_limits((uint32_t)i, rb_clock_now_s() - start_s);
    }
    printf("%d files, %d mutants\n", c.count, mutants);
    rb_arena_close(a);
    return 0;
}
