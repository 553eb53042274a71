/* Rules + catalog → a frozen plan: exactly one action for every field of every dataset (P1), immutable and shared by all
 * lanes (P2). Also applies it: bau_plan_mask turns a batch as read into a batch as written.
 *
 * Threads: a plan is const after compile; bau_mask_state belongs to one lane. */
#ifndef BAU_PLAN_H
#define BAU_PLAN_H

#include "src/rule/rule.h"

typedef enum { BAU_ACT_KEEP, BAU_ACT_MASK, BAU_ACT_DOCUMENT } bau_act;

#define BAU_BY_MOST 32u /* fields of the row that one treatment may look at */

struct bau_bound {                   /* a masker with its options, ready to run */
    const struct bau_masker *masker; /* as in `run` */
    const void *config;
    const char *domain;
    struct bau_at at;   /* of the rule, for messages */
    uint32_t n_by;      /* what bau_mask_ctx.fields holds: see masker.h; at most BAU_BY_MOST */
    const uint32_t *by; /* field indexes */
    void *seen;         /* of a masker that observes */
    struct bau_sub run;
};

struct bau_action {
    bau_act kind;
    struct bau_at at;                   /* the rule that decided; file NULL for inherited */
    const char *reason, *owner, *until; /* KEEP */
    const char *inherited; /* "public.customers.id" when taken over from a referenced field, else NULL */
    struct bau_bound mask; /* MASK */
    const struct bau_document *document; /* DOCUMENT */
};

struct bau_dataset_plan {
    const struct bau_dataset *dataset;
    bool touched;                     /* any field masked */
    const struct bau_action *actions; /* n_fields */
    const bau_want *want;             /* n_fields: what the reader must give */
    const bool *replaced;             /* n_fields: what the writer must take from the typed buffers */
    const bau_want *look; /* n_fields: what maskers that observe must see in a first pass; NULL: nothing */
};

struct bau_plan {
    struct bau_arena *arena; /* private: holds keys */
    const struct bau_catalog *catalog;
    const struct bau_store *store;
    uint32_t n_datasets;
    const struct bau_dataset_plan *datasets; /* same order as the catalog */
    uint8_t digest[32];                      /* SHA-256 over rules, plugins and schema */
    size_t scratch_bytes;                    /* most that any masker asks */
    uint32_t n_bound;                        /* every config that a masker bound, for unbind */
    struct bau_shared *bound;                /* see build.h */
};

struct bau_finding { /* one thing that is wrong, or that a person should know */
    bau_status
        code; /* POLICY: uncovered field; USAGE: rule matches nothing, conflict, misfit; OK: a warning */
    struct bau_at at;       /* the rule, or file NULL */
    const char *object;     /* "shop.public.customers.email" */
    const char *text;       /* one sentence */
    const char *suggestion; /* YAML a user can paste, or NULL */
};
struct bau_findings {
    uint32_t n;
    const struct bau_finding *at;
};

