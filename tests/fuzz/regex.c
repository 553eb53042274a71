/* Patterns: the first line is one, what follows the text. No pattern and no text may crash or hang the masker. The whole match is
 * hidden, so the text keeps its characters. */
#include "tests/fuzz/inside.h"

static size_t characters(struct bau_slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += (s.data[i] & 0xC0u) != 0x80u;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    if (!line || size > 4096)
        return 0;
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
    const struct bau_slice text = { line + 1, size - (size_t)(line + 1 - data) };
    struct bau_slice out;
    if (!arena)
        abort();
    const char *pattern = bau_arena_printf(arena, "pattern=%.*s", (int)(line - data), (const char *)data);
    const char *words[] = { pattern, "groups=redact", "unmatched=redact" };
    struct bau_single *single = pattern ? fuzz_bind("regex", words, 3, BAU_TEXT) : NULL;
    if (single && fuzz_run(single, text, arena, &out) == BAU_OK && characters(out) != characters(text))
        abort();
    bau_single_free(single);
    bau_arena_free(arena);
    return 0;
}
