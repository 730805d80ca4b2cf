// SPDX-License-Identifier: Apache-2.0
// arena.h - memory by lifetime: one arena per lifetime, freed or reset as a whole.
//
// An arena parameter means "the result lives here"; one named `scratch`, "only while I run". The loop that
// opened an arena resets it; callees never free. System handles join through rb_arena_defer.
//
// Errors:  memory running out ends the process with exit code 70 (one replaceable handler)
// Threads: an arena belongs to one thread at a time
// Source:  the idea of chunked regions, Hanson, "Fast Allocation and Deallocation of Memory Based on
//          Object Lifetimes", 1990
#ifndef RB_BASE_ARENA_H
#define RB_BASE_ARENA_H

#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rb_arena rb_arena;

// Bytes lent by somebody else.
typedef struct rb_bytes {
    const uint8_t *data;
    ptrdiff_t size;
} rb_bytes;

#define RB_ALIGNMENT 64 // a cache line, and an AVX-512 register

ptrdiff_t rb_aligned(ptrdiff_t bytes); // up to a multiple of it

rb_arena *rb_arena_open(void);
rb_arena *rb_arena_open_within(rb_arena *a); // closed when `a` ends, as what joins `a` by rb_arena_defer is
void rb_arena_close(rb_arena *a);            // NULL is fine
void rb_arena_reset(rb_arena *a);            // runs what was deferred, keeps the first chunk for reuse

// `count` objects of `size` bytes, zeroed, aligned to RB_ALIGNMENT. count * size is checked.
void *rb_arena_take(rb_arena *a, ptrdiff_t count, ptrdiff_t size);
#define RB_NEW(arena, type, count) ((type *)rb_arena_take((arena), (count), (ptrdiff_t)sizeof(type)))

// Calls `run(handle)` when the arena ends or is reset, newest first.
void rb_arena_defer(rb_arena *a, void (*run)(void *handle), void *handle);

// Bytes held by the arena's chunks now, for budgets and tests.
ptrdiff_t rb_arena_bytes(const rb_arena *a);

// What to do when the host has no memory left: prints one line and ends with exit code 70 unless replaced.
typedef void rb_out_of_memory(ptrdiff_t bytes);
void rb_arena_on_out_of_memory(rb_out_of_memory *handler);

// A list of pointers with one more at its end; `list` may be NULL while count is 0. Its room is the next power of two.
void *rb_list_with(rb_arena *a, void *list, int count, void *item);

char *rb_text_copy(rb_arena *a, const char *text);
char *rb_text_format(rb_arena *a, const char *format, ...) RB_PRINTF(2, 3);
char *rb_text_formatv(rb_arena *a, const char *format, va_list args) RB_PRINTF(2, 0);

#endif
