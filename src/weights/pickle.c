// SPDX-License-Identifier: Apache-2.0
#include "weights/pickle.h"

#include <string.h>

#define PICKLE_LIMIT ((ptrdiff_t)64 << 20)
#define VALUE_LIMIT  ((ptrdiff_t)24 << 20)
#define BLOCK        ((ptrdiff_t)64 << 10)
#define STORAGES     200000
#define SHOWN_LIMIT  200

// ---- the machine -------------------------------------------------------------------------------------------------

typedef struct values {
    rb_py **at;
    int count, room;
} values;

typedef struct machine {
    rb_arena *arena;
    rb_error *err;
    const uint8_t *begin, *at, *end;
    const uint8_t *op; // the instruction being run
    int param;         // what its row of the table says
    int64_t number;    // its argument, whichever it has
    rb_bytes bytes, more;
    uint8_t *block; // memory not yet handed out
    ptrdiff_t left, taken;
    values stack, memo, storages;
    rb_py *mark; // a place on the stack, never a value
    const rb_py *unknown;
    bool stopped;
} machine;

static bool fail(machine *m, const char *what)
{
    return rb_fail(m->err, RB_ERR_WEIGHTS, "its pickle is broken at byte %td: %s; fetch the file again",
                   m->op - m->begin, what);
}

// Values are many and small: they come from blocks, 16 bytes aligned, and are counted.
static void *take(machine *m, ptrdiff_t count, ptrdiff_t size)
{
    ptrdiff_t need = (count * size + 15) / 16 * 16;
    m->taken += need;
    if (m->taken > VALUE_LIMIT) {
        rb_fail(m->err, RB_ERR_WEIGHTS,
                "its pickle holds more than %td MB of values that are no tensors: save the state_dict alone",
                VALUE_LIMIT >> 20);
        return NULL;
    }
    if (need > BLOCK / 4) return RB_NEW(m->arena, uint8_t, need);
    if (need > m->left) {
        m->block = RB_NEW(m->arena, uint8_t, BLOCK);
        m->left = BLOCK;
    }
    void *at = m->block;
    m->block += need;
    m->left -= need;
    return at;
}

static bool add(machine *m, values *v, rb_py *item)
{
    if (v->count == v->room) {
        int room = v->room ? 2 * v->room : 16;
        rb_py **wider = take(m, room, (ptrdiff_t)sizeof *wider);
        if (!wider) return false;
        if (v->count) memcpy(wider, v->at, (size_t)v->count * sizeof *wider);
        v->at = wider;
        v->room = room;
    }
    v->at[v->count++] = item;
    return true;
}

static bool push(machine *m, rb_py *v)
{
    return v && add(m, &m->stack, v);
}

static rb_py *make(machine *m, rb_py_kind kind)
{
    rb_py *v = take(m, 1, (ptrdiff_t)sizeof *v);
    if (v) *v = (rb_py){.kind = kind};
    return v;
}

static rb_py *make_text(machine *m, rb_py_kind kind, rb_bytes text)
{
    rb_py *v = make(m, kind);
    if (!v) return NULL;
    v->text = (const char *)text.data;
    v->count = (int)text.size;
    return v;
}

static rb_py *make_other(machine *m, const char *what)
{
    return make_text(m, RB_PY_OTHER, (rb_bytes){(const uint8_t *)what, (ptrdiff_t)strlen(what)});
}

// The value on top, NULL with an error if there is none of the wanted kind above the last mark.
static rb_py *pop(machine *m)
{
    rb_py *v = m->stack.count ? m->stack.at[m->stack.count - 1] : m->mark;
    if (v == m->mark) {
        fail(m, "the stack is empty");
        return NULL;
    }
    m->stack.count--;
    return v;
}

static rb_py *pop_kind(machine *m, rb_py_kind kind, const char *otherwise)
{
    rb_py *v = pop(m);
    if (!v || v->kind == kind) return v;
    fail(m, otherwise);
    return NULL;
}

