/* What the files of the target's half share.
 *
 * Order of a refresh: facts, prepare (guard, lock, debris), begin (shadow, objects before data), links and writers,
 * finish (objects after data), switch. side->main is the connection to the maintenance database; it holds the lock for
 * as long as it lives. target->load is the connection to the shadow (or, with switch: schema, to the target database,
 * with the one transaction open).
 *
 * The mark of a database says what bauta made of it: "<run id> <role> <unix time>[ <content>]", role one of current,
 * previous, shadow; resume.c and update.c tell the content. It lies in the database's setting bauta.mark, or, for accounts that may not set it (only superusers may), at
 * the end of the database's comment as "[bauta <mark>]".
 *
 * Threads: the main thread, but for struct pg_report and the links, which finish shares with its job threads. */
#ifndef BAU_PG_TARGET_H
#define BAU_PG_TARGET_H

#include <jansson.h>

#include "pg.h"

#define PG_NAME_ROOM 64 /* NAMEDATALEN: 63 bytes and NUL */

/* script.c ─ the plain text of pg_dump cut into entries. */
typedef enum { PG_SECTION_PRE, PG_SECTION_POST } pg_section;
struct pg_entry {
    const char *type;           /* "TABLE", "FK CONSTRAINT", … */
    const char *name;           /* as pg_dump's header tells it */
    const char *schema, *owner; /* NULL when there is none */
    const char *settings;       /* SET lines in force for it (tablespace, access method); "" when none */
    const char *sql;
    pg_section section;
};
struct pg_script {
    uint32_t n;
    struct pg_entry *entries;
    const char *preamble; /* SET lines for a session, without what could change search_path */
};
/* Texts lie in `arena`. BAU_E_BUG when a quote or comment does not end. */
bau_status pg_script_parse(const char *text, size_t len, struct bau_arena *arena, struct pg_script *out,
                           struct bau_error *err) BAU_MUST_CHECK;

/* One token of SQL: a word or number, a quoted identifier, a string of any kind, or one other character. Blanks and
 * comments are passed over. */
typedef enum {
    PG_TOKEN_END,
    PG_TOKEN_WORD,
    PG_TOKEN_QUOTED,
    PG_TOKEN_STRING,
    PG_TOKEN_OTHER,
    PG_TOKEN_OPEN
} pg_token_kind;
struct pg_token {
    pg_token_kind kind; /* OPEN: a quote or comment that the text does not end */
    size_t at, len;     /* with its quotes */
};
struct pg_token pg_token_next(const char *text, size_t len, size_t from);
bool pg_token_is(const char *text, const struct pg_token *token, const char *word); /* unquoted, any case */
/* The identifier a WORD or QUOTED token stands for, in `arena`. */
char *pg_token_name(const char *text, const struct pg_token *token, struct bau_arena *arena);
/* Where the statement that starts at `from` ends, its semicolon included. */
size_t pg_statement_end(const char *text, size_t len, size_t from);

/* roles.c ─ what happens to role names inside an entry. */
typedef enum { PG_ROLE_KEEP, PG_ROLE_RENAME, PG_ROLE_DROP } pg_role_do;
struct pg_roles { /* decides about one role; `out_name` for RENAME */
    void *self;
    pg_role_do (*decide)(void *self, const char *role, const char **out_name);
};
/* The entry's SQL with each role kept, renamed, or the statement that names it dropped (of a role list: that role). */
bau_status pg_roles_rewrite(const char *sql, const struct pg_roles *roles, struct bau_arena *arena,
                            const char **out, struct bau_error *err) BAU_MUST_CHECK;

/* The report of objects that could not be made; any thread. */
struct pg_report {
    const struct bau_side *side;
    const struct bau_texts *waive;
    pthread_mutex_t mutex; /* guards the rest */
    uint32_t n, n_unwaived;
    struct bau_text list;   /* the unwaived ones, for the error */
    struct bau_text tables; /* those that are waived and were not made: names, NUL behind each */
};

/* What a run goes on with; see resume.c and update.c. */
struct pg_there { /* a part that is there */
    uint32_t dataset, number;
    uint64_t rows;
};
struct pg_again {
    bool
        resumed; /* the shadow is that of a run that died, or a copy; objects that are there are no failure */
    bool ready;  /* and it lacked only the switch */
    bool recorded; /* the shadow holds the record of its parts */
    uint32_t n_there, n_enable;
    const bool *kept;       /* by dataset: a table of the copy that stays as it is; NULL: no copy */
    const char **enable;    /* n_enable statements: triggers of the others */
    const char *serves;     /* the content of the mark after the switch; NULL: none */
    struct pg_there *there; /* by dataset and number */
};
struct pg_target {
    struct bau_arena *arena;
    json_t *blob; /* the source's schema text, see README.md */
    struct pg_script script;
    PGconn *load;
    bool locked, made_shadow, in_transaction; /* in_transaction: load holds the one of switch: schema */
    const struct bau_content *content;        /* NULL: nobody will ask for it again */
    struct pg_again again;
    uint32_t n_roles;
    const char **roles; /* of the target server */
    struct pg_report report;
};

