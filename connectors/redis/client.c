/* Transport and RESP: see client.h. The socket never blocks; poll waits, so that timeouts and interrupts are ours.
 * hiredis only takes answers apart. */
#include "cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, WORDS_MOST = 16, CONNECT_MS = 10000, STEP_MS = 250 };

struct redis_client {
    struct redis_client_with with;
    struct redis_address address; /* what with.address points to; its texts are the caller's */
    int fd;
    atomic_bool cut;
    SSL_CTX *tls;
    SSL *ssl;
    redisReader *reader;
    struct bau_text out;
    char *in;
    struct redis_cluster *cluster; /* all else but `with` and `cut` is then unused */
    char host[256], port[8];       /* of the address */
    char name[40];
};

/* ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status lost(const struct redis_client *c, const char *what, struct bau_error *err)
{
    if (atomic_load(&c->cut))
        return bau_error_set(err, BAU_E_CANCELLED, "stopped");
    const bau_status status = bau_error_set(err, c->with.lost, "the %s's connection %s", c->with.what, what);
    if (err)
        err->retry = BAU_RETRY_RECONNECT;
    return status;
}

bool redis_client_stopped(const struct redis_client *c)
{
    return atomic_load(&c->cut) || (c->with.watch.stopped && c->with.watch.stopped(c->with.watch.self));
}

/* 1: ready; 0: not in time; -1: stopped, or poll failed. Waits in steps, so that a stop is seen soon. */
static int ready(const struct redis_client *c, short events, uint64_t timeout_ms)
{
    struct pollfd fd = { .fd = c->fd, .events = events };
    for (uint64_t waited = 0; waited < timeout_ms; waited += STEP_MS) {
        const uint64_t left = timeout_ms - waited;
        const int n = poll(&fd, 1, (int)(left < STEP_MS ? left : STEP_MS));
        if (n > 0)
            return 1;
        if (redis_client_stopped(c) || (n < 0 && errno != EINTR))
            return -1;
    }
    return 0;
}

static bau_status wait_for(const struct redis_client *c, short events, uint64_t timeout_ms,
                           struct bau_error *err)
{
    const int got = ready(c, events, timeout_ms);
    if (got > 0)
        return BAU_OK;
    if (got < 0 && redis_client_stopped(c))
        return bau_error_set(err, BAU_E_CANCELLED, "stopped");
    return lost(c, got == 0 ? "gave no answer in time" : "could not be waited for", err);
}

/* ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status no_way(const struct redis_client *c, const char *why, struct bau_error *err)
{
    const struct redis_address *a = c->with.address;
    const bau_status status =
        a->path ? bau_error_set(err, c->with.lost, "cannot connect to %s: %s", a->path, why)
                : bau_error_set(err, c->with.lost, "cannot connect to %s:%s: %s", a->host, a->port, why);
    if (err)
        err->retry = BAU_RETRY_NO; /* the retries of a part are for connections that were there */
    return status;
}

/* Connected, or why not as errno. */
static int try_connect(struct redis_client *c, int family, const struct sockaddr *to, socklen_t len)
{
    c->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        return errno;
    int problem = connect(c->fd, to, len) == 0 ? 0 : errno;
    if (problem == EINPROGRESS) {
        socklen_t size = sizeof problem;
        if (ready(c, POLLOUT, CONNECT_MS) <= 0)
            problem = ETIMEDOUT;
        else if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0)
            problem = errno;
    }
    if (problem) {
        close(c->fd);
        c->fd = -1;
    }
    return problem;
}

static bau_status connect_unix(struct redis_client *c, struct bau_error *err)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    const size_t n = strlen(c->with.address->path);
    if (n >= sizeof to.sun_path)
        return no_way(c, "the path is too long for a socket", err);
    memcpy(to.sun_path, c->with.address->path, n + 1);
    const int problem = try_connect(c, AF_UNIX, (const struct sockaddr *)&to, sizeof to);
    return problem ? no_way(c, strerror(problem), err) : BAU_OK;
}

static bau_status connect_tcp(struct redis_client *c, struct bau_error *err)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    const int found = getaddrinfo(c->with.address->host, c->with.address->port, &hints, &list);
    if (found != 0)
        return no_way(c, gai_strerror(found), err);
    int problem = ENOENT;
    for (const struct addrinfo *a = list; a && problem; a = a->ai_next)
        problem = try_connect(c, a->ai_family, a->ai_addr, a->ai_addrlen);
    freeaddrinfo(list);
    return problem ? no_way(c, strerror(problem), err) : BAU_OK;
}

