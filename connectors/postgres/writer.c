/* Batches → COPY FROM STDIN into the shadow.
 *
 * A part is one transaction. A whole table is TRUNCATE and COPY … FREEZE in it: repeating it changes nothing, and no scan
 * has to set hint bits later. A split part, or a table that CREATE EXTENSION has filled, cannot truncate, so its transaction's number is kept: when the answer to
 * COMMIT is lost, a new connection asks the server whether it committed before anyone repeats the part.
 *
 * Runs between replaced columns are copied out of the batch as they arrived; only replaced columns are encoded. Where the
 * values hold OIDs of user types, rows are put together first and the OIDs rewritten in that copy. */
#include "quick.h"
#include "target.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLUSH_BYTES = 128 * 1024, /* what one PQputCopyData gets at most: libpq's own buffer stays that small */
    COMMIT_POLL_MS = 200,
    COMMIT_POLLS = 150, /* half a minute for a server to make up its mind about a lost COMMIT */
};

static const uint8_t copy_header[19] = { 'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xFF, '\r', '\n', 0 };
static const uint8_t copy_trailer[2] = { 0xFF, 0xFF };

struct bau_writer {
    struct bau_link *link;
    const struct bau_side *side;
    const struct bau_dataset *dataset;
    const struct bau_part *part;
    const struct pg_table *table;
    uint32_t n_replaced, *replaced; /* field indexes in wire order */
    bool *rewrite;                  /* n_wire: the column's values may hold OIDs of user types */
    bool whole, copying, single;    /* single: inside the one transaction of switch: schema */
    char xid[24];                   /* of a split part's transaction */
    struct bau_text out;
};

/* ── links ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status pg_write_link_open(struct bau_side *side, struct bau_link **out, struct bau_error *err)
{
    struct bau_link *link = bau_alloc(sizeof *link);
    if (!link)
        return bau_error_set(err, BAU_E_NOMEM, "connection");
    link->side = side;
    if (pg_by_schema(side)) {
        link->conn = side->target->load;
        link->borrowed = true;
        *out = link;
        return BAU_OK;
    }
    bau_status status = pg_connect(side, side->shadow, "write", &link->conn, err);
    if (status == BAU_OK)
        status = pg_load_settings(side, link->conn, err);
    if (status != BAU_OK) {
        pg_link_close(link);
        return status;
    }
    *out = link;
    return BAU_OK;
}

/* ── a part ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status plan_columns(struct bau_writer *w, const struct bau_write *what, struct bau_error *err)
{
    const struct pg_table *table = w->table;
    w->replaced = bau_alloc_array(table->n_wire + 1u, sizeof *w->replaced);
    w->rewrite = table->rewrites ? bau_alloc_array(table->n_wire + 1u, sizeof *w->rewrite) : NULL;
    if (!w->replaced || (table->rewrites && !w->rewrite))
        return bau_error_set(err, BAU_E_NOMEM, "writer");
    for (uint32_t i = 0; i < table->n_wire; i++) {
        const uint32_t field = table->wire[i];
        if (what->replaced && what->replaced[field])
            w->replaced[w->n_replaced++] = field;
        if (w->rewrite)
            w->rewrite[i] = pg_type_find(w->side, table->wire_types[i]) != NULL;
    }
    return BAU_OK;
}

static bau_status begin_copy(struct bau_writer *w, struct bau_error *err)
{
    PGconn *conn = w->link->conn;
    const bool freeze = w->whole || (w->single && !w->table->extension);
    BAU_AUTO_TEXT sql = { 0 };
    if (!w->single) {
        PG_AUTO_RESULT *result = NULL;
        BAU_TRY(pg_query(w->side, conn, "BEGIN; SELECT pg_catalog.txid_current()", &result, err));
        w->link->in_transaction = true;
        if (!w->whole && PQntuples(result) == 1)
            bau_text_addf(&sql, "%.23s", PQgetvalue(result, 0, 0));
        if (sql.data)
            memcpy(w->xid, sql.data, sql.len + 1);
        sql.len = 0;
        if (w->whole) {
            bau_text_addf(&sql, "TRUNCATE ONLY %s", w->table->ident);
            if (sql.failed)
                return bau_error_set(err, BAU_E_NOMEM, "writer");
            BAU_TRY(pg_exec(w->side, conn, sql.data, err));
            sql.len = 0;
        }
    }
    const bool some = w->table->n_wire > 0;
    bau_text_addf(&sql, "COPY %s%s%s%s FROM STDIN (FORMAT %s%s)", w->table->ident, some ? " (" : "",
                  some ? w->table->columns : "", some ? ")" : "",
                  w->table->transport == PG_COPY_TEXT ? "text" : "binary", freeze ? ", FREEZE" : "");
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "writer");
    PG_AUTO_RESULT *result = PQexec(conn, sql.data);
    if (PQresultStatus(result) != PGRES_COPY_IN)
        return pg_fail(w->side, conn, result, "COPY FROM STDIN", err);
    w->copying = true;
    if (w->table->transport == PG_COPY_BINARY)
        bau_text_addn(&w->out, copy_header, sizeof copy_header);
    return BAU_OK;
}

static bau_status write_open(struct bau_link *link, const struct bau_write *what, struct bau_writer *w,
                             struct bau_error *err)
{
    const struct bau_side *side = link->side;
    if (what->part->dataset >= side->n_tables)
        return bau_error_set(err, BAU_E_BUG, "a part of dataset %" PRIu32 ", the target knows %" PRIu32,
                             what->part->dataset, side->n_tables);
    w->link = link;
    w->side = side;
    w->dataset = what->dataset;
    w->part = what->part;
    w->table = &side->tables[what->part->dataset];
    w->whole = what->part->of == 1 && !w->table->extension;
    w->single = pg_by_schema(side);
    if (PQstatus(link->conn) != CONNECTION_OK) {
        (void)bau_error_set(err, BAU_E_TARGET, "the connection to the target is gone");
        err->retry = BAU_RETRY_RECONNECT;
        return BAU_E_TARGET;
    }
    BAU_TRY(plan_columns(w, what, err));
    return begin_copy(w, err);
}

/* In the one transaction of switch: schema nothing can be tried again. */
static bau_status told(struct bau_writer *w, bau_status status, struct bau_error *err)
{
    if (status != BAU_OK) {
        if (w->single)
            err->retry = BAU_RETRY_NO;
        bau_error_note(err, "table %s", w->dataset->name);
    }
    return status;
}

bau_status pg_write_open(struct bau_link *link, const struct bau_write *what, struct bau_writer **out,
                         struct bau_error *err)
{
    struct bau_writer *w = bau_alloc(sizeof *w);
    if (!w)
        return bau_error_set(err, BAU_E_NOMEM, "writer");
    w->dataset = what->dataset;
    const bau_status status = told(w, write_open(link, what, w, err), err);
    if (status != BAU_OK) {
        w->link = link;
        pg_write_close(w);
        return status;
    }
    *out = w;
    return BAU_OK;
}

/* ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The column a COPY error is about. The server's context, "COPY table, line 3, column c: "value"", is only compared with
 * names we know, never passed on. */
static const char *failed_column(const struct bau_writer *w, const PGresult *result)
{
    const char *column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    for (uint32_t i = 0; i < w->table->n_wire; i++) {
        const char *name = w->dataset->fields[w->table->wire[i]].name;
        if (column && strcmp(column, name) == 0)
            return name;
    }
    const size_t bare = strlen(w->dataset->bare);
    if (!context || strncmp(context, "COPY ", 5) != 0 || strncmp(context + 5, w->dataset->bare, bare) != 0 ||
        strncmp(context + 5 + bare, ", line ", 7) != 0)
        return NULL;
    context += 5 + bare + 7;
    context += strspn(context, "0123456789");
    if (strncmp(context, ", column ", 9) != 0)
        return NULL;
    context += 9;
    for (uint32_t i = 0; i < w->table->n_wire; i++) {
        const char *name = w->dataset->fields[w->table->wire[i]].name;
        const size_t n = strlen(name);
        if (strncmp(context, name, n) == 0 && (context[n] == ':' || context[n] == '\n' || context[n] == '\0'))
            return name;
    }
    return NULL;
}

static const char *data_words(const char *sqlstate)
{
    static const struct {
        const char *state, *words;
    } known[] = {
        { "23502", "a null where the column allows none" },
        { "23503", "a reference without its row" },
        { "23505", "a value that is there twice" },
        { "23514", "a check constraint does not hold" },
        { "22001", "a text longer than the column" },
        { "22003", "a number out of the column's range" },
        { "22008", "a date or time out of range" },
        { "22021", "bytes that are no text in the database's encoding" },
        { "22P02", "a text that is no value of the column's type" },
        { "22P03", "bytes that are no value of the column's type" },
        { "22P04", "a row the server could not take apart" },
    };
    for (size_t i = 0; i < BAU_COUNT(known); i++)
        if (strcmp(known[i].state, sqlstate) == 0)
            return known[i].words;
    return "a value the target does not take";
}

static bau_status copy_failed(struct bau_writer *w, const PGresult *result, struct bau_error *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (!state || (strncmp(state, "22", 2) != 0 && strncmp(state, "23", 2) != 0)) {
        const bau_status status = pg_fail(w->side, w->link->conn, result, "COPY FROM STDIN", err);
        if (state && strcmp(state, "53100") == 0) {
            (void)bau_error_set(err, BAU_E_TARGET, "the target's disk is full (SQLSTATE 53100)");
            memcpy(err->sqlstate, "53100", 6);
            return BAU_E_TARGET;
        }
        return status;
    }
    const char *column = failed_column(w, result);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    (void)bau_error_set(err, BAU_E_DATA, "%s%s%s%s%s%s (SQLSTATE %.5s)", column ? "column " : "",
                        column ? column : "", constraint ? " constraint " : "", constraint ? constraint : "",
                        column || constraint ? ": " : "", data_words(state), state);
    (void)memccpy(err->sqlstate, state, '\0', sizeof err->sqlstate);
    err->sqlstate[5] = '\0';
    return BAU_E_DATA;
}

static void drain(PGconn *conn)
{
    for (bool more = true; more;) {
        PGresult *rest = PQgetResult(conn);
        more = rest && PQstatus(conn) == CONNECTION_OK;
        PQclear(rest);
    }
}

/* Ends the COPY without its rows and tells why the server had stopped it. */
static bau_status stopped_early(struct bau_writer *w, struct bau_error *err)
{
    PGconn *conn = w->link->conn;
    w->copying = false;
    (void)PQputCopyEnd(conn, "stopped");
    PG_AUTO_RESULT *result = PQgetResult(conn);
    const bau_status status = copy_failed(w, result, err);
    drain(conn);
    return status;
}

/* ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status put(struct bau_writer *w, const void *bytes, size_t n, struct bau_error *err)
{
    const char *at = bytes;
    while (n > 0) {
        const size_t piece = n < FLUSH_BYTES ? n : FLUSH_BYTES;
        if (PQputCopyData(w->link->conn, at, (int)piece) != 1)
            return stopped_early(w, err);
        at += piece;
        n -= piece;
    }
    return BAU_OK;
}

static bau_status flush(struct bau_writer *w, struct bau_error *err)
{
    if (w->out.failed)
        return bau_error_set(err, BAU_E_NOMEM, "writer");
    BAU_TRY(put(w, w->out.data, w->out.len, err));
    w->out.len = 0;
    return BAU_OK;
}

/* Bytes as they arrived: through the buffer when few, straight to libpq when many. */
static bau_status put_run(struct bau_writer *w, const uint8_t *bytes, size_t n, struct bau_error *err)
{
    if (n < FLUSH_BYTES / 4) {
        bau_text_addn(&w->out, bytes, n);
        return w->out.len >= FLUSH_BYTES ? flush(w, err) : BAU_OK;
    }
    BAU_TRY(flush(w, err));
    return put(w, bytes, n, err);
}

/* A value's length word lies before it in binary; text has none. */
static uint32_t before_value(const struct bau_writer *w)
{
    return w->table->transport == PG_COPY_BINARY ? 4 : 0;
}

/* Where the value's bytes end; a null of the text form is the two bytes \N. */
static uint32_t after_value(const struct bau_writer *w, const struct bau_span *span)
{
    if (span->len != BAU_SPAN_NULL)
        return span->at + span->len;
    return span->at + (w->table->transport == PG_COPY_BINARY ? 0 : 2);
}

/* A row with its replaced columns, all of it into the buffer. */
static bau_status put_row(struct bau_writer *w, const struct bau_batch *batch, uint32_t row,
                          struct bau_error *err)
{
    uint32_t at = batch->row_at[row];
    const uint32_t end = batch->row_at[row + 1];
    for (uint32_t i = 0; i < w->n_replaced; i++) {
        const struct bau_column *column = &batch->columns[w->replaced[i]];
        const struct bau_span *span = &column->spans[row];
        const uint32_t run_end = span->at - before_value(w);
        if (run_end < at || after_value(w, span) > end)
            return bau_error_set(err, BAU_E_BUG, "a span lies outside of its row");
        bau_text_addn(&w->out, batch->raw + at, run_end - at);
        BAU_TRY(pg_encode_value(batch, column, row, &w->out, err));
        at = after_value(w, span);
    }
    bau_text_addn(&w->out, batch->raw + at, end - at);
    return BAU_OK;
}

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Rewrites the type OIDs of the row that `out` holds from `start` on. */
static bau_status rewrite_row(struct bau_writer *w, size_t start, struct bau_error *err)
{
    uint8_t *row = (uint8_t *)w->out.data + start;
    const size_t len = w->out.len - start;
    size_t at = 2;
    for (uint32_t i = 0; i < w->table->n_wire; i++) {
        if (at + 4 > len)
            return bau_error_set(err, BAU_E_BUG, "a row ends inside a field");
        const uint32_t n = big_endian(row + at);
        at += 4;
        if (n == UINT32_MAX)
            continue;
        if (n > len - at)
            return bau_error_set(err, BAU_E_BUG, "a row ends inside a field");
        if (w->rewrite[i])
            BAU_TRY_NOTE(pg_rewrite_oids(w->side, w->side->oids, w->side->n_oids, w->table->wire_types[i],
                                         row + at, n, err),
                         err, "column %s", w->dataset->fields[w->table->wire[i]].name);
        at += n;
    }
    return BAU_OK;
}

static bau_status rewrite_rows(struct bau_writer *w, const struct bau_batch *batch, struct bau_error *err)
{
    for (uint32_t row = 0; row < batch->n_rows; row++) {
        const size_t start = w->out.len;
        BAU_TRY(put_row(w, batch, row, err));
        if (w->out.failed)
            return bau_error_set(err, BAU_E_NOMEM, "writer");
        BAU_TRY(rewrite_row(w, start, err));
        if (w->out.len >= FLUSH_BYTES)
            BAU_TRY(flush(w, err));
    }
    return BAU_OK;
}

/* What stands before a replaced value, and the value, when both are short. False: nothing was written. */
static inline bool put_quick(struct bau_writer *w, pg_quick kind, const struct bau_column *column,
                             uint32_t row, const uint8_t *run, size_t n)
{
    if (kind == PG_QUICK_NONE || n > PG_QUICK_MOST)
        return false;
    if (w->out.room - w->out.len < 2 * (PG_QUICK_MOST + PG_QUICK_SLACK) &&
        !bau_text_reserve(&w->out, 2 * (PG_QUICK_MOST + PG_QUICK_SLACK)))
        return false;
    uint8_t *to = (uint8_t *)w->out.data + w->out.len;
    pg_quick_copy(to, run, n);
    const size_t value = pg_quick_encode(kind, column, row, to + n);
    if (value == 0)
        return false;
    w->out.len += n + value;
    return true;
}

/* put_row for columns most of which are common ones. */
static bau_status put_row_quick(struct bau_writer *w, const struct bau_batch *batch, const pg_quick *kinds,
                                uint32_t row, struct bau_error *err)
{
    uint32_t at = batch->row_at[row];
    const uint32_t end = batch->row_at[row + 1];
    for (uint32_t i = 0; i < w->n_replaced; i++) {
        const struct bau_column *column = &batch->columns[w->replaced[i]];
        const struct bau_span *span = &column->spans[row];
        const uint32_t run_end = span->at - before_value(w);
        if (run_end < at || after_value(w, span) > end)
            return bau_error_set(err, BAU_E_BUG, "a span lies outside of its row");
        if (!put_quick(w, kinds[i], column, row, batch->raw + at, run_end - at)) {
            struct bau_slice large;
            BAU_TRY(put_run(w, batch->raw + at, run_end - at, err));
            if (pg_encode_large(batch, column, row, FLUSH_BYTES, &w->out, &large))
                BAU_TRY(put_run(w, large.data, large.len, err));
            else
                BAU_TRY(pg_encode_value(batch, column, row, &w->out, err));
        }
        at = after_value(w, span);
    }
    return put_run(w, batch->raw + at, end - at, err);
}

static bau_status write_rows(struct bau_writer *w, const struct bau_batch *batch, struct bau_error *err)
{
    if (batch->n_rows == 0)
        return BAU_OK;
    if (w->rewrite && w->side->n_oids > 0)
        return rewrite_rows(w, batch, err);
    if (w->n_replaced == 0)
        return put_run(w, batch->raw + batch->row_at[0], batch->row_at[batch->n_rows] - batch->row_at[0],
                       err);
    pg_quick *kinds = bau_arena_take(batch->arena, w->n_replaced * sizeof *kinds);
    if (!kinds)
        return bau_error_set(err, BAU_E_NOMEM, "writer");
    for (uint32_t i = 0; i < w->n_replaced; i++)
        kinds[i] = pg_quick_kind(batch, &batch->columns[w->replaced[i]]);
    for (uint32_t row = 0; row < batch->n_rows; row++)
        BAU_TRY(put_row_quick(w, batch, kinds, row, err));
    return BAU_OK;
}

/* Bytes that wait while we only send are the server's error: it told notices off. Over TLS they may be the protocol's
 * own, so there the error shows at the end of the part. */
static bool server_spoke(PGconn *conn)
{
    struct pollfd fd = { .fd = PQsocket(conn), .events = POLLIN };
    return !PQsslInUse(conn) && poll(&fd, 1, 0) == 1;
}

bau_status pg_write_next(struct bau_writer *w, const struct bau_batch *batch, struct bau_error *err)
{
    bau_status status = write_rows(w, batch, err);
    if (status == BAU_OK && server_spoke(w->link->conn))
        status = stopped_early(w, err);
    return told(w, status, err);
}

/* ── the end of a part ───────────────────────────────────────────────────────────────────────────────────────────── */

/* COMMIT went out and no answer came. True: the server says it committed. */
static bool did_commit(struct bau_writer *w)
{
    if (w->xid[0] == '\0') /* a whole table: repeating it is harmless */
        return false;
    struct bau_error err;
    PGconn *conn = NULL;
    bool committed = false;
    if (pg_connect(w->side, w->side->shadow, "check", &conn, &err) != BAU_OK)
        return false;
    const char *const values[] = { w->xid };
    for (int i = 0; i < COMMIT_POLLS; i++) {
        PG_AUTO_RESULT *result = NULL;
        if (pg_query_params(w->side, conn, "SELECT pg_catalog.txid_status($1::bigint)", 1, values, &result,
                            &err) != BAU_OK ||
            PQntuples(result) != 1)
            break;
        const char *state = PQgetvalue(result, 0, 0);
        committed = strcmp(state, "committed") == 0;
        if (strcmp(state, "in progress") != 0)
            break;
        (void)poll(NULL, 0, COMMIT_POLL_MS);
    }
    PQfinish(conn);
    return committed;
}

static bau_status commit(struct bau_writer *w, struct bau_error *err)
{
    PGconn *conn = w->link->conn;
    PG_AUTO_RESULT *result = PQexec(conn, "COMMIT");
    if (PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0) {
        w->link->in_transaction = false;
        return BAU_OK;
    }
    if (PQstatus(conn) == CONNECTION_OK) {
        w->link->in_transaction = PQtransactionStatus(conn) != PQTRANS_IDLE;
        return pg_fail(w->side, conn, result, "COMMIT", err);
    }
    w->link->in_transaction = false;
    return did_commit(w) ? BAU_OK : pg_fail(w->side, conn, result, "COMMIT", err);
}

static bau_status write_commit(struct bau_writer *w, uint64_t *out_rows, struct bau_error *err)
{
    PGconn *conn = w->link->conn;
    if (!w->copying)
        return bau_error_set(err, BAU_E_BUG, "commit of a writer that has failed");
    if (w->table->transport == PG_COPY_BINARY)
        bau_text_addn(&w->out, copy_trailer, sizeof copy_trailer);
    BAU_TRY(flush(w, err));
    w->copying = false;
    if (PQputCopyEnd(conn, NULL) != 1)
        return pg_fail(w->side, conn, NULL, "COPY FROM STDIN", err);
    PG_AUTO_RESULT *result = PQgetResult(conn);
    const bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    const uint64_t rows = done ? strtoull(PQcmdTuples(result), NULL, 10) : 0;
    const bau_status status = done ? BAU_OK : copy_failed(w, result, err);
    drain(conn);
    BAU_TRY(status);
    if (!w->single) {
        BAU_TRY(pg_record_part(w->side, conn, w->part, rows, err));
        BAU_TRY(commit(w, err));
    }
    *out_rows = rows;
    return BAU_OK;
}

bau_status pg_write_commit(struct bau_writer *w, uint64_t *out_rows, struct bau_error *err)
{
    return told(w, write_commit(w, out_rows, err), err);
}

void pg_write_close(struct bau_writer *w)
{
    if (!w)
        return;
    PGconn *conn = w->link ? w->link->conn : NULL;
    if (conn && w->copying && PQstatus(conn) == CONNECTION_OK) {
        (void)PQputCopyEnd(conn, "stopped");
        drain(conn);
    }
    if (conn && w->link->in_transaction && PQstatus(conn) == CONNECTION_OK)
        PQclear(PQexec(conn, "ROLLBACK"));
    if (w->link)
        w->link->in_transaction = false;
    bau_text_release(&w->out);
    bau_free(w->replaced);
    bau_free(w->rewrite);
    bau_free(w);
}
