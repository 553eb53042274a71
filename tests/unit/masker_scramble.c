/* scramble: classes, widths and what stays, against names of characters known from Unicode's code charts. */
#include <criterion/criterion.h>

#include "maskers/utf8.h"
#include "tests/support/masker.h"

/* Ranges of the code charts: the answer for a letter must lie in the range that the letter lies in. */
static const struct {
    uint32_t from, to;
} ranges[] = {
    { '0', '9' },         { 'A', 'Z' },         { 'a', 'z' },         { 0x410, 0x42F },
    { 0x430, 0x44F },     { 0x391, 0x3A9 },     { 0x3B1, 0x3C9 },     { 0x5D0, 0x5EA },
    { 0x621, 0x64A },     { 0x660, 0x669 },     { 0x915, 0x939 },     { 0x966, 0x96F },
    { 0xE01, 0xE2E },     { 0x3041, 0x3093 },   { 0x30A1, 0x30F3 },   { 0x4E00, 0x9FFF },
    { 0xAC00, 0xD7A3 },   { 0x10D0, 0x10F0 },   { 0xFF21, 0xFF3A },   { 0xFF10, 0xFF19 },
    { 0x1D7CE, 0x1D7FF }, { 0x20000, 0x2A6DF }, { 0x1E900, 0x1E921 }, { 0x1E922, 0x1E943 },
    { 0x561, 0x587 },
};

static struct bau_slice masked(struct bound *b, const void *text, size_t len, struct bau_arena *arena)
{
    const struct bau_column in = one_text(BAU_TEXT, text, len, arena), out = run_fine(b, &in, 0, arena);
    return bau_column_value(&out, 0);
}

static size_t put_utf8(uint32_t c, uint8_t out[4])
{
    static const uint8_t lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    const size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (uint8_t)(0x80u | (c & 0x3Fu));
    out[0] = (uint8_t)(lead[n] | c);
    return n;
}

Test(masker_scramble, a_letter_stays_in_its_alphabet)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("scramble"), BAU_TEXT, "", NULL, 0);
    cr_assert_eq(b.status, BAU_OK);
    for (size_t r = 0; r < BAU_COUNT(ranges); r++)
        for (uint32_t c = ranges[r].from; c <= ranges[r].to; c += 1 + (ranges[r].to - ranges[r].from) / 300) {
            uint8_t text[8];
            uint32_t got;
            bau_arena_reset(arena);
            const size_t len = put_utf8(c, text);
            const struct bau_slice out = masked(&b, text, len, arena);
            cr_assert_eq(out.len, len, "U+%04X", c);
            cr_assert_eq(bau_utf8_read(out.data, out.data + out.len, &got), len);
            if (c == 0x3A2 || c == 0x557 || (c >= 0x588 && c < 0x5D0) || (c > 0x63F && c < 0x641))
                continue; /* not assigned, or a modifier letter */
            cr_expect(got != c, "U+%04X stayed", c);
            cr_expect(got >= ranges[r].from && got <= ranges[r].to, "U+%04X became U+%04X", c, got);
        }
    release(&b);
    bau_arena_free(arena);
}

