/* categorical: one of a list of labels, drawn by weight.
 *
 *   per: value   from the PRF of the value: equal values get equal labels
 *   per: row     from the PRF of the field `by` under a key of its own, whatever the value. Fields with one `by` draw alike:
 *                give them different domains where that shows
 *
 * Without `values` the labels are those of an enum column, or true and false, all equally likely. With r drawn uniformly from
 * [0, sum of weights) the label is the first one whose running sum of weights exceeds r. A label may by chance be the value
 * that was there. */
#include "maskers/decimal.h"
#include "src/kernel/kernels.h"

enum { PER_VALUE, PER_ROW };
enum { LABELS_MAX = 65536 };

struct label {
    const uint8_t *bytes;
    uint32_t len;
    int64_t number; /* integers and booleans */
};

struct config {
    struct bau_texts values;
    uint32_t per;
    const char *by;
    uint32_t n;
    struct label *labels;
    uint64_t *sums; /* running sums of weights */
    uint32_t longest, widest;
    const struct bau_mask_key *key;
    struct bau_prf row; /* per: row */
};

static const struct bau_option options[] = {
    { "values", BAU_OPTION_TEXTS, offsetof(struct config, values), NULL, 0, 0,
      "The labels, each with a weight after = if they are not equally likely, such as new=5; several in one "
      "text are "
      "separated by |. Default: the labels of the enum, or true and false.",
      0, NULL, "LABEL", 0 },
    { "per", BAU_OPTION_CHOICE, offsetof(struct config, per), "value", 0, 0,
      "Whether equal values get equal labels, or every row of `by` its own.", 0, "value|row", NULL, 0 },
    { "by", BAU_OPTION_TEXT, offsetof(struct config, by), NULL, 0, 0,
      "With per row: the field that tells rows apart.", BAU_OPTION_FIELD, NULL, "FIELD", 0 },
    { 0 },
};

/* ---- bind ---- */

static bau_status add_label(struct config *c, const char *text, size_t len, uint64_t weight,
                            const struct bau_mask_bind *with, struct bau_error *err)
{
    struct label l = { .bytes = (const uint8_t *)text, .len = (uint32_t)len };
    uint32_t chars = 0;
    struct bau_decimal d = { 0 };
    bool good = true;
    for (size_t i = 0; i < len; i++)
        chars += (l.bytes[i] & 0xC0u) != 0x80u;
    if (with->type == BAU_TEXT) {
        good = with->max_chars == 0 || chars <= with->max_chars;
        const uint32_t n = with->field ? with->field->n_labels : 0;
        bool known = n == 0;
        for (uint32_t i = 0; i < n && !known; i++)
            known = strlen(with->field->labels[i]) == len && memcmp(with->field->labels[i], text, len) == 0;
        good = good && known;
    } else if (with->type == BAU_BOOL) {
        l.number = (len == 4 && memcmp(text, "true", 4) == 0) || (len == 1 && *text == '1');
        good = l.number || (len == 5 && memcmp(text, "false", 5) == 0) || (len == 1 && *text == '0');
    } else {
        struct bau_room room;
        good = bau_decimal_read(text, len, &d) && bau_room_of(with, d.places, &room, err) == BAU_OK &&
               d.units >= room.least && d.units <= room.most;
        l.number = d.units;
    }
    if (!good)
        return bau_error_set(err, BAU_E_USAGE, "'%.*s' is no value that %.80s can hold",
                             len > 60 ? 60 : (int)len, text,
                             with->field ? with->field->native : bau_type_word(with->type));
    c->longest = l.len > c->longest ? l.len : c->longest;
    c->widest = chars > c->widest ? chars : c->widest;
    c->sums[c->n] = (c->n ? c->sums[c->n - 1] : 0) + weight;
    c->labels[c->n++] = l;
    return BAU_OK;
}

/* "new=5": the label's length and its weight; 1 without. */
static bau_status read_weight(const char *text, size_t len, size_t *out_len, uint64_t *out_weight,
                              struct bau_error *err)
{
    size_t equals = len;
    for (size_t i = 0; i < len; i++)
        if (text[i] == '=')
            equals = i;
    *out_len = equals;
    *out_weight = 1;
    if (equals == len)
        return BAU_OK;
    uint64_t v = 0;
    for (size_t i = equals + 1; i < len; i++) {
        const bool digit = bau_is_digit((uint8_t)text[i]);
        v = digit ? v * 10 + (uint64_t)(text[i] - '0') : 0;
        if (!digit || v > UINT32_MAX) {
            v = 0;
            break;
        }
    }
    *out_weight = v;
    return v ? BAU_OK
             : bau_error_set(err, BAU_E_USAGE,
                             "'%.*s': the weight after = is no whole number from 1 to 4294967295",
                             len > 60 ? 60 : (int)len, text);
}

static bau_status add_values(struct config *c, const struct bau_mask_bind *with, struct bau_error *err)
{
    for (uint32_t i = 0; i < c->values.n; i++)
        for (const char *at = c->values.at[i];; at++) {
            const size_t len = strcspn(at, "|");
            size_t label;
            uint64_t weight;
            BAU_TRY(read_weight(at, len, &label, &weight, err));
            BAU_TRY(add_label(c, at, label, weight, with, err));
            at += len;
            if (!*at)
                break;
        }
    return BAU_OK;
}

