/* One request. The order: where to → sign → send → judge: final, again after a pause, or again at once because the server
 * told us its clock, its region or another address. Handles of libcurl wait in a pool, so that connections are kept. */
#include <openssl/rand.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "s3.h"

enum { TURNS_MOST = 3, INSIST_MS = 10000, PAUSE_FIRST_MS = 100, PAUSE_MOST_MS = 10000, SLICE_MS = 50 };
#define TEXT_MOST ((size_t)16 << 20) /* of an answer that is text; a page of a listing has about 1 MiB */

typedef enum { FINAL, AGAIN, TURN } verdict; /* TURN: at once, with what the answer taught us */

struct exchange {
    struct bau_objects *place;
    const struct s3_request *request;
    struct s3_answer *answer;
    CURL *curl;
    bool full; /* more came than was asked for */
    struct bau_text url, path, query, host, authorization;
    char region[S3_WORD_MOST];
};

bau_status s3_unavailable(const struct bau_objects *place)
{
    return place->write ? BAU_E_TARGET : BAU_E_SOURCE;
}

static bool stopped(const struct exchange *x)
{
    return !x->request->insist && x->place->stopped && x->place->stopped(x->place->self);
}

/* ── the pool ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static CURL *take_handle(struct bau_objects *place)
{
    CURL *curl = NULL;
    pthread_mutex_lock(&place->lock);
    if (place->n_idle)
        curl = place->idle[--place->n_idle];
    pthread_mutex_unlock(&place->lock);
    return curl ? curl : curl_easy_init();
}

static void give_handle(struct bau_objects *place, CURL *curl)
{
    curl_easy_reset(curl); /* keeps its connections */
    pthread_mutex_lock(&place->lock);
    const bool keep = place->n_idle < place->most_idle;
    if (keep)
        place->idle[place->n_idle++] = curl;
    pthread_mutex_unlock(&place->lock);
    if (!keep)
        curl_easy_cleanup(curl);
}

void s3_idle_close(struct bau_objects *place)
{
    while (place->n_idle)
        curl_easy_cleanup(place->idle[--place->n_idle]);
}

/* ── what libcurl calls ──────────────────────────────────────────────────────────────────────────────────────────── */

static size_t on_body(char *bytes, size_t each, size_t count, void *self)
{
    struct exchange *x = self;
    struct s3_answer *a = x->answer;
    const size_t n = each * count;
    curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &a->status);
    if (x->request->into && a->status >= 200 && a->status < 300) {
        x->full = n > x->request->room - a->n_into;
        if (x->full)
            return 0;
        memcpy(x->request->into + a->n_into, bytes, n);
        a->n_into += n;
        return n;
    }
    x->full = n > TEXT_MOST - a->body.len;
    if (!x->full)
        bau_text_addn(&a->body, bytes, n);
    return x->full || a->body.failed ? 0 : n;
}

