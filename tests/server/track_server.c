// SPDX-License-Identifier: Apache-2.0
// track_server MODEFILE NOTES [CERTIFICATE KEY] - stands in for Comet and for MLflow, on a port of the loopback that it
// prints. What MODEFILE says when a request comes decides what becomes of it:
//
//   normal   Comet's requests must have the documented forms and keep the limits: what does not is refused with 400 and
//            noted as a violation. MLflow's are answered as its server does, without much looking.
//   401 500 429 429-after   that status, the last with Retry-After
//   garbage  200, and no JSON          endless  200, and a body without an end
//   slow     a byte a second           hang     no answer          reset  the connection breaks
//   redirect to itself
//   lost     as normal, but every tenth request is answered 500 after it was obeyed
//   late     as normal, each a fiftieth of a second later
//
// NOTES gets a line for everything that was taken in, and for each violation.
//
// `track_server blackhole` prints a port to which no connection is ever made.
#include "base/json.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <math.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define KEY  "test-key"
#define PAST 100000 // requests whose times are remembered

typedef struct point {
    char *experiment, *name;
    double step, value;
} point;

static struct server {
    const char *mode_path;
    FILE *notes;
    pthread_mutex_t lock;
    int requests, experiments, runs;
    char run_tag[256];
    point *points; // Comet's numbers, for reading back
    int point_count;
    json_t *assets;
    double begun_s;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(server.notes, format, args);
    va_end(args);
    fputc('\n', server.notes);
    fflush(server.notes);
}

// ---- one request ---------------------------------------------------------------------------------------------------

typedef struct request {
    struct MHD_Connection *c;
    const char *method, *path;
    char *body;
    size_t size;
    const char *wrong; // what is wrong with it; NULL: nothing yet
    char answer[8192];
    int status;
} request;

static const char *query(const request *r, const char *key)
{
    return MHD_lookup_connection_value(r->c, MHD_GET_ARGUMENT_KIND, key);
}

static const char *header(const request *r, const char *key)
{
    return MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, key);
}

// ---- Comet's forms -------------------------------------------------------------------------------------------------

typedef struct member {
    const char *name;
    char type; // s string, n number, i integer, a array, o object, b truth value
    bool needed;
} member;

#define MEMBERS 16
static const struct call {
    const char *path;
    member members[MEMBERS];
} calls[] = {
    {"create",
     {{"workspaceName", 's', false},
      {"projectName", 's', true},
      {"experimentName", 's', false},
      {"disableHeartBeat", 'b', false}}},
    {"metric",
     {{"experimentKey", 's', true},
      {"metricName", 's', true},
      {"metricValue", 'n', true},
      {"step", 'i', false},
      {"epoch", 'i', false},
      {"context", 's', false},
      {"timestamp", 'i', true}}},
    {"parameter",
     {{"experimentKey", 's', true},
      {"parameterName", 's', true},
      {"parameterValue", 's', true},
      {"step", 'i', false},
      {"context", 's', false},
      {"timestamp", 'i', true}}},
    {"log-other", {{"experimentKey", 's', true}, {"key", 's', true}, {"value", 's', true}, {"timestamp", 'i', true}}},
    {"git/metadata",
     {{"experimentKey", 's', true},
      {"user", 's', true},
      {"root", 's', true},
      {"branch", 's', true},
      {"parent", 's', true},
      {"origin", 's', true}}},
    {"system-details",
     {{"experimentKey", 's', true},
      {"user", 's', true},
      {"hostname", 's', true},
      {"os", 's', true},
      {"osType", 's', false},
      {"osRelease", 's', false},
      {"machine", 's', false},
      {"processor", 's', false},
      {"pid", 'i', false},
      {"command", 'a', false},
      {"executable", 's', false},
      {"ip", 's', false}}},
    {"set-start-end-time",
     {{"experimentKey", 's', true}, {"startTimeMillis", 'i', false}, {"endTimeMillis", 'i', false}}},
};
#define CALLS ((int)(sizeof calls / sizeof *calls))

static bool has_type(const json_t *value, char type)
{
    return type == 's'   ? json_is_string(value)
           : type == 'n' ? json_is_number(value)
           : type == 'i' ? json_is_integer(value)
           : type == 'a' ? json_is_array(value)
           : type == 'o' ? json_is_object(value)
                         : json_is_boolean(value);
}

