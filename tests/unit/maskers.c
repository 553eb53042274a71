/* Single maskers: what the contract over the registry cannot know. */
#include <criterion/criterion.h>

#include "maskers/people.h"
#include "tests/support/masker.h"

enum { MANY = 1000000 };

Test(maskers, permute_fills_its_range)
{
    struct bound b = bind_with(bau_masker_find("permute"), BAU_I32, "min=-7 max=999992", NULL, 0);
    struct bau_arena *arena = bau_arena_new(1 << 20, 0);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_I32, .n_values = MANY };
    struct bau_column in, out;
    struct bau_error err;
    uint8_t *seen = calloc(1, MANY);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    cr_assert_eq(bau_column_make(&in, &shape, BAU_I32, 0, arena, &err), BAU_OK);
    for (int32_t i = 0; i < MANY; i++)
        ((int32_t *)in.data)[i] = i - 7;
    out = run_fine(&b, &in, 0, arena);
    for (int32_t i = 0; i < MANY; i++) {
        const int32_t v = ((const int32_t *)out.data)[i];
        cr_assert(v >= -7 && v <= 999992 && !seen[v + 7]);
        seen[v + 7] = 1;
    }
    ((int32_t *)in.data)[5] = 999993;
    cr_assert_eq(run(&b, &in, 0, 100, arena, &out, &err), BAU_E_DATA);
    cr_assert(strstr(err.text, "row 106") && !strstr(err.text, "999993"), "%s", err.text);
    free(seen);
    bau_arena_free(arena);
    release(&b);
}

Test(maskers, permute_keeps_magnitude_and_agrees_between_types)
{
    struct bound b = bind_with(bau_masker_find("permute"), BAU_I64, "", NULL, 0),
                 text = bind_with(bau_masker_find("permute"), BAU_TEXT, "", NULL, 0);
    static const int64_t edges[] = { 0,
                                     1,
                                     32767,
                                     32768,
                                     INT32_MAX,
                                     INT64_C(2147483648),
                                     (INT64_C(1) << 53) - 1,
                                     INT64_C(1) << 53,
                                     INT64_MAX,
                                     -1,
                                     -32768,
                                     -32769,
                                     INT32_MIN,
                                     INT64_MIN };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(edges); i++) {
        const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_I64, .n_values = 1 };
        struct bau_column in, out;
        struct bau_error err;
        char spelled[32];
        cr_assert_eq(bau_column_make(&in, &shape, BAU_I64, 0, arena, &err), BAU_OK);
        memcpy(in.data, &edges[i], 8);
        out = run_fine(&b, &in, 0, arena);
        int64_t v;
        memcpy(&v, out.data, 8);
        const uint64_t x = (uint64_t)(edges[i] ^ (edges[i] >> 63)), y = (uint64_t)(v ^ (v >> 63));
        cr_expect_eq(edges[i] < 0, v < 0);
        cr_expect((x >> 15 == 0) == (y >> 15 == 0) && (x >> 31 == 0) == (y >> 31 == 0) &&
                  (x >> 53 == 0) == (y >> 53 == 0));
        snprintf(spelled, sizeof spelled, "%" PRId64, edges[i]);
        const struct bau_column as_text = one_text(BAU_TEXT, spelled, strlen(spelled), arena);
        out = run_fine(&text, &as_text, 0, arena);
        snprintf(spelled, sizeof spelled, "%" PRId64, v);
        const struct bau_slice got = bau_column_value(&out, 0);
        cr_expect(got.len == strlen(spelled) && memcmp(got.data, spelled, got.len) == 0);
    }
    bau_arena_free(arena);
    release(&b);
    release(&text);
}

static const struct {
    const char *masker, *options;
    bau_type type;
    const char *in, *want; /* want: NULL: refused as BAU_E_DATA */
} cases[] = {
    { "redact", "", BAU_TEXT, "caf\xc3\xa9", "****" },
    { "redact", "keep_first=1 keep_last=1", BAU_TEXT, "caf\xc3\xa9", "c**\xc3\xa9" },
    { "redact", "keep_first=2 keep_last=2", BAU_TEXT, "caf\xc3\xa9", "****" },
    { "redact", "fill=\xe2\x96\x88", BAU_TEXT, "ab", "\xe2\x96\x88\xe2\x96\x88" },
    { "constant", "value=x", BAU_TEXT, "anything", "x" },
    { "phone", "", BAU_TEXT, "call me", NULL },
    { "phone", "", BAU_TEXT, "1234", NULL },
    { "phone", "", BAU_TEXT, "+49 30 1234567 ext 5", NULL },
    { "phone_reserved", "", BAU_TEXT, "none", NULL },
    { "uuid", "", BAU_TEXT, "8f14e45f-ceea-467f-a0e6b5a1b4b5c6d7", NULL },
    { "permute", "", BAU_TEXT, "12x", NULL },
    { "permute", "", BAU_NUMERIC, "9223372036854775808", NULL },
    { "noise", "", BAU_NUMERIC, "NaN", "NaN" },
    { "noise", "", BAU_NUMERIC, "-Infinity", "-Infinity" },
    { "noise", "", BAU_NUMERIC, "0.00", "0.00" },
    { "noise", "", BAU_NUMERIC, "1e5", NULL },
};

