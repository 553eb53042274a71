/* Coordinates for the maskers that move them: degrees of WGS 84 as numbers, or "latitude,longitude" as text.
 *
 * All arithmetic is in integers: degrees in units of 10^-9, lengths in millimetres, cosines of latitudes from
 * a table by whole degree with linear interpolation. A degree of latitude is 111195.08 m (mean radius
 * 6371008.8 m). Frozen (M2). */
#ifndef BAU_MASKERS_GEO_H
#define BAU_MASKERS_GEO_H

#include "maskers/common.h"

#define BAU_GEO_DEGREE INT64_C(1000000000)
#define BAU_GEO_MM_PER_DEGREE INT64_C(111195080)
#define BAU_GEO_TYPES (BAU_TYPES_FLOAT | BAU_TYPE_BIT(BAU_NUMERIC) | BAU_TYPE_BIT(BAU_TEXT))

enum { BAU_GEO_LAT, BAU_GEO_LON, BAU_GEO_PAIR };
#define BAU_GEO_AXIS_WORDS "lat|lon|pair"

struct bau_geo { /* first member of a config */
    uint32_t axis;
    const char *other;     /* the field of the latitude, for BAU_GEO_LON */
    uint32_t max_decimals; /* of numerics and texts */
};

#define BAU_GEO_OPTIONS                                                                                      \
    { "axis",                                                                                                \
      BAU_OPTION_CHOICE,                                                                                     \
      offsetof(struct bau_geo, axis),                                                                        \
      "pair",                                                                                                \
      0,                                                                                                     \
      0,                                                                                                     \
      "What the field holds: lat or lon in degrees, or pair, the text latitude,longitude.",                  \
      0,                                                                                                     \
      BAU_GEO_AXIS_WORDS,                                                                                    \
      NULL,                                                                                                  \
      0 },                                                                                                   \
    {                                                                                                        \
        "other", BAU_OPTION_TEXT, offsetof(struct bau_geo, other), NULL, 0, 0,                               \
            "The field of the latitude, for axis lon: a degree of longitude is shorter near the poles.",     \
            BAU_OPTION_FIELD, NULL, "FIELD", 0                                                               \
    }

struct bau_geo_point {
    int64_t lat, lon; /* units; the one that is not asked for is 0 */
};

/* step_mm: the least length that has to show in the decimals of a column. Errors: BAU_E_USAGE. */
bau_status bau_geo_bind(struct bau_geo *g, const struct bau_mask_bind *with, uint64_t step_mm,
                        struct bau_error *err) BAU_MUST_CHECK;

/* 2^30 cos(lat), at least 2^20. */
int64_t bau_geo_cos(int64_t lat);

/* Moves a point in place; the result has to lie within -90..90 and -180..180 degrees. digest: NULL without a
 * `by`. */
typedef void bau_geo_move(const void *config, const uint8_t *digest, struct bau_geo_point *p);

/* The whole of apply. `other`: the field of that option or NULL; `digest`: one a row, or NULL. */
bau_status bau_geo_apply(const struct bau_geo *g, bau_geo_move *move, const void *config,
                         struct bau_mask_ctx *ctx, const struct bau_column *in,
                         const struct bau_column *other, const uint8_t (*digest)[16], struct bau_column *out,
                         struct bau_error *err) BAU_MUST_CHECK;

/* Longest text, in characters. */
uint32_t bau_geo_widest(const struct bau_geo *g, bau_type type);

#endif
