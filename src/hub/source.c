// SPDX-License-Identifier: Apache-2.0
// source.c - what `pretrained` names, and which weights a model begins from when it says just true.
//
// Source: the defaults of timm 1.0, the first of each model's configurations; torchvision 0.14's weight enumerations
#include "base/file.h"
#include "hub/hub.h"

#include <ctype.h>
#include <string.h>

// Of several weights that an architecture has, timm's own default; none whose licence forbids some uses.
static const struct preset {
    const char *model, *repo;
} presets[] = {
    {"resnet18", "timm/resnet18.a1_in1k"},
    {"resnet34", "timm/resnet34.a1_in1k"},
    {"resnet50", "timm/resnet50.a1_in1k"},
    {"resnet101", "timm/resnet101.a1h_in1k"},
    {"resnet152", "timm/resnet152.a1h_in1k"},
    {"efficientnet_b0", "timm/efficientnet_b0.ra_in1k"},
    {"efficientnet_b1", "timm/efficientnet_b1.ra4_e3600_r240_in1k"},
    {"efficientnet_b2", "timm/efficientnet_b2.ra_in1k"},
    {"efficientnet_b3", "timm/efficientnet_b3.ra2_in1k"},
    {"efficientnet_b4", "timm/efficientnet_b4.ra2_in1k"},
};

#define TORCHVISION_URL "https://download.pytorch.org/models/"

static const struct torchvision {
    const char *model, *weights, *file;
} torchvision[] = {
    {"resnet18", "IMAGENET1K_V1", "resnet18-f37072fd.pth"},
    {"resnet34", "IMAGENET1K_V1", "resnet34-b627a593.pth"},
    {"resnet50", "IMAGENET1K_V1", "resnet50-0676ba61.pth"},
    {"resnet50", "IMAGENET1K_V2", "resnet50-11ad3fa6.pth"},
    {"resnet101", "IMAGENET1K_V1", "resnet101-63fe2227.pth"},
    {"resnet101", "IMAGENET1K_V2", "resnet101-cd907fc2.pth"},
    {"resnet152", "IMAGENET1K_V1", "resnet152-394f9c45.pth"},
    {"resnet152", "IMAGENET1K_V2", "resnet152-f82ba261.pth"},
    {"efficientnet_b0", "IMAGENET1K_V1", "efficientnet_b0_rwightman-7f5810bc.pth"},
    {"efficientnet_b1", "IMAGENET1K_V1", "efficientnet_b1_rwightman-bac287d4.pth"},
    {"efficientnet_b1", "IMAGENET1K_V2", "efficientnet_b1-c27df63c.pth"},
    {"efficientnet_b2", "IMAGENET1K_V1", "efficientnet_b2_rwightman-c35c1473.pth"},
    {"efficientnet_b3", "IMAGENET1K_V1", "efficientnet_b3_rwightman-b3899882.pth"},
    {"efficientnet_b4", "IMAGENET1K_V1", "efficientnet_b4_rwightman-23ab8bcd.pth"},
};

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

static bool begins(const char *text, const char *word)
{
    return !strncmp(text, word, strlen(word));
}

static bool find_default(const char *model, rb_source *out, rb_error *err)
{
    for (int i = 0; i < COUNT(presets); i++)
        if (!strcmp(presets[i].model, model)) {
            *out = (rb_source){RB_FROM_REPO, presets[i].repo, "main", false};
            return true;
        }
    return rb_fail(err, RB_ERR_USAGE,
                   "pretrained: true: nobody publishes weights of %s; say false, or name a file of weights", model);
}

// "resnet50" or "resnet50.IMAGENET1K_V2", behind "torchvision/".
static bool find_torchvision(rb_arena *a, const char *name, const char *model, rb_source *out, rb_error *err)
{
    const char *dot = strchr(name, '.');
    const char *asked = dot ? rb_text_format(a, "%.*s", (int)(dot - name), name) : name;
    if (strcmp(asked, model))
        return rb_fail(err, RB_ERR_USAGE, "pretrained: torchvision/%s is of %s, and model_type is %s", name, asked,
                       model);
    for (int i = 0; i < COUNT(torchvision); i++) {
        const struct torchvision *t = &torchvision[i];
        if (strcmp(t->model, model) || (dot && strcmp(t->weights, dot + 1))) continue;
        *out = (rb_source){RB_FROM_URL, rb_text_format(a, TORCHVISION_URL "%s", t->file), "", true};
        return true;
    }
    return rb_fail(err, RB_ERR_USAGE, "pretrained: torchvision/%s: no such weights are known", name);
}

static bool is_plain(const char *at, const char *end)
{
    if (at == end || *at == '.') return false;
    while (at < end && (isalnum((unsigned char)*at) || strchr("-_.", *at))) at++;
    return at == end;
}

// ORG/NAME or ORG/NAME@REVISION; without ORG/ it is timm's.
static bool find_repo(rb_arena *a, const char *name, rb_source *out)
{
    const char *at = strchr(name, '@'), *end = at ? at : name + strlen(name),
               *slash = memchr(name, '/', (size_t)(end - name));
    const char *revision = at ? at + 1 : "main";
    if (!is_plain(slash ? slash + 1 : name, end) || (slash && !is_plain(name, slash))) return false;
    if (!is_plain(revision, revision + strlen(revision))) return false;
    if (!slash && !memchr(name, '.', (size_t)(end - name))) return false; // a word is no ARCH.TAG
    *out = (rb_source){RB_FROM_REPO, rb_text_format(a, "%s%.*s", slash ? "" : "timm/", (int)(end - name), name),
                       rb_text_copy(a, revision), false};
    return true;
}

static bool looks_like_file(const char *name)
{
    static const char *const ends[] = {".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".th", ".tar"};
    bool looks = false;
    for (int i = 0; i < COUNT(ends); i++) {
        size_t n = strlen(name), m = strlen(ends[i]);
        looks |= n > m && !strcmp(name + n - m, ends[i]);
    }
    return looks;
}

bool rb_source_find(rb_arena *a, const char *pretrained, const char *model, rb_source *out, rb_error *err)
{
    static const char *const hubs[] = {"hf_hub:", "hf-hub:"}; // as timm writes it
    if (!strcmp(pretrained, "true")) return find_default(model, out, err);
    for (int i = 0; i < COUNT(hubs); i++)
        if (begins(pretrained, hubs[i]) && find_repo(a, pretrained + strlen(hubs[i]), out)) return true;
    *out = (rb_source){RB_FROM_URL, pretrained, "", false};
    if (begins(pretrained, "https://") || begins(pretrained, "http://")) return true;
    *out = (rb_source){RB_FROM_FILE, pretrained, "", false};
    if (rb_file_exists(pretrained) || (looks_like_file(pretrained) && !begins(pretrained, "torchvision/"))) return true;
    if (begins(pretrained, "torchvision/"))
        return find_torchvision(a, pretrained + strlen("torchvision/"), model, out, err);
    if (find_repo(a, pretrained, out)) return true;
    return rb_fail(err, RB_ERR_USAGE,
                   "pretrained: '%s' is no file, and not true, false, ORG/NAME (as timm/resnet18.tv_in1k), "
                   "torchvision/MODEL or a URL",
                   pretrained);
}
