/* What the files of the PostgreSQL connector share. One idea a file:
 *   connection.c  libpq connections, errors without row values, identity      catalog.c  snapshot, locks, catalog
 *   catalog_fill.c fields, keys, checks, references      types.c  type facts, transport      split.c  parts
 *   reader.c      COPY TO → batches, over copy_stream.c, which frames the bytes
 *   check_rows.c  CHECK constraints over masked rows
 *   codec.c       columns ↔ values, over binary_codec.c, text_codec.c (the two forms of COPY), array.c, instant.c, numeric.c
 *   dump.c        runs pg_dump
 *   writer.c      batches → COPY FROM    schema.c pg_dump, its plain text inside the schema blob
 * and the target's half, see target.h: script.c the plain text cut into entries, target.c guard, lock and shadow,
 * finish.c indexes, constraints, sequences, views, ANALYZE, switch.c the renames, schema_switch.c the same by schemas.
 */
#ifndef BAU_PG_H
#define BAU_PG_H

#include <libpq-fe.h>
#include <pthread.h>

#include "bauta/connector.h"
#include "bauta/log.h"

typedef enum { PG_SWITCH_DATABASE, PG_SWITCH_SCHEMA } pg_switch;
typedef enum { PG_OWNER_KEEP, PG_OWNER_MAP, PG_OWNER_TARGET } pg_owner;

struct pg_config {              /* options of a store; see pg_options in postgres.c */
    uint32_t switch_by;         /* pg_switch */
    uint32_t owner;             /* pg_owner */
    struct bau_texts owner_map; /* "from=to" */
    struct bau_texts waive;     /* object names whose failure is accepted */
    bool allow_replace;
    uint32_t keep_previous;
    uint32_t connections; /* most connections to the source, 0: as lanes need */
    uint64_t statement_timeout_ms;
    bool subscriptions, user_mappings; /* travel only when true */
    uint64_t part_bytes;               /* size of a ctid part; 0: chosen */
    const char *maintenance_work_mem;
    const char *pg_bin; /* folder of pg_dump; NULL: looked for */
};

/* batch->format; compare the text, not the pointer. */
#define PG_FORMAT_BINARY "pgcopy-binary"
#define PG_FORMAT_TEXT "pgcopy-text"

/* How a table's rows travel. */
typedef enum { PG_COPY_BINARY, PG_COPY_TEXT } pg_transport;

/* Type facts of the source, by OID, enough to walk a binary value. */
typedef enum { PG_BASE, PG_ARRAY, PG_COMPOSITE, PG_RANGE, PG_MULTIRANGE, PG_DOMAIN, PG_ENUM } pg_type_kind;
struct pg_type {
    uint32_t oid,
        element;    /* element: of an array, subtype of a range, range of a multirange, base of a domain */
    uint32_t array; /* the type of its arrays, 0: none */
    pg_type_kind kind;
    bool binary;           /* has send and receive functions that work on another server */
    bool user;             /* OID may differ on the target: not a built-in */
    const char *name;      /* schema-qualified, quoted: resolves on the target by ::regtype */
    uint32_t n_attributes; /* composite */
    const uint32_t *attributes;
};

/* Large objects travel as the rows (loid, data) of a dataset of that relkind. On the target they lie in a table of their own
 * until finish makes objects of them. 2613 is pg_largeobject's OID in every release. */
#define PG_LARGE_OBJECTS 'L'
#define PG_LARGE_OBJECTS_OID_TEXT "2613"
#define PG_LARGE_OBJECTS_SPACE "\"bauta large objects\""
#define PG_LARGE_OBJECTS_TABLE PG_LARGE_OBJECTS_SPACE ".\"objects\""

/* What the connector knows of a dataset beyond struct bau_dataset; side->tables, catalog order. */
struct pg_table {
    uint32_t oid;
    char kind; /* pg_class.relkind */
    bool unlogged;
    pg_transport transport;
    bool rewrites;       /* some field holds OIDs of user types: binary values are rewritten on the way in */
    const char *ident;   /* "public"."customers", quoted for SQL */
    const char *columns; /* quoted list of the columns that travel, in field order */
    const char *selects; /* source: the same as SELECT expressions, xml columns as text; NULL: as `columns` */
    const char *from;    /* source: what the SELECT reads; NULL: ONLY ident */
    const char *condition;      /* source: "WHERE …" of an extension's configuration table, else NULL */
    bool extension;             /* made by CREATE EXTENSION: only rows travel */
    bool splits;                /* source: a heap that can be read by ctid ranges */
    uint64_t blocks;            /* heap size in 8 kB blocks, from pg_relation_size at snapshot time */
    uint32_t n_wire;            /* columns that travel */
    const uint32_t *wire;       /* field index of each */
    const uint32_t *wire_types; /* OID of the declared type of each, for pg_rewrite_oids */
};

