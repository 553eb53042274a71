/* Columns out as Arrow arrays. The nodes of one tree lie in one arena; each node holds it until it is released, so that a
 * child that was moved out of its parent outlives it. */
#include <stdatomic.h>
#include <string.h>

#include "src/arrow/arrow.h"

struct bau_arrow_owner {
    struct bau_arena *arena; /* holds this struct */
    struct bau_batch batch;  /* when its buffers are lent */
    atomic_uint nodes;       /* not yet released; children may be released on different threads */
};

struct bau_arrow_owner *bau_arrow_owner_new(size_t bytes)
{
    struct bau_arena *arena = bau_arena_new(bytes + 4096, BAU_ARENA_PLAIN);
    struct bau_arrow_owner *owner = arena ? bau_arena_zero(arena, sizeof *owner) : NULL;
    if (owner)
        owner->arena = arena;
    else
        bau_arena_free(arena);
    return owner;
}

void bau_arrow_owner_drop(struct bau_arrow_owner *owner)
{
    if (!owner)
        return;
    bau_batch_release(&owner->batch);
    bau_arena_free(owner->arena);
}

static void node_done(struct bau_arrow_owner *owner)
{
    if (atomic_fetch_sub_explicit(&owner->nodes, 1, memory_order_acq_rel) == 1)
        bau_arrow_owner_drop(owner);
}

static void release_array(struct ArrowArray *array)
{
    struct bau_arrow_owner *owner = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    array->release = NULL;
    node_done(owner);
}

static void release_schema(struct ArrowSchema *schema)
{
    struct bau_arrow_owner *owner = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release)
            schema->children[i]->release(schema->children[i]);
    schema->release = NULL;
    node_done(owner);
}

/* ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status no_memory(struct bau_error *err)
{
    return bau_error_set(err, BAU_E_NOMEM, "Arrow array");
}

/* An array with room for its buffers and its children, which are zeroed. */
static bau_status new_array(struct bau_arrow_owner *owner, uint32_t n_buffers, uint32_t n_children,
                            struct ArrowArray *out, struct bau_error *err)
{
    const void **buffers = bau_arena_zero(owner->arena, n_buffers * sizeof *buffers);
    struct ArrowArray **children = bau_arena_zero(owner->arena, n_children * sizeof *children);
    struct ArrowArray *nodes = bau_arena_zero(owner->arena, n_children * sizeof *nodes);
    if (!buffers || !children || !nodes)
        return no_memory(err);
    for (uint32_t i = 0; i < n_children; i++)
        children[i] = &nodes[i];
    *out = (struct ArrowArray){ .n_buffers = n_buffers,
                                .n_children = n_children,
                                .buffers = buffers,
                                .children = n_children ? children : NULL,
                                .release = release_array,
                                .private_data = owner };
    atomic_fetch_add(&owner->nodes, 1);
    return BAU_OK;
}

static bau_status new_schema(struct bau_arrow_owner *owner, const char *format, const char *name,
                             uint32_t n_children, struct ArrowSchema *out, struct bau_error *err)
{
    struct ArrowSchema **children = bau_arena_zero(owner->arena, n_children * sizeof *children);
    struct ArrowSchema *nodes = bau_arena_zero(owner->arena, n_children * sizeof *nodes);
    const char *format_copy = bau_arena_text(owner->arena, format),
               *name_copy = bau_arena_text(owner->arena, name ? name : "");
    if (!children || !nodes || !format_copy || !name_copy)
        return no_memory(err);
    for (uint32_t i = 0; i < n_children; i++)
        children[i] = &nodes[i];
    *out = (struct ArrowSchema){ .format = format_copy,
                                 .name = name_copy,
                                 .flags = ARROW_FLAG_NULLABLE,
                                 .n_children = n_children,
                                 .children = n_children ? children : NULL,
                                 .release = release_schema,
                                 .private_data = owner };
    atomic_fetch_add(&owner->nodes, 1);
    return BAU_OK;
}

/* ── buffers ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Bits as Arrow has them, in bytes. */
static const void *give_bits(struct bau_arrow_owner *owner, const uint64_t *bits, uint32_t n)
{
    uint8_t *bytes = bau_arena_buffer(owner->arena, (size_t)n / 8 + 1);
    for (uint32_t i = 0; bytes && i <= n / 8; i++)
        bytes[i] = (uint8_t)(i * 8 < n ? bits[i / 8] >> (i % 8 * 8) : 0);
    return bytes;
}

