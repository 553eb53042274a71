/* Runs pg_dump for the objects of the schema; rows never pass through it.
 *
 * The newest pg_dump on this machine is taken: that of the store's pg_bin or else of BAUTA_PG_BIN alone when one is set,
 * else of Debian's version folders and PATH. It connects with PG… variables of its own environment (a password in argv could be seen by all) to
 * exactly the server that the coordinator reached, and sees the coordinator's snapshot. Its output stays in memory. What it
 * writes to stderr is passed on only when it is about privileges or connections. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <string.h>

enum { MAX_ENVIRONMENT = 80, POLL_MS = 200, STDERR_KEPT = 4096 };

struct environment {
    char *at[MAX_ENVIRONMENT + 1];
    size_t n;
    bool failed;
};

static void add_variable(struct environment *e, const char *name, const char *value)
{
    if (!value || !value[0])
        return;
    BAU_AUTO_TEXT t = { 0 };
    bau_text_addf(&t, "%s=%s", name, value);
    if (t.failed || e->n == MAX_ENVIRONMENT) {
        e->failed = true;
        return;
    }
    e->at[e->n++] = t.data;
    t = (struct bau_text){ 0 }; /* handed over */
}

static void release_environment(struct environment *e)
{
    for (size_t i = 0; i < e->n; i++) {
        bau_wipe(e->at[i], strlen(e->at[i]));
        bau_free(e->at[i]);
    }
}

static void fill_environment(struct environment *e, PGconn *conn)
{
    static const char *const kept[] = { "PATH",        "HOME",        "USER",
                                        "LOGNAME",     "TMPDIR",      "LD_LIBRARY_PATH",
                                        "KRB5CCNAME",  "KRB5_CONFIG", "SSL_CERT_FILE",
                                        "SSL_CERT_DIR" };
    static const char *const ours[] = { "host",
                                        "hostaddr",
                                        "port",
                                        "dbname",
                                        "service",
                                        "client_encoding",
                                        "application_name",
                                        "target_session_attrs" };
    for (size_t i = 0; i < BAU_COUNT(kept); i++)
        add_variable(e, kept[i], getenv(kept[i]));
    PQconninfoOption *options = conn ? PQconninfo(conn) : NULL;
    for (PQconninfoOption *o = options; o && o->keyword; o++) {
        bool own = false;
        for (size_t i = 0; i < BAU_COUNT(ours); i++)
            own = own || strcmp(o->keyword, ours[i]) == 0;
        if (o->envvar && !own)
            add_variable(e, o->envvar, o->val);
        if (o->val && o->dispchar[0] == '*')
            bau_wipe(o->val, strlen(o->val));
    }
    PQconninfoFree(options);
    add_variable(e, "LC_ALL", "C");
    add_variable(e, "PGCLIENTENCODING", "UTF8");
    add_variable(e, "PGAPPNAME", "bauta schema");
    if (!conn)
        return;
    add_variable(e, "PGHOST", PQhost(conn));
    add_variable(e, "PGHOSTADDR", PQhostaddr(conn));
    add_variable(e, "PGPORT", PQport(conn));
    add_variable(e, "PGDATABASE", PQdb(conn));
}

/* ── running it ──────────────────────────────────────────────────────────────────────────────────────────────────── */

struct child {
    pid_t pid;
    int out, complaints; /* read ends */
};

