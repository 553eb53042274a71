/* switch: schema, for accounts that may not create databases. One transaction on one connection in the target database:
 * each schema that the source has is renamed to <schema>__bauta_prev (an older one of that name goes), made anew, filled
 * and finished; its COMMIT is the switch. Extensions of a renamed schema are moved to the new one. Each new schema carries
 * the mark at the end of its comment, because the account need not own the database. */
#include "target.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

uint32_t pg_target_max_lanes(struct bau_side *side)
{
    return pg_by_schema(side) ? 1 : 0;
}

const char *pg_target_promises(struct bau_side *side)
{
    if (!pg_by_schema(side))
        return NULL;
    return "switch: schema replaces schemas inside the target database, in one long transaction on one "
           "connection. It "
           "does not carry event triggers, publications, subscriptions or settings of the database; "
           "extensions, foreign "
           "servers and languages that are there stay as they are, and only a superuser can replace a schema "
           "that an "
           "extension lies in; objects of other schemas that depend on a replaced "
           "one stay with the previous one and go with it; the comment of each schema ends with bauta's "
           "mark.";
}

/* "<schema>__bauta_prev", cut like a sibling database's name: here the run id's place is empty. */
static void previous_name(const char *schema, char out[PG_NAME_ROOM])
{
    static const char tail[] = "__bauta_prev";
    const size_t room = PG_NAME_ROOM - 1 - (sizeof tail - 1);
    size_t n = strlen(schema);
    if (n <= room) {
        (void)snprintf(out, PG_NAME_ROOM, "%.*s%s", (int)n, schema, tail);
        return;
    }
    uint32_t h = 2166136261u; /* FNV-1a: names that are alike up to the cut stay apart */
    for (const char *c = schema; *c; c++)
        h = (h ^ (uint8_t)*c) * 16777619u;
    n = room - 9;
    while (n > 0 && ((uint8_t)schema[n] & 0xC0u) == 0x80u)
        n--;
    (void)snprintf(out, PG_NAME_ROOM, "%.*s_%08" PRIx32 "%s", (int)n, schema, h, tail);
}

static bau_status run(struct bau_side *side, const char *sql, struct bau_error *err)
{
    return sql ? pg_exec(side, side->target->load, sql, err)
               : bau_error_set(err, BAU_E_NOMEM, "switch: schema");
}

static bau_status exists(struct bau_side *side, const char *schema, bool *out, struct bau_error *err)
{
    const char *const values[] = { schema };
    PG_AUTO_RESULT *result = NULL;
    BAU_TRY(pg_query_params(side, side->target->load,
                            "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", 1, values, &result,
                            err));
    *out = PQntuples(result) == 1;
    return BAU_OK;
}

/* Moves the extensions of one schema to another. */
static bau_status move_extensions(struct bau_side *side, const char *from, const char *to,
                                  struct bau_error *err)
{
    struct bau_arena *arena = side->target->arena;
    const char *const values[] = { from };
    PG_AUTO_RESULT *result = NULL;
    BAU_TRY(pg_query_params(
        side, side->target->load,
        "SELECT e.extname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = "
        "e.extnamespace WHERE n.nspname = $1",
        1, values, &result, err));
    for (int i = 0; i < PQntuples(result); i++) {
        const char *name = pg_quote(arena, PQgetvalue(result, i, 0));
        const bau_status status =
            run(side, bau_arena_printf(arena, "ALTER EXTENSION %s SET SCHEMA %s", name, pg_quote(arena, to)),
                err);
        if (status != BAU_OK && strcmp(err->sqlstate, "42501") == 0)
            return bau_error_set(
                err, BAU_E_TARGET,
                "extension %s lies in schema %s, which is being replaced, and the account may not move "
                "it (SQLSTATE 42501): only a superuser can replace that schema",
                name, to);
        BAU_TRY_NOTE(status, err, "extension %s", name);
    }
    return BAU_OK;
}

