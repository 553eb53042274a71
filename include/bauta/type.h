/* The value types that maskers see. A connector maps each native type to one of these; BAU_OTHER is a value that
 * can be carried but not masked (other than by keep, null and constant). */
#ifndef BAUTA_TYPE_H
#define BAUTA_TYPE_H

#include "base.h"

/* name, width in bytes (0: variable), word in messages and rule files, meaning */
#define BAU_TYPE_LIST(X)                                                                                     \
    X(BAU_BOOL, 1, "boolean", "0 or 1 in one byte")                                                          \
    X(BAU_I16, 2, "int2", "host order")                                                                      \
    X(BAU_I32, 4, "int4", "host order")                                                                      \
    X(BAU_I64, 8, "int8", "host order")                                                                      \
    X(BAU_F32, 4, "float4", "IEEE 754, host order")                                                          \
    X(BAU_F64, 8, "float8", "IEEE 754, host order")                                                          \
    X(BAU_DATE, 4, "date",                                                                                   \
      "int32 days since 1970-01-01; INT32_MIN and INT32_MAX are -infinity and infinity")                     \
    X(BAU_TIME, 8, "time", "int64 microseconds since midnight")                                              \
    X(BAU_TIMESTAMP, 8, "timestamp", "int64 microseconds since 1970-01-01 00:00; INT64_MIN/MAX -+infinity")  \
    X(BAU_TIMESTAMPTZ, 8, "timestamptz", "as timestamp, in UTC")                                             \
    X(BAU_UUID, 16, "uuid", "16 bytes in RFC 9562 order")                                                    \
    X(BAU_TEXT, 0, "text", "UTF-8")                                                                          \
    X(BAU_NUMERIC, 0, "numeric", "ASCII decimal: -?digits[.digits], NaN, Infinity, -Infinity")               \
    X(BAU_JSON, 0, "json", "one JSON text, UTF-8")                                                           \
    X(BAU_BYTES, 0, "bytes", "any bytes")                                                                    \
    X(BAU_OTHER, 0, "other", "opaque native form")

typedef enum {
#define BAU_TYPE_ENUM(name, width, word, meaning) name,
    BAU_TYPE_LIST(BAU_TYPE_ENUM)
#undef BAU_TYPE_ENUM
        BAU_TYPE_COUNT
} bau_type;

#define BAU_TYPE_BIT(type) (1u << (type))
#define BAU_TYPES_INT (BAU_TYPE_BIT(BAU_I16) | BAU_TYPE_BIT(BAU_I32) | BAU_TYPE_BIT(BAU_I64))
#define BAU_TYPES_FLOAT (BAU_TYPE_BIT(BAU_F32) | BAU_TYPE_BIT(BAU_F64))
#define BAU_TYPES_INSTANT                                                                                    \
    (BAU_TYPE_BIT(BAU_DATE) | BAU_TYPE_BIT(BAU_TIMESTAMP) | BAU_TYPE_BIT(BAU_TIMESTAMPTZ))
#define BAU_TYPES_ALL ((1u << BAU_TYPE_COUNT) - 1u)

static inline uint32_t bau_type_width(bau_type type) /* bytes; 0: variable */
{
    static const uint8_t widths[BAU_TYPE_COUNT] = {
#define BAU_TYPE_WIDTH(name, width, word, meaning) [name] = width,
        BAU_TYPE_LIST(BAU_TYPE_WIDTH)
#undef BAU_TYPE_WIDTH
    };
    return widths[type];
}
const char *bau_type_word(bau_type type);

#endif
