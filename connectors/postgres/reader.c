/* COPY TO STDOUT → batches, and the links that import the coordinator's snapshot.
 *
 * Messages of libpq are appended to the batch's raw bytes and framed there (copy_stream.c). A message above ADOPT_BYTES
 * that is exactly one row is not copied: the batch takes libpq's block over and holds that row alone; rows before it end
 * the batch before. What arrives beyond a full batch waits in `carry` for the next one. */
#include <string.h>

#include "copy_stream.h"
#include "source.h"

enum {
    ADOPT_BYTES = 1024 * 1024,
    RAW_ROOM = BAU_BATCH_BYTES + 128 * 1024, /* what a batch starts with; doubled when rows are large */
};

struct bau_reader {
    struct bau_link *link;
    const struct bau_dataset *dataset;
    const struct pg_table *table;
    const bau_want *want;
    uint32_t n_wire; /* columns that travel: the table's, or the wanted ones among them */
    const uint32_t *wire;
    uint32_t *narrow; /* heap; what `wire` points to in a narrow read */
    struct pg_stream stream;
    struct bau_span **spans; /* n_wire; of the batch being filled */
    uint8_t *carry;          /* heap */
    size_t carry_len, carry_room;
    char *held; /* libpq's block with one large row, for the next batch */
    size_t held_len;
    uint64_t seq;
    bool done;
};

struct raw { /* the batch's bytes while they grow */
    uint8_t *at;
    size_t len, room, framed; /* framed: whole rows end here */
};

/* ── links ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status check_server(const struct bau_side *side, PGconn *conn, struct bau_error *err)
{
    struct bau_side seen = { .with = side->with, .config = side->config };
    BAU_TRY(pg_facts(&seen, conn, err));
    if (strcmp(seen.system_id, side->system_id) == 0 && strcmp(seen.server_start, side->server_start) == 0 &&
        seen.standby == side->standby && strcmp(seen.database, side->database) == 0)
        return BAU_OK;
    return bau_error_set(
        err, BAU_E_SOURCE,
        "source of store %s: the address leads to different servers (a load balancer or pooler); give "
        "one that leads to a single server",
        side->with.store);
}

bau_status pg_read_begin(struct bau_link *link, struct bau_error *err)
{
    struct bau_side *side = link->side;
    if (link->in_transaction)
        return BAU_OK;
    BAU_TRY(pg_exec(side, link->conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err));
    BAU_TRY(pg_session(side, link->conn,
                       err)); /* again: a pooler may have changed the server session in between */
    BAU_AUTO_TEXT sql = { 0 };
    bau_text_addf(&sql, "SET TRANSACTION SNAPSHOT '%s'", side->snapshot);
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "connection");
    BAU_TRY_NOTE(pg_exec(side, link->conn, sql.data, err), err, "importing the snapshot");
    link->in_transaction = true;
    return BAU_OK;
}

bau_status pg_read_link_open(struct bau_side *side, struct bau_link **out, struct bau_error *err)
{
    struct bau_link *link = bau_alloc(sizeof *link);
    if (!link)
        return bau_error_set(err, BAU_E_NOMEM, "connection");
    link->side = side;
    bau_status status = pg_connect(side, NULL, "read", &link->conn, err);
    if (status == BAU_OK)
        status = check_server(side, link->conn, err);
    if (status == BAU_OK)
        status = pg_read_begin(link, err);
    if (status != BAU_OK) {
        pg_link_close(link);
        return status;
    }
    *out = link;
    return BAU_OK;
}

bau_status pg_link_open(struct bau_side *side, struct bau_link **out, struct bau_error *err)
{
    return side->with.write ? pg_write_link_open(side, out, err) : pg_read_link_open(side, out, err);
}

void pg_link_close(struct bau_link *link)
{
    if (!link)
        return;
    if (!link->borrowed)
        PQfinish(link->conn);
    bau_free(link);
}

void pg_link_interrupt(struct bau_link *link)
{
    pg_interrupt(link->conn);
}

/* ── opening a part ──────────────────────────────────────────────────────────────────────────────────────────────── */

/* The wanted columns, as the whole row would spell them. A line break ends a comment that an expression may end in. */
static void narrow_columns(const struct bau_reader *r, struct bau_text *sql)
{
    for (uint32_t i = 0; i < r->n_wire; i++) {
        const char *name = r->dataset->fields[r->wire[i]].name;
        const char *expression = r->dataset->fields[r->wire[i]].expression;
        if (expression) {
            const bool condition = r->dataset->fields[r->wire[i]].condition;
            bau_text_addf(sql, "%s((%s\n)%s)::text", i ? ", " : "", expression, condition ? " IS TRUE" : "");
            continue;
        }
        char *quoted = PQescapeIdentifier(r->link->conn, name, strlen(name));
        bau_text_addf(sql, "%s%s%s", i ? ", " : "", quoted ? quoted : "NULL",
                      pg_type_is_xml(r->dataset->fields[r->wire[i]].native_type) ? "::text" : "");
        PQfreemem(quoted);
    }
}

