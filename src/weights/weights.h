// SPDX-License-Identifier: Apache-2.0
// weights.h - files of weights: safetensors, which Rarebit also writes, and what PyTorch saves.
#ifndef RB_WEIGHTS_WEIGHTS_H
#define RB_WEIGHTS_WEIGHTS_H

#include "base/arena.h"

#define RB_RANK_LIMIT 8

typedef enum rb_dtype {
    RB_F32,
    RB_F64,
    RB_F16,
    RB_BFLOAT16, // RB_BF16 is a precision of backends
    RB_I64,
    RB_I32,
    RB_I16,
    RB_I8,
    RB_U8,
    RB_BOOL8,
    RB_DTYPES
} rb_dtype;

const char *rb_dtype_name(rb_dtype d); // as safetensors writes it: "F32"
int rb_dtype_bytes(rb_dtype d);        // of one value; also its alignment

typedef struct rb_tensor {
    const char *name;
    rb_dtype dtype;
    int rank;
    int64_t dims[RB_RANK_LIMIT];
    int64_t count;          // product of dims
    const void *data;       // little-endian, inside the file's bytes, at any alignment
    const int64_t *strides; // in values, one a dimension; NULL: C order
} rb_tensor;

typedef struct rb_text_pair {
    const char *key, *value;
} rb_text_pair;

typedef struct rb_tensors {
    rb_tensor *tensor; // sorted by name
    int count;
    rb_text_pair *metadata; // sorted by key
    int metadata_count;
} rb_tensors;

// What a file of weights is, beside its tensors.
typedef struct rb_weights {
    const char *format;   // "safetensors", "torch zip" or "torch legacy"
    const char *wrapper;  // the key that the tensors stood under, "state_dict"; "" if none
    const char *prefix;   // what was taken off names, "module."; "" if nothing
    bool renamed;         // from torchvision's names to timm's
    const char *left_out; // a class of objects beside the tensors, which are not made; NULL: there are none
    rb_tensors tensors;   // under plain names; of torch files perhaps with strides
} rb_weights;

// Reads a file of weights, whatever its name: safetensors, or what torch.save writes (zip or, before 1.6, a stream;
// .pth, .pt, .bin, .th, .ckpt of Lightning): a state_dict, or a dictionary with one under a usual key. Nothing in the
// file is run. Prefixes of wrapping modules are taken off names, and torchvision's EfficientNet gets timm's.
//
// Owner:  the file and everything else live in `a`: the file's bytes and at most 64 MB more
// Errors: IO; WEIGHTS with the path, naming what is wrong and what to do
bool rb_weights_read(rb_arena *a, const char *path, rb_weights *out, rb_error *err) RB_CHECKED;

// The same of a file in memory, where tensor data stays. Errors: WEIGHTS without a path
bool rb_weights_parse(rb_arena *a, rb_bytes file, rb_weights *out, rb_error *err) RB_CHECKED;

// Parses a safetensors file in memory, with every check of the format: header at most 100 MB, begins with '{', no
// duplicate names, offsets contiguous, disjoint and covering, sizes equal to shape x dtype, rank at most 8.
//
// Owner:  names and tables live in `a`; tensor data stays in `file`
// Errors: WEIGHTS, naming what is wrong and where
// Source: safetensors format; reference implementation's rules and the stricter ones of formats.md §5
bool rb_safetensors_parse(rb_arena *a, rb_bytes file, rb_tensors *out, rb_error *err) RB_CHECKED;

const rb_tensor *rb_tensors_find(const rb_tensors *t, const char *name); // NULL if absent
const char *rb_tensors_metadata(const rb_tensors *t, const char *key);   // NULL if absent
ptrdiff_t rb_tensor_bytes(const rb_tensor *t);                           // of its data

// Converts a tensor to float or double, or keeps its dtype; in C order. out has `count` entries.
void rb_tensor_to_f32(const rb_tensor *t, float *out);
void rb_tensor_to_f64(const rb_tensor *t, double *out);
void rb_tensor_to_bytes(const rb_tensor *t, void *out);

// "[64 3 7 7]"
const char *rb_shape_text(rb_arena *a, int rank, const int64_t *dims);

// What the values of a tensor are like; `min` and the rest are of those that are finite, NAN if none is.
typedef struct rb_statistics {
    int64_t not_finite;
    double min, max, mean, std; // std: root of the mean squared distance from the mean
} rb_statistics;

rb_statistics rb_tensor_statistics(rb_arena *scratch, const rb_tensor *t);

// The largest |x - y| of two tensors of equal count; NaN differs infinitely from everything but NaN.
double rb_tensor_difference(rb_arena *scratch, const rb_tensor *x, const rb_tensor *y);

// Writes a safetensors file: entries by falling alignment, then name; header padded to 8; complete or absent.
// Tensors and metadata may be in any order; names are distinct UTF-8, none "__metadata__".
//
// With a metadata key "rarebit" whose JSON has a member "content_hash":"00000000000000000000000000000000" the 32 zeros
// (or whatever hexadecimal digits stand there) become the hex XXH3-128 of the file as it stands with the zeros.
//
// Errors: IO, with path and cause
bool rb_safetensors_write(rb_arena *scratch, const char *path, const rb_tensors *t, rb_error *err) RB_CHECKED;

// True when the file's own content hash is right. Errors: WEIGHTS (no safetensors file, no hash, or another one).
bool rb_content_hash_check(rb_bytes file, rb_error *err) RB_CHECKED;

#endif
