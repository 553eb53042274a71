/* order_preserving: strictly rising, on all of small domains and on many values of large ones; against a plain recursion. */
#include <criterion/criterion.h>

#include "src/core/mask_key.h"
#include "src/kernel/kernels.h"
#include "src/plan/build.h"
#include "tests/support/single.h"

static struct bau_column numbers(bau_type type, const int64_t *v, uint32_t n, struct bau_arena *arena)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = n };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, 0, arena, &err), BAU_OK);
    for (uint32_t i = 0; i < n; i++)
        if (type == BAU_I64)
            ((int64_t *)c.data)[i] = v[i];
        else
            ((int32_t *)c.data)[i] = (int32_t)v[i];
    return c;
}

static int64_t at(const struct bau_column *c, uint32_t i)
{
    return c->type == BAU_I64 ? ((const int64_t *)c->data)[i] : ((const int32_t *)c->data)[i];
}

static const struct {
    bau_type type;
    const char *options;
    int64_t min, max, to_min, to_max;
} small[] = {
    { BAU_I32, "min=0 max=1 wider=2", 0, 1, 0, 3 },
    { BAU_I32, "min=-5 max=5", -5, 5, -20, 23 },
    { BAU_I64, "min=1 max=1000 wider=2", 1, 1000, 1, 2000 },
    { BAU_I32, "min=0 max=65535 wider=1000", 0, 65535, 0, 65535999 },
    { BAU_I64, "min=100 max=99999 to_min=-7 to_max=999999", 100, 99999, -7, 999999 },
    { BAU_DATE, "min=1970-01-01 max=1999-12-31", 0, 10956, 0, 43827 },
};

Test(order, rises_strictly_on_all_of_small_domains)
{
    for (size_t k = 0; k < BAU_COUNT(small); k++) {
        struct bau_arena *arena = bau_arena_new(1 << 16, 0);
        struct bound b =
            bind_with(bau_masker_find("order_preserving"), small[k].type, small[k].options, NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "%s: %s", small[k].options, b.err.text);
        const uint32_t n = (uint32_t)(small[k].max - small[k].min + 1);
        int64_t *v = malloc(n * sizeof *v);
        for (uint32_t i = 0; i < n; i++)
            v[i] = small[k].min + i;
        const struct bau_column in = numbers(small[k].type, v, n, arena), out = run_fine(&b, &in, 0, arena);
        for (uint32_t i = 0; i < n; i++) {
            cr_assert(at(&out, i) >= small[k].to_min && at(&out, i) <= small[k].to_max, "%s",
                      small[k].options);
            cr_assert(i == 0 || at(&out, i) > at(&out, i - 1), "%s: %u", small[k].options, i);
        }
        v[0] = small[k].max + 1;
        const struct bau_column beyond = numbers(small[k].type, v, 1, arena);
        struct bau_column ignored;
        struct bau_error err;
        cr_assert_eq(run(&b, &beyond, 0, 0, arena, &ignored, &err), BAU_E_DATA);
        free(v);
        release(&b);
        bau_arena_free(arena);
    }
}

