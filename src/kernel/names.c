/* Finding and drawing names, and telling scripts apart. The arrays come from the generated names_data.c. */
#include "src/kernel/names_data.h"

#include <string.h>

const struct bau_dict *bau_names_find(const char *locale, enum bau_names_kind kind)
{
    const size_t len = strcspn(locale, "-_.@");
    for (size_t i = 0; bau_names_locales[i]; i++) {
        if (strlen(bau_names_locales[i]) == len && memcmp(bau_names_locales[i], locale, len) == 0)
            return &bau_names_data[i * BAU_NAMES_KINDS + (size_t)kind];
    }
    return NULL;
}

void bau_dict_pick_batch(const struct bau_dict *d, const uint64_t *random, uint32_t n, uint32_t *out)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = bau_dict_pick(d, random[i]);
}

/* Blocks that hold letters, from the Unicode block list. In order. */
static const struct {
    uint32_t from, to;
    enum bau_script script;
} blocks[] = {
    { 0x41, 0x5A, BAU_SCRIPT_LATIN },        { 0x61, 0x7A, BAU_SCRIPT_LATIN },
    { 0xAA, 0xAA, BAU_SCRIPT_LATIN },        { 0xBA, 0xBA, BAU_SCRIPT_LATIN },
    { 0xC0, 0xD6, BAU_SCRIPT_LATIN },        { 0xD8, 0xF6, BAU_SCRIPT_LATIN },
    { 0xF8, 0x2AF, BAU_SCRIPT_LATIN },       { 0x370, 0x373, BAU_SCRIPT_GREEK },
    { 0x376, 0x37D, BAU_SCRIPT_GREEK },      { 0x37F, 0x3FF, BAU_SCRIPT_GREEK },
    { 0x400, 0x52F, BAU_SCRIPT_CYRILLIC },   { 0x620, 0x65F, BAU_SCRIPT_ARABIC },
    { 0x66E, 0x6D3, BAU_SCRIPT_ARABIC },     { 0x6D5, 0x6EF, BAU_SCRIPT_ARABIC },
    { 0x6FA, 0x6FF, BAU_SCRIPT_ARABIC },     { 0x750, 0x77F, BAU_SCRIPT_ARABIC },
    { 0x8A0, 0x8FF, BAU_SCRIPT_ARABIC },     { 0x900, 0x963, BAU_SCRIPT_DEVANAGARI },
    { 0x970, 0x97F, BAU_SCRIPT_DEVANAGARI }, { 0x1100, 0x11FF, BAU_SCRIPT_HANGUL },
    { 0x1C80, 0x1C8F, BAU_SCRIPT_CYRILLIC }, { 0x1E00, 0x1EFF, BAU_SCRIPT_LATIN },
    { 0x1F00, 0x1FFF, BAU_SCRIPT_GREEK },    { 0x2C60, 0x2C7F, BAU_SCRIPT_LATIN },
    { 0x2DE0, 0x2DFF, BAU_SCRIPT_CYRILLIC }, { 0x3005, 0x3007, BAU_SCRIPT_HAN },
    { 0x3041, 0x309F, BAU_SCRIPT_KANA },     { 0x30A1, 0x30FA, BAU_SCRIPT_KANA },
    { 0x30FC, 0x30FF, BAU_SCRIPT_KANA },     { 0x3131, 0x318E, BAU_SCRIPT_HANGUL },
    { 0x31F0, 0x31FF, BAU_SCRIPT_KANA },     { 0x3400, 0x4DBF, BAU_SCRIPT_HAN },
    { 0x4E00, 0x9FFF, BAU_SCRIPT_HAN },      { 0xA640, 0xA69F, BAU_SCRIPT_CYRILLIC },
    { 0xA722, 0xA7FF, BAU_SCRIPT_LATIN },    { 0xA8E0, 0xA8FF, BAU_SCRIPT_DEVANAGARI },
    { 0xA960, 0xA97F, BAU_SCRIPT_HANGUL },   { 0xAC00, 0xD7FF, BAU_SCRIPT_HANGUL },
    { 0xF900, 0xFAFF, BAU_SCRIPT_HAN },      { 0xFB00, 0xFB06, BAU_SCRIPT_LATIN },
    { 0xFB50, 0xFDFF, BAU_SCRIPT_ARABIC },   { 0xFE70, 0xFEFC, BAU_SCRIPT_ARABIC },
    { 0xFF21, 0xFF3A, BAU_SCRIPT_LATIN },    { 0xFF41, 0xFF5A, BAU_SCRIPT_LATIN },
    { 0xFF66, 0xFF9F, BAU_SCRIPT_KANA },     { 0xFFA0, 0xFFDC, BAU_SCRIPT_HANGUL },
    { 0x1B000, 0x1B16F, BAU_SCRIPT_KANA },   { 0x20000, 0x323AF, BAU_SCRIPT_HAN },
};

static enum bau_script script_of_letter(uint32_t c)
{
    for (size_t i = 0; i < BAU_COUNT(blocks) && c >= blocks[i].from; i++) {
        if (c <= blocks[i].to)
            return blocks[i].script;
    }
    return BAU_SCRIPT_OTHER;
}

enum bau_script bau_script_of(const uint8_t *utf8, size_t n)
{
    enum bau_script found = BAU_SCRIPT_OTHER;
    for (size_t i = 0; i < n;) {
        uint32_t c = utf8[i];
        const size_t len = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        if (len > n - i)
            break;
        c &= len == 1 ? 0xFFu : 0x7Fu >> len;
        for (size_t k = 1; k < len; k++)
            c = c << 6 | (utf8[i + k] & 0x3Fu);
        i += len;
        const enum bau_script s = len == 1 && c >= 0x80 ? BAU_SCRIPT_OTHER : script_of_letter(c);
        if (s == BAU_SCRIPT_OTHER)
            continue;
        if (s != BAU_SCRIPT_HAN && found == BAU_SCRIPT_OTHER)
            return s;
        if (s == BAU_SCRIPT_KANA)
            return s;
        found = BAU_SCRIPT_HAN; /* it was Han already, or this is the first letter; look for kana behind it */
    }
    return found;
}

const char *bau_script_locale(enum bau_script script)
{
    switch (script) {
    case BAU_SCRIPT_CYRILLIC: return "ru";
    case BAU_SCRIPT_GREEK: return "el";
    case BAU_SCRIPT_ARABIC: return "ar";
    case BAU_SCRIPT_HAN: return "zh";
    case BAU_SCRIPT_KANA: return "ja";
    case BAU_SCRIPT_HANGUL: return "ko";
    case BAU_SCRIPT_DEVANAGARI: return "hi";
    case BAU_SCRIPT_LATIN:
    case BAU_SCRIPT_OTHER: break;
    }
    return NULL;
}
