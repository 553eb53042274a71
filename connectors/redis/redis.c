/* The Redis connector: its options, sides, links and the vtable. */
#include "throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct redis_config, member)

static const struct bau_option redis_options[] = {
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
    if (status != BAU_OK) {
        redis_close(side);
        return status;
    }
    *out = side;
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
    return redis_client_open(&with, out, err);
}

/* The text behind "name:" in an answer of INFO. */
static void info(const char *text, const char *name, char *out, size_t room)
{
    const size_t n = strlen(name);
    out[0] = '\0';
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, name, n) == 0 && line[n] == ':') {
            (void)snprintf(out, room, "%.*s", (int)strcspn(line + n + 1, "\r\n"), line + n + 1);
            return;
        }
}

bau_status redis_main(struct bau_side *side, struct bau_error *err)
{
    char version[32], mode[16], valkey[16];
    REDIS_AUTO_REPLY *reply = NULL;
    if (side->main || side->file.bytes)
        return BAU_OK;
    if (side->address.file)
        return redis_file_open(side, err);
    BAU_TRY(redis_connect(side, side->address.db, &side->main, err));
    BAU_TRY(redis_call(side->main, &reply, err, "INFO", NULL));
    if (reply->type != REDIS_REPLY_STRING)
        return bau_error_set(err, side->with.write ? BAU_E_TARGET : BAU_E_SOURCE, "INFO gave no text");
    info(reply->str, "redis_version", version, sizeof version);
    info(reply->str, "redis_mode", mode, sizeof mode);
    info(reply->str, "master_replid", side->replication, sizeof side->replication);
    if (!side->replication[0])
        info(reply->str, "run_id", side->replication, sizeof side->replication);
    if (sscanf(version, "%u.%u", &side->major, &side->minor) != 2)
        side->major = side->minor = 0;
    info(reply->str, "valkey_version", valkey, sizeof valkey);
    side->field_ttl =
        side->major > 7 || (side->major == 7 && side->minor >= 4) || strtoul(valkey, NULL, 10) >= 9;
    (void)snprintf(side->server, sizeof side->server, "Redis %s, database %u", version, side->address.db);
    if (strcmp(mode, "cluster") == 0)
        return bau_error_set(err, BAU_E_USAGE,
                             "a Redis Cluster: this connector reads and writes single servers");
    return BAU_OK;
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
    .schemes = "redis|rediss|redis+unix|redis+rdb",
    .summary = "Redis 6.2 to 7.2 and Valkey, single servers; a key template is a dataset, a key is a row.",
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
