// SPDX-License-Identifier: Apache-2.0
#include "cli/part/quantize.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/part/deployed.h"
#include "metric/compare.h"
#include "train/quantize.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One of the two networks, judged on validation.
typedef struct side {
    rb_deployed d;
    rb_part_scores scores;
    double threshold;
    rb_figures figures;
} side;

typedef struct job {
    const rb_quantize_settings *asked;
    rb_dataset *data; // the loader's threads read it until the arena ends
    side exact, bytes;
    rb_tensors tensors; // the checkpoint's and the ranges
    int pictures;
    double most, mean; // of |p - p'|
    rb_comparison against;
} job;

// ---- both networks -------------------------------------------------------------------------------------------------

// Words as eval takes them: the run's own configuration says where its pictures are.
static int words_of(rb_arena *a, const rb_quantize_settings *q, const char *from, char ***out)
{
    const char *record = rb_path_join(a, from, "config.yaml");
    const char *const pairs[][2] = {
        {"--config", rb_folder_exists(from) && rb_file_exists(record) ? record : NULL},
        {"--checkpoint_path", from},
        {"--root_dir", q->root_dir},
        {"--manifest", q->manifest},
        {"--threads", q->threads ? rb_text_format(a, "%d", q->threads) : NULL},
        {"--device_index", "-1"},
        {"--precision", "fp32"},
    };
    int count = 0;
    *out = RB_NEW(a, char *, 2 * sizeof pairs / sizeof *pairs);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (int k = 0; k < 2 && pairs[i][1]; k++) (*out)[count++] = rb_text_copy(a, pairs[i][k]);
    return count;
}

static bool open_data(rb_arena *a, job *j, rb_error *err)
{
    const rb_deployed *d = &j->exact.d;
    if (!rb_dataset_open(a, &d->settings->data, j->data, err) || !rb_dataset_split(a, &d->settings->data, j->data, err))
        return false;
    if (j->data->class_count != d->checkpoint.class_count)
        return rb_fail(err, RB_ERR_DATA, "the data has %d classes, %s was trained for %d; give it data of the same",
                       j->data->class_count, d->path, d->checkpoint.class_count);
    if (rb_dataset_fingerprint(j->data) != d->checkpoint.data_fingerprint)
        rb_warn(
            "these are not the pictures, or not the split, that the checkpoint was trained with: validation here may "
            "hold pictures that it has seen");
    return true;
}

static bool open_exact(rb_arena *a, job *j, const char *from, rb_error *err)
{
    char **words;
    int count = words_of(a, j->asked, from, &words);
    rb_deployed *d = &j->exact.d;
    if (!rb_deployed_open(a, RB_FOR_EVAL, count, words, d, err)) return false;
    if (d->checkpoint.state)
        return rb_fail(err, RB_ERR_WEIGHTS, "%s: holds the state of a training run; take its best.safetensors",
                       d->path);
    if (!d->network.backend->computes(RB_INT8))
        return rb_fail(err, RB_ERR_DEVICE,
                       "int8: backend %s has no instructions for it on this CPU (AVX-512 VNNI); "
                       "run this where it has",
                       d->network.backend->name);
    return open_data(a, j, err);
}

// Evenly from the training part, which lists its pictures in file order.
static bool find_ranges(rb_arena *a, job *j, const rb_scorer *scorer, float *range, rb_error *err)
{
    rb_indices train = rb_dataset_part(a, j->data, RB_TRAIN_PART);
    if (!train.count) return rb_fail(err, RB_ERR_DATA, "part train has no pictures to find ranges on");
    j->pictures = j->asked->pictures < train.count ? j->asked->pictures : train.count;
    int *order = RB_NEW(a, int, j->pictures);
    for (int i = 0; i < j->pictures; i++) order[i] = train.at[(int64_t)i * train.count / j->pictures];
    return rb_ranges_find(scorer, order, j->pictures, range, err);
}

