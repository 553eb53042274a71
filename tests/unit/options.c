/* Every option table of the program: names, sentences, bounds and defaults. A row that breaks here would show in the
 * help, the man pages, the schema and the reference page alike. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"

static void check_name(const char *where, const struct bau_option *o, const struct bau_option *before)
{
    cr_expect(*o->name != '\0' && strspn(o->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(o->name),
              "%s: '%s' is no name", where, o->name);
    for (const struct bau_option *b = before; b != o; b++) {
        cr_expect_str_neq(b->name, o->name, "%s: %s stands there twice", where, o->name);
        cr_expect(!b->letter || b->letter != o->letter, "%s: -%c stands there twice", where, o->letter);
    }
}

static void check_row(const char *where, const struct bau_option *o, size_t config_bytes)
{
    const size_t n = o->sentence ? strlen(o->sentence) : 0;
    cr_expect(n > 5 && o->sentence[n - 1] == '.', "%s: %s has no sentence", where, o->name);
    cr_expect(o->offset < config_bytes, "%s: %s lies outside its config", where, o->name);
    cr_expect(o->min <= o->max, "%s: %s has no room between its bounds", where, o->name);
    cr_expect((o->kind == BAU_OPTION_CHOICE) == (o->choices != NULL), "%s: %s and its choices", where,
              o->name);
    cr_expect(!(o->flags & BAU_OPTION_REQUIRED) || !o->fallback, "%s: %s is required and has a default",
              where, o->name);
    cr_expect(!(o->flags & BAU_OPTION_FIELD) || o->kind == BAU_OPTION_TEXT, "%s: %s names a field", where,
              o->name);
}

/* Sets the default through the parser that checks what a user types. */
static void check_default(const char *where, const struct bau_option *o, size_t config_bytes)
{
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
    void *config = bau_arena_zero(arena, config_bytes);
    struct bau_error err = { 0 };
    if (o->fallback)
        cr_expect_eq(bau_option_set(o, config, o->fallback, arena, &err), BAU_OK, "%s: default: %s", where,
                     err.text);
    bau_arena_free(arena);
}

static void check_table(const char *where, const struct bau_option *table, size_t config_bytes)
{
    for (const struct bau_option *o = table; o && o->name; o++) {
        check_name(where, o, table);
        check_row(where, o, config_bytes);
        check_default(where, o, config_bytes);
    }
}

Test(options, of_maskers)
{
    for (size_t i = 0; i < bau_n_maskers; i++)
        check_table(bau_maskers[i]->name, bau_maskers[i]->options, bau_maskers[i]->config_bytes);
}

Test(options, of_connectors)
{
    for (size_t i = 0; i < bau_n_connectors; i++)
        check_table(bau_connectors[i]->name, bau_connectors[i]->options, bau_connectors[i]->config_bytes);
}

Test(options, of_every_verb)
{
    check_table("every verb", bau_global_options, sizeof(struct bau_globals));
    check_table("pages", bau_page_options, sizeof(struct bau_pages));
    check_table("limits", bau_limit_options, sizeof(struct bau_limits));
}

Test(options, of_verbs)
{
    for (size_t i = 0; i < bau_n_commands; i++) {
        const struct bau_command *c = bau_commands[i];
        check_table(c->name, c->options, c->config_bytes);
        cr_expect(*c->summary && c->summary[strlen(c->summary) - 1] != '.', "%s: summary", c->name);
        cr_expect(c->description[strlen(c->description) - 1] == '.', "%s: description", c->name);
        for (const struct bau_option *o = c->options; o && o->name; o++)
            cr_expect_null(bau_option_find(bau_limit_options, o->name), "%s: --%s hides a limit", c->name,
                           o->name);
        for (size_t j = 0; j < i; j++)
            cr_expect_str_neq(bau_commands[j]->name, c->name);
    }
}

