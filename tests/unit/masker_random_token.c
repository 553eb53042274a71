/* random_token: tokens of the length and characters asked for, new ones every time, all characters as likely. */
#include <criterion/criterion.h>

#include "tests/support/masker.h"

enum { VALUES = 20000 };

static struct bau_column tokens(const char *options, struct bau_arena *arena)
{
    struct bound b = bind_with(bau_masker_find("random_token"), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, VALUES, true, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    for (uint32_t i = 0; i < VALUES; i++)
        cr_assert_eq(bau_column_present(&in, i), bau_column_present(&out, i));
    release(&b);
    return out;
}

static const struct {
    const char *options, *set;
    size_t prefix, length;
} kinds[] = {
    { "", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 0, 24 },
    { "alphabet=lower length=40", "0123456789abcdefghijklmnopqrstuvwxyz", 0, 40 },
    { "alphabet=hex length=20 prefix=t-", "0123456789abcdef", 2, 20 },
    { "alphabet=base32 length=16", "abcdefghijklmnopqrstuvwxyz234567", 0, 16 },
    { "alphabet=letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 0, 24 },
    { "alphabet=digits length=25", "0123456789", 0, 25 },
};

Test(random_token, has_the_form_asked_for_and_every_character_is_as_likely)
{
    for (size_t k = 0; k < BAU_COUNT(kinds); k++) {
        struct bau_arena *arena = bau_arena_new(1 << 20, 0);
        const struct bau_column out = tokens(kinds[k].options, arena);
        const size_t n_set = strlen(kinds[k].set);
        double count[256] = { 0 }, total = 0, chi = 0;
        for (uint32_t i = 0; i < VALUES; i++) {
            const struct bau_slice v = bau_column_value(&out, i);
            if (!bau_column_present(&out, i))
                continue;
            cr_assert_eq(v.len, kinds[k].prefix + kinds[k].length);
            for (size_t c = kinds[k].prefix; c < v.len; c++) {
                cr_assert(memchr(kinds[k].set, v.data[c], n_set) != NULL);
                count[v.data[c]]++;
                total++;
            }
        }
        for (size_t c = 0; c < n_set; c++) {
            const double off = count[(uint8_t)kinds[k].set[c]] - total / (double)n_set;
            chi += off * off / (total / (double)n_set);
        }
        cr_expect_lt(chi, 2.5 * (double)n_set + 30, "%s: chi-square %f", kinds[k].options,
                     chi); /* below 1e-7 */
        bau_arena_free(arena);
    }
}

Test(random_token, depends_on_nothing)
{
    struct bau_arena *arena = bau_arena_new(1 << 20, 0);
    const struct bau_column one = tokens("", arena), two = tokens("", arena);
    for (uint32_t i = 0; i < VALUES; i++)
        cr_assert(!bau_column_present(&one, i) || !same_value(&one, i, &two, i));
    bau_arena_free(arena);
}

static const struct {
    const char *options;
    uint32_t max_chars;
    bau_status status;
} bindings[] = {
    { "length=14", 0, BAU_OK },
    { "length=13", 0, BAU_E_USAGE },
    { "alphabet=hex length=20", 0, BAU_OK },
    { "alphabet=hex length=19", 0, BAU_E_USAGE },
    { "alphabet=digits length=25", 0, BAU_OK },
    { "alphabet=digits length=24", 0, BAU_E_USAGE },
    { "", 24, BAU_OK },
    { "", 23, BAU_E_USAGE },
    { "prefix=\xc3\xa9", 25, BAU_OK },
    { "prefix=\xc3\xa9", 24, BAU_E_USAGE },
};

Test(random_token, has_eighty_bits_and_fits)
{
    for (size_t i = 0; i < BAU_COUNT(bindings); i++) {
        struct bound b = bind_with(bau_masker_find("random_token"), BAU_TEXT, bindings[i].options, NULL,
                                   bindings[i].max_chars);
        cr_expect_eq(b.status, bindings[i].status, "%s %u", bindings[i].options, bindings[i].max_chars);
        release(&b);
    }
}
