// SPDX-License-Identifier: Apache-2.0
// test_safetensors.c - safetensors files: read, refused, written; the content hash. Conversions are in test_convert.c.
#include "check.h"
#include "folder.h"

#include "weights/weights.h"

#include <xxhash.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static rb_bytes read_file(rb_arena *a, const char *path)
{
    rb_error err;
    rb_bytes file;
    check_done(rb_file_read(a, path, 1 << 20, &file, &err), err);
    return file;
}

static rb_bytes golden(rb_arena *a, const char *name)
{
    return read_file(a, rb_text_format(a, "golden/safetensors/%s.safetensors", name));
}

static rb_tensors parsed(rb_arena *a, rb_bytes file)
{
    rb_error err;
    rb_tensors t;
    check_done(rb_safetensors_parse(a, file, &t, &err), err);
    return t;
}

// From memory of exactly the file's size, so that the sanitizer sees a read behind it.
static bool parses(rb_arena *a, rb_bytes file, rb_error *err)
{
    rb_tensors t;
    uint8_t *exact = malloc((size_t)file.size + !file.size);
    assert_non_null(exact);
    memcpy(exact, file.data, (size_t)file.size);
    bool done = rb_safetensors_parse(a, (rb_bytes){exact, file.size}, &t, err);
    free(exact);
    return done;
}

// A file of this header and so many zero bytes of data.
static rb_bytes made(rb_arena *a, const char *header, ptrdiff_t header_size, ptrdiff_t data_size)
{
    uint8_t *file = RB_NEW(a, uint8_t, 8 + header_size + data_size);
    for (int i = 0; i < 8; i++) file[i] = (uint8_t)(header_size >> 8 * i);
    memcpy(file + 8, header, (size_t)header_size);
    return (rb_bytes){file, 8 + header_size + data_size};
}

// Headers are written here with ' for ", which keeps them legible.
static char *with_quotes(rb_arena *a, const char *text)
{
    char *out = rb_text_copy(a, text);
    for (char *c = out; *c; c++)
        if (*c == '\'') *c = '"';
    return out;
}

static rb_bytes made_of(rb_arena *a, const char *header, ptrdiff_t data_size)
{
    return made(a, with_quotes(a, header), (ptrdiff_t)strlen(header), data_size);
}

// ---- good files --------------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    rb_dtype dtype;
    int rank;
    int64_t dims[2], count;
    double values[6];
} expected[] = {
    {"a",
     RB_F32,
     2,
     {2, 3},
     6,
     {-0.39647379517555237, -0.33434915542602539, 0.21533071994781494, -0.45572042465209961, 0.000390591099858284,
      -0.36568009853363037}},
    {"b", RB_BFLOAT16, 1, {4}, 4, {0.01080322265625, -0.0284423828125, 0.4921875, 0.00069427490234375}},
    {"bool", RB_BOOL8, 1, {2}, 2, {1, 0}},
    {"d", RB_F64, 1, {2}, 2, {0.29580354690551758, 0.33341172337532043}},
    {"e", RB_F32, 2, {0, 4}, 0, {0}},
    {"h", RB_F16, 1, {3}, 3, {-0.18359375, -0.206787109375, -0.171875}},
    {"n", RB_I64, 0, {0}, 1, {7}},
    {"s", RB_F32, 0, {0}, 1, {2.5}},
    {"u", RB_U8, 1, {3}, 3, {1, 2, 3}},
};

static void check_values(const rb_tensor *t, const double *want)
{
    double as_double[6];
    float as_float[6];
    rb_tensor_to_f64(t, as_double);
    rb_tensor_to_f32(t, as_float);
    for (int i = 0; i < t->count; i++)
        if (as_double[i] != want[i] || as_float[i] != (float)want[i])
            fail_msg("%s[%d]: %.17g and %.9g, not %.17g", t->name, i, as_double[i], (double)as_float[i], want[i]);
}

