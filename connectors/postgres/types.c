/* Type facts of the source: everything reachable from a column, and how it may travel.
 *
 * A type travels in binary unless something in it has no form another server reads back: names of catalog objects
 * (reg…), types without send and receive functions, types whose receive function always raises. xml counts as one:
 * its receive function trusts the encoding that the document declares, its input function does not. */
#include "source.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_UNSTABLE_OID = 10000, MAX_NESTING = 64, XML_OID = 142 };

bau_type pg_type_map(uint32_t base_oid)
{
    static const struct {
        uint32_t oid;
        bau_type type;
    } map[] = {
        { 16, BAU_BOOL },        { 21, BAU_I16 },           { 23, BAU_I32 },    { 20, BAU_I64 },
        { 700, BAU_F32 },        { 701, BAU_F64 },          { 1082, BAU_DATE }, { 1083, BAU_TIME },
        { 1114, BAU_TIMESTAMP }, { 1184, BAU_TIMESTAMPTZ }, { 2950, BAU_UUID }, { 25, BAU_TEXT },
        { 1043, BAU_TEXT },      { 1042, BAU_TEXT },        { 19, BAU_TEXT },   { 1700, BAU_NUMERIC },
        { 114, BAU_JSON },       { 3802, BAU_JSON },        { 17, BAU_BYTES },  { 869, BAU_TEXT },
        { 650, BAU_TEXT },       { 829, BAU_TEXT },         { 774, BAU_TEXT },
    };
    for (size_t i = 0; i < BAU_COUNT(map); i++)
        if (map[i].oid == base_oid)
            return map[i].type;
    return BAU_OTHER;
}

bool pg_type_is_xml(uint32_t oid)
{
    return oid == XML_OID;
}

const struct pg_type *pg_type_find(const struct bau_side *side, uint32_t oid)
{
    size_t low = 0, high = side->n_types;
    while (low < high) {
        const size_t mid = (low + high) / 2;
        if (side->types[mid].oid < oid)
            low = mid + 1;
        else
            high = mid;
    }
    return low < side->n_types && side->types[low].oid == oid ? &side->types[low] : NULL;
}

const struct pg_type_more *pg_type_more_of(const struct pg_types *types, const struct pg_type *type)
{
    return &types->more[type - types->side->types];
}

const struct pg_type *pg_type_base(const struct pg_types *types, uint32_t oid, int32_t *typmod,
                                   bool *not_null)
{
    const struct pg_type *t = pg_type_find(types->side, oid);
    for (int depth = 0; t && t->kind == PG_DOMAIN && depth < MAX_NESTING; depth++) {
        const struct pg_type_more *more = pg_type_more_of(types, t);
        *typmod = more->typmod;
        *not_null = *not_null || more->not_null;
        t = pg_type_find(types->side, t->element);
    }
    return t;
}

/* ── transport ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool text_only(uint32_t oid)
{
    static const uint32_t list[] = {
        XML_OID, 24,   2202, 2203, 2204, 2205, 2206, 4096,
        4089,    3734, 3769, 4191, 8326,                   /* reg…, the last of 19 */
        194,     3361, 3402, 5017, 4600, 4601, 3642, 1033, /* receive raises, or there is none */
    };
    for (size_t i = 0; i < BAU_COUNT(list); i++)
        if (list[i] == oid)
            return true;
    return false;
}

static bool needs_text(const struct bau_side *side, uint32_t oid, int depth)
{
    const struct pg_type *t = pg_type_find(side, oid);
    if (!t || depth > MAX_NESTING || !t->binary || text_only(oid))
        return true;
    if (t->element && needs_text(side, t->element, depth + 1))
        return true;
    for (uint32_t i = 0; i < t->n_attributes; i++)
        if (needs_text(side, t->attributes[i], depth + 1))
            return true;
    return false;
}

bool pg_type_needs_text(const struct bau_side *side, uint32_t oid)
{
    return needs_text(side, oid, 0);
}

static bool holds_oids(const struct bau_side *side, uint32_t oid, int depth)
{
    const struct pg_type *t = pg_type_find(side, oid);
    if (!t || depth > MAX_NESTING)
        return false;
    if (t->element) {
        const struct pg_type *element = pg_type_find(side, t->element);
        if (t->kind == PG_ARRAY && element && element->user)
            return true;
        if (holds_oids(side, t->element, depth + 1))
            return true;
    }
    for (uint32_t i = 0; i < t->n_attributes; i++) {
        const struct pg_type *attribute = pg_type_find(side, t->attributes[i]);
        if ((attribute && attribute->user) || holds_oids(side, t->attributes[i], depth + 1))
            return true;
    }
    return false;
}

bool pg_type_holds_oids(const struct bau_side *side, uint32_t oid)
{
    return holds_oids(side, oid, 0);
}

