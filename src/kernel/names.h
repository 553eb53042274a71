/* Dictionaries of given names and surnames by locale, with the frequency of each, and the script of a text.
 * The data is rules/names/ compiled by rules/mkdict.py; a dictionary that has been released is frozen (M2): a
 * change is a new locale name.
 */
#ifndef BAU_KERNEL_NAMES_H
#define BAU_KERNEL_NAMES_H

#include "bauta/base.h"

/* Each given-name kind holds the names usual for that gender and those used for both. Surnames differ by
 * gender in some languages (Иванов, Иванова); elsewhere both kinds hold the same names. */
enum bau_names_kind {
    BAU_NAMES_GIVEN_F,
    BAU_NAMES_GIVEN_M,
    BAU_NAMES_GIVEN, /* gender unknown: every given name */
    BAU_NAMES_SURNAME_F,
    BAU_NAMES_SURNAME_M,
    BAU_NAMES_SURNAME, /* gender unknown: the form a register lists, which is the masculine one where there
                          are two */
    BAU_NAMES_KINDS
};

/** One list of weighted names, const and static. Entry i is text[offsets[i]] .. text[offsets[i + 1]], UTF-8,
 * NFC; in latin the same way its spelling in a to z as addresses use it, which may be empty (no known reading). */
struct bau_dict {
    const char *locale;
    enum bau_names_kind kind;
    uint32_t n, longest; /* entries; bytes of the longest one */
    const uint8_t *text, *latin;
    const uint32_t *offsets, *latin_offsets; /* n + 1 entries */
    const uint32_t *threshold; /* Vose's alias method: below it the column's own entry, else `alias` */
    const uint16_t *alias;
};

/** The dictionary of a locale ("en", "de"; a longer tag like "en-GB" or "en_GB.UTF-8" counts by its
 * language), or NULL. */
const struct bau_dict *bau_names_find(const char *locale, enum bau_names_kind kind);

/** The locales that exist, in order, NULL-terminated. */
extern const char *const bau_names_locales[];

/**
 * Draw entries by their weight: out[i] is an index below d->n.
 *
 * random   n uniform 64-bit values, such as the first 8 bytes of a PRF
 * Source:  Vose, "A linear algorithm for generating random numbers with a given distribution", 1991; 32-bit
 * thresholds.
 */
void bau_dict_pick_batch(const struct bau_dict *d, const uint64_t *random, uint32_t n, uint32_t *out);

/* One product gives both draws: its upper half the column, the top of its lower half the coin. Both outcomes are loaded, as
 * the coin cannot be foreseen. */
static inline uint32_t bau_dict_pick(const struct bau_dict *d, uint64_t random)
{
    __extension__ typedef unsigned __int128 wide;
    const wide product = (wide)random * d->n;
    const uint32_t column = (uint32_t)(product >> 64), coin = (uint32_t)((uint64_t)product >> 32);
    const uint32_t other = d->alias[column], mine = (uint32_t)0 - (uint32_t)(coin < d->threshold[column]);
    return (column & mine) | (other & ~mine);
}

static inline struct bau_slice bau_dict_name(const struct bau_dict *d, uint32_t i)
{
    return (struct bau_slice){ d->text + d->offsets[i], d->offsets[i + 1] - d->offsets[i] };
}

static inline struct bau_slice bau_dict_latin(const struct bau_dict *d, uint32_t i)
{
    return (struct bau_slice){ d->latin + d->latin_offsets[i],
                               d->latin_offsets[i + 1] - d->latin_offsets[i] };
}

enum bau_script {
    BAU_SCRIPT_OTHER, /* no letters, or of another script, or not UTF-8 */
    BAU_SCRIPT_LATIN,
    BAU_SCRIPT_CYRILLIC,
    BAU_SCRIPT_GREEK,
    BAU_SCRIPT_ARABIC,
    BAU_SCRIPT_HAN,
    BAU_SCRIPT_KANA,
    BAU_SCRIPT_HANGUL,
    BAU_SCRIPT_DEVANAGARI
};

/** The script of the first letter; Han followed by Kana anywhere in the text is Kana (Japanese). */
enum bau_script bau_script_of(const uint8_t *utf8, size_t n);

/** The locale whose names are in a script: ru for Cyrillic, el, ar, zh, ja, ko, hi. NULL for Latin and OTHER:
 * the caller's. */
const char *bau_script_locale(enum bau_script script);

#endif
