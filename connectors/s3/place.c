/* The contract of include/bauta/objects.h over S3, and the connector's row. A put is one request or ends with one, so an
 * object is there whole or not at all; S3 shows a write to every reader at once. */
#include <string.h>
#include <time.h>

#include "s3.h"

enum { NAME_MOST = 900, IDLE_MOST = 256 };

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* `partial`: the start of a name, as list takes it. */
static bool name_is_good(const char *name, bool partial)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t n = strlen(name);
    if (n > NAME_MOST || (n == 0 && !partial))
        return false;
    for (const char *p = name;;) {
        const size_t len = strspn(p, allowed);
        const bool last = p[len] == '\0';
        if (!last && p[len] != '/')
            return false;
        if (last && partial)
            return true;
        if (len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        if (last)
            return true;
        p += len + 1;
    }
}

static bau_status key_of(const struct bau_objects *place, const char *name, bool partial,
                         struct bau_text *out, struct bau_error *err)
{
    if (!name_is_good(name, partial))
        return bau_error_set(err, BAU_E_USAGE,
                             "%s: an object's name may hold letters, digits, '.', '_', '-' and '/' only",
                             place->what);
    bau_text_add(out, place->site.prefix);
    bau_text_add(out, name);
    return out->failed ? bau_error_set(err, BAU_E_NOMEM, "%s", place->what) : BAU_OK;
}

static bau_status may_write(const struct bau_objects *place, struct bau_error *err)
{
    return place->write ? BAU_OK
                        : bau_error_set(err, BAU_E_USAGE, "%s: it was opened for reading", place->what);
}

static bau_status gone(const struct bau_objects *place, const char *name, const char *how,
                       struct bau_error *err)
{
    return bau_error_set(err, BAU_E_INTEGRITY, "%s: object %s %s", place->what, name, how);
}

/* ── open, close ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static void s3_close(struct bau_objects *place)
{
    if (!place)
        return;
    s3_idle_close(place);
    bau_free(place->idle);
    pthread_mutex_destroy(&place->lock);
    s3_site_release(&place->site);
    bau_free(place);
}

/* The first page of a listing says what a HEAD cannot: which of bucket, keys and rights is wrong. */
static bau_status greet(struct bau_objects *place, struct bau_error *err)
{
    const struct s3_request r = {
        .method = "GET",
        .n_query = 3,
        .query = { { "list-type", "2" }, { "max-keys", "1" }, { "prefix", place->site.prefix } }
    };
    S3_AUTO_ANSWER a = { 0 };
    BAU_TRY(s3_send(place, &r, &a, err));
    return a.status == 200 ? BAU_OK : s3_refused(place, &r, &a, err);
}

static bau_status s3_open(const struct bau_objects_open *with, struct bau_objects **out,
                          struct bau_error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) /* stays: others of this process use libcurl too */
        return bau_error_set(err, BAU_E_NOMEM, "%s: libcurl", with->what);
    struct bau_objects *place = bau_alloc(sizeof *place);
    if (!place)
        return bau_error_set(err, BAU_E_NOMEM, "%s", with->what);
    place->what = "";
    place->write = with->write;
    place->stopped = with->stopped;
    place->self = with->self;
    place->most_idle = with->threads < 1 ? 1 : with->threads > IDLE_MOST ? IDLE_MOST : with->threads;
    pthread_mutex_init(&place->lock, NULL);
    place->idle = bau_alloc_array(place->most_idle, sizeof *place->idle);
    bau_status status = place->idle ? s3_site_open(with, &place->site, err)
                                    : bau_error_set(err, BAU_E_NOMEM, "%s", with->what);
    if (status == BAU_OK) {
        place->what = bau_arena_text(place->site.arena, with->what);
        status = place->what ? greet(place, err) : bau_error_set(err, BAU_E_NOMEM, "%s", with->what);
    }
    if (status == BAU_OK)
        *out = place;
    else
        s3_close(place);
    return status;
}

/* ── stat, get ───────────────────────────────────────────────────────────────────────────────────────────────────── */

