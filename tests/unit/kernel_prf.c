/* The PRF and the AES batches: RFC 4493's vectors, every table this CPU has against `generic`, every length
 * and alignment (invariant M2). */
#include "src/kernel/kernels.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t rfc_key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                     0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
static const uint8_t rfc_message[64] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e,
                                         0x11, 0x73, 0x93, 0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03,
                                         0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51, 0x30,
                                         0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11, 0xe5, 0xfb, 0xc1, 0x19,
                                         0x1a, 0x0a, 0x52, 0xef, 0xf6, 0x9f, 0x24, 0x45, 0xdf, 0x4f, 0x9b,
                                         0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10 };
static const struct {
    uint32_t len;
    uint8_t mac[16];
} rfc_cases[] = {
    { 0, { 0xbb, 0x1d, 0x69, 0x29, 0xe9, 0x59, 0x37, 0x28, 0x7f, 0xa3, 0x7d, 0x12, 0x9b, 0x75, 0x67, 0x46 } },
    { 16,
      { 0x07, 0x0a, 0x16, 0xb4, 0x6b, 0x4d, 0x41, 0x44, 0xf7, 0x9b, 0xdd, 0x9d, 0xd0, 0x4a, 0x28, 0x7c } },
    { 40,
      { 0xdf, 0xa6, 0x67, 0x47, 0xde, 0x9a, 0xe6, 0x30, 0x30, 0xca, 0x32, 0x61, 0x14, 0x97, 0xc8, 0x27 } },
    { 64,
      { 0x51, 0xf0, 0xbe, 0xbf, 0x7e, 0x3b, 0x9d, 0x92, 0xfc, 0x49, 0x74, 0x17, 0x79, 0x36, 0x3c, 0xfe } },
};

static const struct bau_kernels *tables[8];
static size_t n_tables;
static struct bau_prf prf;
static uint8_t text[1 << 16];

static void setup(void)
{
    n_tables = bau_kernels_list(tables, BAU_COUNT(tables));
    cr_assert(bau_prf_init(&prf, rfc_key));
    uint32_t x = 12345;
    for (size_t i = 0; i < sizeof text; i++) {
        x = x * 1664525u + 1013904223u;
        text[i] = (uint8_t)(x >> 24);
    }
}

static void teardown(void)
{
    bau_prf_release(&prf);
}

TestSuite(kernel_prf, .init = setup, .fini = teardown);

Test(kernel_prf, rfc_4493)
{
    for (size_t t = 0; t < n_tables; t++) {
        for (size_t i = 0; i < BAU_COUNT(rfc_cases); i++) {
            const uint32_t offsets[2] = { 0, rfc_cases[i].len };
            uint8_t got[16];
            tables[t]->prf(&prf, rfc_message, offsets, 1, got);
            cr_expect_arr_eq(got, rfc_cases[i].mac, 16, "%s, length %u", tables[t]->name, rfc_cases[i].len);
        }
        uint8_t got[64]; /* all four in one batch, overlapping views */
        const uint32_t offsets[2] = { 24, 64 };
        tables[t]->prf(&prf, rfc_message, offsets, 1, got); /* offsets need not start at 0 */
        const uint32_t whole[2] = { 0, 40 };
        uint8_t again[16];
        tables[t]->prf(&prf, rfc_message + 24, whole, 1, again);
        cr_expect_arr_eq(got, again, 16);
    }
}

Test(kernel_prf, every_length_and_alignment_equals_generic)
{
    static uint32_t offsets[132];
    static uint8_t want[131 * 16], got[131 * 16];
    for (uint32_t align = 0; align < 64; align++) {
        offsets[0] = align;
        for (uint32_t len = 0; len <= 130; len++)
            offsets[len + 1] = offsets[len] + len;
        tables[0]->prf(&prf, text, offsets, 131, want);
        for (size_t t = 1; t < n_tables; t++) {
            for (uint32_t from = 0; from < 131; from += 13) { /* any cut of the batch */
                memset(got, 0, sizeof got);
                tables[t]->prf(&prf, text, offsets + from, 131 - from, got);
                cr_assert_arr_eq(got, want + 16 * (size_t)from, 16 * (131 - (size_t)from), "%s, alignment %u",
                                 tables[t]->name, align);
            }
        }
    }
}

