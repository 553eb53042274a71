/* The switch and the way back: renames of databases in one transaction, while a second connection ends the sessions that
 * are in the way. Once the first RENAME holds its lock nobody gets in any more; it gives the others five seconds to go,
 * and we try again for as long as the tries last. Whoever was sent away and comes back meets the new database. */
#include "target.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 12, END_EVERY_MS = 100 };

struct rename {
    const char *from, *to;
    struct pg_mark mark; /* afterwards */
};

static bool object_in_use(const PGresult *result)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    return state && strcmp(state, "55006") == 0;
}

static bau_status build(struct bau_side *side, const struct rename *renames, uint32_t n, struct bau_text *sql,
                        struct bau_error *err)
{
    bau_text_add(sql, "BEGIN");
    for (uint32_t i = 0; i < n; i++) {
        const char *from = pg_quote(side->target->arena, renames[i].from);
        const char *to = pg_quote(side->target->arena, renames[i].to);
        if (!from || !to)
            return bau_error_set(err, BAU_E_NOMEM, "the switch");
        bau_text_addf(sql, "; ALTER DATABASE %s RENAME TO %s; ", from, to);
        BAU_TRY(pg_mark_sql(side, renames[i].from, renames[i].to, &renames[i].mark, sql, err));
    }
    bau_text_add(sql, "; COMMIT");
    return sql->failed ? bau_error_set(err, BAU_E_NOMEM, "the switch") : BAU_OK;
}

static void cancel(PGconn *conn)
{
    char why[256];
    PGcancel *request = PQgetCancel(conn);
    if (request)
        (void)PQcancel(request, why, sizeof why);
    PQfreeCancel(request);
}

/* Waits for the renames and keeps ending sessions meanwhile. The first failed result, or NULL when all went well. */
static PGresult *await(struct bau_side *side, PGconn *helper, const struct rename *renames, uint32_t n,
                       bool may_stop)
{
    const struct bau_watch *watch = &side->with.watch;
    PGconn *conn = side->main;
    PGresult *failed = NULL;
    for (;;) {
        while (PQisBusy(conn)) {
            if (may_stop && watch->stopped && watch->stopped(watch->self)) {
                cancel(conn);
                may_stop = false;
            }
            for (uint32_t i = 0; i < n; i++)
                pg_end_sessions(side, helper, renames[i].from);
            struct pollfd fd = { .fd = PQsocket(conn), .events = POLLIN };
            if (poll(&fd, 1, END_EVERY_MS) > 0 && !PQconsumeInput(conn))
                break;
        }
        PGresult *result = PQgetResult(conn);
        if (!result)
            return failed;
        const bool bad = PQresultStatus(result) != PGRES_COMMAND_OK;
        if (bad && !failed)
            failed = result;
        else
            PQclear(result);
        if (PQstatus(conn) != CONNECTION_OK)
            return failed;
    }
}

/* The connection broke while the COMMIT was out: the names tell what became of it. */
static bool happened(struct bau_side *side, const struct rename *last)
{
    struct bau_error err;
    PGconn *conn = NULL;
    bool done = false;
    if (pg_connect(side, PQdb(side->main), "switch", &conn, &err) != BAU_OK)
        return false;
    const char *const values[] = { last->from, last->to };
    PG_AUTO_RESULT *result = NULL;
    if (pg_query_params(
            side, conn,
            "SELECT pg_catalog.count(*) FILTER (WHERE datname = $1), pg_catalog.count(*) FILTER (WHERE "
            "datname = $2) FROM pg_catalog.pg_database",
            2, values, &result, &err) == BAU_OK)
        done = PQgetvalue(result, 0, 0)[0] == '0' && PQgetvalue(result, 0, 1)[0] == '1';
    PQfinish(side->main);
    side->main = conn;
    return done;
}

static bau_status give_up(struct bau_side *side, const PGresult *failed, const struct rename *renames,
                          uint32_t n, struct bau_error *err)
{
    if (PQstatus(side->main) != CONNECTION_OK)
        return happened(side, &renames[n - 1]) ? BAU_OK
                                               : pg_fail(side, side->main, failed, "the switch", err);
    const bau_status status = pg_fail(side, side->main, failed, "the switch", err);
    PQclear(PQexec(side->main, "ROLLBACK"));
    if (!object_in_use(failed))
        return status;
    return bau_error_set(
        err, BAU_E_TARGET,
        "database %s: other sessions could not be ended (SQLSTATE 55006): does the account have "
        "pg_signal_backend, and are there prepared transactions?",
        renames[0].from);
}

