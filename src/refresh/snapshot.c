/* snapshot: a refresh whose target is an archive. */
#include <string.h>

#include "src/refresh/shelf.h"

struct snapshot {
    bool full;
    uint64_t expire_ms;
    struct bau_shelf shelf;
    struct bau_locks locks;
    struct bau_archive_to to;
};

static bau_status add_recipient(const char *reference, struct bau_lock *out, struct bau_error *err)
{
    struct bau_secret *secret = NULL;
    BAU_TRY(bau_secret_resolve(reference, &secret, err));
    out->kind = BAU_WRAP_X25519;
    const bau_status status =
        bau_x25519_pem(bau_secret_text(secret), bau_secret_len(secret), false, out->key, err);
    bau_secret_free(secret);
    return status;
}

/* The passphrase comes first: see bau_archive_create. */
static bau_status make_locks(struct snapshot *s, const struct bau_archive_rules *rules, struct bau_error *err)
{
    if (s->shelf.passphrase)
        BAU_TRY_NOTE(bau_lock_passphrase(s->shelf.passphrase, NULL, &s->locks.at[s->locks.n++], err), err,
                     "archive: passphrase");
    if (s->shelf.opener.has_key) {
        struct bau_lock *lock = &s->locks.at[s->locks.n++];
        lock->kind = BAU_WRAP_KEY;
        memcpy(lock->key, s->shelf.opener.key, sizeof lock->key);
    }
    if (rules->recipients.n > BAU_LOCKS_MOST - 2)
        return bau_error_set(err, BAU_E_USAGE, "archive: more than %d recipients", BAU_LOCKS_MOST - 2);
    for (uint32_t i = 0; i < rules->recipients.n; i++)
        BAU_TRY_NOTE(add_recipient(rules->recipients.at[i], &s->locks.at[s->locks.n++], err), err,
                     "archive: recipients");
    return BAU_OK;
}

static bool masks_nothing(const struct bau_plan *plan)
{
    for (uint32_t d = 0; d < plan->n_datasets; d++)
        if (plan->datasets[d].touched)
            return false;
    return true;
}

static bau_status begin(struct bau_run *run, struct snapshot *s, struct bau_error *err)
{
    const struct bau_archive_rules *rules = &run->project->archive;
    struct bau_archive_create with = { .uri = s->shelf.uri,
                                       .locks = &s->locks,
                                       .passphrase = s->shelf.passphrase,
                                       .level = (int)rules->level,
                                       .chunk_bytes = rules->chunk,
                                       .n_stores = run->n_stores,
                                       .threads = run->lanes,
                                       .full = s->full,
                                       .expire_ms = s->expire_ms ? s->expire_ms : rules->expire_ms,
                                       .run_id = run->id };
    const struct bau_place_with place = bau_shelf_place(&s->shelf, true, run->lanes);
    uint8_t master[32];
    bool stable;
    with.stopped = place.stopped;
    with.self = place.self;
    BAU_TRY(bau_keys_archive(run->keys, master, &stable, err));
    const bau_status status = bau_archive_keys_of(master, stable, &with.keys, err);
    bau_wipe(master, sizeof master);
    BAU_TRY(status);
    return bau_archive_create(&with, &s->to.writer, err);
}

static bau_status compiled(struct bau_run *run, struct bau_error *err)
{
    struct snapshot *s = run->verb;
    bool bare = true;
    for (uint32_t i = 0; i < run->n_stores; i++)
        bare = bare && masks_nothing(run->stores[i].plan);
    if (bare && s->locks.n == 0)
        return bau_error_set(
            err, BAU_E_POLICY,
            "the rules keep every field as it is, so the archive would hold unmasked rows: it must "
            "be sealed; give archive: a passphrase, a key or recipients");
    BAU_TRY(begin(run, s, err));
    for (uint32_t i = 0; i < run->n_stores; i++) {
        char digest[65];
        bau_hex(run->stores[i].plan->digest, 32, digest);
        BAU_TRY(bau_archive_plan(s->to.writer, run->stores[i].store->name, digest,
                                 masks_nothing(run->stores[i].plan), err));
    }
    return BAU_OK;
}

static void say_written(const struct bau_archive_writer *writer, bool json, struct bau_text *out)
{
    struct bau_archive_written w;
    char stored[32], again[32];
    bau_archive_written(writer, &w);
    if (json) {
        bau_text_addf(out,
                      "{\"archive\":\"%s\",\"stored_bytes\":%" PRIu64 ",\"again_bytes\":%" PRIu64
                      ",\"chunks\":%" PRIu64 ",\"chunks_again\":%" PRIu64 "}\n",
                      w.name, w.stored_bytes, w.again_bytes, w.chunks, w.chunks_again);
        return;
    }
    bau_text_addf(out, "archive %s: %s written in %" PRIu64 " objects", w.name,
                  bau_size_text(w.stored_bytes, stored), w.objects);
    if (w.base)
        bau_text_addf(out, ", %" PRIu64 " of %" PRIu64 " chunks (%s) were there since %s", w.chunks_again,
                      w.chunks, bau_size_text(w.again_bytes, again), w.base);
    bau_text_add(out, "\n");
}

static bau_status snapshot(struct bau_run *run, struct snapshot *s, struct bau_error *err)
{
    run->compiled = compiled;
    run->verb = s;
    run->no_after = true;
    s->shelf.stop = run->stop;
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_end *target = &run->stores[i].target;
        target->given = true;
        target->connector = &bau_archive_target;
        target->config = &s->to;
    }
    return bau_run_refresh(run, err);
}

bau_status bau_snapshot(const struct bau_project *project, const struct bau_run_options *options, bool full,
                        uint64_t expire_ms, struct bau_report *report, struct bau_error *err)
{
    static const struct bau_shelf_options as_the_project_says;
    struct snapshot s = { .full = full, .expire_ms = expire_ms };
    struct bau_run run = { 0 };
    bau_status status = bau_shelf_init(&s.shelf, project, &as_the_project_says, err);
    if (status == BAU_OK)
        status = make_locks(&s, &project->archive, err);
    if (status == BAU_OK) {
        status = bau_run_begin(&run, project, options, report, err);
        if (status == BAU_OK)
            status = snapshot(&run, &s, err);
        status = bau_run_refreshed(&run, status, err);
        s.shelf.stop = NULL;
    }
    if (status == BAU_OK)
        say_written(s.to.writer, options->json, &report->out);
    bau_archive_writer_free(s.to.writer);
    bau_wipe(&s.locks, sizeof s.locks);
    bau_shelf_release(&s.shelf);
    return status;
}