// Takes what stands above the last mark off the stack, and the mark; it can still be read there.
static bool pop_marked(machine *m, values *out)
{
    int from = m->stack.count;
    while (from > 0 && m->stack.at[from - 1] != m->mark) from--;
    if (!from) return fail(m, "there is no mark on the stack");
    *out = (values){.at = m->stack.at + from, .count = m->stack.count - from};
    m->stack.count = from - 1;
    return true;
}

static rb_py *make_tuple(machine *m, values items)
{
    rb_py *v = make(m, RB_PY_TUPLE);
    if (!v || !items.count) return v;
    v->item = take(m, items.count, (ptrdiff_t)sizeof *v->item);
    if (!v->item) return NULL;
    memcpy(v->item, items.at, (size_t)items.count * sizeof *v->item);
    v->count = items.count;
    return v;
}

// The same items under another kind.
static rb_py *make_alike(machine *m, rb_py_kind kind, const rb_py *of)
{
    rb_py *v = make(m, kind);
    if (!v) return NULL;
    v->item = of->item;
    v->count = of->count;
    return v;
}

// ---- instructions: plain values ----------------------------------------------------------------------------------

static bool run_proto(machine *m)
{
    return (m->number >= 2 && m->number <= 5) || fail(m, "its protocol is none of 2 to 5");
}

static bool run_nothing(machine *m)
{
    (void)m;
    return true;
}

static bool run_stop(machine *m)
{
    m->stopped = true;
    return (m->stack.count == 1 && m->stack.at[0] != m->mark) || fail(m, "it ends with more or less than one value");
}

static bool run_none(machine *m)
{
    return push(m, make(m, RB_PY_NONE));
}

static bool run_bool(machine *m)
{
    rb_py *v = make(m, RB_PY_BOOL);
    if (v) v->integer = m->param;
    return push(m, v);
}

static bool push_int(machine *m, int64_t value)
{
    rb_py *v = make(m, RB_PY_INT);
    if (v) v->integer = value;
    return push(m, v);
}

static bool run_int(machine *m)
{
    return push_int(m, m->number);
}

static bool run_signed(machine *m)
{
    return push_int(m, (int32_t)m->number);
}

// Two's complement of any length, the lowest byte first.
static bool run_long(machine *m)
{
    rb_bytes b = m->bytes;
    if (b.size > 8) return push(m, make_other(m, "an integer of over 64 bits"));
    uint64_t value = b.size && b.data[b.size - 1] >> 7 ? UINT64_MAX : 0;
    for (ptrdiff_t i = b.size; i-- > 0;) value = value << 8 | b.data[i];
    return push_int(m, (int64_t)value);
}

// The only number that stands with its highest byte first.
static bool run_real(machine *m)
{
    rb_py *v = make(m, RB_PY_REAL);
    uint64_t bits = __builtin_bswap64((uint64_t)m->number);
    if (v) memcpy(&v->real, &bits, sizeof bits);
    return push(m, v);
}

static bool run_text(machine *m)
{
    return push(m, make_text(m, (rb_py_kind)m->param, m->bytes));
}

// ---- instructions: the stack and the memo ------------------------------------------------------------------------

static bool run_mark(machine *m)
{
    return push(m, m->mark);
}

static bool run_pop(machine *m)
{
    if (!m->stack.count) return fail(m, "the stack is empty");
    m->stack.count--;
    return true;
}

static bool run_pop_mark(machine *m)
{
    values ignored = {0};
    return pop_marked(m, &ignored);
}

static bool run_dup(machine *m)
{
    rb_py *v = pop(m);
    return v && push(m, v) && push(m, v);
}

// Whoever writes a pickle numbers its memo in order, perhaps from 1; this keeps its table as long as what is in it.
static bool put(machine *m, int64_t index)
{
    rb_py *v = pop(m);
    if (!v) return false;
    if (index > 2 * (int64_t)m->memo.count + 1024) return fail(m, "its memo is numbered wildly");
    while (m->memo.count <= index)
        if (!add(m, &m->memo, NULL)) return false;
    m->memo.at[index] = v;
    return push(m, v);
}

