/* `bauta config`: what this invocation would run with, and who said so. `bauta help`. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"

static const char *origin_word(bau_origin origin)
{
    switch (origin) {
    case BAU_FROM_DEFAULT: return "default";
    case BAU_FROM_ENVIRONMENT: return "environment";
    case BAU_FROM_COMMAND_LINE: return "command line";
    }
    return "";
}

/* What the project file says of a limit, spelled as a user would; NULL when it says nothing. */
static const char *from_file(const struct bau_option *option, const struct bau_project *project,
                             struct bau_arena *arena)
{
    uint32_t number = 0;
    uint64_t amount = 0;
    const char *at = (const char *)&project->limits + option->offset;
    if (option->kind == BAU_OPTION_U32) {
        memcpy(&number, at, sizeof number);
        return number ? bau_arena_printf(arena, "%u", number) : NULL;
    }
    memcpy(&amount, at, sizeof amount);
    if (!amount)
        return NULL;
    return option->kind == BAU_OPTION_BYTES ? bau_arena_printf(arena, "%" PRIu64 "B", amount)
           : amount % 1000 == 0             ? bau_arena_printf(arena, "%" PRIu64 "s", amount / 1000)
                                            : bau_arena_printf(arena, "%" PRIu64 "ms", amount);
}

static void add_value(struct bau_text *out, const char *name, const char *value, const char *origin,
                      bool json, bool first)
{
    if (json) {
        bau_text_add(out, first ? "" : ",");
        bau_text_add_json(out, name);
        bau_text_add(out, ":{\"value\":");
        bau_text_add_json(out, value);
        bau_text_add(out, ",\"origin\":");
        bau_text_add_json(out, origin);
        bau_text_add(out, "}");
    } else
        bau_text_addf(out, "%-14s %-24s %s\n", name, *value ? value : "-", origin);
}

static bool is_limit(const struct bau_option *option)
{
    for (const struct bau_option *o = bau_limit_options; o->name; o++)
        if (o == option)
            return true;
    return false;
}

/* A project file that is not there is no error unless it was asked for by name. */
static bau_status load_project(const struct bau_cli *cli, struct bau_project **out, struct bau_error *err)
{
    const bool asked = cli->given[0].origin != BAU_FROM_DEFAULT; /* the first global row is the file */
    *out = NULL;
    if (!asked && access(cli->globals.file, F_OK) != 0)
        return BAU_OK;
    return bau_project_load(cli->globals.file, out, err);
}

static bau_status run_config(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    BAU_AUTO_TEXT out = { 0 };
    struct bau_project *project = NULL;
    const bool json = cli->globals.json;
    (void)config;
    BAU_TRY(load_project(cli, &project, err));
    bau_text_add(&out, json ? "{" : "");
    for (uint32_t i = 0; i < cli->n_given; i++) {
        const struct bau_given *g = &cli->given[i];
        const char *value = g->text, *origin = origin_word(g->origin);
        const char *written = project && is_limit(g->option) && g->origin == BAU_FROM_DEFAULT
                                  ? from_file(g->option, project, cli->arena)
                                  : NULL;
        add_value(&out, g->option->name,
                  written ? written
                  : value ? value
                          : "",
                  written ? "project file" : origin, json, i == 0);
    }
    bau_text_add(&out, json ? "}\n" : "");
    bau_project_free(project);
    return bau_cli_print(cli, &out, err);
}

const struct bau_command bau_command_config = {
    .name = "config",
    .summary = "shows each option's value and where it came from",
    .description = "Command line beats environment beats project file beats default. Shows the options of "
                   "every verb and the "
                   "limits of a run. Secrets are references, so none is shown.",
    .limits = bau_limit_options,
    .config_bytes = sizeof(struct bau_limits),
    .run = run_config,
};

/* ── help ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct help_config {
    const char *verb;
};

static const struct bau_option help_options[] = {
    { "verb", BAU_OPTION_TEXT, offsetof(struct help_config, verb), NULL, 0, 0,
      "The verb; without it, all are listed.", BAU_OPTION_OPERAND, NULL, "VERB", 0 },
    { 0 },
};

static bau_status unknown_verb(const char *verb, struct bau_error *err)
{
    const char *names[64];
    size_t n = 0;
    for (; n < bau_n_commands && n < BAU_COUNT(names); n++)
        names[n] = bau_commands[n]->name;
    const char *near = bau_nearest(verb, names, n);
    return bau_error_set(err, BAU_E_USAGE, "unknown verb '%.40s'; %s%s%s", verb,
                         near ? "did you mean " : "`bauta --help` lists the verbs", near ? near : "",
                         near ? "?" : "");
}

static bau_status run_help(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct help_config *c = config;
    BAU_AUTO_TEXT out = { 0 };
    const struct bau_command *command = c->verb ? bau_command_find(c->verb) : NULL;
    if (c->verb && !command)
        return unknown_verb(c->verb, err);
    if (command)
        bau_help_command(command, cli->arena, &out);
    else
        bau_help_all(cli->arena, &out);
    return bau_cli_print(cli, &out, err);
}

const struct bau_command bau_command_help = {
    .name = "help",
    .summary = "shows the help of a verb",
    .description = "The same as `bauta VERB --help`.",
    .options = help_options,
    .config_bytes = sizeof(struct help_config),
    .run = run_help,
};
