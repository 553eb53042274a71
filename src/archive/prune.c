/* Which archives stay, and what goes with the others: first their manifests, then every pack that no manifest names any more.
 *
 * What a manifest may still come to name is left alone: packs of a run whose mark is young, and those of the archive it builds
 * on. Where a manifest cannot be read nobody knows what it needs: then only archives go, no pack. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/archive/archive.h"

/* ── who stays ───────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef enum { BY_DAY, BY_WEEK, BY_MONTH } period;

static int64_t period_of(int64_t sec, period by)
{
    const time_t t = (time_t)sec;
    struct tm at;
    const int64_t day = sec / 86400 - (sec % 86400 < 0);
    if (by == BY_DAY)
        return day;
    if (by == BY_WEEK) /* 1970-01-01 was a Thursday; weeks start on Monday */
        return (day + 3) / 7 - ((day + 3) % 7 < 0);
    return gmtime_r(&t, &at) ? (int64_t)at.tm_year * 12 + at.tm_mon : day;
}

/* The newest archive of each of the last `most` periods that have one. */
static void keep_by(period by, uint32_t most, uint32_t n, const int64_t *times, bool *stays)
{
    int64_t before = 0;
    uint32_t kept = 0;
    for (uint32_t i = n; i-- > 0 && kept < most;) {
        const int64_t p = period_of(times[i], by);
        if (kept && p == before)
            continue;
        stays[i] = true;
        before = p;
        kept++;
    }
}

void bau_keep_choose(const struct bau_archive_keep *keep, uint32_t n, const int64_t *times,
                     const uint64_t *bytes, bool *out_stays)
{
    const bool some = keep->last || keep->daily || keep->weekly || keep->monthly;
    uint64_t size = 0;
    for (uint32_t i = 0; i < n; i++)
        out_stays[i] = !some || i + keep->last >= n;
    keep_by(BY_DAY, keep->daily, n, times, out_stays);
    keep_by(BY_WEEK, keep->weekly, n, times, out_stays);
    keep_by(BY_MONTH, keep->monthly, n, times, out_stays);
    for (uint32_t i = n; i-- > 0;) {
        if (keep->age_ms && times[i] < keep->now_sec - (int64_t)(keep->age_ms / 1000))
            out_stays[i] = false;
        size += out_stays[i] ? bytes[i] : 0;
        if (keep->size && size > keep->size)
            out_stays[i] = false;
    }
    if (n)
        out_stays[n - 1] = true; /* never without the last good one */
}

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct names { /* sorted before they are asked */
    struct bau_arena *arena;
    const char **at;
    size_t n, room;
};

static bau_status add_name(struct names *s, const char *name, struct bau_error *err)
{
    if (s->n == s->room) {
        const size_t room = s->room ? s->room * 2 : 256;
        const char **at = bau_realloc(s->at, room * sizeof *at);
        if (!at)
            return bau_error_set(err, BAU_E_NOMEM, "list of objects");
        s->at = at;
        s->room = room;
    }
    s->at[s->n] = bau_arena_text(s->arena, name);
    return s->at[s->n++] ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "list of objects");
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_name(const struct names *s, const char *name)
{
    return s->n && bsearch(&name, s->at, s->n, sizeof *s->at, compare);
}

static void sort_names(struct names *s)
{
    if (s->n)
        qsort(s->at, s->n, sizeof *s->at, compare);
}

/* ── pruning ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct prune {
    struct bau_place *place;
    const struct bau_archive_keep *keep;
    struct bau_pruned *result;
    struct bau_text *out;
    struct bau_arena *arena;
    struct bau_archive_heads heads;
    struct names needed, working, gone,
        go; /* packs; ids in hex of living runs, of archives removed; objects to remove */
    bool damaged;
};

static bau_status need_packs(struct prune *p, const struct bau_manifest *m, struct bau_error *err)
{
    for (uint32_t i = 0; i < m->n_packs; i++) {
        char name[64];
        bau_pack_name(m->origins[m->packs[i].origin].id, m->packs[i].number, name);
        BAU_TRY(add_name(&p->needed, name, err));
    }
    return BAU_OK;
}

