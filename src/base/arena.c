// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Chunks begin with this header, at a multiple of RB_ALIGNMENT; the first object follows at the next one.
typedef struct chunk {
    struct chunk *older;
    void *memory;         // what calloc gave
    ptrdiff_t size, used; // of the payload
    ptrdiff_t dirty;      // from here on it is zero still: memory that nobody uses is never touched
} chunk;

typedef struct deferred {
    struct deferred *older;
    void (*run)(void *handle);
    void *handle;
} deferred;

struct rb_arena {
    chunk *newest;
    deferred *last;
};

#define HEADER       ((ptrdiff_t)RB_ALIGNMENT)
#define FIRST_CHUNK  ((ptrdiff_t)16 << 10)
#define LARGEST_STEP ((ptrdiff_t)4 << 20)

_Static_assert(sizeof(chunk) <= RB_ALIGNMENT, "a chunk's header must fit in front of its payload");

// Of several threads that run out at once one speaks. _exit, since the others go on working while exit() would take
// libraries apart below them.
static void say_and_end(ptrdiff_t bytes)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&said)) pause();
    fprintf(stderr, "rarebit: out of memory (%td bytes more were needed)\n", bytes);
    _exit(RB_ERR_INTERNAL);
}

static rb_out_of_memory *out_of_memory = say_and_end;

void rb_arena_on_out_of_memory(rb_out_of_memory *handler)
{
    out_of_memory = handler ? handler : say_and_end;
}

ptrdiff_t rb_aligned(ptrdiff_t bytes)
{
    return (bytes + RB_ALIGNMENT - 1) / RB_ALIGNMENT * RB_ALIGNMENT;
}

static void *must_have(void *memory, ptrdiff_t bytes)
{
    if (!memory) {
        out_of_memory(bytes);
        abort();
    }
    return memory;
}

rb_arena *rb_arena_open(void)
{
    return must_have(calloc(1, sizeof(rb_arena)), (ptrdiff_t)sizeof(rb_arena));
}

static uintptr_t round_up(uintptr_t value, uintptr_t unit)
{
    return (value + unit - 1) / unit * unit;
}

// Asks for huge pages: 2 MiB cost one fault instead of 512. Where they are not to be had nothing is lost.
static void ask_for_huge_pages(chunk *c)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = round_up((uintptr_t)c, page);
    uintptr_t end = ((uintptr_t)c + (uintptr_t)(HEADER + c->size)) / page * page;
    if (end > from) madvise((uint8_t *)c + (from - (uintptr_t)c), end - from, MADV_HUGEPAGE);
}

static void add_chunk(rb_arena *a, ptrdiff_t need)
{
    ptrdiff_t size = a->newest ? a->newest->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_STEP) size = LARGEST_STEP;
    if (size < need) size = need;
    ptrdiff_t room = HEADER + size + RB_ALIGNMENT;
    void *memory = must_have(calloc(1, (size_t)room), room);
    chunk *c = (chunk *)round_up((uintptr_t)memory, RB_ALIGNMENT); // NOLINT(performance-no-int-to-ptr)
    *c = (chunk){.older = a->newest, .memory = memory, .size = size};
    a->newest = c;
    if (size > LARGEST_STEP) ask_for_huge_pages(c);
}

// The next `need` bytes of the newest chunk, zero.
static void *take_from(chunk *c, ptrdiff_t need)
{
    uint8_t *at = (uint8_t *)c + HEADER + c->used;
    ptrdiff_t dirty = c->dirty - c->used;
    if (dirty > 0) memset(at, 0, (size_t)(dirty < need ? dirty : need));
    c->used += need;
    if (c->dirty < c->used) c->dirty = c->used;
    return at;
}

void *rb_arena_take(rb_arena *a, ptrdiff_t count, ptrdiff_t size)
{
    if (count < 0 || (size > 0 && count > (PTRDIFF_MAX / 2 - HEADER - RB_ALIGNMENT) / size)) {
        out_of_memory(PTRDIFF_MAX);
        abort();
    }
    ptrdiff_t need = rb_aligned(count * size);
    if (!a->newest || a->newest->size - a->newest->used < need) add_chunk(a, need);
    return take_from(a->newest, need);
}

void rb_arena_defer(rb_arena *a, void (*run)(void *handle), void *handle)
{
    deferred *d = RB_NEW(a, deferred, 1);
    *d = (deferred){a->last, run, handle};
    a->last = d;
}

static void close_within(void *handle)
{
    rb_arena_close(handle);
}

rb_arena *rb_arena_open_within(rb_arena *a)
{
    rb_arena *inner = rb_arena_open();
    rb_arena_defer(a, close_within, inner);
    return inner;
}

static void run_deferred(rb_arena *a)
{
    while (a->last) {
        deferred *d = a->last;
        a->last = d->older;
        d->run(d->handle);
    }
}

// Frees the chunks that are newer than the oldest, or all of them.
static void drop_chunks(rb_arena *a, bool keep_oldest)
{
    while (a->newest && (a->newest->older || !keep_oldest)) {
        chunk *c = a->newest;
        a->newest = c->older;
        free(c->memory);
    }
}

void rb_arena_reset(rb_arena *a)
{
    run_deferred(a);
    drop_chunks(a, true);
    if (a->newest) a->newest->used = 0;
}

void rb_arena_close(rb_arena *a)
{
    if (!a) return;
    run_deferred(a);
    drop_chunks(a, false);
    free(a);
}

ptrdiff_t rb_arena_bytes(const rb_arena *a)
{
    ptrdiff_t bytes = 0;
    for (const chunk *c = a->newest; c; c = c->older) bytes += c->size;
    return bytes;
}

void *rb_list_with(rb_arena *a, void *list, int count, void *item)
{
    char *items = list;
    if ((count & (count - 1)) == 0) {
        items = (char *)RB_NEW(a, void *, count ? (ptrdiff_t)count * 2 : 1);
        if (count) memcpy(items, list, (size_t)count * sizeof item);
    }
    memcpy(items + (size_t)count * sizeof item, &item, sizeof item);
    return items;
}

char *rb_text_copy(rb_arena *a, const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(RB_NEW(a, char, (ptrdiff_t)n), text, n);
}

char *rb_text_formatv(rb_arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *text = RB_NEW(a, char, n + 1);
    vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

char *rb_text_format(rb_arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = rb_text_formatv(a, format, args);
    va_end(args);
    return text;
}
