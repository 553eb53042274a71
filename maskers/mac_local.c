/* mac_local: MAC addresses with the bit for "locally administered" set, which no vendor burns into a device
 * (IEEE 802, universal and local addresses). The other 46 or 62 bits are permuted as by mac with vendor=mask
 * under this masker's own key, and whether it is a group address stays: only an address that was local
 * already can meet one that was not. */
#include "maskers/mac_address.h"

struct config {
    struct bau_mac_perm perm;
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_mac_perm_init(&c->perm, with, err);
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->perm.prf);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_mac *mac;
    BAU_TRY(bau_mac_read_column(ctx, in, &mac, err));
    bau_mac_permute(&c->perm, BAU_MAC_ALL, mac, in->n_values);
    for (uint32_t i = 0; i < in->n_values; i++)
        if (mac[i].width)
            mac[i].bits |= UINT64_C(2) << (mac[i].width - 8);
    return bau_mac_write_column(mac, in, ctx->arena, out, err);
}

const struct bau_masker bau_masker_mac_local = {
    .name = "mac_local",
    .summary = "Replaces a MAC address by a locally administered one, which no vendor assigns.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "3C:22:FB:81:90:07",
    .example_options = "",
};
