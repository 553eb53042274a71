/* restore and pull: a refresh whose source is an archive. What it holds was masked when it was written, so every field is
 * kept. A pull may take a part of it, chosen as `subset:` chooses, and may go where no project file says. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/refresh/again.h"
#include "src/refresh/shelf.h"

struct restore {
    struct bau_shelf shelf;
    struct bau_archive *archive;
    struct bau_arena *arena;
    struct bau_project project; /* the stores of the project that are in the archive, and one rule */
    struct bau_archive_from *from;
    const struct bau_pull_options *pull; /* NULL: restore */
    bau_again again;
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
    field->treat =
        (struct bau_treat){ .kind = BAU_DO_KEEP, .at = at, .reason = "masked when it was archived" };
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

/* "public.customers: 1%" or "db.public.customers: 5%": rows to start with. */
static bau_status add_from(struct restore *r, const char *text, struct bau_from_rule *out,
                           struct bau_error *err)
{
    const char *colon = strrchr(text, ':');
    const struct bau_at at = { "--subset", 1, 1 };
    char *end = NULL;
    const double share = colon ? strtod(colon + 1, &end) : 0;
    if (!colon || end == colon + 1 || strcmp(end, "%") != 0 || !(share > 0) || share > 100)
        return bau_error_set(err, BAU_E_USAGE, "--subset '%.80s': expected STORE.DATASET: PERCENT%%", text);
    const size_t n = (size_t)(colon - text), dot = strcspn(text, ".");
    bool named = false;
    for (uint32_t i = 0; i < r->project.n_stores && !named; i++)
        named =
            strlen(r->project.stores[i].name) == dot && strncmp(r->project.stores[i].name, text, dot) == 0;
    char *selector = named ? bau_arena_textn(r->arena, text, n)
                           : bau_arena_printf(r->arena, "%s.%.*s", r->project.stores[0].name, (int)n, text);
    if (!selector)
        return bau_error_set(err, BAU_E_NOMEM, "pull");
    out->at = at;
    out->sample = (uint32_t)(share * (BAU_SAMPLE_WHOLE / 100));
    return bau_pattern_parse(selector, at, r->arena, &out->dataset, err);
}

/* Links and limits are the project's, rows to start with are the command line's. */
static bau_status make_subset(struct restore *r, const struct bau_project *project, struct bau_error *err)
{
    struct bau_subset_rules *s = &r->project.subset;
    const uint32_t n = r->pull->subset.n;
    struct bau_from_rule *from = bau_arena_zero(r->arena, ((size_t)n + 1) * sizeof *from);
    if (!from)
        return bau_error_set(err, BAU_E_NOMEM, "pull");
    if (project && project->subset.at.file)
        *s = project->subset;
    else
        BAU_TRY(bau_options_default(bau_subset_options, s, r->arena, err));
    s->at = (struct bau_at){ "--subset", 1, 1 };
    for (uint32_t i = 0; i < n; i++)
        BAU_TRY(add_from(r, r->pull->subset.at[i], &from[i], err));
    s->from = from;
    s->n_from = n;
    if (project && project->key_from) { /* who has the key gets the same rows every time */
        struct bau_secret *key = NULL;
        struct bau_error none;
        if (bau_secret_resolve(project->key_from, &key, &none) == BAU_OK) {
            r->project.key_from = project->key_from;
            r->project.key_mode = project->key_mode;
        }
        bau_secret_free(key);
    }
    return BAU_OK;
}

static bool asked_for(const struct restore *r, const struct bau_run_options *options, const char *name)
{
    (void)r;
    for (uint32_t i = 0; i < options->stores.n; i++)
        if (strcmp(options->stores.at[i], name) == 0)
            return true;
    return options->stores.n == 0;
}

/* Where no project file names the stores, the archive does. */
static bau_status bare_stores(struct restore *r, const struct bau_run_options *options, struct bau_error *err)
{
    const struct bau_manifest *m = r->archive->manifest;
    struct bau_store *stores = bau_arena_zero(r->arena, ((size_t)m->n_stores + 1) * sizeof *stores);
    if (!stores)
        return bau_error_set(err, BAU_E_NOMEM, "pull");
    r->project.path = "pull";
    r->project.arena = r->arena;
    r->project.key_mode = BAU_KEY_EPHEMERAL;
    r->project.stores = stores;
    for (uint32_t i = 0; i < m->n_stores; i++)
        if (asked_for(r, options, m->stores[i].name))
            stores[r->project.n_stores++] = (struct bau_store){ .name = m->stores[i].name,
                                                                .at = { "pull", 1, 1 },
                                                                .target_at = { "pull", 1, 1 } };
    if (r->project.n_stores == 0)
        return bau_error_set(err, BAU_E_USAGE, "archive %s holds no such store", m->name);
    return one_rule(r, err);
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
        return bau_error_set(err, BAU_E_USAGE, "archive %s holds no store that %s names", m->name,
                             project->path);
    return one_rule(r, err);
}

