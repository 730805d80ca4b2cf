// SPDX-License-Identifier: Apache-2.0
// table.h - judgements as a table on standard output; private to the commands.
#ifndef RB_CLI_TABLE_H
#define RB_CLI_TABLE_H

#include "metric/metric.h"

void rb_table_head(void);
void rb_table_row(const char *name, const rb_summary *s);
void rb_table_foot(double threshold, const char *where_from);

#endif
