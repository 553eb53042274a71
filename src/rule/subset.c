/* `subset:` of the project file: which rows to start with, references that no catalog declares, how far to follow. Names
 * of datasets and fields are looked up when the catalogs are there: see src/select/selection.h. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "src/rule/load.h"

const struct bau_option bau_subset_options[] = {
    { .name = "fit",
      .kind = BAU_OPTION_BYTES,
      .offset = offsetof(struct bau_subset_rules, fit),
      .fallback = "0",
      .sentence = "Most bytes to keep over all datasets, by the source's mean bytes a row; the start rows "
                  "are thinned out by keyed rank until it fits. 0 sets no limit." },
    { .name = "rows",
      .kind = BAU_OPTION_BYTES,
      .offset = offsetof(struct bau_subset_rules, rows),
      .fallback = "0",
      .sentence = "Most rows to keep over all datasets, reached in the same way; 0 sets no limit." },
    { .name = "memory",
      .kind = BAU_OPTION_BYTES,
      .offset = offsetof(struct bau_subset_rules, memory),
      .fallback = "1GiB",
      .min = 1 << 20,
      .max = INT64_MAX,
      .sentence = "Memory for keys while rows are chosen; what does not fit goes to an encrypted scratch "
                  "file in $TMPDIR." },
    { .name = NULL },
};

const struct bau_option bau_child_options[] = {
    { .name = "follow",
      .kind = BAU_OPTION_BOOL,
      .offset = offsetof(struct bau_child_rule, follow),
      .fallback = "true",
      .sentence = "Whether rows that refer to kept rows this way are kept." },
    { .name = "per_parent",
      .kind = BAU_OPTION_U32,
      .offset = offsetof(struct bau_child_rule, per_parent),
      .fallback = "0",
      .sentence = "Most rows of one parent, the first by keyed rank; rows that tie on the last place are "
                  "all kept. 0 sets no limit." },
    { .name = "newest",
      .kind = BAU_OPTION_TEXT,
      .offset = offsetof(struct bau_child_rule, newest),
      .sentence = "With per_parent: the column whose largest values come first." },
    { .name = "depth",
      .kind = BAU_OPTION_U32,
      .offset = offsetof(struct bau_child_rule, depth),
      .fallback = "0",
      .max = 64,
      .sentence =
          "Followed only from rows fewer than so many references from a start row; 0 sets no limit." },
    { .name = NULL },
};

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status dataset(const struct bau_load *l, const char *text, struct bau_at at,
                          struct bau_pattern *out)
{
    return bau_pattern_parse(text, at, l->arena, out, l->err);
}

/* STORE.DATASET.FIELD cut into a dataset's selector and a name; no wildcards. */
static bau_status field(const struct bau_load *l, const char *text, struct bau_at at, struct bau_pattern *out,
                        const char **out_field)
{
    BAU_TRY(bau_pattern_parse(text, at, l->arena, out, l->err));
    for (uint32_t i = 0; i < out->n_segments; i++)
        if (out->segments[i].any || (!out->segments[i].quoted && strchr(out->segments[i].text, '*')))
            return bau_load_fail(l, at, "a link names one field on each side, without wildcards");
    if (out->n_segments < 3)
        return bau_load_fail(l, at, "'%.60s' is no field; write STORE.DATASET.FIELD", text);
    *out_field = out->segments[--out->n_segments].text;
    return BAU_OK;
}

static bool same_dataset(const struct bau_pattern *a, const struct bau_pattern *b)
{
    bool same = a->n_segments == b->n_segments;
    for (uint32_t i = 0; i < a->n_segments && same; i++)
        same = strcmp(a->segments[i].text, b->segments[i].text) == 0;
    return same;
}

static bau_status list_of(const struct bau_load *l, const struct bau_yaml_pair *pair, size_t each, void *out,
                          const char *what)
{
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_LIST, what));
    void *made = bau_arena_zero(l->arena, (pair->value->n + 1) * each);
    if (!made)
        return bau_load_memory(l);
    memcpy(out, &made, sizeof made);
    return BAU_OK;
}

/* ── from ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* "5%", "0.01%" or a count. */
static bau_status limit(const struct bau_load *l, const struct bau_yaml_pair *pair, struct bau_from_rule *out)
{
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_SCALAR, "5% or a number of rows"));
    const char *text = pair->value->text;
    char *end = NULL;
    const bool digit = text[0] >= '0' && text[0] <= '9';
    const double share = digit ? strtod(text, &end) : -1;
    if (digit && strcmp(end, "%") == 0 && share * 10000 >= 1 && share <= 100) {
        out->sample = (uint32_t)(share * 10000 + 0.5);
        return BAU_OK;
    }
    const unsigned long long rows = digit ? strtoull(text, &end, 10) : 0;
    if (rows > 0 && rows < INT64_MAX && *end == '\0') {
        out->limit = rows;
        return BAU_OK;
    }
    return bau_load_fail(l, pair->at, "limit: expected 0.0001%% to 100%%, or a number of rows");
}

