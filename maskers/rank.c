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

static void store_le(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static void split(struct bau_rank_work *w, const struct bau_rank_item *items, uint32_t n,
                  uint32_t *out_rounds)
{
    uint32_t rounds = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_rank_shape *s = items[i].shape;
        const bool word = items[i].value >> 64 == 0;
        w->left[i] = word ? (uint64_t)items[i].value % s->a : (uint64_t)(items[i].value % s->a);
        w->right[i] = word ? (uint64_t)items[i].value / s->a : (uint64_t)(items[i].value / s->a);
        w->modulus[0][i] = s->a;
        w->modulus[1][i] = s->b;
        w->tweak[0][i] = bau_bits64(items[i].tweak);
        w->tweak[1][i] = bau_bits64(items[i].tweak + 8);
        rounds = s->rounds > rounds ? s->rounds : rounds;
    }
    *out_rounds = rounds;
}

/* All rounds once: [0, a * b) onto itself. */
static void once(const struct bau_rank *rank, struct bau_rank_work *w, struct bau_rank_item *items,
                 uint32_t n)
{
    uint32_t rounds;
    split(w, items, n, &rounds);
    for (uint32_t round = 0; round < rounds; round++) {
        const uint64_t *modulus = w->modulus[round % 2];
        for (uint32_t i = 0; i < n; i++) {
            store_le(w->message[i], w->tweak[0][i] ^ w->right[i]);
            store_le(w->message[i] + 8, w->tweak[1][i] ^ round);
        }
        bau_prf_batch(&rank->round, w->message[0], rank->offsets, n, w->digest[0]);
        for (uint32_t i = 0; i < n; i++) {
            const uint64_t m = modulus[i], f = bau_rank_scale(w->digest[i], m), l = w->left[i];
            if (round >= items[i].shape->rounds)
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
