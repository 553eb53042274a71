/* libfyaml's document → our tree: see yaml.h. Only this file knows libfyaml. */
#include "src/rule/yaml.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#define FILE_MOST ((size_t)16 << 20)
#define DEEPEST 64u
#define NODES_MOST (1u << 20) /* aliases of aliases can make a small file huge */

struct loading {
    const char *path;
    struct bau_arena *arena;
    struct bau_error *err;
};

static bau_status read_file(const struct loading *l, char **out, size_t *out_len)
{
    FILE *file = fopen(l->path, "rb");
    if (!file)
        return bau_error_set(l->err, BAU_E_USAGE, "%s: %s", l->path, strerror(errno));
    BAU_AUTO_TEXT all = { 0 };
    char piece[65536];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0 && all.len <= FILE_MOST)
        bau_text_addn(&all, piece, n);
    const bool failed = ferror(file) || all.failed;
    fclose(file);
    if (failed || all.len > FILE_MOST)
        return bau_error_set(l->err, BAU_E_USAGE, "%s: %s", l->path,
                             failed ? "cannot be read" : "is larger than 16 MiB");
    *out_len = all.len;
    *out = bau_arena_textn(l->arena, all.data ? all.data : "", all.len);
    return *out ? BAU_OK : bau_error_set(l->err, BAU_E_NOMEM, "%s", l->path);
}

/* libfyaml reads past what is not UTF-8; a rule file with half a character in it deserves a word. */
static bau_status check_utf8(const struct loading *l, const char *text, size_t len)
{
    uint32_t line = 1, column = 1;
    for (size_t i = 0; i < len;) {
        utf8proc_int32_t c;
        const utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(len - i), &c);
        if (n <= 0 || c == 0)
            return bau_error_set(l->err, BAU_E_USAGE, "%s:%u:%u: %s", l->path, line, column,
                                 n <= 0 ? "not UTF-8" : "a NUL byte");
        line += c == '\n';
        column = c == '\n' ? 1 : column + 1;
        i += (size_t)n;
    }
    return BAU_OK;
}

static struct bau_at position(const struct loading *l, struct fy_node *node, struct bau_at fallback)
{
    struct fy_token *token = fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : NULL;
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (!mark)
        return fallback;
    const enum fy_node_style style = fy_node_get_style(node);
    const bool quoted =
        style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED; /* the mark is behind the quote */
    return (struct bau_at){ l->path, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1 - quoted };
}

static bau_status convert(const struct loading *l, struct fy_node *node, struct bau_at at, unsigned depth,
                          const struct bau_yaml **out);

static bau_status scalar_text(const struct loading *l, struct fy_node *node, const char **out)
{
    size_t len = 0;
    const char *text = fy_node_get_scalar(node, &len);
    if (text && memchr(text, '\0', len)) {
        const struct bau_at at = position(l, node, (struct bau_at){ l->path, 1, 1 });
        return bau_error_set(l->err, BAU_E_USAGE, BAU_AT_FORMAT ": a NUL byte", BAU_AT_ARGS(at));
    }
    *out = bau_arena_textn(l->arena, text ? text : "", text ? len : 0);
    return *out ? BAU_OK : bau_error_set(l->err, BAU_E_NOMEM, "%s", l->path);
}

/* Room for what a map or list holds; libfyaml counts -1 for none. */
static bau_status make_pairs(const struct loading *l, int count, struct bau_yaml *y,
                             struct bau_yaml_pair **out)
{
    *out = bau_arena_zero(l->arena, ((size_t)(count > 0 ? count : 0) + 1) * sizeof **out);
    y->pairs = *out;
    return *out ? BAU_OK : bau_error_set(l->err, BAU_E_NOMEM, "%s", l->path);
}

