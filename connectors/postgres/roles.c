/* Role names inside the statements pg_dump writes: OWNER TO, GRANT and REVOKE, ALTER DEFAULT PRIVILEGES, SET SESSION
 * AUTHORIZATION, policies and user mappings. Each is kept, renamed or dropped, as the owner policy decides; names are
 * read with the lexer of script.c, so a quoted name with any bytes inside is one name. */
#include "target.h"

#include <string.h>

enum { PLACES_MAX = 3 };

struct place { /* role names in a statement: tokens [first, end), commas between them */
    uint32_t first, end;
};

struct statement {
    const char *sql;
    struct pg_token *tokens;
    uint32_t n, n_places;
    struct place places[PLACES_MAX];
};

static bool word(const struct statement *s, uint32_t i, const char *text)
{
    return i < s->n && pg_token_is(s->sql, &s->tokens[i], text);
}

static bool other(const struct statement *s, uint32_t i, char c)
{
    return i < s->n && s->tokens[i].kind == PG_TOKEN_OTHER && s->sql[s->tokens[i].at] == c;
}

static bau_status tokenise(struct statement *s, size_t from, size_t end, struct bau_arena *arena,
                           struct bau_error *err)
{
    uint32_t room = 0;
    for (size_t at = from;;) {
        const struct pg_token t = pg_token_next(s->sql, end, at);
        if (t.kind == PG_TOKEN_END || t.kind == PG_TOKEN_OPEN)
            return BAU_OK;
        if (s->n == room) {
            room = room ? room * 2 : 64;
            struct pg_token *grown = bau_arena_take(arena, room * sizeof *grown);
            if (!grown)
                return bau_error_set(err, BAU_E_NOMEM, "role names of the schema");
            if (s->n)
                memcpy(grown, s->tokens, s->n * sizeof *grown);
            s->tokens = grown;
        }
        s->tokens[s->n++] = t;
        at = t.at + t.len;
    }
}

static void add_place(struct statement *s, uint32_t first)
{
    uint32_t end = first + 1;
    while (other(s, end, ',') && end + 1 < s->n)
        end += 2;
    if (first < s->n && s->n_places < PLACES_MAX)
        s->places[s->n_places++] = (struct place){ first, end };
}

/* Index of the first or last `text` outside parentheses; n when there is none. */
static uint32_t find_word(const struct statement *s, const char *text, bool last)
{
    uint32_t depth = 0, found = s->n;
    for (uint32_t i = 0; i < s->n; i++) {
        if (other(s, i, '('))
            depth++;
        else if (other(s, i, ')') && depth)
            depth--;
        else if (depth == 0 && word(s, i, text) && (last || found == s->n))
            found = i;
    }
    return found;
}

static void find_grant(struct statement *s, const char *before)
{
    add_place(s, find_word(s, before, true) + 1);
    const uint32_t by = find_word(s, "GRANTED", true);
    if (word(s, by + 1, "BY"))
        add_place(s, by + 2);
}

static void find_places(struct statement *s)
{
    if (word(s, 0, "GRANT")) {
        find_grant(s, "TO");
    } else if (word(s, 0, "REVOKE")) {
        find_grant(s, "FROM");
    } else if (word(s, 0, "ALTER") && word(s, 1, "DEFAULT") && word(s, 2, "PRIVILEGES")) {
        if (word(s, 3, "FOR") && word(s, 4, "ROLE"))
            add_place(s, 5);
        find_grant(s, find_word(s, "REVOKE", false) < s->n ? "FROM" : "TO");
    } else if ((word(s, 0, "ALTER") || word(s, 0, "CREATE")) && word(s, 1, "USER") && word(s, 2, "MAPPING")) {
        add_place(s, 4);
    } else if (word(s, 0, "CREATE") && word(s, 1, "POLICY")) {
        const uint32_t to = find_word(s, "TO", false);
        if (to < s->n)
            add_place(s, to + 1);
    } else if (word(s, 0, "SET") && word(s, 1, "SESSION") && word(s, 2, "AUTHORIZATION")) {
        add_place(s, 3);
    } else if (word(s, 0, "ALTER")) {
        const uint32_t to = find_word(s, "TO", true);
        if (to < s->n && to > 0 && word(s, to - 1, "OWNER"))
            add_place(s, to + 1);
    }
}

