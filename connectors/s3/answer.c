/* What S3's XML texts say. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "s3.h"

static bool is(const char *path, const char *what)
{
    return strcmp(path, what) == 0;
}

static const char *under(const char *path, const char *root)
{
    const size_t n = strlen(root);
    return strncmp(path, root, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/* Into `to` when it is a plain word; else `to` stays as it was. */
static void take_word(char to[S3_WORD_MOST], const char *text, size_t n)
{
    if (n == 0 || n >= S3_WORD_MOST ||
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._") != n)
        return;
    memcpy(to, text, n + 1);
}

/* ── pages ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static bau_status bad(const char *what, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_DATA, "the answer is no listing of S3: %s", what);
}

/* Form encoding as encoding-type=url has it: '+' is a blank. */
static bau_status decode(struct s3_page *page, const char *text, size_t n, const char **out,
                         struct bau_error *err)
{
    char *to = bau_arena_take(page->arena, n + 1);
    size_t at = 0;
    if (!to)
        return bau_error_set(err, BAU_E_NOMEM, "listing");
    for (size_t i = 0; i < n; i++) {
        const int high = text[i] == '%' && i + 2 < n ? hex_of(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_of(text[i + 2]) : -1;
        if (text[i] == '%' && low < 0)
            return bad("a key that is not encoded", err);
        to[at++] = low >= 0 ? (char)(high * 16 + low) : text[i] == '+' ? ' ' : text[i];
        i += low >= 0 ? 2 : 0;
    }
    to[at] = '\0';
    if (strlen(to) != at)
        return bad("a key with a zero byte", err);
    *out = to;
    return BAU_OK;
}

static bool read_u64(const char *text, size_t n, uint64_t *out)
{
    uint64_t sum = 0;
    if (n == 0 || n > 19)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(text[i] - '0');
    }
    *out = sum;
    return true;
}

static bool two_digits(const char *p, int *out)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *out = (p[0] - '0') * 10 + p[1] - '0';
    return true;
}