static bau_status convert_map(const struct loading *l, struct fy_node *node, unsigned depth,
                              struct bau_yaml *y)
{
    const int count = fy_node_mapping_item_count(node);
    struct bau_yaml_pair *pairs;
    BAU_TRY(make_pairs(l, count, y, &pairs));
    void *iterator = NULL;
    for (struct fy_node_pair *p; (p = fy_node_mapping_iterate(node, &iterator)) && y->n < (uint32_t)count;) {
        struct fy_node *key = fy_node_pair_key(p);
        struct bau_yaml_pair *pair = &pairs[y->n];
        pair->at = key ? position(l, key, y->at) : y->at;
        if (!key || !fy_node_is_scalar(key))
            return bau_error_set(l->err, BAU_E_USAGE, BAU_AT_FORMAT ": a key must be plain text",
                                 BAU_AT_ARGS(pair->at));
        BAU_TRY(scalar_text(l, key, &pair->key));
        BAU_TRY(convert(l, fy_node_pair_value(p), pair->at, depth + 1, &pair->value));
        if (y->n == 0)
            y->at = pair->at;
        y->n++;
    }
    return BAU_OK;
}

static bau_status convert_list(const struct loading *l, struct fy_node *node, unsigned depth,
                               struct bau_yaml *y)
{
    const int count = fy_node_sequence_item_count(node);
    struct bau_yaml_pair *pairs;
    BAU_TRY(make_pairs(l, count, y, &pairs));
    void *iterator = NULL;
    for (struct fy_node *item; (item = fy_node_sequence_iterate(node, &iterator)) && y->n < (uint32_t)count;
         y->n++) {
        BAU_TRY(convert(l, item, y->at, depth + 1, &pairs[y->n].value));
        pairs[y->n].at = pairs[y->n].value->at;
    }
    return BAU_OK;
}

static bau_status convert(const struct loading *l, struct fy_node *node, struct bau_at at, unsigned depth,
                          const struct bau_yaml **out)
{
    struct bau_yaml *y = bau_arena_zero(l->arena, sizeof *y);
    if (!y)
        return bau_error_set(l->err, BAU_E_NOMEM, "%s", l->path);
    *out = y;
    y->at = node ? position(l, node, at) : at;
    y->text = "";
    if (depth > DEEPEST)
        return bau_error_set(l->err, BAU_E_USAGE, BAU_AT_FORMAT ": nested more than %u deep",
                             BAU_AT_ARGS(y->at), DEEPEST);
    if (!node)
        return BAU_OK;
    if (fy_node_is_mapping(node)) {
        y->kind = BAU_YAML_MAP;
        return convert_map(l, node, depth, y);
    }
    if (fy_node_is_sequence(node)) {
        y->kind = BAU_YAML_LIST;
        return convert_list(l, node, depth, y);
    }
    return scalar_text(l, node, &y->text);
}

/* What the document comes to once aliases are followed, before libfyaml copies it all out. */
static bau_status count_nodes(const struct loading *l, struct fy_node *node, struct bau_at at, unsigned depth,
                              uint32_t *n)
{
    if (node && fy_node_is_alias(node))
        node = fy_node_resolve_alias(node);
    if (!node)
        return BAU_OK; /* an alias of nothing: libfyaml says so when it resolves */
    at = position(l, node, at);
    if (depth > DEEPEST)
        return bau_error_set(l->err, BAU_E_USAGE, BAU_AT_FORMAT ": nested more than %u deep", BAU_AT_ARGS(at),
                             DEEPEST);
    if (++*n > NODES_MOST)
        return bau_error_set(l->err, BAU_E_USAGE,
                             BAU_AT_FORMAT ": the aliases make more than %u values of the file",
                             BAU_AT_ARGS(at), NODES_MOST);
    void *iterator = NULL;
    struct fy_node *item;
    struct fy_node_pair *pair;
    while (fy_node_is_sequence(node) && (item = fy_node_sequence_iterate(node, &iterator)))
        BAU_TRY(count_nodes(l, item, at, depth + 1, n));
    while (fy_node_is_mapping(node) && (pair = fy_node_mapping_iterate(node, &iterator))) {
        BAU_TRY(count_nodes(l, fy_node_pair_key(pair), at, depth + 1, n));
        BAU_TRY(count_nodes(l, fy_node_pair_value(pair), at, depth + 1, n));
    }
    return BAU_OK;
}

