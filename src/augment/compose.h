// SPDX-License-Identifier: Apache-2.0
// compose.h - two warps as one, so that a picture which is turned and bent is sampled, and blurred, once.
#ifndef RB_AUGMENT_COMPOSE_H
#define RB_AUGMENT_COMPOSE_H

#include "augment/remap.h"

// The warp that does what `first` and `then` do to an h x w picture one after the other. `first` is known at whole
// pixels; between them its places are interpolated bilinearly, and beyond the edges they are those of the mirrored
// place, as the picture's own pixels would be: exact if `first` is affine.
//
// Owner: the context of the warp lives in `scratch`
rb_warp rb_compose(rb_arena *scratch, rb_warp first, rb_warp then, int h, int w);

#endif
