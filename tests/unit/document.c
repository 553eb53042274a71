/* Masking inside documents: what changes, what stays byte for byte, what is refused and how messages name
 * it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/mask_key.h"
#include "src/plan/document.h"

enum { PATHS = 8 };

static const uint8_t master[32] = { 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 121, 98, 219, 61 };

struct rules {
    struct bau_arena *arena;
    struct bau_document_path paths[PATHS];
    struct bau_mask_key *keys[3 * PATHS];
    uint32_t n_keys;
    uint32_t n;
    struct bau_document *document;
    struct bau_error err;
    bau_status status;
    uint64_t scratch[8192];
};

static void bind_kind(struct rules *r, struct bau_bound *out, const struct bau_masker *m, bau_type type,
                      const char *value)
{
    void *config = bau_arena_zero(r->arena, m->config_bytes + 1);
    struct bau_mask_key *key;
    cr_assert_eq(bau_mask_key_new(master, "", m->name, m->name, m->canon, r->arena, &key, &r->err), BAU_OK);
    r->keys[r->n_keys++] = key;
    if (m->options)
        cr_assert_eq(bau_options_default(m->options, config, r->arena, &r->err), BAU_OK);
    if (value)
        cr_assert_eq(bau_option_set(bau_option_find(m->options, "value"), config, value, r->arena, &r->err),
                     BAU_OK);
    const struct bau_mask_bind with = {
        .masker = m->name, .domain = m->name, .type = type, .key = key, .arena = r->arena
    };
    if (m->bind)
        cr_assert_eq(m->bind(config, &with, &r->err), BAU_OK, "%s", r->err.text);
    *out = (struct bau_bound){ .masker = m,
                               .config = config,
                               .domain = m->name,
                               .run = { .label = "", .masker = m, .config = config, .type = type } };
}

/* Pairs of path and masker; "-" keeps. */
static struct rules *rules_of(const char *const *pairs)
{
    struct rules *r = calloc(1, sizeof *r);
    r->arena = bau_arena_new(1 << 16, 0);
    for (; pairs[2 * r->n]; r->n++) {
        struct bau_document_path *p = &r->paths[r->n];
        p->path = pairs[2 * r->n];
        p->at.file = "bauta.yaml";
        p->keep = strcmp(pairs[2 * r->n + 1], "-") == 0;
        const struct bau_masker *m = p->keep ? NULL : bau_masker_find(pairs[2 * r->n + 1]);
        static const bau_type kinds[] = { BAU_TEXT, BAU_NUMERIC, BAU_BOOL };
        static const char *const values[] = { "gone \"here\"", "7", "true" };
        for (size_t k = 0; m && k < 3; k++)
            if (m->accepts & BAU_TYPE_BIT(kinds[k]))
                bind_kind(r, &p->mask[k], m, kinds[k], strcmp(m->name, "constant") == 0 ? values[k] : NULL);
    }
    r->status = bau_document_new(r->paths, r->n, r->arena, &r->document, &r->err);
    return r;
}

static void release(struct rules *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < 3; k++)
            if (r->paths[i].mask[k].masker && r->paths[i].mask[k].masker->unbind)
                r->paths[i].mask[k].masker->unbind((void *)(uintptr_t)r->paths[i].mask[k].config);
    for (uint32_t i = 0; i < r->n_keys; i++)
        bau_mask_key_release(r->keys[i]);
    bau_arena_free(r->arena);
    free(r);
}

static struct bau_column column_of(struct rules *r, const char *const *documents, uint32_t n)
{
    size_t bytes = 0;
    struct bau_column c;
    for (uint32_t i = 0; i < n; i++)
        bytes += strlen(documents[i]);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_JSON, .n_values = n };
    cr_assert_eq(bau_column_make(&c, &shape, BAU_JSON, bytes, r->arena, &r->err), BAU_OK);
    for (uint32_t i = 0; i < n; i++) {
        c.offsets[i + 1] = c.offsets[i] + (uint32_t)strlen(documents[i]);
        memcpy((char *)c.data + c.offsets[i], documents[i], strlen(documents[i]));
    }
    return c;
}

static bau_status run(struct rules *r, const char *const *documents, uint32_t n, struct bau_column *out)
{
    const struct bau_column in = column_of(r, documents, n);
    return bau_document_apply(r->document, r->arena, r->scratch, NULL, NULL, 100, &in, out, &r->err);
}

static const char *text_of(struct rules *r, const struct bau_column *c, uint32_t i)
{
    const struct bau_slice v = bau_column_value(c, i);
    return bau_arena_textn(r->arena, (const char *)v.data, v.len);
}

