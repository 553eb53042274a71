/* Small relations held in arrays, the closure spelled out over them the slow way, and the engine fed with them.
 *
 * A cell is a number or null; a column's type says how the engine gets to see the number, and every spelling of one number
 * is the same key. So the reference compares numbers and the engine compares what it was given. */
#ifndef SUBSET_MODEL_H
#define SUBSET_MODEL_H

#include "src/subset/subset.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 24, EDGES = 12, DATASETS = 6, ROWS = 64 };

struct cell {
    bool null;
    int64_t v;
};

struct relation {
    char name[16];
    struct bau_subset_column columns[COLUMNS];
    bau_type like
        [COLUMNS]; /* the type of the parent's column that a reference points to: decides the spelling of text */
    uint32_t n_columns, n_rows, room;
    struct cell (*rows)[COLUMNS];
    bool *flagged;
    uint32_t identity[2];
};

struct model {
    uint64_t seed;
    uint32_t n, n_edges;
    struct relation relations[DATASETS];
    struct bau_subset_dataset datasets[DATASETS];
    struct bau_subset_edge edges[EDGES];
    uint32_t child_columns[EDGES][2], parent_columns[EDGES][2];
    struct bau_subset_graph graph;
    uint8_t *keep[DATASETS], *level[DATASETS]; /* of the reference; level UINT8_MAX: no dependant */
};

