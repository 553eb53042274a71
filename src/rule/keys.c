/* Rules on the keys of a store: `{ at: cache, keys: { "cart:{customer}": { customer: …, value: … } } }` is one rule a
 * template, as if each were written `{ at: cache."cart:{customer}", set: … }`. And what rules name, for stores that have no
 * catalog of their own. */
#include <string.h>

#include "src/rule/load.h"

static bau_status key_pattern(const struct bau_load *l, const struct bau_yaml_pair *at,
                              const struct bau_yaml_pair *key, struct bau_pattern *out)
{
    const char *const names[] = { at->value->text, key->key };
    BAU_AUTO_TEXT text = { 0 };
    struct bau_segment *segments = bau_arena_zero(l->arena, 2 * sizeof *segments);
    bau_spell_selector(&text, names, BAU_COUNT(names));
    const char *copy = text.failed ? NULL : bau_arena_text(l->arena, text.data);
    if (!segments || !copy)
        return bau_load_memory(l);
    segments[0].text = names[0];
    segments[1] = (struct bau_segment){ .text = names[1], .quoted = true };
    *out = (struct bau_pattern){ copy, key->at, 2, segments };
    return BAU_OK;
}

static bau_status load_drop(const struct bau_load *l, const struct bau_yaml_pair *key, struct bau_rule *out)
{
    const struct bau_yaml_pair *drop = bau_yaml_get(key->value, "drop");
    if (key->value->n != 1 || drop->value->kind != BAU_YAML_SCALAR || strcmp(drop->value->text, "true") != 0)
        return bau_load_fail(l, drop->at,
                             "keys that stay behind are written { drop: true } and nothing else");
    out->drop = true;
    return BAU_OK;
}

bau_status bau_load_key_rules(struct bau_load *l, const struct bau_yaml *map, struct bau_rule *out)
{
    static const char *const words[] = { "at", "keys" };
    BAU_TRY(bau_load_keys(l, map, "a rule", words, BAU_COUNT(words)));
    const struct bau_yaml_pair *at = bau_yaml_get(map, "at"), *keys = bau_yaml_get(map, "keys");
    if (!at)
        return bau_load_fail(l, map->at, "a rule needs `at:`");
    BAU_TRY(bau_load_kind(l, at, BAU_YAML_SCALAR, "a store's name"));
    BAU_TRY(bau_load_kind(l, keys, BAU_YAML_MAP, "{ \"TEMPLATE\": { FIELD: … } }"));
    if (strpbrk(at->value->text, ".*\""))
        return bau_load_fail(l, at->value->at, "at: with `keys:` names one store");
    for (uint32_t i = 0; i < keys->value->n; i++) {
        const struct bau_yaml_pair *key = &keys->value->pairs[i];
        out[i] = (struct bau_rule){ .at = key->at };
        BAU_TRY(key_pattern(l, at, key, &out[i].where));
        if (bau_yaml_get(key->value, "drop"))
            BAU_TRY(load_drop(l, key, &out[i]));
        else
            BAU_TRY(bau_load_fields(l, key, &out[i]));
    }
    return BAU_OK;
}

/* ── what rules name ─────────────────────────────────────────────────────────────────────────────────────────────── */

static bool written_out(const struct bau_segment *s)
{
    return !s->any && (s->quoted || !strchr(s->text, '*'));
}

static bool speaks_of(const struct bau_rule *rule, const char *store)
{
    const struct bau_pattern *w = &rule->where;
    return w->n_segments == 2 && strcmp(w->segments[0].text, store) == 0 && written_out(&w->segments[1]);
}

static bau_status add_fields(const struct bau_project *project, const char *store, const char *dataset,
                             struct bau_arena *arena, struct bau_named *out, struct bau_error *err)
{
    uint32_t room = 0, n = 0;
    for (uint32_t r = 0; r < project->n_rules; r++)
        room += project->rules[r].n_fields;
    const char **fields = bau_arena_take(arena, ((size_t)room + 1) * sizeof *fields);
    if (!fields)
        return bau_error_set(err, BAU_E_NOMEM, "rules of store %s", store);
    for (uint32_t r = 0; r < project->n_rules; r++) {
        const struct bau_rule *rule = &project->rules[r];
        if (!speaks_of(rule, store) || strcmp(rule->where.segments[1].text, dataset) != 0)
            continue;
        for (uint32_t f = 0; f < rule->n_fields; f++)
            if (written_out(&rule->fields[f].field.segments[0]))
                fields[n++] = rule->fields[f].field.segments[0].text;
    }
    *out = (struct bau_named){ dataset, n, fields };
    return BAU_OK;
}

bau_status bau_project_named(const struct bau_project *project, const char *store, struct bau_arena *arena,
                             const struct bau_named **out, uint32_t *out_n, struct bau_error *err)
{
    struct bau_named *named = bau_arena_zero(arena, ((size_t)project->n_rules + 1) * sizeof *named);
    uint32_t n = 0;
    if (!named)
        return bau_error_set(err, BAU_E_NOMEM, "rules of store %s", store);
    for (uint32_t r = 0; r < project->n_rules; r++) {
        const struct bau_rule *rule = &project->rules[r];
        if (!speaks_of(rule, store))
            continue;
        bool known = false;
        for (uint32_t i = 0; i < n && !known; i++)
            known = strcmp(named[i].dataset, rule->where.segments[1].text) == 0;
        if (!known)
            BAU_TRY(add_fields(project, store, rule->where.segments[1].text, arena, &named[n++], err));
    }
    *out = named;
    *out_n = n;
    return BAU_OK;
}
