/* Blocks of up to BAU_PACK_ROWS ids, bit-packed above the smallest of them: serial keys take 13 bits, foreign keys into ten
 * million rows 24. Any value of a block in memory can be read by its place. Threads: a pack is const once made. */
#ifndef BAU_SUBSET_PACK_H
#define BAU_SUBSET_PACK_H

#include "src/subset/spill.h"

#define BAU_PACK_ROWS 8192u
#define BAU_PACK_WORDS (BAU_PACK_ROWS / 64u)
#define BAU_PACK_BYTES ((BAU_PACK_WORDS + BAU_PACK_ROWS + 1u) * 8u) /* a packed block at most */

struct bau_pack {
    uint64_t base;
    uint32_t n;
    uint8_t width; /* bits a value */
    bool nulls;    /* BAU_PACK_WORDS words of presence come first */
    struct bau_blob blob;
};

/* A block as it is worked on. ids of absent rows are 0. */
struct bau_ids {
    uint64_t id[BAU_PACK_ROWS];
    uint64_t present[BAU_PACK_WORDS]; /* bits past n are 0 */
    uint64_t buffer[BAU_PACK_WORDS + BAU_PACK_ROWS + 1u];
};

/* Uses in->buffer. */
bau_status bau_pack_put(struct bau_spill *spill, struct bau_ids *in, uint32_t n, struct bau_pack *out,
                        struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_pack_get(struct bau_spill *spill, const struct bau_pack *pack, struct bau_ids *out,
                        struct bau_error *err) BAU_MUST_CHECK;
/* Value i of a pack in memory; false: absent. */
bool bau_pack_at(const struct bau_pack *pack, uint32_t i, uint64_t *out_id);

#endif
