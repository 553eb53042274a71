/* The verbs that work on a project: what the command line calls. Nothing here prints; what a person or a program is to
 * read comes back as text in a report.
 *
 * A refresh, in order: resolve secrets, open every source and target, catalogs, compile every plan, try CHECK constraints
 * on a sample of masked rows: nothing has been written so far, and any finding ends it here. Then every target is prepared (guard, lock), and store by store:
 * schema, parts, shadow, lanes, source released, shadow finished. When all stores are ready, each is switched; then the
 * `after:` steps. A failure or a stop before the first switch leaves every old target serving. */
#ifndef BAU_REFRESH_H
#define BAU_REFRESH_H

#include "src/rule/rule.h"

struct bau_run_options {
    struct bau_texts stores;                          /* only these; n 0: all */
    uint32_t lanes;                                   /* 0: as the project file says */
    uint64_t rate_bytes, timeout_ms, snapshot_age_ms; /* 0: as the project file says */
    uint32_t batch_rows; /* 0: the usual; $BAUTA_BATCH_ROWS when that is set (tests cut batches oddly) */
    bool json;           /* report->out as one JSON document */
    bool plain;          /* no live display, even on a terminal */
};

struct bau_report {
    struct bau_text out;      /* for standard output */
    struct bau_text findings; /* for standard error: one line a finding, suggestions indented below */
};
void bau_report_release(struct bau_report *report);

/* All of these fill `report` also when they fail. SIGINT and SIGTERM end them with BAU_E_CANCELLED. */
bau_status bau_refresh(const struct bau_project *project, const struct bau_run_options *options,
                       struct bau_report *report, struct bau_error *err) BAU_MUST_CHECK;
/* Rules against the live catalogs: findings only. Reads a sample of the tables whose CHECK constraints
 * speak of masked fields, no other row; writes nothing. */
bau_status bau_check(const struct bau_project *project, const struct bau_run_options *options,
                     struct bau_report *report, struct bau_error *err) BAU_MUST_CHECK;
/* What a refresh would do. Reads what bau_check reads, writes nothing. */
bau_status bau_plan_report(const struct bau_project *project, const struct bau_run_options *options,
                           struct bau_report *report, struct bau_error *err) BAU_MUST_CHECK;
struct bau_preview_options {
    struct bau_texts datasets; /* selectors: STORE, STORE.DATASET with wildcards; n 0: all */
    uint32_t rows;             /* of each, at most BAU_BATCH_ROWS */
    uint32_t least;            /* a shape that fewer originals share is not shown */
};
/* Masks one batch of every chosen dataset and shows masked values beside the shapes of the originals; see shape.h. Writes
 * nothing, and asks no target unless the key depends on it. */
bau_status bau_preview(const struct bau_project *project, const struct bau_run_options *options,
                       const struct bau_preview_options *what, struct bau_report *report,
                       struct bau_error *err) BAU_MUST_CHECK;
/* Why the row of `dataset` ("shop.public.orders") with this key (a text a column) is kept by the project's subset, or is not.
 * Reads keys as a refresh would, writes nothing. */
bau_status bau_explain(const struct bau_project *project, const struct bau_run_options *options,
                       const char *dataset, const struct bau_texts *key, struct bau_report *report,
                       struct bau_error *err) BAU_MUST_CHECK;
struct bau_shelf_options {   /* where archives are and what opens them; NULL: as the project file says */
    const char *from, *name; /* name NULL: the latest */
    const char *passphrase, *key, *identity, *signed_by;
    bool resume, update; /* what a run that died has loaded, or what the target serves, is not read again */
};
/* shelf.c. `project` may be NULL where `from` is given. */
bau_status bau_archive_list(const struct bau_project *project, const struct bau_shelf_options *shelf,
                            bool json, struct bau_report *report, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_archive_inspect(const struct bau_project *project, const struct bau_shelf_options *shelf,
                               bool json, struct bau_report *report, struct bau_error *err) BAU_MUST_CHECK;
/* `all`: every archive there, not one. */
bau_status bau_archive_check(const struct bau_project *project, const struct bau_shelf_options *shelf,
                             bool all, bool json, struct bau_report *report, struct bau_error *err)
    BAU_MUST_CHECK;
bau_status bau_archive_tidy(const struct bau_project *project, const struct bau_shelf_options *shelf,
                            bool dry_run, uint64_t debris_ms, bool json, struct bau_report *report,
                            struct bau_error *err) BAU_MUST_CHECK;
/* Every chosen store, masked, into one new archive. `full`: no chunk of an earlier one is used again; `expire_ms`: how long it
 * may be restored, 0: as the project file says. */
bau_status bau_snapshot(const struct bau_project *project, const struct bau_run_options *options, bool full,
                        uint64_t expire_ms, struct bau_report *report, struct bau_error *err) BAU_MUST_CHECK;
/* Stores of an archive into the targets of the project file, as a refresh would. */
bau_status bau_restore(const struct bau_project *project, const struct bau_run_options *options,
                       const struct bau_shelf_options *shelf, struct bau_report *report,
                       struct bau_error *err) BAU_MUST_CHECK;
/* One archive as one new file; and such a file's archive into the place. */
bau_status bau_archive_bundle(const struct bau_project *project, const struct bau_shelf_options *shelf,
                              const char *path, bool back, struct bau_report *report, struct bau_error *err)
    BAU_MUST_CHECK;
struct bau_pull_options {
    struct bau_texts subset; /* "STORE.DATASET: PERCENT%": rows to start with; n 0: everything */
    const char *to; /* a store's URI, or env:NAME, command:… that gives one; NULL: the project's target */
};
/* The same, whole or in part, into any store. `project` may be NULL where shelf->from and pull->to are given. */
bau_status bau_pull(const struct bau_project *project, const struct bau_run_options *options,
                    const struct bau_shelf_options *shelf, const struct bau_pull_options *pull,
                    struct bau_report *report, struct bau_error *err) BAU_MUST_CHECK;
/* Every chosen store's target back to what it was before the last switch. */
bau_status bau_rollback(const struct bau_project *project, const struct bau_run_options *options,
                        struct bau_report *report, struct bau_error *err) BAU_MUST_CHECK;
/* A commented project file for one source. `from`: a secret reference (env:NAME, file:PATH, command:…) or a URI without
 * a password; one with a password is refused, since every user of the machine can read a command line. `store` may be
 * NULL: named after the database. */
bau_status bau_init(const char *from, const char *store, struct bau_report *report, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
