/* Fields, keys, checks, references and blockers of the tables that catalog.c found; all in the coordinator's snapshot. */
#include "source.h"

#include <stdlib.h>
#include <string.h>

static bau_status ask(struct pg_fill *fill, const char *sql, const char *what, PGresult **out,
                      struct bau_error *err)
{
    BAU_TRY_NOTE(pg_query_params(fill->side, fill->side->main, sql, 1, &fill->oids, out, err), err, "%s",
                 what);
    return BAU_OK;
}

/* Rows i … end - 1 have the same number in column 0. */
static int run_end(const PGresult *rows, int i)
{
    const uint32_t oid = pg_cell_oid(rows, i, 0);
    int end = i + 1;
    while (end < PQntuples(rows) && pg_cell_oid(rows, end, 0) == oid)
        end++;
    return end;
}

static bau_status memory(const struct pg_fill *fill, struct bau_error *err)
{
    return fill->failed ? bau_error_set(err, BAU_E_NOMEM, "catalog") : BAU_OK;
}

/* ── fields ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char fields_sql[] =
    "SELECT attrelid, attnum, attname, atttypid, atttypmod, format_type(atttypid, atttypmod), attnotnull,"
    " attgenerated <> '', atthasdef OR attidentity <> '', col_description(attrelid, attnum) "
    "FROM pg_attribute WHERE attrelid = ANY($1::oid[]) AND attnum > 0 AND NOT attisdropped"
    " AND NOT (attrelid = " PG_LARGE_OBJECTS_OID_TEXT " AND attname = 'pageno') ORDER BY attrelid, attnum";

static void set_limits(struct bau_field *f, uint32_t base, int32_t typmod)
{
    f->scale = -1;
    if (base == 19)
        f->max_chars = 63;
    if ((base == 1042 || base == 1043) && typmod >= 4)
        f->max_chars = (uint32_t)typmod - 4;
    if (base == 1700 && typmod >= 4) {
        f->max_digits = ((uint32_t)typmod - 4) >> 16;
        f->scale = (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
    }
}

static void set_type(struct pg_fill *fill, struct bau_field *f, int32_t typmod, unsigned depth);

static void set_members(struct pg_fill *fill, struct bau_field *f, const struct pg_type *t, unsigned depth)
{
    enum { DEEPEST = 16 }; /* row types inside row types: PostgreSQL has no cycles, this is only a guard */
    const struct pg_type_more *more = pg_type_more_of(&fill->types, t);
    struct bau_field *members =
        bau_arena_zero(fill->catalog->arena, ((size_t)t->n_attributes + 1) * sizeof *members);
    fill->failed = fill->failed || !members;
    if (!members || depth == DEEPEST)
        return;
    for (uint32_t i = 0; i < t->n_attributes; i++) {
        const struct pg_type *own = pg_type_find(fill->side, t->attributes[i]);
        members[i] = (struct bau_field){ .native_type = t->attributes[i], .nullable = true };
        members[i].name = members[i].native = own ? own->name : "unknown";
        set_type(fill, &members[i], (int32_t)more->typmods[i], depth + 1);
    }
    f->n_members = t->n_attributes;
    f->members = members;
}

static void set_type(struct pg_fill *fill, struct bau_field *f, int32_t typmod, unsigned depth)
{
    bool not_null = false;
    const struct pg_type *t = pg_type_base(&fill->types, f->native_type, &typmod, &not_null);
    f->nullable = f->nullable && !not_null;
    if (t && t->kind == PG_ARRAY) {
        f->list = true;
        t = pg_type_base(&fill->types, t->element, &typmod, &not_null);
    }
    f->type = BAU_OTHER;
    f->scale = -1;
    if (!t)
        return;
    const struct pg_type_more *more = pg_type_more_of(&fill->types, t);
    set_limits(f, t->oid, typmod);
    f->type = more->citext || more->spelled || t->kind == PG_ENUM ? BAU_TEXT : pg_type_map(t->oid);
    if (pg_is_network(t->oid) &&
        !pg_is_network(f->native_type)) /* a domain: its values do not tell what they are */
        f->type = BAU_OTHER;
    f->document = f->type == BAU_JSON;
    f->same = more->citext ? BAU_SAME_FOLDED : t->oid == 1042 ? BAU_SAME_PADDED : BAU_SAME_BYTES;
    f->n_labels = more->n_labels;
    f->labels = more->labels;
    if (t->kind == PG_COMPOSITE && more->typmods)
        set_members(fill, f, t, depth);
}

