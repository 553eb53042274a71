/* For fuzz targets of maskers: one bound under a fixed key, and what every run over foreign bytes must hold. */
#ifndef BAU_TESTS_FUZZ_INSIDE_H
#define BAU_TESTS_FUZZ_INSIDE_H

#include <stdlib.h>
#include <string.h>

#include "src/plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL when the options are refused. */
static inline struct bau_single *fuzz_bind(const char *masker, const char **words, uint32_t n, bau_type type)
{
    static const uint8_t master[32] = { 1, 2, 3, 5, 8, 13, 21, 34, 55, 89 };
    const struct bau_texts texts = { n, words };
    struct bau_keys *keys = NULL;
    struct bau_single *single = NULL;
    struct bau_error err;
    if (bau_keys_of(master, &keys, &err) != BAU_OK)
        abort();
    const struct bau_single_with with = {
        .masker = masker, .words = &texts, .keys = keys, .type = type, .by_type = BAU_I64
    };
    const bau_status status = bau_single_new(&with, &single, &err);
    bau_keys_free(keys);
    return status == BAU_OK ? single : NULL;
}

static inline void fuzz_column(struct bau_slice text, struct bau_arena *arena, struct bau_column *out)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = 1 };
    struct bau_error err;
    if (bau_column_make(out, &shape, BAU_TEXT, text.len, arena, &err) != BAU_OK)
        abort();
    if (text.len)
        memcpy(out->data, text.data, text.len);
    out->offsets[1] = (uint32_t)text.len;
}

/* Masks one text. Refusals may only be of the data; what comes out is a sound column. */
static inline bau_status fuzz_run(const struct bau_single *single, struct bau_slice text,
                                  struct bau_arena *arena, struct bau_slice *out)
{
    struct bau_column in, masked;
    struct bau_error err;
    size_t scratch = 1;
    for (size_t i = 0; i < bau_n_maskers; i++)
        scratch = bau_maskers[i]->scratch_bytes > scratch ? bau_maskers[i]->scratch_bytes : scratch;
    fuzz_column(text, arena, &in);
    struct bau_mask_ctx ctx = { .arena = arena, .scratch = bau_arena_take(arena, scratch) };
    if (!ctx.scratch)
        abort();
    masked = in;
    const bau_status status = bau_sub_apply(&single->bound.run, &ctx, &in, &masked, &err);
    if (status != BAU_OK && status != BAU_E_DATA && status != BAU_E_LIMIT && status != BAU_E_POLICY)
        abort();
    if (status == BAU_OK && bau_column_validate(&masked, 1, BAU_VALIDATE_CONTENTS, &err) != BAU_OK)
        abort();
    *out = status == BAU_OK ? bau_column_value(&masked, 0) : (struct bau_slice){ NULL, 0 };
    return status;
}

/* What a masker wrote it reads again, and as long as the first time when every value only lost its letters. */
static inline void fuzz_twice(const char *masker, const char **words, uint32_t n, const uint8_t *data,
                              size_t size)
{
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
    struct bau_single *single = fuzz_bind(masker, words, n, BAU_TEXT);
    struct bau_slice once, twice;
    if (!arena || !single)
        abort();
    if (size <= 65536 && fuzz_run(single, (struct bau_slice){ data, size }, arena, &once) == BAU_OK &&
        (fuzz_run(single, once, arena, &twice) != BAU_OK || twice.len != once.len ||
         (once.len && memcmp(once.data, twice.data, once.len) != 0)))
        abort();
    bau_single_free(single);
    bau_arena_free(arena);
}

#endif
