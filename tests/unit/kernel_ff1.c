/* FF1: the nine samples of NIST, further vectors, its bounds, a bijection proved exhaustively at the smallest
 * domain, and every kernel table against the form on numerals. */
#include "src/kernel/ff1.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bau_kernels *tables[8];
static size_t n_tables;

static void setup(void)
{
    n_tables = bau_kernels_list(tables, BAU_COUNT(tables));
}

TestSuite(kernel_ff1, .init = setup);

#define KEY_NIST                                                                                             \
    "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c\xef\x43\x59\xd8\xd5\x80\xaa\x4f\x7f"   \
    "\x03\x6d\x6f\x04\xfc\x6a\x94"
#define KEY_COUNT                                                                                            \
    "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18"   \
    "\x19\x1a\x1b\x1c\x1d\x1e\x1f"
#define SYMBOLS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* 1..9: FF1samples on csrc.nist.gov. The others: two independent programs written from the standard. */
static const struct {
    const char *key;
    size_t key_len;
    uint32_t radix;
    const char *tweak, *in, *want;
} vectors[] = {
    { KEY_NIST, 16, 10, "", "0123456789", "2433477484" },
    { KEY_NIST, 16, 10, "9876543210", "0123456789", "6124200773" },
    { KEY_NIST, 16, 36, "7777pqrs777", "0123456789abcdefghi", "a9tv40mll9kdu509eum" },
    { KEY_NIST, 24, 10, "", "0123456789", "2830668132" },
    { KEY_NIST, 24, 10, "9876543210", "0123456789", "2496655549" },
    { KEY_NIST, 24, 36, "7777pqrs777", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr" },
    { KEY_NIST, 32, 10, "", "0123456789", "6657667009" },
    { KEY_NIST, 32, 10, "9876543210", "0123456789", "1001623463" },
    { KEY_NIST, 32, 36, "7777pqrs777", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd" },
    { KEY_COUNT, 32, 10, "", "000000", "920033" },
    { KEY_COUNT, 32, 10, "", "999999", "032463" },
    { KEY_COUNT, 32, 10, "customers.ssn", "123456789", "356517499" },
    { KEY_COUNT, 32, 2, "", "00000000000000000000", "10010101100010101011" },
    { KEY_COUNT, 32, 16, "k", "00112233445566778899aabbccddeeff", "2dfb38a5b38d34e4c8a362c978b2b02b" },
    { KEY_COUNT, 32, 62, "x", "aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3", "m8m59U0VEeRfUW4mSPSlyLxI1NY1Ij" },
    { KEY_COUNT, 32, 10, "", "123456789012345678901234567890123456789012345678901234567890",
      "564459569334184477243238054441666047945249397651077013070548" },
    { KEY_COUNT, 32, 10, "card", "4111111111111111", "0469234726788991" },
    { KEY_COUNT, 32, 10, "0123456789abcdef", "012345678901234567890123456789012345678",
      "669306891669412968002458406904172465979" },
    { KEY_COUNT, 32, 10, "0123456789a", "0123456789012345678901234567890123456789",
      "4756385355717759686677795757962585284591" },
    { KEY_COUNT, 32, 36, "a tweak that is longer than one block of sixteen bytes",
      "0123456789abcdefghijklmno", "d1firfzmqy4e9u2r84lr8bckl" },
};

static uint16_t symbol(char c)
{
    return (uint16_t)(strchr(SYMBOLS, c) - SYMBOLS);
}

static uint64_t number_of(const uint16_t *numerals, uint32_t n, uint32_t radix)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < n; i++)
        v = v * radix + numerals[i];
    return v;
}

static void open_ff1(struct bau_ff1 *f, struct bau_cipher *c, uint32_t radix, uint32_t n, const char *tweak)
{
    cr_assert(bau_cipher_init(c, (const uint8_t *)KEY_COUNT, 32));
    cr_assert(bau_ff1_init(f, c, radix, n, (const uint8_t *)tweak, strlen(tweak)));
}

