/* postal_code: every three-digit area against the published lists, formats, refusals. */
#include "tests/support/masker.h"

static struct bau_arena *arena;
static struct bau_error err;

static void setup(void)
{
    arena = bau_arena_new(1 << 20, 0);
}

static void teardown(void)
{
    bau_arena_free(arena);
}

TestSuite(masker_postal_code, .init = setup, .fini = teardown);

static const char *mask(const char *options, const char *text)
{
    struct bound b = bind_with(bau_masker_find("postal_code"), BAU_TEXT, options, NULL, 0);
    const struct bau_column in = one_text(BAU_TEXT, text, strlen(text), arena);
    struct bau_column out;
    err = (struct bau_error){ 0 };
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const bau_status status = run(&b, &in, 0, 0, arena, &out, &err);
    release(&b);
    return status == BAU_OK ? bau_arena_textn(arena, out.data, out.offsets[1]) : NULL;
}

/* hhs.gov, "Guidance Regarding Methods for De-identification": the 17 restricted ZIP codes of Census 2000;
 * and the 18 that are in use for Census 2010. */
static const char of_2000[] = "036 692 878 059 790 879 063 821 884 102 823 890 203 830 893 556 831";
static const char of_2010[] = "036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893";

Test(masker_postal_code, small_areas_are_hidden)
{
    for (unsigned zip3 = 0; zip3 < 1000; zip3++) {
        char code[16], three[4];
        snprintf(three, sizeof three, "%03u", zip3);
        snprintf(code, sizeof code, "%s12-3456", three);
        const bool old = strstr(of_2000, three), new = strstr(of_2010, three);
        char kept[16];
        snprintf(kept, sizeof kept, "%s00-0000", three);
        cr_assert_str_eq(mask("census=2000", code), old ? "00000-0000" : kept);
        cr_assert_str_eq(mask("census=2010", code), new ? "00000-0000" : kept);
        cr_assert_str_eq(mask("", code), old || new ? "00000-0000" : kept);
    }
}

Test(masker_postal_code, formats_stay)
{
    cr_expect_str_eq(mask("", "02139"), "02100");
    cr_expect_str_eq(mask("", "021394307"), "021000000");
    cr_expect_str_eq(mask("", "02139 4307"), "02100 0000");
    cr_expect_str_eq(mask("rule=first", "SW1A 1AA"), "SW0A 0AA");
    cr_expect_str_eq(mask("rule=first keep_first=4", "sw1a-1aa"), "sw1a-0aa");
    cr_expect_str_eq(mask("rule=first", "10115"), "10000");
    cr_expect_str_eq(mask("rule=first keep_first=3", "150-0002"), "150-0000");
    cr_expect_str_eq(mask("rule=first keep_first=3", "101"),
                     "000"); /* no more than what stays: nothing stays */
    cr_expect_str_eq(mask("rule=first keep_first=0", "A1"), "A0");
}

Test(masker_postal_code, what_is_no_code_is_refused)
{
    static const char *const wrong[] = { "",          "0213",   "021394",    "02139-43070",
                                         "02139-430", "0213a",  "SW1A 1AA",  "02139.4307",
                                         " 02139",    "02139 ", "0213 94307" };
    static const char *const none[] = { "", " ", "-", "1234567890ABCDEFG", "10_115", "東京" };
    for (size_t i = 0; i < BAU_COUNT(wrong); i++) {
        cr_expect(mask("", wrong[i]) == NULL, "'%s' passed", wrong[i]);
        cr_expect_eq(err.code, BAU_E_DATA);
    }
    for (size_t i = 0; i < BAU_COUNT(none); i++) {
        cr_expect(mask("rule=first", none[i]) == NULL, "'%s' passed", none[i]);
        cr_expect_eq(err.code, BAU_E_DATA);
    }
}