/* The value of a header line when it has this name, without blanks around it. */
static const char *value_of(const char *line, size_t n, const char *name, size_t *out_n)
{
    const size_t n_name = strlen(name);
    if (n <= n_name || strncasecmp(line, name, n_name) != 0 || line[n_name] != ':')
        return NULL;
    const char *p = line + n_name + 1, *end = line + n;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (end > p && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *out_n = (size_t)(end - p);
    return p;
}

static void copy_value(char *to, size_t room, const char *from, size_t n)
{
    if (n < room) {
        memcpy(to, from, n);
        to[n] = '\0';
    }
}

static size_t on_header(char *line, size_t each, size_t count, void *self)
{
    struct s3_answer *a = ((struct exchange *)self)->answer;
    const size_t n = each * count;
    size_t len;
    char text[64] = "";
    const char *value;
    if ((value = value_of(line, n, "date", &len))) {
        copy_value(text, sizeof text, value, len);
        a->date_sec = (int64_t)curl_getdate(text, NULL);
    } else if ((value = value_of(line, n, "last-modified", &len))) {
        copy_value(text, sizeof text, value, len);
        a->modified_sec = (int64_t)curl_getdate(text, NULL);
    } else if ((value = value_of(line, n, "etag", &len)))
        copy_value(a->etag, sizeof a->etag, value, len);
    else if ((value = value_of(line, n, "x-amz-bucket-region", &len)))
        copy_value(a->region, sizeof a->region, value, len);
    else if ((value = value_of(line, n, "location", &len))) {
        a->location.len = 0;
        bau_text_addn(&a->location, value, len);
    } else if ((value = value_of(line, n, "content-range", &len))) {
        copy_value(text, sizeof text, value, len);
        const char *slash = strchr(text, '/');
        a->at = strncmp(text, "bytes ", 6) == 0 ? strtoull(text + 6, NULL, 10) : UINT64_MAX;
        a->whole = slash && slash[1] >= '0' && slash[1] <= '9' ? strtoull(slash + 1, NULL, 10) : UINT64_MAX;
    }
    return n;
}

/* libcurl sends again by itself when a kept connection turns out to be dead: then the first may have arrived too. */
static int on_request(void *self, char *to_ip, char *from_ip, int to_port, int from_port)
{
    (void)to_ip;
    (void)from_ip;
    (void)to_port;
    (void)from_port;
    ((struct exchange *)self)->answer->sent++;
    return CURL_PREREQFUNC_OK;
}

static int on_progress(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return stopped(self) ? 1 : 0;
}

/* ── where to ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void address(struct exchange *x)
{
    const struct s3_site *site = &x->place->site;
    const struct s3_request *r = x->request;
    bau_text_add(&x->host, site->path_style ? "" : site->bucket);
    bau_text_add(&x->host, site->path_style ? "" : ".");
    if (site->aws)
        bau_text_addf(&x->host, "s3.%s.amazonaws.com%s", x->region,
                      strncmp(x->region, "cn-", 3) == 0 ? ".cn" : "");
    else
        bau_text_add(&x->host, site->host);
    bau_text_add(&x->path, site->aws ? "" : site->base_path);
    if (site->path_style) {
        bau_text_add(&x->path, "/");
        s3_encode(&x->path, site->bucket, false);
    }
    if (r->key || !site->path_style)
        bau_text_add(&x->path, "/");
    if (r->key)
        s3_encode(&x->path, r->key, true);
}

/* Takes host and path from a Location. It may not lead from https to http: false. */
static bool address_from(struct exchange *x, const char *location)
{
    const char *scheme = x->place->site.aws ? "https" : x->place->site.scheme;
    const char *p = strstr(location, "://");
    if (!p || (size_t)(p - location) != strlen(scheme) || strncmp(location, scheme, strlen(scheme)) != 0)
        return false;
    p += 3;
    const size_t n_host = strcspn(p, "/?#"), n_path = strcspn(p + n_host, "?#");
    if (n_host == 0 || memchr(p, '@', n_host))
        return false;
    bau_text_addn(&x->host, p, n_host);
    bau_text_addn(&x->path, n_path ? p + n_host : "/", n_path ? n_path : 1);
    return true;
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    BAU_AUTO_TEXT line = { 0 };
    bau_text_addf(&line, "%s: %s", name, value);
    struct curl_slist *grown = line.failed ? NULL : curl_slist_append(*list, line.data);
    *list = grown ? grown : *list;
    if (line.data)
        bau_wipe(line.data, line.len);
    return grown != NULL;
}

static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l; l = l->next)
        bau_wipe(l->data, strlen(l->data)); /* one may be a session token */
    curl_slist_free_all(list);
}

