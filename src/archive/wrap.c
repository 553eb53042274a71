/* A data key in a box for each recipient. Every box is AES-256-GCM with the archive's id as authenticated data:
 *   passphrase  key scrypt(passphrase, salt, N 2^15, r 8, p 1), nonce random
 *   key         key HKDF(the key, "bauta archive key 1"), nonce random
 *   x25519      key HKDF(shared secret of a fresh key pair and the recipient's; both public keys in the label), nonce 0: the
 *               box's key is used once */
#include "src/archive/wrap.h"

#include <string.h>

#include "src/core/mask_key.h"

enum { SCRYPT_LOG_N = 15, SCRYPT_LOG_N_MOST = 20, BOX = BAU_KEY_BYTES + BAU_TAG_BYTES };

static const char *const words[BAU_N_WRAPS] = { "passphrase", "key", "x25519" };

void bau_opener_wipe(struct bau_opener *opener)
{
    bau_wipe(opener, sizeof *opener);
}

bau_status bau_lock_passphrase(const struct bau_secret *passphrase, const uint8_t *salt, struct bau_lock *out,
                               struct bau_error *err)
{
    if (bau_secret_len(passphrase) < 8)
        return bau_error_set(err, BAU_E_USAGE, "the passphrase has fewer than 8 bytes");
    out->kind = BAU_WRAP_PASSPHRASE;
    if (salt)
        memcpy(out->salt, salt, sizeof out->salt);
    else
        BAU_TRY(bau_random(out->salt, sizeof out->salt, err));
    return bau_scrypt(bau_secret_text(passphrase), bau_secret_len(passphrase), out->salt, SCRYPT_LOG_N,
                      out->key, err);
}

bau_status bau_key_parse(const char *text, size_t n, uint8_t out[BAU_KEY_BYTES], struct bau_error *err)
{
    if (n == BAU_KEY_BYTES) {
        memcpy(out, text, BAU_KEY_BYTES);
        return BAU_OK;
    }
    if (n == 2 * BAU_KEY_BYTES && bau_unhex(text, BAU_KEY_BYTES, out))
        return BAU_OK;
    return bau_error_set(
        err, BAU_E_USAGE,
        "the key has %zu bytes; it must be 64 lower-case hex digits or 32 raw bytes (make one "
        "with: openssl rand -hex 32)",
        n);
}

static void aad_of(const uint8_t id[16], uint8_t out[32])
{
    memcpy(out, "bauta data key 1", 16);
    memcpy(out + 16, id, 16);
}

static bau_status agree(const uint8_t shared[32], const uint8_t from[32], const uint8_t to[32],
                        uint8_t out[32], struct bau_error *err)
{
    uint8_t info[16 + 64];
    memcpy(info, "bauta x25519 \0\0\1", 16);
    memcpy(info + 16, from, 32);
    memcpy(info + 48, to, 32);
    return bau_hkdf(shared, 32, NULL, 0, info, sizeof info, out, 32, err);
}

static void set_hex(json_t *o, const char *name, const uint8_t *bytes, size_t n)
{
    char text[2 * BOX + 1];
    bau_hex(bytes, n, text);
    json_object_set_new(o, name, json_string(text));
}

static bau_status box_key(const struct bau_lock *lock, json_t *one, uint8_t key[32],
                          uint8_t nonce[BAU_NONCE_BYTES], struct bau_error *err)
{
    uint8_t secret[32], from[32], shared[32];
    memset(nonce, 0, BAU_NONCE_BYTES);
    if (lock->kind == BAU_WRAP_X25519) {
        BAU_TRY(bau_x25519_new(secret, from, err));
        BAU_TRY(bau_x25519_shared(secret, lock->key, shared, err));
        const bau_status status = agree(shared, from, lock->key, key, err);
        set_hex(one, "to", lock->key, 32);
        set_hex(one, "from", from, 32);
        bau_wipe(secret, sizeof secret);
        bau_wipe(shared, sizeof shared);
        return status;
    }
    BAU_TRY(bau_random(nonce, BAU_NONCE_BYTES, err));
    set_hex(one, "nonce", nonce, BAU_NONCE_BYTES);
    if (lock->kind == BAU_WRAP_KEY)
        return bau_derive(lock->key, "bauta archive key 1", key, err);
    set_hex(one, "salt", lock->salt, sizeof lock->salt);
    json_object_set_new(one, "log_n", json_integer(SCRYPT_LOG_N));
    memcpy(key, lock->key, 32);
    return BAU_OK;
}

