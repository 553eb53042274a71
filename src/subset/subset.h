/* Which rows a subset keeps: key columns of every dataset in, the closure over the references, a membership test out.
 *
 * Order of calls: bau_subset_new (what is there, what is followed), bau_subset_reads (what to read), one or more
 * bau_subset_feed a dataset from any threads, bau_subset_run, then counts, tests and explanations from any threads.
 * Each dataset is read once: its key columns stay here, bit-packed, in memory up to the limit and in an encrypted
 * scratch file past it. Nothing is created on a source.
 *
 * What is kept (the default meaning): the start rows; their dependants, recursively, down every edge that is followed; and
 * every parent that a kept row needs, recursively up every edge whose `up` is FOLLOW; not the children of those parents.
 * A row that is needed as a parent and reached going down as well is a dependant: its children follow. The result is a
 * function of the rows, the graph and the key; not of their order, of how batches are cut, of threads or of memory.
 *
 * Ownership: the graph is borrowed until bau_subset_free, everything else is the subset's.
 * Threads: new, run and free belong to one thread; a feed or a test belongs to one thread each, any number of them. */
#ifndef BAU_SUBSET_H
#define BAU_SUBSET_H

#include "bauta/batch.h"

#define BAU_SUBSET_NONE UINT32_MAX /* no such column */
#define BAU_SUBSET_WHOLE 1000000u  /* a sample of all, in millionths */
#define BAU_SUBSET_DEPTH_MOST 64u

/* How the parent's text compares. */
typedef enum {
    BAU_SUBSET_TEXT_EXACT,  /* byte by byte */
    BAU_SUBSET_TEXT_FOLDED, /* citext: in lower case */
    BAU_SUBSET_TEXT_PADDED, /* char(n): trailing blanks say nothing */
} bau_subset_text;

struct bau_subset_column { /* what the reader gives of a row: a field, an expression, a place in the store */
    const char *name;
    bau_type type;
    bau_subset_text text;
};

typedef enum {
    BAU_SUBSET_START_NO,      /* kept only when something else asks for its rows */
    BAU_SUBSET_START_FLAGGED, /* rows that the feed flags: a predicate's or a list's */
    BAU_SUBSET_START_ALL,     /* every row */
    BAU_SUBSET_FULL, /* every row is kept, but nothing depends on them: parents follow, children do not */
} bau_subset_start;

struct bau_subset_dataset {
    const char *name; /* also decides, with the key, which rows a sample takes */
    uint32_t n_columns;
    const struct bau_subset_column *columns;
    uint32_t
        n_identity; /* columns that tell its rows apart: a key, or the place that the reader gives as an int8 */
    const uint32_t *identity;
    bau_subset_start start;
    uint32_t sample;      /* millionths of the start rows, by keyed rank; BAU_SUBSET_WHOLE: all */
    uint64_t limit;       /* the first so many of them by keyed rank; 0: no limit */
    uint64_t bytes_a_row; /* for a budget in bytes */
};

typedef enum {
    BAU_SUBSET_UP_FOLLOW, /* the parent is kept */
    BAU_SUBSET_UP_NULL, /* the parent is not asked for; bau_subset_test_orphans says whose reference becomes null */
    BAU_SUBSET_UP_KEEP, /* the parent is not asked for and the value stays: the target must not enforce the edge */
} bau_subset_up;

struct bau_subset_edge { /* columns of a child point to columns of a parent, or of itself */
    const char *name;
    uint32_t child, parent; /* datasets */
    uint32_t n_columns;
    const uint32_t *child_columns, *parent_columns; /* indexes into the datasets' columns */
    bool full; /* MATCH FULL: partly null references count as broken ones; either way they refer to nothing */
    uint32_t
        when_column; /* polymorphic: a text column of the child that must equal `when`; BAU_SUBSET_NONE: always */
    struct bau_slice when;
    bau_subset_up up;
    bool down;      /* children of dependants are dependants */
    uint32_t depth; /* followed down only from rows fewer than so many edges from a start row; 0: any */
    uint32_t limit; /* children of one parent, 0: all. All that tie on the last place are taken */
    uint32_t
        newest_column; /* of the child: the largest come first, nulls last, then by keyed rank; BAU_SUBSET_NONE: by rank */
};

struct bau_subset_graph {
    uint32_t n_datasets, n_edges;
    const struct bau_subset_dataset *datasets;
    const struct bau_subset_edge *edges;
};

struct bau_subset_options {
    uint64_t memory;    /* bytes, at least 1 MiB; what does not fit goes to the scratch file */
    const char *folder; /* of the scratch file; NULL: /tmp */
    uint8_t key[16];    /* of samples and of per-parent limits: the same key takes the same rows */
    bool fit;           /* bau_subset_fit will be called */
    bool (*stopped)(
        void *self); /* asked often during a run; true ends it with BAU_E_CANCELLED. May be NULL */
    void *self;
    bool scan_cycles; /* cycles by repeated scans though there would be memory for an index: for tests */
};

struct bau_subset;
/* BAU_E_USAGE in one sentence: an index out of range, types of an edge that do not compare, a newest_column that has no
 * order, no start, a depth that is too large. */
bau_status bau_subset_new(const struct bau_subset_graph *graph, const struct bau_subset_options *options,
                          struct bau_subset **out, struct bau_error *err) BAU_MUST_CHECK;
