// SPDX-License-Identifier: Apache-2.0
// Calls GNU OpenMP's stable entry points by name instead of through pragmas: so gcc and clang builds share one pool
// of threads with oneDNN, which is linked to the same library.
#include "base/parallel.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

void GOMP_parallel(void (*run)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
void omp_set_num_threads(int threads);

// Rounds of the runtime's waiting loop: about a tenth of a millisecond, longer than from one layer to the next.
#define SPIN_ROUNDS "2000"

void rb_parallel_wait_briefly(char **argv)
{
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT")) return; // the user's choice, or ours
    if (!getauxval(AT_BASE)) return; // `ld.so PROGRAM`: the process is the loader's, and would become a bare loader
    if (!setenv("GOMP_SPINCOUNT", SPIN_ROUNDS, 1)) execv("/proc/self/exe", argv); // where it fails, threads spin on
}

int rb_parallel_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

void rb_parallel_threads(int threads)
{
    omp_set_num_threads(threads);
}

int rb_parallel_size(void)
{
    return omp_get_max_threads();
}

typedef struct job {
    ptrdiff_t count, grain;
    void (*body)(void *context, ptrdiff_t from, ptrdiff_t to);
    void *context;
} job;

// Thread t of T takes the pieces [P t / T, P (t+1) / T) of P pieces of `grain` elements.
static void run_share(void *data)
{
    const job *j = data;
    ptrdiff_t pieces = (j->count + j->grain - 1) / j->grain;
    ptrdiff_t t = omp_get_thread_num(), threads = omp_get_num_threads();
    ptrdiff_t from = pieces * t / threads * j->grain, to = pieces * (t + 1) / threads * j->grain;
    if (to > j->count) to = j->count;
    if (from < to) j->body(j->context, from, to);
}

void rb_parallel_for(ptrdiff_t count, ptrdiff_t grain, void (*body)(void *context, ptrdiff_t from, ptrdiff_t to),
                     void *context)
{
    if (count <= 0) return;
    job j = {count, grain, body, context};
    if (rb_parallel_size() == 1 || count <= grain)
        body(context, 0, count);
    else
        GOMP_parallel(run_share, &j, 0, 0);
}
