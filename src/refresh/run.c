/* A run's stores: secrets, connectors, sides, catalogs, plans; and how all of it ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "src/refresh/run.h"

void bau_report_release(struct bau_report *report)
{
    bau_text_release(&report->out);
    bau_text_release(&report->findings);
}

/* ── watch ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void on_step(void *self, const char *phase, const char *object, uint64_t done, uint64_t total)
{
    const struct bau_end *end = self;
    bau_progress_phase(end->of->progress, phase, object, done, total);
    if (total && done == total)
        bau_journal_add(end->of->run->journal, "phase done", BAU_NAME("store", end->of->store->name),
                        BAU_NAME("phase", phase), BAU_U64("objects", total));
}

static bool on_stopped(void *self)
{
    const struct bau_end *end = self;
    return !end->quiet && bau_stop_is(end->of->run->stop);
}

static void on_busy(void *self, struct bau_link *link, bool on)
{
    const struct bau_end *end = self;
    if (on && end->quiet)
        return;
    struct bau_error err;
    if (bau_stop_link(end->of->run->stop, end->connector, link, on, &err) != BAU_OK)
        bau_stop_fail(end->of->run->stop, &err);
}

struct bau_watch bau_end_watch(struct bau_end *end)
{
    return (struct bau_watch){ .self = end, .step = on_step, .stopped = on_stopped, .busy = on_busy };
}

/* ── one end ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *end_word(const struct bau_end *end)
{
    return end->write ? "target" : "source";
}

static bau_status no_connector(const struct bau_end *end, struct bau_error *err)
{
    BAU_AUTO_TEXT known = { 0 };
    for (size_t i = 0; i < bau_n_connectors; i++)
        bau_text_addf(&known, "%s%s", i ? ", " : "", bau_connectors[i]->schemes);
    for (size_t i = 0; bau_connectors_missing[i]; i++)
        bau_text_addf(&known, "; %s is left out of this build", bau_connectors_missing[i]);
    return bau_error_set(
        err, BAU_E_USAGE,
        "store %s: no connector knows the %s's URI; it must start with one of: %s (then ://)",
        end->of->store->name, end_word(end), known.data ? known.data : "");
}

static bau_status unknown_option(const struct bau_setting *s, const struct bau_connector *connector,
                                 struct bau_error *err)
{
    enum { MOST = 64 };
    const char *names[MOST];
    size_t n = 0;
    for (const struct bau_option *o = connector->options; o && o->name && n < MOST; o++)
        names[n++] = o->name;
    const char *near = bau_nearest(s->name, names, n);
    return bau_error_set(err, BAU_E_USAGE, BAU_AT_FORMAT ": %s stores have no option '%s'%s%s%s",
                         BAU_AT_ARGS(s->at), connector->name, s->name, near ? "; did you mean '" : "",
                         near ? near : "", near ? "'?" : "");
}

bau_status bau_end_bind(struct bau_end *end, struct bau_error *err)
{
    const struct bau_connector *c = end->connector;
    const struct bau_store *store = end->of->store;
    struct bau_arena *arena = end->of->run->arena;
    void *config = bau_arena_zero(arena, c->config_bytes + 1);
    if (!config)
        return bau_error_set(err, BAU_E_NOMEM, "options of store %s", store->name);
    if (c->options)
        BAU_TRY(bau_options_default(c->options, config, arena, err));
    for (uint32_t i = 0; i < store->n_settings; i++) {
        const struct bau_setting *s = &store->settings[i];
        const struct bau_option *option = c->options ? bau_option_find(c->options, s->name) : NULL;
        if (!option)
            return unknown_option(s, c, err);
        BAU_TRY_NOTE(bau_option_set(option, config, s->text, arena, err), err, BAU_AT_FORMAT ": %s",
                     BAU_AT_ARGS(s->at), s->name);
    }
    end->config = config;
    return BAU_OK;
}

static bau_status resolve(struct bau_end *end, struct bau_error *err)
{
    const struct bau_store *store = end->of->store;
    const uint32_t needed = end->write ? BAU_CAN_WRITE : BAU_CAN_READ;
    if (end->given)
        return BAU_OK;
    if (!end->uri)
        BAU_TRY_NOTE(bau_secret_resolve(end->write ? store->target : store->source, &end->uri, err), err,
                     "store %s: %s", store->name, end_word(end));
    end->connector = bau_connector_for(bau_secret_text(end->uri));
    if (!end->connector)
        return no_connector(end, err);
    if (!(end->connector->caps & (BAU_CAN_READ | BAU_CAN_WRITE)))
        return bau_error_set(err, BAU_E_USAGE,
                             "store %s: %s:// is a place for archives, not a store: it cannot be a %s",
                             store->name, end->connector->name, end_word(end));
    if (!(end->connector->caps & needed))
        return bau_error_set(err, BAU_E_USAGE, "store %s: the %s connector cannot be a %s", store->name,
                             end->connector->name, end_word(end));
    return bau_end_bind(end, err);
}

static uint32_t batch_rows(const struct bau_run_options *options)
{
    const char *text = getenv("BAUTA_BATCH_ROWS");
    char *end;
    const unsigned long n = text && *text ? strtoul(text, &end, 10) : 0;
    return n >= 1 && n <= BAU_BATCH_ROWS ? (uint32_t)n : options->batch_rows;
}

bau_status bau_end_open(struct bau_end *end, struct bau_error *err)
{
    const struct bau_run *run = end->of->run;
    if (!end->connector)
        BAU_TRY(resolve(end, err));
    const struct bau_named *named = NULL;
    uint32_t n_named = 0;
    if (run->project)
        BAU_TRY(bau_project_named(run->project, end->of->store->name, run->arena, &named, &n_named, err));
    const struct bau_open with = { .store = end->of->store->name,
                                   .n_named = n_named,
                                   .named = named,
                                   .uri = end->uri,
                                   .config = end->config,
                                   .write = end->write,
                                   .lanes = run->lanes,
                                   .batch_rows = batch_rows(run->options),
                                   .run_id = run->id,
                                   .watch = bau_end_watch(end) };
    BAU_TRY_NOTE(end->connector->open(&with, &end->side, err), err, "store %s: %s", end->of->store->name,
                 end_word(end));
    return bau_stop_status(run->stop, err);
}

void bau_end_close(struct bau_end *end)
{
    if (end->side)
        end->connector->close(end->side);
    end->side = NULL;
}

/* ── begin and end ───────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status make_id(char out[17], struct bau_error *err)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[8];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return bau_error_set(err, BAU_E_IO, "no random bytes for the run's id: %s", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15u];
    }
    out[16] = '\0';
    return BAU_OK;
}

static uint32_t lanes_of(const struct bau_project *project, const struct bau_run_options *options)
{
    if (options->lanes)
        return options->lanes;
    if (project && project->limits.lanes)
        return project->limits.lanes;
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return cpus < 1 ? 1 : cpus > 8 ? 8 : (uint32_t)cpus;
}

static bool chosen(const struct bau_run_options *options, const char *name)
{
    for (uint32_t i = 0; i < options->stores.n; i++)
        if (strcmp(options->stores.at[i], name) == 0)
            return true;
    return options->stores.n == 0;
}

static bau_status check_names(const struct bau_project *project, const struct bau_run_options *options,
                              struct bau_arena *arena, struct bau_error *err)
{
    const char **names = bau_arena_take(arena, (project->n_stores + 1) * sizeof *names);
    if (!names)
        return bau_error_set(err, BAU_E_NOMEM, "stores");
    for (uint32_t i = 0; i < project->n_stores; i++)
        names[i] = project->stores[i].name;
    for (uint32_t i = 0; i < options->stores.n; i++) {
        const char *name = options->stores.at[i];
        if (bau_project_store(project, name))
            continue;
        const char *near = bau_nearest(name, names, project->n_stores);
        return bau_error_set(err, BAU_E_USAGE, "%s has no store '%s'%s%s%s", project->path, name,
                             near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return BAU_OK;
}

static bau_status choose_stores(struct bau_run *run, struct bau_error *err)
{
    const struct bau_project *project = run->project;
    BAU_TRY(check_names(project, run->options, run->arena, err));
    run->stores = bau_arena_zero(run->arena, (project->n_stores + 1) * sizeof *run->stores);
    if (!run->stores)
        return bau_error_set(err, BAU_E_NOMEM, "stores");
    for (uint32_t i = 0; i < project->n_stores; i++) {
        if (!chosen(run->options, project->stores[i].name))
            continue;
        struct bau_run_store *s = &run->stores[run->n_stores++];
        *s = (struct bau_run_store){ .run = run, .store = &project->stores[i] };
        s->source = (struct bau_end){ .of = s, .identity = "" };
        s->target = (struct bau_end){ .of = s, .identity = "", .write = true };
    }
    return BAU_OK;
}

bau_status bau_run_begin(struct bau_run *run, const struct bau_project *project,
                         const struct bau_run_options *options, struct bau_report *report,
                         struct bau_error *err)
{
    *run = (struct bau_run){ .project = project, .options = options, .report = report };
    run->lanes = lanes_of(project, options);
    run->arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN);
    if (!run->arena)
        return bau_error_set(err, BAU_E_NOMEM, "run");
    BAU_TRY(make_id(run->id, err));
    BAU_TRY(bau_stop_new(true, &run->stop, err));
    const uint64_t timeout_ms = options->timeout_ms ? options->timeout_ms
                                : project           ? project->limits.timeout_ms
                                                    : 0;
    if (timeout_ms)
        bau_stop_deadline(run->stop, timeout_ms);
    return project ? choose_stores(run, err) : BAU_OK;
}

/* What failed may work the next time: the run was stopped, or a server went away. Not when its disk is full. */
static bool worth_going_on(bau_status status, const struct bau_error *err)
{
    return status == BAU_E_CANCELLED || status == BAU_E_DEADLINE || status == BAU_E_SOURCE ||
           (status == BAU_E_TARGET && strncmp(err->sqlstate, "53", 2) != 0);
}

