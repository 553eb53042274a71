/* See rename.h. A staged name hashes to the slot of its key: "bauta:new:t:KEY" for a key with a hash tag of its own,
 * "bauta:new:k:{KEY}" for one without, and "bauta:new:s:{NUMBER}KEY", the number searched for, where braces forbid that. */
#include "rename.h"

#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 200 };

static const char tagged[] = REDIS_STAGED "t:", plain[] = REDIS_STAGED "k:{", searched[] = REDIS_STAGED "s:{";

/* "{…}" with something in it: the first brace and the first closing one behind it. */
static bool has_tag(struct bau_slice key)
{
    const uint8_t *open = key.len ? memchr(key.data, '{', key.len) : NULL;
    if (!open)
        return false;
    const uint8_t *close = memchr(open, '}', key.len - (size_t)(open - key.data));
    return close && close > open + 1;
}

static void search_tag(struct bau_slice key, char out[24])
{
    const uint32_t slot = redis_slot(key);
    for (uint32_t i = 0;; i++) {
        const int n = snprintf(out, 24, "%u", i);
        if (redis_slot(redis_slice(out, (size_t)n)) == slot)
            return;
    }
}

void redis_staged_name(struct bau_slice key, struct bau_text *out)
{
    char tag[24];
    out->len = 0;
    if (has_tag(key)) {
        bau_text_addn(out, tagged, sizeof tagged - 1);
        bau_text_addn(out, key.data, key.len);
    } else if (key.len && !memchr(key.data, '}', key.len)) {
        bau_text_addn(out, plain, sizeof plain - 1);
        bau_text_addn(out, key.data, key.len);
        bau_text_addn(out, "}", 1);
    } else {
        search_tag(key, tag);
        bau_text_addn(out, searched, sizeof searched - 1);
        bau_text_addf(out, "%s}", tag);
        bau_text_addn(out, key.data, key.len);
    }
}

static bool starts(struct bau_slice key, const char *with, size_t n)
{
    return key.len >= n && memcmp(key.data, with, n) == 0;
}

bool redis_is_staged(struct bau_slice key)
{
    return starts(key, REDIS_STAGED, sizeof REDIS_STAGED - 1);
}

struct bau_slice redis_final_name(struct bau_slice staged)
{
    if (starts(staged, tagged, sizeof tagged - 1))
        return (struct bau_slice){ staged.data + sizeof tagged - 1, staged.len - (sizeof tagged - 1) };
    if (starts(staged, plain, sizeof plain - 1) && staged.len >= sizeof plain)
        return (struct bau_slice){ staged.data + sizeof plain - 1, staged.len - sizeof plain };
    if (starts(staged, searched, sizeof searched - 1)) {
        const uint8_t *close = memchr(staged.data, '}', staged.len);
        const size_t head = close ? (size_t)(close + 1 - staged.data) : 0;
        return (struct bau_slice){ staged.data + head, staged.len - head };
    }
    return staged;
}

/* ── walks ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef bau_status (*some_fn)(struct bau_side *side, const redisReply *keys, struct bau_error *err);

/* All keys of one server that are there throughout, some at a time; `match` NULL: of any name. */
static bau_status walk_server(struct bau_side *side, struct redis_client *server, const char *match,
                              some_fn each, struct bau_error *err)
{
    char cursor[24] = "0", count[16];
    (void)snprintf(count, sizeof count, "%d", AT_ONCE);
    do {
        REDIS_AUTO_REPLY *reply = NULL;
        BAU_TRY(redis_call(server, &reply, err, "SCAN", cursor, "COUNT", count, match ? "MATCH" : NULL, match,
                           NULL));
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
            reply->element[0]->type != REDIS_REPLY_STRING || reply->element[1]->type != REDIS_REPLY_ARRAY)
            return bau_error_set(err, BAU_E_TARGET, "SCAN gave an answer of another shape");
        (void)snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
        BAU_TRY(each(side, reply->element[1], err));
    } while (strcmp(cursor, "0") != 0);
    return BAU_OK;
}

