// SPDX-License-Identifier: Apache-2.0
#include "cli/part/pictures.h"

#include "data/layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_line(void *handle)
{
    rb_pictures *p = handle;
    free(p->line);
}

bool rb_pictures_open(rb_arena *a, const char *folder, rb_words operands, rb_pictures *out, rb_error *err)
{
    *out = (rb_pictures){0};
    if (folder && operands.count)
        return rb_fail(err, RB_ERR_USAGE, "input_dir %s and pictures by name (%s): use one of them", folder,
                       operands.word[0]);
    if (folder) return rb_dataset_from_folder(a, folder, &out->known, err);
    if (!operands.count)
        return rb_fail(err, RB_ERR_USAGE,
                       "input_dir is missing; name a folder, pictures, or - for a list on standard input");
    out->listed = operands.count == 1 && !strcmp(operands.word[0], "-");
    if (!out->listed) return rb_dataset_from_files(a, operands.word, operands.count, &out->known, err);
    rb_arena_defer(a, free_line, out);
    return true;
}

int rb_pictures_total(const rb_pictures *p)
{
    return p->known.count;
}

static bool next_listed(rb_arena *a, rb_pictures *p, int most, rb_sample *out, int *count, rb_error *err)
{
    for (ssize_t n = 0; *count < most && (n = getline(&p->line, &p->room, stdin)) > 0;) {
        while (n > 0 && (p->line[n - 1] == '\n' || p->line[n - 1] == '\r')) p->line[--n] = '\0';
        if (n) out[(*count)++] = rb_sample_new(a, "", p->line);
    }
    int failed = errno;
    return !ferror(stdin) || rb_fail_errno(err, RB_ERR_IO, failed, "standard input: cannot read");
}

bool rb_pictures_next(rb_arena *a, rb_pictures *p, int most, rb_sample *out, int *count, rb_error *err)
{
    *count = 0;
    if (p->listed) return next_listed(a, p, most, out, count, err);
    while (*count < most && p->next < p->known.count) out[(*count)++] = p->known.samples[p->next++];
    return true;
}
