// SPDX-License-Identifier: Apache-2.0
#include "base/http.h"

#define CURL_DISABLE_TYPECHECK // it wants functions, and here are pointers to them
#include <ctype.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONNECT_MS   5000
#define ANSWER_LIMIT ((ptrdiff_t)4 << 20)

// ---- the library ---------------------------------------------------------------------------------------------------

// What is used of it; each becomes a member of `library` that is called as the function is.
#define FUNCTIONS(each) \
    each(curl_global_init) each(curl_easy_init) each(curl_easy_cleanup) each(curl_easy_reset) each(curl_easy_setopt) \
        each(curl_easy_getinfo) each(curl_easy_strerror) each(curl_slist_append) each(curl_slist_free_all) \
            each(curl_mime_init) each(curl_mime_free) each(curl_mime_addpart) each(curl_mime_name) \
                each(curl_mime_filename) each(curl_mime_filedata) each(curl_mime_data) each(curl_mime_type) \
                    each(curl_multi_init) each(curl_multi_cleanup) each(curl_multi_add_handle) \
                        each(curl_multi_remove_handle) each(curl_multi_perform) each(curl_multi_poll) \
                            each(curl_multi_info_read)

#undef curl_easy_setopt
#undef curl_easy_getinfo

typedef struct library {
#define MEMBER(name) __typeof__(name) *(name);
    FUNCTIONS(MEMBER)
#undef MEMBER
} library;

struct rb_http {
    library lib;
    CURL *easy;
    CURLM *multi;
};

static const struct {
    const char *name;
    size_t at;
} functions[] = {
#define ROW(name) {#name, offsetof(library, name)},
    FUNCTIONS(ROW)
#undef ROW
};

static bool find_functions(void *handle, library *lib)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *found = dlsym(handle, functions[i].name);
        if (!found) return false;
        memcpy((char *)lib + functions[i].at, &found, sizeof found);
    }
    return true;
}

static bool open_library(library *lib, rb_error *err)
{
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL); // never closed: its threads may outlive a client
    if (!handle) return rb_fail(err, RB_ERR_IO, "no libcurl on this machine (%s); install libcurl4", dlerror());
    if (!find_functions(handle, lib))
        return rb_fail(err, RB_ERR_IO, "the libcurl on this machine is too old; version 7.66 is needed");
    return !lib->curl_global_init(CURL_GLOBAL_DEFAULT) || rb_fail(err, RB_ERR_IO, "libcurl does not start");
}

static void close_client(void *handle)
{
    rb_http *h = handle;
    h->lib.curl_easy_cleanup(h->easy);
    h->lib.curl_multi_cleanup(h->multi);
}

bool rb_http_open(rb_arena *a, rb_http **out, rb_error *err)
{
    rb_http *h = RB_NEW(a, rb_http, 1);
    if (!open_library(&h->lib, err)) return false;
    h->easy = h->lib.curl_easy_init();
    h->multi = h->lib.curl_multi_init();
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
    const library *c = &h->lib;
    c->curl_easy_setopt(h->easy, CURLOPT_NOSIGNAL, 1L);
    c->curl_easy_setopt(h->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    c->curl_easy_setopt(h->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    c->curl_easy_setopt(h->easy, CURLOPT_QUICK_EXIT, 1L); // never waits for a name server on its way out
    if (r->file) {
        c->curl_easy_setopt(h->easy, CURLOPT_LOW_SPEED_LIMIT, 1024L);
        c->curl_easy_setopt(h->easy, CURLOPT_LOW_SPEED_TIME, (long)ceil(r->timeout_s));
    } else {
        c->curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, (long)(1e3 * r->timeout_s));
    }
    const char *trusted = getenv("SSL_CERT_FILE");
    if (trusted) c->curl_easy_setopt(h->easy, CURLOPT_CAINFO, trusted);
}

static bool set_file(const rb_http *h, const rb_http_request *r, request *q, rb_error *err)
{
    struct stat st;
    q->file = fopen(r->file, "rb");
    if (!q->file || fstat(fileno(q->file), &st)) return rb_fail(err, RB_ERR_IO, "%s: cannot be read", r->file);
    h->lib.curl_easy_setopt(h->easy, CURLOPT_UPLOAD, 1L);
    h->lib.curl_easy_setopt(h->easy, CURLOPT_READDATA, q->file);
    h->lib.curl_easy_setopt(h->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)st.st_size);
    return true;
}

