/* Schema entries made one by one, by the owner policy; what could not be made is collected in one report. */
#include "target.h"

#include <string.h>

/* ── the report ──────────────────────────────────────────────────────────────────────────────────────────────────── */

void pg_report_init(struct pg_report *report, const struct bau_side *side, const struct bau_texts *waive)
{
    memset(report, 0, sizeof *report);
    report->side = side;
    report->waive = waive;
    (void)pthread_mutex_init(&report->mutex, NULL);
}

void pg_report_release(struct pg_report *report)
{
    if (!report->side)
        return;
    bau_text_release(&report->list);
    bau_text_release(&report->tables);
    (void)pthread_mutex_destroy(&report->mutex);
    report->side = NULL;
}

static bool in_texts(const struct bau_texts *texts, const char *kind, const char *name)
{
    const size_t n = strlen(kind);
    for (uint32_t i = 0; texts && i < texts->n; i++) {
        const char *text = texts->at[i];
        if (strcmp(text, name) == 0 ||
            (strncmp(text, kind, n) == 0 && text[n] == ' ' && strcmp(text + n + 1, name) == 0))
            return true;
    }
    return false;
}

static bool waived(const struct bau_side *side, const struct bau_texts *waive, const char *kind,
                   const char *name)
{
    return in_texts(waive, kind, name) || in_texts(&side->config->waive, kind, name);
}

void pg_report_add(struct pg_report *report, const char *kind, const char *name, const char *sqlstate,
                   const char *words)
{
    const bool accepted = waived(report->side, report->waive, kind, name);
    bau_log(accepted ? BAU_WARN : BAU_ERROR, accepted ? "object not made, waived" : "object not made",
            BAU_NAME("kind", kind), BAU_NAME("name", name), BAU_NAME("sqlstate", sqlstate),
            BAU_NAME("reason", words));
    (void)pthread_mutex_lock(&report->mutex);
    report->n++;
    if (accepted && strcmp(kind, "TABLE") == 0)
        bau_text_addn(&report->tables, name, strlen(name) + 1);
    if (!accepted) {
        if (report->n_unwaived++)
            bau_text_add(&report->list, "; ");
        bau_text_addf(&report->list, "%s %s (%s: %s)", kind, name, sqlstate, words);
    }
    (void)pthread_mutex_unlock(&report->mutex);
}

bau_status pg_report_status(struct pg_report *report, struct bau_error *err)
{
    if (report->n_unwaived == 0)
        return BAU_OK;
    const uint32_t n = report->n_unwaived;
    return bau_error_set(err, BAU_E_VERIFY,
                         "%" PRIu32 " object%s of the source could not be made on the target: %s", n,
                         n == 1 ? "" : "s", report->list.data ? report->list.data : "");
}

bool pg_target_lacks(struct bau_side *side, const struct bau_dataset *dataset)
{
    const struct bau_text *tables = &side->target->report.tables;
    for (size_t at = 0; at < tables->len; at += strlen(tables->data + at) + 1)
        if (strcmp(tables->data + at, dataset->name) == 0)
            return true;
    return false;
}

