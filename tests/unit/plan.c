/* Plans against a hand-made catalog: which rule wins, what references inherit, what is refused and where it says so. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/plan/plan.h"

#define KEY_ENV "PLAN_TEST_KEY"

/* customers(id pk, email unique varchar(60), name, status enum, notnull_text not null)
 * orders(id pk, customer_id -> customers.id, note)   events (group) with partition events_1(id, email) */
static const char *const labels[] = { "new", "old" };
static const struct bau_field customers[] = {
    { .name = "id", .native = "bigint", .type = BAU_I64 },
    { .name = "email",
      .native = "character varying(60)",
      .type = BAU_TEXT,
      .nullable = true,
      .max_chars = 60 },
    { .name = "name", .native = "text", .type = BAU_TEXT, .nullable = true },
    { .name = "status",
      .native = "status",
      .type = BAU_TEXT,
      .nullable = true,
      .n_labels = 2,
      .labels = labels },
    { .name = "code", .native = "character varying(5)", .type = BAU_TEXT, .max_chars = 5 },
    { .name = "profile", .native = "jsonb", .type = BAU_JSON, .nullable = true, .document = true },
};
static const struct bau_field orders[] = {
    { .name = "id", .native = "bigint", .type = BAU_I64 },
    { .name = "customer_id", .native = "bigint", .type = BAU_I64, .nullable = true },
    { .name = "note", .native = "text", .type = BAU_TEXT, .nullable = true },
    { .name = "total", .native = "numeric", .type = BAU_NUMERIC, .generated = true },
};
static const struct bau_field events[] = {
    { .name = "id", .native = "bigint", .type = BAU_I64 },
    { .name = "email", .native = "text", .type = BAU_TEXT, .nullable = true },
};
static const uint32_t first[] = { 0 }, second[] = { 1 };
static const struct bau_key customer_keys[] = {
    { .name = "customers_pkey", .kind = BAU_KEY_PRIMARY, .n_fields = 1, .fields = first },
    { .name = "customers_email_key", .kind = BAU_KEY_UNIQUE, .n_fields = 1, .fields = second },
};
static const struct bau_key order_keys[] = {
    { .name = "orders_pkey", .kind = BAU_KEY_PRIMARY, .n_fields = 1, .fields = first }
};
static const struct bau_dataset datasets[] = {
    { .name = "public.customers",
      .space = "public",
      .bare = "customers",
      .parent = BAU_NO_DATASET,
      .n_fields = 6,
      .fields = customers,
      .n_keys = 2,
      .keys = customer_keys },
    { .name = "public.events",
      .space = "public",
      .bare = "events",
      .kind = BAU_DATASET_GROUP,
      .parent = BAU_NO_DATASET,
      .n_fields = 2,
      .fields = events },
    { .name = "public.events_1",
      .space = "public",
      .bare = "events_1",
      .parent = 1,
      .n_fields = 2,
      .fields = events },
    { .name = "public.orders",
      .space = "public",
      .bare = "orders",
      .parent = BAU_NO_DATASET,
      .n_fields = 4,
      .fields = orders,
      .n_keys = 1,
      .keys = order_keys },
};
static const struct bau_reference references[] = { { .name = "orders_customer_id_fkey",
                                                     .from = 3,
                                                     .to = 0,
                                                     .n_fields = 1,
                                                     .from_fields = second,
                                                     .to_fields = first } };
static const struct bau_catalog catalog = { .store = "shop",
                                            .server = "test",
                                            .n_datasets = 4,
                                            .datasets = datasets,
                                            .n_references = 1,
                                            .references = references };

#define HEAD                                                                                                 \
    "version: 1\n"                                                                                           \
    "key: { from: env:" KEY_ENV ", mode: stable }\n"                                                         \
    "stores:\n"                                                                                              \
    "  shop: { source: env:A, target: env:B }\n"                                                             \
    "rules:\n"                                                                                               \
    "  - { at: shop.**, set: { \"*\": { keep: test data } } }\n" /* line 6; the tests' rules start at 7 */

static struct bau_project *open_projects[32]; /* plans borrow from them: freed when the test's process ends */
static struct bau_keys *open_keys[32];
static struct bau_arena *open_arenas[32];
static struct bau_plan *open_plans[32];
static size_t n_open;