Test(kernel_ff1, vectors_both_ways)
{
    for (size_t i = 0; i < BAU_COUNT(vectors); i++) {
        struct bau_cipher c;
        struct bau_ff1 f;
        uint16_t in[64], want[64], x[64];
        const uint32_t n = (uint32_t)strlen(vectors[i].in), radix = vectors[i].radix;
        cr_assert_eq(strlen(vectors[i].want), n, "vector %zu", i);
        cr_assert(bau_cipher_init(&c, (const uint8_t *)vectors[i].key, vectors[i].key_len));
        cr_assert(
            bau_ff1_init(&f, &c, radix, n, (const uint8_t *)vectors[i].tweak, strlen(vectors[i].tweak)));
        for (uint32_t k = 0; k < n; k++) {
            in[k] = symbol(vectors[i].in[k]);
            want[k] = symbol(vectors[i].want[k]);
        }
        memcpy(x, in, sizeof x);
        bau_ff1_numerals(&f, x, false);
        cr_expect_arr_eq(x, want, n * sizeof *x, "vector %zu", i);
        bau_ff1_numerals(&f, x, true);
        cr_expect_arr_eq(x, in, n * sizeof *x, "vector %zu back", i);
        for (size_t t = 0; bau_ff1_has_words(&f) && t < n_tables; t++) {
            uint64_t left = number_of(in, f.u, radix), right = number_of(in + f.u, f.v, radix);
            const uint64_t was_left = left, was_right = right;
            tables[t]->ff1(&f, &left, &right, 1, false);
            cr_expect_eq(left, number_of(want, f.u, radix), "vector %zu, %s", i, tables[t]->name);
            cr_expect_eq(right, number_of(want + f.u, f.v, radix), "vector %zu, %s", i, tables[t]->name);
            tables[t]->ff1(&f, &left, &right, 1, true);
            cr_expect(left == was_left && right == was_right, "vector %zu, %s back", i, tables[t]->name);
        }
        bau_cipher_release(&c);
    }
}

/* As the vectors, where numerals are no letters: an independent program written from the standard. */
Test(kernel_ff1, large_radix_and_long_values)
{
    struct bau_cipher c;
    struct bau_ff1 f;
    uint16_t two[2] = { 0, 1 }, five[5] = { 65535, 65535, 65535, 65535, 65535 };
    static const uint16_t want_two[2] = { 6335, 37092 }, want_five[5] = { 30845, 7387, 59921, 53926, 57857 };
    static const uint16_t head[6] = { 64, 228, 164, 176, 42, 88 }, tail[6] = { 217, 70, 150, 238, 124, 156 };
    static uint16_t longest[BAU_FF1_NUMERALS];
    open_ff1(&f, &c, 65536, 2, "");
    bau_ff1_numerals(&f, two, false);
    cr_expect_arr_eq(two, want_two, sizeof two);
    bau_cipher_release(&c);
    open_ff1(&f, &c, 65536, 5, "abc");
    bau_ff1_numerals(&f, five, false);
    cr_expect_arr_eq(five, want_five, sizeof five);
    bau_cipher_release(&c);
    open_ff1(&f, &c, 255, BAU_FF1_NUMERALS, "");
    for (uint32_t i = 0; i < BAU_FF1_NUMERALS; i++)
        longest[i] = (uint16_t)(i * 7 % 255);
    bau_ff1_numerals(&f, longest, false);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < BAU_FF1_NUMERALS; i++)
        sum += (uint64_t)longest[i] * (i + 1);
    cr_expect_eq(sum, 1074847588);
    cr_expect_arr_eq(longest, head, sizeof head);
    cr_expect_arr_eq(longest + BAU_FF1_NUMERALS - 6, tail, sizeof tail);
    bau_ff1_numerals(&f, longest, true);
    for (uint32_t i = 0; i < BAU_FF1_NUMERALS; i++)
        cr_assert_eq(longest[i], i * 7 % 255);
    bau_cipher_release(&c);
}

Test(kernel_ff1, bounds)
{
    static const struct {
        uint32_t radix, n;
        bool good;
    } cases[] = {
        { 10, 5, false },   { 10, 6, true },     { 2, 19, false },   { 2, 20, true },   { 36, 3, false },
        { 36, 4, true },    { 1000, 1, false },  { 1000, 2, true },  { 999, 2, false }, { 65536, 1, false },
        { 65536, 2, true }, { 65537, 4, false }, { 1, 4000, false }, { 0, 20, false },  { 10, 0, false },
        { 10, 4096, true }, { 10, 4097, false }, { 62, 3, false },   { 62, 4, true },   { 1000000, 1, false },
    };
    struct bau_cipher c;
    struct bau_ff1 f;
    cr_assert(bau_cipher_init(&c, (const uint8_t *)KEY_COUNT, 32));
    for (size_t i = 0; i < BAU_COUNT(cases); i++)
        cr_expect_eq(bau_ff1_init(&f, &c, cases[i].radix, cases[i].n, NULL, 0), cases[i].good,
                     "radix %u, %u numerals", cases[i].radix, cases[i].n);
    bau_cipher_release(&c);
    cr_expect_not(bau_cipher_init(&c, (const uint8_t *)KEY_COUNT, 20));
    bau_cipher_release(&c);
    bau_cipher_release(NULL);
}

