/* Conditions over a batch: each node of the tree fills a vector of three-valued bytes, so that one walk serves all rows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "maskers/expr_tree.h"

#define LEVELS (2 * BAU_EXPR_DEPTH + 4)
#define DAY INT64_C(86400000000)

struct run {
    const struct bau_column *value;
    const struct bau_column *const *fields;
    const uint32_t *rows;
    struct bau_arena *arena;
    struct bau_error *err;
    uint32_t n;
    uint8_t *spare[LEVELS]; /* vectors of right sides, by how deep they stand */
};

struct view { /* an operand over the batch */
    const struct expr_operand *o;
    const struct bau_column *c; /* NULL: literal */
    const uint32_t *rows;
};

static struct view view_of(const struct run *r, const struct expr_operand *o)
{
    return (struct view){ o,
                          o->source == EXPR_VALUE   ? r->value
                          : o->source == EXPR_FIELD ? r->fields[o->field]
                                                    : NULL,
                          o->source == EXPR_FIELD ? r->rows : NULL };
}

static uint32_t index_of(const struct view *v, uint32_t i)
{
    return v->rows ? v->rows[i] : i;
}

static bool present(const struct view *v, uint32_t i)
{
    return v->c ? bau_column_present(v->c, index_of(v, i)) : v->o->kind != EXPR_NULL;
}

static struct bau_slice bytes_of(const struct view *v, uint32_t i)
{
    return v->c ? bau_column_value(v->c, index_of(v, i)) : v->o->text;
}

/* ── one value beside another: below, equal, above as <0, 0, >0 ──────────────────────────────────────────────────── */

typedef int compare_fn(const struct view *a, const struct view *b, uint32_t i);

static int64_t integer_of(const struct view *v, uint32_t i)
{
    if (!v->c)
        return v->o->integer;
    const uint8_t *p = bau_column_value(v->c, index_of(v, i)).data;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    switch (bau_type_width(v->c->type)) {
    case 1: return *p;
    case 2: memcpy(&i16, p, 2); return i16;
    case 4: memcpy(&i32, p, 4); return i32;
    }
    memcpy(&i64, p, 8);
    return i64;
}

static int compare_integers(const struct view *a, const struct view *b, uint32_t i)
{
    const int64_t x = integer_of(a, i), y = integer_of(b, i);
    return (x > y) - (x < y);
}

/* Dates as their first microsecond; what no timestamp reaches stands at its ends. */
static int64_t moment_of(const struct view *v, uint32_t i)
{
    const int64_t x = integer_of(v, i);
    if (v->o->kind != EXPR_DATE)
        return x;
    return x > INT64_MAX / DAY ? INT64_MAX : x < INT64_MIN / DAY ? INT64_MIN : x * DAY;
}

static int compare_moments(const struct view *a, const struct view *b, uint32_t i)
{
    const int64_t x = moment_of(a, i), y = moment_of(b, i);
    return (x > y) - (x < y);
}

static double real_of(const struct view *v, uint32_t i)
{
    float f32;
    double f64;
    if (!v->c)
        return v->o->real;
    if (v->o->kind == EXPR_INT)
        return (double)integer_of(v, i);
    const struct bau_slice s = bau_column_value(v->c, index_of(v, i));
    if (s.len == sizeof f32) {
        memcpy(&f32, s.data, sizeof f32);
        return (double)f32;
    }
    memcpy(&f64, s.data, sizeof f64);
    return f64;
}

static int compare_reals(const struct view *a, const struct view *b, uint32_t i)
{
    const double x = real_of(a, i), y = real_of(b, i);
    if (isnan(x) || isnan(y))
        return (isnan(x) != 0) - (isnan(y) != 0);
    return (x > y) - (x < y);
}

static int compare_bytes(struct bau_slice x, struct bau_slice y)
{
    const size_t n = x.len < y.len ? x.len : y.len;
    const int c = n ? memcmp(x.data, y.data, n) : 0;
    return c ? c : (x.len > y.len) - (x.len < y.len);
}

static int compare_texts(const struct view *a, const struct view *b, uint32_t i)
{
    return compare_bytes(bytes_of(a, i), bytes_of(b, i));
}

static struct bau_slice uuid_of(const struct view *v, uint32_t i)
{
    return v->c ? bytes_of(v, i) : (struct bau_slice){ v->o->uuid, 16 };
}

