/* Arrow arrays in: formats, and a copy of the rows asked for. A copy, because maskers read whole words past the end of what
 * they are given and a null must hold nothing; both are ours to promise, not the producer's. */
#include <string.h>

#include "src/arrow/arrow.h"

/* ── formats ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const struct bau_arrow_type formats[] = {
    { .format = "b", .type = BAU_BOOL },         { .format = "s", .type = BAU_I16 },
    { .format = "i", .type = BAU_I32 },          { .format = "l", .type = BAU_I64 },
    { .format = "f", .type = BAU_F32 },          { .format = "g", .type = BAU_F64 },
    { .format = "u", .type = BAU_TEXT },         { .format = "U", .type = BAU_TEXT, .wide = true },
    { .format = "z", .type = BAU_BYTES },        { .format = "Z", .type = BAU_BYTES, .wide = true },
    { .format = "tdD", .type = BAU_DATE },       { .format = "ttu", .type = BAU_TIME },
    { .format = "tsu:", .type = BAU_TIMESTAMP }, { .format = "w:16", .type = BAU_UUID },
};

static bau_status leaf_type(const struct ArrowSchema *schema, struct bau_arrow_type *out,
                            struct bau_error *err)
{
    const char *format = schema->format ? schema->format : "";
    if (schema->dictionary)
        return bau_error_set(err, BAU_E_USAGE, "dictionaries are not taken: decode the column first");
    for (size_t i = 0; i < BAU_COUNT(formats); i++)
        if (strcmp(format, formats[i].format) == 0) {
            *out = formats[i];
            return BAU_OK;
        }
    if (strncmp(format, "tsu:", 4) == 0) { /* instants: the zone says how to show them, not which they are */
        *out = (struct bau_arrow_type){ .format = format, .type = BAU_TIMESTAMPTZ };
        return BAU_OK;
    }
    return bau_error_set(
        err, BAU_E_USAGE,
        "the Arrow format '%.40s' is not taken; those that are: b s i l f g u U z Z tdD ttu tsu:ZONE w:16, "
        "and +l of them",
        format);
}

static bau_status text_type(const char *word, struct bau_arrow_type *type, struct bau_error *err)
{
    static const bau_type types[] = { BAU_TEXT, BAU_NUMERIC, BAU_JSON };
    for (size_t i = 0; type->type == BAU_TEXT && i < BAU_COUNT(types); i++)
        if (strcmp(word, bau_type_word(types[i])) == 0) {
            type->type = types[i];
            return BAU_OK;
        }
    return bau_error_set(err, BAU_E_USAGE,
                         "type: UTF-8 values are text, numeric or json; others say by their format");
}

bau_status bau_arrow_type_of(const struct ArrowSchema *schema, const char *word, struct bau_arrow_type *out,
                             struct bau_error *err)
{
    struct bau_arrow_type type;
    const bool list = schema->format && strcmp(schema->format, "+l") == 0;
    if (list && (schema->n_children != 1 || !schema->children || !schema->children[0]))
        return bau_error_set(err, BAU_E_USAGE, "a list's schema must have one child");
    BAU_TRY(leaf_type(list ? schema->children[0] : schema, &type, err));
    type.list = list;
    if (word)
        BAU_TRY(text_type(word, &type, err));
    *out = type;
    return BAU_OK;
}

/* ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool bit(const uint8_t *bits, int64_t i)
{
    return !bits || (bits[i / 8] >> (i % 8) & 1);
}

/* Offsets may lie anywhere in memory, aligned or not. */
static int64_t offset_at(const struct bau_arrow_type *type, const void *offsets, int64_t i)
{
    int32_t narrow;
    int64_t wide;
    if (type->wide) {
        memcpy(&wide, (const uint8_t *)offsets + i * 8, sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const uint8_t *)offsets + i * 4, sizeof narrow);
    return narrow;
}

static bau_status misfit(const char *what, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_USAGE, "the array does not fit its schema: %s", what);
}

/* That what is about to be read is there, as far as the struct can say. */
static bau_status check_array(const struct ArrowArray *a, const struct bau_arrow_type *type, int64_t at,
                              uint64_t n, struct bau_error *err)
{
    const bool variable = !bau_type_width(type->type);
    if (!a || a->n_buffers != (variable ? 3 : 2) || !a->buffers)
        return misfit("another number of buffers", err);
    if (a->length < 0 || a->offset < 0 || at < a->offset ||
        (uint64_t)(at - a->offset) + n > (uint64_t)a->length)
        return misfit("fewer values than needed", err);
    if (n && (!a->buffers[1] ||
              (variable && !a->buffers[2] && offset_at(type, a->buffers[1], at + (int64_t)n) > 0)))
        return misfit("a buffer is missing", err);
    return BAU_OK;
}

struct taking {
    const struct ArrowArray *array;
    const struct bau_arrow_type *type;
    struct bau_column *out; /* buffers made, filled up to … */
    uint32_t n;             /* … here */
    uint8_t *bits;          /* validity; all clear at first */
};

