/* A chunk: the values of one column over a group of rows. FORMAT.md describes the payload and its compressed form.
 *
 * Threads: one at a time for each object. */
#ifndef BAU_ARCHIVE_CHUNK_H
#define BAU_ARCHIVE_CHUNK_H

#include "bauta/batch.h"

#define BAU_CHUNK_PAYLOAD_MAX ((uint64_t)UINT32_MAX - 4096)

struct bau_values { /* grows while rows arrive; zeroed is empty */
    uint32_t n, n_nulls, room;
    uint32_t *lens; /* BAU_SPAN_NULL: null */
    uint8_t *data;
    size_t bytes, data_room;
};
bau_status bau_values_add(struct bau_values *v, const void *bytes, uint32_t len, struct bau_error *err)
    BAU_MUST_CHECK;                          /* len BAU_SPAN_NULL: null */
void bau_values_clear(struct bau_values *v); /* keeps the room */
void bau_values_release(struct bau_values *v);

/* The payload of the values, in `out` (emptied first). The same values always give the same bytes. */
bau_status bau_chunk_payload(const struct bau_values *v, struct bau_text *out, struct bau_error *err)
    BAU_MUST_CHECK;

struct bau_packer; /* a compressor or decompressor with its working memory */
bau_status bau_packer_new(int level, struct bau_packer **out, struct bau_error *err) BAU_MUST_CHECK;
void bau_packer_free(struct bau_packer *packer); /* takes NULL */
/* Compressed bytes at the end of `out`. */
bau_status bau_chunk_compress(struct bau_packer *packer, const void *payload, size_t n, struct bau_text *out,
                              struct bau_error *err) BAU_MUST_CHECK;
/* Exactly `raw` bytes into `out`; anything else is BAU_E_INTEGRITY. */
bau_status bau_chunk_expand(struct bau_packer *packer, const void *bytes, size_t n, void *out, size_t raw,
                            struct bau_error *err) BAU_MUST_CHECK;

struct bau_values_run { /* values out of a payload; lies in the payload and in the arena */
    uint32_t n;
    const uint8_t *data;
    uint32_t *at;         /* n + 1: where values start in data */
    const uint8_t *valid; /* bit i set: present; NULL: all are */
};
/* Any bytes may come in: BAU_E_INTEGRITY when they are no payload of n values. May change the payload in place. */
bau_status bau_chunk_values(uint8_t *payload, size_t len, uint32_t n, struct bau_arena *arena,
                            struct bau_values_run *out, struct bau_error *err) BAU_MUST_CHECK;
static inline bool bau_values_present(const struct bau_values_run *run, uint32_t i)
{
    return !run->valid || ((run->valid[i / 8] >> (i % 8)) & 1u);
}

#endif
