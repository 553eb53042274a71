/* The public door: see include/bauta/bauta.h. */
#include "bauta/bauta.h"

#include <string.h>

#include "bauta/masker.h"
#include "src/arrow/arrow.h"
#include "src/plan/plan.h"

#define WORK_CHUNK ((size_t)1 << 20)
#define CHILDREN_MOST 10000

struct bau_treatment {
    struct bau_project *plugins;
    struct bau_single *single;
    struct bau_arena *arena; /* names and types below */
    struct bau_arena *work;  /* of one array at a time: clear values */
    void *scratch;
    bool of_struct;
    uint32_t n_columns, value;    /* `value`: which of them is masked */
    struct bau_arrow_type *types; /* of the columns; format NULL: one that is not taken */
    const char **names;
};

const char *bau_version(void)
{
    return BAU_VERSION;
}

/* ── open ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const struct ArrowSchema *column_schema(const struct ArrowSchema *schema, bool of_struct, uint32_t i)
{
    return of_struct ? schema->children[i] : schema;
}

static bau_status find_value(const struct bau_treatment_with *with, struct bau_treatment *t,
                             struct bau_error *err)
{
    for (t->value = 0; with->column && t->of_struct && t->value < t->n_columns; t->value++)
        if (strcmp(t->names[t->value], with->column) == 0)
            return BAU_OK;
    return t->value < t->n_columns
               ? BAU_OK
               : bau_error_set(err, BAU_E_USAGE, "the struct has no column '%.60s'", with->column);
}

static bau_status check_schema(const struct ArrowSchema *schema, bool of_struct, struct bau_error *err)
{
    if (!of_struct)
        return BAU_OK;
    if (schema->n_children < 1 || schema->n_children > CHILDREN_MOST || !schema->children)
        return bau_error_set(err, BAU_E_USAGE, "a struct must have 1 to %d columns", CHILDREN_MOST);
    for (int64_t i = 0; i < schema->n_children; i++)
        if (!schema->children[i])
            return bau_error_set(err, BAU_E_USAGE, "a column of the struct is missing");
    return BAU_OK;
}

/* A column beside the value may be of any format as long as nobody looks at it. */
static bau_status read_schema(const struct bau_treatment_with *with, struct bau_treatment *t,
                              struct bau_error *err)
{
    const struct ArrowSchema *schema = with->schema;
    if (!schema || !schema->format)
        return bau_error_set(err, BAU_E_USAGE, "schema: what the arrays will be is missing");
    t->of_struct = strcmp(schema->format, "+s") == 0;
    BAU_TRY(check_schema(schema, t->of_struct, err));
    t->n_columns = t->of_struct ? (uint32_t)schema->n_children : 1;
    t->types = bau_arena_zero(t->arena, t->n_columns * sizeof *t->types);
    t->names = bau_arena_zero(t->arena, t->n_columns * sizeof *t->names);
    if (!t->types || !t->names)
        return bau_error_set(err, BAU_E_NOMEM, "treatment");
    for (uint32_t i = 0; i < t->n_columns; i++) {
        const char *name = column_schema(schema, t->of_struct, i)->name;
        t->names[i] = bau_arena_text(t->arena, name ? name : "");
        if (!t->names[i])
            return bau_error_set(err, BAU_E_NOMEM, "treatment");
    }
    BAU_TRY(find_value(with, t, err));
    for (uint32_t i = 0; i < t->n_columns; i++) {
        struct bau_error refused;
        const bau_status status =
            bau_arrow_type_of(column_schema(schema, t->of_struct, i), i == t->value ? with->type : NULL,
                              &t->types[i], &refused);
        if (status != BAU_OK && i == t->value)
            return bau_error_set(err, status, "%s", refused.text);
        if (status == BAU_OK && !(t->types[i].format = bau_arena_text(t->arena, t->types[i].format)))
            return bau_error_set(err, BAU_E_NOMEM, "treatment");
    }
    return BAU_OK;
}

static struct bau_field field_of(const struct bau_treatment *t, uint32_t i)
{
    const struct bau_arrow_type *type = &t->types[i];
    const bau_type known = type->format ? type->type : BAU_OTHER;
    return (struct bau_field){ .name = t->names[i],
                               .native = bau_type_word(known),
                               .type = known,
                               .list = type->list,
                               .nullable = true,
                               .scale = -1 };
}

/* Every column but the value, in order. */
static bau_status other_fields(const struct bau_treatment *t, struct bau_field **out, struct bau_error *err)
{
    struct bau_field *others = *out = bau_arena_zero(t->arena, t->n_columns * sizeof *others);
    if (!others)
        return bau_error_set(err, BAU_E_NOMEM, "treatment");
    for (uint32_t i = 0; i < t->n_columns; i++)
        if (i != t->value)
            *others++ = field_of(t, i);
    return BAU_OK;
}

