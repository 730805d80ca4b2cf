// SPDX-License-Identifier: Apache-2.0
// judgement.c - what eval found, as tables and as JSON.
#include "cli/part/judgement.h"

#include "cli/part/table.h"

#include <math.h>
#include <stdio.h>

#define ECE_TITLE "ECE, 15 equal bins"
_Static_assert(RB_ECE_BINS == 15, "ECE_TITLE states the number of bins");

// ---- tables -------------------------------------------------------------------------------------------------------

static void print_figure(const rb_intervals *i, const char *title, const char *figure, double value)
{
    const rb_bounded *b = figure ? rb_intervals_find(i, figure) : NULL;
    char text[32] = "";
    if (isnan(value)) return;
    printf("%-26s %8.4f", title, value);
    if (b) printf("  %-18s %s", rb_interval_text(b->at, text), b->method);
    putchar('\n');
}

typedef struct line {
    const char *title, *figure; // figure: the name of its interval, NULL: it has none
    double value;
} line;

static void print_lines(const rb_judgement *f, const line *lines, int count)
{
    printf("\n%-26s %8s  %-18s by\n", "", "", "[95 %]");
    for (int i = 0; i < count; i++) print_figure(&f->intervals, lines[i].title, lines[i].figure, lines[i].value);
    if (f->figures.groups) printf("%d groups were drawn whole\n", f->figures.groups);
}

static void print_two(const rb_judgement *f)
{
    const rb_summary *s = &f->figures.two;
    const rb_confusion *c = &s->confusion;
    rb_table_head(&f->figures);
    rb_table_row(f->of->name, &f->figures);
    rb_table_foot(&f->figures, f->of->threshold_from);

    const int64_t counts[2][2] = {{c->tn, c->fp}, {c->fn, c->tp}};
    printf("\n%-10s %9s %9s  %9s %9s %9s\n", "", "judged 0", "judged 1", "precision", "recall", "F1");
    for (int k = 0; k < 2; k++)
        printf("label %-4d %9lld %9lld  %9.4f %9.4f %9.4f\n", k, (long long)counts[k][0], (long long)counts[k][1],
               s->of[k].precision, s->of[k].recall, s->of[k].f1);
    printf("%-10s %9s %9s  %9.4f %9.4f %9.4f\n", "macro", "", "", s->macro_precision, s->rates.balanced_accuracy,
           s->macro_f1);

    const line lines[] = {{"HTER", "hter", s->rates.hter},
                          {"FAR", "far", s->rates.far},
                          {"FRR", "frr", s->rates.frr},
                          {"EER", "eer", s->eer},
                          {"FRR at FAR <= 10 %", NULL, s->frr_at_far[0]},
                          {"FRR at FAR <= 1 %", NULL, s->frr_at_far[1]},
                          {"FRR at FAR <= 0.1 %", NULL, s->frr_at_far[2]},
                          {"ROC AUC", "roc_auc", s->roc_auc},
                          {"average precision", "average_precision", s->average_precision},
                          {"PR AUC, trapezoids", NULL, s->pr_auc},
                          {"accuracy", "accuracy", s->rates.accuracy},
                          {"MCC", "mcc", s->rates.mcc},
                          {"log loss", "log_loss", s->log_loss},
                          {"Brier score", "brier", s->brier},
                          {ECE_TITLE, NULL, s->ece}};
    print_lines(f, lines, (int)(sizeof lines / sizeof *lines));
}

#define WIDE 12 // classes up to which their confusion is printed

static void print_confusion(const rb_class_summary *s)
{
    printf("\n%-10s", "");
    for (int c = 0; c < s->k; c++) printf(" %8s%-2d", "judged ", c);
    putchar('\n');
    for (int y = 0; y < s->k; y++) {
        printf("label %-4d", y);
        for (int c = 0; c < s->k; c++) printf(" %10lld", (long long)s->confusion[y * s->k + c]);
        putchar('\n');
    }
}

