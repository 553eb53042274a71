/* csv_cell: a text that holds comma-separated values, one record or several, each column masked in its own way.
 *
 * Quotes as in RFC 4180: a cell that begins with " ends with ", and "" inside stands for one. Records end with a line feed,
 * maybe after a carriage return. A cell that is empty without quotes is no value and stays. Columns are named by number, or by
 * what the first record says when it is a header; a header stays as it is. A column without a masker, and without `*`, stops the
 * run, as an uncovered column does. */
#include "maskers/inside.h"
#include "maskers/parts.h"

#define COLUMNS_MOST 4096u
#define NO_SUB (UINT32_MAX - 1u)

enum { PLAIN, QUOTED };

struct config {
    const char *delimiter;
    bool header;
    struct bau_subs columns;
    uint32_t *numbers; /* of each sub; 0: by name or `*` */
    uint32_t any;      /* the sub of `*`, or NO_SUB */
    uint32_t max_chars;
};

static const struct bau_option options[] = {
    { "delimiter", BAU_OPTION_TEXT, offsetof(struct config, delimiter), ",", 0, 0,
      "The character between cells.", 0, NULL, "CHAR", 0 },
    { "header", BAU_OPTION_BOOL, offsetof(struct config, header), "false", 0, 0,
      "Whether the first record of each text names the columns.", 0, NULL, NULL, 0 },
    { "columns", BAU_OPTION_MASKERS, offsetof(struct config, columns), NULL, 0, 0,
      "Maskers by column: its number from 1 on, its name in the header, or * for every other.",
      BAU_OPTION_REQUIRED | BAU_OPTION_PARTS, NULL, NULL, 0 },
    { 0 },
};

static bool read_number(const char *label, uint32_t *out)
{
    uint32_t n = 0;
    for (; bau_is_digit((uint8_t)*label) && n <= COLUMNS_MOST; label++)
        n = n * 10 + (uint32_t)(*label - '0');
    *out = n;
    return *label == '\0' && n >= 1 && n <= COLUMNS_MOST;
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    const uint8_t d = (uint8_t)c->delimiter[0];
    c->max_chars = with->max_chars;
    c->any = NO_SUB;
    c->numbers = bau_arena_zero(with->arena, ((size_t)c->columns.n + 1) * sizeof *c->numbers);
    if (!c->numbers)
        return bau_error_set(err, BAU_E_NOMEM, "columns");
    if (strlen(c->delimiter) != 1 || (d < 0x20 && d != '\t') || d > 0x7E || d == '"')
        return bau_error_set(err, BAU_E_USAGE, "delimiter must be one character of ASCII, and not a quote");
    for (uint32_t i = 0; i < c->columns.n; i++) {
        const char *label = c->columns.at[i].label;
        const bool number = read_number(label, &c->numbers[i]);
        if (strcmp(label, "*") == 0)
            c->any = i;
        else if (!number && (!c->header || !*label))
            return bau_error_set(
                err, BAU_E_USAGE,
                "'%.60s' is no number of a column, and without a header columns have no names", label);
        if (!number)
            c->numbers[i] = 0;
        for (uint32_t k = 0; k < i; k++)
            if (number && c->numbers[k] == c->numbers[i])
                return bau_error_set(err, BAU_E_USAGE, "column %u has two maskers", c->numbers[i]);
    }
    return BAU_OK;
}

/* ── scan ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

struct scan {
    const struct config *config;
    struct bau_parts *parts;
    struct bau_error *err;
    uint32_t value;
    struct bau_slice text;
    size_t at;
    uint32_t column; /* from 1 */
    bool in_header;
    uint32_t subs[COLUMNS_MOST + 1]; /* what the header says of each column */
    uint32_t n_named;
};

static bau_status fail(const struct scan *s, const char *what)
{
    return bau_error_set(s->err, BAU_E_DATA, "row %" PRIu64 ": %s (byte %zu of %zu)",
                         bau_mask_row(s->parts->ctx, s->value), what, s->at, s->text.len);
}

static size_t unquote(struct bau_slice from, uint8_t *to)
{
    size_t n = 0;
    for (size_t i = 0; i < from.len; i++) {
        to[n++] = from.data[i];
        i += from.data[i] == '"';
    }
    return n;
}

/* The sub whose label is this cell of a header; `*` never is. */
static bau_status name_column(struct scan *s, struct bau_slice cell, bool quoted)
{
    const struct bau_subs *columns = &s->config->columns;
    uint8_t name[256];
    size_t n = SIZE_MAX;
    if (s->column > COLUMNS_MOST)
        return fail(s, "has too many columns");
    s->subs[s->column] = NO_SUB;
    s->n_named = s->column;
    if (cell.len <= sizeof name)
        n = quoted ? unquote(cell, name) : (memcpy(name, cell.data, cell.len), cell.len);
    for (uint32_t i = 0; i < columns->n; i++)
        if (s->config->numbers[i] == 0 && i != s->config->any && strlen(columns->at[i].label) == n &&
            memcmp(columns->at[i].label, name, n) == 0)
            s->subs[s->column] = i;
    return BAU_OK;
}

static uint32_t sub_of(const struct scan *s)
{
    for (uint32_t i = 0; i < s->config->columns.n; i++)
        if (s->config->numbers[i] == s->column)
            return i;
    if (s->column <= s->n_named && s->subs[s->column] != NO_SUB)
        return s->subs[s->column];
    return s->config->any;
}

