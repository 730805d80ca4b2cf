// SPDX-License-Identifier: Apache-2.0
// mlflow.c - an MLflow tracking server, by its REST interface.
//
// A metric's time is the log's, so that one that is sent twice is the same point: the server keeps it once.
//
// Source: mlflow/protos/service.proto, mlflow_artifacts.proto; limits: mlflow/utils/validation.py
#include "base/file.h"
#include "track/credentials.h"
#include "track/folder.h"
#include "track/tracker.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define BATCH_METRICS 1000
#define BATCH_PARAMS  100
#define PARAM_LENGTH  6000
#define ANSWER_S      10.0
#define STALL_S       30.0

typedef struct mlflow {
    const char *uri, *experiment;
} mlflow;

static const rb_field fields[] = {
    {"uri", RB_TEXT, offsetof(mlflow, uri), .optional = true, .local = true,
     .help = "address of the tracking server; null: what MLFLOW_TRACKING_URI says"},
    {"experiment", RB_TEXT, offsetof(mlflow, experiment), .optional = true, .local = true,
     .help = "experiment that runs go to; null: what MLFLOW_EXPERIMENT_NAME says, or rarebit"},
    {0},
};

typedef struct own {
    const char *base;  // of the server, without a slash at its end
    const char *login; // NULL: none
    const char *token; // header line, NULL: none
} own;

// ---- asking --------------------------------------------------------------------------------------------------------

static rb_sent ask(rb_track *t, const char *method, const char *call, rb_json *body, json_t **out, int *status,
                   rb_error *err)
{
    const own *o = t->own;
    const char *const headers[] = {"Content-Type: application/json", o->token, NULL};
    rb_http_request r = {.method = method,
                         .url = rb_text_format(t->scratch, "%s/api/2.0/mlflow/%s", o->base, call),
                         .headers = headers,
                         .login = o->login,
                         .timeout_s = ANSWER_S};
    if (body) {
        rb_json_close(body);
        const char *text = rb_json_text(body);
        r.body = (rb_bytes){(const uint8_t *)text, (ptrdiff_t)strlen(text)};
    }
    return rb_track_ask(t, &r, out, status, err);
}

static rb_json *new_body(rb_track *t)
{
    rb_json *j = rb_json_new(t->scratch);
    rb_json_open(j, NULL, '{');
    return j;
}

static const char *run_id(const rb_track *t)
{
    return rb_json_at_text(t->kept, "run_id");
}

// An answer without what it must hold is none.
static rb_sent fail_answer(rb_track *t, const char *missing, rb_error *err)
{
    rb_fail(err, RB_ERR_IO, "%s answers without %s", rb_http_server(t->scratch, ((own *)t->own)->base), missing);
    return RB_LATER;
}

// ---- who we are ----------------------------------------------------------------------------------------------------

// The key is kept with the run and shown by other trackers; a password must not be.
static bool check(const void *cfg, rb_error *err)
{
    const char *uri = ((const mlflow *)cfg)->uri, *host = uri ? strstr(uri, "://") : NULL;
    if (!host || !memchr(host + 3, '@', strcspn(host + 3, "/"))) return true;
    return rb_fail(err, RB_ERR_USAGE,
                   "mlflow_uri: take the login out of it, it would be kept with the run; use "
                   "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD");
}

static bool find_server(rb_track *t, rb_error *err)
{
    const mlflow *c = t->cfg;
    own *o = t->own;
    const char *uri = c->uri ? c->uri : rb_environment("MLFLOW_TRACKING_URI");
    if (!uri) return rb_fail(err, RB_ERR_USAGE, "no server is named by mlflow_uri or MLFLOW_TRACKING_URI");
    if (strncmp(uri, "http://", 7) && strncmp(uri, "https://", 8))
        return rb_fail(err, RB_ERR_USAGE, "%.*s: is not the address of a server; start one with `mlflow server`",
                       (int)strcspn(uri, ":"), uri);
    char *base = rb_text_copy(t->arena, uri);
    while (*base && base[strlen(base) - 1] == '/') base[strlen(base) - 1] = '\0';
    o->base = base;
    return true;
}

