/* Case of letters by the layout of the Unicode blocks: a distance, or neighbours in pairs. */
#include "maskers/letter_case.h"

#include <string.h>

static const struct {
    uint16_t from, to; /* capitals, inclusive */
    uint16_t add;      /* to the small letter; 0: pairs, the capital is even or odd as `from` is */
} capitals[] = {
    { 'A', 'Z', 32 },     { 0xC0, 0xD6, 32 },   { 0xD8, 0xDE, 32 },    { 0x100, 0x12E, 0 },
    { 0x132, 0x136, 0 },  { 0x139, 0x147, 0 },  { 0x14A, 0x176, 0 },   { 0x179, 0x17D, 0 },
    { 0x1A0, 0x1A4, 0 },  { 0x1AF, 0x1AF, 0 },  { 0x218, 0x21A, 0 },   { 0x386, 0x386, 38 },
    { 0x388, 0x38A, 37 }, { 0x38C, 0x38C, 64 }, { 0x38E, 0x38F, 63 },  { 0x391, 0x3A1, 32 },
    { 0x3A3, 0x3AB, 32 }, { 0x400, 0x40F, 80 }, { 0x410, 0x42F, 32 },  { 0x460, 0x480, 0 },
    { 0x48A, 0x4BE, 0 },  { 0x4D0, 0x52E, 0 },  { 0x1E00, 0x1E94, 0 }, { 0x1EA0, 0x1EFE, 0 },
};

/* Greek small letters with an accent, and the capitals with one: the plain capital. */
static const struct {
    uint16_t from, to;
} plain[] = {
    { 0x3AC, 0x391 }, { 0x3AD, 0x395 }, { 0x3AE, 0x397 }, { 0x3AF, 0x399 }, { 0x3CC, 0x39F },
    { 0x3CD, 0x3A5 }, { 0x3CE, 0x3A9 }, { 0x390, 0x3AA }, { 0x3B0, 0x3AB }, { 0x3C2, 0x3A3 },
    { 0x386, 0x391 }, { 0x388, 0x395 }, { 0x389, 0x397 }, { 0x38A, 0x399 }, { 0x38C, 0x39F },
    { 0x38E, 0x3A5 }, { 0x38F, 0x3A9 }, { 0x131, 'I' },   { 0xFF, 0x178 },
};

static uint32_t lower(uint32_t c)
{
    for (size_t i = 0; i < BAU_COUNT(capitals) && c >= capitals[i].from; i++)
        if (c <= capitals[i].to)
            return capitals[i].add ? c + capitals[i].add : (c ^ capitals[i].from) & 1 ? c : c + 1;
    return c == 0x130 ? 'i' : c == 0x178 ? 0xFF : c;
}

static uint32_t upper(uint32_t c)
{
    for (size_t i = 0; i < BAU_COUNT(plain); i++)
        if (c == plain[i].from)
            return plain[i].to;
    for (size_t i = 0; i < BAU_COUNT(capitals); i++) {
        const uint32_t add = capitals[i].add ? capitals[i].add : 1;
        if (c >= capitals[i].from + add && c <= capitals[i].to + add && lower(c - add) == c)
            return c - add;
    }
    return c;
}

/* One character; what is no UTF-8 counts byte by byte. */
static size_t next(const uint8_t *text, size_t len, uint32_t *out)
{
    const uint32_t lead = text[0];
    const size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (size == 1 || size > len) {
        *out = lead;
        return 1;
    }
    uint32_t c = lead & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++)
        c = c << 6 | (text[i] & 0x3Fu);
    *out = c;
    return size;
}

static size_t put(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    out[0] = (uint8_t)(0xE0 | c >> 12);
    out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c & 0x3F));
    return 3;
}

enum bau_case bau_case_of_slow(const uint8_t *text, size_t len)
{
    size_t capital = 0, small = 0;
    for (size_t i = 0; i < len && !(capital && small);) {
        uint32_t c;
        if (text[i] < 0x80) {
            const uint8_t letter = (uint8_t)((text[i] | 0x20) - 'a');
            capital += letter < 26 && !(text[i] & 0x20);
            small += letter < 26 && (text[i] & 0x20);
            i++;
            continue;
        }
        const size_t size = next(text + i, len - i, &c);
        const bool is_capital = size > 1 && lower(c) != c;
        capital += is_capital;
        small += size > 1 && !is_capital && (upper(c) != c || c == 0xDF);
        i += size;
    }
    return small         ? (capital ? BAU_CASE_AS_IS : BAU_CASE_LOWER)
           : capital > 1 ? BAU_CASE_UPPER
                         : BAU_CASE_AS_IS;
}

static uint32_t recase(uint32_t c, enum bau_case how, bool turkic)
{
    if (how == BAU_CASE_LOWER)
        return turkic && c == 'I' ? 0x131 : lower(c);
    return turkic && c == 'i' ? 0x130 : upper(c);
}

size_t bau_case_put(uint8_t *out, const uint8_t *name, size_t len, enum bau_case how, bool turkic)
{
    size_t n = 0;
    if (how == BAU_CASE_AS_IS) {
        memcpy(out, name, len);
        return len;
    }
    for (size_t i = 0; i < len;) {
        uint32_t c;
        const size_t size = next(name + i, len - i, &c);
        if (how == BAU_CASE_UPPER && c == 0xDF) {
            out[n++] = 'S';
            out[n++] = 'S';
        } else if (size == 4 || (size == 1 && c >= 0x80)) {
            memcpy(out + n, name + i, size);
            n += size;
        } else {
            n += put(out + n, recase(c, how, turkic));
        }
        i += size;
    }
    return n;
}
