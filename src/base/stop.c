// SPDX-License-Identifier: Apache-2.0
#include "base/stop.h"

#include <signal.h>
#include <stddef.h>

static const struct {
    int number;
    const char *name;
} watched[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGUSR1, "SIGUSR1"}};
#define WATCHED ((int)(sizeof watched / sizeof *watched))

static volatile sig_atomic_t asked; // number of the signal; 0: none

// From now on signals mean again what they mean to a program that does not watch. signal() may be called here (POSIX).
static void take(int number)
{
    asked = number;
    for (int i = 0; i < WATCHED; i++) signal(watched[i].number, SIG_DFL);
}

void rb_stop_watch(void)
{
    struct sigaction how = {.sa_handler = take, .sa_flags = SA_RESTART};
    sigemptyset(&how.sa_mask);
    for (int i = 0; i < WATCHED; i++) {
        struct sigaction now;
        bool ignored = !sigaction(watched[i].number, NULL, &now) && now.sa_handler == SIG_IGN; // nohup, bash's "&"
        if (!ignored) sigaction(watched[i].number, &how, NULL);
    }
}

const char *rb_stop_asked(void)
{
    for (int i = 0; i < WATCHED; i++)
        if (asked == watched[i].number) return watched[i].name;
    return NULL;
}