static void good_files_are_read(void **state)
{
    place *p = *state;
    static const char *const files[] = {"all_dtypes", "padded_header_reordered"};
    for (int f = 0; f < COUNT(files); f++) {
        rb_tensors t = parsed(p->arena, golden(p->arena, files[f]));
        assert_int_equal(t.count, COUNT(expected));
        for (int i = 0; i < t.count; i++) {
            const rb_tensor *got = rb_tensors_find(&t, expected[i].name);
            assert_ptr_equal(got, &t.tensor[i]);
            assert_int_equal(got->dtype, expected[i].dtype);
            assert_int_equal(got->rank, expected[i].rank);
            assert_int_equal(got->count, expected[i].count);
            assert_memory_equal(got->dims, expected[i].dims, sizeof expected[i].dims);
            check_values(got, expected[i].values);
        }
        const char *format = rb_tensors_metadata(&t, "format");
        if (f == 0) assert_string_equal(format, "pt");
        if (f == 1) assert_null(format);
        assert_null(rb_tensors_find(&t, "absent"));
    }
}

static void names_are_unescaped(void **state)
{
    place *p = *state;
    rb_tensors t = parsed(p->arena, golden(p->arena, "escaped_names"));
    assert_int_equal(t.count, 1);
    assert_non_null(rb_tensors_find(&t, "caf\u00e9/\"q\"\\x"));
}

static void a_file_may_be_empty(void **state)
{
    place *p = *state;
    static const char *const headers[] = {"{}", "{  }  ", "{'__metadata__':{}}", "{ '__metadata__' : { 'a' : 'b' } } "};
    for (int i = 0; i < COUNT(headers); i++) {
        rb_tensors t = parsed(p->arena, made_of(p->arena, headers[i], 0));
        assert_int_equal(t.count, 0);
        assert_int_equal(t.metadata_count, i == 3);
        assert_null(rb_tensors_find(&t, "a"));
    }
}

// ---- bad files ---------------------------------------------------------------------------------------------------

static void bad_files_are_refused(void **state)
{
    place *p = *state;
    static const struct {
        const char *name, *says;
    } files[] = {
        {"bad_truncated", "tensor \"s\": data_offsets [67, 71] do not lie in the data (68 bytes)"},
        {"bad_header_len", "a header of 1152921504606846976 bytes is over the limit of 100000000"},
        {"bad_overlap", "tensor \"a\": data_offsets [4, 28] do not lie in the data (24 bytes)"},
        {"bad_shape", "tensor \"a\": data_offsets [0, 24] are 24 bytes, but its shape and dtype make 36"},
    };
    for (int i = 0; i < COUNT(files); i++) {
        rb_error err = {0};
        check_failed(parses(p->arena, golden(p->arena, files[i].name), &err), err, RB_ERR_WEIGHTS, files[i].says);
    }
}

static void no_beginning_of_a_file_is_a_file(void **state)
{
    place *p = *state;
    rb_bytes whole = golden(p->arena, "all_dtypes");
    for (ptrdiff_t size = 0; size < whole.size; size++) {
        rb_error err = {0};
        check_failed(parses(p->arena, (rb_bytes){whole.data, size}, &err), err, RB_ERR_WEIGHTS, "");
    }
}

#define ENTRY(name, dtype, shape, offsets) \
    "'" name "':{'dtype':'" dtype "','shape':" shape ",'data_offsets':" offsets "}"
#define ONE_BYTE  ENTRY("a", "U8", "[1]", "[0,1]")
#define WANT_INTS "tensor \"a\": data_offsets must be two integers from 0 up"
#define OVERFLOW  "tensor \"a\": shape has more values than 64 bits can count"

