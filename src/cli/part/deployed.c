// SPDX-License-Identifier: Apache-2.0
#include "cli/part/deployed.h"

#include "base/file.h"
#include "base/log.h"

#include <math.h>
#include <string.h>

static rb_bytes bytes_of(const char *text)
{
    return (rb_bytes){(const uint8_t *)text, (ptrdiff_t)strlen(text)};
}

static bool no_checkpoint(rb_error *err)
{
    return rb_fail(err, RB_ERR_USAGE, "checkpoint_path is missing; name a checkpoint or a run folder");
}

static bool open_checkpoint(rb_arena *a, rb_deployed *d, const char *path, rb_error *err)
{
    if (!path) return no_checkpoint(err);
    d->path = rb_folder_exists(path) ? rb_path_join(a, path, "best.safetensors") : path;
    return rb_checkpoint_open(a, d->path, &d->checkpoint, err);
}

// ---- the checkpoint's settings -------------------------------------------------------------------------------------

// What pixels become stands in the description twice: as keys, for people and for the network's shape, and as the
// preprocessing, which decides.
static bool take_preprocessing(rb_arena *a, const rb_config *c, const rb_preprocessing *p, rb_error *err)
{
    const struct {
        const char *key, *value;
    } keys[] = {{"channels", rb_text_format(a, "%d", p->channels)},
                {"image_size", rb_text_format(a, "%d", p->image_size)},
                {"interpolation", p->interpolation}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!rb_config_set(a, c, keys[i].key, keys[i].value, keys[i].key, err))
            return rb_fail_in(err, "its preprocessing");
    return true;
}

// Keys that name places and files are the call's alone: a checkpoint from elsewhere must not say what is written where.
static bool names_no_place(rb_arena *a, const rb_config *c, rb_error *err)
{
    const char *key = rb_config_local_set(a, c);
    return !key || rb_fail(err, RB_ERR_WEIGHTS, "its config sets %s, which is for each call to say", key);
}

// One or two logits for two classes, K for K.
static bool classes_fit(const rb_settings *s, const rb_checkpoint *c, rb_error *err)
{
    int k = s->model.num_classes;
    if (c->class_count == 2 ? k <= 2 : k == c->class_count) return true;
    return rb_fail(err, RB_ERR_WEIGHTS, "its config has num_classes %d, and it names %d classes", k, c->class_count);
}

static bool read_trained(rb_arena *a, const rb_settings *s, const rb_checkpoint *c, rb_error *err)
{
    return rb_config_read_text(a, &s->config, "its config", bytes_of(c->config), err) &&
           take_preprocessing(a, &s->config, &c->preprocessing, err) && classes_fit(s, c, err) &&
           names_no_place(a, &s->config, err) && rb_model_name(s->model.model_type, err) != NULL;
}

static rb_settings *trained_settings(rb_arena *a, rb_purpose purpose, const rb_deployed *d, rb_error *err)
{
    rb_settings *s = rb_settings_new(a, purpose);
    if (read_trained(a, s, &d->checkpoint, err)) return s;
    err->kind = RB_ERR_WEIGHTS;
    rb_fail_in(err, "%s", d->path);
    return NULL;
}

// What the call says, over what the checkpoint says; the two must agree on what shapes the network. `several`: there
// are more checkpoints, and an error says which one it is about.
static bool settle(rb_arena *a, rb_purpose purpose, int argc, char **argv, bool several, rb_deployed *d, rb_error *err)
{
    const rb_settings *trained = trained_settings(a, purpose, d, err);
    d->settings = trained ? trained_settings(a, purpose, d, err) : NULL;
    if (!d->settings) return false;
    d->rule = trained->threshold;
    return rb_config_flags(a, &d->settings->config, argc, argv, &d->operands, err) &&
           (rb_settings_agree(a, d->settings, trained, err) || (several && rb_fail_in(err, "%s", d->path)));
}

// ---- the whole ----------------------------------------------------------------------------------------------------

