/* libpq connections and what their failures mean.
 *
 * A server's own words are passed on only for SQLSTATE classes that cannot quote a row; for the others an error tells the
 * SQLSTATE and the names of table, column and constraint. libpq's words about a connection that could not be made hold
 * addresses and names only; the URI itself is never shown, not even when it cannot be read. */
#include "pg.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status side_code(const struct bau_side *side)
{
    return side->with.write ? BAU_E_TARGET : BAU_E_SOURCE;
}

static bool in_class(const char *state, const char *class)
{
    return strncmp(state, class, 2) == 0;
}

/* Classes whose words are about the server, its objects or its privileges, never about rows. */
static bool words_are_safe(const char *state)
{
    static const char *const safe[] = { "08", "28", "3D", "42", "53", "55", "57", "58" };
    for (size_t i = 0; i < BAU_COUNT(safe); i++)
        if (in_class(state, safe[i]))
            return true;
    return false;
}

static bau_retry retry_of(PGconn *conn, const char *state)
{
    if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0 || strcmp(state, "53300") == 0)
        return BAU_RETRY_BACKOFF;
    if (in_class(state, "08") || strcmp(state, "57P01") == 0 || strcmp(state, "57P02") == 0 ||
        strcmp(state, "57P03") == 0)
        return BAU_RETRY_RECONNECT;
    return state[0] == '\0' && PQstatus(conn) == CONNECTION_BAD ? BAU_RETRY_RECONNECT : BAU_RETRY_NO;
}

static const char *known_words(const char *state)
{
    static const struct {
        const char *state, *words;
    } known[] = {
        { "40001", "the server ended the statement for the sake of others; it may pass when tried again" },
        { "40P01", "a deadlock on the server" },
        { "57014", "the statement was cancelled or ran longer than statement_timeout allows" },
        { "42501", "the role has no privilege for this" },
    };
    for (size_t i = 0; i < BAU_COUNT(known); i++)
        if (strcmp(known[i].state, state) == 0)
            return known[i].words;
    return NULL;
}

/* One line: line ends become blanks. */
static void add_line(struct bau_text *t, const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
        n--;
    for (size_t i = 0; i < n; i++)
        bau_text_addn(t, text[i] == '\n' || text[i] == '\t' ? " " : text + i, 1);
}

static void add_place(const struct bau_side *side, PGconn *conn, struct bau_text *t)
{
    bau_text_addf(t, "%s of store %s", side->with.write ? "target" : "source", side->with.store);
    if (conn && PQhost(conn) && PQdb(conn))
        bau_text_addf(t, " (%s, database %s)", PQhost(conn), PQdb(conn));
}

static void add_name(struct bau_text *t, const PGresult *result, int field, const char *word)
{
    const char *name = PQresultErrorField(result, field);
    if (name)
        bau_text_addf(t, ", %s %s", word, name);
}

bau_status pg_fail(const struct bau_side *side, PGconn *conn, const PGresult *result, const char *what,
                   struct bau_error *err)
{
    const char *field = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *state = field && strlen(field) == 5 ? field : "";
    BAU_AUTO_TEXT text = { 0 };
    add_place(side, conn, &text);
    bau_text_addf(&text, ": %s", what);
    const char *ours = known_words(state);
    const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (state[0] == '\0') {
        bau_text_add(&text, PQstatus(conn) == CONNECTION_BAD ? ": the connection was lost"
                                                             : ": no answer we can use");
    } else {
        if (ours)
            bau_text_addf(&text, ": %s", ours);
        if (words_are_safe(state) && primary && strcmp(state, "57014") != 0) {
            bau_text_add(&text, ": ");
            add_line(&text, primary);
        } else if (in_class(state, "22") || in_class(state, "23")) {
            add_name(&text, result, PG_DIAG_TABLE_NAME, "table");
            add_name(&text, result, PG_DIAG_COLUMN_NAME, "column");
            add_name(&text, result, PG_DIAG_CONSTRAINT_NAME, "constraint");
        }
        bau_text_addf(&text, " (SQLSTATE %s)", state);
    }
    const bool data = side->with.write && (in_class(state, "22") || in_class(state, "23"));
    const bau_status code = data ? BAU_E_DATA : side_code(side);
    (void)bau_error_set(err, code, "%s", text.data ? text.data : what);
    if (err) {
        err->retry = retry_of(conn, state);
        memcpy(err->sqlstate, state, strlen(state) + 1);
    }
    return code;
}

/* ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *find_option(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, keyword) == 0 && o->val && o->val[0])
            return o->val;
    return NULL;
}

static void free_options(PQconninfoOption *options)
{
    for (PQconninfoOption *o = options; o && o->keyword; o++)
        if (o->val && o->dispchar[0] == '*')
            bau_wipe(o->val, strlen(o->val));
    PQconninfoFree(options);
}

static bau_status connect_failed(const struct bau_side *side, PGconn *conn, const char *password,
                                 struct bau_error *err)
{
    BAU_AUTO_TEXT text = { 0 };
    add_place(side, conn, &text);
    bau_text_add(&text, ": ");
    const char *words = PQerrorMessage(conn);
    if (password && strlen(password) > 2 && strstr(words, password))
        words = "the connection could not be made";
    add_line(&text, words);
    (void)bau_error_set(err, side_code(side), "%s",
                        text.data ? text.data : "the connection could not be made");
    if (err &&
        (strstr(words, "starting up") || strstr(words, "too many clients") || strstr(words, "refused")))
        err->retry = BAU_RETRY_RECONNECT;
    return side_code(side);
}

struct params {
    const char *keys[24], *values[24];
    size_t n;
};

static void add_param(struct params *p, const char *key, const char *value)
{
    p->keys[p->n] = key;
    p->values[p->n++] = value;
}

static void fill_params(const struct bau_side *side, const PQconninfoOption *options, const char *dbname,
                        const char *application, struct params *p)
{
    add_param(p, "dbname", bau_secret_text(side->with.uri)); /* expanded; what follows overrides it */
    if (dbname)
        add_param(p, "dbname", dbname);
    if (side->main && !side->with.write && PQstatus(side->main) == CONNECTION_OK) {
        /* the snapshot lives on the one server that the coordinator reached */
        add_param(p, "host", PQhost(side->main));
        add_param(p, "port", PQport(side->main));
        add_param(p, "hostaddr", PQhostaddr(side->main));
    }
    static const char *const fallbacks[][2] = {
        { "connect_timeout", "15" },     { "keepalives", "1" },       { "keepalives_idle", "60" },
        { "keepalives_interval", "15" }, { "keepalives_count", "4" },
    };
    for (size_t i = 0; i < BAU_COUNT(fallbacks); i++)
        if (!find_option(options, fallbacks[i][0]))
            add_param(p, fallbacks[i][0], fallbacks[i][1]);
    add_param(p, "application_name", application);
    add_param(p, "client_encoding", "UTF8");
}

static void silent(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result; /* a notice may quote a row */
}

bau_status pg_connect(const struct bau_side *side, const char *dbname, const char *role, PGconn **out,
                      struct bau_error *err)
{
    char *reason = NULL;
    PQconninfoOption *options = PQconninfoParse(bau_secret_text(side->with.uri), &reason);
    PQfreemem(reason); /* may quote the URI */
    if (!options)
        return bau_error_set(err, BAU_E_USAGE, "%s of store %s: the connection URI cannot be read",
                             side->with.write ? "target" : "source", side->with.store);
    char application[64];
    (void)snprintf(application, sizeof application, role ? "bauta %.40s" : "bauta", role);
    struct params p = { .n = 0 };
    fill_params(side, options, dbname, application, &p);
    p.keys[p.n] = NULL;
    PGconn *conn = PQconnectdbParams(p.keys, p.values, 1);
    bau_status status = BAU_OK;
    if (PQstatus(conn) != CONNECTION_OK)
        status = connect_failed(side, conn, find_option(options, "password"), err);
    else if (PQserverVersion(conn) < 120000)
        status = bau_error_set(err, side_code(side),
                               "store %s: the server is PostgreSQL %d, bauta needs 12 or later",
                               side->with.store, PQserverVersion(conn) / 10000);
    free_options(options);
    if (status == BAU_OK) {
        (void)PQsetNoticeReceiver(conn, silent, NULL);
        status = pg_session(side, conn, err);
    }
    if (status != BAU_OK) {
        PQfinish(conn);
        return status;
    }
    *out = conn;
    return BAU_OK;
}