static uint64_t fnv(uint64_t hash, const char *text)
{
    do /* the end of the text counts, so that "ab" "c" differs from "a" "bc" */
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    while (*text++);
    return hash;
}

static void fill_field(struct pg_fill *fill, const PGresult *rows, int i, struct bau_field *f, uint64_t *hash)
{
    struct bau_arena *arena = fill->catalog->arena;
    f->name = pg_cell_text(rows, i, 2, arena, &fill->failed);
    f->native = pg_cell_text(rows, i, 5, arena, &fill->failed);
    f->native_type = pg_cell_oid(rows, i, 3);
    f->nullable = !pg_cell_true(rows, i, 6);
    f->generated = pg_cell_true(rows, i, 7);
    f->has_default = pg_cell_true(rows, i, 8) && !f->generated;
    f->comment = pg_cell_text(rows, i, 9, arena, &fill->failed);
    set_type(fill, f, (int32_t)strtol(pg_cell(rows, i, 4), NULL, 10), 0);
    *hash = fnv(fnv(fnv(*hash, pg_cell(rows, i, 2)), pg_cell(rows, i, 5)), f->nullable ? "null" : "not null");
    *hash = fnv(*hash, f->generated ? "generated" : "");
}

/* What travels: column list, SELECT list, transport. */
static void fill_wire(struct pg_fill *fill, uint32_t at)
{
    struct bau_side *side = fill->side;
    const struct bau_dataset *d = &fill->datasets[at];
    struct pg_table *t = &side->tables[at];
    BAU_AUTO_TEXT columns = { 0 }, selects = { 0 };
    bool cast = false;
    uint32_t *wire = bau_arena_take(side->arena, (d->n_fields + 1) * sizeof *wire);
    uint32_t *types = bau_arena_take(side->arena, (d->n_fields + 1) * sizeof *types);
    if (!wire || !types) {
        fill->failed = true;
        return;
    }
    for (uint32_t f = 0; f < d->n_fields; f++) {
        const struct bau_field *field = &d->fields[f];
        if (field->generated)
            continue;
        int32_t typmod = -1;
        bool not_null = false;
        const char *quoted = pg_quote(side->arena, field->name);
        const struct pg_type *base = pg_type_base(&fill->types, field->native_type, &typmod, &not_null);
        const bool list = base && base->kind == PG_ARRAY;
        if (list)
            base = pg_type_base(&fill->types, base->element, &typmod, &not_null);
        const bool xml = base && pg_type_is_xml(base->oid);
        const bool spelled = base && pg_type_more_of(&fill->types, base)->spelled;
        const char *comma = t->n_wire ? ", " : "";
        bau_text_addf(&columns, "%s%s", comma, quoted ? quoted : "");
        bau_text_addf(&selects, "%s%s%s", comma, quoted ? quoted : "",
                      !xml   ? ""
                      : list ? "::text[]"
                             : "::text");
        cast = cast || xml;
        fill->failed = fill->failed || !quoted;
        if (spelled || pg_type_needs_text(side, field->native_type))
            t->transport = PG_COPY_TEXT;
        t->rewrites = t->rewrites || pg_type_holds_oids(side, field->native_type);
        types[t->n_wire] = field->native_type;
        wire[t->n_wire++] = f;
    }
    t->rewrites = t->rewrites && t->transport == PG_COPY_BINARY;
    t->wire = wire;
    t->wire_types = types;
    t->columns = bau_arena_text(side->arena, columns.data ? columns.data : "");
    t->selects = cast ? bau_arena_text(side->arena, selects.data) : NULL;
    if (t->kind == PG_LARGE_OBJECTS) {
        t->selects = "oid, pg_catalog.lo_get(oid)";
        t->from = "pg_catalog.pg_largeobject_metadata";
    }
    fill->failed = fill->failed || columns.failed || selects.failed || !t->columns;
}

