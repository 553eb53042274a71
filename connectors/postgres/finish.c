/* The target after the data, in this order: indexes and keys (parallel), attached to their parents; extended statistics;
 * foreign keys, first added without a look at the rows, then validated, with ANALYZE in the same pool (parallel); sequences;
 * large objects; triggers, rules, policies, publications and privileges as pg_dump lists them; materialised views and their
 * ANALYZE; what belongs to the database; event triggers last of all, so that none of them sees our work. */
#include "target.h"

#include <string.h>

enum { ANALYZED_ROWS = 30000 }; /* ANALYZE looks at a sample of this size at the usual statistics target */

struct finish {
    struct bau_side *side;
    const struct bau_target_plan *plan;
    const struct pg_script *script;
    struct bau_arena *arena;
    struct pg_job *jobs;
    uint32_t n, room;
};

static bool is_type(const struct pg_entry *entry, const char *type)
{
    return strcmp(entry->type, type) == 0;
}

static bau_status no_memory(struct bau_error *err)
{
    return bau_error_set(err, BAU_E_NOMEM, "end of the load");
}

/* ── what an entry's SQL says ────────────────────────────────────────────────────────────────────────────────────── */

struct named { /* a table named in SQL */
    size_t at, end;
    char *space, *bare; /* unquoted; space NULL when there is none */
    bool only;
};

/* The table after the first `word` of the statement (and ONLY, which goes unsaid in `at`). */
static bool table_after(const char *sql, const char *word, struct bau_arena *arena, struct named *out)
{
    const size_t len = strlen(sql);
    struct pg_token t = pg_token_next(sql, len, 0);
    while (t.kind != PG_TOKEN_END && t.kind != PG_TOKEN_OPEN && !pg_token_is(sql, &t, word))
        t = pg_token_next(sql, len, t.at + t.len);
    t = pg_token_next(sql, len, t.at + t.len);
    out->only = pg_token_is(sql, &t, "ONLY");
    if (out->only)
        t = pg_token_next(sql, len, t.at + t.len);
    if (t.kind != PG_TOKEN_WORD && t.kind != PG_TOKEN_QUOTED)
        return false;
    out->at = t.at;
    out->end = t.at + t.len;
    out->space = NULL;
    out->bare = pg_token_name(sql, &t, arena);
    const struct pg_token dot = pg_token_next(sql, len, out->end);
    if (dot.kind == PG_TOKEN_OTHER && sql[dot.at] == '.') {
        t = pg_token_next(sql, len, dot.at + 1);
        out->space = out->bare;
        out->bare = pg_token_name(sql, &t, arena);
        out->end = t.at + t.len;
    }
    return out->bare != NULL;
}

static uint32_t dataset_of(const struct bau_catalog *catalog, const struct named *table)
{
    for (uint32_t i = 0; table->space && i < catalog->n_datasets; i++)
        if (strcmp(catalog->datasets[i].bare, table->bare) == 0 &&
            strcmp(catalog->datasets[i].space, table->space) == 0)
            return i;
    return BAU_NO_DATASET;
}

/* ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A table that was never analysed tells only its size. */
static uint64_t rows_of(const struct bau_dataset *d)
{
    return d->est_rows ? d->est_rows : d->est_bytes / 100;
}

static struct pg_job *add_job(struct finish *f, const struct pg_entry *entry, uint32_t dataset)
{
    if (f->n == f->room) {
        const uint32_t room = f->room ? f->room * 2 : 128;
        struct pg_job *grown = bau_arena_take(f->arena, room * sizeof *grown);
        if (!grown)
            return NULL;
        if (f->n)
            memcpy(grown, f->jobs, f->n * sizeof *grown);
        f->jobs = grown;
        f->room = room;
    }
    struct pg_job *job = &f->jobs[f->n++];
    memset(job, 0, sizeof *job);
    job->entry = entry;
    job->dataset = dataset;
    job->sees_rows = true;
    job->weight = dataset == BAU_NO_DATASET ? 0 : rows_of(&f->plan->catalog->datasets[dataset]);
    return job;
}

/* An entry that pg_dump did not write. */
static struct pg_entry *own_entry(struct finish *f, const char *type, const char *name, const char *sql)
{
    struct pg_entry *entry = bau_arena_zero(f->arena, sizeof *entry);
    if (!entry || !sql)
        return NULL;
    entry->type = type;
    entry->name = name;
    entry->settings = "";
    entry->sql = sql;
    return entry;
}

