/* Walks bauta.yaml and what it includes: see rule.h. Every error has its position; nothing unknown passes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/rule/load.h"

static const char *const later[] = { "packs", "schedule", "objects" };

bau_status bau_load_fail(const struct bau_load *l, struct bau_at at, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return bau_error_set(l->err, BAU_E_USAGE, BAU_AT_FORMAT ": %s", BAU_AT_ARGS(at), text);
}

bau_status bau_load_memory(const struct bau_load *l)
{
    return bau_error_set(l->err, BAU_E_NOMEM, "project file");
}

bau_status bau_load_keys(const struct bau_load *l, const struct bau_yaml *map, const char *what,
                         const char *const *known, size_t n)
{
    for (uint32_t i = 0; i < map->n; i++) {
        const char *key = map->pairs[i].key;
        bool found = false;
        for (size_t k = 0; k < n && !found; k++)
            found = strcmp(known[k], key) == 0;
        if (found)
            continue;
        for (size_t k = 0; k < BAU_COUNT(later); k++)
            if (strcmp(later[k], key) == 0)
                return bau_load_fail(l, map->pairs[i].at, "%s: is not supported by this version", key);
        const char *near = bau_nearest(key, known, n);
        return bau_load_fail(l, map->pairs[i].at, "unknown key '%.60s' in %s%s%s%s", key, what,
                             near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return BAU_OK;
}

bau_status bau_load_kind(const struct bau_load *l, const struct bau_yaml_pair *pair, bau_yaml_kind kind,
                         const char *what)
{
    if (pair->value->kind == kind && (kind != BAU_YAML_SCALAR || *pair->value->text))
        return BAU_OK;
    return bau_load_fail(l, pair->at, "%s: expected %s", pair->key, what);
}

bau_status bau_load_reference(const struct bau_load *l, const struct bau_yaml_pair *pair, const char **out)
{
    static const char *const kinds[] = { "env:", "file:", "command:" };
    if (pair->value->kind != BAU_YAML_SCALAR)
        return bau_load_fail(l, pair->at, "%s: expected env:NAME, file:PATH or command:SHELL COMMAND",
                             pair->key);
    const char *text = pair->value->text;
    for (size_t i = 0; i < BAU_COUNT(kinds); i++)
        if (strncmp(text, kinds[i], strlen(kinds[i])) == 0 && text[strlen(kinds[i])]) {
            *out = text;
            return BAU_OK;
        }
    if (strstr(text, "://"))
        return bau_load_fail(
            l, pair->at,
            "%s: a connection URI may not stand in the project file, it can hold a password; put it "
            "into the environment and write env:NAME",
            pair->key);
    return bau_load_fail(
        l, pair->at,
        "%s: expected env:NAME, file:PATH or command:SHELL COMMAND; a secret itself may not stand here",
        pair->key);
}

static bau_status load_key(struct bau_load *l, const struct bau_yaml_pair *pair)
{
    static const char *const words[] = { "from", "mode" };
    static const char *const modes[] = { "stable", "per-target", "ephemeral" };
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_MAP, "{ from: env:NAME, mode: stable }"));
    BAU_TRY(bau_load_keys(l, pair->value, "key", words, BAU_COUNT(words)));
    const struct bau_yaml_pair *mode = bau_yaml_get(pair->value, "mode"),
                               *from = bau_yaml_get(pair->value, "from");
    l->project->key_at = pair->at;
    if (mode) {
        size_t m = 0;
        while (m < BAU_COUNT(modes) && strcmp(modes[m], mode->value->text) != 0)
            m++;
        if (m == BAU_COUNT(modes))
            return bau_load_fail(l, mode->at, "mode: expected one of stable, per-target, ephemeral");
        l->project->key_mode = (bau_key_mode)m;
    }
    if (from && l->project->key_mode == BAU_KEY_EPHEMERAL)
        return bau_load_fail(l, from->at, "from: an ephemeral key is drawn for the run; leave `from` out");
    if (from)
        return bau_load_reference(l, from, &l->project->key_from);
    if (l->project->key_mode != BAU_KEY_EPHEMERAL)
        return bau_load_fail(l, pair->at, "key: needs `from: env:NAME`");
    return BAU_OK;
}

static bau_status load_stores(struct bau_load *l, const struct bau_yaml_pair *pair)
{
    static const char *const own[] = { "source", "target" };
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_MAP, "NAME: { source: …, target: … }"));
    struct bau_store *stores = bau_arena_zero(l->arena, (pair->value->n + 1) * sizeof *stores);
    if (!stores)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < pair->value->n; i++) {
        const struct bau_yaml_pair *p = &pair->value->pairs[i];
        BAU_TRY(bau_load_kind(l, p, BAU_YAML_MAP, "{ source: …, target: … }"));
        if (!*p->key || strpbrk(p->key, ".*\"$"))
            return bau_load_fail(l, p->at, "a store's name may not hold '.', '*', '\"' or '$'");
        const struct bau_yaml_pair *source = bau_yaml_get(p->value, "source"),
                                   *target = bau_yaml_get(p->value, "target");
        if (!source)
            return bau_load_fail(l, p->at, "store %s needs a source", p->key);
        stores[i] = (struct bau_store){
            .name = p->key, .at = p->at, .source_at = source->at, .target_at = target ? target->at : p->at
        };
        BAU_TRY(bau_load_reference(l, source, &stores[i].source));
        if (target)
            BAU_TRY(bau_load_reference(l, target, &stores[i].target));
        BAU_TRY(
            bau_load_settings(l, p->value, own, BAU_COUNT(own), &stores[i].settings, &stores[i].n_settings));
    }
    l->project->stores = stores;
    l->project->n_stores = pair->value->n;
    return BAU_OK;
}

static bau_status grow(struct bau_load *l, void **at, uint32_t n, uint32_t *room, uint32_t more, size_t each)
{
    if (n + more <= *room)
        return BAU_OK;
    const uint32_t want = 2 * (n + more);
    void *grown = bau_arena_zero(l->arena, want * each);
    if (!grown)
        return bau_load_memory(l);
    if (n)
        memcpy(grown, *at, n * each);
    *at = grown;
    *room = want;
    return BAU_OK;
}

static bau_status load_domains(struct bau_load *l, const struct bau_yaml_pair *pair)
{
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_MAP, "NAME: { mask: … }"));
    void *at = l->domains;
    BAU_TRY(grow(l, &at, l->project->n_domains, &l->room_domains, pair->value->n, sizeof *l->domains));
    l->domains = at;
    for (uint32_t i = 0; i < pair->value->n; i++) {
        const struct bau_yaml_pair *p = &pair->value->pairs[i];
        for (uint32_t d = 0; d < l->project->n_domains; d++)
            if (strcmp(l->domains[d].name, p->key) == 0)
                return bau_load_fail(l, p->at, "domain %s stands at " BAU_AT_FORMAT " already", p->key,
                                     BAU_AT_ARGS(l->domains[d].at));
        struct bau_domain *d = &l->domains[l->project->n_domains];
        *d = (struct bau_domain){ .name = p->key, .at = p->at };
        BAU_TRY(bau_load_treat(l, p->value, p->at, true, &d->treat));
        if (d->treat.kind != BAU_DO_MASK || !d->treat.masker || d->treat.domain)
            return bau_load_fail(l, p->at, "domain %s needs a masker: { mask: NAME }", p->key);
        l->project->n_domains++;
    }
    return BAU_OK;
}

static bau_status load_rule(struct bau_load *l, const struct bau_yaml_pair *item, struct bau_rule *out)
{
    static const char *const words[] = { "at", "set" };
    const struct bau_yaml *map = item->value;
    BAU_TRY(bau_load_keys(l, map, "a rule", words, BAU_COUNT(words)));
    const struct bau_yaml_pair *at = bau_yaml_get(map, "at"), *set = bau_yaml_get(map, "set");
    if (!at || !set)
        return bau_load_fail(l, map->at, "a rule needs `at:` and `set:`");
    BAU_TRY(bau_load_kind(l, at, BAU_YAML_SCALAR, "STORE.SCHEMA.TABLE"));
    *out = (struct bau_rule){ .at = map->at };
    BAU_TRY(bau_pattern_parse(at->value->text, at->value->at, l->arena, &out->where, l->err));
    return bau_load_fields(l, set, out);
}

bau_status bau_load_fields(struct bau_load *l, const struct bau_yaml_pair *set, struct bau_rule *out)
{
    BAU_TRY(bau_load_kind(l, set, BAU_YAML_MAP, "{ FIELD: … }"));
    struct bau_field_rule *fields = bau_arena_zero(l->arena, (set->value->n + 1) * sizeof *fields);
    if (!fields)
        return bau_load_memory(l);
    if (set->value->n == 0)
        return bau_load_fail(l, set->at, "%s: names no field", set->key);
    for (uint32_t i = 0; i < set->value->n; i++) {
        const struct bau_yaml_pair *p = &set->value->pairs[i];
        if (p->key[0] == '$')
            return bau_load_fail(
                l, p->at, "a path stands where a field's name belongs; write FIELD: { %s: … }", p->key);
        BAU_TRY(bau_pattern_parse(p->key, p->at, l->arena, &fields[i].field, l->err));
        if (fields[i].field.n_segments != 1)
            return bau_load_fail(l, p->at,
                                 "'%s' is no field's name; one that holds a dot is written '\"%s\"'", p->key,
                                 p->key);
        BAU_TRY(bau_load_treat(l, p->value, p->at, false, &fields[i].treat));
    }
    out->fields = fields;
    out->n_fields = set->value->n;
    return BAU_OK;
}

static bau_status load_rules(struct bau_load *l, const struct bau_yaml_pair *pair)
{
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_LIST, "a list of { at: …, set: … }"));
    for (uint32_t i = 0; i < pair->value->n; i++) {
        const struct bau_yaml_pair *item = &pair->value->pairs[i];
        if (item->value->kind != BAU_YAML_MAP)
            return bau_load_fail(l, item->at, "a rule is { at: STORE.SCHEMA.TABLE, set: { FIELD: … } }");
        const struct bau_yaml_pair *keys = bau_yaml_get(item->value, "keys");
        const uint32_t n = keys ? keys->value->n : 1;
        void *at = l->rules;
        BAU_TRY(grow(l, &at, l->project->n_rules, &l->room_rules, n, sizeof *l->rules));
        l->rules = at;
        BAU_TRY(keys ? bau_load_key_rules(l, item->value, &l->rules[l->project->n_rules])
                     : load_rule(l, item, &l->rules[l->project->n_rules]));
        l->project->n_rules += n;
    }
    return BAU_OK;
}

bau_status bau_load_options(struct bau_load *l, const struct bau_yaml *map, const struct bau_option *table,
                            const char *what, const char *const *other, size_t n_other, void *config)
{
    const char *names[32];
    size_t n = 0;
    for (; n < n_other; n++)
        names[n] = other[n];
    for (const struct bau_option *o = table; o->name; o++)
        names[n++] = o->name;
    BAU_TRY(bau_load_keys(l, map, what, names, n));
    for (uint32_t i = 0; i < map->n; i++) {
        const struct bau_option *o = bau_option_find(table, map->pairs[i].key);
        if (!o)
            continue;
        struct bau_error why;
        if (map->pairs[i].value->kind != BAU_YAML_SCALAR)
            return bau_load_fail(l, map->pairs[i].at, "%s: expected plain text", o->name);
        const bau_status status = bau_option_set(o, config, map->pairs[i].value->text, l->arena, &why);
        if (status == BAU_E_NOMEM)
            return bau_load_memory(l);
        if (status != BAU_OK)
            return bau_load_fail(l, map->pairs[i].at, "%s", why.text);
    }
    return BAU_OK;
}

const struct bau_option bau_limit_options[] = {
    { .name = "lanes",
      .kind = BAU_OPTION_U32,
      .offset = offsetof(struct bau_limits, lanes),
      .fallback = "0",
      .max = 64,
      .sentence = "Parallel lanes; 0 takes one a processor, at most 8." },
    { .name = "rate",
      .kind = BAU_OPTION_BYTES,
      .offset = offsetof(struct bau_limits, rate_bytes),
      .fallback = "0",
      .sentence = "Most bytes a second read from the source over all lanes; 0 sets no limit." },
    { .name = "snapshot_age",
      .kind = BAU_OPTION_DURATION,
      .offset = offsetof(struct bau_limits, snapshot_age_ms),
      .fallback = "0s",
      .sentence = "Longest time the source's snapshot may be held before the run stops; 0s sets no limit." },
    { .name = "timeout",
      .kind = BAU_OPTION_DURATION,
      .offset = offsetof(struct bau_limits, timeout_ms),
      .fallback = "0s",
      .sentence = "Longest time of the whole run; 0s sets no limit." },
    { .name = NULL },
};
static const struct bau_option step_options[] = {
    { .name = "timeout",
      .kind = BAU_OPTION_DURATION,
      .offset = offsetof(struct bau_step, timeout_ms),
      .fallback = "5m",
      .sentence = "Longest time of this step." },
    { .name = NULL },
};

static bau_status load_step(struct bau_load *l, const struct bau_yaml_pair *item, struct bau_step *out)
{
    static const char *const words[] = { "sql", "run", "webhook", "file", "text" };
    const struct bau_yaml *map = item->value;
    if (map->kind != BAU_YAML_MAP || map->n == 0)
        return bau_load_fail(
            l, item->at, "a step is { sql: STORE, file: PATH }, { run: COMMAND } or { webhook: env:NAME }");
    *out = (struct bau_step){ .at = map->at };
    BAU_TRY(bau_options_default(step_options, out, l->arena, l->err));
    BAU_TRY(bau_load_options(l, map, step_options, "a step", words, BAU_COUNT(words), out));
    const struct bau_yaml_pair *sql = bau_yaml_get(map, "sql"), *run = bau_yaml_get(map, "run"),
                               *hook = bau_yaml_get(map, "webhook"), *file = bau_yaml_get(map, "file"),
                               *text = bau_yaml_get(map, "text");
    if (!!sql + !!run + !!hook != 1 || (sql ? !file == !text : file || text))
        return bau_load_fail(
            l, map->at,
            "a step is one of { sql: STORE, file: PATH }, { sql: STORE, text: SQL }, { run: COMMAND }, "
            "{ webhook: env:NAME }");
    if (hook) {
        out->kind = BAU_STEP_WEBHOOK;
        return bau_load_reference(l, hook, &out->text);
    }
    if (run) {
        BAU_TRY(bau_load_kind(l, run, BAU_YAML_SCALAR, "a command"));
        out->kind = BAU_STEP_RUN;
        out->text = run->value->text;
        return BAU_OK;
    }
    BAU_TRY(bau_load_kind(l, sql, BAU_YAML_SCALAR, "a store's name"));
    BAU_TRY(bau_load_kind(l, file ? file : text, BAU_YAML_SCALAR, file ? "a path" : "SQL"));
    out->store = sql->value->text;
    out->file = file ? file->value->text : NULL;
    out->text = text ? text->value->text : NULL;
    return BAU_OK;
}

static bau_status load_after(struct bau_load *l, const struct bau_yaml_pair *pair)
{
    BAU_TRY(bau_load_kind(l, pair, BAU_YAML_LIST, "a list of steps"));
    struct bau_step *steps = bau_arena_zero(l->arena, (pair->value->n + 1) * sizeof *steps);
    if (!steps)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < pair->value->n; i++)
        BAU_TRY(load_step(l, &pair->value->pairs[i], &steps[i]));
    l->project->after = steps;
    l->project->n_after = pair->value->n;
    return BAU_OK;
}

static bau_status load_file(struct bau_load *l, const char *path, struct bau_at from);

static bau_status load_include(struct bau_load *l, const struct bau_yaml_pair *pair, const char *path)
{
    const struct bau_yaml *v = pair->value;
    if (v->kind == BAU_YAML_MAP)
        return bau_load_fail(l, pair->at, "include: expected a path or a list of paths");
    const uint32_t n = v->kind == BAU_YAML_SCALAR ? 1 : v->n;
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_yaml *item = v->kind == BAU_YAML_SCALAR ? v : v->pairs[i].value;
        if (item->kind != BAU_YAML_SCALAR || !*item->text)
            return bau_load_fail(l, item->at, "include: expected a path");
        const char *slash = strrchr(path, '/');
        const int folder = item->text[0] == '/' || !slash ? 0 : (int)(slash - path) + 1;
        const char *full = bau_arena_printf(l->arena, "%.*s%s", folder, path, item->text);
        if (!full)
            return bau_load_memory(l);
        BAU_TRY(load_file(l, full, item->at));
    }
    return BAU_OK;
}

static bau_status load_sections(struct bau_load *l, const struct bau_yaml *root, const char *path,
                                bool main_file)
{
    static const char *const words[] = { "version", "include", "domains", "rules",  "key",    "stores",
                                         "limits",  "after",   "plugins", "subset", "archive" };
    BAU_TRY(bau_load_keys(l, root, main_file ? "the project file" : "an included file", words,
                          main_file ? BAU_COUNT(words) : 4));
    const struct bau_yaml_pair *version = bau_yaml_get(root, "version"), *p;
    if (main_file && !version)
        return bau_load_fail(l, root->at, "the project file starts with `version: 1`");
    if (version && strcmp(version->value->text, "1") != 0)
        return bau_load_fail(l, version->at, "version: this bauta reads version 1");
    if ((p = bau_yaml_get(root, "key")))
        BAU_TRY(load_key(l, p));
    if ((p = bau_yaml_get(root, "plugins")))
        BAU_TRY(bau_load_plugins(l, p, path));
    if ((p = bau_yaml_get(root, "stores")))
        BAU_TRY(load_stores(l, p));
    if ((p = bau_yaml_get(root, "domains")))
        BAU_TRY(load_domains(l, p));
    if ((p = bau_yaml_get(root, "rules")))
        BAU_TRY(load_rules(l, p));
    if ((p = bau_yaml_get(root, "limits"))) {
        BAU_TRY(bau_load_kind(l, p, BAU_YAML_MAP, "{ lanes: … }"));
        BAU_TRY(bau_load_options(l, p->value, bau_limit_options, "limits", NULL, 0, &l->project->limits));
    }
    if ((p = bau_yaml_get(root, "subset")))
        BAU_TRY(bau_load_subset(l, p));
    if ((p = bau_yaml_get(root, "archive")))
        BAU_TRY(bau_load_archive(l, p));
    if ((p = bau_yaml_get(root, "after")))
        BAU_TRY(load_after(l, p));
    p = bau_yaml_get(root, "include");
    return p ? load_include(l, p, path) : BAU_OK;
}

/* A file is read once: a cycle would never end, and rules that stand twice are two of equal weight. */
static bau_status remember_file(struct bau_load *l, const char *path, struct bau_at from)
{
    struct stat s;
    if (l->n_files == BAU_COUNT(l->files))
        return bau_load_fail(l, from, "include: more than %zu files", BAU_COUNT(l->files));
    if (stat(path, &s) != 0) /* the hint helps who has no project file yet, not who mistyped an include */
        return from.file ? bau_load_fail(l, from, "include: %s: %s", path, strerror(errno))
                         : bau_error_set(l->err, BAU_E_USAGE, "%s: %s%s", path, strerror(errno),
                                         errno == ENOENT ? " (write one with: bauta init env:NAME)" : "");
    for (uint32_t i = 0; i < l->n_files; i++) {
        const struct bau_loaded *f = &l->files[i];
        if (f->device != s.st_dev || f->inode != s.st_ino)
            continue;
        if (!f->at.file)
            return bau_load_fail(l, from, "include: %s is the project file itself", path);
        return bau_load_fail(l, from, "include: %s is included at " BAU_AT_FORMAT " already", path,
                             BAU_AT_ARGS(f->at));
    }
    l->files[l->n_files++] = (struct bau_loaded){ s.st_dev, s.st_ino, from };
    return BAU_OK;
}