static void set_form(const rb_http *h, const rb_http_request *r, request *q)
{
    const library *c = &h->lib;
    q->form = c->curl_mime_init(h->easy);
    curl_mimepart *part = c->curl_mime_addpart(q->form);
    c->curl_mime_name(part, r->part);
    if (r->file)
        c->curl_mime_filedata(part, r->file);
    else
        c->curl_mime_data(part, (const char *)r->body.data, (size_t)r->body.size);
    c->curl_mime_filename(part, r->file_name);
    c->curl_mime_type(part, "application/octet-stream");
    c->curl_easy_setopt(h->easy, CURLOPT_MIMEPOST, q->form);
}

static bool set_body(const rb_http *h, const rb_http_request *r, request *q, rb_error *err)
{
    if (r->part) {
        set_form(h, r, q);
    } else if (r->file) {
        if (!set_file(h, r, q, err)) return false;
    } else if (r->body.data) {
        h->lib.curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.size);
        h->lib.curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, r->body.data);
    }
    return true;
}

static bool prepare(const rb_http *h, const rb_http_request *r, request *q, answer *to, rb_error *err)
{
    const library *c = &h->lib;
    c->curl_easy_reset(h->easy);
    set_limits(h, r);
    for (const char *const *line = r->headers; line && *line; line++)
        q->headers = c->curl_slist_append(q->headers, *line);
    q->headers = c->curl_slist_append(q->headers, "Expect:"); // no asking before a body: one round trip less
    c->curl_easy_setopt(h->easy, CURLOPT_URL, r->url);
    c->curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, q->headers);
    c->curl_easy_setopt(h->easy, CURLOPT_USERAGENT, "rarebit/" RB_VERSION);
    c->curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, q->error);
    c->curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, take_body);
    c->curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, to);
    c->curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, take_header);
    c->curl_easy_setopt(h->easy, CURLOPT_HEADERDATA, to);
    if (r->login) c->curl_easy_setopt(h->easy, CURLOPT_USERPWD, r->login);
    if (!set_body(h, r, q, err)) return false;
    c->curl_easy_setopt(h->easy, CURLOPT_CUSTOMREQUEST, r->method); // after the body, which sets another
    return true;
}

static void release(const rb_http *h, request *q)
{
    h->lib.curl_slist_free_all(q->headers);
    h->lib.curl_mime_free(q->form);
    if (q->file) fclose(q->file);
}

// Runs the transfer in slices, so that it can be given up at any time. CURLE_ABORTED_BY_CALLBACK: it was.
static CURLcode transfer(const rb_http *h, const rb_http_request *r)
{
    const library *c = &h->lib;
    int running = 1, left;
    if (c->curl_multi_add_handle(h->multi, h->easy)) return CURLE_FAILED_INIT;
    CURLcode code = CURLE_OK;
    while (running && !code) {
        if (c->curl_multi_perform(h->multi, &running)) code = CURLE_FAILED_INIT;
        if (running && r->give_up && r->give_up(r->context)) code = CURLE_ABORTED_BY_CALLBACK;
        if (running && !code && c->curl_multi_poll(h->multi, NULL, 0, 100, NULL)) code = CURLE_FAILED_INIT;
    }
    const CURLMsg *message = c->curl_multi_info_read(h->multi, &left);
    if (!code && message && message->msg == CURLMSG_DONE) code = message->data.result;
    c->curl_multi_remove_handle(h->multi, h->easy);
    return code;
}

static bool answered(rb_arena *a, const rb_http *h, const rb_http_request *r, const request *q, CURLcode code,
                     rb_http_reply *out, rb_error *err)
{
    long status = 0, sent = 0;
    h->lib.curl_easy_getinfo(h->easy, CURLINFO_REQUEST_SIZE, &sent);
    h->lib.curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
    out->unsure = sent > 0 && (code || status < 200 || status >= 500);
    out->status = code ? 0 : (int)status;
    if (!code) return true;
    const char *why = code == CURLE_ABORTED_BY_CALLBACK ? "given up, it takes too long"
                      : code == CURLE_WRITE_ERROR       ? "its answer does not end"
                      : *q->error                       ? q->error
                                                        : h->lib.curl_easy_strerror(code);
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
