/* Slots of a Redis Cluster: which one a key belongs to, and who holds it. */
#ifndef BAU_REDIS_SLOT_H
#define BAU_REDIS_SLOT_H

#include "client.h"

enum { REDIS_SLOTS = 16384 };

/* CRC-16/XMODEM of the key, or of what stands between its first '{' and the '}' behind it where that is not empty, modulo
 * REDIS_SLOTS (Redis Cluster specification, "Keys distribution model"). */
uint32_t redis_slot(struct bau_slice key);

/* Where a word of a command names its key: 0 for commands without one. */
uint32_t redis_key_word(uint32_t n, const struct bau_slice *words);

/* "MOVED 3999 host:6381", "ASK 3999 :6381": false when the answer is neither. An empty host is the answering server's. */
struct redis_redirect {
    bool ask;
    uint32_t slot;
    char host[256], port[8];
};
bool redis_redirect_parse(const redisReply *reply, struct redis_redirect *out);

#endif
