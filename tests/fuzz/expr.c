/* Conditions: no text may crash the reader, and what it reads gives one of three answers for every row. */
#include <stdlib.h>
#include <string.h>

#include "maskers/expr.h"

enum { NAMES = 8, ROWS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const bau_type types[NAMES] = { BAU_TEXT, BAU_I32,  BAU_NUMERIC, BAU_F64,
                                       BAU_BOOL, BAU_DATE, BAU_UUID,    BAU_TIMESTAMP };

static void fill(struct bau_column *c, bau_type type, struct bau_arena *arena)
{
    const struct bau_column shape = { .form = BAU_FORM_TYPED, .type = type, .n_values = ROWS };
    struct bau_error err;
    if (bau_column_make(c, &shape, type, 64, arena, &err) != BAU_OK)
        abort();
    if (c->offsets) {
        memcpy(c->data, type == BAU_NUMERIC ? "-1.520" : "aB%_xy", 6);
        c->offsets[1] = 4;
        c->offsets[2] = c->offsets[3] = 6;
    } else {
        for (uint32_t i = 0; i < ROWS * bau_type_width(type); i++)
            ((uint8_t *)c->data)[i] = type == BAU_BOOL ? i % 2 : (uint8_t)(i * 37);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bau_arena *arena = bau_arena_new(4096, BAU_ARENA_PLAIN);
    char *text = arena ? bau_arena_textn(arena, (const char *)data, size) : NULL;
    const char *room[NAMES];
    struct bau_texts names = { .at = room };
    struct bau_expr *expr;
    struct bau_error err;
    if (text && size < 65536 && bau_expr_parse(text, &names, NAMES, arena, &expr, &err) == BAU_OK) {
        struct bau_field field[NAMES];
        struct bau_column column[NAMES];
        const struct bau_field *fields[NAMES];
        const struct bau_column *columns[NAMES];
        uint8_t truth[ROWS];
        for (uint32_t i = 0; i < NAMES; i++) {
            field[i] = (struct bau_field){ .name = "x", .type = types[(i + size) % NAMES] };
            fields[i] = &field[i];
            fill(&column[i], field[i].type, arena);
            columns[i] = &column[i];
        }
        if (bau_expr_bind(expr, field[0].type, NULL, fields, arena, &err) == BAU_OK) {
            if (bau_expr_eval(expr, &column[0], columns, NULL, arena, truth, &err) != BAU_OK)
                abort();
            for (uint32_t i = 0; i < ROWS; i++)
                if (truth[i] > BAU_EXPR_TRUE)
                    abort();
        }
    }
    bau_arena_free(arena);
    return 0;
}
