/* The Redis connector: its options, sides, links and the vtable. */
#include "throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct redis_config, member)

static const struct bau_option redis_options[] = {
    { "cut", BAU_OPTION_CHOICE, AT(cut), "scan", 0, 0,
      "How a source is read: `scan` lists its keys and reads each as it is at that moment; `replica` starts "
      "a "
      "redis-server (found on PATH) that copies the source into memory, is cut loose and read in its place: "
      "one moment for all keys.",
      0, "scan|replica", NULL, 0 },
    { "ttl", BAU_OPTION_CHOICE, AT(ttl), "keep", 0, 0,
      "What becomes of the moment a key expires at: kept, taken off, or moved on by ttl_extend.", 0,
      "keep|strip|extend", NULL, 0 },
    { "ttl_extend", BAU_OPTION_DURATION, AT(ttl_extend_ms), "24h", 0, INT64_MAX / 2,
      "How much later keys expire with `ttl: extend`.", 0, NULL, NULL, 0 },
    { "switch", BAU_OPTION_CHOICE, AT(switch_by), "swapdb", 0, 0,
      "What takes the place of the old target: a spare logical database that is swapped in; where SWAPDB is "
      "denied, keys under a prefix that are renamed one by one, or the emptied database itself.",
      0, "swapdb|flush|rename", NULL, 0 },
    { "spare_db", BAU_OPTION_U32, AT(spare_db), "15", 0, 1000000,
      "Logical database of the target that the new data is made in.", 0, NULL, NULL, 0 },
    { "allow_replace", BAU_OPTION_BOOL, AT(allow_replace), "false", 0, 0,
      "Replace a target that holds keys and was not made by bauta.", 0, NULL, NULL, 0 },
    { "keep_previous", BAU_OPTION_U32, AT(keep_previous), "1", 0, 1,
      "Earlier targets kept for rollback, in the spare database; 0 empties it after the switch.", 0, NULL,
      NULL, 0 },
    { "pipeline", BAU_OPTION_U32, AT(pipeline), "64", 1, 1000,
      "Keys asked for at once on one connection; more hurts other clients of the source.", 0, NULL, NULL, 0 },
    { "big_value", BAU_OPTION_BYTES, AT(big_value), "1MiB", 1 << 12, INT64_MAX,
      "Values that take more of the source's memory (MEMORY USAGE) are read and written in windows.", 0, NULL,
      NULL, 0 },
    { "key_memory", BAU_OPTION_BYTES, AT(key_memory), "256MiB", 1 << 20, INT64_MAX,
      "Most memory for the list of the source's keys; a run that needs more stops.", 0, NULL, NULL, 0 },
    { "keys_per_second", BAU_OPTION_U32, AT(keys_per_second), "0", 0, UINT32_MAX,
      "Most keys read from the source in a second, over all lanes; 0: as many as it gives.", 0, NULL, NULL,
      0 },
    { "bytes_per_second", BAU_OPTION_BYTES, AT(bytes_per_second), "0", 0, INT64_MAX,
      "Most bytes of values, as they lie in its memory, read from the source in a second; 0: any.", 0, NULL,
      NULL, 0 },
    { "max_latency", BAU_OPTION_DURATION, AT(max_latency_ms), "20ms", 0, INT32_MAX,
      "When a PING of the source, every 100 ms on a connection of its own, takes longer, reading is slowed "
      "down until it does not; 0ms: no such probe.",
      0, NULL, NULL, 0 },
    { "timeout", BAU_OPTION_DURATION, AT(timeout_ms), "60s", 100, INT32_MAX,
      "Longest wait for an answer of the server.", 0, NULL, NULL, 0 },
    { .name = NULL },
};

/* ── sides ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void redis_close(struct bau_side *side)
{
    if (!side)
        return;
    redis_throttle_stop(side->throttle);
    if (side->main)
        redis_target_unlock(side);
    redis_client_close(side->main);
    redis_replica_stop(side->replica);
    redis_sets_release(side);
    redis_file_close(side);
    bau_arena_free(side->arena);
    bau_free(side);
}

static bau_status redis_open(const struct bau_open *with, struct bau_side **out, struct bau_error *err)
{
    struct bau_side *side = bau_alloc(sizeof *side);
    if (!side)
        return bau_error_set(err, BAU_E_NOMEM, "store %s", with->store);
    side->with = *with;
    side->config = with->config;
    side->arena = bau_arena_new(1u << 16, BAU_ARENA_PRIVATE);
    bau_status status =
        side->arena ? redis_address_parse(bau_secret_text(with->uri), side->arena, &side->address, err)
                    : bau_error_set(err, BAU_E_NOMEM, "store %s", with->store);
    if (status == BAU_OK && side->address.file && with->write)
        status = bau_error_set(err, BAU_E_USAGE, "an RDB file can be a source only");
    if (status == BAU_OK && side->address.replica && with->write)
        status = bau_error_set(err, BAU_E_USAGE, "role=replica is for sources: a target is written to");
    if (status != BAU_OK) {
        redis_close(side);
        return status;
    }
    *out = side;
    return BAU_OK;
}

/* A source's links each ask anew, so that a part that is read again after a failover finds the new master. A target's
 * stay with one server: after a failover the new master may lack keys that the old one took. */
