// SPDX-License-Identifier: Apache-2.0
// constant.c - the base rate from the first update to the last.
#include "schedule/schedule.h"

#include <math.h>

static const rb_field fields[] = {{0}};

static rb_rate rate(const void *cfg, rb_progress at)
{
    (void)cfg;
    return (rb_rate){at.lr, NAN};
}

const rb_schedule rb_schedule_constant = {
    .name = "constant",
    .help = "keep the base rate",
    .fields = fields,
    .rate = rate,
};
