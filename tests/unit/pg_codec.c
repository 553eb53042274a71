/* PostgreSQL's values, binary and text: vectors that the server itself wrote, and the properties that hold between the
 * two forms; arrays; type OIDs inside binary values; malformed bytes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "connectors/postgres/codec.h"

/* sql: what psql (PostgreSQL 15.18, UTF8, TimeZone UTC) was asked; hex: what it answered; text: the same value ::text. */
static const struct vector {
    const char *sql;
    bau_type type;
    uint32_t oid;
    bool list;
    const char *hex, *text;
} vectors[] = {
#include "pg_codec_vectors.h"
};

static struct bau_error err;

struct rig { /* one row with one column */
    struct bau_field field;
    struct bau_dataset dataset;
    struct bau_batch batch;
    struct bau_span span;
    uint32_t row_at[2];
};

static void rig_open(struct rig *r, const struct vector *v, const char *format, const uint8_t *bytes,
                     size_t len)
{
    *r = (struct rig){ .field = { .name = "c", .type = v->type, .list = v->list, .native_type = v->oid } };
    r->dataset = (struct bau_dataset){ .name = "s.t", .n_fields = 1, .fields = &r->field };
    cr_assert_eq(bau_batch_init(&r->batch, &err), BAU_OK);
    cr_assert_eq(bau_batch_reset(&r->batch, &r->dataset, &err), BAU_OK);
    uint8_t *raw = bau_arena_buffer(r->batch.arena, len);
    if (len)
        memcpy(raw, bytes, len);
    r->span = (struct bau_span){ 0, (uint32_t)len };
    r->row_at[1] = (uint32_t)len;
    r->batch.raw = raw;
    r->batch.raw_len = len;
    r->batch.row_at = r->row_at;
    r->batch.n_rows = 1;
    r->batch.format = format;
    r->batch.columns[0].spans = &r->span;
    r->batch.columns[0].form = BAU_FORM_VIEW;
}

static bau_status rig_decode(struct rig *r)
{
    const bau_status status = pg_decode_column(&r->batch, &r->batch.columns[0], &err);
    if (status == BAU_OK)
        cr_assert_eq(bau_batch_validate(&r->batch, BAU_VALIDATE_CONTENTS, &err), BAU_OK, "%s", err.text);
    return status;
}

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (unsigned byte; sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (uint8_t)byte;
    return n;
}

static void same_column(const struct bau_column *a, const struct bau_column *b, const char *what)
{
    cr_assert_eq(a->n_values, b->n_values, "%s", what);
    cr_assert_eq(a->n_nulls, b->n_nulls, "%s", what);
    for (uint32_t i = 0; i < a->n_values; i++) {
        const struct bau_slice x = bau_column_value(a, i), y = bau_column_value(b, i);
        cr_assert_eq(bau_column_present(a, i), bau_column_present(b, i), "%s", what);
        cr_assert_eq(x.len, y.len, "%s: value %u: %zu and %zu bytes", what, i, x.len, y.len);
        cr_assert(x.len == 0 || memcmp(x.data, y.data, x.len) == 0, "%s: value %u", what, i);
    }
}

Test(pg_codec, vectors)
{
    for (size_t i = 0; i < BAU_COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        uint8_t bytes[512];
        const size_t n = unhex(v->hex, bytes);
        struct rig binary, text, again;
        BAU_AUTO_TEXT copy = { 0 }, out = { 0 };
        rig_open(&binary, v, PG_FORMAT_BINARY, bytes, n);
        cr_assert_eq(rig_decode(&binary), BAU_OK, "%s: %s", v->sql, err.text);

        pg_copy_escape((const uint8_t *)v->text, strlen(v->text), &copy);
        rig_open(&text, v, PG_FORMAT_TEXT, (const uint8_t *)copy.data, copy.len);
        cr_assert_eq(rig_decode(&text), BAU_OK, "%s: %s", v->sql, err.text);
        same_column(&binary.batch.columns[0], &text.batch.columns[0], v->sql); /* both forms say the same */

        cr_assert_eq(pg_encode_value(&binary.batch, &binary.batch.columns[0], 0, &out, &err), BAU_OK, "%s",
                     err.text);
        cr_assert_eq(out.len, n + 4, "%s", v->sql);
        cr_assert_eq(pg_get32((const uint8_t *)out.data), n, "%s", v->sql);
        cr_assert(n == 0 || memcmp(out.data + 4, bytes, n) == 0, "%s: not the bytes it came from", v->sql);

        out.len = 0;
        cr_assert_eq(pg_encode_value(&text.batch, &text.batch.columns[0], 0, &out, &err), BAU_OK, "%s",
                     err.text);
        const bool respelled = v->list || v->type == BAU_F32 || v->type == BAU_F64; /* quotes, more digits */
        cr_assert(respelled || (out.len == copy.len && memcmp(out.data, copy.data, out.len) == 0), "%s: %s",
                  v->sql, out.data);
        rig_open(&again, v, PG_FORMAT_TEXT, (const uint8_t *)out.data, out.len);
        cr_assert_eq(rig_decode(&again), BAU_OK, "%s: %s", v->sql, err.text);
        same_column(&text.batch.columns[0], &again.batch.columns[0], v->sql);
        bau_batch_release(&binary.batch);
        bau_batch_release(&text.batch);
        bau_batch_release(&again.batch);
    }
}

