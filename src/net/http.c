// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

#include "net/curl.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONNECT_MS   5000
#define ANSWER_LIMIT ((ptrdiff_t)4 << 20)

struct rb_http {
    rb_curl lib;
    CURL *easy;
    CURLM *multi;
};

static void close_client(void *handle)
{
    rb_http *h = handle;
    h->lib.easy_cleanup(h->easy);
    h->lib.multi_cleanup(h->multi);
}

bool rb_http_open(rb_arena *a, rb_http **out, rb_error *err)
{
    rb_http *h = RB_NEW(a, rb_http, 1);
    if (!rb_curl_open(&h->lib, err)) return false;
    h->easy = h->lib.easy_init();
    h->multi = h->lib.multi_init();
    if (!h->easy || !h->multi) return rb_fail(err, RB_ERR_IO, "libcurl does not start");
    rb_arena_defer(a, close_client, h);
    *out = h;
    return true;
}

// ---- an answer -----------------------------------------------------------------------------------------------------

typedef struct answer {
    rb_arena *arena;
    char *text;
    ptrdiff_t used, room;
    double retry_after_s;
} answer;

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    answer *to = context;
    ptrdiff_t n = (ptrdiff_t)(size * count);
    if (to->used + n > ANSWER_LIMIT) return 0; // ends the transfer
    if (to->used + n + 1 > to->room) {
        ptrdiff_t room = 2 * (to->used + n + 1);
        char *wider = RB_NEW(to->arena, char, room);
        if (to->used) memcpy(wider, to->text, (size_t)to->used);
        to->text = wider;
        to->room = room;
    }
    memcpy(to->text + to->used, data, (size_t)n);
    to->used += n;
    to->text[to->used] = '\0';
    return size * count;
}

// Retry-After in seconds; a date, its other form, is left to the caller's own patience.
static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    answer *to = context;
    char line[64];
    size_t n = size * count < sizeof line ? size * count : sizeof line - 1;
    memcpy(line, data, n);
    line[n] = '\0';
    if (!strncasecmp(line, "retry-after:", 12)) {
        char *end;
        double seconds = strtod(line + 12, &end);
        if (end > line + 12 && seconds >= 0 && seconds < 86400) to->retry_after_s = seconds;
    }
    return size * count;
}

// ---- a request -----------------------------------------------------------------------------------------------------

// What curl holds of one request, freed when it is over.
typedef struct request {
    struct curl_slist *headers;
    curl_mime *form;
    FILE *file;
    char error[CURL_ERROR_SIZE];
} request;

static void set_limits(const rb_http *h, const rb_http_request *r)
{
    const rb_curl *c = &h->lib;
    c->easy_setopt(h->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    c->easy_setopt(h->easy, CURLOPT_QUICK_EXIT, 1L); // never waits for a name server on its way out
    if (r->file) {
        c->easy_setopt(h->easy, CURLOPT_LOW_SPEED_LIMIT, 1024L);
        c->easy_setopt(h->easy, CURLOPT_LOW_SPEED_TIME, (long)ceil(r->timeout_s));
    } else {
        c->easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, (long)(1e3 * r->timeout_s));
    }
}

static bool set_file(const rb_http *h, const rb_http_request *r, request *q, rb_error *err)
{
    struct stat st;
    q->file = fopen(r->file, "rb");
    if (!q->file || fstat(fileno(q->file), &st)) return rb_fail(err, RB_ERR_IO, "%s: cannot be read", r->file);
    h->lib.easy_setopt(h->easy, CURLOPT_UPLOAD, 1L);
    h->lib.easy_setopt(h->easy, CURLOPT_READDATA, q->file);
    h->lib.easy_setopt(h->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)st.st_size);
    return true;
}

static void set_form(const rb_http *h, const rb_http_request *r, request *q)
{
    const rb_curl *c = &h->lib;
    q->form = c->mime_init(h->easy);
    curl_mimepart *part = c->mime_addpart(q->form);
    c->mime_name(part, r->part);
    if (r->file)
        c->mime_filedata(part, r->file);
    else
        c->mime_data(part, (const char *)r->body.data, (size_t)r->body.size);
    c->mime_filename(part, r->file_name);
    c->mime_type(part, "application/octet-stream");
    c->easy_setopt(h->easy, CURLOPT_MIMEPOST, q->form);
}

static bool set_body(const rb_http *h, const rb_http_request *r, request *q, rb_error *err)
{
    if (r->part) {
        set_form(h, r, q);
    } else if (r->file) {
        if (!set_file(h, r, q, err)) return false;
    } else if (r->body.data) {
        h->lib.easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.size);
        h->lib.easy_setopt(h->easy, CURLOPT_POSTFIELDS, r->body.data);
    }
    return true;
}

