/* The target before the data: facts and guard, the run lock, debris of dead runs, the shadow and its bare objects. */
#include "target.h"

#include <stdio.h>
#include <string.h>

/* ── state and connections ───────────────────────────────────────────────────────────────────────────────────────── */

struct pg_target *pg_target_of(struct bau_side *side)
{
    if (side->target)
        return side->target;
    struct pg_target *target = bau_alloc(sizeof *target);
    if (!target)
        return NULL;
    target->arena = bau_arena_new(64 * 1024, BAU_ARENA_PLAIN);
    if (!target->arena) {
        bau_free(target);
        return NULL;
    }
    pg_report_init(&target->report, side, NULL);
    side->target = target;
    return target;
}

void pg_target_release(struct bau_side *side)
{
    struct pg_target *target = side->target;
    if (!target)
        return;
    PQfinish(target->load);
    pg_report_release(&target->report);
    json_decref(target->blob);
    bau_arena_free(target->arena);
    bau_free(target);
    side->target = NULL;
}

bool pg_by_schema(const struct bau_side *side)
{
    return side->config->switch_by == PG_SWITCH_SCHEMA;
}

/* The final name is the URI's database. */
static bau_status final_name(struct bau_side *side, struct bau_error *err)
{
    PQconninfoOption *options = PQconninfoParse(bau_secret_text(side->with.uri), NULL);
    const char *name = NULL;
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, "dbname") == 0)
            name = o->val;
    bau_status status = BAU_OK;
    if (!name || !*name)
        status = bau_error_set(err, BAU_E_USAGE, "store %s: the target's address names no database",
                               side->with.store);
    else if (strlen(name) >= PG_NAME_ROOM)
        status =
            bau_error_set(err, BAU_E_USAGE, "store %s: the target's database name is longer than 63 bytes",
                          side->with.store);
    else
        (void)snprintf(side->database, sizeof side->database, "%s", name);
    PQconninfoFree(options);
    return status;
}

static bool passes_on(const struct bau_error *err)
{
    return strcmp(err->sqlstate, "3D000") == 0 || strcmp(err->sqlstate, "42501") == 0 ||
           strcmp(err->sqlstate, "28000") == 0 || err->sqlstate[0] == '\0';
}

static bau_status connect_main(struct bau_side *side, struct bau_error *err)
{
    if (pg_by_schema(side))
        return pg_connect(side, NULL, "target", &side->main, err);
    const char *const places[] = { "postgres", "template1" };
    bau_status status = BAU_E_TARGET;
    for (size_t i = 0; i < BAU_COUNT(places); i++) {
        if (strcmp(side->database, places[i]) == 0)
            continue;
        status = pg_connect(side, places[i], "target", &side->main, err);
        if (status == BAU_OK || !passes_on(err))
            return status;
    }
    return status;
}

bau_status pg_target_main(struct bau_side *side, struct bau_error *err)
{
    if (!pg_target_of(side))
        return bau_error_set(err, BAU_E_NOMEM, "target");
    if (!side->database[0])
        BAU_TRY(final_name(side, err));
    const bool there = side->main && PQstatus(side->main) == CONNECTION_OK;
    if (there && (pg_by_schema(side) || strcmp(PQdb(side->main), side->database) != 0))
        return BAU_OK;
    if (side->target->locked)
        return bau_error_set(err, BAU_E_TARGET, "the connection that held the target's lock is gone");
    PQfinish(side->main);
    side->main = NULL;
    BAU_TRY(connect_main(side, err));
    side->version = PQserverVersion(side->main);
    return pg_exec(side, side->main, "SET statement_timeout = 0",
                   err); /* making and dropping databases takes its time */
}

static uint64_t blob_number(const struct bau_side *side, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(side->target->blob, key));
}

bool pg_public_open(const struct bau_side *side)
{
    return side->config->owner == PG_OWNER_TARGET ? side->version < 150000
                                                  : blob_number(side, "dump_version") < 15;
}