void bau_subset_free(struct bau_subset *subset); /* takes NULL */

/* Whether the dataset must be fed (nothing can be kept of one that need not be), and which of its columns:
 * `out_columns`, n_columns entries. */
bool bau_subset_reads(const struct bau_subset *subset, uint32_t dataset, bool *out_columns);

/* Rows on their way in. Only rows of committed feeds count; a part that fails is fed again by a new feed. */
struct bau_subset_feed;
bau_status bau_subset_feed_new(struct bau_subset *subset, uint32_t dataset, struct bau_subset_feed **out,
                               struct bau_error *err) BAU_MUST_CHECK;
/* columns: TYPED, one a column of the dataset, NULL where bau_subset_reads says so. starts: one bit a row, or NULL for none;
 * looked at only when the dataset's start is FLAGGED. */
bau_status bau_subset_feed_rows(struct bau_subset_feed *feed, const struct bau_column *const *columns,
                                uint32_t n_rows, const uint64_t *starts, struct bau_error *err)
    BAU_MUST_CHECK;
bau_status bau_subset_feed_commit(struct bau_subset_feed *feed, struct bau_error *err) BAU_MUST_CHECK;
void bau_subset_feed_free(struct bau_subset_feed *feed); /* takes NULL; without commit nothing was fed */

/* The closure. After it nothing can be fed. May be called again, after a fit for instance. */
bau_status bau_subset_run(struct bau_subset *subset, struct bau_error *err) BAU_MUST_CHECK;
/* The closure of the largest part of the start rows, by keyed rank, that keeps at most so many bytes and rows (0: any).
 * `full` datasets count. *out_share: which part of the start rows' ranks, in 2^-32. BAU_E_LIMIT: not even an empty start fits. */
bau_status bau_subset_fit(struct bau_subset *subset, uint64_t bytes, uint64_t rows, uint64_t *out_share,
                          struct bau_error *err) BAU_MUST_CHECK;

/* ── afterwards ──────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bau_subset_count {
    uint64_t seen, starts, dependants, kept; /* starts <= dependants <= kept <= seen */
};
struct bau_subset_edge_count {
    uint64_t references; /* of kept rows */
    uint64_t broken;     /* of those, whose parent is not kept: UP_FOLLOW: the source has none */
};
struct bau_subset_count bau_subset_count_of(const struct bau_subset *subset, uint32_t dataset);
struct bau_subset_edge_count bau_subset_edge_count_of(const struct bau_subset *subset, uint32_t edge);
uint64_t bau_subset_memory_peak(const struct bau_subset *subset); /* bytes */
uint64_t bau_subset_scratch(const struct bau_subset *subset);     /* bytes written to the scratch file */

/* Membership, for readers of one dataset. */
struct bau_subset_test;
bau_status bau_subset_test_new(struct bau_subset *subset, uint32_t dataset, struct bau_subset_test **out,
                               struct bau_error *err) BAU_MUST_CHECK;
void bau_subset_test_free(struct bau_subset_test *test); /* takes NULL */
/* columns: as for a feed; only those of the identity are looked at. out_keep: one bit a row, bits past n_rows 0. */
bau_status bau_subset_test_rows(struct bau_subset_test *test, const struct bau_column *const *columns,
                                uint32_t n_rows, uint64_t *out_keep, struct bau_error *err) BAU_MUST_CHECK;
/* An edge of this child whose `up` is UP_NULL: bit set where the row refers to something that is not kept. Columns of
 * the edge (and when_column) are looked at. */
bau_status bau_subset_test_orphans(struct bau_subset_test *test, uint32_t edge,
                                   const struct bau_column *const *columns, uint32_t n_rows,
                                   uint64_t *out_orphans, struct bau_error *err) BAU_MUST_CHECK;
/* The identities of kept rows where that is one integer column, to push to a server: up to `most`, ascending. Returns
 * how many there are; SIZE_MAX: the identity is something else. */
size_t bau_subset_kept_integers(const struct bau_subset *subset, uint32_t dataset, int64_t *out, size_t most);

/* ── why ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef enum {
    BAU_SUBSET_WHY_START,   /* a start row, or of a FULL dataset */
    BAU_SUBSET_WHY_CHILD,   /* kept because its parent, the next link, is a dependant */
    BAU_SUBSET_WHY_PARENT,  /* kept because the next link, a kept row, refers to it */
    BAU_SUBSET_WHY_ABSENT,  /* the source has the row, nothing asks for it */
    BAU_SUBSET_WHY_UNKNOWN, /* no row was fed that has this identity */
} bau_subset_why;

struct bau_subset_link {
    bau_subset_why why;
    uint32_t dataset, edge; /* edge: CHILD and PARENT */
    struct bau_slice
        identity; /* of its row in canonical bytes (tuple.h); one integer: 8 bytes, biased, big endian */
};
/* A shortest chain from the row whose identity is row 0 of `columns` to a start row; one link when it is not kept. At most
 * `most` links (BAU_E_LIMIT past that). Links and what they point to lie in `arena`. One thread at a time. */
bau_status bau_subset_explain(struct bau_subset *subset, uint32_t dataset,
                              const struct bau_column *const *columns, uint32_t most, struct bau_arena *arena,
                              struct bau_subset_link **out, uint32_t *out_n, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
