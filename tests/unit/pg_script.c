/* pg_dump's plain text cut into entries, and role names inside them: everything that looks like a header or a statement
 * and is none. */
#include "connectors/postgres/target.h"

#include <criterion/criterion.h>
#include <string.h>

#define HEADER(name, type, schema, owner)                                                                    \
    "--\n-- Name: " name "; Type: " type "; Schema: " schema "; Owner: " owner "\n--\n\n"

static struct bau_arena *arena;
static struct bau_error err;

static void setup(void)
{
    arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
}

static void teardown(void)
{
    bau_arena_free(arena);
}

TestSuite(pg_script, .init = setup, .fini = teardown);

static struct pg_script parse(const char *text)
{
    struct pg_script script = { .n = 0 };
    cr_assert_eq(pg_script_parse(text, strlen(text), arena, &script, &err), BAU_OK, "%s", err.text);
    return script;
}

Test(pg_script, cuts_at_headers)
{
    const struct pg_script s = parse(
        "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET lock_timeout = 0;\n"
        "SELECT pg_catalog.set_config('search_path', '', false);\n\n" //
        HEADER("a", "SCHEMA", "-", "x") "CREATE SCHEMA a;\n\n\n"      //
        HEADER(
            "t; Type: odd; x", "TABLE", "a",
            "my owner; y") "CREATE TABLE a.\"t; Type: odd; x\" (\n    i integer\n);\n\n"
                           "ALTER TABLE a.t OWNER TO y;\n\n--\n-- PostgreSQL database dump complete\n--\n\n"
                           "\\unrestrict abc\n\n");
    cr_assert_eq(s.n, 2);
    cr_expect_str_eq(s.entries[0].name, "a");
    cr_expect_str_eq(s.entries[0].type, "SCHEMA");
    cr_expect_null(s.entries[0].schema);
    cr_expect_str_eq(s.entries[0].sql, "CREATE SCHEMA a;\n");
    cr_expect_str_eq(s.entries[1].name, "t; Type: odd; x");
    cr_expect_str_eq(s.entries[1].owner, "my owner; y");
    cr_expect_not_null(strstr(s.entries[1].sql, "OWNER TO y;"));
    cr_expect_null(strstr(s.entries[1].sql, "restrict"));
    cr_expect_not_null(strstr(s.preamble, "lock_timeout"));
    cr_expect_null(strstr(s.preamble, "restrict"));
}

/* Bodies that hold a header at the start of a line. */
static const char *const bodies[] = {
    "COMMENT ON TABLE t IS '\n" HEADER("fake", "TABLE", "public", "m") "it''s';",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_$\n" HEADER("fake", "TABLE", "public",
                                                                    "m") "SELECT $$;$$ $_$;",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\n" HEADER("fake", "TABLE", "public", "m") "$a$;$$;",
    "CREATE TABLE \"a\n" HEADER("fake", "TABLE", "public", "m") "\"\"b\" ();",
    "COMMENT ON TABLE t IS E'a\\'\n" HEADER("fake", "TABLE", "public", "m") "';",
    "CREATE VIEW v AS SELECT 1 /* /* ; */\n" HEADER("fake", "TABLE", "public", "m") "*/ AS a;",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT '\n" HEADER("fake", "T", "p",
                                                                                            "m") "'; END;",
};

Test(pg_script, is_not_fooled_by_bodies)
{
    for (size_t i = 0; i < BAU_COUNT(bodies); i++) {
        BAU_AUTO_TEXT text = { 0 };
        bau_text_addf(
            &text,
            HEADER("a", "TABLE", "public", "x") "%s\n\n\n" HEADER("b", "INDEX", "public", "x") "SELECT 2;\n",
            bodies[i]);
        const struct pg_script s = parse(text.data);
        cr_assert_eq(s.n, 2, "body %zu: %u entries", i, s.n);
        cr_expect_not_null(strstr(s.entries[0].sql, "-- Name: fake"), "body %zu", i);
        cr_expect_str_eq(s.entries[1].sql, "SELECT 2;\n", "body %zu", i);
        cr_expect_eq(s.entries[1].section, PG_SECTION_POST, "body %zu", i);
    }
}

