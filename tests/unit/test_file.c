// SPDX-License-Identifier: Apache-2.0
// test_file.c - reading, folders, paths, and files that are either complete or absent.
#include "check.h"
#include "folder.h"

#include <sys/resource.h>
#include <unistd.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

// ---- reading -----------------------------------------------------------------------------------------------------

static rb_bytes content(const place *p, const char *path)
{
    rb_error err;
    rb_bytes got;
    check_done(rb_file_read(p->arena, path, 8 << 20, &got, &err), err);
    return got;
}

static void check_content(const place *p, const char *path, const char *want)
{
    assert_string_equal((const char *)content(p, path).data, want);
}

static void files_are_read_up_to_a_limit(void **state)
{
    const place *p = *state;
    rb_error err;
    rb_bytes got;
    const char *path = place_bytes(p, "five", "a\0b\n\xff", 5);
    check_done(rb_file_read(p->arena, path, 5, &got, &err), err);
    assert_int_equal(got.size, 5);
    assert_memory_equal(got.data, "a\0b\n\xff\0", 6); // and one zero byte behind them
    check_failed(rb_file_read(p->arena, path, 4, &got, &err), err, RB_ERR_IO, "five: 5 bytes, over the limit of 4");
    assert_int_equal(content(p, place_text(p, "empty", "")).size, 0);
}

static void mapped_is_what_is_read(void **state)
{
    const place *p = *state;
    const char *paths[] = {place_text(p, "none", ""), place_text(p, "five", "12345"),
                           place_text(p, "many", rb_text_format(p->arena, "%*d", 1000000, 1))};
    for (int i = 0; i < COUNT(paths); i++) {
        rb_error err = {0};
        rb_bytes mapped, read = content(p, paths[i]);
        check_done(rb_file_map(p->arena, paths[i], 1000000, &mapped, &err), err);
        assert_int_equal(mapped.size, read.size);
        assert_memory_equal(mapped.data, read.data, (size_t)read.size);
    }
    rb_error err = {0};
    rb_bytes none;
    check_failed(rb_file_map(p->arena, paths[1], 4, &none, &err), err, RB_ERR_IO, "five: 5 bytes, over the limit of 4");
    rb_arena *a = rb_arena_open(); // what was mapped outlasts the file
    check_done(rb_file_map(a, paths[1], 5, &none, &err), err);
    assert_int_equal(remove(paths[1]), 0);
    assert_memory_equal(none.data, "12345", 5);
    rb_arena_close(a);
}

