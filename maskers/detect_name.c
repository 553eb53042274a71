/* People in text, by dictionaries and titles.
 *
 *   title [title …] Name [Name [Name]]      Frau Dr. Müller: the name is the hit, the title stays
 *   Given [I.] [von] Name [Name]            a given name of some dictionary with capitalised words behind it
 *   Surname, Given                          both of some dictionary
 *   I. [I.] Surname                         initials and a surname of some dictionary
 *   given name alone                        when the scan asks for it
 *   two words of dictionaries               scripts without capitals: Arabic, Devanagari
 *   surname and given name, with no blank   Han, Kana, Hangul
 *
 * Words are compared folded; the set holds 64-bit hashes of them: a wrong match has a chance below 10^-14 a word. */
#include "maskers/detect.h"
#include "maskers/utf8.h"
#include "src/kernel/names.h"

#include <string.h>

enum { SLOT_BITS = 18, SLOTS = 1 << SLOT_BITS, WORD_MOST = 64, NAMES_MOST = 3 };
enum { GIVEN = 1, SURNAME = 2, TITLE = 4, PARTICLE = 8, TITLE_WITH_POINT = 16 };

struct bau_name_set {
    uint64_t hash[SLOTS];
    uint8_t what[SLOTS];
};

static const char *const titles[] = {
    "mr",     "mrs",      "ms",      "miss",    "mister",   "dr",     "prof",   "professor", "sir",
    "herr",   "herrn",    "frau",    "hr",      "monsieur", "mme",    "madame", "mlle",      "señor",
    "señora", "señorita", "sr",      "sra",     "srta",     "don",    "doña",   "signor",    "signora",
    "sig",    "dott",     "senhor",  "senhora", "pan",      "pani",   "bay",    "bayan",     "г-н",
    "г-жа",   "господин", "госпожа", "пан",     "пані",     "κύριος", "κυρία",  "κ",         "κα",
    "السيد",  "السيدة",   "श्री",     "श्रीमती",
};
static const char *const point_titles[] = { "m", "ing", "rev", "hon", "lic", "mag" };
static const char *const particles[] = {
    "von", "van", "der", "den", "de", "da", "do",  "dos", "das", "di", "del", "della", "la",
    "le",  "bin", "ibn", "al",  "el", "zu", "zur", "ten", "ter", "y",  "e",   "af",    "av",
};

/* ---- characters ---- */

static uint32_t fold_latin(uint32_t c)
{
    if (c == 0x130)
        return 'i';
    if (c == 0x178)
        return 0xFF;
    if ((c >= 0x139 && c <= 0x148) || c >= 0x179)
        return c + (c & 1u);
    return c == 0x138 || c == 0x149 ? c : c | 1u;
}

/* Lower case of the letters of Latin, Greek and Cyrillic. */
uint32_t bau_fold_letter(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3AB) ||
        (c >= 0x410 && c <= 0x42F))
        return c + 32;
    if (c >= 0x100 && c <= 0x17E)
        return fold_latin(c);
    if (c == 0x386)
        return 0x3AC;
    if (c >= 0x388 && c <= 0x38A)
        return c + 37;
    if (c == 0x38C || c == 0x38E || c == 0x38F)
        return c == 0x38C ? 0x3CC : c + 63;
    if (c >= 0x400 && c <= 0x40F)
        return c + 80;
    if ((c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F) || (c >= 0x1E00 && c <= 0x1EFF))
        return c | 1u;
    return c;
}

static bool is_letter(uint32_t c)
{
    if (c < 0x80)
        return bau_is_alpha((uint8_t)c);
    return c >= 0xC0 && c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c <= 0x2BFF) &&
           !(c >= 0x3000 && c <= 0x303F) && c != 0x30FB && c != 0x60C && c != 0x61B && c != 0x61F &&
           c != 0x964 && c != 0x965 && !(c >= 0xFF00 && c <= 0xFF20) && !(c >= 0xFE00 && c <= 0xFE6F) &&
           c < 0x1F000;
}

