// SPDX-License-Identifier: Apache-2.0
// Finding labelled pictures: the three layouts, what each refuses and in which words, and the tables written of them.
// Pictures are listed, not opened: here they are empty files.
#include "check.h"
#include "folder.h"

#include "data/data.h"

#include <fcntl.h>
#include <unistd.h>

static rb_data_settings settings_of(const char *root)
{
    rb_data_settings s;
    rb_section sections[] = {
        {.fields = rb_data_fields, .values = &s},      {.fields = rb_picture_fields, .values = &s},
        {.fields = rb_sampling_fields, .values = &s},  {.fields = rb_augment_fields, .values = &s},
        {.fields = rb_bad_image_fields, .values = &s}, {.fields = rb_loading_fields, .values = &s}};
    rb_config_defaults(&(rb_config){sections, (int)(sizeof sections / sizeof *sections)});
    s.root_dir = root;
    return s;
}

static void put_pictures(const place *p, const char *const *names)
{
    for (; *names; names++) place_text(p, *names, "");
}

static rb_dataset opened(const place *p, const rb_data_settings *s)
{
    rb_dataset d;
    rb_error err;
    check_done(rb_dataset_open(p->arena, s, &d, &err), err);
    return d;
}

// "name=label name=label ...", of a data set.
static const char *listed(const place *p, const rb_dataset *d)
{
    const char *text = "";
    for (int i = 0; i < d->count; i++) {
        assert_string_equal(d->samples[i].path + strlen(d->samples[i].path) - strlen(d->samples[i].name),
                            d->samples[i].name);
        text = rb_text_format(p->arena, "%s%s%s=%d", text, i ? " " : "", d->samples[i].name, d->samples[i].label);
    }
    return text;
}

static const char *class_names(const place *p, const rb_dataset *d)
{
    const char *text = "";
    for (int k = 0; k < d->class_count; k++)
        text = rb_text_format(p->arena, "%s%s%s", text, k ? " " : "", d->classes[k]);
    return text;
}

// What rb_dataset_open says on stderr.
static const char *said(const place *p, const rb_data_settings *s)
{
    const char *path = place_path(p, "stderr.txt");
    int kept = dup(2), file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(file, 2);
    rb_dataset d;
    rb_error err;
    bool done = rb_dataset_open(p->arena, s, &d, &err);
    dup2(kept, 2);
    close(kept), close(file);
    check_done(done, err);
    rb_bytes text;
    check_done(rb_file_read(p->arena, path, 1 << 16, &text, &err), err);
    return (const char *)text.data;
}

// ---- the keys ----------------------------------------------------------------------------------------------------

static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    rb_data_settings s = settings_of("data/");
    assert_null(s.manifest);
    assert_null(s.positive_class);
    assert_string_equal(s.augment->text, "light");
    assert_int_equal(s.data_format, RB_DATA_AUTO);
    assert_int_equal(s.channels, 3);
    assert_int_equal(s.image_size, 224);
    assert_int_equal(s.interpolation, RB_BILINEAR);
    assert_true(s.test_split == 0.1 && s.val_split == 0.2);
    assert_int_equal(s.split_seed, 0);
    assert_int_equal(s.sampler, RB_SAMPLER_BALANCED);
    assert_int_equal(s.on_bad_image, RB_BAD_ERROR);
    assert_int_equal(s.workers, 2);
    assert_int_equal(s.cache_mb, 1024);
}

// ---- the original's layout ---------------------------------------------------------------------------------------

static const char *const four[] = {"train_img/1.jpg", "train_img/2.JPG", "train_img/3.jpeg", "train_img/4.PnG", NULL};