static bau_status walk(struct bau_side *side, const char *match, some_fn each, struct bau_error *err)
{
    struct redis_cluster *cl = redis_client_cluster(side->main);
    if (cl)
        BAU_TRY(redis_cluster_reload(cl, err));
    for (uint32_t i = 0; i < (cl ? redis_cluster_nodes(cl) : 1); i++) {
        struct redis_client *server = side->main;
        if (cl && !redis_cluster_master(cl, i))
            continue;
        if (cl)
            BAU_TRY(redis_cluster_node(cl, i, &server, err));
        BAU_TRY(walk_server(side, server, match, each, err));
    }
    return BAU_OK;
}

static struct bau_slice name(const redisReply *keys, size_t i)
{
    return redis_slice(keys->element[i]->str, keys->element[i]->len);
}

static void add2(struct bau_side *side, const char *command, struct bau_slice key)
{
    redis_add(side->main, 2, (const struct bau_slice[]){ redis_slice(command, strlen(command)), key });
}

static bau_status drop_some(struct bau_side *side, const redisReply *keys, struct bau_error *err)
{
    for (size_t i = 0; i < keys->elements; i++)
        add2(side, "UNLINK", name(keys, i));
    BAU_TRY(redis_send(side->main, err));
    for (size_t i = 0; i < keys->elements; i++)
        BAU_TRY(redis_want(side->main, "UNLINK", NULL, err));
    return BAU_OK;
}

static bool ours(struct bau_slice key)
{
    return (key.len == sizeof REDIS_MARK - 1 && starts(key, REDIS_MARK, key.len)) ||
           (key.len == sizeof REDIS_LOCK - 1 && starts(key, REDIS_LOCK, key.len)) || redis_is_staged(key);
}

/* Old keys that the new data has not. */
static bau_status drop_old(struct bau_side *side, const redisReply *keys, struct bau_error *err)
{
    BAU_AUTO_TEXT staged = { 0 };
    BAU_AUTO_TEXT gone = { 0 }; /* bytes: one a key */
    size_t n = 0;
    for (size_t i = 0; i < keys->elements; i++) {
        redis_staged_name(name(keys, i), &staged);
        add2(side, "EXISTS", redis_slice(staged.data, staged.len));
    }
    if (staged.failed)
        return bau_error_set(err, BAU_E_NOMEM, "key");
    BAU_TRY(redis_send(side->main, err));
    for (size_t i = 0; i < keys->elements; i++) {
        REDIS_AUTO_REPLY *there = NULL;
        BAU_TRY(redis_want(side->main, "EXISTS", &there, err));
        const char drop = there->integer == 0 && !ours(name(keys, i));
        bau_text_addn(&gone, &drop, 1);
    }
    for (size_t i = 0; i < keys->elements && !gone.failed; i++)
        if (gone.data[i]) {
            add2(side, "UNLINK", name(keys, i));
            n++;
        }
    BAU_TRY(redis_send(side->main, err));
    for (; n; n--)
        BAU_TRY(redis_want(side->main, "UNLINK", NULL, err));
    return gone.failed ? bau_error_set(err, BAU_E_NOMEM, "keys") : BAU_OK;
}

/* A staged key that is not there any more expired, or SCAN told of it twice. */
static bau_status rename_some(struct bau_side *side, const redisReply *keys, struct bau_error *err)
{
    for (size_t i = 0; i < keys->elements; i++)
        redis_add(side->main, 3,
                  (const struct bau_slice[]){ redis_slice("RENAME", 6), name(keys, i),
                                              redis_final_name(name(keys, i)) });
    BAU_TRY(redis_send(side->main, err));
    for (size_t i = 0; i < keys->elements; i++) {
        REDIS_AUTO_REPLY *done = NULL;
        BAU_TRY(redis_next(side->main, &done, err));
        if (done->type == REDIS_REPLY_ERROR && !strstr(done->str, "no such key"))
            return redis_refused(side->main, "RENAME", done, err);
    }
    return BAU_OK;
}

bau_status redis_staged_drop(struct bau_side *side, struct bau_error *err)
{
    return walk(side, REDIS_STAGED "*", drop_some, err);
}

bau_status redis_staged_switch(struct bau_side *side, struct bau_error *err)
{
    BAU_TRY(walk(side, NULL, drop_old, err));
    return walk(side, REDIS_STAGED "*", rename_some, err);
}
