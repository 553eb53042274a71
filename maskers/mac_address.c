/* Reads, permutes and writes MAC addresses for the maskers of them. */
#include "maskers/mac_address.h"

enum { ROUNDS = 10, VENDOR_BITS = 24 };

bau_status bau_mac_perm_init(struct bau_mac_perm *perm, const struct bau_mask_bind *with,
                             struct bau_error *err)
{
    uint8_t subkey[32];
    BAU_TRY(bau_mask_subkey(with->key, "mac", subkey, err));
    const bool made = bau_prf_init(&perm->prf, subkey);
    bau_wipe(subkey, sizeof subkey);
    for (uint32_t i = 0; i <= BAU_MAC_CHUNK; i++)
        perm->offsets[i] = 16 * i;
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

/* ---- the permutation ---- */

static uint64_t low_mask(uint32_t bits)
{
    return (UINT64_C(1) << bits) - 1;
}

/* The changing bits of an address as one number, and back. With BAU_MAC_ALL the lowest two bits of the first
 * byte stay. */
static uint64_t take(const struct bau_mac *m, bau_mac_part part)
{
    const uint32_t rest = m->width - 8;
    if (part == BAU_MAC_DEVICE)
        return m->bits & low_mask(m->width - VENDOR_BITS);
    return (m->bits >> (rest + 2) << rest) | (m->bits & low_mask(rest));
}

static void put(struct bau_mac *m, bau_mac_part part, uint64_t v)
{
    const uint32_t rest = m->width - 8;
    if (part == BAU_MAC_DEVICE)
        m->bits = (m->bits & ~low_mask(m->width - VENDOR_BITS)) | v;
    else
        m->bits = (v >> rest) << (rest + 2) | (m->bits & (UINT64_C(3) << rest)) | (v & low_mask(rest));
}

struct half {
    uint64_t left, right;
    uint32_t bits;
};

static void write_message(uint8_t message[16], const struct half *h, uint8_t round, const struct bau_mac *m,
                          bau_mac_part part)
{
    const uint64_t vendor = part == BAU_MAC_DEVICE ? m->bits >> (m->width - VENDOR_BITS) : 0;
    for (unsigned b = 0; b < 8; b++)
        message[b] = (uint8_t)(h->right >> (8 * b));
    message[8] = round;
    message[9] = (uint8_t)m->width;
    message[10] = (uint8_t)(vendor >> 16);
    message[11] = (uint8_t)(vendor >> 8);
    message[12] = (uint8_t)vendor;
    message[13] = message[14] = message[15] = 0;
}

static void permute_chunk(const struct bau_mac_perm *perm, bau_mac_part part, struct bau_mac *const *mac,
                          uint32_t n)
{
    struct half half[BAU_MAC_CHUNK];
    uint8_t message[BAU_MAC_CHUNK][16], digest[BAU_MAC_CHUNK][16];
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t v = take(mac[i], part);
        half[i].bits = (mac[i]->width - (part == BAU_MAC_DEVICE ? VENDOR_BITS : 2)) / 2;
        half[i].left = v >> half[i].bits;
        half[i].right = v & low_mask(half[i].bits);
    }
    for (uint8_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < n; i++)
            write_message(message[i], &half[i], round, mac[i], part);
        bau_prf_batch(&perm->prf, message[0], perm->offsets, n, digest[0]);
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t mixed = half[i].left ^ (bau_bits64(digest[i]) & low_mask(half[i].bits));
            half[i].left = half[i].right;
            half[i].right = mixed;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        put(mac[i], part, half[i].left << half[i].bits | half[i].right);
}

void bau_mac_permute(const struct bau_mac_perm *perm, bau_mac_part part, struct bau_mac *mac, uint32_t n)
{
    struct bau_mac *some[BAU_MAC_CHUNK];
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (mac[i].width)
            some[count++] = &mac[i];
        if (count == BAU_MAC_CHUNK || i + 1 == n) {
            permute_chunk(perm, part, some, count);
            count = 0;
        }
    }
}

/* ---- text ---- */

/* Value of a hexadecimal digit plus one; 0: none. */
static const uint8_t nibbles[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Groups of two digits, or of four where points part them; one kind of mark all over. */
static bool read_mac(const uint8_t *p, size_t len, struct bau_mac *out)
{
    uint64_t bits = 0;
    uint32_t digits = 0, marks = 0;
    uint8_t mark = 0;
    if (len < 12 || len > 23)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (nibbles[p[i]]) {
            bits = bits << 4 | (uint64_t)(nibbles[p[i]] - 1);
            digits++;
            continue;
        }
        mark = mark ? mark : p[i];
        const uint32_t group = mark == '.' ? 4 : 2;
        if ((p[i] != ':' && p[i] != '-' && p[i] != '.') || p[i] != mark || digits != ++marks * group)
            return false;
    }
    const uint32_t wants = mark == 0 ? 0 : digits / (mark == '.' ? 4 : 2) - 1;
    *out = (struct bau_mac){ bits, 4 * digits };
    return (digits == 12 || digits == 16) && marks == wants;
}

bau_status bau_mac_read_column(struct bau_mask_ctx *ctx, const struct bau_column *in, struct bau_mac **out,
                               struct bau_error *err)
{
    struct bau_mac *mac = bau_arena_zero(ctx->arena, ((size_t)in->n_values + 1) * sizeof *mac);
    if (!mac)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        if (bau_column_present(in, i) && !read_mac(v.data, v.len, &mac[i]))
            return bau_mask_refuse(ctx, in, i, "is no MAC address (12 or 16 hexadecimal digits)", err);
    }
    *out = mac;
    return BAU_OK;
}

static void write_mac(uint8_t *dst, const uint8_t *src, size_t len, const struct bau_mac *m)
{
    bool upper = false;
    for (size_t i = 0; i < len; i++)
        upper = upper || (src[i] >= 'A' && src[i] <= 'F');
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    uint32_t left = m->width;
    for (size_t i = 0; i < len; i++) {
        const bool digit = nibbles[src[i]] != 0;
        left -= digit ? 4 : 0;
        dst[i] = digit ? (uint8_t)digits[m->bits >> left & 15] : src[i];
    }
}

bau_status bau_mac_write_column(const struct bau_mac *mac, const struct bau_column *in,
                                struct bau_arena *arena, struct bau_column *out, struct bau_error *err)
{
    BAU_TRY(bau_column_like(out, in, arena, err));
    for (uint32_t i = 0; i < in->n_values; i++) {
        const uint32_t at = in->offsets[i];
        write_mac((uint8_t *)out->data + at, (const uint8_t *)in->data + at, in->offsets[i + 1] - at,
                  &mac[i]);
    }
    return BAU_OK;
}
