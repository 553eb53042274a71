/* scramble: each letter becomes a letter of the same script, case and UTF-8 width, each decimal digit a digit of
 * the same script, Han a common Han character, a Hangul syllable a common one, a vowel sign a vowel sign of its
 * script. White space, punctuation, symbols, other marks and modifier letters stay. The number of characters and
 * of bytes stays.
 *
 * Construction (frozen, M2). The character at position i of a text (kept ones count) becomes target number
 *     floor(r(i) * n / 65536)
 * of the n targets of its class (rules/alphabets.txt); r(i) is the i-th 16-bit number of the stream of stream.h
 * under the subkey "scramble". The stream hangs on the whole text (its canonical form): equal texts agree, texts
 * that differ anywhere have nothing in common but their shape. A single character comes out as itself by chance
 * (1 in n); a text that came out as itself whole has its first changed character moved to the next target.
 *
 * What it promises: shape, and that the letters are gone. What it does not: that distinct texts stay distinct; a
 * text without letters or digits stays as it is. A text that is not UTF-8 is BAU_E_DATA. */
#include "maskers/alphabets.h"
#include "maskers/stream.h"
#include "maskers/utf8.h"

enum { KEEP_NOTHING, KEEP_DIGITS, KEEP_LETTERS };

struct config {
    uint32_t keep_first, keep_last, keep;
    struct bau_prf prf;
    const struct bau_mask_key *key;
    uint8_t base[128]; /* ASCII: the first target, 0: stays … */
    uint8_t n[128];    /* … and how many; 1 where it stays, with base the character itself */
};

static const struct bau_option options[] = {
    { "keep_first", BAU_OPTION_U32, offsetof(struct config, keep_first), "0", 0, 64,
      "Characters that stay at the beginning; a text not longer than what stays is scrambled whole.", 0, NULL,
      NULL, 0 },
    { "keep_last", BAU_OPTION_U32, offsetof(struct config, keep_last), "0", 0, 64,
      "Characters that stay at the end.", 0, NULL, NULL, 0 },
    { "keep_class", BAU_OPTION_CHOICE, offsetof(struct config, keep), "nothing", 0, 0,
      "Characters that stay wherever they are.", 0, "nothing|digits|letters", NULL, 0 },
    { 0 },
};

/* The class of a character that is to change, or NULL. */
static inline const struct bau_alphabet *class_of(const struct config *c, uint32_t code_point)
{
    const struct bau_alphabet *a = &bau_alphabets[bau_alphabet_of(code_point)];
    const bool stays = a->n == 0 || c->keep == (a->digit ? KEEP_DIGITS : KEEP_LETTERS);
    return stays ? NULL : a;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    c->key = with->key;
    for (uint32_t i = 0; i < 128; i++) {
        const struct bau_alphabet *a = class_of(c, i);
        c->base[i] = a ? bau_alphabet_utf8[a->at][0] : (uint8_t)i;
        c->n[i] = a ? (uint8_t)a->n : 1;
    }
    BAU_TRY(bau_mask_subkey(with->key, "scramble", subkey, err));
    const bool made = bau_prf_init(&c->prf, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->prf);
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

/* Characters [from, to) of a text of n change: all of it when it is too short to keep anything. */
static void window(const struct config *c, size_t n, size_t *from, size_t *to)
{
    const bool room = n > (size_t)c->keep_first + c->keep_last;
    *from = room ? c->keep_first : 0;
    *to = room ? n - c->keep_last : n;
}

/* A text in ASCII whose characters came out as they were. */
static void move_ascii(const struct config *c, uint8_t *dst, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (c->n[dst[i]] > 1) {
            const uint8_t base = c->base[dst[i]], n = c->n[dst[i]];
            dst[i] = (uint8_t)(base + (dst[i] - base + 1) % n);
            return;
        }
}

static void scramble_ascii(const struct config *c, struct bau_stream *s, uint32_t value, const uint8_t *src,
                           uint8_t *dst, size_t len)
{
    size_t from, to;
    bool differs = false;
    window(c, len, &from, &to);
    memcpy(dst, src, len);
    for (size_t i = from; i < to;) {
        const uint8_t *block = bau_stream_block(s, value, (uint32_t)(i / 8));
        const size_t stop = i / 8 * 8 + 8 < to ? i / 8 * 8 + 8 : to;
        for (; i < stop; i++) {
            const uint32_t random = (uint32_t)block[2 * (i % 8)] | (uint32_t)block[2 * (i % 8) + 1] << 8;
            dst[i] = (uint8_t)(c->base[src[i]] + ((random * c->n[src[i]]) >> 16));
            differs |= dst[i] != src[i];
        }
    }
    if (!differs)
        move_ascii(c, dst, from, to);
}

/* As scramble_ascii for any text; false: it is not UTF-8. */
static bool scramble_any(const struct config *c, struct bau_stream *s, uint32_t value, const uint8_t *src,
                         uint8_t *dst, size_t len)
{
    const uint8_t *const end = src + len;
    size_t from, to, step;
    const struct bau_alphabet *first = NULL;
    uint32_t first_drawn = 0, code_point;
    uint8_t *first_at = NULL;
    bool differs = false;
    window(c, bau_utf8_count(src, len), &from, &to);
    for (uint32_t i = 0; src < end; i++, src += step, dst += step) {
        step = bau_utf8_read(src, end, &code_point);
        if (!step)
            return false;
        const struct bau_alphabet *a = i >= from && i < to ? class_of(c, code_point) : NULL;
        if (!a) {
            memcpy(dst, src, step);
            continue;
        }
        const uint32_t drawn = (bau_stream_u16(s, value, i) * a->n) >> 16;
        memcpy(dst, bau_alphabet_utf8[a->at + drawn], step);
        differs |= memcmp(dst, src, step) != 0;
        if (!first) {
            first = a;
            first_drawn = drawn;
            first_at = dst;
        }
    }
    if (first && !differs) {
        const uint8_t *next = bau_alphabet_utf8[first->at + (first_drawn + 1) % first->n];
        for (unsigned b = 0; b < 4 && next[b]; b++)
            first_at[b] = next[b];
    }
    return true;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_stream *s = ctx->scratch;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, in, &digest, err));
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    bau_stream_start(s, &c->prf, (const uint8_t(*)[16])digest, in, 8);
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const uint32_t at = in->offsets[i], len = in->offsets[i + 1] - at;
        if (is_ascii(src + at, len))
            scramble_ascii(c, s, i, src + at, dst + at, len);
        else if (!scramble_any(c, s, i, src + at, dst + at, len))
            return bau_mask_refuse(ctx, in, i, "is not UTF-8", err);
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_scramble = {
    .name = "scramble",
    .summary = "Replaces letters and digits by others of the same script and case; the shape stays.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_LENGTH | BAU_KEYED | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT |
             BAU_LEAKS_PREFIX | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct bau_stream),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "Müller-Str. 12b, 10997 Berlin",
    .example_options = "",
};
