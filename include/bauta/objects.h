/* Places of named objects: a folder, an S3 bucket. Archives lie in them; as data they are a connector's own affair.
 *
 * A connector that has such places fills `objects` in its struct bau_connector; the URI's scheme chooses it.
 * Names are relative ("chunks/ab/cdef…"), '/'-separated segments of [A-Za-z0-9._-], no segment "." or "..", at most 900
 * bytes; a place refuses others (BAU_E_USAGE). An object is there whole or not at all, also for a reader that looks in the
 * middle of a put and after a crash. Nothing is ever changed in place.
 * Threads: one bau_objects serves any number of threads at once, but for close. */
#ifndef BAUTA_OBJECTS_H
#define BAUTA_OBJECTS_H

#include "error.h"
#include "secret.h"

struct bau_objects;

struct bau_object {
    const char *name;
    uint64_t size;        /* bytes */
    int64_t modified_sec; /* since 1970-01-01T00:00:00Z; by the place's clock */
};

struct bau_objects_open {
    const char *what;             /* for messages: "archive", a store's name */
    const struct bau_secret *uri; /* "file:…" or a path; "s3://bucket/prefix?endpoint=…" */
    const void *config;           /* options of the connector, bound; NULL: defaults */
    bool write;                   /* false: put and remove are refused */
    uint32_t threads;             /* how many will call at once, for pools of connections */
    bool (*stopped)(
        void *self); /* asked between bytes: a stop ends calls soon with BAU_E_CANCELLED. May be NULL */
    void *self;
};

typedef bau_status (*bau_object_fn)(void *self, const struct bau_object *object, struct bau_error *err);

struct bau_objects_kind {
    /* BAU_E_SOURCE or BAU_E_TARGET (write) when the place cannot be reached or does not let us in. */
    bau_status (*open)(const struct bau_objects_open *with, struct bau_objects **out, struct bau_error *err);
    void (*close)(struct bau_objects *place); /* takes NULL */
    /* The whole object, durable when this returns. `only_new`: an object of that name stays as it is, *out_made is false. */
    bau_status (*put)(struct bau_objects *place, const char *name, const void *bytes, size_t n, bool only_new,
                      bool *out_made, struct bau_error *err);
    /* Bytes [from, from + n) of an object. BAU_E_INTEGRITY when it is shorter or not there. */
    bau_status (*get)(struct bau_objects *place, const char *name, uint64_t from, void *into, size_t n,
                      struct bau_error *err);
    /* *out_there: whether there is such an object; out->name stays the caller's `name`. */
    bau_status (*stat)(struct bau_objects *place, const char *name, bool *out_there, struct bau_object *out,
                       struct bau_error *err);
    /* Every object whose name starts with `prefix`, in bytewise order of names; half-made ones are not shown. */
    bau_status (*list)(struct bau_objects *place, const char *prefix, bau_object_fn fn, void *self,
                       struct bau_error *err);
    bau_status (*remove)(struct bau_objects *place, const char *name,
                         struct bau_error *err); /* none there: OK */
    /* Removes what interrupted puts left that is older than so many seconds; *out_n counts. */
    bau_status (*sweep)(struct bau_objects *place, uint64_t older_sec, uint64_t *out_n,
                        struct bau_error *err);
};

#endif
