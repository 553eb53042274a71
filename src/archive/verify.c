/* Reads all of an archive and believes none of it. */
#include <stdio.h>
#include <string.h>

#include "src/archive/archive.h"

static bau_status verify_index(struct bau_archive *a, struct bau_arena *arena, struct bau_error *err)
{
    const struct bau_manifest *m = a->manifest;
    struct bau_slice bytes;
    uint8_t sum[BAU_SUM_BYTES];
    char name[128];
    (void)snprintf(name, sizeof name, BAU_ARCHIVES "%s/index", m->name);
    BAU_TRY(bau_place_whole(&a->place, name, m->index_bytes, arena, &bytes, err));
    BAU_TRY(bau_sum(bytes.data, bytes.len, sum, err));
    return bytes.len == m->index_bytes && bau_bytes_same(sum, m->index_sum, sizeof sum)
               ? BAU_OK
               : bau_error_set(err, BAU_E_INTEGRITY, "object %s is not the one that was written (SHA-256)",
                               name);
}

static bau_status verify_packs(struct bau_archive *a, struct bau_verified *out, struct bau_error *err)
{
    const struct bau_manifest *m = a->manifest;
    for (uint32_t i = 0; i < m->n_packs; i++) {
        const uint8_t *id = m->origins[m->packs[i].origin].id;
        uint8_t want[BAU_PACK_HEAD], got[BAU_PACK_HEAD];
        char name[64];
        bau_pack_name(id, m->packs[i].number, name);
        bau_pack_head(id, m->packs[i].number, want);
        BAU_TRY(a->place.kind->get(a->place.at, name, 0, got, sizeof got, err));
        if (memcmp(want, got, sizeof got) != 0)
            return bau_error_set(err, BAU_E_INTEGRITY, "object %s does not begin as that pack does", name);
        out->objects++;
        out->bytes += sizeof got;
    }
    return BAU_OK;
}

static bau_status verify_chunk(struct bau_archive *a, uint64_t i, uint32_t n_rows, struct bau_packer *packer,
                               struct bau_arena *arena, struct bau_error *err)
{
    const struct bau_manifest *m = a->manifest;
    const struct bau_chunk_at *c = &m->chunks[i];
    struct bau_values_run run;
    uint8_t *payload = NULL;
    char name[64];
    bau_arena_reset(arena);
    uint8_t *stored = bau_arena_take(arena, (size_t)c->stored + 1);
    if (!stored)
        return bau_error_set(err, BAU_E_NOMEM, "chunk");
    bau_pack_name(m->origins[m->packs[c->pack].origin].id, m->packs[c->pack].number, name);
    BAU_TRY(a->place.kind->get(a->place.at, name, c->at, stored, c->stored, err));
    BAU_TRY_NOTE(bau_archive_chunk(a, i, stored, packer, arena, &payload, err), err,
                 "object %s, byte %" PRIu64, name, c->at);
    return bau_chunk_values(payload, (size_t)c->raw, n_rows, arena, &run, err);
}

static bau_status verify_part(struct bau_archive *a, const struct bau_stored_part *p,
                              struct bau_packer *packer, struct bau_arena *arena, struct bau_verified *out,
                              struct bau_error *err)
{
    const struct bau_dataset *d = &a->manifest->stores[p->store].catalog->datasets[p->dataset];
    for (uint32_t g = 0; g < p->n_groups; g++)
        for (uint32_t c = 0, f = 0; c < p->n_columns; c++, f++) {
            const uint64_t i = p->first_chunk + (uint64_t)g * p->n_columns + c;
            while (d->fields[f].generated)
                f++;
            BAU_TRY_NOTE(verify_chunk(a, i, p->group_rows[g], packer, arena, err), err,
                         "%s, column %s, group %" PRIu32, d->name, d->fields[f].name, g);
            out->chunks++;
            out->bytes += a->manifest->chunks[i].stored;
        }
    return BAU_OK;
}

bau_status bau_archive_verify(struct bau_archive *a, struct bau_verified *out, struct bau_error *err)
{
    struct bau_packer *packer = NULL;
    struct bau_arena *arena = bau_arena_new(1u << 20, BAU_ARENA_PRIVATE);
    *out = (struct bau_verified){ .objects = 2, .bytes = a->manifest->index_bytes };
    bau_status status = arena ? bau_packer_new(1, &packer, err) : bau_error_set(err, BAU_E_NOMEM, "verify");
    if (status == BAU_OK)
        status = verify_index(a, arena, err);
    if (status == BAU_OK)
        status = verify_packs(a, out, err);
    for (uint32_t i = 0; i < a->manifest->n_parts && status == BAU_OK; i++)
        status = verify_part(a, &a->manifest->parts[i], packer, arena, out, err);
    bau_packer_free(packer);
    bau_arena_free(arena);
    if (status != BAU_OK)
        bau_error_note(err, "archive %s", a->manifest->name);
    return status;
}
