/* password: formats recognised by published examples, and each output checked by libxcrypt (crypt(3)) or OpenSSL. What
 * neither knows (Argon2, phpass …) is checked by tests/e2e/test_passwords.py. */
#include <criterion/criterion.h>
#include <crypt.h>
#include <openssl/evp.h>

#include "tests/support/masker.h"

static const char word[] = "bauta-test";
static struct bau_arena *arena;

static void set_up(void)
{
    arena = bau_arena_new(1 << 16, 0);
}

static void tear_down(void)
{
    bau_arena_free(arena);
}

/* NULL: refused as BAU_E_DATA. */
static const char *masked(const char *options, uint32_t max_chars, const char *text)
{
    struct bound b = bind_with(bau_masker_find("password"), BAU_TEXT, options, NULL, max_chars);
    cr_assert_eq(b.status, BAU_OK, "%s", b.err.text);
    const struct bau_column in = one_text(BAU_TEXT, text, strlen(text), arena);
    struct bau_column out;
    struct bau_error err;
    const bau_status status = run(&b, &in, 0, 0, arena, &out, &err);
    cr_assert(status == BAU_OK || status == BAU_E_DATA);
    cr_assert(status == BAU_OK || strstr(err.text, text) == NULL || !*text);
    const struct bau_slice v = status == BAU_OK ? bau_column_value(&out, 0) : (struct bau_slice){ 0 };
    const char *copy = status == BAU_OK ? bau_arena_textn(arena, (const char *)v.data, v.len) : NULL;
    release(&b);
    return copy;
}

