/* Classes of letters and digits by script, case and UTF-8 width, and the characters that stand in for theirs:
 * rules/alphabets.txt compiled by rules/mkalphabets.py. Frozen (M2): a line that is released never changes. */
#ifndef BAU_MASKERS_ALPHABETS_H
#define BAU_MASKERS_ALPHABETS_H

#include "bauta/base.h"

enum { BAU_ALPHABET_PAGE = 128, BAU_ALPHABET_PAGED = 0x20000 };

struct bau_alphabet { /* class 0: what is neither letter nor digit */
    uint32_t at, n;   /* bau_alphabet_utf8[at .. at + n) replace the characters of this class, n >= 2 */
    bool digit;
};

struct bau_alphabet_run {
    uint32_t first, last;
    uint16_t alphabet;
};

extern const struct bau_alphabet bau_alphabets[];
extern const uint8_t bau_alphabet_utf8[][4]; /* unused bytes are 0 */
extern const uint16_t bau_alphabet_page[];   /* one a 128 code points below BAU_ALPHABET_PAGED */
extern const uint16_t bau_alphabet_class[][BAU_ALPHABET_PAGE];
extern const struct bau_alphabet_run bau_alphabet_high[]; /* in order, from BAU_ALPHABET_PAGED on */
extern const uint32_t bau_alphabet_n_high;

/* The class of a code point; 0: none. */
static inline uint32_t bau_alphabet_of(uint32_t c)
{
    if (c < BAU_ALPHABET_PAGED)
        return bau_alphabet_class[bau_alphabet_page[c / BAU_ALPHABET_PAGE]][c % BAU_ALPHABET_PAGE];
    for (uint32_t i = 0; i < bau_alphabet_n_high; i++)
        if (c >= bau_alphabet_high[i].first && c <= bau_alphabet_high[i].last)
            return bau_alphabet_high[i].alphabet;
    return 0;
}

#endif
