/* redact: every character becomes a fill character; the number of characters stays, or is `length` for every text.
 *
 * Characters are Unicode code points. A byte that is no part of well-formed UTF-8 counts as a character of
 * its own. A text
 * that is not longer than what may stay readable is hidden whole. */
#include "maskers/common.h"

struct config {
    uint32_t keep_first, keep_last, length;
    const char *fill;
    uint32_t fill_len;
};

static const struct bau_option options[] = {
    { "keep_first", BAU_OPTION_U32, offsetof(struct config, keep_first), "0", 0, 64,
      "Characters that stay readable at the beginning.", 0, NULL, NULL, 0 },
    { "keep_last", BAU_OPTION_U32, offsetof(struct config, keep_last), "0", 0, 64,
      "Characters that stay readable at the end.", 0, NULL, NULL, 0 },
    { "fill", BAU_OPTION_TEXT, offsetof(struct config, fill), "*", 0, 0, "The character that hides.", 0, NULL,
      "CHAR", 0 },
    { "length", BAU_OPTION_U32, offsetof(struct config, length), "0", 0, 4096,
      "Characters of every output, so that the length tells nothing; 0: as many as there were.", 0, NULL,
      NULL, 0 },
    { 0 },
};

/* Bytes of the character at p, which is before `end`. */
static size_t step(const uint8_t *p, const uint8_t *end)
{
    const size_t want = *p < 0xC2 || *p > 0xF4 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
    if ((size_t)(end - p) < want)
        return 1;
    for (size_t i = 1; i < want; i++)
        if ((p[i] & 0xC0u) != 0x80u)
            return 1;
    return want;
}

static size_t count(const uint8_t *p, const uint8_t *end)
{
    size_t n = 0;
    for (; p < end; p += step(p, end))
        n++;
    return n;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    const size_t len = strlen(c->fill);
    const uint8_t *fill = (const void *)c->fill;
    if (len == 0 || len > 4 || step(fill, fill + len) != len || (len == 1 && (*fill < 0x20 || *fill > 0x7E)))
        return bau_error_set(err, BAU_E_USAGE, "fill must be one printable character");
    if (c->length && c->length <= c->keep_first + c->keep_last)
        return bau_error_set(err, BAU_E_USAGE, "length must be more than what stays readable, %u characters",
                             c->keep_first + c->keep_last);
    if (with->max_chars && c->length > with->max_chars)
        return bau_error_set(err, BAU_E_USAGE,
                             "length is %u characters, the narrowest column of the domain holds %u",
                             c->length, with->max_chars);
    c->fill_len = (uint32_t)len;
    return BAU_OK;
}

static uint8_t *hide(uint8_t *dst, size_t n, const struct config *c)
{
    if (c->fill_len == 1) {
        memset(dst, c->fill[0], n);
        return dst + n;
    }
    for (size_t i = 0; i < n; i++, dst += c->fill_len)
        memcpy(dst, c->fill, c->fill_len);
    return dst;
}

/* What stays readable, and between it so many fill characters that the text has c->length. */
static uint8_t *redact_fixed(uint8_t *dst, const uint8_t *p, const uint8_t *end, const struct config *c)
{
    const size_t n = count(p, end), kept = (size_t)c->keep_first + c->keep_last;
    if (n <= kept)
        return hide(dst, c->length, c);
    for (uint32_t i = 0; i < n; i++) {
        const size_t bytes = step(p, end);
        if (i == c->keep_first)
            dst = hide(dst, c->length - kept, c);
        if (i < c->keep_first || i >= n - c->keep_last) {
            memcpy(dst, p, bytes);
            dst += bytes;
        }
        p += bytes;
    }
    return dst;
}

static bool is_ascii(const uint8_t *p, size_t n)
{
    uint64_t any = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, 8);
        any |= word;
    }
    for (; i < n; i++)
        any |= p[i];
    return (any & UINT64_C(0x8080808080808080)) == 0;
}

/* As redact_one where a character is a byte: no walk over the characters. */
static uint8_t *redact_ascii(uint8_t *dst, const uint8_t *p, size_t n, const struct config *c)
{
    if (n <= (size_t)c->keep_first + c->keep_last)
        return hide(dst, n, c);
    memcpy(dst, p, c->keep_first);
    dst = hide(dst + c->keep_first, n - c->keep_first - c->keep_last, c);
    memcpy(dst, p + n - c->keep_last, c->keep_last);
    return dst + c->keep_last;
}

static uint8_t *redact_one(uint8_t *dst, const uint8_t *p, const uint8_t *end, const struct config *c)
{
    if (c->length)
        return redact_fixed(dst, p, end, c);
    if (is_ascii(p, (size_t)(end - p)))
        return redact_ascii(dst, p, (size_t)(end - p), c);
    const size_t n = count(p, end);
    if (n <= (size_t)c->keep_first + c->keep_last)
        return hide(dst, n, c);
    const uint8_t *from = p;
    for (uint32_t i = 0; i < c->keep_first; i++)
        p += step(p, end);
    memcpy(dst, from, (size_t)(p - from));
    dst += p - from;
    const size_t hidden = n - c->keep_first - c->keep_last;
    for (size_t i = 0; i < hidden; i++)
        p += step(p, end);
    dst = hide(dst, hidden, c);
    memcpy(dst, p, (size_t)(end - p));
    return dst + (end - p);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    const size_t bytes =
        (size_t)in->offsets[in->n_values] * c->fill_len /* a character has at least one byte */
        + (size_t)in->n_values * c->length * c->fill_len;
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the texts of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, bytes, ctx->arena, err));
    const uint8_t *src = in->data;
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i))
            dst = redact_one(dst, src + in->offsets[i], src + in->offsets[i + 1], c);
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    (void)type;
    return ((const struct config *)config)->length;
}

const struct bau_masker bau_masker_redact = {
    .name = "redact",
    .summary = "Hides every character of a text; the number of characters stays or is fixed.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC,
    .leaks = BAU_LEAKS_LENGTH,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "4111 1111 1111 1111",
    .example_options = "keep_last=4",
};
