/* YAML 1.2 as a plain tree with positions, through libfyaml. Anchors are resolved, duplicate keys refused. */
#ifndef BAU_RULE_YAML_H
#define BAU_RULE_YAML_H

#include "src/rule/rule.h"

typedef enum { BAU_YAML_SCALAR, BAU_YAML_MAP, BAU_YAML_LIST } bau_yaml_kind;

struct bau_yaml {
    bau_yaml_kind kind;
    struct bau_at at;
    const char *text; /* SCALAR: as written, unquoted; "" when nothing was written */
    uint32_t n;       /* MAP, LIST */
    const struct bau_yaml_pair {
        const char *key; /* MAP */
        struct bau_at at;
        const struct bau_yaml *value;
    } * pairs;
};

/* The whole file, at most 16 MiB, UTF-8. Errors are BAU_E_USAGE with file:line:column. */
bau_status bau_yaml_load(const char *path, struct bau_arena *arena, const struct bau_yaml **out,
                         struct bau_error *err) BAU_MUST_CHECK;
/* The same out of memory; `name` stands where errors say which file. */
bau_status bau_yaml_parse(const char *name, const char *text, size_t len, struct bau_arena *arena,
                          const struct bau_yaml **out, struct bau_error *err) BAU_MUST_CHECK;
/* NULL when absent. */
const struct bau_yaml_pair *bau_yaml_get(const struct bau_yaml *map, const char *key);

#endif
