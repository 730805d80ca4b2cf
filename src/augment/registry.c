// SPDX-License-Identifier: Apache-2.0
#include "augment/augment.h"

#define ENTRY(name) extern const rb_augment rb_augment_##name;
#include "gen/augment_transform.inc"
#undef ENTRY

#define ENTRY(name) &rb_augment_##name,
const rb_augment *const rb_augments[] = {
#include "gen/augment_transform.inc"
    NULL};
#undef ENTRY