/* The schemas of the script, each once; "public" too when something lies in it. */
static bau_status source_schemas(struct bau_side *side, const char ***out, uint32_t *out_n,
                                 struct bau_error *err)
{
    const struct pg_script *script = &side->target->script;
    const char **list = bau_arena_take(side->target->arena, (2 * (size_t)script->n + 1) * sizeof *list);
    uint32_t n = 0;
    if (!list)
        return bau_error_set(err, BAU_E_NOMEM, "switch: schema");
    for (uint32_t i = 0; i < script->n; i++) {
        const struct pg_entry *entry = &script->entries[i];
        const char *name = strcmp(entry->type, "SCHEMA") == 0 ? entry->name : entry->schema;
        bool known = !name || strncmp(name, "pg_", 3) == 0 || strcmp(name, "information_schema") == 0;
        for (uint32_t k = 0; k < n && !known; k++)
            known = strcmp(list[k], name) == 0;
        if (!known)
            list[n++] = name;
    }
    *out = list;
    *out_n = n;
    return BAU_OK;
}

static bau_status make_public(struct bau_side *side, struct bau_error *err)
{
    return run(side,
               pg_public_open(side) ? "CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC"
                                    : "CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC",
               err);
}

bau_status pg_schema_made(struct bau_side *side, const char *schema, struct bau_error *err)
{
    char previous[PG_NAME_ROOM];
    previous_name(schema, previous);
    return move_extensions(side, previous, schema, err);
}

/* Out of the way with the old one. pg_dump's text makes every schema but public. */
static bau_status set_aside(struct bau_side *side, const char *schema, struct bau_error *err)
{
    struct bau_arena *arena = side->target->arena;
    char previous[PG_NAME_ROOM];
    bool there = false;
    const bool is_public = strcmp(schema, "public") == 0;
    BAU_TRY(exists(side, schema, &there, err));
    if (there) {
        previous_name(schema, previous);
        BAU_TRY(run(side,
                    bau_arena_printf(arena, "DROP SCHEMA IF EXISTS %s CASCADE; ALTER SCHEMA %s RENAME TO %s",
                                     pg_quote(arena, previous), pg_quote(arena, schema),
                                     pg_quote(arena, previous)),
                    err));
    }
    if (!is_public)
        return BAU_OK;
    BAU_TRY(make_public(side, err));
    return pg_schema_made(side, schema, err);
}

