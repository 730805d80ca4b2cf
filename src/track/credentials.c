// SPDX-License-Identifier: Apache-2.0
#include "track/credentials.h"

#include "base/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((ptrdiff_t)1 << 20)

const char *rb_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

const char *rb_path_at_home(rb_arena *a, const char *name)
{
    const char *home = rb_environment("HOME");
    return home ? rb_path_join(a, home, name) : NULL;
}

static char *trimmed(char *text)
{
    while (isspace((unsigned char)*text)) text++;
    for (char *end = text + strlen(text); end > text && isspace((unsigned char)end[-1]);) *--end = '\0';
    return text;
}

const char *rb_ini_find(rb_arena *a, const char *path, const char *section, const char *key)
{
    rb_bytes file;
    rb_error ignored;
    if (!path || !rb_file_exists(path) || !rb_file_read(a, path, FILE_LIMIT, &file, &ignored)) return NULL;
    char *left = rb_text_copy(a, (const char *)file.data), *line;
    bool within = false;
    while ((line = strtok_r(left, "\r\n", &left))) {
        line = trimmed(line);
        if (*line == '[') within = !strncmp(line + 1, section, strlen(section)) && line[1 + strlen(section)] == ']';
        char *value = strchr(line, '=');
        if (!within || !value || *line == '#' || *line == ';') continue;
        *value++ = '\0';
        if (!strcmp(trimmed(line), key)) return trimmed(value);
    }
    return NULL;
}
