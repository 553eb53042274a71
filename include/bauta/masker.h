/* A masker: one file in maskers/, one const struct bau_masker, one line in maskers/meson.build.
 *
 * Promises, proved by the contract tests over the registry:
 *   M1 pure        apply depends on config and input values, nothing else
 *   M2 stable      same key, masker, options, domain and value: same output, anywhere, in every release
 *   M3 split-proof masking a batch equals masking any cut of it and joining the parts
 * A masker that observes looks at all values of its field once before a row is masked; what it saw counts as part of its
 * config, so its outputs are stable for one key, options and set of values, whatever their order.
 * The output has the input's type, n_values, list_offsets and nulls (unless BAU_MAKES_NULLS). A value that does not
 * conform is BAU_E_DATA with row number and length in the text, never the value, and never passed through. */
#ifndef BAUTA_MASKER_H
#define BAUTA_MASKER_H

#include "batch.h"
#include "option.h"

enum {                        /* traits: promises */
       BAU_DETERMINISTIC = 1, /* equal in, equal out (within a domain) */
       BAU_BIJECTIVE = 2,     /* distinct in, distinct out: proved exhaustively on small domains */
       BAU_COLLISION_BOUND =
           4, /* distinct in, distinct out but for a chance the reference page states (>= 80 bits) */
       BAU_CONSTANT = 8,       /* the output does not depend on the value */
       BAU_KEEPS_LENGTH = 16,  /* same number of bytes */
       BAU_MAKES_NULLS = 32,   /* the output is null */
       BAU_KEEPS_ALL = 64,     /* the output is the input: `keep` */
       BAU_KEYED = 128,        /* uses ctx/bind keys; ephemeral keys change its output */
       BAU_KEEPS_SOME = 256,   /* values already coarse enough, or without what it looks for, stay */
       BAU_KEEPS_LABELS = 512, /* the output is a label of the field's enum, when the field has labels */
};
enum { /* what an onlooker of the output learns */
       BAU_LEAKS_EQUALITY = 1,
       BAU_LEAKS_ORDER = 2,
       BAU_LEAKS_LENGTH = 4,
       BAU_LEAKS_PREFIX = 8,
       BAU_LEAKS_FREQUENCY = 16,
       BAU_LEAKS_FORMAT = 32,
       BAU_LEAKS_RANGE = 64,
       BAU_LEAKS_VALUE = 128,
};

/* How a value is spelled before it is hashed, so that equal things are equal in every store and type. Integers are
 * decimal, uuids lower case, dates ISO 8601 whatever the canon. */
typedef enum {
    BAU_CANON_NONE,
    BAU_CANON_TRIM,    /* outer white space off */
    BAU_CANON_FOLD,    /* trim, NFKC, case folded (utf8proc) */
    BAU_CANON_DIGITS,  /* ASCII digits only */
    BAU_CANON_DECIMAL, /* 007 = 7 = 7.00 */
    BAU_CANON_E164,    /* digits with the leading '+' or "00" made '+' */
    BAU_CANON_EMAIL,   /* trim, fold */
} bau_canon;
#define BAU_CANON_WORDS "none|trim|fold|digits|decimal|e164|email"

struct
    bau_mask_key; /* a PRF bound to (key mode, target, domain, masker), with a canonical form; const, any thread */

/* A masker with its options, bound, inside another one: a step of a chain, the group of a pattern, a fallback. Const once
 * bound, any thread. */
struct bau_sub {
    const char *label;  /* what the rule says beside it: a group, a path, a condition; "" in a plain list */
    const char *reason; /* of `keep`, then masker is NULL: the value stays */
    const struct bau_masker *masker;
    const void *config;
    bau_type type;          /* of the values it is bound for */
    uint32_t at_field;      /* its fields start here in bau_mask_ctx.fields */
    uint32_t traits, leaks; /* its promises with these options and subs */
    const struct bau_sub
        *fallback; /* takes the values that the masker refuses; NULL: refusing ends the run */
};
struct bau_subs { /* BAU_OPTION_MASKERS */
    uint32_t n;
    const struct bau_sub *at;
};

struct bau_mask_bind {
    const char *masker, *domain;
    const struct bau_field *field; /* NULL for values out of a document */
    bau_type type;                 /* of the values apply will see */
    uint32_t max_chars;            /* text: the narrowest column of the domain, in characters; 0: no limit */
    const struct bau_mask_key *key;
    struct bau_arena *arena; /* lives as long as the config; kept out of dumps, wiped */
    uint32_t first_read;     /* where the fields that `reads` named start in bau_mask_ctx.fields */
    const struct bau_field *const *reads; /* those fields, in the order of their names */
    void *seen;     /* maskers that observe: seen_bytes zeroed bytes that observe fills and apply reads */
    int64_t run_us; /* when the run began, microseconds since 1970 in UTC; 0: outside a run */
};