static bau_status run_alone(struct bau_side *side, const char *sql, const struct rename *renames, uint32_t n,
                            bool may_stop, struct bau_error *err)
{
    PGconn *helper = NULL;
    BAU_TRY(pg_connect(side, PQdb(side->main), "switch", &helper, err));
    bau_status status = BAU_E_TARGET;
    for (uint32_t i = 0; i < TRIES; i++) {
        for (uint32_t k = 0; k < n; k++)
            pg_end_sessions(side, helper, renames[k].from);
        PGresult *failed = NULL;
        if (PQsendQuery(side->main, sql))
            failed = await(side, helper, renames, n, may_stop);
        if (!failed && PQstatus(side->main) == CONNECTION_OK) {
            status = BAU_OK;
            break;
        }
        const bool again = object_in_use(failed) && i + 1 < TRIES && PQstatus(side->main) == CONNECTION_OK;
        if (again)
            PQclear(PQexec(side->main, "ROLLBACK"));
        else
            status = give_up(side, failed, renames, n, err);
        PQclear(failed);
        if (!again)
            break;
    }
    PQfinish(helper);
    return status;
}

static bau_status rename_all(struct bau_side *side, const struct rename *renames, uint32_t n,
                             struct bau_error *err)
{
    BAU_AUTO_TEXT sql = { 0 };
    BAU_TRY(build(side, renames, n, &sql, err));
    return run_alone(side, sql.data, renames, n, false, err);
}

bau_status pg_alone(struct bau_side *side, const char *sql, struct bau_error *err)
{
    const struct rename stays = { .from = side->database, .to = side->database };
    return run_alone(side, sql, &stays, 1, true, err);
}

static const struct pg_database *find_database(const struct pg_database *list, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

/* The newest or oldest previous database; NULL when there is none. `*out_n` counts them. */
static const struct pg_database *find_previous(const struct bau_side *side, const struct pg_database *list,
                                               uint32_t n, bool oldest, uint32_t *out_n)
{
    const struct pg_database *found = NULL;
    *out_n = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!pg_is_sibling(side->database, "prev", list[i].name) || !list[i].mark.there)
            continue;
        (*out_n)++;
        if (!found || (oldest ? list[i].mark.time < found->mark.time : list[i].mark.time >= found->mark.time))
            found = &list[i];
    }
    return found;
}

/* What is kept too much goes, oldest first. The switch has happened: a failure here is a warning. */
static void drop_old(struct bau_side *side)
{
    for (;;) {
        struct bau_error err;
        struct pg_database *list = NULL;
        uint32_t n = 0, n_previous = 0;
        if (pg_databases(side, side->target->arena, &list, &n, &err) != BAU_OK) {
            bau_log(BAU_WARN, "previous databases not looked through", BAU_FAILURE(&err));
            return;
        }
        const struct pg_database *oldest = find_previous(side, list, n, true, &n_previous);
        if (!oldest || n_previous <= side->config->keep_previous)
            return;
        if (pg_drop_database(side, oldest->name, &err) != BAU_OK) {
            bau_log(BAU_WARN, "previous database not dropped", BAU_NAME("database", oldest->name),
                    BAU_FAILURE(&err));
            return;
        }
        bau_log(BAU_INFO, "previous database dropped", BAU_NAME("database", oldest->name));
    }
}

/* What is set aside keeps the run that made it and what it holds. `old` may be NULL. */
static struct pg_mark mark_of_old(const struct bau_side *side, const struct pg_database *old)
{
    const bool known = old && old->mark.there;
    return pg_mark_now(known ? old->mark.run_id : side->with.run_id, "previous",
                       known ? old->mark.content : NULL);
}

