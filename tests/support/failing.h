/* Memory that runs out at the n-th request, curl's way: the program that includes this is linked with the link arguments `failing` of
 * tests/contract/meson.build, so that every request of the objects of bauta comes by here. Between fail_at and fail_off the
 * n-th one is refused, all others are served. `fail_live` counts blocks and arenas that are not freed. Not for several threads. */
#ifndef BAU_TESTS_FAILING_H
#define BAU_TESTS_FAILING_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <utf8proc.h>

#include "bauta/mem.h"

static uint64_t fail_asked, fail_number; /* number 0: off */
static int64_t fail_live;

static inline void fail_at(uint64_t number)
{
    fail_asked = 0;
    fail_number = number;
}

/* Whether the request came that was to be refused. */
static inline bool fail_off(void)
{
    const bool came = fail_number && fail_asked >= fail_number;
    fail_number = 0;
    return came;
}

static bool refused(void)
{
    return fail_number && ++fail_asked == fail_number;
}

/* The linker's names: __wrap_F is called in place of F, which is __real_F. */
#define WRAPPED(type, name, parameters, arguments)                                                           \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        return refused() ? NULL : __real_##name arguments;                                                   \
    }
#define WRAPPED_BLOCK(type, name, parameters, arguments)                                                     \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters;                                                                           \
    type __wrap_##name parameters                                                                            \
    {                                                                                                        \
        type block = refused() ? NULL : __real_##name arguments;                                             \
        fail_live += block != NULL;                                                                          \
        return block;                                                                                        \
    }
#define WRAPPED_FREE(name, type)                                                                             \
    void __real_##name(type *block);                                                                         \
    void __wrap_##name(type *block);                                                                         \
    void __wrap_##name(type *block)                                                                          \
    {                                                                                                        \
        fail_live -= block != NULL;                                                                          \
        __real_##name(block);                                                                                \
    }

WRAPPED_BLOCK(void *, bau_alloc, (size_t bytes), (bytes))
WRAPPED_BLOCK(void *, bau_alloc_array, (size_t n, size_t each), (n, each))
WRAPPED_FREE(bau_free, void)
WRAPPED_BLOCK(struct bau_arena *, bau_arena_new, (size_t bytes, unsigned flags), (bytes, flags))
WRAPPED_FREE(bau_arena_free, struct bau_arena)
WRAPPED(void *, bau_arena_take, (struct bau_arena * arena, size_t bytes), (arena, bytes))
WRAPPED(void *, bau_arena_zero, (struct bau_arena * arena, size_t bytes), (arena, bytes))
WRAPPED(void *, bau_arena_buffer, (struct bau_arena * arena, size_t bytes), (arena, bytes))
WRAPPED(char *, bau_arena_textn, (struct bau_arena * arena, const char *text, size_t n), (arena, text, n))
WRAPPED_BLOCK(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), ())
WRAPPED_FREE(EVP_CIPHER_CTX_free, EVP_CIPHER_CTX)
WRAPPED_BLOCK(void *, CRYPTO_zalloc, (size_t bytes, const char *file, int line), (bytes, file, line))

void *__real_bau_realloc(void *block, size_t bytes);
void *__wrap_bau_realloc(void *block, size_t bytes);
void *__wrap_bau_realloc(void *block, size_t bytes)
{
    const bool first = block == NULL;
    void *grown = refused() ? NULL : __real_bau_realloc(block, bytes);
    fail_live += first && grown;
    return grown;
}

void __real_CRYPTO_free(void *block, const char *file, int line);
void __wrap_CRYPTO_free(void *block, const char *file, int line);
void __wrap_CRYPTO_free(void *block, const char *file, int line)
{
    fail_live -= block != NULL;
    __real_CRYPTO_free(block, file, line);
}

utf8proc_ssize_t __real_utf8proc_map(const utf8proc_uint8_t *text, utf8proc_ssize_t len,
                                     utf8proc_uint8_t **out, utf8proc_option_t options);
utf8proc_ssize_t __wrap_utf8proc_map(const utf8proc_uint8_t *text, utf8proc_ssize_t len,
                                     utf8proc_uint8_t **out, utf8proc_option_t options);
utf8proc_ssize_t __wrap_utf8proc_map(const utf8proc_uint8_t *text, utf8proc_ssize_t len,
                                     utf8proc_uint8_t **out, utf8proc_option_t options)
{
    *out = NULL;
    const utf8proc_ssize_t n =
        refused() ? UTF8PROC_ERROR_NOMEM : __real_utf8proc_map(text, len, out, options);
    fail_live += *out != NULL;
    return n;
}

char *__real_bau_arena_text(struct bau_arena *arena, const char *text);
char *__wrap_bau_arena_text(struct bau_arena *arena, const char *text);
char *__wrap_bau_arena_text(struct bau_arena *arena, const char *text)
{
    return text && refused() ? NULL : __real_bau_arena_text(arena, text);
}

char *__wrap_bau_arena_printf(struct bau_arena *arena, const char *format, ...) BAU_PRINTF(2, 3);
char *__wrap_bau_arena_printf(struct bau_arena *arena, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n >= 0 && !refused())
        text = __real_bau_arena_take(arena, (size_t)n + 1);
    va_start(args, format);
    if (text)
        (void)vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

bool __real_bau_text_reserve(struct bau_text *t, size_t more);
bool __wrap_bau_text_reserve(struct bau_text *t, size_t more);
bool __wrap_bau_text_reserve(struct bau_text *t, size_t more)
{
    t->failed = t->failed || refused();
    return __real_bau_text_reserve(t, more);
}

void __real_bau_text_addn(struct bau_text *t, const void *bytes, size_t n);
void __wrap_bau_text_addn(struct bau_text *t, const void *bytes, size_t n);
void __wrap_bau_text_addn(struct bau_text *t, const void *bytes, size_t n)
{
    t->failed = t->failed || refused();
    __real_bau_text_addn(t, bytes, n);
}

#endif