static const char *form_wrong(const struct call *call, json_t *body)
{
    const char *key;
    json_t *value;
    int needed = 0, found = 0;
    for (const member *m = call->members; m->name; m++) needed += m->needed;
    json_object_foreach(body, key, value)
    {
        const member *m = call->members;
        while (m->name && strcmp(m->name, key)) m++;
        if (!m->name) return "a member that is not documented";
        if (!has_type(value, m->type)) return "a member of the wrong type";
        found += m->needed;
    }
    return found == needed ? NULL : "a member is missing";
}

static bool is_experiment(const char *key)
{
    int number;
    return key && sscanf(key, "experiment%d", &number) == 1 && number >= 1 && number <= server.experiments;
}

static void take_metric(request *r, const json_t *body)
{
    char value[32];
    const char *name = json_string_value(json_object_get(body, "metricName"));
    const char *experiment = json_string_value(json_object_get(body, "experimentKey"));
    double step = json_number_value(json_object_get(body, "step"));
    double number = json_number_value(json_object_get(body, "metricValue"));
    double ms = json_number_value(json_object_get(body, "timestamp"));
    if (fabs(ms / 1e3 - (double)time(NULL)) > 86400) r->wrong = "a time that is not in milliseconds since 1970";
    if (r->wrong) return;
    server.points = realloc(server.points, (size_t)(server.point_count + 1) * sizeof *server.points);
    server.points[server.point_count++] = (point){strdup(experiment), strdup(name), step, number};
    note("metric %s %.0f %s", name, step, rb_real_text(number, value));
}

static void take_call(request *r, const struct call *call, const json_t *body)
{
    if (!strcmp(call->path, "create")) {
        int n = ++server.experiments;
        note("create %s", json_string_value(json_object_get(body, "projectName")));
        snprintf(r->answer, sizeof r->answer,
                 "{\"experimentKey\":\"experiment%d\",\"link\":\"http://127.0.0.1/x\",\"name\":\"x\"}", n);
        return;
    }
    if (!is_experiment(json_string_value(json_object_get(body, "experimentKey")))) {
        r->wrong = "an experimentKey that was never given";
        return;
    }
    if (!strcmp(call->path, "metric"))
        take_metric(r, body);
    else if (!strcmp(call->path, "parameter"))
        note("parameter %s %s", json_string_value(json_object_get(body, "parameterName")),
             json_string_value(json_object_get(body, "parameterValue")));
    else if (!strcmp(call->path, "log-other"))
        note("other %s %s", json_string_value(json_object_get(body, "key")),
             json_string_value(json_object_get(body, "value")));
    else if (!strcmp(call->path, "set-start-end-time"))
        note(json_object_get(body, "endTimeMillis") ? "ended" : "started");
    else
        note("%s", call->path);
}

static void take_json(request *r, const char *path)
{
    const char *type = header(r, "Content-Type");
    const struct call *call = calls;
    while (call < calls + CALLS && strcmp(call->path, path)) call++;
    if (call == calls + CALLS || strcmp(r->method, "POST"))
        r->wrong = "there is no such call";
    else if (!type || strcmp(type, "application/json"))
        r->wrong = "a body that does not call itself JSON";
    if (r->wrong) return;
    json_t *body = json_loadb(r->body, r->size, JSON_REJECT_DUPLICATES, NULL);
    r->wrong = json_is_object(body) ? form_wrong(call, body) : "a body that is no JSON object";
    if (!r->wrong) take_call(r, call, body);
    json_decref(body);
}

// ---- Comet's assets ------------------------------------------------------------------------------------------------

// The bytes of the part named "file" of multipart/form-data, which has one part.
static bool find_part(const request *r, const char **data, size_t *size)
{
    const char *type = header(r, "Content-Type"), *boundary = type ? strstr(type, "boundary=") : NULL;
    if (!boundary || strncmp(type, "multipart/form-data", 19)) return false;
    boundary += 9;
    size_t mark = strlen(boundary);
    char *head_end = memmem(r->body, r->size, "\r\n\r\n", 4);
    if (!head_end || r->size < 2 || strncmp(r->body, "--", 2) || strncmp(r->body + 2, boundary, mark)) return false;
    if (!memmem(r->body, (size_t)(head_end - r->body), "name=\"file\"; filename=\"", 23)) return false;
    *data = head_end + 4;
    size_t left = r->size - (size_t)(*data - r->body);
    if (left < mark + 8) return false;
    *size = left - mark - 8; // "\r\n--BOUNDARY--\r\n"
    return !strncmp(*data + *size, "\r\n--", 4) && !strncmp(*data + *size + 4, boundary, mark);
}

