// SPDX-License-Identifier: Apache-2.0
// test_config.c - settings from defaults, files and flags; what is refused and in which words; help and dump.
#include "check.h"
#include "folder.h"

#include "config/config.h"

#include <time.h>

typedef struct settings {
    bool freeze, pretrained;
    int batch_size, sampler, device;
    double lr, max_lr, unused_rate;
    const char *root_dir, *manifest, *weights;
    rb_range scale, turn, upto, tiles;
    const rb_tree *steps;
} settings;

#define AT(member) offsetof(settings, member)

static const char *const samplers[] = {"balanced", "shuffle", "off", NULL};

static const rb_field main_fields[] = {
    {"freeze", RB_BOOL, AT(freeze), .preset = false, .help = "train the head alone"},
    {"pretrained", RB_BOOL, AT(pretrained), .preset = true},
    {"batch_size", RB_INT, AT(batch_size), .preset = 32, .min = 1, .max = 1000, .unit = "pictures",
     .help = "pictures computed at once, of which there must be enough that the lines of this help text break"},
    {"device_index", RB_INT, AT(device), .preset = 0, .min = -1, .max = 7, .local = true},
    {"lr", RB_REAL, AT(lr), .preset = 4e-4, .min = 0, .max = 10, .help = "base | rate"},
    {"sampler", RB_CHOICE, AT(sampler), .preset = 1, .choices = samplers, .help = "order of pictures"},
    {"root_dir", RB_TEXT, AT(root_dir), .preset_text = "data/"},
    {"manifest", RB_TEXT, AT(manifest), .optional = true},
    {"weights", RB_TEXT, AT(weights), .optional = true, .or_truth = true},
    {0},
};

static const rb_field cycle_fields[] = {
    {"max_lr", RB_REAL, AT(max_lr), .preset = NAN, .min = 1e-12, .max = 1e3, .optional = true},
    {0},
};

static const rb_field range_fields[] = {
    {"scale", RB_RANGE, AT(scale), .preset = -0.2, .preset_high = 0.5, .min = -10, .max = 10, .help = "drawn evenly"},
    {0},
};

static const rb_field tree_fields[] = {
    {"steps", RB_TREE, AT(steps), .preset_tree = &(const rb_tree){.text = "none", .plain = true}, .help = "what to do"},
    {0},
};

static const rb_field pair_fields[] = {
    {"turn", RB_RANGE, AT(turn), .preset = -90, .preset_high = 90, .min = -180, .max = 360, .pair = RB_PAIR_SYMMETRIC},
    {"upto", RB_RANGE, AT(upto), .preset = 3, .preset_high = 7, .min = 3, .max = 99, .pair = RB_PAIR_FROM_MIN},
    {"tiles", RB_RANGE, AT(tiles), .preset = 8, .preset_high = 4, .min = 1, .max = 64, .pair = RB_PAIR_FREE},
    {0},
};

static const rb_field empty_fields[] = {{0}};

static const rb_field other_fields[] = {
    {"unused_rate", RB_REAL, AT(unused_rate), .preset = 0.5, .min = 0, .max = 1},
    {0},
};

// Settings with the sections that read and write them.
typedef struct setup {
    settings s;
    rb_section sections[7];
    rb_config config;
} setup;

static setup *setup_new(rb_arena *a)
{
    setup *u = RB_NEW(a, setup, 1);
    u->sections[0] = (rb_section){"main", NULL, main_fields, &u->s, true};
    u->sections[1] = (rb_section){"one_cycle schedule", "one_cycle", cycle_fields, &u->s, true};
    u->sections[2] = (rb_section){"nothing", NULL, empty_fields, &u->s, true};
    u->sections[3] = (rb_section){"other commands", NULL, other_fields, &u->s, false};
    u->sections[4] = (rb_section){"ranges", NULL, range_fields, &u->s, true};
    u->sections[5] = (rb_section){"trees", NULL, tree_fields, &u->s, true};
    u->sections[6] = (rb_section){"pairs", NULL, pair_fields, &u->s, false};
    u->config = (rb_config){u->sections, 7};
    rb_config_defaults(&u->config);
    return u;
}

static bool read_text(rb_arena *a, const setup *u, const char *text, rb_error *err)
{
    rb_bytes bytes = {(const uint8_t *)text, (ptrdiff_t)strlen(text)};
    return rb_config_read_text(a, &u->config, "t.yaml", bytes, err);
}

static setup *reads(rb_arena *a, const char *text)
{
    rb_error err = {0};
    setup *u = setup_new(a);
    check_done(read_text(a, u, text, &err), err);
    return u;
}

// The whole message, since it is what a user sees.
static void refuses(rb_arena *a, const char *text, const char *message)
{
    rb_error err = {0};
    check_failed(read_text(a, setup_new(a), text, &err), err, RB_ERR_USAGE, "");
    assert_string_equal(err.text, message);
}

#define WORDS 12
static int split_words(rb_arena *a, const char *line, char *words[WORDS])
{
    int count = 0;
    char *at = rb_text_copy(a, line);
    for (char *word; (word = strsep(&at, " ")) && count < WORDS;) words[count++] = word;
    return *line ? count : 0;
}

static bool take_flags(rb_arena *a, const setup *u, const char *line, rb_words *operands, rb_error *err)
{
    char *words[WORDS];
    int count = split_words(a, line, words);
    return rb_config_flags(a, &u->config, count, words, operands, err);
}

static setup *flags(rb_arena *a, const char *line, rb_words *operands)
{
    rb_error err = {0};
    setup *u = setup_new(a);
    check_done(take_flags(a, u, line, operands, &err), err);
    return u;
}

static void refuses_flags(rb_arena *a, const char *line, const char *message)
{
    rb_error err = {0};
    rb_words operands;
    check_failed(take_flags(a, setup_new(a), line, &operands, &err), err, RB_ERR_USAGE, "");
    assert_string_equal(err.text, message);
}

// ---- tables ---------------------------------------------------------------------------------------------------------

static void defaults_fill_every_type(void **state)
{
    const settings *s = &setup_new(((place *)*state)->arena)->s;
    assert_true(!s->freeze && s->pretrained && s->batch_size == 32 && s->lr == 4e-4 && s->sampler == 1);
    assert_true(isnan(s->max_lr) && s->unused_rate == 0.5 && !s->manifest);
    assert_true(s->scale.low == -0.2 && s->scale.high == 0.5);
    assert_string_equal(s->root_dir, "data/");
}