Test(maskers, single_values)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bound b =
            bind_with(bau_masker_find(cases[i].masker), cases[i].type, cases[i].options, NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "case %zu: %s", i, b.err.text);
        const struct bau_column in = one_text(cases[i].type, cases[i].in, strlen(cases[i].in), arena);
        struct bau_column out;
        struct bau_error err;
        const bau_status status = run(&b, &in, 0, 0, arena, &out, &err);
        cr_expect_eq(status, cases[i].want ? BAU_OK : BAU_E_DATA, "case %zu", i);
        if (status == BAU_OK && cases[i].want) {
            const struct bau_slice got = bau_column_value(&out, 0);
            cr_expect(got.len == strlen(cases[i].want) && memcmp(got.data, cases[i].want, got.len) == 0,
                      "case %zu: %.*s", i, (int)got.len, (const char *)got.data);
        }
        release(&b);
    }
    bau_arena_free(arena);
}

static const struct bau_field money = {
    .name = "m", .native = "numeric(6,2)", .type = BAU_NUMERIC, .max_digits = 6, .scale = 2
};
static const char *const labels[] = { "new", "old" };
static const struct bau_field state = {
    .name = "s", .native = "state", .type = BAU_TEXT, .n_labels = 2, .labels = labels
};

static const struct {
    const char *masker, *options;
    bau_type type;
    const struct bau_field *field;
    uint32_t max_chars;
} refused[] = {
    { "email", "host=gmail.com", BAU_TEXT, NULL, 0 },
    { "email", "host=example.com.", BAU_TEXT, NULL, 0 },
    { "email", "host=.test", BAU_TEXT, NULL, 0 },
    { "email", "", BAU_TEXT, NULL, 35 },
    { "first_name", "locale=xx", BAU_TEXT, NULL, 0 },
    { "first_name", "", BAU_TEXT, NULL, 1 },
    { "person_name", "", BAU_TEXT, NULL, 2 },
    { "permute", "min=5", BAU_I32, NULL, 0 },
    { "permute", "min=5 max=5", BAU_I32, NULL, 0 },
    { "permute", "min=0 max=40000", BAU_I16, NULL, 0 },
    { "permute", "min=0 max=3000000000", BAU_I32, NULL, 0 },
    { "permute", "", BAU_NUMERIC, &money, 0 },
    { "permute", "min=0 max=99999", BAU_NUMERIC, &money, 0 },
    { "noise", "relative=0.5 absolute=2", BAU_I32, NULL, 0 },
    { "redact", "fill=ab", BAU_TEXT, NULL, 0 },
    { "constant", "value=later", BAU_TEXT, &state, 0 },
    { "constant", "value=toolong", BAU_TEXT, NULL, 3 },
    { "hash_token", "bytes=32", BAU_TEXT, NULL, 40 },
    { "constant", "", BAU_TEXT, NULL, 0 },
};

Test(maskers, bind_refuses)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++) {
        struct bound b = bind_with(bau_masker_find(refused[i].masker), refused[i].type, refused[i].options,
                                   refused[i].field, refused[i].max_chars);
        cr_expect_eq(b.status, BAU_E_USAGE, "case %zu: %s %s", i, refused[i].masker, refused[i].options);
        release(&b);
    }
}

Test(maskers, narrow_columns_get_narrow_values)
{
    static const char *const names[] = { "email", "first_name", "last_name", "person_name" };
    static const uint32_t rooms[] = { 36, 8, 8, 16 };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(names); i++) {
        struct bound b = bind_with(bau_masker_find(names[i]), BAU_TEXT, "", NULL, rooms[i]);
        cr_assert_eq(b.status, BAU_OK, "%s: %s", names[i], b.err.text);
        cr_expect_leq(b.masker->widest(b.config, BAU_TEXT), rooms[i], "%s", names[i]);
        const struct bau_column in = make(b.masker, BAU_TEXT, 0, 5000, false, arena),
                                out = run_fine(&b, &in, 0, arena);
        for (uint32_t k = 0; k < 5000; k++)
            cr_assert_leq(chars_of(bau_column_value(&out, k)), rooms[i], "%s", names[i]);
        release(&b);
    }
    bau_arena_free(arena);
}

