/* What fpe.c and fpe_text.c share: the alphabet of a rule, and texts cut into the symbols that move and the
 * rest. */
#ifndef BAU_MASKERS_FPE_H
#define BAU_MASKERS_FPE_H

#include "maskers/rank.h"

enum { BAU_FPE_RADIX = 4096, BAU_FPE_SYMBOLS = 4096 }; /* most symbols of an alphabet, of one value */

struct bau_alphabet {
    uint32_t radix, widest;     /* symbols; bytes of the longest */
    uint16_t ascii[128];        /* index + 1; 0: not in the alphabet */
    uint8_t byte[256];          /* the same where every symbol is ASCII (widest == 1), by byte */
    const uint32_t *code;       /* radix code points, by index */
    const uint32_t *sorted;     /* those above 127, ascending … */
    const uint16_t *sorted_for; /* … and their index */
    uint32_t n_sorted;
};

/* text: one of the words of BAU_FPE_WORDS, or the characters themselves in their order, at least two, each
 * once. */
#define BAU_FPE_WORDS "digits lower upper letters alnum hex HEX base32 base64url"
bau_status bau_alphabet_init(struct bau_alphabet *out, const char *text, struct bau_arena *arena,
                             struct bau_error *err) BAU_MUST_CHECK;

/* The code point at p, which is before `end`, and its bytes in *out_len; ill-formed: UINT32_MAX and one byte.
 * */
uint32_t bau_fpe_code(const uint8_t *p, const uint8_t *end, uint32_t *out_len);
/* Writes the code point; returns its bytes. */
uint32_t bau_fpe_put(uint8_t *dst, uint32_t code);
/* Index + 1 in the alphabet; 0: not in it. */
uint32_t bau_alphabet_find(const struct bau_alphabet *a, uint32_t code);

/* Classes: symbols as indices of the alphabet alnum (0-9 A-Z a-z), each staying in its class; see fpe.c.
 * _rank: what is to be permuted; false: too long for a number, take _mix. _unrank: x still holds the input's
 * symbols. */
bool bau_fpe_classes_rank(const struct bau_rank *rank, const uint16_t *x, uint32_t n,
                          struct bau_rank_item *item, struct bau_rank_shape *shape) BAU_MUST_CHECK;
void bau_fpe_classes_unrank(uint16_t *x, uint32_t n, bau_wide value);
void bau_fpe_classes_mix(const struct bau_rank *rank, uint16_t *x, uint32_t n);

#endif
