/* Memory. Only src/core/mem.c calls malloc and friends.
 *
 * Two kinds: single blocks for long-lived things, and arenas for everything that dies together (a catalog, a plan,
 * a batch). Nothing that comes from an arena is freed one by one.
 *
 * Threads: blocks any; an arena belongs to one thread at a time. */
#ifndef BAUTA_MEM_H
#define BAUTA_MEM_H

#include "error.h"

#define BAU_ALIGN                                                                                            \
    64u /* B2: every column buffer starts at a multiple of this and is readable this far past its end */

/* Zeroed blocks; NULL when memory ran out. bau_free takes NULL. bau_realloc does not zero what it adds. */
void *bau_alloc(size_t bytes) BAU_MUST_CHECK;
void *bau_alloc_array(size_t n, size_t each) BAU_MUST_CHECK; /* NULL on overflow too */
void *bau_realloc(void *block, size_t bytes) BAU_MUST_CHECK;
void bau_free(void *block);
/* Overwrites, in a way the compiler keeps. */
void bau_wipe(void *bytes, size_t n);

/* An arena grows by chunks; `bau_arena_reset` keeps the chunks for reuse (up to `keep_bytes`), so that the hot path
 * allocates nothing after warm-up. With BAU_ARENA_PRIVATE chunks are mapped apart and kept out of core dumps. */
struct bau_arena;
enum { BAU_ARENA_PLAIN = 0, BAU_ARENA_PRIVATE = 1 };
struct bau_arena *bau_arena_new(size_t chunk_bytes, unsigned flags) BAU_MUST_CHECK;
void bau_arena_free(struct bau_arena *arena); /* takes NULL */
void bau_arena_reset(struct bau_arena *arena);
size_t bau_arena_bytes(const struct bau_arena *arena); /* handed out since the last reset */
size_t bau_arena_held(const struct bau_arena *arena);  /* held from the system */

/* Uninitialised bytes, aligned to 16 (bau_arena_take) or BAU_ALIGN with BAU_ALIGN readable bytes behind
 * (bau_arena_buffer, B2). NULL when memory ran out. A zero size gives a valid pointer. */
void *bau_arena_take(struct bau_arena *arena, size_t bytes) BAU_MUST_CHECK;
void *bau_arena_zero(struct bau_arena *arena, size_t bytes) BAU_MUST_CHECK;
void *bau_arena_buffer(struct bau_arena *arena, size_t bytes) BAU_MUST_CHECK;
char *bau_arena_text(struct bau_arena *arena, const char *text)
    BAU_MUST_CHECK; /* copy; text may be NULL -> NULL */
char *bau_arena_textn(struct bau_arena *arena, const char *text, size_t n) BAU_MUST_CHECK;
char *bau_arena_printf(struct bau_arena *arena, const char *format, ...) BAU_PRINTF(2, 3) BAU_MUST_CHECK;

/* A growing, always NUL-terminated text on the heap: messages, SQL, JSON. Zeroed is empty. A failed append sets
 * `failed` and further appends do nothing, so that callers check once at the end. */
struct bau_text {
    char *data; /* NULL until the first append */
    size_t len, room;
    bool failed;
};
void bau_text_add(struct bau_text *t, const char *text);
void bau_text_addn(struct bau_text *t, const void *bytes, size_t n);
void bau_text_addf(struct bau_text *t, const char *format, ...) BAU_PRINTF(2, 3);
/* Room for `more` bytes: they may be written at data + len before len is moved. False when memory ran out. */
bool bau_text_reserve(struct bau_text *t, size_t more);
void bau_text_release(struct bau_text *t);
/* `"` + text with JSON escapes + `"`. */
void bau_text_add_json(struct bau_text *t, const char *text);
static inline void bau_text_auto(struct bau_text *t)
{
    bau_text_release(t);
}
#define BAU_AUTO_TEXT __attribute__((cleanup(bau_text_auto))) struct bau_text

#endif