/* ── parsing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static struct bau_cli parse(int argc, const char *const *argv, bau_status want)
{
    static struct bau_output output;
    struct bau_cli cli = { .arena = bau_arena_new(4096, BAU_ARENA_PLAIN), .output = &output };
    struct bau_error err = { 0 };
    void *config;
    cr_assert_eq(bau_cli_parse(argc, argv, &cli, &config, &err), want, "%s", err.text);
    return cli;
}
#define PARSE(want, ...)                                                                                     \
    parse((int)BAU_COUNT(((const char *const[]){ "bauta", __VA_ARGS__ })),                                   \
          (const char *const[]){ "bauta", __VA_ARGS__ }, want)

static const struct bau_given *given(const struct bau_cli *cli, const char *name)
{
    for (uint32_t i = 0; i < cli->n_given; i++)
        if (strcmp(cli->given[i].option->name, name) == 0)
            return &cli->given[i];
    cr_assert_fail("no option %s", name);
    return NULL;
}

Test(parse, spellings)
{
    struct bau_cli cli =
        PARSE(BAU_OK, "-f", "a.yaml", "refresh", "--lanes=2", "--snapshot-age", "90s", "-qv", "--no-verbose");
    cr_expect_str_eq(cli.command->name, "refresh");
    cr_expect_str_eq(cli.globals.file, "a.yaml");
    cr_expect(cli.globals.quiet && !cli.globals.verbose);
    cr_expect_str_eq(given(&cli, "lanes")->text, "2");
    cr_expect_str_eq(given(&cli, "snapshot_age")->text, "90s");
    bau_arena_free(cli.arena);
    cli = PARSE(BAU_OK, "check", "-fb.yaml");
    cr_expect_str_eq(cli.globals.file, "b.yaml");
    bau_arena_free(cli.arena);
}

Test(parse, command_line_beats_environment_beats_default)
{
    struct bau_cli cli = PARSE(BAU_OK, "refresh");
    cr_expect_eq(given(&cli, "lanes")->origin, BAU_FROM_DEFAULT);
    bau_arena_free(cli.arena);
    setenv("BAUTA_LANES", "3", 1);
    cli = PARSE(BAU_OK, "refresh");
    cr_expect_eq(given(&cli, "lanes")->origin, BAU_FROM_ENVIRONMENT);
    bau_arena_free(cli.arena);
    cli = PARSE(BAU_OK, "refresh", "--lanes", "4");
    cr_expect_eq(given(&cli, "lanes")->origin, BAU_FROM_COMMAND_LINE);
    cr_expect_str_eq(given(&cli, "lanes")->text, "4");
    bau_arena_free(cli.arena);
    setenv("BAUTA_LANES", "many", 1);
    bau_arena_free(PARSE(BAU_E_USAGE, "refresh").arena);
}

Test(parse, refusals)
{
    bau_arena_free(PARSE(BAU_E_USAGE, "refesh").arena);
    bau_arena_free(PARSE(BAU_E_USAGE, "refresh", "--lane", "2").arena);
    bau_arena_free(PARSE(BAU_E_USAGE, "refresh", "-Z").arena);
    bau_arena_free(PARSE(BAU_E_USAGE, "refresh", "operand").arena);
    bau_arena_free(PARSE(BAU_E_USAGE, "refresh", "--lanes").arena);
    bau_arena_free(PARSE(BAU_E_USAGE, "init").arena);
    bau_arena_free(PARSE(BAU_OK, "init", "--help").arena);
    bau_arena_free(PARSE(BAU_OK, "init", "--", "-x").arena);
}

/* A URI typed in the wrong place holds a password: no message repeats it. */
Test(parse, keeps_uris_out_of_messages)
{
    static const char *const argvs[][4] = { { "bauta", "postgres://a:CANARY@h/d" },
                                            { "bauta", "init", "x", "postgres://a:CANARY@h/d" },
                                            { "bauta", "--CANARY@h:x" } };
    for (size_t i = 0; i < BAU_COUNT(argvs); i++) {
        struct bau_output output = { 0 };
        struct bau_cli cli = { .arena = bau_arena_new(4096, BAU_ARENA_PLAIN), .output = &output };
        struct bau_error err = { 0 };
        void *config;
        const int argc = i == 1 ? 4 : 2;
        cr_expect_eq(bau_cli_parse(argc, argvs[i], &cli, &config, &err), BAU_E_USAGE);
        cr_expect_null(strstr(err.text, "CANARY"), "case %zu: %s", i, err.text);
        bau_arena_free(cli.arena);
    }
}
