/* Array values: the binary header, the pieces of the text form, and the OIDs of user types inside binary values.
 *
 * Binary (array_send): int32 dimensions, int32 "has nulls", OID of the element type, per dimension int32 length and lower
 * bound, then each element as length word and bytes. Composite (record_send): int32 number of columns, each OID, length
 * word, bytes. Range (range_send): flags, then the bounds that are there. Multirange: int32 count, each with its length. */
#include "codec.h"

enum { MAX_DIMENSIONS = 6, MAX_NESTING = 64 };

bau_status pg_array_header(const uint8_t *p, size_t len, struct pg_array *out, struct bau_error *err)
{
    if (len < 12)
        return pg_malformed("array", len, err);
    const uint32_t dimensions = pg_get32(p);
    if (dimensions > MAX_DIMENSIONS || len < 12 + 8 * (size_t)dimensions)
        return pg_malformed("array", len, err);
    uint64_t n = dimensions ? 1 : 0;
    for (uint32_t d = 0; d < dimensions; d++) {
        n *= pg_get32(p + 12 + 8 * (size_t)d);
        if (n > len / 4) /* each element has a length word */
            return pg_malformed("array", len, err);
    }
    *out = (struct pg_array){ (uint32_t)n, pg_get32(p + 8), 12 + 8 * (size_t)dimensions };
    return BAU_OK;
}

/* ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_null(const uint8_t *p, size_t n)
{
    return n == 4 && (p[0] | 32) == 'n' && (p[1] | 32) == 'u' && (p[2] | 32) == 'l' && (p[3] | 32) == 'l';
}

static int quoted_element(const uint8_t *p, size_t len, size_t *at, uint8_t *out, size_t *out_len)
{
    size_t n = 0;
    for ((*at)++; *at < len && p[*at] != '"'; (*at)++) {
        if (p[*at] == '\\' && ++*at == len)
            return -1;
        out[n++] = p[*at];
    }
    if (*at == len)
        return -1;
    (*at)++;
    *out_len = n;
    return 'e';
}

int pg_array_piece(const uint8_t *p, size_t len, size_t *from, size_t *at, uint8_t *out, size_t *out_len)
{
    *from = *at;
    if (*at == len)
        return 0;
    if (*at == 0 && p[0] == '[') { /* lower bounds: "[0:1][2:3]=" */
        while (*at < len && p[*at] != '=')
            (*at)++;
        return *at < len ? ((*at)++, 's') : -1;
    }
    if (p[*at] == '{' || p[*at] == '}' || p[*at] == ',' || p[*at] == ';') {
        (*at)++;
        return 's';
    }
    if (p[*at] == '"')
        return quoted_element(p, len, at, out, out_len);
    size_t n = 0;
    bool plain = true;
    while (*at < len && p[*at] != ',' && p[*at] != '}' && p[*at] != '{' && p[*at] != '"') {
        if (p[*at] == '\\') {
            plain = false;
            if (++*at == len)
                return -1;
        }
        out[n++] = p[(*at)++];
    }
    *out_len = n;
    return plain && is_null(out, n) ? 'n' : 'e';
}

void pg_array_quote(struct bau_slice element, struct bau_text *out)
{
    size_t from = 0;
    bau_text_add(out, "\"");
    for (size_t i = 0; i < element.len; i++) {
        if (element.data[i] != '"' && element.data[i] != '\\')
            continue;
        bau_text_addn(out, element.data + from, i - from);
        bau_text_add(out, "\\");
        from = i;
    }
    bau_text_addn(out, element.data + from, element.len - from);
    bau_text_add(out, "\"");
}

/* ── type OIDs inside binary values ──────────────────────────────────────────────────────────────────────────────── */

struct walk {
    const struct bau_side *types;
    const struct pg_oid_pair *oids;
    uint32_t n_oids;
    struct bau_error *err;
    int depth;
};

static bau_status rewrite_oid(const struct walk *w, uint8_t *at)
{
    const uint32_t oid = pg_get32(at);
    const struct pg_type *t = pg_type_find(w->types, oid);
    if (!t || !t->user)
        return t ? BAU_OK
                 : bau_error_set(w->err, BAU_E_BUG, "a value holds type OID %" PRIu32 ", which is unknown",
                                 oid);
    uint32_t low = 0, high = w->n_oids;
    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;
        if (w->oids[mid].from < oid)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == w->n_oids || w->oids[low].from != oid)
        return bau_error_set(w->err, BAU_E_BUG, "type %s has no counterpart on the target", t->name);
    pg_put32(at, w->oids[low].to);
    return BAU_OK;
}

