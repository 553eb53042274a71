/* The schema blob: everything beside rows that a target needs, as one JSON text. README.md lists its fields.
 *
 * The server builds most of it as JSON itself, in the coordinator's snapshot; sequences' values are read there too. */
#include <jansson.h>
#include <string.h>

#include "source.h"

enum { BLOB_FORMAT = 1, SEQUENCES_A_QUERY = 200 };

static bau_status set(json_t *object, const char *key, json_t *value, struct bau_error *err)
{
    if (!value || json_object_set_new(object, key, value) != 0)
        return bau_error_set(err, BAU_E_NOMEM, "schema: %s", key);
    return BAU_OK;
}

/* NULL as JSON's null. */
static json_t *text(const char *value)
{
    return value ? json_string(value) : json_null();
}

/* ── parts that the server writes as JSON ────────────────────────────────────────────────────────────────────────── */

#define ACL_SQL(acl)                                                                                         \
    "CASE WHEN " acl " IS NULL THEN NULL ELSE coalesce((SELECT json_agg(json_build_object("                  \
    "'grantee', CASE WHEN a.grantee = 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END,"                      \
    "'grantor', pg_get_userbyid(a.grantor), 'privilege', a.privilege_type, 'grantable', a.is_grantable))"    \
    " FROM aclexplode(" acl ") a), '[]') END"

/* What the collation columns of pg_database are called depends on the release. */
static const char *locale_sql(int version)
{
    if (version >= 170000)
        return "CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,"
               " 'locale', d.datlocale, 'icu_rules', d.daticurules";
    if (version >= 160000)
        return "CASE d.datlocprovider WHEN 'i' THEN 'icu' ELSE 'libc' END,"
               " 'locale', d.daticulocale, 'icu_rules', d.daticurules";
    if (version >= 150000)
        return "CASE d.datlocprovider WHEN 'i' THEN 'icu' ELSE 'libc' END,"
               " 'locale', d.daticulocale, 'icu_rules', NULL";
    return "'libc', 'locale', NULL, 'icu_rules', NULL";
}

static const char database_head[] =
    "SELECT json_build_object('name', d.datname, 'oid', d.oid::bigint, 'owner', pg_get_userbyid(d.datdba),"
    " 'encoding', pg_encoding_to_char(d.encoding), 'collate', d.datcollate, 'ctype', d.datctype, "
    "'provider', ";
static const char database_tail[] =
    ", 'comment', shobj_description(d.oid, 'pg_database'), 'connlimit', d.datconnlimit, 'acl', " ACL_SQL(
        "d.datacl") ", 'settings', coalesce((SELECT json_agg(json_build_object("
                    "   'role', CASE WHEN s.setrole = 0 THEN NULL ELSE pg_get_userbyid(s.setrole) END,"
                    "   'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1)) ORDER BY "
                    "s.setrole, o)"
                    "  FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY u(c, o)"
                    "  WHERE s.setdatabase = d.oid AND c NOT LIKE 'bauta.%'), '[]')) "
                    "FROM pg_database d WHERE d.datname = current_database()";

static const char servers_sql[] =
    "SELECT coalesce(json_agg(json_build_object('name', s.srvname, 'type', s.srvtype, 'version', "
    "s.srvversion,"
    " 'fdw', f.fdwname, 'owner', pg_get_userbyid(s.srvowner), 'acl', " ACL_SQL(
        "s.srvacl") ", 'comment', obj_description(s.oid, 'pg_foreign_server')) ORDER BY s.srvname), '[]') "
                    "FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw";

