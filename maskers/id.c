/* What maskers of identifiers share: see id.h. */
#include "maskers/id.h"

bool bau_id_read(const uint8_t *text, size_t len, struct bau_id *out)
{
    bool upper = false, lower = false;
    out->n = 0;
    if (len > BAU_ID_BYTES)
        return false;
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = text[i];
        const bool small = c >= 'a' && c <= 'z', large = c >= 'A' && c <= 'Z';
        if (c == ' ' || c == '-' || c == '.' || c == '/')
            continue;
        if ((!small && !large && !bau_is_digit(c)) || out->n == BAU_ID_SYMBOLS)
            return false;
        lower |= small;
        upper |= large;
        out->at[out->n] = (uint8_t)i;
        out->symbol[out->n++] = small ? (uint8_t)(c - 'a' + 'A') : c;
    }
    out->lower = lower;
    return out->n > 0 && !(lower && upper);
}

void bau_id_write(uint8_t *text, const struct bau_id *id)
{
    for (uint32_t i = 0; i < id->n; i++) {
        const uint8_t c = id->symbol[i];
        text[id->at[i]] = id->lower && c >= 'A' ? (uint8_t)(c - 'A' + 'a') : c;
    }
}

uint8_t bau_id_luhn(const uint8_t *digits, uint32_t n, uint32_t check)
{
    static const uint8_t twice[10] = { 0, 2, 4, 6, 8, 1, 3, 5, 7, 9 },
                         half[10] = { 0, 5, 1, 6, 2, 7, 3, 8, 4, 9 };
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t d = (uint8_t)(digits[i] - '0');
        if (i != check)
            sum += (n - 1 - i) % 2 ? twice[d] : d;
    }
    const uint32_t missing = (10 - sum % 10) % 10;
    return (uint8_t)('0' + ((n - 1 - check) % 2 ? half[missing] : missing));
}

void bau_id_rank(const struct bau_id *id, const uint8_t *places, uint32_t n, struct bau_id_part *part)
{
    uint32_t letters = 0;
    part->rank = 0;
    part->size = 1;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t c = id->symbol[places[i]];
        const bool digit = bau_is_digit(c);
        letters |= (uint32_t)!digit << i;
        part->rank = part->rank * (digit ? 10 : 26) + (uint32_t)(digit ? c - '0' : c - 'A');
        part->size *= digit ? 10 : 26;
    }
    const uint8_t bytes[5] = { (uint8_t)n, (uint8_t)letters, (uint8_t)(letters >> 8),
                               (uint8_t)(letters >> 16), (uint8_t)(letters >> 24) };
    bau_id_context(part, bytes, sizeof bytes);
}

void bau_id_unrank(struct bau_id *id, const uint8_t *places, uint32_t n, bau_wide rank)
{
    for (uint32_t i = n; i-- > 0;) {
        uint8_t *c = &id->symbol[places[i]];
        const bool digit = bau_is_digit(*c);
        *c = (uint8_t)(digit ? '0' + (uint32_t)(rank % 10) : 'A' + (uint32_t)(rank % 26));
        rank /= digit ? 10 : 26;
    }
}

static bau_status read_chunk(const struct bau_id_masking *m, const void *config, uint32_t invalid,
                             struct bau_mask_ctx *ctx, const struct bau_column *in, uint32_t *from,
                             uint32_t *out_n, struct bau_error *err)
{
    struct bau_id_work *w = ctx->scratch;
    const uint8_t *src = in->data;
    uint32_t n = 0, at = 0;
    for (; *from < in->n_values && n < BAU_RANK_CHUNK; ++*from) {
        const uint32_t start = in->offsets[*from], len = in->offsets[*from + 1] - start;
        if (!bau_column_present(in, *from))
            continue;
        struct bau_id_part *part = &w->part[n];
        part->off = part->more = part->context_len = 0;
        const bau_id_verdict v =
            bau_id_read(src + start, len, &w->id[n]) ? m->read(config, &w->id[n], part) : BAU_ID_BAD;
        if (v == BAU_ID_BAD)
            return bau_mask_refuse(ctx, in, *from, m->what, err);
        if (v == BAU_ID_INVALID && invalid == BAU_ID_REFUSE)
            return bau_mask_refuse(ctx, in, *from, m->check, err);
        memcpy(w->context + at, part->context, part->context_len);
        w->offsets[n] = at;
        at += part->context_len;
        if (n > 0 && w->part[n - 1].size == part->size)
            part->shape = w->part[n - 1].shape;
        else
            bau_rank_shape_init(&part->shape, part->size);
        w->item[n].value = part->rank;
        w->item[n].shape = &part->shape;
        w->value[n++] = *from;
    }
    w->offsets[n] = at;
    *out_n = n;
    return BAU_OK;
}

