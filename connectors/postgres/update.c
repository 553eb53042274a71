/* restore --update: the shadow is a copy of the database that serves, made by the server itself, and only tables whose rows are
 * to be others are written in it; then it is finished and switched as any shadow.
 *
 * The mark of a database that was restored says of which archive it is, under which settings, of which schema, what its
 * catalogs came out as, and the first transaction id after them. So a copy tells by itself what was done to it since: a table
 * is kept when its digest is the same in both archives, it has as many rows as were restored, and none is of a later
 * transaction. Every other table is emptied and loaded. Where the schema was touched, or is to be another, everything is
 * loaded anew: one rule, and whatever staging was, the result is that of a restore. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVES "serves "
#define COPIED_BY_FILE                                                                                       \
    (UINT64_C(1) << 30) /* bytes from which WAL of all of it costs more than two checkpoints */

enum { HASH_HEX = 16, PRINT_HEX = 32 };
#define IDS_MOST (UINT64_C(1) << 31) /* transaction ids wrap: beyond half of the circle nothing can be told */

struct serves { /* "serves <name> <form> <schema> <print> <xid>" */
    char name[80], form[HASH_HEX + 1], schema[HASH_HEX + 1], print[PRINT_HEX + 1];
    uint64_t xid;
};

static bau_status no_memory(struct bau_error *err)
{
    return bau_error_set(err, BAU_E_NOMEM, "update");
}

/* ── what is noted ───────────────────────────────────────────────────────────────────────────────────────────────── */

static bool read_serves(const char *content, struct serves *out)
{
    char xid[24];
    if (!content || strncmp(content, SERVES, sizeof SERVES - 1) != 0 ||
        sscanf(content + sizeof SERVES - 1, "%79s %16s %16s %32s %23s", out->name, out->form, out->schema,
               out->print, xid) != 5)
        return false;
    out->xid = strtoull(xid, NULL, 10);
    return out->xid != 0;
}

static uint64_t mixed(uint64_t h, const char *text)
{
    do
        h = (h ^ (uint8_t)*text) * 1099511628211u; /* FNV-1a, the NUL too */
    while (*text++);
    return h;
}

/* Of the schema text, without what changes with the rows. */
static void schema_hash(const struct pg_script *script, char out[HASH_HEX + 1])
{
    uint64_t h = 14695981039346656037u;
    for (uint32_t i = 0; i < script->n; i++) {
        const struct pg_entry *e = &script->entries[i];
        const char *const texts[] = { e->type, e->name, e->schema, e->owner, e->settings, e->sql };
        for (size_t k = 0; k < BAU_COUNT(texts); k++)
            h = mixed(h, texts[k] ? texts[k] : "");
    }
    (void)snprintf(out, HASH_HEX + 1, "%016" PRIx64, h);
}

