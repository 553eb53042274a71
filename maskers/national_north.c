/* National ids of northern and eastern Europe. Sources: Skatteverket, SKV 704 (personnummer, samordningsnummer);
 * Skatteetaten, fødselsnummer, D-number and synthetic test numbers; CPR-kontoret, Personnummeret i CPR; Finnish Digital and
 * Population Data Services Agency, personal identity code; Þjóðskrá (kennitala); Estonian standard EVS 585:2007; Lithuanian
 * asmens kodas; Bulgarian civil registration (EGN); Romanian Government ordinance 97/2005 (CNP). */
#include "maskers/national.h"

/* ── Sweden: day + 60 is a coordination number. Three spellings: with the century, without, and with a + for people who
 * are a hundred. ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool se_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    if (!(s->n == 12 ? bau_nid_read_yyyymmdd(s, sym, b) : bau_nid_read_yymmdd(s, sym, b)))
        return false;
    b->year -= s->marks ? 100 : 0;
    b->sort = b->day > 60;
    b->day -= 60 * b->sort;
    return !s->marks || sym[6] == '+';
}

static void se_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    struct bau_nid_born moved = *b;
    moved.day += 60 * b->sort;
    if (s->n == 12)
        bau_nid_write_yyyymmdd(s, sym, &moved);
    else
        bau_nid_write_yymmdd(s, sym, &moved);
}

/* Luhn over the ten digits of the short form. */
static bool se_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const struct bau_nid_scheme ten = { .check_at = 9 };
    uint8_t digits[9];
    memcpy(digits, sym + (s->n == 12 ? 2 : 0), 6);
    memcpy(digits + 6, sym + s->check_at - 3, 3);
    return bau_nid_luhn(&ten, digits, year, out);
}

static const struct bau_nid_scheme se = {
    .name = "se",
    .n = 10,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 3, .lo = 1, .hi = 999 } },
    .read_born = se_read_born,
    .write_born = se_write_born,
    .two_digit_year = true,
    .check_at = 9,
    .check_len = 1,
    .check_set = "0123456789",
    .check = se_check,
};
static const struct bau_nid_scheme se_century = {
    .name = "se-12",
    .n = 12,
    .part = { { .kind = BAU_NID_NUMBER, .at = 8, .len = 3, .lo = 1, .hi = 999 } },
    .read_born = se_read_born,
    .write_born = se_write_born,
    .check_at = 11,
    .check_len = 1,
    .check_set = "0123456789",
    .check = se_check,
};
static const struct bau_nid_scheme se_plus = {
    .name = "se-plus",
    .n = 11,
    .marks = "+",
    .part = { { .kind = BAU_NID_NUMBER, .at = 7, .len = 3, .lo = 1, .hi = 999 } },
    .read_born = se_read_born,
    .write_born = se_write_born,
    .two_digit_year = true,
    .check_at = 10,
    .check_len = 1,
    .check_set = "0123456789",
    .check = se_check,
};

/* ── Norway: the individual number tells the century. Day + 40 is a D-number; month + 80 a synthetic person. ──────── */

static bool no_year(uint32_t yy, uint32_t individual, int32_t *year)
{
    if (individual < 500 || (individual >= 900 && yy >= 40))
        *year = 1900 + (int32_t)yy;
    else if (yy < 40)
        *year = 2000 + (int32_t)yy;
    else if (individual < 750 && yy >= 54)
        *year = 1800 + (int32_t)yy;
    else
        return false;
    return true;
}

static bool no_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    if (!bau_nid_digits(sym, 9) || !bau_nid_read_ddmmyy(s, sym, b))
        return false;
    const uint32_t individual = bau_nid_two(sym + 6) * 10 + (uint32_t)(sym[8] - '0'),
                   yy = bau_nid_two(sym + 4);
    const uint32_t added = s->reserved ? 0 : 80;
    if (b->month < added)
        return false;
    b->month -= added;
    b->sort = b->day > 40;
    b->day -= 40 * b->sort;
    return no_year(yy, individual, &b->year);
}

static void no_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    struct bau_nid_born moved = *b;
    moved.day += 40 * b->sort;
    moved.month += s->reserved ? 0 : 80;
    bau_nid_write_ddmmyy(s, sym, &moved);
}

static bool no_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t first[9] = { 3, 7, 6, 1, 8, 9, 4, 5, 2 }, second[9] = { 5, 4, 3, 2, 7, 6, 5, 4, 3 };
    const uint32_t one = (11 - bau_nid_weighted(sym, first, 9) % 11) % 11;
    const uint32_t two = (11 - (bau_nid_weighted(sym, second, 9) + 2 * one) % 11) % 11;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + one % 10);
    out[1] = (uint8_t)('0' + two % 10);
    return one < 10 && two < 10;
}

