/* The main job: see refresh.h for the order. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/lane/clock.h"
#include "src/refresh/run.h"

static void hex(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* The names a project file accepts failures of, whatever the connector. */
static bau_status waived(const struct bau_run_store *s, struct bau_texts *out, struct bau_error *err)
{
    *out = (struct bau_texts){ .at = bau_arena_take(s->run->arena,
                                                    (s->store->n_settings + 1) * sizeof *out->at) };
    if (!out->at)
        return bau_error_set(err, BAU_E_NOMEM, "store %s", s->store->name);
    for (uint32_t i = 0; i < s->store->n_settings; i++)
        if (strcmp(s->store->settings[i].name, "waive") == 0)
            out->at[out->n++] = s->store->settings[i].text;
    return BAU_OK;
}

static void journal_start(struct bau_run *run)
{
    run->journal = bau_journal_open(run->id);
    bau_journal_add(run->journal, "run started", BAU_NAME("run", run->id), BAU_NAME("bauta", BAU_VERSION),
                    BAU_NAME("project", run->project->path), BAU_U64("lanes", run->lanes));
    for (uint32_t i = 0; i < run->n_stores; i++) {
        const struct bau_run_store *s = &run->stores[i];
        char digest[65];
        hex(s->plan->digest, sizeof s->plan->digest, digest);
        bau_journal_add(run->journal, "store", BAU_NAME("store", s->store->name), BAU_NAME("plan", digest),
                        BAU_NAME("server", s->catalog->server), BAU_NAME("source", s->source.identity),
                        BAU_NAME("target", s->target.identity), BAU_U64("datasets", s->catalog->n_datasets));
    }
}

static void phase(struct bau_run_store *s, const char *name)
{
    bau_progress_phase(s->progress, name, "", 0, 0);
    bau_log(BAU_DEBUG, "phase", BAU_NAME("store", s->store->name), BAU_NAME("phase", name));
}

static void phase_done(struct bau_run_store *s, const char *name)
{
    bau_journal_add(s->run->journal, "phase done", BAU_NAME("store", s->store->name),
                    BAU_NAME("phase", name));
}

/* No more than there are parts, nor than the target's way of writing allows. */
static uint32_t lanes_for(const struct bau_run_store *s)
{
    const struct bau_connector *to = s->target.connector;
    const uint32_t most = to->max_lanes ? to->max_lanes(s->target.side) : 0;
    uint32_t n = s->run->lanes < s->parts.n ? s->run->lanes : s->parts.n;
    if (most && n > most)
        n = most;
    return n ? n : 1;
}

static bau_status run_lanes(struct bau_run_store *s, struct bau_error *err)
{
    const struct bau_run *run = s->run;
    const struct bau_run_options *options = run->options;
    const struct bau_lanes_run lanes = {
        .reader = s->source.connector,
        .writer = s->target.connector,
        .source = s->source.side,
        .target = s->target.side,
        .plan = s->plan,
        .chosen = s->chosen,
        .parts = &s->parts,
        .n_lanes = lanes_for(s),
        .rate_bytes = options->rate_bytes ? options->rate_bytes : run->project->limits.rate_bytes,
        .progress = s->progress,
        .journal = run->journal,
        .stop = run->stop,
    };
    s->rows = bau_alloc_array((size_t)s->catalog->n_datasets + 1, sizeof *s->rows);
    if (!s->rows)
        return bau_error_set(err, BAU_E_NOMEM, "lanes");
    bau_progress_phase(s->progress, "", "", 0, 0);
    BAU_TRY(bau_lanes_run(&lanes, s->rows, err));
    for (uint32_t d = 0; s->there_rows && d < s->catalog->n_datasets; d++)
        s->rows[d] += s->there_rows[d];
    phase_done(s, "rows");
    return BAU_OK;
}

/* What the project file waives and the target could not make takes no rows. */
static void leave_out_lacking(struct bau_run_store *s)
{
    const struct bau_connector *to = s->target.connector;
    uint32_t n = 0;
    for (uint32_t i = 0; to->target_lacks && i < s->parts.n; i++)
        if (!to->target_lacks(s->target.side, &s->catalog->datasets[s->parts.at[i].dataset]))
            s->parts.at[n++] = s->parts.at[i];
    if (to->target_lacks)
        s->parts.n = n;
}

