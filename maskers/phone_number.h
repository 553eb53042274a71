/* Telephone numbers as people write them: which bytes are digits, where the country code ends. */
#ifndef BAU_MASKERS_PHONE_NUMBER_H
#define BAU_MASKERS_PHONE_NUMBER_H

#include "bauta/base.h"

enum { BAU_PHONE_DIGITS = 32, BAU_PHONE_BYTES = 96 };

struct bau_phone {
    uint8_t digit[BAU_PHONE_DIGITS]; /* values 0..9 */
    uint8_t at[BAU_PHONE_DIGITS];    /* where each stands in the text */
    uint32_t n;                      /* all digits */
    uint32_t code_from, code_len;    /* the country code's digits; code_len 0: written without one */
    uint32_t national;               /* first digit of the national number */
};

/* Reads digits and the punctuation that goes with them: blanks ( ) - . / + and the Unicode dashes and
 * spaces. False for
 * anything else, for fewer than 5 digits, more than 18 national ones, or a number longer than
 * BAU_PHONE_BYTES. */
bool bau_phone_read(const uint8_t *text, size_t len, struct bau_phone *out) BAU_MUST_CHECK;

#endif