bau_status pg_load_settings(const struct bau_side *side, PGconn *conn, struct bau_error *err)
{
    BAU_AUTO_TEXT sql = { 0 };
    const char *memory = side->config->maintenance_work_mem;
    const char *encoding =
        json_string_value(json_object_get(json_object_get(side->target->blob, "database"), "encoding"));
    char *literal = memory ? PQescapeLiteral(conn, memory, strlen(memory)) : NULL;
    bau_text_addf(
        &sql,
        "SET client_min_messages = error; SET synchronous_commit = off; SET statement_timeout = 0; "
        "SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; "
        "SET default_transaction_read_only = off; SET transaction_read_only = off; "
        "SET check_function_bodies = off; SET row_security = off; SET standard_conforming_strings = on; "
        "SET xmloption = content; SET DateStyle = ISO; SET IntervalStyle = postgres; "
        "SET default_table_access_method = heap; SET max_parallel_maintenance_workers = 0; "
        "SET maintenance_work_mem = %s; SET client_encoding = '%s'; SET search_path = ''",
        literal ? literal : "'16MB'", encoding && strcmp(encoding, "SQL_ASCII") == 0 ? "SQL_ASCII" : "UTF8");
    PQfreemem(literal);
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "settings of a connection");
    BAU_TRY_NOTE(pg_exec(side, conn, sql.data, err), err, "settings of a connection");
    return BAU_OK;
}

/* ── facts and guard ─────────────────────────────────────────────────────────────────────────────────────────────── */

/* Anything of a user's: not of an extension, not of the system. */
static const char *const content_sql =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
    "c.relnamespace "
    "WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN "
    "('r','p','v','m','f','S','c') "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass "
    "AND d.objid = c.oid AND d.deptype = 'e')) OR EXISTS (SELECT FROM pg_catalog.pg_proc p "
    "JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_' "
    "AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d "
    "WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))";

static bau_status is_empty(struct bau_side *side, const struct pg_database *final, bool *out,
                           struct bau_error *err)
{
    PGconn *conn = NULL;
    PG_AUTO_RESULT *result = NULL;
    *out = false;
    if (!final->allows_connections)
        return BAU_OK;
    BAU_TRY(pg_connect(side, side->database, "target", &conn, err));
    const bau_status status = pg_query(side, conn, content_sql, &result, err);
    if (status == BAU_OK)
        *out = PQgetvalue(result, 0, 0)[0] == 'f';
    PQfinish(conn);
    return status;
}

/* What pg_identity would say of the final database, without connecting to it. */
static bau_status identity_of(struct bau_side *side, const char *oid, char *out, size_t room,
                              struct bau_error *err)
{
    PG_AUTO_RESULT *may = NULL, *id = NULL;
    BAU_TRY(pg_query(side, side->main,
                     "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')",
                     &may, err));
    const bool told = PQgetvalue(may, 0, 0)[0] == 't';
    BAU_TRY(pg_query(side, side->main,
                     told ? "SELECT system_identifier FROM pg_catalog.pg_control_system()"
                          : "SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text",
                     &id, err));
    (void)snprintf(out, room, "pg:%s%s:%s", told ? "" : "start-", PQgetvalue(id, 0, 0), oid);
    return BAU_OK;
}

