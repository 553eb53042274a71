/* One person in several columns: person, person_email and username draw the same names for the same identity.
 *
 * They are kin (one key a domain), take the same options and read the same digest in the same way: of the `by` field of the
 * row, else of the value itself. Bytes 0 to 7 draw the given name, 8 to 15 the surname, the lowest bit of byte 8 the gender
 * where neither row nor rule says it. The draw is by frequency among the names of the script: with `locale: auto` the
 * value's own, or that of the `script_from` field. */
#ifndef BAU_MASKERS_IDENTITY_H
#define BAU_MASKERS_IDENTITY_H

#include "maskers/people.h"

#define BAU_IDENTITY_KIN "person"

struct bau_identity { /* first member of their configs */
    struct bau_people_options people;
    const char *by, *script_from;
    const struct bau_mask_key *key;
};

#define BAU_IDENTITY_OPTIONS                                                                                 \
    BAU_PEOPLE_OPTIONS,                                                                                      \
        { "by",                                                                                              \
          BAU_OPTION_TEXT,                                                                                   \
          offsetof(struct bau_identity, by),                                                                 \
          NULL,                                                                                              \
          0,                                                                                                 \
          0,                                                                                                 \
          "The field that says who it is; without it the value itself does.",                                \
          BAU_OPTION_FIELD,                                                                                  \
          NULL,                                                                                              \
          "FIELD",                                                                                           \
          0 },                                                                                               \
    {                                                                                                        \
        "script_from", BAU_OPTION_TEXT, offsetof(struct bau_identity, script_from), NULL, 0, 0,              \
            "The text field whose script the names follow when the locale is auto; else the value's own.",   \
            BAU_OPTION_FIELD, NULL, "FIELD", 0                                                               \
    }

/* What the rows of a batch say about who is who. */
struct bau_identity_rows {
    const uint8_t (*own)[16]; /* a digest a value; NULL when not asked for */
    const uint8_t (*who)[16]; /* a digest a row when there is `by`, else a value */
    const uint8_t *genders;   /* a row, or NULL */
    const struct bau_column *script;
    bool by_row;
};

/* own: the values' digests are wanted beside those of the identities. */
bau_status bau_identity_rows(const struct bau_identity *id, struct bau_mask_ctx *ctx,
                             const struct bau_column *in, bool own, struct bau_identity_rows *out,
                             struct bau_error *err) BAU_MUST_CHECK;

struct bau_who {
    const uint8_t *digest;
    uint32_t gender; /* never BAU_GENDER_ANY */
    enum bau_script script;
};

static inline struct bau_who bau_identity_who(const struct bau_identity *id, const struct bau_mask_ctx *ctx,
                                              const struct bau_identity_rows *rows,
                                              const struct bau_column *in, uint32_t i)
{
    const uint32_t row = ctx->rows ? ctx->rows[i] : i;
    const struct bau_column *from = rows->script ? rows->script : in;
    const struct bau_slice text = bau_column_value(from, rows->script ? row : i);
    struct bau_who who = { .digest = rows->who[rows->by_row ? row : i],
                           .gender = rows->genders ? rows->genders[row] : id->people.gender,
                           .script = bau_people_script(text.data, text.len) };
    if (who.gender == BAU_GENDER_ANY)
        who.gender = who.digest[8] & 1u ? BAU_GENDER_F : BAU_GENDER_M;
    return who;
}

/* ---- in the letters a to z: "anna.ivanova.", for addresses and user names ---- */

enum { BAU_LOCAL_SLOT = 32, BAU_LOCAL_NAME = 20, BAU_LOCAL_SUFFIX = 16 };

/* Entry k of a dictionary in a to z with the separator behind it; the last byte of a slot counts the bytes. */
struct bau_local_list {
    const struct bau_dict *dict;
    uint8_t (*slot)[BAU_LOCAL_SLOT];
};

struct bau_local {
    const struct bau_local_list *given[BAU_PEOPLE_SCRIPTS][BAU_GENDERS];
    const struct bau_local_list *family[BAU_PEOPLE_SCRIPTS][BAU_GENDERS];
    uint32_t widest; /* of all: both names, separators and suffix */
};

/* room: characters for all of it; longer names are cut to fit, at least one letter each. False when not even that fits. */
bool bau_local_fits(uint32_t room, bool separated);
/* separator: a byte, or 0 for none. */
bau_status bau_local_make(struct bau_local *out, const char *locale, uint32_t room, char separator,
                          struct bau_arena *arena, struct bau_error *err) BAU_MUST_CHECK;

/* 80 bits of the value's own digest in base32. */
static inline uint8_t *bau_local_suffix(uint8_t *dst, const uint8_t own[16])
{
    bau_base32(dst, own);
    bau_base32(dst + 8, own + 8);
    return dst + BAU_LOCAL_SUFFIX;
}

static inline uint8_t *bau_local_slot(uint8_t *dst, const struct bau_local_list *list, uint64_t random)
{
    const uint8_t *slot = list->slot[bau_dict_pick(list->dict, random)];
    memcpy(dst, slot, BAU_LOCAL_SLOT);
    return dst + slot[BAU_LOCAL_SLOT - 1];
}

/* given.family.suffix; up to 32 bytes past it are written over. */
static inline uint8_t *bau_local_put(uint8_t *dst, const struct bau_local *local, const struct bau_who *who,
                                     const uint8_t own[16])
{
    dst = bau_local_slot(dst, local->given[who->script][who->gender], bau_bits64(who->digest));
    dst = bau_local_slot(dst, local->family[who->script][who->gender], bau_bits64(who->digest + 8));
    return bau_local_suffix(dst, own);
}

#endif
