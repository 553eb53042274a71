/* `check` and `plan`: what the rules say of the live catalogs, and what a refresh would do. */
#include <stdio.h>
#include <string.h>

#include "src/refresh/choose.h"

enum { LANE_BYTES_PER_S = 80000000, COLUMNS = 80 };

static const char assumption[] = "assumes 80 MB/s a lane; indexes and constraints come on top";

/* ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct figures {
    uint64_t rows, bytes;
    uint32_t parts;
};

/* A partition's share of what is kept of its like is not known before it is read. */
static struct figures chosen_figures(const struct bau_run_store *s, const struct bau_selected *chosen,
                                     uint32_t dataset)
{
    struct figures f = { 0 };
    for (uint32_t i = 0; i < s->parts.n; i++)
        if (s->parts.at[i].dataset == dataset) {
            f.parts++;
            f.rows += s->parts.at[i].est_rows;
            f.bytes += s->parts.at[i].est_bytes;
        }
    if (chosen->node != BAU_NO_NODE && s->catalog->datasets[dataset].parent == BAU_NO_DATASET)
        f.rows = bau_subset_count_of(s->chosen->subset, chosen->node).kept;
    return f;
}

static struct figures figures_of(const struct bau_run_store *s, uint32_t dataset)
{
    struct figures f = { .rows = s->catalog->datasets[dataset].est_rows };
    const struct bau_selected *chosen =
        s->chosen ? &s->chosen->selection->of[s->chosen->store][dataset] : NULL;
    if (chosen && (chosen->empty || chosen->node != BAU_NO_NODE))
        return chosen_figures(s, chosen, dataset);
    for (uint32_t i = 0; i < s->parts.n; i++)
        if (s->parts.at[i].dataset == dataset) {
            f.parts++;
            f.bytes += s->parts.at[i].est_bytes;
        }
    if (!f.bytes)
        f.bytes = s->catalog->datasets[dataset].est_bytes;
    return f;
}

static struct figures figures_sum(const struct bau_run_store *s)
{
    struct figures sum = { 0 };
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++) {
        if (s->catalog->datasets[d].kind != BAU_DATASET_ROWS)
            continue;
        const struct figures f = figures_of(s, d);
        sum.rows += f.rows;
        sum.bytes += f.bytes;
        sum.parts += f.parts;
    }
    return sum;
}

/* Lanes share the bytes, but none is done before the largest part is. */
static double seconds_of(const struct bau_run_store *s)
{
    const struct figures sum = figures_sum(s);
    double longest = 0;
    for (uint32_t i = 0; i < s->parts.n; i++)
        if ((double)s->parts.at[i].est_bytes > longest)
            longest = (double)s->parts.at[i].est_bytes;
    const double shared = (double)sum.bytes / s->run->lanes;
    return (shared > longest ? shared : longest) / LANE_BYTES_PER_S;
}

/* ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *action_word(const struct bau_action *a)
{
    switch (a->kind) {
    case BAU_ACT_KEEP: return "keep";
    case BAU_ACT_MASK: return a->mask.masker->name;
    case BAU_ACT_DOCUMENT: return "paths";
    }
    return "";
}

static void add_why(struct bau_text *out, const struct bau_action *a)
{
    BAU_AUTO_TEXT why = { 0 };
    if (a->kind == BAU_ACT_MASK && a->mask.domain)
        bau_text_addf(&why, "domain %s", a->mask.domain);
    if (a->kind == BAU_ACT_KEEP && a->reason)
        bau_text_add(&why, a->reason);
    if (a->owner)
        bau_text_addf(&why, ", owner %s", a->owner);
    if (a->until)
        bau_text_addf(&why, ", until %s", a->until);
    if (a->inherited)
        bau_text_addf(&why, "%sfrom %s", why.len ? ", " : "", a->inherited);
    if (a->at.file && !a->inherited)
        bau_text_addf(&why, "%sline %u", why.len ? ", " : "", a->at.line);
    bau_text_add_column(out, why.data ? why.data : "", COLUMNS - 4 - 24 - 14 - 2, false);
}

static void field_line(struct bau_text *out, const struct bau_field *f, const struct bau_action *a)
{
    bau_text_add(out, "    ");
    bau_text_add_column(out, f->name, 24, true);
    bau_text_add(out, " ");
    bau_text_add_column(out, f->generated ? "generated" : action_word(a), 14, true);
    bau_text_add(out, " ");
    if (!f->generated)
        add_why(out, a);
    bau_text_add(out, "\n");
}

static void dataset_lines(struct bau_text *out, const struct bau_run_store *s, uint32_t d)
{
    const struct bau_dataset *dataset = &s->catalog->datasets[d];
    const struct figures f = figures_of(s, d);
    char rows[32], size[32];
    bau_text_add(out, "\n  ");
    bau_text_add_column(out, dataset->name, 30, true);
    if (dataset->kind == BAU_DATASET_SCHEMA) {
        bau_text_addf(out, " %s\n",
                      dataset->dropped        ? "stays behind: a rule drops it"
                      : dataset->only_by_rule ? "stays behind: no rule names it"
                                              : "schema only");
        return;
    }
    bau_text_addf(out, " about %13s rows %9s %5u part%s\n", bau_count_text(f.rows, rows),
                  bau_size_text(f.bytes, size), f.parts, f.parts == 1 ? "" : "s");
    bau_plan_subset_dataset(s, d, out);
    for (uint32_t i = 0; i < dataset->n_fields; i++)
        field_line(out, &dataset->fields[i], &s->plan->datasets[d].actions[i]);
}

/* What the target's kind of switch cannot promise; NULL: nothing to say. */
static const char *promise(const struct bau_run_store *s)
{
    const struct bau_connector *to = s->target.connector;
    return s->target.side && to->promises ? to->promises(s->target.side) : NULL;
}

