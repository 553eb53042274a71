/* A treatment → a masker with its options, its key and the width it must keep to, ready to run.
 *
 * Options come from the masker's table: defaults, then the domain's settings, then the field's own. `canon` is an
 * option of every masker. Fields that agree in everything share one config, so that a permutation's table exists once
 * however many columns point to a key. */
#include <stdio.h>
#include <string.h>

#include "src/core/mask_key.h"
#include "src/plan/bind.h"

const struct bau_masker *bau_build_masker(const struct bau_build *b, const struct bau_treat *treat,
                                          const struct bau_domain **out_domain)
{
    *out_domain = NULL;
    for (uint32_t i = 0; treat->domain && i < b->project->n_domains; i++)
        if (strcmp(b->project->domains[i].name, treat->domain) == 0)
            *out_domain = &b->project->domains[i];
    const char *name = treat->masker ? treat->masker : *out_domain ? (*out_domain)->treat.masker : NULL;
    return name ? bau_project_masker(b->project, name) : NULL;
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

void bau_bind_misfit(struct bau_binding *x, struct bau_at at, const char *text)
{
    x->failed = true;
    if (x->quiet)
        return;
    bau_find_add(x->b->findings, BAU_E_USAGE, at, NULL, x->object, "%s", text);
}

static void set_canon(struct bau_binding *x, const struct bau_setting *s)
{
    struct canon_config {
        uint32_t canon;
    } c = { 0 };
    static const struct bau_option canon_option = {
        .name = "canon", .kind = BAU_OPTION_CHOICE, .choices = BAU_CANON_WORDS, .sentence = "Canonical form."
    };
    struct bau_error err;
    if (bau_option_set(&canon_option, &c, s->text, x->b->arena, &err) != BAU_OK)
        bau_bind_misfit(x, s->at, err.text);
    x->canon = (bau_canon)c.canon;
}

static bau_status apply_settings(struct bau_binding *x, const struct bau_setting *settings, uint32_t n,
                                 void *config, struct bau_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct bau_setting *s = &settings[i];
        if (strcmp(s->name, "canon") == 0) {
            set_canon(x, s);
            continue;
        }
        const struct bau_option *o = x->masker->options ? bau_option_find(x->masker->options, s->name) : NULL;
        if (!o) {
            char text[160];
            snprintf(text, sizeof text, "masker %s has no option '%.40s'", x->masker->name, s->name);
            bau_bind_misfit(x, s->at, text);
            continue;
        }
        const bau_status status = bau_option_set(o, config, s->text, x->b->arena, err);
        if (status == BAU_E_NOMEM)
            return status;
        if (status != BAU_OK)
            bau_bind_misfit(x, s->at, err->text);
    }
    return BAU_OK;
}

void bau_bind_by(struct bau_binding *x, const char *option, const char *name)
{
    const uint32_t f = bau_dataset_find(x->dataset, name);
    char text[200];
    if (f == UINT32_MAX)
        snprintf(text, sizeof text, "%s: %.60s has no field '%.60s'", option, x->dataset->name, name);
    else if (x->dataset->fields[f].list || x->dataset->fields[f].generated)
        snprintf(text, sizeof text, "%s: the field '%.60s' is %s and cannot be used here", option, name,
                 x->dataset->fields[f].list ? "an array" : "generated");
    else if (x->by->n == BAU_BY_MOST)
        snprintf(text, sizeof text, "%s: a treatment may look at %u fields of its row at most", option,
                 BAU_BY_MOST);
    else {
        x->by->at[x->by->n++] = f;
        return;
    }
    bau_bind_misfit(x, x->treat->at, text);
}

/* FIELD options name fields of the same dataset. */
static void find_by(struct bau_binding *x, const void *config)
{
    for (const struct bau_option *o = x->masker->options; o && o->name; o++) {
        if (!(o->flags & BAU_OPTION_FIELD))
            continue;
        const char *name;
        memcpy(&name, (const char *)config + o->offset, sizeof name);
        if (name) {
            bau_bind_by(x, o->name, name);
        } else if (o->flags & BAU_OPTION_REQUIRED) {
            char text[160];
            snprintf(text, sizeof text, "masker %s needs the option '%s'", x->masker->name, o->name);
            bau_bind_misfit(x, x->treat->at, text);
        }
    }
}