static void form_hash(const struct bau_content *content, char out[HASH_HEX + 1])
{
    for (size_t i = 0; i < HASH_HEX / 2; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", content->form[i]);
}

/* Makes a statement over every catalog of the database that can be read, but what changes by itself: sizes, statistics, files of a
 * table, what remains of temporary tables. Rows of toast tables go with those of their tables. */
static const char print_sql[] =
    "SELECT string_agg(format("
    "'SELECT md5(%L || (%s)::text) AS x FROM pg_catalog.%I c WHERE %s', relname, "
    "CASE relname WHEN 'pg_attribute' THEN 'ROW(attrelid, attnum, attname, atttypid, atttypmod, attnotnull, "
    "atthasdef, attidentity, attisdropped, attcollation, attacl, attoptions, attstattarget, attstorage)' "
    "WHEN 'pg_class' THEN 'to_jsonb(c) - ''{relfilenode,reltoastrelid,relpages,reltuples,relallvisible,"
    "relallfrozen,relfrozenxid,relminmxid,relhasindex,relhasrules,relhastriggers,relhassubclass}''::text[]' "
    "WHEN 'pg_index' THEN 'to_jsonb(c) - ''indcheckxmin''' ELSE 'to_jsonb(c)' END, relname, "
    "CASE relname WHEN 'pg_attribute' THEN 'attrelid NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE "
    "relnamespace = 99)' WHEN 'pg_class' THEN 'relnamespace <> 99' WHEN 'pg_index' THEN 'indrelid NOT IN "
    "(SELECT oid FROM pg_catalog.pg_class WHERE relnamespace = 99)' WHEN 'pg_type' THEN 'typnamespace <> 99' "
    "WHEN 'pg_namespace' THEN 'nspname !~ ''^pg_(toast_)?temp_''' ELSE 'true' END), ' UNION ALL ') "
    "FROM pg_catalog.pg_class WHERE relnamespace = 11 AND relkind = 'r' AND NOT relisshared AND "
    "has_table_privilege(oid, 'SELECT') AND relname NOT IN ('pg_statistic', 'pg_statistic_ext_data', "
    "'pg_largeobject', 'pg_largeobject_metadata', 'pg_depend', 'pg_init_privs', 'pg_user_mapping', "
    "'pg_subscription_rel')";
/* Tables of extensions hold rows of the extension's own beside those that were restored: how many is part of the print. */
static const char extension_rows_sql[] =
    "SELECT coalesce(string_agg(format('SELECT md5(%L || count(*)) AS x FROM ONLY %s', c.oid, "
    "c.oid::regclass), ' UNION ALL '), 'SELECT ''''') FROM pg_catalog.pg_extension e, "
    "unnest(e.extconfig) t(oid) JOIN pg_catalog.pg_class c ON c.oid = t.oid WHERE c.relkind = 'r' AND "
    "has_table_privilege(c.oid, 'SELECT')";

static bau_status catalogs_print(struct bau_side *side, char out[PRINT_HEX + 1], struct bau_error *err)
{
    PGconn *conn = side->target->load;
    PG_AUTO_RESULT *catalogs = NULL, *extensions = NULL, *print = NULL;
    BAU_AUTO_TEXT sql = { 0 };
    BAU_TRY(pg_query(side, conn, print_sql, &catalogs, err));
    BAU_TRY(pg_query(side, conn, extension_rows_sql, &extensions, err));
    bau_text_addf(&sql, "SELECT md5(string_agg(x, '' ORDER BY x COLLATE \"C\")) FROM (%s UNION ALL %s) s",
                  PQgetvalue(catalogs, 0, 0), PQgetvalue(extensions, 0, 0));
    if (sql.failed)
        return no_memory(err);
    BAU_TRY(pg_query(side, conn, sql.data, &print, err));
    (void)snprintf(out, PRINT_HEX + 1, "%.32s", PQgetvalue(print, 0, 0));
    return BAU_OK;
}

static bau_status next_xid(struct bau_side *side, uint64_t *out, struct bau_error *err)
{
    PG_AUTO_RESULT *result = NULL;
    BAU_TRY(pg_query(side, side->target->load, "SELECT txid_snapshot_xmax(txid_current_snapshot())", &result,
                     err));
    *out = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    return BAU_OK;
}

bau_status pg_serves_note(struct bau_side *side, struct bau_error *err)
{
    struct pg_target *target = side->target;
    struct serves now;
    if (!target->content)
        return BAU_OK;
    form_hash(target->content, now.form);
    schema_hash(&target->script, now.schema);
    BAU_TRY_NOTE(catalogs_print(side, now.print, err), err, "what was restored");
    BAU_TRY_NOTE(next_xid(side, &now.xid, err), err, "what was restored");
    target->again.serves = bau_arena_printf(target->arena, SERVES "%s %s %s %s %" PRIu64,
                                            target->content->name, now.form, now.schema, now.print, now.xid);
    return target->again.serves ? BAU_OK : no_memory(err);
}

static bau_status mark_of_current(struct bau_side *side, const char **out, struct bau_error *err)
{
    struct pg_database *list = NULL;
    uint32_t n = 0;
    *out = NULL;
    BAU_TRY(pg_databases(side, side->target->arena, &list, &n, err));
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(list[i].name, side->database) == 0 && list[i].mark.there)
            *out = list[i].mark.content;
    return BAU_OK;
}