Test(pg_codec, dates_round_trip_over_the_calendar)
{
    char text[64];
    for (int64_t day = -2500000; day < 3000000; day += 97) { /* about 4900 BC to 10180 AD */
        int64_t back = 0;
        const size_t n = pg_instant_format(BAU_DATE, day, text);
        cr_assert(pg_instant_parse(BAU_DATE, (const uint8_t *)text, n, &back), "%s", text);
        cr_assert_eq(back, day, "%s", text);
    }
}

Test(pg_codec, a_cut_binary_value_is_refused_not_read)
{
    for (size_t i = 0; i < BAU_COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        if (!v->list && v->type != BAU_NUMERIC && bau_type_width(v->type) == 0)
            continue; /* text of any length is text */
        uint8_t bytes[512];
        const size_t n = unhex(v->hex, bytes);
        for (size_t cut = 0; cut < n; cut++) {
            struct rig r;
            rig_open(&r, v, PG_FORMAT_BINARY, bytes, cut);
            const bool special = v->type == BAU_NUMERIC && !v->list && cut >= 8 && n == 8;
            cr_assert(special || rig_decode(&r) == BAU_E_BUG, "%s cut to %zu", v->sql, cut);
            bau_batch_release(&r.batch);
        }
    }
}

/* char(n) arrives padded; a pseudonym must not depend on the padding. */
Test(pg_codec, blanks_of_char_n_are_cut)
{
    static const struct vector v = { "char(4)", BAU_TEXT, 1042, false, NULL, NULL };
    struct rig r;
    rig_open(&r, &v, PG_FORMAT_BINARY, (const uint8_t *)"ab  ", 4);
    cr_assert_eq(rig_decode(&r), BAU_OK);
    cr_assert_eq(bau_column_value(&r.batch.columns[0], 0).len, 2);
    bau_batch_release(&r.batch);
}

/* mood: enum 17162, mood[] 17161; pt: (int4, mood, text) 17171, pt[] 17170; mr: range of float8 */
static const uint32_t pt_attributes[] = { 23, 17162, 25 };
static struct pg_type types[] = {
    { .oid = 23, .kind = PG_BASE },
    { .oid = 25, .kind = PG_BASE },
    { .oid = 701, .kind = PG_BASE },
    { .oid = 17161, .kind = PG_ARRAY, .element = 17162, .user = true, .name = "mood[]" },
    { .oid = 17162, .kind = PG_ENUM, .user = true, .name = "mood" },
    { .oid = 17170, .kind = PG_ARRAY, .element = 17171, .user = true, .name = "pt[]" },
    { .oid = 17171,
      .kind = PG_COMPOSITE,
      .user = true,
      .name = "pt",
      .n_attributes = 3,
      .attributes = pt_attributes },
    { .oid = 17200, .kind = PG_RANGE, .element = 701, .user = true, .name = "mr" },
};
static const struct pg_oid_pair pairs[] = {
    { 17161, 1 }, { 17162, 0x01020304 }, { 17170, 2 }, { 17171, 0x0a0b0c0d }, { 17200, 3 }
};

Test(pg_codec, oids_of_user_types_are_rewritten)
{
    static const struct {
        const char *sql;
        uint32_t oid;
        const char *hex, *want;
    } cases[] = {
        { "record_send(row(1, 'ok', 'n')::pt)", 17171,
          "000000030000001700000004000000010000430a000000026f6b00000019000000016e",
          "000000030000001700000004000000010102030400000002"
          "6f6b00000019000000016e" },
        { "array_send(array['ok', null]::mood[])", 17161,
          "00000001000000010000430a0000000200000001000000026f6bffffffff",
          "0000000100000001010203040000000200000001000000026f6bffffffff" },
        { "array_send(array[row(7, 'sad', null)::pt])", 17170,
          "000000010000000000004313000000010000000100000023000000030000001700000004000000070000430a00000003"
          "73616400000019ffffffff",
          "00000001000000000a0b0c0d0000000100000001000000230000000300000017000000040000000701020304"
          "0000000373616400000019ffffffff" },
        { "range_send(mr(1.5, null))", 17200, "12000000083ff8000000000000", "12000000083ff8000000000000" },
    };
    const struct bau_side side = { .n_types = BAU_COUNT(types), .types = types };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        uint8_t value[256], want[256];
        const size_t n = unhex(cases[i].hex, value);
        cr_assert_eq(unhex(cases[i].want, want), n, "%s", cases[i].sql);
        cr_assert_eq(pg_rewrite_oids(&side, pairs, BAU_COUNT(pairs), cases[i].oid, value, (uint32_t)n, &err),
                     BAU_OK, "%s: %s", cases[i].sql, err.text);
        cr_assert_eq(memcmp(value, want, n), 0, "%s", cases[i].sql);
        for (size_t cut = 0; cut < n; cut++) { /* a cut value is refused wherever walking it notices */
            uint8_t part[256];
            (void)unhex(cases[i].hex, part);
            if (cases[i].oid == 17171 || cases[i].oid == 17170 || cases[i].oid == 17200)
                cr_assert_neq(
                    pg_rewrite_oids(&side, pairs, BAU_COUNT(pairs), cases[i].oid, part, (uint32_t)cut, &err),
                    BAU_OK, "%s cut to %zu", cases[i].sql, cut);
        }
    }
}