static const struct bad_header {
    const char *header;
    ptrdiff_t data_size;
    const char *says;
} bad_headers[] = {
    // the frame
    {"", 0, "does not begin with '{'"},
    {" {}", 0, "does not begin with '{'"},
    {"[]", 0, "does not begin with '{'"},
    {"{", 0, "header: byte 1: expected a name in quotes"},
    {"{} x", 0, "header: byte 3: something follows the closing '}'"},
    {"{}{}", 0, "header: byte 2: something follows the closing '}'"},
    {"{" ONE_BYTE ",}", 1, "expected a name in quotes"},
    {"{," ONE_BYTE "}", 1, "header: byte 1: expected a name in quotes"},
    {"{" ONE_BYTE " " ONE_BYTE "}", 1, "expected ',' or '}'"},
    {"{" ONE_BYTE, 1, "expected ',' or '}'"},
    {"{'a' 1}", 0, "header: byte 5: expected ':'"},
    {"{'a", 0, "header: byte 3: a string is never closed"},
    {"{'a\\", 0, "header: byte 4: a string is never closed"},
    {"{'a':[1,{}", 0, "header: byte 10: a bracket is never closed"},
    // names
    {"{" ONE_BYTE "," ENTRY("a", "U8", "[1]", "[1,2]") "}", 2, "tensor \"a\": is there twice"},
    {"{" ONE_BYTE "," ENTRY("\\u0061", "U8", "[1]", "[1,2]") "}", 2, "tensor \"a\": is there twice"},
    {"{'\xff':1}", 0, "the name at byte 1 of the header: unable to decode byte 0xff"},
    {"{'\xc0\x80':1}", 0, "the name at byte 1 of the header: unable to decode byte 0xc0"},
    {"{'\\u0000':1}", 0, "the name at byte 1 of the header: \\u0000 is not allowed"},
    {"{'\n':1}", 0, "the name at byte 1 of the header: unexpected newline"},
    {"{'\\ud800':1}", 0, "the name at byte 1 of the header: invalid Unicode"},
    {"{'a\\u001b[2Jb\\n':1}", 0, "tensor \"a\\u001b[2Jb\\u000a\": '[' or '{' expected"},
    // entries
    {"{'a':}", 0, "tensor \"a\": "},
    {"{'a':5}", 0, "tensor \"a\": '[' or '{' expected near '5'"},
    {"{'a':[]}", 0, "tensor \"a\": Expected object, got array"},
    {"{'a':{]}", 0, "tensor \"a\": "},
    {"{'a':{'dtype':'\xff'}}", 0, "tensor \"a\": unable to decode byte 0xff"},
    {"{'a':{'\x1b':1}}", 0, "tensor \"a\": control character 0x1b"},
    {"{'a':{\x1b}}", 0, "near '?'"},
    {"{'a':[[[1]]]}", 0, "tensor \"a\": its entry is nested 3 deep"},
    {"{'a':{'dtype':'U8','shape':[1]}}", 1, "tensor \"a\": Object item not found: data_offsets"},
    {"{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1],'more':1}}", 1, "tensor \"a\": 1 object item(s) left"},
    {"{'a':{'dtype':'U8','shape':[1],'shape':[1],'data_offsets':[0,1]}}", 1, "tensor \"a\": duplicate object key"},
    {"{'a':{'dtype':8,'shape':[1],'data_offsets':[0,1]}}", 1, "tensor \"a\": Expected string, got integer"},
    // dtypes
    {"{" ENTRY("a", "F7", "[1]", "[0,1]") "}", 1, "tensor \"a\": unknown dtype \"F7\""},
    {"{" ENTRY("a", "f32", "[1]", "[0,4]") "}", 4, "tensor \"a\": unknown dtype \"f32\""},
    {"{" ENTRY("a", "F8_E4M3", "[1]", "[0,1]") "}", 1, "tensor \"a\": values of dtype F8_E4M3 cannot be read here"},
    {"{" ENTRY("a", "F4", "[2]", "[0,1]") "}", 1, "tensor \"a\": values of dtype F4 cannot be read here"},
    {"{" ENTRY("a", "C64", "[1]", "[0,8]") "}", 8, "tensor \"a\": values of dtype C64 cannot be read here"},
    {"{" ENTRY("a", "U16", "[1]", "[0,2]") "}", 2, "tensor \"a\": values of dtype U16 cannot be read here"},
    // shapes
    {"{" ENTRY("a", "U8", "1", "[0,1]") "}", 1, "tensor \"a\": shape must be a list"},
    {"{" ENTRY("a", "U8", "[1.0]", "[0,1]") "}", 1, "tensor \"a\": shape must be integers from 0 up"},
    {"{" ENTRY("a", "U8", "[-1]", "[0,1]") "}", 1, "tensor \"a\": shape must be integers from 0 up"},
    {"{" ENTRY("a", "U8", "['1']", "[0,1]") "}", 1, "tensor \"a\": shape must be integers from 0 up"},
    {"{" ENTRY("a", "U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, "tensor \"a\": rank 9 is over 8"},
    {"{" ENTRY("a", "U8", "[9223372036854775808]", "[0,1]") "}", 1, "tensor \"a\": too big integer"},
    {"{" ENTRY("a", "F32", "[2305843009213693952]", "[0,0]") "}", 0, OVERFLOW},
    {"{" ENTRY("a", "U8", "[4294967296,4294967296]", "[0,0]") "}", 0, OVERFLOW},
    {"{" ENTRY("a", "U8", "[4294967296,0,4294967296]", "[0,0]") "}", 0, OVERFLOW},
    {"{" ENTRY("a", "U8", "[4294967297,4294967297]", "[0,1]") "}", 1, OVERFLOW}, // 1 modulo 2^32
    // offsets
    {"{" ENTRY("a", "U8", "[1]", "[0,1.0]") "}", 1, WANT_INTS},
    {"{" ENTRY("a", "U8", "[1]", "[0,1e0]") "}", 1, WANT_INTS},
    {"{" ENTRY("a", "U8", "[1]", "[0,'1']") "}", 1, WANT_INTS},
    {"{" ENTRY("a", "U8", "[1]", "[0,1,1]") "}", 1, WANT_INTS},
    {"{" ENTRY("a", "U8", "[1]", "[1]") "}", 1, WANT_INTS},
    {"{" ENTRY("a", "U8", "[1]", "1") "}", 1, WANT_INTS},
    {"{" ENTRY("a", "U8", "[1]", "{'a':0,'b':1}") "}", 1, WANT_INTS},
    {"{" ENTRY("a", "U8", "[1]", "[-1,0]") "}", 1, WANT_INTS},
    {"{" ENTRY("a", "U8", "[1]", "[0,01]") "}", 1, "tensor \"a\": "},
    {"{" ENTRY("a", "U8", "[1]", "[0,99999999999999999999]") "}", 1, "tensor \"a\": too big integer"},
    {"{" ENTRY("a", "U8", "[1]", "[1,0]") "}", 1, "data_offsets [1, 0] do not lie in the data (1 bytes)"},
    {"{" ENTRY("a", "U8", "[3]", "[0,3]") "}", 2, "data_offsets [0, 3] do not lie in the data (2 bytes)"},
    {"{" ENTRY("a", "F16", "[3]", "[0,3]") "}", 3, "data_offsets [0, 3] are 3 bytes, but its shape and dtype make 6"},
    {"{" ENTRY("a", "U8", "[]", "[0,0]") "}", 0, "data_offsets [0, 0] are 0 bytes, but its shape and dtype make 1"},
    // cover
    {"{}", 1, "the last 1 bytes belong to no tensor"},
    {"{" ONE_BYTE "}", 4, "the last 3 bytes belong to no tensor"},
    {"{" ENTRY("a", "U8", "[1]", "[1,2]") "}", 2,
     "tensor \"a\": begins at byte 1 of the data, behind a hole: the ones before end at 0"},
    {"{" ENTRY("b", "U8", "[2]", "[3,5]") "," ENTRY("a", "U8", "[2]", "[0,2]") "}", 5,
     "tensor \"b\": begins at byte 3 of the data, behind a hole: the ones before end at 2"},
    {"{" ENTRY("a", "U8", "[4]", "[0,4]") "," ENTRY("b", "U8", "[4]", "[2,6]") "}", 6,
     "tensor \"b\": begins at byte 2 of the data, an overlap: the ones before end at 4"},
    {"{" ENTRY("a", "U8", "[4]", "[0,4]") "," ENTRY("b", "U8", "[4]", "[0,4]") "}", 4, "an overlap"},
    {"{" ENTRY("a", "U8", "[4]", "[0,4]") "," ENTRY("b", "U8", "[0]", "[2,2]") "}", 4, "an overlap"},
    // metadata
    {"{'__metadata__':{},'__metadata__':{}}", 0, "__metadata__: is there twice"},
    {"{'__metadata__':{},'__metadata\\u005f_':{}}", 0, "__metadata__: is there twice"},
    {"{'__metadata__':{'a':'1','a':'2'}}", 0, "__metadata__: \"a\" is there twice"},
    {"{'__metadata__':5}", 0, "__metadata__: byte 0: expected '{'"},
    {"{'__metadata__':{'a':5}}", 0, "__metadata__: \"a\": must be a string"},
    {"{'__metadata__':{'a':{}}}", 0, "__metadata__: \"a\": must be a string"},
    {"{'__metadata__':{'a':}}", 0, "__metadata__: \"a\": must be a string"},
    {"{'__metadata__':{'a':'\\x'}}", 0, "__metadata__: \"a\": invalid escape"},
    {"{'__metadata__':{'a':'1']}}", 0, "__metadata__: byte 8: expected ',' or '}'"},
};

static void bad_headers_are_refused(void **state)
{
    place *p = *state;
    for (int i = 0; i < COUNT(bad_headers); i++) {
        const struct bad_header *b = &bad_headers[i];
        rb_error err = {0};
        if (parses(p->arena, made_of(p->arena, b->header, b->data_size), &err)) strcpy(err.text, "fine");
        if (!strstr(err.text, b->says)) fail_msg("%s\nis \"%s\", not \"%s\"", b->header, err.text, b->says);
        assert_int_equal(err.kind, RB_ERR_WEIGHTS);
    }
}

static void lengths_from_outside_are_not_believed(void **state)
{
    place *p = *state;
    static const struct {
        uint8_t length[8];
        const char *says;
    } frames[] = {
        {{0}, "does not begin with '{'"},
        {{3}, "the header's 3 bytes go past the end of the file (10 bytes)"},
        {{1, 225, 245, 5}, "a header of 100000001 bytes is over the limit"},
        {{0, 225, 245, 5}, "the header's 100000000 bytes go past the end"},
        {{0, 0, 0, 0, 0, 0, 0, 128}, "a header of 9223372036854775808 bytes is over the limit"},
        {{255, 255, 255, 255, 255, 255, 255, 255}, "a header of 18446744073709551615 bytes is over the limit"},
    };
    for (int i = 0; i < COUNT(frames); i++) {
        rb_error err = {0};
        uint8_t file[10] = {[8] = '{', [9] = '}'};
        memcpy(file, frames[i].length, 8);
        check_failed(parses(p->arena, (rb_bytes){file, 10}, &err), err, RB_ERR_WEIGHTS, frames[i].says);
        check_failed(parses(p->arena, (rb_bytes){file, 7}, &err), err, RB_ERR_WEIGHTS, "7 bytes are too short");
    }
}

// `front`, `count` times `piece`, `back`.
static char *repeated(rb_arena *a, const char *front, const char *piece, int count, const char *back)
{
    size_t n = strlen(piece);
    char *text = RB_NEW(a, char, (ptrdiff_t)(strlen(front) + n * (size_t)count + strlen(back) + 1));
    char *to = stpcpy(text, front);
    for (int i = 0; i < count; i++) to = stpcpy(to, piece);
    strcpy(to, back);
    return text;
}

static void sizes_have_limits(void **state)
{
    place *p = *state;
    rb_arena *a = p->arena;
    rb_error err = {0};
    const char *closed = repeated(a, "", "]", 100000, "}"),
               *long_entry = "':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}";
    const char *deep = repeated(a, "{'a':", "[", 100000, closed);
    check_failed(parses(a, made_of(a, deep, 0), &err), err, RB_ERR_WEIGHTS,
                 "tensor \"a\": its entry is nested 100000 deep");
    check_failed(parses(a, made_of(a, repeated(a, "{'a':", "[", 100000, ""), 0), &err), err, RB_ERR_WEIGHTS,
                 "header: byte 100005: a bracket is never closed");
    check_failed(parses(a, made_of(a, repeated(a, "{'a':{'shape':[1", " ", 4096, "]}}"), 0), &err), err, RB_ERR_WEIGHTS,
                 "tensor \"a\": its entry is over 4096 bytes");
    check_failed(parses(a, made_of(a, repeated(a, "{'", "x", 1025, long_entry), 1), &err), err, RB_ERR_WEIGHTS,
                 "its name is over 1024 bytes");
    check_done(parses(a, made_of(a, repeated(a, "{'", "x", 1024, long_entry), 1), &err), err);
}

// The tables are sized by the length of the header: as many of the shortest entries as it can hold.
static void the_shortest_entries_fit(void **state)
{
    place *p = *state;
    rb_arena *a = p->arena;
    rb_tensors t = parsed(a, made_of(a, "{" ENTRY("", "U8", "[]", "[0,1]") ",'__metadata__':{'':'','a':''}}", 1));
    assert_int_equal(t.count, 1);
    assert_int_equal(t.metadata_count, 2);
    assert_string_equal(t.metadata[1].key, "a");
    char text[16 << 10] = "{", *to = text + 1;
    for (int i = 0; i < 200; i++)
        to += sprintf(to, "%s'%c%c':{'dtype':'U8','shape':[0],'data_offsets':[0,0]}", i ? "," : "", 'a' + i / 20,
                      'a' + i % 20);
    strcpy(to, "}");
    assert_int_equal(parsed(a, made_of(a, text, 0)).count, 200);
}

// ---- writing -----------------------------------------------------------------------------------------------------

static rb_bytes written(const place *p, const char *name, const rb_tensors *t)
{
    rb_error err;
    const char *path = place_path(p, name);
    check_done(rb_safetensors_write(p->arena, path, t, &err), err);
    return read_file(p->arena, path);
}

// The bytes are those of Python's safetensors 0.8.0 for the same tensors, and what the format's description asks for.
static void a_written_file_is_what_python_writes(void **state)
{
    place *p = *state;
    static const char want[] = "\xc8\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"pt\"},"
                               "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                               "\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]},"
                               "\"b\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[16,19]}}    "
                               "\x07\0\0\0\0\0\0\0\0\0\x80\x3f\0\0\0\x40\x01\0\x01";
    rb_tensor tensors[] = {
        {.name = "b", .dtype = RB_BOOL8, .rank = 1, .dims = {3}, .count = 3, .data = (const bool[]){true, false, true}},
        {.name = "n", .dtype = RB_I64, .count = 1, .data = &(const int64_t){7}},
        {.name = "w", .dtype = RB_F32, .rank = 2, .dims = {1, 2}, .count = 2, .data = (const float[]){1, 2}},
    };
    rb_text_pair format = {"format", "pt"};
    rb_bytes got = written(p, "tiny", &(rb_tensors){tensors, COUNT(tensors), &format, 1});
    assert_int_equal(got.size, sizeof want - 1);
    assert_memory_equal(got.data, want, sizeof want - 1);
}

