/* The archive as a target: begins it, takes stores in, writes index and manifest at the last store's switch.
 *
 * Before that the place holds packs and a mark, "writing/<id>", that keeps `prune` from taking them for debris; after a
 * failure both are removed, after a kill `prune` does it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/archive/bytes.h"
#include "src/archive/write.h"

/* ── beginning ───────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Who the recipients are, told apart but not told. */
static bau_status make_print(struct bau_archive_writer *w, struct bau_error *err)
{
    BAU_AUTO_TEXT all = { 0 };
    const struct bau_archive_create *with = &w->with;
    for (uint32_t i = 0; i < with->locks->n; i++) {
        const struct bau_lock *lock = &with->locks->at[i];
        const bool said = lock->kind == BAU_WRAP_PASSPHRASE;
        const uint8_t kind[4] = { (uint8_t)lock->kind };
        bau_text_addn(&all, kind, sizeof kind);
        bau_text_addn(&all, said ? (const void *)bau_secret_text(with->passphrase) : lock->key,
                      said ? bau_secret_len(with->passphrase) : sizeof lock->key);
    }
    const bau_status status =
        all.failed ? bau_error_set(err, BAU_E_NOMEM, "archive")
                   : bau_mac(with->keys.index, all.data ? all.data : "", all.len, w->print, err);
    if (all.data)
        bau_wipe(all.data, all.len);
    return status;
}

static bau_status read_index(struct bau_archive_writer *w, const struct bau_archive_head *head,
                             struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(1u << 14, BAU_ARENA_PLAIN);
    struct bau_slice bytes;
    char *name = arena ? bau_arena_printf(arena, BAU_ARCHIVES "%s/index", head->name) : NULL;
    bau_status status =
        name ? bau_place_whole(&w->place, name, head->manifest->index_bytes, arena, &bytes, err)
             : bau_error_set(err, BAU_E_NOMEM, "index of chunks");
    if (status == BAU_OK)
        status = bau_index_read(bytes.data, bytes.len, w->with.keys.index, head->manifest->id, w->print,
                                head->manifest->n_packs, &w->known, err);
    bau_arena_free(arena);
    if (status != BAU_OK)
        bau_known_release(&w->known);
    return status;
}

/* The newest archive of the same key and recipients. That there is none is no failure. */
static bau_status find_base(struct bau_archive_writer *w, struct bau_error *err)
{
    struct bau_archive_heads heads;
    uint8_t signer[32];
    if (w->with.full || !w->with.keys.stable)
        return BAU_OK;
    BAU_TRY(bau_sign_public(w->sign, signer, err));
    bau_status status = bau_archive_heads(&w->place, &heads, err);
    for (uint32_t i = status == BAU_OK ? heads.n : 0; i-- > 0 && !w->base;) {
        struct bau_archive_head *head = &heads.at[i];
        struct bau_error why;
        if (!head->manifest || memcmp(head->manifest->signer, signer, 32) != 0 ||
            head->manifest->sealed != w->m->sealed || read_index(w, head, &why) != BAU_OK)
            continue;
        w->base = bau_arena_text(w->arena, head->name);
        w->base_manifest = head->manifest;
        head->manifest = NULL;
        w->base_packs =
            bau_arena_take(w->arena, ((size_t)w->base_manifest->n_packs + 1) * sizeof *w->base_packs);
        if (!w->base || !w->base_packs)
            status = bau_error_set(err, BAU_E_NOMEM, "archive");
        else
            memset(w->base_packs, 0xFF, (size_t)w->base_manifest->n_packs * sizeof *w->base_packs);
    }
    bau_archive_heads_release(&heads);
    return status;
}

