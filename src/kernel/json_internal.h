/* What json_path.c builds and json_scan.c walks, and the string helpers they share. */
#ifndef BAU_KERNEL_JSON_INTERNAL_H
#define BAU_KERNEL_JSON_INTERNAL_H

#include <string.h>

#include "src/kernel/json.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* A position in the paths: what has been matched to come here is the way from nodes[0]. 0 as a child means
 * none. */
struct bau_json_node {
    uint32_t name, name_len; /* span of paths->names, for a node reached by a member's name */
    uint16_t first_name;     /* children reached by a name: a list through next_name */
    uint16_t next_name;
    uint16_t member, element, deep; /* children reached by .*, [*] and ** */
    bool is_deep;                   /* reached by **: any further segment stays here */
    int32_t path;                   /* the path that ends here, or -1 */
};

struct bau_json_move { /* by a member of this name */
    uint32_t name, name_len;
    uint16_t to;
};

/* A set of positions; json_states.c. The empty one steps to itself. */
struct bau_json_state {
    const uint16_t *set;
    struct bau_json_move *moves;
    uint64_t hint; /* which names can be among the moves: a bit by length and first byte */
    uint16_t n_set, n_moves;
    uint16_t member, element; /* any other member; any element */
    int32_t path;             /* the most specific of those that end in the set, or -1 */
};

static inline uint64_t bau_json_hint(const uint8_t *name, size_t len)
{
    return UINT64_C(1) << ((len ? len * 7 + name[0] : 0) % 64);
}

size_t bau_json_states_bytes(size_t n_nodes);
uint32_t bau_json_states_most(size_t n_nodes);
void bau_json_states_init(struct bau_json_paths *paths, size_t n_nodes, void *memory);

/* The first byte in [p, end) that is no plain character of a string: a quote, a backslash, a control, or not
 * ASCII. */
const uint8_t *bau_json_plain_end_generic(const uint8_t *p, const uint8_t *end);
/* SSE2 is part of every x86-64, so there is nothing to choose at run time; most names and values end in the first 16 bytes. */
static inline const uint8_t *bau_json_plain_end(const uint8_t *p, const uint8_t *end)
{
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16) {
        const __m128i v = _mm_loadu_si128((const void *)p);
        const __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
        const __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
        const __m128i odd = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: controls and 0x80..0xff */
        const int found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), odd));
        if (found)
            return p + __builtin_ctz((unsigned)found);
    }
    if (end - p >= 8) {
        uint64_t v;
        memcpy(&v, p, sizeof v);
        const __m128i half = _mm_cvtsi64_si128((long long)v);
        const __m128i quote = _mm_cmpeq_epi8(half, _mm_set1_epi8('"'));
        const __m128i slash = _mm_cmpeq_epi8(half, _mm_set1_epi8('\\'));
        const __m128i odd = _mm_cmplt_epi8(half, _mm_set1_epi8(0x20));
        const int found = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), odd)) & 0xff;
        if (found)
            return p + __builtin_ctz((unsigned)found);
        p += 8;
    }
#endif
    return bau_json_plain_end_generic(p, end);
}

/* The length of the well-formed UTF-8 character at p (Unicode table 3-7), 0 when there is none. */
size_t bau_utf8_length(const uint8_t *p, const uint8_t *end);

/* One decoded character of the inside of a string, as UTF-8; moves *p. 0: bad escape. */
size_t bau_json_next(const uint8_t **p, const uint8_t *end, uint8_t out[4]);

#endif
