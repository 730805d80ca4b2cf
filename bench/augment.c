// SPDX-License-Identifier: Apache-2.0
// augment.c - how long one transform or pipeline takes: microseconds a picture, on one thread.
//
//     bench_augment NAME SETTINGS SIZE SECONDS        e.g. bench_augment Rotate limit=90 224 0.5
//     bench_augment PRESET SIDE SIZE SECONDS          e.g. bench_augment original minority 224 0.5
//
// Every run draws its parameters anew and begins with a fresh copy of a picture of slopes and noise.
#include "augment/augment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static rb_image picture(rb_arena *a, int side)
{
    rb_image out = {RB_NEW(a, uint8_t, (ptrdiff_t)side * side * 3), side, side, 3};
    rb_rng random = rb_rng_at(1, RB_STREAM_SYNTH, 0, 0, 0);
    for (int i = 0; i < side * side * 3; i++)
        out.pixels[i] = (uint8_t)(i % (side * 3) * 160 / (side * 3) + rb_rng_below(&random, 96));
    return out;
}

// Of this process, so that others on the machine count little.
static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// The least of several rounds: what else the machine did is not ours.
static double microseconds(const rb_pipeline *p, int side, double seconds)
{
    rb_arena *kept = rb_arena_open(), *scratch = rb_arena_open();
    rb_image in = picture(kept, side), work = picture(kept, side);
    ptrdiff_t bytes = (ptrdiff_t)side * side * 3;
    double least = 1e30, end = cpu_s() + seconds;
    uint32_t draw = 0;
    while (cpu_s() < end) {
        double begun = cpu_s();
        const int runs = 256; // so many that a pipeline takes each of its ways
        for (int i = 0; i < runs; i++) {
            rb_image image = work;
            memcpy(image.pixels, in.pixels, (size_t)bytes);
            rb_pipeline_run(p, 1, draw++ % 256, 0, scratch, &image);
            rb_arena_reset(scratch);
        }
        double took = (cpu_s() - begun) / runs;
        least = took < least ? took : least;
    }
    rb_arena_close(scratch);
    rb_arena_close(kept);
    return least * 1e6;
}

static bool build(rb_arena *a, const char *name, const char *settings, rb_pipeline *out, rb_error *err)
{
    const rb_step_row rows[] = {{.name = name, .with = rb_text_format(a, "p=1 %s", settings)}, {0}};
    rb_augmentation preset;
    if (!rb_is_one_of(name, rb_augment_presets)) return rb_pipeline_build(a, rows, "bench_augment", out, err);
    if (!rb_augmentation_preset(a, name, "bench_augment", &preset, err)) return false;
    *out = strcmp(settings, "minority") ? preset.majority : preset.minority;
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "bench_augment NAME SETTINGS SIZE SECONDS\n");
        return 2;
    }
    rb_arena *a = rb_arena_open();
    rb_pipeline p;
    rb_error err;
    if (!build(a, argv[1], argv[2], &p, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return (int)err.kind;
    }
    printf("%.2f\n", microseconds(&p, atoi(argv[3]), strtod(argv[4], NULL)));
    rb_arena_close(a);
    return 0;
}
