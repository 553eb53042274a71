/* Slots: see slot.h. */
#include "slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POLYNOMIAL = 0x1021 };

static uint32_t crc16(const uint8_t *at, size_t n)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)at[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x8000u ? crc << 1 ^ POLYNOMIAL : crc << 1;
        crc &= 0xffffu;
    }
    return crc;
}

uint32_t redis_slot(struct bau_slice key)
{
    const uint8_t *open = key.len ? memchr(key.data, '{', key.len) : NULL;
    if (open) {
        const uint8_t *tag = open + 1;
        const size_t left = key.len - (size_t)(tag - key.data);
        const uint8_t *close = left ? memchr(tag, '}', left) : NULL;
        if (close && close > tag)
            return crc16(tag, (size_t)(close - tag)) % REDIS_SLOTS;
    }
    return crc16(key.data, key.len) % REDIS_SLOTS;
}

uint32_t redis_key_word(uint32_t n, const struct bau_slice *words)
{
    static const struct {
        const char *command;
        uint32_t word;
    } others[] = {
        { "MEMORY", 2 },  { "XINFO", 2 },    { "XGROUP", 2 },    { "OBJECT", 2 },  { "EVAL", 3 },
        { "PING", 0 },    { "INFO", 0 },     { "SCAN", 0 },      { "DBSIZE", 0 },  { "FLUSHDB", 0 },
        { "MULTI", 0 },   { "EXEC", 0 },     { "DISCARD", 0 },   { "CLIENT", 0 },  { "CONFIG", 0 },
        { "CLUSTER", 0 }, { "SWAPDB", 0 },   { "SELECT", 0 },    { "UNWATCH", 0 }, { "TIME", 0 },
        { "AUTH", 0 },    { "FUNCTION", 0 }, { "REPLICAOF", 0 }, { "ROLE", 0 },    { "ACL", 0 },
        { "WAIT", 0 },    { "LATENCY", 0 },
    };
    for (size_t i = 0; i < BAU_COUNT(others); i++)
        if (words[0].len == strlen(others[i].command) &&
            memcmp(words[0].data, others[i].command, words[0].len) == 0)
            return others[i].word < n ? others[i].word : 0;
    return n > 1 ? 1 : 0;
}

bool redis_redirect_parse(const redisReply *reply, struct redis_redirect *out)
{
    *out = (struct redis_redirect){ .ask = redis_is_error(reply, "ASK") };
    if (!out->ask && !redis_is_error(reply, "MOVED"))
        return false;
    char *end = NULL;
    const char *text = strchr(reply->str, ' ');
    if (!text)
        return false;
    const unsigned long slot = strtoul(text + 1, &end, 10);
    const char *colon = end && *end == ' ' ? strrchr(end, ':') : NULL;
    if (!colon || slot >= REDIS_SLOTS)
        return false;
    out->slot = (uint32_t)slot;
    (void)snprintf(out->host, sizeof out->host, "%.*s", (int)(colon - end - 1), end + 1);
    (void)snprintf(out->port, sizeof out->port, "%.7s", colon + 1);
    return out->port[0] != '\0';
}
