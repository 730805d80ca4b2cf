// SPDX-License-Identifier: Apache-2.0
// cache.h - what the files of this folder share: places, the environment, the two kinds of cache.
#ifndef RB_HUB_CACHE_H
#define RB_HUB_CACHE_H

#include "hub/download.h"
#include "hub/hub.h"

// A variable of the environment that is set and not empty, or NULL.
const char *rb_env(const char *name);
bool rb_env_is_true(const char *name); // 1, ON, YES or TRUE in any case

// "$<variable>", or else "<XDG_CACHE_HOME or ~/.cache>/<below>"; "~" at the beginning is the home folder.
const char *rb_cache_folder(rb_arena *a, const char *variable, const char *below);

// Opens *h at the first call, so that a cached file needs no libcurl.
bool rb_fetcher_once(rb_arena *a, rb_fetcher **h, rb_error *err) RB_CHECKED;

// Nobody else fetches the same file meanwhile: waits for a lock that lasts until it is closed. A folder that cannot be
// written is found out here. Errors: IO
bool rb_lock_open(const char *path, const char *shown, int *out, rb_error *err) RB_CHECKED;
void rb_lock_close(int lock);

bool rb_repo_fetch(rb_arena *a, const rb_source *s, rb_look_at_config *may_use, void *context, rb_fetched *out,
                   rb_error *err) RB_CHECKED;
bool rb_url_fetch(rb_arena *a, const rb_source *s, rb_fetched *out, rb_error *err) RB_CHECKED;

#endif
