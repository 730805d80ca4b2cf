// SPDX-License-Identifier: Apache-2.0
// validate.c - the validation after an epoch: what its logits mean, where to cut, how well that does.
#include "train/job.h"

#include "base/log.h"

static bool score(rb_arena *a, rb_job *job, rb_part_scores *out, rb_error *err)
{
    rb_network_swap_average(&job->network);
    bool done = rb_job_score(a, job, RB_VAL_PART, out, err);
    rb_network_swap_average(&job->network);
    return done;
}

static bool has_each_class(rb_arena *scratch, const rb_job *job, const rb_part_scores *s, rb_error *err)
{
    int missing = rb_outputs_missing(scratch, s->readable);
    return missing < 0 || rb_fail(err, RB_ERR_DATA, "of the val pictures that can still be read none is of class %s",
                                  job->data.classes[missing]);
}

// On the logits as the network gives them.
static bool calibrate(rb_arena *a, const rb_job *job, const rb_part_scores *s, rb_calibration *out, rb_error *err)
{
    rb_calibration_method method = (rb_calibration_method)job->settings->training.calibration;
    const double *shift = s->columns == 1 ? &job->shift[1] : job->shift;
    if (!rb_calibration_fit(a, method, s->logits, shift, out, err)) return false;
    rb_calibration_restrain(out, s->logits);
    if (out->method != (int)method)
        rb_note("epoch %d: calibration %s would turn the scores around; they are calibrated by %s", job->at.epoch + 1,
                rb_calibration_names[method], rb_calibration_names[out->method]);
    return true;
}

bool rb_job_validate(rb_arena *a, rb_job *job, rb_validation *out, rb_error *err)
{
    rb_part_scores s;
    if (!score(a, job, &s, err) || !has_each_class(a, job, &s, err) || !calibrate(a, job, &s, &out->calibration, err))
        return false;
    rb_part_calibrate(a, &out->calibration, &s);
    out->figures = rb_figures_of(a, s.readable, rb_outputs_threshold(a, s.readable, &job->rule));
    out->loss = s.loss;
    rb_outputs_record(a, s.readable, &out->scores);
    return true;
}