static bool old_enough(const struct prune *p, int64_t modified_sec)
{
    return p->keep->now_sec - modified_sec >= (int64_t)(p->keep->debris_ms / 1000);
}

/* A run at work: what it builds on is needed. */
static bau_status look_at_mark(void *self, const struct bau_object *object, struct bau_error *err)
{
    struct prune *p = self;
    struct bau_slice base;
    if (old_enough(p, object->modified_sec))
        return add_name(&p->go, object->name, err);
    BAU_TRY(add_name(&p->working, object->name + sizeof "writing/" - 1, err));
    BAU_TRY(bau_place_whole(p->place, object->name, 4096, p->arena, &base, err));
    for (uint32_t i = 0; i < p->heads.n; i++)
        if (p->heads.at[i].manifest && strcmp(p->heads.at[i].name, (const char *)base.data) == 0)
            return need_packs(p, p->heads.at[i].manifest, err);
    return BAU_OK;
}

static bau_status look_at_pack(void *self, const struct bau_object *object, struct bau_error *err)
{
    struct prune *p = self;
    char id[33];
    const char *at = object->name + sizeof "packs/" - 1;
    if (has_name(&p->needed, object->name) || strlen(at) < 33)
        return BAU_OK;
    memcpy(id, at, 32);
    id[32] = '\0';
    const bool known = has_name(&p->gone, id);
    if (has_name(&p->working, id) || (!known && !old_enough(p, object->modified_sec)))
        return BAU_OK;
    p->result->debris += !known;
    p->result->bytes += object->size;
    return add_name(&p->go, object->name, err);
}

/* An index whose manifest never came. */
static bau_status look_at_archive(void *self, const struct bau_object *object, struct bau_error *err)
{
    struct prune *p = self;
    const char *name = object->name + sizeof BAU_ARCHIVES - 1, *slash = strchr(name, '/');
    if (!slash || strcmp(slash, "/index") != 0)
        return BAU_OK;
    for (uint32_t i = 0; i < p->heads.n; i++)
        if (strlen(p->heads.at[i].name) == (size_t)(slash - name) &&
            strncmp(p->heads.at[i].name, name, (size_t)(slash - name)) == 0)
            return BAU_OK;
    if (!old_enough(p, object->modified_sec))
        return BAU_OK;
    p->result->debris++;
    p->result->bytes += object->size;
    return add_name(&p->go, object->name, err);
}

/* What has expired goes in any case, the latest too. */
static bool lives(const struct prune *p, uint32_t i)
{
    const struct bau_manifest *m = p->heads.at[i].manifest;
    return m && !bau_archive_expired(m, p->keep->now_sec);
}

static bau_status choose(struct prune *p, bool *stays, struct bau_error *err)
{
    const uint32_t n = p->heads.n;
    int64_t *times = bau_arena_take(p->arena, ((size_t)n + 1) * sizeof *times);
    uint64_t *bytes = bau_arena_take(p->arena, ((size_t)n + 1) * sizeof *bytes);
    bool *good = bau_arena_zero(p->arena, (size_t)n + 1);
    uint32_t n_good = 0;
    if (!times || !bytes || !good)
        return bau_error_set(err, BAU_E_NOMEM, "prune");
    for (uint32_t i = 0; i < n; i++)
        if (lives(p, i)) {
            times[n_good] = bau_time_of(p->heads.at[i].manifest->created, BAU_TIME_SAID);
            bytes[n_good++] = p->heads.at[i].manifest->own_bytes;
        }
    bau_keep_choose(p->keep, n_good, times, bytes, good);
    n_good = 0;
    for (uint32_t i = 0; i < n; i++) {
        stays[i] = !p->heads.at[i].manifest || (lives(p, i) && good[n_good]);
        n_good += lives(p, i);
        p->damaged = p->damaged || !p->heads.at[i].manifest;
    }
    return BAU_OK;
}

