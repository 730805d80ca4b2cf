// SPDX-License-Identifier: Apache-2.0
// keys.h - tables of the keys that belong to no other module, one for each set that a command uses as a whole; private
// to settings.c, which says what commands those are. The structs are those of settings.h.
#ifndef RB_TRAIN_KEYS_H
#define RB_TRAIN_KEYS_H

#include "config/config.h"

// Of rb_compute_settings.
extern const rb_field rb_compute_fields[];

// Of rb_training_settings.
extern const rb_field rb_training_fields[];
extern const rb_field rb_memory_fields[];
extern const rb_field rb_seed_fields[];
extern const rb_field rb_loss_fields[];
extern const rb_field rb_calibration_fields[];

// Of rb_output_settings.
extern const rb_field rb_input_fields[];
extern const rb_field rb_output_fields[];

// Of rb_decision_settings, rb_eval_settings, rb_message_settings.
extern const rb_field rb_decision_fields[];
extern const rb_field rb_eval_fields[];
extern const rb_field rb_message_fields[];

// Of one text each: checkpoint_path, json.
extern const rb_field rb_start_fields[];
extern const rb_field rb_json_fields[];

#endif
