/* `bauta --help`, `bauta VERB --help`: 80 columns, made from the tables. */
#include <stdio.h>
#include <string.h>

#include "src/cli/cli.h"

#define OPTION_COLUMN 26u

static void pad(struct bau_text *out, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        bau_text_add(out, " ");
}

/* "SEP LABEL" on the left, a sentence on the right, wrapped there; a long label gets a line of its own. */
static void add_row(struct bau_text *out, const char *label, const char *sentence, uint32_t column)
{
    const size_t used = strlen(label) + 2;
    bau_text_add(out, "  ");
    bau_text_add(out, label);
    if (used + 2 > column) {
        bau_text_add(out, "\n");
        pad(out, 0, column);
    } else
        pad(out, used, column);
    bau_text_add_wrapped(out, sentence, column, column);
    bau_text_add(out, "\n");
}

static void add_label(const struct bau_option *o, struct bau_arena *arena, struct bau_text *label)
{
    const char *flag = bau_option_flag(o, arena), *value = bau_option_value_name(o);
    if (o->letter)
        bau_text_addf(label, "-%c, ", o->letter);
    bau_text_add(label, flag ? flag : o->name);
    if (value)
        bau_text_addf(label, " %s", value);
}

/* The sentence with what the value may be, its default and whether it may be repeated. */
static void add_sentence(const struct bau_option *o, struct bau_text *text)
{
    bau_text_add(text, o->sentence);
    if (o->kind == BAU_OPTION_CHOICE) {
        bau_text_add(text, " ");
        bau_option_expects(o, text);
        char *first = strrchr(text->data, '.');
        if (!text->failed && first && first[1] == ' ' && first[2] == 'o')
            first[2] = 'O'; /* "One of …" begins a sentence */
        bau_text_add(text, ".");
    }
    if (o->kind == BAU_OPTION_TEXTS)
        bau_text_add(text, " May be given several times.");
    if (o->kind == BAU_OPTION_BOOL && o->fallback && strcmp(o->fallback, "true") == 0)
        bau_text_addf(text, " On unless --no-%s says otherwise.", o->name);
    else if (o->kind != BAU_OPTION_BOOL && o->fallback && *o->fallback)
        bau_text_addf(text, " Default: %s.", o->fallback);
}

static void add_options(struct bau_text *out, const struct bau_option *table, struct bau_arena *arena)
{
    for (const struct bau_option *o = table; o && o->name; o++) {
        if (o->flags & BAU_OPTION_OPERAND)
            continue;
        BAU_AUTO_TEXT label = { 0 }, sentence = { 0 };
        add_label(o, arena, &label);
        add_sentence(o, &sentence);
        add_row(out, label.data ? label.data : "", sentence.data ? sentence.data : "", OPTION_COLUMN);
    }
}

static void add_operands(struct bau_text *out, const struct bau_option *table)
{
    bool first = true;
    for (const struct bau_option *o = table; o && o->name; o++) {
        if (!(o->flags & BAU_OPTION_OPERAND))
            continue;
        bau_text_add(out, first ? "\nOperands:\n" : "");
        add_row(out, bau_option_value_name(o), o->sentence, OPTION_COLUMN);
        first = false;
    }
}

static bool has_options(const struct bau_command *command)
{
    for (unsigned t = 0; t < 2; t++)
        for (const struct bau_option *o = bau_command_table(command, t); o && o->name; o++)
            if (!(o->flags & BAU_OPTION_OPERAND))
                return true;
    return false;
}

void bau_usage_line(const struct bau_command *command, struct bau_text *out)
{
    bau_text_addf(out, "bauta %s [OPTION]...", command->name);
    for (const struct bau_option *o = command->options; o && o->name; o++) {
        if (!(o->flags & BAU_OPTION_OPERAND))
            continue;
        const bool needed = o->flags & BAU_OPTION_REQUIRED;
        bau_text_addf(out, needed ? " %s" : " [%s]", bau_option_value_name(o));
        bau_text_add(out, o->kind == BAU_OPTION_TEXTS ? "..." : "");
    }
}

void bau_help_command(const struct bau_command *command, struct bau_arena *arena, struct bau_text *out)
{
    bau_text_add(out, "Usage: ");
    bau_usage_line(command, out);
    bau_text_add(out, "\n\n");
    bau_text_add_wrapped(out, command->description, 0, 0);
    bau_text_add(out, "\n");
    add_operands(out, command->options);
    if (has_options(command))
        bau_text_addf(out, "\nOptions of %s:\n", command->name);
    add_options(out, command->options, arena);
    add_options(out, command->limits, arena);
    bau_text_add(out, "\nOptions of every verb:\n");
    add_options(out, bau_global_options, arena);
    add_options(out, bau_page_options, arena);
    bau_text_add(out, "\n");
    bau_text_add_wrapped(
        out,
        "An environment variable BAUTA_<OPTION> (capitals, '_' for '-') replaces a default; the "
        "command line beats it. --no-NAME turns an option off.",
        0, 0);
    bau_text_add(out, "\n");
}

static void add_exit_codes(struct bau_text *out)
{
    static const bau_status all[] = {
#define ROW(name, exit_code, sentence) name,
        BAU_STATUS_LIST(ROW)
#undef ROW
    };
    bau_text_add(out, "\nExit codes:\n");
    for (size_t i = 0; i < BAU_COUNT(all); i++) {
        char label[16];
        const bool again = i > 0 && bau_status_exit(all[i]) == bau_status_exit(all[i - 1]);
        snprintf(label, sizeof label, "%3d", bau_status_exit(all[i]));
        add_row(out,
                all[i] == BAU_E_CANCELLED ? "128+n"
                : again                   ? ""
                                          : label,
                bau_status_sentence(all[i]), 9);
    }
}

void bau_help_all(struct bau_arena *arena, struct bau_text *out)
{
    bau_text_add(out, "Usage: bauta VERB [OPTION]... [OPERAND]...\n\n");
    bau_text_add_wrapped(
        out,
        "Refreshes staging from production and masks it on the way. A field without a rule stops the "
        "run before a row is read; staging is the old one or the new one, never half.",
        0, 0);
    bau_text_add(out, "\n\nVerbs:\n");
    for (size_t i = 0; i < bau_n_commands; i++)
        add_row(out, bau_commands[i]->name, bau_commands[i]->summary, 16);
    bau_text_add(out, "\nOptions of every verb:\n");
    add_options(out, bau_global_options, arena);
    add_options(out, bau_page_options, arena);
    add_exit_codes(out);
    bau_text_add(out, "\nStart with: bauta init env:PROD_URL -o bauta.yaml\n"
                      "More about a verb: bauta VERB --help\n");
}
