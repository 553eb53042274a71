/* "Did you mean …": optimal string alignment distance, Damerau 1964 restricted to adjacent swaps. */
#include <string.h>

#include "bauta/option.h"

#define LONGEST 64u

static size_t distance(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return LONGEST;
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        size_t *const spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

const char *bau_nearest(const char *word, const char *const *candidates, size_t n)
{
    const size_t len = strlen(word);
    const size_t most = len <= 3 ? 1 : len <= 6 ? 2 : 3; /* more changes than this is another word */
    const char *best = NULL;
    size_t best_distance = most + 1;
    for (size_t i = 0; i < n; i++) {
        const size_t d = candidates[i] ? distance(word, candidates[i]) : best_distance;
        if (d < best_distance) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}