static bau_status fill_fields(struct pg_fill *fill, struct bau_error *err)
{
    struct bau_arena *arena = fill->catalog->arena;
    const uint32_t n = fill->catalog->n_datasets;
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(ask(fill, fields_sql, "columns", &rows, err));
    fill->field_of_attnum = bau_arena_zero(arena, (n + 1) * sizeof *fill->field_of_attnum);
    fill->n_attnums = bau_arena_zero(arena, (n + 1) * sizeof *fill->n_attnums);
    if (!fill->field_of_attnum || !fill->n_attnums)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    for (int i = 0, end; i < PQntuples(rows); i = end) {
        end = run_end(rows, i);
        const uint32_t at = pg_place_of(&fill->places, pg_cell_oid(rows, i, 0));
        if (at == BAU_NO_DATASET)
            continue;
        struct bau_dataset *d = &fill->datasets[at];
        const uint32_t n_fields = (uint32_t)(end - i), top = pg_cell_oid(rows, end - 1, 1) + 1;
        struct bau_field *fields = bau_arena_zero(arena, n_fields * sizeof *fields);
        uint32_t *map = bau_arena_take(arena, top * sizeof *map);
        if (!fields || !map)
            return bau_error_set(err, BAU_E_NOMEM, "catalog");
        memset(map, 0xFF, top * sizeof *map);
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        for (int k = i; k < end; k++) {
            fill_field(fill, rows, k, &fields[k - i], &hash);
            map[pg_cell_oid(rows, k, 1)] = (uint32_t)(k - i);
        }
        fill->field_of_attnum[at] = map;
        fill->n_attnums[at] = top;
        d->n_fields = n_fields;
        d->fields = fields;
        d->fingerprint = hash;
    }
    for (uint32_t at = 0; at < n; at++)
        fill_wire(fill, at);
    return memory(fill, err);
}

/* Attribute numbers → field indexes, in place; what is no plain column (0) is left out. */
static uint32_t to_fields(const struct pg_fill *fill, uint32_t dataset, uint32_t *numbers, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (numbers[i] < fill->n_attnums[dataset] && fill->field_of_attnum[dataset][numbers[i]] != UINT32_MAX)
            numbers[kept++] = fill->field_of_attnum[dataset][numbers[i]];
    return kept;
}

/* ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* An expression or a predicate is told by what the index, or its constraint, depends on. */
static const char keys_sql[] =
    "SELECT i.indrelid, c.relname, i.indisprimary, i.indisexclusion,"
    " i.indexprs IS NOT NULL OR i.indpred IS NOT NULL,"
    " (SELECT array_agg(k ORDER BY o) FROM unnest(i.indkey::int2[]) WITH ORDINALITY u(k, o) WHERE o <= "
    "i.indnkeyatts),"
    " (SELECT array_agg(DISTINCT d.refobjsubid) FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass"
    "  AND d.refobjid = i.indrelid AND d.refobjsubid > 0 AND (d.classid, d.objid) IN ("
    "   ('pg_class'::regclass::oid, i.indexrelid),"
    "   ('pg_constraint'::regclass::oid, (SELECT k.oid FROM pg_constraint k WHERE k.conindid = i.indexrelid"
    "     AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x') LIMIT 1)))) "
    "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ANY($1::oid[]) AND "
    "i.indisvalid"
    " AND (i.indisunique OR i.indisexclusion) ORDER BY i.indrelid, i.indisprimary DESC, c.relname COLLATE "
    "\"C\"";