static void original_labels_line_by_line(void **state)
{
    const place *p = *state;
    put_pictures(p, four);
    static const char *const texts[] = {"0\n1\n1\n0\n",
                                        "0\n1\n1\n0",
                                        "0\r\n1\r\n1\r\n0\r\n\r\n",
                                        "0.0\n1.0\n1\n0.000\n",
                                        "0 \n1\n1\n0\n\n \n",
                                        ("\xEF\xBB\xBF"
                                         "0\n1\n1\n0\n")};
    for (int i = 0; i < 6; i++) {
        place_text(p, "label_train.txt", texts[i]);
        rb_data_settings s = settings_of(p->folder);
        rb_dataset d = opened(p, &s);
        assert_string_equal(listed(p, &d), "train_img/1.jpg=0 train_img/2.JPG=1 train_img/3.jpeg=1 train_img/4.PnG=0");
        assert_string_equal(class_names(p, &d), "0 1");
        assert_string_equal(d.samples[0].path, place_path(p, "train_img/1.jpg"));
        assert_int_equal(d.samples[0].part, RB_NO_PART);
        assert_null(d.samples[0].group);
    }
}

static void original_refuses_labels(void **state)
{
    const place *p = *state;
    put_pictures(p, four);
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"0\n1\n1\n", "label_train.txt: 3 labels for 4 pictures; the first without a label is 4.PnG"},
        {"0\n1\n1\n0\n1\n0\n", "label_train.txt: 6 labels for 4 pictures; the first without a picture is on line 5"},
        {"0\n1\ncat\n0\n", "label_train.txt:3: \"cat\" is no label"},
        {"0\n1e0\n1\n0\n", "label_train.txt:2: \"1e0\" is no label"},
        {"0\n1\n0.5\n0\n", "label_train.txt:3: \"0.5\" is no label"},
        {"0\n1\n\n0\n", "label_train.txt:3: \"\" is no label"},
        {"0\n10\n1\n0\n", "label_train.txt: labels go up to 10, and none is 2; number them 0, 1, 2 and so on"},
        {"", "label_train.txt: 0 labels for 4 pictures; the first without a label is 1.jpg"},
        {"1\n1\n1\n1\n", "label_train.txt: every label is 1; two classes are needed"},
        {"0\n0\n0\n0\n", "label_train.txt: every label is 0; two classes are needed"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        place_text(p, "label_train.txt", cases[i].text);
        rb_data_settings s = settings_of(p->folder);
        rb_dataset d;
        rb_error err;
        check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_DATA, cases[i].said);
    }
}

static void original_names_the_half_that_is_missing(void **state)
{
    const place *p = *state;
    rb_data_settings s = settings_of(p->folder);
    rb_dataset d;
    rb_error err;
    place_text(p, "label_train.txt", "0\n1\n");
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_IO, "train_img: No such file or directory");
    place_text(p, "train_img/notes.txt", "");
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_DATA, "train_img: no pictures (*.jpg");
    assert_int_equal(remove(place_path(p, "label_train.txt")), 0);
    place_text(p, "train_img/1.jpg", "");
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_IO, "label_train.txt: No such file");
}

static void original_warns_where_numbers_and_bytes_order_differently(void **state)
{
    const place *p = *state;
    static const char *const names[] = {"train_img/1.jpg", "train_img/10.jpg", "train_img/11.jpg", "train_img/2.jpg",
                                        NULL};
    put_pictures(p, names);
    place_text(p, "label_train.txt", "0\n1\n1\n0\n");
    rb_data_settings s = settings_of(p->folder);
    assert_non_null(strstr(said(p, &s), "warning: "));
    assert_non_null(strstr(said(p, &s), "11.jpg comes before 2.jpg"));
    rb_dataset d = opened(p, &s);
    assert_string_equal(d.samples[1].name, "train_img/10.jpg");
    assert_int_equal(d.samples[1].label, 1);
}

static void original_is_silent_when_the_orders_agree(void **state)
{
    const place *p = *state;
    static const char *const names[] = {"train_img/a001.jpg", "train_img/a002.jpg", "train_img/a010.jpg",
                                        "train_img/b001.jpg", NULL};
    put_pictures(p, names);
    place_text(p, "label_train.txt", "0\n1\n1\n0\n");
    rb_data_settings s = settings_of(p->folder);
    assert_string_equal(said(p, &s), "");
    place_text(p, "train_img/Thumbs.db", "");
    place_text(p, "train_img/._a001.jpg", "");
    assert_non_null(strstr(said(p, &s), "2 names that are not *.jpg, *.jpeg or *.png are left out"));
}

