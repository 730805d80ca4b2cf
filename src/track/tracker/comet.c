// SPDX-License-Identifier: Apache-2.0
// comet.c - Comet's REST interface, version 2; without a key or a network, the archive that `comet upload` takes.
//
// One number is one request, and Comet allows 15,000 an hour: a bucket of BURST requests fills at RATE_PER_S. Epochs
// and results are always told, steps at a stride; the whole history goes up as the file log.jsonl. Numbers bear no mark
// of their own there, so one whose fate is unknown is read back before it is sent again.
//
// Source: comet.com/docs/v2 (write endpoints, limits), comet-ml/cometr, comet-ml/comet-java-sdk. No account of the real
//         service has verified this.
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "track/comet_archive.h"
#include "track/comet_items.h"
#include "track/credentials.h"
#include "track/folder.h"
#include "track/tracker.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_S   10.0
#define STALL_S    30.0
#define RATE_PER_S 4.0
#define BURST      400.0 // with an hour of RATE_PER_S still below what an hour allows
#define STEP_SPARE 40.0  // steps are told while the bucket holds more
#define BEAT_S     3.0   // at the least, between signs of life

typedef struct comet {
    const char *project, *workspace;
    int step_every;
} comet;

static const rb_field fields[] = {
    {"project", RB_TEXT, offsetof(comet, project), .optional = true, .local = true,
     .help = "project that runs go to; null: what COMET_PROJECT_NAME or .comet.config says, or rarebit"},
    {"workspace", RB_TEXT, offsetof(comet, workspace), .optional = true, .local = true,
     .help = "workspace of the project; null: what COMET_WORKSPACE or .comet.config says, or the account's own"},
    {"step_every", RB_INT, offsetof(comet, step_every), .preset = 50, .min = 1, .max = 1000000, .unit = "steps",
     .local = true, .help = "tell every so manieth step; epochs are told always"},
    {0},
};

typedef struct own {
    const char *base, *key, *project, *workspace; // key NULL: none
    bool known;                                   // the above were looked for
    double tokens, filled_s;                      // of the bucket
    double beat_s, beaten_s;                      // between signs of life; the last
} own;

// ---- who we are ----------------------------------------------------------------------------------------------------

static const char *look_up(rb_track *t, const char *variable, const char *key)
{
    const char *value = rb_environment(variable);
    const char *files[] = {rb_environment("COMET_CONFIG"), ".comet.config", rb_path_at_home(t->arena, ".comet.config")};
    for (int i = 0; i < 3 && !value; i++) value = rb_ini_find(t->arena, files[i], "comet", key);
    return value && *value ? value : NULL;
}

// COMET_URL_OVERRIDE is customarily the address of another interface beside this one.
static const char *base_of(rb_arena *a, const char *url)
{
    static const char other[] = "/clientlib";
    char *base = rb_text_copy(a, url ? url : "https://www.comet.com");
    size_t n = strlen(base);
    while (n && base[n - 1] == '/') base[--n] = '\0';
    if (n >= sizeof other - 1 && !strcmp(base + n - (sizeof other - 1), other)) base[n - (sizeof other - 1)] = '\0';
    return rb_text_format(a, "%s/api/rest/v2", base);
}

// What an earlier process left in it: the service counts on.
static void open_bucket(const rb_track *t, own *o)
{
    double tokens, filled_s;
    o->tokens = BURST;
    o->filled_s = rb_clock_unix_s();
    if (!rb_json_at_number(t->kept, "tokens", &tokens) || !rb_json_at_number(t->kept, "filled_s", &filled_s)) return;
    if (filled_s > o->filled_s) return; // a clock that was set back
    o->tokens = tokens;
    o->filled_s = filled_s;
}

static own *know_service(rb_track *t)
{
    const comet *c = t->cfg;
    own *o = t->own;
    if (o->known) return o;
    const char *project = c->project ? c->project : look_up(t, "COMET_PROJECT_NAME", "project_name");
    *o = (own){.known = true, .beat_s = BEAT_S};
    open_bucket(t, o);
    o->base = base_of(t->arena, look_up(t, "COMET_URL_OVERRIDE", "url_override"));
    o->key = look_up(t, "COMET_API_KEY", "api_key");
    o->project = project ? project : "rarebit";
    o->workspace = c->workspace ? c->workspace : look_up(t, "COMET_WORKSPACE", "workspace");
    return o;
}

