/* Masking inside documents: a compiled set of paths, each kept or masked, applied in one streaming pass a document.
 */
#ifndef BAU_PLAN_DOCUMENT_H
#define BAU_PLAN_DOCUMENT_H

#include "src/plan/plan.h"

struct bau_document_path {
    const char *path; /* "$.phones[*].number" */
    struct bau_at at;
    bool keep;
    struct bau_bound
        mask[3]; /* how strings (BAU_TEXT), numbers (BAU_NUMERIC), booleans (BAU_BOOL) are masked; a kind
                                 whose masker is NULL: see bau_document_apply */
};

struct bau_document;
/* Compiles; `paths` must outlive the document (same arena). Errors: BAU_E_USAGE for a path that does not parse or two
 * paths of equal weight. */
bau_status bau_document_new(const struct bau_document_path *paths, uint32_t n, struct bau_arena *arena,
                            struct bau_document **out, struct bau_error *err) BAU_MUST_CHECK;
/* Fields of the row (FIELD options) that any path's masker needs. */
uint32_t bau_document_n_by(const struct bau_document *document);
uint32_t bau_document_by(const struct bau_document *document, uint32_t i);

/* Masks every document of `in` (BAU_JSON, or BAU_TEXT that holds JSON) into `out`. `columns`: the batch's columns (for FIELD options). Strings are
 * unescaped into TEXT, numbers are NUMERIC, booleans BOOL, nulls stay; bytes outside masked leaves are copied unchanged.
 * A leaf no path covers is BAU_E_POLICY, JSON that does not parse BAU_E_DATA; both with row number (first_row + row + 1),
 * never a value. A number whose masker takes only text is masked as its digits and written as a number when it still is
 * one, else as a string. `scratch` serves the maskers. */
bau_status bau_document_apply(const struct bau_document *document, struct bau_arena *arena, void *scratch,
                              const struct bau_column *columns, const uint32_t *rows, uint64_t first_row,
                              const struct bau_column *in, struct bau_column *out, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