/* Every header that we set is signed; libcurl adds User-Agent and Content-Length. */
static bau_status make_headers(struct exchange *x, struct curl_slist **list, struct bau_error *err)
{
    const struct s3_request *r = x->request;
    const struct s3_site *site = &x->place->site;
    char stamp[S3_STAMP], payload[S3_SHA256_HEX];
    struct s3_pair headers[S3_HEADERS_MOST];
    size_t n = 0;
    headers[n++] = (struct s3_pair){ "host", x->host.data };
    for (size_t i = 0; i < r->n_extra; i++)
        headers[n++] = r->extra[i];
    headers[n++] = (struct s3_pair){ "x-amz-content-sha256", payload };
    headers[n++] = (struct s3_pair){ "x-amz-date", stamp };
    if (site->token)
        headers[n++] = (struct s3_pair){ "x-amz-security-token", bau_secret_text(site->token) };
    s3_stamp((int64_t)time(NULL) + atomic_load(&x->place->skew_sec), stamp);
    BAU_TRY(s3_sha256(r->body ? r->body : "", r->n_body, payload, err));
    const struct s3_to_sign sign = { .method = r->method,
                                     .path = x->path.data,
                                     .query = x->query.data ? x->query.data : "",
                                     .headers = headers,
                                     .n_headers = n,
                                     .payload = payload,
                                     .region = x->region,
                                     .stamp = stamp };
    BAU_TRY(s3_sign(&sign, bau_secret_text(site->access_key), site->secret_key, &x->authorization, err));
    bool good = add_header(list, "Authorization", x->authorization.data);
    for (size_t i = 0; i < n; i++)
        good = good && add_header(list, headers[i].name, headers[i].value);
    for (const char *const *off = (const char *const[]){ "Expect:", "Accept:", "Content-Type:", NULL }; *off;
         off++) {
        struct curl_slist *grown = curl_slist_append(*list, *off);
        good = good && grown;
        *list = grown ? grown : *list;
    }
    return good ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "request");
}

static void set_options(struct exchange *x, struct curl_slist *headers)
{
    CURL *c = x->curl;
    const struct s3_site *site = &x->place->site;
    const struct s3_request *r = x->request;
    curl_easy_setopt(c, CURLOPT_URL, x->url.data);
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "bauta/" BAU_VERSION);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(r->insist ? INSIST_MS : site->connect_ms));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, r->insist ? (long)INSIST_MS : 0L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)((site->stall_ms + 999) / 1000));
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(c, CURLOPT_PREREQDATA, x);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
    if (site->ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, site->ca_file);
    if (strcmp(r->method, "HEAD") == 0)
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    if (strcmp(r->method, "PUT") == 0 || strcmp(r->method, "POST") == 0) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->n_body);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body ? r->body : "");
    }
    if (strcmp(r->method, "HEAD") != 0)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
}

/* ── one try ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void clear_answer(struct s3_answer *a)
{
    a->body.len = 0;
    if (a->body.data)
        a->body.data[0] = '\0';
    a->status = 0;
    a->n_into = 0;
    a->whole = a->at = UINT64_MAX;
    a->length = a->date_sec = a->modified_sec = -1;
    a->etag[0] = a->region[0] = '\0';
    a->location.len = 0;
    a->fault = (struct s3_fault){ 0 };
}

static bau_status perform(struct exchange *x, CURLcode *out, struct bau_error *err)
{
    struct curl_slist *headers = NULL;
    curl_off_t length = -1;
    bau_text_addf(&x->url, "%s://%s%s%s%s", x->place->site.aws ? "https" : x->place->site.scheme,
                  x->host.data, x->path.data, x->query.len ? "?" : "", x->query.len ? x->query.data : "");
    if (x->url.failed || x->host.failed || x->path.failed || x->query.failed)
        return bau_error_set(err, BAU_E_NOMEM, "request");
    const bau_status status = make_headers(x, &headers, err);
    if (status == BAU_OK) {
        set_options(x, headers);
        *out = curl_easy_perform(x->curl);
        curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &x->answer->status);
        curl_easy_getinfo(x->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        x->answer->length = length;
    }
    free_headers(headers);
    return status;
}

/* One try from the address to the answer. `location`: where a server sent us, or NULL. */
static bau_status attempt(struct exchange *x, const char *location, CURLcode *out, struct bau_error *err)
{
    struct bau_objects *place = x->place;
    bool good = true;
    pthread_mutex_lock(&place->lock);
    memcpy(x->region, place->site.region, sizeof x->region);
    pthread_mutex_unlock(&place->lock);
    if (location)
        good = address_from(x, location);
    else
        address(x);
    s3_query(&x->query, x->request->query, x->request->n_query);
    x->full = false;
    x->curl = good ? take_handle(place) : NULL;
    bau_status status =
        !good ? bau_error_set(err, s3_unavailable(place), "%s: s3://%s sends us somewhere else, without TLS",
                              place->what, place->site.bucket)
        : x->curl ? perform(x, out, err)
                  : bau_error_set(err, BAU_E_NOMEM, "%s", place->what);
    if (x->curl)
        give_handle(place, x->curl);
    struct bau_text *const texts[] = { &x->url, &x->path, &x->query, &x->host, &x->authorization };
    for (size_t i = 0; i < BAU_COUNT(texts); i++)
        bau_text_release(texts[i]);
    memset(&x->url, 0, sizeof x->url);
    return status;
}

