/* Treatments inside a treatment: the maskers of a chain, a switch, a pattern's groups, a fallback.
 *
 * The fields of the row that they look at stand in one list with their parent's: first the parent's own, then those of each
 * masker inside, in order. `at_field` of a sub says where its own start, counted from its parent's first. */
#include <stdio.h>
#include <string.h>

#include "src/plan/bind.h"

bool bau_bind_has_subs(const struct bau_masker *masker)
{
    for (const struct bau_option *o = masker->options; o && o->name; o++)
        if (o->kind == BAU_OPTION_MASKERS)
            return true;
    return false;
}

/* The treatment that says what stands inside: the field's own when it says anything, else its domain's. */
static const struct bau_treat *outer(const struct bau_binding *x)
{
    return x->treat->n_subs == 0 && x->domain ? &x->domain->treat : x->treat;
}

bau_status bau_bind_labels(struct bau_binding *x, void *config, struct bau_error *err)
{
    const struct bau_treat *treat = outer(x);
    for (const struct bau_option *o = x->masker->options; o && o->name; o++) {
        if (o->kind != BAU_OPTION_MASKERS)
            continue;
        struct bau_sub *subs = bau_arena_zero(x->b->arena, ((size_t)treat->n_subs + 1) * sizeof *subs);
        struct bau_subs list = { 0, subs };
        if (!subs)
            return bau_error_set(err, BAU_E_NOMEM, "plan");
        for (uint32_t i = 0; i < treat->n_subs; i++)
            if (strcmp(treat->subs[i].option, o->name) == 0)
                subs[list.n++] = (struct bau_sub){ .label = treat->subs[i].label };
        memcpy((char *)config + o->offset, &list, sizeof list);
    }
    return BAU_OK;
}

/* Text out of a value goes to maskers of text, else to those of numbers. */
static bau_type part_type(const struct bau_binding *x, const struct bau_treat *treat)
{
    const struct bau_domain *domain;
    const struct bau_masker *masker = bau_build_masker(x->b, treat, &domain);
    const bool numbers = masker && !(masker->accepts & BAU_TYPE_BIT(BAU_TEXT)) &&
                         (masker->accepts & BAU_TYPE_BIT(BAU_NUMERIC));
    return numbers ? BAU_NUMERIC : BAU_TEXT;
}

static bau_status bind_one(struct bau_binding *x, const struct bau_sub_rule *rule, bool parts,
                           struct bau_sub *out, struct bau_error *err)
{
    struct bau_binding one = { .b = x->b,
                               .dataset = x->dataset,
                               .field = parts ? NULL : x->field,
                               .treat = &rule->treat,
                               .type = parts ? part_type(x, &rule->treat) : x->type,
                               .by = x->by,
                               .quiet = x->quiet };
    struct bau_bound bound = { 0 };
    one.object = *rule->label ? bau_arena_printf(x->b->findings->arena, "%s, %s %s", x->object, rule->option,
                                                 rule->label)
                              : x->object;
    if (!one.object)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    if (rule->treat.kind == BAU_DO_KEEP) {
        *out = (struct bau_sub){ .label = rule->label,
                                 .reason = rule->treat.reason,
                                 .type = one.type,
                                 .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH |
                                           BAU_KEEPS_ALL | BAU_KEEPS_LABELS,
                                 .leaks = BAU_LEAKS_VALUE };
        return BAU_OK;
    }
    const uint32_t at = x->by->n - x->first_by;
    BAU_TRY(bau_bind_treat(&one, &bound, err));
    x->failed = x->failed || one.failed;
    *out = bound.run;
    out->label = rule->label;
    out->at_field = at;
    return BAU_OK;
}

bau_status bau_bind_subs(struct bau_binding *x, void *config, struct bau_error *err)
{
    const struct bau_treat *treat = outer(x);
    for (const struct bau_option *o = x->masker->options; o && o->name; o++) {
        if (o->kind != BAU_OPTION_MASKERS)
            continue;
        struct bau_subs list;
        memcpy(&list, (char *)config + o->offset, sizeof list);
        struct bau_sub *subs = bau_arena_zero(x->b->arena, ((size_t)list.n + 1) * sizeof *subs);
        if (!subs)
            return bau_error_set(err, BAU_E_NOMEM, "plan");
        for (uint32_t i = 0, n = 0; i < treat->n_subs; i++)
            if (strcmp(treat->subs[i].option, o->name) == 0)
                BAU_TRY(bind_one(x, &treat->subs[i], (o->flags & BAU_OPTION_PARTS) != 0, &subs[n++], err));
        if ((o->flags & BAU_OPTION_MEMBERS) && x->field && !x->failed)
            BAU_TRY(bau_bind_members(x, treat, o, err));
        list.at = subs;
        memcpy((char *)config + o->offset, &list, sizeof list);
    }
    return BAU_OK;
}

bau_status bau_bind_fallback(struct bau_binding *x, struct bau_bound *out, struct bau_error *err)
{
    const struct bau_treat *treat = x->treat->fallback ? x->treat->fallback
                                    : x->domain        ? x->domain->treat.fallback
                                                       : NULL;
    if (!treat)
        return BAU_OK;
    const struct bau_sub_rule rule = { .option = "fallback", .label = "", .at = treat->at, .treat = *treat };
    struct bau_sub *sub = bau_arena_zero(x->b->arena, sizeof *sub);
    if (!sub)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    BAU_TRY(bind_one(x, &rule, false, sub, err));
    out->run.fallback = sub;
    out->run.traits &=
        sub->traits | BAU_KEYED | BAU_KEEPS_SOME; /* two ways: what only one promises, none does */
    out->run.traits &= ~(uint32_t)(BAU_BIJECTIVE | BAU_COLLISION_BOUND | BAU_CONSTANT);
    out->run.traits |= sub->traits & (BAU_MAKES_NULLS | BAU_KEYED | BAU_KEEPS_SOME);
    out->run.leaks |= sub->leaks;
    return BAU_OK;
}
