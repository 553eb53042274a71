/* fpe: format-preserving encryption. The symbols of an alphabet change, everything else stays: length,
 * separators, the first and last symbols if the rule says so. Values of one shape (as many symbols, the same
 * characters elsewhere) are permuted among themselves.
 *
 * alphabet (frozen, M2). n symbols that move, radix r:
 *     r^n >= 1,000,000   FF1 (src/kernel/ff1.h), AES-256 under the subkey "fpe-ff1", tweak: the domain's name
 *     r^n <  1,000,000   an explicit keyed permutation of the r^n numbers (bau_perm) under the subkey
 *     "fpe-0000", the
 *                        digits being n: FF1 is not to be used there
 * classes=true: a digit becomes a digit, a lower- or upper-case ASCII letter one of its case. The n positions
 * that move
 *     are a number in mixed radix, most significant first; it is permuted as maskers/rank.h says, with the
 *     classes as context (0 digit, 1 upper, 2 lower, a byte each). Where the product of the radices is 2^120
 *     or more, the network works on positions instead of numbers: two halves, of n div 2 symbols and the
 *     rest; in each of ten rounds i, from 0, half i mod 2 changes by what the other one is (K1, K2, PRF as in
 *     rank.h; numbers in bytes little endian, symbols as index in 0-9 A-Z a-z, one byte each):
 *         S = PRF(K2, PRF(K1, classes) xor (i + 1 as 16 bytes)); for each 16 symbols of the other half, the
 *         last ones filled up with 0: S = PRF(K2, S xor them)
 *         position k: its symbol's place in its class moves on by PRF(K2, S xor (0 as 8 bytes || k + 1 as 8
 *         bytes)) as a number * radix div 2^128, modulo the radix.
 *
 * Too few symbols for keep_first and keep_last: all of them move. */
#include "maskers/fpe.h"
#include "maskers/fpe_digits.h"
#include "maskers/rank.h"
#include "src/kernel/ff1.h"

enum {
    WORDS = 63,
    CHUNK = BAU_RANK_CHUNK,
    SEPARATORS = 0,
    KEEP = 1
}; /* lengths with a shape of their own; values at a time */

struct config {
    const char *alphabet_text;
    uint32_t keep_first, keep_last, outside;
    bool classes, plain; /* plain: decimal digits, all of which move */
    struct bau_alphabet alphabet;
    uint8_t odd[256];    /* bytes that are neither a symbol nor, by `outside`, sure to stay */
    uint8_t symbol[128]; /* ASCII alphabets: by index */
    uint64_t inverse;    /* floor(2^64 / radix) */
    struct bau_cipher cipher;
    struct bau_ff1 *shape;  /* WORDS + 1 by length; n = 0: none */
    struct bau_perm *small; /* lengths below n_small */
    uint32_t n_small;
    struct bau_rank rank;
    const uint8_t *tweak;
    size_t tweak_len;
};

struct one {                   /* a value of a chunk */
    uint32_t value, n, moving; /* index in the column; symbols; those that move */
    uint32_t skip;             /* symbols before the first that moves */
    uint32_t item;             /* classes: index in work.item; UINT32_MAX: too long for a number */
    bool plain;                /* read by bau_digits_read */
    uint64_t left, right;
};

struct work {
    struct one one[CHUNK];
    uint64_t left[CHUNK], right[CHUNK];
    uint16_t who[CHUNK];
    uint16_t numerals[BAU_FPE_SYMBOLS];
    uint32_t n_items;
    struct bau_rank_item item[CHUNK];
    struct bau_rank_shape shape[CHUNK];
    struct bau_rank_work rank;
};