static bau_status key(const struct bau_load *l, const struct bau_yaml_pair *item, struct bau_texts *out)
{
    const struct bau_yaml *v = item->value;
    const uint32_t n = v->kind == BAU_YAML_LIST ? v->n : 1;
    out->at = bau_arena_take(l->arena, (n + 1) * sizeof *out->at);
    if (!out->at)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_yaml *one = v->kind == BAU_YAML_LIST ? v->pairs[i].value : v;
        if (one->kind != BAU_YAML_SCALAR)
            return bau_load_fail(l, item->at, "keys: expected a key, or a list of its columns");
        out->at[out->n++] = one->text;
    }
    return BAU_OK;
}

static bau_status keys(const struct bau_load *l, const struct bau_yaml_pair *pair, struct bau_from_rule *out)
{
    struct bau_texts *made = NULL;
    BAU_TRY(list_of(l, pair, sizeof *made, &made, "a list of keys"));
    for (uint32_t i = 0; i < pair->value->n; i++)
        BAU_TRY(key(l, &pair->value->pairs[i], &made[i]));
    out->listed = true;
    out->keys = made;
    out->n_keys = pair->value->n;
    return BAU_OK;
}

static bau_status from_entry(const struct bau_load *l, const struct bau_yaml_pair *item,
                             struct bau_from_rule *out)
{
    static const char form[] = "an entry of `from:` is { STORE.DATASET: CONDITION or all, limit: 5% }";
    const struct bau_yaml *map = item->value;
    const struct bau_yaml_pair *start = NULL, *p;
    if (map->kind != BAU_YAML_MAP)
        return bau_load_fail(l, item->at, "%s", form);
    *out = (struct bau_from_rule){ .at = map->at, .sample = BAU_SAMPLE_WHOLE };
    for (uint32_t i = 0; i < map->n; i++) {
        p = &map->pairs[i];
        if (strcmp(p->key, "limit") == 0)
            BAU_TRY(limit(l, p, out));
        else if (strcmp(p->key, "keys") == 0)
            BAU_TRY(keys(l, p, out));
        else if (start || !strchr(p->key, '.'))
            return bau_load_fail(l, p->at, "unknown key '%.60s'; %s", p->key, form);
        else
            start = p;
    }
    if (!start || start->value->kind != BAU_YAML_SCALAR)
        return bau_load_fail(l, map->at, "%s", form);
    out->at = start->at;
    if (*start->value->text && strcmp(start->value->text, "all") != 0)
        out->where = start->value->text;
    if (out->where && out->listed)
        return bau_load_fail(l, map->at, "a list of keys goes with `all`, not with a condition");
    return dataset(l, start->key, start->at, &out->dataset);
}

static bau_status load_from(const struct bau_load *l, const struct bau_yaml_pair *pair,
                            struct bau_subset_rules *out)
{
    struct bau_from_rule *made = NULL;
    BAU_TRY(list_of(l, pair, sizeof *made, &made, "a list of { STORE.DATASET: CONDITION or all }"));
    for (uint32_t i = 0; i < pair->value->n; i++)
        BAU_TRY(from_entry(l, &pair->value->pairs[i], &made[i]));
    out->from = made;
    out->n_from = pair->value->n;
    return BAU_OK;
}

