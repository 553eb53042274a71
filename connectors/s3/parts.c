/* Objects above 16 MiB: begin an upload, send its parts, complete it. Nobody sees the object before that; whatever goes
 * wrong, the upload is aborted, and what a killed process left is `sweep`'s to abort. */
#include <string.h>

#include "s3.h"

enum { PARTS_MOST = 10000, NUMBER_MOST = 12 };

struct upload {
    struct bau_objects *place;
    const char *key;
    struct bau_text id, list; /* list: the parts as CompleteMultipartUpload wants them */
};

bau_status s3_upload_abort(struct bau_objects *place, const char *key, const char *upload_id,
                           struct bau_error *err)
{
    const struct s3_request r = {
        .method = "DELETE", .key = key, .query = { { "uploadId", upload_id } }, .n_query = 1, .insist = true
    };
    S3_AUTO_ANSWER a = { 0 };
    BAU_TRY(s3_send(place, &r, &a, err));
    const bool gone = a.status == 404 && strcmp(a.fault.code, "NoSuchBucket") != 0;
    return (a.status >= 200 && a.status < 300) || gone ? BAU_OK : s3_refused(place, &r, &a, err);
}

static bau_status begin(struct upload *u, struct bau_error *err)
{
    const struct s3_request r = {
        .method = "POST", .key = u->key, .query = { { "uploads", "" } }, .n_query = 1
    };
    S3_AUTO_ANSWER a = { 0 };
    BAU_TRY(s3_send(u->place, &r, &a, err));
    if (a.status != 200)
        return s3_refused(u->place, &r, &a, err);
    BAU_TRY_NOTE(s3_upload_id_read(a.body.data ? a.body.data : "", a.body.len, &u->id, err), err,
                 "%s: s3://%s", u->place->what, u->place->site.bucket);
    return u->id.failed ? bau_error_set(err, BAU_E_NOMEM, "%s", u->place->what) : BAU_OK;
}

static void add_escaped(struct bau_text *out, const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p == '&' || *p == '<' || *p == '>')
            bau_text_add(out, *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : "&gt;");
        else
            bau_text_addn(out, p, 1);
}

static bau_status send_part(struct upload *u, unsigned number, const uint8_t *bytes, size_t n,
                            struct bau_error *err)
{
    BAU_AUTO_TEXT text = { 0 };
    bau_text_addf(&text, "%u", number);
    if (text.failed)
        return bau_error_set(err, BAU_E_NOMEM, "%s", u->place->what);
    const struct s3_request r = { .method = "PUT",
                                  .key = u->key,
                                  .query = { { "partNumber", text.data }, { "uploadId", u->id.data } },
                                  .n_query = 2,
                                  .body = bytes,
                                  .n_body = n };
    S3_AUTO_ANSWER a = { 0 };
    BAU_TRY(s3_send(u->place, &r, &a, err));
    if (a.status != 200 || !a.etag[0])
        return s3_refused(u->place, &r, &a, err);
    bau_text_addf(&u->list, "<Part><PartNumber>%u</PartNumber><ETag>", number);
    add_escaped(&u->list, a.etag);
    bau_text_add(&u->list, "</ETag></Part>");
    return u->list.failed ? bau_error_set(err, BAU_E_NOMEM, "%s", u->place->what) : BAU_OK;
}

/* An answer that got lost leaves open whether the object came to be: then we look. */
static bau_status settled(struct upload *u, const struct s3_request *r, const struct s3_answer *a, size_t n,
                          bool *out_made, struct bau_error *err)
{
    struct bau_object object;
    bool there = false;
    if (a->sent == 1 || (a->status != 404 && a->status != 412))
        return s3_refused(u->place, r, a, err);
    BAU_TRY(s3_look(u->place, u->key, &there, &object, err));
    if (!there || object.size != n)
        return s3_refused(u->place, r, a, err);
    *out_made = true;
    return BAU_OK;
}

static bau_status complete(struct upload *u, size_t n, bool only_new, bool *out_made, struct bau_error *err)
{
    BAU_AUTO_TEXT body = { 0 };
    bau_text_addf(&body,
                  "<CompleteMultipartUpload "
                  "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">%s</CompleteMultipartUpload>",
                  u->list.data);
    if (body.failed)
        return bau_error_set(err, BAU_E_NOMEM, "%s", u->place->what);
    struct s3_request r = { .method = "POST",
                            .key = u->key,
                            .query = { { "uploadId", u->id.data } },
                            .n_query = 1,
                            .body = body.data,
                            .n_body = body.len };
    if (only_new && !atomic_load(&u->place->no_conditional)) {
        r.extra[0] = (struct s3_pair){ "if-none-match", "*" };
        r.n_extra = 1;
    }
    S3_AUTO_ANSWER a = { 0 };
    BAU_TRY(s3_send(u->place, &r, &a, err));
    if (r.n_extra && (a.status == 501 || strcmp(a.fault.code, "NotImplemented") == 0)) {
        atomic_store(&u->place->no_conditional, true);
        r.n_extra = 0;
        BAU_TRY(s3_send(u->place, &r, &a, err));
    }
    if (a.status == 412 && a.sent == 1) { /* someone else was faster */
        *out_made = false;
        return s3_upload_abort(u->place, u->key, u->id.data, err);
    }
    if (a.status != 200 || a.fault.is_error) /* an error can hide behind 200 */
        return settled(u, &r, &a, n, out_made, err);
    *out_made = true;
    return BAU_OK;
}

static bau_status send_all(struct upload *u, const uint8_t *bytes, size_t n, bool only_new, bool *out_made,
                           struct bau_error *err)
{
    size_t part = S3_PART_BYTES;
    while (n / part >= PARTS_MOST)
        part *= 2;
    unsigned number = 1;
    for (size_t at = 0; at < n; at += part, number++)
        BAU_TRY(send_part(u, number, bytes + at, n - at < part ? n - at : part, err));
    return complete(u, n, only_new, out_made, err);
}

bau_status s3_put_parts(struct bau_objects *place, const char *key, const uint8_t *bytes, size_t n,
                        bool only_new, bool *out_made, struct bau_error *err)
{
    struct upload u = { .place = place, .key = key };
    struct bau_object object;
    struct bau_error ignored;
    bool there = false, made = false;
    if (only_new) /* saves the way of many bytes; the condition at the end decides */
        BAU_TRY(s3_look(place, key, &there, &object, err));
    bau_status status = there ? BAU_OK : begin(&u, err);
    if (status == BAU_OK && !there) {
        status = send_all(&u, bytes, n, only_new, &made, err);
        if (status != BAU_OK && s3_upload_abort(place, key, u.id.data, &ignored) != BAU_OK)
            bau_error_note(err, "its upload stays behind until it is swept");
    }
    bau_text_release(&u.id);
    bau_text_release(&u.list);
    if (status == BAU_OK && out_made)
        *out_made = made;
    return status;
}
