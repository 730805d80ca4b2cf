// SPDX-License-Identifier: Apache-2.0
// pca.h - principal components: the directions in which points spread most.
//
// The leading eigenvectors of the covariance matrix by subspace iteration with a Rayleigh-Ritz step, from a fixed
// random start.
//
// Source: Halko, Martinsson and Tropp, "Finding structure with randomness", SIAM Review 2011, §4.5; signs as in
//         scikit-learn 1.5: the component of largest magnitude of each direction is positive
#ifndef RB_EXPLORE_PCA_H
#define RB_EXPLORE_PCA_H

#include "explore/neighbours.h"

typedef struct rb_pca {
    int k, d;
    double *mean;      // [d]
    double *direction; // [k d] rows of length 1, at right angles
    double *variance;  // [k] along each, falling; of a sample of n: / (n - 1)
    double total;      // variance of all d together
} rb_pca;

// At most k directions: fewer where points have fewer numbers, or are too few.
//
// Owner:   lives in `a`
// Threads: all compute threads; results do not depend on their number
rb_pca rb_pca_fit(rb_arena *a, rb_points points, int k);

// Where points lie along the directions, [n k], less the mean.
float *rb_pca_apply(rb_arena *a, const rb_pca *p, rb_points points);

// Eigenvalues (falling) and eigenvectors (rows) of a small symmetric matrix [n n], which is used up.
// Source: Jacobi's cyclic method, Golub and Van Loan, "Matrix Computations", §8.5
void rb_symmetric_eigen(double *matrix, int n, double *value, double *vector);

#endif
