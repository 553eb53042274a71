/* A client of a whole Redis Cluster behind the calls of client.h: each command goes to the master that holds its key's slot,
 * answers come back in the order of the commands, MOVED and ASK are followed. A command without a key goes where the one
 * before it went, and MULTI where the next key is; a transaction whose slot moves is an error that a part is tried again for.
 * Connections are made when they are first needed. Threads: as a client. */
#ifndef BAU_REDIS_CLUSTER_H
#define BAU_REDIS_CLUSTER_H

#include "slot.h"

struct redis_cluster;
/* Reads the map of slots from the first of the address's seeds that answers. `with` lives as long as the cluster; `cut`
 * becomes true when another thread ends the client. */
bau_status redis_cluster_new(const struct redis_client_with *with, const atomic_bool *cut,
                             struct redis_cluster **out, struct bau_error *err) BAU_MUST_CHECK;
void redis_cluster_free(struct redis_cluster *cluster); /* takes NULL */
void redis_cluster_add(struct redis_cluster *cluster, uint32_t n, const struct bau_slice *words);
bau_status redis_cluster_send(struct redis_cluster *cluster, struct bau_error *err) BAU_MUST_CHECK;
size_t redis_cluster_unsent(const struct redis_cluster *cluster);
bau_status redis_cluster_next(struct redis_cluster *cluster, redisReply **out, struct bau_error *err)
    BAU_MUST_CHECK;

/* The map of slots, read again from any node that answers. */
bau_status redis_cluster_reload(struct redis_cluster *cluster, struct bau_error *err) BAU_MUST_CHECK;
enum { REDIS_NODES_MOST = 4096 };
uint32_t redis_cluster_nodes(const struct redis_cluster *cluster); /* that were ever met; indexes stay */
uint32_t redis_cluster_owner(const struct redis_cluster *cluster, uint32_t slot);
bool redis_cluster_master(const struct redis_cluster *cluster, uint32_t node); /* holds a slot */
/* The connection to one node, on which no command of the cluster may be under way. */
bau_status redis_cluster_node(struct redis_cluster *cluster, uint32_t node, struct redis_client **out,
                              struct bau_error *err) BAU_MUST_CHECK;

#endif
