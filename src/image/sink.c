// SPDX-License-Identifier: Apache-2.0
// Bytes that grow in an arena while an encoder writes.
#include "image/codec.h"

#include <string.h>

void rb_sink_grow(rb_sink *s, ptrdiff_t more)
{
    if (s->room - s->size >= more) return;
    s->room = 2 * s->room + more;
    uint8_t *wider = RB_NEW(s->arena, uint8_t, s->room);
    if (s->size) memcpy(wider, s->data, (size_t)s->size);
    s->data = wider;
}
