/* What the detectors find in a column of texts, for the maskers that replace it. */
#ifndef BAU_MASKERS_PROSE_H
#define BAU_MASKERS_PROSE_H

#include "maskers/common.h"
#include "maskers/detect.h"

struct bau_prose_hit {
    uint32_t value; /* of the column */
    uint32_t at, len;
    bau_find find;
};

struct bau_prose { /* what to look for; made at bind */
    uint32_t wanted, entropy_least;
    bool lone_names;
    const struct bau_name_set *names;
};

/* Words of an option, as rule files spell them: email url ip phone card iban national_id date uuid secret handle name;
 * none: all but date. Makes the name set when names are wanted. BAU_E_USAGE for any other word. */
bau_status bau_prose_bind(struct bau_prose *out, const struct bau_texts *words, bool lone_names,
                          const struct bau_mask_bind *with, struct bau_error *err) BAU_MUST_CHECK;

/* Every hit, values and places in order, in the arena. */
bau_status bau_prose_find(const struct bau_prose *prose, const struct bau_column *in, struct bau_arena *arena,
                          struct bau_prose_hit **out, size_t *out_n, struct bau_error *err) BAU_MUST_CHECK;

#endif
