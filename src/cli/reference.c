/* `bauta maskers [NAME]`, `bauta connectors [NAME]`: what there is, as text, JSON or Markdown; from the registries. The
 * example of a masker is run through the masker each time, under a fixed, published key. */
#include <string.h>

#include "src/cli/cli.h"

struct config {
    const char *name;
    bool markdown;
    struct bau_texts plugins; /* maskers only */
};

struct page { /* of one masker */
    const struct config *c;
    const struct bau_cli *cli;
    const struct bau_project *plugins;
};

struct flag {
    uint32_t bit;
    const char *word, *meaning;
};

static const struct flag traits[] = {
    { BAU_DETERMINISTIC, "deterministic", "equal in, equal out, within a domain" },
    { BAU_BIJECTIVE, "bijective", "distinct in, distinct out" },
    { BAU_COLLISION_BOUND, "collision-bounded",
      "distinct in, distinct out, but for a chance stated on its page" },
    { BAU_CONSTANT, "constant", "the output does not depend on the value" },
    { BAU_KEEPS_LENGTH, "keeps length", "as many bytes out as in" },
    { BAU_MAKES_NULLS, "makes nulls", "the output is null" },
    { BAU_KEEPS_ALL, "keeps all", "the output is the input" },
    { BAU_KEEPS_SOME, "keeps some", "values already coarse, or without what it looks for, stay" },
    { BAU_KEYED, "keyed", "another key gives another output" },
};
static const struct flag leaks[] = {
    { BAU_LEAKS_EQUALITY, "equality", "which values are equal" },
    { BAU_LEAKS_ORDER, "order", "which value is larger" },
    { BAU_LEAKS_LENGTH, "length", "how long the value is" },
    { BAU_LEAKS_PREFIX, "prefix", "how the value begins or ends" },
    { BAU_LEAKS_FREQUENCY, "frequency", "how often a value stands there" },
    { BAU_LEAKS_FORMAT, "format", "the shape of the value" },
    { BAU_LEAKS_RANGE, "range", "about how large the value is" },
    { BAU_LEAKS_VALUE, "value", "the value itself" },
};
#define CAN_ARCHIVES 0x80000000u /* what a connector's `objects` mean, beside its caps */
static const struct flag caps[] = {
    { BAU_CAN_READ, "read", "a source" },
    { BAU_CAN_WRITE, "write", "a target" },
    { BAU_CAN_SNAPSHOT, "snapshot", "one point in time for all connections" },
    { BAU_CAN_SPLIT, "split", "large datasets are read in parts" },
    { BAU_CAN_SWITCH, "switch", "atomic, with rollback" },
    { BAU_CAN_CHECK, "check", "CHECK constraints are tried on masked rows" },
    { CAN_ARCHIVES, "archives", "archives may lie there" },
};

