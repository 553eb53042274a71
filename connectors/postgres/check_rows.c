/* What a CHECK constraint of the source says of masked rows: one SELECT over the rows as parameters, in the read-only
 * transaction of a link. No object is made, so that a standby can answer too.
 *
 *   SELECT count(*) FROM (SELECT columns FROM ONLY table WHERE false UNION ALL SELECT … FROM (VALUES ($1, $2), …)) AS table
 *   WHERE NOT (expression)
 *
 * The first half of the union gives the columns their names and collations. A domain's CHECK says VALUE, which is the name
 * of the only column then. Parameters have base types: a domain's input would raise where it is to be asked. A server
 * that logs statements with parameters sees nothing that is not masked or its own. */
#include <stdio.h>
#include <stdlib.h>

#include "codec.h"

enum { MOST_PARAMS = 65535, BINARY = 1 };

struct operand { /* one field of the CHECK */
    uint32_t field;
    Oid type;         /* of the parameter */
    uint32_t element; /* an array of a domain: what its element type is in truth; else 0 */
    bool plain;       /* no domain in it: the field's own spelling of the type is fit for a cast */
};

struct ask {
    struct bau_link *link;
    const struct pg_table *table;
    const struct bau_read *what;
    const bool *replaced;
    const struct bau_check *check;
    const struct bau_batch *batch;
    bool binary;
    struct operand *operands; /* check->n_fields */
    const char **values;      /* of one statement, row by row */
    int *lengths, *formats;
    size_t *at;
    Oid *types;
};

/* ── types ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const struct pg_type *base_of(const struct bau_side *side, uint32_t oid)
{
    const struct pg_type *t = pg_type_find(side, oid);
    while (t && t->kind == PG_DOMAIN)
        t = pg_type_find(side, t->element);
    return t;
}

static struct operand operand_of(const struct ask *a, uint32_t field)
{
    const struct bau_side *side = a->link->side;
    const uint32_t native = a->what->dataset->fields[field].native_type;
    const struct pg_type *t = base_of(side, native);
    struct operand o = { .field = field, .type = t ? t->oid : 0, .plain = t && t->oid == native };
    const struct pg_type *element = t && t->kind == PG_ARRAY ? pg_type_find(side, t->element) : NULL;
    if (!element || element->kind != PG_DOMAIN)
        return o;
    element = base_of(side, element->oid);
    o.plain = false;
    o.element = element ? element->oid : 0;
    o.type = element ? element->array : 0;
    return o;
}

/* ── SQL ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A domain over an array is asked for the array, an array of a domain for each element. */
static bool by_element(const struct ask *a)
{
    return a->check->of_type && a->operands[0].element != 0;
}

static void add_columns(const struct ask *a, struct bau_text *sql)
{
    for (uint32_t i = 0; i < a->check->n_fields; i++) {
        const char *name = a->what->dataset->fields[a->check->fields[i]].name;
        const char *quoted = pg_quote(a->batch->arena, name);
        sql->failed = sql->failed || !quoted;
        bau_text_addf(sql, "%s%s", i ? ", " : "", quoted ? quoted : "");
    }
}

static void add_casts(const struct ask *a, struct bau_text *sql)
{
    for (uint32_t i = 0; i < a->check->n_fields; i++) {
        const struct operand *o = &a->operands[i];
        bau_text_addf(sql, "%sc%" PRIu32 "%s%s", i ? ", " : "", i, o->plain ? "::" : "",
                      o->plain ? a->what->dataset->fields[o->field].native : "");
    }
}

static void add_values(const struct ask *a, uint32_t n_rows, struct bau_text *sql)
{
    const uint32_t n = a->check->n_fields;
    bau_text_add(sql, "(VALUES ");
    for (uint32_t row = 0; row < n_rows; row++)
        for (uint32_t i = 0; i < n; i++)
            bau_text_addf(sql, "%s$%" PRIu32 "%s",
                          i     ? ", "
                          : row ? ", ("
                                : "(",
                          row * n + i + 1, i + 1 == n ? ")" : "");
    bau_text_add(sql, ") AS v(");
    for (uint32_t i = 0; i < n; i++)
        bau_text_addf(sql, "%sc%" PRIu32, i ? ", " : "", i);
    bau_text_add(sql, ")");
}

