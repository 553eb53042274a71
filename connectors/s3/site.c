/* URI, options and environment → where the bucket is and who asks. The parameters of a URI are the options of a store under
 * the same names, and win over them; what neither says comes from the environment that AWS's tools read. */
#include <stdlib.h>
#include <string.h>

#include "s3.h"

#define AT(member) offsetof(struct s3_config, member)

const struct bau_option s3_options[] = {
    { "endpoint", BAU_OPTION_TEXT, AT(endpoint), NULL, 0, 0,
      "Where the service is: https://HOST[:PORT]; else AWS_ENDPOINT_URL_S3, else Amazon's of the region.", 0,
      NULL, "URL", 0 },
    { "region", BAU_OPTION_TEXT, AT(region), NULL, 0, 0,
      "The bucket's region; else AWS_REGION, else us-east-1. A wrong one is corrected by what the service "
      "answers.",
      0, NULL, "REGION", 0 },
    { "path_style", BAU_OPTION_CHOICE, AT(path_style), "auto", 0, 0,
      "Whether the bucket stands in the path (1) or in the host's name (0); auto: in the path at an endpoint "
      "of one's own.",
      0, "auto|1|0", NULL, 0 },
    { "access_key", BAU_OPTION_TEXT, AT(access_key), NULL, 0, 0,
      "Reference to the access key; else AWS_ACCESS_KEY_ID.", 0, NULL, "REFERENCE", 0 },
    { "secret_key", BAU_OPTION_TEXT, AT(secret_key), NULL, 0, 0,
      "Reference to the secret key; else AWS_SECRET_ACCESS_KEY.", 0, NULL, "REFERENCE", 0 },
    { "session_token", BAU_OPTION_TEXT, AT(session_token), NULL, 0, 0,
      "Reference to the token of temporary keys; else AWS_SESSION_TOKEN.", 0, NULL, "REFERENCE", 0 },
    { "ca_file", BAU_OPTION_TEXT, AT(ca_file), NULL, 0, 0,
      "Certificates (PEM) that vouch for the service; else AWS_CA_BUNDLE, else the system's.", 0, NULL,
      "FILE", 0 },
    { "attempts", BAU_OPTION_U32, AT(attempts), "6", 1, 20,
      "How often a request is sent before its failure counts.", 0, NULL, NULL, 0 },
    { "connect_timeout", BAU_OPTION_DURATION, AT(connect_timeout), "10s", 100, 600000,
      "How long a connection may take to open.", 0, NULL, NULL, 0 },
    { "stall_timeout", BAU_OPTION_DURATION, AT(stall_timeout), "30s", 1000, 3600000,
      "How long a connection may stand still before it counts as lost.", 0, NULL, NULL, 0 },
    { 0 },
};

/* ── the URI ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status usage(const struct bau_objects_open *with, const char *why, struct bau_error *err)
{
    return bau_error_set(err, BAU_E_USAGE, "%s: %s", with->what, why);
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* %XX resolved; NULL when it is broken or memory ran out. */
static char *decoded(struct bau_arena *arena, const char *from, size_t n)
{
    char *out = bau_arena_take(arena, n + 1), *to = out;
    for (size_t i = 0; out && i < n; i++) {
        const int high = from[i] == '%' && i + 2 < n ? hex_of(from[i + 1]) : -1;
        const int low = high >= 0 ? hex_of(from[i + 2]) : -1;
        if (from[i] == '%' && (low < 0 || high + low == 0))
            return NULL;
        *to++ = low >= 0 ? (char)(high * 16 + low) : from[i];
        i += low >= 0 ? 2 : 0;
    }
    if (out)
        *to = '\0';
    return out;
}

