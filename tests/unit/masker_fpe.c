/* fpe against FF1 on numerals (proved by its own vectors), formats, shapes, alphabets of several bytes, short
 * domains. */
#include <criterion/criterion.h>

#include "src/kernel/ff1.h"
#include "tests/support/masker.h"

static struct bau_arena *arena;

static void setup(void)
{
    arena = bau_arena_new(1 << 20, 0);
}

TestSuite(masker_fpe, .init = setup);

static bau_status mask(const char *options, const char *in, char out[256], struct bau_error *err)
{
    struct bound b = bind_with(bau_masker_find("fpe"), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s: %s", options, b.err.text);
    const struct bau_column c = one_text(BAU_TEXT, in, strlen(in), arena);
    struct bau_column got;
    const bau_status status = run(&b, &c, 0, 0, arena, &got, err);
    if (status == BAU_OK) {
        const struct bau_slice v = bau_column_value(&got, 0);
        memcpy(out, v.data, v.len);
        out[v.len] = '\0';
    }
    release(&b);
    return status;
}

/* The reference: the subkey and the domain's name as tweak, numerals one by one. */
static void reference(const char *symbols, const char *in, char *out)
{
    struct bau_mask_key *key;
    struct bau_error err;
    struct bau_cipher cipher;
    struct bau_ff1 ff1;
    uint8_t subkey[32];
    uint16_t x[256];
    const uint32_t n = (uint32_t)strlen(in);
    cr_assert_eq(bau_mask_key_new(master, "", "test", "fpe", BAU_CANON_NONE, arena, &key, &err), BAU_OK);
    cr_assert_eq(bau_mask_subkey(key, "fpe-ff1", subkey, &err), BAU_OK);
    cr_assert(bau_cipher_init(&cipher, subkey, 32));
    cr_assert(bau_ff1_init(&ff1, &cipher, (uint32_t)strlen(symbols), n, (const uint8_t *)"test", 4));
    for (uint32_t i = 0; i < n; i++)
        x[i] = (uint16_t)(strchr(symbols, in[i]) - symbols);
    bau_ff1_numerals(&ff1, x, false);
    for (uint32_t i = 0; i < n; i++)
        out[i] = symbols[x[i]];
    out[n] = '\0';
    bau_cipher_release(&cipher);
    bau_mask_key_release(key);
}

Test(masker_fpe, is_ff1_on_every_length)
{
    static const char digits[] = "0123456789";
    static const char alnum[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    struct bau_error err;
    char in[128], want[128], got[256];
    for (uint32_t n = 6; n <= 100; n++) {
        for (uint32_t i = 0; i < n; i++)
            in[i] = digits[(i * 7 + n) % 10];
        in[n] = '\0';
        reference(digits, in, want);
        cr_assert_eq(mask("", in, got, &err), BAU_OK);
        cr_assert_str_eq(got, want, "%u digits", n);
        for (uint32_t i = 0; i < n; i++)
            in[i] = alnum[(i * 11 + n) % 62];
        reference(alnum, in, want);
        cr_assert_eq(mask("alphabet=alnum", in, got, &err), BAU_OK);
        cr_assert_str_eq(got, want, "%u letters and digits", n);
    }
}

Test(masker_fpe, keeps_what_it_says)
{
    struct bau_error err;
    char want[64], got[256];
    reference("0123456789", "12345678", want);
    cr_assert_eq(mask("", "12-34 (56).78", got, &err), BAU_OK);
    cr_expect(got[2] == '-' && got[5] == ' ' && got[6] == '(' && got[9] == ')' && got[10] == '.');
    for (size_t i = 0, k = 0; got[i]; i++)
        if (got[i] >= '0' && got[i] <= '9')
            cr_expect_eq(got[i], want[k++]);
    cr_assert_eq(mask("keep_first=3 keep_last=2", "9991234567800", got, &err), BAU_OK);
    cr_expect(memcmp(got, "999", 3) == 0 && memcmp(got + 3, want, 8) == 0 && strcmp(got + 11, "00") == 0,
              "%s", got);
    cr_assert_eq(mask("keep_first=30", "12345678", got, &err), BAU_OK);
    cr_expect_str_eq(got, want); /* nothing would move: all moves */
    cr_assert_eq(mask("outside=keep", "Nr. 12345678 \xc3\xa4", got, &err), BAU_OK);
    cr_expect(memcmp(got, "Nr. ", 4) == 0 && memcmp(got + 4, want, 8) == 0 &&
              strcmp(got + 12, " \xc3\xa4") == 0);
}

Test(masker_fpe, refuses)
{
    static const char *const bad[] = { "Nr. 12345678", "-", "\xc3\xa4", "12\xff", "12\n34" };
    static const char *const options[] = { "alphabet=a", "alphabet=aa", "alphabet=ab\xff", "alphabet=abca",
                                           "alphabet=alnum classes=true" };
    struct bau_error err;
    char got[256];
    for (size_t i = 0; i < BAU_COUNT(bad); i++)
        cr_expect_eq(mask("", bad[i], got, &err), BAU_E_DATA, "%zu", i);
    char *longer = malloc(5000);
    memset(longer, '1', 4999);
    longer[4999] = '\0';
    cr_expect_eq(mask("", longer, got, &err), BAU_E_DATA);
    free(longer);
    for (size_t i = 0; i < BAU_COUNT(options); i++) {
        struct bound b = bind_with(bau_masker_find("fpe"), BAU_TEXT, options[i], NULL, 0);
        cr_expect_eq(b.status, BAU_E_USAGE, "%s", options[i]);
        release(&b);
    }
}

/* All values of a shape, made by `spell`: each output once, and of the same shape. */
static void check_all(const char *options, uint32_t n, size_t spell(uint32_t, char *))
{
    struct bound b = bind_with(bau_masker_find("fpe"), BAU_TEXT, options, NULL, 0);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = BAU_TEXT, .n_values = n };
    struct bau_column in, out;
    struct bau_error err;
    char text[64];
    cr_assert_eq(bau_column_make(&in, &shape, BAU_TEXT, (size_t)n * 16, arena, &err), BAU_OK);
    for (uint32_t i = 0; i < n; i++) {
        const size_t len = spell(i, text);
        memcpy((uint8_t *)in.data + in.offsets[i], text, len);
        in.offsets[i + 1] = in.offsets[i] + (uint32_t)len;
    }
    cr_assert_eq(run(&b, &in, 0, 0, arena, &out, &err), BAU_OK, "%s", err.text);
    cr_assert_eq(bau_column_validate(&out, n, BAU_VALIDATE_CONTENTS, &err), BAU_OK, "%s", err.text);
    uint8_t *seen = calloc(n, 1);
    for (uint32_t i = 0; i < n; i++) { /* every input is looked up by its number: find it by spelling */
        const struct bau_slice v = bau_column_value(&out, i);
        uint32_t number = 0;
        for (size_t k = 0; k < v.len; k++) {
            const uint8_t c = v.data[k];
            if (c >= '0' && c <= '9')
                number = number * 10 + (uint32_t)(c - '0');
            else if (c >= 'A' && c <= 'Z')
                number = number * 26 + (uint32_t)(c - 'A');
            else if (c >= 'a' && c <= 'z')
                number = number * 26 + (uint32_t)(c - 'a');
        }
        const size_t len = spell(number, text);
        cr_assert(number < n && v.len == len && memcmp(v.data, text, len) == 0, "%.*s", (int)v.len, v.data);
        cr_assert_eq(seen[number]++, 0);
    }
    free(seen);
    release(&b);
}

static size_t six_digits(uint32_t i, char *out)
{
    return (size_t)sprintf(out, "%03u-%03u", i / 1000, i % 1000);
}

static size_t four_digits(uint32_t i, char *out)
{
    return (size_t)sprintf(out, "%04u", i);
}

static size_t plate(uint32_t i, char *out) /* two letters, one digit, one letter */
{
    return (size_t)sprintf(out, "%c%c-%u %c", 'A' + i / 6760 % 26, 'a' + i / 260 % 26, i / 26 % 10,
                           'A' + i % 26);
}

Test(masker_fpe, exhaustive)
{
    check_all("", 1000000, six_digits);
    check_all("", 10000, four_digits);
    check_all("classes=true", 26 * 26 * 10 * 26, plate);
}

Test(masker_fpe, alphabets_of_several_bytes)
{
    struct bau_error err;
    char got[256];
    cr_assert_eq(mask("alphabet=\xd0\xb0\xd0\xb1\xd0\xb2\xd0\xb3\xe2\x82\xac\xf0\x9f\x98\x80x",
                      "\xd0\xb0\xd0\xb1-\xd0\xb2\xd0\xb3\xe2\x82\xac\xf0\x9f\x98\x80xx", got, &err),
                 BAU_OK);
    uint32_t n = 0, dash = 0;
    for (size_t i = 0; got[i]; i++)
        if (((uint8_t)got[i] & 0xC0u) != 0x80u) {
            dash = got[i] == '-' ? n : dash;
            n++;
        }
    cr_expect_eq(n, 9);
    cr_expect_eq(dash, 2);
}

Test(masker_fpe, long_templates_keep_their_classes_and_differ)
{
    struct bau_error err;
    char in[128], one[256], two[256];
    for (size_t i = 0; i < 120; i++)
        in[i] = "A7b-"[i % 4];
    in[120] = '\0';
    cr_assert_eq(mask("classes=true", in, one, &err), BAU_OK);
    in[118] = 'c';
    cr_assert_eq(mask("classes=true", in, two, &err), BAU_OK);
    cr_expect_eq(strlen(one), 120);
    uint32_t same = 0;
    for (size_t i = 0; i < 120; i++) {
        cr_expect_eq(one[i] == '-', i % 4 == 3);
        if (i % 4 == 0)
            cr_expect(one[i] >= 'A' && one[i] <= 'Z');
        if (i % 4 == 1)
            cr_expect(one[i] >= '0' && one[i] <= '9');
        if (i % 4 == 2)
            cr_expect(one[i] >= 'a' && one[i] <= 'z');
        same += i % 4 != 3 && one[i] == two[i];
    }
    cr_expect_lt(same, 20, "one symbol changes all the others");
}
