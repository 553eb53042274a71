/* The target: its guard, lock, shadow, switch and the way back.
 *
 * `switch: swapdb`: the shadow is a spare logical database; SWAPDB exchanges it with the target's in one step, and the old
 * data then lies in the spare one. Every database that bauta made holds the hash REDIS_MARK (run, db, role). The lock is a
 * key in the target's database with the name of the run's connections; it is broken when no such connection lives.
 * `switch: rename`: new keys lie under a prefix until the switch, see rename.h.
 * `switch: flush`: the target's own database is emptied and filled. */
#include "rename.h"

#include <stdio.h>
#include <string.h>

#include "bauta/log.h"

static bool by_swap(const struct bau_side *side)
{
    return side->config->switch_by == REDIS_SWITCH_SWAPDB;
}

static bool by_rename(const struct bau_side *side)
{
    return side->config->switch_by == REDIS_SWITCH_RENAME;
}

static void db_text(uint32_t db, char out[16])
{
    (void)snprintf(out, 16, "%u", db);
}

static bau_status select_db(struct bau_side *side, uint32_t db, struct bau_error *err)
{
    char text[16];
    db_text(db, text);
    if (side->cluster) /* has one */
        return BAU_OK;
    if (redis_call(side->main, NULL, err, "SELECT", text, NULL) == BAU_OK)
        return BAU_OK;
    bau_error_note(err, "database %s", text);
    return err->code;
}

/* A cluster has one database, so nothing can be exchanged. */
static bau_status may_switch(const struct bau_side *side, struct bau_error *err)
{
    return side->cluster && by_swap(side)
               ? bau_error_set(err, BAU_E_USAGE,
                               "a Redis Cluster has no databases to exchange; set `switch: rename` or "
                               "`switch: flush` for this store")
               : BAU_OK;
}

/* ── facts ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct database {
    long long keys; /* without our own */
    bool marked, locked;
    char role[8];
    long long of; /* the database that the mark speaks of */
};

static bau_status number(struct bau_side *side, long long *out, struct bau_error *err, const char *command,
                         const char *key)
{
    REDIS_AUTO_REPLY *reply = NULL;
    BAU_TRY(redis_call(side->main, &reply, err, command, key, NULL));
    *out = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    return BAU_OK;
}

/* Of the selected database. */
static bau_status look(struct bau_side *side, struct database *out, struct bau_error *err)
{
    long long mark = 0, lock = 0;
    REDIS_AUTO_REPLY *fields = NULL;
    *out = (struct database){ .of = -1 };
    BAU_TRY(redis_everywhere(side->main, &out->keys, err, "DBSIZE", NULL));
    BAU_TRY(number(side, &mark, err, "EXISTS", REDIS_MARK));
    BAU_TRY(number(side, &lock, err, "EXISTS", REDIS_LOCK));
    out->keys -= mark + lock;
    out->marked = mark > 0;
    out->locked = lock > 0;
    if (!mark)
        return BAU_OK;
    BAU_TRY(redis_call(side->main, &fields, err, "HMGET", REDIS_MARK, "role", "db", NULL));
    if (fields->type == REDIS_REPLY_ARRAY && fields->elements == 2 && fields->element[0]->str &&
        fields->element[1]->str) {
        (void)snprintf(out->role, sizeof out->role, "%s", fields->element[0]->str);
        if (sscanf(fields->element[1]->str, "%lld", &out->of) != 1)
            out->of = -1;
    }
    return BAU_OK;
}

static bool same(struct bau_side *side, const char *source_identity)
{
    char own[80];
    (void)snprintf(own, sizeof own, "redis:%s:%u", side->replication, side->address.db);
    return source_identity && strcmp(own, source_identity) == 0;
}