// A tensor of every dtype and rank, of size 0 at rank 3, named so that no order is the file's.
static rb_tensor *every_kind(rb_arena *a)
{
    rb_tensor *tensors = RB_NEW(a, rb_tensor, RB_DTYPES);
    for (int d = 0; d < RB_DTYPES; d++) {
        rb_tensor *t = &tensors[d];
        *t = (rb_tensor){.name = rb_text_format(a, "%c.\"\\\n\u00e9", 'z' - d), .dtype = (rb_dtype)d, .count = 1};
        t->rank = d % (RB_RANK_LIMIT + 1);
        for (int i = 0; i < t->rank; i++) t->count *= t->dims[i] = t->rank == 3 ? 0 : i % 2 + 1;
        uint8_t *data = t->count ? RB_NEW(a, uint8_t, rb_tensor_bytes(t)) : NULL;
        for (ptrdiff_t i = 0; i < rb_tensor_bytes(t); i++) data[i] = (uint8_t)(17 * d + 5 * i + 1);
        t->data = data;
    }
    return tensors;
}

static void what_is_written_is_read(void **state)
{
    place *p = *state;
    rb_tensor *tensors = every_kind(p->arena);
    rb_text_pair pairs[] = {{"z", "last"}, {"", ""}, {"a\t\"", "\\\x01 \u20ac"}};
    rb_bytes file = written(p, "every", &(rb_tensors){tensors, RB_DTYPES, pairs, COUNT(pairs)});
    rb_tensors t = parsed(p->arena, file);

    assert_int_equal(t.count, RB_DTYPES);
    for (int d = 0; d < RB_DTYPES; d++) {
        const rb_tensor *want = &tensors[d], *got = rb_tensors_find(&t, want->name);
        assert_non_null(got);
        assert_true(got->dtype == want->dtype && got->rank == want->rank && got->count == want->count);
        assert_memory_equal(got->dims, want->dims, sizeof got->dims);
        if (want->count) assert_memory_equal(got->data, want->data, (size_t)rb_tensor_bytes(want));
        assert_int_equal(((const uint8_t *)got->data - file.data) % rb_dtype_bytes(got->dtype), 0);
    }
    assert_int_equal(t.metadata_count, COUNT(pairs));
    for (int i = 0; i < COUNT(pairs); i++) assert_string_equal(rb_tensors_metadata(&t, pairs[i].key), pairs[i].value);
}