static const struct {
    const char *const pairs[2 * PATHS];
    const char *in, *want;
} cases[] = {
    { { "$.a", "redact", "$.*", "-" },
      " { \"a\" : \"x\\ny\" , \"b\":1.50e3 }\n",
      " { \"a\" : \"***\" , \"b\":1.50e3 }\n" },
    { { "$", "redact" }, "\"top\"", "\"***\"" },
    { { "$", "constant" }, "null", "null" },
    { { "$.**", "constant" },
      "{\"a\":[1,\"s\",true,null,{\"b\":false}]}",
      "{\"a\":[7,\"gone \\\"here\\\"\",true,null,{\"b\":true}]}" },
    { { "$.**", "null" }, "[1,\"s\",true,{\"k\":\"v\"},[]]", "[null,null,null,{\"k\":null},[]]" },
    { { "$.list[*].n", "redact", "$.list", "-" },
      "{\"list\":[{\"n\":\"ab\",\"m\":2},{\"n\":\"cd\"}]}",
      "{\"list\":[{\"n\":\"**\",\"m\":2},{\"n\":\"**\"}]}" },
    { { "$.n", "redact" }, "{\"n\":12.5}", "{\"n\":\"****\"}" },
    { { "$.n", "redact" }, "{\"n\":true}", "{\"n\":\"****\"}" },
    { { "$.a", "keep" }, "{\"a\":\"\\u0041\\/\"}", "{\"a\":\"A/\"}" },
    { { "$.a", "keep" },
      "{\"a\":[1E3,-1.25e-2,12e-3,0.5e1,1.50e1,-0,120e-1,5e0]}",
      "{\"a\":[1000,-0.0125,0.012,5,15.0,-0,12.0,5]}" },
    { { "$.a", "redact" }, "{}", "{}" },
};

Test(document, changes_what_the_rules_name_and_nothing_else)
{
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct rules *r = rules_of(cases[i].pairs);
        struct bau_column out;
        cr_assert_eq(r->status, BAU_OK, "case %zu: %s", i, r->err.text);
        cr_assert_eq(run(r, &cases[i].in, 1, &out), BAU_OK, "case %zu: %s", i, r->err.text);
        cr_expect_str_eq(text_of(r, &out, 0), cases[i].want, "case %zu", i);
        release(r);
    }
}

static const struct {
    const char *const pairs[2 * PATHS];
    const char *in;
    bau_status status;
    const char *says;
} refused[] = {
    { { "$.a", "redact" },
      "{\"a\":\"x\",\"secret person\":1}",
      BAU_E_POLICY,
      "row 101: $.<key of 13 bytes> is covered by no path" },
    { { "$.a.b", "redact", "$.c", "-" },
      "{\"a\":{\"c\":[1]}}",
      BAU_E_POLICY,
      "row 101: $.a.c[*] is covered by no path" },
    { { "$.a.b", "redact" },
      "{\"x\":{\"b\":null}}",
      BAU_E_POLICY,
      "row 101: $.<key of 1 bytes>.b is covered" },
    { { "$.a", "redact" }, "{\"a\":", BAU_E_DATA, "row 101: the document is no JSON" },
    { { "$.a", "redact" }, "{\"a\":\"\xff\"}", BAU_E_DATA, "row 101: the document is not UTF-8" },
    { { "$.a", "redact" },
      "{\"a\":\"\\ud800\"}",
      BAU_E_DATA,
      "row 101: a string of 8 bytes has a lone surrogate" },
    { { "$.a", "noise" },
      "{\"a\":\"12\"}",
      BAU_E_DATA,
      "row 101: $.a is a string, which its masker does not take" },
    { { "$.a", "noise" }, "{\"a\":1e999999999}", BAU_E_LIMIT, "row 101: a number's exponent" },
    { { "$.a", "phone" },
      "{\"a\":\"QQQQQQ\"}",
      BAU_E_DATA,
      "path $.a: row 101: a value of 6 bytes is no telephone number" },
    { { "$.a", "redact" }, "", BAU_E_DATA, "row 101: the document is no JSON" },
};

Test(document, refuses_and_never_shows_data)
{
    for (size_t i = 0; i < BAU_COUNT(refused); i++) {
        struct rules *r = rules_of(refused[i].pairs);
        struct bau_column out;
        cr_assert_eq(r->status, BAU_OK, "case %zu: %s", i, r->err.text);
        cr_expect_eq(run(r, &refused[i].in, 1, &out), refused[i].status, "case %zu", i);
        cr_expect(strncmp(r->err.text, refused[i].says, strlen(refused[i].says)) == 0, "case %zu: %s", i,
                  r->err.text);
        cr_expect(!strstr(r->err.text, "QQ") && !strstr(r->err.text, "secret"));
        release(r);
    }
}

Test(document, refuses_bad_paths)
{
    static const char *const bad[][4] = { { "$.a[", "-" }, { "a", "-" }, { "$.a", "-", "$.a", "redact" } };
    for (size_t i = 0; i < BAU_COUNT(bad); i++) {
        const char *pairs[6] = { bad[i][0], bad[i][1], bad[i][2], bad[i][3] };
        struct rules *r = rules_of(pairs);
        cr_expect_eq(r->status, BAU_E_USAGE, "case %zu", i);
        cr_expect(strstr(r->err.text, "bauta.yaml") != NULL, "%s", r->err.text);
        release(r);
    }
}

