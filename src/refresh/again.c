/* See again.h. The digest of a content covers everything that decides which rows a restore writes and what it makes of them. */
#include "src/refresh/again.h"

#include <string.h>

static void add_text(struct bau_text *out, const char *text)
{
    bau_text_add(out, text ? text : "");
    bau_text_addn(out, "", 1);
}

/* What decides, beside the rows: rules and schema, settings of the store, datasets left out. */
static void add_form(const struct bau_run_store *s, struct bau_text *out)
{
    add_text(out, "bauta content 1");
    add_text(out, s->store->name);
    bau_text_addn(out, s->plan->digest, sizeof s->plan->digest);
    for (uint32_t i = 0; i < s->store->n_settings; i++) {
        add_text(out, s->store->settings[i].name);
        add_text(out, s->store->settings[i].text);
    }
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++)
        bau_text_addf(out, "%d,", (int)s->catalog->datasets[d].kind);
}

/* Which rows a subset takes: the graph it walks and the key it draws with. */
static bau_status add_subset(const struct bau_run *run, struct bau_text *out, struct bau_error *err)
{
    const struct bau_subset_graph *g = &run->selection->graph;
    const struct bau_subset_rules *rules = &run->project->subset;
    uint8_t key[16];
    BAU_TRY(bau_keys_subset(run->keys, key, err));
    bau_text_addn(out, key, sizeof key);
    bau_text_addf(out, "%" PRIu64 ",%" PRIu64 ";", rules->fit, rules->rows);
    for (uint32_t i = 0; i < g->n_datasets; i++) {
        const struct bau_subset_dataset *d = &g->datasets[i];
        add_text(out, d->name);
        bau_text_addf(out, "%d,%" PRIu32 ",%" PRIu64 ";", (int)d->start, d->sample, d->limit);
    }
    for (uint32_t i = 0; i < g->n_edges; i++) {
        const struct bau_subset_edge *e = &g->edges[i];
        add_text(out, e->name);
        bau_text_addf(out, "%" PRIu32 ",%" PRIu32 ",%d,%d,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ";", e->child,
                      e->parent, (int)e->up, (int)e->down, e->depth, e->limit, e->newest_column);
    }
    return BAU_OK;
}

static bau_status content_of(const struct bau_run_store *s, const struct bau_archive *archive, uint32_t store,
                             struct bau_content *out, struct bau_error *err)
{
    const struct bau_run *run = s->run;
    const uint32_t n = s->catalog->n_datasets;
    uint8_t(*datasets)[BAU_SUM_BYTES] = bau_arena_take(run->arena, ((size_t)n + 1) * sizeof *datasets);
    BAU_AUTO_TEXT text = { 0 };
    out->name = bau_arena_text(run->arena, archive->manifest->name);
    if (!datasets || !out->name)
        return bau_error_set(err, BAU_E_NOMEM, "restore");
    BAU_TRY(bau_archive_digests(archive, store, n, datasets, err));
    out->n_datasets = n;
    out->datasets = (const uint8_t(*)[BAU_SUM_BYTES])datasets;
    add_form(s, &text);
    if (run->selection)
        BAU_TRY(add_subset(run, &text, err));
    if (text.failed)
        return bau_error_set(err, BAU_E_NOMEM, "restore");
    BAU_TRY(bau_sum(text.data, text.len, out->form, err));
    bau_text_addn(&text, archive->manifest->id, sizeof archive->manifest->id);
    if (text.failed)
        return bau_error_set(err, BAU_E_NOMEM, "restore");
    return bau_sum(text.data, text.len, out->id, err);
}

/* Catalogs of the same datasets: what stands at one place in both is the same table. */
static bool same_datasets(const struct bau_catalog *a, const struct bau_catalog *b)
{
    bool same = a->n_datasets == b->n_datasets;
    for (uint32_t d = 0; same && d < a->n_datasets; d++)
        same = strcmp(a->datasets[d].name, b->datasets[d].name) == 0;
    return same;
}