/* Written without blanks between words. */
bool bau_is_run_on(uint32_t c)
{
    return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3);
}

/* ---- the set ---- */

static uint64_t hash_step(uint64_t h, uint32_t c)
{
    h = (h ^ c) * UINT64_C(0x100000001B3);
    return h ^ (h >> 29);
}

static const uint64_t hash_start = UINT64_C(0xCBF29CE484222325);

static size_t slot_of(const struct bau_name_set *set, uint64_t h)
{
    size_t at = (size_t)((h * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - SLOT_BITS));
    while (set->what[at] && set->hash[at] != h)
        at = (at + 1) % SLOTS;
    return at;
}

static void add(struct bau_name_set *set, const uint8_t *p, size_t len, uint8_t what)
{
    uint64_t h = hash_start;
    uint32_t c;
    for (size_t i = 0, step; i < len; i += step, h = hash_step(h, bau_fold_letter(c)))
        if ((step = bau_utf8_read(p + i, p + len, &c)) == 0)
            return;
    const size_t at = slot_of(set, h);
    set->hash[at] = h;
    set->what[at] |= what;
}

static void add_all(struct bau_name_set *set, const char *const *words, size_t n, uint8_t what)
{
    for (size_t i = 0; i < n; i++)
        add(set, (const void *)words[i], strlen(words[i]), what);
}

bau_status bau_name_set_make(struct bau_arena *arena, const struct bau_name_set **out, struct bau_error *err)
{
    static const struct {
        enum bau_names_kind kind;
        uint8_t what;
    } lists[] = { { BAU_NAMES_GIVEN, GIVEN },
                  { BAU_NAMES_SURNAME_M, SURNAME },
                  { BAU_NAMES_SURNAME_F, SURNAME } };
    struct bau_name_set *set = bau_arena_zero(arena, sizeof *set);
    uint32_t total = 0;
    if (!set)
        return bau_error_set(err, BAU_E_NOMEM, "names");
    for (size_t l = 0; bau_names_locales[l]; l++)
        for (size_t k = 0; k < BAU_COUNT(lists); k++) {
            const struct bau_dict *d = bau_names_find(bau_names_locales[l], lists[k].kind);
            if (d && (total += d->n) > SLOTS / 4 * 3)
                return bau_error_set(err, BAU_E_BUG, "more names than the set has room for");
            for (uint32_t i = 0; d && i < d->n; i++)
                add(set, bau_dict_name(d, i).data, bau_dict_name(d, i).len, lists[k].what);
        }
    add_all(set, titles, BAU_COUNT(titles), TITLE);
    add_all(set, point_titles, BAU_COUNT(point_titles), TITLE_WITH_POINT);
    add_all(set, particles, BAU_COUNT(particles), PARTICLE);
    *out = set;
    return BAU_OK;
}

static uint32_t look_up(const struct bau_name_set *set, uint64_t h)
{
    return set->what[slot_of(set, h)];
}

/* ---- words ---- */

struct word {
    size_t at, end; /* in the text; end == at: there is none */
    uint32_t what;  /* of the whole word, and given names also of what stands before its first joint */
    uint32_t chars;
    bool capital, cased, jointed;
};

/* The word at text[at]: letters, and hyphens and apostrophes between letters. */
static struct word read_word(const struct bau_scan *s, size_t at)
{
    struct word w = { .at = at, .end = at };
    const uint8_t *end = s->text + s->len;
    uint64_t h = hash_start;
    uint32_t c, first_part = 0;
    size_t i = at;
    while (i < s->len && i - at < WORD_MOST) {
        const size_t step = bau_utf8_read(s->text + i, end, &c);
        const bool joint = c == '-' || c == '\'' || c == 0x2019;
        if (!step || (!is_letter(c) && !(joint && i > at && w.end == i)))
            break;
        w.jointed |= joint;
        if (joint && !first_part)
            first_part = look_up(s->names, h) & GIVEN;
        const uint32_t small = bau_fold_letter(c);
        if (i == at) {
            w.capital = small != c;
            w.cased = c < 0x530 || (c >= 0x1E00 && c <= 0x1FFF);
        }
        h = hash_step(h, small);
        i += step;
        w.chars++;
        if (is_letter(c))
            w.end = i;
    }
    if (w.end < i) { /* it ended with a joint: not part of it */
        h = hash_start;
        for (size_t k = at, step; k < w.end; k += step, h = hash_step(h, bau_fold_letter(c)))
            step = bau_utf8_read(s->text + k, end, &c);
        w.chars--;
    }
    if (w.end > at && i - at < WORD_MOST)
        w.what = look_up(s->names, h) | first_part;
    return w;
}

