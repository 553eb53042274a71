/* The tree behind expr.h, shared by its reader (expr.c), its type check (expr_bind.c) and its evaluation (expr_eval.c). */
#ifndef BAU_MASKERS_EXPR_TREE_H
#define BAU_MASKERS_EXPR_TREE_H

#include "maskers/expr.h"

enum expr_source { EXPR_FIELD, EXPR_VALUE, EXPR_LITERAL };

enum expr_class { /* what can be compared with what */
                  EXPR_NULL,
                  EXPR_BOOL,
                  EXPR_INT,
                  EXPR_DECIMAL,
                  EXPR_FLOAT,
                  EXPR_TEXT,
                  EXPR_DATE,
                  EXPR_TIMESTAMP,
                  EXPR_UUID,
                  EXPR_OPAQUE, /* only `is null` */
};

struct expr_operand {
    enum expr_source source;
    enum expr_class kind;
    enum expr_class by;         /* right side of EQ … GE, IN: both are compared as this */
    uint32_t at;                /* character, from 1 */
    uint32_t field;             /* FIELD */
    bau_type type;              /* FIELD, VALUE: once bound */
    const struct bau_field *of; /* their field; NULL: a value out of a document */
    const char *name;
    /* LITERAL */
    struct bau_slice text; /* TEXT: bytes; INT, DECIMAL: their spelling */
    int64_t integer;       /* INT; DATE days; TIMESTAMP microseconds; BOOL */
    double real;           /* INT, DECIMAL */
    uint8_t uuid[16];
};

enum expr_op {
    EXPR_AND,
    EXPR_OR,
    EXPR_NOT,
    EXPR_EQ,
    EXPR_NE,
    EXPR_LT,
    EXPR_LE,
    EXPR_GT,
    EXPR_GE,
    EXPR_IN,
    EXPR_LIKE,
    EXPR_IS_NULL,
    EXPR_TRUTH,
};

struct expr_node {
    enum expr_op op;
    const struct expr_node *left, *right; /* AND, OR, NOT */
    struct expr_operand *a;
    struct expr_operand *list; /* right side: one, or those of IN */
    uint32_t n_list;
    bool negated;           /* NOT IN, NOT LIKE, IS NOT NULL */
    struct expr_node *next; /* in order of reading, for the type check */
};

struct bau_expr {
    struct expr_node *root, *first;
};

#endif