static void close_all(void)
{
    while (n_open > 0) {
        n_open--;
        bau_plan_free(open_plans[n_open]);
        bau_arena_free(open_arenas[n_open]);
        bau_keys_free(open_keys[n_open]);
        bau_project_free(open_projects[n_open]);
    }
}
TestSuite(plan, .fini = close_all);

struct compiled {
    bau_status status;
    struct bau_error err;
    struct bau_findings findings;
    struct bau_plan *plan;
};

static struct compiled compile_with(const char *text, const char *key)
{
    char path[] = "/tmp/bauta-plan-XXXXXX";
    const int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    setenv(KEY_ENV, key, 1);
    struct compiled c = { .status = BAU_E_BUG };
    struct bau_project *project = NULL;
    struct bau_keys *keys = NULL;
    c.status = bau_project_load(path, &project, &c.err);
    unlink(path);
    if (c.status != BAU_OK)
        return c;
    cr_assert_lt(n_open, BAU_COUNT(open_projects));
    const size_t at = n_open++;
    open_projects[at] = project;
    c.status = bau_keys_load(project, &keys, &c.err);
    open_keys[at] = keys;
    if (c.status != BAU_OK)
        return c;
    open_arenas[at] = bau_arena_new(4096, 0);
    c.status = bau_plan_compile(project, &project->stores[0], &catalog, keys, "target", open_arenas[at],
                                &c.findings, &c.plan, &c.err);
    open_plans[at] = c.plan;
    return c;
}

static struct compiled compile(const char *rules)
{
    char text[4000];
    snprintf(text, sizeof text, HEAD "%s", rules);
    return compile_with(text, "8f3a1c5e7d9b2046a1b2c3d4e5f60718293a4b5c6d7e8f90a0b1c2d3e4f5061f");
}

static const struct bau_finding *finding(const struct compiled *c, const char *object, const char *word)
{
    for (uint32_t i = 0; i < c->findings.n; i++)
        if (strcmp(c->findings.at[i].object, object) == 0 && strstr(c->findings.at[i].text, word))
            return &c->findings.at[i];
    return NULL;
}

Test(plan, every_field_has_exactly_one_action)
{
    struct compiled c = compile("");
    cr_assert_eq(c.status, BAU_OK, "%s", c.err.text);
    for (uint32_t d = 0; d < c.plan->n_datasets; d++)
        for (uint32_t f = 0; f < datasets[d].n_fields; f++)
            cr_assert_eq(c.plan->datasets[d].actions[f].kind, BAU_ACT_KEEP);
    cr_assert_not(c.plan->datasets[0].touched);
}

Test(plan, a_field_without_a_rule_is_named_with_a_suggestion)
{
    struct compiled c =
        compile_with("version: 1\nkey: { from: env:" KEY_ENV ", mode: stable }\n"
                     "stores:\n  shop: { source: env:A, target: env:B }\n"
                     "rules:\n  - { at: shop.public.orders, set: { \"*\": { keep: test data } } }\n",
                     "8f3a1c5e7d9b2046a1b2c3d4e5f60718293a4b5c6d7e8f90a0b1c2d3e4f5061f");
    cr_assert_eq(c.status, BAU_E_POLICY);
    cr_assert_eq(bau_status_exit(c.status), 3);
    const struct bau_finding *f = finding(&c, "shop.public.customers.email", "has no rule");
    cr_assert_not_null(f);
    cr_assert_str_eq(f->suggestion,
                     "- { at: shop.public.customers, set: { email: email } }   # e-mail address");
    cr_assert_not_null(finding(&c, "shop.public.events_1.email", "has no rule"));
    cr_assert_null(finding(&c, "shop.public.events.email", "has no rule"),
                   "a partitioned parent holds nothing itself");
    cr_assert_null(finding(&c, "shop.public.orders.total", "has no rule"), "generated columns need no rule");
}

Test(plan, the_most_specific_selector_wins_whatever_the_order)
{
    struct compiled c = compile("  - { at: shop.public.customers, set: { email: email } }\n"
                                "  - { at: shop.public.*, set: { name: { keep: wide } } }\n");
    cr_assert_eq(c.status, BAU_OK, "%s", c.err.text);
    cr_assert_eq(c.plan->datasets[0].actions[1].kind, BAU_ACT_MASK);
    cr_assert_str_eq(c.plan->datasets[0].actions[1].mask.masker->name, "email");
    cr_assert_str_eq(c.plan->datasets[0].actions[2].reason, "wide");
    cr_assert(c.plan->datasets[0].touched && c.plan->datasets[0].replaced[1] &&
              !c.plan->datasets[0].replaced[2]);
    cr_assert_eq(c.plan->datasets[0].want[1], BAU_WANT_TYPED);
}

