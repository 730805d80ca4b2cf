// SPDX-License-Identifier: Apache-2.0
#include "cli/part/shifted.h"

#include "base/log.h"

#include <math.h>
#include <string.h>

// With many pictures any difference is beyond chance: one that matters is large, too.
#define CLEAR_P        0.001
#define CLEAR_DISTANCE 0.1

static bool is_clear(double distance, double p)
{
    return distance >= CLEAR_DISTANCE && p < CLEAR_P;
}

bool rb_rule_wants_share(const rb_threshold_keys *rule)
{
    return !strcmp(rule->text, "f1") || (!strcmp(rule->text, "cost") && isnan(rule->prior));
}

bool rb_shift_adapts(const rb_shift *s)
{
    return s->share_p < 0.05; // not for NaN
}

static const char *chance(rb_arena *a, double p)
{
    return p < CLEAR_P ? "p < 0.001" : rb_text_format(a, "p = %.2g", p);
}

// Scores that hardly differ between classes, or few, leave every share open.
#define OPEN 0.5

static const char *shares(rb_arena *a, const rb_shift *s, const rb_score_record *was, const char *name)
{
    if (s->share_at.high - s->share_at.low > OPEN)
        return rb_text_format(a, "the share of class %s cannot be told from them", name);
    return rb_text_format(a, "share of class %s about %.1f %% here [%.1f %.1f], %.1f %% in validation", name,
                          100 * s->share, 100 * s->share_at.low, 100 * s->share_at.high, 100 * was->prior);
}

// What is left beside the share is within chance, or too small to matter.
static bool is_explained(const rb_shift *s)
{
    return s->share_p < CLEAR_P && (s->rest_p >= 0.05 || s->rest < 0.05);
}

// Advice to use it, where the call would take it.
static const char *adapt_hint(const rb_deployed *d, int networks)
{
    return networks > 1 || d->settings->output.raw ? "" : "; --adapt_prior takes that share";
}

static const char *verdict(rb_arena *a, const rb_shift *s, const rb_deployed *d, int networks)
{
    if (isnan(s->share)) return "what validation says of this network may no longer hold";
    if (!is_explained(s))
        return "more has changed than the share of the classes, and the threshold may no longer hold; look at the pictures, "
               "or label some and judge them with eval";
    const char *what = rb_rule_wants_share(&d->rule) || d->threshold_given
                           ? ", and the threshold may no longer hold"
                           : ": FAR and FRR at the threshold hold, the probabilities do not";
    return rb_text_format(a, "the share alone explains it%s%s", what, adapt_hint(d, networks));
}

void rb_shift_say(rb_arena *a, const rb_shift *s, const rb_score_record *was, const rb_deployed *d, int networks)
{
    bool clear = is_clear(s->distance, s->p), adapting = d->settings->output.adapt_prior;
    const char *of = networks > 1 ? rb_text_format(a, " of %s, the first checkpoint", d->path) : "";
    const char *text = rb_text_format(a, "scores%s: KS %.3f from validation's (%s)", of, s->distance, chance(a, s->p));
    if (clear && !isnan(s->share)) text = rb_text_format(a, "%s, %.3f at the share found", text, s->rest);
    if (!isnan(s->share)) text = rb_text_format(a, "%s; %s", text, shares(a, s, was, d->checkpoint.classes[1]));
    if (adapting && rb_shift_adapts(s)) text = rb_text_format(a, "%s; probabilities are taken to that share", text);
    if (adapting && !rb_shift_adapts(s))
        text = rb_text_format(a, "%s; that is within chance (%s), and probabilities are left as they are", text,
                              chance(a, s->share_p));
    if (clear && !(adapting && is_explained(s)))
        rb_warn("%s: %s", text, verdict(a, s, d, networks));
    else
        rb_note("%s", text);
}