static const struct pg_database *find_database(const struct pg_database *list, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

static void say(const struct bau_side *side, struct bau_target_facts *facts, const struct pg_mark *mark)
{
    char *text = facts->text;
    const size_t room = sizeof facts->text;
    if (facts->same_as_source)
        (void)snprintf(text, room, "Database %s is the source itself.", side->database);
    else if (!facts->exists)
        (void)snprintf(text, room, "Database %s does not exist and will be made.", side->database);
    else if (facts->marked)
        (void)snprintf(text, room, "Database %s carries bauta's mark%s%s.", side->database,
                       mark->there ? " of run " : "", mark->there ? mark->run_id : "");
    else if (facts->empty)
        (void)snprintf(text, room, "Database %s exists and is empty.", side->database);
    else
        (void)snprintf(text, room, "Database %s holds objects and carries no mark of bauta%s.",
                       side->database,
                       side->config->allow_replace ? "; allow_replace lets it be replaced" : "");
}

static bau_status facts_of(struct bau_side *side, const char *source_identity, struct bau_target_facts *out,
                           struct bau_error *err)
{
    BAU_TRY(pg_target_main(side, err));
    struct pg_database *list = NULL;
    uint32_t n = 0;
    char identity[96];
    BAU_TRY(pg_databases(side, side->target->arena, &list, &n, err));
    const struct pg_database *final = find_database(list, n, side->database);
    memset(out, 0, sizeof *out);
    out->exists = final != NULL;
    out->empty = !final;
    if (final) {
        BAU_TRY(identity_of(side, final->oid, identity, sizeof identity, err));
        out->same_as_source = source_identity && strcmp(identity, source_identity) == 0;
        out->marked = final->mark.there;
        if (!out->marked && pg_by_schema(side))
            BAU_TRY(pg_schema_marked(side, &out->marked, err));
        BAU_TRY(is_empty(side, final, &out->empty, err));
    }
    say(side, out, final ? &final->mark : NULL);
    return BAU_OK;
}

bau_status pg_target_facts(struct bau_side *side, const char *source_identity, struct bau_target_facts *out,
                           struct bau_error *err)
{
    return facts_of(side, source_identity, out, err);
}

static bau_status guard(struct bau_side *side, const char *source_identity, struct bau_error *err)
{
    struct bau_target_facts facts;
    BAU_TRY(facts_of(side, source_identity, &facts, err));
    if (facts.same_as_source)
        return bau_error_set(err, BAU_E_REFUSED, "store %s: source and target are the same database, %s",
                             side->with.store, side->database);
    if (facts.exists && !facts.empty && !facts.marked && !side->config->allow_replace)
        return bau_error_set(
            err, BAU_E_REFUSED,
            "store %s: database %s holds objects and was not made by bauta; empty it, name another "
            "database, or set allow_replace: true on the store",
            side->with.store, side->database);
    return BAU_OK;
}

/* What the account needs, asked before anything is done. */
static bau_status may_make(struct bau_side *side, struct bau_error *err)
{
    PG_AUTO_RESULT *result = NULL;
    const char *const values[] = { side->database };
    BAU_TRY(pg_query_params(side, side->main,
                            "SELECT (SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = "
                            "current_user), COALESCE((SELECT pg_catalog.pg_has_role(datdba, 'USAGE') FROM "
                            "pg_catalog.pg_database WHERE datname = $1), true)",
                            1, values, &result, err));
    if (PQgetvalue(result, 0, 0)[0] != 't')
        return bau_error_set(err, BAU_E_TARGET,
                             "store %s: the target's account may not create databases: ALTER ROLE … "
                             "CREATEDB, or set switch: schema on the store",
                             side->with.store);
    if (PQgetvalue(result, 0, 1)[0] != 't')
        return bau_error_set(err, BAU_E_TARGET,
                             "store %s: the target's account does not own database %s and may not "
                             "rename it",
                             side->with.store, side->database);
    return BAU_OK;
}

/* ── lock and debris ─────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status pg_target_lock(struct bau_side *side, struct bau_error *err)
{
    if (side->target->locked)
        return BAU_OK;
    uint64_t key = 14695981039346656037u; /* FNV-1a */
    for (const char *c = "bauta target "; *c; c++)
        key = (key ^ (uint8_t)*c) * 1099511628211u;
    for (const char *c = side->database; *c; c++)
        key = (key ^ (uint8_t)*c) * 1099511628211u;
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, (int64_t)key);
    const char *const values[] = { text };
    PG_AUTO_RESULT *result = NULL;
    /* Not at once: the server may not have noticed yet that the run before us was killed. */
    BAU_TRY(pg_exec(side, side->main, "SET lock_timeout = '5s'", err));
    const bau_status status = pg_query_params(
        side, side->main, "SELECT pg_catalog.pg_advisory_lock($1::bigint)", 1, values, &result, err);
    if (status != BAU_OK && strcmp(err->sqlstate, "55P03") == 0)
        return bau_error_set(err, BAU_E_LOCKED, "store %s: another run is working on database %s",
                             side->with.store, side->database);
    BAU_TRY(status);
    side->target->locked = true;
    return pg_exec(side, side->main, "SET lock_timeout = 0", err);
}

/* We hold the lock, so whatever shadow is there belongs to a run that died: gone on with, or dropped. */
static bau_status drop_debris(struct bau_side *side, struct bau_error *err)
{
    struct pg_database *list = NULL;
    uint32_t n = 0;
    const struct pg_database *kept = NULL;
    BAU_TRY(pg_databases(side, side->target->arena, &list, &n, err));
    BAU_TRY(pg_resume_find(side, list, n, &kept, err));
    if (kept)
        (void)snprintf(side->shadow, sizeof side->shadow, "%s", kept->name);
    for (uint32_t i = 0; i < n; i++) {
        const struct pg_mark *mark = &list[i].mark;
        if (&list[i] == kept || !pg_is_sibling(side->database, "new", list[i].name) ||
            (mark->there && strcmp(mark->role, "shadow") != 0))
            continue;
        BAU_TRY(pg_drop_database(side, list[i].name, err));
        bau_log(BAU_INFO, "shadow database of a dead run dropped", BAU_NAME("database", list[i].name));
    }
    return BAU_OK;
}

bau_status pg_target_prepare(struct bau_side *side, const char *source_identity, struct bau_error *err)
{
    BAU_TRY(guard(side, source_identity, err));
    BAU_TRY(pg_target_lock(side, err));
    if (!pg_by_schema(side)) {
        BAU_TRY(may_make(side, err));
        BAU_TRY(drop_debris(side, err));
    }
    side->prepared = true;
    return BAU_OK;
}

