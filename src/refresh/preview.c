/* `preview`: one batch of each dataset through the plan, and what may be shown of it: masked values beside the shape of the
 * originals, never an original. A shape that few values share could point to one of them: it is counted, not shown. */
#include <stdlib.h>
#include <string.h>

#include "src/core/canon.h"
#include "src/refresh/run.h"
#include "src/refresh/shape.h"

enum { COLUMNS = 80, SAMPLES_MOST = 3, SHAPE_COLUMNS = 26 };

struct preview {
    struct bau_run *run;
    const struct bau_preview_options *options;
    const struct bau_pattern *patterns; /* one a word */
    uint32_t n_shown;                   /* datasets */
    struct bau_batch batch;
    struct bau_arena *arena; /* of one dataset: clear values */
};

struct figures { /* of the values of a column, originals or masked */
    uint32_t values, nulls, distinct;
    uint32_t shortest, median, longest; /* characters */
};

struct group { /* values of one shape */
    const char *shape;
    uint32_t first, n; /* into the order */
};

struct view { /* one masked field */
    const struct bau_field *field;
    const struct bau_action *action;
    struct bau_column clear, masked; /* as text, or as it was */
    struct figures before, after;
    struct shaped { /* present values, by shape */
        const char *shape;
        uint32_t value;
    } * order;
    struct group *groups; /* common ones, most values first */
    uint32_t n_order, n_groups, n_rare;
};

/* ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int by_bytes(const void *a, const void *b)
{
    const struct bau_slice *x = a, *y = b;
    const int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bau_status no_memory(struct bau_error *err)
{
    return bau_error_set(err, BAU_E_NOMEM, "preview");
}

static bau_status count(const struct bau_column *c, struct bau_arena *arena, struct figures *out,
                        struct bau_error *err)
{
    struct bau_slice *values = bau_arena_take(arena, ((size_t)c->n_values + 1) * sizeof *values);
    uint32_t *lengths = bau_arena_take(arena, ((size_t)c->n_values + 1) * sizeof *lengths), n = 0;
    if (!values || !lengths)
        return no_memory(err);
    for (uint32_t i = 0; i < c->n_values; i++)
        if (bau_column_present(c, i)) {
            values[n] = bau_column_value(c, i);
            lengths[n] = bau_shape_chars(values[n]);
            n++;
        }
    *out = (struct figures){ .values = c->n_values, .nulls = c->n_values - n };
    if (n == 0)
        return BAU_OK;
    qsort(values, n, sizeof *values, by_bytes);
    qsort(lengths, n, sizeof *lengths, by_number);
    for (uint32_t i = 0; i < n; i++)
        out->distinct += i == 0 || by_bytes(&values[i - 1], &values[i]) != 0;
    out->shortest = lengths[0];
    out->median = lengths[n / 2];
    out->longest = lengths[n - 1];
    return BAU_OK;
}

/* ── shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int by_shape(const void *a, const void *b)
{
    const struct shaped *x = a, *y = b;
    const int order = strcmp(x->shape, y->shape);
    return order ? order : (x->value > y->value) - (x->value < y->value);
}

static int by_count(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->shape, y->shape);
}

static bau_status shape_values(struct view *v, struct bau_arena *arena, struct bau_error *err)
{
    v->order = bau_arena_take(arena, ((size_t)v->clear.n_values + 1) * sizeof *v->order);
    v->groups = bau_arena_take(arena, ((size_t)v->clear.n_values + 1) * sizeof *v->groups);
    if (!v->order || !v->groups)
        return no_memory(err);
    for (uint32_t i = 0; i < v->clear.n_values; i++) {
        BAU_AUTO_TEXT shape = { 0 };
        if (!bau_column_present(&v->clear, i))
            continue;
        const struct bau_slice value = bau_column_value(&v->clear, i);
        if (v->field->type == BAU_BYTES || v->field->type == BAU_OTHER)
            bau_text_add(&shape, "bytes");
        else
            bau_shape_add(&shape, value);
        const char *copy = shape.failed || !shape.data ? NULL : bau_arena_text(arena, shape.data);
        if (!copy)
            return no_memory(err);
        v->order[v->n_order++] = (struct shaped){ copy, i };
    }
    return BAU_OK;
}

static bau_status group_values(struct view *v, uint32_t least, struct bau_arena *arena, struct bau_error *err)
{
    BAU_TRY(shape_values(v, arena, err));
    if (v->n_order)
        qsort(v->order, v->n_order, sizeof *v->order, by_shape);
    for (uint32_t i = 0, n; i < v->n_order; i += n) {
        for (n = 1; i + n < v->n_order && strcmp(v->order[i].shape, v->order[i + n].shape) == 0;)
            n++;
        if (n >= least)
            v->groups[v->n_groups++] = (struct group){ v->order[i].shape, i, n };
        else
            v->n_rare += n;
    }
    if (v->n_groups)
        qsort(v->groups, v->n_groups, sizeof *v->groups, by_count);
    return BAU_OK;
}

/* ── samples ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Numbers and dates keep digits of the original without keeping anything of it; texts are looked at word by word. */
static bool by_words(const struct view *v)
{
    return v->field->type == BAU_TEXT || v->field->type == BAU_JSON;
}