static bool is_keyword(const struct statement *s, uint32_t i)
{
    return word(s, i, "PUBLIC") || word(s, i, "CURRENT_USER") || word(s, i, "CURRENT_ROLE") ||
           word(s, i, "SESSION_USER") || word(s, i, "DEFAULT");
}

/* SET SESSION AUTHORIZATION may spell the role as a string. */
static char *role_name(const struct statement *s, uint32_t i, struct bau_arena *arena)
{
    const struct pg_token *t = &s->tokens[i];
    if (t->kind == PG_TOKEN_STRING && t->len >= 2)
        return bau_arena_textn(arena, s->sql + t->at + 1, t->len - 2);
    return pg_token_name(s->sql, t, arena);
}

/* The names of one place as they shall be; `*out_left` counts them. */
static bau_status rewrite_place(const struct statement *s, const struct place *place,
                                const struct pg_roles *roles, struct bau_arena *arena, struct bau_text *out,
                                uint32_t *out_left, struct bau_error *err)
{
    *out_left = 0;
    for (uint32_t i = place->first; i < place->end; i += 2) {
        const struct pg_token *t = &s->tokens[i];
        const char *as = NULL;
        pg_role_do what = PG_ROLE_KEEP;
        if (!is_keyword(s, i)) {
            const char *name = role_name(s, i, arena);
            if (!name)
                return bau_error_set(err, BAU_E_NOMEM, "role names of the schema");
            what = roles->decide(roles->self, name, &as);
        }
        if (what == PG_ROLE_DROP)
            continue;
        if ((*out_left)++)
            bau_text_add(out, ", ");
        if (what == PG_ROLE_RENAME) {
            const char *quoted = pg_quote(arena, as);
            if (!quoted)
                return bau_error_set(err, BAU_E_NOMEM, "role names of the schema");
            bau_text_add(out, quoted);
        } else {
            bau_text_addn(out, s->sql + t->at, t->len);
        }
    }
    return BAU_OK;
}

static bau_status rewrite_statement(const char *sql, size_t from, size_t end, const struct pg_roles *roles,
                                    struct bau_arena *arena, struct bau_text *out, struct bau_error *err)
{
    struct statement s = { .sql = sql };
    BAU_TRY(tokenise(&s, from, end, arena, err));
    find_places(&s);
    const size_t start = out->len;
    size_t at = from;
    for (uint32_t i = 0; i < s.n_places; i++) {
        const struct place *place = &s.places[i];
        const struct pg_token *first = &s.tokens[place->first], *last = &s.tokens[place->end - 1];
        if (first->at < at)
            continue;
        bau_text_addn(out, sql + at, first->at - at);
        uint32_t left = 0;
        BAU_TRY(rewrite_place(&s, place, roles, arena, out, &left, err));
        if (left == 0) { /* nobody left to grant to, or to own it: no statement */
            if (out->data)
                out->data[start] = '\0';
            out->len = start;
            return BAU_OK;
        }
        at = last->at + last->len;
    }
    bau_text_addn(out, sql + at, end - at);
    return BAU_OK;
}

bau_status pg_roles_rewrite(const char *sql, const struct pg_roles *roles, struct bau_arena *arena,
                            const char **out, struct bau_error *err)
{
    BAU_AUTO_TEXT text = { 0 };
    const size_t len = strlen(sql);
    for (size_t at = 0; at < len;) {
        const size_t end = pg_statement_end(sql, len, at);
        if (end == SIZE_MAX)
            return bau_error_set(err, BAU_E_BUG, "pg_dump's text: a quote or comment does not end");
        BAU_TRY(rewrite_statement(sql, at, end, roles, arena, &text, err));
        at = end;
    }
    const char *made = bau_arena_textn(arena, text.data ? text.data : "", text.len);
    if (!made || text.failed)
        return bau_error_set(err, BAU_E_NOMEM, "role names of the schema");
    *out = made;
    return BAU_OK;
}