/* ── the shadow ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status make_before_data(struct bau_side *side, const struct bau_target_plan *plan,
                                   struct bau_error *err)
{
    const struct pg_script *script = &side->target->script;
    uint64_t total = 0, done = 0;
    for (uint32_t i = 0; i < script->n; i++)
        total += script->entries[i].section == PG_SECTION_PRE;
    for (uint32_t i = 0; i < script->n; i++) {
        const struct pg_entry *entry = &script->entries[i];
        if (entry->section != PG_SECTION_PRE)
            continue;
        if (plan->watch.stopped && plan->watch.stopped(plan->watch.self))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped while making the schema");
        BAU_TRY(pg_make_entry(side, side->target->load, entry, NULL, false, NULL, err));
        if (pg_by_schema(side) && strcmp(entry->type, "SCHEMA") == 0)
            BAU_TRY(pg_schema_made(side, entry->name, err));
        if (plan->watch.step)
            plan->watch.step(plan->watch.self, "schema", entry->name, ++done, total);
    }
    return BAU_OK;
}

bau_status pg_make_bare(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
{
    BAU_TRY(make_before_data(side, plan, err));
    BAU_TRY(pg_report_status(&side->target->report, err));
    BAU_TRY(pg_target_map_types(side, side->target->load, err));
    BAU_TRY(pg_large_begin(side, err));
    return pg_report_status(&side->target->report, err);
}

/* The new database's schema public as the script expects to find it. */
static bau_status settle_public(struct bau_side *side, struct bau_error *err)
{
    const bool open = pg_public_open(side);
    if (open == (side->version < 150000))
        return BAU_OK;
    const struct pg_entry entry = { .type = "ACL",
                                    .name = "SCHEMA public",
                                    .settings = "",
                                    .sql = open ? "GRANT CREATE ON SCHEMA public TO PUBLIC"
                                                : "REVOKE CREATE ON SCHEMA public FROM PUBLIC" };
    return pg_make_entry(side, side->target->load, &entry, NULL, false, NULL, err);
}

static bau_status make_shadow(struct bau_side *side, const struct bau_target_plan *plan,
                              struct bau_error *err)
{
    struct pg_target *target = side->target;
    bool done = false;
    if (target->again.resumed)
        return pg_resume_begin(side, plan, err);
    BAU_TRY(pg_update_begin(side, plan, &done, err));
    if (done)
        return BAU_OK;
    pg_sibling(side->database, "new", side->with.run_id, side->shadow);
    BAU_TRY(pg_create_shadow(side, err));
    BAU_TRY(pg_connect(side, side->shadow, "schema", &target->load, err));
    BAU_TRY(pg_load_settings(side, target->load, err));
    BAU_TRY(settle_public(side, err));
    BAU_TRY(pg_make_bare(side, plan, err));
    return pg_record_begin(side, err);
}

static bau_status make_all(struct bau_side *side, const struct bau_target_plan *plan, bool older,
                           struct bau_error *err)
{
    BAU_TRY(pg_prepare_roles(side, side->main, err));
    BAU_TRY(pg_report_status(&side->target->report, err));
    BAU_TRY(pg_by_schema(side) ? pg_schema_begin(side, plan, err) : make_shadow(side, plan, err));
    if (!older || side->target->again.resumed)
        return BAU_OK;
    BAU_TRY(pg_target_rehearse(side, plan, err));
    return pg_report_status(&side->target->report, err);
}

bau_status pg_target_begin(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
{
    if (!side->prepared)
        return bau_error_set(err, BAU_E_BUG, "begin before prepare");
    BAU_TRY(pg_target_load(side, plan, err));
    side->target->report.waive = plan->waive;
    const uint64_t ours = (uint64_t)side->version / 10000,
                   source = blob_number(side, "server_version") / 10000,
                   dump = blob_number(side, "dump_version");
    if (source > ours)
        bau_log(BAU_WARN, "the target's server is older than the source's", BAU_U64("source", source),
                BAU_U64("target", ours));
    if (dump < ours)
        bau_log(BAU_WARN,
                "pg_dump is older than the target's server: privileges that are new there are not kept apart",
                BAU_U64("pg_dump", dump), BAU_U64("target", ours));
    const bau_status status = make_all(side, plan, source > ours, err);
    if (status == BAU_E_VERIFY && source > ours)
        bau_error_note(err, "the target's server is PostgreSQL %" PRIu64 ", older than the source's %" PRIu64,
                       ours, source);
    return status;
}
