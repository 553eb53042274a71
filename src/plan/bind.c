/* A treatment → a masker with its options, its key and the width it must keep to, ready to run.
 *
 * Options come from the masker's table: defaults, then the domain's settings, then the field's own. `canon` is an
 * option of every masker. Fields that agree in everything share one config, so that a permutation's table exists once
 * however many columns point to a key. */
#include <stdio.h>
#include <string.h>

#include "src/core/mask_key.h"
#include "src/plan/build.h"
#include "src/plan/document.h"

const struct bau_masker *bau_build_masker(const struct bau_build *b, const struct bau_treat *treat,
                                          const struct bau_domain **out_domain)
{
    *out_domain = NULL;
    for (uint32_t i = 0; treat->domain && i < b->project->n_domains; i++)
        if (strcmp(b->project->domains[i].name, treat->domain) == 0)
            *out_domain = &b->project->domains[i];
    const char *name = treat->masker ? treat->masker : *out_domain ? (*out_domain)->treat.masker : NULL;
    return name ? bau_masker_find(name) : NULL;
}

const char *bau_build_domain(const struct bau_masker *masker, const struct bau_treat *treat)
{
    return treat->domain ? treat->domain : bau_masker_kin(masker);
}

static const char *setting(const struct bau_treat *treat, const char *name)
{
    for (uint32_t i = 0; i < treat->n_settings; i++)
        if (strcmp(treat->settings[i].name, name) == 0)
            return treat->settings[i].text;
    return "";
}

/* The same masker in one domain, set alike: which fields of the row it asks does not count. */
static bool alike(const struct bau_masker *masker, const struct bau_treat *x, const struct bau_treat *y)
{
    for (const struct bau_option *o = masker->options; x != y && o && o->name; o++)
        if (!(o->flags & BAU_OPTION_FIELD) && strcmp(setting(x, o->name), setting(y, o->name)) != 0)
            return false;
    return true;
}

struct bau_width *bau_build_width(const struct bau_build *b, const struct bau_masker *masker,
                                  const struct bau_treat *treat)
{
    for (uint32_t i = 0; i < b->n_widths; i++) {
        struct bau_width *w = &b->widths[i];
        if (w->masker == masker && alike(masker, w->treat, treat) &&
            strcmp(bau_build_domain(masker, w->treat), bau_build_domain(masker, treat)) == 0)
            return w;
    }
    return NULL;
}

struct binding { /* one masker on its way to becoming a bau_bound */
    struct bau_build *b;
    const struct bau_dataset *dataset;
    const struct bau_field *field;
    const char *object; /* "shop.public.customers.profile $.a" */
    const struct bau_treat *treat;
    const struct bau_masker *masker;
    const struct bau_domain *domain;
    bau_type type;
    bau_canon canon;
    bool quiet;  /* a misfit is no finding: the values have another way */
    bool failed; /* a finding was added */
};

static void misfit(struct binding *x, struct bau_at at, const char *text)
{
    x->failed = true;
    if (x->quiet)
        return;
    bau_find_add(x->b->findings, BAU_E_USAGE, at, NULL, x->object, "%s", text);
}

static bool set_canon(struct binding *x, const struct bau_setting *s)
{
    struct canon_config {
        uint32_t canon;
    } c = { 0 };
    static const struct bau_option canon_option = {
        .name = "canon", .kind = BAU_OPTION_CHOICE, .choices = BAU_CANON_WORDS, .sentence = "Canonical form."
    };
    struct bau_error err;
    if (bau_option_set(&canon_option, &c, s->text, x->b->arena, &err) != BAU_OK)
        misfit(x, s->at, err.text);
    x->canon = (bau_canon)c.canon;
    return true;
}

static void apply_settings(struct binding *x, const struct bau_setting *settings, uint32_t n, void *config)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_setting *s = &settings[i];
        if (strcmp(s->name, "canon") == 0 && set_canon(x, s))
            continue;
        const struct bau_option *o = x->masker->options ? bau_option_find(x->masker->options, s->name) : NULL;
        struct bau_error err;
        if (!o) {
            char text[160];
            snprintf(text, sizeof text, "masker %s has no option '%.40s'", x->masker->name, s->name);
            misfit(x, s->at, text);
        } else if (bau_option_set(o, config, s->text, x->b->arena, &err) != BAU_OK)
            misfit(x, s->at, err.text);
    }
}

