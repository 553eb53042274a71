/* `cut: replica`: a redis-server of our own becomes a replica of the source, and once it has everything it is cut loose and
 * read in the source's place. It listens on a unix socket in a private folder only, takes the data over the line straight into
 * memory (repl-diskless-load) and saves nothing; passwords reach it through a pipe, not by its command line. It dies with us. */
#include "redis.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 50, START_MS = 10000, STOP_MS = 5000, HOPELESS_MS = 10000, FOLDER = 80 };

struct redis_replica {
    char folder[FOLDER], socket[FOLDER + 8];
    pid_t pid;
};

static void pause_step(void)
{
    const struct timespec step = { 0, STEP_MS * 1000000L };
    nanosleep(&step, NULL);
}

static bau_status failed(const char *what, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_SOURCE, "cut: replica: %s", what);
}

/* ── its configuration ───────────────────────────────────────────────────────────────────────────────────────────── */

/* In quotes; what is not plain ASCII as \xHH. */
static void quoted(struct bau_text *to, const char *name, const char *value)
{
    if (!value)
        return;
    bau_text_addf(to, "%s \"", name);
    for (const char *c = value; *c; c++)
        if (*c >= ' ' && *c <= '~' && *c != '"' && *c != '\\')
            bau_text_addn(to, c, 1);
        else
            bau_text_addf(to, "\\x%02x", (unsigned)(uint8_t)*c);
    bau_text_add(to, "\"\n");
}

static void configure(const struct redis_replica *r, const struct redis_address *a, struct bau_text *to)
{
    bau_text_add(
        to, "port 0\nunixsocketperm 700\nsave \"\"\nappendonly no\nrepl-diskless-load on-empty-db\n"
            "databases 16384\nreplica-read-only yes\nlogfile \"/dev/null\"\nshutdown-on-sigterm nosave\n");
    quoted(to, "unixsocket", r->socket);
    quoted(to, "dir", r->folder);
    quoted(to, "masteruser", a->user);
    quoted(to, "masterauth", a->password);
    if (a->tls) {
        bau_text_add(to, "tls-replication yes\n");
        quoted(to, "tls-ca-cert-file", a->ca);
        quoted(to, "tls-cert-file", a->cert);
        quoted(to, "tls-key-file", a->key);
    }
}

static bau_status fits(const struct bau_side *side, struct bau_error *err)
{
    const struct redis_address *a = &side->address;
    if (side->cluster)
        return bau_error_set(err, BAU_E_USAGE,
                             "cut: replica serves single servers, and the source is a Redis Cluster");
    if (a->path)
        return bau_error_set(err, BAU_E_USAGE, "cut: replica needs a source that is reached over TCP");
    if (a->tls && (!a->cert || !a->ca))
        return bau_error_set(
            err, BAU_E_USAGE,
            "cut: replica over TLS needs ca=, cert= and key= in the URI: redis-server has no TLS without");
    return BAU_OK;
}

/* ── the program ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool find_program(char out[4096])
{
    const char *path = getenv("PATH");
    while (path && *path) {
        const size_t n = strcspn(path, ":");
        (void)snprintf(out, 4096, "%.*s/redis-server", (int)n, path);
        if (n && n < 4000 && access(out, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

/* In the child: only calls that are allowed between fork and exec. */
static void become(const char *program, int config)
{
    char name[] = "redis-server", from_stdin[] = "-";
    char *const words[] = { name, from_stdin, NULL };
    char *const environment[] = { NULL };
    const int nowhere = open("/dev/null", O_RDWR);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setsid(); /* a Ctrl-C is for us, who then stop it */
    (void)dup2(config, STDIN_FILENO);
    (void)dup2(nowhere, STDOUT_FILENO);
    (void)dup2(nowhere, STDERR_FILENO);
    execve(program, words, environment);
    _exit(127);
}

static bau_status launch(struct redis_replica *r, const struct bau_text *config, struct bau_error *err)
{
    char program[4096];
    int ends[2];
    if (!find_program(program))
        return bau_error_set(err, BAU_E_USAGE,
                             "cut: replica needs a redis-server on PATH; install one or use cut: scan");
    if (config->failed || pipe2(ends, O_CLOEXEC) != 0)
        return bau_error_set(err, BAU_E_NOMEM, "replica");
    r->pid = fork();
    if (r->pid == 0)
        become(program, ends[0]);
    close(ends[0]);
    /* a pipe holds more than any configuration, so this does not wait */
    const bool told = r->pid > 0 && write(ends[1], config->data, config->len) == (ssize_t)config->len;
    close(ends[1]);
    return told ? BAU_OK : failed("redis-server could not be started", err);
}

static bool gone(struct redis_replica *r)
{
    if (r->pid > 0 && waitpid(r->pid, NULL, WNOHANG) == r->pid)
        r->pid = 0;
    return r->pid <= 0;
}

void redis_replica_stop(struct redis_replica *r)
{
    if (!r)
        return;
    if (r->pid > 0)
        (void)kill(r->pid, SIGTERM);
    for (int waited = 0; !gone(r) && waited < STOP_MS; waited += STEP_MS)
        pause_step();
    if (r->pid > 0) {
        (void)kill(r->pid, SIGKILL);
        (void)waitpid(r->pid, NULL, 0);
    }
    if (r->folder[0]) {
        (void)unlink(r->socket);
        (void)rmdir(r->folder);
    }
    bau_free(r);
}