bool s3_time_read(const char *text, int64_t *out)
{
    int century, year, month, day, hour, minute, second;
    const char *z = strlen(text) >= 20 ? text + 19 : NULL;
    if (!z || !two_digits(text, &century) || !two_digits(text + 2, &year) || text[4] != '-' ||
        !two_digits(text + 5, &month) || text[7] != '-' || !two_digits(text + 8, &day) || text[10] != 'T' ||
        !two_digits(text + 11, &hour) || text[13] != ':' || !two_digits(text + 14, &minute) ||
        text[16] != ':' || !two_digits(text + 17, &second))
        return false;
    if (*z == '.')
        z += 1 + strspn(z + 1, "0123456789");
    struct tm tm = { .tm_year = century * 100 + year - 1900,
                     .tm_mon = month - 1,
                     .tm_mday = day,
                     .tm_hour = hour,
                     .tm_min = minute,
                     .tm_sec = second };
    if (strcmp(z, "Z") != 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}

static struct s3_entry *entry(struct s3_page *page)
{
    if (page->n == page->room) { /* the one at [n] is being filled */
        const size_t room = page->room ? page->room * 2 : 128;
        struct s3_entry *grown = bau_realloc(page->entries, room * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + page->room, 0, (room - page->room) * sizeof *grown);
        page->entries = grown;
        page->room = room;
    }
    return &page->entries[page->n];
}

static bau_status on_entry(struct s3_page *page, const char *field, const char *text, size_t n,
                           struct bau_error *err)
{
    struct s3_entry *e = entry(page);
    if (!e)
        return bau_error_set(err, BAU_E_NOMEM, "listing");
    if (is(field, "Key"))
        return decode(page, text, n, &e->key, err);
    if (is(field, "Size") && !read_u64(text, n, &e->size))
        return bad("a size that is no number", err);
    if ((is(field, "LastModified") || is(field, "Initiated")) && !s3_time_read(text, &e->time_sec))
        return bad("a time that is none", err);
    if (is(field, "UploadId") && !(e->upload_id = bau_arena_text(page->arena, text)))
        return bau_error_set(err, BAU_E_NOMEM, "listing");
    return BAU_OK;
}

static bau_status end_entry(struct s3_page *page, bool upload, struct bau_error *err)
{
    struct s3_entry *e = entry(page);
    if (!e)
        return bau_error_set(err, BAU_E_NOMEM, "listing");
    if (!e->key || (upload && !e->upload_id))
        return bad("an entry without its key", err);
    page->n++;
    return BAU_OK;
}

static bau_status on_page(void *self, const char *path, const char *text, size_t n, struct bau_error *err)
{
    struct s3_page *page = self;
    const bool uploads = strncmp(path, "ListMultipartUploadsResult", 26) == 0;
    const char *field = under(path, uploads ? "ListMultipartUploadsResult" : "ListBucketResult");
    if (!field)
        return is(path, "ListBucketResult") || is(path, "ListMultipartUploadsResult")
                   ? BAU_OK
                   : bad("another kind of answer", err);
    if (is(field, uploads ? "Upload" : "Contents"))
        return end_entry(page, uploads, err);
    const char *inner = under(field, uploads ? "Upload" : "Contents");
    if (inner)
        return on_entry(page, inner, text, n, err);
    if (is(field, "IsTruncated"))
        page->more = is(text, "true");
    if (is(field, "NextKeyMarker"))
        return decode(page, text, n, &page->next, err);
    const char **to = is(field, "NextContinuationToken") ? &page->next
                      : is(field, "NextUploadIdMarker")  ? &page->next_upload
                                                         : NULL;
    if (to && !(*to = bau_arena_text(page->arena, text)))
        return bau_error_set(err, BAU_E_NOMEM, "listing");
    return BAU_OK;
}

bau_status s3_page_read(const char *xml, size_t n, struct s3_page *page, struct bau_error *err)
{
    *page = (struct s3_page){ .arena = bau_arena_new(65536, BAU_ARENA_PLAIN) };
    if (!page->arena)
        return bau_error_set(err, BAU_E_NOMEM, "listing");
    BAU_TRY(s3_xml(xml, n, on_page, page, err));
    if (page->more && (!page->next || !*page->next))
        return bad("it goes on, and does not say where", err);
    return BAU_OK;
}

void s3_page_release(struct s3_page *page)
{
    bau_free(page->entries);
    bau_arena_free(page->arena);
    *page = (struct s3_page){ 0 };
}

/* ── errors and uploads ──────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status on_fault(void *self, const char *path, const char *text, size_t n, struct bau_error *err)
{
    struct s3_fault *fault = self;
    (void)err;
    fault->is_error = fault->is_error || is(path, "Error") || under(path, "Error");
    if (is(path, "Error/Code"))
        take_word(fault->code, text, n);
    if (is(path, "Error/Region"))
        take_word(fault->region, text, n);
    return BAU_OK;
}

void s3_fault_read(const char *xml, size_t n, struct s3_fault *out)
{
    struct bau_error ignored;
    *out = (struct s3_fault){ 0 };
    if (n > 0 && s3_xml(xml, n, on_fault, out, &ignored) != BAU_OK)
        *out = (struct s3_fault){ 0 };
}

static bau_status on_upload(void *self, const char *path, const char *text, size_t n, struct bau_error *err)
{
    (void)err;
    if (is(path, "InitiateMultipartUploadResult/UploadId"))
        bau_text_addn(self, text, n);
    return BAU_OK;
}

bau_status s3_upload_id_read(const char *xml, size_t n, struct bau_text *out, struct bau_error *err)
{
    BAU_TRY(s3_xml(xml, n, on_upload, out, err));
    return out->len ? BAU_OK : bau_error_set(err, BAU_E_DATA, "the answer names no upload");
}

const char *s3_code_means(const char *code)
{
    static const struct {
        const char *code, *means;
    } known[] = {
        { "NoSuchBucket", "there is no such bucket" },
        { "InvalidBucketName", "that is no name of a bucket" },
        { "InvalidAccessKeyId", "the access key is not known there" },
        { "SignatureDoesNotMatch", "the secret key does not belong to the access key" },
        { "InvalidToken", "the session token is not accepted" },
        { "ExpiredToken", "the session token has expired" },
        { "TokenRefreshRequired", "the session token has expired" },
        { "AccessDenied", "the access key may not do this" },
        { "AllAccessDisabled", "the bucket is closed" },
        { "RequestTimeTooSkewed", "this machine's clock is wrong" },
        { "AuthorizationHeaderMalformed", "the region is wrong" },
        { "PermanentRedirect", "the bucket lies in another region or at another endpoint" },
        { "SlowDown", "it asks for fewer requests" },
        { "ServiceUnavailable", "it is not available" },
        { "InternalError", "it failed inside" },
        { "NoSuchUpload", "the upload was ended by someone else" },
        { "EntityTooLarge", "the object is larger than it takes" },
        { "QuotaExceeded", "its quota is used up" },
        { "XMinioStorageFull", "its disk is full" },
        { "InvalidObjectState", "the object lies in cold storage" },
        { "NotImplemented", "it does not know this request" },
    };
    for (size_t i = 0; i < BAU_COUNT(known); i++)
        if (is(code, known[i].code))
            return known[i].means;
    return NULL;
}
