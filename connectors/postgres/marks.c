/* Names and marks of the databases beside the target: the shadow being loaded and the previous ones kept. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUN_ID_LEN = 16, HASH_LEN = 8 };

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint32_t hash32(const char *text)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 16777619u;
    return h;
}

/* Everything before the run id. A name too long for that is cut at a character and told apart by its hash. */
static size_t sibling_prefix(const char *final, const char *word, char out[PG_NAME_ROOM])
{
    char tail[32];
    const int plain = snprintf(tail, sizeof tail, "__bauta_%s_", word);
    size_t room = PG_NAME_ROOM - 1 - RUN_ID_LEN - (size_t)plain;
    size_t n = strlen(final);
    if (n <= room)
        return (size_t)snprintf(out, PG_NAME_ROOM, "%s%s", final, tail);
    n = room - HASH_LEN - 1;
    while (n > 0 && ((uint8_t) final[n] & 0xC0u) == 0x80u)
        n--;
    return (size_t)snprintf(out, PG_NAME_ROOM, "%.*s_%08" PRIx32 "%s", (int)n, final, hash32(final), tail);
}

void pg_sibling(const char *final, const char *word, const char *run_id, char out[PG_NAME_ROOM])
{
    const size_t n = sibling_prefix(final, word, out);
    (void)snprintf(out + n, PG_NAME_ROOM - n, "%.16s", run_id);
}

bool pg_is_sibling(const char *final, const char *word, const char *name)
{
    char prefix[PG_NAME_ROOM];
    const size_t n = sibling_prefix(final, word, prefix);
    return strncmp(name, prefix, n) == 0 && strlen(name + n) == RUN_ID_LEN &&
           strspn(name + n, "0123456789abcdef") == RUN_ID_LEN;
}

/* ── marks ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct pg_mark pg_mark_now(const char *run_id, const char *role, const char *content)
{
    struct pg_mark mark = { .there = true, .time = (uint64_t)time(NULL), .content = content };
    (void)snprintf(mark.run_id, sizeof mark.run_id, "%s", run_id);
    (void)snprintf(mark.role, sizeof mark.role, "%s", role);
    return mark;
}

/* `content` points into `text`; a mark in a comment ends with ']'. */
static struct pg_mark parse_mark(const char *text)
{
    struct pg_mark mark = { .there = false };
    const size_t id = strspn(text, "0123456789abcdef");
    if (id != RUN_ID_LEN || text[id] != ' ')
        return mark;
    const char *role = text + id + 1;
    const size_t n = strspn(role, "abcdefghijklmnopqrstuvwxyz");
    if (n == 0 || n >= sizeof mark.role || role[n] != ' ')
        return mark;
    memcpy(mark.run_id, text, id);
    memcpy(mark.role, role, n);
    char *end = NULL;
    mark.time = strtoull(role + n + 1, &end, 10);
    mark.content = *end == ' ' ? end + 1 : NULL;
    mark.there = true;
    return mark;
}

/* Where the mark starts in a comment, its length when there is none. */
static size_t mark_in_comment(const char *comment)
{
    const size_t len = strlen(comment);
    if (len == 0 || comment[len - 1] != ']')
        return len;
    for (size_t i = len; i-- > 0;)
        if (strncmp(comment + i, "[bauta ", 7) == 0)
            return parse_mark(comment + i + 7).there ? i : len;
    return len;
}

size_t pg_comment_len(const char *comment)
{
    size_t n = mark_in_comment(comment);
    if (comment[n] && n > 0 && comment[n - 1] == '\n')
        n--;
    return n;
}

static struct pg_mark newer(struct pg_mark a, struct pg_mark b)
{
    return b.there && (!a.there || b.time > a.time) ? b : a;
}