Test(maskers, noise_keeps_precision_and_scale)
{
    struct bound b = bind_with(bau_masker_find("noise"), BAU_NUMERIC, "relative=1", &money, 0);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    cr_assert_eq(b.status, BAU_OK);
    for (int i = 0; i < 5000; i++) {
        char text[16];
        const int n = snprintf(text, sizeof text, "%s%d.%02d", i % 2 ? "-" : "", 5000 + i, i % 100);
        const struct bau_column in = one_text(BAU_NUMERIC, text, (size_t)n, arena),
                                out = run_fine(&b, &in, 0, arena);
        const struct bau_slice got = bau_column_value(&out, 0);
        char read[32] = "", *end;
        memcpy(read, got.data, got.len < 31 ? got.len : 31);
        const double v = strtod(read, &end);
        cr_assert(*end == '\0' && got.data[got.len - 3] == '.', "%s -> %s", text, read);
        cr_assert(v < 10000 && v > -10000 && (i % 2 ? v <= 0 : v >= 0), "%s -> %s", text, read);
        cr_assert(strcmp(text, read) != 0);
    }
    bau_arena_free(arena);
    release(&b);
}

Test(maskers, date_shift_keeps_intervals_and_stays_in_range)
{
    struct bound b = bind_with(bau_masker_find("date_shift"), BAU_DATE, "days=3 by=id", NULL, 0);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_DATE, .n_values = 900 };
    struct bau_column in, out;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&in, &shape, BAU_DATE, 0, arena, &err), BAU_OK);
    for (int32_t i = 0; i < 900; i++)
        ((int32_t *)in.data)[i] = i == 17 ? INT32_MAX : i == 18 ? INT32_MIN : i * 3;
    out = run_fine(&b, &in, 0, arena);
    int32_t shift[9] = { 0 };
    for (int32_t i = 0; i < 900; i++) {
        const int32_t from = ((const int32_t *)in.data)[i], to = ((const int32_t *)out.data)[i];
        if (i == 17 || i == 18) {
            cr_assert_eq(from, to);
            continue;
        }
        cr_assert(to - from != 0 && to - from >= -3 && to - from <= 3);
        cr_assert(shift[i % 9] == 0 || shift[i % 9] == to - from, "one shift an entity");
        shift[i % 9] = to - from;
    }
    for (int32_t i = 0; i < 900; i++)
        ((int32_t *)in.data)[i] = 2932896;
    cr_assert_eq(run(&b, &in, 0, 0, arena, &out, &err), BAU_E_DATA);
    bau_arena_free(arena);
    release(&b);
}

static const struct {
    bau_type type;
    const char *value;
    int64_t want;
    bool refused;
} literals[] = {
    { BAU_DATE, "2000-02-29", 11016, false },
    { BAU_DATE, "1969-12-31", -1, false },
    { BAU_DATE, "0001-01-01", -719162, false },
    { BAU_DATE, "9999-12-31", 2932896, false },
    { BAU_DATE, "infinity", INT32_MAX, false },
    { BAU_DATE, "2001-02-29", 0, true },
    { BAU_DATE, "2001-2-3", 0, true },
    { BAU_TIME, "13:45:00.25", INT64_C(49500250000), false },
    { BAU_TIME, "24:00", 0, true },
    { BAU_TIMESTAMP, "2000-02-29", INT64_C(951782400000000), false },
    { BAU_TIMESTAMP, "2000-02-29 12:00+02", 0, true },
    { BAU_TIMESTAMPTZ, "2000-02-29T12:00:00+02:00", INT64_C(951818400000000), false },
    { BAU_TIMESTAMPTZ, "-infinity", INT64_MIN, false },
    { BAU_I16, "-32768", -32768, false },
    { BAU_I16, "32768", 0, true },
    { BAU_I32, "12 ", 0, true },
    { BAU_I64, "9223372036854775808", 0, true },
    { BAU_BOOL, "yes", 0, true },
    { BAU_BOOL, "false", 0, false },
    { BAU_UUID, "8f14e45f", 0, true },
    { BAU_JSON, "{a:1}", 0, true },
    { BAU_BYTES, "abc", 0, true },
    { BAU_NUMERIC, "1.", 0, true },
    { BAU_F32, "1e60", 0, true },
};