// ---- a folder per class ------------------------------------------------------------------------------------------

static const char *const zoo[] = {"cat/1.jpg",   "cat/2.jpg", "cat-b/1.png",   "ant/7.jpg",
                                  "ant/sub.txt", "empty/x",   ".hidden/1.jpg", NULL};

static void folders_are_classes_in_alphabetical_order(void **state)
{
    const place *p = *state;
    put_pictures(p, zoo);
    rb_data_settings s = settings_of(p->folder);
    rb_dataset d = opened(p, &s);
    assert_string_equal(class_names(p, &d), "ant cat cat-b");
    assert_string_equal(listed(p, &d), "ant/7.jpg=0 cat-b/1.png=2 cat/1.jpg=1 cat/2.jpg=1"); // '-' is before '/'
}

static void positive_class_is_label_1(void **state)
{
    const place *p = *state;
    put_pictures(p, zoo);
    static const char *const cases[][2] = {
        {"ant", "cat ant cat-b"}, {"cat", "ant cat cat-b"}, {"cat-b", "ant cat-b cat"}};
    for (int i = 0; i < 3; i++) {
        rb_data_settings s = settings_of(p->folder);
        s.positive_class = cases[i][0];
        rb_dataset d = opened(p, &s);
        assert_string_equal(class_names(p, &d), cases[i][1]);
        for (int k = 0; k < d.count; k++)
            assert_true(!strncmp(d.samples[k].name, d.classes[d.samples[k].label], strcspn(d.samples[k].name, "/")));
    }
}

static void folders_refuse(void **state)
{
    const place *p = *state;
    rb_data_settings s = settings_of(p->folder);
    rb_dataset d;
    rb_error err;
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_DATA,
                 "neither train_img/ with label_train.txt nor folders of pictures");
    place_text(p, "cat/1.jpg", "");
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_DATA, "one class only, 'cat'");
    place_text(p, "dog/1.jpg", "");
    s.positive_class = "dgo";
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_DATA,
                 "positive_class 'dgo' is none of the 2 classes ('cat', 'dog')");
    s.root_dir = place_path(p, "nowhere");
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_IO, "nowhere: no such folder (root_dir)");
}

// They go into the checkpoint, whose JSON would no longer be any.
static void class_names_are_utf8(void **state)
{
    const place *p = *state;
    static const char *const names[] = {"caf\xe9/1.jpg", "cat/1.jpg", NULL};
    put_pictures(p, names);
    rb_data_settings s = settings_of(p->folder);
    rb_dataset d;
    rb_error err = {0};
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_DATA, "the class name 'caf\xe9' is not UTF-8");
}

static void settings_that_contradict_are_refused(void **state)
{
    const place *p = *state;
    put_pictures(p, four);
    place_text(p, "label_train.txt", "0\n1\n1\n0\n");
    rb_dataset d;
    rb_error err;
    rb_data_settings s = settings_of(p->folder);
    s.channels = 2;
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_USAGE, "channels: 2 is neither 1");
    s = settings_of(p->folder);
    s.data_format = RB_DATA_MANIFEST;
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_USAGE, "the key manifest names no file");
    s.data_format = RB_DATA_FOLDERS;
    s.manifest = "m.csv";
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_USAGE, "data_format asks for another layout");
    s = settings_of(p->folder);
    s.positive_class = "0";
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_USAGE, "positive_class: '0' cannot be chosen");
    s.positive_class = "1";
    assert_int_equal(opened(p, &s).count, 4);
}

// ---- the manifest ------------------------------------------------------------------------------------------------

static rb_data_settings manifest_of(const place *p, const char *text)
{
    rb_data_settings s = settings_of("data/");
    s.manifest = place_text(p, "set/m.csv", text);
    return s;
}