bau_status bau_wrap(const struct bau_locks *locks, const uint8_t id[16], const uint8_t key[BAU_KEY_BYTES],
                    json_t **out, struct bau_error *err)
{
    json_t *all = json_array();
    bau_status status = all ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "keys of the archive");
    for (uint32_t i = 0; i < locks->n && status == BAU_OK; i++) {
        uint8_t box_by[32], nonce[BAU_NONCE_BYTES], aad[32], box[BOX];
        json_t *one = json_object();
        json_object_set_new(one, "kind", json_string(words[locks->at[i].kind]));
        aad_of(id, aad);
        status = box_key(&locks->at[i], one, box_by, nonce, err);
        if (status == BAU_OK)
            status = bau_gcm_seal(box_by, nonce, aad, sizeof aad, key, BAU_KEY_BYTES, box, err);
        set_hex(one, "box", box, sizeof box);
        bau_wipe(box_by, sizeof box_by);
        if (json_array_append_new(all, one) != 0 && status == BAU_OK)
            status = bau_error_set(err, BAU_E_NOMEM, "keys of the archive");
    }
    if (status != BAU_OK) {
        json_decref(all);
        return status;
    }
    *out = all;
    return BAU_OK;
}

static bool get_hex(const json_t *o, const char *name, size_t n, uint8_t *out)
{
    return bau_unhex(json_string_value(json_object_get(o, name)), n, out);
}

/* False: the wrap is malformed, or not for what the opener holds. */
static bool opens_with(struct bau_opener *opener, const json_t *one, bau_wrap_kind kind, uint8_t key[32],
                       uint8_t nonce[BAU_NONCE_BYTES])
{
    uint8_t from[32], to[32], mine[32], shared[32], salt[16];
    memset(nonce, 0, BAU_NONCE_BYTES);
    if (kind == BAU_WRAP_X25519) {
        if (!opener->has_private || !get_hex(one, "from", 32, from) || !get_hex(one, "to", 32, to) ||
            bau_x25519_public(opener->private_key, mine, NULL) != BAU_OK || memcmp(mine, to, 32) != 0 ||
            bau_x25519_shared(opener->private_key, from, shared, NULL) != BAU_OK)
            return false;
        return agree(shared, from, to, key, NULL) == BAU_OK;
    }
    if (!get_hex(one, "nonce", BAU_NONCE_BYTES, nonce))
        return false;
    if (kind == BAU_WRAP_KEY)
        return opener->has_key && bau_derive(opener->key, "bauta archive key 1", key, NULL) == BAU_OK;
    const json_int_t log_n = json_integer_value(json_object_get(one, "log_n"));
    if (!opener->passphrase || !get_hex(one, "salt", sizeof salt, salt) || log_n < 1 ||
        log_n > SCRYPT_LOG_N_MOST)
        return false;
    if (!opener->scrypted || log_n != SCRYPT_LOG_N || memcmp(salt, opener->salt, sizeof salt) != 0) {
        if (bau_scrypt(bau_secret_text(opener->passphrase), bau_secret_len(opener->passphrase), salt,
                       (uint32_t)log_n, opener->from_passphrase, NULL) != BAU_OK)
            return false;
        memcpy(opener->salt, salt, sizeof salt);
        opener->scrypted = log_n == SCRYPT_LOG_N;
    }
    memcpy(key, opener->from_passphrase, 32);
    return true;
}

static bool kind_of(const json_t *one, bau_wrap_kind *out)
{
    const char *word = json_string_value(json_object_get(one, "kind"));
    for (int k = 0; word && k < BAU_N_WRAPS; k++)
        if (strcmp(word, words[k]) == 0) {
            *out = (bau_wrap_kind)k;
            return true;
        }
    return false;
}

static bau_status shut(const struct bau_opener *opener, bool tried, struct bau_error *err)
{
    if (tried)
        return bau_error_set(err, BAU_E_INTEGRITY,
                             "the passphrase, key or identity is not the one the archive was sealed for");
    const bool holds = opener->passphrase || opener->has_key || opener->has_private;
    return bau_error_set(
        err, BAU_E_INTEGRITY, "%s",
        holds ? "it is sealed for others: none of its recipients is the one that was given"
              : "it is sealed: give the passphrase, the key or the identity it was sealed for");
}

bau_status bau_unwrap(struct bau_opener *opener, const uint8_t id[16], const json_t *wraps,
                      uint8_t out[BAU_KEY_BYTES], struct bau_error *err)
{
    bool tried = false;
    const size_t n = json_array_size(wraps);
    for (size_t i = 0; i < n && i < BAU_LOCKS_MOST; i++) {
        const json_t *one = json_array_get(wraps, i);
        uint8_t key[32], nonce[BAU_NONCE_BYTES], aad[32], box[BOX];
        bau_wrap_kind kind;
        if (!kind_of(one, &kind) || !get_hex(one, "box", sizeof box, box) ||
            !opens_with(opener, one, kind, key, nonce))
            continue;
        tried = true;
        aad_of(id, aad);
        const bau_status status = bau_gcm_open(key, nonce, aad, sizeof aad, box, sizeof box, out, NULL);
        bau_wipe(key, sizeof key);
        if (status == BAU_OK)
            return BAU_OK;
    }
    return shut(opener, tried, err);
}

bool bau_wraps_salt(const json_t *wraps, uint8_t out[16])
{
    for (size_t i = 0; i < json_array_size(wraps); i++) {
        bau_wrap_kind kind;
        const json_t *one = json_array_get(wraps, i);
        if (kind_of(one, &kind) && kind == BAU_WRAP_PASSPHRASE && get_hex(one, "salt", 16, out))
            return true;
    }
    return false;
}