/* `other` as the single counts → column. */
static uint32_t column_of(const struct bau_treatment *t, uint32_t other)
{
    return other == UINT32_MAX ? t->value : other < t->value ? other : other + 1;
}

static bau_status check_fields(const struct bau_treatment *t, struct bau_error *err)
{
    for (uint32_t i = 0; i < t->single->n_by; i++) {
        const uint32_t column = column_of(t, t->single->other[i]);
        if (!t->of_struct)
            return bau_error_set(err, BAU_E_USAGE,
                                 "the treatment looks at '%.60s': give it a struct of both columns",
                                 t->single->by[i]);
        if (!t->types[column].format)
            return bau_error_set(err, BAU_E_USAGE,
                                 "the treatment looks at '%.60s', whose Arrow format is not taken",
                                 t->names[column]);
    }
    return BAU_OK;
}

static bau_status bind(const struct bau_treatment_with *with, struct bau_treatment *t, struct bau_error *err)
{
    struct bau_keys *keys;
    struct bau_field *others, field = field_of(t, t->value);
    BAU_TRY(other_fields(t, &others, err));
    BAU_TRY(bau_keys_parse(with->key, with->key_bytes, &keys, err));
    field.max_chars = with->max_chars;
    const struct bau_texts words = { with->n_words, (const char **)(uintptr_t)with->words };
    const struct bau_single_with single = { .project = t->plugins,
                                            .masker = with->masker,
                                            .words = &words,
                                            .yaml = with->yaml,
                                            .domain = with->domain,
                                            .keys = keys,
                                            .type = t->types[t->value].type,
                                            .by_type = BAU_TEXT,
                                            .field = &field,
                                            .max_chars = with->max_chars,
                                            .n_others = t->n_columns - 1,
                                            .others = others };
    const bau_status status = bau_single_new(&single, &t->single, err);
    bau_keys_free(keys);
    BAU_TRY(status);
    if (t->single->bound.masker->observe)
        return bau_error_set(err, BAU_E_USAGE,
                             "masker %s looks at all values before it masks one; only a refresh can",
                             t->single->bound.masker->name);
    return check_fields(t, err);
}

static bau_status open_all(const struct bau_treatment_with *with, struct bau_treatment *t,
                           struct bau_error *err)
{
    const struct bau_texts paths = { with->n_plugins, (const char **)(uintptr_t)with->plugins };
    if ((with->yaml != NULL) == (with->masker != NULL))
        return bau_error_set(err, BAU_E_USAGE, "a treatment is said either as yaml or as masker with words");
    t->arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
    t->work = bau_arena_new(WORK_CHUNK, BAU_ARENA_PRIVATE);
    if (!t->arena || !t->work)
        return bau_error_set(err, BAU_E_NOMEM, "treatment");
    BAU_TRY(bau_plugins_open(&paths, &t->plugins, err));
    t->scratch = bau_alloc(bau_project_scratch(t->plugins));
    if (!t->scratch)
        return bau_error_set(err, BAU_E_NOMEM, "treatment");
    BAU_TRY(read_schema(with, t, err));
    return bind(with, t, err);
}

bau_status bau_treatment_open(const struct bau_treatment_with *with, struct bau_treatment **out,
                              struct bau_error *err)
{
    struct bau_error own;
    err = err ? err : &own;
    if (with->bytes != sizeof *with)
        return bau_error_set(err, BAU_E_USAGE, "bytes: built with the header of another bauta");
    struct bau_treatment *t = bau_alloc(sizeof *t);
    if (!t)
        return bau_error_set(err, BAU_E_NOMEM, "treatment");
    const bau_status status = open_all(with, t, err);
    if (status == BAU_OK)
        *out = t;
    else
        bau_treatment_close(t);
    return status;
}

void bau_treatment_close(struct bau_treatment *treatment)
{
    if (!treatment)
        return;
    bau_single_free(treatment->single);
    bau_project_free(treatment->plugins);
    bau_free(treatment->scratch);
    bau_arena_free(treatment->work);
    bau_arena_free(treatment->arena);
    bau_free(treatment);
}

