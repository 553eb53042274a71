/* person, person_email, username: one identity over several columns; and the case of names. */
#include <criterion/criterion.h>
#include <utf8proc.h>

#include "maskers/letter_case.h"
#include "src/kernel/names.h"
#include "tests/support/masker.h"

enum { ROWS = 600 }; /* as many as the sample varies with the capital left alone */

static struct bau_column masked(const char *masker, const char *options, const struct bau_column *in,
                                struct bau_arena *arena)
{
    struct bound b = bind_with(bau_masker_find(masker), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s %s: %s", masker, options, b.err.text);
    const struct bau_column out = run_fine(&b, in, 0, arena);
    release(&b);
    return out;
}

static bool has(const struct bau_column *c, uint32_t i, const char *want)
{
    const struct bau_slice v = bau_column_value(c, i);
    return v.len == strlen(want) && memcmp(v.data, want, v.len) == 0;
}

static void copy(const struct bau_column *c, uint32_t i, char out[64])
{
    const struct bau_slice v = bau_column_value(c, i);
    cr_assert_lt(v.len, 64u);
    memcpy(out, v.data, v.len);
    out[v.len] = '\0';
}

/* English names in a to z: the letters, small. */
static size_t plain(const char *name, char *out)
{
    size_t n = 0;
    for (; *name; name++)
        if ((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z' && n < 20)
            out[n++] = (char)(*name | 0x20);
    return n;
}

static void expect_local(const char *text, const char *first, const char *last, char separator,
                         const char *tail)
{
    char want[128];
    size_t n = plain(first, want);
    want[n++] = separator;
    n += plain(last, want + n);
    want[n++] = separator;
    cr_assert(strncmp(text, want, n) == 0, "%s is not of %s %s", text, first, last);
    for (size_t i = 0; i < 16; i++)
        cr_assert((text[n + i] >= 'a' && text[n + i] <= 'z') || (text[n + i] >= '2' && text[n + i] <= '7'));
    cr_assert_str_eq(text + n + 16, tail, "%s", text);
}

Test(person, all_parts_are_one_identity)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const struct bau_column names = make(bau_masker_find("first_name"), BAU_TEXT, 0, ROWS, false, arena),
                            mails = make(bau_masker_find("email"), BAU_TEXT, 0, ROWS, false, arena);
    const struct bau_column first = masked("person", "by=id part=first", &names, arena),
                            last = masked("person", "by=id part=last", &names, arena),
                            full = masked("person", "by=id part=full", &names, arena),
                            turned = masked("person", "by=id part=full order=family_first", &names, arena),
                            initials = masked("person", "by=id part=initials", &names, arena),
                            mail = masked("person_email", "by=id host=mail.test", &mails, arena),
                            user = masked("username", "by=id separator=hyphen", &names, arena);
    for (uint32_t i = 0; i < ROWS; i++) {
        char f[64], l[64], text[130];
        copy(&first, i, f);
        copy(&last, i, l);
        snprintf(text, sizeof text, "%s %s", f, l);
        cr_assert(has(&full, i, text), "%s", text);
        snprintf(text, sizeof text, "%s %s", l, f);
        cr_assert(has(&turned, i, text), "%s", text);
        snprintf(text, sizeof text, "%c%c", f[0], l[0]);
        cr_assert(has(&initials, i, text), "%s", text);
        const struct bau_slice address = bau_column_value(&mail, i), account = bau_column_value(&user, i);
        snprintf(text, sizeof text, "%.*s", (int)address.len, (const char *)address.data);
        expect_local(text, f, l, '.', "@mail.test");
        snprintf(text, sizeof text, "%.*s", (int)account.len, (const char *)account.data);
        expect_local(text, f, l, '-', "");
        cr_assert(same_value(&first, i, &first, i % 9), "row %u: nine owners, nine people", i);
        for (uint32_t k = 0; k < i; k++)
            cr_assert(!same_value(&mail, i, &mail, k) && !same_value(&user, i, &user, k),
                      "an owner's addresses stay distinct");
    }
    bau_arena_free(arena);
}

/* Without `by` the address is the identity; `by: email` beside it then means the same person. */
Test(person, an_address_is_an_identity_in_any_case)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound email = bind_with(bau_masker_find("person_email"), BAU_TEXT, "", NULL, 0),
                 first = bind_with(bau_masker_find("person"), BAU_TEXT, "part=first by=email", NULL, 0);
    const struct bau_column address = one_text(BAU_TEXT, "ada@example.org", 15, arena),
                            shouted = one_text(BAU_TEXT, " ADA@Example.org", 16, arena),
                            name = one_text(BAU_TEXT, "Ada", 3, arena);
    const struct bau_column *const fields[] = { &shouted };
    struct bau_mask_ctx ctx = { .arena = arena, .fields = fields };
    struct bau_column given;
    struct bau_error err;
    char text[128], f[64];
    cr_assert_eq(first.masker->apply(first.config, &ctx, &name, &given, &err), BAU_OK);
    const struct bau_column out = run_fine(&email, &address, 0, arena),
                            same = run_fine(&email, &shouted, 0, arena);
    cr_expect(same_value(&out, 0, &same, 0));
    const struct bau_slice v = bau_column_value(&out, 0);
    snprintf(text, sizeof text, "%.*s", (int)v.len, (const char *)v.data);
    copy(&given, 0, f);
    cr_expect(strncmp(text, f, 0) == 0);
    char want[64];
    const size_t n = plain(f, want);
    cr_expect(strncmp(text, want, n) == 0 && text[n] == '.', "%s is not of %s", text, f);
    release(&email);
    release(&first);
    bau_arena_free(arena);
}

/* The slow way: the digest, the dictionary, the draw. */
Test(person, draws_by_frequency_from_the_identity)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const struct bau_column in = make(bau_masker_find("person"), BAU_TEXT, 0, ROWS, true, arena);
    struct bound b = bind_with(bau_masker_find("person"), BAU_TEXT, "part=full locale=pl", NULL, 0);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    uint8_t(*digest)[16];
    cr_assert_eq(bau_mask_digest(b.key, arena, &in, &digest, &b.err), BAU_OK);
    uint32_t women = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        if (!bau_column_present(&in, i))
            continue;
        const bool woman = digest[i][8] & 1;
        uint64_t random[2] = { 0, 0 };
        for (unsigned k = 0; k < 16; k++)
            random[k / 8] += (uint64_t)digest[i][k] << 8 * (k % 8);
        const struct bau_dict *given = bau_names_find("pl", woman ? BAU_NAMES_GIVEN_F : BAU_NAMES_GIVEN_M),
                              *family =
                                  bau_names_find("pl", woman ? BAU_NAMES_SURNAME_F : BAU_NAMES_SURNAME_M);
        const struct bau_slice x = bau_dict_name(given, bau_dict_pick(given, random[0])),
                               y = bau_dict_name(family, bau_dict_pick(family, random[1]));
        char want[130];
        snprintf(want, sizeof want, "%.*s %.*s", (int)x.len, (const char *)x.data, (int)y.len,
                 (const char *)y.data);
        cr_assert(has(&out, i, want), "%s", want);
        women += woman;
    }
    cr_expect(women > ROWS / 3 && women < ROWS * 2 / 3);
    release(&b);
    bau_arena_free(arena);
}

