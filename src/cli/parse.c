/* argv and the environment → a bau_cli and the verb's config.
 *
 * In this order, so that the command line beats the environment and the environment beats the default: every option gets
 * its default, then BAUTA_<OPTION> where it is set, then argv from left to right. Options may stand before or behind the
 * verb; a row of the verb beats a global row of the same name; `--` ends the options. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/cli.h"

struct parse {
    struct bau_cli *cli;
    struct bau_given *given;
    void *config;
    uint32_t n_operands;
    struct bau_error *err;
};

struct found { /* an option and the struct it fills */
    const struct bau_option *option;
    void *config;
};

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

const char *bau_option_flag(const struct bau_option *option, struct bau_arena *arena)
{
    char *flag = bau_arena_printf(arena, "--%s", option->name);
    for (char *c = flag; c && *c; c++)
        *c = *c == '_' ? '-' : *c;
    return flag;
}

const char *bau_option_variable(const struct bau_option *option, struct bau_arena *arena)
{
    char *name = bau_arena_printf(arena, "BAUTA_%s", option->name);
    for (char *c = name; c && *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return name;
}

const char *bau_option_value_name(const struct bau_option *option)
{
    if (option->value_name)
        return option->value_name;
    switch (option->kind) {
    case BAU_OPTION_BOOL: return NULL;
    case BAU_OPTION_U32:
    case BAU_OPTION_I64:
    case BAU_OPTION_F64: return "N";
    case BAU_OPTION_BYTES: return "BYTES";
    case BAU_OPTION_DURATION: return "DURATION";
    case BAU_OPTION_TEXT:
    case BAU_OPTION_TEXTS: return "TEXT";
    case BAU_OPTION_MASKERS: return "MASKERS";
    case BAU_OPTION_CHOICE: return "WORD";
    }
    return "TEXT";
}

/* `name` as typed, `n` bytes, against a row's name: '-' and '_' differ only in spelling. */
static bool is_name(const struct bau_option *option, const char *name, size_t n)
{
    if (strlen(option->name) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (name[i] != (option->name[i] == '_' ? '-' : option->name[i]))
            return false;
    return true;
}

/* The tables that an option may stand in, the verb's own first. */
static const struct bau_option *table_at(const struct parse *p, unsigned i, void **config)
{
    switch (i) {
    case 0:
    case 1: *config = p->config; return bau_command_table(p->cli->command, i);
    case 2: *config = &p->cli->globals; return bau_global_options;
    default: *config = &p->cli->pages; return bau_page_options;
    }
}
#define TABLES 4u

static struct found find_long(const struct parse *p, const char *name, size_t n)
{
    for (unsigned t = 0; t < TABLES; t++) {
        void *config;
        for (const struct bau_option *o = table_at(p, t, &config); o && o->name; o++)
            if (!(o->flags & BAU_OPTION_OPERAND) && is_name(o, name, n))
                return (struct found){ o, config };
    }
    return (struct found){ 0 };
}

static struct found find_letter(const struct parse *p, char letter)
{
    for (unsigned t = 0; t < TABLES; t++) {
        void *config;
        for (const struct bau_option *o = table_at(p, t, &config); o && o->name; o++)
            if (o->letter == letter)
                return (struct found){ o, config };
    }
    return (struct found){ 0 };
}

/* A word of the command line may be a URI with a password: it is repeated only when it looks like a name. */
static const char *shown(const char *word, struct bau_arena *arena)
{
    bool plain = strlen(word) <= 40 && *word;
    for (const char *c = word; *c; c++)
        plain = plain && (isalnum((unsigned char)*c) || strchr("-_.", *c));
    const char *quoted = plain ? bau_arena_printf(arena, " '%s'", word) : "";
    return quoted ? quoted : "";
}

static bau_status unknown_option(const struct parse *p, const char *word, size_t n)
{
    const char *names[128];
    size_t count = 0;
    struct bau_arena *arena = p->cli->arena;
    char *typed = bau_arena_textn(arena, word, n);
    for (unsigned t = 0; t < TABLES; t++) {
        void *config;
        for (const struct bau_option *o = table_at(p, t, &config); o && o->name && count < BAU_COUNT(names);
             o++)
            if (!(o->flags & BAU_OPTION_OPERAND))
                names[count++] = bau_option_flag(o, arena);
    }
    if (!typed)
        return bau_error_set(p->err, BAU_E_NOMEM, "command line");
    const char *near = bau_nearest(typed, names, count);
    const char *verb = p->cli->command ? p->cli->command->name : "";
    if (near)
        return bau_error_set(p->err, BAU_E_USAGE, "unknown option%s; did you mean %s?", shown(typed, arena),
                             near);
    return bau_error_set(p->err, BAU_E_USAGE, "unknown option%s; `bauta %s%s--help` lists the options",
                         shown(typed, arena), verb, *verb ? " " : "");
}

static bau_status unknown_verb(const struct parse *p, const char *word)
{
    const char *names[64];
    size_t n = 0;
    for (; n < bau_n_commands && n < BAU_COUNT(names); n++)
        names[n] = bau_commands[n]->name;
    const char *near = bau_nearest(word, names, n);
    return bau_error_set(p->err, BAU_E_USAGE, "unknown verb%s; %s%s%s", shown(word, p->cli->arena),
                         near ? "did you mean " : "`bauta --help` lists the verbs", near ? near : "",
                         near ? "?" : "");
}

/* ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void remember(struct parse *p, const struct bau_option *option, const char *text, bau_origin origin)
{
    for (uint32_t i = 0; i < p->cli->n_given; i++)
        if (p->given[i].option == option) {
            p->given[i].text = text;
            p->given[i].origin = origin;
        }
}

static bau_status set(struct parse *p, struct found at, const char *text, bau_origin origin)
{
    struct bau_arena *arena = p->cli->arena;
    struct bau_error why;
    const bau_status status = bau_option_set(at.option, at.config, text, arena, &why);
    if (status == BAU_OK) {
        remember(p, at.option, text, origin);
        return BAU_OK;
    }
    if (status != BAU_E_USAGE) {
        if (p->err)
            *p->err = why;
        return status;
    }
    BAU_AUTO_TEXT expects = { 0 };
    bau_option_expects(at.option, &expects);
    const char *name = origin == BAU_FROM_ENVIRONMENT          ? bau_option_variable(at.option, arena)
                       : at.option->flags & BAU_OPTION_OPERAND ? bau_option_value_name(at.option)
                                                               : bau_option_flag(at.option, arena);
    return bau_error_set(p->err, BAU_E_USAGE, "%s: expected %s", name ? name : at.option->name,
                         expects.data ? expects.data : "another value");
}

static bau_status from_environment(struct parse *p, const struct bau_option *table, void *config)
{
    for (const struct bau_option *o = table; o && o->name; o++) {
        const char *name = bau_option_variable(o, p->cli->arena);
        if (!name)
            return bau_error_set(p->err, BAU_E_NOMEM, "environment");
        const char *text = o->flags & BAU_OPTION_OPERAND ? NULL : getenv(name);
        if (text && *text)
            BAU_TRY(set(p, (struct found){ o, config }, text, BAU_FROM_ENVIRONMENT));
    }
    return BAU_OK;
}

static uint32_t count_rows(const struct bau_option *table)
{
    uint32_t n = 0;
    while (table && table[n].name)
        n++;
    return n;
}

static void list_rows(struct parse *p, const struct bau_option *table)
{
    for (const struct bau_option *o = table; o && o->name; o++)
        p->given[p->cli->n_given++] = (struct bau_given){ o, o->fallback, BAU_FROM_DEFAULT };
}

static bau_status start(struct parse *p)
{
    struct bau_cli *cli = p->cli;
    const struct bau_option *limits = bau_command_table(cli->command, 0),
                            *own = bau_command_table(cli->command, 1);
    const size_t bytes = cli->command ? cli->command->config_bytes : 0;
    p->config = bau_arena_zero(cli->arena, bytes + 1);
    p->given = bau_arena_zero(cli->arena,
                              (1 + count_rows(bau_global_options) + count_rows(limits) + count_rows(own)) *
                                  sizeof *p->given);
    if (!p->config || !p->given)
        return bau_error_set(p->err, BAU_E_NOMEM, "command line");
    cli->given = p->given;
    list_rows(p, bau_global_options);
    list_rows(p, limits);
    list_rows(p, own);
    BAU_TRY(bau_options_default(bau_global_options, &cli->globals, cli->arena, p->err));
    BAU_TRY(bau_options_default(bau_page_options, &cli->pages, cli->arena, p->err));
    if (limits)
        BAU_TRY(bau_options_default(limits, p->config, cli->arena, p->err));
    if (own)
        BAU_TRY(bau_options_default(own, p->config, cli->arena, p->err));
    BAU_TRY(from_environment(p, bau_global_options, &cli->globals));
    BAU_TRY(from_environment(p, limits, p->config));
    return from_environment(p, own, p->config);
}

/* ── argv ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* --name, --name=value, --name value, --no-name. Moves `at` past a value that stands apart. */
static bau_status take_long(struct parse *p, const char *const *argv, int argc, int *at)
{
    const char *name = argv[*at] + 2, *equals = strchr(name, '=');
    const size_t n = equals ? (size_t)(equals - name) : strlen(name);
    struct found f = find_long(p, name, n);
    bool no = false;
    if (!f.option && n > 3 && strncmp(name, "no-", 3) == 0) {
        f = find_long(p, name + 3, n - 3);
        no = f.option && f.option->kind == BAU_OPTION_BOOL;
        if (!no)
            f.option = NULL;
    }
    if (!f.option)
        return unknown_option(p, argv[*at], n + 2);
    if (f.option->kind == BAU_OPTION_BOOL) {
        if (no && equals)
            return bau_error_set(p->err, BAU_E_USAGE, "%.*s takes no value", (int)n + 2, argv[*at]);
        return set(p, f, equals ? equals + 1 : no ? "false" : "true", BAU_FROM_COMMAND_LINE);
    }
    if (equals)
        return set(p, f, equals + 1, BAU_FROM_COMMAND_LINE);
    if (*at + 1 >= argc)
        return bau_error_set(p->err, BAU_E_USAGE, "%s: expected a value behind it (%s)", argv[*at],
                             bau_option_value_name(f.option));
    return set(p, f, argv[++*at], BAU_FROM_COMMAND_LINE);
}

/* -q, -qv, -fFILE, -f FILE. */
static bau_status take_letters(struct parse *p, const char *const *argv, int argc, int *at)
{
    for (const char *c = argv[*at] + 1; *c; c++) {
        const struct found f = find_letter(p, *c);
        if (!f.option)
            return unknown_option(p, (const char[]){ '-', *c, '\0' }, 2);
        if (f.option->kind == BAU_OPTION_BOOL) {
            BAU_TRY(set(p, f, "true", BAU_FROM_COMMAND_LINE));
            continue;
        }
        if (c[1])
            return set(p, f, c + 1, BAU_FROM_COMMAND_LINE);
        if (*at + 1 >= argc)
            return bau_error_set(p->err, BAU_E_USAGE, "-%c: expected a value behind it (%s)", *c,
                                 bau_option_value_name(f.option));
        return set(p, f, argv[++*at], BAU_FROM_COMMAND_LINE);
    }
    return BAU_OK;
}

/* The n-th operand goes to the n-th operand row, or to the last one when that takes several. */
static bau_status take_operand(struct parse *p, const char *word)
{
    const struct bau_option *row = NULL;
    uint32_t n = 0;
    for (const struct bau_option *o = bau_command_table(p->cli->command, 1); o && o->name; o++)
        if (o->flags & BAU_OPTION_OPERAND && (n++ == p->n_operands || o->kind == BAU_OPTION_TEXTS)) {
            row = o;
            break;
        }
    if (!row)
        return bau_error_set(p->err, BAU_E_USAGE, "%s takes %s operand%s; one too many stands there:%s",
                             p->cli->command->name,
                             n == 0   ? "no"
                             : n == 1 ? "one"
                                      : "fewer",
                             n == 1 ? "" : "s", shown(word, p->cli->arena));
    p->n_operands++;
    return set(p, (struct found){ row, p->config }, word, BAU_FROM_COMMAND_LINE);
}

static bool has_letter_value(const char *word)
{
    for (const struct bau_option *o = bau_global_options; o->name; o++)
        if (o->kind != BAU_OPTION_BOOL && word[1] == o->letter && o->letter && !word[2])
            return true;
    return false;
}

static bool has_long_value(const char *word)
{
    for (const struct bau_option *o = bau_global_options; o->name; o++)
        if (o->kind != BAU_OPTION_BOOL && is_name(o, word + 2, strlen(word + 2)))
            return true;
    return false;
}

/* Where the verb stands: the first word that is neither a global option nor its value. argc when there is none. */
static int find_verb(const char *const *argv, int argc)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || !argv[i][1])
            return i;
        if (argv[i][1] == '-' ? has_long_value(argv[i]) : has_letter_value(argv[i]))
            i++;
    }
    return argc;
}

