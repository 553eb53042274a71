/* company: the legal form stays where it was, the name does not. */
#include <criterion/criterion.h>

#include "maskers/letter_case.h"
#include "src/kernel/names.h"
#include "tests/support/masker.h"

static const struct {
    const char *in, *before, *behind;
    enum bau_script script;
    enum bau_case how;
} cases[] = {
    { "Analytical Engines Ltd.", "", " Ltd.", BAU_SCRIPT_LATIN, BAU_CASE_AS_IS },
    { "Analytical Engines, Inc.", "", ", Inc.", BAU_SCRIPT_LATIN, BAU_CASE_AS_IS },
    { "ANALYTICAL ENGINES INC", "", " INC", BAU_SCRIPT_LATIN, BAU_CASE_UPPER },
    { "analytical engines gmbh", "", " gmbh", BAU_SCRIPT_LATIN, BAU_CASE_LOWER },
    { "Rechen GmbH & Co. KG", "", " GmbH & Co. KG", BAU_SCRIPT_LATIN, BAU_CASE_AS_IS },
    { "Rechenwerk", "", "", BAU_SCRIPT_LATIN, BAU_CASE_AS_IS },
    { "Calcagni S.p.A.", "", " S.p.A.", BAU_SCRIPT_LATIN, BAU_CASE_AS_IS },
    { "SARL Calculs", "SARL ", "", BAU_SCRIPT_LATIN, BAU_CASE_AS_IS },
    { "Stag", "", "", BAU_SCRIPT_LATIN, BAU_CASE_AS_IS }, /* ends in ag, which is no form here */
    { "GmbH", "", "", BAU_SCRIPT_LATIN, BAU_CASE_AS_IS }, /* a form alone is a name */
    { "ООО Ромашка", "ООО ", "", BAU_SCRIPT_CYRILLIC, BAU_CASE_AS_IS },
    { "株式会社山田商店", "株式会社", "", BAU_SCRIPT_HAN, BAU_CASE_AS_IS },
    { "北京计算有限公司", "", "有限公司", BAU_SCRIPT_HAN, BAU_CASE_AS_IS },
    { "한국계산 주식회사", "", " 주식회사", BAU_SCRIPT_HANGUL, BAU_CASE_AS_IS },
    { "", "", "", BAU_SCRIPT_LATIN, BAU_CASE_AS_IS },
};

Test(company, keeps_form_script_and_case)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("company"), BAU_TEXT, "", NULL, 0);
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        const struct bau_column in = one_text(BAU_TEXT, cases[i].in, strlen(cases[i].in), arena),
                                out = run_fine(&b, &in, 0, arena);
        const struct bau_slice v = bau_column_value(&out, 0);
        const size_t before = strlen(cases[i].before), behind = strlen(cases[i].behind);
        cr_assert(v.len > before + behind && memcmp(v.data, cases[i].before, before) == 0 &&
                      memcmp(v.data + v.len - behind, cases[i].behind, behind) == 0,
                  "%s: %.*s", cases[i].in, (int)v.len, (const char *)v.data);
        const uint8_t *name = v.data + before;
        const size_t len = v.len - before - behind;
        cr_expect_eq(bau_script_of(name, len), cases[i].script, "%s: %.*s", cases[i].in, (int)v.len,
                     (const char *)v.data);
        cr_expect_eq(bau_case_of(name, len), cases[i].how, "%s: %.*s", cases[i].in, (int)v.len,
                     (const char *)v.data);
        cr_expect(name[len - 1] != ' ' && name[len - 1] != ',');
    }
    release(&b);
    bau_arena_free(arena);
}

Test(company, narrow_columns)
{
    static const uint32_t rooms[] = { 8, 20, 50, 51, 60, 77, 78, 79, 100 };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(rooms); i++) {
        struct bound b = bind_with(bau_masker_find("company"), BAU_TEXT, "", NULL, rooms[i]);
        cr_assert_eq(b.status, BAU_OK, "%u: %s", rooms[i], b.err.text);
        cr_expect_leq(b.masker->widest(b.config, BAU_TEXT), rooms[i], "%u", rooms[i]);
        const struct bau_column in = make(b.masker, BAU_TEXT, 0, 3000, false, arena),
                                out = run_fine(&b, &in, 0, arena);
        for (uint32_t k = 0; k < 3000; k++)
            cr_assert_leq(chars_of(bau_column_value(&out, k)), rooms[i]);
        release(&b);
    }
    struct bound b = bind_with(bau_masker_find("company"), BAU_TEXT, "", NULL, 1);
    cr_expect_eq(b.status, BAU_E_USAGE);
    release(&b);
    bau_arena_free(arena);
}