static inline uint64_t model_random(struct model *m)
{
    m->seed += 0x9E3779B97F4A7C15u; /* splitmix64 */
    uint64_t z = m->seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
static inline uint32_t model_below(struct model *m, uint32_t n)
{
    return (uint32_t)(model_random(m) % n);
}

/* ── building ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static inline uint32_t model_dataset(struct model *m, const char *name, uint32_t n_rows)
{
    struct relation *const r = &m->relations[m->n];
    snprintf(r->name, sizeof(r->name), "%s", name);
    r->n_rows = n_rows;
    r->rows = calloc(n_rows + 1, sizeof(*r->rows));
    r->flagged = calloc(n_rows + 1, sizeof(*r->flagged));
    m->keep[m->n] = calloc(n_rows + 1, 1);
    m->level[m->n] = calloc(n_rows + 1, 1);
    return m->n++;
}

static inline uint32_t model_column(struct model *m, uint32_t d, bau_type type, bau_subset_text text,
                                    bau_type like)
{
    struct relation *const r = &m->relations[d];
    r->columns[r->n_columns] = (struct bau_subset_column){ "c", type, text };
    r->like[r->n_columns] = like;
    return r->n_columns++;
}

/* Column 0: the identity, 1, 2, 3 … */
static inline void model_serial(struct model *m, uint32_t d, bau_type type)
{
    const uint32_t c = model_column(m, d, type, BAU_SUBSET_TEXT_EXACT, type);
    for (uint32_t i = 0; i < m->relations[d].n_rows; i++)
        m->relations[d].rows[i][c] = (struct cell){ false, (int64_t)i + 1 };
}

static inline struct bau_subset_edge *model_edge(struct model *m, uint32_t child, uint32_t from,
                                                 uint32_t parent, uint32_t to)
{
    struct bau_subset_edge *const e = &m->edges[m->n_edges];
    m->child_columns[m->n_edges][0] = from;
    m->parent_columns[m->n_edges][0] = to;
    *e = (struct bau_subset_edge){ .name = "edge",
                                   .child = child,
                                   .parent = parent,
                                   .n_columns = 1,
                                   .down = true,
                                   .child_columns = m->child_columns[m->n_edges],
                                   .parent_columns = m->parent_columns[m->n_edges],
                                   .when_column = BAU_SUBSET_NONE,
                                   .newest_column = BAU_SUBSET_NONE };
    m->n_edges++;
    return e;
}

static inline void model_done(struct model *m)
{
    for (uint32_t d = 0; d < m->n; d++) {
        struct bau_subset_dataset *const to = &m->datasets[d];
        to->name = m->relations[d].name;
        to->n_columns = m->relations[d].n_columns;
        to->columns = m->relations[d].columns;
        if (!to->n_identity) {
            to->n_identity = 1;
            to->identity = m->relations[d].identity;
        }
        if (!to->sample)
            to->sample = BAU_SUBSET_WHOLE;
        to->bytes_a_row = to->bytes_a_row ? to->bytes_a_row : 100;
    }
    m->graph = (struct bau_subset_graph){ m->n, m->n_edges, m->datasets, m->edges };
}

static inline void model_free(struct model *m)
{
    for (uint32_t d = 0; d < m->n; d++) {
        free(m->relations[d].rows);
        free(m->relations[d].flagged);
        free(m->keep[d]);
        free(m->level[d]);
    }
}

/* ── the reference ───────────────────────────────────────────────────────────────────────────────────────────────── */

static inline bool model_refers(const struct model *m, const struct bau_subset_edge *e, uint32_t child,
                                uint32_t parent)
{
    const struct cell *const c = m->relations[e->child].rows[child], *const p =
                                                                         m->relations[e->parent].rows[parent];
    if (e->when_column != BAU_SUBSET_NONE &&
        (c[e->when_column].null || c[e->when_column].v != e->when.data[4] - '0')) /* "key-N" */
        return false;
    for (uint32_t k = 0; k < e->n_columns; k++) {
        const struct cell a = c[e->child_columns[k]], b = p[e->parent_columns[k]];
        if (a.null || b.null || a.v != b.v)
            return false;
    }
    return true;
}

/* Of the children of this row's parent, how many come before it by newest_column, which must differ among them. */
static inline bool model_chosen(const struct model *m, const struct bau_subset_edge *e, uint32_t child,
                                uint32_t parent)
{
    uint32_t before = 0;
    const struct relation *const r = &m->relations[e->child];
    for (uint32_t i = 0; e->limit && i < r->n_rows; i++)
        before += model_refers(m, e, i, parent) &&
                  r->rows[i][e->newest_column].v > r->rows[child][e->newest_column].v;
    return !e->limit || before < e->limit;
}

static inline bool model_step(struct model *m)
{
    bool changed = false;
    for (uint32_t k = 0; k < m->n_edges; k++) {
        const struct bau_subset_edge *const e = &m->edges[k];
        for (uint32_t c = 0; c < m->relations[e->child].n_rows; c++)
            for (uint32_t p = 0; p < m->relations[e->parent].n_rows; p++) {
                if (!model_refers(m, e, c, p))
                    continue;
                const uint8_t above = m->level[e->parent][p];
                uint8_t *const level = &m->level[e->child][c];
                if (e->down && above != UINT8_MAX && (!e->depth || above < e->depth) && *level > above + 1 &&
                    model_chosen(m, e, c, p)) {
                    *level = (uint8_t)(above + 1);
                    m->keep[e->child][c] = 1;
                    changed = true;
                }
                if (e->up == BAU_SUBSET_UP_FOLLOW && m->keep[e->child][c] && !m->keep[e->parent][p])
                    m->keep[e->parent][p] = 1, changed = true;
            }
    }
    return changed;
}

static inline void model_close(struct model *m)
{
    for (uint32_t d = 0; d < m->n; d++)
        for (uint32_t i = 0; i < m->relations[d].n_rows; i++) {
            const bau_subset_start start = m->datasets[d].start;
            const bool starts = start == BAU_SUBSET_START_ALL ||
                                (start == BAU_SUBSET_START_FLAGGED && m->relations[d].flagged[i]);
            m->level[d][i] = starts ? 0 : UINT8_MAX;
            m->keep[d][i] = starts || start == BAU_SUBSET_FULL;
        }
    while (model_step(m))
        ;
}

/* ── values as the engine sees them ──────────────────────────────────────────────────────────────────────────────── */

static inline void model_uuid(int64_t v, uint8_t id[16])
{
    memset(id, 0xAB, 16);
    memcpy(id + 4, &v, 8);
}

/* One of the spellings of v as text for a key of type `like`. */
static inline void model_spell(struct model *m, const struct bau_subset_column *c, bau_type like, int64_t v,
                               struct bau_text *out)
{
    static const char *const keys[] = { "key-%lld", "KEY-%lld", "Key-%lld" };
    static const char *const integers[] = { "%lld", "%03lld", "%lld.0" };
    static const char *const padded[] = { "key-%lld", "key-%lld  ", "key-%lld " };
    const char *const *of = like == BAU_TEXT ? (c->text == BAU_SUBSET_TEXT_PADDED ? padded : keys) : integers;
    if (like == BAU_UUID) {
        uint8_t id[16];
        model_uuid(v, id);
        for (uint32_t k = 0; k < 16; k++)
            bau_text_addf(out, m->seed % 2 ? "%02X" : k == 3 || k == 9 ? "%02x-" : "%02x", id[k]);
        return;
    }
    const bool exact = like == BAU_TEXT && c->text == BAU_SUBSET_TEXT_EXACT;
    char spelled[48];
    const char *const format = of[exact ? 0 : model_below(m, 3)];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(spelled, sizeof(spelled), format, (long long)v);
#pragma GCC diagnostic pop
    bau_text_add(out, spelled);
}

static inline void model_value(struct model *m, const struct bau_subset_column *c, bau_type like, int64_t v,
                               struct bau_text *out)
{
    const int16_t narrow = (int16_t)v;
    const int32_t middle = (int32_t)v;
    uint8_t id[16];
    if (c->type == BAU_I16)
        bau_text_addn(out, &narrow, sizeof(narrow));
    else if (c->type == BAU_I32 || c->type == BAU_DATE)
        bau_text_addn(out, &middle, sizeof(middle));
    else if (bau_type_width(c->type) == 8)
        bau_text_addn(out, &v, sizeof(v));
    else if (c->type == BAU_UUID) {
        model_uuid(v, id);
        bau_text_addn(out, id, sizeof(id));
    } else
        model_spell(m, c, c->type == BAU_NUMERIC ? BAU_NUMERIC : like, v, out);
}

/* Rows order[from] … order[from + n - 1] as a column in `arena`. */
static inline struct bau_column *model_cells(struct model *m, uint32_t d, uint32_t column,
                                             const uint32_t *order, uint32_t from, uint32_t n,
                                             struct bau_arena *arena)
{
    const struct relation *const r = &m->relations[d];
    const struct bau_subset_column *const like = &r->columns[column];
    struct bau_column *const out = bau_arena_zero(arena, sizeof(*out));
    struct bau_text bytes = { 0 };
    out->type = like->type;
    out->form = BAU_FORM_TYPED;
    out->n_values = n;
    out->valid = bau_arena_zero(arena, (n / 64 + 1) * 8);
    out->offsets = bau_arena_zero(arena, (n + 1) * sizeof(*out->offsets));
    const uint32_t width = bau_type_width(like->type);
    for (uint32_t i = 0; i < n; i++) {
        const struct cell c = r->rows[order[from + i]][column];
        const uint8_t zeros[16] = { 0 };
        if (!c.null) {
            out->valid[i / 64] |= (uint64_t)1 << (i % 64);
            model_value(m, like, r->like[column], c.v, &bytes);
        } else {
            bau_text_addn(&bytes, zeros, width);
            out->n_nulls++;
        }
        out->offsets[i + 1] = (uint32_t)bytes.len;
    }
    out->data = bau_arena_buffer(arena, bytes.len + 1);
    if (bytes.len)
        memcpy(out->data, bytes.data, bytes.len);
    if (width)
        out->offsets = NULL;
    bau_text_release(&bytes);
    return out;
}

static inline const struct bau_column **model_batch(struct model *m, uint32_t d, const uint32_t *order,
                                                    uint32_t from, uint32_t n, struct bau_arena *arena)
{
    const struct bau_column **const columns = bau_arena_zero(arena, COLUMNS * sizeof(*columns));
    for (uint32_t c = 0; c < m->relations[d].n_columns; c++)
        columns[c] = model_cells(m, d, c, order, from, n, arena);
    return columns;
}

/* ── running ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct how {
    uint64_t memory;
    bool scan_cycles, fit;
    uint32_t cut; /* rows a batch at most */
    bool shuffle; /* another order of rows, several feeds at once, one of them abandoned */
};