bau_status pg_target_serves(struct bau_side *side, struct bau_arena *arena, const char **out,
                            struct bau_error *err)
{
    const char *content = NULL;
    struct serves serves;
    *out = NULL;
    if (pg_by_schema(side))
        return BAU_OK;
    BAU_TRY(pg_target_main(side, err));
    BAU_TRY(mark_of_current(side, &content, err));
    if (!read_serves(content, &serves))
        return BAU_OK;
    *out = bau_arena_text(arena, serves.name);
    return *out ? BAU_OK : no_memory(err);
}

/* ── which tables are kept ───────────────────────────────────────────────────────────────────────────────────────── */

struct update {
    struct bau_side *side;
    const struct bau_target_plan *plan;
    const struct bau_content *content;
    struct serves serves;
    const char *why; /* nothing comes of it; NULL: it goes on */
    bool *kept;      /* a dataset */
    uint32_t n_kept, n_touched;
    struct bau_text oids; /* of the others, '{1,2}' */
};

static bool same_rows(const struct bau_content *content, uint32_t d)
{
    return memcmp(content->datasets[d], content->served_datasets[d], sizeof content->datasets[d]) == 0;
}

/* What can be told without a copy. */
static bau_status may_update(struct update *u, struct bau_error *err)
{
    const struct bau_catalog *catalog = u->plan->catalog;
    const char *mark = NULL;
    char form[HASH_HEX + 1], schema[HASH_HEX + 1];
    bool any = false, extension = false;
    BAU_TRY(mark_of_current(u->side, &mark, err));
    form_hash(u->content, form);
    schema_hash(&u->side->target->script, schema);
    for (uint32_t d = 0; d < catalog->n_datasets; d++) {
        const bool rows = catalog->datasets[d].kind == BAU_DATASET_ROWS;
        const bool same = rows && u->content->served && same_rows(u->content, d);
        extension = extension || (rows && !same && u->side->tables[d].extension);
        any = any || (same && u->content->served_rows[d]);
    }
    if (!read_serves(mark, &u->serves))
        u->why = "the target was not restored from an archive, or not by --update's rules";
    else if (!u->content->served || strcmp(u->content->served, u->serves.name) != 0)
        u->why = "the archive that the target was restored from cannot be read here any more";
    else if (strcmp(form, u->serves.form) != 0)
        u->why = "it was restored under other settings or with other tables";
    else if (strcmp(schema, u->serves.schema) != 0)
        u->why = "the schema is another one";
    else if (extension)
        u->why = "the rows of an extension's table differ";
    else if (!any)
        u->why = "every table differs";
    return BAU_OK;
}

/* Rows written by transactions since, in half of the circle of ids; and how many there are in all. What the account may not
 * even count is written anew, and says so then. */
static bau_status is_untouched(struct update *u, uint32_t d, bool *out, struct bau_error *err)
{
    const struct pg_table *table = &u->side->tables[d];
    PGconn *conn = u->side->target->load;
    BAU_AUTO_TEXT sql = { 0 };
    PG_AUTO_RESULT *result = NULL;
    const bool rows = u->plan->catalog->datasets[d].kind == BAU_DATASET_ROWS;
    bau_text_addf(&sql,
                  "SELECT count(*), count(*) FILTER (WHERE (xmin::text::bigint - %" PRIu64
                  " + 4294967296) %% 4294967296 < 2147483648) FROM ONLY %s",
                  u->serves.xid & UINT32_MAX, table->ident);
    if (sql.failed)
        return no_memory(err);
    *out = false;
    const bau_status status = pg_query(u->side, conn, sql.data, &result, err);
    if (status != BAU_OK)
        return PQstatus(conn) == CONNECTION_OK ? BAU_OK : status;
    *out = (table->extension ||
            strtoull(PQgetvalue(result, 0, 0), NULL, 10) == (rows ? u->content->served_rows[d] : 0)) &&
           strcmp(PQgetvalue(result, 0, 1), "0") == 0;
    return BAU_OK;
}

static bool holds_rows(const struct update *u, uint32_t d)
{
    const struct bau_dataset *dataset = &u->plan->catalog->datasets[d];
    const char kind = u->side->tables[d].kind;
    return (dataset->kind == BAU_DATASET_ROWS || kind == 'r') && kind != PG_LARGE_OBJECTS &&
           !pg_target_lacks(u->side, dataset);
}