static bau_status load_file(struct bau_load *l, const char *path, struct bau_at from)
{
    const struct bau_yaml *root = NULL;
    BAU_TRY(remember_file(l, path, from));
    BAU_TRY(bau_yaml_load(path, l->arena, &root, l->err));
    if (root->kind != BAU_YAML_MAP)
        return bau_load_fail(l, root->at, "expected keys such as `version: 1`");
    return load_sections(l, root, path, !from.file);
}

/* What only the whole file can tell. */
static bau_status check_whole(struct bau_load *l)
{
    const struct bau_project *p = l->project;
    const struct bau_at top = { p->path, 1, 1 };
    if (p->n_stores == 0)
        return bau_load_fail(
            l, top, "names no store; write stores: { NAME: { source: env:NAME, target: env:NAME } }");
    if (!p->key_at.file)
        return bau_load_fail(l, top, "names no key; write key: { from: env:BAUTA_KEY, mode: stable }");
    const char *names[64];
    size_t n = 0;
    for (; n < p->n_stores && n < BAU_COUNT(names); n++)
        names[n] = p->stores[n].name;
    for (uint32_t r = 0; r < p->n_rules; r++) {
        const struct bau_segment *s = &l->rules[r].where.segments[0];
        bool known = s->any || strchr(s->text, '*');
        for (uint32_t i = 0; i < p->n_stores && !known; i++)
            known = strcmp(p->stores[i].name, s->text) == 0;
        if (known)
            continue;
        const char *near = bau_nearest(s->text, names, n);
        return bau_load_fail(l, l->rules[r].where.at, "there is no store '%.60s'%s%s%s", s->text,
                             near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    for (uint32_t i = 0; i < p->n_after; i++)
        if (p->after[i].store && !bau_project_store(p, p->after[i].store))
            return bau_load_fail(l, p->after[i].at, "there is no store '%.60s'", p->after[i].store);
    return bau_load_check_treats(l);
}

bau_status bau_project_load(const char *path, struct bau_project **out, struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(64 << 10, BAU_ARENA_PLAIN);
    struct bau_project *project = arena ? bau_arena_zero(arena, sizeof *project) : NULL;
    struct bau_load l = { .project = project, .arena = arena, .err = err };
    bau_status status;
    if (!project)
        status = bau_error_set(err, BAU_E_NOMEM, "project file");
    else {
        project->arena = arena;
        project->path = bau_arena_text(arena, path);
        status = project->path ? load_file(&l, project->path, (struct bau_at){ 0 }) : bau_load_memory(&l);
    }
    if (status == BAU_OK)
        status = check_whole(&l);
    if (status != BAU_OK) {
        if (project)
            bau_plugins_close(project);
        bau_arena_free(arena);
        return status;
    }
    project->domains = l.domains;
    project->rules = l.rules;
    *out = project;
    return BAU_OK;
}

void bau_project_free(struct bau_project *project)
{
    if (!project)
        return;
    bau_plugins_close(project);
    bau_arena_free(project->arena);
}

const struct bau_store *bau_project_store(const struct bau_project *project, const char *name)
{
    for (uint32_t i = 0; i < project->n_stores; i++)
        if (strcmp(project->stores[i].name, name) == 0)
            return &project->stores[i];
    return NULL;
}
