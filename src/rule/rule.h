/* The project file (bauta.yaml) as plain structs, positions kept. Says nothing about what a store holds: src/plan
 * brings rules and catalogs together.
 *
 * Ownership: everything hangs on project->arena and is const once loaded. Threads: any reader. */
#ifndef BAU_RULE_H
#define BAU_RULE_H

#include "bauta/connector.h"
#include "bauta/masker.h"
#include "bauta/plugin.h"

struct bau_at { /* where something is written; line and column from 1, in characters */
    const char *file;
    uint32_t line, column;
};
#define BAU_AT_FORMAT "%s:%u:%u"
#define BAU_AT_ARGS(at) (at).file, (at).line, (at).column

/* A selector: segments joined by '.', each a literal (maybe quoted), with '*' wildcards inside a segment, or '**' for
 * any number of segments. Document paths ("$.a[*].b") are kept as text. */
struct bau_pattern {
    const char *text; /* as written */
    struct bau_at at;
    uint32_t n_segments;
    const struct bau_segment {
        const char *text; /* unquoted; may hold '*' wildcards when !quoted */
        bool quoted, any; /* any: "**" */
    } * segments;
};
/* Weight for "the most specific wins": compares literal > wildcard > ** segment by segment from the left. <0, 0, >0. */
int bau_pattern_compare(const struct bau_pattern *a, const struct bau_pattern *b);
bool bau_pattern_matches(const struct bau_pattern *pattern, const char *const *segments, uint32_t n);
bau_status bau_pattern_parse(const char *text, struct bau_at at, struct bau_arena *arena,
                             struct bau_pattern *out, struct bau_error *err) BAU_MUST_CHECK;

/* spell.c: names as a project file writes them. A selector's odd segments stand in double quotes, a YAML scalar that is not
 * plain in single ones. */
bool bau_spell_plain(const char *word);
void bau_spell_scalar(struct bau_text *out, const char *text, bool plain);
void bau_spell_selector(struct bau_text *out, const char *const *segments, uint32_t n);

struct bau_setting { /* one masker option as written */
    const char *name, *text;
    struct bau_at at;
};

typedef enum {
    BAU_DO_MASK,  /* masker and/or domain */
    BAU_DO_KEEP,  /* reason */
    BAU_DO_PATHS, /* a document: paths below */
} bau_do;

struct bau_treat { /* what to do with one field or path */
    bau_do kind;
    struct bau_at at;
    const char *masker; /* NULL: the domain's */
    const char *domain; /* NULL: none named */
    struct bau_at masker_at, domain_at;
    const char *reason, *owner, *until; /* keep; `until` is YYYY-MM-DD, checked to be a date */
    uint32_t n_settings;
    const struct bau_setting *settings;
    uint32_t n_paths; /* BAU_DO_PATHS */
    const struct bau_path_rule *paths;
    uint32_t n_subs; /* treatments inside this one: BAU_OPTION_MASKERS */
    const struct bau_sub_rule *subs;
    const struct bau_treat *fallback; /* for values that do not conform; NULL: they end the run */
};
struct bau_path_rule {
    const char *path; /* "$.phones[*].number" */
    struct bau_at at;
    struct bau_treat treat; /* MASK or KEEP */
};

struct bau_sub_rule {
    const char *option; /* "steps" */
    const char *label;  /* "2", "country = 'DE'", "//name"; "" in a plain list */
    struct bau_at at;
    struct bau_treat treat; /* MASK or KEEP */
};

struct bau_field_rule {
    struct bau_pattern field; /* one segment */
    struct bau_treat treat;
};
struct bau_rule {             /* one entry of `rules:` */
    struct bau_pattern where; /* STORE.SCHEMA.TABLE */
    struct bau_at at;
    bool drop; /* the whole dataset stays behind; no fields */
    uint32_t n_fields;
    const struct bau_field_rule *fields;
};

struct bau_domain {
    const char *name;
    struct bau_at at;
    struct bau_treat treat; /* MASK with masker and settings */
};

