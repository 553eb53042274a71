/* hash_token: every length in both spellings is the same bytes, base32 as RFC 4648 section 6 has it (in small letters, not padded). */
#include <criterion/criterion.h>

#include "tests/support/masker.h"

enum { VALUES = 300 };

static struct bau_column tokens(const char *options, bool nulls, struct bau_arena *arena)
{
    struct bound b = bind_with(bau_masker_find("hash_token"), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = make(b.masker, BAU_TEXT, 0, VALUES, nulls, arena);
    const struct bau_column out = run_fine(&b, &in, 0, arena);
    for (uint32_t i = 0; i < VALUES; i++)
        cr_assert_eq(bau_column_present(&in, i), bau_column_present(&out, i));
    release(&b);
    return out;
}

static size_t digits_of(struct bau_slice v, const char *alphabet, unsigned bits, uint8_t *out)
{
    uint32_t held = 0, n_held = 0;
    size_t n = 0;
    for (size_t i = 0; i < v.len; i++) {
        const char *digit = memchr(alphabet, v.data[i], strlen(alphabet));
        cr_assert_not_null(digit);
        held = held << bits | (uint32_t)(digit - alphabet);
        n_held += bits;
        if (n_held >= 8) {
            n_held -= 8;
            out[n++] = (uint8_t)(held >> n_held);
        }
    }
    cr_assert_eq(held & ((1u << n_held) - 1), 0, "spare bits of the last digit are 0");
    return n;
}

Test(hash_token, spellings)
{
    for (unsigned bytes = 10; bytes <= 32; bytes++)
        for (int nulls = 0; nulls < 2; nulls++) {
            struct bau_arena *arena = bau_arena_new(1 << 20, 0);
            char options[64];
            snprintf(options, sizeof options, "bytes=%u", bytes);
            const struct bau_column hex = tokens(options, nulls, arena);
            snprintf(options, sizeof options, "bytes=%u encoding=base32", bytes);
            const struct bau_column b32 = tokens(options, nulls, arena);
            const struct bau_column longest =
                tokens("bytes=32 prefix=a-prefix-of-more-than-16-bytes", nulls, arena);
            for (uint32_t i = 0; i < VALUES; i++) {
                uint8_t one[64], two[64], three[64];
                if (!bau_column_present(&hex, i))
                    continue;
                struct bau_slice with = bau_column_value(&longest, i);
                cr_assert_eq(memcmp(with.data, "a-prefix-of-more-than-16-bytes", 30), 0);
                with = (struct bau_slice){ with.data + 30, with.len - 30 };
                cr_assert_eq(bau_column_value(&b32, i).len, (bytes * 8 + 4) / 5);
                cr_assert_eq(digits_of(bau_column_value(&hex, i), "0123456789abcdef", 4, one), bytes);
                cr_assert_eq(digits_of(bau_column_value(&b32, i), "abcdefghijklmnopqrstuvwxyz234567", 5, two),
                             bytes);
                cr_assert_eq(digits_of(with, "0123456789abcdef", 4, three), 32);
                cr_assert_eq(memcmp(one, two, bytes), 0);
                cr_assert_eq(memcmp(one, three, bytes), 0, "a shorter token is the start of a longer one");
            }
            bau_arena_free(arena);
        }
}

static const struct {
    const char *options;
    uint32_t max_chars;
    bau_status status;
} bindings[] = {
    { "", 32, BAU_OK },
    { "", 31, BAU_E_USAGE },
    { "bytes=10 encoding=base32", 16, BAU_OK },
    { "bytes=10 encoding=base32", 15, BAU_E_USAGE },
    { "bytes=9", 0, BAU_E_USAGE },
    { "bytes=33", 0, BAU_E_USAGE },
    { "prefix=\xc3\xa9", 33, BAU_OK },
    { "prefix=\xc3\xa9", 32, BAU_E_USAGE },
};

Test(hash_token, has_eighty_bits_and_fits)
{
    for (size_t i = 0; i < BAU_COUNT(bindings); i++) {
        struct bound b = bind_with(bau_masker_find("hash_token"), BAU_TEXT, bindings[i].options, NULL,
                                   bindings[i].max_chars);
        cr_expect_eq(b.status, bindings[i].status, "%s %u", bindings[i].options, bindings[i].max_chars);
        release(&b);
    }
    char options[300] = "prefix=";
    memset(options + strlen(options), 'p', 257);
    struct bound b = bind_with(bau_masker_find("hash_token"), BAU_TEXT, options, NULL, 0);
    cr_expect_eq(b.status, BAU_E_USAGE);
    cr_expect_not_null(strstr(b.err.text, "256 bytes"));
    release(&b);
}
