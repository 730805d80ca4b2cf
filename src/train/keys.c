// SPDX-License-Identifier: Apache-2.0
#include "train/keys.h"

#include "base/log.h"
#include "calibrate/calibrate.h"
#include "train/settings.h"
#include "train/top.h"

#include <math.h>

static const char *const on_nans[] = {"stop", "skip", NULL};
const char *const rb_precision_names[] = {"fp32", "bf16", "int8", NULL};

#define AT(member) offsetof(rb_compute_settings, member)
const rb_field rb_compute_fields[] = {
    {"batch_size", RB_INT, AT(batch_size), .preset = 32, .min = 1, .max = 65536, .unit = "pictures",
     .help = "pictures computed at once"},
    {"device_index", RB_INT, AT(device_index), .preset = 0, .min = -1, .max = 1023, .local = true,
     .help = "GPU to use; -1 is the CPU, as is any number where there is no GPU"},
    {"backend", RB_TEXT, AT(backend), .preset_text = "auto", .help = "what computes: auto, onednn, ref"},
    {"precision", RB_CHOICE, AT(precision), .preset = RB_FP32, .choices = rb_precision_names,
     .help = "number format; int8 is for eval, infer and bench, and wants a checkpoint of `weights quantize`"},
    {"threads", RB_INT, AT(threads), .preset = 0, .min = 0, .max = 1024, .unit = "threads", .local = true,
     .help = "threads that compute; 0: one for each core"},
    {0},
};
#undef AT

#define AT(member) offsetof(rb_training_settings, member)
static const char *const recomputes[] = {"none", "cheap", "more", NULL};
const rb_field rb_memory_fields[] = {
    {"recompute", RB_CHOICE, AT(recompute), .preset = RB_RECOMPUTE_CHEAP, .choices = recomputes,
     .help = "what is computed once more on the way back instead of being kept, to the same bits: cheap is what costs "
             "hardly any time; more takes 40 % off the memory of EfficientNet, for 6 % of its time"},
    {0},
};

const rb_field rb_training_fields[] = {
    {"checkpoint_dir", RB_TEXT, AT(checkpoint_dir), .preset_text = "checkpoints", .local = true,
     .help = "folder in which each run makes a folder of its own"},
    {"num_epochs", RB_INT, AT(num_epochs), .preset = 100, .min = 1, .max = 1000000, .help = "passes over the data"},
    {"lr", RB_REAL, AT(lr), .preset = 4e-4, .min = 0, .max = 1e3, .help = "base learning rate"},
    {"weight_decay", RB_REAL, AT(weight_decay), .preset = 1e-3, .min = 0, .max = 1,
     .help = "decay of every weight, times the rate"},
    {"weight_decay_all", RB_BOOL, AT(weight_decay_all), .preset = true,
     .help = "decay biases and norms too; false: only the weights of convolutions and dense layers"},
    {"optimizer", RB_TEXT, AT(optimizer), .preset_text = "adamw", .help = "rule of an update"},
    {"shards", RB_INT, AT(shards), .preset = 1, .min = 1, .max = 65536, .unit = "parts",
     .help =
         "parts of each batch that are computed one after another, with norms of their own and one update: a larger "
         "batch in the memory of a part"},
    {"clip_grad_norm", RB_REAL, AT(clip_grad_norm), .preset = 0, .min = 0, .max = 1e6,
     .help = "scale gradients down where the norm of all together is above this; 0: never"},
    {"ema_decay", RB_REAL, AT(ema_decay), .preset = 0, .min = 0, .max = 0.9999999,
     .help = "judge and keep a moving average of the weights, which keeps this share of itself at each update; 0: the "
             "weights themselves"},
    {"ema_warmup", RB_BOOL, AT(ema_warmup), .preset = false,
     .help = "let the average keep less at first: 1 - step^(-2/3)"},
    {"scheduler", RB_TEXT, AT(scheduler), .preset_text = "cosine", .help = "course of the learning rate"},
    {"on_nan", RB_CHOICE, AT(on_nan), .preset = RB_NAN_STOP, .choices = on_nans,
     .help =
         "what a loss or gradient that is not finite does: end the run before a weight moves, or leave the step out"},
    {"pretrained", RB_TEXT, AT(pretrained), .preset_text = "false", .optional = true, .or_truth = true, .local = true,
     .help = "begin from weights trained on ImageNet: true, or which: timm/resnet18.tv_in1k, torchvision/resnet18, "
             "a file, a URL"},
    {"unfreeze_epoch", RB_INT, AT(unfreeze_epoch), .preset = 0, .min = 0, .max = 1000000,
     .help = "with freeze: the epoch, counted from 1, from which the backbone trains too; 0: never"},
    {"unfreeze_every", RB_INT, AT(unfreeze_every), .preset = 0, .min = 0, .max = 1000000, .unit = "epochs",
     .help =
         "with unfreeze_epoch: so long from one block of the backbone to the next, from the head down; 0: all at once"},
    {"layer_decay", RB_REAL, AT(layer_decay), .preset = 1, .min = 1e-3, .max = 1,
     .help = "share of the rate that each block has of the next one's, down from the head; 1: all have the same"},
    {"monitor", RB_TEXT, AT(monitor), .preset_text = "val/hter",
     .help =
         "figure of log.jsonl that says which epoch is best and when to stop: val/hter, val/loss, val/roc_auc, "
         "val/average_precision; of two classes also val/far, val/frr, val/eer, of more val/accuracy, val/macro_f1"},
    {"monitor_mode", RB_CHOICE, AT(monitor_mode), .preset = RB_MONITOR_AUTO, .choices = rb_monitor_modes,
     .help = "whether less of it is better, or more; auto: as the figure is meant"},
    {"save_top_k", RB_INT, AT(save_top_k), .preset = 1, .min = 1, .max = RB_TOP_LIMIT, .unit = "epochs",
     .help = "above 1: keep checkpoints of the best epochs beside best.safetensors, named by epoch and figure"},
    {"early_stop_patience", RB_INT, AT(early_stop_patience), .preset = 10, .min = 0, .max = 1000000, .unit = "epochs",
     .help = "stop when what is monitored has not improved for so long; 0: never"},
    {"early_stop_min_delta", RB_REAL, AT(early_stop_min_delta), .preset = 1e-3, .min = 0, .max = 1,
     .help = "by how much it must improve for that to count"},
    {"checkpoint_every", RB_INT, AT(checkpoint_every), .preset = 0, .min = 0, .max = INT32_MAX, .unit = "steps",
     .local = true, .help = "save what a resume needs so often, beside the end of each epoch; 0: by time alone"},
    {"checkpoint_every_s", RB_REAL, AT(checkpoint_every_s), .preset = 600, .min = 0, .max = 1e9, .unit = "s",
     .local = true, .help = "save it also when the last save is so long ago; 0: never"},
    {"max_time", RB_REAL, AT(max_time), .preset = 0, .min = 0, .max = 1e9, .unit = "s", .local = true,
     .help = "stop after so long, saved and ready to be resumed, with exit code 75; 0: never"},
    {"heatmap", RB_BOOL, AT(heatmap), .preset = true, .local = true,
     .help = "show in report.html where in a picture the network found what it decided by"},
    {0},
};
#undef AT