/* Owners are not all in pg_shdepend: a pinned role, the first superuser, is left out there. */
static const char roles_sql[] =
    "SELECT coalesce(json_agg(json_build_object('name', r.rolname, 'predefined', r.oid < 16384 AND r.rolname "
    "LIKE 'pg\\_%')"
    " ORDER BY r.rolname), '[]') FROM pg_roles r WHERE r.oid IN ("
    " SELECT refobjid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass"
    "  AND (dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    "   OR (classid = 'pg_database'::regclass AND objid = (SELECT oid FROM pg_database WHERE datname = "
    "current_database())))"
    " UNION SELECT datdba FROM pg_database WHERE datname = current_database()"
    " UNION SELECT setrole FROM pg_db_role_setting"
    "  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " UNION SELECT relowner FROM pg_class WHERE oid >= 16384"
    " UNION SELECT proowner FROM pg_proc WHERE oid >= 16384"
    " UNION SELECT typowner FROM pg_type WHERE oid >= 16384"
    " UNION SELECT nspowner FROM pg_namespace WHERE oid >= 16384"
    " UNION SELECT grantee FROM pg_class c, aclexplode(c.relacl) WHERE c.oid >= 16384"
    " UNION SELECT grantee FROM pg_proc p, aclexplode(p.proacl) WHERE p.oid >= 16384"
    " UNION SELECT grantee FROM pg_namespace n, aclexplode(n.nspacl))";

/* A view's place is one after the highest of what it reads, so the order by place is an order of dependency. */
static const char matviews_sql[] =
    "WITH RECURSIVE edge AS ("
    " SELECT DISTINCT r.ev_class AS of, d.refobjid AS reads FROM pg_rewrite r JOIN pg_depend d"
    "  ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass"
    "  AND d.refobjid <> r.ev_class JOIN pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')),"
    " place(oid, n) AS ("
    "  SELECT oid, 0 FROM pg_class WHERE relkind = 'm'"
    "  UNION SELECT e.of, p.n + 1 FROM place p JOIN edge e ON e.reads = p.oid WHERE p.n < 1000) "
    "SELECT coalesce(json_agg(m.ident ORDER BY m.n, m.ident), '[]') FROM ("
    " SELECT format('%I.%I', n.nspname, c.relname) AS ident, max(p.n) AS n FROM place p JOIN pg_class c ON "
    "c.oid = p.oid"
    "  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND c.relispopulated"
    "   AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid"
    "    AND x.deptype = 'e') GROUP BY 1) m";

/* Owner, privileges and comment of those large objects where they are not the usual: the database's owner, none, none. */
static const char large_objects_sql[] =
    "SELECT coalesce(json_agg(json_build_object('oid', m.oid::bigint, 'owner', pg_get_userbyid(m.lomowner), "
    "'acl', " ACL_SQL(
        "m.lomacl") ", 'comment', obj_description(m.oid, 'pg_largeobject')) ORDER BY m.oid), '[]') "
                    "FROM pg_largeobject_metadata m WHERE m.lomacl IS NOT NULL OR m.lomowner <> (SELECT "
                    "datdba FROM "
                    "pg_database WHERE datname = current_database()) OR obj_description(m.oid, "
                    "'pg_largeobject') IS "
                    "NOT NULL";

static bool has_large_objects(const struct bau_side *side, const struct bau_catalog *catalog)
{
    for (uint32_t i = 0; i < side->n_tables; i++)
        if (side->tables[i].kind == PG_LARGE_OBJECTS)
            return catalog->datasets[i].kind == BAU_DATASET_ROWS;
    return false;
}

static bau_status from_server(struct bau_side *side, const char *sql, const char *key, json_t *blob,
                              struct bau_error *err)
{
    PG_AUTO_RESULT *result = NULL;
    BAU_TRY_NOTE(pg_query(side, side->main, sql, &result, err), err, "schema: %s", key);
    json_error_t why;
    json_t *value = PQntuples(result) == 1 ? json_loads(pg_cell(result, 0, 0), 0, &why) : NULL;
    if (!value)
        return bau_error_set(err, BAU_E_SOURCE, "source of store %s: schema: %s is no JSON in UTF-8",
                             side->with.store, key);
    return set(blob, key, value, err);
}

static bau_status add_database(struct bau_side *side, json_t *blob, struct bau_error *err)
{
    BAU_AUTO_TEXT sql = { 0 };
    bau_text_addf(&sql, "%s%s%s", database_head, locale_sql(side->version), database_tail);
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "schema");
    return from_server(side, sql.data, "database", blob, err);
}

/* ── sequences ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char sequences_sql[] =
    "SELECT format('%I.%I', n.nspname, c.relname), has_sequence_privilege(c.oid, 'SELECT') "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'"
    " LEFT JOIN pg_extension e ON e.oid = d.refobjid "
    "WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> "
    "'information_schema'"
    " AND (e.oid IS NULL OR c.oid = ANY(e.extconfig)) AND NOT (c.relpersistence = 'u' AND "
    "pg_is_in_recovery()) "
    "ORDER BY 1";

static bau_status some_sequences(struct bau_side *side, const PGresult *names, int from, int to, json_t *list,
                                 struct bau_error *err)
{
    BAU_AUTO_TEXT sql = { 0 };
    for (int i = from; i < to; i++)
        bau_text_addf(&sql, "%sSELECT %d, last_value, is_called FROM %s", i > from ? " UNION ALL " : "", i,
                      pg_cell(names, i, 0));
    if (sql.failed)
        return bau_error_set(err, BAU_E_NOMEM, "schema: sequences");
    PG_AUTO_RESULT *rows = NULL;
    BAU_TRY_NOTE(pg_query(side, side->main, sql.data, &rows, err), err, "schema: sequences");
    for (int i = 0; i < PQntuples(rows); i++) {
        json_t *one = json_pack("{s:s, s:s, s:b}", "ident", pg_cell(names, (int)pg_cell_u64(rows, i, 0), 0),
                                "last_value", pg_cell(rows, i, 1), "is_called", pg_cell_true(rows, i, 2));
        if (!one || json_array_append_new(list, one) != 0)
            return bau_error_set(err, BAU_E_NOMEM, "schema: sequences");
    }
    return BAU_OK;
}

static bau_status add_sequences(struct bau_side *side, json_t *blob, struct bau_error *err)
{
    PG_AUTO_RESULT *names = NULL;
    BAU_TRY_NOTE(pg_query(side, side->main, sequences_sql, &names, err), err, "schema: sequences");
    const int n = PQntuples(names);
    json_t *list = json_array();
    BAU_TRY(set(blob, "sequences", list, err));
    for (int i = 0; i < n; i++)
        if (!pg_cell_true(names, i, 1))
            return bau_error_set(err, BAU_E_SOURCE,
                                 "source of store %s: role %s lacks SELECT on sequence %s "
                                 "(SQLSTATE 42501)",
                                 side->with.store, PQuser(side->main), pg_cell(names, i, 0));
    for (int i = 0; i < n; i += SEQUENCES_A_QUERY)
        BAU_TRY(
            some_sequences(side, names, i, i + SEQUENCES_A_QUERY < n ? i + SEQUENCES_A_QUERY : n, list, err));
    return BAU_OK;
}

/* ── tables and types ────────────────────────────────────────────────────────────────────────────────────────────── */

static json_t *wire_json(const struct bau_dataset *d, const struct pg_table *t)
{
    json_t *wire = json_array();
    for (uint32_t i = 0; wire && i < t->n_wire; i++) {
        json_t *one = json_pack("{s:I, s:s, s:I}", "field", (json_int_t)t->wire[i], "name",
                                d->fields[t->wire[i]].name, "type", (json_int_t)t->wire_types[i]);
        if (!one || json_array_append_new(wire, one) != 0) {
            json_decref(wire);
            return NULL;
        }
    }
    return wire;
}

static bau_status add_tables(const struct bau_side *side, const struct bau_catalog *catalog, json_t *blob,
                             struct bau_error *err)
{
    json_t *list = json_array();
    BAU_TRY(set(blob, "tables", list, err));
    for (uint32_t i = 0; i < catalog->n_datasets; i++) {
        const struct bau_dataset *d = &catalog->datasets[i];
        const struct pg_table *t = &side->tables[i];
        const char kind[2] = { t->kind, '\0' };
        json_t *one =
            json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:s, s:b, s:o}", "oid",
                      (json_int_t)t->oid, "name", d->name, "space", d->space, "bare", d->bare, "kind", kind,
                      "unlogged", t->unlogged, "extension", t->extension, "ident", t->ident, "columns",
                      t->columns, "transport", t->transport == PG_COPY_TEXT ? "text" : "binary", "rewrites",
                      t->rewrites, "wire", wire_json(d, t));
        if (!one || json_array_append_new(list, one) != 0)
            return bau_error_set(err, BAU_E_NOMEM, "schema: tables");
    }
    return BAU_OK;
}

