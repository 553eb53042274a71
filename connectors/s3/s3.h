/* S3 and what speaks its protocol, as a place of objects. Files, from the bottom up:
 *   sign.c     Signature Version 4: canonical request, signature
 *   xml.c      a strict parser of the few XML texts S3 answers with
 *   answer.c   what those texts say: pages of listings, errors as one sentence
 *   site.c     URI, options and environment → where the bucket is and who we are
 *   http.c     one request: sign, send with libcurl, judge, try again
 *   parts.c    objects too large for one request
 *   place.c    the contract of include/bauta/objects.h; the connector's row
 *
 * Names in comments: a *name* is relative to the place, a *key* is prefix + name, what S3 calls it. */
#ifndef BAU_CONNECTORS_S3_H
#define BAU_CONNECTORS_S3_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "bauta/connector.h"

enum { S3_HEADERS_MOST = 8, S3_PAIRS_MOST = 6, S3_WORD_MOST = 64, S3_SHA256_HEX = 65, S3_STAMP = 17 };

/* ── sign.c ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct s3_pair {
    const char *name, *value;
};

struct s3_to_sign {
    const char *method;
    const char *path;              /* percent-encoded, starts with '/' */
    const char *query;             /* from s3_query; "" for none */
    const struct s3_pair *headers; /* lower-case names, ascending; every one is signed */
    size_t n_headers;
    const char *payload; /* SHA-256 of the body, hex */
    const char *region;
    const char *stamp; /* 20130524T000000Z */
};

/* Appends `text` with every byte but A-Z a-z 0-9 - . _ ~ as %XX; '/' stays when `path`. */
void s3_encode(struct bau_text *out, const char *text, bool path);
/* The canonical query: pairs sorted by name, encoded, name=value joined by '&'. Names are plain ASCII words. */
void s3_query(struct bau_text *out, const struct s3_pair *pairs, size_t n);
void s3_stamp(int64_t when_sec, char out[S3_STAMP]);
bau_status s3_sha256(const void *bytes, size_t n, char out_hex[S3_SHA256_HEX], struct bau_error *err)
    BAU_MUST_CHECK;
/* Appends the value of the Authorization header. Source: AWS, "Signature Calculations for the Authorization Header:
 * Transferring Payload in a Single Chunk". */
bau_status s3_sign(const struct s3_to_sign *what, const char *access_key, const struct bau_secret *secret_key,
                   struct bau_text *out, struct bau_error *err) BAU_MUST_CHECK;

/* ── xml.c ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Called as each element ends. `path`: "ListBucketResult/Contents/Key"; `text`: what stood in it outside its children, its
 * entities resolved, NUL-terminated, gone after the call. */
typedef bau_status (*s3_xml_fn)(void *self, const char *path, const char *text, size_t n,
                                struct bau_error *err);
/* BAU_E_DATA when it is no XML of the kind S3 writes: document types, CDATA, unknown entities, control characters, more
 * than 12 levels are refused. */
bau_status s3_xml(const char *bytes, size_t n, s3_xml_fn fn, void *self, struct bau_error *err)
    BAU_MUST_CHECK;

/* ── answer.c ────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct s3_entry {
    const char *key; /* decoded */
    uint64_t size;
    int64_t time_sec;      /* modified, or begun */
    const char *upload_id; /* of uploads; else NULL */
};
struct s3_page {
    struct bau_arena *arena;
    struct s3_entry *entries; /* heap, s3_page_release */
    size_t n, room;
    bool more;
    const char *next, *next_upload; /* where the next page starts */
};
/* A page of ListObjectsV2 or ListMultipartUploads with encoding-type=url. */
bau_status s3_page_read(const char *xml, size_t n, struct s3_page *page, struct bau_error *err)
    BAU_MUST_CHECK;
void s3_page_release(struct s3_page *page);

struct s3_fault { /* an <Error> */
    bool is_error;
    char code[S3_WORD_MOST], region[S3_WORD_MOST];
};
/* Never fails: what is no XML says nothing. */
void s3_fault_read(const char *xml, size_t n, struct s3_fault *out);
/* "20:1-8" of an InitiateMultipartUploadResult; "" when there is none. */
bau_status s3_upload_id_read(const char *xml, size_t n, struct bau_text *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* What a code of S3 means, for people; NULL when we have no words for it. */
const char *s3_code_means(const char *code);
/* Seconds since 1970 of "2026-11-23T03:45:26.000Z"; false when it is none. */
bool s3_time_read(const char *text, int64_t *out);

/* ── site.c ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct s3_config { /* options of a store, and the parameters of a URI */
    const char *endpoint, *region, *access_key, *secret_key, *session_token, *ca_file;
    uint32_t path_style; /* S3_STYLE_… */
    uint32_t attempts;
    uint64_t connect_timeout, stall_timeout; /* ms */
};
enum { S3_STYLE_AUTO, S3_STYLE_PATH, S3_STYLE_HOST };
extern const struct bau_option s3_options[];

