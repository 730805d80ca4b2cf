// SPDX-License-Identifier: Apache-2.0
// registry.c - the schedules there are: one file each; finding one by name.
#include "schedule/schedule.h"

#include <string.h>

#define ENTRY(name) extern const rb_schedule rb_schedule_##name;
#include "gen/schedule.inc"
#undef ENTRY

#define ENTRY(name) &rb_schedule_##name,
const rb_schedule *const rb_schedules[] = {
#include "gen/schedule.inc"
    NULL};
#undef ENTRY

#define ENTRY(name) #name,
static const char *const names[] = {
#include "gen/schedule.inc"
    NULL};
#undef ENTRY

const rb_schedule *rb_schedule_find(const char *name, rb_error *err)
{
    for (const rb_schedule *const *s = rb_schedules; *s; s++)
        if (!strcmp((*s)->name, name)) return *s;

    const char *near = rb_nearest(name, names);
    rb_fail(err, RB_ERR_USAGE, "scheduler: there is no '%s'; did you mean '%s'?", name, near ? near : names[0]);
    return NULL;
}
