/* Commands to the nodes of a cluster: see cluster.h. */
#include "cluster.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NONE = UINT16_MAX, MOVES_MOST = 16, KEEP_ROOM = 64 * 1024, AGAIN_MS = 100 };
#define ASKING_ID UINT64_MAX /* the answer to ASKING, which nobody waits for */

struct node {
    char host[256], port[8];
    struct redis_client *client; /* NULL: not needed so far */
    uint32_t slots;              /* it holds */
    uint64_t *sent;              /* ring of the ids whose answers come next */
    size_t first, n, room;
};

struct asked { /* a command whose answer has not been taken */
    struct bau_text bytes;
    redisReply *reply;
    uint32_t slot; /* REDIS_SLOTS: has no key */
    uint32_t node;
    uint32_t moves;
    bool opens, inside, closes; /* MULTI; between it and EXEC, both included; EXEC */
};

struct redis_cluster {
    const struct redis_client_with *with;
    const atomic_bool *cut;
    struct node **nodes;
    uint32_t n_nodes;
    uint16_t owner[REDIS_SLOTS];
    struct asked *asked; /* ring; the place of an id is id % room */
    size_t room;
    uint64_t first, emitted, next; /* ids: of the answer taken next, sent next, added next */
    size_t unsent;
    uint32_t last; /* node of the last command */
    bool inside, failed;
};

static bau_status no_memory(struct bau_error *err)
{
    return bau_error_set(err, BAU_E_NOMEM, "connection");
}

static bau_status lost(const struct redis_cluster *cl, const char *why, struct bau_error *err)
{
    const bau_status status = bau_error_set(err, cl->with->lost, "%s: %s", cl->with->what, why);
    if (err)
        err->retry = BAU_RETRY_RECONNECT;
    return status;
}

/* ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool stopped(void *self)
{
    const struct redis_cluster *cl = self;
    return atomic_load(cl->cut) || (cl->with->watch.stopped && cl->with->watch.stopped(cl->with->watch.self));
}

static bau_status reach(struct redis_cluster *cl, const char *host, const char *port,
                        struct redis_client **out, struct bau_error *err)
{
    struct redis_address address = *cl->with->address;
    struct redis_client_with with = *cl->with;
    address.host = host;
    address.port = port;
    address.db = 0;
    with.address = &address;
    with.watch.self = cl;
    with.watch.stopped = stopped;
    return redis_client_open(&with, out, err);
}

static bau_status find_node(struct redis_cluster *cl, const char *host, const char *port, uint32_t *out,
                            struct bau_error *err)
{
    for (*out = 0; *out < cl->n_nodes; ++*out)
        if (strcmp(cl->nodes[*out]->host, host) == 0 && strcmp(cl->nodes[*out]->port, port) == 0)
            return BAU_OK;
    if (cl->n_nodes == REDIS_NODES_MOST)
        return bau_error_set(err, BAU_E_LIMIT, "a cluster of more than %d nodes", REDIS_NODES_MOST);
    struct node **nodes = bau_realloc(cl->nodes, ((size_t)cl->n_nodes + 1) * sizeof(struct node *));
    if (!nodes)
        return no_memory(err);
    cl->nodes = nodes;
    struct node *fresh = bau_alloc(sizeof *fresh);
    if (!fresh)
        return no_memory(err);
    (void)snprintf(fresh->host, sizeof fresh->host, "%s", host);
    (void)snprintf(fresh->port, sizeof fresh->port, "%s", port);
    nodes[cl->n_nodes++] = fresh;
    return BAU_OK;
}

bau_status redis_cluster_node(struct redis_cluster *cl, uint32_t node, struct redis_client **out,
                              struct bau_error *err)
{
    struct node *n = cl->nodes[node];
    if (!n->client)
        BAU_TRY(reach(cl, n->host, n->port, &n->client, err));
    *out = n->client;
    return BAU_OK;
}

uint32_t redis_cluster_nodes(const struct redis_cluster *cl)
{
    return cl->n_nodes;
}

uint32_t redis_cluster_owner(const struct redis_cluster *cl, uint32_t slot)
{
    return cl->owner[slot];
}

bool redis_cluster_master(const struct redis_cluster *cl, uint32_t node)
{
    return cl->nodes[node]->slots > 0;
}

/* ── the map ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status strange(struct redis_cluster *cl, struct bau_error *err)
{
    return bau_error_set(err, cl->with->lost, "CLUSTER SLOTS gave an answer of another shape");
}

/* One stretch: first slot, last slot, master [endpoint, port, …], replicas. */
static bau_status take_stretch(struct redis_cluster *cl, const redisReply *s, const char *asked_host,
                               struct bau_error *err)
{
    if (s->type != REDIS_REPLY_ARRAY || s->elements < 3 || s->element[0]->type != REDIS_REPLY_INTEGER ||
        s->element[1]->type != REDIS_REPLY_INTEGER || s->element[2]->type != REDIS_REPLY_ARRAY ||
        s->element[2]->elements < 2 || s->element[2]->element[1]->type != REDIS_REPLY_INTEGER)
        return strange(cl, err);
    const redisReply *end = s->element[2]->element[0];
    const bool named = end->type == REDIS_REPLY_STRING && end->len > 0 && strcmp(end->str, "?") != 0;
    char port[24];
    uint32_t node = 0;
    (void)snprintf(port, sizeof port, "%lld", s->element[2]->element[1]->integer);
    BAU_TRY(find_node(cl, named ? end->str : asked_host, port, &node, err));
    for (long long slot = s->element[0]->integer; slot <= s->element[1]->integer; slot++) {
        if (slot < 0 || slot >= REDIS_SLOTS)
            return strange(cl, err);
        cl->owner[slot] = (uint16_t)node;
    }
    return BAU_OK;
}