static bau_status by_sentinel(struct bau_side *side, const struct redis_client_with *with,
                              struct redis_address *address, struct redis_client **out, struct bau_error *err)
{
    struct redis_place_found found;
    if (side->master_host[0]) {
        address->host = side->master_host;
        address->port = side->master_port;
        return redis_client_open(with, out, err);
    }
    BAU_TRY(redis_sentinel_open(with, &found, out, err));
    if (!side->with.write)
        return BAU_OK;
    memcpy(side->master_host, found.host, sizeof found.host);
    memcpy(side->master_port, found.port, sizeof found.port);
    return BAU_OK;
}

bau_status redis_connect(struct bau_side *side, uint32_t db, struct redis_client **out, struct bau_error *err)
{
    struct redis_address address = side->address;
    char name[32];
    (void)snprintf(name, sizeof name, "bauta-%s", side->with.run_id ? side->with.run_id : "look");
    address.db = db;
    const struct redis_client_with with = { .address = &address,
                                            .what = side->with.write ? "target" : "source",
                                            .lost = side->with.write ? BAU_E_TARGET : BAU_E_SOURCE,
                                            .timeout_ms = side->config->timeout_ms,
                                            .watch = side->with.watch,
                                            .name = name };
    if (side->cluster)
        return redis_client_open_cluster(&with, out, err);
    return address.master ? by_sentinel(side, &with, &address, out, err) : redis_client_open(&with, out, err);
}

/* The first host of the URI that answers. */
static bau_status first_of(struct bau_side *side, struct bau_error *err)
{
    bau_status status = redis_connect(side, 0, &side->main, err);
    for (uint32_t i = 1; status != BAU_OK && !side->address.master && i < side->address.n_seeds; i++) {
        struct bau_error of_this = { 0 };
        side->address.host = side->address.seeds[i].host;
        side->address.port = side->address.seeds[i].port;
        status = redis_connect(side, 0, &side->main, &of_this);
    }
    return status == BAU_OK ? BAU_OK : err->code; /* why the first one did not */
}

/* For the plan and the manifest: what is read and how. */
static void describe(struct bau_side *side, const char *kind, const char *version, const char *others)
{
    const char *cut = side->config->cut == REDIS_CUT_REPLICA ? ", cut: replica" : ", cut: scan";
    (void)snprintf(side->server, sizeof side->server, "%s %s, database %u%s%s", kind, version,
                   side->address.db, side->with.write ? "" : cut, others);
}

/* INFO of the one server said that it is a node of a cluster: from here on all nodes are spoken to. */
static bau_status to_cluster(struct bau_side *side, const char *version, struct bau_error *err)
{
    char kind[48];
    if (side->address.db != 0)
        return bau_error_set(err, BAU_E_USAGE,
                             "a Redis Cluster has database 0 only; the URI names another one");
    redis_client_close(side->main);
    side->main = NULL;
    side->cluster = true;
    BAU_TRY(redis_connect(side, 0, &side->main, err));
    BAU_TRY(redis_cluster_begin(side->main, side->replication, sizeof side->replication, err));
    if (side->config->cut == REDIS_CUT_REPLICA && !side->with.write)
        return redis_replica_cut(side, err); /* says why not */
    (void)snprintf(kind, sizeof kind, "Redis Cluster of %u masters,", redis_masters(side->main));
    describe(side, kind, version, "");
    return BAU_OK;
}

static bau_status select_own(struct bau_side *side, struct bau_error *err)
{
    char db[16];
    (void)snprintf(db, sizeof db, "%u", side->address.db);
    return redis_call(side->main, NULL, err, "SELECT", db, NULL);
}

/* Databases beside the store's own that hold keys: lines "db3:keys=…" of INFO. Nobody copies them unless a store names them. */
static void other_databases(const struct bau_side *side, const char *text, char *out, size_t room)
{
    size_t at = 0;
    out[0] = '\0';
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        unsigned db;
        int n = 0;
        if (sscanf(line, "db%u:keys=%n", &db, &n) != 1 || n == 0 || db == side->address.db)
            continue;
        const int more = snprintf(out + at, room - at, "%s%u", at ? ", " : "; keys also in database ", db);
        if (more < 0 || (size_t)more >= room - at)
            return;
        at += (size_t)more;
    }
}

