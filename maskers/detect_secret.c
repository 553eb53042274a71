/* Secrets by their marks: PEM blocks, JSON web tokens, keys with their issuer's prefix; and by the mix of their
 * characters. Sources: RFC 7468, RFC 7519, the issuers' pages on their token formats. */
#include "maskers/detect.h"

#include <string.h>

enum { ENTROPY_MOST = 4096 }; /* longer is a document, not a token */

/* What stands behind the prefix. */
enum alphabet { UPPER32, ALNUM, URLSAFE, HEX };

static const struct {
    const char *prefix;
    enum alphabet alphabet;
    uint16_t least, most; /* characters behind the prefix; a longer run is no key */
} keys[] = {
    { "AKIA", UPPER32, 16, 16 },    { "ASIA", UPPER32, 16, 16 },          { "AGPA", UPPER32, 16, 16 },
    { "AIDA", UPPER32, 16, 16 },    { "AROA", UPPER32, 16, 16 },          { "ABIA", UPPER32, 16, 16 },
    { "ghp_", ALNUM, 36, 255 },     { "gho_", ALNUM, 36, 255 },           { "ghu_", ALNUM, 36, 255 },
    { "ghs_", ALNUM, 36, 255 },     { "ghr_", ALNUM, 36, 255 },           { "github_pat_", URLSAFE, 22, 255 },
    { "glpat-", URLSAFE, 20, 255 }, { "xoxb-", URLSAFE, 10, 255 },        { "xoxa-", URLSAFE, 10, 255 },
    { "xoxp-", URLSAFE, 10, 255 },  { "xoxr-", URLSAFE, 10, 255 },        { "xoxs-", URLSAFE, 10, 255 },
    { "xoxe-", URLSAFE, 10, 255 },  { "xapp-", URLSAFE, 10, 255 },        { "sk_live_", ALNUM, 16, 255 },
    { "sk_test_", ALNUM, 16, 255 }, { "rk_live_", ALNUM, 16, 255 },       { "rk_test_", ALNUM, 16, 255 },
    { "pk_live_", ALNUM, 16, 255 }, { "pk_test_", ALNUM, 16, 255 },       { "whsec_", ALNUM, 16, 255 },
    { "AIza", URLSAFE, 35, 35 },    { "ya29.", URLSAFE, 20, 1024 },       { "npm_", ALNUM, 36, 36 },
    { "pypi-", URLSAFE, 50, 512 },  { "dop_v1_", HEX, 64, 64 },           { "hf_", ALNUM, 30, 64 },
    { "sk-", URLSAFE, 20, 255 },    { "SG.", URLSAFE, 20, 128 },          { "shpat_", HEX, 32, 32 },
    { "shpss_", HEX, 32, 32 },      { "EAACEdEose0cBA", ALNUM, 10, 255 },
};

static bool in_alphabet(uint8_t c, enum alphabet a)
{
    switch (a) {
    case UPPER32: return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7');
    case ALNUM: return bau_is_alpha(c) || bau_is_number(c);
    case URLSAFE: return bau_is_word(c) || c == '-' || c == '.';
    case HEX: return bau_is_hex(c);
    }
    return false;
}

static size_t find_key(const uint8_t *text, size_t len, size_t at)
{
    for (size_t k = 0; k < BAU_COUNT(keys); k++) {
        if (text[at] != (uint8_t)keys[k].prefix[0])
            continue;
        const size_t prefix = strlen(keys[k].prefix);
        if (len - at < prefix + keys[k].least || memcmp(text + at, keys[k].prefix, prefix) != 0)
            continue;
        size_t n = 0;
        while (n <= keys[k].most && at + prefix + n < len &&
               in_alphabet(text[at + prefix + n], keys[k].alphabet))
            n++;
        const bool fits = n >= keys[k].least && n <= keys[k].most;
        while (n && text[at + prefix + n - 1] == '.') /* the end of the sentence */
            n--;
        if (fits && bau_word_ends(text, len, at + prefix + n))
            return prefix + n;
    }
    return 0;
}

size_t bau_key_prefix(const uint8_t *text, size_t len)
{
    for (size_t k = 0; k < BAU_COUNT(keys); k++) {
        const size_t prefix = strlen(keys[k].prefix);
        if (len > prefix && memcmp(text, keys[k].prefix, prefix) == 0)
            return prefix;
    }
    return 0;
}