/* The passphrase's salt is taken over from the base, so that a reader runs scrypt once for all its keys. */
static bau_status wrap_key(struct bau_archive_writer *w, json_t **out, struct bau_error *err)
{
    struct bau_locks locks = *w->with.locks;
    uint8_t salt[16];
    if (w->base && w->with.passphrase && bau_wraps_salt(w->base_manifest->origins[0].wraps, salt))
        BAU_TRY(bau_lock_passphrase(w->with.passphrase, salt, &locks.at[0], err));
    const bau_status status = bau_wrap(&locks, w->m->id, w->key, out, err);
    bau_wipe(&locks, sizeof locks);
    return status;
}

static bau_status make_keys(struct bau_archive_writer *w, struct bau_error *err)
{
    uint8_t seed[32];
    BAU_TRY(bau_random(w->m->id, sizeof w->m->id, err));
    bau_hex(w->m->id, sizeof w->m->id, w->id_text);
    BAU_TRY(bau_random(w->key, sizeof w->key, err));
    BAU_TRY(bau_derive(w->key, "bauta chunks 1", w->chunk_key, err));
    if (!w->with.keys.stable) {
        BAU_TRY(bau_random(w->with.keys.sign, 32, err));
        BAU_TRY(bau_random(w->with.keys.index, 32, err));
        BAU_TRY(bau_random(w->with.keys.chunk_id, 32, err));
    }
    memcpy(w->sign, w->with.keys.sign, sizeof w->sign);
    BAU_TRY(bau_derive(w->with.keys.chunk_id, "bauta cut 1", seed, err));
    w->cut_seed = bau_get64(seed);
    return make_print(w, err);
}

static bau_status begin(struct bau_archive_writer *w, struct bau_error *err)
{
    char created[24], stamp[24], mark[64];
    json_t *wraps = NULL;
    uint32_t first;
    int64_t now;
    w->m->sealed = w->with.locks->n > 0;
    BAU_TRY(make_keys(w, err));
    const struct bau_place_with with = { w->with.uri, true, w->with.threads, w->with.stopped, w->with.self };
    BAU_TRY(bau_place_open(&with, &w->place, err));
    BAU_TRY(bau_archive_time(&w->place, (int64_t)time(NULL), &now, err));
    BAU_TRY(bau_time_text(now, BAU_TIME_SAID, created, err));
    BAU_TRY(bau_time_text(now, BAU_TIME_NAME, stamp, err));
    w->m->created = bau_arena_text(w->arena, created);
    w->m->name = bau_arena_printf(w->arena, "%s-%.16s", stamp, w->with.run_id);
    w->m->stores = bau_arena_zero(w->arena, ((size_t)w->with.n_stores + 1) * sizeof *w->m->stores);
    if (!w->m->created || !w->m->name || !w->m->stores)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    BAU_TRY(find_base(w, err));
    if (w->m->sealed)
        BAU_TRY(wrap_key(w, &wraps, err));
    (void)snprintf(mark, sizeof mark, "writing/%s", w->id_text);
    bau_status status =
        bau_place_put(&w->place, mark, w->base ? w->base : "-", w->base ? strlen(w->base) : 1, err);
    w->marked = status == BAU_OK;
    if (status == BAU_OK) /* origin 0, without a pack yet */
        status = bau_writer_pack(w, w->m->id, UINT32_MAX, wraps, &first, err);
    json_decref(wraps);
    if (status == BAU_OK && w->with.expire_ms)
        w->origins[0].expires = now + (int64_t)(w->with.expire_ms / 1000);
    w->now = now;
    w->n_packs = 0;
    return status;
}

bau_status bau_archive_create(const struct bau_archive_create *with, struct bau_archive_writer **out,
                              struct bau_error *err)
{
    struct bau_archive_writer *w = bau_alloc(sizeof *w);
    if (!w)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    pthread_mutex_init(&w->lock, NULL);
    w->with = *with;
    w->all_kept = true;
    bau_status status = bau_manifest_new(&w->m, err);
    if (status == BAU_OK) {
        w->arena = w->m->arena;
        status = begin(w, err);
    }
    if (status != BAU_OK) {
        bau_archive_writer_free(w);
        return status;
    }
    *out = w;
    return BAU_OK;
}