static bau_status take_map(struct redis_cluster *cl, const redisReply *map, const char *asked_host,
                           struct bau_error *err)
{
    if (map->type != REDIS_REPLY_ARRAY)
        return strange(cl, err);
    memset(cl->owner, 0xff, sizeof cl->owner);
    for (size_t i = 0; i < map->elements; i++)
        BAU_TRY(take_stretch(cl, map->element[i], asked_host, err));
    for (uint32_t i = 0; i < cl->n_nodes; i++)
        cl->nodes[i]->slots = 0;
    uint32_t without = 0;
    for (uint32_t slot = 0; slot < REDIS_SLOTS; slot++)
        if (cl->owner[slot] == NONE)
            without++;
        else
            cl->nodes[cl->owner[slot]]->slots++;
    if (!without)
        return BAU_OK;
    return bau_error_set(err, cl->with->lost, "the cluster is not whole: %u of its %d slots have no master",
                         without, REDIS_SLOTS);
}

static bau_status load_from(struct redis_cluster *cl, const char *host, const char *port,
                            struct bau_error *err)
{
    struct redis_client *c = NULL;
    REDIS_AUTO_REPLY *map = NULL;
    BAU_TRY(reach(cl, host, port, &c, err));
    bau_status status = redis_call(c, &map, err, "CLUSTER", "SLOTS", NULL);
    if (status == BAU_OK)
        status = take_map(cl, map, host, err);
    redis_client_close(c);
    return status;
}

bau_status redis_cluster_reload(struct redis_cluster *cl, struct bau_error *err)
{
    const struct redis_address *a = cl->with->address;
    bau_status status = BAU_E_SOURCE;
    for (uint32_t i = 0; i < a->n_seeds; i++) {
        status = load_from(cl, a->seeds[i].host, a->seeds[i].port, err);
        if (status == BAU_OK || stopped(cl))
            return status;
    }
    const uint32_t met = cl->n_nodes; /* a run outlives the nodes that the URI names */
    for (uint32_t i = 0; status != BAU_OK && i < met && !stopped(cl); i++) {
        struct bau_error ignored = { 0 };
        status = load_from(cl, cl->nodes[i]->host, cl->nodes[i]->port, &ignored);
    }
    return status == BAU_OK ? BAU_OK : err ? err->code : status;
}

bau_status redis_cluster_new(const struct redis_client_with *with, const atomic_bool *cut,
                             struct redis_cluster **out, struct bau_error *err)
{
    struct redis_cluster *cl = bau_alloc(sizeof *cl);
    if (!cl)
        return no_memory(err);
    cl->with = with;
    cl->cut = cut;
    const bau_status status = redis_cluster_reload(cl, err);
    if (status != BAU_OK) {
        redis_cluster_free(cl);
        return status;
    }
    cl->last = cl->owner[0];
    *out = cl;
    return BAU_OK;
}

/* ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static struct asked *at(const struct redis_cluster *cl, uint64_t id)
{
    return &cl->asked[id % cl->room];
}

static bool more_room(struct redis_cluster *cl)
{
    const size_t room = cl->room ? 2 * cl->room : 256;
    struct asked *bigger = bau_alloc_array(room, sizeof *bigger);
    if (!bigger)
        return false;
    for (uint64_t id = cl->next - cl->room; cl->room && id != cl->next; id++)
        bigger[id % room] = *at(cl, id);
    bau_free(cl->asked);
    cl->asked = bigger;
    cl->room = room;
    return true;
}

static bool is(struct bau_slice word, const char *command)
{
    return word.len == strlen(command) && memcmp(word.data, command, word.len) == 0;
}

void redis_cluster_add(struct redis_cluster *cl, uint32_t n, const struct bau_slice *words)
{
    if (cl->next - cl->first == cl->room && !more_room(cl)) {
        cl->failed = true;
        return;
    }
    const uint32_t key = redis_key_word(n, words);
    struct asked *a = at(cl, cl->next++);
    *a = (struct asked){ .bytes = a->bytes, .slot = key ? redis_slot(words[key]) : REDIS_SLOTS };
    a->bytes.len = 0;
    a->opens = is(words[0], "MULTI");
    a->closes = is(words[0], "EXEC") || is(words[0], "DISCARD");
    cl->inside = cl->inside || a->opens;
    a->inside = cl->inside;
    cl->inside = cl->inside && !a->closes;
    redis_encode_words(&a->bytes, n, words);
    cl->unsent += a->bytes.len;
}

static bool push(struct node *n, uint64_t id)
{
    if (n->n == n->room) {
        const size_t room = n->room ? 2 * n->room : 256;
        uint64_t *bigger = bau_alloc_array(room, sizeof *bigger);
        if (!bigger)
            return false;
        for (size_t i = 0; i < n->n; i++)
            bigger[i] = n->sent[(n->first + i) % n->room];
        bau_free(n->sent);
        n->sent = bigger;
        n->room = room;
        n->first = 0;
    }
    n->sent[(n->first + n->n++) % n->room] = id;
    return true;
}

static uint64_t pop(struct node *n)
{
    const uint64_t id = n->sent[n->first];
    n->first = (n->first + 1) % n->room;
    n->n--;
    return id;
}

static bau_status emit(struct redis_cluster *cl, uint64_t id, uint32_t node, bool asking,
                       struct bau_error *err)
{
    static const char words[] = "*1\r\n$6\r\nASKING\r\n";
    struct asked *a = at(cl, id);
    struct redis_client *c = NULL;
    BAU_TRY(redis_cluster_node(cl, node, &c, err));
    if (a->bytes.failed || (asking && !push(cl->nodes[node], ASKING_ID)) || !push(cl->nodes[node], id))
        return no_memory(err);
    if (asking)
        redis_add_encoded(c, words, sizeof words - 1);
    redis_add_encoded(c, a->bytes.data, a->bytes.len);
    a->node = node;
    return BAU_OK;
}

/* Where a command goes. MULTI goes to the key behind it, if that is known by now. */
static uint32_t node_for(const struct redis_cluster *cl, uint64_t id)
{
    uint32_t slot = at(cl, id)->slot;
    for (uint64_t next = id + 1; at(cl, id)->opens && slot == REDIS_SLOTS && next != cl->next; next++)
        slot = at(cl, next)->slot;
    return slot == REDIS_SLOTS ? cl->last : cl->owner[slot];
}

bau_status redis_cluster_send(struct redis_cluster *cl, struct bau_error *err)
{
    if (cl->failed)
        return no_memory(err);
    for (; cl->emitted != cl->next; cl->emitted++) {
        cl->last = node_for(cl, cl->emitted);
        BAU_TRY(emit(cl, cl->emitted, cl->last, false, err));
    }
    cl->unsent = 0;
    for (uint32_t i = 0; i < cl->n_nodes; i++)
        if (cl->nodes[i]->client && redis_unsent(cl->nodes[i]->client))
            BAU_TRY(redis_send(cl->nodes[i]->client, err));
    return BAU_OK;
}

