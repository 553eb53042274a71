/* snapshot, restore, list, verify, inspect, prune: option rows, and the calls into src/refresh. */
#include <stdio.h>
#include <unistd.h>

#include "src/cli/cli.h"
#include "src/refresh/refresh.h"

#define SHELF(config, member) offsetof(config, shelf) + offsetof(struct bau_shelf_options, member)

/* What opens an archive, for the verbs that read. */
#define SHELF_OPTIONS(config)                                                                                \
    { "from",                                                                                                \
      BAU_OPTION_TEXT,                                                                                       \
      SHELF(config, from),                                                                                   \
      NULL,                                                                                                  \
      0,                                                                                                     \
      0,                                                                                                     \
      "Where archives lie, in place of the project file's `archive: { to: … }`.",                            \
      0,                                                                                                     \
      NULL,                                                                                                  \
      "PLACE",                                                                                               \
      0 },                                                                                                   \
        { "signed_by",                                                                                       \
          BAU_OPTION_TEXT,                                                                                   \
          SHELF(config, signed_by),                                                                          \
          NULL,                                                                                              \
          0,                                                                                                 \
          0,                                                                                                 \
          "Public key that the archive must be signed by.",                                                  \
          0,                                                                                                 \
          NULL,                                                                                              \
          "HEX",                                                                                             \
          0 },                                                                                               \
        { "passphrase",                                                                                      \
          BAU_OPTION_TEXT,                                                                                   \
          SHELF(config, passphrase),                                                                         \
          NULL,                                                                                              \
          0,                                                                                                 \
          0,                                                                                                 \
          "Passphrase that opens a sealed archive: env:NAME, file:PATH or command:COMMAND.",                 \
          0,                                                                                                 \
          NULL,                                                                                              \
          "REFERENCE",                                                                                       \
          0 },                                                                                               \
        { "unseal_key",                                                                                      \
          BAU_OPTION_TEXT,                                                                                   \
          SHELF(config, key),                                                                                \
          NULL,                                                                                              \
          0,                                                                                                 \
          0,                                                                                                 \
          "Key that opens a sealed archive: env:NAME, file:PATH or command:COMMAND.",                        \
          0,                                                                                                 \
          NULL,                                                                                              \
          "REFERENCE",                                                                                       \
          0 },                                                                                               \
    {                                                                                                        \
        "identity", BAU_OPTION_TEXT, SHELF(config, identity), NULL, 0, 0,                                    \
            "Private X25519 key in PEM of one the archive was sealed for: file:PATH, env:NAME or "           \
            "command:COMMAND.",                                                                              \
            0, NULL, "REFERENCE", 0                                                                          \
    }
#define RESUME_OPTION                                                                                        \
    {                                                                                                        \
        "resume", BAU_OPTION_BOOL, SHELF(struct work_config, resume), "false", 0, 0,                         \
            "Go on with what a run that died or was stopped has loaded of the same archive; without one, "   \
            "start anew.",                                                                                   \
            0, NULL, NULL, 0                                                                                 \
    }
#define UPDATE_OPTION                                                                                        \
    {                                                                                                        \
        "update", BAU_OPTION_BOOL, SHELF(struct work_config, update), "false", 0, 0,                         \
            "Bring a target that was restored from an archive of the same series to this one: its database " \
            "is copied inside the server, only tables that differ, or were changed since, are written in "   \
            "the copy, and the copy is switched in. Sessions of the target are ended and wait while it is "  \
            "copied. Where that cannot be done, all of it is loaded, and a warning says why.",               \
            0, NULL, NULL, 0                                                                                 \
    }
#define NAME_OPTION(config)                                                                                  \
    {                                                                                                        \
        "archive", BAU_OPTION_TEXT, SHELF(config, name), NULL, 0, 0,                                         \
            "Name of the archive, as bauta list shows it; without it, the latest.", BAU_OPTION_OPERAND,      \
            NULL, "ARCHIVE", 0                                                                               \
    }

