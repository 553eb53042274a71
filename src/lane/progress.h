/* How far the refresh of one store is: counters that lanes raise and a display reads, and the display itself.
 *
 * Threads: counters are relaxed atomics, any thread; new, free, show and hide belong to the main thread. */
#ifndef BAU_LANE_PROGRESS_H
#define BAU_LANE_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>

#include "bauta/connector.h"

typedef enum { BAU_PROGRESS_WAITING, BAU_PROGRESS_WORKING, BAU_PROGRESS_DONE } bau_progress_state;

struct bau_progress_dataset {
    const char *name; /* of the catalog; borrowed */
    uint64_t est_rows, est_bytes;
    uint32_t n_parts; /* 0: nothing to read */
    _Atomic uint64_t rows, bytes;
    _Atomic uint32_t parts_begun, parts_done;
};

struct bau_progress {
    const char *store;
    uint64_t started_ms;
    uint32_t n_lanes, n_datasets;
    struct bau_progress_dataset *datasets; /* catalog order */
    bool say_done;                         /* log one line per finished dataset: no live display */
    _Atomic uint32_t lanes_busy, retries;
    pthread_mutex_t lock; /* guards the phase */
    char phase[64], object[160];
    uint64_t phase_done, phase_total;
};

/* Borrows names from the catalog. */
bau_status bau_progress_new(const struct bau_catalog *catalog, const struct bau_parts *parts,
                            uint32_t n_lanes, struct bau_progress **out, struct bau_error *err)
    BAU_MUST_CHECK;
void bau_progress_free(struct bau_progress *progress); /* takes NULL */

/* `progress` may be NULL in all of these. */
void bau_progress_part_begin(struct bau_progress *progress, uint32_t dataset);
void bau_progress_add(struct bau_progress *progress, uint32_t dataset, uint64_t rows, uint64_t bytes);
/* A part rolled back: what it had added no longer counts. */
void bau_progress_take_back(struct bau_progress *progress, uint32_t dataset, uint64_t rows, uint64_t bytes);
void bau_progress_part_done(struct bau_progress *progress, uint32_t dataset);
void bau_progress_lane(struct bau_progress *progress, bool busy);
/* A step of bau_watch: "indexes" "orders_pkey" 3 of 16. */
void bau_progress_phase(struct bau_progress *progress, const char *phase, const char *object, uint64_t done,
                        uint64_t total);

bau_progress_state bau_progress_state_of(const struct bau_progress_dataset *d);
double bau_progress_fraction(const struct bau_progress_dataset *d); /* 0..1; 1 only when done */

struct bau_progress_total {
    uint64_t rows, bytes;
    uint32_t datasets, datasets_done, lanes_busy;
    double fraction;
    uint64_t elapsed_ms, left_ms; /* left: 0 unknown */
};
struct bau_progress_total bau_progress_sum(const struct bau_progress *progress, uint64_t now_ms);

/* ── display ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct bau_display;
/* Live when `fd` is a terminal that can move its cursor; log lines otherwise, or when `plain`. `progress` is borrowed
 * until hide. A display that cannot start is no failure: *out is NULL then and log lines take its place. */
void bau_display_show(struct bau_progress *progress, int fd, bool plain, struct bau_display **out);
void bau_display_hide(struct bau_display *display); /* takes NULL; the cursor is back afterwards */

struct bau_frame_look { /* how to draw; for tests too */
    uint32_t columns, lines;
    bool colour, utf8;
};
/* The lines of one frame, each at most columns - 1 wide and ended by '\n'. Returns how many. */
uint32_t bau_frame_draw(const struct bau_progress *progress, struct bau_frame_look look, uint64_t now_ms,
                        struct bau_text *out);
/* Columns a UTF-8 text takes on a terminal; escape sequences of colours count nothing. */
uint32_t bau_text_columns(const char *text);

#endif
