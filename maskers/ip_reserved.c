/* ip_reserved: addresses that reach nobody.
 *
 *   IPv4         in 198.18.0.0/15 (benchmarks, RFC 2544), or in 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24
 *                (documentation, RFC 5737); with a prefix length in the first only
 *   IPv6         in 2001:db8::/32 (documentation, RFC 3849)
 *   ::ffff:…     the same block as the IPv4 address in it
 *
 * A prefix length stays if the block is wider than it, else it becomes the block's; an address whose host bits are all
 * zero keeps them so. There are 131840 IPv4 addresses: two addresses may become one. */
#include "maskers/ip_address.h"

enum { BENCHMARK_LEN = 15, SIX_LEN = 32 };

struct config {
    struct bau_ip_room room;
    const struct bau_mask_key *key;
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->key = with->key;
    return bau_ip_room_make(&c->room, with->max_chars, err);
}

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

static void replace_one(struct bau_ip *ip, const uint8_t digest[16])
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

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_ip *ip;
    struct bau_column plain; /* one spelling of each address, the IPv4 one of a mapped address */
    uint8_t(*digest)[16];
    BAU_TRY(bau_ip_read_column(&c->room, ctx, in, &ip, err));
    BAU_TRY(bau_mask_text_out(&plain, in, BAU_TEXT, BAU_IP_CHARS, ctx->arena, err));
    uint8_t *dst = plain.data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (bau_column_present(in, i)) {
            struct bau_ip one = { .bits = ip[i].bits, .width = ip[i].width, .suffix = BAU_IP_NO_SUFFIX };
            if (bau_ip_is_mapped(&one))
                one = (struct bau_ip){ .bits = one.bits << 96, .width = 32, .suffix = BAU_IP_NO_SUFFIX };
            dst = bau_ip_write(dst, &one);
        }
        plain.offsets[i + 1] = (uint32_t)(dst - start);
    }
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, &plain, &digest, err));
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i))
            replace_one(&ip[i], digest[i]);
    return bau_ip_write_column(ip, in, ctx->arena, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->room.widest;
}

const struct bau_masker bau_masker_ip_reserved = {
    .name = "ip_reserved",
    .summary = "Replaces an IP address by one that is reserved for documentation and benchmarks.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "192.168.17.23",
    .example_options = "",
};