bau_status s3_look(struct bau_objects *place, const char *key, bool *out_there, struct bau_object *out,
                   struct bau_error *err)
{
    const struct s3_request r = { .method = "HEAD", .key = key };
    S3_AUTO_ANSWER a = { 0 };
    BAU_TRY(s3_send(place, &r, &a, err));
    if (a.status == 404) { /* the bucket was there when the place was opened */
        *out_there = false;
        return BAU_OK;
    }
    if (a.status != 200 || a.length < 0)
        return s3_refused(place, &r, &a, err);
    out->size = (uint64_t)a.length;
    out->modified_sec = a.modified_sec;
    *out_there = true;
    return BAU_OK;
}

static bau_status s3_stat(struct bau_objects *place, const char *name, bool *out_there,
                          struct bau_object *out, struct bau_error *err)
{
    BAU_AUTO_TEXT key = { 0 };
    BAU_TRY(key_of(place, name, false, &key, err));
    BAU_TRY(s3_look(place, key.data, out_there, out, err));
    out->name = name;
    return BAU_OK;
}

static bau_status get_nothing(struct bau_objects *place, const char *key, const char *name, uint64_t from,
                              struct bau_error *err)
{
    struct bau_object object = { 0 };
    bool there = false;
    BAU_TRY(s3_look(place, key, &there, &object, err));
    return !there               ? gone(place, name, "is not there", err)
           : object.size < from ? gone(place, name, "is shorter than it should be", err)
                                : BAU_OK;
}

static bau_status get_key(struct bau_objects *place, const char *key, const char *name, uint64_t from,
                          void *into, size_t n, struct bau_error *err)
{
    BAU_AUTO_TEXT range = { 0 };
    if (n > UINT64_MAX - from)
        return gone(place, name, "is shorter than it should be", err);
    bau_text_addf(&range, "bytes=%" PRIu64 "-%" PRIu64, from, from + n - 1);
    if (range.failed)
        return bau_error_set(err, BAU_E_NOMEM, "%s", place->what);
    const struct s3_request r = { .method = "GET",
                                  .key = key,
                                  .extra = { { "range", range.data } },
                                  .n_extra = 1,
                                  .into = into,
                                  .room = n,
                                  .from = from };
    S3_AUTO_ANSWER a = { 0 };
    BAU_TRY(s3_send(place, &r, &a, err));
    if (a.status == 404 && strcmp(a.fault.code, "NoSuchBucket") != 0)
        return gone(place, name, "is not there", err);
    if (a.status == 416 || ((a.status == 206 || a.status == 200) && a.n_into < n))
        return gone(place, name, "is shorter than it should be", err);
    if (a.status == 206 && a.at != from)
        return bau_error_set(err, s3_unavailable(place),
                             "%s: s3://%s: the server sends another range than it was asked for", place->what,
                             place->site.bucket);
    if (a.status == 206 || (a.status == 200 && from == 0))
        return BAU_OK;
    return s3_refused(place, &r, &a, err);
}

static bau_status s3_get(struct bau_objects *place, const char *name, uint64_t from, void *into, size_t n,
                         struct bau_error *err)
{
    BAU_AUTO_TEXT key = { 0 };
    BAU_TRY(key_of(place, name, false, &key, err));
    return n == 0 ? get_nothing(place, key.data, name, from, err)
                  : get_key(place, key.data, name, from, into, n, err);
}

/* ── put, remove ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* An earlier try may have been ours: then the very bytes are there. */
static bau_status was_it_us(struct bau_objects *place, const char *key, const void *bytes, size_t n,
                            bool *out, struct bau_error *err)
{
    struct bau_object object = { 0 };
    bool there = false;
    *out = false;
    BAU_TRY(s3_look(place, key, &there, &object, err));
    if (!there || object.size != n)
        return BAU_OK;
    uint8_t *is = bau_alloc(n + 1);
    if (!is)
        return bau_error_set(err, BAU_E_NOMEM, "%s", place->what);
    const bau_status status = n ? get_key(place, key, key, 0, is, n, err) : BAU_OK;
    *out = status == BAU_OK && (n == 0 || memcmp(is, bytes, n) == 0);
    bau_free(is);
    return status;
}

