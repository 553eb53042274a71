/* One error type for the whole program: caller-owned, on the stack, never allocates.
 *
 * A function that can fail returns bau_status marked BAU_MUST_CHECK and fills `err` where the failure happens;
 * callers add context on the way up with BAU_TRY_NOTE, the top reports once. The text never holds a row's value.
 *
 * Threads: an error belongs to the thread whose stack it lies on. */
#ifndef BAUTA_ERROR_H
#define BAUTA_ERROR_H

#include "base.h"

/* status, exit code, one sentence for the README */
#define BAU_STATUS_LIST(X)                                                                                   \
    X(BAU_OK, 0, "done")                                                                                     \
    X(BAU_E_BUG, 1, "an invariant of bauta was found broken")                                                \
    X(BAU_E_NOMEM, 1, "memory ran out")                                                                      \
    X(BAU_E_IO, 1, "a local file or pipe failed")                                                            \
    X(BAU_E_USAGE, 2, "the command line or the project file is wrong")                                       \
    X(BAU_E_POLICY, 3, "a field has no rule, or the source drifted from the rules")                          \
    X(BAU_E_APPROVAL, 4, "the approval is missing or stale")                                                 \
    X(BAU_E_SOURCE, 5, "the source is unavailable")                                                          \
    X(BAU_E_TARGET, 6, "the target is unavailable")                                                          \
    X(BAU_E_DATA, 7, "data does not conform to a rule")                                                      \
    X(BAU_E_LIMIT, 7, "a value is larger than bauta accepts")                                                \
    X(BAU_E_VERIFY, 8, "verification failed, target left as it was; or a step after the switch failed")      \
    X(BAU_E_INTEGRITY, 9, "a digest or signature does not match")                                            \
    X(BAU_E_LOCKED, 10, "another run holds the lock")                                                        \
    X(BAU_E_REFUSED, 11, "the target was refused")                                                           \
    X(BAU_E_DEADLINE, 124, "the deadline passed")                                                            \
    X(BAU_E_CANCELLED, 130, "the run was stopped by a signal")

typedef enum {
#define BAU_STATUS_ENUM(name, exit_code, sentence) name,
    BAU_STATUS_LIST(BAU_STATUS_ENUM)
#undef BAU_STATUS_ENUM
} bau_status;

/* Whether the same work may pass when tried again; decided where the failure is known. */
typedef enum {
    BAU_RETRY_NO,        /* it would fail again */
    BAU_RETRY_BACKOFF,   /* the same connection may serve: deadlock, serialization, too busy */
    BAU_RETRY_RECONNECT, /* a new connection is needed: connection lost, server restarting */
} bau_retry;

struct bau_error {
    bau_status code;
    bau_retry retry;
    int sys;          /* errno, or 0 */
    char sqlstate[6]; /* five characters and NUL, or empty */
    uint16_t len;     /* bytes in text */
    char text[490];   /* NUL terminated, cut at a character when too long */
};

/* Sets code and text, clears the rest. Returns `code`, so that `return bau_error_set(...)` reads well.
 * err may be NULL (then only the code travels). */
bau_status bau_error_set(struct bau_error *err, bau_status code, const char *format, ...) BAU_PRINTF(3, 4);
/* Puts "context: " before the text. Keeps code, retry, sys and sqlstate. */
void bau_error_note(struct bau_error *err, const char *format, ...) BAU_PRINTF(2, 3);
/* The process exit code of a status, and its one sentence. */
int bau_status_exit(bau_status code);
const char *bau_status_name(bau_status code);
const char *bau_status_sentence(bau_status code);

#define BAU_TRY(call)                                                                                        \
    do {                                                                                                     \
        const bau_status bau_try_status = (call);                                                            \
        if (bau_try_status != BAU_OK)                                                                        \
            return bau_try_status;                                                                           \
    } while (0)

#define BAU_TRY_NOTE(call, err, ...)                                                                         \
    do {                                                                                                     \
        const bau_status bau_try_status = (call);                                                            \
        if (bau_try_status != BAU_OK) {                                                                      \
            bau_error_note((err), __VA_ARGS__);                                                              \
            return bau_try_status;                                                                           \
        }                                                                                                    \
    } while (0)

#endif
