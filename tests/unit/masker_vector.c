/* vector: same dimension, length 1, every direction; arrays of floats list by list. */
#include <criterion/criterion.h>
#include <math.h>

#include "tests/support/single.h"

static uint32_t read_numbers(struct bau_slice v, double *out, uint32_t most)
{
    char text[65536];
    uint32_t n = 0;
    memcpy(text, v.data, v.len);
    text[v.len] = '\0';
    cr_assert(text[0] == '[' && text[v.len - 1] == ']', "%s", text);
    for (char *at = text + 1; *at && n < most; at++)
        out[n++] = strtod(at, &at);
    return n;
}

Test(vector, texts_become_unit_vectors_of_every_direction)
{
    enum { DIMENSIONS = 48, VECTORS = 2000 };
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("vector"), BAU_TEXT, "", NULL, 0);
    double mean[DIMENSIONS] = { 0 }, square[DIMENSIONS] = { 0 };
    for (uint32_t i = 0; i < VECTORS; i++) {
        char text[1024] = "[";
        size_t len = 1;
        double v[DIMENSIONS + 1], length = 0;
        for (uint32_t k = 0; k < DIMENSIONS; k++)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%u.5e-%u", k ? "," : "", i + k, k % 7);
        text[len++] = ']';
        bau_arena_reset(arena);
        const struct bau_column in = one_text(BAU_TEXT, text, len, arena), out = run_fine(&b, &in, 0, arena);
        cr_assert_eq(read_numbers(bau_column_value(&out, 0), v, DIMENSIONS + 1), (uint32_t)DIMENSIONS);
        for (uint32_t k = 0; k < DIMENSIONS; k++) {
            length += v[k] * v[k];
            mean[k] += v[k] / VECTORS;
            square[k] += v[k] * v[k] / VECTORS;
        }
        cr_assert(fabs(length - 1) < 1e-7, "%f", length);
    }
    for (uint32_t k = 0; k < DIMENSIONS; k++) /* variance 1/48 each; five standard errors */
        cr_assert(fabs(mean[k]) < 0.017 && fabs(square[k] * DIMENSIONS - 1) < 0.16, "%u: %f %f", k, mean[k],
                  square[k]);
    release(&b);
    bau_arena_free(arena);
}

Test(vector, arrays_are_masked_list_by_list)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    const double v[] = { 1, 2, 3, 1, 2, 3, 4, 5, 1, 2, 3 };
    uint32_t lists[] = { 0, 3, 3, 6, 8, 8, 11 };
    for (unsigned k = 0; k < 2; k++) {
        const bau_type type = k ? BAU_F32 : BAU_F64;
        struct bound b = bind_with(bau_masker_find("vector"), type, "", NULL, 0),
                     zero = bind_with(bau_masker_find("vector"), type, "to=zero", NULL, 0);
        const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = 11 };
        struct bau_column in, out, none;
        struct bau_error err;
        double got[11], empty[11];
        cr_assert_eq(bau_column_make(&in, &shape, type, 0, arena, &err), BAU_OK);
        for (uint32_t i = 0; i < 11; i++)
            if (k)
                ((float *)in.data)[i] = (float)v[i];
            else
                ((double *)in.data)[i] = v[i];
        in.list_offsets = lists;
        cr_assert_eq(run(&b, &in, 0, 0, arena, &out, &err), BAU_OK);
        cr_assert_eq(run(&zero, &in, 0, 0, arena, &none, &err), BAU_OK);
        for (uint32_t i = 0; i < 11; i++) {
            got[i] = k ? (double)((const float *)out.data)[i] : ((const double *)out.data)[i];
            empty[i] = k ? (double)((const float *)none.data)[i] : ((const double *)none.data)[i];
            cr_assert(fabs(empty[i]) < 1e-300);
        }
        for (uint32_t l = 0; l < 6; l++) {
            double length = 0;
            for (uint32_t i = lists[l]; i < lists[l + 1]; i++)
                length += got[i] * got[i];
            cr_assert(lists[l] == lists[l + 1] || fabs(length - 1) < 1e-6);
        }
        cr_assert_eq(memcmp(got, got + 3, 3 * sizeof *got), 0, "equal vectors");
        cr_assert_eq(memcmp(got, got + 8, 3 * sizeof *got), 0);
        release(&b);
        release(&zero);
    }
    bau_arena_free(arena);
}

static const struct single cases[] = {
    { "vector", "to=zero", BAU_TEXT, "[0.1,-2,3e-5]", "[0,0,0]" },
    { "vector", "to=zero", BAU_TEXT, "[7]", "[0]" },
    { "vector", "", BAU_TEXT, "[]", NULL },
    { "vector", "", BAU_TEXT, "[1,]", NULL },
    { "vector", "", BAU_TEXT, "[1 ,2]", NULL },
    { "vector", "", BAU_TEXT, "[1,2", NULL },
    { "vector", "", BAU_TEXT, "[1,2]]", NULL },
    { "vector", "", BAU_TEXT, "[1;2]", NULL },
    { "vector", "", BAU_TEXT, "[1.,2]", NULL },
    { "vector", "", BAU_TEXT, "[1e,2]", NULL },
    { "vector", "", BAU_TEXT, "[NaN]", NULL },
    { "vector", "", BAU_TEXT, "{1,2}", NULL },
};

Test(vector, texts_that_are_none_are_refused)
{
    for (size_t i = 0; i < BAU_COUNT(cases); i++)
        single_check(&cases[i], i);
}