/* Up to `most` masked values of the shape, in the arena; each once. */
static bau_status samples_of(const struct view *v, const struct group *g, struct bau_arena *arena,
                             struct bau_texts *out, struct bau_error *err)
{
    *out = (struct bau_texts){ .at = bau_arena_take(arena, SAMPLES_MOST * sizeof *out->at) };
    if (!out->at)
        return no_memory(err);
    for (uint32_t i = g->first; i < g->first + g->n && out->n < SAMPLES_MOST; i++) {
        BAU_AUTO_TEXT shown = { 0 };
        const uint32_t at = v->order[i].value;
        bool seen = false;
        if (!bau_column_present(&v->masked, at))
            bau_text_add(&shown, "null");
        else if (v->field->type == BAU_BYTES || v->field->type == BAU_OTHER)
            bau_text_addf(&shown, "%zu bytes", bau_column_value(&v->masked, at).len);
        else if (!bau_shape_hide(&shown, bau_column_value(&v->masked, at), bau_column_value(&v->clear, at),
                                 !by_words(v)))
            return no_memory(err);
        for (uint32_t k = 0; k < out->n; k++)
            seen = seen || strcmp(out->at[k], shown.data ? shown.data : "") == 0;
        if (seen)
            continue;
        out->at[out->n] = bau_arena_text(arena, shown.data ? shown.data : "");
        if (!out->at[out->n])
            return no_memory(err);
        out->n++;
    }
    return BAU_OK;
}

/* ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void pair_text(struct bau_text *out, const char *word, uint32_t before, uint32_t after)
{
    char x[32], y[32];
    bau_text_addf(out, "%s %s", word, bau_count_text(before, x));
    if (before != after)
        bau_text_addf(out, " -> %s", bau_count_text(after, y));
}

static void length_text(struct bau_text *out, const struct figures *f)
{
    bau_text_addf(out, "%u/%u/%u", f->shortest, f->median, f->longest);
}

static void figures_text(struct bau_text *out, const struct view *v)
{
    BAU_AUTO_TEXT line = { 0 };
    pair_text(&line, "nulls", v->before.nulls, v->after.nulls);
    pair_text(&line, ", distinct", v->before.distinct, v->after.distinct);
    bau_text_add(&line, ", length ");
    length_text(&line, &v->before);
    bau_text_add(&line, " -> ");
    length_text(&line, &v->after);
    bau_text_add(out, "    ");
    bau_text_add_column(out, line.data ? line.data : "", COLUMNS - 4, false);
    bau_text_add(out, "\n");
}

static void head_text(struct bau_text *out, const struct view *v)
{
    BAU_AUTO_TEXT how = { 0 };
    if (v->action->kind == BAU_ACT_DOCUMENT)
        bau_text_add(&how, "paths");
    else
        bau_text_addf(&how, "%s, domain %s", v->action->mask.masker->name, v->action->mask.domain);
    bau_text_add(out, "\n  ");
    bau_text_add_column(out, v->field->name, 30, true);
    bau_text_add(out, " ");
    bau_text_add_column(out, how.data ? how.data : "", COLUMNS - 33, false);
    bau_text_add(out, "\n");
}

static bau_status view_text(struct bau_text *out, const struct view *v, struct preview *p,
                            struct bau_error *err)
{
    head_text(out, v);
    figures_text(out, v);
    for (uint32_t g = 0; g < v->n_groups; g++) {
        struct bau_texts samples;
        BAU_AUTO_TEXT list = { 0 };
        char number[32];
        BAU_TRY(samples_of(v, &v->groups[g], p->arena, &samples, err));
        for (uint32_t i = 0; i < samples.n; i++)
            bau_text_addf(&list, "%s%s", i ? "  " : "", samples.at[i]);
        bau_text_addf(out, "    %7s  ", bau_count_text(v->groups[g].n, number));
        bau_text_add_column(out, v->groups[g].shape, SHAPE_COLUMNS, true);
        bau_text_add(out, "  ");
        bau_text_add_column(out, list.data ? list.data : "", COLUMNS - 15 - SHAPE_COLUMNS, false);
        bau_text_add(out, "\n");
    }
    if (v->n_rare)
        bau_text_addf(out, "    %7u  rare: shapes of fewer than %u values\n", v->n_rare, p->options->least);
    return BAU_OK;
}

/* ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void figures_json(struct bau_text *out, const char *name, const struct figures *f)
{
    bau_text_addf(out,
                  ",\"%s\":{\"values\":%u,\"nulls\":%u,\"distinct\":%u,\"shortest\":%u,\"median\":%u,"
                  "\"longest\":%u}",
                  name, f->values, f->nulls, f->distinct, f->shortest, f->median, f->longest);
}

static bau_status view_json(struct bau_text *out, const struct view *v, struct preview *p,
                            struct bau_error *err)
{
    const struct bau_action *a = v->action;
    bau_text_add(out, "{\"field\":");
    bau_text_add_json(out, v->field->name);
    bau_text_add(out, ",\"type\":");
    bau_text_add_json(out, v->field->native ? v->field->native : bau_type_word(v->field->type));
    bau_text_addf(out, ",\"action\":\"%s\"", a->kind == BAU_ACT_DOCUMENT ? "paths" : "mask");
    if (a->kind == BAU_ACT_MASK) {
        bau_text_add(out, ",\"masker\":");
        bau_text_add_json(out, a->mask.masker->name);
        bau_text_add(out, ",\"domain\":");
        bau_text_add_json(out, a->mask.domain);
    }
    figures_json(out, "originals", &v->before);
    figures_json(out, "masked", &v->after);
    bau_text_add(out, ",\"shapes\":[");
    for (uint32_t g = 0; g < v->n_groups; g++) {
        struct bau_texts samples;
        BAU_TRY(samples_of(v, &v->groups[g], p->arena, &samples, err));
        bau_text_add(out, g ? ",{\"shape\":" : "{\"shape\":");
        bau_text_add_json(out, v->groups[g].shape);
        bau_text_addf(out, ",\"values\":%u,\"samples\":[", v->groups[g].n);
        for (uint32_t i = 0; i < samples.n; i++) {
            bau_text_add(out, i ? "," : "");
            bau_text_add_json(out, samples.at[i]);
        }
        bau_text_add(out, "]}");
    }
    bau_text_addf(out, "],\"rare\":%u}", v->n_rare);
    return BAU_OK;
}

/* ── one dataset ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status spell(const struct bau_column *in, struct bau_arena *arena, struct bau_column *out,
                        struct bau_error *err)
{
    *out = *in;
    return bau_type_width(in->type) ? bau_canon_column(BAU_CANON_NONE, arena, in, out, err) : BAU_OK;
}

static bau_status add_field(struct preview *p, const struct bau_dataset_plan *plan, uint32_t f,
                            const struct bau_column *clear, struct bau_text *out, struct bau_error *err)
{
    struct view v = { .field = &plan->dataset->fields[f], .action = &plan->actions[f] };
    BAU_TRY(spell(clear, p->arena, &v.clear, err));
    BAU_TRY(spell(&p->batch.columns[f], p->arena, &v.masked, err));
    BAU_TRY(count(&v.clear, p->arena, &v.before, err));
    BAU_TRY(count(&v.masked, p->arena, &v.after, err));
    BAU_TRY(group_values(&v, p->options->least, p->arena, err));
    return p->run->options->json ? view_json(out, &v, p, err) : view_text(out, &v, p, err);
}

static bau_status add_fields(struct preview *p, const struct bau_dataset_plan *plan,
                             const struct bau_column *clear, struct bau_text *out, struct bau_error *err)
{
    bool first = true;
    for (uint32_t f = 0; p->batch.n_rows && f < plan->dataset->n_fields; f++) {
        if (!plan->replaced[f])
            continue;
        bau_text_add(out, first || !p->run->options->json ? "" : ",");
        first = false;
        BAU_TRY(add_field(p, plan, f, &clear[f], out, err));
    }
    return BAU_OK;
}

static bau_status add_dataset(struct preview *p, const struct bau_run_store *s, uint32_t d,
                              struct bau_mask_state *state, struct bau_error *err)
{
    const struct bau_dataset_plan *plan = &s->plan->datasets[d];
    struct bau_text *out = &p->run->report->out;
    char rows[32];
    const size_t bytes = plan->dataset->n_fields * sizeof(struct bau_column);
    struct bau_column *clear = bau_arena_take(p->arena, bytes + 1);
    if (!clear)
        return no_memory(err);
    if (p->batch.n_rows)
        memcpy(clear, p->batch.columns, bytes);
    BAU_TRY(bau_plan_mask(s->plan, state, d, 0, &p->batch, err));
    if (p->run->options->json) {
        BAU_AUTO_TEXT name = { 0 };
        bau_text_addf(&name, "%s.%s", s->store->name, plan->dataset->name);
        bau_text_add(out, p->n_shown++ ? ",{\"dataset\":" : "{\"dataset\":");
        bau_text_add_json(out, name.data ? name.data : "");
        bau_text_addf(out, ",\"rows\":%u,\"fields\":[", p->batch.n_rows);
        BAU_TRY(add_fields(p, plan, clear, out, err));
        bau_text_add(out, "]}");
        return BAU_OK;
    }
    BAU_AUTO_TEXT line = { 0 };
    bau_text_addf(&line, "%s.%s: %s row%s read%s", s->store->name, plan->dataset->name,
                  bau_count_text(p->batch.n_rows, rows), p->batch.n_rows == 1 ? "" : "s",
                  plan->touched ? "" : ", no field is masked");
    bau_text_add(out, p->n_shown++ ? "\n" : "");
    bau_text_add_column(out, line.data ? line.data : "", COLUMNS, false);
    bau_text_add(out, "\n");
    return add_fields(p, plan, clear, out, err);
}

/* ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status read_part(struct preview *p, const struct bau_run_store *s, struct bau_link *link,
                            const struct bau_part *part, struct bau_error *err)
{
    const struct bau_connector *c = s->source.connector;
    const struct bau_dataset_plan *plan = &s->plan->datasets[part->dataset];
    const struct bau_read what = { .dataset = plan->dataset, .part = part, .want = plan->want };
    struct bau_reader *reader = NULL;
    BAU_TRY(c->read_open(link, &what, &reader, err));
    bau_status status = bau_batch_reset(&p->batch, plan->dataset, err);
    if (status == BAU_OK)
        status = c->read_next(reader, &p->batch, err);
    c->read_close(reader);
    return status;
}

/* The first part that holds a row; an empty batch when none does. */
static bau_status read_dataset(struct preview *p, const struct bau_run_store *s, struct bau_link *link,
                               uint32_t d, struct bau_error *err)
{
    bau_status status = bau_batch_reset(&p->batch, &s->catalog->datasets[d], err);
    for (uint32_t i = 0; status == BAU_OK && p->batch.n_rows == 0 && i < s->parts.n; i++)
        if (s->parts.at[i].dataset == d)
            status = read_part(p, s, link, &s->parts.at[i], err);
    return status == BAU_OK ? bau_stop_status(p->run->stop, err) : status;
}

