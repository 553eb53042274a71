/* The one list of verbs, and the options that every verb has. */
#include <string.h>

#include "src/cli/cli.h"

const struct bau_command *const bau_commands[] = {
    &bau_command_init,       &bau_command_check,      &bau_command_plan,    &bau_command_refresh,
    &bau_command_rollback,   &bau_command_preview,    &bau_command_explain, &bau_command_try,
    &bau_command_snapshot,   &bau_command_restore,    &bau_command_pull,    &bau_command_list,
    &bau_command_inspect,    &bau_command_verify,     &bau_command_prune,   &bau_command_bundle,
    &bau_command_maskers,    &bau_command_connectors, &bau_command_schema,  &bau_command_config,
    &bau_command_completion, &bau_command_help,
};
const size_t bau_n_commands = BAU_COUNT(bau_commands);

const struct bau_option bau_global_options[] = {
    { "file", BAU_OPTION_TEXT, offsetof(struct bau_globals, file), "bauta.yaml", 0, 0, "The project file.", 0,
      NULL, "FILE", 'f' },
    { "json", BAU_OPTION_BOOL, offsetof(struct bau_globals, json), "false", 0, 0,
      "Print one JSON document for programs instead of text for people.", 0, NULL, NULL, 0 },
    { "log", BAU_OPTION_CHOICE, offsetof(struct bau_globals, log), "text", 0, 0,
      "How log lines on standard error are written; json also turns the live display off.", 0, "text|json",
      NULL, 0 },
    { "quiet", BAU_OPTION_BOOL, offsetof(struct bau_globals, quiet), "false", 0, 0,
      "Log only warnings and errors, and show no live display.", 0, NULL, NULL, 'q' },
    { "verbose", BAU_OPTION_BOOL, offsetof(struct bau_globals, verbose), "false", 0, 0, "Log every step.", 0,
      NULL, NULL, 'v' },
    { 0 },
};

const struct bau_option bau_page_options[] = {
    { "help", BAU_OPTION_BOOL, offsetof(struct bau_pages, help), "false", 0, 0, "Show this help and end.", 0,
      NULL, NULL, 'h' },
    { "man", BAU_OPTION_BOOL, offsetof(struct bau_pages, man), "false", 0, 0,
      "Print the man page (read it with: bauta VERB --man | man -l -).", 0, NULL, NULL, 0 },
    { "markdown", BAU_OPTION_BOOL, offsetof(struct bau_pages, markdown), "false", 0, 0,
      "Print the reference page as Markdown.", 0, NULL, NULL, 0 },
    { "version", BAU_OPTION_BOOL, offsetof(struct bau_pages, version), "false", 0, 0,
      "Print the version and end.", 0, NULL, NULL, 0 },
    { 0 },
};

const struct bau_command *bau_command_find(const char *name)
{
    for (size_t i = 0; i < bau_n_commands; i++)
        if (strcmp(bau_commands[i]->name, name) == 0)
            return bau_commands[i];
    return NULL;
}

const struct bau_option *bau_command_table(const struct bau_command *command, unsigned i)
{
    return !command || i > 1 ? NULL : i == 0 ? command->limits : command->options;
}
