// SPDX-License-Identifier: Apache-2.0
// bench.c - images/s of training, inference and reading, and where a training step's time goes.
#include "cli/command.h"

#include "base/file.h"
#include "base/json.h"
#include "train/measure.h"
#include "train/network.h"
#include "train/roofline.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

typedef struct bench_settings {
    int mode;
    double seconds;
    bool verbose, roofline;
} bench_settings;

enum { ALL, TRAINING, INFERENCE, DECODING };
static const char *const modes[] = {"all", "training", "inference", "decoding", NULL};

#define AT(member) offsetof(bench_settings, member)
static const rb_field fields[] = {
    {"mode", RB_CHOICE, AT(mode), .preset = ALL, .choices = modes, .help = "what to measure"},
    {"seconds", RB_REAL, AT(seconds), .preset = 5, .min = 0.1, .max = 3600, .unit = "s",
     .help = "how long each measurement takes, after a warm-up"},
    {"verbose", RB_BOOL, AT(verbose), .preset = false,
     .help = "every part of the training step: its time and the algorithm that was chosen"},
    {"roofline", RB_BOOL, AT(roofline), .preset = false,
     .help =
         "every convolution of the training step: its time, its rate, and that as a share of the fastest this machine has"},
    {0},
};

typedef struct bench {
    rb_settings *settings;
    bench_settings own;
    rb_config config; // the settings' sections and ours
} bench;

static bench *bench_new(rb_arena *a)
{
    bench *b = RB_NEW(a, bench, 1);
    b->settings = rb_settings_new(a, RB_FOR_BENCH);
    b->config = rb_config_with(a, &b->settings->config, (rb_section){"measurement", NULL, fields, &b->own, true});
    return b;
}

static rb_config config(rb_arena *a)
{
    return bench_new(a)->config;
}

// ---- results ------------------------------------------------------------------------------------------------------

typedef struct results {
    const bench *bench;
    rb_json *json;
    bool table; // on standard output
} results;

static void show_rate(const results *r, const char *name, const rb_rates_seen *seen)
{
    if (r->table)
        printf("%-20s %9.1f images/s  [%.1f %.1f], %d rounds\n", name, seen->median, seen->low, seen->high,
               seen->rounds);
    rb_json_open(r->json, name, '{');
    rb_json_real(r->json, "images_per_s", seen->median);
    rb_json_real(r->json, "lower_quartile", seen->low);
    rb_json_real(r->json, "upper_quartile", seen->high);
    rb_json_integer(r->json, "rounds", seen->rounds);
    rb_json_close(r->json);
}

static void show_share(const results *r, const char *name, double seconds, double step_s)
{
    if (r->table) printf("    %-30s %8.2f ms  %5.1f %%\n", name, 1e3 * seconds, 100 * seconds / step_s);
    rb_json_real(r->json, name, 1e3 * seconds);
}

static void show_items(const results *r, const rb_training_seen *t)
{
    for (int i = 0; i < t->item_count && r->table; i++)
        printf("      %8.3f ms  %-28s %-24s %s\n", 1e3 * t->items[i].seconds, rb_work_names[t->items[i].work],
               t->items[i].node, t->items[i].by);
}

// What the parts do not account for is the engine's own: walking steps, copying targets, the clock.
static void show_step(const results *r, const rb_training_seen *t)
{
    double parts_s = t->update_s + t->wait_s;
    for (int k = 0; k < RB_WORKS; k++) parts_s += t->work_s[k];
    if (r->table) printf("  a step takes %.2f ms, its parts %.2f ms:\n", 1e3 * t->step_s, 1e3 * parts_s);
    rb_json_open(r->json, "step_ms", '{');
    rb_json_real(r->json, "whole", 1e3 * t->step_s);
    for (int k = 0; k < RB_WORKS; k++) show_share(r, rb_work_names[k], t->work_s[k], t->step_s);
    show_share(r, "optimiser", t->update_s, t->step_s);
    show_share(r, "waiting for pictures", t->wait_s, t->step_s);
    show_share(r, "everything else", t->step_s - parts_s, t->step_s);
    rb_json_close(r->json);
    if (r->bench->own.verbose) show_items(r, t);
}

static void show_conv(const results *r, const rb_work_item *item, double flops, double roof)
{
    double rate = flops / item->seconds;
    if (r->table)
        printf("    %8.3f ms  %7.1f GFLOP/s  %5.1f %%  %-28s %-24s %s\n", 1e3 * item->seconds, 1e-9 * rate,
               100 * rate / roof, rb_work_names[item->work], item->node, item->by);
    rb_json_open(r->json, NULL, '{');
    rb_json_string(r->json, "node", item->node);
    rb_json_string(r->json, "work", rb_work_names[item->work]);
    rb_json_string(r->json, "by", item->by);
    rb_json_real(r->json, "ms", 1e3 * item->seconds);
    rb_json_real(r->json, "gflops", 1e-9 * rate);
    rb_json_real(r->json, "share", rate / roof);
    rb_json_close(r->json);
}

