// SPDX-License-Identifier: Apache-2.0
#include "report/past.h"

#include "base/file.h"
#include "data/csv.h"
#include "metric/figures.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define CONFIG_LIMIT ((ptrdiff_t)1 << 20)
#define LOG_LIMIT    ((ptrdiff_t)1 << 30)
#define SPLIT_LIMIT  ((ptrdiff_t)1 << 30)

double rb_past_number(const json_t *record, const char *key)
{
    const json_t *value = json_object_get(record, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

int rb_past_integer(const json_t *record, const char *key)
{
    const json_t *value = json_object_get(record, key);
    json_int_t n = json_is_integer(value) ? json_integer_value(value) : -1;
    return n >= 0 && n < INT_MAX ? (int)n : -1;
}

const char *rb_past_text(const json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}

double *rb_past_column(rb_arena *a, rb_past_records records, const char *key)
{
    double *column = RB_NEW(a, double, records.count);
    for (int i = 0; i < records.count; i++) column[i] = rb_past_number(records.at[i], key);
    return column;
}

const json_t *rb_past_best(const rb_past *p)
{
    const json_t *best = NULL;
    for (int i = 0; i < p->log.epoch.count; i++)
        if (json_is_true(json_object_get(p->log.epoch.at[i], "best"))) best = p->log.epoch.at[i];
    return best;
}

const char *rb_past_calibration(const rb_past *p)
{
    const char *method = rb_past_text(p->log.run, "calibration");
    return method && strcmp(method, "none") ? method : NULL;
}

int rb_past_main_part(const rb_past *p)
{
    return rb_part_count(&p->part[RB_PAST_TEST])  ? RB_PAST_TEST
           : rb_part_count(&p->part[RB_PAST_VAL]) ? RB_PAST_VAL
                                                  : -1;
}

double rb_verdict_hter(const rb_verdict *v)
{
    return v->summary.n ? v->summary.rates.hter : v->many.n ? v->many.hter : (double)NAN;
}

int rb_past_taken(const rb_part_results *r, int row)
{
    if (r->scores.n) return r->scores.score[row] >= r->threshold;
    return rb_class_taken(r->many.p + (ptrdiff_t)row * r->many.k, r->many.k);
}

const char *rb_past_path(rb_arena *a, const rb_past *p, const char *name)
{
    const char *manifest = rb_setting_find(&p->settings, "manifest"), *root = rb_setting_find(&p->settings, "root_dir");
    if (manifest) root = rb_path_folder(a, manifest);
    return *name == '/' || !root ? name : rb_path_join(a, root, name);
}

// ---- log.jsonl ----------------------------------------------------------------------------------------------------

static void let_go(void *record)
{
    json_decref(record);
}

static void take(rb_arena *a, rb_past_records *list, json_t *record)
{
    rb_arena_defer(a, let_go, json_incref(record));
    list->at = rb_list_with(a, (void *)list->at, list->count++, record);
}

static rb_past_step step_of(const json_t *record)
{
    return (rb_past_step){.step = rb_past_number(record, "step"),
                          .epoch = rb_past_number(record, "epoch"),
                          .loss = rb_past_number(record, "train/loss"),
                          .lr = rb_past_number(record, "lr"),
                          .grad_norm = rb_past_number(record, "train/grad_norm"),
                          .t_s = rb_past_number(record, "t_s")};
}

// Steps are by far the most records: they become numbers at once.
static void sort_record(rb_arena *a, json_t *record, rb_past_log *log)
{
    const char *type = rb_past_text(record, "type");
    rb_past_records one = {0};
    if (!type) return;
    if (!strcmp(type, "step")) log->step[log->steps++] = step_of(record);
    if (!strcmp(type, "epoch")) take(a, &log->epoch, record);
    if (!strcmp(type, "eval")) take(a, &log->eval, record);
    if (!strcmp(type, "event")) take(a, &log->event, record);
    if (!strcmp(type, "run") || !strcmp(type, "end")) take(a, &one, record);
    if (!strcmp(type, "run") && !log->run) log->run = record;
    if (!strcmp(type, "end")) log->end = record;
}

static bool read_line(rb_arena *a, const char *path, int line, const char *text, size_t size, rb_past_log *log,
                      rb_error *err)
{
    json_error_t at;
    json_t *record = json_loadb(text, size, JSON_REJECT_DUPLICATES, &at);
    if (!json_is_object(record)) {
        json_decref(record);
        return rb_fail(err, RB_ERR_DATA, "%s:%d: is no JSON object%s%.100s; the file is damaged", path, line,
                       record ? "" : ": ", record ? "" : at.text);
    }
    sort_record(a, record, log);
    json_decref(record);
    return true;
}

static int lines_in(rb_bytes file)
{
    int lines = 0;
    for (ptrdiff_t i = 0; i < file.size; i++) lines += file.data[i] == '\n';
    return lines;
}

static bool read_log(rb_arena *a, const char *path, rb_past_log *out, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    rb_bytes file;
    bool done = rb_file_read(scratch, path, LOG_LIMIT, &file, err);
    *out = (rb_past_log){0};
    if (done) out->step = RB_NEW(a, rb_past_step, lines_in(file));
    const char *at = done ? (const char *)file.data : NULL, *end = done ? at + file.size : NULL, *stop;
    for (int line = 1; done && at < end && (stop = memchr(at, '\n', (size_t)(end - at))); line++, at = stop + 1)
        done = read_line(a, path, line, at, (size_t)(stop - at), out, err);
    rb_arena_close(scratch);
    return done;
}

// ---- split.csv ----------------------------------------------------------------------------------------------------

static int part_of(const char *name)
{
    int part = 0;
    while (part < RB_PAST_PARTS && strcmp(name, rb_results_parts[part])) part++;
    return part;
}

static bool read_row(rb_csv *csv, rb_past *out, bool head, rb_error *err)
{
    char *field[4];
    int count;
    if (!rb_csv_row(csv, field, 4, &count, err)) return false;
    if (count < 3) return rb_fail(err, RB_ERR_DATA, "%s:%d: has %d fields, not 3 or 4", csv->path, csv->line, count);
    if (head) return true;
    int label = 0;
    if (!rb_split_label(csv, field[1], &label, err)) return false;
    const char *group = count > 3 && *field[3] ? field[3] : NULL;
    out->picture[out->pictures++] = (rb_past_picture){field[0], group, label, part_of(field[2])};
    return true;
}

static bool read_split(rb_arena *a, const char *path, rb_past *out, rb_error *err)
{
    rb_csv csv;
    int room = 1;
    if (!rb_csv_open(a, path, SPLIT_LIMIT, &csv, err)) return false;
    for (const char *c = csv.at; c < csv.end; c++) room += *c == '\n';
    out->picture = RB_NEW(a, rb_past_picture, room);
    for (bool head = true; rb_csv_more(&csv); head = false)
        if (!read_row(&csv, out, head, err)) return false;
    return true;
}

// ---- verdicts -----------------------------------------------------------------------------------------------------

// Numbers for the groups of the part's pictures; NULL: none has one.
static const int *groups_of(rb_arena *a, const rb_past *p, int part)
{
    const rb_part_results *r = &p->part[part];
    int n = rb_part_count(r), at = 0, groups;
    const char **name = RB_NEW(a, const char *, n);
    for (int i = 0; i < p->pictures && at < n; i++) { // scores are in the order of split.csv, some may be missing
        const rb_past_picture *picture = &p->picture[i];
        if (picture->part == part && !strcmp(picture->name, r->path[at])) name[at++] = picture->group;
    }
    return rb_group_ids(a, name, n, &groups);
}

static rb_verdict judge(rb_arena *a, const rb_past *p, int part)
{
    const rb_part_results *r = &p->part[part];
    rb_verdict v = {.group = groups_of(a, p, part),
                    .resamples = rb_resamples_for(rb_part_count(r), r->scores.n ? 1 : r->many.k)};
    bool two = r->scores.n;
    rb_outputs o = {two ? r->scores.score : r->many.p, rb_part_labels(r), rb_part_count(r), two ? 1 : r->many.k};
    rb_figures f = rb_figures_of(a, o, r->threshold);
    v.intervals = rb_figures_intervals(a, o, &f, &(rb_bootstrap){v.resamples, v.group});
    v.summary = f.two;
    v.many = f.many;
    return v;
}

rb_interval rb_verdict_at(const rb_verdict *v, const char *figure)
{
    const rb_bounded *found = rb_intervals_find(&v->intervals, figure);
    return found ? found->at : (rb_interval){NAN, NAN};
}

// ---- the folder ---------------------------------------------------------------------------------------------------

static const char *name_of(rb_arena *a, const char *folder)
{
    char *path = rb_text_copy(a, folder);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = '\0';
    return rb_path_name(path);
}

// At least two, enough for every label, and as many as the checkpoint told apart.
static void find_classes(rb_arena *a, rb_past *p)
{
    int count = 2;
    for (int i = 0; i < p->pictures; i++)
        if (p->picture[i].label >= count) count = p->picture[i].label + 1;
    for (int part = 0; part < RB_PAST_PARTS; part++)
        if (p->part[part].many.k > count) count = p->part[part].many.k;
    p->classes = rb_class_names(a, p->log.run, count);
    p->class_count = count;
    p->has_names = rb_class_names_count(p->log.run) >= count;
}

static bool judge_parts(rb_arena *a, rb_past *p, rb_error *err)
{
    for (int part = 0; part < RB_PAST_PARTS; part++)
        if (!rb_folder_results(a, p->folder, rb_results_parts[part], &p->part[part], err)) return false;
    find_classes(a, p);
    for (int part = 0; part < RB_PAST_PARTS; part++) {
        const rb_part_results *r = &p->part[part];
        int told = r->scores.n ? 2 : r->many.n ? r->many.k : p->class_count;
        if (told != p->class_count)
            return rb_fail(err, RB_ERR_DATA, "%s/%s.proba: is of %d classes, and the run has %d", p->folder,
                           rb_results_parts[part], told, p->class_count);
        if (rb_part_count(r)) p->verdict[part] = judge(a, p, part);
    }
    return true;
}

bool rb_past_read(rb_arena *a, const char *folder, rb_past *out, rb_error *err)
{
    rb_bytes config;
    *out = (rb_past){.folder = rb_text_copy(a, folder), .name = name_of(a, folder)};
    const char *log = rb_path_join(a, folder, "log.jsonl");
    if (!rb_folder_exists(folder) || !rb_file_exists(log))
        return rb_fail(err, RB_ERR_IO, "%s: %s; name the folder of a run, as `rarebit train` prints it", folder,
                       rb_folder_exists(folder) ? "has no log.jsonl" : "no such folder");
    if (!read_log(a, log, &out->log, err) || !rb_folder_settings(a, folder, &out->settings, err) ||
        !rb_file_read(a, rb_path_join(a, folder, "config.yaml"), CONFIG_LIMIT, &config, err) ||
        !read_split(a, rb_path_join(a, folder, "split.csv"), out, err))
        return false;
    out->config = (const char *)config.data;
    out->short_name = out->name;
    return judge_parts(a, out, err);
}
