// SPDX-License-Identifier: Apache-2.0
#include "net/fetch.h"

#include "base/stop.h"
#include "net/curl.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define REDIRECTS    10
#define CONNECT_S    30L
#define STANDSTILL_S 60L // without a byte, and the connection counts as cut
#define HEADERS      200 // of one answer; the rest is not looked at

struct rb_fetcher {
    rb_arena *arena;
    rb_curl use;
    CURL *curl;
};

static void close_fetcher(void *handle)
{
    rb_fetcher *h = handle;
    h->use.easy_cleanup(h->curl);
}

bool rb_fetcher_open(rb_arena *a, rb_fetcher **out, rb_error *err)
{
    rb_fetcher *h = RB_NEW(a, rb_fetcher, 1);
    h->arena = a;
    if (!rb_curl_open(&h->use, err)) return false;
    h->curl = h->use.easy_init();
    if (!h->curl) return rb_fail(err, RB_ERR_IO, "libcurl does not start");
    rb_arena_defer(a, close_fetcher, h);
    *out = h;
    return true;
}

// ---- one answer ---------------------------------------------------------------------------------------------------

typedef struct exchange {
    rb_fetcher *http;
    const rb_fetch_request *request;
    rb_fetch_field *header;
    rb_fetch_answer *answer;
    bool begun, refused; // `begin` or `body` failed
    rb_error *err;
} exchange;

static char *trimmed(rb_arena *a, const char *from, const char *to)
{
    while (from < to && isspace((unsigned char)*from)) from++;
    while (to > from && isspace((unsigned char)to[-1])) to--;
    return rb_text_format(a, "%.*s", (int)(to - from), from);
}

// "ETag: x" -> {"etag", "x"}. A status line begins another answer.
static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    exchange *x = context;
    rb_arena *a = x->http->arena;
    size_t bytes = size * count;
    const char *end = data + bytes, *colon = memchr(data, ':', bytes);
    if (bytes > 5 && !memcmp(data, "HTTP/", 5)) x->answer->header_count = 0;
    if (!colon || x->answer->header_count == HEADERS) return bytes;
    char *name = trimmed(a, data, colon);
    for (char *c = name; *c; c++) *c = (char)tolower((unsigned char)*c);
    x->header[x->answer->header_count++] = (rb_fetch_field){name, trimmed(a, colon + 1, end)};
    return bytes;
}

static void take_status(exchange *x)
{
    long status = 0;
    x->http->use.easy_getinfo(x->http->curl, CURLINFO_RESPONSE_CODE, &status);
    x->answer->status = (int)status;
}

static bool begin(exchange *x)
{
    if (x->begun) return true;
    x->begun = true;
    take_status(x);
    x->refused = x->request->begin && !x->request->begin(x->request->context, x->answer, x->err);
    return !x->refused;
}

// The text of an error page is of no use.
static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    exchange *x = context;
    take_status(x);
    if (x->answer->status / 100 != 2 || !x->request->body) return size * count;
    if (!begin(x)) return CURL_WRITEFUNC_ERROR;
    x->refused = !x->request->body(x->request->context, data, (ptrdiff_t)(size * count), x->err);
    return x->refused ? CURL_WRITEFUNC_ERROR : size * count;
}

// About once a second, and with each piece. Not 0 ends the transfer.
static int look_for_stop(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    (void)context, (void)total, (void)now, (void)up_total, (void)up_now;
    return rb_stop_asked() != NULL;
}

static void set_options(exchange *x, const char *url, struct curl_slist *headers)
{
    const rb_curl *use = &x->http->use;
    CURL *curl = x->http->curl;
    rb_curl_prepare(use, curl, url);
    use->easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
    use->easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    use->easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STANDSTILL_S);
    use->easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    use->easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    use->easy_setopt(curl, CURLOPT_HEADERDATA, x);
    use->easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    use->easy_setopt(curl, CURLOPT_WRITEDATA, x);
    use->easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    use->easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_for_stop);
    if (x->request->head) use->easy_setopt(curl, CURLOPT_NOBODY, 1L);
    // Not CURLOPT_RESUME_FROM: with that, a server that sends everything again would be an error.
    if (x->request->from > 0)
        use->easy_setopt(curl, CURLOPT_RANGE, rb_text_format(x->http->arena, "%" PRId64 "-", x->request->from));
}