static void find_login(rb_track *t)
{
    own *o = t->own;
    const char *file = rb_path_at_home(t->scratch, ".mlflow/credentials");
    const char *token = rb_environment("MLFLOW_TRACKING_TOKEN"), *user = rb_environment("MLFLOW_TRACKING_USERNAME");
    const char *password = rb_environment("MLFLOW_TRACKING_PASSWORD");
    if (!user) user = rb_ini_find(t->scratch, file, "mlflow", "mlflow_tracking_username");
    if (!password) password = rb_ini_find(t->scratch, file, "mlflow", "mlflow_tracking_password");
    if (user && password) o->login = rb_text_format(t->arena, "%s:%s", user, password);
    if (token && !o->login) o->token = rb_text_format(t->arena, "Authorization: Bearer %s", token);
}

static bool know_server(rb_track *t, rb_error *err)
{
    own *o = t->own;
    if (o->base) return true;
    if (!find_server(t, err)) return false;
    find_login(t);
    return true;
}

// ---- experiment and run --------------------------------------------------------------------------------------------

static rb_sent keep_experiment(rb_track *t, json_t *id, rb_error *err)
{
    if (!json_is_string(id)) return fail_answer(t, "an experiment_id", err);
    json_object_set(t->kept, "experiment_id", id);
    rb_track_keep(t);
    return RB_SENT;
}

static rb_sent create_experiment(rb_track *t, const char *name, rb_error *err)
{
    json_t *answer;
    rb_json *body = new_body(t);
    rb_json_string(body, "name", name);
    rb_sent sent = ask(t, "POST", "experiments/create", body, &answer, NULL, err);
    if (sent == RB_REFUSED) return RB_LATER; // somebody else made it just now: look again
    return sent == RB_SENT ? keep_experiment(t, json_object_get(answer, "experiment_id"), err) : sent;
}

static rb_sent find_experiment(rb_track *t, rb_error *err)
{
    const mlflow *c = t->cfg;
    json_t *answer;
    int status;
    const char *name = c->experiment ? c->experiment : rb_environment("MLFLOW_EXPERIMENT_NAME");
    if (!name) name = "rarebit";
    const char *call =
        rb_text_format(t->scratch, "experiments/get-by-name?experiment_name=%s", rb_http_escape(t->scratch, name));
    rb_sent sent = ask(t, "GET", call, NULL, &answer, &status, err);
    if (status == 404) return create_experiment(t, name, err);
    if (sent == RB_REFUSED) return RB_STOPPED;
    if (sent != RB_SENT) return sent;
    const json_t *experiment = json_object_get(answer, "experiment");
    return keep_experiment(t, json_object_get(experiment, "experiment_id"), err);
}

static rb_sent keep_run(rb_track *t, const json_t *run, rb_error *err)
{
    const json_t *info = json_object_get(run, "info");
    const char *id = rb_json_at_text(info, "run_id"), *artifacts = rb_json_at_text(info, "artifact_uri");
    if (!id) return fail_answer(t, "a run_id", err);
    json_object_set_new(t->kept, "run_id", json_string(id));
    json_object_set_new(t->kept, "artifact_uri", json_string(artifacts ? artifacts : ""));
    json_object_set_new(t->kept, "status", json_string("RUNNING"));
    rb_track_keep(t);
    return RB_SENT;
}

static void put_tag(rb_json *j, const char *key, const char *value)
{
    if (!value) return;
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "key", key);
    rb_json_string(j, "value", value);
    rb_json_close(j);
}

// What makes this run findable again before its id is known: the folder's name and the moment it began.
static const char *birth_mark(const rb_track *t)
{
    return rb_text_format(t->scratch, "%s-%" PRId64, rb_path_name(t->folder), (int64_t)(1e3 * t->begun_s));
}

