// SPDX-License-Identifier: Apache-2.0
// grad_cam.h - where in a picture a network finds what speaks for a class, as its last feature map tells.
//
//     alpha[c] = mean over y, x of d logit / d A[c y x],    map = max(0, sum over c of alpha[c] A[c])
//
// A is what the mean over the whole picture is taken of, the head's input; dropout is off. The logit is that of the
// class. With two classes it is what decides: the single logit, or of two the difference z1 - z0, for class 1, and its
// negative for class 0.
//
// Source: Selvaraju et al., "Grad-CAM", arXiv:1610.02391, eq. 1 and 2
#ifndef RB_TRAIN_GRAD_CAM_H
#define RB_TRAIN_GRAD_CAM_H

#include "backend/backend.h"

typedef struct rb_cam_layer rb_cam_layer;

typedef struct rb_grad_cam {
    rb_plan *plan;
    rb_shape shape;       // of A: maps are [shape.h shape.w]
    double *map;          // A of a batch
    double *mean, *slope; // of A over a picture, and of the logit over that: [shape.c]
    rb_cam_layer *layer;  // of the head, from the means to the logits
    int layers;
} rb_grad_cam;

// A plan of its own for evaluation, as `spec` has it; weights of the head are those of now.
//
// Owner:  everything lives in `a`
// Errors: INTERNAL (a head of ops that nobody taught it); those of the backend
bool rb_grad_cam_open(rb_arena *a, rb_store *s, const rb_plan_spec *spec, rb_grad_cam *out, rb_error *err) RB_CHECKED;

// Maps of a batch, each for a class of its own.
//
// Shapes: class [feed->n]; maps [feed->n h w], not negative
// Errors: those of the backend
bool rb_grad_cam_look(const rb_grad_cam *g, const rb_feed *feed, const int *class, float *maps,
                      rb_error *err) RB_CHECKED;

#endif
