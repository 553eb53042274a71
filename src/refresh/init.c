/* `bauta init`: a project file from a catalog alone. Sure columns get their rule, foreign keys inherit, and everything
 * else is listed as a comment with a suggestion: a person decides, and until then `bauta check` ends with exit code 3. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "src/refresh/run.h"

/* ── the URI ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_reference(const char *from)
{
    return strncmp(from, "env:", 4) == 0 || strncmp(from, "file:", 5) == 0 ||
           strncmp(from, "command:", 8) == 0;
}

static bool has_password(const char *uri)
{
    const char *start = strstr(uri, "://");
    start = start ? start + 3 : uri;
    const char *end = start + strcspn(start, "/?#");
    const char *at = NULL;
    for (const char *c = start; c < end; c++)
        if (*c == '@')
            at = c;
    return (at && memchr(start, ':', (size_t)(at - start))) || strstr(uri, "password=");
}

static bau_status take_uri(struct bau_end *end, const char *from, struct bau_error *err)
{
    if (is_reference(from))
        return bau_secret_resolve(from, &end->uri, err);
    if (!strstr(from, "://"))
        return bau_error_set(err, BAU_E_USAGE,
                             "expected a URI, or a reference to one: env:NAME, file:PATH or command:…");
    if (has_password(from))
        return bau_error_set(err, BAU_E_USAGE,
                             "a password on the command line can be read by every user of this machine; "
                             "put the URI into an environment variable and say env:NAME");
    return bau_secret_from_bytes(from, strlen(from), &end->uri, err);
}

/* "shop" from postgres://…/shop?x=y: lower case letters, digits and '_'. */
static const char *name_of(const char *uri, struct bau_arena *arena)
{
    const char *path = strstr(uri, "://");
    path = path ? strchr(path + 3, '/') : NULL;
    const size_t n = path ? strcspn(path + 1, "/?#") : 0;
    char *name = n ? bau_arena_textn(arena, path + 1, n) : NULL;
    for (char *c = name; c && *c; c++)
        *c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
    return name && isalpha((unsigned char)*name) ? name : "main";
}

/* ── YAML ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A comment's text: one line, whatever the name holds. */
static void add_comment(struct bau_text *out, const char *text)
{
    for (; *text; text++)
        bau_text_addn(out, (unsigned char)*text < 0x20 ? "?" : text, 1);
}

/* ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const struct bau_reference *reference_of(const struct bau_catalog *catalog, uint32_t dataset,
                                                uint32_t field, uint32_t *out_at)
{
    for (uint32_t r = 0; r < catalog->n_references; r++)
        for (uint32_t i = 0; catalog->references[r].from == dataset && i < catalog->references[r].n_fields;
             i++)
            if (catalog->references[r].from_fields[i] == field) {
                *out_at = i;
                return &catalog->references[r];
            }
    return NULL;
}

static void field_line(struct bau_text *out, const char *lead, const struct bau_field *f,
                       const struct bau_guess *guess)
{
    BAU_AUTO_TEXT key = { 0 };
    bau_spell_selector(&key, &f->name, 1);
    bau_text_addf(out, "%s%s: ", lead, key.data ? key.data : "");
    bau_guess_rule(out, guess);
    bau_text_add(out, "   # ");
    add_comment(out, f->native ? f->native : "");
    if (guess->kind)
        bau_text_addf(out, "; %s", guess->kind);
    bau_text_add(out, "\n");
}

static uint32_t add_fields(struct bau_text *out, const struct bau_catalog *catalog, uint32_t d, bool sure,
                           const char *lead)
{
    const struct bau_dataset *dataset = &catalog->datasets[d];
    uint32_t n = 0, at;
    for (uint32_t f = 0; f < dataset->n_fields; f++) {
        if (dataset->fields[f].generated || reference_of(catalog, d, f, &at))
            continue;
        const struct bau_guess guess = bau_guess_field(catalog, dataset, f);
        if (guess.sure != sure)
            continue;
        if (out)
            field_line(out, lead, &dataset->fields[f], &guess);
        n++;
    }
    return n;
}

static void add_inherited(struct bau_text *out, const struct bau_catalog *catalog, uint32_t d)
{
    const struct bau_dataset *dataset = &catalog->datasets[d];
    uint32_t at;
    for (uint32_t f = 0; f < dataset->n_fields; f++) {
        const struct bau_reference *r = reference_of(catalog, d, f, &at);
        if (!r || dataset->fields[f].generated)
            continue;
        const struct bau_dataset *to = &catalog->datasets[r->to];
        bau_text_add(out, "      # ");
        add_comment(out, dataset->fields[f].name);
        bau_text_add(out, " does as ");
        add_comment(out, to->name);
        bau_text_add(out, ".");
        add_comment(out, to->fields[r->to_fields[at]].name);
        bau_text_add(out, " does, which it references\n");
    }
}

/* An entry whose columns are all undecided is a comment as a whole, since an empty `set:` is no rule. */
static uint32_t add_dataset(struct bau_text *out, const char *store, const struct bau_catalog *catalog,
                            uint32_t d)
{
    const struct bau_dataset *dataset = &catalog->datasets[d];
    const uint32_t sure = add_fields(NULL, catalog, d, true, "");
    const uint32_t open = add_fields(NULL, catalog, d, false, "");
    const char *mark = sure ? "" : "# ";
    const char *where[3] = { store, dataset->space, dataset->bare };
    char rows[32];
    bau_text_addf(out, "\n  # about %s rows", bau_count_text(dataset->est_rows, rows));
    if (dataset->only_by_rule)
        bau_text_addf(out, "; %s", dataset->only_by_rule);
    bau_text_addf(out, "\n  %s- at: ", mark);
    bau_spell_selector(out, where, 3);
    bau_text_addf(out, "\n  %s  set:\n", mark);
    add_fields(out, catalog, d, true, "      ");
    add_inherited(out, catalog, d);
    if (open)
        bau_text_add(out, "      # decide these\n");
    add_fields(out, catalog, d, false, sure ? "      # " : "  #     ");
    return open;
}