static void what_is_no_file_is_not_read(void **state)
{
    const place *p = *state;
    const char *fifo = place_path(p, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const struct {
        const char *path, *says;
    } bad[] = {
        {place_path(p, "absent"), "absent: No such file or directory"},
        {p->folder, "is a folder, not a file"},
        {fifo, "fifo: is not a regular file"}, // at once, though nobody writes to it
        {"/dev/zero", "/dev/zero: is not a regular file"},
    };
    for (int i = 0; i < COUNT(bad); i++) {
        rb_error err = {0};
        rb_bytes got;
        check_failed(rb_file_read(p->arena, bad[i].path, 100, &got, &err), err, RB_ERR_IO, bad[i].says);
        check_failed(rb_file_map(p->arena, bad[i].path, 100, &got, &err), err, RB_ERR_IO, bad[i].says);
    }
    assert_false(rb_file_exists(bad[0].path) || rb_folder_exists(bad[0].path));
    assert_true(!rb_file_exists(p->folder) && rb_folder_exists(p->folder));
    assert_true(rb_file_exists(fifo) && !rb_folder_exists(fifo));
}

// ---- folders and paths -------------------------------------------------------------------------------------------

static void folders_are_listed_in_bytewise_order(void **state)
{
    const place *p = *state;
    rb_error err = {0};
    rb_names names;
    for (int i = 599; i >= 0; i--) place_text(p, rb_text_format(p->arena, "many/%d", i), "");
    place_text(p, "many/.hidden", "");
    place_text(p, "many/\u00e9", "");
    check_done(rb_folder_list(p->arena, place_path(p, "many"), &names, &err), err);
    assert_int_equal(names.count, 602);
    for (int i = 1; i < names.count; i++) assert_true(strcmp(names.name[i - 1], names.name[i]) < 0);
    assert_string_equal(names.name[0], ".hidden");
    check_failed(rb_folder_list(p->arena, place_path(p, "none"), &names, &err), err, RB_ERR_IO, "none: No such file");
}

static void folders_are_made_with_their_parents(void **state)
{
    const place *p = *state;
    rb_error err = {0};
    static const char *const paths[] = {"a", "b/c/d", "b/c/d", "e//f/", "b/./g"};
    for (int i = 0; i < COUNT(paths); i++) {
        const char *path = place_path(p, paths[i]);
        check_done(rb_folder_make(path, &err), err);
        assert_true(rb_folder_exists(path));
    }
    const char *file = place_text(p, "file", "");
    check_failed(rb_folder_make(file, &err), err, RB_ERR_IO, "file: cannot make this folder: File exists");
    check_failed(rb_folder_make(rb_path_join(p->arena, file, "x"), &err), err, RB_ERR_IO,
                 "file: cannot make this folder");
    const char *longer = rb_text_format(p->arena, "%05000d", 0);
    check_failed(rb_folder_make(longer, &err), err, RB_ERR_IO, "path too long");
}

static void a_new_folder_takes_the_next_free_name(void **state)
{
    const place *p = *state;
    rb_error err = {0};
    const char *path = place_path(p, "runs/r"), *got;
    place_text(p, "runs/r-3", "a file is in the way too");
    static const char *const want[] = {"r", "r-2", "r-4"};
    for (int i = 0; i < COUNT(want); i++) {
        check_done(rb_folder_make_new(p->arena, path, &got, &err), err);
        assert_string_equal(rb_path_name(got), want[i]);
        assert_true(rb_folder_exists(got));
    }
    path = place_path(p, "runs/r-3/under a file");
    check_failed(rb_folder_make_new(p->arena, path, &got, &err), err, RB_ERR_IO, "runs/r-3: cannot make this folder");
}

static void paths_are_taken_apart(void **state)
{
    const place *p = *state;
    static const struct {
        const char *path, *folder, *name, *with_suffix;
    } paths[] = {
        {"a/b.txt", "a", "b.txt", "a/b.proba"},
        {"a.d/b", "a.d", "b", "a.d/b.proba"},
        {"b.tar.gz", ".", "b.tar.gz", "b.tar.proba"},
        {"/b", "/", "b", "/b.proba"},
        {"/a/b.", "/a", "b.", "/a/b.proba"},
        {"a/.b", "a", ".b", "a/.b.proba"},
        {"a/.b.c", "a", ".b.c", "a/.b.proba"},
        {"a/b/", "a/b", "", "a/b/.proba"},
        {"", ".", "", ".proba"},
    };
    for (int i = 0; i < COUNT(paths); i++) {
        assert_string_equal(rb_path_folder(p->arena, paths[i].path), paths[i].folder);
        assert_string_equal(rb_path_name(paths[i].path), paths[i].name);
        assert_string_equal(rb_path_with_suffix(p->arena, paths[i].path, ".proba"), paths[i].with_suffix);
    }
    assert_string_equal(rb_path_join(p->arena, "a", "b"), "a/b");
    assert_string_equal(rb_path_join(p->arena, "a/", "b"), "a/b");
    assert_string_equal(rb_path_join(p->arena, "/", "b"), "/b");
    assert_string_equal(rb_path_join(p->arena, "", "b"), "b");
}

// ---- writing -----------------------------------------------------------------------------------------------------

static int names_in(const place *p)
{
    rb_error err;
    rb_names names;
    check_done(rb_folder_list(p->arena, p->folder, &names, &err), err);
    return names.count;
}

static void a_file_changes_at_commit(void **state)
{
    const place *p = *state;
    rb_error err;
    rb_writer *w;
    rb_arena *a = rb_arena_open();
    const char *path = place_text(p, "file", "old and longer");
    check_done(rb_writer_open(a, path, &w, &err), err);
    check_done(rb_writer_put(w, "new", 3, &err), err);
    check_done(rb_writer_print(w, &err, " %d", 5), err);
    check_content(p, path, "old and longer");
    check_done(rb_writer_commit(w, &err), err);
    check_content(p, path, "new 5");
    assert_int_equal(names_in(p), 1);
    rb_arena_close(a);
    check_content(p, path, "new 5");
}

static void an_abandoned_file_leaves_nothing(void **state)
{
    const place *p = *state;
    rb_error err;
    rb_writer *w;
    rb_arena *a = rb_arena_open();
    const char *path = place_text(p, "file", "old");
    check_done(rb_writer_open(a, path, &w, &err), err);
    check_done(rb_writer_put(w, "new", 3, &err), err);
    assert_int_equal(names_in(p), 2);
    rb_arena_close(a);
    assert_int_equal(names_in(p), 1);
    check_content(p, path, "old");
}

// Two at once write the same file: the last to commit wins, with all of its own. What the user calls file.tmp stays.
static void temporaries_are_nobody_elses(void **state)
{
    const place *p = *state;
    rb_error err;
    rb_writer *one, *two;
    const char *path = place_path(p, "file"), *own = place_text(p, "file.tmp", "mine");
    check_done(rb_writer_open(p->arena, path, &one, &err), err);
    check_done(rb_writer_open(p->arena, path, &two, &err), err);
    check_done(rb_writer_put(one, "one", 3, &err), err);
    check_done(rb_writer_put(two, "and two", 7, &err), err);
    check_done(rb_writer_commit(one, &err), err);
    check_content(p, path, "one");
    check_done(rb_writer_commit(two, &err), err);
    check_content(p, path, "and two");
    check_content(p, own, "mine");
    assert_int_equal(names_in(p), 2);
}

static void finished_files_wait_for_commit(void **state)
{
    const place *p = *state;
    rb_error err;
    rb_writer *w;
    const char *path = place_text(p, "file", "old");
    check_done(rb_writer_open(p->arena, path, &w, &err), err);
    check_done(rb_writer_put(w, "new", 3, &err), err);
    check_done(rb_writer_finish(w, &err), err);
    check_content(p, path, "old");
    check_done(rb_writer_commit(w, &err), err);
    check_content(p, path, "new");
}

static void large_files_pass_through_the_buffer(void **state)
{
    const place *p = *state;
    static const ptrdiff_t pieces[] = {1, 1000000, 1 << 20, 48575, 48576, 3000000, 0, 7};
    rb_error err;
    rb_writer *w;
    uint8_t *data = RB_NEW(p->arena, uint8_t, 6 << 20);
    for (ptrdiff_t i = 0; i < 6 << 20; i++) data[i] = (uint8_t)(i * 7 + i / 251);
    const char *path = place_path(p, "large");
    check_done(rb_writer_open(p->arena, path, &w, &err), err);
    ptrdiff_t size = 0;
    for (int i = 0; i < COUNT(pieces); size += pieces[i++])
        check_done(rb_writer_put(w, data + size, pieces[i], &err), err);
    check_done(rb_writer_commit(w, &err), err);
    rb_bytes got = content(p, path);
    assert_int_equal(got.size, size);
    assert_memory_equal(got.data, data, (size_t)size);
}

static void failing_to_write_names_path_and_cause(void **state)
{
    const place *p = *state;
    rb_error err = {0};
    const char *folder = place_path(p, "folder"), *file = place_text(p, "file", "old");
    assert_int_equal(mkdir(folder, 0700), 0);
    const char *full = place_text(p, "full", "old");
    int before = names_in(p);
    const struct {
        const char *path, *says;
    } bad[] = {
        {place_path(p, "absent/x"), "absent/x: cannot write here: No such file or directory"},
        {rb_path_join(p->arena, file, "x"), "file/x: cannot write here: Not a directory"},
        {folder, "folder: is a folder; name a file"},
        {full, "full: cannot write: File too large"},
    };
    struct rlimit all, little;
    rb_file_limit_is_an_error();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
    little = (struct rlimit){2, all.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    for (int i = 0; i < COUNT(bad); i++)
        check_failed(rb_file_write(bad[i].path, "new", 3, &err), err, RB_ERR_IO, bad[i].says);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    check_content(p, full, "old");
    assert_int_equal(names_in(p), before); // no temporary stays
    check_done(rb_file_write(full, "new", 3, &err), err);
    check_content(p, full, "new");
}

// A rename over a device would destroy it; a link is followed to the file behind it.
static void only_files_are_replaced(void **state)
{
    const place *p = *state;
    rb_error err = {0};
    const char *pipe = place_path(p, "pipe"), *file = place_text(p, "file", "old"), *link = place_path(p, "link");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(symlink(file, link), 0);
    check_failed(rb_file_write(pipe, "new", 3, &err), err, RB_ERR_IO, "pipe: is a device or a pipe; name a file");
    check_done(rb_file_write(link, "new", 3, &err), err);
    check_content(p, file, "new");
    struct stat st;
    assert_true(!stat(pipe, &st) && S_ISFIFO(st.st_mode));
    assert_true(!lstat(link, &st) && S_ISLNK(st.st_mode));
}

static void a_line_too_long_to_print_is_refused(void **state)
{
    const place *p = *state;
    rb_error err = {0};
    rb_writer *w;
    check_done(rb_writer_open(p->arena, place_path(p, "file"), &w, &err), err);
    check_done(rb_writer_print(w, &err, "%04095d", 0), err);
    check_failed(rb_writer_print(w, &err, "%04096d", 0), err, RB_ERR_INTERNAL, "file: a line over 4096 bytes");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_read_up_to_a_limit),
        TEST(mapped_is_what_is_read),
        TEST(what_is_no_file_is_not_read),
        TEST(folders_are_listed_in_bytewise_order),
        TEST(folders_are_made_with_their_parents),
        TEST(a_new_folder_takes_the_next_free_name),
        TEST(paths_are_taken_apart),
        TEST(a_file_changes_at_commit),
        TEST(an_abandoned_file_leaves_nothing),
        TEST(temporaries_are_nobody_elses),
        TEST(finished_files_wait_for_commit),
        TEST(large_files_pass_through_the_buffer),
        TEST(failing_to_write_names_path_and_cause),
        TEST(only_files_are_replaced),
        TEST(a_line_too_long_to_print_is_refused),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
