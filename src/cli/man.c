/* `bauta VERB --man`, `bauta --man`: man pages (man(7) macros) made from the tables. */
#include <string.h>

#include "src/cli/cli.h"

/* Text of ours as troff: the escape character, dashes that must stay dashes, and a control character at a line's start. */
static void add(struct bau_text *out, const char *text)
{
    bool start = out->len == 0 || (out->data && out->data[out->len - 1] == '\n');
    for (const char *c = text; *c; c++) {
        if (start && (*c == '.' || *c == '\''))
            bau_text_add(out, "\\&");
        if (*c == '\\')
            bau_text_add(out, "\\e");
        else if (*c == '-')
            bau_text_add(out, "\\-");
        else
            bau_text_addn(out, c, 1);
        start = *c == '\n';
    }
}

/* Paragraphs are split at blank lines. */
static void add_paragraphs(struct bau_text *out, const char *text)
{
    for (const char *end; (end = strstr(text, "\n\n")); text = end + 2) {
        BAU_AUTO_TEXT part = { 0 };
        bau_text_addn(&part, text, (size_t)(end - text));
        add(out, part.data ? part.data : "");
        bau_text_add(out, "\n.PP\n");
    }
    add(out, text);
    bau_text_add(out, "\n");
}

static void add_option(struct bau_text *out, const struct bau_option *o, struct bau_arena *arena)
{
    const char *value = bau_option_value_name(o), *flag = bau_option_flag(o, arena);
    bau_text_add(out, ".TP\n");
    if (o->flags & BAU_OPTION_OPERAND) {
        bau_text_add(out, "\\fI");
        add(out, value);
        bau_text_add(out, "\\fR\n");
    } else {
        bau_text_add(out, "\\fB");
        if (o->letter) {
            const char letter[] = { '-', o->letter, '\0' };
            add(out, letter);
            bau_text_add(out, "\\fR, \\fB");
        }
        add(out, flag ? flag : o->name);
        bau_text_add(out, "\\fR");
        if (value) {
            bau_text_add(out, " \\fI");
            add(out, value);
            bau_text_add(out, "\\fR");
        }
        bau_text_add(out, "\n");
    }
    add(out, o->sentence);
    BAU_AUTO_TEXT expects = { 0 };
    bau_option_expects(o, &expects);
    if (o->kind != BAU_OPTION_TEXT && o->kind != BAU_OPTION_TEXTS && o->kind != BAU_OPTION_BOOL) {
        bau_text_add(out, " Takes ");
        add(out, expects.data ? expects.data : "a value");
        bau_text_add(out, ".");
    }
    if (o->fallback && *o->fallback && o->kind != BAU_OPTION_BOOL) {
        bau_text_add(out, " Default: ");
        add(out, o->fallback);
        bau_text_add(out, ".");
    }
    bau_text_add(out, "\n");
}

static void add_table(struct bau_text *out, const struct bau_option *table, unsigned operands,
                      struct bau_arena *arena)
{
    for (const struct bau_option *o = table; o && o->name; o++)
        if ((o->flags & BAU_OPTION_OPERAND) == operands)
            add_option(out, o, arena);
}

static void add_exit_status(struct bau_text *out)
{
    static const bau_status all[] = {
#define ROW(name, exit_code, sentence) name,
        BAU_STATUS_LIST(ROW)
#undef ROW
    };
    bau_text_add(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < BAU_COUNT(all); i++) {
        bau_text_addf(out, ".TP\n%s%d\n", all[i] == BAU_E_CANCELLED ? "128+signal, such as " : "",
                      bau_status_exit(all[i]));
        add(out, bau_status_sentence(all[i]));
        bau_text_add(out, ".\n");
    }
}

static void add_head(struct bau_text *out, const char *name, const char *summary)
{
    bau_text_add(out, ".TH BAUTA");
    for (const char *c = name; *c; c++) {
        const char upper = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        bau_text_add(out, c == name ? "\\-" : "");
        bau_text_addn(out, &upper, 1);
    }
    bau_text_addf(out, " 1 \"\" \"bauta %s\" \"bauta\"\n.SH NAME\nbauta%s%s \\- ", BAU_VERSION,
                  *name ? "\\-" : "", name);
    add(out, summary);
    bau_text_add(out, "\n.SH SYNOPSIS\n");
}

static void add_every_verb(struct bau_text *out, struct bau_arena *arena)
{
    bau_text_add(out, ".SH OPTIONS OF EVERY VERB\n");
    add_table(out, bau_global_options, 0, arena);
    add_table(out, bau_page_options, 0, arena);
    bau_text_add(out, ".SH ENVIRONMENT\n");
    add(out,
        "BAUTA_<OPTION>, the option in capitals with '_' for '-', replaces its default. The command line "
        "beats the "
        "environment, the environment beats the project file, and the project file beats the default.\n");
    add_exit_status(out);
}

void bau_man_command(const struct bau_command *command, struct bau_arena *arena, struct bau_text *out)
{
    BAU_AUTO_TEXT usage = { 0 };
    add_head(out, command->name, command->summary);
    bau_usage_line(command, &usage);
    add(out, usage.data ? usage.data : "");
    bau_text_add(out, "\n.SH DESCRIPTION\n");
    add_paragraphs(out, command->description);
    if (command->options || command->limits)
        bau_text_add(out, ".SH OPTIONS\n");
    add_table(out, command->options, BAU_OPTION_OPERAND, arena);
    add_table(out, command->options, 0, arena);
    add_table(out, command->limits, 0, arena);
    add_every_verb(out, arena);
}

void bau_man_all(struct bau_arena *arena, struct bau_text *out)
{
    add_head(out, "", "refreshes staging from production and masks it on the way");
    add(out, "bauta VERB [OPTION]... [OPERAND]...");
    bau_text_add(out, "\n.SH VERBS\n");
    for (size_t i = 0; i < bau_n_commands; i++) {
        bau_text_addf(out, ".TP\n\\fB%s\\fR\n", bau_commands[i]->name);
        add(out, bau_commands[i]->summary);
        bau_text_add(out, ".\n");
    }
    add_every_verb(out, arena);
}