/* An index on the column serves; values are spelled in the column's own type, so that the server has nothing to convert. */
static void keys_condition(const struct bau_reader *r, const struct bau_key_list *keys, const char *word,
                           struct bau_text *sql)
{
    const struct bau_field *field = &r->dataset->fields[keys->field];
    char *quoted = PQescapeIdentifier(r->link->conn, field->name, strlen(field->name));
    bau_text_addf(sql, "%s %s = ANY ('{", word, quoted ? quoted : "NULL");
    for (size_t i = 0; i < keys->n; i++)
        bau_text_addf(sql, "%s%" PRIi64, i ? "," : "", keys->values[i]);
    bau_text_addf(sql, "}'::%s[])",
                  field->type == BAU_I64   ? "int8"
                  : field->type == BAU_I32 ? "int4"
                                           : "int2");
    PQfreemem(quoted);
}

/* Conditions are joined by the keyword that is due. A line break ends a comment that the user's text may end in. */
void pg_part_rows(const struct pg_table *t, const struct bau_part *part, const char *where, uint32_t most,
                  struct bau_text *sql)
{
    const bool range = part->of > 1;
    const char *word = t->condition ? " AND" : " WHERE";
    bau_text_addf(sql, " FROM %s%s %s", t->from ? "" : "ONLY ", t->from ? t->from : t->ident,
                  t->condition ? t->condition : "");
    if (range)
        bau_text_addf(sql, "%s ctid >= '(%" PRIu64 ",0)'", word, part->from);
    if (range && part->to != UINT64_MAX)
        bau_text_addf(sql, " AND ctid < '(%" PRIu64 ",0)'", part->to);
    if (where)
        bau_text_addf(sql, "%s (%s\n)", range ? " AND" : word, where);
    if (most)
        bau_text_addf(sql, " LIMIT %" PRIu32, most);
}

static void copy_sql(const struct bau_reader *r, const struct bau_read *what, struct bau_text *sql)
{
    const struct pg_table *t = r->table;
    if (what->part->of <= 1 && !what->most_rows && !t->selects && !t->condition && !what->narrow &&
        !what->where && !what->keys) {
        bau_text_addf(sql, "COPY %s%s%s%s TO STDOUT", t->ident, t->n_wire ? " (" : "", t->columns,
                      t->n_wire ? ")" : "");
    } else {
        bau_text_add(sql, "COPY (SELECT ");
        if (what->narrow && !t->from)
            narrow_columns(r, sql);
        else
            bau_text_add(sql, t->selects ? t->selects : t->columns);
        pg_part_rows(t, what->part, what->where, what->most_rows, sql);
        if (what->keys && !t->from && !what->most_rows)
            keys_condition(r, what->keys,
                           t->condition || what->where || what->part->of > 1 ? " AND" : " WHERE", sql);
        bau_text_add(sql, ") TO STDOUT");
    }
    bau_text_addf(sql, " (FORMAT %s)", t->transport == PG_COPY_BINARY ? "binary" : "text");
}

static bau_status check_wants(const struct bau_reader *r, const struct bau_read *what, struct bau_error *err)
{
    for (uint32_t f = 0; f < r->dataset->n_fields; f++)
        if (r->dataset->fields[f].generated && r->want[f] != BAU_WANT_FRAME && !what->narrow)
            return bau_error_set(err, BAU_E_BUG, "column %s is computed by the server and cannot be read",
                                 r->dataset->fields[f].name);
    return BAU_OK;
}

/* Under an empty search_path a user's expression would not find the operators of extensions: citext = 'a' would be compared as
 * text. A row that travels as text spells what the path leads to differently, so that path stays empty there. */
