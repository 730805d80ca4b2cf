// SPDX-License-Identifier: Apache-2.0
// tracker.h - what a tracker is: one file each in track/tracker; private to the track module.
//
// A tracker does one thing at a time and says how it went; track.c decides what is next, when to try again and when to
// stop, and keeps the marks. First the things before the records (begin, numbered from 0), then records in their order,
// then, once the run has ended, the things after them (end, numbered from 0).
#ifndef RB_TRACK_TRACKER_H
#define RB_TRACK_TRACKER_H

#include "net/http.h"
#include "track/record.h"
#include "track/track.h"

#include <jansson.h>

typedef enum rb_sent {
    RB_SENT,    // done: on to the next
    RB_NO_MORE, // there is no such thing: the stage is over
    RB_LATER,   // not now: the service cannot be reached, or says so; nothing is lost
    RB_REFUSED, // the service will never take this one: left out
    RB_STOPPED, // no use in going on: no key, a wrong one
} rb_sent;

// One run as one tracker sees it.
typedef struct rb_track {
    rb_arena *arena;   // as long as the tracker follows the run
    rb_arena *scratch; // as long as one thing
    const char *folder;
    const void *cfg;
    void *own;              // the tracker's, zeroed at first
    json_t *kept;           // an object: survives the process; rb_track_keep writes it
    bool unsure;            // the thing at hand may have been done before: look before doing it again
    bool asked;             // something was asked for the thing at hand
    bool live;              // the run is this process
    bool ended;             // nothing follows in the log
    bool finished;          // and it ended well
    double begun_s, last_s; // Unix time of the first and the last record of the log so far
    double retry_s;         // with RB_LATER: when the service wants to be asked again; NAN: it did not say
    rb_http *http;          // opened by rb_track_ask
    bool (*give_up)(void *context);
    void *context;
} rb_track;

struct rb_tracker {
    const char *name, *help;
    size_t cfg_bytes, own_bytes;
    const rb_field *fields; // keys <name>_<field>
    bool local;             // writes files only: does all of the log again each time, keeps no mark
    bool (*check)(const void *cfg, rb_error *err); // before a run begins; USAGE; may be NULL
    rb_sent (*begin)(rb_track *t, int i, rb_error *err);
    // Does the first `taken` (at least one, with RB_SENT) of n records. `done` of the first record: values of it that
    // are done already.
    rb_sent (*records)(rb_track *t, const rb_record *r, int n, int *taken, rb_error *err);
    rb_sent (*end)(rb_track *t, int i, rb_error *err);
    void (*idle)(rb_track *t);                 // about ten times a second while there is nothing to do; may be NULL
    void (*close)(rb_track *t, bool all_sent); // the process leaves; may be NULL
};

// Writes `kept` where the next process finds it. A failure shows when that process does a thing twice.
void rb_track_keep(const rb_track *t);

// ---- what network trackers share (web.c) ----------------------------------------------------------------------------

// Asks and sorts the answer: 2xx with a JSON object (or, where `out` is NULL, with nothing) RB_SENT, with something
// else RB_LATER; 401 and 403 RB_STOPPED; 408, 429, 3xx and 5xx RB_LATER; other 4xx RB_REFUSED. `status`, if wanted, is
// 0 where no answer came. `out` is released with the scratch arena.
rb_sent rb_track_ask(rb_track *t, const rb_http_request *r, json_t **out, int *status, rb_error *err);

// Members of JSON that others wrote. Text is NULL where there is none; a number may also come as text.
const char *rb_json_at_text(const json_t *object, const char *key);
bool rb_json_at_number(const json_t *object, const char *key, double *out);

#endif