static void add_head(struct bau_text *out, const char *from, const char *store,
                     const struct bau_catalog *catalog)
{
    char upper[64];
    size_t n = 0;
    for (; store[n] && n + 1 < sizeof upper; n++)
        upper[n] = isalnum((unsigned char)store[n]) ? (char)toupper((unsigned char)store[n]) : '_';
    upper[n] = '\0';
    bau_text_add(out, "# Made by `bauta init` from ");
    add_comment(out, catalog->server ? catalog->server : "a live catalog");
    bau_text_add(
        out, ", from names and types alone: no row was read.\n"
             "# Look at every line, decide what stands under \"decide these\" (take the # away and choose), "
             "then:\n"
             "#   bauta check     rules against the live catalog; exit code 3 while a column has no rule\n"
             "#   bauta plan      what a refresh would do\n"
             "#   bauta refresh   do it\n"
             "version: 1\n\n"
             "# The master key: 64 hex digits. Make one with `openssl rand -hex 32`, keep it where secrets "
             "are kept;\n"
             "# the same key gives the same pseudonyms on every run.\n"
             "key: { from: env:BAUTA_KEY, mode: stable }\n\n"
             "# Connection URIs are references, never written here: env:NAME, file:PATH or command:…\n"
             "stores:\n");
    bau_text_addf(out, "  %s: { source: ", store);
    if (is_reference(from))
        bau_spell_scalar(out, from, strpbrk(from, " #'\"{}[],") == NULL);
    else
        bau_text_addf(out, "env:PROD_%s_URL", upper);
    bau_text_addf(out, ", target: env:STAGING_%s_URL }\n\nrules:", upper);
}

static bau_status write_file(const struct bau_catalog *catalog, const char *from, const char *store,
                             struct bau_text *out, struct bau_error *err)
{
    uint32_t open = 0, entries = 0;
    add_head(out, from, store, catalog);
    for (uint32_t d = 0; d < catalog->n_datasets; d++) {
        const struct bau_dataset *dataset = &catalog->datasets[d];
        if (dataset->parent != BAU_NO_DATASET || dataset->kind == BAU_DATASET_SCHEMA ||
            dataset->n_fields == 0)
            continue;
        entries += add_fields(NULL, catalog, d, true, "") > 0;
        open += add_dataset(out, store, catalog, d);
    }
    bau_text_addf(out, "%s\n# %u column%s to decide.\n", entries ? "" : " []", open, open == 1 ? "" : "s");
    return out->failed ? bau_error_set(err, BAU_E_NOMEM, "project file") : BAU_OK;
}

static bau_status init(struct bau_run *run, const char *from, const char *store, struct bau_error *err)
{
    struct bau_store made = { .name = store, .source = from };
    struct bau_run_store *s = bau_arena_zero(run->arena, sizeof *s);
    if (!s)
        return bau_error_set(err, BAU_E_NOMEM, "init");
    *s = (struct bau_run_store){ .run = run, .store = &made };
    s->source = (struct bau_end){ .of = s, .identity = "" };
    s->target = (struct bau_end){ .of = s, .identity = "", .write = true };
    BAU_TRY(take_uri(&s->source, from, err));
    run->stores = s;
    run->n_stores = 1;
    if (!made.name)
        made.name = name_of(bau_secret_text(s->source.uri), run->arena);
    bau_status status = bau_end_open(&s->source, err);
    if (status == BAU_OK) {
        status = s->source.connector->catalog(s->source.side, &s->catalog, err);
        if (status != BAU_OK)
            bau_error_note(err, "store %s: source", made.name);
    }
    if (status == BAU_OK)
        status = write_file(s->catalog, from, made.name, &run->report->out, err);
    s->source.quiet = true;
    bau_end_close(&s->source); /* `made` lives no longer than this function */
    return status;
}

bau_status bau_init(const char *from, const char *store, struct bau_report *report, struct bau_error *err)
{
    static const struct bau_run_options options = { .lanes = 1 };
    struct bau_run run;
    if (store && !bau_spell_plain(store))
        return bau_error_set(err, BAU_E_USAGE, "a store's name is letters, digits and '_'");
    bau_status status = bau_run_begin(&run, NULL, &options, report, err);
    if (status == BAU_OK)
        status = init(&run, from, store, err);
    return bau_run_end(&run, status, err);
}
