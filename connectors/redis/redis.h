/* What the files of the Redis connector share.
 *
 * A dataset is a key template ("cart:{customer}"), a row is a key. Its fields, in this order:
 *   one a capture                 text; together they are the primary key
 *   value                         a string's value (text; JSON may be looked into by path)
 *   member                        members of lists, sets and sorted sets, repeated
 *   score                         of sorted sets, repeated
 *   NAME                          a hash's or stream's field of that name; repeated where the template holds streams.
 *                                 One that is called like another field here is "field:NAME"
 *   fields, values                the names and values of all other fields of hashes and streams, repeated
 *   opaque                        values of modules
 * Which of them a template has comes from a sample of its keys and from what rules name. Templates are those the rules
 * name; keys that none of them matches are grouped under induced templates, whose fields then have no rule.
 *
 * The order of calls at a source: catalog lists the keys once; split cuts the lists into parts; a link reads a part with
 * pipelined PEXPIRETIME and DUMP. */
#ifndef BAU_REDIS_H
#define BAU_REDIS_H

#include "cluster.h"
#include "rdb.h"
#include "template.h"

#define REDIS_MARK "bauta:mark" /* hash in every database that bauta made */
#define REDIS_LOCK "bauta:lock" /* string while a run works on a target */
#define REDIS_NONE UINT16_MAX
#define REDIS_FORMAT "redis"

enum { REDIS_TTL_KEEP, REDIS_TTL_STRIP, REDIS_TTL_EXTEND };
enum { REDIS_CUT_SCAN, REDIS_CUT_REPLICA };
enum { REDIS_SWITCH_SWAPDB, REDIS_SWITCH_FLUSH, REDIS_SWITCH_RENAME };

struct redis_config {
    uint32_t cut, ttl, switch_by, spare_db, keep_previous, pipeline, keys_per_second;
    uint64_t ttl_extend_ms, key_memory, timeout_ms, big_value, bytes_per_second, max_latency_ms;
    bool allow_replace;
};

struct redis_set { /* one dataset */
    struct redis_template template;
    uint32_t types;                                        /* bit of each redis_type its keys may have */
    uint16_t value, member, score, fields, values, opaque; /* columns; REDIS_NONE: has none */
    uint16_t named;                                        /* first column of a named field */
    uint16_t n_named;
    const char *const *names; /* of the named fields, without "field:" */
    struct bau_text keys;     /* u32 length and bytes, one behind the other */
    uint64_t n_keys;
    uint32_t extra; /* bytes behind each: a redis_place when they come out of a file */
};
struct redis_throttle;
struct redis_place { /* of a value in an RDB file: type byte and what follows the key */
    uint64_t at, len;
    int64_t expires_ms;
    uint8_t type;
};
struct redis_file {
    const uint8_t *bytes;
    size_t len;
    uint32_t version;
};

struct bau_side {
    struct bau_open with;
    const struct redis_config *config;
    struct redis_address address;
    struct bau_arena *arena; /* private */
    struct redis_client *main;
    bool cluster; /* main and the clients of links are of a whole cluster */
    char master_host[256],
        master_port[8]; /* of a target that sentinels told of: it stays the one of this run */
    uint32_t major, minor;
    char replication[48]; /* id of the data set's history: same for a master and its replicas */
    char server[120];
    bool field_ttl; /* the server knows hash fields that expire */
    /* source */
    struct redis_file file;
    uint32_t n_sets;
    struct redis_throttle *throttle;
    struct redis_replica *replica; /* a server of our own; address and main are then its */
    struct redis_set *sets;        /* same order as the catalog's datasets */
    /* target */
    uint32_t shadow_db;
    bool locked, shadow_made, switched;
    bool was_marked; /* before this run */
    bool typed;      /* RESTORE is denied: typed commands in its place */
};

struct bau_link {
    struct bau_side *side;
    struct redis_client *client;
    struct redis_crc crc;
    struct redis_encode encode;
    bool no_sizes; /* the source denies MEMORY USAGE */
};

struct bau_reader;
struct bau_writer;

bau_status redis_connect(struct bau_side *side, uint32_t db, struct redis_client **out,
                         struct bau_error *err);
bau_status redis_main(struct bau_side *side, struct bau_error *err);
bau_status redis_identity(struct bau_side *side, struct bau_arena *arena, const char **out,
                          struct bau_error *err);

/* source */
bau_status redis_catalog(struct bau_side *side, struct bau_catalog **out, struct bau_error *err);
bau_status redis_list_keys(struct bau_side *side, struct bau_error *err);
bau_status redis_find_fields(struct bau_side *side, struct redis_set *set, struct bau_arena *arena,
                             struct bau_dataset *out, struct bau_error *err);
/* Of an answer of TYPE; REDIS_TYPES: there is no such key. */
redis_type redis_type_named(const char *name);
void redis_sets_release(struct bau_side *side);
bau_status redis_split(struct bau_side *side, const struct bau_catalog *catalog, struct bau_arena *arena,
                       struct bau_parts *out, struct bau_error *err);
bau_status redis_read_open(struct bau_link *link, const struct bau_read *what, struct bau_reader **out,
                           struct bau_error *err);
bau_status redis_read_next(struct bau_reader *reader, struct bau_batch *into, struct bau_error *err);
void redis_read_close(struct bau_reader *reader);
/* Columns of a batch out of its frames. */
bau_status redis_fill_columns(const struct redis_set *set, const bau_want *want, struct bau_batch *batch,
                              struct bau_error *err);

