/* Compiles a plan: resolve, widths of domains, bind, check, digest. See build.h for the order. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "src/core/mask_key.h"
#include "src/plan/build.h"
#include "src/plan/document.h"

static bau_status note_width(struct bau_build *b, const struct bau_masker *masker,
                             const struct bau_treat *treat, uint32_t max_chars, struct bau_error *err)
{
    struct bau_width *w = bau_build_width(b, masker, treat);
    if (w) {
        w->max_chars = max_chars < w->max_chars ? max_chars : w->max_chars;
        return BAU_OK;
    }
    if (b->n_widths == b->room_widths) {
        const uint32_t room = b->room_widths ? 2 * b->room_widths : 32;
        struct bau_width *grown = bau_arena_take(b->arena, room * sizeof *grown);
        if (!grown)
            return bau_error_set(err, BAU_E_NOMEM, "plan");
        if (b->n_widths)
            memcpy(grown, b->widths, b->n_widths * sizeof *grown);
        b->widths = grown;
        b->room_widths = room;
    }
    b->widths[b->n_widths++] = (struct bau_width){ masker, treat, max_chars };
    return BAU_OK;
}

static bool takes_parts(const struct bau_masker *masker, const char *option)
{
    const struct bau_option *o = masker->options ? bau_option_find(masker->options, option) : NULL;
    return o && o->flags & BAU_OPTION_PARTS;
}

/* The treatment's own domain and those of the treatments inside that see the whole value. */
static bau_status collect_width(struct bau_build *b, const struct bau_treat *treat, uint32_t max_chars,
                                struct bau_error *err)
{
    const struct bau_domain *domain;
    const struct bau_masker *masker = treat->kind == BAU_DO_MASK ? bau_build_masker(b, treat, &domain) : NULL;
    if (!masker)
        return BAU_OK;
    BAU_TRY(note_width(b, masker, treat, max_chars, err));
    const struct bau_treat *outer = treat->n_subs == 0 && domain ? &domain->treat : treat;
    for (uint32_t i = 0; i < outer->n_subs; i++)
        if (!takes_parts(masker, outer->subs[i].option))
            BAU_TRY(collect_width(b, &outer->subs[i].treat, max_chars, err));
    const struct bau_treat *fallback = treat->fallback ? treat->fallback
                                       : domain        ? domain->treat.fallback
                                                       : NULL;
    return fallback ? collect_width(b, fallback, max_chars, err) : BAU_OK;
}

/* The narrowest of the text columns that a domain's masker fills in the same way decides for all of them, so that one
 * identity keeps one pseudonym. */
static bau_status collect_widths(struct bau_build *b, struct bau_error *err)
{
    for (uint32_t d = 0; d < b->catalog->n_datasets; d++) {
        const struct bau_dataset *dataset = &b->catalog->datasets[d];
        for (uint32_t f = 0; f < dataset->n_fields; f++)
            if (b->choices[d][f].treat && dataset->fields[f].max_chars)
                BAU_TRY(collect_width(b, b->choices[d][f].treat, dataset->fields[f].max_chars, err));
    }
    return BAU_OK;
}

static void want_by(const struct bau_bound *bound, bau_want *want)
{
    for (uint32_t i = 0; i < bound->n_by; i++)
        want[bound->by[i]] = BAU_WANT_TYPED;
}

static void set_wants(struct bau_dataset_plan *plan, bau_want *want, bool *replaced)
{
    for (uint32_t f = 0; f < plan->dataset->n_fields; f++) {
        const struct bau_action *a = &plan->actions[f];
        if (plan->dataset->fields[f].generated || a->kind == BAU_ACT_KEEP)
            continue;
        if (a->kind == BAU_ACT_MASK && a->mask.masker && (a->mask.run.traits & BAU_KEEPS_ALL))
            continue;
        replaced[f] = true;
        want[f] = BAU_WANT_TYPED;
        plan->touched = true;
        if (a->kind == BAU_ACT_MASK)
            want_by(&a->mask, want);
        for (uint32_t i = 0; a->document && i < bau_document_n_by(a->document); i++)
            want[bau_document_by(a->document, i)] = BAU_WANT_TYPED;
    }
}