Test(pg_script, keeps_a_dollar_inside_a_name)
{
    const struct pg_script s = parse(HEADER("a$b$", "TABLE", "public", "x") "CREATE TABLE a$b$ (c$ int);\n" //
                                     HEADER("b", "TABLE", "public", "x") "SELECT $1;\n");
    cr_assert_eq(s.n, 2);
}

Test(pg_script, carries_settings_to_the_entries_behind)
{
    const struct pg_script s =
        parse(HEADER("a", "SCHEMA", "-", "x") "CREATE SCHEMA a;\n\n\nSET default_tablespace = '';\n\n"
                                              "SET default_table_access_method = heap;\n\n" //
              HEADER("b", "TABLE", "public", "x") "CREATE TABLE b ();\n\n"
                                                  "SET default_tablespace = fast;\n\n" HEADER(
                                                      "c", "TABLE", "public",
                                                      "x; Tablespace: fast") "CREATE TABLE c ();\n");
    cr_assert_eq(s.n, 3);
    cr_expect_str_eq(s.entries[0].settings, "");
    cr_expect_str_eq(s.entries[0].sql, "CREATE SCHEMA a;\n");
    cr_expect_str_eq(s.entries[1].settings,
                     "SET default_tablespace = '';SET default_table_access_method = heap;");
    cr_expect_str_eq(s.entries[2].settings,
                     "SET default_tablespace = fast;SET default_table_access_method = heap;");
    cr_expect_str_eq(s.entries[2].owner, "x");
}

Test(pg_script, puts_the_rest_behind_the_data)
{
    const struct pg_script s =
        parse(HEADER("a", "TABLE", "p", "x") "A;\n" HEADER("a pk", "CONSTRAINT", "p", "x") "B;\n" //
              HEADER("v", "VIEW", "p", "x") "C;\n" HEADER("TABLE a", "ACL", "p", "x") "D;\n");
    cr_assert_eq(s.n, 4);
    cr_expect_eq(s.entries[0].section, PG_SECTION_PRE);
    for (uint32_t i = 1; i < s.n; i++)
        cr_expect_eq(s.entries[i].section, PG_SECTION_POST);
}

Test(pg_script, refuses_what_does_not_end)
{
    static const char *const open[] = { "SELECT 'a", "SELECT \"a", "SELECT $x$ $y$", "SELECT 1 /* /* */",
                                        "/*" };
    for (size_t i = 0; i < BAU_COUNT(open); i++) {
        struct pg_script s;
        cr_expect_eq(pg_script_parse(open[i], strlen(open[i]), arena, &s, &err), BAU_E_BUG, "%s", open[i]);
    }
}

