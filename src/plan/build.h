/* What the steps of compiling a plan share. The steps, in order:
 *   resolve.c  rules + catalog → one treatment a field, foreign keys inherit        (struct bau_choice)
 *   bind.c     treatment → masker with options, key and width                       (struct bau_action)
 *   check.c    actions against keys, widths, enums, nullability
 *   compile.c  the driver: domains' widths, wants, digest */
#ifndef BAU_PLAN_BUILD_H
#define BAU_PLAN_BUILD_H

#include "src/plan/plan.h"

struct bau_choice {                /* what the rules say of one field */
    const struct bau_treat *treat; /* NULL: no rule */
    const struct bau_rule *rule;
    const struct bau_field_rule *field_rule;
    const char *inherited; /* dataset.field whose treatment this is, when it came by a foreign key */
    uint8_t state;         /* 0 untouched, 1 in work, 2 resolved */
    bool literal;          /* the field's own name was written out */
};

struct bau_findings_list {
    struct bau_arena *arena;
    struct bau_finding *at;
    uint32_t n, room;
    bool failed; /* memory ran out */
};

struct bau_build {
    const struct bau_project *project;
    const struct bau_store *store;
    const struct bau_catalog *catalog;
    const struct bau_keys *keys;
    int64_t run_us;          /* when the run began; 0: outside a run */
    const char *target;      /* identity for per-target keys, "" otherwise */
    struct bau_arena *arena; /* of the plan */
    struct bau_findings_list *findings;
    struct bau_choice **choices; /* per dataset, per field */
    bool **used;                 /* per rule, per field rule: matched something */
    struct bau_width { /* narrowest of the text columns that a domain's masker fills in the same way */
        const struct bau_masker *masker;
        const struct bau_treat *treat; /* of the first of them */
        uint32_t max_chars;
    } * widths;
    uint32_t n_widths, room_widths;
    struct bau_shared { /* bound maskers, shared by fields that agree in everything */
        const struct bau_masker *masker;
        const char *fingerprint;
        const void *config;
        struct bau_mask_key *key;
        const char *seen_by; /* who shares `seen`: see bind_seen.c; NULL: the masker does not observe */
        void *seen;
    } * shared;
    uint32_t n_shared, room_shared;
};

void bau_find_add(struct bau_findings_list *list, bau_status code, struct bau_at at, const char *suggestion,
                  const char *object, const char *format, ...) BAU_PRINTF(6, 7);
/* check.c: findings where what a masker makes does not fit a field, or a member of one: width, nulls, labels. */
void bau_check_fits(struct bau_build *b, const char *object, const struct bau_field *f,
                    const struct bau_sub *run, struct bau_at at);
/* "shop.public.customers.email" in the findings' arena. */
const char *bau_build_object(const struct bau_build *b, const struct bau_dataset *dataset, const char *field);

bau_status bau_build_resolve(struct bau_build *b, struct bau_error *err) BAU_MUST_CHECK;
/* The masker of a treatment (its own or its domain's); NULL with a finding when there is none. */
const struct bau_masker *bau_build_masker(const struct bau_build *b, const struct bau_treat *treat,
                                          const struct bau_domain **out_domain);
/* The domain's name: as written, else that of the masker's kin. */
const char *bau_build_domain(const struct bau_masker *masker, const struct bau_treat *treat);
/* The width that treatments alike to this one share; NULL: none is limited. */
struct bau_width *bau_build_width(const struct bau_build *b, const struct bau_masker *masker,
                                  const struct bau_treat *treat);
bau_status bau_build_bind(struct bau_build *b, const struct bau_dataset *dataset, uint32_t field,
                          struct bau_action *out, struct bau_error *err) BAU_MUST_CHECK;
void bau_build_check(struct bau_build *b, const struct bau_dataset_plan *plan);

bau_status bau_keys_mask_key(const struct bau_keys *keys, const char *target, const char *domain,
                             const char *masker, bau_canon canon, struct bau_arena *arena,
                             struct bau_mask_key **out, struct bau_error *err) BAU_MUST_CHECK;
bool bau_keys_per_target(const struct bau_keys *keys);

#endif
