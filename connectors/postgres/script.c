/* pg_dump's plain text cut into entries.
 *
 * An entry starts at a header, "--\n-- Name: …; Type: …; Schema: …; Owner: …\n--\n", that stands at the start of a line
 * outside of every string, dollar quote, quoted identifier and comment: a function body may hold a text that looks just
 * like one. So the text is walked statement by statement with the small lexer below. Lines for psql (\restrict,
 * \unrestrict, \connect) are dropped, and the SET lines that pg_dump writes before the header of the entry they are
 * meant for are carried to every entry they are in force for. */
#include "target.h"

#include <string.h>
#include <strings.h>

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || c >= 0x80;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool starts(const char *text, size_t len, size_t at, const char *what)
{
    const size_t n = strlen(what);
    return len - at >= n && memcmp(text + at, what, n) == 0;
}

static bool at_header(const char *text, size_t len, size_t at)
{
    return (at == 0 || text[at - 1] == '\n') &&
           (starts(text, len, at, "--\n-- Name: ") || starts(text, len, at, "--\n-- Data for Name: "));
}

static size_t line_end(const char *text, size_t len, size_t at)
{
    const char *end = memchr(text + at, '\n', len - at);
    return end ? (size_t)(end - text) : len;
}

/* Past a comment with nested ones inside; SIZE_MAX when it does not end. */
static size_t block_comment_end(const char *text, size_t len, size_t at)
{
    size_t depth = 0;
    while (at < len) {
        if (starts(text, len, at, "/*")) {
            depth++;
            at += 2;
        } else if (starts(text, len, at, "*/")) {
            at += 2;
            if (--depth == 0)
                return at;
        } else {
            at++;
        }
    }
    return SIZE_MAX;
}

/* Past blanks and comments; with `headers`, not past an entry's header. SIZE_MAX when a comment does not end. */
static size_t skip_blank(const char *text, size_t len, size_t at, bool headers)
{
    while (at < len) {
        if (is_blank(text[at])) {
            at++;
        } else if (starts(text, len, at, "--")) {
            if (headers && at_header(text, len, at))
                return at;
            at = line_end(text, len, at);
        } else if (starts(text, len, at, "/*")) {
            at = block_comment_end(text, len, at);
        } else {
            return at;
        }
    }
    return at;
}

/* Past the closing quote; a doubled quote is part of the text. SIZE_MAX when it does not end. */
static size_t quote_end(const char *text, size_t len, size_t at, bool backslashes)
{
    const char quote = text[at++];
    for (; at < len; at++) {
        if (backslashes && text[at] == '\\' && at + 1 < len) {
            at++;
        } else if (text[at] == quote) {
            if (at + 1 < len && text[at + 1] == quote)
                at++;
            else
                return at + 1;
        }
    }
    return SIZE_MAX;
}

/* Past $tag$ … $tag$; 0 when no tag starts here, SIZE_MAX when it does not end. */
static size_t dollar_end(const char *text, size_t len, size_t at)
{
    size_t tag = at + 1;
    if (tag < len && text[tag] >= '0' && text[tag] <= '9')
        return 0;
    while (tag < len && text[tag] != '$' && is_word((uint8_t)text[tag]))
        tag++;
    if (tag >= len || text[tag] != '$')
        return 0;
    const size_t n = tag + 1 - at;
    for (size_t i = tag + 1; i + n <= len; i++)
        if (text[i] == '$' && memcmp(text + i, text + at, n) == 0)
            return i + n;
    return SIZE_MAX;
}

static struct pg_token token_of(pg_token_kind kind, size_t at, size_t end, size_t len)
{
    if (end == SIZE_MAX)
        return (struct pg_token){ PG_TOKEN_OPEN, at, len - at };
    return (struct pg_token){ kind, at, end - at };
}

struct pg_token pg_token_next(const char *text, size_t len, size_t from)
{
    const size_t at = skip_blank(text, len, from, false);
    if (at == SIZE_MAX)
        return token_of(PG_TOKEN_OPEN, from, SIZE_MAX, len);
    if (at >= len)
        return (struct pg_token){ PG_TOKEN_END, len, 0 };
    const char c = text[at];
    if (c == '"')
        return token_of(PG_TOKEN_QUOTED, at, quote_end(text, len, at, false), len);
    if (c == '\'')
        return token_of(PG_TOKEN_STRING, at, quote_end(text, len, at, false), len);
    if (c == '$') {
        const size_t end = dollar_end(text, len, at);
        return end ? token_of(PG_TOKEN_STRING, at, end, len) : token_of(PG_TOKEN_OTHER, at, at + 1, len);
    }
    if (!is_word((uint8_t)c))
        return token_of(PG_TOKEN_OTHER, at, at + 1, len);
    if ((c == 'E' || c == 'e') && at + 1 < len && text[at + 1] == '\'')
        return token_of(PG_TOKEN_STRING, at, quote_end(text, len, at + 1, true), len);
    size_t end = at;
    while (end < len && is_word((uint8_t)text[end]))
        end++;
    return token_of(PG_TOKEN_WORD, at, end, len);
}

