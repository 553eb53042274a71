/* MAC addresses as text: EUI-48 and EUI-64, and a keyed permutation of some of their bits. */
#ifndef BAU_MASKERS_MAC_ADDRESS_H
#define BAU_MASKERS_MAC_ADDRESS_H

#include "maskers/common.h"
#include "src/kernel/kernels.h"

#define BAU_MAC_CHUNK 128u

struct bau_mac {
    uint64_t bits;
    uint32_t width; /* 48 or 64; 0: a null */
};

/* What of the address changes. */
typedef enum {
    BAU_MAC_DEVICE, /* all behind the 24 bits of the vendor */
    BAU_MAC_ALL,    /* all but the two bits that tell group from individual and local from universal */
} bau_mac_part;

/* Frozen (M2). The changing bits, in order, are one number of 2h bits: L the upper h, R the lower. Ten
 * rounds, r = 0..9:
 *     F = first 8 bytes, little endian, of PRF(subkey "mac", M); (L, R) = (R, L xor (F mod 2^h))
 * with the 16 bytes M = R as 8 bytes, r, width, vendor as 3 bytes, 0 0 0. The vendor is 0 for BAU_MAC_ALL.
 * A balanced Feistel network, as in uuid.c. */
struct bau_mac_perm {
    struct bau_prf prf;
    uint32_t offsets[BAU_MAC_CHUNK + 1]; /* 0, 16, 32 … */
};

bau_status bau_mac_perm_init(struct bau_mac_perm *perm, const struct bau_mask_bind *with,
                             struct bau_error *err) BAU_MUST_CHECK;
/* In place; nulls are skipped. Takes 12 KiB of stack. */
void bau_mac_permute(const struct bau_mac_perm *perm, bau_mac_part part, struct bau_mac *mac, uint32_t n);

/* Reads a column of 12 or 16 hexadecimal digits, plain or parted by ':', '-' or '.'. Errors: BAU_E_DATA. */
bau_status bau_mac_read_column(struct bau_mask_ctx *ctx, const struct bau_column *in, struct bau_mac **out,
                               struct bau_error *err) BAU_MUST_CHECK;
/* The same texts with the digits of `mac`; upper case where the text had a letter in upper case. */
bau_status bau_mac_write_column(const struct bau_mac *mac, const struct bau_column *in,
                                struct bau_arena *arena, struct bau_column *out, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