static void print_many(const rb_judgement *f)
{
    const rb_class_summary *s = &f->figures.many;
    printf("%d pictures, %d classes; the most probable class is taken\n", s->n, s->k);
    if (s->k <= WIDE) print_confusion(s);
    rb_table_classes("", &f->figures);
    const line lines[] = {{"HTER, 1 - macro recall", "hter", s->hter},
                          {"accuracy", "accuracy", s->accuracy},
                          {"macro F1", "macro_f1", s->macro_f1},
                          {"ROC AUC, each/rest", "roc_auc_ovr_macro", s->roc_auc},
                          {"MCC", "mcc", s->mcc},
                          {"log loss", NULL, s->log_loss},
                          {"Brier score", NULL, s->brier},
                          {ECE_TITLE, NULL, s->ece}};
    print_lines(f, lines, (int)(sizeof lines / sizeof *lines));
}

static void print_pad(const rb_pad *p)
{
    char text[32];
    printf("\n%-26s %8s  %-18s %9s %9s\n", "species of attack", "APCER", "[95 %]", "accepted", "of");
    for (const rb_species *s = p->of; s < p->of + p->count; s++)
        printf("%-26.26s %8.4f  %-18s %9lld %9lld\n", *s->name ? s->name : "(unnamed)", s->apcer,
               rb_interval_text(s->at, text), (long long)s->accepted, (long long)s->attacks);
    if (p->worst)
        printf("APCER %.4f (%s), BPCER %.4f, ACER %.4f\n", p->apcer, *p->worst->name ? p->worst->name : "unnamed",
               p->bpcer, p->acer);
}

// p: of the test that the method is; NAN: it is none.
static void print_difference(const char *title, const double *values, rb_difference d, const char *method, double p)
{
    char text[32];
    if (isnan(d.value)) return;
    printf("%-26s %8.4f %8.4f %+9.4f  %-18s %s", title, values[0], values[1], d.value, rb_interval_text(d.at, text),
           method);
    if (!isnan(p)) printf(": p = %.3g", p);
    putchar('\n');
}

static void print_mcnemar(const char *title, const rb_mcnemar *m)
{
    static const char *const methods[] = {"exact", "chi-square", "by group"};
    printf("%-26s %8lld %8lld %9s  %-18s McNemar's test, %s: p = %.3g\n", title, (long long)m->ours,
           (long long)m->theirs, "", "", methods[m->kind], m->p);
}

static void print_against(const rb_comparison *c, const char *other)
{
    printf("\nagainst %s\n%-26s %8s %8s %9s  %-18s by\n", other, "", "this", "other", "apart by", "[95 %]");
    const char *drawn = c->resamples ? "bootstrap in pairs" : "";
    print_difference("HTER", c->hter, c->hter_bootstrap, drawn, NAN);
    if (isnan(c->delong_p))
        print_difference("ROC AUC", c->auc, c->auc_bootstrap, drawn, NAN);
    else
        print_difference("ROC AUC", c->auc, c->delong, "DeLong's test", c->delong_p);
    print_mcnemar("alone right", &c->all);
    for (int label = 0; label < c->k; label++) {
        char title[32];
        snprintf(title, sizeof title, "  on label %d", label);
        print_mcnemar(title, &c->of[label]);
    }
}

void rb_judgement_print(const rb_judgement *f)
{
    if (f->of->k == 2)
        print_two(f);
    else
        print_many(f);
    if (f->pad) print_pad(f->pad);
    if (f->against) print_against(f->against, f->other);
}

// ---- JSON ---------------------------------------------------------------------------------------------------------

const char *rb_judgement_json(rb_arena *a, const rb_judgement *f)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    if (f->of->k == 2)
        rb_summary_members(j, &f->figures.two);
    else
        rb_class_summary_members(j, &f->figures.many);
    rb_intervals_to_json(j, "intervals", &f->intervals);
    rb_json_integer(j, "resamples", f->intervals.resamples);
    if (f->figures.groups) rb_json_integer(j, "groups", f->figures.groups);
    if (f->of->k == 2) rb_json_string(j, "threshold_from", f->of->threshold_from);
    if (f->pad) rb_pad_to_json(j, "pad", f->pad);
    if (f->against) rb_comparison_to_json(j, "against", f->against);
    rb_json_close(j);
    return rb_json_text(j);
}
