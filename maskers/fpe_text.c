/* Alphabets and UTF-8 for fpe.c. */
#include "maskers/fpe.h"

#include <stdlib.h>
#include <string.h>

uint32_t bau_fpe_code(const uint8_t *p, const uint8_t *end, uint32_t *out_len)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    const uint32_t n = *p < 0x80 ? 1 : *p < 0xC2 ? 0 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : *p < 0xF5 ? 4 : 0;
    *out_len = 1;
    if (n == 1)
        return *p;
    if (n == 0 || (size_t)(end - p) < n)
        return UINT32_MAX;
    uint32_t code = *p & (0x7Fu >> n);
    for (uint32_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0u) != 0x80u)
            return UINT32_MAX;
        code = code << 6 | (p[i] & 0x3Fu);
    }
    if (code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return UINT32_MAX;
    *out_len = n;
    return code;
}

uint32_t bau_fpe_put(uint8_t *dst, uint32_t code)
{
    if (code < 0x80) {
        dst[0] = (uint8_t)code;
        return 1;
    }
    const uint32_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[5] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (uint32_t i = n - 1; i > 0; i--, code >>= 6)
        dst[i] = (uint8_t)(0x80u | (code & 0x3Fu));
    dst[0] = (uint8_t)(lead[n] | code);
    return n;
}

uint32_t bau_alphabet_find(const struct bau_alphabet *a, uint32_t code)
{
    if (code < 128)
        return a->ascii[code];
    uint32_t low = 0, high = a->n_sorted;
    while (low < high) {
        const uint32_t mid = (low + high) / 2;
        if (a->sorted[mid] < code)
            low = mid + 1;
        else
            high = mid;
    }
    return low < a->n_sorted && a->sorted[low] == code ? a->sorted_for[low] + 1u : 0;
}

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct {
    const char *word, *symbols;
} words[] = {
    { "digits", DIGITS },
    { "lower", LOWER },
    { "upper", UPPER },
    { "letters", UPPER LOWER },
    { "alnum", DIGITS UPPER LOWER },
    { "hex", DIGITS "abcdef" },
    { "HEX", DIGITS "ABCDEF" },
    { "base32", UPPER "234567" },
    { "base64url", UPPER LOWER DIGITS "-_" },
};

/* Puts a code point above 127 where it belongs; the lists are short and made once. */
static void insert(uint32_t *sorted, uint16_t *sorted_for, uint32_t n, uint32_t code, uint32_t index)
{
    uint32_t i = n;
    for (; i > 0 && sorted[i - 1] > code; i--) {
        sorted[i] = sorted[i - 1];
        sorted_for[i] = sorted_for[i - 1];
    }
    sorted[i] = code;
    sorted_for[i] = (uint16_t)index;
}

bau_status bau_alphabet_init(struct bau_alphabet *out, const char *text, struct bau_arena *arena,
                             struct bau_error *err)
{
    for (size_t i = 0; i < BAU_COUNT(words); i++)
        text = strcmp(text, words[i].word) == 0 ? words[i].symbols : text;
    const uint8_t *p = (const void *)text, *end = p + strlen(text);
    const size_t most = (size_t)(end - p) + 1;
    uint32_t *code = bau_arena_take(arena, most * sizeof *code),
             *sorted = bau_arena_take(arena, most * sizeof *sorted);
    uint16_t *sorted_for = bau_arena_take(arena, most * sizeof *sorted_for);
    if (!code || !sorted || !sorted_for)
        return bau_error_set(err, BAU_E_NOMEM, "alphabet");
    *out = (struct bau_alphabet){ .code = code, .sorted = sorted, .sorted_for = sorted_for };
    for (uint32_t len; p < end; p += len) {
        const uint32_t c = bau_fpe_code(p, end, &len);
        if (c == UINT32_MAX || c < 0x20 || bau_alphabet_find(out, c) || out->radix == BAU_FPE_RADIX)
            return bau_error_set(err, BAU_E_USAGE,
                                 "alphabet must be one of " BAU_FPE_WORDS ", or 2 to %d different characters",
                                 BAU_FPE_RADIX);
        if (c < 128)
            out->ascii[c] = out->byte[c] = (uint8_t)(out->radix + 1);
        else
            insert(sorted, sorted_for, out->n_sorted++, c, out->radix);
        out->widest = len > out->widest ? len : out->widest;
        code[out->radix++] = c;
    }
    return out->radix >= 2 ? BAU_OK
                           : bau_error_set(err, BAU_E_USAGE, "alphabet must have at least two characters");
}