static int compare_uuids(const struct view *a, const struct view *b, uint32_t i)
{
    return compare_bytes(uuid_of(a, i), uuid_of(b, i));
}

struct decimal {
    int rank;                     /* -2 -Infinity, -1 below zero, 0 zero, 1 above, 2 Infinity, 3 NaN */
    struct bau_slice whole, part; /* without outer zeros */
};

static struct decimal decimal_of(const struct view *v, uint32_t i, char room[24])
{
    struct decimal d = { .rank = 1 };
    struct bau_slice s;
    if (v->c && v->o->kind == EXPR_INT) {
        s = (struct bau_slice){ (const uint8_t *)room, 0 };
        s.len = (size_t)snprintf(room, 24, "%" PRId64, integer_of(v, i));
    } else {
        s = bytes_of(v, i);
    }
    const bool below = s.len && *s.data == '-';
    s.data += below;
    s.len -= below;
    if (s.len && (*s.data == 'N' || *s.data == 'I')) {
        d.rank = *s.data == 'N' ? 3 : below ? -2 : 2;
        return d;
    }
    const uint8_t *point = s.len ? memchr(s.data, '.', s.len) : NULL;
    d.whole = (struct bau_slice){ s.data, point ? (size_t)(point - s.data) : s.len };
    if (point)
        d.part = (struct bau_slice){ point + 1, s.len - d.whole.len - 1 };
    while (d.whole.len && *d.whole.data == '0') {
        d.whole.data++;
        d.whole.len--;
    }
    while (d.part.len && d.part.data[d.part.len - 1] == '0')
        d.part.len--;
    d.rank = d.whole.len + d.part.len == 0 ? 0 : below ? -1 : 1;
    return d;
}

static int compare_decimals(const struct view *a, const struct view *b, uint32_t i)
{
    char room[2][24];
    const struct decimal x = decimal_of(a, i, room[0]), y = decimal_of(b, i, room[1]);
    if (x.rank != y.rank || (x.rank != 1 && x.rank != -1))
        return (x.rank > y.rank) - (x.rank < y.rank);
    int c = (x.whole.len > y.whole.len) - (x.whole.len < y.whole.len);
    if (c == 0)
        c = compare_bytes(x.whole, y.whole);
    if (c == 0)
        c = compare_bytes(x.part, y.part);
    return x.rank * c;
}

static compare_fn *comparer(enum expr_class by)
{
    switch (by) {
    case EXPR_BOOL:
    case EXPR_INT:
    case EXPR_DATE: return compare_integers;
    case EXPR_TIMESTAMP: return compare_moments;
    case EXPR_DECIMAL: return compare_decimals;
    case EXPR_FLOAT: return compare_reals;
    case EXPR_UUID: return compare_uuids;
    case EXPR_TEXT:
    case EXPR_NULL: /* no value is compared: each is unknown */
    case EXPR_OPAQUE: break;
    }
    return compare_texts;
}

/* ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Which of below, equal, above make `op` true. */
static void wanted(enum expr_op op, uint8_t out[3])
{
    const bool below = op == EXPR_LT || op == EXPR_LE || op == EXPR_NE,
               equal = op == EXPR_EQ || op == EXPR_LE || op == EXPR_GE || op == EXPR_IN,
               above = op == EXPR_GT || op == EXPR_GE || op == EXPR_NE;
    out[0] = below ? BAU_EXPR_TRUE : BAU_EXPR_FALSE;
    out[1] = equal ? BAU_EXPR_TRUE : BAU_EXPR_FALSE;
    out[2] = above ? BAU_EXPR_TRUE : BAU_EXPR_FALSE;
}

/* The greatest over the right sides: one of them for comparisons, any of them for `in`. */
static void eval_compare(const struct run *r, const struct expr_node *node, uint8_t *out)
{
    const struct view a = view_of(r, node->a);
    uint8_t want[3];
    wanted(node->op, want);
    memset(out, BAU_EXPR_FALSE, r->n);
    for (uint32_t k = 0; k < node->n_list; k++) {
        const struct view b = view_of(r, &node->list[k]);
        compare_fn *const compare = comparer(node->list[k].by);
        for (uint32_t i = 0; i < r->n; i++) {
            uint8_t truth = BAU_EXPR_UNKNOWN;
            if (out[i] == BAU_EXPR_TRUE)
                continue;
            if (present(&a, i) && present(&b, i)) {
                const int c = compare(&a, &b, i);
                truth = want[1 + (c > 0) - (c < 0)];
            }
            out[i] = truth > out[i] ? truth : out[i];
        }
    }
}

