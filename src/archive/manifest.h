/* The manifest of an archive: what it holds and where every chunk lies. FORMAT.md describes its bytes.
 *
 * Ownership: everything hangs on the manifest's arena. Threads: const once read. */
#ifndef BAU_ARCHIVE_MANIFEST_H
#define BAU_ARCHIVE_MANIFEST_H

#include "bauta/schema.h"
#include "src/archive/wrap.h"

#define BAU_ARCHIVE_VERSION 1u
#define BAU_ARCHIVES "archives/"
#define BAU_MANIFEST "/manifest"

enum { BAU_CHUNK_RECORD = 64, BAU_PACK_HEAD = 32, BAU_ARCHIVE_NAME_MOST = 64 };

struct bau_chunk_at {
    uint32_t pack;              /* in manifest->packs */
    uint32_t index;             /* number in its pack */
    uint64_t at;                /* in the pack's object */
    uint32_t stored;            /* bytes there */
    uint64_t raw;               /* bytes of the payload */
    uint8_t sum[BAU_SUM_BYTES]; /* SHA-256 of the stored bytes */
};
struct bau_origin { /* an archive whose run wrote packs */
    uint8_t id[16];
    json_t *wraps;              /* of its data key; NULL: not sealed. Owned by the manifest's header */
    uint8_t key[BAU_KEY_BYTES]; /* of its chunks, once opened */
    int64_t expires;            /* unix seconds: from then on it is not restored; 0: never */
};
struct bau_pack {
    uint32_t origin, number;
};
struct bau_stored_part { /* rows that were one part when they were written */
    uint32_t store, dataset, number, of;
    uint64_t rows;
    const char *format;
    uint32_t n_columns, n_groups;
    const uint32_t *group_rows;
    uint64_t first_chunk; /* of the first group; n_columns a group */
};
struct bau_stored_store {
    const char *name, *identity, *plan, *taken; /* plan: digest in hex; taken: when its point in time was */
    struct bau_catalog *catalog;
    struct bau_slice schema;
};
struct bau_manifest {
    struct bau_arena *arena;
    json_t *header; /* owned */
    uint8_t id[16], root[BAU_SUM_BYTES], signer[32], index_sum[BAU_SUM_BYTES];
    const char *name, *created;      /* "20260131T020007Z-0123456789abcdef", "2026-01-31T02:00:07Z" */
    bool sealed, all_kept;           /* all_kept: nothing was masked */
    uint64_t rows, bytes;            /* of values */
    uint64_t own_bytes, index_bytes; /* objects that this run wrote; the index */
    uint32_t n_origins, n_packs, n_stores, n_parts;
    struct bau_origin *origins; /* [0]: the archive itself */
    struct bau_pack *packs;
    struct bau_stored_store *stores;
    struct bau_stored_part *parts;
    uint64_t n_chunks;
    struct bau_chunk_at *chunks;
};

bau_status bau_manifest_new(struct bau_manifest **out, struct bau_error *err) BAU_MUST_CHECK;
void bau_manifest_free(struct bau_manifest *manifest); /* takes NULL; wipes keys */

/* Header and body as bytes. `key`: the data key when sealed; `seed`: signs. Sets root and signer. */
bau_status bau_manifest_write(struct bau_manifest *m, const uint8_t key[BAU_KEY_BYTES],
                              const uint8_t seed[32], struct bau_text *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* What may be known without a key: header, signature. Any bytes may come in. BAU_E_INTEGRITY, each fault its sentence. */
bau_status bau_manifest_head(const uint8_t *bytes, size_t n, struct bau_manifest **out, struct bau_error *err)
    BAU_MUST_CHECK;
/* All of it: opens the keys and the body. On error the manifest is as bau_manifest_head left it, or freed by the caller. */
bau_status bau_manifest_body(struct bau_manifest *m, const uint8_t *bytes, size_t n,
                             struct bau_opener *opener, struct bau_error *err) BAU_MUST_CHECK;

/* catalog.c ─ a catalog as JSON. */
json_t *bau_catalog_json(const struct bau_catalog *catalog);
bau_status bau_catalog_parse(const json_t *json, struct bau_catalog **out, struct bau_error *err)
    BAU_MUST_CHECK; /* its own arena */

void bau_chunk_put(const struct bau_chunk_at *chunk, uint8_t out[BAU_CHUNK_RECORD]);
void bau_chunk_get(const uint8_t in[BAU_CHUNK_RECORD], struct bau_chunk_at *out);
/* Object names and the first bytes of a pack. */
void bau_pack_name(const uint8_t id[16], uint32_t number, char out[64]);
void bau_pack_head(const uint8_t id[16], uint32_t number, uint8_t out[BAU_PACK_HEAD]);
/* Nonce and authenticated data of chunk `index` of a pack. */
void bau_chunk_seal_of(const uint8_t id[16], uint32_t pack, uint32_t index, uint8_t nonce[BAU_NONCE_BYTES],
                       uint8_t aad[40]);

#endif
