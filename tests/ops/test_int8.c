// SPDX-License-Identifier: Apache-2.0
// test_int8.c - convolutions in bytes beside plain loops over integers: each byte is the exact value's nearest, and
// whole networks beside fp32.
//
// A byte of the result may be one off where the exact value lies as good as between two.
#include "check.h"

#include "ops/network.h"

#include "model/model.h"

#define NEAR 0.501 // of a step: half a step, and floats

// ---- layers -----------------------------------------------------------------------------------------------------

typedef enum ending { PLAIN, NORM, NORM_RELU, NORM_SILU, ADD, ADD_RELU, ADD_SIGNED_RELU } ending;

// input -> [first: conv, norm, relu, so that bytes are unsigned] -> op (conv and what is behind it) -> last (1x1) ->
// mean. An addition is of what came before a convolution more, or of the signed bytes that one gives.
typedef struct trial {
    const char *name;
    int batch;
    rb_shape picture;
    bool first;
    rb_conv op;
    ending ending;
} trial;

static const trial trials[] = {
    {"pictures, signed", 3, {3, 13, 11}, false, {.filters = 9, .kernel = 3, .padding = 1, .bias = true}, NORM_RELU},
    {"7x7 of stride 2", 2, {3, 19, 17}, false, {.filters = 16, .kernel = 7, .stride = 2, .padding = 3}, NORM_RELU},
    {"unsigned to unsigned", 2, {5, 9, 7}, true, {.filters = 11, .kernel = 3, .padding = 1}, NORM_RELU},
    {"unsigned to signed", 1, {5, 9, 7}, true, {.filters = 11, .kernel = 3, .stride = 2, .padding = 1}, NORM},
    {"without a norm", 2, {4, 6, 6}, true, {.filters = 8, .kernel = 1, .bias = true}, PLAIN},
    {"1x1 of stride 2", 3, {32, 7, 5}, true, {.filters = 24, .kernel = 1, .stride = 2}, NORM},
    {"silu", 2, {6, 8, 5}, true, {.filters = 10, .kernel = 1}, NORM_SILU},
    {"an addition, unsigned", 2, {7, 6, 5}, true, {.filters = 7, .kernel = 3, .padding = 1}, ADD_RELU},
    {"an addition, signed", 2, {7, 6, 5}, true, {.filters = 7, .kernel = 3, .padding = 1}, ADD},
    {"rows of 2x2 maps", 9, {20, 2, 2}, true, {.filters = 13, .kernel = 3, .padding = 1}, NORM_RELU},
    {"rows of stride 2", 8, {20, 4, 3}, true, {.filters = 13, .kernel = 3, .stride = 2, .padding = 1}, NORM},
    {"rows with an addition", 8, {32, 2, 1}, true, {.filters = 32, .kernel = 3, .padding = 1}, ADD_RELU},
    {"an addition to signed", 3, {9, 5, 6}, true, {.filters = 9, .kernel = 1}, ADD_SIGNED_RELU},
    {"rows with an addition to signed", 8, {9, 2, 2}, true, {.filters = 9, .kernel = 3, .padding = 1}, ADD_SIGNED_RELU},
    {"rows of signed pictures", 8, {3, 3, 4}, false, {.filters = 5, .kernel = 3, .stride = 2, .padding = 1}, NORM},
    {"maps of one pixel", 1, {16, 1, 1}, true, {.filters = 16, .kernel = 3, .padding = 1}, NORM_RELU},
    {"as wide as a network's", 2, {64, 5, 5}, true, {.filters = 128, .kernel = 3, .padding = 1}, NORM_RELU},
};
#define TRIALS ((int)(sizeof trials / sizeof *trials))

typedef struct built {
    rb_graph *graph;
    const rb_node *source, *other, *conv, *norm, *tail; // other: NULL where nothing is added
} built;

static const rb_node *conv_norm(rb_graph *g, const char *name, const rb_node *x, rb_conv conv)
{
    return rb_batch_norm(g, rb_scope(g, "%s_bn", name), rb_conv2d(g, name, x, conv), RB_NORM_DEFAULT);
}