struct bau_side {
    struct bau_open with;
    const struct pg_config *config;
    struct bau_arena *arena;
    PGconn
        *main;   /* source: the coordinator that holds snapshot and locks; target: the maintenance database */
    int version; /* server_version_num */
    bool standby;
    char system_id[32], server_start[64]; /* to notice another server behind the same address */
    char snapshot[64];
    char database[64]; /* current database (source) or final name (target) */
    char shadow[64];   /* target: name of the database being loaded */
    uint32_t n_tables;
    struct pg_table *tables;
    uint32_t n_types;
    struct pg_type *types; /* sorted by oid */
    struct pg_oid_pair {
        uint32_t from, to;
    } * oids; /* target: source type OID → target's, sorted; filled by begin */
    uint32_t n_oids;
    const struct bau_side *peer; /* unused by a source */
    struct pg_target
        *target; /* target: what target.h keeps; NULL until the first call of the target's half */
    bool prepared, switched, finished;
};

struct bau_link {
    struct bau_side *side;
    PGconn *conn;
    bool in_transaction;
    bool found_path; /* search_path leads to the schema of a table and those of extensions: see reader.c */
    bool borrowed;   /* conn belongs to the side (switch: schema): link_close leaves it open */
};

/* connection.c ─ every error names the store, the server's host and database, and a SQLSTATE; never a password, and
 * never server text unless the SQLSTATE class is one that cannot quote rows (08, 28, 3D, 42501, 53, 57, …). */
bau_status pg_connect(const struct bau_side *side, const char *dbname, const char *role, PGconn **out,
                      struct bau_error *err)
    BAU_MUST_CHECK; /* dbname NULL: as in the URI; role: what it is for, NULL:
                                                                nothing; shown in application_name */
/* The SET batch every session starts with; works inside and outside of a transaction. */
bau_status pg_session(const struct bau_side *side, PGconn *conn, struct bau_error *err) BAU_MUST_CHECK;
/* Fills version, standby, system_id, server_start, database of the side from `conn`. */
bau_status pg_facts(struct bau_side *side, PGconn *conn, struct bau_error *err) BAU_MUST_CHECK;
bau_status pg_exec(const struct bau_side *side, PGconn *conn, const char *sql, struct bau_error *err)
    BAU_MUST_CHECK;
bau_status pg_query(const struct bau_side *side, PGconn *conn, const char *sql, PGresult **out,
                    struct bau_error *err) BAU_MUST_CHECK; /* caller PQclears */
bau_status pg_query_params(const struct bau_side *side, PGconn *conn, const char *sql, int n,
                           const char *const *values, PGresult **out, struct bau_error *err) BAU_MUST_CHECK;
/* Turns a failed result (may be NULL) into an error: code by SQLSTATE and side, retry class, sqlstate. */
bau_status pg_fail(const struct bau_side *side, PGconn *conn, const PGresult *result, const char *what,
                   struct bau_error *err) BAU_MUST_CHECK;
void pg_interrupt(PGconn *conn); /* cancel request, then shutdown of the socket; any thread */
char *pg_quote(struct bau_arena *arena, const char *identifier); /* "odd ""name""" */

static inline void PGresult_auto_clear(PGresult **r)
{
    PQclear(*r);
}
#define PG_AUTO_RESULT __attribute__((cleanup(PGresult_auto_clear))) PGresult

/* reader.c ─ a link's read-only transaction over the side's snapshot, unless it is in one. */
bau_status pg_read_begin(struct bau_link *link, struct bau_error *err) BAU_MUST_CHECK;
/* " FROM … WHERE … LIMIT …": the rows of a part, the first `most` of them (0: all). */
void pg_part_rows(const struct pg_table *t, const struct bau_part *part, const char *where, uint32_t most,
                  struct bau_text *sql);

/* codec.c ─ for the reader: append n values given as spans into typed buffers of `column` (type, list from its field);
 * for the writer: the wire form of one value of a replaced column. */
bau_status pg_decode_column(const struct bau_batch *batch, struct bau_column *column, struct bau_error *err)
    BAU_MUST_CHECK;
/* Appends length word and bytes of row `row` to `out`. `lists`: arrays re-use the header of the value as it arrived. */
bau_status pg_encode_value(const struct bau_batch *batch, const struct bau_column *column, uint32_t row,
                           struct bau_text *out, struct bau_error *err) BAU_MUST_CHECK;