/* Fields that conditions name. */
static bau_status find_reads(struct bau_binding *x, void *config, struct bau_error *err)
{
    struct bau_texts names = { 0 };
    struct bau_error refused;
    x->first_read = x->by->n - x->first_by;
    if (!x->masker->reads)
        return BAU_OK;
    const bau_status status = x->masker->reads(config, x->b->arena, &names, &refused);
    if (status == BAU_E_NOMEM || status == BAU_E_BUG) {
        *err = refused;
        return status;
    }
    if (status != BAU_OK) {
        bau_bind_misfit(x, x->treat->at, refused.text);
        return BAU_OK;
    }
    x->reads = bau_arena_zero(x->b->arena, ((size_t)names.n + 1) * sizeof *x->reads);
    if (!x->reads)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    for (uint32_t i = 0; i < names.n && !x->failed; i++) {
        bau_bind_by(x, "condition", names.at[i]);
        if (!x->failed)
            x->reads[i] = &x->dataset->fields[x->by->at[x->by->n - 1]];
    }
    return BAU_OK;
}

/* Everything that decides a masker's output and config, as text: equal fingerprints share one config. */
static const char *fingerprint(const struct bau_binding *x, uint32_t max_chars, const char *domain)
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
    b->shared[b->n_shared++] =
        (struct bau_shared){ .masker = masker, .fingerprint = print, .config = config, .key = key };
    return BAU_OK;
}

/* What the plan does not hold yet and so would not free. */
static void let_go(const struct bau_masker *masker, void *config, struct bau_mask_key *key)
{
    if (masker->unbind)
        masker->unbind(config);
    bau_mask_key_release(key);
}

static bau_status bind_masker(struct bau_binding *x, const void *filled, struct bau_bound *out,
                              struct bau_error *err)
{
    const char *domain = bau_build_domain(x->masker, x->treat);
    uint32_t max_chars = x->type == BAU_TEXT && x->field ? x->field->max_chars : 0;
    if (x->type == BAU_TEXT && (x->masker->traits & BAU_KEYED)) {
        /* out of documents and texts too */
        const struct bau_width *w = bau_build_width(x->b, x->masker, x->treat);
        max_chars = w ? w->max_chars : max_chars; /* one identity, one pseudonym, however wide the column */
    }
    const bool alone = bau_bind_has_subs(x->masker) || x->masker->reads || /* speaks of fields by place */
                       x->masker->observe;                                 /* holds what it saw of a field */
    const char *print = fingerprint(x, max_chars, domain);
    if (!print)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    out->config = alone ? NULL : shared_config(x->b, x->masker, print);
    if (out->config)
        return BAU_OK;
    const char *seen_by = NULL;
    if (x->masker->observe)
        BAU_TRY(bau_bind_seen(x, print, &seen_by, &out->seen, err));
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
                                        .arena = x->b->arena,
                                        .first_read = x->first_read,
                                        .reads = x->reads,
                                        .seen = out->seen,
                                        .run_us = x->b->run_us };
    struct bau_error refused;
    const bau_status status = x->masker->bind ? x->masker->bind(config, &with, &refused) : BAU_OK;
    if (status != BAU_OK)
        let_go(x->masker, config, key);
    if (status == BAU_E_NOMEM || status == BAU_E_BUG) {
        *err = refused;
        return status;
    }
    if (status != BAU_OK) {
        bau_bind_misfit(x, x->treat->at, refused.text);
        return BAU_OK;
    }
    const bau_status shared = share(x->b, x->masker, alone ? "" : print, config, key, err);
    if (shared != BAU_OK) {
        let_go(x->masker, config, key);
        return shared;
    }
    out->config = config;
    x->b->shared[x->b->n_shared - 1].seen_by = seen_by;
    x->b->shared[x->b->n_shared - 1].seen = out->seen;
    return BAU_OK;
}

