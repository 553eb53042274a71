/* A set of 64-bit ids: compressed bitmaps (CRoaring) by the upper 32 bits while ids lie together, a plain hash set of the
 * ids themselves once they prove to be scattered. Exact either way.
 *
 * Threads: one writer and nobody else, or any number of readers. */
#ifndef BAU_SUBSET_IDSET_H
#define BAU_SUBSET_IDSET_H

#include "src/subset/spill.h"

struct roaring_bitmap_s;

struct bau_idset {
    struct bau_spill *spill; /* memory is counted there */
    uint32_t n_chunks;
    size_t room;
    struct bau_idset_chunk { /* ordered by `high` */
        uint32_t high;
        struct roaring_bitmap_s *low;
    } * chunks;
    uint64_t *table; /* scattered: open addressing, 0 is empty */
    uint64_t mask, n_table;
    bool zero;      /* id 0 lies beside the table */
    uint64_t *flat; /* the same ids as one bitmap from flat_base on, for fast lookups; NULL: none */
    uint64_t flat_base, flat_bits;
    uint64_t n, counted;
};

void bau_idset_init(struct bau_idset *set, struct bau_spill *spill);
void bau_idset_release(struct bau_idset *set); /* takes a zeroed set; empty afterwards, usable again */
bau_status bau_idset_add(struct bau_idset *set, const uint64_t *ids, size_t n, struct bau_error *err)
    BAU_MUST_CHECK;
bool bau_idset_has(const struct bau_idset *set, uint64_t id);
uint64_t bau_idset_count(const struct bau_idset *set);
/* Up to `most` ids in ascending order when they lie together, in any order otherwise. Returns how many were written. */
size_t bau_idset_list(const struct bau_idset *set, uint64_t *out, size_t most);
/* Nothing is added for a while: brings the count of its memory up to date and makes lookups fast. For once a scan. */
void bau_idset_rest(struct bau_idset *set);

#endif
