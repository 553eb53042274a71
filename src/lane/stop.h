/* How a run ends early: one flag, the first error, and the links that must be woken.
 *
 * A stop is asked for by bau_stop_fail (any thread), by SIGINT or SIGTERM, by the deadline of the run or by the age of
 * the source's snapshot. Whoever asks first decides the error. A watcher thread then interrupts every link on the list,
 * again every half second until its owner has taken it off: the interrupt may have hit between two calls.
 *
 * Threads: every function may be called from any thread but new and free, which belong to the main thread. */
#ifndef BAU_LANE_STOP_H
#define BAU_LANE_STOP_H

#include "bauta/connector.h"

struct bau_stop;

/* signals: SIGINT and SIGTERM stop the run (one such stop at a time in a process); the handlers that were there before
 * come back with bau_stop_free. A second signal changes nothing. */
bau_status bau_stop_new(bool signals, struct bau_stop **out, struct bau_error *err) BAU_MUST_CHECK;
void bau_stop_free(struct bau_stop *stop); /* takes NULL; no link may be on the list any more */

/* Keeps a copy of `err` when it is the first one, and stops. */
void bau_stop_fail(struct bau_stop *stop, const struct bau_error *err);
bool bau_stop_is(const struct bau_stop *stop);
/* BAU_OK, or the error that stopped the run, copied. A signal's error has the signal's number in err->sys. */
bau_status bau_stop_status(struct bau_stop *stop, struct bau_error *err) BAU_MUST_CHECK;

/* From now: BAU_E_DEADLINE after `timeout_ms`, BAU_E_SOURCE after `ms` of a held snapshot. 0: no limit. */
void bau_stop_deadline(struct bau_stop *stop, uint64_t timeout_ms);
void bau_stop_snapshot_age(struct bau_stop *stop, uint64_t ms);

/* Puts a link on the list, or takes it off; off returns only when no interrupt of it is under way, so that the link may
 * be closed then. A link put on after the stop is interrupted soon. BAU_E_NOMEM. */
bau_status bau_stop_link(struct bau_stop *stop, const struct bau_connector *connector, struct bau_link *link,
                         bool on, struct bau_error *err) BAU_MUST_CHECK;

/* Waits until `at_ms` (bau_now_ms) or the stop, whichever is first; true: stopped. */
bool bau_stop_wait_until(struct bau_stop *stop, uint64_t at_ms);

#endif
