/* National ids of the Americas. Sources: Social Security Administration, SSN randomization (2011), and IRS, ITIN ranges;
 * Employment and Social Development Canada, SIN; Receita Federal do Brasil, IN 1.548 (CPF) and 2.119 (CNPJ); RENAPO,
 * instructivo normativo of the CURP (2021); Servicio de Registro Civil de Chile; AFIP, CUIT. */
#include "maskers/national.h"

/* ── United States ───────────────────────────────────────────────────────────────────────────────────────────────── */

/* Area 666 is not issued; three numbers were printed in advertisements and are void. */
static bool us_accept(const uint8_t *sym)
{
    return memcmp(sym, "666", 3) != 0 && memcmp(sym, "078051120", 9) != 0 &&
           memcmp(sym, "457555462", 9) != 0 && memcmp(sym, "219099999", 9) != 0;
}

/* Areas from 900 on are no social security numbers; with groups from 50 on they may be taxpayer numbers. */
static const struct bau_nid_scheme us_reserved = {
    .name = "us-reserved",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 3, .lo = 900, .hi = 999 },
              { .kind = BAU_NID_NUMBER, .at = 3, .len = 2, .lo = 1, .hi = 49 },
              { .kind = BAU_NID_NUMBER, .at = 5, .len = 4, .lo = 1, .hi = 9999 } },
};
static const struct bau_nid_scheme us = {
    .name = "us",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 3, .lo = 1, .hi = 899 },
              { .kind = BAU_NID_NUMBER, .at = 3, .len = 2, .lo = 1, .hi = 99 },
              { .kind = BAU_NID_NUMBER, .at = 5, .len = 4, .lo = 1, .hi = 9999 } },
    .accept = us_accept,
    .reserved = &us_reserved,
};

/* ── Canada: no number begins with 0 (fictitious ones for tax) or 8 ──────────────────────────────────────────────── */

static const struct bau_nid_scheme ca_reserved = {
    .name = "ca-reserved",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 8, .lo = 80000000, .hi = 89999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bau_nid_luhn,
};
static const struct bau_nid_scheme ca = {
    .name = "ca",
    .n = 9,
    .part = { { .kind = BAU_NID_SET, .at = 0, .len = 1, .set = "12345679" },
              { .kind = BAU_NID_NUMBER, .at = 1, .len = 7, .hi = 9999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789",
    .check = bau_nid_luhn,
    .reserved = &ca_reserved,
};

/* ── Brazil: two check digits, each 11 less the weighted sum mod 11, 10 and 11 being 0 ───────────────────────────── */

static uint8_t br_digit(uint32_t sum)
{
    return (uint8_t)('0' + (sum % 11 < 2 ? 0 : 11 - sum % 11));
}

static bool br_check(const uint8_t *sym, const uint8_t *weights, uint32_t n, uint8_t *out)
{
    out[0] = br_digit(bau_nid_weighted(sym, weights + 1, n));
    out[1] = br_digit(bau_nid_weighted(sym, weights, n) + (uint32_t)(out[0] - '0') * weights[n]);
    return true;
}

static bool cpf_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[10] = { 11, 10, 9, 8, 7, 6, 5, 4, 3, 2 };
    (void)s;
    (void)year;
    return br_check(sym, weights, 9, out);
}

static bool cnpj_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[13] = { 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2 };
    (void)s;
    (void)year;
    return br_check(sym, weights, 12, out);
}

/* A number of one digit repeated satisfies the formula and is void. */
static bool cpf_accept(const uint8_t *sym)
{
    return memcmp(sym, sym + 1, 10) != 0;
}

static bool cnpj_accept(const uint8_t *sym)
{
    return memcmp(sym, sym + 1, 13) != 0;
}

static const struct bau_nid_scheme cpf = {
    .name = "br",
    .n = 11,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 9, .hi = 999999999 } },
    .check_at = 9,
    .check_len = 2,
    .check_set = "0123456789",
    .check = cpf_check,
    .accept = cpf_accept,
};

/* The branch stays: 0001 is the head office. */
static const struct bau_nid_scheme cnpj = {
    .name = "br_cnpj",
    .n = 14,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 8, .hi = 99999999 },
              { .kind = BAU_NID_NUMBER, .at = 8, .len = 4, .flags = BAU_NID_KEPT, .lo = 1, .hi = 9999 } },
    .check_at = 12,
    .check_len = 2,
    .check_set = "0123456789",
    .check = cnpj_check,
    .accept = cnpj_accept,
};

/* Since July 2026 new numbers have letters; a letter counts as its ASCII code less 48. */
static bool cnpj_letters_accept(const uint8_t *sym)
{
    return !bau_nid_digits(sym, 12);
}

#define LETTERS_AND_DIGITS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
static const struct bau_nid_scheme cnpj_letters = {
    .name = "br_cnpj-letters",
    .n = 14,
    .part = { { .kind = BAU_NID_SET, .at = 0, .len = 8, .set = LETTERS_AND_DIGITS },
              { .kind = BAU_NID_SET, .at = 8, .len = 4, .flags = BAU_NID_KEPT, .set = LETTERS_AND_DIGITS } },
    .check_at = 12,
    .check_len = 2,
    .check_set = "0123456789",
    .check = cnpj_check,
    .accept = cnpj_letters_accept,
};

