// SPDX-License-Identifier: Apache-2.0
// eval.c - every metric of a checkpoint on labelled pictures, or of scores that lie in files.
#include "cli/command.h"

#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "cli/part/deployed.h"
#include "cli/part/judgement.h"

#include <math.h>
#include <string.h>

static rb_config config(rb_arena *a)
{
    return rb_settings_new(a, RB_FOR_EVAL)->config;
}

// ---- a checkpoint on pictures -------------------------------------------------------------------------------------

// All pictures need no split, and may be too few for one. Where there is one it is made all the same: by it a set is
// known again.
static bool split(rb_arena *a, const rb_deployed *d, rb_dataset *data, rb_error *err)
{
    rb_error ignored;
    bool all = d->settings->eval.part == RB_NO_PART;
    return rb_dataset_split(a, &d->settings->data, data, all ? &ignored : err) || all;
}

// A checkpoint of as many classes as the data have.
static bool suits_data(const rb_deployed *d, const rb_dataset *data, rb_error *err)
{
    if (d->checkpoint.class_count == data->class_count) return true;
    return rb_fail(err, RB_ERR_DATA, "the data has %d classes, %s was trained for %d; give it data of the same",
                   data->class_count, d->path, d->checkpoint.class_count);
}

static bool open_data(rb_arena *a, const rb_deployed *d, rb_dataset *data, rb_error *err)
{
    return rb_dataset_open(a, &d->settings->data, data, err) && suits_data(d, data, err) && split(a, d, data, err);
}

static void warn_of_training_pictures(const rb_deployed *d, const rb_dataset *data)
{
    int part = d->settings->eval.part;
    bool same = rb_dataset_fingerprint(data) == d->checkpoint.data_fingerprint;
    if (same && (part == RB_TRAIN_PART || part == RB_NO_PART))
        rb_warn("%s was trained on pictures of this set; --part test judges those it never saw", d->path);
    if (!same && part != RB_NO_PART)
        rb_warn("part %s: not the split that %s was trained with (other pictures, labels, test_split, val_split or "
                "split_seed); it may have been trained on some of these pictures",
                rb_part_names[part], d->path);
}

static void warn_of_other_classes(const rb_deployed *d, const rb_dataset *data)
{
    for (int k = 0; k < data->class_count; k++) {
        if (!strcmp(data->classes[k], d->checkpoint.classes[k])) continue;
        rb_warn("label %d is class '%s' in the data and '%s' in %s; they are taken for the same", k, data->classes[k],
                d->checkpoint.classes[k], d->path);
        return;
    }
}

static bool score(rb_arena *a, const rb_deployed *d, const rb_dataset *data, const char *name, rb_part_scores *out,
                  rb_error *err)
{
    rb_scorer scorer;
    rb_indices which = rb_dataset_part(a, data, (rb_part)d->settings->eval.part);
    if (!which.count) return rb_fail(err, RB_ERR_DATA, "part %s has no pictures", name);
    if (!rb_deployed_scorer(a, d, data, &scorer, err) || !rb_score_part(a, &scorer, which, NULL, NULL, out, err))
        return false;
    return out->readable.n ||
           rb_fail(err, RB_ERR_DATA, "part %s: none of its %d pictures can be read", name, which.count);
}

// What the data say of the pictures that could be read.
static void take_words(rb_arena *a, const rb_dataset *data, const rb_part_scores *s, rb_evidence *out)
{
    const char **species = RB_NEW(a, const char *, s->which.count);
    bool named = false;
    int kept = 0;
    for (int i = 0; i < s->which.count; i++) {
        const rb_sample *sample = &data->samples[s->which.at[i]];
        if (s->reason[i]) continue;
        species[kept++] = sample->species ? sample->species : "";
        named |= sample->species != NULL;
    }
    out->group = rb_part_groups(a, data, s);
    out->species = named ? species : NULL;
}

static void take_scores(rb_arena *a, const rb_dataset *data, const rb_part_scores *s, rb_evidence *out)
{
    const rb_outputs *o = &s->readable;
    double *p = RB_NEW(a, double, (ptrdiff_t)o->n * o->columns);
    out->n = o->n;
    out->k = o->columns == 1 ? 2 : o->columns;
    *(out->k == 2 ? &out->score : &out->shares) = p;
    out->label = RB_NEW(a, int, o->n);
    memcpy(p, o->p, (size_t)o->n * (size_t)o->columns * sizeof *p);
    memcpy(out->label, o->label, (size_t)o->n * sizeof *out->label);
    for (int i = 0; i < s->which.count; i++)
        if (s->reason[i]) rb_warn("%s: %s: left out", data->samples[s->which.at[i]].path, s->reason[i]);
}