static rb_sent create_run(rb_track *t, rb_error *err)
{
    json_t *answer;
    rb_json *body = new_body(t);
    rb_git git = rb_git_here(t->scratch);
    rb_json_string(body, "experiment_id", rb_json_at_text(t->kept, "experiment_id"));
    rb_json_string(body, "run_name", rb_path_name(t->folder));
    rb_json_integer(body, "start_time", (int64_t)(1e3 * t->begun_s));
    rb_json_open(body, "tags", '[');
    put_tag(body, "rarebit.run", birth_mark(t));
    put_tag(body, "mlflow.user", rb_environment("USER"));
    put_tag(body, "mlflow.source.name", "rarebit train");
    put_tag(body, "mlflow.source.type", "LOCAL");
    put_tag(body, "mlflow.source.git.commit", git.commit);
    rb_json_close(body);
    rb_sent sent = ask(t, "POST", "runs/create", body, &answer, NULL, err);
    if (sent == RB_REFUSED) return RB_STOPPED;
    return sent == RB_SENT ? keep_run(t, json_object_get(answer, "run"), err) : sent;
}

// A run that was made without our hearing of it, or, RB_REFUSED, none.
static rb_sent search_run(rb_track *t, rb_error *err)
{
    json_t *answer;
    rb_json *body = new_body(t);
    rb_json_open(body, "experiment_ids", '[');
    rb_json_string(body, NULL, rb_json_at_text(t->kept, "experiment_id"));
    rb_json_close(body);
    rb_json_string(body, "filter", rb_text_format(t->scratch, "tags.`rarebit.run` = '%s'", birth_mark(t)));
    rb_json_integer(body, "max_results", 1);
    rb_sent sent = ask(t, "POST", "runs/search", body, &answer, NULL, err);
    if (sent != RB_SENT) return sent;
    const json_t *run = json_array_get(json_object_get(answer, "runs"), 0);
    return run ? keep_run(t, run, err) : RB_REFUSED;
}

static rb_sent find_run(rb_track *t, rb_error *err)
{
    json_t *answer;
    const char *given = rb_environment("MLFLOW_RUN_ID");
    if (given) {
        const char *call = rb_text_format(t->scratch, "runs/get?run_id=%s", rb_http_escape(t->scratch, given));
        rb_sent sent = ask(t, "GET", call, NULL, &answer, NULL, err);
        if (sent == RB_REFUSED) return RB_STOPPED;
        return sent == RB_SENT ? keep_run(t, json_object_get(answer, "run"), err) : sent;
    }
    if (t->unsure) {
        rb_sent sent = search_run(t, err);
        if (sent != RB_REFUSED) return sent;
    }
    return create_run(t, err);
}

// ---- parameters ----------------------------------------------------------------------------------------------------

static rb_sent send_params(rb_track *t, int batch, rb_error *err)
{
    rb_setting_list s;
    if (!rb_folder_settings(t->scratch, t->folder, &s, err)) return RB_REFUSED;
    int from = batch * BATCH_PARAMS, to = from + BATCH_PARAMS < s.count ? from + BATCH_PARAMS : s.count;
    if (from >= s.count) return RB_NO_MORE;
    rb_json *body = new_body(t);
    rb_json_string(body, "run_id", run_id(t));
    rb_json_open(body, "params", '[');
    for (int i = from; i < to; i++)
        put_tag(body, s.at[i].key, rb_text_format(t->scratch, "%.*s", PARAM_LENGTH, s.at[i].text));
    rb_json_close(body);
    return ask(t, "POST", "runs/log-batch", body, NULL, NULL, err);
}

static rb_sent begin(rb_track *t, int i, rb_error *err)
{
    if (!know_server(t, err)) return RB_STOPPED;
    if (i == 0) return find_experiment(t, err);
    return i == 1 ? find_run(t, err) : send_params(t, i - 2, err);
}

// ---- records -------------------------------------------------------------------------------------------------------

static rb_sent update_status(rb_track *t, const char *status, rb_error *err)
{
    rb_json *body = new_body(t);
    rb_json_string(body, "run_id", run_id(t));
    rb_json_string(body, "status", status);
    if (strcmp(status, "RUNNING")) rb_json_integer(body, "end_time", (int64_t)(1e3 * t->last_s));
    rb_sent sent = ask(t, "POST", "runs/update", body, NULL, NULL, err);
    if (sent == RB_SENT) json_object_set_new(t->kept, "status", json_string(status));
    return sent;
}