Test(plan, equal_weight_is_an_error_that_shows_both)
{
    struct compiled c = compile("  - { at: shop.public.customers, set: { name: person_name } }\n"
                                "  - { at: shop.public.customers, set: { name: { keep: other } } }\n");
    cr_assert_eq(c.status, BAU_E_USAGE);
    const struct bau_finding *f = finding(&c, "shop.public.customers.name", "equal weight");
    cr_assert_not_null(f);
    cr_assert_eq(f->at.line, 8);
    cr_assert_not_null(strstr(f->text, ":7:"));
}

/* Keys and what refers to them are one numbering; a field and its partitions have one anchor, another field its own. */
Test(plan, first_pass_is_shared_by_domain_or_field)
{
    struct compiled c = compile(
        "  - { at: shop.public.customers, set: { id: sequence, code: { mask: sequence, digits: 5 } } }\n"
        "  - { at: shop.public.orders, set: { note: { mask: sequence, domain: notes } } }\n");
    cr_assert_eq(c.status, BAU_OK, "%s", c.err.text);
    const struct bau_dataset_plan *customer = &c.plan->datasets[0], *order = &c.plan->datasets[3];
    void *const numbers = customer->actions[0].mask.seen;
    cr_assert_not_null(numbers);
    cr_assert_eq(numbers, order->actions[1].mask.seen, "the foreign key");
    cr_assert_eq(numbers, customer->actions[4].mask.seen, "one domain, whatever the type");
    cr_assert_neq(numbers, order->actions[2].mask.seen, "another domain");
    cr_assert_null(c.plan->datasets[2].look);
    cr_assert(customer->look[0] == BAU_WANT_TYPED && customer->look[1] == BAU_WANT_FRAME && order->look[1] &&
              !order->look[0]);
}

Test(plan, a_first_pass_is_for_whole_fields)
{
    struct compiled c = compile("  - { at: shop.public.customers, set: { profile: { $.a: sequence, $.**: { "
                                "keep: test data } } } }\n");
    cr_assert_eq(c.status, BAU_E_USAGE);
    cr_assert_not_null(finding(&c, "shop.public.customers.profile $.a", "looks at all values first"), "%s",
                       c.err.text);
    struct compiled chained =
        compile("  - { at: shop.public.customers, set: { name: { mask: phone, fallback: sequence } } }\n");
    cr_assert_eq(chained.status, BAU_E_USAGE);
    cr_assert_not_null(finding(&chained, "shop.public.customers.name", "looks at all values first"));
}

Test(plan, foreign_keys_inherit_and_must_agree)
{
    struct compiled c = compile("  - { at: shop.public.customers, set: { id: permute } }\n");
    cr_assert_eq(c.status, BAU_OK, "%s", c.err.text);
    const struct bau_action *fk = &c.plan->datasets[3].actions[1];
    cr_assert_eq(fk->kind, BAU_ACT_MASK);
    cr_assert_str_eq(fk->inherited, "public.customers.id");
    cr_assert_eq(fk->mask.config, c.plan->datasets[0].actions[0].mask.config, "one config, one permutation");

    c = compile("  - { at: shop.public.customers, set: { id: permute } }\n"
                "  - { at: shop.public.orders, set: { customer_id: { keep: not so } } }\n");
    cr_assert_eq(c.status, BAU_E_USAGE);
    cr_assert_not_null(finding(&c, "shop.public.orders.customer_id", "reference would break"));
}

Test(plan, a_masker_that_is_not_deterministic_serves_no_reference_and_no_domain)
{
    struct compiled c = compile("  - { at: shop.public.customers, set: { email: random_token } }\n");
    cr_assert_eq(c.status, BAU_OK, "%s", c.err.text);

    c = compile("  - { at: shop.public.customers, set: { email: { domain: token } } }\n"
                "domains:\n  token: { mask: random_token }\n");
    cr_assert_eq(c.status, BAU_E_USAGE);
    cr_assert_not_null(finding(&c, "shop.public.customers.email", "cannot serve a domain"));
}

Test(plan, rules_on_a_partitioned_parent_reach_its_partitions)
{
    struct compiled c = compile("  - { at: shop.public.events, set: { email: email } }\n");
    cr_assert_eq(c.status, BAU_OK, "%s", c.err.text);
    cr_assert_eq(c.plan->datasets[2].actions[1].kind, BAU_ACT_MASK);
}