static bool run_put(machine *m)
{
    return put(m, m->number);
}

static bool run_memoize(machine *m)
{
    return put(m, m->memo.count);
}

static bool run_get(machine *m)
{
    if (m->number >= m->memo.count || !m->memo.at[m->number]) return fail(m, "its memo has no such number");
    return push(m, m->memo.at[m->number]);
}

// ---- instructions: tuples, lists, dictionaries -------------------------------------------------------------------

static bool run_tuple(machine *m)
{
    values items = {0};
    return pop_marked(m, &items) && push(m, make_tuple(m, items));
}

// Of as many values as `param` says.
static bool run_short_tuple(machine *m)
{
    int count = m->param;
    for (int i = 1; i <= count; i++)
        if (i > m->stack.count || m->stack.at[m->stack.count - i] == m->mark) return fail(m, "the stack is empty");
    m->stack.count -= count;
    rb_py **from = count ? m->stack.at + m->stack.count : NULL; // there may be no stack yet
    return push(m, make_tuple(m, (values){.at = from, .count = count}));
}

// To a list or dictionary, whose room is the next power of two. What is put into an unknown object is forgotten.
static bool put_into(machine *m, rb_py *to, rb_py_kind kind, values items)
{
    if (to->kind == RB_PY_OTHER) return true;
    if (to->kind != kind) return fail(m, "it puts items into what is no list or dictionary");
    if (kind == RB_PY_DICT && items.count % 2) return fail(m, "a key has no value");
    for (int i = 0; i < items.count; i++) {
        if ((to->count & (to->count - 1)) == 0) {
            rb_py **wider = take(m, to->count ? 2 * (ptrdiff_t)to->count : 1, (ptrdiff_t)sizeof *wider);
            if (!wider) return false;
            if (to->count) memcpy(wider, to->item, (size_t)to->count * sizeof *wider);
            to->item = wider;
        }
        to->item[to->count++] = items.at[i];
    }
    return true;
}

// An empty list or dictionary, as `param` says; so it is below.
static bool run_empty(machine *m)
{
    return push(m, make(m, (rb_py_kind)m->param));
}

// Makes one of what stands above the mark.
static bool run_collect(machine *m)
{
    values items = {0};
    rb_py *v = make(m, (rb_py_kind)m->param);
    return v && pop_marked(m, &items) && put_into(m, v, v->kind, items) && push(m, v);
}

// What stands above the mark goes into what stands below it.
static bool run_put_marked(machine *m)
{
    values items = {0};
    if (!pop_marked(m, &items)) return false;
    rb_py *to = pop(m);
    return to && put_into(m, to, (rb_py_kind)m->param, items) && push(m, to);
}

// The same of one item, or of a key and a value.
static bool run_put_top(machine *m)
{
    rb_py *item[2];
    int count = m->param == RB_PY_DICT ? 2 : 1;
    for (int i = count; i-- > 0;)
        if (!(item[i] = pop(m))) return false;
    rb_py *to = pop(m);
    return to && put_into(m, to, (rb_py_kind)m->param, (values){.at = item, .count = count}) && push(m, to);
}

// ---- instructions: classes, functions, and what would be their results -------------------------------------------

static bool push_global(machine *m, rb_bytes module, rb_bytes name)
{
    const rb_py_global *known = rb_py_global_find(module, name);
    if (known) {
        rb_py *v = make(m, RB_PY_GLOBAL);
        if (v) v->global = known;
        return push(m, v);
    }
    ptrdiff_t front = module.size < SHOWN_LIMIT ? module.size : SHOWN_LIMIT;
    ptrdiff_t back = name.size < SHOWN_LIMIT ? name.size : SHOWN_LIMIT;
    char *text = take(m, front + 1 + back, 1);
    if (!text) return false;
    if (front) memcpy(text, module.data, (size_t)front);
    text[front] = '.';
    if (back) memcpy(text + front + 1, name.data, (size_t)back);
    rb_py *v = make_text(m, RB_PY_OTHER, (rb_bytes){(const uint8_t *)text, front + 1 + back});
    if (!m->unknown) m->unknown = v;
    return push(m, v);
}

