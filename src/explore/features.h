// SPDX-License-Identifier: Apache-2.0
// features.h - simple numbers of colour and gradient, for maps and outliers where no network is at hand.
//
// Mean colour of a 4x4 grid (48 numbers), standard deviation of each channel (3), and for each cell of that grid the
// share of eight directions in its gradients, weighted by their strength (128).
//
// Source: the idea of histograms of oriented gradients, Dalal and Triggs, CVPR 2005
#ifndef RB_EXPLORE_FEATURES_H
#define RB_EXPLORE_FEATURES_H

#include "explore/survey.h"

#define RB_COLOUR_GRID 4

// `colour` is [4 4 3]; of `f` the colour means and squares are known.
void rb_features(const uint8_t *colour, const uint8_t thumb[RB_THUMB * RB_THUMB], const rb_facts *f,
                 float out[RB_FEATURES]);

#endif