/* FIELD options name fields of the same dataset. */
static void find_by(struct binding *x, const void *config, struct bau_bound *out, uint32_t *by)
{
    out->by = by;
    for (const struct bau_option *o = x->masker->options; o && o->name; o++) {
        if (!(o->flags & BAU_OPTION_FIELD))
            continue;
        const char *name;
        memcpy(&name, (const char *)config + o->offset, sizeof name);
        if (!name) {
            if (o->flags & BAU_OPTION_REQUIRED) {
                char text[160];
                snprintf(text, sizeof text, "masker %s needs the option '%s'", x->masker->name, o->name);
                misfit(x, x->treat->at, text);
            }
            continue;
        }
        const uint32_t f = bau_dataset_find(x->dataset, name);
        char text[200];
        if (f == UINT32_MAX)
            snprintf(text, sizeof text, "%s: %.60s has no field '%.60s'", o->name, x->dataset->name, name);
        else if (x->dataset->fields[f].list || x->dataset->fields[f].generated)
            snprintf(text, sizeof text, "%s: the field '%.60s' is %s and cannot be used here", o->name, name,
                     x->dataset->fields[f].list ? "an array" : "generated");
        else {
            by[out->n_by++] = f;
            continue;
        }
        misfit(x, x->treat->at, text);
    }
}

/* Everything that decides a masker's output and config, as text: equal fingerprints share one config. */
static const char *fingerprint(const struct binding *x, uint32_t max_chars, const char *domain)
{
    BAU_AUTO_TEXT t = { 0 };
    const bool typed = x->masker->accepts != BAU_TYPES_ALL;
    bau_text_addf(&t, "%s|%s|%d|%u|%d", x->masker->name, domain, (int)x->canon, max_chars,
                  typed ? (int)x->type : -1);
    if (x->field && (x->field->max_digits || x->field->n_labels || !typed))
        bau_text_addf(&t, "|%p", (const void *)x->field);
    for (uint32_t i = 0; x->domain && i < x->domain->treat.n_settings; i++)
        bau_text_addf(&t, "|%s=%s", x->domain->treat.settings[i].name, x->domain->treat.settings[i].text);
    for (uint32_t i = 0; i < x->treat->n_settings; i++)
        bau_text_addf(&t, "|%s=%s", x->treat->settings[i].name, x->treat->settings[i].text);
    return t.failed ? NULL : bau_arena_text(x->b->arena, t.data);
}

static const void *shared_config(const struct bau_build *b, const struct bau_masker *masker,
                                 const char *print)
{
    for (uint32_t i = 0; i < b->n_shared; i++)
        if (b->shared[i].masker == masker && strcmp(b->shared[i].fingerprint, print) == 0)
            return b->shared[i].config;
    return NULL;
}

static bau_status share(struct bau_build *b, const struct bau_masker *masker, const char *print,
                        const void *config, struct bau_mask_key *key, struct bau_error *err)
{
    if (b->n_shared == b->room_shared) {
        const uint32_t room = b->room_shared ? 2 * b->room_shared : 32;
        struct bau_shared *grown = bau_arena_take(b->arena, room * sizeof *grown);
        if (!grown)
            return bau_error_set(err, BAU_E_NOMEM, "plan");
        if (b->n_shared)
            memcpy(grown, b->shared, b->n_shared * sizeof *grown);
        b->shared = grown;
        b->room_shared = room;
    }
    b->shared[b->n_shared++] = (struct bau_shared){ masker, print, config, key };
    return BAU_OK;
}

