// SPDX-License-Identifier: Apache-2.0
// pickle_values.c - the classes and functions that mean something here, and reading what a pickle said.
#include "weights/pickle.h"

#include <string.h>

#define SHOWN_LIMIT 200

// ---- classes and functions that mean something -------------------------------------------------------------------

static const rb_py_global globals[] = {
    {"collections", "OrderedDict", RB_PY_IS_DICT, 0},
    {"torch._utils", "_rebuild_tensor", RB_PY_IS_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v2", RB_PY_IS_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v3", RB_PY_IS_TENSOR, 0},
    {"torch._utils", "_rebuild_parameter", RB_PY_IS_WRAPPER, 0},
    {"torch._utils", "_rebuild_parameter_with_state", RB_PY_IS_WRAPPER, 0},
    {"torch.nn.parameter", "Parameter", RB_PY_IS_WRAPPER, 0},
    {"torch", "Size", RB_PY_IS_WRAPPER, 0},
    {"torch", "device", RB_PY_IS_INERT, 0},
    {"torch", "FloatStorage", RB_PY_IS_STORAGE, RB_F32},
    {"torch", "DoubleStorage", RB_PY_IS_STORAGE, RB_F64},
    {"torch", "HalfStorage", RB_PY_IS_STORAGE, RB_F16},
    {"torch", "BFloat16Storage", RB_PY_IS_STORAGE, RB_BFLOAT16},
    {"torch", "LongStorage", RB_PY_IS_STORAGE, RB_I64},
    {"torch", "IntStorage", RB_PY_IS_STORAGE, RB_I32},
    {"torch", "ShortStorage", RB_PY_IS_STORAGE, RB_I16},
    {"torch", "CharStorage", RB_PY_IS_STORAGE, RB_I8},
    {"torch", "ByteStorage", RB_PY_IS_STORAGE, RB_U8},
    {"torch", "BoolStorage", RB_PY_IS_STORAGE, RB_BOOL8},
    {"torch.storage", "UntypedStorage", RB_PY_IS_BYTES, RB_U8},
    {"torch", "float32", RB_PY_IS_DTYPE, RB_F32},
    {"torch", "float64", RB_PY_IS_DTYPE, RB_F64},
    {"torch", "float16", RB_PY_IS_DTYPE, RB_F16},
    {"torch", "bfloat16", RB_PY_IS_DTYPE, RB_BFLOAT16},
    {"torch", "int64", RB_PY_IS_DTYPE, RB_I64},
    {"torch", "int32", RB_PY_IS_DTYPE, RB_I32},
    {"torch", "int16", RB_PY_IS_DTYPE, RB_I16},
    {"torch", "int8", RB_PY_IS_DTYPE, RB_I8},
    {"torch", "uint8", RB_PY_IS_DTYPE, RB_U8},
    {"torch", "bool", RB_PY_IS_DTYPE, RB_BOOL8},
};
#define GLOBALS ((int)(sizeof globals / sizeof *globals))

static bool equals(rb_bytes text, const char *word)
{
    size_t size = strlen(word);
    return text.size == (ptrdiff_t)size && !memcmp(text.data, word, size);
}

// Tensors of a GPU name "torch.cuda" in old files.
const rb_py_global *rb_py_global_find(rb_bytes module, rb_bytes name)
{
    if (equals(module, "torch.cuda")) module.size = (ptrdiff_t)strlen("torch");
    for (int i = 0; i < GLOBALS; i++)
        if (equals(name, globals[i].name) && equals(module, globals[i].module)) return &globals[i];
    return NULL;
}

// ---- values ------------------------------------------------------------------------------------------------------

bool rb_py_is(const rb_py *v, const char *text)
{
    return v->kind == RB_PY_TEXT && equals((rb_bytes){(const uint8_t *)v->text, v->count}, text);
}

const rb_py *rb_py_find(const rb_py *dict, const char *key)
{
    for (int i = dict->count - 2; i >= 0; i -= 2)
        if (rb_py_is(dict->item[i], key)) return dict->item[i + 1];
    return NULL;
}

const char *rb_py_shown(rb_arena *a, const rb_py *v)
{
    int size = v->count < SHOWN_LIMIT ? v->count : SHOWN_LIMIT;
    char *text = RB_NEW(a, char, size + 1);
    if (size) memcpy(text, v->text, (size_t)size);
    for (char *c = text; c < text + size; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f) *c = '?';
    return text;
}