static bau_status tls_files(struct redis_client *c, struct bau_error *err)
{
    const struct redis_address *a = c->with.address;
    SSL_CTX_set_min_proto_version(c->tls, TLS1_2_VERSION);
    SSL_CTX_set_verify(c->tls, SSL_VERIFY_PEER, NULL);
    const int trusted =
        a->ca ? SSL_CTX_load_verify_locations(c->tls, a->ca, NULL) : SSL_CTX_set_default_verify_paths(c->tls);
    if (trusted != 1)
        return bau_error_set(err, BAU_E_USAGE, "the file of ca= cannot be read as certificates");
    if (a->cert && (SSL_CTX_use_certificate_chain_file(c->tls, a->cert) != 1 ||
                    SSL_CTX_use_PrivateKey_file(c->tls, a->key, SSL_FILETYPE_PEM) != 1))
        return bau_error_set(err, BAU_E_USAGE, "the files of cert= and key= cannot be read or do not match");
    return BAU_OK;
}

/* Runs an operation of OpenSSL until it is done; `done` tells which way it went. */
static bau_status tls_wait(struct redis_client *c, int result, const char *what, struct bau_error *err)
{
    switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ: return wait_for(c, POLLIN, c->with.timeout_ms, err);
    case SSL_ERROR_WANT_WRITE: return wait_for(c, POLLOUT, c->with.timeout_ms, err);
    default: break;
    }
    const long verified = SSL_get_verify_result(c->ssl);
    ERR_clear_error();
    if (verified != X509_V_OK)
        return no_way(c, X509_verify_cert_error_string(verified), err);
    return lost(c, what, err);
}

static bau_status start_tls(struct redis_client *c, struct bau_error *err)
{
    const struct redis_address *a = c->with.address;
    const char *name = a->server_name ? a->server_name : a->host;
    c->tls = SSL_CTX_new(TLS_client_method());
    if (!c->tls)
        return bau_error_set(err, BAU_E_NOMEM, "TLS");
    BAU_TRY(tls_files(c, err));
    c->ssl = SSL_new(c->tls);
    if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1)
        return bau_error_set(err, BAU_E_NOMEM, "TLS");
    SSL_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    X509_VERIFY_PARAM *check = SSL_get0_param(c->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(check, name) != 1) { /* no address: a name, which is sent along too */
        if (X509_VERIFY_PARAM_set1_host(check, name, 0) != 1 || SSL_set_tlsext_host_name(c->ssl, name) != 1)
            return bau_error_set(err, BAU_E_NOMEM, "TLS");
    }
    ERR_clear_error();
    for (int result; (result = SSL_connect(c->ssl)) != 1;)
        BAU_TRY(tls_wait(c, result, "could not agree on TLS", err));
    return BAU_OK;
}

/* ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status redis_send(struct redis_client *c, struct bau_error *err)
{
    if (c->cluster)
        return redis_cluster_send(c->cluster, err);
    if (c->out.failed)
        return bau_error_set(err, BAU_E_NOMEM, "commands to the %s", c->with.what);
    for (size_t at = 0; at < c->out.len;) {
        size_t sent = 0;
        if (c->ssl) {
            const int result = SSL_write_ex(c->ssl, c->out.data + at, c->out.len - at, &sent);
            if (result != 1)
                BAU_TRY(tls_wait(c, result, "was closed by the server", err));
        } else {
            const ssize_t n = send(c->fd, c->out.data + at, c->out.len - at, MSG_NOSIGNAL);
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                return lost(c, "was closed by the server", err);
            if (n < 0)
                BAU_TRY(wait_for(c, POLLOUT, c->with.timeout_ms, err));
            sent = n > 0 ? (size_t)n : 0;
        }
        at += sent;
    }
    c->out.len = 0;
    return BAU_OK;
}

size_t redis_unsent(const struct redis_client *c)
{
    return c->cluster ? redis_cluster_unsent(c->cluster) : c->out.len;
}

static bau_status receive(struct redis_client *c, struct bau_error *err)
{
    for (;;) {
        size_t got = 0;
        if (c->ssl) {
            const int result = SSL_read_ex(c->ssl, c->in, READ_BYTES, &got);
            if (result != 1)
                BAU_TRY(tls_wait(c, result, "was closed by the server", err));
        } else {
            const ssize_t n = recv(c->fd, c->in, READ_BYTES, 0);
            if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                return lost(c, "was closed by the server", err);
            if (n < 0)
                BAU_TRY(wait_for(c, POLLIN, c->with.timeout_ms, err));
            got = n > 0 ? (size_t)n : 0;
        }
        if (!got)
            continue;
        if (redisReaderFeed(c->reader, c->in, got) != REDIS_OK)
            return bau_error_set(err, BAU_E_NOMEM, "answer of the %s", c->with.what);
        return BAU_OK;
    }
}

/* ── commands and answers ────────────────────────────────────────────────────────────────────────────────────────── */

