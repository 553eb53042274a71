/* Catalogs as JSON, and back out of foreign hands: every index is checked. */
#include <string.h>

#include "src/archive/manifest.h"

static json_t *text(const char *s)
{
    return s ? json_string(s) : json_null();
}

static json_t *numbers(const uint32_t *at, uint32_t n)
{
    json_t *all = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(all, json_integer(at[i]));
    return all;
}

static json_t *field_json(const struct bau_field *f)
{
    json_t *o = json_pack("{s:o, s:o, s:s, s:b, s:b, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:o}", "name",
                          text(f->name), "native", text(f->native), "type", bau_type_word(f->type), "list",
                          f->list, "nullable", f->nullable, "generated", f->generated, "default",
                          f->has_default, "document", f->document, "native_type", (json_int_t)f->native_type,
                          "max_chars", (json_int_t)f->max_chars, "max_digits", (json_int_t)f->max_digits,
                          "scale", (json_int_t)f->scale, "comment", text(f->comment));
    json_object_set_new(o, "same", json_integer(f->same));
    if (f->n_labels) {
        json_t *labels = json_array();
        for (uint32_t i = 0; i < f->n_labels; i++)
            json_array_append_new(labels, text(f->labels[i]));
        json_object_set_new(o, "labels", labels);
    }
    return o;
}

static json_t *dataset_json(const struct bau_dataset *d)
{
    json_t *fields = json_array(), *keys = json_array(), *checks = json_array();
    for (uint32_t i = 0; i < d->n_fields; i++)
        json_array_append_new(fields, field_json(&d->fields[i]));
    for (uint32_t i = 0; i < d->n_keys; i++)
        json_array_append_new(keys, json_pack("{s:o, s:i, s:b, s:o}", "name", text(d->keys[i].name), "kind",
                                              (int)d->keys[i].kind, "expression", d->keys[i].expression,
                                              "fields", numbers(d->keys[i].fields, d->keys[i].n_fields)));
    for (uint32_t i = 0; i < d->n_checks; i++)
        json_array_append_new(checks,
                              json_pack("{s:o, s:o, s:b, s:o}", "name", text(d->checks[i].name), "text",
                                        text(d->checks[i].text), "of_type", d->checks[i].of_type, "fields",
                                        numbers(d->checks[i].fields, d->checks[i].n_fields)));
    return json_pack("{s:o, s:o, s:o, s:i, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "name", text(d->name),
                     "space", text(d->space), "bare", text(d->bare), "kind", (int)d->kind, "parent",
                     d->parent == BAU_NO_DATASET ? (json_int_t)-1 : (json_int_t)d->parent, "rows",
                     (json_int_t)d->est_rows, "bytes", (json_int_t)d->est_bytes, "native_id",
                     (json_int_t)d->native_id, "comment", text(d->comment), "fields", fields, "keys", keys,
                     "checks", checks);
}

json_t *bau_catalog_json(const struct bau_catalog *c)
{
    json_t *datasets = json_array(), *references = json_array();
    for (uint32_t i = 0; i < c->n_datasets; i++)
        json_array_append_new(datasets, dataset_json(&c->datasets[i]));
    for (uint32_t i = 0; i < c->n_references; i++) {
        const struct bau_reference *r = &c->references[i];
        json_array_append_new(references, json_pack("{s:o, s:I, s:I, s:o, s:o}", "name", text(r->name),
                                                    "from", (json_int_t)r->from, "to", (json_int_t)r->to,
                                                    "from_fields", numbers(r->from_fields, r->n_fields),
                                                    "to_fields", numbers(r->to_fields, r->n_fields)));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "store", text(c->store), "server", text(c->server), "datasets",
                     datasets, "references", references);
}

