/* Random schemas and rows against the slow reference: every shape of key and edge, in every way the engine can work. */
#include "tests/support/subset_model.h"

/* Types that may refer to a key of this type. */
static bau_type child_type(struct model *m, bau_type parent)
{
    static const bau_type integers[] = { BAU_I16, BAU_I32, BAU_I64, BAU_NUMERIC, BAU_TEXT };
    if ((BAU_TYPE_BIT(parent) & BAU_TYPES_INT))
        return integers[model_below(m, model_below(m, 2) ? 3 : 5)];
    if (parent == BAU_NUMERIC)
        return integers[model_below(m, 5)];
    return parent == BAU_UUID && model_below(m, 2) ? BAU_TEXT : parent;
}

static void fill(struct model *m, uint32_t d)
{
    static const bau_type types[] = { BAU_I16,  BAU_I32,  BAU_I64,  BAU_NUMERIC,
                                      BAU_UUID, BAU_TEXT, BAU_TEXT, BAU_TEXT };
    static const bau_subset_text texts[] = { BAU_SUBSET_TEXT_EXACT, BAU_SUBSET_TEXT_FOLDED,
                                             BAU_SUBSET_TEXT_PADDED };
    struct relation *const r = &m->relations[d];
    model_serial(m, d, BAU_I64);
    for (uint32_t k = 0; k < 3; k++) { /* an alternative key, and one of two columns */
        const bau_type type = types[model_below(m, BAU_COUNT(types))];
        const uint32_t c = model_column(m, d, type, texts[model_below(m, 3)], type);
        for (uint32_t i = 0; i < r->n_rows; i++)
            r->rows[i][c] = (struct cell){ k == 0 && model_below(m, 9) == 0, k == 0   ? (int64_t)i * 3 + 1
                                                                             : k == 1 ? i / 5
                                                                                      : i % 5 };
    }
}

static void refer(struct model *m, uint32_t edge, uint32_t child, uint32_t parent)
{
    struct relation *const from = &m->relations[child], *const to = &m->relations[parent];
    const uint32_t key = model_below(m, 3), n = key == 2 ? 2 : 1;
    struct bau_subset_edge *const e = model_edge(m, child, 0, parent, key);
    e->n_columns = n;
    e->full = n == 2 && model_below(m, 2);
    for (uint32_t k = 0; k < n; k++) {
        const struct bau_subset_column like = to->columns[key + k];
        m->parent_columns[edge][k] = key + k;
        m->child_columns[edge][k] = model_column(m, child, child_type(m, like.type), like.text, like.type);
    }
    for (uint32_t i = 0; i < from->n_rows; i++) {
        const uint32_t row = to->n_rows ? model_below(m, to->n_rows) : 0;
        for (uint32_t k = 0; k < n; k++) {
            struct cell c = to->n_rows ? to->rows[row][key + k] : (struct cell){ true, 0 };
            if (model_below(m, 12) == 0)
                c.null = true;
            if (model_below(m, 15) == 0)
                c.v += 1000; /* leads nowhere */
            from->rows[i][m->child_columns[edge][k]] = c;
        }
    }
    e->up = model_below(m, 4) ? BAU_SUBSET_UP_FOLLOW : BAU_SUBSET_UP_NULL;
    e->down = model_below(m, 4) != 0;
    if (model_below(m, 6) == 0)
        e->depth = 1 + model_below(m, 3);
}

static void options(struct model *m, uint32_t edge)
{
    struct bau_subset_edge *const e = &m->edges[edge];
    struct relation *const from = &m->relations[e->child];
    if (model_below(m, 5) == 0 && from->n_columns < COLUMNS) {
        e->limit = 1 + model_below(m, 2);
        e->newest_column = 0; /* distinct: the reference needs no ranks */
    }
    if (model_below(m, 5) == 0 && from->n_columns < COLUMNS) {
        static const char *const names[] = { "key-0", "key-1", "key-2" };
        e->when_column = model_column(m, e->child, BAU_TEXT, BAU_SUBSET_TEXT_EXACT, BAU_TEXT);
        e->when = (struct bau_slice){ (const uint8_t *)names[model_below(m, 3)], 5 };
        for (uint32_t i = 0; i < from->n_rows; i++)
            from->rows[i][e->when_column] = (struct cell){ model_below(m, 10) == 0, model_below(m, 3) };
    }
}

static void start(struct model *m)
{
    const uint32_t first = model_below(m, m->n);
    m->datasets[first].start = BAU_SUBSET_START_FLAGGED;
    for (uint32_t d = 0; d < m->n; d++) {
        const uint32_t dice = model_below(m, 12);
        if (d != first && dice < 3)
            m->datasets[d].start = dice == 0   ? BAU_SUBSET_FULL
                                   : dice == 1 ? BAU_SUBSET_START_FLAGGED
                                               : BAU_SUBSET_START_NO;
        for (uint32_t i = 0; i < m->relations[d].n_rows; i++)
            m->relations[d].flagged[i] = model_below(m, 8) == 0;
    }
}

