// SPDX-License-Identifier: Apache-2.0
// test_torch.c - archives and pickles made by hand: what no honest program writes, and old forms that torch 1.13 does
// not write any more. Files of PyTorch itself are in golden/test_pth.c.
#include "check.h"
#include "folder.h"

#include "weights/names.h"
#include "weights/pickle.h"
#include "weights/zip.h"

#include <zlib.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

// ---- making files ------------------------------------------------------------------------------------------------

typedef struct bytes {
    uint8_t *data;
    ptrdiff_t size;
} bytes;

#define ROOM ((ptrdiff_t)1 << 20)

static bytes bytes_new(rb_arena *a)
{
    return (bytes){RB_NEW(a, uint8_t, ROOM), 0};
}

static void put(bytes *b, const void *data, ptrdiff_t size)
{
    assert_true(b->size + size <= ROOM);
    if (size) memcpy(b->data + b->size, data, (size_t)size);
    b->size += size;
}

static void put_number(bytes *b, uint64_t value, int size)
{
    for (; size > 0; size--, value >>= 8) put(b, &(uint8_t){(uint8_t)value}, 1);
}

static void put_text(bytes *b, const char *text)
{
    put(b, text, (ptrdiff_t)strlen(text));
}

static rb_bytes all_of(bytes b)
{
    return (rb_bytes){b.data, b.size};
}

// From memory of exactly the file's size, so that the sanitizer sees a read behind it.
static rb_bytes exact(rb_arena *a, rb_bytes file)
{
    uint8_t *copy = malloc((size_t)file.size + !file.size);
    assert_non_null(copy);
    if (file.size) memcpy(copy, file.data, (size_t)file.size);
    rb_arena_defer(a, free, copy);
    return (rb_bytes){copy, file.size};
}

static bool parses(rb_arena *a, rb_bytes file, rb_weights *w, rb_error *err)
{
    return rb_weights_parse(a, exact(a, file), w, err);
}

typedef struct program {
    const char *text;
    ptrdiff_t size;
} program;
#define PROGRAM(text) ((program){text, (ptrdiff_t)sizeof(text) - 1})

// A pickle's instructions are written here as they are, but for text: 'x' is SHORT_BINUNICODE of x.
static void put_program(bytes *b, program p)
{
    const char *end = p.text + p.size;
    for (const char *at = p.text; at < end; at++) {
        const char *close = *at == '\'' ? memchr(at + 1, '\'', (size_t)(end - at - 1)) : NULL;
        if (!close) {
            put(b, at, 1);
            continue;
        }
        put_number(b, 0x8c, 1);
        put_number(b, (uint64_t)(close - at - 1), 1);
        put(b, at + 1, close - at - 1);
        at = close;
    }
}

#define STORAGE(class, key, count) "('storage'c" class "\n" key "'cpu'" count "tQ"
#define TENSOR(storage, offset, sizes, strides) \
    "ctorch._utils\n_rebuild_tensor_v2\n(" storage offset sizes strides "\x89)tR"
#define FLOATS   STORAGE("torch\nFloatStorage", "'0'", "K\4") // 1 2 3 4
#define A_TENSOR TENSOR(FLOATS, "K\0", "K\4\x85", "K\1\x85")

static const float floats[4] = {1, 2, 3, 4};

// The legacy container of a program; its values are `floats`.
static rb_bytes legacy(rb_arena *a, program object)
{
    bytes b = bytes_new(a);
    put(&b, "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.", 21);
    put_program(&b, PROGRAM("\x80\2}'little_endian'\x88s."));
    put_program(&b, PROGRAM("\x80\2"));
    put_program(&b, object);
    put_program(&b, PROGRAM(".\x80\2]'0'a."));
    put_number(&b, COUNT(floats), 8);
    put(&b, floats, sizeof floats);
    return all_of(b);
}

typedef struct member {
    const char *name;
    rb_bytes data;
} member;

typedef struct archive {
    bytes local, central;
    int count;
} archive;

static archive archive_new(rb_arena *a)
{
    return (archive){bytes_new(a), bytes_new(a), 0};
}