Test(masker_scramble, shape_stays_and_equal_texts_agree)
{
    static const char text[] =
        "Grüße, Anna-Łucja! 12.5 % → Санкт-Петербург, 東京 42 नमस्ते\t\xF0\x9F\x8E\xAD\n";
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("scramble"), BAU_TEXT, "", NULL, 0);
    const struct bau_slice one = masked(&b, text, sizeof text - 1, arena),
                           two = masked(&b, text, sizeof text - 1, arena);
    cr_assert_eq(one.len, sizeof text - 1);
    cr_assert_eq(memcmp(one.data, two.data, one.len), 0);
    for (size_t i = 0; i < one.len; i++)
        if (strchr(" ,-!.%\t\n", text[i]) || (uint8_t)text[i] >= 0xF0)
            cr_expect_eq(one.data[i], (uint8_t)text[i], "byte %zu", i);
    cr_assert(memmem(one.data, one.len, "Anna", 4) == NULL);
    cr_assert(memmem(one.data, one.len, "→", 3) != NULL);
    cr_assert(memmem(one.data, one.len, "\xF0\x9F\x8E\xAD", 4) != NULL);
    /* a text that differs at its end differs everywhere */
    const struct bau_slice other = masked(&b, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", 33, arena),
                           another = masked(&b, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2", 33, arena);
    size_t same = 0;
    for (size_t i = 0; i < 32; i++)
        same += other.data[i] == another.data[i];
    cr_expect_lt(same, 10u);
    release(&b);
    bau_arena_free(arena);
}

Test(masker_scramble, what_options_keep_stays)
{
    static const struct {
        const char *options, *in, *like; /* like: a dot may be anything but what was there */
    } cases[] = {
        { "keep_first=2 keep_last=3", "ABCDEFGHIJ", "AB.....HIJ" },
        { "keep_first=2 keep_last=3", "\xC3\x84\xC3\x96xyzw-\xC3\x9Cu1", "\xC3\x84\xC3\x96....-\xC3\x9Cu1" },
        { "keep_first=64", "--", "--" },
        { "keep_class=digits", "a1b2", ".1.2" },
        { "keep_class=letters", "a1", "a." },
        { "keep_class=letters", "no digits", "no digits" },
        { "", "?!- ()", "?!- ()" },
        { "", "", "" },
    };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bound b = bind_with(bau_masker_find("scramble"), BAU_TEXT, cases[i].options, NULL, 0);
        const struct bau_slice out = masked(&b, cases[i].in, strlen(cases[i].in), arena);
        cr_assert_eq(out.len, strlen(cases[i].in));
        size_t changed = 0, dots = 0;
        for (size_t k = 0; k < out.len; k++) {
            cr_expect(cases[i].like[k] == '.' || out.data[k] == (uint8_t)cases[i].in[k], "case %zu", i);
            dots += cases[i].like[k] == '.';
            changed += out.data[k] != (uint8_t)cases[i].in[k];
        }
        cr_expect(!dots == !changed, "case %zu", i);
        release(&b);
    }
    bau_arena_free(arena);
}

/* Every letter may become every letter: 26 * 4000 draws, chi-square with 25 degrees of freedom (p = 10^-6: 80). */
Test(masker_scramble, letters_are_drawn_evenly)
{
    enum { N = 4000 };
    struct bau_arena *arena = bau_arena_new(1 << 20, 0);
    struct bound b = bind_with(bau_masker_find("scramble"), BAU_TEXT, "", NULL, 0);
    uint32_t count[26] = { 0 };
    char text[27] = "abcdefghijklmnopqrstuvwxyz";
    for (uint32_t i = 0; i < N; i++) {
        char key[48];
        snprintf(key, sizeof key, "%05u %s", i, text);
        bau_arena_reset(arena);
        const struct bau_slice out = masked(&b, key, strlen(key), arena);
        for (size_t k = 6; k < out.len; k++)
            count[out.data[k] - 'a']++;
    }
    double chi = 0;
    for (unsigned i = 0; i < 26; i++)
        chi += ((double)count[i] - N) * ((double)count[i] - N) / N;
    cr_assert_lt(chi, 80.0);
    release(&b);
    bau_arena_free(arena);
}

Test(masker_scramble, a_short_text_never_comes_out_as_itself)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("scramble"), BAU_TEXT, "keep_last=0", NULL, 0);
    for (unsigned form = 0; form < 2; form++)
        for (int c = 'a'; c <= 'z'; c++) {
            char text[8];
            snprintf(text, sizeof text, form ? "%c\xC3\x9F" : "%c", c);
            const struct bau_slice out = masked(&b, text, strlen(text), arena);
            cr_expect(memcmp(out.data, text, out.len) != 0);
        }
    release(&b);
    bau_arena_free(arena);
}

Test(masker_scramble, refuses_what_is_not_utf8)
{
    static const char *const bad[] = { "a\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80" };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("scramble"), BAU_TEXT, "", NULL, 0);
    for (size_t i = 0; i < BAU_COUNT(bad); i++) {
        const struct bau_column in = one_text(BAU_TEXT, bad[i], strlen(bad[i]), arena);
        struct bau_column out;
        struct bau_error err;
        cr_expect_eq(run(&b, &in, 0, 0, arena, &out, &err), BAU_E_DATA, "case %zu", i);
    }
    release(&b);
    bau_arena_free(arena);
}
