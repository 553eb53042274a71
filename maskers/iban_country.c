/* Countries that use IBAN (ISO 13616; the registry that SWIFT keeps for it, release 101): own compilation of
 * the facts. */
#include "maskers/iban_country.h"

#include <string.h>

#include "maskers/id.h"

static const struct bau_iban_country countries[] = {
    { "AD", "8n", "12c", "" },     { "AE", "3n", "16n", "" },       { "AL", "8n", "16c", "" },
    { "AT", "5n", "11n", "" },     { "AZ", "4a", "20c", "" },       { "BA", "6n", "10n", "" },
    { "BE", "3n", "9n", "" },      { "BG", "4a4n", "2n8c", "" },    { "BH", "4a", "14c", "" },
    { "BI", "10n", "13n", "" },    { "BR", "13n", "10n", "1a1c" },  { "BY", "4c4n", "16c", "" },
    { "CH", "5n", "12c", "" },     { "CR", "4n", "14n", "" },       { "CY", "8n", "16c", "" },
    { "CZ", "4n", "16n", "" },     { "DE", "8n", "10n", "" },       { "DJ", "10n", "13n", "" },
    { "DK", "4n", "10n", "" },     { "DO", "4c", "20n", "" },       { "EE", "2n", "14n", "" },
    { "EG", "8n", "17n", "" },     { "ES", "8n", "12n", "" },       { "FI", "3n", "11n", "" },
    { "FK", "2a", "12n", "" },     { "FO", "4n", "10n", "" },       { "FR", "10n", "11c2n", "" },
    { "GB", "4a6n", "8n", "" },    { "GE", "2a", "16n", "" },       { "GI", "4a", "15c", "" },
    { "GL", "4n", "10n", "" },     { "GR", "7n", "16c", "" },       { "GT", "4c", "20c", "" },
    { "HN", "4a", "20n", "" },     { "HR", "7n", "10n", "" },       { "HU", "8n", "16n", "" },
    { "IE", "4a6n", "8n", "" },    { "IL", "6n", "13n", "" },       { "IQ", "4a3n", "12n", "" },
    { "IS", "4n", "18n", "" },     { "IT", "1a10n", "12c", "" },    { "JO", "4a4n", "18c", "" },
    { "KW", "4a", "22c", "" },     { "KZ", "3n", "13c", "" },       { "LB", "4n", "20c", "" },
    { "LC", "4a", "24c", "" },     { "LI", "5n", "12c", "" },       { "LT", "5n", "11n", "" },
    { "LU", "3n", "13c", "" },     { "LV", "4a", "13c", "" },       { "LY", "6n", "15n", "" },
    { "MC", "10n", "11c2n", "" },  { "MD", "2c", "18c", "" },       { "ME", "3n", "15n", "" },
    { "MK", "3n", "10c2n", "" },   { "MN", "4n", "12n", "" },       { "MR", "10n", "13n", "" },
    { "MT", "4a5n", "18c", "" },   { "MU", "4a4n", "12n", "3n3a" }, { "NI", "4a", "20n", "" },
    { "NL", "4a", "10n", "" },     { "NO", "4n", "7n", "" },        { "OM", "3n", "16c", "" },
    { "PK", "4a", "16c", "" },     { "PL", "8n", "16n", "" },       { "PS", "4a", "21c", "" },
    { "PT", "8n", "13n", "" },     { "QA", "4a", "21c", "" },       { "RO", "4a", "16c", "" },
    { "RS", "3n", "15n", "" },     { "RU", "14n", "15c", "" },      { "SA", "2n", "18c", "" },
    { "SC", "4a4n", "16n", "3a" }, { "SD", "2n", "12n", "" },       { "SE", "3n", "17n", "" },
    { "SI", "5n", "10n", "" },     { "SK", "4n", "16n", "" },       { "SM", "1a10n", "12c", "" },
    { "SO", "7n", "12n", "" },     { "ST", "8n", "13n", "" },       { "SV", "4a", "20n", "" },
    { "TL", "3n", "16n", "" },     { "TN", "5n", "15n", "" },       { "TR", "6n", "16c", "" },
    { "UA", "6n", "19c", "" },     { "VA", "3n", "15n", "" },       { "VG", "4a", "16n", "" },
    { "XK", "4n", "12n", "" },     { "YE", "4a4n", "18c", "" },
};

