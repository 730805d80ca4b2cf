// SPDX-License-Identifier: Apache-2.0
// outliers.h - pictures that are far from most others, in a simple statistic or in feature space.
//
// Far is counted in robust standard deviations: 1.4826 times the median of distances to the median; where more than
// half the pictures are equal, the plain standard deviation. Sharpness, bytes per pixel and aspect are compared by
// their logarithms, and so is the distance in feature space: the mean to the ten nearest pictures of the map.
//
// Source: Iglewicz and Hoaglin, "How to detect and handle outliers", 1993, whose limit for one sample is 3.5; here
//         every picture is tried several times over, hence 5
#ifndef RB_EXPLORE_OUTLIERS_H
#define RB_EXPLORE_OUTLIERS_H

#include "explore/survey.h"

#define RB_OUTLIER_SCORE 5.0

typedef struct rb_outlier {
    int sample;
    int what;     // rb_statistic; RB_STATISTICS: the distance in feature space
    double value; // of it
    double score; // robust standard deviations from the median
} rb_outlier;

typedef struct rb_outliers {
    rb_outlier *at; // by falling score; a picture is there once, with its highest
    int count;
} rb_outliers;

// `distance` [count of data] of each readable picture in feature space; NULL: not known.
rb_outliers rb_outliers_find(rb_arena *a, const rb_survey *s, const double *distance);

const char *rb_outlier_name(const rb_outlier *o); // "sharpness", "features"

#endif
