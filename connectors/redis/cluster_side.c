/* What a side does at every master: see redis.h. */
#include "redis.h"

#include <stdio.h>
#include <string.h>

enum { EMPTY_ROUNDS = 10 };

void redis_info(const char *text, const char *name, char *out, size_t room)
{
    const size_t n = strlen(name);
    out[0] = '\0';
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            (void)snprintf(out, room, "%.*s", (int)strcspn(line + n + 1, "\r\n"), line + n + 1);
            return;
        }
}

uint32_t redis_masters(const struct redis_client *client)
{
    const struct redis_cluster *cl = redis_client_cluster(client);
    uint32_t n = 0;
    for (uint32_t i = 0; cl && i < redis_cluster_nodes(cl); i++)
        n += redis_cluster_master(cl, i);
    return cl ? n : 1;
}

/* Of two URIs of one cluster the same: the least of its masters' replication ids. */
bau_status redis_cluster_begin(struct redis_client *main, char *replication, size_t room,
                               struct bau_error *err)
{
    struct redis_cluster *cl = redis_client_cluster(main);
    replication[0] = '\0';
    for (uint32_t i = 0; i < redis_cluster_nodes(cl); i++) {
        struct redis_client *c = NULL;
        REDIS_AUTO_REPLY *reply = NULL;
        char id[48];
        if (!redis_cluster_master(cl, i))
            continue;
        BAU_TRY(redis_cluster_node(cl, i, &c, err));
        BAU_TRY(redis_call(c, &reply, err, "INFO", "replication", NULL));
        redis_info(reply->type == REDIS_REPLY_STRING ? reply->str : "", "master_replid", id, sizeof id);
        if (id[0] && (!replication[0] || strcmp(id, replication) < 0))
            (void)snprintf(replication, room, "%s", id);
    }
    return BAU_OK;
}

bau_status redis_everywhere(struct redis_client *client, long long *out_sum, struct bau_error *err,
                            const char *command, const char *word)
{
    struct redis_cluster *cl = redis_client_cluster(client);
    long long sum = 0;
    for (uint32_t i = 0; i < (cl ? redis_cluster_nodes(cl) : 1); i++) {
        struct redis_client *c = client;
        REDIS_AUTO_REPLY *reply = NULL;
        if (cl && !redis_cluster_master(cl, i))
            continue;
        if (cl)
            BAU_TRY(redis_cluster_node(cl, i, &c, err));
        BAU_TRY(redis_call(c, &reply, err, command, word, NULL));
        sum += reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    }
    if (out_sum)
        *out_sum = sum;
    return BAU_OK;
}

/* Keys of a slot that moves from a node not yet emptied to one that was outlive a round. */
bau_status redis_empty(struct redis_client *client, struct bau_error *err)
{
    struct redis_cluster *cl = redis_client_cluster(client);
    long long left = 0;
    if (!cl)
        return redis_everywhere(client, NULL, err, "FLUSHDB", "ASYNC");
    for (int rounds = 0, empty = 0; rounds < EMPTY_ROUNDS && empty < 2; rounds++) {
        if (rounds)
            BAU_TRY(redis_cluster_reload(cl, err));
        BAU_TRY(redis_everywhere(client, NULL, err, "FLUSHDB", "ASYNC"));
        BAU_TRY(redis_everywhere(client, &left, err, "DBSIZE", NULL));
        empty = left ? 0 : empty + 1;
    }
    return BAU_OK; /* others may write to it at the same time, which is theirs to know */
}
