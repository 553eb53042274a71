/* Large objects on the target. While rows travel they lie in a table of their own (loid, data), which the writer fills like any
 * other; then objects with the same OIDs are made of them, in the shadow, and the table goes.
 *
 * Owner, privileges and comment: the usual ones (the owner of the database, none, none) are set for all at once, the others
 * come one by one from the schema text. */
#include "target.h"

#include <string.h>

enum { OBJECTS_A_STATEMENT = 1000 };

static bool carried(const struct bau_side *side)
{
    for (uint32_t i = 0; i < side->n_tables; i++)
        if (side->tables[i].kind == PG_LARGE_OBJECTS)
            return true;
    return false;
}

bau_status pg_large_begin(struct bau_side *side, struct bau_error *err)
{
    if (!carried(side))
        return BAU_OK;
    BAU_TRY_NOTE(pg_exec(side, side->target->load,
                         "CREATE SCHEMA " PG_LARGE_OBJECTS_SPACE "; CREATE TABLE " PG_LARGE_OBJECTS_TABLE
                         " (loid pg_catalog.oid PRIMARY KEY, data pg_catalog.bytea)",
                         err),
                 err, "table of large objects");
    return BAU_OK;
}

static bau_status count(struct bau_side *side, uint64_t *out, struct bau_error *err)
{
    PG_AUTO_RESULT *result = NULL;
    BAU_TRY(pg_query(side, side->target->load, "SELECT pg_catalog.count(*) FROM " PG_LARGE_OBJECTS_TABLE,
                     &result, err));
    *out = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    return BAU_OK;
}

/* Objects after `from`, OBJECTS_A_STATEMENT at a time: `what` is an expression over loid and data. */
static bau_status each(struct bau_side *side, const struct bau_target_plan *plan, const char *what,
                       uint64_t total, struct bau_error *err)
{
    uint64_t from = 0, done = 0;
    while (done < total) {
        PG_AUTO_RESULT *result = NULL;
        BAU_AUTO_TEXT sql = { 0 };
        bau_text_addf(&sql,
                      "SELECT pg_catalog.count(*), pg_catalog.max(x.loid) FROM (SELECT loid, %s "
                      "FROM " PG_LARGE_OBJECTS_TABLE " WHERE loid > %" PRIu64 " ORDER BY loid LIMIT %d) x",
                      what, from, OBJECTS_A_STATEMENT);
        if (sql.failed)
            return bau_error_set(err, BAU_E_NOMEM, "large objects");
        if (plan->watch.stopped && plan->watch.stopped(plan->watch.self))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped while making large objects");
        BAU_TRY_NOTE(pg_query(side, side->target->load, sql.data, &result, err), err, "large objects");
        const uint64_t n = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
        if (n == 0)
            return bau_error_set(err, BAU_E_BUG, "large objects got fewer while they were made");
        from = strtoull(PQgetvalue(result, 0, 1), NULL, 10);
        done += n;
        if (plan->watch.step)
            plan->watch.step(plan->watch.self, "large objects", NULL, done, total);
    }
    return BAU_OK;
}

/* The names of roles are the source's; making the entry maps them by the owner policy. */
static bau_status run(struct bau_side *side, const char *sql, uint64_t oid, struct bau_error *err)
{
    char name[24];
    (void)snprintf(name, sizeof name, "%" PRIu64, oid);
    const struct pg_entry entry = { .type = "LARGE OBJECT", .name = name, .settings = "", .sql = sql };
    return pg_make_entry(side, side->target->load, &entry, NULL, false, NULL, err);
}

/* `role` quoted. */
static bau_status own_all(struct bau_side *side, const char *role, struct bau_error *err)
{
    BAU_AUTO_TEXT sql = { 0 };
    PGconn *conn = side->target->load;
    char *ident = PQescapeIdentifier(conn, role, strlen(role));
    char *literal = ident ? PQescapeLiteral(conn, ident, strlen(ident)) : NULL;
    bau_text_addf(
        &sql,
        "DO $bauta$ DECLARE n pg_catalog.oid; BEGIN FOR n IN SELECT loid FROM " PG_LARGE_OBJECTS_TABLE
        " LOOP EXECUTE pg_catalog.format('ALTER LARGE OBJECT %%s OWNER TO %%s', n, %s); END LOOP; END "
        "$bauta$",
        literal ? literal : "");
    PQfreemem(literal);
    PQfreemem(ident);
    if (sql.failed || !literal)
        return bau_error_set(err, BAU_E_NOMEM, "large objects");
    BAU_TRY_NOTE(pg_exec(side, conn, sql.data, err), err, "owner of the large objects");
    return BAU_OK;
}

