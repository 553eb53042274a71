/* rewrite: names of production in a text become names of staging: hosts, URLs, buckets, whatever the map lists.
 *
 * A name matches where no longer name could go on: no letter, digit, hyphen or underscore stands before or behind it
 * (where the name itself begins or ends with one), and behind it no point with a letter or digit. So "prod.example.com"
 * is not found in "prod.example.com.evil.org" or "my-prod.example.com", but is in "api.prod.example.com" unless
 * subdomains is false. Letters of ASCII match whatever their case. Where several names match, the longest wins; what
 * was written is not looked at again. One walk: O(n) for a given map.
 *
 * In JSON only strings are looked at (keys too), and \/ counts as /. A text without any of the names stays. */
#include <stdlib.h>

#include "maskers/common.h"
#include "maskers/utf8.h"

enum { PAIRS_MOST = 4096, NAME_MOST = 1024 };

struct pair {
    const char *from, *to;
    uint32_t from_len, to_len;
};

struct config {
    struct bau_texts map;
    bool subdomains, json, grows;
    uint32_t max_chars;
    struct pair *pair;   /* by first byte, longest first */
    uint16_t first[257]; /* pairs of first byte b: pair[first[b]] .. pair[first[b + 1]] */
};

static const struct bau_option options[] = {
    { "map", BAU_OPTION_TEXTS, offsetof(struct config, map), NULL, 0, 0,
      "A name and what it becomes, as prod.example.com=staging.example.com.", BAU_OPTION_REQUIRED, NULL,
      "FROM=TO", 0 },
    { "subdomains", BAU_OPTION_BOOL, offsetof(struct config, subdomains), "true", 0, 0,
      "Whether a name counts behind a point: api.prod.example.com for prod.example.com.", 0, NULL, NULL, 0 },
    { 0 },
};

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool goes_on(uint8_t c)
{
    return bau_is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_' || c >= 0x80;
}

static int compare(const struct pair *a, const struct pair *b)
{
    if (a->from[0] != b->from[0])
        return (uint8_t)a->from[0] - (uint8_t)b->from[0];
    if (a->from_len != b->from_len)
        return a->from_len < b->from_len ? 1 : -1;
    return memcmp(a->from, b->from, a->from_len);
}

static int compare_any(const void *a, const void *b)
{
    return compare(a, b);
}

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((uint8_t)*text < 0x20 || *text == '"' || *text == '\\')
            return false;
    return true;
}

static bau_status read_pair(const char *text, struct pair *out, struct bau_arena *arena,
                            struct bau_error *err)
{
    const char *is = strchr(text, '=');
    if (!is || is == text || !is[1] || strlen(text) > 2 * NAME_MOST || !is_plain(text))
        return bau_error_set(err, BAU_E_USAGE,
                             "map: '%.60s' is no FROM=TO of one line without quotes and backslashes", text);
    char *from = bau_arena_textn(arena, text, (size_t)(is - text));
    if (!from)
        return bau_error_set(err, BAU_E_NOMEM, "map");
    for (char *p = from; *p; p++)
        *p = (char)lower((uint8_t)*p);
    *out = (struct pair){ from, is + 1, (uint32_t)(is - text), (uint32_t)strlen(is + 1) };
    return BAU_OK;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    const uint32_t n = c->map.n;
    if (n == 0 || n > PAIRS_MOST)
        return bau_error_set(err, BAU_E_USAGE, "map: 1 to %d names", PAIRS_MOST);
    c->json = with->type == BAU_JSON;
    c->max_chars = with->max_chars;
    c->pair = bau_arena_take(with->arena, n * sizeof *c->pair);
    if (!c->pair)
        return bau_error_set(err, BAU_E_NOMEM, "map");
    for (uint32_t i = 0; i < n; i++) {
        struct pair *p = &c->pair[i];
        BAU_TRY(read_pair(c->map.at[i], p, with->arena, err));
        c->grows |=
            p->to_len > bau_utf8_count((const uint8_t *)p->from, p->from_len); /* in bytes or in characters */
    }
    qsort(c->pair, n, sizeof *c->pair, compare_any);
    for (uint32_t i = 1; i < n; i++)
        if (compare(&c->pair[i - 1], &c->pair[i]) == 0)
            return bau_error_set(err, BAU_E_USAGE, "map: '%.60s' is listed twice", c->pair[i].from);
    for (uint32_t b = 0, i = 0; b < 257; b++) {
        while (i < n && (uint8_t)c->pair[i].from[0] < b)
            i++;
        c->first[b] = (uint16_t)i;
    }
    return BAU_OK;
}

