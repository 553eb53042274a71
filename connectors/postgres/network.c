/* inet, cidr, macaddr and macaddr8 in COPY's binary form ↔ their text, which is what maskers see of them.
 *
 * inet and cidr: address family (2: IPv4, 3: IPv6), prefix length, 1 for cidr, count of address bytes, the
 * bytes. The text of an inet leaves a full prefix length out, that of a cidr never does. The others are bytes
 * alone. */
#include <arpa/inet.h>

#include "codec.h"

enum { INET = 869, CIDR = 650, MACADDR = 829, MACADDR8 = 774 };
enum { HEAD = 4, FOUR = 2, SIX = 3, MOST_BYTES = 16, MOST_CHARS = 64 };

/* The element's type. */
static uint32_t base_of(uint32_t oid)
{
    static const uint32_t arrays[][2] = {
        { INET, 1041 }, { CIDR, 651 }, { MACADDR, 1040 }, { MACADDR8, 775 }
    };
    for (size_t i = 0; i < BAU_COUNT(arrays); i++)
        if (oid == arrays[i][1])
            return arrays[i][0];
    return oid;
}

static uint32_t mac_bytes(uint32_t base)
{
    return base == MACADDR ? 6 : 8;
}

static bau_status add_text(struct pg_build *b, const char *text, size_t len, struct bau_error *err)
{
    uint8_t *to = pg_build_add(b, len, err);
    if (!to)
        return err ? err->code : BAU_E_NOMEM;
    memcpy(to, text, len);
    return BAU_OK;
}

static bau_status decode_mac(struct pg_build *b, const uint8_t *p, size_t len, uint32_t base,
                             struct bau_error *err)
{
    static const char digits[] = "0123456789abcdef";
    char text[MOST_CHARS];
    if (len != mac_bytes(base))
        return pg_malformed("macaddr", len, err);
    for (size_t i = 0; i < len; i++) {
        text[3 * i] = digits[p[i] >> 4];
        text[3 * i + 1] = digits[p[i] & 15];
        text[3 * i + 2] = ':';
    }
    return add_text(b, text, 3 * len - 1, err);
}

bau_status pg_network_decode(struct pg_build *b, const uint8_t *p, size_t len, uint32_t oid,
                             struct bau_error *err)
{
    const uint32_t base = base_of(oid);
    if (base == MACADDR || base == MACADDR8)
        return decode_mac(b, p, len, base, err);
    const uint32_t bytes = len > 0 && p[0] == FOUR ? 4 : 16;
    if (len != HEAD + bytes || p[0] < FOUR || p[0] > SIX || p[1] > 8 * bytes || p[3] != bytes)
        return pg_malformed("inet", len, err);
    char text[MOST_CHARS];
    if (!inet_ntop(bytes == 4 ? AF_INET : AF_INET6, p + HEAD, text, sizeof text - 4))
        return pg_malformed("inet", len, err);
    size_t n = strlen(text);
    if (base == CIDR || p[1] != 8 * bytes)
        n += (size_t)snprintf(text + n, sizeof text - n, "/%u", p[1]);
    return add_text(b, text, n, err);
}

/* ── text → bytes
 * ────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool read_mac(struct bau_slice text, uint32_t bytes, uint8_t *out)
{
    uint32_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.data[i], low = c | 0x20;
        if (c == ':' || c == '-' || c == '.')
            continue;
        const int digit = c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
        if (digit < 0 || n == 2 * bytes)
            return false;
        out[n / 2] = (uint8_t)(n % 2 ? out[n / 2] | digit : digit << 4);
        n++;
    }
    return n == 2 * bytes;
}

/* Whether all bits from `from` on are 0. */
static bool is_network(const uint8_t *p, uint32_t from, uint32_t bits)
{
    for (uint32_t d = from; d < bits; d++)
        if (p[d / 8] >> (7 - d % 8) & 1)
            return false;
    return true;
}

static bool read_prefix(const char *text, uint32_t most, uint32_t *out)
{
    uint32_t v = 0, n = 0;
    for (; text[n] >= '0' && text[n] <= '9' && n < 4; n++)
        v = v * 10 + (uint32_t)(text[n] - '0');
    *out = v;
    return n > 0 && text[n] == '\0' && v <= most;
}

/* The value with its head; its length, or 0. */
static uint32_t read_inet(struct bau_slice value, bool cidr, uint8_t out[HEAD + MOST_BYTES])
{
    char text[MOST_CHARS];
    if (value.len >= sizeof text || memchr(value.data, '\0', value.len))
        return 0;
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    char *slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    const bool four = strchr(text, ':') == NULL;
    const uint32_t bytes = four ? 4 : 16;
    uint32_t prefix = 8 * bytes;
    if (inet_pton(four ? AF_INET : AF_INET6, text, out + HEAD) != 1 ||
        (slash && !read_prefix(slash + 1, 8 * bytes, &prefix)) ||
        (cidr && !is_network(out + HEAD, prefix, 8 * bytes)))
        return 0;
    out[0] = four ? FOUR : SIX;
    out[1] = (uint8_t)prefix;
    out[2] = cidr;
    out[3] = (uint8_t)bytes;
    return HEAD + bytes;
}

bau_status pg_network_encode(struct bau_slice value, uint32_t oid, struct bau_text *out,
                             struct bau_error *err)
{
    const uint32_t base = base_of(oid);
    const bool mac = base == MACADDR || base == MACADDR8;
    uint8_t bytes[4 + HEAD + MOST_BYTES];
    uint32_t len = 0;
    if (!mac)
        len = read_inet(value, base == CIDR, bytes + 4);
    else if (read_mac(value, mac_bytes(base), bytes + 4))
        len = mac_bytes(base);
    if (len == 0)
        return bau_error_set(err, BAU_E_DATA, "a masked value of %zu bytes is no %s", value.len,
                             mac            ? "MAC address"
                             : base == CIDR ? "network (cidr)"
                                            : "IP address (inet)");
    pg_put32(bytes, len);
    bau_text_addn(out, bytes, 4 + len);
    return BAU_OK;
}