/* ── roles ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

bool pg_role_exists(const struct bau_side *side, const char *role)
{
    for (uint32_t i = 0; i < side->target->n_roles; i++)
        if (strcmp(side->target->roles[i], role) == 0)
            return true;
    return false;
}

static const char *mapped(const struct bau_side *side, const char *role)
{
    const struct bau_texts *map = &side->config->owner_map;
    const size_t n = strlen(role);
    for (uint32_t i = 0; i < map->n; i++)
        if (strncmp(map->at[i], role, n) == 0 && map->at[i][n] == '=')
            return map->at[i] + n + 1;
    return NULL;
}

const char *pg_role_for(const struct bau_side *side, const char *role)
{
    const char *to = side->config->owner == PG_OWNER_MAP ? mapped(side, role) : NULL;
    if (side->config->owner == PG_OWNER_TARGET)
        return NULL;
    if (!to)
        to = role;
    return pg_role_exists(side, to) ? to : NULL;
}

static void check_role(struct bau_side *side, const char *role, bool predefined)
{
    struct pg_report *report = &side->target->report;
    const bool map = side->config->owner == PG_OWNER_MAP;
    const char *to = map ? mapped(side, role) : NULL;
    if (map && !to && !predefined)
        pg_report_add(report, "role", role, "42704", "owner_map names no role for it");
    else if (to && !pg_role_exists(side, to))
        pg_report_add(report, "role", role, "42704",
                      "the role that owner_map gives for it does not exist on the target");
    else if (!to && !pg_role_exists(side, role))
        pg_report_add(report, "role", role, "42704",
                      predefined
                          ? "the target's version has no such role: set owner to map or target"
                          : "it does not exist on the target: create it, or set owner to map or target");
}

bau_status pg_prepare_roles(struct bau_side *side, PGconn *conn, struct bau_error *err)
{
    struct pg_target *target = side->target;
    PG_AUTO_RESULT *result = NULL;
    BAU_TRY(pg_query(side, conn, "SELECT rolname FROM pg_catalog.pg_roles", &result, err));
    const int n = PQntuples(result);
    target->roles = bau_arena_zero(target->arena, ((size_t)n + 1) * sizeof *target->roles);
    for (int i = 0; target->roles && i < n; i++) {
        target->roles[i] = bau_arena_text(target->arena, PQgetvalue(result, i, 0));
        if (!target->roles[i])
            return bau_error_set(err, BAU_E_NOMEM, "list of roles");
    }
    if (!target->roles)
        return bau_error_set(err, BAU_E_NOMEM, "list of roles");
    target->n_roles = (uint32_t)n;
    if (side->config->owner == PG_OWNER_TARGET)
        return BAU_OK;
    size_t i;
    json_t *role;
    json_array_foreach(json_object_get(target->blob, "roles"), i, role)
    {
        const char *name = json_string_value(json_object_get(role, "name"));
        if (name)
            check_role(side, name, json_is_true(json_object_get(role, "predefined")));
    }
    return BAU_OK;
}

struct decision {
    const struct bau_side *side;
    bool owners_only; /* owner: target, and the entry's other role names stay */
};

static pg_role_do decide(void *self, const char *role, const char **out_name)
{
    const struct decision *d = self;
    const struct bau_side *side = d->side;
    if (side->config->owner == PG_OWNER_TARGET)
        return d->owners_only ? PG_ROLE_DROP : PG_ROLE_KEEP;
    const char *to = side->config->owner == PG_OWNER_MAP ? mapped(side, role) : role;
    if (!to)
        to = role;
    if (!pg_role_exists(side, to) && waived(side, side->target->report.waive, "role", role))
        return PG_ROLE_DROP;
    *out_name = to;
    return to == role ? PG_ROLE_KEEP : PG_ROLE_RENAME;
}

/* ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_type(const struct pg_entry *entry, const char *type)
{
    return strcmp(entry->type, type) == 0;
}

static bool about(const struct pg_entry *entry, const char *what)
{
    return (is_type(entry, "COMMENT") || is_type(entry, "SECURITY LABEL")) &&
           strncmp(entry->name, what, strlen(what)) == 0;
}

/* What lies outside of schemas and takes effect at once stays as it is with switch: schema. */
static bool of_database(const struct pg_entry *entry)
{
    return strncmp(entry->type, "PUBLICATION", 11) == 0 || is_type(entry, "EVENT TRIGGER") ||
           about(entry, "PUBLICATION ") || about(entry, "EVENT TRIGGER ");
}

bool pg_entry_skipped(const struct bau_side *side, const struct pg_entry *entry)
{
    const struct pg_config *config = side->config;
    if (pg_by_schema(side) && (of_database(entry) || is_type(entry, "SUBSCRIPTION")))
        return true;
    if (is_type(entry, "SUBSCRIPTION") || about(entry, "SUBSCRIPTION "))
        return !config->subscriptions;
    if (is_type(entry, "USER MAPPING"))
        return !config->user_mappings;
    if (is_type(entry, "ACL") || is_type(entry, "DEFAULT ACL") || is_type(entry, "ACL LANGUAGE"))
        return config->owner == PG_OWNER_TARGET;
    return strncmp(entry->type, "DATABASE", 8) == 0 || is_type(entry, "TABLE DATA") ||
           is_type(entry, "SEQUENCE SET") || strncmp(entry->type, "BLOB", 4) == 0 ||
           about(entry, "DATABASE ");
}

