// SPDX-License-Identifier: Apache-2.0
// no_op.c - leaves a picture as it is: among the steps of a OneOf, the chance that nothing happens.
//
// Source: Albumentations, NoOp
#include "augment/augment.h"

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)cfg, (void)random, (void)scratch, (void)image;
}

static const rb_field fields[] = {{0}};

const rb_augment rb_augment_no_op = {
    .name = "NoOp",
    .help = "leave a picture as it is",
    .p = 0.5,
    .fields = fields,
    .apply = apply,
};