static void flaws_of_tables_are_found(void **state)
{
    (void)state;
    static const rb_field flawed[][3] = {
        {{"lr", RB_REAL, .max = 1}, {"lr", RB_REAL, .max = 1}},
        {{"config", RB_TEXT, .optional = true}},
        {{"x", RB_INT, .preset = 5, .max = 4}},
        {{"x", RB_INT, .preset = 0.5, .max = 4}},
        {{"x", RB_INT, .max = 1e10}},
        {{"x", RB_INT, .max = 1, .optional = true}},
        {{"x", RB_REAL, .preset = NAN, .max = 4}},
        {{"x", RB_REAL, .max = INFINITY}},
        {{"x", RB_TEXT, .max = 1}},
        {{"x", RB_CHOICE, .preset = 3, .choices = samplers}},
        {{"x", RB_CHOICE, .max = 1}},
        {{"x", RB_BOOL, .optional = true}},
        {{"x", RB_RANGE, .preset = 2, .preset_high = 1, .max = 4}},
        {{"x", RB_RANGE, .preset = 1, .preset_high = 5, .max = 4}},
        {{"x", RB_RANGE, .preset = -1, .max = 4}},
        {{"x", RB_RANGE, .max = INFINITY}},
        {{"x", RB_RANGE, .max = 4, .optional = true}},
        {{"x", RB_TREE, .optional = false}},
        {{"x", RB_RANGE, .preset = 2, .preset_high = 0, .min = 1, .max = 4, .pair = RB_PAIR_FREE}},
        {{"x", RB_RANGE, .preset = 2, .preset_high = 5, .min = 1, .max = 4, .pair = RB_PAIR_FREE}},
    };
    for (int i = 0; i < (int)(sizeof flawed / sizeof *flawed); i++) {
        rb_section section = {.title = "flawed", .fields = flawed[i]};
        if (!rb_config_flaw(&(rb_config){&section, 1})) fail_msg("table %d is not flawed", i);
    }
    rb_section twice[] = {{"a", "one", cycle_fields, NULL, true}, {"b", "one", cycle_fields, NULL, true}};
    assert_ptr_equal(rb_config_flaw(&(rb_config){twice, 2}), cycle_fields);
    twice[1].prefix = "two";
    assert_null(rb_config_flaw(&(rb_config){twice, 2}));
}

static void values_can_be_asked_for_by_key(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    const rb_config *c = &reads(a, "batch_size: 8\nlr: 10\n")->config;
    assert_string_equal(rb_config_value(a, c, "batch_size"), "8");
    assert_string_equal(rb_config_value(a, c, "lr"), "10");
    assert_string_equal(rb_config_value(a, c, "sampler"), "shuffle");
    assert_string_equal(rb_config_value(a, c, "pretrained"), "true");
    assert_string_equal(rb_config_value(a, c, "one_cycle_max_lr"), "null");
}

// ---- values ---------------------------------------------------------------------------------------------------------

static void a_file_sets_every_type(void **state)
{
    const settings *s = &reads(((place *)*state)->arena, "# all of them\n"
                                                         "freeze: true\n"
                                                         "\"pretrained\": False  # a comment\n"
                                                         "batch_size: 0064\n"
                                                         "lr: 1e-3\n"
                                                         "sampler: \"balanced\"\n"
                                                         "root_dir: true\n"
                                                         "manifest: 5\n"
                                                         "one_cycle_max_lr: .5\n"
                                                         "unused_rate: 0.25\n")
                             ->s;
    assert_true(s->freeze && !s->pretrained && s->batch_size == 64 && s->lr == 1e-3 && s->sampler == 0);
    assert_true(s->max_lr == 0.5 && s->unused_rate == 0.25);
    assert_string_equal(s->root_dir, "true");
    assert_string_equal(s->manifest, "5");
}

static void null_unsets_what_is_optional(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (int i = 0; i < 5; i++) {
        setup *u = reads(a, "manifest: m.csv\none_cycle_max_lr: 1\n");
        assert_true(u->s.max_lr == 1 && u->s.manifest);
        rb_error err = {0};
        const char *text = rb_text_format(a, "manifest: %s\none_cycle_max_lr: %s\n", nulls[i], nulls[i]);
        check_done(read_text(a, u, text, &err), err);
        assert_true(isnan(u->s.max_lr) && !u->s.manifest);
    }
    assert_string_equal(reads(a, "manifest: \"null\"\n")->s.manifest, "null");
    assert_string_equal(reads(a, "root_dir: ''\n")->s.root_dir, "");
}

