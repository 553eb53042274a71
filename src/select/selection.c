/* Nodes and edges that matter → the engine's graph, and for every dataset which of its fields are the node's columns. */
#include "src/select/selection.h"

#include <string.h>

#include "src/select/build.h"
#include "src/subset/tuple.h"

struct gather { /* one node of the graph while its columns come together */
    uint32_t raw, n, room;
    struct bau_subset_column *columns;
    const char **expressions; /* n: NULL for a field */
    uint32_t n_identity, *identity;
    bool made; /* column 0 is the bytes of `fields` */
    bool all_fields;
};

struct make {
    struct bau_select x;
    struct bau_selection *s;
    struct gather *nodes;
    bool *live; /* per raw edge */
    struct bau_subset_edge *edges;
};

static bau_status memory(struct bau_error *err)
{
    return bau_error_set(err, BAU_E_NOMEM, "subset");
}

/* ── which edges and nodes matter ────────────────────────────────────────────────────────────────────────────────── */

static bool is_full(const struct bau_raw_node *n)
{
    return n->outside && n->outside->full;
}

static void number_nodes(struct make *m)
{
    struct bau_select *x = &m->x;
    for (uint32_t k = 0; k < x->n_edges; k++) {
        const struct bau_raw_edge *e = &x->edges[k];
        const struct bau_raw_node *child = &x->nodes[e->child], *parent = &x->nodes[e->parent];
        m->live[k] = child->kept && !is_full(parent) &&
                     ((e->down && parent->dependants) || e->up != BAU_SUBSET_UP_KEEP);
    }
    for (uint32_t n = 0; n < x->n_nodes; n++) {
        bool wanted = x->nodes[n].kept && !is_full(&x->nodes[n]);
        for (uint32_t k = 0; k < x->n_edges && !wanted; k++)
            wanted = m->live[k] && (x->edges[k].child == n || x->edges[k].parent == n);
        if (!wanted)
            continue;
        m->nodes[m->s->graph.n_datasets].raw = n;
        x->nodes[n].node = m->s->graph.n_datasets++;
    }
}

/* ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_subset_text text_of(const struct bau_field *f)
{
    return f->same == BAU_SAME_FOLDED   ? BAU_SUBSET_TEXT_FOLDED
           : f->same == BAU_SAME_PADDED ? BAU_SUBSET_TEXT_PADDED
                                        : BAU_SUBSET_TEXT_EXACT;
}

static uint32_t column(const struct make *m, struct gather *g, const char *name, const char *expression)
{
    const struct bau_dataset *d = bau_raw_dataset(&m->x, g->raw);
    const char *word = expression ? expression : name;
    for (uint32_t i = 0; i < g->n; i++)
        if (!g->expressions[i] == !expression && g->columns[i].name && strcmp(g->columns[i].name, word) == 0)
            return i;
    struct bau_subset_column *c = &g->columns[g->n];
    g->expressions[g->n] = expression;
    *c = (struct bau_subset_column){ .name = word, .type = BAU_TEXT };
    if (!expression) {
        const struct bau_field *f = &d->fields[bau_dataset_find(d, name)];
        c->type = f->type;
        c->text = text_of(f);
    }
    return g->n++;
}

static bool usable(const struct bau_dataset *d, const struct bau_key *key)
{
    if (key->expression || key->kind == BAU_KEY_EXCLUDE)
        return false;
    for (uint32_t i = 0; i < key->n_fields; i++) {
        const struct bau_field *f = &d->fields[key->fields[i]];
        if (f->list || f->generated || f->nullable || !bau_tuple_fits(f->type, f->type))
            return false;
    }
    return key->n_fields > 0;
}

/* The primary key, else any key without nulls; NULL: there is none. */
static const struct bau_key *key_of(const struct bau_dataset *d)
{
    const struct bau_key *best = NULL;
    for (uint32_t i = 0; i < d->n_keys; i++)
        if (usable(d, &d->keys[i]) && (!best || d->keys[i].kind == BAU_KEY_PRIMARY))
            best = &d->keys[i];
    return best;
}

static bau_status identity(const struct make *m, struct gather *g, struct bau_error *err)
{
    const struct bau_dataset *d = bau_raw_dataset(&m->x, g->raw);
    const struct bau_key *key = key_of(d);
    g->made = !key;
    g->n_identity = key ? key->n_fields : 1;
    g->identity = bau_arena_zero(m->s->arena, (g->n_identity + 1) * sizeof *g->identity);
    if (!g->identity)
        return memory(err);
    if (!key) {
        g->columns[0] = (struct bau_subset_column){ .name = "row", .type = BAU_BYTES };
        g->n = 1;
        g->all_fields = m->x.nodes[g->raw].from != NULL;
    }
    for (uint32_t i = 0; key && i < key->n_fields; i++)
        g->identity[i] = column(m, g, d->fields[key->fields[i]].name, NULL);
    return BAU_OK;
}