/* The row's gender and the script of another field decide; the case is the value's. */
Test(person, follows_gender_script_and_case)
{
    static const struct {
        const char *value, *script, *gender, *end;
    } rows[] = { { "Ada", "Анна", "f", "а" },
                 { "ADA", "Анна", "f", "А" },
                 { "ada", "Анна", "m", "" },
                 { "Ada", "Άννα", "m", "ς" },
                 { "ADA", "Άννα", "m", "Σ" } };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("person"), BAU_TEXT,
                               "part=first gender_from=g by=id script_from=s", NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    for (size_t i = 0; i < BAU_COUNT(rows); i++) {
        const struct bau_column value = one_text(BAU_TEXT, rows[i].value, strlen(rows[i].value), arena),
                                script = one_text(BAU_TEXT, rows[i].script, strlen(rows[i].script), arena),
                                gender = one_text(BAU_TEXT, rows[i].gender, 1, arena),
                                id = one_text(BAU_TEXT, "7", 1, arena);
        const struct bau_column *const fields[] = { &gender, &id, &script };
        struct bau_mask_ctx ctx = { .arena = arena, .fields = fields };
        struct bau_column out;
        cr_assert_eq(b.masker->apply(b.config, &ctx, &value, &out, &b.err), BAU_OK);
        const struct bau_slice v = bau_column_value(&out, 0), s = bau_column_value(&script, 0);
        const size_t end = strlen(rows[i].end);
        cr_expect_eq(bau_script_of(v.data, v.len), bau_script_of(s.data, s.len), "row %zu", i);
        cr_expect_eq(bau_case_of(v.data, v.len), bau_case_of((const uint8_t *)rows[i].value, 3), "row %zu",
                     i);
        cr_expect(v.len >= end && memcmp(v.data + v.len - end, rows[i].end, end) == 0, "row %zu: %.*s", i,
                  (int)v.len, (const char *)v.data);
    }
    release(&b);
    bau_arena_free(arena);
}

