// SPDX-License-Identifier: Apache-2.0
#include "explore/survey.h"

#include "base/parallel.h"
#include "base/stop.h"
#include "explore/look.h"

#define BLOCK   256                  // pictures between two looks at signals and progress
#define SCRATCH ((ptrdiff_t)2 << 20) // bytes a thread keeps from picture to picture

typedef struct block {
    rb_survey *survey;
    int first;
    bool *good;      // [BLOCK], as is the next
    rb_error *error; // why not
} block;

static void look_at(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const block *b = context;
    rb_survey *s = b->survey;
    rb_arena *scratch = rb_arena_open();
    rb_arena_take(scratch, SCRATCH, 1); // a reset keeps the first chunk: let it be a large one
    for (ptrdiff_t i = from; i < to; i++) {
        rb_arena_reset(scratch);
        ptrdiff_t at = b->first + i;
        b->good[i] = rb_look(scratch, s->data->samples[at].path, &s->facts[at], s->thumb + at * RB_THUMB * RB_THUMB,
                             s->feature + at * RB_FEATURES, &b->error[i]);
    }
    rb_arena_close(scratch);
}

static void keep_reasons(rb_arena *a, const block *b, int n)
{
    for (int i = 0; i < n; i++) {
        rb_facts *f = &b->survey->facts[b->first + i];
        if (b->good[i])
            b->survey->readable++;
        else
            f->reason = rb_text_copy(a, rb_error_reason(&b->error[i], b->survey->data->samples[b->first + i].path));
    }
}

bool rb_survey_run(rb_arena *a, const rb_dataset *data, void (*progress)(void *context, int done), void *context,
                   rb_survey *out, rb_error *err)
{
    *out = (rb_survey){.data = data,
                       .facts = RB_NEW(a, rb_facts, data->count),
                       .thumb = RB_NEW(a, uint8_t, (ptrdiff_t)data->count * RB_THUMB * RB_THUMB),
                       .feature = RB_NEW(a, float, (ptrdiff_t)data->count *RB_FEATURES)};
    rb_arena *scratch = rb_arena_open();
    block b = {out, 0, RB_NEW(scratch, bool, BLOCK), RB_NEW(scratch, rb_error, BLOCK)};
    bool done = true;
    for (; done && b.first < data->count; b.first += BLOCK) {
        int left = data->count - b.first, n = left < BLOCK ? left : BLOCK;
        rb_parallel_for(n, 1, look_at, &b);
        keep_reasons(a, &b, n);
        if (progress) progress(context, b.first + n);
        done = !rb_stop_asked() || rb_fail(err, RB_ERR_STOPPED, "stopped by %s", rb_stop_asked());
    }
    rb_arena_close(scratch);
    return done;
}