static bau_status gather_nodes(struct make *m, struct bau_error *err)
{
    size_t most = 1;
    for (uint32_t k = 0; k < m->x.n_edges; k++)
        most += 2 * (size_t)m->x.edges[k].n + 2;
    for (uint32_t i = 0; i < m->s->graph.n_datasets; i++) {
        struct gather *g = &m->nodes[i];
        const size_t room = most + bau_raw_dataset(&m->x, g->raw)->n_fields;
        g->columns = bau_arena_zero(m->s->arena, room * sizeof *g->columns);
        g->expressions = bau_arena_zero(m->s->arena, room * sizeof *g->expressions);
        if (!g->columns || !g->expressions)
            return memory(err);
        BAU_TRY(identity(m, g, err));
    }
    return BAU_OK;
}

/* ── edges ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *edge_name(const struct make *m, const struct bau_raw_edge *e)
{
    BAU_AUTO_TEXT out = { 0 };
    const char *child = bau_raw_name(&m->x, e->child), *parent = bau_raw_name(&m->x, e->parent);
    for (int side = 0; side < 2; side++) {
        const char *const *names = side ? e->parent_columns : e->child_columns;
        bau_text_addf(&out, "%s%s.", side ? " -> " : "", side ? parent : child);
        bau_text_add(&out, !names ? "(expression)" : e->n > 1 ? "(" : "");
        for (uint32_t i = 0; names && i < e->n; i++)
            bau_text_addf(&out, "%s%s", i ? ", " : "", names[i]);
        bau_text_add(&out, names && e->n > 1 ? ")" : "");
    }
    if (e->when_column)
        bau_text_addf(&out, " when %s is '%s'", e->when_column, e->when);
    return out.data ? bau_arena_text(m->s->arena, out.data) : NULL;
}

/* BAU_SUBSET_NONE and a finding when the dataset has no such column. */
static uint32_t newest(struct make *m, struct gather *g, const struct bau_child_rule *rule)
{
    const struct bau_dataset *d = bau_raw_dataset(&m->x, g->raw);
    if (!rule || !rule->newest)
        return BAU_SUBSET_NONE;
    if (bau_dataset_find(d, rule->newest) != UINT32_MAX)
        return column(m, g, rule->newest, NULL);
    bau_find_add(m->x.findings, BAU_E_USAGE, rule->at, NULL, bau_raw_name(&m->x, g->raw),
                 "there is no field '%.60s'", rule->newest);
    return BAU_SUBSET_NONE;
}

static void check_types(struct make *m, const struct bau_raw_edge *e, const struct gather *child,
                        const struct gather *parent, const struct bau_subset_edge *made)
{
    for (uint32_t i = 0; i < e->n; i++) {
        const bau_type from = child->columns[made->child_columns[i]].type,
                       to = parent->columns[made->parent_columns[i]].type;
        if (!bau_tuple_fits(to, from))
            bau_find_add(m->x.findings, BAU_E_USAGE, e->at, NULL, made->name,
                         "cannot be followed: %s does not compare with %s", bau_type_word(from),
                         bau_type_word(to));
    }
    if (e->when_column && child->columns[made->when_column].type != BAU_TEXT)
        bau_find_add(m->x.findings, BAU_E_USAGE, e->at, NULL, made->name, "when: '%.60s' is no text",
                     e->when_column);
}

static bau_status edge(struct make *m, const struct bau_raw_edge *e, struct bau_subset_edge *out,
                       struct bau_error *err)
{
    const uint32_t c = m->x.nodes[e->child].node, p = m->x.nodes[e->parent].node;
    struct gather *child = &m->nodes[c], *parent = &m->nodes[p];
    uint32_t *from = bau_arena_take(m->s->arena, (e->n + 1) * sizeof *from),
             *to = bau_arena_take(m->s->arena, (e->n + 1) * sizeof *to);
    *out = (struct bau_subset_edge){ .name = edge_name(m, e),
                                     .child = c,
                                     .parent = p,
                                     .n_columns = e->n,
                                     .child_columns = from,
                                     .parent_columns = to,
                                     .when_column = BAU_SUBSET_NONE,
                                     .up = e->up,
                                     .down = e->down };
    if (!out->name || !from || !to)
        return memory(err);
    for (uint32_t i = 0; i < e->n; i++) {
        from[i] = column(m, child, e->expression ? NULL : e->child_columns[i], e->expression);
        to[i] = column(m, parent, e->parent_columns[i], NULL);
    }
    if (e->when_column) {
        out->when_column = column(m, child, e->when_column, NULL);
        out->when = (struct bau_slice){ (const uint8_t *)e->when, strlen(e->when) };
    }
    if (e->children) {
        out->depth = e->children->depth;
        out->limit = e->children->per_parent;
        child->all_fields = child->all_fields || out->limit;
    }
    out->newest_column = newest(m, child, e->children);
    check_types(m, e, child, parent, out);
    return BAU_OK;
}

