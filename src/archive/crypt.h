/* The cryptography of archives, all of it OpenSSL's: see FORMAT.md for what is sealed under which key.
 *
 * Threads: functions any; a bau_seal belongs to one thread. */
#ifndef BAU_ARCHIVE_CRYPT_H
#define BAU_ARCHIVE_CRYPT_H

#include "bauta/secret.h"

enum { BAU_KEY_BYTES = 32, BAU_NONCE_BYTES = 12, BAU_TAG_BYTES = 16, BAU_SUM_BYTES = 32 };

bau_status bau_random(void *out, size_t n, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_sum(const void *bytes, size_t n, uint8_t out[BAU_SUM_BYTES], struct bau_error *err)
    BAU_MUST_CHECK; /* SHA-256 */
bau_status bau_mac(const uint8_t key[BAU_KEY_BYTES], const void *bytes, size_t n, uint8_t out[BAU_SUM_BYTES],
                   struct bau_error *err) BAU_MUST_CHECK; /* HMAC-SHA256 */
/* HKDF-SHA256 of a 32-byte key under a label. */
bau_status bau_derive(const uint8_t key[BAU_KEY_BYTES], const char *label, uint8_t out[BAU_KEY_BYTES],
                      struct bau_error *err) BAU_MUST_CHECK;
bool bau_bytes_same(const void *a, const void *b, size_t n); /* in constant time */

/* AES-256-GCM. `out` has room for n + BAU_TAG_BYTES; may be `in`. */
bau_status bau_gcm_seal(const uint8_t key[BAU_KEY_BYTES], const uint8_t nonce[BAU_NONCE_BYTES],
                        const void *aad, size_t n_aad, const void *in, size_t n, uint8_t *out,
                        struct bau_error *err) BAU_MUST_CHECK;
/* n counts the tag. BAU_E_INTEGRITY when it does not fit; nothing of `out` counts then. */
bau_status bau_gcm_open(const uint8_t key[BAU_KEY_BYTES], const uint8_t nonce[BAU_NONCE_BYTES],
                        const void *aad, size_t n_aad, const uint8_t *in, size_t n, uint8_t *out,
                        struct bau_error *err) BAU_MUST_CHECK;

/* Ed25519 over a short message; the secret key is a 32-byte seed. */
bau_status bau_sign(const uint8_t seed[32], const void *bytes, size_t n, uint8_t out_public[32],
                    uint8_t out[64], struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_sign_public(const uint8_t seed[32], uint8_t out[32], struct bau_error *err) BAU_MUST_CHECK;
bool bau_signed(const uint8_t public_key[32], const void *bytes, size_t n, const uint8_t signature[64]);

/* X25519. *_pem: keys as `openssl genpkey -algorithm X25519` writes them. */
bau_status bau_x25519_new(uint8_t out_private[32], uint8_t out_public[32], struct bau_error *err)
    BAU_MUST_CHECK;
bau_status bau_x25519_public(const uint8_t private_key[32], uint8_t out[32], struct bau_error *err)
    BAU_MUST_CHECK;
bau_status bau_x25519_shared(const uint8_t private_key[32], const uint8_t public_key[32], uint8_t out[32],
                             struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_x25519_pem(const char *text, size_t n, bool private_key, uint8_t out[32],
                          struct bau_error *err) BAU_MUST_CHECK;

bau_status bau_scrypt(const void *passphrase, size_t n, const uint8_t salt[16], uint32_t log_n,
                      uint8_t out[BAU_KEY_BYTES], struct bau_error *err) BAU_MUST_CHECK; /* r 8, p 1 */

void bau_hex(const uint8_t *bytes, size_t n, char *out);  /* 2n + 1 */
bool bau_unhex(const char *text, size_t n, uint8_t *out); /* exactly 2n lower-case digits */

#endif
