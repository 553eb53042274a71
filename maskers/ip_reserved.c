/* ip_reserved: addresses that reach nobody, in blocks kept for documentation and benchmarks: see
 * bau_ip_reserve. There are 131840 such IPv4 addresses: two may become one. */
#include "maskers/ip_address.h"

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
            const struct bau_ip one = bau_ip_plain(&ip[i]);
            dst = bau_ip_write(dst, &one);
        }
        plain.offsets[i + 1] = (uint32_t)(dst - start);
    }
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, &plain, &digest, err));
    for (uint32_t i = 0; i < in->n_values; i++)
        if (bau_column_present(in, i))
            bau_ip_reserve(&ip[i], digest[i]);
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
