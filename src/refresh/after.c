/* `after:` steps: SQL against the switched target, a command, a webhook. They run once every target serves the new data;
 * one that fails ends the run with BAU_E_VERIFY and words that say so, since staging cannot be called as it was. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/lane/clock.h"
#include "src/refresh/run.h"

extern char **environ;

/* ── run ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct child {
    pid_t pid;
    pthread_t waiter;
    pthread_mutex_t lock; /* guards over and state */
    pthread_cond_t ended;
    bool over;
    int state;
};

static void *wait_child(void *self)
{
    struct child *c = self;
    int state = 0;
    while (waitpid(c->pid, &state, 0) < 0 && errno == EINTR) {
    }
    pthread_mutex_lock(&c->lock);
    c->over = true;
    c->state = state;
    pthread_cond_signal(&c->ended);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* True: the child ended. False: at_ms passed, or the run was stopped. */
static bool wait_ended(struct child *c, uint64_t at_ms, const struct bau_stop *stop)
{
    enum {
        LOOK_MS = 250
    }; /* the stop has a condition variable of its own: this one looks at it between naps */
    pthread_mutex_lock(&c->lock);
    while (!c->over && bau_now_ms() < at_ms && !(stop && bau_stop_is(stop))) {
        const uint64_t look = bau_now_ms() + LOOK_MS;
        const struct timespec until = bau_at_ms(look < at_ms ? look : at_ms);
        pthread_cond_timedwait(&c->ended, &c->lock, &until);
    }
    const bool over = c->over;
    pthread_mutex_unlock(&c->lock);
    return over;
}

static bool names_variable(const char *reference, const char *entry)
{
    if (!reference || strncmp(reference, "env:", 4) != 0)
        return false;
    const size_t n = strlen(reference + 4);
    return strncmp(entry, reference + 4, n) == 0 && entry[n] == '=';
}

static bool is_secret(const struct bau_project *project, const char *entry)
{
    bool secret = names_variable(project->key_from, entry);
    for (uint32_t i = 0; i < project->n_stores; i++)
        secret = secret || names_variable(project->stores[i].source, entry);
    return secret;
}

/* The environment without the master key and the sources' URIs: a step works on staging and needs neither. */
static char **step_environment(struct bau_run *run)
{
    size_t n = 0, used = 0;
    while (environ[n])
        n++;
    char **out = bau_arena_take(run->arena, (n + 2) * sizeof *out);
    char *id = bau_arena_printf(run->arena, "BAUTA_RUN_ID=%s", run->id);
    if (!out || !id)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (!is_secret(run->project, environ[i]))
            out[used++] = environ[i];
    out[used++] = id;
    out[used] = NULL;
    return out;
}

/* In a process group of its own, so that a time-out reaches its children too; what it prints goes to standard error,
 * since standard output is the report. */
static int spawn(struct bau_run *run, const char *command, pid_t *out)
{
    char shell[] = "/bin/sh", dash_c[] = "-c";
    char *text = bau_arena_text(run->arena, command);
    char **env = step_environment(run);
    char *const argv[] = { shell, dash_c, text, NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    if (!text || !env || posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    sigemptyset(&none);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    const int failed = posix_spawn(out, shell, &files, &attributes, argv, env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

/* SIGTERM to the group, two seconds, SIGKILL. */
static void end_child(struct child *c)
{
    kill(-c->pid, SIGTERM);
    if (!wait_ended(c, bau_now_ms() + 2000, NULL))
        kill(-c->pid, SIGKILL);
}

static bau_status run_command(struct bau_run *run, const struct bau_step *step, struct bau_error *err)
{
    struct child c = { 0 };
    const int failed = spawn(run, step->text, &c.pid);
    if (failed)
        return bau_error_set(err, BAU_E_IO, "/bin/sh: %s", strerror(failed));
    pthread_mutex_init(&c.lock, NULL);
    if (!bau_cond_init(&c.ended) || pthread_create(&c.waiter, NULL, wait_child, &c) != 0) {
        kill(-c.pid, SIGKILL);
        waitpid(c.pid, NULL, 0);
        return bau_error_set(err, BAU_E_NOMEM, "a thread could not be started");
    }
    const bool ended = wait_ended(&c, bau_now_ms() + step->timeout_ms, run->stop);
    if (!ended)
        end_child(&c);
    pthread_join(c.waiter, NULL);
    pthread_cond_destroy(&c.ended);
    pthread_mutex_destroy(&c.lock);
    if (!ended && bau_stop_is(run->stop))
        return bau_stop_status(run->stop, err);
    if (!ended)
        return bau_error_set(err, BAU_E_DEADLINE, "took longer than its limit of %" PRIu64 " s",
                             step->timeout_ms / 1000u);
    if (WIFSIGNALED(c.state))
        return bau_error_set(err, BAU_E_VERIFY, "ended by signal %d", WTERMSIG(c.state));
    if (WEXITSTATUS(c.state) != 0)
        return bau_error_set(err, BAU_E_VERIFY, "exit code %d", WEXITSTATUS(c.state));
    return BAU_OK;
}

/* ── sql ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status read_script(const struct bau_project *project, const char *file, struct bau_text *out,
                              struct bau_error *err)
{
    const char *slash = strrchr(project->path, '/');
    BAU_AUTO_TEXT path = { 0 };
    if (file[0] != '/' && slash)
        bau_text_addn(&path, project->path, (size_t)(slash - project->path) + 1);
    bau_text_add(&path, file);
    FILE *in = path.failed ? NULL : fopen(path.data, "re");
    if (!in)
        return bau_error_set(err, BAU_E_USAGE, "%s: %s", file, strerror(errno));
    char block[4096];
    size_t n;
    while ((n = fread(block, 1, sizeof block, in)) > 0)
        bau_text_addn(out, block, n);
    const bool broken = ferror(in) != 0;
    fclose(in);
    if (broken || out->failed)
        return bau_error_set(err, BAU_E_IO, "%s: cannot be read", file);
    return BAU_OK;
}

static bau_status run_sql(struct bau_run *run, const struct bau_step *step, struct bau_error *err)
{
    BAU_AUTO_TEXT script = { 0 };
    if (step->file)
        BAU_TRY(read_script(run->project, step->file, &script, err));
    else
        bau_text_add(&script, step->text);
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        if (strcmp(s->store->name, step->store) != 0)
            continue;
        if (!s->target.connector->run_script)
            return bau_error_set(err, BAU_E_USAGE, "%s targets run no scripts", s->target.connector->name);
        return s->target.connector->run_script(s->target.side, script.data ? script.data : "",
                                               step->timeout_ms, err);
    }
    return BAU_OK; /* its store is not part of this run */
}

/* ── all ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status run_webhook(struct bau_run *run, const struct bau_step *step, struct bau_error *err)
{
    BAU_AUTO_TEXT body = { 0 };
    uint64_t rows = 0, bytes = 0, longest_ms = 0;
    for (uint32_t i = 0; i < run->n_stores; i++) {
        const struct bau_run_store *s = &run->stores[i];
        for (uint32_t d = 0; d < s->catalog->n_datasets; d++)
            rows += s->rows[d];
        bytes += s->bytes;
        longest_ms += s->elapsed_ms;
    }
    bau_text_addf(&body,
                  "{\"run\":\"%s\",\"status\":\"done\",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64
                  ",\"seconds\":%.1f,\"stores\":[",
                  run->id, rows, bytes, (double)longest_ms / 1000);
    for (uint32_t i = 0; i < run->n_stores; i++) {
        bau_text_add(&body, i ? "," : "");
        bau_text_add_json(&body, run->stores[i].store->name);
    }
    bau_text_add(&body, "],\"text\":");
    BAU_AUTO_TEXT text = { 0 };
    bau_text_addf(&text, "bauta: staging refreshed, %" PRIu64 " rows in %.0f s (run %s)", rows,
                  (double)longest_ms / 1000, run->id);
    bau_text_add_json(&body, text.data ? text.data : "");
    bau_text_add(&body, "}");
    if (body.failed)
        return bau_error_set(err, BAU_E_NOMEM, "webhook");
    return bau_webhook(step->text, body.data, step->timeout_ms, run->stop, err);
}

static bau_status run_step(struct bau_run *run, const struct bau_step *step, struct bau_error *err)
{
    switch (step->kind) {
    case BAU_STEP_SQL: return run_sql(run, step, err);
    case BAU_STEP_RUN: return run_command(run, step, err);
    case BAU_STEP_WEBHOOK: return run_webhook(run, step, err);
    }
    return bau_error_set(err, BAU_E_BUG, "unknown step");
}

bau_status bau_run_after(struct bau_run *run, struct bau_error *err)
{
    static const char *const words[] = {
        [BAU_STEP_SQL] = "sql", [BAU_STEP_RUN] = "run", [BAU_STEP_WEBHOOK] = "webhook"
    };
    for (uint32_t i = 0; i < run->project->n_after; i++) {
        const struct bau_step *step = &run->project->after[i];
        const uint64_t started_ms = bau_now_ms();
        bau_status status = bau_stop_status(run->stop, err);
        if (status == BAU_OK)
            status = run_step(run, step, err);
        bau_journal_add(run->journal, "after", BAU_NAME("step", words[step->kind]),
                        BAU_U64("line", step->at.line), BAU_NAME("status", bau_status_name(status)),
                        BAU_MS("ms", bau_now_ms() - started_ms));
        if (status == BAU_OK)
            continue;
        bau_error_note(err,
                       "the switch took place and staging serves the new data, but " BAU_AT_FORMAT
                       ": after: %s step failed",
                       BAU_AT_ARGS(step->at), words[step->kind]);
        if (status != BAU_E_CANCELLED)
            err->code = BAU_E_VERIFY;
        return err->code;
    }
    return BAU_OK;
}