static const struct {
    const char *masker, *options;
    uint32_t room;
    bool refused;
} widths[] = {
    { "person", "part=first", 8, false },
    { "person", "part=last", 8, false },
    { "person", "part=full", 16, false },
    { "person", "part=full", 2, true },
    { "person", "part=first", 1, true },
    { "person", "part=initials", 2, false },
    { "person", "part=initials", 1, true },
    { "person_email", "", 32, false },
    { "person_email", "", 31, true },
    { "person_email", "host=a.test", 27, false },
    { "person_email", "host=a.test", 1, true },
    { "person_email", "host=gmail.com", 0, true },
    { "person", "locale=xx", 0, true },
    { "username", "", 60, false },
    { "username", "", 20, false },
    { "username", "separator=none", 18, false },
    { "username", "", 17, false },
    { "username", "", 16, true },
};

Test(person, narrow_columns)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(widths); i++) {
        struct bound b =
            bind_with(bau_masker_find(widths[i].masker), BAU_TEXT, widths[i].options, NULL, widths[i].room);
        cr_assert_eq(b.status, widths[i].refused ? BAU_E_USAGE : BAU_OK, "case %zu: %s", i, b.err.text);
        if (!widths[i].refused) {
            const struct bau_column in = make(b.masker, BAU_TEXT, 0, 5000, false, arena),
                                    out = run_fine(&b, &in, 0, arena);
            cr_expect_leq(b.masker->widest(b.config, BAU_TEXT), widths[i].room, "case %zu", i);
            for (uint32_t k = 0; k < 5000; k++)
                cr_assert_leq(chars_of(bau_column_value(&out, k)), widths[i].room, "case %zu", i);
        }
        release(&b);
    }
    bau_arena_free(arena);
}

Test(person, names_keep_the_case)
{
    static const struct {
        const char *masker, *options, *in;
        enum bau_case want;
    } cases[] = {
        { "first_name", "", "ANNA", BAU_CASE_UPPER },
        { "first_name", "", "anna", BAU_CASE_LOWER },
        { "last_name", "", "ИВАНОВА", BAU_CASE_UPPER },
        { "last_name", "", "иванова", BAU_CASE_LOWER },
        { "last_name", "locale=de", "STRAUSS", BAU_CASE_UPPER },
        { "person_name", "", "ΓΙΏΡΓΟΣ ΠΑΠΑΔΌΠΟΥΛΟΣ", BAU_CASE_UPPER },
        { "person_name", "locale=tr", "ada lovelace", BAU_CASE_LOWER },
        { "person", "part=full", "ADA LOVELACE", BAU_CASE_UPPER },
    };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        const struct bau_column in = one_text(BAU_TEXT, cases[i].in, strlen(cases[i].in), arena),
                                out = masked(cases[i].masker, cases[i].options, &in, arena);
        const struct bau_slice v = bau_column_value(&out, 0);
        cr_expect_eq(bau_case_of(v.data, v.len), cases[i].want, "case %zu: %.*s", i, (int)v.len,
                     (const char *)v.data);
    }
    bau_arena_free(arena);
}

/* ---- letters ---- */

