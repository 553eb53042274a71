/* National ids of western Europe. Sources: HMRC, National Insurance Manual NIM39110, and NHS Data Dictionary; INSEE, NIR;
 * Spanish Orden INT/2058/2008 (NIE) and Real Decreto 1553/2005 (DNI); RvIG, BSN; Italian DM 23/12/1976 (codice fiscale);
 * BZSt, Steuerliche Identifikationsnummer, Prüfziffernberechnung. */
#include "maskers/national.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ── United Kingdom: National Insurance number ───────────────────────────────────────────────────────────────────── */

static bool nino_accept(const uint8_t *sym)
{
    static const char unused[] = "BGGBKNNKNTTNZZ";
    for (const char *p = unused; *p; p += 2)
        if (memcmp(p, sym, 2) == 0)
            return false;
    return true;
}

/* QQ begins no number: HMRC uses it in examples. */
static const struct bau_nid_scheme nino_reserved = {
    .name = "gb-reserved",
    .n = 9,
    .part = { { .kind = BAU_NID_WORD, .at = 0, .len = 2, .set = "QQ" },
              { .kind = BAU_NID_NUMBER, .at = 2, .len = 6, .hi = 999999 },
              { .kind = BAU_NID_SET, .at = 8, .len = 1, .set = "ABCD" } },
};
static const struct bau_nid_scheme nino = {
    .name = "gb",
    .n = 9,
    .part = { { .kind = BAU_NID_SET, .at = 0, .len = 1, .set = "ABCEGHJKLMNOPRSTWXYZ" },
              { .kind = BAU_NID_SET, .at = 1, .len = 1, .set = "ABCEGHJKLMNPRSTWXYZ" },
              { .kind = BAU_NID_NUMBER, .at = 2, .len = 6, .hi = 999999 },
              { .kind = BAU_NID_SET, .at = 8, .len = 1, .set = "ABCD" } },
    .accept = nino_accept,
    .reserved = &nino_reserved,
};
static const struct bau_nid_scheme nino_short_reserved = {
    /* without the suffix */
    .name = "gb-short-reserved",
    .n = 8,
    .part = { { .kind = BAU_NID_WORD, .at = 0, .len = 2, .set = "QQ" },
              { .kind = BAU_NID_NUMBER, .at = 2, .len = 6, .hi = 999999 } },
};
static const struct bau_nid_scheme nino_short = {
    .name = "gb-short",
    .n = 8,
    .part = { { .kind = BAU_NID_SET, .at = 0, .len = 1, .set = "ABCEGHJKLMNOPRSTWXYZ" },
              { .kind = BAU_NID_SET, .at = 1, .len = 1, .set = "ABCEGHJKLMNPRSTWXYZ" },
              { .kind = BAU_NID_NUMBER, .at = 2, .len = 6, .hi = 999999 } },
    .accept = nino_accept,
    .reserved = &nino_short_reserved,
};

/* NHS number: 999 is for tests. Numbers for which the check digit would be 10 are not issued. */
static bool nhs_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[9] = { 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    const uint32_t check = (11 - bau_nid_weighted(sym, weights, 9) % 11) % 11;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + check % 10);
    return check < 10;
}

static const struct bau_nid_scheme nhs_reserved = {
    .name = "gb_nhs-reserved",
    .n = 10,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 9, .lo = 999000000, .hi = 999999999 } },
    .check_at = 9,
    .check_len = 1,
    .check_set = "0123456789",
    .check = nhs_check,
};
static const struct bau_nid_scheme nhs = {
    .name = "gb_nhs",
    .n = 10,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 9, .lo = 1, .hi = 998999999 } },
    .check_at = 9,
    .check_len = 1,
    .check_set = "0123456789",
    .check = nhs_check,
    .reserved = &nhs_reserved,
};

/* ── France: sex, year, month, place, number; key 97. Corsica is 2A and 2B, 19 and 18 in the key. ────────────────── */

static bool fr_read_place(const uint8_t *sym, uint64_t *index)
{
    if (sym[0] == '2' && (sym[1] == 'A' || sym[1] == 'B')) {
        *index = 99u + (sym[1] == 'B');
        return true;
    }
    if (!bau_nid_digits(sym, 2) || bau_nid_two(sym) == 0)
        return false;
    *index = bau_nid_two(sym) - 1;
    return true;
}

