/* US social security numbers, as many as are asked for: groups and serials count up, then areas. */
#ifndef BAU_TESTS_SAMPLES_NATIONAL_ID_H
#define BAU_TESTS_SAMPLES_NATIONAL_ID_H

#include <stdint.h>
#include <stdio.h>

static inline size_t sample_us_ssn(uint64_t i, uint8_t out[64])
{
    const unsigned serial = (unsigned)(i % 9999) + 1, group = (unsigned)(i / 9999 % 99) + 1,
                   area = (unsigned)(i / (9999 * 99) % 665) + 1;
    return (size_t)snprintf((char *)out, 64, "%03u-%02u-%04u", area, group, serial);
}

#endif