static bau_status edges(struct make *m, struct bau_error *err)
{
    struct bau_selected_edge *about = bau_arena_zero(m->s->arena, ((size_t)m->x.n_edges + 1) * sizeof *about);
    if (!about)
        return memory(err);
    for (uint32_t k = 0; k < m->x.n_edges; k++) {
        const struct bau_raw_edge *e = &m->x.edges[k];
        if (!m->live[k])
            continue;
        about[m->s->graph.n_edges] = (struct bau_selected_edge){ .store = m->x.nodes[e->child].store,
                                                                 .declared = e->declared,
                                                                 .at = e->at };
        BAU_TRY(edge(m, e, &m->edges[m->s->graph.n_edges++], err));
    }
    m->s->graph.edges = m->edges;
    m->s->edges = about;
    return BAU_OK;
}

/* ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void check_start(struct make *m, const struct gather *g)
{
    const struct bau_from_rule *from = m->x.nodes[g->raw].from;
    if (!from || !from->listed)
        return;
    if (g->made)
        bau_find_add(m->x.findings, BAU_E_USAGE, from->at, NULL, bau_raw_name(&m->x, g->raw),
                     "keys: it has no key that rows could be listed by");
    for (uint32_t i = 0; !g->made && i < from->n_keys; i++)
        if (from->keys[i].n != g->n_identity) {
            bau_find_add(m->x.findings, BAU_E_USAGE, from->at, NULL, bau_raw_name(&m->x, g->raw),
                         "keys: its key has %u columns", g->n_identity);
            return;
        }
}

static uint64_t bytes_a_row(const struct bau_select *x, uint32_t raw)
{
    const struct bau_catalog *c = x->stores[x->nodes[raw].store].catalog;
    uint64_t rows = 0, bytes = 0;
    for (uint32_t d = 0; d < c->n_datasets; d++)
        if (x->node_of[x->nodes[raw].store][d] == raw && c->datasets[d].kind == BAU_DATASET_ROWS) {
            rows += c->datasets[d].est_rows;
            bytes += c->datasets[d].est_bytes;
        }
    return rows ? (bytes + rows - 1) / rows : 0;
}

static bau_status nodes(struct make *m, struct bau_error *err)
{
    const uint32_t n = m->s->graph.n_datasets;
    struct bau_subset_dataset *datasets = bau_arena_zero(m->s->arena, (n + 1) * sizeof *datasets);
    struct bau_selected_node *about = bau_arena_zero(m->s->arena, (n + 1) * sizeof *about);
    if (!datasets || !about)
        return memory(err);
    for (uint32_t i = 0; i < n; i++) {
        const struct gather *g = &m->nodes[i];
        const struct bau_raw_node *raw = &m->x.nodes[g->raw];
        const struct bau_from_rule *from = raw->from;
        about[i] = (struct bau_selected_node){ raw->store, raw->dataset, from, raw->outside };
        datasets[i] = (struct bau_subset_dataset){
            .name = bau_arena_text(m->s->arena, bau_raw_name(&m->x, g->raw)),
            .n_columns = g->n,
            .columns = g->columns,
            .n_identity = g->n_identity,
            .identity = g->identity,
            .start = is_full(raw)                  ? BAU_SUBSET_FULL
                     : !from                       ? BAU_SUBSET_START_NO
                     : from->where || from->listed ? BAU_SUBSET_START_FLAGGED
                                                   : BAU_SUBSET_START_ALL,
            .sample = from ? from->sample : BAU_SUBSET_WHOLE,
            .limit = from ? from->limit : 0,
            .bytes_a_row = bytes_a_row(&m->x, g->raw),
        };
        if (!datasets[i].name)
            return memory(err);
        check_start(m, g);
    }
    m->s->graph.datasets = datasets;
    m->s->nodes = about;
    return BAU_OK;
}

/* ── datasets ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The dataset with the node's expressions behind its fields, the start condition last. */
static bau_status reading(const struct make *m, const struct gather *g, const struct bau_dataset *d,
                          struct bau_selected *out, struct bau_error *err)
{
    struct bau_arena *arena = m->s->arena;
    const struct bau_from_rule *from = m->x.nodes[g->raw].from;
    struct bau_dataset *read = bau_arena_zero(arena, sizeof *read);
    struct bau_field *fields = bau_arena_zero(arena, ((size_t)d->n_fields + g->n + 2) * sizeof *fields);
    uint32_t *of = bau_arena_zero(arena, ((size_t)g->n + 1) * sizeof *of);
    if (!read || !fields || !of)
        return memory(err);
    uint32_t n = d->n_fields;
    memcpy(fields, d->fields, d->n_fields * sizeof *fields);
    for (uint32_t i = 0; i < g->n; i++) {
        of[i] = g->made && i == 0 ? BAU_MADE : bau_dataset_find(d, g->columns[i].name);
        if (g->expressions[i]) {
            fields[n] = (struct bau_field){ .name = "link",
                                            .native = "text",
                                            .type = BAU_TEXT,
                                            .nullable = true,
                                            .scale = -1,
                                            .expression = g->expressions[i] };
            of[i] = n++;
        }
    }
    out->flag = UINT32_MAX;
    if (from && from->where) {
        fields[n] = (struct bau_field){ .name = "start",
                                        .native = "text",
                                        .type = BAU_TEXT,
                                        .nullable = true,
                                        .scale = -1,
                                        .expression = from->where,
                                        .condition = true };
        out->flag = n++;
    }
    *read = *d;
    read->fields = fields;
    read->n_fields = n;
    out->read = read;
    out->fields = of;
    out->n_columns = g->n;
    return BAU_OK;
}

