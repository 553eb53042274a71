/* Columns ↔ values: the typed buffers of a column from its spans, and the wire form of one value of a replaced column. */
#include "codec.h"
#include "quick.h"

enum {
    ZERO_COPY_BYTES = 256 * 1024,
    JSON_OID = 114,
    JSONB_OID = 3802,
    BPCHAR_OID = 1042,
    BPCHAR_ARRAY_OID = 1014
};

/* ── a column while it grows ─────────────────────────────────────────────────────────────────────────────────────── */

static void *grow(struct bau_arena *arena, const void *old, size_t used, size_t bytes)
{
    void *fresh = bau_arena_buffer(arena, bytes);
    if (fresh && used > 0)
        memcpy(fresh, old, used);
    return fresh;
}

static bool grow_values(struct pg_build *b, uint32_t room)
{
    const size_t words = ((size_t)room + 63) / 64, used = ((size_t)b->room + 63) / 64;
    uint64_t *valid = grow(b->arena, b->valid, used * sizeof *valid, words * sizeof *valid);
    uint32_t *offsets =
        b->width ? NULL
                 : grow(b->arena, b->offsets, b->offsets ? ((size_t)b->n + 1) * sizeof *offsets : 0,
                        ((size_t)room + 1) * sizeof *offsets);
    if (!valid || (!b->width && !offsets))
        return false;
    memset(valid + used, 0, (words - used) * sizeof *valid);
    if (!b->width && !b->offsets)
        offsets[0] = 0;
    b->valid = valid;
    b->offsets = offsets;
    b->room = room;
    return true;
}

static bool grow_bytes(struct pg_build *b, size_t bytes)
{
    uint8_t *data = grow(b->arena, b->data, b->bytes, bytes);
    if (data) {
        b->data = data;
        b->bytes_room = bytes;
    }
    return data != NULL;
}

bau_status pg_build_init(struct pg_build *b, bau_type type, uint32_t values, size_t bytes,
                         struct bau_arena *arena, struct bau_error *err)
{
    *b = (struct pg_build){ .arena = arena, .type = type, .width = bau_type_width(type) };
    if (!grow_values(b, values ? values : 1) || !grow_bytes(b, b->width ? (size_t)b->room * b->width : bytes))
        return bau_error_set(err, BAU_E_NOMEM, "column");
    return BAU_OK;
}

/* Room for one value more and its bytes. */
static bau_status make_room(struct pg_build *b, size_t bytes, struct bau_error *err)
{
    if (bytes > INT32_MAX || b->bytes + bytes > INT32_MAX || b->n >= INT32_MAX / 2)
        return bau_error_set(err, BAU_E_LIMIT, "a batch's column would pass 2 GiB");
    if (b->n == b->room && !grow_values(b, b->room * 2))
        return bau_error_set(err, BAU_E_NOMEM, "column");
    if (bytes <= b->bytes_room - b->bytes)
        return BAU_OK;
    const size_t twice = b->bytes_room * 2;
    return grow_bytes(b, twice > b->bytes + bytes ? twice : b->bytes + bytes)
               ? BAU_OK
               : bau_error_set(err, BAU_E_NOMEM, "column");
}

uint8_t *pg_build_open(struct pg_build *b, size_t most, struct bau_error *err)
{
    return make_room(b, most, err) == BAU_OK ? b->data + b->bytes : NULL;
}

void pg_build_shut(struct pg_build *b, size_t bytes)
{
    b->valid[b->n / 64] |= UINT64_C(1) << (b->n % 64);
    b->bytes += bytes;
    b->n++;
    if (!b->width)
        b->offsets[b->n] = (uint32_t)b->bytes;
}

uint8_t *pg_build_add(struct pg_build *b, size_t bytes, struct bau_error *err)
{
    uint8_t *to = pg_build_open(b, bytes, err);
    if (to)
        pg_build_shut(b, bytes);
    return to;
}

bau_status pg_build_null(struct pg_build *b, struct bau_error *err)
{
    BAU_TRY(make_room(b, b->width, err));
    if (b->width)
        memset(b->data + b->bytes, 0, b->width);
    b->bytes += b->width;
    b->n++;
    b->n_nulls++;
    if (!b->width)
        b->offsets[b->n] = (uint32_t)b->bytes;
    return BAU_OK;
}

static void seal(const struct pg_build *b, struct bau_column *column)
{
    column->form = BAU_FORM_TYPED;
    column->type = b->type;
    column->n_values = b->n;
    column->n_nulls = b->n_nulls;
    column->valid = b->n_nulls ? b->valid : NULL;
    column->offsets = b->offsets;
    column->data = b->data;
}

