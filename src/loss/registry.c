// SPDX-License-Identifier: Apache-2.0
// registry.c - the losses there are: one file each; finding one by name.
#include "loss/loss.h"

#include <string.h>

#define ENTRY(name) extern const rb_loss rb_loss_##name;
#include "gen/loss.inc"
#undef ENTRY

#define ENTRY(name) &rb_loss_##name,
const rb_loss *const rb_losses[] = {
#include "gen/loss.inc"
    NULL};
#undef ENTRY

#define ENTRY(name) #name,
static const char *const names[] = {
#include "gen/loss.inc"
    NULL};
#undef ENTRY

const rb_loss *rb_loss_find(const char *name, rb_error *err)
{
    for (const rb_loss *const *l = rb_losses; *l; l++)
        if (!strcmp((*l)->name, name)) return *l;

    const char *near = rb_nearest(name, names);
    rb_fail(err, RB_ERR_USAGE, "loss: there is no '%s'; did you mean '%s'?", name, near ? near : names[0]);
    return NULL;
}
