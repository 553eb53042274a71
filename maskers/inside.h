/* What maskers that hold other maskers share: how wide their outputs are and what they promise together. */
#ifndef BAU_MASKERS_INSIDE_H
#define BAU_MASKERS_INSIDE_H

#include "bauta/masker.h"

/* Longest text in characters that `sub` or its fallbacks make out of texts of at most `in`; 0 stands for the width of the
 * column. */
static inline uint32_t bau_sub_widest(const struct bau_sub *sub, uint32_t in)
{
    uint32_t most = 0;
    for (; sub; sub = sub->fallback) {
        const uint32_t own =
            sub->masker && sub->masker->widest ? sub->masker->widest(sub->config, sub->type) : 0;
        const uint32_t wide = own ? own : in;
        most = wide > most ? wide : most;
    }
    return most;
}

/* What each value promises when one of several subs masks it, or several of them parts of it. Values that differ may meet, so
 * nothing is said about distinct ones. */
static inline void bau_subs_promise(const struct bau_sub *subs, uint32_t n, uint32_t *traits, uint32_t *leaks)
{
    const uint32_t all_of = BAU_DETERMINISTIC | BAU_KEEPS_LENGTH | BAU_KEEPS_LABELS | BAU_KEEPS_ALL;
    uint32_t all = all_of, any = 0, show = 0;
    for (uint32_t i = 0; i < n; i++) {
        all &= subs[i].traits;
        any |= subs[i].traits;
        show |= subs[i].leaks;
    }
    *traits = all | (any & (BAU_KEYED | BAU_MAKES_NULLS));
    if (!(all & BAU_KEEPS_ALL) && (any & (BAU_KEEPS_ALL | BAU_KEEPS_SOME)))
        *traits |= BAU_KEEPS_SOME;
    *leaks = show;
}

#endif