Test(pg_codec, numerics_that_are_none_are_refused)
{
    static const char *const bad[] = { "", "-", ".", "1.", ".5", "1e5", "+1", "0x1", "1 ", "--1", "nan" };
    BAU_AUTO_TEXT out = { 0 };
    for (size_t i = 0; i < BAU_COUNT(bad); i++)
        cr_assert_eq(
            pg_numeric_encode((struct bau_slice){ (const uint8_t *)bad[i], strlen(bad[i]) }, &out, &err),
            BAU_E_DATA, "%s", bad[i]);
}

/* ---- inet, cidr, macaddr, macaddr8 ---- */

static bool is_network(const struct vector *v)
{
    return v->type == BAU_TEXT && pg_is_network(v->oid);
}

Test(pg_codec, a_cut_or_false_address_is_refused_not_read)
{
    static const struct {
        uint32_t oid;
        const char *hex;
    } wrong[] = {
        { 869, "0120000400000000" }, { 869, "0420000400000000" },   { 869, "0221000400000000" },
        { 869, "0220001000000000" }, { 869, "032000040000000000" }, { 650, "" },
        { 829, "08002b0102" },       { 829, "08002b01020304" },     { 774, "08002b010203" },
    };
    for (size_t i = 0; i < BAU_COUNT(vectors); i++) {
        uint8_t bytes[512];
        const size_t n = unhex(vectors[i].hex, bytes);
        for (size_t cut = 0; is_network(&vectors[i]) && cut < n; cut++) {
            struct rig r;
            rig_open(&r, &vectors[i], PG_FORMAT_BINARY, bytes, cut);
            cr_assert_eq(rig_decode(&r), BAU_E_BUG, "%s cut to %zu", vectors[i].sql, cut);
            bau_batch_release(&r.batch);
        }
    }
    for (size_t i = 0; i < BAU_COUNT(wrong); i++) {
        const struct vector v = { .type = BAU_TEXT, .oid = wrong[i].oid };
        uint8_t bytes[64];
        struct rig r;
        rig_open(&r, &v, PG_FORMAT_BINARY, bytes, unhex(wrong[i].hex, bytes));
        cr_expect_eq(rig_decode(&r), BAU_E_BUG, "%s", wrong[i].hex);
        bau_batch_release(&r.batch);
    }
}

/* What a masker may have made of an address. */
Test(pg_codec, a_masked_text_becomes_an_address_or_is_refused)
{
    static const struct {
        uint32_t oid;
        const char *text, *hex; /* NULL: refused */
    } cases[] = {
        { 869, "1.2.3.4", "0220000401020304" },
        { 869, "1.2.3.4/9", "0209000401020304" },
        { 869, "::FFFF:1.2.3.4", "0380001000000000000000000000ffff01020304" },
        { 650, "1.2.3.4", "0220010401020304" },
        { 650, "1.2.0.0/15", "020f010401020000" },
        { 650, "1.2.0.0/14", NULL }, /* host bits */
        { 650, "::1/64", NULL },
        { 869, "", NULL },
        { 869, "1.2.3", NULL },
        { 869, "1.2.3.4/", NULL },
        { 869, "1.2.3.4/33", NULL },
        { 869, "1.2.3.4/1x", NULL },
        { 869, "****", NULL },
        { 869, "0000000000000000000000000000000000000000000000000000000000000000000000", NULL },
        { 829, "08:00:2b:01:02:03", "08002b010203" },
        { 829, "08-00-2B-01-02-03", "08002b010203" },
        { 829, "0800.2b01.0203", "08002b010203" },
        { 829, "08002b01020", NULL },
        { 829, "08:00:2b:01:02:03:04", NULL },
        { 829, "08:00:2b:01:02:0g", NULL },
        { 774, "08:00:2b:01:02:03:04:05", "08002b0102030405" },
        { 774, "08:00:2b:01:02:03", NULL },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        BAU_AUTO_TEXT out = { 0 };
        uint8_t want[64];
        const struct bau_slice text = { (const uint8_t *)cases[i].text, strlen(cases[i].text) };
        const bau_status status = pg_network_encode(text, cases[i].oid, &out, &err);
        cr_expect_eq(status, cases[i].hex ? BAU_OK : BAU_E_DATA, "%s", cases[i].text);
        if (!cases[i].hex || status != BAU_OK)
            continue;
        const size_t n = unhex(cases[i].hex, want);
        cr_expect_eq(out.len, n + 4, "%s", cases[i].text);
        cr_expect(out.len == n + 4 && memcmp(out.data + 4, want, n) == 0, "%s", cases[i].text);
    }
}