static inline uint32_t *model_order(struct model *m, uint32_t n, bool shuffle)
{
    uint32_t *const order = calloc(n + 1, sizeof(*order));
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; shuffle && i > 1; i--) {
        const uint32_t k = model_below(m, i), was = order[i - 1];
        order[i - 1] = order[k];
        order[k] = was;
    }
    return order;
}

static inline void model_feed(struct model *m, struct bau_subset *s, uint32_t d, struct how how)
{
    struct bau_error err;
    struct bau_subset_feed *feeds[3];
    struct bau_arena *const arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    const uint32_t n = m->relations[d].n_rows, n_feeds = how.shuffle ? 2 : 1;
    uint32_t *const order = model_order(m, n, how.shuffle);
    for (uint32_t k = 0; k < 3; k++)
        cr_assert_eq(bau_subset_feed_new(s, d, &feeds[k], &err), BAU_OK, "%s", err.text);
    for (uint32_t from = 0, k = 0; from < n; k++) {
        const uint32_t some = how.shuffle ? 1 + model_below(m, how.cut) : how.cut, left = n - from;
        const uint32_t rows = some < left ? some : left;
        uint64_t *const starts = bau_arena_zero(arena, (rows / 64 + 1) * 8);
        for (uint32_t i = 0; i < rows; i++)
            starts[i / 64] |= (uint64_t)m->relations[d].flagged[order[from + i]] << (i % 64);
        const struct bau_column *const *const batch = model_batch(m, d, order, from, rows, arena);
        cr_assert_eq(bau_subset_feed_rows(feeds[k % n_feeds], batch, rows, starts, &err), BAU_OK, "%s",
                     err.text);
        if (how.shuffle)
            cr_assert_eq(bau_subset_feed_rows(feeds[2], batch, rows, starts, &err), BAU_OK, "%s", err.text);
        bau_arena_reset(arena);
        from += rows;
    }
    for (uint32_t k = 0; k < 3; k++) {
        if (k < n_feeds)
            cr_assert_eq(bau_subset_feed_commit(feeds[k], &err), BAU_OK, "%s", err.text);
        bau_subset_feed_free(feeds[k]); /* the third was never committed */
    }
    free(order);
    bau_arena_free(arena);
}