/* A large plain value needs no second copy: appends what stands before its bytes and gives the bytes themselves. False: use
 * pg_encode_value. */
bool pg_encode_large(const struct bau_batch *batch, const struct bau_column *column, uint32_t row,
                     size_t least, struct bau_text *out, struct bau_slice *out_rest);
/* Rewrites type OIDs inside one binary value, in place (lengths stay). BAU_E_BUG when the value is malformed. */
bau_status pg_rewrite_oids(const struct bau_side *source_types, const struct pg_oid_pair *oids,
                           uint32_t n_oids, uint32_t type_oid, uint8_t *value, uint32_t len,
                           struct bau_error *err) BAU_MUST_CHECK;
/* network.c: whether a type OID is inet, cidr, macaddr, macaddr8 or an array of one. */
static inline bool pg_is_network(uint32_t oid)
{
    return oid >= 650 && oid <= 1041 &&
           (oid == 650 || oid == 651 || oid == 774 || oid == 775 || oid == 829 || oid == 869 || oid >= 1040);
}
/* frames.c ─ both forms of COPY, for values that are stored apart; ends with NULL. */
extern const struct bau_frames *const pg_frames_list[];
bau_type pg_type_map(uint32_t base_oid); /* built-in OID → bau_type; BAU_OTHER otherwise */
const struct pg_type *pg_type_find(const struct bau_side *side, uint32_t oid); /* NULL when not reachable */
bool pg_type_holds_oids(const struct bau_side *side,
                        uint32_t oid); /* its binary form holds OIDs of user types */

/* the vtable's members, by file */
bau_status pg_source_catalog(struct bau_side *, struct bau_catalog **, struct bau_error *);
bau_status pg_source_split(struct bau_side *, const struct bau_catalog *, struct bau_arena *,
                           struct bau_parts *, struct bau_error *);
bau_status pg_source_schema(struct bau_side *, const struct bau_catalog *, struct bau_arena *,
                            struct bau_slice *, struct bau_error *);
bau_status pg_link_open(struct bau_side *, struct bau_link **, struct bau_error *);
void pg_link_close(struct bau_link *);
void pg_link_interrupt(struct bau_link *);
bau_status pg_read_open(struct bau_link *, const struct bau_read *, struct bau_reader **, struct bau_error *);
bau_status pg_check_rows(struct bau_link *, const struct bau_read *, const bool *, const struct bau_check *,
                         const struct bau_batch *, struct bau_checked *, struct bau_error *);
bau_status pg_read_next(struct bau_reader *, struct bau_batch *, struct bau_error *);
void pg_read_close(struct bau_reader *);
bau_status pg_read_link_open(struct bau_side *, struct bau_link **,
                             struct bau_error *); /* link_open of a source side */
bau_status pg_write_link_open(struct bau_side *, struct bau_link **,
                              struct bau_error *); /* link_open of a write side */
void pg_target_release(struct bau_side *); /* frees side->target; part of close, before the arena goes */
uint32_t pg_target_max_lanes(struct bau_side *);
const char *pg_target_promises(struct bau_side *);
bau_status pg_target_facts(struct bau_side *, const char *, struct bau_target_facts *, struct bau_error *);
bau_status pg_target_serves(struct bau_side *, struct bau_arena *, const char **, struct bau_error *);
bau_status pg_target_content(struct bau_side *, const struct bau_content *, struct bau_error *);
bool pg_target_has(struct bau_side *, const struct bau_part *, uint64_t *);
bool pg_target_leave(struct bau_side *);
bau_status pg_target_prepare(struct bau_side *, const char *, struct bau_error *);
bau_status pg_target_begin(struct bau_side *, const struct bau_target_plan *, struct bau_error *);
bau_status pg_target_finish(struct bau_side *, const struct bau_target_plan *, struct bau_error *);
bau_status pg_target_switch(struct bau_side *, struct bau_error *);
void pg_target_abandon(struct bau_side *);
bau_status pg_target_rollback(struct bau_side *, struct bau_error *);
bau_status pg_write_open(struct bau_link *, const struct bau_write *, struct bau_writer **,
                         struct bau_error *);
bau_status pg_write_next(struct bau_writer *, const struct bau_batch *, struct bau_error *);
bau_status pg_write_commit(struct bau_writer *, uint64_t *, struct bau_error *);
void pg_write_close(struct bau_writer *);
bau_status pg_run_script(struct bau_side *, const char *, uint64_t, struct bau_error *);

#endif