static bau_status bind_masker(struct binding *x, const void *filled, struct bau_bound *out,
                              struct bau_error *err)
{
    const char *domain = bau_build_domain(x->masker, x->treat);
    uint32_t max_chars = x->type == BAU_TEXT && x->field ? x->field->max_chars : 0;
    if (x->type == BAU_TEXT && x->field && (x->masker->traits & BAU_KEYED)) {
        const struct bau_width *w = bau_build_width(x->b, x->masker, x->treat);
        max_chars = w ? w->max_chars : max_chars; /* one identity, one pseudonym, however wide the column */
    }
    const char *print = fingerprint(x, max_chars, domain);
    if (!print)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    out->config = shared_config(x->b, x->masker, print);
    if (out->config)
        return BAU_OK;
    void *config = bau_arena_zero(x->b->arena, x->masker->config_bytes + 1);
    if (!config)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    memcpy(config, filled, x->masker->config_bytes);
    struct bau_mask_key *key = NULL;
    BAU_TRY(bau_keys_mask_key(x->b->keys, x->b->target, domain, bau_masker_kin(x->masker), x->canon,
                              x->b->arena, &key, err));
    const struct bau_mask_bind with = { .masker = x->masker->name,
                                        .domain = domain,
                                        .field = x->field,
                                        .type = x->type,
                                        .max_chars = max_chars,
                                        .key = key,
                                        .arena = x->b->arena };
    struct bau_error refused;
    const bau_status status = x->masker->bind ? x->masker->bind(config, &with, &refused) : BAU_OK;
    if (status != BAU_OK)
        bau_mask_key_release(key);
    if (status == BAU_E_NOMEM || status == BAU_E_BUG) {
        *err = refused;
        return status;
    }
    if (status != BAU_OK) {
        misfit(x, x->treat->at, refused.text);
        return BAU_OK;
    }
    out->config = config;
    return share(x->b, x->masker, print, config, key, err);
}

static void type_misfit(struct binding *x)
{
    char words[200] = "";
    size_t used = 0;
    for (unsigned t = 0; t < BAU_TYPE_COUNT; t++)
        if ((x->masker->accepts & BAU_TYPE_BIT(t)) && used < sizeof words - 20)
            used += (size_t)snprintf(words + used, sizeof words - used, "%s%s", used ? ", " : "",
                                     bau_type_word((bau_type)t));
    char text[390];
    snprintf(text, sizeof text, "masker %s does not take %s; it takes %s", x->masker->name,
             x->field ? x->field->native : bau_type_word(x->type), words);
    misfit(x, x->treat->masker ? x->treat->masker_at : x->treat->at, text);
}

/* `out` stays without a masker when a finding says why. */
static bau_status bind_treat(struct binding *x, struct bau_bound *out, struct bau_error *err)
{
    x->masker = bau_build_masker(x->b, x->treat, &x->domain);
    if (!x->masker) {
        misfit(x, x->treat->at,
               x->treat->domain && !x->domain ? "there is no such domain" : "no masker is named");
        return BAU_OK;
    }
    if (!(x->masker->accepts & BAU_TYPE_BIT(x->type))) {
        type_misfit(x);
        return BAU_OK;
    }
    x->canon = x->masker->canon;
    void *config = bau_arena_zero(x->b->arena, x->masker->config_bytes + 1);
    uint32_t *by = bau_arena_zero(x->b->arena, 8 * sizeof *by);
    if (!config || !by)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    if (x->masker->options)
        BAU_TRY(bau_options_default(x->masker->options, config, x->b->arena, err));
    if (x->domain)
        apply_settings(x, x->domain->treat.settings, x->domain->treat.n_settings, config);
    apply_settings(x, x->treat->settings, x->treat->n_settings, config);
    if (!x->failed)
        find_by(x, config, out, by);
    if (!x->failed)
        BAU_TRY_NOTE(bind_masker(x, config, out, err), err, "%s", x->object);
    if (!x->failed) {
        out->masker = x->masker;
        out->domain = bau_build_domain(x->masker, x->treat);
        out->at = x->treat->at;
    }
    return BAU_OK;
}

/* A masker for the values of a path: text, number and boolean as the masker takes them. */
static bau_status bind_path(struct binding *x, struct bau_document_path *path, struct bau_error *err)
{
    static const bau_type kinds[] = { BAU_TEXT, BAU_NUMERIC, BAU_BOOL };
    const struct bau_domain *domain = NULL;
    const struct bau_masker *masker = bau_build_masker(x->b, x->treat, &domain);
    bool any = false;
    for (size_t k = 0; k < BAU_COUNT(kinds); k++) {
        if (masker && !(masker->accepts & BAU_TYPE_BIT(kinds[k])))
            continue;
        any = true;
        x->type = kinds[k];
        x->quiet = k > 0 && path->mask[0].masker;
        BAU_TRY(bind_treat(x, &path->mask[k], err));
        if (x->failed && !x->quiet)
            return BAU_OK;
        if (x->failed) { /* `constant: unknown` is no number: numbers are masked as the strings are */
            path->mask[k] = (struct bau_bound){ 0 };
            x->failed = false;
        }
    }
    x->quiet = false;
    if (!any) {
        x->masker = masker;
        x->type = BAU_TEXT;
        type_misfit(x);
    }
    return BAU_OK;
}