static bau_status fill_keys(struct pg_fill *fill, struct bau_error *err)
{
    struct bau_arena *arena = fill->catalog->arena;
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(ask(fill, keys_sql, "keys", &rows, err));
    for (int i = 0, end; i < PQntuples(rows); i = end) {
        end = run_end(rows, i);
        const uint32_t at = pg_place_of(&fill->places, pg_cell_oid(rows, i, 0));
        if (at == BAU_NO_DATASET)
            continue;
        struct bau_key *keys = bau_arena_zero(arena, (size_t)(end - i) * sizeof *keys);
        if (!keys)
            return bau_error_set(err, BAU_E_NOMEM, "catalog");
        for (int k = i; k < end; k++) {
            struct bau_key *key = &keys[k - i];
            uint32_t *fields = NULL;
            key->name = pg_cell_text(rows, k, 1, arena, &fill->failed);
            key->kind = pg_cell_true(rows, k, 3)   ? BAU_KEY_EXCLUDE
                        : pg_cell_true(rows, k, 2) ? BAU_KEY_PRIMARY
                                                   : BAU_KEY_UNIQUE;
            key->expression = pg_cell_true(rows, k, 4);
            const uint32_t n =
                pg_cell_numbers(rows, k, key->expression ? 6 : 5, arena, &fields, &fill->failed);
            BAU_TRY(memory(fill, err));
            key->n_fields = to_fields(fill, at, fields, n);
            key->fields = fields;
        }
        fill->datasets[at].keys = keys;
        fill->datasets[at].n_keys = (uint32_t)(end - i);
    }
    return memory(fill, err);
}

/* ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Own ones, then those of the domains that columns have, domains over domains included. */
static const char checks_sql[] =
    "WITH RECURSIVE of_domain(attrelid, attnum, typ) AS ("
    " SELECT a.attrelid, a.attnum, a.atttypid FROM pg_attribute a WHERE a.attrelid = ANY($1::oid[]) AND "
    "a.attnum > 0"
    "  AND NOT a.attisdropped"
    " UNION ALL SELECT o.attrelid, o.attnum, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END"
    "  FROM of_domain o JOIN pg_type t ON t.oid = o.typ"
    "  WHERE t.typtype = 'd' OR (t.typlen = -1 AND t.typelem <> 0)) "
    "SELECT conrelid AS rel, conname, pg_get_expr(conbin, conrelid), conkey::int2[], false FROM pg_constraint"
    " WHERE conrelid = ANY($1::oid[]) AND contype = 'c' "
    "UNION ALL SELECT o.attrelid, k.conname, pg_get_expr(k.conbin, 0), ARRAY[o.attnum], true"
    " FROM of_domain o JOIN pg_constraint k ON k.contypid = o.typ AND k.contype = 'c' "
    "ORDER BY 1, 2, 4";

static bau_status fill_checks(struct pg_fill *fill, struct bau_error *err)
{
    struct bau_arena *arena = fill->catalog->arena;
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(ask(fill, checks_sql, "checks", &rows, err));
    for (int i = 0, end; i < PQntuples(rows); i = end) {
        end = run_end(rows, i);
        const uint32_t at = pg_place_of(&fill->places, pg_cell_oid(rows, i, 0));
        if (at == BAU_NO_DATASET)
            continue;
        struct bau_check *checks = bau_arena_zero(arena, (size_t)(end - i) * sizeof *checks);
        if (!checks)
            return bau_error_set(err, BAU_E_NOMEM, "catalog");
        for (int k = i; k < end; k++) {
            struct bau_check *check = &checks[k - i];
            uint32_t *fields = NULL;
            check->name = pg_cell_text(rows, k, 1, arena, &fill->failed);
            check->text = pg_cell_text(rows, k, 2, arena, &fill->failed);
            check->of_type = pg_cell_true(rows, k, 4);
            const uint32_t n = pg_cell_numbers(rows, k, 3, arena, &fields, &fill->failed);
            BAU_TRY(memory(fill, err));
            check->n_fields = to_fields(fill, at, fields, n);
            check->fields = fields;
        }
        fill->datasets[at].checks = checks;
        fill->datasets[at].n_checks = (uint32_t)(end - i);
    }
    return memory(fill, err);
}

