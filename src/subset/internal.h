/* What the files of src/subset share.
 *
 * A *space* is what keys of one parent key are compared in: (dataset, columns of the parent). A space of one integer column
 * is direct: the id of a key is the integer. Every other space gives each distinct tuple a dense id (intern.c).
 * A *slot* is one column of ids of a dataset, as stored: its own keys, its references, its ranks. Rows are numbered as
 * they come, BAU_PACK_ROWS a chunk; numbers mean nothing outside and decide nothing. */
#ifndef BAU_SUBSET_INTERNAL_H
#define BAU_SUBSET_INTERNAL_H

#include "src/kernel/kernels.h"
#include "src/subset/idset.h"
#include "src/subset/pack.h"
#include "src/subset/subset.h"
#include "src/subset/tuple.h"

#define BAU_INTERN_PARTS 128u /* partitions of a space by the first bits of the hash */
#define BAU_NO_SPACE UINT32_MAX

struct bau_table { /* tuples of kept rows by hash, for tests: blocks of records, ordered */
    bool made;
    uint64_t *first; /* hash of each block's first record */
    size_t first_room;
    struct bau_blobs blocks;
    uint32_t most; /* bytes of the longest block */
    uint64_t
        *filter; /* two bits a tuple out of 16: most rows that are not kept need no block. NULL: no room */
    uint64_t filter_mask;
};

struct bau_space {
    uint32_t dataset, n_columns;
    const uint32_t *columns; /* of the parent */
    bool direct;
    bool lookup;          /* tests ask for its tuples: the logs stay */
    uint64_t n_ids;       /* interned */
    pthread_mutex_t lock; /* guards `part` while rows come in */
    struct bau_blobs part[BAU_INTERN_PARTS];
    struct bau_table table; /* of the kept ids */
};

typedef enum { BAU_SLOT_KEY, BAU_SLOT_RANK, BAU_SLOT_ORDER } bau_slot_kind;

struct bau_slot {
    bau_slot_kind kind;
    uint32_t dataset, place; /* place among the dataset's slots */
    uint32_t n_columns;
    const uint32_t *columns;
    uint32_t space; /* KEY */
    uint32_t when_column;
    struct bau_slice when;
    bool full;
    bool leads_down, leads_up, referred; /* KEY: a parent's side of an edge that is followed down, up, any */
    struct bau_idset *down;              /* n_levels: keys of dependants by their level */
    struct bau_idset up, kept;           /* keys that kept rows refer to; keys of kept rows */
};

struct bau_chunk {
    uint32_t n;
    bool live;              /* its feed was committed */
    uint64_t *flags;        /* rows that the feed flagged; NULL: none */
    struct bau_pack *packs; /* one a slot */
};

struct bau_rows { /* what is stored of one dataset */
    bool read;
    uint32_t n_slots;
    uint32_t *slots;         /* indexes into bau_subset.slots */
    uint32_t identity, rank; /* slots; BAU_SUBSET_NONE: no rank is needed */
    pthread_mutex_t lock;    /* guards the list of chunks while rows come in */
    struct bau_chunk **chunks;
    size_t n_chunks, room;
    uint64_t *start, *keep, **down; /* bits by row number; down: one a level */
    uint32_t down_group, up_group;  /* strongly connected components, in the order they are worked on */
    struct bau_subset_count count;
};

struct bau_edge_state {
    uint32_t child_slot, parent_slot, order_slot;
    uint64_t *chosen; /* limit: bits of child rows among the first of their parent */
    struct bau_subset_edge_count count;
};

struct bau_groups { /* components, parents before children */
    uint32_t n;
    uint32_t *first;    /* n + 1 entries, into `datasets` */
    uint32_t *datasets; /* all */
    bool *cyclic;
};

struct bau_subset {
    const struct bau_subset_graph *graph;
    struct bau_subset_options options;
    struct bau_arena *arena; /* everything small */
    struct bau_spill spill;
    struct bau_prf hash, rank; /* random per run; of the plan's key */
    uint32_t n_levels;
    uint32_t n_spaces, n_slots;
    struct bau_space *spaces;
    struct bau_slot *slots;
    struct bau_rows *rows;        /* n_datasets */
    struct bau_edge_state *edges; /* n_edges */
    struct bau_groups down, up;   /* by the edges followed down; by those followed up */
    bool settled;
    uint64_t share;          /* of the start rows, in 2^-32 */
    struct bau_ids *work[3]; /* of the one thread that runs */
    uint8_t *levels;         /* BAU_PACK_ROWS, of the same */
};

#define BAU_LEVEL_NONE UINT8_MAX
#define BAU_SHARE_ALL ((uint64_t)1 << 32)

static inline bool bau_bit(const uint64_t *bits, uint64_t i)
{
    return (bits[i / 64] >> (i % 64)) & 1u;
}
static inline void bau_bit_set(uint64_t *bits, uint64_t i)
{
    bits[i / 64] |= (uint64_t)1 << (i % 64);
}