static void fr_write_place(uint8_t *sym, uint64_t index)
{
    bau_nid_put_two(sym, (uint32_t)index + 1);
    if (index >= 99)
        memcpy(sym, index == 99 ? "2A" : "2B", 2);
}

static bool fr_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    uint64_t v = 0;
    (void)s;
    (void)year;
    for (uint32_t i = 0; i < 13; i++)
        v = v * 10 + (sym[i] == 'A' || sym[i] == 'B' ? 0u : sym[i] - (uint64_t)'0');
    v -= sym[6] == 'A' ? UINT64_C(1000000) : sym[6] == 'B' ? UINT64_C(2000000) : 0; /* 20: 19, 18 */
    bau_nid_put_two(out, (uint32_t)(97 - v % 97));
    return true;
}

#define FR_FROM_PLACE                                                                                        \
    { .kind = BAU_NID_CODE, .at = 5, .len = 2, .hi = 100, .read = fr_read_place, .write = fr_write_place },  \
        { .kind = BAU_NID_NUMBER, .at = 7, .len = 3, .lo = 1, .hi = 999 },                                   \
    {                                                                                                        \
        .kind = BAU_NID_NUMBER, .at = 10, .len = 3, .lo = 1, .hi = 999                                       \
    }
static const struct bau_nid_scheme fr = {
    .name = "fr",
    .n = 15,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 1, .lo = 1, .hi = 2 },
              { .kind = BAU_NID_NUMBER, .at = 1, .len = 2, .flags = BAU_NID_BIRTH, .hi = 99 },
              { .kind = BAU_NID_NUMBER, .at = 3, .len = 2, .flags = BAU_NID_BIRTH, .lo = 1, .hi = 12 },
              FR_FROM_PLACE },
    .check_at = 13,
    .check_len = 2,
    .check_set = "0123456789",
    .check = fr_check,
};
static bool fr_odd(const uint8_t *sym)
{
    return sym[0] > '2' || bau_nid_two(sym + 3) > 12;
}

static const struct bau_nid_scheme fr_unknown_month = {
    /* or a temporary number: 3, 4, 7 and 8 */
    .name = "fr-unknown-month",
    .n = 15,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 1, .flags = BAU_NID_KEPT, .lo = 1, .hi = 8 },
              { .kind = BAU_NID_NUMBER, .at = 1, .len = 2, .flags = BAU_NID_BIRTH, .hi = 99 },
              { .kind = BAU_NID_NUMBER, .at = 3, .len = 2, .flags = BAU_NID_KEPT, .lo = 1, .hi = 99 },
              FR_FROM_PLACE },
    .check_at = 13,
    .check_len = 2,
    .check_set = "0123456789",
    .check = fr_check,
    .accept = fr_odd,
};

/* ── Spain: DNI and NIE ──────────────────────────────────────────────────────────────────────────────────────────── */

static bool es_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    uint32_t v = (uint32_t)(sym[0] >= 'X' ? sym[0] - 'X' : sym[0] - '0');
    (void)year;
    for (uint32_t i = 1; i < 8; i++)
        v = v * 10 + (uint32_t)(sym[i] - '0');
    out[0] = (uint8_t)s->check_set[v % 23];
    return true;
}

static const struct bau_nid_scheme dni = {
    .name = "es",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 8, .hi = 99999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "TRWAGMYFPDXBNJZSQVHLCKE",
    .check = es_check,
};
static const struct bau_nid_scheme nie = {
    .name = "es-nie",
    .n = 9,
    .part = { { .kind = BAU_NID_SET, .at = 0, .len = 1, .set = "XYZ" },
              { .kind = BAU_NID_NUMBER, .at = 1, .len = 7, .hi = 9999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "TRWAGMYFPDXBNJZSQVHLCKE",
    .check = es_check,
};

/* ── Netherlands: the eleven test; numbers that have no check digit are not issued ───────────────────────────────── */

static bool nl_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[8] = { 9, 8, 7, 6, 5, 4, 3, 2 };
    const uint32_t check = bau_nid_weighted(sym, weights, 8) % 11;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + check % 10);
    return check < 10;
}

static const struct bau_nid_scheme nl = {
    .name = "nl",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 8, .lo = 1, .hi = 99999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789",
    .check = nl_check,
};

/* ── Italy: codice fiscale; digits may be letters where two people would share a code ────────────────────────────── */

static const char omocodes[] = "LMNPQRSTUV", it_months[] = "ABCDEHLMPRST";