/* Without a key: all fields where rows are counted out, else those that references use. */
static bau_status telling(const struct make *m, const struct gather *g, const struct bau_dataset *d,
                          struct bau_selected *out, struct bau_error *err)
{
    uint32_t *made = bau_arena_zero(m->s->arena, ((size_t)d->n_fields + 1) * sizeof *made);
    if (!made)
        return memory(err);
    for (uint32_t f = 0; f < d->n_fields; f++) {
        bool wanted = g->all_fields;
        for (uint32_t i = 1; i < g->n && !wanted; i++)
            wanted = out->fields[i] == f;
        if (wanted && !d->fields[f].generated)
            made[out->n_made++] = f;
    }
    /* An expression's value is no field that a full read has: then every field tells rows apart. */
    bool computed = false;
    for (uint32_t i = 0; i < g->n; i++)
        computed = computed || g->expressions[i] ||
                   (out->fields[i] != BAU_MADE && d->fields[out->fields[i]].generated);
    if (computed && !g->all_fields) {
        out->n_made = 0;
        for (uint32_t f = 0; f < d->n_fields; f++)
            if (!d->fields[f].generated)
                made[out->n_made++] = f;
    }
    out->made = made;
    return BAU_OK;
}

static bool in_identity(const struct gather *g, uint32_t c)
{
    for (uint32_t i = 0; i < g->n_identity; i++)
        if (g->identity[i] == c)
            return true;
    return false;
}

static bau_status nullings(const struct make *m, const struct gather *g, uint32_t node,
                           const struct bau_dataset *d, struct bau_selected *out, struct bau_error *err)
{
    struct bau_nulling *all = bau_arena_zero(m->s->arena, ((size_t)m->s->graph.n_edges + 1) * sizeof *all);
    if (!all)
        return memory(err);
    for (uint32_t k = 0; k < m->s->graph.n_edges; k++) {
        const struct bau_subset_edge *e = &m->edges[k];
        if (e->child != node || e->up != BAU_SUBSET_UP_NULL)
            continue;
        uint32_t *fields = bau_arena_zero(m->s->arena, (e->n_columns + 1) * sizeof *fields), n = 0;
        if (!fields)
            return memory(err);
        for (uint32_t i = 0; i < e->n_columns; i++) {
            const uint32_t c = e->child_columns[i], f = out->fields[c];
            if (!g->expressions[c] && d->fields[f].nullable && !d->fields[f].generated && !in_identity(g, c))
                fields[n++] = f;
        }
        if (n == 0)
            bau_find_add(m->x.findings, BAU_E_USAGE, m->s->edges[k].at, NULL, e->name,
                         "cannot become null: no column of it is nullable");
        all[out->n_nullings++] = (struct bau_nulling){ k, n, fields };
    }
    out->nullings = all;
    return BAU_OK;
}

