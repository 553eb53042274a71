/* Finds and opens archives: heads of all of them, one with all it holds, one chunk. */
#include <stdlib.h>
#include <string.h>

#include "src/archive/archive.h"

#define MANIFEST_MOST (UINT64_C(8) << 30) /* bytes */

bau_status bau_archive_keys_of(const uint8_t master[32], bool stable, struct bau_archive_keys *out,
                               struct bau_error *err)
{
    out->stable = stable;
    BAU_TRY(bau_derive(master, "bauta archive signature 1", out->sign, err));
    BAU_TRY(bau_derive(master, "bauta archive index 1", out->index, err));
    return bau_derive(master, "bauta archive chunk id 1", out->chunk_id, err);
}

const struct bau_frames *bau_frames_find(const char *format)
{
    for (size_t i = 0; i < bau_n_connectors; i++)
        for (const struct bau_frames *const *f = bau_connectors[i]->frames; f && *f; f++)
            if (strcmp((*f)->format, format) == 0)
                return *f;
    return NULL;
}

/* ── heads ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct gathering {
    struct bau_archive_heads *heads;
    uint32_t room;
};

/* "archives/NAME/manifest" → NAME; NULL: something else. */
static char *name_of(const char *object, struct bau_arena *arena)
{
    const size_t n = strlen(object), before = sizeof BAU_ARCHIVES - 1, behind = sizeof BAU_MANIFEST - 1;
    if (n <= before + behind || strcmp(object + n - behind, BAU_MANIFEST) != 0)
        return NULL;
    return memchr(object + before, '/', n - before - behind)
               ? NULL
               : bau_arena_textn(arena, object + before, n - before - behind);
}

static bau_status gather(void *self, const struct bau_object *object, struct bau_error *err)
{
    struct gathering *g = self;
    char *name = name_of(object->name, g->heads->arena);
    if (!name)
        return BAU_OK;
    if (g->heads->n == g->room) {
        g->room = g->room ? g->room * 2 : 16;
        struct bau_archive_head *at = bau_realloc(g->heads->at, g->room * sizeof *at);
        if (!at)
            return bau_error_set(err, BAU_E_NOMEM, "list of archives");
        g->heads->at = at;
    }
    g->heads->at[g->heads->n++] = (struct bau_archive_head){ .name = name,
                                                             .manifest_bytes = object->size,
                                                             .modified_sec = object->modified_sec };
    return BAU_OK;
}

static bau_status manifest_bytes(struct bau_place *place, const char *name, struct bau_arena *arena,
                                 struct bau_slice *out, struct bau_error *err)
{
    char *object = bau_arena_printf(arena, BAU_ARCHIVES "%s" BAU_MANIFEST, name);
    return object ? bau_place_whole(place, object, MANIFEST_MOST, arena, out, err)
                  : bau_error_set(err, BAU_E_NOMEM, "manifest");
}

static bau_status read_head(struct bau_place *place, const char *name, struct bau_arena *arena,
                            struct bau_slice *out_bytes, struct bau_manifest **out, struct bau_error *err)
{
    struct bau_manifest *m = NULL;
    BAU_TRY(manifest_bytes(place, name, arena, out_bytes, err));
    BAU_TRY(bau_manifest_head(out_bytes->data, out_bytes->len, &m, err));
    if (strcmp(m->name, name) != 0) {
        bau_manifest_free(m);
        return bau_error_set(err, BAU_E_INTEGRITY, "the manifest is that of another archive");
    }
    *out = m;
    return BAU_OK;
}

bau_status bau_archive_heads(struct bau_place *place, struct bau_archive_heads *out, struct bau_error *err)
{
    *out = (struct bau_archive_heads){ .arena = bau_arena_new(1u << 14, BAU_ARENA_PLAIN) };
    struct gathering g = { .heads = out };
    if (!out->arena)
        return bau_error_set(err, BAU_E_NOMEM, "list of archives");
    BAU_TRY(place->kind->list(place->at, BAU_ARCHIVES, gather, &g, err));
    for (uint32_t i = 0; i < out->n; i++) {
        struct bau_error why;
        struct bau_slice bytes;
        struct bau_arena *scratch = bau_arena_new(1u << 14, BAU_ARENA_PLAIN);
        if (!scratch)
            return bau_error_set(err, BAU_E_NOMEM, "list of archives");
        const bau_status status =
            read_head(place, out->at[i].name, scratch, &bytes, &out->at[i].manifest, &why);
        bau_arena_free(scratch);
        if (status != BAU_OK && status != BAU_E_INTEGRITY) {
            *err = why;
            return status;
        }
        if (status != BAU_OK)
            out->at[i].why = bau_arena_text(out->arena, why.text);
    }
    return BAU_OK;
}

