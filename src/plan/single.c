/* One masker outside any store. The row is made up: the value, and one further field for each that the options name. */
#include <string.h>

#include "src/core/mask_key.h"
#include "src/plan/bind.h"

#define FIELDS_MOST (BAU_BY_MOST + 1u)

/* Every word that an option or condition uses as the name of a field. The binding looks names up in the dataset, so they must
 * be there before; a name that is missing shows in the first finding. */
static bau_status invent(const struct bau_single_with *with, const char *name, struct bau_dataset *dataset,
                         struct bau_field *fields, struct bau_arena *arena, struct bau_error *err)
{
    for (uint32_t f = 0; f < dataset->n_fields; f++)
        if (strcmp(fields[f].name, name) == 0)
            return BAU_OK;
    if (with->n_others)
        return BAU_OK; /* the finding says that there is no such field */
    if (dataset->n_fields == FIELDS_MOST)
        return bau_error_set(err, BAU_E_USAGE, "more than %u fields are named", BAU_BY_MOST);
    const char *copy = bau_arena_text(arena, name);
    if (!copy)
        return bau_error_set(err, BAU_E_NOMEM, "masker");
    fields[dataset->n_fields++] = (struct bau_field){
        .name = copy, .native = bau_type_word(with->by_type), .type = with->by_type, .scale = -1
    };
    return BAU_OK;
}

static bau_status invent_reads(const struct bau_single_with *with, const struct bau_masker *masker,
                               const struct bau_treat *treat, struct bau_dataset *dataset,
                               struct bau_field *fields, struct bau_arena *arena, struct bau_error *err)
{
    struct bau_texts names = { 0 };
    struct bau_sub *subs = bau_arena_zero(arena, ((size_t)treat->n_subs + 1) * sizeof *subs);
    void *config = bau_arena_zero(arena, masker->config_bytes + 1);
    if (!subs || !config)
        return bau_error_set(err, BAU_E_NOMEM, "masker");
    for (const struct bau_option *o = masker->options; o && o->name; o++) {
        struct bau_subs list = { 0, subs };
        if (o->kind != BAU_OPTION_MASKERS)
            continue;
        for (uint32_t i = 0; i < treat->n_subs; i++)
            if (strcmp(treat->subs[i].option, o->name) == 0)
                subs[list.n++] = (struct bau_sub){ .label = treat->subs[i].label };
        memcpy((char *)config + o->offset, &list, sizeof list);
        subs += list.n;
    }
    BAU_TRY(masker->reads(config, arena, &names, err));
    for (uint32_t i = 0; i < names.n; i++)
        BAU_TRY(invent(with, names.at[i], dataset, fields, arena, err));
    return BAU_OK;
}

static bau_status invent_fields(const struct bau_single_with *with, const struct bau_treat *treat,
                                struct bau_dataset *dataset, struct bau_field *fields,
                                struct bau_arena *arena, struct bau_error *err)
{
    const struct bau_masker *masker = treat->masker ? bau_project_masker(with->project, treat->masker) : NULL;
    for (uint32_t i = 0; masker && masker->options && i < treat->n_settings; i++) {
        const struct bau_option *o = bau_option_find(masker->options, treat->settings[i].name);
        if (o && o->flags & BAU_OPTION_FIELD)
            BAU_TRY(invent(with, treat->settings[i].text, dataset, fields, arena, err));
    }
    if (masker && masker->reads)
        BAU_TRY(invent_reads(with, masker, treat, dataset, fields, arena, err));
    for (uint32_t i = 0; i < treat->n_subs; i++)
        BAU_TRY(invent_fields(with, &treat->subs[i].treat, dataset, fields, arena, err));
    return treat->fallback ? invent_fields(with, treat->fallback, dataset, fields, arena, err) : BAU_OK;
}

static bau_status read_treat(const struct bau_single_with *with, struct bau_arena *arena,
                             struct bau_treat *out, struct bau_error *err)
{
    const struct bau_texts none = { 0 };
    if (with->yaml)
        BAU_TRY(bau_treat_yaml(with->project, with->yaml, arena, out, err));
    else
        BAU_TRY(
            bau_treat_words(with->project, with->masker, with->words ? with->words : &none, arena, out, err));
    if (with->domain)
        out->domain = with->domain;
    return out->kind == BAU_DO_MASK
               ? BAU_OK
               : bau_error_set(err, BAU_E_USAGE, "%s",
                               out->kind == BAU_DO_KEEP ? "keep leaves nothing to mask"
                                                        : "document paths cannot stand here");
}