bau_status pg_target_switch(struct bau_side *side, struct bau_error *err)
{
    if (!side->finished || !side->target)
        return bau_error_set(err, BAU_E_BUG, "switch before finish");
    if (pg_by_schema(side))
        return pg_schema_switch(side, err);
    PQfinish(side->target->load);
    side->target->load = NULL;
    struct pg_database *list = NULL;
    uint32_t n = 0;
    BAU_TRY(pg_databases(side, side->target->arena, &list, &n, err));
    char previous[PG_NAME_ROOM];
    pg_sibling(side->database, "prev", side->with.run_id, previous);
    const struct pg_database *old = find_database(list, n, side->database);
    const bool replaces = old != NULL;
    const struct rename renames[] = {
        { side->database, previous, mark_of_old(side, old) },
        { side->shadow, side->database,
          pg_mark_now(side->with.run_id, "current", side->target->again.serves) },
    };
    BAU_TRY_NOTE(rename_all(side, replaces ? renames : renames + 1, replaces ? 2 : 1, err), err, "switch");
    side->switched = true;
    bau_log(BAU_INFO, "switched", BAU_NAME("database", side->database),
            BAU_NAME("previous", replaces ? previous : "none"));
    drop_old(side);
    return BAU_OK;
}

/* The three renames of a swap need a third name, because the way back must be open too. */
static bau_status swap(struct bau_side *side, const struct pg_database *current,
                       const struct pg_database *previous, struct bau_error *err)
{
    char aside[PG_NAME_ROOM];
    pg_sibling(side->database, "prev", side->with.run_id, aside);
    const struct rename renames[] = {
        { side->database, aside, mark_of_old(side, current) },
        { previous->name, side->database,
          pg_mark_now(previous->mark.run_id, "current", previous->mark.content) },
    };
    return current ? rename_all(side, renames, 2, err) : rename_all(side, renames + 1, 1, err);
}

bau_status pg_target_rollback(struct bau_side *side, struct bau_error *err)
{
    BAU_TRY(pg_target_main(side, err));
    BAU_TRY(pg_target_lock(side, err));
    if (pg_by_schema(side))
        return pg_schema_rollback(side, err);
    struct pg_database *list = NULL;
    uint32_t n = 0, n_previous = 0;
    BAU_TRY(pg_databases(side, side->target->arena, &list, &n, err));
    const struct pg_database *previous = find_previous(side, list, n, false, &n_previous);
    if (!previous)
        return bau_error_set(err, BAU_E_USAGE, "database %s has no previous one to go back to",
                             side->database);
    BAU_TRY_NOTE(swap(side, find_database(list, n, side->database), previous, err), err, "rollback");
    bau_log(BAU_INFO, "rolled back", BAU_NAME("database", side->database),
            BAU_NAME("run", previous->mark.run_id));
    return BAU_OK;
}

void pg_target_abandon(struct bau_side *side)
{
    struct pg_target *target = side->target;
    if (!target)
        return;
    PQfinish(target->load);
    target->load = NULL;
    target->in_transaction = false;
    if (!target->made_shadow || side->switched)
        return;
    struct bau_error err;
    if (PQstatus(side->main) !=
        CONNECTION_OK) { /* the server was restarted: the lock is gone with the old session */
        PQfinish(side->main);
        side->main = NULL;
        target->locked = false;
    }
    bau_status status = pg_target_main(side, &err);
    if (status == BAU_OK)
        status = pg_drop_database(side, side->shadow, &err);
    if (status != BAU_OK)
        bau_log(BAU_WARN, "shadow database left for the next run to drop", BAU_NAME("database", side->shadow),
                BAU_FAILURE(&err));
    target->made_shadow = status != BAU_OK;
}

bau_status pg_run_script(struct bau_side *side, const char *script, uint64_t timeout_ms,
                         struct bau_error *err)
{
    PGconn *conn = NULL;
    char set[80];
    BAU_TRY(pg_connect(side, side->database, "script", &conn, err));
    /* the script meets the settings a person would: search_path above all */
    (void)snprintf(set, sizeof set, "RESET ALL; SET statement_timeout = %" PRIu64,
                   timeout_ms < INT32_MAX ? timeout_ms : INT32_MAX);
    bau_status status = pg_exec(side, conn, set, err);
    if (status == BAU_OK) {
        PG_AUTO_RESULT *result = PQexec(conn, script);
        const ExecStatusType kind = PQresultStatus(result);
        if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK && kind != PGRES_EMPTY_QUERY)
            status = pg_fail(side, conn, result, "script", err);
        if (status != BAU_OK && strcmp(err->sqlstate, "57014") == 0)
            status =
                bau_error_set(err, BAU_E_DEADLINE, "script: took longer than %" PRIu64 " ms", timeout_ms);
    }
    PQfinish(conn);
    return status;
}
