/* One file a run, appended line by line. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "src/lane/journal.h"

struct bau_journal {
    int fd;
    atomic_bool broken; /* a write failed: said once, then silence */
    struct bau_text path;
};

/* Makes every folder of `path` up to its last '/'. */
static bool make_folders(char *path)
{
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        const bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *at = '/';
        if (!made)
            return false;
    }
    return true;
}

static bool set(const char *value)
{
    return value && *value;
}

static void add_path(struct bau_text *path, const char *run_id)
{
    const char *state = getenv("BAUTA_STATE"), *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (set(state))
        bau_text_add(path, state);
    else if (set(xdg))
        bau_text_addf(path, "%s/bauta", xdg);
    else
        bau_text_addf(path, "%s/.local/state/bauta", set(home) ? home : ".");
    bau_text_addf(path, "/runs/%s.jsonl", run_id);
}

static void warn(const struct bau_journal *journal, const char *what, int sys)
{
    struct bau_error err;
    bau_error_set(&err, BAU_E_IO, "%s: %s: %s", journal->path.data ? journal->path.data : "journal", what,
                  strerror(sys));
    bau_log(BAU_WARN, "no journal", BAU_FAILURE(&err));
}

struct bau_journal *bau_journal_open(const char *run_id)
{
    struct bau_journal *journal = bau_alloc(sizeof *journal);
    if (!journal)
        return NULL;
    journal->fd = -1;
    add_path(&journal->path, run_id);
    if (!journal->path.failed && make_folders(journal->path.data))
        journal->fd = open(journal->path.data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal->fd >= 0)
        return journal;
    warn(journal, "cannot be written", errno);
    bau_journal_close(journal);
    return NULL;
}

void bau_journal_close(struct bau_journal *journal)
{
    if (!journal)
        return;
    if (journal->fd >= 0)
        close(journal->fd);
    bau_text_release(&journal->path);
    bau_free(journal);
}

const char *bau_journal_path(const struct bau_journal *journal)
{
    return journal ? journal->path.data : NULL;
}

static void add_item(struct bau_text *line, const struct bau_log_item *item)
{
    bau_text_add(line, ",");
    bau_text_add_json(line, item->label);
    bau_text_add(line, ":");
    switch (item->kind) {
    case BAU_LOG_NAME:
        if (item->name)
            bau_text_add_json(line, item->name);
        else
            bau_text_add(line, "null");
        return;
    case BAU_LOG_U64:
    case BAU_LOG_MS:
    case BAU_LOG_BYTES: bau_text_addf(line, "%" PRIu64, item->number); return;
    case BAU_LOG_I64: bau_text_addf(line, "%" PRId64, item->integer); return;
    case BAU_LOG_F64: bau_text_addf(line, "%.6g", item->real); return;
    case BAU_LOG_FAILURE: bau_text_add_json(line, item->failure->text); return;
    }
}

void bau_journal_items(struct bau_journal *journal, const char *event, const struct bau_log_item *items,
                       size_t n)
{
    if (!journal)
        return;
    char when[32];
    const time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    BAU_AUTO_TEXT line = { 0 };
    bau_text_addf(&line, "{\"time\":\"%s\",\"event\":", when);
    bau_text_add_json(&line, event);
    for (size_t i = 0; i < n; i++)
        add_item(&line, &items[i]);
    bau_text_add(&line, "}\n");
    const bool written = !line.failed && write(journal->fd, line.data, line.len) == (ssize_t)line.len;
    if (!written && !atomic_exchange(&journal->broken, true))
        warn(journal, "a line could not be written", line.failed ? ENOMEM : errno);
}
