// SPDX-License-Identifier: Apache-2.0
// registry.c - the optimisers there are: one file each; finding one by name; what all of them have in common.
#include "optim/optim.h"

#include <math.h>
#include <string.h>

#define ENTRY(name) extern const rb_optim rb_optim_##name;
#include "gen/optim.inc"
#undef ENTRY

#define ENTRY(name) &rb_optim_##name,
const rb_optim *const rb_optims[] = {
#include "gen/optim.inc"
    NULL};
#undef ENTRY

#define ENTRY(name) #name,
static const char *const names[] = {
#include "gen/optim.inc"
    NULL};
#undef ENTRY

const rb_optim *rb_optim_find(const char *name, rb_error *err)
{
    for (const rb_optim *const *o = rb_optims; *o; o++)
        if (!strcmp((*o)->name, name)) return *o;

    const char *near = rb_nearest(name, names);
    rb_fail(err, RB_ERR_USAGE, "optimizer: there is no '%s'; did you mean '%s'?", name, near ? near : names[0]);
    return NULL;
}

// Source: torch.nn.utils.clip_grad_norm_, its 1e-6 too
void rb_optim_prepare(const rb_optim *o, const void *cfg, const rb_update *u, double norm, int axes,
                      double coef[RB_OPTIM_COEFS])
{
    rb_update own = *u;
    if (u->spare && axes <= 1) own.weight_decay = 0;
    coef[RB_COEF_SCALE] = u->clip > 0 ? fmin(1, u->clip / (norm + 1e-6)) : 1;
    o->prepare(cfg, &own, coef);
}
