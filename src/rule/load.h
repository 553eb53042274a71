/* What the files that walk a project file share. */
#ifndef BAU_RULE_LOAD_H
#define BAU_RULE_LOAD_H

#include "src/rule/yaml.h"

struct bau_load {
    struct bau_project *project;
    struct bau_arena *arena;
    struct bau_error *err;
    struct bau_domain *domains; /* growing */
    struct bau_rule *rules;
    uint32_t room_domains, room_rules;
    struct bau_loaded { /* every file read so far */
        uint64_t device, inode;
        struct bau_at at; /* the `include` that named it; file NULL for the first */
    } files[256];
    uint32_t n_files;
};

/* BAU_E_USAGE with the position in front. */
bau_status bau_load_fail(const struct bau_load *l, struct bau_at at, const char *format, ...) BAU_PRINTF(3, 4)
    BAU_MUST_CHECK;
bau_status bau_load_memory(const struct bau_load *l) BAU_MUST_CHECK;
/* Takes the position "words:1:1" off an error's text, where there is no file to point into. Returns `status`. */
bau_status bau_load_without_position(bau_status status, struct bau_error *err);
/* Refuses keys that are not among `known`, naming the nearest one; keys of later versions get a word of their own. */
bau_status bau_load_keys(const struct bau_load *l, const struct bau_yaml *map, const char *what,
                         const char *const *known, size_t n) BAU_MUST_CHECK;
/* `value` must be of the kind. */
bau_status bau_load_kind(const struct bau_load *l, const struct bau_yaml_pair *pair, bau_yaml_kind kind,
                         const char *what) BAU_MUST_CHECK;
/* A secret reference; what looks like the secret itself is refused and not repeated. */
bau_status bau_load_reference(const struct bau_load *l, const struct bau_yaml_pair *pair, const char **out)
    BAU_MUST_CHECK;
/* treat.c: the right side of a field or path. `in_document`: paths are not allowed any more. */
bau_status bau_load_treat(const struct bau_load *l, const struct bau_yaml *value, struct bau_at at,
                          bool in_document, struct bau_treat *out) BAU_MUST_CHECK;
/* Settings out of a map: lists repeat the name, maps become "key=value". */
bau_status bau_load_settings(const struct bau_load *l, const struct bau_yaml *map, const char *const *skip,
                             size_t n_skip, const struct bau_setting **out, uint32_t *out_n) BAU_MUST_CHECK;
/* Plain values of a map into a struct; keys that are neither in the table nor among `other` are refused. */
bau_status bau_load_options(struct bau_load *l, const struct bau_yaml *map, const struct bau_option *table,
                            const char *what, const char *const *other, size_t n_other, void *config)
    BAU_MUST_CHECK;
/* subset.c: `subset:`. */
bau_status bau_load_archive(struct bau_load *l, const struct bau_yaml_pair *pair) BAU_MUST_CHECK;
bau_status bau_load_subset(struct bau_load *l, const struct bau_yaml_pair *pair) BAU_MUST_CHECK;
/* project.c: what stands behind `set:`. */
bau_status bau_load_fields(struct bau_load *l, const struct bau_yaml_pair *set, struct bau_rule *out)
    BAU_MUST_CHECK;
/* keys.c: `{ at: STORE, keys: { TEMPLATE: … } }`, one rule a template, from out[0] on; how many there are is in `keys`. */
bau_status bau_load_key_rules(struct bau_load *l, const struct bau_yaml *map, struct bau_rule *out)
    BAU_MUST_CHECK;
/* plugin.c: `plugins:`. */
bau_status bau_load_plugins(const struct bau_load *l, const struct bau_yaml_pair *pair,
                            const char *project_path) BAU_MUST_CHECK;
void bau_plugins_close(const struct bau_project *project);
/* Masker names and options of every treatment, once all domains are known. */
bau_status bau_load_check_treats(const struct bau_load *l) BAU_MUST_CHECK;

#endif
