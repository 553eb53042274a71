/* What belongs to the database itself: encoding and locale when it is made; owner, privileges, settings, comment and
 * connection limit. Settings come last, so that none of them (a timeout, a read-only default) meets our own work. */
#include "target.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool add_literal(struct bau_text *sql, PGconn *conn, const char *value)
{
    char *literal = PQescapeLiteral(conn, value, strlen(value));
    if (!literal)
        return false;
    bau_text_add(sql, literal);
    PQfreemem(literal);
    return true;
}

static bool add_option(struct bau_text *sql, PGconn *conn, const char *word, const char *value)
{
    if (!value)
        return true;
    bau_text_addf(sql, " %s ", word);
    return add_literal(sql, conn, value);
}

static bau_status locale_options(struct bau_side *side, const json_t *database, struct bau_text *sql,
                                 struct bau_error *err)
{
    const char *provider = text_of(database, "provider");
    const char *locale = text_of(database, "locale");
    PGconn *conn = side->main;
    bool good = add_option(sql, conn, "ENCODING", text_of(database, "encoding")) &&
                add_option(sql, conn, "LC_COLLATE", text_of(database, "collate")) &&
                add_option(sql, conn, "LC_CTYPE", text_of(database, "ctype"));
    const bool icu = provider && strcmp(provider, "icu") == 0,
               builtin = provider && strcmp(provider, "builtin") == 0;
    if ((icu && side->version < 150000) || (builtin && side->version < 170000))
        return bau_error_set(err, BAU_E_TARGET,
                             "the source's database takes its locale from %s, which the target's "
                             "server version does not have",
                             provider);
    if (icu)
        good = good && add_option(sql, conn, "LOCALE_PROVIDER", "icu") &&
               add_option(sql, conn, "ICU_LOCALE", locale) &&
               (side->version < 160000 || add_option(sql, conn, "ICU_RULES", text_of(database, "icu_rules")));
    else if (builtin)
        good = good && add_option(sql, conn, "LOCALE_PROVIDER", "builtin") &&
               add_option(sql, conn, "BUILTIN_LOCALE", locale);
    else if (side->version >= 150000)
        good = good && add_option(sql, conn, "LOCALE_PROVIDER", "libc");
    return good ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "CREATE DATABASE");
}

bau_status pg_mark_shadow(struct bau_side *side, struct bau_error *err)
{
    const json_t *database = json_object_get(side->target->blob, "database");
    const char *quoted = pg_quote(side->target->arena, side->shadow);
    BAU_AUTO_TEXT sql = { 0 };
    if (!quoted)
        return bau_error_set(err, BAU_E_NOMEM, "mark of the database");
    const char *comment = text_of(database, "comment");
    if (comment) {
        BAU_AUTO_TEXT plain = { 0 };
        bau_text_addn(&plain, comment, pg_comment_len(comment));
        bau_text_addf(&sql, "COMMENT ON DATABASE %s IS ", quoted);
        if (plain.failed || !add_literal(&sql, side->main, plain.data ? plain.data : ""))
            return bau_error_set(err, BAU_E_NOMEM, "comment of the database");
        BAU_TRY(pg_exec(side, side->main, sql.data, err));
        sql.len = 0;
    }
    const struct pg_mark mark = pg_mark_now(side->with.run_id, "shadow", NULL);
    BAU_TRY(pg_mark_sql(side, side->shadow, side->shadow, &mark, &sql, err));
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "mark of the database");
    return pg_exec(side, side->main, sql.data, err);
}

bau_status pg_create_shadow(struct bau_side *side, struct bau_error *err)
{
    struct pg_target *target = side->target;
    const json_t *database = json_object_get(target->blob, "database");
    const char *quoted = pg_quote(target->arena, side->shadow);
    BAU_AUTO_TEXT sql = { 0 };
    if (!quoted)
        return bau_error_set(err, BAU_E_NOMEM, "CREATE DATABASE");
    bau_text_addf(&sql, "CREATE DATABASE %s TEMPLATE template0", quoted);
    BAU_TRY(locale_options(side, database, &sql, err));
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "CREATE DATABASE");
    if (pg_exec(side, side->main, sql.data, err) != BAU_OK) {
        const char *collate = text_of(database, "collate"), *ctype = text_of(database, "ctype");
        if (strcmp(err->sqlstate, "42809") == 0 || strcmp(err->sqlstate, "22023") == 0)
            return bau_error_set(
                err, BAU_E_TARGET,
                "the target's server cannot make a database with the source's encoding and locale "
                "(%s, %s, %s; SQLSTATE %s): is the locale installed there?",
                text_of(database, "encoding"), collate ? collate : "-", ctype ? ctype : "-", err->sqlstate);
        bau_error_note(err, "CREATE DATABASE");
        return err->code;
    }
    target->made_shadow = true;
    return pg_mark_shadow(side, err);
}

/* ── after the data ──────────────────────────────────────────────────────────────────────────────────────────────── */

/* Settings whose value is a list of names: SET takes them one by one, as the catalog quotes them. */
static bool is_name_list(const char *setting)
{
    static const char *const lists[] = { "search_path", "temp_tablespaces", "local_preload_libraries",
                                         "session_preload_libraries" };
    for (size_t i = 0; i < BAU_COUNT(lists); i++)
        if (strcmp(lists[i], setting) == 0)
            return true;
    return false;
}

