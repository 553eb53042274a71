/* Who may open an archive: data keys wrapped by a passphrase, a key or a public key of X25519. */
#ifndef BAU_ARCHIVE_WRAP_H
#define BAU_ARCHIVE_WRAP_H

#include <jansson.h>

#include "src/archive/crypt.h"

typedef enum { BAU_WRAP_PASSPHRASE, BAU_WRAP_KEY, BAU_WRAP_X25519, BAU_N_WRAPS } bau_wrap_kind;

struct bau_lock { /* one recipient */
    bau_wrap_kind kind;
    uint8_t key[BAU_KEY_BYTES]; /* PASSPHRASE: what scrypt made of it; X25519: the public key */
    uint8_t salt[16];           /* PASSPHRASE */
};
enum { BAU_LOCKS_MOST = 16 };
struct bau_locks {
    uint32_t n;
    struct bau_lock at[BAU_LOCKS_MOST];
};

struct bau_opener { /* what a reader holds; zeroed holds nothing */
    const struct bau_secret *passphrase;
    bool has_key, has_private;
    uint8_t key[BAU_KEY_BYTES], private_key[BAU_KEY_BYTES];
    bool scrypted; /* the passphrase under the salt seen last */
    uint8_t salt[16], from_passphrase[BAU_KEY_BYTES];
};
void bau_opener_wipe(struct bau_opener *opener);

/* `salt` NULL: a fresh one. */
bau_status bau_lock_passphrase(const struct bau_secret *passphrase, const uint8_t *salt, struct bau_lock *out,
                               struct bau_error *err) BAU_MUST_CHECK;
/* 32 raw bytes or 64 hex digits. */
bau_status bau_key_parse(const char *text, size_t n, uint8_t out[BAU_KEY_BYTES], struct bau_error *err)
    BAU_MUST_CHECK;

/* The data key of archive `id` for every lock: a new JSON array. */
bau_status bau_wrap(const struct bau_locks *locks, const uint8_t id[16], const uint8_t key[BAU_KEY_BYTES],
                    json_t **out, struct bau_error *err) BAU_MUST_CHECK;
/* BAU_E_INTEGRITY with a sentence of its own for: nothing that opens, a wrong passphrase, key or identity, malformed wraps. */
bau_status bau_unwrap(struct bau_opener *opener, const uint8_t id[16], const json_t *wraps,
                      uint8_t out[BAU_KEY_BYTES], struct bau_error *err) BAU_MUST_CHECK;
/* The salt of the first passphrase among the wraps. */
bool bau_wraps_salt(const json_t *wraps, uint8_t out[16]);

#endif