void redis_encode_words(struct bau_text *to, uint32_t n, const struct bau_slice *words)
{
    bau_text_addf(to, "*%u\r\n", n);
    for (uint32_t i = 0; i < n; i++) {
        bau_text_addf(to, "$%zu\r\n", words[i].len);
        bau_text_addn(to, words[i].data, words[i].len);
        bau_text_addn(to, "\r\n", 2);
    }
}

void redis_add_encoded(struct redis_client *c, const char *bytes, size_t n)
{
    bau_text_addn(&c->out, bytes, n);
}

void redis_add(struct redis_client *c, uint32_t n, const struct bau_slice *words)
{
    if (c->cluster)
        redis_cluster_add(c->cluster, n, words);
    else
        redis_encode_words(&c->out, n, words);
}

static void say(struct redis_client *c, const char *first, va_list rest)
{
    struct bau_slice words[WORDS_MOST];
    uint32_t n = 0;
    for (const char *word = first; word && n < WORDS_MOST; word = va_arg(rest, const char *))
        words[n++] = redis_slice(word, strlen(word));
    redis_add(c, n, words);
}

void redis_say(struct redis_client *c, ...)
{
    va_list words;
    va_start(words, c);
    const char *first = va_arg(words, const char *);
    say(c, first, words);
    va_end(words);
}

bau_status redis_next(struct redis_client *c, redisReply **out, struct bau_error *err)
{
    if (c->cluster)
        return redis_cluster_next(c->cluster, out, err);
    for (;;) {
        void *reply = NULL;
        if (redisReaderGetReply(c->reader, &reply) != REDIS_OK) {
            if (c->reader->err == REDIS_ERR_OOM)
                return bau_error_set(err, BAU_E_NOMEM, "answer of the %s", c->with.what);
            return bau_error_set(err, c->with.lost, "the %s does not speak the Redis protocol", c->with.what);
        }
        if (reply) {
            *out = reply;
            return BAU_OK;
        }
        BAU_TRY(receive(c, err));
    }
}

bool redis_is_error(const redisReply *reply, const char *word)
{
    const size_t n = strlen(word);
    return reply->type == REDIS_REPLY_ERROR && reply->len >= n && strncmp(reply->str, word, n) == 0 &&
           (reply->len == n || reply->str[n] == ' ');
}

bau_status redis_refused(const struct redis_client *c, const char *command, const redisReply *reply,
                         struct bau_error *err)
{
    static const struct {
        const char *word, *meaning;
        bau_retry retry;
    } known[] = {
        { "WRONGPASS", "the account or password is wrong, or the account is off", BAU_RETRY_NO },
        { "NOAUTH", "the server asks for a password and the URI has none", BAU_RETRY_NO },
        { "NOPERM", "the account may not do this", BAU_RETRY_NO },
        { "OOM", "the server is out of memory (maxmemory)", BAU_RETRY_NO },
        { "READONLY", "the server is a read-only replica", BAU_RETRY_NO },
        { "LOADING", "the server is loading its data", BAU_RETRY_BACKOFF },
        { "BUSY", "the server is busy with a script", BAU_RETRY_BACKOFF },
        { "MASTERDOWN", "the replica has lost its master", BAU_RETRY_BACKOFF },
        { "CLUSTERDOWN", "the cluster is down", BAU_RETRY_BACKOFF },
        { "MISCONF", "the server cannot save and takes no writes", BAU_RETRY_NO },
        { "TRYAGAIN", "a slot of the cluster is being moved", BAU_RETRY_BACKOFF },
        { "DENIED", "the server is in protected mode", BAU_RETRY_NO },
        { "UNKILLABLE", "the server is busy with a script", BAU_RETRY_NO },
    };
    for (size_t i = 0; i < BAU_COUNT(known); i++)
        if (redis_is_error(reply, known[i].word)) {
            const bau_status status =
                bau_error_set(err, c->with.lost, "%s: %s (%s)", command, known[i].meaning, known[i].word);
            err->retry = known[i].retry;
            return status;
        }
    if (reply->len >= 4 && strncmp(reply->str, "ERR ", 4) == 0 && strstr(reply->str, "without any password"))
        return bau_error_set(err, c->with.lost, "%s: the URI has a password but the server asks for none",
                             command);
    return bau_error_set(err, c->with.lost, "%s: the %s refused it (%.*s)", command, c->with.what,
                         (int)strcspn(reply->str, " "), reply->str);
}

bau_status redis_want(struct redis_client *c, const char *command, redisReply **out, struct bau_error *err)
{
    redisReply *reply = NULL;
    BAU_TRY(redis_next(c, &reply, err));
    if (reply->type == REDIS_REPLY_ERROR) {
        const bau_status status = redis_refused(c, command, reply, err);
        freeReplyObject(reply);
        return status;
    }
    if (out)
        *out = reply;
    else
        freeReplyObject(reply);
    return BAU_OK;
}

