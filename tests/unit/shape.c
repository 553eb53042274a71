/* Shapes of values, and masked values that share something with an original that must not be shown. */
#include <criterion/criterion.h>
#include <string.h>

#include "src/refresh/shape.h"

static struct bau_slice slice(const char *text)
{
    return (struct bau_slice){ (const uint8_t *)text, strlen(text) };
}

Test(shape, classes_and_runs)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        { "", "empty" },
        { "AB12-cd", "L2 N2 P1 L2" },
        { "Ada Lovelace", "L3 S1 L8" },
        { "Анна-Мария", "L:Cyrl4 P1 L:Cyrl5" },
        { "Ωmega", "L:Grek1 L4" },
        { "王小明", "L:Hani3" },
        { "김철수", "L:Hang3" },
        { "cafe\xcc\x81", "L5" },                  /* a mark belongs to its letter */
        { "\xd0\xb5\xcc\x88\xd0\xb6", "L:Cyrl3" }, /* also where letters have a script */
        { "٣٤", "N2" },
        { "€5", "P1 N1" },
        { "a\tb", "L1 S1 L1" },
        { "a\xff\xff", "L1 B2" },
        { "a b c d e f", "L1 S1 L1 S1 L1 S1 L1 S1 L1 S1 L1" },
        { "a b c d e f ", "L1 S1 L1 S1 L1 S1 L1 S1 L1 S1 L1 S1" },
        { "a b c d e f g", "text, 8 to 15 characters" },
        { "one two three four five six seven", "text, 32 to 63 characters" },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        BAU_AUTO_TEXT out = { 0 };
        bau_shape_add(&out, slice(cases[i].in));
        cr_expect_str_eq(out.data, cases[i].want, "%s: %s", cases[i].in, out.data);
    }
}

Test(shape, what_is_shared_is_hidden)
{
    static const struct {
        const char *masked, *original, *want;
        bool whole;
    } cases[] = {
        { "Merlin Richards", "Ada Lovelace", "Merlin Richards", false },
        { "Ada Lovelace", "Ada Lovelace", "LLL LLLLLLLL", false },
        { "ADA LOVELACE", "ada lovelace", "LLL LLLLLLLL", false },
        { "Dear ******, you", "Dear Hubert, you", "LLLL ******, LLL", false },
        { "Mr Smith", "Smith, Mr", "LL LLLLL", false },
        { "XLovelaceX", "Ada Lovelace", "LLLLLLLLLL", false }, /* the original inside a longer word */
        { "4111 11** 1111", "4111112222221111", "NNNN NN** NNNN", false },
        { "a b", "b a", "a b", false }, /* single letters tell nothing */
        { "王五", "王五金", "LL", false },
        { "1980-01-07", "1980-01-09", "1980-01-07", true },
        { "1980-01-09", "1980-01-09", "NNNN-NN-NN", true },
        { "7", "7", "N", true },
        { "a\x1b[31m\nb", "zz", "a?[31m?b", false },
        { "b\xff", "zz", "b?", false },
        { "", "", "", false },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        BAU_AUTO_TEXT out = { 0 };
        cr_assert(bau_shape_hide(&out, slice(cases[i].masked), slice(cases[i].original), cases[i].whole));
        cr_expect_str_eq(out.data ? out.data : "", cases[i].want, "case %zu: %s", i, out.data);
    }
}

Test(shape, long_values_are_cut)
{
    BAU_AUTO_TEXT out = { 0 }, all = { 0 };
    char masked[200];
    memset(masked, 'x', sizeof masked - 1);
    masked[sizeof masked - 1] = '\0';
    cr_assert(bau_shape_hide(&out, slice(masked), slice("short"), false));
    cr_expect_eq(out.len, 60 + strlen("…"));
    static uint8_t huge[(1 << 20) + 1]; /* nothing can be said of it: no word is shown */
    cr_assert(bau_shape_hide(&all, slice("new words"), (struct bau_slice){ huge, sizeof huge }, false));
    cr_expect_str_eq(all.data, "LLL LLLLL");
    cr_expect_eq(bau_shape_chars(slice("naïve")), 5);
}
