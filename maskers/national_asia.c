/* National ids of Asia, Africa and Oceania. Sources: UIDAI, Aadhaar numbering scheme; GB 11643-1999 (China); Korean
 * Resident Registration Act, enforcement rules; Ordinance 85 of 2014 of the Japanese ministry of internal affairs;
 * South African Identification Act 68 of 1997; Nüfus ve Vatandaşlık İşleri (Turkey); Israeli population registry;
 * Immigration & Checkpoints Authority of Singapore; Thai department of provincial administration; Australian Taxation
 * Office and Services Australia. */
#include "maskers/national.h"

/* ── India: 0 and 1 begin no Aadhaar; it reads not the same backwards ────────────────────────────────────────────── */

static bool in_accept(const uint8_t *sym)
{
    for (uint32_t i = 0; i < 6; i++)
        if (sym[i] != sym[11 - i])
            return true;
    return false;
}

static const struct bau_nid_scheme in_reserved = {
    .name = "in-reserved",
    .n = 12,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 11, .lo = 0, .hi = 19999999999 } },
    .check_at = 11,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bau_nid_verhoeff,
};
static const struct bau_nid_scheme in = {
    .name = "in",
    .n = 12,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 11, .lo = 20000000000, .hi = 99999999999 } },
    .check_at = 11,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bau_nid_verhoeff,
    .accept = in_accept,
    .reserved = &in_reserved,
};

/* ── China: the region of registration stays, ISO 7064 mod 11-2 ──────────────────────────────────────────────────── */

static bool cn_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    uint32_t p = 0;
    (void)s;
    (void)year;
    for (uint32_t i = 0; i < 17; i++)
        p = (p + (uint32_t)(sym[i] - '0')) * 2 % 11;
    const uint32_t check = (12 - p) % 11;
    out[0] = check == 10 ? 'X' : (uint8_t)('0' + check);
    return true;
}

static const struct bau_nid_scheme cn = {
    .name = "cn",
    .n = 18,
    .part = { { .kind = BAU_NID_NUMBER,
                .at = 0,
                .len = 6,
                .flags = BAU_NID_KEPT,
                .lo = 110000,
                .hi = 829999 },
              { .kind = BAU_NID_NUMBER, .at = 14, .len = 3, .hi = 999 } },
    .read_born = bau_nid_read_yyyymmdd,
    .write_born = bau_nid_write_yyyymmdd,
    .born_at = 6,
    .check_at = 17,
    .check_len = 1,
    .check_set = "0123456789X",
    .check = cn_check,
};

/* ── Korea: the seventh digit tells century, sex and whether somebody is a foreigner. Numbers given out since October
 * 2020 have no check digit. */

static bool kr_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    static const uint8_t centuries[10] = { 18, 19, 19, 20, 20, 19, 19, 20, 20, 18 };
    const uint32_t kind = (uint32_t)sym[6] - '0';
    if (!bau_nid_read_yymmdd(s, sym, b) || kind > 9)
        return false;
    b->year += ((int32_t)centuries[kind] - 20) * 100;
    b->sex = kind % 2;
    b->sort = kind >= 5 && kind <= 8;
    return true;
}

static void kr_write_born(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    bau_nid_write_yymmdd(s, sym, b);
    if (b->year < 1900)
        sym[6] = b->sex ? '9' : '0';
    else /* 1 2, 3 4 from 2000 on, foreigners 5 6, 7 8 */
        sym[6] = (uint8_t)('2' - b->sex + (b->year >= 2000 ? 2u : 0u) + 4 * b->sort);
}

static bool kr_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[12] = { 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5 };
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + (11 - bau_nid_weighted(sym, weights, 12) % 11) % 10);
    return true;
}

static const struct bau_nid_scheme kr = {
    .name = "kr",
    .n = 13,
    .part = { { .kind = BAU_NID_NUMBER, .at = 7, .len = 5, .hi = 96999 } },
    .read_born = kr_read_born,
    .write_born = kr_write_born,
    .n_sexes = 2,
    .soft_check = true,
    .check_at = 12,
    .check_len = 1,
    .check_set = "0123456789",
    .check = kr_check,
};

/* ── Japan: individual number ────────────────────────────────────────────────────────────────────────────────────── */

static bool jp_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[11] = { 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
    const uint32_t left = bau_nid_weighted(sym, weights, 11) % 11;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + (left < 2 ? 0 : 11 - left));
    return true;
}

static const struct bau_nid_scheme jp = {
    .name = "jp",
    .n = 12,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 11, .hi = 99999999999 } },
    .check_at = 11,
    .check_len = 1,
    .check_set = "0123456789",
    .check = jp_check,
};

/* ── South Africa: citizenship and the former race digit stay ────────────────────────────────────────────────────── */