bau_status redis_target_facts(struct bau_side *side, const char *source_identity,
                              struct bau_target_facts *out, struct bau_error *err)
{
    struct database d;
    BAU_TRY(redis_main(side, err));
    BAU_TRY(may_switch(side, err));
    BAU_TRY(select_db(side, side->address.db, err));
    BAU_TRY(look(side, &d, err));
    *out = (struct bau_target_facts){ .exists = true,
                                      .empty = d.keys == 0,
                                      .marked = d.marked,
                                      .same_as_source = same(side, source_identity) };
    (void)snprintf(out->text, sizeof out->text, "%s, %s", side->server,
                   out->same_as_source ? "which is the source"
                   : d.keys == 0       ? "empty"
                   : d.marked          ? "made by bauta, will be replaced"
                   : side->config->allow_replace
                       ? "holds keys that bauta did not make; allow_replace lets them be replaced"
                       : "holds keys that bauta did not make: a refresh would refuse");
    return BAU_OK;
}

/* ── lock ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Whether a connection of that name lives. When the account may not look, it does. */
static bau_status lives(struct bau_side *side, const char *name, bool *out, struct bau_error *err)
{
    REDIS_AUTO_REPLY *list = NULL;
    char item[64];
    redis_say(side->main, "CLIENT", "LIST", NULL);
    BAU_TRY(redis_send(side->main, err));
    BAU_TRY(redis_next(side->main, &list, err));
    (void)snprintf(item, sizeof item, " name=%s ", name);
    *out = list->type != REDIS_REPLY_STRING || strstr(list->str, item) != NULL;
    return BAU_OK;
}

static bau_status lock(struct bau_side *side, struct bau_error *err)
{
    char name[40];
    (void)snprintf(name, sizeof name, "bauta-%s", side->with.run_id);
    for (int tries = 0; tries < 2; tries++) {
        REDIS_AUTO_REPLY *set = NULL;
        REDIS_AUTO_REPLY *holder = NULL;
        bool alive = true;
        BAU_TRY(redis_call(side->main, &set, err, "SET", REDIS_LOCK, name, "NX", NULL));
        if (set->type == REDIS_REPLY_STATUS) {
            side->locked = true;
            return BAU_OK;
        }
        BAU_TRY(redis_call(side->main, NULL, err, "WATCH", REDIS_LOCK, NULL));
        BAU_TRY(redis_call(side->main, &holder, err, "GET", REDIS_LOCK, NULL));
        if (holder->type == REDIS_REPLY_STRING)
            BAU_TRY(lives(side, holder->str, &alive, err));
        if (alive && holder->type == REDIS_REPLY_STRING)
            return bau_error_set(err, BAU_E_LOCKED, "another run works on database %u of this server",
                                 side->address.db);
        BAU_TRY(redis_call(side->main, NULL, err, "MULTI", NULL));
        BAU_TRY(redis_call(side->main, NULL, err, "DEL", REDIS_LOCK, NULL));
        BAU_TRY(redis_call(side->main, NULL, err, "EXEC", NULL)); /* nothing when somebody was quicker */
    }
    return bau_error_set(err, BAU_E_LOCKED, "another run works on database %u of this server",
                         side->address.db);
}

void redis_target_unlock(struct bau_side *side)
{
    struct bau_error ignored;
    if (side->locked && select_db(side, side->address.db, &ignored) == BAU_OK)
        (void)!redis_call(side->main, NULL, &ignored, "DEL", REDIS_LOCK, NULL);
    side->locked = false;
}