static bau_status choose(struct update *u, struct bau_error *err)
{
    const struct bau_catalog *catalog = u->plan->catalog;
    const struct bau_watch *watch = &u->plan->watch;
    uint32_t n = 0;
    bau_text_add(&u->oids, "{");
    for (uint32_t d = 0; d < catalog->n_datasets; d++) {
        PG_AUTO_RESULT *oid = NULL;
        const char *const values[] = { u->side->tables[d].ident };
        bool untouched = false;
        if (!holds_rows(u, d))
            continue;
        if (watch->stopped && watch->stopped(watch->self))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped while looking at what the target holds");
        const bool same = catalog->datasets[d].kind != BAU_DATASET_ROWS || same_rows(u->content, d);
        if (same)
            BAU_TRY(is_untouched(u, d, &untouched, err));
        u->kept[d] = same && untouched;
        u->n_kept += u->kept[d];
        u->n_touched += same && !untouched;
        if (u->kept[d])
            continue;
        if (u->side->tables[d].extension)
            u->why = "the rows of an extension's table were changed since";
        BAU_TRY(pg_query_params(u->side, u->side->target->load, "SELECT $1::regclass::oid", 1, values, &oid,
                                err));
        bau_text_addf(&u->oids, "%s%s", n++ ? "," : "", PQgetvalue(oid, 0, 0));
    }
    bau_text_add(&u->oids, "}");
    return u->oids.failed ? no_memory(err) : BAU_OK;
}

/* ── emptying the others ─────────────────────────────────────────────────────────────────────────────────────────── */

/* Runs the statements that `sql` makes of the tables' OIDs ($1), one a row. `spared`: a SQLSTATE that is no failure. */
static bau_status each(struct update *u, const char *sql, const char *spared, struct bau_error *err)
{
    PGconn *conn = u->side->target->load;
    const char *const values[] = { u->oids.data };
    PG_AUTO_RESULT *list = NULL;
    BAU_TRY(pg_query_params(u->side, conn, sql, 1, values, &list, err));
    for (int i = 0; i < PQntuples(list); i++) {
        const bau_status status = pg_exec(u->side, conn, PQgetvalue(list, i, 0), err);
        if (status != BAU_OK &&
            (PQstatus(conn) != CONNECTION_OK || !spared || strcmp(err->sqlstate, spared) != 0))
            return status;
    }
    return BAU_OK;
}

/* Names are as the server writes them with an empty search_path: whole, and quoted where they must be. */
static const char event_triggers_sql[] =
    "SELECT format('DROP EVENT TRIGGER %I', evtname) FROM pg_catalog.pg_event_trigger e WHERE "
    "$1::text IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = e.oid AND "
    "d.classid = 'pg_catalog.pg_event_trigger'::regclass AND d.deptype = 'e')";
static const char keys_sql[] =
    "WITH RECURSIVE tree(oid) AS (SELECT unnest($1::oid[]) UNION SELECT i.inhparent FROM "
    "pg_catalog.pg_inherits i JOIN tree ON tree.oid = i.inhrelid) SELECT format('ALTER TABLE %s DROP "
    "CONSTRAINT %I', c.conrelid::regclass, c.conname) FROM pg_catalog.pg_constraint c WHERE c.contype = 'f' "
    "AND c.conparentid = 0 AND (c.conrelid IN (SELECT oid FROM tree) OR c.confrelid IN (SELECT oid FROM "
    "tree))";
static const char triggers_sql[] =
    "SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', tgrelid::regclass, tgname), format('ALTER TABLE "
    "ONLY %s ENABLE %s TRIGGER %I', tgrelid::regclass, CASE tgenabled WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN "
    "'ALWAYS' ELSE '' END, tgname) FROM pg_catalog.pg_trigger WHERE tgrelid = ANY ($1::oid[]) AND tgenabled "
    "<> 'D' AND (NOT tgisinternal OR tgconstraint = 0)";
