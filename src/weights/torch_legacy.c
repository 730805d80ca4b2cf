// SPDX-License-Identifier: Apache-2.0
// torch_legacy.c - what torch.save wrote before 1.6: five pickles, then the values of each storage behind their number.
//
// The pickles: a magic number, the version of the format, facts of the machine, the object, the keys of the storages.
#include "weights/torch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1001
#define CUT     "was the file cut short? fetch it again"

// The magic number as an instruction of its pickle: LONG1 of ten bytes.
static const uint8_t magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

// Behind PROTO, or from protocol 4 on also behind FRAME.
bool rb_torch_is_legacy(rb_bytes file)
{
    static const ptrdiff_t places[] = {2, 11};
    for (int i = 0; i < 2; i++)
        if (file.size >= places[i] + (ptrdiff_t)sizeof magic && file.data[0] == 0x80 &&
            !memcmp(file.data + places[i], magic, sizeof magic))
            return true;
    return false;
}

// ---- the pickles in front ----------------------------------------------------------------------------------------

static bool next_pickle(rb_arena *a, rb_bytes *left, rb_pickle *out, rb_error *err)
{
    if (!rb_pickle_read(a, *left, out, err)) return false;
    *left = (rb_bytes){left->data + out->size, left->size - out->size};
    return true;
}

static bool check_facts(const rb_py *facts, rb_error *err)
{
    const rb_py *little = facts->kind == RB_PY_DICT ? rb_py_find(facts, "little_endian") : NULL;
    if (!little || little->kind != RB_PY_BOOL || !little->integer)
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "its values have their highest byte first: save it again on a little-endian machine");
    return true;
}

// None of the three is needed later.
static bool read_front(rb_bytes *left, rb_error *err)
{
    rb_pickle number, version, facts;
    rb_arena *scratch = rb_arena_open();
    bool done = next_pickle(scratch, left, &number, err) && next_pickle(scratch, left, &version, err) &&
                next_pickle(scratch, left, &facts, err) && check_facts(facts.root, err);
    if (done && (version.root->kind != RB_PY_INT || version.root->integer != VERSION))
        done = rb_fail(err, RB_ERR_WEIGHTS, "its format is not version %d of torch.save: save it again", VERSION);
    rb_arena_close(scratch);
    return done;
}

// ---- storages ----------------------------------------------------------------------------------------------------

typedef struct container {
    rb_storage *storage; // sorted by key, each once
    rb_bytes *values;    // of each, once they are found
    int count;
} container;

static int key_order(rb_bytes x, rb_bytes y)
{
    size_t shorter = (size_t)(x.size < y.size ? x.size : y.size);
    int order = shorter ? memcmp(x.data, y.data, shorter) : 0;
    return order ? order : (x.size > y.size) - (x.size < y.size);
}

static int by_key(const void *x, const void *y)
{
    return key_order(((const rb_storage *)x)->key, ((const rb_storage *)y)->key);
}

static bool collect(rb_arena *scratch, const rb_pickle *p, container *c, rb_error *err)
{
    *c = (container){.storage = RB_NEW(scratch, rb_storage, p->storage_count)};
    for (int i = 0; i < p->storage_count; i++)
        if (!rb_storage_read(scratch, p->storage[i], &c->storage[i], err)) return false;
    if (p->storage_count) qsort(c->storage, (size_t)p->storage_count, sizeof *c->storage, by_key);
    for (int i = 0; i < p->storage_count; i++) {
        rb_storage *last = c->count ? &c->storage[c->count - 1] : NULL, *next = &c->storage[i];
        if (!last || by_key(last, next))
            c->storage[c->count++] = *next;
        else if (last->dtype != next->dtype || last->count != next->count)
            return rb_fail(err, RB_ERR_WEIGHTS, "two tensors disagree about their storage: fetch the file again");
    }
    c->values = RB_NEW(scratch, rb_bytes, c->count);
    return true;
}

static rb_storage *find_storage(const container *c, rb_bytes key)
{
    rb_storage wanted = {.key = key};
    return c->count ? bsearch(&wanted, c->storage, (size_t)c->count, sizeof wanted, by_key) : NULL;
}

// The number of values in 8 bytes, then the values.
static bool read_values(const container *c, const rb_py *key, rb_bytes *left, rb_error *err)
{
    rb_storage *s =
        key->kind == RB_PY_TEXT ? find_storage(c, (rb_bytes){(const uint8_t *)key->text, key->count}) : NULL;
    if (!s || c->values[s - c->storage].data)
        return rb_fail(err, RB_ERR_WEIGHTS, "its list of storages names one of no tensor, or one twice");
    uint64_t count = 0;
    if (left->size < 8) return rb_fail(err, RB_ERR_WEIGHTS, "its values break off: " CUT);
    for (int i = 7; i >= 0; i--) count = count << 8 | left->data[i];
    if (count != (uint64_t)s->count)
        return rb_fail(err, RB_ERR_WEIGHTS, "a storage of %" PRId64 " values claims %" PRIu64 ": fetch the file again",
                       s->count, count);
    int64_t size = rb_dtype_bytes(s->dtype);
    if (s->count > (left->size - 8) / size) return rb_fail(err, RB_ERR_WEIGHTS, "its values break off: " CUT);
    c->values[s - c->storage] = (rb_bytes){left->data + 8, (ptrdiff_t)(s->count * size)};
    *left = (rb_bytes){left->data + 8 + s->count * size, left->size - 8 - (ptrdiff_t)(s->count * size)};
    return true;
}

static bool read_storages(const container *c, const rb_py *keys, rb_bytes left, rb_error *err)
{
    if (keys->kind != RB_PY_LIST)
        return rb_fail(err, RB_ERR_WEIGHTS, "it has no list of storages: fetch the file again");
    for (int i = 0; i < keys->count; i++)
        if (!read_values(c, keys->item[i], &left, err)) return false;
    if (!left.size) return true;
    return rb_fail(err, RB_ERR_WEIGHTS, "%td bytes follow its last values: torch.save did not write them", left.size);
}

static bool find_values(void *from, const rb_storage *s, rb_bytes *values, rb_error *err)
{
    const container *c = from;
    const rb_storage *known = find_storage(c, s->key);
    rb_bytes whole = c->values[known - c->storage];
    int64_t size = rb_dtype_bytes(s->dtype);
    if (!whole.data) return rb_fail(err, RB_ERR_WEIGHTS, "its values are not in the file: fetch the file again");
    *values = (rb_bytes){whole.data + s->view_at * size, (ptrdiff_t)(s->view_count * size)};
    return true;
}

bool rb_torch_legacy_parse(rb_arena *a, rb_arena *scratch, rb_bytes file, rb_weights *out, rb_error *err)
{
    rb_bytes left = file;
    rb_pickle object, keys;
    container c;
    out->format = "torch legacy";
    if (!read_front(&left, err) || !next_pickle(scratch, &left, &object, err) ||
        !next_pickle(scratch, &left, &keys, err))
        return false;
    return collect(scratch, &object, &c, err) && read_storages(&c, keys.root, left, err) &&
           rb_state_dict_read(a, scratch, &object, (rb_storage_finder){find_values, &c}, file, out, err);
}
