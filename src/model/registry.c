// SPDX-License-Identifier: Apache-2.0
#include "model/model.h"

#define ENTRY(name) extern const rb_model rb_model_##name;
#include "gen/model.inc"
#undef ENTRY

#define ENTRY(name) &rb_model_##name,
const rb_model *const rb_models[] = {
#include "gen/model.inc"
    NULL};
#undef ENTRY
