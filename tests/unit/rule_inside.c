/* Treatments inside treatments, in a project file: how they may be written, and the place of what is wrong. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/rule/rule.h"

static bau_status load(const char *text, struct bau_project **out, struct bau_error *err)
{
    char path[] = "/tmp/bauta-inside-XXXXXX";
    const int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    const bau_status status = bau_project_load(path, out, err);
    unlink(path);
    return status;
}

#define HEAD                                                                                                 \
    "version: 1\nkey: { from: env:K }\nstores: { shop: { source: env:A, target: env:B } }\n" /* three lines */

Test(rule_inside, one_a_list_and_a_map)
{
    struct bau_project *p = NULL;
    struct bau_error err;
    const bau_status status = load(HEAD "domains:\n"
                                        "  d: { mask: phone, fallback: { mask: redact, keep_last: 2 } }\n"
                                        "rules:\n"
                                        "  - at: shop.public.customers\n"
                                        "    set:\n"
                                        "      a: { mask: chain, steps: redact }\n"
                                        "      b: { mask: chain, steps: [ scramble_not, redact ] }\n",
                                   &p, &err);
    cr_assert_eq(status, BAU_E_USAGE); /* a masker that is unknown, inside */
    cr_assert(strstr(err.text, ":10:34:"), "%s", err.text);
    cr_assert_eq(load(HEAD "domains:\n"
                           "  d: { mask: phone, fallback: { mask: redact, keep_last: 2 } }\n"
                           "rules:\n"
                           "  - at: shop.public.customers\n"
                           "    set:\n"
                           "      a: { mask: chain, steps: redact }\n"
                           "      b: { mask: chain, steps: [ { domain: d }, redact, { keep: last one } ] }\n"
                           "      c:\n"
                           "        mask: switch\n"
                           "        cases:\n"
                           "          - { when: x = 1, mask: phone, fallback: redact }\n"
                           "          - { when: x = 2, keep: reason }\n"
                           "        else: { mask: redact }\n"
                           "      d: { mask: switch, cases: { \"x = 1\": phone }, fallback: 'null' }\n",
                      &p, &err),
                 BAU_OK, "%s", err.text);
    const struct bau_field_rule *f = p->rules[0].fields;
    cr_assert_str_eq(p->domains[0].treat.fallback->masker, "redact");
    cr_assert_eq(p->domains[0].treat.fallback->n_settings, 1);
    cr_assert(f[0].treat.n_subs == 1 && strcmp(f[0].treat.subs[0].option, "steps") == 0);
    cr_assert_str_eq(f[0].treat.subs[0].label, "");
    cr_assert(f[1].treat.n_subs == 3 && f[1].treat.subs[2].treat.kind == BAU_DO_KEEP);
    cr_assert_str_eq(f[1].treat.subs[0].treat.domain, "d");
    cr_assert_eq(f[2].treat.n_subs, 3);
    cr_assert_str_eq(f[2].treat.subs[0].label, "x = 1");
    cr_assert_str_eq(f[2].treat.subs[0].treat.fallback->masker, "redact");
    cr_assert_str_eq(f[2].treat.subs[1].treat.reason, "reason");
    cr_assert_str_eq(f[2].treat.subs[2].option, "else");
    cr_assert(f[2].treat.subs[0].at.line == 14 && f[2].treat.subs[0].at.column == 21);
    cr_assert_str_eq(f[3].treat.subs[0].label, "x = 1");
    cr_assert_str_eq(f[3].treat.fallback->masker, "null");
    bau_project_free(p);
}

Test(rule_inside, errors_name_the_place)
{
    static const struct {
        const char *text, *where, *word;
    } cases[] = {
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: chain, steps: [ redact, emial ] } } } ]\n",
          ":4:66:", "did you mean 'email'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: chain, steps: [ { mask: redact, keep_lst: 2 } ] } } "
               "} ]\n",
          ":4:74:", "did you mean 'keep_last'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: redact, when: x = 1 } } } ]\n",
          ":4:50:", "when: stands only in a list" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: switch, cases: { x: { mask: redact, when: y } } } } "
               "} ]\n",
          ":4:78:", "when: stands only in a list" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: switch, cases: [ { when: [ x ], mask: redact } ] } "
               "} } ]\n",
          ":4:61:", "expected a condition" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: phone, fallback: { keep: reason } } } } ]\n",
          ":4:49:", "never passed on" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: phone, fallback: keep } } } ]\n",
          ":4:59:", "needs a reason" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: phone, fallback: { $.a: redact } } } } ]\n",
          ":4:61:", "" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: phone, fallback: { mask: redac } } } } ]\n",
          ":4:67:", "did you mean 'redact'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: chain } } } ]\n",
          ":4:31:", "needs the option 'steps'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: chain, steps: [ { mask: chain } ] } } } ]\n",
          ":4:60:", "needs the option 'steps'" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: chain, steps: [ { $.a: redact } ] } } } ]\n",
          ":4:", "paths" },
        { HEAD "rules: [ { at: shop.*, set: { a: { mask: chain, steps: [ { domain: nope } ] } } } ]\n",
          ":4:68:", "no domain 'nope'" },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct bau_project *p = NULL;
        struct bau_error err = { 0 };
        cr_expect_eq(load(cases[i].text, &p, &err), BAU_E_USAGE, "case %zu", i);
        cr_expect(strstr(err.text, cases[i].where), "case %zu: want %s in: %s", i, cases[i].where, err.text);
        cr_expect(strstr(err.text, cases[i].word), "case %zu: want '%s' in: %s", i, cases[i].word, err.text);
    }
}