Test(maskers, constant_reads_every_type)
{
    const struct bau_masker *m = bau_masker_find("constant");
    for (size_t i = 0; i < BAU_COUNT(literals); i++) {
        struct bau_error err = { 0 };
        struct bau_arena *arena = bau_arena_new(4096, 0);
        void *config = bau_arena_zero(arena, m->config_bytes);
        cr_assert_eq(bau_option_set(&m->options[0], config, literals[i].value, arena, &err), BAU_OK);
        const struct bau_mask_bind with = { .masker = m->name, .type = literals[i].type, .arena = arena };
        cr_expect_eq(m->bind(config, &with, &err), literals[i].refused ? BAU_E_USAGE : BAU_OK, "case %zu", i);
        if (!literals[i].refused) {
            const struct bau_column in = make(m, literals[i].type, 0, 1, false, arena);
            struct bau_mask_ctx ctx = { .arena = arena };
            struct bau_column out;
            cr_assert_eq(m->apply(config, &ctx, &in, &out, &err), BAU_OK);
            int64_t got = 0;
            memcpy(&got, out.data, bau_type_width(literals[i].type));
            const unsigned unused = 64 - 8 * bau_type_width(literals[i].type);
            cr_expect_eq((int64_t)((uint64_t)got << unused) >> unused, literals[i].want, "case %zu", i);
        }
        bau_arena_free(arena);
    }
}

Test(maskers, names_follow_the_gender_of_the_row)
{
    static const char *const names[] = { "first_name", "last_name", "person_name" };
    static const char *const options[] = { "locale=ru", "locale=ru gender=m", "locale=ru gender=f" };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t k = 0; k < BAU_COUNT(names); k++) {
        const struct bau_masker *m = bau_masker_find(names[k]);
        struct bound asks = bind_with(m, BAU_TEXT, "locale=ru gender_from=g", NULL, 0), fixed[3];
        const struct bau_column in = make(m, BAU_TEXT, 0, 900, false, arena),
                                got = run_fine(&asks, &in, 0, arena);
        struct bau_column want[3];
        for (size_t g = 0; g < 3; g++) {
            fixed[g] = bind_with(m, BAU_TEXT, options[g], NULL, 0);
            want[g] = run_fine(&fixed[g], &in, 0, arena);
        }
        uint32_t differ = 0;
        for (uint32_t i = 0; i < 900; i++) { /* the owners are 0..8; 1 is a man, 2 a woman */
            const uint32_t g = i % 9 <= 2 ? i % 9 : 0;
            cr_assert(same_value(&got, i, &want[g], i), "%s: row %u", names[k], i);
            differ += !same_value(&want[1], i, &want[2], i);
        }
        cr_expect_gt(differ, 600u, "%s: men and women have other names", names[k]);
        release(&asks);
        for (size_t g = 0; g < 3; g++)
            release(&fixed[g]);
    }
    bau_arena_free(arena);
}

Test(maskers, gender_words)
{
    static const struct {
        const char *word;
        uint8_t want;
    } said[] = { { "f", BAU_GENDER_F },
                 { "M", BAU_GENDER_M },
                 { "Frau  ", BAU_GENDER_F },
                 { "MALE", BAU_GENDER_M },
                 { "жен", BAU_GENDER_F },
                 { "男", BAU_GENDER_M },
                 { "2", BAU_GENDER_F },
                 { "divers", BAU_GENDER_ANY },
                 { "", BAU_GENDER_ANY },
                 { "x", BAU_GENDER_ANY },
                 { "a text far longer than any word", BAU_GENDER_ANY } };
    struct bau_arena *arena = bau_arena_new(4096, 0);
    for (size_t i = 0; i < BAU_COUNT(said); i++) {
        const struct bau_column in = one_text(BAU_TEXT, said[i].word, strlen(said[i].word), arena);
        struct bau_error err;
        uint8_t *got;
        cr_assert_eq(bau_people_genders(&in, arena, &got, &err), BAU_OK);
        cr_expect_eq(got[0], said[i].want, "%s", said[i].word);
    }
    bau_arena_free(arena);
}

/* Reserved numbers only: +1 NXX 555 01xx with no x11, or +44 7700 900xxx. */
Test(maskers, phone_reserved_is_nobodys)
{
    struct bound b = bind_with(bau_masker_find("phone_reserved"), BAU_TEXT, "", NULL, 0);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, 20000, false, arena),
                            out = run_fine(&b, &in, 0, arena);
    for (uint32_t i = 0; i < 20000; i++) {
        const struct bau_slice v = bau_column_value(&out, i);
        const bool uk = v.len == 13 && memcmp(v.data, "+447700900", 10) == 0;
        const bool us = v.len == 12 && memcmp(v.data, "+1", 2) == 0 && v.data[2] >= '2' &&
                        memcmp(v.data + 3, "11", 2) != 0 && memcmp(v.data + 5, "55501", 5) == 0;
        cr_assert(uk || us, "%.*s", (int)v.len, (const char *)v.data);
    }
    bau_arena_free(arena);
    release(&b);
}