bau_status redis_main(struct bau_side *side, struct bau_error *err)
{
    char version[32], mode[16], valkey[16], others[48] = "";
    REDIS_AUTO_REPLY *reply = NULL;
    if (side->main || side->file.bytes)
        return BAU_OK;
    if (side->address.file)
        return redis_file_open(side, err);
    BAU_TRY(first_of(side, err));
    BAU_TRY(redis_call(side->main, &reply, err, "INFO", NULL));
    if (reply->type != REDIS_REPLY_STRING)
        return bau_error_set(err, side->with.write ? BAU_E_TARGET : BAU_E_SOURCE, "INFO gave no text");
    redis_info(reply->str, "redis_version", version, sizeof version);
    redis_info(reply->str, "redis_mode", mode, sizeof mode);
    redis_info(reply->str, "master_replid", side->replication, sizeof side->replication);
    if (!side->replication[0])
        redis_info(reply->str, "run_id", side->replication, sizeof side->replication);
    if (sscanf(version, "%u.%u", &side->major, &side->minor) != 2)
        side->major = side->minor = 0;
    redis_info(reply->str, "valkey_version", valkey, sizeof valkey);
    side->field_ttl =
        side->major > 7 || (side->major == 7 && side->minor >= 4) || strtoul(valkey, NULL, 10) >= 9;
    if (!side->with.write)
        other_databases(side, reply->str, others, sizeof others);
    describe(side, "Redis", version, others);
    if (strcmp(mode, "cluster") == 0)
        return to_cluster(side, version, err);
    if (side->address.cluster)
        return bau_error_set(err, BAU_E_USAGE,
                             "the URI says cluster=true, but the server is not one of a cluster");
    if (side->address.n_seeds > 1 && !side->address.master)
        return bau_error_set(
            err, BAU_E_USAGE,
            "the URI names several hosts, but the first that answers is not one of a cluster");
    if (side->address.db)
        BAU_TRY(select_own(side, err));
    return side->config->cut == REDIS_CUT_REPLICA && !side->with.write ? redis_replica_cut(side, err)
                                                                       : BAU_OK;
}

bau_status redis_identity(struct bau_side *side, struct bau_arena *arena, const char **out,
                          struct bau_error *err)
{
    BAU_TRY(redis_main(side, err));
    *out = bau_arena_printf(arena, "redis:%s:%u", side->replication, side->address.db);
    return *out ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "identity");
}

static bau_status redis_schema(struct bau_side *side, const struct bau_catalog *catalog,
                               struct bau_arena *arena, struct bau_slice *out, struct bau_error *err)
{
    (void)side; /* keys have no schema of their own */
    (void)catalog;
    uint8_t *nothing = bau_arena_take(arena, 1);
    if (!nothing)
        return bau_error_set(err, BAU_E_NOMEM, "schema");
    *out = (struct bau_slice){ nothing, 0 };
    return BAU_OK;
}

/* ── links ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* One connection as long as the link lives: an interrupt may come at any time and must find it. */
bau_status redis_link_open(struct bau_side *side, struct bau_link **out, struct bau_error *err)
{
    struct bau_link *link = bau_alloc(sizeof *link);
    if (!link)
        return bau_error_set(err, BAU_E_NOMEM, "connection");
    link->side = side;
    redis_crc_init(&link->crc);
    const bau_status status =
        side->address.file
            ? BAU_OK
            : redis_connect(side, side->with.write ? side->shadow_db : side->address.db, &link->client, err);
    if (status != BAU_OK) {
        redis_link_close(link);
        return status;
    }
    *out = link;
    return BAU_OK;
}

void redis_link_close(struct bau_link *link)
{
    if (!link)
        return;
    redis_client_close(link->client);
    redis_encode_release(&link->encode);
    bau_free(link);
}

void redis_link_interrupt(struct bau_link *link)
{
    if (link->client)
        redis_client_cut(link->client);
}

const struct bau_connector bau_connector_redis = {
    .name = "redis",
    .schemes = "redis|rediss|redis+unix|redis+rdb|redis+sentinel|rediss+sentinel",
    .summary = "Redis 6.2 to 7.2 and Valkey, single servers and clusters; a key template is a dataset, a key "
               "is a row.",
    .caps = BAU_CAN_READ | BAU_CAN_WRITE | BAU_CAN_SPLIT | BAU_CAN_SWITCH,
    .options = redis_options,
    .config_bytes = sizeof(struct redis_config),
    .open = redis_open,
    .close = redis_close,
    .identity = redis_identity,
    .catalog = redis_catalog,
    .split = redis_split,
    .schema = redis_schema,
    .link_open = redis_link_open,
    .link_close = redis_link_close,
    .link_interrupt = redis_link_interrupt,
    .read_open = redis_read_open,
    .read_next = redis_read_next,
    .read_close = redis_read_close,
    .target_facts = redis_target_facts,
    .target_prepare = redis_target_prepare,
    .target_begin = redis_target_begin,
    .write_open = redis_write_open,
    .write_next = redis_write_next,
    .write_commit = redis_write_commit,
    .write_close = redis_write_close,
    .target_finish = redis_target_finish,
    .target_switch = redis_target_switch,
    .target_abandon = redis_target_abandon,
    .target_rollback = redis_target_rollback,
    .promises = redis_target_promises,
};