bool pg_token_is(const char *text, const struct pg_token *token, const char *word)
{
    return token->kind == PG_TOKEN_WORD && strlen(word) == token->len &&
           strncasecmp(text + token->at, word, token->len) == 0;
}

char *pg_token_name(const char *text, const struct pg_token *token, struct bau_arena *arena)
{
    const bool quoted = token->kind == PG_TOKEN_QUOTED;
    char *name = bau_arena_take(arena, token->len + 1);
    if (!name)
        return NULL;
    size_t n = 0;
    const size_t end = token->at + token->len - (quoted ? 1 : 0);
    for (size_t i = token->at + (quoted ? 1 : 0); i < end; i++) {
        const char c = text[i];
        name[n++] = !quoted && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if (quoted && c == '"')
            i++;
    }
    name[n] = '\0';
    return name;
}

size_t pg_statement_end(const char *text, size_t len, size_t from)
{
    for (;;) {
        const struct pg_token t = pg_token_next(text, len, from);
        if (t.kind == PG_TOKEN_OPEN)
            return SIZE_MAX;
        from = t.at + t.len;
        if (t.kind == PG_TOKEN_END || (t.kind == PG_TOKEN_OTHER && text[t.at] == ';'))
            return from;
    }
}

/* ── entries ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The settings pg_dump switches from entry to entry. */
static const char *const carried[] = { "default_tablespace", "default_table_access_method",
                                       "default_with_oids" };

struct parse {
    const char *text;
    size_t len, at;
    struct bau_arena *arena;
    struct bau_text sql, preamble;       /* of the entry being read; of the session */
    const char *set[BAU_COUNT(carried)]; /* the SET line in force, NULL before the first */
    const char *settings;                /* all of them together, remade after a change */
    uint32_t room;
    bool open; /* an entry has started */
    bool post;
    struct pg_script *out;
};

/* Types that only stand behind the data; whatever follows the first of them stands there too. */
static const char *const post_types[] = {
    "INDEX",
    "CONSTRAINT",
    "FK CONSTRAINT",
    "CHECK CONSTRAINT",
    "INDEX ATTACH",
    "TRIGGER",
    "RULE",
    "POLICY",
    "ROW SECURITY",
    "EVENT TRIGGER",
    "PUBLICATION",
    "PUBLICATION TABLE",
    "PUBLICATION TABLES IN SCHEMA",
    "SUBSCRIPTION",
    "STATISTICS",
    "MATERIALIZED VIEW DATA",
    "ACL",
    "ACL LANGUAGE",
    "DEFAULT ACL",
};

static bool is_post(const char *type)
{
    for (size_t i = 0; i < BAU_COUNT(post_types); i++)
        if (strcmp(type, post_types[i]) == 0)
            return true;
    return false;
}

/* Where `what` stands last in [from, to), SIZE_MAX when nowhere. */
static size_t find_last(const char *text, size_t from, size_t to, const char *what)
{
    const size_t n = strlen(what);
    for (size_t i = to; i-- > from;)
        if (to - i >= n && memcmp(text + i, what, n) == 0)
            return i;
    return SIZE_MAX;
}

static const char *part_text(struct parse *p, size_t from, size_t to)
{
    if (to == from || (to == from + 1 && p->text[from] == '-'))
        return NULL;
    return bau_arena_textn(p->arena, p->text + from, to - from);
}

/* Names may hold anything but a line break, so the labels are looked for from the right. */
static bau_status read_header(struct parse *p, struct pg_entry *entry, struct bau_error *err)
{
    const size_t first = p->at + strlen("--\n");
    size_t end = line_end(p->text, p->len, first);
    const size_t name = first + (starts(p->text, p->len, first, "-- Name: ") ? strlen("-- Name: ")
                                                                             : strlen("-- Data for Name: "));
    const size_t schema = find_last(p->text, name, end, "; Schema: ");
    const size_t type = schema == SIZE_MAX ? SIZE_MAX : find_last(p->text, name, schema, "; Type: ");
    const size_t owner = type == SIZE_MAX ? SIZE_MAX : find_last(p->text, schema, end, "; Owner: ");
    if (owner == SIZE_MAX)
        return bau_error_set(err, BAU_E_BUG, "pg_dump's text: a header without type, schema and owner");
    const size_t space = find_last(p->text, owner, end, "; Tablespace: ");
    p->at = line_end(p->text, p->len, end + (end < p->len));
    if (space != SIZE_MAX)
        end = space;
    entry->name = bau_arena_textn(p->arena, p->text + name, type - name);
    const size_t type_text = type + strlen("; Type: ");
    entry->type = bau_arena_textn(p->arena, p->text + type_text, schema - type_text);
    if (!entry->name || !entry->type)
        return bau_error_set(err, BAU_E_NOMEM, "entries of the schema");
    entry->schema = part_text(p, schema + strlen("; Schema: "), owner);
    entry->owner = part_text(p, owner + strlen("; Owner: "), end);
    return BAU_OK;
}

