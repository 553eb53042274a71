/* What the files of the source's half share: catalog.c, catalog_fill.c, types.c, split.c, schema.c, dump.c. */
#ifndef BAU_PG_SOURCE_H
#define BAU_PG_SOURCE_H

#include "pg.h"

/* Cells of a result. */
static inline const char *pg_cell(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column);
}
uint64_t pg_cell_u64(const PGresult *result, int row, int column);
static inline uint32_t pg_cell_oid(const PGresult *result, int row, int column)
{
    return (uint32_t)pg_cell_u64(result, row, column);
}
static inline bool pg_cell_true(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}
/* Arena copy; NULL for SQL's null. The caller checks memory through `failed`. */
const char *pg_cell_text(const PGresult *result, int row, int column, struct bau_arena *arena, bool *failed);
/* "{1,2,3}" or "1 2 3" → numbers in `arena`; returns how many. */
uint32_t pg_cell_numbers(const PGresult *result, int row, int column, struct bau_arena *arena, uint32_t **out,
                         bool *failed);

/* types.c ─ one row of the source's pg_type; index-aligned with side->types. */
struct pg_type_more {
    int32_t typmod; /* of a domain */
    bool not_null;  /* a domain's */
    bool citext;    /* the extension's: text with another order */
    bool spelled;   /* maskers see its text form, so it travels as text: composite types, hstore, xml */
    const uint32_t *typmods; /* of a composite type's attributes; NULL otherwise */
    uint32_t n_labels;       /* an enum's */
    const char *const *labels;
};
struct pg_types { /* while the catalog is read */
    struct bau_side *side;
    struct pg_type_more *more;
};
/* Every type reachable from columns of the tables in `oids` ("{…}"). */
bau_status pg_types_load(struct bau_side *side, const char *oids, struct pg_types *out, struct bau_error *err)
    BAU_MUST_CHECK;
/* Domains resolved: what is left, its typmod, and whether one of them refuses nulls. */
const struct pg_type *pg_type_base(const struct pg_types *types, uint32_t oid, int32_t *typmod,
                                   bool *not_null);
const struct pg_type_more *pg_type_more_of(const struct pg_types *types, const struct pg_type *type);
bool pg_type_needs_text(const struct bau_side *side, uint32_t oid); /* no portable binary form */
bool pg_type_is_xml(uint32_t oid);

/* catalog.c ─ dataset of a table, BAU_NO_DATASET when it is none. */
struct pg_places {
    uint32_t n;
    const struct pg_place {
        uint32_t oid, dataset;
    } * at; /* sorted by oid */
};
uint32_t pg_place_of(const struct pg_places *places, uint32_t oid);

/* catalog_fill.c ─ fields, keys, checks, references, blockers of datasets that have their names. */
struct pg_fill {
    struct bau_side *side;
    struct bau_catalog *catalog;
    struct bau_dataset *datasets;
    struct pg_places places;
    struct pg_types types;
    const char *oids;           /* "{…}" */
    uint32_t **field_of_attnum; /* per dataset: attnum → field, UINT32_MAX */
    uint32_t *n_attnums;
    bool failed; /* memory ran out */
};
bau_status pg_fill_catalog(struct pg_fill *fill, struct bau_error *err) BAU_MUST_CHECK;

/* dump.c ─ the text of pg_dump --schema-only on the side's snapshot. */
bau_status pg_dump_schema(struct bau_side *side, struct bau_text *out, int *out_major, struct bau_error *err)
    BAU_MUST_CHECK;

#endif
