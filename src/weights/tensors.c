// SPDX-License-Identifier: Apache-2.0
// tensors.c - the kinds of values, and finding things by name.
#include "weights/weights.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct dtype {
    const char *name;
    int bytes;
} dtypes[RB_DTYPES] = {
    [RB_F32] = {"F32", 4}, [RB_F64] = {"F64", 8},    [RB_F16] = {"F16", 2}, [RB_BFLOAT16] = {"BF16", 2},
    [RB_I64] = {"I64", 8}, [RB_I32] = {"I32", 4},    [RB_I16] = {"I16", 2}, [RB_I8] = {"I8", 1},
    [RB_U8] = {"U8", 1},   [RB_BOOL8] = {"BOOL", 1},
};

const char *rb_dtype_name(rb_dtype d)
{
    return dtypes[d].name;
}

int rb_dtype_bytes(rb_dtype d)
{
    return dtypes[d].bytes;
}

ptrdiff_t rb_tensor_bytes(const rb_tensor *t)
{
    return (ptrdiff_t)t->count * rb_dtype_bytes(t->dtype);
}

const char *rb_shape_text(rb_arena *a, int rank, const int64_t *dims)
{
    const char *text = "[";
    for (int i = 0; i < rank; i++) text = rb_text_format(a, "%s%s%" PRId64, text, i ? " " : "", dims[i]);
    return rb_text_format(a, "%s]", text);
}

static int name_against(const void *name, const void *tensor)
{
    return strcmp(name, ((const rb_tensor *)tensor)->name);
}

const rb_tensor *rb_tensors_find(const rb_tensors *t, const char *name)
{
    if (!t->count) return NULL;
    return bsearch(name, t->tensor, (size_t)t->count, sizeof *t->tensor, name_against);
}

const char *rb_tensors_metadata(const rb_tensors *t, const char *key)
{
    for (int i = 0; i < t->metadata_count; i++)
        if (!strcmp(t->metadata[i].key, key)) return t->metadata[i].value;
    return NULL;
}