static bau_status run_jobs(struct finish *f, const char *phase, struct bau_error *err)
{
    const uint32_t n = f->n;
    f->n = 0;
    return pg_jobs_run(f->side, f->plan, phase, f->jobs, n, err);
}

static bau_status one(struct finish *f, const struct pg_entry *entry, const char *sql, bool sees_rows,
                      bool *out_failed, struct bau_error *err)
{
    const struct bau_watch *watch = &f->plan->watch;
    if (watch->stopped && watch->stopped(watch->self))
        return bau_error_set(err, BAU_E_CANCELLED, "stopped while finishing the target");
    return pg_make_entry(f->side, f->side->target->load, entry, sql, sees_rows, out_failed, err);
}

static void step(const struct finish *f, const char *phase, const char *name, uint64_t done, uint64_t total)
{
    if (f->plan->watch.step)
        f->plan->watch.step(f->plan->watch.self, phase, name, done, total);
}

/* ── indexes, keys and references ────────────────────────────────────────────────────────────────────────────────── */

/* Indexes of materialised views come with the rest, in order: the views may be made late. */
static uint32_t index_table(const struct finish *f, const struct pg_entry *entry)
{
    struct named table;
    const bool index = is_type(entry, "INDEX");
    if (!index && !is_type(entry, "CONSTRAINT"))
        return BAU_NO_DATASET;
    return table_after(entry->sql, index ? "ON" : "TABLE", f->arena, &table)
               ? dataset_of(f->plan->catalog, &table)
               : BAU_NO_DATASET;
}

/* Sorting text by a locale takes about four times as long as sorting integers; an expression could be anything. */
static uint64_t index_weight(const struct finish *f, const struct pg_entry *entry, uint32_t dataset)
{
    const struct bau_dataset *d = &f->plan->catalog->datasets[dataset];
    const size_t len = strlen(entry->sql);
    struct pg_token t = pg_token_next(entry->sql, len, 0);
    while (t.kind != PG_TOKEN_END && t.kind != PG_TOKEN_OPEN && !(t.len == 1 && entry->sql[t.at] == '('))
        t = pg_token_next(entry->sql, len, t.at + t.len);
    t = pg_token_next(entry->sql, len, t.at + t.len);
    const bool named = t.kind == PG_TOKEN_WORD || t.kind == PG_TOKEN_QUOTED;
    const char *name = named ? pg_token_name(entry->sql, &t, f->arena) : NULL;
    const uint32_t field = name ? bau_dataset_find(d, name) : UINT32_MAX;
    const bau_type type = field == UINT32_MAX ? BAU_TEXT : d->fields[field].type;
    const uint64_t half = type == BAU_TEXT ? 8 : type == BAU_NUMERIC ? 5 : type == BAU_UUID ? 3 : 2;
    return rows_of(d) * half / 2;
}

static bau_status indexes(struct finish *f, struct bau_error *err)
{
    for (uint32_t i = 0; i < f->script->n; i++) {
        const struct pg_entry *entry = &f->script->entries[i];
        const uint32_t dataset = entry->section == PG_SECTION_POST ? index_table(f, entry) : BAU_NO_DATASET;
        if (dataset == BAU_NO_DATASET || pg_kept(f->side, dataset))
            continue;
        struct pg_job *job = add_job(f, entry, dataset);
        if (!job)
            return no_memory(err);
        job->exclusive = is_type(entry, "CONSTRAINT") || strstr(entry->sql, "ALTER TABLE") != NULL;
        job->weight = index_weight(f, entry, dataset);
    }
    BAU_TRY(run_jobs(f, "indexes", err));
    for (uint32_t i = 0; i < f->script->n; i++)
        if (is_type(&f->script->entries[i], "INDEX ATTACH"))
            BAU_TRY(one(f, &f->script->entries[i], NULL, true, NULL, err));
    return BAU_OK;
}

static bool has_words(const char *sql, const char *first, const char *second)
{
    const size_t len = strlen(sql);
    struct pg_token before = { .kind = PG_TOKEN_END };
    for (size_t at = 0;;) {
        const struct pg_token t = pg_token_next(sql, len, at);
        if (t.kind == PG_TOKEN_END || t.kind == PG_TOKEN_OPEN)
            return false;
        if (pg_token_is(sql, &before, first) && pg_token_is(sql, &t, second))
            return true;
        before = t;
        at = t.at + t.len;
    }
}

struct fk {
    const char *add, *validate; /* validate NULL: `add` looks at the rows itself */
    uint32_t dataset;
};