/* target.c */
struct pg_target *pg_target_of(struct bau_side *side); /* made on first use; NULL when memory ran out */
bau_status pg_target_main(struct bau_side *side, struct bau_error *err)
    BAU_MUST_CHECK; /* side->main is there */
bool pg_by_schema(const struct bau_side *side);
bau_status pg_target_lock(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
/* Makes the objects that come before the data through target->load, and maps the types. */
bau_status pg_make_bare(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
    BAU_MUST_CHECK;
/* What PUBLIC may do in schema public before the script changes it: pg_dump writes privileges as differences from what
 * servers of its own major start with. True: create objects, as it was before 15. */
bool pg_public_open(const struct bau_side *side);
bau_status pg_load_settings(const struct bau_side *side, PGconn *conn, struct bau_error *err) BAU_MUST_CHECK;

/* blob.c ─ the source's schema text taken apart: script, side->tables, side->types; then side->oids. */
bau_status pg_target_load(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
    BAU_MUST_CHECK;
bau_status pg_target_map_types(struct bau_side *side, PGconn *conn, struct bau_error *err) BAU_MUST_CHECK;

/* marks.c ─ names and marks of sibling databases. */
/* "<final>__bauta_<word>_<run id>", cut to fit; a final name that had to be cut is told apart by a hash. */
void pg_sibling(const char *final, const char *word, const char *run_id, char out[PG_NAME_ROOM]);
bool pg_is_sibling(const char *final, const char *word, const char *name);
struct pg_mark {
    bool there;
    char run_id[17], role[10];
    uint64_t time;       /* unix seconds */
    const char *content; /* NULL: none */
};
struct pg_database { /* one row of pg_database, with its mark */
    char name[PG_NAME_ROOM], oid[16];
    bool allows_connections;
    struct pg_mark mark;
};
/* Every database of the server; arena rows. */
bau_status pg_databases(struct bau_side *side, struct bau_arena *arena, struct pg_database **out,
                        uint32_t *out_n, struct bau_error *err) BAU_MUST_CHECK;
/* Appends the statement that marks `database`, which by the time it runs is called `now_named`. */
bau_status pg_mark_sql(struct bau_side *side, const char *database, const char *now_named,
                       const struct pg_mark *mark, struct bau_text *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* A mark of this moment. */
struct pg_mark pg_mark_now(const char *run_id, const char *role, const char *content);
size_t pg_comment_len(const char *comment); /* without a mark */
bau_status pg_drop_database(struct bau_side *side, const char *name, struct bau_error *err) BAU_MUST_CHECK;
/* Ends other sessions of a database; tells nothing, the caller sees who is left. */
void pg_end_sessions(struct bau_side *side, PGconn *conn, const char *name);

/* objects.c ─ entries made one by one. */
void pg_report_init(struct pg_report *report, const struct bau_side *side, const struct bau_texts *waive);
void pg_report_release(struct pg_report *report);
void pg_report_add(struct pg_report *report, const char *kind, const char *name, const char *sqlstate,
                   const char *words);
bau_status pg_report_status(struct pg_report *report, struct bau_error *err) BAU_MUST_CHECK;
/* A table that is waived and was not made. */
bool pg_target_lacks(struct bau_side *side, const struct bau_dataset *dataset);
/* Runs an entry by the owner policy. A failure of the object goes into the report; only a lost connection, memory or a
 * stop is an error. `sees_rows`: the server's words could quote a row. `out_failed` may be NULL. */
bau_status pg_make_entry(struct bau_side *side, PGconn *conn, const struct pg_entry *entry, const char *sql,
                         bool sees_rows, bool *out_failed, struct bau_error *err) BAU_MUST_CHECK;
bool pg_entry_skipped(const struct bau_side *side, const struct pg_entry *entry);
/* Reads the target's roles and reports those that the owner policy needs and does not find. */
bau_status pg_prepare_roles(struct bau_side *side, PGconn *conn, struct bau_error *err) BAU_MUST_CHECK;
bool pg_role_exists(const struct bau_side *side, const char *role);
/* By the owner policy: the name to use, NULL when there is none. */
const char *pg_role_for(const struct bau_side *side, const char *role);

/* large.c ─ the table that holds large objects while they travel, and the objects made of it. */
bau_status pg_large_begin(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
bau_status pg_large_finish(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
    BAU_MUST_CHECK;
/* finish.c ─ makes every object that comes after the data and takes it all back, while the tables are empty: what the
 * target's server does not know is in the report before a row is read. */
bau_status pg_target_rehearse(struct bau_side *side, const struct bau_target_plan *plan,
                              struct bau_error *err) BAU_MUST_CHECK;

/* jobs.c */
struct pg_job {
    const struct pg_entry *entry;
    const char *sql;  /* instead of the entry's; NULL: the entry's */
    uint32_t dataset; /* of the table it locks, or BAU_NO_DATASET */
    uint64_t weight;  /* larger ones start first */
    uint32_t order;   /* set by pg_jobs_run */
    bool exclusive;   /* no other job may work on the table meanwhile */
    bool sees_rows;   /* see pg_make_entry */
    bool started;
};
/* Runs all of them on plan->jobs connections; reorders `jobs`. What an object's making says goes into the report. */
bau_status pg_jobs_run(struct bau_side *side, const struct bau_target_plan *plan, const char *phase,
                       struct pg_job *jobs, uint32_t n, struct bau_error *err) BAU_MUST_CHECK;

/* resume.c ─ what a run that died has loaded. */
/* The shadow among the databases that this run goes on with, as `*out`; NULL: there is none. */
bau_status pg_resume_find(struct bau_side *side, const struct pg_database *list, uint32_t n,
                          const struct pg_database **out, struct bau_error *err) BAU_MUST_CHECK;
/* In place of making the shadow. */
bau_status pg_resume_begin(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
    BAU_MUST_CHECK;
/* The record of parts: made once the bare objects are there, a row in each part's transaction, gone before event triggers. */
bau_status pg_record_begin(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
bau_status pg_record_part(const struct bau_side *side, PGconn *conn, const struct bau_part *part,
                          uint64_t rows, struct bau_error *err) BAU_MUST_CHECK;
bau_status pg_record_end(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
/* All that is left is the switch: the mark says so. */
bau_status pg_record_ready(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
/* A part whose rows are there, room for all of them on the first call; then in order. */
bau_status pg_add_there(struct bau_side *side, uint32_t dataset, uint32_t number, uint64_t rows,
                        uint32_t room, struct bau_error *err) BAU_MUST_CHECK;
void pg_sort_there(struct bau_side *side);
/* Tables that are not in the shadow, into the report. */
bau_status pg_report_missing(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
    BAU_MUST_CHECK;
/* The object is there because a run before this one made it. */
bool pg_made_before(const struct bau_side *side, const struct pg_entry *entry, const char *sqlstate);

/* update.c ─ a shadow made of what the target serves. */
/* In place of making the shadow; `*out_done` false: it is to be made anew, and the log says why. */
bau_status pg_update_begin(struct bau_side *side, const struct bau_target_plan *plan, bool *out_done,
                           struct bau_error *err) BAU_MUST_CHECK;
/* Triggers that were off while rows came. */
bau_status pg_update_triggers(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
bool pg_kept(const struct bau_side *side, uint32_t dataset); /* takes BAU_NO_DATASET */
/* What the mark will say of a finished shadow. */
bau_status pg_serves_note(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;

/* switch.c */
/* Runs one statement on side->main while other sessions of the final database are ended. A stop cancels it. */
bau_status pg_alone(struct bau_side *side, const char *sql, struct bau_error *err) BAU_MUST_CHECK;

/* settings.c ─ what CREATE DATABASE and ALTER DATABASE carry. */
bau_status pg_create_shadow(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
/* Its comment and its mark. */
bau_status pg_mark_shadow(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
/* Owner, privileges, settings and connection limit of the source's database, put on the shadow; refusals are reported. */
bau_status pg_database_facts(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;

/* schema_switch.c ─ switch: schema. begin opens target->load with the one transaction in it. */
bau_status pg_schema_begin(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
    BAU_MUST_CHECK;
/* A schema is there again: takes its extensions back from the previous one. */
bau_status pg_schema_made(struct bau_side *side, const char *schema, struct bau_error *err) BAU_MUST_CHECK;
bau_status pg_schema_marked(struct bau_side *side, bool *out, struct bau_error *err) BAU_MUST_CHECK;
bau_status pg_schema_switch(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;
bau_status pg_schema_rollback(struct bau_side *side, struct bau_error *err) BAU_MUST_CHECK;

#endif
