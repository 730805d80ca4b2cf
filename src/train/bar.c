// SPDX-License-Identifier: Apache-2.0
#include "train/bar.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH    24
#define PAUSE_S  0.1
#define TERMINAL STDERR_FILENO

rb_bar rb_bar_begin(const char *title, int total, int per_item)
{
    return (rb_bar){title, total, per_item, isatty(TERMINAL) == 1, rb_clock_now_s(), 0};
}

static int columns(void)
{
    struct winsize size;
    return ioctl(TERMINAL, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

// "[=====>    ]"
static void draw_gauge(char out[WIDTH + 3], int done, int total)
{
    int full = total ? (int)((long long)WIDTH * done / total) : WIDTH;
    memset(out + 1, ' ', WIDTH);
    memset(out + 1, '=', (size_t)full);
    if (full < WIDTH) out[1 + full] = '>';
    out[0] = '[', out[WIDTH + 1] = ']', out[WIDTH + 2] = '\0';
}

void rb_bar_show(rb_bar *b, int done, const char *format, ...)
{
    double now = rb_clock_now_s();
    if (!b->terminal || now - b->shown_s < PAUSE_S) return;
    b->shown_s = now;
    char gauge[WIDTH + 3], figures[128], line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(figures, sizeof figures, format, args);
    va_end(args);
    draw_gauge(gauge, done, b->total);
    double rate = done / (now - b->start_s + 1e-9), left = (b->total - done) / (rate + 1e-9);
    int eta = done ? (int)(left + 0.5) : 0;
    snprintf(line, sizeof line, "%s %s %d/%d%s  %.0f images/s  ETA %d:%02d", b->title, gauge, done, b->total, figures,
             rate * b->per_item, eta / 60, eta % 60);
    fprintf(stderr, "\r%.*s\033[K", columns() - 1, line);
    fflush(stderr);
}

void rb_bar_clear(rb_bar *b)
{
    if (b->terminal && b->shown_s > 0) fputs("\r\033[K", stderr);
}