static bool open_bytes(rb_arena *a, job *j, const float *range, rb_error *err)
{
    rb_deployed *d = &j->bytes.d;
    rb_settings *s = RB_NEW(a, rb_settings, 1);
    *d = j->exact.d;
    *s = *d->settings;
    s->compute.precision = RB_INT8;
    d->settings = s;
    j->tensors = rb_ranges_beside(a, j->exact.d.network.graph, range, &d->checkpoint.tensors);
    if (!rb_network_open(a, s, NULL, NULL, &d->network, err)) return false;
    d->network.preprocessing = d->checkpoint.preprocessing;
    return rb_network_load(&d->network, &j->tensors, err) &&
           rb_network_calibrate(a, &d->network, d->checkpoint.calibration, err);
}

// ---- what it costs -------------------------------------------------------------------------------------------------

static bool judge(rb_arena *a, const job *j, side *s, rb_error *err)
{
    rb_scorer scorer;
    rb_indices val = rb_dataset_part(a, j->data, RB_VAL_PART);
    if (!rb_deployed_scorer(a, &s->d, j->data, &scorer, err) ||
        !rb_score_part(a, &scorer, val, NULL, NULL, &s->scores, err))
        return false;
    return s->scores.readable.n || rb_fail(err, RB_ERR_DATA, "no picture of the val part can be read");
}

// int8 gets a threshold of its own, from validation as training chose the first: what was judged is what predicts.
static bool choose_thresholds(rb_arena *a, job *j, rb_error *err)
{
    rb_threshold_rule rule;
    if (!rb_threshold_rule_read(&j->exact.d.settings->threshold, &rule, err)) return false;
    double picked = rb_outputs_threshold(a, j->bytes.scores.readable, &rule);
    j->exact.threshold = j->exact.d.threshold;
    j->bytes.threshold = isnan(picked) ? j->exact.threshold : picked;
    j->exact.figures = rb_figures_of(a, j->exact.scores.readable, j->exact.threshold);
    j->bytes.figures = rb_figures_of(a, j->bytes.scores.readable, j->bytes.threshold);
    return true;
}

static void compare(rb_arena *a, job *j)
{
    rb_outputs x = j->bytes.scores.readable, y = j->exact.scores.readable;
    int count = x.n * x.columns;
    for (int i = 0; i < count; i++) {
        double apart = fabs(x.p[i] - y.p[i]);
        j->most = fmax(j->most, apart);
        j->mean += apart / count;
    }
    rb_bootstrap none = {.resamples = 0};
    if (x.columns > 1)
        j->against = rb_class_compare(a, (rb_class_scores){x.p, x.label, x.n, x.columns},
                                      (rb_class_scores){y.p, y.label, y.n, y.columns}, &none);
    else
        j->against = rb_compare(a, (rb_scores){x.p, x.label, x.n}, j->bytes.threshold, (rb_scores){y.p, y.label, y.n},
                                j->exact.threshold, &none);
}

static bool measure(rb_arena *a, job *j, rb_error *err)
{
    if (!judge(a, j, &j->exact, err) || !judge(a, j, &j->bytes, err)) return false;
    if (j->exact.scores.readable.n != j->bytes.scores.readable.n)
        return rb_fail(
            err, RB_ERR_DATA,
            "pictures of the val part could be read at one time and not at another; run it again while nobody writes to them");
    if (!choose_thresholds(a, j, err)) return false;
    compare(a, j);
    return true;
}

// ---- what is told ------------------------------------------------------------------------------------------------

static void row(const char *title, double exact, double bytes)
{
    if (!isnan(exact) || !isnan(bytes)) printf("%-12s %10.4f %10.4f\n", title, exact, bytes);
}

