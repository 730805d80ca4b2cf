// SPDX-License-Identifier: Apache-2.0
// names.c - what is in front of a name because somebody wrapped the network, and whose names they are.
#include "weights/names.h"

#include <stdlib.h>
#include <string.h>

// DataParallel, Lightning and the like, torch.compile.
static const char *const prefixes[] = {"module.", "_orig_mod.", "model.", "net.", "network.", "backbone.", NULL};

#define LAYERS 4 // of wrapping

static int by_name(const void *x, const void *y)
{
    return strcmp(((const rb_tensor *)x)->name, ((const rb_tensor *)y)->name);
}

// The tensors under the names of `renamed`, unless two would be one.
static bool take_names(rb_tensors *t, rb_tensor *renamed)
{
    qsort(renamed, (size_t)t->count, sizeof *renamed, by_name);
    for (int i = 1; i < t->count; i++)
        if (!by_name(&renamed[i - 1], &renamed[i])) return false;
    if (t->count) memcpy(t->tensor, renamed, (size_t)t->count * sizeof *renamed);
    return true;
}

// Where other tensors stand beside the network, as a loss's do, only some names have the prefix.
static bool strip(rb_tensors *t, rb_tensor *renamed, const char *prefix)
{
    size_t size = strlen(prefix);
    int stripped = 0;
    for (int i = 0; i < t->count; i++) {
        const char *name = t->tensor[i].name;
        bool has = !strncmp(name, prefix, size) && name[size];
        renamed[i] = t->tensor[i];
        if (has) renamed[i].name = name + size;
        stripped += has;
    }
    return stripped && take_names(t, renamed);
}

static bool strip_one(rb_arena *a, rb_weights *w, rb_tensor *renamed)
{
    for (const char *const *p = prefixes; *p; p++)
        if (strip(&w->tensors, renamed, *p)) {
            w->prefix = rb_text_format(a, "%s%s", w->prefix, *p);
            return true;
        }
    return false;
}

// All of the names that begin with "features." must be of an EfficientNet: VGG and others have such names too.
static bool rename_efficientnet(rb_arena *a, rb_tensors *t, rb_tensor *renamed)
{
    int features = 0;
    for (int i = 0; i < t->count; i++) {
        const char *name = t->tensor[i].name, *ours = rb_name_of_efficientnet(a, name);
        bool feature = !strncmp(name, "features.", strlen("features."));
        if (feature && !ours) return false;
        renamed[i] = t->tensor[i];
        if (ours) renamed[i].name = ours;
        features += feature;
    }
    return features && take_names(t, renamed);
}

void rb_names_make_plain(rb_arena *a, rb_weights *w)
{
    rb_arena *scratch = rb_arena_open();
    rb_tensor *renamed = RB_NEW(scratch, rb_tensor, w->tensors.count);
    w->prefix = "";
    for (int i = 0; i < LAYERS && strip_one(a, w, renamed); i++) {}
    w->renamed = rename_efficientnet(a, &w->tensors, renamed);
    rb_arena_close(scratch);
}
