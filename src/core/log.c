/* One line, one event: see include/bauta/log.h. */
#include "bauta/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bauta/mem.h"

static struct { /* set once at start, before threads */
    bau_log_form form;
    bau_log_level most;
    int fd;
    char run[24];
    void (*before)(void *);
    void (*after)(void *);
    void *self;
} logger = { .form = BAU_LOG_TEXT, .most = BAU_INFO, .fd = 2 };

void bau_log_setup(bau_log_form form, bau_log_level most, int fd, const char *run_id)
{
    logger.form = form;
    logger.most = most;
    logger.fd = fd;
    snprintf(logger.run, sizeof logger.run, "%s", run_id ? run_id : "");
}

void bau_log_hooks(void (*before)(void *self), void (*after)(void *self), void *self)
{
    logger.before = before;
    logger.after = after;
    logger.self = self;
}

static const char *const levels[] = { "error", "warn", "info", "debug" };
static const char *const level_words[] = { "ERROR", "WARN ", "INFO ", "DEBUG" };

static void stamp(char out[32])
{
    struct timespec now;
    struct tm t;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &t);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &t);
}

/* Names come from schemas and may hold anything: control characters and quotes are escaped, odd names quoted. */
static void add_name(struct bau_text *line, const char *name)
{
    bool plain = *name != '\0';
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        plain = plain && *c > ' ' && *c != '"' && *c != '=' && *c != 0x7f;
    if (plain)
        bau_text_add(line, name);
    else
        bau_text_add_json(line, name);
}

static void add_value(struct bau_text *line, const struct bau_log_item *item, bool json)
{
    switch (item->kind) {
    case BAU_LOG_NAME:
        if (json)
            bau_text_add_json(line, item->name ? item->name : "");
        else
            add_name(line, item->name ? item->name : "");
        break;
    case BAU_LOG_U64:
    case BAU_LOG_BYTES: bau_text_addf(line, "%" PRIu64, item->number); break;
    case BAU_LOG_I64: bau_text_addf(line, "%" PRId64, item->integer); break;
    case BAU_LOG_F64: bau_text_addf(line, "%.3f", item->real); break;
    case BAU_LOG_MS:
        if (json)
            bau_text_addf(line, "%" PRIu64, item->number);
        else
            bau_text_addf(line, "%.1fs", (double)item->number / 1000);
        break;
    case BAU_LOG_FAILURE: bau_text_add_json(line, item->failure->text); break;
    }
}

static void add_json(struct bau_text *line, bau_log_level level, const char *event,
                     const struct bau_log_item *items, size_t n)
{
    char when[32];
    stamp(when);
    bau_text_addf(line, "{\"ts\":\"%s\",\"level\":\"%s\",\"event\":", when, levels[level]);
    bau_text_add_json(line, event);
    if (logger.run[0])
        bau_text_addf(line, ",\"run\":\"%s\"", logger.run);
    for (size_t i = 0; i < n; i++) {
        bau_text_add(line, ",");
        bau_text_add_json(line, items[i].label);
        bau_text_add(line, ":");
        add_value(line, &items[i], true);
    }
    bau_text_add(line, "}\n");
}

static void add_text(struct bau_text *line, bau_log_level level, const char *event,
                     const struct bau_log_item *items, size_t n)
{
    char when[32];
    stamp(when);
    bau_text_addf(line, "%s %s  %s", when, level_words[level], event);
    for (size_t i = 0; i < n; i++) {
        bau_text_addf(line, "%s%s=", i ? " " : "  ", items[i].label);
        add_value(line, &items[i], false);
    }
    bau_text_add(line, "\n");
}

void bau_log_items(bau_log_level level, const char *event, const struct bau_log_item *items, size_t n)
{
    if (logger.form == BAU_LOG_SILENT || level > logger.most)
        return;
    BAU_AUTO_TEXT line = { 0 };
    if (logger.form == BAU_LOG_JSON)
        add_json(&line, level, event, items, n);
    else
        add_text(&line, level, event, items, n);
    if (line.failed)
        return; /* no memory for a log line: the run's own error will say so */
    if (logger.before)
        logger.before(logger.self);
    if (write(logger.fd, line.data, line.len) < 0) {
        /* a closed log is no reason to stop a refresh */
    }
    if (logger.after)
        logger.after(logger.self);
}
