// SPDX-License-Identifier: Apache-2.0
// efficientnet_names.c - torchvision's EfficientNet counts its layers where timm's names them.
//
// The trap: conv_pw is the projecting convolution in stage 0, which does not expand, and the expanding one elsewhere.
#include "weights/names.h"

#include <stdlib.h>
#include <string.h>

typedef struct pair {
    const char *torchvision, *timm;
} pair;

// What stands in front of a layer's own weight, bias, running_mean and so on.
static const pair outside[] = {
    {"features.0.0.", "conv_stem."}, {"features.0.1.", "bn1."},        {"features.8.0.", "conv_head."},
    {"features.8.1.", "bn2."},       {"classifier.1.", "classifier."}, {0},
};

// Behind "features.1.BLOCK.", which is "blocks.0.BLOCK.".
static const pair first_stage[] = {
    {"block.0.0.", "conv_dw."},
    {"block.0.1.", "bn1."},
    {"block.1.fc1.", "se.conv_reduce."},
    {"block.1.fc2.", "se.conv_expand."},
    {"block.2.0.", "conv_pw."},
    {"block.2.1.", "bn2."},
    {0},
};

// Behind "features.STAGE.BLOCK." for the stages 2 to 7, which are "blocks.1." to "blocks.6.".
static const pair later_stages[] = {
    {"block.0.0.", "conv_pw."},
    {"block.0.1.", "bn1."},
    {"block.1.0.", "conv_dw."},
    {"block.1.1.", "bn2."},
    {"block.2.fc1.", "se.conv_reduce."},
    {"block.2.fc2.", "se.conv_expand."},
    {"block.3.0.", "conv_pwl."},
    {"block.3.1.", "bn3."},
    {0},
};

static const char *const members[] = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked", NULL};

static bool is_member(const char *name)
{
    for (const char *const *m = members; *m; m++)
        if (!strcmp(name, *m)) return true;
    return false;
}

// The row of a table that `name` begins with, and has but one member behind.
static const pair *find(const pair *table, const char *name)
{
    for (const pair *p = table; p->timm; p++)
        if (!strncmp(name, p->torchvision, strlen(p->torchvision)) && is_member(name + strlen(p->torchvision)))
            return p;
    return NULL;
}

static const char *renamed(rb_arena *a, const char *front, const pair *p, const char *name)
{
    return p ? rb_text_format(a, "%s%s%s", front, p->timm, name + strlen(p->torchvision)) : NULL;
}

const char *rb_name_of_efficientnet(rb_arena *a, const char *torchvision)
{
    static const char features[] = "features.";
    const pair *p = find(outside, torchvision);
    if (p) return renamed(a, "", p, torchvision);

    if (strncmp(torchvision, features, sizeof features - 1) != 0) return NULL;
    const char *at = torchvision + sizeof features - 1;
    int stage = *at - '1', digits = 0;
    if (stage < 0 || stage > 6 || at[1] != '.') return NULL;
    const char *block = at + 2;
    while (block[digits] >= '0' && block[digits] <= '9') digits++;
    if (!digits || digits > 2 || block[digits] != '.') return NULL;
    const char *rest = block + digits + 1, *front = rb_text_format(a, "blocks.%d.%.*s.", stage, digits, block);
    return renamed(a, front, find(stage ? later_stages : first_stage, rest), rest);
}
