/* Treatments: `email`, `{ mask: date_shift, days: 30, by: id }`, `{ domain: customer }`, `{ keep: reason }`, or paths of a
 * document. Names of maskers and options are checked against the registry once all domains are known. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "src/rule/load.h"

#define REASON_LEAST 3u

static const char *const treat_words[] = { "mask", "domain", "keep", "owner", "until", "fallback" };

static bool listed(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static uint32_t count_settings(const struct bau_yaml *value)
{
    return value->kind == BAU_YAML_SCALAR ? 1 : value->n;
}

static bau_status one_setting(const struct bau_load *l, const struct bau_yaml_pair *pair,
                              struct bau_setting *out, uint32_t *n)
{
    const struct bau_yaml *v = pair->value;
    if (v->kind == BAU_YAML_SCALAR) {
        out[(*n)++] = (struct bau_setting){ pair->key, v->text, pair->at };
        return BAU_OK;
    }
    for (uint32_t i = 0; i < v->n; i++) {
        const struct bau_yaml *item = v->pairs[i].value;
        if (item->kind != BAU_YAML_SCALAR)
            return bau_load_fail(l, item->at, "%s: expected plain text", pair->key);
        const char *text = item->text;
        if (v->kind == BAU_YAML_MAP &&
            !(text = bau_arena_printf(l->arena, "%s=%s", v->pairs[i].key, item->text)))
            return bau_load_memory(l);
        out[(*n)++] = (struct bau_setting){ pair->key, text, v->pairs[i].at };
    }
    return BAU_OK;
}

bau_status bau_load_settings(const struct bau_load *l, const struct bau_yaml *map, const char *const *skip,
                             size_t n_skip, const struct bau_setting **out, uint32_t *out_n)
{
    uint32_t room = 0, n = 0;
    for (uint32_t i = 0; i < map->n; i++)
        room += count_settings(map->pairs[i].value);
    struct bau_setting *settings = bau_arena_zero(l->arena, (room + 1) * sizeof *settings);
    if (!settings)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < map->n; i++)
        if (!listed(map->pairs[i].key, skip, n_skip))
            BAU_TRY(one_setting(l, &map->pairs[i], settings, &n));
    *out = settings;
    *out_n = n;
    return BAU_OK;
}

static bool leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool parse_date(const char *text, int *year, int *month, int *day)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int used = 0;
    return strlen(text) == 10 && sscanf(text, "%4d-%2d-%2d%n", year, month, day, &used) == 3 && used == 10 &&
           *month >= 1 && *month <= 12 && *day >= 1 &&
           *day <= days[*month - 1] + (*month == 2 && leap(*year));
}

/* The last day on which a reason holds. */
static bau_status check_until(const struct bau_load *l, const struct bau_yaml_pair *until)
{
    int year, month, day;
    if (until->value->kind != BAU_YAML_SCALAR || !parse_date(until->value->text, &year, &month, &day))
        return bau_load_fail(l, until->at, "until: expected a date such as 2027-06-30");
    const time_t now = time(NULL);
    struct tm today;
    gmtime_r(&now, &today);
    const int64_t limit = (int64_t)year * 10000 + month * 100 + day;
    if (limit < ((int64_t)today.tm_year + 1900) * 10000 + (today.tm_mon + 1) * 100 + today.tm_mday)
        return bau_error_set(l->err, BAU_E_POLICY,
                             BAU_AT_FORMAT ": the reason to keep this ran out on %s; decide again",
                             BAU_AT_ARGS(until->at), until->value->text);
    return BAU_OK;
}