bau_status pg_session(const struct bau_side *side, PGconn *conn, struct bau_error *err)
{
    const int version = PQserverVersion(conn);
    BAU_AUTO_TEXT sql = { 0 };
    bau_text_add(&sql, "SET search_path = ''; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = postgres; "
                       "SET TimeZone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = hex; "
                       "SET xmloption = content; SET standard_conforming_strings = on; "
                       "SET client_min_messages = warning; SET jit = off; SET synchronize_seqscans = off; "
                       "SET idle_in_transaction_session_timeout = 0; ");
    if (version >= 140000)
        bau_text_add(&sql, "SET idle_session_timeout = 0; ");
    if (version >= 170000)
        bau_text_add(&sql, "SET transaction_timeout = 0; ");
    if (!side->with.write)
        bau_text_add(&sql, "SET row_security = off; SET lock_timeout = '60s'; ");
    bau_text_addf(&sql, "SET statement_timeout = %" PRIu64, side->config->statement_timeout_ms);
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "session");
    return pg_exec(side, conn, sql.data, err);
}

/* ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status pg_exec(const struct bau_side *side, PGconn *conn, const char *sql, struct bau_error *err)
{
    PG_AUTO_RESULT *result = PQexec(conn, sql);
    const ExecStatusType got = PQresultStatus(result);
    if (got != PGRES_COMMAND_OK && got != PGRES_TUPLES_OK)
        return pg_fail(side, conn, result, "a statement failed", err);
    return BAU_OK;
}

static bau_status take_rows(const struct bau_side *side, PGconn *conn, PGresult *result, PGresult **out,
                            struct bau_error *err)
{
    const ExecStatusType got = PQresultStatus(result);
    if (got == PGRES_TUPLES_OK || got == PGRES_COMMAND_OK) {
        *out = result;
        return BAU_OK;
    }
    const bau_status status = pg_fail(side, conn, result, "a query failed", err);
    PQclear(result);
    return status;
}

bau_status pg_query(const struct bau_side *side, PGconn *conn, const char *sql, PGresult **out,
                    struct bau_error *err)
{
    return take_rows(side, conn, PQexec(conn, sql), out, err);
}

bau_status pg_query_params(const struct bau_side *side, PGconn *conn, const char *sql, int n,
                           const char *const *values, PGresult **out, struct bau_error *err)
{
    return take_rows(side, conn, PQexecParams(conn, sql, n, NULL, values, NULL, NULL, 0), out, err);
}

void pg_interrupt(PGconn *conn)
{
    if (!conn)
        return;
    PGcancel *cancel = PQgetCancel(conn);
    char reason[256];
    if (cancel)
        (void)PQcancel(cancel, reason,
                       (int)sizeof reason); /* the shutdown below does it as well, only later */
    PQfreeCancel(cancel);
    const int fd = PQsocket(conn);
    if (fd >= 0)
        (void)shutdown(fd, SHUT_RDWR);
}

char *pg_quote(struct bau_arena *arena, const char *identifier)
{
    size_t n = 2;
    for (const char *c = identifier; *c; c++)
        n += *c == '"' ? 2 : 1;
    char *out = bau_arena_take(arena, n + 1), *to = out;
    if (!out)
        return NULL;
    *to++ = '"';
    for (const char *c = identifier; *c; c++) {
        if (*c == '"')
            *to++ = '"';
        *to++ = *c;
    }
    *to++ = '"';
    *to = '\0';
    return out;
}

/* ── what we are connected to ────────────────────────────────────────────────────────────────────────────────────── */

static bau_status ask_system_id(struct bau_side *side, PGconn *conn, struct bau_error *err)
{
    PG_AUTO_RESULT *result = NULL;
    side->system_id[0] = '\0';
    BAU_TRY(pg_query(side, conn, "SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')",
                     &result, err));
    if (PQgetvalue(result, 0, 0)[0] != 't')
        return BAU_OK;
    PG_AUTO_RESULT *id = NULL;
    BAU_TRY(pg_query(side, conn, "SELECT system_identifier FROM pg_catalog.pg_control_system()", &id, err));
    (void)snprintf(side->system_id, sizeof side->system_id, "%s", PQgetvalue(id, 0, 0));
    return BAU_OK;
}

bau_status pg_facts(struct bau_side *side, PGconn *conn, struct bau_error *err)
{
    BAU_TRY(ask_system_id(side, conn, err));
    PG_AUTO_RESULT *result = NULL;
    BAU_TRY(pg_query(side, conn,
                     "SELECT pg_is_in_recovery(), pg_postmaster_start_time()::text, current_database()",
                     &result, err));
    side->version = PQserverVersion(conn);
    side->standby = PQgetvalue(result, 0, 0)[0] == 't';
    (void)snprintf(side->server_start, sizeof side->server_start, "%s", PQgetvalue(result, 0, 1));
    if (!side->with.write)
        (void)snprintf(side->database, sizeof side->database, "%s", PQgetvalue(result, 0, 2));
    return BAU_OK;
}