struct bau_keys; /* master key and mode */
bau_status bau_keys_load(const struct bau_project *project, struct bau_keys **out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_keys_free(struct bau_keys *keys);
/* The root of what archives sign and index with; *out_stable false: it dies with the run. */
bau_status bau_keys_archive(const struct bau_keys *keys, uint8_t out[32], bool *out_stable,
                            struct bau_error *err) BAU_MUST_CHECK;

/* The key by which a subset draws its samples: the same master key takes the same rows, whatever the target. */
bau_status bau_keys_subset(const struct bau_keys *keys, uint8_t out[16], struct bau_error *err)
    BAU_MUST_CHECK;

/* All findings at once, so that a person mends them in one go. The status is that of the gravest finding (POLICY before
 * USAGE), the error text its first sentence and how many there are. `target_identity` matters for per-target keys. */
bau_status bau_plan_compile(const struct bau_project *project, const struct bau_store *store,
                            const struct bau_catalog *catalog, const struct bau_keys *keys,
                            const char *target_identity, struct bau_arena *findings_arena,
                            struct bau_findings *findings, struct bau_plan **out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_plan_free(struct bau_plan *plan);
/* Datasets that travel only by rule and that no rule names become BAU_DATASET_SCHEMA. Before compile. */
bau_status bau_plan_leave_out(const struct bau_project *project, const struct bau_store *store,
                              struct bau_catalog *catalog, struct bau_error *err) BAU_MUST_CHECK;

/* One masker outside any store: for `try`, for the examples of the reference page, for tests. */
struct bau_single {
    struct bau_arena *arena; /* private: holds everything below */
    struct bau_bound bound;
    uint32_t n_by;   /* fields of the row that it looks at … */
    const char **by; /* … what the options call them, each bound as `by_type`, or else … */
    uint32_t *other; /* … which of `others` they are; UINT32_MAX: the value itself */
    struct bau_plan *plan;
};
struct bau_single_with {
    const struct bau_project *project; /* brings plugins; NULL: none */
    const char *masker;
    const struct bau_texts *words; /* name=value; NULL: none */
    const char *yaml;              /* in place of masker and words: see bau_treat_yaml; NULL: none */
    const char *domain;            /* NULL: the masker's name */
    const struct bau_keys *keys;
    bau_type type, by_type;
    const struct bau_field *field; /* NULL: a plain one of the type, `max_chars` wide (0: any width) */
    uint32_t max_chars;
    uint32_t n_others; /* the fields of the row there are; with 0 every one that is named is made up */
    const struct bau_field *others;
};
/* Errors are BAU_E_USAGE with one sentence. */
bau_status bau_single_new(const struct bau_single_with *with, struct bau_single **out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_single_free(struct bau_single *single); /* takes NULL */
/* The keys of a master key that is at hand, stable. */
bau_status bau_keys_of(const uint8_t master[32], struct bau_keys **out, struct bau_error *err) BAU_MUST_CHECK;
/* The same from 32 raw bytes or 64 hex digits out of foreign hands: a trivial key is BAU_E_USAGE. */
bau_status bau_keys_parse(const void *key, size_t bytes, struct bau_keys **out, struct bau_error *err)
    BAU_MUST_CHECK;

/* Per-lane working memory. */
struct bau_mask_state;
bau_status bau_mask_state_new(const struct bau_plan *plan, struct bau_mask_state **out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_mask_state_free(struct bau_mask_state *state);
/* Masks the batch in place: replaced columns get new typed buffers from the batch's arena. BAU_E_DATA names dataset,
 * field, row number. */
bau_status bau_plan_mask(const struct bau_plan *plan, struct bau_mask_state *state, uint32_t dataset,
                         uint64_t first_row, struct bau_batch *batch, struct bau_error *err) BAU_MUST_CHECK;

/* The context of one field's masker over a batch; `by` lives as long as it. */
struct bau_mask_ctx;
bau_status bau_mask_state_ctx(struct bau_mask_state *state, const struct bau_bound *mask, uint64_t first_row,
                              const struct bau_batch *batch, uint32_t field,
                              const struct bau_column *by[BAU_BY_MOST], struct bau_mask_ctx *out,
                              struct bau_error *err) BAU_MUST_CHECK;
/* The first pass: every batch of every dataset whose `look` is set, then settle, then masking may begin. One thread. The error
 * names dataset and field. */
bau_status bau_plan_observe(const struct bau_plan *plan, uint32_t dataset, uint64_t first_row,
                            const struct bau_batch *batch, struct bau_mask_state *state,
                            struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_plan_settle(const struct bau_plan *plan, struct bau_error *err) BAU_MUST_CHECK;

/* What a column most likely holds and which rule suits it, from its name, type, comment and keys; never from values. */
struct bau_guess {
    const char *kind; /* "e-mail address" */
    const char *rule; /* YAML of the treatment, for bau_guess_rule */
    const char *key;  /* the column that says whose value it is; NULL: there is no key of one column */
    const char
        *above; /* the column that the row above in the table is for: the latitude of a longitude; or NULL */
    bool sure;  /* a wrong guess costs realism, never privacy */
};
struct bau_guess bau_guess_field(const struct bau_catalog *catalog, const struct bau_dataset *dataset,
                                 uint32_t field);
/* The rule as a project file says it: "email", "{ mask: date_shift, days: 30, by: id }". */
void bau_guess_rule(struct bau_text *out, const struct bau_guess *guess);

#endif