static bau_status load_keep(const struct bau_load *l, const struct bau_yaml *map, struct bau_treat *out)
{
    static const char *const words[] = { "keep", "owner", "until", "when" };
    BAU_TRY(bau_load_keys(l, map, "keep", words, BAU_COUNT(words)));
    const struct bau_yaml_pair *keep = bau_yaml_get(map, "keep"), *owner = bau_yaml_get(map, "owner"),
                               *until = bau_yaml_get(map, "until");
    if (keep->value->kind != BAU_YAML_SCALAR || strlen(keep->value->text) < REASON_LEAST)
        return bau_load_fail(l, keep->at, "keep needs a reason, such as { keep: \"public product data\" }");
    if (until)
        BAU_TRY(check_until(l, until));
    if (owner && (owner->value->kind != BAU_YAML_SCALAR || !*owner->value->text))
        return bau_load_fail(l, owner->at, "owner: expected who answers for it");
    out->kind = BAU_DO_KEEP;
    out->reason = keep->value->text;
    out->owner = owner ? owner->value->text : NULL;
    out->until = until ? until->value->text : NULL;
    return BAU_OK;
}

static bau_status load_paths(const struct bau_load *l, const struct bau_yaml *map, bool in_document,
                             struct bau_treat *out)
{
    struct bau_path_rule *paths = bau_arena_zero(l->arena, (map->n + 1) * sizeof *paths);
    if (!paths)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < map->n; i++) {
        const struct bau_yaml_pair *p = &map->pairs[i];
        if (p->key[0] != '$')
            return bau_load_fail(l, p->at, "'%s' stands among document paths; paths start with '$'", p->key);
        if (in_document)
            return bau_load_fail(l, p->at, "paths inside a path; write the whole path in one key");
        paths[i].path = p->key;
        paths[i].at = p->at;
        BAU_TRY(bau_load_treat(l, p->value, p->at, true, &paths[i].treat));
    }
    out->kind = BAU_DO_PATHS;
    out->paths = paths;
    out->n_paths = map->n;
    return BAU_OK;
}

static bau_status scalar_of(const struct bau_load *l, const struct bau_yaml_pair *pair, const char **out,
                            struct bau_at *at)
{
    if (!pair)
        return BAU_OK;
    if (pair->value->kind != BAU_YAML_SCALAR || !*pair->value->text)
        return bau_load_fail(l, pair->at, "%s: expected a name", pair->key);
    *out = pair->value->text;
    *at = pair->value->at;
    return BAU_OK;
}

/* ── maskers inside maskers ──────────────────────────────────────────────────────────────────────────────────────── */

static bool is_treatment(const struct bau_yaml *value)
{
    return value->kind == BAU_YAML_SCALAR || bau_yaml_get(value, "mask") || bau_yaml_get(value, "domain") ||
           bau_yaml_get(value, "keep");
}

static bau_status load_any(const struct bau_load *l, const struct bau_yaml *value, struct bau_at at,
                           bool in_document, struct bau_treat *out) BAU_MUST_CHECK;

/* `value` is one treatment, a list of them (each may say `when`), or a map of them by label. */
static bau_status load_subs(const struct bau_load *l, const struct bau_yaml_pair *option,
                            struct bau_sub_rule *subs, uint32_t *n)
{
    const struct bau_yaml *value = option->value;
    struct bau_sub_rule *sub = &subs[*n];
    if (is_treatment(value)) {
        *sub = (struct bau_sub_rule){ .option = option->key, .label = "", .at = option->at };
        ++*n;
        return bau_load_treat(l, value, option->at, true, &sub->treat);
    }
    for (uint32_t i = 0; i < value->n; i++) {
        const struct bau_yaml_pair *p = &value->pairs[i];
        const struct bau_yaml_pair *when =
            value->kind == BAU_YAML_LIST ? bau_yaml_get(p->value, "when") : NULL;
        if (when && when->value->kind != BAU_YAML_SCALAR)
            return bau_load_fail(l, when->at, "when: expected a condition such as country = 'DE'");
        sub = &subs[(*n)++];
        *sub = (struct bau_sub_rule){ .option = option->key,
                                      .label = when                          ? when->value->text
                                               : value->kind == BAU_YAML_MAP ? p->key
                                                                             : "",
                                      .at = when ? when->value->at : p->at };
        BAU_TRY((when ? load_any : bau_load_treat)(l, p->value, p->at, true, &sub->treat));
        if (sub->treat.kind == BAU_DO_PATHS)
            return bau_load_fail(l, p->at, "%s: document paths cannot stand here", option->key);
    }
    return BAU_OK;
}