struct bau_mask_ctx {
    struct bau_arena *arena; /* the batch's: outputs come from here */
    void *scratch;           /* masker->scratch_bytes, per lane, contents undefined on entry */
    const struct bau_column *const
        *fields;          /* unmasked, TYPED: one a BAU_OPTION_FIELD option that is set, table
                                               order; then what `reads` named; then the fields of subs */
    const uint32_t *rows; /* row of value i, into `fields`; NULL: value i is row i */
    uint64_t first_row;   /* of the batch within its part: for messages only */
};

struct bau_masker { /* const, static; one per file */
    const char *name, *summary;
    const char
        *kin; /* maskers that show one identity in several columns: the name their keys and default domain
                        come from. NULL: own name */
    uint32_t accepts; /* BAU_TYPE_BIT set */
    uint32_t traits, leaks;
    const struct bau_option *options; /* NULL: none */
    size_t config_bytes, scratch_bytes;
    bau_canon canon; /* default canonical form for this masker */
    /* Names of further fields of the row that the options speak of (conditions); texts in `arena`. NULL: none. */
    bau_status (*reads)(void *config, struct bau_arena *arena, struct bau_texts *out, struct bau_error *err);
    /* Checks options against field and type, derives keys. NULL: nothing to do. */
    bau_status (*bind)(void *config, const struct bau_mask_bind *with, struct bau_error *err);
    bau_status (*apply)(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err);
    /* Longest text it makes, in characters, for values of `type`; 0: never longer than the input. NULL: 0. */
    uint32_t (*widest)(const void *config, bau_type type);
    /* What traits and leaks come to with these options; both hold the masker's own on entry. NULL: they stay. */
    void (*promises)(const void *config, uint32_t *traits, uint32_t *leaks);
    /* Maskers that observe have these four, others none. Order: bind; observe with runs of the values (not of other maskers'
     * outputs), any cut, any order, one thread at a time; settle; then apply from any thread. `seen` is shared by all fields
     * of a domain when the masker is BAU_BIJECTIVE, else by one field and its partitions. After settle both may come again.
     * A value that does not conform is left for apply to refuse. BAU_E_LIMIT: more values than the options' memory holds. */
    size_t seen_bytes;
    bau_status (*observe)(const void *config, void *seen, struct bau_mask_ctx *ctx,
                          const struct bau_column *in, struct bau_error *err);
    bau_status (*settle)(const void *config, void *seen, struct bau_error *err); /* once a config */
    void (*forget)(void *seen); /* frees what it holds and zeroes it; may come several times */
    /* Wipes keys held outside the arena and frees what lies there; of a config whose bind failed half-way too (what bind
     * did not reach is zero). NULL: nothing. */
    void (*unbind)(void *config);
    const char *example_in, *example_options; /* `bauta maskers NAME` runs these through the masker */
};

/* ── for maskers ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* 16 bytes of PRF output a value into `*out` (arena, 16 * n_values bytes) over the canonical form of each value.
 * Nulls get the digest of the empty string: ignore them. The empty text is a value like any other. */
bau_status bau_mask_digest(const struct bau_mask_key *key, struct bau_arena *arena,
                           const struct bau_column *in, uint8_t (**out)[16], struct bau_error *err)
    BAU_MUST_CHECK;
/* The canonical form itself as a text column. */
bau_status bau_mask_canonical(const struct bau_mask_key *key, struct bau_arena *arena,
                              const struct bau_column *in, struct bau_column *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* A further 32-byte key derived from this one by HKDF with `label`: for permutations, ciphers. */
bau_status bau_mask_subkey(const struct bau_mask_key *key, const char *label, uint8_t out[32],
                           struct bau_error *err) BAU_MUST_CHECK;
/* Integers of an I16/I32/I64 column as int64 and back. Text and numeric columns that spell an integer in decimal are
 * taken too (a key in a document, a numeric(20,0)): a value that does not, or does not fit, is BAU_E_DATA. */
bau_status bau_mask_integers(const struct bau_column *in, struct bau_arena *arena, int64_t **out,
                             struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_mask_from_integers(const struct bau_column *in, const int64_t *values, struct bau_arena *arena,
                                  struct bau_column *out, struct bau_error *err) BAU_MUST_CHECK;

/* Runs a masker inside another one over `in`, text or of the sub's type; shape, nulls and errors as for apply. Text goes to a
 * sub that is bound for numbers as its spelling. Values that the masker refuses go to the fallback, one by one. */
bau_status bau_sub_apply(const struct bau_sub *sub, const struct bau_mask_ctx *ctx,
                         const struct bau_column *in, struct bau_column *out, struct bau_error *err)
    BAU_MUST_CHECK;

/* ── the registry (generated by maskers/meson.build, in list order) ──────────────────────────────────────────────── */
extern const struct bau_masker *const bau_maskers[];
extern const size_t bau_n_maskers;
const struct bau_masker *bau_masker_find(const char *name);
/* What stands for the masker in the key schedule and where no domain is named. */
static inline const char *bau_masker_kin(const struct bau_masker *m)
{
    return m->kin ? m->kin : m->name;
}

#endif