/* A sentence that must be read whole: broken at blanks, further lines indented. Begins with a blank. */
static void add_words(struct bau_text *out, const char *text, uint32_t indent)
{
    uint32_t column = indent - 1;
    while (*text) {
        const size_t n = strcspn(text, " ");
        const bool fits = column + 1 + n <= COLUMNS;
        bau_text_addf(out, "%s%*s%.*s", fits ? "" : "\n", fits ? 1 : (int)indent, "", (int)n, text);
        column = (fits ? column + 1 : indent) + (uint32_t)n;
        text += n + strspn(text + n, " ");
    }
}

static void store_text(struct bau_text *out, const struct bau_run_store *s)
{
    const struct figures sum = figures_sum(s);
    char rows[32], size[32];
    bau_text_addf(out, "store %s\n  source  ", s->store->name);
    bau_text_add_column(out, s->catalog->server ? s->catalog->server : s->source.connector->name,
                        COLUMNS - 10, false);
    bau_text_add(out, "\n  target  ");
    bau_text_add_column(out, s->target.side ? s->facts.text : "none: a refresh would refuse", COLUMNS - 10,
                        false);
    const char *caveat = promise(s);
    if (caveat) {
        bau_text_add(out, "\n  switch ");
        add_words(out, caveat, 10);
    }
    bau_text_addf(out,
                  "\n  size    about %s rows, %s in %u parts\n  time    about %.0f s with %u lane%s (%s)\n",
                  bau_count_text(sum.rows, rows), bau_size_text(sum.bytes, size), sum.parts,
                  seconds_of(s) + 0.5, s->run->lanes, s->run->lanes == 1 ? "" : "s", assumption);
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++)
        if (s->catalog->datasets[d].kind != BAU_DATASET_GROUP)
            dataset_lines(out, s, d);
    bau_plan_subset_edges(s, out);
    for (uint32_t i = 0; i < s->catalog->n_blockers; i++) {
        const struct bau_blocker *b = &s->catalog->blockers[i];
        BAU_AUTO_TEXT line = { 0 };
        bau_text_addf(&line, "%s %s: %s", b->kind, b->name, b->why);
        bau_text_add(out, i ? "    " : "\n  left out\n    ");
        bau_text_add_column(out, line.data ? line.data : "", COLUMNS - 4, false);
        bau_text_add(out, "\n");
    }
    bau_text_add(out, "\n");
}

/* ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void member(struct bau_text *out, const char *name, const char *text)
{
    if (!text)
        return;
    bau_text_addf(out, ",\"%s\":", name);
    bau_text_add_json(out, text);
}

static void field_json(struct bau_text *out, const struct bau_field *f, const struct bau_action *a)
{
    bau_text_add(out, "{\"field\":");
    bau_text_add_json(out, f->name);
    member(out, "type", f->native);
    if (f->generated) {
        bau_text_add(out, ",\"action\":\"generated\"}");
        return;
    }
    member(out, "action", a->kind == BAU_ACT_MASK ? "mask" : a->kind == BAU_ACT_KEEP ? "keep" : "paths");
    if (a->kind == BAU_ACT_MASK) {
        member(out, "masker", a->mask.masker->name);
        member(out, "domain", a->mask.domain);
    }
    member(out, "reason", a->reason);
    member(out, "owner", a->owner);
    member(out, "until", a->until);
    member(out, "inherited", a->inherited);
    if (a->at.file) {
        member(out, "file", a->at.file);
        bau_text_addf(out, ",\"line\":%u", a->at.line);
    }
    bau_text_add(out, "}");
}

static void dataset_json(struct bau_text *out, const struct bau_run_store *s, uint32_t d)
{
    static const char *const kinds[] = {
        [BAU_DATASET_ROWS] = "rows", [BAU_DATASET_GROUP] = "group", [BAU_DATASET_SCHEMA] = "schema"
    };
    const struct bau_dataset *dataset = &s->catalog->datasets[d];
    const struct figures f = figures_of(s, d);
    bau_text_add(out, "{\"dataset\":");
    bau_text_add_json(out, dataset->name);
    bau_text_addf(out, ",\"kind\":\"%s\",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"parts\":%u",
                  kinds[dataset->kind], f.rows, f.bytes, f.parts);
    bau_plan_subset_dataset_json(s, d, out);
    bau_text_add(out, ",\"fields\":[");
    for (uint32_t i = 0; dataset->kind == BAU_DATASET_ROWS && i < dataset->n_fields; i++) {
        bau_text_add(out, i ? "," : "");
        field_json(out, &dataset->fields[i], &s->plan->datasets[d].actions[i]);
    }
    bau_text_add(out, "]}");
}

static void left_out_json(struct bau_text *out, const struct bau_blocker *b, bool *first)
{
    bau_text_add(out, *first ? "{\"kind\":" : ",{\"kind\":");
    bau_text_add_json(out, b->kind);
    member(out, "name", b->name);
    member(out, "why", b->why);
    bau_text_add(out, "}");
    *first = false;
}

static void store_json(struct bau_text *out, const struct bau_run_store *s)
{
    const struct figures sum = figures_sum(s);
    bau_text_add(out, "{\"store\":");
    bau_text_add_json(out, s->store->name);
    member(out, "source", s->catalog->server);
    if (s->target.side) {
        member(out, "target", s->facts.text);
        member(out, "switch_note", promise(s));
        bau_text_addf(
            out, ",\"target_exists\":%s,\"target_empty\":%s,\"target_marked\":%s,\"target_is_source\":%s",
            s->facts.exists ? "true" : "false", s->facts.empty ? "true" : "false",
            s->facts.marked ? "true" : "false", s->facts.same_as_source ? "true" : "false");
    }
    bau_text_add(out, ",\"plan\":\"");
    for (size_t i = 0; i < sizeof s->plan->digest; i++)
        bau_text_addf(out, "%02x", s->plan->digest[i]);
    bau_text_addf(out,
                  "\",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64
                  ",\"parts\":%u,\"lanes\":%u,\"estimated_seconds\":%.1f,"
                  "\"estimate\":\"%s\",\"datasets\":[",
                  sum.rows, sum.bytes, sum.parts, s->run->lanes, seconds_of(s), assumption);
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++) {
        bau_text_add(out, d ? "," : "");
        dataset_json(out, s, d);
    }
    bau_text_add(out, "]");
    bau_plan_subset_edges_json(s, out);
    bau_text_add(out, ",\"left_out\":[");
    bool first = true;
    for (uint32_t i = 0; i < s->catalog->n_blockers; i++)
        left_out_json(out, &s->catalog->blockers[i], &first);
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++) {
        const struct bau_dataset *dataset = &s->catalog->datasets[d];
        const struct bau_blocker behind = { "dataset", dataset->name, dataset->only_by_rule };
        if (dataset->only_by_rule && dataset->kind == BAU_DATASET_SCHEMA)
            left_out_json(out, &behind, &first);
    }
    bau_text_add(out, "]}");
}

/* ── verbs ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Connected and compiled; a target that is the source is a finding too. */
static bau_status examine(struct bau_run *run, struct bau_error *err)
{
    BAU_TRY(bau_keys_load(run->project, &run->keys, err));
    BAU_TRY(bau_run_connect(run, false, err));
    bau_status status = bau_run_compile(run, err);
    if (status == BAU_OK)
        status = bau_run_simulate(run, err);
    if (status == BAU_OK)
        status = bau_run_select(run, err);
    for (uint32_t i = 0; i < run->n_stores; i++) {
        const struct bau_run_store *s = &run->stores[i];
        if (!s->facts.same_as_source)
            continue;
        const struct bau_finding finding = { .code = BAU_E_REFUSED,
                                             .at = s->store->target_at,
                                             .object = s->store->name,
                                             .text = "target and source are the same" };
        bau_run_finding(run, &finding);
        if (status == BAU_OK)
            status =
                bau_error_set(err, BAU_E_REFUSED, "store %s: target and source are the same", s->store->name);
    }
    return status;
}