struct work_config {          /* verbs that move rows */
    struct bau_limits limits; /* first: see bau_command.limits */
    struct bau_texts only;
    bool full;
    uint64_t expire_ms;
    struct bau_shelf_options shelf;
    struct bau_pull_options pull;
};
struct look_config { /* verbs that look at archives */
    struct bau_shelf_options shelf;
    bool all, dry_run, back;
    const char *file;
    uint64_t debris_ms;
};

static const struct bau_option snapshot_options[] = {
    { "only", BAU_OPTION_TEXTS, offsetof(struct work_config, only), NULL, 0, 0,
      "A store of the project file to archive; without it, all of them.", 0, NULL, "STORE", 0 },
    { "full", BAU_OPTION_BOOL, offsetof(struct work_config, full), "false", 0, 0,
      "Write every chunk anew, also those that an earlier archive has.", 0, NULL, NULL, 0 },
    { "expire", BAU_OPTION_DURATION, offsetof(struct work_config, expire_ms), "0s", 0, INT64_C(3155760000000),
      "How long it may be restored, such as 30d, in place of the project file's `archive: { expire: … }`; "
      "0s: as that says.",
      0, NULL, NULL, 0 },
    { 0 },
};
static const struct bau_option restore_options[] = {
    NAME_OPTION(struct work_config),
    { "only", BAU_OPTION_TEXTS, offsetof(struct work_config, only), NULL, 0, 0,
      "A store to restore; without it, every store of the archive that the project file names.", 0, NULL,
      "STORE", 0 },
    RESUME_OPTION,
    UPDATE_OPTION,
    SHELF_OPTIONS(struct work_config),
    { 0 },
};
static const struct bau_option pull_options[] = {
    NAME_OPTION(struct work_config),
    { "to", BAU_OPTION_TEXT, offsetof(struct work_config, pull) + offsetof(struct bau_pull_options, to), NULL,
      0, 0,
      "Where to: a store's URI without a password, or env:NAME, command:COMMAND that gives one; without it, "
      "the project "
      "file's target.",
      0, NULL, "STORE", 0 },
    { "subset", BAU_OPTION_TEXTS,
      offsetof(struct work_config, pull) + offsetof(struct bau_pull_options, subset), NULL, 0, 0,
      "Rows to start with, such as 'shop.public.customers: 1%'; what depends on them and what they need "
      "comes along.",
      0, NULL, "DATASET: PERCENT", 0 },
    { "only", BAU_OPTION_TEXTS, offsetof(struct work_config, only), NULL, 0, 0,
      "A store of the archive; without it, all of them.", 0, NULL, "STORE", 0 },
    RESUME_OPTION,
    UPDATE_OPTION,
    SHELF_OPTIONS(struct work_config),
    { 0 },
};
static const struct bau_option list_options[] = {
    { "from", BAU_OPTION_TEXT, SHELF(struct look_config, from), NULL, 0, 0,
      "Where archives lie, in place of the project file's `archive: { to: … }`.", 0, NULL, "PLACE", 0 },
    { 0 },
};
static const struct bau_option inspect_options[] = {
    NAME_OPTION(struct look_config),
    SHELF_OPTIONS(struct look_config),
    { 0 },
};
static const struct bau_option verify_options[] = {
    NAME_OPTION(struct look_config),
    { "all", BAU_OPTION_BOOL, offsetof(struct look_config, all), "false", 0, 0,
      "Every archive that is there.", 0, NULL, NULL, 0 },
    SHELF_OPTIONS(struct look_config),
    { 0 },
};
static const struct bau_option bundle_options[] = {
    { "bundle", BAU_OPTION_TEXT, offsetof(struct look_config, file), NULL, 0, 0,
      "The file, such as nightly.bauta.", BAU_OPTION_OPERAND | BAU_OPTION_REQUIRED, NULL, "BUNDLE", 0 },
    NAME_OPTION(struct look_config),
    { "unpack", BAU_OPTION_BOOL, offsetof(struct look_config, back), "false", 0, 0,
      "The other way: the file's archive into the place.", 0, NULL, NULL, 0 },
    { "from", BAU_OPTION_TEXT, SHELF(struct look_config, from), NULL, 0, 0,
      "Where archives lie, in place of the project file's `archive: { to: … }`.", 0, NULL, "PLACE", 0 },
    { 0 },
};
static const struct bau_option prune_options[] = {
    { "dry_run", BAU_OPTION_BOOL, offsetof(struct look_config, dry_run), "false", 0, 0,
      "Say what would go, and remove nothing.", 0, NULL, NULL, 0 },
    { "debris", BAU_OPTION_DURATION, offsetof(struct look_config, debris_ms), "24h", 0, INT64_MAX,
      "How old objects without an archive must be to count as left by a dead run.", 0, NULL, NULL, 0 },
    { 0 },
};