bau_status pg_schema_begin(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
{
    struct pg_target *target = side->target;
    const char **schemas = NULL;
    uint32_t n = 0;
    BAU_TRY(source_schemas(side, &schemas, &n, err));
    BAU_TRY(pg_connect(side, NULL, "schema", &target->load, err));
    BAU_TRY(pg_load_settings(side, target->load, err));
    BAU_TRY(run(side, "BEGIN", err));
    target->in_transaction = true;
    for (uint32_t i = 0; i < n; i++)
        BAU_TRY_NOTE(set_aside(side, schemas[i], err), err, "schema %s", schemas[i]);
    return pg_make_bare(side, plan, err);
}

static bau_status mark_schema(struct bau_side *side, const char *schema, struct bau_error *err)
{
    PGconn *conn = side->target->load;
    const char *const values[] = { schema };
    PG_AUTO_RESULT *result = NULL;
    BAU_AUTO_TEXT comment = { 0 };
    BAU_TRY(pg_query_params(
        side, conn,
        "SELECT pg_catalog.obj_description(oid, 'pg_namespace') FROM pg_catalog.pg_namespace WHERE "
        "nspname = $1",
        1, values, &result, err));
    if (PQntuples(result) == 0)
        return BAU_OK;
    const char *old = PQgetvalue(result, 0, 0);
    const size_t n = pg_comment_len(old);
    bau_text_addn(&comment, old, n);
    bau_text_addf(&comment, "%s[bauta %.16s current %" PRIu64 "]", n ? "\n" : "", side->with.run_id,
                  (uint64_t)time(NULL));
    char *literal = comment.failed ? NULL : PQescapeLiteral(conn, comment.data, comment.len);
    if (!literal)
        return bau_error_set(err, BAU_E_NOMEM, "switch: schema");
    const bau_status status = run(side,
                                  bau_arena_printf(side->target->arena, "COMMENT ON SCHEMA %s IS %s",
                                                   pg_quote(side->target->arena, schema), literal),
                                  err);
    PQfreemem(literal);
    return status;
}

static const char *const marked_sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE "
                                      "pg_catalog.obj_description(oid, 'pg_namespace') ~ "
                                      "'\\[bauta [0-9a-f]{16} current [0-9]+\\]$')";

bau_status pg_schema_marked(struct bau_side *side, bool *out, struct bau_error *err)
{
    PG_AUTO_RESULT *result = NULL;
    BAU_TRY(pg_query(side, side->main, marked_sql, &result, err));
    *out = PQgetvalue(result, 0, 0)[0] == 't';
    return BAU_OK;
}

/* The answer to COMMIT was lost: this run's mark tells. */
static bool committed(struct bau_side *side)
{
    struct bau_error err;
    PGconn *conn = NULL;
    PG_AUTO_RESULT *result = NULL;
    bool done = false;
    char pattern[40];
    (void)snprintf(pattern, sizeof pattern, "%%[bauta %.16s current %%", side->with.run_id);
    const char *const values[] = { pattern };
    if (pg_connect(side, NULL, "switch", &conn, &err) != BAU_OK)
        return false;
    if (pg_query_params(side, conn,
                        "SELECT FROM pg_catalog.pg_namespace WHERE pg_catalog.obj_description(oid, "
                        "'pg_namespace') LIKE $1",
                        1, values, &result, &err) == BAU_OK)
        done = PQntuples(result) > 0;
    PQfinish(conn);
    return done;
}

bau_status pg_schema_switch(struct bau_side *side, struct bau_error *err)
{
    struct pg_target *target = side->target;
    const char **schemas = NULL;
    uint32_t n = 0;
    BAU_TRY(source_schemas(side, &schemas, &n, err));
    for (uint32_t i = 0; i < n; i++) {
        char previous[PG_NAME_ROOM];
        BAU_TRY(mark_schema(side, schemas[i], err));
        previous_name(schemas[i], previous);
        if (side->config->keep_previous == 0)
            BAU_TRY(run(side,
                        bau_arena_printf(target->arena, "DROP SCHEMA IF EXISTS %s CASCADE",
                                         pg_quote(target->arena, previous)),
                        err));
    }
    const bau_status status = run(side, "COMMIT", err);
    if (status != BAU_OK && (PQstatus(target->load) == CONNECTION_OK || !committed(side)))
        return status;
    target->in_transaction = false;
    side->switched = true;
    PQfinish(target->load);
    target->load = NULL;
    bau_log(BAU_INFO, "switched", BAU_NAME("database", side->database), BAU_U64("schemas", n));
    return BAU_OK;
}

/* ── the way back ────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status swap_schema(struct bau_side *side, const char *schema, const char *previous,
                              struct bau_error *err)
{
    struct bau_arena *arena = side->target->arena;
    const char *now = pg_quote(arena, schema), *before = pg_quote(arena, previous);
    BAU_TRY(run(side,
                bau_arena_printf(arena,
                                 "ALTER SCHEMA %s RENAME TO \"bauta__aside\"; ALTER SCHEMA %s RENAME TO %s; "
                                 "ALTER SCHEMA \"bauta__aside\" RENAME TO %s",
                                 now, before, now, before),
                err));
    return move_extensions(side, previous, schema, err);
}

static bau_status swap_all(struct bau_side *side, struct bau_error *err)
{
    PG_AUTO_RESULT *result = NULL;
    uint32_t n_swapped = 0;
    BAU_TRY(run(side, "BEGIN", err));
    BAU_TRY(pg_query(side, side->target->load,
                     "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'", &result, err));
    for (int i = 0; i < PQntuples(result); i++) {
        char previous[PG_NAME_ROOM];
        bool there = false;
        previous_name(PQgetvalue(result, i, 0), previous);
        BAU_TRY(exists(side, previous, &there, err));
        if (!there)
            continue;
        BAU_TRY_NOTE(swap_schema(side, PQgetvalue(result, i, 0), previous, err), err, "schema %s",
                     PQgetvalue(result, i, 0));
        n_swapped++;
    }
    if (n_swapped == 0)
        return bau_error_set(err, BAU_E_USAGE, "database %s has no previous schemas to go back to",
                             side->database);
    return run(side, "COMMIT", err);
}

bau_status pg_schema_rollback(struct bau_side *side, struct bau_error *err)
{
    struct pg_target *target = side->target;
    BAU_TRY(pg_connect(side, NULL, "rollback", &target->load, err));
    const bau_status status = swap_all(side, err);
    PQfinish(target->load); /* without COMMIT the server takes everything back */
    target->load = NULL;
    return status;
}
