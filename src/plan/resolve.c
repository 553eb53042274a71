/* Rules + catalog → one treatment a field.
 *
 * The most specific selector wins field by field. Rules on a partitioned parent reach its partitions. A foreign key
 * column that nobody named (or that only a wildcard names) takes over the treatment of the column it references, so
 * that references hold; one that is named must agree with it. Everything that is wrong becomes a finding; all are
 * collected before anybody is told. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "src/plan/build.h"

void bau_find_add(struct bau_findings_list *list, bau_status code, struct bau_at at, const char *suggestion,
                  const char *object, const char *format, ...)
{
    if (list->n == list->room) {
        const uint32_t room = list->room ? 2 * list->room : 32;
        struct bau_finding *grown = bau_arena_take(list->arena, room * sizeof *grown);
        if (!grown) {
            list->failed = true;
            return;
        }
        if (list->n)
            memcpy(grown, list->at, list->n * sizeof *grown);
        list->at = grown;
        list->room = room;
    }
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *copy = bau_arena_text(list->arena, text);
    list->failed = list->failed || !copy;
    list->at[list->n++] = (struct bau_finding){ code, at, object, copy ? copy : "", suggestion };
}

const char *bau_build_object(const struct bau_build *b, const struct bau_dataset *dataset, const char *field)
{
    const char *name =
        field ? bau_arena_printf(b->findings->arena, "%s.%s.%s", b->store->name, dataset->name, field)
              : bau_arena_printf(b->findings->arena, "%s.%s", b->store->name, dataset->name);
    return name ? name : dataset->name;
}

static bool rule_matches(const struct bau_build *b, const struct bau_rule *rule,
                         const struct bau_dataset *dataset)
{
    const char *segments[3] = { b->store->name, dataset->space, dataset->bare };
    return bau_pattern_matches(&rule->where, segments, 3);
}

/* The dataset's name is written out: `shop.**` speaks of no dataset in particular. */
static bool names_dataset(const struct bau_pattern *pattern)
{
    const struct bau_segment *last = &pattern->segments[pattern->n_segments - 1];
    return !last->any && (last->quoted || !strchr(last->text, '*'));
}

bau_status bau_plan_leave_out(const struct bau_project *project, const struct bau_store *store,
                              struct bau_catalog *catalog, struct bau_error *err)
{
    const struct bau_build b = { .project = project, .store = store, .catalog = catalog };
    struct bau_dataset *datasets =
        bau_arena_take(catalog->arena, ((size_t)catalog->n_datasets + 1) * sizeof *datasets);
    if (!datasets)
        return bau_error_set(err, BAU_E_NOMEM, "plan of store %s", store->name);
    for (uint32_t d = 0; d < catalog->n_datasets; d++) {
        bool spoken_of = !catalog->datasets[d].only_by_rule;
        for (uint32_t r = 0; r < project->n_rules && !spoken_of; r++)
            spoken_of = rule_matches(&b, &project->rules[r], &catalog->datasets[d]) &&
                        names_dataset(&project->rules[r].where);
        datasets[d] = catalog->datasets[d];
        if (!spoken_of)
            datasets[d].kind = BAU_DATASET_SCHEMA;
    }
    catalog->datasets = datasets;
    return BAU_OK;
}

static bool is_literal(const struct bau_pattern *pattern)
{
    const struct bau_segment *s = &pattern->segments[0];
    return pattern->n_segments == 1 && !s->any && (s->quoted || !strchr(s->text, '*'));
}

/* The better of two candidates; equal weight is a conflict unless one of them matches the dataset itself and the
 * other only its partitioned parent. */
static int candidate_compare(const struct bau_choice *a, const struct bau_choice *b)
{
    const int by_where = bau_pattern_compare(&a->rule->where, &b->rule->where);
    return by_where ? by_where : bau_pattern_compare(&a->field_rule->field, &b->field_rule->field);
}

