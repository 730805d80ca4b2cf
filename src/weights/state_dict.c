// SPDX-License-Identifier: Apache-2.0
// state_dict.c - from the values of a pickle to named tensors.
#include "weights/torch.h"

#include "config/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TENSOR_LIMIT 65536
#define NAME_LIMIT   1024
#define NAMES_LIMIT  ((ptrdiff_t)4 << 20)
#define SHOWN_KEYS   6
#define SAVE_DICT    "in Python, save model.state_dict() with torch.save"

// ---- where the tensors are ---------------------------------------------------------------------------------------

// What training programs keep a state_dict under; where there are two, timm takes the average too.
static const char *const wrappers[] = {
    "state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model_state", "model", "net", "network", NULL};

static bool holds_tensors(const rb_py *dict)
{
    for (int i = 1; i < dict->count; i += 2)
        if (dict->item[i]->kind == RB_PY_TENSOR) return true;
    return false;
}

// The dictionary with the tensors: the value itself, or under one wrapper, or under one in another.
static const rb_py *find_dict(rb_arena *a, const rb_py *v, int depth, const char **wrapper)
{
    if (v->kind != RB_PY_DICT) return NULL;
    for (const char *const *w = wrappers; *w && depth; w++) {
        const rb_py *inner = rb_py_find(v, *w), *found = inner ? find_dict(a, inner, depth - 1, wrapper) : NULL;
        if (!found) continue;
        *wrapper = **wrapper ? rb_text_format(a, "%s.%s", *w, *wrapper) : *w;
        return found;
    }
    return holds_tensors(v) ? v : NULL;
}

static const char *keys_of(rb_arena *a, const rb_py *dict)
{
    const char *text = "";
    int shown = 0;
    for (int i = 0; i < dict->count && shown < SHOWN_KEYS; i += 2)
        if (dict->item[i]->kind == RB_PY_TEXT)
            text = rb_text_format(a, "%s%s%.40s", text, shown++ ? ", " : "", rb_py_shown(a, dict->item[i]));
    return rb_text_format(a, "%s%s", text, 2 * shown < dict->count ? ", ..." : "");
}

static bool fail_to_find(rb_arena *scratch, const rb_pickle *p, rb_error *err)
{
    if (p->unknown)
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "holds objects of %s and no state_dict; they are not made here and nothing was run: " SAVE_DICT,
                       rb_py_shown(scratch, p->unknown));
    if (p->root->kind != RB_PY_DICT)
        return rb_fail(err, RB_ERR_WEIGHTS, "holds no dictionary of named tensors: " SAVE_DICT);
    return rb_fail(err, RB_ERR_WEIGHTS,
                   "has no tensors by name, itself or under state_dict, model and the like "
                   "(its keys: %s): " SAVE_DICT,
                   keys_of(scratch, p->root));
}

// ---- one tensor --------------------------------------------------------------------------------------------------

bool rb_storage_read(rb_arena *scratch, const rb_py *v, rb_storage *out, rb_error *err)
{
    const rb_py *class = v->item[1], *key = v->item[2], *count = v->item[4], *view = v->count > 5 ? v->item[5] : NULL;
    if (class->kind == RB_PY_OTHER)
        return rb_fail(err, RB_ERR_WEIGHTS, "values of %s cannot be read here: convert them to float32 first",
                       rb_py_shown(scratch, class));
    if (class->kind != RB_PY_GLOBAL ||
        (class->global->meaning != RB_PY_IS_STORAGE && class->global->meaning != RB_PY_IS_BYTES) ||
        key->kind != RB_PY_TEXT || count->kind != RB_PY_INT || count->integer < 0)
        return rb_fail(err, RB_ERR_WEIGHTS, "its storage is described in no way known here: " SAVE_DICT);
    *out = (rb_storage){.key = {(const uint8_t *)key->text, key->count},
                        .dtype = class->global->dtype,
                        .untyped = class->global->meaning == RB_PY_IS_BYTES,
                        .count = count->integer,
                        .view_count = count->integer};
    if (!view || view->kind == RB_PY_NONE) return true;

    if (view->kind != RB_PY_TUPLE || view->count != 3 || view->item[1]->kind != RB_PY_INT ||
        view->item[2]->kind != RB_PY_INT)
        return rb_fail(err, RB_ERR_WEIGHTS, "its storage is a view of no kind known here: " SAVE_DICT);
    out->view_at = view->item[1]->integer;
    out->view_count = view->item[2]->integer;
    if (out->view_at < 0 || out->view_count < 0 || out->view_at > out->count - out->view_count)
        return rb_fail(err, RB_ERR_WEIGHTS, "its storage is a view of more than there is: fetch the file again");
    return true;
}

