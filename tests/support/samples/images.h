/* The smallest pictures and documents that conform. */
#ifndef BAU_TESTS_SAMPLES_IMAGES_H
#define BAU_TESTS_SAMPLES_IMAGES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A GIF without pictures, of a size of its own; behind its end a number. */
static size_t sample_gif(uint64_t i, uint8_t out[64])
{
    memcpy(out, "GIF89a", 6);
    out[6] = (uint8_t)(1 + i % 255);
    out[7] = (uint8_t)(i / 255);
    out[8] = (uint8_t)(1 + i / 65280);
    memset(out + 9, 0, 4);
    out[13] = ';';
    return 14 + (size_t)snprintf((char *)out + 14, 24, "%llu", (unsigned long long)i);
}

static size_t sample_pdf(uint64_t i, uint8_t out[64])
{
    return (size_t)snprintf((char *)out, 64, "%%PDF-1.7 %llu", (unsigned long long)i);
}

#endif
