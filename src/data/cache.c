// SPDX-License-Identifier: Apache-2.0
#include "data/cache.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

// What `place` says of a sample: 1 + its place in the slab once it can be read, else one of these.
enum { ABSENT = 0, BEING_WRITTEN = -1 };

struct rb_cache {
    pthread_mutex_t lock;
    int *place;     // [samples]
    int used, room; // pictures
    ptrdiff_t bytes;
    uint8_t *slab; // NULL if room is 0
};

static void close_cache(void *handle)
{
    rb_cache *c = handle;
    if (c->slab) munmap(c->slab, (size_t)(c->room * c->bytes));
    pthread_mutex_destroy(&c->lock);
}

bool rb_cache_open(rb_arena *a, int samples, ptrdiff_t bytes, int64_t budget, rb_cache **out, rb_error *err)
{
    rb_cache *c = RB_NEW(a, rb_cache, 1);
    int64_t fit = budget / bytes;
    *c = (rb_cache){.place = RB_NEW(a, int, samples), .room = fit < samples ? (int)fit : samples, .bytes = bytes};
    if (c->room) {
        void *slab = mmap(NULL, (size_t)(c->room * bytes), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (slab == MAP_FAILED)
            return rb_fail_errno(err, RB_ERR_INTERNAL, errno, "%td MiB for the cache of pictures (lower cache_mb)",
                                 c->room * bytes >> 20);
        c->slab = slab;
    }
    pthread_mutex_init(&c->lock, NULL);
    rb_arena_defer(a, close_cache, c);
    *out = c;
    return true;
}

static uint8_t *pixels_at(const rb_cache *c, int place)
{
    return c->slab + (place - 1) * c->bytes;
}

const uint8_t *rb_cache_find(rb_cache *c, int sample)
{
    pthread_mutex_lock(&c->lock);
    int place = c->place[sample];
    pthread_mutex_unlock(&c->lock);
    return place > 0 ? pixels_at(c, place) : NULL;
}

// The copy is made outside the lock: the place is taken before and shown after.
void rb_cache_keep(rb_cache *c, int sample, const uint8_t *pixels)
{
    pthread_mutex_lock(&c->lock);
    int place = c->place[sample] == ABSENT && c->used < c->room ? ++c->used : ABSENT;
    if (place) c->place[sample] = BEING_WRITTEN;
    pthread_mutex_unlock(&c->lock);
    if (!place) return;

    memcpy(pixels_at(c, place), pixels, (size_t)c->bytes);
    pthread_mutex_lock(&c->lock);
    c->place[sample] = place;
    pthread_mutex_unlock(&c->lock);
}

int rb_cache_count(rb_cache *c)
{
    pthread_mutex_lock(&c->lock);
    int used = c->used;
    pthread_mutex_unlock(&c->lock);
    return used;
}
