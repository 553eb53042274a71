/* Drives a place of objects from the command line: place URI COMMAND [ARGUMENT…], whatever connector the URI chooses.
 *
 *   put NAME FILE      new NAME FILE (only when there is none; prints "made" or "kept")
 *   get NAME FROM N    the bytes to standard output        stat NAME    "SIZE MODIFIED" or "none"
 *   list [PREFIX]      "NAME SIZE MODIFIED" a line          remove NAME
 *   sweep SECONDS      prints how many                      each N      puts N small objects from 8 threads, "n/%08d"
 *
 * Read commands open the place for reading. Exit code as bauta's. SIGINT stops. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bauta/connector.h"

enum { THREADS = 8 };

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static bool stopped(void *self)
{
    (void)self;
    return interrupted != 0;
}

struct at {
    const struct bau_objects_kind *kind;
    struct bau_objects *place;
    char **words;
    int n;
};

static const char *word(const struct at *at, int i)
{
    return i < at->n ? at->words[i] : "";
}

static bau_status put(const struct at *at, bool only_new, struct bau_error *err)
{
    FILE *file = fopen(word(at, 1), "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return bau_error_set(err, BAU_E_IO, "no such file");
    const long n = ftell(file);
    uint8_t *bytes = bau_alloc((size_t)n + 1);
    bool made = false;
    rewind(file);
    bau_status status = bytes && fread(bytes, 1, (size_t)n, file) == (size_t)n
                            ? at->kind->put(at->place, word(at, 0), bytes, (size_t)n, only_new, &made, err)
                            : bau_error_set(err, BAU_E_IO, "cannot read the file");
    fclose(file);
    bau_free(bytes);
    if (status == BAU_OK)
        puts(made ? "made" : "kept");
    return status;
}

static bau_status get(const struct at *at, struct bau_error *err)
{
    const size_t n = strtoull(word(at, 2), NULL, 10);
    uint8_t *bytes = bau_alloc(n + 1);
    if (!bytes)
        return bau_error_set(err, BAU_E_NOMEM, "get");
    const bau_status status =
        at->kind->get(at->place, word(at, 0), strtoull(word(at, 1), NULL, 10), bytes, n, err);
    if (status == BAU_OK)
        fwrite(bytes, 1, n, stdout);
    bau_free(bytes);
    return status;
}

static bau_status print(void *self, const struct bau_object *o, struct bau_error *err)
{
    (void)self;
    (void)err;
    printf("%s %" PRIu64 " %" PRId64 "\n", o->name, o->size, o->modified_sec);
    return BAU_OK;
}

static bau_status stat_one(const struct at *at, struct bau_error *err)
{
    struct bau_object object = { 0 };
    bool there = false;
    const bau_status status = at->kind->stat(at->place, word(at, 0), &there, &object, err);
    if (status == BAU_OK && there)
        printf("%" PRIu64 " %" PRId64 "\n", object.size, object.modified_sec);
    else if (status == BAU_OK)
        puts("none");
    return status;
}

struct share {
    const struct at *at;
    atomic_ulong next;
    unsigned long n;
};

static void *put_some(void *self)
{
    struct share *s = self;
    struct bau_error err;
    char name[32];
    for (unsigned long i; (i = atomic_fetch_add(&s->next, 1)) < s->n;) {
        bool made;
        snprintf(name, sizeof name, "n/%08lu", i);
        if (s->at->kind->put(s->at->place, name, name, strlen(name), true, &made, &err) != BAU_OK) {
            fprintf(stderr, "%s\n", err.text);
            return s;
        }
    }
    return NULL;
}

static bau_status put_each(const struct at *at, struct bau_error *err)
{
    struct share share = { .at = at, .n = strtoul(word(at, 0), NULL, 10) };
    pthread_t threads[THREADS];
    bool good = true;
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, put_some, &share) != 0)
            abort();
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;
        good = pthread_join(threads[i], &failed) == 0 && !failed && good;
    }
    return good ? BAU_OK : bau_error_set(err, BAU_E_TARGET, "a put failed");
}

static bau_status sweep(const struct at *at, struct bau_error *err)
{
    uint64_t n = 0;
    const bau_status status = at->kind->sweep(at->place, strtoull(word(at, 0), NULL, 10), &n, err);
    if (status == BAU_OK)
        printf("%" PRIu64 "\n", n);
    return status;
}

static bau_status run(const struct at *at, const char *command, struct bau_error *err)
{
    if (strcmp(command, "put") == 0 || strcmp(command, "new") == 0)
        return put(at, *command == 'n', err);
    if (strcmp(command, "get") == 0)
        return get(at, err);
    if (strcmp(command, "stat") == 0)
        return stat_one(at, err);
    if (strcmp(command, "list") == 0)
        return at->kind->list(at->place, word(at, 0), print, NULL, err);
    if (strcmp(command, "remove") == 0)
        return at->kind->remove(at->place, word(at, 0), err);
    if (strcmp(command, "each") == 0)
        return put_each(at, err);
    if (strcmp(command, "sweep") == 0)
        return sweep(at, err);
    return bau_error_set(err, BAU_E_USAGE, "no such command");
}

int main(int argc, char **argv)
{
    struct bau_error err = { 0 };
    struct bau_secret *uri = NULL;
    const struct bau_connector *c = argc > 2 ? bau_connector_for(argv[1]) : NULL;
    if (!c || !c->objects) {
        fprintf(stderr, "no place of objects\n");
        return bau_status_exit(BAU_E_USAGE);
    }
    signal(SIGINT, on_signal);
    struct at at = { .kind = c->objects, .words = argv + 3, .n = argc - 3 };
    const bool reads =
        strcmp(argv[2], "get") == 0 || strcmp(argv[2], "stat") == 0 || strcmp(argv[2], "list") == 0;
    bau_status status = bau_secret_from_bytes(argv[1], strlen(argv[1]), &uri, &err);
    const struct bau_objects_open with = {
        .what = "archive", .uri = uri, .write = !reads, .threads = THREADS, .stopped = stopped
    };
    if (status == BAU_OK)
        status = at.kind->open(&with, &at.place, &err);
    if (status == BAU_OK)
        status = run(&at, argv[2], &err);
    if (status != BAU_OK)
        fprintf(stderr, "%s: %s\n", bau_status_name(status), err.text);
    at.kind->close(at.place);
    bau_secret_free(uri);
    return bau_status_exit(status);
}