static const char *curve_wrong(const json_t *json)
{
    const json_t *x = json_object_get(json, "x"), *y = json_object_get(json, "y");
    size_t n = json_array_size(x);
    if (!json_is_string(json_object_get(json, "name")) || !n || n > 1000 || json_array_size(y) != n)
        return "not a curve";
    for (size_t i = 0; i < n; i++)
        if (!json_is_number(json_array_get(x, i)) || !json_is_number(json_array_get(y, i))) return "a curve with a gap";
    return NULL;
}

static const char *matrix_wrong(const json_t *json)
{
    const json_t *matrix = json_object_get(json, "matrix"), *labels = json_object_get(json, "labels");
    size_t n = json_array_size(labels);
    bool whole = n >= 2 && json_array_size(matrix) == n && json_integer_value(json_object_get(json, "version")) == 1 &&
                 json_is_string(json_object_get(json, "title")) && json_is_string(json_object_get(json, "rowLabel")) &&
                 json_is_string(json_object_get(json, "columnLabel")) &&
                 json_is_array(json_object_get(json, "sampleMatrix")) &&
                 json_is_integer(json_object_get(json, "maxSamplesPerCell"));
    for (size_t i = 0; i < n && whole; i++)
        for (size_t k = 0; k < n; k++) whole = whole && json_is_integer(json_array_get(json_array_get(matrix, i), k));
    return whole ? NULL : "not a confusion matrix";
}

static void take_asset(request *r)
{
    static const char *const types[] = {"asset", "curve", "confusion-matrix", "model-element", NULL};
    const char *type = query(r, "type"), *name = query(r, "fileName"), *data;
    size_t size;
    int i = 0;
    while (type && types[i] && strcmp(types[i], type)) i++;
    if (!is_experiment(query(r, "experimentKey")))
        r->wrong = "an experimentKey that was never given";
    else if (!type || !types[i])
        r->wrong = "no such type of asset";
    else if (!name || !query(r, "extension"))
        r->wrong = "an asset without fileName and extension";
    else if (!strcmp(type, "model-element") && !query(r, "groupingName"))
        r->wrong = "a model without a name";
    else if (!find_part(r, &data, &size))
        r->wrong = "no part `file` of multipart/form-data";
    if (r->wrong) return;
    json_t *json = json_loadb(data, size, JSON_REJECT_DUPLICATES, NULL);
    if (!strcmp(type, "curve")) r->wrong = curve_wrong(json);
    if (!strcmp(type, "confusion-matrix")) r->wrong = matrix_wrong(json);
    json_decref(json);
    if (r->wrong) return;
    note("asset %s %s %zu", type, name, size);
    json_array_append_new(server.assets, json_pack("{s:s,s:s}", "fileName", name, "type", type));
}

// ---- Comet's reading -----------------------------------------------------------------------------------------------

static void answer_json(request *r, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    snprintf(r->answer, sizeof r->answer, "%s", text);
    free(text);
    json_decref(json);
}

static void read_metric(request *r)
{
    const char *name = query(r, "metricName"), *experiment = query(r, "experimentKey");
    json_t *list = json_array();
    for (int i = 0; i < server.point_count && name && experiment; i++)
        if (!strcmp(server.points[i].name, name) && !strcmp(server.points[i].experiment, experiment))
            json_array_append_new(list, json_pack("{s:s,s:o,s:I}", "metricName", name, "metricValue",
                                                  json_sprintf("%.17g", server.points[i].value), "step",
                                                  (json_int_t)server.points[i].step));
    answer_json(r, json_pack("{s:o}", "metrics", list));
}

