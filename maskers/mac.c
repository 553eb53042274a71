/* mac: a keyed permutation of MAC addresses; marks between digits, case and the two bits that tell group
 * addresses from individual and local from universal ones stay. With vendor=keep the first three bytes stay
 * too. The result may be the address of a real device: mac_local makes some that no vendor assigns.
 * Construction: mac_address.h. */
#include "maskers/mac_address.h"

enum { MASK, KEEP };

struct config {
    uint32_t vendor;
    struct bau_mac_perm perm;
};

static const struct bau_option options[] = {
    { "vendor", BAU_OPTION_CHOICE, offsetof(struct config, vendor), "mask", 0, 0,
      "mask: the vendor's three bytes change too; keep: they stay.", 0, "mask|keep", NULL, 0 },
    { 0 },
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
    bau_mac_permute(&c->perm, c->vendor == KEEP ? BAU_MAC_DEVICE : BAU_MAC_ALL, mac, in->n_values);
    return bau_mac_write_column(mac, in, ctx->arena, out, err);
}

const struct bau_masker bau_masker_mac = {
    .name = "mac",
    .summary = "Swaps MAC addresses among themselves; spelling stays, the vendor if asked.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_BIJECTIVE | BAU_KEEPS_LENGTH | BAU_KEYED,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY | BAU_LEAKS_FORMAT | BAU_LEAKS_PREFIX,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .unbind = unbind,
    .example_in = "3C:22:FB:81:90:07",
    .example_options = "",
};
