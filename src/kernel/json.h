/* JSON without a tree: one pass over one document (RFC 8259, UTF-8) that tells for every value which of a set
 * of paths speaks about it. Nothing is copied, decoded or allocated; all results are spans of the document.
 *
 * Paths:  $                      the whole document
 *         $.name  $["odd name"]  a member, compared after decoding escapes
 *         $.*                    every member of an object
 *         $[*]                   every element of an array
 *         $.** or $**            any depth, zero levels included: $.**.email is `email` anywhere, $.** is all
 * A bare name ends at . [ ] * " or white space; any other UTF-8 text is part of it.
 *
 * A path that names a container covers everything below it. Of several paths that speak about a value the
 * most specific wins: compared segment by segment from the left, a name beats * and [*], these beat **, and a
 * longer path beats its own beginning. Between two that are still equal (possible with ** only) the first in
 * the list wins.
 */
#ifndef BAU_KERNEL_JSON_H
#define BAU_KERNEL_JSON_H

#include "bauta/base.h"

#define BAU_JSON_DEPTH 512u   /* containers inside each other, at most */
#define BAU_JSON_ACTIVE 4096u /* positions in paths that can be open at one time, at most */

struct bau_json_node;  /* a position inside the paths; see json_path.c */
struct bau_json_state; /* a set of them; see json_states.c */

/** Paths compiled to one tree of segments; const after init, any threads. All of it lies in the caller's
 * memory. */
struct bau_json_paths {
    struct bau_json_node *nodes;         /* nodes[0] is `$` */
    uint8_t *names;                      /* decoded names of all segments */
    uint32_t *rank;                      /* of path i: larger is more specific, no two equal */
    uint32_t n_nodes, n_paths, n_states; /* n_states 0: too many sets of positions to list them */
    struct bau_json_state *states;       /* states[0] is the beginning */
    uint16_t *sets;                      /* of the states */
    bool *quiet;                         /* of path i: its leaves are not reported */
};

struct bau_json_path_error {
    uint32_t path;    /* which of the texts */
    uint32_t at;      /* byte in it */
    const char *what; /* static text: "expected ] here" */
};

/** Bytes of memory that these paths need at most. */
size_t bau_json_paths_bytes(const char *const *texts, uint32_t n);

/**
 * Compile n paths. n may be 0: then no value is covered.
 *
 * memory   bau_json_paths_bytes(texts, n) bytes, aligned for any type; must outlive `out`
 * Errors:  false and `err` filled: a path that does not parse, or that repeats an earlier one.
 */
bool bau_json_paths_init(struct bau_json_paths *out, const char *const *texts, uint32_t n, void *memory,
                         struct bau_json_path_error *err) BAU_MUST_CHECK;

/** Leaves that path i speaks about are not reported from now on. Before the paths are shared. */
void bau_json_paths_quiet(struct bau_json_paths *paths, uint32_t i);

enum bau_json_kind {
    BAU_JSON_NULL,
    BAU_JSON_BOOL,
    BAU_JSON_NUMBER,
    BAU_JSON_STRING,
    BAU_JSON_OBJECT,
    BAU_JSON_ARRAY
};

enum bau_json_step {
    BAU_JSON_LEAF, /* a string, number, bool or null: every one is reported, covered or not, but for quiet paths */
    BAU_JSON_ENTER, /* a container that a path names (`exact`): before its contents; len is 0 */
    BAU_JSON_LEAVE  /* the same container after its contents; len is its full length */
};

/** One report. Offsets are bytes into the document. */
struct bau_json_event {
    enum bau_json_step step;
    enum bau_json_kind kind;
    int32_t path; /* index of the most specific path that speaks about the value; -1: none */
    bool exact;   /* that path names this very value; false: it names a container around it */
    bool has_key; /* member of an object: the key's span, without its quotes, escapes as written */
    uint32_t key_offset, key_len;
    uint32_t offset, len; /* the value; strings with their quotes */
    uint32_t depth;       /* containers around the value */
};

enum bau_json_verdict {
    BAU_JSON_GO,
    BAU_JSON_SKIP, /* answer to ENTER: check the contents but report none of them; LEAVE comes next */
    BAU_JSON_STOP
};

typedef enum bau_json_verdict (*bau_json_visit)(void *context, const struct bau_json_event *event);

enum bau_json_result {
    BAU_JSON_OK,
    BAU_JSON_STOPPED,  /* by the visitor */
    BAU_JSON_E_SYNTAX, /* not RFC 8259 */
    BAU_JSON_E_UTF8,   /* a string is not UTF-8 */
    BAU_JSON_E_DEPTH,  /* deeper than BAU_JSON_DEPTH */
    BAU_JSON_E_LIMIT   /* longer than 4 GiB, or more than BAU_JSON_ACTIVE open positions */
};

struct bau_json_frame { /* an open container */
    uint32_t offset, key_offset, key_len;
    uint32_t base;               /* of `active` below: what lies above is free after the container */
    uint32_t active, n_active;   /* positions open at this value: a run of `active` below */
    uint32_t element, n_element; /* the same for every element, when it is an array */
    int32_t path, element_path;  /* most specific so far, for the container and for any element */
    bool array, exact, element_exact, has_key, silent;
};

/** Working memory of one scan (about 37 KB), contents undefined on entry: a masker's scratch or a stack. */
struct bau_json_scratch {
    struct bau_json_frame frames[BAU_JSON_DEPTH];
    uint16_t active[BAU_JSON_ACTIVE];
};

/**
 * Walk one document and report to `visit`.
 *
 * out_at    where it went wrong or stopped; not written on BAU_JSON_OK
 * Checks:   the whole grammar and the UTF-8 of every string, also where nothing is reported. \u escapes are
 *           checked for four digits only (RFC 8259's grammar); bau_json_unescape refuses lone surrogates.
 * Threads:  any; one scratch each.   Cost: one pass; benchmarks/kernels.c.
 */
enum bau_json_result bau_json_scan(const struct bau_json_paths *paths, struct bau_json_scratch *scratch,
                                   const uint8_t *text, size_t len, bau_json_visit visit, void *context,
                                   size_t *out_at) BAU_MUST_CHECK;

/**
 * Decode the inside of a JSON string (no quotes), which bau_json_scan has accepted, into UTF-8.
 *
 * out     len bytes; may be `in` itself
 * Errors: false on a lone or swapped surrogate or on a bad escape; `out` is then undefined, `out_len`
 * untouched.
 */
bool bau_json_unescape(const uint8_t *in, size_t len, uint8_t *out, size_t *out_len) BAU_MUST_CHECK;

/**
 * Write UTF-8 text as the inside of a JSON string, escaping only what RFC 8259 demands: ", \ and U+0000 to
 * U+001F.
 *
 * out     6 * len bytes; may not overlap `in`.   Returns the bytes written.
 */
size_t bau_json_escape(const uint8_t *in, size_t len, uint8_t *out);

#endif