/* ── decode ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Asked once a value: the two formats differ in their eighth letter already. */
static bool is_text(const struct bau_batch *batch)
{
    return batch->format[sizeof "pgcopy-" - 1] == PG_FORMAT_TEXT[sizeof "pgcopy-" - 1];
}

static bool blank_padded(const struct bau_field *field)
{
    return field->native_type == BPCHAR_OID || field->native_type == BPCHAR_ARRAY_OID;
}

static bau_status decode_binary(struct pg_build *b, const uint8_t *p, size_t len,
                                const struct bau_field *field, struct bau_error *err)
{
    return pg_is_network(field->native_type) ? pg_network_decode(b, p, len, field->native_type, err)
                                             : pg_binary_decode(b, p, len, blank_padded(field), err);
}

static size_t span_bytes(const struct bau_batch *batch, const struct bau_column *column)
{
    size_t bytes = 0;
    for (uint32_t r = 0; r < batch->n_rows; r++)
        bytes += column->spans[r].len == BAU_SPAN_NULL ? 0 : column->spans[r].len;
    return bytes;
}

/* One large value alone in its batch is not copied: raw has the readable bytes behind it that B2 asks for. */
static bool point_into_raw(const struct bau_batch *batch, struct bau_column *column, struct bau_error *err)
{
    if (batch->n_rows != 1 || column->field->list || is_text(batch) || blank_padded(column->field) ||
        pg_is_network(column->field->native_type))
        return false;
    const struct bau_span span = column->spans[0];
    const bau_type type = column->field->type;
    if (span.len == BAU_SPAN_NULL || span.len < ZERO_COPY_BYTES || bau_type_width(type) ||
        type == BAU_NUMERIC)
        return false;
    const uint32_t version = type == BAU_JSON && batch->raw[span.at] == 1;
    struct pg_build b;
    if (pg_build_init(&b, type, 1, 0, batch->arena, err) != BAU_OK)
        return false;
    pg_build_shut(&b, span.len - version);
    seal(&b, column);
    /* a column's data is writable by its type alone: maskers read their input and write elsewhere */
    column->data = (void *)(uintptr_t)(batch->raw + span.at + version);
    return true;
}

static bau_status decode_plain(const struct bau_batch *batch, const struct bau_column *column,
                               struct pg_build *b, uint8_t *scratch, struct bau_error *err)
{
    const bool text = is_text(batch), padded = blank_padded(column->field);
    for (uint32_t r = 0; r < batch->n_rows; r++) {
        const struct bau_span span = column->spans[r];
        if (span.len == BAU_SPAN_NULL)
            BAU_TRY(pg_build_null(b, err));
        else if (text)
            BAU_TRY(pg_text_decode(b, scratch, pg_copy_unescape(batch->raw + span.at, span.len, scratch),
                                   padded, err));
        else
            BAU_TRY(decode_binary(b, batch->raw + span.at, span.len, column->field, err));
    }
    return BAU_OK;
}

static bau_status binary_list(struct pg_build *b, const uint8_t *p, size_t len, const struct bau_field *field,
                              struct bau_error *err)
{
    struct pg_array array;
    BAU_TRY(pg_array_header(p, len, &array, err));
    size_t at = array.elements_at;
    for (uint32_t i = 0; i < array.n; i++) {
        if (len - at < 4)
            return pg_malformed("array", len, err);
        const uint32_t n = pg_get32(p + at);
        at += 4;
        if (n == UINT32_MAX) {
            BAU_TRY(pg_build_null(b, err));
            continue;
        }
        if (n > len - at)
            return pg_malformed("array", len, err);
        BAU_TRY(decode_binary(b, p + at, n, field, err));
        at += n;
    }
    return at == len ? BAU_OK : pg_malformed("array", len, err);
}

static bau_status text_list(struct pg_build *b, const uint8_t *p, size_t len, bool padded, uint8_t *element,
                            struct bau_error *err)
{
    size_t from = 0, at = 0, n = 0;
    for (int piece; (piece = pg_array_piece(p, len, &from, &at, element, &n)) != 0;) {
        if (piece < 0)
            return pg_malformed("array", len, err);
        if (piece == 'n')
            BAU_TRY(pg_build_null(b, err));
        else if (piece == 'e')
            BAU_TRY(pg_text_decode(b, element, n, padded, err));
    }
    return BAU_OK;
}

