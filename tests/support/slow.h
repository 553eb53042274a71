/* Slow, obvious references for tests of maskers, on OpenSSL. */
#ifndef BAU_TESTS_SLOW_H
#define BAU_TESTS_SLOW_H

#include <criterion/criterion.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* AES-128-CMAC, RFC 4493. */
static inline void slow_cmac(const uint8_t key[16], const uint8_t *message, size_t len, uint8_t out[16])
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    char cipher[] = "AES-128-CBC";
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
                                  OSSL_PARAM_construct_end() };
    size_t n = 0;
    cr_assert_eq(EVP_MAC_init(ctx, key, 16, params), 1);
    cr_assert_eq(EVP_MAC_update(ctx, message, len), 1);
    cr_assert_eq(EVP_MAC_final(ctx, out, &n, 16), 1);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
}

/* RFC 4648 base32 in lower case of whole groups of five bytes. */
static inline void slow_base32(const uint8_t *in, size_t bytes, char *out)
{
    size_t n = 0;
    unsigned have = 0, pool = 0;
    for (size_t i = 0; i < bytes; i++) {
        pool = (pool << 8 | in[i]) & 0xFFFF;
        for (have += 8; have >= 5; have -= 5)
            out[n++] = "abcdefghijklmnopqrstuvwxyz234567"[pool >> (have - 5) & 31];
    }
    out[n] = '\0';
}

#endif