size_t redis_cluster_unsent(const struct redis_cluster *cl)
{
    return cl->unsent;
}

/* ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status follow(struct redis_cluster *cl, uint64_t id, const struct redis_redirect *to,
                         struct bau_error *err)
{
    struct asked *a = at(cl, id);
    const char *host = to->host[0] ? to->host : cl->nodes[a->node]->host;
    uint32_t node = 0;
    if (++a->moves > MOVES_MOST)
        return lost(cl, "slots of the cluster move faster than commands can follow", err);
    BAU_TRY(find_node(cl, host, to->port, &node, err));
    if (!to->ask && cl->owner[to->slot] != node) {
        BAU_TRY(load_from(cl, cl->nodes[node]->host, cl->nodes[node]->port, err));
        cl->owner[to->slot] = (uint16_t)node;
    }
    if (a->inside)
        return lost(cl, "a slot of the cluster moved while a key of it was written", err);
    BAU_TRY(emit(cl, id, node, to->ask, err));
    return redis_send(cl->nodes[node]->client, err);
}

/* A command of two keys, of which one is on its way. It is sent to the slot's old holder, which says where to go. */
static bau_status again(struct redis_cluster *cl, uint64_t id, struct bau_error *err)
{
    const struct timespec pause = { 0, AGAIN_MS * 1000000L };
    struct asked *a = at(cl, id);
    a->moves++;
    nanosleep(&pause, NULL);
    a->node = cl->owner[a->slot];
    BAU_TRY(emit(cl, id, a->node, false, err));
    return redis_send(cl->nodes[a->node]->client, err);
}

/* The next answer of a node, put down where it belongs. */
static bau_status take_answer(struct redis_cluster *cl, struct node *n, struct bau_error *err)
{
    REDIS_AUTO_REPLY *reply = NULL;
    struct redis_redirect to;
    if (!n->n || !n->client)
        return lost(cl, "an answer is missing", err);
    BAU_TRY(redis_next(n->client, &reply, err));
    const uint64_t id = pop(n);
    if (id == ASKING_ID)
        return BAU_OK;
    if (reply->type == REDIS_REPLY_ERROR && redis_redirect_parse(reply, &to))
        return follow(cl, id, &to, err);
    if (redis_is_error(reply, "TRYAGAIN") && !at(cl, id)->inside && at(cl, id)->moves < MOVES_MOST)
        return again(cl, id, err);
    at(cl, id)->reply = reply;
    reply = NULL;
    return BAU_OK;
}

bau_status redis_cluster_next(struct redis_cluster *cl, redisReply **out, struct bau_error *err)
{
    if (cl->first == cl->next)
        return lost(cl, "an answer is missing", err);
    if (cl->first == cl->emitted)
        BAU_TRY(redis_cluster_send(cl, err));
    while (!at(cl, cl->first)->reply)
        BAU_TRY(take_answer(cl, cl->nodes[at(cl, cl->first)->node], err));
    struct asked *a = at(cl, cl->first++);
    *out = a->reply;
    a->reply = NULL;
    if (a->bytes.room > KEEP_ROOM) {
        bau_wipe(a->bytes.data, a->bytes.room);
        bau_text_release(&a->bytes);
    }
    return BAU_OK;
}

void redis_cluster_free(struct redis_cluster *cl)
{
    if (!cl)
        return;
    for (uint32_t i = 0; i < cl->n_nodes; i++) {
        redis_client_close(cl->nodes[i]->client);
        bau_free(cl->nodes[i]->sent);
        bau_free(cl->nodes[i]);
    }
    for (size_t i = 0; i < cl->room; i++) {
        if (cl->asked[i].reply)
            freeReplyObject(cl->asked[i].reply);
        if (cl->asked[i].bytes.data)
            bau_wipe(cl->asked[i].bytes.data, cl->asked[i].bytes.room);
        bau_text_release(&cl->asked[i].bytes);
    }
    bau_free(cl->asked);
    bau_free(cl->nodes);
    bau_free(cl);
}
