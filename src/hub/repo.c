// SPDX-License-Identifier: Apache-2.0
// repo.c - files of a repository of the Hugging Face hub, in the cache that huggingface_hub keeps:
//
//     <cache>/models--ORG--NAME/refs/main                       the commit that main was
//                               snapshots/<commit>/<file>  ->   ../../blobs/<etag>
//                               blobs/<etag>                    under the file's own digest
#include "base/file.h"
#include "base/log.h"
#include "hub/cache.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REF_LIMIT 4096

typedef struct repo {
    rb_arena *arena;
    const rb_source *source;
    const char *endpoint, *token; // token NULL: none
    const char *cache, *folder;   // of all repositories, and of this one
    const char *commit;           // that the revision is in the cache; NULL: unknown
    rb_fetcher *http;
} repo;

static bool is_hex(const char *text, size_t digits)
{
    return text && strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

// ---- where things are ---------------------------------------------------------------------------------------------

static const char *cache_of(rb_arena *a)
{
    static const char *const own[] = {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"};
    for (int i = 0; i < 2; i++)
        if (rb_env(own[i])) return rb_cache_folder(a, own[i], "");
    return rb_path_join(a, rb_cache_folder(a, "HF_HOME", "huggingface"), "hub");
}

static const char *first_line(rb_arena *a, const char *path)
{
    rb_bytes text;
    rb_error none;
    if (!rb_file_exists(path) || !rb_file_read(a, path, REF_LIMIT, &text, &none)) return NULL;
    const char *line = (const char *)text.data;
    size_t n = strcspn(line, "\r\n");
    return n ? rb_text_format(a, "%.*s", (int)n, line) : NULL;
}

static const char *token_of(rb_arena *a)
{
    if (rb_env("HF_TOKEN")) return rb_env("HF_TOKEN");
    const char *path = rb_path_join(a, rb_cache_folder(a, "HF_HOME", "huggingface"), "token");
    return first_line(a, rb_env("HF_TOKEN_PATH") ? rb_cache_folder(a, "HF_TOKEN_PATH", "") : path);
}

// "https://huggingface.co", without a slash at the end.
static const char *endpoint_of(rb_arena *a)
{
    const char *given = rb_env("HF_ENDPOINT");
    char *endpoint = rb_text_copy(a, given ? given : "https://huggingface.co");
    for (size_t n = strlen(endpoint); n && endpoint[n - 1] == '/'; n--) endpoint[n - 1] = '\0';
    return endpoint;
}

static const char *folder_name(rb_arena *a, const char *name)
{
    const char *slash = strchr(name, '/');
    return slash ? rb_text_format(a, "models--%.*s--%s", (int)(slash - name), name, slash + 1)
                 : rb_text_format(a, "models--%s", name);
}

static const char *ref_path(const repo *r)
{
    return rb_text_format(r->arena, "%s/refs/%s", r->folder, r->source->revision);
}

static repo open_repo(rb_arena *a, const rb_source *s)
{
    repo r = {.arena = a, .source = s, .endpoint = endpoint_of(a), .token = token_of(a), .cache = cache_of(a)};
    r.folder = rb_path_join(a, r.cache, folder_name(a, s->name));
    const char *commit = is_hex(s->revision, 40) ? s->revision : first_line(a, ref_path(&r));
    r.commit = is_hex(commit, 40) ? commit : NULL;
    return r;
}

static const char *url_of(const repo *r, const char *file)
{
    return rb_text_format(r->arena, "%s/%s/resolve/%s/%s", r->endpoint, r->source->name,
                          r->commit ? r->commit : r->source->revision, file);
}

static const char *snapshot_path(const repo *r, const char *commit, const char *file)
{
    return rb_text_format(r->arena, "%s/snapshots/%s/%s", r->folder, commit, file);
}

// NULL if it is not there.
static const char *cached(const repo *r, const char *file)
{
    const char *path = r->commit ? snapshot_path(r, r->commit, file) : NULL;
    return path && rb_file_exists(path) ? path : NULL;
}

// ---- what the hub says of a file ----------------------------------------------------------------------------------

typedef struct facts {
    const char *commit, *etag;
    int64_t size; // -1: unknown
} facts;

// W/"abc" -> abc. It becomes a file's name: anything but letters and digits is refused.
static const char *plain_etag(rb_arena *a, const char *etag)
{
    if (!strncmp(etag, "W/", 2)) etag += 2;
    size_t quote = *etag == '"', n = strcspn(etag + quote, "\"");
    char *plain = rb_text_format(a, "%.*s", (int)n, etag + quote);
    for (const char *c = plain; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-') return NULL;
    return *plain ? plain : NULL;
}

static bool read_facts(const repo *r, const rb_fetch_answer *a, facts *out, rb_error *err)
{
    const char *commit = rb_fetch_header(a, "x-repo-commit"), *etag = rb_fetch_header(a, "x-linked-etag");
    const char *size = rb_fetch_header(a, etag ? "x-linked-size" : "content-length");
    if (!etag) etag = rb_fetch_header(a, "etag");
    if (a->status / 100 == 3 && !rb_fetch_header(a, "x-linked-size")) size = NULL; // the redirect's own length
    out->commit = commit;
    out->etag = etag ? plain_etag(r->arena, etag) : NULL;
    out->size = size ? strtoll(size, NULL, 10) : -1;
    return (is_hex(commit, 40) && out->etag) ||
           rb_fail(err, RB_ERR_IO,
                   "%s: does not answer as a Hugging Face hub does (X-Repo-Commit and ETag); look at "
                   "HF_ENDPOINT and the proxy",
                   a->url);
}

// `absent` true: there is no such file, which is no error.
static bool ask(repo *r, const char *file, facts *out, bool *absent, rb_error *err)
{
    rb_fetch_answer a;
    rb_fetch_request q = {.url = url_of(r, file), .token = r->token, .head = true};
    *absent = false;
    if (!rb_fetcher_once(r->arena, &r->http, err) || !rb_fetch_send(r->http, &q, &a, err)) return false;
    const char *code = rb_fetch_header(&a, "x-error-code");
    *absent = a.status == 404 && code && !strcmp(code, "EntryNotFound");
    if (*absent) return true;
    return a.status / 100 == 2 || a.status / 100 == 3 ? read_facts(r, &a, out, err) : rb_download_refused(&a, err);
}

// ---- into the cache -----------------------------------------------------------------------------------------------

// SHA-256 of large files, git's digest of small ones; other servers make up their own.
static rb_expected expected_of(const facts *f)
{
    bool sha256 = is_hex(f->etag, 64), git = is_hex(f->etag, 40);
    return (rb_expected){f->size, sha256 ? RB_SHA256 : RB_GIT_BLOB, {sha256 || git ? f->etag : NULL, NULL}};
}

static bool lock_of(const repo *r, const char *what, const char *shown, int *lock, rb_error *err)
{
    const char *folder = rb_text_format(r->arena, "%s/.locks/%s", r->cache, folder_name(r->arena, r->source->name));
    return rb_folder_make(folder, err) &&
           rb_lock_open(rb_text_format(r->arena, "%s/%s.lock", folder, what), shown, lock, err);
}

// The snapshot's name for a blob; where a file system has no links, the file itself.
static bool link_snapshot(const repo *r, const char *path, const char *etag, const char *blob, rb_error *err)
{
    if (!rb_folder_make(rb_path_folder(r->arena, path), err)) return false;
    unlink(path); // a link whose blob is gone
    if (!symlink(rb_text_format(r->arena, "../../blobs/%s", etag), path) || errno == EEXIST) return true;
    if (errno != EPERM && errno != EOPNOTSUPP)
        return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot make this link", path);
    return !rename(blob, path) || rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot make", path);
}

static bool write_ref(const repo *r, const char *path, rb_error *err)
{
    const char *now = first_line(r->arena, path);
    if (now && !strcmp(now, r->commit)) return true;
    return rb_folder_make(rb_path_folder(r->arena, path), err) &&
           rb_file_write(path, r->commit, (ptrdiff_t)strlen(r->commit), err);
}

static bool remember_commit(repo *r, const char *commit, rb_error *err)
{
    int lock;
    r->commit = rb_text_copy(r->arena, commit);
    if (is_hex(r->source->revision, 40)) return true;
    if (!lock_of(r, "refs", r->source->name, &lock, err)) return false;
    bool done = write_ref(r, ref_path(r), err);
    rb_lock_close(lock);
    return done;
}

// The blob under its digest, and the snapshot's link to it.
static bool fetch_blob(const repo *r, const char *file, const facts *f, const char *path, rb_error *err)
{
    int lock;
    const char *blob = rb_text_format(r->arena, "%s/blobs/%s", r->folder, f->etag);
    const char *shown = rb_text_format(r->arena, "%s %s", r->source->name, file);
    if (!rb_folder_make(rb_path_folder(r->arena, blob), err) || !lock_of(r, f->etag, shown, &lock, err)) return false;
    const char *part = rb_text_format(r->arena, "%s.incomplete", blob);
    rb_download d = {url_of(r, file), r->token, blob, part, shown, expected_of(f)};
    bool done = (rb_file_exists(blob) || rb_download_run(r->http, &d, err)) &&
                (rb_file_exists(path) || link_snapshot(r, path, f->etag, blob, err));
    rb_lock_close(lock);
    return done;
}

static bool fail_offline(const repo *r, const char *file, rb_error *err)
{
    return rb_fail(err, RB_ERR_WEIGHTS, "%s is not in the cache %s, and HF_HUB_OFFLINE is set", url_of(r, file),
                   r->cache);
}

// `*path` NULL: the repository has no such file.
static bool fetch(repo *r, const char *file, const char **path, rb_error *err)
{
    facts f = {0};
    bool absent;
    if ((*path = cached(r, file))) return true;
    if (rb_env_is_true("HF_HUB_OFFLINE") || rb_env_is_true("TRANSFORMERS_OFFLINE")) return fail_offline(r, file, err);
    if (!ask(r, file, &f, &absent, err)) return false;
    if (absent) return true;
    const char *link = snapshot_path(r, f.commit, file);
    if (!fetch_blob(r, file, &f, link, err) || !remember_commit(r, f.commit, err)) return false;
    *path = link;
    return true;
}

static bool fetch_weights(repo *r, const char **path, rb_error *err)
{
    static const char *const files[] = {"model.safetensors", "pytorch_model.bin"};
    for (int i = 0; i < 2; i++)
        if ((*path = cached(r, files[i]))) return true;
    for (int i = 0; i < 2; i++) {
        if (!fetch(r, files[i], path, err)) return false;
        if (*path) return true;
    }
    return rb_fail(err, RB_ERR_WEIGHTS, "%s/%s: has neither %s nor %s", r->endpoint, r->source->name, files[0],
                   files[1]);
}

bool rb_repo_fetch(rb_arena *a, const rb_source *s, rb_look_at_config *may_use, void *context, rb_fetched *out,
                   rb_error *err)
{
    repo r = open_repo(a, s);
    if (!fetch(&r, "config.json", &out->config, err)) return false;
    if (!out->config)
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "%s: has no config.json, which says with what mean and std its weights were trained",
                       url_of(&r, "config.json"));
    if ((may_use && !may_use(context, out->config, err)) || !fetch_weights(&r, &out->weights, err)) return false;
    out->commit = r.commit;
    return true;
}
