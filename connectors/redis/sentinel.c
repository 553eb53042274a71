/* The server that Sentinels tell of: see redis.h. What a sentinel says may be out of date for a moment, so the server found
 * is asked for its role; while a failover is under way the sentinels are asked again, for as long as an answer may take. */
#include "redis.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PAUSE_MS = 250, FIELDS_MOST = 200 };

struct search {
    const struct redis_client_with *with;
    struct redis_place_found *found;
    bool knows; /* a sentinel knew the name */
};

static void set_place(struct redis_place_found *to, const char *host, const char *port)
{
    (void)snprintf(to->host, sizeof to->host, "%s", host);
    (void)snprintf(to->port, sizeof to->port, "%s", port);
}

/* ── what sentinels say ──────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status open_sentinel(const struct search *s, uint32_t i, struct redis_client **out,
                                struct bau_error *err)
{
    const struct redis_address *a = s->with->address;
    struct redis_address address = *a;
    struct redis_client_with with = *s->with;
    address.host = a->seeds[i].host;
    address.port = a->seeds[i].port;
    address.user = a->sentinel_user;
    address.password = a->sentinel_password;
    address.db = 0;
    with.address = &address;
    with.what = "sentinel";
    return redis_client_open(&with, out, err);
}

static bau_status find_master(struct search *s, struct redis_client *c, struct bau_error *err)
{
    REDIS_AUTO_REPLY *reply = NULL;
    BAU_TRY(
        redis_call(c, &reply, err, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", s->with->address->master, NULL));
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || !reply->element[0]->str ||
        !reply->element[1]->str)
        return BAU_OK;
    s->knows = true;
    set_place(s->found, reply->element[0]->str, reply->element[1]->str);
    return BAU_OK;
}

static const char *field(const redisReply *flat, const char *name)
{
    for (size_t i = 0; flat->type == REDIS_REPLY_ARRAY && i + 1 < flat->elements; i += 2)
        if (flat->element[i]->str && flat->element[i + 1]->str && strcmp(flat->element[i]->str, name) == 0)
            return flat->element[i + 1]->str;
    return "";
}

/* A replica that nobody thinks down and that has its master. */
static bau_status find_replica(struct search *s, struct redis_client *c, struct bau_error *err)
{
    REDIS_AUTO_REPLY *reply = NULL;
    BAU_TRY(redis_call(c, &reply, err, "SENTINEL", "REPLICAS", s->with->address->master, NULL));
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        const redisReply *one = reply->element[i];
        const char *flags = field(one, "flags");
        if (strstr(flags, "down") || strstr(flags, "disconnected") ||
            strcmp(field(one, "master-link-status"), "ok") != 0)
            continue;
        set_place(s->found, field(one, "ip"), field(one, "port"));
        return BAU_OK;
    }
    return BAU_OK;
}

/* Asks the sentinels one after the other; found->host stays empty when none knows a server. */
static bau_status ask(struct search *s, struct bau_error *err)
{
    const struct redis_address *a = s->with->address;
    struct bau_error first = { 0 };
    bau_status status = BAU_OK;
    uint32_t answered = 0;
    s->found->host[0] = '\0';
    for (uint32_t i = 0; i < a->n_seeds && !s->found->host[0]; i++) {
        struct redis_client *c = NULL;
        struct bau_error of_this = { 0 };
        bau_status this = open_sentinel(s, i, &c, &of_this);
        if (this == BAU_OK)
            this = find_master(s, c, &of_this);
        if (this == BAU_OK && s->found->host[0] && a->replica) {
            s->found->host[0] = '\0';
            this = find_replica(s, c, &of_this);
        }
        redis_client_close(c);
        answered += this == BAU_OK;
        if (this != BAU_OK && status == BAU_OK) {
            status = this;
            first = of_this;
        }
    }
    if (answered || status == BAU_OK)
        return BAU_OK;
    *err = first;
    bau_error_note(err, "no sentinel answers");
    return status;
}

/* ── the server ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status has_role(struct redis_client *c, bool replica, bool *out, struct bau_error *err)
{
    REDIS_AUTO_REPLY *reply = NULL;
    char role[16];
    BAU_TRY(redis_call(c, &reply, err, "INFO", "replication", NULL));
    redis_info(reply->type == REDIS_REPLY_STRING ? reply->str : "", "role", role, sizeof role);
    *out = strcmp(role, replica ? "slave" : "master") == 0;
    return BAU_OK;
}

/* One round. `*out` stays NULL when there is no such server for the moment; `err` may then say why. */
static bau_status try_once(struct search *s, struct redis_client **out, struct bau_error *err)
{
    struct redis_address address = *s->with->address;
    struct redis_client_with with = *s->with;
    struct redis_client *c = NULL;
    bool right = false, reached = false;
    BAU_TRY(ask(s, err));
    if (!s->found->host[0])
        return s->knows
                   ? BAU_OK
                   : bau_error_set(err, s->with->lost, "no sentinel knows a master of the name in the URI");
    address.host = s->found->host;
    address.port = s->found->port;
    with.address = &address;
    with.reached = &reached;
    bau_status status = redis_client_open(&with, &c, err);
    if (status == BAU_OK)
        status = has_role(c, address.replica, &right, err);
    if (status == BAU_OK && right) {
        *out = c;
        return BAU_OK;
    }
    redis_client_close(c);
    return reached && status != BAU_OK && err->retry == BAU_RETRY_NO ? status : BAU_OK;
}

bau_status redis_sentinel_open(const struct redis_client_with *with, struct redis_place_found *found,
                               struct redis_client **out, struct bau_error *err)
{
    struct search s = { .with = with, .found = found };
    const struct timespec pause = { 0, PAUSE_MS * 1000000L };
    *out = NULL;
    for (uint64_t waited = 0;; waited += PAUSE_MS) {
        struct bau_error why = { 0 };
        const bau_status status = try_once(&s, out, &why);
        if (status == BAU_OK && *out)
            return BAU_OK;
        if (with->watch.stopped && with->watch.stopped(with->watch.self))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped");
        if (status != BAU_OK || (waited >= with->timeout_ms && why.code != BAU_OK)) {
            *err = why; /* the sentinels tell of it, but it cannot be reached or does not let us in */
            return why.code;
        }
        if (waited >= with->timeout_ms)
            return bau_error_set(err, with->lost, "the sentinels know no %s that serves",
                                 with->address->replica ? "replica" : "master");
        nanosleep(&pause, NULL);
    }
}