static bool read_shape(const rb_py *sizes, const rb_py *strides, rb_tensor *t, int64_t *stride, rb_error *err)
{
    if (sizes->kind != RB_PY_TUPLE || strides->kind != RB_PY_TUPLE || sizes->count != strides->count)
        return rb_fail(err, RB_ERR_WEIGHTS, "its shape makes no sense: fetch the file again");
    if (sizes->count > RB_RANK_LIMIT)
        return rb_fail(err, RB_ERR_WEIGHTS, "rank %d is over %d", sizes->count, RB_RANK_LIMIT);
    t->rank = sizes->count;
    t->count = 1;
    bool empty = false;
    for (int i = 0; i < t->rank; i++) {
        const rb_py *size = sizes->item[i], *step = strides->item[i];
        if (size->kind != RB_PY_INT || step->kind != RB_PY_INT || size->integer < 0 || step->integer < 0)
            return rb_fail(err, RB_ERR_WEIGHTS, "its shape makes no sense: fetch the file again");
        t->dims[i] = size->integer;
        stride[i] = step->integer;
        empty |= !t->dims[i];
        // Zeros left out, so that whoever multiplies in another order cannot overflow either.
        if (t->dims[i] && (__builtin_mul_overflow(t->count, t->dims[i], &t->count) || t->count > INT64_MAX / 8))
            return rb_fail(err, RB_ERR_WEIGHTS, "its shape has more values than 64 bits can count");
    }
    if (empty) t->count = 0;
    return true;
}

// The last value that the strides reach; -1 if that is beyond 64 bits. There is at least one value.
static int64_t last_place(const rb_tensor *t, const int64_t *stride, int64_t offset)
{
    int64_t last = offset;
    for (int i = 0; i < t->rank; i++) {
        int64_t way;
        if (__builtin_mul_overflow(t->dims[i] - 1, stride[i], &way) || __builtin_add_overflow(last, way, &last))
            return -1;
    }
    return last;
}

static bool in_c_order(const rb_tensor *t, const int64_t *stride)
{
    int64_t step = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        if (t->dims[i] != 1 && stride[i] != step) return false;
        step *= t->dims[i];
    }
    return true;
}

static bool place_values(rb_arena *a, rb_bytes values, int64_t offset, const int64_t *stride, rb_tensor *t,
                         rb_error *err)
{
    t->data = values.data;
    if (!t->count) return true;
    int64_t size = rb_dtype_bytes(t->dtype), last = last_place(t, stride, offset);
    if (offset < 0 || last < 0 || last >= values.size / size)
        return rb_fail(err, RB_ERR_WEIGHTS, "goes past the end of its storage: fetch the file again");
    t->data = values.data + offset * size;
    if (!in_c_order(t, stride)) {
        int64_t *kept = RB_NEW(a, int64_t, t->rank);
        memcpy(kept, stride, (size_t)t->rank * sizeof *stride);
        t->strides = kept;
    }
    return true;
}

// The dtype of the storage, or where that has none the seventh argument of the tensor.
static bool read_dtype(rb_arena *scratch, const rb_py *v, const rb_storage *s, rb_dtype *out, rb_error *err)
{
    const rb_py *named = v->count > 6 ? v->item[6] : NULL;
    *out = s->dtype;
    if (named && named->kind == RB_PY_GLOBAL && named->global->meaning == RB_PY_IS_DTYPE) {
        *out = named->global->dtype;
        return s->untyped || *out == s->dtype ||
               rb_fail(err, RB_ERR_WEIGHTS, "has another dtype than its storage: fetch the file again");
    }
    if (!s->untyped) return true;
    return rb_fail(err, RB_ERR_WEIGHTS, "values of %s cannot be read here: convert them to float32 first",
                   named && named->kind == RB_PY_OTHER ? rb_py_shown(scratch, named) : "no dtype");
}

static bool read_tensor(rb_arena *a, rb_arena *scratch, const rb_py *v, rb_storage_finder from, rb_tensor *t,
                        rb_error *err)
{
    rb_storage s = {0};
    rb_bytes values;
    int64_t stride[RB_RANK_LIMIT];
    if (v->count < 4 || v->item[0]->kind != RB_PY_STORAGE || v->item[1]->kind != RB_PY_INT)
        return rb_fail(err, RB_ERR_WEIGHTS, "is described in no way known here: " SAVE_DICT);
    return rb_storage_read(scratch, v->item[0], &s, err) && read_dtype(scratch, v, &s, &t->dtype, err) &&
           read_shape(v->item[2], v->item[3], t, stride, err) && from.find(from.container, &s, &values, err) &&
           place_values(a, values, v->item[1]->integer, stride, t, err);
}

// ---- all of them -------------------------------------------------------------------------------------------------

