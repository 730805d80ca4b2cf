// SPDX-License-Identifier: Apache-2.0
// http.h - asks and gets an answer that is small enough for memory: any method, a body or a file along with it.
//
// Nothing of a server is trusted: answers are cut at 4 MiB, redirects are not followed, certificates are checked
// (against the system's, or the file that SSL_CERT_FILE names), and whatever a server does, a request ends in time.
//
// Threads: one client each
#ifndef RB_NET_HTTP_H
#define RB_NET_HTTP_H

#include "base/arena.h"

typedef struct rb_http rb_http; // a client: keeps its connections

typedef struct rb_http_request {
    const char *method; // "GET", "POST", ...
    const char *url;
    const char *const *headers;     // NULL-ended, "Name: value"; NULL: none
    const char *login;              // "user:password"; NULL: none
    rb_bytes body;                  // sent as it is; data NULL: none
    const char *file;               // sent instead of `body`, without being read into memory; NULL: none
    const char *part;               // not NULL: as the one part of that name of multipart/form-data
    const char *file_name;          // of that part
    double timeout_s;               // of the whole; with `file`: of standing still
    bool (*give_up)(void *context); // asked ten times a second; NULL: never
    void *context;
} rb_http_request;

typedef struct rb_http_reply {
    int status;           // 0: none came
    bool unsure;          // the server may have done what was asked although it did not say so
    double retry_after_s; // NAN: it did not say
    rb_bytes body;        // a zero byte follows
} rb_http_reply;

// Closed with `a`. Errors: IO (no libcurl on this machine)
bool rb_http_open(rb_arena *a, rb_http **out, rb_error *err) RB_CHECKED;

// True when an answer came, whatever its status. `out` says what is known in any case; its body lives in `a`.
//
// Errors: IO, with the server's name and the cause
bool rb_http_ask(rb_arena *a, rb_http *h, const rb_http_request *r, rb_http_reply *out, rb_error *err) RB_CHECKED;

// "scheme://host:port" of a URL, for messages: without path, query and login.
const char *rb_http_server(rb_arena *a, const char *url);

// `text` with all but letters, digits and -._~ as %XX, for queries and paths.
const char *rb_http_escape(rb_arena *a, const char *text);

#endif
