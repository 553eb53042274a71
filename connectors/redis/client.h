/* One connection to a Redis server: an address, a transport (TCP, TLS, unix socket) and RESP2 over it.
 *
 * Commands are added to a buffer, sent together and answered in order. A server's own words are never passed on, since
 * they can quote keys and arguments: errors carry its code word (WRONGPASS, OOM …) and our sentence.
 * Threads: a client belongs to one thread; only redis_client_cut may come from another. */
#ifndef BAU_REDIS_CLIENT_H
#define BAU_REDIS_CLIENT_H

#include <hiredis/hiredis.h>
#include <stdatomic.h>

#include "bauta/connector.h"

struct redis_seed {
    const char *host, *port;
};
struct redis_address {
    bool tls;
    const char *host, *port; /* TCP; the first of the seeds */
    uint32_t n_seeds;        /* hosts that the URI names: several of a cluster or sentinels */
    const struct redis_seed *seeds;
    bool cluster;     /* it must be one */
    const char *path; /* unix socket or file; NULL: TCP */
    bool file;        /* an RDB file: there is no server */
    const char *user, *password;
    const char *master; /* the seeds are sentinels, and this is what they call it; NULL: they are servers */
    bool replica;       /* one of the master's replicas */
    const char *sentinel_user, *sentinel_password;
    const char *ca, *cert, *key; /* files of PEM */
    const char *server_name;     /* what the certificate must be for; NULL: host */
    uint32_t db;
};
/* "redis://user:password@host:port,host:port/db", "rediss://…?ca=FILE&cert=FILE&key=FILE", "redis+unix:///path?db=1",
 * "redis+rdb:///file?db=1", "redis+sentinel://h1:p1,h2:p2/master/db?role=replica". Texts live in
 * `arena`. Errors are BAU_E_USAGE and never repeat the URI. */
bau_status redis_address_parse(const char *uri, struct bau_arena *arena, struct redis_address *out,
                               struct bau_error *err) BAU_MUST_CHECK;

struct redis_client;
struct redis_client_with {
    const struct redis_address *address;
    const char *what;       /* "source", "target": for messages */
    bau_status lost;        /* BAU_E_SOURCE, BAU_E_TARGET */
    uint64_t timeout_ms;    /* longest wait for the next byte */
    struct bau_watch watch; /* asked while waiting whether the run was stopped */
    const char *name;       /* CLIENT SETNAME; NULL: none */
    bool *reached;          /* becomes true when there is somebody at the address; may be NULL */
};
/* Connected, authenticated, named, database selected. The texts of the address live as long as the client, `with` itself
 * need not. */
bau_status redis_client_open(const struct redis_client_with *with, struct redis_client **out,
                             struct bau_error *err) BAU_MUST_CHECK;
/* The same for a whole cluster, of which the address's seeds are nodes: see cluster.h. */
bau_status redis_client_open_cluster(const struct redis_client_with *with, struct redis_client **out,
                                     struct bau_error *err) BAU_MUST_CHECK;
struct redis_cluster *redis_client_cluster(const struct redis_client *client); /* NULL: of one server */
/* Host and port of a client over TCP, which live as long as it. */
void redis_client_place(const struct redis_client *client, const char **out_host, const char **out_port);
void redis_client_close(struct redis_client *client); /* takes NULL */
void redis_client_cut(struct redis_client *client);   /* any thread: calls under way end soon with an error */

bool redis_client_stopped(const struct redis_client *client); /* it was cut, or the run is to end */

/* Adds one command; nothing is sent yet. */
void redis_add(struct redis_client *client, uint32_t n, const struct bau_slice *words);
/* A command as it goes over the line, and such bytes added to a client of one server. */
void redis_encode_words(struct bau_text *to, uint32_t n, const struct bau_slice *words);
void redis_add_encoded(struct redis_client *client, const char *bytes, size_t n);
/* The same from NUL-terminated words, the last one NULL. */
void redis_say(struct redis_client *client, ...);
bau_status redis_send(struct redis_client *client, struct bau_error *err) BAU_MUST_CHECK;
size_t redis_unsent(const struct redis_client *client); /* bytes that redis_send would send */
/* The next answer, given back with freeReplyObject; an error answer is an answer. */
bau_status redis_next(struct redis_client *client, redisReply **out, struct bau_error *err) BAU_MUST_CHECK;
/* The next answer; an error answer becomes an error that names `command`. `out` may be NULL. */
bau_status redis_want(struct redis_client *client, const char *command, redisReply **out,
                      struct bau_error *err) BAU_MUST_CHECK;
/* One command, sent and answered. */
bau_status redis_call(struct redis_client *client, redisReply **out, struct bau_error *err, ...)
    BAU_MUST_CHECK;
/* What an error answer means. */
bau_status redis_refused(const struct redis_client *client, const char *command, const redisReply *reply,
                         struct bau_error *err);
/* The answer is an error that starts with this word. */
bool redis_is_error(const redisReply *reply, const char *word);

static inline void redis_reply_auto(redisReply **reply)
{
    if (*reply)
        freeReplyObject(*reply);
}
#define REDIS_AUTO_REPLY __attribute__((cleanup(redis_reply_auto))) redisReply
static inline struct bau_slice redis_slice(const char *text, size_t n)
{
    return (struct bau_slice){ (const uint8_t *)text, n };
}

#endif