/* A store whose target is not the project file's. */
static const struct bau_store *pulled_store(struct restore *r, const struct bau_store *store)
{
    struct bau_store *own = bau_arena_take(r->arena, sizeof *own);
    if (!own)
        return store;
    *own = *store;
    own->target = "--to";
    return own;
}

static bau_status compiled(struct bau_run *run, struct bau_error *err)
{
    struct restore *r = run->verb;
    return bau_again_tell(run, r->archive, r->from, r->again, &r->shelf, err);
}

static bau_status restore(struct bau_run *run, struct restore *r, struct bau_error *err)
{
    r->shelf.stop = run->stop;
    r->from = bau_arena_zero(r->arena, ((size_t)run->n_stores + 1) * sizeof *r->from);
    if (!r->from)
        return bau_error_set(err, BAU_E_NOMEM, "restore");
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_end *source = &run->stores[i].source;
        r->from[i] = (struct bau_archive_from){ r->archive,
                                                stored_at(r->archive->manifest, run->stores[i].store->name) };
        source->given = true;
        source->connector = &bau_archive_source;
        source->config = &r->from[i];
        if (r->pull && r->pull->to) {
            if (run->n_stores != 1)
                return bau_error_set(err, BAU_E_USAGE, "--to takes one store; choose it with --only");
            run->stores[i].store = pulled_store(r, run->stores[i].store);
            BAU_TRY_NOTE(bau_shelf_uri(r->pull->to, &run->stores[i].target.uri, err), err, "--to");
        }
    }
    run->no_after = r->pull != NULL;
    run->compiled = compiled;
    run->verb = r;
    BAU_TRY(bau_run_refresh(run, err));
    bau_again_say(run, r->archive, r->again, &run->report->out);
    return BAU_OK;
}

static bau_status work(const struct bau_project *project, const struct bau_run_options *options,
                       const struct bau_shelf_options *shelf, const struct bau_pull_options *pull,
                       struct bau_report *report, struct bau_error *err)
{
    if (shelf->resume && shelf->update)
        return bau_error_set(err, BAU_E_USAGE,
                             "--resume goes on with what is left of a run, --update takes what the target "
                             "serves: one of them");
    if (shelf->update && pull && pull->subset.n)
        return bau_error_set(err, BAU_E_USAGE, "--update takes whole archives, not a subset");
    struct restore r = { .arena = bau_arena_new(1u << 14, BAU_ARENA_PLAIN), .pull = pull };
    r.again = shelf->resume ? BAU_RESUME : shelf->update ? BAU_UPDATE : BAU_ANEW;
    struct bau_run run = { 0 };
    bau_status status =
        r.arena ? bau_shelf_init(&r.shelf, project, shelf, err) : bau_error_set(err, BAU_E_NOMEM, "restore");
    const struct bau_place_with with = bau_shelf_place(&r.shelf, false, options->lanes ? options->lanes : 8);
    if (status == BAU_OK)
        status = bau_archive_open(&with, r.shelf.name, r.shelf.has_signer ? r.shelf.signer : NULL,
                                  &r.shelf.opener, &r.archive, err);
    if (status == BAU_OK)
        status = bau_archive_fresh(r.archive->manifest, (int64_t)time(NULL), err);
    if (status == BAU_OK)
        status = project ? make_project(&r, project, err) : bare_stores(&r, options, err);
    if (status == BAU_OK && pull && pull->subset.n)
        status = make_subset(&r, project, err);
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

bau_status bau_restore(const struct bau_project *project, const struct bau_run_options *options,
                       const struct bau_shelf_options *shelf, struct bau_report *report,
                       struct bau_error *err)
{
    return work(project, options, shelf, NULL, report, err);
}

bau_status bau_pull(const struct bau_project *project, const struct bau_run_options *options,
                    const struct bau_shelf_options *shelf, const struct bau_pull_options *pull,
                    struct bau_report *report, struct bau_error *err)
{
    if (!project && !pull->to)
        return bau_error_set(err, BAU_E_USAGE, "without a project file pull needs --to");
    return work(project, options, shelf, pull, report, err);
}
