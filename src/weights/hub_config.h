// SPDX-License-Identifier: Apache-2.0
// hub_config.h - the config.json that stands beside weights on the Hugging Face hub, as timm writes it.
#ifndef RB_WEIGHTS_HUB_CONFIG_H
#define RB_WEIGHTS_HUB_CONFIG_H

#include "base/arena.h"

typedef struct rb_hub_config {
    const char *architecture; // timm's name; NULL: not said
    double mean[3], std[3];   // of pixels in 0..1, by colour
} rb_hub_config;

// Reads mean and std of "pretrained_cfg", or of the top level.
//
// Owner:  texts live in `a`
// Errors: IO; WEIGHTS with the path (no JSON, no mean and std of three colours)
bool rb_hub_config_read(rb_arena *a, const char *path, rb_hub_config *out, rb_error *err) RB_CHECKED;

#endif
