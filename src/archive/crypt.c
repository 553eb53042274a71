/* Thin wrappers over EVP: see crypt.h. */
#include "src/archive/crypt.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <string.h>

#include "src/core/mask_key.h"

static bau_status refused(const char *what, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_BUG, "%s is not available", what);
}

bau_status bau_random(void *out, size_t n, struct bau_error *err)
{
    return RAND_bytes(out, (int)n) == 1 ? BAU_OK : refused("a random number generator", err);
}

bau_status bau_sum(const void *bytes, size_t n, uint8_t out[BAU_SUM_BYTES], struct bau_error *err)
{
    return EVP_Digest(bytes, n, out, NULL, EVP_sha256(), NULL) == 1 ? BAU_OK : refused("SHA-256", err);
}

bau_status bau_mac(const uint8_t key[BAU_KEY_BYTES], const void *bytes, size_t n, uint8_t out[BAU_SUM_BYTES],
                   struct bau_error *err)
{
    return HMAC(EVP_sha256(), key, BAU_KEY_BYTES, bytes, n, out, NULL) ? BAU_OK : refused("HMAC-SHA256", err);
}

bau_status bau_derive(const uint8_t key[BAU_KEY_BYTES], const char *label, uint8_t out[BAU_KEY_BYTES],
                      struct bau_error *err)
{
    return bau_hkdf(key, BAU_KEY_BYTES, NULL, 0, (const uint8_t *)label, strlen(label), out, BAU_KEY_BYTES,
                    err);
}

bool bau_bytes_same(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

/* ── AES-256-GCM ─────────────────────────────────────────────────────────────────────────────────────────────────── */

enum { GCM_STEP = 1 << 30 }; /* EVP counts in int */

static bool gcm_bytes(EVP_CIPHER_CTX *ctx, bool seal, const uint8_t *in, size_t n, uint8_t *out)
{
    int done = 0;
    for (size_t at = 0; at < n; at += (size_t)done) {
        const int step = n - at > GCM_STEP ? GCM_STEP : (int)(n - at);
        if ((seal ? EVP_EncryptUpdate(ctx, out + at, &done, in + at, step)
                  : EVP_DecryptUpdate(ctx, out + at, &done, in + at, step)) != 1 ||
            done != step)
            return false;
    }
    return true;
}

static bool gcm_start(EVP_CIPHER_CTX *ctx, bool seal, const uint8_t *key, const uint8_t *nonce,
                      const void *aad, size_t n_aad)
{
    int done = 0;
    if (!ctx || n_aad > INT_MAX || EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, seal) != 1)
        return false;
    return n_aad == 0 || EVP_CipherUpdate(ctx, NULL, &done, aad, (int)n_aad) == 1;
}

bau_status bau_gcm_seal(const uint8_t key[BAU_KEY_BYTES], const uint8_t nonce[BAU_NONCE_BYTES],
                        const void *aad, size_t n_aad, const void *in, size_t n, uint8_t *out,
                        struct bau_error *err)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;
    const bool good = gcm_start(ctx, true, key, nonce, aad, n_aad) && gcm_bytes(ctx, true, in, n, out) &&
                      EVP_EncryptFinal_ex(ctx, out + n, &done) == 1 &&
                      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, BAU_TAG_BYTES, out + n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good ? BAU_OK : refused("AES-256-GCM", err);
}

bau_status bau_gcm_open(const uint8_t key[BAU_KEY_BYTES], const uint8_t nonce[BAU_NONCE_BYTES],
                        const void *aad, size_t n_aad, const uint8_t *in, size_t n, uint8_t *out,
                        struct bau_error *err)
{
    if (n < BAU_TAG_BYTES)
        return bau_error_set(err, BAU_E_INTEGRITY, "sealed bytes are cut short");
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t tag[BAU_TAG_BYTES];
    int done = 0;
    n -= BAU_TAG_BYTES;
    memcpy(tag, in + n, sizeof tag);
    const bool ready = gcm_start(ctx, false, key, nonce, aad, n_aad) && gcm_bytes(ctx, false, in, n, out) &&
                       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, BAU_TAG_BYTES, tag) == 1;
    const bool good = ready && EVP_DecryptFinal_ex(ctx, out + n, &done) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ready)
        return refused("AES-256-GCM", err);
    return good ? BAU_OK : bau_error_set(err, BAU_E_INTEGRITY, "its seal is broken, or the key is another's");
}

