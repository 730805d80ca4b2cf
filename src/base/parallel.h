// SPDX-License-Identifier: Apache-2.0
// parallel.h - the one pool of compute threads (OpenMP's, which oneDNN uses too).
//
// Only this file's source names OpenMP. Results must not depend on how a range is cut.
//
// Threads: call from one thread only, never from inside a body
#ifndef RB_BASE_PARALLEL_H
#define RB_BASE_PARALLEL_H

#include <stddef.h>

// Makes idle compute threads spin for a moment, as a layer of one picture is shorter than falling asleep and waking,
// and then sleep, so that loader threads and neighbours get the cores: the OpenMP runtime reads that from the
// environment before `main`, so the program begins anew with it, once. Call first in main.
void rb_parallel_wait_briefly(char **argv);

int rb_parallel_cores(void);           // cores this process may use
void rb_parallel_threads(int threads); // pool size from here on
int rb_parallel_size(void);

// Calls body(context, from, to) on disjoint pieces that cover 0..count; at most one piece a thread. Cuts fall
// on multiples of `grain`.
void rb_parallel_for(ptrdiff_t count, ptrdiff_t grain, void (*body)(void *context, ptrdiff_t from, ptrdiff_t to),
                     void *context);

#endif