static const struct bau_nid_scheme no_synthetic = {
    .name = "no-synthetic",
    .n = 11,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 3, .hi = 999 } },
    .read_born = no_read_born,
    .write_born = no_write_born,
    .check_at = 9,
    .check_len = 2,
    .check_set = "0123456789",
    .check = no_check,
};
static const struct bau_nid_scheme no = {
    .name = "no",
    .n = 11,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 3, .hi = 999 } },
    .read_born = no_read_born,
    .write_born = no_write_born,
    .check_at = 9,
    .check_len = 2,
    .check_set = "0123456789",
    .check = no_check,
    .reserved = &no_synthetic,
};

/* ── Denmark: the seventh digit tells the century. Numbers without a right check digit are given out since 2007; what
 * has a right one keeps one. ─────────────────────────────────────────────────────────────────────────────────────── */

static bool dk_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    if (!bau_nid_digits(sym, 7) || !bau_nid_read_ddmmyy(s, sym, b))
        return false;
    const uint32_t yy = bau_nid_two(sym + 4);
    if (sym[6] <= '3' || ((sym[6] == '4' || sym[6] == '9') && yy >= 37))
        b->year = 1900 + (int32_t)yy;
    else if (sym[6] != '4' && sym[6] != '9' && yy >= 58)
        b->year = 1800 + (int32_t)yy;
    return true;
}

static bool dk_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[9] = { 4, 3, 2, 7, 6, 5, 4, 3, 2 };
    const uint32_t check = (11 - bau_nid_weighted(sym, weights, 9) % 11) % 11;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + check % 10);
    return check < 10;
}

static const struct bau_nid_scheme dk = {
    .name = "dk",
    .n = 10,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 3, .hi = 999 } },
    .read_born = dk_read_born,
    .write_born = bau_nid_write_ddmmyy,
    .soft_check = true,
    .check_at = 9,
    .check_len = 1,
    .check_set = "0123456789",
    .check = dk_check,
};

/* ── Finland: the mark tells the century and stays; individual numbers from 900 on are temporary or for tests ─────── */

static bool fi_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    static const char marks[] = "+-YXWVUABCDEF";
    const char *mark = memchr(marks, sym[6], sizeof marks - 1);
    if (!mark || !bau_nid_read_ddmmyy(s, sym, b))
        return false;
    b->sort = (uint32_t)(mark - marks);
    b->year -= b->sort == 0 ? 200 : b->sort <= 6 ? 100 : 0;
    return true;
}

static bool fi_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    uint32_t v = 0;
    (void)year;
    for (uint32_t i = 0; i < 10; i++)
        v = i == 6 ? v : v * 10 + (uint32_t)(sym[i] - '0');
    out[0] = (uint8_t)s->check_set[v % 31];
    return true;
}

static const struct bau_nid_scheme fi_reserved = {
    .name = "fi-reserved",
    .n = 11,
    .marks = "+-",
    .part = { { .kind = BAU_NID_NUMBER, .at = 7, .len = 3, .lo = 900, .hi = 999 } },
    .read_born = fi_read_born,
    .write_born = bau_nid_write_ddmmyy,
    .check_at = 10,
    .check_len = 1,
    .check_set = "0123456789ABCDEFHJKLMNPRSTUVWXY",
    .check = fi_check,
};
static const struct bau_nid_scheme fi = {
    .name = "fi",
    .n = 11,
    .marks = "+-",
    .part = { { .kind = BAU_NID_NUMBER, .at = 7, .len = 3, .lo = 2, .hi = 899 } },
    .read_born = fi_read_born,
    .write_born = bau_nid_write_ddmmyy,
    .check_at = 10,
    .check_len = 1,
    .check_set = "0123456789ABCDEFHJKLMNPRSTUVWXY",
    .check = fi_check,
    .reserved = &fi_reserved,
};

/* ── Iceland: the last digit tells the century; day + 40 is a company ────────────────────────────────────────────── */

static bool is_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    const bool fine = bau_nid_read_ddmmyy(s, sym, b);
    b->year -= sym[9] == '9' ? 100 : sym[9] == '8' ? 200 : 0;
    b->sort = b->day > 40;
    b->day -= 40 * b->sort;
    return fine && (sym[9] == '0' || sym[9] >= '8');
}

static void is_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    struct bau_nid_born moved = *b;
    moved.day += 40 * b->sort;
    bau_nid_write_ddmmyy(s, sym, &moved);
    sym[9] = (uint8_t)('0' + b->year / 100 % 10);
}

static bool is_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[8] = { 3, 2, 7, 6, 5, 4, 3, 2 };
    const uint32_t check = (11 - bau_nid_weighted(sym, weights, 8) % 11) % 11;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + check % 10);
    return check < 10;
}

static const struct bau_nid_scheme is = {
    .name = "is",
    .n = 10,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 2, .hi = 99 } },
    .read_born = is_read_born,
    .write_born = is_write_born,
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789",
    .check = is_check,
};

