/* Opens a place by its URI's scheme. */
#include "src/archive/place.h"

#include <string.h>

static const struct bau_connector *connector_of(const char *uri)
{
    const struct bau_connector *c = bau_connector_for(uri);
    if (!c && !strstr(uri, "://")) /* a plain path, or file:PATH */
        c = bau_connector_for("file://");
    return c && c->objects ? c : NULL;
}

bau_status bau_place_open(const struct bau_place_with *with, struct bau_place *out, struct bau_error *err)
{
    const struct bau_connector *c = connector_of(bau_secret_text(with->uri));
    if (!c)
        return bau_error_set(err, BAU_E_USAGE,
                             "archive: nothing keeps objects under that address; it is a folder, or a URI "
                             "such as s3://BUCKET/PREFIX");
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
    void *config = arena ? bau_arena_zero(arena, c->config_bytes + 1) : NULL;
    bau_status status = config ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "archive");
    if (status == BAU_OK && c->options)
        status = bau_options_default(c->options, config, arena, err);
    const struct bau_objects_open open = { .what = "archive",
                                           .uri = with->uri,
                                           .config = config,
                                           .write = with->write,
                                           .threads = with->threads,
                                           .stopped = with->stopped,
                                           .self = with->self };
    struct bau_objects *at = NULL;
    if (status == BAU_OK)
        status = c->objects->open(&open, &at, err);
    if (status != BAU_OK) {
        bau_arena_free(arena);
        return status;
    }
    *out = (struct bau_place){ c->objects, at, arena };
    return BAU_OK;
}

void bau_place_close(struct bau_place *place)
{
    if (place->kind)
        place->kind->close(place->at);
    bau_arena_free(place->arena);
    *place = (struct bau_place){ 0 };
}

bau_status bau_place_put(struct bau_place *place, const char *name, const void *bytes, size_t n,
                         struct bau_error *err)
{
    bool made = false;
    BAU_TRY(place->kind->put(place->at, name, bytes, n, true, &made, err));
    return made ? BAU_OK : bau_error_set(err, BAU_E_TARGET, "archive: object %s is there already", name);
}

bau_status bau_place_whole(struct bau_place *place, const char *name, uint64_t most, struct bau_arena *arena,
                           struct bau_slice *out, struct bau_error *err)
{
    struct bau_object object = { 0 };
    bool there = false;
    BAU_TRY(place->kind->stat(place->at, name, &there, &object, err));
    if (!there)
        return bau_error_set(err, BAU_E_INTEGRITY, "object %s is missing", name);
    if (object.size > most)
        return bau_error_set(err, BAU_E_INTEGRITY, "object %s has %" PRIu64 " bytes, more than it can", name,
                             object.size);
    uint8_t *bytes = bau_arena_take(arena, (size_t)object.size + 1);
    if (!bytes)
        return bau_error_set(err, BAU_E_NOMEM, "object %s", name);
    BAU_TRY(place->kind->get(place->at, name, 0, bytes, (size_t)object.size, err));
    bytes[object.size] = 0;
    *out = (struct bau_slice){ bytes, (size_t)object.size };
    return BAU_OK;
}