static bool takes_maskers(const struct bau_masker *masker, const char *option)
{
    const struct bau_option *o = masker && masker->options ? bau_option_find(masker->options, option) : NULL;
    return o && o->kind == BAU_OPTION_MASKERS;
}

/* Everything beside the words of a treatment: settings as text, and treatments inside. */
static bau_status load_rest(const struct bau_load *l, const struct bau_yaml *map, struct bau_treat *out)
{
    const char *skip[BAU_COUNT(treat_words) + 1 + 16];
    size_t n_skip = 0;
    uint32_t room = 0;
    const struct bau_masker *masker = out->masker ? bau_project_masker(l->project, out->masker) : NULL;
    for (size_t i = 0; i < BAU_COUNT(treat_words); i++)
        skip[n_skip++] = treat_words[i];
    skip[n_skip++] = "when";
    for (uint32_t i = 0; i < map->n; i++)
        if (takes_maskers(masker, map->pairs[i].key) && n_skip < BAU_COUNT(skip)) {
            skip[n_skip++] = map->pairs[i].key;
            room += map->pairs[i].value->n + 1;
        }
    struct bau_sub_rule *subs = bau_arena_zero(l->arena, (room + 1) * sizeof *subs);
    if (!subs)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < map->n; i++)
        if (takes_maskers(masker, map->pairs[i].key))
            BAU_TRY(load_subs(l, &map->pairs[i], subs, &out->n_subs));
    out->subs = subs;
    return bau_load_settings(l, map, skip, n_skip, &out->settings, &out->n_settings);
}

static bau_status load_fallback(const struct bau_load *l, const struct bau_yaml_pair *pair,
                                struct bau_treat *out)
{
    if (!pair)
        return BAU_OK;
    struct bau_treat *treat = bau_arena_zero(l->arena, sizeof *treat);
    if (!treat)
        return bau_load_memory(l);
    BAU_TRY(bau_load_treat(l, pair->value, pair->at, true, treat));
    if (treat->kind != BAU_DO_MASK)
        return bau_load_fail(l, pair->at,
                             "fallback: expected a masker; a value that does not conform is never passed on");
    out->fallback = treat;
    return BAU_OK;
}

static bau_status load_any(const struct bau_load *l, const struct bau_yaml *value, struct bau_at at,
                           bool in_document, struct bau_treat *out)
{
    *out = (struct bau_treat){ .kind = BAU_DO_MASK, .at = at };
    if (value->kind == BAU_YAML_SCALAR && *value->text) {
        out->masker = value->text;
        out->masker_at = value->at;
        return BAU_OK;
    }
    if (value->kind != BAU_YAML_MAP || value->n == 0)
        return bau_load_fail(
            l, at,
            "expected a masker's name, { mask: … }, { domain: … }, { keep: reason } or document paths");
    if (value->pairs[0].key[0] == '$')
        return load_paths(l, value, in_document, out);
    if (bau_yaml_get(value, "drop"))
        return bau_load_fail(l, value->at, "drop: is not supported by this version");
    if (bau_yaml_get(value, "keep"))
        return load_keep(l, value, out);
    BAU_TRY(scalar_of(l, bau_yaml_get(value, "mask"), &out->masker, &out->masker_at));
    BAU_TRY(scalar_of(l, bau_yaml_get(value, "domain"), &out->domain, &out->domain_at));
    if (!out->masker && !out->domain)
        return bau_load_fail(l, value->at, "says neither mask, domain nor keep ('%s'%s)", value->pairs[0].key,
                             value->n > 1 ? " and more" : "");
    BAU_TRY(load_fallback(l, bau_yaml_get(value, "fallback"), out));
    return load_rest(l, value, out);
}

