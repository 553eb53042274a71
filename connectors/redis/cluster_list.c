/* The keys of a cluster, listed while its slots may move: see redis.h. Every master is scanned. Then each one is asked again
 * which slots it holds; keys of a slot that has another holder than before, or is on its way, are listed by name
 * (CLUSTER GETKEYSINSLOT) at its old and then its new holder, and those not known so far are added; until nothing moved while
 * that was done. A key is moved by its server in one step, so it is at one of the two whenever it is looked for in this
 * order. */
#include "redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NONE = UINT16_MAX, ROUNDS_MOST = 20, SETTLE_TRIES = 100, SETTLE_MS = 50, FIELDS = 8 };

struct state {
    uint16_t owner[REDIS_SLOTS];    /* node that says it holds the slot */
    uint16_t importer[REDIS_SLOTS]; /* node that says it is being given the slot */
    bool leaving[REDIS_SLOTS];
    uint64_t epoch[REDIS_NODES_MOST]; /* of each node's configuration: moves when it is given slots */
};

/* ── who holds what ──────────────────────────────────────────────────────────────────────────────────────────────── */

/* "0-5460", "77", "[93-<-id]", "[77->-id]" */
static void take_slots(struct state *s, uint16_t node, const char *word)
{
    char *end = NULL;
    if (*word == '[') {
        const unsigned long slot = strtoul(word + 1, &end, 10);
        if (slot < REDIS_SLOTS && strncmp(end, "->-", 3) == 0)
            s->leaving[slot] = true;
        if (slot < REDIS_SLOTS && strncmp(end, "-<-", 3) == 0)
            s->importer[slot] = node;
        return;
    }
    const unsigned long first = strtoul(word, &end, 10),
                        last = *end == '-' ? strtoul(end + 1, NULL, 10) : first;
    for (unsigned long slot = first; slot <= last && slot < REDIS_SLOTS; slot++)
        if (s->owner[slot] == NONE || s->epoch[s->owner[slot]] < s->epoch[node])
            s->owner[slot] =
                node; /* for a moment old and new holder both say so: the later configuration counts */
}

/* What a node says of itself in CLUSTER NODES: id, address, flags, master, two times, epoch, state of the link, slots. */
static void take_node(struct state *s, uint16_t node, char *text)
{
    char *mine = strstr(text, "myself");
    while (mine && mine > text && mine[-1] != '\n')
        mine--;
    char *rest = NULL;
    uint32_t field = 0;
    if (mine)
        mine[strcspn(mine, "\r\n")] = '\0';
    for (char *word = mine ? strtok_r(mine, " ", &rest) : NULL; word;
         word = strtok_r(NULL, " ", &rest), field++)
        if (field == 6)
            s->epoch[node] = strtoull(word, NULL, 10);
        else if (field >= FIELDS)
            take_slots(s, node, word);
}

static bau_status ask_nodes(struct redis_cluster *cl, struct state *s, uint32_t *out_without,
                            struct bau_error *err)
{
    memset(s->owner, 0xff, sizeof s->owner);
    memset(s->importer, 0xff, sizeof s->importer);
    memset(s->leaving, 0, sizeof s->leaving);
    memset(s->epoch, 0, sizeof s->epoch);
    BAU_TRY(redis_cluster_reload(cl, err));
    for (uint32_t i = 0; i < redis_cluster_nodes(cl); i++) {
        struct redis_client *c = NULL;
        REDIS_AUTO_REPLY *reply = NULL;
        if (!redis_cluster_master(cl, i))
            continue;
        BAU_TRY(redis_cluster_node(cl, i, &c, err));
        BAU_TRY(redis_call(c, &reply, err, "CLUSTER", "NODES", NULL));
        if (reply->type != REDIS_REPLY_STRING)
            return bau_error_set(err, BAU_E_SOURCE, "CLUSTER NODES gave no text");
        take_node(s, (uint16_t)i, reply->str);
    }
    *out_without = 0;
    for (uint32_t slot = 0; slot < REDIS_SLOTS; slot++)
        *out_without += s->owner[slot] == NONE;
    return BAU_OK;
}