/* "ALTER TABLE ONLY a.b ADD CONSTRAINT c FOREIGN KEY …;" → the same NOT VALID, and the statement that validates it. Not
 * where a partitioned table is on either side: there servers before 18 cannot, or leave parts unvalidated. */
static bau_status plan_fk(const struct finish *f, const struct pg_entry *entry, struct fk *out,
                          struct bau_error *err)
{
    struct named from, to;
    const char *sql = entry->sql;
    *out = (struct fk){ .add = sql, .dataset = BAU_NO_DATASET };
    if (!table_after(sql, "TABLE", f->arena, &from) || !table_after(sql, "REFERENCES", f->arena, &to))
        return BAU_OK;
    out->dataset = dataset_of(f->plan->catalog, &from);
    const uint32_t target = dataset_of(f->plan->catalog, &to);
    if (!from.only || out->dataset == BAU_NO_DATASET || target == BAU_NO_DATASET ||
        f->plan->catalog->datasets[target].kind != BAU_DATASET_ROWS || has_words(sql, "NOT", "VALID") ||
        has_words(sql, "NOT", "ENFORCED"))
        return BAU_OK;
    const size_t end = pg_statement_end(sql, strlen(sql), 0);
    struct pg_token t = pg_token_next(sql, strlen(sql), from.end);
    while (t.kind != PG_TOKEN_END && !pg_token_is(sql, &t, "CONSTRAINT"))
        t = pg_token_next(sql, strlen(sql), t.at + t.len);
    t = pg_token_next(sql, strlen(sql), t.at + t.len);
    if (end == SIZE_MAX || end == 0 || sql[end - 1] != ';' || t.kind == PG_TOKEN_END)
        return BAU_OK;
    out->add = bau_arena_printf(f->arena, "%.*s NOT VALID%s", (int)(end - 1), sql, sql + end - 1);
    out->validate = bau_arena_printf(f->arena, "ALTER TABLE ONLY %.*s VALIDATE CONSTRAINT %.*s",
                                     (int)(from.end - from.at), sql + from.at, (int)t.len, sql + t.at);
    return out->add && out->validate ? BAU_OK : no_memory(err);
}

/* Adds the keys, and the jobs that validate them. */
static bau_status foreign_keys(struct finish *f, struct bau_error *err)
{
    for (uint32_t i = 0; i < f->script->n; i++) {
        const struct pg_entry *entry = &f->script->entries[i];
        struct fk fk;
        bool failed = false;
        if (!is_type(entry, "FK CONSTRAINT"))
            continue;
        BAU_TRY(plan_fk(f, entry, &fk, err));
        BAU_TRY(one(f, entry, fk.add, true, &failed, err));
        if (failed || !fk.validate)
            continue;
        struct pg_job *job = add_job(f, entry, fk.dataset);
        if (!job)
            return no_memory(err);
        job->sql = fk.validate;
        job->exclusive = true; /* two validations of one table would wait for each other */
    }
    return BAU_OK;
}