/* A side that was prepared and not switched gives up its shadow, also when the run was stopped: hence quiet. */
static void end_store(struct bau_run_store *s, bau_status status, const struct bau_error *err)
{
    const struct bau_connector *to = s->target.connector;
    s->source.quiet = s->target.quiet = true;
    bau_end_close(&s->source);
    if (s->target.side && s->prepared && !s->switched) {
        if (to->target_leave && worth_going_on(status, err) && to->target_leave(s->target.side))
            bau_text_addf(&s->run->report->findings,
                          "store %s: what was loaded is left for --resume; a run without it starts anew\n",
                          s->store->name);
        else
            to->target_abandon(s->target.side);
    }
    bau_end_close(&s->target);
    bau_secret_free(s->source.uri);
    bau_secret_free(s->target.uri);
    bau_plan_free(s->plan);
    bau_progress_free(s->progress);
    bau_free(s->rows);
    if (s->catalog)
        bau_arena_free(s->catalog->arena);
}

bau_status bau_run_end(struct bau_run *run, bau_status status, struct bau_error *err)
{
    bool switched = false;
    for (uint32_t i = 0; i < run->n_stores; i++)
        switched = switched || run->stores[i].switched;
    if (run->stop && status != BAU_OK && !switched && bau_stop_is(run->stop))
        status = bau_stop_status(run->stop, err);
    for (uint32_t i = 0; i < run->n_stores; i++)
        end_store(&run->stores[i], status, err);
    bau_subset_free(run->subset);
    bau_selection_free(run->selection);
    bau_keys_free(run->keys);
    bau_journal_close(run->journal);
    bau_stop_free(run->stop);
    bau_text_release(&run->findings_json);
    bau_arena_free(run->arena);
    return status;
}

