/* Values that conform, for maskers whose example cannot simply be counted up (check digits, documents): sample `i` of
 * masker `name`, at most 64 bytes, distinct for distinct i below ten million. One line each; the function lies in
 * tests/support/samples/. */
#ifndef BAU_TESTS_SAMPLES_H
#define BAU_TESTS_SAMPLES_H

#include <stdint.h>
#include <stddef.h>

#include "tests/support/samples/dates.h"

typedef size_t sample_fn(uint64_t i, uint8_t out[64]);

static const struct {
    const char *masker;
    sample_fn *make;
} samples[] = {
    { "date_truncate", sample_timestamp },
    { NULL, NULL },
};

#endif