static bau_status put_key(struct bau_objects *place, const char *key, const void *bytes, size_t n,
                          bool only_new, bool *out_made, struct bau_error *err)
{
    struct s3_request r = { .method = "PUT", .key = key, .body = bytes, .n_body = n };
    S3_AUTO_ANSWER a = { 0 };
    if (only_new && atomic_load(&place->no_conditional)) {
        struct bau_object object;
        bool there = false;
        BAU_TRY(s3_look(place, key, &there, &object, err));
        *out_made = !there;
        if (there)
            return BAU_OK;
    } else if (only_new) {
        r.extra[0] = (struct s3_pair){ "if-none-match", "*" };
        r.n_extra = 1;
    }
    BAU_TRY(s3_send(place, &r, &a, err));
    if (r.n_extra && (a.status == 501 || strcmp(a.fault.code, "NotImplemented") == 0)) {
        atomic_store(&place->no_conditional, true);
        return put_key(place, key, bytes, n, only_new, out_made, err);
    }
    *out_made = a.status != 412;
    if (r.n_extra && a.status == 412)
        return a.sent > 1 ? was_it_us(place, key, bytes, n, out_made, err) : BAU_OK;
    return a.status == 200 ? BAU_OK : s3_refused(place, &r, &a, err);
}

static bau_status s3_put(struct bau_objects *place, const char *name, const void *bytes, size_t n,
                         bool only_new, bool *out_made, struct bau_error *err)
{
    BAU_AUTO_TEXT key = { 0 };
    bool made = false;
    BAU_TRY(may_write(place, err));
    BAU_TRY(key_of(place, name, false, &key, err));
    BAU_TRY(n > S3_PART_BYTES ? s3_put_parts(place, key.data, bytes, n, only_new, &made, err)
                              : put_key(place, key.data, bytes, n, only_new, &made, err));
    if (out_made)
        *out_made = made;
    return BAU_OK;
}

static bau_status s3_remove(struct bau_objects *place, const char *name, struct bau_error *err)
{
    BAU_AUTO_TEXT key = { 0 };
    BAU_TRY(may_write(place, err));
    BAU_TRY(key_of(place, name, false, &key, err));
    const struct s3_request r = { .method = "DELETE", .key = key.data };
    S3_AUTO_ANSWER a = { 0 };
    BAU_TRY(s3_send(place, &r, &a, err));
    const bool none = a.status == 404 && strcmp(a.fault.code, "NoSuchBucket") != 0;
    return a.status == 204 || a.status == 200 || none ? BAU_OK : s3_refused(place, &r, &a, err);
}

/* ── list, sweep ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Shows one page. Keys that are no names of ours are left out; `last` is what the order is held against. */
static bau_status show(struct bau_objects *place, const struct s3_page *page, struct bau_text *last,
                       bau_object_fn fn, void *self, struct bau_error *err)
{
    const size_t skip = strlen(place->site.prefix);
    for (size_t i = 0; i < page->n; i++) {
        const struct s3_entry *e = &page->entries[i];
        if (strncmp(e->key, place->site.prefix, skip) != 0 || (last->data && strcmp(e->key, last->data) <= 0))
            return bau_error_set(err, s3_unavailable(place),
                                 "%s: s3://%s lists keys out of order or of other prefixes", place->what,
                                 place->site.bucket);
        last->len = 0;
        bau_text_add(last, e->key);
        if (last->failed)
            return bau_error_set(err, BAU_E_NOMEM, "%s", place->what);
        const struct bau_object object = { e->key + skip, e->size, e->time_sec };
        if (name_is_good(object.name, false))
            BAU_TRY(fn(self, &object, err));
    }
    return BAU_OK;
}

static bau_status next_page(struct bau_objects *place, const struct s3_request *r, struct s3_page *page,
                            int64_t *out_now, struct bau_error *err)
{
    S3_AUTO_ANSWER a = { 0 };
    BAU_TRY(s3_send(place, r, &a, err));
    if (a.status != 200)
        return s3_refused(place, r, &a, err);
    *out_now = a.date_sec > 0 ? a.date_sec : (int64_t)time(NULL) + atomic_load(&place->skew_sec);
    const bau_status status = s3_page_read(a.body.data ? a.body.data : "", a.body.len, page, err);
    if (status != BAU_OK) {
        s3_page_release(page);
        bau_error_note(err, "%s: s3://%s", place->what, place->site.bucket);
        return err && status == BAU_E_DATA ? (err->code = s3_unavailable(place)) : status;
    }
    return BAU_OK;
}