static void make(struct model *m, uint64_t seed)
{
    *m = (struct model){ .seed = seed };
    const uint32_t n = 1 + model_below(m, DATASETS - 1), n_edges = 1 + model_below(m, 8);
    for (uint32_t d = 0; d < n; d++) {
        char name[16];
        snprintf(name, sizeof(name), "t%u", d);
        model_dataset(m, name, model_below(m, 8) ? 1 + model_below(m, 25) : 0);
        fill(m, d);
    }
    for (uint32_t e = 0; e < n_edges; e++) {
        const uint32_t child = model_below(m, n), parent = model_below(m, n);
        if (m->relations[child].n_columns + 4 > COLUMNS)
            continue;
        const uint32_t edge = m->n_edges;
        refer(m, edge, child, parent);
        options(m, edge);
    }
    if (!m->n_edges)
        model_edge(m, 0, 0, 0, 0);
    start(m);
    static const uint32_t pair[] = { 2, 3 }; /* i / 5 and i % 5: unique together */
    for (uint32_t d = 0; d < n; d++)
        if (model_below(m, 3) == 0) {
            m->datasets[d].n_identity = 2;
            m->datasets[d].identity = pair;
        }
    model_done(m);
    model_close(m);
}

static uint32_t seeds(void)
{
    const char *const some = getenv("BAUTA_LONG");
    return some && *some ? 10000 : 400;
}

Test(subset_random, as_the_reference, .timeout = 3000)
{
    for (uint32_t seed = 1; seed <= seeds(); seed++) {
        struct model m;
        char what[64];
        make(&m, seed);
        for (uint32_t way = 0; way < 4; way++) {
            const struct how how = { .memory = way == 2 ? 1u << 20 : 64u << 20,
                                     .scan_cycles = way == 1,
                                     .cut = way == 0 ? 4096 : 1 + way * 3,
                                     .shuffle = way != 0 };
            snprintf(what, sizeof(what), "seed %u, way %u", seed, way);
            model_check(&m, how, what);
        }
        model_free(&m);
    }
}

/* Nothing is kept without a way to a start, and the way that is told is one. */
static void explain_all(struct model *m, struct bau_subset *s, uint64_t seed)
{
    struct bau_error err;
    struct bau_arena *const arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    for (uint32_t d = 0; d < m->n; d++)
        for (uint32_t i = 0; i < m->relations[d].n_rows; i++) {
            struct bau_subset_link *links;
            uint32_t n;
            const bau_status status =
                bau_subset_explain(s, d, model_batch(m, d, &i, 0, 1, arena), 100, arena, &links, &n, &err);
            cr_assert_eq(status, BAU_OK, "seed %llu: %s", (unsigned long long)seed, err.text);
            cr_assert_eq(links[0].dataset, d);
            if (m->keep[d][i])
                cr_assert_eq(links[n - 1].why, BAU_SUBSET_WHY_START, "seed %llu", (unsigned long long)seed);
            else
                cr_assert(n == 1 &&
                          (links[0].why == BAU_SUBSET_WHY_ABSENT || links[0].why == BAU_SUBSET_WHY_UNKNOWN));
            for (uint32_t k = 0; k + 1 < n; k++) {
                const struct bau_subset_edge *const e = &m->edges[links[k].edge];
                const bool child = links[k].why == BAU_SUBSET_WHY_CHILD;
                cr_assert_eq(links[k].dataset, child ? e->child : e->parent);
                cr_assert_eq(links[k + 1].dataset, child ? e->parent : e->child);
            }
            bau_arena_reset(arena);
        }
    bau_arena_free(arena);
}

Test(subset_random, every_kept_row_has_a_way, .timeout = 3000)
{
    for (uint32_t seed = 1; seed <= 60; seed++) {
        struct model m;
        struct bau_error err;
        make(&m, seed);
        for (uint32_t way = 0; way < 2; way++) {
            const struct how how = { .memory = way ? 1u << 20 : 64u << 20, .cut = 7, .shuffle = true };
            struct bau_subset *const s = model_subset(&m, how);
            cr_assert_eq(bau_subset_run(s, &err), BAU_OK);
            explain_all(&m, s, seed);
            bau_subset_free(s);
        }
        model_free(&m);
    }
}

/* Orphans of edges whose references become null: exactly the references of kept rows without a kept parent. */
Test(subset_random, orphans, .timeout = 3000)
{
    for (uint32_t seed = 1; seed <= 200; seed++) {
        struct model m;
        struct bau_error err;
        make(&m, seed);
        struct bau_subset *const s =
            model_subset(&m, (struct how){ .memory = 64u << 20, .cut = 9, .shuffle = true });
        cr_assert_eq(bau_subset_run(s, &err), BAU_OK);
        for (uint32_t k = 0; k < m.n_edges; k++) {
            const struct bau_subset_edge *const e = &m.edges[k];
            uint64_t got[2] = { 0 };
            if (e->up != BAU_SUBSET_UP_NULL || !m.relations[e->child].n_rows)
                continue;
            model_orphans(&m, s, k, got);
            for (uint32_t i = 0; i < m.relations[e->child].n_rows; i++) {
                const struct cell *const row = m.relations[e->child].rows[i];
                uint32_t nulls = 0;
                for (uint32_t c = 0; c < e->n_columns; c++)
                    nulls += row[e->child_columns[c]].null;
                bool refers = e->full ? nulls < e->n_columns : !nulls, leads = false;
                if (e->when_column != BAU_SUBSET_NONE)
                    refers &= !row[e->when_column].null && row[e->when_column].v == e->when.data[4] - '0';
                for (uint32_t p = 0; p < m.relations[e->parent].n_rows; p++)
                    leads |= m.keep[e->parent][p] && model_refers(&m, e, i, p);
                cr_assert_eq((got[i / 64] >> (i % 64)) & 1u, refers && !leads, "seed %u edge %u row %u", seed,
                             k, i);
            }
        }
        bau_subset_free(s);
        model_free(&m);
    }
}
