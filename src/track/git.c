// SPDX-License-Identifier: Apache-2.0
// git.c - which commit this is, read from .git without running anything.
//
// Source: gitrepository-layout(5): HEAD, refs, packed-refs, config
#include "base/file.h"
#include "track/folder.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT ((ptrdiff_t)4 << 20)

static char *read_text(rb_arena *a, const char *root, const char *name)
{
    rb_bytes file;
    rb_error ignored;
    if (!rb_file_read(a, rb_text_format(a, "%s/.git/%s", root, name), LIMIT, &file, &ignored)) return NULL;
    return rb_text_format(a, "%s", (const char *)file.data);
}

static const char *first_line(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
    return text;
}

// "COMMIT REF" lines of packed-refs.
static const char *packed_commit(rb_arena *a, const char *root, const char *ref)
{
    char *left = read_text(a, root, "packed-refs"), *line;
    while (left && (line = strtok_r(left, "\n", &left))) {
        size_t length = strcspn(line, " ");
        if (line[length] && !strcmp(line + length + 1, ref)) return rb_text_format(a, "%.*s", (int)length, line);
    }
    return NULL;
}

// The url within [remote "origin"], without "user:password@".
static const char *origin(rb_arena *a, const char *root)
{
    char *left = read_text(a, root, "config"), *line;
    bool within = false;
    while (left && (line = strtok_r(left, "\n", &left))) {
        line += strspn(line, " \t");
        if (*line == '[') within = !strncmp(line, "[remote \"origin\"]", 17);
        if (!within || strncmp(line, "url", 3) || !strchr(line, '=')) continue;
        line = strchr(line, '=') + 1;
        line += strspn(line, " \t");
        char *host = strstr(line, "://"), *at = host ? strchr(host, '@') : NULL;
        if (!at) return line;
        return rb_text_format(a, "%.*s%s", (int)(host + 3 - line), line, at + 1);
    }
    return NULL;
}

static bool looks_like_commit(const char *text)
{
    return text && strlen(text) >= 40 && strspn(text, "0123456789abcdef") == strlen(text);
}

static const char *find_root(rb_arena *a)
{
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return NULL;
    for (char *root = rb_text_copy(a, here); *root; *strrchr(root, '/') = '\0')
        if (rb_file_exists(rb_text_format(a, "%s/.git/HEAD", root))) return root;
    return NULL;
}

rb_git rb_git_here(rb_arena *a)
{
    rb_git git = {.root = find_root(a)};
    char *head = git.root ? read_text(a, git.root, "HEAD") : NULL;
    if (!head) return (rb_git){0};
    git.commit = first_line(head);
    if (!strncmp(head, "ref: ", 5)) {
        const char *ref = head + 5;
        git.branch = !strncmp(ref, "refs/heads/", 11) ? ref + 11 : ref;
        char *loose = read_text(a, git.root, ref);
        git.commit = loose ? first_line(loose) : packed_commit(a, git.root, ref);
    }
    if (!looks_like_commit(git.commit)) git.commit = NULL;
    git.origin = origin(a, git.root);
    return git;
}
