// SPDX-License-Identifier: Apache-2.0
// survey.h - what is known of every picture of a data set after all of them were looked at once.
//
// A picture is read, decoded, measured and forgotten: of each about 2 KiB stay, whatever its size.
#ifndef RB_EXPLORE_SURVEY_H
#define RB_EXPLORE_SURVEY_H

#include "data/data.h"

#define RB_THUMB    32 // height and width of the small grey picture that is kept
#define RB_VIEWS    8  // a picture and its mirror image, each turned four ways
#define RB_FEATURES 179

// What the simple statistics are, in the order of rb_facts.statistic.
typedef enum rb_statistic {
    RB_BRIGHTNESS, // mean of grey, 0..1
    RB_CONTRAST,   // standard deviation of grey, 0..1
    RB_SHARPNESS,  // variance of the Laplacian of grey in 0..255, as OpenCV's Laplacian(ksize = 1) has it
    RB_CHROMA,     // mean of max - min over the channels, 0..1
    RB_FILE_BYTES, // of the file, for each pixel
    RB_ASPECT,     // width / height
    RB_STATISTICS
} rb_statistic;
extern const char *const rb_statistic_names[RB_STATISTICS];

typedef struct rb_digest {
    uint64_t low, high;
} rb_digest;

typedef struct rb_facts {
    const char *reason; // why it could not be read; NULL: it could, and all that follows is known
    rb_image_kind kind; // as stored
    int64_t bytes;
    int h, w;                  // upright
    rb_digest file, pixels;    // XXH3-128 of the file; of size and RGB of the upright picture
    double mean[3], square[3]; // of the pixels in 0..1 and of their squares, by channel
    double statistic[RB_STATISTICS];
    uint64_t hash[RB_VIEWS]; // perceptual: phash.h
} rb_facts;

typedef struct rb_survey {
    const rb_dataset *data; // outlives the survey
    rb_facts *facts;        // [count]
    uint8_t *thumb;         // [count RB_THUMB RB_THUMB] grey
    float *feature;         // [count RB_FEATURES] features.h
    int readable;
} rb_survey;

// Looks at every picture with all compute threads. A picture that cannot be read is a finding, no error.
//
// Shapes:  a file's limits are those of image.h; grey counts as RGB with three equal channels
// Owner:   everything lives in `a`
// Errors:  STOPPED
// Threads: results do not depend on their number. `progress` is called between pictures, by the caller's thread
bool rb_survey_run(rb_arena *a, const rb_dataset *data, void (*progress)(void *context, int done), void *context,
                   rb_survey *out, rb_error *err) RB_CHECKED;

#endif
