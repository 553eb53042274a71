/* Chunks that are there already, by the keyed hash of their payload, and the object that keeps them from one night to the next:
 *
 *   "BAUTAIDX" archive-id | sealed: print n (id record)*
 *
 * sealed under a key of the project's own master key and the archive's id, so that a writer can use it without being able to
 * read the archive. */
#include <string.h>

#include "src/archive/archive.h"
#include "src/archive/bytes.h"

enum { HEAD = 24, ENTRY = BAU_SUM_BYTES + BAU_CHUNK_RECORD };
static const char magic[8] = { 'B', 'A', 'U', 'T', 'A', 'I', 'D', 'X' };

static uint64_t slot_of(const struct bau_known *k, const uint8_t id[BAU_SUM_BYTES])
{
    uint64_t slot = bau_get64(id) & (k->room - 1);
    while (k->at[slot].used && memcmp(k->at[slot].id, id, BAU_SUM_BYTES) != 0)
        slot = (slot + 1) & (k->room - 1);
    return slot;
}

const struct bau_known_chunk *bau_known_find(const struct bau_known *known, const uint8_t id[BAU_SUM_BYTES])
{
    if (known->room == 0)
        return NULL;
    const struct bau_known_chunk *at = &known->at[slot_of(known, id)];
    return at->used ? at : NULL;
}

static bau_status grow(struct bau_known *k, struct bau_error *err)
{
    struct bau_known larger = { .room = k->room ? k->room * 2 : 1024 };
    larger.at = bau_alloc_array((size_t)larger.room, sizeof *larger.at);
    if (!larger.at)
        return bau_error_set(err, BAU_E_NOMEM, "index of chunks");
    for (uint64_t i = 0; i < k->room; i++)
        if (k->at[i].used)
            larger.at[slot_of(&larger, k->at[i].id)] = k->at[i];
    larger.n = k->n;
    bau_free(k->at);
    *k = larger;
    return BAU_OK;
}

bau_status bau_known_add(struct bau_known *known, const uint8_t id[BAU_SUM_BYTES],
                         const struct bau_chunk_at *at, bool own, struct bau_error *err)
{
    if (known->n * 2 >= known->room)
        BAU_TRY(grow(known, err));
    struct bau_known_chunk *to = &known->at[slot_of(known, id)];
    known->n += !to->used;
    memcpy(to->id, id, BAU_SUM_BYTES);
    to->at = *at;
    to->used = true;
    to->own = own;
    return BAU_OK;
}

void bau_known_release(struct bau_known *known)
{
    bau_free(known->at);
    *known = (struct bau_known){ 0 };
}

static bau_status index_key(const uint8_t key[32], const uint8_t id[16], uint8_t out[32],
                            struct bau_error *err)
{
    uint8_t message[32];
    memcpy(message, "bauta index 1\0\0\0", 16);
    memcpy(message + 16, id, 16);
    return bau_mac(key, message, sizeof message, out, err);
}

bau_status bau_index_write(const struct bau_known *known, const uint8_t key[32], const uint8_t id[16],
                           const uint8_t print[BAU_SUM_BYTES], struct bau_text *out, struct bau_error *err)
{
    static const uint8_t nonce[BAU_NONCE_BYTES]; /* the key seals nothing else */
    uint8_t own[32], record[BAU_CHUNK_RECORD], n[8];
    uint64_t written = 0;
    bau_text_addn(out, magic, sizeof magic);
    bau_text_addn(out, id, 16);
    bau_text_addn(out, print, BAU_SUM_BYTES);
    bau_text_addn(out, "\0\0\0\0\0\0\0", 8);
    for (uint64_t i = 0; i < known->room; i++) {
        if (!known->at[i].used || !known->at[i].own)
            continue;
        bau_chunk_put(&known->at[i].at, record);
        bau_text_addn(out, known->at[i].id, BAU_SUM_BYTES);
        bau_text_addn(out, record, sizeof record);
        written++;
    }
    if (out->failed || !bau_text_reserve(out, BAU_TAG_BYTES))
        return bau_error_set(err, BAU_E_NOMEM, "index of chunks");
    bau_put64(n, written);
    memcpy(out->data + HEAD + BAU_SUM_BYTES, n, sizeof n);
    BAU_TRY(index_key(key, id, own, err));
    uint8_t *body = (uint8_t *)out->data + HEAD;
    const bau_status status = bau_gcm_seal(own, nonce, out->data, HEAD, body, out->len - HEAD, body, err);
    bau_wipe(own, sizeof own);
    out->len += BAU_TAG_BYTES;
    return status;
}

static bau_status read_entries(struct bau_cursor *c, uint32_t n_packs, struct bau_known *out,
                               struct bau_error *err)
{
    const uint64_t n = bau_cursor_u64(c);
    if (c->bad || n != c->left / ENTRY || n * ENTRY != c->left)
        return bau_error_set(err, BAU_E_INTEGRITY, "the index of chunks is malformed");
    for (uint64_t i = 0; i < n; i++) {
        struct bau_chunk_at at;
        const uint8_t *id = bau_cursor_take(c, BAU_SUM_BYTES);
        bau_chunk_get(bau_cursor_take(c, BAU_CHUNK_RECORD), &at);
        if (at.pack >= n_packs)
            return bau_error_set(err, BAU_E_INTEGRITY, "the index of chunks is malformed");
        BAU_TRY(bau_known_add(out, id, &at, false, err));
    }
    return BAU_OK;
}

bau_status bau_index_read(const uint8_t *bytes, size_t n, const uint8_t key[32], const uint8_t id[16],
                          const uint8_t print[BAU_SUM_BYTES], uint32_t n_packs, struct bau_known *out,
                          struct bau_error *err)
{
    static const uint8_t nonce[BAU_NONCE_BYTES];
    uint8_t own[32];
    if (n < HEAD + BAU_SUM_BYTES + 8 + BAU_TAG_BYTES || memcmp(bytes, magic, sizeof magic) != 0 ||
        memcmp(bytes + sizeof magic, id, 16) != 0)
        return bau_error_set(err, BAU_E_INTEGRITY, "the index of chunks is malformed");
    uint8_t *plain = bau_alloc(n);
    if (!plain)
        return bau_error_set(err, BAU_E_NOMEM, "index of chunks");
    bau_status status = index_key(key, id, own, err);
    if (status == BAU_OK)
        status = bau_gcm_open(own, nonce, bytes, HEAD, bytes + HEAD, n - HEAD, plain, err);
    bau_wipe(own, sizeof own);
    struct bau_cursor c = { plain, n - HEAD - BAU_TAG_BYTES, false };
    if (status == BAU_OK && memcmp(bau_cursor_take(&c, BAU_SUM_BYTES), print, BAU_SUM_BYTES) != 0)
        status = bau_error_set(err, BAU_E_INTEGRITY, "the archive was sealed for other recipients");
    if (status == BAU_OK)
        status = read_entries(&c, n_packs, out, err);
    bau_free(plain);
    return status;
}
