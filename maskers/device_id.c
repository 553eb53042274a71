/* device_id: identifiers of devices and sessions (advertising ids, Android ids, push tokens, cookies) as ones
 * of the same length and shape.
 *
 *   UUID         8-4-4-4-12 hexadecimal digits; version and variant stay where RFC 9562 gives them
 *   hexadecimal  20 digits or more: every digit from the stream of shape.h. 8 to 19 digits: a keyed
 *                permutation
 *   other text   digits become digits, letters letters of the same case (shape.h), further ASCII characters
 *                stay; refused where that is less than 80 bits
 *
 * Hexadecimal digits are read whatever their case and written in the case of the value; mixed case is other
 * text.
 *
 * n identifiers collide with a chance below n^2 / 2^81, those of 8 to 19 hexadecimal digits never. The
 * permutation (frozen, M2) of a number of 4 n bits: L the upper half, R the lower; ten rounds, r = 0..9:
 *     F = first 8 bytes, little endian, of PRF(subkey "device_id-short", R as 8 bytes || r || n || six 0)
 *     (L, R) = (R, L xor (F mod 2^(2 n))) */
#include "maskers/shape.h"

enum {
    ROUNDS = 10,
    CHUNK = 128,
    SHORTEST = 8,
    LONG = 20,
    UUID_CHARS = 36,
    UUID_VERSION = 14,
    UUID_VARIANT = 19
};

struct config {
    struct bau_prf stream, small;
    uint32_t offsets[CHUNK + 1]; /* 0, 16, 32 … */
};

struct work {
    uint64_t left[CHUNK], right[CHUNK];
    uint8_t *text[CHUNK];
    uint8_t digits[CHUNK];
    uint8_t message[CHUNK][16], digest[CHUNK][16];
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    for (uint32_t i = 0; i <= CHUNK; i++)
        c->offsets[i] = 16 * i;
    BAU_TRY(bau_shape_key(&c->stream, with->key, "device_id", err));
    return bau_shape_key(&c->small, with->key, "device_id-short", err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->stream);
    bau_prf_release(&c->small);
}

/* ---- shapes ---- */

enum shape { NONE, UUID, HEX, SMALL, TEXT };

struct signs {
    size_t digits, lower_hex, upper_hex, letters, others, dashes;
    bool foreign; /* a blank, a control character, no ASCII */
};

static struct signs count(struct bau_slice v)
{
    struct signs s = { 0 };
    for (size_t i = 0; i < v.len; i++) {
        const uint8_t c = v.data[i], low = c | 0x20;
        s.foreign = s.foreign || c <= ' ' || c >= 0x7F;
        if (bau_is_digit(c))
            s.digits++;
        else if (c >= 'a' && c <= 'f')
            s.lower_hex++;
        else if (c >= 'A' && c <= 'F')
            s.upper_hex++;
        else if (low >= 'a' && low <= 'z')
            s.letters++;
        else if (c == '-')
            s.dashes++;
        else
            s.others++;
    }
    return s;
}

static bool is_uuid(struct bau_slice v)
{
    return v.len == UUID_CHARS && v.data[8] == '-' && v.data[13] == '-' && v.data[18] == '-' &&
           v.data[23] == '-';
}

static enum shape shape_of(struct bau_slice v, bool *upper)
{
    const struct signs s = count(v);
    const bool hex = !s.letters && !s.others && !(s.lower_hex && s.upper_hex);
    *upper = s.upper_hex > 0;
    if (s.foreign)
        return NONE;
    if (hex && s.dashes == 4 && is_uuid(v))
        return UUID;
    if (hex && !s.dashes && v.len >= SHORTEST)
        return v.len >= LONG ? HEX : SMALL;
    /* a digit carries 3.30 bits of the stream at least, a letter 4.67 */
    return 330 * s.digits + 467 * (s.lower_hex + s.upper_hex + s.letters) >= 8000 ? TEXT : NONE;
}

static void set_case(uint8_t *p, size_t len, bool upper)
{
    for (size_t i = 0; i < len; i++)
        if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
            p[i] = upper ? (uint8_t)(p[i] & ~0x20) : p[i] | 0x20;
}

/* ---- 8 to 19 hexadecimal digits, in lower case ---- */

static uint64_t read_hex(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 4 | (uint64_t)(bau_is_digit(p[i]) ? p[i] - '0' : p[i] - 'a' + 10);
    return v;
}

static void write_hex(uint8_t *p, size_t n, uint64_t v)
{
    for (; n > 0; n--, v >>= 4)
        p[n - 1] = (uint8_t) "0123456789abcdef"[v & 15];
}

/* Halves of 2 n bits: n digits are n / 2 and n / 2, the middle one of an odd count is split. */
static void split(struct work *w, uint32_t i)
{
    const size_t n = w->digits[i], half = n / 2;
    w->left[i] = read_hex(w->text[i], half);
    w->right[i] = read_hex(w->text[i] + n - half, half);
    if (n % 2) {
        const uint64_t middle = read_hex(w->text[i] + half, 1);
        w->left[i] = w->left[i] << 2 | middle >> 2;
        w->right[i] |= (middle & 3) << (4 * half);
    }
}