/* ── before the data ─────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status guard_spare(struct bau_side *side, struct bau_error *err)
{
    struct database d;
    if (side->config->spare_db == side->address.db)
        return bau_error_set(err, BAU_E_USAGE, "spare_db is the target's own database; name another one");
    if (select_db(side, side->config->spare_db, err) != BAU_OK) {
        bau_error_note(err, "spare_db");
        return err->code;
    }
    BAU_TRY(look(side, &d, err));
    if (d.keys && (!d.marked || d.of != (long long)side->address.db))
        return bau_error_set(
            err, BAU_E_REFUSED,
            "the spare database %u holds keys that are not of an earlier run for database %u; name "
            "another one with spare_db",
            side->config->spare_db, side->address.db);
    return select_db(side, side->address.db, err);
}

bau_status redis_target_prepare(struct bau_side *side, const char *source_identity, struct bau_error *err)
{
    struct database d;
    BAU_TRY(redis_main(side, err));
    BAU_TRY(may_switch(side, err));
    if (same(side, source_identity))
        return bau_error_set(err, BAU_E_REFUSED, "target and source are the same");
    BAU_TRY(select_db(side, side->address.db, err));
    BAU_TRY(look(side, &d, err));
    if (d.keys && !d.marked && !side->config->allow_replace)
        return bau_error_set(
            err, BAU_E_REFUSED,
            "database %u holds keys that bauta did not make; set allow_replace: true to replace them",
            side->address.db);
    side->was_marked = d.marked;
    if (by_swap(side))
        BAU_TRY(guard_spare(side, err));
    return lock(side, err);
}

static bau_status mark(struct bau_side *side, const char *role, struct bau_error *err)
{
    char db[16];
    db_text(side->address.db, db);
    return redis_call(side->main, NULL, err, "HSET", REDIS_MARK, "run", side->with.run_id, "db", db, "role",
                      role, NULL);
}

/* A payload that no server takes tells whether it would take one. */
static bau_status probe_restore(struct bau_side *side, struct bau_error *err)
{
    REDIS_AUTO_REPLY *reply = NULL;
    redis_say(side->main, "RESTORE", REDIS_MARK, "0", "none", NULL);
    BAU_TRY(redis_send(side->main, err));
    BAU_TRY(redis_next(side->main, &reply, err));
    side->typed = redis_is_error(reply, "NOPERM") ||
                  (reply->type == REDIS_REPLY_ERROR && strstr(reply->str, "unknown command") != NULL);
    if (side->typed)
        bau_log(BAU_INFO, "the target denies RESTORE: typed commands in its place",
                BAU_NAME("store", side->with.store));
    return BAU_OK;
}

static bau_status make_shadow(struct bau_side *side, struct bau_error *err)
{
    BAU_TRY(select_db(side, side->shadow_db, err));
    side->shadow_made = true;
    if (by_rename(side)) {
        BAU_TRY(redis_staged_drop(side, err)); /* of a run that died */
        return side->was_marked ? BAU_OK : mark(side, "new", err);
    }
    BAU_TRY(redis_empty(side->main, err));
    if (!by_swap(side)) /* the lock went with the rest */
        BAU_TRY(lock(side, err));
    return mark(side, "new", err);
}

bau_status redis_target_begin(struct bau_side *side, const struct bau_target_plan *plan,
                              struct bau_error *err)
{
    (void)plan;
    side->shadow_db = by_swap(side) ? side->config->spare_db : side->address.db;
    BAU_TRY(make_shadow(side, err));
    return probe_restore(side, err);
}

bau_status redis_target_finish(struct bau_side *side, const struct bau_target_plan *plan,
                               struct bau_error *err)
{
    (void)plan;
    BAU_TRY(select_db(side, side->shadow_db, err));
    return by_rename(side) ? BAU_OK : mark(side, "live", err);
}

/* ── the switch ──────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Exchanges target and spare; the marks say afterwards which is which. The lock moves along and goes. */
static bau_status swap(struct bau_side *side, const char *role_behind, struct bau_error *err)
{
    char final[16], spare[16];
    REDIS_AUTO_REPLY *done = NULL;
    db_text(side->address.db, final);
    db_text(side->config->spare_db, spare);
    BAU_TRY(redis_call(side->main, NULL, err, "MULTI", NULL));
    BAU_TRY(redis_call(side->main, NULL, err, "SWAPDB", final, spare, NULL));
    BAU_TRY(redis_call(side->main, NULL, err, "SELECT", spare, NULL));
    BAU_TRY(redis_call(side->main, NULL, err, "DEL", REDIS_LOCK, NULL));
    BAU_TRY(mark(side, role_behind, err));
    BAU_TRY(redis_call(side->main, NULL, err, "SELECT", final, NULL));
    BAU_TRY(redis_call(side->main, NULL, err, "DEL", REDIS_LOCK, NULL));
    BAU_TRY(mark(side, "live", err));
    BAU_TRY(redis_call(side->main, &done, err, "EXEC", NULL));
    for (size_t i = 0; done->type == REDIS_REPLY_ARRAY && i < done->elements; i++)
        if (done->element[i]->type == REDIS_REPLY_ERROR)
            return redis_refused(side->main, i == 0 ? "SWAPDB" : "the switch", done->element[i], err);
    side->locked = false;
    return BAU_OK;
}