Test(kernel_prf, one_at_a_time_equals_the_batch)
{
    static uint32_t offsets[301];
    static uint8_t batch[300 * 16];
    for (uint32_t i = 0; i < 300; i++)
        offsets[i + 1] = offsets[i] + (uint32_t)text[i] % 70u + (i == 77 ? 20000 : 0);
    for (size_t t = 0; t < n_tables; t++) {
        tables[t]->prf(&prf, text, offsets, 300, batch);
        for (uint32_t i = 0; i < 300; i++) {
            uint8_t one[16];
            tables[t]->prf(&prf, text, offsets + i, 1, one);
            cr_assert_arr_eq(one, batch + 16 * (size_t)i, 16, "%s, value %u", tables[t]->name, i);
        }
    }
}

Test(kernel_prf, no_data_at_all)
{
    static const uint32_t offsets[10];
    uint8_t out[9 * 16];
    for (size_t t = 0; t < n_tables; t++) {
        tables[t]->prf(&prf, NULL, offsets, 0, NULL);
        tables[t]->prf(&prf, NULL, offsets, 9, out);
        cr_expect_arr_eq(out + 8 * 16, rfc_cases[0].mac, 16);
    }
}

Test(kernel_prf, never_reads_past_the_last_string)
{
    /* A heap block of the exact size: the address sanitizer run sees a read past it. */
    for (uint32_t len = 0; len < 40; len++) {
        uint8_t *exact = malloc(len * 9 + 1);
        memset(exact, 7, len * 9 + 1);
        uint32_t offsets[10];
        for (uint32_t i = 0; i < 10; i++)
            offsets[i] = 1 + len * i;
        uint8_t out[9 * 16];
        for (size_t t = 0; t < n_tables; t++)
            tables[t]->prf(&prf, exact, offsets, 9, out);
        cr_expect_arr_eq(out, out + 8 * 16, 16);
        free(exact);
    }
}

Test(kernel_prf, aes_blocks_equal_generic)
{
    static uint8_t want[200 * 16], got[200 * 16];
    /* FIPS 197 appendix B */
    static const uint8_t plain[16] = { 0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d,
                                       0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34 };
    static const uint8_t cipher[16] = { 0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb,
                                        0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32 };
    tables[0]->aes(&prf.aes, text, want, 200);
    for (size_t t = 0; t < n_tables; t++) {
        tables[t]->aes(&prf.aes, plain, got, 1);
        cr_expect_arr_eq(got, cipher, 16, "%s", tables[t]->name);
        tables[t]->aes(&prf.aes, text, got, 200);
        cr_expect_arr_eq(got, want, sizeof want, "%s", tables[t]->name);
        tables[t]->aes(&prf.aes, text + 16, got, 7);
        cr_expect_arr_eq(got, want + 16, 7 * 16, "%s", tables[t]->name);
    }
}

/* One key, more threads than `generic` has contexts. The thread sanitizer run watches. */
static void *hash_many(void *with)
{
    uint8_t(*last)[16] = with;
    uint32_t offsets[101];
    uint8_t out[100 * 16];
    for (uint32_t i = 0; i <= 100; i++)
        offsets[i] = 16 * i;
    for (int round = 0; round < 50; round++)
        tables[0]->prf(&prf, text, offsets, 100, out);
    memcpy(*last, out + 99 * 16, 16);
    return NULL;
}

Test(kernel_prf, one_key_many_threads)
{
    pthread_t threads[20];
    static uint8_t got[20][16];
    for (size_t i = 0; i < BAU_COUNT(threads); i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, hash_many, got + i), 0);
    for (size_t i = 0; i < BAU_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 1; i < BAU_COUNT(threads); i++)
        cr_expect_arr_eq(got[i], got[0], 16);
}

Test(kernel_prf, release_takes_null_and_zero)
{
    struct bau_prf zero = { 0 };
    bau_prf_release(NULL);
    bau_prf_release(&zero);
    cr_assert_not_null(bau_kernels_get());
}
