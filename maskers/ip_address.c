/* Reads and writes IP addresses for the maskers of them. */
#include "maskers/ip_address.h"

/* A decimal number without leading zeros, at most `most`; NULL: none. */
static const uint8_t *read_number(const uint8_t *p, const uint8_t *end, uint32_t most, uint32_t *out)
{
    const uint8_t *start = p;
    uint32_t v = 0;
    for (; p < end && p - start < 3 && bau_is_digit(*p); p++)
        v = v * 10 + (uint32_t)(*p - '0');
    *out = v;
    return p == start || (*start == '0' && p - start > 1) || v > most ? NULL : p;
}

/* Four numbers up to `end`. */
static bool read_quad(const uint8_t *p, const uint8_t *end, uint32_t *out)
{
    uint32_t v = 0, part;
    for (unsigned i = 0; i < 4; i++) {
        if (i && (p == end || *p++ != '.'))
            return false;
        p = read_number(p, end, 255, &part);
        if (!p)
            return false;
        v = v << 8 | part;
    }
    *out = v;
    return p == end;
}

static int hex_digit(uint8_t c)
{
    const uint8_t low = c | 0x20;
    return bau_is_digit(c) ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static const uint8_t *read_group(const uint8_t *p, const uint8_t *end, uint16_t *out)
{
    const uint8_t *start = p;
    uint32_t v = 0;
    for (; p < end && p - start < 4 && hex_digit(*p) >= 0; p++)
        v = v << 4 | (uint32_t)hex_digit(*p);
    *out = (uint16_t)v;
    return p == start ? NULL : p;
}

/* Groups and what stands between them; `gap`: groups before "::", or 8. */
static bool read_groups(const uint8_t *p, const uint8_t *end, uint16_t group[8], unsigned *n, unsigned *gap)
{
    *n = 0;
    *gap = 8;
    if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
        *gap = 0;
        p += 2;
    }
    while (p < end) {
        uint32_t quad;
        if (*n <= 6 && read_quad(p, end, &quad)) {
            group[(*n)++] = (uint16_t)(quad >> 16);
            group[(*n)++] = (uint16_t)quad;
            return true;
        }
        if (*n == 8 || !(p = read_group(p, end, &group[*n])))
            return false;
        ++*n;
        if (p == end)
            return true;
        if (*p++ != ':' || p == end)
            return false;
        if (*p == ':') {
            if (*gap < 8)
                return false;
            *gap = *n;
            p++;
        }
    }
    return *gap < 8;
}

static bool read_six(const uint8_t *p, const uint8_t *end, bau_wide *out)
{
    uint16_t group[8];
    unsigned n, gap;
    if (!read_groups(p, end, group, &n, &gap) || (gap == 8 ? n != 8 : n > 7))
        return false;
    const unsigned zeros = 8 - n;
    bau_wide bits = 0;
    for (unsigned i = 0, from = 0; i < 8; i++) {
        const bool inside = i >= gap && i < gap + zeros;
        bits = bits << 16 | (inside ? 0 : group[from++]);
    }
    *out = bits;
    return true;
}

bool bau_ip_read(const uint8_t *text, size_t len, struct bau_ip *out)
{
    const uint8_t *end = text + len, *slash = len ? memchr(text, '/', len) : NULL;
    const uint8_t *stop = slash ? slash : end;
    uint32_t quad, suffix = BAU_IP_NO_SUFFIX;
    if (len > 64)
        return false;
    out->width = 32;
    if (read_quad(text, stop, &quad))
        out->bits = (bau_wide)quad << 96;
    else if (read_six(text, stop, &out->bits))
        out->width = 128;
    else
        return false;
    if (slash && read_number(slash + 1, end, out->width, &suffix) != end)
        return false;
    out->suffix = (uint8_t)suffix;
    return true;
}

static uint8_t *write_number(uint8_t *dst, uint32_t v)
{
    if (v >= 100)
        *dst++ = (uint8_t)('0' + v / 100);
    if (v >= 10)
        *dst++ = (uint8_t)('0' + v / 10 % 10);
    *dst++ = (uint8_t)('0' + v % 10);
    return dst;
}

static uint8_t *write_quad(uint8_t *dst, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        if (i)
            *dst++ = '.';
        dst = write_number(dst, v >> (24 - 8 * i) & 255);
    }
    return dst;
}

static uint8_t *write_group(uint8_t *dst, uint32_t v)
{
    static const char digits[] = "0123456789abcdef";
    for (int shift = 12; shift >= 0; shift -= 4)
        if (v >> shift || shift == 0)
            *dst++ = (uint8_t)digits[v >> shift & 15];
    return dst;
}

