/* `switch: rename`: new keys lie under a prefix beside the old ones, in the same database and, in a cluster, the same slot. The switch
 * takes away what the new data has not and renames each key to its place; every key changes in one step, all of them do not. */
#ifndef BAU_REDIS_RENAME_H
#define BAU_REDIS_RENAME_H

#include "redis.h"

#define REDIS_STAGED "bauta:new:"

/* The name a key has until the switch; `out` is emptied first. */
void redis_staged_name(struct bau_slice key, struct bau_text *out);
bool redis_is_staged(struct bau_slice key);
/* Of a staged name: the key it will be. */
struct bau_slice redis_final_name(struct bau_slice staged);
/* On side->main, the target's database selected. */
bau_status redis_staged_drop(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
bau_status redis_staged_switch(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;

#endif
