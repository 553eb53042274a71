/* Numbers in text: cards, IBANs, dates, IP addresses, telephone numbers. Shapes first, check digits where there are. */
#include "maskers/detect_number.h"

#include <string.h>

/* Bytes of a separator at text[i]: one of " -./", a no-break space or a no-break hyphen; what it stands for in *sep. */
static size_t separator(const uint8_t *text, size_t len, size_t i, uint8_t *sep)
{
    if (i >= len)
        return 0;
    *sep = text[i];
    if (text[i] != '\0' && strchr(" -./", text[i]))
        return 1;
    *sep = ' ';
    if (len - i >= 2 && text[i] == 0xC2 && text[i + 1] == 0xA0)
        return 2;
    if (len - i >= 3 && text[i] == 0xE2 && text[i + 1] == 0x80 && text[i + 2] == 0xAF)
        return 3;
    *sep = '-';
    return len - i >= 3 && text[i] == 0xE2 && text[i + 1] == 0x80 && text[i + 2] >= 0x90 &&
                   text[i + 2] <= 0x93
               ? 3
               : 0;
}

bool bau_groups_read(const uint8_t *text, size_t len, size_t at, struct bau_groups *g)
{
    size_t i = at;
    uint8_t before = 0;
    *g = (struct bau_groups){ .plus = text[at] == '+' };
    i += g->plus;
    while (g->n < BAU_GROUPS) {
        const bool paren = i < len && text[i] == '(';
        size_t from = i += paren;
        while (i < len && bau_is_number(text[i]) && g->n_digits < BAU_GROUP_DIGITS)
            g->digit[g->n_digits++] = text[i++] - '0';
        const size_t digits = i - from;
        const bool cut = i < len && bau_is_number(text[i]); /* more digits than any number has */
        if (digits == 0 || cut || (paren && (i >= len || text[i] != ')'))) {
            g->n_digits -= (uint32_t)digits;
            break;
        }
        i += paren;
        g->size[g->n] = (uint8_t)digits;
        g->sep[g->n] = before;
        g->paren[g->n] = paren;
        g->end[g->n++] = i;
        const size_t step = separator(text, len, i, &before);
        if (!step && !(i < len && text[i] == '(') && !(paren && i < len && bau_is_number(text[i])))
            break;
        before = step ? before : 'x';
        i += step;
        uint8_t more = 0;
        for (unsigned n = 1; n < 3 && before != '.'; n++) { /* " / ", "- " */
            const size_t next = separator(text, len, i, &more);
            if (!next || more == '.')
                break;
            i += next;
            before = 'x';
        }
    }
    return g->n > 0;
}

/* ---- cards ---- */

static const struct {
    uint32_t from, to; /* first four digits */
    uint8_t least, most;
} brands[] = {
    { 4000, 4999, 13, 19 }, { 5100, 5599, 16, 16 }, { 2221, 2720, 16, 16 }, { 3400, 3499, 15, 15 },
    { 3700, 3799, 15, 15 }, { 6011, 6011, 16, 19 }, { 6440, 6599, 16, 19 }, { 3528, 3589, 16, 19 },
    { 3000, 3059, 14, 19 }, { 3095, 3095, 14, 19 }, { 3600, 3699, 14, 19 }, { 3800, 3999, 14, 19 },
    { 6200, 6299, 16, 19 }, { 8100, 8299, 16, 16 }, { 2200, 2204, 16, 19 }, { 5000, 5099, 13, 19 },
    { 5600, 5899, 13, 19 }, { 6300, 6399, 13, 19 }, { 6700, 6799, 13, 19 }, { 9792, 9792, 16, 16 },
    { 6000, 6099, 16, 16 },
};

static bool is_card(const uint8_t *digit, size_t n)
{
    if (n < 13 || n > 19)
        return false;
    const uint32_t first = digit[0] * 1000u + digit[1] * 100u + digit[2] * 10u + digit[3];
    for (size_t b = 0; b < BAU_COUNT(brands); b++)
        if (first >= brands[b].from && first <= brands[b].to && n >= brands[b].least && n <= brands[b].most)
            return bau_luhn(digit, n);
    return false;
}

static size_t find_card(const uint8_t *text, size_t len, size_t at, const struct bau_groups *g)
{
    uint32_t digits = 0;
    size_t best = 0;
    for (uint32_t k = 0; k < g->n && !g->plus; k++) {
        if (g->paren[k] || (k > 0 && (g->sep[k] != g->sep[1] || (g->sep[k] != ' ' && g->sep[k] != '-'))))
            break;
        if (k > 0 && g->size[k] < 2)
            break;
        digits += g->size[k];
        if (bau_word_ends(text, len, g->end[k]) && is_card(g->digit, digits))
            best = g->end[k] - at;
    }
    return best;
}

/* ---- IBAN ---- */

static uint32_t mod97(uint32_t rest, uint8_t c)
{
    const uint32_t v = bau_is_number(c) ? (uint32_t)(c - '0') : (uint32_t)((c & ~0x20u) - 'A' + 10);
    return (v > 9 ? rest * 100 + v : rest * 10 + v) % 97;
}