static bau_status remove_one(struct prune *p, const char *name, struct bau_error *err)
{
    if (p->keep->dry_run)
        return BAU_OK;
    p->result->objects++;
    return p->place->kind->remove(p->place->at, name, err);
}

static bau_status remove_archives(struct prune *p, const bool *stays, struct bau_error *err)
{
    for (uint32_t i = 0; i < p->heads.n; i++) {
        const struct bau_archive_head *head = &p->heads.at[i];
        char name[128], id[33];
        if (!head->manifest)
            bau_text_addf(p->out, "damaged  %s: %s\n", head->name, head->why ? head->why : "");
        else
            bau_text_addf(p->out, "%s  %s\n",
                          stays[i]      ? "keep   "
                          : lives(p, i) ? "remove "
                                        : "expired",
                          head->name);
        p->result->kept += stays[i];
        if (stays[i]) {
            if (head->manifest)
                BAU_TRY(need_packs(p, head->manifest, err));
            continue;
        }
        p->result->removed++;
        bau_hex(head->manifest->id, 16, id);
        BAU_TRY(add_name(&p->gone, id, err));
        (void)snprintf(name, sizeof name, BAU_ARCHIVES "%.64s" BAU_MANIFEST, head->name);
        BAU_TRY(remove_one(p, name, err));
        (void)snprintf(name, sizeof name, BAU_ARCHIVES "%.64s/index", head->name);
        BAU_TRY(remove_one(p, name, err));
        p->result->bytes += head->manifest_bytes + head->manifest->index_bytes;
    }
    return BAU_OK;
}

static bau_status prune(struct prune *p, struct bau_error *err)
{
    const struct bau_objects_kind *kind = p->place->kind;
    BAU_TRY(bau_archive_heads(p->place, &p->heads, err));
    bool *stays = bau_arena_zero(p->arena, (size_t)p->heads.n + 1);
    if (!stays)
        return bau_error_set(err, BAU_E_NOMEM, "prune");
    BAU_TRY(choose(p, stays, err));
    BAU_TRY(kind->list(p->place->at, "writing/", look_at_mark, p, err));
    BAU_TRY(remove_archives(p, stays, err));
    if (p->damaged) {
        bau_text_add(p->out,
                     "a manifest is damaged, so nobody knows which packs it needs: none is removed\n");
        return BAU_OK;
    }
    sort_names(&p->needed);
    sort_names(&p->working);
    sort_names(&p->gone);
    BAU_TRY(kind->list(p->place->at, "packs/", look_at_pack, p, err));
    BAU_TRY(kind->list(p->place->at, BAU_ARCHIVES, look_at_archive, p, err));
    for (size_t i = 0; i < p->go.n; i++)
        BAU_TRY(remove_one(p, p->go.at[i], err));
    uint64_t swept = 0;
    if (!p->keep->dry_run)
        BAU_TRY(kind->sweep(p->place->at, p->keep->debris_ms / 1000, &swept, err));
    p->result->debris += swept;
    return BAU_OK;
}

bau_status bau_archive_prune(struct bau_place *place, const struct bau_archive_keep *keep,
                             struct bau_pruned *result, struct bau_text *out, struct bau_error *err)
{
    struct prune p = { .place = place, .keep = keep, .result = result, .out = out };
    *result = (struct bau_pruned){ 0 };
    p.arena = bau_arena_new(1u << 14, BAU_ARENA_PLAIN);
    if (!p.arena)
        return bau_error_set(err, BAU_E_NOMEM, "prune");
    p.needed.arena = p.working.arena = p.gone.arena = p.go.arena = p.arena;
    const bau_status status = prune(&p, err);
    bau_free(p.needed.at);
    bau_free(p.working.at);
    bau_free(p.gone.at);
    bau_free(p.go.at);
    bau_archive_heads_release(&p.heads);
    bau_arena_free(p.arena);
    return status;
}