/* A new holder may be known to itself before others tell of it. */
static bau_status look(struct redis_cluster *cl, struct state *s, struct bau_error *err)
{
    uint32_t without = 0;
    for (int tries = 0; tries < SETTLE_TRIES; tries++) {
        BAU_TRY(ask_nodes(cl, s, &without, err));
        if (!without)
            return BAU_OK;
        const struct timespec pause = { 0, SETTLE_MS * 1000000L };
        nanosleep(&pause, NULL);
    }
    return bau_error_set(err, BAU_E_SOURCE, "%u slots of the cluster are held by no master that answers",
                         without);
}

/* ── what moved ──────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A node whose configuration is newer although it was given nothing may have lost a slot and got it back. */
static void mark_moved(const struct state *before, const struct state *after, bool first_time,
                       bool *out_moved, uint32_t *out_n)
{
    bool given[REDIS_NODES_MOST] = { false };
    *out_n = 0;
    for (uint32_t slot = 0; slot < REDIS_SLOTS; slot++)
        if (before->owner[slot] != after->owner[slot])
            given[after->owner[slot]] = true;
    for (uint32_t slot = 0; slot < REDIS_SLOTS; slot++) {
        const uint16_t owner = after->owner[slot];
        const bool was = before->leaving[slot] || before->importer[slot] != NONE;
        const bool open = after->leaving[slot] || after->importer[slot] != NONE;
        out_moved[slot] = before->owner[slot] != owner || (first_time ? was || open : was != open) ||
                          (before->epoch[owner] != after->epoch[owner] && !given[owner]);
        *out_n += out_moved[slot];
    }
}

static int by_bytes(const void *left, const void *right)
{
    const struct bau_slice *a = left, *b = right;
    const size_t n = a->len < b->len ? a->len : b->len;
    const int order = n ? memcmp(a->data, b->data, n) : 0;
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

struct known {
    const bool *moved;
    struct bau_slice *keys;
    size_t n, room;
    bool failed;
};

static void keep(struct known *k, struct bau_slice key)
{
    if (k->n == k->room) {
        const size_t room = k->room ? 2 * k->room : 1024;
        struct bau_slice *bigger = bau_realloc(k->keys, room * sizeof *bigger);
        if (!bigger) {
            k->failed = true;
            return;
        }
        k->keys = bigger;
        k->room = room;
    }
    k->keys[k->n++] = key;
}

/* Keys already listed whose slot moved. */
static void known_key(void *self, struct bau_slice key)
{
    struct known *k = self;
    if (k->moved[redis_slot(key)])
        keep(k, key);
}

/* ── listing again ───────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status keys_at(struct redis_cluster *cl, uint32_t node, uint32_t slot, struct bau_text *into,
                          struct bau_error *err)
{
    struct redis_client *c = NULL;
    REDIS_AUTO_REPLY *count = NULL;
    REDIS_AUTO_REPLY *keys = NULL;
    char number[16], most[24];
    (void)snprintf(number, sizeof number, "%u", slot);
    BAU_TRY(redis_cluster_node(cl, node, &c, err));
    BAU_TRY(redis_call(c, &count, err, "CLUSTER", "COUNTKEYSINSLOT", number, NULL));
    if (count->type != REDIS_REPLY_INTEGER)
        return bau_error_set(err, BAU_E_SOURCE, "CLUSTER COUNTKEYSINSLOT gave no number");
    if (count->integer == 0)
        return BAU_OK;
    (void)snprintf(most, sizeof most, "%lld", 2 * count->integer + 1000); /* it may grow in between */
    BAU_TRY(redis_call(c, &keys, err, "CLUSTER", "GETKEYSINSLOT", number, most, NULL));
    for (size_t i = 0; keys->type == REDIS_REPLY_ARRAY && i < keys->elements; i++) {
        const uint32_t len = (uint32_t)keys->element[i]->len;
        bau_text_addn(into, &len, sizeof len);
        bau_text_addn(into, keys->element[i]->str, len);
    }
    return into->failed ? bau_error_set(err, BAU_E_NOMEM, "list of keys") : BAU_OK;
}

static bau_status keys_of_moved(struct redis_cluster *cl, const struct state *s, const bool *moved,
                                struct bau_text *into, struct bau_error *err)
{
    for (uint32_t slot = 0; slot < REDIS_SLOTS; slot++) {
        if (!moved[slot])
            continue;
        BAU_TRY(keys_at(cl, s->owner[slot], slot, into, err));
        if (s->importer[slot] != NONE && s->importer[slot] != s->owner[slot])
            BAU_TRY(keys_at(cl, s->importer[slot], slot, into, err));
    }
    return BAU_OK;
}