static built build(rb_arena *a, const trial *t)
{
    rb_error err = {0};
    built b = {.graph = rb_graph_new(a)};
    rb_graph *g = b.graph;
    rb_conv square = {.filters = t->picture.c, .kernel = 3, .padding = 1};
    const rb_node *x = rb_input(g, t->picture);
    if (t->first) x = rb_relu(g, conv_norm(g, "first", x, square));
    if (t->ending == ADD_SIGNED_RELU) b.other = conv_norm(g, "other", x, square);
    if (t->ending == ADD || t->ending == ADD_RELU) {
        b.other = x;
        x = rb_relu(g, conv_norm(g, "more", x, square));
    }
    b.source = x;
    b.tail = b.conv = rb_conv2d(g, "op", x, t->op);
    if (t->ending != PLAIN) b.tail = b.norm = rb_batch_norm(g, "op_bn", b.conv, RB_NORM_DEFAULT);
    if (b.other) b.tail = rb_add(g, b.tail, b.other);
    if (t->ending == NORM_RELU || t->ending >= ADD_RELU) b.tail = rb_relu(g, b.tail);
    if (t->ending == NORM_SILU) b.tail = rb_silu(g, b.tail);
    x = rb_mean_pool(g, rb_conv2d(g, "last", b.tail, (rb_conv){.filters = 3, .kernel = 1}));
    check_done(rb_graph_finish(g, rb_dense(g, "fc", x, 1), &err), err);
    return b;
}

// What a node gives on `feed`, in units of its bytes where `scale` says so.
static double *look(rb_arena *a, network *n, const rb_node *node, const rb_feed *feed)
{
    rb_error err = {0};
    rb_plan_spec spec = {.mode = RB_EVALUATE, .batch = feed->n, .keep = node};
    network kept = network_beside(n, &spec);
    check_done(n->backend->forward(kept.plan, feed, &err), err);
    double *out = RB_NEW(a, double, (ptrdiff_t)feed->n * node->shape.c * node->shape.h * node->shape.w);
    n->backend->peek(kept.plan, out);
    return out;
}

static network open_in(rb_arena *a, const rb_graph *g, rb_precision precision, int batch, const float *range)
{
    rb_error err = {0};
    network n = {.arena = a, .backend = &rb_backend_onednn, .graph = g};
    rb_store_spec spec = {.precision = precision, .batch = batch, .range = range};
    check_done(n.backend->store(a, g, &spec, &n.store, &err), err);
    network_fill(&n);
    return n;
}

// Ranges of the same network in fp32, on the same pictures.
static float *ranges_of(rb_arena *a, const rb_graph *g, const rb_feed *feed)
{
    rb_error err = {0};
    float *range = RB_NEW(a, float, g->node_count);
    network n = open_in(a, g, RB_FP32, feed->n, NULL);
    rb_magnitudes *seen = RB_NEW(a, rb_magnitudes, g->node_count);
    rb_plan_spec spec = {.mode = RB_EVALUATE, .batch = feed->n, .seen = seen};
    n = network_beside(&n, &spec);
    check_done(n.backend->forward(n.plan, feed, &err), err);
    for (int i = 0; i < g->node_count; i++) range[i] = rb_magnitudes_range(&seen[i], rb_byte_levels(g->nodes[i]));
    return range;
}

typedef struct line {
    double k, shift;
} line;

static line line_of(const network *n, const built *b, int o)
{
    line l = {1, 0};
    if (b->norm) {
        const double *of[4];
        for (int i = 0; i < 4; i++) of[i] = network_get(n, b->norm->param[i], RB_VALUE);
        l.k = of[0][o] / sqrt(of[3][o] + RB_NORM_DEFAULT.eps);
        l.shift = of[1][o] - of[2][o] * l.k;
    }
    if (b->conv->param_count > 1) l.shift += l.k * network_get(n, b->conv->param[1], RB_VALUE)[o];
    return l;
}

// Weights of channel o as bytes; returns their scale.
static double bytes_of(const double *w, ptrdiff_t count, double k, int *out)
{
    double most = 0;
    for (ptrdiff_t i = 0; i < count; i++) most = fmax(most, fabs(w[i] * k));
    for (ptrdiff_t i = 0; i < count; i++) out[i] = (int)lrint(w[i] * k / (most / 127)); // values made for tests tie
    return most / 127;
}

typedef struct place {
    int picture, r, q;
} place;

// The sum over integers for one output pixel.
static int64_t integer_sum(const trial *t, const built *b, const int *x, const int *w, place at)
{
    rb_shape in = b->source->shape;
    int64_t sum = 0;
    int stride = t->op.stride ? t->op.stride : 1, kernel = t->op.kernel;
    for (int i = 0; i < in.c; i++)
        for (int u = 0; u < kernel; u++)
            for (int v = 0; v < kernel; v++) {
                int y = at.r * stride + u - t->op.padding, z = at.q * stride + v - t->op.padding;
                if (y < 0 || y >= in.h || z < 0 || z >= in.w) continue;
                sum += (int64_t)w[(i * kernel + u) * kernel + v] * x[((at.picture * in.c + i) * in.h + y) * in.w + z];
            }
    return sum;
}