/* ── connect, compile ────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status connect_target(struct bau_run_store *s, struct bau_error *err)
{
    const struct bau_connector *c;
    BAU_TRY(bau_end_open(&s->target, err));
    c = s->target.connector;
    BAU_TRY_NOTE(c->identity(s->target.side, s->run->arena, &s->target.identity, err), err,
                 "store %s: target", s->store->name);
    BAU_TRY_NOTE(c->target_facts(s->target.side, s->source.identity, &s->facts, err), err, "store %s: target",
                 s->store->name);
    return bau_stop_status(s->run->stop, err);
}

static bau_status connect_source(struct bau_run_store *s, struct bau_error *err)
{
    BAU_TRY(bau_end_open(&s->source, err));
    const struct bau_connector *c = s->source.connector;
    BAU_TRY_NOTE(c->catalog(s->source.side, &s->catalog, err), err, "store %s: source", s->store->name);
    BAU_TRY_NOTE(c->identity(s->source.side, s->run->arena, &s->source.identity, err), err,
                 "store %s: source", s->store->name);
    return bau_stop_status(s->run->stop, err);
}

bau_status bau_run_connect(struct bau_run *run, bool need_targets, struct bau_error *err)
{
    for (uint32_t i = 0; i < run->n_stores;
         i++) { /* what the file gets wrong shows before the first connection */
        struct bau_run_store *s = &run->stores[i];
        if (!s->store->target && !s->target.given && need_targets)
            return bau_error_set(err, BAU_E_USAGE, BAU_AT_FORMAT ": store %s has no target",
                                 BAU_AT_ARGS(s->store->at), s->store->name);
        BAU_TRY(resolve(&s->source, err));
        if ((s->store->target || s->target.given) && !run->sources_only)
            BAU_TRY(resolve(&s->target, err));
    }
    const uint64_t age_ms =
        run->options->snapshot_age_ms ? run->options->snapshot_age_ms : run->project->limits.snapshot_age_ms;
    if (age_ms)
        bau_stop_snapshot_age(run->stop, age_ms);
    for (uint32_t i = 0; i < run->n_stores; i++)
        BAU_TRY(connect_source(&run->stores[i], err));
    for (uint32_t i = 0; i < run->n_stores; i++)
        if ((run->stores[i].store->target || run->stores[i].target.given) && !run->sources_only)
            BAU_TRY(connect_target(&run->stores[i], err));
    return BAU_OK;
}

