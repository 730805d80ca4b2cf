// SPDX-License-Identifier: Apache-2.0
// url.c - a file by its URL, in the cache of torch.hub: <TORCH_HOME>/hub/checkpoints/<last part of the URL>.
//
// A name like resnet18-f37072fd.pth says how the file's SHA-256 begins. Any other may be that of many files, as
// model.safetensors is: it gets a digest of the whole URL in front, which Python's cache does not have.
#include "base/file.h"
#include "base/log.h"
#include "hub/cache.h"

#include <ctype.h>
#include <string.h>
#include <xxhash.h>

// torchvision up to 0.16 named five files after timm's originals, whose bytes they no longer had (pytorch/vision issues
// 7744 and 8060): under these names either content is right.
static const struct twin {
    const char *named, *content;
} twins[] = {
    {"3dd342df", "7f5810bc"}, {"533bc792", "bac287d4"}, {"bcdf34b7", "c35c1473"},
    {"cf984f9c", "b3899882"}, {"7eb33cd5", "23ab8bcd"},
};

// The last "-<8 or more hexadecimal digits>." of a name; decimal ones alone are a date or a number.
static const char *digest_in(rb_arena *a, const char *file)
{
    const char *found = NULL;
    for (const char *dash = file; (dash = strchr(dash, '-')); dash++) {
        size_t n = strspn(dash + 1, "0123456789abcdef");
        bool number = strspn(dash + 1, "0123456789") == n;
        if (n >= 8 && n <= 64 && dash[1 + n] == '.' && !number) found = rb_text_format(a, "%.*s", (int)n, dash + 1);
    }
    return found;
}

static rb_expected expected_of(rb_arena *a, const char *file)
{
    rb_expected e = {.size = -1, .kind = RB_SHA256, .digest = {digest_in(a, file), NULL}};
    for (size_t i = 0; e.digest[0] && i < sizeof twins / sizeof *twins; i++)
        if (!strcmp(e.digest[0], twins[i].named)) e.digest[1] = twins[i].content;
    return e;
}

static const char *file_name(rb_arena *a, const char *url)
{
    size_t n = strcspn(url, "?#");
    return rb_path_name(rb_text_format(a, "%.*s", (int)n, url));
}

static bool fetch(rb_arena *a, const rb_source *s, const char *path, const rb_expected *e, rb_error *err)
{
    int lock;
    rb_fetcher *h = NULL;
    if (rb_env_is_true("HF_HUB_OFFLINE"))
        return rb_fail(err, RB_ERR_WEIGHTS, "%s is not in the cache as %s, and HF_HUB_OFFLINE is set",
                       rb_url_shown(a, s->name), path);
    const char *part = rb_text_format(a, "%s.incomplete", path);
    if (!rb_fetcher_once(a, &h, err) || !rb_folder_make(rb_path_folder(a, path), err) ||
        !rb_lock_open(rb_text_format(a, "%s.lock", path), s->name, &lock, err))
        return false;
    rb_download d = {s->name, NULL, path, part, rb_path_name(path), *e};
    bool done = rb_file_exists(path) || rb_download_run(h, &d, err);
    rb_lock_close(lock);
    if (done) rb_note("%s: fetched to %s", rb_url_shown(a, s->name), path);
    return done;
}

bool rb_url_fetch(rb_arena *a, const rb_source *s, rb_fetched *out, rb_error *err)
{
    const char *file = file_name(a, s->name);
    if (!*file || *file == '.') return rb_fail(err, RB_ERR_USAGE, "pretrained: %s names no file", s->name);
    const char *folder = rb_path_join(a, rb_cache_folder(a, "TORCH_HOME", "torch"), "hub/checkpoints");
    rb_expected e = expected_of(a, file);
    if (!e.digest[0])
        file = rb_text_format(a, "%016llx-%s", (unsigned long long)XXH3_64bits(s->name, strlen(s->name)), file);
    const char *path = rb_path_join(a, folder, file);
    out->weights = path;
    if (!rb_file_exists(path)) return fetch(a, s, path, &e, err);
    return rb_expected_check(&e, path, err) || rb_fail_in(err, "%s: remove it, so that it is fetched anew", path);
}
