/* What national_id and national_id_reserved share: how the ids of a country are built, and reading and writing them.
 *
 * A scheme describes ids of one form as symbols (digits, capital letters; separators are no symbols): parts that are
 * numbers, letters or words, a date of birth, check characters. Read gives the place of an id among all ids of its
 * class; write is the inverse, with the check characters computed anew. An id conforms when reading gives something and
 * writing that gives the id again: so the two are inverse by definition, whatever odd corners a country has.
 *
 * Everything here is frozen with the outputs of the maskers (M2); a scheme may be added, never changed. */
#ifndef BAU_MASKERS_NATIONAL_H
#define BAU_MASKERS_NATIONAL_H

#include "maskers/common.h"
#include "src/kernel/kernels.h"

enum {
    BAU_NID_SYMBOLS = 18, /* the longest id */
    BAU_NID_PARTS = 8,
    BAU_NID_SCHEMES = 3,  /* forms of one country */
    BAU_NID_SPELLED = 64, /* bytes of the longest spelling, separators included */
    BAU_NID_CHUNK = 256,
};

typedef enum {
    BAU_NID_END,
    BAU_NID_NUMBER, /* `len` digits, from lo to hi */
    BAU_NID_SET,    /* `len` symbols, each out of `set` */
    BAU_NID_WORD,   /* one of the words of `len` symbols that `set` holds, one after the other */
    BAU_NID_CODE,   /* what read and write say; an index up to hi */
} bau_nid_kind;

enum {
    BAU_NID_KEPT = 1,    /* stays: it says what kind of id this is */
    BAU_NID_BIRTH = 2,   /* tells when somebody was born: stays under birth=keep */
    BAU_NID_OMOCODE = 4, /* a digit may be written as a letter of LMNPQRSTUV, and stays one */
    BAU_NID_DIGITS = 8,  /* BAU_NID_CODE: all of it digits */
};

struct bau_nid_part {
    bau_nid_kind kind;
    uint8_t at, len, flags;
    uint64_t lo, hi;
    const char *set;
    bool (*read)(const uint8_t *sym, uint64_t *index);
    void (*write)(uint8_t *sym, uint64_t index);
};

/* A date of birth. `sort` is what else is folded into it and stays (a D-number, a temporary number), `sex` what is
 * masked with the rest. */
struct bau_nid_born {
    int32_t year;
    uint32_t month, day, sort, sex;
};

struct bau_nid_scheme {
    const char *name;  /* makes the key: never changed */
    uint32_t n;        /* symbols */
    const char *marks; /* separators that are symbols here; NULL: none */
    struct bau_nid_part part[BAU_NID_PARTS];
    bool (*read_born)(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b);
    void (*write_born)(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b);
    uint32_t born_at, n_sexes;
    bool two_digit_year; /* the century is unknown: years 00 to 99 are one class */
    bool soft_check;     /* ids whose check digit is wrong are issued too */
    uint32_t check_at, check_len;
    const char *check_set;
    /* The right check characters for the rest of the id; false: there are none, such an id is never issued. */
    bool (*check)(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out);
    bool (*accept)(const uint8_t *sym);    /* what parts cannot say; NULL: nothing */
    const struct bau_nid_scheme *reserved; /* ids of this form that nobody gets; NULL: none known */
};

struct bau_nid_country {
    const char *name, *title;
    const struct bau_nid_scheme *scheme[BAU_NID_SCHEMES];
};
extern const struct bau_nid_country bau_nids_americas[], bau_nids_asia[], bau_nids_west[], bau_nids_middle[],
    bau_nids_north[];
const struct bau_nid_country *bau_nid_country_find(const char *name, size_t len);

/* The words of the option `country`; each is the name of a bau_nid_country. */
#define BAU_NID_COUNTRIES                                                                                    \
    "us|ca|gb|gb_nhs|fr|es|nl|pl|br|br_cnpj|in|it|de|se|no|dk|fi|be|pt|at|ch|au|au_medicare|cn|kr|jp|za|tr|" \
    "mx|cl|ar|il|sg|ee|lt|bg|ro|cz|sk|hr|ie|is|gr|th"

/* Days of birth that are mixed with each other: a century before 2000, 2000 to 2019, then each year for itself, so that
 * children keep a plausible age. */
typedef enum { BAU_NID_CENTURY, BAU_NID_SCORE, BAU_NID_YEAR, BAU_NID_BLOCKS } bau_nid_block;

/* A scheme with its options settled. */
struct bau_nid_form {
    const struct bau_nid_scheme *scheme;
    bool birth_kept;
    uint32_t n_parts, n_set[BAU_NID_PARTS], n_check; /* n_set, n_check: symbols to choose from */
    bool stays[BAU_NID_PARTS];
    uint64_t size[BAU_NID_PARTS], all_checks; /* all_checks: values of the check characters */
    uint64_t rest;                            /* ids of one day; without a date: all ids of a class */
    uint64_t n[BAU_NID_BLOCKS];               /* ids of a block; without a date the first counts */
};

struct bau_nid_value {
    uint64_t rank; /* below form->n[block] */
    uint64_t kept; /* what stays: kept parts, block or day of birth, sort */
    uint32_t block, sort;
    uint32_t first_day; /* of the block; with birth_kept the day of birth; days since 1600-03-01 */
    uint32_t wrong;     /* by how much the check characters are wrong, 0: right */
    bool unchecked;     /* there are no right check characters for this id */
};

