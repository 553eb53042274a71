/* maskers/rank.h: a bijection for every size, another one for every tweak, batches as single items, and outputs that an
 * independent program computed from the text of rank.h. */
#include <criterion/criterion.h>

#include "maskers/rank.h"
#include "src/core/mask_key.h"

static struct bau_rank rank;
static struct bau_rank_work work;

/* Keys that the independent program can have too: K1 = 00 01 … 0f, K2 = 10 11 … 1f. */
static void setup(void)
{
    uint8_t key[32];
    for (uint8_t i = 0; i < 32; i++)
        key[i] = i;
    cr_assert(bau_prf_init(&rank.tweak, key) && bau_prf_init(&rank.round, key + 16));
    for (uint32_t i = 0; i <= BAU_RANK_CHUNK; i++)
        rank.offsets[i] = 16 * i;
}

static void teardown(void)
{
    bau_rank_release(&rank);
}

TestSuite(masker_rank, .init = setup, .fini = teardown);

static void permute_all(uint32_t n, uint8_t tweak, uint32_t *out)
{
    struct bau_rank_shape shape;
    struct bau_rank_item items[BAU_RANK_CHUNK];
    bau_rank_shape_init(&shape, n);
    for (uint32_t from = 0; from < n; from += BAU_RANK_CHUNK) {
        const uint32_t now = n - from < BAU_RANK_CHUNK ? n - from : BAU_RANK_CHUNK;
        for (uint32_t i = 0; i < now; i++) {
            items[i] = (struct bau_rank_item){ .value = from + i, .shape = &shape };
            memset(items[i].tweak, tweak, 16);
        }
        bau_rank_permute(&rank, &work, items, now);
        for (uint32_t i = 0; i < now; i++)
            out[from + i] = (uint32_t)items[i].value;
    }
}

Test(masker_rank, bijection)
{
    static uint32_t out[1000003];
    static uint8_t seen[1000003];
    for (uint32_t n = 1; n <= 1000003; n = n < 300      ? n + 1
                                           : n < 1000   ? 1000
                                           : n < 999999 ? n * 10 - 1
                                                        : n + 1) {
        memset(seen, 0, sizeof seen);
        permute_all(n, 7, out);
        for (uint32_t i = 0; i < n; i++) {
            cr_assert_lt(out[i], n);
            cr_assert_eq(seen[out[i]]++, 0, "size %u: %u twice", n, out[i]);
        }
    }
}

Test(masker_rank, another_tweak_another_permutation)
{
    static uint32_t one[10000], two[10000];
    uint32_t same = 0;
    permute_all(10000, 1, one);
    permute_all(10000, 2, two);
    for (uint32_t i = 0; i < 10000; i++)
        same += one[i] == two[i];
    cr_expect_lt(same, 12); /* Poisson of mean 1 */
}

/* All 120 orders of five things over 60,000 tweaks: chi-square with 119 degrees of freedom, 0.999 quantile 172. */
Test(masker_rank, small_domains_are_uniform)
{
    static uint32_t count[3125];
    struct bau_rank_shape shape;
    bau_rank_shape_init(&shape, 5);
    for (uint32_t t = 0; t < 60000; t++) {
        struct bau_rank_item items[5];
        uint32_t order = 0;
        for (uint32_t i = 0; i < 5; i++) {
            items[i] = (struct bau_rank_item){ .value = i, .shape = &shape };
            memcpy(items[i].tweak, &t, 4);
        }
        bau_rank_permute(&rank, &work, items, 5);
        for (uint32_t i = 0; i < 5; i++)
            order = order * 5 + (uint32_t)items[i].value;
        count[order]++;
    }
    double chi = 0;
    uint32_t orders = 0;
    for (uint32_t i = 0; i < 3125; i++)
        if (count[i]) {
            orders++;
            chi += ((double)count[i] - 500) * ((double)count[i] - 500) / 500;
        }
    cr_expect_eq(orders, 120);
    cr_expect_lt(chi, 172.0);
}

static bau_wide decimal(const char *text)
{
    bau_wide v = 0;
    for (; *text; text++)
        v = v * 10 + (uint32_t)(*text - '0');
    return v;
}

/* Size, value, what it becomes; the tweak is PRF(K1, "context"). */
static const struct {
    const char *size, *value, *want;
} frozen[] = {
    { "2", "0", "0" },
    { "2", "1", "1" },
    { "2", "1", "1" },
    { "10", "0", "9" },
    { "10", "5", "2" },
    { "10", "9", "0" },
    { "999", "0", "834" },
    { "999", "499", "322" },
    { "999", "998", "177" },
    { "1000", "0", "328" },
    { "1000", "500", "537" },
    { "1000", "999", "658" },
    { "999999", "0", "386832" },
    { "999999", "499999", "425524" },
    { "999999", "999998", "699197" },
    { "1000000", "0", "868574" },
    { "1000000", "500000", "537201" },
    { "1000000", "999999", "234063" },
    { "1000000000", "0", "505286214" },
    { "1000000000", "500000000", "782808655" },
    { "1000000000", "999999999", "592792129" },
    { "38000000", "0", "33846786" },
    { "38000000", "19000000", "31029842" },
    { "38000000", "37999999", "12983695" },
    { "18446744073709551616", "0", "1616835633841534864" },
    { "18446744073709551616", "9223372036854775808", "2834118389475800370" },
    { "18446744073709551616", "18446744073709551615", "1901937933576906056" },
    { "10000000000000000000", "0", "2576490626341004439" },
    { "10000000000000000000", "5000000000000000000", "7475404103338458325" },
    { "10000000000000000000", "9999999999999999999", "7528926546267083861" },
    { "7958661109946400884391936", "0", "4372948364773886098897308" },
    { "7958661109946400884391936", "3979330554973200442195968", "4857336643809695135556591" },
    { "7958661109946400884391936", "7958661109946400884391935", "4083166437000282544994274" },
    { "1329227995784915872903807060280344576", "0", "1108799472673389703422095476473131799" },
    { "1329227995784915872903807060280344576", "664613997892457936451903530140172288",
      "89175237287365004804766886792609851" },
    { "1329227995784915872903807060280344576", "1329227995784915872903807060280344575",
      "516714850239885900696057881168508128" },
    { "85070591730234615865843651857942052864", "0", "5720303112064964716433735107578714883" },
    { "85070591730234615865843651857942052864", "42535295865117307932921825928971026432",
      "1646862447089222695421005119008652256" },
    { "85070591730234615865843651857942052864", "85070591730234615865843651857942052863",
      "47064792824890389152899632241476797854" },
};

Test(masker_rank, frozen)
{
    static const uint32_t offsets[2] = { 0, 7 };
    for (size_t i = 0; i < BAU_COUNT(frozen); i++) {
        struct bau_rank_shape shape;
        struct bau_rank_item item = { .value = decimal(frozen[i].value), .shape = &shape };
        bau_rank_shape_init(&shape, decimal(frozen[i].size));
        bau_prf_batch(&rank.tweak, (const uint8_t *)"context", offsets, 1, item.tweak);
        bau_rank_permute(&rank, &work, &item, 1);
        cr_expect(item.value == decimal(frozen[i].want), "case %zu", i);
    }
}
