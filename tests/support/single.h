/* Tables of single values through a masker, spelled as `constant` reads them: one line a case. */
#ifndef BAU_TESTS_SINGLE_H
#define BAU_TESTS_SINGLE_H

#include <inttypes.h>

#include "maskers/calendar.h"
#include "tests/support/masker.h"

struct single {
    const char *masker, *options;
    bau_type type;
    const char *in, *want; /* "#17" in `in` or `want`: the raw integer. want NULL: refused as BAU_E_DATA */
};

struct refusal {
    const char *masker, *options;
    bau_type type;
    const struct bau_field *field;
    uint32_t max_chars;
};

static inline int64_t single_integer(bau_type type, const char *text)
{
    int64_t v = 0;
    if (text[0] != '#' && (BAU_TYPE_BIT(type) & BAU_TYPES_INSTANT))
        cr_assert(bau_read_instant(text, strlen(text), type, &v), "%s", text);
    else if (type == BAU_BOOL)
        v = strcmp(text, "true") == 0;
    else
        v = strtoll(text + (text[0] == '#'), NULL, 10);
    return v;
}

static inline struct bau_column single_column(bau_type type, const char *text, struct bau_arena *arena)
{
    const uint32_t width = bau_type_width(type);
    if (width == 0)
        return one_text(type, text, strlen(text), arena);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = 1 };
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, type, 0, arena, &err), BAU_OK);
    if (type == BAU_F64) {
        const double v = strtod(text, NULL);
        memcpy(c.data, &v, 8);
    } else if (type == BAU_F32) {
        const float v = strtof(text, NULL);
        memcpy(c.data, &v, 4);
    } else {
        const int64_t v = single_integer(type, text);
        const int32_t v32 = (int32_t)v;
        const int16_t v16 = (int16_t)v;
        const uint8_t v8 = (uint8_t)v;
        memcpy(c.data,
               width == 8   ? (const void *)&v
               : width == 4 ? (const void *)&v32
               : width == 2 ? (const void *)&v16
                            : (const void *)&v8,
               width);
    }
    return c;
}

static inline void single_check(const struct single *s, size_t at)
{
    struct bound b = bind_with(bau_masker_find(s->masker), s->type, s->options, NULL, 0);
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    cr_assert_eq(b.status, BAU_OK, "case %zu (%s %s): %s", at, s->masker, s->options, b.err.text);
    const struct bau_column in = single_column(s->type, s->in, arena);
    struct bau_column out;
    struct bau_error err = { 0 };
    const bau_status status = run(&b, &in, 0, 0, arena, &out, &err);
    cr_expect_eq(status, s->want ? BAU_OK : BAU_E_DATA, "case %zu (%s %s %s): %s", at, s->masker, s->options,
                 s->in, err.text);
    if (status == BAU_OK && s->want) {
        const struct bau_column want = single_column(s->type, s->want, arena);
        const struct bau_slice got = bau_column_value(&out, 0);
        int64_t number = 0;
        if (bau_type_width(s->type))
            memcpy(&number, got.data, got.len);
        cr_expect(same_value(&want, 0, &out, 0), "case %zu (%s %s %s): %.*s %" PRId64 ", not %s", at,
                  s->masker, s->options, s->in, bau_type_width(s->type) ? 0 : (int)got.len,
                  (const char *)got.data, number, s->want);
    }
    bau_arena_free(arena);
    release(&b);
}

static inline void refusal_check(const struct refusal *r, size_t at)
{
    struct bound b = bind_with(bau_masker_find(r->masker), r->type, r->options, r->field, r->max_chars);
    cr_expect_eq(b.status, BAU_E_USAGE, "case %zu: %s %s is taken", at, r->masker, r->options);
    release(&b);
}

#endif
