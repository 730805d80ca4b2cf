// SPDX-License-Identifier: Apache-2.0
// checkpoint.c - descriptions of checkpoints, which no mutant of a whole file would reach: its hash would be wrong.
#include "weights/checkpoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool makes_sense(const rb_checkpoint *c)
{
    const rb_preprocessing *p = &c->preprocessing;
    size_t letters = strlen(c->model) + strlen(c->config) + strlen(p->interpolation);
    for (int i = 0; i < c->class_count; i++) letters += strlen(c->classes[i]);
    return letters < SIZE_MAX && c->class_count >= 2 && (p->channels == 1 || p->channels == 3) && p->std[0] > 0 &&
           (isnan(c->threshold) || (c->threshold >= 0 && c->threshold <= 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rb_error err;
    rb_checkpoint c = {0};
    rb_arena *a = rb_arena_open();
    char *text = RB_NEW(a, char, (ptrdiff_t)size + 1);
    if (size) memcpy(text, data, size);
    if (rb_checkpoint_describe(a, text, &c, &err) && !makes_sense(&c)) abort();
    rb_arena_close(a);
    return 0;
}
