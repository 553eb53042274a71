/* What lanes share beside the plan: the list of parts and the limit on bytes per second. Threads: any. */
#ifndef BAU_LANE_PARTS_H
#define BAU_LANE_PARTS_H

#include "src/lane/stop.h"

/* Hands parts out largest first (by est_bytes; equals in dataset and number order), each once. */
struct bau_part_list;
bau_status bau_part_list_new(const struct bau_parts *parts, struct bau_part_list **out, struct bau_error *err)
    BAU_MUST_CHECK;                                                    /* borrows `parts` */
void bau_part_list_free(struct bau_part_list *list);                   /* takes NULL */
const struct bau_part *bau_part_list_take(struct bau_part_list *list); /* NULL: none left */

/* A token bucket over all lanes: `bytes_per_s` on the average, at most a quarter of a second's worth at once. */
struct bau_rate;
bau_status bau_rate_new(uint64_t bytes_per_s, struct bau_rate **out, struct bau_error *err) BAU_MUST_CHECK;
void bau_rate_free(struct bau_rate *rate); /* takes NULL */
/* Accounts for bytes that were read and waits as long as they ask for, or until the stop. `rate` NULL: no limit. */
void bau_rate_take(struct bau_rate *rate, uint64_t bytes, struct bau_stop *stop);

#endif
