// SPDX-License-Identifier: Apache-2.0
// original.c - the original's layout: train_img/ and label_train.txt, where line N labels the N-th name in bytewise
// order.
#include "base/log.h"
#include "data/columns.h"
#include "data/layout.h"

#include <string.h>

// ---- order of names ---------------------------------------------------------------------------------------------

typedef struct digits {
    const char *at;
    size_t count;
} digits;

// The run of digits at *text without its leading zeros; moves *text behind it.
static digits take_digits(const char **text)
{
    const char *end = *text + strspn(*text, "0123456789"), *at = *text;
    while (at < end - 1 && *at == '0') at++;
    *text = end;
    return (digits){at, (size_t)(end - at)};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// True if x comes after y when runs of digits are compared as numbers.
static bool numerically_after(const char *x, const char *y)
{
    while (*x && *y) {
        if (is_digit(*x) && is_digit(*y)) {
            digits m = take_digits(&x), n = take_digits(&y);
            if (m.count != n.count) return m.count > n.count;
            int order = strncmp(m.at, n.at, m.count);
            if (order) return order > 0;
        } else {
            if (*x != *y) return (unsigned char)*x > (unsigned char)*y;
            x++, y++;
        }
    }
    return *x != '\0' && *y == '\0';
}

static void warn_of_order(const char *labels, rb_names pictures)
{
    for (int i = 1; i < pictures.count; i++) {
        const char *one = pictures.name[i - 1], *two = pictures.name[i];
        if (!numerically_after(one, two)) continue;
        rb_warn("%s: pictures are taken in bytewise order, where %s comes before %s; check that the labels are too",
                labels, one, two);
        return;
    }
}

// ---- labels ------------------------------------------------------------------------------------------------------

static bool counts_agree(const char *labels, int count, rb_names pictures, rb_error *err)
{
    if (count < pictures.count)
        return rb_fail(err, RB_ERR_DATA, "%s: %d labels for %d pictures; the first without a label is %s", labels,
                       count, pictures.count, pictures.name[count]);
    if (count > pictures.count)
        return rb_fail(err, RB_ERR_DATA, "%s: %d labels for %d pictures; the first without a picture is on line %d",
                       labels, count, pictures.count, pictures.count + 1);
    return true;
}

static bool name_classes(rb_arena *a, const char *path, rb_dataset *d, rb_error *err)
{
    bool *seen = RB_NEW(a, bool, d->class_count);
    d->classes = RB_NEW(a, const char *, d->class_count);
    for (int i = 0; i < d->count; i++) seen[d->samples[i].label] = true;
    if (d->class_count <= 2 && !(d->class_count == 2 && seen[0]))
        return rb_fail(err, RB_ERR_DATA, "%s: every label is %d; two classes are needed", path, d->class_count - 1);
    for (int k = 0; k < d->class_count; k++) {
        d->classes[k] = rb_text_format(a, "%d", k);
        if (!seen[k])
            return rb_fail(err, RB_ERR_DATA, "%s: labels go up to %d, and none is %d; number them 0, 1, 2 and so on",
                           path, d->class_count - 1, k);
    }
    return true;
}

static bool read_labels(rb_arena *a, const char *path, rb_names pictures, rb_dataset *d, rb_error *err)
{
    int *label, count;
    if (!rb_labels_read(a, path, &label, &count, err) || !counts_agree(path, count, pictures, err)) return false;
    for (int i = 0; i < count; i++) {
        d->samples[i].label = label[i];
        if (label[i] >= d->class_count) d->class_count = label[i] + 1;
    }
    return name_classes(a, path, d, err);
}

bool rb_layout_original(rb_arena *a, const rb_data_settings *s, rb_dataset *out, rb_error *err)
{
    const char *folder = rb_path_join(a, s->root_dir, "train_img");
    const char *labels = rb_path_join(a, s->root_dir, "label_train.txt");
    rb_names pictures;
    int others;
    if (!rb_classes_fixed(s, labels, err)) return false;
    if (!rb_pictures_list(a, folder, &pictures, &others, err)) return false;
    if (!pictures.count) return rb_fail(err, RB_ERR_DATA, "%s: no pictures (*.jpg, *.jpeg, *.png)", folder);
    if (others) rb_note("%s: %d names that are not *.jpg, *.jpeg or *.png are left out", folder, others);
    warn_of_order(labels, pictures);

    *out = (rb_dataset){.samples = RB_NEW(a, rb_sample, pictures.count), .count = pictures.count};
    for (int i = 0; i < pictures.count; i++)
        out->samples[i] = rb_sample_new(a, s->root_dir, rb_text_format(a, "train_img/%s", pictures.name[i]));
    return read_labels(a, labels, pictures, out, err);
}