static const struct bau_bban_check checks[] = {
    /* of one country: side by side */
    { "BA", BAU_BBAN_98, 0, 14, 14, "", false },
    { "BE", BAU_BBAN_REST_97, 0, 10, 10, "", false },
    { "CZ", BAU_BBAN_WEIGHT_11, 4, 5, 9, "A5842", false },
    { "CZ", BAU_BBAN_WEIGHT_11, 10, 9, 19, "6379A5842", false },
    { "EE", BAU_BBAN_WEIGHT_10, 2, 13, 15, "7137137137137", false },
    { "ES", BAU_BBAN_SPAIN, 0, 8, 8, "485A9736", false },
    { "ES", BAU_BBAN_SPAIN, 10, 10, 9, "12485A9736", false },
    { "FI", BAU_BBAN_LUHN, 0, 13, 13, "", false },
    { "FR", BAU_BBAN_RIB, 0, 21, 21, "", false },
    { "HR", BAU_BBAN_MOD_11_10, 0, 6, 6, "", false },
    { "HR", BAU_BBAN_MOD_11_10, 7, 9, 16, "", false },
    { "HU", BAU_BBAN_WEIGHT_10, 0, 7, 7, "9731973", false },
    { "HU", BAU_BBAN_WEIGHT_10, 8, 15, 23, "973197319731973", false },
    { "IT", BAU_BBAN_CIN, 1, 22, 0, "", false },
    { "MC", BAU_BBAN_RIB, 0, 21, 21, "", false },
    { "ME", BAU_BBAN_98, 0, 16, 16, "", false },
    { "MK", BAU_BBAN_98, 0, 13, 13, "", false },
    { "MR", BAU_BBAN_97, 0, 21, 21, "", false },
    { "NL", BAU_BBAN_WEIGHT_11, 4, 9, 13, "A98765432", true },
    { "NO", BAU_BBAN_NORWAY, 0, 10, 10, "5432765432", false },
    { "PL", BAU_BBAN_WEIGHT_10, 0, 7, 7, "3971397", false },
    { "PT", BAU_BBAN_98, 0, 19, 19, "", false },
    { "RS", BAU_BBAN_98, 0, 16, 16, "", false },
    { "SI", BAU_BBAN_98, 0, 13, 13, "", false },
    { "SK", BAU_BBAN_WEIGHT_11, 4, 5, 9, "A5842", false },
    { "SK", BAU_BBAN_WEIGHT_11, 10, 9, 19, "6379A5842", false },
    { "SM", BAU_BBAN_CIN, 1, 22, 0, "", false },
    { "TL", BAU_BBAN_98, 0, 17, 17, "", false },
    { "TN", BAU_BBAN_97, 0, 18, 18, "", false },
};

