/* The key schedule: master key → one key per (version, target, domain, masker).
 *
 * sub-key = HKDF-SHA256(RFC 5869; master key as input, salt "bauta", info = each of "1", target, domain, masker as a 4-byte
 * little-endian length and its bytes), 48 bytes: 16 for the PRF (AES-128-CMAC), 32 as the parent of further keys. */
#ifndef BAU_CORE_MASK_KEY_H
#define BAU_CORE_MASK_KEY_H

#include "bauta/masker.h"

/* `target` is "" unless keys differ per target. The key lies in the arena; release it before the arena goes, it holds
 * cipher contexts. */
bau_status bau_mask_key_new(const uint8_t master[32], const char *target, const char *domain,
                            const char *masker, bau_canon canon, struct bau_arena *arena,
                            struct bau_mask_key **out, struct bau_error *err) BAU_MUST_CHECK;
void bau_mask_key_release(struct bau_mask_key *key);

/* RFC 5869, SHA-256. BAU_E_BUG when OpenSSL refuses. */
bau_status bau_hkdf(const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len,
                    const uint8_t *info, size_t info_len, uint8_t *out, size_t out_len, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