static void wrong_values_are_named(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const cases[][2] = {
        {"freeze: yes", "t.yaml:1: freeze: expected true or false, found 'yes'"},
        {"freeze: 1", "t.yaml:1: freeze: expected true or false, found '1'"},
        {"freeze: \"true\"", "t.yaml:1: freeze: expected true or false, found the quoted text \"true\""},
        {"freeze:", "t.yaml:1: freeze: is empty; expected true or false"},
        {"batch_size: 1.0", "t.yaml:1: batch_size: expected a whole number, found '1.0'"},
        {"batch_size: 0x10", "t.yaml:1: batch_size: expected a whole number, found '0x10'"},
        {"batch_size: 1_000", "t.yaml:1: batch_size: expected a whole number, found '1_000'"},
        {"batch_size: ''", "t.yaml:1: batch_size: expected a whole number, found the quoted text \"\""},
        {"batch_size: 0", "t.yaml:1: batch_size: 0 is outside 1..1000"},
        {"batch_size: 99999999999999999999", "t.yaml:1: batch_size: 99999999999999999999 is outside 1..1000"},
        {"lr: -7", "t.yaml:1: lr: -7 is outside 0..10"},
        {"lr: 1e999", "t.yaml:1: lr: 1e999 is outside 0..10"},
        {"lr: \"0.1\"", "t.yaml:1: lr: expected a number, found the quoted text \"0.1\""},
        {"lr: nan", "t.yaml:1: lr: expected a number, found 'nan'"},
        {"lr: .inf", "t.yaml:1: lr: expected a number, found '.inf'"},
        {"lr: 1e", "t.yaml:1: lr: expected a number, found '1e'"},
        {"lr: .", "t.yaml:1: lr: expected a number, found '.'"},
        {"lr: 1,5", "t.yaml:1: lr: expected a number, found '1,5'"},
        {"lr: ~", "t.yaml:1: lr: is empty; expected a number"},
        {"root_dir: null", "t.yaml:1: root_dir: is empty; expected a text"},
        {"root_dir: \"\\0\"", "t.yaml:1: a text with a zero character in it"},
        {"sampler: balancd", "t.yaml:1: sampler: 'balancd' is none of balanced|shuffle|off; did you mean 'balanced'?"},
        {"sampler: xyz", "t.yaml:1: sampler: 'xyz' is none of balanced|shuffle|off"},
        {"sampler:", "t.yaml:1: sampler: is empty; expected one of balanced|shuffle|off"},
        {"one_cycle_max_lr: 0", "t.yaml:1: one_cycle_max_lr: 0 is outside 1e-12..1000"},
        {"lr: [1, 2]", "t.yaml:1: lr: expected a number, found a list"},
        {"lr:\n- 1\n", "t.yaml:1: lr: expected a number, found a list"},
        {"\n\nroot_dir:\n  a: 1\n", "t.yaml:3: root_dir: expected a text, found a mapping"},
        {"unused_rate: 2", "t.yaml:1: unused_rate: 2 is outside 0..1"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) refuses(a, cases[i][0], cases[i][1]);
}

static void long_or_strange_values_are_quoted_in_one_line(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    refuses(a, "lr: \"a\\nb\\e\"", "t.yaml:1: lr: expected a number, found the quoted text \"a?b?\"");
    refuses(a, "lr: 012345678901234567890123456789012345678901234567890123456ü9",
            "t.yaml:1: lr: expected a number, found '012345678901234567890123456789012345678901234567890123456ü9'");
    refuses(a, "lr: 01234567890123456789012345678901234567890123456789012345678ü",
            "t.yaml:1: lr: expected a number, found '01234567890123456789012345678901234567890123456789012345678...'");
}

static void ranges_are_two_numbers_or_one(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const struct {
        const char *text;
        double low, high;
    } cases[] = {
        {"scale: [1, 2.5]", 1, 2.5}, {"scale:\n- -3\n- 1e0\n", -3, 1}, {"scale: 4", 4, 4},
        {"scale: -1,2", -1, 2},      {"scale: 1 , 2", 1, 2},           {"scale: [2, 2]\nlr: 1", 2, 2},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        rb_range got = reads(a, cases[i].text)->s.scale;
        if (got.low != cases[i].low || got.high != cases[i].high)
            fail_msg("%s: %g, %g", cases[i].text, got.low, got.high);
    }
    static const char *const forms[] = {"--scale -1,2", "--scale=-1,2", "--scale=[-1,2]"};
    rb_words o;
    for (int i = 0; i < 3; i++) {
        const setup *u = flags(a, forms[i], &o);
        assert_true(u->s.scale.low == -1 && u->s.scale.high == 2 && !o.count);
        assert_string_equal(rb_config_value(a, &u->config, "scale"), "[-1, 2]");
    }
    setup *again = setup_new(a); // what is said of a value sets it
    rb_error err = {0};
    check_done(rb_config_set(a, &again->config, "scale", "[-1, 2]", "here", &err), err);
    assert_true(again->s.scale.low == -1 && again->s.scale.high == 2);
}

static void one_number_stands_for_a_pair(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const struct {
        const char *text;
        double ends[6]; // of turn, upto and tiles
    } cases[] = {
        {"turn: 15", {-15, 15, 3, 7, 8, 4}},      {"turn: 0", {0, 0, 3, 7, 8, 4}},
        {"turn: -9,15", {-9, 15, 3, 7, 8, 4}},    {"turn: [-180, 360]", {-180, 360, 3, 7, 8, 4}},
        {"upto: 5", {-90, 90, 3, 5, 8, 4}},       {"upto: 3", {-90, 90, 3, 3, 8, 4}},
        {"upto: [5, 5]", {-90, 90, 5, 5, 8, 4}},  {"tiles: 6", {-90, 90, 3, 7, 6, 6}},
        {"tiles: [9, 2]", {-90, 90, 3, 7, 9, 2}}, {"tiles: 2,9", {-90, 90, 3, 7, 2, 9}},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        const settings *s = &reads(a, cases[i].text)->s;
        const double got[] = {s->turn.low, s->turn.high, s->upto.low, s->upto.high, s->tiles.low, s->tiles.high};
        check_close(cases[i].text, got, cases[i].ends, 6, 0);
        assert_false(signbit(s->turn.low) && fpclassify(s->turn.low) == FP_ZERO); // "[-0, 0]" reads badly
    }
    refuses(a, "turn: -9", "t.yaml:1: turn: -9 is negative; one number v means -v,v here");
    refuses(a, "turn: 200", "t.yaml:1: turn: 200 means -v,v here, which is outside -180..360");
    refuses(a, "turn: 400", "t.yaml:1: turn: 400 is outside -180..360");
    refuses(a, "turn: 9,-9", "t.yaml:1: turn: limits reversed, 9 is above -9");
    refuses(a, "upto: 2", "t.yaml:1: upto: 2 is outside 3..99");
    refuses(a, "tiles: [9, 0]", "t.yaml:1: tiles: 0 is outside 1..64");
}

static void wrong_ranges_are_named(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
#define EXPECTED "t.yaml:1: scale: expected a number, or two as LOW,HIGH, found "
    static const char *const cases[][2] = {
        {"scale: [3, 1]", "t.yaml:1: scale: limits reversed, 3 is above 1"},
        {"scale: 3,1", "t.yaml:1: scale: limits reversed, 3 is above 1"},
        {"scale: [0, 11]", "t.yaml:1: scale: 11 is outside -10..10"},
        {"scale: -11,0", "t.yaml:1: scale: -11 is outside -10..10"},
        {"scale: 11", "t.yaml:1: scale: 11 is outside -10..10"},
        {"scale:", "t.yaml:1: scale: is empty; expected a number, or two as LOW,HIGH"},
        {"scale: x", EXPECTED "'x'"},
        {"scale: 1,2,3", EXPECTED "'1,2,3'"},
        {"scale: 1,", EXPECTED "'1,'"},
        {"scale: ','", EXPECTED "the quoted text \",\""},
        {"scale: \"1,2\"", EXPECTED "the quoted text \"1,2\""},
        {"scale: []", EXPECTED "a list of fewer than two"},
        {"scale: [1]", EXPECTED "a list of fewer than two"},
        {"scale: [1, 2, 3]", EXPECTED "a list of more than two"},
        {"scale: [1, [2]]", EXPECTED "a list of more than numbers"},
        {"scale: [1, {a: 2}]", EXPECTED "a list of more than numbers"},
        {"scale: [~, 1]", EXPECTED "'~'"},
        {"scale: [\"1\", 2]", EXPECTED "the quoted text \"1\""},
        {"scale: {a: 1}", EXPECTED "a mapping"},
        {"scale: [1, &a 2]", "t.yaml:1: anchors, aliases and tags are not read here"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) refuses(a, cases[i][0], cases[i][1]);
    refuses_flags(a, "--scale", "--scale: needs a value");
    refuses_flags(a, "--scale 2,1", "--scale: limits reversed, 2 is above 1");
    refuses_flags(a, "--scale=[1", "--scale: expected a number, or two as LOW,HIGH, found '[1'");
}

static const char *repeated(rb_arena *a, const char *unit, int times)
{
    size_t n = strlen(unit);
    char *text = RB_NEW(a, char, (ptrdiff_t)n *times + 1);
    for (int i = 0; i < times; i++) memcpy(text + n * (size_t)i, unit, n);
    return text;
}

// A tree in brackets: m(a s) for {a: ...}, l() for a list, plain and 'quoted' words, with lines.
static void describe(rb_arena *a, const rb_tree *t, char **out)
{
    static const char *const open[] = {"", "l(", "m("};
    *out = rb_text_format(a, "%s%s%s%s", *out, t->key ? t->key : "", t->key ? "=" : "", open[t->kind]);
    if (t->kind == RB_TREE_SCALAR) *out = rb_text_format(a, t->plain ? "%s%s@%d" : "%s'%s'@%d", *out, t->text, t->line);
    for (const rb_tree *child = t->first; child; child = child->next) {
        describe(a, child, out);
        if (child->next) *out = rb_text_format(a, "%s ", *out);
    }
    if (t->kind != RB_TREE_SCALAR) *out = rb_text_format(a, "%s)", *out);
}

static const char *described(rb_arena *a, const rb_tree *t)
{
    char *out = rb_text_copy(a, "");
    describe(a, t, &out);
    return out;
}

static void trees_keep_what_nests(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const cases[][2] = {
        {"steps: original", "original@0"},
        {"steps: \"0.5\"", "'0.5'@0"},
        {"lr: 1\nsteps: []\n", "l()"},
        {"steps: {}", "m()"},
        {"steps:\n- Flip\n- Rotate: {limit: [-3, 4.5], p: '1'}\n- x:\n",
         "l(Flip@2 m(Rotate=m(limit=l(-3@3 4.5@3) p='1'@3)) m(x=@4))"},
        {"{\"steps\": {\"a\": {\"p\": 1.0, \"q\": null, \"r\": true}}}", "m(a=m(p=1.0@1 q=null@1 r=true@1))"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
        assert_string_equal(described(a, reads(a, cases[i][0])->s.steps), cases[i][1]);
    const rb_tree *map = reads(a, "steps: {a: 1, b: 2}")->s.steps;
    assert_string_equal(rb_tree_at(map, "b")->text, "2");
    assert_null(rb_tree_at(map, "c"));
    assert_null(rb_tree_at(map->first, "a"));
    assert_string_equal(rb_tree_where(a, map), "t.yaml:1");
}

static void trees_of_flags_have_no_lines(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_words o;
    const rb_tree *steps = flags(a, "--steps=[Flip,{Rotate:{p:1}}]", &o)->s.steps;
    assert_string_equal(described(a, steps),
                        "l(Flip@1 m(Rotate=m(p:1=@1)))"); // as YAML has it: a blank parts key and value
    steps = flags(a, "--steps light", &o)->s.steps;
    assert_string_equal(described(a, steps), "light@0");
    assert_string_equal(rb_tree_where(a, steps), "--steps");
}

static void trees_come_back_from_their_text(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const texts[] = {
        "light",
        "[]",
        "{}",
        "[a, \"b c\", \"0.5\", 0.5, null, \"null\", true, \"true\", -1e-3]",
        "{minority: [{Rotate: {limit: [-90, 90], p: 0.7}}], \"a: b\": {\"\\\"\": [[], {}]}, \"null\": x}",
        "[\"---\", \"...\", \"\", \"#\", \"a,b\", \"\\u0001\", ~/x/y.yaml]"};
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) {
        const setup *u = reads(a, rb_text_format(a, "steps: %s", texts[i]));
        assert_string_equal(rb_config_value(a, &u->config, "steps"), texts[i]);
        const setup *again = reads(a, rb_config_dump(a, &u->config, false));
        assert_string_equal(rb_tree_text(a, again->s.steps), texts[i]);
    }
}

static void wrong_trees_are_named(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    refuses(a, "steps:", "t.yaml:1: steps: is empty; expected a word, a list or a mapping");
    refuses(a, "steps:\n  a: 1\n  a: 2\n", "t.yaml:3: a: given twice, first on line 2");
    refuses(a, "steps: [*a]", "t.yaml:1: anchors, aliases and tags are not read here");
    refuses(a, "steps: {[a]: 1}", "t.yaml:1: a key must be a word");
    refuses(a, rb_text_format(a, "steps: %s", repeated(a, "[", 33)), "t.yaml:1: nests deeper than 32");
    refuses(a, rb_text_format(a, "steps: [%s]", repeated(a, "a,", 4096)), "t.yaml:1: more than 4096 values in one key");
    refuses_flags(a, "--steps={a:1,a:1}", "--steps:1: a:1: given twice, first on line 1");
}

// ---- files ----------------------------------------------------------------------------------------------------------

static void files_without_keys_change_nothing(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const texts[] = {"", "\n\n", "# only a comment\n", "---\n", "{}\n", "\xEF\xBB\xBF"};
    for (int i = 0; i < 6; i++) assert_int_equal(reads(a, texts[i])->s.batch_size, 32);
}

static void line_ends_and_marks_of_other_systems_are_fine(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    const settings *s = &reads(a, "\xEF\xBB\xBF---\r\nlr: 0.5\r\nroot_dir: a b\r\n...\r\n")->s;
    assert_true(s->lr == 0.5);
    assert_string_equal(s->root_dir, "a b");
    refuses(a, "lr: 0.5\r\nlr2: 1\r\n", "t.yaml:2: unknown key 'lr2'; did you mean 'lr'?");
    refuses(a, "lr: 0.5\rbatch_size: 0\r", "t.yaml:2: batch_size: 0 is outside 1..1000");
}

static void keys_that_are_unknown_or_given_twice_are_refused(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const cases[][2] = {
        {"freeze: true\n\nbatchsize: 3", "t.yaml:3: unknown key 'batchsize'; did you mean 'batch_size'?"},
        {"learning_rate: 3", "t.yaml:1: unknown key 'learning_rate'; did you mean 'lr'?"},
        {"max_lr: 3", "t.yaml:1: unknown key 'max_lr'; did you mean 'one_cycle_max_lr'?"},
        {"batch-size: 3", "t.yaml:1: unknown key 'batch-size'; did you mean 'batch_size'?"},
        {"qwertz: 3", "t.yaml:1: unknown key 'qwertz'; `rarebit help` lists the keys"},
        {"[lr]: 3", "t.yaml:1: a key must be a word"},
        {"<<: {lr: 3}", "t.yaml:1: unknown key '<<'; `rarebit help` lists the keys"},
        {"lr: 1\nfreeze: true\nlr: 2\n", "t.yaml:3: lr: given twice, first on line 1"},
        {"- lr\n", "t.yaml:1: expected lines of 'key: value', found a list"},
        {"lr:0.5\n", "t.yaml:1: expected lines of 'key: value', found the text 'lr:0.5'"},
        {"lr: 1\n---\nlr: 2\n", "t.yaml:2: a second document begins, but only one is read"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) refuses(a, cases[i][0], cases[i][1]);
}

static void faults_of_syntax_show_the_place(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    refuses(a, "lr: 1\nfreeze:\n\ttrue: 2\n",
            "t.yaml:3: tab character may not be used as indentation\n     true: 2\n    ^");
    refuses(a, "lr: 1\nroot_dir: \"ü\nfreeze: true\n",
            "t.yaml:2: wrongly indented double-quoted scalar\n    root_dir: \"ü\n              ^");
    refuses(a, "root_dir: a: b\r\n",
            "t.yaml:1: invalid nested block mapping on the same line\n    root_dir: a: b\n               ^");
    refuses(a, "manifest: [a", "t.yaml:1: manifest: expected a text, found a list");
}

static void long_lines_are_cut_around_the_caret(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    char *text = RB_NEW(a, char, 8192);
    strcpy(text, "root_dir: ");
    for (int i = 0; i < 1000; i++) strcat(text, "ü");
    strcat(text, ": ");
    for (int i = 0; i < 1000; i++) strcat(text, "ä");
    rb_error err = {0};
    check_failed(read_text(a, setup_new(a), text, &err), err, RB_ERR_USAGE, "t.yaml:1: invalid nested block mapping");
    assert_non_null(strstr(err.text, "\n    ...üüü"));
    assert_non_null(strstr(err.text, "äää...\n"));
    const char *line = strchr(err.text, '\n') + 1, *under = strchr(line, '\n') + 1;
    int column = 0;
    for (const char *c = line; *c != ':'; c++) column += (*c & 0xC0) != 0x80;
    assert_int_equal(strchr(under, '^') - under, column);
    assert_string_equal(under + column, "^");
}

static void anchors_tags_directives_and_long_keys_are_refused(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    const char *message = "t.yaml:1: anchors, aliases and tags are not read here";
    static const char *const texts[] = {"lr: &a 1",      "&a lr: 1",      "lr: *a",        "*a : 1",
                                        "lr: !!float 1", "!!map {lr: 1}", "root_dir: !x y"};
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) refuses(a, texts[i], message);
    static const char *const keys[] = {"? lr\n: 1", "\xEF\xBB\xBF? b:\t|",
                                       "- ? b:\t:", "{? b:\t|}"}; // these crash libfyaml
    for (int i = 0; i < 4; i++) refuses(a, keys[i], "t.yaml:1: begins with '?'; YAML's long keys are not read here");
    refuses(a, "%YAML 1.1\n---\nlr: 1\n", "t.yaml:1: begins with '%'; YAML directives are not read here");
    refuses(a, "\xEF\xBB\xBF%", "t.yaml:1: begins with '%'; YAML directives are not read here");
    refuses(a, "manifest: &a [x,x,x,x,x,x,x,x,x]\nroot_dir: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", message);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    refuses(a, "lr: 1\nroot_dir: \"\xFF\"", "t.yaml:2: is not UTF-8 text");
    static const char *const broken[] = {"#\xC0\x80", "#\xED\xA0\x80", "#\xF5\x80\x80\x80",
                                         "#\xC3",     "#\xE2\x82\n",   "#\xF4\x90\x80\x80"};
    for (int i = 0; i < 6; i++) refuses(a, broken[i], "t.yaml:1: is not UTF-8 text");
    refuses(a, "root_dir: \x1B[31m", "t.yaml:1: has a control character");

    rb_error err = {0};
    rb_bytes zero = {(const uint8_t *)"lr: 1\n\0lr", 9};
    check_failed(rb_config_read_text(a, &setup_new(a)->config, "t.yaml", zero, &err), err, RB_ERR_USAGE,
                 "t.yaml:2: has a control character");
    assert_string_equal(reads(a, "root_dir: \xF0\x9F\x90\x87 \xE2\x82\xAC\n")->s.root_dir,
                        "\xF0\x9F\x90\x87 \xE2\x82\xAC");
}

// Nesting and repetition, in the 10^4 and up to the size limit: refused at once, whatever the words.
static void bombs_are_refused_at_once(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const units[] = {
        "[",      "{",   "{lr: ",  "- ",  "? ",  "lr: ",  "lr: [", "scale: [", "steps: [", "steps: {a: ",
        "[[a]: ", "&a ", "*a ",    "!a ", "%",   "\"",    "'",     "\"a",      ": ",       "[],",
        "[a\n",   "a\n", "a: b\n", "|\n", ">\n", "---\n", "- - ",  "? [",      "a",        "%TAG ! !\n"};
    for (int i = 0; i < (int)(sizeof units / sizeof *units); i++)
        for (int size = 1; size <= 2; size++) {
            int times = size == 1 ? 10000 : (1 << 20) / (int)strlen(units[i]);
            rb_error err = {0};
            clock_t begin = clock();
            check_failed(read_text(a, setup_new(a), repeated(a, units[i], times), &err), err, RB_ERR_USAGE, "t.yaml:");
            double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
            if (seconds > 5) fail_msg("%d times \"%s\" took %.1f s", times, units[i], seconds);
        }
}

static void brackets_and_blanks_have_a_limit(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    const char *brackets = repeated(a, "[", 4096), *lines = repeated(a, "\n", 1023);
    assert_int_equal(reads(a, rb_text_format(a, "#%s\n", brackets))->s.batch_size, 32);
    refuses(a, rb_text_format(a, "#%s\n#[", brackets), "t.yaml:2: has too many brackets for a configuration");
    assert_int_equal(reads(a, rb_text_format(a, "#%s# x%s #", lines, lines))->s.batch_size, 32);
    refuses(a, rb_text_format(a, "root_dir: |%s \nlr: 1", lines),
            "t.yaml:1024: has too many blanks or empty lines in a row");
}

static void blocks_nested_in_blocks_are_refused(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    char *text = RB_NEW(a, char, 1 << 20), *at = text;
    for (int depth = 0; depth < 1000; depth++) at += sprintf(at, "%*sroot_dir:\n", depth, "");
    refuses(a, text, "t.yaml:1: root_dir: expected a text, found a mapping");
}

static void files_have_a_limit(void **state)
{
    const place *p = *state;
    rb_error err = {0};
    setup *u = setup_new(p->arena);
    const char *full = rb_text_format(p->arena, "lr: 0.25 #%s", repeated(p->arena, "x", (1 << 20) - 10));
    check_done(rb_config_read(p->arena, &u->config, place_text(p, "full.yaml", full), &err), err);
    assert_true(u->s.lr == 0.25);
    const char *over = place_text(p, "over.yaml", rb_text_format(p->arena, "%sx", full));
    check_failed(rb_config_read(p->arena, &u->config, over, &err), err, RB_ERR_USAGE,
                 "over the limit of 1048576 bytes");
    check_failed(read_text(p->arena, u, rb_text_format(p->arena, "%sx", full), &err), err, RB_ERR_USAGE,
                 "t.yaml: over the limit");
    check_failed(rb_config_read(p->arena, &u->config, place_path(p, "none.yaml"), &err), err, RB_ERR_IO,
                 "No such file");
}

// ---- flags ----------------------------------------------------------------------------------------------------------

static void flags_come_in_many_forms(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_words o;
    assert_int_equal(flags(a, "--batch-size 8", &o)->s.batch_size, 8);
    assert_int_equal(flags(a, "--batch_size=8", &o)->s.batch_size, 8);
    assert_int_equal(flags(a, "--device_index -1", &o)->s.device, -1);
    assert_true(flags(a, "--freeze", &o)->s.freeze);
    assert_true(flags(a, "--freeze --lr 1", &o)->s.freeze);
    assert_true(flags(a, "--freeze true", &o)->s.freeze && o.count == 0);
    assert_false(flags(a, "--pretrained false", &o)->s.pretrained || o.count);
    assert_false(flags(a, "--pretrained=false", &o)->s.pretrained);
    assert_false(flags(a, "--no-pretrained", &o)->s.pretrained);
    assert_false(flags(a, "--no_pretrained", &o)->s.pretrained);
    assert_string_equal(flags(a, "--weights", &o)->s.weights, "true");
    assert_string_equal(flags(a, "--weights --freeze", &o)->s.weights, "true");
    assert_string_equal(flags(a, "--weights a.pth", &o)->s.weights, "a.pth");
    assert_string_equal(flags(a, "--no-weights", &o)->s.weights, "false");
    assert_true(flags(a, "--one-cycle-max-lr 2", &o)->s.max_lr == 2);
    assert_null(flags(a, "--manifest null", &o)->s.manifest);
    assert_string_equal(flags(a, "--root_dir=a=--b", &o)->s.root_dir, "a=--b");
    assert_string_equal(flags(a, "--root-dir -", &o)->s.root_dir, "-");
}

static void other_words_are_operands(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_words o;
    assert_true(flags(a, "a.jpg --freeze b.jpg - --lr 1 c -- --lr -x --", &o)->s.freeze);
    static const char *const want[] = {"a.jpg", "b.jpg", "-", "c", "--lr", "-x", "--"};
    assert_int_equal(o.count, 7);
    for (int i = 0; i < 7; i++) assert_string_equal(o.word[i], want[i]);
    assert_int_equal(flags(a, "", &o)->s.batch_size, 32);
    assert_int_equal(o.count, 0);
}

static void wrong_flags_are_named(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const cases[][2] = {
        {"--batch-sizes 3", "unknown flag --batch-sizes for this command; did you mean --batch_size?"},
        {"--confg x", "unknown flag --confg for this command; did you mean --config?"},
        {"--qwertz", "unknown flag --qwertz for this command; `rarebit help` lists the flags"},
        {"--unused_rate 1", "unknown flag --unused_rate for this command; `rarebit help` lists the flags"},
        {"--unused_rat 1", "unknown flag --unused_rat for this command; `rarebit help` lists the flags"},
        {"--no-lr", "unknown flag --no-lr for this command; did you mean --lr?"},
        {"--no-freeze=true", "--no-freeze: takes no value"},
        {"--freeze=maybe", "--freeze: expected true or false, found 'maybe'"},
        {"--lr", "--lr: needs a value"},
        {"--lr --freeze", "--lr: needs a value"},
        {"--lr=", "--lr: is empty; expected a number"},
        {"--lr x", "--lr: expected a number, found 'x'"},
        {"--batch-size=0", "--batch-size: 0 is outside 1..1000"},
        {"--lr 1 --lr 1", "--lr: given twice"},
        {"--batch-size 1 --batch_size 1", "--batch_size: given twice"},
        {"--freeze --no-freeze", "--no-freeze: given twice"},
        {"--root_dir \xFF", "--root_dir: is not UTF-8 text"},
        {"-x", "-x: flags begin with two dashes; put -- before operands that begin with one"},
        {"--config", "--config: needs a value"},
        {"--config=", "--config: needs the name of a file"},
        {"--config a --config=b", "--config: given twice"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) refuses_flags(a, cases[i][0], cases[i][1]);
}

static void flags_win_over_the_file(void **state)
{
    const place *p = *state;
    rb_words o;
    const char *path = place_text(p, "t.yaml", "lr: 0.5\nbatch_size: 8\nunused_rate: 0.75\n");
    const char *lines[] = {
        rb_text_format(p->arena, "--lr 1 --config %s x", path),
        rb_text_format(p->arena, "--config %s --lr 1 x", path),
        rb_text_format(p->arena, "x --lr=1 --config=%s", path),
    };
    for (int i = 0; i < 3; i++) {
        const settings *s = &flags(p->arena, lines[i], &o)->s;
        assert_true(s->lr == 1 && s->batch_size == 8 && s->unused_rate == 0.75);
        assert_int_equal(o.count, 1);
    }
    path = place_text(p, "t.yaml", "lr: 0.5\nbatch_size: x\n");
    refuses_flags(p->arena, rb_text_format(p->arena, "--lr 1 --config %s", path),
                  rb_text_format(p->arena, "%s:2: batch_size: expected a whole number, found 'x'", path));
    assert_int_equal(flags(p->arena, "-- --config nowhere", &o)->s.batch_size, 32);
}

static void one_key_can_be_set(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    rb_error err = {0};
    setup *u = setup_new(a);
    check_done(rb_config_set(a, &u->config, "one_cycle_max_lr", "0.5", "here", &err), err);
    assert_true(u->s.max_lr == 0.5);
    check_failed(rb_config_set(a, &u->config, "lr", "x", "a.yaml:3: lr", &err), err, RB_ERR_USAGE,
                 "a.yaml:3: lr: expected a number, found 'x'");
    check_failed(rb_config_set(a, &u->config, "l_r", "1", "here", &err), err, RB_ERR_USAGE,
                 "here: unknown key; did you mean 'lr'?");
    check_failed(rb_config_set(a, &u->config, "qwertz", "1", "here", &err), err, RB_ERR_USAGE, "here: unknown key");
    check_failed(rb_config_set(a, &u->config, "one_cycle", "1", "here", &err), err, RB_ERR_USAGE, "unknown key");
    check_failed(rb_config_set(a, &u->config, "sampler", "x", "here", &err), err, RB_ERR_USAGE, "none of");
    assert_int_equal(u->s.sampler, 1);
}

// ---- dump, help, names ----------------------------------------------------------------------------------------------

static void a_dump_is_plain_yaml(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    assert_string_equal(rb_config_dump(a, &setup_new(a)->config, false), "# main\n"
                                                                         "freeze: false\n"
                                                                         "pretrained: true\n"
                                                                         "batch_size: 32\n"
                                                                         "device_index: 0\n"
                                                                         "lr: 0.0004\n"
                                                                         "sampler: shuffle\n"
                                                                         "root_dir: data/\n"
                                                                         "manifest: null\n"
                                                                         "weights: null\n"
                                                                         "\n"
                                                                         "# one_cycle schedule\n"
                                                                         "one_cycle_max_lr: null\n"
                                                                         "\n"
                                                                         "# ranges\n"
                                                                         "scale: [-0.2, 0.5]\n"
                                                                         "\n"
                                                                         "# trees\n"
                                                                         "steps: none\n");
    const char *portable = rb_config_dump(a, &setup_new(a)->config, true);
    assert_null(strstr(portable, "device_index"));
    assert_non_null(strstr(portable, "batch_size"));
}

static void survives(rb_arena *a, setup *u)
{
    const char *text = rb_config_dump(a, &u->config, false);
    const settings *s = &reads(a, text)->s;
    if (strcmp(s->root_dir, u->s.root_dir)) fail_msg("\"%s\" came back as \"%s\"", u->s.root_dir, s->root_dir);
    assert_memory_equal(&s->lr, &u->s.lr, sizeof s->lr);
    assert_memory_equal(&s->scale, &u->s.scale, sizeof s->scale);
    assert_true(s->max_lr == u->s.max_lr || (isnan(s->max_lr) && isnan(u->s.max_lr)));
    assert_true(s->freeze == u->s.freeze && s->batch_size == u->s.batch_size && s->sampler == u->s.sampler);
    assert_true(s->manifest ? u->s.manifest && !strcmp(s->manifest, u->s.manifest) : !u->s.manifest);
}

static void nasty_texts_survive_a_dump(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const char *const texts[] = {"",
                                        " ",
                                        " a",
                                        "a ",
                                        "a b",
                                        "null",
                                        "~",
                                        "true",
                                        "No",
                                        "5",
                                        "1e3",
                                        ".5",
                                        ".inf",
                                        "a: b",
                                        "a #b",
                                        "#a",
                                        "- a",
                                        "-",
                                        "---",
                                        "...",
                                        "a\nb",
                                        "a\r\nb",
                                        "\n",
                                        "\ttab",
                                        "\"",
                                        "'",
                                        "\\",
                                        "\\n",
                                        "a'b\"c\\d",
                                        "[a",
                                        "{a}",
                                        "&a",
                                        "*a",
                                        "!a",
                                        "|",
                                        ">",
                                        "%a",
                                        "@a",
                                        "`a",
                                        "? a",
                                        ": a",
                                        "a:",
                                        ",",
                                        "\x01\x1B\x7F",
                                        "C:\\data",
                                        "/data/x y",
                                        "../x",
                                        "data/2024-01-01",
                                        "=",
                                        "<<",
                                        "\xC2\x85",
                                        "\xE2\x80\xA8x\xE2\x80\xA9",
                                        "\xEF\xBB\xBF",
                                        "\xEF\xBF\xBF",
                                        "\xF0\x9F\x90\x87",
                                        "\xC3\xBC",
                                        "\xC2\xA0",
                                        "\xF4\x8F\xBF\xBF"};
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) {
        setup *u = setup_new(a);
        u->s.root_dir = u->s.manifest = texts[i];
        survives(a, u);
    }
}

static void numbers_survive_a_dump(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    static const double reals[] = {0, -0.0, 1e-300, 4.9e-324, 0.1, 1.0 / 3, 10, 9.999999999999998, 0.959};
    for (int i = 0; i < (int)(sizeof reals / sizeof *reals); i++) {
        setup *u = setup_new(a);
        u->s.lr = reals[i];
        u->s.max_lr = 1000 / (1 + reals[i]);
        u->s.sampler = i % 3;
        u->s.batch_size = 1000 - i;
        u->s.freeze = i % 2;
        u->s.scale = (rb_range){-reals[i], reals[i]};
        survives(a, u);
    }
}

static void help_lists_keys_with_their_facts(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    const char *help = rb_config_help(a, &setup_new(a)->config);
    static const char *const parts[] = {
        "main:\n  --freeze                          train the head alone (default false)\n",
        "  --batch_size INT                  pictures computed at once, of which there must be enough that\n"
        "                                    the lines of this help text break (pictures; 1..1000; default\n"
        "                                    32)\n",
        "  --lr REAL                         base | rate (0..10; default 0.0004)\n",
        "  --sampler balanced|shuffle|off    order of pictures (default shuffle)\n",
        "\none_cycle schedule:\n",
        "  --steps TEXT                      what to do (default none)\n",
        "  --scale LOW,HIGH                  drawn evenly (-10..10; default [-0.2, 0.5])\n",
        "(1e-12..1000; unset by default)",
    };
    for (int i = 0; i < (int)(sizeof parts / sizeof *parts); i++)
        if (!strstr(help, parts[i])) fail_msg("\"%s\" is not in:\n%s", parts[i], help);
    assert_null(strstr(help, "unused_rate"));
    for (const char *at = help, *end; (end = strchr(at, '\n')); at = end + 1) assert_in_range(end - at, 0, 100);
}

static void markdown_has_a_table_per_section(void **state)
{
    rb_arena *a = ((place *)*state)->arena;
    const char *page = rb_config_markdown(a, &setup_new(a)->config);
    static const char *const parts[] = {
        "## main\n\n| key | type | unit | range | default | help |\n|---|---|---|---|---|---|\n| `freeze` | bool |",
        "| `lr` | real |  | 0..10 | 0.0004 | base \\| rate |\n",
        "| `sampler` | choice |  | balanced\\|shuffle\\|off | shuffle | order of pictures |\n",
        "\n\n## one_cycle schedule\n\n",
        "| `scale` | range |  | -10..10 | [-0.2, 0.5] | drawn evenly |\n",
        "| `one_cycle_max_lr` | real |  | 1e-12..1000 | unset |  |\n",
    };
    for (int i = 0; i < (int)(sizeof parts / sizeof *parts); i++)
        if (!strstr(page, parts[i])) fail_msg("\"%s\" is not in:\n%s", parts[i], page);
    assert_null(strstr(page, "unused_rate"));
}

static void the_nearest_name_is_found(void **state)
{
    (void)state;
    static const char *const names[] = {"num_epochs", "lr", "batch_size", "resnet18", "resnet34", "one_cycle", NULL};
    static const char *const cases[][2] = {
        {"one_cycel", "one_cycle"},  {"LR", "lr"},         {"resnet50", "resnet18"}, {"resnet3", "resnet34"},
        {"epochs", "num_epochs"},    {"bs", "batch_size"}, {"learning_rate", "lr"},  {"base_lr", "lr"},
        {"btachsize", "batch_size"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        const char *near = rb_nearest(cases[i][0], names);
        if (!near || strcmp(near, cases[i][1])) fail_msg("%s: %s", cases[i][0], near ? near : "none");
    }
    static const char *const far[] = {"", "x", "vgg", "ab", "efficientnet", "epoch_s", "r"};
    for (int i = 0; i < (int)(sizeof far / sizeof *far); i++)
        if (rb_nearest(far[i], names)) fail_msg("%s: %s", far[i], rb_nearest(far[i], names));
    char longest[200];
    memset(longest, 'r', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(rb_nearest(longest, names));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(defaults_fill_every_type),
        TEST(flaws_of_tables_are_found),
        TEST(values_can_be_asked_for_by_key),
        TEST(a_file_sets_every_type),
        TEST(null_unsets_what_is_optional),
        TEST(wrong_values_are_named),
        TEST(long_or_strange_values_are_quoted_in_one_line),
        TEST(ranges_are_two_numbers_or_one),
        TEST(one_number_stands_for_a_pair),
        TEST(wrong_ranges_are_named),
        TEST(trees_keep_what_nests),
        TEST(trees_of_flags_have_no_lines),
        TEST(trees_come_back_from_their_text),
        TEST(wrong_trees_are_named),
        TEST(files_without_keys_change_nothing),
        TEST(line_ends_and_marks_of_other_systems_are_fine),
        TEST(keys_that_are_unknown_or_given_twice_are_refused),
        TEST(faults_of_syntax_show_the_place),
        TEST(long_lines_are_cut_around_the_caret),
        TEST(anchors_tags_directives_and_long_keys_are_refused),
        TEST(bytes_that_are_no_text_are_refused),
        TEST(bombs_are_refused_at_once),
        TEST(brackets_and_blanks_have_a_limit),
        TEST(blocks_nested_in_blocks_are_refused),
        TEST(files_have_a_limit),
        TEST(flags_come_in_many_forms),
        TEST(other_words_are_operands),
        TEST(wrong_flags_are_named),
        TEST(flags_win_over_the_file),
        TEST(one_key_can_be_set),
        TEST(a_dump_is_plain_yaml),
        TEST(nasty_texts_survive_a_dump),
        TEST(numbers_survive_a_dump),
        TEST(help_lists_keys_with_their_facts),
        TEST(markdown_has_a_table_per_section),
        TEST(the_nearest_name_is_found),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
