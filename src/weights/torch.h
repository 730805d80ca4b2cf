// SPDX-License-Identifier: Apache-2.0
// torch.h - what the two containers of torch.save have in common; shared by the files of this folder.
//
// Source: torch/serialization.py and torch/_utils.py, read as a description of the format
#ifndef RB_WEIGHTS_TORCH_H
#define RB_WEIGHTS_TORCH_H

#include "weights/pickle.h"

#define RB_TORCH_ZIP_BEGIN "PK\3\4"

// What a pickle says of the values that tensors share.
typedef struct rb_storage {
    rb_bytes key; // its name in the file
    rb_dtype dtype;
    bool untyped;                // the tensor's dtype counts, and `count` is bytes
    int64_t count;               // of its values
    int64_t view_at, view_count; // the part that is meant; all of it but in old files
} rb_storage;

// Errors: WEIGHTS (values of a kind that is not read here, numbers that make no sense)
bool rb_storage_read(rb_arena *scratch, const rb_py *v, rb_storage *out, rb_error *err) RB_CHECKED;

// Finds the values of a storage in a container.
typedef struct rb_storage_finder {
    bool (*find)(void *container, const rb_storage *s, rb_bytes *values, rb_error *err);
    void *container;
} rb_storage_finder;

// Finds the state_dict in what a pickle said, and the tensors in it.
//
// Owner:  names and tables live in `a`, at most 20 MB of them; tensor data stays in the file
// Errors: WEIGHTS (no state_dict, objects where tensors should be, tensors that do not fit their storage)
bool rb_state_dict_read(rb_arena *a, rb_arena *scratch, const rb_pickle *p, rb_storage_finder from, rb_bytes file,
                        rb_weights *out, rb_error *err) RB_CHECKED;

bool rb_torch_is_zip(rb_bytes file);
bool rb_torch_zip_parse(rb_arena *a, rb_arena *scratch, rb_bytes file, rb_weights *out, rb_error *err) RB_CHECKED;

bool rb_torch_is_legacy(rb_bytes file);
bool rb_torch_legacy_parse(rb_arena *a, rb_arena *scratch, rb_bytes file, rb_weights *out, rb_error *err) RB_CHECKED;

#endif
