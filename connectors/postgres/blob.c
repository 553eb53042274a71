/* The source's schema blob (README.md) → what the target keeps: script, tables, types and the pairs of type OIDs. */
#include "target.h"

#include <stdlib.h>
#include <string.h>

static uint32_t number(const json_t *object, const char *key)
{
    return (uint32_t)json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static bau_status no_memory(struct bau_error *err)
{
    return bau_error_set(err, BAU_E_NOMEM, "schema of the source");
}

static bau_status bad_blob(struct bau_error *err, const char *what)
{
    return bau_error_set(err, BAU_E_BUG, "the source's schema text: %s", what);
}

/* Texts stay in the JSON tree, which lives as long as the side's target half. */
static bau_status load_table(struct bau_side *side, uint32_t i, const json_t *row, struct bau_error *err)
{
    struct bau_arena *arena = side->target->arena;
    struct pg_table *table = &side->tables[i];
    const json_t *wire = json_object_get(row, "wire");
    table->oid = number(row, "oid");
    table->kind = text_of(row, "kind")[0];
    table->unlogged = flag(row, "unlogged");
    table->transport = strcmp(text_of(row, "transport"), "text") == 0 ? PG_COPY_TEXT : PG_COPY_BINARY;
    table->rewrites = flag(row, "rewrites") && table->transport == PG_COPY_BINARY;
    table->ident = text_of(row, "ident");
    table->columns = text_of(row, "columns");
    table->extension = flag(row, "extension");
    if (!table->ident[0])
        return bad_blob(err, "a table without name");
    table->n_wire = (uint32_t)json_array_size(wire);
    uint32_t *fields = bau_arena_take(arena, (table->n_wire + 1u) * sizeof *fields);
    uint32_t *types = bau_arena_take(arena, (table->n_wire + 1u) * sizeof *types);
    if (!fields || !types)
        return no_memory(err);
    for (uint32_t k = 0; k < table->n_wire; k++) {
        fields[k] = number(json_array_get(wire, k), "field");
        types[k] = number(json_array_get(wire, k), "type");
    }
    table->wire = fields;
    table->wire_types = types;
    return BAU_OK;
}

static bau_status load_type(struct bau_side *side, uint32_t i, const json_t *row, struct bau_error *err)
{
    struct pg_type *type = &side->types[i];
    const json_t *attributes = json_object_get(row, "attributes");
    const uint32_t kind = number(row, "kind");
    if (kind > PG_ENUM)
        return bad_blob(err, "a type of unknown kind");
    type->oid = number(row, "oid");
    type->element = number(row, "element");
    type->kind = (pg_type_kind)kind;
    type->binary = flag(row, "binary");
    type->user = flag(row, "user");
    type->name = text_of(row, "name");
    type->n_attributes = (uint32_t)json_array_size(attributes);
    uint32_t *oids = bau_arena_take(side->target->arena, (type->n_attributes + 1u) * sizeof *oids);
    if (!oids)
        return no_memory(err);
    for (uint32_t k = 0; k < type->n_attributes; k++)
        oids[k] = (uint32_t)json_integer_value(json_array_get(attributes, k));
    type->attributes = oids;
    return i > 0 && side->types[i - 1].oid >= type->oid ? bad_blob(err, "types out of order") : BAU_OK;
}

static bau_status load_lists(struct bau_side *side, const struct bau_catalog *catalog, struct bau_error *err)
{
    struct pg_target *target = side->target;
    const json_t *tables = json_object_get(target->blob, "tables"),
                 *types = json_object_get(target->blob, "types");
    const size_t n_tables = json_array_size(tables), n_types = json_array_size(types);
    if (n_tables != catalog->n_datasets)
        return bad_blob(err, "another number of tables than the catalog");
    side->tables = bau_arena_zero(target->arena, (n_tables + 1) * sizeof *side->tables);
    side->types = bau_arena_zero(target->arena, (n_types + 1) * sizeof *side->types);
    if (!side->tables || !side->types)
        return no_memory(err);
    for (size_t i = 0; i < n_tables; i++)
        BAU_TRY(load_table(side, (uint32_t)i, json_array_get(tables, i), err));
    for (size_t i = 0; i < n_types; i++)
        BAU_TRY(load_type(side, (uint32_t)i, json_array_get(types, i), err));
    side->n_tables = (uint32_t)n_tables;
    side->n_types = (uint32_t)n_types;
    for (uint32_t i = 0; i < side->n_tables; i++)
        for (uint32_t k = 0; k < side->tables[i].n_wire; k++)
            if (side->tables[i].wire[k] >= catalog->datasets[i].n_fields)
                return bad_blob(err, "a column the catalog does not have");
    return BAU_OK;
}

bau_status pg_target_load(struct bau_side *side, const struct bau_target_plan *plan, struct bau_error *err)
{
    struct pg_target *target = side->target;
    json_error_t where;
    json_decref(target->blob);
    target->blob = json_loadb((const char *)plan->schema.data, plan->schema.len, JSON_ALLOW_NUL, &where);
    if (!target->blob)
        return bad_blob(err, "no JSON");
    if (number(target->blob, "format") != 1)
        return bad_blob(err, "a format this build does not know");
    const json_t *script = json_object_get(target->blob, "script");
    if (!json_is_string(script))
        return bad_blob(err, "no script");
    BAU_TRY(pg_script_parse(json_string_value(script), json_string_length(script), target->arena,
                            &target->script, err));
    return load_lists(side, plan->catalog, err);
}

/* ── type OIDs ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status map_query(const struct bau_side *side, PGconn *conn, struct bau_text *sql, uint32_t *out_n,
                            struct bau_error *err)
{
    *out_n = 0;
    bau_text_add(sql, "SELECT v.o::oid, pg_catalog.to_regtype(v.n)::oid, v.n FROM (VALUES ");
    for (uint32_t i = 0; i < side->n_types; i++) {
        const struct pg_type *type = &side->types[i];
        if (!type->user)
            continue;
        char *literal = PQescapeLiteral(conn, type->name, strlen(type->name));
        if (!literal)
            return no_memory(err);
        bau_text_addf(sql, "%s('%" PRIu32 "', %s)", (*out_n)++ ? ", " : "", type->oid, literal);
        PQfreemem(literal);
    }
    bau_text_add(sql, ") v(o, n) ORDER BY 1");
    return sql->failed ? no_memory(err) : BAU_OK;
}

bau_status pg_target_map_types(struct bau_side *side, PGconn *conn, struct bau_error *err)
{
    BAU_AUTO_TEXT sql = { 0 };
    PG_AUTO_RESULT *result = NULL;
    uint32_t n = 0;
    BAU_TRY(map_query(side, conn, &sql, &n, err));
    side->n_oids = 0;
    if (n == 0)
        return BAU_OK;
    BAU_TRY(pg_query(side, conn, sql.data, &result, err));
    side->oids = bau_arena_zero(side->target->arena, n * sizeof *side->oids);
    if (!side->oids)
        return no_memory(err);
    for (int i = 0; i < PQntuples(result); i++) {
        if (PQgetisnull(result, i, 1)) {
            pg_report_add(&side->target->report, "type", PQgetvalue(result, i, 2), "42704",
                          "it is not there after the schema was made");
            continue;
        }
        side->oids[side->n_oids++] =
            (struct pg_oid_pair){ (uint32_t)strtoul(PQgetvalue(result, i, 0), NULL, 10),
                                  (uint32_t)strtoul(PQgetvalue(result, i, 1), NULL, 10) };
    }
    return BAU_OK;
}
