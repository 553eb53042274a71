/* The source's catalog: the keys listed once and sorted under templates; datasets out of that. See redis.h. */
#include "rename.h"
#include "throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCAN_COUNT = 100, LOOSE_MOST = 50000, PART_KEYS = 20000, KEY_COST = 200 };

/* ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void remember(struct redis_set *set, struct bau_slice key, const struct redis_place *place)
{
    const uint32_t len = (uint32_t)key.len;
    bau_text_addn(&set->keys, &len, sizeof len);
    bau_text_addn(&set->keys, key.data, key.len);
    if (place)
        bau_text_addn(&set->keys, place, sizeof *place);
    set->extra = place ? sizeof *place : 0;
    set->n_keys++;
}

static bool own(struct bau_slice key)
{
    static const char *const names[] = { REDIS_MARK, REDIS_LOCK };
    for (size_t i = 0; i < BAU_COUNT(names); i++)
        if (key.len == strlen(names[i]) && memcmp(key.data, names[i], key.len) == 0)
            return true;
    return redis_is_staged(key);
}

struct listing {
    struct bau_side *side;
    const struct redis_trie *trie;
    struct redis_set loose; /* keys that no template matches: as many as are needed to find templates */
    uint64_t bytes;
};

static bau_status take_key(struct listing *l, struct bau_slice key, const struct redis_place *place,
                           struct bau_error *err)
{
    if (own(key))
        return BAU_OK;
    const uint32_t t = redis_trie_find(l->trie, key);
    struct redis_set *set = t == UINT32_MAX ? &l->loose : &l->side->sets[t];
    if (set == &l->loose && set->n_keys >= LOOSE_MOST)
        return BAU_OK;
    remember(set, key, place);
    l->bytes += key.len + sizeof(uint32_t) + set->extra;
    if (set->keys.failed)
        return bau_error_set(err, BAU_E_NOMEM, "list of keys");
    if (l->bytes > l->side->config->key_memory)
        return bau_error_set(err, BAU_E_LIMIT,
                             "the list of the source's keys needs more than key_memory allows (%" PRIu64
                             " bytes); raise it",
                             l->side->config->key_memory);
    return BAU_OK;
}

static bau_status take_keys(struct listing *l, const redisReply *keys, struct bau_error *err)
{
    for (size_t i = 0; i < keys->elements; i++)
        BAU_TRY(take_key(l, redis_slice(keys->element[i]->str, keys->element[i]->len), NULL, err));
    return BAU_OK;
}

static bau_status from_file(void *self, const struct redis_key *key, struct bau_error *err)
{
    return take_key(self, key->name, &key->place, err);
}

static bau_status scan(struct listing *l, struct bau_error *err)
{
    struct bau_side *side = l->side;
    char cursor[24] = "0", count[16];
    (void)snprintf(count, sizeof count, "%d", SCAN_COUNT);
    do {
        REDIS_AUTO_REPLY *reply = NULL;
        if (side->with.watch.stopped && side->with.watch.stopped(side->with.watch.self))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped");
        BAU_TRY(redis_throttle_wait(side->throttle, side->main, 0, 0, err));
        BAU_TRY(redis_call(side->main, &reply, err, "SCAN", cursor, "COUNT", count, NULL));
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
            reply->element[0]->type != REDIS_REPLY_STRING || reply->element[1]->type != REDIS_REPLY_ARRAY)
            return bau_error_set(err, BAU_E_SOURCE, "SCAN gave an answer of another shape");
        (void)snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
        BAU_TRY(take_keys(l, reply->element[1], err));
    } while (strcmp(cursor, "0") != 0);
    return BAU_OK;
}