static void manifest_keeps_order_parts_and_groups(void **state)
{
    const place *p = *state;
    rb_data_settings s = manifest_of(p, "\xEF\xBB\xBFlabel,when,path,group,split\r\n"
                                        "1,x,\"b,\"\"1\"\".jpg\",g1,test\r\n"
                                        "\r\n"
                                        "0.0,\"two\r\nlines\",a.jpg,,\r\n"
                                        "1,x,/abs/c.png,g1,val\r\n"
                                        "0,x,d.png,g2,train");
    rb_dataset d = opened(p, &s);
    assert_string_equal(listed(p, &d), "b,\"1\".jpg=1 a.jpg=0 /abs/c.png=1 d.png=0");
    assert_string_equal(class_names(p, &d), "0 1");
    assert_string_equal(d.samples[1].path, place_path(p, "set/a.jpg"));
    assert_string_equal(d.samples[2].path, "/abs/c.png");
    static const rb_part parts[] = {RB_TEST_PART, RB_NO_PART, RB_VAL_PART, RB_TRAIN_PART};
    for (int i = 0; i < 4; i++) assert_int_equal(d.samples[i].part, parts[i]);
    assert_string_equal(d.samples[0].group, "g1");
    assert_null(d.samples[1].group);
    assert_non_null(strstr(said(p, &s), "column 'when' is not used"));
}

static void manifest_takes_names_for_labels(void **state)
{
    const place *p = *state;
    rb_data_settings s = manifest_of(p, "path,label\na,live\nb,spoof\nc,live\nd,mask\n");
    rb_dataset d = opened(p, &s);
    assert_string_equal(class_names(p, &d), "live mask spoof");
    assert_string_equal(listed(p, &d), "a=0 b=2 c=0 d=1");
    s.positive_class = "live";
    d = opened(p, &s);
    assert_string_equal(class_names(p, &d), "mask live spoof");
    assert_string_equal(listed(p, &d), "a=1 b=2 c=1 d=0");
}

static void manifest_refuses(void **state)
{
    const place *p = *state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "m.csv: empty; a manifest begins with path,label"},
        {"path,label\n", "m.csv: no pictures below the header"},
        {"file,label\na,0\n", "m.csv:1: no column 'path'"},
        {"path,class\na,0\n", "m.csv:1: no column 'label'"},
        {"path,label,path\na,0,b\n", "m.csv:1: column 'path' is there twice"},
        {"path,label\na,0\nb,1,2\n", "m.csv:3: 3 fields where the header has 2"},
        {"path,label\na,0\nb\n", "m.csv:3: 1 fields where the header has 2"},
        {"path,label\na,0\n,1\n", "m.csv:3: no path"},
        {"path,label\na,0\nb,\n", "m.csv:3: no label"},
        {"path,label\na,0\nb,x\n", "m.csv:3: label 'x' is a name, the labels above are numbers"},
        {"path,label\na,x\nb,1\n", "m.csv:3: label '1' is a number, the labels above are names"},
        {"path,label\na,0\nb,7\n", "m.csv:3: label 7, but only 2 pictures"},
        {"path,label\na,0\nb,2\nc,2\n", "m.csv: labels go up to 2, but no picture has label 1"},
        {"path,label\na,1\nb,1\n", "m.csv: labels go up to 1, but no picture has label 0"},
        {"path,label\na,0\nb,0\n", "m.csv: every label is 0; two classes are needed"},
        {"path,label\na,x\nb,x\n", "m.csv: one class only, 'x'"},
        {"path,label,split\na,0,train\nb,1,Test\n", "m.csv:3: split 'Test' is none of train, val and test"},
        {"path,label\na,0\nb,1\na,0\n", "m.csv:4: a is there already, on line 2"},
        {"path,label\n\"a\nb\",0\nc\n", "m.csv:4: 1 fields"},
        {"path,label\n\"a,0\nb,1\n", "m.csv:2: a quote is never closed"},
        {"path,label\n\"a\"x,0\n", "m.csv:2: expected a comma or the end of the line after \"a\""},
        {"path,label\na,0\rb,1\n", "m.csv:2: expected a comma or the end of the line"},
    };
    rb_dataset d;
    rb_error err;
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        rb_data_settings s = manifest_of(p, cases[i].text);
        check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_DATA, cases[i].said);
    }
    rb_data_settings s = manifest_of(p, "");
    s.manifest = place_bytes(p, "set/m.csv", "path,label\na\0,0\n", 16);
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_DATA, "m.csv: has zero bytes in it");
    s.manifest = place_path(p, "none.csv");
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_IO, "none.csv: No such file");
    s = manifest_of(p, "path,label\na,0\nb,1\n");
    s.positive_class = "0";
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_USAGE, "positive_class: '0' cannot be chosen");
}