const struct bau_iban_country *bau_iban_country(const uint8_t letters[2])
{
    size_t low = 0, high = BAU_COUNT(countries);
    while (low < high) {
        const size_t mid = (low + high) / 2;
        const int order = memcmp(countries[mid].country, letters, 2);
        if (order == 0)
            return &countries[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct bau_bban_check *bau_bban_checks(const uint8_t letters[2], uint32_t *out_n)
{
    const struct bau_bban_check *first = NULL;
    *out_n = 0;
    for (size_t i = 0; i < BAU_COUNT(checks); i++) {
        if (memcmp(checks[i].country, letters, 2) != 0)
            continue;
        first = first ? first : &checks[i];
        ++*out_n;
    }
    return first;
}

uint32_t bau_bban_modulus(const struct bau_bban_check *check)
{
    switch ((bau_bban_kind)check->kind) {
    case BAU_BBAN_98:
    case BAU_BBAN_97:
    case BAU_BBAN_REST_97:
    case BAU_BBAN_RIB: return 100;
    case BAU_BBAN_CIN: return 26;
    case BAU_BBAN_LUHN:
    case BAU_BBAN_WEIGHT_10:
    case BAU_BBAN_WEIGHT_11:
    case BAU_BBAN_SPAIN:
    case BAU_BBAN_NORWAY:
    case BAU_BBAN_MOD_11_10: break;
    }
    return 10;
}

static uint32_t rib_digit(uint8_t c) /* A-I 1-9, J-R 1-9, S-Z 2-9 */
{
    return bau_is_digit(c) ? (uint32_t)(c - '0')
           : c < 'S'       ? (uint32_t)(c - 'A') % 9 + 1
                           : (uint32_t)(c - 'S') + 2;
}

static uint32_t rest_97(const uint8_t *p, uint32_t n, bool rib)
{
    uint32_t rest = 0;
    for (uint32_t i = 0; i < n; i++) {
        const bool letter = !bau_is_digit(p[i]) && !rib;
        rest = letter ? (rest * 100 + (uint32_t)(p[i] - 'A') + 10) % 97 : (rest * 10 + rib_digit(p[i])) % 97;
    }
    return rest;
}

static uint32_t weighted(const struct bau_bban_check *check, const uint8_t *p)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < check->len; i++)
        sum +=
            (check->weights[i] == 'A' ? 10u : (uint32_t)(check->weights[i] - '0')) * (uint32_t)(p[i] - '0');
    return sum;
}

static uint32_t norway_short(const uint8_t *p) /* weights 5 4 3 2 */
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 4; i++)
        sum += (5 - i) * (uint32_t)(p[i] - '0');
    const uint32_t rest = (11 - sum % 11) % 11;
    return rest < 10 ? rest : UINT32_MAX;
}

static uint32_t cin(const uint8_t *p, uint32_t n)
{
    static const uint8_t odd[26] = { 1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                     20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23 };
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t v = (uint32_t)(bau_is_digit(p[i]) ? p[i] - '0' : p[i] - 'A');
        sum += i % 2 ? v : odd[v];
    }
    return sum % 26;
}

static uint32_t mod_11_10(const uint8_t *p, uint32_t n)
{
    uint32_t rest = 10;
    for (uint32_t i = 0; i < n; i++) {
        rest = (rest + (uint32_t)(p[i] - '0')) % 10;
        rest = (rest ? rest : 10) * 2 % 11;
    }
    return (11 - rest) % 10;
}

static uint32_t luhn(const uint8_t *p, uint32_t n)
{
    uint8_t digits[BAU_ID_SYMBOLS];
    memcpy(digits, p, n);
    digits[n] = '0';
    return bau_id_luhn(digits, n + 1, n) - (uint32_t)'0';
}

uint32_t bau_bban_right(const struct bau_bban_check *check, const uint8_t *bban)
{
    const uint8_t *p = bban + check->from;
    uint32_t rest;
    switch ((bau_bban_kind)check->kind) {
    case BAU_BBAN_98: return 98 - rest_97(p, check->len, false) * 100 % 97;
    case BAU_BBAN_97: return 97 - rest_97(p, check->len, false) * 100 % 97;
    case BAU_BBAN_RIB: return 97 - rest_97(p, check->len, true) * 100 % 97;
    case BAU_BBAN_REST_97: rest = rest_97(p, check->len, false); return rest ? rest : 97;
    case BAU_BBAN_CIN: return cin(p, check->len);
    case BAU_BBAN_LUHN: return luhn(p, check->len);
    case BAU_BBAN_WEIGHT_10: return (10 - weighted(check, p) % 10) % 10;
    case BAU_BBAN_MOD_11_10: return mod_11_10(p, check->len);
    case BAU_BBAN_NORWAY:
        if (p[4] == '0' && p[5] == '0')
            return norway_short(p + 6);
        break;
    case BAU_BBAN_WEIGHT_11:
    case BAU_BBAN_SPAIN: break;
    }
    rest = (11 - weighted(check, p) % 11) % 11;
    return rest < 10 ? rest : check->kind == BAU_BBAN_SPAIN ? 1 : UINT32_MAX;
}
