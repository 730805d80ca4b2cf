// SPDX-License-Identifier: Apache-2.0
// stop.h - a wish to stop, from outside: SIGINT, SIGTERM, SIGUSR1.
//
// The handler sets a flag and gives signals their own meaning back, so that a second one ends the process at once; who
// works in steps looks at the flag between them and leaves things whole. A signal that is ignored from the start stays
// so.
#ifndef RB_BASE_STOP_H
#define RB_BASE_STOP_H

#include "base/error.h"

void rb_stop_watch(void);

// The name of the signal that came, "SIGTERM"; NULL: none did.
const char *rb_stop_asked(void);

#endif
