/* Canonical forms: how a value is spelled before it is hashed, so that equal things are equal in every store and type. */
#ifndef BAU_CORE_CANON_H
#define BAU_CORE_CANON_H

#include "bauta/masker.h"

/* `out` is a TEXT column in `arena`; where the canonical form is the value itself it borrows the input's buffers. Text that
 * is not UTF-8 is taken byte by byte. Errors: BAU_E_NOMEM, BAU_E_LIMIT. */
bau_status bau_canon_column(bau_canon canon, struct bau_arena *arena, const struct bau_column *in,
                            struct bau_column *out, struct bau_error *err) BAU_MUST_CHECK;
/* days since 1970-01-01 → proleptic Gregorian year (astronomical), month, day. Source: Howard Hinnant, chrono dates. */
void bau_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