static bau_status parse_error(const struct loading *l, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *e = fy_diag_errors_iterate(diag, &iterator);
    if (!e)
        return bau_error_set(l->err, BAU_E_USAGE, "%s:1:1: not YAML", l->path);
    return bau_error_set(l->err, BAU_E_USAGE, "%s:%d:%d: %s", l->path, e->line, e->column, e->msg);
}

/* The one document of the file. What stands behind it would be read by nobody, so it is refused. */
static bau_status load_document(const struct loading *l, struct fy_parser *parser, struct fy_diag *diag,
                                const struct bau_yaml **out)
{
    const struct bau_at top = { l->path, 1, 1 };
    struct fy_document *document = fy_parse_load_document(parser);
    struct fy_document *second = document ? fy_parse_load_document(parser) : NULL;
    struct fy_node *root = document ? fy_document_root(document) : NULL;
    uint32_t n = 0;
    bau_status status;
    if (fy_diag_got_error(diag))
        status = parse_error(l, diag);
    else if (!root)
        status = bau_error_set(l->err, BAU_E_USAGE, BAU_AT_FORMAT ": the file is empty", BAU_AT_ARGS(top));
    else if (second)
        status =
            bau_error_set(l->err, BAU_E_USAGE,
                          BAU_AT_FORMAT ": more than one document; a project file is one", BAU_AT_ARGS(top));
    else {
        status = count_nodes(l, root, top, 0, &n);
        if (status == BAU_OK && fy_document_resolve(document) != 0)
            status = parse_error(l, diag);
        if (status == BAU_OK)
            status = convert(l, fy_document_root(document), top, 0, out);
    }
    fy_parse_document_destroy(parser, second);
    fy_parse_document_destroy(parser, document);
    return status;
}

bau_status bau_yaml_parse(const char *name, const char *text, size_t len, struct bau_arena *arena,
                          const struct bau_yaml **out, struct bau_error *err)
{
    const struct loading l = { bau_arena_text(arena, name), arena, err };
    if (!l.path)
        return bau_error_set(err, BAU_E_NOMEM, "%s", name);
    BAU_TRY(check_utf8(&l, text, len));
    if (len == 0)
        return bau_error_set(err, BAU_E_USAGE, "%s:1:1: the file is empty", name);
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (!diag)
        return bau_error_set(err, BAU_E_NOMEM, "%s", name);
    fy_diag_set_collect_errors(diag, true);
    const struct fy_parse_cfg config = { .flags = FYPCF_COLLECT_DIAG | FYPCF_DISABLE_RECYCLING,
                                         .diag = diag };
    struct fy_parser *parser = fy_parser_create(&config);
    bau_status status;
    if (!parser || fy_parser_set_string(parser, text, len) != 0)
        status = bau_error_set(err, BAU_E_NOMEM, "%s", name);
    else
        status = load_document(&l, parser, diag, out);
    if (parser)
        fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return status;
}

bau_status bau_yaml_load(const char *path, struct bau_arena *arena, const struct bau_yaml **out,
                         struct bau_error *err)
{
    const struct loading l = { bau_arena_text(arena, path), arena, err };
    char *text;
    size_t len;
    if (!l.path)
        return bau_error_set(err, BAU_E_NOMEM, "%s", path);
    BAU_TRY(read_file(&l, &text, &len));
    return bau_yaml_parse(path, text, len, arena, out, err);
}

const struct bau_yaml_pair *bau_yaml_get(const struct bau_yaml *map, const char *key)
{
    for (uint32_t i = 0; map->kind == BAU_YAML_MAP && i < map->n; i++)
        if (strcmp(map->pairs[i].key, key) == 0)
            return &map->pairs[i];
    return NULL;
}
