// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <math.h>
#include <stdio.h>

void rb_table_head(void)
{
    printf("%-8s %8s %6s %6s  %6s  %6s %-16s %6s %-16s  %7s\n", "", "pictures", "0", "1", "HTER", "FAR", "[95 %]",
           "FRR", "[95 %]", "ROC AUC");
}

static void print_rate(double rate, rb_interval i)
{
    char interval[32] = "";
    if (!isnan(i.low)) snprintf(interval, sizeof interval, "[%.4f %.4f]", i.low, i.high);
    printf(" %6.4f %-16s", rate, interval);
}

void rb_table_row(const char *name, const rb_summary *s)
{
    printf("%-8s %8d %6d %6d  %6.4f ", name, s->n, s->negatives, s->positives, s->rates.hter);
    print_rate(s->rates.far, s->far_interval);
    print_rate(s->rates.frr, s->frr_interval);
    printf("  %7.4f\n", s->roc_auc);
}

void rb_table_foot(double threshold, const char *where_from)
{
    printf("threshold %.9g, %s\n", threshold, where_from);
}