/* CREATE SERVER without its OPTIONS (…), which hold addresses and sometimes more. */
static const char *without_options(const char *sql, struct bau_arena *arena)
{
    const size_t end = pg_statement_end(sql, strlen(sql), 0);
    size_t depth = 0, from = 0;
    bool inside = false;
    for (size_t at = 0; end != SIZE_MAX;) {
        const struct pg_token t = pg_token_next(sql, end, at);
        if (t.kind == PG_TOKEN_END || t.kind == PG_TOKEN_OPEN)
            break;
        const char c = t.kind == PG_TOKEN_OTHER ? sql[t.at] : '\0';
        at = t.at + t.len;
        if (!inside && depth == 0 && pg_token_is(sql, &t, "OPTIONS")) {
            inside = true;
            from = t.at;
        }
        depth += c == '(' ? 1 : 0;
        depth -= c == ')' && depth ? 1 : 0;
        if (inside && c == ')' && depth == 0)
            return bau_arena_printf(arena, "%.*s%s", (int)from, sql, sql + at);
    }
    return sql;
}

static bool only_blank(const char *sql)
{
    return pg_token_next(sql, strlen(sql), 0).kind == PG_TOKEN_END;
}

/* Without rows around, and from the server's own checks, its message can only quote names. */
static bool may_quote(const char *state, bool sees_rows)
{
    static const char *const classes[] = { "42", "3F", "3D", "0A", "58", "28", "2B", "55" };
    for (size_t i = 0; !sees_rows && i < BAU_COUNT(classes); i++)
        if (strncmp(state, classes[i], 2) == 0)
            return true;
    return false;
}

static const char *words_for(const PGresult *result, const char *state, bool sees_rows)
{
    static const struct {
        const char *state, *words;
    } known[] = {
        { "23502", "a column that allows no null holds one" },
        { "23503", "a row refers to one that is not there" },
        { "23505", "two rows have the same key" },
        { "23514", "a row breaks the check" },
        { "23P01", "two rows exclude each other" },
        { "42501", "the account may not do this" },
        { "42704", "something it names is not there" },
        { "42883", "a function it needs is not there" },
        { "42P01", "a table it needs is not there" },
        { "42P07", "the name is taken" },
        { "54000", "a value is too large for it" },
    };
    const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (primary && may_quote(state, sees_rows))
        return primary;
    for (size_t i = 0; i < BAU_COUNT(known); i++)
        if (strcmp(known[i].state, state) == 0)
            return known[i].words;
    return "the server refused it";
}

/* Errors that say nothing about the object: the server is stopping, full, or we were interrupted. */
static bool is_outside(PGconn *conn, const char *state)
{
    return PQstatus(conn) != CONNECTION_OK || !state || strncmp(state, "53", 2) == 0 ||
           strncmp(state, "57", 2) == 0 || strncmp(state, "08", 2) == 0 || strncmp(state, "40", 2) == 0;
}

static const char *full_name(const struct pg_entry *entry, struct bau_text *text)
{
    bau_text_addf(text, "%s%s%s", entry->schema ? entry->schema : "", entry->schema ? "." : "", entry->name);
    return text->failed ? entry->name : text->data;
}

/* "w w_pkey" belongs to the table w: it goes with one that is waived and was not made. */
static bool of_lacking_table(const struct bau_side *side, const struct pg_entry *entry)
{
    const struct bau_text *tables = &side->target->report.tables;
    const size_t n = strcspn(entry->name, " ");
    BAU_AUTO_TEXT table = { 0 };
    bau_text_addf(&table, "%s%s%.*s", entry->schema ? entry->schema : "", entry->schema ? "." : "", (int)n,
                  entry->name);
    if (entry->name[n] != ' ' || table.failed)
        return false;
    for (size_t at = 0; at < tables->len; at += strlen(tables->data + at) + 1)
        if (strcmp(tables->data + at, table.data) == 0)
            return true;
    return false;
}