/* Shadow made, loaded and finished. Every call here may be the one that a stop interrupts. */
static bau_status load_store(struct bau_run_store *s, struct bau_slice schema, struct bau_error *err)
{
    struct bau_run *run = s->run;
    const struct bau_connector *to = s->target.connector;
    struct bau_texts waive;
    BAU_TRY(waived(s, &waive, err));
    const struct bau_target_plan plan = { .catalog = s->catalog,
                                          .schema = schema,
                                          .parts = &s->parts,
                                          .waive = &waive,
                                          .jobs = run->lanes,
                                          .watch = bau_end_watch(&s->target) };
    BAU_TRY_NOTE(bau_run_look(s, err), err, "store %s", s->store->name);
    phase(s, "schema");
    BAU_TRY_NOTE(to->target_begin(s->target.side, &plan, err), err, "store %s: target", s->store->name);
    leave_out_lacking(s);
    BAU_TRY(bau_run_there(s, err));
    phase_done(s, "schema");
    BAU_TRY(bau_stop_status(run->stop, err));
    BAU_TRY_NOTE(run_lanes(s, err), err, "store %s", s->store->name);
    bau_end_close(&s->source); /* nothing is read any more: production gets its snapshot and locks back */
    phase(s, "finishing");
    BAU_TRY_NOTE(to->target_finish(s->target.side, &plan, err), err, "store %s: target", s->store->name);
    phase_done(s, "finish");
    return bau_stop_status(run->stop, err);
}

static bau_status refresh_store(struct bau_run_store *s, struct bau_error *err)
{
    const struct bau_connector *from = s->source.connector;
    struct bau_run *run = s->run;
    struct bau_slice schema = { 0 };
    struct bau_display *display = NULL;
    const uint64_t started_ms = bau_now_ms();
    BAU_TRY_NOTE(from->schema(s->source.side, s->catalog, run->arena, &schema, err), err, "store %s: source",
                 s->store->name);
    BAU_TRY(bau_stop_status(run->stop, err));
    BAU_TRY(bau_progress_new(s->catalog, &s->parts, run->lanes, &s->progress, err));
    bau_display_show(s->progress, STDERR_FILENO, run->options->plain, &display);
    const bau_status status = load_store(s, schema, err);
    bau_display_hide(display);
    s->elapsed_ms = bau_now_ms() - started_ms;
    s->bytes = bau_progress_sum(s->progress, bau_now_ms()).bytes;
    return status;
}

/* After the last source is closed the snapshot's age is nobody's concern. */
static bau_status load_all(struct bau_run *run, struct bau_error *err)
{
    for (uint32_t i = 0; i < run->n_stores; i++)
        BAU_TRY(refresh_store(&run->stores[i], err));
    bau_stop_snapshot_age(run->stop, 0);
    return bau_stop_status(run->stop, err);
}

static bau_status prepare_all(struct bau_run *run, struct bau_error *err)
{
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        BAU_TRY_NOTE(s->target.connector->target_prepare(s->target.side, s->source.identity, err), err,
                     "store %s: target", s->store->name);
        s->prepared = true;
        BAU_TRY(bau_stop_status(run->stop, err));
    }
    return BAU_OK;
}

/* From the first switch on a stop is not looked at: the stores belong together. */
static bau_status switch_all(struct bau_run *run, struct bau_error *err)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        s->target.quiet = done > 0;
        const bau_status status = s->target.connector->target_switch(s->target.side, err);
        if (status != BAU_OK) {
            bau_error_note(
                err,
                done ? "store %s: switch (%u store%s before it switched already; `bauta rollback` takes "
                       "them back)"
                     : "store %s: switch",
                s->store->name, done, done == 1 ? "" : "s");
            return status;
        }
        s->switched = true;
        done++;
        phase_done(s, "switch");
    }
    return BAU_OK;
}