static bau_status end_entry(struct parse *p, struct bau_error *err)
{
    if (!p->open)
        return BAU_OK;
    struct pg_entry *entry = &p->out->entries[p->out->n];
    entry->sql = bau_arena_textn(p->arena, p->sql.data ? p->sql.data : "", p->sql.len);
    if (!entry->sql || p->sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "entries of the schema");
    p->sql.len = 0;
    p->open = false;
    p->out->n++;
    return BAU_OK;
}

static bau_status start_entry(struct parse *p, struct bau_error *err)
{
    BAU_TRY(end_entry(p, err));
    if (p->out->n == p->room) {
        const uint32_t room = p->room ? p->room * 2 : 256;
        struct pg_entry *grown = bau_arena_zero(p->arena, room * sizeof *grown);
        if (!grown)
            return bau_error_set(err, BAU_E_NOMEM, "entries of the schema");
        if (p->out->n)
            memcpy(grown, p->out->entries, p->out->n * sizeof *grown);
        p->out->entries = grown;
        p->room = room;
    }
    struct pg_entry *entry = &p->out->entries[p->out->n];
    BAU_TRY(read_header(p, entry, err));
    p->post = p->post || is_post(entry->type);
    entry->section = p->post ? PG_SECTION_POST : PG_SECTION_PRE;
    entry->settings = p->settings;
    p->open = true;
    return BAU_OK;
}

/* Takes a SET of one of the carried settings out of the text. */
static bau_status carry(struct parse *p, size_t from, size_t to, bool *out_taken, struct bau_error *err)
{
    const struct pg_token set = pg_token_next(p->text, to, from);
    const struct pg_token name = pg_token_next(p->text, to, set.at + set.len);
    *out_taken = false;
    if (!pg_token_is(p->text, &set, "SET"))
        return BAU_OK;
    for (size_t i = 0; i < BAU_COUNT(carried); i++)
        if (pg_token_is(p->text, &name, carried[i])) {
            p->set[i] = bau_arena_textn(p->arena, p->text + from, to - from);
            *out_taken = true;
        }
    if (!*out_taken)
        return BAU_OK;
    p->settings = bau_arena_printf(p->arena, "%s%s%s", p->set[0] ? p->set[0] : "", p->set[1] ? p->set[1] : "",
                                   p->set[2] ? p->set[2] : "");
    return p->settings ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "entries of the schema");
}

static bau_status read_statement(struct parse *p, struct bau_error *err)
{
    const size_t end = pg_statement_end(p->text, p->len, p->at);
    if (end == SIZE_MAX)
        return bau_error_set(err, BAU_E_BUG, "pg_dump's text: a quote or comment does not end");
    bool taken = false;
    BAU_TRY(carry(p, p->at, end, &taken, err));
    if (!taken) {
        struct bau_text *into = p->open ? &p->sql : &p->preamble;
        bau_text_addn(into, p->text + p->at, end - p->at);
        bau_text_add(into, "\n");
    }
    p->at = end;
    return BAU_OK;
}

static bau_status parse_all(struct parse *p, struct bau_error *err)
{
    for (;;) {
        p->at = skip_blank(p->text, p->len, p->at, true);
        if (p->at == SIZE_MAX)
            return bau_error_set(err, BAU_E_BUG, "pg_dump's text: a comment does not end");
        if (p->at >= p->len)
            return end_entry(p, err);
        if (p->text[p->at] == '\\' && (p->at == 0 || p->text[p->at - 1] == '\n'))
            p->at = line_end(p->text, p->len, p->at);
        else if (at_header(p->text, p->len, p->at))
            BAU_TRY(start_entry(p, err));
        else
            BAU_TRY(read_statement(p, err));
    }
}

bau_status pg_script_parse(const char *text, size_t len, struct bau_arena *arena, struct pg_script *out,
                           struct bau_error *err)
{
    struct pg_script script = { .n = 0 };
    struct parse p = { .text = text, .len = len, .arena = arena, .settings = "", .out = &script };
    bau_status status = parse_all(&p, err);
    if (status == BAU_OK) {
        script.preamble = bau_arena_textn(arena, p.preamble.data ? p.preamble.data : "", p.preamble.len);
        if (!script.preamble || p.preamble.failed)
            status = bau_error_set(err, BAU_E_NOMEM, "entries of the schema");
    }
    bau_text_release(&p.sql);
    bau_text_release(&p.preamble);
    if (status == BAU_OK)
        *out = script;
    return status;
}