/* Those of `found` (u32 length and bytes, one behind the other) that are not known, each once, in `fresh`. */
static void pick_unknown(const struct bau_text *found, struct known *known, struct known *fresh)
{
    size_t n = 0;
    for (size_t at = 0; at < found->len;) {
        uint32_t len;
        memcpy(&len, found->data + at, sizeof len);
        keep(fresh, redis_slice(found->data + at + sizeof len, len));
        at += sizeof len + len;
    }
    if (known->n)
        qsort(known->keys, known->n, sizeof *known->keys, by_bytes);
    if (fresh->n)
        qsort(fresh->keys, fresh->n, sizeof *fresh->keys, by_bytes);
    for (size_t i = 0; i < fresh->n; i++) {
        const struct bau_slice key = fresh->keys[i];
        const bool twice = n && by_bytes(&key, &fresh->keys[n - 1]) == 0;
        if (!twice && !(known->n && bsearch(&key, known->keys, known->n, sizeof key, by_bytes)))
            fresh->keys[n++] = key;
    }
    fresh->n = n;
}

static bau_status list_again(struct redis_cluster *cl, const struct redis_lister *l, const struct state *s,
                             const bool *moved, struct bau_error *err)
{
    struct bau_text found = { 0 };
    struct known known = { .moved = moved }, fresh = { 0 };
    l->each_known(l->self, known_key, &known);
    bau_status status = keys_of_moved(cl, s, moved, &found, err);
    if (status == BAU_OK)
        pick_unknown(&found, &known, &fresh);
    bau_free(known.keys); /* they point into the lists, which grow now */
    if (status == BAU_OK && (known.failed || fresh.failed))
        status = bau_error_set(err, BAU_E_NOMEM, "list of keys");
    for (size_t i = 0; status == BAU_OK && i < fresh.n; i++)
        status = l->take(l->self, fresh.keys[i], err);
    bau_free(fresh.keys);
    if (found.data)
        bau_wipe(found.data, found.room);
    bau_text_release(&found);
    return status;
}

static bau_status scan_all(struct redis_cluster *cl, const struct redis_lister *l, const struct state *s,
                           struct bau_error *err)
{
    for (uint32_t i = 0; i < redis_cluster_nodes(cl); i++) {
        struct redis_client *c = NULL;
        bool holds = false;
        for (uint32_t slot = 0; slot < REDIS_SLOTS && !holds; slot++)
            holds = s->owner[slot] == i;
        if (!holds)
            continue;
        BAU_TRY(redis_cluster_node(cl, i, &c, err));
        BAU_TRY(l->scan(l->self, c, err));
    }
    return BAU_OK;
}

static bau_status list(struct redis_cluster *cl, const struct redis_lister *l, struct state *before,
                       struct state *after, bool *moved, struct bau_error *err)
{
    uint32_t n = 0;
    BAU_TRY(look(cl, before, err));
    BAU_TRY(scan_all(cl, l, before, err));
    for (int rounds = 0; rounds < ROUNDS_MOST; rounds++) {
        BAU_TRY(look(cl, after, err));
        mark_moved(before, after, rounds == 0, moved, &n);
        if (!n)
            return BAU_OK;
        BAU_TRY(list_again(cl, l, after, moved, err));
        memcpy(before, after, sizeof *before);
    }
    return bau_error_set(err, BAU_E_SOURCE,
                         "slots of the cluster move all the time; run again when it is resharded");
}

bau_status redis_cluster_list(struct redis_client *client, const struct redis_lister *l,
                              struct bau_error *err)
{
    struct state *states = bau_alloc_array(2, sizeof *states);
    bool *moved = bau_alloc_array(REDIS_SLOTS, sizeof *moved);
    const bau_status status = states && moved
                                  ? list(redis_client_cluster(client), l, &states[0], &states[1], moved, err)
                                  : bau_error_set(err, BAU_E_NOMEM, "map of the cluster's slots");
    bau_free(states);
    bau_free(moved);
    return status;
}
