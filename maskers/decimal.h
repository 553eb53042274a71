/* Numbers of every type counted in units of 10^-places, for maskers that compare and round: exact for integers and decimals,
 * one IEEE rounding for floats. */
#ifndef BAU_MASKERS_DECIMAL_H
#define BAU_MASKERS_DECIMAL_H

#include "maskers/common.h"

#define BAU_PLACES_MAX 9u /* of an option's number */

/* Instead of a count: NaN; -infinity or below every count; infinity or above every count. */
#define BAU_UNITS_NONE INT64_MIN
#define BAU_UNITS_LOW (INT64_MIN + 1)
#define BAU_UNITS_HIGH INT64_MAX

static inline bool bau_units_plain(int64_t units)
{
    return units != BAU_UNITS_NONE && units != BAU_UNITS_LOW && units != BAU_UNITS_HIGH;
}

struct bau_decimal { /* units * 10^-places */
    int64_t units;
    uint32_t places;
};

/* 10^n, n up to 18. */
int64_t bau_power_of_ten(uint32_t n);
/* -?digits[.digits] with at most 18 digits and BAU_PLACES_MAX places; zeros at the end are no places. */
bool bau_decimal_read(const char *text, size_t len, struct bau_decimal *out);
/* The same number in more places (never fewer); false when it does not fit. */
bool bau_decimal_scale(struct bau_decimal d, uint32_t places, int64_t *out_units);
/* "-12.50"; at most 21 characters. Returns the length. */
size_t bau_decimal_write(int64_t units, uint32_t places, uint8_t out[24]);

/* Decimal text, also NaN, Infinity and -Infinity, in units rounded down; *out_more: something was cut. False: no number. */
bool bau_units_read(const uint8_t *text, size_t len, uint32_t places, int64_t *out, bool *out_more);
/* Every value of an integer, float, numeric or text column; nulls are 0. `out_more` may be NULL. A text that spells no
 * decimal number is BAU_E_DATA. */
bau_status bau_units_of(const struct bau_mask_ctx *ctx, const struct bau_column *in, uint32_t places,
                        int64_t **out, bool **out_more, struct bau_error *err);

/* The least and most units that a column of this type takes. */
struct bau_room {
    int64_t least, most;
};
/* BAU_E_USAGE when the type has fewer places than `places`. */
bau_status bau_room_of(const struct bau_mask_bind *with, uint32_t places, struct bau_room *out,
                       struct bau_error *err);
/* A count as value i of a fixed-width integer or float column. */
void bau_units_store(struct bau_column *out, uint32_t i, int64_t units, uint32_t places);

/* Bounds of a number: what lies outside becomes the bound. NaN stays. */
struct bau_clamp {
    uint32_t places;
    bool has_min, has_max;
    int64_t min, max;           /* units */
    struct bau_decimal edge[2]; /* min and max as they are spelled */
};
/* min, max: decimal numbers, NULL for none. BAU_E_USAGE when the type or column cannot hold one, or min is above max. */
bau_status bau_clamp_bind(struct bau_clamp *c, const char *min, const char *max,
                          const struct bau_mask_bind *with, struct bau_error *err);
/* `in` is an integer, float or numeric column; `out` may not be `in`. */
bau_status bau_clamp_column(const struct bau_clamp *c, const struct bau_mask_ctx *ctx,
                            const struct bau_column *in, struct bau_column *out, struct bau_error *err);

#endif
