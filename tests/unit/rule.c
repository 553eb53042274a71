/* The project file: what loads, and for what does not, the exact place and the word that helps. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/rule/rule.h"

static bau_status load(const char *text, struct bau_project **out, struct bau_error *err)
{
    char path[] = "/tmp/bauta-rule-XXXXXX";
    const int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    const bau_status status = bau_project_load(path, out, err);
    unlink(path);
    return status;
}

#define HEAD "version: 1\nkey: { from: env:K }\nstores: { shop: { source: env:A, target: env:B } }\n" /* three lines */

Test(rule, a_whole_file_loads)
{
    struct bau_project *p = NULL;
    struct bau_error err;
    const bau_status status = load(HEAD "domains:\n  customer: { mask: permute }\n"
                                        "rules:\n"
                                        "  - at: shop.public.customers\n"
                                        "    set:\n"
                                        "      id: { domain: customer }\n"
                                        "      email: email\n"
                                        "      born: { mask: date_shift, days: 30, by: id }\n"
                                        "      profile: { \"$.a[*]\": phone, $.**: { keep: settings } }\n"
                                        "      country: { keep: tax tests, owner: me, until: 2999-12-31 }\n"
                                        "limits: { lanes: 3, rate: 5MB }\n"
                                        "after: [ { sql: shop, text: 'select 1', timeout: 90s }, { run: ./x.sh } ]\n", &p, &err);
    cr_assert_eq(status, BAU_OK, "%s", err.text);
    cr_assert_eq(p->n_rules, 1);
    const struct bau_rule *r = &p->rules[0];
    cr_assert_eq(r->n_fields, 5);
    cr_assert_str_eq(r->fields[0].treat.domain, "customer");
    cr_assert_str_eq(r->fields[1].treat.masker, "email");
    cr_assert_eq(r->fields[2].treat.n_settings, 2);
    cr_assert_eq(r->fields[3].treat.kind, BAU_DO_PATHS);
    cr_assert_str_eq(r->fields[3].treat.paths[1].treat.reason, "settings");
    cr_assert_str_eq(r->fields[4].treat.until, "2999-12-31");
    cr_assert_eq(r->fields[4].treat.at.line, 13);
    cr_assert(p->limits.lanes == 3 && p->limits.rate_bytes == 5000000);
    cr_assert(p->n_after == 2 && p->after[0].timeout_ms == 90000 && p->after[1].timeout_ms == 300000);
    bau_project_free(p);
}