/* ── the rest ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status sequences(struct finish *f, struct bau_error *err)
{
    const json_t *list = json_object_get(f->side->target->blob, "sequences");
    const uint64_t total = json_array_size(list);
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row)
    {
        const char *ident = json_string_value(json_object_get(row, "ident"));
        const char *value = json_string_value(json_object_get(row, "last_value"));
        const bool called = json_is_true(json_object_get(row, "is_called"));
        if (!ident || !value || strspn(value, "-0123456789") != strlen(value))
            return bau_error_set(err, BAU_E_BUG,
                                 "the source's schema text: a sequence without name or value");
        char *literal = PQescapeLiteral(f->side->target->load, ident, strlen(ident));
        const struct pg_entry *entry =
            !literal ? NULL
                     : own_entry(f, "SEQUENCE VALUE", ident,
                                 bau_arena_printf(f->arena, "SELECT pg_catalog.setval(%s::regclass, %s, %s)",
                                                  literal, value, called ? "true" : "false"));
        PQfreemem(literal);
        if (!entry)
            return no_memory(err);
        BAU_TRY(one(f, entry, NULL, false, NULL, err));
        step(f, "sequences", ident, i + 1, total);
    }
    return BAU_OK;
}

static bool of_event_trigger(const struct pg_entry *entry)
{
    return is_type(entry, "EVENT TRIGGER") || strncmp(entry->name, "EVENT TRIGGER ", 14) == 0;
}

static bau_status rest(struct finish *f, bool event_triggers, struct bau_error *err)
{
    for (uint32_t i = 0; i < f->script->n; i++) {
        const struct pg_entry *entry = &f->script->entries[i];
        if (entry->section != PG_SECTION_POST || of_event_trigger(entry) != event_triggers ||
            is_type(entry, "INDEX ATTACH") || is_type(entry, "FK CONSTRAINT") ||
            is_type(entry, "STATISTICS") || is_type(entry, "MATERIALIZED VIEW DATA") ||
            index_table(f, entry) != BAU_NO_DATASET)
            continue;
        const bool sees_rows = is_type(entry, "CHECK CONSTRAINT") || is_type(entry, "CONSTRAINT");
        BAU_TRY(one(f, entry, NULL, sees_rows, NULL, err));
        step(f, "objects", entry->name, i + 1, f->script->n);
    }
    return BAU_OK;
}

/* One after the other: a view may read the one before it. */
static bau_status materialised_views(struct finish *f, struct bau_error *err)
{
    const json_t *list = json_object_get(f->side->target->blob, "matviews");
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row)
    {
        const char *ident = json_string_value(row);
        const struct pg_entry *entry =
            !ident ? NULL
                   : own_entry(f, "MATERIALIZED VIEW DATA", ident,
                               bau_arena_printf(f->arena, "REFRESH MATERIALIZED VIEW %s", ident));
        if (!entry)
            return no_memory(err);
        BAU_TRY(one(f, entry, NULL, true, NULL, err));
        step(f, "materialised views", ident, i + 1, json_array_size(list));
    }
    return BAU_OK;
}

/* Which datasets have a foreign table below them: their ANALYZE would connect to its server. */
static bau_status find_foreign(const struct finish *f, bool **out, struct bau_error *err)
{
    static const char sql[] =
        "WITH RECURSIVE above(oid) AS (SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN "
        "pg_catalog.pg_class c"
        " ON c.oid = i.inhrelid WHERE c.relkind = 'f' UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i"
        " JOIN above ON above.oid = i.inhrelid) "
        "SELECT n.nspname, c.relname FROM above JOIN pg_catalog.pg_class c ON c.oid = above.oid"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";
    const struct bau_catalog *catalog = f->plan->catalog;
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(pg_query(f->side, f->side->target->load, sql, &rows, err));
    bool *above = bau_arena_zero(f->arena, ((size_t)catalog->n_datasets + 1) * sizeof *above);
    if (!above)
        return no_memory(err);
    for (int i = 0; i < PQntuples(rows); i++) {
        const struct named table = { .space = PQgetvalue(rows, i, 0), .bare = PQgetvalue(rows, i, 1) };
        const uint32_t dataset = dataset_of(catalog, &table);
        if (dataset != BAU_NO_DATASET)
            above[dataset] = true;
    }
    *out = above;
    return BAU_OK;
}

/* Extended statistics: ANALYZE fills them, so they come before it. */
static bau_status statistics(struct finish *f, struct bau_error *err)
{
    for (uint32_t i = 0; i < f->script->n; i++)
        if (is_type(&f->script->entries[i], "STATISTICS"))
            BAU_TRY(one(f, &f->script->entries[i], NULL, false, NULL, err));
    return BAU_OK;
}

/* Adds the jobs that analyse tables: short ones, which fill the gaps between validations. A partitioned parent's ANALYZE
 * covers its partitions, unless it is left out for a foreign one among them. */
static bau_status analyze(struct finish *f, struct bau_error *err)
{
    bool *foreign = NULL;
    BAU_TRY_NOTE(find_foreign(f, &foreign, err), err, "foreign tables");
    for (uint32_t i = 0; i < f->plan->catalog->n_datasets; i++) {
        const struct bau_dataset *dataset = &f->plan->catalog->datasets[i];
        const bool covered = dataset->parent != BAU_NO_DATASET && !foreign[dataset->parent];
        if (covered || foreign[i] || dataset->kind == BAU_DATASET_SCHEMA ||
            f->side->tables[i].kind == PG_LARGE_OBJECTS || pg_target_lacks(f->side, dataset) ||
            pg_kept(f->side, i))
            continue;
        const struct pg_entry *entry = own_entry(
            f, "ANALYZE", dataset->name, bau_arena_printf(f->arena, "ANALYZE %s", f->side->tables[i].ident));
        struct pg_job *job = entry ? add_job(f, entry, i) : NULL;
        if (!job)
            return no_memory(err);
        job->exclusive = true;
        job->weight = job->weight < ANALYZED_ROWS ? job->weight : ANALYZED_ROWS;
    }
    return BAU_OK;
}

