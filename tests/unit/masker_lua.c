/* lua: what a script sees and does not see. */
#include "tests/support/masker.h"

#define A10 "aaaaaaaaaa"
#define A300                                                                                                 \
    A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10  \
        A10 A10 A10 A10

static const struct {
    const char *script, *in, *want; /* want NULL: refused */
} cases[] = {
    { "return value:upper()", "ada", "ADA" },
    { "return string.sub(value, 2, 3)", "abcdef", "bc" },
    { "return 12", "x", "12" },
    { "x = (x or 0) + 1 return tostring(x)", "a", "1" },
    { "return utf8.len(value)", "\xd0\x90\xd0\xb4\xd0\xb0", "3" },
    { "local n = 0 for i, v in ipairs({ 1, 2, 3 }) do n = n + v end return n", "", "6" },
    { "return ('%d-%s'):format(7, value)", "a", "7-a" },
    { "return token(value) == token(value) and 'same' or 'not'", "a", "same" },
    { "return #token(value)", "a", "32" },
    { "return nil", "a", NULL },
    { "return {}", "a", NULL },
    { "return tostring({})", "a", NULL },
    { "return string.format('%s', {})", "a", NULL },
    { "string.upper = nil return value", "a", NULL },
    { "return tostring(io)", "a", "nil" },
    { "return tostring(os)", "a", "nil" },
    { "return tostring(pairs)", "a", "nil" },
    { "return tostring(pcall)", "a", "nil" },
    { "return tostring(load)", "a", "nil" },
    { "return tostring(require)", "a", "nil" },
    { "return tostring(setmetatable)", "a", "nil" },
    { "return tostring(getmetatable)", "a", "nil" },
    { "return tostring(rawset)", "a", "nil" },
    { "return tostring(collectgarbage)", "a", "nil" },
    { "return tostring(math.random)", "a", "nil" },
    { "return tostring(string.dump)", "a", "nil" },
    { "return '\\xff\\xfe'", "a", NULL },
    { "while true do end", "a", NULL },
    { "local function f() return f() + 1 end return f()", "a", NULL },
    { "return value:find(('a-'):upper())", "a", "1" },
    /* one instruction that would take minutes */
    { "return value:find('.-.-.-.-.-b') or 0", A300, NULL },
    { "return value:match('.*.*.*.*.*b', 1, true) or 0", A300, NULL },
    { "return (value:gsub('[a%]]*[^b]*(a*)a*a*b', '', 9))", A300, NULL },
    { "for x in value:gmatch('^a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b') do end return 0",
      A300, NULL },
    { "return value:find('.-.-.-.-.-b', 1, true) or 'none'", A300, "none" },
    { "return (value:gsub('%s+', ' '):match('^(%a+) (.*)$'))", "ada \t lovelace 12", "ada" },
    { "return (value:gsub('(a+)', 'x'))", A300, "x" },
};

Test(masker_lua, sees_what_it_may)
{
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        char option[200];
        snprintf(option, sizeof option, "script=%s", cases[i].script);
        for (char *c = option; *c; c++) /* words are split at blanks */
            *c = *c == ' ' ? '\t' : *c;
        struct bound b = bind_with(bau_masker_find("lua"), BAU_TEXT, option, NULL, 0);
        cr_assert_eq(b.status, BAU_OK, "case %zu: %s", i, b.err.text);
        struct bau_arena *arena = bau_arena_new(1 << 12, 0);
        const struct bau_column in = one_text(BAU_TEXT, cases[i].in, strlen(cases[i].in), arena);
        struct bau_column out;
        struct bau_error err = { 0 };
        const bau_status status = run(&b, &in, 0, 0, arena, &out, &err);
        if (cases[i].want) {
            cr_expect_eq(status, BAU_OK, "case %zu: %s", i, err.text);
            const struct bau_slice v = bau_column_value(&out, 0);
            cr_expect(v.len == strlen(cases[i].want) && memcmp(v.data, cases[i].want, v.len) == 0, "case %zu",
                      i);
        } else {
            cr_expect_neq(status, BAU_OK, "case %zu", i);
        }
        bau_arena_free(arena);
        release(&b);
    }
}

/* Nothing is left of one value for the next: see M3. */
Test(masker_lua, starts_anew_for_each_value)
{
    struct bound b =
        bind_with(bau_masker_find("lua"), BAU_TEXT, "script=n\t=\t(n\tor\t0)\t+\t1\treturn\tn", NULL, 0);
    struct bau_arena *arena = bau_arena_new(1 << 12, 0);
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, 50, true, arena),
                            out = run_fine(&b, &in, 0, arena);
    for (uint32_t i = 0; i < 50; i++)
        if (bau_column_present(&out, i))
            cr_assert(bau_column_value(&out, i).len == 1 && bau_column_value(&out, i).data[0] == '1');
    bau_arena_free(arena);
    release(&b);
}