static bool chosen(const struct preview *p, const struct bau_run_store *s, const struct bau_dataset *dataset)
{
    const char *segments[3];
    const uint32_t n = bau_dataset_segments(dataset, s->store->name, segments);
    for (uint32_t i = 0; i < p->options->datasets.n; i++)
        if (bau_pattern_matches(&p->patterns[i], segments, n) ||
            bau_pattern_matches(&p->patterns[i], segments, 1))
            return true;
    return p->options->datasets.n == 0;
}

static bau_status show_datasets(struct preview *p, const struct bau_run_store *s, struct bau_link *link,
                                struct bau_mask_state *state, struct bau_error *err)
{
    for (uint32_t d = 0; d < s->catalog->n_datasets; d++) {
        const struct bau_dataset *dataset = &s->catalog->datasets[d];
        if (dataset->kind != BAU_DATASET_ROWS || !chosen(p, s, dataset))
            continue;
        BAU_TRY_NOTE(read_dataset(p, s, link, d, err), err, "%s.%s", s->store->name, dataset->name);
        BAU_TRY(add_dataset(p, s, d, state, err));
        bau_arena_reset(p->arena);
    }
    return BAU_OK;
}

static bau_status show_store(struct preview *p, struct bau_run_store *s, struct bau_error *err)
{
    const struct bau_connector *c = s->source.connector;
    struct bau_link *link = NULL;
    struct bau_mask_state *state = NULL;
    BAU_TRY_NOTE(c->split(s->source.side, s->catalog, p->run->arena, &s->parts, err), err, "store %s: source",
                 s->store->name);
    BAU_TRY_NOTE(c->link_open(s->source.side, &link, err), err, "store %s: source", s->store->name);
    bau_status status = bau_stop_link(p->run->stop, c, link, true, err);
    if (status == BAU_OK) {
        status = bau_mask_state_new(s->plan, &state, err);
        if (status == BAU_OK)
            status = show_datasets(p, s, link, state, err);
        const bau_status off = bau_stop_link(p->run->stop, c, link, false, NULL);
        (void)off; /* taking off cannot fail */
    }
    bau_mask_state_free(state);
    c->link_close(link);
    return status;
}