/* Past one blank, no-break space or ideographic space at text[at]; `at` when there is none. */
static size_t past_blank(const struct bau_scan *s, size_t at)
{
    if (at < s->len && s->text[at] == ' ')
        return at + 1;
    if (s->len - at >= 2 && s->text[at] == 0xC2 && s->text[at + 1] == 0xA0)
        return at + 2;
    return s->len - at >= 3 && memcmp(s->text + at, "\xE3\x80\x80", 3) == 0 ? at + 3 : at;
}

static bool point_at(const struct bau_scan *s, size_t at)
{
    return at < s->len && s->text[at] == '.';
}

/* Capitalised words, initials and particles from `at` on, a blank before each; where they end, and how many words. */
static size_t collect(const struct bau_scan *s, size_t at, bool blank_first, uint32_t *n_words)
{
    size_t good = at, i = at;
    *n_words = 0;
    for (uint32_t steps = 0; steps < 6 && *n_words < NAMES_MOST; steps++) {
        const size_t from = blank_first ? past_blank(s, i) : i;
        if (blank_first && from == i)
            break;
        blank_first = true;
        const struct word w = read_word(s, from);
        if (w.end == from)
            break;
        const bool initial = w.capital && w.chars == 1 && point_at(s, w.end);
        if (!w.capital && !(w.what & PARTICLE))
            break;
        i = w.end + initial;
        if (w.capital && !initial) {
            if (w.chars < 2 || (w.what & TITLE))
                break;
            good = i;
            ++*n_words;
        }
    }
    return good;
}

static bool is_title(const struct bau_scan *s, const struct word *w)
{
    const bool point = point_at(s, w->end);
    return ((w->what & TITLE) && (w->capital || point || !w->cased || w->jointed || w->chars > 3)) ||
           ((w->what & TITLE_WITH_POINT) && point && w->capital);
}

/* Behind a title, and further ones. */
static size_t find_titled(const struct bau_scan *s, const struct word *first, size_t *skip)
{
    struct word w = *first;
    uint32_t n_words;
    size_t i = w.end;
    for (unsigned n = 0; n < 4 && is_title(s, &w); n++) {
        i = past_blank(s, w.end + point_at(s, w.end));
        if (i == w.end)
            return 0;
        w = read_word(s, i);
    }
    if (w.end > i && !w.cased) { /* no capitals to tell: one word, two when the second is of a dictionary */
        const struct word next = read_word(s, past_blank(s, w.end));
        *skip = i - first->at;
        return (next.what & (GIVEN | SURNAME) ? next.end : w.end) - i;
    }
    const size_t end = collect(s, i, false, &n_words);
    *skip = i - first->at;
    return n_words ? end - i : 0;
}