static bau_status s3_list(struct bau_objects *place, const char *prefix, bau_object_fn fn, void *self,
                          struct bau_error *err)
{
    BAU_AUTO_TEXT key = { 0 };
    BAU_AUTO_TEXT next = { 0 };
    BAU_AUTO_TEXT last = { 0 };
    int64_t now;
    BAU_TRY(key_of(place, prefix, true, &key, err));
    for (bool more = true; more;) {
        struct s3_page page;
        struct s3_request r = {
            .method = "GET",
            .n_query = 3,
            .query = { { "list-type", "2" }, { "encoding-type", "url" }, { "prefix", key.data } }
        };
        if (next.len)
            r.query[r.n_query++] = (struct s3_pair){ "continuation-token", next.data };
        BAU_TRY(next_page(place, &r, &page, &now, err));
        next.len = 0;
        bau_text_add(&next, page.next ? page.next : "");
        more = page.more;
        const bau_status status = next.failed ? bau_error_set(err, BAU_E_NOMEM, "%s", place->what)
                                              : show(place, &page, &last, fn, self, err);
        s3_page_release(&page);
        BAU_TRY(status);
    }
    return BAU_OK;
}

static bau_status abort_old(struct bau_objects *place, const struct s3_page *page, int64_t before,
                            uint64_t *n, struct bau_error *err)
{
    for (size_t i = 0; i < page->n; i++) {
        const struct s3_entry *e = &page->entries[i];
        if (strncmp(e->key, place->site.prefix, strlen(place->site.prefix)) != 0 || e->time_sec >= before)
            continue;
        BAU_TRY(s3_upload_abort(place, e->key, e->upload_id, err));
        ++*n;
    }
    return BAU_OK;
}

/* Asks for all uploads of the bucket and picks ours: MinIO takes a prefix here for a whole key and finds nothing. */
static bau_status s3_sweep(struct bau_objects *place, uint64_t older_sec, uint64_t *out_n,
                           struct bau_error *err)
{
    BAU_AUTO_TEXT next = { 0 };
    BAU_AUTO_TEXT next_upload = { 0 };
    uint64_t n = 0;
    int64_t now;
    BAU_TRY(may_write(place, err));
    for (bool more = true; more;) {
        struct s3_page page;
        struct s3_request r = { .method = "GET",
                                .query = { { "uploads", "" }, { "encoding-type", "url" } },
                                .n_query = 2 };
        if (next.len)
            r.query[r.n_query++] = (struct s3_pair){ "key-marker", next.data };
        if (next.len && next_upload.len)
            r.query[r.n_query++] = (struct s3_pair){ "upload-id-marker", next_upload.data };
        BAU_TRY(next_page(place, &r, &page, &now, err));
        next.len = next_upload.len = 0;
        bau_text_add(&next, page.next ? page.next : "");
        bau_text_add(&next_upload, page.next_upload ? page.next_upload : "");
        more = page.more;
        const int64_t before = older_sec > (uint64_t)now ? 0 : now - (int64_t)older_sec + (older_sec == 0);
        const bau_status status = next.failed || next_upload.failed
                                      ? bau_error_set(err, BAU_E_NOMEM, "%s", place->what)
                                      : abort_old(place, &page, before, &n, err);
        s3_page_release(&page);
        BAU_TRY(status);
    }
    *out_n = n;
    return BAU_OK;
}

static const struct bau_objects_kind objects = {
    .open = s3_open,
    .close = s3_close,
    .put = s3_put,
    .get = s3_get,
    .stat = s3_stat,
    .list = s3_list,
    .remove = s3_remove,
    .sweep = s3_sweep,
};

const struct bau_connector bau_connector_s3 = {
    .name = "s3",
    .schemes = "s3",
    .summary =
        "S3, MinIO, Ceph and what else speaks their protocol; a place for archives, not a store of rows.",
    .options = s3_options,
    .config_bytes = sizeof(struct s3_config),
    .objects = &objects,
};
