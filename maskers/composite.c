/* composite: the fields of a PostgreSQL row value by position, in its text form: (1,"b ""x""",,t).
 *
 * A field that is empty without quotes is null and stays. A field without a masker, and without `*`, stops the run, as an uncovered
 * column does. A field that holds a row or an array itself is a text here; its masker may be `composite` again.
 * Source: PostgreSQL documentation, section 8.16.6, composite type input and output syntax. */
#include "maskers/inside.h"
#include "maskers/parts.h"
#include "maskers/quoted.h"

#define FIELDS_MOST 1600u /* of a PostgreSQL row */

struct config {
    struct bau_subs fields;
    uint32_t *sub_of; /* FIELDS_MOST + 1, by position; fields.n: none */
    uint32_t max_chars;
};

static const struct bau_option options[] = {
    { "fields", BAU_OPTION_MASKERS, offsetof(struct config, fields), NULL, 0, 0,
      "Maskers by position, from 1 on; * for every other.",
      BAU_OPTION_REQUIRED | BAU_OPTION_PARTS | BAU_OPTION_MEMBERS, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    uint32_t any = c->fields.n;
    c->max_chars = with->max_chars;
    c->sub_of = bau_arena_take(with->arena, (FIELDS_MOST + 1) * sizeof *c->sub_of);
    if (!c->sub_of)
        return bau_error_set(err, BAU_E_NOMEM, "fields");
    for (uint32_t i = 0; i < c->fields.n; i++)
        if (strcmp(c->fields.at[i].label, "*") == 0)
            any = i;
    for (uint32_t f = 0; f <= FIELDS_MOST; f++)
        c->sub_of[f] = any;
    for (uint32_t i = 0; i < c->fields.n; i++) {
        const char *label = c->fields.at[i].label, *p = label;
        uint32_t n = 0;
        for (; bau_is_digit((uint8_t)*p) && n <= FIELDS_MOST; p++)
            n = n * 10 + (uint32_t)(*p - '0');
        if (i == any)
            continue;
        if (*p || n < 1 || n > FIELDS_MOST || (c->sub_of[n] != any && c->sub_of[n] != c->fields.n))
            return bau_error_set(err, BAU_E_USAGE,
                                 "fields: '%.60s' is no position of a field, or stands there twice", label);
        c->sub_of[n] = i;
    }
    return BAU_OK;
}

struct scan {
    const struct config *config;
    struct bau_parts *parts;
    struct bau_error *err;
    uint32_t value, field;
    struct bau_slice text;
    size_t at;
};

static bau_status fail(const struct scan *s)
{
    return bau_error_set(s->err, BAU_E_DATA,
                         "row %" PRIu64 ": a text of %zu bytes is no row value (byte %zu)",
                         bau_mask_row(s->parts->ctx, s->value), s->text.len, s->at);
}

/* As PostgreSQL reads it: quoted and bare pieces may follow each other. */
static bool take_field(struct scan *s, struct bau_slice *out)
{
    const size_t from = s->at;
    const uint8_t *t = s->text.data;
    while (s->at < s->text.len && t[s->at] != ',' && t[s->at] != ')') {
        size_t n = t[s->at] == '\\' ? 2 : 1;
        if (t[s->at] == '"')
            n = bau_quoted_length(s->text, s->at, true);
        if (n == 0 || n > s->text.len - s->at || t[s->at] == '(')
            return false;
        s->at += n;
    }
    *out = (struct bau_slice){ t + from, s->at - from };
    return s->at < s->text.len;
}

static bau_status scan_one(struct scan *s)
{
    const struct config *c = s->config;
    struct bau_slice field;
    s->text = bau_column_value(s->parts->in, s->value);
    s->at = 0;
    if (s->text.len < 2 || s->text.data[0] != '(')
        return fail(s);
    for (s->field = 1; s->at == 0 || s->text.data[s->at] == ','; s->field++) {
        s->at++;
        if (!take_field(s, &field) || s->field > FIELDS_MOST)
            return fail(s);
        const uint32_t sub = c->sub_of[s->field];
        if (field.len == 0)
            continue;
        if (sub == c->fields.n)
            return bau_error_set(s->err, BAU_E_POLICY,
                                 "row %" PRIu64 ": field %u of a row value is covered by no rule",
                                 bau_mask_row(s->parts->ctx, s->value), s->field);
        if (c->fields.at[sub].masker)
            BAU_TRY(bau_parts_add(s->parts, s->value, (size_t)(field.data - s->text.data), field.len, sub, 0,
                                  s->err));
    }
    return s->at + 1 == s->text.len ? BAU_OK : fail(s);
}

/* Quotes open and close anywhere; inside them two are one. */
static bool decode(const void *config, uint32_t form, struct bau_slice from, uint8_t *to, size_t *len)
{
    size_t n = 0;
    bool inside = false;
    (void)config;
    (void)form;
    for (size_t i = 0; i < from.len; i++) {
        const uint8_t c = from.data[i];
        if (c == '\\' && i + 1 < from.len) {
            to[n++] = from.data[++i];
        } else if (c == '"' && inside && i + 1 < from.len && from.data[i + 1] == '"') {
            to[n++] = '"';
            i++;
        } else if (c == '"') {
            inside = !inside;
        } else {
            to[n++] = c;
        }
    }
    *len = n;
    return true;
}

static size_t room(const void *config, uint32_t form, struct bau_slice value)
{
    (void)config;
    (void)form;
    return 2 * value.len + 2;
}

/* Quotes where PostgreSQL's own output has them. */
static size_t encode(const void *config, uint32_t form, struct bau_slice v, bool present, uint8_t *to)
{
    bool quotes = v.len == 0;
    (void)config;
    (void)form;
    if (!present)
        return 0;
    for (size_t i = 0; !quotes && i < v.len; i++)
        quotes = v.data[i] && strchr("\"\\(), \t\n\r\v\f", v.data[i]) != NULL;
    if (quotes)
        return bau_quoted_encode(v, '"', to);
    memcpy(to, v.data, v.len);
    return v.len;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    static const struct bau_parts_codec codec = { decode, room, encode };
    const struct config *c = config;
    const struct bau_column from = *in;
    struct bau_parts parts = {
        .ctx = ctx, .in = &from, .subs = &c->fields, .codec = &codec, .max_chars = c->max_chars
    };
    struct scan s = { .config = c, .parts = &parts, .err = err };
    for (s.value = 0; s.value < from.n_values; s.value++)
        if (bau_column_present(&from, s.value))
            BAU_TRY(scan_one(&s));
    return bau_parts_apply(&parts, out, err);
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    (void)type;
    return bau_parts_widest(c->max_chars);
}

static void promises(const void *config, uint32_t *traits, uint32_t *leaks)
{
    const struct config *c = config;
    bau_subs_promise(c->fields.at, c->fields.n, traits, leaks);
    *traits &= BAU_DETERMINISTIC | BAU_KEYED;
    *traits |= BAU_KEEPS_SOME;
    *leaks |= BAU_LEAKS_FORMAT | BAU_LEAKS_VALUE;
}

const struct bau_masker bau_masker_composite = {
    .name = "composite",
    .summary = "Masks the fields of a PostgreSQL row value by position.",
    .accepts = BAU_TYPE_BIT(BAU_TEXT),
    .traits = BAU_DETERMINISTIC | BAU_KEEPS_SOME,
    .leaks = BAU_LEAKS_FORMAT | BAU_LEAKS_VALUE,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .promises = promises,
    .example_in = "(4711,\"Ada Lovelace\",,t)",
    .example_options = "fields={1: permute, 2: person_name, \"*\": {keep: flags}}",
};