const rb_field rb_seed_fields[] = {
    {"seed", RB_INT, offsetof(rb_training_settings, seed), .preset = 0, .min = 0, .max = INT32_MAX,
     .help = "fixes initial weights, draws, augmentation and dropout"},
    {0},
};

#define AT(member) offsetof(rb_training_settings, member)
const rb_field rb_loss_fields[] = {
    {"loss", RB_TEXT, AT(loss), .preset_text = "auto",
     .help = "what training makes small; auto: bce for one logit, cross_entropy for more"},
    {"label_smoothing", RB_REAL, AT(label_smoothing), .preset = 0, .min = 0, .max = 0.999,
     .help = "share of each training target that is spread over all classes"},
    {0},
};
#undef AT

const rb_field rb_calibration_fields[] = {
    {"calibration", RB_CHOICE, offsetof(rb_training_settings, calibration), .preset = RB_CALIBRATE_TEMPERATURE,
     .choices = rb_calibration_names,
     .help =
         "what makes probabilities of logits, fitted to validation: prior takes back what sampler and loss weights "
         "moved them by, temperature, platt (a line) and isotonic fit a map to the rest, the last two for two classes; "
         "none: they are taken as they are"},
    {0},
};

const rb_field rb_start_fields[] = {
    {"checkpoint_path", RB_TEXT, 0, .optional = true, .local = true,
     .help =
         "checkpoint to begin from (train) or to use (eval, infer, eda); for train also the folder of a run that goes on; "
         "for infer also several, with commas between: the mean of their probabilities"},
    {0},
};

const rb_field rb_decision_fields[] = {
    {"val_threshold", RB_REAL, offsetof(rb_decision_settings, val_threshold), .preset = NAN, .min = 0, .max = 1,
     .optional = true, .local = true, .help = "probability from which on a picture is label 1; null: the checkpoint's"},
    {0},
};

#define AT(member) offsetof(rb_output_settings, member)
const rb_field rb_input_fields[] = {
    {"input_dir", RB_TEXT, AT(input_dir), .optional = true, .local = true, .help = "folder of pictures to work on"},
    {0},
};