static bau_status add_served(const struct bau_run_store *s, const struct bau_archive *old,
                             struct bau_content *out, struct bau_error *err)
{
    const struct bau_manifest *m = old->manifest;
    const uint32_t n = s->catalog->n_datasets;
    uint32_t store = 0;
    while (store < m->n_stores && strcmp(m->stores[store].name, s->store->name) != 0)
        store++;
    if (store == m->n_stores || !same_datasets(m->stores[store].catalog, s->catalog))
        return BAU_OK;
    uint8_t(*datasets)[BAU_SUM_BYTES] = bau_arena_take(s->run->arena, ((size_t)n + 1) * sizeof *datasets);
    uint64_t *rows = bau_arena_zero(s->run->arena, ((size_t)n + 1) * sizeof *rows);
    out->served = bau_arena_text(s->run->arena, m->name);
    if (!datasets || !rows || !out->served)
        return bau_error_set(err, BAU_E_NOMEM, "restore");
    BAU_TRY(bau_archive_digests(old, store, n, datasets, err));
    for (uint32_t i = 0; i < m->n_parts; i++)
        if (m->parts[i].store == store)
            rows[m->parts[i].dataset] += m->parts[i].rows;
    out->served_datasets = (const uint8_t(*)[BAU_SUM_BYTES])datasets;
    out->served_rows = rows;
    return BAU_OK;
}

/* The archive that the target was restored from, when it is still there; else the target loads everything, and says why. */
static bau_status look_up_served(const struct bau_run_store *s, struct bau_shelf *shelf,
                                 struct bau_content *out, struct bau_error *err)
{
    const struct bau_connector *to = s->target.connector;
    struct bau_archive *old = NULL;
    const char *name = NULL;
    if (!to->target_serves)
        return BAU_OK;
    BAU_TRY_NOTE(to->target_serves(s->target.side, s->run->arena, &name, err), err, "store %s: target",
                 s->store->name);
    if (!name)
        return BAU_OK;
    const struct bau_place_with with = bau_shelf_place(shelf, false, 1);
    bau_status status =
        bau_archive_open(&with, name, shelf->has_signer ? shelf->signer : NULL, &shelf->opener, &old, err);
    if (status != BAU_OK && status != BAU_E_NOMEM && status != BAU_E_CANCELLED) {
        bau_log(BAU_WARN, "the archive that the target was restored from cannot be read",
                BAU_NAME("archive", name), BAU_FAILURE(err));
        return BAU_OK;
    }
    if (status == BAU_OK)
        status = add_served(s, old, out, err);
    bau_archive_close(old);
    return status;
}

/* Without the project's key a subset draws other rows each time. */
static bau_status may_be_again(const struct bau_run *run, bau_again again, struct bau_error *err)
{
    if (!run->selection || again != BAU_RESUME)
        return BAU_OK;
    return run->project->key_from
               ? BAU_OK
               : bau_error_set(
                     err, BAU_E_USAGE,
                     "--resume of a subset needs the project's key: without it each pull draws other rows");
}

bau_status bau_again_tell(struct bau_run *run, const struct bau_archive *archive,
                          const struct bau_archive_from *from, bau_again again, struct bau_shelf *shelf,
                          struct bau_error *err)
{
    BAU_TRY(may_be_again(run, again, err));
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        const struct bau_connector *to = s->target.connector;
        if (!to->target_content) {
            if (again != BAU_ANEW)
                bau_log(BAU_WARN, "this target cannot tell what it holds; all of it is loaded",
                        BAU_NAME("store", s->store->name), BAU_NAME("connector", to->name));
            continue;
        }
        struct bau_content *content = bau_arena_zero(run->arena, sizeof *content);
        if (!content)
            return bau_error_set(err, BAU_E_NOMEM, "restore");
        content->again = again;
        BAU_TRY(content_of(s, archive, from[i].store, content, err));
        if (again == BAU_UPDATE)
            BAU_TRY(look_up_served(s, shelf, content, err));
        BAU_TRY_NOTE(to->target_content(s->target.side, content, err), err, "store %s: target",
                     s->store->name);
    }
    return BAU_OK;
}

