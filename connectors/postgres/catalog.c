/* The coordinator: one transaction that holds the locks and the snapshot, and the list of tables seen in it.
 *
 * Order: list the tables, begin, LOCK TABLE as the first statements (they take no snapshot), then the first SELECT takes
 * the snapshot, exports it and lists the tables again. When the two lists differ, DDL slipped in between: roll back and
 * start over. From then on nobody can change a table's shape until the coordinator's connection ends. */
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCK_TRIES = 5, LOCKS_A_STATEMENT = 100 };

/* ── cells ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

uint64_t pg_cell_u64(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? 0 : strtoull(PQgetvalue(result, row, column), NULL, 10);
}

const char *pg_cell_text(const PGresult *result, int row, int column, struct bau_arena *arena, bool *failed)
{
    if (PQgetisnull(result, row, column))
        return NULL;
    const char *text = bau_arena_text(arena, PQgetvalue(result, row, column));
    *failed = *failed || !text;
    return text;
}

uint32_t pg_cell_numbers(const PGresult *result, int row, int column, struct bau_arena *arena, uint32_t **out,
                         bool *failed)
{
    const char *at = PQgetvalue(result, row, column);
    uint32_t room = 1, n = 0;
    for (const char *c = at; *c; c++)
        room += *c == ',' || *c == ' ';
    *out = bau_arena_take(arena, room * sizeof **out);
    if (!*out) {
        *failed = true;
        return 0;
    }
    while (*at) {
        char *end = NULL;
        const long number = strtol(at, &end, 10);
        if (end == at) {
            at++;
            continue;
        }
        (*out)[n++] = (uint32_t)number;
        at = end;
    }
    return n;
}

uint32_t pg_place_of(const struct pg_places *places, uint32_t oid)
{
    size_t low = 0, high = places->n;
    while (low < high) {
        const size_t mid = (low + high) / 2;
        if (places->at[mid].oid < oid)
            low = mid + 1;
        else
            high = mid;
    }
    return low < places->n && places->at[low].oid == oid ? places->at[low].dataset : BAU_NO_DATASET;
}

/* ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A table of an extension is listed only when the extension declares its rows as configuration. */
static const char tables_sql[] =
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, greatest(c.reltuples, 0)::bigint,"
    " CASE c.relkind WHEN 'r' THEN pg_table_size(c.oid) ELSE 0 END,"
    " CASE c.relkind WHEN 'r' THEN (pg_relation_size(c.oid) + bs.size - 1) / bs.size ELSE 0 END,"
    " (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition),"
    " e.oid IS NOT NULL, e.extcondition[array_position(e.extconfig, c.oid)],"
    " obj_description(c.oid, 'pg_class'), am.amname = 'heap',"
    " has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE'), "
    "row_security_active(c.oid), (n.nspname || '.' || c.relname) COLLATE \"C\" "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am am ON am.oid = c.relam"
    " LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0"
    "  AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass"
    " LEFT JOIN pg_extension e ON e.oid = d.refobjid"
    " CROSS JOIN (SELECT current_setting('block_size')::bigint AS size) bs "
    "WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'"
    " AND n.nspname <> 'information_schema' AND (e.oid IS NULL OR c.oid = ANY(e.extconfig)) "
    "UNION ALL SELECT " PG_LARGE_OBJECTS_OID_TEXT ", 'pg_catalog', 'pg_largeobject', 'L', 'p', count(*),"
    " pg_table_size('pg_catalog.pg_largeobject'), 0, NULL, false, NULL, NULL, false, true, false,"
    " 'pg_catalog.pg_largeobject' FROM pg_largeobject_metadata HAVING count(*) > 0 "
    "ORDER BY 16, 1";

/* Foreign tables and large objects are not: DDL cannot change the shape of either under us. */
static bool lockable(const PGresult *rows, int i)
{
    return pg_cell(rows, i, 3)[0] != 'f' && pg_cell(rows, i, 3)[0] != PG_LARGE_OBJECTS;
}

/* One error that names every table the role may not read. */
static bau_status check_privileges(struct bau_side *side, const PGresult *rows, struct bau_error *err)
{
    BAU_AUTO_TEXT names = { 0 };
    int n_missing = 0;
    bool hidden = false;
    for (int i = 0; i < PQntuples(rows); i++) {
        const bool unreadable = !pg_cell_true(rows, i, 13);
        const bool rows_hidden = pg_cell_true(rows, i, 14) && lockable(rows, i);
        if (!lockable(rows, i) || (!unreadable && !rows_hidden))
            continue;
        hidden = hidden || rows_hidden;
        if (++n_missing <= 4)
            bau_text_addf(&names, "%s%s.%s", n_missing > 1 ? ", " : "", pg_cell(rows, i, 1),
                          pg_cell(rows, i, 2));
    }
    if (n_missing == 0)
        return BAU_OK;
    if (n_missing > 4)
        bau_text_addf(&names, " and %d more", n_missing - 4);
    const char *role = PQuser(side->main);
    (void)bau_error_set(
        err, BAU_E_SOURCE,
        hidden ? "source of store %s: role %s lacks SELECT on, or row security hides rows of, %s; grant "
                 "SELECT and give the role BYPASSRLS"
               : "source of store %s: role %s lacks SELECT on %s (SQLSTATE 42501)",
        side->with.store, role, names.data ? names.data : "");
    if (err)
        memcpy(err->sqlstate, "42501", 6);
    return BAU_E_SOURCE;
}

