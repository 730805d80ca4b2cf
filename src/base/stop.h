// SPDX-License-Identifier: Apache-2.0
// stop.h - a wish to stop, from outside: SIGINT, SIGTERM, SIGUSR1.
//
// The handler sets a flag and does nothing else; who works in steps looks at it between them and leaves things whole.
// A second signal ends the process at once, as if nobody had watched.
#ifndef RB_BASE_STOP_H
#define RB_BASE_STOP_H

#include "base/error.h"

void rb_stop_watch(void);

// The name of the signal that came, "SIGTERM"; NULL: none did.
const char *rb_stop_asked(void);

#endif
