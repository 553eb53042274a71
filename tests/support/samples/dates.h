/* ISO 8601 timestamps: a day from 1970-01-01 on and a second of it, distinct below 40000 * 86400. */
#ifndef BAU_TESTS_SAMPLES_DATES_H
#define BAU_TESTS_SAMPLES_DATES_H

#include <stdint.h>
#include <time.h>

static inline size_t sample_timestamp(uint64_t i, uint8_t out[64])
{
    const time_t at = (time_t)(i % 40000 * 86400 + (i / 40000 + i * 7919) % 86400);
    struct tm civil;
    gmtime_r(&at, &civil);
    return strftime((char *)out, 64, "%Y-%m-%dT%H:%M:%S", &civil);
}

#endif