bau_status bau_run_there(struct bau_run_store *s, struct bau_error *err)
{
    const struct bau_connector *to = s->target.connector;
    uint32_t n = 0;
    if (!to->target_has)
        return BAU_OK;
    s->there_rows =
        bau_arena_zero(s->run->arena, ((size_t)s->catalog->n_datasets + 1) * sizeof *s->there_rows);
    if (!s->there_rows)
        return bau_error_set(err, BAU_E_NOMEM, "parts");
    for (uint32_t i = 0; i < s->parts.n; i++) {
        const struct bau_part *part = &s->parts.at[i];
        uint64_t rows = 0;
        if (!to->target_has(s->target.side, part, &rows)) {
            s->parts.at[n++] = *part;
            continue;
        }
        s->there_rows[part->dataset] += rows;
        s->n_there++;
        bau_progress_part_begin(s->progress, part->dataset);
        bau_progress_part_done(s->progress, part->dataset);
    }
    s->parts.n = n;
    if (s->n_there)
        bau_journal_add(s->run->journal, "parts there", BAU_NAME("store", s->store->name),
                        BAU_U64("there", s->n_there), BAU_U64("left", n));
    return BAU_OK;
}

/* Datasets of which parts were left to read: a JSON array, or a line a store. */
static void say_rewritten(const struct bau_run_store *s, bool json, uint32_t *n_before, struct bau_text *out)
{
    const struct bau_catalog *catalog = s->catalog;
    uint32_t n = 0, of = 0;
    BAU_AUTO_TEXT names = { 0 };
    for (uint32_t d = 0; d < catalog->n_datasets; d++) {
        bool read = false;
        for (uint32_t i = 0; i < s->parts.n && !read; i++)
            read = s->parts.at[i].dataset == d;
        of += catalog->datasets[d].kind == BAU_DATASET_ROWS;
        if (!read)
            continue;
        bau_text_add(&names, (json ? *n_before : n) ? (json ? "," : ", ") : "");
        if (json)
            bau_text_add_json(&names, catalog->datasets[d].name);
        else
            bau_text_add(&names, catalog->datasets[d].name);
        n++;
        (*n_before)++;
    }
    if (json)
        bau_text_add(out, names.data ? names.data : "");
    else
        bau_text_addf(out, "store %s: %" PRIu32 " of %" PRIu32 " tables written%s%s\n", s->store->name, n, of,
                      n ? ": " : "", names.data ? names.data : "");
}

void bau_again_say(const struct bau_run *run, const struct bau_archive *archive, bau_again again,
                   struct bau_text *out)
{
    const uint64_t read = atomic_load(&archive->bytes_read), all = bau_archive_bytes(archive);
    uint64_t there = 0, left = 0;
    char a[32], b[32];
    for (uint32_t i = 0; i < run->n_stores; i++) {
        there += run->stores[i].n_there;
        left += run->stores[i].parts.n;
    }
    if (run->options->json)
        bau_text_addf(out,
                      "{\"archive\":\"%s\",\"archive_bytes\":%" PRIu64 ",\"read_bytes\":%" PRIu64
                      ",\"parts\":%" PRIu64 ",\"parts_there\":%" PRIu64 ",\"written\":[",
                      archive->manifest->name, all, read, there + left, there);
    for (uint32_t i = 0, n = 0; i < run->n_stores && (run->options->json || again == BAU_UPDATE); i++)
        say_rewritten(&run->stores[i], run->options->json, &n, out);
    if (run->options->json)
        bau_text_add(out, "]}\n");
    else {
        bau_text_addf(out, "%s of the archive read, of %s", bau_size_text(read, a), bau_size_text(all, b));
        if (there)
            bau_text_addf(out, "; %" PRIu64 " of %" PRIu64 " parts were there", there, there + left);
        bau_text_add(out, "\n");
    }
}