// Names are copied in one piece, as they need a zero byte behind them.
static bool count_tensors(const rb_py *dict, ptrdiff_t *tensors, ptrdiff_t *letters, rb_error *err)
{
    *tensors = *letters = 0;
    for (int i = 0; i < dict->count; i += 2) {
        if (dict->item[i + 1]->kind != RB_PY_TENSOR) continue;
        if (dict->item[i]->kind != RB_PY_TEXT || dict->item[i]->count > NAME_LIMIT)
            return rb_fail(err, RB_ERR_WEIGHTS, "a tensor's name is no text of at most %d bytes: rename it",
                           NAME_LIMIT);
        *letters += dict->item[i]->count + 1;
        if (++*tensors > TENSOR_LIMIT || *letters > NAMES_LIMIT)
            return rb_fail(err, RB_ERR_WEIGHTS, "has over %d tensors or %td MB of names: save the state_dict alone",
                           TENSOR_LIMIT, NAMES_LIMIT >> 20);
    }
    return true;
}

static bool copy_name(const rb_py *key, char **letters, rb_tensor *t, rb_error *err)
{
    t->name = *letters;
    if (key->count) memcpy(*letters, key->text, (size_t)key->count);
    *letters += key->count + 1;
    if (strlen(t->name) == (size_t)key->count && rb_utf8_valid(t->name)) return true;
    return rb_fail(err, RB_ERR_WEIGHTS, "a tensor's name is not UTF-8 text: rename it");
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const rb_tensor *)x)->name, ((const rb_tensor *)y)->name);
}

// Views may show the same values again and again, but no honest file is mostly that.
static bool check_claim(rb_arena *scratch, const rb_tensors *t, rb_bytes file, rb_error *err)
{
    ptrdiff_t left = 2 * file.size + ((ptrdiff_t)16 << 20);
    for (int i = 0; i < t->count; i++) {
        if (i && !strcmp(t->tensor[i - 1].name, t->tensor[i].name))
            return rb_fail(err, RB_ERR_WEIGHTS, "tensor %s: is there twice: save the state_dict again",
                           rb_text_shown(scratch, t->tensor[i].name));
        if (rb_tensor_bytes(&t->tensor[i]) > left)
            return rb_fail(err, RB_ERR_WEIGHTS,
                           "tensor %s: with it the tensors claim over twice the file's %td bytes: save clones of "
                           "expanded tensors",
                           rb_text_shown(scratch, t->tensor[i].name), file.size);
        left -= rb_tensor_bytes(&t->tensor[i]);
    }
    return true;
}

static bool read_all(rb_arena *a, rb_arena *scratch, const rb_py *dict, rb_storage_finder from, rb_tensors *out,
                     rb_error *err)
{
    ptrdiff_t tensors, size;
    if (!count_tensors(dict, &tensors, &size, err)) return false;
    char *letters = RB_NEW(a, char, size);
    *out = (rb_tensors){.tensor = RB_NEW(a, rb_tensor, tensors)};
    for (int i = 0; i < dict->count; i += 2) {
        const rb_py *key = dict->item[i], *value = dict->item[i + 1];
        if (value->kind == RB_PY_OTHER)
            return rb_fail(
                err, RB_ERR_WEIGHTS, "%s is an object of %s, which is not made here; nothing was run: " SAVE_DICT,
                key->kind == RB_PY_TEXT ? rb_py_shown(scratch, key) : "one of its values", rb_py_shown(scratch, value));
        if (value->kind != RB_PY_TENSOR) continue;
        rb_tensor *t = &out->tensor[out->count++];
        if (!copy_name(key, &letters, t, err)) return false;
        if (!read_tensor(a, scratch, value, from, t, err))
            return rb_fail_in(err, "tensor %s", rb_text_shown(scratch, t->name));
    }
    qsort(out->tensor, (size_t)out->count, sizeof *out->tensor, by_name);
    return true;
}

bool rb_state_dict_read(rb_arena *a, rb_arena *scratch, const rb_pickle *p, rb_storage_finder from, rb_bytes file,
                        rb_weights *out, rb_error *err)
{
    const char *wrapper = "";
    const rb_py *dict = find_dict(a, p->root, 2, &wrapper);
    if (!dict) return fail_to_find(scratch, p, err);
    if (!read_all(a, scratch, dict, from, &out->tensors, err)) return false;
    // Beside a state_dict stand an optimiser, arguments and the like; beside its tensors nothing has to.
    if (p->unknown && dict == p->root)
        return rb_fail(err, RB_ERR_WEIGHTS, "needs %s, which no file of weights does; nothing was run: " SAVE_DICT,
                       rb_py_shown(scratch, p->unknown));
    out->wrapper = wrapper;
    out->left_out = p->unknown ? rb_py_shown(a, p->unknown) : NULL;
    return check_claim(scratch, &out->tensors, file, err);
}
