// SPDX-License-Identifier: Apache-2.0
#include "train/bar.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH    24
#define PAUSE_S  0.1 // for eyes
#define RECORD_S 1   // for programs
#define TERMINAL STDERR_FILENO

rb_bar rb_bar_begin(const char *title, int total, int per_item)
{
    return (rb_bar){title, total, per_item, rb_log_draws(), rb_clock_now_s(), 0};
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

static void draw(const rb_bar *b, int done, const char *figures, double rate, double left_s)
{
    char gauge[WIDTH + 3], line[512];
    int eta = done ? (int)(left_s + 0.5) : 0;
    draw_gauge(gauge, done, b->total);
    if (b->total)
        snprintf(line, sizeof line, "%s %s %d/%d%s  %.0f images/s  ETA %d:%02d", b->title, gauge, done, b->total,
                 figures, rate * b->per_item, eta / 60, eta % 60);
    else
        snprintf(line, sizeof line, "%s %d%s  %.0f images/s", b->title, done, figures, rate * b->per_item);
    fprintf(stderr, "\r%.*s\033[K", columns() - 1, line);
    fflush(stderr);
}

static void record(const rb_bar *b, int done, const char *figures, double rate, double left_s)
{
    rb_arena *scratch = rb_arena_open();
    rb_json *j = rb_json_new(scratch);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "type", "progress");
    rb_json_string(j, "title", b->title);
    rb_json_integer(j, "done", done);
    if (b->total) rb_json_integer(j, "total", b->total);
    if (*figures) rb_json_string(j, "figures", figures + strspn(figures, " "));
    rb_json_real(j, "images_per_s", rate * b->per_item);
    if (b->total) rb_json_real(j, "left_s", left_s);
    rb_json_close(j);
    rb_log_record(rb_json_text(j));
    rb_arena_close(scratch);
}

void rb_bar_show(rb_bar *b, int done, const char *format, ...)
{
    bool records = rb_log_tells(RB_LOG_JSON);
    double now = rb_clock_now_s();
    if (!(b->terminal || records) || now - b->shown_s < (records ? RECORD_S : PAUSE_S)) return;
    b->shown_s = now;
    char figures[128];
    va_list args;
    va_start(args, format);
    vsnprintf(figures, sizeof figures, format, args);
    va_end(args);
    double rate = done / (now - b->start_s + 1e-9), left_s = (b->total - done) / (rate + 1e-9);
    (records ? record : draw)(b, done, figures, rate, left_s);
}

void rb_bar_clear(rb_bar *b)
{
    if (b->terminal && b->shown_s > 0) fputs("\r\033[K", stderr);
}
