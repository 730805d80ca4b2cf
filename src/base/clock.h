// SPDX-License-Identifier: Apache-2.0
// clock.h - time for people and for folder names; nothing that is computed may depend on it.
#ifndef RB_BASE_CLOCK_H
#define RB_BASE_CLOCK_H

double rb_clock_now_s(void);           // monotonic seconds
double rb_clock_unix_s(void);          // since 1970
void rb_clock_stamp_utc(char out[16]); // "YYYYmmdd-HHMMSS"

#endif