static int rising(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

Test(order, rises_strictly_on_large_domains)
{
    enum { N = 100000 };
    static const struct {
        bau_type type;
        unsigned shift; /* of 64 random bits */
    } large[] = { { BAU_I32, 35 }, { BAU_I64, 4 } };
    for (size_t k = 0; k < BAU_COUNT(large); k++) {
        struct bau_arena *arena = bau_arena_new(1 << 16, 0);
        struct bound b = bind_with(bau_masker_find("order_preserving"), large[k].type, "", NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
        int64_t *v = malloc(N * sizeof *v);
        uint64_t seed = 12345;
        for (uint32_t i = 0; i < N; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            v[i] = (int64_t)seed >> large[k].shift;
            if (i % 10 == 1 && v[i - 1] < (INT64_C(1) << 28))
                v[i] = v[i - 1] + 1; /* neighbours too */
        }
        qsort(v, N, sizeof *v, rising);
        const struct bau_column in = numbers(large[k].type, v, N, arena), out = run_fine(&b, &in, 0, arena);
        for (uint32_t i = 1; i < N; i++)
            cr_assert(v[i] == v[i - 1] ? at(&out, i) == at(&out, i - 1) : at(&out, i) > at(&out, i - 1), "%u",
                      i);
        free(v);
        release(&b);
        bau_arena_free(arena);
    }
}

/* The construction of the masker's opening comment, word for word, with one PRF call a node. */
static uint64_t slow(const struct bau_prf *prf, uint64_t v, uint64_t d, uint64_t m, uint64_t r, uint64_t n)
{
    uint8_t message[16], digest[16];
    const uint32_t offsets[] = { 0, 16 };
    uint64_t word[2] = { 0, 0 };
    for (unsigned i = 0; i < 8; i++) {
        message[i] = (uint8_t)(d >> (8 * i));
        message[8 + i] = (uint8_t)(m >> (8 * i));
    }
    bau_prf_batch(prf, message, offsets, 1, digest);
    for (unsigned i = 0; i < 16; i++)
        word[i / 8] |= (uint64_t)digest[i] << (8 * (i % 8));
    __extension__ typedef unsigned __int128 wide;
    if (m == 1)
        return r + (uint64_t)((wide)word[0] * n >> 64);
    const uint64_t spare = n - m + 1, h = m / 2,
                   a = ((uint64_t)((wide)word[0] * spare >> 64) + (uint64_t)((wide)word[1] * spare >> 64)) /
                       2;
    return v < d + h ? slow(prf, v, d, h, r, h + a) : slow(prf, v, d + h, m - h, r + h + a, n - h - a);
}

Test(order, is_the_documented_construction_in_every_type)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound i32 = bind_with(bau_masker_find("order_preserving"), BAU_I32, "min=-1000 max=8999", NULL, 0),
                 text =
                     bind_with(bau_masker_find("order_preserving"), BAU_TEXT, "min=-1000 max=8999", NULL, 0);
    cr_assert(i32.status == BAU_OK && text.status == BAU_OK);
    uint8_t subkey[32];
    struct bau_prf prf;
    struct bau_error err;
    struct bau_mask_key *key;
    struct bau_keys *keys;
    cr_assert_eq(bau_keys_of(master, &keys, &err), BAU_OK);
    cr_assert_eq(
        bau_keys_mask_key(keys, "", "test", "order_preserving", BAU_CANON_DECIMAL, arena, &key, &err),
        BAU_OK);
    cr_assert_eq(bau_mask_subkey(key, "order", subkey, &err), BAU_OK);
    bau_mask_key_release(key);
    bau_keys_free(keys);
    cr_assert(bau_prf_init(&prf, subkey));
    for (int64_t v = -1000; v < 9000; v += 7) {
        char spelled[24];
        const int64_t want = (int64_t)slow(&prf, (uint64_t)(v + 1000), 0, 10000, 0, 40000) - 4000;
        const struct bau_column in = numbers(BAU_I32, &v, 1, arena), out = run_fine(&i32, &in, 0, arena);
        cr_assert_eq(at(&out, 0), want);
        snprintf(spelled, sizeof spelled, "%" PRId64, v);
        const struct bau_column word = one_text(BAU_TEXT, spelled, strlen(spelled), arena),
                                got = run_fine(&text, &word, 0, arena);
        snprintf(spelled, sizeof spelled, "%" PRId64, want);
        cr_assert(bau_column_value(&got, 0).len == strlen(spelled) &&
                  memcmp(got.data, spelled, strlen(spelled)) == 0);
    }
    bau_prf_release(&prf);
    release(&i32);
    release(&text);
    bau_arena_free(arena);
}

static const struct bau_field narrow = {
    .name = "n", .native = "numeric(4,0)", .type = BAU_NUMERIC, .max_digits = 4, .scale = 0
};
static const struct refusal refused[] = {
    { "order_preserving", "min=5", BAU_I32, NULL, 0 },
    { "order_preserving", "max=5", BAU_I32, NULL, 0 },
    { "order_preserving", "min=5 max=5", BAU_I32, NULL, 0 },
    { "order_preserving", "min=0 max=1.5", BAU_I32, NULL, 0 },
    { "order_preserving", "min=0 max=2000000000", BAU_I32, NULL, 0 },
    { "order_preserving", "min=0 max=9 to_min=0 to_max=18", BAU_I32, NULL, 0 },
    { "order_preserving", "min=0 max=9 to_min=0", BAU_I32, NULL, 0 },
    { "order_preserving", "min=1990-01-01 max=infinity", BAU_DATE, NULL, 0 },
    { "order_preserving", "min=0001-01-01 max=9999-12-31", BAU_DATE, NULL, 0 },
    { "order_preserving", "min=0 max=2499 wider=5", BAU_NUMERIC, &narrow, 0 },
    { "order_preserving", "", BAU_TEXT, NULL, 10 },
};

Test(order, bind_refuses)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++)
        refusal_check(&refused[i], i);
    struct bound fits = bind_with(bau_masker_find("order_preserving"), BAU_NUMERIC, "", &narrow, 0);
    cr_expect_eq(fits.status, BAU_OK, "%s", fits.err.text);
    release(&fits);
}