static void the_order_given_makes_no_difference(void **state)
{
    place *p = *state;
    rb_tensor *tensors = every_kind(p->arena), reversed[RB_DTYPES];
    for (int d = 0; d < RB_DTYPES; d++) reversed[d] = tensors[RB_DTYPES - 1 - d];
    rb_bytes one = written(p, "one", &(rb_tensors){.tensor = tensors, .count = RB_DTYPES});
    rb_bytes two = written(p, "two", &(rb_tensors){.tensor = reversed, .count = RB_DTYPES});
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, (size_t)one.size);
}

static void a_file_that_cannot_be_written_says_why(void **state)
{
    place *p = *state;
    rb_error err = {0};
    const char *path = place_path(p, "absent/file");
    check_failed(rb_safetensors_write(p->arena, path, &(rb_tensors){0}, &err), err, RB_ERR_IO, "No such file");
    assert_non_null(strstr(err.text, path));
}

// ---- content hash ------------------------------------------------------------------------------------------------

#define ZEROS "00000000000000000000000000000000"
#define ONES  "11111111111111111111111111111111"

static rb_bytes with_metadata(const place *p, const char *key, const char *value)
{
    rb_tensor tensors[] = {
        {.name = "\"content_hash\":\"" ZEROS "\"", .dtype = RB_U8, .rank = 1, .dims = {3}, .count = 3, .data = "abc"},
        {.name = "w", .dtype = RB_F32, .count = 1, .data = &(const float){0.5f}},
    };
    rb_text_pair pairs[] = {{"format", "pt"}, {key, with_quotes(p->arena, value)}};
    return written(p, "hashed", &(rb_tensors){tensors, COUNT(tensors), pairs, COUNT(pairs)});
}