static void manifest_over_its_limit_is_refused_unread(void **state)
{
    const place *p = *state;
    rb_data_settings s = manifest_of(p, "path,label\na,0\nb,1\n");
    assert_int_equal(truncate(s.manifest, ((off_t)64 << 20) + 1), 0);
    rb_dataset d;
    rb_error err;
    check_failed(rb_dataset_open(p->arena, &s, &d, &err), err, RB_ERR_IO, "over the limit of 67108864");
}

// ---- without labels ----------------------------------------------------------------------------------------------

static void unlabelled_pictures_keep_their_order(void **state)
{
    const place *p = *state;
    static const char *const names[] = {"in/b.jpg", "in/a.PNG", "in/c.txt", NULL};
    put_pictures(p, names);
    rb_dataset d;
    rb_error err;
    check_done(rb_dataset_from_folder(p->arena, place_path(p, "in"), &d, &err), err);
    assert_string_equal(listed(p, &d), "a.PNG=-1 b.jpg=-1");
    assert_string_equal(d.samples[1].path, place_path(p, "in/b.jpg"));
    assert_int_equal(d.class_count, 0);

    static const char *const files[] = {"z/b.jpg", "/a.jpg", "noname"};
    check_done(rb_dataset_from_files(p->arena, files, 3, &d, &err), err);
    assert_string_equal(listed(p, &d), "z/b.jpg=-1 /a.jpg=-1 noname=-1");
    for (int i = 0; i < 3; i++) assert_string_equal(d.samples[i].path, files[i]);

    place_text(p, "out/c.txt", "");
    check_failed(rb_dataset_from_folder(p->arena, place_path(p, "out"), &d, &err), err, RB_ERR_DATA,
                 "out: no pictures");
    check_failed(rb_dataset_from_folder(p->arena, place_path(p, "no"), &d, &err), err, RB_ERR_IO, "no: No such file");
    check_failed(rb_dataset_from_files(p->arena, NULL, 0, &d, &err), err, RB_ERR_USAGE, "no pictures were named");
}

// ---- tables ------------------------------------------------------------------------------------------------------

static void split_csv_reads_back_as_a_manifest(void **state)
{
    const place *p = *state;
    rb_data_settings s =
        manifest_of(p, "path,label,split,group\n\"b,\"\"1\"\".jpg\",1,test,\"g\n1\"\na.jpg,0,,\nc,1,val,\n");
    rb_dataset d = opened(p, &s), again;
    rb_error err;
    const char *path = place_path(p, "set/split.csv");
    check_done(rb_dataset_write_csv(&d, path, &err), err);
    rb_bytes text;
    check_done(rb_file_read(p->arena, path, 1 << 16, &text, &err), err);
    assert_string_equal((const char *)text.data,
                        "path,label,split,group\n\"b,\"\"1\"\".jpg\",1,test,\"g\n1\"\na.jpg,0,,\nc,1,val,\n");
    s.manifest = path;
    again = opened(p, &s);
    assert_string_equal(listed(p, &again), listed(p, &d));
    assert_string_equal(again.samples[0].group, "g\n1");
    assert_true(rb_dataset_fingerprint(&again) == rb_dataset_fingerprint(&d));
    check_failed(rb_dataset_write_csv(&d, "/proc/none/split.csv", &err), err, RB_ERR_IO, "/proc/none/split.csv");
}