Test(letter_case, written_as_the_language_does)
{
    static const struct {
        const char *name, *upper, *lower;
        bool turkic;
    } names[] = {
        { "Smith", "SMITH", "smith", false },
        { "McDonald", "MCDONALD", "mcdonald", false },
        { "Weiß", "WEISS", "weiß", false },
        { "Gößl-Öz", "GÖSSL-ÖZ", "gößl-öz", false },
        { "Łukasz", "ŁUKASZ", "łukasz", false },
        { "Żółć", "ŻÓŁĆ", "żółć", false },
        { "Yıldız", "YILDIZ", "yıldız", true },
        { "İrem", "İREM", "irem", true },
        { "Işık", "IŞIK", "ışık", true },
        { "Ștefan", "ȘTEFAN", "ștefan", false },
        { "Nguyễn", "NGUYỄN", "nguyễn", false },
        { "Ưng", "ƯNG", "ưng", false },
        { "Семёнов", "СЕМЁНОВ", "семёнов", false },
        { "Їжак Ґ", "ЇЖАК Ґ", "їжак ґ", false },
        { "Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ", "παπαδόπουλος", false },
        { "Άννα Ήλιου", "ΑΝΝΑ ΗΛΙΟΥ", "άννα ήλιου", false },
        { "Νικολαΐδης", "ΝΙΚΟΛΑΪΔΗΣ", "νικολαΐδης", false },
        { "王芳", "王芳", "王芳", false },
        { "𠮷田", "𠮷田", "𠮷田", false },
    };
    uint8_t out[128];
    for (size_t i = 0; i < BAU_COUNT(names); i++) {
        const uint8_t *name = (const uint8_t *)names[i].name;
        const char *const want[BAU_CASES] = { names[i].name, names[i].upper, names[i].lower };
        for (int how = 0; how < BAU_CASES; how++) {
            const size_t n =
                bau_case_put(out, name, strlen(names[i].name), (enum bau_case)how, names[i].turkic);
            cr_expect(n == strlen(want[how]) && memcmp(out, want[how], n) == 0, "%s: %.*s", want[how], (int)n,
                      (const char *)out);
        }
    }
}

/* Unicode's own mapping, where it maps one letter to one: capitals of these blocks that we change. */
Test(letter_case, agrees_with_unicode)
{
    uint8_t in[4], out[8], want[4];
    uint32_t changed = 0;
    for (utf8proc_int32_t c = 0x20; c < 0x1F00; c++) {
        const size_t len = (size_t)utf8proc_encode_char(c, in),
                     n = bau_case_put(out, in, len, BAU_CASE_LOWER, false);
        if (n == len && memcmp(in, out, n) == 0)
            continue;
        changed++;
        const utf8proc_int32_t small = utf8proc_tolower(c);
        const size_t m = (size_t)utf8proc_encode_char(small, want);
        cr_expect(n == m && memcmp(out, want, n) == 0, "U+%04X", (unsigned)c);
        cr_expect_eq(bau_case_put(out, want, m, BAU_CASE_UPPER, false), c == 0x130 ? 1 : len);
        const bool plain_capital = c >= 0x386 && c <= 0x38F; /* Greek capitals lose the accent */
        cr_expect(plain_capital || c == 0x130 || memcmp(out, in, len) == 0, "U+%04X", (unsigned)c);
    }
    cr_expect_gt(changed, 400u, "%u", changed);
    for (utf8proc_int32_t c = 'A'; c <= 0x24F;
         c++) { /* nothing of the first blocks but odd ones is left out */
        const size_t len = (size_t)utf8proc_encode_char(c, in);
        if (utf8proc_tolower(c) != c && c < 0x180)
            cr_expect(bau_case_put(out, in, len, BAU_CASE_LOWER, false) != len || memcmp(in, out, len) != 0,
                      "U+%04X", (unsigned)c);
    }
}

Test(letter_case, told_by_the_letters)
{
    static const struct {
        const char *text;
        enum bau_case want;
    } cases[] = { { "", BAU_CASE_AS_IS },      { "A", BAU_CASE_AS_IS },     { "a", BAU_CASE_LOWER },
                  { "Anna", BAU_CASE_AS_IS },  { "ANNA", BAU_CASE_UPPER },  { "anna", BAU_CASE_LOWER },
                  { "aNNA", BAU_CASE_AS_IS },  { "12 - ", BAU_CASE_AS_IS }, { "O'BRIEN", BAU_CASE_UPPER },
                  { "ß", BAU_CASE_LOWER },     { "WEIß", BAU_CASE_AS_IS },  { "Éa", BAU_CASE_AS_IS },
                  { "ÉA", BAU_CASE_UPPER },    { "éa", BAU_CASE_LOWER },    { "иван", BAU_CASE_LOWER },
                  { "ИВАН", BAU_CASE_UPPER },  { "Иван", BAU_CASE_AS_IS },  { "ΆΝΝΑ", BAU_CASE_UPPER },
                  { "άννα", BAU_CASE_LOWER },  { "王芳", BAU_CASE_AS_IS },  { "\xff\xfe", BAU_CASE_AS_IS },
                  { "AB\xc3", BAU_CASE_UPPER } };
    for (size_t i = 0; i < BAU_COUNT(cases); i++)
        cr_expect_eq(bau_case_of((const uint8_t *)cases[i].text, strlen(cases[i].text)), cases[i].want, "%s",
                     cases[i].text);
}
