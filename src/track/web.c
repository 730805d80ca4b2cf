// SPDX-License-Identifier: Apache-2.0
// web.c - what trackers of the network share: asking a service and sorting its answer.
#include "track/tracker.h"

#include <stdlib.h>
#include <string.h>

static void release_json(void *handle)
{
    json_decref(handle);
}

// What a service says of an error: "msg" (Comet), "message" (MLflow), or its first words.
static const char *complaint(rb_arena *a, rb_bytes body)
{
    const char *text = NULL;
    json_t *json = json_loadb((const char *)body.data, (size_t)body.size, 0, NULL);
    if (json) rb_arena_defer(a, release_json, json);
    text = rb_json_at_text(json, "msg");
    if (!text) text = rb_json_at_text(json, "message");
    if (!text) return "";
    char *shown = rb_text_format(a, " (%.200s)", text);
    for (char *c = shown; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?'; // a terminal would obey it
    return shown;
}

static rb_sent sort(int status)
{
    if (status >= 200 && status < 300) return RB_SENT;
    if (status == 401 || status == 403) return RB_STOPPED;
    if (status == 408 || status == 429 || status < 400 || status >= 500) return RB_LATER;
    return RB_REFUSED;
}

// Whatever answers 200 without speaking JSON is not the service: a portal that wants a login, a misled proxy. Nothing
// at all will do where nothing is wanted.
static bool is_json(rb_arena *a, const rb_http_reply *r, json_t **out)
{
    if (!out && !r->body.size) return true;
    json_t *json = json_loadb((const char *)r->body.data, (size_t)r->body.size, JSON_REJECT_DUPLICATES, NULL);
    if (json) rb_arena_defer(a, release_json, json);
    if (out) *out = json;
    return json_is_object(json);
}

rb_sent rb_track_ask(rb_track *t, const rb_http_request *r, json_t **out, int *status, rb_error *err)
{
    rb_http_reply reply;
    rb_http_request asked = *r;
    asked.give_up = t->give_up;
    asked.context = t->context;
    t->asked = true;
    if (status) *status = 0;
    if (!t->http && !rb_http_open(t->arena, &t->http, err)) return RB_STOPPED;
    bool came = rb_http_ask(t->scratch, t->http, &asked, &reply, err);
    t->unsure = t->unsure || reply.unsure;
    t->retry_s = reply.retry_after_s;
    if (!came) return RB_LATER;
    if (status) *status = reply.status;
    rb_sent sent = sort(reply.status);
    const char *server = rb_http_server(t->scratch, r->url);
    if (sent != RB_SENT) {
        rb_fail(err, RB_ERR_IO, "%s answers %d%s", server, reply.status, complaint(t->scratch, reply.body));
    } else if (!is_json(t->scratch, &reply, out)) {
        rb_fail(err, RB_ERR_IO, "%s answers with what is no JSON", server);
        t->unsure = true;
        return RB_LATER;
    }
    return sent;
}

const char *rb_json_at_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool rb_json_at_number(const json_t *object, const char *key, double *out)
{
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);
    char *end = NULL;
    *out = text ? strtod(text, &end) : json_number_value(value);
    return text ? end > text && !*end : json_is_number(value);
}