bau_status bau_load_treat(const struct bau_load *l, const struct bau_yaml *value, struct bau_at at,
                          bool in_document, struct bau_treat *out)
{
    const struct bau_yaml_pair *when = bau_yaml_get(value, "when");
    if (when)
        return bau_load_fail(l, when->at, "when: stands only in a list of cases");
    return load_any(l, value, at, in_document, out);
}

/* name=value words as the map a project file would hold: what starts with '[' or '{' for a MASKERS option is YAML. */
static bau_status word_pair(const struct bau_load *l, const struct bau_masker *masker, const char *word,
                            struct bau_yaml_pair *out)
{
    const struct bau_at at = { "words", 1, 1 };
    const char *equals = strchr(word, '=');
    if (!equals || equals == word)
        return bau_error_set(l->err, BAU_E_USAGE,
                             "options of a masker are written name=value; '%.40s' is not", word);
    struct bau_yaml *value = bau_arena_zero(l->arena, sizeof *value);
    *out = (struct bau_yaml_pair){ bau_arena_textn(l->arena, word, (size_t)(equals - word)), at, value };
    if (!value || !out->key)
        return bau_load_memory(l);
    *value = (struct bau_yaml){ .kind = BAU_YAML_SCALAR, .at = at, .text = equals + 1 };
    if (!takes_maskers(masker, out->key) && strcmp(out->key, "fallback") != 0)
        return BAU_OK;
    return bau_yaml_parse(out->key, equals + 1, strlen(equals + 1), l->arena, &out->value, l->err);
}

/* ── checks against the registry ─────────────────────────────────────────────────────────────────────────────────── */

static bau_status unknown_masker(const struct bau_load *l, const struct bau_treat *t)
{
    if (strncasecmp(t->masker, "ff3", 3) == 0)
        return bau_load_fail(
            l, t->masker_at,
            "FF3 and FF3-1 do not exist here: broken, and withdrawn by NIST SP 800-38G Rev. 1 "
            "(2025); use permute, phone or hash_token");
    const char *near = bau_project_nearest_masker(l->project, t->masker);
    return bau_load_fail(l, t->masker_at, "there is no masker '%.60s'%s%s%s", t->masker,
                         near ? "; did you mean '" : "", near ? near : "; `bauta maskers` lists them",
                         near ? "'?" : "");
}

static const struct bau_domain *find_domain(const struct bau_load *l, const char *name)
{
    for (uint32_t i = 0; i < l->project->n_domains; i++)
        if (strcmp(l->domains[i].name, name) == 0)
            return &l->domains[i];
    return NULL;
}

static bau_status check_domain(const struct bau_load *l, const struct bau_treat *t,
                               const struct bau_domain **out)
{
    *out = t->domain ? find_domain(l, t->domain) : NULL;
    if (!t->domain || *out || t->masker)
        return BAU_OK; /* a masker with a new domain's name starts that domain */
    const char *names[256];
    size_t n = 0;
    for (; n < l->project->n_domains && n < BAU_COUNT(names); n++)
        names[n] = l->domains[n].name;
    const char *near = bau_nearest(t->domain, names, n);
    return bau_load_fail(l, t->domain_at, "there is no domain '%.60s'%s%s%s", t->domain,
                         near ? "; did you mean '" : "", near ? near : " under domains:", near ? "'?" : "");
}

struct canon_config {
    uint32_t canon;
};
static const struct bau_option canon_row[] = {
    { .name = "canon",
      .kind = BAU_OPTION_CHOICE,
      .offset = offsetof(struct canon_config, canon),
      .choices = BAU_CANON_WORDS,
      .sentence = "How a value is spelled before it is hashed." },
    { .name = NULL },
};

static const struct bau_option *find_option(const struct bau_masker *masker, const char *name)
{
    const struct bau_option *own = masker->options ? bau_option_find(masker->options, name) : NULL;
    return own ? own : bau_option_find(canon_row, name);
}

