/* rewrite: boundaries, the longest match, JSON. */
#include <criterion/criterion.h>

#include "tests/support/masker.h"

static const struct {
    const char *options;
    bau_type type;
    const char *in, *want;
} cases[] = {
    { "map=prod.example.com=staging.example.com", BAU_TEXT, "https://prod.example.com/x",
      "https://staging.example.com/x" },
    { "map=prod.example.com=staging.example.com", BAU_TEXT, "PROD.Example.COM.", "staging.example.com." },
    { "map=prod.example.com=staging.example.com", BAU_TEXT, "api.prod.example.com:443",
      "api.staging.example.com:443" },
    { "map=prod.example.com=s subdomains=false", BAU_TEXT, "api.prod.example.com prod.example.com",
      "api.prod.example.com s" },
    { "map=prod.example.com=s", BAU_TEXT,
      "my-prod.example.com xprod.example.com prod.example.com.evil.org prod.example.community",
      "my-prod.example.com xprod.example.com prod.example.com.evil.org prod.example.community" },
    { "map=a.b=x map=a.b.c=y map=a=z", BAU_TEXT, "a.b.c a.b a a-b a.b/a", "y x z a-b x/z" },
    { "map=s3://shop-prod/=s3://shop-stage/", BAU_TEXT, "s3://shop-prod/k s3://shop-production/k",
      "s3://shop-stage/k s3://shop-production/k" },
    { "map=a=b map=b=a", BAU_TEXT, "a b", "b a" },
    { "map=a=caf\xC3\xA9", BAU_TEXT, "a,a", "caf\xC3\xA9,caf\xC3\xA9" },
    { "map=a=b", BAU_TEXT, "", "" },
    { "map=prod.example.com=s.example.com", BAU_JSON,
      "{\"u\":\"https:\\/\\/prod.example.com\\/\",\"prod.example.com\":1}",
      "{\"u\":\"https:\\/\\/s.example.com\\/\",\"s.example.com\":1}" },
    { "map=https://p.test/x=https://s.test/y", BAU_JSON, "[\"https:\\/\\/p.test\\/x\",\"https://p.test/x\"]",
      "[\"https://s.test/y\",\"https://s.test/y\"]" },
    { "map=1=2 map=true=x map=n=m", BAU_JSON, "[1,true,\"1\",\"true\",\"\\n\",\"\\\"n\"]",
      "[1,true,\"2\",\"x\",\"\\n\",\"\\\"m\"]" },
    { "map=prod=stage", BAU_JSON, "\"\\nprod \\\\prod\"", "\"\\nstage \\\\stage\"" },
};

static bau_status mask(const char *options, bau_type type, uint32_t max_chars, const char *text,
                       struct bau_arena *arena, struct bau_slice *out)
{
    struct bound b = bind_with(bau_masker_find("rewrite"), type, options, NULL, max_chars);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = one_text(type, text, strlen(text), arena);
    struct bau_column c;
    struct bau_error err;
    const bau_status status = run(&b, &in, 0, 0, arena, &c, &err);
    if (status == BAU_OK)
        *out = bau_column_value(&c, 0);
    release(&b);
    return status;
}

Test(masker_rewrite, values)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bau_slice got;
        cr_assert_eq(mask(cases[i].options, cases[i].type, 0, cases[i].in, arena, &got), BAU_OK);
        cr_expect(got.len == strlen(cases[i].want) && memcmp(got.data, cases[i].want, got.len) == 0,
                  "case %zu\n  got  %.*s\n  want %s", i, (int)got.len, (const char *)got.data, cases[i].want);
    }
    bau_arena_free(arena);
}

Test(masker_rewrite, what_has_no_room_is_refused)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bau_slice got;
    cr_expect_eq(mask("map=a=bbbb", BAU_TEXT, 6, "a a", arena, &got), BAU_E_DATA);
    cr_expect_eq(mask("map=a=bbbb", BAU_TEXT, 6, "a 1", arena, &got), BAU_OK);
    cr_expect_eq(mask("map=a=bbbb", BAU_TEXT, 2, "long, without it", arena, &got), BAU_OK);
    bau_arena_free(arena);
}

Test(masker_rewrite, options_are_checked)
{
    static const char *const bad[] = { "",          "map=",    "map=a", "map=a=", "map==b", "map=a=b map=A=c",
                                       "map=a\"=b", "map=a=\\" };
    for (size_t i = 0; i < BAU_COUNT(bad); i++) {
        struct bound b = bind_with(bau_masker_find("rewrite"), BAU_TEXT, bad[i], NULL, 0);
        cr_expect_eq(b.status, BAU_E_USAGE, "'%s'", bad[i]);
        release(&b);
    }
}