static void join(const struct work *w, uint32_t i)
{
    const size_t n = w->digits[i], half = n / 2;
    const unsigned odd = n % 2 ? 2 : 0;
    write_hex(w->text[i], half, w->left[i] >> odd);
    if (odd)
        write_hex(w->text[i] + half, 1, (w->left[i] & 3) << 2 | w->right[i] >> (4 * half));
    write_hex(w->text[i] + n - half, half, w->right[i]);
}

static void permute(const struct config *c, struct work *w, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        split(w, i);
    for (uint8_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < n; i++) {
            memset(w->message[i] + 8, 0, 8);
            for (unsigned b = 0; b < 8; b++)
                w->message[i][b] = (uint8_t)(w->right[i] >> (8 * b));
            w->message[i][8] = round;
            w->message[i][9] = w->digits[i];
        }
        bau_prf_batch(&c->small, w->message[0], c->offsets, n, w->digest[0]);
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t mask = (UINT64_C(1) << (2 * w->digits[i])) - 1;
            const uint64_t mixed = w->left[i] ^ (bau_bits64(w->digest[i]) & mask);
            w->left[i] = w->right[i];
            w->right[i] = mixed;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        join(w, i);
}

/* ---- columns ---- */

struct plan { /* what to do with the values of a batch */
    uint8_t *shape, *upper;
    struct bau_piece *pieces;
    uint32_t n_pieces;
};

static bau_status read_column(struct bau_mask_ctx *ctx, const struct bau_column *in, struct bau_column *out,
                              struct plan *plan, struct bau_error *err)
{
    const size_t n = in->n_values;
    *plan = (struct plan){ .shape = bau_arena_zero(ctx->arena, n + 1),
                           .upper = bau_arena_zero(ctx->arena, n + 1),
                           .pieces = bau_arena_take(ctx->arena, n * sizeof *plan->pieces) };
    if (!plan->shape || !plan->upper || !plan->pieces)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        uint8_t *dst = (uint8_t *)out->data + in->offsets[i];
        bool upper = false;
        if (!bau_column_present(in, i))
            continue;
        plan->shape[i] = (uint8_t)shape_of(v, &upper);
        plan->upper[i] = upper;
        if (plan->shape[i] == NONE)
            return bau_mask_refuse(
                ctx, in, i,
                "is no identifier: a UUID, 8 hexadecimal digits or more, or about 20 other letters "
                "and digits",
                err);
        memcpy(dst, v.data, v.len);
        if (plan->shape[i] != TEXT)
            set_case(dst, v.len, false);
        if (plan->shape[i] != SMALL)
            plan->pieces[plan->n_pieces++] = (struct bau_piece){ .at = in->offsets[i],
                                                                 .len = (uint32_t)v.len,
                                                                 .hex = plan->shape[i] != TEXT };
    }
    return BAU_OK;
}

static void permute_small(const struct config *c, struct work *w, const struct bau_column *in,
                          struct bau_column *out, const struct plan *plan)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (plan->shape[i] == SMALL) {
            w->text[n] = (uint8_t *)out->data + in->offsets[i];
            w->digits[n++] = (uint8_t)(in->offsets[i + 1] - in->offsets[i]);
        }
        if (n == CHUNK || i + 1 == in->n_values) {
            permute(c, w, n);
            n = 0;
        }
    }
}

/* Puts back what says which kind of UUID it is: version 1 to 8, variant 8 to b. */
static void keep_kind(uint8_t *dst, const uint8_t *src)
{
    const uint8_t variant = src[UUID_VARIANT] | 0x20;
    if (src[UUID_VERSION] < '1' || src[UUID_VERSION] > '8' ||
        !(src[UUID_VARIANT] == '8' || src[UUID_VARIANT] == '9' || variant == 'a' || variant == 'b'))
        return;
    dst[UUID_VERSION] = src[UUID_VERSION];
    dst[UUID_VARIANT] = (uint8_t) "89ab"[read_hex(dst + UUID_VARIANT, 1) & 3];
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct plan plan;
    BAU_TRY(bau_column_like(out, in, ctx->arena, err));
    BAU_TRY(read_column(ctx, in, out, &plan, err));
    BAU_TRY(bau_shape_mask(&c->stream, out->data, plan.pieces, plan.n_pieces, ctx->arena, err));
    permute_small(c, ctx->scratch, in, out, &plan);
    for (uint32_t i = 0; i < in->n_values; i++) {
        uint8_t *dst = (uint8_t *)out->data + in->offsets[i];
        if (plan.shape[i] == UUID)
            keep_kind(dst, bau_column_value(in, i).data);
        if (plan.upper[i] && plan.shape[i] != TEXT)
            set_case(dst, in->offsets[i + 1] - in->offsets[i], true);
    }
    return BAU_OK;
}

const struct bau_masker bau_masker_device_id = {
    .name = "device_id",
    .summary = "Replaces the id of a device, a push token or a cookie by one of the same shape.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_COLLISION_BOUND | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_LENGTH | BAU_LEAKS_FORMAT,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct work),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "6D92078A-8246-4BA4-AE5B-76104861E7DC",
    .example_options = "",
};