/* ── Estonia, Lithuania: the first digit tells century and sex ───────────────────────────────────────────────────── */

static bool ee_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    const uint32_t kind = (uint32_t)sym[0] - '1';
    if (kind > 7 || !bau_nid_read_yymmdd(s, sym, b))
        return false;
    b->year += ((int32_t)kind / 2 - 2) * 100;
    b->sex = kind % 2;
    return true;
}

static void ee_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    bau_nid_write_yymmdd(s, sym, b);
    sym[0] = (uint8_t)('1' + (uint32_t)(b->year / 100 - 18) * 2 + b->sex);
}

static bool ee_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t first[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 1 },
                         second[10] = { 3, 4, 5, 6, 7, 8, 9, 1, 2, 3 };
    uint32_t check = bau_nid_weighted(sym, first, 10) % 11;
    (void)s;
    (void)year;
    if (check == 10)
        check = bau_nid_weighted(sym, second, 10) % 11 % 10;
    out[0] = (uint8_t)('0' + check);
    return true;
}

static const struct bau_nid_scheme ee = {
    .name = "ee",
    .n = 11,
    .part = { { .kind = BAU_NID_NUMBER, .at = 7, .len = 3, .hi = 999 } },
    .read_born = ee_read_born,
    .write_born = ee_write_born,
    .born_at = 1,
    .n_sexes = 2,
    .check_at = 10,
    .check_len = 1,
    .check_set = "0123456789",
    .check = ee_check,
};

/* ── Bulgaria: the month tells the century ───────────────────────────────────────────────────────────────────────── */

static bool bg_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    static const int32_t centuries[3] = { 1900, 1800, 2000 };
    if (!bau_nid_read_yymmdd(s, sym, b) || b->month >= 60)
        return false;
    b->year = b->year % 100 + centuries[b->month / 20];
    b->month %= 20;
    return true;
}

static void bg_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    bau_nid_write_yymmdd(s, sym, b);
    bau_nid_put_two(sym + 2, b->month + (b->year < 1900 ? 20 : b->year < 2000 ? 0 : 40));
}

static bool bg_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[9] = { 2, 4, 8, 5, 10, 9, 7, 3, 6 };
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + bau_nid_weighted(sym, weights, 9) % 11 % 10);
    return true;
}

static const struct bau_nid_scheme bg = {
    .name = "bg",
    .n = 10,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 3, .hi = 999 } },
    .read_born = bg_read_born,
    .write_born = bg_write_born,
    .check_at = 9,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bg_check,
};

/* ── Romania: the first digit tells sex and century, 7 and 8 a resident whose century is unknown ─────────────────── */

static bool ro_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    static const int32_t centuries[4] = { 19, 18, 20, 19 };
    const uint32_t kind = (uint32_t)sym[0] - '1';
    if (kind > 7 || !bau_nid_read_yymmdd(s, sym, b))
        return false;
    b->year += (centuries[kind / 2] - 20) * 100;
    b->sex = kind % 2;
    b->sort = kind >= 6;
    return true;
}

static void ro_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    const uint32_t century = b->sort ? 3 : b->year < 1900 ? 1 : b->year < 2000 ? 0 : 2;
    bau_nid_write_yymmdd(s, sym, b);
    sym[0] = (uint8_t)('1' + century * 2 + b->sex);
}

static bool ro_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[12] = { 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9 };
    const uint32_t check = bau_nid_weighted(sym, weights, 12) % 11;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + (check == 10 ? 1 : check));
    return true;
}

static const struct bau_nid_scheme ro = {
    .name = "ro",
    .n = 13,
    .part = { { .kind = BAU_NID_WORD,
                .at = 7,
                .len = 2,
                .set = "0102030405060708091011121314151617181920212223242526272829303132333435363738394041424"
                       "34445"
                       "46475152" },
              { .kind = BAU_NID_NUMBER, .at = 9, .len = 3, .lo = 1, .hi = 999 } },
    .read_born = ro_read_born,
    .write_born = ro_write_born,
    .born_at = 1,
    .n_sexes = 2,
    .check_at = 12,
    .check_len = 1,
    .check_set = "0123456789",
    .check = ro_check,
};

const struct bau_nid_country bau_nids_north[] = {
    { "se", "Swedish personnummer", { &se, &se_century, &se_plus } },
    { "no", "Norwegian fødselsnummer or D-number", { &no } },
    { "dk", "Danish CPR number", { &dk } },
    { "fi", "Finnish personal identity code", { &fi } },
    { "is", "Icelandic kennitala", { &is } },
    { "ee", "Estonian isikukood", { &ee } },
    { "lt", "Lithuanian asmens kodas", { &ee } },
    { "bg", "Bulgarian EGN", { &bg } },
    { "ro", "Romanian CNP", { &ro } },
    { 0 },
};
