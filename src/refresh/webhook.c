/* POST of one JSON text with libcurl. The URL is a secret (it often is the credential): it stands in no message, and
 * redirects are not followed. */
#include <curl/curl.h>
#include <string.h>

#include "src/refresh/run.h"

static int on_progress(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return bau_stop_is(self) ? 1 : 0;
}

static size_t swallow(char *bytes, size_t each, size_t n, void *self)
{
    (void)bytes;
    (void)self;
    return each * n;
}

static bau_status post(CURL *curl, const char *url, const char *body, uint64_t timeout_ms,
                       struct bau_stop *stop, struct curl_slist *headers, struct bau_error *err)
{
    long answer = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "bauta/" BAU_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, stop);
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return bau_stop_status(stop, err);
    if (code != CURLE_OK)
        return bau_error_set(err, BAU_E_IO, "%s", curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    if (answer < 200 || answer > 299)
        return bau_error_set(err, BAU_E_IO, "the server answered %ld", answer);
    return BAU_OK;
}

bau_status bau_webhook(const char *where, const char *body, uint64_t timeout_ms, struct bau_stop *stop,
                       struct bau_error *err)
{
    struct bau_secret *url = NULL;
    BAU_TRY(bau_secret_resolve(where, &url, err));
    const char *text = bau_secret_text(url);
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0) {
        bau_secret_free(url);
        return bau_error_set(err, BAU_E_USAGE, "the URL must start with http:// or https://");
    }
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    const bau_status status = curl && headers ? post(curl, text, body, timeout_ms, stop, headers, err)
                                              : bau_error_set(err, BAU_E_NOMEM, "webhook");
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    bau_secret_free(url);
    return status;
}