/* ── judging ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool connection_may_heal(CURLcode code)
{
    return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
           code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT || code == CURLE_SEND_ERROR ||
           code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING ||
           code == CURLE_SSL_CONNECT_ERROR || code == CURLE_WEIRD_SERVER_REPLY ||
           code == CURLE_UPLOAD_FAILED || code == CURLE_SEND_FAIL_REWIND;
}

static bool answer_may_change(const struct s3_answer *a)
{
    static const char *const codes[] = { "RequestTimeout",   "SlowDown",
                                         "InternalError",    "ServiceUnavailable",
                                         "OperationAborted", "ConditionalRequestConflict",
                                         "BadDigest",        "XAmzContentSHA256Mismatch" };
    for (size_t i = 0; i < BAU_COUNT(codes); i++)
        if (strcmp(a->fault.code, codes[i]) == 0)
            return true;
    return a->status == 408 || a->status == 429 || a->status == 500 || a->status == 502 || a->status == 503 ||
           a->status == 504;
}

static bool too_short(const struct s3_request *r, const struct s3_answer *a)
{
    return r->into && a->status >= 200 && a->status < 300 && a->n_into != r->room && a->whole != UINT64_MAX &&
           a->whole >= r->room && a->whole - r->room >= r->from;
}

/* The server's clock is off ours: from now on its time counts. */
static bool learn_clock(struct bau_objects *place, const struct s3_answer *a)
{
    if (strcmp(a->fault.code, "RequestTimeTooSkewed") != 0 && strcmp(a->fault.code, "RequestExpired") != 0)
        return false;
    if (a->date_sec <= 0)
        return false;
    atomic_store(&place->skew_sec, a->date_sec - (int64_t)time(NULL));
    return true;
}

