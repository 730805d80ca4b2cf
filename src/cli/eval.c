// SPDX-License-Identifier: Apache-2.0
// eval.c - every metric of a checkpoint on labelled pictures, or of scores that lie in files.
#include "cli/command.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/deployed.h"
#include "cli/table.h"
#include "data/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define HALF 0.5 // the threshold where nobody names one

typedef struct judgement {
    const char *name; // of the table's row
    rb_summary summary;
    const char *threshold_from;
} judgement;

static rb_config config(rb_arena *a)
{
    return rb_settings_new(a, RB_FOR_EVAL)->config;
}

// Nine digits of a probability and of a threshold are the same float, though not the same double.
static rb_summary summarise(rb_arena *a, rb_scores scores, double threshold)
{
    rb_summary s = rb_summarise(a, scores, (double)(float)threshold);
    s.threshold = threshold;
    return s;
}

// ---- scores from files --------------------------------------------------------------------------------------------

static bool same_length(const rb_eval_settings *e, int labels, int scores, rb_error *err)
{
    if (labels == scores) return true;
    return rb_fail(err, RB_ERR_DATA, "%s has %d lines, %s has %d; line N of both must be the same picture", e->labels,
                   labels, e->proba, scores);
}

static bool read_scores(rb_arena *a, const rb_eval_settings *e, rb_scores *out, rb_error *err)
{
    int *label, labels, scores, kept = 0;
    double *score;
    if (!e->labels || !e->proba)
        return rb_fail(err, RB_ERR_USAGE, "labels and proba belong together: %s is missing",
                       e->labels ? "proba" : "labels");
    if (!rb_labels_read(a, e->labels, &label, &labels, err) || !rb_reals_read(a, e->proba, &score, &scores, err) ||
        !same_length(e, labels, scores, err))
        return false;
    for (int i = 0; i < labels; i++) {
        if (isnan(score[i])) continue;
        score[kept] = (double)(float)score[i];
        label[kept++] = label[i];
    }
    if (kept < labels) rb_note("%s: %d lines are nan and left out", e->proba, labels - kept);
    *out = (rb_scores){score, label, kept};
    return kept || rb_fail(err, RB_ERR_DATA, "%s: no line has a number: there is nothing to judge", e->proba);
}

static bool judge_files(rb_arena *a, const rb_settings *s, judgement *out, rb_error *err)
{
    rb_scores scores;
    double threshold = s->decision.val_threshold;
    if (!read_scores(a, &s->eval, &scores, err)) return false;
    out->threshold_from = isnan(threshold) ? "as none was given" : "given";
    out->summary = summarise(a, scores, isnan(threshold) ? HALF : threshold);
    out->name = "all";
    return true;
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

static bool open_data(rb_arena *a, const rb_deployed *d, rb_dataset *data, rb_error *err)
{
    if (!rb_dataset_open(a, &d->settings->data, data, err)) return false;
    if (data->class_count != d->checkpoint.class_count)
        return rb_fail(err, RB_ERR_DATA, "the data has %d classes, %s was trained for %d; give it data of the same",
                       data->class_count, d->settings->checkpoint_path, d->checkpoint.class_count);
    return split(a, d, data, err);
}

static void warn_of_training_pictures(const rb_deployed *d, const rb_dataset *data)
{
    int part = d->settings->eval.part;
    bool same = rb_dataset_fingerprint(data) == d->checkpoint.data_fingerprint;
    if (same && (part == RB_TRAIN_PART || part == RB_NO_PART))
        rb_warn("the checkpoint was trained on pictures of this set; --part test judges those it never saw");
    if (!same && part != RB_NO_PART)
        rb_warn("part %s: not the split that the checkpoint was trained with (other pictures, labels, test_split, "
                "val_split or split_seed); it may have been trained on some of these pictures",
                rb_part_names[part]);
}

static void warn_of_other_classes(const rb_deployed *d, const rb_dataset *data)
{
    for (int k = 0; k < data->class_count; k++) {
        if (!strcmp(data->classes[k], d->checkpoint.classes[k])) continue;
        rb_warn("label %d is class '%s' in the data and '%s' in the checkpoint; they are taken for the same", k,
                data->classes[k], d->checkpoint.classes[k]);
        return;
    }
}

static bool judge_pictures(rb_arena *a, const rb_deployed *d, const rb_dataset *data, const char *name, rb_scores *out,
                           rb_error *err)
{
    rb_scorer scorer;
    rb_part_scores scores;
    rb_indices which = rb_dataset_part(a, data, (rb_part)d->settings->eval.part);
    if (!which.count) return rb_fail(err, RB_ERR_DATA, "part %s has no pictures", name);
    if (!rb_deployed_scorer(a, d, data, &scorer, err) ||
        !rb_score_part(a, &scorer, which, &rb_loss_bce, &d->settings->bce, &scores, err))
        return false;
    for (int i = 0; i < which.count; i++)
        if (scores.reason[i]) rb_warn("%s: %s: left out", data->samples[which.at[i]].path, scores.reason[i]);
    *out = scores.readable;
    return out->n || rb_fail(err, RB_ERR_DATA, "part %s: none of its %d pictures can be read", name, which.count);
}

static bool judge_checkpoint(rb_arena *a, int argc, char **argv, judgement *out, rb_error *err)
{
    rb_deployed d;
    rb_dataset *data = RB_NEW(a, rb_dataset, 1); // the loader's threads read it until `a` ends
    rb_scores scores;
    if (!rb_deployed_open(a, RB_FOR_EVAL, argc, argv, &d, err) || !open_data(a, &d, data, err)) return false;
    warn_of_training_pictures(&d, data);
    warn_of_other_classes(&d, data);
    out->name = d.settings->eval.part == RB_NO_PART ? "all" : rb_part_names[d.settings->eval.part];
    if (!judge_pictures(a, &d, data, out->name, &scores, err)) return false;
    out->summary = summarise(a, scores, d.threshold);
    out->threshold_from = d.threshold_from;
    return true;
}

// ---- results ------------------------------------------------------------------------------------------------------

static void print_table(const judgement *j)
{
    rb_table_head();
    rb_table_row(j->name, &j->summary);
    rb_table_foot(j->summary.threshold, j->threshold_from);
}

static bool write_json(rb_arena *a, const judgement *j, const char *path, rb_error *err)
{
    rb_json *json = rb_json_new(a);
    rb_summary_to_json(json, NULL, &j->summary);
    const char *text = rb_text_format(a, "%s\n", rb_json_text(json));
    if (!strcmp(path, "-")) return rb_print(text);
    return rb_file_write(path, text, (ptrdiff_t)strlen(text), err);
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    const rb_settings *s = rb_settings_new(a, RB_FOR_EVAL);
    rb_words operands;
    judgement j;
    if (!rb_config_flags(a, &s->config, argc, argv, &operands, err) || !rb_no_operands(operands, err)) return false;
    rb_settings_speak(s);
    bool files = s->eval.labels || s->eval.proba;
    if (files ? !judge_files(a, s, &j, err) : !judge_checkpoint(a, argc, argv, &j, err)) return false;
    if (!s->json || strcmp(s->json, "-")) print_table(&j);
    return !s->json || write_json(a, &j, s->json, err);
}

const rb_command rb_command_eval = {
    .name = "eval",
    .operands = "",
    .help = "judge a checkpoint on labelled pictures, or labels and probabilities in files",
    .config = config,
    .run = run,
};
