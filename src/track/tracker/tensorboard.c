// SPDX-License-Identifier: Apache-2.0
// tensorboard.c - events files in "<run>/tb", a pure function of the run folder: written anew whenever it is followed.
//
// So a run that was taken up again shows no step of the life before that its log has forgotten: the new file says all
// of it again, and begins with the mark that makes a reader forget what it has seen.
#include "base/file.h"
#include "image/image.h"
#include "track/events.h"
#include "track/folder.h"
#include "track/tracker.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PICTURE_SIDE 256 // pixels; larger ones are shrunk
#define MOST_CURVES  50  // classes; of more there are no curves, nor what is taken for what

typedef struct tensorboard {
    int images;
} tensorboard;

static const rb_field fields[] = {
    {"images", RB_INT, offsetof(tensorboard, images), .preset = 8, .min = 0, .max = 100, .unit = "pictures",
     .local = true, .help = "pictures of each part that the best checkpoint is most wrong about, shown at the end"},
    {0},
};

typedef struct own {
    rb_events events;
    rb_moment last; // of the records
} own;

// ---- the beginning -------------------------------------------------------------------------------------------------

// Our own files of earlier lives; others' stay.
static bool remove_earlier(rb_track *t, const char *folder, rb_error *err)
{
    rb_names names;
    if (!rb_folder_exists(folder)) return true;
    if (!rb_folder_list(t->scratch, folder, &names, err)) return false;
    const char *kept = rb_path_name(((own *)t->own)->events.path);
    for (int i = 0; i < names.count; i++)
        if (strstr(names.name[i], "tfevents") && strstr(names.name[i], ".rarebit.") && strcmp(names.name[i], kept))
            unlink(rb_path_join(t->scratch, folder, names.name[i]));
    return true;
}

static rb_sent put(rb_track *t, rb_moment at, const rb_summary_event *s, rb_error *err)
{
    own *o = t->own;
    return rb_events_put(t->scratch, &o->events, at, s, err) ? RB_SENT : RB_STOPPED;
}

static rb_sent flush(rb_track *t, rb_error *err)
{
    own *o = t->own;
    if (!fflush(o->events.file)) return RB_SENT;
    rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot write", o->events.path);
    return RB_STOPPED;
}

// The value as a table of Markdown.
static const char *settings_table(rb_arena *a, const rb_setting_list *s)
{
    const char *text = "| key | value |\n|---|---|\n";
    for (int i = 0; i < s->count; i++) text = rb_text_format(a, "%s| %s | %s |\n", text, s->at[i].key, s->at[i].text);
    return text;
}

// google.protobuf.Value: 2 number, 3 string, 4 bool
static rb_proto hparam_value(rb_arena *a, const rb_setting *s)
{
    char *end;
    rb_proto value = rb_proto_new(a);
    double number = strtod(s->text, &end);
    bool truth = !strcmp(s->text, "true");
    if (s->plain && end > s->text && !*end)
        rb_proto_double(&value, 2, number);
    else if (s->plain && (truth || !strcmp(s->text, "false")))
        rb_proto_int(&value, 4, truth);
    else
        rb_proto_text(&value, 3, s->text);
    return value;
}

static void put_hparams(rb_track *t, const rb_setting_list *s, double time_s, rb_summary_event *to)
{
    rb_proto info = rb_proto_new(t->scratch);
    for (int i = 0; i < s->count; i++) {
        rb_proto entry = rb_proto_new(t->scratch), value = hparam_value(t->scratch, &s->at[i]);
        rb_proto_text(&entry, 1, s->at[i].key);
        rb_proto_message(&entry, 2, &value);
        rb_proto_message(&info, 1, &entry);
    }
    rb_proto_text(&info, 4, rb_path_name(t->folder));
    rb_proto_double(&info, 5, time_s);
    rb_summary_hparams(to, "_hparams_/session_start_info", 3, &info);
}

