/* geo_jitter: moves a point by a secret way, the same for all points of one entity (`by`): in which direction
 * is unknown, how far lies between a tenth of `metres` and `metres`. Points of one entity keep their places
 * to each other.
 *
 * Frozen (M2). From the PRF of `by`: two words of 64 bits, l and h, little endian; three tries for (x, y),
 * each a number of 21 bits minus 2^20: bits 0..20 and 21..41 of l; bits 42..62 of l and 0..20 of h; bits
 * 21..41 and 42..62 of h. The first with 2^40 / 100 <= x^2 + y^2 <= 2^40 counts, else the last with both set
 * to 2^19 and their signs kept. East is x metres / 2^20, north y metres / 2^20. Across a pole the way goes on
 * on the other side, east of 180 from -180 on. */
#include "maskers/geo.h"

enum { SCALE = 1 << 20 };

struct config {
    struct bau_geo geo;
    uint32_t metres;
    const char *by;
    const struct bau_mask_key *key;
};

static const struct bau_option options[] = {
    { "metres", BAU_OPTION_U32, offsetof(struct config, metres), "1000", 10, 100000,
      "Longest way, in metres.", 0, NULL, NULL, 0 },
    { "by", BAU_OPTION_TEXT, offsetof(struct config, by), NULL, 0, 0,
      "The field that says whose place it is; equal values move equally.",
      BAU_OPTION_FIELD | BAU_OPTION_REQUIRED, NULL, "FIELD", 0 },
    BAU_GEO_OPTIONS,
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->key = with->key;
    return bau_geo_bind(&c->geo, with, (uint64_t)c->metres * 100, err);
}

struct way {
    int64_t x, y;
};

static struct way draw_way(const uint8_t *digest)
{
    const uint64_t l = bau_bits64(digest), h = bau_bits64(digest + 8), mask = 2 * SCALE - 1;
    const uint64_t tries[3][2] = { { l, l >> 21 }, { l >> 42, h }, { h >> 21, h >> 42 } };
    const int64_t most = (int64_t)SCALE * SCALE;
    struct way w = { 0 };
    for (unsigned i = 0; i < 3; i++) {
        w = (struct way){ (int64_t)(tries[i][0] & mask) - SCALE, (int64_t)(tries[i][1] & mask) - SCALE };
        const int64_t square = w.x * w.x + w.y * w.y;
        if (square <= most && square >= most / 100)
            return w;
    }
    return (struct way){ w.x < 0 ? -SCALE / 2 : SCALE / 2, w.y < 0 ? -SCALE / 2 : SCALE / 2 };
}

/* Degrees of latitude for a way of `part` / SCALE of the longest, in units. */
static int64_t degrees(const struct config *c, int64_t part)
{
    const int64_t mm = part * (int64_t)c->metres * 1000 / SCALE;
    return mm * BAU_GEO_DEGREE / BAU_GEO_MM_PER_DEGREE;
}

static void move(const void *config, const uint8_t *digest, struct bau_geo_point *p)
{
    const struct config *c = config;
    const struct way w = draw_way(digest);
    const int64_t half = 180 * BAU_GEO_DEGREE, quarter = 90 * BAU_GEO_DEGREE;
    int64_t lat = p->lat + degrees(c, w.y), lon = p->lon + degrees(c, w.x) * (1 << 30) / bau_geo_cos(p->lat);
    if (lat > quarter || lat < -quarter) {
        lat = (lat > 0 ? half : -half) - lat;
        lon += half;
    }
    lon = (lon + half) % (2 * half);
    lon = (lon < 0 ? lon + 2 * half : lon) - half;
    p->lat = lat;
    p->lon = lon;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    uint8_t(*digest)[16];
    BAU_TRY(bau_mask_digest(c->key, ctx->arena, ctx->fields[0], &digest, err));
    return bau_geo_apply(&c->geo, move, c, ctx, in, c->geo.other ? ctx->fields[1] : NULL,
                         (const uint8_t(*)[16])digest, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    return bau_geo_widest(&c->geo, type);
}

const struct bau_masker bau_masker_geo_jitter = {
    .name = "geo_jitter",
    .summary = "Moves coordinates by a secret way of up to so many metres, the same for one person.",
    .accepts = BAU_GEO_TYPES,
    .traits = BAU_DETERMINISTIC | BAU_KEYED,
    .leaks = BAU_LEAKS_ORDER | BAU_LEAKS_RANGE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .example_in = "52.5200",
    .example_options = "metres=2000 axis=lat by=id",
};
