// SPDX-License-Identifier: Apache-2.0
// species.h - attacks by their species: how well the worst of them gets through.
//
// Label 1 is bona fide, label 0 an attack. APCER of a species is the share of its attacks that are accepted, the APCER
// that is reported that of the worst species; BPCER is the FRR, ACER the mean of both.
//
// Source: ISO/IEC 30107-3; ACER as the OULU-NPU protocol has it
#ifndef RB_METRIC_SPECIES_H
#define RB_METRIC_SPECIES_H

#include "metric/metric.h"

typedef struct rb_species {
    const char *name;
    int64_t attacks, accepted;
    double apcer;
    rb_interval at; // Wilson
} rb_species;

typedef struct rb_pad {
    rb_species *of; // by name
    int count;
    const rb_species *worst; // NULL: there is no attack
    double apcer, bpcer, acer;
    rb_interval bpcer_interval;
} rb_pad;

// `species` names that of each row of label 0; of others it is not looked at.
//
// Owner: lives in `a`, names are lent
rb_pad rb_pad_of(rb_arena *a, rb_scores s, const char *const *species, double threshold);

void rb_pad_to_json(rb_json *j, const char *key, const rb_pad *p);

#endif