static bool run_global(machine *m)
{
    return push_global(m, m->bytes, m->more);
}

static rb_bytes bytes_of(const rb_py *v)
{
    return (rb_bytes){(const uint8_t *)v->text, v->count};
}

static bool run_stack_global(machine *m)
{
    static const char wrong[] = "a class is named by what is no text";
    rb_py *name = pop_kind(m, RB_PY_TEXT, wrong), *module = name ? pop_kind(m, RB_PY_TEXT, wrong) : NULL;
    return module && push_global(m, bytes_of(module), bytes_of(name));
}

static bool is_pair(const rb_py *v)
{
    return (v->kind == RB_PY_LIST || v->kind == RB_PY_TUPLE) && v->count == 2;
}

// OrderedDict(), or as Python 2 writes it OrderedDict([[key, value], ...]).
static rb_py *dict_of(machine *m, const rb_py *args)
{
    rb_py *dict = make(m, RB_PY_DICT);
    const rb_py *pairs = args->count == 1 ? args->item[0] : NULL;
    if (!dict || !args->count) return dict;
    if (!pairs || pairs->kind != RB_PY_LIST) return make_other(m, "an OrderedDict made in an unusual way");
    for (int i = 0; i < pairs->count; i++) {
        const rb_py *pair = pairs->item[i];
        if (!is_pair(pair)) return make_other(m, "an OrderedDict made in an unusual way");
        if (!put_into(m, dict, RB_PY_DICT, (values){.at = pair->item, .count = 2})) return NULL;
    }
    return dict;
}

static rb_py *result_of(machine *m, rb_py *callee, rb_py *args)
{
    if (callee->kind == RB_PY_OTHER) return callee; // an object goes by the name of its class
    if (callee->kind != RB_PY_GLOBAL) {
        fail(m, "it calls what is no class or function");
        return NULL;
    }
    switch (callee->global->meaning) {
    case RB_PY_IS_DICT:
        return dict_of(m, args);
    case RB_PY_IS_TENSOR:
        return make_alike(m, RB_PY_TENSOR, args);
    case RB_PY_IS_WRAPPER:
        return args->count ? args->item[0] : make_other(m, callee->global->name);
    default:
        return make_other(m, callee->global->name);
    }
}

static bool run_reduce(machine *m)
{
    rb_py *args = pop_kind(m, RB_PY_TUPLE, "arguments are no tuple"), *callee = args ? pop(m) : NULL;
    return callee && push(m, result_of(m, callee, args));
}

static bool run_newobj_ex(machine *m)
{
    return pop(m) && run_reduce(m); // named arguments are left out
}

// Would set the attributes of an object.
static bool run_build(machine *m)
{
    rb_py *state = pop(m), *object = state ? pop(m) : NULL;
    return object && push(m, object);
}

// A storage, or in a pickle of a whole module the source text of a class.
static bool run_persid(machine *m)
{
    rb_py *id = pop_kind(m, RB_PY_TUPLE, "what it names outside of itself is no tuple");
    if (!id) return false;
    if (id->count >= 2 && rb_py_is(id->item[0], "module")) return push(m, id->item[1]);
    if (id->count < 5 || !rb_py_is(id->item[0], "storage")) return fail(m, "what it names outside is no storage");
    if (m->storages.count == STORAGES)
        return rb_fail(m->err, RB_ERR_WEIGHTS, "its pickle names over %d tensors: save the state_dict alone", STORAGES);
    rb_py *storage = make_alike(m, RB_PY_STORAGE, id);
    return storage && add(m, &m->storages, storage) && push(m, storage);
}

// ---- the table of instructions -----------------------------------------------------------------------------------