static bool is_null(const struct taking *k, int64_t at, const uint8_t *outer, int64_t outer_at)
{
    return !bit(k->array->buffers[0], at) || !bit(outer, outer_at);
}

static void take_fixed(struct taking *k, int64_t at, uint32_t n)
{
    const size_t width = bau_type_width(k->type->type);
    uint8_t *to = (uint8_t *)k->out->data + (size_t)k->n * width;
    if (k->type->type == BAU_BOOL)
        for (uint32_t i = 0; i < n; i++)
            to[i] = bit(k->array->buffers[1], at + i);
    else if (n)
        memcpy(to, (const uint8_t *)k->array->buffers[1] + (size_t)at * width, n * width);
}

/* What a null has in the array stays there. */
static bau_status take_variable(struct taking *k, int64_t at, uint32_t n, struct bau_error *err)
{
    uint32_t *offsets = k->out->offsets + k->n, used = offsets[0];
    const uint8_t *data = k->array->buffers[2];
    const int64_t last = n ? offset_at(k->type, k->array->buffers[1], at + n) : 0;
    for (uint32_t i = 0; i < n; i++) {
        const int64_t from = offset_at(k->type, k->array->buffers[1], at + i),
                      to = offset_at(k->type, k->array->buffers[1], at + i + 1);
        if (from < 0 || to < from || to > last) /* there is room for what lies before the last one */
            return misfit("its offsets fall", err);
        if (to > from && bit(k->bits, k->n + i)) {
            memcpy((uint8_t *)k->out->data + used, data + from, (size_t)(to - from));
            used += (uint32_t)(to - from);
        }
        offsets[i + 1] = used;
    }
    return BAU_OK;
}

/* Rows at … at + n of the array become the next values of the column. */
static bau_status take_run(struct taking *k, int64_t at, uint32_t n, const uint8_t *outer, int64_t outer_at,
                           struct bau_error *err)
{
    const size_t width = bau_type_width(k->type->type);
    for (uint32_t i = 0; i < n; i++) {
        const bool null = is_null(k, at + i, outer, outer_at + i);
        k->out->n_nulls += null;
        k->bits[(k->n + i) / 8] |= (uint8_t)(!null << ((k->n + i) % 8));
    }
    if (width)
        take_fixed(k, at, n);
    else
        BAU_TRY(take_variable(k, at, n, err));
    for (uint32_t i = 0; width && k->out->n_nulls && i < n; i++)
        if (!bit(k->bits, k->n + i))
            memset((uint8_t *)k->out->data + (k->n + i) * width, 0, width);
    k->n += n;
    return BAU_OK;
}

/* Bytes that rows at … at + n take, nulls counted in. */
static bau_status run_bytes(const struct taking *k, int64_t at, uint64_t n, uint64_t *bytes,
                            struct bau_error *err)
{
    if (n && !bau_type_width(k->type->type)) {
        const int64_t from = offset_at(k->type, k->array->buffers[1], at),
                      to = offset_at(k->type, k->array->buffers[1], at + (int64_t)n);
        if (from < 0 || to < from)
            return misfit("its offsets fall", err);
        *bytes += (uint64_t)(to - from);
    }
    return *bytes <= INT32_MAX ? BAU_OK
                               : bau_error_set(err, BAU_E_LIMIT, "the array passes 2 GiB: give it in slices");
}

static bau_status open_taking(struct taking *k, uint32_t n, uint64_t bytes, struct bau_arena *arena,
                              struct bau_error *err)
{
    const uint32_t width = bau_type_width(k->type->type);
    const size_t words = (size_t)n / 64 + 1;
    struct bau_column *out = k->out;
    *out = (struct bau_column){ .form = BAU_FORM_TYPED, .type = k->type->type, .n_values = n };
    out->data = bau_arena_buffer(arena, width ? (size_t)n * width : (size_t)bytes);
    out->valid = bau_arena_buffer(arena, words * sizeof *out->valid);
    out->offsets = width ? NULL : bau_arena_buffer(arena, ((size_t)n + 1) * sizeof *out->offsets);
    if (!out->data || !out->valid || (!width && !out->offsets))
        return bau_error_set(err, BAU_E_NOMEM, "array of %u values", n);
    memset(out->valid, 0, words * sizeof *out->valid);
    k->bits = (uint8_t *)out->valid;
    if (out->offsets)
        out->offsets[0] = 0;
    return BAU_OK;
}

/* Bits written byte by byte, read as words from here on. */
static void bits_to_words(uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t bytes[8];
        memcpy(bytes, &words[i], sizeof bytes);
        words[i] = 0;
        for (unsigned b = 0; b < 8; b++)
            words[i] |= (uint64_t)bytes[b] << (8 * b);
    }
}

static void close_taking(struct taking *k)
{
    bits_to_words(k->out->valid, (size_t)k->out->n_values / 64 + 1);
    if (k->out->n_nulls == 0)
        k->out->valid = NULL;
}