bau_status redis_call(struct redis_client *c, redisReply **out, struct bau_error *err, ...)
{
    va_list words;
    va_start(words, err);
    const char *command = va_arg(words, const char *);
    say(c, command, words);
    va_end(words);
    BAU_TRY(redis_send(c, err));
    return redis_want(c, command, out, err);
}

/* ── open and close ──────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status greet(struct redis_client *c, struct bau_error *err)
{
    const struct redis_address *a = c->with.address;
    char db[16];
    if (a->password && a->user)
        BAU_TRY(redis_call(c, NULL, err, "AUTH", a->user, a->password, NULL));
    else if (a->password)
        BAU_TRY(redis_call(c, NULL, err, "AUTH", a->password, NULL));
    REDIS_AUTO_REPLY *named = NULL;
    if (c->with.name) { /* an account that may not name its connection can do all else */
        redis_say(c, "CLIENT", "SETNAME", c->with.name, NULL);
        BAU_TRY(redis_send(c, err));
        BAU_TRY(redis_next(c, &named, err));
        if (redis_is_error(named, "NOAUTH"))
            return redis_refused(c, "CLIENT SETNAME", named, err);
    }
    if (a->db == 0)
        return redis_call(c, NULL, err, "PING", NULL);
    (void)snprintf(db, sizeof db, "%u", a->db);
    return redis_call(c, NULL, err, "SELECT", db, NULL);
}

bau_status redis_client_open(const struct redis_client_with *with, struct redis_client **out,
                             struct bau_error *err)
{
    struct redis_client *c = bau_alloc(sizeof *c);
    if (!c)
        return bau_error_set(err, BAU_E_NOMEM, "connection");
    c->with = *with;
    c->address = *with->address;
    c->with.address = &c->address;
    if (c->address.host) {
        (void)snprintf(c->host, sizeof c->host, "%s", with->address->host);
        (void)snprintf(c->port, sizeof c->port, "%s", with->address->port);
        c->address.host = c->host;
        c->address.port = c->port;
    }
    c->fd = -1;
    c->in = bau_alloc(READ_BYTES);
    c->reader = redisReaderCreate();
    bau_status status = c->in && c->reader ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "connection");
    if (status == BAU_OK)
        status = c->address.path ? connect_unix(c, err) : connect_tcp(c, err);
    if (status == BAU_OK && with->reached)
        *with->reached = true;
    if (status == BAU_OK && c->address.tls)
        status = start_tls(c, err);
    if (status == BAU_OK)
        status = greet(c, err);
    c->with.name = NULL; /* the caller's */
    c->with.reached = NULL;
    if (status != BAU_OK) {
        redis_client_close(c);
        return status;
    }
    *out = c;
    return BAU_OK;
}

bau_status redis_client_open_cluster(const struct redis_client_with *with, struct redis_client **out,
                                     struct bau_error *err)
{
    struct redis_client *c = bau_alloc(sizeof *c);
    if (!c)
        return bau_error_set(err, BAU_E_NOMEM, "connection");
    c->with = *with;
    c->address = *with->address;
    c->with.address = &c->address;
    c->fd = -1;
    if (with->name) { /* nodes are connected to later on */
        (void)snprintf(c->name, sizeof c->name, "%s", with->name);
        c->with.name = c->name;
    }
    const bau_status status = redis_cluster_new(&c->with, &c->cut, &c->cluster, err);
    if (status != BAU_OK) {
        redis_client_close(c);
        return status;
    }
    *out = c;
    return BAU_OK;
}

struct redis_cluster *redis_client_cluster(const struct redis_client *c)
{
    return c->cluster;
}

void redis_client_place(const struct redis_client *c, const char **out_host, const char **out_port)
{
    *out_host = c->host;
    *out_port = c->port;
}

void redis_client_close(struct redis_client *c)
{
    if (!c)
        return;
    redis_cluster_free(c->cluster);
    SSL_free(c->ssl);
    SSL_CTX_free(c->tls);
    if (c->fd >= 0)
        close(c->fd);
    if (c->reader)
        redisReaderFree(c->reader);
    if (c->out.data)
        bau_wipe(c->out.data, c->out.room);
    bau_text_release(&c->out);
    if (c->in)
        bau_wipe(c->in, READ_BYTES);
    bau_free(c->in);
    bau_free(c);
}

void redis_client_cut(struct redis_client *c)
{
    atomic_store(&c->cut, true);
    if (c->fd >= 0)
        (void)shutdown(c->fd, SHUT_RDWR);
}
