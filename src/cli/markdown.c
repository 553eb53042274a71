/* `bauta VERB --markdown`, `bauta --markdown`: the reference page, committed beside this file and compared by a test. */
#include <string.h>

#include "src/cli/cli.h"

/* A table's cell: '|' would end it. */
static void add_cell(struct bau_text *out, const char *text)
{
    for (const char *c = text; *c; c++)
        bau_text_addn(out, *c == '|' ? "\\|" : c, *c == '|' ? 2 : 1);
}

static void add_row(struct bau_text *out, const struct bau_option *o, struct bau_arena *arena)
{
    const char *flag = bau_option_flag(o, arena), *value = bau_option_value_name(o);
    BAU_AUTO_TEXT expects = { 0 };
    bau_option_expects(o, &expects);
    bau_text_add(out, "| ");
    if (o->flags & BAU_OPTION_OPERAND)
        bau_text_addf(out, "*%s*", value);
    else {
        bau_text_add(out, "`");
        if (o->letter)
            bau_text_addf(out, "-%c`, `", o->letter);
        bau_text_addf(out, "%s%s%s`", flag ? flag : o->name, value ? " " : "", value ? value : "");
    }
    bau_text_add(out, " | ");
    add_cell(out, o->kind == BAU_OPTION_BOOL ? "flag" : expects.data ? expects.data : "");
    bau_text_add(out, " | ");
    if (o->fallback && *o->fallback && o->kind != BAU_OPTION_BOOL)
        bau_text_addf(out, "`%s`", o->fallback);
    bau_text_add(out, " | ");
    add_cell(out, o->sentence);
    bau_text_add(out, o->kind == BAU_OPTION_TEXTS ? " May be given several times. |\n" : " |\n");
}

static void add_rows(struct bau_text *out, const struct bau_option *table, unsigned operands,
                     struct bau_arena *arena)
{
    for (const struct bau_option *o = table; o && o->name; o++)
        if ((o->flags & BAU_OPTION_OPERAND) == operands)
            add_row(out, o, arena);
}

static void add_table_head(struct bau_text *out)
{
    bau_text_add(out, "\n| option | takes | default | meaning |\n| --- | --- | --- | --- |\n");
}

void bau_markdown_command(const struct bau_command *command, struct bau_arena *arena, struct bau_text *out)
{
    bau_text_addf(out, "## bauta %s\n\n    ", command->name);
    bau_usage_line(command, out);
    bau_text_addf(out, "\n\n%s\n", command->description);
    const bool own = command->options && command->options->name;
    if (!own && !command->limits)
        return;
    add_table_head(out);
    add_rows(out, command->options, BAU_OPTION_OPERAND, arena);
    add_rows(out, command->options, 0, arena);
    add_rows(out, command->limits, 0, arena);
}

void bau_markdown_all(struct bau_arena *arena, struct bau_text *out)
{
    bau_text_add(
        out,
        "# The verbs of bauta\n\nMade by `bauta --markdown`; a test compares. What a value may be is checked "
        "before anything is opened.\n\n");
    for (size_t i = 0; i < bau_n_commands; i++)
        bau_text_addf(out, "- [%s](#bauta-%s): %s\n", bau_commands[i]->name, bau_commands[i]->name,
                      bau_commands[i]->summary);
    bau_text_add(
        out,
        "\n## Options of every verb\n\nAn environment variable `BAUTA_<OPTION>` (capitals, `_` for `-`) "
        "replaces "
        "a default. Command line beats environment beats project file beats default; `bauta config` shows "
        "each value and where it came from.\n");
    add_table_head(out);
    add_rows(out, bau_global_options, 0, arena);
    add_rows(out, bau_page_options, 0, arena);
    for (size_t i = 0; i < bau_n_commands; i++) {
        bau_text_add(out, "\n");
        bau_markdown_command(bau_commands[i], arena, out);
    }
}
