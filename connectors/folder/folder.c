/* A folder as a place of objects. Each is a file; "a/b" lies in the subfolder a.
 *
 * A put writes a hidden file beside the final one, syncs it, renames it (or links it, when it must be new) and syncs the
 * folder. What a crash leaves has a name that starts with TEMP, which no object may have. Symbolic links inside the place
 * are not followed: every step goes through an open folder, with O_NOFOLLOW. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bauta/connector.h"

#define TEMP ".bauta-new-"

enum { NAME_MAX_BYTES = 900, SEGMENT_ROOM = 256, STEP = 1 << 20 };

struct bau_objects {
    const char *what;
    int root;
    bool write;
    bool (*stopped)(void *self);
    void *self;
    _Atomic uint64_t serial; /* of hidden files */
    char path[];
};

static bau_status failed(const struct bau_objects *p, const char *doing, const char *name,
                         struct bau_error *err)
{
    const int sys = errno;
    bau_error_set(err, p->write ? BAU_E_TARGET : BAU_E_SOURCE, "%s: %s %s in %s: %s", p->what, doing, name,
                  p->path, strerror(sys));
    if (err)
        err->sys = sys;
    return p->write ? BAU_E_TARGET : BAU_E_SOURCE;
}

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool good_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static bool good_segment(const char *at, size_t n)
{
    if (n == 0 || n >= SEGMENT_ROOM - sizeof TEMP || (n == 1 && at[0] == '.') ||
        (n == 2 && at[0] == '.' && at[1] == '.') || strncmp(at, TEMP, sizeof TEMP - 1) == 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!good_byte(at[i]))
            return false;
    return true;
}

static bau_status check_name(const struct bau_objects *p, const char *name, struct bau_error *err)
{
    bool good = strlen(name) <= NAME_MAX_BYTES;
    for (const char *at = name; good; at++) {
        const size_t n = strcspn(at, "/");
        good = good_segment(at, n);
        at += n;
        if (*at == '\0')
            break;
    }
    return good ? BAU_OK
                : bau_error_set(err, BAU_E_USAGE, "%s: a name of %zu bytes that no object may have", p->what,
                                strlen(name));
}

static int open_folder(int at, const char *name, bool make)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(at, name, flags);
    if (fd < 0 && errno == ENOENT && make && (mkdirat(at, name, 0700) == 0 || errno == EEXIST)) {
        if (fsync(at) != 0)
            return -1;
        fd = openat(at, name, flags);
    }
    return fd;
}

/* The folder an object lies in, open, and its last segment. -1 with errno. */
static int walk(const struct bau_objects *p, const char *name, bool make, const char **out_last)
{
    int at = fcntl(p->root, F_DUPFD_CLOEXEC, 0);
    for (const char *slash; at >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
        char segment[SEGMENT_ROOM];
        snprintf(segment, sizeof segment, "%.*s", (int)(slash - name), name);
        const int next = open_folder(at, segment, make);
        const int sys = errno;
        close(at);
        errno = sys;
        at = next;
    }
    *out_last = name;
    return at;
}

/* ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *path_of(const char *uri)
{
    if (strncmp(uri, "file://", 7) == 0)
        return uri + 7;
    return strncmp(uri, "file:", 5) == 0 ? uri + 5 : uri;
}

static bau_status file_open(const struct bau_objects_open *with, struct bau_objects **out,
                            struct bau_error *err)
{
    const char *path = path_of(bau_secret_text(with->uri));
    if (!*path)
        return bau_error_set(err, BAU_E_USAGE, "%s: the address names no folder", with->what);
    struct bau_objects *p = bau_alloc(sizeof *p + strlen(path) + 1);
    if (!p)
        return bau_error_set(err, BAU_E_NOMEM, "%s", with->what);
    p->what = with->what;
    p->write = with->write;
    p->stopped = with->stopped;
    p->self = with->self;
    memcpy(p->path, path, strlen(path) + 1);
    p->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->root < 0 && errno == ENOENT && with->write && mkdir(path, 0700) == 0)
        p->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->root < 0) {
        const bau_status status = failed(p, "opening", "the folder", err);
        bau_free(p);
        return status;
    }
    *out = p;
    return BAU_OK;
}

static void file_close(struct bau_objects *place)
{
    if (!place)
        return;
    close(place->root);
    bau_free(place);
}

static bau_status stopped(const struct bau_objects *p, struct bau_error *err)
{
    return p->stopped && p->stopped(p->self) ? bau_error_set(err, BAU_E_CANCELLED, "stopped") : BAU_OK;
}

/* ── put ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status write_all(struct bau_objects *p, int fd, const char *name, const uint8_t *bytes, size_t n,
                            struct bau_error *err)
{
    while (n > 0) {
        BAU_TRY(stopped(p, err));
        const ssize_t done = write(fd, bytes, n < STEP ? n : STEP);
        if (done < 0 && errno != EINTR)
            return failed(p, "writing", name, err);
        bytes += done < 0 ? 0 : done;
        n -= done < 0 ? 0 : (size_t)done;
    }
    return fsync(fd) == 0 ? BAU_OK : failed(p, "syncing", name, err);
}

static bau_status give_name(const struct bau_objects *p, int folder, const char *temp, const char *last,
                            bool only_new, bool *out_made, struct bau_error *err)
{
    *out_made = true;
    if (!only_new) {
        if (renameat(folder, temp, folder, last) != 0)
            return failed(p, "naming", last, err);
    } else {
        if (linkat(folder, temp, folder, last, 0) != 0) {
            if (errno != EEXIST)
                return failed(p, "naming", last, err);
            *out_made = false;
        }
        unlinkat(folder, temp, 0);
    }
    return fsync(folder) == 0 ? BAU_OK : failed(p, "syncing the folder of", last, err);
}

static bau_status put_in(struct bau_objects *p, int folder, const char *last, const void *bytes, size_t n,
                         bool only_new, bool *out_made, struct bau_error *err)
{
    char temp[SEGMENT_ROOM];
    const uint64_t serial = atomic_fetch_add(&p->serial, 1);
    snprintf(temp, sizeof temp, TEMP "%ld-%" PRIu64 "-%llx", (long)getpid(), serial,
             (unsigned long long)(uintptr_t)p);
    const int fd = openat(folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return failed(p, "making", last, err);
    bau_status status = write_all(p, fd, last, bytes, n, err);
    if (close(fd) != 0 && status == BAU_OK)
        status = failed(p, "closing", last, err);
    if (status == BAU_OK)
        status = give_name(p, folder, temp, last, only_new, out_made, err);
    if (status != BAU_OK)
        unlinkat(folder, temp, 0);
    return status;
}

static bau_status file_put(struct bau_objects *p, const char *name, const void *bytes, size_t n,
                           bool only_new, bool *out_made, struct bau_error *err)
{
    const char *last;
    if (!p->write)
        return bau_error_set(err, BAU_E_BUG, "%s: opened for reading", p->what);
    BAU_TRY(check_name(p, name, err));
    const int folder = walk(p, name, true, &last);
    if (folder < 0)
        return failed(p, "making", name, err);
    const bau_status status = put_in(p, folder, last, bytes, n, only_new, out_made, err);
    close(folder);
    return status;
}

/* ── get ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status missing(const struct bau_objects *p, const char *name, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_INTEGRITY, "%s: object %s is missing", p->what, name);
}

/* An open file that is a plain one. -1 with errno. */
static int open_object(const struct bau_objects *p, const char *name, struct stat *out)
{
    const char *last;
    const int folder = walk(p, name, false, &last);
    if (folder < 0)
        return -1;
    int fd = openat(folder, last, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    const int sys = errno;
    close(folder);
    errno = sys;
    if (fd >= 0 && (fstat(fd, out) != 0 || !S_ISREG(out->st_mode))) {
        close(fd);
        errno = ENOENT;
        fd = -1;
    }
    return fd;
}

static bau_status file_get(struct bau_objects *p, const char *name, uint64_t from, void *into, size_t n,
                           struct bau_error *err)
{
    struct stat s;
    BAU_TRY(check_name(p, name, err));
    const int fd = open_object(p, name, &s);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP || errno == ENOTDIR ? missing(p, name, err)
                                                                     : failed(p, "opening", name, err);
    bau_status status = BAU_OK;
    uint8_t *to = into;
    while (n > 0 && status == BAU_OK) {
        status = stopped(p, err);
        const ssize_t got = status == BAU_OK ? pread(fd, to, n < STEP ? n : STEP, (off_t)from) : 0;
        if (status == BAU_OK && got < 0 && errno != EINTR)
            status = failed(p, "reading", name, err);
        else if (status == BAU_OK && got == 0)
            status = bau_error_set(err, BAU_E_INTEGRITY, "%s: object %s is cut short", p->what, name);
        if (got > 0) {
            to += got;
            from += (uint64_t)got;
            n -= (size_t)got;
        }
    }
    close(fd);
    return status;
}

static bau_status file_stat(struct bau_objects *p, const char *name, bool *out_there, struct bau_object *out,
                            struct bau_error *err)
{
    struct stat s;
    BAU_TRY(check_name(p, name, err));
    const int fd = open_object(p, name, &s);
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        return failed(p, "opening", name, err);
    *out_there = fd >= 0;
    if (fd < 0)
        return BAU_OK;
    close(fd);
    *out = (struct bau_object){ name, (uint64_t)s.st_size, (int64_t)s.st_mtime };
    return BAU_OK;
}

/* ── list, remove, sweep ─────────────────────────────────────────────────────────────────────────────────────────── */

struct found {
    char *name;
    struct bau_object object;
};
struct finding {
    struct bau_objects *place;
    const char *prefix;
    struct bau_arena *arena;
    struct found *at;
    size_t n, room;
    bool hidden; /* look for what puts left */
};

static bau_status add_found(struct finding *f, const char *name, const struct stat *s, struct bau_error *err)
{
    if (f->n == f->room) {
        const size_t room = f->room ? f->room * 2 : 64;
        struct found *at = bau_realloc(f->at, room * sizeof *at);
        if (!at)
            return bau_error_set(err, BAU_E_NOMEM, "list of objects");
        f->at = at;
        f->room = room;
    }
    char *copy = bau_arena_text(f->arena, name);
    if (!copy)
        return bau_error_set(err, BAU_E_NOMEM, "list of objects");
    f->at[f->n++] = (struct found){ copy, { copy, (uint64_t)s->st_size, (int64_t)s->st_mtime } };
    return BAU_OK;
}

static bool leads_to(const char *prefix, const char *name)
{
    const size_t a = strlen(prefix), b = strlen(name);
    return strncmp(prefix, name, a < b ? a : b) == 0;
}

static bau_status look(struct finding *f, int folder, const char *above, int depth, struct bau_error *err);

static bau_status look_at(struct finding *f, int folder, const char *above, const char *entry, int depth,
                          struct bau_error *err)
{
    struct stat s;
    char name[NAME_MAX_BYTES + SEGMENT_ROOM];
    const bool hidden = strncmp(entry, TEMP, sizeof TEMP - 1) == 0;
    if (fstatat(folder, entry, &s, AT_SYMLINK_NOFOLLOW) != 0 ||
        (!hidden && !good_segment(entry, strlen(entry))))
        return BAU_OK;
    const int n = snprintf(name, sizeof name, "%s%s%s", above, *above ? "/" : "", entry);
    if (n < 0 || n > NAME_MAX_BYTES || (!f->hidden && !leads_to(f->prefix, name)))
        return BAU_OK;
    if (S_ISREG(s.st_mode))
        return hidden == f->hidden && (f->hidden || (size_t)n >= strlen(f->prefix))
                   ? add_found(f, name, &s, err)
                   : BAU_OK;
    if (!S_ISDIR(s.st_mode) || depth == 0)
        return BAU_OK;
    const int inner = openat(folder, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return inner < 0 ? BAU_OK : look(f, inner, name, depth - 1, err);
}

static bau_status look(struct finding *f, int folder, const char *above, int depth, struct bau_error *err)
{
    DIR *dir = fdopendir(folder);
    if (!dir) {
        const bau_status status = failed(f->place, "listing", above, err);
        close(folder);
        return status;
    }
    bau_status status = stopped(f->place, err);
    for (struct dirent *e; status == BAU_OK && (e = readdir(dir));)
        status = look_at(f, folder, above, e->d_name, depth, err);
    closedir(dir);
    return status;
}

static int by_name(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bau_status find(struct finding *f, struct bau_error *err)
{
    enum { DEEPEST = 64 };
    f->arena = bau_arena_new(1u << 14, BAU_ARENA_PLAIN);
    if (!f->arena)
        return bau_error_set(err, BAU_E_NOMEM, "list of objects");
    const int root = openat(f->place->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return failed(f->place, "listing", "the folder", err);
    BAU_TRY(look(f, root, "", DEEPEST, err));
    if (f->n)
        qsort(f->at, f->n, sizeof *f->at, by_name);
    return BAU_OK;
}

static void found_release(struct finding *f)
{
    bau_free(f->at);
    bau_arena_free(f->arena);
}

static bau_status file_list(struct bau_objects *p, const char *prefix, bau_object_fn fn, void *self,
                            struct bau_error *err)
{
    struct finding f = { .place = p, .prefix = prefix };
    bau_status status = find(&f, err);
    for (size_t i = 0; status == BAU_OK && i < f.n; i++)
        status = fn(self, &f.at[i].object, err);
    found_release(&f);
    return status;
}

static bau_status file_remove(struct bau_objects *p, const char *name, struct bau_error *err)
{
    const char *last;
    if (!p->write)
        return bau_error_set(err, BAU_E_BUG, "%s: opened for reading", p->what);
    BAU_TRY(check_name(p, name, err));
    const int folder = walk(p, name, false, &last);
    if (folder < 0)
        return errno == ENOENT || errno == ENOTDIR ? BAU_OK : failed(p, "removing", name, err);
    bau_status status = BAU_OK;
    if (unlinkat(folder, last, 0) != 0 && errno != ENOENT)
        status = failed(p, "removing", name, err);
    else if (fsync(folder) != 0)
        status = failed(p, "syncing the folder of", name, err);
    close(folder);
    const char *slash = strrchr(name, '/');
    if (status == BAU_OK && slash) { /* an empty folder goes too; one that is not stays */
        char above[NAME_MAX_BYTES + 1];
        snprintf(above, sizeof above, "%.*s", (int)(slash - name), name);
        const int outer = walk(p, above, false, &last);
        if (outer >= 0) {
            unlinkat(outer, last, AT_REMOVEDIR);
            close(outer);
        }
    }
    return status;
}

static bau_status file_sweep(struct bau_objects *p, uint64_t older_sec, uint64_t *out_n,
                             struct bau_error *err)
{
    struct finding f = { .place = p, .prefix = "", .hidden = true };
    const int64_t now = (int64_t)time(NULL);
    uint64_t n = 0;
    bau_status status = find(&f, err);
    for (size_t i = 0; status == BAU_OK && i < f.n; i++) {
        const char *last;
        if (now - f.at[i].object.modified_sec < (int64_t)older_sec)
            continue;
        const int folder = walk(p, f.at[i].name, false, &last);
        if (folder >= 0 && unlinkat(folder, last, 0) == 0)
            n++;
        if (folder >= 0)
            close(folder);
    }
    found_release(&f);
    if (status == BAU_OK)
        *out_n = n;
    return status;
}

static const struct bau_objects_kind file_objects = { .open = file_open,
                                                      .close = file_close,
                                                      .put = file_put,
                                                      .get = file_get,
                                                      .stat = file_stat,
                                                      .list = file_list,
                                                      .remove = file_remove,
                                                      .sweep = file_sweep };

const struct bau_connector bau_connector_folder = {
    .name = "folder",
    .schemes = "file",
    .summary = "A folder, for archives.",
    .objects = &file_objects,
};
