/* Frame of reference: value = base + `width` bits at i * width, little end first. */
#include "src/subset/pack.h"

#include <string.h>

static uint8_t bits_of(uint64_t v)
{
    return v ? (uint8_t)(64 - __builtin_clzll(v)) : 0;
}

bau_status bau_pack_put(struct bau_spill *spill, struct bau_ids *in, uint32_t n, struct bau_pack *out,
                        struct bau_error *err)
{
    uint64_t least = UINT64_MAX, most = 0, n_present = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!((in->present[i / 64] >> (i % 64)) & 1u))
            continue;
        n_present++;
        least = in->id[i] < least ? in->id[i] : least;
        most = in->id[i] > most ? in->id[i] : most;
    }
    struct bau_pack pack = { .n = n, .nulls = n_present < n, .base = n_present ? least : 0 };
    pack.width = n_present ? bits_of(most - least) : 0;
    uint64_t *words = in->buffer;
    size_t n_words = ((size_t)n * pack.width + 63) / 64 + 1;
    if (pack.nulls) {
        memcpy(words, in->present, sizeof(in->present));
        words += BAU_PACK_WORDS;
    }
    memset(words, 0, n_words * sizeof(*words));
    for (uint32_t i = 0; i < n && pack.width; i++) {
        const bool here = (in->present[i / 64] >> (i % 64)) & 1u;
        const uint64_t v = here ? in->id[i] - least : 0;
        const size_t bit = (size_t)i * pack.width;
        words[bit / 64] |= v << (bit % 64);
        if (bit % 64 + pack.width > 64)
            words[bit / 64 + 1] |= v >> (64 - bit % 64);
    }
    if (pack.nulls)
        n_words += BAU_PACK_WORDS;
    BAU_TRY(bau_blob_put(spill, in->buffer, (uint32_t)(n_words * sizeof(*words)), &pack.blob, err));
    *out = pack;
    return BAU_OK;
}

static uint64_t word_at(const uint8_t *bytes, size_t i)
{
    uint64_t w;
    memcpy(&w, bytes + i * sizeof(w), sizeof(w));
    return w;
}

static uint64_t bits_at(const uint8_t *words, uint8_t width, uint32_t i)
{
    const size_t bit = (size_t)i * width;
    uint64_t v = word_at(words, bit / 64) >> (bit % 64);
    if (bit % 64 + width > 64)
        v |= word_at(words, bit / 64 + 1) << (64 - bit % 64);
    return width == 64 ? v : v & (((uint64_t)1 << width) - 1);
}

/* All values. Up to 56 bits lie within the 8 bytes from the one they start in; a word follows the last value. */
static void unpack(const uint8_t *words, const struct bau_pack *pack, uint64_t *out)
{
    const uint32_t n = pack->n, width = pack->width;
    const uint64_t base = pack->base, mask = ((uint64_t)1 << (width % 64)) - 1;
    for (uint32_t i = 0; i < n && width > 56; i++)
        out[i] = base + bits_at(words, pack->width, i);
    for (uint32_t i = 0; i < n && width <= 56; i++) {
        const size_t bit = (size_t)i * width;
        uint64_t v;
        memcpy(&v, words + bit / 8, sizeof(v));
        out[i] = base + ((v >> (bit % 8)) & mask);
    }
}

bau_status bau_pack_get(struct bau_spill *spill, const struct bau_pack *pack, struct bau_ids *out,
                        struct bau_error *err)
{
    const uint8_t *words;
    if (!pack->n) {
        memset(out->present, 0, sizeof(out->present));
        return BAU_OK;
    }
    BAU_TRY(bau_blob_get(spill, &pack->blob, (uint8_t *)out->buffer, &words, err));
    const uint32_t n = pack->n;
    if (pack->nulls) {
        memcpy(out->present, words, sizeof(out->present));
        words += sizeof(out->present);
    } else {
        memset(out->present, 0, sizeof(out->present));
        memset(out->present, 0xFF, n / 64 * 8);
        if (n % 64)
            out->present[n / 64] = ((uint64_t)1 << (n % 64)) - 1;
    }
    unpack(words, pack, out->id);
    for (uint32_t i = 0; pack->nulls && i < n; i++)
        if (!((out->present[i / 64] >> (i % 64)) & 1u))
            out->id[i] = 0;
    return BAU_OK;
}

bool bau_pack_at(const struct bau_pack *pack, uint32_t i, uint64_t *out_id)
{
    const uint8_t *words = pack->blob.data;
    if (pack->nulls) {
        if (!((word_at(words, i / 64) >> (i % 64)) & 1u))
            return false;
        words += (size_t)BAU_PACK_WORDS * 8;
    }
    *out_id = pack->width ? pack->base + bits_at(words, pack->width, i) : pack->base;
    return true;
}
