/* What outlives a run that dies while it restores, and going on with it.
 *
 * The shadow holds a record in a schema of bauta's own: what is being restored, and the parts whose rows are there, each
 * written in the transaction of the part's COPY. It is made when every object that comes before the data is there, and goes
 * before event triggers come. From then on the shadow's mark says "ready <id>": only the switch was left. A shadow without
 * either died too early, or in between: it is made anew.
 *
 * Objects that come after the data need no record: each is made by one implicit transaction, so it is there or it is not, and
 * making what is there again fails in a way that tells so.
 *
 * Tables without WAL are emptied when the server recovers from a crash, so their parts are never recorded. */
#include "target.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACE "\"bauta loading\""
#define READY "ready "

enum { ID_HEX = 32, GONE_POLL_MS = 100, GONE_POLLS = 100 };

/* Half of the digest is plenty to tell two contents apart. */
static void id_text(const struct bau_content *content, char out[ID_HEX + 1])
{
    for (size_t i = 0; i < ID_HEX / 2; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", content->id[i]);
}

bau_status pg_target_content(struct bau_side *side, const struct bau_content *content, struct bau_error *err)
{
    struct pg_target *target = pg_target_of(side);
    if (!target)
        return bau_error_set(err, BAU_E_NOMEM, "target");
    if (!pg_by_schema(side))
        target->content = content;
    else if (content->again != BAU_ANEW)
        bau_log(BAU_WARN, "switch: schema is one transaction, of which nothing is left; all of it is loaded",
                BAU_NAME("store", side->with.store));
    return BAU_OK;
}

/* ── finding it ──────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A server process whose client died may still be about to commit: nothing is believed before they are gone. */
static bau_status end_all(struct bau_side *side, const char *database, struct bau_error *err)
{
    const char *const values[] = { database };
    for (int i = 0; i < GONE_POLLS; i++) {
        PG_AUTO_RESULT *result = NULL;
        pg_end_sessions(side, side->main, database);
        BAU_TRY(pg_query_params(side, side->main,
                                "SELECT FROM pg_catalog.pg_stat_activity WHERE datname = $1 LIMIT 1", 1,
                                values, &result, err));
        if (PQntuples(result) == 0)
            return BAU_OK;
        (void)poll(NULL, 0, GONE_POLL_MS);
    }
    return bau_error_set(err, BAU_E_TARGET, "database %s: sessions of the run that died could not be ended",
                         database);
}

struct found {
    bool there, same;
    char *name; /* of its content, arena */
};

static bau_status read_state(struct bau_side *side, PGconn *conn, const char *id, struct found *out,
                             struct bau_error *err)
{
    PG_AUTO_RESULT *there = NULL, *state = NULL;
    BAU_TRY(
        pg_query(side, conn, "SELECT pg_catalog.to_regclass('" SPACE ".state') IS NOT NULL", &there, err));
    if (PQgetvalue(there, 0, 0)[0] != 't')
        return BAU_OK;
    BAU_TRY(pg_query(side, conn, "SELECT id, name FROM " SPACE ".state", &state, err));
    out->there = PQntuples(state) == 1;
    if (!out->there)
        return BAU_OK;
    out->same = strcmp(PQgetvalue(state, 0, 0), id) == 0;
    out->name = bau_arena_text(side->target->arena, PQgetvalue(state, 0, 1));
    return out->name ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "record of the shadow");
}

/* "ready <id> <name>", or the record inside. */
static bau_status look(struct bau_side *side, const struct pg_database *database, const char *id,
                       struct found *out, bool *out_ready, struct bau_error *err)
{
    const char *content = database->mark.content;
    PGconn *conn = NULL;
    *out = (struct found){ 0 };
    BAU_TRY(end_all(side, database->name, err));
    *out_ready = content && strncmp(content, READY, sizeof READY - 1) == 0;
    if (*out_ready) {
        content += sizeof READY - 1;
        const size_t n = strcspn(content, " ");
        out->there = true;
        out->same = n == ID_HEX && strncmp(content, id, ID_HEX) == 0;
        out->name = bau_arena_text(side->target->arena, content + n + (content[n] != '\0'));
        return out->name ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "record of the shadow");
    }
    BAU_TRY(pg_connect(side, database->name, "resume", &conn, err));
    const bau_status status = read_state(side, conn, id, out, err);
    PQfinish(conn);
    return status;
}

