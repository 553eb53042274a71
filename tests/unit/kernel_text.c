/* src/kernel/text.h beside printf. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

#include "src/kernel/text.h"

TestSuite(kernel_text, .timeout = 120);

Test(kernel_text, hexadecimal_digits_are_those_of_printf)
{
    for (unsigned i = 0; i < 65536; i++) {
        uint8_t in[16], out[32], plain[32];
        char want[33];
        for (unsigned k = 0; k < 16; k++) {
            in[k] = (uint8_t)(k % 2 ? i >> 8 : i * (k + 1));
            snprintf(want + 2 * (size_t)k, 3, "%02x", in[k]);
        }
        bau_hex16(out, in);
        bau_hex16_generic(plain, in);
        cr_assert_arr_eq(out, want, 32);
        cr_assert_arr_eq(plain, want, 32);
    }
}

/* Every pair of four digits, and numbers of every length. */
Test(kernel_text, decimal_digits_are_those_of_the_number)
{
    for (uint32_t v = 0; v < 100000000; v += v < 1000000 ? 1 : 997) {
        const uint64_t digits = bau_digits8(v);
        uint32_t rest = v;
        for (unsigned k = 8; k-- > 0; rest /= 10)
            cr_assert_eq((digits >> (8 * k)) & 255, rest % 10);
        cr_assert_eq(bau_number8(digits), v);
        const uint32_t eight[8] = { v, 99999999 - v, v / 2, v / 3, v / 7, v / 1000, v % 10000, 0 };
        uint64_t many[8];
        bau_digits8_many(many, eight);
        for (unsigned k = 0; k < 8; k++)
            cr_assert_eq(many[k], bau_digits8(eight[k]));
    }
    for (uint32_t four = 0; four < 10000; four++) {
        cr_assert_eq(bau_number8(bau_digits8(four * 10000 + 9999)), four * 10000 + 9999);
        cr_assert_eq(bau_number8(bau_digits8(99990000 + four)), 99990000 + four);
    }
}

Test(kernel_text, numbers_are_spelled_as_printf_does)
{
    uint64_t x = 88172645463325252u;
    for (unsigned i = 0; i < 1000000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        const uint64_t edge[] = { 0,         9, 10, 99999999, 100000000, 9999999999999999, 10000000000000000,
                                  UINT64_MAX };
        const uint64_t v = i < 8 ? edge[i] : x >> (i % 64);
        uint8_t out[24];
        char want[24];
        const int n = snprintf(want, sizeof want, "%" PRIu64, v);
        cr_assert_eq(bau_spell64(out, v), (size_t)n);
        cr_assert_arr_eq(out, want, (size_t)n);
    }
}
