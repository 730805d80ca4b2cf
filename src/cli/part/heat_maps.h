// SPDX-License-Identifier: Apache-2.0
// heat_maps.h - heat maps for pictures of a report, by the run's best checkpoint; private to the commands.
#ifndef RB_CLI_PART_HEAT_MAPS_H
#define RB_CLI_PART_HEAT_MAPS_H

#include "report/report.h"
#include "train/settings.h"

// Nothing is opened before a map is asked for. Computes on the CPU in fp32, with the run's own number of threads, so
// that the same run makes the same page. `speak`: how messages come, also afterwards.
//
// Owner:  what is opened lives in `a`
// Errors: of make: those of rb_deployed_open and of the loader; USAGE (the network's last map has a single cell)
rb_cam_maker rb_heat_maps(rb_arena *a, const rb_message_settings *speak);

#endif