static void add_member(archive *z, member m)
{
    ptrdiff_t begin = z->local.size;
    put_text(&z->local, "PK\3\4");
    put_number(&z->local, 20, 2);
    put_number(&z->local, 0, 8); // flags, method, time
    put_number(&z->local, crc32(0, m.data.data, (uInt)m.data.size), 4);
    put_number(&z->local, (uint64_t)m.data.size, 4);
    put_number(&z->local, (uint64_t)m.data.size, 4);
    put_number(&z->local, strlen(m.name), 2);
    put_number(&z->local, 0, 2);
    put_text(&z->local, m.name);
    put(&z->local, m.data.data, m.data.size);

    put_text(&z->central, "PK\1\2");
    put_number(&z->central, 20, 2);
    put(&z->central, z->local.data + begin + 4, 26);
    put_number(&z->central, 0, 10); // comment, disk, attributes
    put_number(&z->central, (uint64_t)begin, 4);
    put_text(&z->central, m.name);
    z->count++;
}

static rb_bytes finished(archive *z)
{
    bytes b = z->local;
    ptrdiff_t directory = b.size;
    put(&b, z->central.data, z->central.size);
    put_text(&b, "PK\5\6");
    put_number(&b, 0, 4);
    put_number(&b, (uint64_t)z->count, 2);
    put_number(&b, (uint64_t)z->count, 2);
    put_number(&b, (uint64_t)z->central.size, 4);
    put_number(&b, (uint64_t)directory, 4);
    put_number(&b, 0, 2);
    return all_of(b);
}

static member pickled(rb_arena *a, program object)
{
    bytes b = bytes_new(a);
    put_program(&b, PROGRAM("\x80\2"));
    put_program(&b, object);
    put_text(&b, ".");
    return (member){"a/data.pkl", all_of(b)};
}

static const member values = {"a/data/0", {(const uint8_t *)floats, sizeof floats}};

static rb_bytes zipped(rb_arena *a, program object)
{
    archive z = archive_new(a);
    add_member(&z, pickled(a, object));
    add_member(&z, values);
    return finished(&z);
}

// ---- forms that are accepted -------------------------------------------------------------------------------------

#define ONE_TWO TENSOR(FLOATS, "K\1", "K\2\x85", "K\1\x85") // 2 3
#define SYSTEM  "cposix\nsystem\n"

enum { IN_ZIP = 1, IN_LEGACY = 2, IN_BOTH = 3 };

static const struct good_program {
    const char *what;
    int where;
    const char *left_out;
    program object;
} good_programs[] = {
    {"a dictionary", IN_BOTH, "", PROGRAM("}'t'" ONE_TWO "s")},
    {"an OrderedDict of Python 2", IN_BOTH, "", PROGRAM("ccollections\nOrderedDict\n(](](U\1t" ONE_TWO "eetR")},
    {"a tensor of a GPU", IN_BOTH, "",
     PROGRAM("}'t'" TENSOR(STORAGE("torch.cuda\nFloatStorage", "'0'", "K\4"), "K\1", "K\2\x85", "K\1\x85") "s")},
    {"the first _rebuild_tensor", IN_BOTH, "",
     PROGRAM("}'t'ctorch._utils\n_rebuild_tensor\n(" FLOATS "K\1K\2\x85K\1\x85tRs")},
    {"a parameter with a state", IN_BOTH, "",
     PROGRAM("}'t'ctorch._utils\n_rebuild_parameter_with_state\n(" ONE_TWO "\x89)}'note'K\1stRs")},
    {"a parameter as an object", IN_BOTH, "", PROGRAM("}'t'ctorch.nn.parameter\nParameter\n(" ONE_TWO "t\x81s")},
    {"a size as an object", IN_BOTH, "",
     PROGRAM("}'t'" TENSOR(FLOATS, "K\1", "ctorch\nSize\n(K\2\x85tR", "K\1\x85") "s")},
    {"an untyped storage", IN_ZIP, "",
     PROGRAM("}'t'ctorch._utils\n_rebuild_tensor_v3\n(" STORAGE(
         "torch.storage\nUntypedStorage", "'0'", "K\x10") "K\1K\2\x85K\1\x85\x89)ctorch\nfloat32\n}tRs")},
    {"a view of a storage", IN_LEGACY, "",
     PROGRAM(
         "}'t'" TENSOR("('storage'ctorch\nFloatStorage\n'0''cpu'K\4('v'K\1K\3ttQ", "K\0", "K\2\x85", "K\1\x85") "s")},
    {"no view of a storage", IN_LEGACY, "",
     PROGRAM("}'t'" TENSOR("('storage'ctorch\nFloatStorage\n'0''cpu'K\4NtQ", "K\1", "K\2\x85", "K\1\x85") "s")},
    {"a key that is set twice", IN_BOTH, "", PROGRAM("}'model'Ns'model'}'t'" ONE_TWO "ss")},
    {"instructions that nobody needs", IN_BOTH, "", PROGRAM("N0(K\1K\0021N200}'t'" ONE_TWO "s'a'(ls'b'(ds")},
    {"calls of something unknown", IN_BOTH, "posix.system",
     PROGRAM("}'model'}'t'" ONE_TWO "ss'x'" SYSTEM "'true'\x85Rs'y'" SYSTEM ")\x81}'k'K\1sbs")},
    {"an object that takes items", IN_BOTH, "a.b",
     PROGRAM("}'model'}'t'" ONE_TWO "ss'x'ca\nb\n)R(K\1K\2u(K\1es'y''a''b'\x93)}'a'K\1s\x92K\1as")},
};