static const struct bau_option options[] = {
    { "alphabet", BAU_OPTION_TEXT, offsetof(struct config, alphabet_text), "digits", 0, 0,
      "The characters that change, among themselves: digits, lower, upper, letters, alnum, hex, HEX, base32, "
      "base64url, "
      "or the characters themselves.",
      0, NULL, "CHARS", 0 },
    { "classes", BAU_OPTION_BOOL, offsetof(struct config, classes), "false", 0, 0,
      "Digits stay digits, upper-case letters upper case, lower-case letters lower case, instead of one "
      "alphabet.",
      0, NULL, NULL, 0 },
    { "keep_first", BAU_OPTION_U32, offsetof(struct config, keep_first), "0", 0, 64,
      "Symbols of the alphabet that stay at the beginning.", 0, NULL, NULL, 0 },
    { "keep_last", BAU_OPTION_U32, offsetof(struct config, keep_last), "0", 0, 64,
      "Symbols of the alphabet that stay at the end.", 0, NULL, NULL, 0 },
    { "outside", BAU_OPTION_CHOICE, offsetof(struct config, outside), "separators", 0, 0,
      "What may stand between the symbols and stay: ASCII blanks and punctuation only, or any other "
      "character.",
      0, "separators|keep", NULL, 0 },
    { 0 },
};

/* ---- set-up ---- */

static bau_status bind_small(struct config *c, uint32_t n, uint64_t size, const struct bau_mask_bind *with,
                             struct bau_error *err)
{
    char label[] = "fpe-0000";
    uint8_t subkey[32];
    label[6] = (char)('0' + n / 10);
    label[7] = (char)('0' + n % 10);
    uint32_t *table = bau_arena_buffer(with->arena, bau_perm_table_entries(size) * sizeof *table);
    if (!table)
        return bau_error_set(err, BAU_E_NOMEM, "permutation");
    BAU_TRY(bau_mask_subkey(with->key, label, subkey, err));
    const bool made = bau_perm_init(&c->small[n], subkey, size, table);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "permutation");
}

static bau_status bind_shapes(struct config *c, const struct bau_mask_bind *with, struct bau_error *err)
{
    uint8_t subkey[32];
    c->shape = bau_arena_zero(with->arena, (WORDS + 1) * sizeof *c->shape);
    c->small = bau_arena_zero(with->arena, 24 * sizeof *c->small); /* 2^20 > 1,000,000 */
    c->tweak_len = strlen(with->domain);
    c->tweak = (const void *)bau_arena_textn(with->arena, with->domain, c->tweak_len);
    if (!c->shape || !c->small || !c->tweak)
        return bau_error_set(err, BAU_E_NOMEM, "shapes");
    BAU_TRY(bau_mask_subkey(with->key, "fpe-ff1", subkey, err));
    const bool made = bau_cipher_init(&c->cipher, subkey, sizeof subkey);
    bau_wipe(subkey, sizeof subkey);
    if (!made)
        return bau_error_set(err, BAU_E_NOMEM, "AES");
    c->inverse = (uint64_t)(((bau_wide)1 << 64) / c->alphabet.radix);
    c->n_small = 1;
    for (uint64_t size = c->alphabet.radix; size < BAU_FF1_LEAST; size *= c->alphabet.radix)
        BAU_TRY(bind_small(c, c->n_small++, size, with, err));
    for (uint32_t n = c->n_small < 2 ? 2 : c->n_small; n <= WORDS; n++)
        if (!bau_ff1_init(&c->shape[n], &c->cipher, c->alphabet.radix, n, c->tweak, c->tweak_len))
            return bau_error_set(err, BAU_E_BUG, "FF1 refuses radix %u, %u symbols", c->alphabet.radix, n);
    return BAU_OK;
}

static bool is_separator(uint32_t code)
{
    return code >= 0x20 && code < 0x7F && !((code | 0x20) >= 'a' && (code | 0x20) <= 'z') &&
           !(code >= '0' && code <= '9');
}

