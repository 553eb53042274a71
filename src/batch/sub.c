/* Maskers inside maskers. A masker refuses a whole run for one value that does not conform; since masking a run equals
 * masking any cut of it (M3), the values to blame are found by halving, and only they go to the fallback. */
#include <string.h>

#include "bauta/masker.h"

/* "12", "-0.50": what a numeric column may hold and a text may turn out not to. */
static bool is_decimal(struct bau_slice v)
{
    size_t i = v.len && v.data[0] == '-' ? 1 : 0, digits = 0;
    for (; i < v.len && v.data[i] >= '0' && v.data[i] <= '9'; i++)
        digits++;
    if (digits && i < v.len && v.data[i] == '.' && ++i < v.len)
        for (; i < v.len && v.data[i] >= '0' && v.data[i] <= '9'; i++)
            digits++;
    return digits > 0 && i == v.len && v.data[v.len - 1] != '.';
}

static uint64_t row_of(const struct bau_mask_ctx *ctx, uint32_t i)
{
    return ctx->first_row + (ctx->rows ? ctx->rows[i] : i) + 1;
}

/* The run as the masker takes it: text for a masker of numbers is relabelled, since both are spelled alike. */
static bau_status retype(const struct bau_sub *sub, const struct bau_mask_ctx *ctx,
                         const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    *out = *in;
    if (in->type == sub->type)
        return BAU_OK;
    if (in->type != BAU_TEXT || sub->type != BAU_NUMERIC)
        return bau_error_set(err, BAU_E_BUG, "masker %s is bound for %s, not for %s", sub->masker->name,
                             bau_type_word(sub->type), bau_type_word(in->type));
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i) && !is_decimal(bau_column_value(in, i)))
            return bau_error_set(err, BAU_E_DATA, "row %" PRIu64 ": a value of %zu bytes is no number",
                                 row_of(ctx, i), bau_column_value(in, i).len);
    out->type = BAU_NUMERIC;
    return BAU_OK;
}

static bau_status apply_plain(const struct bau_sub *sub, const struct bau_mask_ctx *ctx,
                              const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    struct bau_mask_ctx own = *ctx;
    struct bau_column typed;
    own.fields = ctx->fields ? ctx->fields + sub->at_field : NULL;
    *out = *in;
    if (!sub->masker) /* keep, with a reason */
        return BAU_OK;
    BAU_TRY(retype(sub, ctx, in, &typed, err));
    *out = typed;
    BAU_TRY(sub->masker->apply(sub->config, &own, &typed, out, err));
    if (out->n_values != in->n_values || out->type != typed.type)
        return bau_error_set(err, BAU_E_BUG, "masker %s changed the shape of the column", sub->masker->name);
    out->type = in->type;
    return BAU_OK;
}

struct halving { /* pieces of a run that went through, and which value lies in which */
    const struct bau_sub *sub;
    const struct bau_mask_ctx *ctx;
    const struct bau_column *in;
    const struct bau_column **parts;
    uint32_t *index, *rows, *which, *at;
    uint32_t n_parts;
};

static bau_status apply_run(const struct halving *h, const struct bau_sub *sub, uint32_t from, uint32_t n,
                            struct bau_column *out, struct bau_error *err)
{
    struct bau_column piece;
    struct bau_mask_ctx ctx = *h->ctx;
    ctx.rows = h->rows + from;
    BAU_TRY(bau_column_take(&piece, h->in, h->index + from, n, ctx.arena, err));
    if (sub == h->sub)
        return apply_plain(sub, &ctx, &piece, out, err);
    ctx.fields =
        ctx.fields ? ctx.fields + h->sub->at_field : NULL; /* a fallback counts from its masker's first */
    return bau_sub_apply(sub, &ctx, &piece, out, err);
}

static bau_status halve(struct halving *h, uint32_t from, uint32_t n, struct bau_error *err)
{
    struct bau_column *out = bau_arena_take(h->ctx->arena, sizeof *out);
    if (!out)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    bau_status status = apply_run(h, h->sub, from, n, out, err);
    if (status == BAU_E_DATA && n > 1) {
        BAU_TRY(halve(h, from, n / 2, err));
        return halve(h, from + n / 2, n - n / 2, err);
    }
    if (status == BAU_E_DATA)
        status = apply_run(h, h->sub->fallback, from, 1, out, err);
    BAU_TRY(status);
    for (uint32_t i = 0; i < n; i++) {
        h->which[from + i] = h->n_parts;
        h->at[from + i] = i;
    }
    h->parts[h->n_parts++] = out;
    return BAU_OK;
}

static bau_status with_fallback(const struct bau_sub *sub, const struct bau_mask_ctx *ctx,
                                const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    const uint32_t n = in->n_values;
    const size_t bytes = ((size_t)n + 1) * sizeof(uint32_t);
    struct halving h = { .sub = sub,
                         .ctx = ctx,
                         .in = in,
                         .parts = bau_arena_take(ctx->arena, ((size_t)n + 1) * sizeof *h.parts),
                         .index = bau_arena_buffer(ctx->arena, bytes),
                         .rows = bau_arena_buffer(ctx->arena, bytes),
                         .which = bau_arena_buffer(ctx->arena, bytes),
                         .at = bau_arena_buffer(ctx->arena, bytes) };
    if (!h.parts || !h.index || !h.rows || !h.which || !h.at)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < n; i++) {
        h.index[i] = i;
        h.rows[i] = ctx->rows ? ctx->rows[i] : i;
    }
    BAU_TRY(halve(&h, 0, n / 2, err));
    BAU_TRY(halve(&h, n / 2, n - n / 2, err));
    return bau_column_merge(out, in, h.parts, h.which, h.at, ctx->arena, err);
}

bau_status bau_sub_apply(const struct bau_sub *sub, const struct bau_mask_ctx *ctx,
                         const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    const struct bau_column from = *in;
    const bau_status status = apply_plain(sub, ctx, &from, out, err);
    if (status != BAU_E_DATA || !sub->fallback)
        return status;
    return with_fallback(sub, ctx, &from, out, err);
}
