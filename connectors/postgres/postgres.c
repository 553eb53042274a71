/* The PostgreSQL connector: its options, opening and closing a side, and the vtable. */
#include "target.h"

#include <string.h>

#define AT(member) offsetof(struct pg_config, member)

static const struct bau_option pg_options[] = {
    { "switch", BAU_OPTION_CHOICE, AT(switch_by), "database", 0, 0,
      "What takes the place of the old target: a whole database, or schemas for accounts that may not make "
      "databases.",
      0, "database|schema", NULL, 0 },
    { "owner", BAU_OPTION_CHOICE, AT(owner), "keep", 0, 0,
      "Who owns the objects: the source's roles, roles given by owner_map, or the account that writes.", 0,
      "keep|map|target", NULL, 0 },
    { "owner_map", BAU_OPTION_TEXTS, AT(owner_map), NULL, 0, 0,
      "Roles of the source and what they are on the target.", 0, NULL, "SOURCE=TARGET", 0 },
    { "waive", BAU_OPTION_TEXTS, AT(waive), NULL, 0, 0,
      "Objects, by kind and name, that need not come to be on the target.", 0, NULL, "NAME", 0 },
    { "allow_replace", BAU_OPTION_BOOL, AT(allow_replace), "false", 0, 0,
      "Replace a target that holds objects and was not made by bauta.", 0, NULL, NULL, 0 },
    { "keep_previous", BAU_OPTION_U32, AT(keep_previous), "1", 0, 100, "Earlier targets kept for rollback.",
      0, NULL, NULL, 0 },
    { "connections", BAU_OPTION_U32, AT(connections), "0", 0, 1000,
      "Most connections to the source at one time; 0: one for each lane and two beside them.", 0, NULL, NULL,
      0 },
    { "statement_timeout", BAU_OPTION_DURATION, AT(statement_timeout_ms), "0ms", 0, INT32_MAX,
      "Longest time one statement may take, the reading of a part included; 0ms: any.", 0, NULL, NULL, 0 },
    { "subscriptions", BAU_OPTION_BOOL, AT(subscriptions), "false", 0, 0,
      "Carry subscriptions, which would make the target follow the source's publisher.", 0, NULL, NULL, 0 },
    { "user_mappings", BAU_OPTION_BOOL, AT(user_mappings), "false", 0, 0,
      "Carry user mappings and options of foreign servers, which may hold passwords.", 0, NULL, NULL, 0 },
    { "part_bytes", BAU_OPTION_BYTES, AT(part_bytes), "0B", 0, INT64_MAX,
      "Size above which a table is read in parts; 0B: as evenly busy lanes need.", 0, NULL, NULL, 0 },
    { "maintenance_work_mem", BAU_OPTION_TEXT, AT(maintenance_work_mem), NULL, 0, 0,
      "Memory of one index build on the target, as PostgreSQL spells it; small is faster.", 0, NULL, "SIZE",
      0 },
    { "pg_bin", BAU_OPTION_TEXT, AT(pg_bin), NULL, 0, 0,
      "Folder of the pg_dump to use; without it the one BAUTA_PG_BIN names, else the newest that is "
      "installed.",
      0, NULL, "FOLDER", 0 },
    { .name = NULL },
};

enum { CONNECTIONS_BESIDE_LANES = 2 }; /* the coordinator, and pg_dump or an identity check */

static void pg_close(struct bau_side *side)
{
    if (!side)
        return;
    if (side->with.write)
        pg_target_release(side);
    PQfinish(side->main);
    bau_arena_free(side->arena);
    bau_free(side);
}

static bau_status pg_open(const struct bau_open *with, struct bau_side **out, struct bau_error *err)
{
    const struct pg_config *config = with->config;
    if (!with->write && config->connections &&
        (uint64_t)with->lanes + CONNECTIONS_BESIDE_LANES > config->connections)
        return bau_error_set(
            err, BAU_E_USAGE,
            "store %s: connections: %" PRIu32 " is too few for %" PRIu32 " lanes, which need %" PRIu32,
            with->store, config->connections, with->lanes, with->lanes + CONNECTIONS_BESIDE_LANES);
    struct bau_side *side = bau_alloc(sizeof *side);
    if (!side)
        return bau_error_set(err, BAU_E_NOMEM, "store %s", with->store);
    side->with = *with;
    side->config = config;
    side->arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    if (!side->arena) {
        pg_close(side);
        return bau_error_set(err, BAU_E_NOMEM, "store %s", with->store);
    }
    *out = side;
    return BAU_OK;
}

/* A target is told by its database's name, not by its OID: each switch brings a new database, and keys that depend on the
 * target must not change with it. target_facts compares OIDs to find out that a target is the source. */
static bau_status pg_identity(struct bau_side *side, struct bau_arena *arena, const char **out,
                              struct bau_error *err)
{
    if (side->with.write)
        BAU_TRY(pg_target_main(side, err));
    else if (!side->main)
        BAU_TRY(pg_connect(side, NULL, "identity", &side->main, err));
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(pg_facts(side, side->main, err));
    BAU_TRY(pg_query(side, side->main,
                     "SELECT oid, extract(epoch FROM pg_postmaster_start_time())::text FROM pg_database "
                     "WHERE datname = current_database()",
                     &rows, err));
    const char *database = side->with.write ? side->database : PQgetvalue(rows, 0, 0);
    /* a server that hides its identifier is told apart by the microsecond it started */
    const char *name = side->system_id[0]
                           ? bau_arena_printf(arena, "pg:%s:%s", side->system_id, database)
                           : bau_arena_printf(arena, "pg:start-%s:%s", PQgetvalue(rows, 0, 1), database);
    if (!name)
        return bau_error_set(err, BAU_E_NOMEM, "identity");
    *out = name;
    return BAU_OK;
}

const struct bau_connector bau_connector_postgres = {
    .name = "postgres",
    .schemes = "postgres|postgresql",
    .summary = "PostgreSQL 12 to 18, primary or hot standby.",
    .caps = BAU_CAN_READ | BAU_CAN_WRITE | BAU_CAN_SNAPSHOT | BAU_CAN_SPLIT | BAU_CAN_SWITCH | BAU_CAN_CHECK,
    .options = pg_options,
    .config_bytes = sizeof(struct pg_config),
    .frames = pg_frames_list,
    .open = pg_open,
    .close = pg_close,
    .identity = pg_identity,
    .catalog = pg_source_catalog,
    .split = pg_source_split,
    .schema = pg_source_schema,
    .link_open = pg_link_open,
    .link_close = pg_link_close,
    .link_interrupt = pg_link_interrupt,
    .read_open = pg_read_open,
    .read_next = pg_read_next,
    .read_close = pg_read_close,
    .check_rows = pg_check_rows,
    .target_facts = pg_target_facts,
    .target_serves = pg_target_serves,
    .target_content = pg_target_content,
    .target_prepare = pg_target_prepare,
    .target_has = pg_target_has,
    .target_leave = pg_target_leave,
    .target_lacks = pg_target_lacks,
    .target_begin = pg_target_begin,
    .write_open = pg_write_open,
    .write_next = pg_write_next,
    .write_commit = pg_write_commit,
    .write_close = pg_write_close,
    .target_finish = pg_target_finish,
    .target_switch = pg_target_switch,
    .target_abandon = pg_target_abandon,
    .target_rollback = pg_target_rollback,
    .run_script = pg_run_script,
    .max_lanes = pg_target_max_lanes,
    .promises = pg_target_promises,
};
