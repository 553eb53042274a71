/* Numbers of the archive's structures, little-endian, and a reader that never runs past the end. */
#ifndef BAU_ARCHIVE_BYTES_H
#define BAU_ARCHIVE_BYTES_H

#include <endian.h>
#include <string.h>

#include "bauta/mem.h"

static inline void bau_put32(uint8_t *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof v);
}
static inline void bau_put64(uint8_t *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof v);
}
static inline uint32_t bau_get32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}
static inline uint64_t bau_get64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

struct bau_cursor { /* bytes that are left; `bad`: more were asked for than there are */
    const uint8_t *at;
    size_t left;
    bool bad;
};
static inline const uint8_t *bau_cursor_take(struct bau_cursor *c, size_t n)
{
    if (c->bad || n > c->left) {
        c->bad = true;
        return NULL;
    }
    const uint8_t *p = c->at;
    c->at += n;
    c->left -= n;
    return p;
}
static inline uint32_t bau_cursor_u32(struct bau_cursor *c)
{
    const uint8_t *p = bau_cursor_take(c, 4);
    return p ? bau_get32(p) : 0;
}
static inline uint64_t bau_cursor_u64(struct bau_cursor *c)
{
    const uint8_t *p = bau_cursor_take(c, 8);
    return p ? bau_get64(p) : 0;
}

#endif
