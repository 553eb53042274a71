/* Parts: whole tables where that keeps the lanes evenly busy, ctid ranges of the largest ones where it does not.
 *
 * A whole table is loaded with FREEZE, which saves the target a quarter of its work; a range is not. So the largest table
 * is cut only when the longest lane would work more than 12 % longer than the mean, then the next one, until it is even.
 * Before release 14 the server walks the whole table for each ctid range, so there nothing is cut. */
#include "source.h"

#include <stdlib.h>

#define EVEN_ENOUGH 1.12
#define WORTH_CUTTING ((uint64_t)32 << 20) /* bytes; below, a lane is done before another has begun */
#define LONGEST_PART ((uint64_t)4 << 30)   /* bytes; what a lost connection makes us read again */

struct load { /* one table that has rows */
    uint32_t dataset;
    uint64_t bytes;
    uint32_t n_parts;
    bool cuts;
};

static int largest_first(const void *a, const void *b)
{
    const struct load *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return (x->dataset > y->dataset) - (x->dataset < y->dataset);
}

static int parts_largest_first(const void *a, const void *b)
{
    const struct bau_part *x = a, *y = b;
    if (x->est_bytes != y->est_bytes)
        return x->est_bytes < y->est_bytes ? 1 : -1;
    if (x->dataset != y->dataset)
        return x->dataset < y->dataset ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* The longest lane when every part goes to the lane that is free first, over the mean of the lanes. */
static double imbalance(const struct load *loads, uint32_t n, uint64_t *lanes, uint32_t n_lanes)
{
    uint64_t total = 0, longest = 0;
    for (uint32_t l = 0; l < n_lanes; l++)
        lanes[l] = 0;
    for (int cut = 0; cut < 2; cut++) /* whole tables are larger than the pieces of the cut ones, or nearly */
        for (uint32_t i = 0; i < n; i++) {
            if ((loads[i].n_parts > 1) != (cut == 1))
                continue;
            for (uint32_t p = 0; p < loads[i].n_parts; p++) {
                uint32_t least = 0;
                for (uint32_t l = 1; l < n_lanes; l++)
                    if (lanes[l] < lanes[least])
                        least = l;
                lanes[least] += loads[i].bytes / loads[i].n_parts;
            }
            total += loads[i].bytes;
        }
    for (uint32_t l = 0; l < n_lanes; l++)
        longest = lanes[l] > longest ? lanes[l] : longest;
    return total == 0 ? 1.0 : (double)longest * n_lanes / (double)total;
}

static uint32_t pieces(uint64_t bytes, uint64_t blocks, uint64_t part_bytes, uint32_t least)
{
    uint64_t n = (bytes + part_bytes - 1) / part_bytes;
    n = n < least ? least : n;
    n = n > blocks ? blocks : n;
    return n > 1 ? (uint32_t)(n < UINT32_MAX ? n : UINT32_MAX) : 1;
}

static bau_status choose(const struct bau_side *side, struct load *loads, uint32_t n, struct bau_error *err)
{
    const uint32_t n_lanes = side->with.lanes ? side->with.lanes : 1;
    const uint64_t wanted = side->config->part_bytes;
    uint64_t total = 0;
    for (uint32_t i = 0; i < n; i++) {
        total += loads[i].bytes;
        if (wanted && loads[i].cuts && loads[i].bytes > wanted)
            loads[i].n_parts = pieces(loads[i].bytes, side->tables[loads[i].dataset].blocks, wanted, 2);
    }
    if (n_lanes == 1 || total < WORTH_CUTTING)
        return BAU_OK;
    uint64_t *lanes = bau_alloc_array(n_lanes, sizeof *lanes);
    if (!lanes)
        return bau_error_set(err, BAU_E_NOMEM, "parts");
    for (uint32_t next = 0; next < n && imbalance(loads, n, lanes, n_lanes) > EVEN_ENOUGH; next++)
        if (loads[next].cuts && loads[next].n_parts == 1 && loads[next].bytes * n_lanes * 8 > total)
            loads[next].n_parts = pieces(loads[next].bytes, side->tables[loads[next].dataset].blocks,
                                         LONGEST_PART, 2 * n_lanes);
    bau_free(lanes);
    return BAU_OK;
}

bau_status pg_source_split(struct bau_side *side, const struct bau_catalog *catalog, struct bau_arena *arena,
                           struct bau_parts *out, struct bau_error *err)
{
    struct load *loads = bau_arena_zero(arena, ((size_t)catalog->n_datasets + 1) * sizeof *loads);
    if (!loads)
        return bau_error_set(err, BAU_E_NOMEM, "parts");
    uint32_t n = 0;
    uint64_t n_parts = 0;
    for (uint32_t i = 0; i < catalog->n_datasets; i++)
        if (catalog->datasets[i].kind == BAU_DATASET_ROWS && !(side->standby && side->tables[i].unlogged))
            loads[n++] = (struct load){ i, catalog->datasets[i].est_bytes, 1,
                                        side->version >= 140000 && side->tables[i].splits };
    qsort(loads, n, sizeof *loads, largest_first);
    BAU_TRY(choose(side, loads, n, err));
    for (uint32_t i = 0; i < n; i++)
        n_parts += loads[i].n_parts;
    struct bau_part *parts = bau_arena_zero(arena, (n_parts + 1) * sizeof *parts);
    if (!parts || n_parts > UINT32_MAX)
        return bau_error_set(err, BAU_E_NOMEM, "parts");
    struct bau_part *p = parts;
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t blocks = side->tables[loads[i].dataset].blocks, of = loads[i].n_parts;
        for (uint64_t k = 0; k < of; k++)
            *p++ = (struct bau_part){ .dataset = loads[i].dataset,
                                      .number = (uint32_t)k,
                                      .of = (uint32_t)of,
                                      .from = blocks * k / of,
                                      .to = k + 1 == of ? UINT64_MAX : blocks * (k + 1) / of,
                                      .est_bytes = loads[i].bytes / of,
                                      .est_rows = catalog->datasets[loads[i].dataset].est_rows / of };
    }
    qsort(parts, (size_t)n_parts, sizeof *parts, parts_largest_first);
    *out = (struct bau_parts){ (uint32_t)n_parts, parts };
    return BAU_OK;
}