static const char *experiment_key(const rb_track *t)
{
    return rb_json_at_text(t->kept, "experiment_key");
}

// ---- asking --------------------------------------------------------------------------------------------------------

static void fill_bucket(own *o)
{
    double now_s = rb_clock_unix_s();
    o->tokens = fmin(o->tokens + RATE_PER_S * fmax(now_s - o->filled_s, 0), BURST);
    o->filled_s = now_s;
}

// Waits for a request's turn. False: the time is over before.
static bool take_token(rb_track *t, rb_error *err)
{
    own *o = t->own;
    for (fill_bucket(o); o->tokens < 1; fill_bucket(o)) {
        if (t->give_up(t->context)) return rb_fail(err, RB_ERR_IO, "no more requests are allowed at present");
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    }
    o->tokens--;
    json_object_set_new(t->kept, "tokens", json_real(o->tokens));
    json_object_set_new(t->kept, "filled_s", json_real(o->filled_s));
    return true;
}

static rb_sent send_out(rb_track *t, rb_http_request r, const char *call, const char *type, json_t **out, rb_error *err)
{
    const own *o = t->own;
    const char *const headers[] = {rb_text_format(t->scratch, "Authorization: %s", o->key), type, NULL};
    r.url = rb_text_format(t->scratch, "%s/%s", o->base, call);
    r.headers = headers;
    return take_token(t, err) ? rb_track_ask(t, &r, out, NULL, err) : RB_LATER;
}

static rb_sent post(rb_track *t, const char *call, rb_json *body, json_t **out, rb_error *err)
{
    rb_json_close(body);
    const char *text = rb_json_text(body);
    rb_http_request r = {
        .method = "POST", .body = {(const uint8_t *)text, (ptrdiff_t)strlen(text)}, .timeout_s = ANSWER_S};
    return send_out(t, r, call, "Content-Type: application/json", out, err);
}

static rb_sent get(rb_track *t, const char *call, json_t **out, rb_error *err)
{
    rb_http_request r = {.method = "GET", .timeout_s = ANSWER_S};
    return send_out(t, r, call, NULL, out, err);
}

// A body that says of which experiment it is.
static rb_json *new_body(rb_track *t)
{
    rb_json *j = rb_json_new(t->scratch);
    rb_json_open(j, NULL, '{');
    if (experiment_key(t)) rb_json_string(j, "experimentKey", experiment_key(t));
    return j;
}

static int64_t ms(double s)
{
    return (int64_t)(1e3 * s);
}

// ---- signs of life -------------------------------------------------------------------------------------------------

static void beat(rb_track *t)
{
    own *o = t->own;
    json_t *answer;
    rb_error ignored;
    double every_ms, now_s = rb_clock_now_s();
    if (!o->known || !experiment_key(t) || now_s < o->beaten_s + o->beat_s) return;
    bool unsure = t->unsure;
    const char *call = rb_text_format(t->scratch, "write/experiment/set-status?experimentKey=%s", experiment_key(t));
    rb_sent sent = get(t, call, &answer, &ignored);
    o->beaten_s = rb_clock_now_s();
    t->unsure = unsure; // a sign of life that was lost is no matter
    if (sent != RB_SENT) return;
    if (rb_json_at_number(answer, "isAliveBeatDurationMillis", &every_ms)) o->beat_s = fmax(every_ms / 1e3, BEAT_S);
}

// ---- the beginning -------------------------------------------------------------------------------------------------