/* ── mask ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status take_column(struct bau_treatment *t, const struct ArrowArray *in, uint32_t column,
                              struct bau_column *out, uint64_t **row_valid, struct bau_error *err)
{
    struct bau_arrow_rows rows = { .array = in, .at = in->offset, .n = (uint32_t)in->length };
    if (t->of_struct) {
        rows.array = in->children[column];
        rows.at = in->offset + (rows.array ? rows.array->offset : 0);
        rows.outer = in->buffers[0];
        rows.outer_at = in->offset;
    }
    return bau_arrow_take(&rows, &t->types[column], t->work, out, row_valid, err);
}

static bau_status check_input(const struct bau_treatment *t, const struct ArrowArray *in,
                              struct bau_error *err)
{
    if (!in->release)
        return bau_error_set(err, BAU_E_USAGE, "the array was released already");
    if (in->length < 0 || in->offset < 0 || in->offset > INT64_MAX / 32 || in->length > INT32_MAX)
        return bau_error_set(err, in->length > INT32_MAX ? BAU_E_LIMIT : BAU_E_USAGE,
                             "the array's length or offset is out of range: give it in slices");
    if (t->of_struct &&
        (in->n_children != t->n_columns || !in->children || in->n_buffers != 1 || !in->buffers))
        return bau_error_set(err, BAU_E_USAGE,
                             "the array does not fit its schema: a struct has one buffer and its columns");
    return BAU_OK;
}

/* Which row each element of a list is in. */
static bau_status rows_of(const struct bau_column *in, uint32_t n_rows, struct bau_arena *arena,
                          uint32_t **out, struct bau_error *err)
{
    *out = NULL;
    if (!in->list_offsets)
        return BAU_OK;
    uint32_t *rows = *out = bau_arena_buffer(arena, ((size_t)in->n_values + 1) * sizeof *rows);
    if (!rows)
        return bau_error_set(err, BAU_E_NOMEM, "array");
    for (uint32_t row = 0; row < n_rows; row++)
        for (uint32_t i = in->list_offsets[row]; i < in->list_offsets[row + 1]; i++)
            rows[i] = row;
    return BAU_OK;
}

static bau_status apply(struct bau_treatment *t, const struct ArrowArray *in, struct bau_column *out,
                        uint64_t **row_valid, struct bau_error *err)
{
    struct bau_column value, others[BAU_BY_MOST];
    const struct bau_column *fields[BAU_BY_MOST];
    uint32_t *rows;
    BAU_TRY(take_column(t, in, t->value, &value, row_valid, err));
    BAU_TRY(rows_of(&value, (uint32_t)in->length, t->work, &rows, err));
    for (uint32_t i = 0; i < t->single->n_by; i++) {
        uint64_t *none;
        BAU_TRY(take_column(t, in, column_of(t, t->single->other[i]), &others[i], &none, err));
        fields[i] = &others[i];
    }
    struct bau_mask_ctx ctx = { .arena = t->work, .scratch = t->scratch, .fields = fields, .rows = rows };
    *out = value;
    BAU_TRY(bau_sub_apply(&t->single->bound.run, &ctx, &value, out, err));
    out->list_offsets = value.list_offsets;
    return BAU_OK;
}

static size_t bytes_of(const struct bau_column *c, uint32_t n_rows)
{
    const uint32_t width = bau_type_width(c->type);
    const size_t data =
        width ? (size_t)c->n_values * width : c->offsets[c->n_values] + (size_t)c->n_values * 8;
    return data + (size_t)c->n_values / 8 + (c->list_offsets ? (size_t)n_rows * 5 : 0) + 1024;
}

bau_status bau_treatment_mask(struct bau_treatment *treatment, const struct ArrowArray *in,
                              struct ArrowArray *out, struct bau_error *err)
{
    struct bau_error own;
    struct bau_column masked = { 0 };
    struct ArrowArray array;
    uint64_t *row_valid;
    struct bau_arrow_owner *owner = NULL;
    err = err ? err : &own;
    BAU_TRY(check_input(treatment, in, err));
    bau_status status = apply(treatment, in, &masked, &row_valid, err);
    if (status == BAU_OK) {
        const struct bau_arrow_gift gift = { .column = &masked,
                                             .type = &treatment->types[treatment->value],
                                             .n_rows = (uint32_t)in->length,
                                             .row_valid = row_valid,
                                             .copy = true };
        owner = bau_arrow_owner_new(bytes_of(&masked, gift.n_rows));
        status = owner ? bau_arrow_give(owner, &gift, &array, err) : bau_error_set(err, BAU_E_NOMEM, "array");
    }
    bau_arena_reset(treatment->work);
    if (status == BAU_OK)
        *out = array;
    else
        bau_arrow_owner_drop(owner);
    return status;
}

bau_status bau_treatment_schema(const struct bau_treatment *treatment, struct ArrowSchema *out,
                                struct bau_error *err)
{
    struct bau_error own;
    struct ArrowSchema schema;
    err = err ? err : &own;
    struct bau_arrow_owner *owner = bau_arrow_owner_new(0);
    const bau_status status = owner ? bau_arrow_give_schema(owner, &treatment->types[treatment->value],
                                                            treatment->names[treatment->value], &schema, err)
                                    : bau_error_set(err, BAU_E_NOMEM, "schema");
    if (status == BAU_OK)
        *out = schema;
    else
        bau_arrow_owner_drop(owner);
    return status;
}
