/* Who shares what a masker has observed: all fields of a domain when distinct values must stay distinct (one numbering for a
 * key and everything that refers to it, whatever the types), else one field, together with its partitions. */
#include <string.h>

#include "src/plan/bind.h"

static const struct bau_dataset *root_of(const struct bau_binding *x)
{
    const struct bau_dataset *d = x->dataset;
    while (x->b->catalog && d->parent != BAU_NO_DATASET && d->parent < x->b->catalog->n_datasets &&
           &x->b->catalog->datasets[d->parent] != d)
        d = &x->b->catalog->datasets[d->parent];
    return d;
}

bau_status bau_bind_seen(const struct bau_binding *x, const char *print, const char **out_seen_by,
                         void **out_seen, struct bau_error *err)
{
    const char *name =
        x->masker->traits & BAU_BIJECTIVE
            ? bau_arena_printf(x->b->arena, "%s|%s|%d", x->masker->name,
                               bau_build_domain(x->masker, x->treat), (int)x->canon)
            : bau_arena_printf(x->b->arena, "%s|%s|%s", print, root_of(x)->name, x->field->name);
    if (!name)
        return bau_error_set(err, BAU_E_NOMEM, "plan");
    *out_seen_by = name;
    for (uint32_t i = 0; i < x->b->n_shared; i++)
        if (x->b->shared[i].seen_by && strcmp(x->b->shared[i].seen_by, name) == 0) {
            *out_seen = x->b->shared[i].seen;
            return BAU_OK;
        }
    *out_seen = bau_arena_zero(x->b->arena, x->masker->seen_bytes + 1);
    return *out_seen ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "plan");
}
