/* The type check of conditions: every operand gets its class, every comparison the class in which it is made. */
#include <string.h>

#include "maskers/expr_tree.h"

static const char *const class_words[] = {
    [EXPR_NULL] = "null",
    [EXPR_BOOL] = "a boolean",
    [EXPR_INT] = "a whole number",
    [EXPR_DECIMAL] = "a number",
    [EXPR_FLOAT] = "a floating-point number",
    [EXPR_TEXT] = "a text",
    [EXPR_DATE] = "a date",
    [EXPR_TIMESTAMP] = "a timestamp",
    [EXPR_UUID] = "a uuid",
};

static enum expr_class class_of(bau_type type)
{
    switch (type) {
    case BAU_BOOL: return EXPR_BOOL;
    case BAU_I16:
    case BAU_I32:
    case BAU_I64: return EXPR_INT;
    case BAU_F32:
    case BAU_F64: return EXPR_FLOAT;
    case BAU_NUMERIC: return EXPR_DECIMAL;
    case BAU_DATE: return EXPR_DATE;
    case BAU_TIMESTAMP:
    case BAU_TIMESTAMPTZ: return EXPR_TIMESTAMP;
    case BAU_UUID: return EXPR_UUID;
    case BAU_TEXT: return EXPR_TEXT;
    case BAU_TIME:
    case BAU_JSON:
    case BAU_BYTES:
    case BAU_OTHER:
    case BAU_TYPE_COUNT: break;
    }
    return EXPR_OPAQUE;
}

/* "'age' (int4)", "a text". */
static const char *describe(const struct expr_operand *o, struct bau_arena *arena)
{
    if (o->source == EXPR_LITERAL)
        return class_words[o->kind];
    const char *text = bau_arena_printf(arena, "%.80s (%s)", o->name, bau_type_word(o->type));
    return text ? text : "a field";
}

static bau_status misfit(const struct expr_operand *a, const struct expr_operand *b, struct bau_arena *arena,
                         struct bau_error *err)
{
    return bau_error_set(err, BAU_E_USAGE, "character %u of the condition: %s cannot be compared with %s",
                         a->at, describe(a, arena), describe(b, arena));
}

static void set_class(struct expr_operand *o, bau_type value_type, const struct bau_field *of,
                      const struct bau_field *const *fields)
{
    if (o->source == EXPR_LITERAL)
        return;
    o->of = o->source == EXPR_VALUE ? of : fields[o->field];
    o->type = o->source == EXPR_VALUE ? value_type : fields[o->field]->type;
    o->kind = class_of(o->type);
}

static bool is_number(enum expr_class c)
{
    return c == EXPR_INT || c == EXPR_DECIMAL || c == EXPR_FLOAT;
}

static bool is_instant(enum expr_class c)
{
    return c == EXPR_DATE || c == EXPR_TIMESTAMP;
}

