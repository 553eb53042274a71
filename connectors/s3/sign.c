/* Signature Version 4. The order: canonical request → its hash in the string to sign → a key derived from the secret
 * through day, region and service → signature. Hashes are OpenSSL's. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <time.h>

#include "s3.h"

#define SERVICE "s3"
#define ALGORITHM "AWS4-HMAC-SHA256"
enum { DIGEST = 32, DAY = 8 };

static void add_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

static bool unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void s3_encode(struct bau_text *out, const char *text, bool path)
{
    for (const char *p = text; *p; p++) {
        const unsigned char c = (unsigned char)*p;
        if (unreserved(c) || (path && c == '/'))
            bau_text_addn(out, p, 1);
        else
            bau_text_addf(out, "%%%02X", c);
    }
}

void s3_query(struct bau_text *out, const struct s3_pair *pairs, size_t n)
{
    bool done[S3_PAIRS_MOST] = { false };
    for (size_t added = 0; added < n; added++) {
        size_t least = n;
        for (size_t i = 0; i < n; i++)
            if (!done[i] && (least == n || strcmp(pairs[i].name, pairs[least].name) < 0))
                least = i;
        done[least] = true;
        bau_text_add(out, added ? "&" : "");
        s3_encode(out, pairs[least].name, false);
        bau_text_add(out, "=");
        s3_encode(out, pairs[least].value, false);
    }
}

void s3_stamp(int64_t when_sec, char out[S3_STAMP])
{
    const time_t when = (time_t)when_sec;
    struct tm tm = { 0 };
    gmtime_r(&when, &tm);
    if (strftime(out, S3_STAMP, "%Y%m%dT%H%M%SZ", &tm) != S3_STAMP - 1)
        memcpy(out, "19700101T000000Z", S3_STAMP); /* a clock past the year 9999 */
}

bau_status s3_sha256(const void *bytes, size_t n, char out_hex[S3_SHA256_HEX], struct bau_error *err)
{
    uint8_t digest[DIGEST];
    unsigned len = 0;
    if (EVP_Digest(bytes, n, digest, &len, EVP_sha256(), NULL) != 1 || len != DIGEST)
        return bau_error_set(err, BAU_E_BUG, "SHA-256 is not available");
    add_hex(digest, DIGEST, out_hex);
    return BAU_OK;
}

static bool hmac(const void *key, size_t n_key, const void *bytes, size_t n, uint8_t out[DIGEST])
{
    unsigned len = 0;
    return HMAC(EVP_sha256(), key, (int)n_key, bytes, n, out, &len) && len == DIGEST;
}

/* The key of one day, region and service. */
static bool day_key(const struct bau_secret *secret, const char *stamp, const char *region,
                    uint8_t key[DIGEST])
{
    BAU_AUTO_TEXT first = { 0 };
    bau_text_add(&first, "AWS4");
    bau_text_add(&first, bau_secret_text(secret));
    const bool good = !first.failed && hmac(first.data, first.len, stamp, DAY, key) &&
                      hmac(key, DIGEST, region, strlen(region), key) &&
                      hmac(key, DIGEST, SERVICE, strlen(SERVICE), key) &&
                      hmac(key, DIGEST, "aws4_request", 12, key);
    if (first.data)
        bau_wipe(first.data, first.len);
    return good;
}

static void add_canonical(struct bau_text *out, const struct s3_to_sign *what, const char *names)
{
    bau_text_addf(out, "%s\n%s\n%s\n", what->method, what->path, what->query);
    for (size_t i = 0; i < what->n_headers; i++)
        bau_text_addf(out, "%s:%s\n", what->headers[i].name, what->headers[i].value);
    bau_text_addf(out, "\n%s\n%s", names, what->payload);
}

bau_status s3_sign(const struct s3_to_sign *what, const char *access_key, const struct bau_secret *secret_key,
                   struct bau_text *out, struct bau_error *err)
{
    BAU_AUTO_TEXT names = { 0 };
    BAU_AUTO_TEXT text = { 0 };
    BAU_AUTO_TEXT scope = { 0 };
    char hash[S3_SHA256_HEX];
    uint8_t key[DIGEST];
    for (size_t i = 0; i < what->n_headers; i++)
        bau_text_addf(&names, "%s%s", i ? ";" : "", what->headers[i].name);
    bau_text_addf(&scope, "%.8s/%s/" SERVICE "/aws4_request", what->stamp, what->region);
    add_canonical(&text, what, names.data ? names.data : "");
    if (text.failed || names.failed || scope.failed)
        return bau_error_set(err, BAU_E_NOMEM, "signature");
    BAU_TRY(s3_sha256(text.data, text.len, hash, err));
    bau_wipe(text.data, text.len); /* it may hold a session token */
    text.len = 0;
    bau_text_addf(&text, ALGORITHM "\n%s\n%s\n%s", what->stamp, scope.data, hash);
    const bool good = !text.failed && day_key(secret_key, what->stamp, what->region, key) &&
                      hmac(key, DIGEST, text.data, text.len, key);
    if (good)
        add_hex(key, DIGEST, hash);
    bau_wipe(key, sizeof key);
    if (!good)
        return bau_error_set(err, BAU_E_NOMEM, "signature");
    bau_text_addf(out, ALGORITHM " Credential=%s/%s,SignedHeaders=%s,Signature=%s", access_key, scope.data,
                  names.data ? names.data : "", hash);
    return out->failed ? bau_error_set(err, BAU_E_NOMEM, "signature") : BAU_OK;
}