static bau_status unknown_setting(const struct bau_load *l, const struct bau_masker *masker,
                                  const struct bau_setting *s)
{
    const char *names[64];
    size_t n = 0;
    names[n++] = "canon";
    for (const struct bau_option *o = masker->options; o && o->name && n < BAU_COUNT(names) - 3; o++)
        names[n++] = o->name;
    names[n++] = "mask";
    names[n++] = "domain";
    names[n++] = "fallback";
    const char *near = bau_nearest(s->name, names, n);
    return bau_load_fail(l, s->at, "masker %s has no option '%.60s'%s%s%s", masker->name, s->name,
                         near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Every option of the treatment is one of the masker's, holds what the masker takes, and stands once unless it is a list. */
static bau_status check_settings(const struct bau_load *l, const struct bau_masker *masker,
                                 const struct bau_treat *t)
{
    void *config = bau_arena_zero(l->arena, masker->config_bytes + sizeof(struct canon_config));
    if (!config)
        return bau_load_memory(l);
    for (uint32_t i = 0; i < t->n_settings; i++) {
        const struct bau_setting *s = &t->settings[i];
        const struct bau_option *o = find_option(masker, s->name);
        struct canon_config canon;
        struct bau_error why;
        if (!o)
            return unknown_setting(l, masker, s);
        if (o->kind != BAU_OPTION_TEXTS && i > 0 && strcmp(t->settings[i - 1].name, s->name) == 0)
            return bau_load_fail(l, s->at, "%s: expected one value, here stand several", s->name);
        const bau_status status =
            bau_option_set(o, o == canon_row ? (void *)&canon : config, s->text, l->arena, &why);
        if (status == BAU_E_NOMEM)
            return bau_load_memory(l);
        if (status != BAU_OK)
            return bau_load_fail(l, s->at, "%s", why.text);
    }
    return BAU_OK;
}

static bool is_set(const struct bau_treat *t, const char *name)
{
    for (uint32_t i = 0; t && i < t->n_settings; i++)
        if (strcmp(t->settings[i].name, name) == 0)
            return true;
    for (uint32_t i = 0; t && i < t->n_subs; i++)
        if (strcmp(t->subs[i].option, name) == 0)
            return true;
    return false;
}

/* A domain may leave to its fields what they alone know, such as `by`. */
static bau_status check_required(const struct bau_load *l, const struct bau_masker *masker,
                                 const struct bau_treat *t, const struct bau_domain *domain)
{
    for (const struct bau_option *o = masker->options; o && o->name; o++)
        if (o->flags & BAU_OPTION_REQUIRED && !is_set(t, o->name) &&
            !is_set(domain ? &domain->treat : NULL, o->name))
            return bau_load_fail(l, t->at, "masker %s needs the option '%s'", masker->name, o->name);
    return BAU_OK;
}

static bau_status check_treat(const struct bau_load *l, const struct bau_treat *t, bool of_domain)
{
    for (uint32_t i = 0; i < t->n_paths; i++)
        BAU_TRY(check_treat(l, &t->paths[i].treat, false));
    for (uint32_t i = 0; i < t->n_subs; i++)
        BAU_TRY(check_treat(l, &t->subs[i].treat, false));
    if (t->fallback)
        BAU_TRY(check_treat(l, t->fallback, false));
    if (t->kind != BAU_DO_MASK)
        return BAU_OK;
    const struct bau_domain *domain = NULL;
    BAU_TRY(check_domain(l, t, &domain));
    if (t->masker && domain && strcmp(domain->treat.masker, t->masker) != 0)
        return bau_load_fail(l, t->masker_at,
                             "domain %s is masked by %s, here stands %s; one domain, one masker", t->domain,
                             domain->treat.masker, t->masker);
    const char *name = t->masker ? t->masker : domain->treat.masker;
    const struct bau_masker *masker = bau_project_masker(l->project, name);
    if (!masker)
        return unknown_masker(l, t);
    if (masker->traits & BAU_KEEPS_ALL)
        return bau_load_fail(l, t->masker ? t->masker_at : t->at,
                             "%s needs a reason, such as { %s: \"public product data\" }", masker->name,
                             masker->name);
    BAU_TRY(check_settings(l, masker, t));
    return of_domain ? BAU_OK : check_required(l, masker, t, domain);
}

bau_status bau_load_check_treats(const struct bau_load *l)
{
    for (uint32_t d = 0; d < l->project->n_domains; d++)
        BAU_TRY(check_treat(l, &l->domains[d].treat, true));
    for (uint32_t r = 0; r < l->project->n_rules; r++)
        for (uint32_t f = 0; f < l->rules[r].n_fields; f++)
            BAU_TRY(check_treat(l, &l->rules[r].fields[f].treat, false));
    return BAU_OK;
}

/* A project that brings the plugins of `project`, for a treatment that lives in `arena`. */
static struct bau_project borrow_plugins(const struct bau_project *project, struct bau_arena *arena)
{
    return (struct bau_project){ .arena = arena,
                                 .n_plugins = project ? project->n_plugins : 0,
                                 .plugins = project ? project->plugins : NULL };
}

bau_status bau_load_without_position(bau_status status, struct bau_error *err)
{
    static const char nowhere[] = "words:1:1: ";
    if (status == BAU_OK || !err || strncmp(err->text, nowhere, sizeof nowhere - 1) != 0)
        return status;
    const struct bau_error whole = *err;
    return bau_error_set(err, status, "%s", whole.text + sizeof nowhere - 1);
}

bau_status bau_treat_words(const struct bau_project *project, const char *masker,
                           const struct bau_texts *words, struct bau_arena *arena, struct bau_treat *out,
                           struct bau_error *err)
{
    struct bau_project own = borrow_plugins(project, arena);
    const struct bau_load l = { .project = &own, .arena = arena, .err = err };
    const struct bau_at at = { "words", 1, 1 };
    const struct bau_yaml name = { .kind = BAU_YAML_SCALAR, .at = at, .text = masker };
    const struct bau_masker *known = bau_project_masker(&own, masker);
    struct bau_yaml_pair *pairs = bau_arena_zero(arena, (words->n + 1) * sizeof *pairs);
    if (!pairs)
        return bau_load_memory(&l);
    pairs[0] = (struct bau_yaml_pair){ "mask", at, &name };
    for (uint32_t i = 0; i < words->n; i++)
        BAU_TRY(word_pair(&l, known, words->at[i], &pairs[i + 1]));
    const struct bau_yaml map = { .kind = BAU_YAML_MAP, .at = at, .n = words->n + 1, .pairs = pairs };
    bau_status status = bau_load_treat(&l, &map, at, true, out);
    if (status == BAU_OK && !(known && known->traits & BAU_KEEPS_ALL)) /* no rule, so no reason either */
        status = check_treat(&l, out, false);
    return bau_load_without_position(status, err);
}

bau_status bau_treat_yaml(const struct bau_project *project, const char *text, struct bau_arena *arena,
                          struct bau_treat *out, struct bau_error *err)
{
    struct bau_project own = borrow_plugins(project, arena);
    const struct bau_load l = { .project = &own, .arena = arena, .err = err };
    const struct bau_at at = { "treatment", 1, 1 };
    const struct bau_yaml *value;
    bau_status status = bau_yaml_parse(at.file, text, strlen(text), arena, &value, err);
    if (status == BAU_OK)
        status = bau_load_treat(&l, value, at, false, out);
    if (status == BAU_OK && out->kind == BAU_DO_MASK && !out->masker)
        status = bau_load_fail(&l, at, "a domain alone says no masker; write { mask: …, domain: … }");
    return status == BAU_OK ? check_treat(&l, out, false) : status;
}
