/* Identifiers with letters, digits and separators: read, permuted, written back as they were spelled.
 *
 * What such a masker is: `read` checks the symbols, says which number (rank) is to be permuted within which
 * shape, and what else must keep values apart (context); `write` puts the new number and the check digits in
 * place. Everything around that (nulls, batches, spelling, messages) is here.
 *
 * Separators stay where they are, letters keep their case; a text that mixes cases is refused. */
#ifndef BAU_MASKERS_ID_H
#define BAU_MASKERS_ID_H

#include "maskers/rank.h"

enum { BAU_ID_SYMBOLS = 40, BAU_ID_BYTES = 80, BAU_ID_CONTEXT = 48 };

struct bau_id {
    uint8_t symbol[BAU_ID_SYMBOLS]; /* 0-9 A-Z */
    uint8_t at[BAU_ID_SYMBOLS];     /* where each stands in the text */
    uint32_t n;
    bool lower; /* its letters are */
};

struct bau_id_part {
    bau_wide rank;               /* in: what is permuted; out: what it became */
    bau_wide size;               /* of the domain; up to 2^126 */
    struct bau_rank_shape shape; /* made of size by bau_id_apply */
    uint32_t off;                /* how far the check digits are from the right ones; 0: right */
    uint32_t more;               /* the masker's own */
    uint32_t context_len;
    uint8_t context[BAU_ID_CONTEXT];
};

/* INVALID: the form is right, the check digits are wrong, and part->off says by how much. */
typedef enum { BAU_ID_GOOD, BAU_ID_INVALID, BAU_ID_BAD } bau_id_verdict;

struct bau_id_masking {
    bau_id_verdict (*read)(const void *config, const struct bau_id *id, struct bau_id_part *part);
    /* false: no check digit fits the new number (or the number is set apart): it is permuted once more */
    bool (*write)(const void *config, struct bau_id *id, const struct bau_id_part *part);
    const char *what;  /* "is no …": for BAD */
    const char *check; /* "has a wrong check digit …": for INVALID, refused unless the rule says mask */
    uint32_t pad;      /* columns of numbers: digits to fill up to with zeros in front */
};

struct bau_id_work { /* scratch */
    struct bau_rank_work rank;
    struct bau_rank_item item[BAU_RANK_CHUNK];
    struct bau_id id[BAU_RANK_CHUNK];
    struct bau_id_part part[BAU_RANK_CHUNK];
    uint8_t context[BAU_RANK_CHUNK * BAU_ID_CONTEXT + 16];
    uint32_t offsets[BAU_RANK_CHUNK + 1], value[BAU_RANK_CHUNK];
    uint8_t tweak[BAU_RANK_CHUNK][16];
};

#define BAU_ID_INVALID_WORDS "refuse|mask"
#define BAU_ID_INVALID_SENTENCE                                                                              \
    "What to do with a value whose check digit is wrong: refuse it, or mask it so that it is wrong by as "   \
    "much."
enum { BAU_ID_REFUSE, BAU_ID_MASK };

/* Letters, digits, and between them blanks - . / : false for anything else, for mixed case, for none or too
 * many. */
bool bau_id_read(const uint8_t *text, size_t len, struct bau_id *out) BAU_MUST_CHECK;
/* `text` holds a copy of what was read. */
void bau_id_write(uint8_t *text, const struct bau_id *id);

/* The whole of apply, for text and for columns of integers; ctx->scratch is a struct bau_id_work. invalid:
 * BAU_ID_REFUSE or BAU_ID_MASK. */
bau_status bau_id_apply(const struct bau_id_masking *m, const void *config, uint32_t invalid,
                        const struct bau_rank *rank, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err) BAU_MUST_CHECK;

/* For maskers that draw an identifier anew: fill puts it in place of what was read, from 16 bytes of the PRF
 * over the canonical form; false: `what` ("is no …"). */
typedef bool bau_id_fill(const void *config, struct bau_id *id, const uint8_t digest[16]);
bau_status bau_id_replace(bau_id_fill *fill, const char *what, const void *config,
                          const struct bau_mask_key *key, struct bau_mask_ctx *ctx,
                          const struct bau_column *in, struct bau_column *out, struct bau_error *err)
    BAU_MUST_CHECK;

static inline void bau_id_context(struct bau_id_part *part, const uint8_t *symbols, uint32_t n)
{
    memcpy(part->context + part->context_len, symbols, n);
    part->context_len += n;
}

/* All of symbols [from, to) are digits. */
static inline bool bau_id_digits(const struct bau_id *id, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        if (!bau_is_digit(id->symbol[i]))
            return false;
    return true;
}

/* Symbols [from, to), all digits, as a number, and back. */
static inline uint64_t bau_id_number(const struct bau_id *id, uint32_t from, uint32_t to)
{
    uint64_t v = 0;
    for (uint32_t i = from; i < to; i++)
        v = v * 10 + (uint64_t)(id->symbol[i] - '0');
    return v;
}

static inline void bau_id_put_number(struct bau_id *id, uint32_t from, uint32_t to, uint64_t v)
{
    for (uint32_t i = to; i-- > from; v /= 10)
        id->symbol[i] = (uint8_t)('0' + v % 10);
}

/* The places in rank and size, in mixed radix: a digit counts 10, a letter 26. Digits stay digits and letters
 * letters; which is which goes into the context. n <= 32. */
void bau_id_rank(const struct bau_id *id, const uint8_t *places, uint32_t n, struct bau_id_part *part);
void bau_id_unrank(struct bau_id *id, const uint8_t *places, uint32_t n, bau_wide rank);

/* ISO/IEC 7812-1 annex B: what digit makes the number right at place `check`, where `last` is the place of
 * the rightmost digit (weights 1 2 1 2 … from there, cross sums). The digit at `check` itself is not looked
 * at. */
uint8_t bau_id_luhn(const uint8_t *digits, uint32_t n, uint32_t check);

#endif
