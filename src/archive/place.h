/* Where archives lie: any connector that has places of objects. */
#ifndef BAU_ARCHIVE_PLACE_H
#define BAU_ARCHIVE_PLACE_H

#include "bauta/connector.h"

struct bau_place {
    const struct bau_objects_kind *kind;
    struct bau_objects *at;
    struct bau_arena *arena;
};
struct bau_place_with {
    const struct bau_secret *uri; /* "file:PATH", a path, or a URI of a connector with places */
    bool write;
    uint32_t threads;
    bool (*stopped)(void *self);
    void *self;
};
bau_status bau_place_open(const struct bau_place_with *with, struct bau_place *out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_place_close(struct bau_place *place); /* takes a zeroed one */
bau_status bau_place_put(struct bau_place *place, const char *name, const void *bytes, size_t n,
                         struct bau_error *err) BAU_MUST_CHECK;
/* A whole object of at most `most` bytes in `arena`; BAU_E_INTEGRITY when it is not there. */
bau_status bau_place_whole(struct bau_place *place, const char *name, uint64_t most, struct bau_arena *arena,
                           struct bau_slice *out, struct bau_error *err) BAU_MUST_CHECK;

#endif
