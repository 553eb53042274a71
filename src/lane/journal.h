/* What a run did, one JSON object a line, for people and for a later resume: <state>/runs/<run id>.jsonl.
 *
 * <state> is $BAUTA_STATE, else $XDG_STATE_HOME/bauta, else ~/.local/state/bauta; folders are made with mode 0700, the
 * file with 0600. Like the log it takes names from schemas, numbers and durations; it has no way to write a value.
 * Threads: any; a line is one write(2) on a file opened for appending. */
#ifndef BAU_LANE_JOURNAL_H
#define BAU_LANE_JOURNAL_H

#include "bauta/log.h"
#include "bauta/mem.h"

struct bau_journal;

/* NULL when the folder or file cannot be made: a warning is logged and the run goes on. */
struct bau_journal *bau_journal_open(const char *run_id);
void bau_journal_close(struct bau_journal *journal);             /* takes NULL */
const char *bau_journal_path(const struct bau_journal *journal); /* NULL for NULL */

/* {"time":"2026-01-31T02:00:07Z","event":"part done","dataset":"public.orders","number":3,…} `journal` may be NULL. */
void bau_journal_items(struct bau_journal *journal, const char *event, const struct bau_log_item *items,
                       size_t n);
#define bau_journal_add(journal, event, ...)                                                                 \
    bau_journal_items((journal), (event), (const struct bau_log_item[]){ __VA_ARGS__ },                      \
                      sizeof((const struct bau_log_item[]){ __VA_ARGS__ }) / sizeof(struct bau_log_item))

#endif