static bau_status apply_text(const struct bau_id_masking *m, const void *config, uint32_t invalid,
                             const struct bau_rank *rank, struct bau_mask_ctx *ctx,
                             const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    struct bau_id_work *w = ctx->scratch;
    uint32_t n = 0;
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    uint8_t *dst = out->data;
    memcpy(dst, in->data, in->offsets[in->n_values]);
    for (uint32_t at = 0; at < in->n_values;) {
        BAU_TRY(read_chunk(m, config, invalid, ctx, in, &at, &n, err));
        bau_prf_batch(&rank->tweak, w->context, w->offsets, n, w->tweak[0]);
        for (uint32_t i = 0; i < n; i++)
            memcpy(w->item[i].tweak, w->tweak[i], 16);
        bau_rank_permute(rank, &w->rank, w->item, n);
        for (uint32_t i = 0; i < n; i++) {
            w->part[i].rank = w->item[i].value;
            while (!m->write(config, &w->id[i], &w->part[i])) {
                bau_rank_permute(rank, &w->rank, &w->item[i], 1);
                w->part[i].rank = w->item[i].value;
            }
            bau_id_write(dst + in->offsets[w->value[i]], &w->id[i]);
        }
    }
    return BAU_OK;
}

/* Integers as text, filled up with zeros in front to `pad` digits. */
static bau_status spell(const int64_t *values, uint32_t pad, struct bau_mask_ctx *ctx,
                        const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, 20 * (size_t)in->n_values, ctx->arena, err));
    uint8_t *dst = out->data;
    uint32_t at = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        uint32_t n = pad > 1 ? pad : 1;
        if (bau_column_present(in, i)) {
            if (values[i] < 0)
                return bau_mask_refuse(ctx, in, i, "is negative", err);
            uint64_t v = (uint64_t)values[i], least = 1;
            for (uint32_t k = 1; k < n; k++)
                least *= 10;
            for (; v / 10 >= least; least *= 10)
                n++;
            for (uint32_t k = n; k-- > 0; v /= 10)
                dst[at + k] = (uint8_t)('0' + v % 10);
            at += n;
        }
        out->offsets[i + 1] = at;
    }
    return BAU_OK;
}

bau_status bau_id_apply(const struct bau_id_masking *m, const void *config, uint32_t invalid,
                        const struct bau_rank *rank, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    if (in->type == BAU_TEXT)
        return apply_text(m, config, invalid, rank, ctx, in, out, err);
    int64_t *values;
    struct bau_column text, masked;
    BAU_TRY(bau_mask_integers(in, ctx->arena, &values, err));
    BAU_TRY(spell(values, m->pad, ctx, in, &text, err));
    BAU_TRY(apply_text(m, config, invalid, rank, ctx, &text, &masked, err));
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(&masked, i);
        uint64_t number = 0;
        for (size_t k = 0; k < v.len; k++)
            number = number * 10 + (uint64_t)(v.data[k] - '0');
        if (number > INT64_MAX)
            return bau_mask_refuse(ctx, in, i, "becomes a number that int8 cannot hold", err);
        values[i] = (int64_t)number;
    }
    return bau_mask_from_integers(in, values, ctx->arena, out, err);
}

bau_status bau_id_replace(bau_id_fill *fill, const char *what, const void *config,
                          const struct bau_mask_key *key, struct bau_mask_ctx *ctx,
                          const struct bau_column *in, struct bau_column *out, struct bau_error *err)
{
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(key, ctx->arena, in, &digest, err));
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;
    memcpy(dst, src, in->offsets[in->n_values]);
    for (uint32_t i = 0; i < in->n_values; i++) {
        struct bau_id id;
        const uint32_t at = in->offsets[i], len = in->offsets[i + 1] - at;
        if (!bau_column_present(in, i))
            continue;
        if (!bau_id_read(src + at, len, &id) || !fill(config, &id, digest[i]))
            return bau_mask_refuse(ctx, in, i, what, err);
        bau_id_write(dst + at, &id);
    }
    return BAU_OK;
}