static const char constraints_sql[] =
    "SELECT format('ALTER TABLE ONLY %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM "
    "pg_catalog.pg_constraint WHERE conrelid = ANY ($1::oid[]) AND contype IN ('p', 'u', 'x') AND "
    "conparentid = 0";
static const char indexes_sql[] =
    "SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_catalog.pg_index i WHERE indrelid = ANY "
    "($1::oid[]) AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conindid = i.indexrelid AND "
    "c.contype IN ('p', 'u', 'x')) AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = "
    "i.indexrelid)";
static const char truncate_sql[] = "SELECT format('TRUNCATE ONLY %s', t::regclass) FROM unnest($1::oid[]) t";

/* They would fire for the rows that are loaded; as they were again when those are there. */
static bau_status disable_triggers(struct update *u, struct bau_error *err)
{
    struct pg_again *again = &u->side->target->again;
    const char *const values[] = { u->oids.data };
    PG_AUTO_RESULT *list = NULL;
    BAU_TRY(pg_query_params(u->side, u->side->target->load, triggers_sql, 1, values, &list, err));
    const int n = PQntuples(list);
    again->enable = bau_arena_take(u->side->target->arena, ((size_t)n + 1) * sizeof *again->enable);
    if (!again->enable)
        return no_memory(err);
    for (int i = 0; i < n; i++) {
        again->enable[again->n_enable] = bau_arena_text(u->side->target->arena, PQgetvalue(list, i, 1));
        if (!again->enable[again->n_enable++])
            return no_memory(err);
        BAU_TRY(pg_exec(u->side, u->side->target->load, PQgetvalue(list, i, 0), err));
    }
    return BAU_OK;
}

bau_status pg_update_triggers(struct bau_side *side, struct bau_error *err)
{
    struct pg_again *again = &side->target->again;
    for (uint32_t i = 0; i < again->n_enable; i++)
        BAU_TRY_NOTE(pg_exec(side, side->target->load, again->enable[i], err), err, "triggers");
    again->n_enable = 0;
    return BAU_OK;
}

/* What other objects need stays, and is kept up while rows come. */
static bau_status empty_tables(struct update *u, struct bau_error *err)
{
    static const char needed[] = "2BP01";
    BAU_TRY(each(u, event_triggers_sql, NULL, err));
    BAU_TRY(each(u, keys_sql, NULL, err));
    BAU_TRY(disable_triggers(u, err));
    BAU_TRY(each(u, constraints_sql, needed, err));
    BAU_TRY(each(u, indexes_sql, needed, err));
    return each(u, truncate_sql, NULL, err);
}

/* ── the copy ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status copy_current(struct update *u, struct bau_error *err)
{
    struct bau_side *side = u->side;
    struct bau_arena *arena = side->target->arena;
    const char *const values[] = { side->database };
    PG_AUTO_RESULT *size = NULL;
    pg_sibling(side->database, "new", side->with.run_id, side->shadow);
    BAU_TRY(
        pg_query_params(side, side->main, "SELECT pg_catalog.pg_database_size($1)", 1, values, &size, err));
    const bool by_file =
        side->version >= 150000 && strtoull(PQgetvalue(size, 0, 0), NULL, 10) >= COPIED_BY_FILE;
    const char *from = pg_quote(arena, side->database), *to = pg_quote(arena, side->shadow);
    const char *sql = !from || !to ? NULL
                                   : bau_arena_printf(arena, "CREATE DATABASE %s TEMPLATE %s%s", to, from,
                                                      by_file ? " STRATEGY file_copy" : "");
    if (!sql)
        return no_memory(err);
    side->target->made_shadow = true; /* should it be half made, abandon drops it */
    BAU_TRY_NOTE(pg_alone(side, sql, err), err, "copy of the database");
    return pg_mark_shadow(side, err);
}

static bau_status compare(struct update *u, struct bau_error *err)
{
    char print[PRINT_HEX + 1];
    uint64_t xid = 0;
    BAU_TRY(next_xid(u->side, &xid, err));
    BAU_TRY(catalogs_print(u->side, print, err));
    if (xid < u->serves.xid || xid - u->serves.xid >= IDS_MOST)
        u->why = "the server counted too many transactions since to tell what changed";
    else if (strcmp(print, u->serves.print) != 0)
        u->why = "the target's schema was changed since it was restored";
    return BAU_OK;
}

