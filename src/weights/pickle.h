// SPDX-License-Identifier: Apache-2.0
// pickle.h - what a Python pickle says, as inert values. Nothing in it is ever called.
//
// A pickle is a program for a stack machine, and its instruction REDUCE calls what the file names. Here a class or
// function is a row of a table that says what value stands for its result, or it is unknown: then so is the result,
// and whoever wanted it reads its name.
#ifndef RB_WEIGHTS_PICKLE_H
#define RB_WEIGHTS_PICKLE_H

#include "weights/weights.h"

typedef enum rb_py_kind {
    RB_PY_OTHER, // what is not read: `text` says what it is, "argparse.Namespace"
    RB_PY_NONE,
    RB_PY_BOOL,
    RB_PY_INT,
    RB_PY_REAL,
    RB_PY_TEXT,
    RB_PY_BYTES,
    RB_PY_TUPLE,
    RB_PY_LIST, // also for sets
    RB_PY_DICT,
    RB_PY_GLOBAL,  // a class or function of the table
    RB_PY_STORAGE, // items: "storage", its class, key, location, number of values [, None or view]
    RB_PY_TENSOR,  // items: storage, offset, sizes, strides [, ...]
} rb_py_kind;

// What a class or function means.
typedef enum rb_py_meaning {
    RB_PY_IS_DICT,
    RB_PY_IS_TENSOR,  // rebuilds one of a storage
    RB_PY_IS_WRAPPER, // its result is its first argument
    RB_PY_IS_STORAGE, // of values of `dtype`
    RB_PY_IS_BYTES,   // storage of any values: `dtype` is the tensor's
    RB_PY_IS_DTYPE,
    RB_PY_IS_INERT, // harmless and of no use here
} rb_py_meaning;

typedef struct rb_py_global {
    const char *module, *name;
    rb_py_meaning meaning;
    rb_dtype dtype;
} rb_py_global;

// A row of the table, NULL if there is none.
const rb_py_global *rb_py_global_find(rb_bytes module, rb_bytes name);

typedef struct rb_py {
    rb_py_kind kind;
    int count; // of `item`; in a DICT keys and values take turns; of the bytes of `text`
    union {
        int64_t integer; // BOOL, INT
        double real;
        const char *text; // no zero byte follows it
        struct rb_py **item;
        const rb_py_global *global;
    };
} rb_py;

typedef struct rb_pickle {
    const rb_py *root;
    const rb_py **storage; // all that are named
    int storage_count;
    const rb_py *unknown; // the first class or function that the table has not; NULL
    ptrdiff_t size;       // of the pickle, with its end
} rb_pickle;

// Reads one pickle of protocol 2 to 5 from the beginning of `file`.
//
// Owner:  values live in `a`, at most 24 MB of them; texts stay in `file`
// Errors: WEIGHTS, with the instruction and its byte
// Source: the opcodes of CPython's pickletools; the set that torch's own weights-only unpickler admits
bool rb_pickle_read(rb_arena *a, rb_bytes file, rb_pickle *out, rb_error *err) RB_CHECKED;

bool rb_py_is(const rb_py *v, const char *text);             // TEXT and equal
const rb_py *rb_py_find(const rb_py *dict, const char *key); // the value set last, NULL if absent
const char *rb_py_shown(rb_arena *a, const rb_py *v);        // TEXT or OTHER as a message may quote it

#endif