static void find_rule(struct bau_build *b, const struct bau_dataset *dataset, const char *field,
                      struct bau_choice *best)
{
    const struct bau_choice *clash = NULL;
    struct bau_choice clashed;
    for (const struct bau_dataset *d = dataset; d;
         d = d->parent == BAU_NO_DATASET ? NULL : &b->catalog->datasets[d->parent]) {
        for (uint32_t r = 0; r < b->project->n_rules; r++) {
            const struct bau_rule *rule = &b->project->rules[r];
            if (!rule_matches(b, rule, d))
                continue;
            for (uint32_t f = 0; f < rule->n_fields; f++) {
                const struct bau_field_rule *fr = &rule->fields[f];
                if (!bau_pattern_matches(&fr->field, &field, 1))
                    continue;
                b->used[r][f] = true;
                const struct bau_choice here = {
                    .treat = &fr->treat, .rule = rule, .field_rule = fr, .literal = is_literal(&fr->field)
                };
                const int better = best->treat ? candidate_compare(&here, best) : 1;
                if (better > 0) {
                    *best = here;
                    clash = NULL;
                } else if (better == 0 && best->field_rule != fr && d == dataset) {
                    clashed = here;
                    clash = &clashed;
                }
            }
        }
    }
    if (clash)
        bau_find_add(
            b->findings, BAU_E_USAGE, clash->field_rule->field.at, NULL, bau_build_object(b, dataset, field),
            "two rules of equal weight, here and at " BAU_AT_FORMAT "; make one of them more specific",
            BAU_AT_ARGS(best->field_rule->field.at));
}

static struct bau_choice *resolve_field(struct bau_build *b, uint32_t d, uint32_t f);

/* The choice of the field that dataset d's field f references, through d itself or its partitioned parents. */
static struct bau_choice *referenced(struct bau_build *b, uint32_t d, uint32_t f, const char **out_name)
{
    const char *name = b->catalog->datasets[d].fields[f].name;
    for (uint32_t up = d; up != BAU_NO_DATASET; up = b->catalog->datasets[up].parent) {
        const uint32_t own = bau_dataset_find(&b->catalog->datasets[up], name);
        for (uint32_t r = 0; own != UINT32_MAX && r < b->catalog->n_references; r++) {
            const struct bau_reference *ref = &b->catalog->references[r];
            for (uint32_t i = 0; ref->from == up && i < ref->n_fields; i++) {
                if (ref->from_fields[i] != own || (ref->to == d && ref->to_fields[i] == f))
                    continue;
                struct bau_choice *to = resolve_field(b, ref->to, ref->to_fields[i]);
                if (!to || !to->treat)
                    continue;
                const struct bau_dataset *target = &b->catalog->datasets[ref->to];
                *out_name =
                    bau_arena_printf(b->arena, "%s.%s", target->name, target->fields[ref->to_fields[i]].name);
                return to;
            }
        }
    }
    return NULL;
}

/* Two treatments give the same output for the same value. */
static bool agree(const struct bau_build *b, const struct bau_treat *x, const struct bau_treat *y)
{
    if (x == y)
        return true;
    if (x->kind != y->kind)
        return false;
    if (x->kind == BAU_DO_KEEP)
        return true;
    const struct bau_domain *dx = NULL, *dy = NULL;
    const struct bau_masker *mx = bau_build_masker(b, x, &dx), *my = bau_build_masker(b, y, &dy);
    if (!mx || mx != my || strcmp(bau_build_domain(mx, x), bau_build_domain(my, y)) != 0 ||
        x->n_settings != y->n_settings)
        return false;
    for (uint32_t i = 0; i < x->n_settings; i++)
        if (strcmp(x->settings[i].name, y->settings[i].name) != 0 ||
            strcmp(x->settings[i].text, y->settings[i].text) != 0)
            return false;
    return true;
}

static void inherit(struct bau_build *b, uint32_t d, uint32_t f, struct bau_choice *choice)
{
    const struct bau_dataset *dataset = &b->catalog->datasets[d];
    const char *name = NULL;
    struct bau_choice *to = referenced(b, d, f, &name);
    if (!to || (choice->treat && agree(b, choice->treat, to->treat)))
        return;
    if (!choice->treat || !choice->literal) {
        choice->treat = to->treat;
        choice->rule = to->rule;
        choice->field_rule = to->field_rule;
        choice->inherited = name;
        return;
    }
    bau_find_add(b->findings, BAU_E_USAGE, choice->field_rule->field.at, NULL,
                 bau_build_object(b, dataset, dataset->fields[f].name),
                 "it references %s, which is treated otherwise, so the reference would break; leave it out "
                 "(foreign keys inherit) or give both the same domain",
                 name ? name : "another column");
}