static bool it_digit(uint8_t sym, uint32_t *digit)
{
    const char *at = strchr(omocodes, sym);
    *digit = sym <= '9' ? (uint32_t)sym - '0' : at ? (uint32_t)(at - omocodes) : 10;
    return *digit < 10;
}

static void it_put(uint8_t *sym, uint32_t digit)
{
    *sym = *sym > '9' ? (uint8_t)omocodes[digit % 10] : (uint8_t)('0' + digit % 10);
}

static bool it_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    uint32_t y1, y0, d1, d0;
    const char *month = strchr(it_months, sym[8]);
    (void)s;
    if (!it_digit(sym[6], &y1) || !it_digit(sym[7], &y0) || !it_digit(sym[9], &d1) ||
        !it_digit(sym[10], &d0) || !month)
        return false;
    b->year = 2000 + (int32_t)(y1 * 10 + y0);
    b->month = (uint32_t)(month - it_months) + 1;
    b->sex = d1 >= 4;
    b->day = d1 * 10 + d0 - 40 * b->sex;
    return true;
}

static void it_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    const uint32_t year = (uint32_t)b->year % 100, day = b->day + 40 * b->sex;
    (void)s;
    it_put(sym + 6, year / 10);
    it_put(sym + 7, year);
    sym[8] = (uint8_t)it_months[b->month - 1];
    it_put(sym + 9, day / 10);
    it_put(sym + 10, day);
}

static bool it_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t odd[26] = { 1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                     20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23 };
    uint32_t sum = 0;
    (void)s;
    (void)year;
    for (uint32_t i = 0; i < 15; i++) {
        const uint32_t v = (uint32_t)(sym[i] <= '9' ? sym[i] - '0' : sym[i] - 'A');
        sum += i % 2 ? v : odd[v];
    }
    out[0] = (uint8_t)('A' + sum % 26);
    return true;
}

static const struct bau_nid_scheme it = {
    .name = "it",
    .n = 16,
    .part = { { .kind = BAU_NID_SET, .at = 0, .len = 6, .set = LETTERS },
              { .kind = BAU_NID_SET, .at = 11, .len = 1, .set = "ABCDEFGHILMZ" },
              { .kind = BAU_NID_NUMBER, .at = 12, .len = 3, .flags = BAU_NID_OMOCODE, .hi = 999 } },
    .read_born = it_read_born,
    .write_born = it_write_born,
    .n_sexes = 2,
    .two_digit_year = true,
    .check_at = 15,
    .check_len = 1,
    .check_set = LETTERS,
    .check = it_check,
};

/* ── Germany: tax number; of its first ten digits one stands two or three times, but not three times in a row, and
 * each other at most once. The index counts the arrangements of such digits. ─────────────────────────────────────── */

enum { DE_DIGITS = 10, DE_PAIRS = 90, DE_PAIR_ORDERS = 1814400, DE_TRIPLES = 360, DE_TRIPLE_ORDERS = 604800 };

/* How often each digit occurs, out of the number of such a set: first those with a pair, then those with a triple. */
static void de_counts(uint32_t set, uint32_t count[DE_DIGITS])
{
    const uint32_t triple = set >= DE_PAIRS, left = triple ? set - DE_PAIRS : set, per = triple ? 36 : 9;
    uint32_t k = left % per, others[9], n = 0;
    const uint32_t twice = left / per;
    for (uint32_t d = 0; d < DE_DIGITS; d++) {
        count[d] = 1;
        if (d != twice)
            others[n++] = d;
    }
    count[twice] = 2 + triple;
    uint32_t first = k;
    if (triple) { /* k: a pair first < second of the others */
        uint32_t second = 1;
        while (k >= second)
            k -= second++;
        first = k;
        count[others[second]] = 0;
    }
    count[others[first]] = 0;
}

static bool de_set(const uint32_t count[DE_DIGITS], uint32_t *set)
{
    uint32_t twice = DE_DIGITS, missing[2] = { 0, 0 }, n_missing = 0, at = 0;
    for (uint32_t d = 0; d < DE_DIGITS; d++)
        if (count[d] > 1) {
            if (twice < DE_DIGITS || count[d] > 3)
                return false;
            twice = d;
        }
    for (uint32_t d = 0; d < DE_DIGITS; d++) {
        if (d == twice)
            continue;
        if (count[d] == 0) {
            if (n_missing == 2)
                return false;
            missing[n_missing++] = at;
        }
        at++;
    }
    if (twice == DE_DIGITS) /* all digits differ */
        return false;
    *set = count[twice] == 2 ? twice * 9 + missing[0]
                             : DE_PAIRS + twice * 36 + missing[1] * (missing[1] - 1) / 2 + missing[0];
    return true;
}

