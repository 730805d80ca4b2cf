// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <math.h>
#include <stdio.h>

static void print_rate(double rate, rb_interval i)
{
    char interval[32] = "";
    if (!isnan(i.low)) snprintf(interval, sizeof interval, "[%.4f %.4f]", i.low, i.high);
    printf(" %6.4f %-16s", rate, interval);
}

static void print_two(const rb_summary *s)
{
    printf(" %6d %6d  %6.4f ", s->negatives, s->positives, s->rates.hter);
    print_rate(s->rates.far, s->far_interval);
    print_rate(s->rates.frr, s->frr_interval);
    printf("  %7.4f\n", s->roc_auc);
}

static void print_many(const rb_class_summary *s)
{
    printf("  %6.4f   %6.4f    %6.4f   %7.4f  ", s->hter, s->accuracy, s->macro_f1, s->roc_auc);
    for (int k = 0; k < s->k; k++) printf(" %.3f", s->of[k].rates.recall);
    putchar('\n');
}

void rb_table_head(const rb_figures *like)
{
    if (rb_figures_are_two(like))
        printf("%-8s %8s %6s %6s  %6s  %6s %-16s %6s %-16s  %7s\n", "", "pictures", "0", "1", "HTER", "FAR", "[95 %]",
               "FRR", "[95 %]", "ROC AUC");
    else
        printf("%-8s %8s  %6s %8s  %8s   %7s   %s\n", "", "pictures", "HTER", "accuracy", "macro F1", "ROC AUC",
               "recall of each class");
}

void rb_table_row(const char *name, const rb_figures *f)
{
    printf("%-8s %8d", name, f->n);
    if (rb_figures_are_two(f))
        print_two(&f->two);
    else
        print_many(&f->many);
}

void rb_table_foot(const rb_figures *like, const char *threshold_from)
{
    if (rb_figures_are_two(like))
        printf("threshold %.9g, %s\n", like->threshold, threshold_from);
    else
        printf("HTER is 1 - macro recall; ROC AUC the mean of each class against the rest\n");
}
