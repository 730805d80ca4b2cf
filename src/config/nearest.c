// SPDX-License-Identifier: Apache-2.0
// nearest.c - which known name somebody may have meant.
//
// Source: optimal string alignment, the restricted distance of Damerau, "A technique for computer detection and
// correction of spelling errors", 1964
#include "config/config.h"

#include <ctype.h>
#include <string.h>

#define LONGEST 64

bool rb_is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word)) words++;
    return *words;
}

static int smaller(int x, int y)
{
    return x < y ? x : y;
}

static bool same(char x, char y)
{
    return tolower((unsigned char)x) == tolower((unsigned char)y);
}

// Letters to put in, leave out, replace or swap with a neighbour; upper and lower case are equal.
static int distance(const char *x, int nx, const char *y, int ny)
{
    int rows[3][LONGEST + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (int j = 0; j <= ny; j++) row[j] = j;
    for (int i = 1; i <= nx; i++) {
        int *oldest = before;
        before = above, above = row, row = oldest;
        row[0] = i;
        for (int j = 1; j <= ny; j++) {
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + !same(x[i - 1], y[j - 1]));
            if (i > 1 && j > 1 && same(x[i - 1], y[j - 2]) && same(x[i - 2], y[j - 1]))
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return row[ny];
}

// "epochs" in "num_epochs"
static bool has_part(const char *name, const char *part)
{
    size_t n = strlen(part);
    for (const char *at = name; (at = strstr(at, part)); at++)
        if ((at == name || at[-1] == '_') && (at[n] == '_' || !at[n])) return true;
    return false;
}

// "lr" of "learning_rate"
static bool has_initials(const char *name, const char *initials)
{
    if (!strchr(name, '_')) return false;
    for (; name; name = strchr(name, '_')) {
        name += *name == '_';
        if (!*initials || *name != *initials++) return false; // a name may end in '_'
    }
    return !*initials;
}

// How well a name fits that is not near: the whole word is in it, or it is in the word, or not at all.
static int kinship(const char *word, const char *name)
{
    if (has_part(name, word)) return 2;
    return has_part(word, name) || has_initials(word, name) || has_initials(name, word);
}

const char *rb_nearest(const char *word, const char *const *names)
{
    size_t length = strlen(word);
    if (length == 0 || length > LONGEST) return NULL;
    int n = (int)length, least = smaller(n > 5 ? n / 3 : 1, n - 1) + 1;
    const char *nearest = NULL, *akin = NULL;
    for (int closest = 0; *names; names++) {
        int k = kinship(word, *names);
        if (k > closest) akin = *names, closest = k;
        if (strlen(*names) > LONGEST) continue;
        int d = distance(word, n, *names, (int)strlen(*names));
        if (d < least) nearest = *names, least = d;
    }
    return nearest ? nearest : akin;
}