static bau_status add_ident(struct bau_side *side, struct bau_text *sql, const PGresult *rows, int i,
                            struct bau_error *err)
{
    const char *space = pg_quote(side->arena, pg_cell(rows, i, 1)),
               *bare = pg_quote(side->arena, pg_cell(rows, i, 2));
    if (!space || !bare)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    bau_text_addf(sql, "%s.%s", space, bare);
    return BAU_OK;
}

/* `out_again`: a table went away meanwhile. */
static bau_status lock_tables(struct bau_side *side, const PGresult *rows, bool *out_again,
                              struct bau_error *err)
{
    const int n = PQntuples(rows);
    for (int i = 0; i < n;) {
        BAU_AUTO_TEXT sql = { 0 };
        int in_statement = 0;
        for (; i < n && in_statement < LOCKS_A_STATEMENT; i++) {
            if (!lockable(rows, i))
                continue;
            bau_text_add(&sql, in_statement++ ? ", ONLY " : "LOCK TABLE ONLY ");
            BAU_TRY(add_ident(side, &sql, rows, i, err));
        }
        if (in_statement == 0)
            break;
        bau_text_add(&sql, " IN ACCESS SHARE MODE");
        if (sql.failed)
            return bau_error_set(err, BAU_E_NOMEM, "catalog");
        const bau_status status = pg_exec(side, side->main, sql.data, err);
        if (status != BAU_OK && err &&
            (strcmp(err->sqlstate, "42P01") == 0 || strcmp(err->sqlstate, "3F000") == 0)) {
            *out_again = true;
            return BAU_OK;
        }
        BAU_TRY_NOTE(status, err, "locking the tables");
    }
    return BAU_OK;
}

static bool same_tables(const PGresult *a, const PGresult *b)
{
    if (PQntuples(a) != PQntuples(b))
        return false;
    for (int i = 0; i < PQntuples(a); i++)
        for (int c = 0; c < 4; c++)
            if (strcmp(pg_cell(a, i, c), pg_cell(b, i, c)) != 0)
                return false;
    return true;
}

static bau_status pin(struct bau_side *side, PGresult **out, struct bau_error *err)
{
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        PG_AUTO_RESULT *before = NULL;
        BAU_TRY_NOTE(pg_query(side, side->main, tables_sql, &before, err), err, "list of tables");
        BAU_TRY(check_privileges(side, before, err));
        BAU_TRY(pg_exec(side, side->main, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err));
        bool again = false;
        BAU_TRY(lock_tables(side, before, &again, err));
        if (!again) {
            PG_AUTO_RESULT *snapshot = NULL;
            BAU_TRY_NOTE(pg_query(side, side->main, "SELECT pg_export_snapshot()", &snapshot, err), err,
                         "snapshot");
            (void)snprintf(side->snapshot, sizeof side->snapshot, "%s", pg_cell(snapshot, 0, 0));
            PGresult *after = NULL;
            BAU_TRY_NOTE(pg_query(side, side->main, tables_sql, &after, err), err, "list of tables");
            if (same_tables(before, after)) {
                *out = after;
                return BAU_OK;
            }
            PQclear(after);
        }
        BAU_TRY(pg_exec(side, side->main, "ROLLBACK", err));
    }
    return bau_error_set(err, BAU_E_SOURCE,
                         "source of store %s: tables came and went %d times while they were locked",
                         side->with.store, LOCK_TRIES);
}

/* A lock may be long in coming: a stop must be able to cut the wait short. */
static bau_status pin_stoppable(struct bau_side *side, PGresult **out, struct bau_error *err)
{
    const struct bau_watch *watch = &side->with.watch;
    struct bau_link self = { .side = side, .conn = side->main };
    if (watch->busy)
        watch->busy(watch->self, &self, true);
    const bau_status status = pin(side, out, err);
    if (watch->busy)
        watch->busy(watch->self, &self, false);
    return status;
}

/* ── from rows to datasets ───────────────────────────────────────────────────────────────────────────────────────── */