/* Examples of Openwall's crypt_blowfish, Drepper's SHA-crypt specification, crypt(5) and scrypt's manual. */
static const struct {
    const char *in, *head;
} crypts[] = {
    { "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$2a$05$" },
    { "$2y$04$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "$2y$04$" },
    { "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$2b$10$" },
    { "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$2b$12$" },
    { "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
      "$6$bauta" },
    { "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/"
      "YTBmSK6H9qs/y3RnOaw5v.",
      "$6$rounds=656000$" },
    { "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8", "$5$bauta" },
    { "$5$rounds=10000$saltstringsaltst$3xv.VbSCBX41eDL9L3voEZGZqE0bQHvx4eq4Oy4g5kC", "$5$rounds=535000$" },
    { "$1$5pZSV9va$azfrPr6af3Fc7dLblQXVa0", "$1$" },
    { "$7$CU..../....abcdefghijklmnopqrstu$abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq", "$7$CU" },
    { "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", "$y$j9T$" },
};

Test(masker_password, crypt_verifies, .init = set_up, .fini = tear_down)
{
    for (size_t i = 0; i < BAU_COUNT(crypts); i++) {
        struct crypt_data data = { 0 };
        const char *got = masked("", 0, crypts[i].in);
        cr_assert(got != NULL, "case %zu", i);
        cr_expect_eq(strncmp(got, crypts[i].head, strlen(crypts[i].head)), 0, "%s", got);
        const char *again = crypt_rn(word, got, &data, sizeof data);
        cr_expect(again && strcmp(again, got) == 0, "case %zu: %s", i, got);
    }
    for (int cost = 4; cost <= 14; cost++) {
        struct crypt_data data = { 0 };
        char in[64];
        snprintf(in, sizeof in, "$2x$%02d$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", cost);
        in[2] = cost % 2 ? 'b' : 'y';
        const char *got = masked("", 60, in);
        cr_assert_eq(strncmp(got, in, 7), 0, "%s", got);
        const char *again =
            cost > 10 ? got : crypt_rn(word, got, &data, sizeof data); /* above it takes seconds */
        cr_expect(again && strcmp(again, got) == 0, "%s", got);
    }
}

static void hex_of(const char *digest, char out[129])
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    cr_assert(EVP_Digest(word, strlen(word), bytes, &n, EVP_get_digestbyname(digest), NULL));
    for (unsigned i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

Test(masker_password, bare_digests, .init = set_up, .fini = tear_down)
{
    static const struct {
        const char *digest, *in;
    } cases[] = {
        { "MD5", "5f4dcc3b5aa765d61d8327deb882cf99" },
        { "SHA1", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8" },
        { "SHA256", "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8" },
    };
    char want[129];
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        hex_of(cases[i].digest, want);
        cr_expect_str_eq(masked("", 0, cases[i].in), want);
    }
    const char *upper = masked("", 0, "5F4DCC3B5AA765D61D8327DEB882CF99");
    hex_of("MD5", want);
    for (size_t i = 0; i < 32; i++)
        cr_expect_eq(upper[i], want[i] >= 'a' ? want[i] - 32 : want[i]);
}

/* PBKDF2 and scrypt in each spelling: salt, cost and derived key are cut out of the output and computed anew. */
static size_t base64_of(const char *text, size_t len, uint8_t out[128])
{
    char padded[160];
    size_t n = 0;
    for (; n < len && text[n] != '='; n++)
        padded[n] = text[n] == '.' ? '+' : text[n]; /* passlib's alphabet */
    const size_t bytes = n * 3 / 4;
    while (n % 4)
        padded[n++] = '=';
    cr_assert_eq(EVP_DecodeBlock(out, (const uint8_t *)padded, (int)n), (int)(n / 4 * 3));
    return bytes;
}

static size_t unhex(const char *text, uint8_t out[128])
{
    size_t n = 0;
    for (unsigned byte; sscanf(text + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (uint8_t)byte;
    return n;
}

static void check_pbkdf2(const char *digest, const uint8_t *salt, size_t salt_len, long rounds,
                         const uint8_t *key, size_t len)
{
    uint8_t made[128];
    cr_assert(len >= 20 && len <= 64);
    cr_assert(PKCS5_PBKDF2_HMAC(word, (int)strlen(word), salt, (int)salt_len, (int)rounds,
                                EVP_get_digestbyname(digest), (int)len, made));
    cr_expect_eq(memcmp(made, key, len), 0, "%s", digest);
}

Test(masker_password, pbkdf2, .init = set_up, .fini = tear_down)
{
    static const struct {
        const char *in, *format, *digest;
        char key, salt; /* how each is written: 6: base64, x: hexadecimal, t: as it is */
    } cases[] = {
        { "pbkdf2_sha256$260000$abcdefghijkl$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=",
          "pbkdf2_sha256$%ld$%127[^$]$%127s", "SHA256", '6', 't' },
        { "pbkdf2_sha1$1$abc$YWJjZGVmZ2hpamtsbW5vcHFyc3Q=", "pbkdf2_sha1$%ld$%127[^$]$%127s", "SHA1", '6',
          't' },
        { "pbkdf2:sha256:1000$abc$0011", "pbkdf2:sha256:%ld$%127[^$]$%127s", "SHA256", 'x', 't' },
        { "pbkdf2:sha512:1000$abc$0011", "pbkdf2:sha512:%ld$%127[^$]$%127s", "SHA512", 'x', 't' },
        { "pbkdf2:sha1:1000$abc$0011", "pbkdf2:sha1:%ld$%127[^$]$%127s", "SHA1", 'x', 't' },
        { "$pbkdf2$131000$abcd$efgh", "$pbkdf2$%ld$%127[^$]$%127s", "SHA1", '6', '6' },
        { "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdeg$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
          "$pbkdf2-sha256$%ld$%127[^$]$%127s", "SHA256", '6', '6' },
        { "$pbkdf2-sha512$25000$abcd$efgh", "$pbkdf2-sha512$%ld$%127[^$]$%127s", "SHA512", '6', '6' },
    };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        char salt_text[128], key_text[160];
        uint8_t salt[128], key[128];
        long rounds;
        const char *got = masked("", 0, cases[i].in), *at = strchr(cases[i].format, '%');
        cr_assert(got != NULL, "case %zu", i);
        cr_assert_eq(strncmp(got, cases[i].format, (size_t)(at - cases[i].format)), 0, "%s", got);
        cr_assert_eq(sscanf(got + (at - cases[i].format), "%ld$%127[^$]$%159s", &rounds, salt_text, key_text),
                     3);
        const size_t n_key =
            cases[i].key == 'x' ? unhex(key_text, key) : base64_of(key_text, strlen(key_text), key);
        const size_t n_salt =
            cases[i].salt == '6' ? base64_of(salt_text, strlen(salt_text), salt) : strlen(salt_text);
        check_pbkdf2(cases[i].digest, cases[i].salt == '6' ? salt : (const uint8_t *)salt_text, n_salt,
                     rounds, key, n_key);
    }
    /* ASP.NET Identity 3: 1, PRF 2 (HMAC-SHA-512), rounds, length of the salt, salt, key */
    uint8_t v3[128];
    const char *got =
        masked("", 0, "AQAAAAEAACcQAAAAEJnwXbpDVYFTQ4ExPyL2Dhm5wRCzNnBbMqIyN1XtEzTkmKOTIw9dVq0nHLbWqxGX1w==");
    cr_assert(got != NULL);
    cr_assert_eq(base64_of(got, strlen(got), v3), 61u);
    check_pbkdf2("SHA512", v3 + 13, 16, v3[5] << 24 | v3[6] << 16 | v3[7] << 8 | v3[8], v3 + 29, 32);
}

Test(masker_password, salted_ldap, .init = set_up, .fini = tear_down)
{
    static const struct {
        const char *in, *digest;
        size_t len;
    } cases[] = { { "{SSHA}AAAA", "SHA1", 20 },
                  { "{SSHA256}AAAA", "SHA256", 32 },
                  { "{SSHA512}AAAA", "SHA512", 64 },
                  { "{SMD5}AAAA", "MD5", 16 },
                  { "{SHA}AAAA", "SHA1", 20 } };
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        uint8_t bytes[128], digest[EVP_MAX_MD_SIZE], both[64];
        const char *got = masked("", 0, cases[i].in), *from = strchr(got, '}') + 1;
        const size_t n = base64_of(from, strlen(from), bytes), salt = n - cases[i].len;
        memcpy(both, word, strlen(word));
        memcpy(both + strlen(word), bytes + cases[i].len, salt);
        cr_assert(
            EVP_Digest(both, strlen(word) + salt, digest, NULL, EVP_get_digestbyname(cases[i].digest), NULL));
        cr_expect_eq(memcmp(digest, bytes, cases[i].len), 0, "%s", got);
    }
}

Test(masker_password, unknown_and_unusable, .init = set_up, .fini = tear_down)
{
    static const char *const unknown[] = { "",
                                           "hunter2",
                                           "$2b$10$short",
                                           "$2b$1a$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
                                           "$6$only",
                                           "5f4dcc3b5aa765d61d8327deb882cf9",
                                           "{CRYPT}x",
                                           "pbkdf2_sha256$x$y$z" };
    for (size_t i = 0; i < BAU_COUNT(unknown); i++) {
        cr_expect(masked("", 0, unknown[i]) == NULL, "%s", unknown[i]);
        cr_expect_str_eq(masked("other=unusable", 0, unknown[i]), "!");
        cr_expect_str_eq(masked("other=plain", 0, unknown[i]), word);
    }
    cr_expect_str_eq(masked("unusable=true", 0, crypts[0].in), "!");
    cr_expect(masked("", 59, crypts[0].in) == NULL);
    cr_expect(masked("", 60, crypts[0].in) != NULL);
}