/* A value masks alike in a document, in another spelling, in a batch of any size (M3). */
Test(document, agrees_with_columns_and_cuts)
{
    static const char *const pairs[] = { "$.id",  "permute", "$.mail", "email", "$.tel",
                                         "phone", "$.x",     "-",      NULL };
    enum { N = 40 };
    struct rules *r = rules_of(pairs);
    const char *documents[N];
    struct bau_column whole, one;
    for (int i = 0; i < N; i++)
        documents[i] = bau_arena_printf(
            r->arena, "{\"id\":%s%d%s,\"mail\":\"p%d@x.io\",\"x\":[%d],\"tel\":%s}", i % 3 ? "" : "\"",
            i * 1000, i % 3 ? "" : "\"", i % 5, i, i % 2 ? "301234567" : "\"+49 301\\u0020234567\"");
    cr_assert_eq(run(r, documents, N, &whole), BAU_OK, "%s", r->err.text);
    for (uint32_t i = 0; i < N; i++) {
        cr_assert_eq(run(r, &documents[i], 1, &one), BAU_OK);
        cr_assert_str_eq(text_of(r, &whole, i), text_of(r, &one, 0));
        cr_expect(strstr(text_of(r, &one, 0), "x.io") == NULL);
        char keep[32];
        snprintf(keep, sizeof keep, "\"x\":[%u]", i);
        cr_expect(strstr(text_of(r, &one, 0), keep) != NULL);
    }
    cr_expect(strstr(text_of(r, &whole, 1), "\"tel\":\"") == NULL, "a number stays a number: %s",
              text_of(r, &whole, 1));
    const char *same[] = { "{\"id\":77}", "{\"id\":\"77\"}" };
    cr_assert_eq(run(r, same, 2, &whole), BAU_OK);
    const char *number = text_of(r, &whole, 0) + 6, *string = text_of(r, &whole, 1) + 7;
    cr_expect(strtol(number, NULL, 10) == strtol(string, NULL, 10) && strtol(number, NULL, 10) != 77);
    release(r);
}

/* Nulls among the documents, and the row of each element for FIELD options and messages. */
Test(document, nulls_and_rows)
{
    static const char *const pairs[] = { "$.t", "phone", NULL };
    struct rules *r = rules_of(pairs);
    const char *documents[] = { "{\"t\":\"12345\"}", "", "{\"t\":\"oops\"}" };
    struct bau_column in = column_of(r, documents, 3), out;
    uint64_t valid[16] = { 5 };
    static const uint32_t rows[] = { 0, 0, 41 };
    in.valid = valid;
    in.n_nulls = 1;
    cr_expect_eq(bau_document_apply(r->document, r->arena, r->scratch, NULL, rows, 1000, &in, &out, &r->err),
                 BAU_E_DATA);
    cr_expect(strstr(r->err.text, "row 1042:") != NULL, "%s", r->err.text);
    in.n_values = 2;
    valid[0] = 1;
    cr_assert_eq(bau_document_apply(r->document, r->arena, r->scratch, NULL, rows, 0, &in, &out, &r->err),
                 BAU_OK);
    cr_expect(!bau_column_present(&out, 1) && out.offsets[2] == out.offsets[1]);
    release(r);
}

/* A masker inside the document asks another field of the row: the gender that the name goes by. */
Test(document, asks_the_fields_of_the_row)
{
    static const char *const pairs[] = { "$.name", "first_name", NULL };
    static const uint32_t by[] = { 1 }, rows[] = { 0, 0, 1 };
    struct rules *r = rules_of(pairs);
    struct bau_bound *mask = &r->paths[0].mask[0];
    static const char field[] = "gender";
    const char *name = field;
    memcpy((char *)(uintptr_t)mask->config + bau_option_find(mask->masker->options, "gender_from")->offset,
           &name, sizeof name);
    mask->n_by = 1;
    mask->by = by;
    cr_assert_eq(bau_document_new(r->paths, r->n, r->arena, &r->document, &r->err), BAU_OK);
    cr_assert_eq(bau_document_n_by(r->document), 1);
    cr_assert_eq(bau_document_by(r->document, 0), 1);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_I32, .n_values = 2 };
    struct bau_column columns[2] = { { 0 } }, out;
    cr_assert_eq(bau_column_make(&columns[1], &shape, BAU_I32, 0, r->arena, &r->err), BAU_OK);
    memcpy(columns[1].data, (const int32_t[]){ 1, 2 }, 8); /* ISO 5218: a man, a woman */
    uint32_t same = 0;
    for (int i = 0; i < 50; i++) {
        const char *text = bau_arena_printf(r->arena, "{\"name\":\"Ada%d\"}", i);
        const char *documents[] = { text, text, text };
        const struct bau_column in = column_of(r, documents, 3);
        cr_assert_eq(
            bau_document_apply(r->document, r->arena, r->scratch, columns, rows, 0, &in, &out, &r->err),
            BAU_OK);
        cr_assert_str_eq(text_of(r, &out, 0), text_of(r, &out, 1), "both elements are of the man's row");
        same += strcmp(text_of(r, &out, 0), text_of(r, &out, 2)) == 0;
    }
    cr_expect_lt(same, 10, "%u of 50 names suit both", same);
    release(r);
}