static void fingerprint_sees_names_labels_parts_and_order(void **state)
{
    const place *p = *state;
    rb_data_settings s = manifest_of(p, "path,label,split\nab,0,train\nc,1,val\nd,1,\n");
    rb_dataset d = opened(p, &s);
    rb_sample *one = d.samples, kept[3];
    memcpy(kept, one, sizeof kept);
    uint64_t before = rb_dataset_fingerprint(&d);
#define CHANGED(change) \
    do { \
        change; \
        assert_true(rb_dataset_fingerprint(&d) != before); \
        memcpy(one, kept, sizeof kept); \
    } while (0)
    CHANGED(one[0].name = "aB");
    CHANGED((one[0].name = "a", one[1].name = "bc"));
    CHANGED(one[1].label = 0);
    CHANGED(one[2].part = RB_TRAIN_PART);
    CHANGED((one[1] = kept[2], one[2] = kept[1]));
    CHANGED(d.count--);
    d.count++;
    one[0].path = "moved elsewhere";
    assert_true(rb_dataset_fingerprint(&d) == before);
}

static void minority_is_counted(void **state)
{
    (void)state;
    assert_true(rb_is_minority((int[]){3, 9}, 2, 0) && !rb_is_minority((int[]){3, 9}, 2, 1));
    assert_true(rb_is_minority((int[]){9, 3}, 2, 1) && !rb_is_minority((int[]){9, 3}, 2, 0));
    assert_true(rb_is_minority((int[]){4, 4}, 2, 1) && !rb_is_minority((int[]){4, 4}, 2, 0));
    assert_true(rb_is_minority((int[]){3, 4, 5}, 3, 0) && !rb_is_minority((int[]){3, 4, 5}, 3, 1)); // N / K is 4
    assert_false(rb_is_minority((int[]){3, 4, 5}, 3, 2));
}

static void the_real_set_is_found(void **state)
{
    const place *p = *state;
    const char *root = shared_data(p, "data/eurosat_highway");
    if (!root) {
        print_message("no shared/data/eurosat_highway here (RAREBIT_SHARED)\n");
        skip();
    }
    rb_data_settings s = settings_of(root);
    rb_dataset d = opened(p, &s), unlabelled;
    int counts[2];
    rb_dataset_counts(&d, rb_dataset_part(p->arena, &d, RB_NO_PART), counts);
    assert_int_equal(counts[0], 537);
    assert_int_equal(counts[1], 3863);
    assert_string_equal(d.samples[4399].name, "train_img/004400.jpg");
    rb_error err;
    check_done(rb_dataset_from_folder(p->arena, rb_path_join(p->arena, root, "val_img"), &unlabelled, &err), err);
    assert_int_equal(unlabelled.count, 1600);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_the_documented_ones),
        TEST(original_labels_line_by_line),
        TEST(original_refuses_labels),
        TEST(original_names_the_half_that_is_missing),
        TEST(original_warns_where_numbers_and_bytes_order_differently),
        TEST(original_is_silent_when_the_orders_agree),
        TEST(folders_are_classes_in_alphabetical_order),
        TEST(positive_class_is_label_1),
        TEST(folders_refuse),
        TEST(class_names_are_utf8),
        TEST(settings_that_contradict_are_refused),
        TEST(manifest_keeps_order_parts_and_groups),
        TEST(manifest_takes_names_for_labels),
        TEST(manifest_refuses),
        TEST(manifest_over_its_limit_is_refused_unread),
        TEST(unlabelled_pictures_keep_their_order),
        TEST(split_csv_reads_back_as_a_manifest),
        TEST(fingerprint_sees_names_labels_parts_and_order),
        TEST(minority_is_counted),
        TEST(the_real_set_is_found),
    };
    return check_run("data", tests);
}
