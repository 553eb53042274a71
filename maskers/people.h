/* Names of people, for the maskers that make some: which dictionary a value draws from (script and gender), and the
 * dictionaries laid out for fast copying, in the case of the value and cut to what the column can hold. */
#ifndef BAU_MASKERS_PEOPLE_H
#define BAU_MASKERS_PEOPLE_H

#include "maskers/common.h"
#include "maskers/letter_case.h"
#include "src/kernel/names.h"

enum { BAU_NAME_SLOT = 32, BAU_NAME_BYTES = BAU_NAME_SLOT - 1 }; /* a longer name is not drawn */
enum {
    BAU_NAME_MARK = BAU_NAME_BYTES - 1
}; /* the lowest byte of the entry's digest, where the name leaves room */
enum { BAU_PEOPLE_SCRIPTS = BAU_SCRIPT_DEVANAGARI + 1 };

enum bau_gender { BAU_GENDER_ANY, BAU_GENDER_F, BAU_GENDER_M, BAU_GENDERS };
#define BAU_GENDER_WORDS "auto|f|m"

struct bau_name_coin { /* a column of the dictionary's alias table: what a draw needs, in one place */
    uint32_t threshold;
    uint32_t alias;
};

struct bau_name_list {
    const struct bau_dict *dict;
    uint8_t (
        *slot)[BAU_NAME_SLOT]; /* entry i: its bytes, in the last byte their number, before it the MARK */
    struct bau_name_coin *coin;
    uint64_t *digest; /* start of the PRF of entry i: tells that a value would be masked to itself */
    uint32_t widest;  /* characters */
};

/* What a masker needs of one part of a name: a list for every script, gender and case. */
struct bau_name_part {
    const struct bau_name_list *list[BAU_PEOPLE_SCRIPTS][BAU_GENDERS][BAU_CASES];
    uint32_t widest;
};

/* The dictionary of a locale; "auto": the script's, English for Latin and unknown ones. BAU_E_USAGE: there is none. */
bau_status bau_people_dict(const char *locale, enum bau_script script, bool surname, enum bau_gender gender,
                           const struct bau_dict **out, struct bau_error *err) BAU_MUST_CHECK;

/* surname: false: given names. locale "auto": the script's. max_chars 0: no limit; names that are longer are
 * replaced by
 * the next that fits. Errors: BAU_E_USAGE for an unknown locale or no name that fits. */
bau_status bau_name_part_make(struct bau_name_part *out, bool surname, const char *locale, uint32_t max_chars,
                              const struct bau_mask_bind *with, struct bau_error *err) BAU_MUST_CHECK;

/* Who each row is: 'f', 'female', 'w', 'Frau', 'жен', '女' …, 1 and 2 as in ISO 5218; anything else: ANY.
 * out: one enum bau_gender a value of `field`, in the arena. */
bau_status bau_people_genders(const struct bau_column *field, struct bau_arena *arena, uint8_t **out,
                              struct bau_error *err) BAU_MUST_CHECK;

/* The options that these maskers share, as the first members of their configs. */
struct bau_people_options {
    const char *locale, *gender_from;
    uint32_t gender;
};

#define BAU_PEOPLE_OPTIONS                                                                                   \
    { "locale",                                                                                              \
      BAU_OPTION_TEXT,                                                                                       \
      offsetof(struct bau_people_options, locale),                                                           \
      "auto",                                                                                                \
      0,                                                                                                     \
      0,                                                                                                     \
      "Language of the names, such as de; auto follows the script of the value.",                            \
      0,                                                                                                     \
      NULL,                                                                                                  \
      NULL,                                                                                                  \
      0 },                                                                                                   \
        { "gender",                                                                                          \
          BAU_OPTION_CHOICE,                                                                                 \
          offsetof(struct bau_people_options, gender),                                                       \
          "auto",                                                                                            \
          0,                                                                                                 \
          0,                                                                                                 \
          "Whose names to draw; auto asks gender_from, else draws from all.",                                \
          0,                                                                                                 \
          BAU_GENDER_WORDS,                                                                                  \
          NULL,                                                                                              \
          0 },                                                                                               \
    {                                                                                                        \
        "gender_from", BAU_OPTION_TEXT, offsetof(struct bau_people_options, gender_from), NULL, 0, 0,        \
            "The field of the same row that says f or m.", BAU_OPTION_FIELD, NULL, "FIELD", 0                \
    }