/* `$.*: keep` outranks `$.**.email: email`, since `*` beats `**` from the left: an e-mail address one level down would pass.
 * A wildcard keep that outranks a masked `**` path with the same beginning is refused; a written-out keep is a choice. */
static bool keep_shadows(const char *keep, const char *mask)
{
    const char *deep = strstr(mask, "**");
    const size_t same = deep ? (size_t)(deep - mask) : 0;
    const size_t len = strlen(keep);
    return deep && deep[2] && deep[strlen(deep) - 1] != '*' && strncmp(keep, mask, same) == 0 && len > same &&
           keep[len - 1] == '*' && strncmp(keep + same, "**", 2) != 0;
}

static void check_shadows(struct binding *x, const struct bau_treat *whole)
{
    for (uint32_t m = 0; m < whole->n_paths; m++)
        for (uint32_t k = 0; k < whole->n_paths; k++)
            if (whole->paths[m].treat.kind == BAU_DO_MASK && whole->paths[k].treat.kind == BAU_DO_KEEP &&
                keep_shadows(whole->paths[k].path, whole->paths[m].path)) {
                char text[200];
                snprintf(text, sizeof text,
                         "this keep would win over the mask of %.60s where both match; write it with '**'",
                         whole->paths[m].path);
                misfit(x, whole->paths[k].at, text);
            }
}

static bau_status bind_document(struct binding *x, struct bau_action *out, struct bau_error *err)
{
    const struct bau_treat *whole = x->treat;
    struct bau_document_path *paths = bau_arena_zero(x->b->arena, (whole->n_paths + 1) * sizeof *paths);
    if (!paths)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    if (!x->field->document) {
        misfit(x, whole->at, "paths are for json and jsonb; this field is neither");
        return BAU_OK;
    }
    for (uint32_t i = 0; i < whole->n_paths; i++) {
        const struct bau_path_rule *rule = &whole->paths[i];
        paths[i].path = rule->path;
        paths[i].at = rule->at;
        paths[i].keep = rule->treat.kind == BAU_DO_KEEP;
        if (paths[i].keep)
            continue;
        struct binding one = *x;
        one.treat = &rule->treat;
        one.field = NULL;
        one.object = bau_arena_printf(x->b->findings->arena, "%s %s", x->object, rule->path);
        BAU_TRY(bind_path(&one, &paths[i], err));
        x->failed = x->failed || one.failed;
    }
    check_shadows(x, whole);
    if (x->failed)
        return BAU_OK;
    struct bau_error refused;
    struct bau_document *document = NULL;
    const bau_status status = bau_document_new(paths, whole->n_paths, x->b->arena, &document, &refused);
    if (status == BAU_OK)
        out->document = document;
    else
        misfit(x, whole->at, refused.text);
    return BAU_OK;
}

bau_status bau_build_bind(struct bau_build *b, const struct bau_dataset *dataset, uint32_t field,
                          struct bau_action *out, struct bau_error *err)
{
    const struct bau_choice *choice = &b->choices[dataset - b->catalog->datasets][field];
    const struct bau_treat *treat = choice->treat;
    *out = (struct bau_action){ .kind = BAU_ACT_KEEP };
    if (!treat)
        return BAU_OK; /* uncovered: the finding exists already, the plan will not run */
    out->at = treat->at;
    out->inherited = choice->inherited;
    struct binding x = { .b = b,
                         .dataset = dataset,
                         .field = &dataset->fields[field],
                         .treat = treat,
                         .type = dataset->fields[field].type,
                         .object = bau_build_object(b, dataset, dataset->fields[field].name) };
    switch (treat->kind) {
    case BAU_DO_KEEP:
        out->reason = treat->reason;
        out->owner = treat->owner;
        out->until = treat->until;
        return BAU_OK;
    case BAU_DO_MASK: out->kind = BAU_ACT_MASK; return bind_treat(&x, &out->mask, err);
    case BAU_DO_PATHS: out->kind = BAU_ACT_DOCUMENT; return bind_document(&x, out, err);
    }
    return bau_error_set(err, BAU_E_BUG, "treatment kind %d", (int)treat->kind);
}
