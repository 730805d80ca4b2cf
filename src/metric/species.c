// SPDX-License-Identifier: Apache-2.0
#include "metric/species.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *x, const void *y)
{
    return strcmp(((const rb_species *)x)->name, ((const rb_species *)y)->name);
}

// One entry an attack, sorted, then those of a name together.
static void gather(rb_arena *a, rb_pad *out, rb_scores s, const char *const *species, double threshold)
{
    out->of = RB_NEW(a, rb_species, s.n);
    int attacks = 0;
    for (int i = 0; i < s.n; i++)
        if (!s.label[i]) out->of[attacks++] = (rb_species){species[i], 1, s.score[i] >= threshold, NAN, {NAN, NAN}};
    qsort(out->of, (size_t)attacks, sizeof *out->of, by_name);
    for (int i = 0; i < attacks; i++) {
        rb_species one = out->of[i];
        if (!out->count || strcmp(out->of[out->count - 1].name, one.name)) {
            out->of[out->count++] = one;
            continue;
        }
        out->of[out->count - 1].attacks++;
        out->of[out->count - 1].accepted += one.accepted;
    }
}

rb_pad rb_pad_of(rb_arena *a, rb_scores s, const char *const *species, double threshold)
{
    rb_confusion c = rb_confusion_at(s, threshold);
    rb_pad out = {.apcer = NAN, .bpcer = rb_rates_of(c).frr, .bpcer_interval = rb_wilson(c.fn, c.fn + c.tp)};
    gather(a, &out, s, species, threshold);
    for (rb_species *one = out.of; one < out.of + out.count; one++) {
        one->apcer = (double)one->accepted / (double)one->attacks;
        one->at = rb_wilson(one->accepted, one->attacks);
        if (!out.worst || one->apcer > out.worst->apcer) out.worst = one;
    }
    if (out.worst) out.apcer = out.worst->apcer;
    out.acer = (out.apcer + out.bpcer) / 2;
    return out;
}

void rb_pad_to_json(rb_json *j, const char *key, const rb_pad *p)
{
    rb_json_open(j, key, '{');
    rb_json_real(j, "apcer", p->apcer);
    if (p->worst) rb_json_string(j, "worst_species", p->worst->name);
    rb_json_real(j, "bpcer", p->bpcer);
    rb_interval_to_json(j, "bpcer_interval_95", p->bpcer_interval);
    rb_json_real(j, "acer", p->acer);
    rb_json_open(j, "species", '[');
    for (const rb_species *one = p->of; one < p->of + p->count; one++) {
        rb_json_open(j, NULL, '{');
        rb_json_string(j, "name", one->name);
        rb_json_integer(j, "attacks", one->attacks);
        rb_json_integer(j, "accepted", one->accepted);
        rb_json_real(j, "apcer", one->apcer);
        rb_interval_to_json(j, "apcer_interval_95", one->at);
        rb_json_close(j);
    }
    rb_json_close(j);
    rb_json_close(j);
}