/* Genders of the batch's rows, or NULL when the option or nothing says. */
static inline bau_status bau_people_rows(const struct bau_people_options *o, struct bau_mask_ctx *ctx,
                                         uint8_t **out, struct bau_error *err)
{
    *out = NULL;
    return o->gender == BAU_GENDER_ANY && o->gender_from
               ? bau_people_genders(ctx->fields[0], ctx->arena, out, err)
               : BAU_OK;
}

static inline uint32_t bau_people_gender(const struct bau_people_options *o, const struct bau_mask_ctx *ctx,
                                         const uint8_t *rows, uint32_t i)
{
    return rows ? rows[ctx->rows ? ctx->rows[i] : i] : o->gender;
}

/* Only Latin, Cyrillic and Greek have cases. */
static inline enum bau_case bau_people_case(enum bau_script script, const uint8_t *text, size_t len)
{
    return script >= BAU_SCRIPT_LATIN && script <= BAU_SCRIPT_GREEK ? bau_case_of(text, len) : BAU_CASE_AS_IS;
}

/* The script of most names shows in their first byte. */
static inline enum bau_script bau_people_script(const uint8_t *text, size_t len)
{
    const uint8_t low = len ? text[0] | 0x20 : 0;
    return low >= 'a' && low <= 'z' ? BAU_SCRIPT_LATIN : bau_script_of(text, len);
}

/* The same draw as bau_dict_pick. */
static inline uint32_t bau_name_pick(const struct bau_name_coin *coins, uint32_t n, uint64_t random)
{
    const bau_wide product = (bau_wide)random * n;
    const uint32_t column = (uint32_t)(product >> 64), coin = (uint32_t)((uint64_t)product >> 32);
    const struct bau_name_coin c = coins[column];
    const uint32_t mine = (uint32_t)0 - (uint32_t)(coin < c.threshold);
    return (column & mine) | (c.alias & ~mine);
}

/* Copies 32 bytes, counts as many as the name has. */
static inline uint8_t *bau_name_copy(uint8_t *dst, const uint8_t slot[BAU_NAME_SLOT])
{
    const uint8_t len = slot[BAU_NAME_BYTES];
    memcpy(dst, slot, BAU_NAME_SLOT);
    return dst + len;
}

static inline uint8_t *bau_name_put(uint8_t *dst, const struct bau_name_list *list, uint32_t i)
{
    return bau_name_copy(dst, list->slot[i]);
}

/* Whether an entry may be the value itself whose digest starts with `own`: the slot alone tells it of nearly every value that
 * it is not. A name so long that it stands where the mark would be may always be. */
static inline bool bau_name_may_be(const uint8_t slot[BAU_NAME_SLOT], uint64_t own)
{
    return (uint8_t)own == slot[BAU_NAME_MARK] || slot[BAU_NAME_BYTES] > BAU_NAME_MARK;
}

/* The entry that was drawn, or one behind it, so that it is not the value itself, whose digest starts with `own`. */
static inline uint32_t bau_name_other(const struct bau_name_list *list, uint32_t first, uint64_t own)
{
    uint32_t i = first;
    if (!bau_name_may_be(list->slot[first], own))
        return first;
    while (list->digest[i] == own) { /* several entries may be one name when the column is narrow */
        i = i + 1 == list->dict->n ? 0 : i + 1;
        if (i == first)
            break;
    }
    return i;
}

enum { BAU_NAME_RUN = 64 }; /* values that are looked at together */

/* Whether the BAU_NAME_RUN values from `from` on are all there and written as most names are: an ASCII capital, then an ASCII
 * small letter. Then their script is Latin and their case as it is. */
bool bau_people_plain(const struct bau_column *in, uint32_t from);

/* The whole of apply for a masker that gives one name a value. */
bau_status bau_name_part_apply(const struct bau_name_part *part, const struct bau_people_options *options,
                               const struct bau_mask_key *key, struct bau_mask_ctx *ctx,
                               const struct bau_column *in, struct bau_column *out, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