/* ── roles ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static pg_role_do decide(void *self, const char *role, const char **out_name)
{
    (void)self;
    if (strcmp(role, "gone") == 0)
        return PG_ROLE_DROP;
    *out_name = "N\"ew";
    return strcmp(role, "old one") == 0 || strcmp(role, "old") == 0 ? PG_ROLE_RENAME : PG_ROLE_KEEP;
}

static const struct {
    const char *in, *want;
} cases[] = {
    { "ALTER TABLE a.owner_to OWNER TO old;", "ALTER TABLE a.owner_to OWNER TO \"N\"\"ew\";" },
    { "ALTER TABLE a OWNER TO gone;", "" },
    { "CREATE TABLE old (\"old one\" int);\nALTER TABLE old OWNER TO \"old one\";",
      "CREATE TABLE old (\"old one\" int);\nALTER TABLE old OWNER TO \"N\"\"ew\";" },
    { "GRANT SELECT(\"TO\"),UPDATE ON TABLE \"old one\" TO gone, PUBLIC, old WITH GRANT OPTION;",
      "GRANT SELECT(\"TO\"),UPDATE ON TABLE \"old one\" TO PUBLIC, \"N\"\"ew\" WITH GRANT OPTION;" },
    { "REVOKE ALL ON FUNCTION f(\"FROM\" integer) FROM old;",
      "REVOKE ALL ON FUNCTION f(\"FROM\" integer) FROM \"N\"\"ew\";" },
    { "GRANT ALL ON SCHEMA s TO gone;", "" },
    { "ALTER DEFAULT PRIVILEGES FOR ROLE old IN SCHEMA public REVOKE ALL ON TABLES FROM keep;",
      "ALTER DEFAULT PRIVILEGES FOR ROLE \"N\"\"ew\" IN SCHEMA public REVOKE ALL ON TABLES FROM keep;" },
    { "ALTER DEFAULT PRIVILEGES FOR ROLE gone GRANT ALL ON TABLES TO keep;", "" },
    { "SET SESSION AUTHORIZATION 'old one';", "SET SESSION AUTHORIZATION \"N\"\"ew\";" },
    { "CREATE POLICY p ON t FOR SELECT TO old, keep USING ((a = 'TO old'::text));",
      "CREATE POLICY p ON t FOR SELECT TO \"N\"\"ew\", keep USING ((a = 'TO old'::text));" },
    { "CREATE USER MAPPING FOR old SERVER s OPTIONS (\"user\" 'old');",
      "CREATE USER MAPPING FOR \"N\"\"ew\" SERVER s OPTIONS (\"user\" 'old');" },
    { "CREATE FUNCTION f() AS 'ALTER TABLE a OWNER TO old;';",
      "CREATE FUNCTION f() AS 'ALTER TABLE a OWNER TO old;';" },
    { "ALTER TABLE ONLY a RENAME TO old;", "ALTER TABLE ONLY a RENAME TO old;" },
};

Test(pg_script, rewrites_roles)
{
    for (size_t i = 0; i < BAU_COUNT(cases); i++) {
        const char *out = NULL;
        cr_assert_eq(pg_roles_rewrite(cases[i].in, &(struct pg_roles){ NULL, decide }, arena, &out, &err),
                     BAU_OK);
        cr_expect_str_eq(out, cases[i].want, "case %zu: %s", i, out);
    }
}

Test(pg_script, names_siblings)
{
    char a[PG_NAME_ROOM], b[PG_NAME_ROOM];
    static const char *const
        long_a = "caf\xc3\xa9_0123456789012345678901234\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9_a",
        *const long_b = "caf\xc3\xa9_0123456789012345678901234\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9_b";
    pg_sibling("shop", "new", "0123456789abcdef", a);
    cr_expect_str_eq(a, "shop__bauta_new_0123456789abcdef");
    cr_expect(pg_is_sibling("shop", "new", a));
    cr_expect_not(pg_is_sibling("shop", "prev", a));
    cr_expect_not(pg_is_sibling("sho", "new", a));
    cr_expect_not(pg_is_sibling("shop", "new", "shop__bauta_new_0123456789abcdeg"));
    pg_sibling(long_a, "prev", "0123456789abcdef", a);
    pg_sibling(long_b, "prev", "0123456789abcdef", b);
    cr_expect_lt(strlen(a), PG_NAME_ROOM);
    cr_expect_str_neq(a, b);
    cr_expect(pg_is_sibling(long_a, "prev", a));
    cr_expect_not(pg_is_sibling(long_b, "prev", a));
}

/* A mark at the end of a comment is not part of it. */
Test(pg_script, tells_a_mark_from_a_comment)
{
    cr_expect_eq(pg_comment_len("hello\n[bauta 0123456789abcdef current 12]"), 5);
    cr_expect_eq(pg_comment_len("[bauta 0123456789abcdef current 12]"), 0);
    cr_expect_eq(pg_comment_len("see [bauta docs]"), 16);
    cr_expect_eq(pg_comment_len(""), 0);
}
