/* URIs of Redis servers: see client.h. */
#include <stdlib.h>
#include <string.h>

#include "client.h"

enum { DATABASES_MOST = 1u << 20 };

static bau_status bad(const char *why, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_USAGE, "the URI %s", why);
}

static int hex_digit(char c)
{
    const char low = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* A part of the URI with %XX undone; NULL when memory ran out or it is misspelled. */
static char *part(struct bau_arena *arena, const char *from, size_t n)
{
    char *out = bau_arena_take(arena, n + 1);
    size_t len = 0;
    for (size_t i = 0; out && i < n; i++) {
        char c = from[i];
        if (c == '%') {
            const bool whole = n - i > 2;
            const int high = whole ? hex_digit(from[i + 1]) : -1, low = whole ? hex_digit(from[i + 2]) : -1;
            if (high < 0 || low < 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[len++] = c;
    }
    if (out)
        out[len] = '\0';
    return out;
}

static bool number(const char *text, uint32_t *out)
{
    uint32_t v = 0;
    size_t n = 0;
    for (; text[n] >= '0' && text[n] <= '9' && n < 8; n++)
        v = v * 10 + (uint32_t)(text[n] - '0');
    *out = v;
    return n > 0 && text[n] == '\0' && v < DATABASES_MOST;
}

static bau_status set_option(struct redis_address *a, const char *name, const char *value,
                             struct bau_error *err)
{
    const struct {
        const char *name, **to;
    } files[] = {
        { "ca", &a->ca },
        { "cert", &a->cert },
        { "key", &a->key },
        { "server_name", &a->server_name },
        { "sentinel_user", &a->sentinel_user },
        { "sentinel_password", &a->sentinel_password },
    };
    for (size_t i = 0; i < BAU_COUNT(files); i++)
        if (strcmp(files[i].name, name) == 0) {
            *files[i].to = value;
            return BAU_OK;
        }
    if (strcmp(name, "db") == 0)
        return number(value, &a->db) ? BAU_OK : bad("names a database that is no number", err);
    if (strcmp(name, "cluster") == 0) {
        a->cluster = strcmp(value, "true") == 0;
        return a->cluster ? BAU_OK : bad("has cluster= with something other than true", err);
    }
    if (strcmp(name, "role") == 0) {
        a->replica = strcmp(value, "replica") == 0;
        return a->replica || strcmp(value, "master") == 0
                   ? BAU_OK
                   : bad("has role= with something other than master and replica", err);
    }
    return bad("has an option other than db, ca, cert, key, server_name, cluster, role, sentinel_user and "
               "sentinel_password",
               err);
}

static bau_status options(struct redis_address *a, const char *text, struct bau_arena *arena,
                          struct bau_error *err)
{
    while (*text) {
        const size_t n = strcspn(text, "&"), name = strcspn(text, "=&");
        char *word = part(arena, text, name);
        char *value = name < n ? part(arena, text + name + 1, n - name - 1) : NULL;
        if (!word || !value)
            return bad("has an option that is not NAME=VALUE", err);
        BAU_TRY(set_option(a, word, value, err));
        text += n + (text[n] == '&');
    }
    return BAU_OK;
}

static bau_status account(struct redis_address *a, const char *from, size_t n, struct bau_arena *arena,
                          struct bau_error *err)
{
    const char *colon = memchr(from, ':', n);
    const size_t user = colon ? (size_t)(colon - from) : n;
    if (user && !(a->user = part(arena, from, user)))
        return bad("has a '%' in the account that is not %XX", err);
    if (colon && !(a->password = part(arena, colon + 1, n - user - 1)))
        return bad("has a '%' in the password that is not %XX", err);
    if (!colon && user) /* redis://password@host is not a spelling that all clients agree on */
        return bad("names an account without a password; write account:password@ or :password@", err);
    return BAU_OK;
}

static bau_status host(struct redis_seed *to, const char *from, size_t n, const char *usual_port,
                       struct bau_arena *arena, struct bau_error *err)
{
    const char *end = from + n, *name = from, *name_end = end, *port = NULL;
    if (n && *from == '[') {
        name++;
        name_end = memchr(from, ']', n);
        if (!name_end)
            return bad("has a '[' that does not close", err);
        port = name_end + 1 < end && name_end[1] == ':' ? name_end + 2 : NULL;
    } else if ((port = memchr(from, ':', n))) {
        name_end = port;
        port++;
    }
    to->host = name_end > name ? part(arena, name, (size_t)(name_end - name)) : "localhost";
    to->port = port && port < end ? part(arena, port, (size_t)(end - port)) : usual_port;
    uint32_t checked;
    if (!to->host || strlen(to->host) > 255 || !to->port || !number(to->port, &checked) || checked > 65535)
        return bad("has a host or port that cannot be read", err);
    return BAU_OK;
}

/* "h1:p1,h2:p2" */
static bau_status hosts(struct redis_address *a, const char *from, size_t n, const char *usual_port,
                        struct bau_arena *arena, struct bau_error *err)
{
    uint32_t most = 1;
    for (size_t i = 0; i < n; i++)
        most += from[i] == ',';
    struct redis_seed *seeds = bau_arena_zero(arena, most * sizeof *seeds);
    if (!seeds)
        return bau_error_set(err, BAU_E_NOMEM, "URI");
    for (size_t at = 0; a->n_seeds < most; a->n_seeds++) {
        const char *comma = memchr(from + at, ',', n - at);
        const size_t len = comma ? (size_t)(comma - from) - at : n - at;
        if (most > 1 && !len)
            return bad("has a ',' with no host behind or before it", err);
        BAU_TRY(host(&seeds[a->n_seeds], from + at, len, usual_port, arena, err));
        at += len + 1;
    }
    a->seeds = seeds;
    a->host = seeds->host;
    a->port = seeds->port;
    return BAU_OK;
}

/* "/db", or of sentinels "/master/db" */
static bau_status path_of(struct redis_address *a, const char *path, size_t n, bool sentinels,
                          struct bau_arena *arena, struct bau_error *err)
{
    const char *at = path, *end = path + n;
    if (sentinels) {
        const char *slash = n > 1 ? memchr(path + 1, '/', n - 1) : NULL;
        at = slash ? slash : end;
        if (at - path < 2 || !(a->master = part(arena, path + 1, (size_t)(at - path) - 1)))
            return bad("names no master; write redis+sentinel://HOST:PORT,HOST:PORT/MASTER/DB", err);
    }
    char *db = end - at > 1 ? part(arena, at + 1, (size_t)(end - at) - 1) : NULL;
    if (end - at > 1 && (!db || !number(db, &a->db)))
        return bad("names a database that is no number; write redis://HOST:PORT/0", err);
    return BAU_OK;
}

/* What only goes together. */
static bau_status fits(const struct redis_address *a, struct bau_error *err)
{
    if (!a->cert != !a->key)
        return bad("needs both cert= and key= for a client certificate", err);
    if (!a->tls && (a->ca || a->cert))
        return bad("has certificates but no TLS; write rediss://", err);
    if (!a->master && (a->replica || a->sentinel_user || a->sentinel_password))
        return bad("has an option of sentinels; write redis+sentinel://", err);
    if (a->sentinel_user && !a->sentinel_password)
        return bad("names a sentinel_user without a sentinel_password", err);
    return BAU_OK;
}

bau_status redis_address_parse(const char *uri, struct bau_arena *arena, struct redis_address *out,
                               struct bau_error *err)
{
    struct redis_address a = { 0 };
    const char *rest = strstr(uri, "://");
    if (!rest)
        return bad("does not start with redis://, rediss:// or redis+unix://", err);
    a.file = strncmp(uri, "redis+rdb", 9) == 0;
    const bool local = a.file || strncmp(uri, "redis+unix", 10) == 0;
    a.tls = strncmp(uri, "rediss", 6) == 0;
    const bool sentinels =
        strncmp(uri, "redis+sentinel", 14) == 0 || strncmp(uri, "rediss+sentinel", 15) == 0;
    rest += 3;
    const size_t n = strcspn(rest, "/?");
    const char *at = NULL;
    for (size_t i = 0; i < n; i++)
        at = rest[i] == '@' ? rest + i : at;
    if (at)
        BAU_TRY(account(&a, rest, (size_t)(at - rest), arena, err));
    const char *name = at ? at + 1 : rest, *path = rest + n;
    const size_t path_len = strcspn(path, "?");
    if (local) {
        if (path_len < 2 || !(a.path = part(arena, path, path_len)))
            return bad("names no socket or file; write redis+unix:///path or redis+rdb:///path", err);
    } else {
        BAU_TRY(hosts(&a, name, (size_t)(path - name), sentinels ? "26379" : "6379", arena, err));
        BAU_TRY(path_of(&a, path, path_len, sentinels, arena, err));
    }
    if (path[path_len] == '?')
        BAU_TRY(options(&a, path + path_len + 1, arena, err));
    BAU_TRY(fits(&a, err));
    *out = a;
    return BAU_OK;
}