Test(plan, a_rule_that_matches_nothing_is_an_error)
{
    struct compiled c = compile("  - { at: shop.public.custmers, set: { email: email } }\n"
                                "  - { at: shop.public.customers, set: { mail: email } }\n");
    cr_assert_eq(c.status, BAU_E_USAGE);
    cr_assert_not_null(finding(&c, "shop.public.custmers", "matches nothing"));
    cr_assert_not_null(finding(&c, "shop.public.customers.mail", "no such field"));
}

Test(plan, what_the_schema_cannot_take_is_refused_with_the_rules_position)
{
    static const struct {
        const char *rule, *object, *word;
    } cases[] = {
        { "  - { at: shop.public.customers, set: { email: first_name } }\n", "shop.public.customers.email",
          "unique" },
        { "  - { at: shop.public.customers, set: { code: email } }\n", "shop.public.customers.code", "" },
        { "  - { at: shop.public.customers, set: { code: 'null' } }\n", "shop.public.customers.code",
          "NOT NULL" },
        { "  - { at: shop.public.customers, set: { status: hash_token } }\n", "shop.public.customers.status",
          "enum" },
        { "  - { at: shop.public.customers, set: { name: permute_it } }\n", NULL, "permute" },
        { "  - { at: shop.public.customers, set: { id: email } }\n", "shop.public.customers.id",
          "does not take" },
        { "  - { at: shop.public.customers, set: { id: { $.a: email } } }\n", "shop.public.customers.id",
          "json" },
        { "  - { at: shop.public.customers, set: { name: { mask: noise, by: nothing } } }\n", NULL, "by" },
        { "  - { at: shop.public.customers, set: { profile: { $.**.email: email, $.*: { keep: settings } } } "
          "}\n",
          "shop.public.customers.profile", "would win over the mask" },
        /* some nulls are not all nulls */
        { "  - { at: shop.public.customers, set: { email: { mask: phone, fallback: 'null' } } }\n",
          "shop.public.customers.email", "unique" },
        { "  - { at: shop.public.customers, set: { status: { mask: phone, fallback: 'null' } } }\n",
          "shop.public.customers.status", "enum" },
        { "  - { at: shop.public.customers, set: { status: { mask: switch, cases: { \"value = 'old'\": "
          "redact }, "
          "else: { keep: test } } } }\n",
          "shop.public.customers.status", "enum" },
        { "  - { at: shop.public.customers, set: { email: { mask: chain, steps: [ email, redact ] } } }\n",
          "shop.public.customers.email", "unique" },
        { "  - { at: shop.public.customers, set: { code: { mask: chain, steps: [ { mask: constant, value: xy "
          "}, "
          "hash_token ] } } }\n",
          "shop.public.customers.code", "" },
        { "  - { at: shop.public.customers, set: { name: { mask: switch, cases: { nam is null: redact } } } "
          "}\n",
          "shop.public.customers.name", "no field 'nam'" },
        { "  - { at: shop.public.customers, set: { name: { mask: switch, cases: { id like 'x': redact } } } "
          "}\n",
          "shop.public.customers.name", "like is for texts" },
        { "  - { at: shop.public.customers, set: { name: { mask: switch, cases: { \"status = 'nwe'\": redact "
          "} } } }\n",
          "shop.public.customers.name", "the enum status has no such label" },
        { "  - { at: shop.public.customers, set: { name: { mask: switch, cases: { \"status <> value\": "
          "redact, "
          "\"'new' >= status\": redact } } } }\n",
          "shop.public.customers.name", "has no order here" },
        { "  - { at: shop.public.customers, set: { status: { mask: switch, cases: { \"value in ('new', "
          "'gone')\": 'null' "
          "} } } }\n",
          "shop.public.customers.status", "no such label" },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        struct compiled c = compile(cases[i].rule);
        cr_expect_eq(c.status, BAU_E_USAGE, "case %zu: %s", i, c.err.text);
        if (!cases[i].object) {
            cr_expect(strstr(c.err.text, cases[i].word) && strstr(c.err.text, ":7:"), "case %zu: %s", i,
                      c.err.text);
            continue;
        }
        const struct bau_finding *f = finding(&c, cases[i].object, cases[i].word);
        cr_expect(f && f->at.line == 7, "case %zu", i);
    }
}

