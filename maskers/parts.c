/* See parts.h for the order of the steps. */
#include <utf8proc.h>

#include "maskers/parts.h"

struct gathered { /* one a sub */
    uint32_t n, *rows;
    uint64_t bytes;
    struct bau_column in, out;
};

bool bau_parts_utf8(struct bau_slice text)
{
    for (size_t at = 0; at < text.len;) {
        utf8proc_int32_t c;
        if (text.data[at] < 0x80) {
            at++;
            continue;
        }
        const utf8proc_ssize_t n = utf8proc_iterate(text.data + at, (utf8proc_ssize_t)(text.len - at), &c);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

bau_status bau_parts_add(struct bau_parts *parts, uint32_t value, size_t offset, size_t len, uint32_t sub,
                         uint32_t form, struct bau_error *err)
{
    if (parts->n == parts->room) {
        const uint32_t room = parts->room ? 2 * parts->room : 1024;
        struct bau_part *grown = bau_arena_take(parts->ctx->arena, room * sizeof *grown);
        if (!grown)
            return bau_error_set(err, BAU_E_NOMEM, "batch");
        if (parts->n)
            memcpy(grown, parts->at, parts->n * sizeof *grown);
        parts->at = grown;
        parts->room = room;
    }
    parts->at[parts->n++] = (struct bau_part){
        value, (uint32_t)offset, (uint32_t)len, sub, 0, form
    }; /* a batch stays below 2 GiB */
    return BAU_OK;
}

static struct bau_slice source(const struct bau_parts *parts, const struct bau_part *part)
{
    return (struct bau_slice){ bau_column_value(parts->in, part->value).data + part->offset, part->len };
}

static bau_status refuse(const struct bau_parts *parts, const struct bau_part *part, const char *what,
                         struct bau_error *err)
{
    return bau_error_set(err, BAU_E_DATA, "row %" PRIu64 ": a part of %u bytes %s",
                         bau_mask_row(parts->ctx, part->value), part->len, what);
}

/* ── gather ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status open_one(const struct bau_parts *parts, struct gathered *g, struct bau_error *err)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = g->n };
    if (g->bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the parts of a batch's texts pass 2 GiB");
    g->rows = bau_arena_buffer(parts->ctx->arena, (size_t)g->n * sizeof *g->rows);
    if (!g->rows)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    return bau_column_make(&g->in, &shape, BAU_TEXT, (size_t)g->bytes, parts->ctx->arena, err);
}

static bau_status gather(struct bau_parts *parts, struct gathered *all, struct bau_error *err)
{
    const struct bau_parts_codec *codec = parts->codec;
    for (uint32_t i = 0; i < parts->n; i++) {
        struct bau_part *p = &parts->at[i];
        if (p->sub == BAU_PART_HIDE)
            continue;
        p->at = all[p->sub].n++;
        all[p->sub].bytes += p->len;
    }
    for (uint32_t s = 0; s < parts->subs->n; s++)
        if (all[s].n)
            BAU_TRY(open_one(parts, &all[s], err));
    for (uint32_t i = 0; i < parts->n; i++) {
        const struct bau_part *p = &parts->at[i];
        if (p->sub == BAU_PART_HIDE)
            continue;
        struct gathered *g = &all[p->sub];
        const struct bau_slice from = source(parts, p);
        uint8_t *to = (uint8_t *)g->in.data + g->in.offsets[p->at];
        size_t len = from.len;
        if (!codec->decode)
            memcpy(to, from.data, len);
        else if (!codec->decode(parts->config, p->form, from, to, &len))
            return refuse(parts, p, "is not written as it should be", err);
        g->in.offsets[p->at + 1] = g->in.offsets[p->at] + (uint32_t)len;
        g->rows[p->at] = parts->ctx->rows ? parts->ctx->rows[p->value] : p->value;
    }
    return BAU_OK;
}

/* ── mask ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status mask(const struct bau_parts *parts, struct gathered *all, struct bau_error *err)
{
    for (uint32_t s = 0; s < parts->subs->n; s++) {
        const struct bau_sub *sub = &parts->subs->at[s];
        struct bau_mask_ctx ctx = *parts->ctx;
        ctx.rows = all[s].rows;
        if (all[s].n == 0)
            continue;
        all[s].out = all[s].in;
        BAU_TRY_NOTE(bau_sub_apply(sub, &ctx, &all[s].in, &all[s].out, err), err, "part %.80s",
                     *sub->label ? sub->label : "of a text");
    }
    return BAU_OK;
}

/* ── splice ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status measure(const struct bau_parts *parts, const struct gathered *all, size_t *out,
                          struct bau_error *err)
{
    uint64_t room = parts->in->offsets[parts->in->n_values];
    for (uint32_t i = 0; i < parts->n; i++) {
        const struct bau_part *p = &parts->at[i];
        if (p->sub == BAU_PART_HIDE)
            continue;
        const struct bau_slice v = bau_column_value(&all[p->sub].out, p->at);
        room += parts->codec->room ? parts->codec->room(parts->config, p->form, v) : v.len;
    }
    if (room > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the texts of a batch grow past 2 GiB");
    *out = (size_t)room;
    return BAU_OK;
}

static uint32_t characters(const uint8_t *p, const uint8_t *end)
{
    uint32_t n = 0;
    for (; p < end; p++)
        n += (*p & 0xC0u) != 0x80u;
    return n;
}

static bau_status write_part(const struct bau_parts *parts, const struct gathered *all,
                             const struct bau_part *p, uint8_t **dst, struct bau_error *err)
{
    const struct bau_slice from = source(parts, p);
    if (p->sub == BAU_PART_HIDE) {
        const uint32_t n = characters(from.data, from.data + from.len);
        memset(*dst, '*', n);
        *dst += n;
        return BAU_OK;
    }
    const struct bau_column *masked = &all[p->sub].out;
    const struct bau_slice v = bau_column_value(masked, p->at);
    size_t n = v.len;
    if (parts->codec->encode)
        n = parts->codec->encode(parts->config, p->form, v, bau_column_present(masked, p->at), *dst);
    else
        memcpy(*dst, v.data, n);
    if (n == SIZE_MAX)
        return refuse(parts, p, "became one that cannot be written here", err);
    *dst += n;
    return BAU_OK;
}

static bau_status splice(const struct bau_parts *parts, const struct gathered *all, struct bau_column *out,
                         struct bau_error *err)
{
    const struct bau_column *in = parts->in;
    size_t room = 0;
    BAU_TRY(measure(parts, all, &room, err));
    BAU_TRY(bau_column_make(out, in, in->type, room, parts->ctx->arena, err));
    const uint8_t *src = in->data;
    uint8_t *start = out->data, *dst = start;
    uint32_t next = 0;
    for (uint32_t v = 0; v < in->n_values; v++) {
        uint8_t *const begin = dst;
        uint32_t from = in->offsets[v];
        for (; next < parts->n && parts->at[next].value == v; next++) {
            const struct bau_part *p = &parts->at[next];
            const uint32_t at = in->offsets[v] + p->offset;
            memcpy(dst, src + from, at - from);
            dst += at - from;
            BAU_TRY(write_part(parts, all, p, &dst, err));
            from = at + p->len;
        }
        memcpy(dst, src + from, in->offsets[v + 1] - from);
        dst += in->offsets[v + 1] - from;
        out->offsets[v + 1] = (uint32_t)(dst - start);
        if (parts->max_chars && characters(begin, dst) > parts->max_chars)
            return bau_error_set(
                err, BAU_E_DATA,
                "row %" PRIu64 ": a text of %u bytes becomes one that does not fit into %u characters",
                bau_mask_row(parts->ctx, v), in->offsets[v + 1] - in->offsets[v], parts->max_chars);
    }
    return BAU_OK;
}

bau_status bau_parts_apply(struct bau_parts *parts, struct bau_column *out, struct bau_error *err)
{
    struct gathered *all = bau_arena_zero(parts->ctx->arena, (parts->subs->n + 1) * sizeof *all);
    if (!all)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    BAU_TRY(gather(parts, all, err));
    BAU_TRY(mask(parts, all, err));
    return splice(parts, all, out, err);
}