bau_status pg_databases(struct bau_side *side, struct bau_arena *arena, struct pg_database **out,
                        uint32_t *out_n, struct bau_error *err)
{
    PG_AUTO_RESULT *result = NULL;
    BAU_TRY(
        pg_query(side, side->main,
                 "SELECT d.datname, d.oid, d.datallowconn, (SELECT pg_catalog.substr(c, 12) FROM "
                 "pg_catalog.unnest(s.setconfig) c WHERE c LIKE 'bauta.mark=%' LIMIT 1), "
                 "pg_catalog.shobj_description(d.oid, 'pg_database') FROM pg_catalog.pg_database d LEFT JOIN "
                 "pg_catalog.pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0 ORDER BY d.oid",
                 &result, err));
    const int n = PQntuples(result);
    struct pg_database *list = bau_arena_zero(arena, ((size_t)n + 1) * sizeof *list);
    if (!list)
        return bau_error_set(err, BAU_E_NOMEM, "list of databases");
    for (int i = 0; i < n; i++) {
        struct pg_database *d = &list[i];
        (void)snprintf(d->name, sizeof d->name, "%s", PQgetvalue(result, i, 0));
        (void)snprintf(d->oid, sizeof d->oid, "%s", PQgetvalue(result, i, 1));
        d->allows_connections = PQgetvalue(result, i, 2)[0] == 't';
        d->mark = parse_mark(PQgetvalue(result, i, 3));
        const char *comment = PQgetvalue(result, i, 4);
        comment += mark_in_comment(comment);
        if (*comment)
            d->mark = newer(d->mark, parse_mark(comment + 7));
        if (d->mark.content) {
            d->mark.content = bau_arena_textn(arena, d->mark.content, strcspn(d->mark.content, "]"));
            if (!d->mark.content)
                return bau_error_set(err, BAU_E_NOMEM, "list of databases");
        }
    }
    *out = list;
    *out_n = (uint32_t)n;
    return BAU_OK;
}

/* The comment of a database without a mark in it. */
static bau_status plain_comment(struct bau_side *side, const char *database, struct bau_text *out,
                                struct bau_error *err)
{
    PG_AUTO_RESULT *result = NULL;
    const char *const values[] = { database };
    BAU_TRY(
        pg_query_params(side, side->main,
                        "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database "
                        "WHERE datname = $1",
                        1, values, &result, err));
    if (PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
        bau_text_addn(out, PQgetvalue(result, 0, 0), pg_comment_len(PQgetvalue(result, 0, 0)));
    return BAU_OK;
}

bau_status pg_mark_sql(struct bau_side *side, const char *database, const char *now_named,
                       const struct pg_mark *mark, struct bau_text *out, struct bau_error *err)
{
    BAU_AUTO_TEXT comment = { 0 };
    BAU_AUTO_TEXT text = { 0 };
    const char *quoted = pg_quote(side->target->arena, now_named);
    bau_text_addf(&text, "%.16s %s %" PRIu64 "%s%s", mark->run_id, mark->role, mark->time,
                  mark->content ? " " : "", mark->content ? mark->content : "");
    if (!quoted || text.failed)
        return bau_error_set(err, BAU_E_NOMEM, "mark of the database");
    const char *superuser = PQparameterStatus(side->main, "is_superuser");
    if (superuser && strcmp(superuser, "on") == 0) {
        bau_text_addf(out, "ALTER DATABASE %s SET \"bauta.mark\" = '%s'", quoted, text.data);
        return BAU_OK;
    }
    BAU_TRY(plain_comment(side, database, &comment, err));
    bau_text_addf(&comment, "%s[bauta %s]", comment.len ? "\n" : "", text.data);
    char *literal = comment.failed ? NULL : PQescapeLiteral(side->main, comment.data, comment.len);
    if (!literal)
        return bau_error_set(err, BAU_E_NOMEM, "mark of the database");
    bau_text_addf(out, "COMMENT ON DATABASE %s IS %s", quoted, literal);
    PQfreemem(literal);
    return BAU_OK;
}

/* ── whole databases ─────────────────────────────────────────────────────────────────────────────────────────────── */

void pg_end_sessions(struct bau_side *side, PGconn *conn, const char *name)
{
    struct bau_error ignored;
    const char *const values[] = { name };
    PG_AUTO_RESULT *result = NULL;
    if (pg_query_params(side, conn,
                        "SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND pid <> "
                        "pg_catalog.pg_backend_pid()",
                        1, values, &result, &ignored) != BAU_OK)
        return;
    for (int i = 0; i < PQntuples(result);
         i++) { /* one by one: a session we may not end must not save the others */
        const char *const pid[] = { PQgetvalue(result, i, 0) };
        PGresult *ended = PQexecParams(conn, "SELECT pg_catalog.pg_terminate_backend($1::int)", 1, NULL, pid,
                                       NULL, NULL, 0);
        PQclear(ended);
    }
}

bau_status pg_drop_database(struct bau_side *side, const char *name, struct bau_error *err)
{
    const char *quoted = pg_quote(side->target->arena, name);
    BAU_AUTO_TEXT sql = { 0 };
    if (side->version < 130000)
        pg_end_sessions(side, side->main, name);
    bau_text_addf(&sql, "DROP DATABASE IF EXISTS %s%s", quoted ? quoted : "",
                  side->version < 130000 ? "" : " WITH (FORCE)");
    if (!quoted || sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "database %s", name);
    BAU_TRY_NOTE(pg_exec(side, side->main, sql.data, err), err, "dropping database %s", name);
    return BAU_OK;
}
