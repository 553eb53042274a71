/* The walk, and what is found by its own marks: e-mail, URLs, handles, UUIDs. */
#include "maskers/detect.h"

#include <string.h>

enum { LOCAL_MOST = 64, DOMAIN_MOST = 253, HANDLE_MOST = 30, SCHEME_MOST = 16 };

/* Letters, digits and _%+-.&' of ASCII, and letters of two bytes: a local part as people have them. */
static bool is_local(uint8_t c)
{
    static const uint64_t set[2] = { UINT64_C(0x03FF68E000000000), UINT64_C(0x07FFFFFE87FFFFFE) };
    return bau_in_set(set, c) || (c >= 0xC3 && c <= 0xD4) || (c >= 0x80 && c < 0xC0);
}

/* Labels of letters, digits and hyphens with points between; at least two where `dotted`, the last of letters or a
 * punycode label. Bytes, or 0. */
static size_t host_len(const uint8_t *text, size_t len, size_t at)
{
    size_t i = at, label = at, good = 0;
    while (i < len && i - at < DOMAIN_MOST) {
        const uint8_t c = text[i];
        if (bau_is_alpha(c) || bau_is_number(c) || c >= 0x80 || (c == '-' && i > label)) {
            i++;
        } else if (c == '.' && i > label) {
            label = ++i;
        } else {
            break;
        }
        const bool dotted = label > at,
                   top = i - label >= 2 && (bau_is_alpha(text[label]) || text[label] >= 0x80);
        if (dotted && top && text[i - 1] != '-')
            good = i - at;
    }
    return good;
}

static size_t find_email(const uint8_t *text, size_t len, size_t at)
{
    size_t i = at;
    while (i < len && i - at <= LOCAL_MOST && is_local(text[i]))
        i++;
    if (i == at || i - at > LOCAL_MOST || i >= len || text[i] != '@')
        return 0;
    const size_t host = host_len(text, len, i + 1);
    if (host)
        return i + 1 + host - at;
    if (i + 1 < len && text[i + 1] == '[') { /* an address literal */
        size_t end = i + 2;
        while (end < len && end - i < 48 && (bau_is_hex(text[end]) || strchr(".:IPv", text[end])) &&
               text[end])
            end++;
        return end < len && text[end] == ']' ? end + 1 - at : 0;
    }
    return 0;
}

static bool ends_url(uint8_t c)
{
    return c <= 0x20 || c == 0x7F || c == '"' || c == '<' || c == '>' || c == '`' || c == '\\';
}

/* Where the URL whose authority starts at `from` ends: punctuation that closes a sentence is none of it. */
static size_t url_end(const uint8_t *text, size_t len, size_t from)
{
    size_t i = from;
    while (i < len && !ends_url(text[i]))
        i++;
    while (i > from && strchr(".,;:!?)]}'*", text[i - 1]))
        i--;
    return i;
}

static size_t find_url(const uint8_t *text, size_t len, size_t at, bau_find *out)
{
    size_t i = at;
    while (i < len && i - at < SCHEME_MOST &&
           (bau_is_alpha(text[i]) || bau_is_number(text[i]) || text[i] == '+' || text[i] == '-' ||
            text[i] == '.'))
        i++;
    *out = BAU_FIND_URL;
    if (i > at && len - i > 3 && memcmp(text + i, "://", 3) == 0) {
        const size_t end = url_end(text, len, i + 3);
        size_t slash = i + 3, colon = 0;
        for (; slash < end && text[slash] != '/' && text[slash] != '@'; slash++)
            if (text[slash] == ':' && !colon)
                colon = slash;
        if (slash < end && text[slash] == '@' && colon && slash > colon + 1)
            *out = BAU_FIND_CREDENTIALS;
        return end > i + 3 ? end - at : 0;
    }
    if (len - at > 4 && (text[at] | 0x20) == 'w' && (text[at + 1] | 0x20) == 'w' &&
        (text[at + 2] | 0x20) == 'w' && text[at + 3] == '.' && host_len(text, len, at + 4))
        return url_end(text, len, at) - at;
    return 0;
}

static size_t find_handle(const uint8_t *text, size_t len, size_t at)
{
    size_t i = at + 1;
    bool letter = false;
    for (; i < len && i - at <= HANDLE_MOST && bau_is_word(text[i]); i++)
        letter |= bau_is_alpha(text[i]);
    return letter && i - at > 2 && bau_word_ends(text, len, i) ? i - at : 0;
}

static size_t find_uuid(const uint8_t *text, size_t len, size_t at)
{
    if (len - at < 36 || !bau_word_ends(text, len, at + 36))
        return 0;
    for (size_t i = 0; i < 36; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[at + i] != '-' : !bau_is_hex(text[at + i]))
            return 0;
    }
    return 36;
}

/* What starts here, whether wanted or not; the strictest first. */
static size_t find_any(const struct bau_scan *s, size_t at, size_t *skip, bau_find *out)
{
    const uint8_t *text = s->text, c = text[at];
    size_t n;
    *skip = 0;
    *out = BAU_FIND_UUID;
    if (bau_is_hex(c) && (n = find_uuid(text, s->len, at)) > 0)
        return n;
    if ((n = bau_find_secret(text, s->len, at, s->entropy_least, out)) > 0)
        return n;
    *out = BAU_FIND_HANDLE;
    if (c == '@')
        return find_handle(text, s->len, at);
    *out = BAU_FIND_IP;
    if ((bau_is_hex(c) || c == ':') && (n = bau_find_ip6(text, s->len, at)) > 0)
        return n;
    *out = BAU_FIND_EMAIL;
    if (is_local(c) && (n = find_email(text, s->len, at)) > 0)
        return n;
    if (bau_is_alpha(c) && (n = find_url(text, s->len, at, out)) > 0)
        return n;
    if ((bau_is_number(c) || bau_is_alpha(c) || c == '+' || c == '(') &&
        (n = bau_find_number(text, s->len, at, out)) > 0)
        return n;
    *out = BAU_FIND_NAME;
    return s->names && (bau_is_alpha(c) || c >= 0xC0) ? bau_find_name(s, at, skip) : 0;
}

/* A word may start at text[at]: what stands before it is none of a word. */
static bool may_start(const uint8_t *text, size_t at)
{
    const uint8_t c = text[at];
    if (bau_is_word(c) || c >= 0xC0)
        return at == 0 || !bau_is_word(text[at - 1]);
    return (c == '@' || c == '+' || c == '(' || c == ':' || c == '-') &&
           (at == 0 || !bau_is_word(text[at - 1]));
}

bool bau_scan_next(struct bau_scan *s, struct bau_hit *out)
{
    while (s->at < s->len) {
        const size_t at = s->at;
        size_t skip = 0;
        bau_find find = BAU_FIND_EMAIL;
        const size_t n = may_start(s->text, at) ? find_any(s, at, &skip, &find) : 0;
        if (n) {
            s->at = at + skip + n;
            if (!(s->wanted & BAU_FIND_BIT(find)))
                continue;
            *out = (struct bau_hit){ at + skip, n, find };
            return true;
        }
        s->at++;
        if (s->text[at] >= 0xC0) /* on to the next character */
            while (s->at < s->len && (s->text[s->at] & 0xC0u) == 0x80u)
                s->at++;
        else if (bau_is_word(s->text[at]))
            while (s->at < s->len && bau_is_word(s->text[s->at]))
                s->at++;
    }
    return false;
}