static rb_sent create(rb_track *t, rb_error *err)
{
    const own *o = know_service(t);
    json_t *answer;
    if (!o->key) {
        rb_fail(err, RB_ERR_USAGE, "no key in COMET_API_KEY or .comet.config; an archive is written instead");
        return RB_STOPPED;
    }
    rb_json *body = new_body(t);
    if (o->workspace) rb_json_string(body, "workspaceName", o->workspace);
    rb_json_string(body, "projectName", o->project);
    rb_json_string(body, "experimentName", rb_path_name(t->folder));
    rb_sent sent = post(t, "write/experiment/create", body, &answer, err);
    if (sent == RB_REFUSED) return RB_STOPPED;
    if (sent != RB_SENT) return sent;
    const char *key = rb_json_at_text(answer, "experimentKey"), *link = rb_json_at_text(answer, "link");
    if (!key || strspn(key, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != strlen(key)) {
        rb_fail(err, RB_ERR_IO, "%s answers without an experimentKey", rb_http_server(t->scratch, o->base));
        return RB_LATER;
    }
    json_object_set_new(t->kept, "experiment_key", json_string(key));
    if (link) json_object_set_new(t->kept, "link", json_string(link));
    return RB_SENT;
}

// The words that this process was called with.
static void put_command(rb_arena *a, rb_json *j)
{
    char words[4096];
    FILE *f = fopen("/proc/self/cmdline", "rbe");
    size_t n = f ? fread(words, 1, sizeof words - 1, f) : 0;
    if (f) fclose(f);
    words[n] = '\0';
    rb_json_open(j, "command", '[');
    for (const char *word = words; word < words + n; word += strlen(word) + 1)
        rb_json_string(j, NULL, rb_text_copy(a, word));
    rb_json_close(j);
}

static rb_sent send_system(rb_track *t, rb_error *err)
{
    struct utsname u;
    rb_json *body = new_body(t);
    const char *user = rb_environment("USER");
    uname(&u);
    rb_json_string(body, "user", user ? user : "");
    rb_json_string(body, "hostname", u.nodename);
    rb_json_string(body, "os", u.sysname);
    rb_json_string(body, "osType", u.sysname);
    rb_json_string(body, "osRelease", u.release);
    rb_json_string(body, "machine", u.machine);
    rb_json_string(body, "processor", u.machine);
    if (t->live) rb_json_integer(body, "pid", getpid());
    if (t->live) put_command(t->scratch, body);
    rb_json_string(body, "executable", "rarebit " RB_VERSION);
    return post(t, "write/experiment/system-details", body, NULL, err);
}

static rb_sent send_git(rb_track *t, rb_error *err)
{
    rb_git git = rb_git_here(t->scratch);
    if (!git.commit) return RB_SENT;
    rb_json *body = new_body(t);
    const char *user = rb_environment("USER");
    rb_json_string(body, "user", user ? user : "");
    rb_json_string(body, "root", git.root);
    rb_json_string(body, "branch", git.branch ? git.branch : "");
    rb_json_string(body, "parent", git.commit);
    rb_json_string(body, "origin", git.origin ? git.origin : "");
    return post(t, "write/experiment/git/metadata", body, NULL, err);
}

static rb_sent send_time(rb_track *t, const char *which, double time_s, rb_error *err)
{
    rb_json *body = new_body(t);
    rb_json_integer(body, which, ms(time_s));
    return post(t, "write/experiment/set-start-end-time", body, NULL, err);
}

static rb_sent send_other(rb_track *t, const char *key, const char *value, rb_error *err)
{
    rb_json *body = new_body(t);
    rb_json_string(body, "key", key);
    rb_json_string(body, "value", value);
    rb_json_integer(body, "timestamp", ms(t->last_s));
    return post(t, "write/experiment/log-other", body, NULL, err);
}

static rb_sent send_setting(rb_track *t, int i, rb_error *err)
{
    rb_setting_list s;
    if (!rb_folder_settings(t->scratch, t->folder, &s, err)) return RB_REFUSED;
    if (i >= s.count) return RB_NO_MORE;
    rb_json *body = new_body(t);
    rb_json_string(body, "parameterName", s.at[i].key);
    rb_json_string(body, "parameterValue", s.at[i].text);
    rb_json_integer(body, "timestamp", ms(t->begun_s));
    return post(t, "write/experiment/parameter", body, NULL, err);
}

static rb_sent send_start(rb_track *t, rb_error *err)
{
    return send_time(t, "startTimeMillis", t->begun_s, err);
}

static rb_sent send_author(rb_track *t, rb_error *err)
{
    return send_other(t, "Created by", "rarebit " RB_VERSION, err);
}

static rb_sent (*const first[])(rb_track *t, rb_error *err) = {create, send_system, send_git, send_start, send_author};
#define FIRST ((int)(sizeof first / sizeof *first))

// Whether a key is still there is asked each time: `track send` may be another process on another day.
static rb_sent begin(rb_track *t, int i, rb_error *err)
{
    if (i && !know_service(t)->key) {
        rb_fail(err, RB_ERR_USAGE, "no key in COMET_API_KEY or .comet.config");
        return RB_STOPPED;
    }
    return i < FIRST ? first[i](t, err) : send_setting(t, i - FIRST, err);
}

// ---- records -------------------------------------------------------------------------------------------------------

// Whether the service has this very number already. False as well where it cannot tell.
static bool is_there(rb_track *t, const rb_record *r, const rb_metric *m, rb_sent *sent, rb_error *err)
{
    json_t *answer = NULL;
    const char *call = rb_text_format(t->scratch, "experiment/metrics/get-metric?experimentKey=%s&metricName=%s",
                                      experiment_key(t), rb_http_escape(t->scratch, m->name));
    *sent = get(t, call, &answer, err);
    const json_t *points = *sent == RB_SENT ? json_object_get(answer, "metrics") : NULL;
    if (*sent == RB_REFUSED) *sent = RB_SENT; // it knows no such metric
    for (size_t i = 0; i < json_array_size(points); i++) {
        double step, value;
        const json_t *point = json_array_get(points, i);
        if (rb_json_at_number(point, "step", &step) && rb_json_at_number(point, "metricValue", &value) &&
            step == (double)r->step && value == m->value)
            return true;
    }
    return false;
}

static rb_sent send_metric(rb_track *t, const rb_record *r, const rb_metric *m, rb_error *err)
{
    if (t->unsure) {
        rb_sent sent;
        bool there = is_there(t, r, m, &sent, err);
        if (there || sent != RB_SENT) return sent;
    }
    rb_json *body = new_body(t);
    rb_json_string(body, "metricName", m->name);
    rb_json_real(body, "metricValue", m->value);
    rb_json_integer(body, "step", r->step);
    rb_json_integer(body, "epoch", r->epoch);
    rb_json_integer(body, "timestamp", ms(r->time_s));
    return post(t, "write/experiment/metric", body, NULL, err);
}

static int values_done(const rb_track *t)
{
    return (int)json_integer_value(json_object_get(t->kept, "values"));
}

static void keep_values_done(rb_track *t, int done)
{
    json_object_set_new(t->kept, "values", json_integer(done));
}

static bool is_left_out(rb_track *t, const rb_record *r)
{
    const comet *c = t->cfg;
    own *o = t->own;
    if (!r->count) return true;
    if (r->kind != RB_RECORD_STEP || values_done(t)) return false; // what is begun is finished
    fill_bucket(o);
    return r->step % c->step_every || o->tokens < STEP_SPARE;
}

// After each number the mark within the record moves, so that of a sender that dies one number at most is unsure.
static rb_sent send_record(rb_track *t, const rb_record *r, rb_error *err)
{
    for (int i = values_done(t); i < r->count; i++) {
        rb_sent sent = send_metric(t, r, &r->metrics[i], err);
        if (sent != RB_SENT && sent != RB_REFUSED) return sent;
        t->unsure = false;
        keep_values_done(t, i + 1);
        rb_track_keep(t);
        beat(t);
    }
    keep_values_done(t, 0);
    return RB_SENT;
}

static rb_sent records(rb_track *t, const rb_record *r, int n, int *taken, rb_error *err)
{
    know_service(t);
    *taken = 0;
    while (*taken < n && is_left_out(t, &r[*taken])) ++*taken;
    if (*taken) return RB_SENT;
    *taken = 1;
    return send_record(t, r, err);
}

// ---- the end -------------------------------------------------------------------------------------------------------

// Whether the service has a file of this name and type already.
static bool has_file(rb_track *t, const rb_comet_item *item, rb_sent *sent, rb_error *err)
{
    json_t *answer = NULL;
    const char *call = rb_text_format(t->scratch, "experiment/asset/list?experimentKey=%s&type=all", experiment_key(t));
    *sent = get(t, call, &answer, err);
    const json_t *assets = *sent == RB_SENT ? json_object_get(answer, "assets") : NULL;
    if (*sent == RB_REFUSED) *sent = RB_SENT; // it has no list
    for (size_t i = 0; i < json_array_size(assets); i++) {
        const json_t *asset = json_array_get(assets, i);
        const char *name = rb_json_at_text(asset, "fileName"), *type = rb_json_at_text(asset, "type");
        if (name && type && !strcmp(name, item->name) && !strcmp(type, item->type)) return true;
    }
    return false;
}

static const char *upload_call(rb_track *t, const rb_comet_item *item)
{
    rb_arena *a = t->scratch;
    const char *dot = strrchr(item->name, '.');
    const char *call = rb_text_format(
        a, "write/experiment/upload-asset?experimentKey=%s&type=%s&fileName=%s&extension=%s", experiment_key(t),
        item->type, rb_http_escape(a, item->name), rb_http_escape(a, dot ? dot + 1 : "json"));
    call = rb_text_format(a, "%s&overwrite=true", call);
    return item->grouping ? rb_text_format(a, "%s&groupingName=%s", call, rb_http_escape(a, item->grouping)) : call;
}

static rb_sent upload(rb_track *t, const rb_comet_item *item, rb_error *err)
{
    if (t->unsure) {
        rb_sent sent;
        bool there = has_file(t, item, &sent, err);
        if (there || sent != RB_SENT) return sent;
    }
    rb_http_request r = {.method = "POST",
                         .body = item->text,
                         .file = item->path,
                         .part = "file",
                         .file_name = item->name,
                         .timeout_s = STALL_S};
    return send_out(t, r, upload_call(t, item), NULL, NULL, err);
}

// What people look for first, then files, and last the moment after which nothing comes.
static rb_sent end(rb_track *t, int i, rb_error *err)
{
    rb_comet_item item;
    bool more;
    if (i == 0) return send_other(t, "Status", t->finished ? "finished" : t->live ? "failed" : "killed", err);
    if (i == 1) return send_time(t, "endTimeMillis", t->last_s, err);
    if (!rb_comet_item_at(t->scratch, t->folder, i - 2, &item, &more, err)) return RB_REFUSED;
    if (!more) return RB_NO_MORE;
    return item.type ? upload(t, &item, err) : RB_SENT;
}

// ---- the archive ---------------------------------------------------------------------------------------------------

// The same each time, so that a later archive takes the place of an earlier one.
static const char *offline_id(rb_track *t)
{
    const char *kept = rb_json_at_text(t->kept, "offline_id");
    uint8_t random[16];
    char text[33];
    if (kept) return kept;
    if (getrandom(random, sizeof random, 0) != sizeof random) return NULL;
    for (int i = 0; i < 16; i++) snprintf(text + 2 * i, 3, "%02x", random[i]);
    json_object_set_new(t->kept, "offline_id", json_string(text));
    return rb_json_at_text(t->kept, "offline_id");
}

static const char *archive_path(rb_track *t, const char *id)
{
    const char *folder = look_up(t, "COMET_OFFLINE_DIRECTORY", "offline_directory");
    if (!folder) folder = rb_path_join(t->scratch, t->folder, "track");
    return rb_text_format(t->scratch, "%s/%s.zip", folder, id);
}

static bool write_archive(rb_track *t, rb_error *err)
{
    const own *o = know_service(t);
    const char *id = offline_id(t);
    if (!id) return rb_fail(err, RB_ERR_IO, "no random numbers for an archive");
    const char *path = archive_path(t, id);
    rb_comet_archive what = {id, o->workspace, o->project};
    rb_track_keep(t);
    if (!rb_folder_make(rb_path_folder(t->scratch, path), err) ||
        !rb_comet_archive_write(t->scratch, t->folder, &what, path, err))
        return false;
    rb_note("comet: %s is for `comet upload`, or use `rarebit track send %s` with a key", path, t->folder);
    return true;
}

// An archive is for a run that Comet has heard nothing of; once it has all, an earlier one would make it double.
static void leave(rb_track *t, bool all_sent)
{
    rb_error err;
    const char *id = rb_json_at_text(t->kept, "offline_id");
    bool there = id && rb_file_exists(archive_path(t, id));
    if (all_sent && there) unlink(archive_path(t, id));
    if (all_sent || experiment_key(t) || t->begun_s <= 0 || (there && !t->live)) return;
    if (!write_archive(t, &err)) rb_warn("comet: %s", err.text);
}

const rb_tracker rb_tracker_comet = {
    .name = "comet",
    .help = "Comet, or an archive for it",
    .cfg_bytes = sizeof(comet),
    .own_bytes = sizeof(own),
    .fields = fields,
    .begin = begin,
    .records = records,
    .end = end,
    .idle = beat,
    .close = leave,
};