struct s3_site {
    char *bucket, *prefix; /* prefix: "" or ends with '/' */
    char *scheme, *host;   /* "https", "s3.eu-central-1.amazonaws.com:443"; host without the bucket */
    char *base_path;       /* path of the endpoint before the bucket: "" or "/s3" */
    char *ca_file;         /* NULL: the system's */
    char region[S3_WORD_MOST];
    bool path_style, aws; /* aws: the host follows from the region */
    uint32_t attempts;
    uint64_t connect_ms, stall_ms;
    struct bau_secret *access_key, *secret_key, *token; /* token may be NULL */
    struct bau_arena *arena;
};
bau_status s3_site_open(const struct bau_objects_open *with, struct s3_site *out, struct bau_error *err)
    BAU_MUST_CHECK;
void s3_site_release(struct s3_site *site);

/* ── http.c ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct s3_request {
    const char *method;
    const char *key; /* NULL: the bucket itself */
    struct s3_pair query[S3_PAIRS_MOST];
    size_t n_query;
    struct s3_pair extra[2]; /* further headers, lower-case */
    size_t n_extra;
    const void *body;
    size_t n_body;
    uint8_t *
        into; /* body of a good answer goes here, all `room` bytes or it is an error; NULL: into answer.body */
    size_t room;
    uint64_t from; /* where `into` starts in the object */
    bool insist;   /* once, briefly, even when stopped: to clean up */
};

struct s3_answer {
    long status;
    unsigned attempts; /* of ours */
    unsigned sent; /* requests: libcurl repeats some by itself. Above 1, what an earlier one did is unknown */
    struct bau_text body;
    size_t n_into;
    uint64_t at, whole; /* start of the range, size of the object, by Content-Range; UINT64_MAX unknown */
    int64_t length;     /* Content-Length, -1 unknown */
    int64_t date_sec, modified_sec; /* -1: not given */
    char etag[S3_WORD_MOST * 2], region[S3_WORD_MOST];
    struct bau_text location;
    struct s3_fault fault;
};

struct bau_objects {
    struct s3_site site;
    const char *what; /* for messages */
    bool write;
    bool (*stopped)(void *self);
    void *self;
    _Atomic int64_t skew_sec;   /* the server's clock minus ours, once it complained */
    atomic_bool no_conditional; /* If-None-Match is not implemented there: look before writing */
    pthread_mutex_t lock;       /* guards idle, n_idle, most_idle, site.region */
    CURL **idle;
    uint32_t n_idle, most_idle;
};

/* Sends, and sends again where that can help. BAU_OK: there is a final answer, whatever its status: the caller judges.
 * Errors: what the connection came to, BAU_E_CANCELLED. */
bau_status s3_send(struct bau_objects *place, const struct s3_request *request, struct s3_answer *out,
                   struct bau_error *err) BAU_MUST_CHECK;
void s3_answer_release(struct s3_answer *answer);
/* One sentence about an answer that was not hoped for. Returns the error. */
bau_status s3_refused(const struct bau_objects *place, const struct s3_request *request,
                      const struct s3_answer *answer, struct bau_error *err);
bau_status s3_unavailable(const struct bau_objects *place); /* BAU_E_TARGET or BAU_E_SOURCE */
void s3_idle_close(struct bau_objects *place);
static inline void s3_answer_auto(struct s3_answer *answer)
{
    s3_answer_release(answer);
}
#define S3_AUTO_ANSWER __attribute__((cleanup(s3_answer_auto))) struct s3_answer

/* ── parts.c ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define S3_PART_BYTES ((size_t)16 << 20) /* above this an object travels in parts */
bau_status s3_put_parts(struct bau_objects *place, const char *key, const uint8_t *bytes, size_t n,
                        bool only_new, bool *out_made, struct bau_error *err) BAU_MUST_CHECK;
bau_status s3_upload_abort(struct bau_objects *place, const char *key, const char *upload_id,
                           struct bau_error *err) BAU_MUST_CHECK;

/* place.c: HEAD of a key. */
bau_status s3_look(struct bau_objects *place, const char *key, bool *out_there, struct bau_object *out,
                   struct bau_error *err) BAU_MUST_CHECK;

#endif
