/* text_redact, text_pseudonym and secret_kill: what stands in for what was found. */
#include <criterion/criterion.h>

#include "maskers/utf8.h"
#include "tests/support/masker.h"

static struct bau_arena *arena;

static void set_up(void)
{
    arena = bau_arena_new(1 << 16, 0);
}

static void tear_down(void)
{
    bau_arena_free(arena);
}

/* One text through one masker, as a C string in the arena. */
static const char *masked(const char *masker, const char *options, uint32_t max_chars, const char *text)
{
    struct bound b = bind_with(bau_masker_find(masker), BAU_TEXT, options, NULL, max_chars);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = one_text(BAU_TEXT, text, strlen(text), arena),
                            out = run_fine(&b, &in, 0, arena);
    const struct bau_slice v = bau_column_value(&out, 0);
    const char *copy = bau_arena_textn(arena, (const char *)v.data, v.len);
    release(&b);
    return copy;
}

static const struct {
    const char *masker, *options, *in, *want;
} cases[] = {
    { "text_redact", "", "Mr. Smith <j.smith@example.com>, +49 30 23125123", "Mr. ***** <[EMAIL]>, [PHONE]" },
    { "text_redact", "", "j.smith@example.com: Mr. Smith",
      "[EMAIL]: Mr. [NAME]" }, /* room left by the address */
    { "text_redact", "as=stars", "caf\xC3\xA9@example.com!", "****************!" },
    { "text_redact", "find=email", "a.b@example.com 192.0.2.1", "[EMAIL] 192.0.2.1" },
    { "text_redact", "find=date find=ip", "2024-02-29 192.0.2.1 a@example.com", "[DATE] [IP] a@example.com" },
    { "text_redact", "", "on 2024-02-29, nothing here", "on 2024-02-29, nothing here" },
    { "text_redact", "", "4111 1111 1111 1111;078-05-1120;GB82WEST12345698765432", "[CARD];[ID];[IBAN]" },
    { "text_redact", "lone_names=true", "ask Elizabeth", "ask [NAME]" },
    { "text_redact", "", "ask Elizabeth", "ask Elizabeth" },
    { "text_redact", "", "", "" },
    { "text_pseudonym", "", "nothing here, 2024-02-29", "nothing here, 2024-02-29" },
    { "secret_kill", "", "postgres://shop:s3cr3t@db.example.com/shop",
      "postgres://shop:x@db.example.com/shop" },
    { "secret_kill", "", "redis://:a@b@h:1/0?x=y", "redis://:x@h:1/0?x=y" },
    { "secret_kill", "", "id AKIAIOSFODNN7EXAMPLE.", "id AKIAxxxxxxxxxxxxxxxx." },
    { "secret_kill", "", "t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r",
      "t=eyJhbGciOiJub25lIn0.eyJleHAiOjB9." },
    { "secret_kill", "",
      "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabcdef\n-----END RSA PRIVATE KEY-----\n",
      "-----BEGIN RSA PRIVATE KEY-----\nUkVNT1ZFRA==\n-----END RSA PRIVATE KEY-----\n" },
    { "secret_kill", "", "-----BEGIN EC PRIVATE KEY-----\nMIIEpAIBAAKCAQEA", "xxxxxxxxxxxxxxxx" },
    { "secret_kill", "", "k=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1;", "k=xxxxxxxxxxxxxxxx;" },
    { "secret_kill", "random_from=0", "k=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1;",
      "k=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1;" },
    { "secret_kill", "", "https://example.com/no/secret ada@example.com",
      "https://example.com/no/secret ada@example.com" },
};

Test(masker_prose, single_values, .init = set_up, .fini = tear_down)
{
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        const char *got = masked(cases[i].masker, cases[i].options, 0, cases[i].in);
        cr_expect_str_eq(got, cases[i].want, "case %zu: %s\n  got  %s\n  want %s", i, cases[i].in, got,
                         cases[i].want);
    }
}

/* Division by hand, one decimal digit at a time. */
static unsigned remainder_97(const char *digits)
{
    unsigned rest = 0;
    for (; *digits; digits++)
        rest = (rest * 10 + (unsigned)(*digits - '0')) % 97;
    return rest;
}

Test(masker_prose, pseudonyms_are_valid_and_reserved, .init = set_up, .fini = tear_down)
{
    char text[128];
    for (unsigned i = 0; i < 200; i++) {
        snprintf(text, sizeof text, "DE8937040044053201%04u", i);
        unsigned check = 0;
        char spelled[64];
        snprintf(spelled, sizeof spelled, "37040044053201%04u131400", i); /* DE is 13 14 */
        check = 98 - remainder_97(spelled);
        snprintf(text, sizeof text, "DE%02u37040044053201%04u", check, i);
        const char *iban = masked("text_pseudonym", "", 0, text);
        cr_assert_eq(strlen(iban), 22u);
        cr_assert_eq(memcmp(iban, "DE", 2), 0);
        cr_assert_eq(memcmp(iban + 4, "0000", 4), 0);
        snprintf(spelled, sizeof spelled, "%s1314%.2s", iban + 4, iban + 2);
        cr_assert_eq(remainder_97(spelled), 1u, "%s", iban);
        cr_assert_str_neq(iban, text);
    }
    for (unsigned i = 0; i < 100;
         i++) { /* a card number and its Luhn digit, twice every other digit from the right */
        unsigned sum = 0, digit[16];
        snprintf(text, sizeof text, "411111111111%03u", i);
        for (unsigned k = 0; k < 15; k++) {
            const unsigned d = (unsigned)(text[k] - '0'), twice = 2 * d;
            sum += k % 2 == 0 ? twice / 10 + twice % 10 : d;
        }
        snprintf(text + 15, 2, "%u", (10 - sum % 10) % 10);
        const char *card = masked("text_pseudonym", "", 0, text);
        cr_assert_eq(strlen(card), 16u, "%s", text);
        cr_assert_eq(memcmp(card, "400000", 6), 0);
        sum = 0;
        for (unsigned k = 0; k < 16; k++) {
            digit[k] = (unsigned)(card[k] - '0');
            sum += k % 2 == 0 ? 2 * digit[k] / 10 + 2 * digit[k] % 10 : digit[k];
        }
        cr_assert_eq(sum % 10, 0u, "%s", card);
    }
    cr_expect(strstr(masked("text_pseudonym", "", 0, "x 10.1.2.3 y"), "x 198.1") != NULL);
    cr_expect(strstr(masked("text_pseudonym", "", 0, "fe80::1"), "2001:db8:") != NULL);
    cr_expect(strstr(masked("text_pseudonym", "", 0, "+49 30 23125123"), " 555 01") != NULL);
    cr_expect(strstr(masked("text_pseudonym", "", 0, "078-05-1120"), "000-") != NULL);
    cr_expect(strstr(masked("text_pseudonym", "", 0, "https://acme.de/x"), ".example.com/") != NULL);
}