void bau_nid_form_init(struct bau_nid_form *f, const struct bau_nid_scheme *s, bool birth_kept);
/* False when the symbols are no id of this form. What is wrong with check characters is told by the value. */
bool bau_nid_read(const struct bau_nid_form *f, const uint8_t *sym, struct bau_nid_value *v);
/* Writes all but kept symbols, which must be there. False when there is no such id: reading would not give `v`. */
bool bau_nid_write(const struct bau_nid_form *f, uint8_t *sym, const struct bau_nid_value *v);
static inline bool bau_nid_same_class(const struct bau_nid_value *a, const struct bau_nid_value *b)
{
    return a->kept == b->kept && a->block == b->block && a->wrong == b->wrong && a->unchecked == b->unchecked;
}

/* ── spelled ids ─────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bau_nid_text { /* symbols and where they stand */
    uint8_t sym[BAU_NID_SYMBOLS], at[BAU_NID_SYMBOLS];
    bool lower; /* letters are small */
};
bool bau_nid_spell(const struct bau_nid_scheme *s, const uint8_t *text, size_t len, struct bau_nid_text *out);
/* Puts the symbols back into `text`, which holds the spelling they came from. */
void bau_nid_unspell(const struct bau_nid_scheme *s, const struct bau_nid_text *id, uint8_t *text);
/* `v` with leading zeros; false when it is negative or has more digits than the scheme symbols. */
bool bau_nid_from_integer(const struct bau_nid_scheme *s, int64_t v, struct bau_nid_text *out);
int64_t bau_nid_to_integer(const struct bau_nid_scheme *s, const struct bau_nid_text *id);
bool bau_nid_all_digits(const struct bau_nid_scheme *s);

/* ── columns of ids: maskers/national_column.c ───────────────────────────────────────────────────────────────────── */

extern const struct bau_option bau_nid_options[]; /* into a struct bau_nid_config */

struct bau_nid_config { /* the config of both maskers begins with it */
    uint32_t country, birth, invalid;
    const struct bau_nid_country *which;
    uint32_t n_forms;
    struct bau_nid_form form[BAU_NID_SCHEMES];
    char no_id[96], wrong_check[144]; /* for bau_mask_refuse */
};

/* Finds the country and its forms for values of the column's type. */
bau_status bau_nid_config_init(struct bau_nid_config *c, const struct bau_mask_bind *with,
                               struct bau_error *err) BAU_MUST_CHECK;

struct bau_nid_item {
    struct bau_nid_text id;
    struct bau_nid_value v;
    uint32_t i, form;
};

struct bau_nid_columns {
    const struct bau_column *in;
    struct bau_column *out;
    int64_t *integers; /* NULL for text */
};
/* Makes room for the output; `give` fills it. */
bau_status bau_nid_open(struct bau_nid_columns *io, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err) BAU_MUST_CHECK;
/* Present values from `*from` on, up to BAU_NID_CHUNK of them. BAU_E_DATA when one is no id of the country. */
bau_status bau_nid_take(const struct bau_nid_config *c, struct bau_mask_ctx *ctx,
                        const struct bau_nid_columns *io, uint32_t *from, struct bau_nid_item *items,
                        uint32_t *n, struct bau_error *err) BAU_MUST_CHECK;
void bau_nid_give(const struct bau_nid_config *c, const struct bau_nid_columns *io,
                  const struct bau_nid_item *item);
bau_status bau_nid_close(const struct bau_nid_columns *io, struct bau_mask_ctx *ctx, struct bau_error *err)
    BAU_MUST_CHECK;

/* ── for schemes: maskers/national_check.c ───────────────────────────────────────────────────────────────────────── */

typedef bool bau_nid_check_fn(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out);
typedef bool bau_nid_read_born_fn(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b);
typedef void bau_nid_write_born_fn(const struct bau_nid_scheme *s, uint8_t *sym,
                                   const struct bau_nid_born *b);

/* Sum of digit * weight. */
static inline uint32_t bau_nid_weighted(const uint8_t *sym, const uint8_t *weights, uint32_t n)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += (uint32_t)(sym[i] - '0') * weights[i];
    return sum;
}
static inline uint32_t bau_nid_two(const uint8_t *sym)
{
    return (uint32_t)(sym[0] - '0') * 10 + (uint32_t)(sym[1] - '0');
}
static inline void bau_nid_put_two(uint8_t *sym, uint32_t v)
{
    sym[0] = (uint8_t)('0' + v / 10 % 10);
    sym[1] = (uint8_t)('0' + v % 10);
}
static inline bool bau_nid_digits(const uint8_t *sym, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!bau_is_digit(sym[i]))
            return false;
    return true;
}
/* Check digit by Luhn, ISO 7064 mod 11,10 and Verhoeff over the digits from the scheme's born_at (or 0) to check_at. */
bau_nid_check_fn bau_nid_luhn, bau_nid_mod_11_10, bau_nid_verhoeff;
/* Dates at born_at. */
bau_nid_read_born_fn bau_nid_read_yymmdd, bau_nid_read_yyyymmdd, bau_nid_read_ddmmyy;
bau_nid_write_born_fn bau_nid_write_yymmdd, bau_nid_write_yyyymmdd, bau_nid_write_ddmmyy;

#endif