Test(plan, maskers_inside_are_bound_from_the_field_and_from_its_domain)
{
    struct compiled c =
        compile("  - at: shop.public.customers\n"
                "    set:\n"
                "      status: { mask: switch, cases: { code = 'x': { mask: constant, value: new } }, "
                "else: { keep: test } }\n"
                "      email: { mask: chain, steps: [ email, { keep: as it is } ] }\n"
                "      name: { domain: rough }\n"
                "domains: { rough: { mask: chain, steps: [ hash_token, { mask: redact, keep_first: 2 "
                "} ] } }\n");
    cr_assert_eq(c.status, BAU_OK, "%s", c.err.text);
    const struct bau_action *a = c.plan->datasets[0].actions;
    cr_assert(a[3].mask.n_by == 1 && a[3].mask.by[0] == 4);
    cr_assert(a[1].mask.run.traits & BAU_COLLISION_BOUND);
    cr_assert_eq(a[2].mask.masker->widest(a[2].mask.config, BAU_TEXT), 32);
}

/* The narrowest column of a domain decides also when the domain stands inside another masker or a document. */
Test(plan, a_domain_is_as_narrow_inside_as_outside)
{
    struct compiled
        wide = compile("  - { at: shop.public.customers, set: { name: { domain: given } } }\n"
                       "domains: { given: { mask: first_name } }\n"),
        narrow = compile(
            "  - at: shop.public.customers\n"
            "    set: { name: { domain: given }, code: { mask: chain, steps: [ { domain: given } ] } }\n"
            "domains: { given: { mask: first_name } }\n");
    cr_assert_eq(wide.status, BAU_OK, "%s", wide.err.text);
    cr_assert_eq(narrow.status, BAU_OK, "%s", narrow.err.text);
    const struct bau_bound *w = &wide.plan->datasets[0].actions[2].mask,
                           *n = &narrow.plan->datasets[0].actions[2].mask;
    cr_assert_gt(w->masker->widest(w->config, BAU_TEXT), 5);
    cr_assert_leq(n->masker->widest(n->config, BAU_TEXT), 5);
}

Test(plan, a_keep_that_is_written_out_or_deep_may_stand_beside_a_deep_mask)
{
    struct compiled c = compile("  - at: shop.public.customers\n"
                                "    set: { profile: { $.**.email: email, $.**: { keep: settings }, "
                                "$.office.email: { keep: ours } } }\n");
    cr_assert_eq(c.status, BAU_OK, "%s", c.err.text);
    cr_assert_eq(c.plan->datasets[0].actions[5].kind, BAU_ACT_DOCUMENT);
}

Test(plan, keys_that_are_short_or_trivial_are_refused)
{
    static const char *const bad[] = {
        "",
        "secret",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", /* counting */
        "8f3a1c5e7d9b2046a1b2c3d4e5f60718293a4b5c6d7e8f90a0b1c2d3e4f5061",  /* 63 digits */
        "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    };
    for (size_t i = 0; i < BAU_COUNT(bad); i++) {
        struct compiled c = compile_with(HEAD, bad[i]);
        cr_expect_eq(c.status, BAU_E_USAGE, "case %zu", i);
        cr_expect(!bad[i][0] || !strstr(c.err.text, bad[i]), "the key is in the message");
    }
}

Test(plan, the_digest_follows_rules_and_schema)
{
    struct compiled a = compile(""), b = compile(""),
                    c = compile("  - { at: shop.public.customers, set: { name: person_name } }\n");
    cr_assert(a.plan && b.plan && c.plan);
    cr_assert_arr_eq(a.plan->digest, b.plan->digest, 32);
    cr_assert(memcmp(a.plan->digest, c.plan->digest, 32) != 0);
}

/* Parts of one identity are as wide as their own columns: two initials do not narrow the name or the address. */
Test(plan, kin_share_a_domain_and_not_a_width)
{
    struct compiled c = compile("  - at: shop.public.customers\n"
                                "    set:\n"
                                "      id: permute\n"
                                "      email: { mask: person_email, by: id }\n"
                                "      name: { mask: person, part: full, by: id }\n"
                                "      code: { mask: person, part: initials, by: id }\n");
    cr_assert_eq(c.status, BAU_OK, "%s", c.err.text);
    for (unsigned f = 1; f < 5; f += f == 2 ? 2 : 1)
        cr_assert_str_eq(c.plan->datasets[0].actions[f].mask.domain, "person");
}