static const char *const output_formats[] = {"auto", "text", "csv", "jsonl", NULL};
static const char *const ttas[] = {"none", "hflip", "flips", NULL};

const rb_field rb_output_fields[] = {
    {"output_file", RB_TEXT, AT(output_file), .optional = true, .local = true,
     .help = "where labels are written, a line each in file order; null: standard output"},
    {"output_format", RB_CHOICE, AT(output_format), .preset = RB_OUTPUT_AUTO, .choices = output_formats, .local = true,
     .help = "text: a label a line; csv, jsonl: path, probability, decision, class and error of each picture; auto: by "
             "the suffix of output_file, .csv or .jsonl, else text"},
    {"get_proba", RB_BOOL, AT(get_proba), .preset = false, .local = true,
     .help =
         "write probabilities too, of label 1 or of each of more than two classes, into the same name with the suffix .proba"},
    {"raw", RB_BOOL, AT(raw), .preset = false, .local = true,
     .help =
         "write probabilities as the logits give them, before calibration; labels are those of the calibrated ones all the same"},
    {"reject_band", RB_RANGE, AT(reject_band), .preset = 0, .preset_high = 0, .min = 0, .max = 1, .local = true,
     .help = "probabilities (calibrated, and with adapt_prior at the share found) from LOW to below HIGH are left to a "
             "person: label -2, or reject; the threshold lies between; 0,0: none"},
    {"tta", RB_CHOICE, AT(tta), .preset = RB_TTA_NONE, .choices = ttas, .local = true,
     .help = "mean probability of several views: hflip: the picture and its mirror; flips: also both upside down"},
    {"adapt_prior", RB_BOOL, AT(adapt_prior), .preset = false, .local = true,
     .help = "take probabilities from validation's share of label 1 to the share that these pictures are estimated to "
             "have; everything is written at the end"},
    {0},
};
#undef AT

static const char *const eval_parts[] = {"train", "val", "test", "all", NULL};

#define AT(member) offsetof(rb_eval_settings, member)
const rb_field rb_eval_fields[] = {
    {"labels", RB_TEXT, AT(labels), .optional = true, .local = true,
     .help = "file of labels, a line each; with proba: judge these scores, no checkpoint is needed"},
    {"proba", RB_TEXT, AT(proba), .optional = true, .local = true,
     .help = "file of probabilities, a line each: that of label 1, or one of each of three or more classes"},
    {"groups", RB_TEXT, AT(groups), .optional = true, .local = true,
     .help =
         "with labels and proba: file of words, a line each; pictures of one word (a person, a video) belong together "
         "and intervals take them so. Of a checkpoint's pictures the manifest's column group says it"},
    {"species", RB_TEXT, AT(species), .optional = true, .local = true,
     .help = "with labels and proba: file of words, a line each: the species of attack of each label 0, for APCER and "
             "ACER. Of a checkpoint's pictures the manifest's column species says it"},
    {"bootstrap", RB_INT, AT(bootstrap), .preset = -1, .min = -1, .max = 100000, .unit = "resamples", .local = true,
     .help = "for intervals of what has no formula; 0: none; -1: 2000, fewer of many classes over many pictures"},
    {"against", RB_TEXT, AT(against), .optional = true, .local = true,
     .help = "compare with another judge of the same pictures: a file like proba, or a checkpoint or run folder"},
    {"against_threshold", RB_REAL, AT(against_threshold), .preset = NAN, .min = 0, .max = 1, .optional = true,
     .local = true, .help = "threshold of the other judge; null: val_threshold, or the other checkpoint's own"},
    {"pick_threshold", RB_BOOL, AT(pick_threshold), .preset = false, .local = true,
     .help =
         "choose the threshold by threshold_rule on the very labels that are judged, which flatters: for validation"},
    {"part", RB_CHOICE, AT(part), .preset = RB_NO_PART, .choices = eval_parts, .local = true,
     .help = "which pictures to judge: all, or one part of the split that the checkpoint was trained with"},
    {0},
};
#undef AT

const rb_field rb_json_fields[] = {
    {"json", RB_TEXT, 0, .optional = true, .local = true,
     .help = "write every figure to this file as JSON, too; -: to standard output, and no table"},
    {0},
};

#define AT(member) offsetof(rb_message_settings, member)
const rb_field rb_message_fields[] = {
    {"quiet", RB_BOOL, AT(quiet), .preset = false, .local = true,
     .help = "say nothing on standard error but warnings and errors"},
    {"log_format", RB_CHOICE, AT(log_format), .preset = RB_LOG_TEXT, .choices = rb_log_formats, .local = true,
     .help = "messages and progress as text, or as JSON, an object a line"},
    {0},
};
#undef AT
