/* A connector: one folder in connectors/, one const struct bau_connector, one row in connectors/meson.build.
 *
 * Three objects, by who owns them:
 *   bau_side    one opened end (source or target) of one store; main thread
 *   bau_link    one connection of a side; one thread of one lane; only `link_interrupt` crosses threads
 *   bau_reader, bau_writer   one part in progress on a link
 * A part is plain data and idempotent: reading it twice gives the same rows; a writer that is closed without commit
 * leaves nothing (W1). */
#ifndef BAUTA_CONNECTOR_H
#define BAUTA_CONNECTOR_H

#include "batch.h"
#include "frames.h"
#include "objects.h"
#include "option.h"
#include "secret.h"

enum { /* caps */
       BAU_CAN_READ = 1,
       BAU_CAN_WRITE = 2,
       BAU_CAN_SNAPSHOT = 4, /* one point in time for all links */
       BAU_CAN_SPLIT = 8,
       BAU_CAN_SWITCH = 16, /* atomic, with rollback */
       BAU_CAN_CHECK = 32,  /* says what its CHECK constraints make of masked rows */
};

struct bau_side;
struct bau_link;
struct bau_reader;
struct bau_writer;

/* How long work tells that it goes on, and learns that it must stop. Both may be called from any thread. */
struct bau_watch {
    void *self;
    /* One step of a phase is done; `object` may be NULL. */
    void (*step)(void *self, const char *phase, const char *object, uint64_t done, uint64_t total);
    bool (*stopped)(void *self);
    /* A link that is busy for long registers here, so that a stop can interrupt it. */
    void (*busy)(void *self, struct bau_link *link, bool on);
};

/* A dataset that a rule names by hand, and the fields that rules name in it. A store without tables has no catalog of its own
 * to tell its datasets from: these are they (Redis: key templates). Wildcards are left out. */
struct bau_named {
    const char *dataset;
    uint32_t n_fields;
    const char *const *fields;
};

struct bau_open {
    const char *store; /* name in the project file, for messages */
    uint32_t n_named;
    const struct bau_named *named; /* live as long as the side */
    const struct bau_secret *uri;
    const void *config;  /* options of the connector, config_bytes, bound */
    bool write;          /* false: source */
    uint32_t lanes;      /* how many lanes will work */
    uint32_t batch_rows; /* rows at which a reader stops filling, 0: BAU_BATCH_ROWS; tests force odd cuts */
    const char *run_id;  /* 16 hex digits */
    struct bau_watch watch;
};

struct bau_part {
    uint32_t dataset;    /* index in the catalog */
    uint32_t number, of; /* 0-based place among the dataset's parts */
    uint64_t from, to;   /* connector's range; to == UINT64_MAX: open end */
    uint64_t est_bytes, est_rows;
};
struct bau_parts {
    uint32_t n;
    struct bau_part *at; /* arena */
};

struct bau_key_list { /* values of one integer field, ascending */
    uint32_t field;
    size_t n;
    const int64_t *values;
};

struct bau_read {
    const struct bau_dataset *dataset;
    const struct bau_part *part;
    const bau_want *want; /* n_fields */
    bool
        narrow; /* only wanted fields travel, generated ones too: for looking at rows, not for writing them. The
                    dataset may then be a copy with expressions behind the fields of the catalog's */
    const char *where;               /* condition in the store's own language, NULL: every row */
    const struct bau_key_list *keys; /* a hint: nobody asks for rows without one of these. NULL: every row */
    uint32_t most_rows;              /* a sample: no more than so many rows from the part's start; 0: all */
};

struct bau_checked {        /* what one CHECK says of the rows of a batch */
    uint32_t broken;        /* rows it refuses */
    uint32_t broken_before; /* how many of the same rows it refuses at the source */
    char why[80];           /* why the server could not tell; "": it told */
};

struct bau_write {
    const struct bau_dataset *dataset;
    const struct bau_part *part;
    const bool *replaced; /* n_fields: the column is masked: take the typed buffers, not the view */
};

struct bau_made { /* one object that could not be made, for the report */
    const char *kind, *name,
        *reason; /* reason holds a SQLSTATE and our words, no server text that can quote rows */
    bool waived;
};

struct bau_target_plan {
    const struct bau_catalog *catalog; /* of the source */
    struct bau_slice schema;           /* from the source's `schema` */
    const struct bau_parts *parts;
    const struct bau_texts *waive; /* names of objects whose failure is accepted */
    uint32_t jobs;                 /* parallel index builds and so on */
    struct bau_watch watch;
};

/* What is about to be written, where it can be told beforehand (an archive's rows are known, those of a server are not): so that
 * a target may find some of it there already. */
typedef enum {
    BAU_ANEW,   /* everything is written */
    BAU_RESUME, /* what a run that died has written is not written again */
    BAU_UPDATE, /* what the target serves already is not written again */
} bau_again;
struct bau_content { /* lives as long as the side */
    bau_again again;
    const char *name; /* for people; letters, digits and '-' */
    uint8_t id[32];   /* of everything that decides what is written: the same id, the same rows */
    uint8_t form[32]; /* of all that but the rows: rules, settings of the store */
    uint32_t n_datasets;
    const uint8_t (*datasets)[32]; /* of each dataset's rows, catalog order; equal digests, equal rows */
    /* BAU_UPDATE: the same of the content that target_serves named, where it can still be read; else NULL. */
    const char *served;
    const uint8_t (*served_datasets)[32];
    const uint64_t *served_rows;
};

/* What a target is, for the plan's page and the guard. */
struct bau_target_facts {
    bool exists, empty, marked, same_as_source;
    char text[200]; /* one sentence */
};