/* Surname and given name without capitals or blanks: the longest of each. */
static size_t find_run_on(const struct bau_scan *s, size_t at)
{
    size_t ends[8], n = 0, i = at, best = 0;
    uint64_t h = hash_start;
    uint32_t c;
    for (; n < 3; n++) {
        const size_t step = i < s->len ? bau_utf8_read(s->text + i, s->text + s->len, &c) : 0;
        if (!step || !bau_is_run_on(c))
            break;
        ends[n] = i += step;
    }
    for (size_t k = 0; k < n; k++) {
        const size_t from = k ? ends[k - 1] : at;
        if (!bau_utf8_read(s->text + from, s->text + s->len, &c))
            break;
        h = hash_step(h, c);
        if (!(look_up(s->names, h) & SURNAME))
            continue;
        uint64_t given = hash_start;
        size_t g = past_blank(s, ends[k]);
        for (unsigned chars = 0; chars < 4 && g < s->len; chars++) {
            const size_t step = bau_utf8_read(s->text + g, s->text + s->len, &c);
            if (!step || !bau_is_run_on(c))
                break;
            g += step;
            given = hash_step(given, c);
            if (look_up(s->names, given) & GIVEN)
                best = g - at;
        }
    }
    return best;
}

/* A letter stands right before text[at]. */
static bool inside_word(const struct bau_scan *s, size_t at)
{
    size_t from = at;
    uint32_t c;
    while (from > 0 && at - from < 4 && (from == at || (s->text[from] & 0xC0u) == 0x80u))
        from--;
    return from < at && bau_utf8_read(s->text + from, s->text + at, &c) == at - from && is_letter(c) &&
           !bau_is_run_on(c);
}

/* Up to three initials and a surname. */
static size_t find_initials(const struct bau_scan *s, const struct word *first)
{
    struct word w = *first;
    for (unsigned n = 0; n < 3 && w.capital && w.chars == 1 && point_at(s, w.end); n++) {
        const size_t next = past_blank(s, w.end + 1);
        w = read_word(s, next);
        if (w.end > next && w.capital && w.chars > 1)
            return w.what & SURNAME ? w.end - first->at : 0;
    }
    return 0;
}

static size_t find(const struct bau_scan *s, size_t at, size_t *skip)
{
    uint32_t c, n_words;
    const size_t step = bau_utf8_read(s->text + at, s->text + s->len, &c);
    *skip = 0;
    if (step && bau_is_run_on(c))
        return find_run_on(s, at);
    if (!step || !is_letter(c) || inside_word(s, at))
        return 0;
    const struct word w = read_word(s, at);
    if (is_title(s, &w))
        return find_titled(s, &w, skip);
    if (!w.capital && w.cased)
        return 0;
    if (w.chars == 1)
        return find_initials(s, &w);
    if (!w.cased) {
        const struct word next = read_word(s, past_blank(s, w.end));
        if ((w.what & GIVEN) && next.at > w.end && (next.what & (GIVEN | SURNAME)))
            return next.end - at;
        return s->lone_names && (w.what & GIVEN) && w.end > at ? w.end - at : 0;
    }
    if (w.what & GIVEN) {
        const size_t end = collect(s, w.end, true, &n_words);
        if (n_words || s->lone_names)
            return (n_words ? end : w.end) - at;
    }
    if ((w.what & SURNAME) && w.end + 1 < s->len && s->text[w.end] == ',') {
        const struct word next = read_word(s, past_blank(s, w.end + 1));
        if (next.at > w.end + 1 && next.capital && (next.what & GIVEN))
            return next.end - at;
    }
    return 0;
}

size_t bau_find_name(const struct bau_scan *s, size_t at, size_t *skip)
{
    const size_t n = find(s, at, skip);
    const uint8_t *end = s->text + at + *skip + n;
    if (n > 3 && end[-1] == 's' && end[-2] == '\'')
        return n - 2; /* the English genitive is none of the name */
    return n > 5 && end[-1] == 's' && memcmp(end - 4, "\xE2\x80\x99", 3) == 0 ? n - 4 : n;
}

bool bau_name_is_given(const struct bau_name_set *set, const uint8_t *word, size_t len)
{
    uint64_t h = hash_start;
    uint32_t c;
    for (size_t i = 0, step; i < len; i += step, h = hash_step(h, bau_fold_letter(c)))
        if ((step = bau_utf8_read(word + i, word + len, &c)) == 0)
            return false;
    return look_up(set, h) & GIVEN;
}
