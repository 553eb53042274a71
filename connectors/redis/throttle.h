/* How fast a source is read: keys and bytes a second over all lanes, and a probe that slows reading down while the server answers
 * others late. Threads: any, but for start and stop. */
#ifndef BAU_REDIS_THROTTLE_H
#define BAU_REDIS_THROTTLE_H

#include "redis.h"

struct redis_throttle;
/* Starts the probe when `max_latency` asks for one: a connection of its own that PINGs every 100 ms. */
bau_status redis_throttle_start(struct bau_side *side, struct redis_throttle **out, struct bau_error *err)
    BAU_MUST_CHECK;
void redis_throttle_stop(struct redis_throttle *t); /* takes NULL */
/* Before so many keys and bytes are asked for: waits for their turn. Ends early, BAU_E_CANCELLED, when the run stops or `client`
 * is cut. A `t` of NULL never waits. */
bau_status redis_throttle_wait(struct redis_throttle *t, const struct redis_client *client, uint64_t keys,
                               uint64_t bytes, struct bau_error *err) BAU_MUST_CHECK;
/* Keys to ask for at once, of the `most` that the pipeline allows. */
uint32_t redis_throttle_group(const struct redis_throttle *t, uint32_t most);

#endif