static bau_status add_own(struct config *c, const struct bau_mask_bind *with, struct bau_error *err)
{
    static const char *const truth[] = { "true", "false" };
    const bool bare = with->type == BAU_BOOL;
    const uint32_t n = bare ? 2 : with->field ? with->field->n_labels : 0;
    const char *const *labels = bare ? truth : with->field ? with->field->labels : NULL;
    if (n == 0)
        return bau_error_set(err, BAU_E_USAGE,
                             "categorical needs the option 'values': the column has no labels");
    for (uint32_t i = 0; i < n; i++)
        BAU_TRY(add_label(c, labels[i], strlen(labels[i]), 1, with, err));
    return BAU_OK;
}

static bau_status bind_rows(struct config *c, const struct bau_mask_bind *with, struct bau_error *err)
{
    uint8_t subkey[32];
    if (!c->by)
        return bau_error_set(err, BAU_E_USAGE,
                             "per row needs the option 'by', a field that tells rows apart");
    BAU_TRY(bau_mask_subkey(with->key, "categorical-row", subkey, err));
    const bool made = bau_prf_init(&c->row, subkey);
    bau_wipe(subkey, sizeof subkey);
    return made ? BAU_OK : bau_error_set(err, BAU_E_NOMEM, "key");
}

static bau_status bind(void *config, const struct bau_mask_bind *with, struct bau_error *err)
{
    struct config *c = config;
    size_t room = (with->field ? with->field->n_labels : 0) + 2;
    for (uint32_t i = 0; i < c->values.n; i++)
        for (const char *at = c->values.at[i]; at; at = strchr(at + 1, '|'))
            room++;
    if (room > LABELS_MAX)
        return bau_error_set(err, BAU_E_USAGE, "there are more than %d labels", LABELS_MAX);
    if (c->per == PER_VALUE && c->by)
        return bau_error_set(err, BAU_E_USAGE, "`by` is for per row");
    c->key = with->key;
    c->labels = bau_arena_take(with->arena, room * sizeof *c->labels);
    c->sums = bau_arena_take(with->arena, room * sizeof *c->sums);
    if (!c->labels || !c->sums)
        return bau_error_set(err, BAU_E_NOMEM, "labels");
    BAU_TRY(c->values.n ? add_values(c, with, err) : add_own(c, with, err));
    return c->per == PER_ROW ? bind_rows(c, with, err) : BAU_OK;
}

static void unbind(void *config)
{
    struct config *c = config;
    bau_prf_release(&c->row);
}

/* ---- apply ---- */

static bau_status draws(const struct config *c, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        uint8_t (**out)[16], struct bau_error *err)
{
    struct bau_column text;
    if (c->per == PER_VALUE)
        return bau_mask_digest(c->key, ctx->arena, in, out, err);
    const struct bau_column *by = ctx->fields[0];
    BAU_TRY(bau_mask_canonical(c->key, ctx->arena, by, &text, err));
    uint8_t(*made)[16] = bau_arena_buffer(ctx->arena, (size_t)by->n_values * 16);
    if (!made)
        return bau_error_set(err, BAU_E_NOMEM, "batch");
    bau_prf_batch(&c->row, text.data, text.offsets, by->n_values, (uint8_t *)made);
    *out = made;
    return BAU_OK;
}

static const struct label *pick(const struct config *c, const uint8_t digest[16])
{
    const uint64_t r = bau_draw(bau_bits64(digest), c->sums[c->n - 1]);
    uint32_t low = 0, high = c->n - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (r < c->sums[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return &c->labels[low];
}

static bau_status apply(const void *config, struct bau_mask_ctx *ctx, const struct bau_column *in,
                        struct bau_column *out, struct bau_error *err)
{
    const struct config *c = config;
    const bool variable = bau_type_width(in->type) == 0;
    uint8_t(*digest)[16];
    BAU_TRY(draws(c, ctx, in, &digest, err));
    if (variable)
        BAU_TRY(bau_mask_text_out(out, in, in->type, c->longest, ctx->arena, err));
    else
        BAU_TRY(bau_column_make(out, in, in->type, 0, ctx->arena, err));
    uint8_t *dst = out->data, *start = dst;
    for (uint32_t i = 0; i < in->n_values; i++) {
        const struct label *l = pick(c, digest[c->per == PER_ROW && ctx->rows ? ctx->rows[i] : i]);
        if (in->type == BAU_BOOL)
            start[i] = (uint8_t)l->number;
        else if (!variable)
            bau_units_store(out, i, l->number, 0);
        else {
            if (bau_column_present(in, i)) {
                memcpy(dst, l->bytes, l->len);
                dst += l->len;
            }
            out->offsets[i + 1] = (uint32_t)(dst - start);
        }
    }
    if (!variable)
        bau_mask_clear_nulls(in, out);
    return BAU_OK;
}

static uint32_t widest(const void *config, bau_type type)
{
    const struct config *c = config;
    return type == BAU_TEXT ? c->widest : 0;
}

const struct bau_masker bau_masker_categorical = {
    .name = "categorical",
    .summary = "Draws one of a list of labels, by weight; always one that the column takes.",
    .accepts = BAU_TYPES_INT | BAU_TYPE_BIT(BAU_BOOL) | BAU_TYPE_BIT(BAU_TEXT) | BAU_TYPE_BIT(BAU_NUMERIC),
    .traits = BAU_DETERMINISTIC | BAU_KEYED | BAU_KEEPS_LABELS,
    .leaks = BAU_LEAKS_EQUALITY | BAU_LEAKS_FREQUENCY,
    .options = options,
    .config_bytes = sizeof(struct config),
    .canon = BAU_CANON_NONE,
    .bind = bind,
    .apply = apply,
    .widest = widest,
    .unbind = unbind,
    .example_in = "shipped",
    .example_options = "values=0=3|1=2",
};