// Strings and nested objects that look like the hash come before and after it.
#define DESCRIPTION(digits) \
    "{'a':{'content_hash':'" ONES "'},'content_hash\\':':'" ONES "','b':'\\'content_hash\\':\\'" ONES "\\' \n\u00e9'," \
    "'content_hash':'" digits "','c':{'content_hash':'" ONES "'}}"

// The digits are those that xxhash 0.8.2 for Python makes of the file with the zeros.
static void a_content_hash_is_found_and_right(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_bytes file = with_metadata(p, "rarebit", DESCRIPTION(ZEROS));
    check_done(rb_content_hash_check(file, &err), err);
    rb_tensors t = parsed(p->arena, file);
    const char *got = rb_tensors_metadata(&t, "rarebit");
    assert_string_equal(got, with_quotes(p->arena, DESCRIPTION("6d1e79581fd3bf186df05e64a7a5a2b1")));

    rb_bytes again = with_metadata(p, "rarebit", DESCRIPTION(ONES));
    assert_int_equal(again.size, file.size);
    assert_memory_equal(again.data, file.data, (size_t)file.size);
}

static void every_flipped_bit_is_noticed(void **state)
{
    place *p = *state;
    rb_bytes file = with_metadata(p, "rarebit", DESCRIPTION(ZEROS));
    uint8_t *bytes = RB_NEW(p->arena, uint8_t, file.size);
    memcpy(bytes, file.data, (size_t)file.size);
    for (ptrdiff_t bit = 0; bit < 8 * file.size; bit++) {
        rb_error err = {0};
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (rb_content_hash_check((rb_bytes){bytes, file.size}, &err)) fail_msg("bit %td may flip", bit);
        assert_int_equal(err.kind, RB_ERR_WEIGHTS);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void damage_is_told_from_absence(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_bytes file = with_metadata(p, "rarebit", DESCRIPTION(ZEROS));
    ((uint8_t *)file.data)[file.size - 1] ^= 1;
    check_failed(rb_content_hash_check(file, &err), err, RB_ERR_WEIGHTS, "the file was damaged or edited");
    check_failed(rb_content_hash_check(golden(p->arena, "all_dtypes"), &err), err, RB_ERR_WEIGHTS,
                 "has no content hash");

    static const struct {
        const char *key, *value;
    } without[] = {
        {"other", "{'content_hash':'" ZEROS "'}"},
        {"rarebit", ""},
        {"rarebit", "content_hash"},
        {"rarebit", "['content_hash','" ZEROS "']"},
        {"rarebit", "{'config':{'content_hash':'" ZEROS "'}}"},
        {"rarebit", "{'content_hash':'" ZEROS "0'}"},
        {"rarebit", "{'content_hash':'0000000000000000000000000000000'}"},
        {"rarebit", "{'content_hash':'0000000000000000000000000000000x'}"},
        {"rarebit", "{'content_hash':0}"},
        {"rarebit", "{'content_hash':['" ZEROS "']}"},
    };
    for (int i = 0; i < COUNT(without); i++) {
        file = with_metadata(p, without[i].key, without[i].value);
        check_failed(rb_content_hash_check(file, &err), err, RB_ERR_WEIGHTS, "has no content hash");
    }
}

// Other programs escape other letters; the digits' place must be found behind 1, 2, 3 and 4 bytes of UTF-8.
static void the_place_is_found_behind_any_escapes(void **state)
{
    place *p = *state;
    const char *header = with_quotes(
        p->arena, "{'__metadata__':{'rarebit':'{\\u0022a\\u0022:\\'\\u00e9\\u20ac\\ud83d\\ude00\\/\u00e9\\',"
                  "\\'content_hash\\':\\'" ZEROS "\\'}'}}");
    rb_bytes file = made(p->arena, header, (ptrdiff_t)strlen(header), 0);
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(file.data, (size_t)file.size));
    char *digits = strstr((char *)file.data + 8, ZEROS);
    for (int i = 0; i < 16; i++) {
        char two[3];
        sprintf(two, "%02x", hash.digest[i]);
        memcpy(digits + (ptrdiff_t)2 * i, two, 2);
    }
    rb_error err = {0};
    check_done(rb_content_hash_check(file, &err), err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_files_are_read),
        TEST(names_are_unescaped),
        TEST(a_file_may_be_empty),
        TEST(bad_files_are_refused),
        TEST(no_beginning_of_a_file_is_a_file),
        TEST(bad_headers_are_refused),
        TEST(lengths_from_outside_are_not_believed),
        TEST(sizes_have_limits),
        TEST(the_shortest_entries_fit),
        TEST(a_written_file_is_what_python_writes),
        TEST(what_is_written_is_read),
        TEST(the_order_given_makes_no_difference),
        TEST(a_file_that_cannot_be_written_says_why),
        TEST(a_content_hash_is_found_and_right),
        TEST(every_flipped_bit_is_noticed),
        TEST(damage_is_told_from_absence),
        TEST(the_place_is_found_behind_any_escapes),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