static void finding_json(struct bau_text *out, const struct bau_finding *f)
{
    bau_text_addf(out, ",{\"code\":\"%s\",\"exit\":%d,\"object\":", bau_status_name(f->code),
                  bau_status_exit(f->code));
    bau_text_add_json(out, f->object ? f->object : "");
    bau_text_add(out, ",\"text\":");
    bau_text_add_json(out, f->text ? f->text : "");
    if (f->at.file) {
        bau_text_add(out, ",\"file\":");
        bau_text_add_json(out, f->at.file);
        bau_text_addf(out, ",\"line\":%u,\"column\":%u", f->at.line, f->at.column);
    }
    if (f->suggestion) {
        bau_text_add(out, ",\"suggestion\":");
        bau_text_add_json(out, f->suggestion);
    }
    bau_text_add(out, "}");
}

void bau_run_finding(struct bau_run *run, const struct bau_finding *f)
{
    struct bau_text *out = &run->report->findings;
    run->n_findings++;
    finding_json(&run->findings_json, f);
    if (f->at.file)
        bau_text_addf(out, BAU_AT_FORMAT ": ", BAU_AT_ARGS(f->at));
    bau_text_addf(out, "%s%s: %s\n", f->code == BAU_OK ? "warning: " : "",
                  f->object ? f->object : run->project->path, f->text ? f->text : "");
    for (const char *at = f->suggestion; at && *at;) {
        const size_t n = strcspn(at, "\n");
        bau_text_addf(out, "    %.*s\n", (int)n, at);
        at += n + (at[n] == '\n');
    }
}

static bau_status compile_store(struct bau_run_store *s, struct bau_error *err)
{
    struct bau_run *run = s->run;
    struct bau_findings findings = { 0 };
    BAU_TRY(bau_plan_leave_out(run->project, s->store, s->catalog, err));
    const bau_status status = bau_plan_compile(run->project, s->store, s->catalog, run->keys,
                                               s->target.identity, run->arena, &findings, &s->plan, err);
    for (uint32_t i = 0; i < findings.n; i++)
        bau_run_finding(run, &findings.at[i]);
    return status;
}

bau_status bau_run_compile(struct bau_run *run, struct bau_error *err)
{
    bau_status worst = BAU_OK;
    if (!run->keys)
        BAU_TRY(bau_keys_load(run->project, &run->keys, err));
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_error one = { 0 };
        const bau_status status = compile_store(&run->stores[i], &one);
        if (status == BAU_OK)
            continue;
        if (worst == BAU_OK || (status == BAU_E_POLICY && worst != BAU_E_POLICY)) {
            worst = status;
            *err = one;
        }
        if (status != BAU_E_POLICY && status != BAU_E_USAGE)
            return status;
    }
    return worst;
}
