// SPDX-License-Identifier: Apache-2.0
// read.c - which kind of file of weights it is, told from its first bytes.
#include "base/file.h"
#include "weights/names.h"
#include "weights/torch.h"

#include <string.h>

#define FILE_LIMIT ((ptrdiff_t)8 << 30)

static bool begins(rb_bytes file, ptrdiff_t offset, const char *word)
{
    ptrdiff_t size = (ptrdiff_t)strlen(word);
    return file.size >= offset + size && !memcmp(file.data + offset, word, (size_t)size);
}

// Kinds that are told apart only to say what to do about them.
static const struct stranger {
    ptrdiff_t offset;
    const char *word, *what;
} strangers[] = {
    {257, "ustar", "a tar archive, as torch.save wrote before 2017: load it in an old PyTorch and save it again"},
    {0, "sys_info", "a tar archive, as torch.save wrote before 2017: load it in an old PyTorch and save it again"},
    {0, "\x89HDF", "a file of HDF5 (Keras): convert it to safetensors first"},
    {0, "\x1f\x8b", "compressed with gzip: unpack it first"},
    {0, "version https://git-lfs", "the pointer of a file that git-lfs has not fetched: run `git lfs pull`"},
    {0, "<!DOCTYPE", "a web page, not the file it was to fetch: fetch the file again"},
    {0, "<html", "a web page, not the file it was to fetch: fetch the file again"},
};

static bool check_stranger(rb_bytes file, rb_error *err)
{
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        if (begins(file, strangers[i].offset, strangers[i].word))
            return rb_fail(err, RB_ERR_WEIGHTS, "is %s", strangers[i].what);
    if (file.size && file.data[0] == 0x80)
        return rb_fail(err, RB_ERR_WEIGHTS,
                       "is a pickle, but not of torch.save: in Python, save model.state_dict() with torch.save");
    return true;
}

// The length of the header, whose upper half is 0, and its first byte. The lower half may begin as a pickle does.
static bool is_safetensors(rb_bytes file)
{
    return file.size > 8 && !memcmp(file.data + 4, "\0\0\0\0{", 5);
}

static bool parse(rb_arena *a, rb_arena *scratch, rb_bytes file, rb_weights *out, rb_error *err)
{
    if (rb_torch_is_zip(file)) return rb_torch_zip_parse(a, scratch, file, out, err);
    if (rb_torch_is_legacy(file)) return rb_torch_legacy_parse(a, scratch, file, out, err);
    out->format = "safetensors";
    if (is_safetensors(file)) return rb_safetensors_parse(a, file, &out->tensors, err);
    return check_stranger(file, err) &&
           rb_fail(err, RB_ERR_WEIGHTS,
                   "is neither safetensors nor of torch.save: name a file of weights (.safetensors, .pth, .ckpt)");
}

bool rb_weights_parse(rb_arena *a, rb_bytes file, rb_weights *out, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    *out = (rb_weights){.wrapper = "", .prefix = ""};
    bool done = parse(a, scratch, file, out, err);
    rb_arena_close(scratch);
    if (done) rb_names_make_plain(a, out);
    return done;
}

bool rb_weights_read(rb_arena *a, const char *path, rb_weights *out, rb_error *err)
{
    rb_bytes file;
    if (!rb_file_read(a, path, FILE_LIMIT, &file, err)) return false;
    return rb_weights_parse(a, file, out, err) || rb_fail_in(err, "%s", path);
}