static bau_status unknown(const struct bau_objects_open *with, const char *name, struct bau_error *err)
{
    const char *names[BAU_COUNT(s3_options)];
    size_t n = 0;
    for (const struct bau_option *o = s3_options; o->name; o++)
        names[n++] = o->name;
    const char *near = bau_nearest(name, names, n);
    return bau_error_set(err, BAU_E_USAGE, "%s: the URI has an unknown parameter%s%s%s", with->what,
                         near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bau_status parameter(const struct bau_objects_open *with, struct bau_arena *arena,
                            struct s3_config *config, const char *from, size_t n, struct bau_error *err)
{
    const char *equals = memchr(from, '=', n);
    const size_t n_name = equals ? (size_t)(equals - from) : n;
    const char *name = decoded(arena, from, n_name);
    const char *value = equals ? decoded(arena, equals + 1, n - n_name - 1) : "1";
    if (!name || !value)
        return usage(with, "the URI has a % that no two hex digits follow", err);
    const struct bau_option *option = bau_option_find(s3_options, name);
    if (!option)
        return unknown(with, name, err);
    BAU_TRY_NOTE(bau_option_set(option, config, value, arena, err), err, "%s: the URI's %s", with->what,
                 option->name);
    return BAU_OK;
}

static bool bucket_is_good(const char *bucket)
{
    const size_t n = strlen(bucket);
    return n >= 3 && n <= 63 &&
           strspn(bucket, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == n &&
           bucket[0] != '.' && bucket[0] != '-' && !strstr(bucket, "..");
}

/* s3://bucket/prefix?name=value&… */
static bau_status read_uri(const struct bau_objects_open *with, struct s3_site *site,
                           struct s3_config *config, struct bau_error *err)
{
    const char *uri = bau_secret_text(with->uri), *p = strstr(uri, "://");
    if (!p)
        return usage(with, "the URI must look like s3://bucket/prefix", err);
    p += 3;
    const size_t n_bucket = strcspn(p, "/?#"), n_path = strcspn(p + n_bucket, "?#");
    if (memchr(p, '@', n_bucket))
        return usage(with, "keys do not belong into the URI: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                     err);
    const char *path = p + n_bucket + strspn(p + n_bucket, "/");
    const char *path_end = p + n_bucket + n_path;
    while (path_end > path && path_end[-1] == '/')
        path_end--;
    site->bucket = decoded(site->arena, p, n_bucket);
    char *prefix = path < path_end ? decoded(site->arena, path, (size_t)(path_end - path)) : NULL;
    site->prefix = prefix ? bau_arena_printf(site->arena, "%s/", prefix) : bau_arena_text(site->arena, "");
    if (!site->bucket || !bucket_is_good(site->bucket))
        return usage(with, "the URI names no bucket: it must look like s3://bucket/prefix", err);
    if (!site->prefix || (path < path_end && !prefix) || strlen(site->prefix) > 120)
        return usage(with, "the URI's prefix is longer than 119 bytes or badly encoded", err);
    const char *q = p + n_bucket + n_path;
    while (*q == '?' || *q == '&') {
        q++;
        const size_t n = strcspn(q, "&#");
        if (n > 0)
            BAU_TRY(parameter(with, site->arena, config, q, n, err));
        q += n;
    }
    return *q ? usage(with, "the URI has a fragment (#)", err) : BAU_OK;
}

/* ── the endpoint ────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *from_environment(const char *first, const char *second)
{
    const char *value = getenv(first);
    if ((!value || !*value) && second)
        value = getenv(second);
    return value && *value ? value : NULL;
}

static bau_status read_endpoint(const struct bau_objects_open *with, struct s3_site *site, const char *url,
                                struct bau_error *err)
{
    const char *p = strstr(url, "://");
    if (!p || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
        return usage(with, "the endpoint must start with https:// or http://", err);
    site->scheme = bau_arena_textn(site->arena, url, (size_t)(p - url));
    p += 3;
    const size_t n_host = strcspn(p, "/");
    size_t n_path = strlen(p + n_host);
    while (n_path > 0 && p[n_host + n_path - 1] == '/')
        n_path--;
    if (n_host == 0 ||
        strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]") < n_host ||
        strspn(p + n_host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/") < n_path)
        return usage(with, "the endpoint must look like https://host:port", err);
    const char *standard = strcmp(site->scheme ? site->scheme : "", "https") == 0 ? ":443" : ":80";
    size_t n = n_host; /* the standard port is not sent in the Host header, so it is not signed either */
    if (n > strlen(standard) && memcmp(p + n - strlen(standard), standard, strlen(standard)) == 0)
        n -= strlen(standard);
    site->host = bau_arena_textn(site->arena, p, n);
    site->base_path = bau_arena_textn(site->arena, p + n_host, n_path);
    return site->scheme && site->host && site->base_path ? BAU_OK
                                                         : bau_error_set(err, BAU_E_NOMEM, "%s", with->what);
}

static bau_status place_of(const struct bau_objects_open *with, struct s3_site *site,
                           const struct s3_config *config, struct bau_error *err)
{
    const char *region =
        config->region ? config->region : from_environment("AWS_REGION", "AWS_DEFAULT_REGION");
    const char *endpoint =
        config->endpoint ? config->endpoint : from_environment("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    region = region ? region : "us-east-1";
    const size_t n = strlen(region);
    if (n == 0 || n >= sizeof site->region ||
        strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != n)
        return usage(with, "the region must be a word such as eu-central-1", err);
    memcpy(site->region, region, n + 1);
    site->aws = !endpoint;
    if (endpoint)
        BAU_TRY(read_endpoint(with, site, endpoint, err));
    site->path_style = config->path_style == S3_STYLE_PATH ||
                       (config->path_style == S3_STYLE_AUTO && (!site->aws || strchr(site->bucket, '.')));
    return BAU_OK;
}

/* ── who we are ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status credential(const struct bau_objects_open *with, const char *reference, const char *option,
                             const char *variable, struct bau_secret **out, struct bau_error *err)
{
    const char *value = reference ? NULL : from_environment(variable, NULL);
    if (reference)
        BAU_TRY_NOTE(bau_secret_resolve(reference, out, err), err, "%s: %s", with->what, option);
    else if (value)
        BAU_TRY_NOTE(bau_secret_from_bytes(value, strlen(value), out, err), err, "%s: %s", with->what,
                     variable);
    for (const char *p = *out ? bau_secret_text(*out) : ""; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            return bau_error_set(err, BAU_E_USAGE, "%s: %s holds a blank or a character that is not ASCII",
                                 with->what, reference ? option : variable);
    return BAU_OK;
}

static bau_status who(const struct bau_objects_open *with, struct s3_site *site,
                      const struct s3_config *config, struct bau_error *err)
{
    BAU_TRY(credential(with, config->access_key, "access_key", "AWS_ACCESS_KEY_ID", &site->access_key, err));
    BAU_TRY(
        credential(with, config->secret_key, "secret_key", "AWS_SECRET_ACCESS_KEY", &site->secret_key, err));
    if (config->session_token ||
        !config->access_key) /* a token of the environment belongs to the keys there */
        BAU_TRY(
            credential(with, config->session_token, "session_token", "AWS_SESSION_TOKEN", &site->token, err));
    if (!site->access_key || !site->secret_key)
        return bau_error_set(
            err, BAU_E_USAGE,
            "%s: no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (%s is missing)", with->what,
            site->access_key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    return BAU_OK;
}

bau_status s3_site_open(const struct bau_objects_open *with, struct s3_site *out, struct bau_error *err)
{
    struct s3_config config = { 0 };
    *out = (struct s3_site){ .arena = bau_arena_new(4096, BAU_ARENA_PRIVATE) };
    if (!out->arena)
        return bau_error_set(err, BAU_E_NOMEM, "%s", with->what);
    if (with->config)
        config = *(const struct s3_config *)with->config;
    else
        BAU_TRY(bau_options_default(s3_options, &config, out->arena, err));
    BAU_TRY(read_uri(with, out, &config, err));
    BAU_TRY(place_of(with, out, &config, err));
    BAU_TRY(who(with, out, &config, err));
    const char *ca = config.ca_file ? config.ca_file : from_environment("AWS_CA_BUNDLE", NULL);
    out->ca_file = bau_arena_text(out->arena, ca);
    out->attempts = config.attempts;
    out->connect_ms = config.connect_timeout;
    out->stall_ms = config.stall_timeout;
    return ca && !out->ca_file ? bau_error_set(err, BAU_E_NOMEM, "%s", with->what) : BAU_OK;
}

void s3_site_release(struct s3_site *site)
{
    bau_secret_free(site->access_key);
    bau_secret_free(site->secret_key);
    bau_secret_free(site->token);
    bau_arena_free(site->arena);
    *site = (struct s3_site){ 0 };
}