static bau_status take_values(const struct bau_arrow_rows *rows, const struct bau_arrow_type *type,
                              struct bau_arena *arena, struct bau_column *out, struct bau_error *err)
{
    struct taking k = { .array = rows->array, .type = type, .out = out };
    uint64_t bytes = 0;
    BAU_TRY(check_array(rows->array, type, rows->at, rows->n, err));
    BAU_TRY(run_bytes(&k, rows->at, rows->n, &bytes, err));
    BAU_TRY(open_taking(&k, rows->n, bytes, arena, err));
    BAU_TRY(take_run(&k, rows->at, rows->n, rows->outer, rows->outer_at, err));
    close_taking(&k);
    return BAU_OK;
}

/* ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct list { /* offsets of the elements of a run of rows */
    const struct bau_arrow_rows *rows;
    struct bau_arrow_type type; /* of the list itself */
};

/* Elements of row i; none for a null, whatever the array says of it. */
static bau_status elements_of(const struct list *l, uint32_t i, int64_t *from, uint32_t *n,
                              struct bau_error *err)
{
    const struct bau_arrow_rows *rows = l->rows;
    const void *offsets = rows->array->buffers[1];
    const int64_t at = offset_at(&l->type, offsets, rows->at + i),
                  to = offset_at(&l->type, offsets, rows->at + i + 1);
    if (at < 0 || to < at)
        return misfit("its offsets fall", err);
    *from = at;
    *n = bit(rows->array->buffers[0], rows->at + i) && bit(rows->outer, rows->outer_at + i)
             ? (uint32_t)(to - at)
             : 0;
    return BAU_OK;
}

static bau_status check_list(const struct bau_arrow_rows *rows, struct bau_error *err)
{
    const struct ArrowArray *a = rows->array;
    if (a->n_buffers != 2 || !a->buffers || a->n_children != 1 || !a->children || !a->children[0])
        return misfit("a list has two buffers and one child", err);
    if (a->length < 0 || a->offset < 0 || rows->at < a->offset ||
        (uint64_t)(rows->at - a->offset) + rows->n > (uint64_t)a->length)
        return misfit("fewer values than needed", err);
    return rows->n && !a->buffers[1] ? misfit("a buffer is missing", err) : BAU_OK;
}

/* list_offsets, row_valid, and how many elements of how many bytes there are. */
static bau_status measure_list(const struct list *l, const struct taking *k, uint32_t *list_offsets,
                               uint64_t *row_valid, uint64_t *bytes, bool *nulls, struct bau_error *err)
{
    uint64_t n_values = 0;
    list_offsets[0] = 0;
    for (uint32_t i = 0; i < l->rows->n; i++) {
        int64_t from;
        uint32_t n;
        BAU_TRY(elements_of(l, i, &from, &n, err));
        const bool present =
            bit(l->rows->array->buffers[0], l->rows->at + i) && bit(l->rows->outer, l->rows->outer_at + i);
        row_valid[i / 64] |= (uint64_t)present << (i % 64);
        *nulls = *nulls || !present;
        BAU_TRY(check_array(k->array, k->type, k->array->offset + from, n, err));
        BAU_TRY(run_bytes(k, k->array->offset + from, n, bytes, err));
        n_values += n;
        if (n_values > INT32_MAX)
            return bau_error_set(err, BAU_E_LIMIT, "the lists hold too many elements: give them in slices");
        list_offsets[i + 1] = (uint32_t)n_values;
    }
    return BAU_OK;
}

static bau_status take_list(const struct bau_arrow_rows *rows, const struct bau_arrow_type *type,
                            struct bau_arena *arena, struct bau_column *out, uint64_t **row_valid,
                            struct bau_error *err)
{
    BAU_TRY(check_list(rows, err));
    const struct list l = { .rows = rows };
    struct taking k = { .array = rows->array->children[0], .type = type, .out = out };
    uint32_t *list_offsets = bau_arena_buffer(arena, ((size_t)rows->n + 1) * sizeof *list_offsets);
    uint64_t *valid = bau_arena_zero(arena, ((size_t)rows->n / 64 + 1) * sizeof *valid), bytes = 0;
    bool nulls = false;
    if (!list_offsets || !valid)
        return bau_error_set(err, BAU_E_NOMEM, "array of %u lists", rows->n);
    BAU_TRY(measure_list(&l, &k, list_offsets, valid, &bytes, &nulls, err));
    BAU_TRY(open_taking(&k, list_offsets[rows->n], bytes, arena, err));
    for (uint32_t i = 0; i < rows->n; i++) {
        int64_t from;
        uint32_t n;
        BAU_TRY(elements_of(&l, i, &from, &n, err));
        BAU_TRY(take_run(&k, k.array->offset + from, n, NULL, 0, err));
    }
    close_taking(&k);
    out->list_offsets = list_offsets;
    *row_valid = nulls ? valid : NULL;
    return BAU_OK;
}

bau_status bau_arrow_take(const struct bau_arrow_rows *rows, const struct bau_arrow_type *type,
                          struct bau_arena *arena, struct bau_column *out, uint64_t **row_valid,
                          struct bau_error *err)
{
    *row_valid = NULL;
    return type->list ? take_list(rows, type, arena, out, row_valid, err)
                      : take_values(rows, type, arena, out, err);
}