static const void *give_bools(struct bau_arrow_owner *owner, const uint8_t *bools, uint32_t n)
{
    uint8_t *bytes = bau_arena_buffer(owner->arena, (size_t)n / 8 + 1);
    if (bytes)
        memset(bytes, 0, (size_t)n / 8 + 1);
    for (uint32_t i = 0; bytes && i < n; i++)
        bytes[i / 8] |= (uint8_t)((bools[i] != 0) << (i % 8));
    return bytes;
}

static const void *give_bytes(struct bau_arrow_owner *owner, const void *bytes, size_t n, bool copy)
{
    if (!copy)
        return bytes;
    void *own = bau_arena_buffer(owner->arena, n);
    if (own && n)
        memcpy(own, bytes, n);
    return own;
}

static const void *give_offsets(struct bau_arrow_owner *owner, const uint32_t *offsets, uint32_t n, bool wide,
                                bool copy)
{
    if (!wide)
        return give_bytes(owner, offsets, ((size_t)n + 1) * sizeof *offsets, copy);
    int64_t *own = bau_arena_buffer(owner->arena, ((size_t)n + 1) * sizeof *own);
    for (uint32_t i = 0; own && i <= n; i++)
        own[i] = offsets[i];
    return own;
}

static uint32_t count_clear(const uint64_t *bits, uint32_t n)
{
    uint32_t clear = 0;
    for (uint32_t i = 0; i < n; i++)
        clear += !(bits[i / 64] >> (i % 64) & 1);
    return clear;
}

static bau_status give_values(struct bau_arrow_owner *owner, const struct bau_arrow_gift *gift,
                              struct ArrowArray *out, struct bau_error *err)
{
    const struct bau_column *c = gift->column;
    const uint32_t width = bau_type_width(c->type), n = c->n_values;
    bool good = true;
    BAU_TRY(new_array(owner, width ? 2 : 3, 0, out, err));
    out->length = n;
    out->null_count = c->n_nulls;
    if (c->n_nulls)
        good = (out->buffers[0] = give_bits(owner, c->valid, n)) != NULL;
    if (c->type == BAU_BOOL)
        out->buffers[1] = give_bools(owner, c->data, n);
    else if (width)
        out->buffers[1] = give_bytes(owner, c->data, (size_t)n * width, gift->copy);
    else {
        out->buffers[1] = give_offsets(owner, c->offsets, n, gift->type->wide, gift->copy);
        out->buffers[2] = give_bytes(owner, c->data, c->offsets[n], gift->copy);
        good = good && out->buffers[2];
    }
    return good && out->buffers[1] ? BAU_OK : no_memory(err);
}

bau_status bau_arrow_give(struct bau_arrow_owner *owner, const struct bau_arrow_gift *gift,
                          struct ArrowArray *out, struct bau_error *err)
{
    if (!gift->type->list)
        return give_values(owner, gift, out, err);
    BAU_TRY(new_array(owner, 2, 1, out, err));
    out->length = gift->n_rows;
    out->buffers[1] = give_offsets(owner, gift->column->list_offsets, gift->n_rows, false, gift->copy);
    if (gift->row_valid) {
        out->null_count = count_clear(gift->row_valid, gift->n_rows);
        out->buffers[0] = give_bits(owner, gift->row_valid, gift->n_rows);
    }
    if (!out->buffers[1] || (gift->row_valid && !out->buffers[0]))
        return no_memory(err);
    return give_values(owner, gift, out->children[0], err);
}

bau_status bau_arrow_give_schema(struct bau_arrow_owner *owner, const struct bau_arrow_type *type,
                                 const char *name, struct ArrowSchema *out, struct bau_error *err)
{
    if (!type->list)
        return new_schema(owner, type->format, name, 0, out, err);
    BAU_TRY(new_schema(owner, "+l", name, 1, out, err));
    return new_schema(owner, type->format, "item", 0, out->children[0], err);
}