static bau_status decode_lists(const struct bau_batch *batch, struct bau_column *column, struct pg_build *b,
                               uint8_t *scratch, uint8_t *element, struct bau_error *err)
{
    const bool text = is_text(batch), padded = blank_padded(column->field);
    uint32_t *at = bau_arena_buffer(batch->arena, ((size_t)batch->n_rows + 1) * sizeof *at);
    if (!at)
        return bau_error_set(err, BAU_E_NOMEM, "column");
    at[0] = 0;
    for (uint32_t r = 0; r < batch->n_rows; r++) {
        const struct bau_span span = column->spans[r];
        const uint8_t *p = batch->raw + span.at;
        if (span.len != BAU_SPAN_NULL && text)
            BAU_TRY(text_list(b, scratch, pg_copy_unescape(p, span.len, scratch), padded, element, err));
        else if (span.len != BAU_SPAN_NULL)
            BAU_TRY(binary_list(b, p, span.len, column->field, err));
        at[r + 1] = b->n;
    }
    column->list_offsets = at;
    return BAU_OK;
}

bau_status pg_decode_column(const struct bau_batch *batch, struct bau_column *column, struct bau_error *err)
{
    if (point_into_raw(batch, column, err) || pg_quick_decode(batch, column))
        return BAU_OK;
    const size_t bytes = span_bytes(batch, column);
    const bool list = column->field->list;
    struct pg_build b;
    BAU_TRY(pg_build_init(&b, column->field->type, batch->n_rows, bytes + bytes / 2, batch->arena, err));
    uint8_t *scratch = NULL, *element = NULL;
    if (is_text(batch)) {
        scratch = bau_arena_take(batch->arena, bytes + 1);
        element = list ? bau_arena_take(batch->arena, bytes + 1) : NULL;
        if (!scratch || (list && !element))
            return bau_error_set(err, BAU_E_NOMEM, "column");
    }
    BAU_TRY(list ? decode_lists(batch, column, &b, scratch, element, err)
                 : decode_plain(batch, column, &b, scratch, err));
    seal(&b, column);
    return BAU_OK;
}

/* ── encode ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_length(uint32_t len, struct bau_text *out)
{
    uint8_t word[4];
    pg_put32(word, len);
    bau_text_addn(out, word, sizeof word);
}

static struct bau_slice original(const struct bau_batch *batch, const struct bau_column *column, uint32_t row)
{
    const struct bau_span span = column->spans[row];
    return (struct bau_slice){ batch->raw + span.at, span.len == BAU_SPAN_NULL ? 0 : span.len };
}

/* Whether the field is jsonb: by its type, or (a domain over one) by how the value arrived. */
static bool wants_version(const struct bau_column *column, struct bau_slice arrived)
{
    if (column->field->type != BAU_JSON || column->field->native_type == JSON_OID)
        return false;
    return column->field->native_type == JSONB_OID || arrived.len == 0 || arrived.data[0] == 1;
}

/* A masked text may stand for JSON; else a column keeps the type it has. */
static bau_status check_type(const struct bau_column *column, bool text, struct bau_error *err)
{
    const bau_type field = column->field->type;
    if (column->type == field || text || (field == BAU_JSON && column->type == BAU_TEXT))
        return BAU_OK;
    return bau_error_set(err, BAU_E_BUG, "column %s holds %s, the rule gave %s", column->field->name,
                         bau_type_word(field), bau_type_word(column->type));
}

static bau_status encode_binary(const struct bau_column *column, uint32_t i, bool version,
                                struct bau_text *out, struct bau_error *err)
{
    const struct bau_slice value = bau_column_value(column, i);
    return pg_is_network(column->field->native_type)
               ? pg_network_encode(value, column->field->native_type, out, err)
               : pg_binary_encode(column->type, value, version, out, err);
}

static bau_status encode_binary_list(const struct bau_column *column, struct bau_slice arrived, uint32_t from,
                                     uint32_t to, struct bau_text *out, struct bau_error *err)
{
    struct pg_array array;
    BAU_TRY(pg_array_header(arrived.data, arrived.len, &array, err));
    if (array.n != to - from)
        return bau_error_set(err, BAU_E_BUG, "an array of %" PRIu32 " elements came back with %" PRIu32,
                             array.n, to - from);
    const struct bau_slice first = { arrived.data + array.elements_at + 4,
                                     array.n && arrived.len > array.elements_at + 4 };
    const bool version = column->field->type == BAU_JSON && array.element_oid != JSON_OID &&
                         (array.element_oid == JSONB_OID || (first.len && first.data[0] == 1));
    const size_t start = out->len;
    add_length(0, out);
    bau_text_addn(out, arrived.data, array.elements_at);
    bool nulls = false;
    for (uint32_t i = from; i < to; i++) {
        if (bau_column_present(column, i)) {
            BAU_TRY(encode_binary(column, i, version, out, err));
        } else {
            nulls = true;
            add_length(UINT32_MAX, out);
        }
    }
    if (out->failed)
        return bau_error_set(err, BAU_E_NOMEM, "row");
    uint8_t *value = (uint8_t *)out->data + start;
    pg_put32(value, (uint32_t)(out->len - start - 4));
    pg_put32(value + 8, nulls);
    return BAU_OK;
}

