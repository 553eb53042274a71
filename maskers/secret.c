/* Secrets that open nothing. */
#include "maskers/secret.h"

#include <string.h>

static size_t put_x(uint8_t *dst, size_t n)
{
    memset(dst, 'x', n);
    return n;
}

static size_t dead_jwt(size_t len, uint8_t *dst)
{
    static const char jwt[] = "eyJhbGciOiJub25lIn0.eyJleHAiOjB9.";
    if (len < sizeof jwt - 1)
        return put_x(dst, len);
    memcpy(dst, jwt, sizeof jwt - 1);
    return sizeof jwt - 1;
}

/* "-----BEGIN LABEL-----" and what follows; a text cut off gets no END line. */
static size_t dead_pem(const uint8_t *text, size_t len, uint8_t *dst)
{
    static const char body[] = "\nUkVNT1ZFRA==\n"; /* REMOVED */
    const size_t begin = 11;                       /* -----BEGIN and a blank */
    size_t label = begin;
    while (label < len && text[label] != '-' && text[label] != '\n' && label - begin < 40)
        label++;
    if (len < 2 * label + 5 + sizeof body + 8 || label == len || text[label] != '-')
        return put_x(dst, len < 16 ? len : 16);
    uint8_t *p = dst;
    memcpy(p, text, label);
    memcpy(p += label, "-----", 5);
    memcpy(p += 5, body, sizeof body - 1);
    memcpy(p += sizeof body - 1, "-----END ", 9);
    memcpy(p += 9, text + begin, label - begin);
    memcpy(p += label - begin, "-----", 5);
    return (size_t)(p + 5 - dst);
}

static size_t dead_key(const uint8_t *text, size_t len, uint8_t *dst)
{
    const size_t prefix = bau_key_prefix(text, len);
    memcpy(dst, text, prefix);
    put_x(dst + prefix, len - prefix);
    return len;
}

static size_t dead_credentials(const uint8_t *text, size_t len, uint8_t *dst)
{
    const uint8_t *colon = memchr(text, ':', len), *at = NULL;
    colon = colon ? memchr(colon + 1, ':', len - (size_t)(colon + 1 - text)) : NULL;
    for (const uint8_t *p = colon; p && p < text + len && *p != '/'; p++)
        at = *p == '@' ? p : at; /* the last one: a password may hold more */
    if (!colon || !at || at <= colon + 1)
        return put_x(dst, len < 16 ? len : 16);
    const size_t head = (size_t)(colon + 1 - text), tail = len - (size_t)(at - text);
    memcpy(dst, text, head);
    dst[head] = 'x';
    memcpy(dst + head + 1, at, tail);
    return head + 1 + tail;
}

size_t bau_secret_dead(bau_find find, const uint8_t *text, size_t len, uint8_t *dst)
{
    if (find == BAU_FIND_JWT)
        return dead_jwt(len, dst);
    if (find == BAU_FIND_PEM)
        return dead_pem(text, len, dst);
    if (find == BAU_FIND_KEY)
        return dead_key(text, len, dst);
    if (find == BAU_FIND_CREDENTIALS)
        return dead_credentials(text, len, dst);
    return put_x(dst, len < 16 ? len : 16);
}
