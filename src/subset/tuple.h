/* Key tuples in canonical bytes: two tuples are equal as keys exactly when their bytes are.
 *
 * A tuple is encoded for the key it is compared with, the parent's: integers of any width are 8 bytes, biased and big
 * endian; numerics their shortest decimal; text its bytes, folded (citext) or without trailing blanks (char(n)) when the
 * parent's column says so; uuids 16 bytes; instants, times, booleans their fixed width; floats as doubles with one zero
 * and one NaN. A text or numeric child of an integer parent counts as the integer it spells; what spells none matches nothing. */
#ifndef BAU_SUBSET_TUPLE_H
#define BAU_SUBSET_TUPLE_H

#include "bauta/batch.h"
#include "src/subset/subset.h"

/* Whether a child column of type `child` can be compared with a parent column of type `parent`. */
bool bau_tuple_fits(bau_type parent, bau_type child);
static inline bool bau_tuple_is_integer(bau_type type)
{
    return (BAU_TYPE_BIT(type) & BAU_TYPES_INT) != 0;
}
/* Appends value i of `in`, present, in the form of `like`. *out_match false: it can equal no value of `like`. */
void bau_tuple_add(struct bau_text *out, const struct bau_subset_column *like, const struct bau_column *in,
                   uint32_t i, bool *out_match);
/* The id of an integer in the canonical form: biased, so that ids order as the integers do. */
static inline uint64_t bau_tuple_bias(int64_t v)
{
    return (uint64_t)v ^ ((uint64_t)1 << 63);
}
/* Value i of an integer column, or the integer that a text or numeric spells; false: none. */
bool bau_tuple_integer(const struct bau_column *in, uint32_t i, int64_t *out);

#endif
