// SPDX-License-Identifier: Apache-2.0
// table.h - judgements as a table on standard output; private to the commands.
#ifndef RB_CLI_PART_TABLE_H
#define RB_CLI_PART_TABLE_H

#include "metric/figures.h"

// Of each class its precision, recall and so on; nothing for two classes.
void rb_table_classes(const char *name, const rb_figures *f);

// `like`: figures of as many classes as the rows to come.
void rb_table_head(const rb_figures *like);
void rb_table_row(const char *name, const rb_figures *f);
void rb_table_foot(const rb_figures *like, const char *threshold_from);

// "[0.0513 0.0942]"; empty where there is none.
const char *rb_interval_text(rb_interval i, char out[32]);

#endif
