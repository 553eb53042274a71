/* mask_bytes MASKER: standard input as one value of bytes through a masker without options, to standard output. For tests
 * that look at files with other programs; `bauta try` works on lines. Exit code 1: the value was refused. */
#include <stdio.h>
#include <string.h>

#include "src/core/mask_key.h"

enum { INPUT_MOST = 16 << 20 };

static bau_status mask(const struct bau_masker *m, struct bau_arena *arena, struct bau_column *in,
                       struct bau_column *out, struct bau_error *err)
{
    static const uint8_t master[32] = { 1, 2, 3 };
    struct bau_mask_key *key;
    void *config = bau_arena_zero(arena, m->config_bytes + 1),
         *scratch = bau_arena_zero(arena, m->scratch_bytes + 1);
    struct bau_mask_ctx ctx = { .arena = arena, .scratch = scratch };
    if (!config || !scratch)
        return bau_error_set(err, BAU_E_NOMEM, "masker");
    BAU_TRY(bau_mask_key_new(master, "", "test", m->name, m->canon, arena, &key, err));
    const struct bau_mask_bind with = {
        .masker = m->name, .domain = "test", .type = BAU_BYTES, .key = key, .arena = arena
    };
    bau_status status = m->options ? bau_options_default(m->options, config, arena, err) : BAU_OK;
    if (status == BAU_OK && m->bind)
        status = m->bind(config, &with, err);
    if (status == BAU_OK)
        status = m->apply(config, &ctx, in, out, err);
    if (m->unbind)
        m->unbind(config);
    bau_mask_key_release(key);
    return status;
}

int main(int argc, char **argv)
{
    const struct bau_masker *m = argc == 2 ? bau_masker_find(argv[1]) : NULL;
    struct bau_arena *arena = bau_arena_new(1 << 16, 0);
    uint8_t *data = arena ? bau_arena_buffer(arena, INPUT_MOST) : NULL;
    uint32_t offsets[2] = { 0, 0 };
    struct bau_error err = { 0 };
    struct bau_column out;
    int code = 2;
    if (m && data) {
        offsets[1] = (uint32_t)fread(data, 1, INPUT_MOST, stdin);
        struct bau_column in = {
            .form = BAU_FORM_TYPED, .type = BAU_BYTES, .n_values = 1, .offsets = offsets, .data = data
        };
        code = mask(m, arena, &in, &out, &err) == BAU_OK ? 0 : 1;
        if (code == 0) {
            const struct bau_slice v = bau_column_value(&out, 0);
            code = fwrite(v.data, 1, v.len, stdout) == v.len ? 0 : 2;
        } else {
            fprintf(stderr, "%s\n", err.text);
        }
    }
    bau_arena_free(arena);
    return code;
}