static bool broke(CURLcode code)
{
    return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
           code == CURLE_OPERATION_TIMEDOUT || code == CURLE_SEND_ERROR;
}

static bool perform(exchange *x, const char *url, const char *token)
{
    rb_fetcher *h = x->http;
    char reason[CURL_ERROR_SIZE] = "";
    const char *bearer = token ? rb_text_format(h->arena, "Authorization: Bearer %s", token) : NULL;
    struct curl_slist *headers = bearer ? h->use.slist_append(NULL, bearer) : NULL;
    *x->answer = (rb_fetch_answer){.url = url, .header = x->header};
    x->begun = x->refused = false;
    set_options(x, url, headers);
    h->use.easy_setopt(h->curl, CURLOPT_ERRORBUFFER, reason);
    CURLcode code = h->use.easy_perform(h->curl);
    h->use.slist_free_all(headers);
    take_status(x);
    if (code == CURLE_OK && x->answer->status / 100 == 2 && !x->request->head) return begin(x); // of an empty file
    if (code == CURLE_OK || x->refused) return !x->refused;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return rb_fail(x->err, RB_ERR_STOPPED, "stopped by %s while fetching %s", rb_stop_asked(),
                       rb_url_shown(h->arena, url));
    x->answer->cut = broke(code);
    return rb_fail(x->err, RB_ERR_IO, "%s: %s", rb_url_shown(h->arena, url),
                   *reason ? reason : h->use.easy_strerror(code));
}

// ---- redirects ----------------------------------------------------------------------------------------------------

// "https://host:port/path" -> the bytes before the path. Nothing is normalised: "host" and "host:443" count as two, and
// the token then stays here.
static size_t origin_bytes(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : 0;
}

static bool same_origin(const char *x, const char *y)
{
    size_t n = origin_bytes(x);
    return n && n == origin_bytes(y) && !strncasecmp(x, y, n);
}

static bool is_secure(const char *url)
{
    return !strncasecmp(url, "https://", 8);
}

// Where an answer sends its reader, NULL if nowhere; in the connection's arena.
static const char *redirect_of(const rb_fetcher *h, const rb_fetch_answer *a)
{
    char *to = NULL;
    if (a->status / 100 != 3) return NULL;
    h->use.easy_getinfo(h->curl, CURLINFO_REDIRECT_URL, &to);
    return to ? rb_text_copy(h->arena, to) : NULL;
}

bool rb_fetch_send(rb_fetcher *h, const rb_fetch_request *r, rb_fetch_answer *out, rb_error *err)
{
    exchange x = {
        .http = h, .request = r, .header = RB_NEW(h->arena, rb_fetch_field, HEADERS), .answer = out, .err = err};
    const char *url = r->url, *next;
    for (int hop = 0; hop <= REDIRECTS; hop++, url = next) {
        if (!perform(&x, url, r->token && same_origin(r->url, url) ? r->token : NULL)) return false;
        next = redirect_of(h, out);
        if (!next || (r->head && (!same_origin(url, next) || rb_fetch_header(out, "x-linked-etag")))) return true;
        if (is_secure(url) && !is_secure(next))
            return rb_fail(err, RB_ERR_IO, "%s: redirects from https to %s, which is not followed", url, next);
    }
    return rb_fail(err, RB_ERR_IO, "%s: more than %d redirects", r->url, REDIRECTS);
}

const char *rb_url_shown(rb_arena *a, const char *url)
{
    const char *host = strstr(url, "://");
    if (!host) return url;
    host += 3;
    const char *login = memchr(host, '@', strcspn(host, "/?#"));
    const char *from = login ? login + 1 : host;
    return rb_text_format(a, "%.*s%.*s", (int)(host - url), url, (int)strcspn(from, "?#"), from);
}

const char *rb_fetch_header(const rb_fetch_answer *a, const char *name)
{
    for (int i = 0; i < a->header_count; i++)
        if (!strcmp(a->header[i].name, name)) return a->header[i].value;
    return NULL;
}