static bool add_names(struct bau_text *sql, PGconn *conn, const char *list, struct bau_arena *arena)
{
    bool any = false;
    const size_t len = strlen(list);
    for (size_t at = 0; at < len;) {
        while (at < len && (list[at] == ',' || list[at] == ' '))
            at++;
        if (at == len)
            break;
        struct pg_token t = { .kind = PG_TOKEN_QUOTED };
        if (list[at] == '"') {
            t = pg_token_next(list, len, at);
        } else { /* words may hold what a token may not: "$user" is quoted, a library's path is not */
            t = (struct pg_token){ PG_TOKEN_WORD, at, strcspn(list + at, ",") };
        }
        const char *name = pg_token_name(list, &t, arena);
        if (!name || t.kind == PG_TOKEN_OPEN || !t.len)
            return false;
        bau_text_add(sql, any ? ", " : "");
        if (!add_literal(sql, conn, name))
            return false;
        any = true;
        at = t.at + t.len;
    }
    if (!any)
        bau_text_add(sql, "''");
    return true;
}

/* A statement about the database whose refusal is named in the report. */
static bau_status try_it(struct bau_side *side, const char *kind, const char *name,
                         const struct bau_text *sql, struct bau_error *err)
{
    if (sql->failed)
        return bau_error_set(err, BAU_E_NOMEM, "%s", kind);
    const bau_status status = pg_exec(side, side->main, sql->data, err);
    if (status == BAU_OK || PQstatus(side->main) != CONNECTION_OK)
        return status;
    pg_report_add(&side->target->report, kind, name, err->sqlstate, "the server refused it");
    return BAU_OK;
}

static bau_status apply_setting(struct bau_side *side, const char *database, const json_t *setting,
                                struct bau_error *err)
{
    struct bau_arena *arena = side->target->arena;
    const char *name = text_of(setting, "name"), *value = text_of(setting, "value"),
               *role = text_of(setting, "role");
    BAU_AUTO_TEXT sql = { 0 };
    if (!name || !value || strcmp(name, "bauta.mark") == 0)
        return BAU_OK;
    if (role) {
        role = pg_role_for(side, role);
        if (!role)
            return BAU_OK;
        bau_text_addf(&sql, "ALTER ROLE %s IN DATABASE %s SET ", pg_quote(arena, role), database);
    } else {
        bau_text_addf(&sql, "ALTER DATABASE %s SET ", database);
    }
    for (const char *word = name; *word;) { /* a setting of an extension has a dot between two names */
        const size_t n = strcspn(word, ".");
        const char *part = bau_arena_textn(arena, word, n);
        bau_text_addf(&sql, "%s%s", part ? pg_quote(arena, part) : "", word[n] ? "." : " TO ");
        word += n + (word[n] ? 1 : 0);
    }
    const bool good =
        is_name_list(name) ? add_names(&sql, side->main, value, arena) : add_literal(&sql, side->main, value);
    if (!good)
        return bau_error_set(err, BAU_E_NOMEM, "database setting %s", name);
    return try_it(side, "database setting", name, &sql, err);
}

static bau_status apply_acl(struct bau_side *side, const char *database, const json_t *acl,
                            struct bau_error *err)
{
    struct bau_arena *arena = side->target->arena;
    BAU_AUTO_TEXT sql = { 0 };
    if (!json_is_array(acl) || side->config->owner == PG_OWNER_TARGET)
        return BAU_OK;
    bau_text_addf(&sql, "REVOKE ALL ON DATABASE %s FROM PUBLIC", database);
    BAU_TRY(try_it(side, "database privilege", side->database, &sql, err));
    size_t i;
    json_t *grant;
    json_array_foreach(acl, i, grant)
    {
        const char *grantee = text_of(grant, "grantee"), *privilege = text_of(grant, "privilege");
        const char *role = grantee ? pg_role_for(side, grantee) : NULL;
        if (!privilege || strspn(privilege, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ") != strlen(privilege) ||
            (grantee && !role))
            continue;
        sql.len = 0;
        bau_text_addf(&sql, "GRANT %s ON DATABASE %s TO %s%s", privilege, database,
                      role ? pg_quote(arena, role) : "PUBLIC",
                      json_is_true(json_object_get(grant, "grantable")) ? " WITH GRANT OPTION" : "");
        BAU_TRY(try_it(side, "database privilege", privilege, &sql, err));
    }
    return BAU_OK;
}

bau_status pg_database_facts(struct bau_side *side, struct bau_error *err)
{
    struct pg_target *target = side->target;
    const json_t *database = json_object_get(target->blob, "database");
    const char *quoted = pg_quote(target->arena, side->shadow);
    BAU_AUTO_TEXT sql = { 0 };
    if (!quoted)
        return bau_error_set(err, BAU_E_NOMEM, "settings of the database");
    size_t i;
    json_t *setting;
    json_array_foreach(json_object_get(database, "settings"), i, setting)
        BAU_TRY(apply_setting(side, quoted, setting, err));
    const json_int_t limit = json_integer_value(json_object_get(database, "connlimit"));
    if (limit > 0) {
        bau_text_addf(&sql, "ALTER DATABASE %s CONNECTION LIMIT %" JSON_INTEGER_FORMAT, quoted, limit);
        BAU_TRY(try_it(side, "database connection limit", side->database, &sql, err));
        sql.len = 0;
    }
    const char *owner = text_of(database, "owner");
    owner = owner ? pg_role_for(side, owner) : NULL;
    if (owner) {
        bau_text_addf(&sql, "ALTER DATABASE %s OWNER TO %s", quoted, pg_quote(target->arena, owner));
        BAU_TRY(try_it(side, "database owner", owner, &sql, err));
    }
    return apply_acl(side, quoted, json_object_get(database, "acl"), err);
}
