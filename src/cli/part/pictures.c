// SPDX-License-Identifier: Apache-2.0
#include "cli/part/pictures.h"

#include "data/layout.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ROOM ((ptrdiff_t)64 << 10) // of what was read and not taken; no system opens a longer path

bool rb_pictures_open(rb_arena *a, const char *folder, rb_words operands, rb_pictures *out, rb_error *err)
{
    *out = (rb_pictures){0};
    if (folder && operands.count)
        return rb_fail(err, RB_ERR_USAGE, "input_dir %s and pictures by name (%s): use one of them", folder,
                       operands.word[0]);
    if (folder) return rb_dataset_from_folder(a, folder, &out->known, err);
    if (!operands.count)
        return rb_fail(err, RB_ERR_USAGE,
                       "input_dir is missing; name a folder, pictures, or - for a list on standard input");
    out->listed = operands.count == 1 && !strcmp(operands.word[0], "-");
    if (!out->listed) return rb_dataset_from_files(a, operands.word, operands.count, &out->known, err);
    out->text = RB_NEW(a, char, ROOM + 1); // the last line may have no end, and its zero goes behind it
    return true;
}

int rb_pictures_total(const rb_pictures *p)
{
    return p->known.count;
}

// ---- a list on standard input --------------------------------------------------------------------------------------

// Bytes of the next line without its end; -1: it has not been read as a whole, or there is none.
static ptrdiff_t line_size(const rb_pictures *p)
{
    if (p->from >= p->to) return -1;
    const char *at = p->text + p->from, *end = memchr(at, '\n', (size_t)(p->to - p->from));
    if (end) return end - at;
    return p->ended ? p->to - p->from : -1;
}

// A line that were passed over would set rows and list out of step.
static bool take_line(rb_arena *a, rb_pictures *p, ptrdiff_t size, rb_sample *out, rb_error *err)
{
    char *line = p->text + p->from;
    p->from += size + 1;
    p->line++;
    if (size && line[size - 1] == '\r') size--;
    if (!size) return rb_fail(err, RB_ERR_DATA, "standard input:%lld: no path; remove the line", (long long)p->line);
    if (memchr(line, '\0', (size_t)size))
        return rb_fail(err, RB_ERR_DATA, "standard input:%lld: a zero byte, which no path has; write a path a line",
                       (long long)p->line);
    line[size] = '\0';
    *out = rb_sample_new(a, "", line);
    return true;
}

// What goes wrong shows when it is read.
static bool has_more(bool wait)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    int found;
    do found = poll(&in, 1, wait ? -1 : 0);
    while (found < 0 && errno == EINTR);
    return found != 0;
}

static bool read_more(rb_pictures *p, rb_error *err)
{
    memmove(p->text, p->text + p->from, (size_t)(p->to - p->from));
    p->to -= p->from;
    p->from = 0;
    if (p->to == ROOM)
        return rb_fail(err, RB_ERR_DATA, "standard input:%lld: over %td bytes, no path; write a path a line",
                       (long long)p->line + 1, ROOM);
    ssize_t n;
    do n = read(STDIN_FILENO, p->text + p->to, (size_t)(ROOM - p->to));
    while (n < 0 && errno == EINTR);
    if (n < 0) return rb_fail_errno(err, RB_ERR_IO, errno, "standard input: cannot read");
    p->ended = n == 0;
    p->to += n;
    return true;
}

// Who writes the list may be waiting for rows: what has been named is not held back for what has not.
static bool next_listed(rb_arena *a, rb_pictures *p, int most, rb_sample *out, int *count, rb_error *err)
{
    while (*count < most) {
        ptrdiff_t size = line_size(p);
        if (size >= 0) {
            if (!take_line(a, p, size, &out[*count], err)) return false;
            ++*count;
        } else if (p->ended || !has_more(*count == 0)) {
            break;
        } else if (!read_more(p, err)) {
            return false;
        }
    }
    return true;
}

bool rb_pictures_next(rb_arena *a, rb_pictures *p, int most, rb_sample *out, int *count, rb_error *err)
{
    *count = 0;
    if (p->listed) return next_listed(a, p, most, out, count, err);
    while (*count < most && p->next < p->known.count) out[(*count)++] = p->known.samples[p->next++];
    return true;
}
