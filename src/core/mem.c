/* The only file that calls malloc and friends: see include/bauta/mem.h.
 *
 * An arena is a list of chunks. A request that does not fit opens a new chunk, at least as large as all before it
 * together. A reset keeps one chunk as large as what was used, so that after warm-up the hot path allocates nothing;
 * chunks above ARENA_KEEP go back to the system, so that one huge value does not stay for ever. Private chunks are
 * mapped apart, kept out of core dumps and wiped when they go. */
#include "bauta/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_KEEP ((size_t)8 << 20)
#define PAGE ((size_t)4096)

void *bau_alloc(size_t bytes)
{
    return calloc(1, bytes ? bytes : 1);
}

void *bau_alloc_array(size_t n, size_t each)
{
    return calloc(n ? n : 1, each ? each : 1);
}

void *bau_realloc(void *block, size_t bytes)
{
    return realloc(block, bytes ? bytes : 1);
}

void bau_free(void *block)
{
    free(block);
}

void bau_wipe(void *bytes, size_t n)
{
    explicit_bzero(bytes, n);
}

struct chunk {
    struct chunk *next; /* the one opened before */
    size_t room, used;  /* bytes behind this header */
    bool mapped;
};
#define CHUNK_HEADER ((sizeof(struct chunk) + BAU_ALIGN - 1) / BAU_ALIGN * BAU_ALIGN)

struct bau_arena {
    struct chunk *chunks; /* newest first */
    size_t chunk_bytes, handed, held;
    unsigned flags;
};

static struct chunk *chunk_new(const struct bau_arena *arena, size_t room)
{
    const size_t all = CHUNK_HEADER + room + BAU_ALIGN; /* B2: readable past the end */
    struct chunk *c;
    if (all < room)
        return NULL;
    if (arena->flags & BAU_ARENA_PRIVATE) {
        const size_t mapped = (all + PAGE - 1) / PAGE * PAGE;
        c = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (c == MAP_FAILED)
            return NULL;
        madvise(c, mapped, MADV_DONTDUMP); /* best effort: core dumps are off as well */
        *c = (struct chunk){ .room = mapped - CHUNK_HEADER - BAU_ALIGN, .mapped = true };
        return c;
    }
    c = aligned_alloc(BAU_ALIGN, (all + BAU_ALIGN - 1) / BAU_ALIGN * BAU_ALIGN);
    if (c)
        *c = (struct chunk){ .room = room };
    return c;
}

static void chunk_free(struct chunk *c)
{
    if (c->mapped) {
        const size_t mapped = CHUNK_HEADER + c->room + BAU_ALIGN;
        bau_wipe((uint8_t *)c + CHUNK_HEADER, c->used);
        munmap(c, mapped);
    } else
        free(c);
}

struct bau_arena *bau_arena_new(size_t chunk_bytes, unsigned flags)
{
    struct bau_arena *arena = bau_alloc(sizeof *arena);
    if (arena)
        *arena = (struct bau_arena){ .chunk_bytes = chunk_bytes < PAGE ? PAGE : chunk_bytes, .flags = flags };
    return arena;
}

static void drop_chunks(struct bau_arena *arena)
{
    while (arena->chunks) {
        struct chunk *next = arena->chunks->next;
        chunk_free(arena->chunks);
        arena->chunks = next;
    }
    arena->held = 0;
}

void bau_arena_free(struct bau_arena *arena)
{
    if (!arena)
        return;
    drop_chunks(arena);
    bau_free(arena);
}

void bau_arena_reset(struct bau_arena *arena)
{
    if (arena->chunks && (arena->chunks->next || arena->chunks->room > ARENA_KEEP)) {
        const size_t want = arena->handed + arena->handed / 8;
        drop_chunks(arena);
        if (want > arena->chunk_bytes && want <= ARENA_KEEP)
            arena->chunk_bytes = want;
    } else if (arena->chunks)
        arena->chunks->used = 0;
    arena->handed = 0;
}

size_t bau_arena_bytes(const struct bau_arena *arena)
{
    return arena->handed;
}

size_t bau_arena_held(const struct bau_arena *arena)
{
    return arena->held;
}

static void *take(struct bau_arena *arena, size_t bytes, size_t align, size_t behind)
{
    struct chunk *c = arena->chunks;
    size_t at = c ? (c->used + align - 1) / align * align : 0;
    if (bytes + behind < bytes)
        return NULL;
    if (!c || at > c->room || bytes + behind > c->room - at) {
        size_t room = arena->chunk_bytes;
        if (arena->held < ARENA_KEEP && arena->held > room)
            room = arena->held;
        if (bytes + behind > room)
            room = bytes + behind;
        c = chunk_new(arena, room);
        if (!c)
            return NULL;
        c->next = arena->chunks;
        arena->chunks = c;
        arena->held += c->room;
        at = 0;
    }
    c->used = at + bytes + behind;
    arena->handed += bytes + behind + align;
    return (uint8_t *)c + CHUNK_HEADER + at;
}

void *bau_arena_take(struct bau_arena *arena, size_t bytes)
{
    return take(arena, bytes, 16, 0);
}

void *bau_arena_zero(struct bau_arena *arena, size_t bytes)
{
    void *p = bau_arena_take(arena, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

void *bau_arena_buffer(struct bau_arena *arena, size_t bytes)
{
    return take(arena, bytes, BAU_ALIGN, BAU_ALIGN);
}

char *bau_arena_textn(struct bau_arena *arena, const char *text, size_t n)
{
    char *copy = bau_arena_take(arena, n + 1);
    if (copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

char *bau_arena_text(struct bau_arena *arena, const char *text)
{
    return text ? bau_arena_textn(arena, text, strlen(text)) : NULL;
}

char *bau_arena_printf(struct bau_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : bau_arena_take(arena, (size_t)n + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

bool bau_text_reserve(struct bau_text *t, size_t more)
{
    if (t->failed)
        return false;
    if (more > SIZE_MAX / 2 - t->len - 1) {
        t->failed = true;
        return false;
    }
    if (t->len + more + 1 <= t->room)
        return true;
    size_t room = t->room ? t->room : 128;
    while (room < t->len + more + 1)
        room *= 2;
    char *grown = bau_realloc(t->data, room);
    t->failed = !grown;
    if (grown) {
        t->data = grown;
        t->room = room;
    }
    return grown != NULL;
}

void bau_text_addn(struct bau_text *t, const void *bytes, size_t n)
{
    if (!bau_text_reserve(t, n))
        return;
    if (n)
        memcpy(t->data + t->len, bytes, n);
    t->len += n;
    t->data[t->len] = '\0';
}

void bau_text_add(struct bau_text *t, const char *text)
{
    bau_text_addn(t, text, strlen(text));
}

void bau_text_addf(struct bau_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !bau_text_reserve(t, (size_t)n))
        return;
    va_start(args, format);
    vsnprintf(t->data + t->len, (size_t)n + 1, format, args);
    va_end(args);
    t->len += (size_t)n;
}

void bau_text_release(struct bau_text *t)
{
    bau_free(t->data);
    *t = (struct bau_text){ 0 };
}

void bau_text_add_json(struct bau_text *t, const char *text)
{
    bau_text_addn(t, "\"", 1);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            bau_text_addf(t, "\\%c", *c);
        else if (*c < 0x20)
            bau_text_addf(t, "\\u%04x", *c);
        else
            bau_text_addn(t, c, 1);
    }
    bau_text_addn(t, "\"", 1);
}