static rb_sent put_run(rb_track *t, const rb_record *r, rb_error *err)
{
    rb_setting_list settings;
    if (!rb_folder_settings(t->scratch, t->folder, &settings, err)) return RB_REFUSED;
    rb_summary_event s = rb_summary_new(t->scratch);
    char *facts = json_dumps(r->json, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    rb_summary_text(&s, "config/text_summary", settings_table(t->scratch, &settings));
    rb_summary_text(&s, "run/text_summary", rb_text_format(t->scratch, "```\n%s\n```\n", facts ? facts : ""));
    free(facts);
    put_hparams(t, &settings, r->time_s, &s);
    return put(t, (rb_moment){r->time_s, 0}, &s, err);
}

// ---- records -------------------------------------------------------------------------------------------------------

// The file begins with the first record, at whose time the run began.
static rb_sent open_file(rb_track *t, const rb_record *r, rb_error *err)
{
    own *o = t->own;
    const char *folder = rb_path_join(t->arena, t->folder, "tb");
    if (o->events.file) return RB_SENT;
    if (!rb_events_open(t->arena, folder, r->time_s, &o->events, err)) return RB_STOPPED;
    return remove_earlier(t, folder, err) ? RB_SENT : RB_STOPPED;
}

static bool is_histogram(const rb_record *r)
{
    const char *event = rb_json_at_text(r->json, "event");
    return event && !strcmp(event, "histogram");
}

static int take_doubles(rb_arena *a, const json_t *list, double **out)
{
    int n = (int)json_array_size(list);
    *out = RB_NEW(a, double, n);
    for (int i = 0; i < n; i++) (*out)[i] = json_number_value(json_array_get(list, (size_t)i));
    return n;
}

static rb_sent put_histogram(rb_track *t, const rb_record *r, rb_error *err)
{
    double *edge, *count;
    const char *name = rb_json_at_text(r->json, "name");
    rb_histogram h = {0};
    rb_summary_event s = rb_summary_new(t->scratch);
    h.buckets = take_doubles(t->scratch, json_object_get(r->json, "edges"), &edge);
    if (take_doubles(t->scratch, json_object_get(r->json, "counts"), &count) != h.buckets || !name) return RB_SENT;
    h.edge = edge;
    h.count = count;
    const struct {
        const char *key;
        double *to;
    } numbers[] = {{"min", &h.min}, {"max", &h.max}, {"n", &h.number}, {"sum", &h.sum}, {"squares", &h.squares}};
    for (int i = 0; i < 5; i++)
        if (!rb_json_at_number(r->json, numbers[i].key, numbers[i].to)) return RB_SENT;
    rb_summary_histogram(&s, name, &h);
    return put(t, (rb_moment){r->time_s, r->step}, &s, err);
}

static rb_sent put_metrics(rb_track *t, const rb_record *r, rb_error *err)
{
    rb_summary_event s = rb_summary_new(t->scratch);
    for (int i = 0; i < r->count; i++) rb_summary_scalar(&s, r->metrics[i].name, r->metrics[i].value);
    return put(t, (rb_moment){r->time_s, r->step}, &s, err);
}

static rb_sent put_record(rb_track *t, const rb_record *r, rb_error *err)
{
    own *o = t->own;
    rb_sent sent = open_file(t, r, err);
    if (sent != RB_SENT) return sent;
    o->last.time_s = r->time_s;
    if (r->step > o->last.step) o->last.step = r->step;
    if (r->kind == RB_RECORD_RUN) return put_run(t, r, err);
    if (r->count) return put_metrics(t, r, err);
    return is_histogram(r) ? put_histogram(t, r, err) : RB_SENT;
}

static rb_sent records(rb_track *t, const rb_record *r, int n, int *taken, rb_error *err)
{
    rb_sent sent = RB_SENT;
    for (*taken = 0; *taken < n && sent == RB_SENT; ++*taken) {
        sent = put_record(t, &r[*taken], err);
        rb_arena_reset(t->scratch);
    }
    return sent == RB_SENT ? flush(t, err) : sent;
}

// ---- the end -------------------------------------------------------------------------------------------------------

static void fill_pr_curve(const rb_scores *s, float *rows)
{
    float *row[RB_PR_ROWS];
    for (int i = 0; i < RB_PR_ROWS; i++) row[i] = rows + (ptrdiff_t)i * RB_PR_THRESHOLDS;
    for (int i = 0; i < RB_PR_THRESHOLDS; i++) {
        rb_confusion c = rb_confusion_at(*s, (double)i / (RB_PR_THRESHOLDS - 1));
        rb_rates rates = rb_rates_of(c);
        row[0][i] = (float)c.tp;
        row[1][i] = (float)c.fp;
        row[2][i] = (float)c.tn;
        row[3][i] = (float)c.fn;
        row[4][i] = (float)rates.precision;
        row[5][i] = (float)rates.recall;
    }
}

// Of label 1; of more than two classes one for each against the rest.
static rb_sent put_curves(rb_track *t, const char *part, const rb_part_results *r, const char *const *classes,
                          rb_error *err)
{
    float rows[RB_PR_ROWS * RB_PR_THRESHOLDS];
    rb_summary_event s = rb_summary_new(t->scratch);
    const char *tag = rb_text_format(t->scratch, "best/%s/pr_curve", part);
    if (r->classes == 2) {
        fill_pr_curve(&r->scores, rows);
        rb_summary_pr_curve(&s, tag, rows);
    }
    for (int k = 0; k < r->many.k && r->many.k <= MOST_CURVES; k++) {
        rb_scores one = rb_class_against_rest(t->scratch, r->many, k);
        fill_pr_curve(&one, rows);
        rb_summary_pr_curve(&s, rb_text_format(t->scratch, "%s/%s", tag, classes[k]), rows);
    }
    return put(t, ((own *)t->own)->last, &s, err);
}

// A name as a cell of a table of Markdown.
static const char *cell(rb_arena *a, const char *name)
{
    char *text = RB_NEW(a, char, 2 * (ptrdiff_t)strlen(name) + 1), *to = text;
    for (; *name; name++) {
        if (strchr("|\\`*_<>[]#", *name)) *to++ = '\\';
        *to++ = *name == '\n' ? ' ' : *name;
    }
    return text;
}

// TensorBoard has no form of its own for what is taken for what.
static rb_sent put_matrix(rb_track *t, const char *part, const rb_part_results *r, const char *const *classes,
                          rb_error *err)
{
    rb_arena *a = t->scratch;
    const char *head = "| truth ↓ decision → |", *rule = "|---|", *rows = "";
    if (r->classes > MOST_CURVES) return RB_SENT;
    for (int k = 0; k < r->classes; k++) {
        head = rb_text_format(a, "%s %s |", head, cell(a, classes[k]));
        rule = rb_text_format(a, "%s---:|", rule);
        rows = rb_text_format(a, "%s| %s |", rows, cell(a, classes[k]));
        for (int c = 0; c < r->classes; c++)
            rows = rb_text_format(a, "%s %lld |", rows, (long long)r->matrix[k * r->classes + c]);
        rows = rb_text_format(a, "%s\n", rows);
    }
    rb_summary_event s = rb_summary_new(a);
    rb_summary_text(&s, rb_text_format(a, "best/%s/confusion/text_summary", part),
                    rb_text_format(a, "%s\n%s\n%s", head, rule, rows));
    return put(t, ((own *)t->own)->last, &s, err);
}

// The probability of the label.
static double share_of_label(const rb_part_results *r, int i)
{
    if (r->many.n) return r->many.p[(ptrdiff_t)i * r->many.k + r->many.label[i]];
    return r->scores.label[i] ? r->scores.score[i] : 1 - r->scores.score[i];
}

static double wrong_by(const rb_part_results *r, int i)
{
    return 1 - share_of_label(r, i);
}

// The picture that is most wrong among those less wrong than `after`, or as wrong and behind it; `after` -1: of all.
// -1: none.
static int next_worst(const rb_part_results *r, int after)
{
    int found = -1;
    for (int i = 0; i < rb_part_count(r); i++) {
        bool follows =
            after < 0 || wrong_by(r, i) < wrong_by(r, after) || (wrong_by(r, i) == wrong_by(r, after) && i > after);
        if (follows && (found < 0 || wrong_by(r, i) > wrong_by(r, found))) found = i;
    }
    return found;
}

static bool read_small(rb_arena *a, const char *path, rb_image *out, rb_error *err)
{
    rb_bytes file;
    if (!rb_file_read(a, path, RB_IMAGE_MAX_FILE, &file, err) || !rb_image_decode(a, file, 3, out, err)) return false;
    int side = out->h > out->w ? out->h : out->w;
    if (side <= PICTURE_SIDE) return true;
    rb_image small = {.h = out->h * PICTURE_SIDE / side, .w = out->w * PICTURE_SIDE / side, .c = 3};
    if (small.h < 1) small.h = 1;
    if (small.w < 1) small.w = 1;
    small.pixels = RB_NEW(a, uint8_t, (ptrdiff_t)small.h * small.w * 3);
    rb_image_resize(a, out, RB_AREA, &small);
    *out = small;
    return true;
}

// A picture that is no longer where it was is left out.
static rb_sent put_picture(rb_track *t, const char *tag, const char *path, rb_error *err)
{
    rb_image image;
    rb_bytes png;
    rb_error ignored;
    if (!read_small(t->scratch, path, &image, &ignored) || !rb_image_encode_png(t->scratch, &image, &png, &ignored))
        return RB_SENT;
    rb_summary_event s = rb_summary_new(t->scratch);
    rb_summary_png(&s, tag, image.h, image.w, image.c, png);
    return put(t, ((own *)t->own)->last, &s, err);
}

// Names in split.csv are relative to root_dir, or to the manifest's folder.
static const char *picture_folder(rb_track *t)
{
    rb_setting_list settings;
    rb_error ignored;
    if (!rb_folder_settings(t->scratch, t->folder, &settings, &ignored)) return ".";
    const char *root = rb_setting_find(&settings, "root_dir"), *manifest = rb_setting_find(&settings, "manifest");
    return manifest ? rb_path_folder(t->scratch, manifest) : root ? root : ".";
}

static const char *picture_path(rb_track *t, const char *folder, const char *name)
{
    return *name == '/' ? name : rb_path_join(t->scratch, folder, name);
}

static rb_sent put_worst(rb_track *t, const char *part, const rb_part_results *r, rb_error *err)
{
    const tensorboard *c = t->cfg;
    const char *folder = picture_folder(t);
    rb_sent sent = RB_SENT;
    for (int i = 0, worst = -1; i < c->images && sent == RB_SENT; i++) {
        worst = next_worst(r, worst);
        if (worst < 0) return RB_SENT;
        const char *tag =
            rb_text_format(t->scratch, "worst_%s/%02d: %s, label %d, probability%s %.3f", part, i + 1,
                           rb_path_name(r->path[worst]), rb_part_labels(r)[worst], r->many.n ? " of it" : "",
                           r->many.n ? share_of_label(r, worst) : r->scores.score[worst]);
        sent = put_picture(t, tag, picture_path(t, folder, r->path[worst]), err);
    }
    return sent;
}

// The first pictures of the training part, as they are on disk.
static rb_sent put_samples(rb_track *t, const rb_part_results *r, rb_error *err)
{
    const tensorboard *c = t->cfg;
    const char *folder = picture_folder(t);
    rb_sent sent = RB_SENT;
    for (int i = 0; i < rb_part_count(r) && i < c->images && sent == RB_SENT; i++) {
        const char *tag = rb_text_format(t->scratch, "samples/%02d: %s, label %d", i + 1, rb_path_name(r->path[i]),
                                         rb_part_labels(r)[i]);
        sent = put_picture(t, tag, picture_path(t, folder, r->path[i]), err);
    }
    return sent;
}

static rb_sent put_part(rb_track *t, const char *part, rb_error *err)
{
    rb_part_results r;
    if (!rb_folder_results(t->scratch, t->folder, part, &r, err)) return RB_REFUSED;
    if (!rb_part_count(&r)) return RB_SENT;
    const char *const *classes = rb_class_names(t->scratch, rb_folder_run(t->scratch, t->folder), r.classes);
    rb_sent sent = put_curves(t, part, &r, classes, err);
    if (sent == RB_SENT) sent = put_matrix(t, part, &r, classes, err);
    if (sent == RB_SENT && !strcmp(part, "train")) sent = put_samples(t, &r, err);
    return sent == RB_SENT ? put_worst(t, part, &r, err) : sent;
}

static rb_sent put_end(rb_track *t, rb_error *err)
{
    const own *o = t->own;
    rb_proto info = rb_proto_new(t->scratch);
    rb_proto_int(&info, 1, t->finished ? 1 : 2); // SUCCESS, FAILURE
    rb_proto_double(&info, 2, o->last.time_s);
    rb_summary_event s = rb_summary_new(t->scratch);
    rb_summary_hparams(&s, "_hparams_/session_end_info", 4, &info);
    rb_sent sent = put(t, o->last, &s, err);
    return sent == RB_SENT ? flush(t, err) : sent;
}

static rb_sent begin(rb_track *t, int i, rb_error *err)
{
    (void)t, (void)i, (void)err;
    return RB_NO_MORE;
}

static rb_sent end(rb_track *t, int i, rb_error *err)
{
    const own *o = t->own;
    if (!o->events.file || i > 3) return RB_NO_MORE; // a log without a line has nothing to show
    return i < 3 ? put_part(t, rb_results_parts[i], err) : put_end(t, err);
}

const rb_tracker rb_tracker_tensorboard = {
    .name = "tensorboard",
    .help = "events files in tb/ of the run folder",
    .cfg_bytes = sizeof(tensorboard),
    .own_bytes = sizeof(own),
    .fields = fields,
    .local = true,
    .begin = begin,
    .records = records,
    .end = end,
};
