/* `explain`: why a row is in the subset, or not. Keys of the chain are shown where they are numbers or UUIDs; others could be
 * somebody's address, so that only their length is told, except for the key that the caller asked for. */
#include <string.h>

#include "src/refresh/choose.h"
#include "src/subset/tuple.h"

enum { CHAIN_MOST = 64 };

/* ── the row that is asked for ───────────────────────────────────────────────────────────────────────────────────── */

static bau_status copy_row(const struct bau_seek *seek, struct bau_run *run,
                           const struct bau_column *const *columns, uint32_t row, struct bau_error *err)
{
    const struct bau_subset_dataset *node = &run->selection->graph.datasets[seek->node];
    for (uint32_t i = 0; i < node->n_identity; i++) {
        const uint32_t c = node->identity[i];
        struct bau_column *copy = bau_arena_zero(run->arena, sizeof *copy);
        if (!copy)
            return bau_error_set(err, BAU_E_NOMEM, "explain");
        BAU_TRY(bau_column_take(copy, columns[c], &row, 1, run->arena, err));
        copy->n_values = 1;
        seek->columns[c] = copy;
    }
    *seek->found = true;
    return BAU_OK;
}

bau_status bau_seek_row(const struct bau_seek *seek, struct bau_run *run, const struct bau_selected *one,
                        uint32_t dataset, const struct bau_column *const *columns, uint32_t n_rows,
                        struct bau_error *err)
{
    const struct bau_subset_dataset *node = &run->selection->graph.datasets[one->node];
    BAU_AUTO_TEXT key = { 0 };
    (void)dataset;
    for (uint32_t row = 0; row < n_rows && !*seek->found; row++) {
        key.len = 0;
        bau_key_text(node, columns, row, &key);
        if (key.failed)
            return bau_error_set(err, BAU_E_NOMEM, "explain");
        if (key.len == seek->key_len && memcmp(key.data, seek->key, key.len) == 0)
            return copy_row(seek, run, columns, row, err);
    }
    return BAU_OK;
}

