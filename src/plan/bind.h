/* What bind.c, bind_sub.c and bind_document.c share: one treatment on its way to becoming a bau_bound. */
#ifndef BAU_PLAN_BIND_H
#define BAU_PLAN_BIND_H

#include "src/plan/build.h"

struct bau_by_list { /* the fields of the row that a treatment and those inside it look at, in order */
    uint32_t n;
    uint32_t at[BAU_BY_MOST];
};

struct bau_binding {
    struct bau_build *b;
    const struct bau_dataset *dataset;
    const struct bau_field *field; /* NULL: values out of a document or a text */
    const char *object;            /* "shop.public.customers.profile $.a" */
    const struct bau_treat *treat;
    const struct bau_masker *masker;
    const struct bau_domain *domain;
    struct bau_by_list *by; /* shared with the treatments inside */
    uint32_t first_by;      /* where this one's fields start */
    uint32_t first_read, n_reads;
    const struct bau_field **reads;
    bau_type type;
    bau_canon canon;
    bool quiet;  /* a misfit is no finding: the values have another way */
    bool failed; /* a finding was added */
};

void bau_bind_misfit(struct bau_binding *x, struct bau_at at, const char *text);
void bau_bind_type_misfit(struct bau_binding *x);
/* Adds a field of the dataset to the list; a finding when there is none of that name or it cannot be used. */
void bau_bind_by(struct bau_binding *x, const char *option, const char *name);
/* `out` stays without a masker when a finding says why. */
bau_status bau_bind_treat(struct bau_binding *x, struct bau_bound *out, struct bau_error *err) BAU_MUST_CHECK;
/* bind_sub.c: treatments inside. `labels` sets the MASKERS options of the config, `subs` binds them. */
bool bau_bind_has_subs(const struct bau_masker *masker);
bau_status bau_bind_labels(struct bau_binding *x, void *config, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_bind_subs(struct bau_binding *x, void *config, struct bau_error *err) BAU_MUST_CHECK;
bau_status bau_bind_fallback(struct bau_binding *x, struct bau_bound *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* bind_member.c: what an option of a masker says of the members of a row value, held to their types. */
bau_status bau_bind_members(struct bau_binding *x, const struct bau_treat *treat,
                            const struct bau_option *option, struct bau_error *err) BAU_MUST_CHECK;
/* bind_document.c: paths of a document. */
bau_status bau_bind_document(struct bau_binding *x, struct bau_action *out, struct bau_error *err)
    BAU_MUST_CHECK;

/* What a masker that observes fills: found or made, by domain or by field. */
bau_status bau_bind_seen(const struct bau_binding *x, const char *print, const char **out_seen_by,
                         void **out_seen, struct bau_error *err) BAU_MUST_CHECK;

#endif
