/* Lanes: each owns one reader and one writer and two threads; three batches rotate between them.
 *
 * The first error wins: stored once, every link interrupted, every thread joined, then it is returned.
 * The caller's `stop` (set by a signal) ends the run the same way with BAU_E_CANCELLED. */
#ifndef BAU_LANE_H
#define BAU_LANE_H

#include "src/lane/pick.h"

struct bau_progress; /* counters shared with the display; relaxed atomics */
struct bau_journal;
struct bau_stop; /* cancel flag + first error + the links to interrupt */

struct bau_lanes_run {
    const struct bau_connector *reader, *writer;
    struct bau_side *source, *target;
    const struct bau_plan *plan;
    const struct bau_chosen *chosen; /* NULL: every row */
    const struct bau_parts *parts;   /* handed out largest first */
    uint32_t n_lanes;
    uint64_t rate_bytes; /* per second over all lanes, 0: none */
    struct bau_progress *progress;
    struct bau_journal *journal;
    struct bau_stop *stop;
};
/* Every part read, masked, written and committed; or an error and no promise about the shadow. `out_rows` (n_datasets
 * entries, caller's): rows committed per dataset. */
bau_status bau_lanes_run(const struct bau_lanes_run *run, uint64_t *out_rows, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
