/* hstore: the values of PostgreSQL's hstore by key, in its text form: "a"=>"1", "b"=>NULL.
 *
 * Keys stay as they are; a null stays null. A key without a masker, and without `*`, stops the run, as an uncovered column does.
 * Source: PostgreSQL documentation, appendix F, hstore external representation. */
#include "maskers/inside.h"
#include "maskers/parts.h"
#include "maskers/quoted.h"

#define KEY_MOST 65535u /* what hstore itself takes */

struct config {
    struct bau_subs keys;
    uint32_t any; /* the sub of `*`, or keys.n */
    uint32_t max_chars;
};

static const struct bau_option options[] = {
    { "keys", BAU_OPTION_MASKERS, offsetof(struct config, keys), NULL, 0, 0,
      "Maskers by key; * for every other.", BAU_OPTION_REQUIRED | BAU_OPTION_PARTS, NULL, NULL, 0 },
    { 0 },
};

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    c->max_chars = with->max_chars;
    c->any = c->keys.n;
    for (uint32_t i = 0; i < c->keys.n; i++) {
        if (!*c->keys.at[i].label)
            return bau_error_set(err, BAU_E_USAGE, "keys: expected maskers by key, such as { phone: phone }");
        if (strcmp(c->keys.at[i].label, "*") == 0)
            c->any = i;
    }
    return BAU_OK;
}

struct scan {
    const struct config *config;
    struct bau_parts *parts;
    struct bau_error *err;
    uint32_t value;
    struct bau_slice text;
    size_t at;
    uint8_t key[KEY_MOST];
};

static bau_status fail(const struct scan *s)
{
    return bau_error_set(s->err, BAU_E_DATA, "row %" PRIu64 ": a text of %zu bytes is no hstore (byte %zu)",
                         bau_mask_row(s->parts->ctx, s->value), s->text.len, s->at);
}

static void skip_white(struct scan *s)
{
    while (s->at < s->text.len && strchr(" \t\n\r\v\f", s->text.data[s->at]) && s->text.data[s->at])
        s->at++;
}

/* A token, quoted or bare: its bytes with the quotes. */
static bool take_token(struct scan *s, struct bau_slice *out)
{
    const uint8_t *t = s->text.data;
    size_t n = 0;
    if (s->at < s->text.len && t[s->at] == '"') {
        n = bau_quoted_length(s->text, s->at, false);
    } else {
        for (; s->at + n < s->text.len && !strchr(" \t\n\r\v\f,=>\"", t[s->at + n]); n++)
            n += t[s->at + n] == '\\';
        if (s->at + n > s->text.len)
            n = 0;
    }
    *out = (struct bau_slice){ t + s->at, n };
    s->at += n;
    return n > 0;
}

static size_t decode_token(struct bau_slice token, uint8_t *to)
{
    const bool quoted = token.data[0] == '"';
    return bau_quoted_decode((struct bau_slice){ token.data + quoted, token.len - 2u * quoted }, false, to);
}

static bool is_null(struct bau_slice token)
{
    return token.len == 4 && (token.data[0] | 0x20) == 'n' && (token.data[1] | 0x20) == 'u' &&
           (token.data[2] | 0x20) == 'l' && (token.data[3] | 0x20) == 'l';
}

static bau_status scan_pair(struct scan *s)
{
    const struct config *c = s->config;
    struct bau_slice key, value;
    uint32_t sub = c->any;
    if (!take_token(s, &key) || key.len > KEY_MOST)
        return fail(s);
    skip_white(s);
    if (s->text.len - s->at < 2 || s->text.data[s->at] != '=' || s->text.data[s->at + 1] != '>')
        return fail(s);
    s->at += 2;
    skip_white(s);
    if (!take_token(s, &value))
        return fail(s);
    const size_t n = decode_token(key, s->key);
    for (uint32_t i = 0; i < c->keys.n; i++)
        if (i != c->any && strlen(c->keys.at[i].label) == n && memcmp(c->keys.at[i].label, s->key, n) == 0)
            sub = i;
    if (sub == c->keys.n) /* a key can be data */
        return bau_error_set(s->err, BAU_E_POLICY,
                             "row %" PRIu64 ": a key of %zu bytes is covered by no rule",
                             bau_mask_row(s->parts->ctx, s->value), n);
    if (is_null(value) || !c->keys.at[sub].masker)
        return BAU_OK;
    return bau_parts_add(s->parts, s->value, (size_t)(value.data - s->text.data), value.len, sub, 0, s->err);
}

static bau_status scan_one(struct scan *s)
{
    s->text = bau_column_value(s->parts->in, s->value);
    s->at = 0;
    skip_white(s);
    while (s->at < s->text.len) {
        BAU_TRY(scan_pair(s));
        skip_white(s);
        if (s->at == s->text.len)
            break;
        if (s->text.data[s->at++] != ',')
            return fail(s);
        skip_white(s);
        if (s->at == s->text.len)
            return fail(s);
    }
    return BAU_OK;
}

static bool decode(const void *config, uint32_t form, struct bau_slice from, uint8_t *to, size_t *len)
{
    (void)config;
    (void)form;
    *len = decode_token(from, to);
    return true;
}

static size_t room(const void *config, uint32_t form, struct bau_slice value)
{
    (void)config;
    (void)form;
    return 2 * value.len + 4;
}

static size_t encode(const void *config, uint32_t form, struct bau_slice v, bool present, uint8_t *to)
{
    (void)config;
    (void)form;
    if (present)
        return bau_quoted_encode(v, '\\', to);
    memcpy(to, "NULL", 4);
    return 4;
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    static const struct bau_parts_codec codec = { decode, room, encode };
    const struct config *c = config;
    const struct bau_column from = *in;
    struct bau_parts parts = {
        .ctx = ctx, .in = &from, .subs = &c->keys, .codec = &codec, .max_chars = c->max_chars
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

static void promises(const void *config, uint32_t *traits, uint32_t *leaks)
{
    const struct config *c = config;
    bau_subs_promise(c->keys.at, c->keys.n, traits, leaks);
    *traits &= BAU_DETERMINISTIC | BAU_KEYED;
    *traits |= BAU_KEEPS_SOME;
    *leaks |= BAU_LEAKS_FORMAT | BAU_LEAKS_VALUE;
}

const struct bau_masker bau_masker_hstore = {
    .name = "hstore",
    .summary = "Masks the values of an hstore by key; keys stay.",
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
    .example_in = "\"id\"=>\"4711\", \"tel\"=>\"+49 30 1234567\", \"old\"=>NULL",
    .example_options = "keys={id: permute, tel: phone, \"*\": redact}",
};
