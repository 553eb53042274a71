/* `bauta completion bash|zsh`: a script made from the tables. Both shells run the same function; zsh reads it through
 * its bash emulation. */
#include <string.h>

#include "src/cli/cli.h"

enum { SHELL_BASH, SHELL_ZSH };

struct config {
    uint32_t shell;
};

static const struct bau_option options[] = {
    { "shell", BAU_OPTION_CHOICE, offsetof(struct config, shell), NULL, 0, 0, "The shell to complete in.",
      BAU_OPTION_OPERAND | BAU_OPTION_REQUIRED, "bash|zsh", "bash|zsh", 0 },
    { 0 },
};

static void add_flags(struct bau_text *out, const struct bau_option *table, struct bau_arena *arena)
{
    for (const struct bau_option *o = table; o && o->name; o++) {
        const char *flag = o->flags & BAU_OPTION_OPERAND ? NULL : bau_option_flag(o, arena);
        if (flag)
            bau_text_addf(out, " %s", flag);
    }
}

/* Words of the choice, blanks between. */
static void add_choices(struct bau_text *out, const char *choices)
{
    for (const char *c = choices; *c; c++)
        bau_text_addn(out, *c == '|' ? " " : c, 1);
}

static void add_values(struct bau_text *out, const struct bau_option *table, struct bau_arena *arena)
{
    for (const struct bau_option *o = table; o && o->name; o++) {
        const char *flag = bau_option_flag(o, arena);
        if (!flag || o->flags & BAU_OPTION_OPERAND || o->kind == BAU_OPTION_BOOL)
            continue;
        bau_text_addf(out, "    %s) ", flag);
        if (o->kind == BAU_OPTION_CHOICE) {
            bau_text_add(out, "COMPREPLY=($(compgen -W '");
            add_choices(out, o->choices);
            bau_text_add(out, "' -- \"$word\")); return ;;\n");
        } else if (strcmp(bau_option_value_name(o), "FILE") == 0)
            bau_text_add(out, "COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n");
        else
            bau_text_add(out, "return ;;\n");
    }
}

static void add_names(struct bau_text *out, const char *variable)
{
    const bool maskers = strcmp(variable, "maskers") == 0;
    bau_text_addf(out, "  local %s='", variable);
    for (size_t i = 0; i < (maskers ? bau_n_maskers : bau_n_connectors); i++)
        bau_text_addf(out, "%s%s", i ? " " : "", maskers ? bau_maskers[i]->name : bau_connectors[i]->name);
    bau_text_add(out, "'\n");
}

/* The first operand of a verb: a masker, a connector, a verb, or one of its choices. */
static void add_operand(struct bau_text *out, const struct bau_command *command)
{
    for (const struct bau_option *o = command->options; o && o->name; o++) {
        if (!(o->flags & BAU_OPTION_OPERAND))
            continue;
        if (strcmp(o->name, "masker") == 0 || strcmp(o->name, "connector") == 0)
            bau_text_addf(out, " $%ss", o->name);
        else if (strcmp(o->name, "verb") == 0)
            bau_text_add(out, " $verbs");
        else if (o->kind == BAU_OPTION_CHOICE) {
            bau_text_add(out, " ");
            add_choices(out, o->choices);
        }
        return;
    }
}

static void add_script(struct bau_text *out, struct bau_arena *arena)
{
    bau_text_add(out, "_bauta() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" "
                      "before=\"${COMP_WORDS[COMP_CWORD-1]}\" verb= w\n"
                      "  COMPREPLY=()\n  local verbs='");
    for (size_t i = 0; i < bau_n_commands; i++)
        bau_text_addf(out, "%s%s", i ? " " : "", bau_commands[i]->name);
    bau_text_add(out, "'\n");
    add_names(out, "maskers");
    add_names(out, "connectors");
    bau_text_add(out, "  local every='");
    add_flags(out, bau_global_options, arena);
    add_flags(out, bau_page_options, arena);
    bau_text_add(
        out,
        "' own=\n  for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
        "    case \" $verbs \" in *\" $w \"*) verb=\"$w\"; break ;; esac\n  done\n  case \"$before\" in\n");
    add_values(out, bau_global_options, arena);
    bau_text_add(out,
                 "    -f) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n  esac\n  case \"$verb\" in\n"
                 "    '') own=\"$verbs\" ;;\n");
    for (size_t i = 0; i < bau_n_commands; i++) {
        bau_text_addf(out, "    %s) own=\"", bau_commands[i]->name);
        add_flags(out, bau_commands[i]->options, arena);
        add_flags(out, bau_commands[i]->limits, arena);
        add_operand(out, bau_commands[i]);
        bau_text_add(out, "\" ;;\n");
    }
    bau_text_add(out, "  esac\n  COMPREPLY=($(compgen -W \"$own $every\" -- \"$word\"))\n}\n");
}

static bau_status run(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct config *c = config;
    BAU_AUTO_TEXT out = { 0 };
    if (c->shell == SHELL_ZSH)
        bau_text_add(&out, "#compdef bauta\nautoload -U +X bashcompinit && bashcompinit\n");
    add_script(&out, cli->arena);
    bau_text_add(&out, "complete -F _bauta bauta\n");
    return bau_cli_print(cli, &out, err);
}

const struct bau_command bau_command_completion = {
    .name = "completion",
    .summary = "prints a completion script for bash or zsh",
    .description =
        "Made from the same tables as the help. For bash: source <(bauta completion bash). For zsh: "
        "source <(bauta completion zsh).",
    .options = options,
    .config_bytes = sizeof(struct config),
    .run = run,
};