static double after(const trial *t, double value, double other)
{
    value += other;
    if (t->ending == NORM_RELU || t->ending >= ADD_RELU) return value > 0 ? value : 0;
    return t->ending == NORM_SILU ? value / (1 + exp(-value)) : value;
}

static int *as_integers(rb_arena *a, const double *x, ptrdiff_t count, double scale, const char *name)
{
    int *out = RB_NEW(a, int, count);
    for (ptrdiff_t i = 0; i < count; i++) {
        out[i] = (int)lrint(x[i] / scale);
        if (fabs(x[i] / scale - out[i]) > 1e-3) fail_msg("%s: %g is no multiple of %g", name, x[i], scale);
    }
    return out;
}

static double step_of(const float *range, const rb_node *n)
{
    return (double)range[n->id] / rb_byte_levels(n);
}

// Pictures are floats where a plan keeps them; the first convolution rounds them.
static int *source_bytes(rb_arena *a, network *n, const built *b, const float *range, const rb_feed *feed)
{
    rb_shape s = b->source->shape;
    ptrdiff_t count = (ptrdiff_t)feed->n * s.c * s.h * s.w;
    double step = step_of(range, b->source);
    if (b->source != b->graph->input) return as_integers(a, look(a, n, b->source, feed), count, step, "source");
    int *out = RB_NEW(a, int, count);
    for (ptrdiff_t i = 0; i < count; i++) out[i] = (int)fmax(-127, fmin(127, rint(feed->values[i] / (float)step)));
    return out;
}

static void check_channel(const trial *t, const built *b, const network *n, const int *x, const double *other,
                          const double *got, const float *range, int o)
{
    const rb_param *p = b->conv->param[0];
    ptrdiff_t each = p->count / p->dims[0];
    int *w = RB_NEW(n->arena, int, each);
    line l = line_of(n, b, o);
    double in = step_of(range, b->source), out = step_of(range, b->tail);
    double scale = in * bytes_of(network_get(n, p, RB_VALUE) + o * each, each, l.k, w);
    int most = rb_byte_levels(b->tail), least = rb_node_is_positive(b->tail) ? 0 : -128;
    rb_shape s = b->tail->shape;
    for (int i = 0; i < t->batch; i++)
        for (int k = 0; k < s.h * s.w; k++) {
            ptrdiff_t at = ((ptrdiff_t)i * s.c + o) * s.h * s.w + k;
            double value = (double)integer_sum(t, b, x, w, (place){i, k / s.w, k % s.w}) * scale + l.shift;
            double exact = after(t, value, other ? other[at] : 0) / out, byte = rint(got[at] / out);
            double want = exact > most ? most : exact < least ? least : exact;
            if (!(fabs(byte - want) <= NEAR))
                fail_msg("%s: channel %d, pixel %d of picture %d: byte %g, exactly %g", t->name, o, k, i, byte, exact);
        }
}

static void layer(void **state)
{
    const trial *t = *state;
    rb_arena *a = rb_arena_open();
    built b = build(a, t);
    ptrdiff_t pixels = (ptrdiff_t)t->batch * t->picture.c * t->picture.h * t->picture.w;
    rb_feed feed = {.n = t->batch, .values = some_values(a, pixels, 77)};
    float *range = ranges_of(a, b.graph, &feed);
    network n = open_in(a, b.graph, RB_INT8, t->batch, range);
    const int *x = source_bytes(a, &n, &b, range, &feed);
    const double *got = look(a, &n, b.tail, &feed);
    const double *other = b.other ? look(a, &n, b.other, &feed) : NULL;
    for (int o = 0; o < b.tail->shape.c; o++) check_channel(t, &b, &n, x, other, got, range, o);
    rb_arena_close(a);
}

// ---- whole networks ------------------------------------------------------------------------------------------------

#define BATCH   8
#define CLASSES 8