/* NULL while the field is in work already: a cycle of references, which has nothing to hand down. */
static struct bau_choice *resolve_field(struct bau_build *b, uint32_t d, uint32_t f)
{
    struct bau_choice *choice = &b->choices[d][f];
    if (choice->state)
        return choice->state == 2 ? choice : NULL;
    choice->state = 1;
    const struct bau_dataset *dataset = &b->catalog->datasets[d];
    struct bau_choice best = { .treat = NULL };
    find_rule(b, dataset, dataset->fields[f].name, &best);
    best.state = 1;
    *choice = best;
    inherit(b, d, f, choice);
    choice->state = 2;
    return choice;
}

static void unused_rules(struct bau_build *b)
{
    for (uint32_t r = 0; r < b->project->n_rules; r++) {
        const struct bau_rule *rule = &b->project->rules[r];
        const struct bau_segment *first = &rule->where.segments[0];
        if (first->any || strcmp(first->text, b->store->name) != 0)
            continue; /* of another store, or of all: says nothing about this one */
        bool any = false;
        for (uint32_t d = 0; d < b->catalog->n_datasets && !any; d++)
            any = rule_matches(b, rule, &b->catalog->datasets[d]);
        if (!any) {
            bau_find_add(b->findings, BAU_E_USAGE, rule->at, NULL, rule->where.text,
                         "the rule matches nothing in the source; remove it or mend its selector");
            continue;
        }
        for (uint32_t f = 0; f < rule->n_fields; f++)
            if (!b->used[r][f])
                bau_find_add(b->findings, BAU_E_USAGE, rule->fields[f].field.at, NULL,
                             bau_arena_printf(b->findings->arena, "%s.%s", rule->where.text,
                                              rule->fields[f].field.text),
                             "no such field in the source; remove it or mend its name");
    }
}

static void uncovered(struct bau_build *b)
{
    for (uint32_t d = 0; d < b->catalog->n_datasets; d++) {
        const struct bau_dataset *dataset = &b->catalog->datasets[d];
        for (uint32_t f = 0; dataset->kind == BAU_DATASET_ROWS && f < dataset->n_fields; f++) {
            if (dataset->fields[f].generated || b->choices[d][f].treat)
                continue;
            const struct bau_guess guess = bau_guess_field(b->catalog, dataset, f);
            const char *where[3] = { b->store->name, dataset->space, dataset->bare };
            BAU_AUTO_TEXT rule = { 0 };
            bau_text_add(&rule, "- { at: ");
            bau_spell_selector(&rule, where, 3);
            bau_text_add(&rule, ", set: { ");
            bau_spell_selector(&rule, &dataset->fields[f].name, 1);
            bau_text_add(&rule, ": ");
            bau_guess_rule(&rule, &guess);
            bau_text_addf(&rule, " } }%s%s", guess.kind ? "   # " : "", guess.kind ? guess.kind : "");
            const char *suggestion = rule.failed ? NULL : bau_arena_text(b->findings->arena, rule.data);
            bau_find_add(b->findings, BAU_E_POLICY, (struct bau_at){ 0 }, suggestion,
                         bau_build_object(b, dataset, dataset->fields[f].name), "%s has no rule",
                         dataset->fields[f].native);
        }
    }
}

bau_status bau_build_resolve(struct bau_build *b, struct bau_error *err)
{
    b->choices = bau_arena_zero(b->arena, (b->catalog->n_datasets + 1) * sizeof *b->choices);
    b->used = bau_arena_zero(b->arena, (b->project->n_rules + 1) * sizeof *b->used);
    bool memory = b->choices && b->used;
    for (uint32_t d = 0; memory && d < b->catalog->n_datasets; d++)
        memory = (b->choices[d] = bau_arena_zero(b->arena, (b->catalog->datasets[d].n_fields + 1) *
                                                               sizeof **b->choices)) != NULL;
    for (uint32_t r = 0; memory && r < b->project->n_rules; r++)
        memory = (b->used[r] = bau_arena_zero(b->arena, b->project->rules[r].n_fields + 1)) != NULL;
    if (!memory)
        return bau_error_set(err, BAU_E_NOMEM, "plan of store %s", b->store->name);
    for (uint32_t d = 0; d < b->catalog->n_datasets; d++)
        for (uint32_t f = 0; f < b->catalog->datasets[d].n_fields; f++)
            if (!b->catalog->datasets[d].fields[f].generated)
                (void)resolve_field(b, d, f);
    unused_rules(b);
    uncovered(b);
    return BAU_OK;
}
