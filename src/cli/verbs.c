/* init, check, plan, refresh and rollback: option rows, and the calls into src/refresh. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/cli.h"
#include "src/refresh/refresh.h"

struct run_config {
    struct bau_limits limits; /* first: see bau_command.limits; stays 0 for verbs without them */
    struct bau_texts only;
};

static const struct bau_option run_options[] = {
    { "only", BAU_OPTION_TEXTS, offsetof(struct run_config, only), NULL, 0, 0,
      "A store of the project file to work on; without it, all of them.", 0, NULL, "STORE", 0 },
    { 0 },
};

/* Findings and errors of a report go to standard error, its page to standard output, also when the verb failed. */
static bau_status show(const struct bau_cli *cli, struct bau_report *report, bau_status status,
                       struct bau_error *err)
{
    struct bau_error print;
    const bau_status printed = bau_cli_print(cli, &report->out, &print);
    if (report->findings.data && report->findings.len)
        fputs(report->findings.data, stderr);
    bau_report_release(report);
    if (status == BAU_OK && printed != BAU_OK) {
        if (err)
            *err = print;
        return printed;
    }
    return status;
}

typedef bau_status (*job)(const struct bau_project *project, const struct bau_run_options *options,
                          struct bau_report *report, struct bau_error *err);

static bau_status run(job call, const struct run_config *c, const struct bau_cli *cli, struct bau_error *err)
{
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    const struct bau_run_options options = {
        .stores = c->only,
        .lanes = c->limits.lanes,
        .rate_bytes = c->limits.rate_bytes,
        .timeout_ms = c->limits.timeout_ms,
        .snapshot_age_ms = c->limits.snapshot_age_ms,
        .json = cli->globals.json,
        .plain = cli->globals.quiet || cli->globals.log == BAU_CLI_LOG_JSON,
    };
    BAU_TRY(bau_project_load(cli->globals.file, &project, err));
    bau_status status = call(project, &options, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

static bau_status run_check(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    return run(bau_check, config, cli, err);
}

static bau_status run_plan(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    return run(bau_plan_report, config, cli, err);
}

static bau_status run_refresh(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    return run(bau_refresh, config, cli, err);
}

static bau_status run_rollback(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    return run(bau_rollback, config, cli, err);
}

/* ── preview ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct preview_config {
    struct bau_texts datasets;
    uint32_t rows, least;
};

static const struct bau_option preview_options[] = {
    { "datasets", BAU_OPTION_TEXTS, offsetof(struct preview_config, datasets), NULL, 0, 0,
      "What to look at: a store, or STORE.DATASET as in `at:` of a rule; without it, everything.",
      BAU_OPTION_OPERAND, NULL, "STORE.DATASET", 0 },
    { "rows", BAU_OPTION_U32, offsetof(struct preview_config, rows), "1000", 1, BAU_BATCH_ROWS,
      "Rows that are read of each dataset, at most.", 0, NULL, NULL, 0 },
    { "least", BAU_OPTION_U32, offsetof(struct preview_config, least), "5", 2, 1000000,
      "A shape that fewer originals have is counted as rare and not shown.", 0, NULL, NULL, 0 },
    { 0 },
};

static bau_status run_preview(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct preview_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    const struct bau_run_options options = { .lanes = 1, .json = cli->globals.json, .plain = true };
    const struct bau_preview_options what = { .datasets = c->datasets, .rows = c->rows, .least = c->least };
    BAU_TRY(bau_project_load(cli->globals.file, &project, err));
    bau_status status = bau_preview(project, &options, &what, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

/* ── explain ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct explain_config {
    struct bau_limits limits; /* first: see bau_command.limits */
    struct bau_texts row;
};

static const struct bau_option explain_options[] = {
    { "row", BAU_OPTION_TEXTS, offsetof(struct explain_config, row), NULL, 0, 0,
      "The dataset, and the row's key: one word a column of it.", BAU_OPTION_OPERAND | BAU_OPTION_REQUIRED,
      NULL, "STORE.DATASET KEY", 0 },
    { 0 },
};

static bau_status run_explain(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct explain_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    const struct bau_run_options options = {
        .lanes = c->limits.lanes,
        .rate_bytes = c->limits.rate_bytes,
        .timeout_ms = c->limits.timeout_ms,
        .snapshot_age_ms = c->limits.snapshot_age_ms,
        .json = cli->globals.json,
        .plain = cli->globals.quiet || cli->globals.log == BAU_CLI_LOG_JSON,
    };
    if (c->row.n < 2)
        return bau_error_set(err, BAU_E_USAGE, "explain: expected STORE.DATASET and a key");
    const struct bau_texts key = { c->row.n - 1, c->row.at + 1 };
    BAU_TRY(bau_project_load(cli->globals.file, &project, err));
    bau_status status = bau_explain(project, &options, c->row.at[0], &key, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

/* ── init ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct init_config {
    const char *from, *store, *output;
};

static const struct bau_option init_options[] = {
    { "from", BAU_OPTION_TEXT, offsetof(struct init_config, from), NULL, 0, 0,
      "Where the live database is: env:NAME, file:PATH or command:COMMAND that gives its URI, or a URI "
      "without a password.",
      BAU_OPTION_OPERAND | BAU_OPTION_REQUIRED, NULL, "URI", 0 },
    { "store", BAU_OPTION_TEXT, offsetof(struct init_config, store), NULL, 0, 0,
      "What the store is called in the project file; without it, as the database is.", 0, NULL, "NAME", 0 },
    { "output", BAU_OPTION_TEXT, offsetof(struct init_config, output), NULL, 0, 0,
      "A new file to write; without it the project file goes to standard output.", 0, NULL, "FILE", 'o' },
    { 0 },
};

/* The file must be new: O_EXCL, so that a project file in use is never overwritten. */
static bau_status open_new(const char *path, int *out, struct bau_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0) {
        *out = fd;
        return BAU_OK;
    }
    const int sys = errno;
    if (sys == EEXIST)
        return bau_error_set(err, BAU_E_USAGE, "%s is there already; move it away, or choose another file",
                             path);
    return bau_error_set(err, BAU_E_IO, "%s: %s", path, strerror(sys));
}

static bau_status write_new(int fd, const char *path, const struct bau_text *text, struct bau_error *err)
{
    size_t done = 0;
    while (done < text->len) {
        const ssize_t n = write(fd, text->data + done, text->len - done);
        if (n < 0 && errno != EINTR)
            return bau_error_set(err, BAU_E_IO, "%s: %s", path, strerror(errno));
        done += n < 0 ? 0 : (size_t)n;
    }
    return BAU_OK;
}

/* The file is made before the source is asked, so that a wrong path costs nothing, and goes again when that fails. */
static bau_status run_init(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct init_config *c = config;
    struct bau_report report = { 0 };
    int fd = -1;
    if (c->output)
        BAU_TRY(open_new(c->output, &fd, err));
    bau_status status = bau_init(c->from, c->store, &report, err);
    if (status == BAU_OK && c->output) {
        status = write_new(fd, c->output, &report.out, err);
        bau_text_release(&report.out);
    }
    if (status != BAU_OK)
        bau_text_release(&report.out); /* half a project file helps nobody */
    if (fd >= 0 && close(fd) != 0 && status == BAU_OK)
        status = bau_error_set(err, BAU_E_IO, "%s: %s", c->output, strerror(errno));
    if (status != BAU_OK && fd >= 0)
        unlink(c->output);
    status = show(cli, &report, status, err);
    if (status == BAU_OK && c->output) {
        BAU_AUTO_TEXT note = { 0 };
        bau_text_addf(&note, "%s is written; look for \"decide these\", then run `bauta check`", c->output);
        bau_cli_note(cli, note.data ? note.data : "");
    }
    return status;
}

/* ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

const struct bau_command bau_command_init = {
    .name = "init",
    .summary = "writes a commented project file from a live database",
    .description =
        "Reads the catalog of a live database (no row is read) and writes a project file in which every "
        "column "
        "is classified: columns that are surely personal get their masker, the others stand under the "
        "heading "
        "\"decide these\" with a suggestion.\n\nA URI with a password is refused, since every user of the "
        "machine can read a command line; put it into an environment variable and say env:NAME.",
    .options = init_options,
    .config_bytes = sizeof(struct init_config),
    .run = run_init,
};

const struct bau_command bau_command_check = {
    .name = "check",
    .summary = "validates the project file against the live catalogs",
    .description =
        "Connects to every source and target and compares the rules with what is there: fields "
        "without a rule, "
        "rules that match nothing, maskers that do not fit a key, a width or a type. All findings "
        "are shown at "
        "once, each with a suggestion. Of tables with a CHECK constraint over a masked field a few "
        "rows are read and masked, and the source's server evaluates the CHECK over them; no other "
        "row is read. Nothing is written.",
    .options = run_options,
    .config_bytes = sizeof(struct run_config),
    .run = run_check,
};

const struct bau_command bau_command_plan = {
    .name = "plan",
    .summary = "prints what a refresh would do, dataset by dataset",
    .description =
        "Shows per dataset the estimated rows and bytes, what happens to each field, how it is "
        "cut into parts and "
        "how long it may take; and what the target is. Reads no more than `bauta check` does, writes "
        "nothing.",
    .options = run_options,
    .limits = bau_limit_options,
    .config_bytes = sizeof(struct run_config),
    .run = run_plan,
};

const struct bau_command bau_command_refresh = {
    .name = "refresh",
    .summary = "source, masked, into a shadow, verified, switched",
    .description =
        "Takes one consistent snapshot of every source, masks it in flight, loads it beside the old target, "
        "builds indexes and constraints, verifies, and switches in one step. Whatever fails or stops before "
        "the "
        "switch leaves the old target serving. The previous target is kept for `bauta rollback`.\n\nCtrl-C "
        "and "
        "SIGTERM end the run cleanly within ten seconds. Only one run at a time may write a target.",
    .options = run_options,
    .limits = bau_limit_options,
    .config_bytes = sizeof(struct run_config),
    .run = run_refresh,
};

const struct bau_command bau_command_preview = {
    .name = "preview",
    .summary = "masked values beside the shapes of the originals",
    .description =
        "Reads one batch of each dataset, masks it as a refresh would, and shows per masked field: nulls, "
        "distinct values and lengths (shortest/median/longest) before and after, and samples of what comes "
        "out, beside the shape of what went in: L letters (L:Cyrl where they are not Latin), N numerals, P "
        "punctuation, S white space, each with its count. Nothing is written, and no target is asked unless "
        "the key is one per target.\n\nAn original is never shown. Words and numbers of a text that the "
        "masker "
        "left as they were stand as LLL and NNN, and so does a whole value that is unchanged.",
    .options = preview_options,
    .config_bytes = sizeof(struct preview_config),
    .run = run_preview,
};

const struct bau_command bau_command_explain = {
    .name = "explain",
    .summary = "why a row is in the subset, or is not",
    .description = "Works out the project's subset as a refresh would, from the keys alone, and prints the "
                   "shortest chain from "
                   "the row to where the subset starts: which row it depends on, or which kept row needs it. "
                   "Writes nothing.\n\n"
                   "Keys on the way are shown where they are whole numbers; others could be somebody's "
                   "address, and only their "
                   "length is told.",
    .options = explain_options,
    .limits = bau_limit_options,
    .config_bytes = sizeof(struct explain_config),
    .run = run_explain,
};

const struct bau_command bau_command_rollback = {
    .name = "rollback",
    .summary = "puts the previous staging back",
    .description =
        "Swaps every chosen target back to what it was before the last refresh. The source is not asked.",
    .options = run_options,
    .config_bytes = sizeof(struct run_config),
    .run = run_rollback,
};
