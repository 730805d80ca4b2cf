// SPDX-License-Identifier: Apache-2.0
// weights.c - what is in files of weights, ours and others': list, check, convert, compare, make ready for int8.
#include "cli/command.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/part/quantize.h"
#include "weights/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct weights_settings {
    rb_quantize_settings quantize; // its output is convert's too
    int dtype;
    double tolerance;
} weights_settings;

enum { SAME, F32 };
static const char *const dtypes[] = {"same", "f32", NULL};

static const rb_field fields[] = {
    {"output", RB_TEXT, offsetof(weights_settings, quantize.output), .optional = true, .local = true,
     .help = "convert, quantize: the safetensors file to write; null: of best.safetensors best.int8.safetensors"},
    {"root_dir", RB_TEXT, offsetof(weights_settings, quantize.root_dir), .optional = true, .local = true,
     .help = "quantize: the data that the checkpoint was trained on; null: where the run folder says it is"},
    {"manifest", RB_TEXT, offsetof(weights_settings, quantize.manifest), .optional = true, .local = true,
     .help = "quantize: the same, for data listed in a CSV file"},
    {"pictures", RB_INT, offsetof(weights_settings, quantize.pictures), .preset = 512, .min = 1, .max = 1000000,
     .unit = "pictures", .help = "quantize: how many of the training part the ranges are taken from"},
    {"threads", RB_INT, offsetof(weights_settings, quantize.threads), .preset = 0, .min = 0, .max = 1024,
     .unit = "threads", .local = true, .help = "quantize: threads that compute; 0: one for each core"},
    {"dtype", RB_CHOICE, offsetof(weights_settings, dtype), .preset = SAME, .choices = dtypes,
     .help = "convert: keep what each tensor has, or make all floats of 32 bits; integers stay"},
    {"tolerance", RB_REAL, offsetof(weights_settings, tolerance), .preset = NAN, .optional = true, .min = 0, .max = 1e9,
     .help = "diff: end with 4 if a value differs by more, or a tensor is in one file only"},
    {0},
};

static rb_config config(rb_arena *a)
{
    return rb_config_with(
        a, &(rb_config){0},
        (rb_section){.title = "weights", .fields = fields, .values = RB_NEW(a, weights_settings, 1), .used = true});
}

// ---- words -------------------------------------------------------------------------------------------------------

// A name on a terminal: control characters would be obeyed there.
static const char *shown(rb_arena *a, const char *name)
{
    char *text = rb_text_copy(a, name);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
    return text;
}

static int longest_name(const rb_tensors *t)
{
    int longest = (int)strlen("tensor");
    for (int i = 0; i < t->count; i++) {
        int length = (int)strlen(t->tensor[i].name);
        if (length > longest) longest = length;
    }
    return longest;
}

static int64_t value_count(const rb_tensors *t)
{
    int64_t count = 0;
    for (int i = 0; i < t->count; i++) count += t->tensor[i].count;
    return count;
}

// "torch zip, under state_dict, without \"module.\""
static const char *description(rb_arena *a, const rb_weights *w)
{
    const char *text = w->format;
    if (*w->wrapper) text = rb_text_format(a, "%s, under %s", text, w->wrapper);
    if (*w->prefix) text = rb_text_format(a, "%s, without \"%s\"", text, w->prefix);
    if (w->renamed) text = rb_text_format(a, "%s, torchvision's names made timm's", text);
    if (w->left_out) text = rb_text_format(a, "%s, objects such as %s left out", text, w->left_out);
    return text;
}

// ---- list --------------------------------------------------------------------------------------------------------

static void print_tensor(const rb_tensor *t, int width)
{
    rb_arena *scratch = rb_arena_open();
    rb_statistics s = rb_tensor_statistics(scratch, t);
    printf("%-*s %-5s %-16s %11.5g %11.5g %11.5g %11.5g %10" PRId64 "\n", width, shown(scratch, t->name),
           rb_dtype_name(t->dtype), rb_shape_text(scratch, t->rank, t->dims), s.min, s.max, s.mean, s.std,
           s.not_finite);
    rb_arena_close(scratch);
}

static bool list(rb_arena *a, const weights_settings *s, const char *const *file, rb_error *err)
{
    (void)s;
    rb_weights w;
    if (!rb_weights_read(a, file[0], &w, err)) return false;
    int width = longest_name(&w.tensors);
    printf("%s: %s\n", file[0], description(a, &w));
    printf("%-*s %-5s %-16s %11s %11s %11s %11s %10s\n", width, "tensor", "dtype", "shape", "min", "max", "mean", "std",
           "not finite");
    for (int i = 0; i < w.tensors.count; i++) print_tensor(&w.tensors.tensor[i], width);
    printf("%d tensors, %" PRId64 " values\n", w.tensors.count, value_count(&w.tensors));
    return true;
}

