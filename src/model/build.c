// SPDX-License-Identifier: Apache-2.0
// build.c - from model_type to a whole network: features of the family, then the configurable head.
#include "model/model.h"

#include <string.h>

const rb_field rb_model_fields[] = {
    {"model_type", RB_TEXT, offsetof(rb_model_settings, model_type), .preset_text = "resnet18",
     .help = "architecture: resnet18, 34, 50, 101 or 152; efficientnet_b0 to _b4; cnn_encoder; resnet is resnet18, "
             "efficientnet is efficientnet_b0"},
    {"num_classes", RB_INT, offsetof(rb_model_settings, num_classes), .preset = 1, .min = 1, .max = RB_CLASSES_MOST,
     .help = "outputs; 1 is one logit for two classes"},
    {"dim_base", RB_INT, offsetof(rb_model_settings, dim_base), .preset = 32, .min = 1, .max = 1024, .unit = "channels",
     .help = "cnn_encoder: width of its first stage"},
    {"classification_head_depth", RB_INT, offsetof(rb_model_settings, head_depth), .preset = 2, .min = 1, .max = 8,
     .unit = "layers", .help = "linear layers of the head"},
    {"classification_head_dropout", RB_REAL, offsetof(rb_model_settings, head_dropout), .preset = 0.5, .min = 0,
     .max = 0.99, .help = "dropout between the layers of the head"},
    {"drop_rate", RB_REAL, offsetof(rb_model_settings, drop_rate), .preset = 0, .min = 0, .max = 0.99,
     .help = "dropout of the features in front of the head"},
    {"drop_path_rate", RB_REAL, offsetof(rb_model_settings, drop_path_rate), .preset = 0, .min = 0, .max = 0.99,
     .help = "resnet, efficientnet: how often the deepest residual branch is left out while training; others less"},
    {"zero_init_last", RB_BOOL, offsetof(rb_model_settings, zero_init_last), .preset = false,
     .help = "resnet from scratch: every block begins as the identity, as timm's; false: as torchvision's"},
    {"freeze", RB_BOOL, offsetof(rb_model_settings, freeze), .preset = false,
     .help = "train the head alone; the backbone keeps its weights"},
    {"freeze_bn", RB_BOOL, offsetof(rb_model_settings, freeze_bn), .preset = true,
     .help = "with freeze: the backbone's running statistics stand still too; false: they move, as the original's"},
    {0},
};

// The names a user may say: every variant, and each family's name for its first variant.
static const rb_model *find(const char *model_type, const char **name)
{
    for (const rb_model *const *m = rb_models; *m; m++) {
        *name = (*m)->names[0];
        if (!strcmp(model_type, (*m)->family)) return *m;
        for (const char *const *n = (*m)->names; *n; n++)
            if (!strcmp(model_type, *name = *n)) return *m;
    }
    return NULL;
}

static void fail_unknown(const char *model_type, rb_error *err)
{
    const char *known[32];
    int count = 0;
    for (const rb_model *const *m = rb_models; *m; m++)
        for (const char *const *n = (*m)->names; *n && count < 31; n++) known[count++] = *n;
    known[count] = NULL;
    const char *near = rb_nearest(model_type, known);
    rb_fail(err, RB_ERR_USAGE, "model_type: there is no model '%s'; did you mean '%s'?", model_type,
            near ? near : known[0]);
}

const char *rb_model_name(const char *model_type, rb_error *err)
{
    const char *name;
    if (find(model_type, &name)) return name;
    fail_unknown(model_type, err);
    return NULL;
}

// (depth - 1) x [Linear, ReLU, Dropout], Linear: numbered as PyTorch's nn.Sequential numbers them.
static rb_node *head(rb_graph *g, const rb_model *m, const rb_model_settings *s, rb_node *x)
{
    if (s->drop_rate > 0) x = rb_dropout(g, x, s->drop_rate);
    if (s->head_depth == 1) return rb_dense(g, m->head, x, s->num_classes);
    int hidden = m->head_hidden ? m->head_hidden : x->shape.c / 2;
    for (int k = 0; k < s->head_depth - 1; k++) {
        x = rb_relu(g, rb_dense(g, rb_scope(g, "%s.%d", m->head, 3 * k), x, hidden));
        if (s->head_dropout > 0) x = rb_dropout(g, x, s->head_dropout);
    }
    return rb_dense(g, rb_scope(g, "%s.%d", m->head, 3 * (s->head_depth - 1)), x, s->num_classes);
}

bool rb_model_build(rb_arena *a, const rb_model_settings *s, rb_shape input, rb_graph **out, rb_error *err)
{
    const char *name;
    const rb_model *m = find(s->model_type, &name);
    if (!m) return fail_unknown(s->model_type, err), false;

    rb_graph *g = rb_graph_new(a);
    g->freezing = s->freeze;
    g->statistics_move = !s->freeze_bn;
    rb_node *x = m->features(g, rb_input(g, input), name, s);
    g->freezing = false;
    *out = g;
    if (!rb_graph_finish(g, head(g, m, s, x), err)) return false;
    rb_graph_number_blocks(g, rb_model_head_from(g));
    return true;
}

const rb_node *rb_model_features(const rb_graph *g)
{
    for (int i = g->node_count - 1; i >= 0; i--)
        if (g->nodes[i]->op == &rb_op_mean_pool) return g->nodes[i];
    return NULL;
}

int rb_model_head_from(const rb_graph *g)
{
    int i = 0, features = rb_model_features(g)->id;
    while (g->params[i]->node->id < features) i++;
    return i;
}