static const struct bau_nid_scheme za = {
    .name = "za",
    .n = 13,
    .part = { { .kind = BAU_NID_NUMBER, .at = 6, .len = 4, .hi = 9999 },
              { .kind = BAU_NID_NUMBER, .at = 10, .len = 2, .flags = BAU_NID_KEPT, .hi = 29 } },
    .read_born = bau_nid_read_yymmdd,
    .write_born = bau_nid_write_yymmdd,
    .two_digit_year = true,
    .check_at = 12,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bau_nid_luhn,
};

/* ── Turkey ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool tr_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[9] = { 7, 9, 7, 9, 7, 9, 7, 9, 7 }, ones[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    const uint32_t first = bau_nid_weighted(sym, weights, 9) % 10;
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + first);
    out[1] = (uint8_t)('0' + (bau_nid_weighted(sym, ones, 9) + first) % 10);
    return true;
}

static const struct bau_nid_scheme tr = {
    .name = "tr",
    .n = 11,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 9, .lo = 100000000, .hi = 999999999 } },
    .check_at = 9,
    .check_len = 2,
    .check_set = "0123456789",
    .check = tr_check,
};

static const struct bau_nid_scheme il = {
    .name = "il",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 8, .lo = 1, .hi = 99999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bau_nid_luhn,
};

/* ── Singapore: the first letter tells citizens from foreigners, and the century; it stays ───────────────────────── */

static bool sg_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[7] = { 2, 7, 6, 5, 4, 3, 2 };
    static const char citizens[] = "JZIHGFEDCBA", foreigners[] = "XWUTRQPNMLK", from_2022[] = "XWUTRQPNJLK";
    uint32_t sum = bau_nid_weighted(sym + 1, weights, 7);
    (void)s;
    (void)year;
    sum += sym[0] == 'T' || sym[0] == 'G' ? 4 : sym[0] == 'M' ? 3 : 0;
    out[0] = (uint8_t)(sym[0] >= 'S' ? citizens : sym[0] == 'M' ? from_2022 : foreigners)[sum % 11];
    return true;
}

static const struct bau_nid_scheme sg = {
    .name = "sg",
    .n = 9,
    .part = { { .kind = BAU_NID_SET, .at = 0, .len = 1, .flags = BAU_NID_KEPT, .set = "STFGM" },
              { .kind = BAU_NID_NUMBER, .at = 1, .len = 7, .hi = 9999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    .check = sg_check,
};

/* ── Thailand: the first digit tells how somebody came by the number; it stays ───────────────────────────────────── */

static bool th_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[12] = { 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + (11 - bau_nid_weighted(sym, weights, 12) % 11) % 10);
    return true;
}

static const struct bau_nid_scheme th = {
    .name = "th",
    .n = 13,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 1, .flags = BAU_NID_KEPT, .lo = 1, .hi = 8 },
              { .kind = BAU_NID_NUMBER, .at = 1, .len = 11, .hi = 99999999999 } },
    .check_at = 12,
    .check_len = 1,
    .check_set = "0123456789",
    .check = th_check,
};

/* ── Australia: tax file number; Medicare number, whose last digit counts the issued cards ───────────────────────── */

static bool tfn_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[8] = { 1, 4, 3, 7, 5, 8, 6, 9 };
    const uint32_t check = bau_nid_weighted(sym, weights, 8) % 11; /* the last weight is 10, which is -1 */
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + check % 10);
    return check < 10;
}

static const struct bau_nid_scheme tfn = {
    .name = "au",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 8, .lo = 10000000, .hi = 99999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789",
    .check = tfn_check,
};

static bool medicare_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[8] = { 1, 3, 7, 9, 1, 3, 7, 9 };
    (void)s;
    (void)year;
    out[0] = (uint8_t)('0' + bau_nid_weighted(sym, weights, 8) % 10);
    return true;
}

static const struct bau_nid_scheme medicare = {
    .name = "au_medicare",
    .n = 10,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 8, .lo = 20000000, .hi = 69999999 },
              { .kind = BAU_NID_NUMBER, .at = 9, .len = 1, .flags = BAU_NID_KEPT, .lo = 1, .hi = 9 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789",
    .check = medicare_check,
};

const struct bau_nid_country bau_nids_asia[] = {
    { "in", "Indian Aadhaar number", { &in } },
    { "cn", "Chinese resident identity number", { &cn } },
    { "kr", "Korean resident registration number", { &kr } },
    { "jp", "Japanese individual number", { &jp } },
    { "za", "South African id number", { &za } },
    { "tr", "Turkish identity number", { &tr } },
    { "il", "Israeli identity number", { &il } },
    { "sg", "Singapore NRIC or FIN", { &sg } },
    { "th", "Thai personal identification number", { &th } },
    { "au", "Australian tax file number", { &tfn } },
    { "au_medicare", "Australian Medicare number", { &medicare } },
    { 0 },
};