// With more than two classes there is none: the most probable class is taken.
static bool take_threshold(rb_deployed *d, const char *key, double given, rb_error *err)
{
    d->threshold_given = !isnan(given);
    d->threshold = d->threshold_given ? given : d->checkpoint.threshold;
    d->threshold_from = d->threshold_given ? "given" : "from the checkpoint";
    if (d->checkpoint.class_count > 2)
        return !d->threshold_given ||
               rb_fail(err, RB_ERR_USAGE, "%s: is for two classes, and %s was trained for %d; leave it out", key,
                       d->path, d->checkpoint.class_count);
    return !isnan(d->threshold) || rb_fail(err, RB_ERR_USAGE, "%s is missing, and %s has none", key, d->path);
}

static void say_what_is_used(const char *key, double given, const char *instead_of, double own)
{
    if (!isnan(given) && !isnan(own) && given != own)
        rb_note("%s %.9g is used instead of the %s %.9g", key, given, instead_of, own);
}

static bool choose_threshold(rb_deployed *d, const char *key, double given, rb_error *err)
{
    if (!take_threshold(d, key, given, err)) return false;
    say_what_is_used(key, given, "checkpoint's", d->checkpoint.threshold);
    return true;
}

// With a moving average, threshold and metrics of the training state are the average's, its weights are not.
static void warn_of_averaged(const rb_deployed *d)
{
    const rb_tensors *t = &d->checkpoint.tensors;
    for (int i = 0; i < t->count; i++) {
        if (strncmp(t->tensor[i].name, "ema.", 4) != 0) continue;
        rb_warn(
            "%s: its threshold is that of the averaged weights, and the plain ones are used; best.safetensors has the "
            "averaged ones",
            d->path);
        return;
    }
}

static bool open_network(rb_arena *a, rb_deployed *d, rb_error *err)
{
    if (!rb_network_open(a, d->settings, NULL, NULL, &d->network, err)) return false;
    d->network.preprocessing = d->checkpoint.preprocessing;
    warn_of_averaged(d);
    return (rb_network_borrow(&d->network, &d->checkpoint.tensors, err) &&
            rb_network_calibrate(a, &d->network, d->checkpoint.calibration, err)) ||
           rb_fail_in(err, "%s", d->path);
}

bool rb_deployed_open(rb_arena *a, rb_purpose purpose, int argc, char **argv, rb_deployed *out, rb_error *err)
{
    const rb_settings *asked = rb_settings_new(a, purpose);
    if (!rb_config_flags(a, &asked->config, argc, argv, &out->operands, err)) return false;
    rb_settings_speak(asked);
    return open_checkpoint(a, out, asked->checkpoint_path, err) && settle(a, purpose, argc, argv, false, out, err) &&
           (purpose == RB_FOR_EDA || choose_threshold(out, "val_threshold", asked->decision.val_threshold, err)) &&
           open_network(a, out, err);
}

// ---- several ------------------------------------------------------------------------------------------------------

// The part of the list that ends at `end`, or at the end of all.
static const char *part_of(rb_arena *a, const char *from, const char *end)
{
    char *part = rb_text_copy(a, from);
    if (end) part[end - from] = '\0';
    return part;
}

static bool paths_of(rb_arena *a, const char *text, rb_words *out, rb_error *err)
{
    *out = (rb_words){0};
    if (!text) return no_checkpoint(err);
    bool one = rb_file_exists(text) || rb_folder_exists(text);
    for (const char *at = text, *comma; at; at = comma ? comma + 1 : NULL) {
        comma = one ? NULL : strchr(at, ',');
        const char *path = part_of(a, at, comma);
        if (!*path) return rb_fail(err, RB_ERR_USAGE, "checkpoint_path: %s names a checkpoint without a name", text);
        out->word = rb_list_with(a, out->word, out->count++, (void *)path);
    }
    return true;
}

static bool same_classes(const rb_deployed *first, const rb_deployed *d, rb_error *err)
{
    const rb_checkpoint *x = &first->checkpoint, *y = &d->checkpoint;
    if (x->class_count != y->class_count)
        return rb_fail(err, RB_ERR_WEIGHTS, "%s has %d classes, %s has %d: no mean can be taken", first->path,
                       x->class_count, d->path, y->class_count);
    for (int k = 0; k < x->class_count; k++)
        if (strcmp(x->classes[k], y->classes[k]))
            return rb_fail(err, RB_ERR_WEIGHTS, "label %d is class '%s' in %s and '%s' in %s: no mean can be taken", k,
                           x->classes[k], first->path, y->classes[k], d->path);
    return true;
}

