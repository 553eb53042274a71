/* What an archive's reader takes from foreign hands: a manifest's head and body (its signature made good first, or nothing
 * would come through), the index of chunks, a chunk's payload, compressed or not. The first byte chooses. */
#include <stdlib.h>
#include <string.h>

#include "src/archive/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t seed[32] = { 1, 2, 3 };

/* The signature is over the bytes as they are: an attacker signs what he likes. */
static uint8_t *signed_copy(const uint8_t *data, size_t size)
{
    static const char label[24] = "bauta archive manifest 1";
    uint8_t *copy = bau_alloc(size + 1), message[24 + BAU_SUM_BYTES];
    struct bau_error err;
    if (!copy)
        abort();
    memcpy(copy, data, size);
    if (size >= 96) {
        memcpy(message, label, sizeof label);
        if (bau_sign_public(seed, copy + size - 96, &err) != BAU_OK ||
            bau_sum(copy, size - 64, message + sizeof label, &err) != BAU_OK ||
            bau_sign(seed, message, sizeof message, copy + size - 96, copy + size - 64, &err) != BAU_OK)
            abort();
    }
    return copy;
}

static void manifest(const uint8_t *data, size_t size)
{
    struct bau_manifest *m = NULL;
    struct bau_opener opener = { .has_key = true };
    struct bau_error err;
    uint8_t *copy = signed_copy(data, size);
    memset(opener.key, 0x5a, sizeof opener.key);
    if (bau_manifest_head(copy, size, &m, &err) == BAU_OK) {
        const bau_status status = bau_manifest_body(m, copy, size, &opener, &err);
        (void)status; /* any will do, but no crash */
    }
    bau_manifest_free(m);
    bau_free(copy);
}

static void index_of(const uint8_t *data, size_t size)
{
    static const uint8_t key[32], print[32];
    struct bau_known known = { 0 };
    struct bau_error err;
    const bau_status status =
        bau_index_read(data, size, key, size >= 24 ? data + 8 : print, print, 3, &known, &err);
    (void)status;
    bau_known_release(&known);
}

static void payload(const uint8_t *data, size_t size, bool squeezed)
{
    enum { MOST = 1 << 16 };
    struct bau_arena *arena = bau_arena_new(4096, 0);
    struct bau_values_run run;
    struct bau_packer *packer = NULL;
    struct bau_error err;
    if (size < 4)
        goto done;
    const uint32_t n = (uint32_t)data[0] | (uint32_t)data[1] << 8;
    uint8_t *copy = bau_arena_buffer(arena, MOST);
    size_t len = size - 2;
    if (squeezed) {
        len = (size_t)data[2] | (size_t)data[3] << 8;
        if (bau_packer_new(1, &packer, &err) != BAU_OK ||
            bau_chunk_expand(packer, data + 4, size - 4, copy, len, &err) != BAU_OK)
            goto done;
    } else if (len > MOST) {
        goto done;
    } else {
        memcpy(copy, data + 2, len);
    }
    if (bau_chunk_values(copy, len, n, arena, &run, &err) == BAU_OK)
        for (uint32_t i = 0; i < n; i++)
            if (run.at[i] > run.at[i + 1] || run.at[i + 1] > MOST)
                abort();
done:
    bau_packer_free(packer);
    bau_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0] % 4) {
    case 0: manifest(data + 1, size - 1); break;
    case 1: index_of(data + 1, size - 1); break;
    case 2: payload(data + 1, size - 1, false); break;
    default: payload(data + 1, size - 1, true); break;
    }
    return 0;
}
