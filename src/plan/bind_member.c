/* The members of a row value, such as a PostgreSQL composite: whether the masker that a rule gives each suits its type.
 *
 * Maskers see a member as text, so that a token for an integer would only be noticed by the target, in the middle of a load.
 * Where the catalog knows the members, each treatment is tried on its member here as if that were a column, and what the trial
 * finds counts; the binding that runs is the other one, of text. Positions beyond the last member, and members that no
 * position speaks of, are findings too. */
#include <stdlib.h>
#include <string.h>

#include "src/plan/bind.h"

/* The position that a label names, from 1 on; 0: none. */
static uint32_t position_of(const char *label)
{
    char *end = NULL;
    const unsigned long n = *label >= '0' && *label <= '9' ? strtoul(label, &end, 10) : 0;
    return end && *end == '\0' && n < UINT32_MAX ? (uint32_t)n : 0;
}

/* What speaks of member `at`: its own position, else `*`. */
static const struct bau_sub_rule *rule_of(const struct bau_treat *treat, const char *option, uint32_t at)
{
    const struct bau_sub_rule *any = NULL;
    for (uint32_t i = 0; i < treat->n_subs; i++) {
        const struct bau_sub_rule *rule = &treat->subs[i];
        if (strcmp(rule->option, option) != 0)
            continue;
        if (position_of(rule->label) == at)
            return rule;
        if (strcmp(rule->label, "*") == 0)
            any = rule;
    }
    return any;
}

static bau_status try_member(struct bau_binding *x, const struct bau_sub_rule *rule,
                             const struct bau_field *member, const char *object, struct bau_error *err)
{
    struct bau_by_list by = *x->by; /* the trial's own: the fields it looks at are in the real list already */
    struct bau_bound bound = { 0 };
    struct bau_binding trial = { .b = x->b,
                                 .dataset = x->dataset,
                                 .field = member,
                                 .treat = &rule->treat,
                                 .type = member->type,
                                 .object = object,
                                 .by = &by,
                                 .quiet = x->quiet };
    by.n = x->first_by;
    BAU_TRY(bau_bind_treat(&trial, &bound, err));
    x->failed = x->failed || trial.failed;
    if (bound.masker && !x->quiet)
        bau_check_fits(x->b, object, member, &bound.run, rule->treat.at);
    return BAU_OK;
}

bau_status bau_bind_members(struct bau_binding *x, const struct bau_treat *treat,
                            const struct bau_option *option, struct bau_error *err)
{
    const struct bau_field *f = x->field;
    struct bau_arena *arena = x->b->findings->arena;
    for (uint32_t i = 0; f->n_members && i < treat->n_subs; i++)
        if (strcmp(treat->subs[i].option, option->name) == 0 &&
            position_of(treat->subs[i].label) > f->n_members)
            bau_bind_misfit(x, treat->subs[i].at,
                            bau_arena_printf(arena, "%s: there is no field %.20s, %s has %u", option->name,
                                             treat->subs[i].label, f->native, f->n_members));
    for (uint32_t m = 0; m < f->n_members && !x->failed; m++) {
        const struct bau_field *member = &f->members[m];
        const struct bau_sub_rule *rule = rule_of(treat, option->name, m + 1);
        const char *object = bau_arena_printf(arena, "%s, %s %u", x->object, option->name, m + 1);
        if (!object)
            return bau_error_set(err, BAU_E_NOMEM, "plan");
        if (!rule && !x->quiet) {
            x->failed = true;
            bau_find_add(x->b->findings, BAU_E_POLICY, treat->at, NULL, object,
                         "field %u of a row value, of type %s, is covered by no rule", m + 1, member->native);
        } else if (rule && rule->treat.kind == BAU_DO_MASK && !member->list && !member->document)
            BAU_TRY(try_member(x, rule, member, object, err));
    }
    return BAU_OK;
}
