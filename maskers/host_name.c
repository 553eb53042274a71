/* Reads host names and writes masked ones. */
#include "maskers/host_name.h"

enum { MOST_BYTES = 253, LABEL_BYTES = 63 };

struct name {
    uint8_t label[BAU_HOST_LABELS]; /* where each starts */
    uint32_t n, len;                /* len: without the final point */
    bool point, star;
};

static bool is_label_byte(uint8_t c)
{
    const uint8_t low = c | 0x20;
    return (low >= 'a' && low <= 'z') || bau_is_digit(c) || c == '-' || c == '_' || c >= 0x80;
}

static bool is_star(const uint8_t *p, uint32_t len)
{
    return len >= 2 && p[0] == '*' && p[1] == '.';
}

static bool read_name(const uint8_t *p, uint32_t len, struct name *out)
{
    *out = (struct name){ .star = is_star(p, len), .point = len > 1 && p[len - 1] == '.' };
    out->len = len - out->point;
    if (len == 0 || out->len > MOST_BYTES)
        return false;
    bool digits = true; /* in the last label */
    for (uint32_t i = 0, from = 0; i <= out->len; i++) {
        if (i < out->len && p[i] != '.') {
            if (i == from)
                digits = true;
            digits = digits && bau_is_digit(p[i]);
            if (!is_label_byte(p[i]) && !(out->star && i == 0))
                return false;
            continue;
        }
        if (i == from || i - from > LABEL_BYTES || out->n == BAU_HOST_LABELS)
            return false;
        out->label[out->n++] = (uint8_t)from;
        from = i + 1;
    }
    return !(digits && out->n > 1) && !(out->star && out->n < 3);
}

static const char *reserved_label(const uint8_t *p, uint32_t len)
{
    static const char *const inner[] = { "local",   "localdomain", "lan",  "internal", "intranet",
                                         "private", "corp",        "home", "test" };
    if (len == 2 && p[0] < 0x80)
        return "invalid";
    for (size_t i = 0; i < BAU_COUNT(inner); i++)
        if (strlen(inner[i]) == len && memcmp(p, inner[i], len) == 0)
            return "test";
    return "example";
}

/* Labels that get a token: all but the star and the top-level one. */
static uint32_t first_token(const struct name *name)
{
    return name->star;
}

static uint32_t end_token(const struct name *name)
{
    return name->n > 1 ? name->n - 1 : name->n;
}

static uint8_t *write_name(uint8_t *dst, const uint8_t *p, const struct name *name,
                           const uint8_t (*digest)[16])
{
    if (name->star) {
        *dst++ = '*';
        *dst++ = '.';
    }
    for (uint32_t k = first_token(name); k < end_token(name); k++, digest++) {
        bau_base32(dst, digest[0]);
        bau_base32(dst + 8, digest[0] + 5);
        dst += BAU_HOST_TOKEN;
        if (name->n > 1)
            *dst++ = '.';
    }
    if (name->n > 1) {
        const uint32_t from = name->label[name->n - 1];
        const char *top = reserved_label(p + from, name->len - from);
        const size_t len = strlen(top);
        memcpy(dst, top, len);
        dst += len;
    }
    if (name->point)
        *dst++ = '.';
    return dst;
}

struct tails { /* the names from each label on, as one text column */
    uint8_t *text;
    uint32_t *offsets, n;
    uint8_t (*digest)[16];
};

static bau_status digest_tails(const struct bau_prf *prf, const struct bau_column *names,
                               const struct name *name, struct bau_arena *arena, struct tails *out,
                               struct bau_error *err)
{
    size_t bytes = 0, n = 0;
    for (uint32_t i = 0; i < names->n_values; i++)
        for (uint32_t k = first_token(&name[i]); k < end_token(&name[i]); k++, n++)
            bytes += name[i].len - name[i].label[k];
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the host names of a batch grow past 2 GiB");
    out->text = bau_arena_buffer(arena, bytes);
    out->offsets = bau_arena_buffer(arena, (n + 1) * sizeof *out->offsets);
    out->digest = bau_arena_buffer(arena, n * sizeof *out->digest);
    if (!out->text || !out->offsets || !out->digest)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    uint32_t at = 0;
    out->n = 0;
    for (uint32_t i = 0; i < names->n_values; i++)
        for (uint32_t k = first_token(&name[i]); k < end_token(&name[i]); k++) {
            const uint32_t len = name[i].len - name[i].label[k];
            out->offsets[out->n++] = at;
            memcpy(out->text + at, (const uint8_t *)names->data + names->offsets[i] + name[i].label[k], len);
            at += len;
        }
    out->offsets[out->n] = at;
    bau_prf_batch(prf, out->text, out->offsets, out->n, out->digest[0]);
    return BAU_OK;
}

bau_status bau_host_mask(const struct bau_prf *prf, struct bau_mask_ctx *ctx, const struct bau_column *in,
                         const struct bau_column *names, struct bau_column *out, struct bau_error *err)
{
    struct name *name = bau_arena_zero(ctx->arena, ((size_t)names->n_values + 1) * sizeof *name);
    struct tails tails = { 0 };
    uint64_t bytes = 0;
    if (!name)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < names->n_values; i++) {
        const struct bau_slice v = bau_column_value(names, i);
        if (v.len && (v.len > MOST_BYTES + 1 || !read_name(v.data, (uint32_t)v.len, &name[i])))
            return bau_mask_refuse(ctx, in, i, "has no host name of up to 15 labels", err);
        bytes += v.len ? (uint64_t)name[i].n * (BAU_HOST_TOKEN + 1) + 9 : 0;
    }
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the host names of a batch grow past 2 GiB");
    BAU_TRY(digest_tails(prf, names, name, ctx->arena, &tails, err));
    BAU_TRY(bau_column_make(out, names, BAU_TEXT, (size_t)bytes + BAU_TEXT_SLACK, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    const uint8_t(*digest)[16] = (const uint8_t(*)[16])tails.digest;
    for (uint32_t i = 0; i < names->n_values; i++) {
        if (name[i].n) {
            dst = write_name(dst, (const uint8_t *)names->data + names->offsets[i], &name[i], digest);
            digest += end_token(&name[i]) - first_token(&name[i]);
        }
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}