/* ── links ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status columns(const struct bau_load *l, const struct bau_yaml_pair *pair, struct bau_pattern *of,
                          const char *const **out, uint32_t *out_n)
{
    const struct bau_yaml *v = pair->value;
    const uint32_t n = v->kind == BAU_YAML_LIST ? v->n : 1;
    const char **names = bau_arena_zero(l->arena, (n + 1) * sizeof *names);
    if (!names)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_yaml *one = v->kind == BAU_YAML_LIST ? v->pairs[i].value : v;
        struct bau_pattern here;
        if (one->kind != BAU_YAML_SCALAR)
            return bau_load_fail(l, pair->at, "%s: expected STORE.DATASET.FIELD, or a list of them",
                                 pair->key);
        BAU_TRY(field(l, one->text, one->at, &here, &names[i]));
        if (i && !same_dataset(&here, of))
            return bau_load_fail(l, one->at, "the columns of one side of a link lie in one dataset");
        *of = here;
    }
    if (n == 0)
        return bau_load_fail(l, pair->at, "%s: names no field", pair->key);
    *out = names;
    *out_n = n;
    return BAU_OK;
}

static bau_status when(const struct bau_load *l, const struct bau_yaml_pair *pair, struct bau_link_rule *out)
{
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_MAP, "{ COLUMN: VALUE }"));
    if (pair->value->n != 1 || pair->value->pairs[0].value->kind != BAU_YAML_SCALAR)
        return bau_load_fail(l, pair->at, "when: expected one { COLUMN: VALUE }");
    out->when_column = pair->value->pairs[0].key;
    out->when = pair->value->pairs[0].value->text;
    return BAU_OK;
}

/* { child field: parent field }: the short form has no key of its own. */
static bau_status short_link(const struct bau_load *l, const struct bau_yaml_pair *pair,
                             struct bau_link_rule *out)
{
    const char **child = bau_arena_zero(l->arena, 2 * sizeof *child);
    if (!child)
        return bau_load_memory(l);
    BAU_TRY(field(l, pair->key, pair->at, &out->child, &child[0]));
    BAU_TRY(columns(l, pair, &out->parent, &out->parent_columns, &out->n_columns));
    if (out->n_columns != 1)
        return bau_load_fail(l, pair->at, "a link over several columns is { from: [ … ], to: [ … ] }");
    out->child_columns = child;
    return BAU_OK;
}

static bau_status long_link(const struct bau_load *l, const struct bau_yaml *map, struct bau_link_rule *out)
{
    const struct bau_yaml_pair *from = bau_yaml_get(map, "from"), *to = bau_yaml_get(map, "to"),
                               *expression = bau_yaml_get(map, "expression");
    uint32_t n = 1;
    if (!from || !to)
        return bau_load_fail(l, map->at, "a link is { CHILD FIELD: PARENT FIELD }, or has `from:` and `to:`");
    BAU_TRY(columns(l, to, &out->parent, &out->parent_columns, &out->n_columns));
    if (expression) {
        BAU_TRY(bau_load_kind(l, expression, BAU_YAML_SCALAR, "an expression of the store"));
        BAU_TRY(bau_load_kind(l, from, BAU_YAML_SCALAR, "STORE.DATASET, since an expression gives the key"));
        out->expression = expression->value->text;
        BAU_TRY(dataset(l, from->value->text, from->value->at, &out->child));
    } else {
        BAU_TRY(columns(l, from, &out->child, &out->child_columns, &n));
    }
    if (n != out->n_columns)
        return bau_load_fail(l, map->at, "a link has as many columns on one side as on the other");
    return BAU_OK;
}

static bau_status link(const struct bau_load *l, const struct bau_yaml_pair *item, struct bau_link_rule *out)
{
    static const char *const words[] = { "from", "to", "expression", "when" };
    const struct bau_yaml *map = item->value;
    const struct bau_yaml_pair *pair = NULL, *polymorphic;
    if (map->kind != BAU_YAML_MAP)
        return bau_load_fail(l, item->at, "a link is { CHILD FIELD: PARENT FIELD }");
    *out = (struct bau_link_rule){ .at = map->at };
    for (uint32_t i = 0; i < map->n; i++)
        if (strchr(map->pairs[i].key, '.')) {
            if (pair)
                return bau_load_fail(l, map->pairs[i].at, "one link an entry");
            pair = &map->pairs[i];
        }
    if ((polymorphic = bau_yaml_get(map, "when")))
        BAU_TRY(when(l, polymorphic, out));
    if (pair && map->n != 1u + (polymorphic != NULL))
        return bau_load_fail(l, map->at, "beside { CHILD FIELD: PARENT FIELD } only `when:` may stand");
    if (pair)
        return short_link(l, pair, out);
    BAU_TRY(bau_load_keys(l, map, "a link", words, BAU_COUNT(words)));
    return long_link(l, map, out);
}

static bau_status load_links(const struct bau_load *l, const struct bau_yaml_pair *pair,
                             struct bau_subset_rules *out)
{
    struct bau_link_rule *made = NULL;
    BAU_TRY(list_of(l, pair, sizeof *made, &made, "a list of { CHILD FIELD: PARENT FIELD }"));
    for (uint32_t i = 0; i < pair->value->n; i++)
        BAU_TRY(link(l, &pair->value->pairs[i], &made[i]));
    out->links = made;
    out->n_links = pair->value->n;
    return BAU_OK;
}

/* ── children, parents, outside ──────────────────────────────────────────────────────────────────────────────────── */

