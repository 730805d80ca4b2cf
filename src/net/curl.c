// SPDX-License-Identifier: Apache-2.0
#include "net/curl.h"

#include "base/library.h"

#include <stdlib.h>

static const rb_symbol symbols[] = {
#define ROW(name) {"curl_" #name, offsetof(rb_curl, name)},
    RB_CURL_FUNCTIONS(ROW)
#undef ROW
};

bool rb_curl_open(rb_curl *out, rb_error *err)
{
    int count = (int)(sizeof symbols / sizeof *symbols);
    if (!rb_library_open("libcurl.so.4", "libcurl4", symbols, count, out, err)) return false;
    return !out->global_init(CURL_GLOBAL_DEFAULT) || rb_fail(err, RB_ERR_IO, "libcurl does not start");
}

void rb_curl_prepare(const rb_curl *c, CURL *easy, const char *url)
{
    const char *trusted = getenv("SSL_CERT_FILE");
    c->easy_reset(easy);
    c->easy_setopt(easy, CURLOPT_URL, url);
    c->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    c->easy_setopt(easy, CURLOPT_USERAGENT, "rarebit/" RB_VERSION);
    c->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (trusted) c->easy_setopt(easy, CURLOPT_CAINFO, trusted);
}
