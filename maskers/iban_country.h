/* What is known of each country's IBAN: its BBAN and the check digits inside it. */
#ifndef BAU_MASKERS_IBAN_COUNTRY_H
#define BAU_MASKERS_IBAN_COUNTRY_H

#include "bauta/base.h"

/* How a BBAN's own check digits are computed, from the payload's symbols in order. */
typedef enum {
    BAU_BBAN_98, /* two digits: 98 - (payload * 100 mod 97), ISO 7064 mod 97-10; letters as in the IBAN */
    BAU_BBAN_97, /* two digits: 97 - (payload * 100 mod 97) */
    BAU_BBAN_REST_97,   /* two digits: payload mod 97, 97 for 0 */
    BAU_BBAN_RIB,       /* two digits: as 97, letters A-I J-R S-Z being 1-9 1-9 2-9 */
    BAU_BBAN_CIN,       /* one letter: the Italian one */
    BAU_BBAN_LUHN,      /* one digit */
    BAU_BBAN_WEIGHT_10, /* one digit: what makes the weighted sum 0 modulo 10 */
    BAU_BBAN_WEIGHT_11, /* one digit: modulo 11; there is none where it would be 10 */
    BAU_BBAN_SPAIN,     /* one digit: modulo 11, 1 where it would be 10 */
    BAU_BBAN_NORWAY,    /* one digit: modulo 11; over the last four only where the account begins with 00 */
    BAU_BBAN_MOD_11_10, /* one digit: ISO 7064 mod 11,10 */
} bau_bban_kind;

struct bau_bban_check {
    char country[3];
    uint8_t kind, from, len, at; /* of the payload and of the check digit, from the BBAN's first symbol */
    const char *weights;         /* one a payload symbol, 'A' being 10 */
    bool optional;               /* numbers without it are in use: right ones stay right, wrong ones wrong */
};

struct bau_iban_country {
    char country[3];
    const char *kept, *moved, *tail; /* runs of "count type": bank and branch; account; what never changes */
};

/* NULL when the country has no IBAN. */
const struct bau_iban_country *bau_iban_country(const uint8_t letters[2]);
/* The checks of a country: *out_n of them, side by side; at most two. */
const struct bau_bban_check *bau_bban_checks(const uint8_t letters[2], uint32_t *out_n);
/* The right check of this BBAN, a number below bau_bban_modulus; UINT32_MAX: there is none. */
uint32_t bau_bban_right(const struct bau_bban_check *check, const uint8_t *bban);
uint32_t bau_bban_modulus(const struct bau_bban_check *check); /* 10, 26 or 100 */

#endif
