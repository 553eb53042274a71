/* Writing by typed commands (RPUSH, HSET, XADD …): for values that come in windows, and for all where the target denies RESTORE.
 * A whole value is written between MULTI and EXEC, a window is not. Every value starts with DEL, so writing it twice leaves
 * the same. */
#ifndef BAU_REDIS_TYPED_H
#define BAU_REDIS_TYPED_H

#include "redis.h"

/* ── answers that have not come ── */

struct redis_waiting { /* zeroed is ready */
    struct bau_text questions;
    size_t n, answered;
};
/* `least`: new elements that the answer has to tell of, or the masker made two of them equal; 0: any answer will do.
 * `command` is a literal. */
void redis_wait_for(struct redis_waiting *w, const char *command, int64_t least);
/* Takes all of them. *out_fewer: an answer told of fewer than its least. *out_refused: the first error answer, given back by the
 * caller, and *out_command what it answers. */
bau_status redis_wait_all(struct redis_waiting *w, struct redis_client *client, bool *out_fewer,
                          redisReply **out_refused, const char **out_command, struct bau_error *err)
    BAU_MUST_CHECK;
void redis_wait_release(struct redis_waiting *w);

/* ── a value ── */

enum { REDIS_TYPED_WORDS = 4096 }; /* of one command */
struct redis_typed {               /* zeroed is ready; reused over values */
    struct redis_client *client;
    struct redis_waiting *waiting;
    const struct bau_side *side;
    redis_type type;
    struct bau_slice key;
    struct bau_text body,
        held; /* words of the command under way; a sorted set's member until its score comes */
    uint32_t n_words;
    size_t lens[REDIS_TYPED_WORDS + 2];
    uint32_t fresh; /* elements of the command under way that are new for sure */
    bool again;     /* the next element may have come in an earlier window */
    bool atomic, started;
};
/* `key` lives until redis_typed_end. `window` as in a redis_head. */
void redis_typed_begin(struct redis_typed *t, redis_type type, struct bau_slice key, uint8_t window);
bau_status redis_typed_item(struct redis_typed *t, redis_item item, struct bau_slice bytes,
                            struct bau_error *err) BAU_MUST_CHECK;
/* `expires_ms`: 0 never. */
bau_status redis_typed_end(struct redis_typed *t, uint8_t window, int64_t expires_ms, struct bau_error *err)
    BAU_MUST_CHECK;
void redis_typed_release(struct redis_typed *t);
/* One command whose words follow the key; the last word NULL. */
void redis_typed_say(struct redis_typed *t, const char *command, const char *sub, uint32_t n,
                     const struct bau_slice *words);

/* stream_end.c: what lies behind a stream's entries, as RDB spells it; see REDIS_ITEM_STREAM_END. */
/* Out of XINFO and XPENDING. A key that is gone has an empty text. */
bau_status redis_stream_end_read(struct redis_client *client, struct bau_slice key, struct bau_text *out,
                                 struct bau_error *err) BAU_MUST_CHECK;
/* XSETID, XGROUP and XCLAIM that make it. */
bau_status redis_stream_end_write(struct redis_typed *t, struct bau_slice end, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