struct bau_connector {   /* const, static; one per folder */
    const char *name;    /* "postgres" */
    const char *schemes; /* "postgres|postgresql": what URIs start with */
    const char *summary;
    uint32_t caps;
    const struct bau_option *options; /* of a store in the project file */
    size_t config_bytes;
    const struct bau_objects_kind *objects; /* places of objects under these schemes; NULL: none */
    const struct bau_frames *const *frames; /* formats its batches come in, ends with NULL; NULL: none */

    bau_status (*open)(const struct bau_open *with, struct bau_side **out, struct bau_error *err);
    void (*close)(struct bau_side *side);
    /* Identity of what the side is connected to, equal for two sides exactly when a write to one is seen by the other:
     * "pg:7312345:16384". Arena text. */
    bau_status (*identity)(struct bau_side *side, struct bau_arena *arena, const char **out,
                           struct bau_error *err);

    /* source */
    bau_status (*catalog)(struct bau_side *side, struct bau_catalog **out,
                          struct bau_error *err); /* pins the snapshot */
    /* A few rows' worth of facts for `init` and `plan`; never values. */
    bau_status (*split)(struct bau_side *side, const struct bau_catalog *catalog, struct bau_arena *arena,
                        struct bau_parts *out, struct bau_error *err);
    bau_status (*schema)(struct bau_side *side, const struct bau_catalog *catalog, struct bau_arena *arena,
                         struct bau_slice *out, struct bau_error *err);
    bau_status (*link_open)(struct bau_side *side, struct bau_link **out, struct bau_error *err);
    void (*link_close)(struct bau_link *link);
    void (*link_interrupt)(
        struct bau_link *link); /* any thread; makes its owner's call return soon with an error */
    bau_status (*read_open)(struct bau_link *link, const struct bau_read *what, struct bau_reader **out,
                            struct bau_error *err);
    bau_status (*read_next)(struct bau_reader *reader, struct bau_batch *into, struct bau_error *err);
    void (*read_close)(struct bau_reader *reader);
    /* Lets the source evaluate a CHECK over a masked batch: the first rows of the part that `what` names, its reader closed.
     * Values of replaced fields go as masked, of the others as they arrived; an unmasked value of a replaced field is never
     * sent. Writes nothing, makes no object. NULL without BAU_CAN_CHECK. */
    bau_status (*check_rows)(struct bau_link *link, const struct bau_read *what, const bool *replaced,
                             const struct bau_check *check, const struct bau_batch *batch,
                             struct bau_checked *out, struct bau_error *err);

    /* target; in this order: facts, prepare, begin, lanes, finish, switch */
    bau_status (*target_facts)(struct bau_side *target, const char *source_identity,
                               struct bau_target_facts *out, struct bau_error *err);
    /* Which content an earlier run left there, by its name (arena text); NULL: the target cannot tell. Before target_content. */
    bau_status (*target_serves)(struct bau_side *target, struct bau_arena *arena, const char **out,
                                struct bau_error *err);
    /* Before prepare. NULL: the target cannot tell what it holds, and all of it is written. */
    bau_status (*target_content)(struct bau_side *target, const struct bau_content *content,
                                 struct bau_error *err);
    bau_status (*target_prepare)(struct bau_side *target, const char *source_identity,
                                 struct bau_error *err); /* guard (11), lock (10), debris of dead runs */
    bau_status (*target_begin)(struct bau_side *target, const struct bau_target_plan *plan,
                               struct bau_error *err);
    /* After begin: the object is waived and could not be made, so no rows go there. NULL: never. */
    bool (*target_lacks)(struct bau_side *target, const struct bau_dataset *dataset);
    /* After begin: the part's rows are there already, so it is not read. NULL: never. */
    bool (*target_has)(struct bau_side *target, const struct bau_part *part, uint64_t *out_rows);
    bau_status (*write_open)(struct bau_link *link, const struct bau_write *what, struct bau_writer **out,
                             struct bau_error *err);
    bau_status (*write_next)(struct bau_writer *writer, const struct bau_batch *batch, struct bau_error *err);
    bau_status (*write_commit)(struct bau_writer *writer, uint64_t *out_rows, struct bau_error *err);
    void (*write_close)(struct bau_writer *writer);
    bau_status (*target_finish)(struct bau_side *target, const struct bau_target_plan *plan,
                                struct bau_error *err);
    bau_status (*target_switch)(struct bau_side *target, struct bau_error *err);
    void (*target_abandon)(struct bau_side *target); /* leaves the old target untouched; takes any state */
    /* In place of abandon: what was loaded stays, for a run with BAU_RESUME. False: there is nothing to go on with; abandon is
     * due. NULL: never. */
    bool (*target_leave)(struct bau_side *target);
    bau_status (*target_rollback)(struct bau_side *target, struct bau_error *err);
    /* Runs one SQL (or the store's own language) script against the switched target: `after:` steps. */
    bau_status (*run_script)(struct bau_side *target, const char *script, uint64_t timeout_ms,
                             struct bau_error *err);
    uint32_t (*max_lanes)(struct bau_side *target); /* most lanes that may write at once, 0: any. NULL: any */
    const char *(*promises)(
        struct bau_side *target); /* what this kind of switch cannot promise, for the plan; NULL: nothing */
};

/* the registry (generated by connectors/meson.build) */
extern const struct bau_connector *const bau_connectors[];
extern const size_t bau_n_connectors;
extern const char *const bau_connectors_missing[]; /* names left out of this build; ends with NULL */
const struct bau_connector *bau_connector_for(const char *uri); /* by scheme; NULL when none */

#endif
