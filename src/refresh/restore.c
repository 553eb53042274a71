/* restore: a refresh whose source is an archive. What it holds was masked when it was written, so every field is kept. */
#include <string.h>

#include "src/refresh/shelf.h"

struct restore {
    struct bau_shelf shelf;
    struct bau_archive *archive;
    struct bau_arena *arena;
    struct bau_project project; /* the stores of the project that are in the archive, and one rule */
    struct bau_archive_from *from;
};

static bau_status one_rule(struct restore *r, struct bau_error *err)
{
    struct bau_rule *rule = bau_arena_zero(r->arena, sizeof *rule);
    struct bau_field_rule *field = bau_arena_zero(r->arena, sizeof *field);
    const struct bau_at at = { "archive", 1, 1 };
    if (!rule || !field)
        return bau_error_set(err, BAU_E_NOMEM, "restore");
    rule->at = at;
    BAU_TRY(bau_pattern_parse("**", at, r->arena, &rule->where, err));
    BAU_TRY(bau_pattern_parse("*", at, r->arena, &field->field, err));
    field->treat = (struct bau_treat){ .kind = BAU_DO_KEEP, .at = at, .reason = "masked when it was archived" };
    rule->fields = field;
    rule->n_fields = 1;
    r->project.rules = rule;
    r->project.n_rules = 1;
    return BAU_OK;
}

static uint32_t stored_at(const struct bau_manifest *m, const char *name)
{
    for (uint32_t i = 0; i < m->n_stores; i++)
        if (strcmp(m->stores[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

/* Stores of both, those only that were asked for by name. */
static bau_status make_project(struct restore *r, const struct bau_project *project, struct bau_error *err)
{
    const struct bau_manifest *m = r->archive->manifest;
    struct bau_store *stores = bau_arena_take(r->arena, ((size_t)project->n_stores + 1) * sizeof *stores);
    if (!stores)
        return bau_error_set(err, BAU_E_NOMEM, "restore");
    r->project = *project;
    r->project.key_mode = BAU_KEY_EPHEMERAL; /* nothing is masked; who restores need not have the key */
    r->project.key_from = NULL;
    r->project.n_domains = 0;
    r->project.subset = (struct bau_subset_rules){ 0 };
    r->project.n_stores = 0;
    r->project.stores = stores;
    for (uint32_t i = 0; i < project->n_stores; i++)
        if (stored_at(m, project->stores[i].name) != UINT32_MAX)
            stores[r->project.n_stores++] = project->stores[i];
    if (r->project.n_stores == 0)
        return bau_error_set(err, BAU_E_USAGE, "archive %s holds no store that %s names", m->name, project->path);
    return one_rule(r, err);
}

static bau_status restore(struct bau_run *run, struct restore *r, struct bau_error *err)
{
    r->shelf.stop = run->stop;
    r->from = bau_arena_zero(r->arena, ((size_t)run->n_stores + 1) * sizeof *r->from);
    if (!r->from)
        return bau_error_set(err, BAU_E_NOMEM, "restore");
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_end *source = &run->stores[i].source;
        r->from[i] = (struct bau_archive_from){ r->archive, stored_at(r->archive->manifest, run->stores[i].store->name) };
        source->given = true;
        source->connector = &bau_archive_source;
        source->config = &r->from[i];
    }
    return bau_run_refresh(run, err);
}

bau_status bau_restore(const struct bau_project *project, const struct bau_run_options *options,
                       const struct bau_shelf_options *shelf, struct bau_report *report, struct bau_error *err)
{
    struct restore r = { .arena = bau_arena_new(1u << 14, BAU_ARENA_PLAIN) };
    struct bau_run run = { 0 };
    bau_status status = r.arena ? bau_shelf_init(&r.shelf, project, shelf, err)
                                : bau_error_set(err, BAU_E_NOMEM, "restore");
    const struct bau_place_with with = bau_shelf_place(&r.shelf, false, options->lanes ? options->lanes : 8);
    if (status == BAU_OK)
        status = bau_archive_open(&with, r.shelf.name, r.shelf.has_signer ? r.shelf.signer : NULL, &r.shelf.opener,
                                  &r.archive, err);
    if (status == BAU_OK)
        status = make_project(&r, project, err);
    if (status == BAU_OK) {
        status = bau_run_begin(&run, &r.project, options, report, err);
        if (status == BAU_OK)
            status = restore(&run, &r, err);
        status = bau_run_refreshed(&run, status, err);
        r.shelf.stop = NULL;
    }
    bau_archive_close(r.archive);
    bau_shelf_release(&r.shelf);
    bau_arena_free(r.arena);
    return status;
}