void bau_bind_type_misfit(struct bau_binding *x)
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
    bau_bind_misfit(x, x->treat->masker ? x->treat->masker_at : x->treat->at, text);
}

static bau_status open_by(struct bau_binding *x, struct bau_error *err)
{
    if (!x->by)
        x->by = bau_arena_zero(x->b->arena, sizeof *x->by);
    if (!x->by)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    x->first_by = x->by->n;
    return BAU_OK;
}

/* A domain promises equal values one pseudonym. */
static void check_domain(struct bau_binding *x)
{
    char text[200];
    if (!x->domain || (x->masker->traits & BAU_DETERMINISTIC))
        return;
    snprintf(text, sizeof text, "masker %s makes another value every time: it cannot serve a domain",
             x->masker->name);
    bau_bind_misfit(x, x->treat->at, text);
}

/* Options, the fields they name and the maskers inside, in that order: the config as the masker's bind finds it. */
static bau_status fill_config(struct bau_binding *x, void **out, struct bau_error *err)
{
    void *config = *out = bau_arena_zero(x->b->arena, x->masker->config_bytes + 1);
    if (!config)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    if (x->masker->options)
        BAU_TRY(bau_options_default(x->masker->options, config, x->b->arena, err));
    if (x->domain)
        BAU_TRY(apply_settings(x, x->domain->treat.settings, x->domain->treat.n_settings, config, err));
    BAU_TRY(apply_settings(x, x->treat->settings, x->treat->n_settings, config, err));
    check_domain(x);
    BAU_TRY(bau_bind_labels(x, config, err));
    if (!x->failed)
        find_by(x, config);
    if (!x->failed)
        BAU_TRY(find_reads(x, config, err));
    return x->failed ? BAU_OK : bau_bind_subs(x, config, err);
}

bau_status bau_bind_treat(struct bau_binding *x, struct bau_bound *out, struct bau_error *err)
{
    void *config;
    x->masker = bau_build_masker(x->b, x->treat, &x->domain);
    if (!x->masker) {
        bau_bind_misfit(x, x->treat->at,
                        x->treat->domain && !x->domain ? "there is no such domain" : "no masker is named");
        return BAU_OK;
    }
    if (!(x->masker->accepts & BAU_TYPE_BIT(x->type))) {
        bau_bind_type_misfit(x);
        return BAU_OK;
    }
    if (x->masker->observe && (x->by || !x->field)) {
        bau_bind_misfit(
            x, x->treat->at,
            "this masker looks at all values first; it masks a whole field and cannot stand inside a "
            "document or another masker");
        return BAU_OK;
    }
    x->canon = x->masker->canon;
    BAU_TRY(open_by(x, err));
    BAU_TRY(fill_config(x, &config, err));
    if (!x->failed)
        BAU_TRY_NOTE(bind_masker(x, config, out, err), err, "%s", x->object);
    if (x->failed)
        return BAU_OK;
    out->masker = x->masker;
    out->domain = bau_build_domain(x->masker, x->treat);
    out->at = x->treat->at;
    out->run = (struct bau_sub){ .label = "",
                                 .masker = x->masker,
                                 .config = out->config,
                                 .type = x->type,
                                 .traits = x->masker->traits,
                                 .leaks = x->masker->leaks };
    if (x->masker->promises)
        x->masker->promises(out->config, &out->run.traits, &out->run.leaks);
    BAU_TRY(bau_bind_fallback(x, out, err));
    out->by = x->by->at + x->first_by;
    out->n_by = x->by->n - x->first_by;
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
    struct bau_binding x = { .b = b,
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
    case BAU_DO_MASK: out->kind = BAU_ACT_MASK; return bau_bind_treat(&x, &out->mask, err);
    case BAU_DO_PATHS: out->kind = BAU_ACT_DOCUMENT; return bau_bind_document(&x, out, err);
    }
    return bau_error_set(err, BAU_E_BUG, "treatment kind %d", (int)treat->kind);
}
