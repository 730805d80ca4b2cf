// SPDX-License-Identifier: Apache-2.0
// infer.c - labels and probabilities for pictures: one row each, in the order in which they are named.
#include "cli/command.h"

#include "base/log.h"
#include "cli/part/judges.h"
#include "cli/part/pictures.h"
#include "cli/part/shifted.h"
#include "cli/part/spool.h"
#include "train/bar.h"

#include <math.h>

static rb_config config(rb_arena *a)
{
    return rb_settings_new(a, RB_FOR_INFER)->config;
}

typedef struct call {
    rb_arena *arena;
    rb_deployed *deployed; // [networks]
    int networks;
    const rb_output_settings *asked;
    rb_pictures pictures;
    rb_arena *window; // of the pictures that are judged at once
    rb_judges judges;
    rb_rows rows;
    rb_spool spool;             // with adapt_prior: rows wait there for the share
    const rb_score_record *was; // validation's scores; NULL: not known
    rb_shift shift;
    double threshold; // of the probabilities that rows show
    const char *threshold_from;
    bool carried; // it went along with the probabilities to the share found
    float *p;     // [columns] of one picture at another share
    int64_t seen, unreadable, rejected;
    int64_t *taken; // [classes]
    rb_bar bar;
} call;

// ---- what was asked for ---------------------------------------------------------------------------------------------

static bool rejects(const call *c)
{
    return c->asked->reject_band.low < c->asked->reject_band.high;
}

// One of the labels would never be given on purpose.
static bool band_has_threshold(const call *c, rb_error *err)
{
    rb_range band = c->asked->reject_band;
    if (!rejects(c) || (c->threshold >= band.low && c->threshold <= band.high)) return true;
    return rb_fail(err, RB_ERR_USAGE, "reject_band: the threshold %.9g, %s, is not between %g and %g", c->threshold,
                   c->threshold_from, band.low, band.high);
}

static bool check_band(const call *c, rb_error *err)
{
    rb_range band = c->asked->reject_band;
    if (band.low == 0 && band.high == 0) return true;
    if (c->judges.columns > 1)
        return rb_fail(err, RB_ERR_USAGE, "reject_band: is for two classes, and %s was trained for %d; leave it out",
                       c->deployed->path, c->deployed->checkpoint.class_count);
    if (!rejects(c))
        return rb_fail(err, RB_ERR_USAGE, "reject_band: %g,%g holds no probability; name LOW,HIGH, as in 0.4,0.6",
                       band.low, band.high);
    bool moves = c->asked->adapt_prior && !c->deployed->threshold_given; // and is looked at when it has
    return moves || band_has_threshold(c, err);
}

static bool check_adapt(const call *c, rb_error *err)
{
    if (!c->asked->adapt_prior) return true;
    if (c->judges.columns > 1)
        return rb_fail(err, RB_ERR_USAGE, "adapt_prior: is for two classes, and %s was trained for %d; leave it out",
                       c->deployed->path, c->deployed->checkpoint.class_count);
    if (c->networks > 1)
        return rb_fail(err, RB_ERR_USAGE,
                       "adapt_prior: is for one checkpoint, and %d are named: validation says nothing of their mean",
                       c->networks);
    if (c->asked->raw)
        return rb_fail(err, RB_ERR_USAGE, "raw and adapt_prior: use one; a share is about calibrated probabilities");
    return c->was || rb_fail(err, RB_ERR_USAGE,
                             "adapt_prior: %s does not say what validation's scores were; train anew, or leave it out",
                             c->deployed->path);
}

// ---- one picture ---------------------------------------------------------------------------------------------------

static int decide(const call *c, const float *p, double threshold)
{
    if (!rejects(c)) return rb_label_taken(p, c->judges.columns, threshold);
    if (*p < (float)c->asked->reject_band.low) return 0;
    return *p >= (float)c->asked->reject_band.high ? 1 : RB_REJECTED;
}

