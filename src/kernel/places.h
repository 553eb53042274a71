/* Gazetteers by country: real cities with their region and the pattern of their postal codes, common street
 * names, how an address is written. The data is rules/places/ compiled by rules/mkplaces.py; a country that
 * has been released is frozen (M2). Const and static. */
#ifndef BAU_KERNEL_PLACES_H
#define BAU_KERNEL_PLACES_H

#include "bauta/base.h"

struct bau_place_word { /* UTF-8, NFC */
    const char *text;
    uint8_t bytes, chars;
};

enum bau_place_part {
    BAU_PLACE_STREET,
    BAU_PLACE_NUMBER,
    BAU_PLACE_LINE, /* street and number as the country writes them */
    BAU_PLACE_POSTAL_CODE,
    BAU_PLACE_CITY,
    BAU_PLACE_REGION,
    BAU_PLACE_REGION_CODE,
    BAU_PLACE_COUNTRY, /* ISO 3166-1 alpha-2 */
    BAU_PLACE_FULL,    /* all of it in one line */
    BAU_PLACE_PARTS,
    BAU_PLACE_TEXT = BAU_PLACE_PARTS, /* in a step: the text itself */
    BAU_PLACE_END
};
#define BAU_PLACE_WORDS "street|number|line|postal_code|city|region|region_code|country|full"

struct bau_place_step { /* of a written address; the last is BAU_PLACE_END */
    enum bau_place_part part;
    struct bau_place_word text;
};

struct bau_place_city {
    struct bau_place_word name;
    struct bau_place_word postal; /* '#' any digit, '@' one of the country's letters, others themselves */
    uint32_t region;
};

struct bau_place_region {
    struct bau_place_word code, name;
    uint32_t first, n; /* its cities */
};

struct bau_place_country {
    struct bau_place_word code;
    const char *alpha3;
    const char *const *names; /* what people write, NULL-terminated */
    const struct bau_place_city *cities;
    const struct bau_place_region *regions;
    const struct bau_place_word *streets;
    const struct bau_place_step *line, *full;
    const char *letters;
    uint32_t n_letters, least_number, most_number, n_cities, n_regions, n_streets;
};

/* By code. */
extern const struct bau_place_country bau_places[];
extern const uint32_t bau_n_places;

#endif