struct bau_store {
    const char *name;
    struct bau_at at, source_at, target_at;
    const char *source, *target; /* secret references, unresolved; target may be NULL */
    uint32_t n_settings; /* connector options (switch, owner, waive, allow_replace, keep_previous, …): */
    const struct bau_setting
        *settings; /* bound once the connector is known from the URI; lists repeat the name */
};

typedef enum { BAU_KEY_STABLE, BAU_KEY_PER_TARGET, BAU_KEY_EPHEMERAL } bau_key_mode;

typedef enum { BAU_STEP_SQL, BAU_STEP_RUN, BAU_STEP_WEBHOOK } bau_step_kind;
struct bau_step { /* one entry of `after:` */
    bau_step_kind kind;
    struct bau_at at;
    const char *store;   /* SQL */
    const char *file;    /* SQL: path relative to the project file; NULL when `text` */
    const char *text;    /* SQL inline; RUN: command line; WEBHOOK: secret reference of the URL */
    uint64_t timeout_ms; /* default 5 min */
};

struct bau_loaded_plugin { /* one entry of `plugins:` */
    const char *path;
    uint8_t sha256[32];
    void *handle;
    const struct bau_plugin *plugin;
};

/* ── `subset:` ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define BAU_SAMPLE_WHOLE 1000000u

struct bau_from_rule { /* one entry of `from:`: rows to start with */
    struct bau_pattern dataset;
    struct bau_at at;
    const char *where; /* a condition in the store's language; NULL: every row */
    uint32_t sample;   /* millionths of those rows, by keyed rank; BAU_SAMPLE_WHOLE: all */
    uint64_t limit;    /* the first so many by keyed rank; 0: all */
    bool listed;       /* only the rows whose key is among `keys` */
    uint32_t n_keys;
    const struct bau_texts *keys; /* one text a column of the key */
};

struct bau_link_rule { /* one entry of `links:`: a reference that no catalog declares */
    struct bau_at at;
    struct bau_pattern child, parent; /* datasets */
    uint32_t n_columns;
    const char *const *child_columns; /* NULL with an expression */
    const char *const *parent_columns;
    const char *expression;         /* over a row of the child; NULL: columns */
    const char *when_column, *when; /* only rows whose column has this text refer to this parent; NULL: all */
};

typedef enum { BAU_PARENTS_FOLLOW, BAU_PARENTS_NULL, BAU_PARENTS_KEEP } bau_parents;

struct bau_child_rule {      /* one entry of `children:` */
    struct bau_pattern edge; /* the child's dataset, or one of the columns that refer */
    struct bau_at at;
    bool follow;
    uint32_t depth, per_parent; /* 0: any */
    const char *newest;         /* the column by which the largest come first; NULL: by keyed rank */
};
struct bau_parent_rule { /* one entry of `parents:` */
    struct bau_pattern edge;
    struct bau_at at;
    bau_parents kind;
};
struct bau_outside_rule { /* one entry of `outside:` */
    struct bau_pattern dataset;
    struct bau_at at;
    bool full; /* every row; false: none */
};

struct bau_subset_rules {
    struct bau_at at;   /* file NULL: the whole of every dataset */
    uint64_t fit, rows; /* budgets: bytes and rows over all datasets; 0: none */
    uint64_t memory;    /* bytes for keys; what does not fit goes to a scratch file */
    uint32_t n_from, n_links, n_children, n_parents, n_outside;
    const struct bau_from_rule *from;
    const struct bau_link_rule *links;
    const struct bau_child_rule *children;
    const struct bau_parent_rule *parents;
    const struct bau_outside_rule *outside;
};

/* `archive:`: where snapshots go, who may open them, which of them stay. References are unresolved. */
struct bau_archive_rules {
    struct bau_at at;       /* file NULL: the project has no archive */
    const char *to;         /* a folder, a URI, or env:NAME, command:… that gives one */
    const char *passphrase; /* references: what seals and opens */
    const char *key;
    struct bau_texts recipients; /* references: public keys in PEM */
    const char *identity;        /* reference: the private key that opens, in PEM */
    const char *signed_by;       /* 64 hex digits: whose archives are accepted; NULL: any */
    uint32_t level;              /* of zstd */
    uint64_t chunk;              /* bytes of values in a group of rows, about */
    uint32_t last, daily, weekly, monthly;
    uint64_t age_ms, size;
    uint64_t expire_ms; /* how long an archive may be restored, 0: for ever */
};