static bau_status check_required(const struct parse *p)
{
    const struct bau_pages *pages = &p->cli->pages;
    if (pages->help || pages->man || pages->markdown || pages->version)
        return BAU_OK;
    for (const struct bau_option *o = bau_command_table(p->cli->command, 1); o && o->name; o++) {
        bool given = !(o->flags & BAU_OPTION_REQUIRED);
        for (uint32_t i = 0; i < p->cli->n_given && !given; i++)
            given = p->given[i].option == o && p->given[i].text;
        if (given)
            continue;
        const bool operand = o->flags & BAU_OPTION_OPERAND;
        const char *name = operand ? bau_option_value_name(o) : bau_option_flag(o, p->cli->arena);
        return bau_error_set(p->err, BAU_E_USAGE, "%s needs %s; see `bauta %s --help`", p->cli->command->name,
                             name ? name : o->name, p->cli->command->name);
    }
    return BAU_OK;
}

bau_status bau_cli_parse(int argc, const char *const *argv, struct bau_cli *cli, void **out_config,
                         struct bau_error *err)
{
    struct parse p = { .cli = cli, .err = err };
    const int verb = find_verb(argv, argc);
    if (verb < argc) {
        cli->command = bau_command_find(argv[verb]);
        if (!cli->command)
            return unknown_verb(&p, argv[verb]);
    }
    BAU_TRY(start(&p));
    bool options = true;
    for (int i = 1; i < argc; i++) {
        if (i == verb)
            continue;
        if (options && strcmp(argv[i], "--") == 0)
            options = false;
        else if (options && argv[i][0] == '-' && argv[i][1] == '-')
            BAU_TRY(take_long(&p, argv, argc, &i));
        else if (options && argv[i][0] == '-' && argv[i][1])
            BAU_TRY(take_letters(&p, argv, argc, &i));
        else
            BAU_TRY(take_operand(&p, argv[i]));
    }
    BAU_TRY(check_required(&p));
    *out_config = p.config;
    return BAU_OK;
}
