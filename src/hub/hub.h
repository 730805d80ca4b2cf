// SPDX-License-Identifier: Apache-2.0
// hub.h - weights by name: from the caches that Python's huggingface_hub and torch.hub keep on this machine, or else
// from where those fetch them. What is fetched lies in these caches, where Python finds it too.
//
// Environment, as theirs: HF_HUB_CACHE or HF_HOME; HF_ENDPOINT, HF_TOKEN (or the file HF_TOKEN_PATH), HF_HUB_OFFLINE;
// TORCH_HOME; XDG_CACHE_HOME.
//
// Source: the documented cache layout of huggingface_hub; torch.hub's load_state_dict_from_url
#ifndef RB_HUB_HUB_H
#define RB_HUB_HUB_H

#include "base/arena.h"

typedef enum rb_source_kind {
    RB_FROM_FILE,
    RB_FROM_REPO, // of the Hugging Face hub: `name` is "timm/resnet18.a1_in1k"
    RB_FROM_URL,
} rb_source_kind;

typedef struct rb_source {
    rb_source_kind kind;
    const char *name;     // path, repository or URL
    const char *revision; // of a repository: "main"
    bool torchvision;     // a URL of its table
} rb_source;

// What the key `pretrained` names for a model of timm's name: true, the model's default; ORG/NAME[@REVISION], also as
// ARCH.TAG of timm's; torchvision/MODEL[.WEIGHTS]; a URL; a file.
//
// Owner:  texts live in `a`
// Errors: USAGE (nothing of that name; the model has no default; weights of another model)
bool rb_source_find(rb_arena *a, const char *pretrained, const char *model, rb_source *out, rb_error *err) RB_CHECKED;

// Files on this disk.
typedef struct rb_fetched {
    const char *weights;
    const char *config; // config.json beside them; NULL: there is none
    const char *commit; // of the repository; NULL: they are of none
    const char *from;   // for people and records: the source's name, a URL without login and query
} rb_fetched;

// Finds the files of a source, and fetches what is not in a cache yet. A cached file is used without a look at the
// network. `may_use` sees a repository's config.json before its weights are fetched; NULL: nobody asks.
//
// Owner:  texts live in `a`
// Errors: IO (network, disk); WEIGHTS (no such file, not allowed, damaged, offline); those of `may_use`
typedef bool rb_look_at_config(void *context, const char *path, rb_error *err);
bool rb_source_fetch(rb_arena *a, const rb_source *s, rb_look_at_config *may_use, void *context, rb_fetched *out,
                     rb_error *err) RB_CHECKED;

#endif