typedef enum argument { NOTHING, U8, U16, U32, U64, COUNTED8, COUNTED32, COUNTED64, TWO_LINES } argument;

static const struct instruction {
    bool (*run)(machine *m);
    argument argument;
    int param;
} instructions[256] = {
    // The names are those of pickletools.
    [0x80] = {run_proto, U8, 0},                    // PROTO
    [0x95] = {run_nothing, U64, 0},                 // FRAME
    ['.'] = {run_stop, NOTHING, 0},                 // STOP
    ['N'] = {run_none, NOTHING, 0},                 // NONE
    [0x88] = {run_bool, NOTHING, 1},                // NEWTRUE
    [0x89] = {run_bool, NOTHING, 0},                // NEWFALSE
    ['J'] = {run_signed, U32, 0},                   // BININT
    ['K'] = {run_int, U8, 0},                       // BININT1
    ['M'] = {run_int, U16, 0},                      // BININT2
    [0x8a] = {run_long, COUNTED8, 0},               // LONG1
    [0x8b] = {run_long, COUNTED32, 0},              // LONG4
    ['G'] = {run_real, U64, 0},                     // BINFLOAT
    ['U'] = {run_text, COUNTED8, RB_PY_TEXT},       // SHORT_BINSTRING, text of Python 2
    ['T'] = {run_text, COUNTED32, RB_PY_TEXT},      // BINSTRING, text of Python 2
    [0x8c] = {run_text, COUNTED8, RB_PY_TEXT},      // SHORT_BINUNICODE
    ['X'] = {run_text, COUNTED32, RB_PY_TEXT},      // BINUNICODE
    [0x8d] = {run_text, COUNTED64, RB_PY_TEXT},     // BINUNICODE8
    ['C'] = {run_text, COUNTED8, RB_PY_BYTES},      // SHORT_BINBYTES
    ['B'] = {run_text, COUNTED32, RB_PY_BYTES},     // BINBYTES
    [0x8e] = {run_text, COUNTED64, RB_PY_BYTES},    // BINBYTES8
    [0x96] = {run_text, COUNTED64, RB_PY_BYTES},    // BYTEARRAY8
    ['('] = {run_mark, NOTHING, 0},                 // MARK
    ['0'] = {run_pop, NOTHING, 0},                  // POP
    ['1'] = {run_pop_mark, NOTHING, 0},             // POP_MARK
    ['2'] = {run_dup, NOTHING, 0},                  // DUP
    ['q'] = {run_put, U8, 0},                       // BINPUT
    ['r'] = {run_put, U32, 0},                      // LONG_BINPUT
    [0x94] = {run_memoize, NOTHING, 0},             // MEMOIZE
    ['h'] = {run_get, U8, 0},                       // BINGET
    ['j'] = {run_get, U32, 0},                      // LONG_BINGET
    [')'] = {run_short_tuple, NOTHING, 0},          // EMPTY_TUPLE
    [0x85] = {run_short_tuple, NOTHING, 1},         // TUPLE1
    [0x86] = {run_short_tuple, NOTHING, 2},         // TUPLE2
    [0x87] = {run_short_tuple, NOTHING, 3},         // TUPLE3
    ['t'] = {run_tuple, NOTHING, 0},                // TUPLE
    [']'] = {run_empty, NOTHING, RB_PY_LIST},       // EMPTY_LIST
    ['l'] = {run_collect, NOTHING, RB_PY_LIST},     // LIST
    ['a'] = {run_put_top, NOTHING, RB_PY_LIST},     // APPEND
    ['e'] = {run_put_marked, NOTHING, RB_PY_LIST},  // APPENDS
    [0x8f] = {run_empty, NOTHING, RB_PY_LIST},      // EMPTY_SET
    [0x90] = {run_put_marked, NOTHING, RB_PY_LIST}, // ADDITEMS
    [0x91] = {run_collect, NOTHING, RB_PY_LIST},    // FROZENSET
    ['}'] = {run_empty, NOTHING, RB_PY_DICT},       // EMPTY_DICT
    ['d'] = {run_collect, NOTHING, RB_PY_DICT},     // DICT
    ['s'] = {run_put_top, NOTHING, RB_PY_DICT},     // SETITEM
    ['u'] = {run_put_marked, NOTHING, RB_PY_DICT},  // SETITEMS
    ['c'] = {run_global, TWO_LINES, 0},             // GLOBAL
    [0x93] = {run_stack_global, NOTHING, 0},        // STACK_GLOBAL
    ['R'] = {run_reduce, NOTHING, 0},               // REDUCE
    [0x81] = {run_reduce, NOTHING, 0},              // NEWOBJ
    [0x92] = {run_newobj_ex, NOTHING, 0},           // NEWOBJ_EX
    ['b'] = {run_build, NOTHING, 0},                // BUILD
    ['Q'] = {run_persid, NOTHING, 0},               // BINPERSID
};