static bau_status start(const char *program, const char *const *args, struct environment *e, struct child *c,
                        struct bau_error *err)
{
    int out[2], complaints[2];
    if (pipe(out) != 0)
        return bau_error_set(err, BAU_E_IO, "pipe: %s", strerror(errno));
    if (pipe(complaints) != 0) {
        close(out[0]);
        close(out[1]);
        return bau_error_set(err, BAU_E_IO, "pipe: %s", strerror(errno));
    }
    (void)fcntl(out[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(complaints[0], F_SETFD, FD_CLOEXEC);
    posix_spawn_file_actions_t actions;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc == 0) {
        rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, complaints[1], 2);
        rc = rc ? rc : posix_spawn_file_actions_addclose(&actions, out[1]);
        rc = rc ? rc : posix_spawn_file_actions_addclose(&actions, complaints[1]);
        /* posix_spawn takes char *const[] for history's sake and changes nothing */
        char *argv[16] = { 0 };
        for (size_t i = 0; args[i] && i + 1 < BAU_COUNT(argv); i++)
            argv[i] = (char *)(uintptr_t)args[i];
        rc = rc ? rc : posix_spawn(&c->pid, program, &actions, NULL, argv, e->at);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(out[1]);
    close(complaints[1]);
    if (rc != 0) {
        close(out[0]);
        close(complaints[0]);
        return bau_error_set(err, BAU_E_IO, "%s: %s", program, strerror(rc));
    }
    c->out = out[0];
    c->complaints = complaints[0];
    return BAU_OK;
}

/* Reads what is there; false at the end. */
static bool drain_some(int fd, struct bau_text *into, size_t most)
{
    char bytes[16384];
    const ssize_t n = read(fd, bytes, sizeof bytes);
    if (n > 0 && into->len < most)
        bau_text_addn(into, bytes, (size_t)n);
    return n > 0 || (n < 0 && errno == EINTR);
}

static void collect(struct child *c, const struct bau_watch *watch, struct bau_text *out,
                    struct bau_text *complaints)
{
    bool ended = false;
    while (c->out >= 0 || c->complaints >= 0) {
        struct pollfd fds[2] = { { .fd = c->out, .events = POLLIN },
                                 { .fd = c->complaints, .events = POLLIN } };
        if (poll(fds, 2, POLL_MS) < 0 && errno != EINTR)
            break;
        if (fds[0].revents && !drain_some(c->out, out, SIZE_MAX)) {
            close(c->out);
            c->out = -1;
        }
        if (fds[1].revents && !drain_some(c->complaints, complaints, STDERR_KEPT)) {
            close(c->complaints);
            c->complaints = -1;
        }
        if (!ended && watch && watch->stopped && watch->stopped(watch->self)) {
            kill(c->pid, SIGTERM);
            ended = true;
        }
    }
    if (c->out >= 0)
        close(c->out);
    if (c->complaints >= 0)
        close(c->complaints);
}

/* Exit code, or -1 when it was ended by a signal. */
static bau_status run(const char *program, const char *const *args, PGconn *conn,
                      const struct bau_watch *watch, struct bau_text *out, struct bau_text *complaints,
                      int *out_code, struct bau_error *err)
{
    struct environment e = { .n = 0 };
    struct child c = { .pid = -1 };
    fill_environment(&e, conn);
    bau_status status =
        e.failed ? bau_error_set(err, BAU_E_NOMEM, "environment") : start(program, args, &e, &c, err);
    release_environment(&e);
    BAU_TRY(status);
    collect(&c, watch, out, complaints);
    int code = 0;
    while (waitpid(c.pid, &code, 0) < 0 && errno == EINTR)
        continue;
    *out_code = WIFEXITED(code) ? WEXITSTATUS(code) : -1;
    return out->failed || complaints->failed ? bau_error_set(err, BAU_E_NOMEM, "pg_dump") : BAU_OK;
}

/* ── finding it ──────────────────────────────────────────────────────────────────────────────────────────────────── */

struct found {
    char path[512];
    int major;
};

static void try_program(struct found *best, const char *folder, size_t n)
{
    char path[512];
    if (n == 0 || snprintf(path, sizeof path, "%.*s/pg_dump", (int)n, folder) >= (int)sizeof path ||
        access(path, X_OK) != 0)
        return;
    const char *const args[] = { "pg_dump", "--version", NULL };
    BAU_AUTO_TEXT out = { 0 }, complaints = { 0 };
    int code = 0, major = 0;
    if (run(path, args, NULL, NULL, &out, &complaints, &code, NULL) != BAU_OK || code != 0 || !out.data)
        return;
    const char *digits = strpbrk(out.data, "0123456789"); /* "pg_dump (PostgreSQL) 15.18" */
    major = digits ? (int)strtol(digits, NULL, 10) : 0;
    if (major <= best->major)
        return;
    best->major = major;
    memcpy(best->path, path, strlen(path) + 1);
}

/* The folder the user named, NULL when there is none. */
static const char *named_folder(const struct bau_side *side)
{
    const char *folder = side->config->pg_bin ? side->config->pg_bin : getenv("BAUTA_PG_BIN");
    return folder && folder[0] ? folder : NULL;
}

static void find_program(const struct bau_side *side, struct found *best)
{
    const char *own = named_folder(side);
    if (own) {
        try_program(best, own, strlen(own));
        return;
    }
    glob_t folders;
    if (glob("/usr/lib/postgresql/*/bin", GLOB_NOSORT, NULL, &folders) == 0) {
        for (size_t i = 0; i < folders.gl_pathc; i++)
            try_program(best, folders.gl_pathv[i], strlen(folders.gl_pathv[i]));
        globfree(&folders);
    }
    for (const char *at = getenv("PATH"); at && *at;) {
        const size_t n = strcspn(at, ":");
        try_program(best, at, n);
        at += n + (at[n] == ':');
    }
}

/* ── the schema ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status dump_failed(const struct bau_side *side, int code, const struct bau_text *complaints,
                              struct bau_error *err)
{
    static const char *const safe[] = { "permission denied", "connection to server", "connection to database",
                                        "server version", "aborting because" };
    const char *line = complaints->data ? complaints->data : "";
    const size_t n = strcspn(line, "\n");
    BAU_AUTO_TEXT first = { 0 };
    bau_text_addn(&first, line, n);
    bool told = false;
    for (size_t i = 0; first.data && i < BAU_COUNT(safe); i++)
        told = told || strstr(first.data, safe[i]);
    return bau_error_set(err, BAU_E_SOURCE, "source of store %s: pg_dump ended with %d%s%s", side->with.store,
                         code, told ? ": " : "", told ? first.data : "");
}

bau_status pg_dump_schema(struct bau_side *side, struct bau_text *out, int *out_major, struct bau_error *err)
{
    struct found found = { .major = 0 };
    find_program(side, &found);
    const char *folder = named_folder(side);
    const int major = side->version / 10000;
    if (found.major < major)
        return bau_error_set(
            err, BAU_E_SOURCE,
            "source of store %s: the server is PostgreSQL %d, and there is no pg_dump of %d or "
            "later %s%s; install postgresql-client-%d, or name its folder with pg_bin or "
            "BAUTA_PG_BIN",
            side->with.store, major, major, folder ? "in " : "on this machine", folder ? folder : "", major);
    char snapshot[96];
    (void)snprintf(snapshot, sizeof snapshot, "--snapshot=%s", side->snapshot);
    const char *args[] = { "pg_dump",
                           "--schema-only",
                           "--no-tablespaces",
                           "--no-password",
                           "--lock-wait-timeout=60000",
                           snapshot,
                           NULL,
                           NULL };
    if (!side->config->subscriptions)
        args[6] = "--no-subscriptions";
    BAU_AUTO_TEXT complaints = { 0 };
    int code = 0;
    BAU_TRY(run(found.path, args, side->main, &side->with.watch, out, &complaints, &code, err));
    if (side->with.watch.stopped && side->with.watch.stopped(side->with.watch.self))
        return bau_error_set(err, BAU_E_CANCELLED, "pg_dump was stopped");
    *out_major = found.major;
    return code == 0 ? BAU_OK : dump_failed(side, code, &complaints, err);
}