static bau_status show(const struct bau_cli *cli, struct bau_report *report, bau_status status,
                       struct bau_error *err)
{
    struct bau_error print;
    const bau_status printed = bau_cli_print(cli, &report->out, &print);
    if (report->findings.data && report->findings.len)
        fputs(report->findings.data, stderr);
    bau_report_release(report);
    if (status == BAU_OK && printed != BAU_OK) {
        *err = print;
        return printed;
    }
    return status;
}

static struct bau_run_options run_options_of(const struct work_config *c, const struct bau_cli *cli)
{
    return (struct bau_run_options){
        .stores = c->only,
        .lanes = c->limits.lanes,
        .rate_bytes = c->limits.rate_bytes,
        .timeout_ms = c->limits.timeout_ms,
        .snapshot_age_ms = c->limits.snapshot_age_ms,
        .json = cli->globals.json,
        .plain = cli->globals.quiet || cli->globals.log == BAU_CLI_LOG_JSON,
    };
}

static bau_status run_snapshot(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct work_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    const struct bau_run_options options = run_options_of(c, cli);
    BAU_TRY(bau_project_load(cli->globals.file, &project, err));
    bau_status status = bau_snapshot(project, &options, c->full, c->expire_ms, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

static bau_status run_restore(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct work_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    const struct bau_run_options options = run_options_of(c, cli);
    BAU_TRY(bau_project_load(cli->globals.file, &project, err));
    bau_status status = bau_restore(project, &options, &c->shelf, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

/* Who names the place needs no project file. */
static bau_status maybe_load(const struct bau_shelf_options *shelf, const struct bau_cli *cli,
                             struct bau_project **out, struct bau_error *err)
{
    *out = NULL;
    return shelf->from && access(cli->globals.file, F_OK) != 0
               ? BAU_OK
               : bau_project_load(cli->globals.file, out, err);
}

static bau_status run_pull(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct work_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    const struct bau_run_options options = run_options_of(c, cli);
    BAU_TRY(maybe_load(&c->shelf, cli, &project, err));
    bau_status status = bau_pull(project, &options, &c->shelf, &c->pull, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

static bau_status run_list(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct look_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    BAU_TRY(maybe_load(&c->shelf, cli, &project, err));
    bau_status status = bau_archive_list(project, &c->shelf, cli->globals.json, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

static bau_status run_inspect(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct look_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    BAU_TRY(maybe_load(&c->shelf, cli, &project, err));
    bau_status status = bau_archive_inspect(project, &c->shelf, cli->globals.json, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

static bau_status run_verify(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct look_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    BAU_TRY(maybe_load(&c->shelf, cli, &project, err));
    bau_status status = bau_archive_check(project, &c->shelf, c->all, cli->globals.json, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

static bau_status run_prune(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct look_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    BAU_TRY(bau_project_load(cli->globals.file, &project, err));
    bau_status status =
        bau_archive_tidy(project, &c->shelf, c->dry_run, c->debris_ms, cli->globals.json, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

static bau_status run_bundle(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct look_config *c = config;
    struct bau_project *project = NULL;
    struct bau_report report = { 0 };
    BAU_TRY(maybe_load(&c->shelf, cli, &project, err));
    bau_status status = bau_archive_bundle(project, &c->shelf, c->file, c->back, &report, err);
    status = show(cli, &report, status, err);
    bau_project_free(project);
    return status;
}

const struct bau_command bau_command_bundle = {
    .name = "bundle",
    .summary = "one archive as one file, and back",
    .description =
        "Writes everything one archive needs into one new file, for mail or a USB stick; with --unpack puts "
        "such a file's archive into the place. No key is needed: what is sealed stays sealed.",
    .options = bundle_options,
    .config_bytes = sizeof(struct look_config),
    .run = run_bundle,
};

const struct bau_command bau_command_snapshot = {
    .name = "snapshot",
    .summary = "sources, masked, into an archive",
    .description = "Takes one consistent snapshot of every source, masks it in flight and writes it as one "
                   "archive into the "
                   "place that `archive:` of the project file names: compressed, sealed for those it names, "
                   "signed. Chunks "
                   "that an earlier archive of the same key and recipients has are not written "
                   "again.\n\nUntil its manifest is "
                   "written, last, the archive does not exist: a run that fails or is killed leaves nothing "
                   "that could be "
                   "taken for one.",
    .options = snapshot_options,
    .limits = bau_limit_options,
    .config_bytes = sizeof(struct work_config),
    .run = run_snapshot,
};

const struct bau_command bau_command_restore = {
    .name = "restore",
    .summary = "an archive into the targets",
    .description =
        "Loads the stores of an archive into the targets of the project file, as a refresh does: beside the "
        "old "
        "target, verified, switched in one step. Every chunk is checked before a row of it is written; an "
        "archive "
        "that is damaged leaves the old target serving. Neither sources nor the masking key are needed.",
    .options = restore_options,
    .limits = bau_limit_options,
    .config_bytes = sizeof(struct work_config),
    .run = run_restore,
};

const struct bau_command bau_command_pull = {
    .name = "pull",
    .summary = "an archive, whole or in part, into any store",
    .description = "Loads an archive, or the part that --subset starts, into a store that need not stand in "
                   "the project file, such as "
                   "a developer's own. No credential of production and no masking key is needed; who has the "
                   "key gets the same rows at "
                   "every pull. Of the archive only the columns are read that the subset is worked out from, "
                   "then the parts that hold "
                   "kept rows.",
    .options = pull_options,
    .limits = bau_limit_options,
    .config_bytes = sizeof(struct work_config),
    .run = run_pull,
};

const struct bau_command bau_command_list = {
    .name = "list",
    .summary = "the archives that are there",
    .description =
        "Shows every archive: rows, bytes of values, bytes it added to the place, and its stores. Needs no "
        "key; an archive whose manifest is damaged is shown as such.",
    .options = list_options,
    .config_bytes = sizeof(struct look_config),
    .run = run_list,
};

const struct bau_command bau_command_inspect = {
    .name = "inspect",
    .summary = "what one archive holds",
    .description =
        "Shows signer and root of an archive, and of each store when it was taken, under which plan, and "
        "the rows and bytes of each dataset. Reads the manifest only.",
    .options = inspect_options,
    .config_bytes = sizeof(struct look_config),
    .run = run_inspect,
};

const struct bau_command bau_command_verify = {
    .name = "verify",
    .summary = "reads every byte of an archive and checks it",
    .description =
        "Checks the manifest's signature, its root, and of every chunk digest, seal, compression and "
        "contents. Needs no network but to the place itself. A fault ends it with exit code 9 and says "
        "where it lies.",
    .options = verify_options,
    .config_bytes = sizeof(struct look_config),
    .run = run_verify,
};

const struct bau_command bau_command_prune = {
    .name = "prune",
    .summary = "removes archives that need not be kept, and debris",
    .description = "Keeps what `archive: { keep: … }` asks for and always the latest archive; removes the "
                   "others, with the key "
                   "that only they held, then every object that no archive names and no run is writing.",
    .options = prune_options,
    .config_bytes = sizeof(struct look_config),
    .run = run_prune,
};