static void bind_bytes(struct config *c)
{
    for (uint32_t b = 0; b < 256; b++)
        c->odd[b] = !c->alphabet.byte[b] && (b >= 0x80 || (c->outside == SEPARATORS && !is_separator(b)));
    for (uint32_t i = 0; c->alphabet.widest == 1 && i < c->alphabet.radix; i++)
        c->symbol[i] = (uint8_t)c->alphabet.code[i];
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    if (c->classes && strcmp(c->alphabet_text, "digits") != 0)
        return bau_error_set(err, BAU_E_USAGE, "alphabet and classes exclude each other");
    BAU_TRY(bau_alphabet_init(&c->alphabet, c->classes ? "alnum" : c->alphabet_text, with->arena, err));
    bind_bytes(c);
    c->plain = !c->classes && c->keep_first + c->keep_last == 0 && c->alphabet.radix == 10 &&
               c->alphabet.widest == 1 && memcmp(c->symbol, "0123456789", 10) == 0;
    return c->classes ? bau_rank_bind(&c->rank, with->key, "fpe-classes", err) : bind_shapes(c, with, err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_cipher_release(&c->cipher);
    for (uint32_t n = 1; n < c->n_small; n++)
        bau_perm_release(&c->small[n]);
    if (c->shape)
        bau_wipe(c->shape, (WORDS + 1) * sizeof *c->shape);
    bau_rank_release(&c->rank);
}

/* ---- reading and writing ---- */

/* As read_symbols where the alphabet is ASCII, for a text of fewer bytes than numerals has room. Anything
 * but symbols and separators is left to read_symbols. */
static bool read_ascii(const struct config *c, const uint8_t *p, const uint8_t *end, uint16_t *numerals,
                       uint32_t *out_n)
{
    uint32_t n = 0, odd = 0;
    for (; p < end; p++) {
        const uint32_t found = c->alphabet.byte[*p];
        numerals[n] = (uint16_t)(found - 1);
        n += found != 0;
        odd |= c->odd[*p];
    }
    *out_n = n;
    return !odd && n > 0;
}

/* Every symbol's index into work.numerals; their number in *out_n. False: an odd character, or too many
 * symbols. */
static bool read_symbols(const struct config *c, const uint8_t *p, const uint8_t *end, uint16_t *numerals,
                         uint32_t *out_n)
{
    uint32_t n = 0, len = 1;
    if (c->alphabet.widest == 1 && end - p < BAU_FPE_SYMBOLS && read_ascii(c, p, end, numerals, out_n))
        return true;
    for (; p < end; p += len) {
        uint32_t code = *p;
        len = 1;
        if (code >= 0x80)
            code = bau_fpe_code(p, end, &len);
        const uint32_t found = bau_alphabet_find(&c->alphabet, code);
        if (found) {
            if (n == BAU_FPE_SYMBOLS)
                return false;
            numerals[n++] = (uint16_t)(found - 1);
        } else if (code == UINT32_MAX || (c->outside == SEPARATORS && !is_separator(code))) {
            return false;
        }
    }
    *out_n = n;
    return n > 0;
}

/* The text again with other symbols; returns where it ends. */
static uint8_t *write_symbols(const struct config *c, uint8_t *dst, const uint8_t *p, const uint8_t *end,
                              const uint16_t *numerals)
{
    uint32_t n = 0, len = 1;
    if (c->alphabet.widest == 1) { /* what is no symbol stays, byte by byte */
        for (; p < end; p++) {
            const bool symbol = c->alphabet.byte[*p] != 0;
            *dst++ = symbol ? c->symbol[numerals[n]] : *p;
            n += symbol;
        }
        return dst;
    }
    for (; p < end; p += len) {
        uint32_t code = *p;
        len = 1;
        if (code >= 0x80)
            code = bau_fpe_code(p, end, &len);
        dst +=
            bau_fpe_put(dst, bau_alphabet_find(&c->alphabet, code) ? c->alphabet.code[numerals[n++]] : code);
    }
    return dst;
}

/* What moves: all but what is kept, or all. */
static void cut(const struct config *c, struct one *o)
{
    const bool room = o->n > c->keep_first + c->keep_last;
    o->skip = room ? c->keep_first : 0;
    o->moving = room ? o->n - c->keep_first - c->keep_last : o->n;
}

static uint64_t number_of(const struct config *c, const uint16_t *numerals, uint32_t n)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < n; i++)
        v = v * c->alphabet.radix + numerals[i];
    return v;
}