/* The same thing has the same pseudonym in every text, however it is written. */
Test(masker_prose, one_entity_one_pseudonym, .init = set_up, .fini = tear_down)
{
    const char *one = masked("text_pseudonym", "", 0, "ada@example.org"),
               *two = masked("text_pseudonym", "", 0, "Mail: ADA@example.ORG, please"),
               *three = masked("text_pseudonym", "", 0, "bob@example.org");
    cr_expect(strstr(two, one) != NULL, "%s in %s", one, two);
    cr_expect_str_neq(one, three);
    cr_expect(strstr(masked("text_pseudonym", "", 0, "(212) 555-0187"),
                     masked("text_pseudonym", "", 0, "212-555-0187")) != NULL);
    const char *mary = masked("text_pseudonym", "", 0, "Mary Johnson"), *space = strchr(mary, ' ');
    cr_assert(space != NULL);
    cr_expect(strstr(masked("text_pseudonym", "", 0, "Dear Mrs. Johnson,"), space + 1) != NULL);
    cr_expect(strstr(mary, "Mary") == NULL && strstr(mary, "Johnson") == NULL);
}

Test(masker_prose, a_limited_column_never_grows, .init = set_up, .fini = tear_down)
{
    static const char *const texts[] = { "a@b.de",          "1.2.3.4",           "@ab",
                                         "Mr. Li",          "www.a.de",          "a@b.de and 1.2.3.4, Mr. Li",
                                         "0171 / 39200 12", "postgres://u:p@h/x" };
    for (size_t i = 0; i < BAU_COUNT(texts); i++) {
        const char *got = masked("text_pseudonym", "", 30, texts[i]);
        cr_expect_leq(bau_utf8_count((const uint8_t *)got, strlen(got)), strlen(texts[i]), "%s", got);
        cr_expect_str_neq(got, texts[i]);
    }
}

Test(masker_prose, refuses_options)
{
    static const struct {
        const char *masker, *options;
    } bad[] = { { "text_redact", "find=street" },
                { "text_pseudonym", "find=date" },
                { "text_pseudonym", "locale=tlh" },
                { "secret_kill", "random_from=5" } };
    for (size_t i = 0; i < BAU_COUNT(bad); i++) {
        struct bound b = bind_with(bau_masker_find(bad[i].masker), BAU_TEXT, bad[i].options, NULL, 0);
        cr_expect_eq(b.status, BAU_E_USAGE, "case %zu", i);
        release(&b);
    }
}

/* Letters stand for 10 … 35, each of two digits (ISO 13616). */
static unsigned iban_rest(const char *iban)
{
    char digits[80] = "";
    for (size_t i = 0, n = strlen(iban); i < n; i++) {
        const char ch = iban[(i + 4) % n];
        const size_t at = strlen(digits);
        snprintf(digits + at, sizeof digits - at, "%d", ch >= 'A' ? ch - 'A' + 10 : ch - '0');
    }
    return remainder_97(digits);
}

Test(masker_prose, pseudonyms_of_other_finds, .init = set_up, .fini = tear_down)
{
    static const char uuid[] = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
    const char *made = masked("text_pseudonym", "find=uuid", 0, uuid);
    cr_assert_eq(strlen(made), 36u, "%s", made);
    cr_expect_eq(strspn(made, "0123456789abcdef-"), 36u, "%s", made);
    for (size_t i = 0; i < 36; i++)
        cr_expect_eq(made[i] == '-', uuid[i] == '-', "%s", made);
    cr_expect_eq(made[14], '4', "%s: version 4 (RFC 9562)", made);
    cr_expect_not_null(strchr("89ab", made[19]), "%s: variant", made);
    cr_expect_str_neq(made, uuid);

    cr_assert_eq(iban_rest("GB82WEST12345698765432"), 1u, "the reference");
    made = masked("text_pseudonym", "", 0, "GB82WEST12345698765432");
    cr_assert_eq(strlen(made), 22u);
    cr_expect_eq(memcmp(made, "GB", 2), 0);
    cr_expect_eq(memcmp(made + 4, "XXXX", 4), 0, "%s: a bank that is none", made);
    cr_expect_eq(iban_rest(made), 1u, "%s", made);

    made = masked("text_pseudonym", "", 0, "Dear Mr. J. Smith,");
    cr_expect_eq(memcmp(made, "Dear Mr. ", 9), 0, "%s", made);
    cr_expect(made[9] >= 'A' && made[9] <= 'Z' && made[10] == '.', "%s", made);
    cr_expect_null(strstr(made, "Smith"), "%s", made);
}