/* ── packs of this archive and of those before it ────────────────────────────────────────────────────────────────── */

static bau_status origin_of(struct bau_archive_writer *w, const uint8_t id[16], json_t *wraps, uint32_t *out,
                            struct bau_error *err)
{
    for (uint32_t i = 0; i < w->n_origins; i++)
        if (memcmp(w->origins[i].id, id, 16) == 0) {
            *out = i;
            return BAU_OK;
        }
    if (w->n_origins == w->room_origins) {
        w->room_origins = w->room_origins ? w->room_origins * 2 : 8;
        struct bau_origin *at = bau_realloc(w->origins, w->room_origins * sizeof *at);
        if (!at)
            return bau_error_set(err, BAU_E_NOMEM, "archive");
        w->origins = at;
    }
    struct bau_origin *o = &w->origins[w->n_origins];
    *o = (struct bau_origin){ .wraps = json_incref(wraps) };
    memcpy(o->id, id, 16);
    *out = w->n_origins++;
    return BAU_OK;
}

bau_status bau_writer_pack(struct bau_archive_writer *w, const uint8_t id[16], uint32_t number, json_t *wraps,
                           uint32_t *out, struct bau_error *err)
{
    uint32_t origin = 0;
    BAU_TRY(origin_of(w, id, wraps, &origin, err));
    if (w->n_packs == w->room_packs) {
        w->room_packs = w->room_packs ? w->room_packs * 2 : 64;
        struct bau_pack *at = bau_realloc(w->packs, w->room_packs * sizeof *at);
        if (!at)
            return bau_error_set(err, BAU_E_NOMEM, "archive");
        w->packs = at;
    }
    w->packs[w->n_packs] = (struct bau_pack){ origin, number };
    *out = w->n_packs++;
    return BAU_OK;
}

bau_status bau_writer_find(struct bau_archive_writer *w, const uint8_t id[BAU_SUM_BYTES], bool *out_there,
                           struct bau_chunk_at *out, struct bau_error *err)
{
    const struct bau_known_chunk *known = bau_known_find(&w->known, id);
    *out_there = known != NULL;
    if (!known)
        return BAU_OK;
    *out = known->at;
    if (known->own)
        return BAU_OK;
    const struct bau_pack *pack = &w->base_manifest->packs[known->at.pack];
    const struct bau_origin *origin = &w->base_manifest->origins[pack->origin];
    uint32_t *here = &w->base_packs[known->at.pack];
    if (origin->expires && origin->expires <= w->now) { /* nothing keeps its key any longer */
        *out_there = false;
        return BAU_OK;
    }
    if (*here == UINT32_MAX) {
        BAU_TRY(bau_writer_pack(w, origin->id, pack->number, origin->wraps, here, err));
        w->origins[w->packs[*here].origin].expires = origin->expires;
    }
    out->pack = *here;
    return bau_known_add(&w->known, id, out, true, err);
}

/* ── a store ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status side_open(const struct bau_open *with, struct bau_side **out, struct bau_error *err)
{
    const struct bau_archive_to *to = with->config;
    struct bau_side *side = bau_alloc(sizeof *side);
    if (!side)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    side->to = to;
    side->with = *with;
    *out = side;
    return BAU_OK;
}

static void side_close(struct bau_side *side)
{
    bau_free(side);
}

/* The same for every archive of a store: keys that differ per target must not differ per night. */
static bau_status side_identity(struct bau_side *side, struct bau_arena *arena, const char **out,
                                struct bau_error *err)
{
    *out = bau_arena_printf(arena, "archive:%s", side->with.store);
    return *out ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "archive");
}

static bau_status target_facts(struct bau_side *side, const char *source_identity,
                               struct bau_target_facts *out, struct bau_error *err)
{
    (void)side;
    (void)source_identity;
    (void)err;
    *out = (struct bau_target_facts){ .empty = true };
    (void)snprintf(out->text, sizeof out->text, "A new archive will be written.");
    return BAU_OK;
}

