/* The time of an archive. Names are ordered as times are, and the one that sorts last is the latest: so a new archive's time lies
 * after that of every archive there, however fast runs follow each other. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "src/archive/archive.h"

enum { SKEW_SEC = 3600 }; /* by how much clocks of honest writers may differ */

bau_status bau_time_text(int64_t sec, bau_time_form form, char out[24], struct bau_error *err)
{
    const time_t now = (time_t)sec;
    struct tm at;
    return gmtime_r(&now, &at) && (form == BAU_TIME_NAME ? strftime(out, 24, "%Y%m%dT%H%M%SZ", &at)
                                                         : strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &at))
               ? BAU_OK
               : bau_error_set(err, BAU_E_BUG, "the clock tells no time");
}

int64_t bau_time_of(const char *text, bau_time_form form)
{
    struct tm at = { 0 };
    return strptime(text, form == BAU_TIME_NAME ? "%Y%m%dT%H%M%SZ" : "%Y-%m-%dT%H:%M:%SZ", &at)
               ? (int64_t)timegm(&at)
               : 0;
}

bool bau_archive_expired(const struct bau_manifest *m, int64_t now)
{
    return m->origins[0].expires && m->origins[0].expires <= now;
}

bau_status bau_archive_fresh(const struct bau_manifest *m, int64_t now, struct bau_error *err)
{
    char when[24] = "";
    if (!bau_archive_expired(m, now))
        return BAU_OK;
    BAU_TRY(bau_time_text(m->origins[0].expires, BAU_TIME_SAID, when, err));
    return bau_error_set(err, BAU_E_INTEGRITY,
                         "archive %s expired at %s: it is not restored any more, and prune destroys its key",
                         m->name, when);
}

bau_status bau_archive_time(struct bau_place *place, int64_t now, int64_t *out, struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(1u << 14, BAU_ARENA_PLAIN);
    const char *newest = NULL;
    *out = now;
    if (!arena)
        return bau_error_set(err, BAU_E_NOMEM, "archive");
    const bau_status status = bau_archive_latest(place, arena, &newest, err);
    const int64_t last = status == BAU_OK && newest ? bau_time_of(newest, BAU_TIME_NAME) : 0;
    bau_status late = BAU_OK;
    if (last > now + SKEW_SEC)
        late = bau_error_set(
            err, BAU_E_TARGET,
            "archive %.80s there is of a time to come, so that a new one would not be the latest: set this"
            " machine's clock, or remove that archive",
            newest);
    else if (last >= now)
        *out = last + 1;
    bau_arena_free(arena);
    return status != BAU_OK ? status : late;
}