static bau_status load_children(struct bau_load *l, const struct bau_yaml_pair *pair,
                                struct bau_subset_rules *out)
{
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_MAP, "{ STORE.DATASET: { per_parent: 20 } }"));
    struct bau_child_rule *made = bau_arena_zero(l->arena, (pair->value->n + 1) * sizeof *made);
    if (!made)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < pair->value->n; i++) {
        const struct bau_yaml_pair *p = &pair->value->pairs[i];
        BAU_TRY(bau_load_kind(l, p, BAU_YAML_MAP, "{ follow: false } or { per_parent: 20 }"));
        made[i].at = p->at;
        BAU_TRY(dataset(l, p->key, p->at, &made[i].edge));
        BAU_TRY(bau_options_default(bau_child_options, &made[i], l->arena, l->err));
        BAU_TRY(
            bau_load_options(l, p->value, bau_child_options, "an entry of `children:`", NULL, 0, &made[i]));
        if (made[i].newest && !made[i].per_parent)
            return bau_load_fail(l, p->at,
                                 "newest: says which rows of a parent come first; it needs per_parent");
    }
    out->children = made;
    out->n_children = pair->value->n;
    return BAU_OK;
}

/* A map of selectors to one of a few words. */
static bau_status word(const struct bau_load *l, const struct bau_yaml_pair *p, const char *const *words,
                       uint32_t n, const char *expected, uint32_t *out)
{
    BAU_TRY(bau_load_kind(l, p, BAU_YAML_SCALAR, expected));
    for (*out = 0; *out < n; (*out)++)
        if (strcmp(words[*out], p->value->text) == 0)
            return BAU_OK;
    return bau_load_fail(l, p->at, "%.60s: expected %s", p->key, expected);
}

static bau_status load_parents(const struct bau_load *l, const struct bau_yaml_pair *pair,
                               struct bau_subset_rules *out)
{
    static const char *const words[] = { "follow", "null", "keep" }; /* in the order of bau_parents */
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_MAP, "{ STORE.DATASET.FIELD: follow, \"null\" or keep }"));
    struct bau_parent_rule *made = bau_arena_zero(l->arena, (pair->value->n + 1) * sizeof *made);
    if (!made)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < pair->value->n; i++) {
        const struct bau_yaml_pair *p = &pair->value->pairs[i];
        uint32_t kind = 0;
        made[i].at = p->at;
        BAU_TRY(dataset(l, p->key, p->at, &made[i].edge));
        BAU_TRY(word(l, p, words, BAU_COUNT(words), "follow, \"null\" or keep", &kind));
        made[i].kind = (bau_parents)kind;
    }
    out->parents = made;
    out->n_parents = pair->value->n;
    return BAU_OK;
}

static bau_status load_outside(const struct bau_load *l, const struct bau_yaml_pair *pair,
                               struct bau_subset_rules *out)
{
    static const char *const words[] = { "empty", "full" };
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_MAP, "{ STORE.DATASET: full or empty }"));
    struct bau_outside_rule *made = bau_arena_zero(l->arena, (pair->value->n + 1) * sizeof *made);
    if (!made)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < pair->value->n; i++) {
        const struct bau_yaml_pair *p = &pair->value->pairs[i];
        uint32_t full = 0;
        made[i].at = p->at;
        BAU_TRY(dataset(l, p->key, p->at, &made[i].dataset));
        BAU_TRY(word(l, p, words, BAU_COUNT(words), "full or empty", &full));
        made[i].full = full;
    }
    out->outside = made;
    out->n_outside = pair->value->n;
    return BAU_OK;
}

bau_status bau_load_subset(struct bau_load *l, const struct bau_yaml_pair *pair)
{
    static const char *const words[] = { "from", "links", "children", "parents", "outside" };
    struct bau_subset_rules *out = &l->project->subset;
    const struct bau_yaml_pair *p;
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_MAP, "{ from: [ … ] }"));
    BAU_TRY(bau_options_default(bau_subset_options, out, l->arena, l->err));
    BAU_TRY(bau_load_options(l, pair->value, bau_subset_options, "subset", words, BAU_COUNT(words), out));
    out->at = pair->at;
    if (!(p = bau_yaml_get(pair->value, "from")))
        return bau_load_fail(l, pair->at, "subset: needs `from:`, the rows to start with");
    BAU_TRY(load_from(l, p, out));
    if (out->n_from == 0)
        return bau_load_fail(l, p->at, "from: names no dataset");
    if ((p = bau_yaml_get(pair->value, "links")))
        BAU_TRY(load_links(l, p, out));
    if ((p = bau_yaml_get(pair->value, "children")))
        BAU_TRY(load_children(l, p, out));
    if ((p = bau_yaml_get(pair->value, "parents")))
        BAU_TRY(load_parents(l, p, out));
    if ((p = bau_yaml_get(pair->value, "outside")))
        BAU_TRY(load_outside(l, p, out));
    return BAU_OK;
}
