// SPDX-License-Identifier: Apache-2.0
// synth.h - synthetic pictures of an imbalanced problem: drawn faces, the rare class wears glasses.
//
// Label 0 (the minority) has the glasses on; of label 1 most have the same glasses somewhere else: on the hair, at the
// collar, on the wall. No single pixel and no mean colour tells the classes apart; where the glasses are does. With
// more classes it is the place that is asked for: 0 worn, 1 nowhere, 2 in the hair, 3 at the collar, 4 on the wall.
#ifndef RB_DATA_SYNTH_H
#define RB_DATA_SYNTH_H

#include "config/config.h"
#include "image/image.h"

typedef struct rb_synth_settings {
    const char *output_dir;
    int count;          // labelled pictures
    int unlabelled;     // pictures of val_img/
    int image_size;     // height and width
    double minority;    // share of label 0; of K - 1 others, label k has k times the share of label 1
    int classes;        // 2..RB_SYNTH_CLASSES
    double label_noise; // share of label 0 that is written as 1; as many of label 1 are written as 0
    int seed;
} rb_synth_settings;
#define RB_SYNTH_CLASSES 5
extern const rb_field rb_synth_fields[];

// Draws one picture: a pure function of (seed, index, label). The two labels of one index show the same person.
//
// Shapes: out [image_size image_size 3]
// Owner:  the pixels live in `a`
void rb_synth_draw(rb_arena *a, const rb_synth_settings *s, uint32_t index, int label, rb_image *out);

// Writes a data set in the original's layout: train_img/000001.jpg..., label_train.txt, val_img/000001.jpg..., and
// val_truth.txt, the labels of val_img without noise.
//
// Errors: USAGE (no output_dir, or there is something in it), IO
bool rb_synth_write(const rb_synth_settings *s, rb_error *err) RB_CHECKED;

#endif
