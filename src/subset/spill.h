/* Memory of one subset: everything big is counted against one limit, and what can wait outside memory goes to one
 * encrypted scratch file past it.
 *
 * The file is unlinked from the start, its key (AES-256-GCM) is random and lives in this process only, and no offset is
 * written twice, so the offset is the nonce. Threads: any. */
#ifndef BAU_SUBSET_SPILL_H
#define BAU_SUBSET_SPILL_H

#include <pthread.h>
#include <stdatomic.h>

#include "bauta/mem.h"

struct bau_spill {
    const char *folder; /* of the scratch file; borrowed */
    uint64_t limit;     /* bytes; blobs stay in memory while half of it is free */
    _Atomic uint64_t used, peak;
    _Atomic uint64_t end; /* of the file */
    pthread_mutex_t lock; /* guards the opening of the file */
    _Atomic int fd;       /* -1: not opened yet */
    uint8_t key[32];
};

bau_status bau_spill_init(struct bau_spill *spill, const char *folder, uint64_t limit, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_spill_release(struct bau_spill *spill);

/* Counted blocks, zeroed; NULL when memory ran out. The size is told again when a block is given back. */
void *bau_spill_alloc(struct bau_spill *spill, size_t bytes) BAU_MUST_CHECK;
void bau_spill_free(struct bau_spill *spill, void *block, size_t bytes); /* takes NULL */
/* Makes room for `want` entries of `each` bytes in a growing array of *room entries; what is added is zeroed. */
bau_status bau_spill_grow(struct bau_spill *spill, void **array, size_t *room, size_t want, size_t each,
                          struct bau_error *err) BAU_MUST_CHECK;
void bau_spill_count(struct bau_spill *spill, int64_t bytes); /* memory that others hold */
/* Whether so many bytes more stay within the limit. */
bool bau_spill_fits(const struct bau_spill *spill, uint64_t bytes);

struct bau_blob {  /* bytes in memory or in the file */
    uint8_t *data; /* NULL: in the file */
    uint64_t at;
    uint32_t len;
};
/* Copies the bytes. BAU_E_NOMEM, BAU_E_IO. */
bau_status bau_blob_put(struct bau_spill *spill, const void *bytes, uint32_t len, struct bau_blob *out,
                        struct bau_error *err) BAU_MUST_CHECK;
/* Its bytes: those in memory, or read into `buffer` (len bytes of the caller's). BAU_E_IO; BAU_E_INTEGRITY when the file
 * was touched. */
bau_status bau_blob_get(struct bau_spill *spill, const struct bau_blob *blob, uint8_t *buffer,
                        const uint8_t **out, struct bau_error *err) BAU_MUST_CHECK;
/* Brings it into memory whatever the limit. */
bau_status bau_blob_pin(struct bau_spill *spill, struct bau_blob *blob, struct bau_error *err) BAU_MUST_CHECK;
void bau_blob_drop(struct bau_spill *spill, struct bau_blob *blob);

struct bau_blobs { /* a list of them, in the order they were added; zeroed is empty */
    struct bau_blob *at;
    size_t n, room;
    uint64_t bytes;
};
bau_status bau_blobs_add(struct bau_spill *spill, struct bau_blobs *list, const void *bytes, uint32_t len,
                         struct bau_error *err) BAU_MUST_CHECK;
/* All bytes, one after the other, in a counted block of list->bytes (at least one) bytes. */
bau_status bau_blobs_join(struct bau_spill *spill, const struct bau_blobs *list, uint8_t **out,
                          struct bau_error *err) BAU_MUST_CHECK;
void bau_blobs_drop(struct bau_spill *spill, struct bau_blobs *list);

#endif
