/* Reads conditions: a hand-written recursive descent, one function a rule of the grammar in expr.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "maskers/expr_tree.h"

#define NUMBER_MOST 60 /* digits of a number in a condition */

enum token { END, WORD, QUOTED, STRING, NUMBER, SIGN, BROKEN };

struct reader {
    const char *text, *at; /* at: behind the token */
    struct bau_arena *arena;
    struct bau_error *err;
    struct bau_texts *names;
    uint32_t room, n_nodes, depth;
    struct expr_node *first, *last;
    enum token token;
    const char *from; /* of the token */
    size_t len;
};

/* Characters before `p`, plus one. */
static uint32_t place(const struct reader *r, const char *p)
{
    uint32_t n = 1;
    for (const char *c = r->text; c < p; c++)
        n += ((uint8_t)*c & 0xC0u) != 0x80u;
    return n;
}

static bau_status fail(const struct reader *r, const char *what)
{
    return bau_error_set(r->err, BAU_E_USAGE, "character %u of the condition: %s", place(r, r->from), what);
}

static bool word_char(char c, bool first)
{
    const char low = (char)(c | 0x20);
    return (low >= 'a' && low <= 'z') || c == '_' || (uint8_t)c >= 0x80 ||
           (!first && ((c >= '0' && c <= '9') || c == '$'));
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Behind the closing quote; NULL when there is none. */
static const char *quoted_end(const char *p)
{
    const char quote = *p++;
    for (; *p; p++)
        if (*p == quote && *++p != quote)
            return p;
    return NULL;
}

static size_t number_length(const char *p)
{
    const char *from = p;
    p += *p == '-' || *p == '+';
    while (digit(*p))
        p++;
    if (*p == '.' && digit(p[1]))
        for (p++; digit(*p);)
            p++;
    return (size_t)(p - from);
}

static size_t sign_length(const char *p)
{
    static const char *const signs[] = { "<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", "," };
    for (size_t i = 0; i < BAU_COUNT(signs); i++)
        if (strncmp(p, signs[i], strlen(signs[i])) == 0)
            return strlen(signs[i]);
    return 0;
}

static void next(struct reader *r)
{
    const char *p = r->at + strspn(r->at, " \t\r\n"), *end = p;
    r->from = p;
    r->token = END;
    if (word_char(*p, true)) {
        r->token = WORD;
        while (word_char(*end, false))
            end++;
    } else if (*p == '\'' || *p == '"') {
        end = quoted_end(p);
        r->token = !end ? BROKEN : *p == '"' ? QUOTED : STRING;
    } else if (digit(*p) || ((*p == '-' || *p == '+') && digit(p[1]))) {
        r->token = NUMBER;
        end += number_length(p);
    } else if (*p) {
        end += sign_length(p);
        r->token = end == p ? BROKEN : SIGN;
    }
    r->at = end ? end : p;
    r->len = (size_t)(r->at - p);
}

static bool is_word(const struct reader *r, const char *word)
{
    return r->token == WORD && strlen(word) == r->len && strncasecmp(r->from, word, r->len) == 0;
}

static bool take_word(struct reader *r, const char *word)
{
    if (!is_word(r, word))
        return false;
    next(r);
    return true;
}

static bool take_sign(struct reader *r, const char *sign)
{
    if (r->token != SIGN || strlen(sign) != r->len || strncmp(r->from, sign, r->len) != 0)
        return false;
    next(r);
    return true;
}

/* What stands between the quotes, doubled quotes once. */
static char *unquote(const struct reader *r, size_t *len)
{
    char *out = bau_arena_take(r->arena, r->len + 1);
    size_t n = 0;
    for (size_t i = 1; out && i + 1 < r->len; i++) {
        out[n++] = r->from[i];
        i += r->from[i] == r->from[0];
    }
    if (out)
        out[n] = '\0';
    *len = n;
    return out;
}

/* ── operands ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bau_status add_name(struct reader *r, const char *name, struct expr_operand *out)
{
    struct bau_texts *names = r->names;
    out->source = EXPR_FIELD;
    out->name = name;
    if (!*name)
        return fail(r, "the name of a field is empty");
    for (out->field = 0; out->field < names->n; out->field++)
        if (strcmp(names->at[out->field], name) == 0)
            return BAU_OK;
    if (names->n == r->room)
        return fail(r, "too many fields are named");
    names->at[names->n++] = name;
    return BAU_OK;
}

static bau_status read_number(struct reader *r, struct expr_operand *out)
{
    char text[NUMBER_MOST + 4];
    if (r->len > NUMBER_MOST)
        return fail(r, "the number has too many digits");
    const bool plus = *r->from == '+';
    memcpy(text, r->from + plus, r->len - plus);
    text[r->len - plus] = '\0';
    char *copy = bau_arena_text(r->arena, text), *end;
    if (!copy)
        return bau_error_set(r->err, BAU_E_NOMEM, "condition");
    out->text = (struct bau_slice){ (const uint8_t *)copy, strlen(copy) };
    out->real = strtod(copy, NULL);
    errno = 0;
    out->integer = strtoll(copy, &end, 10);
    out->kind = *end || errno ? EXPR_DECIMAL : EXPR_INT;
    return BAU_OK;
}

/* `n` digits. */
static bool digits(const char **p, unsigned n, int64_t *out)
{
    for (*out = 0; n > 0; n--, ++*p) {
        if (!digit(**p))
            return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. Source: Howard Hinnant, chrono dates. */
static bool read_date(const char **p, int64_t *out_days)
{
    static const uint8_t length[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t year, month, day;
    if (!digits(p, 4, &year) || *(*p)++ != '-' || !digits(p, 2, &month) || *(*p)++ != '-' ||
        !digits(p, 2, &day))
        return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > length[month - 1] ||
        (month == 2 && day == 29 && !leap))
        return false;
    year -= month <= 2;
    const int64_t era = year / 400, of_era = year % 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    *out_days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    return true;
}

/* "12:30", "12:30:05", "12:30:05.25" in microseconds. */
static bool read_time(const char **p, int64_t *out_us)
{
    int64_t hour, minute, second = 0, unit = 100000, us = 0;
    if (!digits(p, 2, &hour) || *(*p)++ != ':' || !digits(p, 2, &minute) || hour > 23 || minute > 59)
        return false;
    if (**p == ':' && (++*p, !digits(p, 2, &second) || second > 59))
        return false;
    if (**p == '.')
        for (++*p; digit(**p) && unit > 0; ++*p, unit /= 10)
            us += (**p - '0') * unit;
    *out_us = (hour * 3600 + minute * 60 + second) * INT64_C(1000000) + us;
    return true;
}

static bau_status read_instant(struct reader *r, bool whole_day, struct expr_operand *out)
{
    size_t len;
    const char *text = unquote(r, &len), *p = text;
    int64_t days, us = 0;
    if (!text)
        return bau_error_set(r->err, BAU_E_NOMEM, "condition");
    bool good = read_date(&p, &days);
    if (good && !whole_day && (*p == ' ' || *p == 'T'))
        good = (p++, read_time(&p, &us));
    if (!good || p != text + len)
        return fail(r, whole_day ? "expected a date such as date '2020-01-31'"
                                 : "expected a timestamp such as timestamp '2020-01-31 12:30:00'");
    out->kind = whole_day ? EXPR_DATE : EXPR_TIMESTAMP;
    out->integer = whole_day ? days : days * INT64_C(86400000000) + us;
    return BAU_OK;
}

static bool is_keyword(const struct reader *r)
{
    static const char *const words[] = { "and", "or", "not", "in", "is", "like" };
    for (size_t i = 0; i < BAU_COUNT(words); i++)
        if (is_word(r, words[i]))
            return true;
    return false;
}

static bau_status read_word(struct reader *r, struct expr_operand *out)
{
    const bool day = is_word(r, "date"), moment = is_word(r, "timestamp");
    out->source = EXPR_LITERAL;
    if (is_word(r, "true") || is_word(r, "false")) {
        out->kind = EXPR_BOOL;
        out->integer = is_word(r, "true");
    } else if (is_word(r, "null")) {
        out->kind = EXPR_NULL;
    } else if (is_word(r, "value")) {
        out->source = EXPR_VALUE;
        out->name = "value";
    } else if ((day || moment) && r->at[strspn(r->at, " \t\r\n")] == '\'') {
        next(r);
        return r->token == STRING ? read_instant(r, day, out) : fail(r, "the quote does not close");
    } else if (is_keyword(r)) {
        return fail(r, "expected a field, value or a literal");
    } else {
        const char *name = bau_arena_textn(r->arena, r->from, r->len);
        return name ? add_name(r, name, out) : bau_error_set(r->err, BAU_E_NOMEM, "condition");
    }
    return BAU_OK;
}

static bau_status read_operand(struct reader *r, struct expr_operand *out)
{
    size_t len = 0;
    *out = (struct expr_operand){ .source = EXPR_LITERAL, .at = place(r, r->from) };
    if (++r->n_nodes > BAU_EXPR_NODES)
        return fail(r, "the condition is too long");
    const char *text = r->token == QUOTED || r->token == STRING ? unquote(r, &len) : "";
    if (!text)
        return bau_error_set(r->err, BAU_E_NOMEM, "condition");
    switch (r->token) {
    case WORD: BAU_TRY(read_word(r, out)); break;
    case QUOTED: BAU_TRY(add_name(r, text, out)); break;
    case STRING:
        out->kind = EXPR_TEXT;
        out->text = (struct bau_slice){ (const uint8_t *)text, len };
        break;
    case NUMBER: BAU_TRY(read_number(r, out)); break;
    case BROKEN:
        return fail(r, *r->from == '\'' || *r->from == '"' ? "the quote does not close" : "unknown sign");
    case END:
    case SIGN: return fail(r, "expected a field, value or a literal");
    }
    next(r);
    return BAU_OK;
}

/* ── tests and what joins them ───────────────────────────────────────────────────────────────────────────────────── */

static bau_status new_node(struct reader *r, enum expr_op op, struct expr_node **out)
{
    struct expr_node *node = bau_arena_zero(r->arena, sizeof *node);
    if (!node)
        return bau_error_set(r->err, BAU_E_NOMEM, "condition");
    if (++r->n_nodes > BAU_EXPR_NODES)
        return fail(r, "the condition is too long");
    node->op = op;
    if (r->last)
        r->last->next = node;
    else
        r->first = node;
    r->last = node;
    *out = node;
    return BAU_OK;
}

static bau_status new_operands(struct reader *r, uint32_t n, struct expr_operand **out)
{
    *out = bau_arena_zero(r->arena, n * sizeof **out);
    return *out ? BAU_OK : bau_error_set(r->err, BAU_E_NOMEM, "condition");
}

static bau_status read_list(struct reader *r, struct expr_node *node)
{
    uint32_t room = 8;
    BAU_TRY(new_operands(r, room, &node->list));
    if (!take_sign(r, "("))
        return fail(r, "expected ( after in");
    do {
        if (node->n_list == room) {
            struct expr_operand *grown;
            BAU_TRY(new_operands(r, 2 * room, &grown));
            memcpy(grown, node->list, room * sizeof *grown);
            node->list = grown;
            room *= 2;
        }
        BAU_TRY(read_operand(r, &node->list[node->n_list++]));
    } while (take_sign(r, ","));
    return take_sign(r, ")") ? BAU_OK : fail(r, "expected , or )");
}

static bau_status read_test(struct reader *r, struct expr_node **out)
{
    static const struct {
        const char *sign;
        enum expr_op op;
    } signs[] = { { "=", EXPR_EQ },  { "<>", EXPR_NE }, { "!=", EXPR_NE }, { "<", EXPR_LT },
                  { "<=", EXPR_LE }, { ">", EXPR_GT },  { ">=", EXPR_GE } };
    struct expr_node *node = NULL;
    BAU_TRY(new_node(r, EXPR_TRUTH, &node));
    *out = node;
    BAU_TRY(new_operands(r, 1, &node->a));
    BAU_TRY(read_operand(r, node->a));
    for (size_t i = 0; i < BAU_COUNT(signs); i++) {
        if (!take_sign(r, signs[i].sign))
            continue;
        node->op = signs[i].op;
        node->n_list = 1;
        BAU_TRY(new_operands(r, 1, &node->list));
        return read_operand(r, node->list);
    }
    if (take_word(r, "is")) {
        node->op = EXPR_IS_NULL;
        node->negated = take_word(r, "not");
        return take_word(r, "null") ? BAU_OK : fail(r, "expected null");
    }
    node->negated = take_word(r, "not");
    if (take_word(r, "in")) {
        node->op = EXPR_IN;
        return read_list(r, node);
    }
    if (take_word(r, "like")) {
        node->op = EXPR_LIKE;
        node->n_list = 1;
        BAU_TRY(new_operands(r, 1, &node->list));
        if (r->token != STRING)
            return fail(r, "expected a pattern in quotes after like");
        return read_operand(r, node->list);
    }
    return node->negated ? fail(r, "expected in or like") : BAU_OK;
}

static bau_status read_or(struct reader *r, struct expr_node **out) BAU_MUST_CHECK;

static bau_status read_unit(struct reader *r, struct expr_node **out)
{
    struct expr_node *inner = NULL;
    bool negated = false;
    if (++r->depth > BAU_EXPR_DEPTH)
        return fail(r, "the condition is nested too deeply");
    while (take_word(r, "not"))
        negated = !negated;
    if (take_sign(r, "(")) {
        BAU_TRY(read_or(r, &inner));
        if (!take_sign(r, ")"))
            return fail(r, "expected )");
    } else {
        BAU_TRY(read_test(r, &inner));
    }
    r->depth--;
    *out = inner;
    if (!negated)
        return BAU_OK;
    BAU_TRY(new_node(r, EXPR_NOT, out));
    (*out)->left = inner;
    return BAU_OK;
}

static bau_status read_and(struct reader *r, struct expr_node **out)
{
    BAU_TRY(read_unit(r, out));
    while (take_word(r, "and")) {
        struct expr_node *node = NULL, *left = *out, *right;
        BAU_TRY(read_unit(r, &right));
        BAU_TRY(new_node(r, EXPR_AND, &node));
        node->left = left;
        node->right = right;
        *out = node;
    }
    return BAU_OK;
}

static bau_status read_or(struct reader *r, struct expr_node **out)
{
    BAU_TRY(read_and(r, out));
    while (take_word(r, "or")) {
        struct expr_node *node = NULL, *left = *out, *right;
        BAU_TRY(read_and(r, &right));
        BAU_TRY(new_node(r, EXPR_OR, &node));
        node->left = left;
        node->right = right;
        *out = node;
    }
    return BAU_OK;
}

bau_status bau_expr_parse(const char *text, struct bau_texts *names, uint32_t room, struct bau_arena *arena,
                          struct bau_expr **out, struct bau_error *err)
{
    struct reader r = { .text = text, .at = text, .arena = arena, .err = err, .names = names, .room = room };
    struct bau_expr *expr = bau_arena_zero(arena, sizeof *expr);
    if (!expr)
        return bau_error_set(err, BAU_E_NOMEM, "condition");
    next(&r);
    BAU_TRY(read_or(&r, &expr->root));
    if (r.token != END)
        return fail(&r, "expected and, or, or the end of the condition");
    expr->first = r.first;
    *out = expr;
    return BAU_OK;
}