static bau_status target_prepare(struct bau_side *side, const char *source_identity, struct bau_error *err)
{
    (void)source_identity;
    side->w = side->to->writer; /* made once the plans were there */
    return side->w ? BAU_OK : bau_error_set(err, BAU_E_BUG, "no archive was begun");
}

/* What the source's catalog says of rows is an estimate; who restores sees what there is. */
static bau_status keep_catalog(struct bau_archive_writer *w, struct bau_stored_store *s,
                               const struct bau_catalog *catalog, struct bau_error *err)
{
    json_t *json = bau_catalog_json(catalog);
    const bau_status status = json ? bau_catalog_parse(json, &s->catalog, err)
                                   : bau_error_set(err, BAU_E_SOURCE, "a name in the catalog is no UTF-8");
    json_decref(json);
    (void)w;
    return status;
}

static bau_status target_begin(struct bau_side *side, const struct bau_target_plan *plan,
                               struct bau_error *err)
{
    struct bau_archive_writer *w = side->w;
    char taken[24];
    uint32_t at = 0;
    while (at < w->m->n_stores && strcmp(w->m->stores[at].name, side->with.store) != 0)
        at++;
    if (at == w->m->n_stores)
        return bau_error_set(err, BAU_E_BUG, "store %s has no plan", side->with.store);
    struct bau_stored_store *s = &w->m->stores[at];
    BAU_TRY(bau_time_text((int64_t)time(NULL), BAU_TIME_SAID, taken, err));
    s->taken = bau_arena_text(w->arena, taken);
    uint8_t *schema = bau_arena_take(w->arena, plan->schema.len + 1);
    if (!s->taken || !schema)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    if (plan->schema.len)
        memcpy(schema, plan->schema.data, plan->schema.len);
    s->schema = (struct bau_slice){ schema, plan->schema.len };
    BAU_TRY(keep_catalog(w, s, plan->catalog, err));
    side->store = at;
    side->begun = true;
    return BAU_OK;
}

bau_status bau_archive_plan(struct bau_archive_writer *w, const char *store, const char *digest,
                            bool all_kept, struct bau_error *err)
{
    if (w->m->n_stores == w->with.n_stores)
        return bau_error_set(err, BAU_E_BUG, "more stores than were told");
    struct bau_stored_store *s = &w->m->stores[w->m->n_stores];
    s->name = bau_arena_text(w->arena, store);
    s->plan = bau_arena_text(w->arena, digest);
    s->identity = bau_arena_printf(w->arena, "archive:%s:%s", w->id_text, store);
    if (!s->name || !s->plan || !s->identity)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    w->m->n_stores++;
    w->all_kept = w->all_kept && all_kept;
    return BAU_OK;
}

/* ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status put_idle(struct bau_archive_writer *w, struct bau_error *err)
{
    for (struct bau_open_pack *p = w->idle; p; p = p->next)
        if (p->begun && p->bytes.len > BAU_PACK_HEAD)
            BAU_TRY(bau_open_pack_put(w, p, err));
    return BAU_OK;
}

static bau_status target_finish(struct bau_side *side, const struct bau_target_plan *plan,
                                struct bau_error *err)
{
    (void)plan;
    return put_idle(side->w, err);
}

static int by_place(const void *a, const void *b)
{
    const struct bau_stored_part *x = &((const struct bau_grown_part *)a)->part,
                                 *y = &((const struct bau_grown_part *)b)->part;
    if (x->store != y->store)
        return x->store < y->store ? -1 : 1;
    if (x->dataset != y->dataset)
        return x->dataset < y->dataset ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static bau_status collect(struct bau_archive_writer *w, struct bau_error *err)
{
    struct bau_manifest *m = w->m;
    uint64_t n = 0, first = 0;
    for (uint32_t i = 0; i < w->n_parts; i++)
        n += w->parts[i].n_chunks;
    m->chunks = bau_arena_take(m->arena, ((size_t)n + 1) * sizeof *m->chunks);
    m->parts = bau_arena_take(m->arena, ((size_t)w->n_parts + 1) * sizeof *m->parts);
    if (!m->chunks || !m->parts)
        return bau_error_set(err, BAU_E_NOMEM, "manifest");
    if (w->n_parts)
        qsort(w->parts, w->n_parts, sizeof *w->parts, by_place);
    for (uint32_t i = 0; i < w->n_parts; i++) {
        struct bau_grown_part *p = &w->parts[i];
        if (p->n_chunks)
            memcpy(m->chunks + first, p->chunks, (size_t)p->n_chunks * sizeof *m->chunks);
        p->part.first_chunk = first;
        p->part.group_rows = p->group_rows;
        m->parts[i] = p->part;
        first += p->n_chunks;
    }
    m->n_chunks = n;
    m->n_parts = w->n_parts;
    m->n_packs = w->n_packs;
    m->packs = w->packs;
    m->n_origins = w->n_origins;
    m->origins = w->origins;
    m->rows = w->rows;
    m->bytes = w->bytes;
    m->all_kept = w->all_kept;
    return BAU_OK;
}

/* Packs that were begun and never put hold nothing; the manifest names those only that it uses. */
static bau_status drop_unused(struct bau_archive_writer *w, struct bau_error *err)
{
    struct bau_manifest *m = w->m;
    uint32_t *to = bau_alloc_array((size_t)m->n_packs + 1, sizeof *to), n = 0;
    if (!to)
        return bau_error_set(err, BAU_E_NOMEM, "manifest");
    for (uint64_t i = 0; i < m->n_chunks; i++)
        to[m->chunks[i].pack] = 1;
    for (uint32_t i = 0; i < m->n_packs; i++)
        if (to[i]) {
            m->packs[n] = m->packs[i];
            to[i] = n++;
        }
    for (uint64_t i = 0; i < m->n_chunks; i++)
        m->chunks[i].pack = to[m->chunks[i].pack];
    for (uint64_t i = 0; i < w->known.room; i++)
        if (w->known.at[i].used && w->known.at[i].own)
            w->known.at[i].at.pack = to[w->known.at[i].at.pack];
    m->n_packs = n;
    bau_free(to);
    return BAU_OK;
}

static bau_status put_index(struct bau_archive_writer *w, struct bau_error *err)
{
    BAU_AUTO_TEXT bytes = { 0 };
    char name[128];
    BAU_TRY(bau_index_write(&w->known, w->with.keys.index, w->m->id, w->print, &bytes, err));
    (void)snprintf(name, sizeof name, BAU_ARCHIVES "%s/index", w->m->name);
    BAU_TRY(bau_place_put(&w->place, name, bytes.data, bytes.len, err));
    w->m->index_bytes = bytes.len;
    w->m->own_bytes += bytes.len;
    w->objects++;
    return bau_sum(bytes.data, bytes.len, w->m->index_sum, err);
}

static void remove_mark(struct bau_archive_writer *w)
{
    char mark[64];
    struct bau_error err;
    (void)snprintf(mark, sizeof mark, "writing/%s", w->id_text);
    if (w->marked && w->place.kind->remove(w->place.at, mark, &err) == BAU_OK)
        w->marked = false;
}

static bau_status put_manifest(struct bau_archive_writer *w, struct bau_error *err)
{
    BAU_AUTO_TEXT bytes = { 0 };
    char name[128];
    BAU_TRY(collect(w, err));
    BAU_TRY(drop_unused(w, err));
    BAU_TRY(put_index(w, err));
    BAU_TRY(bau_manifest_write(w->m, w->key, w->sign, &bytes, err));
    (void)snprintf(name, sizeof name, BAU_ARCHIVES "%s" BAU_MANIFEST, w->m->name);
    BAU_TRY(bau_place_put(&w->place, name, bytes.data, bytes.len, err));
    w->written = true;
    w->objects++;
    w->stored_bytes += bytes.len + w->m->index_bytes;
    remove_mark(w);
    return BAU_OK;
}