/* Once keys are renamed there is no way back: a stop of the run has to wait for the end. */
static bau_status rename_all(struct bau_side *side, struct bau_error *err)
{
    const struct bau_watch watch = side->with.watch;
    redis_client_close(side->main);
    side->main = NULL;
    side->with.watch = (struct bau_watch){ 0 };
    bau_status status = redis_connect(side, side->address.db, &side->main, err);
    side->with.watch = watch;
    if (status == BAU_OK)
        status = redis_staged_switch(side, err);
    if (status != BAU_OK) {
        bau_error_note(err, "%s", "renaming the new keys: the target holds old and new ones; run again");
        return status;
    }
    BAU_TRY(mark(side, "live", err));
    redis_target_unlock(side);
    side->switched = true;
    return BAU_OK;
}

bau_status redis_target_switch(struct bau_side *side, struct bau_error *err)
{
    if (by_rename(side))
        return rename_all(side, err);
    if (!by_swap(side)) {
        redis_target_unlock(side);
        side->switched = true;
        return BAU_OK;
    }
    BAU_TRY(select_db(side, side->address.db, err));
    if (swap(side, "prev", err) != BAU_OK) {
        bau_error_note(err, "%s",
                       "exchanging the databases (an account that may not SWAPDB needs `switch: flush`)");
        return err->code;
    }
    side->switched = true;
    if (side->config->keep_previous)
        return BAU_OK;
    BAU_TRY(select_db(side, side->config->spare_db, err));
    return redis_empty(side->main, err);
}

void redis_target_abandon(struct bau_side *side)
{
    struct bau_error ignored;
    if (side->switched || !side->main)
        return;
    redis_client_close(side->main); /* the one there is may have been cut in the middle of a command */
    side->main = NULL;
    if (redis_connect(side, side->address.db, &side->main, &ignored) != BAU_OK)
        return; /* the next run breaks the lock and empties the shadow */
    if (side->shadow_made && by_swap(side) && select_db(side, side->shadow_db, &ignored) == BAU_OK)
        (void)!redis_empty(side->main, &ignored);
    if (side->shadow_made && by_rename(side) && redis_staged_drop(side, &ignored) == BAU_OK &&
        !side->was_marked)
        (void)!redis_call(side->main, NULL, &ignored, "DEL", REDIS_MARK, NULL);
    redis_target_unlock(side);
}

bau_status redis_target_rollback(struct bau_side *side, struct bau_error *err)
{
    struct database d;
    if (!by_swap(side))
        return bau_error_set(err, BAU_E_REFUSED,
                             "this kind of `switch` keeps no earlier target to go back to");
    BAU_TRY(select_db(side, side->config->spare_db, err));
    BAU_TRY(look(side, &d, err));
    if (!d.marked || strcmp(d.role, "prev") != 0 || d.of != (long long)side->address.db)
        return bau_error_set(err, BAU_E_REFUSED,
                             "the spare database %u holds no earlier target of database %u",
                             side->config->spare_db, side->address.db);
    BAU_TRY(select_db(side, side->address.db, err));
    BAU_TRY(swap(side, "back", err));
    side->switched = true;
    return BAU_OK;
}

const char *redis_target_promises(struct bau_side *side)
{
    if (by_rename(side))
        return "each key is renamed to its place in one step, but one after the other: for a while readers "
               "meet old and new "
               "keys beside each other. A switch that is cut off leaves it so until the next run, and there "
               "is no way back.";
    return by_swap(side) ? "SWAPDB exchanges the target with the spare database in one step; connections see "
                           "the new keys at "
                           "their next command. Until the next refresh the server holds old and new data."
                         : "the target is emptied before the new keys arrive: readers meet it half filled, a "
                           "run that fails "
                           "leaves it so, and there is no way back.";
}