/* Two letters, two digits, 11 to 30 letters or digits, blanks between groups. */
static size_t find_iban(const uint8_t *text, size_t len, size_t at)
{
    uint8_t c[34];
    size_t n = 0, best = 0;
    if (len - at < 15 || !bau_is_alpha(text[at]) || !bau_is_alpha(text[at + 1]) ||
        !bau_is_number(text[at + 2]) || !bau_is_number(text[at + 3]))
        return 0;
    for (size_t i = at; i < len && n < sizeof c; i++) {
        if ((text[i] == ' ' || text[i] == '-') && n >= 4 && n % 4 == 0 && i + 1 < len &&
            (bau_is_alpha(text[i + 1]) || bau_is_number(text[i + 1])))
            continue;
        if (!bau_is_alpha(text[i]) && !bau_is_number(text[i]))
            break;
        c[n++] = text[i];
        if (n < 15 || !bau_word_ends(text, len, i + 1))
            continue;
        uint32_t rest = 0;
        for (size_t k = 0; k < n; k++)
            rest = mod97(rest, c[(k + 4) % n]);
        if (rest == 1)
            best = i + 1 - at;
    }
    return best;
}

/* ---- dates ---- */

static bool is_day(uint32_t day, uint32_t month)
{
    return day >= 1 && day <= 31 && month >= 1 && month <= 12;
}

static uint32_t group_value(const struct bau_groups *g, uint32_t k)
{
    uint32_t from = 0, v = 0;
    for (uint32_t i = 0; i < k; i++)
        from += g->size[i];
    for (uint32_t i = 0; i < g->size[k]; i++)
        v = v * 10 + g->digit[from + i];
    return v;
}

/* Hours, minutes and so on behind a date: T or a blank, digits and colons, fraction, zone. */
static size_t time_len(const uint8_t *text, size_t len, size_t at)
{
    size_t i = at;
    if (len - at < 6 || (text[i] != 'T' && text[i] != ' ') || !bau_is_number(text[i + 1]) ||
        !bau_is_number(text[i + 2]) || text[i + 3] != ':' || !bau_is_number(text[i + 4]))
        return 0;
    for (i++; i < len && i - at < 32 && (bau_is_number(text[i]) || (strchr(":.+", text[i]) && text[i])); i++)
        ;
    if (i < len && text[i] == 'Z')
        i++;
    while (text[i - 1] == '.' || text[i - 1] == ':' || text[i - 1] == '+')
        i--;
    return i - at;
}

static size_t find_date(const uint8_t *text, size_t len, size_t at, const struct bau_groups *g)
{
    if (g->plus || g->n < 3 || g->sep[1] != g->sep[2] ||
        (g->sep[1] != '-' && g->sep[1] != '.' && g->sep[1] != '/'))
        return 0;
    const uint32_t a = group_value(g, 0), b = group_value(g, 1), c = group_value(g, 2);
    const bool year_first = g->size[0] == 4 && g->size[1] <= 2 && g->size[2] <= 2 && is_day(c, b);
    const bool year_last = g->size[0] <= 2 && g->size[1] <= 2 && (g->size[2] == 4 || g->size[2] == 2) &&
                           (is_day(a, b) || is_day(b, a));
    size_t end = g->end[2];
    if (!year_first && !year_last)
        return 0;
    if (end < len && text[end] == '.' && end + 1 < len && bau_is_number(text[end + 1]))
        return 0; /* a fourth group: no date */
    if (end < len && (text[end] == 'T' || text[end] == ' '))
        end += time_len(text, len, end);
    return bau_word_ends(text, len, end) ? end - at : 0;
}

/* ---- IP addresses ---- */

/* Four decimal bytes. */
static size_t find_ip4(const uint8_t *text, size_t len, size_t at)
{
    size_t i = at;
    for (unsigned part = 0; part < 4; part++) {
        uint32_t v = 0, digits = 0;
        if (part && (i >= len || text[i++] != '.'))
            return 0;
        for (; i < len && bau_is_number(text[i]) && digits < 4; i++, digits++)
            v = v * 10 + (uint32_t)(text[i] - '0');
        if (digits == 0 || digits > 3 || v > 255)
            return 0;
    }
    if (!bau_word_ends(text, len, i) || (i + 1 < len && text[i] == '.' && bau_is_number(text[i + 1])))
        return 0;
    return i - at;
}