static void tell(const job *j, const char *path)
{
    const rb_figures *x = &j->exact.figures, *y = &j->bytes.figures;
    printf("%s: ranges from %d training pictures, judged on %d of validation\n\n", path, j->pictures, y->n);
    printf("%-12s %10s %10s\n", "", "fp32", "int8");
    row("HTER", x->hter, y->hter);
    row("ROC AUC", x->roc_auc, y->roc_auc);
    row("threshold", x->threshold, y->threshold);
    printf("\nprobabilities differ by at most %.4f, %.5f in the mean\n", j->most, j->mean);
    const rb_mcnemar *m = &j->against.all;
    printf("int8 alone is right on %lld, fp32 alone on %lld; McNemar p = %.3g\n", (long long)m->ours,
           (long long)m->theirs, m->p);
}

static const char *record(rb_arena *a, const job *j)
{
    rb_json *json = rb_json_new(a);
    rb_json_open(json, NULL, '{');
    rb_json_integer(json, "pictures", j->pictures);
    rb_json_real(json, "hter_fp32", j->exact.figures.hter);
    rb_json_real(json, "hter", j->bytes.figures.hter);
    rb_json_real(json, "roc_auc_fp32", j->exact.figures.roc_auc);
    rb_json_real(json, "roc_auc", j->bytes.figures.roc_auc);
    rb_json_real(json, "largest_difference", j->most);
    rb_json_real(json, "mean_difference", j->mean);
    rb_json_integer(json, "int8_alone_right", j->against.all.ours);
    rb_json_integer(json, "fp32_alone_right", j->against.all.theirs);
    rb_json_real(json, "mcnemar_p", j->against.all.p);
    rb_json_close(json);
    return rb_json_text(json);
}

// Validation's figures as they were, and what int8 makes of them as a member `int8`.
static const char *metrics_of(rb_arena *a, const job *j)
{
    const char *before = j->exact.d.checkpoint.metrics;
    json_t *all = json_loads(before ? before : "{}", 0, NULL);
    if (!all) all = json_object();
    json_object_set_new(all, "int8", json_loads(record(a, j), 0, NULL));
    char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(17));
    const char *kept = rb_text_copy(a, text);
    free(text);
    json_decref(all);
    return kept;
}

// ---- the file ----------------------------------------------------------------------------------------------------

// The keys of the checkpoint, but for the precision it is meant for now.
static const char *config_of(rb_arena *a, const char *config, rb_error *err)
{
    const rb_settings *s = rb_settings_new(a, RB_FOR_TRAIN);
    rb_bytes text = {(const uint8_t *)config, (ptrdiff_t)strlen(config)};
    if (!rb_config_read_text(a, &s->config, "its config", text, err) ||
        !rb_config_set(a, &s->config, "precision", "int8", "precision", err))
        return NULL;
    return rb_config_dump(a, &s->config, true);
}

static bool write_file(rb_arena *a, const job *j, const char *path, rb_error *err)
{
    rb_checkpoint c = j->exact.d.checkpoint;
    rb_score_record scores;
    rb_outputs_record(a, j->bytes.scores.readable, &scores);
    c.config = config_of(a, c.config, err);
    c.threshold = j->bytes.figures.threshold;
    c.metrics = metrics_of(a, j);
    c.scores = rb_score_record_text(a, &scores);
    c.tensors = j->tensors;
    return c.config && rb_checkpoint_write(a, path, &c, err);
}

bool rb_quantize(rb_arena *a, const rb_quantize_settings *q, const char *from, rb_error *err)
{
    job *j = RB_NEW(a, job, 1);
    rb_scorer scorer;
    *j = (job){.asked = q, .data = RB_NEW(a, rb_dataset, 1)};
    if (!open_exact(a, j, from, err) || !rb_deployed_scorer(a, &j->exact.d, j->data, &scorer, err)) return false;
    float *range = RB_NEW(a, float, j->exact.d.network.graph->node_count);
    const char *path = q->output ? q->output : rb_path_with_suffix(a, j->exact.d.path, ".int8.safetensors");
    if (!find_ranges(a, j, &scorer, range, err) || !open_bytes(a, j, range, err) || !measure(a, j, err) ||
        !write_file(a, j, path, err))
        return false;
    tell(j, path);
    return true;
}
