// SPDX-License-Identifier: Apache-2.0
#include "cli/part/table.h"

#include <math.h>
#include <stdio.h>

const char *rb_interval_text(rb_interval i, char out[32])
{
    *out = '\0';
    if (!isnan(i.low)) snprintf(out, 32, "[%.4f %.4f]", i.low, i.high);
    return out;
}

static void print_rate(double rate, rb_interval i)
{
    char interval[32];
    printf(" %6.4f %-16s", rate, rb_interval_text(i, interval));
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
    if (like->groups) printf("intervals by whole groups\n");
}

void rb_table_classes(const char *name, const rb_figures *f)
{
    const rb_class_summary *s = &f->many;
    if (rb_figures_are_two(f)) return;
    printf("\n%-10s %9s %9s %9s %-18s %9s %9s %9s\n", name, "pictures", "precision", "recall", "[95 %]", "F1",
           "ROC AUC", "av. prec.");
    for (int c = 0; c < s->k; c++) {
        const rb_class_figures *of = &s->of[c];
        char text[32];
        printf("label %-4d %9lld %9.4f %9.4f %-18s %9.4f %9.4f %9.4f\n", c, (long long)of->rates.support,
               of->rates.precision, of->rates.recall, rb_interval_text(of->recall_interval, text), of->rates.f1,
               of->roc_auc, of->average_precision);
    }
    printf("%-10s %9s %9.4f %9.4f %-18s %9.4f %9.4f %9.4f\n", "macro", "", s->macro_precision, s->macro_recall, "",
           s->macro_f1, s->roc_auc, s->average_precision);
}