/* The value first, then those that are there. */
static struct bau_field *make_fields(const struct bau_single_with *with, struct bau_single *s,
                                     struct bau_dataset *dataset)
{
    const struct bau_field plain = { .name = "value",
                                     .native = bau_type_word(with->type),
                                     .type = with->type,
                                     .scale = -1,
                                     .nullable = true,
                                     .max_chars = with->max_chars };
    struct bau_field *fields =
        bau_arena_zero(s->arena, ((size_t)FIELDS_MOST + with->n_others) * sizeof *fields);
    if (!fields)
        return NULL;
    fields[0] = with->field ? *with->field : plain;
    if (!with->n_others)
        fields[0].name = "value";
    if (with->n_others)
        memcpy(fields + 1, with->others, with->n_others * sizeof *fields);
    *dataset = (struct bau_dataset){ .name = "values", .n_fields = 1 + with->n_others, .fields = fields };
    return fields;
}

static bau_status bind(const struct bau_single_with *with, struct bau_single *s, struct bau_error *err)
{
    const struct bau_project project = { .arena = s->arena,
                                         .n_plugins = with->project ? with->project->n_plugins : 0,
                                         .plugins = with->project ? with->project->plugins : NULL };
    struct bau_store store = { .name = "value" };
    struct bau_dataset *dataset = bau_arena_zero(s->arena, sizeof *dataset);
    struct bau_field *fields = dataset ? make_fields(with, s, dataset) : NULL;
    struct bau_findings_list findings = { .arena = s->arena };
    struct bau_treat treat;
    if (!fields)
        return bau_error_set(err, BAU_E_NOMEM, "masker");
    BAU_TRY(read_treat(with, s->arena, &treat, err));
    struct bau_width width = { bau_project_masker(&project, treat.masker), &treat, with->max_chars };
    BAU_TRY(invent_fields(with, &treat, dataset, fields, s->arena, err));
    struct bau_build b = { .project = &project,
                           .store = &store,
                           .keys = with->keys,
                           .target = "",
                           .arena = s->arena,
                           .findings = &findings,
                           .widths = &width,
                           .n_widths = with->max_chars > 0 };
    struct bau_binding x = { .b = &b,
                             .dataset = dataset,
                             .field = &fields[0],
                             .treat = &treat,
                             .type = with->type,
                             .object = treat.masker };
    const bau_status status = bau_bind_treat(&x, &s->bound, err);
    s->plan->n_bound = b.n_shared;
    s->plan->bound = b.shared;
    BAU_TRY(status);
    if (findings.failed)
        return bau_error_set(err, BAU_E_NOMEM, "masker");
    if (findings.n)
        return bau_error_set(err, BAU_E_USAGE, "%s", findings.at[0].text);
    s->n_by = s->bound.n_by;
    for (uint32_t i = 0; i < s->n_by; i++) {
        s->by[i] = fields[s->bound.by[i]].name;
        s->other[i] = s->bound.by[i] - 1; /* the value itself is field 0 */
    }
    return BAU_OK;
}

bau_status bau_single_new(const struct bau_single_with *with, struct bau_single **out, struct bau_error *err)
{
    struct bau_arena *arena = bau_arena_new(16384, BAU_ARENA_PRIVATE);
    struct bau_single *s = arena ? bau_arena_zero(arena, sizeof *s) : NULL;
    if (s) {
        s->arena = arena;
        s->by = bau_arena_zero(arena, BAU_BY_MOST * sizeof *s->by);
        s->other = bau_arena_zero(arena, BAU_BY_MOST * sizeof *s->other);
        s->plan = bau_arena_zero(arena, sizeof *s->plan);
    }
    if (!s || !s->by || !s->other || !s->plan) {
        bau_arena_free(arena);
        return bau_error_set(err, BAU_E_NOMEM, "masker");
    }
    s->plan->arena = arena;
    const bau_status status = bind(with, s, err);
    if (status != BAU_OK) {
        bau_single_free(s);
        return status;
    }
    *out = s;
    return BAU_OK;
}

void bau_single_free(struct bau_single *single)
{
    if (single)
        bau_plan_free(single->plan); /* and with its arena everything */
}
