/* Quoted tokens as PostgreSQL writes them inside hstore and composite texts. */
#ifndef BAU_MASKERS_QUOTED_H
#define BAU_MASKERS_QUOTED_H

#include "maskers/common.h"

/* Bytes of the quoted token at text[at] with both quotes; 0: it does not close. A backslash takes the next byte as it is; with
 * `doubled` two quotes are one. */
static inline size_t bau_quoted_length(struct bau_slice text, size_t at, bool doubled)
{
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '"' && doubled && i + 1 < text.len && text.data[i + 1] == '"')
            i++;
        else if (text.data[i] == '"')
            return i + 1 - at;
    }
    return 0;
}

/* What stands in `from`, which lies between the quotes, or bare; backslashes and doubled quotes resolved. */
static inline size_t bau_quoted_decode(struct bau_slice from, bool doubled, uint8_t *to)
{
    size_t n = 0;
    for (size_t i = 0; i < from.len; i++) {
        if (from.data[i] == '\\' && i + 1 < from.len)
            i++;
        else if (from.data[i] == '"' && doubled)
            i++;
        if (i < from.len)
            to[n++] = from.data[i];
    }
    return n;
}

/* "…" with `escape` before quotes, and a backslash before backslashes. At most 2 * v.len + 2 bytes. */
static inline size_t bau_quoted_encode(struct bau_slice v, uint8_t escape, uint8_t *to)
{
    uint8_t *dst = to;
    *dst++ = '"';
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] == '"')
            *dst++ = escape;
        else if (v.data[i] == '\\')
            *dst++ = '\\';
        *dst++ = v.data[i];
    }
    *dst++ = '"';
    return (size_t)(dst - to);
}

#endif
