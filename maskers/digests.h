/* A growing set of PRF outputs, for maskers that look at all values first: the n-th smallest of n distinct ones. No value is
 * kept, only what the key makes of it. */
#ifndef BAU_MASKERS_DIGESTS_H
#define BAU_MASKERS_DIGESTS_H

#include "maskers/common.h"

struct bau_digests { /* zeroed is empty */
    uint8_t (*at)[16];
    uint32_t n, room;
    bool settled;
    uint32_t bits;   /* of a digest that lead into `first` */
    uint32_t *first; /* 2^bits + 1 entries: where digests with those first bits begin */
};

/* BAU_E_LIMIT when the distinct ones need more than `memory` bytes, 32 for each. Presence is that of `in`. */
bau_status bau_digests_add(struct bau_digests *d, const uint8_t (*digest)[16], const struct bau_column *in,
                           uint64_t memory, struct bau_error *err);
/* Sorts and counts; after it, add may come again. */
bau_status bau_digests_settle(struct bau_digests *d, struct bau_error *err);
/* The place of a digest among all, from 0; d->n when it was never added. Any thread after settle. */
uint32_t bau_digests_place(const struct bau_digests *d, const uint8_t digest[16]);
void bau_digests_release(struct bau_digests *d);

#endif
