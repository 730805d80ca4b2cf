// SPDX-License-Identifier: Apache-2.0
// roofline.h - how near the parts of a step come to what this machine can do.
//
// Source: Williams, Waterman and Patterson, "Roofline", 2009; of its two roofs the one of arithmetic, which is what
//         bounds convolutions
#ifndef RB_TRAIN_ROOFLINE_H
#define RB_TRAIN_ROOFLINE_H

#include "train/settings.h"

// Multiplications and additions of a part, two for each weight that meets a value, as the plain sum has them: an
// algorithm that needs fewer, as Winograd's, can come out above the roof. 0: it is no convolution.
double rb_roofline_flops(const rb_graph *g, const rb_work_item *item, int batch);

// The roof, in operations per second: the best of `seconds` of a 1x1 convolution of many channels, which is a large
// product of matrices, in the precision that the settings ask for.
//
// Errors: as rb_network_open; USAGE (a backend that does not tell of its parts)
bool rb_roofline_measure(const rb_settings *s, double seconds, double *out, rb_error *err) RB_CHECKED;

#endif
