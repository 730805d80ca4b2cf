// SPDX-License-Identifier: Apache-2.0
// infer.c - labels and probabilities for pictures: one line each, in file order.
#include "cli/command.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/deployed.h"
#include "train/bar.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rb_config config(rb_arena *a)
{
    return rb_settings_new(a, RB_FOR_INFER)->config;
}

// ---- which pictures ------------------------------------------------------------------------------------------------

// Paths on standard input, one a line.
static bool paths_on_stdin(rb_arena *a, rb_words *paths, rb_error *err)
{
    *paths = (rb_words){0};
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) line[--n] = '\0';
        if (n) paths->word = rb_list_with(a, paths->word, paths->count++, rb_text_copy(a, line));
    }
    int failed = errno;
    free(line);
    return !ferror(stdin) || rb_fail_errno(err, RB_ERR_IO, failed, "standard input: cannot read");
}

static bool find_pictures(rb_arena *a, const rb_deployed *d, rb_dataset *out, rb_error *err)
{
    const char *folder = d->settings->output.input_dir;
    rb_words named = d->operands;
    if (folder && named.count)
        return rb_fail(err, RB_ERR_USAGE, "input_dir %s and pictures by name (%s): use one of them", folder,
                       named.word[0]);
    if (folder) return rb_dataset_from_folder(a, folder, out, err);
    if (!named.count)
        return rb_fail(err, RB_ERR_USAGE,
                       "input_dir is missing; name a folder, pictures, or - for a list on standard "
                       "input");
    if (named.count == 1 && !strcmp(named.word[0], "-") && !paths_on_stdin(a, &named, err)) return false;
    return rb_dataset_from_files(a, named.word, named.count, out, err);
}

// ---- what is written ----------------------------------------------------------------------------------------------

typedef struct output {
    const rb_deployed *deployed;
    const rb_dataset *pictures;
    rb_writer *labels, *proba; // labels NULL: standard output; proba NULL: not asked for
    int k, columns;            // logits, and what they become
    float *p, *written;        // [columns] of one picture: what decides, and what is written
    rb_calibration plain;      // makes them of logits as they are
    int *count;                // [classes]
    int unreadable;
    rb_bar bar;
    rb_error err; // the first
} output;

static bool open_output(rb_arena *a, output *o, rb_error *err)
{
    const rb_output_settings *s = &o->deployed->settings->output;
    if (!s->output_file && s->get_proba)
        return rb_fail(err, RB_ERR_USAGE, "get_proba needs an output_file: probabilities go beside it");
    const char *proba = s->get_proba ? rb_path_with_suffix(a, s->output_file, ".proba") : NULL;
    if (proba && !strcmp(proba, s->output_file))
        return rb_fail(err, RB_ERR_USAGE, "output_file: %s is where get_proba writes; give it another suffix", proba);
    return (!s->output_file || rb_writer_open(a, s->output_file, &o->labels, err)) &&
           (!proba || rb_writer_open(a, proba, &o->proba, err));
}

static bool write_label(output *o, int label, rb_error *err)
{
    if (o->labels) return rb_writer_print(o->labels, err, "%d\n", label);
    printf("%d\n", label); // main.c checks the stream at the end
    return true;
}

static bool write_proba(const output *o, rb_error *err)
{
    return !o->proba || rb_probabilities_print(o->proba, o->written, o->columns, err);
}

static void write_judged(void *context, const rb_judged *j)
{
    output *o = context;
    const rb_calibration *decides = &o->deployed->network.calibration;
    if (o->err.kind) return;
    int label = -1;
    if (j->reason) {
        o->unreadable++;
        for (int i = 0; i < o->columns; i++) o->written[i] = NAN;
        rb_warn("%s: %s: its line is -1", o->pictures->samples[j->sample].path, j->reason);
    } else {
        rb_probabilities_of(decides, j->logits, o->k, o->p);
        rb_probabilities_of(o->deployed->settings->output.raw ? &o->plain : decides, j->logits, o->k, o->written);
        label = rb_label_taken(o->p, o->columns, o->deployed->threshold); // as the .proba file has both
        o->count[label]++;
    }
    if (write_label(o, label, &o->err) && write_proba(o, &o->err)) rb_bar_show(&o->bar, j->draw + 1, "%s", "");
}

static bool with_each(const output *o, bool (*step)(rb_writer *w, rb_error *err), rb_error *err)
{
    return (!o->labels || step(o->labels, err)) && (!o->proba || step(o->proba, err));
}

// Labels of this call beside probabilities of another would be worse than neither.
static bool commit(const output *o, rb_error *err)
{
    if (o->err.kind) {
        *err = o->err;
        return false;
    }
    return with_each(o, rb_writer_finish, err) && with_each(o, rb_writer_commit, err);
}

#define NAMED 20 // classes

static void say_what_was_done(rb_arena *a, const output *o)
{
    const rb_checkpoint *c = &o->deployed->checkpoint;
    const char *text = rb_text_format(a, "%d pictures: ", o->pictures->count);
    for (int k = 0; k < c->class_count && k < NAMED; k++)
        text = rb_text_format(a, "%s%s%d of class %s", text, k ? ", " : "", o->count[k], c->classes[k]);
    if (c->class_count > NAMED) text = rb_text_format(a, "%s, ...", text);
    if (o->unreadable) text = rb_text_format(a, "%s, %d unreadable", text, o->unreadable);
    if (o->columns == 1)
        text = rb_text_format(a, "%s; threshold %.9g, %s", text, o->deployed->threshold, o->deployed->threshold_from);
    rb_note("%s", text);
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    rb_deployed d;
    rb_dataset *pictures = RB_NEW(a, rb_dataset, 1); // the loader's threads read it until `a` ends
    rb_scorer scorer;
    output o = {.deployed = &d, .pictures = pictures};
    if (!rb_deployed_open(a, RB_FOR_INFER, argc, argv, &d, err) || !find_pictures(a, &d, pictures, err) ||
        !open_output(a, &o, err) || !rb_deployed_scorer(a, &d, pictures, &scorer, err))
        return false;
    o.k = d.network.graph->output->shape.c;
    o.columns = rb_columns_of(o.k);
    o.p = RB_NEW(a, float, o.columns);
    o.written = RB_NEW(a, float, o.columns);
    o.plain = rb_calibration_none(a, o.columns);
    o.count = RB_NEW(a, int, d.checkpoint.class_count);
    o.bar = rb_bar_begin("judging", pictures->count, 1);
    rb_indices all = rb_dataset_part(a, pictures, RB_NO_PART);
    bool done = rb_scorer_run(&scorer, all.at, all.count, write_judged, &o, err);
    rb_bar_clear(&o.bar);
    if (!done || !commit(&o, err)) return false;
    say_what_was_done(a, &o);
    return true;
}

const rb_command rb_command_infer = {
    .name = "infer",
    .operands = "[FILE ... | -]",
    .help = "label pictures with a checkpoint",
    .config = config,
    .run = run,
};