Test(rule, errors_name_the_place_and_the_nearest_word)
{
    static const struct {
        const char *text, *where, *word;
    } cases[] = {
        {"", ":1:1:", "empty"},
        {"version: 2\n", ":1:1:", "version 1"},
        {"a: [1\n", ":2:1:", "flow sequence"},
        {"version: 1\n\tkey: x\n", ":1:10:", "plain"},
        {"version: 1\nversion: 1\n", ":2:1:", "duplicate"},
        {"version: 1\nkey: { from: env:K }\n", ":1:1:", "names no store"},
        {"version: 1\nstores: { a: { source: env:A } }\n", ":1:1:", "names no key"},
        {HEAD "ruls: []\n", ":4:1:", "did you mean 'rules'"},
        {HEAD "subset: {}\n", ":4:1:", "not supported"},
        {HEAD "rules: [ { at: shop.*, set: { a: emial } } ]\n", ":4:34:", "did you mean 'email'"},
        {HEAD "rules: [ { at: shop.*, set: { a: ff3-1 } } ]\n", ":4:34:", "800-38G"},
        {HEAD "rules: [ { at: shop.*, set: { a: { mask: date_shift, day: 3 } } } ]\n", ":4:54:", "did you mean 'days'"},
        {HEAD "rules: [ { at: shp.*, set: { a: email } } ]\n", ":4:16:", "did you mean 'shop'"},
        {HEAD "rules: [ { at: shop.*, set: { a: { domain: nowhere } } } ]\n", ":4:44:", "no domain 'nowhere'"},
        {HEAD "rules: [ { at: shop.*, set: { a: { keep: x } } } ]\n", ":4:36:", "reason"},
        {HEAD "rules: [ { at: shop.*, set: { a: { keep: why not, until: 2020-01-01 } } } ]\n", ":4:51:", "ran out"},
        {HEAD "rules: [ { at: shop.*, set: { a: { keep: why not, until: 2023-02-29 } } } ]\n", ":4:51:", "date"},
        {HEAD "rules: [ { at: shop.*, set: { a.b: email } } ]\n", ":4:31:", "no field's name"},
        {HEAD "rules: [ { at: 'shop..x', set: { a: email } } ]\n", ":4:16:", "empty segment"},
        {HEAD "rules: [ { at: 'shop.\"x', set: { a: email } } ]\n", ":4:16:", "does not close"},
        {HEAD "rules: [ { at: shop.*, sett: { a: email } } ]\n", ":4:24:", "did you mean 'set'"},
        {HEAD "rules: [ { at: shop.*, set: { a: { days: 3 } } } ]\n", ":4:36:", "neither mask"},
        {HEAD "rules: [ { at: shop.*, set: { a: { $.x: email, y: email } } } ]\n", ":4:48:", "paths start with"},
        {HEAD "limits: { lanes: 65 }\n", ":4:11:", "from 0 to 64"},
        {HEAD "domains: { d: { keep: no reason } }\n", ":4:12:", "needs a masker"},
        {"version: 1\nkey: { from: hunter2hunter2 }\nstores: { a: { source: env:A } }\n", ":2:8:", "a secret itself"},
        {"version: 1\nkey: { from: env:K }\nstores: { a: { source: 'postgres://u:hunter2@h/d' } }\n", ":3:16:", "write env:NAME"},
        {HEAD "after: [ { sql: nowhere, text: x } ]\n", ":4:12:", "no store 'nowhere'"},
        {HEAD "after: [ { run: x, sql: shop } ]\n", ":4:12:", "a step is one of"},
        {HEAD "include: none.yaml\n", ":4:10:", "No such file"},
        {"version: 1\nx: \xff\n", ":2:4:", "UTF-8"},
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bau_project *p = NULL;
        struct bau_error err = {0};
        cr_expect_eq(load(cases[i].text, &p, &err), BAU_E_USAGE, "case %zu", i);
        cr_expect(strstr(err.text, cases[i].where), "case %zu: want %s in: %s", i, cases[i].where, err.text);
        cr_expect(strstr(err.text, cases[i].word), "case %zu: want '%s' in: %s", i, cases[i].word, err.text);
        cr_expect_null(strstr(err.text, "hunter2"), "a secret is repeated");
    }
}

Test(rule, selectors_match_and_rank)
{
    static const struct {
        const char *pattern;
        const char *segments[3];
        bool want;
    } cases[] = {
        {"shop.public.customers", {"shop", "public", "customers"}, true},
        {"shop.public.customer", {"shop", "public", "customers"}, false},
        {"shop.**", {"shop", "public", "customers"}, true},
        {"**", {"shop", "public", "customers"}, true},
        {"shop.*", {"shop", "public", "customers"}, false},
        {"shop.*.log_*", {"shop", "public", "log_2026"}, true},
        {"shop.*.log_*", {"shop", "public", "logs"}, false},
        {"shop.public.\"a.b\"", {"shop", "public", "a.b"}, true},
        {"shop.public.\"*\"", {"shop", "public", "x"}, false},
        {"shop.public.\"a\"\"b\"", {"shop", "public", "a\"b"}, true},
        {"shop.**.customers", {"shop", "public", "customers"}, true},
    };
    struct bau_arena *arena = bau_arena_new(4096, 0);
    struct bau_error err;
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bau_pattern p;
        cr_assert_eq(bau_pattern_parse(cases[i].pattern, (struct bau_at){"f", 1, 1}, arena, &p, &err), BAU_OK, "%s", err.text);
        cr_expect_eq(bau_pattern_matches(&p, cases[i].segments, 3), cases[i].want, "case %zu", i);
    }
    static const char *const ranked[] = {"**", "shop.**", "shop.*.customers", "shop.*_x.customers", "shop.public.*", "shop.public.cust*",
                                         "shop.public.customers"};
    for (size_t i = 0; i + 1 < BAU_COUNT(ranked); i++) {
        struct bau_pattern low, high;
        cr_assert_eq(bau_pattern_parse(ranked[i], (struct bau_at){"f", 1, 1}, arena, &low, &err), BAU_OK);
        cr_assert_eq(bau_pattern_parse(ranked[i + 1], (struct bau_at){"f", 1, 1}, arena, &high, &err), BAU_OK);
        cr_expect_lt(bau_pattern_compare(&low, &high), 0, "%s below %s", ranked[i], ranked[i + 1]);
        cr_expect_gt(bau_pattern_compare(&high, &low), 0);
        cr_expect_eq(bau_pattern_compare(&high, &high), 0);
    }
}