/* ── a batch ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static struct bau_arrow_type type_of(const struct bau_column *c)
{
    static const char *const formats[BAU_TYPE_COUNT] = {
        [BAU_BOOL] = "b",         [BAU_I16] = "s",
        [BAU_I32] = "i",          [BAU_I64] = "l",
        [BAU_F32] = "f",          [BAU_F64] = "g",
        [BAU_DATE] = "tdD",       [BAU_TIME] = "ttu",
        [BAU_TIMESTAMP] = "tsu:", [BAU_TIMESTAMPTZ] = "tsu:UTC",
        [BAU_UUID] = "w:16",      [BAU_TEXT] = "u",
        [BAU_NUMERIC] = "u",      [BAU_JSON] = "u",
        [BAU_BYTES] = "z",        [BAU_OTHER] = "z",
    };
    return (struct bau_arrow_type){ .format = formats[c->type],
                                    .type = c->type,
                                    .list = c->list_offsets != NULL };
}

/* Rows of a repeated field that are null, not lists without elements. */
static bau_status find_null_lists(struct bau_arrow_owner *owner, const struct bau_column *c, uint32_t n_rows,
                                  const uint64_t **out, struct bau_error *err)
{
    bool nulls = false;
    *out = NULL;
    if (!c->list_offsets || !c->spans)
        return BAU_OK;
    uint64_t *bits = bau_arena_zero(owner->arena, ((size_t)n_rows / 64 + 1) * sizeof *bits);
    if (!bits)
        return no_memory(err);
    for (uint32_t i = 0; i < n_rows; i++) {
        const bool null = c->spans[i].len == BAU_SPAN_NULL;
        nulls = nulls || null;
        bits[i / 64] |= (uint64_t)!null << (i % 64);
    }
    *out = nulls ? bits : NULL;
    return BAU_OK;
}

static uint32_t typed_columns(const struct bau_batch *batch)
{
    uint32_t n = 0;
    for (uint32_t f = 0; f < batch->n_columns; f++)
        n += batch->columns[f].form == BAU_FORM_TYPED;
    return n;
}

static bau_status batch_array(struct bau_arrow_owner *owner, const struct bau_batch *batch,
                              struct ArrowArray *out, struct bau_error *err)
{
    uint32_t child = 0;
    BAU_TRY(new_array(owner, 1, typed_columns(batch), out, err));
    out->length = batch->n_rows;
    for (uint32_t f = 0; f < batch->n_columns; f++) {
        const struct bau_column *c = &batch->columns[f];
        const struct bau_arrow_type type = type_of(c);
        struct bau_arrow_gift gift = { .column = c, .type = &type, .n_rows = batch->n_rows };
        if (c->form != BAU_FORM_TYPED)
            continue;
        BAU_TRY(find_null_lists(owner, c, batch->n_rows, &gift.row_valid, err));
        BAU_TRY(bau_arrow_give(owner, &gift, out->children[child++], err));
    }
    return BAU_OK;
}

static bau_status batch_schema(struct bau_arrow_owner *owner, const struct bau_batch *batch,
                               struct ArrowSchema *out, struct bau_error *err)
{
    uint32_t child = 0;
    BAU_TRY(new_schema(owner, "+s", "", typed_columns(batch), out, err));
    out->flags = 0;
    for (uint32_t f = 0; f < batch->n_columns; f++) {
        const struct bau_column *c = &batch->columns[f];
        const struct bau_arrow_type type = type_of(c);
        if (c->form == BAU_FORM_TYPED)
            BAU_TRY(bau_arrow_give_schema(owner, &type, c->field ? c->field->name : "",
                                          out->children[child++], err));
    }
    return BAU_OK;
}

bau_status bau_batch_export(struct bau_batch *batch, struct ArrowSchema *out_schema,
                            struct ArrowArray *out_array, struct bau_error *err)
{
    struct bau_arrow_owner *owner = bau_arrow_owner_new(0), *names = bau_arrow_owner_new(0);
    struct ArrowSchema schema;
    struct ArrowArray array;
    bau_status status = owner && names ? batch_array(owner, batch, &array, err) : no_memory(err);
    if (status == BAU_OK && out_schema)
        status = batch_schema(names, batch, &schema, err);
    if (status != BAU_OK || !out_schema) {
        bau_arrow_owner_drop(names);
        names = NULL;
    }
    if (status != BAU_OK) {
        bau_arrow_owner_drop(owner);
        return status;
    }
    owner->batch = *batch;
    *batch = (struct bau_batch){ 0 };
    *out_array = array;
    if (out_schema)
        *out_schema = schema;
    return BAU_OK;
}