static bau_status analyze_views(struct finish *f, struct bau_error *err)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(f->side->target->blob, "matviews"), i, row)
    {
        const char *ident = json_string_value(row);
        const struct pg_entry *entry =
            own_entry(f, "ANALYZE", ident, bau_arena_printf(f->arena, "ANALYZE %s", ident));
        if (!entry || !add_job(f, entry, BAU_NO_DATASET))
            return no_memory(err);
    }
    return run_jobs(f, "analyze", err);
}

static bau_status run_phases(struct finish *f, struct bau_error *err)
{
    struct pg_report *report = &f->side->target->report;
    BAU_TRY(indexes(f, err));
    BAU_TRY(statistics(f, err));
    BAU_TRY(foreign_keys(f, err));
    BAU_TRY(analyze(f, err));
    BAU_TRY(run_jobs(f, "foreign keys and statistics", err));
    BAU_TRY(pg_report_status(report, err)); /* what is missing cannot be mended: no need to go on */
    BAU_TRY(sequences(f, err));
    BAU_TRY(pg_large_finish(f->side, f->plan, err));
    BAU_TRY(pg_update_triggers(f->side, err));
    BAU_TRY(rest(f, false, err));
    BAU_TRY(materialised_views(f, err));
    BAU_TRY(pg_report_status(report, err));
    BAU_TRY(analyze_views(f, err));
    BAU_TRY(pg_record_end(f->side, err));
    BAU_TRY(rest(f, true, err));
    if (!pg_by_schema(f->side))
        BAU_TRY(pg_database_facts(f->side, err));
    BAU_TRY(pg_report_status(report, err));
    BAU_TRY(pg_serves_note(f->side, err));
    return pg_record_ready(f->side, err);
}

/* ── beforehand ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status rehearse_all(struct finish *f, struct bau_error *err)
{
    for (int last = 0; last <= 1; last++)
        for (uint32_t i = 0; i < f->script->n; i++) {
            const struct pg_entry *entry = &f->script->entries[i];
            if (entry->section == PG_SECTION_POST && !is_type(entry, "MATERIALIZED VIEW DATA") &&
                of_event_trigger(entry) == (last == 1))
                BAU_TRY(one(f, entry, NULL, false, NULL, err));
        }
    return BAU_OK;
}

bau_status pg_target_rehearse(struct bau_side *side, const struct bau_target_plan *plan,
                              struct bau_error *err)
{
    struct pg_target *target = side->target;
    struct finish f = { .side = side, .plan = plan, .script = &target->script };
    const bool within = target->in_transaction;
    BAU_TRY(pg_exec(side, target->load, within ? "SAVEPOINT bauta_rehearsal" : "BEGIN", err));
    target->in_transaction = true;
    bau_status status = rehearse_all(&f, err);
    target->in_transaction = within;
    if (status != BAU_OK && strcmp(err->sqlstate, "53200") == 0) {
        bau_log(BAU_WARN, "objects after the data not tried beforehand: too many for the lock table",
                BAU_U64("objects", f.script->n));
        status = BAU_OK;
    }
    BAU_TRY(status);
    return pg_exec(side, target->load, within ? "ROLLBACK TO SAVEPOINT bauta_rehearsal" : "ROLLBACK", err);
}

bau_status pg_target_finish(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
{
    if (!side->target || !side->target->load)
        return bau_error_set(err, BAU_E_BUG, "finish before begin");
    if (side->target->again.ready) {
        BAU_TRY(pg_serves_note(side, err));
        side->finished = true;
        return BAU_OK;
    }
    struct finish f = { .side = side, .plan = plan, .script = &side->target->script };
    f.arena = bau_arena_new(64 * 1024, BAU_ARENA_PLAIN);
    if (!f.arena)
        return no_memory(err);
    struct bau_link self = { .side = side, .conn = side->target->load, .borrowed = true };
    if (plan->watch.busy)
        plan->watch.busy(plan->watch.self, &self, true);
    bau_status status = run_phases(&f, err);
    if (plan->watch.busy)
        plan->watch.busy(plan->watch.self, &self, false);
    if (status != BAU_OK && plan->watch.stopped && plan->watch.stopped(plan->watch.self))
        status = bau_error_set(err, BAU_E_CANCELLED, "stopped while finishing the target");
    bau_arena_free(f.arena);
    side->finished = status == BAU_OK;
    return status;
}