/* The node that STORE.DATASET names. */
static bau_status find_node(struct bau_run *run, const char *name, uint32_t *out, struct bau_error *err)
{
    const struct bau_subset_graph *g = &run->selection->graph;
    const char *names[256];
    size_t n = 0;
    for (uint32_t i = 0; i < g->n_datasets; i++) {
        if (strcmp(g->datasets[i].name, name) == 0) {
            *out = i;
            return BAU_OK;
        }
        if (n < BAU_COUNT(names))
            names[n++] = g->datasets[i].name;
    }
    for (uint32_t i = 0; i < run->n_stores; i++)
        for (uint32_t d = 0; d < run->stores[i].catalog->n_datasets; d++) {
            BAU_AUTO_TEXT full = { 0 };
            bau_text_addf(&full, "%s.%s", run->stores[i].store->name,
                          run->stores[i].catalog->datasets[d].name);
            if (!full.data || strcmp(full.data, name) != 0)
                continue;
            const struct bau_selected *one = &run->selection->of[i][d];
            if (one->node != BAU_NO_NODE) { /* a partition */
                *out = one->node;
                return BAU_OK;
            }
            return bau_error_set(err, BAU_E_USAGE, "%s is outside the subset: `outside:` %s", name,
                                 one->empty ? "leaves it empty" : "keeps it in full");
        }
    const char *near = bau_nearest(name, names, n);
    return bau_error_set(err, BAU_E_USAGE, "there is no dataset '%s' with rows%s%s%s", name,
                         near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* ── the chain ───────────────────────────────────────────────────────────────────────────────────────────────────── */

/* One column of canonical identity bytes; what it may show. */
static void add_identity(const struct bau_run *run, const struct bau_subset_link *link, struct bau_text *out)
{
    const struct bau_subset_dataset *node = &run->selection->graph.datasets[link->dataset];
    const struct bau_subset_column *column = &node->columns[node->identity[0]];
    const uint8_t *v = link->identity.data;
    if (node->n_identity == 1 && bau_tuple_is_integer(column->type) && link->identity.len == 8) {
        uint64_t id = 0;
        for (uint32_t i = 0; i < 8; i++)
            id = id << 8 | v[i];
        bau_text_addf(out, "%" PRIi64, (int64_t)(id ^ UINT64_C(1) << 63));
        return;
    }
    bau_text_addf(out, "(a key of %zu bytes)", link->identity.len);
}

static void add_link(const struct bau_run *run, const struct bau_subset_link *links, uint32_t i,
                     const char *asked, struct bau_text *out)
{
    const struct bau_subset_graph *g = &run->selection->graph;
    const struct bau_subset_link *l = &links[i];
    bau_text_addf(out, "%s ", g->datasets[l->dataset].name);
    if (i == 0)
        bau_text_add(out, asked);
    else
        add_identity(run, l, out);
    switch (l->why) {
    case BAU_SUBSET_WHY_START:
        bau_text_add(out, g->datasets[l->dataset].start == BAU_SUBSET_FULL ? ": kept in full by `outside:`\n"
                                                                           : ": a start row\n");
        return;
    case BAU_SUBSET_WHY_CHILD:
        bau_text_addf(out, ": depends on the next, by %s\n", g->edges[l->edge].name);
        return;
    case BAU_SUBSET_WHY_PARENT:
        bau_text_addf(out, ": needed by the next, by %s\n", g->edges[l->edge].name);
        return;
    case BAU_SUBSET_WHY_ABSENT: bau_text_add(out, ": not kept; nothing that is kept leads to it\n"); return;
    case BAU_SUBSET_WHY_UNKNOWN: bau_text_add(out, ": the source has no such row\n"); return;
    }
}

static const char *why_word(bau_subset_why why)
{
    static const char *const words[] = { [BAU_SUBSET_WHY_START] = "start",
                                         [BAU_SUBSET_WHY_CHILD] = "dependant",
                                         [BAU_SUBSET_WHY_PARENT] = "parent",
                                         [BAU_SUBSET_WHY_ABSENT] = "absent",
                                         [BAU_SUBSET_WHY_UNKNOWN] = "unknown" };
    return words[why];
}

static void chain_json(const struct bau_run *run, const struct bau_subset_link *links, uint32_t n,
                       const char *asked, struct bau_text *out)
{
    const struct bau_subset_graph *g = &run->selection->graph;
    bau_text_addf(out, "{\"kept\":%s,\"chain\":[", links[0].why <= BAU_SUBSET_WHY_PARENT ? "true" : "false");
    for (uint32_t i = 0; i < n; i++) {
        BAU_AUTO_TEXT key = { 0 };
        if (i)
            add_identity(run, &links[i], &key);
        bau_text_add(out, i ? ",{\"dataset\":" : "{\"dataset\":");
        bau_text_add_json(out, g->datasets[links[i].dataset].name);
        bau_text_add(out, ",\"key\":");
        bau_text_add_json(out, i ? (key.data ? key.data : "") : asked);
        bau_text_addf(out, ",\"why\":\"%s\"", why_word(links[i].why));
        if (links[i].why == BAU_SUBSET_WHY_CHILD || links[i].why == BAU_SUBSET_WHY_PARENT) {
            bau_text_add(out, ",\"edge\":");
            bau_text_add_json(out, g->edges[links[i].edge].name);
        }
        bau_text_add(out, "}");
    }
    bau_text_add(out, "]}\n");
}

static bau_status key_of(const struct bau_run *run, uint32_t node, const struct bau_texts *key,
                         struct bau_text *out, struct bau_text *asked, struct bau_error *err)
{
    const struct bau_subset_dataset *d = &run->selection->graph.datasets[node];
    if (d->columns[d->identity[0]].type == BAU_BYTES && strcmp(d->columns[d->identity[0]].name, "row") == 0)
        return bau_error_set(err, BAU_E_USAGE, "%s has no key by which a row could be named", d->name);
    if (key->n != d->n_identity) {
        BAU_AUTO_TEXT names = { 0 };
        for (uint32_t i = 0; i < d->n_identity; i++)
            bau_text_addf(&names, "%s%s", i ? " " : "", d->columns[d->identity[i]].name);
        return bau_error_set(err, BAU_E_USAGE, "the key of %s is: %s", d->name, names.data ? names.data : "");
    }
    for (size_t i = 0; i < key->n; i++) {
        bau_text_addn(out, key->at[i], strlen(key->at[i]));
        bau_text_addn(out, "", 1);
        bau_text_addf(asked, "%s%s", i ? " " : "", key->at[i]);
    }
    return out->failed || asked->failed ? bau_error_set(err, BAU_E_NOMEM, "explain") : BAU_OK;
}

static bau_status explain(struct bau_run *run, const char *dataset, const struct bau_texts *key,
                          struct bau_error *err)
{
    BAU_AUTO_TEXT text = { 0 };
    BAU_AUTO_TEXT asked = { 0 };
    bool found = false;
    struct bau_seek seek = { .found = &found };
    run->sources_only = true;
    BAU_TRY(bau_run_connect(run, false, err));
    BAU_TRY(bau_run_compile(run, err));
    BAU_TRY(bau_run_select(run, err));
    BAU_TRY(find_node(run, dataset, &seek.node, err));
    BAU_TRY(key_of(run, seek.node, key, &text, &asked, err));
    seek.key = text.data;
    seek.key_len = text.len;
    seek.columns = bau_arena_zero(
        run->arena, ((size_t)run->selection->graph.datasets[seek.node].n_columns + 1) * sizeof *seek.columns);
    if (!seek.columns)
        return bau_error_set(err, BAU_E_NOMEM, "explain");
    BAU_TRY(bau_run_choose_seeking(run, &seek, err));
    struct bau_subset_link unknown = { .why = BAU_SUBSET_WHY_UNKNOWN, .dataset = seek.node },
                           *links = &unknown;
    uint32_t n = 1;
    if (found)
        BAU_TRY(bau_subset_explain(run->subset, seek.node, (const struct bau_column *const *)seek.columns,
                                   CHAIN_MOST, run->arena, &links, &n, err));
    for (uint32_t i = 0; i < n && !run->options->json; i++)
        add_link(run, links, i, asked.data, &run->report->out);
    if (run->options->json)
        chain_json(run, links, n, asked.data, &run->report->out);
    return BAU_OK;
}

bau_status bau_explain(const struct bau_project *project, const struct bau_run_options *options,
                       const char *dataset, const struct bau_texts *key, struct bau_report *report,
                       struct bau_error *err)
{
    struct bau_run run;
    if (!project->subset.at.file)
        return bau_error_set(err, BAU_E_USAGE, "%s has no `subset:`; every row of every dataset is kept",
                             project->path);
    bau_status status = bau_run_begin(&run, project, options, report, err);
    if (status == BAU_OK)
        status = explain(&run, dataset, key, err);
    return bau_run_end(&run, status, err);
}