/* What the first pass must read of a dataset. */
static bau_status set_look(const struct bau_build *b, struct bau_dataset_plan *plan, struct bau_error *err)
{
    bau_want *look = NULL;
    for (uint32_t f = 0; f < plan->dataset->n_fields; f++) {
        const struct bau_bound *mask = &plan->actions[f].mask;
        if (plan->actions[f].kind != BAU_ACT_MASK || !mask->masker || !mask->masker->observe)
            continue;
        if (!look)
            look = bau_arena_zero(b->arena, (plan->dataset->n_fields + 1) * sizeof *look);
        if (!look)
            return bau_error_set(err, BAU_E_NOMEM, "plan");
        look[f] = BAU_WANT_TYPED;
        want_by(mask, look);
    }
    plan->look = look;
    return BAU_OK;
}

static bau_status plan_dataset(struct bau_build *b, uint32_t d, struct bau_dataset_plan *out,
                               struct bau_error *err)
{
    const struct bau_dataset *dataset = &b->catalog->datasets[d];
    struct bau_action *actions = bau_arena_zero(b->arena, (dataset->n_fields + 1) * sizeof *actions);
    bau_want *want = bau_arena_zero(b->arena, (dataset->n_fields + 1) * sizeof *want);
    bool *replaced = bau_arena_zero(b->arena, dataset->n_fields + 1);
    if (!actions || !want || !replaced)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    *out = (struct bau_dataset_plan){
        .dataset = dataset, .actions = actions, .want = want, .replaced = replaced
    };
    if (dataset->kind != BAU_DATASET_ROWS)
        return BAU_OK;
    for (uint32_t f = 0; f < dataset->n_fields; f++)
        if (!dataset->fields[f].generated)
            BAU_TRY(bau_build_bind(b, dataset, f, &actions[f], err));
    set_wants(out, want, replaced);
    BAU_TRY(set_look(b, out, err));
    bau_build_check(b, out);
    return BAU_OK;
}

static void digest_text(EVP_MD_CTX *ctx, const char *text)
{
    const uint64_t n = text ? strlen(text) : 0;
    EVP_DigestUpdate(ctx, &n, sizeof n);
    EVP_DigestUpdate(ctx, text ? text : "", n);
}

static void digest_treat(EVP_MD_CTX *ctx, const struct bau_treat *treat)
{
    digest_text(ctx, treat->masker);
    digest_text(ctx, treat->domain);
    digest_text(ctx, treat->reason);
    for (uint32_t i = 0; i < treat->n_settings; i++) {
        digest_text(ctx, treat->settings[i].name);
        digest_text(ctx, treat->settings[i].text);
    }
    for (uint32_t i = 0; i < treat->n_paths; i++) {
        digest_text(ctx, treat->paths[i].path);
        digest_treat(ctx, &treat->paths[i].treat);
    }
    for (uint32_t i = 0; i < treat->n_subs; i++) {
        digest_text(ctx, treat->subs[i].option);
        digest_text(ctx, treat->subs[i].label);
        digest_treat(ctx, &treat->subs[i].treat);
    }
    if (treat->fallback) {
        digest_text(ctx, "fallback");
        digest_treat(ctx, treat->fallback);
    }
}

/* SHA-256 over names, types and treatments in catalog order: the same rules over the same schema, the same digest. */
static bau_status digest(const struct bau_build *b, uint8_t out[32], struct bau_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return bau_error_set(err, BAU_E_BUG, "SHA-256 is not available");
    }
    digest_text(ctx, "bauta plan 1");
    for (uint32_t i = 0; i < b->project->n_plugins; i++)
        EVP_DigestUpdate(ctx, b->project->plugins[i].sha256, sizeof b->project->plugins[i].sha256);
    for (uint32_t i = 0; i < b->project->n_domains; i++) {
        digest_text(ctx, b->project->domains[i].name);
        digest_treat(ctx, &b->project->domains[i].treat);
    }
    for (uint32_t d = 0; d < b->catalog->n_datasets; d++) {
        digest_text(ctx, b->catalog->datasets[d].name);
        for (uint32_t f = 0; f < b->catalog->datasets[d].n_fields; f++) {
            digest_text(ctx, b->catalog->datasets[d].fields[f].name);
            digest_text(ctx, b->catalog->datasets[d].fields[f].native);
            if (b->choices[d][f].treat)
                digest_treat(ctx, b->choices[d][f].treat);
        }
    }
    EVP_DigestFinal_ex(ctx, out, NULL);
    EVP_MD_CTX_free(ctx);
    return BAU_OK;
}