Test(kernel_ff1, bijection_exhaustive_at_a_million)
{
    enum { N = 1000000 };
    struct bau_cipher c;
    struct bau_ff1 f;
    open_ff1(&f, &c, 10, 6, "tweak");
    uint64_t *left = malloc(N * sizeof *left), *right = malloc(N * sizeof *right);
    uint8_t *seen = calloc(N, 1);
    for (uint32_t i = 0; i < N; i++) {
        left[i] = i / 1000;
        right[i] = i % 1000;
    }
    bau_ff1_words(&f, left, right, N, false);
    for (uint32_t i = 0; i < N; i++) {
        cr_assert(left[i] < 1000 && right[i] < 1000);
        cr_assert_eq(seen[left[i] * 1000 + right[i]]++, 0);
    }
    bau_ff1_words(&f, left, right, N, true);
    for (uint32_t i = 0; i < N; i++)
        cr_assert(left[i] == i / 1000 && right[i] == i % 1000);
    free(left);
    free(right);
    free(seen);
    bau_cipher_release(&c);
}

static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* Every table against the form on numerals, for shapes of every width of d, odd and even, three key lengths.
 * */
Test(kernel_ff1, tables_agree_with_the_form_on_numerals)
{
    static const uint32_t radices[] = { 2, 3, 10, 16, 26, 36, 62, 255, 65536 };
    enum { N = 19 };
    uint64_t x = 88172645463325252ull;
    for (size_t r = 0; r < BAU_COUNT(radices); r++)
        for (uint32_t n = 2; n <= 40; n++) {
            struct bau_cipher c;
            struct bau_ff1 f;
            uint16_t numerals[N][40];
            uint64_t left[N], right[N], l[N], h[N];
            cr_assert(bau_cipher_init(&c, (const uint8_t *)KEY_COUNT, 16 + 8 * (n % 3)));
            if (bau_ff1_init(&f, &c, radices[r], n, (const uint8_t *)KEY_NIST, n % 32) &&
                bau_ff1_has_words(&f)) {
                for (uint32_t i = 0; i < N; i++) {
                    for (uint32_t k = 0; k < n; k++)
                        numerals[i][k] = (uint16_t)(i == 0 ? radices[r] - 1 : next(&x) % radices[r]);
                    left[i] = number_of(numerals[i], f.u, radices[r]);
                    right[i] = number_of(numerals[i] + f.u, f.v, radices[r]);
                }
                for (size_t t = 0; t < n_tables; t++) {
                    memcpy(l, left, sizeof l);
                    memcpy(h, right, sizeof h);
                    tables[t]->ff1(&f, l, h, N, false);
                    for (uint32_t i = 0; i < N; i++) {
                        uint16_t want[40];
                        memcpy(want, numerals[i], sizeof want);
                        bau_ff1_numerals(&f, want, false);
                        cr_assert(l[i] == number_of(want, f.u, radices[r]) &&
                                      h[i] == number_of(want + f.u, f.v, radices[r]),
                                  "%s, radix %u, %u numerals", tables[t]->name, radices[r], n);
                    }
                    tables[t]->ff1(&f, l, h, N, true);
                    cr_assert_arr_eq(l, left, sizeof l, "%s, radix %u, %u numerals", tables[t]->name,
                                     radices[r], n);
                    cr_assert_arr_eq(h, right, sizeof h, "%s, radix %u, %u numerals", tables[t]->name,
                                     radices[r], n);
                }
            }
            bau_cipher_release(&c);
        }
}

Test(kernel_ff1, ciphers_agree)
{
    for (size_t len = 16; len <= 32; len += 8) {
        struct bau_cipher c;
        uint8_t in[33 * 16], want[33 * 16], got[33 * 16];
        for (size_t i = 0; i < sizeof in; i++)
            in[i] = (uint8_t)(i * 31);
        cr_assert(bau_cipher_init(&c, (const uint8_t *)KEY_NIST, len));
        tables[0]->cipher(&c, in, want, 33);
        for (size_t t = 1; t < n_tables; t++) {
            tables[t]->cipher(&c, in, got, 33);
            cr_expect_arr_eq(got, want, sizeof want, "AES-%zu", 8 * len);
        }
        bau_cipher_release(&c);
    }
}
