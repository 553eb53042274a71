/* Paths of a document → what happens at each: keep, or a masker for texts, numbers and booleans as it takes them. */
#include <stdio.h>
#include <string.h>

#include "src/plan/bind.h"
#include "src/plan/document.h"

/* A masker for the values of a path: text, number and boolean as the masker takes them. */
static bau_status bind_path(struct bau_binding *x, struct bau_document_path *path, struct bau_error *err)
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
        BAU_TRY(bau_bind_treat(x, &path->mask[k], err));
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
        bau_bind_type_misfit(x);
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

static void check_shadows(struct bau_binding *x, const struct bau_treat *whole)
{
    for (uint32_t m = 0; m < whole->n_paths; m++)
        for (uint32_t k = 0; k < whole->n_paths; k++)
            if (whole->paths[m].treat.kind == BAU_DO_MASK && whole->paths[k].treat.kind == BAU_DO_KEEP &&
                keep_shadows(whole->paths[k].path, whole->paths[m].path)) {
                char text[200];
                snprintf(text, sizeof text,
                         "this keep would win over the mask of %.60s where both match; write it with '**'",
                         whole->paths[m].path);
                bau_bind_misfit(x, whole->paths[k].at, text);
            }
}

bau_status bau_bind_document(struct bau_binding *x, struct bau_action *out, struct bau_error *err)
{
    const struct bau_treat *whole = x->treat;
    struct bau_document_path *paths = bau_arena_zero(x->b->arena, (whole->n_paths + 1) * sizeof *paths);
    if (!paths)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    if (!x->field->document && x->type != BAU_TEXT) {
        bau_bind_misfit(x, whole->at,
                        "paths are for json, jsonb and text that holds JSON; this field is neither");
        return BAU_OK;
    }
    for (uint32_t i = 0; i < whole->n_paths; i++) {
        const struct bau_path_rule *rule = &whole->paths[i];
        paths[i].path = rule->path;
        paths[i].at = rule->at;
        paths[i].keep = rule->treat.kind == BAU_DO_KEEP;
        if (paths[i].keep)
            continue;
        struct bau_binding one = *x;
        one.treat = &rule->treat;
        one.field = NULL;
        one.by = NULL;
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
        bau_bind_misfit(x, whole->at, refused.text);
    return BAU_OK;
}
