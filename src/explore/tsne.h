// SPDX-License-Identifier: Apache-2.0
// tsne.h - points of many numbers laid out on a plane so that neighbours stay neighbours.
//
// Affinities reach to the 3 * perplexity nearest neighbours; repulsion is summed exactly over all pairs. Descent as
// scikit-learn does it: begin from the first two principal components, exaggeration 12 for 250 of 1,000 rounds, a rate
// of n / 48 and at least 50, gains, momentum 0.5 and then 0.8. No random number is drawn.
//
// Source: van der Maaten and Hinton, JMLR 2008; neighbours alone: van der Maaten, JMLR 2014, §4.1; rate: Belkina et
//         al., Nature Communications 2019
#ifndef RB_EXPLORE_TSNE_H
#define RB_EXPLORE_TSNE_H

#include "explore/neighbours.h"

#define RB_TSNE_PERPLEXITY 30.0 // or a third of the points, where that is less
#define RB_TSNE_ROUNDS     1000

// Where each point lies, [n 2]. The first two numbers of a point are where it begins: its first principal components.
//
// Owner:   lives in `a`
// Errors:  STOPPED
// Threads: all compute threads; results do not depend on their number
bool rb_tsne(rb_arena *a, rb_points points, float **out, rb_error *err) RB_CHECKED;

#endif
