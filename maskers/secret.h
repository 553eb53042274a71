/* What a secret becomes: a constant of its kind that opens nothing. */
#ifndef BAU_MASKERS_SECRET_H
#define BAU_MASKERS_SECRET_H

#include "maskers/detect.h"

/* Never longer than the secret; the same for any secret of the kind but for
 *   JWT           header {"alg":"none"}, claims {"exp":0}, no signature; shorter tokens: x
 *   PEM           its BEGIN and END lines around one line that says so
 *   KEY           its prefix, then x in the same number
 *   CREDENTIALS   the URI with "x" as password
 *   anything else x in the same number, at most 16
 * dst has room for `len` bytes. Returns the bytes written. */
size_t bau_secret_dead(bau_find find, const uint8_t *text, size_t len, uint8_t *dst);

#endif