static bau_status verdict(const struct bau_store *store, const struct bau_findings_list *list,
                          struct bau_error *err)
{
    uint32_t policy = 0, usage = 0;
    const struct bau_finding *first = NULL;
    for (uint32_t i = 0; i < list->n; i++) {
        policy += list->at[i].code == BAU_E_POLICY;
        usage += list->at[i].code != BAU_E_POLICY;
        if (!first || (first->code != BAU_E_POLICY && list->at[i].code == BAU_E_POLICY))
            first = &list->at[i];
    }
    if (list->failed)
        return bau_error_set(err, BAU_E_NOMEM, "findings");
    if (policy)
        return bau_error_set(err, BAU_E_POLICY, "store %s: %u field%s without a rule, first %s (%s)",
                             store->name, policy, policy == 1 ? "" : "s", first->object, first->text);
    if (usage && first->at.file)
        return bau_error_set(err, BAU_E_USAGE, BAU_AT_FORMAT ": %s: %s", BAU_AT_ARGS(first->at),
                             first->object, first->text);
    if (usage)
        return bau_error_set(err, BAU_E_USAGE, "%s: %s", first->object, first->text);
    return BAU_OK;
}

static bau_status compile(struct bau_build *b, struct bau_plan *plan, struct bau_error *err)
{
    BAU_TRY(bau_build_resolve(b, err));
    BAU_TRY(collect_widths(b, err));
    struct bau_dataset_plan *datasets =
        bau_arena_zero(b->arena, (b->catalog->n_datasets + 1) * sizeof *datasets);
    if (!datasets)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    for (uint32_t d = 0; d < b->catalog->n_datasets; d++)
        BAU_TRY(plan_dataset(b, d, &datasets[d], err));
    plan->n_datasets = b->catalog->n_datasets;
    plan->datasets = datasets;
    BAU_TRY(digest(b, plan->digest, err));
    return verdict(b->store, b->findings, err);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

bau_status bau_plan_compile(const struct bau_project *project, const struct bau_store *store,
                            const struct bau_catalog *catalog, const struct bau_keys *keys,
                            const char *target_identity, struct bau_arena *findings_arena,
                            struct bau_findings *findings, struct bau_plan **out, struct bau_error *err)
{
    struct bau_findings_list list = { .arena = findings_arena };
    struct bau_arena *arena = bau_arena_new(1u << 20, BAU_ARENA_PRIVATE);
    struct bau_plan *plan = arena ? bau_arena_zero(arena, sizeof *plan) : NULL;
    if (!plan) {
        bau_arena_free(arena);
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    }
    *plan = (struct bau_plan){
        .arena = arena, .catalog = catalog, .store = store, .scratch_bytes = bau_project_scratch(project)
    };
    struct bau_build b = { .project = project,
                           .store = store,
                           .catalog = catalog,
                           .keys = keys,
                           .target = bau_keys_per_target(keys) && target_identity ? target_identity : "",
                           .arena = arena,
                           .run_us = now_us(),
                           .findings = &list };
    const bau_status status = compile(&b, plan, err);
    *findings = (struct bau_findings){ list.n, list.at };
    plan->n_bound = b.n_shared;
    plan->bound = b.shared;
    if (status != BAU_OK) {
        bau_plan_free(plan);
        return status;
    }
    *out = plan;
    return BAU_OK;
}

void bau_plan_free(struct bau_plan *plan)
{
    if (!plan)
        return;
    for (uint32_t i = 0; i < plan->n_bound; i++) {
        void *config;
        memcpy(&config, &plan->bound[i].config, sizeof config);
        if (plan->bound[i].seen)
            plan->bound[i].masker->forget(plan->bound[i].seen);
        if (plan->bound[i].masker->unbind)
            plan->bound[i].masker->unbind(config);
        bau_mask_key_release(plan->bound[i].key);
    }
    bau_arena_free(plan->arena);
}
