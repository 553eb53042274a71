/* National ids of middle and southern Europe. Sources: Belgian royal decree of 3 April 1984; Portuguese Decreto-Lei 14/2013
 * (NIF); Austrian Dachverband, Versicherungsnummer; Swiss ZAS, AHV number; Irish Department of Social Protection, PPS
 * number; Croatian OIB Act; Greek IDIKA, AMKA; Polish Act on the population register (PESEL); Czech Act 133/2000 (rodné
 * číslo, also Slovak Act 301/1995). */
#include "maskers/national.h"

/* ── Belgium: 97 less the rest mod 97; from 2000 on with a 2 before. Months 21 to 52 are bis numbers of foreigners. ─ */

static uint32_t be_right(const uint8_t *sym, uint64_t century)
{
    uint64_t v = century;
    for (uint32_t i = 0; i < 9; i++)
        v = v * 10 + (uint64_t)(sym[i] - '0');
    return (uint32_t)(97 - v % 97);
}

static bool be_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    (void)s;
    bau_nid_put_two(out, be_right(sym, year < 2000 ? 0 : 2));
    return true;
}

static bool be_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    if (!bau_nid_digits(sym, 11) || !bau_nid_read_yymmdd(s, sym, b))
        return false;
    b->year -= bau_nid_two(sym + 9) == be_right(sym, 2) ? 0 : 100;
    b->sort = b->month / 20;
    b->month %= 20;
    return b->sort <= 2;
}

static void be_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    bau_nid_write_yymmdd(s, sym, b);
    bau_nid_put_two(sym + 2, b->month + 20 * b->sort);
}

static const struct bau_nid_scheme be = {
    .name = "be",
    .n = 11,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 3, .lo = 1, .hi = 998 } },
    .read_born = be_read_born,
    .write_born = be_write_born,
    .check_at = 9,
    .check_len = 2,
    .check_set = "0123456789",
    .check = be_check,
};

/* ── Portugal: the first digit tells what kind of taxpayer; it stays ─────────────────────────────────────────────── */

static bool pt_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[8] = { 9, 8, 7, 6, 5, 4, 3, 2 };
    const uint32_t left = bau_nid_weighted(sym, weights, 8) % 11;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + (left < 2 ? 0 : 11 - left));
    return true;
}

static const struct bau_nid_scheme pt = {
    .name = "pt",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 1, .flags = BAU_NID_KEPT, .lo = 1, .hi = 9 },
              { .kind = BAU_NID_NUMBER, .at = 1, .len = 7, .hi = 9999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789",
    .check = pt_check,
};

/* ── Austria: number, check digit, date ──────────────────────────────────────────────────────────────────────────── */

static bool at_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[10] = { 3, 7, 9, 0, 5, 8, 4, 2, 1, 6 };
    const uint32_t check =
        (bau_nid_weighted(sym, weights, 3) + bau_nid_weighted(sym + 4, weights + 4, 6)) % 11;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + check % 10);
    return check < 10;
}

static const struct bau_nid_scheme at = {
    .name = "at",
    .n = 10,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 3, .lo = 100, .hi = 999 } },
    .read_born = bau_nid_read_ddmmyy,
    .write_born = bau_nid_write_ddmmyy,
    .born_at = 4,
    .two_digit_year = true,
    .check_at = 3,
    .check_len = 1,
    .check_set = "0123456789",
    .check = at_check,
};

/* ── Switzerland: the check digit of EAN-13 ──────────────────────────────────────────────────────────────────────── */

static bool ch_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[12] = { 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3 };
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + (10 - bau_nid_weighted(sym, weights, 12) % 10) % 10);
    return true;
}

static const struct bau_nid_scheme ch = {
    .name = "ch",
    .n = 13,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 12, .lo = 756000000000, .hi = 756999999999 } },
    .check_at = 12,
    .check_len = 1,
    .check_set = "0123456789",
    .check = ch_check,
};

/* ── Ireland: a second letter takes part since 2013 ──────────────────────────────────────────────────────────────── */

static bool ie_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[7] = { 8, 7, 6, 5, 4, 3, 2 };
    uint32_t sum = bau_nid_weighted(sym, weights, 7);
    (void)year;
    if (s->n == 9)
        sum += 9 * (uint32_t)(sym[8] - 'A' + 1);
    out[0] = (uint8_t)s->check_set[sum % 23];
    return true;
}

static const struct bau_nid_scheme ie = {
    .name = "ie",
    .n = 8,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 7, .hi = 9999999 } },
    .check_at = 7,
    .check_len = 1,
    .check_set = "WABCDEFGHIJKLMNOPQRSTUV",
    .check = ie_check,
};
static const struct bau_nid_scheme ie_two_letters = {
    .name = "ie-9",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 7, .hi = 9999999 },
              { .kind = BAU_NID_SET, .at = 8, .len = 1, .flags = BAU_NID_KEPT, .set = "AH" } },
    .check_at = 7,
    .check_len = 1,
    .check_set = "WABCDEFGHIJKLMNOPQRSTUV",
    .check = ie_check,
};