static double *logits_of(rb_arena *a, const rb_graph *g, const rb_store_spec *how, rb_plan_spec spec,
                         const rb_feed *feed)
{
    rb_error err = {0};
    rb_store *store;
    rb_plan *plan;
    const rb_backend *b = &rb_backend_onednn;
    check_done(b->store(a, g, how, &store, &err), err);
    float *w = RB_NEW(a, float, 4 << 20);
    for (int i = 0; i < g->param_count; i++) {
        rb_param_init(g->params[i], 3, w);
        b->put(store, g->params[i], RB_VALUE, w);
    }
    spec.mode = RB_EVALUATE;
    spec.batch = BATCH;
    check_done(b->plan(a, store, &spec, &plan, &err), err);
    check_done(b->forward(plan, feed, &err), err);
    double *out = RB_NEW(a, double, (ptrdiff_t)BATCH * g->output->shape.c);
    check_done(b->read(plan, NULL, out, &err), err);
    return out;
}

// Fresh weights; every map errs by about 1/200 of its size, and twenty to eighty of them are on the way. Of what tells
// pictures apart.
#define NETWORK_L2 0.1

// From faint to strong, and some with a colour: so that logits differ by more than their common part.
static const float *different_pictures(rb_arena *a)
{
    ptrdiff_t plane = 64 * 64;
    const float *some = some_values(a, BATCH * 3 * plane, 5);
    float *out = RB_NEW(a, float, BATCH * 3 * plane);
    for (ptrdiff_t i = 0; i < BATCH * 3 * plane; i++) {
        int picture = (int)(i / (3 * plane)), colour = (int)(i / plane % 3);
        out[i] = some[i] * (float)(picture + 1) / 4 + (picture % 3 == colour ? 1 : 0);
    }
    return out;
}

static void network_is_near(void **state)
{
    const char *model = *state;
    rb_error err = {0};
    rb_arena *a = rb_arena_open();
    rb_graph *g;
    rb_model_settings s = {.model_type = model, .num_classes = CLASSES, .head_depth = 1, .dim_base = 32};
    check_done(rb_model_build(a, &s, (rb_shape){3, 64, 64}, &g, &err), err);
    rb_feed feed = {.n = BATCH, .values = different_pictures(a)};
    rb_magnitudes *seen = RB_NEW(a, rb_magnitudes, g->node_count);
    float *range = RB_NEW(a, float, g->node_count);
    const double *exact = logits_of(a, g, &(rb_store_spec){.batch = BATCH}, (rb_plan_spec){.seen = seen}, &feed);
    for (int i = 0; i < g->node_count; i++) range[i] = rb_magnitudes_range(&seen[i], rb_byte_levels(g->nodes[i]));
    rb_store_spec how = {.precision = RB_INT8, .batch = BATCH, .range = range};
    const double *bytes = logits_of(a, g, &how, (rb_plan_spec){0}, &feed);
    const double *spoiled = logits_of(a, g, &how, (rb_plan_spec){.sharing = RB_SPOILED}, &feed);
    assert_memory_equal(spoiled, bytes, (size_t)(BATCH * CLASSES) * sizeof *bytes);
    double off = 0, all = 0;
    for (int i = 0; i < BATCH * CLASSES; i++) {
        double mean = 0;
        for (int k = 0; k < BATCH; k++) mean += exact[k * CLASSES + i % CLASSES] / BATCH;
        off += (bytes[i] - exact[i]) * (bytes[i] - exact[i]);
        all += (exact[i] - mean) * (exact[i] - mean);
    }
    print_message("%s: int8 is off by %.3g in L2\n", model, sqrt(off / all));
    if (!(sqrt(off / all) < NETWORK_L2)) fail_msg("%s: int8 is off by %.3g in L2", model, sqrt(off / all));
    rb_arena_close(a);
}

static void skipped(void **state)
{
    (void)state;
    print_message("int8: this CPU has no instructions for it\n");
    skip();
}

int main(int argc, char **argv)
{
    (void)argc;
    rb_parallel_wait_briefly(argv);
    static const char *const models[] = {"resnet18", "resnet50", "cnn_encoder", "efficientnet_b0"};
    static struct CMUnitTest tests[TRIALS + 4];
    bool native = rb_backend_onednn.computes(RB_INT8);
    for (int i = 0; i < TRIALS; i++)
        tests[i] = (struct CMUnitTest){trials[i].name, native ? layer : skipped, NULL, NULL, (void *)&trials[i]};
    for (int i = 0; i < 4; i++)
        tests[TRIALS + i] =
            (struct CMUnitTest){models[i], native ? network_is_near : skipped, NULL, NULL, (void *)models[i]};
    return _cmocka_run_group_tests("int8", tests, TRIALS + 4, NULL, NULL);
}