static int nibble(uint8_t c)
{
    const int low = c | 0x20;
    return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static bool read_uuid(struct expr_operand *o)
{
    uint32_t n = 0;
    for (size_t i = 0; i < o->text.len; i++) {
        const int v = nibble(o->text.data[i]);
        if (o->text.data[i] == '-' && (i == 8 || i == 13 || i == 18 || i == 23))
            continue;
        if (v < 0 || n == 32)
            return false;
        o->uuid[n / 2] = (uint8_t)(n % 2 ? o->uuid[n / 2] | v : v << 4);
        n++;
    }
    return n == 32;
}

/* A text in quotes beside a uuid is one. */
static bool join_uuid(struct expr_operand *a, struct expr_operand *b)
{
    struct expr_operand *text = a->kind == EXPR_TEXT ? a : b, *uuid = a->kind == EXPR_TEXT ? b : a;
    return text->kind == EXPR_TEXT && text->source == EXPR_LITERAL && uuid->kind == EXPR_UUID &&
           read_uuid(text);
}

/* A float beside a decimal column has no exact answer. */
static bool inexact(const struct expr_operand *a, const struct expr_operand *b)
{
    return (a->kind == EXPR_FLOAT && b->kind == EXPR_DECIMAL && b->source != EXPR_LITERAL) ||
           (b->kind == EXPR_FLOAT && a->kind == EXPR_DECIMAL && a->source != EXPR_LITERAL);
}

static bool join(struct expr_operand *a, struct expr_operand *b, enum expr_class *out)
{
    *out = a->kind;
    if (a->kind == EXPR_NULL || b->kind == EXPR_NULL) {
        *out = EXPR_NULL;
        return true;
    }
    if (a->kind == b->kind)
        return a->kind != EXPR_OPAQUE;
    if (is_number(a->kind) && is_number(b->kind)) {
        *out = a->kind == EXPR_FLOAT || b->kind == EXPR_FLOAT ? EXPR_FLOAT : EXPR_DECIMAL;
        return !inexact(a, b);
    }
    if (is_instant(a->kind) && is_instant(b->kind)) {
        *out = EXPR_TIMESTAMP;
        return true;
    }
    *out = EXPR_UUID;
    return join_uuid(a, b);
}

/* A label that the enum does not have would never be equal; its order is the store's own. */
static bau_status check_labels(const struct expr_node *n, const struct expr_operand *b, struct bau_error *err)
{
    const bool left = n->a->of && n->a->of->n_labels, right = b->of && b->of->n_labels;
    const struct expr_operand *literal = left ? b : n->a;
    const struct bau_field *field = left ? n->a->of : right ? b->of : NULL;
    if (!field || n->op == EXPR_LIKE)
        return BAU_OK;
    if (n->op == EXPR_LT || n->op == EXPR_LE || n->op == EXPR_GT || n->op == EXPR_GE)
        return bau_error_set(err, BAU_E_USAGE, "character %u of the condition: the enum %s has no order here",
                             n->a->at, field->native);
    bool known = literal->source != EXPR_LITERAL || literal->kind == EXPR_NULL;
    for (uint32_t i = 0; !known && i < field->n_labels; i++)
        known = strlen(field->labels[i]) == literal->text.len &&
                memcmp(field->labels[i], literal->text.data, literal->text.len) == 0;
    return known ? BAU_OK
                 : bau_error_set(err, BAU_E_USAGE,
                                 "character %u of the condition: the enum %s has no such label", literal->at,
                                 field->native);
}

static bau_status check_like(const struct expr_node *n, struct bau_arena *arena, struct bau_error *err)
{
    const struct bau_slice pattern = n->list[0].text;
    size_t i = 0;
    if (n->a->kind != EXPR_TEXT)
        return bau_error_set(err, BAU_E_USAGE, "character %u of the condition: like is for texts, not for %s",
                             n->a->at, describe(n->a, arena));
    while (i < pattern.len)
        i += pattern.data[i] == '\\' ? 2 : 1;
    if (i > pattern.len)
        return bau_error_set(err, BAU_E_USAGE, "character %u of the condition: the pattern ends with \\",
                             n->list[0].at);
    return BAU_OK;
}

bau_status bau_expr_bind(struct bau_expr *expr, bau_type value_type, const struct bau_field *of,
                         const struct bau_field *const *fields, struct bau_arena *arena,
                         struct bau_error *err)
{
    for (struct expr_node *n = expr->first; n; n = n->next) {
        if (!n->a)
            continue;
        set_class(n->a, value_type, of, fields);
        for (uint32_t i = 0; i < n->n_list; i++) {
            set_class(&n->list[i], value_type, of, fields);
            if (n->op != EXPR_LIKE && !join(n->a, &n->list[i], &n->list[i].by))
                return misfit(n->a, &n->list[i], arena, err);
            BAU_TRY(check_labels(n, &n->list[i], err));
        }
        if (n->op == EXPR_LIKE)
            BAU_TRY(check_like(n, arena, err));
        if (n->op == EXPR_TRUTH && n->a->kind != EXPR_BOOL && n->a->kind != EXPR_NULL)
            return bau_error_set(err, BAU_E_USAGE,
                                 "character %u of the condition: %s is no condition; compare it", n->a->at,
                                 describe(n->a, arena));
    }
    return BAU_OK;
}