/* cluster_list.c: the keys of a cluster, while its slots may move */
struct redis_lister {
    void *self;
    bau_status (*scan)(void *self, struct redis_client *client, struct bau_error *err); /* one node */
    bau_status (*take)(void *self, struct bau_slice key, struct bau_error *err);
    void (*each_known)(void *self, void (*each)(void *to, struct bau_slice key), void *to);
};
bau_status redis_cluster_list(struct redis_client *client, const struct redis_lister *lister,
                              struct bau_error *err);

/* cluster_side.c: what a side does at every node; of a single server it is one */
bau_status redis_cluster_begin(struct redis_client *main, char *replication, size_t room,
                               struct bau_error *err);
/* One command at every master; the numbers they answer summed up. `word` may be NULL. */
bau_status redis_everywhere(struct redis_client *client, long long *out_sum, struct bau_error *err,
                            const char *command, const char *word);
/* FLUSHDB of the client's database, or of every master's. */
bau_status redis_empty(struct redis_client *client, struct bau_error *err);
uint32_t redis_masters(const struct redis_client *client);
/* The text behind "name:" in an answer of INFO; empty: there is none. */
void redis_info(const char *text, const char *name, char *out, size_t room);

/* sentinel.c: the server that the address's sentinels tell of, its role checked; waits while they agree on a new one */
struct redis_place_found {
    char host[256], port[8];
};
bau_status redis_sentinel_open(const struct redis_client_with *with, struct redis_place_found *found,
                               struct redis_client **out, struct bau_error *err);

/* replica.c: a throw-away copy of the source, frozen; side->main is connected to the source before, to the copy after */
bau_status redis_replica_cut(struct bau_side *side, struct bau_error *err);
void redis_replica_stop(struct redis_replica *replica); /* takes NULL */

/* rdb_file.c: a backup in place of a server */
bau_status redis_file_open(struct bau_side *side, struct bau_error *err);
void redis_file_close(struct bau_side *side);
struct redis_key { /* what a walk over a file finds */
    struct bau_slice name;
    struct redis_place place;
};
bau_status redis_file_walk(const struct bau_side *side,
                           bau_status (*each)(void *self, const struct redis_key *key, struct bau_error *err),
                           void *self, struct bau_error *err);
/* The value as DUMP would give it. */
bau_status redis_file_dump(const struct bau_side *side, const struct redis_crc *crc,
                           const struct redis_place *place, struct bau_text *out, struct bau_error *err);
/* The key at a place of the list, and where the next one stands. */
struct bau_slice redis_key_at(const struct redis_set *set, size_t at, size_t *out_next,
                              struct redis_place *out_place);

/* links */
bau_status redis_link_open(struct bau_side *side, struct bau_link **out, struct bau_error *err);
void redis_link_close(struct bau_link *link);
void redis_link_interrupt(struct bau_link *link);

/* target */
bau_status redis_target_facts(struct bau_side *side, const char *source_identity,
                              struct bau_target_facts *out, struct bau_error *err);
bau_status redis_target_prepare(struct bau_side *side, const char *source_identity, struct bau_error *err);
bau_status redis_target_begin(struct bau_side *side, const struct bau_target_plan *plan,
                              struct bau_error *err);
bau_status redis_target_finish(struct bau_side *side, const struct bau_target_plan *plan,
                               struct bau_error *err);
bau_status redis_target_switch(struct bau_side *side, struct bau_error *err);
void redis_target_abandon(struct bau_side *side);
bau_status redis_target_rollback(struct bau_side *side, struct bau_error *err);
void redis_target_unlock(struct bau_side *side); /* when the side closes */
const char *redis_target_promises(struct bau_side *side);
bau_status redis_write_open(struct bau_link *link, const struct bau_write *what, struct bau_writer **out,
                            struct bau_error *err);
bau_status redis_write_next(struct bau_writer *writer, const struct bau_batch *batch, struct bau_error *err);
bau_status redis_write_commit(struct bau_writer *writer, uint64_t *out_rows, struct bau_error *err);
void redis_write_close(struct bau_writer *writer);

/* ── frames: how a row lies in a batch ──
 *
 *   head, then n_parts parts of the key, then n_items items of the value.
 * A part or item is a redis_chunk and its bytes. A value that nobody looks into is one item REDIS_ITEM_DUMP. */
enum { REDIS_ITEM_DUMP = 100 };
struct redis_head {
    int64_t expires_ms; /* since 1970; -1: never */
    uint32_t n_parts, n_items;
    uint8_t type;
    uint8_t window; /* 0: the value is whole; else bits of redis_window */
    uint8_t unused[6];
};
/* A large value travels in several rows, each of which repeats the key. */
enum { REDIS_WINDOW = 1, REDIS_WINDOW_FIRST = 2, REDIS_WINDOW_LAST = 4 };
struct redis_chunk {
    uint32_t len;
    uint16_t column; /* REDIS_NONE: of no field */
    uint8_t item;
    uint8_t again; /* may have come in an earlier window of the same key */
};
static inline const uint8_t *redis_take_head(const uint8_t *at, struct redis_head *out)
{
    __builtin_memcpy(out, at, sizeof *out);
    return at + sizeof *out;
}
/* The chunk at `at`; returns where its bytes start. The next one starts `len` behind. */
static inline const uint8_t *redis_take_chunk(const uint8_t *at, struct redis_chunk *out)
{
    __builtin_memcpy(out, at, sizeof *out);
    return at + sizeof *out;
}

#endif
