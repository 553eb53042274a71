/* What is in a store: datasets, fields, keys, references, checks. Filled by connectors, read by rules and plan.
 *
 * Ownership: everything hangs on the catalog's arena and is const once handed out. Threads: any reader. */
#ifndef BAUTA_SCHEMA_H
#define BAUTA_SCHEMA_H

#include "mem.h"
#include "type.h"

/* When two texts of a field are one to the store. */
typedef enum {
    BAU_SAME_BYTES,
    BAU_SAME_FOLDED, /* whatever the case */
    BAU_SAME_PADDED, /* whatever blanks at the end */
} bau_same;

struct bau_field {
    const char *name;
    const char *native; /* the store's own spelling of the type: "character varying(40)", for messages */
    bau_type type;      /* of one value; for a list, of its elements */
    bool list;          /* an array: a masker sees its elements, flattened */
    bool nullable;
    bool generated; /* computed by the store: never read, never written, needs no rule */
    bool has_default;
    bool document; /* JSON or BSON: rules may name paths inside */
    bau_same same;
    /* In the store's own language: no field of the store but computed as text (BAU_TEXT) by narrow reads. NULL: a field. */
    const char *expression;
    bool condition; /* the expression is a condition: "true" where it holds, "false" where not or unknown */
    uint32_t native_type; /* PostgreSQL: type OID */
    uint32_t max_chars;   /* longest text in characters; 0: no limit */
    uint32_t max_digits;  /* numeric precision; 0: no limit */
    int32_t scale;        /* numeric scale; -1 unknown */
    uint32_t n_labels;    /* an enum's labels */
    const char *const *labels;
    const char *comment; /* the store's comment on the field, or NULL */
    uint32_t
        n_members; /* a row value: its fields in order, named by their types; text in the store's spelling */
    const struct bau_field *members;
};

typedef enum { BAU_KEY_PRIMARY, BAU_KEY_UNIQUE, BAU_KEY_EXCLUDE } bau_key_kind;
struct bau_key {
    const char *name;
    bau_key_kind kind;
    bool expression; /* over expressions, or partial: `fields` names the plain columns it touches */
    uint32_t n_fields;
    const uint32_t *fields; /* indexes into the dataset's fields */
};

struct bau_check { /* a CHECK constraint, own or of a domain */
    const char *name;
    const char *text; /* the store's spelling of the expression */
    bool of_type;     /* a domain's: the expression says VALUE */
    uint32_t n_fields;
    const uint32_t *fields;
};

struct bau_reference { /* fields of one dataset that point to fields of another (or the same) */
    const char *name;
    uint32_t from, to; /* dataset indexes */
    uint32_t n_fields;
    const uint32_t *from_fields, *to_fields;
};

typedef enum {
    BAU_DATASET_ROWS,   /* holds rows of its own: gets parts and a rule for each field */
    BAU_DATASET_GROUP,  /* a partitioned parent: rules on it reach its partitions, it holds nothing itself */
    BAU_DATASET_SCHEMA, /* carried as schema only: a foreign table */
} bau_dataset_kind;

#define BAU_NO_DATASET UINT32_MAX

struct bau_dataset {
    const char *name;  /* "public.customers": segments joined by '.', as selectors spell it */
    const char *space; /* "public" */
    const char *bare;  /* "customers" */
    bau_dataset_kind kind;
    uint32_t parent; /* partition: the dataset it is a partition of, else BAU_NO_DATASET */
    uint32_t n_fields;
    const struct bau_field *fields;
    uint32_t n_keys;
    const struct bau_key *keys;
    uint32_t n_checks;
    const struct bau_check *checks;
    uint64_t est_rows, est_bytes; /* estimates of the store; 0 unknown */
    uint64_t fingerprint;         /* changes when a name, type or nullability of a field changes */
    uint32_t native_id;           /* PostgreSQL: table OID */
    const char *only_by_rule; /* why it stays behind when no rule speaks of it; NULL: its fields need rules */
    const char *comment;
};

struct bau_catalog {
    const char *store;  /* the store's name in the project file */
    const char *server; /* "PostgreSQL 15.18 (Debian …)", for reports */
    uint32_t n_datasets;
    const struct bau_dataset *datasets; /* ordered by name */
    uint32_t n_references;
    const struct bau_reference *references;
    uint32_t n_blockers; /* what must not travel unless a rule says so; see bau_blocker */
    const struct bau_blocker *blockers;
    struct bau_arena *arena; /* owns all of it */
};

/* Things beside datasets that the catalog found and that are left out of a refresh unless the project file asks:
 * large objects, subscriptions, user mappings. Shown by plan. */
struct bau_blocker {
    const char *kind, *name, *why;
};

uint32_t bau_catalog_find(const struct bau_catalog *catalog,
                          const char *name); /* BAU_NO_DATASET when absent */
uint32_t bau_dataset_find(const struct bau_dataset *dataset, const char *field); /* UINT32_MAX when absent */

#endif