bau_status pg_resume_find(struct bau_side *side, const struct pg_database *list, uint32_t n,
                          const struct pg_database **out, struct bau_error *err)
{
    const struct bau_content *content = side->target->content;
    char id[ID_HEX + 1];
    *out = NULL;
    if (!content || content->again != BAU_RESUME)
        return BAU_OK;
    id_text(content, id);
    for (uint32_t i = 0; i < n; i++) {
        const struct pg_mark *mark = &list[i].mark;
        struct found found;
        bool ready;
        if (!pg_is_sibling(side->database, "new", list[i].name) || !mark->there ||
            strcmp(mark->role, "shadow") != 0)
            continue;
        BAU_TRY_NOTE(look(side, &list[i], id, &found, &ready, err), err, "database %s", list[i].name);
        if (!found.there) {
            bau_log(BAU_WARN, "the run that died left nothing to go on with; all of it is loaded",
                    BAU_NAME("database", list[i].name));
            continue;
        }
        if (!found.same)
            return bau_error_set(err, BAU_E_REFUSED,
                                 "store %s: the interrupted restore was of archive %s%s: name that archive, "
                                 "subset and settings "
                                 "to go on with it, or run without --resume to start anew",
                                 side->with.store, found.name,
                                 strcmp(found.name, content->name) == 0
                                     ? " with another subset or other settings of the project file"
                                     : ", this one is of another");
        *out = &list[i];
        side->target->again = (struct pg_again){ .resumed = true, .ready = ready };
        return BAU_OK;
    }
    bau_log(BAU_INFO, "nothing to resume, all of it is loaded", BAU_NAME("store", side->with.store));
    return BAU_OK;
}

