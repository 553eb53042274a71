/* phone: with change=last4 the four last digits of every number are exchanged among themselves, all else stays where it was. */
#include <criterion/criterion.h>

#include "tests/support/masker.h"

enum { ALL = 10000 };

/* "HEAD" and four digits, all of them, some signs between. */
static struct bau_column numbers(const char *head, struct bau_arena *arena)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = ALL };
    const size_t len = strlen(head) + 5;
    struct bau_column c;
    struct bau_error err;
    cr_assert_eq(bau_column_make(&c, &shape, BAU_TEXT, ALL * len, arena, &err), BAU_OK);
    for (uint32_t i = 0; i < ALL; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s%02u-%02u", head, i / 100, i % 100);
        memcpy((uint8_t *)c.data + i * len, text, len);
        c.offsets[i + 1] = (uint32_t)((i + 1) * len);
    }
    return c;
}

static uint32_t last_four(struct bau_slice v)
{
    const uint8_t *p = v.data + v.len - 5;
    return (uint32_t)((p[0] - '0') * 1000 + (p[1] - '0') * 100 + (p[3] - '0') * 10 + (p[4] - '0'));
}

/* out[i]: what number i became. */
static void masked(const char *head, uint32_t out[ALL])
{
    struct bau_arena *arena = bau_arena_new(1 << 20, 0);
    struct bound b = bind_with(bau_masker_find("phone"), BAU_TEXT, "change=last4", NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = numbers(head, arena), made = run_fine(&b, &in, 0, arena);
    static bool seen[ALL];
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < ALL; i++) {
        const struct bau_slice v = bau_column_value(&made, i);
        cr_assert_eq(v.len, strlen(head) + 5);
        cr_assert_eq(memcmp(v.data, head, strlen(head)), 0);
        cr_assert_eq(v.data[v.len - 3], '-');
        out[i] = last_four(v);
        cr_assert_lt(out[i], ALL);
        cr_assert_not(seen[out[i]], "two numbers become one");
        seen[out[i]] = true;
    }
    release(&b);
    bau_arena_free(arena);
}

Test(phone, last_four_alone_change)
{
    static uint32_t one[ALL], other[ALL], home[ALL];
    masked("+49 30 123-4", one);
    masked("+49 30 123-5", other);
    masked("(030) 123-4", home);
    uint32_t stayed = 0, alike = 0;
    for (uint32_t i = 0; i < ALL; i++) {
        stayed += one[i] == i;
        alike += one[i] == other[i];
    }
    cr_expect_lt(stayed, 20, "a permutation has one fixed point on average");
    cr_expect_lt(alike, 20, "another head, another permutation");
    cr_expect_eq(memcmp(one, home, sizeof one), 0, "the same number as it is dialled at home");
}

/* A number of fewer than five digits behind the country code has no head that could stay. */
Test(phone, short_numbers_change_as_a_whole)
{
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    struct bound b = bind_with(bau_masker_find("phone"), BAU_TEXT, "change=last4", NULL, 0);
    static const char *const texts[] = { "+4912345", "+49 1234", "+49 12 34-5" };
    for (size_t i = 0; i < BAU_COUNT(texts); i++) {
        const struct bau_column in = one_text(BAU_TEXT, texts[i], strlen(texts[i]), arena);
        const struct bau_column out = run_fine(&b, &in, 0, arena);
        const struct bau_slice v = bau_column_value(&out, 0);
        cr_assert_eq(v.len, strlen(texts[i]));
        cr_expect_eq(memcmp(v.data, "+49", 3), 0, "%s: the country stays", texts[i]);
        cr_expect_neq(memcmp(v.data, texts[i], v.len), 0, "%s stays", texts[i]);
        for (size_t k = 0; k < v.len; k++)
            cr_expect_eq(v.data[k] >= '0' && v.data[k] <= '9', texts[i][k] >= '0' && texts[i][k] <= '9');
    }
    release(&b);
    bau_arena_free(arena);
}