static bau_status grants(struct bau_side *side, const json_t *row, uint64_t oid, struct bau_error *err)
{
    size_t i;
    json_t *one;
    PGconn *conn = side->target->load;
    json_array_foreach(json_object_get(row, "acl"), i, one)
    {
        const char *grantee = json_string_value(json_object_get(one, "grantee"));
        const char *privilege = json_string_value(json_object_get(one, "privilege"));
        const bool select = privilege && strcmp(privilege, "SELECT") == 0;
        BAU_AUTO_TEXT sql = { 0 };
        if (!select && (!privilege || strcmp(privilege, "UPDATE") != 0))
            continue;
        char *ident = grantee ? PQescapeIdentifier(conn, grantee, strlen(grantee)) : NULL;
        bau_text_addf(&sql, "GRANT %s ON LARGE OBJECT %" PRIu64 " TO %s%s", select ? "SELECT" : "UPDATE", oid,
                      ident ? ident : "PUBLIC",
                      json_is_true(json_object_get(one, "grantable")) ? " WITH GRANT OPTION;" : ";");
        PQfreemem(ident);
        if (sql.failed)
            return bau_error_set(err, BAU_E_NOMEM, "large objects");
        BAU_TRY(run(side, sql.data, oid, err));
    }
    return BAU_OK;
}

static bau_status special(struct bau_side *side, const json_t *row, struct bau_error *err)
{
    PGconn *conn = side->target->load;
    const uint64_t oid = (uint64_t)json_integer_value(json_object_get(row, "oid"));
    const char *owner = json_string_value(json_object_get(row, "owner"));
    const char *comment = json_string_value(json_object_get(row, "comment"));
    BAU_TRY(grants(side, row, oid, err)); /* before it has another owner */
    if (comment) {
        char *literal = PQescapeLiteral(conn, comment, strlen(comment));
        BAU_AUTO_TEXT sql = { 0 };
        bau_text_addf(&sql, "COMMENT ON LARGE OBJECT %" PRIu64 " IS %s;", oid, literal ? literal : "");
        PQfreemem(literal);
        if (sql.failed || !literal)
            return bau_error_set(err, BAU_E_NOMEM, "large objects");
        BAU_TRY(run(side, sql.data, oid, err));
    }
    if (owner) {
        char *ident = PQescapeIdentifier(conn, owner, strlen(owner));
        BAU_AUTO_TEXT sql = { 0 };
        bau_text_addf(&sql, "ALTER LARGE OBJECT %" PRIu64 " OWNER TO %s;", oid, ident ? ident : "");
        PQfreemem(ident);
        if (sql.failed || !ident)
            return bau_error_set(err, BAU_E_NOMEM, "large objects");
        BAU_TRY(run(side, sql.data, oid, err));
    }
    return BAU_OK;
}

static bau_status make(struct bau_side *side, const struct bau_target_plan *plan, uint64_t total,
                       struct bau_error *err)
{
    const json_t *database = json_object_get(side->target->blob, "database");
    const char *owner = json_string_value(json_object_get(database, "owner"));
    const char *role = owner ? pg_role_for(side, owner) : NULL;
    size_t i;
    json_t *row;
    BAU_TRY(each(side, plan, "pg_catalog.lo_from_bytea(loid, data)", total, err));
    if (role)
        BAU_TRY(own_all(side, role, err));
    json_array_foreach(json_object_get(side->target->blob, "large_objects"), i, row)
        BAU_TRY(special(side, row, err));
    return BAU_OK;
}

/* After a run that died: those it made are made anew; without their table it was done with all of them. */
static bau_status begin_again(struct bau_side *side, bool *out_done, struct bau_error *err)
{
    PG_AUTO_RESULT *there = NULL;
    BAU_TRY(pg_query(side, side->target->load,
                     "SELECT pg_catalog.to_regclass('" PG_LARGE_OBJECTS_TABLE "') IS NULL", &there, err));
    *out_done = PQgetvalue(there, 0, 0)[0] == 't';
    return *out_done
               ? BAU_OK
               : pg_exec(side, side->target->load,
                         "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata", err);
}

bau_status pg_large_finish(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
{
    uint64_t total = 0;
    if (!carried(side))
        return BAU_OK;
    if (side->target->again.resumed) {
        bool done = false;
        BAU_TRY_NOTE(begin_again(side, &done, err), err, "large objects");
        if (done)
            return BAU_OK;
    }
    BAU_TRY_NOTE(count(side, &total, err), err, "large objects");
    if (total && pg_by_schema(side))
        pg_report_add(
            &side->target->report, "large objects", "of the database", "0A000",
            "they belong to no schema, so switch: schema cannot replace them; use switch: database or leave "
            "the rule out");
    else
        BAU_TRY(make(side, plan, total, err));
    return pg_exec(side, side->target->load, "DROP SCHEMA " PG_LARGE_OBJECTS_SPACE " CASCADE", err);
}
