/* Host names: each label becomes a token of the name from it to the end, so that names in one domain stay in
 * one domain; the top-level label becomes a reserved one (RFC 6761). */
#ifndef BAU_MASKERS_HOST_NAME_H
#define BAU_MASKERS_HOST_NAME_H

#include "maskers/common.h"
#include "src/kernel/kernels.h"

/* Frozen (M2): a label is the first 80 bits of PRF(name from the label to the end, lower case, no final
 * point) in base32. The top-level label: two ASCII letters "invalid"; local, localdomain, lan, internal,
 * intranet, private, corp, home, test "test"; any other "example". A name of one label is a token alone. "*"
 * as the first of three labels or more stays. */
enum {
    BAU_HOST_TOKEN = 16,
    BAU_HOST_LABELS = 15,
    BAU_HOST_CHARS = (BAU_HOST_LABELS - 1) * (BAU_HOST_TOKEN + 1) + 8
};

/* Masks the names of a column of lower-case names, one a value of `in`, which errors speak of. An empty name
 * gives an empty one. Errors: BAU_E_DATA for what is no host name, has more than BAU_HOST_LABELS labels, or
 * is dotted numbers. */
bau_status bau_host_mask(const struct bau_prf *prf, struct bau_mask_ctx *ctx, const struct bau_column *in,
                         const struct bau_column *names, struct bau_column *out, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
