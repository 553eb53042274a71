/* Hosts that RFC 2606 and RFC 6761 reserve: mail to them reaches nobody. */
#ifndef BAU_MASKERS_RESERVED_HOST_H
#define BAU_MASKERS_RESERVED_HOST_H

#include "maskers/common.h"

enum { BAU_HOST_BYTES = 64 };

/* "@host" into `tail`, which takes BAU_HOST_BYTES + 16 bytes; the rest of it is zeroed. BAU_E_USAGE for any other host. */
bau_status bau_reserved_tail(const char *host, uint8_t *tail, uint32_t *tail_len, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