static void take_comet(request *r, const char *path)
{
    const char *key = header(r, "Authorization");
    if (!key || strcmp(key, KEY)) {
        r->status = 401;
        snprintf(r->answer, sizeof r->answer, "{\"msg\":\"API key is not registered\",\"code\":401}");
        return;
    }
    int runs = server.experiments + 1; // each may begin with a burst of its own
    if (++server.requests > 420 * runs + (int)(4.5 * (now_s() - server.begun_s)))
        r->wrong = "over the hourly budget";
    else if (!strcmp(path, "experiment/metrics/get-metric"))
        read_metric(r);
    else if (!strcmp(path, "experiment/asset/list"))
        answer_json(r, json_pack("{s:O}", "assets", server.assets));
    else if (!strcmp(path, "write/experiment/upload-asset"))
        take_asset(r);
    else if (!strcmp(path, "write/experiment/set-status") && !strcmp(r->method, "GET")) {
        if (!is_experiment(query(r, "experimentKey"))) r->wrong = "an experimentKey that was never given";
        note("beat");
        snprintf(r->answer, sizeof r->answer, "{\"isAliveBeatDurationMillis\":3000}");
    } else if (!strncmp(path, "write/experiment/", 17))
        take_json(r, path + 17);
    else
        r->wrong = "there is no such call";
    if (!r->wrong) return;
    note("VIOLATION %s %s: %s", r->method, path, r->wrong);
    r->status = 400;
    snprintf(r->answer, sizeof r->answer, "{\"msg\":\"%s\",\"code\":400}", r->wrong);
}

// ---- MLflow --------------------------------------------------------------------------------------------------------

#define RUN \
    "{\"info\":{\"run_id\":\"run1\",\"artifact_uri\":\"mlflow-artifacts:/1/run1/artifacts\",\"status\":\"RUNNING\"}}"

static void take_batch(const json_t *body)
{
    size_t i;
    json_t *item;
    char value[32];
    json_array_foreach(json_object_get(body, "metrics"), i, item)
        note("mlflow-metric %s %lld %s %lld", json_string_value(json_object_get(item, "key")),
             (long long)json_integer_value(json_object_get(item, "step")),
             rb_real_text(json_number_value(json_object_get(item, "value")), value),
             (long long)json_integer_value(json_object_get(item, "timestamp")));
    json_array_foreach(json_object_get(body, "params"), i, item)
        note("mlflow-parameter %s", json_string_value(json_object_get(item, "key")));
}

static void take_mlflow(request *r, const char *path)
{
    json_t *body = json_loadb(r->body ? r->body : "", r->size, JSON_REJECT_DUPLICATES, NULL);
    const char *text = "{}";
    if (!strcmp(path, "experiments/get-by-name")) text = "{\"experiment\":{\"experiment_id\":\"1\"}}";
    if (!strcmp(path, "runs/search")) text = server.runs ? "{\"runs\":[" RUN "]}" : "{}";
    if (!strcmp(path, "runs/create")) {
        note("mlflow-create");
        server.runs++;
        text = "{\"run\":" RUN "}";
    }
    if (!strcmp(path, "runs/log-batch")) take_batch(body);
    if (!strcmp(path, "runs/update")) note("mlflow-status %s", json_string_value(json_object_get(body, "status")));
    snprintf(r->answer, sizeof r->answer, "%s", text);
    json_decref(body);
}

static void take(request *r)
{
    static const char comet[] = "/api/rest/v2/", mlflow[] = "/api/2.0/mlflow/", files[] = "/api/2.0/mlflow-artifacts/";
    r->status = 200;
    snprintf(r->answer, sizeof r->answer, "{\"msg\":\"success\",\"code\":200}");
    if (!strncmp(r->path, comet, sizeof comet - 1))
        take_comet(r, r->path + sizeof comet - 1);
    else if (!strncmp(r->path, mlflow, sizeof mlflow - 1))
        take_mlflow(r, r->path + sizeof mlflow - 1);
    else if (!strncmp(r->path, files, sizeof files - 1))
        note("mlflow-file %s %zu", strrchr(r->path, '/') + 1, r->size);
    else
        note("VIOLATION %s: nothing is there", r->path);
}

// ---- what may become of an answer ---------------------------------------------------------------------------------

static void read_mode(char mode[32])
{
    FILE *f = fopen(server.mode_path, "r");
    strcpy(mode, "normal");
    if (!f) return;
    if (fscanf(f, "%31s", mode) != 1) strcpy(mode, "normal");
    fclose(f);
}

static ssize_t drip(void *context, uint64_t at, char *out, size_t room)
{
    (void)context, (void)at, (void)room;
    sleep(1);
    *out = ' ';
    return 1;
}

