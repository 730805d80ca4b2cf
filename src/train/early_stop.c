// SPDX-License-Identifier: Apache-2.0
#include "train/early_stop.h"

bool rb_early_stop_after(rb_early_stop *e, double value, double min_delta, int patience)
{
    if (value < e->best - min_delta) {
        e->best = value;
        e->wait = 0;
        return false;
    }
    e->wait++;
    return patience > 0 && e->wait >= patience;
}