static bau_status target_switch(struct bau_side *side, struct bau_error *err)
{
    struct bau_archive_writer *w = side->w;
    if (!side->begun)
        return bau_error_set(err, BAU_E_BUG, "switch before begin");
    return ++w->n_switched < w->with.n_stores ? BAU_OK : put_manifest(w, err);
}

static void target_abandon(struct bau_side *side)
{
    side->begun = false; /* what was written goes with the writer */
}

void bau_archive_written(const struct bau_archive_writer *w, struct bau_archive_written *out)
{
    *out = (struct bau_archive_written){ .name = w->m->name,
                                         .base = w->base,
                                         .chunks = w->chunks,
                                         .chunks_again = w->chunks_again,
                                         .stored_bytes = w->stored_bytes,
                                         .again_bytes = w->again_bytes,
                                         .objects = w->objects };
}

/* Best effort: what stays is debris, which prune finds. */
static void remove_packs(struct bau_archive_writer *w)
{
    struct bau_error err;
    char name[128];
    w->place.kind->close(w->place.at); /* a run that was stopped may still tidy up */
    w->place.at = NULL;
    const struct bau_place_with with = { w->with.uri, true, 1, NULL, NULL };
    bau_arena_free(w->place.arena);
    w->place = (struct bau_place){ 0 };
    if (bau_place_open(&with, &w->place, &err) != BAU_OK)
        return;
    const uint32_t n = atomic_load(&w->next_pack);
    for (uint32_t i = 0; i < n; i++) {
        bau_pack_name(w->m->id, i, name);
        if (w->place.kind->remove(w->place.at, name, &err) != BAU_OK)
            return;
    }
    (void)snprintf(name, sizeof name, BAU_ARCHIVES "%s/index", w->m->name);
    if (w->place.kind->remove(w->place.at, name, &err) == BAU_OK)
        remove_mark(w);
}

void bau_archive_writer_free(struct bau_archive_writer *w)
{
    if (!w)
        return;
    if (w->place.kind && w->marked && !w->written)
        remove_packs(w);
    bau_place_close(&w->place);
    for (struct bau_open_pack *p = w->idle, *next; p; p = next) {
        next = p->next;
        bau_text_release(&p->bytes);
        bau_free(p);
    }
    for (uint32_t i = 0; i < w->n_parts; i++) {
        bau_free(w->parts[i].group_rows);
        bau_free(w->parts[i].chunks);
    }
    for (uint32_t i = 0; i < w->n_origins; i++)
        json_decref(w->origins[i].wraps);
    if (w->m)
        w->m->n_origins = 0; /* they are ours */
    bau_manifest_free(w->m);
    bau_manifest_free(w->base_manifest);
    bau_known_release(&w->known);
    bau_free(w->origins);
    bau_free(w->packs);
    bau_free(w->parts);
    pthread_mutex_destroy(&w->lock);
    bau_wipe(w, sizeof *w);
    bau_free(w);
}

const struct bau_connector bau_archive_target = {
    .name = "archive",
    .schemes = "",
    .summary = "A masked snapshot as objects.",
    .caps = BAU_CAN_WRITE,
    .config_bytes = sizeof(struct bau_archive_to),
    .open = side_open,
    .close = side_close,
    .identity = side_identity,
    .link_open = bau_archive_link_open,
    .link_close = bau_archive_link_close,
    .link_interrupt = bau_archive_link_interrupt,
    .target_facts = target_facts,
    .target_prepare = target_prepare,
    .target_begin = target_begin,
    .write_open = bau_archive_write_open,
    .write_next = bau_archive_write_next,
    .write_commit = bau_archive_write_commit,
    .write_close = bau_archive_write_close,
    .target_finish = target_finish,
    .target_switch = target_switch,
    .target_abandon = target_abandon,
};
