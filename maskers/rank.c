/* The tweaked permutation that identifiers share: see rank.h. */
#include "maskers/rank.h"

bau_status bau_rank_bind(struct bau_rank *rank, const struct bau_mask_key *key, const char *label,
                         struct bau_error *err)
{
    uint8_t subkey[32];
    BAU_TRY(bau_mask_subkey(key, label, subkey, err));
    const bool tweak = bau_prf_init(&rank->tweak, subkey), round = bau_prf_init(&rank->round, subkey + 16);
    bau_wipe(subkey, sizeof subkey);
    for (uint32_t i = 0; i <= BAU_RANK_CHUNK; i++)
        rank->offsets[i] = 16 * i;
    return tweak && round ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

void bau_rank_release(struct bau_rank *rank)
{
    bau_prf_release(&rank->tweak);
    bau_prf_release(&rank->round);
}

static uint64_t root_up(bau_wide n) /* the smallest a with a * a >= n */
{
    unsigned bits = 0;
    for (bau_wide rest = n - 1; rest; rest >>= 1)
        bits++;
    uint64_t low = 1, high = UINT64_C(1) << ((bits + 1) / 2); /* n <= 2^bits */
    while (low < high) {
        const uint64_t mid = low + (high - low) / 2;
        if ((bau_wide)mid * mid >= n)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

void bau_rank_shape_init(struct bau_rank_shape *shape, bau_wide size)
{
    shape->size = size;
    shape->a = root_up(size);
    shape->b = (uint64_t)((size + shape->a - 1) / shape->a);
    shape->rounds = size >= 1000000 ? 10 : size >= 1000 ? 20 : 36;
}

static void put_message(uint8_t message[16], const uint8_t tweak[16], uint64_t half, uint32_t round)
{
    memcpy(message, tweak, 16);
    for (unsigned k = 0; k < 8; k++)
        message[k] ^= (uint8_t)(half >> (8 * k));
    message[8] ^= (uint8_t)round;
}

/* All rounds once: [0, a * b) onto itself. */
static void once(const struct bau_rank *rank, struct bau_rank_work *w, struct bau_rank_item *items,
                 uint32_t n)
{
    uint32_t rounds = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_rank_shape *s = items[i].shape;
        const bool word = items[i].value >> 64 == 0;
        w->left[i] = word ? (uint64_t)items[i].value % s->a : (uint64_t)(items[i].value % s->a);
        w->right[i] = word ? (uint64_t)items[i].value / s->a : (uint64_t)(items[i].value / s->a);
        rounds = s->rounds > rounds ? s->rounds : rounds;
    }
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < n; i++)
            put_message(w->message[i], items[i].tweak, w->right[i], round);
        bau_prf_batch(&rank->round, w->message[0], rank->offsets, n, w->digest[0]);
        for (uint32_t i = 0; i < n; i++) {
            const struct bau_rank_shape *s = items[i].shape;
            const uint64_t m = round % 2 ? s->b : s->a, f = bau_rank_scale(w->digest[i], m), l = w->left[i];
            if (round >= s->rounds)
                continue;
            w->left[i] = w->right[i];
            w->right[i] = l >= m - f ? l - (m - f) : l + f;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        items[i].value = (bau_wide)items[i].shape->a * w->right[i] + w->left[i];
}

void bau_rank_permute(const struct bau_rank *rank, struct bau_rank_work *work, struct bau_rank_item *items,
                      uint32_t n)
{
    once(rank, work, items, n);
    for (uint32_t i = 0; i < n; i++)
        while (items[i].value >= items[i].shape->size)
            once(rank, work, &items[i], 1);
}
