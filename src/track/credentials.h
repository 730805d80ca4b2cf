// SPDX-License-Identifier: Apache-2.0
// credentials.h - what services want to know of a user, from the environment and the files where their own clients
// look; private to the track module. None of it is ever printed, logged or stored.
#ifndef RB_TRACK_CREDENTIALS_H
#define RB_TRACK_CREDENTIALS_H

#include "base/arena.h"

const char *rb_environment(const char *name); // NULL where it is unset or empty

// `key` of "[section]" in an INI file; NULL where there is no such file or key.
const char *rb_ini_find(rb_arena *a, const char *path, const char *section, const char *key);

const char *rb_path_at_home(rb_arena *a, const char *name); // NULL where there is no HOME

#endif