/* A comment, label or privilege of an object that is waived goes with it: "EXTENSION postgis" names postgis. */
static bool of_waived(const struct bau_side *side, const struct pg_entry *entry)
{
    if (of_lacking_table(side, entry))
        return true;
    if (!is_type(entry, "COMMENT") && !is_type(entry, "SECURITY LABEL") && !is_type(entry, "ACL"))
        return false;
    for (const char *space = strchr(entry->name, ' '); space; space = strchr(space + 1, ' ')) {
        BAU_AUTO_TEXT name = { 0 };
        BAU_AUTO_TEXT kind = { 0 };
        bau_text_addn(&kind, entry->name, (size_t)(space - entry->name));
        bau_text_addf(&name, "%s%s%s", entry->schema ? entry->schema : "", entry->schema ? "." : "",
                      space + 1);
        if (!name.failed && !kind.failed &&
            (waived(side, side->target->report.waive, kind.data, name.data) ||
             waived(side, side->target->report.waive, "", space + 1)))
            return true;
    }
    return false;
}

static bau_status failed(struct bau_side *side, PGconn *conn, const struct pg_entry *entry,
                         const PGresult *result, bool sees_rows, struct bau_error *err)
{
    BAU_AUTO_TEXT name = { 0 };
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (is_outside(conn, state)) {
        const bau_status status = pg_fail(side, conn, result, entry->type, err);
        bau_error_note(err, "%s %s", entry->type, full_name(entry, &name));
        return status;
    }
    if (pg_made_before(side, entry, state))
        return BAU_OK;
    /* only an extension's owner may comment on it, and it is no loss */
    if ((strcmp(state, "42501") == 0 && about(entry, "EXTENSION ")) || of_waived(side, entry)) {
        bau_log(BAU_INFO, "not made", BAU_NAME("kind", entry->type), BAU_NAME("name", entry->name));
        return BAU_OK;
    }
    if (strcmp(state, "42710") == 0 && !entry->schema &&
        pg_by_schema(side)) /* a language, server, …: it stays */
        return BAU_OK;
    pg_report_add(&side->target->report, entry->type, full_name(entry, &name), state,
                  words_for(result, state, sees_rows));
    return BAU_OK;
}

/* The entry's SQL as the owner policy and the store's options want it; "" when nothing is left. In `arena`. */
static bau_status rewrite(struct bau_side *side, const struct pg_entry *entry, const char *sql,
                          struct bau_arena *arena, const char **out, struct bau_error *err)
{
    const bool policy = is_type(entry, "POLICY") || is_type(entry, "USER MAPPING");
    struct decision d = { side, !policy };
    if (is_type(entry, "SERVER") && !side->config->user_mappings)
        sql = without_options(sql, arena);
    if (!sql)
        return bau_error_set(err, BAU_E_NOMEM, "entries of the schema");
    return pg_roles_rewrite(sql, &(struct pg_roles){ &d, decide }, arena, out, err);
}

bau_status pg_make_entry(struct bau_side *side, PGconn *conn, const struct pg_entry *entry, const char *sql,
                         bool sees_rows, bool *out_failed, struct bau_error *err)
{
    if (out_failed)
        *out_failed = false;
    if (pg_entry_skipped(side, entry))
        return BAU_OK;
    struct bau_arena *arena =
        bau_arena_new(16 * 1024, BAU_ARENA_PLAIN); /* its own: job threads come here too */
    if (!arena)
        return bau_error_set(err, BAU_E_NOMEM, "entries of the schema");
    BAU_AUTO_TEXT text = { 0 };
    const bool nested = side->target->in_transaction;
    const char *kept = NULL;
    bau_status status = rewrite(side, entry, sql ? sql : entry->sql, arena, &kept, err);
    if (status == BAU_OK && !only_blank(kept)) {
        bau_text_addf(&text, "%s%s\n%s%s", nested ? "SAVEPOINT bauta_entry;" : "", entry->settings, kept,
                      nested ? ";RELEASE SAVEPOINT bauta_entry" : "");
        PG_AUTO_RESULT *result = text.failed ? NULL : PQexec(conn, text.data);
        const ExecStatusType kind = PQresultStatus(result);
        const bool good = kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK;
        if (!good) {
            const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
            if (out_failed)
                *out_failed = !state || !pg_made_before(side, entry, state);
            status = failed(side, conn, entry, result, sees_rows, err);
            if (nested && status == BAU_OK)
                status = pg_exec(side, conn,
                                 "ROLLBACK TO SAVEPOINT bauta_entry; RELEASE SAVEPOINT bauta_entry", err);
        }
    }
    bau_arena_free(arena);
    return status;
}
