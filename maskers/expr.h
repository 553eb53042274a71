/* Conditions over a row: `country = 'DE' and age >= 18`.
 *
 *   condition  := condition or condition | condition and condition | not condition | ( condition ) | test
 *   test       := operand (= | <> | != | < | <= | > | >=) operand | operand [not] in (operand, …)
 *               | operand [not] like 'pattern' | operand is [not] null | operand that is a boolean
 *   operand    := field | "field" | value | 'text' | 12 | -0.5 | true | false | null
 *               | date '2020-01-01' | timestamp '2020-01-01 12:00:00'
 *
 * `value` is the value that is being masked. Keywords in any case; names of fields as they are, in double quotes when they are
 * no plain word or are a keyword. As in SQL a test with a null is neither true nor false, and a quote inside quotes stands
 * twice. Texts are compared byte by byte; `like` knows %, _ (one character) and \ before either. Whole and decimal
 * numbers are compared exactly, floats as floats, NaN equal to itself and above everything. A timestamp with time zone is
 * compared in UTC. An enum equals its own labels only, and has no order here. */
#ifndef BAU_MASKERS_EXPR_H
#define BAU_MASKERS_EXPR_H

#include "bauta/masker.h"

#define BAU_EXPR_DEPTH 32u  /* parentheses, `not` and alternatives inside each other */
#define BAU_EXPR_NODES 512u /* tests and operands of one condition */

enum {
    BAU_EXPR_FALSE,
    BAU_EXPR_UNKNOWN,
    BAU_EXPR_TRUE
}; /* so that `and` is the least and `or` the greatest */

struct bau_expr;

/* Reads `text`; names of fields are added to `names` once each (room for `room` of them; copies in `arena`). BAU_E_USAGE says at which
 * character what was expected. */
bau_status bau_expr_parse(const char *text, struct bau_texts *names, uint32_t room, struct bau_arena *arena,
                          struct bau_expr **out, struct bau_error *err) BAU_MUST_CHECK;
/* Checks the types: `fields` as `names` lists them, `value` of `value_type` and of field `of` (NULL: out of a document).
 * BAU_E_USAGE when things cannot be compared. */
bau_status bau_expr_bind(struct bau_expr *expr, bau_type value_type, const struct bau_field *of,
                         const struct bau_field *const *fields, struct bau_arena *arena,
                         struct bau_error *err) BAU_MUST_CHECK;
/* One of BAU_EXPR_FALSE, UNKNOWN, TRUE a value into `out`. Row of value i in `fields`: rows[i], or i when `rows` is NULL. */
bau_status bau_expr_eval(const struct bau_expr *expr, const struct bau_column *value,
                         const struct bau_column *const *fields, const uint32_t *rows,
                         struct bau_arena *arena, uint8_t *out, struct bau_error *err) BAU_MUST_CHECK;

#endif