/* ── going on ────────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status pg_add_there(struct bau_side *side, uint32_t dataset, uint32_t number, uint64_t rows,
                        uint32_t room, struct bau_error *err)
{
    struct pg_again *again = &side->target->again;
    if (!again->there)
        again->there = bau_arena_take(side->target->arena, ((size_t)room + 1) * sizeof *again->there);
    if (!again->there)
        return bau_error_set(err, BAU_E_NOMEM, "record of the shadow");
    again->there[again->n_there++] = (struct pg_there){ dataset, number, rows };
    return BAU_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct pg_there *x = a, *y = b;
    if (x->dataset != y->dataset)
        return x->dataset < y->dataset ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

void pg_sort_there(struct bau_side *side)
{
    struct pg_again *again = &side->target->again;
    if (again->n_there)
        qsort(again->there, again->n_there, sizeof *again->there, by_place);
}

static bau_status read_parts(struct bau_side *side, struct bau_error *err)
{
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(pg_query(side, side->target->load,
                     "SELECT dataset, number, rows FROM " SPACE ".parts ORDER BY dataset, number", &rows,
                     err));
    const int n = PQntuples(rows);
    for (int i = 0; i < n; i++)
        BAU_TRY(pg_add_there(side, (uint32_t)strtoul(PQgetvalue(rows, i, 0), NULL, 10),
                             (uint32_t)strtoul(PQgetvalue(rows, i, 1), NULL, 10),
                             strtoull(PQgetvalue(rows, i, 2), NULL, 10), (uint32_t)n, err));
    return BAU_OK;
}

/* A ready shadow has no record any more: every part is there, and the first of each table counts all its rows. */
static bau_status count_rows(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
{
    const struct bau_parts *parts = plan->parts;
    for (uint32_t i = 0; i < parts->n; i++) {
        const struct bau_part *part = &parts->at[i];
        const struct pg_table *table = &side->tables[part->dataset];
        PG_AUTO_RESULT *result = NULL;
        BAU_AUTO_TEXT sql = { 0 };
        uint64_t rows = 0;
        const bool asked =
            part->number == 0 && !pg_target_lacks(side, &plan->catalog->datasets[part->dataset]);
        if (asked && table->kind == PG_LARGE_OBJECTS)
            bau_text_add(&sql, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata");
        else if (asked)
            bau_text_addf(&sql, "SELECT pg_catalog.count(*) FROM ONLY %s", table->ident);
        if (sql.failed)
            return bau_error_set(err, BAU_E_NOMEM, "rows of the shadow");
        if (asked) {
            BAU_TRY(pg_query(side, side->target->load, sql.data, &result, err));
            rows = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
        }
        BAU_TRY(pg_add_there(side, part->dataset, part->number, rows, parts->n, err));
    }
    pg_sort_there(side);
    return BAU_OK;
}

/* What the run that died could not make and the project file waives takes no rows in this one either. */
bau_status pg_report_missing(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
{
    const struct bau_catalog *catalog = plan->catalog;
    for (uint32_t i = 0; i < catalog->n_datasets; i++) {
        const char *const values[] = { side->tables[i].ident };
        PG_AUTO_RESULT *result = NULL;
        if (catalog->datasets[i].kind != BAU_DATASET_ROWS || side->tables[i].kind == PG_LARGE_OBJECTS)
            continue;
        BAU_TRY(pg_query_params(side, side->target->load, "SELECT pg_catalog.to_regclass($1) IS NULL", 1,
                                values, &result, err));
        if (PQgetvalue(result, 0, 0)[0] == 't')
            pg_report_add(&side->target->report, "TABLE", catalog->datasets[i].name, "42P01",
                          "it is not in what was loaded before");
    }
    return pg_report_status(&side->target->report, err);
}

static bau_status empty_unlogged(struct bau_side *side, const struct bau_target_plan *plan,
                                 struct bau_error *err)
{
    for (uint32_t i = 0; i < side->n_tables; i++) {
        const struct pg_table *table = &side->tables[i];
        BAU_AUTO_TEXT sql = { 0 };
        if (!table->unlogged || plan->catalog->datasets[i].kind != BAU_DATASET_ROWS ||
            pg_target_lacks(side, &plan->catalog->datasets[i]))
            continue;
        bau_text_addf(&sql, "TRUNCATE ONLY %s", table->ident);
        if (sql.failed)
            return bau_error_set(err, BAU_E_NOMEM, "record of the shadow");
        BAU_TRY(pg_exec(side, side->target->load, sql.data, err));
    }
    return BAU_OK;
}

bau_status pg_resume_begin(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
{
    struct pg_target *target = side->target;
    target->made_shadow = true;
    BAU_TRY(pg_connect(side, side->shadow, "schema", &target->load, err));
    BAU_TRY(pg_load_settings(side, target->load, err));
    BAU_TRY(pg_report_missing(side, plan, err));
    BAU_TRY(pg_target_map_types(side, target->load, err));
    BAU_TRY(pg_report_status(&target->report, err));
    if (target->again.ready)
        return count_rows(side, plan, err);
    target->again.recorded = true;
    BAU_TRY(read_parts(side, err));
    return empty_unlogged(side, plan, err);
}

bool pg_target_has(struct bau_side *side, const struct bau_part *part, uint64_t *out_rows)
{
    const struct pg_again *again = &side->target->again;
    const struct pg_there key = { part->dataset, part->number, 0 };
    const struct pg_there *found =
        again->n_there ? bsearch(&key, again->there, again->n_there, sizeof key, by_place) : NULL;
    if (found)
        *out_rows = found->rows;
    return found != NULL;
}

bool pg_made_before(const struct bau_side *side, const struct pg_entry *entry, const char *sqlstate)
{
    static const char *const there[] = { "42P07", "42710", "42P06", "42723" };
    if (!side->target->again.resumed)
        return false;
    for (size_t i = 0; i < BAU_COUNT(there); i++)
        if (strcmp(there[i], sqlstate) == 0)
            return true;
    return strcmp(sqlstate, "42P16") == 0 && strcmp(entry->type, "CONSTRAINT") == 0; /* two primary keys */
}

/* ── the record ──────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status pg_record_begin(struct bau_side *side, struct bau_error *err)
{
    struct pg_target *target = side->target;
    char id[ID_HEX + 1];
    BAU_AUTO_TEXT sql = { 0 };
    if (!target->content)
        return BAU_OK;
    id_text(target->content, id);
    bau_text_addf(
        &sql,
        "CREATE SCHEMA " SPACE "; CREATE TABLE " SPACE
        ".parts (dataset pg_catalog.int8, number pg_catalog.int8, rows pg_catalog.int8, PRIMARY KEY "
        "(dataset, number)); CREATE TABLE " SPACE
        ".state (id pg_catalog.text, name pg_catalog.text); INSERT INTO " SPACE ".state VALUES ('%s', '%s')",
        id, target->content->name);
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "record of parts");
    BAU_TRY_NOTE(pg_exec(side, target->load, sql.data, err), err, "record of parts");
    target->again.recorded = true;
    return BAU_OK;
}

bau_status pg_record_part(const struct bau_side *side, PGconn *conn, const struct bau_part *part,
                          uint64_t rows, struct bau_error *err)
{
    char sql[256];
    if (!side->target->again.recorded || side->tables[part->dataset].unlogged)
        return BAU_OK;
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO " SPACE ".parts VALUES (%" PRIu32 ", %" PRIu32 ", %" PRIu64
                   ") ON CONFLICT (dataset, number) DO UPDATE SET rows = excluded.rows",
                   part->dataset, part->number, rows);
    return pg_exec(side, conn, sql, err);
}

bau_status pg_record_end(struct bau_side *side, struct bau_error *err)
{
    if (!side->target->again.recorded)
        return BAU_OK;
    BAU_TRY_NOTE(pg_exec(side, side->target->load, "DROP SCHEMA " SPACE " CASCADE", err), err,
                 "record of parts");
    side->target->again.recorded = false;
    return BAU_OK;
}

bau_status pg_record_ready(struct bau_side *side, struct bau_error *err)
{
    const struct bau_content *content = side->target->content;
    BAU_AUTO_TEXT sql = { 0 };
    char id[ID_HEX + 1];
    if (!content)
        return BAU_OK;
    id_text(content, id);
    const char *text = bau_arena_printf(side->target->arena, READY "%s %s", id, content->name);
    if (!text)
        return bau_error_set(err, BAU_E_NOMEM, "mark of the database");
    const struct pg_mark mark = pg_mark_now(side->with.run_id, "shadow", text);
    BAU_TRY(pg_mark_sql(side, side->shadow, side->shadow, &mark, &sql, err));
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "mark of the database");
    BAU_TRY(pg_exec(side, side->main, sql.data, err));
    side->target->again.ready = true;
    return BAU_OK;
}

bool pg_target_leave(struct bau_side *side)
{
    struct pg_target *target = side->target;
    if (!target || !target->made_shadow || side->switched || !(target->again.recorded || target->again.ready))
        return false;
    PQfinish(target->load);
    target->load = NULL;
    target->made_shadow = false;
    bau_log(BAU_INFO, "shadow database left for --resume", BAU_NAME("database", side->shadow));
    return true;
}