static inline struct bau_subset *model_subset(struct model *m, struct how how)
{
    struct bau_error err = { .text = "" };
    struct bau_subset *s = NULL;
    bool columns[COLUMNS];
    const struct bau_subset_options options = {
        .memory = how.memory, .key = "0123456789abcde", .scan_cycles = how.scan_cycles, .fit = how.fit
    };
    cr_assert_eq(bau_subset_new(&m->graph, &options, &s, &err), BAU_OK, "%s", err.text);
    for (uint32_t d = 0; d < m->n; d++)
        if (bau_subset_reads(s, d, columns))
            model_feed(m, s, d, how);
    return s;
}

static inline void model_kept(struct model *m, struct bau_subset *s, uint32_t d, uint64_t *out)
{
    struct bau_error err;
    struct bau_subset_test *test;
    struct bau_arena *const arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    uint32_t *const order = model_order(m, m->relations[d].n_rows, false);
    cr_assert_eq(bau_subset_test_new(s, d, &test, &err), BAU_OK);
    const struct bau_column *const *const batch = model_batch(m, d, order, 0, m->relations[d].n_rows, arena);
    cr_assert_eq(bau_subset_test_rows(test, batch, m->relations[d].n_rows, out, &err), BAU_OK, "%s",
                 err.text);
    bau_subset_test_free(test);
    bau_arena_free(arena);
    free(order);
}

static inline void model_orphans(struct model *m, struct bau_subset *s, uint32_t edge, uint64_t *out)
{
    struct bau_error err;
    struct bau_subset_test *test;
    struct bau_arena *const arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    const uint32_t d = m->edges[edge].child, n = m->relations[d].n_rows;
    uint32_t *const order = model_order(m, n, false);
    cr_assert_eq(bau_subset_test_new(s, d, &test, &err), BAU_OK);
    cr_assert_eq(bau_subset_test_orphans(test, edge, model_batch(m, d, order, 0, n, arena), n, out, &err),
                 BAU_OK, "%s", err.text);
    bau_subset_test_free(test);
    bau_arena_free(arena);
    free(order);
}

/* Every membership, count and orphan of the engine is the reference's. */
static inline void model_compare(struct model *m, struct bau_subset *s, const char *what)
{
    for (uint32_t d = 0; d < m->n; d++) {
        const uint32_t n = m->relations[d].n_rows;
        uint64_t *const got = calloc(n / 64 + 1, 8), kept = bau_subset_count_of(s, d).kept;
        uint64_t want = 0, dependants = 0;
        model_kept(m, s, d, got);
        for (uint32_t i = 0; i < n; i++) {
            cr_assert_eq((got[i / 64] >> (i % 64)) & 1u, m->keep[d][i], "%s: dataset %u row %u", what, d, i);
            want += m->keep[d][i];
            dependants += m->level[d][i] != UINT8_MAX;
        }
        cr_assert_eq(kept, want, "%s: dataset %u", what, d);
        cr_assert_eq(bau_subset_count_of(s, d).dependants, dependants, "%s: dataset %u", what, d);
        free(got);
    }
}

static inline void model_check(struct model *m, struct how how, const char *what)
{
    struct bau_error err;
    struct bau_subset *const s = model_subset(m, how);
    cr_assert_eq(bau_subset_run(s, &err), BAU_OK, "%s: %s", what, err.text);
    model_compare(m, s, what);
    bau_subset_free(s);
}

#endif