/* ---- matching ---- */

/* Bytes of text at `at` that spell the pair's name, or 0. */
static size_t spell(const struct config *c, const struct pair *p, const uint8_t *text, size_t len, size_t at)
{
    size_t i = at;
    for (uint32_t k = 0; k < p->from_len; k++, i++) {
        if (c->json && p->from[k] == '/' && i + 1 < len && text[i] == '\\' && text[i + 1] == '/')
            i++;
        if (i >= len || lower(text[i]) != (uint8_t)p->from[k])
            return 0;
    }
    return i - at;
}

/* text[at] is the letter of a JSON escape, as the n of \n. */
static bool is_escape(const uint8_t *text, size_t at)
{
    size_t n = 0;
    while (n < at && text[at - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

static bool starts(const struct config *c, const uint8_t *text, size_t at)
{
    if (at == 0 || !goes_on(text[at]))
        return true;
    if (text[at - 1] == '.')
        return c->subdomains;
    return !goes_on(text[at - 1]) || (c->json && is_escape(text, at - 1));
}

static bool ends(const uint8_t *text, size_t len, size_t end)
{
    if (end >= len || !goes_on(text[end - 1]))
        return true;
    return !goes_on(text[end]) && !(text[end] == '.' && end + 1 < len && goes_on(text[end + 1]));
}

static const struct pair *find(const struct config *c, const uint8_t *text, size_t len, size_t at,
                               size_t *out_len)
{
    const uint8_t b = lower(text[at]);
    if (c->first[b] == c->first[b + 1] || !starts(c, text, at))
        return NULL;
    for (uint32_t i = c->first[b]; i < c->first[b + 1]; i++) {
        const size_t n = spell(c, &c->pair[i], text, len, at);
        if (n && ends(text, len, at + n)) {
            *out_len = n;
            return &c->pair[i];
        }
    }
    return NULL;
}

/* Writes to dst unless NULL; returns the bytes of the output. */
static size_t rewrite(const struct config *c, const uint8_t *text, size_t len, uint8_t *dst)
{
    size_t n = 0, from = 0, match;
    bool inside = !c->json;
    for (size_t at = 0; at < len;) {
        if (c->json && text[at] == '"')
            inside = !inside;
        if (c->json && text[at] == '\\' && at + 1 < len && text[at + 1] != '/') {
            at += 2; /* a quote behind it ends nothing, a letter is none */
            continue;
        }
        const struct pair *p = inside ? find(c, text, len, at, &match) : NULL;
        if (!p) {
            at++;
            continue;
        }
        if (dst) {
            memcpy(dst + n, text + from, at - from);
            memcpy(dst + n + (at - from), p->to, p->to_len);
        }
        n += at - from + p->to_len;
        at = from = at + match;
    }
    if (dst && len > from)
        memcpy(dst + n, text + from, len - from);
    return n + len - from;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint64_t bytes = in->offsets[in->n_values];
    for (uint32_t i = 0; c->grows && i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        const size_t n = rewrite(c, v.data, v.len, NULL);
        bytes += n > v.len ? n - v.len : 0;
    }
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the texts of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, in->type, (size_t)bytes, ctx->arena, err));
    uint8_t *dst = out->data, *const start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        const size_t n = rewrite(c, v.data, v.len, dst);
        if (c->max_chars && n > v.len && n > c->max_chars && bau_utf8_count(dst, n) > c->max_chars)
            return bau_mask_refuse(ctx, in, i, "is rewritten to more characters than the column holds", err);
        dst += n;
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return !c->grows ? 0 : c->max_chars ? c->max_chars : UINT32_MAX;
}

const struct bau_masker bau_masker_rewrite = {
    .name = "rewrite",
    .summary = "Turns names of production within a text, such as hosts and buckets, into those of staging.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_JSON),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT |
             BAU_LEAKS_PREFIX | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "https://prod.example.com/orders/1001",
    .example_options = "map=prod.example.com=staging.example.com",
};
