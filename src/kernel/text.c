/* The plain forms of text.h. */
#include "src/kernel/text.h"

void bau_hex16_generic(uint8_t out[32], const uint8_t in[16])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 16; i++) {
        out[2 * i] = (uint8_t)digits[in[i] >> 4];
        out[2 * i + 1] = (uint8_t)digits[in[i] & 15];
    }
}
