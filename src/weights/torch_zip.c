// SPDX-License-Identifier: Apache-2.0
// torch_zip.c - what torch.save writes since 1.6, and Lightning with it: a zip archive of one folder, in which data.pkl
// describes the tensors and data/KEY is the values of one storage.
#include "weights/torch.h"

#include "weights/zip.h"

#include <string.h>

#define KEY_LIMIT 64 // the address of a storage, or its number

typedef struct container {
    rb_arena *scratch;
    rb_zip zip;
    const char *folder; // with its '/'
} container;

bool rb_torch_is_zip(rb_bytes file)
{
    return file.size >= 4 && !memcmp(file.data, RB_TORCH_ZIP_BEGIN, 4);
}

static rb_zip_member *member(const container *c, const char *name)
{
    return rb_zip_find(&c->zip, rb_text_format(c->scratch, "%s%s", c->folder, name));
}

// The folder is named after the file, or "archive"; it is the one with a data.pkl in it.
static bool find_folder(container *c, rb_error *err)
{
    static const char pickle[] = "/data.pkl";
    ptrdiff_t tail = sizeof pickle - 1;
    for (int i = 0; i < c->zip.count && !c->folder; i++) {
        rb_bytes name = c->zip.member[i].name;
        ptrdiff_t front = name.size - tail;
        if (front <= 0 || memcmp(name.data + front, pickle, (size_t)tail) != 0) continue;
        if (memchr(name.data, '/', (size_t)front) || memchr(name.data, '\0', (size_t)front)) continue;
        c->folder = rb_text_format(c->scratch, "%.*s/", (int)front, (const char *)name.data);
    }
    return c->folder ||
           rb_fail(err, RB_ERR_WEIGHTS, "a zip archive without data.pkl, so not of torch.save: name a file of weights");
}

static bool check_kind(const container *c, rb_error *err)
{
    rb_zip_member *order = member(c, "byteorder");
    if (member(c, "constants.pkl"))
        return rb_fail(err, RB_ERR_WEIGHTS, "a TorchScript program: in Python, save its state_dict() with torch.save");
    if (order && !rb_zip_check(order, err)) return false;
    if (!order || (order->data.size == 6 && !memcmp(order->data.data, "little", 6))) return true;
    return rb_fail(err, RB_ERR_WEIGHTS,
                   "its values have their highest byte first: save it again on a little-endian machine");
}

static bool find_values(void *from, const rb_storage *s, rb_bytes *values, rb_error *err)
{
    const container *c = from;
    bool short_key = s->key.size <= KEY_LIMIT;
    const char *key = (const char *)s->key.data;
    rb_zip_member *m = short_key ? member(c, rb_text_format(c->scratch, "data/%.*s", (int)s->key.size, key)) : NULL;
    if (!m) return rb_fail(err, RB_ERR_WEIGHTS, "its storage is not in the file: fetch the file again");
    if (!rb_zip_check(m, err)) return false;
    int64_t size = rb_dtype_bytes(s->dtype);
    if (s->count > m->data.size / size)
        return rb_fail(err, RB_ERR_WEIGHTS, "its storage has %td bytes and not its %lld values: fetch the file again",
                       m->data.size, (long long)s->count);
    *values = (rb_bytes){m->data.data + s->view_at * size, (ptrdiff_t)(s->view_count * size)};
    return true;
}

bool rb_torch_zip_parse(rb_arena *a, rb_arena *scratch, rb_bytes file, rb_weights *out, rb_error *err)
{
    rb_pickle pickle;
    container c = {.scratch = scratch};
    if (!rb_zip_open(scratch, file, &c.zip, err) || !find_folder(&c, err) || !check_kind(&c, err)) return false;
    rb_zip_member *program = member(&c, "data.pkl");
    out->format = "torch zip";
    return rb_zip_check(program, err) && rb_pickle_read(scratch, program->data, &pickle, err) &&
           rb_state_dict_read(a, scratch, &pickle, (rb_storage_finder){find_values, &c}, file, out, err);
}