size_t bau_find_ip6(const uint8_t *text, size_t len, size_t at)
{
    size_t i = at, good = 0;
    uint32_t groups = 0;
    bool gap = false, digit = false;
    if (at > 0 && (text[at - 1] == ':' || text[at - 1] == '.'))
        return 0;
    if (text[i] == ':') {
        if (len - i < 3 || text[i + 1] != ':')
            return 0;
        gap = true;
        i += 2;
    }
    while (i < len && groups < 8) {
        size_t n = 0;
        while (n < 5 && i + n < len && bau_is_hex(text[i + n]))
            digit |= bau_is_number(text[i + n++]);
        if (n == 0 || n > 4)
            break;
        if (i + n < len && text[i + n] == '.' && (groups == 6 || (gap && groups < 6))) {
            const size_t v4 = find_ip4(text, len, i);
            return v4 ? i + v4 - at : 0;
        }
        groups++;
        i += n;
        if (bau_word_ends(text, len, i) && digit && (groups == 8 || gap))
            good = i - at;
        if (i >= len || text[i] != ':')
            break;
        i++;
        if (i < len && text[i] == ':') {
            if (gap)
                return 0;
            gap = true;
            i++;
            if (bau_word_ends(text, len, i) && digit)
                good = i - at;
        }
    }
    const size_t end = at + good;
    return good && (end + 1 >= len || text[end] != ':' || !bau_is_hex(text[end + 1])) ? good : 0;
}

/* ---- telephone numbers ---- */

static bool sizes_are(const struct bau_groups *g, uint32_t k, const char *sizes)
{
    if (strlen(sizes) != k)
        return false;
    for (uint32_t i = 0; i < k; i++)
        if (g->size[i] != (uint8_t)(sizes[i] - '0'))
            return false;
    return true;
}

/* A number of North America from digit `from` on: NXX NXX XXXX. */
static bool is_nanp(const uint8_t *d)
{
    return d[0] >= 2 && d[3] >= 2;
}

/* Written without a country's code; `n` digits in `k` groups. */
static bool is_national(const struct bau_groups *g, uint32_t k, uint32_t n)
{
    const uint8_t *d = g->digit;
    if (g->paren[0])
        return k >= 2 && n >= 7 && n <= 13;
    if (d[0] == 0)
        return d[1] != 0 &&
               ((k == 1 && n >= 10 && n <= 12) || (k >= 2 && g->size[0] >= 2 && n >= 8 && n <= 12));
    if ((sizes_are(g, k, "334") || (k == 1 && n == 10)) && is_nanp(d))
        return true;
    if (d[0] == 1 && (sizes_are(g, k, "1334") || (k == 1 && n == 11)) && is_nanp(d + 1))
        return true;
    if (d[0] == 1 && d[1] >= 3 && n == 11 && (k == 1 || sizes_are(g, k, "344")))
        return true; /* mobiles of China */
    if ((d[0] == 8 || d[0] == 7) && n == 11)
        return (k == 1 && d[1] == 9) || (k >= 2 && g->size[0] == 1 && (g->paren[1] || k >= 4)); /* Russia */
    if (d[0] >= 6 && n == 10 && sizes_are(g, k, "55"))
        return true; /* India */
    if (n == 9 && g->sep[1] != '.' && g->sep[1] != '/')
        return d[0] >= 4 && (sizes_are(g, k, "333") || sizes_are(g, k, "3222") || sizes_are(g, k, "2322"));
    return false;
}

static size_t find_phone(const uint8_t *text, size_t len, size_t at, const struct bau_groups *g)
{
    uint32_t digits = 0;
    size_t best = 0;
    for (uint32_t k = 0; k < g->n; k++) {
        const uint8_t *d = g->digit;
        digits += g->size[k];
        if (k > 0 && g->sep[k] == '.' && k > 1 && g->sep[k - 1] != '.')
            break; /* the end of a sentence, a decimal point */
        if (!bau_word_ends(text, len, g->end[k]))
            continue;
        const bool good = g->plus ? digits >= 8 && digits <= 15 && d[0] != 0
                          : d[0] == 0 && d[1] == 0 && g->n_digits > 2
                              ? digits >= 10 && digits <= 17 && d[2] != 0
                              : is_national(g, k + 1, digits);
        if (good)
            best = g->end[k] - at;
    }
    return best;
}

size_t bau_find_number(const uint8_t *text, size_t len, size_t at, bau_find *out)
{
    struct bau_groups g;
    size_t n;
    *out = BAU_FIND_IBAN;
    if (bau_is_alpha(text[at]) && (n = find_iban(text, len, at)) > 0)
        return n;
    *out = BAU_FIND_NATIONAL_ID;
    if (bau_is_alpha(text[at]))
        return bau_find_national_id(text, len, at);
    if (at > 1 && (text[at - 1] == '.' || text[at - 1] == ',') && bau_is_number(text[at - 2]))
        return 0; /* decimals */
    *out = BAU_FIND_IP;
    if (bau_is_number(text[at]) && (n = find_ip4(text, len, at)) > 0)
        return n;
    *out = BAU_FIND_NATIONAL_ID;
    if (bau_is_number(text[at]) && (n = bau_find_national_id(text, len, at)) > 0)
        return n;
    if (!bau_groups_read(text, len, at, &g))
        return 0;
    *out = BAU_FIND_CARD;
    if ((n = find_card(text, len, at, &g)) > 0)
        return n;
    *out = BAU_FIND_DATE;
    if ((n = find_date(text, len, at, &g)) > 0)
        return n;
    *out = BAU_FIND_PHONE;
    return find_phone(text, len, at, &g);
}