static bool open_other(rb_arena *a, const rb_deployed *first, const rb_dataset *data, rb_deployed *out, rb_error *err)
{
    if (!rb_deployed_open_other(a, first, out, err) || !suits_data(out, data, err)) return false;
    warn_of_training_pictures(out, data);
    warn_of_other_classes(out, data);
    return true;
}

// Pictures may go while two judges look at them: rows are those that both could read.
static bool judge_other(rb_arena *a, const rb_deployed *d, const rb_dataset *data, rb_part_scores *ours,
                        rb_evidence *out, rb_error *err)
{
    rb_part_scores theirs;
    if (!score(a, d, data, out->name, &theirs, err)) return false;
    rb_part_scores_pair(a, ours, &theirs);
    if (!ours->readable.n)
        return rb_fail(err, RB_ERR_DATA, "part %s: none of its %d pictures can be read twice", out->name,
                       ours->which.count);
    ptrdiff_t numbers = (ptrdiff_t)theirs.readable.n * theirs.columns;
    out->other = RB_NEW(a, double, numbers);
    memcpy(out->other, theirs.readable.p, (size_t)numbers * sizeof *out->other);
    out->other_threshold = d->threshold;
    return true;
}

// What would name lines of files that are not there.
static bool names_no_lines(const rb_eval_settings *e, rb_error *err)
{
    if (!e->groups && !e->species) return true;
    return rb_fail(err, RB_ERR_USAGE,
                   "%s is a file of lines beside labels and proba; of a checkpoint's pictures the manifest's column %s "
                   "says it",
                   e->groups ? "groups" : "species", e->groups ? "group" : "species");
}

// What only two classes have.
static bool suits_classes(const rb_eval_settings *e, int k, rb_error *err)
{
    const char *key = e->pick_threshold ? "pick_threshold" : !isnan(e->against_threshold) ? "against_threshold" : NULL;
    return k == 2 || !key || rb_fail(err, RB_ERR_USAGE, "%s is for two classes, and here are %d", key, k);
}

static bool judge_checkpoint(rb_arena *a, int argc, char **argv, rb_evidence *out, rb_error *err)
{
    rb_deployed d, other;
    rb_dataset *data = RB_NEW(a, rb_dataset, 1); // the loader's threads read it until `a` ends
    rb_part_scores scores;
    if (!rb_deployed_open(a, RB_FOR_EVAL, argc, argv, &d, err) || !open_data(a, &d, data, err)) return false;
    const rb_eval_settings *e = &d.settings->eval;
    if (!suits_classes(e, data->class_count, err)) return false;
    warn_of_training_pictures(&d, data);
    warn_of_other_classes(&d, data);
    if (e->against && !open_other(a, &d, data, &other, err)) return false;
    *out = (rb_evidence){.threshold = d.threshold,
                         .threshold_from = d.threshold_from,
                         .rule = d.settings->threshold,
                         .name = e->part == RB_NO_PART ? "all" : rb_part_names[e->part]};
    if (!score(a, &d, data, out->name, &scores, err) ||
        (e->against && !judge_other(a, &other, data, &scores, out, err)))
        return false;
    take_scores(a, data, &scores, out);
    take_words(a, data, &scores, out);
    return true;
}

// ---- figures ------------------------------------------------------------------------------------------------------

// Nine digits of a probability and of a threshold are the same float, though not the same double.
static double as_compared(double threshold)
{
    return (double)(float)threshold;
}

// Only where it is asked for: what is chosen on the data it is judged on flatters.
static bool pick_thresholds(rb_arena *a, const rb_settings *s, rb_evidence *e, rb_error *err)
{
    rb_threshold_rule rule;
    if (!s->eval.pick_threshold) return true;
    if (!isnan(s->decision.val_threshold))
        return rb_fail(err, RB_ERR_USAGE, "val_threshold and pick_threshold: use one");
    if (!rb_threshold_rule_read(&e->rule, &rule, err)) return false;
    double picked = rb_threshold_pick(a, rb_evidence_scores(e), &rule).threshold;
    if (isnan(picked))
        return rb_fail(err, RB_ERR_DATA, "pick_threshold: all labels are %d; a threshold parts two classes",
                       e->label[0]);
    e->threshold = picked;
    e->threshold_from = rb_text_format(a, "chosen by %s on these labels: figures at it flatter", e->rule.text);
    if (e->other && isnan(s->eval.against_threshold))
        e->other_threshold = rb_threshold_pick(a, rb_evidence_other(e), &rule).threshold;
    return true;
}