void bau_run_findings_json(struct bau_run *run, bau_status status)
{
    bau_text_addf(&run->report->out, "{\"status\":\"%s\",\"exit\":%d,\"findings\":[%s]}\n",
                  bau_status_name(status), bau_status_exit(status),
                  run->findings_json.data ? run->findings_json.data + 1 : "");
    bau_text_release(&run->report->findings);
}

bau_status bau_check(const struct bau_project *project, const struct bau_run_options *options,
                     struct bau_report *report, struct bau_error *err)
{
    struct bau_run run;
    bau_status status = bau_run_begin(&run, project, options, report, err);
    if (status == BAU_OK)
        status = examine(&run, err);
    if (options->json && (status == BAU_OK || run.n_findings))
        bau_run_findings_json(&run, status);
    for (uint32_t i = 0; i < run.n_stores && status == BAU_OK && !options->json; i++)
        bau_text_addf(&report->out, "store %s: every field of %u datasets has a rule\n",
                      run.stores[i].store->name, run.stores[i].catalog->n_datasets);
    return bau_run_end(&run, status, err);
}

static bau_status plan(struct bau_run *run, struct bau_error *err)
{
    struct bau_text *out = &run->report->out;
    BAU_TRY(examine(run, err));
    BAU_TRY(bau_run_choose(run, err));
    bau_text_add(out, run->options->json ? "{\"stores\":[" : "");
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        bau_text_add(out, i && run->options->json ? "," : "");
        if (run->options->json)
            store_json(out, s);
        else
            store_text(out, s);
    }
    bau_text_add(out, run->options->json ? "]}\n" : "");
    return out->failed ? bau_error_set(err, BAU_E_NOMEM, "plan") : BAU_OK;
}

bau_status bau_plan_report(const struct bau_project *project, const struct bau_run_options *options,
                           struct bau_report *report, struct bau_error *err)
{
    struct bau_run run;
    bau_status status = bau_run_begin(&run, project, options, report, err);
    if (status == BAU_OK)
        status = plan(&run, err);
    if (status != BAU_OK && options->json && run.n_findings) {
        bau_text_release(&report->out);
        bau_run_findings_json(&run, status);
    }
    return bau_run_end(&run, status, err);
}

/* The guard and the lock of a refresh stand before a rollback too; the source is not asked, it may be away. */
static bau_status rollback(struct bau_run *run, struct bau_error *err)
{
    for (uint32_t i = 0; i < run->n_stores; i++)
        if (!run->stores[i].store->target)
            return bau_error_set(err, BAU_E_USAGE, BAU_AT_FORMAT ": store %s has no target",
                                 BAU_AT_ARGS(run->stores[i].store->at), run->stores[i].store->name);
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        BAU_TRY(bau_end_open(&s->target, err));
        BAU_TRY_NOTE(s->target.connector->target_prepare(s->target.side, "", err), err, "store %s: target",
                     s->store->name);
        BAU_TRY(bau_stop_status(run->stop, err));
    }
    for (uint32_t i = 0; i < run->n_stores; i++) {
        struct bau_run_store *s = &run->stores[i];
        BAU_TRY_NOTE(s->target.connector->target_rollback(s->target.side, err), err, "store %s: target",
                     s->store->name);
        if (!run->options->json)
            bau_text_addf(&run->report->out,
                          "store %s: the target is back to what it was before the last refresh\n",
                          s->store->name);
    }
    if (run->options->json)
        bau_text_addf(&run->report->out, "{\"run\":\"%s\",\"status\":\"rolled back\"}\n", run->id);
    return BAU_OK;
}

bau_status bau_rollback(const struct bau_project *project, const struct bau_run_options *options,
                        struct bau_report *report, struct bau_error *err)
{
    struct bau_run run;
    bau_status status = bau_run_begin(&run, project, options, report, err);
    if (status == BAU_OK)
        status = rollback(&run, err);
    return bau_run_end(&run, status, err);
}
