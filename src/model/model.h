// SPDX-License-Identifier: Apache-2.0
// model.h - architectures: one file per family, data plus one block.
#ifndef RB_MODEL_MODEL_H
#define RB_MODEL_MODEL_H

#include "config/config.h"
#include "graph/graph.h"

#define RB_CLASSES_MOST 1000

// Keys of the model section.
typedef struct rb_model_settings {
    const char *model_type; // a name of a family's list, or the family: its first
    int num_classes;        // 1: one logit, binary
    int dim_base;           // cnn_encoder: width of the first stage
    int head_depth;         // classification_head_depth
    double head_dropout;    // classification_head_dropout
    double drop_rate;       // dropout of the features
    double drop_path_rate;  // stochastic depth of the deepest residual branch
    bool freeze;            // train the head alone
    bool freeze_bn;         // with it, the running statistics of the backbone stand still too
    bool zero_init_last;    // resnet: every residual branch begins as nothing
} rb_model_settings;
extern const rb_field rb_model_fields[];

typedef struct rb_model {
    const char *family;
    const char *const *names; // what model_type may be, NULL-ended; the first is the default of the family name
    const char *head;         // name of the classifier in timm's files: "fc", "classifier"
    int head_hidden;          // width of hidden head layers; 0 = half of the features
    // Builds from the input node to pooled features [c 1 1]. `name` is one of `names`.
    rb_node *(*features)(rb_graph *g, rb_node *x, const char *name, const rb_model_settings *s);
} rb_model;
extern const rb_model *const rb_models[]; // NULL-ended

// The timm name that a model_type stands for ("resnet" -> "resnet18"), or NULL with USAGE naming the nearest.
const char *rb_model_name(const char *model_type, rb_error *err);

// Builds the whole network with its head: (depth - 1) x [Linear, ReLU, Dropout], then Linear.
//
// Shapes: input [input.c input.h input.w], output [num_classes 1 1] logits
// Owner:  the graph lives in `a`
// Errors: USAGE (no such model, picture too small)
bool rb_model_build(rb_arena *a, const rb_model_settings *s, rb_shape input, rb_graph **out, rb_error *err) RB_CHECKED;

// The node of pooled features, input of the head.
const rb_node *rb_model_features(const rb_graph *g);

// Id of the first parameter of the head; all before it are the backbone's.
int rb_model_head_from(const rb_graph *g);

#endif