/* ── templates ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static int by_text(const void *left, const void *right)
{
    const struct redis_set *a = left, *b = right;
    return strcmp(a->template.text, b->template.text);
}

static bau_status named_sets(struct bau_side *side, struct bau_error *err)
{
    side->sets = bau_arena_zero(side->arena, ((size_t)side->with.n_named + 1) * sizeof *side->sets);
    if (!side->sets)
        return bau_error_set(err, BAU_E_NOMEM, "key templates");
    side->n_sets = side->with.n_named;
    for (uint32_t i = 0; i < side->n_sets; i++)
        BAU_TRY(redis_template_parse(side->with.named[i].dataset, side->arena, &side->sets[i].template, err));
    return BAU_OK;
}

static bau_status make_trie(struct bau_side *side, struct redis_set *sets, uint32_t n,
                            struct redis_trie **out, struct bau_error *err)
{
    struct redis_template *templates = bau_arena_take(side->arena, ((size_t)n + 1) * sizeof *templates);
    if (!templates)
        return bau_error_set(err, BAU_E_NOMEM, "key templates");
    for (uint32_t i = 0; i < n; i++)
        templates[i] = sets[i].template;
    return redis_trie_new(templates, n, side->arena, out, err);
}

struct bau_slice redis_key_at(const struct redis_set *set, size_t at, size_t *out_next,
                              struct redis_place *out_place)
{
    uint32_t len;
    memcpy(&len, set->keys.data + at, sizeof len);
    const char *key = set->keys.data + at + sizeof len;
    if (out_place && set->extra)
        memcpy(out_place, key + len, sizeof *out_place);
    *out_next = at + sizeof len + len + set->extra;
    return redis_slice(key, len);
}

/* Templates for the keys that have none; each becomes a set with its keys. */
static bau_status induce(struct bau_side *side, const struct redis_set *loose, struct bau_error *err)
{
    struct bau_slice *keys = bau_alloc_array((size_t)loose->n_keys + 1, sizeof *keys);
    const char **texts = NULL;
    uint32_t n = 0, more = 0;
    if (!keys)
        return bau_error_set(err, BAU_E_NOMEM, "keys");
    for (size_t at = 0, k = 0; k < loose->n_keys; k++)
        keys[k] = redis_key_at(loose, at, &at, NULL);
    const bau_status status = redis_induce(keys, loose->n_keys, side->arena, &texts, &n, err);
    bau_free(keys);
    BAU_TRY(status);
    struct redis_set *sets = bau_arena_zero(side->arena, ((size_t)side->n_sets + n + 1) * sizeof *sets);
    struct redis_trie *trie = NULL;
    if (!sets)
        return bau_error_set(err, BAU_E_NOMEM, "key templates");
    memcpy(sets, side->sets, side->n_sets * sizeof *sets);
    side->sets = sets;
    struct redis_set *fresh = sets + side->n_sets;
    for (uint32_t i = 0; i < n; i++)
        BAU_TRY(redis_template_parse(texts[i], side->arena, &fresh[more++].template, err));
    BAU_TRY(make_trie(side, fresh, n, &trie, err));
    side->n_sets += n; /* from here on their keys are given back with the rest */
    for (size_t at = 0, k = 0; k < loose->n_keys; k++) {
        struct redis_place place;
        const struct bau_slice key = redis_key_at(loose, at, &at, &place);
        const uint32_t t = redis_trie_find(trie, key);
        if (t != UINT32_MAX)
            remember(&fresh[t], key, loose->extra ? &place : NULL);
    }
    return BAU_OK;
}

bau_status redis_list_keys(struct bau_side *side, struct bau_error *err)
{
    struct redis_trie *trie = NULL;
    BAU_TRY(named_sets(side, err));
    BAU_TRY(make_trie(side, side->sets, side->n_sets, &trie, err));
    struct listing l = { .side = side, .trie = trie };
    bau_status status = side->address.file ? redis_file_walk(side, from_file, &l, err) : scan(&l, err);
    if (status == BAU_OK && l.loose.n_keys)
        status = induce(side, &l.loose, err);
    if (l.loose.keys.data)
        bau_wipe(l.loose.keys.data, l.loose.keys.room);
    bau_text_release(&l.loose.keys);
    if (status == BAU_OK)
        qsort(side->sets, side->n_sets, sizeof *side->sets, by_text);
    return status;
}

void redis_sets_release(struct bau_side *side)
{
    for (uint32_t i = 0; i < side->n_sets; i++) {
        if (side->sets[i].keys.data)
            bau_wipe(side->sets[i].keys.data, side->sets[i].keys.room);
        bau_text_release(&side->sets[i].keys);
    }
    side->n_sets = 0;
}