static bool show_roofline(const results *r, const rb_training_seen *t, rb_error *err)
{
    const rb_settings *s = r->bench->settings;
    double roof, all = 0, seconds = 0;
    if (!rb_roofline_measure(s, r->bench->own.seconds, &roof, err)) return false;
    if (r->table)
        printf("  the fastest convolution of this machine does %.0f GFLOP/s; of that, by convolution:\n", 1e-9 * roof);
    rb_json_open(r->json, "roofline", '{');
    rb_json_real(r->json, "roof_gflops", 1e-9 * roof);
    rb_json_open(r->json, "convolutions", '[');
    for (int i = 0; i < t->item_count; i++) {
        double flops = rb_roofline_flops(t->graph, &t->items[i], s->compute.batch_size);
        if (flops > 0) show_conv(r, &t->items[i], flops, roof);
        all += flops;
        seconds += flops > 0 ? t->items[i].seconds : 0;
    }
    rb_json_close(r->json);
    rb_json_real(r->json, "share", all / seconds / roof);
    rb_json_close(r->json);
    if (r->table)
        printf("    %8.3f ms  %7.1f GFLOP/s  %5.1f %%  together\n", 1e3 * seconds, 1e-9 * all / seconds,
               100 * all / seconds / roof);
    return true;
}

static void show_head(const results *r)
{
    const rb_settings *s = r->bench->settings;
    const char *precision = rb_precision_names[s->compute.precision];
    if (r->table)
        printf("%s, %d px, batch %d, %s, %d threads\n", s->model.model_type, s->data.image_size, s->compute.batch_size,
               precision, s->compute.threads);
    rb_json_string(r->json, "model", s->model.model_type);
    rb_json_integer(r->json, "image_size", s->data.image_size);
    rb_json_integer(r->json, "batch_size", s->compute.batch_size);
    rb_json_string(r->json, "precision", precision);
    rb_json_integer(r->json, "threads", s->compute.threads);
}

static void show_memory(const results *r)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double peak_mb = (double)usage.ru_maxrss / 1024;
    if (r->table) printf("peak memory %.0f MB\n", peak_mb);
    rb_json_real(r->json, "peak_memory_mb", peak_mb);
}

// ---- measuring ----------------------------------------------------------------------------------------------------

static bool training(const results *r, rb_error *err)
{
    rb_training_seen seen;
    rb_arena *a = rb_arena_open();
    bool done = rb_measure_training(a, r->bench->settings, r->bench->own.seconds, &seen, err);
    if (done) show_rate(r, "training", &seen.rate);
    if (done) show_step(r, &seen);
    if (done && r->bench->own.roofline) done = show_roofline(r, &seen, err);
    rb_arena_close(a);
    return done;
}

static bool inference(const results *r, const char *name, int batch, rb_error *err)
{
    rb_rates_seen seen;
    rb_arena *a = rb_arena_open();
    bool done = rb_measure_inference(a, r->bench->settings, batch, r->bench->own.seconds, &seen, err);
    rb_arena_close(a);
    if (done) show_rate(r, name, &seen);
    return done;
}

static bool decoding(const results *r, rb_error *err)
{
    rb_rates_seen seen;
    rb_arena *a = rb_arena_open();
    bool done = rb_measure_decoding(a, r->bench->settings, r->bench->own.seconds, &seen, err);
    rb_arena_close(a);
    if (done) show_rate(r, "reading", &seen);
    return done;
}

static bool measure(const results *r, rb_error *err)
{
    int mode = r->bench->own.mode, batch = r->bench->settings->compute.batch_size;
    if ((mode == ALL || mode == TRAINING) && !training(r, err)) return false;
    if ((mode == ALL || mode == INFERENCE) &&
        !(inference(r, "inference batch 1", 1, err) && (batch == 1 || inference(r, "inference", batch, err))))
        return false;
    return (mode != ALL && mode != DECODING) || decoding(r, err);
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    const bench *b = bench_new(a);
    rb_words operands;
    if (!rb_config_flags(a, &b->config, argc, argv, &operands, err) || !rb_no_operands(operands, err)) return false;
    if (b->own.roofline && b->own.mode > TRAINING)
        return rb_fail(err, RB_ERR_USAGE, "roofline: is about training; use mode all or training");
    rb_settings_speak(b->settings);
    if (!rb_settings_resolve(a, b->settings, err)) return false;
    bool to_stdout = b->settings->json && !strcmp(b->settings->json, "-");
    results r = {b, rb_json_new(a), !to_stdout};
    rb_json_open(r.json, NULL, '{');
    show_head(&r);
    if (!measure(&r, err)) return false;
    show_memory(&r);
    rb_json_close(r.json);
    const char *text = rb_text_format(a, "%s\n", rb_json_text(r.json));
    if (to_stdout) return rb_print(text);
    return !b->settings->json || rb_file_write(b->settings->json, text, (ptrdiff_t)strlen(text), err);
}

const rb_command rb_command_bench = {
    .name = "bench",
    .operands = "",
    .help = "measure training, inference and reading of pictures on this machine",
    .config = config,
    .run = run,
};