/* ── pieces ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void add_flags(struct bau_text *out, uint32_t set, const struct flag *flags, size_t n, bool meaning)
{
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        if (!(set & flags[i].bit))
            continue;
        bau_text_addf(out, "%s%s", first ? "" : ", ", flags[i].word);
        if (meaning)
            bau_text_addf(out, " (%s)", flags[i].meaning);
        first = false;
    }
    bau_text_add(out, first ? "nothing" : "");
}

static void add_types(struct bau_text *out, uint32_t accepts)
{
    bool first = true;
    if (accepts == BAU_TYPES_ALL) {
        bau_text_add(out, "every type");
        return;
    }
    for (unsigned t = 0; t < BAU_TYPE_COUNT; t++)
        if (accepts & BAU_TYPE_BIT(t)) {
            bau_text_addf(out, "%s%s", first ? "" : ", ", bau_type_word((bau_type)t));
            first = false;
        }
}

static void add_flags_json(struct bau_text *out, uint32_t set, const struct flag *flags, size_t n)
{
    bool first = true;
    bau_text_add(out, "[");
    for (size_t i = 0; i < n; i++)
        if (set & flags[i].bit) {
            bau_text_add(out, first ? "" : ",");
            bau_text_add_json(out, flags[i].word);
            first = false;
        }
    bau_text_add(out, "]");
}

static void add_options_json(struct bau_text *out, const struct bau_option *table)
{
    bau_text_add(out, "[");
    for (const struct bau_option *o = table; o && o->name; o++) {
        BAU_AUTO_TEXT expects = { 0 };
        bau_option_expects(o, &expects);
        bau_text_add(out, o == table ? "{\"name\":" : ",{\"name\":");
        bau_text_add_json(out, o->name);
        bau_text_add(out, ",\"takes\":");
        bau_text_add_json(out, expects.data ? expects.data : "");
        bau_text_addf(out, ",\"required\":%s", o->flags & BAU_OPTION_REQUIRED ? "true" : "false");
        if (o->fallback) {
            bau_text_add(out, ",\"default\":");
            bau_text_add_json(out, o->fallback);
        }
        bau_text_add(out, ",\"meaning\":");
        bau_text_add_json(out, o->sentence);
        bau_text_add(out, "}");
    }
    bau_text_add(out, "]");
}

static void add_options_markdown(struct bau_text *out, const struct bau_option *table)
{
    if (!table || !table->name)
        return;
    bau_text_add(out, "\n| option | takes | default | meaning |\n| --- | --- | --- | --- |\n");
    for (const struct bau_option *o = table; o->name; o++) {
        BAU_AUTO_TEXT expects = { 0 };
        bau_option_expects(o, &expects);
        bau_text_addf(out, "| `%s` | %s | ", o->name, expects.data ? expects.data : "");
        if (o->flags & BAU_OPTION_REQUIRED)
            bau_text_add(out, "required");
        else if (o->fallback && *o->fallback)
            bau_text_addf(out, "`%s`", o->fallback);
        bau_text_addf(out, " | %s |\n", o->sentence);
    }
}

static void add_options_text(struct bau_text *out, const struct bau_option *table)
{
    bau_text_add(out, table && table->name ? "\nOptions:\n" : "");
    for (const struct bau_option *o = table; o && o->name; o++) {
        BAU_AUTO_TEXT text = { 0 }, expects = { 0 };
        bau_option_expects(o, &expects);
        bau_text_addf(&text, "%s Takes %s.", o->sentence, expects.data ? expects.data : "a value");
        if (o->flags & BAU_OPTION_REQUIRED)
            bau_text_add(&text, " Required.");
        else if (o->fallback && *o->fallback)
            bau_text_addf(&text, " Default: %s.", o->fallback);
        bau_text_addf(out, "  %-18s ", o->name);
        if (strlen(o->name) > 18)
            bau_text_add(out, "\n                     ");
        bau_text_add_wrapped(out, text.data ? text.data : "", 21, 21);
        bau_text_add(out, "\n");
    }
}

/* "a=1 b=[c, d]" → its words, in the arena: a space inside brackets belongs to the word. */
static bau_status split_words(const char *text, struct bau_arena *arena, struct bau_texts *out,
                              struct bau_error *err)
{
    *out = (struct bau_texts){ .at = bau_arena_take(arena, (strlen(text) / 2 + 1) * sizeof *out->at) };
    for (const char *at = text; out->at && *(at += strspn(at, " "));) {
        size_t n = 0;
        for (int depth = 0; at[n] && (depth > 0 || at[n] != ' '); n++)
            depth += (strchr("[{", at[n]) != NULL) - (strchr("]}", at[n]) != NULL);
        out->at[out->n] = bau_arena_textn(arena, at, n);
        if (!out->at[out->n])
            return bau_error_set(err, BAU_E_NOMEM, "example");
        out->n++;
        at += n;
    }
    return out->at ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "example");
}

/* A file does not fit into an example: its first line does. */
static void cut_to_line(struct bau_text *text)
{
    const size_t n = text->data ? strcspn(text->data, "\n\r") : 0;
    if (n < text->len) {
        text->data[text->len = n] = '\0';
        bau_text_add(text, " …");
    }
}

/* A masker of a plugin may leave its example out. */
static const char *example_options(const struct bau_masker *m)
{
    return m->example_options ? m->example_options : "";
}

static const char *example_in(const struct bau_masker *m)
{
    return m->example_in ? m->example_in : "";
}

/* Under the key 00 01 02 … 1f, which the reference page names. */
static bau_status run_example(const struct bau_masker *m, const struct page *page, struct bau_text *out,
                              struct bau_error *err)
{
    uint8_t master[32];
    struct bau_sampler s = { 0 };
    struct bau_texts words;
    struct bau_keys *keys;
    if (!m->example_in) {
        bau_text_add(out, "(its author gives none)");
        return BAU_OK;
    }
    if (!(m->traits & BAU_DETERMINISTIC)) { /* the page must not change from one build to the next */
        bau_text_add(out, "(another value every time)");
        return BAU_OK;
    }
    for (unsigned i = 0; i < sizeof master; i++)
        master[i] = (uint8_t)i;
    BAU_TRY(split_words(example_options(m), page->cli->arena, &words, err));
    BAU_TRY(bau_keys_of(master, &keys, err));
    bau_status status = bau_sampler_open(&s, page->plugins, m, &words, keys, err);
    if (status == BAU_OK)
        status = bau_sampler_mask(&s, m->example_in, strlen(m->example_in), 0, out, err);
    cut_to_line(out);
    bau_sampler_close(&s);
    bau_keys_free(keys);
    if (status != BAU_OK)
        bau_error_note(err, "example of masker %s", m->name);
    return status;
}

