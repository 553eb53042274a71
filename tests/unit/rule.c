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

#define HEAD                                                                                                 \
    "version: 1\nkey: { from: env:K }\nstores: { shop: { source: env:A, target: env:B } }\n" /* three lines */

Test(rule, a_whole_file_loads)
{
    struct bau_project *p = NULL;
    struct bau_error err;
    const bau_status status =
        load(HEAD "domains:\n  customer: { mask: permute }\n"
                  "rules:\n"
                  "  - at: shop.public.customers\n"
                  "    set:\n"
                  "      id: { domain: customer }\n"
                  "      email: email\n"
                  "      born: { mask: date_shift, days: 30, by: id }\n"
                  "      profile: { \"$.a[*]\": phone, $.**: { keep: settings } }\n"
                  "      country: { keep: tax tests, owner: me, until: 2999-12-31 }\n"
                  "limits: { lanes: 3, rate: 5MB }\n"
                  "after: [ { sql: shop, text: 'select 1', timeout: 90s }, { run: ./x.sh } ]\n",
             &p, &err);
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
        { "", ":1:1:", "empty" },
        { "version: 2\n", ":1:1:", "version 1" },
        { "a: [1\n", ":2:1:", "flow sequence" },
        { "version: 1\n\tkey: x\n", ":1:10:", "plain" },
        { "version: 1\nversion: 1\n", ":2:1:", "duplicate" },
        { "version: 1\nkey: { from: env:K }\n", ":1:1:", "names no store" },
        { "version: 1\nstores: { a: { source: env:A } }\n", ":1:1:", "names no key" },
        { HEAD "ruls: []\n", ":4:1:", "did you mean 'rules'" },
        { HEAD "subset: {}\n", ":4:1:", "needs `from:`" },
        { HEAD "subset: { form: [] }\n", ":4:11:", "did you mean 'from'" },
        { HEAD "subset: { from: [] }\n", ":4:11:", "names no dataset" },
        { HEAD "subset: { from: [ { limit: 5 } ] }\n", ":4:21:", "an entry of `from:` is" },
        { HEAD "subset: { from: [ { s.a.b: all, limit: 0% } ] }\n", ":4:33:", "0.0001%" },
        { HEAD "subset: { from: [ { s.a.b: all, limit: 101% } ] }\n", ":4:33:", "0.0001%" },
        { HEAD "subset: { from: [ { s.a.b: all, limit: -3 } ] }\n", ":4:33:", "0.0001%" },
        { HEAD "subset: { from: [ { s.a.b: all, c.d.e: all } ] }\n", ":4:33:", "unknown key" },
        { HEAD "subset: { from: [ { s.a.b: x = 1, keys: [ 1 ] } ] }\n", ":4:21:", "not with a condition" },
        { HEAD "subset: { from: [ { s.a.b: all } ], links: [ { s.a.c: s.a.d } ], fit: 20XB }\n",
          ":4:66:", "fit" },
        { HEAD "subset: { from: [ { s.a.b: all } ], links: [ { s.a.*: s.a.d } ] }\n",
          ":4:48:", "without wildcards" },
        { HEAD "subset: { from: [ { s.a.b: all } ], links: [ { from: [ s.a.x, s.b.y ], to: s.a.d } ] }\n",
          ":4:63:", "one dataset" },
        { HEAD "subset: { from: [ { s.a.b: all } ], children: { s.a.c: { newest: at } } }\n",
          ":4:49:", "needs per_parent" },
        { HEAD "subset: { from: [ { s.a.b: all } ], parents: { s.a.c: drop } }\n",
          ":4:48:", "expected follow" },
        { HEAD "subset: { from: [ { s.a.b: all } ], outside: { s.a.c: half } }\n",
          ":4:48:", "expected full or empty" },
        { HEAD "rules: [ { at: shop.*, set: { a: emial } } ]\n", ":4:34:", "did you mean 'email'" },
        { HEAD "rules: [ { at: shop.*, set: { a: ff3-1 } } ]\n", ":4:34:", "800-38G" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: date_shift, day: 3 } } } ]\n",
          ":4:54:", "did you mean 'days'" },
        { HEAD "rules: [ { at: shp.*, set: { a: email } } ]\n", ":4:16:", "did you mean 'shop'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { domain: nowhere } } } ]\n",
          ":4:44:", "no domain 'nowhere'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { keep: x } } } ]\n", ":4:36:", "reason" },
        { HEAD "rules: [ { at: shop.*, set: { a: { keep: why not, until: 2020-01-01 } } } ]\n",
          ":4:51:", "ran out" },
        { HEAD "rules: [ { at: shop.*, set: { a: { keep: why not, until: 2023-02-29 } } } ]\n",
          ":4:51:", "date" },
        { HEAD "rules: [ { at: shop.*, set: { a.b: email } } ]\n", ":4:31:", "no field's name" },
        { HEAD "rules: [ { at: 'shop..x', set: { a: email } } ]\n", ":4:16:", "empty segment" },
        { HEAD "rules: [ { at: 'shop.\"x', set: { a: email } } ]\n", ":4:16:", "does not close" },
        { HEAD "rules: [ { at: shop.*, sett: { a: email } } ]\n", ":4:24:", "did you mean 'set'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { days: 3 } } } ]\n", ":4:36:", "neither mask" },
        { HEAD "rules: [ { at: shop.*, set: { a: { $.x: email, y: email } } } ]\n",
          ":4:48:", "paths start with" },
        { HEAD "limits: { lanes: 65 }\n", ":4:11:", "from 0 to 64" },
        { HEAD "domains: { d: { keep: no reason } }\n", ":4:12:", "needs a masker" },
        { "version: 1\nkey: { from: hunter2hunter2 }\nstores: { a: { source: env:A } }\n",
          ":2:8:", "a secret itself" },
        { "version: 1\nkey: { from: env:K }\nstores: { a: { source: 'postgres://u:hunter2@h/d' } }\n",
          ":3:16:", "write env:NAME" },
        { HEAD "after: [ { sql: nowhere, text: x } ]\n", ":4:12:", "no store 'nowhere'" },
        { HEAD "after: [ { run: x, sql: shop } ]\n", ":4:12:", "a step is one of" },
        { HEAD "include: none.yaml\n", ":4:10:", "No such file" },
        { "version: 1\nx: \xff\n", ":2:4:", "UTF-8" },
        { "version: 1\n\"a\\0b\": 1\n", ":2:1:", "NUL" },
        { "---\nversion: 1\n---\nversion: 1\n", ":1:1:", "more than one document" },
        { "null\n", ":1:1:", "expected keys" },
        { "# nothing\n", ":1:1:", "empty" },
        { "a: &x [*x]\n", ":1:1:", "nested more than" },
        { "a: *nope\n", ":1:5:", "invalid alias" },
        { "a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
          ":1:66:", "depth" },
        { HEAD "rules: [ { at: shop.*, set: { a: keep } } ]\n", ":4:34:", "needs a reason" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: keep } } } ]\n", ":4:42:", "needs a reason" },
        { HEAD "rules: [ { at: shop.*, set: { a: { keep: why not, owner: [ x ] } } } ]\n",
          ":4:51:", "answers" },
        { HEAD "rules: [ { at: shop.*, set: { a: { keep: why not, days: 3 } } } ]\n",
          ":4:51:", "unknown key 'days'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { drop: true } } } ]\n", ":4:36:", "not supported" },
        { HEAD "rules: [ { at: shop, keys: { a: b } } ]\n", ":4:30:", "expected { FIELD" },
        { HEAD "rules: [ { at: shop.x, keys: { a: { b: email } } } ]\n", ":4:16:", "names one store" },
        { HEAD "rules: [ { at: shop, keys: { a: { drop: true, b: email } } } ]\n", ":4:35:", "nothing else" },
        { HEAD "rules: [ { at: shop, keys: { a: { drop: false } } } ]\n", ":4:35:", "nothing else" },
        { HEAD "rules: [ { at: shop, set: { a: email }, keys: { a: { b: email } } } ]\n",
          ":4:22:", "unknown key" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: date_shift, by: id, days: 0 } } } ]\n",
          ":4:62:", "from 1 to 3650" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: date_shift } } } ]\n",
          ":4:31:", "needs the option 'by'" },
        { HEAD "rules: [ { at: shop.*, set: { a: constant } } ]\n", ":4:31:", "needs the option 'value'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: email, canon: lower } } } ]\n",
          ":4:49:", "one of none, trim" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: email, style: [ person, token ] } } } ]\n",
          ":4:66:", "one value" },
        { HEAD "rules: [ { at: shop.*, set: { a: FF3 } } ]\n", ":4:34:", "800-38G" },
        { HEAD "rules: [ { at: shop.*, set: { a: email, a: phone } } ]\n", ":4:41:", "duplicate" },
        { HEAD "domains: { d: email }\nrules: [ { at: shop.*, set: { a: { mask: phone, domain: d } } } ]\n",
          ":5:42:", "one masker" },
        { HEAD "limits: { timeout: 4 hours }\n", ":4:11:", "a duration" },
        { HEAD "after: [ { webhook: 'https://u:hunter2@h/' } ]\n", ":4:12:", "write env:NAME" },
        { "version: 1\nkey: { mode: ephemeral, from: env:K }\nstores: { a: { source: env:A } }\n",
          ":2:25:", "leave `from` out" },
        { "version: 1\nkey: { mode: stable }\nstores: { a: { source: env:A } }\n",
          ":2:1:", "from: env:NAME" },
        { "version: 1\nkey: { mode: ephemeral }\nstores: { a.b: { source: env:A } }\n",
          ":3:11:", "may not hold" },
        { "version: 1\nkey: { mode: ephemeral }\nstores: { a: { target: env:A } }\n",
          ":3:11:", "needs a source" },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bau_project *p = NULL;
        struct bau_error err = { 0 };
        const bau_status want = strstr(cases[i].text, "2020-01-01") ? BAU_E_POLICY : BAU_E_USAGE;
        cr_expect_eq(load(cases[i].text, &p, &err), want, "case %zu", i);
        cr_expect(strstr(err.text, cases[i].where), "case %zu: want %s in: %s", i, cases[i].where, err.text);
        cr_expect(strstr(err.text, cases[i].word), "case %zu: want '%s' in: %s", i, cases[i].word, err.text);
        cr_expect_null(strstr(err.text, "hunter2"), "a secret is repeated");
    }
}