static bau_status encode_text_list(const struct bau_column *column, struct bau_slice arrived, uint32_t from,
                                   uint32_t to, struct bau_text *out, struct bau_error *err)
{
    BAU_AUTO_TEXT work = { 0 }, array = { 0 }, element = { 0 };
    bau_text_addn(&work, arrived.data, arrived.len); /* two scratches of the value's size */
    bau_text_addn(&work, arrived.data, arrived.len);
    if (work.failed)
        return bau_error_set(err, BAU_E_NOMEM, "row");
    uint8_t *p = (uint8_t *)work.data, *scratch = p ? p + arrived.len : NULL;
    const size_t len = p ? pg_copy_unescape(arrived.data, arrived.len, p) : 0;
    size_t at = 0, begin = 0, n = 0;
    for (int piece; (piece = pg_array_piece(p, len, &begin, &at, scratch, &n)) != 0;) {
        if (piece == 's') {
            bau_text_addn(&array, p + begin, at - begin);
            continue;
        }
        if (piece < 0 || from == to)
            return pg_malformed("array", len, err);
        if (bau_column_present(column, from)) {
            element.len = 0;
            BAU_TRY(pg_text_encode(column->type, bau_column_value(column, from), &element, err));
            pg_array_quote((struct bau_slice){ (const uint8_t *)element.data, element.len }, &array);
        } else {
            bau_text_add(&array, "NULL");
        }
        from++;
    }
    if (array.failed || element.failed)
        return bau_error_set(err, BAU_E_NOMEM, "row");
    if (from != to)
        return bau_error_set(err, BAU_E_BUG, "an array came back with %" PRIu32 " elements more", to - from);
    pg_copy_escape((const uint8_t *)array.data, array.len, out);
    return BAU_OK;
}

static bau_status encode_text(const struct bau_column *column, struct bau_slice value, struct bau_text *out,
                              struct bau_error *err)
{
    BAU_AUTO_TEXT plain = { 0 };
    if (!bau_type_width(column->type) && column->type != BAU_BYTES) {
        pg_copy_escape(value.data, value.len, out);
        return BAU_OK;
    }
    BAU_TRY(pg_text_encode(column->type, value, &plain, err));
    if (plain.failed)
        return bau_error_set(err, BAU_E_NOMEM, "row");
    pg_copy_escape((const uint8_t *)plain.data, plain.len, out);
    return BAU_OK;
}

bool pg_encode_large(const struct bau_batch *batch, const struct bau_column *column, uint32_t row,
                     size_t least, struct bau_text *out, struct bau_slice *out_rest)
{
    if (!column->offsets || column->list_offsets || column->offsets[row + 1] - column->offsets[row] < least ||
        column->type == BAU_NUMERIC || is_text(batch) || pg_is_network(column->field->native_type))
        return false;
    const struct bau_slice value = bau_column_value(column, row);
    const bool version = column->type == BAU_JSON && wants_version(column, original(batch, column, row));
    add_length((uint32_t)value.len + version, out);
    if (version)
        bau_text_addn(out, "\1", 1);
    *out_rest = value;
    return true;
}

bau_status pg_encode_value(const struct bau_batch *batch, const struct bau_column *column, uint32_t row,
                           struct bau_text *out, struct bau_error *err)
{
    const bool text = is_text(batch), list = column->list_offsets != NULL;
    BAU_TRY(check_type(column, text, err));
    const bool null = list ? column->spans[row].len == BAU_SPAN_NULL : !bau_column_present(column, row);
    if (null && text)
        bau_text_add(out, "\\N");
    else if (null)
        add_length(UINT32_MAX, out);
    if (null)
        return BAU_OK;
    const struct bau_slice arrived = original(batch, column, row);
    if (list) {
        const uint32_t from = column->list_offsets[row], to = column->list_offsets[row + 1];
        return text ? encode_text_list(column, arrived, from, to, out, err)
                    : encode_binary_list(column, arrived, from, to, out, err);
    }
    if (text)
        return encode_text(column, bau_column_value(column, row), out, err);
    return encode_binary(column, row, wants_version(column, arrived), out, err);
}