static bool too_short(machine *m)
{
    if (m->end - m->begin < PICKLE_LIMIT) return fail(m, "it breaks off");
    return rb_fail(m->err, RB_ERR_WEIGHTS, "its pickle is over %td MB: save the state_dict alone", PICKLE_LIMIT >> 20);
}

static bool take_number(machine *m, int bytes)
{
    if (m->end - m->at < bytes) return too_short(m);
    uint64_t value = 0;
    for (int i = bytes; i-- > 0;) value = value << 8 | m->at[i];
    m->number = (int64_t)value;
    m->at += bytes;
    return true;
}

static bool take_counted(machine *m, int bytes)
{
    if (!take_number(m, bytes)) return false;
    if (m->number < 0 || m->number > m->end - m->at) return too_short(m);
    m->bytes = (rb_bytes){m->at, (ptrdiff_t)m->number};
    m->at += m->number;
    return true;
}

static bool take_line(machine *m, rb_bytes *out)
{
    const uint8_t *newline = m->at < m->end ? memchr(m->at, '\n', (size_t)(m->end - m->at)) : NULL;
    if (!newline) return too_short(m);
    *out = (rb_bytes){m->at, newline - m->at};
    m->at = newline + 1;
    return true;
}

static bool take_argument(machine *m, argument kind)
{
    static const int bytes[] = {
        [U8] = 1, [U16] = 2, [U32] = 4, [U64] = 8, [COUNTED8] = 1, [COUNTED32] = 4, [COUNTED64] = 8};
    if (kind == NOTHING) return true;
    if (kind == TWO_LINES) return take_line(m, &m->bytes) && take_line(m, &m->more);
    return kind < COUNTED8 ? take_number(m, bytes[kind]) : take_counted(m, bytes[kind]);
}

static bool step(machine *m)
{
    m->op = m->at;
    if (m->at == m->end) return too_short(m);
    const struct instruction *i = &instructions[*m->at++];
    if (!i->run)
        return rb_fail(m->err, RB_ERR_WEIGHTS,
                       "its pickle has instruction 0x%02x at byte %td, which no file of weights needs: save the "
                       "state_dict again with torch.save",
                       *m->op, m->op - m->begin);
    m->param = i->param;
    return take_argument(m, i->argument) && i->run(m);
}

bool rb_pickle_read(rb_arena *a, rb_bytes file, rb_pickle *out, rb_error *err)
{
    ptrdiff_t size = file.size < PICKLE_LIMIT ? file.size : PICKLE_LIMIT;
    machine m = {.arena = a, .err = err, .begin = file.data, .at = file.data, .end = file.data + size};
    m.mark = make(&m, RB_PY_NONE);
    while (!m.stopped)
        if (!step(&m)) return false;
    *out = (rb_pickle){.root = m.stack.at[0],
                       .storage = (const rb_py **)m.storages.at,
                       .storage_count = m.storages.count,
                       .unknown = m.unknown,
                       .size = m.at - m.begin};
    return true;
}
