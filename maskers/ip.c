/* ip: a keyed permutation of IP addresses that keeps prefixes. Two addresses that share their first n bits
 * and no more do so afterwards: a subnet stays a subnet. A prefix length ("/24") stays.
 *
 * Construction (frozen, M2): Crypto-PAn (Xu, Fan, Ammar, Moon, "Prefix-Preserving IP Address Anonymization",
 * ICNP 2002) with AES-128, over 32 or 128 bits. Subkeys "ip4" and "ip6" of 32 bytes: the first 16 are the AES
 * key, the other 16, encrypted, the pad. Bit d of an address is flipped by the highest bit of E(its first d
 * bits, then the pad's bits from d on). Beside that:
 *
 *   - scope keep: no bit is flipped on the way to a special block (private, loopback, link-local, shared,
 *     multicast, reserved) or to global unicast, so what is in one stays in it and nothing else comes in. An
 *     address near a block keeps the bits that it shares with it. scope mix: only ::ffff:0:0/96 is treated
 *     so.
 *   - ::ffff:a.b.c.d changes as a.b.c.d does.
 *   - with a prefix length, an address whose host bits are all zero keeps them zero: it names the network.
 *     The host that would have taken its place takes the place that this one leaves.
 *
 * Flips of the first 16 bits come out of a table made at bind;
 * the rest is one AES block a bit, in batches. */
#include "maskers/ip_address.h"
#include "src/kernel/kernels.h"

enum { KEEP, MIX };
enum { TOP = 16, PREFIXES = 1 << TOP, MOST_LOW = 128 - TOP, BLOCKS = 1024 };

struct block {          /* a special one */
    uint64_t high, low; /* of the bits of an address */
    unsigned len;
};

struct row { /* what makes the block of bit TOP + i out of an address, both in byte order */
    uint64_t keep[2], pad[2];
};

struct tree {
    struct bau_prf cipher; /* for its AES key */
    bau_wide pad;
    uint16_t *top; /* flips of the first 16 bits of addresses that start so */
    unsigned width;
    struct row row[MOST_LOW];
    const struct block *late; /* blocks that the top does not decide on */
    size_t n_late;
};

struct config {
    uint32_t scope;
    struct bau_ip_room room;
    struct tree four, six;
};

struct work {
    uint8_t in[BLOCKS][BAU_AES_BLOCK], out[BLOCKS][BAU_AES_BLOCK];
};

static const struct bau_option options[] = {
    { "scope", BAU_OPTION_CHOICE, offsetof(struct config, scope), "keep", 0, 0,
      "keep: private, loopback, link-local and other special addresses stay what they are; mix: any may "
      "become any.",
      0, "keep|mix", NULL, 0 },
    { 0 },
};

/* ---- special blocks: IANA special-purpose address registries, RFC 6890 ---- */

static const struct block four_blocks[] = {
    { 0, 0, 8 },                              /* 0.0.0.0/8, this network */
    { UINT64_C(0x0A00000000000000), 0, 8 },   /* 10.0.0.0/8, private */
    { UINT64_C(0x6440000000000000), 0, 10 },  /* 100.64.0.0/10, shared */
    { UINT64_C(0x7F00000000000000), 0, 8 },   /* 127.0.0.0/8, loopback */
    { UINT64_C(0xA9FE000000000000), 0, TOP }, /* 169.254.0.0/16, link-local */
    { UINT64_C(0xAC10000000000000), 0, 12 },  /* 172.16.0.0/12, private */
    { UINT64_C(0xC0A8000000000000), 0, TOP }, /* 192.168.0.0/16, private */
    { UINT64_C(0xE000000000000000), 0, 4 },   /* 224.0.0.0/4, multicast */
    { UINT64_C(0xF000000000000000), 0, 4 },   /* 240.0.0.0/4, reserved */
};
/* The longer ones first, of them the mapped one for scope mix. */
static const struct block six_blocks[] = {
    { 0, UINT64_C(0xFFFF00000000), 96 },     /* ::ffff:0:0/96, mapped */
    { UINT64_C(0x0064FF9B00000000), 0, 96 }, /* 64:ff9b::/96, translated */
    { UINT64_C(0x2000000000000000), 0, 3 },  /* 2000::/3, global unicast */
    { UINT64_C(0xFC00000000000000), 0, 7 },  /* fc00::/7, unique local */
    { UINT64_C(0xFE80000000000000), 0, 10 }, /* fe80::/10, link-local */
    { UINT64_C(0xFF00000000000000), 0, 8 },  /* ff00::/8, multicast */
};

static unsigned leading_zeros(bau_wide v)
{
    const uint64_t high = (uint64_t)(v >> 64), low = (uint64_t)v;
    return high ? (unsigned)__builtin_clzll(high) : low ? 64u + (unsigned)__builtin_clzll(low) : 128u;
}

