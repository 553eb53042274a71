/* A secret: locked in memory where the system allows, kept out of dumps, wiped when released; never printed.
 * Built from a reference: env:NAME, file:PATH, command:SHELL COMMAND. Environment names may hold dashes. */
#ifndef BAUTA_SECRET_H
#define BAUTA_SECRET_H

#include "mem.h"

struct bau_secret; /* opaque */

/* Resolves a reference. A trailing newline of a file or command is cut. Errors (BAU_E_USAGE) name the reference's
 * kind and the variable or path, never what it holds. A text without a known prefix is refused. */
bau_status bau_secret_resolve(const char *reference, struct bau_secret **out, struct bau_error *err)
    BAU_MUST_CHECK;
bau_status bau_secret_from_bytes(const void *bytes, size_t n, struct bau_secret **out, struct bau_error *err)
    BAU_MUST_CHECK;
const char *bau_secret_text(const struct bau_secret *secret); /* NUL-terminated */
size_t bau_secret_len(const struct bau_secret *secret);
void bau_secret_free(struct bau_secret *secret); /* takes NULL */

#endif
