// SPDX-License-Identifier: Apache-2.0
// dataset.c - questions to a data set: parts, counts, minority, the table of its samples, its fingerprint.
#include "base/file.h"
#include "data/csv.h"
#include "data/data.h"

#include <string.h>

#include <xxhash.h>

const char *const rb_part_names[] = {"train", "val", "test", NULL};

rb_indices rb_dataset_part(rb_arena *a, const rb_dataset *d, rb_part part)
{
    rb_indices out = {RB_NEW(a, int, d->count), 0};
    for (int i = 0; i < d->count; i++)
        if (part == RB_NO_PART || d->samples[i].part == part) out.at[out.count++] = i;
    return out;
}

void rb_dataset_counts(const rb_dataset *d, rb_indices which, int *counts)
{
    memset(counts, 0, (size_t)d->class_count * sizeof *counts);
    for (int i = 0; i < which.count; i++) counts[d->samples[which.at[i]].label]++;
}

bool rb_is_minority(const int *counts, int class_count, int label)
{
    if (class_count == 2) return label == (counts[0] < counts[1] ? 0 : 1);
    int64_t all = 0;
    for (int k = 0; k < class_count; k++) all += counts[k];
    return (int64_t)counts[label] * class_count < all;
}

static const char *part_name(const rb_sample *s)
{
    return s->part == RB_NO_PART ? "" : rb_part_names[s->part];
}

static bool write_rows(rb_arena *scratch, const rb_dataset *d, const char *path, rb_error *err)
{
    rb_writer *w;
    if (!rb_writer_open(scratch, path, &w, err) || !rb_writer_print(w, err, "path,label,split,group\n")) return false;
    for (int i = 0; i < d->count; i++) {
        const rb_sample *s = &d->samples[i];
        if (!rb_writer_print(w, err, "%s,%d,%s,%s\n", rb_csv_quoted(scratch, s->name), s->label, part_name(s),
                             s->group ? rb_csv_quoted(scratch, s->group) : ""))
            return false;
    }
    return rb_writer_commit(w, err);
}

bool rb_dataset_write_csv(const rb_dataset *d, const char *path, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = write_rows(scratch, d, path, err);
    rb_arena_close(scratch);
    return done;
}

// Each sample's name with its final zero, its label in four bytes (little-endian), its part in one; each sample's hash
// is the seed of the next.
uint64_t rb_dataset_fingerprint(const rb_dataset *d)
{
    uint64_t hash = 0;
    for (int i = 0; i < d->count; i++) {
        const rb_sample *s = &d->samples[i];
        uint32_t label = (uint32_t)s->label;
        uint8_t rest[] = {(uint8_t)label, (uint8_t)(label >> 8), (uint8_t)(label >> 16), (uint8_t)(label >> 24),
                          (uint8_t)s->part};
        hash = XXH3_64bits_withSeed(s->name, strlen(s->name) + 1, hash);
        hash = XXH3_64bits_withSeed(rest, sizeof rest, hash);
    }
    return hash;
}
