/* IP addresses as text: IPv4 and IPv6, with or without a prefix length behind a slash. */
#ifndef BAU_MASKERS_IP_ADDRESS_H
#define BAU_MASKERS_IP_ADDRESS_H

#include "bauta/masker.h"
#include "maskers/common.h"

enum { BAU_IP_NO_SUFFIX = 255, BAU_IP_CHARS = 43, BAU_IP4_CHARS = 18 };

struct bau_ip {
    bau_wide bits;  /* the first bit of the address is the highest one; below an IPv4 address: 96 zeros */
    uint8_t width;  /* 32 or 128 */
    uint8_t suffix; /* prefix length, or BAU_IP_NO_SUFFIX */
};

/* Reads dotted quads without leading zeros, and every spelling of RFC 4291 section 2.2; "/n" may follow. No
 * blanks, zones, brackets or ports. */
bool bau_ip_read(const uint8_t *text, size_t len, struct bau_ip *out) BAU_MUST_CHECK;

/* Writes the address as RFC 5952 says (4-mapped ones with a dotted tail) and returns the end; at most
 * BAU_IP_CHARS. */
uint8_t *bau_ip_write(uint8_t *dst, const struct bau_ip *ip);

/* ::ffff:a.b.c.d */
static inline bool bau_ip_is_mapped(const struct bau_ip *ip)
{
    return ip->width == 128 && (ip->bits >> 32) == 0xFFFF;
}

/* The first n bits of an address, 0 <= n <= 128. */
static inline bau_wide bau_ip_mask(unsigned n)
{
    return n == 0 ? 0 : ~(bau_wide)0 << (128 - n);
}

/* The address alone, a mapped one as the IPv4 address in it. */
static inline struct bau_ip bau_ip_plain(const struct bau_ip *ip)
{
    const bool mapped = bau_ip_is_mapped(ip);
    return (struct bau_ip){ .bits = mapped ? ip->bits << 96 : ip->bits,
                            .width = mapped ? 32 : ip->width,
                            .suffix = BAU_IP_NO_SUFFIX };
}

/* Makes it an address that reaches nobody, by the digest of the plain one. Frozen (M2):
 *
 *   IPv4         in 198.18.0.0/15 (benchmarks, RFC 2544), or in 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24
 *                (documentation, RFC 5737); with a prefix length in the first only
 *   IPv6         in 2001:db8::/32 (documentation, RFC 3849)
 *   ::ffff:…     the same block as the IPv4 address in it
 *
 * A prefix length stays if the block is wider than it, else it becomes the block's; an address whose host
 * bits are all zero keeps them so. */
void bau_ip_reserve(struct bau_ip *ip, const uint8_t digest[16]);

/* What the narrowest column has room for. */
struct bau_ip_room {
    uint32_t widest; /* characters */
    bool six, suffix4, suffix6;
};

/* max_chars 0: everything. Errors: BAU_E_USAGE below 15 characters. */
bau_status bau_ip_room_make(struct bau_ip_room *out, uint32_t max_chars, struct bau_error *err)
    BAU_MUST_CHECK;

static inline bool bau_ip_fits(const struct bau_ip_room *room, const struct bau_ip *ip)
{
    return ip->width == 32 ? ip->suffix == BAU_IP_NO_SUFFIX || room->suffix4
                           : room->six && (ip->suffix == BAU_IP_NO_SUFFIX || room->suffix6);
}

/* Reads a whole column; a null leaves an address of width 0. Errors: BAU_E_DATA for what is no address or has
 * no room. */
bau_status bau_ip_read_column(const struct bau_ip_room *room, struct bau_mask_ctx *ctx,
                              const struct bau_column *in, struct bau_ip **out, struct bau_error *err)
    BAU_MUST_CHECK;
/* Makes the text column of masked addresses. */
bau_status bau_ip_write_column(const struct bau_ip *ip, const struct bau_column *in, struct bau_arena *arena,
                               struct bau_column *out, struct bau_error *err) BAU_MUST_CHECK;

#endif