static bau_status cell(struct scan *s, size_t from, size_t len, bool quoted)
{
    if (s->in_header)
        return name_column(s, (struct bau_slice){ s->text.data + from, len }, quoted);
    if (len == 0 && !quoted)
        return BAU_OK;
    const uint32_t sub = sub_of(s);
    if (sub == NO_SUB)
        return bau_error_set(s->err, BAU_E_POLICY,
                             "row %" PRIu64 ": column %u of a CSV text is covered by no rule",
                             bau_mask_row(s->parts->ctx, s->value), s->column);
    if (!s->config->columns.at[sub].masker) /* keep */
        return BAU_OK;
    /* quotes belong to the part: what comes out may need them, or no more */
    return bau_parts_add(s->parts, s->value, from - quoted, len + 2u * quoted, sub, quoted ? QUOTED : PLAIN,
                         s->err);
}

/* From the cell's first byte to the delimiter, line end or end behind it. */
static bau_status scan_cell(struct scan *s)
{
    const uint8_t *t = s->text.data, delimiter = (uint8_t)s->config->delimiter[0];
    const bool quoted = s->at < s->text.len && t[s->at] == '"';
    size_t from = s->at + quoted, to = from;
    if (quoted) {
        for (; to < s->text.len && (t[to] != '"' || (to + 1 < s->text.len && t[to + 1] == '"')); to++)
            to += t[to] == '"';
        if (to >= s->text.len)
            return fail(s, "is no CSV: a quote does not close");
        s->at = to + 1;
    } else {
        for (; to < s->text.len && t[to] != delimiter && t[to] != '\n' && t[to] != '\r'; to++)
            if (t[to] == '"')
                return fail(s, "is no CSV: a quote stands inside a cell that does not begin with one");
        s->at = to;
    }
    if (s->at < s->text.len && t[s->at] != delimiter && t[s->at] != '\n' &&
        !(t[s->at] == '\r' && s->at + 1 < s->text.len && t[s->at + 1] == '\n'))
        return fail(s, "is no CSV: something stands between a cell and the next");
    return cell(s, from, to - from, quoted);
}

static bau_status scan_one(struct scan *s)
{
    s->text = bau_column_value(s->parts->in, s->value);
    s->at = 0;
    s->column = 1;
    s->n_named = 0;
    s->in_header = s->config->header;
    while (s->at < s->text.len || s->column > 1) {
        BAU_TRY(scan_cell(s));
        if (s->at >= s->text.len)
            break;
        const bool record = s->text.data[s->at] != (uint8_t)s->config->delimiter[0];
        s->at += record && s->text.data[s->at] == '\r' ? 2 : 1;
        s->column = record ? 1 : s->column + 1;
        s->in_header = s->in_header && !record;
    }
    return BAU_OK;
}

/* ── values in and out ───────────────────────────────────────────────────────────────────────────────────────────── */

static bool decode(const void *config, uint32_t form, struct bau_slice from, uint8_t *to, size_t *len)
{
    (void)config;
    if (form == QUOTED)
        *len = unquote((struct bau_slice){ from.data + 1, from.len - 2 }, to);
    else
        memcpy(to, from.data, from.len);
    return true;
}

static size_t room(const void *config, uint32_t form, struct bau_slice value)
{
    (void)config;
    (void)form;
    return 2 * value.len + 2;
}

/* Quotes where they were or are needed; a null is an empty cell. */
static size_t encode(const void *config, uint32_t form, struct bau_slice v, bool present, uint8_t *to)
{
    const struct config *c = config;
    bool quotes = form == QUOTED || v.len == 0;
    for (size_t i = 0; !quotes && i < v.len; i++)
        quotes = v.data[i] == '"' || v.data[i] == '\n' || v.data[i] == '\r' ||
                 v.data[i] == (uint8_t)c->delimiter[0];
    if (!present)
        return 0;
    if (!quotes) {
        memcpy(to, v.data, v.len);
        return v.len;
    }
    uint8_t *dst = to;
    *dst++ = '"';
    for (size_t i = 0; i < v.len; i++) {
        *dst++ = v.data[i];
        if (v.data[i] == '"')
            *dst++ = '"';
    }
    *dst++ = '"';
    return (size_t)(dst - to);
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    static const struct bau_parts_codec codec = { decode, room, encode };
    const struct config *c = config;
    const struct bau_column from = *in;
    struct bau_parts parts = {
        .ctx = ctx, .in = &from, .subs = &c->columns, .codec = &codec, .config = c, .max_chars = c->max_chars
    };
    struct scan *s = ctx->scratch;
    s->config = c;
    s->parts = &parts;
    s->err = err;
    for (s->value = 0; s->value < from.n_values; s->value++)
        if (bau_column_present(&from, s->value))
            BAU_TRY(scan_one(s));
    return bau_parts_apply(&parts, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return bau_parts_widest(c->max_chars);
}

/* Nulls become empty cells; empty cells and a header stay. */
static void promises(const void *config, uint32_t *traits, uint32_t *leaks)
{
    const struct config *c = config;
    bau_subs_promise(c->columns.at, c->columns.n, traits, leaks);
    *traits &= BAU_DETERMINISTIC | BAU_KEYED;
    *traits |= BAU_KEEPS_SOME;
    *leaks |= BAU_LEAKS_FORMAT | BAU_LEAKS_VALUE;
}

const struct bau_masker bau_masker_csv_cell = {
    .name = "csv_cell",
    .summary = "Masks the columns of a text that holds comma-separated values.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_FORMAT | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .scratch_bytes = sizeof(struct scan),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .promises = promises,
    .example_in = "4711,\"Lovelace, Ada\"",
    .example_options = "columns={1: permute, 2: person_name}",
};