static bau_status add_types(const struct bau_side *side, json_t *blob, struct bau_error *err)
{
    json_t *list = json_array();
    BAU_TRY(set(blob, "types", list, err));
    for (uint32_t i = 0; i < side->n_types; i++) {
        const struct pg_type *t = &side->types[i];
        json_t *attributes = json_array();
        bool failed = !attributes;
        for (uint32_t a = 0; !failed && a < t->n_attributes; a++)
            failed = json_array_append_new(attributes, json_integer((json_int_t)t->attributes[a])) != 0;
        json_t *one = json_pack("{s:I, s:i, s:I, s:b, s:b, s:s, s:o}", "oid", (json_int_t)t->oid, "kind",
                                (int)t->kind, "element", (json_int_t)t->element, "binary", t->binary, "user",
                                t->user, "name", t->name, "attributes", attributes);
        if (failed || !one || json_array_append_new(list, one) != 0)
            return bau_error_set(err, BAU_E_NOMEM, "schema: types");
    }
    return BAU_OK;
}

static bau_status add_script(struct bau_side *side, json_t *blob, struct bau_error *err)
{
    BAU_AUTO_TEXT script = { 0 };
    int major = 0;
    BAU_TRY(pg_dump_schema(side, &script, &major, err));
    BAU_TRY(set(blob, "dump_version", json_integer(major), err));
    json_t *value = json_stringn(script.data ? script.data : "", script.len);
    if (!value)
        return bau_error_set(err, BAU_E_SOURCE,
                             "source of store %s: the schema holds names that are no UTF-8",
                             side->with.store);
    return set(blob, "script", value, err);
}