// `p` decides at `threshold`, whatever the row shows.
static bool write_row(call *c, rb_row row, const float *p, double threshold, rb_error *err)
{
    row.decision = row.reason ? RB_UNREADABLE : decide(c, p, threshold);
    if (row.decision >= 0) c->taken[row.decision]++;
    c->rejected += row.decision == RB_REJECTED;
    return rb_rows_put(&c->rows, &row, err);
}

static bool take(void *context, const rb_finding *f, rb_error *err)
{
    call *c = context;
    rb_row row = {.path = f->sample->name, .p = f->shown, .reason = f->reason};
    if (f->reason) {
        c->unreadable++;
        rb_bar_clear(&c->bar);
        rb_warn("%s: %s: its %s", f->sample->path, f->reason,
                c->rows.format == RB_OUTPUT_TEXT ? "line is -1" : "row says so");
    }
    bool waits = c->asked->adapt_prior;
    if (!(waits ? rb_spool_put(&c->spool, &row, err) : write_row(c, row, f->p, c->threshold, err))) return false;
    rb_bar_show(&c->bar, (int)++c->seen, "%s", "");
    return true;
}

// ---- all of them ---------------------------------------------------------------------------------------------------

static bool judge_all(call *c, rb_error *err)
{
    int count = 1;
    bool done = true;
    while (done && count) {
        rb_arena_reset(c->window);
        done = rb_pictures_next(c->window, &c->pictures, c->judges.room, c->judges.window->samples, &count, err) &&
               rb_judges_run(c->window, &c->judges, count, take, c, err) && rb_rows_flush(&c->rows, err);
    }
    rb_bar_clear(&c->bar);
    return done && (c->seen || rb_fail(err, RB_ERR_USAGE, "no pictures were named"));
}

static void find_shift(call *c)
{
    rb_arena *scratch = rb_arena_open();
    c->shift.share_p = NAN; // where nothing can be read
    if (c->was && c->judges.plain->n) rb_shift_of(scratch, c->judges.plain, c->was, &c->shift);
    rb_arena_close(scratch);
}

// A rule of rates alone is met by the same pictures at any share. Another rule wants a bound on the probability, which
// stays; but it chose among scores as validation had them, before their odds were corrected.
static void carry_threshold(call *c)
{
    const rb_deployed *d = c->deployed;
    if (d->threshold_given) return;
    c->carried = !rb_rule_wants_share(&d->rule);
    c->threshold =
        c->carried ? rb_shift_probability(&c->shift, d->threshold) : rb_shift_corrected(&c->shift, d->threshold);
    c->threshold_from = rb_text_format(c->arena, "the checkpoint's %.9g %s", d->threshold,
                                       c->carried ? "at the share found" : "corrected as the probabilities are");
}

static bool adapt_row(call *c, rb_arena *scratch, bool *more, rb_error *err)
{
    rb_row row;
    bool done = rb_spool_get(scratch, &c->spool, &row, more, err);
    if (!done || !*more) return done;
    if (row.reason || !rb_shift_adapts(&c->shift)) return write_row(c, row, row.p, c->threshold, err);
    const float *said = row.p;
    *c->p = (float)rb_shift_probability(&c->shift, (double)*said);
    row.p = c->p;
    // As floats, probabilities on both sides of a threshold can become one when all are carried.
    if (c->carried && !rejects(c)) return write_row(c, row, said, c->deployed->threshold, err);
    return write_row(c, row, row.p, c->threshold, err);
}

static bool adapt_all(call *c, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    if (rb_shift_adapts(&c->shift)) carry_threshold(c);
    bool more = true, done = band_has_threshold(c, err) && rb_spool_rewind(&c->spool, err);
    while (done && more) {
        rb_arena_reset(scratch);
        done = adapt_row(c, scratch, &more, err);
    }
    rb_arena_close(scratch);
    return done;
}

// ---- what is said at the end ---------------------------------------------------------------------------------------

#define NAMED 20 // classes