static bau_status unknown(const char *what, const char *name, const char *const *names, size_t n,
                          struct bau_error *err)
{
    const char *near = bau_nearest(name, names, n);
    return bau_error_set(err, BAU_E_USAGE, "there is no %s '%.40s'; %s%s%s%s", what, name,
                         near ? "did you mean " : "`bauta ", near ? near : what, near ? "" : "s` lists them",
                         near ? "?" : "");
}

/* ── maskers ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status masker_text(const struct bau_masker *m, const struct page *page, struct bau_text *out,
                              struct bau_error *err)
{
    BAU_AUTO_TEXT types = { 0 }, promises = { 0 }, shows = { 0 }, example = { 0 };
    BAU_TRY(run_example(m, page, &example, err));
    add_types(&types, m->accepts);
    add_flags(&promises, m->traits, traits, BAU_COUNT(traits), true);
    add_flags(&shows, m->leaks, leaks, BAU_COUNT(leaks), true);
    bau_text_addf(out, "%s\n  ", m->name);
    bau_text_add_wrapped(out, m->summary, 2, 2);
    bau_text_add(out, "\n\n  Takes:    ");
    bau_text_add_wrapped(out, types.data ? types.data : "", 12, 12);
    bau_text_add(out, "\n  Promises: ");
    bau_text_add_wrapped(out, promises.data ? promises.data : "", 12, 12);
    bau_text_add(out, "\n  Shows:    ");
    bau_text_add_wrapped(out, shows.data ? shows.data : "", 12, 12);
    bau_text_add(out, "\n");
    add_options_text(out, m->options);
    bau_text_addf(out, "\nExample%s%s, under a fixed key:\n  %s\n  %s\n", *example_options(m) ? " with " : "",
                  example_options(m), example_in(m), example.data ? example.data : "");
    return BAU_OK;
}

static bau_status masker_markdown(const struct bau_masker *m, const struct page *page, struct bau_text *out,
                                  struct bau_error *err)
{
    BAU_AUTO_TEXT example = { 0 };
    BAU_TRY(run_example(m, page, &example, err));
    bau_text_addf(out, "## %s\n\n%s\n\n- takes: ", m->name, m->summary);
    add_types(out, m->accepts);
    bau_text_add(out, "\n- promises: ");
    add_flags(out, m->traits, traits, BAU_COUNT(traits), false);
    bau_text_add(out, "\n- shows: ");
    add_flags(out, m->leaks, leaks, BAU_COUNT(leaks), false);
    bau_text_add(out, "\n");
    add_options_markdown(out, m->options);
    bau_text_addf(out, "\nExample%s%s%s:\n\n    %s\n    %s\n", *example_options(m) ? " with `" : "",
                  example_options(m), *example_options(m) ? "`" : "", example_in(m),
                  example.data ? example.data : "");
    return BAU_OK;
}

static bau_status masker_json(const struct bau_masker *m, const struct page *page, struct bau_text *out,
                              struct bau_error *err)
{
    BAU_AUTO_TEXT example = { 0 };
    BAU_TRY(run_example(m, page, &example, err));
    bau_text_add(out, "{\"name\":");
    bau_text_add_json(out, m->name);
    bau_text_add(out, ",\"summary\":");
    bau_text_add_json(out, m->summary);
    bau_text_add(out, ",\"accepts\":[");
    bool first = true;
    for (unsigned t = 0; t < BAU_TYPE_COUNT; t++)
        if (m->accepts & BAU_TYPE_BIT(t)) {
            bau_text_add(out, first ? "" : ",");
            bau_text_add_json(out, bau_type_word((bau_type)t));
            first = false;
        }
    bau_text_add(out, "],\"traits\":");
    add_flags_json(out, m->traits, traits, BAU_COUNT(traits));
    bau_text_add(out, ",\"leaks\":");
    add_flags_json(out, m->leaks, leaks, BAU_COUNT(leaks));
    bau_text_add(out, ",\"options\":");
    add_options_json(out, m->options);
    bau_text_add(out, ",\"example\":{\"options\":");
    bau_text_add_json(out, example_options(m));
    bau_text_add(out, ",\"in\":");
    bau_text_add_json(out, example_in(m));
    bau_text_add(out, ",\"out\":");
    bau_text_add_json(out, example.data ? example.data : "");
    bau_text_add(out, "}}");
    return BAU_OK;
}

static void masker_line(const struct bau_masker *m, struct bau_text *out)
{
    bau_text_addf(out, "%-16s ", m->name);
    bau_text_add_wrapped(out, m->summary, 17, 17);
    bau_text_add(out, "\n");
}

static bau_status add_masker(const struct bau_masker *m, const struct page *page, struct bau_text *out,
                             struct bau_error *err)
{
    if (page->cli->globals.json)
        return masker_json(m, page, out, err);
    if (page->c->markdown)
        return masker_markdown(m, page, out, err);
    if (page->c->name)
        return masker_text(m, page, out, err);
    masker_line(m, out);
    return BAU_OK;
}

/* Those of the registry, then those of the plugins; NULL behind the last. */
static const struct bau_masker *masker_at(const struct bau_project *plugins, size_t i)
{
    if (i < bau_n_maskers)
        return bau_maskers[i];
    i -= bau_n_maskers;
    for (uint32_t p = 0; p < plugins->n_plugins; i -= plugins->plugins[p++].plugin->n_maskers)
        if (i < plugins->plugins[p].plugin->n_maskers)
            return plugins->plugins[p].plugin->maskers[i];
    return NULL;
}

