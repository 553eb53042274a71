/* `bauta try MASKER [name=value …]`: masks each line of standard input, so that anyone can feel a masker. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"
#include "src/plan/plan.h"

#define LINE_MAX_BYTES ((size_t)16 << 20)
#define READ_BYTES ((size_t)65536)
#define KEY_VARIABLE "BAUTA_KEY"

struct config {
    const char *masker;
    struct bau_texts settings, plugins;
};

static const struct bau_option options[] = {
    { "masker", BAU_OPTION_TEXT, offsetof(struct config, masker), NULL, 0, 0,
      "The masker; `bauta maskers` lists them.", BAU_OPTION_OPERAND | BAU_OPTION_REQUIRED, NULL, "MASKER",
      0 },
    { "settings", BAU_OPTION_TEXTS, offsetof(struct config, settings), NULL, 0, 0,
      "An option of the masker, as name=value.", BAU_OPTION_OPERAND, NULL, "NAME=VALUE", 0 },
    { "plugin", BAU_OPTION_TEXTS, offsetof(struct config, plugins), NULL, 0, 0,
      "A shared object with maskers of your own.", 0, NULL, "FILE", 0 },
    { 0 },
};

static bau_status find_masker(const struct bau_project *plugins, const char *name,
                              const struct bau_masker **out, struct bau_error *err)
{
    *out = bau_project_masker(plugins, name);
    if (*out)
        return BAU_OK;
    const char *near = bau_project_nearest_masker(plugins, name);
    return bau_error_set(err, BAU_E_USAGE, "there is no masker '%.40s'; %s%s%s", name,
                         near ? "did you mean " : "`bauta maskers` lists them", near ? near : "",
                         near ? "?" : "");
}

/* From the environment, or drawn for this run. */
static bau_status open_keys(const struct bau_cli *cli, const struct bau_masker *masker, struct bau_keys **out,
                            struct bau_error *err)
{
    const char *set = getenv(KEY_VARIABLE);
    const bool stable = set && *set;
    const struct bau_project project = { .key_from = "env:" KEY_VARIABLE,
                                         .key_at = { "environment", 1, 1 },
                                         .key_mode = stable ? BAU_KEY_STABLE : BAU_KEY_EPHEMERAL };
    if (!stable && masker->traits & BAU_KEYED)
        bau_cli_note(cli,
                     KEY_VARIABLE " is not set: a key for this run only, the next one masks differently");
    return bau_keys_load(&project, out, err);
}

/* Masks every whole line of `pending` and takes them out; at the end of input also the last one without a line break. */
static bau_status mask_lines(struct bau_sampler *s, struct bau_text *pending, bool end, uint64_t *row,
                             struct bau_text *out, struct bau_error *err)
{
    size_t at = 0;
    while (at < pending->len) {
        const char *line = pending->data + at, *stop = memchr(line, '\n', pending->len - at);
        if (!stop && !end)
            break;
        const size_t len = stop ? (size_t)(stop - line) : pending->len - at;
        BAU_TRY(bau_sampler_mask(s, line, len, *row, out, err));
        bau_text_add(out, "\n");
        at += len + (stop != NULL);
        ++*row;
    }
    if (at) {
        memmove(pending->data, pending->data + at, pending->len - at);
        pending->len -= at;
    }
    if (pending->len > LINE_MAX_BYTES)
        return bau_error_set(err, BAU_E_LIMIT, "line %" PRIu64 " is longer than 16 MiB", *row + 1);
    return BAU_OK;
}

static bau_status mask_input(const struct bau_cli *cli, struct bau_sampler *s, struct bau_error *err)
{
    BAU_AUTO_TEXT pending = { 0 };
    uint64_t row = 0;
    char *buffer = bau_arena_take(cli->arena, READ_BYTES);
    if (!buffer)
        return bau_error_set(err, BAU_E_NOMEM, "standard input");
    for (;;) {
        BAU_AUTO_TEXT out = { 0 };
        const ssize_t n = read(STDIN_FILENO, buffer, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return bau_error_set(err, BAU_E_IO, "standard input: %s", strerror(errno));
        bau_text_addn(&pending, buffer, (size_t)n);
        if (pending.failed)
            return bau_error_set(err, BAU_E_NOMEM, "standard input");
        const bau_status status = mask_lines(s, &pending, n == 0, &row, &out, err);
        struct bau_error print;
        const bau_status printed = bau_cli_print(cli, &out, &print);
        if (status != BAU_OK)
            return status;
        if (printed != BAU_OK) {
            if (err)
                *err = print;
            return printed;
        }
        if (n == 0)
            return BAU_OK;
    }
}

static bau_status try_masker(const struct config *c, const struct bau_project *plugins,
                             const struct bau_cli *cli, struct bau_sampler *s, struct bau_error *err)
{
    const struct bau_masker *masker;
    struct bau_keys *keys;
    BAU_TRY(find_masker(plugins, c->masker, &masker, err));
    BAU_TRY(open_keys(cli, masker, &keys, err));
    const bau_status status = bau_sampler_open(s, plugins, masker, &c->settings, keys, err);
    bau_keys_free(keys);
    BAU_TRY(status);
    for (uint32_t i = 0; i < s->single->n_by; i++) {
        BAU_AUTO_TEXT note = { 0 };
        bau_text_addf(&note, "every line counts as one with the same %s", s->single->by[i]);
        bau_cli_note(cli, note.data ? note.data : "");
    }
    return mask_input(cli, s, err);
}

static bau_status run(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct config *c = config;
    struct bau_sampler s = { 0 };
    struct bau_project *plugins;
    BAU_TRY(bau_plugins_open(&c->plugins, &plugins, err));
    const bau_status status = try_masker(c, plugins, cli, &s, err);
    bau_sampler_close(&s);
    bau_project_free(plugins);
    return status;
}

const struct bau_command bau_command_try = {
    .name = "try",
    .summary = "masks the lines you type, to feel a masker",
    .description = "Reads lines from standard input and prints each one masked: as text where the masker "
                   "takes text, else "
                   "as a number, a date or whatever it takes. A value that does not conform ends it with "
                   "exit code 7.\n\n"
                   "The key is $" KEY_VARIABLE " (64 hex digits); without it, a key is drawn for this run.",
    .options = options,
    .config_bytes = sizeof(struct config),
    .run = run,
};