static void say_what_was_done(const call *c)
{
    rb_arena *a = c->arena;
    const rb_checkpoint *of = &c->deployed->checkpoint;
    const char *text = rb_text_format(a, "%lld pictures: ", (long long)c->seen);
    for (int k = 0; k < of->class_count && k < NAMED; k++)
        text = rb_text_format(a, "%s%s%lld of class %s", text, k ? ", " : "", (long long)c->taken[k], of->classes[k]);
    if (of->class_count > NAMED) text = rb_text_format(a, "%s, ...", text);
    if (rejects(c))
        text = rb_text_format(a, "%s, %lld rejected (%.1f %%)", text, (long long)c->rejected,
                              100 * (double)c->rejected / fmax(1, (double)(c->seen - c->unreadable)));
    if (c->unreadable) text = rb_text_format(a, "%s, %lld unreadable", text, (long long)c->unreadable);
    if (c->judges.columns == 1 && rejects(c))
        text =
            rb_text_format(a, "%s; reject_band %g to %g", text, c->asked->reject_band.low, c->asked->reject_band.high);
    else if (c->judges.columns == 1)
        text = rb_text_format(a, "%s; threshold %.9g, %s", text, c->threshold, c->threshold_from);
    rb_note("%s", text);
}

static void say_of_scores(const call *c)
{
    if (c->judges.plain->n < RB_SHIFT_LEAST && !(c->asked->adapt_prior && c->shift.n)) return;
    if (c->was)
        rb_shift_say(c->arena, &c->shift, c->was, c->deployed, c->networks);
    else
        rb_note("scores: %s does not say what validation's were; they are compared with nothing", c->deployed->path);
}

// ---- the whole -----------------------------------------------------------------------------------------------------

static bool read_record(call *c, rb_error *err)
{
    const char *text = c->deployed->checkpoint.scores;
    rb_score_record *record = RB_NEW(c->arena, rb_score_record, 1);
    if (!text) return true;
    c->was = record;
    return rb_score_record_read(text, record, err) || rb_fail_in(err, "%s", c->deployed->path);
}

static bool open_call(call *c, int argc, char **argv, rb_error *err)
{
    rb_arena *a = c->arena;
    if (!rb_deployed_open_all(a, RB_FOR_INFER, argc, argv, &c->deployed, &c->networks, err)) return false;
    const rb_deployed *first = c->deployed;
    c->asked = &first->settings->output;
    c->threshold = first->threshold;
    c->threshold_from = first->threshold_from;
    c->taken = RB_NEW(a, int64_t, first->checkpoint.class_count);
    c->window = rb_arena_open_within(a); // before the loaders, whose threads read paths in it until they end
    if (!rb_pictures_open(a, c->asked->input_dir, first->operands, &c->pictures, err) || !read_record(c, err))
        return false;
    rb_deployed_expect(c->deployed, c->networks, rb_pictures_total(&c->pictures));
    if (!rb_judges_open(a, first, c->networks, &c->judges, err) || !check_band(c, err) || !check_adapt(c, err))
        return false;
    c->p = RB_NEW(a, float, c->judges.columns);
    c->bar = rb_bar_begin("judging", rb_pictures_total(&c->pictures), 1);
    return rb_rows_open(a, c->asked, &first->checkpoint, c->judges.columns, &c->rows, err) &&
           (!c->asked->adapt_prior || rb_spool_open(a, c->judges.columns, &c->spool, err));
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    call *c = RB_NEW(a, call, 1); // what is deferred ends with `a`
    c->arena = a;
    if (!open_call(c, argc, argv, err) || !judge_all(c, err)) return false;
    find_shift(c);
    if ((c->asked->adapt_prior && !adapt_all(c, err)) || !rb_rows_commit(&c->rows, err)) return false;
    say_what_was_done(c);
    say_of_scores(c);
    return true;
}

const rb_command rb_command_infer = {
    .name = "infer",
    .operands = "[FILE ... | -]",
    .help = "label pictures with a checkpoint",
    .config = config,
    .run = run,
};