static void check_one_two(const char *what, const rb_weights *w, const char *left_out)
{
    const rb_tensor *t = rb_tensors_find(&w->tensors, "t");
    double got[2];
    if (!t || w->tensors.count != 1 || t->count != 2 || t->dtype != RB_F32) fail_msg("%s: not the one tensor", what);
    rb_tensor_to_f64(t, got);
    if (got[0] != 2 || got[1] != 3) fail_msg("%s: %g %g", what, got[0], got[1]);
    assert_string_equal(w->left_out ? w->left_out : "", left_out);
}

static void old_and_rare_forms_are_read(void **state)
{
    place *p = *state;
    for (int i = 0; i < 2 * COUNT(good_programs); i++) {
        const struct good_program *g = &good_programs[i / 2];
        int where = i % 2 ? IN_ZIP : IN_LEGACY;
        rb_error err;
        rb_weights w;
        if (!(g->where & where)) continue;
        rb_bytes file = where == IN_ZIP ? zipped(p->arena, g->object) : legacy(p->arena, g->object);
        if (!parses(p->arena, file, &w, &err)) fail_msg("%s: %s", g->what, err.text);
        check_one_two(g->what, &w, g->left_out);
    }
}

// ---- pickles that are refused ------------------------------------------------------------------------------------

#define IN_DICT(value) PROGRAM("}'t'" value "s")
#define MINUS_ONE      "J\xff\xff\xff\xff"
#define HUGE_INT       "\x8a\10\0\0\0\0\0\0\0\x40" // 2^62
#define NINE           "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t"
#define NO_SENSE       "tensor t: its shape makes no sense: fetch the file again"
#define EMPTY          "the stack is empty"