/* ── Croatia, Greece ─────────────────────────────────────────────────────────────────────────────────────────────── */

static const struct bau_nid_scheme hr = {
    .name = "hr",
    .n = 11,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 10, .hi = 9999999999 } },
    .check_at = 10,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bau_nid_mod_11_10,
};

static const struct bau_nid_scheme gr = {
    .name = "gr",
    .n = 11,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 4, .hi = 9999 } },
    .read_born = bau_nid_read_ddmmyy,
    .write_born = bau_nid_write_ddmmyy,
    .two_digit_year = true,
    .check_at = 10,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bau_nid_luhn,
};

/* ── Poland: the month tells the century ─────────────────────────────────────────────────────────────────────────── */

static bool pl_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    static const int32_t centuries[5] = { 1900, 2000, 2100, 2200, 1800 };
    if (!bau_nid_read_yymmdd(s, sym, b))
        return false;
    b->year = b->year % 100 + centuries[b->month / 20];
    b->month %= 20;
    return true;
}

static void pl_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    bau_nid_write_yymmdd(s, sym, b);
    bau_nid_put_two(sym + 2, b->month + 20 * ((uint32_t)(b->year / 100 - 14) % 5));
}

static bool pl_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[10] = { 1, 3, 7, 9, 1, 3, 7, 9, 1, 3 };
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + (10 - bau_nid_weighted(sym, weights, 10) % 10) % 10);
    return true;
}

static const struct bau_nid_scheme pl = {
    .name = "pl",
    .n = 11,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 4, .hi = 9999 } },
    .read_born = pl_read_born,
    .write_born = pl_write_born,
    .check_at = 10,
    .check_len = 1,
    .check_set = "0123456789",
    .check = pl_check,
};

/* ── Czechia, Slovakia: divisible by 11; until 1985 a rest of 10 was written as 0. Women have 50 added to the month;
 * 20 more are added since 2004 on days that run out of numbers. Nine digits, without a check digit: until 1953. ────── */

static bool cz_split_month(struct bau_nid_born *b)
{
    b->sex = b->month >= 50;
    b->month -= 50 * b->sex;
    b->sort = b->month > 20 && b->year >= 2004;
    b->month -= 20 * b->sort;
    return true;
}

static bool cz_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    if (!bau_nid_read_yymmdd(s, sym, b))
        return false;
    const uint32_t yy = bau_nid_two(sym);
    if (s->n == 10)
        b->year = (int32_t)yy + (yy < 54 ? 2000 : 1900);
    else
        b->year = (int32_t)yy + (yy < 54 ? 1900 : 1800);
    return cz_split_month(b) && (s->n == 10 || yy < 54 || yy >= 80);
}

static void cz_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    bau_nid_write_yymmdd(s, sym, b);
    bau_nid_put_two(sym + 2, b->month + 50 * b->sex + 20 * b->sort);
}

static bool cz_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    uint32_t v = 0;
    (void)s;
    for (uint32_t i = 0; i < 9; i++)
        v = v * 10 + (uint32_t)(sym[i] - '0');
    out[0] = (uint8_t)('0' + v % 11 % 10);
    return v % 11 < 10 || year < 1985;
}

static const struct bau_nid_scheme cz = {
    .name = "cz",
    .n = 10,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 3, .hi = 999 } },
    .read_born = cz_read_born,
    .write_born = cz_write_born,
    .n_sexes = 2,
    .check_at = 9,
    .check_len = 1,
    .check_set = "0123456789",
    .check = cz_check,
};
static const struct bau_nid_scheme cz_old = {
    .name = "cz-9",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 3, .lo = 1, .hi = 999 } },
    .read_born = cz_read_born,
    .write_born = cz_write_born,
    .n_sexes = 2,
};

const struct bau_nid_country bau_nids_middle[] = {
    { "be", "Belgian national number", { &be } },
    { "pt", "Portuguese NIF", { &pt } },
    { "at", "Austrian social insurance number", { &at } },
    { "ch", "Swiss AHV number", { &ch } },
    { "ie", "Irish PPS number", { &ie, &ie_two_letters } },
    { "hr", "Croatian OIB", { &hr } },
    { "gr", "Greek AMKA", { &gr } },
    { "pl", "Polish PESEL", { &pl } },
    { "cz", "Czech birth number", { &cz, &cz_old } },
    { "sk", "Slovak birth number", { &cz, &cz_old } },
    { 0 },
};