static ssize_t pour(void *context, uint64_t at, char *out, size_t room)
{
    (void)context, (void)at;
    memset(out, ' ', room);
    return (ssize_t)room;
}

static enum MHD_Result break_off(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct linger now = {1, 0};
    setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    return MHD_NO;
}

static enum MHD_Result queue(struct MHD_Connection *c, int status, struct MHD_Response *response)
{
    enum MHD_Result done = MHD_queue_response(c, (unsigned)status, response);
    MHD_destroy_response(response);
    return done;
}

static struct MHD_Response *text_response(const char *text)
{
    return MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result fault(struct MHD_Connection *c, const char *mode, const char *path)
{
    int status = atoi(mode);
    if (!strcmp(mode, "reset")) return break_off(c);
    if (!strcmp(mode, "hang")) {
        sleep(600);
        return MHD_NO;
    }
    if (!strcmp(mode, "slow") || !strcmp(mode, "endless"))
        return queue(c, 200,
                     MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, *mode == 's' ? 1 : 65536,
                                                       *mode == 's' ? drip : pour, NULL, NULL));
    struct MHD_Response *response = text_response(status ? "{\"msg\":\"no\"}" : "<html>Welcome to the hotel</html>");
    if (!strcmp(mode, "redirect")) {
        MHD_add_response_header(response, "Location", path);
        status = 302;
    }
    if (!strcmp(mode, "429-after")) MHD_add_response_header(response, "Retry-After", "1");
    return queue(c, status ? status : 200, response);
}

static enum MHD_Result respond(request *r)
{
    char mode[32];
    read_mode(mode);
    bool late = !strcmp(mode, "late"), lost = !strcmp(mode, "lost"), normal = !strcmp(mode, "normal");
    if (!late && !lost && !normal) return fault(r->c, mode, r->path);
    if (late) usleep(20 * 1000);
    static int count;
    pthread_mutex_lock(&server.lock);
    take(r);
    lost = lost && ++count % 10 == 0;
    pthread_mutex_unlock(&server.lock);
    return lost ? fault(r->c, "500", r->path) : queue(r->c, r->status, text_response(r->answer));
}

static enum MHD_Result handle(void *context, struct MHD_Connection *c, const char *path, const char *method,
                              const char *version, const char *data, size_t *size, void **state)
{
    (void)context, (void)version;
    request *r = *state;
    if (!r) {
        *state = r = calloc(1, sizeof *r);
        return r ? MHD_YES : MHD_NO;
    }
    if (*size) {
        r->body = realloc(r->body, r->size + *size);
        memcpy(r->body + r->size, data, *size);
        r->size += *size;
        *size = 0;
        return MHD_YES;
    }
    r->c = c;
    r->method = method;
    r->path = path;
    return respond(r);
}

static void over(void *context, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
    (void)context, (void)c, (void)why;
    request *r = *state;
    if (r) free(r->body);
    free(r);
}

// ---- ports --------------------------------------------------------------------------------------------------------

// A queue of connections that is full: the kernel lets no more in, and answers nothing.
static int be_a_black_hole(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 0) || getsockname(fd, (struct sockaddr *)&at, &size))
        return 1;
    for (int i = 0; i < 4; i++) {
        int filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(filler, (struct sockaddr *)&at, sizeof at);
    }
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    pause();
    return 0;
}

static char *read_text(const char *path)
{
    static char text[2][16384];
    static int count;
    char *to = text[count++ % 2];
    FILE *f = fopen(path, "r");
    if (!f) exit(1);
    to[fread(to, 1, sizeof *text - 1, f)] = '\0';
    fclose(f);
    return to;
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "blackhole")) return be_a_black_hole();
    if (argc != 3 && argc != 5) return 2;
    server.mode_path = argv[1];
    server.notes = fopen(argv[2], "a");
    server.assets = json_array();
    server.begun_s = now_s();
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | (argc == 5 ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, argc == 5 ? read_text(argv[3]) : NULL},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, argc == 5 ? read_text(argv[4]) : NULL},
                                   {MHD_OPTION_END, 0, NULL}};
    struct MHD_Daemon *d =
        MHD_start_daemon(flags, 0, NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED,
                         over, NULL, argc == 5 ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls, MHD_OPTION_END);
    if (!d) return 1;
    printf("%d\n", MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    pause();
    return 0;
}
