/* What every header of bauta starts from: fixed-width types, the attributes we use and a few tiny helpers.
 * These are the only compiler extensions in the tree. */
#ifndef BAUTA_BASE_H
#define BAUTA_BASE_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BAU_MUST_CHECK __attribute__((warn_unused_result))
#define BAU_PRINTF(text_at, first_at) __attribute__((format(printf, text_at, first_at)))
#define BAU_UNUSED __attribute__((unused))
#define BAU_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BAU_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/* Runs `type##_auto` on the pointer when the variable leaves its scope; see BAU_AUTO_DEFINE. */
#define BAU_AUTO_PTR(type) __attribute__((cleanup(type##_auto))) struct type *
#define BAU_AUTO_DEFINE(type, release)                                                                       \
    static inline void type##_auto(struct type **p)                                                          \
    {                                                                                                        \
        if (*p)                                                                                              \
            release(*p);                                                                                     \
    }

/* A borrowed run of bytes, not terminated. `data` may be NULL when `len` is 0. */
struct bau_slice {
    const uint8_t *data;
    size_t len;
};

#endif
