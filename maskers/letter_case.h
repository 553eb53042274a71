/* Upper and lower case of names: Latin with its extensions, Cyrillic, Greek. Our own table and not the C library's, so that
 * outputs stay the same everywhere (M2). */
#ifndef BAU_MASKERS_LETTER_CASE_H
#define BAU_MASKERS_LETTER_CASE_H

#include "bauta/base.h"

enum bau_case {
    BAU_CASE_AS_IS, /* mixed, or nothing to tell by */
    BAU_CASE_UPPER,
    BAU_CASE_LOWER,
    BAU_CASES
};

/* How a text of any bytes is written; a single capital is an initial and tells nothing. */
enum bau_case bau_case_of_slow(const uint8_t *text, size_t len);

static inline enum bau_case bau_case_of(const uint8_t *text, size_t len)
{
    const bool title =
        len >= 2 && (uint8_t)(text[0] - 'A') < 26 && (uint8_t)(text[1] - 'a') < 26; /* most values */
    return title ? BAU_CASE_AS_IS : bau_case_of_slow(text, len);
}

/* Writes UTF-8 `name` in that case into `out`, which takes 2 * len bytes, and returns how many. A sharp s becomes SS, Greek
 * capitals lose the accent; `turkic` tells i and ı apart. */
size_t bau_case_put(uint8_t *out, const uint8_t *name, size_t len, enum bau_case how, bool turkic);

#endif
