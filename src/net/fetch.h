// SPDX-License-Identifier: Apache-2.0
// fetch.h - gets what may be large, piece by piece, through redirects, and from the middle on where it broke off.
//
// Threads: a connection belongs to one
#ifndef RB_NET_FETCH_H
#define RB_NET_FETCH_H

#include "base/arena.h"

typedef struct rb_fetcher rb_fetcher;

// Closed with `a`. Errors: IO (libcurl is not there)
bool rb_fetcher_open(rb_arena *a, rb_fetcher **out, rb_error *err) RB_CHECKED;

typedef struct rb_fetch_field {
    const char *name, *value; // the name in lower case
} rb_fetch_field;

typedef struct rb_fetch_answer {
    int status;
    const char *url; // that answered: the last of the redirects
    const rb_fetch_field *header;
    int header_count; // of that answer alone
    bool cut;         // the request failed because the connection broke: what came before is good
} rb_fetch_answer;

typedef struct rb_fetch_request {
    const char *url;
    const char *token; // Bearer; NULL: none. Sent to the scheme, host and port of `url` alone, never behind a redirect
    bool head;         // headers only, and redirects to other hosts are answers
    int64_t from;      // > 0: the bytes from this one on are enough
    // Called before the first byte of an answer 2xx, and for each piece of it.
    bool (*begin)(void *context, const rb_fetch_answer *a, rb_error *err);
    bool (*body)(void *context, const void *data, ptrdiff_t size, rb_error *err);
    void *context;
} rb_fetch_request;

// Sends a request and follows redirects, from https to https only. Any status is an answer.
//
// Owner:  texts of `out` live in the connection's arena
// Errors: IO with the URL and the cause; STOPPED (base/stop.h); those of `begin` and `body`
bool rb_fetch_send(rb_fetcher *h, const rb_fetch_request *r, rb_fetch_answer *out, rb_error *err) RB_CHECKED;

// A URL for people and records: without login and query, which may be secrets. Other texts as they are.
const char *rb_url_shown(rb_arena *a, const char *url);

// The value of a header, whose name is given in lower case; NULL if absent.
const char *rb_fetch_header(const rb_fetch_answer *a, const char *name);

#endif
