/* Reserved hosts. */
#include "maskers/reserved_host.h"

static bool is_hostname(const char *domain, size_t len)
{
    char before = '.';
    for (size_t i = 0; i < len; before = domain[i++]) {
        const char c = domain[i];
        const bool inner = c == '.' || c == '-';
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !inner)
            return false;
        if ((inner && before == '.') || (c == '.' && before == '-'))
            return false;
    }
    return len > 0 && len < BAU_HOST_BYTES && before != '.' && before != '-';
}

static bool ends_with(const char *text, size_t len, const char *end)
{
    const size_t n = strlen(end);
    return len > n && memcmp(text + len - n, end, n) == 0;
}

static bool is_reserved(const char *domain, size_t len)
{
    static const char *const whole[] = { "example.com", "example.net", "example.org" };
    static const char *const below[] = { ".example.com", ".example.net", ".example.org",
                                         ".invalid",     ".test",        ".example" };
    for (size_t i = 0; i < BAU_COUNT(whole); i++)
        if (strcmp(domain, whole[i]) == 0)
            return true;
    for (size_t i = 0; i < BAU_COUNT(below); i++)
        if (ends_with(domain, len, below[i]))
            return true;
    return false;
}

bau_status bau_reserved_tail(const char *host, uint8_t *tail, uint32_t *tail_len, struct bau_error *err)
{
    const size_t len = strlen(host);
    if (!is_hostname(host, len) || !is_reserved(host, len))
        return bau_error_set(err, BAU_E_USAGE,
                             "'%.60s' is not reserved: mail to it could reach somebody; use example.com, "
                             "example.net, example.org or a name below .invalid, .test or .example",
                             host);
    memset(tail, 0, BAU_HOST_BYTES + 16);
    tail[0] = '@';
    memcpy(tail + 1, host, len);
    *tail_len = (uint32_t)len + 1;
    return BAU_OK;
}