struct bau_limits {           /* `limits:` in the project file; command line options override */
    uint32_t lanes;           /* 0: number of CPUs, at most 8 */
    uint64_t rate_bytes;      /* per second from the source, 0: none */
    uint64_t snapshot_age_ms; /* longest a source snapshot may be held, 0: none */
    uint64_t timeout_ms;      /* whole run, 0: none */
};

struct bau_project {
    const char *path;
    struct bau_arena *arena;
    const char *key_from; /* secret reference; NULL only for ephemeral */
    struct bau_at key_at;
    bau_key_mode key_mode;
    uint32_t n_stores, n_domains, n_rules, n_after;
    const struct bau_store *stores;
    const struct bau_domain *domains;
    const struct bau_rule *rules;
    const struct bau_step *after;
    struct bau_limits limits;
    struct bau_subset_rules subset;
    struct bau_archive_rules archive;
    uint32_t n_plugins;
    const struct bau_loaded_plugin *plugins;
};

extern const struct bau_option
    bau_limit_options[]; /* the keys of `limits:`; the command line's come from it too */

/* The keys of `subset:` that are plain values, and those of an entry of `children:`. */
/* The keys of `archive:` and of its `keep:` that are plain values. */
extern const struct bau_option bau_archive_options[], bau_archive_keep_options[];

extern const struct bau_option bau_subset_options[], bau_child_options[];

/* Reads and checks the file and what it includes. Errors are BAU_E_USAGE with file:line:column in front, and the
 * nearest known name behind where a name is unknown (keys, maskers, masker options). A `keep` whose `until` has passed is
 * BAU_E_POLICY. */
bau_status bau_project_load(const char *path, struct bau_project **out, struct bau_error *err) BAU_MUST_CHECK;
void bau_project_free(struct bau_project *project); /* takes NULL */
/* One treatment out of a masker's name and name=value words, for use without a project file: a value of a MASKERS option is
 * YAML. Lives in `arena`; checked like a project file's. `project` brings plugins, NULL: none. */
bau_status bau_treat_words(const struct bau_project *project, const char *masker,
                           const struct bau_texts *words, struct bau_arena *arena, struct bau_treat *out,
                           struct bau_error *err) BAU_MUST_CHECK;
/* The same out of YAML, as it would stand beside a field: "email", "{ mask: date_shift, days: 30, by: id }". Errors
 * begin with "treatment:1:9: ", the line and column in `text`. */
bau_status bau_treat_yaml(const struct bau_project *project, const char *text, struct bau_arena *arena,
                          struct bau_treat *out, struct bau_error *err) BAU_MUST_CHECK;
/* A project of nothing but these plugins, in this order; give it back with bau_project_free. */
bau_status bau_plugins_open(const struct bau_texts *paths, struct bau_project **out, struct bau_error *err)
    BAU_MUST_CHECK;
/* plugin.c: a masker of the registry or of a plugin, NULL when there is none; the nearest name; most scratch any of them asks.
 * `project` may be NULL: the registry only. */
const struct bau_masker *bau_project_masker(const struct bau_project *project, const char *name);
const char *bau_project_nearest_masker(const struct bau_project *project, const char *name);
size_t bau_project_scratch(const struct bau_project *project);
/* The datasets of a store that rules write out, with the fields they name: what bau_open.named holds. Arena texts. */
bau_status bau_project_named(const struct bau_project *project, const char *store, struct bau_arena *arena,
                             const struct bau_named **out, uint32_t *out_n, struct bau_error *err)
    BAU_MUST_CHECK;
const struct bau_store *bau_project_store(const struct bau_project *project, const char *name);

#endif