static size_t character(const uint8_t *p, const uint8_t *end)
{
    size_t n = 1;
    while (p + n < end && (p[n] & 0xC0u) == 0x80u)
        n++;
    return n;
}

/* The last % is the only one worth coming back to, so the work is at most text times pattern. */
static bool like(struct bau_slice text, struct bau_slice pattern)
{
    const uint8_t *t = text.data, *t_end = t + text.len, *p = pattern.data, *p_end = p + pattern.len;
    const uint8_t *back_p = NULL, *back_t = NULL;
    while (t < t_end) {
        const bool escaped = p < p_end && *p == '\\';
        if (p < p_end && *p == '%') {
            back_p = ++p;
            back_t = t;
        } else if (p < p_end && *p == '_') {
            p++;
            t += character(t, t_end);
        } else if (p + escaped < p_end && p[escaped] == *t) {
            p += 1 + escaped;
            t++;
        } else if (back_p) {
            p = back_p;
            back_t += character(back_t, t_end);
            t = back_t;
        } else {
            return false;
        }
    }
    while (p < p_end && *p == '%')
        p++;
    return p == p_end;
}

static void eval_like(const struct run *r, const struct expr_node *node, uint8_t *out)
{
    const struct view a = view_of(r, node->a);
    for (uint32_t i = 0; i < r->n; i++)
        out[i] = !present(&a, i)                             ? BAU_EXPR_UNKNOWN
                 : like(bytes_of(&a, i), node->list[0].text) ? BAU_EXPR_TRUE
                                                             : BAU_EXPR_FALSE;
}

static void eval_leaf(const struct run *r, const struct expr_node *node, uint8_t *out)
{
    const struct view a = view_of(r, node->a);
    if (node->op == EXPR_LIKE) {
        eval_like(r, node, out);
    } else if (node->op == EXPR_IS_NULL) {
        for (uint32_t i = 0; i < r->n; i++)
            out[i] = present(&a, i) ? BAU_EXPR_FALSE : BAU_EXPR_TRUE;
    } else if (node->op == EXPR_TRUTH) {
        for (uint32_t i = 0; i < r->n; i++)
            out[i] = !present(&a, i) ? BAU_EXPR_UNKNOWN : integer_of(&a, i) ? BAU_EXPR_TRUE : BAU_EXPR_FALSE;
    } else {
        eval_compare(r, node, out);
    }
    for (uint32_t i = 0; node->negated && i < r->n; i++)
        out[i] = (uint8_t)(BAU_EXPR_TRUE - out[i]);
}

static bau_status eval(struct run *r, const struct expr_node *node, uint32_t level, uint8_t *out)
{
    if (node->a) {
        eval_leaf(r, node, out);
        return BAU_OK;
    }
    BAU_TRY(eval(r, node->left, level, out));
    if (node->op == EXPR_NOT) {
        for (uint32_t i = 0; i < r->n; i++)
            out[i] = (uint8_t)(BAU_EXPR_TRUE - out[i]);
        return BAU_OK;
    }
    if (level == LEVELS)
        return bau_error_set(r->err, BAU_E_BUG, "a condition is nested more deeply than it may be");
    if (!r->spare[level] && !(r->spare[level] = bau_arena_take(r->arena, r->n)))
        return bau_error_set(r->err, BAU_E_NOMEM, "batch");
    uint8_t *right = r->spare[level];
    BAU_TRY(eval(r, node->right, level + 1, right));
    for (uint32_t i = 0; i < r->n; i++)
        out[i] = (node->op == EXPR_AND) == (right[i] < out[i]) ? right[i] : out[i];
    return BAU_OK;
}

bau_status bau_expr_eval(const struct bau_expr *expr, const struct bau_column *value,
                         const struct bau_column *const *fields, const uint32_t *rows,
                         struct bau_arena *arena, uint8_t *out, struct bau_error *err)
{
    struct run r = {
        .value = value, .fields = fields, .rows = rows, .arena = arena, .err = err, .n = value->n_values
    };
    return eval(&r, expr->root, 0, out);
}