static bau_status datasets(struct make *m, struct bau_error *err)
{
    struct bau_selected **of = bau_arena_zero(m->s->arena, ((size_t)m->x.n_stores + 1) * sizeof *of);
    if (!of)
        return memory(err);
    for (uint32_t s = 0; s < m->x.n_stores; s++) {
        const struct bau_catalog *c = m->x.stores[s].catalog;
        of[s] = bau_arena_zero(m->s->arena, ((size_t)c->n_datasets + 1) * sizeof **of);
        if (!of[s])
            return memory(err);
        for (uint32_t d = 0; d < c->n_datasets; d++) {
            const uint32_t raw = m->x.node_of[s][d];
            struct bau_selected *one = &of[s][d];
            one->node = raw == BAU_NO_NODE ? BAU_NO_NODE : m->x.nodes[raw].node;
            one->empty = raw != BAU_NO_NODE && (m->x.nodes[raw].left ||
                                                (m->x.nodes[raw].outside && !m->x.nodes[raw].outside->full));
            if (one->node == BAU_NO_NODE || c->datasets[d].kind != BAU_DATASET_ROWS)
                continue;
            const struct gather *g = &m->nodes[one->node];
            BAU_TRY(reading(m, g, &c->datasets[d], one, err));
            if (g->made)
                BAU_TRY(telling(m, g, &c->datasets[d], one, err));
            BAU_TRY(nullings(m, g, one->node, &c->datasets[d], one, err));
        }
    }
    m->s->of = of;
    m->s->n_stores = m->x.n_stores;
    return BAU_OK;
}

/* ── all of it ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status make(struct make *m, struct bau_error *err)
{
    struct bau_arena *arena = m->s->arena;
    BAU_TRY(bau_select_graph(&m->x, err));
    BAU_TRY(bau_select_rules(&m->x, err));
    m->nodes = bau_arena_zero(arena, ((size_t)m->x.n_nodes + 1) * sizeof *m->nodes);
    m->live = bau_arena_zero(arena, (size_t)m->x.n_edges + 1);
    m->edges = bau_arena_zero(arena, ((size_t)m->x.n_edges + 1) * sizeof *m->edges);
    if (!m->nodes || !m->live || !m->edges)
        return memory(err);
    number_nodes(m);
    BAU_TRY(gather_nodes(m, err));
    BAU_TRY(edges(m, err));
    BAU_TRY(nodes(m, err));
    return datasets(m, err);
}

static bau_status verdict(const struct bau_findings_list *list, struct bau_error *err)
{
    const struct bau_finding *worst = NULL;
    if (list->failed)
        return memory(err);
    for (uint32_t i = 0; i < list->n; i++)
        if (list->at[i].code != BAU_OK &&
            (!worst || (list->at[i].code == BAU_E_POLICY && worst->code != BAU_E_POLICY)))
            worst = &list->at[i];
    if (!worst)
        return BAU_OK;
    bau_error_set(err, worst->code, "%s: %s", worst->object ? worst->object : "subset", worst->text);
    if (worst->at.file)
        bau_error_note(err, BAU_AT_FORMAT, BAU_AT_ARGS(worst->at));
    if (list->n > 1)
        bau_error_note(err, "%u findings about the subset, the first", list->n);
    return worst->code;
}

bau_status bau_selection_new(const struct bau_project *project, const struct bau_selection_store *stores,
                             uint32_t n_stores, struct bau_arena *findings_arena,
                             struct bau_findings *findings, struct bau_selection **out, struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(64 << 10, BAU_ARENA_PLAIN);
    struct bau_findings_list list = { .arena = findings_arena };
    struct make m = { .x = { .project = project,
                             .rules = &project->subset,
                             .stores = stores,
                             .n_stores = n_stores,
                             .arena = arena,
                             .findings = &list } };
    m.s = arena ? bau_arena_zero(arena, sizeof *m.s) : NULL;
    if (!m.s) {
        bau_arena_free(arena);
        return memory(err);
    }
    m.s->arena = arena;
    bau_status status = make(&m, err);
    if (status == BAU_OK)
        status = verdict(&list, err);
    *findings = (struct bau_findings){ list.n, list.at };
    if (status != BAU_OK) {
        bau_arena_free(arena);
        return status;
    }
    *out = m.s;
    return BAU_OK;
}

void bau_selection_free(struct bau_selection *selection)
{
    if (selection)
        bau_arena_free(selection->arena);
}