/* The bucket lies in a region that is not the one we signed for. */
static bool learn_region(struct bau_objects *place, const char *used, const struct s3_answer *a)
{
    const char *region = a->fault.region[0] ? a->fault.region : a->region;
    const size_t n = strspn(region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    if ((a->status != 301 && a->status != 307 && a->status != 400 && a->status != 403) || n == 0 ||
        region[n] || strcmp(region, used) == 0)
        return false;
    pthread_mutex_lock(&place->lock);
    memcpy(place->site.region, region, n + 1);
    pthread_mutex_unlock(&place->lock);
    return true;
}

static verdict judge(struct exchange *x, CURLcode code)
{
    struct s3_answer *a = x->answer;
    if (code != CURLE_OK)
        return connection_may_heal(code) ? AGAIN : FINAL;
    const bool text = !x->request->into || a->status < 200 || a->status > 299;
    if (text && (a->status < 200 || a->status > 299 || strcmp(x->request->method, "POST") == 0))
        s3_fault_read(a->body.data ? a->body.data : "", a->body.len, &a->fault);
    if (learn_clock(x->place, a) || learn_region(x->place, x->region, a)) {
        a->location.len = 0;
        return TURN;
    }
    if ((a->status == 301 || a->status == 302 || a->status == 307 || a->status == 308) && a->location.len)
        return TURN;
    return answer_may_change(a) || too_short(x->request, a) ? AGAIN : FINAL;
}

/* Full jitter: a random part of a span that doubles; at least what the server asked for, at most ten seconds. */
static void pause_before(const struct exchange *x, unsigned attempt_done)
{
    uint32_t random = 0;
    uint64_t span = (uint64_t)PAUSE_FIRST_MS << (attempt_done < 10 ? attempt_done : 10);
    if (span > PAUSE_MOST_MS)
        span = PAUSE_MOST_MS;
    if (RAND_bytes((unsigned char *)&random, sizeof random) != 1)
        random = UINT32_MAX / 2;
    for (int64_t left = (int64_t)(span * random / UINT32_MAX); left > 0 && !stopped(x); left -= SLICE_MS)
        (void)poll(NULL, 0, left < SLICE_MS ? (int)left : SLICE_MS);
}

static bau_status lost(const struct exchange *x, CURLcode code, struct bau_error *err)
{
    const struct bau_objects *place = x->place;
    const struct s3_site *site = &place->site;
    const char *bucket = site->bucket, *host = site->aws ? "amazonaws.com" : site->host;
    if (code == CURLE_WRITE_ERROR && x->full)
        return bau_error_set(err, s3_unavailable(place),
                             "%s: s3://%s: the server sends more than it was asked for", place->what, bucket);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return bau_error_set(
            err, s3_unavailable(place),
            "%s: s3://%s: the certificate of %s cannot be verified; ca_file names the authority to trust",
            place->what, bucket, host);
    if (code == CURLE_SSL_CACERT_BADFILE)
        return bau_error_set(err, BAU_E_USAGE, "%s: ca_file cannot be read", place->what);
    return bau_error_set(err, code == CURLE_OUT_OF_MEMORY ? BAU_E_NOMEM : s3_unavailable(place),
                         "%s: s3://%s: %s at %s (%u attempt%s)", place->what, bucket,
                         curl_easy_strerror(code), host, x->answer->attempts,
                         x->answer->attempts == 1 ? "" : "s");
}

bau_status s3_send(struct bau_objects *place, const struct s3_request *request, struct s3_answer *out,
                   struct bau_error *err)
{
    struct exchange x = { .place = place, .request = request, .answer = out };
    BAU_AUTO_TEXT location = { 0 };
    const unsigned most = request->insist ? 1 : place->site.attempts;
    CURLcode code = CURLE_OK;
    out->attempts = out->sent = 0;
    for (unsigned turns = 0, done = 0;;) {
        if (stopped(&x))
            return bau_error_set(err, BAU_E_CANCELLED, "%s: stopped", place->what);
        clear_answer(out);
        out->attempts++;
        BAU_TRY(attempt(&x, location.len ? location.data : NULL, &code, err));
        if (code == CURLE_ABORTED_BY_CALLBACK)
            return bau_error_set(err, BAU_E_CANCELLED, "%s: stopped", place->what);
        const verdict v = judge(&x, code);
        if (v == TURN && turns++ < TURNS_MOST) {
            location.len = 0;
            bau_text_addn(&location, out->location.data ? out->location.data : "", out->location.len);
            continue;
        }
        if (v != AGAIN || ++done >= most)
            break;
        location.len = 0;
        pause_before(&x, done - 1);
    }
    if (code != CURLE_OK)
        return lost(&x, code, err);
    if (too_short(request, out))
        return bau_error_set(err, s3_unavailable(place),
                             "%s: s3://%s: the server sends less than it was asked for (%u attempts)",
                             place->what, place->site.bucket, out->attempts);
    return BAU_OK;
}

void s3_answer_release(struct s3_answer *answer)
{
    bau_text_release(&answer->body);
    bau_text_release(&answer->location);
}

bau_status s3_refused(const struct bau_objects *place, const struct s3_request *request,
                      const struct s3_answer *a, struct bau_error *err)
{
    const char *code = a->fault.code[0] ? a->fault.code : NULL;
    const char *means = code               ? s3_code_means(code)
                        : a->status == 403 ? "the access key may not do this"
                        : a->status == 503 ? "it is not available"
                                           : NULL;
    BAU_AUTO_TEXT attempts = { 0 };
    if (a->attempts > 1)
        bau_text_addf(&attempts, ", %u attempts", a->attempts);
    return bau_error_set(err, s3_unavailable(place), "%s: s3://%s%s%s: %s (%s%s%ld%s)", place->what,
                         place->site.bucket, request->key ? "/" : "", request->key ? request->key : "",
                         means ? means : "the server refuses", code ? code : "", code ? ", " : "HTTP ",
                         a->status, attempts.data ? attempts.data : "");
}