/* ── loading ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char head_sql[] =
    "WITH RECURSIVE reach(oid) AS ("
    " SELECT DISTINCT atttypid FROM pg_attribute WHERE attrelid = ANY($1::oid[]) AND attnum > 0 AND NOT "
    "attisdropped"
    " UNION SELECT x.oid FROM reach r JOIN pg_type t ON t.oid = r.oid CROSS JOIN LATERAL ("
    "  SELECT t.typelem AS oid WHERE t.typlen = -1 AND t.typelem <> 0"
    "  UNION ALL SELECT t.typbasetype WHERE t.typtype = 'd'"
    "  UNION ALL SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid";
static const char multirange_sql[] = "  UNION ALL SELECT rngtypid FROM pg_range WHERE rngmultitypid = t.oid";
static const char tail_sql[] =
    "  UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid"
    "   AND a.attnum > 0 AND NOT a.attisdropped) x) "
    "SELECT t.oid, t.typtype, t.typlen = -1 AND t.typelem <> 0,"
    " CASE WHEN t.typtype = 'd' THEN t.typbasetype WHEN t.typtype = 'r' THEN g.rngsubtype"
    "  WHEN t.typtype = 'm' THEN m.rngtypid WHEN t.typlen = -1 THEN t.typelem ELSE 0 END,"
    " t.typsend::oid <> 0 AND t.typreceive::oid <> 0, t.oid::regtype::text, t.typtypmod, t.typnotnull,"
    " (SELECT array_agg(a.atttypid ORDER BY a.attnum) FROM pg_attribute a WHERE t.typtype = 'c'"
    "  AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),"
    " t.typname = 'citext' AND t.typtype = 'b', n.nspname, t.typname,"
    " t.typtype = 'c' OR (t.typname IN ('hstore', 'xml') AND t.typtype = 'b'), t.typarray,"
    " (SELECT array_agg(a.atttypmod ORDER BY a.attnum) FROM pg_attribute a WHERE t.typtype = 'c'"
    "  AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) "
    "FROM reach JOIN pg_type t USING (oid) JOIN pg_namespace n ON n.oid = t.typnamespace"
    " LEFT JOIN pg_range g ON g.rngtypid = t.oid";

static pg_type_kind kind_of(char typtype, bool array)
{
    switch (typtype) {
    case 'c': return PG_COMPOSITE;
    case 'd': return PG_DOMAIN;
    case 'e': return PG_ENUM;
    case 'r': return PG_RANGE;
    case 'm': return PG_MULTIRANGE;
    default: return array ? PG_ARRAY : PG_BASE;
    }
}

static const char *type_name(const PGresult *rows, int i, bool user, struct bau_arena *arena, bool *failed)
{
    if (!user)
        return pg_cell_text(rows, i, 5, arena, failed);
    const char *space = pg_quote(arena, pg_cell(rows, i, 10));
    const char *bare = pg_quote(arena, pg_cell(rows, i, 11));
    const char *name = space && bare ? bau_arena_printf(arena, "%s.%s", space, bare) : NULL;
    *failed = *failed || !name;
    return name;
}

static bau_status load_labels(struct pg_types *types, struct bau_error *err)
{
    struct bau_side *side = types->side;
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(pg_query(side, side->main,
                     "SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder", &rows,
                     err));
    bool failed = false;
    const int n = PQntuples(rows);
    for (int i = 0, end; i < n; i = end) {
        const uint32_t oid = pg_cell_oid(rows, i, 0);
        for (end = i + 1; end < n && pg_cell_oid(rows, end, 0) == oid;)
            end++;
        const struct pg_type *t = pg_type_find(side, oid);
        if (!t)
            continue;
        const char **labels = bau_arena_take(side->arena, (size_t)(end - i) * sizeof *labels);
        if (!labels)
            return bau_error_set(err, BAU_E_NOMEM, "catalog");
        for (int k = i; k < end; k++)
            labels[k - i] = pg_cell_text(rows, k, 1, side->arena, &failed);
        struct pg_type_more *more = &types->more[t - side->types];
        more->labels = labels;
        more->n_labels = (uint32_t)(end - i);
    }
    return failed ? bau_error_set(err, BAU_E_NOMEM, "catalog") : BAU_OK;
}

bau_status pg_types_load(struct bau_side *side, const char *oids, struct pg_types *out, struct bau_error *err)
{
    const bool multirange = side->version >= 140000;
    BAU_AUTO_TEXT sql = { 0 };
    bau_text_addf(&sql, "%s%s%s%s ORDER BY t.oid", head_sql, multirange ? multirange_sql : "", tail_sql,
                  multirange ? " LEFT JOIN pg_range m ON m.rngmultitypid = t.oid"
                             : " LEFT JOIN (SELECT 0::oid AS rngtypid) m ON false");
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY_NOTE(pg_query_params(side, side->main, sql.data, 1, &oids, &rows, err), err, "types");
    const int n = PQntuples(rows);
    bool failed = false;
    side->n_types = (uint32_t)n;
    side->types = bau_arena_zero(side->arena, ((size_t)n + 1) * sizeof *side->types);
    out->side = side;
    out->more = bau_arena_zero(side->arena, ((size_t)n + 1) * sizeof *out->more);
    if (!side->types || !out->more)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    for (int i = 0; i < n; i++) {
        struct pg_type *t = &side->types[i];
        t->oid = pg_cell_oid(rows, i, 0);
        t->array = pg_cell_oid(rows, i, 13);
        t->kind = kind_of(pg_cell(rows, i, 1)[0], pg_cell_true(rows, i, 2));
        t->element = pg_cell_oid(rows, i, 3);
        t->binary = pg_cell_true(rows, i, 4);
        t->user = t->oid >= FIRST_UNSTABLE_OID; /* below: the same in every release */
        t->name = type_name(rows, i, t->user, side->arena, &failed);
        out->more[i].typmod = (int32_t)strtol(pg_cell(rows, i, 6), NULL, 10);
        out->more[i].not_null = pg_cell_true(rows, i, 7);
        out->more[i].citext = pg_cell_true(rows, i, 9);
        out->more[i].spelled = pg_cell_true(rows, i, 12);
        uint32_t *attributes = NULL;
        t->n_attributes = pg_cell_numbers(rows, i, 8, side->arena, &attributes, &failed);
        t->attributes = attributes;
        if (t->kind == PG_COMPOSITE) {
            uint32_t *typmods = NULL;
            pg_cell_numbers(rows, i, 14, side->arena, &typmods, &failed);
            out->more[i].typmods = typmods;
        }
    }
    if (failed)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    return load_labels(out, err);
}
