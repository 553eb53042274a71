/* Finds in running text what tells of a person or opens a door: addresses, numbers with check digits, secrets, names.
 *
 * One walk from left to right over the bytes, no backtracking: every detector starts at the beginning of a word and
 * looks at a bounded number of bytes, or else at a run of one alphabet that no later start looks at again. So a text of
 * n bytes costs O(n). Any bytes are good input; names need UTF-8.
 *
 * What a text of everyday use holds is found by shape and, where there are any, check digits. No detector finds a
 * street, a nickname, or a name that no dictionary has: a scan proves presence, not absence.
 *
 * Threads: any; a name set is read only once made. */
#ifndef BAU_MASKERS_DETECT_H
#define BAU_MASKERS_DETECT_H

#include "bauta/error.h"
#include "bauta/mem.h"

typedef enum {
    BAU_FIND_EMAIL, /* RFC 5321 addresses as people write them; domain with a top level of letters */
    BAU_FIND_URL,   /* scheme://… and www.… up to white space, quotes or angle brackets */
    BAU_FIND_IP,    /* IPv4 dotted, IPv6 (RFC 4291) */
    BAU_FIND_PHONE, /* +…, 00…, 0…, (area) …, groups as in North America, France, Spain, Russia */
    BAU_FIND_CARD,  /* 13 to 19 digits in a range of the card brands whose Luhn digit is right */
    BAU_FIND_IBAN,  /* ISO 13616, mod 97 = 1 */
    BAU_FIND_NATIONAL_ID, /* see detect_id.c */
    BAU_FIND_DATE,        /* 2024-02-29, 29.2.2024, 2/29/24, and with a time behind it */
    BAU_FIND_UUID,
    BAU_FIND_JWT, /* three base64url parts, the first a JSON object */
    BAU_FIND_PEM, /* -----BEGIN … to -----END …-----, or to the end of the text */
    BAU_FIND_KEY, /* tokens that carry their issuer's prefix: AKIA…, ghp_…, xoxb-…, sk_live_… */
    BAU_FIND_CREDENTIALS, /* a URI with a password in it: scheme://user:password@host… */
    BAU_FIND_ENTROPY,     /* letters and digits mixed as only a machine does */
    BAU_FIND_HANDLE,      /* @name */
    BAU_FIND_NAME,        /* people, by given name or title */
    BAU_FINDS
} bau_find;
#define BAU_FIND_BIT(find) (1u << (find))

struct bau_hit {
    size_t at, len;
    bau_find find;
};

/* Given names and surnames of every dictionary, folded and hashed. */
struct bau_name_set;
/* In the arena; BAU_E_NOMEM. */
bau_status bau_name_set_make(struct bau_arena *arena, const struct bau_name_set **out, struct bau_error *err)
    BAU_MUST_CHECK;

/* A word of UTF-8 is a given name of some dictionary. */
bool bau_name_is_given(const struct bau_name_set *set, const uint8_t *word, size_t len);
/* Lower case of a letter of Latin, Greek or Cyrillic; any other character is itself. */
uint32_t bau_fold_letter(uint32_t code_point);
/* Of a script that is written without blanks between words: Han, Kana, Hangul. */
bool bau_is_run_on(uint32_t code_point);

struct bau_scan {
    const uint8_t *text;
    size_t len, at;         /* at: where the next hit may start; 0 at first */
    uint32_t wanted;        /* BAU_FIND_BIT set; what is found and not wanted is passed over as one */
    uint32_t entropy_least; /* shortest token taken for random; 0: none */
    bool lone_names;        /* a given name alone counts */
    const struct bau_name_set *names; /* NULL: no names */
};

/* The next hit of what is wanted, in order, none overlapping another; false at the end. */
bool bau_scan_next(struct bau_scan *scan, struct bau_hit *out);

/* ── the detectors, each for one kind of start: bytes of the hit at text[at], or 0 ───────────────────────────────── */

/* detect_number.c and detect_id.c; at: a digit, '+', '(' or a letter whose neighbour on the left is none of a word */
size_t bau_find_number(const uint8_t *text, size_t len, size_t at, bau_find *out);
size_t bau_find_national_id(const uint8_t *text, size_t len, size_t at);
size_t bau_find_ip6(const uint8_t *text, size_t len, size_t at);
/* detect_secret.c */
size_t bau_find_secret(const uint8_t *text, size_t len, size_t at, uint32_t entropy_least, bau_find *out);
/* Bytes that tell the issuer of a key that was found, not part of the secret. */
size_t bau_key_prefix(const uint8_t *text, size_t len);
/* detect_name.c; *skip: bytes before the name that belong to the hit's title */
size_t bau_find_name(const struct bau_scan *scan, size_t at, size_t *skip);

/* Shared by the detectors. */
static inline bool bau_is_alpha(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool bau_is_number(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* c is in a set of ASCII characters: bit c % 64 of set[c / 64]. */
static inline bool bau_in_set(const uint64_t set[2], uint8_t c)
{
    return c < 0x80 && (set[c / 64] >> (c % 64) & 1u);
}

static inline bool bau_is_word(uint8_t c)
{
    static const uint64_t set[2] = { UINT64_C(0x03FF000000000000), UINT64_C(0x07FFFFFE87FFFFFE) };
    return bau_in_set(set, c);
}

static inline bool bau_is_hex(uint8_t c)
{
    return bau_is_number(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* No word goes on at text[at]. */
static inline bool bau_word_ends(const uint8_t *text, size_t len, size_t at)
{
    return at >= len || !bau_is_word(text[at]);
}

#endif
