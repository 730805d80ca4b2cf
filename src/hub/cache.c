// SPDX-License-Identifier: Apache-2.0
#include "hub/cache.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

const char *rb_env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool rb_env_is_true(const char *name)
{
    static const char *const words[] = {"1", "ON", "YES", "TRUE"};
    const char *value = rb_env(name);
    bool is = false;
    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++) is |= !strcasecmp(value, words[i]);
    return is;
}

static const char *from_home(rb_arena *a, const char *path)
{
    const char *home = rb_env("HOME");
    bool tilde = path[0] == '~' && (path[1] == '/' || !path[1]);
    return tilde && home ? rb_text_format(a, "%s%s", home, path + 1) : path;
}

const char *rb_cache_folder(rb_arena *a, const char *variable, const char *below)
{
    const char *given = rb_env(variable), *caches = rb_env("XDG_CACHE_HOME");
    return from_home(a, given ? given : rb_path_join(a, caches ? caches : "~/.cache", below));
}

bool rb_fetcher_once(rb_arena *a, rb_fetcher **h, rb_error *err)
{
    return *h || rb_fetcher_open(a, h, err);
}

bool rb_lock_open(const char *path, const char *shown, int *out, rb_error *err)
{
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0) return rb_fail_errno(err, RB_ERR_IO, errno, "%s: cannot write into the cache", path);
    if (flock(lock, LOCK_EX | LOCK_NB)) {
        rb_note("%s: another process fetches it; waiting", shown);
        while (flock(lock, LOCK_EX) && errno == EINTR) {}
    }
    *out = lock;
    return true;
}

void rb_lock_close(int lock)
{
    close(lock);
}

bool rb_source_fetch(rb_arena *a, const rb_source *s, rb_look_at_config *may_use, void *context, rb_fetched *out,
                     rb_error *err)
{
    *out = (rb_fetched){.from = s->kind == RB_FROM_URL ? rb_url_shown(a, s->name) : s->name};
    if (s->kind == RB_FROM_REPO) return rb_repo_fetch(a, s, may_use, context, out, err);
    if (s->kind == RB_FROM_URL) return rb_url_fetch(a, s, out, err);
    const char *config = rb_path_join(a, rb_path_folder(a, s->name), "config.json");
    out->weights = s->name;
    if (rb_file_exists(config)) out->config = config;
    return !out->config || !may_use || may_use(context, out->config, err);
}
