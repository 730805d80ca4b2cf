// SPDX-License-Identifier: Apache-2.0
// embed.h - what a checkpoint's network makes of pictures before its head judges them; private to the commands.
#ifndef RB_CLI_PART_EMBED_H
#define RB_CLI_PART_EMBED_H

#include "explore/map.h"
#include "train/settings.h"

// Pooled features of all pictures: of the network of checkpoint_path where `backbone` is NULL; else of the model_type
// of `asked`, with the weights that `backbone` names as the key `pretrained` does. Pictures that cannot be read keep
// zeros. `progress` may be NULL.
//
// Owner:  everything lives in `a`
// Errors: those of rb_deployed_open and rb_start_pretrained, STOPPED
bool rb_embed(rb_arena *a, const rb_settings *asked, const char *backbone, const rb_dataset *data,
              void (*progress)(void *context, int done), void *context, rb_map_features *out, rb_error *err) RB_CHECKED;

#endif
