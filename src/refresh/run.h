/* What the verbs share: the stores of a run with their two ends opened, catalogs and plans. Main thread. */
#ifndef BAU_REFRESH_RUN_H
#define BAU_REFRESH_RUN_H

#include "src/lane/journal.h"
#include "src/lane/lane.h"
#include "src/lane/progress.h"
#include "src/lane/stop.h"
#include "src/refresh/refresh.h"

struct bau_end { /* source or target of one store */
    struct bau_run_store *of;
    bool write;
    struct bau_secret *uri;
    const struct bau_connector *connector;
    const void *config;
    struct bau_side *side;
    const char *identity; /* "" until known */
    bool given; /* connector and config were set by the verb: no URI, the project file says nothing */
    bool quiet; /* tidying up after a stop: no more interrupts */
};

struct bau_run_store {
    struct bau_run *run;
    const struct bau_store *store;
    struct bau_end source, target;
    struct bau_catalog *catalog;
    struct bau_plan *plan;
    struct bau_target_facts facts;
    struct bau_parts parts;
    struct bau_chosen *chosen; /* NULL: every row of every dataset */
    struct bau_progress *progress;
    uint64_t *rows;       /* committed, per dataset */
    uint64_t *there_rows; /* of those, what the target had before; NULL: nothing */
    uint32_t n_there;     /* parts that were not read for it */
    uint64_t elapsed_ms, bytes;
    bool prepared, switched;
};

struct bau_run {
    const struct bau_project *project; /* NULL for init */
    const struct bau_run_options *options;
    struct bau_report *report;
    struct bau_arena *arena;
    char id[17];
    uint32_t lanes;
    bool sources_only; /* targets are not opened */
    struct bau_stop *stop;
    struct bau_journal *journal;
    struct bau_keys *keys;
    uint32_t n_stores;
    struct bau_run_store *stores;
    struct bau_selection *selection; /* NULL: the project file has no `subset:` */
    struct bau_subset *subset;       /* over all stores */
    bau_status (*compiled)(struct bau_run *run,
                           struct bau_error *err); /* the verb's, when plans are there; NULL: none */
    void *verb;                                    /* what it needs */
    bool no_after;                                 /* `after:` is not for this verb */
    uint32_t n_findings;
    struct bau_text findings_json; /* rows of an array, each with a comma in front */
};

/* Run id, stop and the list of chosen stores; nothing is opened yet. */
bau_status bau_run_begin(struct bau_run *run, const struct bau_project *project,
                         const struct bau_run_options *options, struct bau_report *report,
                         struct bau_error *err) BAU_MUST_CHECK;
/* Gives up what was not switched, closes and frees everything; takes a half-made run. Returns `status`, or, when a stop
 * ended the run, the stop's status with its error. */
bau_status bau_run_end(struct bau_run *run, bau_status status, struct bau_error *err);

bau_status bau_end_open(struct bau_end *end, struct bau_error *err) BAU_MUST_CHECK;
void bau_end_close(struct bau_end *end);
struct bau_watch bau_end_watch(struct bau_end *end);
/* Options of a store from the project file, checked against the connector's table. */
bau_status bau_end_bind(struct bau_end *end, struct bau_error *err) BAU_MUST_CHECK;

/* Sources opened, catalogs read, targets opened (a store without one: error when `need_targets`), identities. */
bau_status bau_run_connect(struct bau_run *run, bool need_targets, struct bau_error *err) BAU_MUST_CHECK;
/* Keys and plans of every store; findings go to the report. */
bau_status bau_run_compile(struct bau_run *run, struct bau_error *err) BAU_MUST_CHECK;
/* refresh.c ─ from the secrets to the switch: the whole of a refresh, a snapshot or a restore. */
bau_status bau_run_refresh(struct bau_run *run, struct bau_error *err) BAU_MUST_CHECK;
/* The end of one: findings as JSON, everything closed, the journal's last line. Returns what bau_run_end does. */
bau_status bau_run_refreshed(struct bau_run *run, bau_status status, struct bau_error *err);
/* {"status", "exit", "findings"} in place of the lines for people. */
void bau_run_findings_json(struct bau_run *run, bau_status status);
/* simulate.c: masks a sample of every table with a CHECK over a masked field and asks the source's server what it says of it.
 * BAU_E_USAGE when rules break one; findings go to the report. After compile. */
bau_status bau_run_simulate(struct bau_run *run, struct bau_error *err) BAU_MUST_CHECK;
void bau_run_finding(struct bau_run *run, const struct bau_finding *finding);

/* select.c ─ `subset:` against the catalogs, and its conditions and expressions against the servers, which read one row each;
 * findings go to the report. Nothing to do without a subset. After compile. */
bau_status bau_run_select(struct bau_run *run, struct bau_error *err) BAU_MUST_CHECK;
/* choose.c ─ reads the key columns of every dataset that the subset reaches and works out which rows are kept. Parts of every
 * store are made, those without kept rows left out. After select. */
bau_status bau_run_choose(struct bau_run *run, struct bau_error *err) BAU_MUST_CHECK;
/* Starting rows by list: one bit a row into `out` (n_rows / 64 + 1 words). */
struct bau_listed;
bau_status bau_listed_new(const struct bau_from_rule *from, struct bau_listed **out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_listed_free(struct bau_listed *listed); /* takes NULL */
bau_status bau_listed_rows(struct bau_listed *listed, const struct bau_subset_dataset *node,
                           const struct bau_column *const *columns, uint32_t n_rows, uint64_t *out,
                           struct bau_error *err) BAU_MUST_CHECK;
/* A key as the project file and the command line write it: its columns, NUL between them. */
void bau_key_text(const struct bau_subset_dataset *node, const struct bau_column *const *columns,
                  uint32_t row, struct bau_text *out);

/* The first pass, for maskers that look at all values before they mask; nothing to do when the plan has none. */
bau_status bau_run_look(struct bau_run_store *store, struct bau_error *err) BAU_MUST_CHECK;

/* again.c: parts whose rows the target has already are taken off the list. After target_begin. */
bau_status bau_run_there(struct bau_run_store *store, struct bau_error *err) BAU_MUST_CHECK;

/* `after:` steps in order. */
bau_status bau_run_after(struct bau_run *run, struct bau_error *err) BAU_MUST_CHECK;
/* POST of a JSON text; `where` is the secret reference of the URL. */
bau_status bau_webhook(const char *where, const char *body, uint64_t timeout_ms, struct bau_stop *stop,
                       struct bau_error *err) BAU_MUST_CHECK;

/* "1.2 GB", "812 345", for tables. */
const char *bau_size_text(uint64_t bytes, char out[32]);
const char *bau_count_text(uint64_t n, char out[32]);
/* `text` in at most `columns` columns, cut with an ellipsis, filled with blanks when `fill`. */
void bau_text_add_column(struct bau_text *out, const char *text, uint32_t columns, bool fill);

#endif
