/* Actions against what the source's schema demands: unique keys, widths, enums, nullability.
 *
 * A masker that may give two values one output cannot serve a column that must be unique; one that makes longer text
 * than the column holds would fail in the middle of the night. Both are refused here, with the rule's position. */
#include <string.h>

#include "src/plan/build.h"

static bool keeps_distinct(const struct bau_action *action)
{
    if (action->kind == BAU_ACT_KEEP)
        return true;
    if (action->kind == BAU_ACT_DOCUMENT || !action->mask.masker)
        return action->kind != BAU_ACT_DOCUMENT;
    return (action->mask.run.traits & (BAU_BIJECTIVE | BAU_COLLISION_BOUND | BAU_KEEPS_ALL)) != 0;
}

static bool key_holds(const struct bau_key *key, const struct bau_dataset_plan *plan)
{
    for (uint32_t i = 0; i < key->n_fields; i++)
        if (!keeps_distinct(&plan->actions[key->fields[i]]))
            return false;
    return true;
}

/* Another plain unique key whose fields are all among this key's, and which holds, makes this one hold too. */
static bool key_implied(const struct bau_dataset *d, const struct bau_key *key,
                        const struct bau_dataset_plan *plan)
{
    for (uint32_t k = 0; k < d->n_keys; k++) {
        const struct bau_key *other = &d->keys[k];
        if (other == key || other->expression || other->kind == BAU_KEY_EXCLUDE || !key_holds(other, plan))
            continue;
        bool inside = other->n_fields > 0;
        for (uint32_t i = 0; inside && i < other->n_fields; i++) {
            bool found = false;
            for (uint32_t j = 0; j < key->n_fields; j++)
                found = found || key->fields[j] == other->fields[i];
            inside = found;
        }
        if (inside)
            return true;
    }
    return false;
}

/* A masker that makes nulls of some values only does not promise BAU_CONSTANT. */
static bool only_nulls(const struct bau_sub *run)
{
    return (run->traits & BAU_MAKES_NULLS) && (run->traits & BAU_CONSTANT);
}

static void check_keys(struct bau_build *b, const struct bau_dataset_plan *plan)
{
    const struct bau_dataset *d = plan->dataset;
    for (uint32_t k = 0; k < d->n_keys; k++) {
        const struct bau_key *key = &d->keys[k];
        if (key_holds(key, plan) || key_implied(d, key, plan))
            continue;
        for (uint32_t i = 0; i < key->n_fields; i++) {
            const struct bau_action *a = &plan->actions[key->fields[i]];
            const bool nulls = a->kind == BAU_ACT_MASK && a->mask.masker && only_nulls(&a->mask.run) &&
                               key->kind == BAU_KEY_UNIQUE;
            if (keeps_distinct(a) || nulls)
                continue;
            bau_find_add(
                b->findings, BAU_E_USAGE, a->at, NULL, bau_build_object(b, d, d->fields[key->fields[i]].name),
                "%s may give two values one output, but %s '%s' must stay unique; use permute, email, uuid, "
                "hash_token or another masker that keeps values apart",
                a->kind == BAU_ACT_DOCUMENT ? "masking inside a document" : a->mask.masker->name,
                key->kind == BAU_KEY_PRIMARY ? "primary key" : "unique index", key->name);
        }
    }
}

/* The longest text that comes out, of the masker or of its fallback. */
static uint32_t widest_of(const struct bau_sub *sub, bau_type type)
{
    uint32_t most = 0;
    for (; sub; sub = sub->fallback) {
        const uint32_t wide = sub->masker && sub->masker->widest ? sub->masker->widest(sub->config, type) : 0;
        most = wide > most ? wide : most;
    }
    return most;
}

void bau_check_fits(struct bau_build *b, const char *object, const struct bau_field *f,
                    const struct bau_sub *run, struct bau_at at)
{
    const struct bau_masker *m = run->masker;
    const uint32_t traits = run->traits, widest = widest_of(run, f->type);
    if (f->type == BAU_TEXT && f->max_chars && widest > f->max_chars)
        bau_find_add(b->findings, BAU_E_USAGE, at, NULL, object,
                     "%s makes up to %u characters, the column holds %u (%s)", m->name, widest, f->max_chars,
                     f->native);
    if ((traits & BAU_MAKES_NULLS) && !f->nullable)
        bau_find_add(b->findings, BAU_E_USAGE, at, NULL, object, "%s makes nulls, the column is NOT NULL",
                     m->name);
    if (f->n_labels && !(traits & (BAU_CONSTANT | BAU_KEEPS_ALL | BAU_KEEPS_LABELS)))
        bau_find_add(
            b->findings, BAU_E_USAGE, at, NULL, object,
            "%s makes values that the enum %s does not have; use categorical, constant, null or keep",
            m->name, f->native);
}

/* Whether another column's values stand here, by a foreign key. */
static bool refers(const struct bau_build *b, const struct bau_dataset_plan *plan, uint32_t field)
{
    if (plan->actions[field].inherited)
        return true;
    for (uint32_t r = 0; b->catalog && r < b->catalog->n_references; r++) {
        const struct bau_reference *ref = &b->catalog->references[r];
        for (uint32_t i = 0; i < ref->n_fields; i++)
            if (&b->catalog->datasets[ref->from] == plan->dataset && ref->from_fields[i] == field)
                return true;
    }
    return false;
}

/* A masker that gives equal values different outputs tears what refers to each other apart. */
static void check_reference(struct bau_build *b, const struct bau_dataset_plan *plan, uint32_t field)
{
    const struct bau_action *a = &plan->actions[field];
    if (a->kind != BAU_ACT_MASK || !a->mask.masker || (a->mask.run.traits & BAU_DETERMINISTIC) ||
        !refers(b, plan, field))
        return;
    bau_find_add(
        b->findings, BAU_E_USAGE, a->at, NULL,
        bau_build_object(b, plan->dataset, plan->dataset->fields[field].name),
        "%s makes another value every time, so the reference would break; use hash_token, permute or another "
        "masker that gives equal values equal outputs",
        a->mask.masker->name);
}

void bau_build_check(struct bau_build *b, const struct bau_dataset_plan *plan)
{
    check_keys(b, plan);
    for (uint32_t f = 0; f < plan->dataset->n_fields; f++)
        if (!plan->dataset->fields[f].generated) {
            const struct bau_field *field = &plan->dataset->fields[f];
            const struct bau_action *a = &plan->actions[f];
            if (a->kind == BAU_ACT_MASK && a->mask.masker)
                bau_check_fits(b, bau_build_object(b, plan->dataset, field->name), field, &a->mask.run,
                               a->at);
            check_reference(b, plan, f);
        }
}
