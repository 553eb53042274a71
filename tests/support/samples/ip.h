/* Addresses: two of three IPv4 without order, every third IPv6. */
#ifndef BAU_TESTS_SAMPLES_IP_H
#define BAU_TESTS_SAMPLES_IP_H

#include <inttypes.h>
#include <stdio.h>

static inline size_t sample_ip(uint64_t i, uint8_t out[64])
{
    const uint32_t v = (uint32_t)i * UINT32_C(2654435761);
    if (i % 3 == 2)
        return (size_t)snprintf((char *)out, 64, "2001:db8:%x:%x::%x", (unsigned)(v >> 16),
                                (unsigned)(v & 0xFFFF), (unsigned)(i % 7 + 1));
    return (size_t)snprintf((char *)out, 64, "%u.%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255);
}

#endif
