// SPDX-License-Identifier: Apache-2.0
// registry.c - the optimisers there are: one file each.
#include "optim/optim.h"

#define ENTRY(name) extern const rb_optim rb_optim_##name;
#include "gen/optim.inc"
#undef ENTRY

#define ENTRY(name) &rb_optim_##name,
const rb_optim *const rb_optims[] = {
#include "gen/optim.inc"
    NULL};
#undef ENTRY