/* ── waiting for the data ────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_stopped(const struct bau_side *side)
{
    return side->with.watch.stopped && side->with.watch.stopped(side->with.watch.self);
}

static bau_status open_copy(struct bau_side *side, struct redis_replica *r, struct redis_client **out,
                            struct bau_error *err)
{
    const struct redis_address address = { .path = r->socket };
    const struct redis_client_with with = { .address = &address,
                                            .what = "replica",
                                            .lost = BAU_E_SOURCE,
                                            .timeout_ms = side->config->timeout_ms,
                                            .watch = side->with.watch };
    for (int waited = 0; waited < START_MS; waited += STEP_MS) {
        struct bau_error ignored = { 0 };
        if (is_stopped(side))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped");
        if (gone(r))
            return failed(
                "redis-server ended as soon as it was started; it has to be of version 6.0 or later", err);
        if (access(r->socket, F_OK) == 0 && redis_client_open(&with, out, &ignored) == BAU_OK)
            return BAU_OK;
        pause_step();
    }
    return failed("redis-server does not answer", err);
}

/* Whether it has everything, and what would change while it is getting there. */
static bau_status progress(struct redis_client *c, bool *out_done, bool *out_begun, char *state, size_t room,
                           struct bau_error *err)
{
    REDIS_AUTO_REPLY *reply = NULL;
    char link[16], copying[8], read[32], loaded[32], loading[8];
    BAU_TRY(redis_call(c, &reply, err, "INFO", NULL));
    const char *text = reply->type == REDIS_REPLY_STRING ? reply->str : "";
    redis_info(text, "master_link_status", link, sizeof link);
    redis_info(text, "master_sync_in_progress", copying, sizeof copying);
    redis_info(text, "master_sync_read_bytes", read, sizeof read);
    redis_info(text, "loading_loaded_bytes", loaded, sizeof loaded);
    redis_info(text, "async_loading", loading, sizeof loading);
    *out_done = strcmp(link, "up") == 0;
    *out_begun = strcmp(copying, "1") == 0;
    (void)snprintf(state, room, "%s %s %s %s %s", link, copying, read, loaded, loading);
    return BAU_OK;
}

static bau_status wait_for_copy(struct bau_side *side, struct redis_replica *r, struct redis_client *c,
                                struct bau_error *err)
{
    char state[128], before[128] = "";
    uint64_t still = 0;
    for (;;) {
        bool done = false, begun = false;
        if (is_stopped(side))
            return bau_error_set(err, BAU_E_CANCELLED, "stopped");
        if (gone(r))
            return failed("redis-server ended while it took the data; is it older than the source's?", err);
        BAU_TRY(progress(c, &done, &begun, state, sizeof state, err));
        if (done)
            return BAU_OK;
        still = strcmp(state, before) == 0 ? still + STEP_MS : 0;
        memcpy(before, state, sizeof before);
        if (still >= (begun ? side->config->timeout_ms : HOPELESS_MS))
            return failed(
                "the source gives no copy; the account needs +psync and +replconf, and redis-server "
                "must not be older than the source's",
                err);
        pause_step();
    }
}

/* An account that may not become a replica learns it at once. */
static bau_status may_copy(struct bau_side *side, struct bau_error *err)
{
    bau_status status = redis_call(side->main, NULL, err, "REPLCONF", "capa", "eof", NULL);
    if (status != BAU_OK)
        bau_error_note(err, "%s", "cut: replica (the account needs +psync and +replconf)");
    return status;
}

/* ── the whole of it ─────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status make_folder(struct redis_replica *r, struct bau_error *err)
{
    const char *base = getenv("TMPDIR");
    char folder[4096];
    (void)snprintf(folder, sizeof folder, "%s/bauta-replica-XXXXXX", base && *base ? base : "/tmp");
    if (strlen(folder) >= sizeof r->folder) /* the path of a socket has to be short */
        (void)snprintf(folder, sizeof folder, "/tmp/bauta-replica-XXXXXX");
    if (!mkdtemp(folder))
        return failed("no folder for the replica's socket can be made", err);
    (void)snprintf(r->folder, sizeof r->folder, "%.*s", FOLDER - 1, folder);
    (void)snprintf(r->socket, sizeof r->socket, "%s/s", r->folder);
    return BAU_OK;
}

static bau_status copy(struct bau_side *side, struct redis_replica *r, struct bau_error *err)
{
    struct redis_address from = side->address;
    struct redis_client *c = NULL;
    BAU_AUTO_TEXT config = { 0 };
    redis_client_place(side->main, &from.host, &from.port);
    BAU_TRY(may_copy(side, err));
    BAU_TRY(make_folder(r, err));
    configure(r, &from, &config);
    bau_status status = launch(r, &config, err);
    if (config.data)
        bau_wipe(config.data, config.len);
    BAU_TRY(status);
    BAU_TRY(open_copy(side, r, &c, err));
    status = redis_call(c, NULL, err, "REPLICAOF", from.host, from.port, NULL);
    if (status == BAU_OK)
        status = wait_for_copy(side, r, c, err);
    if (status == BAU_OK)
        status = redis_call(c, NULL, err, "REPLICAOF", "NO", "ONE", NULL);
    redis_client_close(c);
    return status;
}

bau_status redis_replica_cut(struct bau_side *side, struct bau_error *err)
{
    BAU_TRY(fits(side, err));
    side->replica = bau_alloc(sizeof *side->replica);
    if (!side->replica)
        return bau_error_set(err, BAU_E_NOMEM, "replica");
    BAU_TRY(copy(side, side->replica, err));
    redis_client_close(side->main);
    side->main = NULL;
    side->address = (struct redis_address){ .path = side->replica->socket, .db = side->address.db };
    return redis_connect(side, side->address.db, &side->main, err);
}
