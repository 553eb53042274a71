/* Secrets by reference: see include/bauta/secret.h. The bytes lie in pages of their own, locked where the system allows,
 * kept out of dumps and wiped when they go. */
#include "bauta/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bauta/log.h"

#define SECRET_MOST ((size_t)64 << 10) /* a URI, a key, a certificate */
#define COMMAND_MS 60000

extern char **environ;

struct bau_secret {
    size_t mapped, len;
    char text[];
};

static struct bau_secret *secret_new(size_t room)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t mapped = (sizeof(struct bau_secret) + room + 1 + page - 1) / page * page;
    struct bau_secret *s = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        return NULL;
    (void)mlock(s, mapped); /* best effort: RLIMIT_MEMLOCK may be small */
    madvise(s, mapped, MADV_DONTDUMP);
    s->mapped = mapped;
    return s;
}

void bau_secret_free(struct bau_secret *secret)
{
    if (!secret)
        return;
    const size_t mapped = secret->mapped;
    bau_wipe(secret, mapped);
    munmap(secret, mapped);
}

const char *bau_secret_text(const struct bau_secret *secret)
{
    return secret->text;
}

size_t bau_secret_len(const struct bau_secret *secret)
{
    return secret->len;
}

bau_status bau_secret_from_bytes(const void *bytes, size_t n, struct bau_secret **out, struct bau_error *err)
{
    struct bau_secret *s = secret_new(n);
    if (!s)
        return bau_error_set(err, BAU_E_NOMEM, "secret");
    memcpy(s->text, bytes, n);
    s->len = n;
    *out = s;
    return BAU_OK;
}

/* The environment is read directly: names with dashes are legal there, whatever shells think. */
static bau_status from_env(const char *name, struct bau_secret **out, struct bau_error *err)
{
    const size_t len = strlen(name);
    for (char **e = environ; len && *e; e++)
        if (strncmp(*e, name, len) == 0 && (*e)[len] == '=') {
            const char *value = *e + len + 1;
            if (!*value)
                return bau_error_set(err, BAU_E_USAGE, "the environment variable %s is empty", name);
            return bau_secret_from_bytes(value, strlen(value), out, err);
        }
    return bau_error_set(err, BAU_E_USAGE, "the environment variable %s is not set", name);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads until end of file; 0 or an errno. ETIMEDOUT past the deadline, EFBIG past SECRET_MOST. */
static int read_all(int fd, struct bau_secret *s, int64_t deadline)
{
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        const int64_t left = deadline ? deadline - now_ms() : -1;
        if (deadline && left <= 0)
            return ETIMEDOUT;
        if (poll(&p, 1, deadline ? (int)left : -1) < 0 && errno != EINTR)
            return errno;
        if (!p.revents)
            continue;
        const ssize_t n = read(fd, s->text + s->len, SECRET_MOST - s->len);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return errno;
        s->len += n > 0 ? (size_t)n : 0;
        if (s->len == SECRET_MOST)
            return EFBIG;
    }
    if (s->len && s->text[s->len - 1] == '\n')
        s->len -= s->len > 1 && s->text[s->len - 2] == '\r' ? 2 : 1;
    s->text[s->len] = '\0';
    return 0;
}

static bau_status from_file(const char *path, struct bau_secret **out, struct bau_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return bau_error_set(err, BAU_E_USAGE, "the file %s cannot be read: %s", path, strerror(errno));
    struct stat facts; /* mounted secrets are often 0644, so this is no reason to stop */
    if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_mode & S_IROTH)
        bau_log(BAU_WARN, "the file of a secret is readable by every user", BAU_NAME("file", path));
    struct bau_secret *s = secret_new(SECRET_MOST);
    const int failed = s ? read_all(fd, s, 0) : ENOMEM;
    close(fd);
    if (failed || s->len == 0) {
        bau_secret_free(s);
        return bau_error_set(err, BAU_E_USAGE, "the file %s %s", path,
                             failed == EFBIG ? "is too large for a secret"
                             : failed        ? strerror(failed)
                                             : "is empty");
    }
    *out = s;
    return BAU_OK;
}

/* The shell of a command: bauta ignores SIGPIPE, what it starts should not. 0 or an errno. */
static int start_shell(char *command, int out, pid_t *pid)
{
    char shell[] = "sh", dash_c[] = "-c";
    char *argv[] = { shell, dash_c, command, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t pipes;
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &pipes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const int failed = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static bau_status from_command(const char *command, struct bau_secret **out, struct bau_error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return bau_error_set(err, BAU_E_IO, "a pipe for the command of a secret: %s", strerror(errno));
    char *text = bau_alloc(strlen(command) + 1);
    pid_t pid = -1;
    if (text)
        memcpy(text, command, strlen(command));
    const int failed_spawn = text ? start_shell(text, fds[1], &pid) : ENOMEM;
    close(fds[1]);
    bau_free(text);
    struct bau_secret *s = failed_spawn ? NULL : secret_new(SECRET_MOST);
    const int failed = failed_spawn ? failed_spawn : s ? read_all(fds[0], s, now_ms() + COMMAND_MS) : ENOMEM;
    close(fds[0]);
    int status = 0;
    if (!failed_spawn) {
        if (failed)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    if (failed || status != 0 || s->len == 0) {
        bau_secret_free(s);
        return bau_error_set(err, BAU_E_USAGE, "the command of a secret %s",
                             failed == ETIMEDOUT ? "took longer than 60 s"
                             : failed            ? strerror(failed)
                             : status            ? "failed"
                                                 : "printed nothing");
    }
    *out = s;
    return BAU_OK;
}

bau_status bau_secret_resolve(const char *reference, struct bau_secret **out, struct bau_error *err)
{
    if (strncmp(reference, "env:", 4) == 0)
        return from_env(reference + 4, out, err);
    if (strncmp(reference, "file:", 5) == 0)
        return from_file(reference + 5, out, err);
    if (strncmp(reference, "command:", 8) == 0)
        return from_command(reference + 8, out, err);
    return bau_error_set(err, BAU_E_USAGE,
                         "a secret stands here itself; put it elsewhere and write env:NAME, file:PATH or "
                         "command:SHELL COMMAND");
}