/* `from` to `to` around the rows: what both questions, over parameters and over the table, end in. */
static void add_condition(const struct ask *a, struct bau_text *sql)
{
    const char *quoted = pg_quote(a->batch->arena, a->what->dataset->bare);
    sql->failed = sql->failed || !quoted;
    if (by_element(a))
        bau_text_addf(sql, ") AS d WHERE EXISTS (SELECT FROM unnest(d.value) AS e(value) WHERE NOT (%s))",
                      a->check->text);
    else
        bau_text_addf(sql, ") AS %s WHERE NOT (%s)", quoted ? quoted : "", a->check->text);
}

static void masked_sql(const struct ask *a, uint32_t n_rows, struct bau_text *sql)
{
    bau_text_add(sql, "SELECT count(*) FROM (SELECT ");
    if (a->check->of_type) {
        bau_text_add(sql, "c0 AS value");
    } else {
        add_columns(a, sql);
        bau_text_addf(sql, " FROM ONLY %s WHERE false UNION ALL SELECT ", a->table->ident);
        add_casts(a, sql);
    }
    bau_text_add(sql, " FROM ");
    add_values(a, n_rows, sql);
    add_condition(a, sql);
}

/* ctid among the columns makes the rows come from the table in its order, as the sample's did, and from no index. */
static void source_sql(const struct ask *a, struct bau_text *sql)
{
    bau_text_add(sql, "SELECT count(*) FROM (SELECT ");
    add_columns(a, sql);
    bau_text_add(sql, a->check->of_type ? " AS value, ctid" : ", ctid");
    pg_part_rows(a->table, a->what->part, NULL, a->batch->n_rows, sql);
    add_condition(a, sql);
}

/* ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Onto `out` without its frame; -1: null. */
static bau_status add_masked(const struct ask *a, const struct bau_column *column, uint32_t row,
                             struct bau_text *out, int *out_len, struct bau_error *err)
{
    BAU_AUTO_TEXT wire = { 0 };
    BAU_TRY(pg_encode_value(a->batch, column, row, &wire, err));
    if (wire.failed)
        return bau_error_set(err, BAU_E_NOMEM, "sample");
    uint8_t *p = (uint8_t *)wire.data;
    size_t len = wire.len;
    const bool null = a->binary ? pg_get32(p) == UINT32_MAX : len == 2 && memcmp(p, "\\N", 2) == 0;
    if (a->binary) {
        p += 4;
        len -= 4;
    } else if (!null && len) {
        len = pg_copy_unescape(p, len, p);
    }
    if (!null && len)
        bau_text_addn(out, p, len);
    *out_len = null ? -1 : (int)len;
    return BAU_OK;
}

static bau_status add_arrived(const struct ask *a, const struct bau_column *column, uint32_t row,
                              struct bau_text *out, int *out_len, struct bau_error *err)
{
    if (column->form == BAU_FORM_FRAME)
        return bau_error_set(err, BAU_E_BUG, "a column of the CHECK was not read");
    const struct bau_span span = column->spans[row];
    if (span.len == BAU_SPAN_NULL || !bau_text_reserve(out, span.len)) {
        *out_len = -1;
        return BAU_OK;
    }
    const uint8_t *p = a->batch->raw + span.at;
    size_t len = span.len;
    uint8_t *to = (uint8_t *)out->data + out->len;
    if (a->binary)
        memcpy(to, p, len);
    else
        len = pg_copy_unescape(p, len, to);
    out->len += len;
    *out_len = (int)len;
    return BAU_OK;
}

static bau_status add_value(const struct ask *a, const struct operand *o, uint32_t row, size_t param,
                            struct bau_text *out, struct bau_error *err)
{
    const struct bau_column *column = &a->batch->columns[o->field];
    a->at[param] = out->len;
    BAU_TRY(a->replaced[o->field] ? add_masked(a, column, row, out, &a->lengths[param], err)
                                  : add_arrived(a, column, row, out, &a->lengths[param], err));
    if (a->binary && o->element && a->lengths[param] >= 12 && !out->failed)
        pg_put32((uint8_t *)out->data + a->at[param] + 8, o->element);
    bau_text_addn(out, "", 1); /* the text form ends with NUL */
    a->formats[param] = a->binary ? BINARY : 0;
    a->types[param] = o->type;
    return BAU_OK;
}

/* ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Takes a count, or what kept the server from giving one; only a lost connection is an error. */
static bau_status take_count(const struct ask *a, PGresult *result, uint32_t *count, struct bau_checked *out,
                             struct bau_error *err)
{
    struct bau_link *link = a->link;
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        *count += (uint32_t)strtoul(PQgetvalue(result, 0, 0), NULL, 10);
        return BAU_OK;
    }
    if (PQstatus(link->conn) != CONNECTION_OK)
        return pg_fail(link->side, link->conn, result, "evaluating a CHECK", err);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    (void)snprintf(out->why, sizeof out->why, "the server answered with SQLSTATE %s",
                   state ? state : "?????");
    PQclear(PQexec(link->conn, "ROLLBACK"));
    link->in_transaction = false;
    return BAU_OK;
}

static bau_status ask_masked(const struct ask *a, uint32_t from, uint32_t n_rows, struct bau_checked *out,
                             struct bau_error *err)
{
    BAU_AUTO_TEXT bytes = { 0 }, sql = { 0 };
    size_t n = 0;
    for (uint32_t row = from; row < from + n_rows; row++)
        for (uint32_t i = 0; i < a->check->n_fields; i++)
            BAU_TRY(add_value(a, &a->operands[i], row, n++, &bytes, err));
    masked_sql(a, n_rows, &sql);
    if (bytes.failed || sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "sample");
    for (size_t i = 0; i < n; i++) {
        a->values[i] = a->lengths[i] < 0 ? NULL : bytes.data + a->at[i];
        a->lengths[i] = a->lengths[i] < 0 ? 0 : a->lengths[i];
    }
    PG_AUTO_RESULT *result =
        PQexecParams(a->link->conn, sql.data, (int)n, a->types, a->values, a->lengths, a->formats, 0);
    bau_wipe(bytes.data, bytes.len);
    return take_count(a, result, &out->broken, out, err);
}

static bau_status ask_source(const struct ask *a, struct bau_checked *out, struct bau_error *err)
{
    BAU_AUTO_TEXT sql = { 0 };
    source_sql(a, &sql);
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "sample");
    PG_AUTO_RESULT *result = PQexec(a->link->conn, sql.data);
    return take_count(a, result, &out->broken_before, out, err);
}

static bau_status prepare(struct ask *a, uint32_t rows, struct bau_error *err)
{
    struct bau_arena *arena = a->batch->arena;
    const size_t n = (size_t)rows * a->check->n_fields;
    a->operands = bau_arena_take(arena, a->check->n_fields * sizeof *a->operands);
    a->values = bau_arena_take(arena, n * sizeof *a->values);
    a->lengths = bau_arena_take(arena, n * sizeof *a->lengths);
    a->formats = bau_arena_take(arena, n * sizeof *a->formats);
    a->at = bau_arena_take(arena, n * sizeof *a->at);
    a->types = bau_arena_take(arena, n * sizeof *a->types);
    if (!a->operands || !a->values || !a->lengths || !a->formats || !a->at || !a->types)
        return bau_error_set(err, BAU_E_NOMEM, "sample");
    for (uint32_t i = 0; i < a->check->n_fields; i++)
        a->operands[i] = operand_of(a, a->check->fields[i]);
    return BAU_OK;
}

bau_status pg_check_rows(struct bau_link *link, const struct bau_read *what, const bool *replaced,
                         const struct bau_check *check, const struct bau_batch *batch,
                         struct bau_checked *out, struct bau_error *err)
{
    struct bau_checked said = { 0 };
    struct ask a = { .link = link,
                     .table = &link->side->tables[what->part->dataset],
                     .what = what,
                     .replaced = replaced,
                     .check = check,
                     .batch = batch,
                     .binary = strcmp(batch->format, PG_FORMAT_BINARY) == 0 };
    for (uint32_t i = 0; i < check->n_fields; i++)
        if (what->dataset->fields[check->fields[i]].generated) {
            (void)snprintf(said.why, sizeof said.why, "it needs a column that the server computes");
            *out = said;
            return BAU_OK;
        }
    const uint32_t most = MOST_PARAMS / check->n_fields;
    const uint32_t rows = batch->n_rows < most ? batch->n_rows : most;
    BAU_TRY(prepare(&a, rows, err));
    BAU_TRY(pg_read_begin(link, err));
    for (uint32_t from = 0; from < batch->n_rows && !said.why[0]; from += rows)
        BAU_TRY(ask_masked(&a, from, batch->n_rows - from < rows ? batch->n_rows - from : rows, &said, err));
    if (said.broken && !said.why[0])
        BAU_TRY(ask_source(&a, &said, err));
    *out = said;
    return BAU_OK;
}