/* Ways to arrange digits of which each d occurs count[d] times. */
static uint32_t de_orders(const uint32_t count[DE_DIGITS])
{
    static const uint32_t factorial[DE_DIGITS + 1] = {
        1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800
    };
    uint32_t n = 0, ways;
    for (uint32_t d = 0; d < DE_DIGITS; d++)
        n += count[d];
    ways = factorial[n];
    for (uint32_t d = 0; d < DE_DIGITS; d++)
        ways /= factorial[count[d]];
    return ways;
}

static bool de_read(const uint8_t *sym, uint64_t *index)
{
    uint32_t count[DE_DIGITS] = { 0 }, set, order = 0;
    if (!bau_nid_digits(sym, DE_DIGITS))
        return false;
    for (uint32_t i = 0; i < DE_DIGITS; i++)
        count[sym[i] - '0']++;
    if (!de_set(count, &set))
        return false;
    uint32_t ways = de_orders(count);
    for (uint32_t i = 0; i < DE_DIGITS; i++) {
        const uint32_t digit = (uint32_t)sym[i] - '0', left = DE_DIGITS - i;
        uint32_t before = 0;
        for (uint32_t d = 0; d < digit; d++)
            before += count[d];
        order += (uint32_t)((uint64_t)ways * before / left);
        ways = (uint32_t)((uint64_t)ways * count[digit] / left);
        count[digit]--;
    }
    *index = set < DE_PAIRS ? (uint64_t)set * DE_PAIR_ORDERS + order
                            : (uint64_t)DE_PAIRS * DE_PAIR_ORDERS +
                                  (uint64_t)(set - DE_PAIRS) * DE_TRIPLE_ORDERS + order;
    return true;
}

static void de_write(uint8_t *sym, uint64_t index)
{
    const uint64_t pairs = (uint64_t)DE_PAIRS * DE_PAIR_ORDERS;
    const bool triple = index >= pairs;
    const uint64_t in = triple ? index - pairs : index, per = triple ? DE_TRIPLE_ORDERS : DE_PAIR_ORDERS;
    uint32_t count[DE_DIGITS], order = (uint32_t)(in % per), ways = (uint32_t)per;
    de_counts((uint32_t)(in / per) + (triple ? DE_PAIRS : 0), count);
    for (uint32_t i = 0; i < DE_DIGITS; i++) {
        const uint32_t left = DE_DIGITS - i;
        uint32_t d = 0, with_d;
        for (;; d++) {
            with_d = (uint32_t)((uint64_t)ways * count[d] / left);
            if (order < with_d)
                break;
            order -= with_d;
        }
        sym[i] = (uint8_t)('0' + d);
        ways = with_d;
        count[d]--;
    }
}

static bool de_accept(const uint8_t *sym)
{
    for (uint32_t i = 0; i + 2 < DE_DIGITS; i++)
        if (sym[i] == sym[i + 1] && sym[i] == sym[i + 2])
            return false;
    return sym[0] != '0';
}

static const struct bau_nid_scheme de = {
    .name = "de",
    .n = 11,
    .part = { { .kind = BAU_NID_CODE,
                .at = 0,
                .len = DE_DIGITS,
                .flags = BAU_NID_DIGITS,
                .hi = (uint64_t)DE_PAIRS * DE_PAIR_ORDERS + (uint64_t)DE_TRIPLES * DE_TRIPLE_ORDERS - 1,
                .read = de_read,
                .write = de_write } },
    .check_at = 10,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bau_nid_mod_11_10,
    .accept = de_accept,
};

const struct bau_nid_country bau_nids_west[] = {
    { "gb", "British National Insurance number", { &nino, &nino_short } },
    { "gb_nhs", "NHS number", { &nhs } },
    { "fr", "French NIR", { &fr, &fr_unknown_month } },
    { "es", "Spanish DNI or NIE", { &dni, &nie } },
    { "nl", "Dutch BSN", { &nl } },
    { "it", "Italian codice fiscale", { &it } },
    { "de", "German tax number", { &de } },
    { 0 },
};
