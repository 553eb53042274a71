/* What may be shown of a value without showing it. */
#ifndef BAU_REFRESH_SHAPE_H
#define BAU_REFRESH_SHAPE_H

#include "bauta/batch.h"

/* Classes of the characters with their runs: L letters (with the script where it is not Latin: L:Cyrl), N numerals,
 * P punctuation and symbols, S white space: "L4 P1 N4". A value of more than twelve runs is prose, where each has a shape of
 * its own: "text, 32 to 63 characters". Bytes that are not UTF-8 are B. */
void bau_shape_add(struct bau_text *out, struct bau_slice value);

/* The masked value as it may be shown beside an original that may not: every word and number of it that shares four
 * characters in a row with the original (a shorter one: all of them), in whatever case, is replaced by its classes, a letter or
 * numeral each ("Mr LLLLL, NN"); control characters are '?', what lies behind 60 characters is "…". `whole`: only a value that equals the original as a whole is replaced (numbers,
 * dates). False when memory ran out. */
bool bau_shape_hide(struct bau_text *out, struct bau_slice masked, struct bau_slice original, bool whole);

uint32_t bau_shape_chars(struct bau_slice value);

#endif