/* The longest run of two zero groups or more, the first of equals, becomes "::". */
static uint8_t *write_six(uint8_t *dst, bau_wide bits)
{
    uint32_t group[8];
    unsigned best = 8, longest = 1, run = 0;
    for (unsigned i = 0; i < 8; i++) {
        group[i] = (uint32_t)(bits >> (112 - 16 * i)) & 0xFFFF;
        run = group[i] ? 0 : run + 1;
        if (run > longest) {
            longest = run;
            best = i + 1 - run;
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        if (i == best) {
            *dst++ = ':';
            *dst++ = ':';
            i += longest - 1;
            continue;
        }
        if (i && i != best + longest)
            *dst++ = ':';
        dst = write_group(dst, group[i]);
    }
    return dst;
}

uint8_t *bau_ip_write(uint8_t *dst, const struct bau_ip *ip)
{
    if (ip->width == 32) {
        dst = write_quad(dst, (uint32_t)(ip->bits >> 96));
    } else if (bau_ip_is_mapped(ip)) {
        memcpy(dst, "::ffff:", 7);
        dst = write_quad(dst + 7, (uint32_t)ip->bits);
    } else {
        dst = write_six(dst, ip->bits);
    }
    if (ip->suffix == BAU_IP_NO_SUFFIX)
        return dst;
    *dst++ = '/';
    return write_number(dst, ip->suffix);
}

/* ---- reserved addresses ---- */

enum { BENCHMARK_LEN = 15, SIX_LEN = 32 };

/* One of 2^17 + 3 * 2^8 addresses. */
static uint32_t draw_four(uint64_t random)
{
    static const uint32_t nets[] = { 0xC0000200, 0xC6336400, 0xCB007100 };
    const uint32_t i = (uint32_t)bau_draw(random, (1u << 17) + 3 * 256);
    return i < 1u << 17 ? 0xC6120000 | i : nets[(i - (1u << 17)) >> 8] | (i & 255);
}

/* `ip` as an address of its own, in a block of `block_len` bits that starts with `block`. */
static void replace(struct bau_ip *ip, bau_wide block, unsigned block_len, bau_wide random)
{
    if (ip->suffix == BAU_IP_NO_SUFFIX) {
        ip->bits = block | (random & ~bau_ip_mask(block_len) & bau_ip_mask(ip->width));
        return;
    }
    const bau_wide all = bau_ip_mask(ip->width);
    const bool network = (ip->bits & ~bau_ip_mask(ip->suffix) & all) == 0;
    if (ip->suffix < block_len)
        ip->suffix = (uint8_t)block_len;
    ip->bits = block | (random & ~bau_ip_mask(block_len) & (network ? bau_ip_mask(ip->suffix) : all));
}

static void replace_four(struct bau_ip *ip, const uint8_t digest[16])
{
    const uint64_t random = bau_bits64(digest), more = bau_bits64(digest + 8);
    if (ip->suffix == BAU_IP_NO_SUFFIX)
        ip->bits = (bau_wide)draw_four(random) << 96;
    else
        replace(ip, (bau_wide)0xC6120000 << 96, BENCHMARK_LEN, (bau_wide)more << 64);
}

void bau_ip_reserve(struct bau_ip *ip, const uint8_t digest[16])
{
    if (ip->width == 32) {
        replace_four(ip, digest);
    } else if (bau_ip_is_mapped(ip)) {
        const bool suffix = ip->suffix != BAU_IP_NO_SUFFIX;
        struct bau_ip four = { .bits = ip->bits << 96,
                               .width = 32,
                               .suffix = !suffix           ? BAU_IP_NO_SUFFIX
                                         : ip->suffix > 96 ? (uint8_t)(ip->suffix - 96)
                                                           : 0 };
        replace_four(&four, digest);
        ip->bits = (bau_wide)0xFFFF << 32 | four.bits >> 96;
        ip->suffix = suffix ? (uint8_t)(four.suffix + 96) : BAU_IP_NO_SUFFIX;
    } else {
        const bau_wide random = (bau_wide)bau_bits64(digest) << 64 | bau_bits64(digest + 8);
        replace(ip, (bau_wide)0x20010DB8 << 96, SIX_LEN, random);
    }
}

/* ---- columns ---- */

bau_status bau_ip_room_make(struct bau_ip_room *out, uint32_t max_chars, struct bau_error *err)
{
    const uint32_t room = max_chars && max_chars < BAU_IP_CHARS ? max_chars : BAU_IP_CHARS;
    if (room < 15)
        return bau_error_set(err, BAU_E_USAGE,
                             "an address has up to 15 characters, the narrowest column of the domain %u",
                             room);
    out->suffix4 = room >= BAU_IP4_CHARS;
    out->six = room >= 39;
    out->suffix6 = room >= BAU_IP_CHARS;
    out->widest = out->suffix6 ? BAU_IP_CHARS : out->six ? 39 : out->suffix4 ? BAU_IP4_CHARS : 15;
    return BAU_OK;
}

bau_status bau_ip_read_column(const struct bau_ip_room *room, struct bau_mask_ctx *ctx,
                              const struct bau_column *in, struct bau_ip **out, struct bau_error *err)
{
    struct bau_ip *ip = bau_arena_buffer(ctx->arena, ((size_t)in->n_values + 1) * sizeof *ip);
    if (!ip)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct bau_slice v = bau_column_value(in, i);
        if (!bau_column_present(in, i))
            ip[i] = (struct bau_ip){ .suffix = BAU_IP_NO_SUFFIX };
        else if (!bau_ip_read(v.data, v.len, &ip[i]))
            return bau_mask_refuse(ctx, in, i, "is no IP address", err);
        else if (!bau_ip_fits(room, &ip[i]))
            return bau_mask_refuse(ctx, in, i,
                                   "may become an address that is too long for the narrowest column of the "
                                   "domain",
                                   err);
    }
    *out = ip;
    return BAU_OK;
}

bau_status bau_ip_write_column(const struct bau_ip *ip, const struct bau_column *in, struct bau_arena *arena,
                               struct bau_column *out, struct bau_error *err)
{
    BAU_TRY(bau_mask_text_out(out, in, BAU_TEXT, BAU_IP_CHARS, arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i))
            dst = bau_ip_write(dst, &ip[i]);
        out->offsets[i + 1] = (uint32_t)(dst - start);
    }
    return BAU_OK;
}