static void numerals_of(const struct config *c, uint64_t v, uint16_t *numerals, uint32_t n)
{
    if (c->alphabet.radix == 10) { /* a division that the compiler knows */
        for (; n >= 2; n -= 2, v /= 100) {
            const uint32_t two = (uint32_t)(v % 100);
            numerals[n - 1] = (uint16_t)(two % 10);
            numerals[n - 2] = (uint16_t)(two / 10);
        }
        if (n)
            numerals[0] = (uint16_t)(v % 10);
        return;
    }
    const uint64_t radix = c->alphabet.radix, inverse = c->inverse;
    while (n-- > 0) {
        uint64_t q = (uint64_t)(((bau_wide)v * inverse) >> 64),
                 rest = v - q * radix; /* q may be one too small */
        const bool more = rest >= radix;
        numerals[n] = (uint16_t)(more ? rest - radix : rest);
        v = q + more;
    }
}

static bool on_words(const struct config *c, uint32_t n)
{
    return n < c->n_small || (n <= WORDS && bau_ff1_has_words(&c->shape[n]));
}

/* ---- one alphabet ---- */

/* Values of the chunk whose moving part has n symbols. */
static void encrypt_length(const struct config *c, struct work *w, uint32_t n, uint32_t n_ones)
{
    uint32_t m = 0;
    for (uint32_t i = 0; i < n_ones; i++) {
        if (w->one[i].moving != n)
            continue;
        w->who[m] = (uint16_t)i;
        w->left[m] = w->one[i].left;
        w->right[m++] = w->one[i].right;
    }
    if (n < c->n_small)
        bau_perm_permute(&c->small[n], w->right, m);
    else
        bau_ff1_words(&c->shape[n], w->left, w->right, m, false);
    for (uint32_t k = 0; k < m; k++) {
        w->one[w->who[k]].left = w->left[k];
        w->one[w->who[k]].right = w->right[k];
    }
}

/* Long values go through FF1 one at a time, when they are written. */
static bool encrypt_long(const struct config *c, uint16_t *numerals, uint32_t n)
{
    struct bau_ff1 own;
    if (n <= WORDS) {
        bau_ff1_numerals(&c->shape[n], numerals, false);
        return true;
    }
    const bool made = bau_ff1_init(&own, &c->cipher, c->alphabet.radix, n, c->tweak, c->tweak_len);
    if (made)
        bau_ff1_numerals(&own, numerals, false);
    bau_wipe(&own, sizeof own);
    return made;
}

/* As number_of: what of a value of the chunk is to be permuted. */
static void read_classes(const struct config *c, struct work *w, uint32_t i)
{
    struct one *o = &w->one[i];
    const uint32_t at = w->n_items;
    o->item = UINT32_MAX;
    if (!bau_fpe_classes_rank(&c->rank, w->numerals + o->skip, o->moving, &w->item[at], &w->shape[at]))
        return;
    o->item = w->n_items++;
}

static bau_status read_chunk(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                             uint32_t *from, uint32_t *out_n, uint64_t *out_lengths, struct bau_error *err)
{
    struct work *w = ctx->scratch;
    const uint8_t *src = in->data;
    uint32_t n = 0;
    w->n_items = 0;
    uint64_t lengths = 0; /* bit l: there are values of length l on words */
    for (; *from < in->n_values && n < CHUNK; ++*from) {
        struct one *o = &w->one[n];
        if (!bau_column_present(in, *from) || in->offsets[*from] == in->offsets[*from + 1])
            continue;
        const uint32_t at = in->offsets[*from], len = in->offsets[*from + 1] - at;
        o->plain = c->plain && bau_digits_read(src + at, len, c->odd, &o->n, &o->left, &o->right) &&
                   o->n >= c->n_small;
        if (o->plain) {
            o->value = *from;
            o->moving = o->n;
            lengths |= UINT64_C(1) << o->n;
            n++;
            continue;
        }
        if (!read_symbols(c, src + at, src + at + len, w->numerals, &o->n))
            return bau_mask_refuse(ctx, in, *from,
                                   "has no symbol of the alphabet, other letters or digits, or is too long",
                                   err);
        o->value = *from;
        cut(c, o);
        n++;
        if (c->classes)
            read_classes(c, w, n - 1);
        if (c->classes || !on_words(c, o->moving))
            continue;
        const uint32_t u = o->moving < c->n_small ? 0 : o->moving / 2;
        o->left = number_of(c, w->numerals + o->skip, u);
        o->right = number_of(c, w->numerals + o->skip + u, o->moving - u);
        lengths |= UINT64_C(1) << o->moving;
    }
    *out_n = n;
    *out_lengths = lengths;
    return BAU_OK;
}