/* graph.c */
bau_status bau_subset_graph_check(const struct bau_subset_graph *graph, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_subset_graph_order(struct bau_subset *s, struct bau_error *err) BAU_MUST_CHECK;

/* feed.c: the tuple of row i for a slot, appended; false: the row has none (a null, or `when` says no). A reference that can
 * match nothing is a tuple that no parent has. */
bool bau_slot_tuple(const struct bau_subset *s, const struct bau_slot *slot,
                    const struct bau_column *const *columns, uint32_t i, struct bau_text *out);
/* The same for a direct space. */
bool bau_slot_integer(const struct bau_subset *s, const struct bau_slot *slot,
                      const struct bau_column *const *columns, uint32_t i, uint64_t *out_id);
/* The first 8 bytes of a digest, little end first. */
uint64_t bau_tuple_hash(const uint8_t *digest);

/* intern.c. A record of a partition's log: */
struct bau_record {
    uint64_t hash;
    uint32_t slot, row, len; /* the tuple's bytes follow */
};
#define BAU_RECORD_BYTES 20u
void bau_record_write(uint8_t *to, const struct bau_record *record);
void bau_record_read(const uint8_t *from, struct bau_record *record);
bau_status bau_intern_settle(struct bau_subset *s, struct bau_error *err) BAU_MUST_CHECK;
/* Every live record of a partition in turn, with its tuple and id; ids go up from *next, the same ones at every walk that
 * starts from the same *next. `each` may stop the walk by an error. */
typedef bau_status (*bau_record_do)(void *self, const struct bau_record *record, const uint8_t *tuple,
                                    uint64_t id, bool is_new, struct bau_error *err);
bau_status bau_intern_walk(struct bau_subset *s, const struct bau_space *space, uint32_t part, uint64_t *next,
                           bau_record_do each, void *self, struct bau_error *err) BAU_MUST_CHECK;
/* table.c: makes space->table of the ids in `kept`. */
bau_status bau_table_make(struct bau_subset *s, struct bau_space *space, const struct bau_idset *kept,
                          struct bau_error *err) BAU_MUST_CHECK;
/* `buffer`: table->most bytes of the caller's. */
bau_status bau_table_has(struct bau_subset *s, const struct bau_table *table, uint64_t hash,
                         struct bau_slice tuple, uint8_t *buffer, bool *out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_table_release(struct bau_subset *s, struct bau_table *table);
/* The row of slot's dataset that has this tuple, and the tuple of a row; false in *out_found: none. For explanations: reads a log. */
bau_status bau_intern_find(struct bau_subset *s, uint32_t slot, uint64_t hash, struct bau_slice tuple,
                           uint32_t *out_row, bool *out_found, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_intern_tuple(struct bau_subset *s, uint32_t slot, uint32_t row, struct bau_arena *arena,
                            struct bau_slice *out, struct bau_error *err) BAU_MUST_CHECK;

/* choose.c: start bits, and the chosen children of edges that have a limit. */
bau_status bau_choose_starts(struct bau_subset *s, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_choose_children(struct bau_subset *s, struct bau_error *err) BAU_MUST_CHECK;

/* close.c */
bau_status bau_closure(struct bau_subset *s, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_load(struct bau_subset *s, uint32_t slot, size_t chunk, struct bau_ids *out,
                    struct bau_error *err) BAU_MUST_CHECK;
/* The level at which dependants refer to `id`; BAU_LEVEL_NONE: none does. */
uint8_t bau_slot_level(const struct bau_subset *s, const struct bau_slot *slot, uint64_t id);
uint8_t bau_row_level(const struct bau_subset *s, uint32_t dataset, uint64_t row);
void bau_row_level_set(struct bau_subset *s, uint32_t dataset, uint64_t row, uint8_t level);
static inline uint8_t bau_level_below(const struct bau_subset *s, uint8_t level)
{
    return level + 1u < s->n_levels ? (uint8_t)(level + 1u) : level;
}
static inline bool bau_level_passes(const struct bau_subset_edge *e, uint8_t level)
{
    return level != BAU_LEVEL_NONE && (!e->depth || level < e->depth);
}

/* run.c: the slot of the parent's own key in a space. */
uint32_t bau_space_slot(const struct bau_subset *s, uint32_t space);

/* cycle.c: spreads marks inside one cyclic component, in memory. *out_done false: the limit leaves no room, nothing was
 * done and the caller scans until nothing changes. */
bau_status bau_cycle_down(struct bau_subset *s, uint32_t group, bool *out_done, struct bau_error *err)
    BAU_MUST_CHECK;
bau_status bau_cycle_up(struct bau_subset *s, uint32_t group, bool *out_done, struct bau_error *err)
    BAU_MUST_CHECK;

/* index.c: rows by id of one slot. */
struct bau_index {
    uint64_t base, range; /* dense: ids base .. base + range - 1 */
    uint32_t *offset;     /* dense: range + 1 entries into `row` */
    uint64_t *id;         /* scattered: n ids, ascending */
    uint32_t *row;
    uint64_t n;
};
/* *out_made false: it would not fit the limit. */
bau_status bau_index_make(struct bau_subset *s, uint32_t slot, struct bau_index *out, bool *out_made,
                          struct bau_error *err) BAU_MUST_CHECK;
void bau_index_release(struct bau_subset *s, struct bau_index *index);
const uint32_t *bau_index_rows(const struct bau_index *index, uint64_t id, uint64_t *out_n);
/* Brings a slot into memory, so that bau_slot_at works. *out_done false: it would not fit. */
bau_status bau_slot_pin(struct bau_subset *s, uint32_t slot, bool *out_done, struct bau_error *err)
    BAU_MUST_CHECK;
bool bau_slot_at(const struct bau_subset *s, uint32_t slot, uint64_t row, uint64_t *out_id);

#endif