/* ── Ed25519 ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_sign_public(const uint8_t seed[32], uint8_t out[32], struct bau_error *err)
{
    size_t n = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    const bool good = key && EVP_PKEY_get_raw_public_key(key, out, &n) == 1 && n == 32;
    EVP_PKEY_free(key);
    return good ? BAU_OK : refused("Ed25519", err);
}

bau_status bau_sign(const uint8_t seed[32], const void *bytes, size_t n, uint8_t out_public[32],
                    uint8_t out[64], struct bau_error *err)
{
    size_t len = 64;
    BAU_TRY(bau_sign_public(seed, out_public, err));
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool good = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                      EVP_DigestSign(ctx, out, &len, bytes, n) == 1 && len == 64;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good ? BAU_OK : refused("Ed25519", err);
}

bool bau_signed(const uint8_t public_key[32], const void *bytes, size_t n, const uint8_t signature[64])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool good = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                      EVP_DigestVerify(ctx, signature, 64, bytes, n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

/* ── X25519 ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_x25519_public(const uint8_t private_key[32], uint8_t out[32], struct bau_error *err)
{
    size_t n = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, 32);
    const bool good = key && EVP_PKEY_get_raw_public_key(key, out, &n) == 1 && n == 32;
    EVP_PKEY_free(key);
    return good ? BAU_OK : refused("X25519", err);
}

bau_status bau_x25519_new(uint8_t out_private[32], uint8_t out_public[32], struct bau_error *err)
{
    BAU_TRY(bau_random(out_private, 32, err));
    return bau_x25519_public(out_private, out_public, err);
}

bau_status bau_x25519_shared(const uint8_t private_key[32], const uint8_t public_key[32], uint8_t out[32],
                             struct bau_error *err)
{
    size_t n = 32;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, 32);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, 32);
    EVP_PKEY_CTX *ctx = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    const bool good = ctx && peer && EVP_PKEY_derive_init(ctx) == 1 &&
                      EVP_PKEY_derive_set_peer(ctx, peer) == 1 && EVP_PKEY_derive(ctx, out, &n) == 1 &&
                      n == 32;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    return good ? BAU_OK : bau_error_set(err, BAU_E_INTEGRITY, "a public key that no key agrees with");
}

bau_status bau_x25519_pem(const char *text, size_t n, bool private_key, uint8_t out[32],
                          struct bau_error *err)
{
    size_t len = 32;
    BIO *bio = n <= INT_MAX ? BIO_new_mem_buf(text, (int)n) : NULL;
    EVP_PKEY *key = !bio          ? NULL
                    : private_key ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)
                                  : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    const bool good = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_X25519 &&
                      (private_key ? EVP_PKEY_get_raw_private_key(key, out, &len)
                                   : EVP_PKEY_get_raw_public_key(key, out, &len)) == 1 &&
                      len == 32;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good ? BAU_OK
                : bau_error_set(err, BAU_E_USAGE, "expected a %s key of X25519 in PEM (%s)",
                                private_key ? "private" : "public",
                                private_key ? "openssl genpkey -algorithm X25519" : "openssl pkey -pubout");
}

/* ── scrypt, hex ─────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_scrypt(const void *passphrase, size_t n, const uint8_t salt[16], uint32_t log_n,
                      uint8_t out[BAU_KEY_BYTES], struct bau_error *err)
{
    const uint64_t most = UINT64_C(2) << 30; /* bytes */
    const int good = EVP_PBE_scrypt(passphrase, n, salt, 16, UINT64_C(1) << log_n, 8, 1, most, out, 32);
    return good == 1 ? BAU_OK : refused("scrypt", err);
}

void bau_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15u];
    }
    out[2 * n] = '\0';
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool bau_unhex(const char *text, size_t n, uint8_t *out)
{
    if (!text || strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}
