/* Staged names: the key comes back, and a cluster puts both into one slot. */
#include <criterion/criterion.h>
#include <string.h>

#include "connectors/redis/rename.h"

static struct bau_slice slice(const char *text)
{
    return redis_slice(text, strlen(text));
}

static void back_and_forth(struct bau_slice key)
{
    BAU_AUTO_TEXT staged = { 0 };
    redis_staged_name(key, &staged);
    const struct bau_slice name = redis_slice(staged.data, staged.len), final = redis_final_name(name);
    cr_expect(redis_is_staged(name));
    cr_expect(!redis_is_staged(key));
    cr_expect_eq(redis_slot(name), redis_slot(key), "%.*s", (int)key.len, (const char *)key.data);
    cr_assert_eq(final.len, key.len, "%.*s", (int)name.len, (const char *)name.data);
    cr_expect(key.len == 0 || memcmp(final.data, key.data, key.len) == 0);
}

Test(redis_rename, braces)
{
    static const char *const keys[] = { "",       "plain", "{tag}",     "{tag}:1", "a{tag}b{c}",
                                        "{}",     "{}x",   "}",         "a}b{",    "{open",
                                        "a}b{c}", "{{x}}", "bauta:new", "}{x}",    "{}{x}" };
    for (size_t i = 0; i < BAU_COUNT(keys); i++)
        back_and_forth(slice(keys[i]));
}

/* All names of up to five letters of these: no two keys are staged under one name, since each comes back. */
Test(redis_rename, all_short_names)
{
    static const char letters[] = { 'a', '{', '}', ':' };
    char name[5];
    for (uint32_t n = 1; n <= sizeof name; n++)
        for (uint32_t k = 0; k < 1u << (2 * n); k++) {
            for (uint32_t i = 0; i < n; i++)
                name[i] = letters[k >> (2 * i) & 3u];
            back_and_forth(redis_slice(name, n));
        }
}