/* The numerals of a value of the chunk as they shall be, into work.numerals. */
static bool finish(const struct config *c, struct work *w, const struct one *o, const uint8_t *p,
                   const uint8_t *end)
{
    uint32_t n;
    const bool whole = o->moving == o->n && on_words(c, o->moving);
    if (!whole && !read_symbols(c, p, end, w->numerals, &n))
        return false;
    uint16_t *moving = w->numerals + o->skip;
    if (!on_words(c, o->moving))
        return encrypt_long(c, moving, o->moving);
    const uint32_t u = o->moving < c->n_small ? 0 : o->moving / 2;
    numerals_of(c, o->left, moving, u);
    numerals_of(c, o->right, moving + u, o->moving - u);
    return true;
}

/* ---- classes ---- */

static bool finish_classes(const struct config *c, struct work *w, const struct one *o, const uint8_t *p,
                           const uint8_t *end)
{
    uint32_t n;
    if (!read_symbols(c, p, end, w->numerals, &n))
        return false;
    if (o->item == UINT32_MAX)
        bau_fpe_classes_mix(&c->rank, w->numerals + o->skip, o->moving);
    else
        bau_fpe_classes_unrank(w->numerals + o->skip, o->moving, w->item[o->item].value);
    return true;
}

/* ---- apply ---- */

static void permute_chunk(const struct config *c, struct work *w, uint32_t n, uint64_t lengths)
{
    if (c->classes)
        bau_rank_permute(&c->rank, &w->rank, w->item, w->n_items);
    for (uint32_t len = 1; len <= WORDS; len++)
        if (lengths >> len & 1)
            encrypt_length(c, w, len, n);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct work *w = ctx->scratch;
    const size_t bytes = (size_t)in->offsets[in->n_values] * c->alphabet.widest;
    if (bytes > INT32_MAX)
        return bau_error_set(err, BAU_E_LIMIT, "the texts of a batch grow past 2 GiB");
    BAU_TRY(bau_column_make(out, in, BAU_TEXT, bytes + BAU_TEXT_SLACK, ctx->arena, err));
    const uint8_t *src = in->data;
    uint8_t *start = out->data, *dst = start;
    uint32_t n = 0, done = 0;
    uint64_t lengths = 0;
    for (uint32_t at = 0; at < in->n_values;) {
        BAU_TRY(read_chunk(c, ctx, in, &at, &n, &lengths, err));
        permute_chunk(c, w, n, lengths);
        for (uint32_t i = 0; i < n; i++) {
            const struct one *o = &w->one[i];
            const uint8_t *p = src + in->offsets[o->value], *end = src + in->offsets[o->value + 1];
            for (; done < o->value; done++)
                out->offsets[done + 1] = (uint32_t)(dst - start);
            if (o->plain) {
                dst = bau_digits_write(dst, p, (uint32_t)(end - p), o->n, o->left, o->right);
                continue;
            }
            if (!(c->classes ? finish_classes(c, w, o, p, end) : finish(c, w, o, p, end)))
                return bau_error_set(err, BAU_E_BUG, "a value changed while it was masked");
            dst = write_symbols(c, dst, p, end, w->numerals);
        }
    }
    for (; done < in->n_values; done++)
        out->offsets[done + 1] = (uint32_t)(dst - start);
    return BAU_OK;
}

const struct bau_masker bau_masker_fpe = {
    .name = "fpe",
    .summary = "Encrypts the digits or letters of a text and keeps its format (FF1).",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEYED,
    .leaks =
        BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT | BAU_LEAKS_PREFIX,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct work),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "4929-3813-3266-4295",
    .example_options = "",
};
