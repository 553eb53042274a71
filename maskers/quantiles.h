/* Upper quantiles in millionths, from integer tables: the same on every CPU. `random` is the tail probability times 2^64. */
#ifndef BAU_MASKERS_QUANTILES_H
#define BAU_MASKERS_QUANTILES_H

#include <stdint.h>

uint64_t bau_normal_quantile(uint64_t random);      /* of |Z|, standard normal: 0 to 6.443935 */
uint64_t bau_exponential_quantile(uint64_t random); /* of |X|, Laplace with scale 1: 0 to 22.873857 */

#endif