/* ── the verb ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status parse_words(struct preview *p, struct bau_error *err)
{
    const struct bau_texts *words = &p->options->datasets;
    struct bau_pattern *patterns = bau_arena_zero(p->run->arena, ((size_t)words->n + 1) * sizeof *patterns);
    p->patterns = patterns;
    for (uint32_t i = 0; patterns && i < words->n; i++) {
        const struct bau_at at = { words->at[i], 1, 1 };
        BAU_TRY_NOTE(bau_pattern_parse(words->at[i], at, p->run->arena, &patterns[i], err), err, "%s",
                     words->at[i]);
    }
    return patterns ? BAU_OK : no_memory(err);
}

/* A word that chooses nothing is a mistake. */
static bau_status check_words(const struct preview *p, struct bau_error *err)
{
    for (uint32_t i = 0; i < p->options->datasets.n; i++) {
        const struct bau_preview_options one = { .datasets = { 1, &p->options->datasets.at[i] } };
        const struct preview only = { .options = &one, .patterns = &p->patterns[i] };
        bool any = false;
        for (uint32_t k = 0; k < p->run->n_stores; k++)
            for (uint32_t d = 0; d < p->run->stores[k].catalog->n_datasets; d++)
                any = any || (p->run->stores[k].catalog->datasets[d].kind == BAU_DATASET_ROWS &&
                              chosen(&only, &p->run->stores[k], &p->run->stores[k].catalog->datasets[d]));
        if (!any)
            return bau_error_set(err, BAU_E_USAGE,
                                 "'%.80s' names no dataset that holds rows; write STORE.DATASET, such as "
                                 "shop.public.customers or shop.**",
                                 p->options->datasets.at[i]);
    }
    return BAU_OK;
}

static bau_status preview(struct preview *p, struct bau_error *err)
{
    struct bau_run *run = p->run;
    struct bau_text *out = &run->report->out;
    BAU_TRY(parse_words(p, err));
    BAU_TRY(bau_keys_load(run->project, &run->keys, err));
    run->sources_only = run->project->key_mode != BAU_KEY_PER_TARGET; /* then the target is in the key */
    BAU_TRY(bau_run_connect(run, false, err));
    BAU_TRY(check_words(p, err));
    BAU_TRY(bau_run_compile(run, err));
    bau_text_add(out, run->options->json ? "{\"datasets\":[" : "");
    for (uint32_t i = 0; i < run->n_stores; i++)
        BAU_TRY(show_store(p, &run->stores[i], err));
    bau_text_add(out, run->options->json ? "]}\n" : "");
    return out->failed ? no_memory(err) : BAU_OK;
}

bau_status bau_preview(const struct bau_project *project, const struct bau_run_options *options,
                       const struct bau_preview_options *what, struct bau_report *report,
                       struct bau_error *err)
{
    struct bau_run run;
    struct bau_run_options own = *options;
    struct preview p = { .run = &run, .options = what };
    own.batch_rows = what->rows;
    bau_status status = bau_run_begin(&run, project, &own, report, err);
    p.arena = bau_arena_new((size_t)1 << 16, BAU_ARENA_PRIVATE);
    if (status == BAU_OK)
        status = p.arena ? bau_batch_init(&p.batch, err) : no_memory(err);
    if (status == BAU_OK)
        status = preview(&p, err);
    if (status != BAU_OK) {
        bau_text_release(&report->out); /* half a page would look like all of it */
        if (options->json && run.n_findings)
            bau_run_findings_json(&run, status);
    }
    bau_batch_release(&p.batch);
    bau_arena_free(p.arena);
    return bau_run_end(&run, status, err);
}