/* ── and back ────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct parse {
    struct bau_arena *arena;
    bool bad, memory;
};

static const char *get_text(struct parse *p, const json_t *o, const char *name, bool must)
{
    const char *s = json_string_value(json_object_get(o, name));
    p->bad = p->bad || (must && !s);
    const char *copy = bau_arena_text(p->arena, s);
    p->memory = p->memory || (s && !copy);
    return must && !copy ? "" : copy;
}

static uint64_t get_number(struct parse *p, const json_t *o, const char *name, uint64_t most)
{
    const json_int_t v = json_integer_value(json_object_get(o, name));
    p->bad = p->bad || v < 0 || (uint64_t)v > most;
    return v < 0 || (uint64_t)v > most ? 0 : (uint64_t)v;
}

static bool get_bool(const json_t *o, const char *name)
{
    return json_is_true(json_object_get(o, name));
}

static void *zeroes(struct parse *p, size_t n, size_t each)
{
    void *at = bau_arena_zero(p->arena, (n + 1) * each);
    p->memory = p->memory || !at;
    return at;
}

static const uint32_t *get_numbers(struct parse *p, const json_t *o, const char *name, uint32_t below,
                                   uint32_t *out_n)
{
    const json_t *list = json_object_get(o, name);
    const size_t n = json_array_size(list);
    uint32_t *at = zeroes(p, n, sizeof *at);
    for (size_t i = 0; at && i < n; i++) {
        const json_int_t v = json_integer_value(json_array_get(list, i));
        p->bad = p->bad || v < 0 || v >= (json_int_t)below;
        at[i] = v < 0 || v >= (json_int_t)below ? 0 : (uint32_t)v;
    }
    *out_n = at && below ? (uint32_t)n : 0;
    return at;
}

static bau_type type_of(struct parse *p, const char *word)
{
    for (int t = 0; t < BAU_TYPE_COUNT; t++)
        if (strcmp(word, bau_type_word((bau_type)t)) == 0)
            return (bau_type)t;
    p->bad = true;
    return BAU_OTHER;
}

static uint64_t fnv(uint64_t hash, const char *s)
{
    do
        hash = (hash ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
    while (*s++);
    return hash;
}

static void parse_field(struct parse *p, const json_t *o, struct bau_field *f)
{
    f->name = get_text(p, o, "name", true);
    f->native = get_text(p, o, "native", true);
    f->type = type_of(p, get_text(p, o, "type", true));
    f->list = get_bool(o, "list");
    f->nullable = get_bool(o, "nullable");
    f->generated = get_bool(o, "generated");
    f->has_default = get_bool(o, "default");
    f->document = get_bool(o, "document");
    f->native_type = (uint32_t)get_number(p, o, "native_type", UINT32_MAX);
    f->max_chars = (uint32_t)get_number(p, o, "max_chars", UINT32_MAX);
    f->max_digits = (uint32_t)get_number(p, o, "max_digits", UINT32_MAX);
    const json_int_t scale = json_integer_value(json_object_get(o, "scale"));
    p->bad = p->bad || scale < INT32_MIN || scale > INT32_MAX;
    f->scale = (int32_t)scale;
    f->same = (bau_same)get_number(p, o, "same", BAU_SAME_PADDED);
    f->comment = get_text(p, o, "comment", false);
    const json_t *labels = json_object_get(o, "labels");
    const size_t n = json_array_size(labels);
    const char **at = zeroes(p, n, sizeof *at);
    for (size_t i = 0; at && i < n; i++) {
        const char *label = json_string_value(json_array_get(labels, i));
        p->bad = p->bad || !label;
        at[i] = bau_arena_text(p->arena, label ? label : "");
        p->memory = p->memory || !at[i];
    }
    f->n_labels = at ? (uint32_t)n : 0;
    f->labels = n ? at : NULL;
}

static void parse_fields(struct parse *p, const json_t *list, struct bau_dataset *d)
{
    const size_t n = json_array_size(list);
    struct bau_field *fields = zeroes(p, n, sizeof *fields);
    d->fingerprint = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; fields && i < n; i++) {
        parse_field(p, json_array_get(list, i), &fields[i]);
        d->fingerprint = fnv(fnv(fnv(d->fingerprint, fields[i].name), fields[i].native),
                             fields[i].nullable ? "null" : "not null");
        d->fingerprint = fnv(d->fingerprint, fields[i].generated ? "generated" : "");
    }
    d->fields = fields;
    d->n_fields = fields ? (uint32_t)n : 0;
}

static void parse_keys(struct parse *p, const json_t *list, struct bau_dataset *d)
{
    const size_t n = json_array_size(list);
    struct bau_key *keys = zeroes(p, n, sizeof *keys);
    for (size_t i = 0; keys && i < n; i++) {
        const json_t *o = json_array_get(list, i);
        keys[i].name = get_text(p, o, "name", true);
        keys[i].kind = (bau_key_kind)get_number(p, o, "kind", BAU_KEY_EXCLUDE);
        keys[i].expression = get_bool(o, "expression");
        keys[i].fields = get_numbers(p, o, "fields", d->n_fields, &keys[i].n_fields);
    }
    d->keys = keys;
    d->n_keys = keys ? (uint32_t)n : 0;
}

static void parse_checks(struct parse *p, const json_t *list, struct bau_dataset *d)
{
    const size_t n = json_array_size(list);
    struct bau_check *checks = zeroes(p, n, sizeof *checks);
    for (size_t i = 0; checks && i < n; i++) {
        const json_t *o = json_array_get(list, i);
        checks[i].name = get_text(p, o, "name", true);
        checks[i].text = get_text(p, o, "text", true);
        checks[i].of_type = get_bool(o, "of_type");
        checks[i].fields = get_numbers(p, o, "fields", d->n_fields, &checks[i].n_fields);
    }
    d->checks = checks;
    d->n_checks = checks ? (uint32_t)n : 0;
}

static void parse_dataset(struct parse *p, const json_t *o, size_t n_datasets, struct bau_dataset *d)
{
    d->name = get_text(p, o, "name", true);
    d->space = get_text(p, o, "space", true);
    d->bare = get_text(p, o, "bare", true);
    d->kind = (bau_dataset_kind)get_number(p, o, "kind", BAU_DATASET_SCHEMA);
    const json_int_t parent = json_integer_value(json_object_get(o, "parent"));
    p->bad = p->bad || parent < -1 || parent >= (json_int_t)n_datasets;
    d->parent = parent < 0 || parent >= (json_int_t)n_datasets ? BAU_NO_DATASET : (uint32_t)parent;
    d->est_rows = get_number(p, o, "rows", INT64_MAX);
    d->est_bytes = get_number(p, o, "bytes", INT64_MAX);
    d->native_id = (uint32_t)get_number(p, o, "native_id", UINT32_MAX);
    d->comment = get_text(p, o, "comment", false);
    parse_fields(p, json_object_get(o, "fields"), d);
    parse_keys(p, json_object_get(o, "keys"), d);
    parse_checks(p, json_object_get(o, "checks"), d);
}

static void parse_reference(struct parse *p, const json_t *o, const struct bau_dataset *datasets, uint32_t n,
                            struct bau_reference *r)
{
    uint32_t n_from = 0, n_to = 0;
    r->name = get_text(p, o, "name", true);
    r->from = (uint32_t)get_number(p, o, "from", n ? n - 1 : 0);
    r->to = (uint32_t)get_number(p, o, "to", n ? n - 1 : 0);
    if (n == 0) {
        p->bad = true;
        return;
    }
    r->from_fields = get_numbers(p, o, "from_fields", datasets[r->from].n_fields, &n_from);
    r->to_fields = get_numbers(p, o, "to_fields", datasets[r->to].n_fields, &n_to);
    p->bad = p->bad || n_from != n_to;
    r->n_fields = n_from < n_to ? n_from : n_to;
}

static void parse_all(struct parse *p, const json_t *json, struct bau_catalog *c)
{
    const json_t *list = json_object_get(json, "datasets"), *references = json_object_get(json, "references");
    const size_t n = json_array_size(list), n_references = json_array_size(references);
    struct bau_dataset *datasets = zeroes(p, n, sizeof *datasets);
    struct bau_reference *r = zeroes(p, n_references, sizeof *r);
    c->store = get_text(p, json, "store", true);
    c->server = get_text(p, json, "server", true);
    if (!datasets || !r)
        return;
    for (size_t i = 0; i < n; i++)
        parse_dataset(p, json_array_get(list, i), n, &datasets[i]);
    for (size_t i = 0; i < n_references; i++)
        parse_reference(p, json_array_get(references, i), datasets, (uint32_t)n, &r[i]);
    c->datasets = datasets;
    c->n_datasets = (uint32_t)n;
    c->references = r;
    c->n_references = (uint32_t)n_references;
}

bau_status bau_catalog_parse(const json_t *json, struct bau_catalog **out, struct bau_error *err)
{
    struct parse p = { .arena = bau_arena_new(1u << 16, BAU_ARENA_PLAIN) };
    struct bau_catalog *c = p.arena ? bau_arena_zero(p.arena, sizeof *c) : NULL;
    if (c) {
        c->arena = p.arena;
        parse_all(&p, json, c);
    }
    if (!c || p.memory || p.bad) {
        bau_arena_free(p.arena);
        return !c || p.memory ? bau_error_set(err, BAU_E_NOMEM, "catalog")
                              : bau_error_set(err, BAU_E_INTEGRITY, "its catalog is malformed");
    }
    *out = c;
    return BAU_OK;
}
