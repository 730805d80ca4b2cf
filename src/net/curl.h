// SPDX-License-Identifier: Apache-2.0
// curl.h - what is used of libcurl, which is opened when somebody first wants it: a program that asks nothing of a
// network loads no network library. Private to the net module.
#ifndef RB_NET_CURL_H
#define RB_NET_CURL_H

#include "base/error.h"

#define CURL_DISABLE_TYPECHECK // it wants functions, and here are pointers to them
#include <curl/curl.h>

#define RB_CURL_FUNCTIONS(each) \
    each(global_init) each(slist_append) each(slist_free_all) each(easy_init) each(easy_cleanup) each(easy_reset) \
        each(easy_setopt) each(easy_getinfo) each(easy_strerror) each(easy_perform) each(mime_init) each(mime_free) \
            each(mime_addpart) each(mime_name) each(mime_filename) each(mime_filedata) each(mime_data) each(mime_type) \
                each(multi_init) each(multi_cleanup) each(multi_add_handle) each(multi_remove_handle) \
                    each(multi_perform) each(multi_poll) each(multi_info_read)

// curl_easy_init is easy_init here, and so on.
typedef struct rb_curl {
#define MEMBER(name) __typeof__(curl_##name) *(name);
    RB_CURL_FUNCTIONS(MEMBER)
#undef MEMBER
} rb_curl;

// Errors: IO (libcurl is not there, or too old)
bool rb_curl_open(rb_curl *out, rb_error *err) RB_CHECKED;

// A request for `url` as all are made: no signals, HTTP and HTTPS only, certificates checked against the system's or
// the file that SSL_CERT_FILE names.
void rb_curl_prepare(const rb_curl *c, CURL *easy, const char *url);

#endif