static bau_status add_all(const struct page *page, struct bau_text *out, struct bau_error *err)
{
    const bool json = page->cli->globals.json, markdown = !json && page->c->markdown;
    bau_text_add(out, json ? "[" : "");
    if (markdown)
        bau_text_add(
            out,
            "# The maskers of bauta\n\nMade by `bauta maskers --markdown`; a test compares. *Promises* hold "
            "for every value and every release; *shows* is what an onlooker of the output can learn. `canon` "
            "is "
            "an option of every masker: " BAU_CANON_WORDS ". Every example runs under the key "
            "`000102…1e1f`.\n");
    const struct bau_masker *m;
    for (size_t i = 0; (m = masker_at(page->plugins, i)); i++) {
        bau_text_add(out, json && i ? "," : markdown ? "\n" : "");
        BAU_TRY(add_masker(m, page, out, err));
    }
    bau_text_add(out, json ? "]\n" : "");
    return BAU_OK;
}

static bau_status add_one(const struct page *page, struct bau_text *out, struct bau_error *err)
{
    const char *name = page->c->name;
    const struct bau_masker *m = bau_project_masker(page->plugins, name);
    if (!m) {
        const char *near = bau_project_nearest_masker(page->plugins, name);
        return unknown("masker", name, &near, near ? 1 : 0, err);
    }
    BAU_TRY(add_masker(m, page, out, err));
    bau_text_add(out, page->cli->globals.json ? "\n" : "");
    return BAU_OK;
}

static bau_status run_maskers(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    BAU_AUTO_TEXT out = { 0 };
    struct bau_project *plugins;
    struct page page = { .c = config, .cli = cli };
    BAU_TRY(bau_plugins_open(&page.c->plugins, &plugins, err));
    page.plugins = plugins;
    bau_status status = page.c->name ? add_one(&page, &out, err) : add_all(&page, &out, err);
    if (status == BAU_OK)
        status = bau_cli_print(cli, &out, err);
    bau_project_free(plugins);
    return status;
}