// ---- check -------------------------------------------------------------------------------------------------------

static bool check_finite(const rb_weights *w, const char *file, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = true;
    for (int i = 0; i < w->tensors.count && done; i++) {
        const rb_tensor *t = &w->tensors.tensor[i];
        int64_t bad = rb_tensor_statistics(scratch, t).not_finite;
        if (bad)
            done = rb_fail(err, RB_ERR_WEIGHTS,
                           "%s: tensor %s holds NaN or infinity in %" PRId64 " of its %" PRId64
                           " values: take another file",
                           file, shown(scratch, t->name), bad, t->count);
        rb_arena_reset(scratch);
    }
    rb_arena_close(scratch);
    return done;
}

static bool check(rb_arena *a, const weights_settings *s, const char *const *file, rb_error *err)
{
    (void)s;
    rb_weights w;
    rb_checkpoint c = {0};
    if (!rb_weights_read(a, file[0], &w, err)) return false;
    bool ours = rb_tensors_metadata(&w.tensors, "rarebit") != NULL;
    if (ours && !rb_checkpoint_open(a, file[0], &c, err)) return false;
    if (!check_finite(&w, file[0], err)) return false;
    printf("%s: %s, %d tensors, %" PRId64 " finite values, ", file[0], description(a, &w), w.tensors.count,
           value_count(&w.tensors));
    if (ours)
        printf("a checkpoint of %s whose content hash is right\n", shown(a, c.model));
    else
        printf("no content hash, as Rarebit did not write it\n");
    return true;
}

// ---- convert -----------------------------------------------------------------------------------------------------

static bool is_float(rb_dtype d)
{
    return d == RB_F64 || d == RB_F16 || d == RB_BFLOAT16;
}

static bool narrow(rb_arena *a, rb_tensor *t, rb_error *err)
{
    float *x = RB_NEW(a, float, t->count);
    rb_arena *scratch = rb_arena_open();
    rb_tensor single = *t;
    rb_tensor_to_f32(t, x);
    single.dtype = RB_F32;
    single.data = x;
    single.strides = NULL;
    bool fits = rb_tensor_statistics(scratch, &single).not_finite == rb_tensor_statistics(scratch, t).not_finite;
    if (!fits)
        rb_fail(err, RB_ERR_WEIGHTS, "tensor %s has values that no float of 32 bits can hold; leave out --dtype f32",
                shown(scratch, t->name));
    rb_arena_close(scratch);
    *t = single;
    return fits;
}

static bool convert(rb_arena *a, const weights_settings *s, const char *const *file, rb_error *err)
{
    rb_weights w;
    rb_text_pair format = {"format", "pt"};
    const char *output = s->quantize.output;
    if (!output) return rb_fail(err, RB_ERR_USAGE, "output is missing; name the safetensors file to write");
    if (!rb_weights_read(a, file[0], &w, err)) return false;
    if (rb_tensors_find(&w.tensors, "__metadata__"))
        return rb_fail(err, RB_ERR_WEIGHTS, "%s: no tensor of a safetensors file is named __metadata__; rename it",
                       file[0]);
    for (int i = 0; i < w.tensors.count && s->dtype == F32; i++)
        if (is_float(w.tensors.tensor[i].dtype) && !narrow(a, &w.tensors.tensor[i], err))
            return rb_fail_in(err, "%s", file[0]);
    if (!w.tensors.metadata_count) {
        w.tensors.metadata = &format;
        w.tensors.metadata_count = 1;
    }
    if (!rb_safetensors_write(a, output, &w.tensors, err)) return false;
    rb_note("%s: %d tensors of %s (%s)", output, w.tensors.count, file[0], description(a, &w));
    return true;
}

// ---- diff --------------------------------------------------------------------------------------------------------

typedef struct comparison {
    const char *const *file;
    int width, alone, misshapen;
    double largest;
    const char *where; // the tensor of the largest
} comparison;

static bool same_shape(const rb_tensor *x, const rb_tensor *y)
{
    return x->rank == y->rank && !memcmp(x->dims, y->dims, (size_t)x->rank * sizeof *x->dims);
}

