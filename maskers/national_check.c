/* Check digits and dates that several countries share. */
#include "maskers/national.h"

static uint32_t first_digit(const struct bau_nid_scheme *s)
{
    return s->born_at;
}

/* Luhn: every second digit from the right is doubled, the digits of that are added. ISO/IEC 7812-1, annex B. */
bool bau_nid_luhn(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    uint32_t sum = 0;
    (void)year;
    for (uint32_t i = s->check_at, twice = 1; i-- > first_digit(s); twice = !twice) {
        const uint32_t d = (uint32_t)(sym[i] - '0') << twice;
        sum += d > 9 ? d - 9 : d;
    }
    out[0] = (uint8_t)('0' + (10 - sum % 10) % 10);
    return true;
}

/* ISO/IEC 7064, hybrid system mod 11,10. */
bool bau_nid_mod_11_10(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    uint32_t p = 10;
    (void)year;
    for (uint32_t i = first_digit(s); i < s->check_at; i++) {
        const uint32_t sum = ((uint32_t)(sym[i] - '0') + p) % 10;
        p = (sum ? sum : 10) * 2 % 11;
    }
    out[0] = (uint8_t)('0' + (11 - p) % 10);
    return true;
}

/* The product of two elements of the dihedral group D5, numbered as Verhoeff (1969) does: 0 to 4 turn, 5 to 9 flip. */
static uint32_t d5(uint32_t a, uint32_t b)
{
    if (a < 5)
        return b < 5 ? (a + b) % 5 : 5 + (a + b - 5) % 5;
    return b < 5 ? 5 + (a - 5 + 5 - b) % 5 : (a + 5 - b) % 5;
}

bool bau_nid_verhoeff(const struct bau_nid_scheme *s, const uint8_t *sym, int32_t year, uint8_t *out)
{
    static const uint8_t swap[10] = { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 };
    uint32_t c = 0;
    (void)year;
    for (uint32_t i = s->check_at, place = 1; i-- > first_digit(s); place = place % 8 + 1) {
        uint32_t d = (uint32_t)(sym[i] - '0');
        for (uint32_t k = 0; k < place; k++)
            d = swap[d];
        c = d5(c, d);
    }
    out[0] = (uint8_t)('0' + (c < 5 ? (5 - c) % 5 : c)); /* the inverse */
    return true;
}

/* ── dates ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

bool bau_nid_read_yymmdd(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    const uint8_t *p = sym + s->born_at;
    b->year = 2000 + (int32_t)bau_nid_two(p);
    b->month = bau_nid_two(p + 2);
    b->day = bau_nid_two(p + 4);
    return bau_nid_digits(p, 6);
}

void bau_nid_write_yymmdd(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    uint8_t *p = sym + s->born_at;
    bau_nid_put_two(p, (uint32_t)b->year % 100);
    bau_nid_put_two(p + 2, b->month);
    bau_nid_put_two(p + 4, b->day);
}

bool bau_nid_read_ddmmyy(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    const uint8_t *p = sym + s->born_at;
    b->day = bau_nid_two(p);
    b->month = bau_nid_two(p + 2);
    b->year = 2000 + (int32_t)bau_nid_two(p + 4);
    return bau_nid_digits(p, 6);
}

void bau_nid_write_ddmmyy(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    uint8_t *p = sym + s->born_at;
    bau_nid_put_two(p, b->day);
    bau_nid_put_two(p + 2, b->month);
    bau_nid_put_two(p + 4, (uint32_t)b->year % 100);
}

bool bau_nid_read_yyyymmdd(const struct bau_nid_scheme *s, const uint8_t *sym, struct bau_nid_born *b)
{
    const uint8_t *p = sym + s->born_at;
    b->year = (int32_t)(bau_nid_two(p) * 100 + bau_nid_two(p + 2));
    b->month = bau_nid_two(p + 4);
    b->day = bau_nid_two(p + 6);
    return bau_nid_digits(p, 8) && b->year < 2300;
}

void bau_nid_write_yyyymmdd(const struct bau_nid_scheme *s, uint8_t *sym, const struct bau_nid_born *b)
{
    uint8_t *p = sym + s->born_at;
    bau_nid_put_two(p, (uint32_t)b->year / 100);
    bau_nid_put_two(p + 2, (uint32_t)b->year % 100);
    bau_nid_put_two(p + 4, b->month);
    bau_nid_put_two(p + 6, b->day);
}
