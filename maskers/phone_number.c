/* Reads telephone numbers for the phone maskers. Country codes: ITU-T E.164, list of 2016: one digit for
 * zones 1 and 7, two
 * for those below, three for the rest. */
#include "maskers/phone_number.h"

enum { LEAST_DIGITS = 5, MOST_NATIONAL = 18 };

/* Bytes of the punctuation at p; 0: none. */
static size_t punctuation(const uint8_t *p, const uint8_t *end)
{
    if (*p == ' ' || *p == '-' || *p == '(' || *p == ')' || *p == '.' || *p == '/' || *p == '\t')
        return 1;
    if (end - p >= 2 && p[0] == 0xC2 && p[1] == 0xA0) /* no-break space */
        return 2;
    if (end - p >= 3 && p[0] == 0xE2 && p[1] == 0x80 && p[2] >= 0x80 && p[2] <= 0xAF &&
        (p[2] <= 0x95 || p[2] == 0xAF)) /* spaces and dashes U+2000..2015, narrow no-break space */
        return 3;
    return 0;
}

static uint32_t code_length(const uint8_t *digit, uint32_t n)
{
    static const uint8_t two_digits[100] = {
        [20] = 1, [27] = 1, [30] = 1, [31] = 1, [32] = 1, [33] = 1, [34] = 1, [36] = 1, [39] = 1,
        [40] = 1, [41] = 1, [43] = 1, [44] = 1, [45] = 1, [46] = 1, [47] = 1, [48] = 1, [49] = 1,
        [51] = 1, [52] = 1, [53] = 1, [54] = 1, [55] = 1, [56] = 1, [57] = 1, [58] = 1, [60] = 1,
        [61] = 1, [62] = 1, [63] = 1, [64] = 1, [65] = 1, [66] = 1, [81] = 1, [82] = 1, [84] = 1,
        [86] = 1, [90] = 1, [91] = 1, [92] = 1, [93] = 1, [94] = 1, [95] = 1, [98] = 1,
    };
    if (n < 3 || digit[0] == 0)
        return 0;
    if (digit[0] == 1 || digit[0] == 7)
        return 1;
    return two_digits[digit[0] * 10 + digit[1]] ? 2 : 3;
}

bool bau_phone_read(const uint8_t *text, size_t len, struct bau_phone *out)
{
    bool plus = false;
    out->n = 0;
    if (len > BAU_PHONE_BYTES)
        return false;
    for (const uint8_t *p = text, *end = text + len; p < end;) {
        if (*p >= '0' && *p <= '9' && out->n < BAU_PHONE_DIGITS) {
            out->at[out->n] = (uint8_t)(p - text);
            out->digit[out->n++] = (uint8_t)(*p++ - '0');
            continue;
        }
        const size_t skip = punctuation(p, end);
        if (skip == 0 && (*p != '+' || out->n > 0 || plus))
            return false;
        plus = plus || skip == 0;
        p += skip ? skip : 1;
    }
    const bool zeros = !plus && out->n > 2 && out->digit[0] == 0 && out->digit[1] == 0;
    out->code_from = zeros ? 2 : 0;
    out->code_len = plus || zeros ? code_length(out->digit + out->code_from, out->n - out->code_from) : 0;
    out->national = out->code_len ? out->code_from + out->code_len : 0;
    return out->n >= LEAST_DIGITS && out->n > out->national && out->n - out->national <= MOST_NATIONAL;
}