static void compare_pair(comparison *c, const rb_tensor *x, const rb_tensor *y)
{
    rb_arena *scratch = rb_arena_open();
    const char *name = shown(scratch, x->name);
    if (same_shape(x, y)) {
        double apart = rb_tensor_difference(scratch, x, y);
        printf("%-*s %g\n", c->width, name, apart);
        if (apart > c->largest) {
            c->largest = apart;
            c->where = x->name;
        }
    } else {
        printf("%-*s shapes %s and %s\n", c->width, name, rb_shape_text(scratch, x->rank, x->dims),
               rb_shape_text(scratch, y->rank, y->dims));
        c->misshapen++;
    }
    rb_arena_close(scratch);
}

static void compare_alone(comparison *c, const rb_tensor *t, int which)
{
    rb_arena *scratch = rb_arena_open();
    printf("%-*s only in %s\n", c->width, shown(scratch, t->name), c->file[which]);
    c->alone++;
    rb_arena_close(scratch);
}

// Both are sorted by name.
static void compare(comparison *c, const rb_tensors *x, const rb_tensors *y)
{
    for (int i = 0, k = 0; i < x->count || k < y->count;) {
        const rb_tensor *left = i < x->count ? &x->tensor[i] : NULL, *right = k < y->count ? &y->tensor[k] : NULL;
        int order = !left ? 1 : !right ? -1 : strcmp(left->name, right->name);
        if (order == 0) compare_pair(c, left, right);
        if (order < 0) compare_alone(c, left, 0);
        if (order > 0) compare_alone(c, right, 1);
        i += order <= 0;
        k += order >= 0;
    }
}

static bool diff(rb_arena *a, const weights_settings *s, const char *const *file, rb_error *err)
{
    rb_weights x, y;
    if (!rb_weights_read(a, file[0], &x, err) || !rb_weights_read(a, file[1], &y, err)) return false;
    int wide_x = longest_name(&x.tensors), wide_y = longest_name(&y.tensors);
    comparison c = {file, wide_x > wide_y ? wide_x : wide_y, 0, 0, 0, NULL};
    printf("%-*s largest difference\n", c.width, "tensor");
    compare(&c, &x.tensors, &y.tensors);
    const char *where = c.where ? rb_text_format(a, " in %s", shown(a, c.where)) : "";
    printf("at most %g%s; %d tensors in one file only, %d of unequal shape\n", c.largest, where, c.alone, c.misshapen);
    if (isnan(s->tolerance) || (c.largest <= s->tolerance && !c.alone && !c.misshapen)) return true;
    return rb_fail(err, RB_ERR_WEIGHTS,
                   "%s and %s differ by up to %g%s, %g is allowed; %d tensors in one only, %d of unequal shape",
                   file[0], file[1], c.largest, where, s->tolerance, c.alone, c.misshapen);
}

// ---- quantize ----------------------------------------------------------------------------------------------------

static bool quantize(rb_arena *a, const weights_settings *s, const char *const *file, rb_error *err)
{
    return rb_quantize(a, &s->quantize, file[0], err);
}

// ---- the command -------------------------------------------------------------------------------------------------

static const struct action {
    const char *name;
    int files;
    bool (*run)(rb_arena *a, const weights_settings *s, const char *const *file, rb_error *err);
} actions[] = {
    {"list", 1, list}, {"check", 1, check}, {"convert", 1, convert}, {"diff", 2, diff}, {"quantize", 1, quantize},
};
#define ACTIONS ((int)(sizeof actions / sizeof *actions))

static const struct action *find_action(const char *name, rb_error *err)
{
    const char *names[ACTIONS + 1] = {0};
    for (int i = 0; i < ACTIONS; i++) {
        if (!strcmp(name, actions[i].name)) return &actions[i];
        names[i] = actions[i].name;
    }
    const char *near = rb_nearest(name, names);
    rb_fail(err, RB_ERR_USAGE, "weights: '%s' is none of list, check, convert, diff and quantize%s%s%s", name,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

static bool run(rb_arena *a, int argc, char **argv, rb_error *err)
{
    rb_config c = config(a);
    rb_words words;
    if (!rb_config_flags(a, &c, argc, argv, &words, err)) return false;
    if (!words.count)
        return rb_fail(err, RB_ERR_USAGE, "weights: say what to do: list, check, convert, diff or quantize");
    const struct action *action = find_action(words.word[0], err);
    if (!action) return false;
    if (words.count - 1 != action->files)
        return rb_fail(err, RB_ERR_USAGE, "weights %s takes %s, not %d", action->name,
                       action->files == 1 ? "one file" : "two files", words.count - 1);
    return action->run(a, c.sections[0].values, (const char *const *)(words.word + 1), err);
}

const rb_command rb_command_weights = {
    .name = "weights",
    .operands = "list|check|convert|diff|quantize FILE [FILE]",
    .help = "list, check, convert or compare files of weights, or make a checkpoint ready for int8",
    .config = config,
    .run = run,
};