static bool prepare(const rb_http *h, const rb_http_request *r, request *q, answer *to, rb_error *err)
{
    const rb_curl *c = &h->lib;
    rb_curl_prepare(c, h->easy, r->url);
    set_limits(h, r);
    for (const char *const *line = r->headers; line && *line; line++) q->headers = c->slist_append(q->headers, *line);
    q->headers = c->slist_append(q->headers, "Expect:"); // no asking before a body: one round trip less
    c->easy_setopt(h->easy, CURLOPT_HTTPHEADER, q->headers);
    c->easy_setopt(h->easy, CURLOPT_ERRORBUFFER, q->error);
    c->easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, take_body);
    c->easy_setopt(h->easy, CURLOPT_WRITEDATA, to);
    c->easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, take_header);
    c->easy_setopt(h->easy, CURLOPT_HEADERDATA, to);
    if (r->login) c->easy_setopt(h->easy, CURLOPT_USERPWD, r->login);
    if (!set_body(h, r, q, err)) return false;
    c->easy_setopt(h->easy, CURLOPT_CUSTOMREQUEST, r->method); // after the body, which sets another
    return true;
}

static void release(const rb_http *h, request *q)
{
    h->lib.slist_free_all(q->headers);
    h->lib.mime_free(q->form);
    if (q->file) fclose(q->file);
}

// Runs the transfer in slices, so that it can be given up at any time. CURLE_ABORTED_BY_CALLBACK: it was.
static CURLcode transfer(const rb_http *h, const rb_http_request *r)
{
    const rb_curl *c = &h->lib;
    int running = 1, left;
    if (c->multi_add_handle(h->multi, h->easy)) return CURLE_FAILED_INIT;
    CURLcode code = CURLE_OK;
    while (running && !code) {
        if (c->multi_perform(h->multi, &running)) code = CURLE_FAILED_INIT;
        if (running && r->give_up && r->give_up(r->context)) code = CURLE_ABORTED_BY_CALLBACK;
        if (running && !code && c->multi_poll(h->multi, NULL, 0, 100, NULL)) code = CURLE_FAILED_INIT;
    }
    const CURLMsg *message = c->multi_info_read(h->multi, &left);
    if (!code && message && message->msg == CURLMSG_DONE) code = message->data.result;
    c->multi_remove_handle(h->multi, h->easy);
    return code;
}

static bool answered(rb_arena *a, const rb_http *h, const rb_http_request *r, const request *q, CURLcode code,
                     rb_http_reply *out, rb_error *err)
{
    long status = 0, sent = 0;
    h->lib.easy_getinfo(h->easy, CURLINFO_REQUEST_SIZE, &sent);
    h->lib.easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
    out->unsure = sent > 0 && (code || status < 200 || status >= 500);
    out->status = code ? 0 : (int)status;
    if (!code) return true;
    const char *why = code == CURLE_ABORTED_BY_CALLBACK ? "given up, it takes too long"
                      : code == CURLE_WRITE_ERROR       ? "its answer does not end"
                      : *q->error                       ? q->error
                                                        : h->lib.easy_strerror(code);
    return rb_fail(err, RB_ERR_IO, "%s: %s", rb_http_server(a, r->url), why);
}

bool rb_http_ask(rb_arena *a, rb_http *h, const rb_http_request *r, rb_http_reply *out, rb_error *err)
{
    request q = {0};
    answer to = {.arena = a, .text = rb_text_copy(a, ""), .retry_after_s = NAN};
    *out = (rb_http_reply){.retry_after_s = NAN};
    bool done = prepare(h, r, &q, &to, err);
    if (done) done = answered(a, h, r, &q, transfer(h, r), out, err);
    release(h, &q);
    out->retry_after_s = to.retry_after_s;
    out->body = (rb_bytes){(const uint8_t *)to.text, to.used};
    return done;
}

// ---- words -------------------------------------------------------------------------------------------------------

const char *rb_http_server(rb_arena *a, const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    int scheme = (int)(host - url), length = (int)strcspn(host, "/?#");
    for (int i = length - 1; i >= 0; i--)
        if (host[i] == '@') return rb_text_format(a, "%.*s%.*s", scheme, url, length - i - 1, host + i + 1);
    return rb_text_format(a, "%.*s%.*s", scheme, url, length, host);
}

const char *rb_http_escape(rb_arena *a, const char *text)
{
    char *out = RB_NEW(a, char, 3 * (ptrdiff_t)strlen(text) + 1), *to = out;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (isalnum(*c) || strchr("-._~", *c))
            *to++ = (char)*c;
        else
            to += sprintf(to, "%%%02X", *c);
    return out;
}
