// SPDX-License-Identifier: Apache-2.0
// registry.c - the losses there are: one file each.
#include "loss/loss.h"

#define ENTRY(name) extern const rb_loss rb_loss_##name;
#include "gen/loss.inc"
#undef ENTRY

#define ENTRY(name) &rb_loss_##name,
const rb_loss *const rb_losses[] = {
#include "gen/loss.inc"
    NULL};
#undef ENTRY
