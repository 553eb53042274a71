/* lorem: exactly as many characters, in every language; redact with a fixed length. */
#include <criterion/criterion.h>

#include "maskers/utf8.h"
#include "tests/support/masker.h"

Test(masker_lorem, as_many_characters)
{
    static const char *const languages[] = { "la", "en", "de", "fr", "es", "ru" };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    char text[1200];
    for (size_t l = 0; l < BAU_COUNT(languages); l++) {
        char options[32];
        snprintf(options, sizeof options, "language=%s", languages[l]);
        struct bound b = bind_with(bau_masker_find("lorem"), BAU_TEXT, options, NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
        for (size_t n = 0; n < 400; n++) {
            bau_arena_reset(arena);
            for (size_t i = 0; i < n; i++)
                memcpy(text + 2 * i, "\xC3\xA9", 2);
            const struct bau_column in = one_text(BAU_TEXT, text, 2 * n, arena),
                                    out = run_fine(&b, &in, 0, arena);
            const struct bau_slice v = bau_column_value(&out, 0);
            cr_assert_eq(bau_utf8_count(v.data, v.len), n, "%s, %zu characters", languages[l], n);
            cr_assert(bau_utf8_valid(v.data, v.len));
            cr_assert(n < 2 || v.data[v.len - 1] == '.');
            for (size_t i = 1; i < v.len; i++) {
                cr_assert(v.data[i] != ' ' || v.data[i - 1] != ' ');
                cr_assert(v.data[i] != '.' ||
                          (v.data[i - 1] != '.' && v.data[i - 1] != ' ' && v.data[i - 1] != ','));
            }
        }
        release(&b);
    }
    bau_arena_free(arena);
}

Test(masker_lorem, short_texts_differ_from_themselves)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("lorem"), BAU_TEXT, "", NULL, 0);
    static const char *const texts[] = { "a",  "e",  "o",   "A",   "E",   "O",  "A.",
                                         "E.", "O.", "Et.", "In.", "Ad.", "Ex." };
    for (size_t i = 0; i < BAU_COUNT(texts); i++) {
        const struct bau_column in = one_text(BAU_TEXT, texts[i], strlen(texts[i]), arena),
                                out = run_fine(&b, &in, 0, arena);
        cr_expect(!same_value(&in, 0, &out, 0), "%s", texts[i]);
    }
    release(&b);
    bau_arena_free(arena);
}

Test(masker_lorem, redact_to_a_fixed_length)
{
    static const struct {
        const char *options, *in, *want;
    } cases[] = {
        { "length=5", "secret word", "*****" },
        { "length=5", "x", "*****" },
        { "length=5", "", "*****" },
        { "length=6 keep_last=2", "secret word", "****rd" },
        { "length=6 keep_first=1 keep_last=2", "caf\xC3\xA9 ol\xC3\xA9", "c***l\xC3\xA9" },
        { "length=6 keep_last=2", "rd", "******" },
        { "length=3 fill=\xE2\x96\x88", "caf\xC3\xA9", "\xE2\x96\x88\xE2\x96\x88\xE2\x96\x88" },
    };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bound b = bind_with(bau_masker_find("redact"), BAU_TEXT, cases[i].options, NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
        const struct bau_column in = one_text(BAU_TEXT, cases[i].in, strlen(cases[i].in), arena),
                                out = run_fine(&b, &in, 0, arena);
        const struct bau_slice v = bau_column_value(&out, 0);
        cr_expect(v.len == strlen(cases[i].want) && memcmp(v.data, cases[i].want, v.len) == 0,
                  "case %zu: %.*s", i, (int)v.len, (const char *)v.data);
        cr_expect_eq(b.masker->widest(b.config, BAU_TEXT),
                     strlen(cases[i].options) ? (uint32_t)(cases[i].options[7] - '0') : 0);
        release(&b);
    }
    struct bound narrow = bind_with(bau_masker_find("redact"), BAU_TEXT, "length=6", NULL, 5),
                 kept = bind_with(bau_masker_find("redact"), BAU_TEXT, "length=3 keep_first=2 keep_last=1",
                                  NULL, 0);
    cr_expect_eq(narrow.status, BAU_E_USAGE);
    cr_expect_eq(kept.status, BAU_E_USAGE);
    release(&narrow);
    release(&kept);
    bau_arena_free(arena);
}
