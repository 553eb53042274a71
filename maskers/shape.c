/* Tokens in the shape of what they replace, for whole columns at a time. */
#include "maskers/shape.h"

enum { CHUNK = 64, BLOCK = 16, MESSAGE = BLOCK + 4 };

bau_status bau_shape_key(struct bau_prf *prf, const struct bau_mask_key *key, const char *label,
                         struct bau_error *err)
{
    uint8_t subkey[32];
    BAU_TRY(bau_mask_subkey(key, label, subkey, err));
    const bool made = bau_prf_init(prf, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "AES");
}

static bool is_hex(uint8_t c)
{
    const uint8_t low = c | 0x20;
    return bau_is_digit(c) || (low >= 'a' && low <= 'f');
}

static uint8_t hex_like(uint8_t c, uint8_t random, bool upper)
{
    return is_hex(c) ? (uint8_t)(upper ? "0123456789ABCDEF" : "0123456789abcdef")[random & 15] : c;
}

static uint8_t char_like(uint8_t c, uint8_t random)
{
    if (bau_is_digit(c))
        return (uint8_t)('0' + (random * 10 >> 8));
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)('A' + (random * 26 >> 8));
    if ((c >= 'a' && c <= 'z') || c >= 0x80)
        return (uint8_t)('a' + (random * 26 >> 8));
    return c;
}

/* Writes characters from .. to of a piece with one block of its stream. `escape`: bytes left of a "%41". */
static void write_block(uint8_t *p, const struct bau_piece *piece, bool upper, uint32_t from,
                        const uint8_t block[BLOCK], uint32_t *escape)
{
    const uint32_t to = piece->len - from < BLOCK ? piece->len : from + BLOCK;
    for (uint32_t i = from; i < to; i++) {
        const uint8_t random = block[i - from];
        if (piece->hex) {
            p[i] = hex_like(p[i], random, upper);
            continue;
        }
        if (p[i] == '%' && i + 2 < piece->len && is_hex(p[i + 1]) && is_hex(p[i + 2]))
            *escape = 3;
        p[i] = char_like(*escape ? 'a' : p[i], random);
        *escape -= *escape > 0;
    }
}

static void write_piece(const struct bau_prf *prf, uint8_t *p, const struct bau_piece *piece,
                        const uint8_t digest[BLOCK])
{
    uint8_t message[CHUNK][MESSAGE], block[CHUNK][BLOCK];
    uint32_t offsets[CHUNK + 1], escape = 0;
    bool upper = false;
    for (uint32_t i = 0; i < piece->len; i++)
        upper = upper || (p[i] >= 'A' && p[i] <= 'F');
    write_block(p, piece, upper, 0, digest, &escape);
    const uint32_t blocks = (piece->len + BLOCK - 1) / BLOCK;
    for (uint32_t k = 1; k < blocks; k += CHUNK) {
        const uint32_t n = blocks - k < CHUNK ? blocks - k : CHUNK;
        for (uint32_t b = 0; b < n; b++) {
            memcpy(message[b], digest, BLOCK);
            for (unsigned i = 0; i < 4; i++)
                message[b][BLOCK + i] = (uint8_t)((k + b) >> (8 * i));
            offsets[b] = b * MESSAGE;
        }
        offsets[n] = n * MESSAGE;
        bau_prf_batch(prf, message[0], offsets, n, block[0]);
        for (uint32_t b = 0; b < n; b++)
            write_block(p, piece, upper, (k + b) * BLOCK, block[b], &escape);
    }
}

bau_status bau_shape_mask(const struct bau_prf *prf, uint8_t *data, const struct bau_piece *pieces,
                          uint32_t n, struct bau_arena *arena, struct bau_error *err)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += pieces[i].len;
    uint32_t *offsets = bau_arena_buffer(arena, ((size_t)n + 1) * sizeof *offsets);
    uint8_t *text = bau_arena_buffer(arena, bytes);
    uint8_t(*digest)[BLOCK] = bau_arena_buffer(arena, (size_t)n * BLOCK);
    if (!offsets || !text || !digest)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        offsets[i] = at;
        memcpy(text + at, data + pieces[i].at, pieces[i].len);
        at += pieces[i].len;
    }
    offsets[n] = at;
    bau_prf_batch(prf, text, offsets, n, digest[0]);
    for (uint32_t i = 0; i < n; i++)
        write_piece(prf, data + pieces[i].at, &pieces[i], digest[i]);
    return BAU_OK;
}