static const char *write_in(const char *folder, const char *name, const char *text)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
    return path;
}

Test(rule, includes_are_read_once_and_from_their_own_folder)
{
    char folder[] = "/tmp/bauta-include-XXXXXX", command[64];
    struct bau_project *p = NULL;
    struct bau_error err;
    cr_assert_not_null(mkdtemp(folder));
    snprintf(command, sizeof command, "mkdir %s/more", folder);
    cr_assert_eq(system(command), 0);
    (void)write_in(folder, "more/b.yaml", "rules: [ { at: shop.b, set: { x: { domain: d } } } ]\n");
    (void)write_in(folder, "more/a.yaml", "include: b.yaml\ndomains: { d: email }\n");
    const char *main_file = write_in(folder, "main.yaml", HEAD "include: [ more/a.yaml ]\n");
    cr_assert_eq(bau_project_load(main_file, &p, &err), BAU_OK, "%s", err.text);
    cr_assert(p->n_rules == 1 && p->n_domains == 1);
    cr_assert(strstr(p->rules[0].at.file, "/more/b.yaml"));
    bau_project_free(p);

    static const struct {
        const char *name, *text, *where, *word;
    } cases[] = {
        { "more/b.yaml", "include: a.yaml\n", "more/b.yaml:1:10:", "is included at" },
        { "more/b.yaml", "include: ../main.yaml\n", "more/b.yaml:1:10:", "the project file itself" },
        { "more/b.yaml", "include: [ c.yaml ]\n", "more/b.yaml:1:12:", "No such file" },
        { "more/b.yaml", "include: { a: b }\n", "more/b.yaml:1:1:", "a path" },
        { "more/b.yaml", "stores: { x: { source: env:X } }\n", "more/b.yaml:1:1:", "in an included file" },
        { "more/b.yaml", "domains: { d: phone }\n", "more/b.yaml:1:12: domain d stands at",
          "more/a.yaml:2:12" },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        (void)write_in(folder, cases[i].name, cases[i].text);
        main_file = write_in(folder, "main.yaml", HEAD "include: [ more/a.yaml ]\n");
        cr_expect_eq(bau_project_load(main_file, &p, &err), BAU_E_USAGE, "case %zu", i);
        cr_expect(strstr(err.text, cases[i].where), "case %zu: want %s in: %s", i, cases[i].where, err.text);
        cr_expect(strstr(err.text, cases[i].word), "case %zu: want '%s' in: %s", i, cases[i].word, err.text);
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

Test(rule, aliases_are_followed_but_not_for_ever)
{
    struct bau_project *p = NULL;
    struct bau_error err;
    BAU_AUTO_TEXT bomb = { 0 };
    cr_assert_eq(load(HEAD
                      "domains: { a: &e { mask: email, style: token }, b: { <<: *e, canon: none } }\n"
                      "rules: [ { at: shop.x, set: &s { q: { domain: a } } }, { at: shop.y, set: *s } ]\n",
                      &p, &err),
                 BAU_OK, "%s", err.text);
    cr_assert_str_eq(p->domains[1].treat.masker, "email");
    cr_assert_eq(p->domains[1].treat.n_settings, 2);
    cr_assert_str_eq(p->rules[1].fields[0].treat.domain, "a");
    bau_project_free(p);
    bau_text_add(&bomb, "version: 1\na: &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (char c = 'b'; c < 'k'; c++)
        bau_text_addf(&bomb, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c - 1, c - 1, c - 1,
                      c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
    cr_assert_eq(load(bomb.data, &p, &err), BAU_E_USAGE);
    cr_assert(strstr(err.text, "the aliases make more than"), "%s", err.text);
}

Test(rule, selectors_match_and_rank)
{
    static const struct {
        const char *pattern;
        const char *segments[3];
        bool want;
    } cases[] = {
        { "shop.public.customers", { "shop", "public", "customers" }, true },
        { "shop.public.customer", { "shop", "public", "customers" }, false },
        { "shop.**", { "shop", "public", "customers" }, true },
        { "**", { "shop", "public", "customers" }, true },
        { "shop.*", { "shop", "public", "customers" }, false },
        { "shop.*.log_*", { "shop", "public", "log_2026" }, true },
        { "shop.*.log_*", { "shop", "public", "logs" }, false },
        { "shop.public.\"a.b\"", { "shop", "public", "a.b" }, true },
        { "shop.public.\"*\"", { "shop", "public", "x" }, false },
        { "shop.public.\"a\"\"b\"", { "shop", "public", "a\"b" }, true },
        { "shop.**.customers", { "shop", "public", "customers" }, true },
    };
    struct bau_arena *arena = bau_arena_new(4096, 0);
    struct bau_error err;
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bau_pattern p;
        cr_assert_eq(bau_pattern_parse(cases[i].pattern, (struct bau_at){ "f", 1, 1 }, arena, &p, &err),
                     BAU_OK, "%s", err.text);
        cr_expect_eq(bau_pattern_matches(&p, cases[i].segments, 3), cases[i].want, "case %zu", i);
    }
    static const char *const ranked[] = { "**",
                                          "shop.**",
                                          "shop.*.customers",
                                          "shop.*_x.customers",
                                          "shop.public.*",
                                          "shop.public.cust*",
                                          "shop.public.customers" };
    for (size_t i = 0; i + 1 < BAU_COUNT(ranked); i++) {
        struct bau_pattern low, high;
        cr_assert_eq(bau_pattern_parse(ranked[i], (struct bau_at){ "f", 1, 1 }, arena, &low, &err), BAU_OK);
        cr_assert_eq(bau_pattern_parse(ranked[i + 1], (struct bau_at){ "f", 1, 1 }, arena, &high, &err),
                     BAU_OK);
        cr_expect_lt(bau_pattern_compare(&low, &high), 0, "%s below %s", ranked[i], ranked[i + 1]);
        cr_expect_gt(bau_pattern_compare(&high, &low), 0);
        cr_expect_eq(bau_pattern_compare(&high, &high), 0);
    }
    bau_arena_free(arena);
}