static bau_status find_path(struct bau_reader *r, const struct bau_read *what, struct bau_error *err)
{
    struct bau_link *link = r->link;
    bool wanted = false;
    for (uint32_t f = 0; f < what->dataset->n_fields && what->narrow; f++)
        wanted = wanted || (what->dataset->fields[f].expression && what->want[f] != BAU_WANT_FRAME);
    wanted = wanted && r->table->transport == PG_COPY_BINARY;
    if (!wanted && link->found_path) {
        BAU_TRY(pg_exec(link->side, link->conn, "SET LOCAL search_path = ''", err));
        link->found_path = false;
    }
    if (!wanted)
        return BAU_OK;
    BAU_AUTO_TEXT sql = { 0 };
    char *space = PQescapeLiteral(link->conn, what->dataset->space, strlen(what->dataset->space));
    bau_text_addf(
        &sql,
        "SELECT set_config('search_path', concat_ws(', ', quote_ident(%s), (SELECT string_agg(DISTINCT "
        "quote_ident(nspname), ', ') FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace "
        "WHERE nspname <> 'pg_catalog')), true)",
        space ? space : "''");
    PQfreemem(space);
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "reader");
    PG_AUTO_RESULT *result = PQexec(link->conn, sql.data);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return pg_fail(link->side, link->conn, result, "search_path", err);
    link->found_path = true;
    return BAU_OK;
}

static bau_status start_copy(struct bau_reader *r, const struct bau_read *what, struct bau_error *err)
{
    struct bau_link *link = r->link;
    BAU_TRY(check_wants(r, what, err));
    BAU_TRY(pg_read_begin(link, err));
    BAU_TRY(find_path(r, what, err));
    BAU_AUTO_TEXT sql = { 0 };
    copy_sql(r, what, &sql);
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "reader");
    PG_AUTO_RESULT *result = PQexec(link->conn, sql.data);
    if (PQresultStatus(result) != PGRES_COPY_OUT)
        return pg_fail(link->side, link->conn, result, "COPY TO STDOUT", err);
    return BAU_OK;
}

/* A narrow read of large objects would spell them out for nothing, but they have two columns only. */
static bau_status choose_wire(struct bau_reader *r, const struct bau_read *what, struct bau_error *err)
{
    r->n_wire = r->table->n_wire;
    r->wire = r->table->wire;
    if (!what->narrow || r->table->from)
        return BAU_OK;
    r->narrow = bau_alloc_array(r->dataset->n_fields + 1u, sizeof *r->narrow);
    if (!r->narrow)
        return bau_error_set(err, BAU_E_NOMEM, "reader");
    r->n_wire = 0;
    for (uint32_t f = 0; f < r->dataset->n_fields; f++)
        if (r->want[f] != BAU_WANT_FRAME)
            r->narrow[r->n_wire++] = f;
    r->wire = r->narrow;
    return BAU_OK;
}

bau_status pg_read_open(struct bau_link *link, const struct bau_read *what, struct bau_reader **out,
                        struct bau_error *err)
{
    if (what->part->dataset >= link->side->n_tables)
        return bau_error_set(err, BAU_E_BUG, "a part of a dataset that the source does not know");
    struct bau_reader *r = bau_alloc(sizeof *r);
    if (!r)
        return bau_error_set(err, BAU_E_NOMEM, "reader");
    r->link = link;
    r->dataset = what->dataset;
    r->table = &link->side->tables[what->part->dataset];
    r->want = what->want;
    bau_status status = choose_wire(r, what, err);
    pg_stream_init(&r->stream, r->table->transport, r->n_wire);
    r->spans = bau_alloc_array(r->n_wire + 1u, sizeof *r->spans);
    if (status == BAU_OK)
        status = r->spans ? start_copy(r, what, err) : bau_error_set(err, BAU_E_NOMEM, "reader");
    if (status != BAU_OK) {
        pg_read_close(r);
        bau_error_note(err, "table %s", what->dataset->name);
        return status;
    }
    *out = r;
    return BAU_OK;
}

/* ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status append(struct bau_batch *b, struct raw *raw, const void *bytes, size_t n,
                         struct bau_error *err)
{
    if (n == 0)
        return BAU_OK;
    if (n > UINT32_MAX - raw->len)
        return bau_error_set(err, BAU_E_LIMIT, "a row above 4 GiB");
    if (n > raw->room - raw->len) {
        size_t room = raw->room * 2;
        while (room - raw->len < n)
            room *= 2;
        uint8_t *grown = bau_arena_buffer(b->arena, room);
        if (!grown)
            return bau_error_set(err, BAU_E_NOMEM, "batch");
        memcpy(grown, raw->at, raw->len);
        raw->at = grown;
        raw->room = room;
    }
    memcpy(raw->at + raw->len, bytes, n);
    raw->len += n;
    return BAU_OK;
}

static bau_status keep(struct bau_reader *r, const uint8_t *bytes, size_t n, struct bau_error *err)
{
    if (n > r->carry_room) {
        uint8_t *grown = bau_realloc(r->carry, n);
        if (!grown)
            return bau_error_set(err, BAU_E_NOMEM, "reader");
        r->carry = grown;
        r->carry_room = n;
    }
    if (n > 0)
        memcpy(r->carry, bytes, n);
    r->carry_len = n;
    return BAU_OK;
}

/* The COPY is over on the wire: did it end well? */
static bau_status finish(struct bau_reader *r, const struct raw *raw, struct bau_error *err)
{
    PGconn *conn = r->link->conn;
    bau_status status = BAU_OK;
    for (PGresult *result; (result = PQgetResult(conn)); PQclear(result)) {
        if (status == BAU_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
            status = pg_fail(r->link->side, conn, result, "COPY TO STDOUT", err);
        if (PQstatus(conn) == CONNECTION_BAD) {
            PQclear(result);
            break;
        }
    }
    r->done = status == BAU_OK;
    BAU_TRY(status);
    return pg_stream_end(&r->stream, raw->len - raw->framed, err);
}

static bau_status read_failed(struct bau_reader *r, struct bau_error *err)
{
    PG_AUTO_RESULT *result = PQgetResult(r->link->conn);
    return pg_fail(r->link->side, r->link->conn, result, "COPY TO STDOUT", err);
}

/* ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status start_batch(struct bau_reader *r, struct bau_batch *b, struct raw *raw,
                              struct pg_frames *frames, struct bau_error *err)
{
    const uint32_t most = r->link->side->with.batch_rows;
    frames->max_rows = most ? most : BAU_BATCH_ROWS;
    frames->spans = r->spans;
    frames->row_at = bau_arena_buffer(b->arena, ((size_t)frames->max_rows + 1) * sizeof *frames->row_at);
    raw->room = RAW_ROOM;
    raw->at = bau_arena_buffer(b->arena, raw->room);
    if (!frames->row_at || !raw->at)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    frames->row_at[0] = 0;
    for (uint32_t i = 0; i < r->n_wire; i++) {
        const bool wanted = r->want[r->wire[i]] != BAU_WANT_FRAME;
        r->spans[i] =
            wanted ? bau_arena_buffer(b->arena, (size_t)frames->max_rows * sizeof **r->spans) : NULL;
        if (wanted && !r->spans[i])
            return bau_error_set(err, BAU_E_NOMEM, "batch");
    }
    const size_t carried = r->carry_len;
    r->carry_len = 0;
    return append(b, raw, r->carry, carried, err);
}

/* Frames one block of libpq as the only row of the batch. `out_taken` false: it is not exactly one row. The block grows by
 * the bytes that must be readable behind it (B2): libpq's blocks are malloc's, and a large one grows in place. */
static bau_status adopt(struct bau_reader *r, struct bau_batch *b, char **whole, size_t len, struct raw *raw,
                        struct pg_frames *frames, bool *out_taken, struct bau_error *err)
{
    size_t at = 0;
    const uint32_t max_rows = frames->max_rows;
    char *block = bau_realloc(*whole, len + BAU_ALIGN);
    if (!block)
        return bau_error_set(err, BAU_E_NOMEM, "a row of %zu bytes", len);
    *whole = block;
    frames->max_rows = 1;
    BAU_TRY(pg_stream_rows(&r->stream, (const uint8_t *)block, len, &at, SIZE_MAX, frames, err));
    frames->max_rows = max_rows;
    *out_taken = frames->n_rows == 1 && at == len;
    if (!*out_taken) {
        frames->n_rows = 0;
        return BAU_OK;
    }
    *raw = (struct raw){ .at = (uint8_t *)block, .len = len, .framed = len };
    b->adopted = block;
    b->adopted_free = PQfreemem;
    return BAU_OK;
}

/* A message that is to be one row of its own. `out_full`: the batch is over, with or without it. */
static bau_status large_message(struct bau_reader *r, struct bau_batch *b, char *block, size_t len,
                                struct raw *raw, struct pg_frames *frames, bool *out_full,
                                struct bau_error *err)
{
    if (frames->n_rows > 0) {
        r->held = block;
        r->held_len = len;
        *out_full = true;
        return BAU_OK;
    }
    bool taken = false;
    bau_status status = adopt(r, b, &block, len, raw, frames, &taken, err);
    if (status == BAU_OK && taken) {
        *out_full = true;
        return BAU_OK;
    }
    if (status == BAU_OK)
        status = append(b, raw, block, len, err);
    PQfreemem(block);
    return status;
}

static bau_status take_message(struct bau_reader *r, struct bau_batch *b, char *block, size_t len,
                               struct raw *raw, struct pg_frames *frames, bool *out_full,
                               struct bau_error *err)
{
    const uint8_t *bytes = (const uint8_t *)block;
    if (len > ADOPT_BYTES && pg_stream_in_rows(&r->stream) && raw->len == raw->framed)
        return large_message(r, b, block, len, raw, frames, out_full, err);
    bau_status status =
        pg_stream_in_rows(&r->stream) ? BAU_OK : pg_stream_header(&r->stream, &bytes, &len, err);
    if (status == BAU_OK)
        status = append(b, raw, bytes, len, err);
    PQfreemem(block);
    return status;
}

static bau_status fill(struct bau_reader *r, struct bau_batch *b, struct raw *raw, struct pg_frames *frames,
                       struct bau_error *err)
{
    bool full = false;
    if (r->held) {
        char *block = r->held;
        r->held = NULL;
        BAU_TRY(large_message(r, b, block, r->held_len, raw, frames, &full, err));
    }
    while (!full) {
        BAU_TRY(pg_stream_rows(&r->stream, raw->at, raw->len, &raw->framed, BAU_BATCH_BYTES, frames, err));
        if (frames->n_rows == frames->max_rows || raw->framed - frames->row_at[0] >= BAU_BATCH_BYTES)
            return BAU_OK;
        char *block = NULL;
        const int n = PQgetCopyData(r->link->conn, &block, 0);
        if (n == -1)
            return finish(r, raw, err);
        if (n < 0)
            return read_failed(r, err);
        BAU_TRY(take_message(r, b, block, (size_t)n, raw, frames, &full, err));
    }
    return BAU_OK;
}

static bau_status fill_columns(struct bau_reader *r, struct bau_batch *b, struct bau_error *err)
{
    for (uint32_t i = 0; i < r->n_wire; i++) {
        const uint32_t f = r->wire[i];
        struct bau_column *column = &b->columns[f];
        if (!r->spans[i])
            continue;
        column->form = BAU_FORM_VIEW;
        column->spans = r->spans[i];
        column->n_values = b->n_rows;
        if (r->want[f] == BAU_WANT_TYPED)
            BAU_TRY_NOTE(pg_decode_column(b, column, err), err, "column %s", r->dataset->fields[f].name);
    }
    return BAU_OK;
}

static bau_status next_batch(struct bau_reader *r, struct bau_batch *b, struct bau_error *err)
{
    BAU_TRY(bau_batch_reset(b, r->dataset, err));
    b->format = r->table->transport == PG_COPY_BINARY ? PG_FORMAT_BINARY : PG_FORMAT_TEXT;
    if (r->done)
        return BAU_OK;
    struct raw raw = { 0 };
    struct pg_frames frames = { 0 };
    BAU_TRY(start_batch(r, b, &raw, &frames, err));
    BAU_TRY(fill(r, b, &raw, &frames, err));
    BAU_TRY(keep(r, raw.at + raw.framed, raw.len - raw.framed, err));
    b->raw = raw.at;
    b->raw_len = raw.framed;
    b->row_at = frames.row_at;
    b->n_rows = frames.n_rows;
    b->bytes = raw.framed;
    if (b->n_rows == 0)
        return BAU_OK;
    b->seq = r->seq++;
    return fill_columns(r, b, err);
}

bau_status pg_read_next(struct bau_reader *r, struct bau_batch *into, struct bau_error *err)
{
    BAU_TRY_NOTE(next_batch(r, into, err), err, "table %s", r->dataset->name);
    return BAU_OK;
}

/* Leaves the link fit for the next part, whatever state the COPY is in. */
void pg_read_close(struct bau_reader *r)
{
    if (!r)
        return;
    PGconn *conn = r->link->conn;
    if (!r->done && PQstatus(conn) == CONNECTION_OK && PQtransactionStatus(conn) != PQTRANS_INTRANS) {
        PGcancel *cancel = PQtransactionStatus(conn) == PQTRANS_ACTIVE ? PQgetCancel(conn) : NULL;
        char reason[256];
        if (cancel)
            (void)PQcancel(cancel, reason,
                           (int)sizeof reason); /* the loop below reads to the end either way */
        PQfreeCancel(cancel);
        for (PGresult *result; PQstatus(conn) == CONNECTION_OK && (result = PQgetResult(conn));
             PQclear(result)) {
            char *block = NULL;
            while (PQresultStatus(result) == PGRES_COPY_OUT && PQgetCopyData(conn, &block, 0) > 0)
                PQfreemem(block);
        }
        PQclear(PQexec(conn, "ROLLBACK"));
        r->link->in_transaction = false;
    }
    PQfreemem(r->held);
    if (r->carry)
        bau_wipe(r->carry, r->carry_room);
    bau_free(r->carry);
    bau_free(r->narrow);
    bau_free(r->spans);
    bau_free(r);
}