/* ── references ──────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A partition's copy of its parent's foreign key is not told again. */
static const char references_sql[] =
    "SELECT conrelid, confrelid, conname, conkey::int2[], confkey::int2[] FROM pg_constraint"
    " WHERE contype = 'f' AND conparentid = 0 AND conrelid = ANY($1::oid[]) ORDER BY conrelid, conname "
    "COLLATE \"C\"";

static bau_status fill_references(struct pg_fill *fill, struct bau_error *err)
{
    struct bau_arena *arena = fill->catalog->arena;
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(ask(fill, references_sql, "foreign keys", &rows, err));
    const int n = PQntuples(rows);
    struct bau_reference *references = bau_arena_zero(arena, ((size_t)n + 1) * sizeof *references);
    if (!references)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    uint32_t kept = 0;
    for (int i = 0; i < n; i++) {
        struct bau_reference r = { .from = pg_place_of(&fill->places, pg_cell_oid(rows, i, 0)),
                                   .to = pg_place_of(&fill->places, pg_cell_oid(rows, i, 1)) };
        if (r.from == BAU_NO_DATASET || r.to == BAU_NO_DATASET)
            continue; /* into a table of an extension, whose rows do not travel */
        uint32_t *from = NULL, *to = NULL;
        r.name = pg_cell_text(rows, i, 2, arena, &fill->failed);
        const uint32_t n_from = pg_cell_numbers(rows, i, 3, arena, &from, &fill->failed);
        const uint32_t n_to = pg_cell_numbers(rows, i, 4, arena, &to, &fill->failed);
        BAU_TRY(memory(fill, err));
        r.n_fields = to_fields(fill, r.from, from, n_from);
        if (r.n_fields != to_fields(fill, r.to, to, n_to))
            return bau_error_set(err, BAU_E_BUG, "foreign key %s does not pair its columns", r.name);
        r.from_fields = from;
        r.to_fields = to;
        references[kept++] = r;
    }
    fill->catalog->references = references;
    fill->catalog->n_references = kept;
    return BAU_OK;
}

/* ── blockers ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char blockers_sql[] =
    "SELECT 'subscription', subname, 'a subscription would make the target follow the source''s "
    "publisher'"
    " FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "UNION ALL SELECT 'user mapping', usename || ' on ' || srvname, 'user mappings hold passwords' FROM "
    "pg_user_mappings "
    "UNION ALL SELECT 'foreign server', srvname, 'options of a foreign server tell where other systems are'"
    " FROM pg_foreign_server WHERE srvoptions IS NOT NULL "
    "UNION ALL SELECT 'unlogged table', c.oid::regclass::text, 'a standby holds no rows of an unlogged table'"
    " FROM pg_class c WHERE c.oid = ANY($1::oid[]) AND c.relpersistence = 'u' AND c.relkind = 'r' AND "
    "pg_is_in_recovery() "
    "ORDER BY 1, 2";

static bau_status fill_blockers(struct pg_fill *fill, struct bau_error *err)
{
    struct bau_arena *arena = fill->catalog->arena;
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY(ask(fill, blockers_sql, "what must not travel", &rows, err));
    const int n = PQntuples(rows);
    struct bau_blocker *blockers = bau_arena_zero(arena, ((size_t)n + 1) * sizeof *blockers);
    if (!blockers)
        return bau_error_set(err, BAU_E_NOMEM, "catalog");
    for (int i = 0; i < n; i++)
        blockers[i] = (struct bau_blocker){ pg_cell_text(rows, i, 0, arena, &fill->failed),
                                            pg_cell_text(rows, i, 1, arena, &fill->failed),
                                            pg_cell_text(rows, i, 2, arena, &fill->failed) };
    fill->catalog->blockers = blockers;
    fill->catalog->n_blockers = (uint32_t)n;
    return memory(fill, err);
}

bau_status pg_fill_catalog(struct pg_fill *fill, struct bau_error *err)
{
    BAU_TRY(fill_fields(fill, err));
    BAU_TRY(fill_keys(fill, err));
    BAU_TRY(fill_checks(fill, err));
    BAU_TRY(fill_references(fill, err));
    return fill_blockers(fill, err);
}