static int by_oid(const void *a, const void *b)
{
    const struct pg_place *x = a, *y = b;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

static bau_dataset_kind kind_of(char relkind)
{
    return relkind == 'p' ? BAU_DATASET_GROUP : relkind == 'f' ? BAU_DATASET_SCHEMA : BAU_DATASET_ROWS;
}

static void take_table(struct pg_fill *fill, const PGresult *rows, int i)
{
    struct bau_arena *arena = fill->catalog->arena, *own = fill->side->arena;
    struct bau_dataset *d = &fill->datasets[i];
    struct pg_table *t = &fill->side->tables[i];
    d->space = pg_cell_text(rows, i, 1, arena, &fill->failed);
    d->bare = pg_cell_text(rows, i, 2, arena, &fill->failed);
    d->name = bau_arena_printf(arena, "%s.%s", pg_cell(rows, i, 1), pg_cell(rows, i, 2));
    d->comment = pg_cell_text(rows, i, 11, arena, &fill->failed);
    d->native_id = pg_cell_oid(rows, i, 0);
    d->kind = kind_of(pg_cell(rows, i, 3)[0]);
    d->parent = BAU_NO_DATASET;
    d->est_rows = pg_cell_u64(rows, i, 5);
    d->est_bytes = pg_cell_u64(rows, i, 6);
    t->oid = d->native_id;
    t->kind = pg_cell(rows, i, 3)[0];
    t->unlogged = pg_cell(rows, i, 4)[0] == 'u';
    t->blocks = pg_cell_u64(rows, i, 7);
    t->extension = pg_cell_true(rows, i, 9);
    t->condition = pg_cell_text(rows, i, 10, own, &fill->failed);
    if (t->condition && !t->condition[0])
        t->condition = NULL;
    t->splits = t->kind == 'r' && pg_cell_true(rows, i, 12) && !t->condition;
    const char *space = pg_quote(own, pg_cell(rows, i, 1)), *bare = pg_quote(own, pg_cell(rows, i, 2));
    t->ident = space && bare ? bau_arena_printf(own, "%s.%s", space, bare) : NULL;
    fill->failed = fill->failed || !d->name || !t->ident;
    if (t->kind == PG_LARGE_OBJECTS) {
        d->only_by_rule = "they travel only when a rule names pg_catalog.pg_largeobject";
        t->ident = PG_LARGE_OBJECTS_TABLE;
    }
}

static bau_status take_tables(struct pg_fill *fill, const PGresult *rows, struct bau_error *err)
{
    const uint32_t n = (uint32_t)PQntuples(rows);
    struct bau_arena *arena = fill->catalog->arena;
    struct pg_place *places = bau_arena_zero(arena, ((size_t)n + 1) * sizeof *places);
    fill->datasets = bau_arena_zero(arena, ((size_t)n + 1) * sizeof *fill->datasets);
    fill->side->tables = bau_arena_zero(fill->side->arena, ((size_t)n + 1) * sizeof *fill->side->tables);
    if (!places || !fill->datasets || !fill->side->tables)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    BAU_AUTO_TEXT oids = { 0 };
    bau_text_add(&oids, "{");
    for (uint32_t i = 0; i < n; i++) {
        take_table(fill, rows, (int)i);
        places[i] = (struct pg_place){ fill->datasets[i].native_id, i };
        bau_text_addf(&oids, "%s%" PRIu32, i ? "," : "", fill->datasets[i].native_id);
    }
    bau_text_add(&oids, "}");
    qsort(places, n, sizeof *places, by_oid);
    fill->places = (struct pg_places){ n, places };
    for (uint32_t i = 0; i < n; i++)
        if (!PQgetisnull(rows, (int)i, 8))
            fill->datasets[i].parent = pg_place_of(&fill->places, pg_cell_oid(rows, (int)i, 8));
    fill->catalog->n_datasets = n;
    fill->catalog->datasets = fill->datasets;
    fill->side->n_tables = n;
    fill->oids = oids.failed ? NULL : bau_arena_text(arena, oids.data);
    return fill->failed || !fill->oids ? bau_error_set(err, BAU_E_NOMEM, "catalog") : BAU_OK;
}

static bau_status fill_all(struct bau_side *side, struct bau_catalog *catalog, const PGresult *rows,
                           struct bau_error *err)
{
    struct pg_fill fill = { .side = side, .catalog = catalog };
    PG_AUTO_RESULT *server = NULL;
    BAU_TRY(pg_query(side, side->main, "SELECT current_setting('server_version')", &server, err));
    catalog->store = bau_arena_text(catalog->arena, side->with.store);
    catalog->server = bau_arena_printf(catalog->arena, "PostgreSQL %s", pg_cell(server, 0, 0));
    if (!catalog->store || !catalog->server)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    BAU_TRY(take_tables(&fill, rows, err));
    BAU_TRY(pg_types_load(side, fill.oids, &fill.types, err));
    return pg_fill_catalog(&fill, err);
}

bau_status pg_source_catalog(struct bau_side *side, struct bau_catalog **out, struct bau_error *err)
{
    if (side->main) { /* a second look: a fresh snapshot */
        PQfinish(side->main);
        side->main = NULL;
    }
    BAU_TRY(pg_connect(side, NULL, "coordinator", &side->main, err));
    BAU_TRY(pg_facts(side, side->main, err));
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(pin_stoppable(side, &rows, err));
    struct bau_arena *arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    struct bau_catalog *catalog = arena ? bau_arena_zero(arena, sizeof *catalog) : NULL;
    if (!catalog) {
        bau_arena_free(arena);
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    }
    catalog->arena = arena;
    const bau_status status = fill_all(side, catalog, rows, err);
    if (status != BAU_OK) {
        bau_arena_free(arena);
        return status;
    }
    *out = catalog;
    return BAU_OK;
}
