/* geo_grid: puts a point into the middle of its cell of a grid of about `metres` by `metres`.
 *
 * Frozen (M2). Rows run from the south pole, each `metres` high; a row has as many cells as are at least
 * `metres` wide in its middle, the first one east of 180 degrees west. */
#include "maskers/geo.h"

struct config {
    struct bau_geo geo;
    uint32_t metres;
};

static const struct bau_option options[] = {
    { "metres", BAU_OPTION_U32, offsetof(struct config, metres), "5000", 10, 1000000,
      "Side of a cell, in metres.", 0, NULL, NULL, 0 },
    BAU_GEO_OPTIONS,
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    return bau_geo_bind(&c->geo, with, (uint64_t)c->metres * 500, err);
}

static void move(const void *config, const uint8_t *digest, struct bau_geo_point *p)
{
    const struct config *c = config;
    (void)digest;
    const int64_t half = 180 * BAU_GEO_DEGREE, quarter = 90 * BAU_GEO_DEGREE;
    const int64_t high = (int64_t)c->metres * 1000 * BAU_GEO_DEGREE / BAU_GEO_MM_PER_DEGREE;
    int64_t lat = (p->lat + quarter) / high * high + high / 2 - quarter;
    lat = lat > quarter ? quarter : lat;
    const int64_t fit = (int64_t)((bau_wide)(2 * half) * (uint64_t)bau_geo_cos(lat) / (uint64_t)high >> 30);
    const int64_t n = fit > 1 ? fit : 1, wide = 2 * half / n;
    const int64_t cell = (p->lon + half) / wide;
    p->lon = (cell < n ? cell : n - 1) * wide + wide / 2 - half;
    p->lat = lat;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    return bau_geo_apply(&c->geo, move, c, ctx, in, c->geo.other ? ctx->fields[0] : NULL, NULL, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    return bau_geo_widest(&c->geo, type);
}

const struct bau_masker bau_masker_geo_grid = {
    .name = "geo_grid",
    .summary = "Puts coordinates into the middle of a cell of so many metres.",
    .accepts = BAU_GEO_TYPES,
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_VALUE | BAU_LEAKS_ORDER | BAU_LEAKS_RANGE | BAU_LEAKS_EQUALITY,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "52.5200",
    .example_options = "metres=5000 axis=lat",
};