/* ── Mexico ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* First syllables that RENAPO replaces. */
static bool curp_accept(const uint8_t *sym)
{
    static const char words[] =
        "BACABAKABUEIBUEYCACACACOCAGACAGOCAKACAKOCOGECOGICOJACOJECOJICOJOCOLACULOFALOFETOGETAGUEIGUEYJETA"
        "JOTOKACAKACOKAGAKAGOKAKAKAKOKOGEKOGIKOJAKOJEKOJIKOJOKOLAKULOLILOLOCALOCOLOKALOKOMAMEMAMOMEARMEAS"
        "MEONMIARMIONMOCOMOKOMULAMULONACANACOPEDAPEDOPENEPIPIPITOPOPOPUTAPUTOQULORATAROBAROBEROBORUINSENO"
        "TETAVACAVAGAVAGOVAKAVUEIVUEYWUEIWUEY";
    for (const char *word = words; *word; word += 4)
        if (memcmp(word, sym, 4) == 0)
            return false;
    return true;
}

static bool curp_read_born(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    const bool fine = bau_nid_read_yymmdd(s, sym, b); /* sym[16]: a digit for those born before 2000 */
    b->year -= sym[16] <= '9' ? 100 : 0;
    return fine;
}

static bool curp_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    uint32_t sum = 0;
    (void)s;
    (void)year;
    for (uint32_t i = 0; i < 17; i++) /* Ñ stands between N and O */
        sum += (uint32_t)(sym[i] <= '9' ? sym[i] - '0' : sym[i] - 'A' + 10 + (sym[i] > 'N')) * (18 - i);
    out[0] = (uint8_t)('0' + (10 - sum % 10) % 10);
    return true;
}

#define CONSONANTS "BCDFGHJKLMNPQRSTVWXYZ"
static const struct bau_nid_scheme curp = {
    .name = "mx",
    .n = 18,
    .part = { { .kind = BAU_NID_SET, .at = 0, .len = 1, .set = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
              { .kind = BAU_NID_SET, .at = 1, .len = 1, .set = "AEIOUX" },
              { .kind = BAU_NID_SET, .at = 2, .len = 2, .set = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
              { .kind = BAU_NID_SET, .at = 10, .len = 1, .set = "HM" },
              { .kind = BAU_NID_WORD,
                .at = 11,
                .len = 2,
                .set = "ASBCBSCCCLCMCSCHDFDGGTGRHGJCMCMNMSNTNLOCPLQTQRSPSLSRTCTSTLVZYNZSNE" },
              { .kind = BAU_NID_SET, .at = 13, .len = 3, .set = CONSONANTS },
              { .kind = BAU_NID_SET, .at = 16, .len = 1, .set = LETTERS_AND_DIGITS } },
    .read_born = curp_read_born,
    .write_born = bau_nid_write_yymmdd,
    .born_at = 4,
    .check_at = 17,
    .check_len = 1,
    .check_set = "0123456789",
    .check = curp_check,
    .accept = curp_accept,
};

/* ── Chile: numbers below 50 million are people ──────────────────────────────────────────────────────────────────── */

static bool rut_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    uint32_t sum = 0;
    (void)year;
    for (uint32_t i = s->check_at, weight = 2; i-- > 0; weight = weight == 7 ? 2 : weight + 1)
        sum += (uint32_t)(sym[i] - '0') * weight;
    const uint32_t check = (11 - sum % 11) % 11;
    out[0] = check == 10 ? 'K' : (uint8_t)('0' + check);
    return true;
}

static const struct bau_nid_scheme rut7 = {
    .name = "cl-7",
    .n = 8,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 7, .lo = 1000000, .hi = 9999999 } },
    .check_at = 7,
    .check_len = 1,
    .check_set = "0123456789K",
    .check = rut_check,
};
static const struct bau_nid_scheme rut8 = {
    .name = "cl-8",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 8, .lo = 10000000, .hi = 49999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789K",
    .check = rut_check,
};
static const struct bau_nid_scheme rut_company = {
    .name = "cl-company",
    .n = 9,
    .part = { { .kind = BAU_NID_NUMBER, .at = 0, .len = 8, .lo = 50000000, .hi = 99999999 } },
    .check_at = 8,
    .check_len = 1,
    .check_set = "0123456789K",
    .check = rut_check,
};

/* ── Argentina: the first two digits tell what kind of taxpayer ──────────────────────────────────────────────────── */

static bool cuit_check(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t weights[10] = { 5, 4, 3, 2, 7, 6, 5, 4, 3, 2 };
    (void)s;
    (void)year;
    const uint32_t check = (11 - bau_nid_weighted(sym, weights, 10) % 11) % 11;
    out[0] = (uint8_t)('0' + (check == 10 ? 9 : check));
    return true;
}

static const struct bau_nid_scheme cuit = {
    .name = "ar",
    .n = 11,
    .part = { { .kind = BAU_NID_WORD,
                .at = 0,
                .len = 2,
                .flags = BAU_NID_KEPT,
                .set = "20232427303334505155" },
              { .kind = BAU_NID_NUMBER, .at = 2, .len = 8, .hi = 99999999 } },
    .check_at = 10,
    .check_len = 1,
    .check_set = "0123456789",
    .check = cuit_check,
};

const struct bau_nid_country bau_nids_americas[] = {
    { "us", "US social security number", { &us } },
    { "ca", "Canadian social insurance number", { &ca } },
    { "br", "Brazilian CPF", { &cpf } },
    { "br_cnpj", "Brazilian CNPJ", { &cnpj, &cnpj_letters } },
    { "mx", "Mexican CURP", { &curp } },
    { "cl", "Chilean RUT", { &rut7, &rut8, &rut_company } },
    { "ar", "Argentine CUIT or CUIL", { &cuit } },
    { 0 },
};
