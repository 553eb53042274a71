/* uuid: a keyed permutation of the 122 bits of a UUID that are not version or variant; those six stay.
 *
 * Construction (frozen, M2). The 16 bytes are read as one big-endian number; without bits 79..76 (version)
 * and 63..62
 * (variant) 122 bits are left, in order; L is the upper half of 61 bits, R the lower. Ten rounds, r = 0..9:
 *     F = first 8 bytes, little endian, of PRF(subkey "uuid", r as 8 bytes || R as 8 bytes, little endian)
 *     (L, R) = (R, L xor (F mod 2^61))
 * and back to 16 bytes in the same way. A balanced Feistel network of ten rounds over a PRF: Luby and
 * Rackoff 1988,
 * Patarin 2004 on more rounds.
 *
 * Text is read as 32 hexadecimal digits, plain or as 8-4-4-4-12, with or without braces; its form and the
 * case of its
 * letters stay. */
#include "maskers/common.h"
#include "src/kernel/kernels.h"

enum { ROUNDS = 10, CHUNK = 128 };
#define HALF ((UINT64_C(1) << 61) - 1)

struct config {
    struct bau_prf prf;
    uint32_t offsets[CHUNK + 1]; /* 0, 16, 32 … */
};

struct work {
    uint64_t left[CHUNK], right[CHUNK];
    uint8_t message[CHUNK][16], digest[CHUNK][16];
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint8_t subkey[32];
    BAU_TRY(bau_mask_subkey(with->key, "uuid", subkey, err));
    const bool made = bau_prf_init(&c->prf, subkey);
    bau_wipe(subkey, sizeof subkey);
    for (uint32_t i = 0; i <= CHUNK; i++)
        c->offsets[i] = 16 * i;
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->prf);
}

static void store_le(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t load_be(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

/* 60 free bits of the upper word and 62 of the lower, as two halves of 61. */
static void split(const uint8_t uuid[16], uint64_t *left, uint64_t *right)
{
    const uint64_t high = load_be(uuid), low = load_be(uuid + 8) & (UINT64_MAX >> 2);
    const uint64_t free60 = (high >> 16) << 12 | (high & 0xFFF);
    *left = free60 << 1 | low >> 61;
    *right = low & HALF;
}

static void join(uint8_t uuid[16], uint64_t left, uint64_t right)
{
    const uint64_t free60 = left >> 1, high = load_be(uuid), low = load_be(uuid + 8);
    bau_store_be(uuid, (free60 >> 12) << 16 | (high & 0xF000) | (free60 & 0xFFF));
    bau_store_be(uuid + 8, (low & ~(UINT64_MAX >> 2)) | (left & 1) << 61 | right);
}

static void permute_chunk(const struct config *c, struct work *w, uint8_t (*uuid)[16], uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        split(uuid[i], &w->left[i], &w->right[i]);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < n; i++) {
            store_le(w->message[i], round);
            store_le(w->message[i] + 8, w->right[i]);
        }
        bau_prf_batch(&c->prf, w->message[0], c->offsets, n, w->digest[0]);
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t mixed = w->left[i] ^ (bau_bits64(w->digest[i]) & HALF);
            w->left[i] = w->right[i];
            w->right[i] = mixed;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        join(uuid[i], w->left[i], w->right[i]);
}

static void permute(const struct config *c, struct work *w, uint8_t (*uuid)[16], uint32_t n)
{
    for (uint32_t i = 0; i < n; i += CHUNK)
        permute_chunk(c, w, uuid + i, n - i < CHUNK ? n - i : CHUNK);
}

static bau_status apply_uuid(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                             struct bau_column *out, struct bau_error *err)
{
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    uint8_t(*uuid)[16] = out->data;
    if (in->n_values)
        memcpy(uuid, in->data, 16 * (size_t)in->n_values);
    permute(c, ctx->scratch, uuid, in->n_values);
    for (uint32_t i = 0; in->valid && i < in->n_values; i++)
        if (!bau_column_present(in, i))
            memset(uuid[i], 0, 16);
    return BAU_OK;
}

/* Value of a hexadecimal digit plus one; 0: none. */
static const uint8_t nibbles[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* How a text writes its digits: where the first stands, and whether dashes part them. */
struct form {
    uint32_t first;
    bool dashes, good;
};

static struct form form_of(const uint8_t *text, size_t len)
{
    const bool braces = len >= 2 && text[0] == '{' && text[len - 1] == '}';
    const size_t inner = braces ? len - 2 : len;
    const uint8_t *p = text + braces;
    const bool dashes = inner == 36 && p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-';
    return (struct form){ .first = braces, .dashes = dashes, .good = inner == 32 || dashes };
}

/* Where byte i of the UUID is written, from the first digit. */
static size_t place(size_t i, bool dashes)
{
    return 2 * i + (dashes ? (size_t)((i >= 4) + (i >= 6) + (i >= 8) + (i >= 10)) : 0);
}

static bool read_text(const uint8_t *text, size_t len, uint8_t uuid[16])
{
    const struct form form = form_of(text, len);
    bool good = form.good;
    for (size_t i = 0; good && i < 16; i++) {
        const uint8_t *p = text + form.first + place(i, form.dashes);
        const unsigned high = nibbles[p[0]], low = nibbles[p[1]];
        good = high && low;
        uuid[i] = (uint8_t)((high - 1) << 4 | ((low - 1) & 15));
    }
    return good;
}

/* dst holds a copy of the text. */
static void write_text(uint8_t *dst, size_t len, const uint8_t uuid[16])
{
    const struct form form = form_of(dst, len);
    unsigned upper = 0;
    for (size_t i = 0; i < len; i++)
        upper |= dst[i] >= 'A' && dst[i] <= 'F';
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (size_t i = 0; i < 16; i++) {
        uint8_t *p = dst + form.first + place(i, form.dashes);
        p[0] = (uint8_t)digits[uuid[i] >> 4];
        p[1] = (uint8_t)digits[uuid[i] & 15];
    }
}

static bau_status apply_text(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                             struct bau_column *out, struct bau_error *err)
{
    uint8_t(*uuid)[16] = bau_arena_zero(ctx->arena, 16 * ((size_t)in->n_values + 1));
    if (!uuid)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i) &&
            !read_text(src + in->offsets[i], in->offsets[i + 1] - in->offsets[i], uuid[i]))
            return bau_mask_refuse(ctx, in, i, "is no UUID", err);
    permute(c, ctx->scratch, uuid, in->n_values);
    memcpy(dst, src, in->offsets[in->n_values]);
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i))
            write_text(dst + in->offsets[i], in->offsets[i + 1] - in->offsets[i], uuid[i]);
    return BAU_OK;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    return in->type == BAU_UUID ? apply_uuid(config, ctx, in, out, err)
                                : apply_text(config, ctx, in, out, err);
}

const struct bau_masker bau_masker_uuid = {
    .name = "uuid",
    .summary = "Swaps UUIDs among themselves; version, variant and spelling stay.",
    .accepts = BAU_TYPE_BIT(BAU_UUID) | BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct work),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "8f14e45f-ceea-467f-a0e6-b5a1b4b5c6d7",
    .example_options = "",
};