static bool is_base64url(uint8_t c)
{
    return bau_is_word(c) || c == '-';
}

static size_t run_of(const uint8_t *text, size_t len, size_t at)
{
    size_t i = at;
    while (i < len && is_base64url(text[i]))
        i++;
    return i - at;
}

/* {" in base64url is eyJ. Two points; the signature may be empty. */
static size_t find_jwt(const uint8_t *text, size_t len, size_t at)
{
    if (len - at < 16 || memcmp(text + at, "eyJ", 3) != 0 || (at > 0 && is_base64url(text[at - 1])))
        return 0;
    const size_t header = run_of(text, len, at);
    if (header < 8 || at + header >= len || text[at + header] != '.')
        return 0;
    const size_t body = run_of(text, len, at + header + 1), dot = at + header + 1 + body;
    if (body < 4 || dot >= len || text[dot] != '.')
        return 0;
    return dot + 1 + run_of(text, len, dot + 1) - at;
}

static size_t find_pem(const uint8_t *text, size_t len, size_t at)
{
    static const char begin[] = "-----BEGIN ", end[] = "-----END ";
    if (len - at < sizeof begin || memcmp(text + at, begin, sizeof begin - 1) != 0)
        return 0;
    for (size_t i = at + sizeof begin; i < len; i++) {
        if (text[i] != '-' || len - i < sizeof end || memcmp(text + i, end, sizeof end - 1) != 0)
            continue;
        for (i += sizeof end - 1; i < len && text[i] != '-' && text[i] != '\n';)
            i++;
        while (i < len && text[i] == '-')
            i++;
        return i - at;
    }
    return len - at; /* cut off: what is there is a secret all the same */
}

/* The kind of a character in a token. */
static unsigned mix_of(uint8_t c)
{
    return bau_is_number(c) ? 1 : !bau_is_alpha(c) ? 0 : c & 0x20 ? 2 : 3;
}

static bool is_base64(uint8_t c)
{
    return is_base64url(c) || c == '+' || c == '/';
}

/* A run of base64 or hexadecimal characters in which two taken at random are the same less often than once in six,
 * with digits and letters of both cases that take turns at least every fourth character, or letters of one case
 * with digits, a sixth of all at least, among them: words and names of programs have less. */
static bool is_random(const uint8_t *p, size_t n)
{
    uint32_t count[256] = { 0 }, mix[4] = { 0 };
    uint64_t squares = 0;
    size_t changes = 0;
    for (size_t i = 0; i < n; i++) {
        mix[mix_of(p[i])]++;
        changes += i > 0 && mix_of(p[i]) != mix_of(p[i - 1]);
        squares += 2 * (uint64_t)count[p[i]]++ + 1;
    }
    const bool mixed = mix[1] >= 1 && mix[2] >= 3 && mix[3] >= 3 && 4 * changes >= n;
    const bool plain = 6 * mix[1] >= n && mix[2] + mix[3] >= 3 && changes >= 6;
    return (uint64_t)n * n >= 6 * squares && (mixed || plain);
}

static size_t find_entropy(const uint8_t *text, size_t len, size_t at, uint32_t least)
{
    size_t end = at;
    if (at > 0 && is_base64(text[at - 1]))
        return 0; /* inside a run that was looked at */
    while (end < len && is_base64(text[end]))
        end++;
    const size_t n = end - at;
    if (n < least || n > ENTROPY_MOST || !is_random(text + at, n))
        return 0;
    while (end < len && text[end] == '=' && end - at < n + 2)
        end++;
    return end - at;
}

size_t bau_find_secret(const uint8_t *text, size_t len, size_t at, uint32_t entropy_least, bau_find *out)
{
    const uint8_t c = text[at];
    size_t n;
    if (c == '-') {
        *out = BAU_FIND_PEM;
        return find_pem(text, len, at);
    }
    if (!bau_is_alpha(c) && !bau_is_number(c))
        return 0;
    *out = BAU_FIND_JWT;
    if (c == 'e' && (n = find_jwt(text, len, at)) > 0)
        return n;
    *out = BAU_FIND_KEY;
    if (bau_is_alpha(c) && (n = find_key(text, len, at)) > 0)
        return n;
    *out = BAU_FIND_ENTROPY;
    return entropy_least ? find_entropy(text, len, at, entropy_least) : 0;
}