// A run that was over, and was taken up again.
static rb_sent run_again(rb_track *t, rb_error *err)
{
    const char *status = rb_json_at_text(t->kept, "status");
    return !status || !strcmp(status, "RUNNING") ? RB_SENT : update_status(t, "RUNNING", err);
}

static void put_metrics(rb_json *j, const rb_record *r)
{
    for (int i = 0; i < r->count; i++) {
        rb_json_open(j, NULL, '{');
        rb_json_string(j, "key", r->metrics[i].name);
        rb_json_real(j, "value", r->metrics[i].value);
        rb_json_integer(j, "timestamp", (int64_t)(1e3 * r->time_s));
        rb_json_integer(j, "step", r->step);
        rb_json_close(j);
    }
}

static rb_sent records(rb_track *t, const rb_record *r, int n, int *taken, rb_error *err)
{
    rb_json *body = new_body(t);
    rb_json_string(body, "run_id", run_id(t));
    rb_json_open(body, "metrics", '[');
    int count = 0;
    for (*taken = 0; *taken < n && count + r[*taken].count <= BATCH_METRICS; ++*taken) {
        put_metrics(body, &r[*taken]);
        count += r[*taken].count;
    }
    rb_json_close(body);
    if (!count) return RB_SENT;
    rb_sent sent = run_again(t, err);
    return sent == RB_SENT ? ask(t, "POST", "runs/log-batch", body, NULL, NULL, err) : sent;
}

// ---- the end -------------------------------------------------------------------------------------------------------

// "mlflow-artifacts:/1/ab/artifacts", or "mlflow-artifacts://host/1/ab/artifacts".
static const char *proxied_path(const char *uri)
{
    static const char scheme[] = "mlflow-artifacts:";
    if (!uri || strncmp(uri, scheme, sizeof scheme - 1)) return NULL;
    uri += sizeof scheme - 1;
    if (!strncmp(uri, "//", 2)) uri = strchr(uri + 2, '/');
    while (uri && *uri == '/') uri++;
    return uri;
}

static rb_sent send_file(rb_track *t, const char *name, rb_error *err)
{
    const own *o = t->own;
    const char *uri = rb_json_at_text(t->kept, "artifact_uri"), *to = proxied_path(uri);
    const char *path = rb_path_join(t->scratch, t->folder, name);
    if (!rb_file_exists(path)) return RB_SENT;
    if (!to) {
        rb_fail(err, RB_ERR_IO, "files of this run are kept at %.*s:, which the server does not pass on; %s",
                uri ? (int)strcspn(uri, ":") : 0, uri ? uri : "", name);
        return RB_REFUSED;
    }
    const char *const headers[] = {"Content-Type: application/octet-stream", o->token, NULL};
    rb_http_request r = {.method = "PUT",
                         .url = rb_text_format(t->scratch, "%s/api/2.0/mlflow-artifacts/artifacts/%s/%s", o->base, to,
                                               rb_http_escape(t->scratch, name)),
                         .headers = headers,
                         .login = o->login,
                         .file = path,
                         .timeout_s = STALL_S};
    return rb_track_ask(t, &r, NULL, NULL, err);
}

// The status is told first: it is what people look for, and files may take their time.
static rb_sent end(rb_track *t, int i, rb_error *err)
{
    if (i == 0) return update_status(t, t->finished ? "FINISHED" : t->live ? "FAILED" : "KILLED", err);
    int file = i - 1, files = 0;
    while (rb_folder_files[files]) files++;
    if (file > files) return RB_NO_MORE;
    return send_file(t, file < files ? rb_folder_files[file] : RB_FOLDER_BEST, err);
}

const rb_tracker rb_tracker_mlflow = {
    .name = "mlflow",
    .help = "an MLflow tracking server",
    .cfg_bytes = sizeof(mlflow),
    .own_bytes = sizeof(own),
    .fields = fields,
    .check = check,
    .begin = begin,
    .records = records,
    .end = end,
};
