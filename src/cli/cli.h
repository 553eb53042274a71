/* The command line: one table of verbs, one parser, and the pages that are made from the tables.
 *
 * A verb is one struct bau_command. What it is asked to do comes as a config filled from its option rows (defaults, then
 * the environment, then the command line) and as `struct bau_cli`; what it has to say goes to standard output through
 * bau_cli_print, to standard error through bau_cli_note. Nothing here holds a global: one invocation is one bau_cli.
 *
 * Threads: the main thread. */
#ifndef BAU_CLI_H
#define BAU_CLI_H

#include "src/plan/plan.h"

#define BAU_CLI_COLUMNS 80u

struct bau_globals {  /* options of every verb */
    const char *file; /* the project file */
    uint32_t log;     /* index into "text|json" */
    bool json, quiet, verbose;
};
enum { BAU_CLI_LOG_TEXT, BAU_CLI_LOG_JSON };

struct bau_pages { /* asked for a page about the verb instead of the verb */
    bool help, man, markdown, version;
};

typedef enum { BAU_FROM_DEFAULT, BAU_FROM_ENVIRONMENT, BAU_FROM_COMMAND_LINE } bau_origin;

struct bau_given { /* one option of this invocation: its value as it was spelled, and by whom */
    const struct bau_option *option;
    const char *text; /* NULL: no value */
    bau_origin origin;
};

struct bau_output { /* what was printed so far */
    bool used;      /* something stands on standard output */
};

struct bau_cli {
    const struct bau_command *command; /* NULL: none was named */
    struct bau_globals globals;
    struct bau_pages pages;
    const char *help_for; /* `bauta help VERB`: the word, NULL otherwise */
    uint32_t n_given;
    const struct bau_given
        *given;              /* the global options, the verb's limits, its own options, in table order */
    struct bau_arena *arena; /* everything of this invocation */
    struct bau_output *output;
};

struct bau_command {
    const char *name;
    const char *summary;              /* a few words, no full stop */
    const char *description;          /* sentences; a blank line starts a paragraph */
    const struct bau_option *options; /* ends with a NULL name; NULL: none */
    const struct bau_option
        *limits; /* rows over the struct bau_limits that is the config's first member; NULL: none */
    size_t config_bytes;
    bau_status (*run)(const void *config, const struct bau_cli *cli, struct bau_error *err);
};

/* ── the tables ──────────────────────────────────────────────────────────────────────────────────────────────────── */

extern const struct bau_command *const bau_commands[];
extern const size_t bau_n_commands;
const struct bau_command *bau_command_find(const char *name); /* NULL when there is none */
extern const struct bau_option bau_global_options[];          /* struct bau_globals */
extern const struct bau_option bau_page_options[]; /* struct bau_pages; not read from the environment */

/* ── parsing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Fills `cli` and the verb's config (in cli->arena) from argv and the environment. cli->arena is set by the caller.
 * When a page is asked for, operands and required options may be missing. Errors are BAU_E_USAGE with the nearest known
 * name; words that may hold a secret are not repeated. */
bau_status bau_cli_parse(int argc, const char *const *argv, struct bau_cli *cli, void **out_config,
                         struct bau_error *err) BAU_MUST_CHECK;
/* "--snapshot-age", "BAUTA_SNAPSHOT_AGE" in the arena; NULL when memory ran out. */
const char *bau_option_flag(const struct bau_option *option, struct bau_arena *arena);
const char *bau_option_variable(const struct bau_option *option, struct bau_arena *arena);
/* Both tables of a verb over one config: its limits, then its own rows. Ends after two; NULL rows are skipped. */
const struct bau_option *bau_command_table(const struct bau_command *command, unsigned i);
/* What stands for the value: "FILE", "N", "DURATION"; NULL for a BOOL. */
const char *bau_option_value_name(const struct bau_option *option);

/* ── output ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* All of `text` to standard output. BAU_E_IO when it does not take it, BAU_E_NOMEM when the text had failed. */
bau_status bau_cli_print(const struct bau_cli *cli, const struct bau_text *text, struct bau_error *err)
    BAU_MUST_CHECK;
/* A line for a person, on standard error, "bauta: " in front; not with --quiet. */
void bau_cli_note(const struct bau_cli *cli, const char *text);

/* ── pages (every one is made from the tables and nothing else) ──────────────────────────────────────────────────── */

/* `text` broken at blanks into lines of at most BAU_CLI_COLUMNS, all but the first indented by `indent`; `column` is
 * where the first one starts. Ends without a line break. */
void bau_text_add_wrapped(struct bau_text *out, const char *text, uint32_t column, uint32_t indent);
void bau_help_all(struct bau_arena *arena, struct bau_text *out);
void bau_help_command(const struct bau_command *command, struct bau_arena *arena, struct bau_text *out);
void bau_man_command(const struct bau_command *command, struct bau_arena *arena, struct bau_text *out);
void bau_man_all(struct bau_arena *arena, struct bau_text *out);
void bau_markdown_command(const struct bau_command *command, struct bau_arena *arena, struct bau_text *out);
void bau_markdown_all(struct bau_arena *arena, struct bau_text *out);
/* "bauta [--json] VERB"-like line of one verb: "refresh [OPTION…] [STORE…]". */
void bau_usage_line(const struct bau_command *command, struct bau_text *out);

/* ── one value through a masker ──────────────────────────────────────────────────────────────────────────────────── */

struct bau_sampler { /* a masker ready for single values typed by a person */
    struct bau_single *single;
    bau_type type; /* the values' type: text when the masker takes it */
    void *scratch;
    struct bau_arena *batch; /* one value */
};
/* `settings`: name=value words; `project` brings plugins and outlives the sampler, NULL: none. bau_sampler_close is due also
 * when this fails. */
bau_status bau_sampler_open(struct bau_sampler *s, const struct bau_project *project,
                            const struct bau_masker *masker, const struct bau_texts *settings,
                            const struct bau_keys *keys, struct bau_error *err) BAU_MUST_CHECK;
/* Adds the masked value to `out`; "null" for a null. `row` (from 0) is for messages. */
bau_status bau_sampler_mask(struct bau_sampler *s, const char *text, size_t len, uint64_t row,
                            struct bau_text *out, struct bau_error *err) BAU_MUST_CHECK;
void bau_sampler_close(struct bau_sampler *s); /* takes a zeroed one */

/* ── verbs, one variable each ────────────────────────────────────────────────────────────────────────────────────── */

extern const struct bau_command bau_command_init, bau_command_check, bau_command_plan, bau_command_refresh,
    bau_command_preview, bau_command_explain, bau_command_rollback, bau_command_schema, bau_command_maskers,
    bau_command_connectors, bau_command_try, bau_command_config, bau_command_completion, bau_command_help,
    bau_command_snapshot, bau_command_bundle, bau_command_restore, bau_command_pull, bau_command_list,
    bau_command_inspect, bau_command_verify, bau_command_prune;

#endif
