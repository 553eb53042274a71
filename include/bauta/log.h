/* One line, one event: bau_log(BAU_INFO, "dataset done", BAU_NAME("dataset", d->name), BAU_U64("rows", n)).
 *
 * The logger takes numbers, durations and names from schemas; it has no way to print the bytes of a column. Names that
 * hold control characters are escaped. Text for people, JSON lines for machines; chosen once at start.
 * Threads: any; a line is written with one write(2). */
#ifndef BAUTA_LOG_H
#define BAUTA_LOG_H

#include "error.h"

typedef enum { BAU_ERROR, BAU_WARN, BAU_INFO, BAU_DEBUG } bau_log_level;

typedef enum {
    BAU_LOG_NAME,
    BAU_LOG_U64,
    BAU_LOG_I64,
    BAU_LOG_F64,
    BAU_LOG_MS,
    BAU_LOG_BYTES,
    BAU_LOG_FAILURE
} bau_log_kind;
struct bau_log_item {
    const char *label;
    bau_log_kind kind;
    const char *name;
    uint64_t number;
    int64_t integer;
    double real;
    const struct bau_error *failure;
};
#define BAU_NAME(l, v) ((struct bau_log_item){ .label = (l), .kind = BAU_LOG_NAME, .name = (v) })
#define BAU_U64(l, v) ((struct bau_log_item){ .label = (l), .kind = BAU_LOG_U64, .number = (v) })
#define BAU_I64_ITEM(l, v) ((struct bau_log_item){ .label = (l), .kind = BAU_LOG_I64, .integer = (v) })
#define BAU_F64_ITEM(l, v) ((struct bau_log_item){ .label = (l), .kind = BAU_LOG_F64, .real = (v) })
#define BAU_MS(l, v) ((struct bau_log_item){ .label = (l), .kind = BAU_LOG_MS, .number = (v) })
#define BAU_BYTES_ITEM(l, v) ((struct bau_log_item){ .label = (l), .kind = BAU_LOG_BYTES, .number = (v) })
#define BAU_FAILURE(e) ((struct bau_log_item){ .label = "error", .kind = BAU_LOG_FAILURE, .failure = (e) })

#define bau_log(level, event, ...)                                                                           \
    bau_log_items((level), (event), (const struct bau_log_item[]){ __VA_ARGS__ },                            \
                  sizeof((const struct bau_log_item[]){ __VA_ARGS__ }) / sizeof(struct bau_log_item))
void bau_log_items(bau_log_level level, const char *event, const struct bau_log_item *items, size_t n);

typedef enum { BAU_LOG_TEXT, BAU_LOG_JSON, BAU_LOG_SILENT } bau_log_form;
/* Set once at start, before threads. Lines go to `fd`. `before_line` (may be NULL) is called around each line so that
 * a live display can step aside. */
void bau_log_setup(bau_log_form form, bau_log_level most, int fd, const char *run_id);
void bau_log_hooks(void (*before)(void *self), void (*after)(void *self), void *self);

#endif