static bau_status fill(struct bau_side *side, const struct bau_catalog *catalog, json_t *blob,
                       struct bau_error *err)
{
    BAU_TRY(set(blob, "format", json_integer(BLOB_FORMAT), err));
    BAU_TRY(set(blob, "server_version", json_integer(side->version), err));
    BAU_TRY(set(blob, "system_id", text(side->system_id), err));
    BAU_TRY(add_database(side, blob, err));
    BAU_TRY(add_tables(side, catalog, blob, err));
    BAU_TRY(add_types(side, blob, err));
    BAU_TRY(add_sequences(side, blob, err));
    BAU_TRY(from_server(side, matviews_sql, "matviews", blob, err));
    BAU_TRY(from_server(side, servers_sql, "servers", blob, err));
    BAU_TRY(from_server(side, roles_sql, "roles", blob, err));
    if (has_large_objects(side, catalog))
        BAU_TRY(from_server(side, large_objects_sql, "large_objects", blob, err));
    return add_script(side, blob, err);
}

bau_status pg_source_schema(struct bau_side *side, const struct bau_catalog *catalog, struct bau_arena *arena,
                            struct bau_slice *out, struct bau_error *err)
{
    json_t *blob = json_object();
    if (!blob)
        return bau_error_set(err, BAU_E_NOMEM, "schema");
    bau_status status = fill(side, catalog, blob, err);
    const size_t n = status == BAU_OK ? json_dumpb(blob, NULL, 0, JSON_COMPACT) : 0;
    char *bytes = n ? bau_arena_take(arena, n + 1) : NULL;
    if (status == BAU_OK && (!bytes || json_dumpb(blob, bytes, n, JSON_COMPACT) != n))
        status = bau_error_set(err, BAU_E_NOMEM, "schema");
    json_decref(blob);
    BAU_TRY(status);
    bytes[n] = '\0';
    *out = (struct bau_slice){ (const uint8_t *)bytes, n };
    return BAU_OK;
}
