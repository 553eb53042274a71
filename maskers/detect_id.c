/* Numbers that a state gives to a person, where shape and check digits tell them from other numbers. Bare runs of nine
 * digits are left out: one in ten of any would pass. Sources: the issuers' rules, as in reference pages of each. */
#include "maskers/detect_number.h"

#include <string.h>

static bool shape_is(const struct bau_groups *g, const char *sizes, uint8_t sep)
{
    const uint32_t k = (uint32_t)strlen(sizes);
    if (g->plus || g->n < k)
        return false;
    for (uint32_t i = 0; i < k; i++)
        if (g->size[i] != (uint8_t)(sizes[i] - '0') || g->paren[i] || (i > 0 && g->sep[i] != sep))
            return false;
    return true;
}

static uint32_t number(const uint8_t *digit, size_t n)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + digit[i];
    return v;
}

static bool day_of(const uint8_t *ddmm)
{
    const uint32_t day = number(ddmm, 2), month = number(ddmm + 2, 2);
    return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

/* United States: areas 000, 666 and 900 to 999 (but the taxpayers' of 900 on), group 00, serial 0000 are not given. */
static bool is_ssn(const uint8_t *d)
{
    return number(d, 3) != 0 && number(d, 3) != 666 && number(d + 3, 2) != 0 && number(d + 5, 4) != 0;
}

/* Brazil, CPF: two check digits, weights 10..2 and 11..2. */
static bool is_cpf(const uint8_t *d)
{
    for (uint32_t n = 9; n < 11; n++) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < n; i++)
            sum += d[i] * (n + 1 - i);
        if (sum * 10 % 11 % 10 != d[n])
            return false;
    }
    return true;
}

/* Poland, PESEL: the month carries the century. */
static bool is_pesel(const uint8_t *d)
{
    static const uint8_t weight[] = { 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1 };
    const uint32_t month = number(d + 2, 2) % 20, day = number(d + 4, 2);
    return month >= 1 && month <= 12 && day >= 1 && day <= 31 && bau_weighted(d, weight, 11) % 10 == 0;
}

/* Germany, tax number of a person: ISO 7064 mod 11,10; among the first ten digits exactly one comes twice or thrice. */
static bool is_steuer_id(const uint8_t *d)
{
    uint32_t product = 10, count[10] = { 0 }, repeated = 0;
    for (unsigned i = 0; i < 10; i++) {
        const uint32_t sum = (d[i] + product) % 10;
        product = (sum ? sum : 10) * 2 % 11;
        repeated += ++count[d[i]] == 2;
    }
    return d[0] != 0 && repeated == 1 && (11 - product) % 10 == d[10];
}

/* Switzerland, AHV: an EAN-13 under 756. */
static bool is_ahv(const uint8_t *d)
{
    static const uint8_t weight[] = { 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1 };
    return number(d, 3) == 756 && bau_weighted(d, weight, 13) % 10 == 0;
}

/* France, NIR: 97 minus the first thirteen digits mod 97. */
static bool is_nir(const uint8_t *d)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 13; i++)
        v = v * 10 + d[i];
    return (d[0] == 1 || d[0] == 2) && 97 - v % 97 == number(d + 13, 2);
}

/* India, Aadhaar: Verhoeff's scheme, the dihedral group of order ten. */
static bool is_aadhaar(const uint8_t *d)
{
    static const uint8_t power[8][10] = {
        { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 }, { 5, 8, 0, 3, 7, 9, 6, 1, 4, 2 },
        { 8, 9, 1, 6, 0, 4, 3, 5, 2, 7 }, { 9, 4, 5, 3, 1, 2, 6, 8, 7, 0 }, { 4, 2, 8, 6, 5, 7, 3, 9, 0, 1 },
        { 2, 7, 9, 3, 8, 0, 6, 4, 1, 5 }, { 7, 0, 4, 6, 9, 1, 3, 2, 5, 8 }
    };
    uint32_t c = 0;
    for (unsigned i = 0; i < 12; i++) {
        const uint32_t p = power[i % 8][d[11 - i]];
        const uint32_t turn = c < 5 ? (p < 5 ? (c + p) % 5 : 5 + (c + p - 5) % 5)
                                    : (p < 5 ? 5 + (c - 5 + 5 - p) % 5 : (c - 5 + 5 - (p - 5)) % 5);
        c = turn;
    }
    return d[0] >= 2 && c == 0;
}