void bau_archive_heads_release(struct bau_archive_heads *heads)
{
    for (uint32_t i = 0; i < heads->n; i++)
        bau_manifest_free(heads->at[i].manifest);
    bau_free(heads->at);
    bau_arena_free(heads->arena);
    *heads = (struct bau_archive_heads){ 0 };
}

/* ── one archive ─────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_archive_latest(struct bau_place *place, struct bau_arena *arena, const char **out,
                              struct bau_error *err)
{
    struct bau_archive_heads heads = { .arena = arena };
    struct gathering g = { .heads = &heads };
    const bau_status status = place->kind->list(place->at, BAU_ARCHIVES, gather, &g, err);
    *out = status == BAU_OK && heads.n ? heads.at[heads.n - 1].name : NULL;
    bau_free(heads.at);
    return status;
}

static bau_status open_it(struct bau_archive *a, const char *name, const uint8_t *signer,
                          struct bau_arena *arena, struct bau_error *err)
{
    struct bau_slice bytes;
    if (!name)
        BAU_TRY(bau_archive_latest(&a->place, arena, &name, err));
    if (!name)
        return bau_error_set(err, BAU_E_SOURCE, "there is no archive there");
    for (const char *c = name; *c; c++)
        if (*c == '/' || strlen(name) > BAU_ARCHIVE_NAME_MOST)
            return bau_error_set(err, BAU_E_USAGE, "'%.80s' is no name of an archive", name);
    bau_status status = read_head(&a->place, name, arena, &bytes, &a->manifest, err);
    if (status == BAU_OK && signer && memcmp(signer, a->manifest->signer, 32) != 0)
        status = bau_error_set(err, BAU_E_INTEGRITY,
                               "the manifest is signed by another key than the one expected");
    if (status == BAU_OK)
        status = bau_manifest_body(a->manifest, bytes.data, bytes.len, a->opener, err);
    if (status != BAU_OK)
        bau_error_note(err, "archive %s", name);
    return status;
}

bau_status bau_archive_open(const struct bau_place_with *with, const char *name, const uint8_t *signer,
                            struct bau_opener *opener, struct bau_archive **out, struct bau_error *err)
{
    struct bau_archive *a = bau_alloc(sizeof *a);
    struct bau_arena *arena = bau_arena_new(1u << 14, BAU_ARENA_PLAIN);
    if (!a || !arena) {
        bau_arena_free(arena);
        bau_free(a);
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    }
    a->opener = opener;
    bau_status status = bau_place_open(with, &a->place, err);
    if (status == BAU_OK)
        status = open_it(a, name, signer, arena, err);
    bau_arena_free(arena);
    if (status != BAU_OK) {
        bau_archive_close(a);
        return status;
    }
    *out = a;
    return BAU_OK;
}

void bau_archive_close(struct bau_archive *archive)
{
    if (!archive)
        return;
    bau_manifest_free(archive->manifest);
    bau_place_close(&archive->place);
    bau_free(archive);
}

/* ── one chunk ───────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status bau_archive_chunk(struct bau_archive *a, uint64_t i, uint8_t *stored, struct bau_packer *packer,
                             struct bau_arena *arena, uint8_t **out, struct bau_error *err)
{
    const struct bau_chunk_at *c = &a->manifest->chunks[i];
    const struct bau_pack *pack = &a->manifest->packs[c->pack];
    const struct bau_origin *origin = &a->manifest->origins[pack->origin];
    uint8_t sum[BAU_SUM_BYTES], nonce[BAU_NONCE_BYTES], aad[40];
    size_t n = c->stored;
    BAU_TRY(bau_sum(stored, n, sum, err));
    if (!bau_bytes_same(sum, c->sum, sizeof sum))
        return bau_error_set(err, BAU_E_INTEGRITY, "its bytes are not those that were written (SHA-256)");
    if (a->manifest->sealed) {
        bau_chunk_seal_of(origin->id, pack->number, c->index, nonce, aad);
        BAU_TRY(bau_gcm_open(origin->key, nonce, aad, sizeof aad, stored, n, stored, err));
        n -= BAU_TAG_BYTES;
    }
    uint8_t *payload = bau_arena_buffer(arena, (size_t)c->raw);
    if (!payload)
        return bau_error_set(err, BAU_E_NOMEM, "chunk");
    BAU_TRY(bau_chunk_expand(packer, stored, n, payload, (size_t)c->raw, err));
    *out = payload;
    return BAU_OK;
}
