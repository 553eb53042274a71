/* The permutation of [0, n): a bijection for every size, the inverse, the same on every table, and frozen
 * outputs. */
#include "src/kernel/kernels.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t key[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const struct bau_kernels *tables[8];
static size_t n_tables;

static void setup(void)
{
    n_tables = bau_kernels_list(tables, BAU_COUNT(tables));
}

TestSuite(kernel_perm, .init = setup);

static void open_perm(struct bau_perm *p, uint64_t n, uint32_t **out_table)
{
    const size_t entries = bau_perm_table_entries(n);
    *out_table = entries ? malloc(entries * sizeof **out_table) : NULL;
    cr_assert(bau_perm_init(p, key, n, *out_table));
}

static void close_perm(struct bau_perm *p, uint32_t *table)
{
    bau_perm_release(p);
    if (table)
        free(table);
}

static void check_bijection(uint64_t n)
{
    struct bau_perm p;
    uint32_t *table;
    open_perm(&p, n, &table);
    uint64_t *values = malloc(n * sizeof *values);
    uint8_t *seen = calloc(n, 1);
    for (uint64_t i = 0; i < n; i++)
        values[i] = i;
    bau_perm_permute(&p, values, (uint32_t)n);
    for (uint64_t i = 0; i < n; i++) {
        cr_assert_lt(values[i], n);
        cr_assert_eq(seen[values[i]]++, 0, "n %" PRIu64 ": %" PRIu64 " twice", n, values[i]);
    }
    bau_perm_unpermute(&p, values, (uint32_t)n);
    for (uint64_t i = 0; i < n; i++)
        cr_assert_eq(values[i], i);
    free(values);
    free(seen);
    close_perm(&p, table);
}

Test(kernel_perm, bijection_small)
{
    for (uint64_t n = 1; n <= 1000; n++)
        check_bijection(n);
    check_bijection(65537);
    check_bijection(999999);
}

Test(kernel_perm, bijection_exhaustive_at_and_above_the_limit)
{
    static const uint64_t sizes[] = { 1000000, 1000001, 1000003, 1048576, 1048577, 1234567, 2000003 };
    for (size_t i = 0; i < BAU_COUNT(sizes); i++)
        check_bijection(sizes[i]);
}

static const uint64_t big[] = { 1000000,     1000003,          4294967295u,          4294967296u,
                                4294967297u, (1ull << 63) - 1, 1ull << 63,           9999999999999999ull,
                                UINT64_MAX,  UINT64_MAX - 1,   18446744065119617025u /* (2^32 - 1)^2 */ };

Test(kernel_perm, tables_agree_and_round_trip_on_big_sizes)
{
    enum { N = 1003 };
    static uint64_t in[N], want[N], got[N];
    for (size_t s = 0; s < BAU_COUNT(big); s++) {
        struct bau_perm p;
        cr_assert(bau_perm_init(&p, key, big[s], NULL));
        uint64_t x = 88172645463325252ull;
        for (size_t i = 0; i < N; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            in[i] = i == 0 ? 0 : i == 1 ? big[s] - 1 : x % big[s];
        }
        memcpy(want, in, sizeof in);
        tables[0]->feistel(&p, want, N);
        for (size_t t = 0; t < n_tables; t++) {
            memcpy(got, in, sizeof in);
            tables[t]->feistel(&p, got, N);
            cr_assert_arr_eq(got, want, sizeof want, "%s, n %" PRIu64, tables[t]->name, big[s]);
            for (size_t i = 0; i < N; i++)
                cr_assert_lt(got[i], big[s]);
            tables[t]->unfeistel(&p, got, N);
            cr_assert_arr_eq(got, in, sizeof in, "%s, n %" PRIu64, tables[t]->name, big[s]);
        }
        bau_perm_release(&p);
    }
}

Test(kernel_perm, any_cut_gives_the_same)
{
    struct bau_perm p;
    cr_assert(bau_perm_init(&p, key, 1000003, NULL));
    for (uint32_t n = 0; n <= 130; n++) {
        uint64_t batch[130], one[130];
        for (uint32_t i = 0; i < n; i++)
            batch[i] = one[i] = i * 7691ull;
        bau_perm_permute(&p, batch, n);
        for (uint32_t i = 0; i < n; i++)
            bau_perm_permute(&p, one + i, 1);
        cr_assert_arr_eq(batch, one, n * sizeof *one);
    }
    bau_perm_release(&p);
}

/* M2: these numbers never change. They were also computed by an independent program from the text in
 * kernels.h. */
static const struct {
    uint64_t n, out[4]; /* of 0, 1, n / 2, n - 1 */
} frozen[] = {
    { 2u, { 1u, 0u, 0u, 0u } },
    { 10u, { 4u, 2u, 0u, 1u } },
    { 1000u, { 993u, 417u, 918u, 88u } },
    { 999999u, { 678267u, 138801u, 880629u, 767157u } },
    { 1000000u, { 584992u, 855270u, 18801u, 291878u } },
    { 1000003u, { 819386u, 418370u, 539714u, 216806u } },
    { 4294967296u, { 986924674u, 1939730636u, 1857867059u, 3743221326u } },
    { 10000000000000000u, { 4345352778412684u, 4966201934395492u, 1894904696981983u, 3424257554483578u } },
    { 9223372036854775808u,
      { 3022586628693163706u, 4212505468914287348u, 2579915488483192924u, 7191043206335396178u } },
    { 18446744073709551615u,
      { 13538318216268296467u, 6027491861390817315u, 5895745682027153931u, 4552508990160237664u } },
};

Test(kernel_perm, frozen)
{
    for (size_t i = 0; i < BAU_COUNT(frozen); i++) {
        const uint64_t n = frozen[i].n;
        struct bau_perm p;
        uint32_t *table;
        uint64_t values[4] = { 0, 1, n / 2, n - 1 };
        open_perm(&p, n, &table);
        bau_perm_permute(&p, values, 4);
        for (size_t k = 0; k < 4; k++)
            cr_expect_eq(values[k], frozen[i].out[k], "n %" PRIu64 ", value %zu: %" PRIu64, n, k, values[k]);
        close_perm(&p, table);
    }
}

Test(kernel_perm, small_tables_are_uniform)
{
    /* All 24 orders of 4 things over 24,000 keys: chi-square with 23 degrees of freedom, 0.999 quantile 49.7.
     */
    uint32_t count[256] = { 0 };
    for (uint32_t k = 0; k < 24000; k++) {
        uint8_t other[16] = { (uint8_t)k, (uint8_t)(k >> 8), 77 };
        uint32_t table[8];
        struct bau_perm p;
        cr_assert(bau_perm_init(&p, other, 4, table));
        count[table[0] << 6 | table[1] << 4 | table[2] << 2 | table[3]]++;
        bau_perm_release(&p);
    }
    double chi = 0;
    size_t orders = 0;
    for (size_t i = 0; i < 256; i++) {
        if (count[i]) {
            orders++;
            chi += ((double)count[i] - 1000) * ((double)count[i] - 1000) / 1000;
        }
    }
    cr_expect_eq(orders, 24);
    cr_expect_lt(chi, 49.7);
}

Test(kernel_perm, refuses_nothing_and_releases_anything)
{
    struct bau_perm p = { 0 };
    cr_assert_not(bau_perm_init(&p, key, 0, NULL));
    bau_perm_release(&p);
    bau_perm_release(NULL);
}
