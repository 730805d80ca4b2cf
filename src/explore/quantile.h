// SPDX-License-Identifier: Apache-2.0
#ifndef RB_EXPLORE_QUANTILE_H
#define RB_EXPLORE_QUANTILE_H

// The value below which a share of n numbers lies, linear between neighbours; NAN of none. Sorts `x`.
// Source: numpy's quantile(), method "linear"
double rb_quantile(double *x, int n, double share);

#endif