static size_t of_digits(const uint8_t *text, size_t len, size_t at)
{
    struct bau_groups g;
    uint32_t k = 0;
    if (!bau_groups_read(text, len, at, &g))
        return 0;
    const uint8_t *d = g.digit;
    if ((shape_is(&g, "324", '-') || shape_is(&g, "324", ' ')) && is_ssn(d))
        k = 3;
    else if ((shape_is(&g, "333", ' ') || shape_is(&g, "333", '-')) && d[0] != 0 && d[0] != 8 &&
             bau_luhn(d, 9))
        k = 3; /* Canada */
    else if (shape_is(&g, "444", ' ') && is_aadhaar(d) && (g.n == 3 || g.sep[3] != ' '))
        k = 3;
    else if (shape_is(&g, "3442", '.') && is_ahv(d))
        k = 4;
    else if (shape_is(&g, "1222332", ' ') && is_nir(d))
        k = 7;
    else if (g.size[0] == 15 && is_nir(d))
        k = 1;
    else if (g.size[0] == 13 && is_ahv(d))
        k = 1;
    else if (g.size[0] == 11 && !g.plus && (is_pesel(d) || is_cpf(d) || is_steuer_id(d)))
        k = 1;
    else if (shape_is(&g, "2333", ' ') && is_steuer_id(d))
        k = 4;
    else if (g.n >= 4 && g.size[3] == 2 && g.sep[3] == '-' && shape_is(&g, "333", '.') && is_cpf(d))
        k = 4;
    else if (shape_is(&g, "64", '-') && day_of((const uint8_t[]){ d[4], d[5], d[2], d[3] }) &&
             bau_luhn(d, 10))
        k = 2; /* Sweden */
    return k && bau_word_ends(text, len, g.end[k - 1]) ? g.end[k - 1] - at : 0;
}

/* Letters, digits and what matches exactly: A a letter, 9 a digit, * either; blanks optional at _. */
static size_t match(const uint8_t *text, size_t len, size_t at, const char *shape)
{
    size_t i = at;
    for (const char *s = shape; *s; s++) {
        if (*s == '_') {
            i += i < len && text[i] == ' ';
            continue;
        }
        if (i >= len || (*s == 'A' && !bau_is_alpha(text[i])) || (*s == '9' && !bau_is_number(text[i])) ||
            (*s == '*' && !bau_is_alpha(text[i]) && !bau_is_number(text[i])) ||
            (*s == '-' && text[i] != '-' && text[i] != '+'))
            return 0;
        i++;
    }
    return bau_word_ends(text, len, i) ? i - at : 0;
}

/* Spain: the letter is number mod 23; X, Y, Z stand for 0, 1, 2. */
static bool is_dni(const uint8_t *p, size_t n)
{
    static const char letter[] = "TRWAGMYFPDXBNJZSQVHLCKE";
    uint32_t v = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        const uint8_t c = p[i] & 0xDFu;
        v = v * 10 + (bau_is_number(p[i]) ? (uint32_t)(p[i] - '0') : (uint32_t)(c - 'X'));
    }
    return (p[n - 1] & 0xDFu) == (uint8_t)letter[v % 23];
}

/* Finland: ddmmyy, a sign for the century, three digits, a character that is the number mod 31. */
static bool is_hetu(const uint8_t *p)
{
    static const char letter[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    uint8_t d[9];
    for (unsigned i = 0; i < 9; i++)
        d[i] = (uint8_t)(p[i < 6 ? i : i + 1] - '0');
    const uint8_t c = bau_is_alpha(p[10]) ? p[10] & 0xDFu : p[10];
    return day_of(d) && c == (uint8_t)letter[number(d, 9) % 31];
}

size_t bau_find_national_id(const uint8_t *text, size_t len, size_t at)
{
    size_t n;
    if (bau_is_number(text[at])) {
        if ((n = match(text, len, at, "99999999A")) > 0 && is_dni(text + at, n))
            return n;
        if ((n = match(text, len, at, "999999-999*")) > 0 && is_hetu(text + at))
            return n;
        return of_digits(text, len, at);
    }
    if ((n = match(text, len, at, "A9999999A")) > 0 && (text[at] & 0xDFu) >= 'X' &&
        (text[at] & 0xDFu) <= 'Z' && is_dni(text + at, n))
        return n;
    if ((n = match(text, len, at, "AA_99_99_99_A")) > 0 && (text[at + n - 1] & 0xDFu) <= 'D' &&
        !strchr("DFIQUV", text[at] & 0xDF) && !strchr("DFIOQUV", text[at + 1] & 0xDF))
        return n;                                    /* United Kingdom, NINO */
    return match(text, len, at, "AAAAAA99A99A999A"); /* Italy, codice fiscale */
}