/* ── summary ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t rows_of(const struct bau_run_store *s)
{
    uint64_t rows = 0;
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++)
        rows += s->rows[d];
    return rows;
}

static void store_json(const struct bau_run_store *s, struct bau_text *out)
{
    bau_text_add(out, "{\"store\":");
    bau_text_add_json(out, s->store->name);
    bau_text_addf(
        out, ",\"switched\":%s,\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"seconds\":%.3f,\"datasets\":[",
        s->switched ? "true" : "false", rows_of(s), s->bytes, (double)s->elapsed_ms / 1000);
    bool first = true;
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++) {
        if (s->catalog->datasets[d].kind != BAU_DATASET_ROWS)
            continue;
        bau_text_add(out, first ? "{\"dataset\":" : ",{\"dataset\":");
        bau_text_add_json(out, s->catalog->datasets[d].name);
        bau_text_addf(out, ",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", s->rows[d],
                      (uint64_t)atomic_load(&s->progress->datasets[d].bytes));
        first = false;
    }
    bau_text_add(out, "]}");
}

static void store_text(const struct bau_run_store *s, struct bau_text *out)
{
    char rows[32], size[32];
    const double seconds = (double)s->elapsed_ms / 1000;
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++) {
        if (s->catalog->datasets[d].kind != BAU_DATASET_ROWS)
            continue;
        bau_text_add(out, "  ");
        bau_text_add_column(out, s->catalog->datasets[d].name, 44, true);
        bau_text_addf(out, " %14s rows  %10s\n", bau_count_text(s->rows[d], rows),
                      bau_size_text(atomic_load(&s->progress->datasets[d].bytes), size));
    }
    bau_text_addf(out, "store %s: %s rows, %s in %.1f s (%.1f MB/s), %s\n", s->store->name,
                  bau_count_text(rows_of(s), rows), bau_size_text(s->bytes, size), seconds,
                  seconds > 0 ? (double)s->bytes / 1e6 / seconds : 0,
                  s->target.connector->caps & BAU_CAN_SWITCH ? "switched" : "written");
}

static void summary_json(const struct bau_run *run, const char *status, struct bau_text *out)
{
    bau_text_addf(out, "{\"run\":\"%s\",\"status\":\"%s\",\"stores\":[", run->id, status);
    for (uint32_t i = 0; i < run->n_stores; i++) {
        bau_text_add(out, i ? "," : "");
        store_json(&run->stores[i], out);
    }
    bau_text_add(out, "]}\n");
}

static void summary(struct bau_run *run)
{
    struct bau_text *out = &run->report->out;
    if (run->options->json) {
        summary_json(run, "switched", out);
        return;
    }
    for (uint32_t i = 0; i < run->n_stores; i++)
        store_text(&run->stores[i], out);
    bau_text_addf(out, "run %s%s%s\n", run->id, run->journal ? ", journal " : "",
                  run->journal ? bau_journal_path(run->journal) : "");
}

bau_status bau_run_refresh(struct bau_run *run, struct bau_error *err)
{
    BAU_TRY(bau_keys_load(run->project, &run->keys, err));
    BAU_TRY(bau_run_connect(run, true, err));
    BAU_TRY(bau_run_compile(run, err));
    BAU_TRY(bau_run_simulate(run, err));
    BAU_TRY(bau_run_select(run, err));
    if (run->compiled)
        BAU_TRY(run->compiled(run, err));
    BAU_TRY(prepare_all(run, err));
    journal_start(run);
    BAU_TRY(bau_run_choose(run, err));
    BAU_TRY(load_all(run, err));
    BAU_TRY(switch_all(run, err));
    summary(run);
    return run->no_after ? BAU_OK : bau_run_after(run, err);
}

bau_status bau_run_refreshed(struct bau_run *run, bau_status status, struct bau_error *err)
{
    if (status != BAU_OK && run->options->json && run->n_findings) {
        bau_text_addf(&run->report->out, "{\"run\":\"%s\",\"status\":\"%s\",\"findings\":[%s]}\n", run->id,
                      bau_status_name(status), run->findings_json.data ? run->findings_json.data + 1 : "");
        bau_text_release(&run->report->findings);
    }
    struct bau_journal *journal = run->journal; /* the last line comes after the tidying up */
    run->journal = NULL;
    char id[17];
    memcpy(id, run->id, sizeof id);
    status = bau_run_end(run, status, err);
    bau_journal_add(journal, "run ended", BAU_NAME("run", id), BAU_NAME("status", bau_status_name(status)),
                    BAU_I64_ITEM("exit", bau_status_exit(status)));
    bau_journal_close(journal);
    return status;
}

bau_status bau_refresh(const struct bau_project *project, const struct bau_run_options *options,
                       struct bau_report *report, struct bau_error *err)
{
    struct bau_run run;
    bau_status status = bau_run_begin(&run, project, options, report, err);
    if (status == BAU_OK)
        status = bau_run_refresh(&run, err);
    return bau_run_refreshed(&run, status, err);
}