/* ── connectors ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint32_t can_bits(const struct bau_connector *k)
{
    return k->caps | (k->objects ? CAN_ARCHIVES : 0);
}

static void add_connector(const struct bau_connector *k, const struct config *c, bool json,
                          struct bau_text *out)
{
    if (json) {
        bau_text_add(out, "{\"name\":");
        bau_text_add_json(out, k->name);
        bau_text_add(out, ",\"summary\":");
        bau_text_add_json(out, k->summary);
        bau_text_add(out, ",\"schemes\":");
        bau_text_add_json(out, k->schemes);
        bau_text_add(out, ",\"can\":");
        add_flags_json(out, can_bits(k), caps, BAU_COUNT(caps));
        bau_text_add(out, ",\"options\":");
        add_options_json(out, k->options);
        bau_text_add(out, "}");
        return;
    }
    if (!c->markdown && !c->name) {
        bau_text_addf(out, "%-16s ", k->name);
        bau_text_add_wrapped(out, k->summary, 17, 17);
        bau_text_add(out, "\n");
        return;
    }
    BAU_AUTO_TEXT can = { 0 };
    add_flags(&can, can_bits(k), caps, BAU_COUNT(caps), !c->markdown);
    bau_text_addf(out, c->markdown ? "## %s\n\n%s\n\n- URIs: `" : "%s\n  %s\n\n  URIs: ", k->name,
                  k->summary);
    for (const char *s = k->schemes; *s; s++)
        bau_text_addn(out, *s == '|' ? "://, " : s, *s == '|' ? 5 : 1);
    bau_text_add(out, c->markdown ? "://`\n- can: " : "://\n  Can:  ");
    bau_text_add_wrapped(out, can.data ? can.data : "", 8, 8);
    bau_text_add(out, "\n");
    if (c->markdown)
        add_options_markdown(out, k->options);
    else
        add_options_text(out, k->options);
}

static bau_status run_connectors(const void *config, const struct bau_cli *cli, struct bau_error *err)
{
    const struct config *c = config;
    const bool json = cli->globals.json;
    const char *names[64];
    BAU_AUTO_TEXT out = { 0 };
    size_t n = 0, shown = 0;
    if (!json && c->markdown && !c->name)
        bau_text_add(
            &out, "# The connectors of bauta\n\nOptions stand beside `source` and `target` of a store.\n\n");
    bau_text_add(&out, json && !c->name ? "{\"connectors\":[" : "");
    for (size_t i = 0; i < bau_n_connectors; i++) {
        if (n < BAU_COUNT(names))
            names[n++] = bau_connectors[i]->name;
        if (c->name && strcmp(c->name, bau_connectors[i]->name) != 0)
            continue;
        bau_text_add(&out, json && shown++ ? "," : "");
        shown += !json;
        add_connector(bau_connectors[i], c, json, &out);
    }
    if (c->name && !shown)
        return unknown("connector", c->name, names, n, err);
    if (json && !c->name)
        bau_text_add(&out, "],\"missing\":[");
    for (size_t i = 0; !c->name && bau_connectors_missing[i]; i++) {
        if (json) {
            bau_text_add(&out, i ? "," : "");
            bau_text_add_json(&out, bau_connectors_missing[i]);
        } else
            bau_text_addf(&out, "%-16s not in this build: its library was missing\n",
                          bau_connectors_missing[i]);
    }
    bau_text_add(&out, json ? (c->name ? "\n" : "]}\n") : "");
    return bau_cli_print(cli, &out, err);
}

/* ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define REFERENCE_ROW                                                                                        \
    {                                                                                                        \
        "markdown", BAU_OPTION_BOOL, offsetof(struct config, markdown), "false", 0, 0,                       \
            "Print the reference as Markdown.", 0, NULL, NULL, 0                                             \
    }

static const struct bau_option masker_options[] = {
    { "masker", BAU_OPTION_TEXT, offsetof(struct config, name), NULL, 0, 0,
      "One masker; without it, all are listed.", BAU_OPTION_OPERAND, NULL, "MASKER", 0 },
    { "plugin", BAU_OPTION_TEXTS, offsetof(struct config, plugins), NULL, 0, 0,
      "A shared object with maskers of your own.", 0, NULL, "FILE", 0 },
    REFERENCE_ROW,
    { 0 },
};
static const struct bau_option connector_options[] = {
    { "connector", BAU_OPTION_TEXT, offsetof(struct config, name), NULL, 0, 0,
      "One connector; without it, all are listed.", BAU_OPTION_OPERAND, NULL, "CONNECTOR", 0 },
    REFERENCE_ROW,
    { 0 },
};

const struct bau_command bau_command_maskers = {
    .name = "maskers",
    .summary = "lists the maskers, or shows one with an example",
    .description = "Per masker: the types it takes, what it promises, what its output shows, its options, "
                   "and an example "
                   "that is run through the masker.",
    .options = masker_options,
    .config_bytes = sizeof(struct config),
    .run = run_maskers,
};

const struct bau_command bau_command_connectors = {
    .name = "connectors",
    .summary = "lists the connectors, or shows one with its options",
    .description = "Per connector: what URIs start with, what it can do, and the options of a store in the "
                   "project file. "
                   "A connector whose library was missing when bauta was built is listed as such.",
    .options = connector_options,
    .config_bytes = sizeof(struct config),
    .run = run_connectors,
};