static bau_status walk_value(struct walk *w, uint32_t oid, uint8_t *p, size_t len);

/* A length word and its value at *at. */
static bau_status walk_framed(struct walk *w, uint32_t oid, uint8_t *p, size_t len, size_t *at)
{
    if (len - *at < 4)
        return pg_malformed("nested value", len, w->err);
    const uint32_t n = pg_get32(p + *at);
    *at += 4;
    if (n == UINT32_MAX)
        return BAU_OK;
    if (n > len - *at)
        return pg_malformed("nested value", len, w->err);
    BAU_TRY(walk_value(w, oid, p + *at, n));
    *at += n;
    return BAU_OK;
}

static bau_status walk_array(struct walk *w, const struct pg_type *t, uint8_t *p, size_t len)
{
    struct pg_array array;
    BAU_TRY(pg_array_header(p, len, &array, w->err));
    BAU_TRY(rewrite_oid(w, p + 8));
    if (!pg_type_holds_oids(w->types, t->element))
        return BAU_OK;
    size_t at = array.elements_at;
    for (uint32_t i = 0; i < array.n; i++)
        BAU_TRY(walk_framed(w, t->element, p, len, &at));
    return at == len ? BAU_OK : pg_malformed("array", len, w->err);
}

static bau_status walk_composite(struct walk *w, const struct pg_type *t, uint8_t *p, size_t len)
{
    if (len < 4 || pg_get32(p) != t->n_attributes)
        return pg_malformed("composite value", len, w->err);
    size_t at = 4;
    for (uint32_t i = 0; i < t->n_attributes; i++) {
        if (len - at < 4)
            return pg_malformed("composite value", len, w->err);
        BAU_TRY(rewrite_oid(w, p + at));
        at += 4;
        BAU_TRY(walk_framed(w, t->attributes[i], p, len, &at));
    }
    return at == len ? BAU_OK : pg_malformed("composite value", len, w->err);
}

static bau_status walk_range(struct walk *w, const struct pg_type *t, uint8_t *p, size_t len)
{
    enum { EMPTY = 0x01, NO_LOWER = 0x08 | 0x20, NO_UPPER = 0x10 | 0x40 };
    if (len < 1)
        return pg_malformed("range", len, w->err);
    size_t at = 1;
    if (!(p[0] & (EMPTY | NO_LOWER)))
        BAU_TRY(walk_framed(w, t->element, p, len, &at));
    if (!(p[0] & (EMPTY | NO_UPPER)))
        BAU_TRY(walk_framed(w, t->element, p, len, &at));
    return at == len ? BAU_OK : pg_malformed("range", len, w->err);
}

static bau_status walk_multirange(struct walk *w, const struct pg_type *t, uint8_t *p, size_t len)
{
    if (len < 4)
        return pg_malformed("multirange", len, w->err);
    size_t at = 4;
    for (uint32_t left = pg_get32(p); left > 0; left--)
        BAU_TRY(walk_framed(w, t->element, p, len, &at));
    return at == len ? BAU_OK : pg_malformed("multirange", len, w->err);
}

static bau_status walk_inside(struct walk *w, const struct pg_type *t, uint8_t *p, size_t len)
{
    switch (t->kind) {
    case PG_ARRAY: return walk_array(w, t, p, len);
    case PG_COMPOSITE: return walk_composite(w, t, p, len);
    case PG_RANGE: return walk_range(w, t, p, len);
    case PG_MULTIRANGE: return walk_multirange(w, t, p, len);
    case PG_DOMAIN: return walk_value(w, t->element, p, len);
    case PG_BASE:
    case PG_ENUM: break;
    }
    return BAU_OK;
}

static bau_status walk_value(struct walk *w, uint32_t oid, uint8_t *p, size_t len)
{
    const struct pg_type *t = pg_type_find(w->types, oid);
    if (!t || w->depth >= MAX_NESTING)
        return bau_error_set(w->err, BAU_E_BUG, "type OID %" PRIu32 " is %s", oid,
                             t ? "nested too deep" : "unknown");
    w->depth++;
    const bau_status status = walk_inside(w, t, p, len);
    w->depth--;
    return status;
}

bau_status pg_rewrite_oids(const struct bau_side *source_types, const struct pg_oid_pair *oids,
                           uint32_t n_oids, uint32_t type_oid, uint8_t *value, uint32_t len,
                           struct bau_error *err)
{
    struct walk w = { source_types, oids, n_oids, err, 0 };
    return walk_value(&w, type_oid, value, len);
}
