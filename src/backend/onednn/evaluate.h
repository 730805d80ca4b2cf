// SPDX-License-Identifier: Apache-2.0
// evaluate.h - a convolution of an evaluation plan while its steps are made: between evaluate.c, rows.c and bytes.c.
#ifndef RB_BACKEND_ONEDNN_EVALUATE_H
#define RB_BACKEND_ONEDNN_EVALUATE_H

#include "backend/onednn/onednn.h"

// What a convolution's steps compute beside it.
typedef struct rb_dn_chain {
    const rb_node *norm, *drop, *add, *activation, *tail;
    const rb_node *other; // second operand of `add`
} rb_dn_chain;

// What maps are made of: bytes of a scale, or values (scale 0).
typedef struct rb_dn_format {
    dnnl_data_type_t type;
    float scale;
} rb_dn_format;

typedef struct rb_dn_call {
    rb_dn_plan *plan;
    rb_arena *scratch; // while the call is made
    const rb_node *node;
    rb_dn_chain chain;
    rb_dn_way way;
    dnnl_data_type_t type, weight_type; // of the source, of the weights
    float src_scale;
    rb_dn_format out;
    bool bias;
    rb_dn_after after;
    rb_dn_tensor *src, *other, *dst; // other: what is added, or NULL
    rb_dn_folded bytes;              // int8: plain weights and their bias; weights NULL: floats
} rb_dn_call;

// ---- evaluate.c

// The source in layout `md`; the output in layout `md`, over the other operand where there is one.
bool rb_dn_call_source(rb_dn_call *c, const dnnl_memory_desc_t *md);
bool rb_dn_call_output(rb_dn_call *c, const dnnl_memory_desc_t *md);
void rb_dn_call_done(rb_dn_call *c); // what it took along has its output now

// ---- rows.c

bool rb_dn_emit_rows(rb_dn_call *c);

// ---- bytes.c

bool rb_dn_call_in_values(rb_dn_call *c); // types and `after` of fp32 and bf16
bool rb_dn_call_in_bytes(rb_dn_call *c);  // and of int8, with weights and scales
rb_dn_folded rb_dn_call_weights(rb_dn_call *c, const dnnl_memory_desc_t *md);

#endif
