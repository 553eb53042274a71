#ifndef BAU_TESTS_SAMPLES_MAC_H
#define BAU_TESTS_SAMPLES_MAC_H

#include <stdio.h>

/* Universal addresses of many vendors; every fifth is an EUI-64. */
static inline size_t sample_mac(uint64_t i, uint8_t out[64])
{
    const unsigned v = (unsigned)i;
    const char *more = i % 5 == 4 ? ":ff:fe" : "";
    return (size_t)snprintf((char *)out, 64, "3c:%02x:fb%s:%02x:%02x:%02x", v % 251, more, v >> 16 & 255,
                            v >> 8 & 255, v & 255);
}

#endif