// Batches are the first one's; what became of device_index is said once.
static bool settle_all(rb_arena *a, rb_purpose purpose, int argc, char **argv, rb_words paths, rb_deployed *d,
                       rb_error *err)
{
    for (int i = 0; i < paths.count; i++) {
        if (!open_checkpoint(a, &d[i], paths.word[i], err) ||
            !settle(a, purpose, argc, argv, paths.count > 1, &d[i], err) || !same_classes(d, &d[i], err))
            return false;
        d[i].settings->compute.batch_size = d->settings->compute.batch_size;
        if (i) d[i].settings->compute.device_index = -1;
    }
    return true;
}

static bool mean_threshold(rb_arena *a, rb_deployed *d, int count, double given, rb_error *err)
{
    const char *key = "val_threshold";
    double sum = 0;
    if (count == 1) return choose_threshold(d, key, given, err);
    for (int i = 0; i < count; i++) {
        if (!take_threshold(&d[i], key, given, err)) return false;
        sum += d[i].checkpoint.threshold;
    }
    say_what_is_used(key, given, "checkpoints' mean", sum / count);
    if (d->threshold_given) return true;
    d->threshold = sum / count;
    d->threshold_from = rb_text_format(a, "mean of the %d checkpoints'", count);
    return true;
}

bool rb_deployed_open_all(rb_arena *a, rb_purpose purpose, int argc, char **argv, rb_deployed **out, int *count,
                          rb_error *err)
{
    const rb_settings *asked = rb_settings_new(a, purpose);
    rb_words operands, paths;
    if (!rb_config_flags(a, &asked->config, argc, argv, &operands, err)) return false;
    rb_settings_speak(asked);
    if (!paths_of(a, asked->checkpoint_path, &paths, err)) return false;
    *count = paths.count;
    *out = RB_NEW(a, rb_deployed, paths.count);
    if (!settle_all(a, purpose, argc, argv, paths, *out, err) ||
        !mean_threshold(a, *out, paths.count, asked->decision.val_threshold, err))
        return false;
    for (int i = 0; i < paths.count; i++)
        if (!open_network(a, &(*out)[i], err)) return false;
    return true;
}

// Keys of the call are about the first one; of those, what is no part of a network holds for both.
static bool settle_other(rb_arena *a, const rb_settings *first, rb_deployed *d, rb_error *err)
{
    rb_settings *s = d->settings = trained_settings(a, RB_FOR_EVAL, d, err);
    if (!s) return false;
    d->rule = s->threshold;
    s->compute.device_index = first->compute.device_index;
    s->compute.threads = first->compute.threads;
    s->compute.batch_size = first->compute.batch_size;
    s->data.workers = first->data.workers;
    s->data.cache_mb = first->data.cache_mb;
    s->data.on_bad_image = first->data.on_bad_image;
    s->eval = first->eval;
    return true;
}

bool rb_deployed_open_other(rb_arena *a, const rb_deployed *first, rb_deployed *out, rb_error *err)
{
    const rb_eval_settings *e = &first->settings->eval;
    return open_checkpoint(a, out, e->against, err) && settle_other(a, first->settings, out, err) &&
           choose_threshold(out, "against_threshold", e->against_threshold, err) && open_network(a, out, err);
}

void rb_deployed_expect(rb_deployed *d, int count, int pictures)
{
    for (int i = 0; i < count; i++)
        if (pictures > 0 && d[i].settings->compute.batch_size > pictures) d[i].settings->compute.batch_size = pictures;
}

bool rb_deployed_scorer(rb_arena *a, const rb_deployed *d, const rb_dataset *data, rb_scorer *out, rb_error *err)
{
    const rb_data_settings *s = &d->settings->data;
    int batch = d->settings->compute.batch_size;
    rb_loader *loader;
    rb_loader_spec spec = {.data = data,
                           .channels = s->channels,
                           .image_size = s->image_size,
                           .interpolation = (rb_interpolation)s->interpolation,
                           .batch_size = batch,
                           .workers = s->workers,
                           .on_bad_image = (rb_on_bad_image)s->on_bad_image};
    return rb_loader_open(a, &spec, &loader, err) && rb_scorer_open(a, &d->network, batch, data, loader, out, err);
}