/* How many leading bits of an address stay. */
static unsigned bits_kept(bau_wide address, const struct block *blocks, size_t n)
{
    unsigned kept = 0;
    for (size_t i = 0; i < n; i++) {
        const bau_wide block = (bau_wide)blocks[i].high << 64 | blocks[i].low;
        const unsigned common = leading_zeros(address ^ block);
        const unsigned here = common < blocks[i].len ? common + 1 : blocks[i].len;
        kept = here > kept ? here : kept;
    }
    return kept;
}

/* ---- keys ---- */

static void store_block(uint8_t block[BAU_AES_BLOCK], bau_wide v)
{
    bau_store_be(block, (uint64_t)(v >> 64));
    bau_store_be(block + 8, (uint64_t)v);
}

/* Flips of the first 16 bits of every prefix: those of the first d bits, then bit d, for each d. */
static void fill_top(struct tree *t, struct work *w)
{
    const struct bau_kernels *kernels = bau_kernels_get();
    t->top[0] = 0;
    for (unsigned d = 0; d < TOP; d++)
        for (uint32_t to = 1u << d; to > 0;) { /* backwards: entry q makes 2q and 2q + 1 */
            const uint32_t n = to < BLOCKS ? to : BLOCKS, from = to - n;
            for (uint32_t k = 0; k < n; k++)
                store_block(w->in[k],
                            (d ? (bau_wide)(from + k) << (128 - d) : 0) | (t->pad & ~bau_ip_mask(d)));
            kernels->aes(&t->cipher.aes, w->in[0], w->out[0], n);
            for (uint32_t k = n; k-- > 0;) {
                const uint16_t flips = (uint16_t)(t->top[from + k] << 1 | w->out[k][0] >> 7);
                t->top[2 * (from + k) + 1] = flips;
                t->top[2 * (from + k)] = flips;
            }
            to = from;
        }
}

/* No flips on the way to a special block, as far as the first 16 bits go. */
static void spare_blocks(struct tree *t, const struct block *blocks, size_t n)
{
    for (uint32_t p = 0; p < PREFIXES; p++) {
        const unsigned kept = bits_kept((bau_wide)p << (128 - TOP), blocks, n);
        t->top[p] = (uint16_t)(kept >= TOP ? 0 : t->top[p] & (0xFFFFu >> kept));
    }
    t->late = blocks;
    while (t->n_late < n && blocks[t->n_late].len > TOP)
        t->n_late++;
}

static void fill_rows(struct tree *t)
{
    for (unsigned i = 0; i < t->width - TOP; i++) {
        uint8_t keep[BAU_AES_BLOCK], pad[BAU_AES_BLOCK];
        const bau_wide mask = bau_ip_mask(TOP + i);
        store_block(keep, mask);
        store_block(pad, t->pad & ~mask);
        memcpy(t->row[i].keep, keep, sizeof keep);
        memcpy(t->row[i].pad, pad, sizeof pad);
    }
}

static bau_status make_tree(struct tree *t, unsigned width, const char *label,
                            const struct bau_mask_bind *with, struct work *w, struct bau_error *err)
{
    uint8_t subkey[32], pad[BAU_AES_BLOCK];
    t->width = width;
    t->top = bau_arena_buffer(with->arena, PREFIXES * sizeof *t->top);
    if (!t->top)
        return bau_error_set(err, BAU_E_NOMEM, "addresses");
    BAU_TRY(bau_mask_subkey(with->key, label, subkey, err));
    const bool made = bau_prf_init(&t->cipher, subkey);
    if (made) {
        bau_kernels_get()->aes(&t->cipher.aes, subkey + 16, pad, 1);
        for (unsigned i = 0; i < BAU_AES_BLOCK; i++)
            t->pad = t->pad << 8 | pad[i];
        fill_top(t, w);
        fill_rows(t);
    }
    bau_wipe(subkey, sizeof subkey);
    bau_wipe(pad, sizeof pad);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    BAU_TRY(bau_ip_room_make(&c->room, with->max_chars, err));
    struct work *w = bau_arena_take(with->arena, sizeof *w);
    if (!w)
        return bau_error_set(err, BAU_E_NOMEM, "addresses");
    BAU_TRY(make_tree(&c->four, 32, "ip4", with, w, err));
    BAU_TRY(make_tree(&c->six, 128, "ip6", with, w, err));
    spare_blocks(&c->four, four_blocks, c->scope == KEEP ? BAU_COUNT(four_blocks) : 0);
    spare_blocks(&c->six, six_blocks, c->scope == KEEP ? BAU_COUNT(six_blocks) : 1);
    return BAU_OK;
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->four.cipher);
    bau_prf_release(&c->six.cipher);
}

/* ---- flipping ---- */