/* ── catalog and parts ───────────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t print_of(const struct bau_dataset *d)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a over names and types */
    for (uint32_t f = 0; f < d->n_fields; f++)
        for (const char *c = d->fields[f].name;; c++) {
            h = (h ^ (uint8_t)(*c ? *c : (int)d->fields[f].type)) * UINT64_C(1099511628211);
            if (!*c)
                break;
        }
    return h;
}

static bau_status fill(struct bau_side *side, struct bau_arena *arena, struct bau_catalog **out,
                       struct bau_error *err)
{
    struct bau_catalog *c = bau_arena_zero(arena, sizeof *c);
    struct bau_dataset *datasets = bau_arena_zero(arena, ((size_t)side->n_sets + 1) * sizeof *datasets);
    if (!c || !datasets)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    for (uint32_t i = 0; i < side->n_sets; i++) {
        struct bau_dataset *d = &datasets[i];
        struct redis_set *set = &side->sets[i];
        d->name = d->bare = bau_arena_text(arena, set->template.text);
        d->kind = BAU_DATASET_ROWS;
        d->parent = BAU_NO_DATASET;
        d->est_rows = set->n_keys;
        d->est_bytes = set->keys.len + set->n_keys * KEY_COST;
        d->native_id = i;
        if (!d->name)
            return bau_error_set(err, BAU_E_NOMEM, "catalog");
        BAU_TRY(redis_find_fields(side, set, arena, d, err));
        d->fingerprint = print_of(d);
    }
    *c = (struct bau_catalog){ .store = bau_arena_text(arena, side->with.store),
                               .server = bau_arena_text(arena, side->server),
                               .n_datasets = side->n_sets,
                               .datasets = datasets,
                               .arena = arena };
    *out = c;
    return BAU_OK;
}

bau_status redis_catalog(struct bau_side *side, struct bau_catalog **out, struct bau_error *err)
{
    BAU_TRY(redis_main(side, err));
    if (!side->address.file && !side->throttle)
        BAU_TRY(redis_throttle_start(side, &side->throttle, err));
    BAU_TRY(redis_list_keys(side, err));
    struct bau_arena *arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    if (!arena)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    const bau_status status = fill(side, arena, out, err);
    if (status != BAU_OK)
        bau_arena_free(arena);
    return status;
}

/* A part is a stretch of the list: from and to are places in it, at the start of a key. */
static uint32_t cut(const struct redis_set *set, uint32_t dataset, struct bau_part *parts)
{
    uint32_t n = 0;
    size_t start = 0, at = 0;
    for (uint64_t k = 0, in = 0; k < set->n_keys; k++) {
        (void)redis_key_at(set, at, &at, NULL);
        if (++in < PART_KEYS && k + 1 < set->n_keys)
            continue;
        if (parts)
            parts[n] = (struct bau_part){ .dataset = dataset,
                                          .number = n,
                                          .from = start,
                                          .to = at,
                                          .est_rows = in,
                                          .est_bytes = at - start + in * KEY_COST };
        n++;
        start = at;
        in = 0;
    }
    return n;
}

bau_status redis_split(struct bau_side *side, const struct bau_catalog *catalog, struct bau_arena *arena,
                       struct bau_parts *out, struct bau_error *err)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < side->n_sets; i++)
        n += catalog->datasets[i].kind == BAU_DATASET_ROWS ? cut(&side->sets[i], i, NULL) : 0;
    struct bau_part *parts = bau_arena_zero(arena, ((size_t)n + 1) * sizeof *parts);
    if (!parts)
        return bau_error_set(err, BAU_E_NOMEM, "parts");
    struct bau_part *at = parts;
    for (uint32_t i = 0; i < side->n_sets; i++) {
        if (catalog->datasets[i].kind != BAU_DATASET_ROWS)
            continue;
        const uint32_t of = cut(&side->sets[i], i, at);
        for (uint32_t p = 0; p < of; p++)
            at[p].of = of;
        at += of;
    }
    *out = (struct bau_parts){ n, parts };
    return BAU_OK;
}
