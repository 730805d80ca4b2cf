// SPDX-License-Identifier: Apache-2.0
// failing_malloc.c - memory that runs out, to be preloaded: the N-th allocation that the program itself makes fails.
//
//     FAIL_AT=N     that one; 0: none
//     FAIL_FROM=1   and all that follow
//     FAIL_COUNT=F  when the process ends, writes into F how many there were
//
// Allocations of libraries are passed on: what those make of a failure is not ours to answer for.
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static uintptr_t begin, end; // of the program's own code and data
static atomic_long calls;
static long fail_at;
static int fail_from;

// The first object is the program.
static int note_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    begin = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD) continue;
        uintptr_t from = info->dlpi_addr + p->p_vaddr;
        if (from < begin) begin = from;
        if (from + p->p_memsz > end) end = from + p->p_memsz;
    }
    return 1;
}

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("FAIL_AT");
    fail_at = at ? atol(at) : 0;
    fail_from = getenv("FAIL_FROM") != NULL;
    dl_iterate_phdr(note_program, NULL);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("FAIL_COUNT");
    FILE *f = path ? fopen(path, "w") : NULL;
    if (!f) return;
    fprintf(f, "%ld\n", atomic_load(&calls));
    fclose(f);
}

static int fails(const void *caller)
{
    uintptr_t from = (uintptr_t)caller;
    if (from < begin || from >= end) return 0;
    long call = atomic_fetch_add(&calls, 1) + 1;
    return fail_at && (call == fail_at || (fail_from && call > fail_at));
}

#define UNLESS_IT_FAILS(what) (fails(__builtin_return_address(0)) ? (errno = ENOMEM, (void *)0) : (what))

void *malloc(size_t size)
{
    return UNLESS_IT_FAILS(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return UNLESS_IT_FAILS(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    return UNLESS_IT_FAILS(__libc_realloc(old, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return UNLESS_IT_FAILS(__libc_memalign(alignment, size));
}