static bau_status prepare_copy(struct update *u, struct bau_error *err)
{
    struct bau_side *side = u->side;
    BAU_TRY(pg_load_settings(side, side->target->load, err));
    BAU_TRY(compare(u, err));
    if (u->why)
        return BAU_OK;
    BAU_TRY(pg_report_missing(side, u->plan, err));
    BAU_TRY(choose(u, err));
    if (u->why)
        return BAU_OK;
    const bau_status status = empty_tables(u, err);
    if (status == BAU_E_TARGET && PQstatus(side->target->load) == CONNECTION_OK) {
        bau_log(BAU_WARN, "--update: the copy could not be made ready", BAU_FAILURE(err));
        u->why = "the target's server refused to empty its tables";
        return BAU_OK;
    }
    BAU_TRY(status);
    BAU_TRY(pg_target_map_types(side, side->target->load, err));
    return pg_large_begin(side, err);
}

static bau_status work_on_copy(struct update *u, struct bau_error *err)
{
    struct bau_side *side = u->side;
    const struct bau_watch *watch = &u->plan->watch;
    BAU_TRY(pg_connect(side, side->shadow, "schema", &side->target->load, err));
    struct bau_link self = { .side = side, .conn = side->target->load, .borrowed = true };
    if (watch->busy)
        watch->busy(watch->self, &self, true);
    const bau_status status = prepare_copy(u, err);
    if (watch->busy)
        watch->busy(watch->self, &self, false);
    return status;
}

static bau_status give_up(struct update *u, struct bau_error *err)
{
    struct pg_target *target = u->side->target;
    bau_log(BAU_WARN, "--update is not possible; all of it is loaded", BAU_NAME("store", u->side->with.store),
            BAU_NAME("why", u->why));
    target->again = (struct pg_again){ 0 };
    PQfinish(target->load);
    target->load = NULL;
    if (!target->made_shadow)
        return BAU_OK;
    BAU_TRY(pg_drop_database(u->side, u->side->shadow, err));
    target->made_shadow = false;
    return BAU_OK;
}

static bau_status keep(struct update *u, struct bau_error *err)
{
    struct pg_again *again = &u->side->target->again;
    const struct bau_parts *parts = u->plan->parts;
    for (uint32_t i = 0; i < parts->n; i++)
        if (u->kept[parts->at[i].dataset])
            BAU_TRY(pg_add_there(u->side, parts->at[i].dataset, parts->at[i].number, parts->at[i].est_rows,
                                 parts->n, err));
    pg_sort_there(u->side);
    again->resumed = true;
    again->kept = u->kept;
    bau_log(BAU_INFO, "tables kept as they are", BAU_NAME("store", u->side->with.store),
            BAU_NAME("archive", u->serves.name), BAU_U64("kept", u->n_kept),
            BAU_U64("changed_since", u->n_touched));
    return BAU_OK;
}

bau_status pg_update_begin(struct bau_side *side, const struct bau_target_plan *plan, bool *out_done,
                           struct bau_error *err)
{
    struct update u = { .side = side, .plan = plan, .content = side->target->content };
    *out_done = false;
    if (!u.content || u.content->again != BAU_UPDATE)
        return BAU_OK;
    u.kept = bau_arena_zero(side->target->arena, (size_t)plan->catalog->n_datasets + 1);
    bau_status status = u.kept ? may_update(&u, err) : no_memory(err);
    if (status == BAU_OK && !u.why)
        status = copy_current(&u, err);
    if (status == BAU_OK && !u.why)
        status = work_on_copy(&u, err);
    if (status == BAU_OK)
        status = u.why ? give_up(&u, err) : keep(&u, err);
    *out_done = status == BAU_OK && !u.why;
    bau_text_release(&u.oids);
    return status;
}

bool pg_kept(const struct bau_side *side, uint32_t dataset)
{
    return side->target->again.kept && dataset != BAU_NO_DATASET && side->target->again.kept[dataset];
}