static const struct bad_program {
    program object;
    const char *says;
} bad_programs[] = {
    // the machine
    {PROGRAM(""), "its pickle is broken at byte 2: it ends with more or less than one value; fetch the file again"},
    {PROGRAM("NN"), "broken at byte 4: it ends with more or less than one value"},
    {PROGRAM("("), "it ends with more or less than one value"},
    {PROGRAM("R"), EMPTY},
    {PROGRAM("(R"), EMPTY},
    {PROGRAM("N(\x85"), EMPTY},
    {PROGRAM("NN\x87"), EMPTY},
    {PROGRAM("0"), EMPTY},
    {PROGRAM("2"), EMPTY},
    {PROGRAM("q\0"), EMPTY},
    {PROGRAM("\x94"), EMPTY},
    {PROGRAM("Ns"), EMPTY},
    {PROGRAM("(Na"), EMPTY},
    {PROGRAM("Nt"), "there is no mark on the stack"},
    {PROGRAM("Nu"), "there is no mark on the stack"},
    {PROGRAM("1"), "there is no mark on the stack"},
    {PROGRAM("NNR"), "arguments are no tuple"},
    {PROGRAM("N)R"), "it calls what is no class or function"},
    {PROGRAM("K\1'a'Ns"), "it puts items into what is no list or dictionary"},
    {PROGRAM("](K\1K\2u"), "it puts items into what is no list or dictionary"},
    {PROGRAM("}(K\1e"), "it puts items into what is no list or dictionary"},
    {PROGRAM("}(K\1u"), "a key has no value"},
    {PROGRAM("(K\1d"), "a key has no value"},
    {PROGRAM("h\5"), "its memo has no such number"},
    {PROGRAM("Nq\2h\1"), "its memo has no such number"},
    {PROGRAM("Nr\xff\xff\xff\x7f"), "its memo is numbered wildly"},
    {PROGRAM("K\1K\2\x93"), "a class is named by what is no text"},
    {PROGRAM("NQ"), "what it names outside of itself is no tuple"},
    {PROGRAM(")Q"), "what it names outside is no storage"},
    {PROGRAM("('storage'K\1K\1K\1tQ"), "what it names outside is no storage"},
    {PROGRAM("\x80\6"), "its protocol is none of 2 to 5"},
    {PROGRAM("I1\n"), "its pickle has instruction 0x49 at byte 2, which no file of weights needs: save the state_dict"},
    {PROGRAM("P1\n"), "instruction 0x50 at byte 2"},
    {PROGRAM("(ios\nsystem\n"), "instruction 0x69 at byte 3"},
    {PROGRAM("(cos\nsystem\n'x'o"), "instruction 0x6f"},
    {PROGRAM("\x82\1"), "instruction 0x82"},
    {PROGRAM("\x97"), "instruction 0x97"},
    {PROGRAM("X\xff\xff\xff\xff"), "it breaks off"},
    {PROGRAM("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), "it breaks off"},
    {PROGRAM("\x8d\xff\xff\xff\xff\xff\xff\xff\x7f"), "it breaks off"},
    {PROGRAM("\x8b\xff\xff\xff\xff"), "it breaks off"},
    {PROGRAM("cos system"), "it breaks off"},
    // what comes of it
    {PROGRAM("K\1"), "holds no dictionary of named tensors"},
    {PROGRAM(")"), "holds no dictionary of named tensors"},
    {PROGRAM(A_TENSOR), "holds no dictionary of named tensors"},
    {PROGRAM("}"), "(its keys: )"},
    {PROGRAM("}'x'}s"), "(its keys: x)"},
    {PROGRAM("}'a\x1b'Ns"), "(its keys: a?)"},
    {PROGRAM("}q\1'model'h\1s"), "(its keys: model)"},
    {PROGRAM(SYSTEM "'true'\x85R"), "holds objects of posix.system and no state_dict"},
    {PROGRAM("}'t'" A_TENSOR "s" SYSTEM "'true'\x85R0"), "needs posix.system, which no file of weights does"},
    {PROGRAM("ca\n\x1b\n)R"), "holds objects of a.? and no state_dict"},
    {PROGRAM("('module'ca\nB\n'f.py''class B:'tQ)R"), "holds objects of a.B and no state_dict"},
    {PROGRAM("}'t'" A_TENSOR "s't'" A_TENSOR "s"), "tensor t: is there twice"},
    {PROGRAM("}'\xff'" A_TENSOR "s"), "a tensor's name is not UTF-8 text: rename it"},
    {PROGRAM("}'a\0b'" A_TENSOR "s"), "a tensor's name is not UTF-8 text: rename it"},
    {PROGRAM("}K\1" A_TENSOR "s"), "a tensor's name is no text of at most 1024 bytes: rename it"},
    // tensors
    {IN_DICT("ctorch._utils\n_rebuild_tensor_v2\n)R"), "tensor t: is described in no way known here"},
    {IN_DICT("ctorch._utils\n_rebuild_tensor_v2\n(NK\0))tR"), "tensor t: is described in no way known here"},
    {IN_DICT(TENSOR(FLOATS, "N", ")", ")")), "tensor t: is described in no way known here"},
    {IN_DICT(TENSOR(FLOATS, "K\0", "K\4", "K\1\x85")), NO_SENSE},
    {IN_DICT(TENSOR(FLOATS, "K\0", "K\4\x85", ")")), NO_SENSE},
    {IN_DICT(TENSOR(FLOATS, "K\0", "N\x85", "K\1\x85")), NO_SENSE},
    {IN_DICT(TENSOR(FLOATS, "K\0", MINUS_ONE "\x85", "K\1\x85")), NO_SENSE},
    {IN_DICT(TENSOR(FLOATS, "K\3", "K\2\x85", MINUS_ONE "\x85")), NO_SENSE},
    {IN_DICT(TENSOR(FLOATS, "K\0", NINE, NINE)), "tensor t: rank 9 is over 8"},
    {IN_DICT(TENSOR(FLOATS, "K\0", HUGE_INT "K\2\x86", "K\0K\0\x86")), "more values than 64 bits can count"},
    {IN_DICT(TENSOR(FLOATS, "K\0", "K\0" HUGE_INT HUGE_INT "\x87", "K\0K\0K\0\x87")), "more values than 64 bits"},
    {IN_DICT(TENSOR(FLOATS, "K\1", "K\4\x85", "K\1\x85")), "tensor t: goes past the end of its storage"},
    {IN_DICT(TENSOR(FLOATS, "K\0", "K\3\x85", "K\2\x85")), "tensor t: goes past the end of its storage"},
    {IN_DICT(TENSOR(FLOATS, MINUS_ONE, "K\1\x85", "K\1\x85")), "tensor t: goes past the end of its storage"},
    {IN_DICT(TENSOR(FLOATS, "K\0", "K\3\x85", HUGE_INT "\x85")), "tensor t: goes past the end of its storage"},
    {IN_DICT(TENSOR(FLOATS, HUGE_INT, "K\3\x85", HUGE_INT "\x85")), "tensor t: goes past the end of its storage"},
    {IN_DICT(TENSOR(FLOATS, "K\0", "J\0\0\0\1\x85", "K\0\x85")), "tensor t: with it the tensors claim over twice the"},
    // storages
    {IN_DICT(TENSOR(STORAGE("torch\nComplexFloatStorage", "'0'", "K\4"), "K\0", ")", ")")),
     "values of torch.ComplexFloatStorage cannot be read here: convert them to float32 first"},
    {IN_DICT(TENSOR(STORAGE("torch\ndevice", "'0'", "K\4"), "K\0", ")", ")")), "its storage is described in no way"},
    {IN_DICT(TENSOR(STORAGE("torch\nFloatStorage", "K\0", "K\4"), "K\0", ")", ")")), "its storage is described in no"},
    {IN_DICT(TENSOR(STORAGE("torch\nFloatStorage", "'0'", MINUS_ONE), "K\0", ")", ")")), "its storage is described in"},
    {IN_DICT(TENSOR("('storage'ctorch\nFloatStorage\n'0''cpu'K\4K\1tQ", "K\0", ")", ")")), "is a view of no kind"},
    {IN_DICT(TENSOR("('storage'ctorch\nFloatStorage\n'0''cpu'K\4('v'K\3K\2ttQ", "K\0", ")", ")")), "a view of more"},
    {IN_DICT(TENSOR("('storage'ctorch\nFloatStorage\n'0''cpu'K\4('v'" MINUS_ONE "K\2ttQ", "K\0", ")", ")")),
     "its storage is a view of more than there is: fetch the file again"},
};

static void bad_programs_are_refused(void **state)
{
    place *p = *state;
    for (int i = 0; i < COUNT(bad_programs); i++) {
        const struct bad_program *b = &bad_programs[i];
        rb_error err = {0};
        rb_weights w;
        check_failed(parses(p->arena, zipped(p->arena, b->object), &w, &err), err, RB_ERR_WEIGHTS, b->says);
        assert_true(!strchr(err.text, '\n') && !strchr(err.text, '\x1b'));
        check_failed(parses(p->arena, legacy(p->arena, b->object), &w, &err), err, RB_ERR_WEIGHTS, "");
    }
}

static void containers_and_their_pickles_must_agree(void **state)
{
    place *p = *state;
    static const struct {
        program object;
        const char *in_zip, *in_legacy;
    } cases[] = {
        {IN_DICT(TENSOR(STORAGE("torch\nFloatStorage", "'1'", "K\4"), "K\0", ")", ")")),
         "its storage is not in the file", "its list of storages names one of no tensor, or one twice"},
        {IN_DICT(TENSOR(STORAGE("torch\nFloatStorage", "'0'", "K\5"), "K\0", ")", ")")),
         "its storage has 16 bytes and not its 5 values", "a storage of 5 values claims 4"},
        {IN_DICT(TENSOR(STORAGE("torch\nDoubleStorage", "'0'", "K\4"), "K\0", ")", ")")),
         "its storage has 16 bytes and not its 4 values", "its values break off: was the file cut short?"},
        {IN_DICT(TENSOR(STORAGE("torch\nCharStorage", "'0'", "K\4"), "K\0", ")", ")")), NULL,
         "12 bytes follow its last values: torch.save did not write them"},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        rb_error err = {0};
        rb_weights w;
        bool done = parses(p->arena, zipped(p->arena, cases[i].object), &w, &err);
        if (cases[i].in_zip)
            check_failed(done, err, RB_ERR_WEIGHTS, cases[i].in_zip);
        else
            check_done(done, err);
        done = parses(p->arena, legacy(p->arena, cases[i].object), &w, &err);
        check_failed(done, err, RB_ERR_WEIGHTS, cases[i].in_legacy);
    }
}

// ---- archives that are refused -----------------------------------------------------------------------------------

static uint8_t *behind(rb_bytes file, const char *signature, int which)
{
    for (uint8_t *at = (uint8_t *)file.data; at + 4 <= file.data + file.size; at++)
        if (!memcmp(at, signature, 4) && which-- == 0) return at;
    fail();
    return NULL;
}

// Puts a number into a record of a good archive: in the end record, in the entry or the header of a/data/0.
static const struct trick {
    const char *record;
    int which, offset, size;
    uint64_t number;
    const char *says;
} tricks[] = {
    {"PK\5\6", 0, 0, 1, 'Q', "a zip archive without its end"},
    {"PK\5\6", 0, 20, 2, 1, "a zip archive without its end"},
    {"PK\5\6", 0, 4, 2, 1, "a zip archive in several parts"},
    {"PK\5\6", 0, 8, 2, 1, "a zip archive in several parts"},
    {"PK\5\6", 0, 8, 4, 0x03000300, "a zip archive that claims 768 members: they do not fit its directory"},
    {"PK\5\6", 0, 8, 4, 0x00010001, "its zip directory is damaged"},
    {"PK\5\6", 0, 12, 4, UINT32_MAX, "its zip directory goes past the end of the file"},
    {"PK\5\6", 0, 16, 4, 1 << 20, "its zip directory goes past the end of the file"},
    {"PK\5\6", 0, 16, 4, 0, "its zip directory is damaged"},
    {"PK\1\2", 1, 0, 1, 'Q', "its zip directory is damaged"},
    {"PK\1\2", 1, 28, 2, 1000, "its zip directory is damaged"},
    {"PK\1\2", 1, 8, 2, 1, "member a/data/0 is encrypted: unpack it"},
    {"PK\1\2", 1, 16, 4, 0, "member a/data/0 has another checksum than its bytes"},
    {"PK\1\2", 1, 24, 4, UINT32_MAX, "member a/data/0 has a broken zip64 size"},
    {"PK\1\2", 1, 42, 4, UINT32_MAX, "member a/data/0 has a broken zip64 size"},
    {"PK\1\2", 1, 20, 4, 1 << 20, "member a/data/0 goes past the end of its archive"},
    {"PK\1\2", 1, 42, 4, 1 << 20, "member a/data/0 has no header where the directory says"},
    {"PK\1\2", 1, 42, 4, 1, "member a/data/0 has no header where the directory says"},
    {"PK\1\2", 1, 42, 4, 0, "member a/data/0 is another thing in its header than in the directory"},
    {"PK\1\2", 1, 10, 2, 8, "member a/data/0 is another thing in its header than in the directory"},
    {"PK\3\4", 1, 8, 2, 8, "member a/data/0 is another thing in its header than in the directory"},
    {"PK\3\4", 1, 18, 4, 15, "member a/data/0 is another thing in its header than in the directory"},
    {"PK\3\4", 1, 28, 2, 1000, "member a/data/0 goes past the end of its archive"},
    {"PK\3\4", 1, 32, 1, '\x1b', "member a/data/0 is another thing in its header than in the directory"},
};

static void archives_that_contradict_themselves_are_refused(void **state)
{
    place *p = *state;
    for (int i = 0; i < COUNT(tricks); i++) {
        rb_error err = {0};
        rb_weights w;
        rb_bytes file = zipped(p->arena, PROGRAM("}'t'" A_TENSOR "s"));
        check_done(parses(p->arena, file, &w, &err), err);
        uint8_t *at = behind(file, tricks[i].record, tricks[i].which) + tricks[i].offset;
        for (int k = 0; k < tricks[i].size; k++) at[k] = (uint8_t)(tricks[i].number >> 8 * k);
        check_failed(parses(p->arena, file, &w, &err), err, RB_ERR_WEIGHTS, tricks[i].says);
    }
}

static void members_do_not_overlap_or_repeat(void **state)
{
    place *p = *state;
    rb_error err = {0};
    rb_weights w;
    archive twice = archive_new(p->arena), inner = archive_new(p->arena), outer = archive_new(p->arena);
    add_member(&twice, pickled(p->arena, PROGRAM("}'t'" A_TENSOR "s")));
    add_member(&twice, values);
    add_member(&twice, values);
    check_failed(parses(p->arena, finished(&twice), &w, &err), err, RB_ERR_WEIGHTS, "member a/data/0 is there twice");

    add_member(&inner, values);
    add_member(&outer, pickled(p->arena, PROGRAM("}'t'" A_TENSOR "s")));
    ptrdiff_t begin = outer.local.size;
    add_member(&outer, (member){"a/x", all_of(inner.local)});
    ptrdiff_t entry = outer.central.size;
    put(&outer.central, inner.central.data, inner.central.size);
    for (int i = 0; i < 4; i++) outer.central.data[entry + 42 + i] = (uint8_t)((begin + 30 + 3) >> 8 * i);
    outer.count++;
    check_failed(parses(p->arena, finished(&outer), &w, &err), err, RB_ERR_WEIGHTS,
                 "member a/data/0 overlaps the one before it");
}

static void a_comment_at_the_end_is_no_matter(void **state)
{
    place *p = *state;
    rb_error err;
    rb_weights w;
    rb_bytes file = zipped(p->arena, PROGRAM("}'t'" ONE_TWO "s"));
    uint8_t *size = behind(file, "PK\5\6", 0) + 20;
    bytes with = bytes_new(p->arena);
    size[0] = 5;
    put(&with, file.data, file.size);
    put_text(&with, "PK\5\6!");
    check_done(parses(p->arena, all_of(with), &w, &err), err);
    check_one_two("a comment", &w, "");
}

// ---- the front of the legacy form, and strangers -----------------------------------------------------------------

static void other_files_are_told_what_they_are(void **state)
{
    place *p = *state;
    char tar[512] = "sys_info";
    memcpy(tar + 257, "ustar", 5);
    static const char version[] =
        "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe8\3.\x80\2}X\15\0\0\0"
        "little_endian\x88s.",
                      big[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.\x80\2}X\15\0\0\0"
                              "little_endian\x89s.";
    const struct {
        const char *data;
        ptrdiff_t size;
        const char *says;
    } files[] = {
        {tar, sizeof tar, "is a tar archive, as torch.save wrote before 2017: load it in an old PyTorch"},
        {version, sizeof version - 1, "its format is not version 1001 of torch.save: save it again"},
        {big, sizeof big - 1, "its values have their highest byte first"},
        {"\x89HDF\r\n\x1a\n", 8, "is a file of HDF5 (Keras): convert it to safetensors first"},
        {"version https://git-lfs.github.com/spec/v1", 42, "is the pointer of a file that git-lfs has not fetched"},
        {"<!DOCTYPE html>", 15, "is a web page, not the file it was to fetch"},
        {"\x80\2N.", 4, "is a pickle, but not of torch.save"},
        {"", 0, "is neither safetensors nor of torch.save: name a file of weights"},
        {"a text of more than eight letters", 33, "is neither safetensors nor of torch.save"},
        {"PK\3\4", 4, "a zip archive without its end"},
    };
    for (int i = 0; i < COUNT(files); i++) {
        rb_error err = {0};
        rb_weights w;
        rb_bytes file = {(const uint8_t *)files[i].data, files[i].size};
        check_failed(parses(p->arena, file, &w, &err), err, RB_ERR_WEIGHTS, files[i].says);
    }
}

// Its first bytes, 80 02, are those of a pickle, too.
static void a_header_may_begin_as_a_pickle_does(void **state)
{
    place *p = *state;
    enum { HEADER = 0x280 };
    static const char text[] = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    uint8_t *file = RB_NEW(p->arena, uint8_t, 8 + HEADER + 4);
    file[0] = HEADER & 0xFF;
    file[1] = HEADER >> 8;
    memset(file + 8, ' ', HEADER);
    memcpy(file + 8, text, sizeof text - 1);
    rb_weights w;
    rb_error err;
    check_done(rb_weights_parse(p->arena, (rb_bytes){file, 8 + HEADER + 4}, &w, &err), err);
    assert_int_equal(w.tensors.count, 1);
}

// ---- names -------------------------------------------------------------------------------------------------------

// Names before, divided by blanks; the prefix that goes; names after.
static const struct names_case {
    const char *before, *prefix, *after;
} names_cases[] = {
    {"conv1.weight fc.weight", "", "conv1.weight fc.weight"},
    {"module.conv1.weight module.fc.weight", "module.", "conv1.weight fc.weight"},
    {"model.backbone.a model.backbone.b", "model.backbone.", "a b"},
    {"module._orig_mod.model.net.a", "module._orig_mod.model.net.", "a"},
    {"module.module.module.module.module.a", "module.module.module.module.", "module.a"}, // there is an end to it
    {"model.conv1.weight criterion.pos_weight", "model.", "conv1.weight criterion.pos_weight"},
    {"model.a module.b", "module.model.", "a b"},
    {"a model.a", "", "a model.a"}, // would be one
    {"model. models.a", "", "model. models.a"},
    {"", "", ""},
    // torchvision's
    {"features.0.0.weight features.8.1.running_var classifier.1.bias", "",
     "bn2.running_var classifier.bias conv_stem.weight"},
    {"module.features.1.1.block.2.0.weight module.features.7.11.block.0.0.weight", "module.",
     "blocks.0.1.conv_pw.weight blocks.6.11.conv_pw.weight"},
    {"features.0.0.weight features.0.weight", "", "features.0.0.weight features.0.weight"}, // one of VGG's
    {"features.0.0.weight features.1.conv.0.0.weight", "", "features.0.0.weight features.1.conv.0.0.weight"},
    {"classifier.1.weight", "", "classifier.1.weight"}, // AlexNet's, or anybody's
};

static void names_become_plain(void **state)
{
    place *p = *state;
    for (int i = 0; i < COUNT(names_cases); i++) {
        const struct names_case *c = &names_cases[i];
        rb_tensor tensors[4];
        rb_weights w = {.tensors = {.tensor = tensors}};
        for (char *n = strtok(rb_text_copy(p->arena, c->before), " "); n; n = strtok(NULL, " "))
            tensors[w.tensors.count++] = (rb_tensor){.name = n};
        rb_names_make_plain(p->arena, &w);
        const char *after = "";
        for (int k = 0; k < w.tensors.count; k++)
            after = rb_text_format(p->arena, "%s%s%s", after, k ? " " : "", tensors[k].name);
        assert_string_equal(after, c->after);
        assert_string_equal(w.prefix, c->prefix);
    }
}

static void what_is_not_of_efficientnet_has_no_name(void **state)
{
    place *p = *state;
    static const char *const names[] = {"",
                                        "features.",
                                        "features.0.0.",
                                        "features.0.2.weight",
                                        "features.9.0.weight",
                                        "features.1.0.block.3.0.weight",
                                        "features.2.0.block.4.0.weight",
                                        "features.2..block.0.0.weight",
                                        "features.2.100.block.0.0.weight",
                                        "features.2.0.block.0.0.weight.x",
                                        "features.2.0.block.0.0.scale",
                                        "classifier.weight",
                                        "conv_stem.weight"};
    for (int i = 0; i < COUNT(names); i++)
        if (rb_name_of_efficientnet(p->arena, names[i])) fail_msg("%s has one", names[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(old_and_rare_forms_are_read),
        TEST(bad_programs_are_refused),
        TEST(containers_and_their_pickles_must_agree),
        TEST(archives_that_contradict_themselves_are_refused),
        TEST(members_do_not_overlap_or_repeat),
        TEST(a_comment_at_the_end_is_no_matter),
        TEST(other_files_are_told_what_they_are),
        TEST(a_header_may_begin_as_a_pickle_does),
        TEST(names_become_plain),
        TEST(what_is_not_of_efficientnet_has_no_name),
    };
    return cmocka_run_group_tests_name("torch", tests, NULL, NULL);
}