static void judge_two(rb_arena *a, const rb_evidence *e, const rb_bootstrap *b, rb_judgement *out)
{
    rb_scores s = rb_evidence_scores(e);
    double threshold = as_compared(e->threshold);
    rb_outputs o = {e->score, e->label, e->n, 1};
    out->figures = rb_figures_of(a, o, threshold);
    out->intervals = rb_figures_intervals(a, o, &out->figures, b);
    out->figures.threshold = out->figures.two.threshold = e->threshold;
    if (e->species) {
        rb_pad *pad = RB_NEW(a, rb_pad, 1);
        *pad = rb_pad_of(a, s, e->species, threshold);
        out->pad = pad;
    }
    if (e->other) {
        rb_comparison *against = RB_NEW(a, rb_comparison, 1);
        *against = rb_compare(a, s, threshold, rb_evidence_other(e), as_compared(e->other_threshold), b);
        out->against = against;
    }
}

static void judge_many(rb_arena *a, const rb_evidence *e, const rb_bootstrap *b, rb_judgement *out)
{
    const rb_outputs o = {e->shares, e->label, e->n, e->k};
    out->figures = rb_figures_of(a, o, NAN);
    out->intervals = rb_figures_intervals(a, o, &out->figures, b);
    if (e->other) {
        rb_comparison *against = RB_NEW(a, rb_comparison, 1);
        *against = rb_class_compare(a, (rb_class_scores){e->shares, e->label, e->n, e->k},
                                    (rb_class_scores){e->other, e->label, e->n, e->k}, b);
        out->against = against;
    }
}

// Where nobody says how many, as many as training and reports draw.
static int resamples_of(const rb_evidence *e, const rb_settings *s)
{
    int columns = rb_evidence_columns(e), fitting = rb_resamples_for(e->n, columns);
    if (s->eval.bootstrap >= 0) return s->eval.bootstrap;
    if (fitting < RB_RESAMPLES)
        rb_note("bootstrap: %d resamples, as %d classes over %d pictures take long; --bootstrap %d draws as many as of "
                "fewer",
                fitting, columns, e->n, RB_RESAMPLES);
    return fitting;
}

static rb_judgement judge(rb_arena *a, const rb_evidence *e, const rb_settings *s)
{
    rb_judgement out = {.of = e, .other = s->eval.against};
    rb_bootstrap b = {.resamples = resamples_of(e, s)};
    int groups;
    if (e->group) b.group = rb_group_ids(a, e->group, e->n, &groups);
    (e->k == 2 ? judge_two : judge_many)(a, e, &b, &out);
    return out;
}

static bool write_json(rb_arena *a, const rb_judgement *f, const char *path, rb_error *err)
{
    const char *text = rb_text_format(a, "%s\n", rb_judgement_json(a, f));
    if (!strcmp(path, "-")) return rb_print(text);
    return rb_file_write(path, text, (ptrdiff_t)strlen(text), err);
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    const rb_settings *s = rb_settings_new(a, RB_FOR_EVAL);
    rb_words operands;
    rb_evidence e;
    if (!rb_config_flags(a, &s->config, argc, argv, &operands, err) || !rb_no_operands(operands, err)) return false;
    rb_settings_speak(s);
    if (s->compute.threads) rb_parallel_threads(s->compute.threads);
    bool files = s->eval.labels || s->eval.proba;
    if (!files && !names_no_lines(&s->eval, err)) return false;
    if (files ? !rb_evidence_read(a, s, &e, err) : !judge_checkpoint(a, argc, argv, &e, err)) return false;
    if (!pick_thresholds(a, s, &e, err)) return false;
    rb_judgement f = judge(a, &e, s);
    if (!s->json || strcmp(s->json, "-")) rb_judgement_print(&f);
    return !s->json || write_json(a, &f, s->json, err);
}

const rb_command rb_command_eval = {
    .name = "eval",
    .operands = "",
    .help = "judge a checkpoint on labelled pictures, or labels and probabilities in files",
    .config = config,
    .run = run,
};
