/* Distinct digests: appended, sorted and thinned whenever the array is full, so that it holds at most twice the distinct ones. */
#include "maskers/digests.h"

#include <stdlib.h>

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

static void thin(struct bau_digests *d)
{
    uint32_t n = 0;
    if (d->n)
        qsort(d->at, d->n, 16, by_bytes);
    for (uint32_t i = 0; i < d->n; i++)
        if (n == 0 || memcmp(d->at[n - 1], d->at[i], 16) != 0)
            memcpy(d->at[n++], d->at[i], 16);
    d->n = n;
}

static bau_status make_room(struct bau_digests *d, uint64_t memory, struct bau_error *err)
{
    thin(d);
    if (d->room && d->n <= d->room / 2)
        return BAU_OK;
    const uint64_t most = memory / 16 < INT32_MAX ? memory / 16 : INT32_MAX;
    uint64_t room = d->room ? 2 * (uint64_t)d->room : 4096;
    room = room > most ? most : room;
    if (room / 2 < d->n) /* fuller than half it would be sorted for every few values */
        return bau_error_set(err, BAU_E_LIMIT,
                             "%u distinct values and more do not fit into the %" PRIu64
                             " bytes of the option 'memory'; raise it",
                             d->n, memory);
    uint8_t(*grown)[16] = bau_realloc(d->at, room * 16);
    if (!grown)
        return bau_error_set(err, BAU_E_NOMEM, "first pass");
    d->at = grown;
    d->room = (uint32_t)room;
    return BAU_OK;
}

bau_status bau_digests_add(struct bau_digests *d, const uint8_t (*digest)[16], const struct bau_column *in,
                           uint64_t memory, struct bau_error *err)
{
    d->settled = false;
    for (uint32_t i = 0; i < in->n_values; i++) {
        if (!bau_column_present(in, i))
            continue;
        if (d->n == d->room)
            BAU_TRY(make_room(d, memory, err));
        memcpy(d->at[d->n++], digest[i], 16);
    }
    return BAU_OK;
}

static uint32_t leading(const uint8_t digest[16], uint32_t bits)
{
    const uint32_t head =
        (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
    return bits ? head >> (32 - bits) : 0;
}

bau_status bau_digests_settle(struct bau_digests *d, struct bau_error *err)
{
    if (d->settled)
        return BAU_OK;
    thin(d);
    bau_free(d->first);
    d->bits = 0;
    while (d->bits < 24 && (d->n >> d->bits) > 4)
        d->bits++;
    const uint32_t n = UINT32_C(1) << d->bits;
    d->first = bau_alloc_array((size_t)n + 1, sizeof *d->first);
    if (!d->first)
        return bau_error_set(err, BAU_E_NOMEM, "first pass");
    for (uint32_t i = 0; i < d->n; i++)
        d->first[leading(d->at[i], d->bits) + 1]++;
    for (uint32_t k = 0; k < n; k++)
        d->first[k + 1] += d->first[k];
    d->settled = true;
    return BAU_OK;
}

uint32_t bau_digests_place(const struct bau_digests *d, const uint8_t digest[16])
{
    if (!d->settled)
        return d->n;
    const uint32_t lead = leading(digest, d->bits);
    uint32_t low = d->first[lead], high = d->first[lead + 1];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = memcmp(d->at[middle], digest, 16);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return d->n;
}

void bau_digests_release(struct bau_digests *d)
{
    bau_free(d->at);
    bau_free(d->first);
    *d = (struct bau_digests){ 0 };
}