/* Replaces up to BLOCKS / (width - TOP) addresses by the flips of their bits from TOP on. */
static void flip_low(const struct tree *t, struct work *w, bau_wide *address, uint32_t n)
{
    const unsigned bits = t->width - TOP, upper = bits < 64 - TOP ? bits : 64 - TOP;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t bytes[BAU_AES_BLOCK];
        uint64_t half[2], block[2];
        store_block(bytes, address[i]);
        memcpy(half, bytes, sizeof half);
        for (unsigned b = 0; b < bits; b++) {
            block[0] = (half[0] & t->row[b].keep[0]) | t->row[b].pad[0];
            block[1] = (half[1] & t->row[b].keep[1]) | t->row[b].pad[1];
            memcpy(w->in[i * bits + b], block, sizeof block);
        }
    }
    bau_kernels_get()->aes(&t->cipher.aes, w->in[0], w->out[0], n * bits);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t(*code)[BAU_AES_BLOCK] = (const uint8_t(*)[BAU_AES_BLOCK])w->out + i * bits;
        uint64_t high = 0, low = 0;
        for (unsigned b = 0; b < upper; b++)
            high = high << 1 | code[b][0] >> 7;
        for (unsigned b = upper; b < bits; b++)
            low = low << 1 | code[b][0] >> 7;
        address[i] = (bau_wide)high << (128 - TOP - upper) | low;
    }
}

/* Permutes addresses of one width in place. */
static void permute(const struct tree *t, struct work *w, bau_wide *address, uint32_t n)
{
    const uint32_t most = BLOCKS / (t->width - TOP);
    bau_wide flips[BLOCKS / TOP];
    for (uint32_t at = 0; at < n; at += most) {
        const uint32_t some = n - at < most ? n - at : most;
        memcpy(flips, address + at, some * sizeof *flips);
        flip_low(t, w, flips, some);
        for (uint32_t i = 0; i < some; i++) {
            bau_wide *a = &address[at + i];
            flips[i] |= (bau_wide)t->top[(uint32_t)(*a >> (128 - TOP))] << (128 - TOP);
            *a ^= flips[i] & ~bau_ip_mask(bits_kept(*a, t->late, t->n_late));
        }
    }
}

/* ---- columns ---- */

/* The bits behind the prefix length, of the part that changes; 0 when there is no prefix length. */
static bau_wide host_mask(const struct bau_ip *ip, bool mapped)
{
    if (ip->suffix == BAU_IP_NO_SUFFIX)
        return 0;
    const unsigned n = !mapped ? ip->suffix : ip->suffix > 96 ? ip->suffix - 96u : 0;
    return ~bau_ip_mask(n) & bau_ip_mask(mapped ? 32 : ip->width);
}

struct group { /* addresses that one tree changes */
    uint32_t *who, n;
    bau_wide *address, *before;
};

static void add_address(struct group groups[2], const struct bau_ip *ip, uint32_t i)
{
    const bool mapped = bau_ip_is_mapped(ip);
    struct group *g = &groups[ip->width == 128 && !mapped];
    g->who[g->n] = i;
    g->before[g->n] = mapped ? ip->bits << 96 : ip->bits;
    g->address[g->n] = g->before[g->n];
    g->n++;
}

/* Keeps the network address where it is, see above. */
static void settle_networks(const struct tree *t, struct work *w, struct bau_ip *ip, const struct group *g)
{
    for (uint32_t k = 0; k < g->n; k++) {
        const struct bau_ip *one = &ip[g->who[k]];
        const bau_wide host = host_mask(one, t->width == 32 && one->width == 128);
        if (host == 0)
            continue;
        if ((g->before[k] & host) == 0) {
            g->address[k] &= ~host;
        } else if ((g->address[k] & host) == 0) {
            g->address[k] = g->before[k] & ~host;
            permute(t, w, &g->address[k], 1);
        }
    }
}

static void put_back(struct bau_ip *ip, const struct group *g)
{
    for (uint32_t k = 0; k < g->n; k++) {
        struct bau_ip *one = &ip[g->who[k]];
        one->bits = bau_ip_is_mapped(one) ? (bau_wide)0xFFFF << 32 | g->address[k] >> 96 : g->address[k];
    }
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_ip *ip;
    struct group groups[2] = { 0 };
    BAU_TRY(bau_ip_read_column(&c->room, ctx, in, &ip, err));
    for (unsigned g = 0; g < 2; g++) {
        groups[g].who = bau_arena_take(ctx->arena, in->n_values * sizeof *groups[g].who);
        groups[g].address = bau_arena_take(ctx->arena, in->n_values * sizeof *groups[g].address);
        groups[g].before = bau_arena_take(ctx->arena, in->n_values * sizeof *groups[g].before);
        if (!groups[g].who || !groups[g].address || !groups[g].before)
            return bau_error_set(err, BAU_E_NOMEM, "batch");
    }
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i))
            add_address(groups, &ip[i], i);
    for (unsigned g = 0; g < 2; g++) {
        const struct tree *t = g ? &c->six : &c->four;
        permute(t, ctx->scratch, groups[g].address, groups[g].n);
        settle_networks(t, ctx->scratch, ip, &groups[g]);
        put_back(ip, &groups[g]);
    }
    return bau_ip_write_column(ip, in, ctx->arena, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return c->room.widest;
}

const struct bau_masker bau_masker_ip = {
    .name = "ip",
    .summary = "Swaps IP addresses among themselves; subnets stay subnets.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_PREFIX | BAU_LEAKS_FORMAT | BAU_LEAKS_RANGE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct work),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .unbind = unbind,
    .example_in = "192.168.17.23",
    .example_options = "",
};
